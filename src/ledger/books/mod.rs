//! The books: all that an account holds, as plain data. A turn reads them, changes a draft laid over them, and its
//! [`Change`] is taken in whole; nothing else changes them. They can be stored as they are.

pub(crate) mod case;
pub(crate) mod cases;
pub(crate) mod counters;
pub(crate) mod draft;
pub mod entry;
pub(crate) mod ids;
pub(crate) mod instant;
pub(crate) mod levels;
pub(crate) mod lots;
pub(crate) mod series;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::case::{CaseId, PoolTake};
use self::cases::{Cases, CasesChange, CasesDraft};
use self::counters::{Counters, CountersChange, CountersDraft};
use self::draft::{ListChange, ListDraft, MapChange, MapDraft, SetChange, SetDraft};
use self::entry::{Arrived, Balance};
use self::instant::Stored;
use self::levels::TierBook;
use self::lots::{LotId, Lots, LotsChange, LotsDraft};
use crate::eval::order::MemberFacts;
use crate::policy::{IdVec, MoveId, Policy, PoolId, RedeemId, TierId};
use crate::value::Overflow;

/// What is due in an account. The order of variants is the order within one instant: levels, then what expires, then
/// what becomes available, then periods that end, then moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Task {
    /// A level begins or ends, or a tier is worked out anew.
    Level(TierId),
    /// The clocks of lots run out.
    Lots(PoolId),
    /// The balance's deadline passes.
    Balance(PoolId),
    /// A paused expiry is looked at again.
    Recheck(PoolId),
    /// Points of a case become available: by its instant, then its event.
    Mature { at: (i64, i32), event: Arc<str>, case: CaseId },
    /// A period ends at which rules look: its place among those of the policy.
    End(usize),
    /// A scheduled move's day comes: by name.
    Move(Arc<str>, MoveId),
}

/// An account's books.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Books {
    pub member: MemberFacts,
    pub pools: IdVec<PoolId, PoolBook>,
    pub cases: Cases,
    /// Order numbers.
    pub numbers: BTreeMap<Arc<str>, CaseId>,
    /// Ids of declared events.
    pub events: BTreeMap<Arc<str>, CaseId>,
    /// Stretches of time at which rules look: by place among those of the policy, and the instant of their terms.
    pub stretches: BTreeMap<StretchKey, CaseId>,
    /// Rewards taken, and where each stands by its event.
    pub rewards: Vec<Taken>,
    pub rewards_by_event: BTreeMap<Arc<str>, usize>,
    /// Moves made, and where those that were asked for stand by their event.
    pub moves: Vec<Sent>,
    pub moves_by_event: BTreeMap<Arc<str>, usize>,
    pub tiers: IdVec<TierId, TierBook>,
    /// What the member was when periods ended in which nothing had been counted, where that changed.
    pub ended: Vec<Ended>,
    pub counters: Counters,
    #[serde(with = "instant")]
    pub agenda: BTreeSet<(Timestamp, Task)>,
    /// The events that have been accepted, by the hash of their id: the hash of what each says.
    pub judged: BTreeMap<u128, u64>,
    /// Points that have been issued, or promised, to bound all sums.
    pub issued: i64,
    /// Points that have come from other accounts, likewise.
    pub received: i64,
    /// True once an event has been accepted.
    pub used: bool,
    /// The event that was accepted last: when, its place within the instant, its id.
    #[serde(with = "instant")]
    pub last: Option<Judged>,
    /// The latest instant at which something due has been applied.
    #[serde(with = "instant")]
    pub brought_to: Option<Timestamp>,
}

/// An event that has been judged: when, its place within the instant, its id.
pub(crate) type Judged = (Timestamp, (u8, Arc<str>));

/// Which stretch of time: the rules' period, and the last instant of the stretch.
pub(crate) type StretchKey = (usize, (i64, i32));

/// What is known of a member from the end of a period on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    #[serde(with = "instant")]
    pub at: Timestamp,
    pub member: MemberFacts,
    pub levels: IdVec<TierId, usize>,
}

