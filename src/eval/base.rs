//! The amount that earns: what a base names, less the parts that do not earn, with what lies beside it and earns too.

use super::context::{Context, Fault};
use super::net::Net;
use crate::policy::{Amount, Base, BaseOf, Grain, Occasion, Quantity, Subject};
use crate::value::Ratio;

/// The base of an amount, where it has one.
pub(crate) fn base_of(amount: &Amount) -> Option<&Base> {
    match amount {
        Amount::Share { base, .. } | Amount::Per { base, .. } => Some(base),
        Amount::Fixed { .. } | Amount::OfRule { .. } => None,
    }
}

/// The amount of one line that earns, never below zero. A part stands for each unit and shrinks with a refund as
/// the price does.
pub(crate) fn line_base(
    context: Context<'_>,
    net: &Net<'_>,
    index: usize,
    (base, each): (&Base, Grain),
) -> Result<Ratio, Fault> {
    let fact = |subject, fact| context.quantity(&Quantity::Fact(subject, fact));
    let mut earns = match &base.of {
        BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal => net.line_price(index)?,
        BaseOf::EventFact(event, amount) => fact(Subject::Event(*event), *amount)?,
        // What is said of the whole order has a share of each line, or lies beyond the lines (see `order_base`).
        BaseOf::Number(Quantity::OrderUnits) if each == Grain::Order => Ratio::whole(net.units(index)),
        BaseOf::Number(Quantity::OrderPointsPaid) if each == Grain::Order => {
            Ratio::whole(net.lines.get(index).map_or(0, |line| line.points_paid))
        }
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
    let (price, gross) = (net.line_price(index)?, net.gross(index)?);
    let of_units = |part: Ratio| -> Result<Ratio, Fault> {
        let part = part.mul(Ratio::whole(net.units(index)))?;
        Ok(if gross.is_zero() { part } else { part.mul(price)?.div(gross)? })
    };
    for part in &base.without_line_parts {
        earns = earns.sub(of_units(fact(Subject::Line, *part)?)?)?;
    }
    for part in &base.with_line_beside {
        earns = earns.add(of_units(fact(Subject::Line, *part)?)?)?;
    }
    let pays_points = matches!(base.of, BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal);
    if pays_points && !base.with_points_paid {
        earns = earns.sub(net.lines.get(index).map_or(Ratio::ZERO, |line| line.money_paid))?;
    }
    Ok(earns.max(Ratio::ZERO))
}

/// What an order earns on beyond its lines: shipping, less the order's own parts left out, with what lies beside it.
pub(crate) fn order_base(context: Context<'_>, net: &Net<'_>, base: &Base) -> Result<Ratio, Fault> {
    let fact = |fact| context.quantity(&Quantity::Fact(Subject::Order, fact));
    let mut earns = match &base.of {
        BaseOf::OrderTotal => net.shipping(),
        BaseOf::Number(quantity) if !is_of_line(quantity, net) => match quantity {
            Quantity::OrderUnits | Quantity::OrderPointsPaid => Ratio::ZERO,
            whole => context.quantity(whole)?,
        },
        _ => Ratio::ZERO,
    };
    for part in &base.without_order_parts {
        earns = earns.sub(fact(*part)?)?;
    }
    for part in &base.with_order_beside {
        earns = earns.add(fact(*part)?)?;
    }
    Ok(earns)
}

/// True for a number of one line, or of a declared event, which is its one line.
fn is_of_line(quantity: &Quantity, net: &Net<'_>) -> bool {
    match quantity {
        Quantity::Fact(subject, _) => matches!(subject, Subject::Line | Subject::Listing | Subject::Event(_)),
        Quantity::LinePrice | Quantity::LineUnits => true,
        _ => net.order.of != Occasion::Order,
    }
}
