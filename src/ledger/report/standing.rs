//! What a member is known by: levels with their times and how far it is to the next, what measures say now, and what
//! they have counted.

use jiff::Timestamp;
use std::sync::Arc;

use super::super::account::Account;
use super::super::turn::Budgets;
use crate::eval::context::Context;
use crate::eval::order::Known;
use crate::eval::{Refusal, context_of};
use crate::policy::{FactType, Level, Measure, MeasureId, Policy, Tier, TierId, Unit};
use crate::value::Ratio;
use crate::value::choice::LevelWhen;
use crate::value::decimal::grouped;

/// A member's level in one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierStatement {
    /// The tier's name.
    pub tier: String,
    /// The tier's label.
    pub title: String,
    /// The level's name.
    pub level: String,
    /// The level's label.
    pub label: String,
    /// When the level began; none where the member never had another, or for one that is held while something holds.
    pub since: Option<Timestamp>,
    /// The instant from which the level is over; none for the first level, or for one that is held for all time.
    pub until: Option<Timestamp>,
    /// A higher level that has been reached and begins later: its name and label, and when.
    pub next: Option<(String, String, Timestamp)>,
    /// How far it is to the level above; none at the top.
    pub progress: Option<Progress>,
}

/// How far it is to a level.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The level's name.
    pub level: String,
    /// The level's label.
    pub label: String,
    /// What measures must say: all that stands in any one of these.
    pub ways: Vec<Vec<Need>>,
    /// What must hold of the member, as it is written: `when …`, `or when …`, `while …`.
    pub condition: Option<String>,
}

/// What one measure says, and what it must say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// The measure's name.
    pub measure: String,
    /// What it says now.
    pub has: Number,
    /// From what on the level is reached.
    pub wants: Number,
    /// What is left to reach it; none where nothing is.
    pub short: Option<Number>,
}

/// A number that a measure says, with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Number {
    /// Exactly; money in minor units.
    pub exact: Ratio,
    /// For people: `12`, `1,200 JPY`.
    pub shown: String,
}

/// What a measure says now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeasureStatement {
    /// Its name.
    pub measure: String,
    /// Its label.
    pub label: String,
    /// True where it counts each choice of a fact apart.
    pub by_choice: bool,
    /// Its number, or one for each choice.
    pub numbers: Vec<(String, Number)>,
}

/// Something that a measure has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counted {
    /// The measure's name, with the choice where it counts each apart.
    pub measure: String,
    /// When it counts.
    pub at: Timestamp,
    /// The order's number, or the event's id.
    pub order: Arc<str>,
    /// How much was counted, as it now stands.
    pub amount: Number,
    /// What the measure says from then on, over its own period.
    pub total: Number,
}

/// The levels of a member.
pub(super) fn tiers(account: &Account, policy: &Policy, at: Timestamp, known: &Known) -> Vec<TierStatement> {
    policy.tiers.ids().map(|tier| of_tier(account, policy, (tier, at), known)).collect()
}

fn of_tier(
    account: &Account,
    policy: &Policy,
    (id, at): (TierId, Timestamp),
    known: &Known,
) -> TierStatement {
    let (tier, book, now) = (&policy.tiers[id], &account.books.tiers[id], known.levels[id]);
    let (level, label) = names(tier, now);
    // What is held while something holds has no time that is known.
    let is_held = now == book.level();
    let next = book.next().filter(|(next, _)| *next > now);
    let above = next.map_or(now, |(next, _)| next) + 1;
    let context = context_of(policy, at, &account.books.member, known);
    TierStatement {
        tier: tier.name.clone(),
        title: tier.label.clone(),
        level,
        label,
        since: book.was.map(|(since, _)| since).filter(|_| is_held),
        until: book.until().filter(|_| is_held),
        next: next.map(|(level, from)| {
            let (level, label) = names(tier, level);
            (level, label, from)
        }),
        progress: tier.levels.get(above).map(|level| progress(context, level)),
    }
}

fn names(tier: &Tier, level: usize) -> (String, String) {
    tier.levels.get(level).map(|level| (level.name.clone(), level.label.clone())).unwrap_or_default()
}

