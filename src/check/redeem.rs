//! Redeem rules: what a point pays, and for what.

use super::clauses::missing_clause;
use super::constant;
use super::expr::Place;
use super::policy::{Redeem, Rule, Unit};
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::versions::Group;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{ClauseKind, Path};

/// Checks the redeem rule.
pub(super) fn redeems<'a>(scope: &Scope<'a>, groups: &[Group<'a>]) -> Vec<Rule<Redeem>> {
    for second in groups.iter().skip(1) {
        if let Some(version) = second.versions.first() {
            let message =
                format!("`{}` is a second redeem rule, and this version of Meed runs one", second.name);
            let help = "keep one rule, or write its versions under one name";
            let head = version.declaration.head;
            scope.report(Diagnostic::new(Code::UnsupportedForm, head, message).with_help(help));
        }
    }
    rules(scope, groups, redeem)
}

fn redeem(draft: &Draft<'_, '_>) -> Option<Redeem> {
    let scope = draft.scope;
    let guards = draft.guards(Place::Line);
    let pays = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Pays { points, money, of } => Some((points, money, of, clause.span)),
        _ => None,
    });
    let Some((points, money, of, pays_span)) = pays else {
        let currency = scope.currency.map_or("JPY".to_owned(), |currency| currency.name().to_owned());
        let unit = scope.units.first().copied().unwrap_or("point");
        let line = format!("`1 {unit} pays 1 {currency} of line.price`");
        missing_clause(scope, draft.declaration, "what a point pays", &line);
        return None;
    };
    let (points, money) =
        (constant::positive(scope, points, Unit::Points), constant::positive(scope, money, Unit::Money));
    let payable = is_payable(scope, of);
    let (filters, conditions) = guards?;
    let (points, money) = (points?, money?);
    payable.then_some(Redeem { points, money, pays_span, filters, conditions })
}

/// Points pay for lines; anything else is reported.
fn is_payable(scope: &Scope<'_>, path: &Path) -> bool {
    let written = scope.text(path.span);
    let (code, message) = match written.as_str() {
        "line.price" => return true,
        "order.price" | "order.total" => (
            Code::UnsupportedForm,
            format!("points that pay for `{written}` are not run by this version of Meed"),
        ),
        _ => (Code::UnknownFact, format!("`{written}` is no amount that points pay")),
    };
    let help = "write `line.price`: points pay for the lines that pass the filters";
    scope.report(Diagnostic::new(code, path.span, message).with_help(help));
    false
}
