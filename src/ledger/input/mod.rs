//! What comes in: events, and which of them count.

pub mod event;
pub mod intake;
