//! A member's standing in one tier: the levels held, and until when. Plain bookkeeping; when a level is reached is decided
//! in `turn`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

use super::instant;
use crate::eval::order::MemberFacts;

/// A member's standing in one tier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TierBook {
    /// Levels held; the start level is held always and is not among them.
    pub held: Vec<Held>,
    /// Which levels were reached when the account was last looked at, by level.
    pub seen: Vec<bool>,
    /// When a period ends by which it is worked out anew.
    #[serde(with = "instant")]
    pub turns: Option<Timestamp>,
    /// The instant of the last change, and the level before it: what ends at that instant still reads it.
    #[serde(with = "instant")]
    pub was: Option<(Timestamp, usize)>,
}

/// A level held until its time is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub level: usize,
    #[serde(with = "instant")]
    pub reached: Timestamp,
    /// The member as known when it was reached; None where it was not reached but fallen to.
    pub member: Option<MemberFacts>,
    /// When it begins to count.
    #[serde(with = "instant")]
    pub from: Timestamp,
    pub begun: bool,
    /// None: for all time.
    #[serde(with = "instant")]
    pub until: Option<Timestamp>,
}

impl TierBook {
    /// The index of the level.
    pub fn level(&self) -> usize {
        self.held.iter().filter(|held| held.begun).map(|held| held.level).max().unwrap_or(0)
    }

    /// The level as it stood just before an instant, which is the present one or earlier than nothing that changed.
    pub fn level_before(&self, at: Timestamp) -> usize {
        match self.was {
            Some((changed, level)) if changed >= at => level,
            _ => self.level(),
        }
    }

    /// Until when the level lasts; None for the start level, or for all time.
    pub fn until(&self) -> Option<Timestamp> {
        let level = self.level();
        let of_level = || self.held.iter().filter(|held| held.begun && held.level == level);
        if of_level().any(|held| held.until.is_none()) {
            return None;
        }
        of_level().filter_map(|held| held.until).max()
    }

    /// Levels above the present one that begin later, but for those that a higher one hides.
    pub fn to_come(&self) -> impl Iterator<Item = &Held> {
        let level = self.level();
        let hides = |other: &Held, held: &Held| other.level > held.level && other.from <= held.from;
        let hidden = move |held: &Held| self.held.iter().any(|other| !other.begun && hides(other, held));
        self.held.iter().filter(move |held| !held.begun && held.level > level && !hidden(held))
    }

    /// The highest of the levels above the present one that begin next: (level, when).
    pub fn next(&self) -> Option<(usize, Timestamp)> {
        let above = self.to_come();
        above.map(|held| (held.level, held.from)).min_by_key(|(level, from)| (*from, Reverse(*level)))
    }

    /// When the level ends, another begins, or all are worked out anew.
    pub fn changes(&self) -> Option<Timestamp> {
        let begins = self.held.iter().filter(|held| !held.begun).map(|held| held.from);
        begins.chain(self.until()).chain(self.turns).min()
    }

    /// Levels whose time has come begin.
    pub fn begin(&mut self, at: Timestamp) {
        self.held.iter_mut().filter(|held| held.from <= at).for_each(|held| held.begun = true);
    }

    /// Levels whose time is over end.
    pub fn end(&mut self, at: Timestamp) {
        self.held.retain(|held| held.until.is_none_or(|until| until > at));
    }
}
