//! A case in its account: an order, a declared event, or a stretch of time that a rule looks at. What has shipped, gone
//! and been refunded, what its lines earn as now decided, and where the points that pay for it came from. Only
//! bookkeeping; what follows for points is decided in `turn`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(crate) use super::ids::{CaseId, LineId, PaymentId, StreamId};
use super::ids::{DebtId, LotId};
use super::instant;
use super::lots::Source;
use crate::eval::net::{Lowers, Net, NetLine, NetRefund, NetShipping, Paid};
use crate::eval::order::{Known, MemberFacts, Order, OrderLine};
use crate::eval::{Earned, Refusal, RefusalCode, Total};
use crate::policy::{EarnId, IdVec, LimitId, MeasureId, PoolId, RedeemId};
use crate::value::moment::Moment;
use crate::value::{Overflow, Ratio};

/// An accepted order, declared event, or stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    /// The order's number; for a declared event its id; `until DATE` for a stretch of time.
    pub number: Arc<str>,
    /// Id of the event.
    pub event: Arc<str>,
    /// Its terms are those in force then.
    #[serde(with = "instant")]
    pub at: Timestamp,
    /// When it happened: for a stretch of time its end, else the same.
    #[serde(with = "instant")]
    pub happened: Timestamp,
    pub order: Arc<Order>,
    /// The member as known then; what measures say in all is kept up to date.
    pub member: MemberFacts,
    pub known: Arc<Known>,
    pub lines: IdVec<LineId, CaseLine>,
    /// Money refunded on shipping, minor units.
    pub shipping_refunded: i64,
    /// Where its points go, and when they become available there.
    pub streams: Arc<IdVec<StreamId, Stream>>,
    /// The points paid, by redeem rule.
    pub payments: IdVec<PaymentId, Payment>,
    /// When each of the event's marks came.
    #[serde(with = "instant")]
    pub marks: Vec<Option<Timestamp>>,
    /// What it has been charged on budgets over all members.
    pub charged: Vec<(LimitId, Ratio)>,
    /// What it adds to measures.
    pub contributions: Vec<Contribution>,
    /// Totals of rules: see `Earning`.
    pub totals: Vec<Total>,
    /// True where goods have to ship before they can be returned, by the terms of the case.
    pub ships: bool,
}

/// What a case adds to a measure, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contribution {
    pub measure: MeasureId,
    /// Index of the choice of the measure's key.
    pub key: usize,
    #[serde(with = "instant")]
    pub at: Timestamp,
    pub amount: Ratio,
    /// What it says, where different things are counted: each counts once.
    pub word: Option<Arc<str>>,
}

/// Points of a case that go to one pool and wait for one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub pool: PoolId,
    /// The earn rule with a wait or a clock of its own; None: all rules that give to the pool under the pool's.
    pub rule: Option<EarnId>,
    pub due: Due,
}

/// When points become available.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Due {
    /// Known since the order, or since the mark it waited for.
    Fixed(Interval),
    /// So long after each unit ships.
    Shipped { from: Moment, by: Moment },
    /// So long after a mark that has not come yet.
    Mark { mark: usize, from: Moment, by: Moment },
}

/// The two ends of the time at which points become available; they count from the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Interval {
    #[serde(with = "instant")]
    pub by: Timestamp,
    #[serde(with = "instant")]
    pub from: Timestamp,
}

/// One line of a case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CaseLine {
    pub cancelled: i64,
    pub returned: i64,
    pub shipped: i64,
    /// Parcels in the order shipped; returned units have been taken out, the earliest parcel's first.
    pub parcels: Vec<Parcel>,
    /// In the order given.
    pub refunds: Vec<Refund>,
    /// Points by rule, as now decided.
    pub earned: Vec<Earned>,
    /// By stream.
    pub streams: IdVec<StreamId, LineStream>,
}

/// Money refunded on a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refund {
    /// Minor units; a fraction where the refund named the whole order.
    pub amount: Ratio,
    /// The units kept at that time: a later return takes its share along.
    pub kept: i64,
    pub lowers: Lowers,
}

