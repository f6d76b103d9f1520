//! Points that leave a pool by a move to another pool, account or programme, or as money: on request or on their days.

use super::super::books::Sent;
use super::super::books::entry::{Action, Arrived, Bucket, Clause};
use super::super::books::lots::{LotId, Origin, SpendOrder};
use super::super::input::event::TransferTo;
use super::super::period::just_before;
use super::count::UsedAt;
use super::movement::cancelled_already;
use super::rewards::{NO_CASE, by};
use super::{Acquired, Arrival, Clock, Posting, Turn, Why, overflow, too_large};
use crate::eval::context::Context;
use crate::eval::order::Known;
use crate::eval::room::room;
use crate::eval::{Refusal, RefusalCode, condition_holds, context_of, refuse};
use crate::policy::{ExpiryAnchorKind, Move, MoveId, MoveTo, MoveWhen, Policy, PoolId, Version};
use crate::value::choice::Operation;
use crate::value::{Ratio, largest_remainder};

/// A move with the version of it that governs.
#[derive(Clone, Copy)]
struct Governing<'p> {
    id: MoveId,
    body: &'p Move,
}

/// What moves, and what comes of it.
#[derive(Clone, Copy)]
struct Moved {
    points: i64,
    gain: i64,
    clock: Clock,
}

impl<'a> Turn<'a> {
    pub(super) fn transfer(
        &mut self,
        to: &TransferTo,
        points: i64,
        by: Option<MoveId>,
    ) -> Result<(), Refusal> {
        let chosen = self.chosen(to, by)?;
        if let TransferTo::Account(account) = to
            && **account == *self.account
        {
            let message = "points cannot be transferred to the account that they are in";
            return Err(Refusal::new(RefusalCode::InvalidValue, "to_account", message));
        }
        let gain = self.check_move(chosen, points)?;
        if let (TransferTo::Account(account), true) = (to, gain > 0) {
            self.arrivals.push(Arrival {
                account: account.as_str().into(),
                pool: chosen.body.from,
                points: gain,
                event: self.cause.clone(),
                rule: chosen.id,
            });
        }
        self.send(chosen, Moved { points, gain, clock: Clock::Rule(None) })
    }

