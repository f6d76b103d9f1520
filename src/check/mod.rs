//! Tree to checked policy. Names are resolved, units and types agree, every choice that a policy may not
//! leave silent is made, dates fit. Only this stage can build a [`Policy`], so nothing unchecked is ever run.
//!
//! The steps, each reading the tables that the earlier ones filled in the scope:
//!
//! 1. the `program` (currency and zone), the tree of categories, the units of the pools;
//! 2. facts, then values, then the names of badges: all that an expression may name;
//! 3. the rules, version by version: pool, earn, redeem, forbid, badge;
//! 4. what only the whole policy shows: gaps, rates that add up to the price, what nothing reads.
//!
//! A step reports and goes on: what is declared wrongly still binds its name, so one mistake is told once.

mod badge;
mod base;
mod categories;
mod clauses;
mod compare;
mod condition;
mod constant;
mod domain;
mod earn;
mod expr;
mod facts;
mod forbid;
mod logic;
pub mod policy;
mod pool;
mod program;
mod ranges;
mod redeem;
mod rules;
mod scope;
#[cfg(test)]
mod tests;
mod unused;
mod values;
mod versions;
mod words;

pub use policy::Policy;

use self::policy::{Badge, Earn, Forbid, Redeem, Rule};
use self::program::Program;
use self::scope::Scope;
use crate::diagnostic::{self, Diagnostic, has_errors};
use crate::source::{Source, Span};
use crate::syntax::ast::{File, Kind};
use crate::value::Calendar;

/// A policy, if it may run, and everything that was said about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The policy; None where any diagnostic is an error.
    pub policy: Option<Policy>,
    /// Errors and warnings in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks a policy file.
pub fn load(source: &Source) -> Checked {
    let parsed = crate::syntax::parse(source);
    let mut checked = check(source, &parsed.file);
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
    scope.categories = categories::categories(&scope);
    scope.units = pool::units(&scope);
    scope.facts = facts::facts(&scope);
    scope.values = values::values(&scope);
    scope.badges = versions::group(&scope, Kind::Badge);
    let rules = Rules::check(&scope);
    values::check_gaps(&scope);
    if !scope.has_errors() {
        ranges::check_full_price(&scope, &rules.earns, &rules.pools);
    }
    unused::check(&scope);
    let may_run = !scope.has_errors();
    finish(source, scope, program, rules, may_run)
}

/// All rules, lowered as far as they are sound.
struct Rules {
    pools: Vec<policy::Pool>,
    earns: Vec<Rule<Earn>>,
    redeems: Vec<Rule<Redeem>>,
    forbids: Vec<Rule<Forbid>>,
    badges: Vec<Rule<Badge>>,
}

impl Rules {
    fn check(scope: &Scope<'_>) -> Rules {
        let pools = versions::group(scope, Kind::Pool);
        let earns = versions::group(scope, Kind::Earn);
        let redeems = versions::group(scope, Kind::Redeem);
        let forbids = versions::group(scope, Kind::Forbid);
        rules::report_shared_names(scope, &[&earns, &redeems, &forbids]);
        let program = scope.declared(Kind::Program).next().map_or(Span::default(), |program| program.head);
        Rules {
            pools: pool::pools(scope, &pools),
            earns: rules::rules(scope, &earns, earn::earn),
            redeems: redeem::redeems(scope, &redeems),
            forbids: forbid::forbids(scope, &forbids, program),
            badges: rules::rules(scope, &scope.badges, badge::badge),
        }
    }
}

fn finish(source: &Source, mut scope: Scope<'_>, program: Program, rules: Rules, may_run: bool) -> Checked {
    let categories = std::mem::take(&mut scope.categories).list;
    let facts = std::mem::take(&mut scope.facts).into_facts();
    let values = values::into_values(std::mem::take(&mut scope.values));
    let diagnostics = scope.into_reports();
    let policy = || {
        Some(Policy {
            source: source.clone(),
            digest: digest(source),
            name: program.name,
            statement: program.statement.unwrap_or_else(|| program.label.clone()),
            label: program.label,
            currency: program.currency?,
            calendar: Calendar { zone: program.zone?, missing_day: program.missing_day? },
            deadlines: program.deadlines?,
            categories,
            facts,
            values,
            pools: rules.pools,
            earns: rules.earns,
            redeems: rules.redeems,
            forbids: rules.forbids,
            badges: rules.badges,
        })
    };
    Checked { policy: may_run.then(policy).flatten(), diagnostics }
}

/// `sha256:` and the digest of the text.
fn digest(source: &Source) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(source.text().as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
