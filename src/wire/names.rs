//! Names that data takes from the policy: pools, rules, rewards, marks. Each is refused with the nearest that the policy
//! declares.

use super::Reader;
use super::cursor::Scalar;
use super::path::{Path, shown};
use super::scalar;
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{MoveId, PoolId};

/// What a name names.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Pool,
    Redeem,
    Move,
    Reward,
    Mark,
    Part,
}

impl Named {
    /// One, and several.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Named::Pool => ("pool", "pools"),
            Named::Redeem => ("redeem rule", "redeem rules"),
            Named::Move => ("move", "moves"),
            Named::Reward => ("reward", "rewards"),
            Named::Mark => ("mark", "marks"),
            Named::Part => ("part", "parts"),
        }
    }

    fn code(self) -> RefusalCode {
        match self {
            Named::Pool => RefusalCode::UnknownPool,
            Named::Redeem | Named::Move => RefusalCode::UnknownRule,
            Named::Reward => RefusalCode::UnknownReward,
            Named::Mark => RefusalCode::UnknownMark,
            Named::Part => RefusalCode::UnknownPart,
        }
    }

    /// The refusal of a word that is not among the names that the policy declares.
    pub fn unknown(self, known: &[&str], word: &str, path: &Path<'_>) -> Refusal {
        let (one, several) = self.words();
        let help = match suggest::nearest(word, known.iter().copied()) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None if known.is_empty() => format!("; it declares no {several}"),
            None => format!("; its {several} are {}", known.join(", ")),
        };
        let message = format!("the policy declares no {one} \"{}\"{help}", shown(word));
        path.refuse(self.code(), message)
    }

    /// The one among the `known` names that the data says, with its place.
    pub fn find<'k>(
        self,
        known: impl Iterator<Item = &'k str> + Clone,
        value: Scalar<'_>,
        path: &Path<'_>,
    ) -> Result<(usize, &'k str), Refusal> {
        let word = scalar::name(value, path)?;
        let found = known.clone().enumerate().find(|(_, name)| *name == word);
        found.ok_or_else(|| self.unknown(&unique(known), &word, path))
    }
}

impl<'p> Reader<'p> {
    /// A pool of the policy.
    pub(super) fn pool(&self, value: Scalar<'_>, path: &Path<'_>) -> Result<PoolId, Refusal> {
        let pools = self.policy.pools.iter().map(|pool| pool.name.as_str());
        Named::Pool.find(pools, value, path).map(|(pool, _)| PoolId::new(pool))
    }

    /// A move of the policy.
    pub(super) fn move_rule(&self, value: Scalar<'_>, path: &Path<'_>) -> Result<MoveId, Refusal> {
        let moves = self.policy.moves.iter().map(|rule| rule.name.as_str());
        Named::Move.find(moves, value, path).map(|(rule, _)| MoveId::new(rule))
    }

    /// A reward that some redeem rule declares, perhaps none in force.
    pub(super) fn reward(&self, value: Scalar<'_>, path: &Path<'_>) -> Result<&'p str, Refusal> {
        let versions = self.policy.redeems.iter().flat_map(|rule| &rule.versions);
        let rewards = versions.flat_map(|version| &version.body.rewards).map(|reward| reward.name.as_str());
        Named::Reward.find(rewards, value, path).map(|(_, name)| name)
    }

    /// A mark that some declared event has.
    pub(super) fn mark(&self, value: Scalar<'_>, path: &Path<'_>) -> Result<&'p str, Refusal> {
        let marks = self.policy.events.iter().flat_map(|event| &event.marks).map(String::as_str);
        Named::Mark.find(marks, value, path).map(|(_, name)| name)
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