/// An account's points in one pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PoolBook {
    pub balance: Balance,
    pub lots: Lots,
    /// The instant from which everything available is gone.
    #[serde(with = "instant")]
    pub deadline: Option<Timestamp>,
    /// What has arrived elsewhere for its points: by programme, none for money.
    pub arrived: BTreeMap<Option<String>, i64>,
    /// When a paused expiry is looked at again.
    #[serde(with = "instant")]
    pub recheck: Option<Timestamp>,
}

/// A reward that a member has taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub rule: RedeemId,
    /// Index of the reward among the rule's own.
    pub reward: usize,
    /// When, and so under which terms.
    #[serde(with = "instant")]
    pub at: Timestamp,
    /// Points, all of them out of these lots; empty once they have come back.
    pub takes: Vec<PoolTake>,
    /// True once it has been cancelled.
    pub back: bool,
}

/// Points that a member has sent away by a move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub rule: MoveId,
    /// When, and so under which terms.
    #[serde(with = "instant")]
    pub at: Timestamp,
    /// Out of which lots, each with its share of what arrived elsewhere.
    pub takes: Vec<(PoolTake, Option<Arrived>)>,
    /// The lot that it brought in another pool, and how much.
    pub brought: Option<(PoolId, LotId, i64)>,
    /// True once it has been cancelled.
    pub back: bool,
}

impl Books {
    /// The books of an account of which nothing is known.
    pub fn new(policy: &Policy) -> Books {
        Books {
            member: MemberFacts::defaults(policy),
            pools: IdVec::filled(policy.pools.len(), PoolBook::default()),
            cases: Cases::default(),
            numbers: BTreeMap::new(),
            events: BTreeMap::new(),
            stretches: BTreeMap::new(),
            rewards: Vec::new(),
            rewards_by_event: BTreeMap::new(),
            moves: Vec::new(),
            moves_by_event: BTreeMap::new(),
            tiers: IdVec::filled(policy.tiers.len(), TierBook::default()),
            ended: Vec::new(),
            counters: Counters::default(),
            agenda: BTreeSet::new(),
            judged: BTreeMap::new(),
            issued: 0,
            received: 0,
            used: false,
            last: None,
            brought_to: None,
        }
    }

    /// True where an event comes too late to be judged in its turn: something later has been judged or applied already.
    pub fn is_past(&self, at: Timestamp, rank: u8, id: &str) -> bool {
        let later = self
            .last
            .as_ref()
            .is_some_and(|(last, (last_rank, last_id))| (at, rank, id) < (*last, *last_rank, &**last_id));
        later || self.brought_to.is_some_and(|brought_to| at < brought_to)
    }

