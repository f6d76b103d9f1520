//! One member's account: balance, lots, orders, the standing deadline, and what falls due when. Time only moves
//! forward here: [`Account::advance`] applies what is due, first what expires, then what becomes available.

use indexmap::IndexMap;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::entry::{Action, Balance, Bucket, Clause, Entry};
use super::lots::{LotId, Lots, OrderId, Origin, Refilled, Source, Take};
use super::placed::PlacedOrder;
use crate::check::policy::{Expiry, Policy, PoolTerms, Returns};
use crate::eval::order::MemberFacts;
use crate::eval::{Refusal, RefusalCode, condition_holds};
use crate::syntax::ast::{AnchorKind, DeadlineEnd};
use crate::value::Overflow;

/// The most points that may ever pass through one account, so that no sum can overflow 64 bits.
const MOST_POINTS: i64 = 1 << 60;

/// A member's account in the programme.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) id: Arc<str>,
    pub(crate) balance: Balance,
    pub(crate) lots: Lots,
    pub(crate) orders: IndexMap<Arc<str>, PlacedOrder>,
    pub(crate) member: MemberFacts,
    /// The instant from which everything available is gone.
    pub(crate) deadline: Option<Timestamp>,
    /// Lines whose points become available: (when, order, line).
    due: BTreeSet<(Timestamp, OrderId, usize)>,
    /// Points that have come in or been promised, to bound all sums.
    volume: i64,
    /// The journal, kept only where asked for.
    pub(crate) entries: Option<Vec<Entry>>,
    /// True once an event has been accepted.
    pub(crate) used: bool,
}

/// Everything an entry says beyond the movement itself.
#[derive(Clone, Default)]
pub(crate) struct Note {
    pub event: Option<Arc<str>>,
    pub clause: Option<Clause>,
    /// The order, and its line where the movement belongs to one.
    pub line: Option<(OrderId, Option<usize>)>,
    pub lot: Option<LotId>,
    pub reason: Option<String>,
}

/// A movement of points.
#[derive(Clone, Copy)]
pub(crate) struct Shift {
    pub action: Action,
    pub from: Bucket,
    pub to: Bucket,
    pub points: i64,
}

impl Account {
    pub(crate) fn new(policy: &Policy, id: Arc<str>, keep_entries: bool) -> Account {
        Account {
            id,
            balance: Balance::default(),
            lots: Lots::default(),
            orders: IndexMap::new(),
            member: MemberFacts::defaults(policy),
            deadline: None,
            due: BTreeSet::new(),
            volume: 0,
            entries: keep_entries.then(Vec::new),
            used: false,
        }
    }

    /// Applies everything due up to and including `at`: at each instant first what expires, then what becomes
    /// available.
    pub(crate) fn advance(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        loop {
            let due = self.due.first().map(|(when, ..)| *when);
            match (self.deadline, due) {
                (Some(deadline), due) if deadline <= at && due.is_none_or(|due| deadline <= due) => {
                    self.expire(policy, deadline);
                }
                (_, Some(due)) if due <= at => self.mature_due(policy, due)?,
                _ => return Ok(()),
            }
        }
    }

    fn expire(&mut self, policy: &Policy, at: Timestamp) {
        self.deadline = None;
        for (lot, points) in self.lots.lapse() {
            let shift =
                Shift { action: Action::Expire, from: Bucket::Available, to: Bucket::Expired, points };
            let line = self.lots.origin_line(lot);
            let clause = Some(Clause::Expiry { terms: at });
            self.post(policy, at, shift, Note { clause, line, lot: Some(lot), ..Note::default() });
        }
    }

    fn mature_due(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        while let Some((when, order, line)) = self.due.first().copied().filter(|(when, ..)| *when <= at) {
            self.due.remove(&(when, order, line));
            let Some((_, placed)) = self.orders.get_index(order) else { continue };
            let Some(state) = placed.lines.get(line) else { continue };
            let keeping = keeps(policy, placed.at);
            let matured = placed.matured_of(line, state.points(), at, keeping)?;
            let event =
                state.parcels.iter().find(|parcel| parcel.due.by == at).map(|parcel| parcel.event.clone());
            let event = event.unwrap_or_else(|| placed.event.clone());
            self.mature(policy, at, (order, line), matured, &event)?;
        }
        Ok(())
    }

    /// Raises a line's available points to `matured`: the difference is acquired at `at`.
    pub(crate) fn mature(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (order, line): (OrderId, usize),
        matured: i64,
        cause: &Arc<str>,
    ) -> Result<(), Overflow> {
        let Some((_, placed)) = self.orders.get_index_mut(order) else { return Ok(()) };
        let (terms, earning) = (placed.at, placed.event.clone());
        let Some(state) = placed.lines.get_mut(line) else { return Ok(()) };
        let points = matured - state.matured;
        if points <= 0 {
            return Ok(());
        }
        state.matured = matured;
        state.lots.push(self.lots.lots.len());
        let origin = Origin { event: earning, line: Some((order, line)) };
        let shift = Shift { action: Action::Acquire, from: Bucket::Pending, to: Bucket::Available, points };
        let clause = Some(Clause::Pending { terms });
        let line = Some((order, Some(line)));
        let note = Note { event: Some(cause.clone()), clause, line, ..Note::default() };
        self.acquire(policy, at, origin, shift, note)
    }

    /// Points enter as available: a new lot, debts filled first, the balance's clock moved.
    pub(crate) fn acquire(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        origin: Origin,
        shift: Shift,
        note: Note,
    ) -> Result<(), Overflow> {
        let extended = self.extended_deadline(policy, at, AnchorKind::PointsAcquired)?;
        let (lot, refilled) = self.lots.acquire(origin, at, shift.points);
        self.rebook(refilled);
        self.post(policy, at, shift, Note { lot: Some(lot), ..note });
        self.deadline = extended;
        Ok(())
    }

