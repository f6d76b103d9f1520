//! Points that leave a pool by a move to another pool, account or programme, or as money: on request or on their days.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Clock, Note, Shift, overflow};
use super::entry::{Action, Arrived, Bucket, Clause};
use super::event::TransferTo;
use super::judge::{goes_to, refuse_operation};
use super::lots::{LotId, OrderId, Origin};
use super::period::{around, just_before};
use super::placed::PoolTake;
use super::replay::{Arrival, Shared};
use crate::eval::context::Context;
use crate::eval::room::{UsedBefore, room};
use crate::eval::{Refusal, RefusalCode, condition_holds, context_of};
use crate::policy::{
    Counts, ExpiryAnchorKind, LimitId, Move, MoveId, MoveTo, MoveWhen, Owner, Policy, PoolId, RedeemId,
    Version,
};
use crate::value::moment::next;
use crate::value::{Overflow, Ratio, largest_remainder};

/// Points that a payment or a move has used of a limit over a period.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub at: Timestamp,
    pub counter: LimitId,
    pub points: i64,
    /// What used them: what comes back frees room, unless the limit keeps it.
    pub by: By,
}

/// What uses a limit.
#[derive(Clone, Debug)]
pub(crate) enum By {
    /// An order's payment.
    Payment(OrderId, usize),
    /// A reward taken, by its event.
    Reward(Arc<str>),
    /// A move, by its event or its day.
    Move(Arc<str>),
}

/// Points that a member has sent away by a move.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Index of the move.
    rule: MoveId,
    /// When, and so under which terms.
    at: Timestamp,
    /// Out of which lots, each with its share of what arrived elsewhere.
    takes: Vec<(PoolTake, Option<Arrived>)>,
    /// The lot that it brought in another pool, and how much.
    brought: Option<(PoolId, LotId, i64)>,
    /// True once it has been cancelled.
    back: bool,
}

impl Account {
    /// What payments, rewards and moves have used so far, around `at`.
    pub(super) fn uses_before(
        &self,
        policy: &Policy,
        shared: &Shared,
        at: Timestamp,
    ) -> Result<UsedBefore, Overflow> {
        let mut used = UsedBefore::default();
        for (id, counter) in policy.limits.iter_enumerated() {
            if matches!(counter.owner, Owner::Earn(_) | Owner::Group(_)) {
                continue;
            }
            if counter.everyone {
                used.kept.add(id, shared.used_at(policy, id, at)?)?;
                continue;
            }
            let stretch = around(policy, &self.member, counter.period, at)?;
            for one in self.uses.iter().filter(|one| one.counter == id && stretch.contains(one.at)) {
                used.kept.add(id, Ratio::whole(one.points))?;
                used.standing.add(id, Ratio::whole(one.points - self.came_back(one)))?;
            }
        }
        Ok(used)
    }

    fn came_back(&self, one: &Use) -> i64 {
        match &one.by {
            By::Payment(order, index) => {
                let payment = self.orders.get(*order).and_then(|order| order.payments.get(*index));
                payment.map_or(0, |payment| payment.restored.iter().sum())
            }
            By::Reward(event) => self.rewards.get(event).filter(|taken| taken.back).map_or(0, |_| one.points),
            By::Move(event) => self.sent.get(event).filter(|sent| sent.back).map_or(0, |_| one.points),
        }
    }

    /// Notes that a payment has used the limits of its rule.
    pub(super) fn note_use(
        &mut self,
        policy: &Policy,
        rule: RedeemId,
        at: Timestamp,
        points: i64,
        payment: (OrderId, usize),
    ) {
        let by = By::Payment(payment.0, payment.1);
        let counters = policy.counters(Owner::Redeem(rule), Counts::Points);
        let uses = counters.filter(|(_, counter)| !counter.everyone);
        self.uses.extend(uses.map(|(counter, _)| Use { at, counter, points, by: by.clone() }));
    }