    /// True where something has happened, or has been applied, after an instant.
    pub fn is_later_than(&self, at: Timestamp) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| at < *last)
            || self.brought_to.is_some_and(|brought_to| at < brought_to)
    }

    /// What is due next, and when.
    pub fn next(&self) -> Option<&(Timestamp, Task)> {
        self.agenda.first()
    }

    /// A draft over these books, with nothing changed.
    pub fn draft(&self) -> Draft<'_> {
        Draft {
            base: self,
            member: Cow::Borrowed(&self.member),
            pools: self.pools.iter().map(PoolBook::draft).collect(),
            cases: self.cases.draft(),
            numbers: MapDraft::over(&self.numbers),
            events: MapDraft::over(&self.events),
            stretches: MapDraft::over(&self.stretches),
            rewards: ListDraft::over(&self.rewards),
            rewards_by_event: MapDraft::over(&self.rewards_by_event),
            moves: ListDraft::over(&self.moves),
            moves_by_event: MapDraft::over(&self.moves_by_event),
            tiers: self.tiers.iter().map(Cow::Borrowed).collect(),
            ended: ListDraft::over(&self.ended),
            counters: self.counters.draft(),
            agenda: SetDraft::over(&self.agenda),
            judged: MapDraft::over(&self.judged),
            issued: self.issued,
            received: self.received,
            used: self.used,
            last: Cow::Borrowed(&self.last),
            brought_to: self.brought_to,
        }
    }

    /// Takes in what a turn has changed.
    pub fn apply(&mut self, change: Change) {
        if let Some(member) = change.member {
            self.member = member;
        }
        for (pool, change) in self.pools.iter_mut().zip(change.pools) {
            pool.apply(change);
        }
        self.cases.apply(change.cases);
        change.numbers.apply(&mut self.numbers);
        change.events.apply(&mut self.events);
        change.stretches.apply(&mut self.stretches);
        change.rewards.apply(&mut self.rewards);
        change.rewards_by_event.apply(&mut self.rewards_by_event);
        change.moves.apply(&mut self.moves);
        change.moves_by_event.apply(&mut self.moves_by_event);
        for (tier, change) in self.tiers.iter_mut().zip(change.tiers) {
            if let Some(change) = change {
                *tier = change;
            }
        }
        change.ended.apply(&mut self.ended);
        self.counters.apply(change.counters);
        change.agenda.apply(&mut self.agenda);
        change.judged.apply(&mut self.judged);
        self.issued = change.issued;
        self.received = change.received;
        self.used = change.used;
        if let Some(last) = change.last {
            self.last = last;
        }
        self.brought_to = change.brought_to;
    }

    /// Works out anew what is not stored.
    pub fn restore(&mut self) {
        self.pools.iter_mut().for_each(|pool| pool.lots.restore());
    }
}

impl PoolBook {
    fn draft(&self) -> PoolDraft<'_> {
        PoolDraft {
            balance: self.balance,
            lots: self.lots.draft(),
            deadline: self.deadline,
            arrived: Cow::Borrowed(&self.arrived),
            recheck: self.recheck,
        }
    }

    fn apply(&mut self, change: PoolChange) {
        self.balance = change.balance;
        self.lots.apply(change.lots);
        self.deadline = change.deadline;
        if let Some(arrived) = change.arrived {
            self.arrived = arrived;
        }
        self.recheck = change.recheck;
    }
}

/// Books as a turn is changing them.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    pub base: &'a Books,
    pub member: Cow<'a, MemberFacts>,
    pub pools: IdVec<PoolId, PoolDraft<'a>>,
    pub cases: CasesDraft<'a>,
    pub numbers: MapDraft<'a, Arc<str>, CaseId>,
    pub events: MapDraft<'a, Arc<str>, CaseId>,
    pub stretches: MapDraft<'a, StretchKey, CaseId>,
    pub rewards: ListDraft<'a, Taken>,
    pub rewards_by_event: MapDraft<'a, Arc<str>, usize>,
    pub moves: ListDraft<'a, Sent>,
    pub moves_by_event: MapDraft<'a, Arc<str>, usize>,
    pub tiers: IdVec<TierId, Cow<'a, TierBook>>,
    pub ended: ListDraft<'a, Ended>,
    pub counters: CountersDraft<'a>,
    pub agenda: SetDraft<'a, (Timestamp, Task)>,
    pub judged: MapDraft<'a, u128, u64>,
    pub issued: i64,
    pub received: i64,
    pub used: bool,
    pub last: Cow<'a, Option<Judged>>,
    pub brought_to: Option<Timestamp>,
}

/// A pool as a turn is changing it.
#[derive(Clone, Debug)]
pub(crate) struct PoolDraft<'a> {
    pub balance: Balance,
    pub lots: LotsDraft<'a>,
    pub deadline: Option<Timestamp>,
    pub arrived: Cow<'a, BTreeMap<Option<String>, i64>>,
    pub recheck: Option<Timestamp>,
}

