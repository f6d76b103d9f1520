//! An order (or declared event, or ended period) in its account: what has shipped, gone and been refunded, what its
//! lines earn as now decided, and where the points that pay for it came from. Only bookkeeping; what follows for points
//! is decided in `judge` and `settle`.

use jiff::Timestamp;
use std::sync::Arc;

use super::lots::{LotId, Source};
use crate::eval::net::{Net, NetLine};
use crate::eval::order::{Known, MemberFacts, Order};
use crate::eval::room::Used;
use crate::eval::{Earned, Refusal, RefusalCode, Total};
use crate::policy::{EarnId, MeasureId, PoolId, RedeemId};
use crate::value::moment::Moment;
use crate::value::{Overflow, Ratio};

/// An accepted order, declared event, or ended period.
#[derive(Clone, Debug)]
pub(crate) struct PlacedOrder {
    /// The order's number; for a declared event its id.
    pub number: Arc<str>,
    /// Id of the event.
    pub event: Arc<str>,
    /// Its terms are those in force then.
    pub at: Timestamp,
    /// When it happened: for a period its end, else the same.
    pub happened: Timestamp,
    pub order: Order,
    /// The member as known then; what measures say in all is kept up to date.
    pub member: MemberFacts,
    pub known: Known,
    pub lines: Vec<PlacedLine>,
    /// Where its points go, and when they become available there.
    pub streams: Vec<Stream>,
    /// The points paid, by redeem rule.
    pub payments: Vec<Payment>,
    /// When each of the event's marks came.
    pub marks: Vec<Option<Timestamp>>,
    /// What it uses of limits over several orders, as it now stands.
    pub used: Used,
    /// The same as it was ordered: what a limit is charged where returns keep room.
    pub charged: Used,
    /// What it adds to measures.
    pub contributions: Vec<Contribution>,
    /// Totals of rules: see `Earning`.
    pub totals: Vec<Total>,
}

/// What an order adds to a measure, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contribution {
    pub measure: MeasureId,
    /// Index of the choice of the measure's key.
    pub key: usize,
    pub at: Timestamp,
    pub amount: Ratio,
    /// What it says, where different things are counted: each counts once.
    pub word: Option<Arc<str>>,
}

/// Points of an order that go to one pool and wait for one thing.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub pool: PoolId,
    /// The earn rule with a wait of its own; None: all rules that give to the pool under the pool's wait.
    pub rule: Option<EarnId>,
    pub due: Due,
}

/// When points become available.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    /// Known since the order, or since the mark it waited for.
    Fixed(Interval),
    /// So long after each unit ships.
    Shipped { from: Moment, by: Moment },
    /// So long after a mark that has not come yet.
    Mark { mark: usize, from: Moment, by: Moment },
}

/// The two ends of the time at which points become available; they count from the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Interval {
    pub by: Timestamp,
    pub from: Timestamp,
}

/// One line of an accepted order.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlacedLine {
    pub cancelled: i64,
    pub returned: i64,
    pub shipped: i64,
    /// Parcels in the order shipped; returned units have been taken out, the earliest parcel's first.
    pub parcels: Vec<Parcel>,
    /// Money refunded, and the units kept at that time: a later return takes its share along.
    pub refunds: Vec<(i64, i64)>,
    /// Points by rule, as now decided.
    pub earned: Vec<Earned>,
    /// By stream.
    pub streams: Vec<LineStream>,
}

/// Points of one line in one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineStream {
    /// Points that have become available.
    pub matured: i64,
    /// The lots that they became.
    pub lots: Vec<LotId>,
}

/// Units that shipped together.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub units: i64,
    /// By stream; None where the stream does not wait for shipping.
    pub due: Vec<Option<Interval>>,
    /// Id of the ship event.
    pub event: Arc<str>,
}

/// Points that paid for an order under one redeem rule.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub rule: RedeemId,
    /// By line.
    pub paid: Vec<i64>,
    /// What they paid, by line, minor units.
    pub money: Vec<Ratio>,
    /// By line, what has come back.
    pub restored: Vec<i64>,
    /// Where the points came from, in the order taken.
    pub takes: Vec<PoolTake>,
}

/// Points taken from one source of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolTake {
    pub pool: PoolId,
    pub source: Source,
    pub points: i64,
}

impl PlacedLine {
    /// Takes returned units out of the earliest parcels.
    pub fn unpack(&mut self, mut units: i64) {
        for parcel in &mut self.parcels {
            let taken = units.min(parcel.units);
            parcel.units -= taken;
            units -= taken;
        }
    }
}