    /// Notes that a reward or a move has used every counter of its rule: the member's own, and all members'.
    pub(super) fn note_uses(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        (owner, counts): (Owner, Counts),
        (at, points): (Timestamp, i64),
        by: &By,
    ) {
        for (id, counter) in policy.counters(owner, counts) {
            match counter.everyone {
                true => shared.add(policy, id, at, Ratio::whole(points)),
                false => self.uses.push(Use { at, counter: id, points, by: by.clone() }),
            }
        }
    }

    pub(super) fn transfer(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        (to, points): (&TransferTo, i64),
        by: Option<MoveId>,
    ) -> Result<(), Refusal> {
        let offered = |(_, version): &(MoveId, &Version<Move>)| {
            version.body.when == MoveWhen::Request && goes_to(&version.body.to, to)
        };
        let moves: Vec<_> = in_force(policy, at).filter(offered).collect();
        let chosen = match (by, moves.as_slice()) {
            (Some(by), moves) => moves.iter().find(|(id, _)| *id == by),
            (None, [one]) => Some(one),
            (None, []) => None,
            (None, several) => {
                let names = several.iter().filter_map(|(id, _)| policy.moves.try_get(*id));
                let names: Vec<&str> = names.map(|rule| rule.name.as_str()).collect();
                let message = format!("several moves fit ({}); say which in `move`", names.join(", "));
                return Err(Refusal::new(RefusalCode::SeveralRules, "move", message));
            }
        };
        let Some((rule, version)) = chosen else {
            let forbidden = refuse_operation(policy, at, to.operation());
            let is_offered = policy
                .moves
                .iter()
                .any(|rule| rule.at(at).is_some_and(|version| same_kind(&version.body.to, to)));
            if is_offered && forbidden.code == RefusalCode::OperationNotDeclared {
                let message = "no move in force takes points there";
                return Err(Refusal::new(RefusalCode::MoveNotOffered, "", message));
            }
            return Err(forbidden);
        };
        if let TransferTo::Account(account) = to
            && *account == *self.id
        {
            let message = "points cannot be transferred to the account that they are in";
            return Err(Refusal::new(RefusalCode::InvalidValue, "to_account", message));
        }
        let gain = self.check_move(policy, shared, at, (*rule, version), points)?;
        if let (TransferTo::Account(account), true) = (to, gain > 0) {
            shared.arrivals.push(Arrival {
                account: account.as_str().into(),
                pool: version.body.from,
                points: gain,
                event: id.clone(),
                rule: *rule,
            });
        }
        self.send(policy, shared, at, (*rule, version), (points, gain), &id);
        Ok(())
    }

    pub(super) fn convert(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        (by, points): (MoveId, i64),
    ) -> Result<(), Refusal> {
        let name = policy.moves.try_get(by).map_or("", |rule| rule.name.as_str());
        let offered = in_force(policy, at).find(|(rule, version)| {
            *rule == by
                && version.body.when == MoveWhen::Request
                && matches!(version.body.to, MoveTo::Pool(_))
        });
        let Some((rule, version)) = offered else {
            let message = format!("the move `{name}` is not offered on request at this instant");
            return Err(Refusal::new(RefusalCode::MoveNotOffered, "move", message).by_rule(name));
        };
        let gain = self.check_move(policy, shared, at, (rule, version), points)?;
        let volume = self.has_room(gain)?;
        self.count(volume);
        self.send(policy, shared, at, (rule, version), (points, gain), &id);
        self.receive(policy, at, (rule, version), (gain, Clock::Rule(None)), &id)
            .map_err(|_| overflow("the expiry rule"))
    }

