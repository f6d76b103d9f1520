//! An order as a policy sees it: facts resolved against the policy's declarations, money in minor units.
//! Readers (`wire`) build it and have checked every field; evaluation only computes.

use crate::check::policy::{CategoryId, FactValue, Policy};

/// An order as it was placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Order facts, by index of the policy's declarations.
    pub(crate) facts: Vec<FactValue>,
    /// Shipping charged on top of the lines, minor units.
    pub(crate) shipping: i64,
    /// Points the member pays with.
    pub(crate) redeem: i64,
    /// True where the shop has already taken the points.
    pub(crate) honoured: bool,
    /// At least one; ids are unique.
    pub(crate) lines: Vec<OrderLine>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderLine {
    pub(crate) id: String,
    pub(crate) sku: Option<String>,
    pub(crate) category: CategoryId,
    /// Price of one unit, minor units, tax included, as charged; 0 or more.
    pub(crate) price: i64,
    /// Units; 1 or more.
    pub(crate) quantity: i64,
    /// Listing facts, by index.
    pub(crate) listing: Vec<FactValue>,
    /// Line facts, by index.
    pub(crate) facts: Vec<FactValue>,
}

/// A listing asked about on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub(crate) facts: Vec<FactValue>,
    /// Its category, where given.
    pub(crate) category: Option<CategoryId>,
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
