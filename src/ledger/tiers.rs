//! Levels. Reaching a level (a measure that was below its threshold before an event and is not after it) holds it until
//! its time is over, whatever the measure does meanwhile. A member's level is the highest that is held.

use jiff::Timestamp;

use super::account::Account;
use super::period::just_before;
use crate::check::policy::{Level, Policy, Tier};
use crate::eval::context_of;
use crate::eval::order::Known;
use crate::syntax::ast::ThenChoice;
use crate::value::Overflow;

/// A member's standing in one tier.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TierState {
    /// Levels held; the start level is held always and is not among them.
    held: Vec<Held>,
}

/// A level held until its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    level: usize,
    reached: Timestamp,
    /// None: for all time.
    until: Option<Timestamp>,
}

impl TierState {
    /// The index of the level.
    pub fn level(&self) -> usize {
        self.held.iter().map(|held| held.level).max().unwrap_or(0)
    }

    /// Until when the level lasts; None for the start level, or for all time.
    pub fn until(&self) -> Option<Timestamp> {
        let level = self.level();
        let of_level = || self.held.iter().filter(|held| held.level == level);
        if of_level().any(|held| held.until.is_none()) {
            return None;
        }
        of_level().filter_map(|held| held.until).max()
    }

    /// When the level ends.
    pub fn ends(&self) -> Option<Timestamp> {
        self.until()
    }

    fn hold(&mut self, level: usize, reached: Timestamp, until: Option<Timestamp>) {
        if level > 0 {
            self.held.push(Held { level, reached, until });
        }
    }
}

impl Account {
    /// What a member's levels are now, and what measures say so far.
    pub(crate) fn known_now(&self, policy: &Policy, at: Timestamp) -> Known {
        let mut known = Known::start(policy);
        known.levels = self.tiers.iter().map(TierState::level).collect();
        if self.ties.measures {
            known.so_far = self.counts(policy, at).unwrap_or_else(|_| known.so_far.clone());
        }
        known
    }

    /// Which levels of which tiers are reached by what measures say around `at`.
    pub(crate) fn reached(&self, policy: &Policy, at: Timestamp) -> Result<Vec<Vec<bool>>, Overflow> {
        if policy.tiers.is_empty() {
            return Ok(Vec::new());
        }
        let known = self.known_now(policy, at);
        let is_reached = |level: &Level| self.is_reached(policy, at, level, &known);
        let of_tier = |tier: &Tier| tier.levels.iter().map(is_reached).collect();
        Ok(policy.tiers.iter().map(of_tier).collect())
    }

    fn is_reached(&self, policy: &Policy, at: Timestamp, level: &Level, known: &Known) -> bool {
        let context = context_of(policy, at, &self.member, known);
        level.at.iter().any(|all| {
            all.iter().all(|(measure, threshold)| {
                let numbers = known.so_far.get(*measure);
                let number = numbers.and_then(|numbers| numbers.first()).copied().unwrap_or_default();
                context.quantity(threshold).is_ok_and(|threshold| number >= threshold)
            })
        })
    }

    /// After an event: levels newly reached are held, and levels that a return has undone are let go where the policy
    /// says so. `before` is what was reached just before it.
    pub(crate) fn update_levels(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        before: &[Vec<bool>],
    ) -> Result<(), Overflow> {
        if policy.tiers.is_empty() {
            return self.resume(policy, at);
        }
        let now = self.reached(policy, at)?;
        for (index, tier) in policy.tiers.iter().enumerate() {
            for level in 1..tier.levels.len() {
                let is = |reached: &[Vec<bool>]| {
                    reached.get(index).and_then(|tier| tier.get(level)).copied().unwrap_or(false)
                };
                if is(&now) && !is(before) {
                    self.hold(policy, at, index, level)?;
                }
                if tier.return_lowers && is(before) && !is(&now) {
                    self.let_go(policy, index, level)?;
                }
            }
        }
        self.resume(policy, at)
    }

    fn hold(&mut self, policy: &Policy, at: Timestamp, tier: usize, level: usize) -> Result<(), Overflow> {
        let Some(declared) = policy.tiers.get(tier) else { return Ok(()) };
        let lasts = declared.lasts.as_ref();
        let until = lasts.map(|lasts| lasts.deadline(&policy.calendar, at, policy.deadlines)).transpose()?;
        if let Some(state) = self.tiers.get_mut(tier) {
            state.hold(level, at, until);
        }
        Ok(())
    }

    /// A return has undone what reached a level: it is held only where it was reached by what still stands.
    fn let_go(&mut self, policy: &Policy, tier: usize, level: usize) -> Result<(), Overflow> {
        let Some(declared) = policy.tiers.get(tier).and_then(|tier| tier.levels.get(level)) else {
            return Ok(());
        };
        let held = self.tiers.get(tier).map_or_else(Vec::new, |state| state.held.clone());
        let mut kept = Vec::new();
        for one in held {
            let stands = one.level != level || {
                let known = self.known_now(policy, one.reached);
                self.is_reached(policy, one.reached, declared, &known)
            };
            if stands {
                kept.push(one);
            }
        }
        if let Some(state) = self.tiers.get_mut(tier) {
            state.held = kept;
        }
        Ok(())
    }

    /// The level's time is over: what is still held counts, then what the tier says.
    pub(crate) fn end_level(&mut self, policy: &Policy, at: Timestamp, tier: usize) -> Result<(), Overflow> {
        let Some(state) = self.tiers.get_mut(tier) else { return Ok(()) };
        let ended = state.level();
        state.held.retain(|held| held.until.is_none_or(|until| until > at));
        let Some(declared) = policy.tiers.get(tier) else { return Ok(()) };
        // What the measures said at the last instant of the level counts, as if it had been reached then.
        let last = just_before(at)?;
        let reached = self.reached(policy, last)?;
        let best = reached.get(tier).and_then(|levels| levels.iter().rposition(|reached| *reached));
        let best = best.filter(|level| *level > self.tiers.get(tier).map_or(0, TierState::level));
        if let Some(level) = best {
            self.hold(policy, last, tier, level)?;
        }
        if let ThenChoice::Falls(levels) = declared.then {
            let fallen = ended.saturating_sub(levels as usize);
            if fallen > self.tiers.get(tier).map_or(0, TierState::level) {
                self.hold(policy, last, tier, fallen)?;
            }
        }
        self.resume(policy, at)
    }
}
