//! Lots: points of one origin, acquired at one instant. Spending, taking back, giving back and owing all move
//! points in and out of lots here, in a draft; every movement is handed back for the turn to post.
//!
//! A lot keeps where its points went: `available + covering + expired + spent` is what it was given, less what has been
//! taken back. Points owed are [`Debt`]s; points that come in or back fill the oldest first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::draft::{ListChange, ListDraft, SetChange, SetDraft};
use super::ids::{CaseId, LineId, PaymentId};
pub(crate) use super::ids::{DebtId, LotId};
use super::instant;
use crate::value::choice::SpendKey;

/// Where a lot came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The earning event: the order, the grant, the opening, the move.
    pub event: Arc<str>,
    /// The case and line that earned it.
    pub line: Option<(CaseId, LineId)>,
}

/// Points of one origin, acquired at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lot {
    pub origin: Origin,
    #[serde(with = "instant")]
    pub acquired: Timestamp,
    /// From then on what is left of it is gone; None: it has no clock of its own.
    #[serde(with = "instant")]
    pub expires: Option<Timestamp>,
    /// Spendable.
    pub available: i64,
    /// Used up in place of points that another line owed, or to fill such a debt.
    pub covering: i64,
    /// Dead.
    pub expired: i64,
    /// Spent on orders or corrected away. Below zero where points paid came back after they had been taken back
    /// elsewhere.
    pub spent: i64,
    /// True once its own clock has run out: what comes back to it is expired.
    pub lapsed: bool,
}

/// Points owed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Debt {
    pub owed: i64,
    /// The order, and which of its payments, that was paid with points that were not there; none where points were
    /// taken back.
    pub payment: Option<(CaseId, PaymentId)>,
}

/// Where points paid were taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    Lot(LotId),
    /// Nothing was there: owed.
    Debt(DebtId),
}

/// Points taken from one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    pub source: Source,
    pub points: i64,
}

/// A payment's debt that has been filled from a lot: the payment now counts as taken from that lot.
pub(crate) struct Refilled {
    pub payment: (CaseId, PaymentId),
    pub debt: DebtId,
    pub lot: LotId,
    pub points: i64,
}

/// Points that a lot gives up when something is taken back; a debt has no lot.
pub(crate) struct Collected {
    pub lot: Option<LotId>,
    pub points: i64,
}

/// How a pool's points are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpendOrder {
    /// By age, where not the soonest to expire goes first.
    pub by_age: bool,
    pub newest: bool,
}

impl SpendOrder {
    /// As a pool's terms say.
    pub fn of(keys: &[SpendKey]) -> SpendOrder {
        SpendOrder {
            by_age: keys.first() != Some(&SpendKey::SoonestToExpire),
            newest: keys.contains(&SpendKey::Newest),
        }
    }
}

/// All lots and debts of an account in one pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lots {
    lots: Vec<Lot>,
    debts: Vec<Debt>,
    /// First debt that may still be owed.
    first_debt: usize,
    /// Lots before this one have been passed over by a deadline of the balance.
    lapsed_before: usize,
    /// Lots with something available, the soonest to expire first, then the oldest. Not stored: it follows from the lots.
    #[serde(skip)]
    spendable: BTreeSet<BySoonest>,
    /// The same, the oldest first.
    #[serde(skip)]
    by_age: BTreeSet<ByAge>,
    /// Lots with a clock of their own that has not run out.
    #[serde(with = "instant")]
    running: BTreeSet<(Timestamp, LotId)>,
    /// Lots whose clock has run out while their expiry was paused, by when they were acquired.
    #[serde(with = "instant")]
    paused: BTreeSet<(Timestamp, LotId)>,
}

/// The place of a lot when the soonest to expire are spent first.
type BySoonest = (Timestamp, ByAge);

/// The place of a lot by age: when acquired, by which event, on which line. Of one line's lots, the first to die comes first.
type ByAge = (Timestamp, Arc<str>, LineId, LotId);

