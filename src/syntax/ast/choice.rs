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

/// What a condition on the member does for a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelWhen {
    /// `when C`: it must hold, too, for the level to be reached.
    Also,
    /// `or when C`: the level is reached by it alone.
    Instead,
    /// `while C`, `or while C`: the level is held while it holds.
    While,
}

/// What happens when a level has lasted its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThenChoice {
    /// `falls 1 level`
    Falls(u32),
    /// `worked out again`
    WorkedOutAgain,
}

/// How a group puts its rules together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// The rule that gives most; on a tie the first named.
    Best,
    /// The first named that gives anything.
    First,
    /// Every rule; the group is there for its limits.
    All,
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
