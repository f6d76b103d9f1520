//! What an order or a declared event would bring: the turn in which it happens, looked at before it is finished.

use jiff::Timestamp;
use std::collections::BTreeMap;

use super::super::books::case::{Case, CaseId, Due, StreamId};
use super::super::books::lots::Origin;
use super::posting::spending_pools;
use super::settle::points_in;
use super::{Transition, Turn, too_large};
use crate::eval::base::base_of;
use crate::eval::context::Context;
use crate::eval::order::Order;
use crate::eval::room::UsedBefore;
use crate::eval::{Decision, Refusal, context_of, decide_after, payable, refuse};
use crate::policy::{Earn, Group, Limit, Member, Occasion, Policy, PoolId, RedeemId, Rule, Unit};
use crate::value::Ratio;

/// What a turn in which an order or event happens does, and how that came about.
pub(crate) struct Happened {
    pub transition: Transition,
    pub decision: Decision,
    pub payable: i64,
    pub becoming: Vec<QuotedBecoming>,
    /// The order or event as it then stands.
    pub case: Case,
    pub id: CaseId,
    /// What is used then of the limits that it meets as it earns.
    pub used: UsedBefore,
}

/// Points of an order that become available together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedBecoming {
    /// The pool that they go to.
    pub pool: PoolId,
    /// How many.
    pub points: i64,
    /// The earlier end of the interval in which they become available; none while that is not known.
    pub from: Option<Timestamp>,
    /// Its later end, from which they count.
    pub by: Option<Timestamp>,
    /// What they wait for where that is not known: `shipped`, or a mark of the event.
    pub waits_for: Option<String>,
    /// The instant from which they are gone by a clock of their own; none where they have none, it is paused, or it is not
    /// known yet.
    pub expires_at: Option<Timestamp>,
}

/// A limit over several orders, as an order finds it and leaves it.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotedLimit {
    /// The rule or group that it belongs to.
    pub rule: String,
    /// The limit as it is written.
    pub limit: String,
    /// True where it limits money: the numbers are minor units.
    pub in_money: bool,
    /// How much there is of it in this period.
    pub amount: Ratio,
    /// How much had been used before.
    pub used: Ratio,
    /// How much would be used by this order, and by what changes with it.
    pub uses: Ratio,
}

/// The limits of one rule or group, to be looked at.
struct LimitsOf<'p> {
    rule: &'p str,
    limits: &'p [Limit],
    in_money: bool,
}