impl Lots {
    /// Over these lots, with nothing changed.
    pub fn draft(&self) -> LotsDraft<'_> {
        LotsDraft {
            lots: ListDraft::over(&self.lots),
            debts: ListDraft::over(&self.debts),
            first_debt: self.first_debt,
            lapsed_before: self.lapsed_before,
            spendable: SetDraft::over(&self.spendable),
            by_age: SetDraft::over(&self.by_age),
            running: SetDraft::over(&self.running),
            paused: SetDraft::over(&self.paused),
        }
    }

    /// Takes in what a draft has changed.
    pub fn apply(&mut self, change: LotsChange) {
        change.lots.apply(&mut self.lots);
        change.debts.apply(&mut self.debts);
        self.first_debt = change.first_debt;
        self.lapsed_before = change.lapsed_before;
        change.spendable.apply(&mut self.spendable);
        change.by_age.apply(&mut self.by_age);
        change.running.apply(&mut self.running);
        change.paused.apply(&mut self.paused);
    }

    /// Works out anew what is not stored.
    pub fn restore(&mut self) {
        let spendable = self.lots.iter().enumerate().filter(|(_, lot)| lot.available > 0);
        let places: Vec<(Timestamp, ByAge)> =
            spendable.map(|(index, lot)| (soonest(lot), age(lot, LotId::new(index)))).collect();
        self.by_age = places.iter().map(|(_, age)| age.clone()).collect();
        self.spendable = places.into_iter().collect();
    }

    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.get(id.index())
    }

    /// Every lot, in the order acquired.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.lots.iter()
    }

    /// The next instant at which a lot's own clock runs out.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.running.first().map(|(at, _)| *at)
    }

    /// What is available by the lots' own clocks, the soonest first.
    pub fn expiring(&self) -> Vec<ExpiringLot> {
        let lots = self.spendable.iter().filter_map(|(_, (.., id))| self.lot(*id));
        let expiring = lots.filter_map(|lot| {
            Some(ExpiringLot { expires: lot.expires?, acquired: lot.acquired, points: lot.available })
        });
        expiring.collect()
    }
}

/// What is available of a lot with a clock of its own.
pub(crate) struct ExpiringLot {
    pub expires: Timestamp,
    pub acquired: Timestamp,
    pub points: i64,
}

/// Lots as a turn is changing them.
#[derive(Clone, Debug)]
pub(crate) struct LotsDraft<'a> {
    lots: ListDraft<'a, Lot>,
    debts: ListDraft<'a, Debt>,
    first_debt: usize,
    lapsed_before: usize,
    spendable: SetDraft<'a, BySoonest>,
    by_age: SetDraft<'a, ByAge>,
    running: SetDraft<'a, (Timestamp, LotId)>,
    paused: SetDraft<'a, (Timestamp, LotId)>,
}

/// What a turn has changed of lots.
#[derive(Clone, Debug)]
pub(crate) struct LotsChange {
    lots: ListChange<Lot>,
    debts: ListChange<Debt>,
    first_debt: usize,
    lapsed_before: usize,
    spendable: SetChange<BySoonest>,
    by_age: SetChange<ByAge>,
    running: SetChange<(Timestamp, LotId)>,
    paused: SetChange<(Timestamp, LotId)>,
}

