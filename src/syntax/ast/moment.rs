//! Moments, durations and what they count from, as written.

use super::{EdgeUnit, Expr, Name, Path, YearDay};
use crate::source::Span;
use jiff::civil::Date;

/// A moment, a chain read aloud as written: `end of month of 6 months after points acquired`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// What it says.
    pub kind: MomentKind,
    /// Where.
    pub span: Span,
}

/// What a moment says.
#[derive(Clone, Debug, PartialEq)]
pub enum MomentKind {
    /// What it counts from; several after `latest of`.
    Anchors(Vec<Anchor>),
    /// `2 days after M`, `1 to 2 days after M`, `14 days before M`
    Shift {
        /// The shorter end, where a range is given.
        earliest: Option<DurationAt>,
        /// The length (the longer end of a range).
        length: LengthAt,
        /// True for `before`.
        before: bool,
        /// Of what.
        of: Box<Moment>,
    },
    /// `end of month of M`, `start of quarter of M`, `end of february of M`
    Edge {
        /// True for `end of`.
        end: bool,
        /// Of which stretch.
        unit: EdgeUnit,
        /// Around what.
        of: Box<Moment>,
    },
    /// `next 15th after M`, `next 1 april after M`
    Next {
        /// The day.
        day: YearDay,
        /// After what.
        of: Box<Moment>,
    },
    /// `2025-03-31`
    Date(Date),
    /// `member.joined`, `order.at`: in conditions
    Path(Path),
}

/// A length of time, written out or named.
#[derive(Clone, Debug, PartialEq)]
pub enum LengthAt {
    /// `2 months 14 days`
    Fixed(DurationAt),
    /// `wait`: a value
    Named(Name),
}

impl LengthAt {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            LengthAt::Fixed(duration) => duration.span,
            LengthAt::Named(name) => name.span,
        }
    }
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
#[derive(Clone, Debug, PartialEq)]
pub enum AnchorKind {
    /// `order placed`
    OrderPlaced,
    /// `shipped`
    Shipped,
    /// `points acquired`; the word before `acquired`: `points`, or the pool's name
    Acquired(Name),
    /// `points redeemed`
    Redeemed(Name),
    /// `points moved`
    Moved(Name),
    /// `stay happened`
    Happened(Name),
    /// `period ended`: of a rule of ended periods
    PeriodEnded,
    /// `reached`: of a tier's level
    Reached,
    /// `checked_out`: a mark
    Mark(Name),
}
