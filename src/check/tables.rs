//! Values that are tables: a number by the case of a fact, a tier, a category, a day of the week, or by bands of an
//! amount. Every case is covered once.

use super::clauses::body;
use super::constant::{self, fold};
use super::events;
use super::expr::{Operand, Place, Reader, describe};
use super::facts::bare_word;
use super::scope::Scope;
use super::values::{self, ValueKind};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{CategoryId, Quantity, Subject, Table, TableKey, Test, Unit, ValueBody, ValueId};
use crate::source::Span;
use crate::syntax::ast::{CaseKey, Clause, ClauseKind, Declaration, Expr, ExprKind, Kind, Name};
use crate::value::Ratio;

/// Days of the week, from Monday.
pub(super) const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// One row as written.
pub(super) struct Row<'a> {
    key: &'a CaseKey,
    pub value: &'a Expr,
    span: Span,
}

/// What a table goes by, and what its cases may be.
struct Key {
    by: TableKey,
    cases: Cases,
}

/// The cases of a table.
enum Cases {
    /// Words, by index.
    Words(Vec<String>),
    /// Categories in this branch.
    Categories(Option<CategoryId>),
    /// Amounts of a unit, from the least.
    Amounts(Unit, Ratio),
}

/// Names of the values that a value refers to.
fn references(declaration: &Declaration) -> impl Iterator<Item = &Name> {
    declaration.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::By(expr) | ClauseKind::Case { value: expr, .. } => bare_word(expr),
        _ => None,
    })
}

/// True where a value refers to itself by way of others; reported at the first of the circle.
pub(super) fn is_circular(scope: &Scope<'_>, name: &str) -> bool {
    let declared = |name: &str| {
        let name = name.to_owned();
        scope.declared(Kind::Value).filter(move |declaration| declaration.name.text == name)
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<&Name> = declared(name).flat_map(references).collect();
    while let Some(next) = open.pop() {
        if next.text == name {
            report_circle(scope, name, next, &seen);
            return true;
        }
        if !seen.contains(&next.text.as_str()) {
            seen.push(&next.text);
            open.extend(declared(&next.text).flat_map(references));
        }
    }
    false
}

fn report_circle(scope: &Scope<'_>, name: &str, at: &Name, seen: &[&str]) {
    let message = match seen {
        [] => format!("the value `{name}` refers to itself"),
        _ => format!("the value `{name}` refers to itself, by way of {}", words::listed(seen, "and")),
    };
    let report = Diagnostic::new(Code::ReferenceCycle, at.span, message);
    scope.report(report.with_help("write one of the amounts out"));
}

/// What a table's rows are, before anything else about it is known; a row may be the name of another value.
pub(super) fn row_kind(scope: &Scope<'_>, declaration: &Declaration) -> Option<ValueKind> {
    row_kind_of(scope, declaration, 0)
}

/// The unit of a table's rows that are numbers.
fn unit(scope: &Scope<'_>, declaration: &Declaration) -> Option<Unit> {
    match row_kind(scope, declaration)? {
        ValueKind::Number(unit) => Some(unit),
        _ => None,
    }
}

fn row_kind_of(scope: &Scope<'_>, declaration: &Declaration, depth: usize) -> Option<ValueKind> {
    let mut exprs = declaration.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Case { value, .. } => Some(value),
        ClauseKind::Is(items) => items.first(),
        _ => None,
    });
    exprs.find_map(|expr| match bare_word(expr) {
        Some(name) if depth < 32 => {
            let mut declared = scope.declared(Kind::Value).filter(|d| d.name.text == name.text);
            declared.find_map(|declaration| row_kind_of(scope, declaration, depth + 1))
        }
        Some(_) => None,
        None => match scope.muted(|| Reader::new(scope, Place::Constant).operand(expr)) {
            Some(Operand::Number(_, unit)) => Some(ValueKind::Number(unit)),
            Some(Operand::Duration(_)) => Some(ValueKind::Duration),
            _ => None,
        },
    })
}

