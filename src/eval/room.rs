//! What limits over several orders leave. A decision says what it uses of every counter of its rules; the account (or
//! nothing, for a decision without one) says what earlier orders and events have used.

use jiff::Timestamp;
use std::collections::BTreeMap;

use super::context::{Context, Fault};
use crate::policy::{Limit, LimitId, Occasion, Policy};
use crate::value::{Overflow, Ratio};

/// What is used, by counter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Used(BTreeMap<LimitId, Ratio>);

impl Used {
    /// How much is used of one.
    pub fn of(&self, counter: LimitId) -> Ratio {
        self.0.get(&counter).copied().unwrap_or(Ratio::ZERO)
    }

    /// Uses more.
    pub fn add(&mut self, counter: LimitId, amount: Ratio) -> Result<(), Overflow> {
        if !amount.is_zero() {
            let sum = self.of(counter).add(amount)?;
            self.0.insert(counter, sum);
        }
        Ok(())
    }

    /// Uses at least so much.
    pub fn raise(&mut self, counter: LimitId, least: Ratio) {
        if least > self.of(counter) {
            self.0.insert(counter, least);
        }
    }
}

/// What earlier orders and events have used.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UsedBefore {
    /// As they now stand: what limits whose room a return frees count.
    pub standing: Used,
    /// As they were placed, and what all members have used of budgets: what the others count.
    pub kept: Used,
}

/// How much a limit leaves, never below zero: its amount in the case at hand, less what has been used before.
pub(crate) fn room(context: &Context<'_>, limit: &Limit, used: &UsedBefore) -> Result<Ratio, Fault> {
    let amount = context.quantity(&limit.amount)?;
    let used = if limit.per.keeps_room() { &used.kept } else { &used.standing };
    let used = limit.counter.map_or(Ratio::ZERO, |counter| used.of(counter));
    Ok(amount.sub(used)?.max(Ratio::ZERO))
}

/// The counters that limits of earn rules and groups read when an order or event is decided, each once.
pub(crate) fn counters_read(policy: &Policy, of: Occasion, at: Timestamp) -> Vec<LimitId> {
    let earns = policy.earns.iter().filter_map(|rule| rule.at(at)).filter(|version| version.body.of == of);
    let groups = policy.groups.iter().filter_map(|rule| rule.at(at));
    let limits = earns.flat_map(|version| version.body.first.iter().chain(&version.body.limits));
    let limits = limits.chain(groups.flat_map(|version| &version.body.limits));
    let mut counters: Vec<LimitId> = limits.filter_map(|limit| limit.counter).collect();
    counters.sort();
    counters.dedup();
    counters
}
