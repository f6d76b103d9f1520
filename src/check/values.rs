//! Named values: what kind each is, and whether it has a version where a rule reads it.

use super::categories::{self, report_covered};
use super::clauses::{body, missing_clause};
use super::constant::fold;
use super::domain::Domain;
use super::expr::{Operand, Place, Reader};
use super::facts::bare_word;
use super::policy::{
    CategoryId, Length, Quantity, Table, TableKey, Unit, Value, ValueBody, ValueId, Version, Window,
};
use super::scope::Scope;
use super::versions::{Dated, Group, days, group, report_gaps};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Clause, ClauseKind, Declaration, Expr, ExprKind, Kind, Name};
use crate::value::Delay;

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
                                let entry = scope.values.get(*id);
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
                                let entry = scope.values.get(*id).into_iter();
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

/// Collects all values.
pub(super) fn values<'a>(scope: &Scope<'a>) -> Vec<ValueEntry<'a>> {
    group(scope, Kind::Value).into_iter().map(|group| entry(scope, group)).collect()
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
        list => match choice_words(scope, list) {
            Some(words) => (ValueKind::Choices, ValueBody::Choices(words?)),
            None => (ValueKind::Categories, ValueBody::Categories(category_names(scope, list)?)),
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

fn unsupported(scope: &Scope<'_>, expr: &Expr, what: &str, help: &str) -> Option<(ValueKind, ValueBody)> {
    let message = format!("{what} is not run by this version of Meed");
    scope.report(Diagnostic::new(Code::UnsupportedForm, expr.span, message).with_help(help));
    None
}

/// The list as words of a choice fact, where it is no list of categories; the inner None where that has been reported.
fn choice_words(scope: &Scope<'_>, list: &[Expr]) -> Option<Option<Vec<String>>> {
    let names = list.iter().map(bare_word).collect::<Option<Vec<&Name>>>()?;
    let categories = names.iter().filter(|name| scope.categories.id(&name.text).is_some()).count();
    let among = |words: &[String]| names.iter().filter(|name| words.contains(&name.text)).count();
    // Of several facts the one that has most of the words; the first declared on a tie.
    let facts = scope.facts.choices().map(|(fact, words)| (fact, among(words)));
    let (fact, known) = facts
        .fold(None, |best: Option<(_, usize)>, one| best.filter(|best| best.1 >= one.1).or(Some(one)))?;
    if categories == names.len() || known < names.len() && (categories > 0 || known == 0) {
        return None;
    }
    let mut words: Option<Vec<String>> = Some(Vec::new());
    for (i, name) in names.iter().enumerate() {
        let first = names.iter().take(i).find(|first| first.text == name.text);
        if let Some(first) = first {
            let report =
                Diagnostic::new(Code::DuplicateName, name.span, format!("`{}` is listed twice", name.text));
            scope.report(report.with_place(first.span, "the first").with_help("leave one of them out"));
        }
        let word = super::facts::choice_word(scope, fact, &name.text, name.span);
        match (word.filter(|_| first.is_none()), &mut words) {
            (Some(_), Some(words)) => words.push(name.text.clone()),
            _ => words = None,
        }
    }
    Some(words)
}

/// The words of the list called `name`, as it is in `stretch`; the outer None where no list has that name, the inner
/// one where it is of no use here (which has been reported).
pub(super) fn word_list(reader: &Reader<'_, '_>, name: &Name) -> Option<Option<Vec<String>>> {
    let scope = reader.scope;
    let id = lookup(scope, &name.text)?;
    let value = scope.values.get(id)?;
    if !matches!(value.kind, None | Some(ValueKind::Choices | ValueKind::Categories)) {
        return None;
    }
    scope.use_value(id);
    if value.kind.is_none() {
        return Some(None);
    }
    check_cover(scope, id, &reader.window, name.span);
    let here = days(&reader.stretch);
    let mut versions = value.versions.iter().filter(|v| !days(&v.window).intersection(&here).is_empty());
    let (first, second) = (versions.next(), versions.next());
    if second.is_some() {
        let message = format!("`{}` changes from a day on, and here it must be one list", name.text);
        let report = Diagnostic::new(Code::UnsupportedForm, name.span, message);
        scope.report(report.with_help("write the choices themselves"));
        return Some(None);
    }
    Some(match &first?.body {
        ValueBody::Choices(words) => Some(words.clone()),
        ValueBody::Categories(ids) => {
            Some(ids.iter().map(|id| scope.categories.name(*id).to_owned()).collect())
        }
        _ => None,
    })
}

fn category_names(scope: &Scope<'_>, list: &[Expr]) -> Option<Vec<CategoryId>> {
    let mut ids: Option<Vec<(CategoryId, Span)>> = Some(Vec::new());
    for expr in list {
        let id = category_name(scope, expr, list.len() == 1).map(|id| (id, expr.span));
        match (id, &mut ids) {
            (Some(id), Some(ids)) => ids.push(id),
            _ => ids = None,
        }
    }
    let ids = ids?;
    report_covered(scope, &ids);
    Some(ids.into_iter().map(|(id, _)| id).collect())
}

fn category_name(scope: &Scope<'_>, expr: &Expr, alone: bool) -> Option<CategoryId> {
    let Some(name) = bare_word(expr) else {
        if !matches!(expr.kind, ExprKind::Error) {
            let message =
                format!("`{}` is no category, and only categories make a list", scope.text(expr.span));
            scope.report(
                Diagnostic::new(Code::TypeMismatch, expr.span, message).with_help("write one value: `is 1%`"),
            );
        }
        return None;
    };
    let is_value = scope.declared(Kind::Value).any(|declaration| declaration.name.text == name.text);
    if is_value && scope.categories.id(&name.text).is_none() {
        unsupported(scope, expr, "a value that refers to another value", "write the amount itself");
        return None;
    }
    if alone && scope.categories.id(&name.text).is_none() && !scope.may_be_declared(&name.text) {
        report_word(scope, name);
        return None;
    }
    categories::resolve(scope, name)
}

fn report_word(scope: &Scope<'_>, name: &Name) {
    let message = format!("no category is called `{}`", name.text);
    let report = Diagnostic::new(Code::UnknownCategory, name.span, message);
    let known = scope.categories.places();
    let near = crate::diagnostic::suggest::nearest(
        &name.text,
        known.iter().map(|(name, _)| *name).chain(["yes", "no"]),
    );
    scope.report(match (name.text.as_str(), near) {
        ("true" | "on", _) | (_, Some("yes")) => report.with_help("write `is yes`"),
        ("false" | "off", _) | (_, Some("no")) => report.with_help("write `is no`"),
        (word, Some(_)) => words::advise(report, word, "", &known, ""),
        (_, None) => report.with_help(
            "a value is a rate `1.5%`, a number, money, points, a day, a length of time `2 years`, `yes` or `no`, or a list of categories or choices",
        ),
    });
}

/// The value called `name`.
pub(super) fn lookup(scope: &Scope<'_>, name: &str) -> Option<ValueId> {
    scope.values.iter().position(|value| value.group.name == name)
}

/// The declared value called `name`.
pub(super) fn entry_of<'s, 'a>(scope: &'s Scope<'a>, name: &str) -> Option<&'s ValueEntry<'a>> {
    scope.values.get(lookup(scope, name)?)
}

/// The categories of the value called `name`, as it is in `window`; the outer None where no value has that name,
/// the inner one where it is of no use here (which has been reported).
pub(super) fn category_list(
    scope: &Scope<'_>,
    name: &Name,
    window: &Window,
) -> Option<Option<Vec<CategoryId>>> {
    let id = lookup(scope, &name.text)?;
    let value = scope.values.get(id)?;
    scope.use_value(id);
    match value.kind {
        None => return Some(None),
        Some(ValueKind::Categories) => {}
        Some(kind) => {
            let message = format!("`{}` is {}, not a category", name.text, describe(kind));
            let help = "a filter names categories, or a value that is a list of them";
            scope.report(Diagnostic::new(Code::TypeMismatch, name.span, message).with_help(help));
            return Some(None);
        }
    }
    let in_force = |v: &&Version<ValueBody>| !days(&v.window).intersection(&days(window)).is_empty();
    Some(value.versions.iter().find(in_force).and_then(|version| match &version.body {
        ValueBody::Categories(ids) => Some(ids.clone()),
        _ => None,
    }))
}

/// Reports the days of a reader's window on which the value has no version.
pub(super) fn check_cover(scope: &Scope<'_>, id: ValueId, window: &Window, span: Span) {
    let Some(value) = scope.values.get(id) else { return };
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
    for (id, value) in scope.values.iter().enumerate() {
        if !scope.cover_is_reported(id) {
            report_gaps(scope, &value.group);
        }
    }
}

/// Puts the tables where they belong; a value with a table that is wrong has no kind, so that nothing reads it.
pub(super) fn fill_tables(values: &mut [ValueEntry<'_>], tables: Vec<(ValueId, usize, Option<ValueBody>)>) {
    for (id, index, table) in tables {
        let Some(entry) = values.get_mut(id) else { continue };
        match (table, entry.versions.get_mut(index)) {
            (Some(table), Some(version)) => version.body = table,
            _ => entry.kind = None,
        }
    }
}

/// The values as the policy keeps them.
pub(super) fn into_values(values: Vec<ValueEntry<'_>>) -> Vec<Value> {
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
