//! Rewards: what is taken for points, and given back when that never was.

use super::super::books::Taken;
use super::super::books::entry::{Action, Bucket, Clause};
use super::count::UsedAt;
use super::movement::cancelled_already;
use super::posting::spending_pools;
use super::{Turn, Why, overflow};
use crate::eval::context::Context;
use crate::eval::earn::first_failure;
use crate::eval::net::Net;
use crate::eval::order::{Known, Order};
use crate::eval::room::{UsedBefore, room};
use crate::eval::{Refusal, RefusalCode, context_of, refuse};
use crate::ledger::books::series::By;
use crate::policy::{
    ExpiryAnchorKind, Limit, Occasion, Period, Policy, Price, Redeem, RedeemId, Reward, Version,
};
use crate::value::Ratio;

/// Rewards and moves are causes of their own kind beside cases.
pub(super) const NO_CASE: By = 1 << 31;

/// A reward that is offered, with where it stands in the policy.
struct Found<'p> {
    rule: RedeemId,
    version: &'p Version<Redeem>,
    index: usize,
    offered: &'p Reward,
}

/// What a member asks for.
struct Asked<'e> {
    reward: &'e str,
    quantity: i64,
    /// Points for one, where the price is that of the day.
    price: Option<i64>,
}

impl<'a> Turn<'a> {
    pub(super) fn take_reward(
        &mut self,
        reward: &str,
        quantity: i64,
        price: Option<i64>,
    ) -> Result<(), Refusal> {
        let asked = Asked { reward, quantity, price };
        let known = self.known()?;
        let Found { rule, version, index, offered } = self.offered(&known, reward)?;
        let body = &version.body;
        let cost = self.cost(&known, &Found { rule, version, index, offered }, &asked)?;
        let pools = spending_pools(self.policy, rule, self.at);
        if cost > 0 {
            self.check_funds(&pools, cost, "quantity")?;
        }
        let used = self.used_by_now(&body.limits)?;
        self.check_room(&known, rule, &body.limits, (&used, cost, Words::Points))?;
        let counted = self.used_by_now(&body.counts)?;
        self.check_room(&known, rule, &body.counts, (&counted, quantity, Words::Rewards))?;
        for pool in pools.iter().filter(|_| cost > 0) {
            self.books.pools[*pool].deadline = self.extended(*pool, self.at, ExpiryAnchorKind::Redeemed)?;
        }
        let takes = self.take(&pools, cost);
        for take in &takes {
            let why = Why {
                event: Some(self.cause.clone()),
                clause: Some(Clause::Reward { rule, reward: index, terms: self.at }),
                reason: Some(offered.label.clone()),
                ..Why::default()
            };
            self.post_take(take, Action::Redeem, Bucket::Redeemed, why);
        }
        let place = self.books.rewards.push(Taken { rule, reward: index, at: self.at, takes, back: false });
        self.use_limits(&self.links.of_payments[rule], by(place), cost)?;
        self.use_limits(&self.links.of_rewards[rule], by(place), quantity)?;
        self.books.rewards_by_event.insert(self.cause.clone(), place);
        Ok(())
    }

    /// Refuses what takes more than limits leave.
    fn check_room(
        &self,
        known: &Known,
        rule: RedeemId,
        limits: &[Limit],
        (used, amount, words): (&UsedBefore, i64, Words),
    ) -> Result<(), Refusal> {
        let (policy, name) = (self.policy, &self.policy.redeems[rule].name);
        let context = context_of(policy, self.at, &self.books.member, known);
        for limit in limits {
            let room = room(&context, limit, used).map_err(|fault| refuse(policy, fault, name))?;
            if Ratio::whole(amount) > room {
                let pool = policy.redeems[rule].at(self.at).map(|version| version.body.pool);
                let (amount, room) = match (words, pool) {
                    (Words::Points, Some(pool)) => {
                        (policy.count_points_in(pool, amount), policy.count_in(pool, room))
                    }
                    _ => (rewards(Ratio::whole(amount)), rewards(room)),
                };
                let message = format!("this takes {amount}, but the limit leaves {room} (rule `{name}`)");
                return Err(Refusal::new(RefusalCode::AboveLimit, "quantity", message).by_rule(name));
            }
        }
        Ok(())
    }

