//! Names that data takes from the policy: pools, rules, rewards, marks. Each is refused with the nearest that the policy
//! declares.

use super::Reader;
use super::fields::Fields;
use super::path::{Path, shown};
use super::scalar;
use super::value::Node;
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

    /// The place of `word` among the names that the policy declares.
    pub fn find(self, known: &[&str], word: &str, path: &Path<'_>) -> Result<usize, Refusal> {
        if let Some(index) = known.iter().position(|name| *name == word) {
            return Ok(index);
        }
        let (one, several) = self.words();
        let help = match suggest::nearest(word, known.iter().copied()) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None if known.is_empty() => format!("; it declares no {several}"),
            None => format!("; its {several} are {}", known.join(", ")),
        };
        let message = format!("the policy declares no {one} \"{}\"{help}", shown(word));
        Err(path.refuse(self.code(), message))
    }
}

impl Reader<'_> {
    /// The pool that an event names; it may leave it out where there is one only.
    pub(super) fn pool(&self, fields: &Fields<'_>) -> Result<PoolId, Refusal> {
        let names: Vec<&str> = self.policy.pools.iter().map(|pool| pool.name.as_str()).collect();
        let pool = fields.optional("pool", |node, path| {
            let word = scalar::name(node, path)?;
            Named::Pool.find(&names, word, path)
        })?;
        match pool {
            Some(pool) => Ok(PoolId::new(pool)),
            None if names.len() == 1 => Ok(PoolId::new(0)),
            None => {
                let message = format!("`pool` is missing: give one of {}", names.join(", "));
                Err(fields.path.field("pool").refuse(RefusalCode::MissingField, message))
            }
        }
    }

    /// A move of the policy.
    pub(super) fn move_rule(&self, node: &Node, path: &Path<'_>) -> Result<MoveId, Refusal> {
        let names: Vec<&str> = self.policy.moves.iter().map(|rule| rule.name.as_str()).collect();
        Named::Move.find(&names, scalar::name(node, path)?, path).map(MoveId::new)
    }

    /// A reward that some redeem rule declares, perhaps none in force.
    pub(super) fn reward<'n>(&self, node: &'n Node, path: &Path<'_>) -> Result<&'n str, Refusal> {
        let versions = self.policy.redeems.iter().flat_map(|rule| &rule.versions);
        let rewards = versions.flat_map(|version| &version.body.rewards);
        let word = scalar::name(node, path)?;
        Named::Reward.find(&unique(rewards.map(|reward| reward.name.as_str())), word, path)?;
        Ok(word)
    }

    /// A mark that some declared event has.
    pub(super) fn mark<'n>(&self, node: &'n Node, path: &Path<'_>) -> Result<&'n str, Refusal> {
        let marks = self.policy.events.iter().flat_map(|event| &event.marks);
        let word = scalar::name(node, path)?;
        Named::Mark.find(&unique(marks.map(String::as_str)), word, path)?;
        Ok(word)
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
