//! Forbidden operations: each of the three is forbidden or allowed by a move, never both and never neither.

use super::clauses::missing_clause;
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::versions::{Group, days};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Forbid, ForbidId, IdVec, Move, MoveId, MoveTo, Rule, Version};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Kind, MoveTarget, Operation};

const OPERATIONS: [Operation; 3] =
    [Operation::TransferToAccount, Operation::TransferToProgram, Operation::CashOut];

fn words(operation: Operation) -> &'static str {
    match operation {
        Operation::TransferToAccount => "transfer to account",
        Operation::TransferToProgram => "transfer to program",
        Operation::CashOut => "cash out",
    }
}

/// Checks the forbid rules.
pub(super) fn forbids<'a>(
    scope: &Scope<'a>,
    groups: &IdVec<ForbidId, Group<'a>>,
    moves: &IdVec<MoveId, Rule<Move>>,
    program: Span,
) -> IdVec<ForbidId, Rule<Forbid>> {
    let rules = rules(scope, groups, forbid);
    let versions: Vec<&Version<Forbid>> = rules.iter().flat_map(|rule| &rule.versions).collect();
    report_twice(scope, &versions);
    report_allowed(scope, &versions, moves);
    if !scope.has_unreadable_items()
        && !groups.iter().any(|group| group.versions.iter().any(|v| v.declaration.broken))
    {
        report_silent(scope, &versions, groups, program);
    }
    rules
}

fn forbid(draft: &Draft<'_, '_>) -> Option<Forbid> {
    let operations: Vec<(Operation, Span)> = draft
        .clauses
        .iter()
        .filter_map(|clause| match clause.kind {
            ClauseKind::Operation(operation) => Some((operation, clause.span)),
            _ => None,
        })
        .collect();
    if operations.is_empty() {
        let line = "`transfer to account`, `transfer to program` or `cash out`";
        missing_clause(draft.scope, draft.declaration, "what it forbids", line);
        return None;
    }
    Some(Forbid { operations })
}

fn report_twice(scope: &Scope<'_>, versions: &[&Version<Forbid>]) {
    let mut seen: Vec<(Operation, Span, super::domain::Domain)> = Vec::new();
    for version in versions {
        let here = days(&version.window);
        for (operation, span) in &version.body.operations {
            let clash = seen
                .iter()
                .find(|(other, _, there)| other == operation && !there.intersection(&here).is_empty());
            if let Some((_, first, _)) = clash {
                let message = format!("`{}` is forbidden twice on one day", words(*operation));
                scope.report(
                    Diagnostic::new(Code::OperationTwice, *span, message)
                        .with_label("the second")
                        .with_place(*first, "the first")
                        .with_help("keep one of them: a refusal cites one rule"),
                );
            }
            seen.push((*operation, *span, here.clone()));
        }
    }
}

/// The operation that a move allows.
fn allowed(a_move: &Move) -> Option<Operation> {
    match a_move.to {
        MoveTo::Account => Some(Operation::TransferToAccount),
        MoveTo::Program(_) => Some(Operation::TransferToProgram),
        MoveTo::Cash => Some(Operation::CashOut),
        MoveTo::Pool(_) => None,
    }
}

/// Reports an operation that is forbidden and allowed on one day.
fn report_allowed(scope: &Scope<'_>, versions: &[&Version<Forbid>], moves: &IdVec<MoveId, Rule<Move>>) {
    for version in versions {
        for (operation, span) in &version.body.operations {
            let here = days(&version.window);
            let allows = |a_move: &&Version<Move>| {
                allowed(&a_move.body) == Some(*operation)
                    && !days(&a_move.window).intersection(&here).is_empty()
            };
            if let Some(first) = moves.iter().flat_map(|rule| &rule.versions).find(allows) {
                let message = format!("`{}` is forbidden and allowed on one day", words(*operation));
                scope.report(
                    Diagnostic::new(Code::OperationTwice, *span, message)
                        .with_label("forbidden")
                        .with_place(first.body.span, "allowed")
                        .with_help(
                            "keep one of them, or give them windows (`from`, `until`) that do not meet",
                        ),
                );
            }
        }
    }
}

fn report_silent(
    scope: &Scope<'_>,
    versions: &[&Version<Forbid>],
    groups: &IdVec<ForbidId, Group<'_>>,
    program: Span,
) {
    // A move that is wrong has been reported, and was meant to allow something.
    let clauses = scope.declared(Kind::Move).flat_map(|declaration| &declaration.clauses);
    let moved: Vec<Operation> = clauses
        .filter_map(|clause| match &clause.kind {
            ClauseKind::MoveTo { to: MoveTarget::Account, .. } => Some(Operation::TransferToAccount),
            ClauseKind::MoveTo { to: MoveTarget::Program(_), .. } => Some(Operation::TransferToProgram),
            ClauseKind::MoveTo { to: MoveTarget::Cash, .. } => Some(Operation::CashOut),
            _ => None,
        })
        .collect();
    let named = |operation: &Operation| {
        moved.contains(operation)
            || versions.iter().any(|v| v.body.operations.iter().any(|(o, _)| o == operation))
    };
    let silent: Vec<&str> = OPERATIONS.into_iter().filter(|o| !named(o)).map(words).collect();
    let empty = groups.iter().flat_map(|g| &g.versions).any(|v| v.declaration.clauses.is_empty());
    if silent.is_empty() || empty {
        return;
    }
    let span =
        groups.iter().next().and_then(|group| group.versions.first()).map_or(program, |v| v.declaration.head);
    let message =
        format!("the policy does not say whether {} is allowed", super::words::listed(&silent, "or"));
    let lines = silent.join("`, `");
    let mut help = match groups.is_empty() {
        true => format!("add `forbid moving_points \"…\" {{ … }}` with the lines `{lines}`"),
        false => format!("add the line `{lines}` to a `forbid`"),
    };
    help += ", or declare a `move` that allows it";
    scope.report(Diagnostic::new(Code::MissingChoice, span, message).with_help(help));
}
