//! When points become available: the wait of a pool, or of one earn rule.

use super::expr::Place;
use super::moments::{chain, check_drift};
use super::rules::Draft;
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{EventId, Occasion, Pending, PendingAnchor, Period, PoolId};
use crate::syntax::ast::{Anchor, AnchorKind, ClauseKind, Kind, LengthAt, Moment, MomentKind, Name};

/// Whose happening a wait counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Order,
    Event(EventId),
    Period,
}

/// Lowers a wait. `of` is the occasion of the rule that says it; a pool says it for all.
pub(super) fn pending(
    draft: &Draft<'_, '_>,
    moment: Option<&Moment>,
    of: Option<Occasion>,
) -> Option<Pending> {
    let scope = draft.scope;
    let Some(moment) = moment else { return Some(Pending::Never) };
    let occasion = of.or_else(|| first_anchor(moment).and_then(|anchor| occasion_of(scope, anchor)));
    let place = match occasion {
        Some(Occasion::Order) => Place::Order,
        Some(Occasion::Event(event)) => Place::Event(event),
        Some(Occasion::Period(_) | Occasion::Running(_)) => Place::Member,
        None => Place::Everyone,
    };
    let chain = chain(&draft.reader(place), moment, true)?;
    check_drift(scope, moment);
    let anchor = match chain.anchors {
        [] => PendingAnchor::Happened,
        [anchor] => self::anchor(scope, anchor, of)?,
        _ => {
            let message = "points become available after one thing, not after the latest of several";
            let report = Diagnostic::new(Code::BadMoment, moment.span, message);
            scope.report(report.with_help("write `pending until 2 days after shipped`"));
            return None;
        }
    };
    Some(Pending::Until { from: chain.from, by: chain.by, anchor })
}

fn anchor(scope: &Scope<'_>, anchor: &Anchor, of: Option<Occasion>) -> Option<PendingAnchor> {
    if anchor.when.is_some() {
        let message = "what `pending` counts from takes no condition";
        let report = Diagnostic::new(Code::BadMoment, anchor.span, message);
        scope.report(report.with_help("leave the condition out"));
        return None;
    }
    let (found, source) = match &anchor.kind {
        AnchorKind::OrderPlaced => (PendingAnchor::Happened, Source::Order),
        AnchorKind::Shipped => (PendingAnchor::Shipped, Source::Order),
        AnchorKind::Happened(name) => (PendingAnchor::Happened, Source::Event(event(scope, name)?)),
        AnchorKind::Mark(name) => {
            let wanted = match of {
                Some(Occasion::Event(event)) => Some(event),
                _ => None,
            };
            let (event, mark) = mark(scope, name, wanted)?;
            (PendingAnchor::Mark(mark), Source::Event(event))
        }
        AnchorKind::PeriodEnded => (PendingAnchor::Happened, Source::Period),
        AnchorKind::Acquired(_) | AnchorKind::Redeemed(_) | AnchorKind::Moved(_) | AnchorKind::Reached => {
            let written = scope.text(anchor.span);
            let message = match anchor.kind {
                AnchorKind::Reached => format!("`{written}` is what a tier's level counts from"),
                _ => format!("pending points are not yet acquired, so they cannot wait for `{written}`"),
            };
            let report = Diagnostic::new(Code::BadSubject, anchor.span, message);
            scope.report(report.with_help("count from `order placed` or `shipped`"));
            return None;
        }
    };
    if let Some(of) = of
        && !happens(of, source)
    {
        let written = scope.text(anchor.span);
        let message = format!("`{written}` never comes for {}", occasion(scope, of));
        let help = match of {
            Occasion::Period(_) | Occasion::Running(_) => {
                "write `pending never`, or count from `period ended`".to_owned()
            }
            _ => format!("count from {}", words::listed(&anchors(scope, of), "or")),
        };
        scope.report(Diagnostic::new(Code::BadSubject, anchor.span, message).with_help(help));
        return None;
    }
    Some(found)
}

/// The event called `name`; reports an unknown one.
pub(super) fn event(scope: &Scope<'_>, name: &Name) -> Option<EventId> {
    let found = scope.events.position(|event| event.name == name.text);
    match found {
        Some(id) => scope.use_name(Kind::Event, id),
        None if scope.may_be_declared(&name.text) => {}
        None => {
            let names: Vec<&str> = scope.events.iter().map(|event| event.name).collect();
            let message = format!("no event is called `{}`", name.text);
            let mut report = Diagnostic::new(Code::UnknownName, name.span, message);
            report.help = words::hint(&name.text, "declared are", &names);
            scope.report(report);
        }
    }
    found
}

