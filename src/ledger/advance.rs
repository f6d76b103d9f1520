//! What falls due. Time only moves forward: [`Account::advance`] applies everything due up to an instant, at each instant
//! first levels that end and what expires, then what becomes available, then periods that end, then scheduled moves.

use jiff::Timestamp;

use super::account::{Account, Clock, Note, Shift, keeps};
use super::entry::{Action, Bucket, Clause};
use super::lots::{LotId, OrderId, Origin};
use super::period;
use super::replay::Shared;
use crate::eval::condition_holds;
use crate::policy::{LotExpiry, MoveId, MoveWhen, Period, Policy, PoolId, TierId};
use crate::value::Overflow;
use crate::value::moment::next;
use std::sync::Arc;

/// What comes next, in the order in which things of one instant are applied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Level(TierId),
    Lots(PoolId),
    Balance(PoolId),
    Recheck(PoolId),
    Mature,
    End(usize),
    Move(MoveId),
}

impl Account {
    /// Applies everything due up to and including `at`.
    pub(crate) fn advance(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
    ) -> Result<(), Overflow> {
        while let Some((when, next)) = self.next_due().filter(|(when, _)| *when <= at) {
            match next {
                Next::Level(tier) => self.change_level(policy, when, tier)?,
                Next::Lots(pool) => self.run_out(policy, when, pool)?,
                Next::Balance(pool) => self.expire(policy, when, pool),
                Next::Recheck(pool) => self.recheck(policy, when, pool)?,
                Next::Mature => self.mature_due(policy, when)?,
                Next::End(index) => self.end_period(policy, shared, when, index)?,
                Next::Move(id) => self.move_due(policy, shared, when, id)?,
            }
        }
        Ok(())
    }

    /// When something falls due next.
    pub(crate) fn wakes(&self) -> Option<Timestamp> {
        self.next_due().map(|(when, _)| when)
    }

    fn next_due(&self) -> Option<(Timestamp, Next)> {
        let mut next: Option<(Timestamp, Next)> = None;
        let mut offer = |when: Option<Timestamp>, what: Next| {
            if let Some(when) = when
                && next.is_none_or(|best| (when, what) < best)
            {
                next = Some((when, what));
            }
        };
        for (tier, state) in self.tiers.iter_enumerated() {
            offer(state.changes(), Next::Level(tier));
        }
        for (pool, state) in self.pools.iter_enumerated() {
            offer(state.lots.next_expiry(), Next::Lots(pool));
            offer(state.deadline, Next::Balance(pool));
            offer(state.recheck, Next::Recheck(pool));
        }
        offer(self.due.first().map(|(when, ..)| *when), Next::Mature);
        for (index, (_, end)) in self.ends.iter().enumerate() {
            offer(Some(*end), Next::End(index));
        }
        offer(
            self.moves.first().map(|(when, _)| *when),
            self.moves.first().map_or(Next::Mature, |m| Next::Move(m.1)),
        );
        next
    }

    /// The balance's deadline passes.
    fn expire(&mut self, policy: &Policy, at: Timestamp, pool: PoolId) {
        let Some(state) = self.pools.try_get_mut(pool) else { return };
        state.deadline = None;
        for (lot, points) in state.lots.lapse() {
            self.post_expiry(policy, at, pool, (lot, points), Clause::Expiry { pool, terms: at });
        }
    }

    /// The clocks of lots run out.
    fn run_out(&mut self, policy: &Policy, at: Timestamp, pool: PoolId) -> Result<(), Overflow> {
        let Some(state) = self.pools.try_get_mut(pool) else { return Ok(()) };
        for lot in state.lots.run_out(at) {
            let Some(state) = self.pools.try_get(pool) else { return Ok(()) };
            let acquired = state.lots.lots.get(lot).map_or(at, |lot| lot.acquired);
            if self.is_paused(policy, at, pool, acquired) {
                let recheck = next_midnight(policy, at)?;
                if let Some(state) = self.pools.try_get_mut(pool) {
                    state.lots.pause(lot);
                    state.recheck = Some(recheck);
                }
                continue;
            }
            let died = self.pools.try_get_mut(pool).map_or(0, |state| state.lots.lapse_one(lot));
            self.post_expiry(policy, at, pool, (lot, died), Clause::LotExpiry { pool, terms: acquired });
        }
        Ok(())
    }