    /// A scheduled move's day has come: whole blocks of what is available move.
    pub(super) fn move_due(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: MoveId,
    ) -> Result<(), Overflow> {
        self.moves.remove(&(at, id));
        self.schedule_move(policy, id, at)?;
        let Some(rule) = policy.moves.try_get(id) else { return Ok(()) };
        let governs = |version: &&Version<Move>| {
            let last = just_before(at).unwrap_or(at);
            version.body.when != MoveWhen::Request
                && version.window.contains(if closes(policy, &version.body.when, at) { last } else { at })
        };
        let Some(version) = rule.versions.iter().find(governs) else { return Ok(()) };
        let body = &version.body;
        let held = self.pools.try_get(body.from).map_or(0, |state| state.balance.available);
        let known = self.known_now(policy, at);
        let holds = |condition| condition_holds(policy, at, (&self.member, &known), None, condition);
        if !body.conditions.iter().all(|condition| holds(condition).unwrap_or(false)) {
            return Ok(());
        }
        let mut points = held.saturating_sub(body.fee).max(0);
        let used = self.uses_before(policy, shared, at)?;
        let context = context_of(policy, at, &self.member, &known);
        for limit in &body.limits {
            let room = room(&context, limit, &used).map_err(|_| Overflow)?;
            points = points.min(room.floor_points()?);
        }
        points -= points.rem_euclid(body.steps.max(1));
        if points < body.at_least.max(1) {
            return Ok(());
        }
        let day = policy.calendar.zone.local(just_before(at)?).date();
        let cause: Arc<str> = format!("{}@{day}", rule.name).into();
        let gain = gains(&context, body, points)?;
        if self.has_room(gain).is_err() {
            return Err(Overflow);
        }
        self.send(policy, shared, at, (id, version), (points, gain), &cause);
        // What comes of `on end of february` is February's, though it is posted at the closing midnight.
        let clock =
            if closes(policy, &body.when, at) { Clock::From(just_before(at)?) } else { Clock::Rule(None) };
        self.receive(policy, at, (id, version), (gain, clock), &cause)
    }

    /// What arrives for `points` under a move, or why they may not go.
    fn check_move(
        &self,
        policy: &Policy,
        shared: &Shared,
        at: Timestamp,
        (id, version): (MoveId, &Version<Move>),
        points: i64,
    ) -> Result<i64, Refusal> {
        let name = policy.moves.try_get(id).map_or("", |rule| rule.name.as_str());
        let body = &version.body;
        let count = |points| policy.count_points_in(body.from, points);
        let refuse = |code, message: String| Err(Refusal::new(code, "points", message).by_rule(name));
        if points < body.at_least {
            let message = format!("{} are to move, but the least is {}", count(points), count(body.at_least));
            return refuse(RefusalCode::BelowMinimum, message);
        }
        if body.steps > 1 && points % body.steps != 0 {
            let message =
                format!("{} are to move, but only in steps of {}", count(points), count(body.steps));
            return refuse(RefusalCode::NotInSteps, message);
        }
        let too_large = |_: Overflow| overflow(name);
        let known = self.known_now(policy, at);
        for condition in &body.conditions {
            if !condition_holds(policy, at, (&self.member, &known), None, condition)? {
                let message = format!("the move `{name}` is not offered: {}", condition.text);
                return refuse(RefusalCode::MoveNotOffered, message);
            }
        }
        let used = self.uses_before(policy, shared, at).map_err(too_large)?;
        let context = context_of(policy, at, &self.member, &known);
        for limit in &body.limits {
            let room = room(&context, limit, &used);
            let room = room.map_err(|fault| crate::eval::refuse(policy, fault, name))?;
            if Ratio::whole(points) > room {
                let room = policy.count_in(body.from, room);
                let message = format!("{} are to move, but the limit leaves {room}", count(points));
                return refuse(RefusalCode::AboveLimit, message);
            }
        }
        let wanted = points.checked_add(body.fee).ok_or_else(|| overflow(name))?;
        self.check_funds(policy, &[body.from], wanted, "points")?;
        gains(&context, body, points).map_err(too_large)
    }

