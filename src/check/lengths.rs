//! Lengths of time that values are: in a moment, in the rows of a table, and all that a value may be.

use super::domain::Domain;
use super::expr::{Operand, Reader, describe};
use super::scope::Scope;
use super::tables::Row;
use super::values::{self, ValueEntry};
use super::versions::days;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::reads::Reads;
use crate::policy::{Length, ValueBody, Window};
use crate::source::Span;
use crate::syntax::ast::{Declaration, Expr, ExprKind, LengthAt, Path};
use crate::value::Delay;

/// A length of time as it is written; one longer than any programme needs is reported.
pub(super) fn written(scope: &Scope<'_>, delay: Delay, span: Span) -> Option<Delay> {
    if delay.fits() {
        return Some(delay);
    }
    let most = Delay::MOST_YEARS;
    let message = format!("`{}` is longer than {most} years", scope.text(span));
    let help = format!("write {most} years or less; what has no end says so: `never`, or `for all time`");
    scope.report(Diagnostic::new(Code::OutOfRange, span, message).with_help(help));
    None
}

impl ValueEntry<'_> {
    /// The lengths of time that it is on any day of `window`, or ever.
    pub fn durations(&self, scope: &Scope<'_>, window: Option<&Window>) -> Vec<Delay> {
        self.durations_within(scope, window, 0)
    }

    fn durations_within(&self, scope: &Scope<'_>, window: Option<&Window>, depth: usize) -> Vec<Delay> {
        let read = window.map_or_else(Domain::all, days);
        let mut found = Vec::new();
        for version in &self.versions {
            match &version.body {
                _ if days(&version.window).intersection(&read).is_empty() => {}
                ValueBody::Duration(delay) => found.push(*delay),
                // Values that refer to each other in a circle have been reported.
                ValueBody::Durations(table) if depth < 32 => {
                    let (rows, bands) =
                        (table.rows.iter().map(|row| &row.1), table.bands.iter().map(|row| &row.1));
                    for length in rows.chain(bands).chain(table.otherwise.as_deref()) {
                        match length {
                            Length::Fixed(delay) => found.push(*delay),
                            Length::Value(id) => {
                                let entry = scope.values.try_get(*id).into_iter();
                                found
                                    .extend(entry.flat_map(|e| e.durations_within(scope, window, depth + 1)));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// True where it differs from case to case.
    pub fn is_table(&self) -> bool {
        self.versions
            .iter()
            .any(|version| matches!(version.body, ValueBody::Table(_) | ValueBody::Durations(_)))
    }
}

/// True where a length is, or may be, of months or years.
pub(super) fn has_months(scope: &Scope<'_>, length: &LengthAt) -> bool {
    match length {
        LengthAt::Fixed(duration) => duration.delay.months > 0,
        LengthAt::Named(name) => {
            let value = values::entry_of(scope, &name.text);
            value.is_some_and(|value| value.durations(scope, None).iter().any(|delay| delay.months > 0))
        }
    }
}

impl Reader<'_, '_> {
    /// A length of time, written out or the name of a value.
    pub(super) fn length(&self, length: &LengthAt) -> Option<Length> {
        let name = match length {
            LengthAt::Fixed(length) => {
                return written(self.scope, length.delay, length.span).map(Length::Fixed);
            }
            LengthAt::Named(name) => name,
        };
        let path = Path { subject: None, name: name.clone(), span: name.span };
        let expr = Expr { kind: ExprKind::Path(path), span: name.span };
        match self.operand(&expr)? {
            Operand::Duration(length) => {
                // A wait is settled when the order is placed, a condition asks about that moment.
                let mut reads = Reads::ever(self.scope);
                reads.length(length);
                let Some(later) = reads.in_all().next() else { return Some(length) };
                let measure = self.scope.measures[later].name;
                let message = format!("`{measure} in all` is not known when `{}` is settled", name.text);
                let report = Diagnostic::new(Code::BadSubject, name.span, message);
                self.scope.report(report.with_help(format!("let it go by `{measure} so far`")));
                None
            }
            other => {
                let message =
                    format!("`{}` is {}, and a length of time is needed here", name.text, describe(&other));
                let report = Diagnostic::new(Code::TypeMismatch, name.span, message);
                self.scope
                    .report(report.with_help("write a length such as `14 days`, or a value that is one"));
                None
            }
        }
    }
}

/// The lengths of time that the rows are.
pub(super) fn rows(reader: &Reader<'_, '_>, _: &Declaration, rows: &[Row<'_>]) -> Option<Vec<Length>> {
    let length = |row: &Row<'_>| match reader.operand(row.value)? {
        Operand::Duration(length) => Some(length),
        other => {
            let text = reader.scope.text(row.value.span);
            let message = format!("`{text}` is {}, and the other rows are lengths of time", describe(&other));
            let report = Diagnostic::new(Code::TypeMismatch, row.value.span, message);
            reader.scope.report(report.with_help("write a length such as `14 days`"));
            None
        }
    };
    let lengths: Vec<Option<Length>> = rows.iter().map(length).collect();
    lengths.into_iter().collect()
}
