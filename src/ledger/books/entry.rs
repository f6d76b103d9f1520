//! What the ledger records: entries, each a movement of points between two buckets. Entries are only ever
//! added; a correction is a new entry. A [`Balance`] is the fold of an account's entries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::policy::{EarnId, Id, IdVec, MoveId, Policy, PoolId, PoolTerms, RedeemId, Rule, TierId, Version};
use crate::source::Span;

/// Where points can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// With the programme: not yet issued. Nothing ever moves back here.
    Programme,
    /// Earned, not yet spendable.
    Pending,
    /// Spendable. Below nought where a member owes points.
    Available,
    /// Spent on orders.
    Redeemed,
    /// Dead by the expiry rule.
    Expired,
    /// Taken back, or corrected away.
    Reversed,
    /// Sent to other accounts or programmes, less received.
    Transferred,
}

/// What an entry does, in the trade's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Points of an order enter as pending.
    Earn,
    /// Points from elsewhere, an opening balance or a correction enter as available.
    Grant,
    /// Pending points become available.
    Acquire,
    /// Available points become pending again: fewer units of the line are due.
    Suspend,
    /// Points pay for an order.
    Redeem,
    /// Points paid come back.
    Restore,
    /// Points are taken back.
    Reverse,
    /// Points die at the deadline, or come back after it.
    Expire,
    /// A correction takes points away.
    Adjust,
    /// Points go to another pool, account or programme.
    Send,
    /// Points come from another pool or account.
    Receive,
}

impl Action {
    /// The word in data and statements.
    pub fn word(self) -> &'static str {
        match self {
            Action::Earn => "earn",
            Action::Grant => "grant",
            Action::Acquire => "acquire",
            Action::Suspend => "suspend",
            Action::Redeem => "redeem",
            Action::Restore => "restore",
            Action::Reverse => "reverse",
            Action::Expire => "expire",
            Action::Adjust => "adjust",
            Action::Send => "send",
            Action::Receive => "receive",
        }
    }
}

impl Bucket {
    /// The word in data and statements.
    pub fn word(self) -> &'static str {
        match self {
            Bucket::Programme => "programme",
            Bucket::Pending => "pending",
            Bucket::Available => "available",
            Bucket::Redeemed => "redeemed",
            Bucket::Expired => "expired",
            Bucket::Reversed => "reversed",
            Bucket::Transferred => "transferred",
        }
    }
}

/// The clause of the policy behind an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    /// An earn rule in the version in force at the order's instant.
    Earn { rule: EarnId, terms: Timestamp },
    /// The pool's `pending` clause, or the earn rule's own, in force at the order's instant.
    Pending { pool: PoolId, rule: Option<EarnId>, terms: Timestamp },
    /// The pool's `balance expires` clause.
    Expiry { pool: PoolId, terms: Timestamp },
    /// The pool's `lot expires` clause, in force when the lot was acquired.
    LotExpiry { pool: PoolId, terms: Timestamp },
    /// A redeem rule that pays, in force at the order's instant.
    Redeem { rule: RedeemId, terms: Timestamp },
    /// One of a redeem rule's rewards, in force when it was taken.
    Reward { rule: RedeemId, reward: usize, terms: Timestamp },
    /// A move in force at that instant.
    Move { rule: MoveId, terms: Timestamp },
    /// None: the event itself is the reason.
    Event,
}

/// A rule as a reader finds it: its name and its line in the policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Citation {
    /// The rule's name, or the pool's.
    pub rule: String,
    /// Its label.
    pub label: String,
    /// The line of the policy file, from 1.
    pub line: usize,
    /// The clause's place in the policy's text.
    pub span: Span,
}

impl Clause {
    /// The rule's name, label and line.
    pub fn cite(self, policy: &Policy) -> Option<Citation> {
        let of_pool = |pool: PoolId, terms: Timestamp, span: fn(&PoolTerms) -> Span| {
            let pool = policy.pools.try_get(pool)?;
            let version = pool.versions.iter().find(|version| version.window.contains(terms))?;
            Some((pool.name.clone(), version.label.clone(), span(&version.body)))
        };
        let (rule, label, span) = match self {
            Clause::Earn { rule, terms } => of_rule(&policy.earns, rule, terms, |earn| earn.gives_span)?,
            Clause::Redeem { rule, terms } => of_rule(&policy.redeems, rule, terms, |redeem| {
                redeem.pays.as_ref().map_or_else(Span::default, |pays| pays.span)
            })?,
            Clause::Reward { rule, reward, terms } => of_rule(&policy.redeems, rule, terms, |redeem| {
                redeem.rewards.get(reward).map_or_else(Span::default, |reward| reward.span)
            })?,
            Clause::Move { rule, terms } => of_rule(&policy.moves, rule, terms, |one| one.span)?,
            Clause::Pending { rule: Some(rule), terms, .. } => of_rule(&policy.earns, rule, terms, |earn| {
                earn.pending.as_ref().map_or(earn.gives_span, |(_, span)| *span)
            })?,
            Clause::Pending { pool, rule: None, terms } => of_pool(pool, terms, |terms| terms.pending_span)?,
            Clause::Expiry { pool, terms } => of_pool(pool, terms, |terms| terms.expiry_span)?,
            Clause::LotExpiry { pool, terms } => of_pool(pool, terms, |terms| terms.lot_expiry_span)?,
            Clause::Event => return None,
        };
        Some(Citation { rule, label, line: policy.source.line(span), span })
    }
}

