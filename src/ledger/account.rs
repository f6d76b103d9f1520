//! One member's account: pools with their balances and lots, orders and events, levels. Posting entries, acquiring
//! points and moving deadlines happen here; what falls due when is `advance`'s, what an event does is `judge`'s.

use indexmap::IndexMap;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry::{Action, Arrived, Balance, Bucket, Clause, Entry};
use super::lots::{LotId, Lots, OrderId, Origin, Refilled, Source};
use super::moves::Sent;
use super::placed::{PlacedOrder, PoolTake};
use super::rewards::Taken;
use super::tiers::TierState;
use super::ties::Ties;
use crate::eval::net::Net;
use crate::eval::order::MemberFacts;
use crate::eval::{Refusal, RefusalCode, condition_holds};
use crate::policy::{
    EarnId, Expiry, ExpiryAnchorKind, IdVec, LotExpiry, MoveId, Period, Policy, PoolId, PoolTerms, Returns,
    TierId,
};
use crate::value::Overflow;

/// The most points that may ever pass through one account, so that no sum can overflow 64 bits.
const MOST_POINTS: i64 = 1 << 60;

/// A member's account in the programme.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) id: Arc<str>,
    /// One for each pool of the policy.
    pub(crate) pools: IdVec<PoolId, PoolState>,
    /// Orders, declared events and ended periods, in the order of time.
    pub(crate) orders: Vec<PlacedOrder>,
    /// Order numbers.
    pub(crate) by_number: IndexMap<Arc<str>, OrderId>,
    /// Ids of declared events.
    pub(crate) by_event: IndexMap<Arc<str>, OrderId>,
    /// Rewards taken, by event id.
    pub(crate) rewards: IndexMap<Arc<str>, Taken>,
    /// Moves that were asked for, by event id.
    pub(crate) sent: IndexMap<Arc<str>, Sent>,
    pub(crate) member: MemberFacts,
    /// One for each tier of the policy.
    pub(crate) tiers: IdVec<TierId, TierState>,
    pub(crate) ties: Arc<Ties>,
    /// Lines whose points become available: (when, order, line, stream).
    pub(super) due: BTreeSet<(Timestamp, OrderId, usize, usize)>,
    /// The next end of each period at which rules look.
    pub(super) ends: Vec<(Period, Timestamp)>,
    /// The next day of each scheduled move: (when, move).
    pub(super) moves: BTreeSet<(Timestamp, MoveId)>,
    /// What payments and moves have used of limits over periods: (when, limit, points, order and payment).
    pub(super) uses: Vec<super::moves::Use>,
    /// Points that have come in or been promised, to bound all sums.
    volume: i64,
    /// The journal, kept only where asked for.
    pub(crate) entries: Option<Vec<Entry>>,
    /// True once an event has been accepted.
    pub(crate) used: bool,
}

/// An account's points in one pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct PoolState {
    pub balance: Balance,
    pub lots: Lots,
    /// The instant from which everything available is gone.
    pub deadline: Option<Timestamp>,
    /// What has arrived elsewhere for its points: by programme, none for money.
    pub arrived: BTreeMap<Option<String>, i64>,
    /// The next midnight at which a paused expiry is looked at again.
    pub recheck: Option<Timestamp>,
}

/// Everything an entry says beyond the movement itself.
#[derive(Clone, Default)]
pub(crate) struct Note {
    pub event: Option<Arc<str>>,
    pub clause: Option<Clause>,
    /// The order, and its line where the movement belongs to one.
    pub line: Option<(OrderId, Option<usize>)>,
    pub lot: Option<LotId>,
    pub arrived: Option<Arrived>,
    pub reason: Option<String>,
}

/// What a new lot's own clock goes by.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// Gone from this instant on, whatever the pool says.
    At(Timestamp),
    /// The pool's clock, counted from this instant.
    From(Timestamp),
    /// The earn rule's clock where it has one, else the pool's.
    Rule(Option<EarnId>),
}

/// A movement of points.
#[derive(Clone, Copy)]
pub(crate) struct Shift {
    pub action: Action,
    pub from: Bucket,
    pub to: Bucket,
    pub points: i64,
}

impl Account {
    pub(crate) fn new(policy: &Policy, ties: Arc<Ties>, id: Arc<str>, keep_entries: bool) -> Account {
        Account {
            id,
            pools: IdVec::filled(policy.pools.len(), PoolState::default()),
            orders: Vec::new(),
            by_number: IndexMap::new(),
            by_event: IndexMap::new(),
            rewards: IndexMap::new(),
            sent: IndexMap::new(),
            member: MemberFacts::defaults(policy),
            tiers: IdVec::filled(policy.tiers.len(), TierState::default()),
            ties,
            due: BTreeSet::new(),
            ends: Vec::new(),
            moves: BTreeSet::new(),
            uses: Vec::new(),
            volume: 0,
            entries: keep_entries.then(Vec::new),
            used: false,
        }
    }

