//! The tree of a policy file, as written. Every node keeps its span; comments and doc comments survive.
//!
//! One shape carries everything: a file is a list of declarations, a declaration is a head and a list of
//! clauses, one clause a line. Which clause may stand in which declaration is the checker's business, except
//! in `category` and `facts`, whose bodies are lists of their own.

use crate::source::Span;
use crate::value::Ratio;
use jiff::civil::Date;

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
    /// First day in force.
    pub from: Option<DateAt>,
    /// First day no longer in force.
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
    Value,
    Pool,
    Earn,
    Redeem,
    Forbid,
    Badge,
}

impl Kind {
    /// Every kind, in the order in which a policy usually has them.
    pub const ALL: [Kind; 9] = [
        Kind::Program,
        Kind::Category,
        Kind::Facts,
        Kind::Value,
        Kind::Pool,
        Kind::Earn,
        Kind::Redeem,
        Kind::Forbid,
        Kind::Badge,
    ];

    /// The keyword.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Program => "program",
            Kind::Category => "category",
            Kind::Facts => "facts",
            Kind::Value => "value",
            Kind::Pool => "pool",
            Kind::Earn => "earn",
            Kind::Redeem => "redeem",
            Kind::Forbid => "forbid",
            Kind::Badge => "badge",
        }
    }

    /// The kind with this keyword.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A date with its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DateAt {
    /// The day.
    pub date: Date,
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
        /// `line`, `order`.
        per: Name,
    },
    /// `1 point pays 1 JPY of line.price`
    Pays {
        /// `1 point`
        points: Expr,
        /// `1 JPY`
        money: Expr,
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

/// To which moment a deadline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadlineEnd {
    /// To the end of the local day.
    EndOfDay,
    /// To the same local time of day.
    SameTimeOfDay,
}

/// `missing day becomes …`, as written.
pub type MissingDayChoice = crate::value::MissingDay;

/// One step of the spending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpendKey {
    /// `soonest to expire`
    SoonestToExpire,
    /// `oldest`
    Oldest,
    /// `newest`
    Newest,
}

/// What a return, a refund or a cancel after shipping does to points already given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnChoice {
    /// `return takes points back, shortfall becomes debt`
    TakesBackDebt,
    /// `return takes points back, shortfall is forgiven`
    TakesBackForgiven,
    /// `return takes points back`, the choice about a shortfall left silent (the checker reports it).
    TakesBackSilent,
    /// `return keeps points`
    Keeps,
}

/// The operations a member may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `transfer to account`
    TransferToAccount,
    /// `transfer to program`
    TransferToProgram,
    /// `cash out`
    CashOut,
}

/// A category and those under it.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryNode {
    /// Its name.
    pub name: Name,
    /// Its label, if given.
    pub label: Option<Text>,
    /// Those under it.
    pub children: Vec<CategoryNode>,
}

/// A declared fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: FieldType,
    /// Where the type stands.
    pub kind_span: Span,
    /// `0% to 95%`
    pub range: Option<(Expr, Expr)>,
    /// `part of price`
    pub part_of: Option<Name>,
    /// `default other`
    pub default: Option<Expr>,
}

/// The type of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// `rate`
    Rate,
    /// `count`
    Count,
    /// `date`
    Date,
    /// `text`
    Text,
    /// `yes/no`
    YesNo,
    /// `JPY`
    Money(Name),
    /// `domestic | overseas`
    Choice(Vec<Name>),
    /// A word that is none of these.
    Unknown(Name),
}

/// A moment: `[1 to] 2 days after shipped`, `1 year after latest of order placed, points acquired`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The shorter end, where a range is given.
    pub earliest: Option<DurationAt>,
    /// The length (the longer end of a range); None for the anchor itself.
    pub length: Option<DurationAt>,
    /// What it counts from; several after `latest of`.
    pub anchors: Vec<Anchor>,
    /// Where.
    pub span: Span,
}

/// A length of time with its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DurationAt {
    /// How long.
    pub delay: crate::value::Delay,
    /// Where.
    pub span: Span,
}

/// Something a moment counts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// What happens.
    pub kind: AnchorKind,
    /// `when order.total > 0 JPY`: only then does it count.
    pub when: Option<Expr>,
    /// Where.
    pub span: Span,
}

/// What a moment may count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnchorKind {
    /// `order placed`
    OrderPlaced,
    /// `shipped`
    Shipped,
    /// `points acquired`
    PointsAcquired,
    /// `points redeemed`
    PointsRedeemed,
}

/// `each line gives AMOUNT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gives {
    /// `line`, `order`, `unit`.
    pub each: Name,
    /// How many points.
    pub amount: Amount,
}

/// How many points an earn rule gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// `RATE of BASE`
    Share {
        /// The rate.
        rate: Expr,
        /// Of what.
        base: Base,
    },
    /// `1 point per 100 JPY of BASE` | `1 point per full 100 JPY of BASE`
    PerMoney {
        /// `1 point`
        points: Expr,
        /// True after `full`: whole steps only.
        full: bool,
        /// `100 JPY`
        step: Expr,
        /// Of what.
        base: Base,
    },
    /// `10 points`
    Fixed {
        /// How many.
        points: Expr,
    },
}

/// `line.price with tax, points_paid without coupon`.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// `line.price`
    pub of: Path,
    /// Parts that earn too.
    pub with: Vec<Name>,
    /// Parts that do not.
    pub without: Vec<Name>,
    /// Where.
    pub span: Span,
}

/// `listing.points_rate`; a bare name has no subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// `listing`, `line`, `order`, `member`.
    pub subject: Option<Name>,
    /// The last word.
    pub name: Name,
    /// Where.
    pub span: Span,
}

/// An expression or condition; which it is, the checker finds out.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1,000` | `0.5`
    Number(Ratio),
    /// `1.5%`, as a fraction (0.015).
    Percent(Ratio),
    /// `1,000 JPY`, in major units.
    Money(Ratio, Name),
    /// `1,000 points`: a number and a word that is no currency.
    Counted(Ratio, Name),
    /// `2021-01-01`
    Date(Date),
    /// `yes` | `no`
    YesNo(bool),
    /// `"text"`
    Text(String),
    /// `listing.points_rate` | `card_rate`
    Path(Path),
    /// `a + b`, `a - b`, `a * 2`, `a / 2`
    Arithmetic(Box<Expr>, ArithmeticOp, Box<Expr>),
    /// `a >= b`, `a is b`, `a is not b`, `a before b`, `a after b`
    Compare(Box<Expr>, CompareOp, Box<Expr>),
    /// `a in b, c` | `a not in b, c`
    In {
        /// The thing looked for.
        item: Box<Expr>,
        /// Where it is looked for.
        list: Vec<Expr>,
        /// True for `not in`.
        negated: bool,
    },
    /// `listing has two_percent`
    Has {
        /// `listing`
        subject: Name,
        /// The badge.
        badge: Name,
        /// True for `has no`: `listing has no two_percent`.
        negated: bool,
    },
    /// `not a`
    Not(Box<Expr>),
    /// `a and b and c`
    And(Vec<Expr>),
    /// `a or b or c`
    Or(Vec<Expr>),
    /// A stretch that could not be read; its error has been reported.
    Error,
}

/// `+ - * /`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the sign itself")]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// `is`, `is not`, `< <= > >=`, `before`, `after`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the word itself")]
pub enum CompareOp {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
    Before,
    After,
}
