//! Replaying: a set of events in, accounts and refusals out. [`replay`] takes everything at once, in any order;
//! [`Replay`] takes events sorted by instant one after the other and keeps only the accounts. Both feed a [`Ledger`].

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::account::Account;
use super::accounts::Ledger;
use super::input::event::Event;
use super::input::incoming::{Incoming, Place, Refused};
use super::input::intake::Intake;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::Policy;

/// How to replay.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Stand at this instant: later events are not seen. Without it, at the latest instant that could be read.
    pub at: Option<Timestamp>,
    /// Only this account.
    pub account: Option<String>,
    /// Keep every entry, for explanations.
    pub keep_entries: bool,
}

impl Options {
    /// Stands at this instant.
    pub fn at(self, at: impl Into<Option<Timestamp>>) -> Options {
        Options { at: at.into(), ..self }
    }

    /// Replays one account only.
    pub fn account(self, account: impl Into<String>) -> Options {
        Options { account: Some(account.into()), ..self }
    }

    /// Keeps every entry.
    pub fn keep_entries(self) -> Options {
        Options { keep_entries: true, ..self }
    }
}

/// Where the accounts stand after a replay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The instant at which all accounts stand; none where nothing with a readable instant came in.
    pub at: Option<Timestamp>,
    /// Every account with an accepted event, by id.
    pub accounts: Vec<Account>,
    /// What was refused, by instant, id, code; what has no readable instant comes last.
    pub refused: Vec<Refused>,
    /// How many more were refused, by code: of input of which no event can be told only the first so many are listed.
    pub refused_more: BTreeMap<RefusalCode, u64>,
    /// How many copies of events were not counted.
    pub duplicates: u64,
    /// How many events were accepted.
    pub accepted: u64,
}

/// Replays a set of events: file order, copies and late arrival change nothing.
pub fn replay(policy: &Policy, incoming: Vec<Incoming>, options: &Options) -> Outcome {
    let mut run = Replay::in_any_order(policy, options.clone());
    incoming.into_iter().for_each(|one| run.push(one));
    run.finish()
}

/// A replay that takes one event after the other: sorted by instant, with constant work for each and memory that grows with
/// accounts and what their rules can still need; or in any order, when all are kept until the end.
pub struct Replay {
    options: Options,
    ledger: Ledger,
    accepted: u64,
    /// False where everything is judged at the end only.
    sorted: bool,
    /// The latest instant seen. What came in at it is judged together once a later one comes.
    now: Option<Timestamp>,
    intake: Intake,
}

impl Replay {
    /// A replay of events sorted by instant that has seen nothing yet.
    pub fn new(policy: &Policy, options: Options) -> Replay {
        Replay { sorted: true, ..Replay::in_any_order(policy, options) }
    }

    /// A replay of events in any order that has seen nothing yet.
    pub fn in_any_order(policy: &Policy, options: Options) -> Replay {
        Replay {
            ledger: Ledger::new(Arc::new(policy.clone()), options.keep_entries),
            intake: Intake::new(options.at, options.account.clone()),
            options,
            accepted: 0,
            sorted: false,
            now: None,
        }
    }

    /// Keeps every entry of what is judged from now on.
    pub fn keep_entries(&mut self) {
        self.ledger.keep_entries();
    }

    /// Takes the next event. In a sorted replay one earlier than what has been seen is refused; conflicts are seen among
    /// events of one instant, and of those further apart the first counts.
    pub fn push(&mut self, incoming: Incoming) {
        let Some(at) = incoming.at().filter(|_| self.sorted && incoming.id().is_some()) else {
            self.intake.push(incoming);
            return;
        };
        if self.options.at.is_some_and(|until| at > until) {
            return;
        }
        if self.now.is_some_and(|now| at < now) {
            let message = "this event is earlier than one before it; sort the input by instant, or run without --sorted";
            let refusal = Refusal::new(RefusalCode::OutOfOrder, "at", message);
            self.intake.refusals.add_bounded(Refused::of(&incoming, vec![incoming.place.clone()], refusal));
            return;
        }
        if self.now != Some(at) {
            self.judge_waiting();
            self.now = Some(at);
        }
        self.intake.push(incoming);
    }

    /// Judges what is left and brings every account to the instant at which the run stands.
    pub fn finish(mut self) -> Outcome {
        self.judge_waiting();
        let at = self.options.at.or(self.intake.latest);
        if let Some(at) = at {
            self.ledger.advance_all(at);
        }
        for failed in self.ledger.take_failed() {
            let (account, refusal) = (Some(failed.account.to_string()), failed.refusal);
            let (at, places) = (Some(failed.at), Vec::new());
            self.intake.refusals.add(Refused { event: None, at, account, places, refusal });
        }
        let only = self.options.account.as_deref();
        let shown = |account: &Account| only.is_none_or(|only| *account.id == *only);
        let accounts: Vec<Account> = self.ledger.into_accounts().filter(shown).collect();
        let duplicates = self.intake.duplicates;
        let (refused, refused_more) = self.intake.refusals.finish();
        Outcome { at, accounts, refused, refused_more, duplicates, accepted: self.accepted }
    }

    fn judge_waiting(&mut self) {
        let only = self.options.account.as_deref();
        let mut events = self.intake.settle();
        // What happens in another account may reach this one where points are transferred or a budget is shared.
        let all = self.ledger.crosses_accounts();
        events.retain(|(event, _)| all || only.is_none_or(|only| *event.account == *only));
        events.sort_by(|(a, _), (b, _)| a.turn().cmp(&b.turn()));
        for (event, place) in events {
            self.judge(event, place);
        }
    }

    fn judge(&mut self, event: Event, place: Place) {
        let (id, at, account) = (event.id.clone(), event.at, event.account.clone());
        match self.ledger.apply(event) {
            Ok(()) => self.accepted += 1,
            Err(refusal) => {
                let (event, account) = (Some(id.to_string()), Some(account.to_string()));
                let places = vec![place];
                self.intake.refusals.add(Refused { event, at: Some(at), account, places, refusal });
            }
        }
    }
}