    /// Points leave, with the move's fee. What arrives outside the pools (`gain`) is told with them, spread over the lots in
    /// proportion.
    fn send(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        (id, version): (MoveId, &Version<Move>),
        (points, gain): (i64, i64),
        event: &Arc<str>,
    ) {
        let body = &version.body;
        let takes = self.take(policy, at, &[body.from], points.saturating_add(body.fee));
        let program = match &body.to {
            MoveTo::Program(name) => Some(Some(name.clone())),
            MoveTo::Cash => Some(None),
            MoveTo::Pool(_) | MoveTo::Account => None,
        };
        let weights: Vec<Ratio> = takes.iter().map(|take| Ratio::whole(take.points)).collect();
        let mut shares = largest_remainder(gain, &weights).unwrap_or_else(|_| vec![gain]).into_iter();
        if let (Some(program), Some(state)) = (&program, self.pools.try_get_mut(body.from)) {
            let sum = state.arrived.entry(program.clone()).or_default();
            *sum = sum.saturating_add(gain);
        }
        let mut sent = Vec::with_capacity(takes.len());
        for take in takes {
            let clause = Some(Clause::Move { rule: id, terms: at });
            let amount = shares.next().unwrap_or(0);
            let arrived = program.clone().map(|program| Arrived { program, amount });
            sent.push((take, arrived.clone()));
            let note = Note { event: Some(event.clone()), clause, arrived, ..Note::default() };
            self.post_take(policy, at, &take, (Action::Send, Bucket::Transferred), note);
        }
        let brought = match &body.to {
            // What arrives becomes the pool's next lot.
            MoveTo::Pool(pool) if gain > 0 => {
                self.pools.try_get(*pool).map(|state| (*pool, state.lots.lots.len(), gain))
            }
            _ => None,
        };
        if body.when == MoveWhen::Request {
            self.sent.insert(event.clone(), Sent { rule: id, at, takes: sent, brought, back: false });
        }
        let moved = self.extended(policy, at, body.from, ExpiryAnchorKind::Moved);
        if let (Ok(moved), Some(state)) = (moved, self.pools.try_get_mut(body.from)) {
            state.deadline = moved;
        }
        let by = By::Move(event.clone());
        self.note_uses(policy, shared, (Owner::Move(id), Counts::Points), (at, points), &by);
    }

    /// A move that was asked for is undone: its points come back to the lots they left, and what it brought in another pool
    /// is taken back as a return would. What has gone to another account stays there.
    pub(super) fn undo_move(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        event: &str,
    ) -> Result<(), Refusal> {
        let Some(sent) = self.sent.get(event).cloned() else { return Ok(()) };
        let (rule, terms) = (policy.moves.try_get(sent.rule), sent.at);
        let name = rule.map_or("", |rule| rule.name.as_str());
        let to = rule.and_then(|rule| rule.at(terms)).map(|version| &version.body.to);
        if to == Some(&MoveTo::Account) {
            let message = format!("event `{event}` sent points to another account, and they stay there");
            return Err(Refusal::new(RefusalCode::NotUndone, "event", message).by_rule(name));
        }
        if sent.back {
            return Err(super::judge::cancelled_already(event));
        }
        if let Some(sent) = self.sent.get_mut(event) {
            sent.back = true;
        }
        let clause = Some(Clause::Move { rule: sent.rule, terms });
        let note = Note { event: Some(id), clause, ..Note::default() };
        if let Some((pool, lot, gain)) = sent.brought {
            self.take_brought_back(policy, at, (pool, lot, gain), &note);
        }
        for (take, arrived) in sent.takes.into_iter().rev() {
            let arrived = arrived.map(|one| Arrived { amount: one.amount.saturating_neg(), ..one });
            if let (Some(arrived), Some(state)) = (&arrived, self.pools.try_get_mut(take.pool)) {
                let sum = state.arrived.entry(arrived.program.clone()).or_default();
                *sum = sum.saturating_add(arrived.amount);
            }
            let note = Note { arrived, ..note.clone() };
            let back = (take.points, Bucket::Transferred);
            self.give_back_to(policy, at, (take.pool, take.source), back, note);
        }
        for state in &mut self.pools {
            state.arrived.retain(|_, amount| *amount != 0);
        }
        Ok(())
    }

