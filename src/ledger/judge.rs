//! Judging one event against an account: it is accepted whole or refused whole. Everything that can fail is
//! computed first; only then is anything changed.

use jiff::Timestamp;
use std::sync::Arc;

use super::account::{Account, Note, Shift, keeps, overflow, pool_terms};
use super::entry::{Action, Bucket, Clause};
use super::event::{EventKind, Movement};
use super::lots::{OrderId, Origin, Source, Take};
use super::placed::{Interval, Parcel, PlacedLine, PlacedOrder, line_index, resolve_lines};
use crate::check::policy::{Expiry, Pending, PendingAnchor, Policy, PoolTerms};
use crate::eval::net::Net;
use crate::eval::order::Order;
use crate::eval::{Refusal, RefusalCode, earned, point_value, points_paid};
use crate::syntax::ast::{AnchorKind, Operation};
use crate::value::Ratio;

/// The last year in which an event may lie: what it sets going then falls due before the end of the calendar.
const LAST_YEAR: i16 = 9000;

impl Account {
    /// Applies what is due at the event's instant, then the event. A refusal changes nothing.
    pub(crate) fn judge(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        kind: EventKind,
    ) -> Result<(), Refusal> {
        if policy.calendar.zone.local(at).year() > LAST_YEAR {
            let message = format!("deadlines are computed up to the year {LAST_YEAR} only");
            return Err(Refusal::new(RefusalCode::Overflow, "at", message));
        }
        self.advance(policy, at).map_err(|_| overflow("the expiry rule"))?;
        match kind {
            EventKind::Member(facts) => self.member.set(&facts),
            EventKind::Opening { points, expires_at } => self.open(policy, at, id, points, expires_at)?,
            EventKind::Grant { points, reason } => self.grant(policy, at, id, points, reason)?,
            EventKind::Adjust { points, reason } if points > 0 => {
                self.grant(policy, at, id, points, Some(reason))?
            }
            EventKind::Adjust { points, reason } => {
                self.take_away(policy, at, id, points.saturating_neg(), &reason)?
            }
            EventKind::Order { number, order } => self.place(policy, at, id, &number, *order)?,
            EventKind::Ship(movement) => self.ship(policy, at, id, &movement)?,
            EventKind::Cancel(movement) => self.cancel(policy, at, id, &movement)?,
            EventKind::Return(movement) => self.take_return(policy, at, id, &movement)?,
            EventKind::Refund { number, lines } => self.refund(policy, at, id, &number, &lines)?,
            EventKind::Transfer { to, .. } => return Err(refuse_operation(policy, at, to.operation())),
            EventKind::CashOut { .. } => return Err(refuse_operation(policy, at, Operation::CashOut)),
        }
        self.used = true;
        Ok(())
    }

    fn open(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        points: i64,
        expires_at: Timestamp,
    ) -> Result<(), Refusal> {
        let terms = terms(policy, at)?;
        if expires_at <= at {
            let message = format!(
                "these points are gone from {}, which is not after this event",
                show(policy, expires_at)
            );
            return Err(Refusal::new(RefusalCode::OpeningAlreadyExpired, "expires_at", message));
        }
        let volume = self.has_room(points)?;
        self.count(volume);
        let expires = matches!(terms.expiry, Expiry::After { .. });
        // A balance brought along is no acquisition: it only brings its own deadline, and the later one stands.
        let (lot, refilled) = self.lots.acquire(Origin { event: id.clone(), line: None }, at, points);
        self.rebook(refilled);
        let shift = Shift { action: Action::Grant, from: Bucket::Programme, to: Bucket::Available, points };
        let reason = Some("opening balance".to_owned());
        self.post(policy, at, shift, Note { event: Some(id), lot: Some(lot), reason, ..Note::default() });
        if expires {
            self.deadline = self.deadline.max(Some(expires_at));
        }
        Ok(())
    }

    fn grant(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        points: i64,
        reason: Option<String>,
    ) -> Result<(), Refusal> {
        terms(policy, at)?;
        let volume = self.has_room(points)?;
        self.count(volume);
        let origin = Origin { event: id.clone(), line: None };
        let shift = Shift { action: Action::Grant, from: Bucket::Programme, to: Bucket::Available, points };
        let note = Note { event: Some(id), clause: Some(Clause::Event), reason, ..Note::default() };
        self.acquire(policy, at, origin, shift, note).map_err(|_| overflow("the expiry rule"))
    }

    fn take_away(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        points: i64,
        reason: &str,
    ) -> Result<(), Refusal> {
        let terms = terms(policy, at)?;
        self.check_funds(points, "points")?;
        for take in self.lots.spend(points, &terms.spend, false) {
            let Source::Lot(lot) = take.source else { continue };
            let shift = Shift {
                action: Action::Adjust,
                from: Bucket::Available,
                to: Bucket::Reversed,
                points: take.points,
            };
            let reason = Some(reason.to_owned());
            let line = self.lots.origin_line(lot);
            let note =
                Note { event: Some(id.clone()), lot: Some(lot), line, reason, clause: Some(Clause::Event) };
            self.post(policy, at, shift, note);
        }
        Ok(())
    }

