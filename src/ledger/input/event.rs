//! Events as the ledger judges them: read and checked against the policy's declarations by `wire`.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::eval::order::Order;
use crate::policy::{EventId, FactId, FactValue, IdVec, MoveId, PartFact, PoolId};
use crate::value::choice::Operation;

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Event {
    /// The identity of the cause; an id counts once.
    pub id: Arc<str>,
    /// When it happened. It governs; when it was recorded never does.
    pub at: Timestamp,
    /// Whose account.
    pub account: Arc<str>,
    /// What.
    pub(crate) kind: EventKind,
    /// Content that was read and checked but that this policy does not use (taxes, coupons), in one spelling. Copies
    /// are the same in it too.
    pub(crate) aside: Option<Box<str>>,
}

/// What is kept of an event that has been judged, so that it counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The first 128 bits of the hash of its id: no two ids of an account will share them.
    pub id: u128,
    /// A hash of all that it says.
    pub content: u64,
}

impl Event {
    /// What is kept of it.
    pub(crate) fn mark(&self) -> Mark {
        let digest = Sha256::digest(self.id.as_bytes());
        let id = digest.iter().take(16).fold(0u128, |id, byte| id << 8 | u128::from(*byte));
        let mut content = DefaultHasher::new();
        self.hash(&mut content);
        Mark { id, content: content.finish() }
    }

    /// Its place in the order in which events are judged: by instant, then by kind, then by id.
    pub fn turn(&self) -> (Timestamp, u8, &str) {
        (self.at, self.kind.rank(), &self.id)
    }

    /// The word in data: `order`, `ship`, …; for a declared event `event`, as its own name is the policy's.
    pub fn word(&self) -> &'static str {
        self.kind.word()
    }

    /// The order's number, or the declared event's id, that it is about.
    pub fn about(&self) -> Option<&str> {
        match &self.kind {
            EventKind::Order { number, .. } => Some(number),
            EventKind::Refund(refund) => Some(&refund.number),
            EventKind::Ship(movement) | EventKind::Cancel(movement) | EventKind::Return(movement) => {
                Some(&movement.number)
            }
            EventKind::Mark { event, .. }
            | EventKind::CancelEvent { event }
            | EventKind::RefundEvent { event, .. } => Some(event),
            _ => None,
        }
    }

    /// What is ordered, where an order is placed.
    pub fn order(&self) -> Option<&Order> {
        match &self.kind {
            EventKind::Order { order, .. } => Some(order),
            _ => None,
        }
    }
}

/// What happened. The order of variants is the order within one instant (design: order in time).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Member facts from this instant on.
    Member(Vec<(FactId, FactValue)>),
    /// A balance brought from an older system.
    Opening {
        /// Into which pool.
        pool: PoolId,
        /// How many; above 0.
        points: i64,
        /// From when they are gone.
        expires_at: Timestamp,
    },
    /// Points from elsewhere.
    Grant {
        /// Into which pool.
        pool: PoolId,
        /// How many; above 0.
        points: i64,
        /// From when they are gone, where the grant says so itself.
        expires_at: Option<Timestamp>,
        /// Why, for people.
        reason: Option<String>,
    },
    /// A signed correction.
    Adjust {
        /// Into which pool.
        pool: PoolId,
        /// How many; not 0.
        points: i64,
        /// Why, for people.
        reason: String,
    },
    /// An order was placed.
    Order {
        /// Its number, unique in the account.
        number: String,
        /// What was ordered.
        order: Box<Order>,
    },
    /// A declared event happened.
    Happening {
        /// Its kind.
        event: EventId,
        /// Its facts.
        facts: IdVec<FactId, FactValue>,
    },
    /// A later event about a declared one.
    Mark {
        /// The id of the event that it is about.
        event: String,
        /// The mark's name, which some kind of event declares.
        mark: String,
    },
    /// Lines shipped.
    Ship(Movement),
    /// Lines will not ship.
    Cancel(Movement),
    /// A declared event, a reward taken, or a move asked for is undone as if it had never been.
    CancelEvent {
        /// Its id.
        event: String,
    },
    /// Shipped lines came back.
    Return(Movement),
    /// Money was given back on what is kept of an order.
    Refund(Refund),
    /// Money was given back on a declared event.
    RefundEvent {
        /// Its id.
        event: String,
        /// Minor units, above 0.
        amount: i64,
        /// The part of the amount that it lowers, by its name; None for the amount with all its parts.
        part: Option<String>,
    },
    /// Asked for by the member.
    Transfer {
        /// How many; above 0.
        points: i64,
        /// Where to.
        to: TransferTo,
        /// The move, where it is named.
        by: Option<MoveId>,
    },
    /// Points to another pool, asked for by the member.
    Convert {
        /// The move.
        by: MoveId,
        /// How many; above 0.
        points: i64,
    },
    /// A reward is taken for points.
    Reward {
        /// Its name.
        reward: String,
        /// How many; above 0.
        quantity: i64,
        /// Points for one, where the price is that of the day; above 0.
        price: Option<i64>,
    },
    /// Asked for by the member.
    CashOut {
        /// How many; above 0.
        points: i64,
        /// The move, where it is named.
        by: Option<MoveId>,
    },
}

