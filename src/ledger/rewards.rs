//! Rewards: what is taken for points, and given back when that never was.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Note, overflow};
use super::entry::{Action, Bucket, Clause};
use super::place::spending_pools;
use super::placed::PoolTake;
use crate::check::policy::{CapScope, ExpiryAnchorKind, Period, Policy, Redeem, Reward, Version};
use crate::eval::order::Order;
use crate::eval::room::{CapKey, Owner};
use crate::eval::{Refusal, RefusalCode, context_of};
use crate::value::Ratio;

/// A reward that a member has taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Index of the redeem rule, and of the reward among its own.
    pub rule: usize,
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
    rule: usize,
    version: &'p Version<Redeem>,
    index: usize,
    offered: &'p Reward,
}

impl Account {
    pub(super) fn take_reward(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        reward: &str,
        quantity: i64,
    ) -> Result<(), Refusal> {
        let Found { rule, version, index: place, offered } = self.reward(policy, at, reward)?;
        let cost = offered.cost.checked_mul(quantity).ok_or_else(|| overflow(reward))?;
        let pools = spending_pools(policy, rule, at);
        self.check_funds(policy, &pools, cost, "quantity")?;
        let used = self.uses_before(policy, at).map_err(|_| overflow(reward))?;
        for (index, cap) in version.body.caps.iter().enumerate() {
            let known = self.known_now(policy, at);
            let limit = context_of(policy, at, &self.member, &known).quantity(&cap.limit);
            let limit = limit.map_err(|_| overflow(reward))?;
            let key = CapKey { owner: Owner::Redeem(rule), index, first: false };
            let room = match cap.per {
                CapScope::Piece(_) => limit,
                _ => used.room(key, limit).map_err(|_| overflow(reward))?,
            };
            if Ratio::whole(cost) > room {
                let (cost, room) = (
                    policy.count_points_in(version.body.pool, cost),
                    policy.count_in(version.body.pool, room),
                );
                let message = format!("this takes {cost}, but the limit leaves {room}");
                return Err(Refusal::new(RefusalCode::AboveLimit, "quantity", message));
            }
        }
        let redeemed = ExpiryAnchorKind::Redeemed;
        let mut deadlines = Vec::new();
        for pool in &pools {
            let extended = self.extended(policy, at, *pool, redeemed);
            deadlines.push((*pool, extended.map_err(|_| overflow("the expiry rule"))?));
        }
        for (pool, deadline) in deadlines {
            if let Some(state) = self.pools.get_mut(pool) {
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
        self.note_use(policy, rule, at, cost, None);
        self.rewards.insert(id, Taken { rule, reward: place, at, takes, back: false });
        Ok(())
    }

    fn reward<'p>(&self, policy: &'p Policy, at: Timestamp, name: &str) -> Result<Found<'p>, Refusal> {
        let known = self.known_now(policy, at);
        let nothing = Order::period(Period::AllTime);
        let net = crate::eval::net::Net::placed(&nothing);
        let context = context_of(policy, at, &self.member, &known);
        let context = crate::eval::context::Context { order: Some(&net), ..context };
        for (id, rule) in policy.redeems.iter().enumerate() {
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
            let message = format!("event `{event}` has been cancelled already");
            return Err(Refusal::new(RefusalCode::NothingLeft, "event", message));
        }
        taken.back = true;
        let clause = Clause::Reward { rule: taken.rule, reward: taken.reward, terms: taken.at };
        let takes = std::mem::take(&mut taken.takes);
        for take in takes.into_iter().rev() {
            let clause = Some(clause);
            let note = Note { event: Some(id.clone()), clause, ..Note::default() };
            self.give_back_to(policy, at, (take.pool, take.source), take.points, note);
        }
        Ok(())
    }
}
