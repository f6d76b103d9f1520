//! Levels. Reaching a level (a measure that was below its threshold before an event and is not after it) holds it until
//! its time is over, whatever the measure does meanwhile. A member's level is the highest that is held.

use jiff::Timestamp;
use std::cmp::Reverse;

use super::account::Account;
use super::period::just_before;
use crate::eval::order::{Known, MemberFacts};
use crate::eval::reads::measures_of;
use crate::eval::{condition_holds, context_of};
use crate::policy::{Condition, IdVec, Level, Period, Policy, Tier, TierId};
use crate::value::Overflow;
use crate::value::choice::{LevelWhen, ThenChoice};
use crate::value::moment::{EdgeUnit, stretch};

/// A member's standing in one tier.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TierState {
    /// Levels held; the start level is held always and is not among them.
    held: Vec<Held>,
    /// Which levels were reached when the account was last looked at, by level.
    seen: Vec<bool>,
    /// When a period ends by which it is worked out anew.
    turns: Option<Timestamp>,
}

/// A level held until its time is over.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    level: usize,
    reached: Timestamp,
    /// The member as known when it was reached; None where it was not reached but fallen to.
    member: Option<MemberFacts>,
    /// When it begins to count.
    from: Timestamp,
    begun: bool,
    /// None: for all time.
    until: Option<Timestamp>,
}

impl TierState {
    /// The index of the level.
    pub fn level(&self) -> usize {
        self.held.iter().filter(|held| held.begun).map(|held| held.level).max().unwrap_or(0)
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

    /// The highest of the levels above the present one that begin next: (level, when).
    pub fn next(&self) -> Option<(usize, Timestamp)> {
        let level = self.level();
        let above = self.held.iter().filter(|held| !held.begun && held.level > level);
        above.map(|held| (held.level, held.from)).min_by_key(|(level, from)| (*from, Reverse(*level)))
    }

    /// When the level ends, another begins, or all are worked out anew.
    pub fn changes(&self) -> Option<Timestamp> {
        let begins = self.held.iter().filter(|held| !held.begun).map(|held| held.from);
        begins.chain(self.until()).chain(self.turns).min()
    }

    fn begin(&mut self, at: Timestamp) {
        self.held.iter_mut().filter(|held| held.from <= at).for_each(|held| held.begun = true);
    }

    fn end(&mut self, at: Timestamp) {
        self.held.retain(|held| held.until.is_none_or(|until| until > at));
    }
}

/// Which levels of each tier are reached.
pub(crate) type Reached = IdVec<TierId, Vec<bool>>;

impl Account {
    /// What a member's levels are now, and what measures say so far.
    pub(crate) fn known_now(&self, policy: &Policy, at: Timestamp) -> Known {
        let mut known = Known::start(policy);
        known.levels = self.tiers.iter().map(TierState::level).collect();
        if self.ties.measures {
            known.so_far = self.counts(policy, at).unwrap_or_else(|_| known.so_far.clone());
        }
        for (index, tier) in policy.tiers.iter_enumerated() {
            // A level may hang on one of an earlier tier.
            let while_holds = |level: &Level| {
                let condition = level.when.as_ref().filter(|_| level.how == LevelWhen::While);
                condition.is_some_and(|condition| self.holds_now(policy, at, &known, condition))
            };
            let best = tier.levels.iter().rposition(while_holds).unwrap_or(0);
            if let Some(slot) = known.levels.try_get_mut(index) {
                *slot = best.max(*slot);
            }
        }
        known
    }

    fn holds_now(&self, policy: &Policy, at: Timestamp, known: &Known, condition: &Condition) -> bool {
        condition_holds(policy, at, (&self.member, known), None, condition).unwrap_or(false)
    }

    /// Which levels of which tiers are reached by what measures say around `at`.
    pub(crate) fn reached(&self, policy: &Policy, at: Timestamp) -> Result<Reached, Overflow> {
        if policy.tiers.is_empty() {
            return Ok(IdVec::default());
        }
        let known = self.known_now(policy, at);
        let is_reached = |level: &Level| is_reached(policy, at, level, (&self.member, &known));
        let of_tier = |tier: &Tier| tier.levels.iter().map(is_reached).collect();
        Ok(policy.tiers.iter().map(of_tier).collect())
    }

    /// After an event: levels newly reached are held; levels that it has undone (where it takes something back) are let
    /// go where the policy says so. `before` is what was reached just before it.
    pub(crate) fn update_levels(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        before: &Reached,
        takes_back: bool,
    ) -> Result<(), Overflow> {
        if policy.tiers.is_empty() {
            return self.resume(policy, at);
        }
        for (index, tier) in policy.tiers.iter_enumerated() {
            // A level may hang on one that an earlier tier has just reached.
            let now = self.reached(policy, at)?;
            self.look(policy, at, index, (before, &now))?;
            if tier.return_lowers && takes_back {
                self.let_go(policy, at, index)?;
            }
        }
        self.resume(policy, at)
    }