fn progress(context: Context<'_>, level: &Level) -> Progress {
    let need = |measure: &MeasureId, wants: Ratio| {
        let declared = &context.policy.measures[*measure];
        let has = context.known.so_far[*measure].first().copied().unwrap_or_default();
        let number = |exact| number(context, declared, exact);
        let short = wants.sub(has).ok().filter(|short| *short > Ratio::ZERO);
        Need {
            measure: declared.name.clone(),
            has: number(has),
            wants: number(wants),
            short: short.map(number),
        }
    };
    // A threshold that cannot be computed for this member is none that can be told.
    let way = |all: &Vec<_>| {
        all.iter().map(|(measure, wants)| Some(need(measure, context.quantity(wants).ok()?))).collect()
    };
    let condition = level.when.as_ref().map(|condition| {
        let word = match level.how {
            LevelWhen::Also => "when",
            LevelWhen::Instead if level.at.is_empty() => "when",
            LevelWhen::Instead => "or when",
            LevelWhen::While if level.at.is_empty() => "while",
            LevelWhen::While => "or while",
        };
        format!("{word} {}", condition.text)
    });
    Progress {
        level: level.name.clone(),
        label: level.label.clone(),
        ways: level.at.iter().filter_map(way).collect(),
        condition,
    }
}

/// What every measure says now.
pub(super) fn measures(
    account: &Account,
    policy: &Policy,
    at: Timestamp,
    known: &Known,
) -> Vec<MeasureStatement> {
    let context = context_of(policy, at, &account.books.member, known);
    let of = |(id, declared): (MeasureId, &Measure)| MeasureStatement {
        measure: declared.name.clone(),
        label: declared.label.clone(),
        by_choice: declared.key.is_some(),
        numbers: known.so_far[id]
            .iter()
            .enumerate()
            .map(|(key, exact)| (choice(policy, declared, key), number(context, declared, *exact)))
            .collect(),
    };
    policy.measures.iter_enumerated().map(of).collect()
}

impl Account {
    /// What measures have counted, oldest first, as things stand now.
    pub fn counted(&self, policy: &Policy) -> Result<Vec<Counted>, Refusal> {
        let budgets = Budgets::new();
        let mut found = Vec::new();
        for (id, case) in self.books.cases.iter() {
            for counted in &case.contributions {
                found.push((counted.at, id, counted.measure, counted.key, case.number.clone()));
            }
        }
        found.sort_by_key(|(at, case, measure, key, _)| (*at, *case, *measure, *key));
        found.dedup_by_key(|(at, case, measure, key, _)| (*at, *case, *measure, *key));
        let mut rows = Vec::new();
        for (at, case, measure, key, order) in found {
            let mut look = self.look(policy, &budgets, at);
            let Some(amount) = look.counted(measure, key, (at, case)) else { continue };
            let known = look.known_loosely(at)?;
            let total = known.so_far[measure].get(key).copied().unwrap_or_default();
            let context = context_of(policy, at, &self.books.member, &known);
            let declared = &policy.measures[measure];
            let choice = choice(policy, declared, key);
            let of = if choice.is_empty() { String::new() } else { format!(" of {choice}") };
            rows.push(Counted {
                measure: format!("{}{of}", declared.name),
                at,
                order,
                amount: number(context, declared, amount),
                total: number(context, declared, total),
            });
        }
        Ok(rows)
    }
}

/// The choice that a number of a measure is for; nothing where it has one number.
pub(super) fn choice(policy: &Policy, measure: &Measure, key: usize) -> String {
    let Some((subject, fact)) = measure.key else { return String::new() };
    match policy.facts.of(subject).try_get(fact).map(|fact| &fact.kind) {
        Some(FactType::Choice(words)) => words.get(key).cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

fn number(context: Context<'_>, measure: &Measure, exact: Ratio) -> Number {
    let shown = match measure.unit {
        // Points may be of any pool, so they go without a word.
        Unit::Count | Unit::Points if exact.denominator() == 1 => grouped(exact.numerator()),
        Unit::Count | Unit::Points => exact.to_string(),
        unit => context.show(exact, unit),
    };
    Number { exact, shown }
}
