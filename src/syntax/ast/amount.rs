//! What rules give, and the conditions and amounts in all clauses, as written.

use super::{Name, Period, RuleStage};
use crate::source::Span;
use crate::value::{Delay, Ratio};
use jiff::civil::{Date, DateTime, Time};

/// `each line gives AMOUNT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gives {
    /// `line`, `order`, `unit`, a declared event.
    pub each: Name,
    /// `each calendar month gives …`: the rule looks at ended stretches of time; `each` is then `calendar`.
    pub period: Option<Period>,
    /// `as reached`: looked at whenever something is counted in the stretch of time, not when it has ended.
    pub reached: bool,
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
    /// `4 times rounded base`, `25% of exact base`
    OfRule {
        /// `4`, `25%`
        factor: Expr,
        /// `rounded base`
        of: RuleStage,
    },
    /// `1 point per 100 JPY of BASE` | `1 point per full 100 JPY of BASE` | `1 point per 2 of fill.litres`
    Per {
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
    /// `beyond 30`: only what goes beyond earns.
    pub beyond: Option<Box<Expr>>,
    /// `line.price`
    pub of: Path,
    /// `of mobile`: the choice that a measure is counted for.
    pub key: Option<Name>,
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
    /// `2021-01-01 20:00`
    Time(DateTime),
    /// `17:30`: a time of day.
    Clock(Time),
    /// `3 months after member.opened`, `end of month of order.at`
    Moment(Box<super::Moment>),
    /// `2 years`, in a value
    Duration(Delay),
    /// `yes` | `no`
    YesNo(bool),
    /// `"text"`
    Text(String),
    /// `listing.points_rate` | `card_rate`
    Path(Path),
    /// `order.price for food`: of the lines in that category
    PathFor(Path, Name),
    /// `nights so far` | `services of mobile in all`
    Measure {
        /// The measure.
        name: Name,
        /// The choice it is counted for.
        key: Option<Name>,
        /// True for `in all`.
        in_all: bool,
    },
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
