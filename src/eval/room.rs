//! Limits over more than one order: which there are, and how much of each has been used. The account (or nothing, for
//! a decision without one) says what earlier orders and events have used; a decision says what it uses itself.

use jiff::Timestamp;
use std::collections::BTreeMap;

use crate::policy::{Cap, CapScope, Occasion, Period, Policy, Quantity};
use crate::value::{Overflow, Ratio};

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CapKey {
    pub owner: Owner,
    /// Place among the owner's limits.
    pub index: usize,
    /// True for `on first`, which limits the amount that earns.
    pub first: bool,
}

/// What a limit belongs to, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owner {
    Earn(usize),
    Group(usize),
    Redeem(usize),
    /// The rewards of a redeem rule, counted.
    Reward(usize),
    Move(usize),
}

/// What has been used of limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Used(BTreeMap<CapKey, Ratio>);

impl Used {
    /// How much has been used.
    pub fn of(&self, key: CapKey) -> Ratio {
        self.0.get(&key).copied().unwrap_or(Ratio::ZERO)
    }

    /// Uses more.
    pub fn add(&mut self, key: CapKey, amount: Ratio) -> Result<(), Overflow> {
        let sum = self.of(key).add(amount)?;
        self.0.insert(key, sum);
        Ok(())
    }

    /// Uses at least so much.
    pub fn raise(&mut self, key: CapKey, least: Ratio) {
        if least > self.of(key) {
            self.0.insert(key, least);
        }
    }

    /// What is left under `limit`; never below nought.
    pub fn room(&self, key: CapKey, limit: Ratio) -> Result<Ratio, Overflow> {
        Ok(limit.sub(self.of(key))?.max(Ratio::ZERO))
    }
}

/// A limit over several orders, and over which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongCap {
    pub key: CapKey,
    /// The fact of the order or event whose every word has room of its own.
    pub each: Option<usize>,
    pub period: Period,
    /// True where a return frees no room.
    pub keep: bool,
    /// True for a budget over all members.
    pub everyone: bool,
}

/// The limits over several orders or events that rules of this occasion have at `at`.
pub(crate) fn long_caps(policy: &Policy, of: Occasion, at: Timestamp) -> Vec<LongCap> {
    let mut found = Vec::new();
    for (id, rule) in policy.earns.iter().enumerate() {
        let Some(version) = rule.at(at).filter(|version| version.body.of == of) else { continue };
        let owner = Owner::Earn(id);
        let first = version.body.first.iter().enumerate();
        found.extend(
            first.filter_map(|(index, (_, scope))| long(CapKey { owner, index, first: true }, *scope)),
        );
        found.extend(of_caps(owner, &version.body.caps));
    }
    for (id, rule) in policy.groups.iter().enumerate() {
        let Some(version) = rule.at(at) else { continue };
        found.extend(of_caps(Owner::Group(id), &version.body.caps));
    }
    found
}

/// Those among the limits of one owner that go over several orders.
pub(crate) fn of_caps(owner: Owner, caps: &[Cap]) -> impl Iterator<Item = LongCap> {
    let caps = caps.iter().enumerate();
    caps.filter_map(move |(index, cap)| long(CapKey { owner, index, first: false }, cap.per))
}

/// Those among the `on first` clauses of a rule that go over several orders.
pub(crate) fn of_first(owner: Owner, first: &[(Quantity, CapScope)]) -> impl Iterator<Item = LongCap> {
    let first = first.iter().enumerate();
    first.filter_map(move |(index, (_, scope))| long(CapKey { owner, index, first: true }, *scope))
}

fn long(key: CapKey, scope: CapScope) -> Option<LongCap> {
    match scope {
        CapScope::Piece(_) => None,
        CapScope::Member { each, period, keep } => Some(LongCap { key, each, period, keep, everyone: false }),
        CapScope::Everyone { period } => {
            Some(LongCap { key, each: None, period, keep: true, everyone: true })
        }
    }
}

/// The limits of a move, which come as amount and scope.
pub(crate) fn of_move(id: usize, caps: &[(Quantity, CapScope)]) -> impl Iterator<Item = LongCap> {
    let caps = caps.iter().enumerate();
    caps.filter_map(move |(index, (_, scope))| {
        long(CapKey { owner: Owner::Move(id), index, first: false }, *scope)
    })
}
