//! An order as a policy sees it: facts resolved against the policy's declarations, money in minor units. A declared
//! event, and a stretch of time that a rule looks at, take the same form: an order with one line.
//! Readers (`wire`) build it and have checked every field; evaluation only computes.

use crate::policy::{
    CategoryId, EventId, FactId, FactType, FactValue, IdVec, Measure, MeasureId, Occasion, PartFact, Policy,
    RedeemId, Subject, TierId,
};
use crate::value::{Overflow, Ratio, largest_remainder};
use std::sync::Arc;

/// An order as it was placed, or a declared event as it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Order {
    /// What it is.
    pub(crate) of: Occasion,
    /// Its facts: the order's, or the declared event's.
    pub(crate) facts: IdVec<FactId, FactValue>,
    /// How its money facts are shared out, by fact.
    pub(crate) shares: IdVec<FactId, Shares>,
    /// Shipping charged on top of the lines, minor units.
    pub(crate) shipping: i64,
    /// Points the member pays with.
    pub(crate) redeem: RedeemAsk,
    /// True where the shop has already taken the points.
    pub(crate) honoured: bool,
    /// At least one; ids are unique.
    pub(crate) lines: Vec<OrderLine>,
}

/// How money known for the whole order is shared out over its lines, minor units; nothing where the fact is no part of its
/// total, and not beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) struct Shares {
    /// By line.
    pub lines: Vec<i64>,
    /// What of a part is more than the goods cost: it is part of the shipping.
    pub shipping: i64,
}

/// Points that a member pays an order with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum RedeemAsk {
    /// Under the one rule that is in force; 0 for none.
    Plain(i64),
    /// By rule; each above 0, rules unique and rising.
    ByRule(Vec<(RedeemId, i64)>),
}

impl RedeemAsk {
    /// True where no points are to be paid.
    pub fn is_nothing(&self) -> bool {
        match self {
            RedeemAsk::Plain(points) => *points == 0,
            RedeemAsk::ByRule(asks) => asks.is_empty(),
        }
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct OrderLine {
    pub(crate) id: String,
    pub(crate) sku: Option<String>,
    /// Its category; a declared event may have none.
    pub(crate) category: Option<CategoryId>,
    /// Price of one unit, minor units, tax included, as charged; 0 or more. A declared event's amount.
    pub(crate) price: i64,
    /// Units; 1 or more.
    pub(crate) quantity: i64,
    /// Listing facts.
    pub(crate) listing: IdVec<FactId, FactValue>,
    /// Line facts.
    pub(crate) facts: IdVec<FactId, FactValue>,
}

impl Order {
    /// A declared event with its facts.
    pub(crate) fn happening(policy: &Policy, event: EventId, facts: IdVec<FactId, FactValue>) -> Order {
        let kind = &policy.events[event];
        let category = kind.category.and_then(|fact| match &facts[fact] {
            FactValue::Category(category) => Some(*category),
            _ => None,
        });
        let price = kind.amount.map_or(0, |fact| match &facts[fact] {
            FactValue::Number(amount) => i64::try_from(amount.floor()).unwrap_or(0),
            _ => 0,
        });
        Order::single(Occasion::Event(event), facts, kind.name.clone(), category, price)
    }

    /// True for an order, false for a declared event.
    pub fn is_order(&self) -> bool {
        self.of == Occasion::Order
    }

    /// A fact of the order or event; None where it is another's.
    pub(crate) fn fact(&self, subject: Subject, fact: FactId) -> Option<&FactValue> {
        let own = match self.of {
            Occasion::Order => subject == Subject::Order,
            Occasion::Event(event) => subject == Subject::Event(event),
            Occasion::Period(_) | Occasion::Running(_) => false,
        };
        if own { self.facts.try_get(fact) } else { None }
    }

    /// Shares the order's money facts out over its lines, in proportion to price times quantity (alike where nothing costs
    /// anything), by largest remainder, ties by line order. From then on the shares are the lines' own.
    pub(crate) fn share_out(&mut self, policy: &Policy) -> Result<(), Overflow> {
        self.shares = IdVec::filled(self.facts.len(), Shares::default());
        let facts = policy.facts.order.iter_enumerated().zip(&self.facts);
        let shared: Vec<_> = facts
            .filter_map(|((id, fact), value)| match (fact.part_of, value) {
                (Some(part), FactValue::Number(amount)) if !amount.is_zero() => Some((id, part, *amount)),
                _ => None,
            })
            .collect();
        if shared.is_empty() {
            return Ok(());
        }
        let goods = self.lines.iter().map(|line| Ratio::whole(line.price).mul(Ratio::whole(line.quantity)));
        let goods = goods.collect::<Result<Vec<_>, _>>()?;
        let all = goods.iter().try_fold(Ratio::ZERO, |sum, price| sum.add(*price))?;
        let weights = if all.is_zero() { vec![Ratio::ONE; goods.len()] } else { goods };
        for (id, part, amount) in shared {
            let on_lines = if part.beside { amount } else { amount.min(all) }.floor_points()?;
            let shipping = amount.floor_points()? - on_lines;
            self.shares[id] = Shares { lines: largest_remainder(on_lines, &weights)?, shipping };
        }
        Ok(())
    }

    /// What a line as ordered has of a part: its own fact, its share of the order's, or a declared event's.
    pub(crate) fn part(&self, index: usize, part: PartFact) -> Ratio {
        let value = match part.subject {
            Subject::Order => {
                let lines = self.shares.try_get(part.fact).map(|shares| &shares.lines);
                return Ratio::whole(lines.and_then(|lines| lines.get(index)).copied().unwrap_or(0));
            }
            Subject::Line => self.lines.get(index).and_then(|line| line.facts.try_get(part.fact)),
            subject => self.fact(subject, part.fact),
        };
        match value {
            Some(FactValue::Number(number)) => *number,
            _ => Ratio::ZERO,
        }
    }

    /// A stretch of time: one that has ended, or one that is running.
    pub(crate) fn period(of: Occasion) -> Order {
        Order::single(of, IdVec::default(), "period".to_owned(), None, 0)
    }

    fn single(
        of: Occasion,
        facts: IdVec<FactId, FactValue>,
        id: String,
        category: Option<CategoryId>,
        price: i64,
    ) -> Order {
        let (listing, of_line) = (IdVec::default(), IdVec::default());
        let line = OrderLine { id, sku: None, category, price, quantity: 1, listing, facts: of_line };
        let (shares, redeem) = (IdVec::default(), RedeemAsk::Plain(0));
        Order { of, facts, shares, shipping: 0, redeem, honoured: false, lines: vec![line] }
    }
}

/// A listing asked about on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub(crate) facts: IdVec<FactId, FactValue>,
    /// Its category, where given.
    pub(crate) category: Option<CategoryId>,
}

/// What a decision needs to know of the member: facts, levels, measures. All as they stood just before the order.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Declared facts.
    pub(crate) facts: MemberFacts,
    /// Levels and measures.
    pub(crate) known: Known,
}

