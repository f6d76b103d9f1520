//! From events to accounts. Pure: the result is a function of the set of events.
//!
//! In the order of the flow: [`event`] says what can happen; [`intake`] sorts out which of what came in counts;
//! [`replay`](mod@replay) brings events in order and drives the accounts; `account` holds one account and applies what
//! falls due; `judge` accepts or refuses one event; `retake` posts what a cancel, return or refund changes; `placed`
//! and `lots` keep the books of orders and points; [`entry`] says what is recorded, and balances are a fold of entries;
//! [`statement`] says where an account stands.

mod account;
pub mod entry;
pub mod event;
pub mod intake;
mod judge;
pub(crate) mod lots;
pub(crate) mod placed;
pub mod replay;
mod retake;
pub mod statement;

pub use account::Account;
pub use entry::{Action, Balance, Bucket, Citation, Entry};
pub use event::{Event, EventKind};
pub use intake::{Incoming, Place, Refused, Rejected};
pub use replay::{Options, Outcome, Replay, replay};
pub use statement::{Becoming, PoolStatement, Statement};
