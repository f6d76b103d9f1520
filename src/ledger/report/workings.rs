//! How points came about: for each order, declared event and ended period, what each rule gave exactly, rounded, and
//! after limits, and what it read of values, levels and measures. As the account stands now.

use jiff::Timestamp;
use std::sync::Arc;

use super::super::account::Account;
use super::super::books::case::{Case, CaseLine, LineId};
use super::arithmetic::{Step, steps};
use super::standing::choice;
use crate::eval::context::Context;
use crate::eval::context_of;
use crate::eval::earn::limit_text;
use crate::eval::net::Net;
use crate::policy::Policy;
use crate::policy::reads::{MeasureRead, Reads};
use crate::policy::{EarnId, PoolId, Quantity, Unit, ValueBody, ValueId};
use crate::value::Ratio;

/// What one rule does on one order, event or period.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Working {
    /// The order's number, the event's id, or `until DATE` for a period.
    pub order: Arc<str>,
    /// When it happened.
    pub at: Timestamp,
    /// The rule.
    pub rule: String,
    /// The pool.
    pub pool: PoolId,
    /// Before rounding.
    pub exact: Ratio,
    /// After rounding.
    pub rounded: i64,
    /// After limits and groups: what it gives.
    pub given: i64,
    /// The limit that cut it last, as it is written.
    pub limit: Option<String>,
    /// How the exact points came about, by line with the operands; empty where that cannot be told in one line each.
    pub steps: Vec<Step>,
    /// Points given by line, for lines that got any.
    pub lines: Vec<(String, i64)>,
    /// What it reads, with what that said: `star_rate` and `1.2`.
    pub reads: Vec<(String, String)>,
}

impl Account {
    /// How the points of the account's orders, events and periods came about, oldest first.
    pub fn workings(&self, policy: &Policy) -> Vec<Working> {
        self.books.cases.iter().flat_map(|(_, case)| of_case(policy, &case)).collect()
    }
}

fn of_case(policy: &Policy, case: &Case) -> Vec<Working> {
    let mut found = Vec::new();
    for total in case.totals.iter().filter(|total| !total.exact.is_zero()) {
        let Some(declared) = policy.earns.try_get(total.rule) else { continue };
        let Some(version) = declared.at(case.at) else { continue };
        let mut read = Reads::at(policy, case.at);
        read.earn(&version.body);
        let net = case.net(false).ok();
        let mut shown = Vec::new();
        for tier in read.tiers() {
            let level = case.known.levels.try_get(tier).copied().unwrap_or(0);
            if let Some(tier) = policy.tiers.try_get(tier) {
                let level = tier.levels.get(level).map_or_else(String::new, |level| level.name.clone());
                shown.push((tier.name.clone(), level));
            }
        }
        let values = read.values().filter_map(|id| value(policy, case, net.as_ref(), id));
        shown.extend(values);
        shown.extend(read.measures().filter_map(|read| measure(policy, case, read)));
        found.push(Working {
            order: case.number.clone(),
            at: case.happened,
            rule: declared.name.clone(),
            pool: version.body.pool,
            exact: total.exact,
            rounded: total.rounded,
            given: total.given,
            limit: total.cut.and_then(|key| limit_text(policy, key, case.at)).map(str::to_owned),
            steps: steps(policy, case, &version.body, total),
            lines: given(case, total.rule),
            reads: shown,
        });
    }
    found
}

/// Points of a rule by line, of those that got any.
fn given(case: &Case, rule: EarnId) -> Vec<(String, i64)> {
    let of = |(id, line): (LineId, &CaseLine)| {
        let earned = line.earned.iter().find(|earned| earned.rule == rule && earned.points > 0)?;
        Some((case.line_id(id).to_owned(), earned.points))
    };
    case.lines.iter_enumerated().filter_map(of).collect()
}

/// A value with what it says here; none where it differs from line to line, or is a list.
fn value(policy: &Policy, case: &Case, net: Option<&Net<'_>>, id: ValueId) -> Option<(String, String)> {
    let declared = policy.values.try_get(id)?;
    let context = context_of(policy, case.at, &case.member, &case.known);
    let said = |index: usize| {
        let net = net?;
        let context = Context { order: Some(net), ..context }.at_line(net, index);
        match (context.value(id).ok()?, declared.unit) {
            (ValueBody::YesNo(yes), _) => Some(if *yes { "yes" } else { "no" }.to_owned()),
            (_, Some(unit)) => {
                Some(context.show(context.quantity(&Quantity::Value(id)).ok()?, without_points(unit)))
            }
            _ => None,
        }
    };
    let first = said(0)?;
    let alike = (1..case.lines.len()).all(|index| said(index).as_ref() == Some(&first));
    alike.then(|| (declared.name.clone(), first))
}

fn measure(policy: &Policy, case: &Case, read: MeasureRead) -> Option<(String, String)> {
    let declared = policy.measures.try_get(read.measure)?;
    let counts = if read.in_all { &case.known.in_all } else { &case.known.so_far };
    let number = counts.try_get(read.measure)?.get(read.key.unwrap_or(0)).copied()?;
    let context = context_of(policy, case.at, &case.member, &case.known);
    let key = read.key.map(|key| choice(policy, declared, key)).filter(|choice| !choice.is_empty());
    let of = key.map_or_else(String::new, |key| format!(" of {key}"));
    let when = if read.in_all { "in all" } else { "so far" };
    Some((format!("{}{of} {when}", declared.name), context.show(number, without_points(declared.unit))))
}

/// Points may be of any pool, so they go without a word.
fn without_points(unit: Unit) -> Unit {
    if unit == Unit::Points { Unit::Count } else { unit }
}