    /// Holds the levels of a tier that are reached now, and were not just before, or when last looked at.
    fn look(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        tier: TierId,
        (before, now): (&Reached, &Reached),
    ) -> Result<(), Overflow> {
        let is = |reached: &Reached, level: usize| {
            reached.try_get(tier).and_then(|tier| tier.get(level)).copied().unwrap_or(false)
        };
        let seen = self.tiers.try_get(tier).map_or_else(Vec::new, |state| state.seen.clone());
        for level in 1..policy.tiers.try_get(tier).map_or(0, |tier| tier.levels.len()) {
            let known = is(before, level) && seen.get(level).copied().unwrap_or(false);
            if is(now, level) && !known {
                self.hold(policy, at, tier, level)?;
            }
        }
        if let (Some(state), Some(now)) = (self.tiers.try_get_mut(tier), now.try_get(tier)) {
            state.seen.clone_from(now);
        }
        Ok(())
    }

    /// A level has been reached at `at`.
    fn hold(&mut self, policy: &Policy, at: Timestamp, tier: TierId, level: usize) -> Result<(), Overflow> {
        let Some(declared) = policy.tiers.try_get(tier) else { return Ok(()) };
        let begins =
            declared.begins.as_ref().map(|begins| policy.moment_at(begins, at).instant(&policy.calendar, at));
        let from = begins.transpose()?.map_or(at, |begins| begins.max(at));
        let member = Some(self.member.clone());
        self.hold_from(policy, (at, from), tier, level, member)
    }

    fn hold_from(
        &mut self,
        policy: &Policy,
        (reached, from): (Timestamp, Timestamp),
        tier: TierId,
        level: usize,
        member: Option<MemberFacts>,
    ) -> Result<(), Overflow> {
        let lasts = policy.tiers.try_get(tier).and_then(|tier| tier.lasts.as_ref());
        let lasts = lasts.map(|lasts| {
            policy.moment_at(lasts, reached).deadline(&policy.calendar, reached, policy.deadlines)
        });
        let until = lasts.transpose()?;
        if let Some(state) = self.tiers.try_get_mut(tier).filter(|_| level > 0) {
            state.held.push(Held { level, reached, member, from, begun: from <= reached, until });
        }
        Ok(())
    }

    /// Something has come back: a level is held only where what still stands has reached it, and from when that did.
    fn let_go(&mut self, policy: &Policy, now: Timestamp, tier: TierId) -> Result<(), Overflow> {
        let Some(declared) = policy.tiers.try_get(tier) else { return Ok(()) };
        let held = self.tiers.try_get(tier).map_or_else(Vec::new, |state| state.held.clone());
        let stands = |level: usize, at: Timestamp, member: &MemberFacts| {
            let known = self.known_now(policy, at);
            declared.levels.get(level).is_some_and(|level| is_reached(policy, at, level, (member, &known)))
        };
        let (mut kept, mut later) = (Vec::new(), Vec::new());
        for one in held {
            let Some(member) = &one.member else {
                kept.push(one);
                continue;
            };
            if stands(one.level, one.reached, member) {
                kept.push(one);
                continue;
            }
            let counted = self.orders.iter().flat_map(|placed| &placed.contributions).map(|one| one.at);
            let mut counted: Vec<Timestamp> = counted.filter(|at| *at > one.reached && *at <= now).collect();
            counted.sort_unstable();
            counted.dedup();
            later.extend(
                counted.into_iter().find(|at| stands(one.level, *at, member)).map(|at| (at, one.level)),
            );
        }
        if let Some(state) = self.tiers.try_get_mut(tier) {
            state.held = kept;
        }
        for (at, level) in later {
            self.hold(policy, at, tier, level)?;
        }
        if let Some(state) = self.tiers.try_get_mut(tier) {
            state.begin(now);
            state.end(now);
        }
        Ok(())
    }

    /// A level begins, or its time is over: what is still held counts, then what the tier says.
    pub(crate) fn change_level(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        tier: TierId,
    ) -> Result<(), Overflow> {
        let Some(state) = self.tiers.try_get_mut(tier) else { return Ok(()) };
        let (ended, over) = (state.level(), state.until().is_some_and(|until| until <= at));
        state.begin(at);
        if state.turns.is_some_and(|turns| turns <= at) {
            return self.turn(policy, at, (tier, ended));
        }
        if !over {
            self.look_at_others(policy, at, tier)?;
            return self.resume(policy, at);
        }
        // What the measures said at the last instant of the level counts, as if it had been reached then.
        let last = just_before(at)?;
        let reached = self.reached(policy, last)?;
        if let Some(state) = self.tiers.try_get_mut(tier) {
            state.end(at);
        }
        let best = reached.try_get(tier).and_then(|levels| levels.iter().rposition(|reached| *reached));
        let best = best.filter(|level| *level > self.tiers.try_get(tier).map_or(0, TierState::level));
        if let Some(level) = best {
            self.hold(policy, last, tier, level)?;
            // Where what is reached on the last day would be over with it, it counts from the next.
            let over = |held: &Held| held.until.is_some_and(|until| until <= at);
            let is_over = self.tiers.try_get(tier).and_then(|state| state.held.last()).is_some_and(over);
            let still = self.reached(policy, at)?;
            if is_over && still.try_get(tier).and_then(|levels| levels.get(level)) == Some(&true) {
                self.hold(policy, at, tier, level)?;
            }
        }
        if let Some(state) = self.tiers.try_get_mut(tier) {
            state.end(at);
        }
        self.fall(policy, (last, at), (tier, ended))?;
        if let Some(state) = self.tiers.try_get_mut(tier) {
            state.begin(at);
            state.end(at);
        }
        self.look_at_others(policy, at, tier)?;
        self.resume(policy, at)
    }

