//! The checked policy: plain data, resolved and interned. Names are kept for answers and explanations only;
//! nothing downstream looks anything up by name except the readers of input data.
//!
//! Rules are versioned: a `Versions<T>` holds every dated version of one name, and `Versions::at` gives the one
//! in force at an instant. Money is in minor units, rates are fractions (2 % is 1/50), all exact.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::source::{Source, Span};
use crate::syntax::ast::{Combine, DeadlineEnd, Operation, SpendKey, Stage, ThenChoice, YearDay};
use crate::value::moment::Moment as Calendared;
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
    /// Declared kinds of events.
    pub(crate) events: Vec<EventType>,
    /// Named values.
    pub(crate) values: Vec<Value>,
    /// Counts and sums per member.
    pub(crate) measures: Vec<Measure>,
    /// Member levels.
    pub(crate) tiers: Vec<Tier>,
    /// The pools, at least one.
    pub(crate) pools: Vec<Pool>,
    /// Earn rules in the order declared.
    pub(crate) earns: Vec<Rule<Earn>>,
    /// Indices into `earns` such that a rule stands after every rule that it reads.
    pub(crate) earn_order: Vec<EarnId>,
    /// Groups of earn rules; a group stands after every group that it contains.
    pub(crate) groups: Vec<Rule<Group>>,
    /// Redeem rules in the order declared.
    pub(crate) redeems: Vec<Rule<Redeem>>,
    /// Moves between pools, accounts and programmes.
    pub(crate) moves: Vec<Rule<Move>>,
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

    /// Points of the first pool in words: `1 star`, `1,200 stars`.
    pub fn count_points(&self, points: i64) -> String {
        self.count_points_in(0, points)
    }

    /// Points of the pool with this index in words: `1,200 stars`; money where the pool is counted in money.
    pub fn count_points_in(&self, pool: usize, points: i64) -> String {
        let terms = self.pools.get(pool).and_then(|pool| pool.versions.last()).map(|version| &version.body);
        match terms.map(|terms| terms.unit.as_deref()) {
            Some(None) => self.currency.format(Ratio::whole(points)),
            Some(Some(unit)) => {
                let plural = if points == 1 { "" } else { "s" };
                format!("{} {unit}{plural}", crate::value::decimal::grouped(points.into()))
            }
            None => points.to_string(),
        }
    }

    /// `sha256:` and the hash of the policy's text: the same text, the same digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// A pool's terms in force.
    pub(crate) fn pool_terms(&self, pool: PoolId, at: Timestamp) -> Option<&PoolTerms> {
        let pool = self.pools.get(pool)?;
        pool.versions.iter().find(|version| version.window.contains(at)).map(|version| &version.body)
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
/// Index into [`Policy::events`].
pub(crate) type EventId = usize;
/// Index into [`Policy::measures`].
pub(crate) type MeasureId = usize;
/// Index into [`Policy::tiers`].
pub(crate) type TierId = usize;
/// Index into [`Policy::pools`].
pub(crate) type PoolId = usize;
/// Index into [`Policy::earns`].
pub(crate) type EarnId = usize;

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
    /// A declared event.
    Event(EventId),
}

impl Subject {
    /// Those that every policy has.
    pub const BUILT_IN: [Subject; 4] = [Subject::Listing, Subject::Line, Subject::Order, Subject::Member];

    /// The word in the language; for a declared event its kind (its own name is the policy's).
    pub fn word(self) -> &'static str {
        match self {
            Subject::Listing => "listing",
            Subject::Line => "line",
            Subject::Order => "order",
            Subject::Member => "member",
            Subject::Event(_) => "event",
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
    /// Those of declared events, by [`EventId`].
    pub events: Vec<Vec<Fact>>,
}

impl Facts {
    /// Those of one subject.
    pub fn of(&self, subject: Subject) -> &[Fact] {
        match subject {
            Subject::Listing => &self.listing,
            Subject::Line => &self.line,
            Subject::Order => &self.order,
            Subject::Member => &self.member,
            Subject::Event(event) => self.events.get(event).map_or(&[], Vec::as_slice),
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
    /// `night` of `count night`: for people.
    pub unit: Option<String>,
    /// The amount it belongs to: per unit for a line's, for the whole order for an order's.
    pub part_of: Option<PartOf>,
    pub default: Option<FactValue>,
    pub span: Span,
}

/// `part of AMOUNT` or `beside AMOUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartOf {
    pub amount: Part,
    /// True where the money comes on top of the amount (`beside`), false where it is contained in it.
    pub beside: bool,
}

/// What a `part of` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `part of price`: on a line, of the price of one unit.
    Price,
    /// `part of total`: on an order, of its total.
    Total,
    /// On a declared event: of another of its money facts (index).
    Fact(usize),
}

/// The type of a fact.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FactType {
    Rate,
    /// Whole.
    Count,
    /// Exact, with decimals: litres, miles.
    Quantity,
    Date,
    Text,
    YesNo,
    Money,
    /// A category under this one (a declared event's).
    Category(CategoryId),
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
    /// A category.
    Category(usize),
}

