//! Orders in the compact form that lowered rules read: categories as numbers, facts as whole numbers in slots.

use jiff::Timestamp;

use super::candidates::floor;
use crate::eval::order::{Order, OrderLine, RedeemAsk};
use crate::policy::{Fact, FactId, FactType, FactValue, Facts, Id, IdVec, Occasion, Policy};
use crate::value::Ratio;

/// By how much numbers that need not be whole are multiplied in a slot: rates in millionths.
pub(super) const SCALE: i64 = 1_000_000;

/// An order made ready for [`super::Engine::decide`]: made once, decided as often as wanted.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) order: Order,
    pub(super) at: Timestamp,
    /// The whole second of its instant.
    pub(super) second: i64,
    /// False where something in it does not fit the compact form: it pays with points, or a number is too long.
    pub(super) is_compact: bool,
    pub(super) lines: Box<[CompactLine]>,
    /// The facts of the order, then of each line those of its listing and its own.
    pub(super) slots: Box<[i64]>,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct CompactLine {
    /// Price of all its units, minor units.
    pub price: i64,
    /// Index of its category; one past all of them where it has none.
    pub category: u32,
    /// Where its facts begin among the slots.
    pub slots: u32,
}

/// Where the facts of a policy stand among slots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    pub order: usize,
    pub listing: usize,
    pub line: usize,
}

impl Layout {
    /// That of a policy.
    pub fn of(facts: &Facts) -> Layout {
        Layout { order: facts.order.len(), listing: facts.listing.len(), line: facts.line.len() }
    }
}

impl Prepared {
    /// An order at an instant.
    pub(super) fn of(policy: &Policy, at: Timestamp, order: Order) -> Prepared {
        let layout = Layout::of(&policy.facts);
        let mut packing = Packing { slots: Vec::new(), fits: order.of == Occasion::Order };
        packing.fits &= order.redeem == RedeemAsk::Plain(0);
        packing.facts(&policy.facts.order, &order.facts);
        let mut lines = Vec::with_capacity(order.lines.len());
        for (index, line) in order.lines.iter().enumerate() {
            let slots = u32::try_from(layout.order + index * (layout.listing + layout.line));
            packing.fits &= slots.is_ok();
            packing.facts(&policy.facts.listing, &line.listing);
            packing.facts(&policy.facts.line, &line.facts);
            let price = price_of(line);
            packing.fits &= price.is_some();
            let category = line.category.map_or(policy.categories.len(), Id::index);
            let category = u32::try_from(category).unwrap_or(u32::MAX);
            lines.push(CompactLine { price: price.unwrap_or(0), category, slots: slots.unwrap_or(0) });
        }
        Prepared {
            second: floor(at),
            at,
            is_compact: packing.fits,
            lines: lines.into(),
            slots: packing.slots.into(),
            order,
        }
    }

    /// The order.
    pub fn order(&self) -> &Order {
        &self.order
    }
}

/// What all units of a line cost, where that is short enough that no product below overflows.
fn price_of(line: &OrderLine) -> Option<i64> {
    line.price.checked_mul(line.quantity).filter(|price| (0..1 << 40).contains(price))
}

/// Slots as they are being filled.
struct Packing {
    slots: Vec<i64>,
    fits: bool,
}

impl Packing {
    fn facts(&mut self, declared: &IdVec<FactId, Fact>, values: &IdVec<FactId, FactValue>) {
        self.fits &= declared.len() == values.len();
        for (fact, value) in declared.iter().zip(values) {
            let slot = match value {
                FactValue::Choice(choice) => i64::try_from(*choice).ok(),
                FactValue::YesNo(yes) => Some(i64::from(*yes)),
                FactValue::Number(number) => scaled(*number, scale_of(&fact.kind)),
                // No lowered rule reads these.
                FactValue::Date(_) | FactValue::Text(_) | FactValue::Category(_) => Some(0),
            };
            self.fits &= slot.is_some();
            self.slots.push(slot.unwrap_or(0));
        }
    }
}

/// By how much numbers of a fact are multiplied in their slot.
pub(super) fn scale_of(kind: &FactType) -> i64 {
    match kind {
        FactType::Rate | FactType::Quantity => SCALE,
        _ => 1,
    }
}

/// A number in a slot, where it is whole there and short, and not below zero.
pub(super) fn scaled(number: Ratio, scale: i64) -> Option<i64> {
    let number = number.mul(Ratio::whole(scale)).ok()?;
    let whole = number.fraction().is_zero().then(|| i64::try_from(number.floor()).ok())??;
    (0..1 << 40).contains(&whole).then_some(whole)
}
