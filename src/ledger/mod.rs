//! From events to accounts. Pure: the result is a function of the set of events.
//!
//! In the order of the flow: [`input`] says what can happen, and which of what came in counts; [`books`] holds an account as
//! plain data; [`turn`] works out what one event, or one thing due, does to it, as a value; [`accounts`] takes these in, account
//! by account, and goes on; [`replay`](mod@replay) feeds it from a file, [`timeline`] up to the instants of questions;
//! [`report`] says where an account stands and how its points came about, [`quote`] what an order would bring; [`stored`] turns accounts into bytes. [`links`] is what a policy ties together, [`period`] stretches
//! of time.

mod account;
mod accounts;
mod history;
pub(crate) mod books;
pub mod input;
mod links;
mod period;
mod quote;
pub mod replay;
pub mod report;
mod stored;
mod timeline;
pub(crate) mod turn;

pub use account::Account;
pub use accounts::{Failed, Ledger};
pub use books::entry::{Action, Arrived, Balance, Bucket, Citation, Entry, LevelChange};
pub use input::event::{self, Event};
pub use input::incoming::{Incoming, Place, Refused, Rejected};
pub use quote::{Question, Quote, QuotedAlso};
pub use replay::{Options, Outcome, Replay, replay};
pub use report::arithmetic::Step;
pub use report::lots::LotStatement;
pub use report::not_given::NotGiven;
pub use report::redecided::{Owed, Redecided};
pub use report::standing::{Counted, MeasureStatement, Need, Number, Progress, TierStatement};
pub use report::statement::{Becoming, Expiring, PoolStatement, Statement};
pub use report::workings::Working;
pub use stored::LoadError;
pub use timeline::Timeline;
pub use turn::quote::{QuotedBecoming, QuotedLimit};
