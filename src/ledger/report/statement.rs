//! Where an account stands: balances, what becomes available when, what expires when.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use super::super::account::Account;
use super::super::books::case::{CaseId, Place};
use super::super::books::entry::{Arrived, Balance};
use super::super::books::{PoolBook, Task};
use super::super::turn::settle::points_in;
use super::super::turn::{Budgets, keeps_points};
use super::standing::{self, MeasureStatement, TierStatement};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{Policy, PoolId};

/// An account at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Whose.
    pub account: String,
    /// Where the member stands in each tier, in the order declared.
    pub tiers: Vec<TierStatement>,
    /// What each measure says, in the order declared.
    pub measures: Vec<MeasureStatement>,
    /// By pool, in the order declared.
    pub pools: Vec<PoolStatement>,
}

/// An account's points in one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Expiring {
    /// How many.
    pub points: i64,
    /// From when.
    pub at: Timestamp,
}

/// Pending points that become available in an interval. They count from its later end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Becoming {
    /// How many.
    pub points: i64,
    /// The earlier end.
    pub from: Timestamp,
    /// The later end.
    pub by: Timestamp,
}

impl PoolBook {
    fn arrived(&self) -> impl Iterator<Item = Arrived> {
        let arrived = self.arrived.iter();
        arrived.map(|(program, amount)| Arrived { program: program.clone(), amount: *amount })
    }
}

impl Account {
    /// Where it stands at `at`, the instant to which it has been brought (`Ledger::advance`): refused where something is due by
    /// then that has not been applied, and where what is known of a member cannot be computed with.
    pub fn statement(&self, policy: &Policy, at: Timestamp) -> Result<Statement, Refusal> {
        if self.books.next().is_some_and(|(when, _)| *when <= at) {
            let message = "the account has not been brought to this instant; advance its ledger first";
            return Err(Refusal::new(RefusalCode::OutOfOrder, "at", message));
        }
        let budgets = Budgets::new();
        let mut look = self.look(policy, &budgets, at);
        let known = look.known_loosely(at)?;
        let mut pools = Vec::new();
        for (id, pool) in policy.pools.iter_enumerated() {
            let book = &self.books.pools[id];
            let mut lots = book.lots.expiring();
            for lot in &mut lots {
                if look.is_paused(id, lot.acquired, &known)? {
                    lot.points = 0;
                }
            }
            let expiring =
                by_instant(lots.iter().filter(|lot| lot.points > 0).map(|lot| (lot.expires, lot.points)));
            let all = expiring.iter().map(|(_, points)| points).sum::<i64>();
            let last = expiring.last().map(|(at, _)| *at).filter(|_| all == book.balance.available);
            let ends = match (book.deadline, last) {
                (Some(deadline), Some(last)) => Some(deadline.min(last)),
                (deadline, last) => deadline.or(last),
            };
            let expiring = expiring.into_iter().map(|(at, points)| Expiring {
                points,
                at: book.deadline.map_or(at, |deadline| deadline.min(at)),
            });
            pools.push(PoolStatement {
                pool: pool.name.clone(),
                balance: book.balance,
                arrived: book.arrived().collect(),
                expires_at: ends.filter(|_| book.balance.available > 0),
                expiring: expiring.collect(),
                becoming: self.becoming(policy, id, at),
            });
        }
        Ok(Statement {
            account: self.id.to_string(),
            tiers: standing::tiers(self, policy, at, &known),
            measures: standing::measures(self, policy, at, &known),
            pools,
        })
    }

    fn becoming(&self, policy: &Policy, pool: PoolId, at: Timestamp) -> Vec<Becoming> {
        let mut points_by_interval: BTreeMap<_, i64> = BTreeMap::new();
        if self.balance_in(pool).pending == 0 {
            return Vec::new();
        }
        // What becomes available at an instant that is known stands on the agenda.
        let waiting = self.books.agenda.iter().filter_map(|(_, task)| match task {
            Task::Mature { case, .. } => Some(*case),
            _ => None,
        });
        let waiting: BTreeSet<CaseId> = waiting.collect();
        for id in waiting {
            let case = self.books.cases.get(id);
            let keeping = keeps_points(policy, pool, case.at);
            for place in case.places().filter(|place| case.streams[place.stream].pool == pool) {
                let Place { line, stream } = place;
                let mut before = case.lines[line].streams[stream].matured;
                let points = points_in(policy, &case, &case.lines[line].earned, place);
                for due in case.intervals(place).into_iter().filter(|due| due.by > at) {
                    let Ok(matured) = case.matured_of(place, points, due.by, keeping) else { continue };
                    *points_by_interval.entry(due).or_default() += matured - before;
                    before = matured;
                }
            }
        }
        let rows = points_by_interval.into_iter().filter(|(_, points)| *points > 0);
        rows.map(|(due, points)| Becoming { points, from: due.from, by: due.by }).collect()
    }
}

/// Points of one instant as one row.
fn by_instant(lots: impl Iterator<Item = (Timestamp, i64)>) -> Vec<(Timestamp, i64)> {
    let mut rows: Vec<(Timestamp, i64)> = Vec::new();
    for (at, points) in lots {
        match rows.last_mut() {
            Some((last, sum)) if *last == at => *sum += points,
            _ => rows.push((at, points)),
        }
    }
    rows
}