impl Member {
    /// A member of whom nothing is known: every fact has its default, every level is the first, every measure zero.
    pub fn defaults(policy: &Policy) -> Member {
        Member { facts: MemberFacts::defaults(policy), known: Known::start(policy) }
    }
}

/// A member's facts at one instant; a fact that has neither a value nor a default is absent. Copies share them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MemberFacts(pub(crate) Arc<IdVec<FactId, Option<FactValue>>>);

impl MemberFacts {
    /// A member of whom nothing is known: every fact has its default.
    pub fn defaults(policy: &Policy) -> MemberFacts {
        MemberFacts(Arc::new(policy.facts.member.iter().map(|fact| fact.default.clone()).collect()))
    }

    /// Sets facts.
    pub(crate) fn set(&mut self, facts: &[(FactId, FactValue)]) {
        let known = Arc::make_mut(&mut self.0);
        for (fact, value) in facts {
            known[*fact] = Some(value.clone());
        }
    }
}

/// Levels and measures of a member as an order or event reads them.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Known {
    /// The index of each tier's level.
    pub levels: IdVec<TierId, usize>,
    /// One number of each measure, or one for each choice of the measure's key; up to just before the order.
    pub so_far: IdVec<MeasureId, Vec<Ratio>>,
    /// The same over the whole period around the order, as known now.
    pub in_all: IdVec<MeasureId, Vec<Ratio>>,
}

impl Known {
    /// Start levels, and nothing counted.
    pub fn start(policy: &Policy) -> Known {
        let zeros = |measure: &Measure| vec![Ratio::ZERO; policy.choices_of(measure.key)];
        let counts: IdVec<MeasureId, Vec<Ratio>> = policy.measures.iter().map(zeros).collect();
        let levels = IdVec::filled(policy.tiers.len(), 0);
        Known { levels, so_far: counts.clone(), in_all: counts }
    }
}

impl Policy {
    /// How many numbers a measure has: one for each choice of its key, or one.
    pub(crate) fn choices_of(&self, key: Option<(Subject, FactId)>) -> usize {
        match key.map(|(subject, fact)| &self.facts.of(subject)[fact].kind) {
            Some(FactType::Choice(words)) => words.len(),
            _ => 1,
        }
    }
}