/// Every table, lowered: (value, index of its version, table).
pub(super) fn lower(scope: &Scope<'_>) -> Vec<(ValueId, usize, Option<ValueBody>)> {
    let mut tables = Vec::new();
    for (id, entry) in scope.values.iter_enumerated() {
        for (index, version) in entry.versions.iter().enumerate() {
            let dated = entry.group.versions.iter().find(|dated| dated.declaration.head == version.span);
            if let (ValueBody::Table(_), Some(dated)) = (&version.body, dated) {
                let clauses = scope.muted(|| body(scope, dated.declaration));
                let reader =
                    Reader { scope, place: Place::Table, window: version.window, stretch: version.window };
                tables.push((id, index, lowered(&reader, dated.declaration, &clauses)));
            }
        }
    }
    tables
}

fn lowered(reader: &Reader<'_, '_>, declaration: &Declaration, clauses: &[&Clause]) -> Option<ValueBody> {
    if row_kind(reader.scope, declaration) == Some(ValueKind::Duration) {
        return table(reader, declaration, clauses, super::lengths::rows).map(ValueBody::Durations);
    }
    table(reader, declaration, clauses, values_of).map(ValueBody::Table)
}

fn table<T: Clone>(
    reader: &Reader<'_, '_>,
    declaration: &Declaration,
    clauses: &[&Clause],
    values_of: impl Fn(&Reader<'_, '_>, &Declaration, &[Row<'_>]) -> Option<Vec<T>>,
) -> Option<Table<T>> {
    let by = clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::By(expr) => Some(expr),
        _ => None,
    })?;
    let rows: Vec<Row<'_>> = clauses
        .iter()
        .filter_map(|clause| match &clause.kind {
            ClauseKind::Case { key, value } => Some(Row { key, value, span: clause.span }),
            _ => None,
        })
        .collect();
    let values = values_of(reader, declaration, &rows);
    let key = key(reader, by)?;
    if rows.is_empty() {
        super::clauses::missing_clause(reader.scope, declaration, "what it is in any case", "`else: 1%`");
        return None;
    }
    let values = values?;
    match &key.cases {
        Cases::Amounts(unit, least) => {
            let bands = bands(reader, &rows, values, (*unit, *least))?;
            Some(Table { by: key.by, rows: Vec::new(), bands, otherwise: None })
        }
        Cases::Words(known) => {
            let find = |name: &Name| word_case(reader.scope, known, name, by);
            let (rows, otherwise) = cases(reader.scope, &rows, values, find)?;
            covered(reader, declaration, known, &rows, otherwise.is_some())?;
            Some(Table { by: key.by, rows, bands: Vec::new(), otherwise })
        }
        Cases::Categories(branch) => {
            let find = |name: &Name| category_case(reader.scope, *branch, name);
            let (rows, otherwise) = cases(reader.scope, &rows, values, find)?;
            let rows = nearest(reader.scope, rows);
            let (ids, names) = categories(reader.scope, *branch);
            let open: Vec<&str> = ids
                .iter()
                .zip(&names)
                .filter(|(id, _)| !rows.iter().any(|(cases, _)| cases.contains(&id.index())))
                .map(|(_, name)| *name)
                .collect();
            if otherwise.is_none() {
                report_open(reader.scope, declaration, &open)?;
            }
            Some(Table { by: key.by, rows, bands: Vec::new(), otherwise })
        }
    }
}