impl PlacedOrder {
    /// Units ordered of a line.
    pub fn quantity(&self, line: usize) -> i64 {
        self.order.lines.get(line).map_or(0, |line| line.quantity)
    }

    /// Index of the line called `id`.
    pub fn line_index(&self, id: &str) -> Option<usize> {
        self.order.lines.iter().position(|line| line.id == id)
    }

    /// Units neither shipped nor cancelled.
    pub fn unshipped(&self, line: usize) -> i64 {
        self.lines.get(line).map_or(0, |state| {
            // Where goods are handed over at once, units come back that no event said were shipped.
            let gone = state.shipped + (state.returned - state.shipped).max(0);
            self.quantity(line) - state.cancelled - gone
        })
    }

    /// Units shipped and kept.
    pub fn returnable(&self, line: usize) -> i64 {
        self.lines.get(line).map_or(0, |state| state.shipped - state.returned)
    }

    /// Units neither cancelled nor returned.
    pub fn kept(&self, line: usize) -> i64 {
        self.lines.get(line).map_or(0, |state| self.quantity(line) - state.cancelled - state.returned)
    }

    /// The stream that a rule's points are in.
    pub fn stream_of(&self, rule: EarnId, pool: PoolId) -> Option<usize> {
        let own = self.streams.iter().position(|stream| stream.rule == Some(rule));
        own.or_else(|| self.streams.iter().position(|stream| stream.rule.is_none() && stream.pool == pool))
    }

    /// Points of a payment's share of a line that belong back, in all: the share of the units gone, rounded down.
    pub fn points_to_restore(&self, payment: &Payment, line: usize) -> Result<i64, Overflow> {
        let Some(state) = self.lines.get(line) else { return Ok(0) };
        let paid = payment.paid.get(line).copied().unwrap_or(0);
        let gone = Ratio::new((state.cancelled + state.returned).into(), self.quantity(line).into())?;
        Ratio::whole(paid).mul(gone)?.floor_points()
    }

    /// Points that pay for units of a line still kept, and what they pay.
    fn still_paid(&self, line: usize) -> Result<(i64, Ratio), Overflow> {
        let (mut points, mut money) = (0i64, Ratio::ZERO);
        for payment in &self.payments {
            let paid = payment.paid.get(line).copied().unwrap_or(0);
            if paid == 0 {
                continue;
            }
            let kept = paid - self.points_to_restore(payment, line)?;
            let worth = payment.money.get(line).copied().unwrap_or(Ratio::ZERO);
            points = points.checked_add(kept).ok_or(Overflow)?;
            money = money.add(worth.mul(Ratio::whole(kept))?.div(Ratio::whole(paid))?)?;
        }
        Ok((points, money))
    }

    /// Money refunded that still stands on the units kept.
    pub fn refunded(&self, line: usize) -> Result<Ratio, Overflow> {
        let Some(state) = self.lines.get(line) else { return Ok(Ratio::ZERO) };
        let kept = Ratio::whole(self.kept(line));
        state.refunds.iter().try_fold(Ratio::ZERO, |sum, (amount, kept_then)| {
            sum.add(Ratio::whole(*amount).mul(kept)?.div(Ratio::whole(*kept_then))?)
        })
    }

    /// Money paid for the units kept that has not been refunded.
    pub fn refundable(&self, line: usize) -> Result<Ratio, Overflow> {
        let price = self.order.lines.get(line).map_or(0, |line| line.price);
        let gross = Ratio::whole(price).mul(Ratio::whole(self.kept(line)))?;
        gross.sub(self.still_paid(line)?.1)?.sub(self.refunded(line)?)
    }

