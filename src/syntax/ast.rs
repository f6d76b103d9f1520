//! The tree of a policy file, as written. Every node keeps its span; comments and doc comments survive.
//!
//! One shape carries everything: a file is a list of declarations, a declaration is a head and a list of
//! clauses, one clause a line. Which clause may stand in which declaration is the checker's business, except
//! in `category` and `facts`, whose bodies are lists of their own.

mod amount;
mod choice;
mod field;
mod moment;

pub use self::amount::{Amount, ArithmeticOp, Base, CompareOp, Expr, ExprKind, Gives, Path};
pub use self::choice::{MissingDayChoice, MoveTarget, ReturnChoice, RoomChoice, Threshold};
pub use self::field::{CategoryNode, Field, FieldType, PartOf};
pub use self::moment::{Anchor, AnchorKind, DurationAt, LengthAt, Moment, MomentKind};
use crate::source::Span;
pub use crate::value::choice::{Combine, LevelWhen, Operation, SpendKey, Stage, ThenChoice};
pub use crate::value::moment::{CalendarUnit, DeadlineEnd, EdgeUnit, YearDay};
use crate::value::time::LocalTime;

/// A name or contextual word as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A text in quotes, without the quotes and with escapes resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What stands between the quotes.
    pub text: String,
    /// Where, quotes included.
    pub span: Span,
}

/// A comment, `//` or `///`, kept for the formatter.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// The whole comment, slashes included.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Declarations and bad stretches, in order.
    pub items: Vec<Item>,
    /// The files it brings in: `use "cards.meed"`.
    pub uses: Vec<Text>,
    /// All comments, doc comments too, in order.
    pub comments: Vec<Comment>,
    /// Names of declarations that could not be read or that this version does not run: say nothing about
    /// their use. An empty one stands for a name that was left out, which may be any.
    pub unread: Vec<Name>,
    /// True where an error in the text has been reported, even if all of it could be read in the end.
    pub has_errors: bool,
}

/// One top-level stretch.
#[allow(clippy::large_enum_variant, reason = "nearly all items are declarations")]
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A declaration; it may hold error clauses.
    Declaration(Declaration),
    /// A stretch that is no declaration; its error has been reported.
    Error(Span),
}

/// `keyword name "label" [from DATE] [until DATE] { clauses }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Lines of the doc comment above, without `/// `.
    pub docs: Vec<String>,
    /// Which kind; `keyword` has its span.
    pub kind: Kind,
    /// Where the keyword stands.
    pub keyword: Span,
    /// Its name; for `facts` the subject (`listing`, `line`, `order`, `member`).
    pub name: Name,
    /// Its label for people.
    pub label: Option<Text>,
    /// First day in force, or the time from which on.
    pub from: Option<DateAt>,
    /// First day no longer in force, or that time.
    pub until: Option<DateAt>,
    /// The body; empty where there is none.
    pub clauses: Vec<Clause>,
    /// The whole head, up to the brace.
    pub head: Span,
    /// The whole declaration.
    pub span: Span,
    /// True where some of it could not be read: say nothing about what is missing in it.
    pub broken: bool,
}

/// The declaration keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the keyword itself")]
pub enum Kind {
    Program,
    Category,
    Facts,
    Event,
    Value,
    Measure,
    Tier,
    Pool,
    Earn,
    Group,
    Redeem,
    Move,
    Forbid,
    Badge,
}

impl Kind {
    /// Every kind, in the order in which a policy usually has them.
    pub const ALL: [Kind; 14] = [
        Kind::Program,
        Kind::Category,
        Kind::Facts,
        Kind::Event,
        Kind::Value,
        Kind::Measure,
        Kind::Tier,
        Kind::Pool,
        Kind::Earn,
        Kind::Group,
        Kind::Redeem,
        Kind::Move,
        Kind::Forbid,
        Kind::Badge,
    ];

    /// The keyword.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Program => "program",
            Kind::Category => "category",
            Kind::Facts => "facts",
            Kind::Event => "event",
            Kind::Value => "value",
            Kind::Measure => "measure",
            Kind::Tier => "tier",
            Kind::Pool => "pool",
            Kind::Earn => "earn",
            Kind::Group => "group",
            Kind::Redeem => "redeem",
            Kind::Move => "move",
            Kind::Forbid => "forbid",
            Kind::Badge => "badge",
        }
    }

    /// The kind with this keyword.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A date, or a date and a time of day, with its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DateAt {
    /// The day, at midnight where no time of day is written.
    pub date: LocalTime,
    /// Where.
    pub span: Span,
}

/// One line of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Lines of the doc comment above.
    pub docs: Vec<String>,
    /// What it says.
    pub kind: ClauseKind,
    /// Where.
    pub span: Span,
}

