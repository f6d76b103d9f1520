//! A turn: what one event, or one thing that falls due, does to an account. It reads the books, works in a draft laid over
//! them, and comes out as a [`Transition`], a plain value; taking it in cannot fail. A turn that is refused is dropped, and
//! nothing has changed.
//!
//! [`judge`] says what an event does: `place` orders and declared events, `movement` what happens to them later, `grants`
//! points from elsewhere, `transfers` and `rewards` points that go; [`due`] what falls due; `count` reads counters, `settle`
//! decides again what has changed, `posting` moves the points, `tiers` keeps levels.

mod count;
pub(crate) mod due;
mod grants;
pub(crate) mod judge;
mod movement;
mod place;
pub(crate) mod posting;
pub(crate) mod quote;
mod refund;
mod rewards;
pub(crate) mod settle;
mod tiers;
mod transfers;

use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::books::case::{CaseId, LineId};
use super::books::draft::{MapChange, MapDraft};
use super::books::entry::{Action, Arrived, Bucket, Clause, Entry, LevelChange};
use super::books::instant::Stored;
use super::books::lots::{LotId, Origin, Refilled};
use super::books::{Books, Change, Draft};
use super::links::Links;
use super::period::{Stretch, around};
use crate::eval::order::Known;
use crate::eval::{Refusal, RefusalCode, refuse};
use crate::policy::{Calendared, EarnId, LimitId, MoveId, Period, Policy, PoolId, PoolTerms, Returns};
use crate::value::moment::Moment;
use crate::value::{Overflow, Ratio};

/// The most points that may ever be issued to one account. With what comes from other accounts they stay within 64 bits, so
/// that no sum of points can overflow.
const MOST_POINTS: i64 = 1 << 60;

/// What all members together have used of budgets: by limit, and the beginning of the period.
pub(crate) type Budgets = BTreeMap<(LimitId, <Timestamp as Stored>::Plain), Ratio>;

/// What a turn reads and does not change.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub policy: &'a Policy,
    pub links: &'a Links,
    pub books: &'a Books,
    pub budgets: &'a Budgets,
    /// The name of the account.
    pub account: &'a str,
    /// True where entries are written.
    pub keeps_entries: bool,
}

/// An event, or something due, as it is being worked out.
pub(crate) struct Turn<'a> {
    policy: &'a Policy,
    links: &'a Links,
    account: &'a str,
    at: Timestamp,
    /// The instant whose terms, levels and counts are read: what closes a period reads its last instant.
    looks: Timestamp,
    /// The event, or what is due, by name.
    cause: Arc<str>,
    books: Draft<'a>,
    budgets: MapDraft<'a, (LimitId, <Timestamp as Stored>::Plain), Ratio>,
    entries: Option<Vec<Entry>>,
    levels: Vec<LevelChange>,
    arrivals: Vec<Arrival>,
    /// The instants at which something has been counted in this turn.
    counted: Vec<Timestamp>,
}

/// What a turn does. Plain data: it can be kept, shown, or taken in.
#[derive(Clone, Debug)]
pub(crate) struct Transition {
    change: Change,
    budgets: MapChange<(LimitId, <Timestamp as Stored>::Plain), Ratio>,
    pub entries: Vec<Entry>,
    pub levels: Vec<LevelChange>,
    pub arrivals: Vec<Arrival>,
}

/// Points on their way to another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub account: Arc<str>,
    pub pool: PoolId,
    pub points: i64,
    pub event: Arc<str>,
    pub rule: MoveId,
}

/// A movement of points between two buckets of a pool, with what led to it.
#[derive(Clone)]
struct Posting {
    pool: PoolId,
    action: Action,
    from: Bucket,
    to: Bucket,
    points: i64,
    why: Why,
}

/// Everything an entry says beyond the movement itself.
#[derive(Clone, Default)]
struct Why {
    event: Option<Arc<str>>,
    clause: Option<Clause>,
    /// The case, and its line where the movement belongs to one.
    line: Option<(CaseId, Option<LineId>)>,
    lot: Option<LotId>,
    arrived: Option<Arrived>,
    reason: Option<String>,
}

/// Points that become available in a pool.
struct Acquired {
    pool: PoolId,
    points: i64,
    action: Action,
    from: Bucket,
    origin: Origin,
    clock: Clock,
    why: Why,
}

/// What a new lot's own clock goes by.
#[derive(Clone, Copy)]
enum Clock {
    /// Gone from this instant on, whatever the pool says.
    At(Timestamp),
    /// The pool's clock, counted from this instant.
    From(Timestamp),
    /// The earn rule's clock where it has one, else the pool's.
    Rule(Option<EarnId>),
}

