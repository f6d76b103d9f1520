//! Rewards: what is taken for points, and given back when that never was.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Note, overflow};
use super::entry::{Action, Bucket, Clause};
use super::moves::By;
use super::place::spending_pools;
use super::placed::PoolTake;
use super::replay::Shared;
use crate::eval::context::Context;
use crate::eval::order::Order;
use crate::eval::room::room;
use crate::eval::{Refusal, RefusalCode, context_of};
use crate::policy::{
    Counts, ExpiryAnchorKind, Occasion, Owner, Period, Policy, Price, Redeem, RedeemId, Reward, Version,
};
use crate::value::Ratio;

/// A reward that a member has taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Index of the redeem rule, and of the reward among its own.
    pub rule: RedeemId,
    pub reward: usize,
    /// When, and so under which terms.
    pub at: Timestamp,
    /// Points, all of them out of these lots; empty once they have come back.
    pub takes: Vec<PoolTake>,
    /// True once it has been cancelled.
    pub back: bool,
}

/// A reward that is offered, with where it stands in the policy.
struct Found<'p> {
    rule: RedeemId,
    version: &'p Version<Redeem>,
    index: usize,
    offered: &'p Reward,
}

impl Account {
    pub(super) fn take_reward(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        asked: (&str, i64, Option<i64>),
    ) -> Result<(), Refusal> {
        let (name, quantity, _) = asked;
        let known = self.known_now(policy, at);
        let context = context_of(policy, at, &self.member, &known);
        let found = reward(policy, &context, name)?;
        let cost = cost(&context, &found, asked)?;
        let Found { rule, version, index: place, offered } = found;
        let pools = spending_pools(policy, rule, at);
        if cost > 0 {
            self.check_funds(policy, &pools, cost, "quantity")?;
        }
        self.check_limits(&context, shared, (rule, version), (cost, quantity))?;
        let mut deadlines = Vec::new();
        for pool in pools.iter().filter(|_| cost > 0) {
            let extended = self.extended(policy, at, *pool, ExpiryAnchorKind::Redeemed);
            deadlines.push((*pool, extended.map_err(|_| overflow("the expiry rule"))?));
        }
        // Nothing fails from here on.
        for (pool, deadline) in deadlines {
            if let Some(state) = self.pools.try_get_mut(pool) {
                state.deadline = deadline;
            }
        }
        let takes = self.take(policy, at, &pools, cost);
        for take in &takes {
            let clause = Some(Clause::Reward { rule, reward: place, terms: at });
            let note = Note {
                event: Some(id.clone()),
                clause,
                reason: Some(offered.label.clone()),
                ..Note::default()
            };
            self.post_take(policy, at, take, (Action::Redeem, Bucket::Redeemed), note);
        }
        let by = By::Reward(id.clone());
        self.note_uses(policy, shared, (Owner::Redeem(rule), Counts::Points), (at, cost), &by);
        self.note_uses(policy, shared, (Owner::Redeem(rule), Counts::Rewards), (at, quantity), &by);
        self.rewards.insert(id, Taken { rule, reward: place, at, takes, back: false });
        Ok(())
    }

    /// Refuses a reward for which a limit leaves too little.
    fn check_limits(
        &self,
        context: &Context<'_>,
        shared: &Shared,
        (rule, version): (RedeemId, &Version<Redeem>),
        (cost, quantity): (i64, i64),
    ) -> Result<(), Refusal> {
        let (policy, body) = (context.policy, &version.body);
        let name = &policy.redeems[rule].name;
        let used = self.uses_before(policy, shared, context.at).map_err(|_| overflow(name))?;
        let points = body.limits.iter().map(|limit| (limit, Counts::Points, cost));
        let counted = body.counts.iter().map(|limit| (limit, Counts::Rewards, quantity));
        for (limit, counts, amount) in points.chain(counted) {
            let room = room(context, limit, &used);
            let room = room.map_err(|fault| crate::eval::refuse(policy, fault, name))?;
            if Ratio::whole(amount) > room {
                let (amount, room) = match counts {
                    Counts::Rewards => (rewards(Ratio::whole(amount)), rewards(room)),
                    _ => (policy.count_points_in(body.pool, amount), policy.count_in(body.pool, room)),
                };
                let message = format!("this takes {amount}, but the limit leaves {room} (rule `{name}`)");
                return Err(Refusal::new(RefusalCode::AboveLimit, "quantity", message).by_rule(name));
            }
        }
        Ok(())
    }

