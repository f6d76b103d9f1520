//! The other side of an explanation: rules that gave nothing on a line, with the first condition that failed.

use std::sync::Arc;

use super::super::account::Account;
use super::super::books::case::Case;
use crate::eval::context::{Context, Fault};
use crate::eval::earn::first_failure;
use crate::eval::{RuleNot, context_of};
use crate::policy::Policy;

/// A rule that gave nothing on a line of an order or event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotGiven {
    /// The order's number, or the event's id.
    pub order: Arc<str>,
    /// The line.
    pub line: String,
    /// The rule, and why.
    pub not: RuleNot,
}

impl Account {
    /// The rules that gave nothing on an order or event of the account, line by line, by the terms that it keeps. None
    /// where there is no such order.
    pub fn not_given(&self, policy: &Policy, order: &str) -> Option<Vec<NotGiven>> {
        let books = &self.books;
        let id = books.numbers.get(order).or_else(|| books.events.get(order))?;
        let case = books.cases.get(*id);
        // What cannot be computed has been refused when the order came.
        Some(of_case(policy, &case).unwrap_or_default())
    }
}

fn of_case(policy: &Policy, case: &Case) -> Result<Vec<NotGiven>, Fault> {
    let net = case.net(false)?;
    let context = Context { order: Some(&net), ..context_of(policy, case.at, &case.member, &case.known) };
    let mut found = Vec::new();
    for (index, ordered) in case.order.lines.iter().enumerate() {
        for (id, rule) in policy.earns.iter_enumerated() {
            let Some(version) = rule.at(case.at).filter(|version| version.body.of == case.order.of) else {
                continue;
            };
            let body = &version.body;
            let gives = case.totals.iter().any(|total| total.rule == id && !total.exact.is_zero());
            let line = context.at_line(&net, index);
            let (failed, short_by) = match first_failure(&line, &body.filters, &body.conditions)? {
                _ if !net.stands(index) => ("nothing of the line is kept".to_owned(), None),
                Some(failure) => (failure.text, failure.short_by),
                None if gives => continue,
                None => ("it gives 0 points here".to_owned(), None),
            };
            let not = RuleNot { rule: rule.name.clone(), failed, short_by };
            found.push(NotGiven { order: case.number.clone(), line: ordered.id.clone(), not });
        }
    }
    Ok(found)
}