    /// Payments whose debt has been filled from a lot now count as taken from that lot.
    pub(crate) fn rebook(&mut self, refilled: Vec<Refilled>) {
        for Refilled { order, debt, lot, points } in refilled {
            let Some((_, placed)) = self.orders.get_index_mut(order) else { continue };
            let Some(at) = placed.takes.iter().position(|take| take.source == Source::Debt(debt)) else {
                continue;
            };
            if let Some(take) = placed.takes.get_mut(at) {
                take.points -= points;
            }
            placed.takes.insert(at, Take { source: Source::Lot(lot), points });
        }
    }

    /// The deadline after something that may extend the balance has happened at `at`. It never comes before the one
    /// that stands.
    pub(crate) fn extended_deadline(
        &self,
        policy: &Policy,
        at: Timestamp,
        kind: AnchorKind,
    ) -> Result<Option<Timestamp>, Overflow> {
        let Some(terms) = pool_terms(policy, at) else { return Ok(self.deadline) };
        let Expiry::After { length, anchors } = &terms.expiry else { return Ok(self.deadline) };
        if !anchors.iter().any(|anchor| anchor.kind == kind) {
            return Ok(self.deadline);
        }
        let deadline = match policy.deadlines {
            DeadlineEnd::EndOfDay => policy.calendar.end_of_day_after(at, *length)?,
            DeadlineEnd::SameTimeOfDay => policy.calendar.after(at, *length)?,
        };
        Ok(self.deadline.max(Some(deadline)))
    }

    /// As [`Account::extended_deadline`] for something that happens to an order: the anchor's own condition, read on
    /// the order as placed, must hold too.
    pub(crate) fn extended_by_order(
        &self,
        policy: &Policy,
        at: Timestamp,
        kind: AnchorKind,
        placed: &PlacedOrder,
    ) -> Result<Option<Timestamp>, Refusal> {
        let Some(terms) = pool_terms(policy, at) else { return Ok(self.deadline) };
        let Expiry::After { anchors, .. } = &terms.expiry else { return Ok(self.deadline) };
        let paid: Vec<i64> = placed.lines.iter().map(|line| line.paid).collect();
        let net = crate::eval::net::Net::placed(&placed.order, &paid);
        for anchor in anchors.iter().filter(|anchor| anchor.kind == kind) {
            let holds = match &anchor.when {
                None => true,
                Some(condition) => condition_holds(policy, placed.at, &placed.member, &net, condition)?,
            };
            if holds {
                return self.extended_deadline(policy, at, kind).map_err(|_| overflow("the expiry rule"));
            }
        }
        Ok(self.deadline)
    }

    /// Notes that a line's points become available at `when`.
    pub(crate) fn schedule(&mut self, when: Timestamp, order: OrderId, line: usize) {
        self.due.insert((when, order, line));
    }

    /// Makes sure that `points` more can pass through the account without any sum overflowing.
    pub(crate) fn has_room(&self, points: i64) -> Result<i64, Refusal> {
        let volume = self.volume.checked_add(points).filter(|volume| *volume <= MOST_POINTS);
        volume.ok_or_else(|| overflow("the sum of the account's points"))
    }

    /// Counts points that [`Account::has_room`] has let pass.
    pub(crate) fn count(&mut self, volume: i64) {
        self.volume = volume;
    }

    /// Posts an entry: folds it into the balance, and keeps it where the journal is kept.
    pub(crate) fn post(&mut self, policy: &Policy, at: Timestamp, shift: Shift, note: Note) {
        if shift.points == 0 {
            return;
        }
        self.balance.apply(shift.from, shift.to, shift.points);
        if self.entries.is_none() {
            return;
        }
        let placed = note.line.and_then(|(order, line)| Some((self.orders.get_index(order)?.1, line)));
        let entry = Entry {
            pool: 0,
            at,
            action: shift.action,
            points: shift.points,
            from: shift.from,
            to: shift.to,
            event: note.event,
            rule: note.clause.and_then(|clause| clause.cite(policy)),
            order: placed.map(|(placed, _)| placed.number.clone()),
            line: placed.and_then(|(placed, line)| Some(placed.line_id(line?).to_owned())),
            lot: note.lot.and_then(|lot| self.lot_name(lot)),
            reason: note.reason,
        };
        if let Some(entries) = &mut self.entries {
            entries.push(entry);
        }
    }

    /// What a lot is called: `ORDER/LINE`, or the event that granted it.
    pub(crate) fn lot_name(&self, lot: LotId) -> Option<String> {
        let origin = &self.lots.lots.get(lot)?.origin;
        Some(match origin.line.and_then(|(order, line)| Some((self.orders.get_index(order)?.1, line))) {
            Some((placed, line)) => format!("{}/{}", placed.number, placed.line_id(line)),
            None => origin.event.to_string(),
        })
    }
}

/// The pool's terms in force at an instant.
pub(crate) fn pool_terms(policy: &Policy, at: Timestamp) -> Option<&PoolTerms> {
    let pool = policy.pools.first()?;
    pool.versions.iter().find(|version| version.window.contains(at)).map(|version| &version.body)
}

/// True where returns and refunds leave points alone.
pub(crate) fn keeps(policy: &Policy, at: Timestamp) -> bool {
    pool_terms(policy, at).is_some_and(|terms| terms.returns == Returns::Keep)
}

/// A refusal for numbers too large.
pub(crate) fn overflow(what: &str) -> Refusal {
    Refusal::new(RefusalCode::Overflow, "", format!("{what} gives a number too large to compute with"))
}
