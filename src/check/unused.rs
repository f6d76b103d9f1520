//! Facts and values that no rule reads.

use super::policy::Subject;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};

/// Warns of what nothing reads. Said only of a policy without errors: a misspelt reading is told once.
pub(super) fn check(scope: &Scope<'_>) {
    if scope.has_errors() {
        return;
    }
    for subject in Subject::ALL {
        for (index, fact) in scope.facts.of(subject).enumerate() {
            if fact.part_of.is_none() && !scope.fact_is_used(subject, index) {
                let message = format!("no rule reads `{}.{}`", subject.word(), fact.name);
                let help = "leave it out, or read it in a rule";
                scope.report(Diagnostic::new(Code::UnusedFact, fact.span, message).with_help(help));
            }
        }
    }
    for (id, value) in scope.values.iter().enumerate() {
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
}
