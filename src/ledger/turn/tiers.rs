//! Levels. Reaching a level (a measure that was below its threshold before an event and is not after it) holds it until
//! its time is over, whatever the measure does meanwhile. A member's level is the highest that is held.

use jiff::Timestamp;

use super::super::books::counters::CounterKey;
use super::super::books::levels::Held;
use super::super::books::lots::LotId;
use super::super::period::just_before;
use super::{Turn, moment_at, too_large};
use crate::eval::order::{Known, MemberFacts};
use crate::eval::{Refusal, RefusalCode, condition_holds, context_of, refuse};
use crate::policy::{Condition, IdVec, Level, LotExpiry, Period, PoolId, Tier, TierId};
use crate::value::choice::{LevelWhen, ThenChoice};
use crate::value::moment::{EdgeUnit, stretch};

/// Which levels of which tiers are reached.
pub(super) type Reached = IdVec<TierId, Vec<bool>>;

impl Turn<'_> {
    /// A level that something holds `while` it is so raises what is known of a member.
    pub(super) fn raise_by_condition(
        &self,
        known: &mut Known,
        tier: TierId,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let declared: &Tier = &self.policy.tiers[tier];
        for (index, level) in declared.levels.iter().enumerate().rev() {
            if index <= known.levels[tier] {
                break;
            }
            let condition = level.when.as_ref().filter(|_| level.how == LevelWhen::While);
            if let Some(condition) = condition
                && self.holds(at, (&self.books.member, known), condition, &declared.name)?
            {
                known.levels[tier] = index;
            }
        }
        Ok(())
    }

    fn holds(
        &self,
        at: Timestamp,
        member: (&MemberFacts, &Known),
        condition: &Condition,
        name: &str,
    ) -> Result<bool, Refusal> {
        let holds = condition_holds(self.policy, at, member, None, condition);
        holds.map_err(|refusal| refusal.by_rule(name))
    }

    /// What a member was known by at the last instant before what is due now changed anything.
    pub(super) fn known_before(&mut self, last: Timestamp) -> Result<Known, Refusal> {
        let mut known = self.known_at(last)?;
        known.levels = self.books.tiers.iter().map(|tier| tier.level_before(self.at)).collect();
        for tier in self.policy.tiers.ids() {
            self.raise_by_condition(&mut known, tier, last)?;
        }
        Ok(known)
    }

    /// Which levels are reached now.
    pub(super) fn reached(&mut self) -> Result<Reached, Refusal> {
        self.reached_at(self.at)
    }

    /// Which levels of which tiers are reached by what measures say around an instant.
    fn reached_at(&mut self, at: Timestamp) -> Result<Reached, Refusal> {
        if self.policy.tiers.is_empty() {
            return Ok(IdVec::default());
        }
        let known = self.known_loosely(at)?;
        let policy = self.policy;
        let of_tier = |tier: &Tier| {
            let levels = tier.levels.iter();
            levels.map(|level| self.is_reached(at, (&self.books.member, &known), level, &tier.name)).collect()
        };
        policy.tiers.iter().map(of_tier).collect::<Result<Vec<Vec<bool>>, Refusal>>().map(IdVec::from)
    }

    /// What a member is known by, where a level that hangs on a fact that nothing has set is not held.
    pub(crate) fn known_loosely(&mut self, at: Timestamp) -> Result<Known, Refusal> {
        let mut known = Known::start(self.policy);
        if !self.policy.measures.is_empty() {
            known.so_far = self.counts(at)?;
        }
        known.levels = self.books.tiers.iter().map(|tier| tier.level()).collect();
        for tier in self.policy.tiers.ids() {
            match self.raise_by_condition(&mut known, tier, at) {
                Err(refusal) if refusal.code != RefusalCode::MissingMemberFact => return Err(refusal),
                _ => {}
            }
        }
        Ok(known)
    }

    /// True where what measures say, and what is known of the member, reach a level. One whose condition reads a fact that
    /// nothing has set is not reached.
    fn is_reached(
        &self,
        at: Timestamp,
        (member, known): (&MemberFacts, &Known),
        level: &Level,
        tier: &str,
    ) -> Result<bool, Refusal> {
        let context = context_of(self.policy, at, member, known);
        let condition = level.when.as_ref().filter(|_| level.how != LevelWhen::While);
        let holds = match condition.map(|condition| self.holds(at, (member, known), condition, tier)) {
            Some(Err(refusal)) if refusal.code == RefusalCode::MissingMemberFact => Some(false),
            Some(holds) => Some(holds?),
            None => None,
        };
        let mut counted = false;
        for all in &level.at {
            let mut every = true;
            for (measure, threshold) in all {
                let number = known.so_far[*measure].first().copied().unwrap_or_default();
                let threshold = context.quantity(threshold);
                every &= number >= threshold.map_err(|fault| refuse(self.policy, fault, tier))?;
            }
            counted |= every;
        }
        Ok(match holds {
            None => counted,
            Some(holds) if level.at.is_empty() => holds,
            Some(holds) if level.how == LevelWhen::Instead => counted || holds,
            Some(holds) => counted && holds,
        })
    }

    /// After an event: levels newly reached are held; levels that it has undone (where it takes something back) are let
    /// go where the policy says so. `before` is what was reached just before it.
    pub(super) fn update_levels(&mut self, before: &Reached, takes_back: bool) -> Result<(), Refusal> {
        for tier in self.policy.tiers.ids() {
            // A level may hang on one that an earlier tier has just reached.
            let now = self.reached()?;
            self.look(tier, before, &now)?;
            if self.policy.tiers[tier].return_lowers && takes_back {
                self.let_go(tier)?;
            }
        }
        self.resume()
    }

    /// Holds the levels of a tier that are reached now, and were not just before, or when last looked at.
    fn look(&mut self, tier: TierId, before: &Reached, now: &Reached) -> Result<(), Refusal> {
        let is = |reached: &Reached, level: usize| {
            reached.try_get(tier).and_then(|levels| levels.get(level)).copied().unwrap_or(false)
        };
        for level in 1..self.policy.tiers[tier].levels.len() {
            let seen = self.books.tiers[tier].seen.get(level).copied().unwrap_or(false);
            if is(now, level) && !(is(before, level) && seen) {
                self.hold(self.at, tier, level)?;
            }
        }
        if self.books.tiers[tier].seen != now[tier] {
            self.books.tiers[tier].to_mut().seen.clone_from(&now[tier]);
        }
        Ok(())
    }

    /// A level has been reached at an instant.
    fn hold(&mut self, at: Timestamp, tier: TierId, level: usize) -> Result<(), Refusal> {
        let begins = match &self.policy.tiers[tier].begins {
            Some(begins) => {
                let begins = moment_at(self.policy, begins, at, &self.policy.tiers[tier].name)?
                    .instant(&self.policy.calendar, at);
                begins.map_err(too_large("the tier"))?.max(at)
            }
            None => at,
        };
        let member = Some(self.books.member.clone().into_owned());
        self.hold_from(
            tier,
            Held { level, reached: at, member, from: begins, begun: begins <= at, until: None },
        )
    }

    /// A level is held, for its time from when it was reached.
    fn hold_from(&mut self, tier: TierId, held: Held) -> Result<(), Refusal> {
        let declared = &self.policy.tiers[tier];
        let until = match &declared.lasts {
            Some(lasts) => {
                let moment = moment_at(self.policy, lasts, held.reached, &declared.name)?;
                let until = moment.deadline(&self.policy.calendar, held.reached, self.policy.deadlines);
                Some(until.map_err(too_large("the tier"))?)
            }
            None => None,
        };
        let book = &self.books.tiers[tier];
        let lasting = |other: &Held| other.level == held.level && other.begun && other.until.is_none();
        // What is held for all time, and is not let go, need not be held twice.
        let held_already = until.is_none() && !declared.return_lowers && book.held.iter().any(lasting);
        if held.level > 0 && !held_already {
            self.books.tiers[tier].to_mut().held.push(Held { until, ..held });
        }
        Ok(())
    }

    /// Something has come back: a level is held only where what still stands has reached it, and from when that did.
    fn let_go(&mut self, tier: TierId) -> Result<(), Refusal> {
        let held = self.books.tiers[tier].held.clone();
        let (mut kept, mut later) = (Vec::new(), Vec::new());
        for one in held {
            let Some(member) = &one.member else {
                kept.push(one);
                continue;
            };
            if self.stands(tier, one.level, one.reached, member)? {
                kept.push(one);
                continue;
            }
            // The first thing counted since at which what stands reaches the level; mostly it is among the next few.
            let mut after = one.reached;
            while let Some(at) = self.books.counters.of(CounterKey::Counted).next_after(after) {
                if at > self.at {
                    break;
                }
                if self.stands(tier, one.level, at, member)? {
                    later.push((at, one.level));
                    break;
                }
                after = at;
            }
        }
        if kept.len() == self.books.tiers[tier].held.len() {
            return Ok(());
        }
        self.books.tiers[tier].to_mut().held = kept;
        for (at, level) in later {
            self.hold(at, tier, level)?;
        }
        let book = self.books.tiers[tier].to_mut();
        book.begin(self.at);
        book.end(self.at);
        Ok(())
    }

    fn stands(
        &mut self,
        tier: TierId,
        level: usize,
        at: Timestamp,
        member: &MemberFacts,
    ) -> Result<bool, Refusal> {
        let known = self.known_loosely(at)?;
        let declared = &self.policy.tiers[tier];
        match declared.levels.get(level) {
            Some(level) => self.is_reached(at, (member, &known), level, &declared.name),
            None => Ok(false),
        }
    }

    /// A level begins, or its time is over: what is still held counts, then what the tier says.
    pub(super) fn change_level(&mut self, tier: TierId) -> Result<(), Refusal> {
        let at = self.at;
        let book = self.books.tiers[tier].to_mut();
        let (ended, over) = (book.level(), book.until().is_some_and(|until| until <= at));
        let turns = book.turns.is_some_and(|turns| turns <= at);
        book.begin(at);
        if turns {
            return self.turn_over(tier, ended);
        }
        if !over {
            self.look_at_others(tier)?;
            return self.resume();
        }
        // What the measures said at the last instant of the level counts, as if it had been reached then.
        let last = just_before(at).map_err(too_large("the tier"))?;
        let reached = self.reached_at(last)?;
        self.books.tiers[tier].to_mut().end(at);
        let best = reached[tier].iter().rposition(|reached| *reached);
        if let Some(level) = best.filter(|level| *level > self.books.tiers[tier].level()) {
            self.hold(last, tier, level)?;
            // Where what is reached on the last day would be over with it, it counts from the next.
            if self.is_over(tier) && self.reached()?[tier].get(level) == Some(&true) {
                self.hold(at, tier, level)?;
            }
        }
        self.books.tiers[tier].to_mut().end(at);
        self.fall(tier, last, ended)?;
        let book = self.books.tiers[tier].to_mut();
        book.begin(at);
        book.end(at);
        self.look_at_others(tier)?;
        self.resume()
    }

    /// True where the level that was held last is over already.
    fn is_over(&self, tier: TierId) -> bool {
        let last = self.books.tiers[tier].held.last();
        last.is_some_and(|held| held.until.is_some_and(|until| until <= self.at))
    }

    /// Where a level ends, the tier may say that one below is held next: for its own time, as if reached at the last
    /// instant, or now where it would be over with it.
    fn fall(&mut self, tier: TierId, last: Timestamp, ended: usize) -> Result<(), Refusal> {
        let ThenChoice::Falls(levels) = self.policy.tiers[tier].then else { return Ok(()) };
        let level = ended.saturating_sub(levels as usize);
        if level > self.books.tiers[tier].level() {
            let from = |at| Held { level, reached: at, member: None, from: at, begun: true, until: None };
            self.hold_from(tier, from(last))?;
            if self.is_over(tier) {
                self.hold_from(tier, from(self.at))?;
            }
        }
        Ok(())
    }

    /// A period has ended by which a tier is worked out: what is reached now is reached anew.
    fn turn_over(&mut self, tier: TierId, ended: usize) -> Result<(), Refusal> {
        let next = self.next_turn(tier)?;
        let now = self.reached()?;
        let book = self.books.tiers[tier].to_mut();
        book.turns = next;
        book.end(self.at);
        self.look(tier, &IdVec::default(), &now)?;
        self.fall(tier, self.at, ended)?;
        self.look_at_others(tier)?;
        self.resume()
    }

    /// Begins to watch for the ends of periods by which tiers are worked out.
    pub(super) fn start_turns(&mut self) -> Result<(), Refusal> {
        for tier in self.policy.tiers.ids() {
            let next = self.next_turn(tier)?;
            if self.books.tiers[tier].turns != next {
                self.books.tiers[tier].to_mut().turns = next;
            }
        }
        Ok(())
    }

    /// A level has changed by time: another tier's may hang on it.
    fn look_at_others(&mut self, tier: TierId) -> Result<(), Refusal> {
        for other in self.policy.tiers.ids().filter(|other| *other != tier) {
            let now = self.reached()?;
            self.look(other, &now, &now)?;
        }
        Ok(())
    }

    /// When the next period ends that a tier's measures count as one that is over.
    fn next_turn(&self, tier: TierId) -> Result<Option<Timestamp>, Refusal> {
        let zone = &self.policy.calendar.zone;
        let mut soonest: Option<Timestamp> = None;
        for measure in &self.links.turns[tier] {
            if let Period::Last { unit, .. } = self.policy.measures[*measure].period {
                let (_, last) = stretch(EdgeUnit::Calendar(unit), zone.local(self.at).date())
                    .map_err(too_large("the calendar"))?;
                let next = last.tomorrow().map_err(|_| super::overflow("the calendar"))?;
                let turn = zone.midnight(next).map_err(too_large("the calendar"))?;
                soonest = Some(soonest.map_or(turn, |other| other.min(turn)));
            }
        }
        Ok(soonest)
    }

    /// Paused lots whose pause has ended die at the end of this local day.
    pub(super) fn resume(&mut self) -> Result<(), Refusal> {
        for pool in self.policy.pools.ids() {
            if self.books.pools[pool].lots.has_paused() {
                let end = self.next_midnight()?;
                let unpaused = self.unpaused(pool)?;
                let book = &mut self.books.pools[pool];
                book.lots.resume(&unpaused, end);
                if !book.lots.has_paused() {
                    book.recheck = None;
                }
            }
        }
        Ok(())
    }

    /// The paused lots of a pool whose pause has ended.
    pub(super) fn unpaused(&mut self, pool: PoolId) -> Result<Vec<LotId>, Refusal> {
        let known = self.known_loosely(self.at)?;
        let mut unpaused = Vec::new();
        // Whether a lot is paused hangs on the terms of the day it was acquired, and on nothing else of it.
        for version in &self.policy.pools[pool].versions {
            let from = version.window.from.unwrap_or(Timestamp::MIN);
            let until = version.window.until.unwrap_or(Timestamp::MAX);
            let lots = &self.books.pools[pool].lots;
            let Some((acquired, _)) = lots.paused(from, until).next() else { continue };
            if !self.is_paused(pool, acquired, &known)? {
                unpaused.extend(lots.paused(from, until).map(|(_, id)| id));
            }
        }
        Ok(unpaused)
    }

    /// True where the expiry of a lot acquired at `acquired` is paused now. Where that hangs on a fact that nothing has set,
    /// it is: points do not die for want of an event.
    pub(crate) fn is_paused(
        &self,
        pool: PoolId,
        acquired: Timestamp,
        known: &Known,
    ) -> Result<bool, Refusal> {
        let terms = self.policy.pool_terms(pool, acquired).map(|terms| &terms.lot_expiry);
        let Some(LotExpiry::After { paused: Some(condition), .. }) = terms else { return Ok(false) };
        match condition_holds(self.policy, self.at, (&self.books.member, known), None, condition) {
            Err(refusal) if refusal.code == RefusalCode::MissingMemberFact => Ok(true),
            holds => holds,
        }
    }
}
