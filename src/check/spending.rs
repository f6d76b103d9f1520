//! In which order pools pay: `spend before` settles it for every payment, without circles.

use super::scope::Scope;
use super::versions::Group;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{IdVec, Pool, PoolId};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Name};

/// Checks the order over all pools.
pub(super) fn check(scope: &Scope<'_>, pools: &IdVec<PoolId, Pool>) {
    let before: IdVec<PoolId, Vec<PoolId>> = pools
        .iter()
        .map(|pool| pool.versions.iter().flat_map(|version| version.body.before.iter().copied()).collect())
        .collect();
    for (id, pool) in pools.iter_enumerated() {
        let later = reachable(&before, id);
        if later.contains(&id) {
            report_circle(scope, id, &before);
            return;
        }
        for other in &later {
            check_kind(scope, (id, pool), (*other, &pools[*other]));
        }
    }
    for last in pools.ids() {
        let payers: Vec<PoolId> = pools.ids().filter(|id| reachable(&before, *id).contains(&last)).collect();
        for (i, first) in payers.iter().enumerate() {
            for second in payers.iter().skip(i + 1) {
                let settled = reachable(&before, *first).contains(second)
                    || reachable(&before, *second).contains(first);
                if !settled {
                    report_open(scope, last, *first, *second);
                    return;
                }
            }
        }
    }
}

/// Every pool that is spent after `id`, directly or not.
fn reachable(before: &IdVec<PoolId, Vec<PoolId>>, id: PoolId) -> Vec<PoolId> {
    let mut found: Vec<PoolId> = Vec::new();
    let mut open: Vec<PoolId> = before[id].clone();
    while let Some(next) = open.pop() {
        if !found.contains(&next) {
            found.push(next);
            open.extend(before[next].iter().copied());
        }
    }
    found
}

fn name<'s>(scope: &'s Scope<'_>, id: PoolId) -> &'s str {
    scope.pools[id].name
}

fn clause<'a>(group: Option<&Group<'a>>, fits: impl Fn(&Name) -> bool) -> Span {
    let clauses = group.into_iter().flat_map(|g| &g.versions).flat_map(|v| &v.declaration.clauses);
    let mut found = clauses.filter_map(|clause| match &clause.kind {
        ClauseKind::SpendBefore(name) if fits(name) => Some(clause.span),
        _ => None,
    });
    found.next().unwrap_or_default()
}

fn report_circle(scope: &Scope<'_>, id: PoolId, before: &IdVec<PoolId, Vec<PoolId>>) {
    let next = before[id].iter().find(|next| **next == id || reachable(before, **next).contains(&id));
    let next = next.map_or("", |next| name(scope, *next));
    let own = name(scope, id);
    let span = clause(scope.pools.try_get(id), |name| name.text == next);
    let message = match next == own {
        true => format!("`{own}` would be spent before itself"),
        false => format!("`{own}` is spent before `{next}`, and `{next}` before `{own}`"),
    };
    let report = Diagnostic::new(Code::ReferenceCycle, span, message);
    scope.report(report.with_help("leave one of the lines out"));
}

/// Points that pay together count in one unit and are worth the same.
fn check_kind(scope: &Scope<'_>, (id, pool): (PoolId, &Pool), (other, last): (PoolId, &Pool)) {
    let terms = |pool: &Pool| pool.versions.first().map(|v| (v.body.unit.clone(), v.body.worth));
    let (Some(a), Some(b)) = (terms(pool), terms(last)) else { return };
    if a != b {
        let (own, other) = (name(scope, id), name(scope, other));
        let span = clause(scope.pools.try_get(id), |_| true);
        let message = format!("`{own}` and `{other}` cannot pay together: their units or worth differ");
        let help = "pools that are spent one before the other count in one `unit` of one `worth`";
        scope.report(Diagnostic::new(Code::TypeMismatch, span, message).with_help(help));
    }
}

fn report_open(scope: &Scope<'_>, last: PoolId, first: PoolId, second: PoolId) {
    let (a, b) = (name(scope, first), name(scope, second));
    let message = format!(
        "{} are both spent before `{}`, and neither before the other",
        words::listed(&[a, b], "and"),
        name(scope, last)
    );
    let span = clause(scope.pools.try_get(second), |_| true);
    let help = format!("add `spend before {b}` to the pool `{a}`, or the other way round");
    scope.report(
        Diagnostic::new(Code::MissingChoice, span, message)
            .with_place(clause(scope.pools.try_get(first), |_| true), format!("`{a}`"))
            .with_help(help),
    );
}
