//! The choices that clauses make and that the run time goes by: one word each, the same in the tree and in the policy.

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

/// The stages of a rule's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before rounding.
    Exact,
    /// After rounding, before limits.
    Rounded,
    /// After all limits: what is given.
    Capped,
}
