//! Which rule gives how many points on which line. For each rule in force, in this order: conditions and filters,
//! the amount that earns, the exact points, rounding at the rule's grain, the rule's own limits. Rules add up.

use super::context::{Context, Failure, Fault};
use super::net::Net;
use super::redeem;
use crate::check::policy::{Amount, Base, BaseOf, Cap, Condition, Earn, Filter, Grain, Unit};
use crate::value::{Ratio, Rounding, largest_remainder};

/// What one rule does on one line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It gives points (perhaps none after rounding and limits).
    Given(Given),
    /// It gives none, for this reason.
    Failed(Failure),
}

/// Points that a rule gives on a line, stage by stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// Before rounding.
    pub exact: Ratio,
    /// After rounding.
    pub rounded: i64,
    /// After limits: what is given.
    pub points: i64,
}

/// What one rule does on every line of the order. A line of which nothing is left gets no points.
pub(crate) fn evaluate(context: Context<'_>, net: &Net<'_>, earn: &Earn) -> Result<Vec<Outcome>, Fault> {
    let context = Context { order: Some(net), ..context };
    let mut failures = Vec::with_capacity(net.lines.len());
    for index in 0..net.lines.len() {
        let gone = (!net.stands(index))
            .then(|| Failure { text: "nothing of the line is kept".into(), short_by: None });
        failures.push(match gone {
            Some(failure) => Some(failure),
            None => first_failure(&context.at_line(net, index), &earn.filters, &earn.conditions)?,
        });
    }
    let passes: Vec<bool> = failures.iter().map(Option::is_none).collect();
    let exact = exact_points(context, net, earn, &passes)?;
    let rounded = round(net, earn, &exact)?;
    let points = cap(context, net, &earn.caps, &exact, &rounded)?;
    let given = exact.into_iter().zip(rounded).zip(points);
    let given = given.map(|((exact, rounded), points)| Given { exact, rounded, points });
    Ok(failures
        .into_iter()
        .zip(given)
        .map(|(failure, given)| match failure {
            Some(failure) => Outcome::Failed(failure),
            None => Outcome::Given(given),
        })
        .collect())
}

/// The first clause, in the order written, that keeps a rule from the line in view.
pub(crate) fn first_failure(
    context: &Context<'_>,
    filters: &[Filter],
    conditions: &[Condition],
) -> Result<Option<Failure>, Fault> {
    let mut first: Option<(usize, Failure)> = None;
    for filter in filters {
        let passes =
            context.category.and_then(|category| filter.passes.get(category)).copied().unwrap_or(false);
        if !passes {
            first = Some((filter.span.start, Failure { text: filter.text.clone(), short_by: None }));
            break;
        }
    }
    for condition in conditions {
        if first.as_ref().is_some_and(|(start, _)| *start < condition.span.start) {
            break;
        }
        if let Some(failure) = context.failure(condition)? {
            return Ok(Some(failure));
        }
    }
    Ok(first.map(|(_, failure)| failure))
}

/// Exact points of each line; nought where the rule does not hold. What a rule gives for the whole order is spread
/// over its lines in proportion to the money that earns (alike where there is none).
fn exact_points(
    context: Context<'_>,
    net: &Net<'_>,
    earn: &Earn,
    passes: &[bool],
) -> Result<Vec<Ratio>, Fault> {
    let mut bases = vec![Ratio::ZERO; passes.len()];
    if let Some(base) = base_of(&earn.amount) {
        for (index, slot) in
            bases.iter_mut().enumerate().filter(|(index, _)| passes.get(*index) == Some(&true))
        {
            *slot = line_base(context.at_line(net, index), net, index, base)?;
        }
    }
    let mut exact = vec![Ratio::ZERO; passes.len()];
    let standing = || passes.iter().enumerate().filter(|(_, passes)| **passes).map(|(index, _)| index);
    if earn.each != Grain::Order {
        for index in standing() {
            let units = if earn.each == Grain::Unit { Ratio::whole(net.units(index)) } else { Ratio::ONE };
            let base = bases.get(index).copied().unwrap_or(Ratio::ZERO).div(units)?;
            let piece = amount(context.at_line(net, index), &earn.amount, base)?;
            let piece = if rounds_by_unit(earn) { Ratio::whole(whole(earn, piece)?) } else { piece };
            if let Some(slot) = exact.get_mut(index) {
                *slot = piece.mul(units)?;
            }
        }
        return Ok(exact);
    }
    if standing().next().is_none() {
        return Ok(exact);
    }
    let of_lines = bases.iter().try_fold(Ratio::ZERO, |sum, base| sum.add(*base))?;
    let total = amount(context, &earn.amount, of_lines.add(order_base(context, net, &earn.amount)?)?)?;
    let alike = Ratio::new(1, standing().count() as i128)?;
    for index in standing() {
        let base = bases.get(index).copied().unwrap_or(Ratio::ZERO);
        let share = if of_lines.is_zero() { alike } else { base.div(of_lines)? };
        if let Some(slot) = exact.get_mut(index) {
            *slot = total.mul(share)?;
        }
    }
    Ok(exact)
}

fn base_of(amount: &Amount) -> Option<&Base> {
    match amount {
        Amount::Share { base, .. } | Amount::Per { base, .. } => Some(base),
        Amount::Fixed { .. } => None,
    }
}