    /// Points enter as available in a pool: a new lot, debts filled first, the balance's clock moved.
    pub(crate) fn acquire(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        pool: PoolId,
        (origin, clock): (Origin, Clock),
        shift: Shift,
        note: Note,
    ) -> Result<(), Overflow> {
        let from = if let Clock::From(from) = clock { from } else { at };
        let extended = self.extended_by_points(policy, from, pool)?;
        let expires = match clock {
            Clock::At(expires) => Some(expires),
            Clock::From(from) => self.lot_expiry(policy, from, pool, None, &origin)?,
            Clock::Rule(rule) => self.lot_expiry(policy, at, pool, rule, &origin)?,
        };
        let Some(state) = self.pools.try_get_mut(pool) else { return Ok(()) };
        let (lot, refilled) = state.lots.acquire(origin, at, expires, shift.points);
        state.deadline = extended;
        self.rebook(pool, refilled);
        self.post(policy, at, pool, shift, Note { lot: Some(lot), ..note });
        Ok(())
    }

    /// When a lot acquired at `at` is gone by its own clock.
    fn lot_expiry(
        &self,
        policy: &Policy,
        at: Timestamp,
        pool: PoolId,
        rule: Option<EarnId>,
        origin: &Origin,
    ) -> Result<Option<Timestamp>, Overflow> {
        let earning = origin.line.and_then(|(order, _)| self.orders.get(order));
        let own = rule.zip(earning).and_then(|(rule, placed)| {
            policy.earns.try_get(rule)?.at(placed.at)?.body.lot_expiry.as_ref().map(|(clock, _)| clock)
        });
        let of_pool = policy.pool_terms(pool, at).map(|terms| &terms.lot_expiry);
        // A rule's own clock is of the terms of its order.
        let terms = own.and(earning).map_or(at, |placed| placed.at);
        let Some(LotExpiry::After { at: moment, from_earning, .. }) = own.or(of_pool) else {
            return Ok(None);
        };
        let moment = policy.moment_at(moment, terms);
        let anchor = earning.map(|placed| placed.happened).filter(|_| *from_earning).unwrap_or(at);
        let expires = moment.deadline(&policy.calendar, anchor, policy.deadlines)?;
        // A deadline that has passed already kills at once, at the next look.
        Ok(Some(expires.max(at)))
    }

    /// Payments whose debt has been filled from a lot now count as taken from that lot.
    pub(crate) fn rebook(&mut self, pool: PoolId, refilled: Vec<Refilled>) {
        for Refilled { payment: (order, index), debt, lot, points } in refilled {
            let payment = self.orders.get_mut(order).and_then(|placed| placed.payments.get_mut(index));
            let Some(payment) = payment else { continue };
            let is_debt = |take: &PoolTake| take.pool == pool && take.source == Source::Debt(debt);
            let Some(at) = payment.takes.iter().position(is_debt) else { continue };
            if let Some(take) = payment.takes.get_mut(at) {
                take.points -= points;
            }
            payment.takes.insert(at, PoolTake { pool, source: Source::Lot(lot), points });
        }
    }

    /// The deadline after something that may extend the balance has happened at `at`. It never comes before the one
    /// that stands.
    pub(crate) fn extended(
        &self,
        policy: &Policy,
        at: Timestamp,
        pool: PoolId,
        kind: ExpiryAnchorKind,
    ) -> Result<Option<Timestamp>, Overflow> {
        let standing = self.pools.try_get(pool).and_then(|state| state.deadline);
        let Some(terms) = policy.pool_terms(pool, at) else { return Ok(standing) };
        let Expiry::After { at: moment, anchors } = &terms.expiry else { return Ok(standing) };
        if !anchors.iter().any(|anchor| anchor.kind == kind) {
            return Ok(standing);
        }
        Ok(standing.max(Some(policy.moment_at(moment, at).deadline(
            &policy.calendar,
            at,
            policy.deadlines,
        )?)))
    }

    /// The deadline after points have come in. A balance that nothing has extended yet counts from its first points, so that
    /// points brought by a grant do not live for ever.
    fn extended_by_points(
        &self,
        policy: &Policy,
        at: Timestamp,
        pool: PoolId,
    ) -> Result<Option<Timestamp>, Overflow> {
        let extended = self.extended(policy, at, pool, ExpiryAnchorKind::Acquired)?;
        match policy.pool_terms(pool, at).map(|terms| &terms.expiry) {
            Some(Expiry::After { at: moment, .. }) if extended.is_none() => {
                Ok(Some(policy.moment_at(moment, at).deadline(&policy.calendar, at, policy.deadlines)?))
            }
            _ => Ok(extended),
        }
    }

