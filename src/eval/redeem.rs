//! What may be paid with points under one redeem rule, and how points paid spread over the lines.

use jiff::Timestamp;

use super::context::{Context, Failure, Fault};
use super::net::{Net, Paid};
use super::room::{UsedBefore, room};
use crate::policy::{Pays, PaysFor, Policy, Redeem, RedeemId, Version};
use crate::value::{Overflow, Ratio, largest_remainder};

/// What may be paid with points on an order under one rule. Its pieces are the lines, then the shipping.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The most points that may be paid on the whole order.
    pub points: i64,
    /// How these would be spread.
    pub split: Split,
    /// By piece, money that one point pays, minor units.
    values: Vec<Ratio>,
    /// By piece, points that it could take; zero where it is excluded.
    weights: Vec<Ratio>,
    /// By line, why it may not be paid with points.
    pub failures: Vec<Option<Failure>>,
    /// True where what a point is worth goes by a quantity of the order.
    pub by_quantity: bool,
}

/// Points paid, spread over the pieces of an order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    /// By line.
    pub lines: Vec<Paid>,
    pub shipping: Paid,
}

impl Split {
    /// What all of it pays, minor units.
    pub fn money(&self) -> Result<Ratio, Overflow> {
        self.lines.iter().try_fold(self.shipping.money, |sum, paid| sum.add(paid.money))
    }
}

impl Offer {
    /// Nothing may be paid.
    pub fn none(lines: usize) -> Offer {
        let pieces = lines.saturating_add(1);
        Offer {
            points: 0,
            split: Split { lines: vec![Paid::default(); lines], shipping: Paid::default() },
            values: vec![Ratio::ZERO; pieces],
            weights: vec![Ratio::ZERO; pieces],
            failures: vec![None; lines],
            by_quantity: false,
        }
    }

    /// Spreads `redeem` points over the pieces, in proportion to what each offers. By a quantity, what they pay is spread
    /// exactly, so that no piece is paid more than it costs.
    pub fn split(&self, redeem: i64) -> Result<Split, Overflow> {
        let points = largest_remainder(redeem, &self.weights)?;
        let all = sum(&self.weights)?;
        let mut lines = Vec::with_capacity(points.len());
        for (points, (value, weight)) in points.into_iter().zip(self.values.iter().zip(&self.weights)) {
            let exact = if self.by_quantity && points > 0 {
                Ratio::whole(redeem).mul(*weight)?.div(all)?
            } else {
                Ratio::whole(points)
            };
            lines.push(Paid { points, money: exact.mul(*value)? });
        }
        let shipping = lines.pop().unwrap_or_default();
        Ok(Split { lines, shipping })
    }

    /// The same pieces, those first on which a point pays most: ties of a split then pay most, whatever the order of lines.
    fn dearest_first(&self) -> Offer {
        let mut pieces: Vec<_> = self.values.iter().copied().zip(self.weights.iter().copied()).collect();
        pieces.sort_by(|one, other| other.cmp(one));
        let (values, weights) = pieces.into_iter().unzip();
        Offer { values, weights, ..self.clone() }
    }

    /// What one of the offered points pays on average, minor units; where nothing is offered, what it pays at most.
    fn rate(&self) -> Result<Ratio, Overflow> {
        let points = sum(&self.weights)?;
        if points.is_zero() {
            return Ok(self.values.iter().fold(Ratio::ZERO, |most, value| most.max(*value)));
        }
        let money = self.weights.iter().zip(&self.values).map(|(weight, value)| weight.mul(*value));
        sum(&money.collect::<Result<Vec<_>, _>>()?)?.div(points)
    }
}

fn sum(numbers: &[Ratio]) -> Result<Ratio, Overflow> {
    numbers.iter().try_fold(Ratio::ZERO, |sum, number| sum.add(*number))
}

/// A redeem rule that pays, in force at the order's instant.
#[derive(Clone, Copy)]
pub(crate) struct PayingRule<'a> {
    pub id: RedeemId,
    pub name: &'a str,
    pub version: &'a Version<Redeem>,
    pub pays: &'a Pays,
}

impl PayingRule<'_> {
    /// How many of so many points it takes: whole steps, and none where they are fewer than its least.
    pub fn takes(&self, context: &Context<'_>, points: i64) -> Result<i64, Fault> {
        let whole = self.in_steps(points.max(0));
        match &self.version.body.at_least {
            Some(least) if Ratio::whole(whole) < context.quantity(least)? => Ok(0),
            _ => Ok(whole),
        }
    }

    fn in_steps(&self, points: i64) -> i64 {
        points - points.rem_euclid(self.steps())
    }

    fn steps(&self) -> i64 {
        self.version.body.steps.unwrap_or(1).max(1)
    }
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
    for index in 0..net.lines.len() {
        let line = context.at_line(net, index);
        let failure = why_not(&line, rule)?;
        if failure.is_none() {
            let mut value = line.quantity(&rule.pays.money)?.div(rule.pays.points)?;
            if let (Some(by), Some(quantity)) = (&rule.pays.by, quantity) {
                value = value.mul(quantity)?.div(by.step)?;
            }
            let weight = if value.is_zero() { Ratio::ZERO } else { net.gross(index)?.div(value)? };
            set(&mut out.weights, index, weight);
            set(&mut out.values, index, value);
        }
        set(&mut out.failures, index, failure);
    }
    // Shipping is paid at the rate at which the lines are paid together, whatever their order.
    let rate = out.rate()?;
    if rule.pays.of == PaysFor::Total && !rate.is_zero() {
        let passes: Vec<bool> = out.failures.iter().map(Option::is_none).collect();
        let shipping = net.shipping()?.mul(net.share_of(&passes)?)?;
        set(&mut out.weights, net.lines.len(), shipping.div(rate)?);
        set(&mut out.values, net.lines.len(), rate);
    }
    out.points = within_limits(context, net, rule, used, &out)?;
    out.split = out.split(out.points)?;
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

/// The offered points, as far as the rule's limits let them be paid. A share is of money: points are cut until what they
/// pay, spread as payments are, stays within it.
fn within_limits(
    context: Context<'_>,
    net: &Net<'_>,
    rule: PayingRule<'_>,
    used: &UsedBefore,
    offer: &Offer,
) -> Result<i64, Fault> {
    let body = &rule.version.body;
    let mut points = sum(&offer.weights)?;
    let mut most_money = None;
    for (rate, of) in &body.shares {
        let whole = if *of == PaysFor::Total { net.order_total()? } else { net.order_price()? };
        let share = context.quantity(rate)?.mul(whole)?;
        most_money = Some(most_money.map_or(share, |most: Ratio| most.min(share)));
    }
    let rate = offer.rate()?;
    if let Some(money) = most_money.filter(|_| !rate.is_zero()) {
        points = points.min(money.div(rate)?);
    }
    for limit in &body.limits {
        points = points.min(room(&context, limit, used)?);
    }
    let mut whole = rule.in_steps(points.max(Ratio::ZERO).floor_points()?);
    if let Some(money) = most_money {
        // Where lines are paid at different rates, whole points may pay a little more than exact ones.
        let dearest_first = offer.dearest_first();
        while whole > 0 && dearest_first.split(whole)?.money()? > money {
            whole -= rule.steps().min(whole);
        }
    }
    rule.takes(&context, whole)
}
