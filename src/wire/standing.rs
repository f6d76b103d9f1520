//! Levels and measures of an account as JSON: a part of the answer of a run (`docs/schema/run.schema.json`).

use indexmap::IndexMap;
use serde::Serialize;
use std::sync::Arc;

use crate::ledger::{Account, LevelChange, MeasureStatement, Need, Number, Progress, TierStatement};
use crate::policy::Policy;
use crate::value::Ratio;

/// A member's level in one tier.
#[derive(Debug, Serialize)]
pub(super) struct TierAnswer {
    level: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressAnswer>,
    /// Where it was kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<ChangeAnswer>,
}

/// A level that has been reached and begins later.
#[derive(Debug, Serialize)]
struct NextLevel {
    level: String,
    from: String,
}

/// How far it is to the level above.
#[derive(Debug, Serialize)]
struct ProgressAnswer {
    level: String,
    label: String,
    /// All of any one of these.
    needs: Vec<Vec<NeedAnswer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
}

#[derive(Debug, Serialize)]
struct NeedAnswer {
    measure: String,
    has: NumberAnswer,
    wants: NumberAnswer,
}

#[derive(Debug, Serialize)]
struct ChangeAnswer {
    at: String,
    from: String,
    to: String,
    begins: String,
    until: Option<String>,
    event: Option<Arc<str>>,
}

/// A change of a level, in a row of its own among the entries of the ledger.
#[derive(Debug, Serialize)]
pub struct LevelAnswer {
    account: String,
    tier: String,
    #[serde(flatten)]
    change: ChangeAnswer,
    /// Of the level reached, kept or fallen to.
    label: String,
    digest: String,
}

/// What a measure says: a number, or one for each choice.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum MeasureAnswer {
    One(NumberAnswer),
    ByChoice(IndexMap<String, NumberAnswer>),
}

/// A whole number as it is, another as text, exactly; money in minor units.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum NumberAnswer {
    Whole(i64),
    Exact(String),
}

impl NumberAnswer {
    fn new(number: &Number) -> NumberAnswer {
        NumberAnswer::of(number.exact)
    }

    /// The published form of an exact number.
    pub fn of(exact: Ratio) -> NumberAnswer {
        match exact.floor_points().ok().filter(|whole| Ratio::whole(*whole) == exact) {
            Some(whole) => NumberAnswer::Whole(whole),
            None => NumberAnswer::Exact(exact.to_string()),
        }
    }
}

impl MeasureAnswer {
    /// The published form of what a measure says.
    pub fn new(statement: &MeasureStatement) -> MeasureAnswer {
        let numbers = statement.numbers.iter();
        let mut numbers = numbers.map(|(choice, number)| (choice.clone(), NumberAnswer::new(number)));
        match statement.by_choice {
            true => MeasureAnswer::ByChoice(numbers.collect()),
            false => MeasureAnswer::One(numbers.next().map_or(NumberAnswer::Whole(0), |(_, number)| number)),
        }
    }
}

impl TierAnswer {
    /// The published form of a level, with its history.
    pub fn new(policy: &Policy, tier: &TierStatement, changes: &[&LevelChange]) -> TierAnswer {
        let next = tier.next.as_ref();
        TierAnswer {
            level: tier.level.clone(),
            label: tier.label.clone(),
            since: tier.since.map(|at| policy.show_instant(at)),
            until: tier.until.map(|at| policy.show_instant(at)),
            next: next
                .map(|(level, _, from)| NextLevel { level: level.clone(), from: policy.show_instant(*from) }),
            progress: tier.progress.as_ref().map(ProgressAnswer::new),
            history: changes.iter().map(|change| ChangeAnswer::new(policy, change)).collect(),
        }
    }
}

impl ProgressAnswer {
    fn new(progress: &Progress) -> ProgressAnswer {
        let need = |need: &Need| NeedAnswer {
            measure: need.measure.clone(),
            has: NumberAnswer::new(&need.has),
            wants: NumberAnswer::new(&need.wants),
        };
        ProgressAnswer {
            level: progress.level.clone(),
            label: progress.label.clone(),
            needs: progress.ways.iter().map(|way| way.iter().map(need).collect()).collect(),
            condition: progress.condition.clone(),
        }
    }
}

impl LevelAnswer {
    /// The published form of a change of a level of `account`.
    pub fn new(policy: &Policy, account: &Account, change: &LevelChange) -> LevelAnswer {
        let tier = policy.tiers.try_get(change.tier);
        let level = tier.and_then(|tier| tier.levels.get(change.to));
        LevelAnswer {
            account: account.id().to_owned(),
            tier: tier.map_or_else(String::new, |tier| tier.name.clone()),
            change: ChangeAnswer::new(policy, change),
            label: level.map_or_else(String::new, |level| level.label.clone()),
            digest: policy.digest().to_owned(),
        }
    }
}

impl ChangeAnswer {
    fn new(policy: &Policy, change: &LevelChange) -> ChangeAnswer {
        let name = |level: usize| {
            let level = policy.tiers.try_get(change.tier).and_then(|tier| tier.levels.get(level));
            level.map_or_else(String::new, |level| level.name.clone())
        };
        ChangeAnswer {
            at: policy.show_instant(change.at),
            from: name(change.from),
            to: name(change.to),
            begins: policy.show_instant(change.begins),
            until: change.until.map(|at| policy.show_instant(at)),
            event: change.event.clone(),
        }
    }
}