    /// Where a level ends, the tier may say that one below is held next: for its own time, as if reached at the last
    /// instant, or now where it would be over with it.
    fn fall(
        &mut self,
        policy: &Policy,
        (last, at): (Timestamp, Timestamp),
        (tier, ended): (TierId, usize),
    ) -> Result<(), Overflow> {
        let Some(ThenChoice::Falls(levels)) = policy.tiers.try_get(tier).map(|tier| tier.then) else {
            return Ok(());
        };
        let fallen = ended.saturating_sub(levels as usize);
        if fallen > self.tiers.try_get(tier).map_or(0, TierState::level) {
            self.hold_from(policy, (last, last), tier, fallen, None)?;
            let over = |held: &Held| held.until.is_some_and(|until| until <= at);
            if self.tiers.try_get(tier).and_then(|state| state.held.last()).is_some_and(over) {
                self.hold_from(policy, (at, at), tier, fallen, None)?;
            }
        }
        Ok(())
    }

    /// A period has ended by which a tier is worked out: what is reached now is reached anew.
    fn turn(
        &mut self,
        policy: &Policy,
        at: Timestamp,
        (tier, ended): (TierId, usize),
    ) -> Result<(), Overflow> {
        let next = next_turn(policy, tier, at)?;
        let now = self.reached(policy, at)?;
        if let Some(state) = self.tiers.try_get_mut(tier) {
            state.turns = next;
            state.end(at);
        }
        self.look(policy, at, tier, (&IdVec::default(), &now))?;
        self.fall(policy, (at, at), (tier, ended))?;
        self.look_at_others(policy, at, tier)?;
        self.resume(policy, at)
    }

    /// Begins to watch for the ends of periods by which tiers are worked out.
    pub(super) fn start_turns(&mut self, policy: &Policy, at: Timestamp) -> Result<(), Overflow> {
        for tier in policy.tiers.ids() {
            let next = next_turn(policy, tier, at)?;
            if let Some(state) = self.tiers.try_get_mut(tier) {
                state.turns = next;
            }
        }
        Ok(())
    }

    /// A level has changed by time: another tier's may hang on it.
    fn look_at_others(&mut self, policy: &Policy, at: Timestamp, tier: TierId) -> Result<(), Overflow> {
        for other in policy.tiers.ids().filter(|other| *other != tier) {
            let now = self.reached(policy, at)?;
            self.look(policy, at, other, (&now, &now))?;
        }
        Ok(())
    }
}

/// When the next period ends that a tier's measures count as one that is over.
fn next_turn(policy: &Policy, tier: TierId, at: Timestamp) -> Result<Option<Timestamp>, Overflow> {
    let levels = policy.tiers.try_get(tier).into_iter().flat_map(|tier| &tier.levels);
    let read = levels.flat_map(|level| {
        let counted = level.at.iter().flatten().map(|(measure, _)| *measure);
        let conditions = level.when.iter().flat_map(|condition| measures_of(policy, condition));
        counted.chain(conditions.map(|read| read.measure)).collect::<Vec<_>>()
    });
    let mut soonest = None;
    for measure in read.filter_map(|measure| policy.measures.try_get(measure)) {
        if let Period::Last { unit, .. } = measure.period {
            let (_, last) = stretch(EdgeUnit::Calendar(unit), policy.calendar.zone.local(at).date())?;
            let turn = policy.calendar.zone.midnight(last.tomorrow().map_err(|_| Overflow)?)?;
            soonest = Some(soonest.map_or(turn, |other: Timestamp| other.min(turn)));
        }
    }
    Ok(soonest)
}

/// True where what measures say, and what is known of the member, reach a level.
fn is_reached(
    policy: &Policy,
    at: Timestamp,
    level: &Level,
    (member, known): (&MemberFacts, &Known),
) -> bool {
    let context = context_of(policy, at, member, known);
    let condition = level.when.as_ref().filter(|_| level.how != LevelWhen::While);
    let holds = condition
        .map(|condition| condition_holds(policy, at, (member, known), None, condition).unwrap_or(false));
    let counted = level.at.iter().any(|all| {
        all.iter().all(|(measure, threshold)| {
            let numbers = known.so_far.try_get(*measure);
            let number = numbers.and_then(|numbers| numbers.first()).copied().unwrap_or_default();
            context.quantity(threshold).is_ok_and(|threshold| number >= threshold)
        })
    });
    match holds {
        None => counted,
        Some(holds) if level.at.is_empty() => holds,
        Some(holds) if level.how == LevelWhen::Instead => counted || holds,
        Some(holds) => counted && holds,
    }
}
