//! What falls due. Time only moves forward: at each instant first levels change and what expires goes, then points become
//! available, then periods end, then scheduled moves are made.

use jiff::Timestamp;

use super::super::books::Task;
use super::super::books::entry::{Action, Bucket, Clause};
use super::super::books::lots::LotId;
use super::super::period::just_before;
use super::{Posting, Transition, Turn, Why, too_large};
use crate::eval::Refusal;
use crate::policy::{MoveId, MoveWhen, Period, PoolId};

impl Turn<'_> {
    /// What a task does that is due now.
    pub fn due(mut self, task: &Task) -> Result<Transition, Refusal> {
        self.begin(task);
        match task {
            Task::Level(tier) => self.change_level(*tier)?,
            Task::Lots(pool) => self.run_out(*pool)?,
            Task::Balance(pool) => self.expire(*pool),
            Task::Recheck(pool) => self.recheck(*pool)?,
            Task::Mature { case, .. } => self.mature_case(*case)?,
            Task::End(place) => self.end_period(*place)?,
            Task::Move(_, id) => self.move_due(*id)?,
        }
        let mut transition = self.finish()?;
        if matches!(task, Task::Level(_)) {
            // No event made it so: time did.
            transition.levels.iter_mut().for_each(|change| change.event = None);
        }
        Ok(transition)
    }

    /// The same task where it has been refused: it does nothing, and the next of its kind is watched for.
    pub fn skip(mut self, task: &Task) -> Result<Transition, Refusal> {
        self.begin(task);
        match task {
            Task::Level(tier) => {
                let book = self.books.tiers[*tier].to_mut();
                book.begin(self.at);
                book.end(self.at);
                book.turns = book.turns.filter(|turns| *turns > self.at);
            }
            Task::Lots(pool) => {
                self.books.pools[*pool].lots.run_out(self.at);
            }
            Task::Balance(pool) => self.books.pools[*pool].deadline = None,
            Task::Recheck(pool) => self.books.pools[*pool].recheck = None,
            Task::Mature { .. } => {}
            Task::End(place) => {
                if let Some(period) = self.links.ends.get(*place) {
                    let next = self.around(*period, self.at)?.end;
                    self.books.agenda.insert((next, Task::End(*place)));
                }
            }
            Task::Move(_, id) => self.schedule_move(*id)?,
        }
        self.finish()
    }

    /// The task is on the agenda no longer.
    fn begin(&mut self, task: &Task) {
        self.books.brought_to = self.books.brought_to.max(Some(self.at));
        if matches!(task, Task::Mature { .. } | Task::End(_) | Task::Move(..)) {
            self.books.agenda.remove(&(self.at, task.clone()));
        }
    }

    /// The balance's deadline passes.
    fn expire(&mut self, pool: PoolId) {
        let book = &mut self.books.pools[pool];
        book.deadline = None;
        for (lot, points) in book.lots.lapse() {
            self.post_expiry(pool, lot, points, Clause::Expiry { pool, terms: self.at });
        }
    }

    /// The clocks of lots run out.
    fn run_out(&mut self, pool: PoolId) -> Result<(), Refusal> {
        let out = self.books.pools[pool].lots.run_out(self.at);
        let known = if self.policy.tiers.is_empty() && self.policy.measures.is_empty() {
            crate::eval::order::Known::start(self.policy)
        } else {
            self.known_loosely(self.at)?
        };
        for lot in out {
            let acquired = self.books.pools[pool].lots.lot(lot).map_or(self.at, |lot| lot.acquired);
            if self.is_paused(pool, acquired, &known)? {
                let recheck = self.next_midnight()?;
                let book = &mut self.books.pools[pool];
                book.lots.pause(lot);
                book.recheck = self.links.pauses_by_time.then_some(recheck);
                continue;
            }
            let died = self.books.pools[pool].lots.lapse_one(lot);
            self.post_expiry(pool, lot, died, Clause::LotExpiry { pool, terms: acquired });
        }
        Ok(())
    }

    /// A day has passed while expiry was paused: what keeps it paused may have run out by time alone. Then the lots
    /// die now, at the end of the day on which it stopped.
    fn recheck(&mut self, pool: PoolId) -> Result<(), Refusal> {
        let next = self.next_midnight()?;
        let unpaused = self.unpaused(pool)?;
        let at = self.at;
        let book = &mut self.books.pools[pool];
        book.lots.resume(&unpaused, at);
        book.recheck = book.lots.has_paused().then_some(next);
        Ok(())
    }

    fn post_expiry(&mut self, pool: PoolId, lot: LotId, points: i64, clause: Clause) {
        let line = self.origin_line(pool, lot);
        let why = Why { clause: Some(clause), line, lot: Some(lot), ..Why::default() };
        let (action, from, to) = (Action::Expire, Bucket::Available, Bucket::Expired);
        self.post(Posting { pool, action, from, to, points, why });
    }

    /// The first instant of the next local day.
    pub(super) fn next_midnight(&self) -> Result<Timestamp, Refusal> {
        let zone = &self.policy.calendar.zone;
        let tomorrow = zone.local(self.at).date().tomorrow().map_err(|_| super::overflow("the calendar"))?;
        zone.midnight(tomorrow).map_err(too_large("the calendar"))
    }

    /// Begins to watch for what comes by the calendar: ends of periods, scheduled moves.
    pub(super) fn start_clocks(&mut self) -> Result<(), Refusal> {
        self.start_turns()?;
        for (place, period) in self.links.ends.iter().copied().enumerate() {
            let end = self.around(period, self.at)?.end;
            self.books.agenda.insert((end, Task::End(place)));
        }
        for id in self.policy.moves.ids() {
            self.schedule_move(id)?;
        }
        Ok(())
    }

    /// A member's own year begins on another day from now on, perhaps.
    pub(super) fn restart_years(&mut self) -> Result<(), Refusal> {
        if !self.books.used {
            return Ok(());
        }
        for (place, period) in self.links.ends.iter().copied().enumerate() {
            if matches!(period, Period::YearOfMember(_)) {
                self.strike(&Task::End(place));
                let end = self.around(period, self.at)?.end;
                self.books.agenda.insert((end, Task::End(place)));
            }
        }
        for (id, rule) in self.policy.moves.iter_enumerated() {
            let of_member = |when: &MoveWhen| matches!(when, MoveWhen::EndOf(Period::YearOfMember(_)));
            if rule.versions.iter().any(|version| of_member(&version.body.when)) {
                self.strike(&Task::Move(rule.name.as_str().into(), id));
                self.schedule_move(id)?;
            }
        }
        Ok(())
    }

    /// Takes a task off the agenda, whenever it is due.
    fn strike(&mut self, task: &Task) {
        let found: Vec<_> = self.books.agenda.iter().filter(|(_, known)| known == task).cloned().collect();
        for one in found {
            self.books.agenda.remove(&one);
        }
    }

    /// Watches for the next day of a scheduled move after now.
    pub(super) fn schedule_move(&mut self, id: MoveId) -> Result<(), Refusal> {
        let at = self.at;
        let rule = &self.policy.moves[id];
        let mut soonest: Option<Timestamp> = None;
        for version in &rule.versions {
            // A day in a version's window: look from its first day on.
            let from = version.window.from.map_or(at, |from| from.max(at));
            let mut days = Vec::new();
            match &version.body.when {
                MoveWhen::Request => {}
                MoveWhen::Days(on) => {
                    for day in on {
                        days.push(self.day_after(*day, from)?);
                    }
                }
                MoveWhen::EndOf(period) => {
                    let end = self.around(*period, from)?.end;
                    days.push((end, just_before(end).map_err(too_large("the calendar"))?));
                }
            }
            let falls = days.into_iter().filter(|(_, governs)| version.window.contains(*governs));
            soonest = falls.map(|(when, _)| when).chain(soonest).min();
        }
        if let Some(when) = soonest {
            self.books.agenda.insert((when, Task::Move(rule.name.as_str().into(), id)));
        }
        Ok(())
    }

    /// The next midnight after now, from an instant on, at which a move of this day of the year is made, and the instant
    /// whose terms govern it.
    fn day_after(
        &self,
        day: crate::value::moment::YearDay,
        from: Timestamp,
    ) -> Result<(Timestamp, Timestamp), Refusal> {
        let fits = || too_large("the calendar");
        let zone = &self.policy.calendar.zone;
        let mut date = zone.local(from).date();
        if from > self.at {
            date = date.yesterday().map_err(|_| super::overflow("the calendar"))?;
        }
        loop {
            let on = day.next(date, self.policy.calendar.missing_day).map_err(fits())?;
            let closes = day.day.is_none();
            let first = if closes { on.tomorrow().map_err(|_| super::overflow("the calendar"))? } else { on };
            let midnight = zone.midnight(first).map_err(fits())?;
            if midnight > self.at {
                let governs = if closes { just_before(midnight).map_err(fits())? } else { midnight };
                return Ok((midnight, governs));
            }
            date = on;
        }
    }
}
