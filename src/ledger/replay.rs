//! Replaying: a set of events in, accounts and refusals out. [`replay`] takes everything at once, in any order;
//! [`Replay`] takes events sorted by instant one after the other and keeps only the accounts. Both feed a [`Ledger`].

use jiff::Timestamp;
use std::sync::Arc;

use super::account::Account;
use super::input::event::Event;
use super::input::intake::{Incoming, Place, Refused, Sorted, latest, sort};
use super::ledger::Ledger;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::Policy;

/// How to replay.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Stand at this instant: later events are not seen. Without it, at the latest instant that could be read.
    pub at: Option<Timestamp>,
    /// Only this account.
    pub account: Option<String>,
    /// Keep every entry, for explanations.
    pub keep_entries: bool,
}

/// Where the accounts stand after a replay.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The instant at which all accounts stand; none where nothing with a readable instant came in.
    pub at: Option<Timestamp>,
    /// Every account with an accepted event, by id.
    pub accounts: Vec<Account>,
    /// What was refused, by instant, id, code; what has no readable instant comes last.
    pub refused: Vec<Refused>,
    /// How many copies of events were not counted.
    pub duplicates: u64,
    /// How many events were accepted.
    pub accepted: u64,
}

/// Replays a set of events: file order, copies and late arrival change nothing.
pub fn replay(policy: &Policy, incoming: Vec<Incoming>, options: &Options) -> Outcome {
    let mut run = Replay::new(policy, options.clone());
    run.options.at = options.at.or_else(|| latest(&incoming));
    run.take(sort(incoming, run.options.at));
    run.finish()
}

/// A replay of events sorted by instant: constant work for each event, memory that grows with accounts and what their
/// rules can still need.
pub struct Replay {
    options: Options,
    ledger: Ledger,
    refused: Vec<Refused>,
    duplicates: u64,
    accepted: u64,
    /// The latest instant seen, and everything that came in at it: judged together once a later one comes.
    now: Option<Timestamp>,
    batch: Vec<Incoming>,
}

impl Replay {
    /// A replay that has seen nothing yet.
    pub fn new(policy: &Policy, options: Options) -> Replay {
        Replay {
            ledger: Ledger::new(Arc::new(policy.clone()), options.keep_entries),
            options,
            refused: Vec::new(),
            duplicates: 0,
            accepted: 0,
            now: None,
            batch: Vec::new(),
        }
    }

    /// Takes the next event. One earlier than what has been seen is refused; copies and conflicts are seen among
    /// events of one instant only.
    pub fn push(&mut self, incoming: Incoming) {
        let Some(at) = incoming.at else {
            self.batch.push(incoming);
            return;
        };
        if self.options.at.is_some_and(|until| at > until) {
            return;
        }
        if self.now.is_some_and(|now| at < now) {
            let message = "this event is earlier than one before it; sort the input by instant, or run without --sorted";
            let refusal = Refusal::new(RefusalCode::OutOfOrder, "at", message);
            let Incoming { place, id, account, .. } = incoming;
            self.refuse(Refused { event: id, at: Some(at), account, places: vec![place], refusal });
            return;
        }
        if self.now != Some(at) {
            self.judge_batch();
            self.now = Some(at);
        }
        self.batch.push(incoming);
    }

    /// Judges what is left and brings every account to the instant at which the run stands.
    pub fn finish(mut self) -> Outcome {
        self.judge_batch();
        let at = self.options.at.or(self.now);
        if let Some(at) = at {
            self.ledger.advance_all(at);
        }
        for failed in self.ledger.take_failed() {
            let (account, refusal) = (Some(failed.account.to_string()), failed.refusal);
            self.refuse(Refused { event: None, at: Some(failed.at), account, places: Vec::new(), refusal });
        }
        let only = self.options.account.as_deref();
        let shown = |account: &Account| only.is_none_or(|only| *account.id == *only);
        let accounts: Vec<Account> = self.ledger.into_accounts().filter(shown).collect();
        self.refused.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        Outcome { at, accounts, refused: self.refused, duplicates: self.duplicates, accepted: self.accepted }
    }

    fn judge_batch(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            let sorted = sort(batch, self.options.at);
            self.take(sorted);
        }
    }

    fn take(&mut self, sorted: Sorted) {
        for refused in sorted.refused {
            self.refuse(refused);
        }
        let only = self.options.account.as_deref();
        let ours = sorted.duplicates.iter().filter(|account| only.is_none() || account.as_deref() == only);
        self.duplicates += ours.count() as u64;
        let mut events = sorted.events;
        // What happens in another account may reach this one where points are transferred or a budget is shared.
        let all = self.ledger.crosses_accounts();
        events.retain(|(event, _)| all || only.is_none_or(|only| event.account == only));
        events.sort_by(|(a, _), (b, _)| (a.at, a.kind.rank(), &a.id).cmp(&(b.at, b.kind.rank(), &b.id)));
        for (event, place) in events {
            self.judge(event, place);
        }
    }

    fn judge(&mut self, event: Event, place: Place) {
        let (id, at, account) = (event.id.clone(), event.at, event.account.clone());
        match self.ledger.apply(event) {
            Ok(()) => self.accepted += 1,
            Err(refusal) => {
                let (event, account) = (Some(id), Some(account));
                self.refuse(Refused { event, at: Some(at), account, places: vec![place], refusal });
            }
        }
    }

    fn refuse(&mut self, refused: Refused) {
        let only = self.options.account.as_ref();
        if only.is_none() || refused.account.is_none() || refused.account.as_ref() == only {
            self.refused.push(refused);
        }
    }
}

fn sort_key(refused: &Refused) -> impl Ord + '_ {
    let Refused { event, at, refusal, places, account } = refused;
    (
        at.is_none(),
        *at,
        event.is_none(),
        event,
        refusal.code.name(),
        &refusal.path,
        account,
        &refusal.message,
        places,
    )
}
