//! What a policy declares, for a program that shows it or offers it for choice: plain, read-only views in the order declared.

use jiff::Timestamp;

use super::{Fact, FactType, Id, IdVec, Policy, PoolId, Rule, Subject, TierId};

/// A pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolView<'p> {
    /// By which balances and entries know it.
    pub id: PoolId,
    /// Its name.
    pub name: &'p str,
    /// What one of its points is called; none where they are money.
    pub unit: Option<&'p str>,
}

/// A rule in force: its version at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleView<'p> {
    /// Its name.
    pub name: &'p str,
    /// The word that declares it: `earn`, `group`, `redeem`, `move`, `forbid`, `badge`.
    pub kind: &'static str,
    /// The version's label.
    pub label: &'p str,
    /// From when the version is in force; none without a beginning.
    pub from: Option<Timestamp>,
    /// The instant from which it no longer is; none without an end.
    pub until: Option<Timestamp>,
    /// The line that declares it, in its own file.
    pub line: usize,
}

/// A tier with its levels, the start level first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierView<'p> {
    /// By which changes of levels know it.
    pub id: TierId,
    /// Its name.
    pub name: &'p str,
    /// Its label.
    pub label: &'p str,
    /// The names and labels of its levels.
    pub levels: Vec<LevelView<'p>>,
}

/// A level of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LevelView<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its label.
    pub label: &'p str,
}

/// A reward that a redeem rule in force offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RewardView<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its label.
    pub label: &'p str,
    /// The rule that offers it.
    pub rule: &'p str,
}

/// A category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CategoryView<'p> {
    /// Its name.
    pub name: &'p str,
    /// The category above it.
    pub parent: Option<&'p str>,
}

/// A fact that data says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactView<'p> {
    /// What it is said of: `listing`, `line`, `order`, `member`, or the name of a declared event.
    pub of: &'p str,
    /// Its name.
    pub name: &'p str,
    /// The word for its type in the language: `rate`, `money`, `choice` …
    pub kind: &'static str,
    /// The words of a choice.
    pub choices: Vec<&'p str>,
    /// True where data may leave it out.
    pub has_default: bool,
}

impl Policy {
    /// Its pools.
    pub fn pools(&self) -> impl Iterator<Item = PoolView<'_>> {
        self.pools.iter_enumerated().map(|(id, pool)| PoolView {
            id,
            name: &pool.name,
            unit: self.unit_of(id),
        })
    }

    /// The rules in force at an instant, kind by kind.
    pub fn rules_at(&self, at: Timestamp) -> Vec<RuleView<'_>> {
        let mut rules = Vec::new();
        self.add_rules("earn", &self.earns, at, &mut rules);
        self.add_rules("group", &self.groups, at, &mut rules);
        self.add_rules("redeem", &self.redeems, at, &mut rules);
        self.add_rules("move", &self.moves, at, &mut rules);
        self.add_rules("forbid", &self.forbids, at, &mut rules);
        self.add_rules("badge", &self.badges, at, &mut rules);
        rules
    }

    fn add_rules<'p, I: Id, T>(
        &'p self,
        kind: &'static str,
        rules: &'p IdVec<I, Rule<T>>,
        at: Timestamp,
        found: &mut Vec<RuleView<'p>>,
    ) {
        found.extend(rules.iter().filter_map(|rule| {
            let version = rule.at(at)?;
            Some(RuleView {
                name: &rule.name,
                kind,
                label: &version.label,
                from: version.window.from,
                until: version.window.until,
                line: self.source.line(version.span),
            })
        }));
    }

    /// Its tiers.
    pub fn tiers(&self) -> impl Iterator<Item = TierView<'_>> {
        self.tiers.iter_enumerated().map(|(id, tier)| TierView {
            id,
            name: &tier.name,
            label: &tier.label,
            levels: tier
                .levels
                .iter()
                .map(|level| LevelView { name: &level.name, label: &level.label })
                .collect(),
        })
    }

    /// The rewards that are offered at an instant.
    pub fn rewards_at(&self, at: Timestamp) -> impl Iterator<Item = RewardView<'_>> {
        let in_force = self.redeems.iter().filter_map(move |rule| Some((rule, rule.at(at)?)));
        in_force.flat_map(|(rule, version)| {
            let rewards = version.body.rewards.iter();
            rewards.map(|reward| RewardView { name: &reward.name, label: &reward.label, rule: &rule.name })
        })
    }

    /// Its categories; a parent stands before its children.
    pub fn categories(&self) -> impl Iterator<Item = CategoryView<'_>> {
        self.categories.iter().map(|category| CategoryView {
            name: &category.name,
            parent: category.parent.map(|parent| self.categories[parent].name.as_str()),
        })
    }

    /// The facts that it reads, by what they are said of.
    pub fn facts(&self) -> impl Iterator<Item = FactView<'_>> {
        let built_in = Subject::BUILT_IN.into_iter().map(|subject| (subject.word(), self.facts.of(subject)));
        let events = self.events.iter_enumerated();
        let events = events.map(|(id, event)| (event.name.as_str(), self.facts.of(Subject::Event(id))));
        built_in.chain(events).flat_map(|(of, facts)| facts.iter().map(move |fact| view(of, fact)))
    }
}

fn view<'p>(of: &'p str, fact: &'p Fact) -> FactView<'p> {
    let (kind, words): (_, &[String]) = match &fact.kind {
        FactType::Rate => ("rate", &[]),
        FactType::Count => ("count", &[]),
        FactType::Quantity => ("quantity", &[]),
        FactType::Date => ("date", &[]),
        FactType::Money => ("money", &[]),
        FactType::Text => ("text", &[]),
        FactType::YesNo => ("yes/no", &[]),
        FactType::Category(_) => ("category", &[]),
        FactType::Choice(words) => ("choice", words),
    };
    FactView {
        of,
        name: &fact.name,
        kind,
        choices: words.iter().map(String::as_str).collect(),
        has_default: fact.default.is_some(),
    }
}
