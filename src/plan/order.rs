//! Orders in the compact form that lowered rules read: prices, categories and facts as whole numbers, one after the other.

use jiff::Timestamp;

use super::candidates::floor;
use crate::eval::order::{Order, OrderLine, RedeemAsk};
use crate::policy::{CategoryId, Fact, FactId, FactType, FactValue, Facts, IdVec, Occasion, Policy};
use crate::value::Ratio;

/// By how much numbers that need not be whole are multiplied: rates are in millionths.
pub(super) const SCALE: i64 = 1_000_000;

/// The longest price of a line, and the longest rate: products of the two, with a factor, stay within 62 bits.
const MOST_PRICE: i64 = 1 << 36;
const MOST_RATE: i64 = 1 << 22;
/// The longest other number: it is compared only.
const MOST: i64 = 1 << 40;

/// An order made ready for [`super::Engine::decide`]: made once, decided as often as wanted. It keeps to the order that it
/// was made from, so that many stand side by side in memory.
#[derive(Clone, Debug)]
pub struct Prepared<'o> {
    /// All that lowered rules read, in one piece: the facts of the order, then of each line its price (of all its units),
    /// its category, the facts of its listing and its own.
    pub(super) words: Box<[i64]>,
    /// The whole second of its instant.
    pub(super) second: i64,
    /// False where something in it does not fit the compact form: it pays with points, or a number is too long.
    pub(super) is_compact: bool,
    pub(super) at: Timestamp,
    pub(super) order: &'o Order,
}

/// How the words of an order are laid out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    /// How many facts an order has.
    pub order: usize,
    pub listing: usize,
    /// How many words a line has.
    pub stride: usize,
}

/// The words of a line before its facts.
pub(super) const PRICE: usize = 0;
pub(super) const CATEGORY: usize = 1;
const FACTS: usize = 2;

impl Layout {
    /// That of a policy.
    pub fn of(facts: &Facts) -> Layout {
        let (order, listing) = (facts.order.len(), facts.listing.len());
        Layout { order, listing, stride: FACTS + listing + facts.line.len() }
    }

    /// The word of a listing's fact in its line.
    pub fn of_listing(self, fact: FactId) -> usize {
        FACTS + fact.index()
    }

    /// The word of a line's own fact.
    pub fn of_line(self, fact: FactId) -> usize {
        FACTS + self.listing + fact.index()
    }
}

impl<'o> Prepared<'o> {
    /// An order at an instant.
    pub(super) fn of(policy: &Policy, at: Timestamp, order: &'o Order) -> Prepared<'o> {
        let layout = Layout::of(&policy.facts);
        let words = Vec::with_capacity(layout.order + order.lines.len() * layout.stride);
        let mut packing = Packing { words, fits: order.of == Occasion::Order };
        packing.fits &= order.redeem == RedeemAsk::Plain(0);
        packing.facts(&policy.facts.order, &order.facts);
        for line in &order.lines {
            packing.put(price_of(line));
            let category = line.category.map_or(policy.categories.len(), CategoryId::index);
            packing.put(i64::try_from(category).ok());
            packing.facts(&policy.facts.listing, &line.listing);
            packing.facts(&policy.facts.line, &line.facts);
        }
        Prepared { words: packing.words.into(), second: floor(at), is_compact: packing.fits, at, order }
    }

    /// The order.
    pub fn order(&self) -> &'o Order {
        self.order
    }
}

/// What all units of a line cost, where that is short.
fn price_of(line: &OrderLine) -> Option<i64> {
    line.price.checked_mul(line.quantity).filter(|price| (0..MOST_PRICE).contains(price))
}

/// Words as they are being filled.
struct Packing {
    words: Vec<i64>,
    fits: bool,
}

impl Packing {
    fn put(&mut self, word: Option<i64>) {
        self.fits &= word.is_some();
        self.words.push(word.unwrap_or(0));
    }

    fn facts(&mut self, declared: &IdVec<FactId, Fact>, values: &IdVec<FactId, FactValue>) {
        self.fits &= declared.len() == values.len();
        for (fact, value) in declared.iter().zip(values) {
            self.put(match value {
                FactValue::Choice(choice) => i64::try_from(*choice).ok(),
                FactValue::YesNo(yes) => Some(i64::from(*yes)),
                FactValue::Number(number) => scaled(*number, &fact.kind),
                // No lowered rule reads these.
                FactValue::Date(_) | FactValue::Text(_) | FactValue::Category(_) => Some(0),
            });
        }
    }
}

/// By how much numbers of a fact are multiplied in their word.
pub(super) fn scale_of(kind: &FactType) -> i64 {
    match kind {
        FactType::Rate | FactType::Quantity => SCALE,
        _ => 1,
    }
}

/// A number of a fact as a word, where it is whole there, short, and not below zero.
pub(super) fn scaled(number: Ratio, kind: &FactType) -> Option<i64> {
    let number = number.mul(Ratio::whole(scale_of(kind))).ok()?;
    let whole = number.fraction().is_zero().then(|| i64::try_from(number.floor()).ok())??;
    let most = if *kind == FactType::Rate { MOST_RATE } else { MOST };
    (0..most).contains(&whole).then_some(whole)
}
