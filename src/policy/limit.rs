//! Limits: how much, and over what it counts; and the counters from which limits over several orders read what has been
//! used.

use super::*;

/// A limit of what earns, of points, or of rewards.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub amount: Quantity,
    pub per: LimitScope,
    /// Where it goes over several orders: what counts what has been used.
    pub counter: Option<LimitId>,
    /// As it is written.
    pub text: String,
}

/// Over what a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitScope {
    /// One line, or one order (event, period, payment, move).
    Piece(Grain),
    /// One member over a period; `keep`: a return frees no room. `each`: every word that this fact of the order or event
    /// may be has room of its own.
    Member { each: Option<(Subject, FactId)>, period: Period, keep: bool },
    /// All members together over a period; a return frees no room.
    Everyone { period: Period },
}

/// Counts what a rule has used, for all limits of this rule that count the same over the same stretches: those of all
/// its versions. So what has been used belongs to a rule and a scope, wherever and whenever the limit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    pub owner: Owner,
    pub counts: Counts,
    /// The fact of the order or event whose every word is counted apart.
    pub each: Option<(Subject, FactId)>,
    pub period: Period,
    /// True for a budget of all members together.
    pub everyone: bool,
}

/// What a limit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Owner {
    Earn(EarnId),
    Group(GroupId),
    Redeem(RedeemId),
    Move(MoveId),
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Points given, paid or moved.
    Points,
    /// The amount that earns (`on first`).
    Base,
    /// Rewards taken.
    Rewards,
}

impl LimitScope {
    /// The counter that a limit of this scope reads, where it goes over several orders.
    pub fn counter(self, owner: Owner, counts: Counts) -> Option<Counter> {
        let (each, period, everyone) = match self {
            LimitScope::Piece(_) => return None,
            LimitScope::Member { each, period, .. } => (each, period, false),
            LimitScope::Everyone { period } => (None, period, true),
        };
        Some(Counter { owner, counts, each, period, everyone })
    }

    /// True where a return frees no room.
    pub fn keeps_room(self) -> bool {
        match self {
            LimitScope::Piece(_) => false,
            LimitScope::Member { keep, .. } => keep,
            LimitScope::Everyone { .. } => true,
        }
    }
}
