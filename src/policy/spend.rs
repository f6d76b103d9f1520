//! How points leave: payments, rewards, moves; what is forbidden; and badges.

use super::*;

/// A way for points to leave a pool for another pool, account or programme, or as money, in one version.
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
    pub limits: Vec<Limit>,
    /// What comes for points: (amount, whole steps only, points of a step); several add up, each rounded down.
    pub gives: Vec<(Quantity, bool, i64)>,
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
    /// Money of the programme's currency, in minor units.
    Cash,
}

/// When points move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MoveWhen {
    Request,
    Days(Vec<YearDay>),
    /// At the end of each such period.
    EndOf(Period),
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
    /// Most points: each order, or per member and period; of rewards, of all members too.
    pub limits: Vec<Limit>,
    /// Most rewards, over the same.
    pub counts: Vec<Limit>,
    /// Most points as a share of what may be paid with them.
    pub shares: Vec<(Quantity, PaysFor)>,
    pub filters: Vec<Filter>,
    pub conditions: Vec<Condition>,
}

/// `1 point pays 1 JPY of line.price`, `100 points pay 0.10 USD per 1 of line.gallons`
#[derive(Clone, Debug)]
pub(crate) struct Pays {
    /// Points of one step.
    pub points: Ratio,
    /// What a step pays, in minor units.
    pub money: Quantity,
    pub of: PaysFor,
    /// Where the money is for so much of a quantity.
    pub by: Option<PaysBy>,
    /// The clause.
    pub span: Span,
}

/// A quantity that points pay by.
#[derive(Clone, Debug)]
pub(crate) struct PaysBy {
    /// How much of it a step pays for once; above 0.
    pub step: Ratio,
    /// Of one line; the lines that may be paid for add up.
    pub of: Quantity,
    /// As written, for messages.
    pub text: String,
    /// The most of it that counts in an order.
    pub first: Option<Quantity>,
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
    pub price: Price,
    pub span: Span,
}

/// What a reward costs.
#[derive(Clone, Debug)]
pub(crate) enum Price {
    /// This many points, 0 for a free one: always whole.
    Points(Quantity),
    /// What the event says, between these (the first above 0).
    Range(i64, i64),
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
