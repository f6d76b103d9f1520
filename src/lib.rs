//! Meed: a small language for loyalty-points policies, and the engine that runs them.
//!
//! The flow, each stage a module with one job, none reaching back:
//!
//! ```text
//! text → syntax → check → checked policy → eval (decide)   → decision
//!                                        → plan (Engine)   → points of many orders
//!                                        → ledger (replay) → entries → balances, statements
//! JSON, YAML, CSV → wire → orders, events        decisions, outcomes → wire → JSON
//! ```
//!
//! A service that embeds Meed needs the names re-exported here and nothing else: [`load`] a policy, make a [`Reader`]
//! for its input, [`decide()`] orders, [`replay()`] histories. A [`Policy`] is immutable; share it between threads as it is.
//!
//! ```
//! use meed::{Options, Reader, Source, load, replay};
//!
//! let text = include_str!("../policies/amazon_jp/amazon_jp.meed");
//! let policy = load(&Source::new("amazon_jp.meed", text)).policy.ok_or("the policy has mistakes")?;
//! let events = r#"{"id": "e1", "type": "grant", "at": "2025-01-01T00:00:00+09:00", "account": "a1", "points": 100}"#;
//! let events = Reader::new(&policy).json_lines(None, events.as_bytes()).collect::<Result<Vec<_>, _>>()?;
//! let outcome = replay(&policy, events, &Options::default());
//! assert_eq!(outcome.accounts[0].balance().available, 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Without the default feature `cli` the library has the language, the checker, the evaluator, the ledger and JSON, and
//! does no input or output of its own.

#![allow(rustdoc::private_intra_doc_links, reason = "a module's head also leads those who work on it")]

pub mod source;
pub mod value;
pub mod diagnostic;
pub mod syntax;
pub mod policy;
pub mod check;
pub mod eval;
pub mod plan;
pub mod ledger;
pub mod wire;
#[cfg(feature = "cli")]
pub mod cli;

pub use check::{Checked, load, load_with};
pub use diagnostic::{Diagnostic, Severity};
pub use eval::{
    Decision, LineDecision, Listing, Member, MemberFacts, Order, Refusal, RefusalCode, RuleNot, RulePoints,
    ShownBadge, decide, decide_listing,
};
pub use jiff::Timestamp;
pub use ledger::{
    Account, Balance, Becoming, Entry, Incoming, Ledger, Options, Outcome, Place, PoolStatement, Question,
    Quote, Refused, Replay, Statement, Timeline, replay,
};
pub use plan::{Engine, Given, Prepared, Route, Scratch};
pub use policy::Policy;
pub use source::Source;
pub use wire::{Case, Events, InputFault, Reader, Unasked};