    /// The move that takes points there on request: the one that is named, or the only one.
    fn chosen(&self, to: &TransferTo, by: Option<MoveId>) -> Result<Governing<'a>, Refusal> {
        let policy = self.policy;
        let offered = |one: &Governing<'_>| one.body.when == MoveWhen::Request && goes_to(&one.body.to, to);
        let moves: Vec<Governing<'a>> = in_force(policy, self.at).filter(offered).collect();
        let chosen = match (by, moves.as_slice()) {
            (Some(by), moves) => moves.iter().find(|one| one.id == by),
            (None, [one]) => Some(one),
            (None, []) => None,
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|one| policy.moves[one.id].name.as_str()).collect();
                let message = format!("several moves fit ({}); say which in `move`", names.join(", "));
                return Err(Refusal::new(RefusalCode::SeveralRules, "move", message));
            }
        };
        if let Some(chosen) = chosen {
            return Ok(*chosen);
        }
        let forbidden = self.refuse_operation(to.operation());
        let is_offered = in_force(policy, self.at).any(|one| same_kind(&one.body.to, to));
        if is_offered && forbidden.code == RefusalCode::OperationNotDeclared {
            let message = "no move in force takes points there";
            return Err(Refusal::new(RefusalCode::MoveNotOffered, "", message));
        }
        Err(forbidden)
    }

    pub(super) fn convert(&mut self, by: MoveId, points: i64) -> Result<(), Refusal> {
        let offered = in_force(self.policy, self.at).find(|one| {
            one.id == by && one.body.when == MoveWhen::Request && matches!(one.body.to, MoveTo::Pool(_))
        });
        let Some(chosen) = offered else {
            let name = &self.policy.moves[by].name;
            let message = format!("the move `{name}` is not offered on request at this instant");
            return Err(Refusal::new(RefusalCode::MoveNotOffered, "move", message).by_rule(name));
        };
        let gain = self.check_move(chosen, points)?;
        self.make_room(gain)?;
        self.send(chosen, Moved { points, gain, clock: Clock::Rule(None) })
    }

    /// A scheduled move's day has come: whole blocks of what is available move.
    pub(super) fn move_due(&mut self, id: MoveId) -> Result<(), Refusal> {
        self.schedule_move(id)?;
        let last = just_before(self.at).map_err(too_large("the calendar"))?;
        let policy = self.policy;
        let rule = &policy.moves[id];
        let governs = |version: &&Version<Move>| {
            let closes = closes(policy, &version.body.when, last);
            version.body.when != MoveWhen::Request
                && version.window.contains(if closes { last } else { self.at })
        };
        let Some(version) = rule.versions.iter().find(governs) else { return Ok(()) };
        let chosen = Governing { id, body: &version.body };
        let closes = closes(policy, &version.body.when, last);
        // What closes a day or a period reads everything as it stood at its last instant.
        let known = if closes {
            self.looks = last;
            self.known_before(last)?
        } else {
            self.known()?
        };
        let Some((points, gain)) = self.amount_due(chosen, &known)? else { return Ok(()) };
        let day = policy.calendar.zone.local(last).date();
        self.cause = format!("{}@{day}", rule.name).into();
        self.make_room(gain).map_err(|refusal| refusal.by_rule(&rule.name))?;
        // What comes of `on end of february` is February's, though it is posted at the closing midnight.
        let clock = if closes { Clock::From(last) } else { Clock::Rule(None) };
        self.send(chosen, Moved { points, gain, clock })
    }

    /// How many points move on a day, and what comes of them; none where nothing moves.
    fn amount_due(&mut self, chosen: Governing<'a>, known: &Known) -> Result<Option<(i64, i64)>, Refusal> {
        let (policy, body) = (self.policy, chosen.body);
        let name = &policy.moves[chosen.id].name;
        let at = self.looks;
        for condition in &body.conditions {
            let member = (&*self.books.member, known);
            let holds = condition_holds(policy, at, member, None, condition);
            if !holds.map_err(|refusal| refusal.by_rule(name))? {
                return Ok(None);
            }
        }
        let held = self.books.pools[body.from].balance.available;
        let mut points = held.saturating_sub(body.fee).max(0);
        let used = self.used_by_now(&body.limits)?;
        let context = context_of(policy, at, &self.books.member, known);
        for limit in &body.limits {
            let room = room(&context, limit, &used).map_err(|fault| refuse(policy, fault, name))?;
            points = points.min(room.floor_points().map_err(too_large(name))?);
        }
        points -= points.rem_euclid(body.steps.max(1));
        if points < body.at_least.max(1) {
            return Ok(None);
        }
        Ok(Some((points, gains(&context, body, points, name)?)))
    }

    /// What arrives for `points` under a move, or why they may not go.
    fn check_move(&mut self, chosen: Governing<'_>, points: i64) -> Result<i64, Refusal> {
        let Governing { id, body } = chosen;
        let policy = self.policy;
        let name = &policy.moves[id].name;
        let count = |points| policy.count_points_in(body.from, points);
        let refuse_it = |code, message: String| Err(Refusal::new(code, "points", message).by_rule(name));
        if points < body.at_least {
            let message = format!("{} are to move, but the least is {}", count(points), count(body.at_least));
            return refuse_it(RefusalCode::BelowMinimum, message);
        }
        if body.steps > 1 && points % body.steps != 0 {
            let message =
                format!("{} are to move, but only in steps of {}", count(points), count(body.steps));
            return refuse_it(RefusalCode::NotInSteps, message);
        }
        let known = self.known()?;
        for condition in &body.conditions {
            if !condition_holds(policy, self.at, (&self.books.member, &known), None, condition)? {
                let message = format!("the move `{name}` is not offered: {}", condition.text);
                return refuse_it(RefusalCode::MoveNotOffered, message);
            }
        }
        let used = self.used_by_now(&body.limits)?;
        let context = context_of(policy, self.at, &self.books.member, &known);
        for limit in &body.limits {
            let room = room(&context, limit, &used).map_err(|fault| refuse(policy, fault, name))?;
            if Ratio::whole(points) > room {
                let room = policy.count_in(body.from, room);
                let message = format!("{} are to move, but the limit leaves {room}", count(points));
                return refuse_it(RefusalCode::AboveLimit, message);
            }
        }
        let wanted = points.checked_add(body.fee).ok_or_else(|| overflow(name))?;
        self.check_funds(&[body.from], wanted, "points")?;
        gains(&context, body, points, name)
    }

    /// Points leave, with the move's fee. What arrives outside the pools is told with them, spread over the lots in
    /// proportion; what arrives in a pool is acquired there.
    fn send(&mut self, chosen: Governing<'_>, moved: Moved) -> Result<(), Refusal> {
        let Governing { id, body } = chosen;
        let Moved { points, gain, clock } = moved;
        let name = &self.policy.moves[id].name;
        let wanted = points.checked_add(body.fee).ok_or_else(|| overflow(name))?;
        let takes = self.take(&[body.from], wanted);
        let program = match &body.to {
            MoveTo::Program(name) => Some(Some(name.clone())),
            MoveTo::Cash => Some(None),
            MoveTo::Pool(_) | MoveTo::Account => None,
        };
        let weights: Vec<Ratio> = takes.iter().map(|take| Ratio::whole(take.points)).collect();
        let mut shares = largest_remainder(gain, &weights).map_err(too_large(name))?.into_iter();
        if let Some(program) = &program {
            self.add_arrived(body.from, program, gain)?;
        }
        let mut sent = Vec::with_capacity(takes.len());
        for take in takes {
            let clause = Some(Clause::Move { rule: id, terms: self.looks });
            let amount = shares.next().unwrap_or(0);
            let arrived = program.clone().map(|program| Arrived { program, amount });
            sent.push((take, arrived.clone()));
            let why = Why { event: Some(self.cause.clone()), clause, arrived, ..Why::default() };
            self.post_take(&take, Action::Send, Bucket::Transferred, why);
        }
        self.books.pools[body.from].deadline = self.extended(body.from, self.at, ExpiryAnchorKind::Moved)?;
        let mut brought = None;
        if let (MoveTo::Pool(pool), true) = (&body.to, gain > 0) {
            let lot = self.acquire_moved(*pool, gain, id, clock)?;
            brought = Some((*pool, lot, gain));
        }
        let mut cause = NO_CASE;
        if body.when == MoveWhen::Request {
            let sent = Sent { rule: id, at: self.at, takes: sent, brought, back: false };
            let place = self.books.moves.push(sent);
            self.books.moves_by_event.insert(self.cause.clone(), place);
            cause = by(place + 1);
        }
        self.use_limits(&self.links.of_moves[id], cause, points)
    }

    /// More, or less, has arrived elsewhere for the points of a pool.
    fn add_arrived(&mut self, pool: PoolId, program: &Option<String>, amount: i64) -> Result<(), Refusal> {
        let arrived = self.books.pools[pool].arrived.to_mut();
        let sum = arrived.entry(program.clone()).or_default();
        *sum = sum.checked_add(amount).ok_or_else(|| overflow("what has arrived elsewhere"))?;
        arrived.retain(|_, amount| *amount != 0);
        Ok(())
    }

    /// A move that was asked for is undone: its points come back to the lots they left, and what it brought in another pool
    /// is taken back as a return would. What has gone to another account stays there.
    pub(super) fn undo_move(&mut self, event: &str, place: usize) -> Result<(), Refusal> {
        let Some(sent) = self.books.moves.get(place).cloned() else { return Err(cancelled_already(event)) };
        let (rule, terms) = (&self.policy.moves[sent.rule], sent.at);
        let version = rule.at(terms);
        if version.is_some_and(|version| version.body.to == MoveTo::Account) {
            let message = format!("event `{event}` sent points to another account, and they stay there");
            return Err(Refusal::new(RefusalCode::NotUndone, "event", message).by_rule(&rule.name));
        }
        if sent.back {
            return Err(cancelled_already(event));
        }
        if let Some(sent) = self.books.moves.get_mut(place) {
            sent.back = true;
        }
        let clause = Some(Clause::Move { rule: sent.rule, terms });
        let why = Why { event: Some(self.cause.clone()), clause, ..Why::default() };
        if let Some((pool, lot, gain)) = sent.brought {
            self.take_brought_back(pool, lot, gain, &why)?;
        }
        for (take, arrived) in sent.takes.into_iter().rev() {
            let arrived = arrived.map(|one| Arrived { amount: one.amount.saturating_neg(), ..one });
            if let Some(arrived) = &arrived {
                self.add_arrived(take.pool, &arrived.program, arrived.amount)?;
            }
            self.give_back_to(take, Bucket::Transferred, Why { arrived, ..why.clone() });
        }
        let used = UsedAt { at: terms, by: by(place + 1) };
        self.free_limits(&self.links.of_moves[sent.rule], used, 0);
        Ok(())
    }

    fn take_brought_back(&mut self, pool: PoolId, lot: LotId, points: i64, why: &Why) -> Result<(), Refusal> {
        let order = SpendOrder::of(&self.terms(pool)?.spend);
        // What has been spent of it is owed, whatever the pool forgives on a return: the points are back, too.
        let found = self.books.pools[pool].lots.collect(&[lot], points, order, true);
        let (action, to) = (Action::Reverse, Bucket::Transferred);
        let expired = points - found.iter().map(|found| found.points).sum::<i64>();
        for found in found {
            let (points, why) = (found.points, Why { lot: found.lot, ..why.clone() });
            self.post(Posting { pool, action, from: Bucket::Available, to, points, why });
        }
        // What has expired of it goes back as well: left here, it would stand in both pools.
        let why = Why { lot: Some(lot), ..why.clone() };
        self.post(Posting { pool, action, from: Bucket::Expired, to, points: expired, why });
        Ok(())
    }

    /// Points arrive from another account.
    pub(super) fn arrive(&mut self, arrival: Arrival) -> Result<(), Refusal> {
        self.make_room_for_received(arrival.points)?;
        self.acquire_moved(arrival.pool, arrival.points, arrival.rule, Clock::Rule(None)).map(|_| ())
    }

    fn acquire_moved(
        &mut self,
        pool: PoolId,
        points: i64,
        rule: MoveId,
        clock: Clock,
    ) -> Result<LotId, Refusal> {
        let clause = Some(Clause::Move { rule, terms: self.looks });
        let why = Why { event: Some(self.cause.clone()), clause, ..Why::default() };
        let origin = Origin { event: self.cause.clone(), line: None };
        let (action, from) = (Action::Receive, Bucket::Transferred);
        self.acquire(Acquired { pool, points, action, from, origin, clock, why })
    }

    /// Refuses an operation by the rule that forbids it, or because none in force offers it.
    fn refuse_operation(&self, operation: Operation) -> Refusal {
        let (code, words) = match operation {
            Operation::TransferToAccount => (RefusalCode::ForbiddenTransferToAccount, "transfer to account"),
            Operation::TransferToProgram => (RefusalCode::ForbiddenTransferToProgram, "transfer to program"),
            Operation::CashOut => (RefusalCode::ForbiddenCashOut, "cash out"),
        };
        let policy = self.policy;
        for rule in policy.forbids.iter() {
            let operations = rule.at(self.at).map_or(&[][..], |version| &version.body.operations);
            if let Some((_, span)) = operations.iter().find(|(forbidden, _)| *forbidden == operation) {
                let line = policy.source.line(*span);
                // The file's name only: the same answer wherever the policy lies.
                let file = policy.source.name_at(*span).rsplit(['/', '\\']).next().unwrap_or_default();
                let message = format!("rule `{}` ({file}:{line}) forbids: {words}", rule.name);
                return Refusal::new(code, "", message).by_rule(&rule.name);
            }
        }
        let message = format!("no rule in force at this instant says whether members may `{words}`");
        Refusal::new(RefusalCode::OperationNotDeclared, "", message)
    }
}

