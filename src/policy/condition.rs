//! Filters, conditions, and the numbers that they and the rules read.

use super::*;

/// A category filter clause.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// The categories that this clause lets pass.
    pub passes: CategorySet,
    /// The clause as written.
    pub text: String,
    pub span: Span,
}

/// A condition with its place and words.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub test: Test,
    /// As written, on one line.
    pub text: String,
    pub span: Span,
}

/// What a condition says.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// Quantities of one unit.
    Compare {
        left: Quantity,
        op: Comparison,
        right: Quantity,
        unit: Unit,
    },
    /// A choice fact is one of these words.
    OneOf {
        subject: Subject,
        fact: FactId,
        among: Vec<usize>,
    },
    /// A text fact is one of these.
    TextIn {
        subject: Subject,
        fact: FactId,
        among: Vec<String>,
    },
    /// The line's category lies in one of these branches (already spread over the tree).
    CategoryIn {
        passes: CategorySet,
    },
    /// A tier's level compares like this with a level (index).
    Level {
        tier: TierId,
        op: Comparison,
        level: usize,
    },
    /// A tier's level is one of these.
    LevelIn {
        tier: TierId,
        among: Vec<usize>,
    },
    /// The local weekday of the order or event is one of these; 0 is Monday.
    WeekdayIn {
        among: Vec<usize>,
    },
    /// A yes/no fact holds.
    Fact {
        subject: Subject,
        fact: FactId,
    },
    /// A yes/no value holds.
    Value(ValueId),
    Constant(bool),
    /// The listing (of the line, or the one asked about) has the badge in force.
    HasBadge(BadgeId),
    /// One moment lies before or after another, or on the same day.
    Time {
        left: Point,
        op: TimeComparison,
        right: Point,
    },
}

/// A moment that a condition reads: steps of the calendar, and what they count from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub steps: Calendared,
    pub of: PointOf,
}

/// What a moment of a condition counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointOf {
    /// `order.at`, `stay.at`, `request.at`: the instant of the case.
    At,
    /// `order.date`, `stay.date`, `request.date`: its local day.
    Day,
    /// A date fact.
    Fact(Subject, FactId),
    /// A named date.
    Value(ValueId),
    /// Nothing: a literal date.
    Nothing,
}

/// How two moments compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeComparison {
    Before,
    After,
    Is,
    IsNot,
}

impl TimeComparison {
    /// The comparison seen from the other side.
    pub fn turned(self) -> TimeComparison {
        match self {
            TimeComparison::Before => TimeComparison::After,
            TimeComparison::After => TimeComparison::Before,
            same => same,
        }
    }
}

/// How two quantities compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    NotEqual,
}

/// The unit of a quantity, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A plain number or count.
    Count,
    /// A fraction, shown in percent.
    Rate,
    /// Minor units of the programme's currency.
    Money,
    /// Points of the pool.
    Points,
    /// Minutes since midnight, a time of day.
    Time,
}

/// A number computed from the case at hand. Types have been checked: evaluation only computes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Quantity {
    Constant(Ratio),
    Value(ValueId),
    Fact(Subject, FactId),
    /// `line.price`, as of the net order.
    LinePrice,
    /// `line.quantity`: units kept.
    LineUnits,
    /// `order.price`
    OrderPrice,
    /// `order.total`
    OrderTotal,
    /// `order.quantity`: units kept over all lines.
    OrderUnits,
    /// `order.points_paid`: points redeemed on it.
    OrderPointsPaid,
    /// `order.price for food`: of the lines whose category passes.
    OrderPriceFor(CategorySet),
    /// `order.quantity for food`
    OrderUnitsFor(CategorySet),
    /// What one point of a pool is worth, in minor units.
    Worth(PoolId),
    /// A part of the local date and time of the order or event.
    Clock(ClockPart),
    /// `nights so far`, `services of mobile in all`.
    Measure {
        measure: MeasureId,
        /// Index of the choice.
        key: Option<usize>,
        in_all: bool,
    },
    Add(Box<Quantity>, Box<Quantity>),
    Subtract(Box<Quantity>, Box<Quantity>),
    /// By a plain number.
    Multiply(Box<Quantity>, Box<Quantity>),
    /// By a plain number.
    Divide(Box<Quantity>, Box<Quantity>),
}

/// Parts of a local date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockPart {
    /// 0 to 23.
    Hour,
    /// Minutes since midnight by the clock, with the part of a minute that has passed.
    Time,
    /// 1 to 31.
    Day,
    /// 1 to 12.
    Month,
    Year,
}
