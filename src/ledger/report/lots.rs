//! What is left of lots, and when it dies.

use jiff::Timestamp;

use super::super::account::Account;
use crate::policy::{Policy, PoolId};

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
}

impl Account {
    /// Every lot of the account, by pool, the oldest first.
    pub fn lots(&self, policy: &Policy) -> Vec<LotStatement> {
        let mut found = Vec::new();
        for pool in policy.pools.ids() {
            let book = &self.books.pools[pool];
            for lot in book.lots.iter() {
                let name = match lot.origin.line {
                    Some((case, line)) => {
                        let case = self.books.cases.get(case);
                        format!("{}/{}", case.number, case.line_id(line))
                    }
                    None => lot.origin.event.to_string(),
                };
                found.push(LotStatement {
                    pool,
                    lot: name,
                    acquired: lot.acquired,
                    left: lot.available,
                    expires_at: lot
                        .expires
                        .into_iter()
                        .chain(book.deadline)
                        .min()
                        .filter(|_| lot.available > 0),
                });
            }
        }
        found
    }
}
