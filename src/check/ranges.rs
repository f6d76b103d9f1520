//! Between what numbers an amount lies, and whether rules together can give as much as the price.

use super::scope::Scope;
use super::versions::{days, window};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    Amount, Base, BaseOf, ClockPart, Earn, EarnId, FactId, Group, GroupId, IdVec, Member, Occasion, Pool,
    PoolId, Quantity, Rule, Subject, Version, Window,
};
use crate::syntax::ast::Combine;
use crate::value::Ratio;
use crate::value::time::LocalTime;

/// Lowest and highest; None where there is no end.
pub(super) type Bounds = (Option<Ratio>, Option<Ratio>);

/// Between what a quantity lies. Values count with their numbers in a window; without one they may be anything
/// from nought up, because they can be set from outside.
pub(super) fn bounds(scope: &Scope<'_>, quantity: &Quantity, values: Option<&Window>) -> Bounds {
    let of = |q: &Quantity| bounds(scope, q, values);
    let both = |a: Option<Ratio>, b: Option<Ratio>, f: fn(Ratio, Ratio) -> Option<Ratio>| f(a?, b?);
    match quantity {
        Quantity::Constant(n) => (Some(*n), Some(*n)),
        Quantity::Value(id) => match (values, scope.values.try_get(*id)) {
            (Some(window), Some(value)) => {
                let numbers = value.numbers(scope, window);
                (numbers.iter().min().copied(), numbers.iter().max().copied())
            }
            _ => (Some(Ratio::ZERO), None),
        },
        Quantity::Fact(subject, fact) => fact_bounds(scope, *subject, *fact),
        Quantity::LineUnits => (Some(Ratio::ONE), None),
        Quantity::LinePrice
        | Quantity::OrderPrice
        | Quantity::OrderTotal
        | Quantity::OrderUnits
        | Quantity::OrderPriceFor(_)
        | Quantity::OrderUnitsFor(_)
        | Quantity::Measure { .. }
        | Quantity::OrderPointsPaid => (Some(Ratio::ZERO), None),
        Quantity::Worth(_) => (None, None),
        Quantity::Clock(part) => {
            let (low, high) = match part {
                ClockPart::Hour => (0, Some(23)),
                ClockPart::Time => (0, Some(24 * 60)),
                ClockPart::Day => (1, Some(31)),
                ClockPart::Month => (1, Some(12)),
                ClockPart::Year => (0, None),
            };
            (Some(Ratio::whole(low)), high.map(Ratio::whole))
        }
        Quantity::Add(a, b) => {
            let (a, b) = (of(a), of(b));
            let add = |x: Ratio, y: Ratio| x.add(y).ok();
            (both(a.0, b.0, add), both(a.1, b.1, add))
        }
        Quantity::Subtract(a, b) => {
            let (a, b) = (of(a), of(b));
            let sub = |x: Ratio, y: Ratio| x.sub(y).ok();
            (lowest(both(a.0, b.1, sub)), both(a.1, b.0, sub))
        }
        // Both sides are 0 or more, or the amount has been reported already.
        Quantity::Multiply(a, b) => {
            let (a, b) = (of(a), of(b));
            let mul = |x: Ratio, y: Ratio| x.mul(y).ok();
            (both(a.0, b.0, mul), both(a.1, b.1, mul))
        }
        Quantity::Divide(a, b) => {
            let (a, b) = (of(a), of(b));
            let div = |x: Ratio, y: Ratio| x.div(y).ok();
            (both(a.0, b.1, div), both(a.1, b.0, div))
        }
    }
}

/// A difference without a lower end can fall below nought.
fn lowest(low: Option<Ratio>) -> Option<Ratio> {
    low.or_else(|| Ratio::new(-1, 1).ok())
}

fn fact_bounds(scope: &Scope<'_>, subject: Subject, fact: FactId) -> Bounds {
    match scope.facts.get(subject, fact).and_then(|fact| fact.range) {
        Some((low, high)) => (Some(low), Some(high)),
        None => (Some(Ratio::ZERO), None),
    }
}

