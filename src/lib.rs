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
//! for its input (or build it: [`OrderDraft`], [`EventDraft`]), [`decide()`] orders, keep accounts in a [`Ledger`], [`replay()`]
//! histories. A [`Policy`] is immutable; share it between threads as it is.
//!
//! ```
//! use meed::{Options, Reader, Source, load, replay};
//!
//! let text = include_str!("../policies/amazon_jp/amazon_jp.meed");
//! let policy = load(&Source::new("amazon_jp.meed", text)).into_policy()?;
//! let events = r#"{"id": "e1", "type": "grant", "at": "2025-01-01T00:00:00+09:00", "account": "a1", "points": 100}"#;
//! let events = Reader::new(&policy).json_lines(None, events.as_bytes()).collect::<Result<Vec<_>, _>>()?;
//! let outcome = replay(&policy, events, &Options::default());
//! assert_eq!(outcome.accounts[0].balance().available, 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library does no input or output of its own. Features: `yaml` reads YAML, `csv` reads CSV by a mapping and files by
//! their names (gzipped or not), `cli` (on by default) is the `meed` command. Without them there is JSON.

#![allow(rustdoc::private_intra_doc_links, reason = "a module's head also leads those who work on it")]

mod source;
mod value;
mod diagnostic;
mod syntax;
mod policy;
mod check;
mod eval;
mod plan;
mod ledger;
mod wire;
#[cfg(feature = "cli")]
mod cli;

// Load and check a policy; look at what it declares.
pub use check::{Checked, load, load_with};
pub use policy::{CategoryView, FactView, LevelView, Policy, PoolView, RewardView, RuleView, TierView};
pub use source::{Source, Span};

// Read input for a policy, or build it.
pub use wire::{Case, EventDraft, EventSchema, Events, FieldValue, LineDraft, OrderDraft, Reader, Unasked};
#[cfg(feature = "csv")]
pub use wire::{Format, Mapping, Table, read_file};

// Decide an order, a declared event or a listing.
pub use eval::{
    Decision, LineDecision, Listing, Member, MemberFacts, Order, OrderLine, RuleNot, RulePoints, ShownBadge,
    decide, decide_listing,
};
pub use value::Ratio;

// Decide orders by the million.
pub use plan::{Engine, Given, Prepared, Route, Scratch};

// Keep accounts: one event after the other, saved and gone on with; or a whole history.
pub use jiff::Timestamp;
pub use ledger::{
    Event, Failed, Incoming, Ledger, Options, Outcome, Place, Question, Quote, QuotedAlso, QuotedBecoming,
    QuotedLimit, Refused, Rejected, Replay, Timeline, replay,
};

// Where an account stands, and why: entries, statements, explanations.
pub use ledger::{
    Account, Action, Arrived, Balance, Becoming, Bucket, Citation, Counted, Entry, Expiring, LevelChange,
    LotStatement, MeasureStatement, Need, NotGiven, Number, Owed, PoolStatement, Progress, Redecided,
    Statement, Step, TierStatement, Working,
};
pub use policy::{PoolId, TierId};

// What is wrong: with a policy, with an event or a case, with an input, with stored bytes.
pub use diagnostic::{Code, Diagnostic, Label, Mistakes, Severity};
pub use eval::{Refusal, RefusalCode};
pub use ledger::LoadError;
pub use value::{Currency, Overflow};
pub use wire::InputFault;
#[cfg(feature = "csv")]
pub use wire::MappingError;

/// Answers that serialize: the published JSON of decisions, runs, entries and diagnostics (`docs/schema`).
pub mod answer {
    pub use crate::wire::answer::{
        AccountAnswer, DecisionAnswer, EntryAnswer, ErrorAnswer, LevelAnswer, ListingAnswer, QuoteAnswer,
        RefusedAnswer, RunAnswer,
    };
    pub use crate::wire::diagnostics::{Entry, Place, Range, Report};
}

/// For the command line, the tests and the benches of this project alone: no promise is made of it.
#[doc(hidden)]
pub mod internal {
    #[cfg(feature = "cli")]
    pub use crate::cli::main;
    #[cfg(feature = "cli")]
    pub use crate::diagnostic::render;
    pub use crate::syntax::{MAX_BYTES, MAX_FILES, Parsed, ast, parse};
    pub use crate::value::time::LocalTime;
    pub use crate::value::{Delay, MissingDay, Rounding};
    #[cfg(feature = "csv")]
    pub use crate::wire::plain;
}
