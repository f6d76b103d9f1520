//! What limits over several orders leave. A decision says what it uses of every counter of its rules; the account (or
//! nothing, for a decision without one) says what earlier orders and events have used.

use std::collections::BTreeMap;

use super::context::{Context, Fault};
use crate::policy::{Limit, LimitId};
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

    /// What is used beyond what was used before.
    pub fn beyond(&self, before: &Used) -> Result<Used, Overflow> {
        let mut beyond = Used::default();
        for (counter, amount) in &self.0 {
            beyond.add(*counter, amount.sub(before.of(*counter))?.max(Ratio::ZERO))?;
        }
        Ok(beyond)
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

impl UsedBefore {
    /// What other limits have been used, too.
    pub fn join(&mut self, others: &UsedBefore) -> Result<(), Overflow> {
        for (all, more) in [(&mut self.standing, &others.standing), (&mut self.kept, &others.kept)] {
            for (counter, amount) in &more.0 {
                all.add(*counter, *amount)?;
            }
        }
        Ok(())
    }

    /// What has been used of one limit, as that limit counts it.
    pub fn of(&self, counter: LimitId, limit: &Limit) -> Ratio {
        if limit.per.keeps_room() { self.kept.of(counter) } else { self.standing.of(counter) }
    }
}

/// How much a limit leaves, never below zero: its amount in the case at hand, less what has been used before.
pub(crate) fn room(context: &Context<'_>, limit: &Limit, used: &UsedBefore) -> Result<Ratio, Fault> {
    let amount = context.quantity(&limit.amount)?;
    let used = limit.counter.map_or(Ratio::ZERO, |counter| used.of(counter, limit));
    Ok(amount.sub(used)?.max(Ratio::ZERO))
}
