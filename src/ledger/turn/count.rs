//! Reading counters: what a member is known by, what limits have been used, what cases add.

use jiff::Timestamp;
use std::sync::Arc;

use super::super::books::case::{Case, CaseId, Contribution};
use super::super::books::counters::{CounterKey, LimitKey, Word};
use super::super::books::instant::Stored;
use super::super::books::series::By;
use super::super::links::Met;
use super::super::period::{Stretch, just_after};
use super::{Turn, too_large};
use crate::eval::context::Fault;
use crate::eval::count::{count, sum_up};
use crate::eval::order::{Known, MemberFacts};
use crate::eval::room::UsedBefore;
use crate::eval::{Earning, Refusal, context_of, refuse};
use crate::policy::{
    Counted, FactId, FactValue, IdVec, LimitId, MeasureId, Occasion, Owner, Period, Policy, Subject,
};
use crate::value::Ratio;

impl Turn<'_> {
    /// What every measure reads around an instant, of everything up to it.
    pub(super) fn counts(&mut self, at: Timestamp) -> Result<IdVec<MeasureId, Vec<Ratio>>, Refusal> {
        let end = just_after(at).map_err(too_large("the calendar"))?;
        let all: Vec<MeasureId> = self.policy.measures.ids().collect();
        self.counts_up_to(at, end, &all)
    }

    /// What measures read over the period around an instant, of what was counted before `end`. Those that are not asked for
    /// read zero.
    pub(super) fn counts_up_to(
        &mut self,
        at: Timestamp,
        end: Timestamp,
        measures: &[MeasureId],
    ) -> Result<IdVec<MeasureId, Vec<Ratio>>, Refusal> {
        let mut counts = Known::start(self.policy).so_far;
        for id in measures {
            let stretch = self.around(self.policy.measures[*id].period, at)?;
            let stretch = Stretch { end: stretch.end.min(end), ..stretch };
            for key in 0..counts[*id].len() {
                let number = self.count_of(*id, key, stretch)?;
                if let Some(slot) = counts[*id].get_mut(key) {
                    *slot = number;
                }
            }
        }
        sum_up(self.policy, &mut counts).map_err(too_large("what measures count"))?;
        Ok(counts)
    }

    fn count_of(&mut self, measure: MeasureId, key: usize, within: Stretch) -> Result<Ratio, Refusal> {
        let declared = &self.policy.measures[measure];
        let different = declared.counts.iter().any(|counting| matches!(counting.what, Counted::Different(_)));
        if different && !is_of_calendar(declared.period) {
            // Stretches that overlap: a word counts once in each.
            let nothing = Arc::from("");
            let (at, stretch) = (within.start, Timestamp::MIN);
            let all = Word { measure, key, stretch, text: &nothing, at, by: 0 };
            return Ok(self.books.counters.different(all, within.start, within.end));
        }
        let series = self.books.counters.of(CounterKey::Measure(measure, key));
        series.sum(within.start, within.end).map_err(too_large("what measures count"))
    }

    /// What a case has counted for a measure at an instant; none where something else counts in its place.
    pub(crate) fn counted(
        &mut self,
        measure: MeasureId,
        key: usize,
        by: (Timestamp, CaseId),
    ) -> Option<Ratio> {
        let (at, case) = by;
        let amount = self.books.counters.of(CounterKey::Measure(measure, key)).amount(at, case.by());
        amount.filter(|amount| !amount.is_zero())
    }

    /// What a member is known by at an instant: levels, and what measures say so far.
    pub(super) fn known_at(&mut self, at: Timestamp) -> Result<Known, Refusal> {
        let mut known = Known::start(self.policy);
        if !self.policy.measures.is_empty() {
            known.so_far = self.counts(at)?;
        }
        known.levels = self.books.tiers.iter().map(|tier| tier.level()).collect();
        for tier in self.policy.tiers.ids() {
            self.raise_by_condition(&mut known, tier, at)?;
        }
        Ok(known)
    }

    /// What cases have used before this one of the limits over several orders that it meets.
    pub(super) fn used_before(
        &mut self,
        case: &Case,
        id: CaseId,
        met: &[Met],
    ) -> Result<UsedBefore, Refusal> {
        self.used(case, id.by(), met)
    }

    /// The same with what the case itself uses.
    pub(super) fn used_after(&mut self, case: &Case, id: CaseId, met: &[Met]) -> Result<UsedBefore, Refusal> {
        let free = Case { charged: Vec::new(), ..case.clone() };
        self.used(&free, id.by().saturating_add(1), met)
    }

    /// What cases before a cause at the case's instant have used of limits; of budgets, all but the case itself.
    fn used(&mut self, case: &Case, before: By, met: &[Met]) -> Result<UsedBefore, Refusal> {
        let mut used = UsedBefore::default();
        for Met { limit, keep } in met {
            let counter = self.policy.limits[*limit];
            let stretch = self.around(counter.period, case.at)?;
            let amount = if counter.everyone {
                // What this case was charged before is its own.
                let all = self.budgets.get(&(*limit, stretch.start.plain())).copied();
                all.unwrap_or(Ratio::ZERO).sub(case.charged_on(*limit))
            } else {
                let key = CounterKey::Limit(limit_key(self.policy, *limit, *keep, case));
                self.books.counters.of(key).sum_before_cause(stretch.start, case.at, before)
            };
            let amount = amount.map_err(too_large("what limits have been used"))?;
            let which = if *keep { &mut used.kept } else { &mut used.standing };
            which.add(*limit, amount).map_err(too_large("what limits have been used"))?;
        }
        Ok(used)
    }

    /// What payments, rewards and moves have used so far of the limits that they meet now.
    pub(super) fn used_by_now(&mut self, limits: &[crate::policy::Limit]) -> Result<UsedBefore, Refusal> {
        let mut used = UsedBefore::default();
        for limit in limits {
            let Some(id) = limit.counter else { continue };
            let counter = self.policy.limits[id];
            let stretch = self.around(counter.period, self.looks)?;
            let keep = limit.per.keeps_room();
            let amount = if counter.everyone {
                Ok(self.budgets.get(&(id, stretch.start.plain())).copied().unwrap_or(Ratio::ZERO))
            } else {
                let key = CounterKey::Limit(LimitKey::plain(id, keep));
                self.books.counters.of(key).sum(stretch.start, stretch.end)
            };
            let amount = amount.map_err(too_large("what limits have been used"))?;
            let which = if keep { &mut used.kept } else { &mut used.standing };
            if which.of(id).is_zero() {
                which.add(id, amount).map_err(too_large("what limits have been used"))?;
            }
        }
        Ok(used)
    }

    /// Notes what a payment, a reward or a move uses of limits now.
    pub(super) fn use_limits(&mut self, fed: &[Met], by: By, amount: i64) -> Result<(), Refusal> {
        for Met { limit, keep } in fed {
            if self.policy.limits[*limit].everyone {
                self.charge(*limit, self.looks, Ratio::whole(amount))?;
                continue;
            }
            let at = self.looks;
            let series = self.books.counters.of(CounterKey::Limit(LimitKey::plain(*limit, *keep)));
            series.set(at, by, Ratio::whole(amount));
        }
        Ok(())
    }

    /// Something that used limits has come back: those that free room are used less.
    pub(super) fn free_limits(&mut self, fed: &[Met], used: UsedAt, left: i64) {
        for Met { limit, .. } in fed.iter().filter(|met| !met.keep) {
            let series = self.books.counters.of(CounterKey::Limit(LimitKey::plain(*limit, false)));
            series.set(used.at, used.by, Ratio::whole(left));
        }
    }

    /// Refuses what meets a limit over the member's own year where the year is not known.
    pub(super) fn check_years(&self, case: &Case, met: &[Met]) -> Result<(), Refusal> {
        for Met { limit, .. } in met {
            let counter = self.policy.limits[*limit];
            let Some(fact) = unknown_year(&case.member, counter.period) else { continue };
            let rule = match counter.owner {
                Owner::Earn(id) => &self.policy.earns[id].name,
                Owner::Group(id) => &self.policy.groups[id].name,
                Owner::Redeem(id) => &self.policy.redeems[id].name,
                Owner::Move(id) => &self.policy.moves[id].name,
            };
            return Err(refuse(self.policy, Fault::MissingMember(fact), rule));
        }
        Ok(())
    }
}

