//! Named values: what kind each is, and whether it has a version where a rule reads it.

use super::clauses::{body, missing_clause};
use super::constant::fold;
use super::domain::Domain;
use super::expr::{Operand, Place, Reader};
use super::facts::bare_word;
use super::scope::Scope;
use super::versions::{Dated, Group, days, group, report_gaps};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    IdVec, Length, Quantity, Table, TableKey, Unit, Value, ValueBody, ValueId, Version, Window,
};
use crate::source::Span;
use crate::syntax::ast::{Clause, ClauseKind, Declaration, Expr, ExprKind, Kind, Name};

/// What a value is in all its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Number(Unit),
    Date,
    YesNo,
    Categories,
    /// Words of a choice fact.
    Choices,
    Duration,
}

/// A declared value; without a kind where it is broken.
pub(super) struct ValueEntry<'a> {
    pub group: Group<'a>,
    pub kind: Option<ValueKind>,
    pub versions: Vec<Version<ValueBody>>,
}

impl ValueEntry<'_> {
    /// The numbers it is on any day of `window`.
    pub fn numbers(&self, scope: &Scope<'_>, window: &Window) -> Vec<crate::value::Ratio> {
        let days_read = days(window);
        let mut found = Vec::new();
        for version in &self.versions {
            if days(&version.window).intersection(&days_read).is_empty() {
                continue;
            }
            match &version.body {
                ValueBody::Number(n) => found.push(*n),
                ValueBody::Table(table) => {
                    let rows = table.rows.iter().map(|(_, value)| value);
                    let bands = table.bands.iter().map(|(_, value)| value);
                    for value in rows.chain(bands).chain(table.otherwise.as_deref()) {
                        match value {
                            Quantity::Value(id) => {
                                let entry = scope.values.try_get(*id);
                                found
                                    .extend(entry.into_iter().flat_map(|entry| entry.numbers(scope, window)));
                            }
                            other => found.extend(fold(other)),
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// Collects all values.
pub(super) fn values<'a>(scope: &Scope<'a>) -> IdVec<ValueId, ValueEntry<'a>> {
    let groups: IdVec<ValueId, Group<'a>> = group(scope, Kind::Value);
    groups.into_iter().map(|group| entry(scope, group)).collect()
}

fn entry<'a>(scope: &Scope<'a>, group: Group<'a>) -> ValueEntry<'a> {
    if let (Some(place), Some(first)) = (scope.categories.span(group.name), group.versions.first()) {
        let span = first.declaration.name.span;
        let message = format!("`{}` is a category and a value", group.name);
        scope.report(
            Diagnostic::new(Code::DuplicateName, span, message)
                .with_place(place, "the category")
                .with_help("filters name both, so give the value another name"),
        );
    }
    let mut kind: Option<(ValueKind, Span)> = None;
    let mut versions = Vec::new();
    let mut sound = !super::tables::is_circular(scope, group.name);
    for dated in &group.versions {
        let Some((found, version, span)) = version(scope, dated) else {
            sound = false;
            continue;
        };
        versions.push(version);
        match kind {
            Some((first, place)) if first != found => {
                report_kinds(scope, group.name, (first, place), (found, span));
                sound = false;
            }
            _ => kind = Some((found, span)),
        }
    }
    let kind = kind.filter(|_| sound).map(|(kind, _)| kind);
    ValueEntry { group, kind, versions }
}

fn report_kinds(scope: &Scope<'_>, name: &str, first: (ValueKind, Span), second: (ValueKind, Span)) {
    let (a, b) = (describe(first.0), describe(second.0));
    let message = format!("`{name}` is {a} in one version and {b} in another");
    scope.report(
        Diagnostic::new(Code::TypeMismatch, second.1, message)
            .with_label(b)
            .with_place(first.1, a)
            .with_help("all versions of a value are of one kind"),
    );
}

/// A kind of value in words.
pub(super) fn describe(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Number(unit) => super::expr::unit_words(unit),
        ValueKind::Date => "a date",
        ValueKind::YesNo => "yes or no",
        ValueKind::Categories => "a list of categories",
        ValueKind::Choices => "a list of choices",
        ValueKind::Duration => "a length of time",
    }
}

fn version(scope: &Scope<'_>, dated: &Dated<'_>) -> Option<(ValueKind, Version<ValueBody>, Span)> {
    let declaration = dated.declaration;
    let clauses = body(scope, declaration);
    let table = clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::By(_)));
    if let Some(by) = table {
        let kind = super::tables::row_kind(scope, declaration)?;
        report_mixed(scope, &clauses, by.span);
        let empty = Table { by: TableKey::Category, rows: Vec::new(), bands: Vec::new(), otherwise: None };
        let version = dated_version(dated, ValueBody::Table(empty));
        return Some((kind, version, by.span));
    }
    let Some(clause) = clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::Is(_))) else {
        match clauses.first() {
            Some(case) => report_stray(scope, declaration, case.span),
            None => missing_clause(scope, declaration, "what it is", "`is 1%`"),
        }
        return None;
    };
    report_mixed(scope, &clauses, clause.span);
    let ClauseKind::Is(items) = &clause.kind else { return None };
    let (kind, body) = match items.as_slice() {
        [one] if bare_word(one).is_none() => constant(scope, one)?,
        list => match super::lists::choice_words(scope, list) {
            Some(words) => (ValueKind::Choices, ValueBody::Choices(words?)),
            None => {
                (ValueKind::Categories, ValueBody::Categories(super::lists::category_names(scope, list)?))
            }
        },
    };
    Some((kind, dated_version(dated, body), clause.span))
}

