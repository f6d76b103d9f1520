//! Counters for limits over several orders: one for each rule, what it counts, and the stretches over which it counts, so
//! that limits of the same scope read the same counter, in all versions of a rule.

use super::Rules;
use crate::policy::{Counter, Counts, IdVec, Limit, LimitId, Owner};

/// Gives every limit over several orders its counter.
pub(super) fn number(rules: &mut Rules) -> IdVec<LimitId, Counter> {
    let mut counters = IdVec::default();
    for id in rules.earns.ids() {
        for version in &mut rules.earns[id].versions {
            assign(&mut counters, &mut version.body.first, Owner::Earn(id), Counts::Base);
            assign(&mut counters, &mut version.body.limits, Owner::Earn(id), Counts::Points);
        }
    }
    for id in rules.groups.ids() {
        for version in &mut rules.groups[id].versions {
            assign(&mut counters, &mut version.body.limits, Owner::Group(id), Counts::Points);
        }
    }
    for id in rules.redeems.ids() {
        for version in &mut rules.redeems[id].versions {
            assign(&mut counters, &mut version.body.limits, Owner::Redeem(id), Counts::Points);
            assign(&mut counters, &mut version.body.counts, Owner::Redeem(id), Counts::Rewards);
        }
    }
    for id in rules.moves.ids() {
        for version in &mut rules.moves[id].versions {
            assign(&mut counters, &mut version.body.limits, Owner::Move(id), Counts::Points);
        }
    }
    counters
}

fn assign(counters: &mut IdVec<LimitId, Counter>, limits: &mut [Limit], owner: Owner, counts: Counts) {
    for limit in limits {
        limit.counter = limit.per.counter(owner, counts).map(|counter| {
            let known = counters.position(|known| *known == counter);
            known.unwrap_or_else(|| counters.push(counter))
        });
    }
}
