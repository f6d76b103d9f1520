//! What happens to orders and declared events later: they ship, are marked, cancelled, returned, refunded.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, keeps, overflow};
use super::event::Movement;
use super::lots::OrderId;
use super::placed::{Due, Interval, Parcel, PlacedOrder, RETURNED, line_index, resolve_lines};
use super::replay::Shared;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{ExpiryAnchorKind, Occasion, Policy};
use crate::value::{Overflow, Ratio};

impl Account {
    fn find(&self, number: &str) -> Result<(OrderId, &PlacedOrder), Refusal> {
        let found = self.by_number.get(number).and_then(|id| Some((*id, self.orders.get(*id)?)));
        found.ok_or_else(|| {
            let message = format!("the account has no order `{number}` at this instant");
            Refusal::new(RefusalCode::UnknownOrder, "order", message)
        })
    }

    fn find_event(&self, id: &str) -> Result<(OrderId, &PlacedOrder), Refusal> {
        let found = self.by_event.get(id).and_then(|id| Some((*id, self.orders.get(*id)?)));
        found.ok_or_else(|| {
            let message = format!("the account has no event `{id}` at this instant");
            Refusal::new(RefusalCode::UnknownEvent, "event", message)
        })
    }

    pub(super) fn ship(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        movement: &Movement,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(&movement.number)?;
        let left = |line| placed.unshipped(line);
        let moves = resolve_lines(placed, movement.lines.as_deref(), left, "shipped")?;
        let due: Vec<Option<Interval>> = placed
            .streams
            .iter()
            .map(|stream| match &stream.due {
                Due::Shipped { from, by } => Ok(Some(Interval {
                    from: from.instant(&policy.calendar, at)?,
                    by: by.instant(&policy.calendar, at)?,
                })),
                Due::Fixed(_) | Due::Mark { .. } => Ok(None),
            })
            .collect::<Result<_, Overflow>>()
            .map_err(|_| overflow("the pending rule"))?;
        let deadlines = self.extended_by(policy, at, ExpiryAnchorKind::Shipped, placed)?;
        self.set_deadlines(deadlines);
        let Some(placed) = self.orders.get_mut(order) else { return Ok(()) };
        for (line, units) in &moves {
            if let Some(state) = placed.lines.get_mut(*line) {
                state.shipped += units;
                state.parcels.push(Parcel { units: *units, due: due.clone(), event: id.clone() });
            }
        }
        for (line, _) in moves {
            for (stream, due) in due.iter().enumerate() {
                if let Some(due) = due {
                    self.schedule(due.by, order, line, stream);
                }
            }
        }
        // Without a delay they are due now.
        self.advance(policy, shared, at).map_err(|_| overflow("the expiry rule"))
    }

    pub(super) fn mark(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        event: &str,
        mark: &str,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find_event(event)?;
        let declared = match placed.order.of {
            Occasion::Event(kind) => Some((kind, &policy.events[kind])),
            _ => None,
        };
        let index = declared
            .and_then(|(kind, event)| Some((kind, event.marks.iter().position(|known| known == mark)?)));
        let Some((kind, index)) = index else {
            let name = declared.map_or("", |(_, event)| event.name.as_str());
            let message = format!("event `{event}` is a `{name}`, which has no mark `{mark}`");
            return Err(Refusal::new(RefusalCode::UnknownMark, "mark", message));
        };
        if placed.marks.get(index).copied().flatten().is_some() {
            let message = format!("event `{event}` has the mark `{mark}` already");
            return Err(Refusal::new(RefusalCode::RepeatedMark, "mark", message));
        }
        if placed.kept(0) == 0 {
            let message = format!("event `{event}` has been cancelled");
            return Err(Refusal::new(RefusalCode::NothingLeft, "event", message));
        }
        let mut placed = placed.clone();
        if let Some(slot) = placed.marks.get_mut(index) {
            *slot = Some(at);
        }
        for stream in &mut placed.streams {
            if let Due::Mark { mark, from, by } = &stream.due
                && *mark == index
            {
                let instant = |moment: &crate::value::moment::Moment| {
                    moment.instant(&policy.calendar, at).map_err(|_| overflow("the pending rule"))
                };
                stream.due = Due::Fixed(Interval { from: instant(from)?, by: instant(by)? });
            }
        }
        let deadlines = self.extended_by(policy, at, ExpiryAnchorKind::Mark(kind, index), &placed)?;
        self.settle(policy, shared, at, &id, (order, placed))?;
        self.schedule_order(order, at);
        for (state, deadline) in self.pools.iter_mut().zip(deadlines) {
            state.deadline = state.deadline.max(deadline);
        }
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        movement: &Movement,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(&movement.number)?;
        let left = |line| placed.unshipped(line);
        let moves = resolve_lines(placed, movement.lines.as_deref(), left, "cancelled")?;
        let mut placed = placed.clone();
        for (line, units) in moves {
            if let Some(state) = placed.lines.get_mut(line) {
                state.cancelled += units;
            }
        }
        self.settle(policy, shared, at, &id, (order, placed))
    }

