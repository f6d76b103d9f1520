//! Judging one event against an account: it is accepted whole or refused whole. Everything that can fail is
//! computed first; only then is anything changed.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Clock, Note, Shift, overflow, terms};
use super::entry::{Action, Bucket, Clause};
use super::event::{EventKind, TransferTo};
use super::lots::{Origin, Source};
use super::replay::Shared;
use crate::eval::order::Order;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{Expiry, LotExpiry, MoveTo, Policy, PoolId};
use crate::value::Ratio;
use crate::value::choice::Operation;

/// The last year in which an event may lie: what it sets going then falls due before the end of the calendar.
const LAST_YEAR: i16 = 9000;

impl Account {
    /// Applies what is due at the event's instant, then the event. A refusal changes nothing.
    pub(crate) fn judge(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        kind: EventKind,
    ) -> Result<(), Refusal> {
        if policy.calendar.zone.local(at).year() > LAST_YEAR {
            let message = format!("deadlines are computed up to the year {LAST_YEAR} only");
            return Err(Refusal::new(RefusalCode::Overflow, "at", message));
        }
        self.advance(policy, shared, at).map_err(|_| overflow("the expiry rule"))?;
        let calendar = |_| overflow("the calendar");
        let before = self.reached(policy, at).map_err(calendar)?;
        let takes_back = kind.takes_back();
        self.apply(policy, shared, at, id, kind)?;
        if !self.used {
            self.used = true;
            self.start_clocks(policy, at).map_err(calendar)?;
        }
        self.update_levels(policy, at, &before, takes_back).map_err(calendar)
    }

    fn apply(
        &mut self,
        policy: &Policy,
        shared: &mut Shared,
        at: Timestamp,
        id: Arc<str>,
        kind: EventKind,
    ) -> Result<(), Refusal> {
        match kind {
            EventKind::Member(facts) => {
                self.member.set(&facts);
                self.restart_years(policy, at).map_err(|_| overflow("the calendar"))
            }
            EventKind::Opening { pool, points, expires_at } => {
                self.open(policy, at, id, pool, points, expires_at)
            }
            EventKind::Grant { pool, points, expires_at, reason } => {
                self.grant(policy, at, id, (pool, points), expires_at, reason)
            }
            EventKind::Adjust { pool, points, reason } if points > 0 => {
                self.grant(policy, at, id, (pool, points), None, Some(reason))
            }
            EventKind::Adjust { pool, points, reason } => {
                self.take_away(policy, at, id, pool, points.saturating_neg(), &reason)
            }
            EventKind::Order { number, order } => self.place(policy, shared, at, id, &number, *order),
            EventKind::Happening { event, facts } => {
                self.happen(policy, shared, at, id, Order::happening(policy, event, facts))
            }
            EventKind::Mark { event, mark } => self.mark(policy, shared, at, id, &event, &mark),
            EventKind::Ship(movement) => self.ship(policy, shared, at, id, &movement),
            EventKind::Cancel(movement) => self.cancel(policy, shared, at, id, &movement),
            EventKind::CancelEvent { event } => self.cancel_event(policy, shared, at, id, &event),
            EventKind::Return(movement) => self.take_return(policy, shared, at, id, &movement),
            EventKind::Refund { number, lines } => self.refund(policy, shared, at, id, &number, &lines),
            EventKind::RefundEvent { event, amount } => {
                self.refund_event(policy, shared, at, id, &event, amount)
            }
            EventKind::Transfer { to, points, by } => {
                self.transfer(policy, shared, at, id, (&to, points), by)
            }
            EventKind::Convert { by, points } => self.convert(policy, shared, at, id, (by, points)),
            EventKind::Reward { reward, quantity, price } => {
                self.take_reward(policy, shared, at, id, (&reward, quantity, price))
            }
            EventKind::CashOut { points, by } => {
                self.transfer(policy, shared, at, id, (&TransferTo::Cash, points), by)
            }
        }
    }

    fn open(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        pool: PoolId,
        points: i64,
        expires_at: Timestamp,
    ) -> Result<(), Refusal> {
        let terms = terms(policy, pool, at)?;
        check_alive(policy, at, expires_at)?;
        let volume = self.has_room(points)?;
        self.count(volume);
        // A balance brought along is no acquisition: it only brings its own deadline, and the later one stands.
        let own_clock = matches!(terms.lot_expiry, LotExpiry::After { .. }).then_some(expires_at);
        let balance_clock = matches!(terms.expiry, Expiry::After { .. }) && own_clock.is_none();
        let origin = Origin { event: id.clone(), line: None };
        let Some(state) = self.pools.try_get_mut(pool) else { return Ok(()) };
        let (lot, refilled) = state.lots.acquire(origin, at, own_clock, points);
        if balance_clock {
            state.deadline = state.deadline.max(Some(expires_at));
        }
        self.rebook(pool, refilled);
        let shift = Shift { action: Action::Grant, from: Bucket::Programme, to: Bucket::Available, points };
        let reason = Some("opening balance".to_owned());
        let note = Note { event: Some(id), lot: Some(lot), reason, ..Note::default() };
        self.post(policy, at, pool, shift, note);
        Ok(())
    }