    fn check_funds(&self, points: i64, path: &str) -> Result<(), Refusal> {
        let available = self.balance.available;
        if points <= available {
            return Ok(());
        }
        let message = format!("{points} points are wanted, but the balance holds {available}");
        Err(Refusal::new(RefusalCode::InsufficientPoints, path, message))
    }

    fn place(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        number: &str,
        order: Order,
    ) -> Result<(), Refusal> {
        let terms = terms(policy, at)?;
        let redeem = order.redeem;
        if let Some(earlier) = self.orders.get(number) {
            let message = format!("order `{number}` was already placed by event `{}`", earlier.event);
            return Err(Refusal::new(RefusalCode::DuplicateOrder, "order", message));
        }
        let paid = points_paid(policy, at, &self.member, &order)?;
        if !order.honoured && redeem > 0 {
            self.check_funds(redeem, "redeem")?;
        }
        let earned = earned(policy, at, &self.member, &Net::placed(&order, &paid))?;
        let mut points = redeem;
        for earned in earned.iter().flatten() {
            points =
                points.checked_add(earned.points).ok_or_else(|| overflow("the sum of the order's points"))?;
        }
        let volume = self.has_room(points)?;
        let lines = earned.into_iter().zip(paid);
        let lines = lines.map(|(earned, paid)| PlacedLine { earned, paid, ..PlacedLine::default() });
        let placed = PlacedOrder {
            number: number.into(),
            event: id.clone(),
            at,
            order,
            member: self.member.clone(),
            lines: lines.collect(),
            takes: Vec::new(),
            point_value: point_value(policy, at)?,
            due: due_after_order(policy, terms, at)?,
        };
        let deadline = self.extended_by_order(policy, at, AnchorKind::OrderPlaced, &placed)?;
        let redeemed = match redeem {
            0 => deadline,
            _ => deadline.max(self.extended_by_order(policy, at, AnchorKind::PointsRedeemed, &placed)?),
        };
        self.count(volume);
        self.deadline = redeemed;
        let (order_id, _) = self.orders.insert_full(number.into(), placed);
        self.pay(policy, at, &id, order_id, redeem, terms);
        self.earn(policy, at, &id, order_id)
    }

    /// Takes the points that pay for an order; what is not there (an honoured order) is owed.
    fn pay(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: &Arc<str>,
        order: OrderId,
        points: i64,
        terms: &PoolTerms,
    ) {
        let mut takes = self.lots.spend(points, &terms.spend, false);
        let missing = points - takes.iter().map(|take| take.points).sum::<i64>();
        if missing > 0 {
            let debt = self.lots.owe(missing, Some(order));
            takes.push(Take { source: Source::Debt(debt), points: missing });
        }
        for take in &takes {
            let shift = Shift {
                action: Action::Redeem,
                from: Bucket::Available,
                to: Bucket::Redeemed,
                points: take.points,
            };
            let lot = if let Source::Lot(lot) = take.source { Some(lot) } else { None };
            let clause = Some(Clause::Redeem { terms: at });
            let line = Some((order, None));
            let note = Note { event: Some(id.clone()), clause, lot, line, ..Note::default() };
            self.post(policy, at, shift, note);
        }
        if let Some((_, placed)) = self.orders.get_index_mut(order) {
            placed.takes = takes;
        }
    }

    /// Posts what an order earns, pending, and what of it is available at once.
    fn earn(&mut self, policy: &Policy, at: Timestamp, id: &Arc<str>, order: OrderId) -> Result<(), Refusal> {
        let Some((_, placed)) = self.orders.get_index(order) else { return Ok(()) };
        let due = placed.due;
        let lines: Vec<_> = placed.lines.iter().map(|line| line.earned.clone()).collect();
        for (line, earned) in lines.iter().enumerate() {
            for earned in earned {
                let clause = Some(Clause::Earn { rule: earned.rule, terms: at });
                let note = Note {
                    event: Some(id.clone()),
                    clause,
                    line: Some((order, Some(line))),
                    ..Note::default()
                };
                let points = earned.points;
                let shift =
                    Shift { action: Action::Earn, from: Bucket::Programme, to: Bucket::Pending, points };
                self.post(policy, at, shift, note);
            }
        }
        for (line, earned) in lines.iter().enumerate() {
            match due {
                Some(due) if due.by <= at => {
                    let points = earned.iter().map(|earned| earned.points).sum();
                    let matured = self.mature(policy, at, (order, line), points, id);
                    matured.map_err(|_| overflow("the expiry rule"))?;
                }
                Some(due) => self.schedule(due.by, order, line),
                None => {}
            }
        }
        Ok(())
    }

    fn find(&self, number: &str) -> Result<(OrderId, &PlacedOrder), Refusal> {
        let found = self.orders.get_full(number).map(|(index, _, placed)| (index, placed));
        found.ok_or_else(|| {
            let message = format!("the account has no order `{number}` at this instant");
            Refusal::new(RefusalCode::UnknownOrder, "order", message)
        })
    }

