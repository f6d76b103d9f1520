//! What is left of lots, when it dies, and which event set that deadline.

use jiff::Timestamp;
use std::sync::Arc;

use super::super::account::Account;
use super::super::books::case::Case;
use super::super::books::entry::Action;
use super::super::turn::posting::deadline_from;
use crate::eval::condition_holds;
use crate::policy::{Expiry, ExpiryAnchor, ExpiryAnchorKind, Occasion, Policy, PoolId};

/// Points of one origin, as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LotStatement {
    /// The pool.
    pub pool: PoolId,
    /// `ORDER/LINE`, or the event that granted it.
    pub lot: String,
    /// When it became available.
    pub acquired: Timestamp,
    /// What is left of it.
    pub left: i64,
    /// The instant from which what is left is gone; none where nothing is left, or it does not expire.
    pub expires_at: Option<Timestamp>,
    /// The event that set this deadline, where it is the whole balance's and an order, an event or a movement of points set it.
    pub extended_by: Option<Arc<str>>,
}

/// Something that may have extended a balance.
struct Extending {
    at: Timestamp,
    event: Arc<str>,
    kind: ExpiryAnchorKind,
}

impl Account {
    /// Every lot of the account, by pool, the oldest first.
    pub fn lots(&self, policy: &Policy) -> Vec<LotStatement> {
        let mut found = Vec::new();
        for pool in policy.pools.ids() {
            let book = &self.books.pools[pool];
            let extended_by = book.deadline.and_then(|deadline| self.extended_by(policy, pool, deadline));
            for lot in book.lots.iter() {
                let name = match lot.origin.line {
                    Some((case, line)) => {
                        let case = self.books.cases.get(case);
                        format!("{}/{}", case.number, case.line_id(line))
                    }
                    None => lot.origin.event.to_string(),
                };
                let ends = lot.expires.into_iter().chain(book.deadline).min();
                let expires_at = ends.filter(|_| lot.available > 0);
                let of_balance = expires_at.is_some() && expires_at == book.deadline;
                found.push(LotStatement {
                    pool,
                    lot: name,
                    acquired: lot.acquired,
                    left: lot.available,
                    expires_at,
                    extended_by: extended_by.clone().filter(|_| of_balance),
                });
            }
        }
        found
    }

    /// The first event from which the balance's deadline is the one that stands. Movements of points are told from the
    /// entries, where they are kept.
    fn extended_by(&self, policy: &Policy, pool: PoolId, deadline: Timestamp) -> Option<Arc<str>> {
        let moved = self.entries.iter().filter(|entry| entry.pool == pool).filter_map(|entry| {
            let kind = match entry.action {
                Action::Acquire | Action::Grant | Action::Receive => ExpiryAnchorKind::Acquired,
                Action::Redeem => ExpiryAnchorKind::Redeemed,
                Action::Send => ExpiryAnchorKind::Moved,
                _ => return None,
            };
            Some(Extending { at: entry.at, event: entry.event.clone()?, kind })
        });
        let first_points =
            self.entries.iter().find(|entry| entry.pool == pool && entry.action != Action::Earn);
        let first_points = first_points.and_then(|entry| Some((entry.at, entry.event.clone()?)));
        let mut all: Vec<Extending> = moved.collect();
        for (_, case) in self.books.cases.iter() {
            let kind = match case.order.of {
                Occasion::Order => ExpiryAnchorKind::OrderPlaced,
                Occasion::Event(event) => ExpiryAnchorKind::Happened(event),
                Occasion::Period(_) | Occasion::Running(_) => continue,
            };
            if anchors(policy, pool, case.happened)
                .any(|anchor| anchor.kind == kind && holds(policy, anchor, &case))
            {
                all.push(Extending { at: case.happened, event: case.event.clone(), kind });
            }
        }
        all.sort_by_key(|one| one.at);
        let sets =
            |at: Timestamp| matches!(deadline_from(policy, pool, at), Ok(Some(set)) if set == deadline);
        let set = all
            .into_iter()
            .find(|one| sets(one.at) && anchors(policy, pool, one.at).any(|anchor| anchor.kind == one.kind));
        // Points that come before anything has started the clock start it.
        set.map(|one| one.event).or_else(|| first_points.filter(|(at, _)| sets(*at)).map(|(_, event)| event))
    }
}

/// What extends the balance of a pool, by the terms of an instant.
fn anchors(policy: &Policy, pool: PoolId, at: Timestamp) -> impl Iterator<Item = &ExpiryAnchor> {
    let expiry = policy.pool_terms(pool, at).map(|terms| &terms.expiry);
    let anchors = expiry.map_or(&[][..], |expiry| match expiry {
        Expiry::After { anchors, .. } => anchors.as_slice(),
        Expiry::Never => &[],
    });
    anchors.iter()
}

/// True where the anchor's own condition holds of the order as it was placed.
fn holds(policy: &Policy, anchor: &ExpiryAnchor, case: &Case) -> bool {
    let Some(condition) = &anchor.when else { return true };
    let Ok(gross) = case.gross() else { return false };
    condition_holds(policy, case.at, (&case.member, &case.known), Some(&gross), condition).unwrap_or(false)
}
