//! What happens to orders and declared events later: they ship, are marked, cancelled, returned.

use std::sync::Arc;

use super::super::books::Task;
use super::super::books::case::{
    Case, CaseId, Due, Interval, LineId, Parcel, Place, RETURNED, resolve_lines,
};
use super::super::books::instant::Stored;
use super::super::input::event::Movement;
use super::posting::Maturing;
use super::settle::points_in;
use super::{Turn, keeps_points, too_large};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{ExpiryAnchorKind, IdVec, Occasion, PoolId};
use crate::value::moment::Moment;

impl Turn<'_> {
    /// The order of a number.
    pub(super) fn order(&self, number: &str) -> Result<CaseId, Refusal> {
        self.books.numbers.get(number).copied().ok_or_else(|| {
            let message = format!("the account has no order `{number}` at this instant");
            Refusal::new(RefusalCode::UnknownOrder, "order", message)
        })
    }

    /// The declared event of an id.
    pub(super) fn event(&self, id: &str) -> Result<CaseId, Refusal> {
        self.books.events.get(id).copied().ok_or_else(|| {
            let message = format!("the account has no event `{id}` at this instant");
            Refusal::new(RefusalCode::UnknownEvent, "event", message)
        })
    }

    fn interval(&self, from: &Moment, by: &Moment) -> Result<Interval, Refusal> {
        let instant = |moment: &Moment| {
            let instant = moment.instant(&self.policy.calendar, self.at);
            instant.map_err(too_large("the pending rule"))
        };
        Ok(Interval { from: instant(from)?, by: instant(by)? })
    }

    pub(super) fn ship(&mut self, movement: &Movement) -> Result<(), Refusal> {
        let id = self.order(&movement.number)?;
        let mut case = self.books.cases.take(id);
        let moves = resolve_lines(&case, movement.lines.as_deref(), |line| case.unshipped(line), "shipped")?;
        let due = case.streams.iter().map(|stream| match &stream.due {
            Due::Shipped { from, by } => self.interval(from, by).map(Some),
            Due::Fixed(_) | Due::Mark { .. } => Ok(None),
        });
        let due: IdVec<_, Option<Interval>> = due.collect::<Result<_, Refusal>>()?;
        let all: Vec<PoolId> = self.policy.pools.ids().collect();
        self.extend(ExpiryAnchorKind::Shipped, &case, &all)?;
        for (line, units) in &moves {
            let state = &mut case.lines[*line];
            state.shipped += units;
            state.parcels.push(Parcel { units: *units, due: due.clone(), event: self.cause.clone() });
        }
        let (at, event) = (case.at.plain(), case.event.clone());
        self.books.cases.put(id, case);
        for when in due.iter().flatten().map(|due| due.by).filter(|by| *by > self.at) {
            self.books.agenda.insert((when, Task::Mature { at, event: event.clone(), case: id }));
        }
        // Without a delay they are due now.
        for (line, _) in moves {
            self.mature_line(id, line)?;
        }
        Ok(())
    }

    /// What is due of a case by now becomes available, line by line.
    pub(super) fn mature_case(&mut self, id: CaseId) -> Result<(), Refusal> {
        let lines = self.books.cases.get_mut(id).lines.ids();
        lines.into_iter().try_for_each(|line| self.mature_line(id, line))
    }

    fn mature_line(&mut self, id: CaseId, line: LineId) -> Result<(), Refusal> {
        let due = {
            let case = self.books.cases.get(id);
            let mut due = Vec::new();
            for (stream, of) in case.streams.iter_enumerated() {
                let place = Place { line, stream };
                let keeping = keeps_points(self.policy, of.pool, case.at);
                let points = points_in(self.policy, &case, &case.lines[line].earned, place);
                let matured = case.matured_of(place, points, self.at, keeping);
                let matured = matured.map_err(too_large("the order as it now stands"))?;
                let mut parcels = case.lines[line].parcels.iter();
                let parcel = parcels.find(|parcel| parcel.due[stream].is_some_and(|due| due.by == self.at));
                let cause = parcel.map_or_else(|| case.event.clone(), |parcel| parcel.event.clone());
                due.push(Maturing { stream, matured, cause });
            }
            due
        };
        self.mature(id, line, due)
    }

    pub(super) fn mark(&mut self, event: &str, mark: &str) -> Result<(), Refusal> {
        let id = self.event(event)?;
        let mut case = self.books.cases.take(id);
        let Occasion::Event(kind) = case.order.of else { return Err(unknown_mark(event, "case", mark)) };
        let declared = &self.policy.events[kind];
        let Some(index) = declared.marks.iter().position(|known| known == mark) else {
            return Err(unknown_mark(event, &declared.name, mark));
        };
        let slot = case.marks.get_mut(index).filter(|slot| slot.is_none());
        let Some(slot) = slot else {
            let message = format!("event `{event}` has the mark `{mark}` already");
            return Err(Refusal::new(RefusalCode::RepeatedMark, "mark", message));
        };
        *slot = Some(self.at);
        if case.is_gone() {
            let message = format!("event `{event}` has been cancelled");
            return Err(Refusal::new(RefusalCode::NothingLeft, "event", message));
        }
        for stream in Arc::make_mut(&mut case.streams).iter_mut() {
            if let Due::Mark { mark, from, by } = &stream.due
                && *mark == index
            {
                stream.due = Due::Fixed(self.interval(from, by)?);
            }
        }
        let extended = case.clone();
        self.books.cases.put(id, case);
        self.settle(id)?;
        self.schedule(id);
        let all: Vec<PoolId> = self.policy.pools.ids().collect();
        self.extend(ExpiryAnchorKind::Mark(kind, index), &extended, &all)
    }

    pub(super) fn cancel(&mut self, movement: &Movement) -> Result<(), Refusal> {
        let id = self.order(&movement.number)?;
        let mut case = self.books.cases.take(id);
        let left = |line| case.unshipped(line);
        for (line, units) in resolve_lines(&case, movement.lines.as_deref(), left, "cancelled")? {
            case.lines[line].cancelled += units;
        }
        self.change(id, case)
    }

    /// A changed case takes its place, and what follows is settled.
    pub(super) fn change(&mut self, id: CaseId, case: Case) -> Result<(), Refusal> {
        self.books.cases.put(id, case);
        self.settle(id)
    }

    /// A declared event, a reward taken, or a move asked for is undone.
    pub(super) fn cancel_event(&mut self, event: &str) -> Result<(), Refusal> {
        if let Some(reward) = self.books.rewards_by_event.get(event).copied() {
            return self.give_reward_back(event, reward);
        }
        if let Some(sent) = self.books.moves_by_event.get(event).copied() {
            return self.undo_move(event, sent);
        }
        let id = self.event(event)?;
        let mut case = self.books.cases.take(id);
        if case.is_gone() {
            return Err(cancelled_already(event));
        }
        for line in case.lines.iter_mut() {
            line.cancelled = 1;
        }
        self.change(id, case)
    }

    pub(super) fn take_return(&mut self, movement: &Movement) -> Result<(), Refusal> {
        let id = self.order(&movement.number)?;
        let mut case = self.books.cases.take(id);
        // Where nothing waits for shipping, goods are handed over with the order.
        let left = |line| if case.ships { case.returnable(line) } else { case.kept(line) };
        let moves = resolve_lines(&case, movement.lines.as_deref(), left, RETURNED)?;
        // Where every pool keeps its points, returned units stay due.
        let keeping = case.streams.iter().all(|stream| keeps_points(self.policy, stream.pool, case.at))
            && !case.streams.is_empty();
        for (line, units) in moves {
            let state = &mut case.lines[line];
            state.returned += units;
            if !keeping {
                state.unpack(units);
            }
        }
        self.change(id, case)
    }
}

fn unknown_mark(event: &str, kind: &str, mark: &str) -> Refusal {
    let message = format!("event `{event}` is a `{kind}`, which has no mark `{mark}`");
    Refusal::new(RefusalCode::UnknownMark, "mark", message)
}

/// The refusal of a second cancel.
pub(super) fn cancelled_already(event: &str) -> Refusal {
    let message = format!("event `{event}` has been cancelled already");
    Refusal::new(RefusalCode::NothingLeft, "event", message)
}
