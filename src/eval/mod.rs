//! The meaning of a checked policy on one order or declared event: which rule gives how many points, what may be paid
//! with points, which badges show. Pure: no clock, no input or output, no state.
//!
//! This is the reference interpreter: small, slow, obviously right. [`decide`] goes, for an order as placed or for
//! what is left of one ([`net`]): what may be paid with points ([`redeem`]), then all rules in force ([`derive`]), each
//! on its own ([`earn`], on the amount that [`base`] finds) in the light of the case at hand ([`context`]) and of what
//! earlier orders have used of limits ([`room`]), then the badges. [`count`] says what an order adds to a measure.

pub(crate) mod base;
pub(crate) mod context;
pub(crate) mod count;
mod decide;
pub(crate) mod derive;
pub(crate) mod earn;
pub(crate) mod net;
pub mod order;
pub(crate) mod redeem;
pub mod refusal;
pub(crate) mod room;

pub use decide::{Decision, LineDecision, RuleNot, RulePoints, ShownBadge, decide, decide_listing};
pub(crate) use decide::{
    Earned, Earning, PaymentPlan, Terms, Total, condition_holds, context_of, decide_after, earned, paid,
    payable, payments, refuse,
};
pub use order::{Listing, Member, MemberFacts, Order, OrderLine};
pub use refusal::{Refusal, RefusalCode};
