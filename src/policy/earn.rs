//! Earn rules, their amounts and limits, and groups of them.

use super::*;

/// Earn rules put together, or limited together, in one version.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub how: Combine,
    /// For `best` and `first`: over what the points are compared.
    pub per: Grain,
    pub of: Vec<Member>,
    pub limits: Vec<Limit>,
    pub span: Span,
}

/// What a group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Earn(EarnId),
    Group(GroupId),
}

/// An earn rule in one version.
#[derive(Clone, Debug)]
pub(crate) struct Earn {
    pub of: Occasion,
    /// For declared events and periods: `Order`, the whole.
    pub each: Grain,
    pub pool: PoolId,
    /// Another wait than the pool's, with its clause.
    pub pending: Option<(Pending, Span)>,
    /// Another clock for its lots than the pool's, with its clause.
    pub lot_expiry: Option<(LotExpiry, Span)>,
    pub amount: Amount,
    pub filters: Vec<Filter>,
    /// All must hold; in source order.
    pub conditions: Vec<Condition>,
    pub rounding: Option<(Rounding, Grain)>,
    /// `on first`: how much of the base earns, in source order.
    pub first: Vec<Limit>,
    /// Limits, in source order.
    pub limits: Vec<Limit>,
    /// The `gives` clause.
    pub gives_span: Span,
}

/// What a rule counts or rounds by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Grain {
    Unit,
    Line,
    Order,
}

/// How many points, before rounding.
#[derive(Clone, Debug)]
pub(crate) enum Amount {
    /// `rate of base`; the worth of a point turns money into points: amount in minor units x rate / worth.
    Share { rate: Quantity, base: Base },
    /// `points per [full] step of base`.
    Per { points: Quantity, full: bool, step: Quantity, base: Base },
    /// `4 times rounded base`, `25% of exact base`.
    OfRule { factor: Quantity, stage: Stage, rule: EarnId },
    /// Fixed points per piece.
    Fixed { points: Quantity },
}

/// What earns: an amount less the parts left out.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub of: BaseOf,
    /// Line facts that are `part of price` and do not earn.
    pub without_line_parts: Vec<FactId>,
    /// Order facts that are `part of total` and do not earn.
    pub without_order_parts: Vec<FactId>,
    /// Facts of the declared event that are parts of the amount and do not earn.
    pub without_event_parts: Vec<FactId>,
    /// Line facts `beside price` that earn too.
    pub with_line_beside: Vec<FactId>,
    /// Order facts `beside total` (or `beside price`) that earn too.
    pub with_order_beside: Vec<FactId>,
    /// Facts of the declared event beside the amount that earn too.
    pub with_event_beside: Vec<FactId>,
    /// True where the part paid with points earns too.
    pub with_points_paid: bool,
    /// Only what goes beyond this earns.
    pub beyond: Option<Box<Quantity>>,
}

/// Which amount.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BaseOf {
    /// `line.price`: price of one unit x units.
    LinePrice,
    /// `order.price`: sum of the lines that pass the filters.
    OrderPrice,
    /// `order.total`: the same plus shipping.
    OrderTotal,
    /// A money, count or quantity fact of the declared event.
    EventFact(EventId, FactId),
    /// A number of the line, order or member that is no money: `line.quantity`, a count.
    Number(Quantity),
    /// A measure over the period that has ended.
    Measure(MeasureId, Option<usize>),
}

impl Base {
    /// The unit of the amount that earns.
    pub fn unit(&self, policy: &Policy) -> Unit {
        let of_fact = |subject: Subject, fact| {
            let fact = policy.facts.of(subject).try_get(fact);
            if matches!(fact.map(|fact| &fact.kind), Some(FactType::Money)) {
                Unit::Money
            } else {
                Unit::Count
            }
        };
        match &self.of {
            BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal => Unit::Money,
            BaseOf::EventFact(event, fact) => of_fact(Subject::Event(*event), *fact),
            BaseOf::Number(Quantity::Fact(subject, fact)) => of_fact(*subject, *fact),
            BaseOf::Number(_) => Unit::Count,
            BaseOf::Measure(measure, _) => {
                policy.measures.try_get(*measure).map_or(Unit::Count, |one| one.unit)
            }
        }
    }
}
