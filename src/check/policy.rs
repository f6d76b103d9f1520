//! The checked policy: plain data, resolved and interned. Names are kept for answers and explanations only;
//! nothing downstream looks anything up by name except the readers of input data.
//!
//! Rules are versioned: a `Versions<T>` holds every dated version of one name, and `Versions::at` gives the one
//! in force at an instant. Money is in minor units, rates are fractions (2 % is 1/50), all exact.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::source::{Source, Span};
use crate::syntax::ast::{DeadlineEnd, Operation, SpendKey};
use crate::value::{Calendar, Currency, Delay, Ratio, Rounding};

/// A policy that has passed every check. Immutable; share it between threads as it is.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The text it came from.
    pub(crate) source: Source,
    /// `sha256:` and 64 hex digits of the text.
    pub(crate) digest: String,
    /// The programme's name.
    pub(crate) name: String,
    /// The programme's label.
    pub(crate) label: String,
    /// What a statement is called.
    pub(crate) statement: String,
    /// The one currency.
    pub(crate) currency: Currency,
    /// Zone and missing days.
    pub(crate) calendar: Calendar,
    /// To which moment deadlines run.
    pub(crate) deadlines: DeadlineEnd,
    /// All categories; a parent stands before its children.
    pub(crate) categories: Vec<Category>,
    /// Facts by subject, each in the order declared.
    pub(crate) facts: Facts,
    /// Named values.
    pub(crate) values: Vec<Value>,
    /// The pools; this version of Meed has one.
    pub(crate) pools: Vec<Pool>,
    /// Earn rules in the order declared.
    pub(crate) earns: Vec<Rule<Earn>>,
    /// Redeem rules in the order declared (this version of Meed has at most one name).
    pub(crate) redeems: Vec<Rule<Redeem>>,
    /// Forbidden operations.
    pub(crate) forbids: Vec<Rule<Forbid>>,
    /// Badges in the order declared.
    pub(crate) badges: Vec<Rule<Badge>>,
}

impl Policy {
    /// The programme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The programme's label for people.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the programme calls a statement (`My Points`).
    pub fn statement_title(&self) -> &str {
        &self.statement
    }

    /// What a point is called, with an `s` for several: `1 star`, `1,200 stars`.
    pub fn count_points(&self, points: i64) -> String {
        let unit = self
            .pools
            .first()
            .and_then(|pool| pool.versions.first())
            .map_or("point", |v| v.body.unit.as_str());
        let plural = if points == 1 { "" } else { "s" };
        format!("{} {unit}{plural}", crate::value::decimal::grouped(points.into()))
    }

    /// `sha256:` and the hash of the policy's text: the same text, the same digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The text the policy came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// An instant as RFC 3339 with the offset of the programme's zone.
    pub fn show_instant(&self, at: Timestamp) -> String {
        self.calendar.zone.format(at)
    }
}

/// Index into [`Policy::categories`].
pub(crate) type CategoryId = usize;
/// Index into [`Policy::values`].
pub(crate) type ValueId = usize;
/// Index into [`Policy::badges`].
pub(crate) type BadgeId = usize;

/// A category of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Category {
    pub name: String,
    pub parent: Option<CategoryId>,
}

/// Half-open window of instants: local midnights of the programme's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// The same as dates, for messages.
    pub from_date: Option<Date>,
    pub until_date: Option<Date>,
}

impl Window {
    /// True while in force.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// One dated version.
#[derive(Clone, Debug)]
pub(crate) struct Version<T> {
    pub window: Window,
    /// The declaration's label.
    pub label: String,
    /// The doc comment above it: sources and readings.
    pub docs: Vec<String>,
    /// Its head, for citing.
    pub span: Span,
    pub body: T,
}

/// Everything declared under one rule name.
#[derive(Clone, Debug)]
pub(crate) struct Rule<T> {
    pub name: String,
    /// In order of time, never overlapping.
    pub versions: Vec<Version<T>>,
}

impl<T> Rule<T> {
    /// The version in force.
    pub fn at(&self, at: Timestamp) -> Option<&Version<T>> {
        self.versions.iter().find(|version| version.window.contains(at))
    }
}

/// The subjects facts belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Subject {
    Listing,
    Line,
    Order,
    Member,
}

