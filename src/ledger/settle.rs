//! After anything that changes what orders and events earn: decide the changed one again, and those that it is tied to,
//! and post the differences. One event first takes back, oldest order first and line by line, then gives back.
//!
//! Points to take back come from what is left of the line's own points; its expired part is not taken a second time;
//! its spent part comes from the lots spent next, then is owed.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::account::{Account, Note, Shift, keeps, overflow};
use super::entry::{Action, Bucket, Clause};
use super::lots::{LotId, OrderId, Source};
use super::measures::{contributions, counts_rules, unknown_year};
use super::period::{Stretch, around, just_before};
use super::placed::PlacedOrder;
use super::replay::Shared;
use crate::eval::context::Fault;
use crate::eval::net::Net;
use crate::eval::room::{UsedBefore, counters_read};
use crate::eval::{Earned, Earning, Refusal, earned, refuse};
use crate::policy::{
    Counter, EarnId, IdVec, MeasureId, Member, Occasion, Owner, Period, Policy, PoolId, Returns,
};
use crate::value::{Overflow, Ratio};

/// Rounds of deciding tied orders again until nothing changes any more. Measures that count points of rules may need a
/// second one; the checker forbids circles.
const MOST_ROUNDS: usize = 8;

/// What changes on one line.
struct Change {
    order: OrderId,
    line: usize,
    /// Points newly earned, by rule.
    issued: Vec<Earned>,
    /// Points no longer earned, by rule.
    dropped: Vec<Earned>,
    /// Of the line's points, those that are available from now on, by stream.
    matured: Vec<i64>,
}

/// What is the same for all postings of one event on one order.
#[derive(Clone, Copy)]
struct Cause<'a> {
    policy: &'a Policy,
    at: Timestamp,
    event: &'a Arc<str>,
    order: OrderId,
}

/// Orders as they are about to be.
type Overlay = BTreeMap<OrderId, PlacedOrder>;

impl Account {
    /// Decides a changed order (or a new one, whose id is the next) again, with those it is tied to, and posts the
    /// differences. The account's own orders are replaced once nothing can fail any more.
    pub(crate) fn settle(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        event: &Arc<str>,
        (changed, placed): (OrderId, PlacedOrder),
    ) -> Result<(), Refusal> {
        let mut overlay = Overlay::new();
        let too_late = |_: Overflow| overflow("the periods of the rules");
        for id in self.tied(policy, changed, &placed).map_err(too_late)? {
            if let Some(placed) = self.orders.get(id).filter(|_| id != changed) {
                overlay.insert(id, placed.clone());
            }
        }
        overlay.insert(changed, placed);
        for id in self.running(policy, &overlay).map_err(too_late)? {
            let Some(placed) = self.orders.get(id) else { continue };
            let starts_anew = id != changed && !self.has_counted(policy, placed).map_err(too_late)?;
            let running = overlay.entry(id).or_insert_with(|| placed.clone());
            if starts_anew {
                running.member = self.member.clone();
                running.known = self.known_now(policy, at);
            }
        }
        self.decide_again(policy, shared, &mut overlay)?;
        let (changes, volume) = self.changes(policy, at, &overlay)?;
        let unpaid = overlay.get(&changed).map_or(&[][..], |placed| &placed.payments).iter();
        let unpaid = unpaid.filter(|payment| payment.takes.is_empty()).flat_map(|payment| &payment.paid);
        let volume = unpaid.fold(volume, |sum, points| sum.saturating_add(*points));
        let volume = self.has_room(volume)?;
        let restored = restored(&overlay, changed).map_err(|_| overflow("the points paid"))?;
        // Nothing fails from here on.
        self.count(volume);
        for (id, placed) in overlay {
            shared.charge(policy, self.orders.get(id).map(|old| &old.charged), &placed);
            match self.orders.get_mut(id) {
                Some(slot) => *slot = placed,
                None => self.orders.push(placed),
            }
        }
        self.pay(policy, at, event, changed);
        let cause = |order| Cause { policy, at, event, order };
        for change in &changes {
            self.take_back(cause(change.order), change);
        }
        for (payment, line, points) in restored {
            self.give_back(cause(changed), payment, line, points);
        }
        for change in &changes {
            self.issue(cause(change.order), change);
        }
        for change in &changes {
            for (stream, matured) in change.matured.iter().enumerate() {
                self.mature(policy, at, (change.order, change.line, stream), *matured, event)
                    .map_err(|_| overflow("the expiry rule"))?;
            }
        }
        self.start_running(policy, shared, (at, event), changed)
    }