/// Points of one line in one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LineStream {
    /// Points that have become available.
    pub matured: i64,
    /// The lots that they became.
    pub lots: Vec<LotId>,
}

/// Units that shipped together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub units: i64,
    /// By stream; None where the stream does not wait for shipping.
    pub due: IdVec<StreamId, Option<Interval>>,
    /// Id of the ship event.
    pub event: Arc<str>,
}

/// Points that paid for an order under one redeem rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub rule: RedeemId,
    pub lines: IdVec<LineId, PaidPiece>,
    pub shipping: PaidPiece,
    /// Where the points came from, in the order taken.
    pub takes: Vec<PoolTake>,
}

/// Points that paid for one piece of an order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PaidPiece {
    pub paid: Paid,
    /// Points that have come back.
    pub restored: i64,
}

/// What points pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Line(LineId),
    Shipping,
}

/// Points taken from one source of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PoolTake {
    pub pool: PoolId,
    pub source: Source,
    pub points: i64,
}

impl CaseLine {
    /// Takes returned units out of the earliest parcels.
    pub fn unpack(&mut self, mut units: i64) {
        for parcel in &mut self.parcels {
            let taken = units.min(parcel.units);
            parcel.units -= taken;
            units -= taken;
        }
    }
}

impl Case {
    /// What it has been charged on a budget.
    pub fn charged_on(&self, limit: LimitId) -> Ratio {
        let charged = self.charged.iter().find(|(known, _)| *known == limit);
        charged.map_or(Ratio::ZERO, |(_, amount)| *amount)
    }

    /// Sets what it has been charged on a budget.
    pub fn charge_on(&mut self, limit: LimitId, amount: Ratio) {
        match self.charged.iter_mut().find(|(known, _)| *known == limit) {
            Some((_, charged)) => *charged = amount,
            None => self.charged.push((limit, amount)),
        }
    }

    /// The line as it was ordered.
    #[expect(clippy::indexing_slicing, reason = "a line id is made from the lines of its own case")]
    fn ordered(&self, line: LineId) -> &OrderLine {
        &self.order.lines[line.index()]
    }

    /// Units ordered of a line.
    pub fn quantity(&self, line: LineId) -> i64 {
        self.ordered(line).quantity
    }

    /// The line called `id`.
    pub fn line_called(&self, id: &str) -> Option<LineId> {
        self.order.lines.iter().position(|line| line.id == id).map(LineId::new)
    }

    /// Units neither shipped nor cancelled.
    pub fn unshipped(&self, line: LineId) -> i64 {
        let state = &self.lines[line];
        // Where goods are handed over at once, units come back that no event said were shipped.
        let gone = state.shipped + (state.returned - state.shipped).max(0);
        self.quantity(line) - state.cancelled - gone
    }

    /// Units shipped and kept.
    pub fn returnable(&self, line: LineId) -> i64 {
        self.lines[line].shipped - self.lines[line].returned
    }

    /// Units neither cancelled nor returned.
    pub fn kept(&self, line: LineId) -> i64 {
        self.quantity(line) - self.lines[line].cancelled - self.lines[line].returned
    }

    /// True where nothing of it is left.
    pub fn is_gone(&self) -> bool {
        self.lines.ids().all(|line| self.kept(line) == 0)
    }

    /// The stream that points of a rule for a pool are in; none where the rule had not been in force.
    pub fn stream_of(&self, rule: EarnId, pool: PoolId) -> Option<StreamId> {
        let find = |wanted: &dyn Fn(&Stream) -> bool| {
            self.streams.iter_enumerated().find(|(_, stream)| wanted(stream)).map(|(id, _)| id)
        };
        find(&|stream| stream.rule == Some(rule))
            .or_else(|| find(&|stream| stream.rule.is_none() && stream.pool == pool))
    }