impl Subject {
    pub const ALL: [Subject; 4] = [Subject::Listing, Subject::Line, Subject::Order, Subject::Member];

    /// The word in the language.
    pub fn word(self) -> &'static str {
        match self {
            Subject::Listing => "listing",
            Subject::Line => "line",
            Subject::Order => "order",
            Subject::Member => "member",
        }
    }
}

/// Declared facts by subject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub listing: Vec<Fact>,
    pub line: Vec<Fact>,
    pub order: Vec<Fact>,
    pub member: Vec<Fact>,
}

impl Facts {
    /// Those of one subject.
    pub fn of(&self, subject: Subject) -> &[Fact] {
        match subject {
            Subject::Listing => &self.listing,
            Subject::Line => &self.line,
            Subject::Order => &self.order,
            Subject::Member => &self.member,
        }
    }
}

/// A declared fact.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub name: String,
    pub kind: FactType,
    /// Allowed values, both ends included; of the fact's kind (rate as fraction, money in minor units, count).
    pub range: Option<(Ratio, Ratio)>,
    /// The amount it is contained in: per unit for a line's, for the whole order for an order's.
    pub part_of: Option<Part>,
    pub default: Option<FactValue>,
    pub span: Span,
}

/// What a `part of` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `part of price`: on a line, of the price of one unit.
    Price,
    /// `part of total`: on an order, of its total.
    Total,
}

/// The type of a fact.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FactType {
    Rate,
    Count,
    Date,
    Text,
    YesNo,
    Money,
    /// The words it may be.
    Choice(Vec<String>),
}

/// The value of a fact in one case.
#[derive(Clone, Debug, PartialEq)]
pub enum FactValue {
    /// Rate (fraction), count, or money (minor units).
    Number(Ratio),
    /// A date.
    Date(Date),
    /// A text.
    Text(String),
    /// Yes or no.
    YesNo(bool),
    /// Index into the choice's words.
    Choice(usize),
}

/// A named value's versions.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub versions: Vec<Version<ValueBody>>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueBody {
    /// Rate, count, points or money.
    Number(Ratio),
    Date(Date),
    YesNo(bool),
    /// Named set of categories.
    Categories(Vec<CategoryId>),
}

/// A kind of points.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub name: String,
    pub versions: Vec<Version<PoolTerms>>,
}

/// A pool's terms in one version.
#[derive(Clone, Debug)]
pub(crate) struct PoolTerms {
    /// `point`.
    pub unit: String,
    /// Face value of one point in minor units.
    pub worth: Ratio,
    pub pending: Pending,
    pub pending_span: Span,
    pub expiry: Expiry,
    pub expiry_span: Span,
    pub spend: Vec<SpendKey>,
    pub returns: Returns,
}

/// When points become available.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pending {
    /// At once.
    Never,
    /// `earliest to latest after ANCHOR`; they count from `latest`.
    After { earliest: Delay, latest: Delay, anchor: PendingAnchor },
}

/// What pending counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingAnchor {
    OrderPlaced,
    Shipped,
}

/// When the balance dies.
#[derive(Clone, Debug)]
pub(crate) enum Expiry {
    Never,
    /// `length` after the latest of the anchors, as a deadline.
    After {
        length: Delay,
        anchors: Vec<ExpiryAnchor>,
    },
}

/// Something that extends a balance.
#[derive(Clone, Debug)]
pub(crate) struct ExpiryAnchor {
    pub kind: crate::syntax::ast::AnchorKind,
    /// Only then (order facts, as the order was placed).
    pub when: Option<Condition>,
}

/// What a return, a refund or a cancel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    /// Points come back; what is missing is owed.
    TakeBackDebt,
    /// Points come back as far as there are any.
    TakeBackForgiven,
    /// Returns and refunds change no points (a cancel still drops what is pending).
    Keep,
}

