//! Events heard of late. All events are kept, with points to which accounts can go back; a late one is judged in its turn, and
//! everything behind it again.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::account::Account;
use super::accounts::{Ledger, out_of_order};
use super::input::event::Event;
use crate::eval::Refusal;

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

    /// Judges an event that comes in its turn, and notes it.
    pub fn judge(&mut self, ledger: &mut Ledger, event: Event) -> Result<(), Refusal> {
        let id = Arc::<str>::from(&*event.account);
        let (at, rank, event_id) = event.turn();
        let this = Some((at, rank, Arc::<str>::from(event_id)));
        self.last = self.last.take().max(this);
        let past = self.of.entry(id.clone()).or_default();
        let place = past.events.partition_point(|known| known.turn() <= event.turn());
        if place.is_multiple_of(POINT_EVERY)
            && let Some(account) = ledger.account(&id)
        {
            past.points.retain(|(point, _)| *point < place);
            past.points.push((place, account.clone()));
            past.thin();
        }
        past.events.insert(place, event.clone());
        ledger.judge(event)
    }

    /// Judges an event that comes late: what it can reach goes back to before it, and everything from there on is judged
    /// again. Whatever was refused may now be accepted, or the reverse.
    pub fn judge_late(&mut self, ledger: &mut Ledger, event: Event) -> Result<(), Refusal> {
        if ledger.crosses_accounts() {
            return self.judge_all_again(ledger, event);
        }
        let id = Arc::<str>::from(&*event.account);
        let past = self.of.entry(id.clone()).or_default();
        let place = past.events.partition_point(|known| known.turn() <= event.turn());
        let (at, rank, event_id) = event.turn();
        let is_stored = |account: &Account| account.books.is_past(at, rank, event_id);
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
        ledger.put_back(&id, account);
        let mut judged = Ok(());
        for (index, event) in past.events.iter().enumerate().skip(from) {
            let result = ledger.judge(event.clone());
            if index == place {
                judged = result;
            }
        }
        judged
    }

    /// Where accounts reach each other, all of them are judged again from the start.
    fn judge_all_again(&mut self, ledger: &mut Ledger, late: Event) -> Result<(), Refusal> {
        if self.loaded {
            return Err(out_of_order());
        }
        let id = late.id.clone();
        let mut events: Vec<Event> =
            std::mem::take(&mut self.of).into_values().flat_map(|past| past.events).collect();
        events.push(late);
        events.sort_by(|a, b| a.turn().cmp(&b.turn()));
        ledger.clear();
        let mut judged = Ok(());
        for event in events {
            let is_late = event.id == id;
            let result = self.judge(ledger, event);
            if is_late {
                judged = result;
            }
        }
        judged
    }
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