    /// A reward taken is undone: its points come back to the lots they were taken from.
    pub(super) fn give_reward_back(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        event: &str,
    ) -> Result<(), Refusal> {
        let Some(taken) = self.rewards.get_mut(event) else { return Ok(()) };
        if taken.back {
            return Err(super::judge::cancelled_already(event));
        }
        taken.back = true;
        let clause = Clause::Reward { rule: taken.rule, reward: taken.reward, terms: taken.at };
        let takes = std::mem::take(&mut taken.takes);
        for take in takes.into_iter().rev() {
            let clause = Some(clause);
            let note = Note { event: Some(id.clone()), clause, ..Note::default() };
            self.give_back_to(policy, at, (take.pool, take.source), (take.points, Bucket::Redeemed), note);
        }
        Ok(())
    }
}

/// The reward of a name that is offered here.
fn reward<'p>(policy: &'p Policy, context: &Context<'_>, name: &str) -> Result<Found<'p>, Refusal> {
    let at = context.at;
    let nothing = Order::period(Occasion::Period(Period::AllTime));
    let net = crate::eval::net::Net::placed(&nothing);
    let context = Context { order: Some(&net), ..*context };
    for (id, rule) in policy.redeems.iter_enumerated() {
        let Some(version) = rule.at(at) else { continue };
        let mut rewards = version.body.rewards.iter().enumerate();
        let Some((index, offered)) = rewards.find(|(_, reward)| reward.name == name) else { continue };
        let failed = crate::eval::earn::first_failure(&context, &[], &version.body.conditions);
        let failed = failed.map_err(|fault| crate::eval::refuse(policy, fault, &rule.name))?;
        return match failed {
            None => Ok(Found { rule: id, version, index, offered }),
            Some(failure) => {
                let message = format!("the reward `{name}` is not offered: {}", failure.text);
                Err(Refusal::new(RefusalCode::RewardNotOffered, "reward", message).by_rule(&rule.name))
            }
        };
    }
    let message = format!("no redeem rule in force at this instant offers the reward `{name}`");
    Err(Refusal::new(RefusalCode::RewardNotOffered, "reward", message))
}

/// What all of it costs: the rule's price, or that of the day, which comes with the event.
fn cost(
    context: &Context<'_>,
    found: &Found<'_>,
    (name, quantity, price): (&str, i64, Option<i64>),
) -> Result<i64, Refusal> {
    let policy = context.policy;
    let count = |points| policy.count_points_in(found.version.body.pool, points);
    let rule = policy.redeems.try_get(found.rule).map_or("", |rule| rule.name.as_str());
    let refuse = |code, message: String| Err(Refusal::new(code, "points", message).by_rule(rule));
    let one = match (&found.offered.price, price) {
        (Price::Points(quantity), None) => {
            let price = context.quantity(quantity);
            let price = price.map_err(|fault| crate::eval::refuse(policy, fault, name))?;
            price.floor_points().map_err(|_| overflow(name))?
        }
        (Price::Points(_), Some(_)) => {
            let message = format!("the policy says what the reward `{name}` costs; leave `points` out");
            return refuse(RefusalCode::UnknownField, message);
        }
        (Price::Range(..), None) => {
            let message = format!("the reward `{name}` has the price of the day; give `points`, for one");
            return refuse(RefusalCode::MissingField, message);
        }
        (Price::Range(low, high), Some(price)) if !(*low..=*high).contains(&price) => {
            let (price, low, high) = (count(price), count(*low), count(*high));
            let message = format!("the reward `{name}` costs {low} to {high}, and this is {price}");
            return refuse(RefusalCode::PriceOutOfRange, message);
        }
        (Price::Range(..), Some(price)) => price,
    };
    one.checked_mul(quantity).ok_or_else(|| overflow(name))
}

/// `1 reward`, `5,000 rewards`
fn rewards(number: Ratio) -> String {
    let plural = if number == Ratio::ONE { "" } else { "s" };
    format!("{} reward{plural}", crate::value::decimal::grouped(number.floor()))
}
