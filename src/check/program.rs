//! The `program`: currency, zone, calendar choices.

use super::clauses::{body, missing_choice, missing_clause};
use super::scope::Scope;
use super::versions::report_dates;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, DeadlineEnd, Declaration, Kind, Name};
use crate::value::{Currency, MissingDay, Zone};

/// What the program says; None where it does not or wrongly.
#[derive(Default)]
pub(super) struct Program {
    pub name: String,
    pub label: String,
    pub statement: Option<String>,
    pub currency: Option<Currency>,
    pub zone: Option<Zone>,
    pub deadlines: Option<DeadlineEnd>,
    pub missing_day: Option<MissingDay>,
}

/// Checks the one `program`.
pub(super) fn program(scope: &Scope<'_>) -> Program {
    let mut declarations = scope.declared(Kind::Program);
    let Some(first) = declarations.next() else {
        report_missing(scope);
        return Program::default();
    };
    for second in declarations {
        let message = format!("`{}` is a second `program`", second.name.text);
        scope.report(
            Diagnostic::new(Code::DuplicateProgram, second.head, message)
                .with_label("the second")
                .with_place(first.head, "the first")
                .with_help("one file is one programme: keep one `program`"),
        );
    }
    read(scope, first)
}

fn report_missing(scope: &Scope<'_>) {
    if scope.has_unreadable_items() {
        return;
    }
    let help = "begin with `program my_points \"My Points\" { … }`, which gives `currency`, `timezone`, \
                `deadlines` and `missing day`";
    let report = Diagnostic::new(Code::MissingProgram, Span::default(), "the policy has no `program`");
    scope.report(report.with_help(help));
}

fn read(scope: &Scope<'_>, declaration: &Declaration) -> Program {
    report_dates(scope, declaration);
    let label = declaration.label.as_ref().map_or(String::new(), |label| label.text.clone());
    let mut program = Program { name: declaration.name.text.clone(), label, ..Program::default() };
    let clauses = body(scope, declaration);
    for clause in &clauses {
        match &clause.kind {
            ClauseKind::Currency(name) => program.currency = scope.currency_named(name),
            ClauseKind::Timezone(name) => program.zone = zone(scope, name),
            ClauseKind::Statement(text) => program.statement = Some(text.text.clone()),
            ClauseKind::Deadlines(end) => program.deadlines = Some(*end),
            ClauseKind::MissingDay(choice) => program.missing_day = Some(*choice),
            _ => {}
        }
    }
    let says = |test: fn(&ClauseKind) -> bool| clauses.iter().any(|clause| test(&clause.kind));
    if !says(|kind| matches!(kind, ClauseKind::Currency(_))) {
        missing_clause(scope, declaration, "in which currency it counts", "`currency JPY`");
    }
    if !says(|kind| matches!(kind, ClauseKind::Timezone(_))) {
        missing_clause(scope, declaration, "where its days begin and end", "`timezone Asia/Tokyo`");
    }
    if program.deadlines.is_none() {
        let choices = ["deadlines run to end of day", "deadlines run to same time of day"];
        missing_choice(scope, declaration, "to which moment a deadline runs", &choices);
    }
    if program.missing_day.is_none() {
        let choices = ["missing day becomes last of month", "missing day becomes first of next month"];
        missing_choice(scope, declaration, "what a day that does not exist becomes", &choices);
    }
    program
}

fn zone(scope: &Scope<'_>, name: &Name) -> Option<Zone> {
    let zone = Zone::from_name(&name.text);
    if zone.is_none() {
        let names = Zone::names();
        let same = names.iter().find(|known| known.eq_ignore_ascii_case(&name.text));
        let names: Vec<&str> = match same {
            Some(same) => vec![same.as_str()],
            // Old abbreviations such as `EST` are near to any three letters.
            None => names.iter().map(String::as_str).filter(|known| known.contains('/')).collect(),
        };
        let message = format!("`{}` is no timezone of the IANA database", name.text);
        let mut report = Diagnostic::new(Code::UnknownTimezone, name.span, message);
        report.help = words::hint(&name.text, "did you mean", &names)
            .or_else(|| Some("write a region and a city: `timezone Asia/Tokyo`".to_owned()));
        scope.report(report);
    }
    zone
}