fn in_force(policy: &Policy, at: jiff::Timestamp) -> impl Iterator<Item = Governing<'_>> {
    let moves = policy.moves.iter_enumerated();
    moves.filter_map(move |(id, rule)| Some(Governing { id, body: &rule.at(at)?.body }))
}

/// True where a move takes points to this place.
fn goes_to(to: &MoveTo, wanted: &TransferTo) -> bool {
    match (to, wanted) {
        (MoveTo::Account, TransferTo::Account(_)) | (MoveTo::Cash, TransferTo::Cash) => true,
        (MoveTo::Program(name), TransferTo::Program(program)) => name == program,
        _ => false,
    }
}

fn same_kind(to: &MoveTo, wanted: &TransferTo) -> bool {
    matches!(
        (to, wanted),
        (MoveTo::Account, TransferTo::Account(_))
            | (MoveTo::Program(_), TransferTo::Program(_))
            | (MoveTo::Cash, TransferTo::Cash)
    )
}

/// True where a scheduled move that is due just after `last` belongs to the day that ends there.
fn closes(policy: &Policy, when: &MoveWhen, last: jiff::Timestamp) -> bool {
    let MoveWhen::Days(days) = when else { return matches!(when, MoveWhen::EndOf(_)) };
    let last = policy.calendar.zone.local(last).date();
    let Ok(before) = last.yesterday() else { return false };
    let mut ends = days.iter().filter(|day| day.day.is_none());
    ends.any(|day| day.next(before, policy.calendar.missing_day).is_ok_and(|next| next == last))
}

/// What arrives for points: each `gives` rounded down by itself; without one, as many.
fn gains(context: &Context<'_>, body: &Move, points: i64, name: &str) -> Result<i64, Refusal> {
    if body.gives.is_empty() {
        return Ok(points);
    }
    let mut sum = 0i64;
    for (amount, full, step) in &body.gives {
        let steps = Ratio::new(points.into(), (*step).max(1).into()).map_err(too_large(name))?;
        let steps = if *full { Ratio::whole(steps.floor()) } else { steps };
        let amount = context.quantity(amount).map_err(|fault| refuse(context.policy, fault, name))?;
        let gain = steps.mul(amount).and_then(Ratio::floor_points).map_err(too_large(name))?;
        sum = sum.checked_add(gain).ok_or_else(|| overflow(name))?;
    }
    Ok(sum)
}