/// Lines of an order that move.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Movement {
    /// The order's number.
    pub number: String,
    /// (line id, quantity; None for all that is left of it), ids unique; None for all that is left of the order.
    pub lines: Option<Vec<(String, Option<i64>)>>,
}

/// Money given back on an order; of its three places one at least.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refund {
    /// The order's number.
    pub number: String,
    /// On single lines, in the order given; ids are unique.
    pub lines: Vec<(String, GivenBack)>,
    /// On the order as a whole: it is spread over the lines that are kept.
    pub order: Option<GivenBack>,
    /// On shipping, minor units; above 0.
    pub shipping: Option<i64>,
}

/// Money given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GivenBack {
    /// Minor units; above 0.
    pub amount: i64,
    /// The part that it lowers; None for the price with all its parts.
    pub(crate) part: Option<PartFact>,
}

/// Where points are to go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransferTo {
    /// Another account of this programme.
    Account(String),
    /// Another programme.
    Program(String),
    /// Money.
    Cash,
}

impl TransferTo {
    /// The operation that a policy allows or forbids.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            TransferTo::Account(_) => Operation::TransferToAccount,
            TransferTo::Program(_) => Operation::TransferToProgram,
            TransferTo::Cash => Operation::CashOut,
        }
    }
}

impl EventKind {
    /// Place within one instant: members, then openings, grants and adjustments together, then orders and declared
    /// events together, marks and ships, cancels, returns, refunds, transfers, conversions, rewards, cash-outs.
    pub fn rank(&self) -> u8 {
        match self {
            EventKind::Member(_) => 0,
            EventKind::Opening { .. } | EventKind::Grant { .. } | EventKind::Adjust { .. } => 1,
            EventKind::Order { .. } | EventKind::Happening { .. } => 2,
            EventKind::Ship(_) | EventKind::Mark { .. } => 3,
            EventKind::Cancel(_) | EventKind::CancelEvent { .. } => 4,
            EventKind::Return(_) => 5,
            EventKind::Refund(_) | EventKind::RefundEvent { .. } => 6,
            EventKind::Transfer { .. } => 7,
            EventKind::Convert { .. } => 8,
            EventKind::Reward { .. } => 9,
            EventKind::CashOut { .. } => 10,
        }
    }

    /// True for what takes something back: a cancel, a return, a refund.
    pub fn takes_back(&self) -> bool {
        matches!(self.rank(), 4..=6)
    }

    /// The word in data: `order`, `ship`, …; for a declared event `event`, as its own name is the policy's.
    pub fn word(&self) -> &'static str {
        match self {
            EventKind::Member(_) => "member",
            EventKind::Opening { .. } => "opening",
            EventKind::Grant { .. } => "grant",
            EventKind::Adjust { .. } => "adjust",
            EventKind::Order { .. } => "order",
            EventKind::Happening { .. } => "event",
            EventKind::Mark { .. } => "mark",
            EventKind::Ship(_) => "ship",
            EventKind::Cancel(_) | EventKind::CancelEvent { .. } => "cancel",
            EventKind::Return(_) => "return",
            EventKind::Refund(_) | EventKind::RefundEvent { .. } => "refund",
            EventKind::Transfer { .. } => "transfer",
            EventKind::Convert { .. } => "convert",
            EventKind::Reward { .. } => "reward",
            EventKind::CashOut { .. } => "cash_out",
        }
    }
}