fn dated_version(dated: &Dated<'_>, body: ValueBody) -> Version<ValueBody> {
    let declaration = dated.declaration;
    Version {
        window: dated.window,
        label: declaration.label.as_ref().map_or(String::new(), |label| label.text.clone()),
        docs: declaration.docs.clone(),
        span: declaration.head,
        body,
    }
}

/// Reports a value that is both one thing and a table.
fn report_mixed(scope: &Scope<'_>, clauses: &[&Clause], kept: Span) {
    let is_table = clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::By(_)));
    let other = clauses.iter().find(|clause| match clause.kind {
        ClauseKind::Is(_) => is_table,
        ClauseKind::Case { .. } => !is_table,
        _ => false,
    });
    if let Some(other) = other {
        let message = "a value is one thing, or a table with a row for each case";
        scope.report(
            Diagnostic::new(Code::DuplicateClause, other.span, message)
                .with_place(kept, "says it already")
                .with_help("leave one of them out; a table begins with `by …`"),
        );
    }
}

fn report_stray(scope: &Scope<'_>, declaration: &Declaration, case: Span) {
    if declaration.broken {
        return;
    }
    let message = format!("the value `{}` does not say what its cases go by", declaration.name.text);
    scope.report(
        Diagnostic::new(Code::MissingClause, declaration.head, message)
            .with_place(case, "a case")
            .with_help("add a line such as `by member.status`"),
    );
}

fn constant(scope: &Scope<'_>, expr: &Expr) -> Option<(ValueKind, ValueBody)> {
    match &expr.kind {
        ExprKind::YesNo(yes) => return Some((ValueKind::YesNo, ValueBody::YesNo(*yes))),
        ExprKind::Date(date) => return Some((ValueKind::Date, ValueBody::Date(*date))),
        ExprKind::Compare(..)
        | ExprKind::In { .. }
        | ExprKind::Has { .. }
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_) => {
            return unsupported(
                scope,
                expr,
                "a value that is a condition",
                "write the condition in the rules' `when` lines",
            );
        }
        ExprKind::Text(_) => {
            return unsupported(scope, expr, "a value that is a text", "write the text where it is compared");
        }
        _ => {}
    }
    if let ExprKind::Time(_) | ExprKind::Moment(_) = &expr.kind {
        let help = "write it where it is compared, or give the value a day: `is 2021-01-01`";
        return unsupported(scope, expr, "a value that is a moment", help);
    }
    let (quantity, unit) = match Reader::new(scope, Place::Constant).operand(expr)? {
        Operand::Number(quantity, unit) => (quantity, unit),
        Operand::Duration(Length::Fixed(delay)) => {
            return Some((ValueKind::Duration, ValueBody::Duration(delay)));
        }
        _ => return None,
    };
    let n = fold(&quantity)?;
    if n.is_negative() {
        let message = format!("`{}` is below nought", scope.text(expr.span));
        scope.report(Diagnostic::new(Code::NegativeAmount, expr.span, message).with_help("write 0 or more"));
        return None;
    }
    Some((ValueKind::Number(unit), ValueBody::Number(n)))
}

