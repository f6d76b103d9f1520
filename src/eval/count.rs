//! What an order or declared event adds to a measure.

use super::base::{line_base, order_base};
use super::context::{Context, Fault};
use super::decide::Earning;
use super::earn::first_failure;
use super::net::Net;
use crate::policy::{Counted, Counting, Grain, IdVec, Measure, MeasureId, Occasion, Policy, Quantity};
use crate::value::choice::Stage;
use crate::value::{Overflow, Ratio};

/// What one clause of a measure counts on what is left of an order or event. Nothing once nothing is left.
pub(crate) fn count(
    context: Context<'_>,
    net: &Net<'_>,
    counting: &Counting,
    earning: &Earning,
) -> Result<Ratio, Fault> {
    let context = Context { order: Some(net), ..context };
    if counting.of != net.order.of || !(0..net.lines.len()).any(|line| net.stands(line)) {
        return Ok(Ratio::ZERO);
    }
    let whole = if net.order.of == Occasion::Order { context } else { context.at_line(net, 0) };
    if counting.each == Grain::Order && counting.filters.is_empty() {
        let failed = first_failure(&whole, &[], &counting.conditions)?;
        return if failed.is_some() { Ok(Ratio::ZERO) } else { of_order(whole, net, counting, earning) };
    }
    let mut sum = Ratio::ZERO;
    let mut passes = vec![false; net.lines.len()];
    for (index, passes) in passes.iter_mut().enumerate().filter(|(index, _)| net.stands(*index)) {
        let line = context.at_line(net, index);
        *passes = first_failure(&line, &counting.filters, &counting.conditions)?.is_none();
        if *passes {
            sum = sum.add(of_line(line, net, index, counting)?)?;
        }
    }
    let any = passes.contains(&true);
    // An order counts once when any of its lines passes; its money is that of the lines that pass, with their share of the
    // shipping.
    match (&counting.what, counting.each) {
        (Counted::Amount(Quantity::OrderPrice | Quantity::OrderUnits), Grain::Order) => Ok(sum),
        (Counted::Amount(Quantity::OrderTotal), Grain::Order) => {
            Ok(sum.add(net.shipping()?.mul(net.share_of(&passes)?)?)?)
        }
        (Counted::Amount(Quantity::OrderPointsPaid), Grain::Order) => {
            let shipping = Ratio::whole(net.shipping_paid().points);
            Ok(sum.add(shipping.mul(net.share_of(&passes)?)?)?)
        }
        (Counted::Amount(quantity), Grain::Order) if any => Ok(whole.quantity(quantity)?),
        (Counted::Rule(..) | Counted::Different(_), Grain::Order) if any => {
            of_order(whole, net, counting, earning)
        }
        (Counted::Base(base), Grain::Order) if any => Ok(sum.add(order_base(context, net, base, &passes)?)?),
        _ => Ok(sum),
    }
}

/// What measures read once everything is counted: none above its limit, and sums of others.
pub(crate) fn sum_up(policy: &Policy, counts: &mut IdVec<MeasureId, Vec<Ratio>>) -> Result<(), Overflow> {
    let cut = |measure: &Measure, numbers: &mut Vec<Ratio>| {
        if let Some(most) = measure.most {
            numbers.iter_mut().for_each(|number| *number = (*number).min(most));
        }
    };
    for (measure, numbers) in policy.measures.iter().zip(counts.iter_mut()) {
        cut(measure, numbers);
    }
    for (id, measure) in policy.measures.iter_enumerated().filter(|(_, measure)| !measure.adds.is_empty()) {
        let mut sum = Ratio::ZERO;
        for part in &measure.adds {
            // A measure that others add up has no key, and so one number.
            sum = counts[*part].iter().take(1).try_fold(sum, |sum, number| sum.add(*number))?;
        }
        counts[id] = vec![sum];
        cut(measure, &mut counts[id]);
    }
    Ok(())
}

fn of_order(
    context: Context<'_>,
    net: &Net<'_>,
    counting: &Counting,
    earning: &Earning,
) -> Result<Ratio, Fault> {
    match &counting.what {
        Counted::Amount(quantity) => context.quantity(quantity),
        Counted::Different(_) => Ok(Ratio::ONE),
        Counted::Rule(stage, rule) => {
            let total = earning.totals.iter().find(|total| total.rule == *rule);
            Ok(total.map_or(Ratio::ZERO, |total| match stage {
                Stage::Exact => total.exact,
                Stage::Rounded => Ratio::whole(total.rounded),
                Stage::Capped => Ratio::whole(total.given),
            }))
        }
        Counted::Base(base) => {
            let mut sum = Ratio::ZERO;
            for index in (0..net.lines.len()).filter(|index| net.stands(*index)) {
                sum = sum.add(line_base(context.at_line(net, index), net, index, base, counting.each)?)?;
            }
            let all = vec![true; net.lines.len()];
            Ok(sum.add(order_base(context, net, base, &all)?)?)
        }
    }
}

fn of_line(context: Context<'_>, net: &Net<'_>, index: usize, counting: &Counting) -> Result<Ratio, Fault> {
    match &counting.what {
        // With filters, an order's price, quantity and points paid are those of the lines that pass.
        Counted::Amount(Quantity::OrderPrice | Quantity::OrderTotal) => Ok(net.line_price(index)?),
        Counted::Amount(Quantity::OrderUnits) => Ok(Ratio::whole(net.units(index))),
        Counted::Amount(Quantity::OrderPointsPaid) => {
            Ok(Ratio::whole(net.lines.get(index).map_or(0, |line| line.paid.points)))
        }
        Counted::Amount(quantity) => context.quantity(quantity),
        Counted::Base(base) => line_base(context, net, index, base, counting.each),
        Counted::Rule(..) | Counted::Different(_) => Ok(Ratio::ZERO),
    }
}