    /// Its lines, then its shipping.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> + use<> {
        self.lines.ids().map(Piece::Line).chain(std::iter::once(Piece::Shipping))
    }

    /// Points of a payment's share of a piece that belong back, in all: the share of the units gone, rounded down. What paid
    /// for shipping comes back with the last unit.
    pub fn points_to_restore(&self, payment: &Payment, piece: Piece) -> Result<i64, Overflow> {
        let paid = payment.piece(piece).paid.points;
        match piece {
            Piece::Line(line) => {
                let state = &self.lines[line];
                let gone = Ratio::new((state.cancelled + state.returned).into(), self.quantity(line).into())?;
                Ratio::whole(paid).mul(gone)?.floor_points()
            }
            Piece::Shipping => Ok(if self.is_gone() { paid } else { 0 }),
        }
    }

    /// Points that pay for what is still kept of a piece, and what they pay.
    fn still_paid(&self, piece: Piece) -> Result<Paid, Overflow> {
        let mut sum = Paid::default();
        for payment in self.payments.iter() {
            let paid = payment.piece(piece).paid;
            if paid.points == 0 {
                continue;
            }
            let points = paid.points - self.points_to_restore(payment, piece)?;
            let money = paid.money.mul(Ratio::new(points.into(), paid.points.into())?)?;
            sum = sum.add(Paid { points, money })?;
        }
        Ok(sum)
    }

    /// Money refunded that still stands on the units kept.
    fn refunds(&self, line: LineId) -> Result<Vec<NetRefund>, Overflow> {
        let kept = self.kept(line);
        let refunds = self.lines[line].refunds.iter().map(|refund| {
            let amount = refund.amount.mul(Ratio::new(kept.into(), refund.kept.into())?)?;
            Ok(NetRefund { amount, lowers: refund.lowers })
        });
        refunds.collect()
    }

    /// The case as if what has gone had never been in it. With `keeping`, only cancelled units are gone: returns
    /// and refunds leave the points alone.
    pub fn net(&self, keeping: bool) -> Result<Net<'_>, Overflow> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (line, state) in self.lines.iter_enumerated() {
            let back = if keeping { state.returned } else { 0 };
            let refunds = if keeping { Vec::new() } else { self.refunds(line)? };
            let units = self.kept(line) + back;
            lines.push(NetLine { units, refunds, paid: self.still_paid(Piece::Line(line))? });
        }
        let refunded = if keeping { 0 } else { self.shipping_refunded };
        let shipping = NetShipping { refunded, paid: self.still_paid(Piece::Shipping)? };
        Ok(Net { order: &self.order, lines, shipping })
    }

    /// The case as it came about.
    pub fn gross(&self) -> Result<Net<'_>, Overflow> {
        let mut net = Net::placed(&self.order);
        for payment in self.payments.iter() {
            net.pay(payment.lines.iter().map(|line| line.paid), payment.shipping.paid)?;
        }
        Ok(net)
    }

    /// True where nothing of it has gone and nothing has been refunded.
    pub fn is_whole(&self) -> bool {
        let is_whole = |line: &CaseLine| line.cancelled == 0 && line.returned == 0 && line.refunds.is_empty();
        self.shipping_refunded == 0 && self.lines.iter().all(is_whole)
    }

    /// Points of a line in one stream that are available by `now`, when it earns `points` there: the share of the due
    /// units in the units kept, rounded down.
    pub fn matured_of(
        &self,
        place: Place,
        points: i64,
        now: Timestamp,
        keeping: bool,
    ) -> Result<i64, Overflow> {
        let state = &self.lines[place.line];
        let kept = self.kept(place.line) + if keeping { state.returned } else { 0 };
        if kept == 0 {
            return Ok(0);
        }
        let due = match self.streams[place.stream].due {
            Due::Fixed(due) if due.by <= now => kept,
            Due::Fixed(_) | Due::Mark { .. } => 0,
            Due::Shipped { .. } => {
                let due = |parcel: &&Parcel| parcel.due[place.stream].is_some_and(|due| due.by <= now);
                state.parcels.iter().filter(due).map(|parcel| parcel.units).sum()
            }
        };
        Ratio::whole(points).mul(Ratio::new(due.into(), kept.into())?)?.floor_points()
    }

    /// The intervals in which points of a line's stream become available, as far as they are known.
    pub fn intervals(&self, place: Place) -> Vec<Interval> {
        let mut intervals: Vec<Interval> = match self.streams[place.stream].due {
            Due::Fixed(due) => vec![due],
            Due::Mark { .. } => Vec::new(),
            Due::Shipped { .. } => {
                let parcels = self.lines[place.line].parcels.iter().filter(|parcel| parcel.units > 0);
                parcels.filter_map(|parcel| parcel.due[place.stream]).collect()
            }
        };
        intervals.sort();
        intervals.dedup();
        intervals
    }

    /// What a line is called.
    pub fn line_id(&self, line: LineId) -> &str {
        &self.ordered(line).id
    }

    /// Every line with every stream.
    pub fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let (lines, streams) = (self.lines.len(), self.streams.len());
        (0..lines).flat_map(move |line| {
            (0..streams).map(move |stream| Place { line: LineId::new(line), stream: StreamId::new(stream) })
        })
    }
}

