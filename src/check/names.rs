//! Names that would mean two things where they are read.

use super::facts::Lookup;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Subject;

/// Reports a measure called like a value or a category, and a tier called like a fact of the member.
pub(super) fn check(scope: &Scope<'_>) {
    for measure in &scope.measures {
        let value = scope.values.iter().find(|value| value.group.name == measure.name);
        let place = value.and_then(|value| value.group.versions.first()).map(|v| v.declaration.head);
        if let Some(place) = place {
            let message = format!("`{}` is a value and a measure", measure.name);
            scope.report(
                Diagnostic::new(Code::DuplicateName, measure.declaration.name.span, message)
                    .with_place(place, "the value")
                    .with_help("rules read both by name: give one of them another name"),
            );
        }
    }
    for tier in &scope.tiers {
        if let Lookup::Found(index) = scope.facts.lookup(Subject::Member, tier.name)
            && let Some(fact) = scope.facts.get(Subject::Member, index)
        {
            let message = format!("`member.{}` is a fact and a tier", tier.name);
            scope.report(
                Diagnostic::new(Code::DuplicateName, tier.declaration.name.span, message)
                    .with_place(fact.span, "the fact")
                    .with_help("give one of them another name"),
            );
        }
    }
}
