//! The plan: a checked policy laid out so that a decision costs what can hit, however many rules there are. It stands
//! between `policy` and whatever decides much: the ledger, which decides every order several times, and [`Engine`], which
//! decides orders by the million.
//!
//! [`candidates`] finds the rules that can give an order anything, by occasion, category and date; the reference
//! interpreter computes them. [`lower`] makes short integer code of the rules that allow it, and [`run`] runs it over
//! orders in a compact form ([`order`]); [`Engine`] uses it where every rule in force has been lowered. The reference
//! interpreter remains the meaning: tests hold the plan against it.

mod candidates;
mod dated;
mod engine;
mod lower;
mod order;
mod run;

pub(crate) use candidates::Candidates;
pub use engine::{Engine, Given, Route, Scratch};
pub use order::Prepared;