    fn ship(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        movement: &Movement,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(&movement.number)?;
        let left = |line| placed.unshipped(line);
        let moves = resolve_lines(placed, movement.lines.as_deref(), left, "shipped")?;
        let after_order = placed.due.is_some();
        let due = match pool_terms(policy, placed.at).map(|terms| terms.pending) {
            Some(Pending::After { earliest, latest, anchor: PendingAnchor::Shipped }) => Interval {
                from: policy.calendar.after(at, earliest).map_err(|_| overflow("the pending rule"))?,
                by: policy.calendar.after(at, latest).map_err(|_| overflow("the pending rule"))?,
            },
            _ => Interval { from: at, by: at },
        };
        let extended = self.extended_by_order(policy, at, AnchorKind::Shipped, placed)?;
        self.deadline = extended;
        let Some((_, placed)) = self.orders.get_index_mut(order) else { return Ok(()) };
        for (line, units) in &moves {
            if let Some(state) = placed.lines.get_mut(*line) {
                state.shipped += units;
                state.parcels.push(Parcel { units: *units, due, event: id.clone() });
            }
        }
        if after_order {
            return Ok(());
        }
        for (line, _) in moves {
            self.schedule(due.by, order, line);
        }
        // Without a delay they are due now.
        self.advance(policy, at).map_err(|_| overflow("the expiry rule"))
    }

    fn cancel(
        &mut self,
        policy: &Policy,
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
        let keeping = keeps(policy, placed.at);
        self.retake(policy, at, &id, order, placed, keeping)
    }

    fn take_return(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        movement: &Movement,
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(&movement.number)?;
        let left = |line| placed.returnable(line);
        let moves = resolve_lines(placed, movement.lines.as_deref(), left, "returned")?;
        let mut placed = placed.clone();
        let keeping = keeps(policy, placed.at);
        for (line, units) in moves {
            if let Some(state) = placed.lines.get_mut(line) {
                state.returned += units;
                if !keeping {
                    state.unpack(units);
                }
            }
        }
        self.retake(policy, at, &id, order, placed, keeping)
    }

    fn refund(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        id: Arc<str>,
        number: &str,
        lines: &[(String, i64)],
    ) -> Result<(), Refusal> {
        let (order, placed) = self.find(number)?;
        let mut placed = placed.clone();
        for (position, (line_id, amount)) in lines.iter().enumerate() {
            let line = line_index(&placed, line_id, position)?;
            let most = placed.refundable(line).map_err(|_| overflow("the money refunded"))?;
            if Ratio::whole(*amount) > most {
                let currency = policy.currency;
                let message = format!(
                    "{} are to be refunded on line `{line_id}`, but only {} were paid in money for what is kept of it",
                    currency.format(Ratio::whole(*amount)),
                    currency.format(most)
                );
                return Err(Refusal::new(
                    RefusalCode::MoreThanLeft,
                    format!("lines[{position}].amount"),
                    message,
                ));
            }
            let kept = placed.kept(line);
            if let Some(state) = placed.lines.get_mut(line) {
                state.refunds.push((*amount, kept));
            }
        }
        let keeping = keeps(policy, placed.at);
        self.retake(policy, at, &id, order, placed, keeping)
    }
}

/// Where points wait for a time after the order itself, or not at all, that interval.
fn due_after_order(policy: &Policy, terms: &PoolTerms, at: Timestamp) -> Result<Option<Interval>, Refusal> {
    let after = |delay| policy.calendar.after(at, delay).map_err(|_| overflow("the pending rule"));
    Ok(match terms.pending {
        Pending::Never => Some(Interval { from: at, by: at }),
        Pending::After { earliest, latest, anchor: PendingAnchor::OrderPlaced } => {
            Some(Interval { from: after(earliest)?, by: after(latest)? })
        }
        Pending::After { anchor: PendingAnchor::Shipped, .. } => None,
    })
}

fn terms(policy: &Policy, at: Timestamp) -> Result<&PoolTerms, Refusal> {
    pool_terms(policy, at).ok_or_else(|| {
        let message = "the programme's pool has no terms in force at this instant";
        Refusal::new(RefusalCode::NotInForce, "at", message)
    })
}

/// Refuses an operation by the rule that forbids it. Nothing allows one in this version of the language, so an
/// operation that no rule in force forbids is refused too.
fn refuse_operation(policy: &Policy, at: Timestamp, operation: Operation) -> Refusal {
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
            let message = format!("rule `{}` ({}:{line}) forbids: {words}", rule.name, policy.source.name());
            return Refusal::new(code, "", message).by_rule(&rule.name);
        }
    }
    let message = format!("no rule in force at this instant says whether members may `{words}`");
    Refusal::new(RefusalCode::OperationNotDeclared, "", message)
}

fn show(policy: &Policy, at: Timestamp) -> String {
    policy.calendar.zone.format(at)
}