    /// The deadlines of all pools after something has happened to an order or event: the anchor's own condition, read
    /// on the order as placed, must hold too.
    pub(crate) fn extended_by(
        &self,
        policy: &Policy,
        at: Timestamp,
        kind: ExpiryAnchorKind,
        placed: &PlacedOrder,
    ) -> Result<IdVec<PoolId, Option<Timestamp>>, Refusal> {
        let mut net: Option<Net<'_>> = None;
        let mut deadlines = IdVec::default();
        for (pool, state) in self.pools.iter_enumerated() {
            let mut deadline = state.deadline;
            let anchors = match policy.pool_terms(pool, at).map(|terms| &terms.expiry) {
                Some(Expiry::After { anchors, .. }) => anchors.as_slice(),
                _ => &[],
            };
            for anchor in anchors.iter().filter(|anchor| anchor.kind == kind) {
                let holds = match &anchor.when {
                    None => true,
                    Some(condition) => {
                        let net = match &net {
                            Some(net) => net,
                            None => net.insert(placed.gross().map_err(|_| overflow("the order"))?),
                        };
                        let member = (&placed.member, &placed.known);
                        condition_holds(policy, placed.at, member, Some(net), condition)?
                    }
                };
                if holds {
                    let extended = self.extended(policy, at, pool, kind);
                    deadline = deadline.max(extended.map_err(|_| overflow("the expiry rule"))?);
                }
            }
            deadlines.push(deadline);
        }
        Ok(deadlines)
    }

    /// Sets the deadlines of all pools.
    pub(crate) fn set_deadlines(&mut self, deadlines: IdVec<PoolId, Option<Timestamp>>) {
        for (state, deadline) in self.pools.iter_mut().zip(deadlines) {
            state.deadline = deadline;
        }
    }

    /// Notes that points of a line's stream become available at `when`.
    pub(crate) fn schedule(&mut self, when: Timestamp, order: OrderId, line: usize, stream: usize) {
        self.due.insert((when, order, line, stream));
    }

    /// Makes sure that `points` more can pass through the account without any sum overflowing.
    pub(crate) fn has_room(&self, points: i64) -> Result<i64, Refusal> {
        let volume = self.volume.checked_add(points).filter(|volume| *volume <= MOST_POINTS);
        volume.ok_or_else(|| overflow("the sum of the account's points"))
    }

    /// Counts points that [`Account::has_room`] has let pass.
    pub(crate) fn count(&mut self, volume: i64) {
        self.volume = volume;
    }

    /// Posts an entry: folds it into the balance, and keeps it where the journal is kept.
    pub(crate) fn post(&mut self, policy: &Policy, at: Timestamp, pool: PoolId, shift: Shift, note: Note) {
        if shift.points == 0 {
            return;
        }
        if let Some(state) = self.pools.try_get_mut(pool) {
            state.balance.apply(shift.from, shift.to, shift.points);
        }
        if self.entries.is_none() {
            return;
        }
        let placed = note.line.and_then(|(order, line)| Some((self.orders.get(order)?, line)));
        let entry = Entry {
            pool,
            at,
            action: shift.action,
            points: shift.points,
            from: shift.from,
            to: shift.to,
            event: note.event,
            rule: note.clause.and_then(|clause| clause.cite(policy)),
            order: placed.map(|(placed, _)| placed.number.clone()),
            line: placed.and_then(|(placed, line)| Some(placed.line_id(line?).to_owned())),
            lot: note.lot.and_then(|lot| self.lot_name(pool, lot)),
            arrived: note.arrived,
            reason: note.reason,
        };
        if let Some(entries) = &mut self.entries {
            entries.push(entry);
        }
    }

    /// What a lot is called: `ORDER/LINE`, or the event that granted it.
    pub(crate) fn lot_name(&self, pool: PoolId, lot: LotId) -> Option<String> {
        let origin = &self.pools.try_get(pool)?.lots.lots.get(lot)?.origin;
        Some(match origin.line.and_then(|(order, line)| Some((self.orders.get(order)?, line))) {
            Some((placed, line)) => format!("{}/{}", placed.number, placed.line_id(line)),
            None => origin.event.to_string(),
        })
    }

    /// The order and line that earned a lot.
    pub(crate) fn origin_line(&self, pool: PoolId, lot: LotId) -> Option<(OrderId, Option<usize>)> {
        self.pools.try_get(pool)?.lots.origin_line(lot)
    }
}

/// A pool's terms in force, or why there are none.
pub(crate) fn terms(policy: &Policy, pool: PoolId, at: Timestamp) -> Result<&PoolTerms, Refusal> {
    policy.pool_terms(pool, at).ok_or_else(|| {
        let name = policy.pools.try_get(pool).map_or("", |pool| pool.name.as_str());
        let message = format!("the pool `{name}` has no terms in force at this instant");
        Refusal::new(RefusalCode::NotInForce, "at", message)
    })
}

/// True where returns and refunds leave points of this pool alone.
pub(crate) fn keeps(policy: &Policy, pool: PoolId, at: Timestamp) -> bool {
    policy.pool_terms(pool, at).is_some_and(|terms| terms.returns == Returns::Keep)
}

/// A refusal for numbers too large.
pub(crate) fn overflow(what: &str) -> Refusal {
    Refusal::new(RefusalCode::Overflow, "", format!("{what} gives a number too large to compute with"))
}
