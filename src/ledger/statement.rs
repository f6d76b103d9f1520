//! Where an account stands: balances, what becomes available when, what expires when.

use jiff::Timestamp;
use std::collections::BTreeMap;

use super::account::{Account, keeps};
use super::entry::{Balance, Entry};
use crate::check::Policy;

/// An account at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub account: String,
    /// By pool, in the order declared.
    pub pools: Vec<PoolStatement>,
    /// (tier, level, until when it lasts; None for all time and for a start level), in the order declared.
    pub tiers: Vec<(String, String, Option<Timestamp>)>,
}

/// An account's points in one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStatement {
    /// The pool's name.
    pub pool: String,
    /// Its balances.
    pub balance: Balance,
    /// The instant from which the available points are gone; none with nothing available or no expiry.
    pub expires_at: Option<Timestamp>,
    /// Pending points with a known interval, the earliest first.
    pub becoming: Vec<Becoming>,
    /// (points, from when they are gone): the available points whose lots expire, the earliest first.
    pub expiring: Vec<(i64, Timestamp)>,
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

impl Account {
    /// The account's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its entries in the order posted; empty unless they were kept.
    pub fn entries(&self) -> &[Entry] {
        self.entries.as_deref().unwrap_or_default()
    }

    /// Its balance: the fold of its entries.
    pub fn balance(&self) -> Balance {
        self.balance
    }

    /// Where it stands at `at`, the instant to which it has been brought.
    pub fn statement(&self, policy: &Policy, at: Timestamp) -> Statement {
        let pools = policy.pools.iter().map(|pool| PoolStatement {
            pool: pool.name.clone(),
            balance: self.balance,
            expires_at: self.deadline.filter(|_| self.balance.available > 0),
            becoming: self.becoming(policy, at),
            expiring: Vec::new(),
        });
        Statement { account: self.id.to_string(), pools: pools.collect(), tiers: Vec::new() }
    }

    fn becoming(&self, policy: &Policy, at: Timestamp) -> Vec<Becoming> {
        let mut points_by_interval: BTreeMap<_, i64> = BTreeMap::new();
        if self.balance.pending == 0 {
            return Vec::new();
        }
        for placed in self.orders.values() {
            let keeping = keeps(policy, placed.at);
            for (index, line) in placed.lines.iter().enumerate() {
                let mut intervals: Vec<_> = match placed.due {
                    Some(due) => vec![due],
                    None => line
                        .parcels
                        .iter()
                        .filter(|parcel| parcel.units > 0)
                        .map(|parcel| parcel.due)
                        .collect(),
                };
                intervals.sort();
                intervals.dedup();
                let mut before = line.matured;
                for due in intervals.into_iter().filter(|due| due.by > at) {
                    let matured = placed.matured_of(index, line.points(), due.by, keeping).unwrap_or(before);
                    *points_by_interval.entry(due).or_default() += matured - before;
                    before = matured;
                }
            }
        }
        let rows = points_by_interval.into_iter().filter(|(_, points)| *points > 0);
        rows.map(|(due, points)| Becoming { points, from: due.from, by: due.by }).collect()
    }
}
