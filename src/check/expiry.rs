//! When points expire: the clock of a balance and the clock of each lot.

use super::expr::{Place, Reader};
use super::moments::{chain, check_drift};
use super::pending::{event, mark};
use super::rules::Draft;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Expiry, ExpiryAnchor, ExpiryAnchorKind, LotExpiry};
use crate::syntax::ast::{Anchor, AnchorKind, Expr, Moment, Name};

/// The balance's clock.
pub(super) fn expiry(draft: &Draft<'_, '_>, moment: Option<&Moment>) -> Option<Expiry> {
    let scope = draft.scope;
    let Some(moment) = moment else { return Some(Expiry::Never) };
    let chain = chain(&draft.reader(Place::Everyone), moment, false)?;
    check_drift(scope, moment);
    let anchors: Vec<Option<ExpiryAnchor>> = chain.anchors.iter().map(|a| anchor(draft, a)).collect();
    report_repeated(scope, chain.anchors, &anchors);
    let mut anchors = anchors.into_iter().collect::<Option<Vec<_>>>()?;
    if anchors.is_empty() {
        // A day of its own: it stands from the first points on.
        anchors.push(ExpiryAnchor { kind: ExpiryAnchorKind::Acquired, when: None });
    }
    Some(Expiry::After { at: chain.by, anchors })
}

fn anchor(draft: &Draft<'_, '_>, anchor: &Anchor) -> Option<ExpiryAnchor> {
    let scope = draft.scope;
    let (kind, place) = match &anchor.kind {
        AnchorKind::OrderPlaced => (ExpiryAnchorKind::OrderPlaced, Some(Place::Anchor)),
        AnchorKind::Shipped => (ExpiryAnchorKind::Shipped, Some(Place::Anchor)),
        AnchorKind::Acquired(word) => {
            own_points(draft.scope, word, &draft.declaration.name.text)?;
            (ExpiryAnchorKind::Acquired, None)
        }
        AnchorKind::Redeemed(word) => {
            own_points(draft.scope, word, &draft.declaration.name.text)?;
            (ExpiryAnchorKind::Redeemed, None)
        }
        AnchorKind::Moved(word) => {
            own_points(draft.scope, word, &draft.declaration.name.text)?;
            (ExpiryAnchorKind::Moved, None)
        }
        AnchorKind::Happened(name) => {
            let event = event(scope, name)?;
            (ExpiryAnchorKind::Happened(event), Some(Place::Event(event)))
        }
        AnchorKind::Mark(name) => {
            let (event, mark) = mark(scope, name, None)?;
            (ExpiryAnchorKind::Mark(event, mark), Some(Place::Event(event)))
        }
        AnchorKind::Reached | AnchorKind::PeriodEnded => {
            report_reached(scope, anchor);
            return None;
        }
    };
    let when = match (&anchor.when, place) {
        (None, _) => None,
        (Some(expr), Some(place)) => Some(draft.reader(place).condition(expr)?),
        (Some(_), None) => {
            let message = format!("`{}` takes no condition", points_words(&anchor.kind));
            let report = Diagnostic::new(Code::BadMoment, anchor.span, message);
            scope.report(report.with_help("put the condition on `order placed`, or leave it out"));
            return None;
        }
    };
    if let Some(when) = &when {
        super::logic::check_alone(scope, when);
    }
    Some(ExpiryAnchor { kind, when })
}

fn points_words(kind: &AnchorKind) -> &'static str {
    match kind {
        AnchorKind::Redeemed(_) => "points redeemed",
        AnchorKind::Moved(_) => "points moved",
        _ => "points acquired",
    }
}

fn report_reached(scope: &Scope<'_>, anchor: &Anchor) {
    let message = match anchor.kind {
        AnchorKind::PeriodEnded => "`period ended` is what the wait of a rule of ended periods counts from",
        _ => "`reached` is what a tier's level counts from",
    };
    let report = Diagnostic::new(Code::BadSubject, anchor.span, message);
    scope.report(report.with_help("count from `points acquired` or `order placed`"));
}

