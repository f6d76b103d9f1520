//! The `pool`: unit, worth, pending, expiry, spending order, returns.

use super::clauses::{missing_choice, missing_clause};
use super::constant;
use super::expr::{Place, Reader};
use super::policy::{Expiry, ExpiryAnchor, Pending, PendingAnchor, Pool, PoolTerms, Returns, Unit};
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::versions::Group;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Anchor, AnchorKind, ClauseKind, DurationAt, Expr, ExprKind, Kind, Moment, ReturnChoice, SpendKey,
};
use crate::value::{Currency, Delay, Ratio};

/// The units of all pools.
pub(super) fn units<'a>(scope: &Scope<'a>) -> Vec<&'a str> {
    let mut units: Vec<&str> = Vec::new();
    for declaration in scope.declared(Kind::Pool) {
        for clause in &declaration.clauses {
            if let ClauseKind::Unit(name) = &clause.kind
                && Currency::from_code(&name.text).is_none()
                && !units.contains(&name.text.as_str())
            {
                units.push(&name.text);
            }
        }
    }
    units
}

/// Where a unit is declared; `name` may be its plural.
pub(super) fn unit_place(scope: &Scope<'_>, name: &str) -> Option<Span> {
    scope.declared(Kind::Pool).flat_map(|pool| &pool.clauses).find_map(|clause| match &clause.kind {
        ClauseKind::Unit(unit) if name == unit.text || name.strip_suffix('s') == Some(&unit.text) => {
            Some(unit.span)
        }
        _ => None,
    })
}

/// Checks the pool.
pub(super) fn pools<'a>(scope: &Scope<'a>, groups: &[Group<'a>]) -> Vec<Pool> {
    if groups.is_empty() && !scope.has_unreadable_items() {
        let help = "declare one: `pool points \"Points\" { … }`, with `unit`, `worth`, `pending`, `balance expires`, \
                    `spend` and `return`";
        let report =
            Diagnostic::new(Code::MissingPool, Span::default(), "the policy has no `pool` for its points");
        scope.report(report.with_help(help));
    }
    for second in groups.iter().skip(1) {
        if let Some(version) = second.versions.first() {
            let message = format!("`{}` is a second pool, and this version of Meed runs one", second.name);
            let head = version.declaration.head;
            scope.report(
                Diagnostic::new(Code::UnsupportedForm, head, message)
                    .with_help("keep one pool, or write its versions under one name"),
            );
        }
    }
    let pools = rules(scope, groups, terms);
    pools.into_iter().map(|rule| Pool { name: rule.name, versions: rule.versions }).collect()
}

fn terms(draft: &Draft<'_, '_>) -> Option<PoolTerms> {
    let scope = draft.scope;
    let (mut unit, mut worth, mut pending, mut expiry, mut spend, mut returns) =
        (None, None, None, None, None, None);
    for clause in draft.clauses {
        let span = clause.span;
        match &clause.kind {
            ClauseKind::Unit(name) => unit = Some(self::unit(scope, name)),
            ClauseKind::Worth(expr) => worth = Some(self::worth(scope, expr)),
            ClauseKind::Pending(moment) => pending = Some((self::pending(scope, moment.as_ref()), span)),
            ClauseKind::BalanceExpires(moment) => expiry = Some((self::expiry(draft, moment.as_ref()), span)),
            ClauseKind::Spend(keys) => spend = Some(self::spend(draft, keys, span)),
            ClauseKind::Return(choice) => returns = Some((self::returns(draft, *choice), span)),
            _ => {}
        }
    }
    let declaration = draft.declaration;
    if unit.is_none() {
        missing_clause(scope, declaration, "what its points are called", "`unit point`");
    }
    if worth.is_none() {
        missing_clause(scope, declaration, "what a point is worth", &format!("`worth {}`", one(scope)));
    }
    if pending.is_none() {
        let choices = ["pending never", "pending until shipped", "pending until 1 to 2 days after shipped"];
        missing_choice(scope, declaration, "when points become available", &choices);
    }
    if expiry.is_none() {
        let choices =
            ["balance expires never", "balance expires 1 year after latest of order placed, points acquired"];
        missing_choice(scope, declaration, "when points expire, and what extends them", &choices);
    }
    if spend.is_none() {
        let choices = ["spend soonest to expire, then oldest", "spend oldest", "spend newest"];
        missing_choice(scope, declaration, "which points are spent first", &choices);
    }
    if returns.is_none() {
        missing_choice(scope, declaration, "what a return does to points", &RETURNS);
    }
    let ((pending, pending_span), (expiry, expiry_span), (returns, _)) = (pending?, expiry?, returns?);
    Some(PoolTerms {
        unit: unit??,
        worth: worth??,
        pending: pending?,
        pending_span,
        expiry: expiry?,
        expiry_span,
        spend: spend??,
        returns: returns?,
    })
}

