//! The meaning of a checked policy on one order: which rule gives how many points, what may be paid with
//! points, which badges show. Pure: no clock, no input or output, no state.

pub mod order;
pub mod refusal;

pub use refusal::{Refusal, RefusalCode};
