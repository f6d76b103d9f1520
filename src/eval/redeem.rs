//! What may be paid with points under one redeem rule, and how points paid spread over the lines.

use jiff::Timestamp;

use super::context::{Context, Failure, Fault};
use super::net::Net;
use super::room::{UsedBefore, room};
use crate::policy::{Pays, PaysFor, Policy, Redeem, RedeemId, Version};
use crate::value::{Overflow, Ratio, largest_remainder};

/// What may be paid with points on an order under one rule.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The most points that may be paid on the whole order.
    pub points: i64,
    /// The same, split over the lines.
    pub lines: Vec<i64>,
    /// Money that one point pays on each line, minor units.
    pub values: Vec<Ratio>,
    /// Points that each line could take; zero where it is excluded.
    weights: Vec<Ratio>,
    /// Per line, why it may not be paid with points.
    pub failures: Vec<Option<Failure>>,
    /// True where what a point is worth goes by a quantity of the order.
    pub by_quantity: bool,
}

impl Offer {
    /// Nothing may be paid.
    pub fn none(count: usize) -> Offer {
        Offer {
            points: 0,
            lines: vec![0; count],
            values: vec![Ratio::ZERO; count],
            weights: vec![Ratio::ZERO; count],
            failures: vec![None; count],
            by_quantity: false,
        }
    }

    /// Splits `redeem` points over the lines, in proportion to what each offers.
    pub fn split(&self, redeem: i64) -> Result<Vec<i64>, Overflow> {
        largest_remainder(redeem, &self.weights)
    }

    /// What such a split pays, line by line. By a quantity, it is spread exactly, so that no line is paid more than it costs.
    pub fn money(&self, points: &[i64]) -> Result<Vec<Ratio>, Overflow> {
        if self.by_quantity {
            let all = self.weights.iter().try_fold(Ratio::ZERO, |sum, weight| sum.add(*weight))?;
            let paid =
                points.iter().try_fold(0i64, |sum, points| sum.checked_add(*points).ok_or(Overflow))?;
            let shares = points.iter().zip(self.values.iter().zip(&self.weights));
            let money = shares.map(|(points, (value, weight))| match *points {
                0 => Ok(Ratio::ZERO),
                _ => Ratio::whole(paid).mul(*weight)?.div(all)?.mul(*value),
            });
            return money.collect();
        }
        points.iter().zip(&self.values).map(|(points, value)| Ratio::whole(*points).mul(*value)).collect()
    }
}

/// A redeem rule that pays, in force at the order's instant.
#[derive(Clone, Copy)]
pub(crate) struct PayingRule<'a> {
    pub id: RedeemId,
    pub name: &'a str,
    pub version: &'a Version<Redeem>,
    pub pays: &'a Pays,
}

/// The redeem rules that pay at an instant.
pub(crate) fn paying_rules(policy: &Policy, at: Timestamp) -> Vec<PayingRule<'_>> {
    let rules = policy.redeems.iter_enumerated();
    let paying = rules.filter_map(|(id, rule)| {
        let version = rule.at(at)?;
        Some(PayingRule { id, name: rule.name.as_str(), version, pays: version.body.pays.as_ref()? })
    });
    paying.collect()
}

/// The most that may be paid with points under a rule: the money of the eligible lines at its rate, rounded down for
/// the order, within the rule's limits. The balance is not looked at.
pub(crate) fn offer(
    context: Context<'_>,
    net: &Net<'_>,
    rule: PayingRule<'_>,
    used: &UsedBefore,
) -> Result<Offer, Fault> {
    let context = Context { order: Some(net), ..context };
    let quantity = quantity_of(context, net, rule)?;
    let mut out = Offer { by_quantity: quantity.is_some(), ..Offer::none(net.lines.len()) };
    let mut first = None;
    let mut points = Ratio::ZERO;
    let mut shipping = if rule.pays.of == PaysFor::Total { net.shipping() } else { Ratio::ZERO };
    for index in 0..net.lines.len() {
        let line = context.at_line(net, index);
        let failure = why_not(&line, rule)?;
        if failure.is_none() {
            let mut value = line.quantity(&rule.pays.money)?.div(rule.pays.points)?;
            if let (Some(by), Some(quantity)) = (&rule.pays.by, quantity) {
                value = value.mul(quantity)?.div(by.step)?;
            }
            first = first.or(Some(value));
            let money = net.gross(index)?;
            let weight = if value.is_zero() { Ratio::ZERO } else { money.div(value)? };
            points = points.add(weight)?;
            if !value.is_zero() {
                // Shipping is paid at the rate of the first line that may be paid for.
                points = points.add(shipping.div(value)?)?;
                shipping = Ratio::ZERO;
            }
            set(&mut out.weights, index, weight);
            set(&mut out.values, index, value);
        }
        set(&mut out.failures, index, failure);
    }
    out.points = within_limits(context, net, rule, used, (points, first.unwrap_or(Ratio::ZERO)))?;
    out.lines = out.split(out.points)?;
    Ok(out)
}

/// Why a line may not be paid for: a filter, a condition, or a quantity of which there is none.
fn why_not(line: &Context<'_>, rule: PayingRule<'_>) -> Result<Option<Failure>, Fault> {
    let body = &rule.version.body;
    let failure = super::earn::first_failure(line, &body.filters, &body.conditions)?;
    match &rule.pays.by {
        Some(by) if failure.is_none() && line.quantity(&by.of)?.is_zero() => {
            Ok(Some(Failure { text: format!("{} > 0", by.text), short_by: None }))
        }
        _ => Ok(failure),
    }
}

/// How much there is, over all lines that may be paid for, of the quantity that points pay by.
fn quantity_of(context: Context<'_>, net: &Net<'_>, rule: PayingRule<'_>) -> Result<Option<Ratio>, Fault> {
    let Some(by) = &rule.pays.by else { return Ok(None) };
    let mut sum = Ratio::ZERO;
    for index in 0..net.lines.len() {
        let line = context.at_line(net, index);
        if why_not(&line, rule)?.is_none() {
            sum = sum.add(line.quantity(&by.of)?)?;
        }
    }
    Ok(Some(match &by.first {
        Some(first) => sum.min(context.quantity(first)?),
        None => sum,
    }))
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(slot) = list.get_mut(index) {
        *slot = value;
    }
}

fn within_limits(
    context: Context<'_>,
    net: &Net<'_>,
    rule: PayingRule<'_>,
    used: &UsedBefore,
    (offered, value): (Ratio, Ratio),
) -> Result<i64, Fault> {
    let body = &rule.version.body;
    let mut points = offered;
    for (rate, of) in &body.shares {
        let whole = if *of == PaysFor::Total { net.order_total()? } else { net.order_price()? };
        let all = net.order_price()?.add(if rule.pays.of == PaysFor::Total {
            net.shipping()
        } else {
            Ratio::ZERO
        })?;
        let share = context.quantity(rate)?.mul(whole)?;
        // In points: the offered points stand for what is eligible; a share of money caps them at its own worth.
        let value = if offered.is_zero() { Ratio::ONE } else { value };
        let cap = if value.is_zero() { Ratio::ZERO } else { share.min(all).div(value)? };
        points = points.min(cap);
    }
    for limit in &body.limits {
        points = points.min(room(&context, limit, used)?);
    }
    let mut whole = points.max(Ratio::ZERO).floor_points()?;
    if let Some(steps) = body.steps.filter(|steps| *steps > 0) {
        whole -= whole.rem_euclid(steps);
    }
    if let Some(least) = &body.at_least
        && Ratio::whole(whole) < context.quantity(least)?
    {
        whole = 0;
    }
    Ok(whole)
}