    /// A reward taken is undone: its points come back to the lots they were taken from.
    pub(super) fn give_reward_back(&mut self, event: &str, place: usize) -> Result<(), Refusal> {
        let taken = self.books.rewards.get_mut(place).filter(|taken| !taken.back);
        let Some(taken) = taken else { return Err(cancelled_already(event)) };
        taken.back = true;
        let takes = std::mem::take(&mut taken.takes);
        let (rule, reward, at) = (taken.rule, taken.reward, taken.at);
        let clause = Some(Clause::Reward { rule, reward, terms: at });
        let why = Why { event: Some(self.cause.clone()), clause, ..Why::default() };
        for take in takes.into_iter().rev() {
            self.give_back_to(take, Bucket::Redeemed, why.clone());
        }
        let used = UsedAt { at, by: by(place) };
        self.free_limits(&self.links.of_payments[rule], used, 0);
        self.free_limits(&self.links.of_rewards[rule], used, 0);
        Ok(())
    }

    /// The reward of a name that is offered here.
    fn offered(&self, known: &Known, name: &str) -> Result<Found<'a>, Refusal> {
        let policy: &'a Policy = self.policy;
        let nothing = Order::period(Occasion::Period(Period::AllTime));
        let net = Net::placed(&nothing);
        let context = context_of(policy, self.at, &self.books.member, known);
        let context = Context { order: Some(&net), ..context };
        for (id, rule) in policy.redeems.iter_enumerated() {
            let Some(version) = rule.at(self.at) else { continue };
            let mut rewards = version.body.rewards.iter().enumerate();
            let Some((index, offered)) = rewards.find(|(_, reward)| reward.name == name) else { continue };
            let failed = first_failure(&context, &[], &version.body.conditions);
            let failed = failed.map_err(|fault| refuse(policy, fault, &rule.name))?;
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
    fn cost(&self, known: &Known, found: &Found<'_>, asked: &Asked<'_>) -> Result<i64, Refusal> {
        let (policy, name) = (self.policy, asked.reward);
        let count = |points| policy.count_points_in(found.version.body.pool, points);
        let rule = &policy.redeems[found.rule].name;
        let refuse_it = |code, message: String| Err(Refusal::new(code, "points", message).by_rule(rule));
        let one = match (&found.offered.price, asked.price) {
            (Price::Points(quantity), None) => {
                let context = context_of(policy, self.at, &self.books.member, known);
                let price = context.quantity(quantity);
                let price = price.map_err(|fault| refuse(policy, fault, name))?;
                price.floor_points().map_err(|_| overflow(name))?
            }
            (Price::Points(_), Some(_)) => {
                let message = format!("the policy says what the reward `{name}` costs; leave `points` out");
                return refuse_it(RefusalCode::UnknownField, message);
            }
            (Price::Range(..), None) => {
                let message = format!("the reward `{name}` has the price of the day; give `points`, for one");
                return refuse_it(RefusalCode::MissingField, message);
            }
            (Price::Range(low, high), Some(price)) if !(*low..=*high).contains(&price) => {
                let (price, low, high) = (count(price), count(*low), count(*high));
                let message = format!("the reward `{name}` costs {low} to {high}, and this is {price}");
                return refuse_it(RefusalCode::PriceOutOfRange, message);
            }
            (Price::Range(..), Some(price)) => price,
        };
        one.checked_mul(asked.quantity).ok_or_else(|| overflow(name))
    }
}

/// What a limit of a redeem rule counts, in messages.
#[derive(Clone, Copy)]
enum Words {
    Points,
    Rewards,
}

/// A reward taken or a move made, as the cause of a step.
pub(super) fn by(place: usize) -> By {
    NO_CASE | By::try_from(place).unwrap_or(NO_CASE - 1)
}

/// `1 reward`, `5,000 rewards`
fn rewards(number: Ratio) -> String {
    let plural = if number == Ratio::ONE { "" } else { "s" };
    format!("{} reward{plural}", crate::value::decimal::grouped(number.floor()))
}
