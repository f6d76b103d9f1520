//! After a cancel, a return or a refund: decide the order again as if that part, or that money, had never been
//! in it, and post the difference. One event first takes back, line by line, then gives back.
//!
//! Points to take back come from what is left of the line's own points; its expired part is not taken a second time;
//! its spent part comes from the lots spent next, then is owed.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Note, Shift, overflow, pool_terms};
use super::entry::{Action, Bucket, Clause};
use super::lots::{OrderId, Source};
use crate::check::policy::{Policy, Returns};
use crate::eval::{Earned, Refusal, earned};
use crate::value::Overflow;

/// What changes on one line.
struct Change {
    line: usize,
    /// Points newly earned, by rule.
    issued: Vec<Earned>,
    /// Points no longer earned, by rule.
    dropped: Vec<Earned>,
    /// Of the line's points, those that are available from now on.
    matured: i64,
    now: Vec<Earned>,
}

/// What is the same for all postings of one event.
#[derive(Clone)]
struct Cause<'a> {
    policy: &'a Policy,
    at: Timestamp,
    event: &'a Arc<str>,
    order: OrderId,
}

impl Account {
    /// Decides the order again and posts the difference. `shrink` has already been applied to a copy of the order,
    /// `placed`, which replaces the account's own once nothing can fail any more.
    pub(crate) fn retake(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        event: &Arc<str>,
        order: OrderId,
        placed: super::placed::PlacedOrder,
        keeping: bool,
    ) -> Result<(), Refusal> {
        let changes = changes(policy, at, &placed, keeping)?;
        let mut volume = 0i64;
        for change in &changes {
            let issued: i64 = change.issued.iter().map(|earned| earned.points).sum();
            volume = volume.checked_add(issued).ok_or_else(|| overflow("the order as it now stands"))?;
        }
        let volume = self.has_room(volume)?;
        let mut restored = Vec::new();
        for (line, state) in placed.lines.iter().enumerate() {
            let back = placed.points_to_restore(line).map_err(|_| overflow("the points paid"))?;
            restored.push(back - state.restored);
        }
        self.count(volume);
        if let Some((_, slot)) = self.orders.get_index_mut(order) {
            *slot = placed;
        }
        let cause = Cause { policy, at, event, order };
        self.take_back(&cause, &changes);
        for (line, points) in restored.into_iter().enumerate() {
            self.give_back(&cause, line, points);
        }
        self.issue(&cause, &changes).map_err(|_| overflow("the expiry rule"))
    }

    fn take_back(&mut self, cause: &Cause<'_>, changes: &[Change]) {
        for change in changes {
            let Some((_, placed)) = self.orders.get_index_mut(cause.order) else { continue };
            let Some(state) = placed.lines.get_mut(change.line) else { continue };
            let falls = (state.matured - change.matured).max(0);
            state.matured = state.matured.min(change.matured);
            state.earned.clone_from(&change.now);
            // What falls out of the available part is dropped as far as the decision dropped anything; the rest of it
            // goes back to pending, because fewer of the kept units are due.
            let mut falls = falls;
            for Earned { rule, points } in &change.dropped {
                let from_available = falls.min(*points);
                falls -= from_available;
                self.drop_pending(cause, change.line, *rule, *points - from_available);
                self.drop_available(cause, change.line, *rule, from_available);
            }
            self.suspend(cause, change.line, falls);
        }
    }

    fn drop_pending(&mut self, cause: &Cause<'_>, line: usize, rule: usize, points: i64) {
        let shift = Shift { action: Action::Reverse, from: Bucket::Pending, to: Bucket::Reversed, points };
        self.post(cause.policy, cause.at, shift, self.note(cause, line, Some(rule), None));
    }

    fn drop_available(&mut self, cause: &Cause<'_>, line: usize, rule: usize, points: i64) {
        let shift = Shift { action: Action::Reverse, from: Bucket::Available, to: Bucket::Reversed, points };
        for (lot, points) in self.collect(cause, line, points) {
            let note = self.note(cause, line, Some(rule), lot);
            self.post(cause.policy, cause.at, Shift { points, ..shift }, note);
        }
    }

    fn suspend(&mut self, cause: &Cause<'_>, line: usize, points: i64) {
        let shift = Shift { action: Action::Suspend, from: Bucket::Available, to: Bucket::Pending, points };
        let mut found = 0;
        for (lot, points) in self.collect(cause, line, points) {
            found += points;
            let note = self.note(cause, line, None, lot);
            self.post(cause.policy, cause.at, Shift { points, ..shift }, note);
        }
        // What has expired (or was forgiven) cannot wait again; the pending part it stood for is earned anew.
        let shift = Shift {
            action: Action::Earn,
            from: Bucket::Programme,
            to: Bucket::Pending,
            points: points - found,
        };
        self.post(cause.policy, cause.at, shift, self.note(cause, line, None, None));
    }