/// When, and by which cause, something was used of a limit.
#[derive(Clone, Copy)]
pub(super) struct UsedAt {
    pub at: Timestamp,
    pub by: By,
}

/// The count of a limit that a case meets.
pub(super) fn limit_key(policy: &Policy, limit: LimitId, keep: bool, case: &Case) -> LimitKey {
    let word = policy.limits[limit].each.and_then(|(subject, fact)| match subject {
        Subject::Member => case.member.0[fact].clone(),
        _ => case.order.fact(subject, fact).cloned(),
    });
    LimitKey { limit, keep, word }
}

/// True for stretches of time that follow one another by the calendar: each instant is in one of them.
pub(super) fn is_of_calendar(period: Period) -> bool {
    match period {
        Period::Day
        | Period::Week
        | Period::Month
        | Period::Quarter
        | Period::Half
        | Period::MonthFrom { .. }
        | Period::Year { .. }
        | Period::AllTime => true,
        Period::YearOfMember(_) | Period::Last { .. } | Period::Rolling(_) => false,
    }
}

/// What a case adds to measures, `earning` being what it earns as far as that is known.
pub(super) fn contributions(
    policy: &Policy,
    case: &Case,
    earning: &Earning,
) -> Result<Vec<Contribution>, Refusal> {
    let mut found = Vec::new();
    if policy.measures.is_empty() || !matches!(case.order.of, Occasion::Order | Occasion::Event(_)) {
        return Ok(found);
    }
    let net = case.net(false).map_err(too_large("what measures count"))?;
    for (measure, declared) in policy.measures.iter_enumerated() {
        for counting in declared.counts.iter().filter(|counting| counting.of == case.order.of) {
            let at = match counting.at {
                None => Some(case.at),
                Some(mark) => case.marks.get(mark).copied().flatten(),
            };
            let Some(at) = at else { continue };
            if let Some(fact) = unknown_year(&case.member, declared.period) {
                return Err(refuse(policy, Fault::MissingMember(fact), &declared.name));
            }
            let key = declared.key.and_then(|(subject, fact)| case.order.fact(subject, fact));
            let key = if let Some(FactValue::Choice(choice)) = key { *choice } else { 0 };
            let context = context_of(policy, case.at, &case.member, &case.known);
            let amount = count(context, &net, counting, earning);
            let amount = amount.map_err(|fault| refuse(policy, fault, &declared.name))?;
            let word = match counting.what {
                Counted::Different(fact) => Some(word(case, fact).into()),
                _ => None,
            };
            // A text that says nothing is no word.
            let says_nothing = word.as_ref().is_some_and(|word: &Arc<str>| word.is_empty());
            if !amount.is_zero() && !says_nothing {
                found.push(Contribution { measure, key, at, amount, word });
            }
        }
    }
    Ok(found)
}

/// The member's date by which a period goes, where nothing has set it.
pub(super) fn unknown_year(member: &MemberFacts, period: Period) -> Option<FactId> {
    let Period::YearOfMember(fact) = period else { return None };
    member.0[fact].is_none().then_some(fact)
}

/// What a choice or text fact of an order or event says, or its category.
fn word(case: &Case, fact: Option<(Subject, FactId)>) -> String {
    let Some((subject, fact)) = fact else {
        let category = case.order.lines.first().and_then(|line| line.category);
        return category.map_or_else(String::new, |category| category.index().to_string());
    };
    let value = match subject {
        Subject::Member => case.member.0[fact].as_ref(),
        _ => case.order.fact(subject, fact),
    };
    match value {
        Some(FactValue::Choice(choice)) => choice.to_string(),
        Some(FactValue::Text(text)) => text.clone(),
        _ => String::new(),
    }
}
