//! Tree to checked policy. Names are resolved, units and types agree, every choice that a policy may not
//! leave silent is made, dates fit. Only this stage can build a [`Policy`], so nothing unchecked is ever run.
//!
//! The steps, each reading the tables that the earlier ones filled in the scope:
//!
//! 1. the `program` (currency and zone), the tree of categories, the units of the pools;
//! 2. events, facts, then values, measures and tiers, and the names of pools, earn rules and badges: all that an
//!    expression may name;
//! 3. what these are in full: tables, measures, tiers;
//! 4. the rules, version by version: pool, earn, group, redeem, move, forbid, badge;
//! 5. what only the whole policy shows: gaps, circles, rates that add up to the price, what nothing reads.
//!
//! A step reports and goes on: what is declared wrongly still binds its name, so one mistake is told once.

mod badge;
mod base;
mod built_in;
mod categories;
mod circles;
mod clauses;
mod compare;
mod condition;
mod constant;
mod counters;
mod domain;
mod earn;
mod events;
mod expiry;
mod expr;
mod facts;
mod forbid;
mod graph;
mod groups;
mod lengths;
mod limits;
mod lists;
mod logic;
mod measures;
mod mentions;
mod moments;
mod moves;
mod names;
mod needs;
mod pending;
mod periods;
mod pool;
mod program;
mod ranges;
mod readings;
mod redeem;
mod rewards;
mod rules;
mod scope;
mod settling;
mod spending;
mod stages;
mod tables;
#[cfg(test)]
mod tests;
mod tiers;
mod unused;
mod values;
mod versions;
mod waits;
mod words;

pub use crate::policy::Policy;

use self::needs::Needs;
use self::program::Program;
use self::scope::Scope;
use crate::diagnostic::{self, Diagnostic, Mistakes, has_errors};
use crate::policy::{
    self, Badge, BadgeId, Earn, EarnId, Forbid, ForbidId, GroupId, IdVec, Measure, MeasureId, Move, MoveId,
    Pool, PoolId, Redeem, RedeemId, Rule, Tier, TierId,
};
use crate::source::{Source, Span};
use crate::syntax::ast::{File, Kind};
use crate::value::Calendar;

/// A policy, if it may run, and everything that was said about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// What was read: the policy file and those that it uses. The diagnostics point into it.
    pub source: Source,
    /// The policy; None where any diagnostic is an error.
    pub policy: Option<Policy>,
    /// Errors and warnings in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// The policy, or all that is wrong with it as one error. What there is to warn of stands in `diagnostics`.
    pub fn into_policy(self) -> Result<Policy, Mistakes> {
        self.policy.ok_or_else(|| Mistakes::new(self.source, self.diagnostics))
    }
}

/// Reads and checks a policy that is one text. A `use` in it is an error: the text stands alone.
pub fn load(source: &Source) -> Checked {
    load_with(source, &mut |_| Err("this text is read alone, without the files beside it".to_owned()))
}

/// Reads and checks a policy and all files that it brings in by `use`. `read` gives the text of a file by its path, or
/// says in a few words why it cannot; which files may be read is its choice.
///
/// ```
/// use meed::{Source, load_with};
///
/// let main = Source::new("programmes/card.meed", "use \"shared/program.meed\"");
/// let checked = load_with(&main, &mut |path| match path {
///     "programmes/shared/program.meed" => Ok("program card \"Card\" { currency JPY }".to_owned()),
///     _ => Err("there is no such file".to_owned()),
/// });
/// assert!(checked.source.files().any(|(name, _)| name == "programmes/shared/program.meed"));
/// ```
pub fn load_with(source: &Source, read: &mut dyn FnMut(&str) -> Result<String, String>) -> Checked {
    let (source, missing) = crate::syntax::gather(source, read);
    let parsed = crate::syntax::parse(&source);
    if !missing.is_empty() {
        // What is not there would only be reported as unknown names.
        let mut diagnostics = [missing, parsed.diagnostics].concat();
        diagnostic::sort(&mut diagnostics);
        return Checked { source, policy: None, diagnostics };
    }
    let mut checked = check(&source, &parsed.file);
    checked.diagnostics.extend(parsed.diagnostics);
    diagnostic::sort(&mut checked.diagnostics);
    checked.policy = checked.policy.filter(|_| !has_errors(&checked.diagnostics));
    checked
}

