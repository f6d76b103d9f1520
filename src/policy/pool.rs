//! Pools: when points become available, when they die, how they are spent and taken back.

use super::*;

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
    /// Face value of one point in minor units, where it is said.
    pub worth: Option<Ratio>,
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
        paused: Option<Box<Condition>>,
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
