//! An order in its account: what has shipped, gone and been refunded, what its lines earn as now decided, and where
//! the points that pay for it came from. Only bookkeeping; what follows for points is decided in `judge` and `retake`.

use jiff::Timestamp;
use std::sync::Arc;

use super::lots::{LotId, Take};
use crate::eval::net::{Net, NetLine};
use crate::eval::order::{MemberFacts, Order};
use crate::eval::{Earned, Refusal, RefusalCode};
use crate::value::{Overflow, Ratio};

/// An accepted order.
#[derive(Clone, Debug)]
pub(crate) struct PlacedOrder {
    pub number: Arc<str>,
    /// Id of the order event.
    pub event: Arc<str>,
    /// Its terms are those in force then.
    pub at: Timestamp,
    pub order: Order,
    /// The member as known then.
    pub member: MemberFacts,
    pub lines: Vec<PlacedLine>,
    /// Where the points paid came from, in the order taken.
    pub takes: Vec<Take>,
    /// Money that one point pays on it, minor units.
    pub point_value: Ratio,
    /// Where points become available some time after the order: that interval.
    pub due: Option<Interval>,
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
    /// Of them, those that have become available.
    pub matured: i64,
    /// The lots that they became.
    pub lots: Vec<LotId>,
    /// Its share of the points paid.
    pub paid: i64,
    /// Of that share, what has come back.
    pub restored: i64,
}

/// Units that shipped together.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub units: i64,
    pub due: Interval,
    /// Id of the ship event.
    pub event: Arc<str>,
}

impl PlacedLine {
    /// Points as now decided.
    pub fn points(&self) -> i64 {
        self.earned.iter().map(|earned| earned.points).sum()
    }

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
        self.lines.get(line).map_or(0, |state| self.quantity(line) - state.cancelled - state.shipped)
    }

    /// Units shipped and kept.
    pub fn returnable(&self, line: usize) -> i64 {
        self.lines.get(line).map_or(0, |state| state.shipped - state.returned)
    }

    /// Units neither cancelled nor returned.
    pub fn kept(&self, line: usize) -> i64 {
        self.lines.get(line).map_or(0, |state| self.quantity(line) - state.cancelled - state.returned)
    }

    /// Points of a line that pay for units still kept: its share, less what goes back with the units gone.
    pub fn points_still_paid(&self, line: usize) -> Result<i64, Overflow> {
        let paid = self.lines.get(line).map_or(0, |state| state.paid);
        Ok(paid - self.points_to_restore(line)?)
    }

    /// Points of a line's share that belong back, in all: the share of the units gone, rounded down.
    pub fn points_to_restore(&self, line: usize) -> Result<i64, Overflow> {
        let Some(state) = self.lines.get(line) else { return Ok(0) };
        let gone = Ratio::new((state.cancelled + state.returned).into(), self.quantity(line).into())?;
        Ratio::whole(state.paid).mul(gone)?.floor_points()
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
        let by_points = Ratio::whole(self.points_still_paid(line)?).mul(self.point_value)?;
        gross.sub(by_points)?.sub(self.refunded(line)?)
    }

    /// The order as if what has gone had never been in it. With `keeping`, only cancelled units are gone: returns
    /// and refunds leave the points alone.
    pub fn net(&self, keeping: bool) -> Result<Net<'_>, Overflow> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (index, state) in self.lines.iter().enumerate() {
            let back = if keeping { state.returned } else { 0 };
            let refunded = if keeping { Ratio::ZERO } else { self.refunded(index)? };
            let units = self.kept(index) + back;
            lines.push(NetLine { units, refunded, points_paid: self.points_still_paid(index)? });
        }
        Ok(Net { order: &self.order, lines })
    }

    /// Points of a line that are available by `now`, when it earns `points`: the share of the due units in the units
    /// kept, rounded down.
    pub fn matured_of(
        &self,
        line: usize,
        points: i64,
        now: Timestamp,
        keeping: bool,
    ) -> Result<i64, Overflow> {
        let Some(state) = self.lines.get(line) else { return Ok(0) };
        let kept = self.kept(line) + if keeping { state.returned } else { 0 };
        if kept == 0 {
            return Ok(0);
        }
        let due = match self.due {
            Some(due) if due.by <= now => kept,
            Some(_) => 0,
            None => state.parcels.iter().filter(|p| p.due.by <= now).map(|p| p.units).sum(),
        };
        Ratio::whole(points).mul(Ratio::new(due.into(), kept.into())?)?.floor_points()
    }

    /// What a named line is called in messages.
    pub fn line_id(&self, line: usize) -> &str {
        self.order.lines.get(line).map_or("", |line| line.id.as_str())
    }
}

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
                    let message = format!(
                        "{quantity} units of line `{id}` are to be {verb}, but only {available} can be"
                    );
                    let path = format!("lines[{position}].quantity");
                    return Err(Refusal::new(RefusalCode::MoreThanLeft, path, message));
                }
                moves.push((index, quantity.unwrap_or(available)));
            }
        }
    }
    moves.retain(|(_, units)| *units > 0);
    if moves.is_empty() {
        let message = format!("nothing of order `{}` is left to be {verb}", placed.number);
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
