//! A member's account: its books, and the journal where one is kept.

use jiff::Timestamp;
use std::sync::Arc;

use super::books::Books;
use super::books::entry::{Balance, Entry, LevelChange};
use super::links::Links;
use super::turn::{Budgets, Scene, Transition, Turn};
use crate::policy::{Policy, PoolId};

/// A member's account in the programme.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) id: Arc<str>,
    pub(crate) books: Books,
    pub(crate) links: Arc<Links>,
    /// The journal, kept only where asked for.
    pub(crate) entries: Vec<Entry>,
    pub(crate) levels: Vec<LevelChange>,
    pub(crate) keeps_entries: bool,
}

impl Account {
    /// An account of which nothing is known.
    pub(crate) fn new(policy: &Policy, links: Arc<Links>, id: Arc<str>, keeps_entries: bool) -> Account {
        let (entries, levels) = (Vec::new(), Vec::new());
        Account { id, books: Books::new(policy), links, entries, levels, keeps_entries }
    }

    /// What a turn of this account reads.
    pub(crate) fn scene<'a>(&'a self, policy: &'a Policy, budgets: &'a Budgets) -> Scene<'a> {
        Scene {
            policy,
            links: &self.links,
            books: &self.books,
            budgets,
            account: &self.id,
            keeps_entries: self.keeps_entries,
        }
    }

    /// A turn on which nothing depends: for reading what is known at an instant to which the account has been brought.
    pub(crate) fn look<'a>(&'a self, policy: &'a Policy, budgets: &'a Budgets, at: Timestamp) -> Turn<'a> {
        let scene = Scene { keeps_entries: false, ..self.scene(policy, budgets) };
        Turn::new(scene, at, self.id.clone())
    }

    /// Takes in what a turn does.
    pub(crate) fn take(&mut self, transition: Transition, budgets: &mut Budgets) {
        let (entries, levels) = transition.apply(&mut self.books, budgets);
        if self.keeps_entries {
            self.entries.extend(entries);
            self.levels.extend(levels);
        }
    }

    /// Takes in what a turn would do, where what all accounts share does not matter. Returns what it writes.
    pub(super) fn would_take(&mut self, transition: Transition) -> (Vec<Entry>, Vec<LevelChange>) {
        transition.apply(&mut self.books, &mut Budgets::new())
    }

    /// The account's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its entries in the order posted; empty unless they were kept.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How its levels have changed, in order; empty unless entries were kept.
    pub fn level_changes(&self) -> &[LevelChange] {
        &self.levels
    }

    /// Its balance in the first pool: the fold of the entries there.
    pub fn balance(&self) -> Balance {
        self.balance_in(PoolId::new(0))
    }

    /// Its balance in a pool of the policy.
    pub fn balance_in(&self, pool: PoolId) -> Balance {
        self.books.pools.try_get(pool).map(|book| book.balance).unwrap_or_default()
    }
}
