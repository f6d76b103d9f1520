//! What comes in, as far as it could be read, and what is refused of it: plain data.

use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

use super::event::Event;
use crate::eval::Refusal;

/// Where something stood in the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's name; none for a single unnamed input.
    pub file: Option<Arc<str>>,
    /// The line, from 1.
    pub line: Option<u64>,
}

/// One piece of input, read as far as it could be.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// Where it stood.
    pub place: Place,
    /// The event, or why it is none.
    pub body: Result<Event, Box<Rejected>>,
}

/// Input that is no event, and what of it could be told all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its id, if that could be read.
    pub id: Option<Arc<str>>,
    /// Its instant, if that could be read.
    pub at: Option<Timestamp>,
    /// Its account, if that could be read.
    pub account: Option<Arc<str>>,
    /// Why it is no event.
    pub refusal: Refusal,
    /// Its content in one spelling, to tell copies from conflicts.
    pub content: String,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal.fmt(f)
    }
}

impl std::error::Error for Rejected {}

impl Incoming {
    /// Its id, if that could be read.
    pub fn id(&self) -> Option<&Arc<str>> {
        self.body.as_ref().map_or_else(|rejected| rejected.id.as_ref(), |event| Some(&event.id))
    }

    /// Its instant, if that could be read.
    pub fn at(&self) -> Option<Timestamp> {
        self.body.as_ref().map_or_else(|rejected| rejected.at, |event| Some(event.at))
    }

    /// Its account, if that could be read.
    pub fn account(&self) -> Option<&Arc<str>> {
        self.body.as_ref().map_or_else(|rejected| rejected.account.as_ref(), |event| Some(&event.account))
    }
}

/// A refused event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Its id, if that could be read.
    pub event: Option<String>,
    /// Its instant, if that could be read.
    pub at: Option<Timestamp>,
    /// Its account, if that could be read.
    pub account: Option<String>,
    /// Where it stood; for a conflict, the first of its places.
    pub places: Vec<Place>,
    /// Why.
    pub refusal: Refusal,
}

impl Refused {
    /// The refusal of what came in.
    pub(crate) fn of(one: &Incoming, places: Vec<Place>, refusal: Refusal) -> Refused {
        let text = |name: Option<&Arc<str>>| name.map(|name| name.to_string());
        Refused { event: text(one.id()), at: one.at(), account: text(one.account()), places, refusal }
    }
}
