//! An order as far as it stands: what was ordered, less units cancelled or returned and money refunded. Deciding an
//! order and re-deciding it after a return are the same computation on two of these.

use super::order::Order;
use crate::policy::{CategorySet, PartFact, Subject};
use crate::value::{Overflow, Ratio};

/// What is left of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NetLine {
    /// Units kept: neither cancelled nor returned.
    pub units: i64,
    /// Money refunded on the units kept, in the order given.
    pub refunds: Vec<NetRefund>,
    /// Points that pay for the units kept.
    pub paid: Paid,
}

/// What is left of the shipping, as long as a line is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NetShipping {
    /// Money refunded, minor units.
    pub refunded: i64,
    /// Points that pay for it.
    pub paid: Paid,
}

/// Points that pay for a line or for shipping, and what they pay, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Paid {
    pub points: i64,
    pub money: Ratio,
}

/// Money refunded on a line, minor units; exact, as a return takes its share along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetRefund {
    pub amount: Ratio,
    pub lowers: Lowers,
}

/// What a refund lowers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Lowers {
    /// The price, and each part of it in proportion.
    Price,
    /// One part alone, and the price by as much: what the price is without the part stays.
    Part(PartFact),
    /// What stands beside the price.
    Beside(PartFact),
}

/// An order with what is left of each line.
#[derive(Clone, Debug)]
pub(crate) struct Net<'a> {
    pub order: &'a Order,
    /// One for each line of the order.
    pub lines: Vec<NetLine>,
    pub shipping: NetShipping,
}

impl Paid {
    /// These and others.
    pub fn add(self, other: Paid) -> Result<Paid, Overflow> {
        let points = self.points.checked_add(other.points).ok_or(Overflow)?;
        Ok(Paid { points, money: self.money.add(other.money)? })
    }
}

impl<'a> Net<'a> {
    /// The order as placed and not yet paid.
    pub fn placed(order: &'a Order) -> Net<'a> {
        let lines = order.lines.iter();
        let lines = lines.map(|line| NetLine { units: line.quantity, ..NetLine::default() });
        Net { order, lines: lines.collect(), shipping: NetShipping::default() }
    }

    /// Adds points that pay for each line, and for shipping.
    pub fn pay(&mut self, lines: impl Iterator<Item = Paid>, shipping: Paid) -> Result<(), Overflow> {
        for (line, paid) in self.lines.iter_mut().zip(lines) {
            line.paid = line.paid.add(paid)?;
        }
        self.shipping.paid = self.shipping.paid.add(shipping)?;
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
        let lowering =
            self.refunds(index).iter().filter(|refund| !matches!(refund.lowers, Lowers::Beside(_)));
        lowering.into_iter().try_fold(self.gross(index)?, |price, refund| price.sub(refund.amount))
    }

    fn refunds(&self, index: usize) -> &[NetRefund] {
        self.lines.get(index).map_or(&[], |line| line.refunds.as_slice())
    }

    /// What the units kept have of a number of all units ordered.
    pub fn of_units(&self, index: usize, number: Ratio) -> Result<Ratio, Overflow> {
        let ordered = self.order.lines.get(index).map_or(0, |line| line.quantity);
        match self.units(index) {
            kept if kept == ordered => Ok(number),
            kept => number.mul(Ratio::new(kept.into(), ordered.into())?),
        }
    }

    /// Money that is part of a line's price, or beside it, as it is for the units kept after refunds.
    pub fn part(&self, index: usize, part: PartFact) -> Result<Ratio, Overflow> {
        let mut price = self.gross(index)?;
        let mut money = self.of_units(index, self.order.part(index, part))?;
        for NetRefund { amount, lowers } in self.refunds(index) {
            let lower = price.sub(*amount)?;
            match lowers {
                Lowers::Price if !price.is_zero() => money = money.mul(lower)?.div(price)?,
                Lowers::Part(other) | Lowers::Beside(other) if *other == part => {
                    money = money.sub(*amount)?
                }
                _ => {}
            }
            if !matches!(lowers, Lowers::Beside(_)) {
                price = lower;
            }
        }
        Ok(money)
    }

    /// The most that may still be refunded on a line: what of it was paid in money for the units kept.
    pub fn refundable(&self, index: usize, lowers: Lowers) -> Result<Ratio, Overflow> {
        let paid = self.lines.get(index).map_or(Ratio::ZERO, |line| line.paid.money);
        let money = self.line_price(index)?.sub(paid)?.max(Ratio::ZERO);
        Ok(match lowers {
            Lowers::Price => money,
            Lowers::Part(part) => self.part(index, part)?.min(money),
            Lowers::Beside(part) => self.part(index, part)?,
        })
    }

    /// The most that may still be refunded on shipping.
    pub fn shipping_refundable(&self) -> Result<Ratio, Overflow> {
        Ok(self.shipping()?.sub(self.shipping_paid().money)?.max(Ratio::ZERO))
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
        self.order_price()?.add(self.shipping()?)
    }

    fn is_kept(&self) -> bool {
        self.lines.iter().any(|line| line.units > 0)
    }

    /// Shipping charged less what was refunded on it, as long as a unit is kept.
    pub fn shipping(&self) -> Result<Ratio, Overflow> {
        match self.is_kept() {
            true => Ratio::whole(self.order.shipping).sub(Ratio::whole(self.shipping.refunded)),
            false => Ok(Ratio::ZERO),
        }
    }

    /// Points that pay for shipping, as long as a unit is kept.
    pub fn shipping_paid(&self) -> Paid {
        if self.is_kept() { self.shipping.paid } else { Paid::default() }
    }

    /// The part of an order's money that its goods could not hold: it is part of the shipping, and shrinks with it.
    pub fn shipping_part(&self, part: PartFact) -> Result<Ratio, Overflow> {
        let shares = if part.subject == Subject::Order { self.order.shares.try_get(part.fact) } else { None };
        match shares.map_or(0, |shares| shares.shipping) {
            0 => Ok(Ratio::ZERO),
            whole => Ratio::whole(whole).mul(self.shipping()?)?.div(Ratio::whole(self.order.shipping)),
        }
    }

    /// How much of what the order has beside its lines belongs to those that pass: in proportion to their price among the
    /// lines kept, alike where nothing costs anything.
    pub fn share_of(&self, passes: &[bool]) -> Result<Ratio, Overflow> {
        let kept = || (0..self.lines.len()).filter(|index| self.stands(*index));
        let ours = || kept().filter(|index| passes.get(*index) == Some(&true));
        if kept().count() == ours().count() {
            return Ok(Ratio::ONE);
        }
        let all = self.order_price()?;
        if all.is_zero() {
            return Ratio::new(ours().count() as i128, kept().count() as i128);
        }
        ours().try_fold(Ratio::ZERO, |sum, index| sum.add(self.line_price(index)?))?.div(all)
    }

    /// `order.quantity`: units kept over all lines.
    pub fn order_quantity(&self) -> Result<Ratio, Overflow> {
        self.lines.iter().try_fold(Ratio::ZERO, |sum, line| sum.add(Ratio::whole(line.units)))
    }

    /// `order.points_paid`: points that pay for the units kept, and for shipping.
    pub fn points_paid(&self) -> Result<i64, Overflow> {
        let mut lines = self.lines.iter().map(|line| line.paid.points);
        lines.try_fold(self.shipping_paid().points, i64::checked_add).ok_or(Overflow)
    }
}