type Cited = (String, String, Span);

fn of_rule<I: Id, T>(
    rules: &IdVec<I, Rule<T>>,
    id: I,
    terms: Timestamp,
    span: impl Fn(&T) -> Span,
) -> Option<Cited> {
    let rule = rules.try_get(id)?;
    let version = rule.at(terms)?;
    Some((rule.name.clone(), version.label.clone(), span(&version.body)))
}

impl Citation {
    /// The doc comment above the rule: its sources and readings.
    pub fn docs<'p>(&self, policy: &'p Policy) -> &'p [String] {
        fn of<T>(versions: &[Version<T>]) -> impl Iterator<Item = (Span, &[String])> {
            versions.iter().map(|version| (version.span, version.docs.as_slice()))
        }
        let earns =
            policy.earns.iter().filter(|rule| rule.name == self.rule).flat_map(|rule| of(&rule.versions));
        let redeems =
            policy.redeems.iter().filter(|rule| rule.name == self.rule).flat_map(|rule| of(&rule.versions));
        let moves =
            policy.moves.iter().filter(|rule| rule.name == self.rule).flat_map(|rule| of(&rule.versions));
        let pools =
            policy.pools.iter().filter(|pool| pool.name == self.rule).flat_map(|pool| of(&pool.versions));
        let above = earns.chain(redeems).chain(moves).chain(pools);
        above
            .filter(|(span, _)| span.start <= self.span.start)
            .max_by_key(|(span, _)| span.start)
            .map_or(&[], |(_, docs)| docs)
    }
}

/// One movement of points, with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Index of the pool.
    pub pool: PoolId,
    /// When it takes effect.
    pub at: Timestamp,
    /// What it does.
    pub action: Action,
    /// How many; above 0.
    pub points: i64,
    /// Where they were.
    pub from: Bucket,
    /// Where they are now.
    pub to: Bucket,
    /// The event that caused it; for what falls due, the event that set it going (none for an expiry).
    pub event: Option<Arc<str>>,
    /// The rule behind it; none where the event itself is the reason.
    pub rule: Option<Citation>,
    /// The order it belongs to.
    pub order: Option<Arc<str>>,
    /// The order's line it belongs to.
    pub line: Option<String>,
    /// The lot it touches: `ORDER/LINE` or the granting event; none for points owed.
    pub lot: Option<String>,
    /// What arrived at another programme, or as money, for points sent there. The entries of one move add up to it.
    pub arrived: Option<Arrived>,
    /// A reason given by the event.
    pub reason: Option<String>,
}

/// A change of a member's level in one tier: another level, a longer or shorter time for the same one, or one reached that
/// begins later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LevelChange {
    /// The tier.
    pub tier: TierId,
    /// When.
    pub at: Timestamp,
    /// The index of the level before.
    pub from: usize,
    /// The index of the level reached, kept or fallen to.
    pub to: usize,
    /// From when it counts: `at`, or later.
    pub begins: Timestamp,
    /// The instant from which it is over; none for the start level, or for all time.
    pub until: Option<Timestamp>,
    /// The event, or the period that ended; none where a level begins or ends by time alone.
    pub event: Option<Arc<str>>,
}

/// What arrives outside the programme's pools for points that leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Arrived {
    /// The other programme; none where points become money.
    pub program: Option<String>,
    /// How much there; money is in minor units.
    pub amount: i64,
}

/// An account's points in one pool. Always: issued = pending + available + redeemed + expired + reversed + transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Every point ever earned or granted.
    pub issued: i64,
    /// Earned, not yet spendable.
    pub pending: i64,
    /// Spendable; below nought where points are owed.
    pub available: i64,
    /// Spent, less what came back.
    pub redeemed: i64,
    /// Dead by the expiry rule.
    pub expired: i64,
    /// Taken back or corrected away.
    pub reversed: i64,
    /// Sent less received.
    pub transferred: i64,
}

impl Balance {
    /// Moves points. The ledger keeps all sums far below the limits of 64 bits before it posts.
    pub(crate) fn apply(&mut self, from: Bucket, to: Bucket, points: i64) {
        match self.bucket(from) {
            Some(bucket) => *bucket -= points,
            None => self.issued += points,
        }
        if let Some(bucket) = self.bucket(to) {
            *bucket += points;
        }
    }

    fn bucket(&mut self, bucket: Bucket) -> Option<&mut i64> {
        match bucket {
            Bucket::Programme => None,
            Bucket::Pending => Some(&mut self.pending),
            Bucket::Available => Some(&mut self.available),
            Bucket::Redeemed => Some(&mut self.redeemed),
            Bucket::Expired => Some(&mut self.expired),
            Bucket::Reversed => Some(&mut self.reversed),
            Bucket::Transferred => Some(&mut self.transferred),
        }
    }

    /// The conservation law.
    pub fn is_conserved(&self) -> bool {
        let sum =
            [self.pending, self.available, self.redeemed, self.expired, self.reversed, self.transferred];
        i128::from(self.issued) == sum.iter().copied().map(i128::from).sum::<i128>()
    }
}