/// The money of a line that earns: its net price less the parts left out, never below nought. A part stands
/// for each unit and shrinks with a refund as the price does.
fn line_base(context: Context<'_>, net: &Net<'_>, index: usize, base: &Base) -> Result<Ratio, Fault> {
    let price = net.line_price(index)?;
    let gross = net.gross(index)?;
    let mut earns = price;
    for part in &base.without_line_parts {
        let part = context
            .quantity(&crate::check::policy::Quantity::Fact(crate::check::policy::Subject::Line, *part))?;
        let part = part.mul(Ratio::whole(net.units(index)))?;
        if !gross.is_zero() {
            earns = earns.sub(part.mul(price)?.div(gross)?)?;
        }
    }
    if !base.with_points_paid {
        let paid = net.lines.get(index).map_or(0, |line| line.points_paid);
        earns = earns.sub(Ratio::whole(paid).mul(redeem::point_value(&context)?)?)?;
    }
    Ok(earns.max(Ratio::ZERO))
}

/// What an order earns on beyond its lines: shipping, less the order's own parts left out.
fn order_base(context: Context<'_>, net: &Net<'_>, amount: &Amount) -> Result<Ratio, Fault> {
    let Some(base) = base_of(amount).filter(|base| base.of == BaseOf::OrderTotal) else {
        return Ok(Ratio::ZERO);
    };
    let mut earns = net.shipping();
    for part in &base.without_order_parts {
        let part = context
            .quantity(&crate::check::policy::Quantity::Fact(crate::check::policy::Subject::Order, *part))?;
        earns = earns.sub(part)?;
    }
    Ok(earns)
}

/// Exact points for one piece whose earning money is `base`.
fn amount(context: Context<'_>, amount: &Amount, base: Ratio) -> Result<Ratio, Fault> {
    Ok(match amount {
        Amount::Share { rate, .. } => {
            // A share of money is money; the worth of a point turns it into points.
            let money = context.quantity(rate)?.mul(base)?;
            let pool = context.policy.pools.first().and_then(|pool| {
                pool.versions.iter().find(|version| version.window.contains(context.at)).map(|v| v.body.worth)
            });
            money.div(pool.unwrap_or(Ratio::ONE))?
        }
        Amount::Per { points, full, step, .. } => {
            let steps = base.div(context.quantity(step)?)?;
            let steps = if *full { Ratio::whole(steps.floor()) } else { steps };
            steps.mul(context.quantity(points)?)?
        }
        Amount::Fixed { points } => context.quantity(points)?,
    })
}

fn rounds_by_unit(earn: &Earn) -> bool {
    matches!(earn.rounding, Some((_, Grain::Unit)))
}

/// Whole points of an exact amount; without a rounding clause it is whole already (the checker's promise).
fn whole(earn: &Earn, exact: Ratio) -> Result<i64, Fault> {
    let rounding = earn.rounding.map_or(Rounding::Down, |(rounding, _)| rounding);
    Ok(rounding.apply(exact)?)
}

fn round(net: &Net<'_>, earn: &Earn, exact: &[Ratio]) -> Result<Vec<i64>, Fault> {
    let by_order = match earn.rounding {
        Some((_, grain)) => grain == Grain::Order,
        None => earn.each == Grain::Order,
    };
    if !by_order {
        return exact.iter().map(|exact| whole(earn, *exact)).collect();
    }
    let sum = exact.iter().try_fold(Ratio::ZERO, |sum, exact| sum.add(*exact))?;
    if sum.is_zero() {
        return Ok(vec![0; net.lines.len()]);
    }
    Ok(largest_remainder(whole(earn, sum)?, exact)?)
}

/// The rule's own limits, in the order written. A limit for the order is split in proportion to the exact amounts.
fn cap(
    context: Context<'_>,
    net: &Net<'_>,
    caps: &[Cap],
    exact: &[Ratio],
    rounded: &[i64],
) -> Result<Vec<i64>, Fault> {
    let mut points = rounded.to_vec();
    for cap in caps {
        if cap.per == Grain::Order {
            let limit = context.quantity(&cap.limit)?.floor_points()?;
            let sum = points
                .iter()
                .try_fold(0i64, |sum, points| sum.checked_add(*points))
                .ok_or(Fault::Overflow)?;
            if sum > limit {
                points = largest_remainder(limit, exact)?;
            }
            continue;
        }
        for (index, points) in points.iter_mut().enumerate() {
            let limit = context.at_line(net, index).quantity(&cap.limit)?.floor_points()?;
            *points = limit.min(*points);
        }
    }
    Ok(points)
}

/// What rounding or limits took away, in words; None where points were given.
pub(crate) fn why_nothing(context: &Context<'_>, given: &Given) -> Option<Failure> {
    if given.points > 0 {
        return None;
    }
    let exact = context.show(given.exact, Unit::Points);
    if given.rounded > 0 {
        return Some(Failure { text: format!("a limit leaves nothing of {exact}"), short_by: None });
    }
    if given.exact.is_zero() {
        return Some(Failure { text: "gives 0 points here".into(), short_by: None });
    }
    let short = Ratio::ONE.sub(given.exact).ok().map(|short| context.show(short, Unit::Points));
    Some(Failure { text: format!("{exact} round to 0"), short_by: short })
}