/// Checks a tree.
pub fn check(source: &Source, file: &File) -> Checked {
    let mut scope = Scope::new(source, file);
    let program = program::program(&scope);
    scope.currency = program.currency;
    scope.zone = program.zone.clone();
    scope.missing_day = program.missing_day.unwrap_or(scope.missing_day);
    scope.categories = categories::categories(&scope);
    scope.units = pool::units(&scope);
    scope.events = events::events(&scope);
    scope.facts = facts::facts(&scope);
    events::check_categories(&scope, &scope.facts);
    scope.values = values::values(&scope);
    scope.measures = measures::entries(&scope);
    scope.tiers = tiers::entries(&scope);
    scope.pools = versions::group(&scope, Kind::Pool);
    scope.earns = versions::group(&scope, Kind::Earn);
    scope.badges = versions::group(&scope, Kind::Badge);
    names::check(&scope);
    let tables = tables::lower(&scope);
    values::fill_tables(&mut scope.values, tables);
    let rules = Rules::check(&scope);
    values::check_gaps(&scope);
    if !scope.has_errors() {
        ranges::check_full_price(&scope, &rules.earns, &rules.groups, &rules.pools);
    }
    unused::check(&scope);
    for value in scope.values.iter().filter(|value| value.kind.is_none()) {
        value.group.versions.iter().for_each(|version| scope.note_unread(version.declaration.head));
    }
    if !scope.has_errors() {
        scope.report_unread();
    }
    let may_run = !scope.has_errors();
    finish(source, scope, program, rules, may_run)
}

/// All rules, lowered as far as they are sound.
struct Rules {
    measures: IdVec<MeasureId, Measure>,
    tiers: IdVec<TierId, Tier>,
    pools: IdVec<PoolId, Pool>,
    earns: IdVec<EarnId, Rule<Earn>>,
    earn_order: Vec<EarnId>,
    groups: IdVec<GroupId, Rule<policy::Group>>,
    redeems: IdVec<RedeemId, Rule<Redeem>>,
    moves: IdVec<MoveId, Rule<Move>>,
    forbids: IdVec<ForbidId, Rule<Forbid>>,
    badges: IdVec<BadgeId, Rule<Badge>>,
}

impl Rules {
    fn check(scope: &Scope<'_>) -> Rules {
        let groups = versions::group(scope, Kind::Group);
        let moves = versions::group(scope, Kind::Move);
        let redeems = versions::group(scope, Kind::Redeem);
        let forbids = versions::group(scope, Kind::Forbid);
        rules::report_shared_names(
            scope,
            &[
                scope.earns.as_slice(),
                groups.as_slice(),
                redeems.as_slice(),
                moves.as_slice(),
                forbids.as_slice(),
            ],
        );
        let program = scope.declared(Kind::Program).next().map_or(Span::default(), |program| program.head);
        let measures = measures::measures(scope);
        let tiers = tiers::tiers(scope);
        let pools = pool::pools(scope);
        let earns = rules::rules(scope, &scope.earns, earn::earn);
        let groups = groups::groups(scope, &groups, &earns);
        let found = needs::Rules { earns: &earns, groups: &groups, measures: &measures };
        let needs = Needs::new(scope, found);
        let earn_order = stages::check(scope, found, &needs);
        let moves = moves::moves(scope, &moves);
        circles::check(scope, &moves, &pools);
        if !scope.has_errors() {
            waits::check_pending(scope, found, &pools, &needs);
            waits::check_campaigns(scope, &earns, &groups);
        }
        Rules {
            measures,
            tiers,
            pools,
            earns,
            earn_order,
            groups,
            redeems: redeem::redeems(scope, &redeems),
            forbids: forbid::forbids(scope, &forbids, &moves, program),
            moves,
            badges: rules::rules(scope, &scope.badges, badge::badge),
        }
    }
}

fn finish(
    source: &Source,
    mut scope: Scope<'_>,
    program: Program,
    mut rules: Rules,
    may_run: bool,
) -> Checked {
    let categories = std::mem::take(&mut scope.categories).list;
    let events = events::into_events(&scope);
    let facts = std::mem::take(&mut scope.facts).into_facts(events.len());
    let values = values::into_values(std::mem::take(&mut scope.values));
    let limits = counters::number(&mut rules);
    let diagnostics = scope.into_reports();
    let policy = || {
        Some(Policy {
            source: source.clone(),
            digest: digest(source.text()),
            meaning_digest: digest(&crate::syntax::said(source)),
            name: program.name,
            statement: program.statement.unwrap_or_else(|| program.label.clone()),
            label: program.label,
            currency: program.currency?,
            calendar: Calendar { zone: program.zone?, missing_day: program.missing_day? },
            deadlines: program.deadlines?,
            categories,
            facts,
            events,
            values,
            measures: rules.measures,
            tiers: rules.tiers,
            pools: rules.pools,
            earns: rules.earns,
            earn_order: rules.earn_order,
            groups: rules.groups,
            moves: rules.moves,
            redeems: rules.redeems,
            forbids: rules.forbids,
            badges: rules.badges,
            limits,
        })
    };
    Checked { source: source.clone(), policy: may_run.then(policy).flatten(), diagnostics }
}

/// `sha256:` and the digest of a text.
fn digest(text: &str) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(text.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