    fn take_brought_back(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (pool, lot, points): (PoolId, LotId, i64),
        note: &Note,
    ) {
        let Some(state) = self.pools.try_get_mut(pool) else { return };
        let terms = policy.pool_terms(pool, at);
        let spend = terms.map(|terms| terms.spend.as_slice()).unwrap_or_default();
        let shift =
            Shift { action: Action::Reverse, from: Bucket::Available, to: Bucket::Transferred, points: 0 };
        // What has been spent of it is owed, whatever the pool forgives on a return: the points are back, too.
        let found = state.lots.collect(&[lot], points, spend, true);
        let expired = points - found.iter().map(|(_, points)| points).sum::<i64>();
        for (lot, points) in found {
            self.post(policy, at, pool, Shift { points, ..shift }, Note { lot, ..note.clone() });
        }
        // What has expired of it goes back as well: left here, it would stand in both pools.
        let shift = Shift { from: Bucket::Expired, points: expired, ..shift };
        self.post(policy, at, pool, shift, Note { lot: Some(lot), ..note.clone() });
    }

    /// What a move brings arrives in its pool.
    fn receive(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (id, version): (MoveId, &Version<Move>),
        (gain, clock): (i64, Clock),
        event: &Arc<str>,
    ) -> Result<(), Overflow> {
        let (MoveTo::Pool(pool), true) = (&version.body.to, gain > 0) else { return Ok(()) };
        self.arrive(policy, at, (*pool, gain), clock, event, id)
    }

    /// Points arrive from another pool or account.
    pub(crate) fn arrive(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (pool, points): (PoolId, i64),
        clock: Clock,
        event: &Arc<str>,
        rule: MoveId,
    ) -> Result<(), Overflow> {
        let shift =
            Shift { action: Action::Receive, from: Bucket::Transferred, to: Bucket::Available, points };
        let clause = Some(Clause::Move { rule, terms: at });
        let note = Note { event: Some(event.clone()), clause, ..Note::default() };
        let origin = Origin { event: event.clone(), line: None };
        self.acquire(policy, at, pool, (origin, clock), shift, note)
    }
}

fn in_force(policy: &Policy, at: Timestamp) -> impl Iterator<Item = (MoveId, &Version<Move>)> {
    let moves = policy.moves.iter_enumerated();
    moves.filter_map(move |(id, rule)| Some((id, rule.at(at)?)))
}

/// True where a scheduled move that is due at `at` belongs to the day that ends there.
fn closes(policy: &Policy, when: &MoveWhen, at: Timestamp) -> bool {
    let MoveWhen::Days(days) = when else { return matches!(when, MoveWhen::EndOf(_)) };
    let last = just_before(at).map(|last| policy.calendar.zone.local(last).date());
    let Some((last, before)) = last.ok().and_then(|last| Some((last, last.yesterday().ok()?))) else {
        return false;
    };
    let mut ends = days.iter().filter(|day| day.day.is_none());
    ends.any(|day| next(*day, before).is_ok_and(|next| next == last))
}

fn same_kind(to: &MoveTo, wanted: &TransferTo) -> bool {
    matches!(
        (to, wanted),
        (MoveTo::Account, TransferTo::Account(_))
            | (MoveTo::Program(_), TransferTo::Program(_))
            | (MoveTo::Cash, TransferTo::Cash)
    )
}

/// What arrives for points: each `gives` rounded down by itself; without one, as many.
fn gains(context: &Context<'_>, body: &Move, points: i64) -> Result<i64, Overflow> {
    if body.gives.is_empty() {
        return Ok(points);
    }
    let mut sum = 0i64;
    for (amount, full, step) in &body.gives {
        let steps = Ratio::new(points.into(), (*step).max(1).into())?;
        let steps = if *full { Ratio::whole(steps.floor()) } else { steps };
        let amount = context.quantity(amount).map_err(|_| Overflow)?;
        sum = sum.checked_add(steps.mul(amount)?.floor_points()?).ok_or(Overflow)?;
    }
    Ok(sum)
}