    /// The order as if what has gone had never been in it. With `keeping`, only cancelled units are gone: returns
    /// and refunds leave the points alone.
    pub fn net(&self, keeping: bool) -> Result<Net<'_>, Overflow> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (index, state) in self.lines.iter().enumerate() {
            let back = if keeping { state.returned } else { 0 };
            let refunded = if keeping { Ratio::ZERO } else { self.refunded(index)? };
            let units = self.kept(index) + back;
            let (points_paid, money_paid) = self.still_paid(index)?;
            lines.push(NetLine { units, refunded, points_paid, money_paid });
        }
        Ok(Net { order: &self.order, lines })
    }

    /// The order as it was placed.
    pub fn gross(&self) -> Result<Net<'_>, Overflow> {
        let mut net = Net::placed(&self.order);
        for payment in &self.payments {
            net.pay(&payment.paid, &payment.money)?;
        }
        Ok(net)
    }

    /// True where nothing of it has gone and nothing has been refunded.
    pub fn is_whole(&self) -> bool {
        self.lines.iter().all(|line| line.cancelled == 0 && line.returned == 0 && line.refunds.is_empty())
    }

    /// Points of a line in one stream that are available by `now`, when it earns `points` there: the share of the due
    /// units in the units kept, rounded down.
    pub fn matured_of(
        &self,
        line: usize,
        stream: usize,
        points: i64,
        now: Timestamp,
        keeping: bool,
    ) -> Result<i64, Overflow> {
        let (Some(state), Some(of)) = (self.lines.get(line), self.streams.get(stream)) else { return Ok(0) };
        let kept = self.kept(line) + if keeping { state.returned } else { 0 };
        if kept == 0 {
            return Ok(0);
        }
        let due = match of.due {
            Due::Fixed(due) if due.by <= now => kept,
            Due::Fixed(_) | Due::Mark { .. } => 0,
            Due::Shipped { .. } => {
                let due = |parcel: &&Parcel| {
                    parcel.due.get(stream).copied().flatten().is_some_and(|due| due.by <= now)
                };
                state.parcels.iter().filter(due).map(|parcel| parcel.units).sum()
            }
        };
        Ratio::whole(points).mul(Ratio::new(due.into(), kept.into())?)?.floor_points()
    }

    /// The intervals in which points of a line's stream become available, as far as they are known.
    pub fn intervals(&self, line: usize, stream: usize) -> Vec<Interval> {
        let (Some(state), Some(of)) = (self.lines.get(line), self.streams.get(stream)) else {
            return Vec::new();
        };
        let mut intervals: Vec<Interval> = match of.due {
            Due::Fixed(due) => vec![due],
            Due::Mark { .. } => Vec::new(),
            Due::Shipped { .. } => state
                .parcels
                .iter()
                .filter(|parcel| parcel.units > 0)
                .filter_map(|parcel| parcel.due.get(stream).copied().flatten())
                .collect(),
        };
        intervals.sort();
        intervals.dedup();
        intervals
    }

    /// What a line is called in messages.
    pub fn line_id(&self, line: usize) -> &str {
        self.order.lines.get(line).map_or("", |line| line.id.as_str())
    }
}

/// What a return does to units, in messages.
pub(crate) const RETURNED: &str = "returned";

/// Resolves the lines of a movement to (line index, units), checking each against what is `left` for it. All that is
/// left where lines or quantities are left out; a named line with nothing left is passed over if another moves.
pub(crate) fn resolve_lines(
    placed: &PlacedOrder,
    lines: Option<&[(String, Option<i64>)]>,
    left: impl Fn(usize) -> i64,
    verb: &str,
) -> Result<Vec<(usize, i64)>, Refusal> {
    let mut moves = Vec::new();
    match lines {
        None => moves.extend((0..placed.lines.len()).map(|index| (index, left(index)))),
        Some(named) => {
            for (position, (id, quantity)) in named.iter().enumerate() {
                let index = line_index(placed, id, position)?;
                let available = left(index);
                if let Some(quantity) = quantity.filter(|quantity| *quantity > available) {
                    let mut message = format!(
                        "{quantity} units of line `{id}` are to be {verb}, but only {available} can be"
                    );
                    if verb == RETURNED && placed.unshipped(index) > 0 {
                        message += "; what has not shipped is cancelled, not returned";
                    }
                    let path = format!("lines[{position}].quantity");
                    return Err(Refusal::new(RefusalCode::MoreThanLeft, path, message));
                }
                moves.push((index, quantity.unwrap_or(available)));
            }
        }
    }
    moves.retain(|(_, units)| *units > 0);
    if moves.is_empty() {
        let number = &placed.number;
        let waits = (0..placed.lines.len()).any(|line| placed.unshipped(line) > 0);
        let message = match verb {
            RETURNED if waits => format!(
                "nothing of order `{number}` has shipped that could be returned: cancel it, or send its `ship` first"
            ),
            _ => format!("nothing of order `{number}` is left to be {verb}"),
        };
        return Err(Refusal::new(RefusalCode::NothingLeft, "lines", message));
    }
    Ok(moves)
}

/// The index of a line named by an event.
pub(crate) fn line_index(placed: &PlacedOrder, id: &str, position: usize) -> Result<usize, Refusal> {
    placed.line_index(id).ok_or_else(|| {
        let ids = placed.order.lines.iter().map(|line| format!("`{}`", line.id)).collect::<Vec<_>>();
        let message = format!("order `{}` has no line `{id}`; it has {}", placed.number, ids.join(", "));
        Refusal::new(RefusalCode::UnknownLine, format!("lines[{position}].id"), message)
    })
}
