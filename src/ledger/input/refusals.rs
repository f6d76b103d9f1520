//! What was refused. An event that was refused is always listed. Of what could be sent without end at little cost, such as lines
//! that cannot be read, the first so many are listed and the others counted, so that bad input takes no memory.

use std::collections::BTreeMap;

use super::incoming::Refused;
use crate::eval::RefusalCode;

/// The most refusals that are listed of input of which no event can be told.
pub const MOST_LISTED: usize = 1000;

/// The refusals of a run.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// Only those of this account, and those of which no account is known.
    pub account: Option<String>,
    events: Vec<Refused>,
    /// Those that are bounded in number; not yet cut to the bound.
    bounded: Vec<Refused>,
    /// How many were counted only, by code.
    more: BTreeMap<RefusalCode, u64>,
}

impl Refusals {
    /// None yet, of `account` or of all.
    pub fn of(account: Option<String>) -> Refusals {
        Refusals { account, ..Refusals::default() }
    }

    /// True where what belongs to `account` is told in this run.
    fn concerns(&self, account: Option<&str>) -> bool {
        self.account.is_none() || account.is_none() || account == self.account.as_deref()
    }

    /// Adds an event that was refused.
    pub fn add(&mut self, refused: Refused) {
        if self.concerns(refused.account.as_deref()) {
            self.events.push(refused);
        }
    }

    /// Adds input of which no event can be told.
    pub fn add_bounded(&mut self, refused: Refused) {
        if !self.concerns(refused.account.as_deref()) {
            return;
        }
        self.bounded.push(refused);
        if self.bounded.len() >= 2 * MOST_LISTED {
            self.cut();
        }
    }

    /// Counts what is beyond the bound. The first by their content are kept, in whatever order they came.
    fn cut(&mut self) {
        self.bounded.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        for refused in self.bounded.drain(self.bounded.len().min(MOST_LISTED)..) {
            *self.more.entry(refused.refusal.code).or_default() += 1;
        }
    }

    /// What is listed, by instant, id, code, and how many more were refused, by code.
    pub fn finish(mut self) -> (Vec<Refused>, BTreeMap<RefusalCode, u64>) {
        self.cut();
        self.events.append(&mut self.bounded);
        self.events.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        (self.events, self.more)
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
