//! Orders and declared events come in: what they pay with, when their points will be available, and what they earn.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Note, Shift, overflow};
use super::entry::{Action, Bucket, Clause};
use super::lots::{OrderId, Source};
use super::period::{around, just_before};
use super::placed::{Due, Interval, LineStream, Payment, PlacedLine, PlacedOrder, PoolTake, Stream};
use super::replay::Shared;
use crate::eval::context::{Context, Fault};
use crate::eval::net::Net;
use crate::eval::order::{Known, Order};
use crate::eval::reads::reads;
use crate::eval::{PaymentPlan, Refusal, RefusalCode, context_of, payments};
use crate::policy::{
    Earn, ExpiryAnchorKind, IdVec, Occasion, Pending, PendingAnchor, Period, Policy, PoolId, RedeemId, Rule,
};
use crate::value::Overflow;

impl Account {
    pub(super) fn place(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        number: &str,
        order: Order,
    ) -> Result<(), Refusal> {
        super::account::terms(policy, PoolId::new(0), at)?;
        if let Some(earlier) = self.by_number.get(number).and_then(|order| self.orders.get(*order)) {
            let message = format!("order `{number}` was already placed by event `{}`", earlier.event);
            return Err(Refusal::new(RefusalCode::DuplicateOrder, "order", message));
        }
        let known = self.known_now(policy, at);
        let used =
            self.uses_before(policy, shared, at).map_err(|_| overflow("the limits of the redeem rules"))?;
        let plans = payments(policy, at, (&self.member, &known), &order, &used)?;
        let points = plans.iter().try_fold(0i64, |sum, plan| sum.checked_add(plan.points));
        let points = points.ok_or_else(|| overflow("the points paid"))?;
        if !order.honoured {
            for plan in &plans {
                self.check_funds(policy, &spending_pools(policy, plan.rule, at), plan.points, "redeem")?;
            }
        }
        self.has_room(points)?;
        let mut placed = self.placed(policy, (at, at), (id.clone(), number.into()), order, known)?;
        placed.payments = plans.into_iter().map(payment).collect();
        let mut deadlines = self.extended_by(policy, at, ExpiryAnchorKind::OrderPlaced, &placed)?;
        for plan in &placed.payments {
            let redeemed = self.extended_by(policy, at, ExpiryAnchorKind::Redeemed, &placed)?;
            for pool in spending_pools(policy, plan.rule, at) {
                if let (Some(deadline), Some(redeemed)) =
                    (deadlines.try_get_mut(pool), redeemed.try_get(pool))
                {
                    *deadline = (*deadline).max(*redeemed);
                }
            }
        }
        let order = self.orders.len();
        self.settle_new(policy, shared, (at, &id), placed, deadlines)?;
        self.by_number.insert(number.into(), order);
        Ok(())
    }

    /// A declared event happens.
    pub(super) fn happen(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        order: Order,
    ) -> Result<(), Refusal> {
        let Occasion::Event(kind) = order.of else { return Ok(()) };
        let known = self.known_now(policy, at);
        let mut placed = self.placed(policy, (at, at), (id.clone(), id.clone()), order, known)?;
        let marks = policy.events[kind].marks.len();
        placed.marks = vec![None; marks];
        let deadlines = self.extended_by(policy, at, ExpiryAnchorKind::Happened(kind), &placed)?;
        let order = self.orders.len();
        self.settle_new(policy, shared, (at, &id), placed, deadlines)?;
        self.by_event.insert(id, order);
        Ok(())
    }

    fn settle_new(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        (at, id): (Timestamp, &Arc<str>),
        placed: PlacedOrder,
        deadlines: IdVec<PoolId, Option<Timestamp>>,
    ) -> Result<(), Refusal> {
        let (order, before) = (self.orders.len(), self.pools.iter().map(|state| state.deadline).collect());
        // Deadlines move before anything is acquired; a refusal puts them back.
        self.set_deadlines(deadlines);
        if let Err(refusal) = self.settle(policy, shared, at, id, (order, placed)) {
            self.set_deadlines(before);
            return Err(refusal);
        }
        self.schedule_order(order, at);
        Ok(())
    }

    /// A period at which rules look has ended: what they give for it is posted then.
    pub(super) fn end_period(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        index: usize,
    ) -> Result<(), Overflow> {
        let Some((period, _)) = self.ends.get(index).copied() else { return Ok(()) };
        let last = just_before(at)?;
        let ended = around(policy, &self.member, period, last)?;
        let next = around(policy, &self.member, period, at)?.end;
        if let Some(slot) = self.ends.get_mut(index) {
            slot.1 = next;
        }
        // Where nothing was counted in it, nothing can be given for it, now or after a return; but for a gift.
        let counted = |placed: &PlacedOrder| placed.contributions.iter().any(|one| ended.contains(one.at));
        let gift = |rule: &Rule<Earn>| {
            let version = rule.at(last).filter(|version| version.body.of == Occasion::Period(period));
            version.is_some_and(|version| reads(policy, &version.body, Some(last)).measures.is_empty())
        };
        if !self.orders.iter().any(counted) && !policy.earns.iter().any(gift) {
            return Ok(());
        }
        let name = stretch_name(policy, last);
        let order = Order::period(Occasion::Period(period));
        let known = self.known_now(policy, last);
        let placed = self.placed(policy, (last, at), (name.clone(), name.clone()), order, known);
        let Ok(placed) = placed else { return Err(Overflow) };
        let deadlines = self.pools.iter().map(|state| state.deadline).collect();
        // A period whose numbers are too large gives nothing; its orders have been accepted already.
        let _ = self.settle_new(policy, shared, (at, &name), placed, deadlines);
        Ok(())
    }