/// What the rows are worth: amounts of one unit, or other values.
fn values_of(reader: &Reader<'_, '_>, declaration: &Declaration, rows: &[Row<'_>]) -> Option<Vec<Quantity>> {
    let scope = reader.scope;
    let wanted = unit(scope, declaration);
    let mut values: Option<Vec<Quantity>> = Some(Vec::new());
    for row in rows {
        let found = match reader.operand(row.value) {
            Some(Operand::Number(quantity, unit)) if Some(unit) == wanted => {
                sound(scope, quantity, row.value)
            }
            Some(other) => {
                let unit = wanted.unwrap_or(Unit::Rate);
                constant::report_unit(scope, row.value, unit, describe(&other));
                None
            }
            None => None,
        };
        match (found, &mut values) {
            (Some(found), Some(values)) => values.push(found),
            _ => values = None,
        }
    }
    values
}

fn sound(scope: &Scope<'_>, quantity: Quantity, expr: &Expr) -> Option<Quantity> {
    match (&quantity, fold(&quantity)) {
        (Quantity::Value(_), _) => Some(quantity),
        (_, Some(n)) if !n.is_negative() => Some(quantity),
        (_, Some(_)) => {
            let message = format!("`{}` is below nought", scope.text(expr.span));
            let report = Diagnostic::new(Code::NegativeAmount, expr.span, message);
            scope.report(report.with_help("write 0 or more"));
            None
        }
        (_, None) => {
            let message = "a row is an amount written out, or the name of another value";
            let report = Diagnostic::new(Code::BadSubject, expr.span, message);
            scope.report(report.with_help("compute in the rule that reads the value"));
            None
        }
    }
}

fn key(reader: &Reader<'_, '_>, by: &Expr) -> Option<Key> {
    let scope = reader.scope;
    Some(match reader.operand(by)? {
        Operand::Choice(subject, fact) => match &scope.facts.get(subject, fact)?.kind {
            crate::policy::FactType::Choice(words) => {
                Key { by: TableKey::Fact(subject, fact), cases: Cases::Words(words.clone()) }
            }
            _ => return None,
        },
        Operand::Level(tier) => {
            let levels = scope.tiers.try_get(tier)?.levels.iter().map(|level| level.text.clone());
            Key { by: TableKey::Tier(tier), cases: Cases::Words(levels.collect()) }
        }
        Operand::Weekday => {
            let days = WEEKDAYS.iter().map(|day| (*day).to_owned());
            Key { by: TableKey::Weekday, cases: Cases::Words(days.collect()) }
        }
        Operand::Category(None) => Key { by: TableKey::Category, cases: Cases::Categories(None) },
        Operand::Category(Some(branch)) => {
            let ExprKind::Path(path) = &by.kind else { return None };
            let subject = super::facts::subject(scope, &path.subject.as_ref()?.text)?;
            let Subject::Event(event) = subject else { return None };
            let fact = events::category(&scope.facts, event)?;
            Key { by: TableKey::Fact(subject, fact), cases: Cases::Categories(Some(branch)) }
        }
        Operand::Number(quantity, unit) => {
            let least = super::ranges::bounds(scope, &quantity, None).0.unwrap_or(Ratio::ZERO);
            Key { by: TableKey::Quantity(quantity), cases: Cases::Amounts(unit, least) }
        }
        Operand::YesNo(Test::Fact { subject, fact }) => {
            let words = vec!["no".to_owned(), "yes".to_owned()];
            Key { by: TableKey::Fact(subject, fact), cases: Cases::Words(words) }
        }
        other => {
            let message = format!("a table does not go by {}", describe(&other));
            let help = "it goes by a choice of words, a yes/no fact, a tier, a category, a day of the week, or an amount";
            scope.report(Diagnostic::new(Code::TypeMismatch, by.span, message).with_help(help));
            return None;
        }
    })
}

type Rows<T> = Vec<(Vec<usize>, T)>;

/// The cases of each row, each case once, and the row for all others.
fn cases<T>(
    scope: &Scope<'_>,
    rows: &[Row<'_>],
    values: Vec<T>,
    find: impl Fn(&Name) -> Option<usize>,
) -> Option<(Rows<T>, Option<Box<T>>)> {
    let mut seen: Vec<(usize, Span)> = Vec::new();
    let mut otherwise: Option<(Box<T>, Span)> = None;
    let (mut found, mut fits) = (Vec::new(), true);
    for (row, value) in rows.iter().zip(values) {
        match row.key {
            CaseKey::Names(names) => {
                let mut indices = Vec::new();
                for name in names {
                    let Some(index) = find(name) else {
                        fits = false;
                        continue;
                    };
                    if let Some((_, first)) = seen.iter().find(|(other, _)| *other == index) {
                        report_twice(scope, &name.text, name.span, *first);
                        fits = false;
                    }
                    seen.push((index, name.span));
                    indices.push(index);
                }
                found.push((indices, value));
            }
            CaseKey::Else(span) => match &otherwise {
                Some((_, first)) => {
                    report_twice(scope, "else", *span, *first);
                    fits = false;
                }
                None => otherwise = Some((Box::new(value), *span)),
            },
            CaseKey::From(_) => {
                let message = "a row `from` an amount stands in a table that goes by an amount";
                let report = Diagnostic::new(Code::TypeMismatch, row.span, message);
                scope.report(report.with_help("write the cases by name: `gold: 2%`"));
                fits = false;
            }
        }
    }
    fits.then(|| (found, otherwise.map(|(value, _)| value)))
}

fn report_twice(scope: &Scope<'_>, word: &str, span: Span, first: Span) {
    let message = format!("the case `{word}` stands twice");
    scope.report(
        Diagnostic::new(Code::DuplicateName, span, message)
            .with_label("the second")
            .with_place(first, "the first")
            .with_help("each case has one row: leave one of them out"),
    );
}

fn word_case(scope: &Scope<'_>, known: &[String], name: &Name, by: &Expr) -> Option<usize> {
    let found = known.iter().position(|word| *word == name.text);
    let path = if let ExprKind::Path(path) = &by.kind { Some(path) } else { None };
    let tier = path.and_then(|path| scope.tiers.iter().find(|tier| tier.name == path.name.text));
    // A level that could not be read has been told already.
    if found.is_none() && !tier.is_some_and(|tier| tier.declaration.broken) {
        let message = format!("`{}` is not among the cases of `{}`", name.text, scope.text(by.span));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut report = Diagnostic::new(Code::UnknownChoice, name.span, message)
            .with_place(by.span, "the table goes by this");
        report.help = words::hint(&name.text, "the cases are", &known);
        scope.report(report);
    }
    found
}

fn category_case(scope: &Scope<'_>, branch: Option<CategoryId>, name: &Name) -> Option<usize> {
    let id = super::categories::resolve(scope, name)?;
    if let Some(branch) = branch
        && !scope.categories.lies_in(id, branch)
    {
        super::categories::report_elsewhere(scope, id, branch, name.span);
        return None;
    }
    Some(id.index())
}

/// Ids and names of the categories that a table must cover.
fn categories<'s>(scope: &'s Scope<'_>, branch: Option<CategoryId>) -> (Vec<CategoryId>, Vec<&'s str>) {
    let all = scope.categories.list.iter_enumerated();
    all.filter(|(id, _)| branch.is_none_or(|branch| scope.categories.lies_in(*id, branch)))
        .map(|(id, category)| (id, category.name.as_str()))
        .unzip()
}

/// Spreads rows over the tree: a category belongs to the row that names it, or the nearest above it.
fn nearest<T: Clone>(scope: &Scope<'_>, rows: Rows<T>) -> Rows<T> {
    let row_of = |id: CategoryId| {
        let mut at = Some(id);
        while let Some(here) = at {
            if let Some(row) = rows.iter().position(|(cases, _)| cases.contains(&here.index())) {
                return Some(row);
            }
            at = scope.categories.list[here].parent;
        }
        None
    };
    let owners: Vec<Option<usize>> = scope.categories.list.ids().map(row_of).collect();
    let ids = |row: usize| owners.iter().enumerate().filter(move |(_, r)| **r == Some(row)).map(|(id, _)| id);
    rows.iter().enumerate().map(|(row, (_, value))| (ids(row).collect(), value.clone())).collect()
}

fn covered<T>(
    reader: &Reader<'_, '_>,
    declaration: &Declaration,
    known: &[String],
    rows: &Rows<T>,
    otherwise: bool,
) -> Option<()> {
    let has = |index: &usize| rows.iter().any(|(cases, _)| cases.contains(index));
    let open: Vec<&str> =
        known.iter().enumerate().filter(|(i, _)| !has(i)).map(|(_, word)| word.as_str()).collect();
    if otherwise { Some(()) } else { report_open(reader.scope, declaration, &open) }
}

fn report_open(scope: &Scope<'_>, declaration: &Declaration, open: &[&str]) -> Option<()> {
    if open.is_empty() || declaration.broken {
        return Some(());
    }
    let name = &declaration.name.text;
    let shown: Vec<&str> = open.iter().take(6).copied().collect();
    let more = if open.len() > shown.len() { " and others" } else { "" };
    let message =
        format!("the value `{name}` does not say what it is for {}{more}", words::listed(&shown, "and"));
    let help = format!("add a row `{}: …`, or `else: …` for all others", shown.join(", "));
    scope.report(Diagnostic::new(Code::UncoveredCase, declaration.head, message).with_help(help));
    None
}

fn bands<T>(
    reader: &Reader<'_, '_>,
    rows: &[Row<'_>],
    values: Vec<T>,
    (unit, least): (Unit, Ratio),
) -> Option<Vec<(Ratio, T)>> {
    let scope = reader.scope;
    let mut bands: Vec<(Ratio, T)> = Vec::new();
    let mut last: Option<(Ratio, Span)> = None;
    for (row, value) in rows.iter().zip(values) {
        let CaseKey::From(expr) = row.key else {
            let message = "a table that goes by an amount has rows `from` an amount";
            let report = Diagnostic::new(Code::TypeMismatch, row.span, message);
            let example = constant::written(scope, least, unit);
            scope.report(report.with_help(format!("write `from {example}: …`")));
            return None;
        };
        let from = constant::exact(scope, expr, unit)?;
        match last {
            None if from > least => {
                let lowest = constant::written(scope, least, unit);
                let message = format!("no row covers amounts below {}", scope.text(expr.span));
                let help = format!("let the first row start `from {lowest}`");
                scope.report(Diagnostic::new(Code::UncoveredCase, expr.span, message).with_help(help));
                return None;
            }
            Some((before, place)) if from <= before => {
                let message = "the rows do not rise";
                scope.report(
                    Diagnostic::new(Code::NotRising, expr.span, message)
                        .with_place(place, "not below this row")
                        .with_help("order the rows from the least amount to the greatest, each once"),
                );
                return None;
            }
            _ => last = Some((from, expr.span)),
        }
        bands.push((from, value));
    }
    Some(bands)
}

/// Reports a table that goes by what is not known where the value is read.
pub(super) fn check_reading(reader: &Reader<'_, '_>, id: ValueId, name: &Name) -> bool {
    if reader.place == Place::Table {
        return true;
    }
    let mut seen = vec![id];
    let mut next = 0;
    while let Some(id) = seen.get(next).copied() {
        next += 1;
        let Some(entry) = reader.scope.values.try_get(id) else { continue };
        for version in &entry.group.versions {
            for expr in version.declaration.clauses.iter().filter_map(by_of) {
                if !may_read(reader, expr, name.span) {
                    return false;
                }
            }
            let named = references(version.declaration).filter_map(|n| values::lookup(reader.scope, &n.text));
            let fresh: Vec<ValueId> = named.filter(|id| !seen.contains(id)).collect();
            seen.extend(fresh);
        }
    }
    true
}

fn by_of(clause: &Clause) -> Option<&Expr> {
    match &clause.kind {
        ClauseKind::By(expr) => Some(expr),
        _ => None,
    }
}

fn may_read(reader: &Reader<'_, '_>, expr: &Expr, span: Span) -> bool {
    match &expr.kind {
        ExprKind::Path(path) | ExprKind::PathFor(path, _) => {
            let Some(word) = &path.subject else { return true };
            if word.text == super::built_in::REQUEST {
                return reader.may_read_request(&reader.scope.text(path.span), span);
            }
            let Some(subject) = super::facts::subject(reader.scope, &word.text) else { return true };
            reader.may_read(subject, &reader.scope.text(path.span), span)
        }
        ExprKind::Measure { name, .. } => reader.may_read_measure(&name.text, span),
        ExprKind::Arithmetic(left, _, right) => may_read(reader, left, span) && may_read(reader, right, span),
        _ => true,
    }
}
