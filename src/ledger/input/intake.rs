//! Identity: which of the events that came in count. An id counts once; copies are duplicates; events that share an id
//! and differ in content all count for nothing. The answer depends on the set of what came in, not on its order.

use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::event::Event;
use super::incoming::{Incoming, Place, Refused};
use super::refusals::Refusals;
use crate::eval::{Refusal, RefusalCode};

/// The most places of a conflict that are named.
const MOST_PLACES: usize = 20;

/// What has come in and waits to be judged, each id once.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// What is dated later is not seen at all; what has no readable instant always is.
    until: Option<Timestamp>,
    named: Vec<Named>,
    /// Where an id stands among them.
    by_id: HashMap<Arc<str>, usize>,
    /// The latest instant that could be read, refused events included.
    pub latest: Option<Timestamp>,
    pub refusals: Refusals,
    /// How many copies were not counted.
    pub duplicates: u64,
}

/// What came in under one id.
#[derive(Debug)]
struct Named {
    /// The first, at the first of its copies' places.
    one: Incoming,
    /// What came besides; none in most cases.
    others: Option<Box<Others>>,
}

/// What came in under an id besides the first.
#[derive(Debug, Default)]
struct Others {
    /// Those that differ from the first and from each other.
    differing: Vec<Incoming>,
    /// Where contents stand, by their hash: 0 for the first, then those that differ.
    by_content: HashMap<u64, Vec<usize>>,
    /// The first of all places.
    places: BTreeSet<Place>,
    /// How many copies of one of them came.
    copies: u64,
}

impl Intake {
    /// Nothing yet: of `account`, or of all, up to an instant, or without end.
    pub fn new(until: Option<Timestamp>, account: Option<String>) -> Intake {
        Intake { until, refusals: Refusals::of(account), ..Intake::default() }
    }

    /// Takes what comes next.
    pub fn push(&mut self, one: Incoming) {
        if one.at().zip(self.until).is_some_and(|(at, until)| at > until) {
            return;
        }
        self.latest = self.latest.max(one.at());
        let Some(id) = one.id() else {
            if let Err(rejected) = &one.body {
                let refusal = rejected.refusal.clone();
                self.refusals.add_bounded(Refused::of(&one, vec![one.place.clone()], refusal));
            }
            return;
        };
        match self.by_id.get(id).and_then(|index| self.named.get_mut(*index)) {
            None => {
                self.by_id.insert(id.clone(), self.named.len());
                self.named.push(Named { one, others: None });
            }
            Some(named) => {
                let only = &self.refusals.account;
                let ours = only.is_none() || one.account().map(|account| &**account) == only.as_deref();
                let is_copy = named.push(one);
                self.duplicates += u64::from(is_copy && ours);
            }
        }
    }

    /// The events that count, each with the place it stood at first; the others are refused.
    pub fn settle(&mut self) -> Vec<(Event, Place)> {
        self.by_id = HashMap::new();
        let mut events = Vec::with_capacity(self.named.len());
        for Named { one, others } in self.named.drain(..) {
            if let Some(others) = others.filter(|others| !others.differing.is_empty()) {
                self.refusals.add(others.conflict(one));
                continue;
            }
            if let Err(rejected) = &one.body {
                let (places, refusal) = (vec![one.place.clone()], rejected.refusal.clone());
                self.refusals.add(Refused::of(&one, places, refusal));
            }
            events.extend(one.body.ok().map(|event| (event, one.place)));
        }
        events
    }
}

impl Named {
    /// Takes another of this id; true for a copy.
    fn push(&mut self, other: Incoming) -> bool {
        let first = &mut self.one;
        let others = self.others.get_or_insert_with(|| Box::new(Others::of(first)));
        others.places.insert(other.place.clone());
        if others.places.len() > MOST_PLACES {
            others.places.pop_last();
        }
        let alike = others.by_content.entry(hash(&other)).or_default();
        let seen = |index: &usize| match index.checked_sub(1) {
            None => Some(&*first),
            Some(index) => others.differing.get(index),
        };
        let is_copy = alike.iter().filter_map(seen).any(|seen| Content::of(seen) == Content::of(&other));
        if is_copy {
            others.copies += 1;
            first.place = first.place.clone().min(other.place);
        } else {
            others.differing.push(other);
            alike.push(others.differing.len());
        }
        is_copy
    }
}

impl Others {
    fn of(first: &Incoming) -> Others {
        let places = BTreeSet::from([first.place.clone()]);
        Others { by_content: HashMap::from([(hash(first), vec![0])]), places, ..Others::default() }
    }

    /// The refusal of events that share an id.
    fn conflict(self, first: Incoming) -> Refused {
        let all = || std::iter::once(&first).chain(&self.differing);
        let count = all().count();
        let id = first.id().map(|id| id.to_string()).unwrap_or_default();
        let more = match count as u64 + self.copies - self.places.len() as u64 {
            0 => String::new(),
            more => format!("; the first {} places are named, {more} more are not", self.places.len()),
        };
        let message =
            format!("{count} events share the id `{id}` and differ in content; none of them counts{more}");
        let account = first.account().filter(|account| all().all(|one| one.account() == Some(account)));
        Refused {
            account: account.map(|account| account.to_string()),
            at: all().filter_map(Incoming::at).min(),
            event: Some(id),
            places: self.places.iter().cloned().collect(),
            refusal: Refusal::new(RefusalCode::ConflictingEvent, "id", message),
        }
    }
}

/// What makes two that came in the same.
#[derive(PartialEq, Eq, Hash)]
enum Content<'a> {
    Event(&'a Event),
    Rejected(&'a str),
}

impl Content<'_> {
    fn of(one: &Incoming) -> Content<'_> {
        match &one.body {
            Ok(event) => Content::Event(event),
            Err(rejected) => Content::Rejected(&rejected.content),
        }
    }
}

fn hash(one: &Incoming) -> u64 {
    let mut hasher = DefaultHasher::new();
    Content::of(one).hash(&mut hasher);
    hasher.finish()
}