impl LotsDraft<'_> {
    pub fn finish(self) -> LotsChange {
        LotsChange {
            lots: self.lots.finish(),
            debts: self.debts.finish(),
            first_debt: self.first_debt,
            lapsed_before: self.lapsed_before,
            spendable: self.spendable.finish(),
            by_age: self.by_age.finish(),
            running: self.running.finish(),
            paused: self.paused.finish(),
        }
    }

    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.get(id.index())
    }

    /// The next instant at which a lot's own clock runs out.
    pub fn next_expiry(&mut self) -> Option<Timestamp> {
        self.running.first().map(|(at, _)| *at)
    }

    /// The lot that is acquired next.
    pub fn next_lot(&self) -> LotId {
        LotId::new(self.lots.len())
    }

    /// A new lot; its points first fill debts. Returns its id and the payments that it filled.
    pub fn acquire(
        &mut self,
        origin: Origin,
        at: Timestamp,
        expires: Option<Timestamp>,
        points: i64,
    ) -> (LotId, Vec<Refilled>) {
        let lot = Lot {
            origin,
            acquired: at,
            expires,
            available: 0,
            covering: 0,
            expired: 0,
            spent: 0,
            lapsed: false,
        };
        let id = LotId::new(self.lots.push(lot));
        if let Some(expires) = expires {
            self.running.insert((expires, id));
        }
        let (filled, refilled) = self.fill_debts(id, points);
        self.add_available(id, points - filled);
        (id, refilled)
    }

    /// Takes up to `points` from what is spendable, in spending order; less where there is less.
    pub fn spend(&mut self, points: i64, order: SpendOrder) -> Vec<Take> {
        self.use_up(points, order, |lot, taken| lot.spent += taken)
    }

    fn use_up(&mut self, points: i64, order: SpendOrder, note: impl Fn(&mut Lot, i64)) -> Vec<Take> {
        let mut takes = Vec::new();
        let mut left = points;
        while left > 0 {
            let Some(id) = self.next_to_spend(order) else { break };
            let taken = self.take_available(id, left);
            if taken == 0 {
                break;
            }
            if let Some(lot) = self.lots.get_mut(id.index()) {
                note(lot, taken);
            }
            takes.push(Take { source: Source::Lot(id), points: taken });
            left -= taken;
        }
        takes
    }

    fn next_to_spend(&mut self, order: SpendOrder) -> Option<LotId> {
        let id = match order {
            SpendOrder { by_age: false, newest: false } => &self.spendable.first()?.1.3,
            SpendOrder { by_age: true, newest: false } => &self.by_age.first()?.3,
            SpendOrder { by_age: true, newest: true } => &self.by_age.last()?.3,
            SpendOrder { by_age: false, newest: true } => {
                let soonest = self.spendable.first()?.0;
                let last = (soonest, (Timestamp::MAX, Arc::from(""), LineId::new(0), LotId::new(0)));
                &self.spendable.last_in(..last)?.1.3
            }
        };
        Some(*id)
    }

    /// The lots whose own clock runs out by `at`; they run no longer.
    pub fn run_out(&mut self, at: Timestamp) -> Vec<LotId> {
        let mut out = Vec::new();
        while let Some((when, id)) = self.running.first().copied().filter(|(when, _)| *when <= at) {
            self.running.remove(&(when, id));
            out.push(id);
        }
        out
    }

    /// What is left of a lot dies; returns how much.
    pub fn lapse_one(&mut self, id: LotId) -> i64 {
        let left = self.lot(id).map_or(0, |lot| lot.available);
        let died = self.take_available(id, left);
        if let Some(lot) = self.lots.get_mut(id.index()) {
            lot.expired += died;
            lot.lapsed = true;
        }
        died
    }

    /// A lot's clock has run out while its expiry is paused.
    pub fn pause(&mut self, id: LotId) {
        let Some(acquired) = self.lot(id).map(|lot| lot.acquired) else { return };
        self.paused.insert((acquired, id));
    }

    /// True where a lot's expiry is paused.
    pub fn has_paused(&self) -> bool {
        !self.paused.is_empty()
    }

    /// The lots whose expiry is paused that were acquired from one instant on and before another, and when.
    pub fn paused(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, LotId)> + '_ {
        let first = LotId::new(0);
        self.paused.range((from, first)..(until, first)).copied()
    }

    /// Sets the clock of paused lots to `at`.
    pub fn resume(&mut self, lots: &[LotId], at: Timestamp) {
        for id in lots {
            let acquired = self.lot(*id).map(|lot| lot.acquired);
            if !acquired.is_some_and(|acquired| self.paused.remove(&(acquired, *id))) {
                continue;
            }
            self.running.insert((at, *id));
            if let Some(lot) = self.lots.get_mut(id.index()) {
                let was_spendable = self.spendable.remove(&(soonest(lot), age(lot, *id)));
                lot.expires = Some(at);
                if was_spendable {
                    self.spendable.insert((at, age(lot, *id)));
                }
            }
        }
    }

    /// Owes `points`; returns the debt.
    pub fn owe(&mut self, points: i64, payment: Option<(CaseId, PaymentId)>) -> DebtId {
        DebtId::new(self.debts.push(Debt { owed: points, payment }))
    }

    /// Takes up to `points` of what is left in one lot.
    fn take_available(&mut self, id: LotId, points: i64) -> i64 {
        let taken = self.lot(id).map_or(0, |lot| points.min(lot.available)).max(0);
        if taken > 0
            && let Some(lot) = self.lots.get_mut(id.index())
        {
            lot.available -= taken;
            if lot.available == 0 {
                let age = age(lot, id);
                self.by_age.remove(&age);
                self.spendable.remove(&(soonest(lot), age));
            }
        }
        taken
    }

    /// Less is owed, because what was paid with points that were not there has come back.
    pub fn owe_less(&mut self, debt: DebtId, points: i64) {
        if let Some(debt) = self.debts.get_mut(debt.index()) {
            debt.owed -= points;
        }
    }

    /// Gives `points` that were paid from this lot back to it. Debts are filled first; returns how many died because
    /// the lot has lapsed, and the payments that were filled.
    pub fn give_back(&mut self, id: LotId, points: i64) -> (i64, Vec<Refilled>) {
        if let Some(lot) = self.lots.get_mut(id.index()) {
            lot.spent -= points;
        }
        let (filled, refilled) = self.fill_debts(id, points);
        let rest = points - filled;
        let passed_over = id.index() < self.lapsed_before;
        match self.lots.get_mut(id.index()) {
            Some(lot) if lot.lapsed || passed_over => {
                lot.expired += rest;
                (rest, refilled)
            }
            _ => {
                self.add_available(id, rest);
                (0, refilled)
            }
        }
    }

    /// Finds `points` of these lots to take back: what is left of them, then (not taken a second time) what has expired, then
    /// what covers for others, then what was spent, from the lots spent next or, where it is owed, as a debt. Returns what is
    /// to be posted.
    pub fn collect(&mut self, own: &[LotId], points: i64, order: SpendOrder, owes: bool) -> Vec<Collected> {
        let mut left = points;
        let mut out = Vec::new();
        for id in own {
            let taken = self.take_available(*id, left);
            left -= taken;
            out.push(Collected { lot: Some(*id), points: taken });
        }
        self.strip(own, &mut left, |lot| &mut lot.expired);
        let here = left;
        self.strip(own, &mut left, |lot| &mut lot.covering);
        self.strip(own, &mut left, |lot| &mut lot.spent);
        let mut elsewhere = here - left;
        for take in self.use_up(elsewhere, order, |lot, taken| lot.covering += taken) {
            if let Source::Lot(lot) = take.source {
                out.push(Collected { lot: Some(lot), points: take.points });
            }
            elsewhere -= take.points;
        }
        if elsewhere > 0 && owes {
            self.owe(elsewhere, None);
            out.push(Collected { lot: None, points: elsewhere });
        }
        out.retain(|collected| collected.points > 0);
        out
    }

    /// Takes up to `left` out of what lots say has gone one way.
    fn strip(&mut self, own: &[LotId], left: &mut i64, way: impl Fn(&mut Lot) -> &mut i64) {
        for id in own.iter().filter(|_| *left > 0).collect::<Vec<_>>() {
            let Some(lot) = self.lots.get_mut(id.index()) else { continue };
            let gone = way(lot);
            let taken = (*left).min((*gone).max(0));
            *gone -= taken;
            *left -= taken;
        }
    }

    /// A deadline passes: everything available dies. Returns what died, by lot, the oldest first.
    pub fn lapse(&mut self) -> Vec<(LotId, i64)> {
        let mut died = Vec::new();
        let all: Vec<BySoonest> = self.spendable.iter().cloned().collect();
        for (_, (.., id)) in all {
            let left = self.lot(id).map_or(0, |lot| lot.available);
            self.take_available(id, left);
            if let Some(lot) = self.lots.get_mut(id.index()) {
                lot.expired += left;
            }
            died.push((id, left));
        }
        self.lapsed_before = self.lots.len();
        died
    }

    fn add_available(&mut self, id: LotId, points: i64) {
        if points <= 0 {
            return;
        }
        if let Some(lot) = self.lots.get_mut(id.index()) {
            lot.available += points;
            let age = age(lot, id);
            self.by_age.insert(age.clone());
            self.spendable.insert((soonest(lot), age));
        }
    }

    fn fill_debts(&mut self, id: LotId, points: i64) -> (i64, Vec<Refilled>) {
        let mut left = points;
        let mut refilled = Vec::new();
        while left > 0 {
            let Some(debt) = self.debts.get_mut(self.first_debt) else { break };
            let filled = left.min(debt.owed);
            debt.owed -= filled;
            left -= filled;
            let payment = debt.payment;
            if let Some(lot) = self.lots.get_mut(id.index()) {
                *(if payment.is_some() { &mut lot.spent } else { &mut lot.covering }) += filled;
            }
            if let Some(payment) = payment.filter(|_| filled > 0) {
                let debt = DebtId::new(self.first_debt);
                refilled.push(Refilled { payment, debt, lot: id, points: filled });
            }
            if self.debts.get(self.first_debt).is_some_and(|debt| debt.owed == 0) {
                self.first_debt += 1;
            }
        }
        (points - left, refilled)
    }
}

fn soonest(lot: &Lot) -> Timestamp {
    lot.expires.unwrap_or(Timestamp::MAX)
}

fn age(lot: &Lot, id: LotId) -> ByAge {
    (lot.acquired, lot.origin.event.clone(), lot.origin.line.map_or(LineId::new(0), |(_, line)| line), id)
}
