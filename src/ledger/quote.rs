//! The till's question: what would this order bring, were it placed now, with the account as it stands? Worked out by the
//! turn that would place it, and not taken in.

use jiff::Timestamp;
use std::sync::Arc;

use super::accounts::Ledger;
use super::books::entry::{Balance, Entry, LevelChange};
use super::report::statement::Becoming;
use crate::eval::{Order, Refusal};
use crate::policy::PoolId;
use crate::value::Ratio;

/// What an order would bring.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quote {
    /// What each rule would give on each line, in the order of lines, then of declarations.
    pub earned: Vec<QuotedPoints>,
    /// When the points would become available, and until when they would live.
    pub becoming: Vec<QuotedBecoming>,
    /// The limits over several orders that the order meets.
    pub limits: Vec<QuotedLimit>,
    /// The levels that it leads to.
    pub levels: Vec<LevelChange>,
    /// The balance of each pool just after the order, in the order declared.
    pub balances: Vec<Balance>,
    /// The entries that placing it would post.
    pub entries: Vec<Entry>,
}

/// Points that a rule would give on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotedPoints {
    /// The line's id.
    pub line: String,
    /// The rule's name.
    pub rule: String,
    /// The pool that they go to.
    pub pool: PoolId,
    /// How many.
    pub points: i64,
}

/// Points of an order that become available together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotedBecoming {
    /// The pool that they go to.
    pub pool: PoolId,
    /// How many, and in which interval where that is known; they count from its later end.
    pub points: i64,
    /// The two ends of the interval; none while they wait for goods to ship, or for a mark.
    pub interval: Option<Becoming>,
    /// The instant from which they are gone by a clock of their own; none where they have none, or it is not known yet.
    pub expires_at: Option<Timestamp>,
}

/// A limit over several orders, as an order finds it and leaves it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QuotedLimit {
    /// The rule or group that it belongs to.
    pub rule: String,
    /// The limit as it is written.
    pub limit: String,
    /// How much there is of it in this period.
    pub amount: Ratio,
    /// How much had been used before.
    pub used: Ratio,
    /// How much this order would use.
    pub uses: Ratio,
}

impl Ledger {
    /// What an order would bring, were it placed in an account at an instant that is not before the account's last event.
    /// Refused where the order would be. Nothing is placed; what is due by then is applied, as it is at every look.
    pub fn quote(&mut self, account: &str, at: Timestamp, order: Order) -> Result<Quote, Refusal> {
        let id = Arc::<str>::from(account);
        self.advance(&id, at);
        self.look(&id, at, "quote".into(), |turn| turn.keeping_entries().quote(order))
    }
}