/// Warns where the rules in force on one day can give points worth the price or more.
pub(super) fn check_full_price(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    groups: &IdVec<GroupId, Rule<Group>>,
    pools: &IdVec<PoolId, Pool>,
) {
    let versions: Vec<(&str, &Version<Earn>)> = earns
        .iter()
        .flat_map(|rule| rule.versions.iter().map(|v| (rule.name.as_str(), v)))
        .filter(|(_, version)| version.body.of == Occasion::Order)
        .collect();
    for (_, version) in &versions {
        if report_unbounded(scope, version) {
            return;
        }
    }
    for stretch in stretches(scope, &versions, pools) {
        let in_force = |w: &Window| !days(w).intersection(&days(&stretch)).is_empty();
        let worth = |pool: PoolId| {
            let versions = &pools.try_get(pool)?.versions;
            versions.iter().find(|v| in_force(&v.window)).and_then(|version| version.body.worth)
        };
        let mut shares: Vec<(&str, &Version<Earn>, Ratio)> = versions
            .iter()
            .filter(|(_, version)| in_force(&version.window))
            .filter_map(|(name, version)| {
                let share = share(scope, earns, (&version.body, worth(version.body.pool)?), &stretch, 0)?;
                Some((*name, *version, share))
            })
            .collect();
        keep_best(earns, groups, &stretch, &mut shares);
        if report_sum(scope, &shares, &stretch) {
            return;
        }
    }
}

/// Of rules of which only one gives, the one that can give most.
fn keep_best(
    earns: &IdVec<EarnId, Rule<Earn>>,
    groups: &IdVec<GroupId, Rule<Group>>,
    stretch: &Window,
    shares: &mut Vec<(&str, &Version<Earn>, Ratio)>,
) {
    let versions = groups.iter().flat_map(|group| &group.versions);
    let in_force = versions.filter(|v| !days(&v.window).intersection(&days(stretch)).is_empty());
    for group in in_force.filter(|version| version.body.how != Combine::All) {
        let names: Vec<&str> = group
            .body
            .of
            .iter()
            .filter_map(|member| match member {
                Member::Earn(id) => earns.try_get(*id).map(|rule| rule.name.as_str()),
                Member::Group(_) => None,
            })
            .collect();
        let best = shares.iter().filter(|(name, ..)| names.contains(name)).max_by_key(|(_, _, share)| *share);
        let Some(best) = best.map(|(name, ..)| *name) else { continue };
        shares.retain(|(name, ..)| *name == best || !names.contains(name));
    }
}

/// The most that a rule gives back of the price; None for a fixed number of points.
fn share(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    (earn, worth): (&Earn, Ratio),
    window: &Window,
    depth: usize,
) -> Option<Ratio> {
    let of_money =
        |base: &Base| matches!(base.of, BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal);
    match &earn.amount {
        Amount::Share { rate, .. } => bounds(scope, rate, Some(window)).1,
        Amount::Per { points, step, base, .. } if of_money(base) => {
            let points = bounds(scope, points, Some(window)).1?;
            points.mul(worth).ok()?.div(bounds(scope, step, Some(window)).0?).ok()
        }
        // Rules that read each other in a circle have been reported.
        Amount::OfRule { factor, rule, .. } if depth < 32 => {
            let mut versions = earns.try_get(*rule)?.versions.iter();
            let read = versions.find(|v| !days(&v.window).intersection(&days(window)).is_empty())?;
            let share = share(scope, earns, (&read.body, worth), window, depth + 1)?;
            share.mul(bounds(scope, factor, Some(window)).1?).ok()
        }
        Amount::Per { .. } | Amount::OfRule { .. } | Amount::Fixed { .. } => None,
    }
}