    /// A day has passed while expiry was paused: what keeps it paused may have run out by time alone. Then the lots
    /// die now, at the end of the day on which it stopped.
    fn recheck(&mut self, policy: &Policy, at: Timestamp, pool: PoolId) -> Result<(), Overflow> {
        let next = next_midnight(policy, at)?;
        let unpaused = self.unpaused(policy, at, pool);
        let Some(state) = self.pools.try_get_mut(pool) else { return Ok(()) };
        state.lots.resume(&unpaused, at);
        state.recheck = state.lots.has_paused().then_some(next);
        Ok(())
    }

    /// The paused lots of a pool whose pause has ended.
    fn unpaused(&self, policy: &Policy, at: Timestamp, pool: PoolId) -> Vec<LotId> {
        let Some(state) = self.pools.try_get(pool) else { return Vec::new() };
        let acquired = |lot: LotId| state.lots.lots.get(lot).map_or(at, |lot| lot.acquired);
        let paused = state.lots.paused();
        paused.filter(|lot| !self.is_paused(policy, at, pool, acquired(*lot))).collect()
    }

    fn post_expiry(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        pool: PoolId,
        (lot, points): (LotId, i64),
        clause: Clause,
    ) {
        let shift = Shift { action: Action::Expire, from: Bucket::Available, to: Bucket::Expired, points };
        let line = self.origin_line(pool, lot);
        self.post(
            policy,
            at,
            pool,
            shift,
            Note { clause: Some(clause), line, lot: Some(lot), ..Note::default() },
        );
    }

    /// True where the expiry of a lot acquired at `acquired` is paused now.
    pub(super) fn is_paused(
        &self,
        policy: &Policy,
        at: Timestamp,
        pool: PoolId,
        acquired: Timestamp,
    ) -> bool {
        let terms = policy.pool_terms(pool, acquired);
        let Some(LotExpiry::After { paused: Some(condition), .. }) = terms.map(|terms| &terms.lot_expiry)
        else {
            return false;
        };
        let known = self.known_now(policy, at);
        condition_holds(policy, at, (&self.member, &known), None, condition).unwrap_or(false)
    }

    /// Paused lots whose pause has ended die at the end of this local day.
    pub(crate) fn resume(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        for pool in self.pools.ids() {
            if !self.pools.try_get(pool).is_some_and(|state| state.lots.has_paused()) {
                continue;
            }
            let unpaused = self.unpaused(policy, at, pool);
            let end = next_midnight(policy, at)?;
            if let Some(state) = self.pools.try_get_mut(pool) {
                state.lots.resume(&unpaused, end);
            }
        }
        Ok(())
    }

    fn mature_due(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        while let Some(due) = self.due.first().copied().filter(|(when, ..)| *when <= at) {
            self.due.remove(&due);
            let (_, order, line, stream) = due;
            let Some(placed) = self.orders.get(order) else { continue };
            let Some(state) = placed.lines.get(line) else { continue };
            let Some(pool) = placed.streams.get(stream).map(|stream| stream.pool) else { continue };
            let keeping = keeps(policy, pool, placed.at);
            let points = stream_points(policy, placed, line, stream);
            let matured = placed.matured_of(line, stream, points, at, keeping)?;
            let parcel = state
                .parcels
                .iter()
                .find(|parcel| parcel.due.get(stream).copied().flatten().is_some_and(|due| due.by == at));
            let event = parcel.map_or_else(|| placed.event.clone(), |parcel| parcel.event.clone());
            self.mature(policy, at, (order, line, stream), matured, &event)?;
        }
        Ok(())
    }

    /// Raises the available points of a line's stream to `matured`: the difference is acquired at `at`.
    pub(crate) fn mature(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (order, line, stream): (OrderId, usize, usize),
        matured: i64,
        cause: &Arc<str>,
    ) -> Result<(), Overflow> {
        let Some(placed) = self.orders.get_mut(order) else { return Ok(()) };
        let (terms, earning) = (placed.at, placed.event.clone());
        let Some((pool, rule)) = placed.streams.get(stream).map(|stream| (stream.pool, stream.rule)) else {
            return Ok(());
        };
        let lots = self.pools.try_get(pool).map_or(0, |state| state.lots.lots.len());
        let state = placed.lines.get_mut(line).and_then(|line| line.streams.get_mut(stream));
        let Some(state) = state else { return Ok(()) };
        let points = matured - state.matured;
        if points <= 0 {
            return Ok(());
        }
        state.matured = matured;
        state.lots.push(lots);
        let origin = Origin { event: earning, line: Some((order, line)) };
        let shift = Shift { action: Action::Acquire, from: Bucket::Pending, to: Bucket::Available, points };
        let clause = Some(Clause::Pending { pool, rule, terms });
        let line = Some((order, Some(line)));
        let note = Note { event: Some(cause.clone()), clause, line, ..Note::default() };
        self.acquire(policy, at, pool, (origin, Clock::Rule(rule)), shift, note)
    }