/// The event that has a mark, and which of its marks it is. Where several have it, `wanted` tells which is meant.
pub(super) fn mark(scope: &Scope<'_>, name: &Name, wanted: Option<EventId>) -> Option<(EventId, usize)> {
    let having = |(id, event): (EventId, &super::events::Event<'_>)| Some((id, event.mark(&name.text)?));
    let found: Vec<(EventId, usize)> = scope.events.iter_enumerated().filter_map(having).collect();
    let meant = found.iter().find(|(event, _)| Some(*event) == wanted).or(found.first());
    if let Some((event, _)) = meant {
        scope.use_name(Kind::Event, *event);
    }
    match (found.as_slice(), meant) {
        ([], _) => {
            if !scope.may_be_declared(&name.text) {
                report_unknown_mark(scope, name);
            }
            None
        }
        ([_, second, ..], Some(meant)) if Some(meant.0) != wanted => {
            let event = |id: EventId| scope.events[id].name;
            let message =
                format!("`{}` is a mark of `{}` and of `{}`", name.text, event(meant.0), event(second.0));
            let help = "give one of the marks another name, or say it in the earn rules";
            scope.report(Diagnostic::new(Code::BadSubject, name.span, message).with_help(help));
            None
        }
        (_, meant) => meant.copied(),
    }
}

fn report_unknown_mark(scope: &Scope<'_>, name: &Name) {
    let marks = scope.events.iter().flat_map(|event| &event.marks).map(|mark| mark.text.as_str());
    let known: Vec<&str> = ["order placed", "shipped", "points acquired"].into_iter().chain(marks).collect();
    let message = format!("nothing that happens is called `{}`", name.text);
    let mut report = Diagnostic::new(Code::UnknownName, name.span, message);
    report.help = words::hint(&name.text, "a moment counts from", &known);
    scope.report(report);
}

/// What an anchor of a wait is about; None where that is not known.
fn occasion_of(scope: &Scope<'_>, anchor: &Anchor) -> Option<Occasion> {
    match &anchor.kind {
        AnchorKind::OrderPlaced | AnchorKind::Shipped => Some(Occasion::Order),
        AnchorKind::Happened(name) => {
            scope.events.position(|event| event.name == name.text).map(Occasion::Event)
        }
        AnchorKind::Mark(name) => {
            let found = scope.muted(|| mark(scope, name, None));
            found.map(|(event, _)| Occasion::Event(event))
        }
        _ => None,
    }
}

/// True where one of the lengths of a moment differs from case to case.
fn goes_by_case(scope: &Scope<'_>, moment: &Moment) -> bool {
    match &moment.kind {
        MomentKind::Shift { length: LengthAt::Named(name), .. }
            if super::values::entry_of(scope, &name.text).is_some_and(|value| value.is_table()) =>
        {
            true
        }
        MomentKind::Shift { of, .. } | MomentKind::Edge { of, .. } | MomentKind::Next { of, .. } => {
            goes_by_case(scope, of)
        }
        MomentKind::Anchors(_) | MomentKind::Date(_) | MomentKind::Path(_) => false,
    }
}

/// True where what a wait counts from comes for an occasion.
fn happens(of: Occasion, source: Source) -> bool {
    match (of, source) {
        (Occasion::Order, Source::Order) => true,
        (Occasion::Event(event), Source::Event(other)) => event == other,
        (Occasion::Period(_), Source::Period) => true,
        (Occasion::Running(period), Source::Period) => period != Period::AllTime,
        _ => false,
    }
}

/// An occasion in words.
pub(super) fn occasion(scope: &Scope<'_>, of: Occasion) -> String {
    match of {
        Occasion::Order => "an order".to_owned(),
        Occasion::Event(event) => format!("`{}`", scope.events.try_get(event).map_or("", |event| event.name)),
        Occasion::Period(_) => "a stretch of time that has ended".to_owned(),
        Occasion::Running(_) => "a stretch of time".to_owned(),
    }
}

/// What a wait for an occasion may count from.
fn anchors(scope: &Scope<'_>, of: Occasion) -> Vec<String> {
    match of {
        Occasion::Order => vec!["order placed".to_owned(), "shipped".to_owned()],
        Occasion::Event(event) => {
            let Some(event) = scope.events.try_get(event) else { return Vec::new() };
            let marks = event.marks.iter().map(|mark| mark.text.clone());
            std::iter::once(format!("{} happened", event.name)).chain(marks).collect()
        }
        Occasion::Period(_) | Occasion::Running(_) => Vec::new(),
    }
}

/// Reports a pool's wait that counts from what never comes for a rule that gives to it.
pub(super) fn check_pool(scope: &Scope<'_>, pool: PoolId, of: Occasion, span: crate::source::Span) {
    let Some(group) = scope.pools.try_get(pool) else { return };
    for version in &group.versions {
        for clause in &version.declaration.clauses {
            let ClauseKind::Pending(Some(moment)) = &clause.kind else { continue };
            let Some(anchor) = first_anchor(moment) else { continue };
            let same = occasion_of(scope, anchor) == Some(of);
            let fits = match (&anchor.kind, of) {
                // A table of waits reads what is at hand for this occasion only.
                _ if !same && goes_by_case(scope, moment) => false,
                (AnchorKind::Shipped, of) => of == Occasion::Order,
                (AnchorKind::Mark(name), Occasion::Event(event)) => {
                    scope.events.try_get(event).is_some_and(|event| event.mark(&name.text).is_some())
                }
                (AnchorKind::Mark(_), _) => false,
                _ => true,
            };
            if !fits {
                report_pool(scope, of, (span, clause.span), group.name, &scope.text(anchor.span));
                return;
            }
        }
    }
}

fn report_pool(
    scope: &Scope<'_>,
    of: Occasion,
    (gives, wait): (crate::source::Span, crate::source::Span),
    pool: &str,
    anchor: &str,
) {
    let message =
        format!("points of `{pool}` wait for `{anchor}`, which never comes for {}", occasion(scope, of));
    let lines: Vec<String> = match of {
        Occasion::Period(_) | Occasion::Running(_) => vec!["pending never".to_owned()],
        _ => anchors(scope, of).iter().map(|anchor| format!("pending until {anchor}")).collect(),
    };
    let help = format!("say in this rule when its points become available: {}", words::listed(&lines, "or"));
    scope.report(
        Diagnostic::new(Code::MissingChoice, gives, message)
            .with_place(wait, "the pool's wait")
            .with_help(help),
    );
}

fn first_anchor(moment: &Moment) -> Option<&Anchor> {
    match &moment.kind {
        MomentKind::Anchors(anchors) => anchors.first(),
        MomentKind::Shift { of, .. } | MomentKind::Edge { of, .. } | MomentKind::Next { of, .. } => {
            first_anchor(of)
        }
        MomentKind::Date(_) | MomentKind::Path(_) => None,
    }
}
