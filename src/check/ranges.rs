//! Between what numbers an amount lies, and whether rules together can give as much as the price.

use jiff::civil::Date;

use super::domain::day_number;
use super::policy::{Amount, ClockPart, Earn, Pool, Quantity, Rule, Subject, Version, Window};
use super::scope::Scope;
use super::versions::{days, window};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Ratio;

/// Lowest and highest; None where there is no end.
pub(super) type Bounds = (Option<Ratio>, Option<Ratio>);

/// Between what a quantity lies. Values count with their numbers in a window; without one they may be anything
/// from nought up, because they can be set from outside.
pub(super) fn bounds(scope: &Scope<'_>, quantity: &Quantity, values: Option<&Window>) -> Bounds {
    let of = |q: &Quantity| bounds(scope, q, values);
    let both = |a: Option<Ratio>, b: Option<Ratio>, f: fn(Ratio, Ratio) -> Option<Ratio>| f(a?, b?);
    match quantity {
        Quantity::Constant(n) => (Some(*n), Some(*n)),
        Quantity::Value(id) => match (values, scope.values.get(*id)) {
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
        Quantity::Clock(part) => {
            let (low, high) = match part {
                ClockPart::Hour => (0, Some(23)),
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

fn fact_bounds(scope: &Scope<'_>, subject: Subject, fact: usize) -> Bounds {
    match scope.facts.get(subject, fact).and_then(|fact| fact.range) {
        Some((low, high)) => (Some(low), Some(high)),
        None => (Some(Ratio::ZERO), None),
    }
}

/// Warns where the rules in force on one day can give points worth the price or more.
pub(super) fn check_full_price(scope: &Scope<'_>, earns: &[Rule<Earn>], pools: &[Pool]) {
    let versions: Vec<(&str, &Version<Earn>)> =
        earns.iter().flat_map(|rule| rule.versions.iter().map(|v| (rule.name.as_str(), v))).collect();
    for (_, version) in &versions {
        if report_unbounded(scope, version) {
            return;
        }
    }
    for stretch in stretches(scope, &versions, pools) {
        let in_force = |w: &Window| !days(w).intersection(&days(&stretch)).is_empty();
        let worth = pools.first().and_then(|pool| pool.versions.iter().find(|v| in_force(&v.window)));
        let Some(worth) = worth.map(|version| version.body.worth) else { continue };
        let shares: Vec<(&str, &Version<Earn>, Ratio)> = versions
            .iter()
            .filter(|(_, version)| in_force(&version.window))
            .filter_map(|(name, version)| {
                Some((*name, *version, share(scope, &version.body, worth, &stretch)?))
            })
            .collect();
        if report_sum(scope, &shares, &stretch) {
            return;
        }
    }
}

/// The most that a rule gives back of the price; None for a fixed number of points.
fn share(scope: &Scope<'_>, earn: &Earn, worth: Ratio, window: &Window) -> Option<Ratio> {
    match &earn.amount {
        Amount::Share { rate, .. } => bounds(scope, rate, Some(window)).1,
        Amount::Per { points, step, .. } => {
            let points = bounds(scope, points, Some(window)).1?;
            points.mul(worth).ok()?.div(bounds(scope, step, Some(window)).0?).ok()
        }
        Amount::OfRule { .. } | Amount::Fixed { .. } => None,
    }
}

fn report_sum(scope: &Scope<'_>, shares: &[(&str, &Version<Earn>, Ratio)], stretch: &Window) -> bool {
    let sum = shares.iter().try_fold(Ratio::ZERO, |sum, (_, _, share)| sum.add(*share).ok());
    let (Some(sum), Some((name, last, _))) = (sum, shares.last()) else { return false };
    if sum < Ratio::ONE {
        return false;
    }
    let percent = |n: Ratio| super::constant::written(scope, n, super::policy::Unit::Rate);
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

fn range_help(name: &str, kind: &super::policy::FactType) -> String {
    match kind {
        super::policy::FactType::Rate => format!("give it a range: `{name}: rate 0% to 50%`"),
        _ => format!("give it a range: `{name}: count 0 to 10`"),
    }
}

fn open_fact(scope: &Scope<'_>, quantity: &Quantity) -> Option<(Subject, usize)> {
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
fn stretches(scope: &Scope<'_>, earns: &[(&str, &Version<Earn>)], pools: &[Pool]) -> Vec<Window> {
    let windows = earns.iter().map(|(_, version)| version.window);
    let values = scope.values.iter().flat_map(|value| value.versions.iter().map(|v| v.window));
    let pools = pools.iter().flat_map(|pool| pool.versions.iter().map(|v| v.window));
    let mut cuts: Vec<Date> =
        windows.chain(values).chain(pools).flat_map(|w| [w.from_date, w.until_date]).flatten().collect();
    cuts.sort_by_key(|cut| day_number(*cut));
    cuts.dedup();
    let starts = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain(std::iter::once(None));
    starts.zip(ends).map(|(from, until)| window(scope, from, until)).collect()
}