const RETURNS: [&str; 3] = [
    "return takes points back, shortfall becomes debt",
    "return takes points back, shortfall is forgiven",
    "return keeps points",
];

fn one(scope: &Scope<'_>) -> String {
    format!("1 {}", scope.currency.map_or("JPY".to_owned(), |currency| currency.name().to_owned()))
}

fn unit(scope: &Scope<'_>, name: &crate::syntax::ast::Name) -> Option<String> {
    if Currency::from_code(&name.text).is_some() {
        let message = "a pool counted in money is not run by this version of Meed";
        let report = Diagnostic::new(Code::UnsupportedForm, name.span, message);
        scope.report(report.with_help(format!("count in points: `unit point` and `worth 1 {}`", name.text)));
        return None;
    }
    Some(name.text.clone())
}

/// A point may be worth less than the smallest coin, so the digits of the currency are no limit here.
fn worth(scope: &Scope<'_>, expr: &Expr) -> Option<Ratio> {
    let ExprKind::Money(major, currency) = &expr.kind else {
        return constant::positive(scope, expr, Unit::Money);
    };
    let currency = scope.own_currency(currency)?;
    if *major <= Ratio::ZERO {
        constant::report_nought(scope, expr.span);
        return None;
    }
    major.mul(Ratio::whole(currency.scale())).ok()
}

fn pending(scope: &Scope<'_>, moment: Option<&Moment>) -> Option<Pending> {
    let Some(moment) = moment else { return Some(Pending::Never) };
    let [anchor] = moment.anchors.as_slice() else {
        let message = "points become available after one thing, not after the latest of several";
        let report = Diagnostic::new(Code::UnsupportedForm, moment.span, message);
        scope.report(report.with_help("write `pending until 2 days after shipped`"));
        return None;
    };
    if anchor.when.is_some() {
        let message = "a condition on what `pending` counts from is not run by this version of Meed";
        let report = Diagnostic::new(Code::UnsupportedForm, anchor.span, message);
        scope.report(report.with_help("leave the condition out"));
        return None;
    }
    let anchor = match anchor.kind {
        AnchorKind::OrderPlaced => PendingAnchor::OrderPlaced,
        AnchorKind::Shipped => PendingAnchor::Shipped,
        AnchorKind::PointsAcquired | AnchorKind::PointsRedeemed => {
            let message = format!(
                "pending points are not yet acquired, so they cannot wait for `{}`",
                scope.text(anchor.span)
            );
            let report = Diagnostic::new(Code::BadSubject, anchor.span, message);
            scope.report(report.with_help("count from `order placed` or `shipped`"));
            return None;
        }
    };
    let latest = moment.length.map_or(Delay::default(), |length| length.delay);
    let earliest = match (moment.earliest, moment.length) {
        (Some(earliest), Some(latest)) => interval(scope, earliest, latest)?,
        _ => latest,
    };
    Some(Pending::After { earliest, latest, anchor })
}

fn interval(scope: &Scope<'_>, earliest: DurationAt, latest: DurationAt) -> Option<Delay> {
    // A month is 28 to 31 days long.
    let hours = |delay: Delay, month: u64| {
        (u64::from(delay.months) * month + u64::from(delay.days)) * 24 + u64::from(delay.hours)
    };
    if hours(earliest.delay, 28) > hours(latest.delay, 31) {
        let message = "the range is empty: its shorter end is longer than its longer end";
        let span = earliest.span.to(latest.span);
        scope.report(
            Diagnostic::new(Code::EmptyRange, span, message)
                .with_help("write the shorter end first: `1 to 2 days`"),
        );
        return None;
    }
    Some(earliest.delay)
}

