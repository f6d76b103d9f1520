//! The forms in which input comes, JSON, YAML, CSV, and in which answers are published ([`answer`]). One [`schema`] says
//! what may stand in data for a policy; one place reads it, through a [`cursor`] that stands in a text of JSON or in a
//! tree: the same strictness and the same words whatever the form.
//!
//! ```text
//! JSON Lines ───────────┐
//! YAML       ┐          ├→ cursor → record → event (ledger::Incoming) or case
//! CSV + map  ┤→ tree ───┘
//! drafts     ┘
//! ```
//!
//! A line of JSON that holds no good event is read once more, as a tree: which of its faults is named then hangs on its
//! content alone, and the rest of it can be told.
//!
//! Nothing here opens a file or keeps state between two events. No number ever passes through a float.

pub mod answer;
pub mod diagnostics;
pub(crate) mod case;
mod content;
#[cfg(feature = "csv")]
mod csv;
mod cursor;
mod draft;
mod event;
mod facts;
pub(crate) mod fields;
#[cfg(feature = "csv")]
mod file;
mod json;
pub mod jsonl;
mod known;
mod names;
mod order;
pub(crate) mod path;
mod quote;
mod read;
mod record;
mod refund;
mod standing;
pub(crate) mod scalar;
mod schema;
#[cfg(test)]
mod tests;
pub(crate) mod value;
#[cfg(feature = "yaml")]
pub(crate) mod yaml;

use std::collections::HashMap;

pub use case::{Case, Unasked};
#[cfg(feature = "csv")]
pub use csv::{Mapping, MappingError, Table};
pub use draft::{EventDraft, FieldValue, LineDraft, OrderDraft};
#[cfg(feature = "cli")]
pub(crate) use file::bounded_lines;
#[cfg(feature = "csv")]
pub use file::{Format, plain, read_file};
pub use read::{Events, InputFault};
pub use schema::EventSchema;

use crate::policy::{CategoryId, Policy};
use schema::Schema;

/// Reads input for one policy, which it borrows. It is cheap to make and holds no state of what it has read, so that a service
/// that shares an `Arc<Policy>` makes one wherever it reads, and keeps none.
pub struct Reader<'p> {
    policy: &'p Policy,
    categories: HashMap<&'p str, CategoryId>,
    schema: Schema<'p>,
}

impl<'p> Reader<'p> {
    /// A reader for `policy`; make one and read everything with it.
    pub fn new(policy: &'p Policy) -> Reader<'p> {
        let categories = policy.categories.iter_enumerated();
        Reader {
            policy,
            categories: categories.map(|(id, category)| (category.name.as_str(), id)).collect(),
            schema: Schema::of(policy),
        }
    }

    /// The JSON Schema of the events that this policy reads.
    pub fn event_schema(&self) -> EventSchema {
        EventSchema::of(self.policy, &self.schema)
    }
}
