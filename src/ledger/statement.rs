//! Where an account stands: balances, what becomes available when, what expires when.

use jiff::Timestamp;
use std::collections::BTreeMap;

use super::account::{Account, PoolState, keeps};
use super::advance::stream_points;
use super::entry::{Arrived, Balance, Entry};
use crate::policy::{IdVec, Policy, PoolId};

/// An account at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub account: String,
    /// Where the member stands in each tier, in the order declared.
    pub tiers: Vec<TierStatement>,
    /// By pool, in the order declared.
    pub pools: Vec<PoolStatement>,
}

/// A member's level in one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierStatement {
    /// The tier's name.
    pub tier: String,
    /// The tier's label.
    pub title: String,
    /// The level's name.
    pub level: String,
    /// The level's label.
    pub label: String,
    /// The instant from which the level is over; none for the first level, or for one that is held for all time.
    pub until: Option<Timestamp>,
    /// A higher level that has been reached and begins later: its name and label, and when.
    pub next: Option<(String, String, Timestamp)>,
}

/// An account's points in one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStatement {
    /// The pool's name.
    pub pool: String,
    /// Its balances.
    pub balance: Balance,
    /// What has arrived elsewhere for points sent: money first, then by programme.
    pub arrived: Vec<Arrived>,
    /// The instant from which all of the available points are gone; none with nothing available or no expiry.
    pub expires_at: Option<Timestamp>,
    /// Available points by the instant from which they are gone, the soonest first, where lots have clocks of their own.
    pub expiring: Vec<Expiring>,
    /// Pending points with a known interval, the earliest first.
    pub becoming: Vec<Becoming>,
}

/// Available points that are gone from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// How many.
    pub points: i64,
    /// From when.
    pub at: Timestamp,
}

/// Pending points that become available in an interval. They count from its later end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Becoming {
    /// How many.
    pub points: i64,
    /// The earlier end.
    pub from: Timestamp,
    /// The later end.
    pub by: Timestamp,
}

impl PoolState {
    fn arrived(&self) -> impl Iterator<Item = Arrived> {
        let arrived = self.arrived.iter();
        arrived.map(|(program, amount)| Arrived { program: program.clone(), amount: *amount })
    }
}

impl Account {
    /// The account's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its entries in the order posted; empty unless they were kept.
    pub fn entries(&self) -> &[Entry] {
        self.entries.as_deref().unwrap_or_default()
    }

    /// Its balance in the first pool: the fold of the entries there.
    pub fn balance(&self) -> Balance {
        self.balance_in(PoolId::new(0))
    }

    /// Its balance in a pool.
    pub fn balance_in(&self, pool: PoolId) -> Balance {
        self.pools.try_get(pool).map(|state| state.balance).unwrap_or_default()
    }

    /// Where it stands at `at`, the instant to which it has been brought.
    pub fn statement(&self, policy: &Policy, at: Timestamp) -> Statement {
        let pools = policy.pools.iter_enumerated().zip(&self.pools);
        let pools = pools.map(|((id, pool), state)| {
            let lots = state.lots.expiring(|lot| !self.is_paused(policy, at, id, lot.acquired));
            let last = lots
                .last()
                .map(|(_, at)| *at)
                .filter(|_| lots.iter().map(|(points, _)| points).sum::<i64>() == state.balance.available);
            let ends = match (state.deadline, last) {
                (Some(deadline), Some(last)) => Some(deadline.min(last)),
                (deadline, last) => deadline.or(last),
            };
            let expiring = lots.into_iter().map(|(points, at)| Expiring {
                points,
                at: state.deadline.map_or(at, |deadline| deadline.min(at)),
            });
            PoolStatement {
                pool: pool.name.clone(),
                balance: state.balance,
                arrived: state.arrived().collect(),
                expires_at: ends.filter(|_| state.balance.available > 0),
                expiring: expiring.collect(),
                becoming: self.becoming(policy, id, at),
            }
        });
        let levels =
            if policy.tiers.is_empty() { IdVec::default() } else { self.known_now(policy, at).levels };
        let tiers = policy.tiers.iter().zip(&self.tiers).zip(levels).map(|((tier, state), now)| {
            let level = tier.levels.get(now);
            TierStatement {
                tier: tier.name.clone(),
                title: tier.label.clone(),
                level: level.map_or_else(String::new, |level| level.name.clone()),
                label: level.map_or_else(String::new, |level| level.label.clone()),
                // What is held while something holds has no end that is known.
                until: state.until().filter(|_| now == state.level()),
                next: state.next().filter(|(next, _)| *next > now).and_then(|(level, from)| {
                    tier.levels.get(level).map(|level| (level.name.clone(), level.label.clone(), from))
                }),
            }
        });
        Statement { account: self.id.to_string(), tiers: tiers.collect(), pools: pools.collect() }
    }

    fn becoming(&self, policy: &Policy, pool: PoolId, at: Timestamp) -> Vec<Becoming> {
        let mut points_by_interval: BTreeMap<_, i64> = BTreeMap::new();
        if self.balance_in(pool).pending == 0 {
            return Vec::new();
        }
        for placed in &self.orders {
            for stream in (0..placed.streams.len())
                .filter(|stream| placed.streams.get(*stream).is_some_and(|of| of.pool == pool))
            {
                let keeping = keeps(policy, pool, placed.at);
                for (index, line) in placed.lines.iter().enumerate() {
                    let mut before = line.streams.get(stream).map_or(0, |state| state.matured);
                    let points = stream_points(policy, placed, index, stream);
                    let intervals = placed.intervals(index, stream).into_iter();
                    for due in intervals.filter(|due| due.by > at) {
                        let matured = placed.matured_of(index, stream, points, due.by, keeping);
                        let matured = matured.unwrap_or(before);
                        *points_by_interval.entry(due).or_default() += matured - before;
                        before = matured;
                    }
                }
            }
        }
        let rows = points_by_interval.into_iter().filter(|(_, points)| *points > 0);
        rows.map(|(due, points)| Becoming { points, from: due.from, by: due.by }).collect()
    }
}