impl Turn<'_> {
    /// Lets an order or a declared event happen, and says what that brings. An order without a number has the empty one.
    pub fn quote(mut self, number: &str, order: Order) -> Result<Happened, Refusal> {
        self.check_year()?;
        let before = self.reached()?;
        let id = self.books.cases.next();
        let paid_before = self.used_by_now(&self.limits_of_payments())?;
        let held: Vec<i64> = self.books.pools.iter().map(|pool| pool.balance.available.max(0)).collect();
        match order.of {
            Occasion::Event(kind) => self.happen(kind, order)?,
            _ => self.place(number, order)?,
        }
        self.begin_to_be_used()?;
        self.update_levels(&before, false)?;
        let case = self.books.cases.get(id).into_owned();
        let met = self.links.met(self.policy, case.order.of, case.at);
        let mut before_it = self.used_before(&case, id, &met)?;
        before_it.join(&paid_before).map_err(too_large("the limits"))?;
        let used = self.used_after(&case, id, &met)?;
        let policy = self.policy;
        let decision = decide_after(policy, case.at, (&case.member, &case.known), &case.order, &before_it)?;
        let held_for = |rule: RedeemId| {
            let pools = spending_pools(policy, rule, case.at).into_iter();
            pools.filter_map(|pool| held.get(pool.index())).fold(0i64, |sum, held| sum.saturating_add(*held))
        };
        let payable = match case.order.of {
            Occasion::Order => {
                let context = context_of(policy, case.at, &case.member, &case.known);
                payable(context, &case.order, &before_it, held_for)?
            }
            _ => 0,
        };
        let becoming = self.quoted_becoming(&case, id)?;
        Ok(Happened { decision, payable, becoming, case, id, used, transition: self.finish()? })
    }

    fn quoted_becoming(&mut self, case: &Case, id: CaseId) -> Result<Vec<QuotedBecoming>, Refusal> {
        let known = self.known_loosely(self.at)?;
        let mut sums: BTreeMap<StreamId, i64> = BTreeMap::new();
        for place in case.places() {
            let points = points_in(self.policy, case, &case.lines[place.line].earned, place);
            *sums.entry(place.stream).or_default() += points;
        }
        let mut becoming = Vec::new();
        for (stream, points) in sums.into_iter().filter(|(_, points)| *points > 0) {
            let of = &case.streams[stream];
            let origin =
                Origin { event: case.event.clone(), line: case.lines.ids().next().map(|line| (id, line)) };
            let (due, waits_for) = match &of.due {
                Due::Fixed(due) => (Some(*due), None),
                Due::Shipped { .. } => (None, Some("shipped".to_owned())),
                Due::Mark { mark, .. } => (None, self.mark_of(case, *mark)),
            };
            let (from, by) = (due.map(|due| due.from), due.map(|due| due.by));
            let expires_at = match by {
                Some(by) if !self.is_paused(of.pool, by.max(self.at), &known)? => {
                    self.expiry_of_lot(of.pool, of.rule, by.max(self.at), &origin)?
                }
                _ => None,
            };
            becoming.push(QuotedBecoming { pool: of.pool, points, from, by, waits_for, expires_at });
        }
        Ok(becoming)
    }

    fn mark_of(&self, case: &Case, mark: usize) -> Option<String> {
        let Occasion::Event(kind) = case.order.of else { return None };
        self.policy.events[kind].marks.get(mark).cloned()
    }

    /// The limits that an order or event meets as it earns and is paid, in a turn in which it has not happened.
    pub fn quoted_limits(mut self, happened: &Happened) -> Result<Vec<QuotedLimit>, Refusal> {
        // What it is charged is not among what has been used here.
        let case = &Case { charged: Vec::new(), ..happened.case.clone() };
        let met = self.links.met(self.policy, case.order.of, case.at);
        let used = self.used_before(case, happened.id, &met)?;
        let paid_before = self.used_by_now(&self.limits_of_payments())?;
        let policy = self.policy;
        let gross = case.gross().map_err(too_large("the order"))?;
        let context = context_of(policy, case.at, &case.member, &case.known);
        let context = Context { order: Some(&gross), ..context };
        let mut quoted = Vec::new();
        let mut note = |of: LimitsOf<'_>, used: &UsedBefore, paid: Option<i64>| -> Result<(), Refusal> {
            for limit in of.limits {
                let Some(counter) = limit.counter else { continue };
                let amount =
                    context.quantity(&limit.amount).map_err(|fault| refuse(policy, fault, of.rule))?;
                let before = used.of(counter, limit);
                let uses = match paid {
                    Some(points) => Ratio::whole(points),
                    None => happened.used.of(counter, limit).sub(before).map_err(too_large("the limits"))?,
                };
                let (rule, limit, in_money) = (of.rule.to_owned(), limit.text.clone(), of.in_money);
                quoted.push(QuotedLimit { rule, limit, in_money, amount, used: before, uses });
            }
            Ok(())
        };
        for of in earning_limits(policy, case) {
            note(of, &used, None)?;
        }
        for (redeem, rule) in policy.redeems.iter_enumerated().filter(|_| case.order.of == Occasion::Order) {
            let Some(version) = rule.at(case.at) else { continue };
            let mine = case.payments.iter().filter(|payment| payment.rule == redeem);
            let paid = mine.fold(0i64, |sum, payment| sum.saturating_add(payment.points_out()));
            let in_money = policy.counts_money(version.body.pool);
            let of = LimitsOf { rule: &rule.name, limits: &version.body.limits, in_money };
            note(of, &paid_before, Some(paid))?;
        }
        Ok(quoted)
    }
}

/// The limits of the rules and groups that a case earns by, in the order declared.
fn earning_limits<'p>(policy: &'p Policy, case: &Case) -> Vec<LimitsOf<'p>> {
    let mut found = Vec::new();
    for rule in policy.earns.iter() {
        let Some(version) = rule.at(case.at).filter(|version| version.body.of == case.order.of) else {
            continue;
        };
        let (rule, body) = (rule.name.as_str(), &version.body);
        let base_in_money = base_of(&body.amount).is_some_and(|base| base.unit(policy) == Unit::Money);
        found.push(LimitsOf { rule, limits: &body.first, in_money: base_in_money });
        found.push(LimitsOf { rule, limits: &body.limits, in_money: policy.counts_money(body.pool) });
    }
    for group in policy.groups.iter() {
        let Some(earn) = first_earn(policy, group, case) else { continue };
        let Some(version) = group.at(case.at) else { continue };
        let in_money = policy.counts_money(earn.pool);
        found.push(LimitsOf { rule: &group.name, limits: &version.body.limits, in_money });
    }
    found
}

/// The first rule under a group, or under groups in it, by which a case earns.
fn first_earn<'p>(policy: &'p Policy, group: &'p Rule<Group>, case: &Case) -> Option<&'p Earn> {
    let members = &group.at(case.at)?.body.of;
    members.iter().find_map(|member| match member {
        Member::Earn(rule) => {
            let version = policy.earns[*rule].at(case.at)?;
            (version.body.of == case.order.of).then_some(&version.body)
        }
        Member::Group(group) => first_earn(policy, &policy.groups[*group], case),
    })
}
