//! From events to accounts. Pure: the result is a function of the set of events.
//!
//! In the order of the flow: [`event`] says what can happen; [`intake`] sorts out which of what came in counts;
//! [`replay`](mod@replay) brings events in order and drives the accounts; `account` holds one account; `advance` applies
//! what falls due; `judge` accepts or refuses one event: `place` orders and declared events, `movement` what happens to
//! them later, `moves` points that go elsewhere; `settle` decides again what an event changes, with what is tied to it
//! (`ties`, over a `period`), and posts the differences; `measures` counts, `tiers` keeps levels; `placed` and `lots`
//! keep the books of orders and points; [`entry`] says what is recorded, and balances are a fold of entries;
//! [`statement`] says where an account stands.

mod account;
mod advance;
pub mod entry;
pub mod event;
pub mod intake;
mod judge;
pub(crate) mod lots;
mod measures;
mod movement;
mod moves;
mod period;
mod place;
pub(crate) mod placed;
pub mod replay;
mod rewards;
mod settle;
pub mod statement;
mod tiers;
mod ties;
pub mod workings;

pub use account::Account;
pub use entry::{Action, Arrived, Balance, Bucket, Citation, Entry};
pub use event::{Event, EventKind};
pub use intake::{Incoming, Place, Refused, Rejected};
pub use replay::{Options, Outcome, Replay, replay};
pub use statement::{Becoming, Expiring, PoolStatement, Statement, TierStatement};
pub use workings::Working;
