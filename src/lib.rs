//! Meed: a small language for loyalty-points policies, and the engine that runs them.
//!
//! The flow, each stage a module with one job, none reaching back:
//!
//! ```text
//! text → syntax → check → checked policy → eval (decide)  → decision
//!                                        → ledger (replay) → entries → statement
//! ```

#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod source;
pub mod syntax;
pub mod value;
pub mod wire;
