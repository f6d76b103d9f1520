//! The meaning of a checked policy on one order: which rule gives how many points, what may be paid with
//! points, which badges show. Pure: no clock, no input or output, no state.
//!
//! This is the reference interpreter: small, slow, obviously right. [`decide`] goes, for an order as placed or for
//! what is left of one ([`net`]): what may be paid with points ([`redeem`]), then each rule in force ([`earn`]) in
//! the light of the case at hand ([`context`]), then the badges.

pub(crate) mod context;
mod decide;
pub(crate) mod earn;
pub(crate) mod net;
pub mod order;
pub(crate) mod redeem;
pub mod refusal;

pub use decide::{Decision, LineDecision, RuleNot, RulePoints, ShownBadge, decide, decide_listing};
pub(crate) use decide::{Earned, condition_holds, earned, point_value, points_paid};
pub use order::{Listing, MemberFacts, Order, OrderLine};
pub use refusal::{Refusal, RefusalCode};