/// What a clause says. The comment of each shows its form.
#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    /// `currency JPY`
    Currency(Name),
    /// `timezone Asia/Tokyo`
    Timezone(Name),
    /// `statement called "My Points"`
    Statement(Text),
    /// `deadlines run to end of day` | `deadlines run to same time of day`
    Deadlines(DeadlineEnd),
    /// `missing day becomes last of month` | `missing day becomes first of next month`
    MissingDay(MissingDayChoice),
    /// A category under the declared one: `fruit "Fresh fruit" { … }`; several may stand in a line.
    Child(CategoryNode),
    /// `points_rate: rate 0% to 95% part of price default 2%`
    Field(Field),
    /// `is 1.5%` | `is yes` | `is 2021-01-01` | `is book, video`
    Is(Vec<Expr>),
    /// `by member.status`: the value is a table, its cases follow.
    By(Expr),
    /// `gold, silver: 25%` | `from 5,000 USD: 2%` | `else: 0%`
    Case {
        /// Which case.
        key: CaseKey,
        /// What the value is there.
        value: Expr,
    },
    /// `marks checked_in, checked_out`: later events about the same happening.
    Marks(Vec<Name>),
    /// In a measure: `each stay counts stay.nights at checked_out`
    Counts {
        /// `order`, `line`, a declared event.
        each: Name,
        /// What is added.
        what: Counted,
        /// The mark at which it counts; None: when it happened.
        at: Option<Name>,
    },
    /// `adds stay_nights, card_nights`: what other measures count, together.
    Adds(Vec<Name>),
    /// `for each service_use.service`: one count for each of the fact's choices.
    ForEach(Path),
    /// `per calendar month` | `per rolling 12 months` | `for all time`
    Per(Period),
    /// In a tier: `counts elite_nights`
    CountsMeasure(Name),
    /// `start green "Green"`
    Start {
        /// The level's name.
        name: Name,
        /// Its label.
        label: Option<Text>,
    },
    /// `level gold "Gold" at 25` | `level gold "Gold" at 40 or 10 of stays` | `…, when C` | `…, or when C`
    Level {
        /// The level's name.
        name: Name,
        /// Its label.
        label: Option<Text>,
        /// `at A and B or …`: all of one inner list, any of the outer; empty where only a condition stands.
        at: Vec<Vec<Threshold>>,
        /// The condition on the member.
        when: Option<Expr>,
        /// What the condition does.
        how: LevelWhen,
    },
    /// `begins next 1 april after reached`
    Begins(Moment),
    /// `lasts until MOMENT` | `lasts for all time`
    Lasts(Option<Moment>),
    /// `then falls 1 level` | `then worked out again`
    Then(ThenChoice),
    /// `return lowers level` | `return keeps level`
    ReturnLevel {
        /// True for `lowers`.
        lowers: bool,
    },
    /// In a group: `best of a, b per order` | `first of a, b per line` | `all of a, b`
    Combine {
        /// Which.
        how: Combine,
        /// The rules.
        of: Vec<Name>,
        /// `line`, `order`, an event; None for `all of`.
        per: Option<Name>,
    },
    /// `into limited`: the pool that an earn rule gives to.
    Into(Name),
    /// `out of vouchers`: the pool that a redeem rule or a budgeted rule takes from.
    OutOf(Name),
    /// `on first 1,500 USD per member per calendar quarter, returns free room` | `on first 35 of line.gallons per order`
    OnFirst {
        /// How much of the amount earns, or of the quantity that points pay by.
        amount: Expr,
        /// `line.gallons`
        of: Option<Path>,
        /// Over what.
        per: LimitScope,
    },
    /// `at most 50% of order.total`
    AtMostShare {
        /// The share.
        rate: Expr,
        /// Of what.
        of: Path,
    },
    /// `without limit`: a campaign without one is meant.
    NoLimit,
    /// `at least 100 points`
    AtLeast(Expr),
    /// `in steps of 100 points`
    InSteps(Expr),
    /// `reward brewed "Brewed coffee or tea" for 100 stars` | `… for 5,000 to 120,000 points` | `… for free`
    Reward {
        /// Its name.
        name: Name,
        /// Its label.
        label: Option<Text>,
        /// What it costs.
        price: RewardPrice,
    },
    /// `points to vouchers` | `points to program airline` | `points to account` | `points to cash`
    MoveTo {
        /// The pool that points leave.
        from: Name,
        /// Where they go.
        to: MoveTarget,
    },
    /// `on request`
    OnRequest,
    /// `on end of february, end of may` | `on 1 january` | `on end of month`
    OnDays(Vec<YearDay>),
    /// `on end of quarter` | `on end of year from member.joined`
    OnPeriodEnd(Period),
    /// In a move: `gives 0.50 GBP per full 50 points` | `gives 1 per 3 points`
    GivesPer {
        /// What comes.
        amount: Expr,
        /// True after `full`: whole steps only.
        full: bool,
        /// For what.
        step: Expr,
    },
    /// `fee 100 points`
    Fee(Expr),
    /// `lot expires MOMENT [, paused while CONDITION]` | `lot expires never`
    LotExpires {
        /// When; None: never.
        at: Option<Moment>,
        /// Nothing dies while this holds.
        paused: Option<Expr>,
    },
    /// `spend before points`: which pool's points this pool's are spent before.
    SpendBefore(Name),
    /// `unit point`
    Unit(Name),
    /// `worth 1 JPY`
    Worth(Expr),
    /// `pending until 1 to 2 days after shipped` | `pending until shipped` | `pending never`
    Pending(Option<Moment>),
    /// `balance expires 1 year after latest of order placed, points acquired` | `balance expires never`
    BalanceExpires(Option<Moment>),
    /// `spend soonest to expire, then oldest`: each entry is one word group.
    Spend(Vec<SpendKey>),
    /// `return takes points back, shortfall becomes debt` | `return keeps points`
    Return(ReturnChoice),
    /// `each line gives …`
    Gives(Gives),
    /// `when …`
    When(Expr),
    /// `only for a, b`
    OnlyFor(Vec<Name>),
    /// `not for a, b` | `not for a, except b, c`
    NotFor {
        /// What is excluded.
        excluded: Vec<Name>,
        /// What comes back.
        except: Vec<Name>,
    },
    /// `round down per line`
    Round {
        /// `down`, `up`, `half up`, `half even`.
        mode: crate::value::Rounding,
        /// `line`, `order`.
        grain: Name,
    },
    /// `at most 500 points per order`
    AtMost {
        /// The limit, an expression of points.
        limit: Expr,
        /// Over what; None in a move or a redeem rule: each time.
        per: LimitScope,
    },
    /// `1 point pays 1 JPY of line.price` | `100 points pay 0.10 USD per 1 of line.gallons`
    Pays {
        /// `1 point`
        points: Expr,
        /// `1 JPY`
        money: Expr,
        /// `1` of `per 1 of line.gallons`.
        per: Option<Expr>,
        /// `line.price`
        of: Path,
    },
    /// `transfer to account` | `transfer to program` | `cash out`
    Operation(Operation),
    /// `shown in search_results, detail_page`
    ShownIn(Vec<Name>),
    /// A line that could not be read; its error has been reported.
    Error,
}