/// An earn rule in one version.
#[derive(Clone, Debug)]
pub(crate) struct Earn {
    pub each: Grain,
    pub amount: Amount,
    pub filters: Vec<Filter>,
    /// All must hold; in source order.
    pub conditions: Vec<Condition>,
    pub rounding: Option<(Rounding, Grain)>,
    /// Limits, in source order.
    pub caps: Vec<Cap>,
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

/// A limit of one rule's points on one line or one order.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub limit: Quantity,
    pub per: Grain,
}

/// How many points, before rounding.
#[derive(Clone, Debug)]
pub(crate) enum Amount {
    /// `rate of base`; the worth of a point turns money into points: amount in minor units x rate / worth.
    Share { rate: Quantity, base: Base },
    /// `points per [full] step of base`.
    PerMoney { points: Quantity, full: bool, step: Quantity, base: Base },
    /// Fixed points per piece.
    Fixed { points: Quantity },
}

/// The money that earns: an amount less the parts left out.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub of: BaseOf,
    /// Line facts that are `part of price` and do not earn (indices into `facts.line`).
    pub without_line_parts: Vec<usize>,
    /// Order facts that are `part of total` and do not earn (indices into `facts.order`).
    pub without_order_parts: Vec<usize>,
    /// True where the part paid with points earns too.
    pub with_points_paid: bool,
}

/// Which amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BaseOf {
    /// `line.price`: price of one unit x units.
    LinePrice,
    /// `order.price`: sum of the lines that pass the filters.
    OrderPrice,
    /// `order.total`: the same plus shipping.
    OrderTotal,
}

/// A category filter clause.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// For each category: does this clause let it pass?
    pub passes: Vec<bool>,
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
        fact: usize,
        among: Vec<usize>,
    },
    /// A text fact is one of these.
    TextIn {
        subject: Subject,
        fact: usize,
        among: Vec<String>,
    },
    /// The line's category lies in one of these branches (already spread over the tree).
    CategoryIn {
        passes: Vec<bool>,
    },
    /// A yes/no fact holds.
    Fact {
        subject: Subject,
        fact: usize,
    },
    /// A yes/no value holds.
    Value(ValueId),
    Constant(bool),
    /// The listing (of the line, or the one asked about) has the badge in force.
    HasBadge(BadgeId),
    /// A point in time before or from a date: `before` is strict, `after` means from the end of that day on.
    Time {
        left: Moment,
        op: TimeComparison,
        date: DateValue,
    },
}

/// The point in time a condition reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// `order.at`: the local date the order was placed.
    OrderAt,
    /// A date fact.
    Fact(Subject, usize),
}

/// A date in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateValue {
    Constant(Date),
    Value(ValueId),
    Fact(Subject, usize),
}

/// How two dates compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeComparison {
    Before,
    After,
    Is,
    IsNot,
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
}

/// A number computed from the case at hand. Types have been checked: evaluation only computes.
#[derive(Clone, Debug)]
pub(crate) enum Quantity {
    Constant(Ratio),
    Value(ValueId),
    Fact(Subject, usize),
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
    Add(Box<Quantity>, Box<Quantity>),
    Subtract(Box<Quantity>, Box<Quantity>),
    /// By a plain number.
    Multiply(Box<Quantity>, Box<Quantity>),
    /// By a plain number.
    Divide(Box<Quantity>, Box<Quantity>),
}

/// The redeem rule in one version.
#[derive(Clone, Debug)]
pub(crate) struct Redeem {
    /// Points of one step (`1 point pays …`).
    pub points: Ratio,
    /// What a step pays, in minor units.
    pub money: Ratio,
    /// The `pays` clause.
    pub pays_span: Span,
    pub filters: Vec<Filter>,
    pub conditions: Vec<Condition>,
}

/// Operations refused in one version, each with its own clause.
#[derive(Clone, Debug)]
pub(crate) struct Forbid {
    pub operations: Vec<(Operation, Span)>,
}

/// A badge in one version.
#[derive(Clone, Debug)]
pub(crate) struct Badge {
    pub shown_in: Vec<String>,
    /// All must hold; they read listing facts and values only.
    pub conditions: Vec<Condition>,
}