/// A declared kind of event.
#[derive(Clone, Debug)]
pub(crate) struct EventType {
    pub name: String,
    /// Later events about it, in the order declared.
    pub marks: Vec<String>,
    /// The fact that is its category, by which filters go.
    pub category: Option<usize>,
    /// Its first money fact that is no part of another: what a refund lowers.
    pub amount: Option<usize>,
}

/// What earns: an order, a declared event, or a stretch of time that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Order,
    Event(EventId),
    Period(Period),
}

/// A stretch of time over which something is counted, around an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Half,
    /// From this day of the year.
    Year {
        month: i8,
        day: i8,
    },
    /// From the day of the year of a member's date fact.
    YearOfMember(usize),
    /// The stretch of this length that ends with the instant.
    Rolling(Delay),
    AllTime,
}

/// A count or a sum per member.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub name: String,
    pub unit: Unit,
    pub counts: Vec<Counting>,
    pub period: Period,
    /// Counted apart for each choice of this fact.
    pub key: Option<(Subject, usize)>,
}

/// What one `each … counts …` clause of a measure adds.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    /// An order (each line of it, with `Grain::Line`) or a declared event.
    pub of: Occasion,
    pub each: Grain,
    pub what: Counted,
    /// The mark at which it counts.
    pub at: Option<usize>,
    pub filters: Vec<Filter>,
    pub conditions: Vec<Condition>,
    pub span: Span,
}

/// What is added to a measure.
#[derive(Clone, Debug)]
pub(crate) enum Counted {
    Amount(Quantity),
    Base(Base),
    /// Points that a rule gives, at a stage.
    Rule(Stage, EarnId),
}

/// Member levels reached by measures.
#[derive(Clone, Debug)]
pub(crate) struct Tier {
    pub name: String,
    pub label: String,
    /// From the start level up.
    pub levels: Vec<Level>,
    /// Until when a level lasts once reached, as a deadline; None: for all time.
    pub lasts: Option<Calendared>,
    pub then: ThenChoice,
    /// True where a return takes a level away that is no longer reached.
    pub return_lowers: bool,
}

/// One level.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub name: String,
    pub label: String,
    /// Reached when all of any inner list hold: the measure is at least the amount. Empty for the start level.
    pub at: Vec<Vec<(MeasureId, Quantity)>>,
    pub span: Span,
}

/// Earn rules put together, or limited together, in one version.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub how: Combine,
    /// For `best` and `first`: over what the points are compared.
    pub per: Grain,
    pub of: Vec<Member>,
    pub caps: Vec<Cap>,
    pub span: Span,
}

/// What a group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Earn(EarnId),
    /// Index into [`Policy::groups`].
    Group(usize),
}

/// A way for points to leave a pool for another pool, account or programme, in one version.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub from: PoolId,
    pub to: MoveTo,
    pub when: MoveWhen,
    /// Least points at once.
    pub at_least: i64,
    /// Points must be a multiple of this.
    pub steps: i64,
    /// Most points, each time or per member and period.
    pub caps: Vec<(Quantity, CapScope)>,
    /// What comes for points: (amount, whole steps only, points of a step); several add up, each rounded down.
    pub gives: Vec<(Ratio, bool, i64)>,
    /// Points taken on top.
    pub fee: i64,
    /// All must hold of the member.
    pub conditions: Vec<Condition>,
    /// The clause that says where to.
    pub span: Span,
}

/// Where moved points go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MoveTo {
    Pool(PoolId),
    Program(String),
    Account,
}

/// When points move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MoveWhen {
    Request,
    Days(Vec<YearDay>),
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
    /// A number by case.
    Table(Table),
}

/// A number by the case of a fact, a level, a category or an amount.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub by: TableKey,
    /// (cases, number), the first that fits; `otherwise` where none does.
    pub rows: Vec<(Vec<usize>, Quantity)>,
    /// For an amount: (from, number), rising.
    pub bands: Vec<(Ratio, Quantity)>,
    pub otherwise: Option<Box<Quantity>>,
}

/// What a table goes by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TableKey {
    /// A choice fact; cases are indices of its words. A yes/no fact; 0 is no, 1 is yes. A category fact; cases are category ids, spread over the tree.
    Fact(Subject, usize),
    /// A tier; cases are indices of its levels.
    Tier(TierId),
    /// `line.category`, `listing.category`: the category in view, spread over the tree.
    Category,
    /// `order.weekday`: 0 is Monday.
    Weekday,
    /// An amount.
    Quantity(Quantity),
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
    /// `point`; None for a pool counted in money (`unit GBP`), in minor units.
    pub unit: Option<String>,
    /// Face value of one point in minor units.
    pub worth: Ratio,
    pub pending: Pending,
    pub pending_span: Span,
    /// The balance's clock.
    pub expiry: Expiry,
    pub expiry_span: Span,
    /// The clock of each lot; the earlier of the two kills.
    pub lot_expiry: LotExpiry,
    pub lot_expiry_span: Span,
    pub spend: Vec<SpendKey>,
    /// Pools whose points are spent after this pool's, in one payment.
    pub before: Vec<PoolId>,
    pub returns: Returns,
}