pub(super) fn unsupported(
    scope: &Scope<'_>,
    expr: &Expr,
    what: &str,
    help: &str,
) -> Option<(ValueKind, ValueBody)> {
    let message = format!("{what} is not run by this version of Meed");
    scope.report(Diagnostic::new(Code::UnsupportedForm, expr.span, message).with_help(help));
    None
}

/// The value called `name`.
pub(super) fn lookup(scope: &Scope<'_>, name: &str) -> Option<ValueId> {
    scope.values.position(|value| value.group.name == name)
}

/// The declared value called `name`.
pub(super) fn entry_of<'s, 'a>(scope: &'s Scope<'a>, name: &str) -> Option<&'s ValueEntry<'a>> {
    scope.values.try_get(lookup(scope, name)?)
}

/// Reports the days of a reader's window on which the value has no version.
pub(super) fn check_cover(scope: &Scope<'_>, id: ValueId, window: &Window, span: Span) {
    let Some(value) = scope.values.try_get(id) else { return };
    let read: Domain = days(window);
    let unsure = scope.has_unreadable_items() || value.group.versions.iter().any(|v| v.declaration.broken);
    if unsure || read.within(&value.group.days()) {
        return;
    }
    scope.report_cover(id);
    let name = value.group.name;
    let message = format!("`{name}` has no version on some of the days on which it is read here");
    let mut report = Diagnostic::new(Code::UncoveredDates, span, message)
        .with_label(format!("read {}", window_words(window)));
    for version in &value.group.versions {
        let place = version.declaration.head;
        report = report.with_place(place, format!("in force {}", window_words(&version.window)));
    }
    scope.report(report.with_help(
        "give the value a version for the other days, or the rule a window (`from`, `until`) within the value's",
    ));
}

/// A window in words.
pub(super) fn window_words(window: &Window) -> String {
    match (window.from_date, window.until_date) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "on every day".to_owned(),
    }
}

/// Warns of gaps between versions, where no rule's need has been reported already.
pub(super) fn check_gaps(scope: &Scope<'_>) {
    for (id, value) in scope.values.iter_enumerated() {
        if !scope.cover_is_reported(id) {
            report_gaps(scope, &value.group);
        }
    }
}

/// Puts the tables where they belong; a value with a table that is wrong has no kind, so that nothing reads it.
pub(super) fn fill_tables(
    values: &mut IdVec<ValueId, ValueEntry<'_>>,
    tables: Vec<(ValueId, usize, Option<ValueBody>)>,
) {
    for (id, index, table) in tables {
        let entry = &mut values[id];
        match (table, entry.versions.get_mut(index)) {
            (Some(table), Some(version)) => version.body = table,
            _ => entry.kind = None,
        }
    }
}

/// The values as the policy keeps them.
pub(super) fn into_values(values: IdVec<ValueId, ValueEntry<'_>>) -> IdVec<ValueId, Value> {
    let value = |entry: ValueEntry<'_>| Value {
        name: entry.group.name.to_owned(),
        unit: match entry.kind {
            Some(ValueKind::Number(unit)) => Some(unit),
            _ => None,
        },
        versions: entry.versions,
    };
    values.into_iter().map(value).collect()
}

/// Reports a name that no value has.
pub(super) fn report_unknown(scope: &Scope<'_>, name: &Name) {
    if scope.may_be_declared(&name.text) {
        return;
    }
    let message = format!("no value is called `{}`", name.text);
    let word = &name.text;
    let report = Diagnostic::new(Code::UnknownName, name.span, message);
    scope.report(if let Some(subject) = scope.facts.subject_with(word) {
        report.with_help(format!("write the fact with its subject: `{}.{word}`", scope.subject_word(subject)))
    } else if scope.categories.id(word).is_some() {
        report.with_help(format!("`{word}` is a category: write `only for {word}`"))
    } else if scope.tiers.iter().any(|tier| tier.name == word) {
        report.with_help(format!("`{word}` is a tier: write `member.{word}`"))
    } else if scope.badges.iter().any(|badge| badge.name == word) {
        report.with_help(format!("`{word}` is a badge: write `listing has {word}`"))
    } else {
        let known: Vec<_> = scope.values.iter().map(|value| value.group.place()).collect();
        words::advise(report, word, "declared are", &known, &format!("value {word} \"…\" {{ is 1% }}"))
    });
}
