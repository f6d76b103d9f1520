//! An order as far as it stands: what was ordered, less units cancelled or returned and money refunded. Deciding an
//! order and re-deciding it after a return are the same computation on two of these.

use super::order::Order;
use crate::policy::CategorySet;
use crate::value::{Overflow, Ratio};

/// What is left of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetLine {
    /// Units kept: neither cancelled nor returned.
    pub units: i64,
    /// Money refunded on the units kept, minor units; exact, as a return takes its share along.
    pub refunded: Ratio,
    /// Points that pay for the units kept.
    pub points_paid: i64,
    /// What they pay, minor units.
    pub money_paid: Ratio,
}

/// An order with what is left of each line.
#[derive(Clone, Debug)]
pub(crate) struct Net<'a> {
    pub order: &'a Order,
    /// One for each line of the order.
    pub lines: Vec<NetLine>,
}

impl<'a> Net<'a> {
    /// The order as placed and not yet paid.
    pub fn placed(order: &'a Order) -> Net<'a> {
        let lines = order.lines.iter();
        let lines = lines.map(|line| NetLine {
            units: line.quantity,
            refunded: Ratio::ZERO,
            points_paid: 0,
            money_paid: Ratio::ZERO,
        });
        Net { order, lines: lines.collect() }
    }

    /// Adds points that pay for each line, and what they pay.
    pub fn pay(&mut self, points: &[i64], money: &[Ratio]) -> Result<(), Overflow> {
        for ((line, points), money) in self.lines.iter_mut().zip(points).zip(money) {
            line.points_paid = line.points_paid.checked_add(*points).ok_or(Overflow)?;
            line.money_paid = line.money_paid.add(*money)?;
        }
        Ok(())
    }

    /// Units kept of a line.
    pub fn units(&self, index: usize) -> i64 {
        self.lines.get(index).map_or(0, |line| line.units)
    }

    /// True where at least one unit of the line is kept.
    pub fn stands(&self, index: usize) -> bool {
        self.units(index) > 0
    }

    /// Price of the units kept, before refunds, minor units.
    pub fn gross(&self, index: usize) -> Result<Ratio, Overflow> {
        let price = self.order.lines.get(index).map_or(0, |line| line.price);
        Ratio::whole(price).mul(Ratio::whole(self.units(index)))
    }

    /// `line.price`: price of the units kept less what was refunded on them.
    pub fn line_price(&self, index: usize) -> Result<Ratio, Overflow> {
        let refunded = self.lines.get(index).map_or(Ratio::ZERO, |line| line.refunded);
        self.gross(index)?.sub(refunded)
    }

    /// `order.price`: the sum of its lines.
    pub fn order_price(&self) -> Result<Ratio, Overflow> {
        (0..self.lines.len()).try_fold(Ratio::ZERO, |sum, index| sum.add(self.line_price(index)?))
    }

    /// `order.price for …`: the sum of the lines whose category passes.
    pub fn price_for(&self, passes: &CategorySet) -> Result<Ratio, Overflow> {
        let lines = (0..self.lines.len()).filter(|index| self.passes(*index, passes));
        lines.into_iter().try_fold(Ratio::ZERO, |sum, index| sum.add(self.line_price(index)?))
    }

    /// `order.quantity for …`: units kept of the lines whose category passes.
    pub fn units_for(&self, passes: &CategorySet) -> Result<Ratio, Overflow> {
        let lines = (0..self.lines.len()).filter(|index| self.passes(*index, passes));
        lines.into_iter().try_fold(Ratio::ZERO, |sum, index| sum.add(Ratio::whole(self.units(index))))
    }

    fn passes(&self, index: usize, passes: &CategorySet) -> bool {
        let category = self.order.lines.get(index).and_then(|line| line.category);
        category.is_some_and(|category| passes.contains(category))
    }

    /// `order.total`: its lines and the shipping charged; zero once nothing of it is kept.
    pub fn order_total(&self) -> Result<Ratio, Overflow> {
        self.order_price()?.add(self.shipping())
    }

    /// Shipping charged, as long as a unit is kept.
    pub fn shipping(&self) -> Ratio {
        let kept = self.lines.iter().any(|line| line.units > 0);
        if kept { Ratio::whole(self.order.shipping) } else { Ratio::ZERO }
    }

    /// `order.quantity`: units kept over all lines.
    pub fn order_quantity(&self) -> Result<Ratio, Overflow> {
        self.lines.iter().try_fold(Ratio::ZERO, |sum, line| sum.add(Ratio::whole(line.units)))
    }

    /// `order.points_paid`: points that pay for the units kept.
    pub fn points_paid(&self) -> Result<i64, Overflow> {
        self.lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.points_paid).ok_or(Overflow))
    }
}
