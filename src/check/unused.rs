//! What is declared and nothing reads.

use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{FactId, FactType, Subject};
use crate::syntax::ast::Kind;

/// Warns of what nothing reads. Said only of a policy without errors: a misspelt reading is told once.
pub(super) fn check(scope: &Scope<'_>) {
    if scope.has_errors() {
        return;
    }
    let events = scope.events.ids().map(Subject::Event);
    for subject in Subject::BUILT_IN.into_iter().chain(events) {
        for (id, fact) in scope.facts.enumerated(subject) {
            if fact.part_of.is_none() && !is_structure(scope, subject, id) && !scope.fact_is_used(subject, id)
            {
                let message = format!("no rule reads `{}.{}`", scope.subject_word(subject), fact.name);
                let help = "leave it out, or read it in a rule";
                scope.report(Diagnostic::new(Code::UnusedFact, fact.span, message).with_help(help));
            }
        }
    }
    for (id, value) in scope.values.iter_enumerated() {
        if let Some(first) = value.group.versions.first()
            && !scope.value_is_used(id)
        {
            let message = format!("no rule reads the value `{}`", value.group.name);
            let help = "leave it out, or read it in a rule";
            scope.report(
                Diagnostic::new(Code::UnusedValue, first.declaration.name.span, message).with_help(help),
            );
        }
    }
    let declared = scope
        .events
        .iter()
        .map(|event| event.declaration)
        .enumerate()
        .chain(scope.measures.iter().map(|measure| measure.declaration).enumerate())
        .chain(scope.tiers.iter().map(|tier| tier.declaration).enumerate())
        .chain(
            scope.pools.iter().filter_map(|pool| pool.versions.first()).map(|v| v.declaration).enumerate(),
        );
    for (id, declaration) in declared {
        // A programme may have only badges, or points that are granted.
        let only_pool = declaration.kind == Kind::Pool && scope.pools.len() == 1;
        if !only_pool && !scope.name_is_used(declaration.kind, id) {
            let name = super::words::named(declaration.kind, &declaration.name.text);
            let (message, help) = match declaration.kind {
                Kind::Event => (
                    format!("nothing counts {name} or gives points for it"),
                    "read it in a rule or a measure",
                ),
                Kind::Pool => {
                    (format!("nothing gives points into {name}"), "name it in an earn rule: `into …`")
                }
                _ => (format!("no rule reads {name}"), "read it in a rule"),
            };
            scope.report(
                Diagnostic::new(Code::UnusedDeclaration, declaration.name.span, message)
                    .with_help(format!("leave it out, or {help}")),
            );
        }
    }
}

/// True for the fact of an event that is its category (filters go by it) or its amount (refunds lower it).
fn is_structure(scope: &Scope<'_>, subject: Subject, id: FactId) -> bool {
    let Subject::Event(_) = subject else { return false };
    let amount = scope.facts.position(subject, |fact| fact.part_of.is_none() && fact.kind == FactType::Money);
    let kind = scope.facts.get(subject, id).map(|fact| &fact.kind);
    amount == Some(id) || matches!(kind, Some(FactType::Category(_)))
}
