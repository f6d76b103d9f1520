//! How what an order earns has changed, told from the entries: each event after the order's own that made a rule give another
//! number, and each time points were owed because what was taken back had been spent.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::account::Account;
use super::super::books::entry::{Action, Bucket, Entry};
use crate::policy::PoolId;

/// What a rule gives on an order, before and after an event that changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redecided {
    /// When.
    pub at: Timestamp,
    /// The order's number, the declared event's id, or the name of a period.
    pub order: Arc<str>,
    /// The rule.
    pub rule: String,
    /// Where its points are.
    pub pool: PoolId,
    /// Points that it gave before.
    pub before: i64,
    /// Points that it gives from then on.
    pub after: i64,
    /// The event that changed it.
    pub event: Arc<str>,
}

/// Points that were taken back when they had been spent, and are owed since.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owed {
    /// When.
    pub at: Timestamp,
    /// Whose points they were: `ORDER/LINE`.
    pub lot: String,
    /// The pool.
    pub pool: PoolId,
    /// How many are owed for them.
    pub points: i64,
    /// The event that took them back.
    pub event: Option<Arc<str>>,
    /// What the points of the lot had gone to by then: orders, or the events of rewards and moves, with how many of them.
    pub spent: Vec<(Arc<str>, i64)>,
}

/// What the points of a lot went to, and how many of them.
type Spent = Vec<(Arc<str>, i64)>;

/// What is given: by a rule, on an order.
type Given = (Arc<str>, String, PoolId);

impl Account {
    /// Every event that changed what an order earns, in the order of time, rule by rule. Told from the entries, where they
    /// are kept.
    pub fn redecided(&self) -> Vec<Redecided> {
        let cases = self.books.cases.iter();
        let own: BTreeMap<Arc<str>, Arc<str>> =
            cases.map(|(_, case)| (case.number.clone(), case.event.clone())).collect();
        let mut given: BTreeMap<Given, i64> = BTreeMap::new();
        let mut found = Vec::new();
        for entries in self.entries.chunk_by(|one, next| (one.at, &one.event) == (next.at, &next.event)) {
            let Some(Entry { at, event: Some(event), .. }) = entries.first() else { continue };
            for ((order, rule, pool), change) in changes(entries) {
                let points = given.entry((order.clone(), rule.clone(), pool)).or_default();
                let before = *points;
                *points += change;
                if change != 0 && own.get(&order) != Some(event) {
                    let (at, after, event) = (*at, *points, event.clone());
                    found.push(Redecided { at, order, rule, pool, before, after, event });
                }
            }
        }
        found
    }

    /// Every time points were owed because what was taken back had been spent. Told from the entries, where they are kept.
    pub fn owed(&self) -> Vec<Owed> {
        let mut spent: BTreeMap<(PoolId, &str), Spent> = BTreeMap::new();
        let mut found = Vec::new();
        for entry in &self.entries {
            let by = entry.order.as_ref().or(entry.event.as_ref());
            match (entry.action, entry.lot.as_deref(), by) {
                (Action::Redeem | Action::Send, Some(lot), Some(by)) => {
                    add(spent.entry((entry.pool, lot)).or_default(), by, entry.points);
                }
                (Action::Restore, Some(lot), Some(by)) => {
                    add(spent.entry((entry.pool, lot)).or_default(), by, -entry.points);
                }
                (Action::Reverse, None, Some(_)) if entry.from == Bucket::Available => {
                    let (Some(order), Some(line)) = (&entry.order, &entry.line) else { continue };
                    let lot = format!("{order}/{line}");
                    let of_lot = spent.get(&(entry.pool, lot.as_str())).into_iter().flatten();
                    found.push(Owed {
                        at: entry.at,
                        pool: entry.pool,
                        points: entry.points,
                        event: entry.event.clone(),
                        spent: of_lot.filter(|(_, points)| *points > 0).cloned().collect(),
                        lot,
                    });
                }
                _ => {}
            }
        }
        found
    }
}

/// By how much what is given changes.
fn changes(entries: &[Entry]) -> BTreeMap<Given, i64> {
    let mut changes = BTreeMap::new();
    for entry in entries {
        let change = match entry.action {
            Action::Earn => entry.points,
            Action::Reverse => -entry.points,
            _ => continue,
        };
        if let (Some(order), Some(rule)) = (&entry.order, &entry.rule) {
            *changes.entry((order.clone(), rule.rule.clone(), entry.pool)).or_default() += change;
        }
    }
    changes
}

fn add(list: &mut Spent, by: &Arc<str>, points: i64) {
    match list.iter_mut().find(|(known, _)| known == by) {
        Some((_, sum)) => *sum += points,
        None => list.push((by.clone(), points)),
    }
}