    /// Something has been counted: where it is the first in a period at which rules look while it runs, the period takes
    /// its place among the orders, and is decided again with each of them from now on.
    pub(super) fn start_running(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        (at, event): (Timestamp, &Arc<str>),
        changed: OrderId,
    ) -> Result<(), Refusal> {
        let ties = self.ties.clone();
        let counted = self.orders.get(changed).filter(|_| !ties.running.is_empty());
        let counted = counted.map_or(&[][..], |placed| &placed.contributions);
        let counted: Vec<Timestamp> = counted.iter().map(|one| one.at).collect();
        for period in ties.running.iter().copied() {
            let too_late = |_: Overflow| overflow("the periods of the rules");
            let of = Occasion::Running(period);
            for when in counted.iter().copied() {
                let stretch = around(policy, &self.member, period, when).map_err(too_late)?;
                let runs = |placed: &PlacedOrder| placed.order.of == of && stretch.contains(placed.at);
                if self.orders.iter().any(runs) {
                    continue;
                }
                // A calendar's period has the terms of its last instant, as one that is looked at when it has ended.
                let (last, name) = if stretch.end == Timestamp::MAX {
                    (at, "all time".into())
                } else {
                    let last = just_before(stretch.end).map_err(too_late)?;
                    (last, stretch_name(policy, last))
                };
                let known = self.known_now(policy, at);
                let placed =
                    self.placed(policy, (last, at), (event.clone(), name), Order::period(of), known)?;
                let order = self.orders.len();
                self.settle(policy, shared, at, event, (order, placed))?;
                self.schedule_order(order, at);
            }
        }
        Ok(())
    }

    /// Notes when the points of a new order become available, where that is known.
    pub(super) fn schedule_order(&mut self, order: OrderId, at: Timestamp) {
        let Some(placed) = self.orders.get(order) else { return };
        let mut due = Vec::new();
        for (stream, of) in placed.streams.iter().enumerate() {
            if let Due::Fixed(interval) = of.due
                && interval.by > at
            {
                due.extend((0..placed.lines.len()).map(|line| (interval.by, line, stream)));
            }
        }
        for (when, line, stream) in due {
            self.schedule(when, order, line, stream);
        }
    }

    /// An order, declared event or period with nothing decided yet. Its terms are those at `at`; `known` is what is
    /// known of the member.
    fn placed(
        &self,
        policy: &Policy,
        (at, happened): (Timestamp, Timestamp),
        (event, number): (Arc<str>, Arc<str>),
        order: Order,
        known: Known,
    ) -> Result<PlacedOrder, Refusal> {
        let net = Net::placed(&order);
        let context = Context { order: Some(&net), ..context_of(policy, at, &self.member, &known) };
        let streams = streams(&context, order.of, happened).map_err(|fault| match fault {
            Fault::Overflow => overflow("the pending rule"),
            fault => crate::eval::refuse(policy, fault, "the pending rule"),
        })?;
        let line =
            || PlacedLine { streams: vec![LineStream::default(); streams.len()], ..PlacedLine::default() };
        Ok(PlacedOrder {
            number,
            event,
            at,
            happened,
            lines: order.lines.iter().map(|_| line()).collect(),
            order,
            member: self.member.clone(),
            known,
            streams,
            payments: Vec::new(),
            marks: Vec::new(),
            used: Default::default(),
            charged: Default::default(),
            contributions: Vec::new(),
            totals: Vec::new(),
        })
    }

    /// Takes the points that pay for an order; what is not there (an honoured order) is owed.
    pub(super) fn pay(&mut self, policy: &Policy, at: Timestamp, id: &Arc<str>, order: OrderId) {
        let Some(placed) = self.orders.get(order) else { return };
        let unpaid = placed.payments.iter().enumerate().filter(|(_, payment)| payment.takes.is_empty());
        let unpaid: Vec<(usize, RedeemId, i64)> =
            unpaid.map(|(index, payment)| (index, payment.rule, payment.paid.iter().sum())).collect();
        for (index, rule, points) in unpaid {
            let pools = spending_pools(policy, rule, at);
            let mut takes = self.take(policy, at, &pools, points);
            let missing = points - takes.iter().map(|take| take.points).sum::<i64>();
            let main = pools.last().copied().unwrap_or(PoolId::new(0));
            if missing > 0
                && let Some(state) = self.pools.try_get_mut(main)
            {
                let debt = state.lots.owe(missing, Some((order, index)));
                takes.push(PoolTake { pool: main, source: Source::Debt(debt), points: missing });
            }
            for take in &takes {
                let note = Note {
                    event: Some(id.clone()),
                    clause: Some(Clause::Redeem { rule, terms: at }),
                    line: Some((order, None)),
                    ..Note::default()
                };
                self.post_take(policy, at, take, (Action::Redeem, Bucket::Redeemed), note);
            }
            self.note_use(policy, rule, at, points, (order, index));
            if let Some(payment) =
                self.orders.get_mut(order).and_then(|placed| placed.payments.get_mut(index))
            {
                payment.takes = takes;
            }
        }
    }

