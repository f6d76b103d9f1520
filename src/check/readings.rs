//! Readings of measures: `nights so far`, `services of mobile in all`.

use super::expr::{Place, Reader};
use super::facts::choice_word;
use super::measures::MeasureEntry;
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{FactType, MeasureId, Period, Quantity, Unit};
use crate::source::Span;
use crate::syntax::ast::{Kind, Name};

/// The measure called `name`; reports an unknown one.
pub(super) fn resolve(scope: &Scope<'_>, name: &Name) -> Option<MeasureId> {
    let found = scope.measures.position(|measure| measure.name == name.text);
    match found {
        Some(id) => scope.use_name(Kind::Measure, id),
        None if scope.may_be_declared(&name.text) => {}
        None => {
            let names: Vec<&str> = scope.measures.iter().map(|measure| measure.name).collect();
            let message = format!("no measure is called `{}`", name.text);
            let mut report = Diagnostic::new(Code::UnknownName, name.span, message);
            report.help = words::hint(&name.text, "declared are", &names).or_else(|| {
                let line = format!("measure {} \"…\" {{ each order counts 1 }}", name.text);
                Some(format!("declare it: `{line}`"))
            });
            scope.report(report);
        }
    }
    found
}

/// The choice for which a measure is read: needed where it is counted for each, and only there.
pub(super) fn key(scope: &Scope<'_>, id: MeasureId, key: Option<&Name>, span: Span) -> Option<Option<usize>> {
    let measure = scope.measures.try_get(id)?;
    match (measure.key, key) {
        (None, None) => Some(None),
        (Some((subject, fact)), Some(key)) => {
            let fact = scope.facts.get(subject, fact)?;
            choice_word(scope, fact, &key.text, key.span).map(Some)
        }
        (Some((subject, fact)), None) => {
            let fact = scope.facts.get(subject, fact)?;
            let written = scope.text(span);
            let rest = written.strip_prefix(measure.name).unwrap_or_default();
            let lines: Vec<String> = match &fact.kind {
                FactType::Choice(words) => {
                    words.iter().map(|word| format!("{} of {word}{rest}", measure.name)).collect()
                }
                _ => Vec::new(),
            };
            let message = format!("`{}` is counted for each `{}`", measure.name, fact.name);
            let help = format!("write {}", words::listed(&lines, "or"));
            scope.report(
                Diagnostic::new(Code::MissingChoice, span, message)
                    .with_place(fact.span, "declared here")
                    .with_help(help),
            );
            None
        }
        (None, Some(key)) => {
            if !measure.declaration.broken {
                let message = format!("`{}` counts everything together", measure.name);
                let help = "leave `of …` out, or add `for each …` to the measure";
                scope.report(
                    Diagnostic::new(Code::UnknownChoice, key.span, message)
                        .with_place(measure.declaration.head, "the measure")
                        .with_help(help),
                );
            }
            None
        }
    }
}

impl Reader<'_, '_> {
    /// A reading of a measure and its unit.
    pub(super) fn measure(
        &self,
        name: &Name,
        key: Option<&Name>,
        in_all: bool,
        span: Span,
    ) -> Option<(Quantity, Unit)> {
        let id = resolve(self.scope, name)?;
        let key = self::key(self.scope, id, key, span);
        if !self.may_read_measure(&name.text, span) {
            return None;
        }
        let measure = self.scope.measures.try_get(id)?;
        if in_all && matches!(measure.period, Some(Period::Last { .. })) {
            let message =
                format!("`{}` counts periods that are over, so there is nothing to wait for", name.text);
            let report = Diagnostic::new(Code::BadGrain, span, message);
            self.scope.report(report.with_help(format!("write `{} so far`", name.text)));
            return None;
        }
        let unit = measure.unit?;
        Some((Quantity::Measure { measure: id, key: key?, in_all }, unit))
    }

    /// Reports a measure where no member is known.
    pub(super) fn may_read_measure(&self, name: &str, span: Span) -> bool {
        let (code, message, help) = match self.place {
            Place::Line | Place::Order | Place::Event(_) | Place::Member | Place::Request | Place::Table => {
                return true;
            }
            Place::Badge => (
                Code::BadgeReadsOrder,
                format!("a badge shows to everyone, so it cannot read the measure `{name}`"),
                "a badge may read facts of `listing` and values",
            ),
            Place::Anchor => (
                Code::BadSubject,
                format!("the measure `{name}` is not known here: only the order is"),
                "read a fact of the order, such as `order.total > 0 JPY`",
            ),
            Place::Everyone => (
                Code::BadSubject,
                format!("`{name}` is counted for one member, and this is said of all together"),
                "write the amount itself",
            ),
            Place::Constant => (
                Code::BadSubject,
                format!("`{name}` differs from case to case, and a constant is needed here"),
                "write the amount itself; measures are read in rules",
            ),
        };
        self.scope.report(Diagnostic::new(code, span, message).with_help(help));
        false
    }

    /// A measure's name without the words that say how it is read.
    pub(super) fn report_bare_measure(&self, measure: &MeasureEntry<'_>, name: &Name) {
        let message = format!("this does not say over what `{}` is read", name.text);
        let choices = [format!("{} so far", name.text), format!("{} in all", name.text)];
        let help = format!(
            "write {}: up to just before the order or event, or over the whole period around it",
            words::listed(&choices, "or")
        );
        self.scope.report(
            Diagnostic::new(Code::MissingChoice, name.span, message)
                .with_place(measure.declaration.head, "a measure")
                .with_help(help),
        );
    }
}