    fn grant(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        (pool, points): (PoolId, i64),
        expires_at: Option<Timestamp>,
        reason: Option<String>,
    ) -> Result<(), Refusal> {
        terms(policy, pool, at)?;
        expires_at.map_or(Ok(()), |expires_at| check_alive(policy, at, expires_at))?;
        let clock = expires_at.map_or(Clock::Rule(None), Clock::At);
        let volume = self.has_room(points)?;
        self.count(volume);
        let origin = Origin { event: id.clone(), line: None };
        let shift = Shift { action: Action::Grant, from: Bucket::Programme, to: Bucket::Available, points };
        let note = Note { event: Some(id), clause: Some(Clause::Event), reason, ..Note::default() };
        self.acquire(policy, at, pool, (origin, clock), shift, note).map_err(|_| overflow("the expiry rule"))
    }

    fn take_away(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        pool: PoolId,
        points: i64,
        reason: &str,
    ) -> Result<(), Refusal> {
        let terms = terms(policy, pool, at)?;
        self.check_funds(policy, &[pool], points, "points")?;
        let takes = self.pools.try_get_mut(pool).map(|state| state.lots.spend(points, &terms.spend, false));
        for take in takes.into_iter().flatten() {
            let Source::Lot(lot) = take.source else { continue };
            let shift = Shift {
                action: Action::Adjust,
                from: Bucket::Available,
                to: Bucket::Reversed,
                points: take.points,
            };
            let reason = Some(reason.to_owned());
            let line = self.origin_line(pool, lot);
            let (event, clause) = (Some(id.clone()), Some(Clause::Event));
            let note = Note { event, lot: Some(lot), line, reason, clause, ..Note::default() };
            self.post(policy, at, pool, shift, note);
        }
        Ok(())
    }

    /// Refuses more points than pools hold together; the last of them is the one that is spent in the end.
    pub(crate) fn check_funds(
        &self,
        policy: &Policy,
        pools: &[PoolId],
        points: i64,
        path: &str,
    ) -> Result<(), Refusal> {
        let available = self.funds(pools);
        if i128::from(points) <= available {
            return Ok(());
        }
        let pool = pools.last().copied().unwrap_or(PoolId::new(0));
        let held = policy.count_in(pool, Ratio::whole(available));
        let message =
            format!("{} are wanted, but the balance holds {held}", policy.count_points_in(pool, points));
        Err(Refusal::new(RefusalCode::InsufficientPoints, path, message))
    }

    /// What may be taken from these pools together: the debt of one is no other's.
    fn funds(&self, pools: &[PoolId]) -> i128 {
        let held = pools.iter().filter_map(|pool| self.pools.try_get(*pool));
        let held: Vec<i64> = held.map(|state| state.balance.available).collect();
        match held.as_slice() {
            [one] => i128::from(*one),
            many => many.iter().map(|available| i128::from((*available).max(0))).sum(),
        }
    }
}

/// Points that are brought must not be gone already.
fn check_alive(policy: &Policy, at: Timestamp, expires_at: Timestamp) -> Result<(), Refusal> {
    if expires_at > at {
        return Ok(());
    }
    let gone = policy.show_instant(expires_at);
    let message = format!("these points are gone from {gone}, which is not after this event");
    Err(Refusal::new(RefusalCode::OpeningAlreadyExpired, "expires_at", message))
}

/// Refuses an operation by the rule that forbids it, or because none in force offers it.
pub(crate) fn refuse_operation(policy: &Policy, at: Timestamp, operation: Operation) -> Refusal {
    let (code, words) = match operation {
        Operation::TransferToAccount => (RefusalCode::ForbiddenTransferToAccount, "transfer to account"),
        Operation::TransferToProgram => (RefusalCode::ForbiddenTransferToProgram, "transfer to program"),
        Operation::CashOut => (RefusalCode::ForbiddenCashOut, "cash out"),
    };
    for rule in &policy.forbids {
        let Some(version) = rule.at(at) else { continue };
        if let Some((_, span)) = version.body.operations.iter().find(|(forbidden, _)| *forbidden == operation)
        {
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

/// The refusal of a second cancel.
pub(crate) fn cancelled_already(event: &str) -> Refusal {
    let message = format!("event `{event}` has been cancelled already");
    Refusal::new(RefusalCode::NothingLeft, "event", message)
}

/// True where a move takes points to this place.
pub(crate) fn goes_to(to: &MoveTo, wanted: &TransferTo) -> bool {
    match (to, wanted) {
        (MoveTo::Account, TransferTo::Account(_)) => true,
        (MoveTo::Program(name), TransferTo::Program(program)) => name == program,
        (MoveTo::Cash, TransferTo::Cash) => true,
        _ => false,
    }
}