impl Transition {
    /// The cases that it changes.
    pub fn cases(&self) -> impl Iterator<Item = CaseId> + '_ {
        self.change.cases()
    }

    /// Makes the change. Nothing can fail any more. Returns what goes into the journal.
    pub fn apply(self, books: &mut Books, budgets: &mut Budgets) -> (Vec<Entry>, Vec<LevelChange>) {
        books.apply(self.change);
        self.budgets.apply(budgets);
        (self.entries, self.levels)
    }
}

impl<'a> Turn<'a> {
    /// A turn in which nothing has happened yet.
    pub fn new(scene: Scene<'a>, at: Timestamp, cause: Arc<str>) -> Turn<'a> {
        Turn {
            policy: scene.policy,
            links: scene.links,
            account: scene.account,
            at,
            looks: at,
            cause,
            books: scene.books.draft(),
            budgets: MapDraft::over(scene.budgets),
            entries: scene.keeps_entries.then(Vec::new),
            levels: Vec::new(),
            arrivals: Vec::new(),
            counted: Vec::new(),
        }
    }

    /// The same turn with its entries.
    pub fn keeping_entries(mut self) -> Turn<'a> {
        self.entries.get_or_insert_default();
        self
    }

    /// What has been done.
    pub fn finish(mut self) -> Result<Transition, Refusal> {
        self.note_levels();
        Ok(Transition {
            change: self.books.finish().map_err(|_| overflow("what measures and limits count"))?,
            budgets: self.budgets.finish(),
            entries: self.entries.unwrap_or_default(),
            levels: self.levels,
            arrivals: self.arrivals,
        })
    }

    /// The stretch of `period` around an instant, for this member.
    fn around(&self, period: Period, at: Timestamp) -> Result<Stretch, Refusal> {
        around(self.policy, &self.books.member, period, at).map_err(|_| overflow("the calendar"))
    }

