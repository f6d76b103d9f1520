//! Deciding orders by the million: what each line earns.

use jiff::Timestamp;
use std::sync::Arc;

use super::candidates::Candidates;
use super::lower::Program;
use super::order::Prepared;
use super::run::Gains;
use crate::eval::context::Fault;
use crate::eval::order::{Member, Order};
use crate::eval::room::UsedBefore;
use crate::eval::{Refusal, Terms, earned, paid, refuse};
use crate::policy::Policy;

/// A policy laid out for deciding many orders. It is made once, and shared between threads as it is.
#[derive(Clone, Debug)]
pub struct Engine {
    policy: Arc<Policy>,
    candidates: Candidates,
    program: Program,
}

/// Where decisions are worked out and their answers stand; one for each thread, used again and again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    gains: Gains,
    given: Vec<Given>,
    route: Route,
}

/// Points that a rule gives on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which line, from 0.
    pub line: usize,
    /// Which earn rule, in the order declared.
    pub rule: usize,
    /// After rounding and limits; above 0.
    pub points: i64,
}

/// How an order was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// By lowered code.
    Lowered,
    /// By the reference interpreter, over the rules that can give anything: a rule in force is not lowered, or a number does
    /// not fit.
    #[default]
    Reference,
}

impl Engine {
    /// The engine of a policy.
    pub fn new(policy: Arc<Policy>) -> Engine {
        let (candidates, program) = (Candidates::of(&policy), Program::of(&policy));
        Engine { policy, candidates, program }
    }

    /// The policy.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The rules and groups that are not lowered, each with the reason: while one of them is in force, orders are decided by
    /// the reference interpreter.
    pub fn not_lowered(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.program.why.iter().map(|one| (one.name.as_str(), one.why))
    }

    /// The name of an earn rule.
    pub fn rule_name(&self, rule: usize) -> Option<&str> {
        self.policy.earns.as_slice().get(rule).map(|rule| rule.name.as_str())
    }

    /// Makes an order ready to be decided, under the terms of an instant.
    pub fn prepare<'o>(&self, at: Timestamp, order: &'o Order) -> Prepared<'o> {
        Prepared::of(&self.policy, at, order)
    }

    /// The points of each line of an order for a member, limits over several orders having all their room.
    pub fn decide<'s>(
        &self,
        order: &Prepared<'_>,
        member: &Member,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [i64], Refusal> {
        if self.program.run(order, &mut scratch.gains).is_ok() {
            scratch.route = Route::Lowered;
            return Ok(&scratch.gains.points);
        }
        self.refer(order, member, scratch)?;
        Ok(&scratch.gains.points)
    }

    /// The same by rule: line by line, then in the order declared.
    pub fn trace<'s>(
        &self,
        order: &Prepared<'_>,
        member: &Member,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [Given], Refusal> {
        if self.program.trace(order, &mut scratch.gains).is_err() {
            self.refer(order, member, scratch)?;
            return Ok(&scratch.given);
        }
        scratch.route = Route::Lowered;
        scratch.given.clear();
        let hits = scratch.gains.hits.iter().filter(|hit| hit.points > 0);
        let given =
            hits.map(|hit| Given { line: hit.line as usize, rule: hit.rule.index(), points: hit.points });
        scratch.given.extend(given);
        scratch.given.sort_unstable_by_key(|given| (given.line, given.rule));
        Ok(&scratch.given)
    }

    fn refer(&self, order: &Prepared<'_>, member: &Member, scratch: &mut Scratch) -> Result<(), Refusal> {
        scratch.route = Route::Reference;
        let (at, policy) = (order.at, &*self.policy);
        let order = order.order;
        let (member, none) = ((&member.facts, &member.known), UsedBefore::default());
        let net = paid(policy, at, member, order, &none)?;
        let rules = self.candidates.find(order, at);
        let earning = earned(Terms { policy, at, rules: &rules }, member, &net, &none)?;
        scratch.gains.points.clear();
        scratch.given.clear();
        for (line, earned) in earning.lines.iter().enumerate() {
            let mut sum = 0i64;
            for one in earned {
                let added = sum.checked_add(one.points);
                sum = added.ok_or_else(|| refuse(policy, Fault::Overflow, &policy.earns[one.rule].name))?;
                scratch.given.push(Given { line, rule: one.rule.index(), points: one.points });
            }
            scratch.gains.points.push(sum);
        }
        Ok(())
    }
}

impl Scratch {
    /// Nothing decided yet.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// How the last order was decided.
    pub fn route(&self) -> Route {
        self.route
    }
}