    /// Takes up to `points` from pools, one after the other, each in its spending order.
    pub(super) fn take(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        pools: &[PoolId],
        points: i64,
    ) -> Vec<PoolTake> {
        let mut takes = Vec::new();
        let mut left = points;
        for pool in pools {
            let Some(terms) = policy.pool_terms(*pool, at) else { continue };
            let Some(state) = self.pools.try_get_mut(*pool) else { continue };
            for take in state.lots.spend(left, &terms.spend, false) {
                left -= take.points;
                takes.push(PoolTake { pool: *pool, source: take.source, points: take.points });
            }
        }
        takes
    }

    /// Posts what was taken.
    pub(super) fn post_take(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        take: &PoolTake,
        (action, to): (Action, Bucket),
        note: Note,
    ) {
        let lot = if let Source::Lot(lot) = take.source { Some(lot) } else { None };
        let shift = Shift { action, from: Bucket::Available, to, points: take.points };
        self.post(policy, at, take.pool, shift, Note { lot, ..note });
    }
}

fn payment(plan: PaymentPlan) -> Payment {
    let restored = vec![0; plan.lines.len()];
    Payment { rule: plan.rule, paid: plan.lines, money: plan.money, restored, takes: Vec::new() }
}

/// The pools that a redeem rule takes from, in order: those spent before its own, then its own.
pub(super) fn spending_pools(policy: &Policy, rule: RedeemId, at: Timestamp) -> Vec<PoolId> {
    let mut order = Vec::new();
    if let Some(version) = policy.redeems[rule].at(at) {
        before(policy, version.body.pool, at, &mut order);
    }
    order
}

fn before(policy: &Policy, pool: PoolId, at: Timestamp, order: &mut Vec<PoolId>) {
    for other in policy.pools.ids() {
        let goes_before = policy.pool_terms(other, at).is_some_and(|terms| terms.before.contains(&pool));
        if goes_before && other != pool && !order.contains(&other) {
            before(policy, other, at, order);
        }
    }
    if !order.contains(&pool) {
        order.push(pool);
    }
}

/// What a stretch of time is called, by its last instant.
fn stretch_name(policy: &Policy, last: Timestamp) -> Arc<str> {
    format!("until {}", policy.calendar.zone.local(last).date()).into()
}

/// Where the points of an order or event go, and when they become available there.
fn streams(context: &Context<'_>, of: Occasion, happened: Timestamp) -> Result<Vec<Stream>, Fault> {
    let (policy, at) = (context.policy, context.at);
    let mut streams: Vec<Stream> = Vec::new();
    for (id, rule) in policy.earns.iter_enumerated() {
        let Some(version) = rule.at(at).filter(|version| version.body.of == of) else { continue };
        let pool = version.body.pool;
        let of_pool = policy.pool_terms(pool, at).map(|terms| &terms.pending);
        let (pending, rule) = match (&version.body.pending, &version.body.lot_expiry) {
            (Some((pending, _)), _) => (Some(pending), Some(id)),
            (None, Some(_)) => (of_pool, Some(id)),
            (None, None) => (of_pool, None),
        };
        if rule.is_none() && streams.iter().any(|stream| stream.rule.is_none() && stream.pool == pool) {
            continue;
        }
        let pending = pending.unwrap_or(&Pending::Never);
        let counts_from = match (of, pending) {
            // `period ended`
            (Occasion::Running(period), Pending::Until { .. }) if period != Period::AllTime => {
                super::period::just_after(at)?
            }
            _ => happened,
        };
        let due = due(context, pending, counts_from)?;
        streams.push(Stream { pool, rule, due });
    }
    Ok(streams)
}

/// The lengths of a wait are settled when the order is placed.
fn due(context: &Context<'_>, pending: &Pending, happened: Timestamp) -> Result<Due, Fault> {
    let calendar = &context.policy.calendar;
    Ok(match pending {
        Pending::Never => Due::Fixed(Interval { from: happened, by: happened }),
        Pending::Until { from, by, anchor } => {
            let (from, by) = (context.moment(from)?, context.moment(by)?);
            match anchor {
                PendingAnchor::Happened => Due::Fixed(Interval {
                    from: from.instant(calendar, happened)?,
                    by: by.instant(calendar, happened)?,
                }),
                PendingAnchor::Shipped => Due::Shipped { from, by },
                PendingAnchor::Mark(mark) => Due::Mark { mark: *mark, from, by },
            }
        }
    })
}
