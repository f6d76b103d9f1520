//! The amount that earns: what a base names, less the parts that do not earn, with what lies beside it and earns too.

use super::context::{Context, Fault};
use super::net::{Net, Paid};
use crate::policy::{Amount, Base, BaseOf, FactId, Grain, Occasion, PartFact, Quantity, Subject};
use crate::value::Ratio;

/// The base of an amount, where it has one.
pub(crate) fn base_of(amount: &Amount) -> Option<&Base> {
    match amount {
        Amount::Share { base, .. } | Amount::Per { base, .. } => Some(base),
        Amount::Fixed { .. } | Amount::OfRule { .. } => None,
    }
}

/// The amount of one line that earns, never below zero. The parts of its price are those of the units kept.
pub(crate) fn line_base(
    context: Context<'_>,
    net: &Net<'_>,
    index: usize,
    base: &Base,
    each: Grain,
) -> Result<Ratio, Fault> {
    let fact = |subject, fact| context.quantity(&Quantity::Fact(subject, fact));
    let paid = net.lines.get(index).map_or(Paid::default(), |line| line.paid);
    let mut earns = match &base.of {
        BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal => net.line_price(index)?,
        BaseOf::EventFact(event, amount) => fact(Subject::Event(*event), *amount)?,
        // What is said of the whole order has a share of each line, or lies beyond the lines (see `order_base`).
        BaseOf::Number(Quantity::OrderUnits) if each == Grain::Order => Ratio::whole(net.units(index)),
        BaseOf::Number(Quantity::OrderPointsPaid) if each == Grain::Order => Ratio::whole(paid.points),
        BaseOf::Number(quantity) if is_of_line(quantity, net) || each != Grain::Order => {
            context.quantity(quantity)?
        }
        BaseOf::Number(_) => Ratio::ZERO,
        BaseOf::Measure(measure, key) => {
            context.quantity(&Quantity::Measure { measure: *measure, key: *key, in_all: true })?
        }
    };
    if let BaseOf::EventFact(event, _) = base.of {
        for part in &base.without_event_parts {
            earns = earns.sub(fact(Subject::Event(event), *part)?)?;
        }
        for part in &base.with_event_beside {
            earns = earns.add(fact(Subject::Event(event), *part)?)?;
        }
        return Ok(earns.max(Ratio::ZERO));
    }
    let parts = |subject, facts: &[FactId]| -> Result<Ratio, Fault> {
        let money = facts.iter().map(|fact| net.part(index, PartFact { subject, fact: *fact }));
        Ok(money.into_iter().try_fold(Ratio::ZERO, |sum, money| sum.add(money?))?)
    };
    earns = earns.sub(parts(Subject::Line, &base.without_line_parts)?)?;
    earns = earns.sub(parts(Subject::Order, &base.without_order_parts)?)?;
    earns = earns.add(parts(Subject::Line, &base.with_line_beside)?)?;
    earns = earns.add(parts(Subject::Order, &base.with_order_beside)?)?;
    let is_price = matches!(base.of, BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal);
    if is_price && !base.with_points_paid {
        earns = earns.sub(paid.money)?;
    }
    Ok(earns.max(Ratio::ZERO))
}

/// What an order earns on beyond its lines, never below zero: the share of the shipping, and of the points that pay it,
/// that belongs to the lines that pass; or a number of the whole order.
pub(crate) fn order_base(
    context: Context<'_>,
    net: &Net<'_>,
    base: &Base,
    passes: &[bool],
) -> Result<Ratio, Fault> {
    match &base.of {
        BaseOf::OrderTotal => {
            let mut earns = net.shipping()?;
            for fact in &base.without_order_parts {
                earns = earns.sub(net.shipping_part(PartFact { subject: Subject::Order, fact: *fact })?)?;
            }
            if !base.with_points_paid {
                earns = earns.sub(net.shipping_paid().money)?;
            }
            Ok(earns.max(Ratio::ZERO).mul(net.share_of(passes)?)?)
        }
        BaseOf::Number(Quantity::OrderUnits) => Ok(Ratio::ZERO),
        BaseOf::Number(Quantity::OrderPointsPaid) => {
            Ok(Ratio::whole(net.shipping_paid().points).mul(net.share_of(passes)?)?)
        }
        BaseOf::Number(quantity) if !is_of_line(quantity, net) => context.quantity(quantity),
        _ => Ok(Ratio::ZERO),
    }
}

/// True for a number of one line, or of a declared event, which is its one line.
fn is_of_line(quantity: &Quantity, net: &Net<'_>) -> bool {
    match quantity {
        Quantity::Fact(subject, _) => matches!(subject, Subject::Line | Subject::Listing | Subject::Event(_)),
        Quantity::LinePrice | Quantity::LineUnits => true,
        _ => net.order.of != Occasion::Order,
    }
}