    /// The running periods in which orders count.
    fn running(&self, policy: &Policy, overlay: &Overlay) -> Result<Vec<OrderId>, Overflow> {
        let mut found = Vec::new();
        if self.ties.running.is_empty() {
            return Ok(found);
        }
        for (id, placed) in self.orders.iter().enumerate() {
            let Occasion::Running(period) = placed.order.of else { continue };
            let stretch = around(policy, &self.member, period, placed.at)?;
            let counts = |other: &PlacedOrder| {
                let marks = other.marks.iter().flatten();
                marks.chain([&other.at]).any(|at| stretch.contains(*at))
            };
            if overlay.values().any(counts) {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// True where something still counts in a running period; one in which all has come back starts anew.
    fn has_counted(&self, policy: &Policy, running: &PlacedOrder) -> Result<bool, Overflow> {
        let Occasion::Running(period) = running.order.of else { return Ok(true) };
        let stretch = around(policy, &self.member, period, running.at)?;
        let mut counted = self.orders.iter().flat_map(|placed| &placed.contributions);
        Ok(counted.any(|one| stretch.contains(one.at)))
    }

    /// The orders that share a limit's period or a measure's with the changed one, oldest first.
    fn tied(
        &self,
        policy: &Policy,
        changed: OrderId,
        placed: &PlacedOrder,
    ) -> Result<Vec<OrderId>, Overflow> {
        if self.ties.is_empty() {
            return Ok(Vec::new());
        }
        let stretch = |period: Period, at| around(policy, &self.member, period, at);
        // A mark may count in another period than the event itself.
        let counted = placed.marks.iter().flatten().copied().chain([placed.at]);
        let mut start = placed.at;
        for period in &self.ties.in_all {
            for at in counted.clone() {
                start = start.min(stretch(*period, at)?.start);
            }
        }
        let from = counted.max().unwrap_or(placed.at);
        let last = self.orders.last().map_or(placed.at, |placed| placed.at).max(placed.at);
        let mut end = super::period::just_after(last)?;
        let forward = self.ties.limits.iter().any(|period| matches!(period, Period::Rolling(_)));
        if !forward {
            let mut reach = from;
            loop {
                let mut further = reach;
                for period in self.ties.limits.iter().chain(&self.ties.in_all) {
                    let Stretch { end, .. } = stretch(*period, reach)?;
                    further = further.max(if end == Timestamp::MAX { end } else { just_before(end)? });
                }
                if further == reach || further >= last {
                    reach = further;
                    break;
                }
                reach = further;
            }
            end = end.min(if reach == Timestamp::MAX { reach } else { super::period::just_after(reach)? });
        }
        let inside = |(id, placed): &(OrderId, &PlacedOrder)| {
            *id == changed || (start <= placed.at && placed.at < end)
        };
        Ok(self.orders.iter().enumerate().filter(inside).map(|(id, _)| id).collect())
    }

    fn decide_again(&self, policy: &Policy, shared: &Shared, overlay: &mut Overlay) -> Result<(), Refusal> {
        let ids: Vec<OrderId> = overlay.keys().copied().collect();
        if self.ties.measures {
            for placed in overlay.values_mut() {
                let earning = Earning { totals: placed.totals.clone(), ..Earning::default() };
                placed.contributions = contributions(policy, placed, &earning)?;
            }
        }
        let counts_rules = counts_rules(policy);
        for round in 0..MOST_ROUNDS {
            let mut changed = false;
            for id in &ids {
                let Some(placed) = overlay.get(id) else { continue };
                let mut next = placed.clone();
                let running = matches!(next.order.of, Occasion::Running(_));
                if running || !self.ties.in_all.is_empty() {
                    next.known.in_all = self
                        .in_all(policy, overlay, placed.at)
                        .map_err(|_| overflow("what measures count"))?;
                }
                let earning = self.earning(policy, shared, overlay, *id, &mut next)?;
                if counts_rules {
                    next.contributions = contributions(policy, &next, &earning)?;
                }
                for (line, earned) in next.lines.iter_mut().zip(earning.lines) {
                    line.earned = earned;
                }
                next.used = earning.used;
                next.totals = earning.totals;
                changed |= next.contributions != placed.contributions || next.used != placed.used;
                overlay.insert(*id, next);
            }
            let alone = self.ties.in_all.is_empty() && self.ties.running.is_empty();
            let settled = !changed || (alone && round == 0);
            if settled {
                break;
            }
        }
        Ok(())
    }

    fn in_all(
        &self,
        policy: &Policy,
        overlay: &Overlay,
        at: Timestamp,
    ) -> Result<IdVec<MeasureId, Vec<Ratio>>, Overflow> {
        let standing = self.orders.iter().enumerate().map(|(id, placed)| overlay.get(&id).unwrap_or(placed));
        let new = overlay.iter().filter(|(id, _)| **id >= self.orders.len()).map(|(_, placed)| placed);
        self.counts_of(policy, at, standing.chain(new).flat_map(|placed| &placed.contributions))
    }

    /// What an order earns as it now stands, after what earlier ones have used of limits.
    fn earning(
        &self,
        policy: &Policy,
        shared: &Shared,
        overlay: &Overlay,
        id: OrderId,
        placed: &mut PlacedOrder,
    ) -> Result<Earning, Refusal> {
        let too_large = |_: Overflow| overflow("the order as it now stands");
        self.report_unknown_year(policy, placed)?;
        let used = self.used_before(policy, shared, overlay, id, placed).map_err(too_large)?;
        let decide = |net: &Net<'_>| earned(policy, placed.at, (&placed.member, &placed.known), net, &used);
        let keeping = |placed: &PlacedOrder, any: bool| {
            let mut keeping = placed.streams.iter().map(|stream| keeps(policy, stream.pool, placed.at));
            if any { keeping.any(|keeps| keeps) } else { keeping.all(|keeps| keeps) }
        };
        let all_keep = !placed.streams.is_empty() && keeping(placed, false);
        let mut earning = decide(&placed.net(all_keep).map_err(too_large)?)?;
        if !all_keep && keeping(placed, true) && !placed.is_whole() {
            // What goes to a pool that a return leaves alone is decided as if nothing had come back.
            let kept = decide(&placed.net(true).map_err(too_large)?)?;
            let keeps = |rule: EarnId| {
                let version = policy.earns.try_get(rule).and_then(|rule| rule.at(placed.at));
                version.is_some_and(|version| keeps(policy, version.body.pool, placed.at))
            };
            for (line, kept) in earning.lines.iter_mut().zip(kept.lines) {
                line.retain(|earned| !keeps(earned.rule));
                line.extend(kept.into_iter().filter(|earned| keeps(earned.rule)));
                line.sort_by_key(|earned| earned.rule);
            }
        }
        let mut charged = match self.ties.keeps && !placed.is_whole() {
            true => decide(&placed.gross().map_err(too_large)?)?.used,
            false => earning.used.clone(),
        };
        if self.ties.budgets
            && let Some(old) = self.orders.get(id)
        {
            // Nothing goes back to a budget, whatever of the order is decided otherwise later: other members may
            // have been told already that it is used up.
            for (id, _) in policy.limits.iter_enumerated().filter(|(_, counter)| counter.everyone) {
                charged.raise(id, old.charged.of(id));
            }
        }
        placed.charged = charged;
        Ok(earning)
    }

    /// Refuses what meets a limit over the member's own year where the year is not known.
    fn report_unknown_year(&self, policy: &Policy, placed: &PlacedOrder) -> Result<(), Refusal> {
        if !self.ties.limits.iter().any(|period| matches!(period, Period::YearOfMember(_))) {
            return Ok(());
        }
        for id in counters_read(policy, placed.order.of, placed.at) {
            let counter = &policy.limits[id];
            let Some(fact) = unknown_year(&placed.member, counter.period) else { continue };
            let is_of = |member: &Member| {
                let Member::Earn(id) = member else { return false };
                let version = policy.earns.try_get(*id).and_then(|rule| rule.at(placed.at));
                version.is_some_and(|version| version.body.of == placed.order.of)
            };
            let owner = match counter.owner {
                Owner::Earn(id) => policy.earns.try_get(id).map(|rule| &rule.name),
                Owner::Group(id) => policy.groups.try_get(id).and_then(|rule| {
                    let group = &rule.at(placed.at)?.body;
                    group.of.iter().any(is_of).then_some(&rule.name)
                }),
                Owner::Redeem(_) | Owner::Move(_) => None,
            };
            if let Some(rule) = owner {
                return Err(refuse(policy, Fault::MissingMember(fact), rule));
            }
        }
        Ok(())
    }

    /// What earlier orders have used of the limits over periods that this one meets.
    fn used_before(
        &self,
        policy: &Policy,
        shared: &Shared,
        overlay: &Overlay,
        id: OrderId,
        placed: &PlacedOrder,
    ) -> Result<UsedBefore, Overflow> {
        let mut used = UsedBefore::default();
        if self.ties.limits.is_empty() && !self.ties.budgets {
            return Ok(used);
        }
        for key in counters_read(policy, placed.order.of, placed.at) {
            let Counter { each, period, everyone, .. } = policy.limits[key];
            let stretch = around(policy, &self.member, period, placed.at)?;
            if everyone {
                used.kept.add(key, shared.used(key, stretch.start))?;
                for (other, now) in overlay {
                    if stretch.contains(now.at) {
                        let old = self.orders.get(*other).map_or(Ratio::ZERO, |old| old.charged.of(key));
                        let new = if *other == id { Ratio::ZERO } else { now.charged.of(key) };
                        used.kept.add(key, new.sub(old)?)?;
                    }
                }
                continue;
            }
            for earlier in (0..id.min(self.orders.len())).rev() {
                let other = overlay.get(&earlier).or_else(|| self.orders.get(earlier));
                let Some(other) = other else { continue };
                if other.at < stretch.start && !matches!(period, Period::YearOfMember(_)) {
                    break;
                }
                let alike = each.is_none_or(|(subject, fact)| {
                    other.order.fact(subject, fact) == placed.order.fact(subject, fact)
                });
                if alike && stretch.contains(other.at) {
                    used.standing.add(key, other.used.of(key))?;
                    used.kept.add(key, other.charged.of(key))?;
                }
            }
        }
        Ok(used)
    }

    /// What changes, and how many points are newly issued in all.
    fn changes(
        &self,
        policy: &Policy,
        at: Timestamp,
        overlay: &Overlay,
    ) -> Result<(Vec<Change>, i64), Refusal> {
        let too_large = |_: Overflow| overflow("the order as it now stands");
        let mut changes = Vec::new();
        let mut volume = 0i64;
        for (order, placed) in overlay {
            let old = self.orders.get(*order);
            for (line, state) in placed.lines.iter().enumerate() {
                let before = old.and_then(|old| old.lines.get(line)).map_or(&[][..], |line| &line.earned);
                let issued = difference(&state.earned, before);
                let dropped = difference(before, &state.earned);
                let mut matured = Vec::with_capacity(placed.streams.len());
                for (stream, of) in placed.streams.iter().enumerate() {
                    let points = super::advance::stream_points(policy, placed, line, stream);
                    let keeping = keeps(policy, of.pool, placed.at);
                    matured.push(placed.matured_of(line, stream, points, at, keeping).map_err(too_large)?);
                }
                for earned in &issued {
                    volume =
                        volume.checked_add(earned.points).ok_or_else(|| overflow("the sum of the rules"))?;
                }
                changes.push(Change { order: *order, line, issued, dropped, matured });
            }
        }
        Ok((changes, volume))
    }

    fn take_back(&mut self, cause: Cause<'_>, change: &Change) {
        for (stream, matured) in change.matured.iter().enumerate() {
            let Some(placed) = self.orders.get_mut(cause.order) else { return };
            let line = placed.lines.get_mut(change.line).and_then(|line| line.streams.get_mut(stream));
            let Some(state) = line else { continue };
            let mut falls = (state.matured - matured).max(0);
            state.matured = state.matured.min(*matured);
            // What falls out of the available part is dropped as far as the decision dropped anything; the rest of it
            // goes back to pending, because fewer of the kept units are due.
            for Earned { rule, points } in &change.dropped {
                if self.stream_of(cause, *rule) != Some(stream) {
                    continue;
                }
                let from_available = falls.min(*points);
                falls -= from_available;
                self.drop_pending(cause, (change.line, stream), *rule, *points - from_available);
                self.drop_available(cause, (change.line, stream), *rule, from_available);
            }
            self.suspend(cause, (change.line, stream), falls);
        }
    }

    fn stream_of(&self, cause: Cause<'_>, rule: EarnId) -> Option<usize> {
        let placed = self.orders.get(cause.order)?;
        let pool = cause.policy.earns.try_get(rule)?.at(placed.at)?.body.pool;
        placed.stream_of(rule, pool)
    }

    fn pool_of(&self, cause: Cause<'_>, stream: usize) -> PoolId {
        let placed = self.orders.get(cause.order);
        placed.and_then(|placed| placed.streams.get(stream)).map_or(PoolId::new(0), |stream| stream.pool)
    }

    fn drop_pending(&mut self, cause: Cause<'_>, (line, stream): (usize, usize), rule: EarnId, points: i64) {
        let shift = Shift { action: Action::Reverse, from: Bucket::Pending, to: Bucket::Reversed, points };
        let pool = self.pool_of(cause, stream);
        self.post(cause.policy, cause.at, pool, shift, self.note(cause, line, Some(rule), None));
    }

    fn drop_available(&mut self, cause: Cause<'_>, place: (usize, usize), rule: EarnId, points: i64) {
        let shift = Shift { action: Action::Reverse, from: Bucket::Available, to: Bucket::Reversed, points };
        let pool = self.pool_of(cause, place.1);
        for (lot, points) in self.collect(cause, place, points) {
            let note = self.note(cause, place.0, Some(rule), lot);
            self.post(cause.policy, cause.at, pool, Shift { points, ..shift }, note);
        }
    }

    fn suspend(&mut self, cause: Cause<'_>, place: (usize, usize), points: i64) {
        let shift = Shift { action: Action::Suspend, from: Bucket::Available, to: Bucket::Pending, points };
        let pool = self.pool_of(cause, place.1);
        let mut found = 0;
        for (lot, points) in self.collect(cause, place, points) {
            found += points;
            let note = self.note(cause, place.0, None, lot);
            self.post(cause.policy, cause.at, pool, Shift { points, ..shift }, pending(note, pool));
        }
        // What has expired (or was forgiven) cannot wait again; the pending part it stood for is earned anew.
        let shift = Shift {
            action: Action::Earn,
            from: Bucket::Programme,
            to: Bucket::Pending,
            points: points - found,
        };
        let note = pending(self.note(cause, place.0, None, None), pool);
        self.post(cause.policy, cause.at, pool, shift, note);
    }

    /// Finds `points` of a line's available part: what is left of its lots, then (not taken a second time) what has
    /// expired, then what covers for others, then what was spent, from the lots spent next or as a debt. Returns what is
    /// to be posted, by lot; a debt has none.
    fn collect(
        &mut self,
        cause: Cause<'_>,
        (line, stream): (usize, usize),
        points: i64,
    ) -> Vec<(Option<LotId>, i64)> {
        let Some(placed) = self.orders.get(cause.order) else { return Vec::new() };
        let terms_at = placed.at;
        let own = placed.lines.get(line).and_then(|line| line.streams.get(stream));
        let own = own.map(|state| state.lots.clone()).unwrap_or_default();
        let pool = self.pool_of(cause, stream);
        let Some(state) = self.pools.try_get_mut(pool) else { return Vec::new() };
        let terms = cause.policy.pool_terms(pool, terms_at);
        let spend = terms.map(|terms| terms.spend.as_slice()).unwrap_or_default();
        let owes = terms.is_some_and(|terms| terms.returns == Returns::TakeBackDebt);
        state.lots.collect(&own, points, spend, owes)
    }

    /// Gives `points` of a payment that were paid for a line back, the lots taken last first.
    fn give_back(&mut self, cause: Cause<'_>, payment: usize, line: usize, points: i64) {
        let mut left = points;
        let paid = self.orders.get_mut(cause.order).and_then(|placed| placed.payments.get_mut(payment));
        let Some(paid) = paid else { return };
        let rule = paid.rule;
        if let Some(restored) = paid.restored.get_mut(line) {
            *restored += points;
        }
        while left > 0 {
            let paid = self.orders.get_mut(cause.order).and_then(|placed| placed.payments.get_mut(payment));
            let take = paid.and_then(|paid| paid.takes.iter_mut().rev().find(|take| take.points > 0));
            let Some(take) = take else { return };
            let back = left.min(take.points);
            take.points -= back;
            left -= back;
            let (pool, source) = (take.pool, take.source);
            let terms = self.orders.get(cause.order).map_or(cause.at, |placed| placed.at);
            let clause = Some(Clause::Redeem { rule, terms });
            let note = Note { clause, ..self.note(cause, line, None, None) };
            self.give_back_to(cause.policy, cause.at, (pool, source), (back, Bucket::Redeemed), note);
        }
    }

    /// Points paid come back to where they were taken; to a lot that has lapsed they come back expired.
    pub(crate) fn give_back_to(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (pool, source): (PoolId, Source),
        (points, from): (i64, Bucket),
        note: Note,
    ) {
        let restore = Shift { action: Action::Restore, from, to: Bucket::Available, points };
        let Some(state) = self.pools.try_get_mut(pool) else { return };
        let (lot, died) = match source {
            Source::Debt(debt) => {
                if let Some(debt) = state.lots.debts.get_mut(debt) {
                    debt.owed -= points;
                }
                (None, 0)
            }
            Source::Lot(lot) => {
                let (died, refilled) = state.lots.give_back(lot, points);
                self.rebook(pool, refilled);
                (Some(lot), died)
            }
        };
        let note = Note { lot, ..note };
        self.post(policy, at, pool, Shift { points: points - died, ..restore }, note.clone());
        let expire = Shift { action: Action::Expire, to: Bucket::Expired, points: died, ..restore };
        let clause = Some(Clause::Expiry { pool, terms: at });
        // What is no longer elsewhere is told once.
        let arrived = note.arrived.clone().filter(|_| died == points);
        self.post(policy, at, pool, expire, Note { clause, arrived, ..note });
    }

    fn issue(&mut self, cause: Cause<'_>, change: &Change) {
        let shift = Shift { action: Action::Earn, from: Bucket::Programme, to: Bucket::Pending, points: 0 };
        for Earned { rule, points } in &change.issued {
            let Some(stream) = self.stream_of(cause, *rule) else { continue };
            let pool = self.pool_of(cause, stream);
            let note = self.note(cause, change.line, Some(*rule), None);
            self.post(cause.policy, cause.at, pool, Shift { points: *points, ..shift }, note);
        }
    }

    fn note(&self, cause: Cause<'_>, line: usize, rule: Option<EarnId>, lot: Option<LotId>) -> Note {
        let terms = self.orders.get(cause.order).map_or(cause.at, |placed| placed.at);
        let clause = match rule {
            Some(rule) => Clause::Earn { rule, terms },
            None => Clause::Pending { pool: PoolId::new(0), rule: None, terms },
        };
        let line = Some((cause.order, Some(line)));
        Note { event: Some(cause.event.clone()), clause: Some(clause), line, lot, ..Note::default() }
    }
}

/// Of the changed order's payments, what comes back: (payment, line, points).
fn restored(overlay: &Overlay, changed: OrderId) -> Result<Vec<(usize, usize, i64)>, Overflow> {
    let mut restored = Vec::new();
    let Some(placed) = overlay.get(&changed) else { return Ok(restored) };
    for line in 0..placed.lines.len() {
        for (index, payment) in placed.payments.iter().enumerate() {
            let back = placed.points_to_restore(payment, line)?;
            let before = payment.restored.get(line).copied().unwrap_or(0);
            restored.push((index, line, back - before));
        }
    }
    Ok(restored)
}

/// A note that cites the wait of its pool.
fn pending(note: Note, pool: PoolId) -> Note {
    let clause = match note.clause {
        Some(Clause::Pending { rule, terms, .. }) => Some(Clause::Pending { pool, rule, terms }),
        other => other,
    };
    Note { clause, ..note }
}

/// By rule, what `more` has above `less`.
fn difference(more: &[Earned], less: &[Earned]) -> Vec<Earned> {
    let points_in = |list: &[Earned], rule| list.iter().find(|e| e.rule == rule).map_or(0, |e| e.points);
    let above = more.iter().map(|e| Earned { rule: e.rule, points: e.points - points_in(less, e.rule) });
    above.filter(|earned| earned.points > 0).collect()
}