/// `points`, or the name of the pool itself; another pool's points do not extend this one.
fn own_points(scope: &Scope<'_>, word: &Name, own: &str) -> Option<()> {
    if word.text == own || word.text == "points" {
        return Some(());
    }
    let message = format!("`{}` are not the points of this pool", word.text);
    let help = match own {
        "points" => "write `points acquired`".to_owned(),
        own => format!("write `points acquired` or `{own} acquired`"),
    };
    scope.report(Diagnostic::new(Code::UnknownName, word.span, message).with_help(help));
    None
}

fn report_repeated(scope: &Scope<'_>, anchors: &[Anchor], lowered: &[Option<ExpiryAnchor>]) {
    let kinds: Vec<_> = lowered.iter().map(|anchor| anchor.as_ref().map(|anchor| anchor.kind)).collect();
    for (i, (anchor, kind)) in anchors.iter().zip(&kinds).enumerate() {
        let earlier = anchors.iter().zip(&kinds).take(i);
        if let Some((first, _)) = earlier.into_iter().find(|(_, other)| kind.is_some() && *other == kind) {
            let message = "the same thing is listed twice";
            scope.report(
                Diagnostic::new(Code::DuplicateName, anchor.span, message)
                    .with_place(first.span, "the first")
                    .with_help("leave one of them out; join conditions with `or`"),
            );
        }
    }
}

/// The clock of each lot of the pool called `own`.
pub(super) fn lot_expiry(
    draft: &Draft<'_, '_>,
    moment: Option<&Moment>,
    paused: Option<&Expr>,
    own: &str,
) -> Option<LotExpiry> {
    let scope = draft.scope;
    let Some(moment) = moment else { return Some(LotExpiry::Never) };
    let chain = chain(&draft.reader(Place::Everyone), moment, false)?;
    check_drift(scope, moment);
    let from_earning = match chain.anchors {
        [] => false,
        [anchor] => from_earning(draft, anchor, own)?,
        _ => {
            let message = "a lot expires after one thing, not after the latest of several";
            let report = Diagnostic::new(Code::BadMoment, moment.span, message);
            scope.report(report.with_help(
                "write `lot expires 1 year after points acquired`; what extends all points is said by `balance expires`",
            ));
            return None;
        }
    };
    let paused = match paused {
        Some(expr) => {
            let condition = Reader { place: Place::Member, ..draft.reader(Place::Member) }.condition(expr)?;
            super::logic::check_alone(scope, &condition);
            Some(Box::new(condition))
        }
        None => None,
    };
    Some(LotExpiry::After { at: chain.by, from_earning, paused })
}

fn from_earning(draft: &Draft<'_, '_>, anchor: &Anchor, own: &str) -> Option<bool> {
    let scope = draft.scope;
    if anchor.when.is_some() {
        let message = "what `lot expires` counts from takes no condition";
        let report = Diagnostic::new(Code::BadMoment, anchor.span, message);
        scope.report(report.with_help("leave the condition out"));
        return None;
    }
    match &anchor.kind {
        AnchorKind::Acquired(word) => own_points(scope, word, own).map(|()| false),
        AnchorKind::OrderPlaced => Some(true),
        AnchorKind::Happened(name) => event(scope, name).map(|_| true),
        AnchorKind::Reached | AnchorKind::PeriodEnded => {
            report_reached(scope, anchor);
            None
        }
        AnchorKind::Shipped | AnchorKind::Redeemed(_) | AnchorKind::Moved(_) | AnchorKind::Mark(_) => {
            let message = format!("a lot does not expire by `{}`", scope.text(anchor.span));
            let report = Diagnostic::new(Code::BadSubject, anchor.span, message);
            scope.report(report.with_help("count from `points acquired` or `order placed`"));
            None
        }
    }
}
