//! What comes in: events, which of them count, and what was refused.

pub mod event;
pub mod incoming;
pub(crate) mod intake;
pub(super) mod refusals;
