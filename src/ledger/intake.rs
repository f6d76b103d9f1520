//! Input on its way to the ledger: an event, or why there is none, with what could be read of it and where it
//! stood. The ledger settles identity: copies of one event count once, whether they were accepted or refused.

use std::sync::Arc;

use jiff::Timestamp;

use super::event::Event;
use crate::eval::Refusal;

/// Where in the input something stood. Never part of what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's name as given; None for input without one.
    pub file: Option<Arc<str>>,
    /// The line it starts on, from 1.
    pub line: Option<u64>,
}

/// One piece of input that should be an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// Where it stood.
    pub place: Place,
    /// Its id, where that could be read, even if the rest is bad.
    pub id: Option<String>,
    /// Its instant, where that could be read.
    pub at: Option<Timestamp>,
    /// Its account, where that could be read.
    pub account: Option<String>,
    /// The event, or the refusal.
    pub body: Result<Event, Box<Rejected>>,
    /// Content that was read and checked but that this policy does not use (taxes, coupons), in one spelling. Two
    /// events with the same id are copies only if this is equal too.
    pub aside: Option<Box<str>>,
}

/// A bad event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Why.
    pub refusal: Refusal,
    /// Its content in one spelling, to compare copies of a bad event: sorted names, numbers and instants
    /// normalised, defaults and notes left out.
    pub canonical: String,
}
