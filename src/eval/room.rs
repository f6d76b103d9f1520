//! What limits over several orders leave. A decision says what it uses of every counter of its rules; the account (or
//! nothing, for a decision without one) says what earlier orders and events have used.

use std::collections::BTreeMap;

use super::context::{Context, Fault};
use crate::policy::{Grain, Limit, LimitId, LimitScope};
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

/// The limit that leaves least of those with such a scope, and what it leaves; of several that leave alike, the one written
/// first. So the order in which limits are written says nothing.
pub(crate) fn tightest(
    context: &Context<'_>,
    limits: &[Limit],
    used: &UsedBefore,
    of: Scope,
) -> Result<Option<Tightest>, Fault> {
    let mut tightest: Option<Tightest> = None;
    for (place, limit) in limits.iter().enumerate().filter(|(_, limit)| Scope::of(limit.per) == of) {
        let room = room(context, limit, used)?;
        if tightest.is_none_or(|known| room < known.room) {
            tightest = Some(Tightest { place, room });
        }
    }
    Ok(tightest)
}

/// A limit by its place in its version, and what it leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tightest {
    pub place: usize,
    pub room: Ratio,
}

/// What limits count over, in the order in which they cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Line,
    Order,
    Orders,
}

impl Scope {
    fn of(per: LimitScope) -> Scope {
        match per {
            LimitScope::Piece(Grain::Order) => Scope::Order,
            LimitScope::Piece(_) => Scope::Line,
            LimitScope::Member { .. } | LimitScope::Everyone { .. } => Scope::Orders,
        }
    }
}