/// What a reward costs.
#[derive(Clone, Debug, PartialEq)]
pub enum RewardPrice {
    /// `free`
    Free,
    /// `100 stars`
    Points(Expr),
    /// `5,000 to 120,000 points`: what the event says, within these.
    Range(Expr, Expr),
}

/// Which case of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseKey {
    /// `gold, silver`
    Names(Vec<Name>),
    /// `from 5,000 USD`: from this amount up to the next row's.
    From(Expr),
    /// `else`
    Else(Span),
}

/// What a measure adds.
#[derive(Clone, Debug, PartialEq)]
pub enum Counted {
    /// A number or an amount: `1`, `stay.nights`, `order.points_paid`.
    Amount(Expr),
    /// Money, with its parts placed: `order.price with points_paid without tax`.
    Base(Base),
    /// Points that another rule gives: `rounded drinks`.
    Rule(RuleStage),
    /// How many different things a fact says: `different order.shop`.
    Different(Path),
}

/// Points that an earn rule gives, at one stage: `exact base`, `rounded base`, `capped base`.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStage {
    /// Which stage.
    pub stage: Stage,
    /// The rule.
    pub rule: Name,
}

/// A stretch of time over which something is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Which.
    pub kind: PeriodKind,
    /// Where.
    pub span: Span,
}

/// The stretches of time.
#[derive(Clone, Debug, PartialEq)]
pub enum PeriodKind {
    /// `calendar month`
    Calendar(CalendarUnit),
    /// `month from 16th`
    MonthFrom {
        /// 1 to 31.
        day: u8,
    },
    /// `year from 1 april`
    YearFrom {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// `year from member.joined`
    YearFromFact(Path),
    /// `last 3 calendar months`
    Last {
        /// How many; 1 where none is written.
        count: u32,
        /// Of what.
        unit: CalendarUnit,
    },
    /// `rolling 12 months`
    Rolling(DurationAt),
    /// `all time`
    AllTime,
}

/// Over what a limit counts.
#[derive(Clone, Debug, PartialEq)]
pub enum LimitScope {
    /// `per line`, `per order`, `per stay`
    Piece(Name),
    /// `per member per calendar month, returns free room`
    Member {
        /// `per order.shop`: what is said there has room of its own.
        each: Option<Path>,
        /// The stretch of time.
        period: Period,
        /// What a return gives back; None where that has been left silent.
        returns: Option<RoomChoice>,
        /// Where the words stand.
        span: Span,
    },
    /// `from everyone [per calendar month]`: a budget over all members.
    Everyone {
        /// The stretch of time; None: the rule's window.
        period: Option<Period>,
        /// Where the words stand.
        span: Span,
    },
    /// Nothing is said: each time.
    Each,
}
