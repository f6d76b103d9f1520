//! Which measures an expression reads, by way of values too.

use super::readings;
use super::scope::Scope;
use crate::policy::MeasureId;
use crate::source::Span;
use crate::syntax::ast::{self, Amount, Clause, ClauseKind, Declaration, Expr, ExprKind, Kind, LimitScope};

/// One reading of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub measure: MeasureId,
    pub in_all: bool,
    /// Where it stands, or where the value that reads it does.
    pub span: Span,
}

/// What an expression reads.
pub(super) fn measures(scope: &Scope<'_>, expr: &Expr) -> Vec<Reading> {
    let mut found = Vec::new();
    collect(scope, expr, None, &mut found, 0);
    found
}

/// What the clauses of a declaration read.
pub(super) fn in_declaration(scope: &Scope<'_>, declaration: &Declaration) -> Vec<Reading> {
    let mut found = Vec::new();
    for clause in &declaration.clauses {
        in_clause(scope, clause, None, &mut found, 0);
    }
    found
}

fn in_clause(scope: &Scope<'_>, clause: &Clause, at: Option<Span>, found: &mut Vec<Reading>, depth: usize) {
    let mut take = |expr: &Expr| collect(scope, expr, at, found, depth);
    match &clause.kind {
        ClauseKind::By(expr) | ClauseKind::Case { value: expr, .. } | ClauseKind::When(expr) => take(expr),
        ClauseKind::Counts { what: ast::Counted::Amount(expr), .. } => take(expr),
        ClauseKind::AtMost { limit, per: LimitScope::Piece(_) | LimitScope::Each } => take(limit),
        ClauseKind::AtMostShare { rate, .. } => take(rate),
        ClauseKind::AtLeast(expr) => take(expr),
        ClauseKind::Pays { money, per, .. } => {
            take(money);
            per.iter().for_each(take);
        }
        ClauseKind::Reward { price: ast::RewardPrice::Points(price), .. } => take(price),
        ClauseKind::OnFirst { amount, .. } => take(amount),
        ClauseKind::Gives(gives) => match &gives.amount {
            Amount::Share { rate, .. } => take(rate),
            Amount::OfRule { factor, .. } => take(factor),
            Amount::Per { points, step, .. } => {
                take(points);
                take(step);
            }
            Amount::Fixed { points } => take(points),
        },
        _ => {}
    }
}

/// `at` is where a value is read that reads the measure in its turn.
fn collect(scope: &Scope<'_>, expr: &Expr, at: Option<Span>, found: &mut Vec<Reading>, depth: usize) {
    // Values that refer to each other in a circle have been reported.
    if depth > 32 {
        return;
    }
    match &expr.kind {
        ExprKind::Measure { name, in_all, .. } => {
            if let Some(measure) = scope.muted(|| readings::resolve(scope, name)) {
                found.push(Reading { measure, in_all: *in_all, span: at.unwrap_or(expr.span) });
            }
        }
        ExprKind::Path(path) if path.subject.is_none() => {
            let values = scope.declared(Kind::Value).filter(|value| value.name.text == path.name.text);
            for clause in values.flat_map(|value| &value.clauses) {
                in_clause(scope, clause, at.or(Some(expr.span)), found, depth + 1);
            }
        }
        ExprKind::Arithmetic(left, _, right) | ExprKind::Compare(left, _, right) => {
            collect(scope, left, at, found, depth);
            collect(scope, right, at, found, depth);
        }
        ExprKind::In { item, list, .. } => {
            collect(scope, item, at, found, depth);
            list.iter().for_each(|expr| collect(scope, expr, at, found, depth));
        }
        ExprKind::Not(inner) => collect(scope, inner, at, found, depth),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            parts.iter().for_each(|part| collect(scope, part, at, found, depth));
        }
        _ => {}
    }
}