fn expiry(draft: &Draft<'_, '_>, moment: Option<&Moment>) -> Option<Expiry> {
    let scope = draft.scope;
    let Some(moment) = moment else { return Some(Expiry::Never) };
    let Some(length) = moment.length.filter(|_| moment.earliest.is_none()) else {
        let message = "a deadline is one length of time after something";
        let report = Diagnostic::new(Code::UnsupportedForm, moment.span, message);
        scope.report(
            report.with_help("write `balance expires 1 year after latest of order placed, points acquired`"),
        );
        return None;
    };
    report_repeated(scope, &moment.anchors);
    let reader = draft.reader(Place::Anchor);
    let anchors: Vec<Option<ExpiryAnchor>> =
        moment.anchors.iter().map(|a| anchor(scope, &reader, a)).collect();
    let anchors = anchors.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Expiry::After { length: length.delay, anchors })
}

fn anchor(scope: &Scope<'_>, reader: &Reader<'_, '_>, anchor: &Anchor) -> Option<ExpiryAnchor> {
    let when = match &anchor.when {
        Some(_) if anchor.kind == AnchorKind::PointsAcquired => {
            let message = "a condition on `points acquired` is not run by this version of Meed";
            let report = Diagnostic::new(Code::UnsupportedForm, anchor.span, message);
            scope.report(report.with_help("put the condition on `order placed`, or leave it out"));
            return None;
        }
        Some(expr) => Some(reader.condition(expr)?),
        None => None,
    };
    if let Some(when) = &when {
        super::logic::check_alone(scope, when);
    }
    Some(ExpiryAnchor { kind: anchor.kind, when })
}

fn report_repeated(scope: &Scope<'_>, anchors: &[Anchor]) {
    for (i, anchor) in anchors.iter().enumerate() {
        if let Some(first) = anchors.iter().take(i).find(|first| first.kind == anchor.kind) {
            let message = "the same thing is listed twice";
            scope.report(
                Diagnostic::new(Code::DuplicateName, anchor.span, message)
                    .with_place(first.span, "the first")
                    .with_help("leave one of them out; join conditions with `or`"),
            );
        }
    }
}

fn spend(draft: &Draft<'_, '_>, keys: &[SpendKey], span: Span) -> Option<Vec<SpendKey>> {
    let scope = draft.scope;
    for (i, key) in keys.iter().enumerate() {
        let earlier: Vec<&SpendKey> = keys.iter().take(i).collect();
        if earlier.iter().any(|k| matches!(k, SpendKey::Oldest | SpendKey::Newest) || *k == key) {
            let message = "the order is settled before its last step";
            let report = Diagnostic::new(Code::RepeatedStep, span, message);
            scope.report(
                report.with_help("end with `oldest` or `newest`: `spend soonest to expire, then oldest`"),
            );
            return None;
        }
    }
    if keys.last() == Some(&SpendKey::SoonestToExpire) {
        let choices = ["spend soonest to expire, then oldest", "spend soonest to expire, then newest"];
        missing_choice(
            scope,
            draft.declaration,
            "which of the points that expire together are spent first",
            &choices,
        );
        return None;
    }
    Some(keys.to_vec())
}

fn returns(draft: &Draft<'_, '_>, choice: ReturnChoice) -> Option<Returns> {
    match choice {
        ReturnChoice::TakesBackDebt => Some(Returns::TakeBackDebt),
        ReturnChoice::TakesBackForgiven => Some(Returns::TakeBackForgiven),
        ReturnChoice::Keeps => Some(Returns::Keep),
        ReturnChoice::TakesBackSilent => {
            let [debt, forgiven, _] = RETURNS;
            let what = "what happens when the points to take back are already spent";
            missing_choice(draft.scope, draft.declaration, what, &[debt, forgiven]);
            None
        }
    }
}
