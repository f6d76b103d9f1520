//! Small choices that clauses make: what a limit does on a return, how rules combine, what a return takes.

use super::{Expr, Name};
use crate::source::Span;

/// What a return does to the room under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoomChoice {
    /// `returns free room`
    Free,
    /// `returns keep room`
    Keep,
}

/// `25`, `10,000 USD`, `10 of stays`
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// How much.
    pub amount: Expr,
    /// Of which measure; None: the one the tier counts.
    pub of: Option<Name>,
    /// Where.
    pub span: Span,
}

/// Where a move's points go.
#[derive(Clone, Debug, PartialEq)]
pub enum MoveTarget {
    /// Another pool.
    Pool(Name),
    /// Another programme.
    Program(Name),
    /// Another account.
    Account,
    /// Money of the programme's currency.
    Cash,
}

/// `missing day becomes …`, as written.
pub type MissingDayChoice = crate::value::MissingDay;

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
