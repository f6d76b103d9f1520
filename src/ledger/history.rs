//! Events heard of late. All events are kept, with points to which accounts can go back; a late one is judged in its turn, and
//! everything behind it again.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::account::Account;
use super::input::event::Event;
use crate::eval::{Refusal, RefusalCode};

/// After how many events an account is kept as it stands, to go back to.
const POINT_EVERY: usize = 64;

/// The past of a ledger's accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    of: BTreeMap<Arc<str>, Past>,
    /// The latest event that came in.
    last: Option<(Timestamp, u8, Arc<str>)>,
    /// True once an account has been loaded: what was before is not known here.
    loaded: bool,
}

/// The past of one account.
#[derive(Clone, Debug, Default)]
struct Past {
    /// All events that came in, refused ones too, in the order of time.
    events: Vec<Event>,
    /// The account as it stood before the event at a place.
    points: Vec<(usize, Account)>,
}

impl History {
    /// The past of an account begins here: it was stored, and has been loaded.
    pub fn begin(&mut self, id: Arc<str>, account: Account) {
        self.loaded = true;
        self.of.insert(id, Past { events: Vec::new(), points: vec![(0, account)] });
    }

    /// True where something later has come in: in the account, or, where accounts reach each other, in any.
    pub fn is_past(&self, event: &Event, crosses_accounts: bool) -> bool {
        if crosses_accounts {
            let last = self.last.as_ref();
            return last.is_some_and(|(at, rank, id)| event.turn() < (*at, *rank, &**id));
        }
        let last = self.of.get(&*event.account).and_then(|past| past.events.last());
        last.is_some_and(|last| event.turn() < last.turn())
    }

    /// Notes an event that comes in its turn, with the account as it stands before it.
    pub fn note(&mut self, event: &Event, account: Option<&Account>) {
        let (at, rank, id) = event.turn();
        let this = Some((at, rank, Arc::<str>::from(id)));
        self.last = self.last.take().max(this);
        let past = self.of.entry(event.account.clone()).or_default();
        let place = past.events.partition_point(|known| known.turn() <= event.turn());
        if place.is_multiple_of(POINT_EVERY)
            && let Some(account) = account
        {
            past.points.retain(|(point, _)| *point < place);
            past.points.push((place, account.clone()));
            past.thin();
        }
        past.events.insert(place, event.clone());
    }

    /// Takes in an event that comes late, where accounts do not reach each other: its account goes back to before it, and
    /// everything from there on is to be judged again. Whatever was refused may now be accepted, or the reverse.
    pub fn rewind(&mut self, event: Event) -> Result<Rewound, Refusal> {
        let past = self.of.entry(event.account.clone()).or_default();
        let place = past.events.partition_point(|known| known.turn() <= event.turn());
        let (at, rank, id) = event.turn();
        let is_stored = |account: &Account| account.books.is_past(at, rank, id);
        let begun = past.points.first().filter(|(point, _)| self.loaded && *point == 0);
        if begun.is_some_and(|(_, account)| is_stored(account)) {
            // What has been loaded was judged elsewhere.
            return Err(out_of_order());
        }
        past.points.retain(|(point, _)| *point <= place);
        let (from, account) = match past.points.last() {
            Some((point, account)) => (*point, Some(account.clone())),
            None => (0, None),
        };
        past.events.insert(place, event);
        Ok(Rewound { account, events: past.events.iter().skip(from).cloned().collect(), late: place - from })
    }

    /// The same where accounts reach each other: all of them are to be judged again from the start.
    pub fn rewind_all(&mut self, event: Event) -> Result<Vec<Event>, Refusal> {
        if self.loaded {
            return Err(out_of_order());
        }
        let all = std::mem::take(&mut self.of).into_values().flat_map(|past| past.events);
        let mut events: Vec<Event> = all.chain(std::iter::once(event)).collect();
        events.sort_by(|a, b| a.turn().cmp(&b.turn()));
        Ok(events)
    }
}

/// An account that has gone back.
pub(crate) struct Rewound {
    /// As it stood; none where nothing had happened.
    pub account: Option<Account>,
    /// What is to be judged from there on.
    pub events: Vec<Event>,
    /// The place of the late one among them.
    pub late: usize,
}

/// The refusal of an event that comes too late to be judged in its turn.
pub(crate) fn out_of_order() -> Refusal {
    let message = "this event is earlier than one that has been judged already; keep a history to have late events judged";
    Refusal::new(RefusalCode::OutOfOrder, "at", message)
}

impl Past {
    /// Keeps the last points close together and earlier ones further apart, so that their number stays small.
    fn thin(&mut self) {
        let last = self.points.len();
        if last > 16 {
            let mut index = 0;
            // Of the older half every other one goes.
            self.points.retain(|_| {
                index += 1;
                index > last / 2 || index % 2 == 0
            });
        }
    }
}