/// One stream of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub line: LineId,
    pub stream: StreamId,
}

/// What a return does to units, in messages.
pub(crate) const RETURNED: &str = "returned";

/// Resolves the lines of a movement to lines and units, checking each against what is `left` for it. All that is
/// left where lines or quantities are left out; a named line with nothing left is passed over if another moves.
pub(crate) fn resolve_lines(
    case: &Case,
    lines: Option<&[(String, Option<i64>)]>,
    left: impl Fn(LineId) -> i64,
    verb: &str,
) -> Result<Vec<(LineId, i64)>, Refusal> {
    let mut moves = Vec::new();
    match lines {
        None => moves.extend(case.lines.ids().map(|line| (line, left(line)))),
        Some(named) => {
            for (position, (id, quantity)) in named.iter().enumerate() {
                let line = named_line(case, id, position)?;
                let available = left(line);
                if let Some(quantity) = quantity.filter(|quantity| *quantity > available) {
                    let mut message = format!(
                        "{quantity} units of line `{id}` are to be {verb}, but only {available} can be"
                    );
                    if verb == RETURNED && case.unshipped(line) > 0 {
                        message += "; what has not shipped is cancelled, not returned";
                    }
                    let path = format!("lines[{position}].quantity");
                    return Err(Refusal::new(RefusalCode::MoreThanLeft, path, message));
                }
                moves.push((line, quantity.unwrap_or(available)));
            }
        }
    }
    moves.retain(|(_, units)| *units > 0);
    if moves.is_empty() {
        let number = &case.number;
        let waits = case.lines.ids().any(|line| case.unshipped(line) > 0);
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

/// The line that an event names.
pub(crate) fn named_line(case: &Case, id: &str, position: usize) -> Result<LineId, Refusal> {
    case.line_called(id).ok_or_else(|| {
        let ids = case.order.lines.iter().map(|line| format!("`{}`", line.id)).collect::<Vec<_>>();
        let message = format!("order `{}` has no line `{id}`; it has {}", case.number, ids.join(", "));
        Refusal::new(RefusalCode::UnknownLine, format!("lines[{position}].id"), message)
    })
}

impl Payment {
    /// What it paid of a piece.
    pub fn piece(&self, piece: Piece) -> &PaidPiece {
        match piece {
            Piece::Line(line) => &self.lines[line],
            Piece::Shipping => &self.shipping,
        }
    }

    /// The same, to be changed.
    pub fn piece_mut(&mut self, piece: Piece) -> &mut PaidPiece {
        match piece {
            Piece::Line(line) => &mut self.lines[line],
            Piece::Shipping => &mut self.shipping,
        }
    }

    /// Points paid in all, less what has come back.
    pub fn points_out(&self) -> i64 {
        let pieces = self.lines.iter().chain(std::iter::once(&self.shipping));
        pieces.map(|piece| piece.paid.points - piece.restored).sum()
    }

    /// What was owed has been filled from a lot: it counts as taken from there.
    pub fn refill(&mut self, pool: PoolId, debt: DebtId, lot: LotId, points: i64) {
        let is_debt = |take: &PoolTake| take.pool == pool && take.source == Source::Debt(debt);
        let Some(place) = self.takes.iter().position(is_debt) else { return };
        if let Some(take) = self.takes.get_mut(place) {
            take.points -= points;
        }
        self.takes.insert(place, PoolTake { pool, source: Source::Lot(lot), points });
    }
}
