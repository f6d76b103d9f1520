//! An order as a policy sees it: facts resolved against the policy's declarations, money in minor units. A declared
//! event, and a stretch of time that a rule looks at, take the same form: an order with one line.
//! Readers (`wire`) build it and have checked every field; evaluation only computes.

use crate::policy::{CategoryId, EventId, FactValue, Occasion, Policy, Subject};
use crate::value::Ratio;

/// An order as it was placed, or a declared event as it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What it is.
    pub(crate) of: Occasion,
    /// Its facts, by index of the policy's declarations: the order's, or the declared event's.
    pub(crate) facts: Vec<FactValue>,
    /// Shipping charged on top of the lines, minor units.
    pub(crate) shipping: i64,
    /// Points the member pays with.
    pub(crate) redeem: RedeemAsk,
    /// True where the shop has already taken the points.
    pub(crate) honoured: bool,
    /// At least one; ids are unique.
    pub(crate) lines: Vec<OrderLine>,
}

/// Points that a member pays an order with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RedeemAsk {
    /// Under the one rule that is in force; 0 for none.
    Plain(i64),
    /// By rule (index into the policy's redeem rules); each above 0, rules unique and rising.
    ByRule(Vec<(usize, i64)>),
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
#[derive(Clone, Debug, PartialEq)]
pub struct OrderLine {
    pub(crate) id: String,
    pub(crate) sku: Option<String>,
    /// Its category; a declared event may have none.
    pub(crate) category: Option<CategoryId>,
    /// Price of one unit, minor units, tax included, as charged; 0 or more. A declared event's amount.
    pub(crate) price: i64,
    /// Units; 1 or more.
    pub(crate) quantity: i64,
    /// Listing facts, by index.
    pub(crate) listing: Vec<FactValue>,
    /// Line facts, by index.
    pub(crate) facts: Vec<FactValue>,
}

impl Order {
    /// A declared event with its facts.
    pub(crate) fn happening(policy: &Policy, event: EventId, facts: Vec<FactValue>) -> Order {
        let kind = policy.events.get(event);
        let number = |index: usize| match facts.get(index) {
            Some(FactValue::Number(amount)) => i64::try_from(amount.floor()).unwrap_or(0),
            _ => 0,
        };
        let category = kind.and_then(|kind| kind.category).and_then(|index| match facts.get(index) {
            Some(FactValue::Category(category)) => Some(*category),
            _ => None,
        });
        let price = kind.and_then(|kind| kind.amount).map_or(0, number);
        let name = kind.map_or_else(String::new, |kind| kind.name.clone());
        Order::single(Occasion::Event(event), facts, name, category, price)
    }

    /// A stretch of time: one that has ended, or one that is running.
    pub(crate) fn period(of: Occasion) -> Order {
        Order::single(of, Vec::new(), "period".to_owned(), None, 0)
    }

    fn single(
        of: Occasion,
        facts: Vec<FactValue>,
        id: String,
        category: Option<CategoryId>,
        price: i64,
    ) -> Order {
        let line =
            OrderLine { id, sku: None, category, price, quantity: 1, listing: Vec::new(), facts: Vec::new() };
        Order { of, facts, shipping: 0, redeem: RedeemAsk::Plain(0), honoured: false, lines: vec![line] }
    }
}

/// A listing asked about on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub(crate) facts: Vec<FactValue>,
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
    /// A member of whom nothing is known: every fact has its default, every level is the first, every measure nought.
    pub fn defaults(policy: &Policy) -> Member {
        Member { facts: MemberFacts::defaults(policy), known: Known::start(policy) }
    }
}

/// A member's facts at one instant, by index of the policy's declarations; a fact that has neither a value nor a
/// default is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberFacts(pub(crate) Vec<Option<FactValue>>);

impl MemberFacts {
    /// A member of whom nothing is known: every fact has its default.
    pub fn defaults(policy: &Policy) -> MemberFacts {
        MemberFacts(policy.facts.member.iter().map(|fact| fact.default.clone()).collect())
    }

    /// Sets facts.
    pub(crate) fn set(&mut self, facts: &[(usize, FactValue)]) {
        for (index, value) in facts {
            if let Some(slot) = self.0.get_mut(*index) {
                *slot = Some(value.clone());
            }
        }
    }
}

/// Levels and measures of a member as an order or event reads them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// By tier: the index of the level.
    pub levels: Vec<usize>,
    /// By measure: one number, or one for each choice of the measure's key; up to just before the order.
    pub so_far: Vec<Vec<Ratio>>,
    /// The same over the whole period around the order, as known now.
    pub in_all: Vec<Vec<Ratio>>,
}

impl Known {
    /// Start levels, and nothing counted.
    pub fn start(policy: &Policy) -> Known {
        let noughts = |measure: &crate::policy::Measure| vec![Ratio::ZERO; policy.choices_of(measure.key)];
        let counts: Vec<Vec<Ratio>> = policy.measures.iter().map(noughts).collect();
        Known { levels: vec![0; policy.tiers.len()], so_far: counts.clone(), in_all: counts }
    }
}

impl Policy {
    /// How many numbers a measure has: one for each choice of its key, or one.
    pub(crate) fn choices_of(&self, key: Option<(Subject, usize)>) -> usize {
        let fact = key.and_then(|(subject, fact)| self.facts.of(subject).get(fact));
        match fact.map(|fact| &fact.kind) {
            Some(crate::policy::FactType::Choice(words)) => words.len(),
            _ => 1,
        }
    }
}
