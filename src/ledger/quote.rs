//! The till's question: what would this order, or this declared event, bring, were it to happen now, with the account as it
//! stands? Worked out by the turn in which it would happen, and not taken in.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::accounts::Ledger;
use super::books::entry::{Bucket, Entry, LevelChange};
use super::history::out_of_order;
use super::report::statement::Statement;
use super::turn::quote::{Happened, QuotedBecoming, QuotedLimit};
use crate::eval::{Decision, Order, Refusal};
use crate::policy::PoolId;

/// What is asked about an account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Question {
    /// What whoever asks calls it.
    pub id: Option<String>,
    /// The account; one in which nothing has happened yet has nothing.
    pub account: String,
    /// When it would happen.
    pub at: Timestamp,
    /// The order's number, where it has one already: one that the account has had is refused.
    pub number: Option<String>,
    /// The order, or the declared event.
    pub order: Order,
}

impl Question {
    /// What an order without a number yet, or a declared event, would bring to an account at an instant.
    pub fn new(account: impl Into<String>, at: Timestamp, order: Order) -> Question {
        Question { id: None, account: account.into(), at, number: None, order }
    }
}

/// What an order or a declared event would bring.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quote {
    /// What it earns and may pay with points, line by line and rule by rule, after what has been used of limits.
    pub decision: Decision,
    /// How many of the points that may be paid the account has.
    pub payable: i64,
    /// When its points would become available, and until when they would live.
    pub becoming: Vec<QuotedBecoming>,
    /// What it would change of the points of other orders, and of periods.
    pub also: Vec<QuotedAlso>,
    /// The limits over several orders that it meets.
    pub limits: Vec<QuotedLimit>,
    /// The levels that it leads to.
    pub levels: Vec<LevelChange>,
    /// True for an account in which nothing has happened yet.
    pub is_new: bool,
    /// Where the account stands just before it.
    pub before: Statement,
    /// Where it would stand just after it.
    pub after: Statement,
    /// The entries that it would post.
    pub entries: Vec<Entry>,
}

/// Points of another order, or of a period, that would come or be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotedAlso {
    /// The order's number, or what the period is called.
    pub order: Arc<str>,
    /// The rule's name.
    pub rule: String,
    /// The pool.
    pub pool: PoolId,
    /// How many; below 0 where they are taken back.
    pub points: i64,
}

impl Ledger {
    /// What an order or a declared event would bring, were it to happen in an account as it stands. Refused where it would be,
    /// and where something later has happened there already. It does not happen; what is due by then is applied, as it is at
    /// every look.
    pub fn quote(&mut self, question: &Question) -> Result<Quote, Refusal> {
        let Question { account, at, .. } = question;
        let (id, at) = (Arc::<str>::from(account.as_str()), *at);
        if self.account(account).is_some_and(|known| known.books.is_later_than(at)) {
            return Err(out_of_order());
        }
        self.advance_shared(at);
        self.advance(&id, at);
        let cause = Arc::<str>::from(question.id.as_deref().unwrap_or_default());
        let number = question.number.as_deref().unwrap_or_default();
        let order = question.order.clone();
        let happened =
            self.look(&id, at, cause.clone(), |turn| turn.keeping_entries().quote(number, order))?;
        let limits = self.look(&id, at, cause.clone(), |turn| turn.quoted_limits(&happened))?;
        let Happened { transition, decision, payable, becoming, .. } = happened;
        let is_new = self.account(account).is_none();
        let mut copy = self.copy_of(&id);
        let policy = self.policy();
        let before = copy.statement(policy, at)?;
        let (entries, levels) = copy.would_take(transition);
        let after = copy.statement(policy, at)?;
        let own: &str = if question.order.is_order() { number } else { &cause };
        let also = also(&entries, own);
        Ok(Quote { decision, payable, becoming, also, limits, levels, is_new, before, after, entries })
    }
}

/// What entries bring to or take from others than the order that is asked about.
fn also(entries: &[Entry], own: &str) -> Vec<QuotedAlso> {
    let mut sums: BTreeMap<(PoolId, Arc<str>, String), i64> = BTreeMap::new();
    for entry in entries {
        let (Some(order), Some(rule)) = (&entry.order, &entry.rule) else { continue };
        let points = match (entry.from, entry.to) {
            (Bucket::Programme, _) => entry.points,
            (_, Bucket::Reversed) => -entry.points,
            _ => continue,
        };
        if **order != *own {
            *sums.entry((entry.pool, order.clone(), rule.rule.clone())).or_default() += points;
        }
    }
    let sums = sums.into_iter().filter(|(_, points)| *points != 0);
    sums.map(|((pool, order, rule), points)| QuotedAlso { order, rule, pool, points }).collect()
}