    /// A declared event, a reward taken, or a move asked for is undone.
    pub(super) fn cancel_event(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        event: &str,
    ) -> Result<(), Refusal> {
        if self.rewards.contains_key(event) {
            return self.give_reward_back(policy, at, id, event);
        }
        if self.sent.contains_key(event) {
            return self.undo_move(policy, at, id, event);
        }
        let (order, placed) = self.find_event(event)?;
        let mut placed = placed.clone();
        if placed.kept(0) == 0 {
            return Err(super::judge::cancelled_already(event));
        }
        for state in &mut placed.lines {
            state.cancelled = 1;
        }
        self.settle(policy, shared, at, &id, (order, placed))
    }

    pub(super) fn take_return(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        movement: &Movement,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(&movement.number)?;
        // Where nothing waits for shipping, goods are handed over with the order.
        let ships = self.ties.ships;
        let left = |line| if ships { placed.returnable(line) } else { placed.kept(line) };
        let moves = resolve_lines(placed, movement.lines.as_deref(), left, RETURNED)?;
        let mut placed = placed.clone();
        // Where every pool keeps its points, returned units stay due.
        let keeping = placed.streams.iter().all(|stream| keeps(policy, stream.pool, placed.at))
            && !placed.streams.is_empty();
        for (line, units) in moves {
            if let Some(state) = placed.lines.get_mut(line) {
                state.returned += units;
                if !keeping {
                    state.unpack(units);
                }
            }
        }
        self.settle(policy, shared, at, &id, (order, placed))
    }

    pub(super) fn refund(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        number: &str,
        lines: &[(String, i64)],
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(number)?;
        let mut placed = placed.clone();
        for (position, (line_id, amount)) in lines.iter().enumerate() {
            let line = line_index(&placed, line_id, position)?;
            let what = format!("line `{line_id}`");
            give_money_back(
                policy,
                &mut placed,
                line,
                *amount,
                (&what, &format!("lines[{position}].amount")),
            )?;
        }
        self.settle(policy, shared, at, &id, (order, placed))
    }

    pub(super) fn refund_event(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        event: &str,
        amount: i64,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find_event(event)?;
        let mut placed = placed.clone();
        let what = format!("event `{event}`");
        give_money_back(policy, &mut placed, 0, amount, (&what, "amount"))?;
        self.settle(policy, shared, at, &id, (order, placed))
    }
}

fn give_money_back(
    policy: &Policy,
    placed: &mut PlacedOrder,
    line: usize,
    amount: i64,
    (what, path): (&str, &str),
) -> Result<(), Refusal> {
    let most = placed.refundable(line).map_err(|_| overflow("the money refunded"))?;
    if Ratio::whole(amount) > most {
        let currency = policy.currency;
        let message = format!(
            "{} are to be refunded on {what}, but only {} were paid in money for what is kept of it",
            currency.format(Ratio::whole(amount)),
            currency.format(most)
        );
        return Err(Refusal::new(RefusalCode::MoreThanLeft, path, message));
    }
    let kept = placed.kept(line);
    if let Some(state) = placed.lines.get_mut(line) {
        state.refunds.push((amount, kept));
    }
    Ok(())
}