    /// Begins to watch for what comes by the calendar: ends of periods, scheduled moves.
    pub(crate) fn start_clocks(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        self.start_turns(policy, at)?;
        for period in &self.ties.ends {
            self.ends.push((*period, period::around(policy, &self.member, *period, at)?.end));
        }
        for id in policy.moves.ids() {
            self.schedule_move(policy, id, at)?;
        }
        Ok(())
    }

    /// A member's own year begins on another day from now on, perhaps.
    pub(crate) fn restart_years(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        for (period, end) in &mut self.ends {
            if matches!(period, Period::YearOfMember(_)) {
                *end = period::around(policy, &self.member, *period, at)?.end;
            }
        }
        let used = self.used;
        for (id, rule) in policy.moves.iter_enumerated().filter(|_| used) {
            let of_member = |when: &MoveWhen| matches!(when, MoveWhen::EndOf(Period::YearOfMember(_)));
            if rule.versions.iter().any(|version| of_member(&version.body.when)) {
                self.moves.retain(|(_, other)| *other != id);
                self.schedule_move(policy, id, at)?;
            }
        }
        Ok(())
    }

    /// The next day of a scheduled move after `at`.
    pub(crate) fn schedule_move(
        &mut self,
        policy: &Policy,
        id: MoveId,
        at: Timestamp,
    ) -> Result<(), Overflow> {
        let Some(rule) = policy.moves.try_get(id) else { return Ok(()) };
        let mut soonest: Option<Timestamp> = None;
        for version in &rule.versions {
            let days = match &version.body.when {
                MoveWhen::Request => continue,
                MoveWhen::Days(days) => days,
                MoveWhen::EndOf(period) => {
                    let from = version.window.from.map_or(at, |from| from.max(at));
                    let end = period::around(policy, &self.member, *period, from)?.end;
                    if version.window.contains(period::just_before(end)?) {
                        soonest = Some(soonest.map_or(end, |soonest| soonest.min(end)));
                    }
                    continue;
                }
            };
            for day in days {
                // A day in a version's window: look from its first day on.
                let from = version.window.from.map_or(at, |from| from.max(at));
                let mut date = policy.calendar.zone.local(from).date();
                if from > at {
                    date = date.yesterday().map_err(|_| Overflow)?;
                }
                loop {
                    let on = next(*day, date)?;
                    let midnight = match day.day {
                        Some(_) => policy.calendar.zone.midnight(on)?,
                        None => policy.calendar.zone.midnight(on.tomorrow().map_err(|_| Overflow)?)?,
                    };
                    if midnight > at {
                        let governs =
                            if day.day.is_some() { midnight } else { period::just_before(midnight)? };
                        if version.window.contains(governs) {
                            soonest = Some(soonest.map_or(midnight, |soonest| soonest.min(midnight)));
                        }
                        break;
                    }
                    date = on;
                }
            }
        }
        self.moves.extend(soonest.map(|when| (when, id)));
        Ok(())
    }
}

/// The first instant of the next local day.
fn next_midnight(policy: &Policy, at: Timestamp) -> Result<Timestamp, Overflow> {
    let today = policy.calendar.zone.local(at).date();
    policy.calendar.zone.midnight(today.tomorrow().map_err(|_| Overflow)?)
}

/// Points of a line in one stream, as now decided.
pub(crate) fn stream_points(
    policy: &Policy,
    placed: &super::placed::PlacedOrder,
    line: usize,
    stream: usize,
) -> i64 {
    let earned = placed.lines.get(line).map_or(&[][..], |line| line.earned.as_slice());
    let ours = earned.iter().filter(|earned| {
        let pool = policy.earns.try_get(earned.rule).and_then(|rule| rule.at(placed.at)).map(|v| v.body.pool);
        pool.and_then(|pool| placed.stream_of(earned.rule, pool)) == Some(stream)
    });
    ours.map(|earned| earned.points).sum()
}
