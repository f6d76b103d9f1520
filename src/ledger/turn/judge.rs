//! Judging one event against an account: it is accepted whole or refused whole.

use super::super::input::event::{EventKind, Mark};
use super::{Transition, Turn, overflow};
use crate::eval::order::Order;
use crate::eval::{Refusal, RefusalCode};

/// The last year in which an event may lie: what it sets going then falls due before the end of the calendar.
const LAST_YEAR: i16 = 9000;

impl Turn<'_> {
    /// What an event does, where it is accepted. What is due at its instant has been applied before.
    pub fn judge(mut self, kind: EventKind, mark: Mark) -> Result<Transition, Refusal> {
        self.check_year()?;
        let before = self.reached()?;
        let (takes_back, rank) = (kind.takes_back(), kind.rank());
        self.happens(kind)?;
        self.begin_to_be_used()?;
        self.update_levels(&before, takes_back)?;
        let (at, id) = (self.at, self.cause.clone());
        self.books.last = std::borrow::Cow::Owned(Some((at, (rank, id))));
        self.books.judged.insert(mark.id, mark.content);
        self.finish()
    }

    /// Points arrive from another account.
    pub fn receive(mut self, arrival: super::Arrival) -> Result<Transition, Refusal> {
        let before = self.reached()?;
        self.arrive(arrival)?;
        self.begin_to_be_used()?;
        self.update_levels(&before, false)?;
        self.finish()
    }

    /// With the first thing that happens in an account its clocks start.
    pub(super) fn begin_to_be_used(&mut self) -> Result<(), Refusal> {
        if self.books.used {
            return Ok(());
        }
        self.books.used = true;
        self.start_clocks()
    }

    pub(super) fn check_year(&self) -> Result<(), Refusal> {
        if self.policy.calendar.zone.local(self.at).year() > LAST_YEAR {
            let message = format!("deadlines are computed up to the year {LAST_YEAR} only");
            return Err(Refusal::new(RefusalCode::Overflow, "at", message));
        }
        Ok(())
    }

    fn happens(&mut self, kind: EventKind) -> Result<(), Refusal> {
        match kind {
            EventKind::Member(facts) => {
                self.books.member.to_mut().set(&facts);
                self.restart_years()
            }
            EventKind::Opening { pool, points, expires_at } => self.open(pool, points, expires_at),
            EventKind::Grant { pool, points, expires_at, reason } => {
                self.grant(pool, points, expires_at, reason)
            }
            EventKind::Adjust { pool, points, reason } if points > 0 => {
                self.grant(pool, points, None, Some(reason))
            }
            EventKind::Adjust { pool, points, reason } => {
                let points = points.checked_neg().ok_or_else(|| overflow("the correction"))?;
                self.take_away(pool, points, &reason)
            }
            EventKind::Order { number, order } => self.place(&number, *order),
            EventKind::Happening { event, facts } => {
                self.happen(event, Order::happening(self.policy, event, facts))
            }
            EventKind::Mark { event, mark } => self.mark(&event, &mark),
            EventKind::Ship(movement) => self.ship(&movement),
            EventKind::Cancel(movement) => self.cancel(&movement),
            EventKind::CancelEvent { event } => self.cancel_event(&event),
            EventKind::Return(movement) => self.take_return(&movement),
            EventKind::Refund(refund) => self.refund(&refund),
            EventKind::RefundEvent { event, amount, part } => {
                self.refund_event(&event, amount, part.as_deref())
            }
            EventKind::Transfer { to, points, by } => self.transfer(&to, points, by),
            EventKind::CashOut { points, by } => {
                self.transfer(&super::super::input::event::TransferTo::Cash, points, by)
            }
            EventKind::Convert { by, points } => self.convert(by, points),
            EventKind::Reward { reward, quantity, price } => self.take_reward(&reward, quantity, price),
        }
    }
}
