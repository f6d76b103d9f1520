//! Badges: where each shows, and on which listings.

use super::clauses::missing_clause;
use super::expr::Place;
use super::rules::Draft;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Badge, Condition, Test};
use crate::syntax::ast::{ClauseKind, Name};

/// Checks one version of a badge. A filter is one more condition on the listing's category.
pub(super) fn badge(draft: &Draft<'_, '_>) -> Option<Badge> {
    let shown = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::ShownIn(places) => Some(places),
        _ => None,
    });
    if shown.is_none() {
        let line = "`shown in search_results, detail_page`";
        missing_clause(draft.scope, draft.declaration, "where it is shown", line);
    }
    let shown_in = shown.map(|places| places_of(draft.scope, places));
    let (filters, conditions) = draft.guards(Place::Badge)?;
    let filters = filters.into_iter().map(|filter| Condition {
        test: Test::CategoryIn { passes: filter.passes },
        text: filter.text,
        span: filter.span,
    });
    Some(Badge { shown_in: shown_in?, conditions: filters.chain(conditions).collect() })
}

fn places_of(scope: &Scope<'_>, places: &[Name]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for place in places {
        if kept.contains(&place.text) {
            let message = format!("`{}` is listed twice", place.text);
            let report = Diagnostic::new(Code::DuplicateName, place.span, message);
            scope.report(report.with_help("leave one of them out"));
        } else {
            kept.push(place.text.clone());
        }
    }
    kept
}
