//! Identity: which of the events that came in count. An id counts once; copies are duplicates; events that share an id
//! and differ in content all count for nothing. The answer depends on the set of what came in, not on its order.

use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

use super::event::Event;
use crate::eval::{Refusal, RefusalCode};

/// The most places of a conflict that are named.
const MOST_PLACES: usize = 20;

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
    /// Its id, if that could be read.
    pub id: Option<String>,
    /// Its instant, if that could be read.
    pub at: Option<Timestamp>,
    /// Its account, if that could be read.
    pub account: Option<String>,
    /// The event, or why it is none.
    pub body: Result<Event, Box<Rejected>>,
    /// Content that was read and checked but that this policy does not use (taxes, coupons), in one spelling. Copies
    /// are the same in it too.
    pub aside: Option<Box<str>>,
}

/// Input that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Why.
    pub refusal: Refusal,
    /// Its content in a normal form, to tell copies from conflicts.
    pub canonical: String,
}

/// A refused event.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What came in, each id settled.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// Events to judge, each with the place it stood at first.
    pub events: Vec<(Event, Place)>,
    pub refused: Vec<Refused>,
    /// Copies that were not counted.
    pub duplicates: Vec<Option<String>>,
}

/// The instant a run without `--at` stands at: the latest that could be read, refused events included.
pub(crate) fn latest(incoming: &[Incoming]) -> Option<Timestamp> {
    incoming.iter().filter_map(|one| one.at).max()
}

/// Settles what counts. What is dated after `until` is not seen at all; what has no readable instant always is.
pub(crate) fn sort(incoming: Vec<Incoming>, until: Option<Timestamp>) -> Sorted {
    let mut sorted = Sorted::default();
    let seen = |one: &Incoming| one.at.zip(until).is_none_or(|(at, until)| at <= until);
    let (mut named, nameless): (Vec<_>, Vec<_>) =
        incoming.into_iter().filter(seen).partition(|one| one.id.is_some());
    nameless.into_iter().for_each(|one| sorted.take(one));
    named.sort_by(|a, b| (&a.id, &a.place).cmp(&(&b.id, &b.place)));
    let mut named = named.into_iter().peekable();
    while let Some(one) = named.next() {
        let mut copies = vec![one];
        while let Some(copy) = named.next_if(|next| copies.first().is_some_and(|copy| copy.id == next.id)) {
            copies.push(copy);
        }
        settle(&mut sorted, copies);
    }
    sorted
}

impl Sorted {
    fn take(&mut self, one: Incoming) {
        let Incoming { place, id, at, account, body, aside: _ } = one;
        match body {
            Ok(event) => self.events.push((event, place)),
            Err(rejected) => {
                let places = vec![place];
                self.refused.push(Refused { event: id, at, account, places, refusal: rejected.refusal });
            }
        }
    }
}

/// All that came in under one id, in the order of places: once, with copies, or in conflict.
fn settle(sorted: &mut Sorted, copies: Vec<Incoming>) {
    let count = copies.len();
    let places: Vec<Place> = copies.iter().take(MOST_PLACES).map(|copy| copy.place.clone()).collect();
    let mut contents = HashSet::new();
    let is_new: Vec<bool> = copies.iter().map(|copy| contents.insert(Content::of(copy))).collect();
    drop(contents);
    let mut distinct = Vec::new();
    for (copy, is_new) in copies.into_iter().zip(is_new) {
        if is_new {
            distinct.push(copy);
        } else {
            sorted.duplicates.push(copy.account);
        }
    }
    match distinct.len() {
        0 | 1 => distinct.into_iter().for_each(|one| sorted.take(one)),
        _ => sorted.refused.push(conflict(&distinct, places, count)),
    }
}

/// The refusal of events that share an id, given the first of their places and how many there are.
fn conflict(distinct: &[Incoming], places: Vec<Place>, count: usize) -> Refused {
    let id = distinct.iter().find_map(|one| one.id.clone()).unwrap_or_default();
    let more = match count - places.len() {
        0 => String::new(),
        more => format!("; the first {} places are named, {more} more are not", places.len()),
    };
    let message = format!(
        "{} events share the id `{id}` and differ in content; none of them counts{more}",
        distinct.len()
    );
    let account = distinct.first().and_then(|one| one.account.as_ref());
    Refused {
        account: account.filter(|_| distinct.iter().all(|one| one.account.as_ref() == account)).cloned(),
        at: distinct.iter().filter_map(|one| one.at).min(),
        event: Some(id),
        places,
        refusal: Refusal::new(RefusalCode::ConflictingEvent, "id", message),
    }
}

/// What makes two that came in the same.
#[derive(PartialEq, Eq, Hash)]
enum Content<'a> {
    Event(&'a Event, Option<&'a str>),
    Rejected(&'a str),
}

impl Content<'_> {
    fn of(one: &Incoming) -> Content<'_> {
        match &one.body {
            Ok(event) => Content::Event(event, one.aside.as_deref()),
            Err(rejected) => Content::Rejected(&rejected.canonical),
        }
    }
}
