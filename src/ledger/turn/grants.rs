//! Points from elsewhere: opening balances, grants, corrections.

use jiff::Timestamp;

use super::super::books::entry::{Action, Bucket, Clause};
use super::super::books::lots::{Origin, Source, SpendOrder};
use super::{Acquired, Clock, Posting, Turn, Why};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{Expiry, IdVec, LotExpiry, PoolId};
use crate::value::Ratio;

impl Turn<'_> {
    pub(super) fn open(&mut self, pool: PoolId, points: i64, expires_at: Timestamp) -> Result<(), Refusal> {
        let terms = self.terms(pool)?;
        self.check_alive(expires_at)?;
        self.make_room(points)?;
        // A balance brought along is no acquisition: it only brings its own deadline, and the later one stands.
        let own_clock = matches!(terms.lot_expiry, LotExpiry::After { .. }).then_some(expires_at);
        let balance_clock = matches!(terms.expiry, Expiry::After { .. }) && own_clock.is_none();
        let origin = Origin { event: self.cause.clone(), line: None };
        let book = &mut self.books.pools[pool];
        let (lot, refilled) = book.lots.acquire(origin, self.at, own_clock, points);
        if balance_clock {
            book.deadline = book.deadline.max(Some(expires_at));
        }
        self.rebook(pool, refilled);
        let reason = Some("opening balance".to_owned());
        let why = Why { event: Some(self.cause.clone()), lot: Some(lot), reason, ..Why::default() };
        let (action, from, to) = (Action::Grant, Bucket::Programme, Bucket::Available);
        self.post(Posting { pool, action, from, to, points, why });
        Ok(())
    }

    pub(super) fn grant(
        &mut self,
        pool: PoolId,
        points: i64,
        expires_at: Option<Timestamp>,
        reason: Option<String>,
    ) -> Result<(), Refusal> {
        self.terms(pool)?;
        expires_at.map_or(Ok(()), |expires_at| self.check_alive(expires_at))?;
        self.make_room(points)?;
        let clock = expires_at.map_or(Clock::Rule(None), Clock::At);
        let origin = Origin { event: self.cause.clone(), line: None };
        let why =
            Why { event: Some(self.cause.clone()), clause: Some(Clause::Event), reason, ..Why::default() };
        let (action, from) = (Action::Grant, Bucket::Programme);
        self.acquire(Acquired { pool, points, action, from, origin, clock, why }).map(|_| ())
    }

    pub(super) fn take_away(&mut self, pool: PoolId, points: i64, reason: &str) -> Result<(), Refusal> {
        let terms = self.terms(pool)?;
        self.check_funds(&[pool], points, "points")?;
        for take in self.books.pools[pool].lots.spend(points, SpendOrder::of(&terms.spend)) {
            let Source::Lot(lot) = take.source else { continue };
            let why = Why {
                event: Some(self.cause.clone()),
                clause: Some(Clause::Event),
                line: self.origin_line(pool, lot),
                lot: Some(lot),
                reason: Some(reason.to_owned()),
                ..Why::default()
            };
            let (action, from, to) = (Action::Adjust, Bucket::Available, Bucket::Reversed);
            self.post(Posting { pool, action, from, to, points: take.points, why });
        }
        Ok(())
    }

    /// Refuses more points than pools hold together; the last of them is the one that is spent in the end.
    pub(super) fn check_funds(&self, pools: &[PoolId], points: i64, path: &str) -> Result<(), Refusal> {
        let held = self.books.pools.iter().map(|pool| i128::from(pool.balance.available));
        self.check_held(&held.collect(), pools, points, path)
    }

    /// The same of what is held by these figures.
    pub(super) fn check_held(
        &self,
        held: &IdVec<PoolId, i128>,
        pools: &[PoolId],
        points: i64,
        path: &str,
    ) -> Result<(), Refusal> {
        // The debt of one pool is no other's.
        let available: i128 = match pools {
            [one] => held[*one],
            many => many.iter().map(|pool| held[*pool].max(0)).sum(),
        };
        let Some(pool) = pools.last().filter(|_| i128::from(points) > available) else { return Ok(()) };
        let held = self.policy.count_in(*pool, Ratio::whole(available));
        let wanted = self.policy.count_points_in(*pool, points);
        let message = format!("{wanted} are wanted, but the balance holds {held}");
        Err(Refusal::new(RefusalCode::InsufficientPoints, path, message))
    }

    /// Points that are brought must not be gone already.
    fn check_alive(&self, expires_at: Timestamp) -> Result<(), Refusal> {
        if expires_at > self.at {
            return Ok(());
        }
        let gone = self.policy.show_instant(expires_at);
        let message = format!("these points are gone from {gone}, which is not after this event");
        Err(Refusal::new(RefusalCode::OpeningAlreadyExpired, "expires_at", message))
    }
}