    /// A pool's terms in force.
    fn terms(&self, pool: PoolId) -> Result<&'a PoolTerms, Refusal> {
        terms(self.policy, pool, self.at)
    }

    /// Moves points from one bucket to another, and writes the entry where entries are written.
    fn post(&mut self, posting: Posting) {
        let Posting { pool, action, from, to, points, why } = posting;
        if points == 0 {
            return;
        }
        self.books.pools[pool].balance.apply(from, to, points);
        if self.entries.is_none() {
            return;
        }
        let case = why.line.map(|(case, line)| (self.books.cases.get(case), line));
        let entry = Entry {
            pool,
            at: self.at,
            action,
            points,
            from,
            to,
            event: why.event,
            rule: why.clause.and_then(|clause| clause.cite(self.policy)),
            order: case.as_ref().map(|(case, _)| case.number.clone()),
            line: case.as_ref().and_then(|(case, line)| Some(case.line_id((*line)?).to_owned())),
            lot: why.lot.and_then(|lot| self.lot_name(pool, lot)),
            arrived: why.arrived,
            reason: why.reason,
        };
        self.entries.get_or_insert_default().push(entry);
    }

    /// What a lot is called: `ORDER/LINE`, or the event that granted it.
    fn lot_name(&self, pool: PoolId, lot: LotId) -> Option<String> {
        let origin = &self.books.pools[pool].lots.lot(lot)?.origin;
        Some(match origin.line {
            Some((case, line)) => {
                let case = self.books.cases.get(case);
                format!("{}/{}", case.number, case.line_id(line))
            }
            None => origin.event.to_string(),
        })
    }

    /// The case and line that earned a lot.
    fn origin_line(&self, pool: PoolId, lot: LotId) -> Option<(CaseId, Option<LineId>)> {
        let (case, line) = self.books.pools[pool].lots.lot(lot)?.origin.line?;
        Some((case, Some(line)))
    }

    /// Points enter as available in a pool: a new lot, debts filled first, the balance's clock moved. Returns the lot.
    fn acquire(&mut self, acquired: Acquired) -> Result<LotId, Refusal> {
        let Acquired { pool, points, action, from, origin, clock, why } = acquired;
        let since = if let Clock::From(since) = clock { since } else { self.at };
        let extended = self.extended_by_points(pool, since)?;
        let expires = self.lot_expiry(pool, clock, &origin)?;
        let book = &mut self.books.pools[pool];
        let (lot, refilled) = book.lots.acquire(origin, self.at, expires, points);
        book.deadline = extended;
        self.rebook(pool, refilled);
        self.post(Posting {
            pool,
            action,
            from,
            to: Bucket::Available,
            points,
            why: Why { lot: Some(lot), ..why },
        });
        Ok(lot)
    }

    /// Payments whose debt has been filled from a lot now count as taken from that lot.
    fn rebook(&mut self, pool: PoolId, refilled: Vec<Refilled>) {
        for Refilled { payment: (case, payment), debt, lot, points } in refilled {
            self.books.cases.get_mut(case).payments[payment].refill(pool, debt, lot, points);
        }
    }

    /// Makes sure that `points` more can be issued to the account without any sum overflowing, and counts them.
    fn make_room(&mut self, points: i64) -> Result<(), Refusal> {
        let issued = self.books.issued.checked_add(points).filter(|issued| *issued <= MOST_POINTS);
        let issued = issued.filter(|issued| issued.checked_add(self.books.received).is_some());
        self.books.issued = issued.ok_or_else(|| overflow("the sum of the account's points"))?;
        Ok(())
    }

    /// The same of points that come from another account, where they have been counted already.
    fn make_room_for_received(&mut self, points: i64) -> Result<(), Refusal> {
        let received = self.books.received.checked_add(points);
        let received = received.filter(|received| received.checked_add(self.books.issued).is_some());
        let too_many = || overflow("the sum of the points of the account that they go to");
        self.books.received = received.ok_or_else(too_many)?;
        Ok(())
    }

    /// A budget over all members is used further.
    fn charge(&mut self, limit: LimitId, at: Timestamp, amount: Ratio) -> Result<(), Refusal> {
        let period = self.policy.limits[limit].period;
        let start = self.around(period, at)?.start.plain();
        let used = self.budgets.get(&(limit, start)).copied().unwrap_or(Ratio::ZERO);
        let used = used.add(amount).map_err(|_| overflow("the budget of a rule"))?;
        self.budgets.insert((limit, start), used);
        Ok(())
    }

    /// Levels that have changed are noted, with what they were.
    fn note_levels(&mut self) {
        let at = self.at;
        for tier in self.books.tiers.ids() {
            let base = &self.books.base.tiers[tier];
            let Cow::Owned(book) = &mut self.books.tiers[tier] else { continue };
            let (from, to, until) = (base.level(), book.level(), book.until());
            let change =
                LevelChange { tier, at, from, to, begins: at, until, event: Some(self.cause.clone()) };
            if from != to {
                book.was = base.was.filter(|(was, _)| *was == at).or(Some((at, from)));
            }
            let changes = from != to || (to > 0 && base.until() != until);
            self.levels.extend(changes.then(|| change.clone()));
            // What is reached now and begins later is told now, with the event that reached it.
            let later = book.to_come().filter(|held| !base.held.contains(held));
            self.levels.extend(later.map(|held| LevelChange {
                from: to,
                to: held.level,
                begins: held.from,
                until: held.until,
                ..change.clone()
            }));
        }
    }

    /// What a member is known by now.
    fn known(&mut self) -> Result<Known, Refusal> {
        self.known_at(self.at)
    }
}

/// A pool's terms in force at an instant, or why there are none.
pub(crate) fn terms(policy: &Policy, pool: PoolId, at: Timestamp) -> Result<&PoolTerms, Refusal> {
    policy.pool_terms(pool, at).ok_or_else(|| {
        let name = &policy.pools[pool].name;
        let message = format!("the pool `{name}` has no terms in force at this instant");
        Refusal::new(RefusalCode::NotInForce, "at", message)
    })
}

/// A moment with its named lengths as they are at an instant, read by what is called `rule`.
fn moment_at(policy: &Policy, moment: &Calendared, at: Timestamp, rule: &str) -> Result<Moment, Refusal> {
    policy.moment_at(moment, at).map_err(|fault| refuse(policy, fault.into(), rule))
}

/// True where returns and refunds leave points of this pool alone.
pub(crate) fn keeps_points(policy: &Policy, pool: PoolId, at: Timestamp) -> bool {
    policy.pool_terms(pool, at).is_some_and(|terms| terms.returns == Returns::Keep)
}

/// A refusal for numbers too large.
pub(crate) fn overflow(what: &str) -> Refusal {
    Refusal::new(RefusalCode::Overflow, "", format!("{what} gives a number too large to compute with"))
}

/// The same, as a function of the overflow.
fn too_large(what: &str) -> impl Fn(Overflow) -> Refusal + '_ {
    move |_| overflow(what)
}
