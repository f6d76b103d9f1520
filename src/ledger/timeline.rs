//! A history at every instant of which questions can be asked: what would an order bring, after everything up to then and
//! nothing of what came later? It feeds [`Ledger`]s as a replay does.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::accounts::Ledger;
use super::input::event::Event;
use super::input::incoming::Incoming;
use super::input::intake::Intake;
use super::quote::{Question, Quote};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::Policy;

/// A set of events, of which those up to an instant are judged when something is asked about it. Questions in the order of
/// time cost least: one about an earlier instant begins from the start.
pub struct Timeline {
    /// No account yet.
    empty: Ledger,
    /// By account; where accounts reach each other, all as one without a name.
    tracks: BTreeMap<Arc<str>, Track>,
    /// What was refused when it was judged, by event; what fell due, by account and instant.
    judged: BTreeMap<String, RefusalCode>,
    /// How many were refused when they came in.
    unread: BTreeMap<RefusalCode, u64>,
}

/// Events that are judged together, in the order of time.
#[derive(Default)]
struct Track {
    events: Vec<Event>,
    /// Where the ledger stands; none where nothing has been asked yet.
    stand: Option<Stand>,
}

struct Stand {
    ledger: Ledger,
    /// How many events have been judged.
    judged: usize,
    at: Timestamp,
}

impl Timeline {
    /// A history of what came in: file order, copies and late arrival change nothing.
    pub fn new(policy: &Policy, incoming: Vec<Incoming>) -> Timeline {
        let mut intake = Intake::new(None, None);
        incoming.into_iter().for_each(|one| intake.push(one));
        let mut events: Vec<Event> = intake.settle().into_iter().map(|(event, _)| event).collect();
        events.sort_by(|a, b| (a.at, a.kind.rank(), &a.id).cmp(&(b.at, b.kind.rank(), &b.id)));
        let empty = Ledger::new(Arc::new(policy.clone()), false);
        let mut tracks: BTreeMap<Arc<str>, Track> = BTreeMap::new();
        for event in events {
            let name = if empty.crosses_accounts() { Arc::from("") } else { event.account.clone() };
            tracks.entry(name).or_default().events.push(event);
        }
        let (refused, mut unread) = intake.refusals.finish();
        for refused in refused {
            *unread.entry(refused.refusal.code).or_default() += 1;
        }
        Timeline { empty, tracks, judged: BTreeMap::new(), unread }
    }

    /// What an order or a declared event would bring, after all events up to its instant, those at it included.
    pub fn quote(&mut self, question: &Question) -> Result<Quote, Refusal> {
        let name = if self.empty.crosses_accounts() { "" } else { question.account.as_str() };
        let track = self.tracks.entry(Arc::from(name)).or_default();
        let stand = track.stand.take().filter(|stand| stand.at <= question.at);
        let mut stand =
            stand.unwrap_or_else(|| Stand { ledger: self.empty.clone(), judged: 0, at: question.at });
        stand.at = question.at;
        let waiting = track.events.get(stand.judged..).unwrap_or_default();
        for event in waiting.iter().take_while(|event| event.at <= question.at) {
            stand.judged += 1;
            if let Err(refusal) = stand.ledger.apply(event.clone()) {
                self.judged.insert(event.id.to_string(), refusal.code);
            }
        }
        let quote = stand.ledger.quote(question);
        for failed in stand.ledger.take_failed() {
            self.judged.insert(format!("{} {}", failed.account, failed.at), failed.refusal.code);
        }
        track.stand = Some(stand);
        quote
    }

    /// How many events of the history were refused, by code: those that are none, and those that have been judged so far.
    pub fn refused(&self) -> BTreeMap<RefusalCode, u64> {
        let mut refused = self.unread.clone();
        for code in self.judged.values() {
            *refused.entry(*code).or_default() += 1;
        }
        refused
    }
}
