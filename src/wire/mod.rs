//! The forms in which input comes, JSON, YAML, CSV, and in which answers are published ([`answer`]). Each reader makes [`value`] trees of its text, and one place
//! makes events and cases of those, checked against what the policy declares: the same strictness and the same
//! words whatever the form.
//!
//! ```text
//! JSON Lines ┐
//! YAML       ├→ tree → order, facts → event (ledger::intake::Incoming) or case
//! CSV + map  ┘
//! ```
//!
//! Nothing here opens a file or keeps state between two events. No number ever passes through a float.

pub mod answer;
pub mod diagnostics;
mod canonical;
mod case;
#[cfg(feature = "cli")]
mod csv;
mod event;
mod facts;
pub(crate) mod fields;
mod happening;
#[cfg(feature = "cli")]
mod file;
mod json;
pub mod jsonl;
mod known;
mod names;
mod order;
pub(crate) mod path;
mod read;
mod refund;
mod standing;
pub(crate) mod scalar;
#[cfg(test)]
mod tests;
pub(crate) mod value;
#[cfg(feature = "cli")]
pub(crate) mod yaml;

use std::collections::HashMap;

pub use case::Case;
#[cfg(feature = "cli")]
pub use csv::{Mapping, MappingError, Table};
#[cfg(feature = "cli")]
pub use file::{Format, bounded_lines, plain, read_file};
pub use read::{Events, InputFault};

use crate::policy::{CategoryId, EventId, IdVec, Policy, Subject};

/// Reads input for one policy.
pub struct Reader<'p> {
    policy: &'p Policy,
    categories: HashMap<&'p str, CategoryId>,
    names: Names<'p>,
}

/// The names of declared facts, by where they stand.
struct Names<'p> {
    listing: Vec<&'p str>,
    /// Those of listings and of lines: both stand flat on an order's line.
    line: Vec<&'p str>,
    order: Vec<&'p str>,
    member: Vec<&'p str>,
    /// What a decide case tells of a member besides: tiers and measures.
    known: Vec<&'p str>,
    /// Those of declared events.
    events: IdVec<EventId, Vec<&'p str>>,
}

impl<'p> Reader<'p> {
    /// A reader for `policy`; make one and read everything with it.
    pub fn new(policy: &'p Policy) -> Reader<'p> {
        let names = |subject| policy.facts.of(subject).iter().map(|fact| fact.name.as_str());
        let categories = policy.categories.iter_enumerated();
        let tiers = policy.tiers.iter().map(|tier| tier.name.as_str());
        let measures = policy.measures.iter().map(|measure| measure.name.as_str());
        let events = policy.events.ids().map(|event| names(Subject::Event(event)).collect());
        Reader {
            policy,
            categories: categories.map(|(id, category)| (category.name.as_str(), id)).collect(),
            names: Names {
                listing: names(Subject::Listing).collect(),
                line: names(Subject::Listing).chain(names(Subject::Line)).collect(),
                order: names(Subject::Order).collect(),
                member: names(Subject::Member).collect(),
                known: tiers.chain(measures).collect(),
                events: events.collect(),
            },
        }
    }
}