/// When points become available.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pending {
    /// At once.
    Never,
    /// Between `from` and `by`, both counted from the anchor as delays; they count from `by`.
    Until { from: Calendared, by: Calendared, anchor: PendingAnchor },
}

/// What pending counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingAnchor {
    /// The order was placed, the event happened, the period ended.
    Happened,
    /// The unit shipped.
    Shipped,
    /// The declared event's mark.
    Mark(usize),
}

/// When the balance dies.
#[derive(Clone, Debug)]
pub(crate) enum Expiry {
    Never,
    /// A deadline counted from the latest of the anchors.
    After {
        at: Calendared,
        anchors: Vec<ExpiryAnchor>,
    },
}

/// When a lot dies.
#[derive(Clone, Debug)]
pub(crate) enum LotExpiry {
    Never,
    /// A deadline counted from the instant the lot became available (or, `from_earning`, from the order or event).
    After {
        at: Calendared,
        from_earning: bool,
        /// Nothing dies while this holds.
        paused: Option<Condition>,
    },
}

/// Something that extends a balance.
#[derive(Clone, Debug)]
pub(crate) struct ExpiryAnchor {
    pub kind: ExpiryAnchorKind,
    /// Only then (order facts, as the order was placed).
    pub when: Option<Condition>,
}

/// What may extend a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiryAnchorKind {
    OrderPlaced,
    Shipped,
    /// Points of this pool became available.
    Acquired,
    /// Points of this pool were spent.
    Redeemed,
    /// Points of this pool went elsewhere by a move.
    Moved,
    /// A declared event happened.
    Happened(EventId),
    /// A declared event's mark.
    Mark(EventId, usize),
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
    pub first: Vec<(Quantity, CapScope)>,
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

/// A limit of points.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub limit: Quantity,
    pub per: CapScope,
}

/// Over what a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CapScope {
    /// One line, or one order (event, period, payment, move).
    Piece(Grain),
    /// One member over a period; `keep`: a return frees no room.
    Member { period: Period, keep: bool },
    /// All members together over a period; a return frees no room.
    Everyone { period: Period },
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
    /// Line facts that are `part of price` and do not earn (indices into `facts.line`).
    pub without_line_parts: Vec<usize>,
    /// Order facts that are `part of total` and do not earn (indices into `facts.order`).
    pub without_order_parts: Vec<usize>,
    /// Facts of the declared event that are parts of the amount and do not earn.
    pub without_event_parts: Vec<usize>,
    /// Line facts `beside price` that earn too.
    pub with_line_beside: Vec<usize>,
    /// Order facts `beside total` (or `beside price`) that earn too.
    pub with_order_beside: Vec<usize>,
    /// Facts of the declared event beside the amount that earn too.
    pub with_event_beside: Vec<usize>,
    /// True where the part paid with points earns too.
    pub with_points_paid: bool,
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
    EventFact(EventId, usize),
    /// A number of the line, order or member that is no money: `line.quantity`, a count.
    Number(Quantity),
    /// A measure over the period that has ended.
    Measure(MeasureId, Option<usize>),
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
    /// `order.at`, `stay.at`: the local date of the order or event.
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
#[derive(Clone, Debug, PartialEq)]
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
    /// `order.price for food`: of the lines whose category passes.
    OrderPriceFor(Vec<bool>),
    /// `order.quantity for food`
    OrderUnitsFor(Vec<bool>),
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
    /// 1 to 31.
    Day,
    /// 1 to 12.
    Month,
    Year,
}

/// A redeem rule in one version: points that pay for orders, or rewards.
#[derive(Clone, Debug)]
pub(crate) struct Redeem {
    /// The pool it takes from; pools spent before that one are taken from first.
    pub pool: PoolId,
    pub pays: Option<Pays>,
    pub rewards: Vec<Reward>,
    /// Least points at once.
    pub at_least: Option<Quantity>,
    /// Points must be a multiple of this.
    pub steps: Option<i64>,
    /// Most points: each order, or per member and period.
    pub caps: Vec<Cap>,
    /// Most points as a share of what may be paid with them.
    pub shares: Vec<(Quantity, PaysFor)>,
    pub filters: Vec<Filter>,
    pub conditions: Vec<Condition>,
}

/// `1 point pays 1 JPY of line.price`
#[derive(Clone, Debug)]
pub(crate) struct Pays {
    /// Points of one step.
    pub points: Ratio,
    /// What a step pays, in minor units.
    pub money: Quantity,
    pub of: PaysFor,
    /// The clause.
    pub span: Span,
}

/// What points pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaysFor {
    /// The lines that pass the filters (`line.price`, `order.price`).
    Lines,
    /// The same and shipping.
    Total,
}

/// Something to be had for points.
#[derive(Clone, Debug)]
pub(crate) struct Reward {
    pub name: String,
    pub label: String,
    /// Points; above 0.
    pub cost: i64,
    pub span: Span,
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