/// What a turn has changed in the books of an account.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    member: Option<MemberFacts>,
    pools: Vec<PoolChange>,
    cases: CasesChange,
    numbers: MapChange<Arc<str>, CaseId>,
    events: MapChange<Arc<str>, CaseId>,
    stretches: MapChange<StretchKey, CaseId>,
    rewards: ListChange<Taken>,
    rewards_by_event: MapChange<Arc<str>, usize>,
    moves: ListChange<Sent>,
    moves_by_event: MapChange<Arc<str>, usize>,
    tiers: Vec<Option<TierBook>>,
    ended: ListChange<Ended>,
    counters: CountersChange,
    agenda: SetChange<(Timestamp, Task)>,
    judged: MapChange<u128, u64>,
    issued: i64,
    received: i64,
    used: bool,
    last: Option<Option<Judged>>,
    brought_to: Option<Timestamp>,
}

impl Change {
    /// The cases that have been changed.
    pub fn cases(&self) -> impl Iterator<Item = CaseId> + '_ {
        self.cases.ids()
    }
}

#[derive(Clone, Debug)]
struct PoolChange {
    balance: Balance,
    lots: LotsChange,
    deadline: Option<Timestamp>,
    arrived: Option<BTreeMap<Option<String>, i64>>,
    recheck: Option<Timestamp>,
}

fn owned<T: Clone>(cow: Cow<'_, T>) -> Option<T> {
    match cow {
        Cow::Borrowed(_) => None,
        Cow::Owned(owned) => Some(owned),
    }
}

impl Draft<'_> {
    /// What has been changed. What tiers and pools wait for takes its place on the agenda.
    pub fn finish(mut self) -> Result<Change, Overflow> {
        for id in self.pools.ids() {
            let (was, is) = (&self.base.pools[id], &mut self.pools[id]);
            let (before, now) = (was.lots.next_expiry(), is.lots.next_expiry());
            let (deadline, recheck) = (is.deadline, is.recheck);
            let mut wait = |task: Task, before: Option<Timestamp>, now: Option<Timestamp>| {
                reschedule(&mut self.agenda, task, before, now);
            };
            wait(Task::Lots(id), before, now);
            wait(Task::Balance(id), was.deadline, deadline);
            wait(Task::Recheck(id), was.recheck, recheck);
        }
        for id in self.tiers.ids() {
            if let Cow::Owned(now) = &self.tiers[id] {
                let before = self.base.tiers[id].changes();
                reschedule(&mut self.agenda, Task::Level(id), before, now.changes());
            }
        }
        let pools = self.pools.into_iter().map(|pool| PoolChange {
            balance: pool.balance,
            lots: pool.lots.finish(),
            deadline: pool.deadline,
            arrived: owned(pool.arrived),
            recheck: pool.recheck,
        });
        Ok(Change {
            member: owned(self.member),
            pools: pools.collect(),
            cases: self.cases.finish(),
            numbers: self.numbers.finish(),
            events: self.events.finish(),
            stretches: self.stretches.finish(),
            rewards: self.rewards.finish(),
            rewards_by_event: self.rewards_by_event.finish(),
            moves: self.moves.finish(),
            moves_by_event: self.moves_by_event.finish(),
            tiers: self.tiers.into_iter().map(owned).collect(),
            ended: self.ended.finish(),
            counters: self.counters.finish()?,
            agenda: self.agenda.finish(),
            judged: self.judged.finish(),
            issued: self.issued,
            received: self.received,
            used: self.used,
            last: owned(self.last),
            brought_to: self.brought_to,
        })
    }
}

fn reschedule(
    agenda: &mut SetDraft<'_, (Timestamp, Task)>,
    task: Task,
    before: Option<Timestamp>,
    now: Option<Timestamp>,
) {
    if before == now {
        return;
    }
    if let Some(before) = before {
        agenda.remove(&(before, task.clone()));
    }
    if let Some(now) = now {
        agenda.insert((now, task));
    }
}

/// The key of a stretch of time.
pub(crate) fn stretch_key(period: usize, last: Timestamp) -> StretchKey {
    (period, last.plain())
}