    /// Finds `points` of a line's available part: what is left of its lots, what covers for others, then (not taken a
    /// second time) what has expired, then what was spent, from the lots spent next or as a debt. Returns what is to be
    /// posted, by lot; a debt has none.
    fn collect(
        &mut self,
        cause: &Cause<'_>,
        line: usize,
        points: i64,
    ) -> Vec<(Option<super::lots::LotId>, i64)> {
        let own = self.orders.get_index(cause.order).and_then(|(_, placed)| placed.lines.get(line));
        let own = own.map(|state| state.lots.clone()).unwrap_or_default();
        let mut left = points;
        let mut out = Vec::new();
        for id in &own {
            let taken = self.lots.take_available(*id, left);
            left -= taken;
            out.push((Some(*id), taken));
        }
        let mut elsewhere = 0;
        for id in &own {
            let Some(lot) = self.lots.lots.get_mut(*id) else { continue };
            let covering = left.min(lot.covering);
            lot.covering -= covering;
            left -= covering;
            elsewhere += covering;
        }
        for id in &own {
            let Some(lot) = self.lots.lots.get_mut(*id) else { continue };
            let expired = left.min(lot.expired);
            lot.expired -= expired;
            left -= expired;
        }
        for id in &own {
            let Some(lot) = self.lots.lots.get_mut(*id) else { continue };
            let spent = left.min(lot.spent.max(0));
            lot.spent -= spent;
            left -= spent;
            elsewhere += spent;
        }
        let terms =
            self.orders.get_index(cause.order).and_then(|(_, placed)| pool_terms(cause.policy, placed.at));
        let spend = terms.map(|terms| terms.spend.as_slice()).unwrap_or_default();
        for take in self.lots.spend(elsewhere, spend, true) {
            if let Source::Lot(lot) = take.source {
                out.push((Some(lot), take.points));
            }
            elsewhere -= take.points;
        }
        if elsewhere > 0 && terms.is_some_and(|terms| terms.returns == Returns::TakeBackDebt) {
            self.lots.owe(elsewhere, None);
            out.push((None, elsewhere));
        }
        out.retain(|(_, points)| *points > 0);
        out
    }

    /// Gives `points` paid for a line back, the lots taken last first.
    fn give_back(&mut self, cause: &Cause<'_>, line: usize, points: i64) {
        let Some((_, placed)) = self.orders.get_index_mut(cause.order) else { return };
        if let Some(state) = placed.lines.get_mut(line) {
            state.restored += points;
        }
        let mut left = points;
        while left > 0 {
            let Some((_, placed)) = self.orders.get_index_mut(cause.order) else { return };
            let Some(take) = placed.takes.iter_mut().rev().find(|take| take.points > 0) else { return };
            let back = left.min(take.points);
            take.points -= back;
            left -= back;
            let source = take.source;
            self.give_back_to(cause, line, source, back);
        }
    }

    fn give_back_to(&mut self, cause: &Cause<'_>, line: usize, source: Source, points: i64) {
        let restore =
            Shift { action: Action::Restore, from: Bucket::Redeemed, to: Bucket::Available, points };
        let terms = self.orders.get_index(cause.order).map_or(cause.at, |(_, placed)| placed.at);
        let clause = Some(Clause::Redeem { terms });
        let (lot, died) = match source {
            Source::Debt(debt) => {
                if let Some(debt) = self.lots.debts.get_mut(debt) {
                    debt.owed -= points;
                }
                (None, 0)
            }
            Source::Lot(lot) => {
                let (died, refilled) = self.lots.give_back(lot, points);
                self.rebook(refilled);
                (Some(lot), died)
            }
        };
        let note = Note { clause, ..self.note(cause, line, None, lot) };
        self.post(cause.policy, cause.at, Shift { points: points - died, ..restore }, note.clone());
        let expire = Shift { action: Action::Expire, to: Bucket::Expired, points: died, ..restore };
        let clause = Some(Clause::Expiry { terms: cause.at });
        self.post(cause.policy, cause.at, expire, Note { clause, ..note });
    }

    fn issue(&mut self, cause: &Cause<'_>, changes: &[Change]) -> Result<(), Overflow> {
        let shift = Shift { action: Action::Earn, from: Bucket::Programme, to: Bucket::Pending, points: 0 };
        for change in changes {
            for Earned { rule, points } in &change.issued {
                let note = self.note(cause, change.line, Some(*rule), None);
                self.post(cause.policy, cause.at, Shift { points: *points, ..shift }, note);
            }
        }
        for change in changes {
            self.mature(cause.policy, cause.at, (cause.order, change.line), change.matured, cause.event)?;
        }
        Ok(())
    }

    fn note(
        &self,
        cause: &Cause<'_>,
        line: usize,
        rule: Option<usize>,
        lot: Option<super::lots::LotId>,
    ) -> Note {
        let terms = self.orders.get_index(cause.order).map_or(cause.at, |(_, placed)| placed.at);
        let clause = match rule {
            Some(rule) => Clause::Earn { rule, terms },
            None => Clause::Pending { terms },
        };
        Note {
            event: Some(cause.event.clone()),
            clause: Some(clause),
            line: Some((cause.order, Some(line))),
            lot,
            reason: None,
        }
    }
}

/// What the order earns as it now stands, line by line, against what it earned before.
fn changes(
    policy: &Policy,
    at: Timestamp,
    placed: &super::placed::PlacedOrder,
    keeping: bool,
) -> Result<Vec<Change>, Refusal> {
    let too_large = |_: Overflow| overflow("the order as it now stands");
    let net = placed.net(keeping).map_err(too_large)?;
    let lines = earned(policy, placed.at, &placed.member, &net)?;
    let mut changes = Vec::new();
    for (line, (state, now)) in placed.lines.iter().zip(lines).enumerate() {
        let points = now.iter().try_fold(0i64, |sum, earned| sum.checked_add(earned.points));
        let points = points.ok_or_else(|| overflow("the sum of the rules"))?;
        let matured = placed.matured_of(line, points, at, keeping).map_err(too_large)?;
        let issued = difference(&now, &state.earned);
        let dropped = difference(&state.earned, &now);
        changes.push(Change { line, issued, dropped, matured, now });
    }
    Ok(changes)
}

/// By rule, what `more` has above `less`.
fn difference(more: &[Earned], less: &[Earned]) -> Vec<Earned> {
    let points_in = |list: &[Earned], rule| list.iter().find(|e| e.rule == rule).map_or(0, |e| e.points);
    let above = more.iter().map(|e| Earned { rule: e.rule, points: e.points - points_in(less, e.rule) });
    above.filter(|earned| earned.points > 0).collect()
}
