//! Lots: points of one origin, acquired at one instant. Spending, taking back, giving back and owing all move
//! points in and out of lots here; every movement is handed back for the account to post.
//!
//! A lot keeps where its points went: `available + covering + expired + spent` is what it was given, less what has been
//! taken back. Points owed are [`Debt`]s; points that come in or back fill the oldest first.

use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::value::choice::SpendKey;

/// Index of a lot in its pool of the account.
pub(crate) type LotId = usize;
/// Index of an order in its account.
pub(crate) type OrderId = usize;

/// Where a lot came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The earning event: the order, the grant, the opening, the move.
    pub event: Arc<str>,
    /// The order and line that earned it.
    pub line: Option<(OrderId, usize)>,
}

/// Points of one origin, acquired at one instant.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    pub origin: Origin,
    pub acquired: Timestamp,
    /// From then on what is left of it is gone; None: it has no clock of its own.
    pub expires: Option<Timestamp>,
    /// Spendable.
    pub available: i64,
    /// Used up in place of points that another line owed, or to fill such a debt.
    pub covering: i64,
    /// Dead.
    pub expired: i64,
    /// Spent on orders or corrected away. Below nought where points paid came back after they had been taken back
    /// elsewhere.
    pub spent: i64,
    /// True once a deadline has passed over it: what comes back to it is expired.
    pub lapsed: bool,
}

/// Points owed.
#[derive(Clone, Debug)]
pub(crate) struct Debt {
    pub owed: i64,
    /// The order, and which of its payments, that was paid with points that were not there; none where points were
    /// taken back.
    pub payment: Option<(OrderId, usize)>,
}

/// Where points paid were taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Lot(LotId),
    /// Nothing was there: owed.
    Debt(usize),
}

/// Points taken from one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    pub source: Source,
    pub points: i64,
}

/// A payment's debt that has been filled from a lot: the payment now counts as taken from that lot.
pub(crate) struct Refilled {
    pub payment: (OrderId, usize),
    pub debt: usize,
    pub lot: LotId,
    pub points: i64,
}

/// All lots and debts of an account in one pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lots {
    pub lots: Vec<Lot>,
    pub debts: Vec<Debt>,
    /// First debt that may still be owed.
    first_debt: usize,
    /// Lots with something available, the soonest to expire first, then the oldest.
    spendable: BTreeSet<Key>,
    /// Lots that no deadline of the balance has passed over yet.
    alive: Vec<LotId>,
    /// Lots with a clock of their own that has not run out.
    running: BTreeSet<(Timestamp, LotId)>,
    /// Lots whose clock has run out while their expiry was paused.
    paused: BTreeSet<LotId>,
}

/// The place of a lot in the spending order: (when it expires, acquired, earning event, line, id).
type Key = (Timestamp, Timestamp, Arc<str>, usize, LotId);

impl Lots {
    /// A new lot; its points first fill debts. Returns its id and the payments that it filled.
    pub fn acquire(
        &mut self,
        origin: Origin,
        at: Timestamp,
        expires: Option<Timestamp>,
        points: i64,
    ) -> (LotId, Vec<Refilled>) {
        let id = self.lots.len();
        self.lots.push(Lot {
            origin,
            acquired: at,
            expires,
            available: 0,
            covering: 0,
            expired: 0,
            spent: 0,
            lapsed: false,
        });
        self.alive.push(id);
        self.running.extend(expires.map(|expires| (expires, id)));
        let (filled, refilled) = self.fill_debts(id, points);
        self.add_available(id, points - filled);
        (id, refilled)
    }

    /// Takes up to `points` from what is spendable, in spending order; less where there is less.
    pub fn spend(&mut self, points: i64, order: &[SpendKey], to_cover: bool) -> Vec<Take> {
        let by_age = order.first() != Some(&SpendKey::SoonestToExpire);
        let newest = order.contains(&SpendKey::Newest);
        let mut takes = Vec::new();
        let mut left = points;
        while left > 0 {
            let Some(id) = self.next_to_spend(by_age, newest) else { break };
            let taken = self.take_available(id, left);
            if taken == 0 {
                break;
            }
            if let Some(lot) = self.lots.get_mut(id) {
                *(if to_cover { &mut lot.covering } else { &mut lot.spent }) += taken;
            }
            takes.push(Take { source: Source::Lot(id), points: taken });
            left -= taken;
        }
        takes
    }

    fn next_to_spend(&self, by_age: bool, newest: bool) -> Option<LotId> {
        let age = |key: &&Key| (key.1, key.2.clone(), key.3, key.4);
        let next = match (by_age, newest) {
            (false, false) => self.spendable.first(),
            (true, false) => self.spendable.iter().min_by_key(age),
            (true, true) => self.spendable.iter().max_by_key(age),
            (false, true) => {
                let soonest = self.spendable.first()?.0;
                self.spendable.iter().take_while(|key| key.0 == soonest).last()
            }
        };
        next.map(|key| key.4)
    }

