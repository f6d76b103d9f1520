//! What measures count: each order and event keeps what it adds; a measure's number is the sum over a period.

use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::account::Account;
use super::period::{Stretch, around};
use super::placed::{Contribution, PlacedOrder};
use crate::eval::MemberFacts;
use crate::eval::context::Fault;
use crate::eval::count::{count, sum_up};
use crate::eval::{Earning, Refusal, context_of, refuse};
use crate::policy::{Counted, FactId, FactValue, IdVec, MeasureId, Period, Policy, Subject};
use crate::value::{Overflow, Ratio};

impl Account {
    /// What every measure reads around `at`, of everything up to `at` that the account holds.
    pub(crate) fn counts(
        &self,
        policy: &Policy,
        at: Timestamp,
    ) -> Result<IdVec<MeasureId, Vec<Ratio>>, Overflow> {
        let contributions = self.orders.iter().flat_map(|placed| &placed.contributions);
        self.counts_of(policy, at, contributions.filter(|one| one.at <= at))
    }

    /// What every measure reads around `at`, of these contributions.
    pub(crate) fn counts_of<'a>(
        &self,
        policy: &Policy,
        at: Timestamp,
        contributions: impl Iterator<Item = &'a Contribution>,
    ) -> Result<IdVec<MeasureId, Vec<Ratio>>, Overflow> {
        let mut counts = crate::eval::order::Known::start(policy).so_far;
        let periods = policy.measures.iter().map(|measure| around(policy, &self.member, measure.period, at));
        let periods: IdVec<MeasureId, Stretch> = periods.collect::<Result<_, _>>()?;
        let mut seen: BTreeSet<(MeasureId, usize, &str)> = BTreeSet::new();
        for one in contributions {
            let inside = periods.try_get(one.measure).is_some_and(|period| period.contains(one.at));
            let slot = counts.try_get_mut(one.measure).and_then(|numbers| numbers.get_mut(one.key));
            let Some(slot) = slot.filter(|_| inside) else { continue };
            if one.word.as_ref().is_none_or(|word| seen.insert((one.measure, one.key, word))) {
                *slot = slot.add(one.amount)?;
            }
        }
        sum_up(policy, &mut counts)?;
        Ok(counts)
    }
}

/// What an order or event adds to measures, `earning` being what it earns as far as that is known.
pub(crate) fn contributions(
    policy: &Policy,
    placed: &PlacedOrder,
    earning: &Earning,
) -> Result<Vec<Contribution>, Refusal> {
    let mut found = Vec::new();
    if policy.measures.is_empty() {
        return Ok(found);
    }
    let net = placed.net(false).map_err(|_| super::account::overflow("what measures count"))?;
    for (measure, declared) in policy.measures.iter_enumerated() {
        for counting in &declared.counts {
            let at = match counting.at {
                None => Some(placed.at),
                Some(mark) => placed.marks.get(mark).copied().flatten(),
            };
            let (Some(at), true) = (at, counting.of == placed.order.of) else { continue };
            if let Some(fact) = unknown_year(&placed.member, declared.period) {
                return Err(refuse(policy, Fault::MissingMember(fact), &declared.name));
            }
            let key = declared.key.and_then(|(_, fact)| placed.order.facts.try_get(fact));
            let key = if let Some(FactValue::Choice(choice)) = key { *choice } else { 0 };
            let context = context_of(policy, placed.at, &placed.member, &placed.known);
            let amount = count(context, &net, counting, earning)
                .map_err(|fault| refuse(policy, fault, &declared.name))?;
            let word = match counting.what {
                Counted::Different(fact) => Some(word(placed, fact).into()),
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
pub(crate) fn unknown_year(member: &MemberFacts, period: Period) -> Option<FactId> {
    let Period::YearOfMember(fact) = period else { return None };
    (!matches!(member.0.try_get(fact), Some(Some(_)))).then_some(fact)
}

/// What a choice or text fact of an order or event says, or its category.
fn word(placed: &PlacedOrder, fact: Option<(Subject, FactId)>) -> String {
    let Some((subject, fact)) = fact else {
        let category = placed.order.lines.first().and_then(|line| line.category);
        return category.map_or_else(String::new, |category| category.index().to_string());
    };
    let value = match subject {
        Subject::Member => placed.member.0.try_get(fact).and_then(Option::as_ref),
        _ => placed.order.facts.try_get(fact),
    };
    match value {
        Some(FactValue::Choice(choice)) => choice.to_string(),
        Some(FactValue::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

/// True where a measure counts the points of rules.
pub(crate) fn counts_rules(policy: &Policy) -> bool {
    let counts = policy.measures.iter().flat_map(|measure| &measure.counts);
    counts.into_iter().any(|counting| matches!(counting.what, Counted::Rule(..)))
}
