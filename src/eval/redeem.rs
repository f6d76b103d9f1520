//! What may be paid with points, and how points paid spread over the lines.

use super::context::{Context, Failure, Fault};
use super::net::Net;
use crate::check::policy::{Redeem, Version};
use crate::value::{Overflow, Ratio, largest_remainder};

/// What may be paid with points on an order.
#[derive(Clone, Debug)]
pub(crate) struct Redeemable {
    /// The most points that may be paid on the whole order.
    pub points: i64,
    /// The same, split over the lines.
    pub lines: Vec<i64>,
    /// Money that each line offers to points, minor units; nought where the line is excluded.
    weights: Vec<Ratio>,
    /// Per line, why it may not be paid with points.
    pub failures: Vec<Option<Failure>>,
}

impl Redeemable {
    /// Splits `redeem` points over the lines, in proportion to what each offers.
    pub fn split(&self, redeem: i64) -> Result<Vec<i64>, Overflow> {
        largest_remainder(redeem, &self.weights)
    }
}

/// The redeem rule in force at the order's instant, with its name.
pub(crate) fn rule<'a>(context: &Context<'a>) -> Option<(&'a str, &'a Version<Redeem>)> {
    let rules = context.policy.redeems.iter();
    rules.filter_map(|rule| Some((rule.name.as_str(), rule.at(context.at)?))).next()
}

/// Money that one point pays, minor units; nought without a rule.
pub(crate) fn point_value(context: &Context<'_>) -> Result<Ratio, Overflow> {
    rule(context).map_or(Ok(Ratio::ZERO), |(_, version)| version.body.money.div(version.body.points))
}

/// The most that may be paid with points: the money of the eligible lines at the redemption rate, rounded down
/// for the order.
pub(crate) fn redeemable(context: Context<'_>, net: &Net<'_>) -> Result<Redeemable, Fault> {
    let count = net.lines.len();
    let mut out = Redeemable {
        points: 0,
        lines: vec![0; count],
        weights: vec![Ratio::ZERO; count],
        failures: vec![None; count],
    };
    let Some((_, version)) = rule(&context) else { return Ok(out) };
    let context = Context { order: Some(net), ..context };
    let mut money = Ratio::ZERO;
    for (index, (weight, failure)) in out.weights.iter_mut().zip(&mut out.failures).enumerate() {
        let line = context.at_line(net, index);
        *failure = super::earn::first_failure(&line, &version.body.filters, &version.body.conditions)?;
        if failure.is_none() {
            *weight = net.gross(index)?;
            money = money.add(*weight)?;
        }
    }
    out.points = money.mul(version.body.points)?.div(version.body.money)?.floor_points()?;
    out.lines = out.split(out.points)?;
    Ok(out)
}