fn report_sum(scope: &Scope<'_>, shares: &[(&str, &Version<Earn>, Ratio)], stretch: &Window) -> bool {
    let sum = shares.iter().try_fold(Ratio::ZERO, |sum, (_, _, share)| sum.add(*share).ok());
    let (Some(sum), Some((name, last, _))) = (sum, shares.last()) else { return false };
    if sum < Ratio::ONE {
        return false;
    }
    let percent = |n: Ratio| super::constant::written(scope, n, crate::policy::Unit::Rate);
    let when = match stretch.from_date {
        Some(from) => format!(" from {from} on"),
        None => String::new(),
    };
    let message = match shares.len() {
        1 => format!("`{name}` can give points worth {} of the price{when}", percent(sum)),
        _ => format!("the rules together can give points worth {} of the price{when}", percent(sum)),
    };
    let mut report = Diagnostic::new(Code::GivesFullPrice, last.body.gives_span, message);
    for (name, version, share) in shares {
        if version.span == last.span {
            report.primary.text = format!("`{name}`: up to {}", percent(*share));
        } else {
            report =
                report.with_place(version.body.gives_span, format!("`{name}`: up to {}", percent(*share)));
        }
    }
    let help = "lower a rate, or narrow the range of the fact that a rate reads";
    scope.report(report.with_help(help));
    true
}

fn report_unbounded(scope: &Scope<'_>, version: &Version<Earn>) -> bool {
    let quantity = match &version.body.amount {
        Amount::Share { rate, .. } => rate,
        Amount::Per { points, .. } => points,
        Amount::OfRule { .. } | Amount::Fixed { .. } => return false,
    };
    if bounds(scope, quantity, Some(&version.window)).1.is_some() {
        return false;
    }
    let Some((subject, index)) = open_fact(scope, quantity) else { return false };
    let Some(fact) = scope.facts.get(subject, index) else { return false };
    let name = format!("{}.{}", scope.subject_word(subject), fact.name);
    let message = format!("nothing limits `{name}`, so this rule can give points worth the whole price");
    scope.report(
        Diagnostic::new(Code::GivesFullPrice, version.body.gives_span, message)
            .with_place(fact.span, "declared without a range")
            .with_help(range_help(&fact.name, &fact.kind)),
    );
    true
}

fn range_help(name: &str, kind: &crate::policy::FactType) -> String {
    match kind {
        crate::policy::FactType::Rate => format!("give it a range: `{name}: rate 0% to 50%`"),
        _ => format!("give it a range: `{name}: count 0 to 10`"),
    }
}

fn open_fact(scope: &Scope<'_>, quantity: &Quantity) -> Option<(Subject, FactId)> {
    match quantity {
        Quantity::Fact(subject, fact) => {
            fact_bounds(scope, *subject, *fact).1.is_none().then_some((*subject, *fact))
        }
        Quantity::Add(a, b)
        | Quantity::Subtract(a, b)
        | Quantity::Multiply(a, b)
        | Quantity::Divide(a, b) => open_fact(scope, a).or_else(|| open_fact(scope, b)),
        _ => None,
    }
}

/// All time, cut at every day on which a rate may change.
fn stretches(
    scope: &Scope<'_>,
    earns: &[(&str, &Version<Earn>)],
    pools: &IdVec<PoolId, Pool>,
) -> Vec<Window> {
    let windows = earns.iter().map(|(_, version)| version.window);
    let values = scope.values.iter().flat_map(|value| value.versions.iter().map(|v| v.window));
    let pools = pools.iter().flat_map(|pool| pool.versions.iter().map(|v| v.window));
    let mut cuts: Vec<LocalTime> =
        windows.chain(values).chain(pools).flat_map(|w| [w.from_date, w.until_date]).flatten().collect();
    cuts.sort();
    cuts.dedup();
    let starts = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain(std::iter::once(None));
    starts.zip(ends).map(|(from, until)| window(scope, from, until)).collect()
}
