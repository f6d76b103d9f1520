//! Declared events: their names, marks, and which fact is the category, which the amount.

use super::facts::FactTable;
use super::scope::Scope;
use super::versions::report_dates;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{EventId, EventType, FactId, FactType, IdVec, Subject};
use crate::syntax::ast::{ClauseKind, Declaration, Kind, Name};

/// A declared event.
pub(super) struct Event<'a> {
    pub name: &'a str,
    pub declaration: &'a Declaration,
    /// Its marks, each once.
    pub marks: Vec<&'a Name>,
}

impl Event<'_> {
    /// The mark called `name`.
    pub fn mark(&self, name: &str) -> Option<usize> {
        self.marks.iter().position(|mark| mark.text == name)
    }
}

/// Words that data and rules use for something else.
const TAKEN: [&str; 26] = [
    "account",
    "adjust",
    "calendar",
    "cancel",
    "cash_out",
    "convert",
    "event",
    "grant",
    "line",
    "listing",
    "mark",
    "member",
    "opening",
    "order",
    "points",
    "points_paid",
    "program",
    "refund",
    "request",
    "return",
    "reward",
    "ship",
    "shipped",
    "transfer",
    "unit",
    "year",
];

/// Collects the events.
pub(super) fn events<'a>(scope: &Scope<'a>) -> IdVec<EventId, Event<'a>> {
    let mut events: IdVec<EventId, Event<'a>> = IdVec::default();
    for declaration in scope.declared(Kind::Event) {
        report_dates(scope, declaration);
        let name = declaration.name.text.as_str();
        if TAKEN.contains(&name) {
            let message = format!("`{name}` means something else in every policy");
            let report = Diagnostic::new(Code::DuplicateName, declaration.name.span, message);
            scope.report(report.with_help("give the event another name"));
        }
        if let Some(first) = events.iter().find(|event| event.name == name) {
            let message = format!("the event `{name}` is declared twice");
            scope.report(
                Diagnostic::new(Code::DuplicateName, declaration.head, message)
                    .with_label("the second")
                    .with_place(first.declaration.head, "the first")
                    .with_help("give one of them another name"),
            );
            continue;
        }
        events.push(Event { name, declaration, marks: marks(scope, declaration) });
    }
    events
}

fn marks<'a>(scope: &Scope<'a>, declaration: &'a Declaration) -> Vec<&'a Name> {
    let mut marks: Vec<&Name> = Vec::new();
    let said = declaration.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Marks(names) => Some(names),
        _ => None,
    });
    for name in said.flatten() {
        if let Some(first) = marks.iter().find(|first| first.text == name.text) {
            let message = format!("the mark `{}` is listed twice", name.text);
            scope.report(
                Diagnostic::new(Code::DuplicateName, name.span, message)
                    .with_place(first.span, "the first")
                    .with_help("leave one of them out"),
            );
        } else {
            marks.push(name);
        }
    }
    marks
}

/// Reports a second fact of an event that is a category: filters go by one.
pub(super) fn check_categories(scope: &Scope<'_>, facts: &FactTable) {
    for (id, event) in scope.events.iter_enumerated() {
        let mut categories =
            facts.of(Subject::Event(id)).filter(|fact| matches!(fact.kind, FactType::Category(_)));
        let Some(first) = categories.next() else { continue };
        for second in categories {
            let message = format!("the event `{}` has two categories", event.name);
            scope.report(
                Diagnostic::new(Code::DuplicateClause, second.span, message)
                    .with_label("the second")
                    .with_place(first.span, "the first")
                    .with_help("filters go by one: write the other as a choice of words, `one | other`"),
            );
        }
    }
}

/// The fact of an event that is its category.
pub(super) fn category(facts: &FactTable, event: EventId) -> Option<FactId> {
    facts.position(Subject::Event(event), |fact| matches!(fact.kind, FactType::Category(_)))
}

/// The events as the policy keeps them.
pub(super) fn into_events(scope: &Scope<'_>) -> IdVec<EventId, EventType> {
    let event = |(id, event): (EventId, &Event<'_>)| EventType {
        name: event.name.to_owned(),
        marks: event.marks.iter().map(|mark| mark.text.clone()).collect(),
        category: category(&scope.facts, id),
        amount: scope
            .facts
            .position(Subject::Event(id), |fact| fact.kind == FactType::Money && fact.part_of.is_none()),
    };
    scope.events.iter_enumerated().map(event).collect()
}