    /// The next instant at which a lot's own clock runs out.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.running.first().map(|(at, _)| *at)
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
        let left = self.lots.get(id).map_or(0, |lot| lot.available);
        let died = self.take_available(id, left);
        if let Some(lot) = self.lots.get_mut(id) {
            lot.expired += died;
            lot.lapsed = true;
        }
        died
    }

    /// A lot's clock has run out while its expiry is paused.
    pub fn pause(&mut self, id: LotId) {
        self.paused.insert(id);
    }

    /// True where a lot's expiry is paused.
    pub fn has_paused(&self) -> bool {
        !self.paused.is_empty()
    }

    /// The lots whose expiry is paused.
    pub fn paused(&self) -> impl Iterator<Item = LotId> + '_ {
        self.paused.iter().copied()
    }

    /// Sets the clock of paused lots to `at`.
    pub fn resume(&mut self, lots: &[LotId], at: Timestamp) {
        for id in lots {
            if !self.paused.remove(id) {
                continue;
            }
            self.running.insert((at, *id));
            if let Some(lot) = self.lots.get_mut(*id) {
                let was_spendable = self.spendable.remove(&key(lot, *id));
                lot.expires = Some(at);
                if was_spendable {
                    self.spendable.insert(key(lot, *id));
                }
            }
        }
    }

    /// What is available by the lots' own clocks, the soonest first; without lots whose clock does not run.
    pub fn expiring(&self, runs: impl Fn(&Lot) -> bool) -> Vec<(i64, Timestamp)> {
        let mut out: Vec<(i64, Timestamp)> = Vec::new();
        for key in &self.spendable {
            let Some(lot) = self.lots.get(key.4).filter(|lot| runs(lot)) else { continue };
            let Some(expires) = lot.expires else { continue };
            match out.last_mut() {
                Some((points, at)) if *at == expires => *points += lot.available,
                _ => out.push((lot.available, expires)),
            }
        }
        out
    }

    /// Owes `points`; returns the debt's index.
    pub fn owe(&mut self, points: i64, payment: Option<(OrderId, usize)>) -> usize {
        self.debts.push(Debt { owed: points, payment });
        self.debts.len() - 1
    }

    /// Takes up to `points` of what is left in one lot.
    pub fn take_available(&mut self, id: LotId, points: i64) -> i64 {
        let Some(lot) = self.lots.get_mut(id) else { return 0 };
        let taken = points.min(lot.available).max(0);
        if taken > 0 {
            let key = key(lot, id);
            lot.available -= taken;
            if lot.available == 0 {
                self.spendable.remove(&key);
            }
        }
        taken
    }

    /// Gives `points` that were paid from this lot back to it. Debts are filled first; returns how many died because
    /// the lot has lapsed, and the payments that were filled.
    pub fn give_back(&mut self, id: LotId, points: i64) -> (i64, Vec<Refilled>) {
        if let Some(lot) = self.lots.get_mut(id) {
            lot.spent -= points;
        }
        let (filled, refilled) = self.fill_debts(id, points);
        let rest = points - filled;
        match self.lots.get_mut(id) {
            Some(lot) if lot.lapsed => {
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
    /// to be posted, by lot; a debt has none.
    pub fn collect(
        &mut self,
        own: &[LotId],
        points: i64,
        spend: &[SpendKey],
        owes: bool,
    ) -> Vec<(Option<LotId>, i64)> {
        let (mut left, mut elsewhere) = (points, 0);
        let mut out = Vec::new();
        for id in own {
            let taken = self.take_available(*id, left);
            left -= taken;
            out.push((Some(*id), taken));
        }
        for id in own {
            let Some(lot) = self.lots.get_mut(*id) else { continue };
            let expired = left.min(lot.expired);
            lot.expired -= expired;
            left -= expired;
        }
        for id in own {
            let Some(lot) = self.lots.get_mut(*id) else { continue };
            let covering = left.min(lot.covering);
            lot.covering -= covering;
            left -= covering;
            elsewhere += covering;
        }
        for id in own {
            let Some(lot) = self.lots.get_mut(*id) else { continue };
            let spent = left.min(lot.spent.max(0));
            lot.spent -= spent;
            left -= spent;
            elsewhere += spent;
        }
        for take in self.spend(elsewhere, spend, true) {
            if let Source::Lot(lot) = take.source {
                out.push((Some(lot), take.points));
            }
            elsewhere -= take.points;
        }
        if elsewhere > 0 && owes {
            self.owe(elsewhere, None);
            out.push((None, elsewhere));
        }
        out.retain(|(_, points)| *points > 0);
        out
    }

    /// A deadline passes: everything available dies. Returns what died, by lot, the oldest first.
    pub fn lapse(&mut self) -> Vec<(LotId, i64)> {
        let mut died = Vec::new();
        for (.., id) in std::mem::take(&mut self.spendable) {
            if let Some(lot) = self.lots.get_mut(id) {
                died.push((id, lot.available));
                lot.expired += lot.available;
                lot.available = 0;
            }
        }
        for id in std::mem::take(&mut self.alive) {
            if let Some(lot) = self.lots.get_mut(id) {
                lot.lapsed = true;
            }
        }
        died
    }

    /// The order and line that earned a lot.
    pub fn origin_line(&self, id: LotId) -> Option<(OrderId, Option<usize>)> {
        let (order, line) = self.lots.get(id)?.origin.line?;
        Some((order, Some(line)))
    }

    fn add_available(&mut self, id: LotId, points: i64) {
        if let Some(lot) = self.lots.get_mut(id).filter(|_| points > 0) {
            lot.available += points;
            let key = key(lot, id);
            self.spendable.insert(key);
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
            if let Some(lot) = self.lots.get_mut(id) {
                *(if debt.payment.is_some() { &mut lot.spent } else { &mut lot.covering }) += filled;
            }
            if let Some(payment) = debt.payment.filter(|_| filled > 0) {
                refilled.push(Refilled { payment, debt: self.first_debt, lot: id, points: filled });
            }
            if debt.owed == 0 {
                self.first_debt += 1;
            }
        }
        (points - left, refilled)
    }
}

fn key(lot: &Lot, id: LotId) -> Key {
    let expires = lot.expires.unwrap_or(Timestamp::MAX);
    (expires, lot.acquired, lot.origin.event.clone(), lot.origin.line.map_or(0, |(_, line)| line), id)
}
