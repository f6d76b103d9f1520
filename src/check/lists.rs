//! Values that are lists: of categories, and of the choices of a fact.

use super::categories::{self, report_covered};
use super::expr::Reader;
use super::facts::bare_word;
use super::scope::Scope;
use super::values::{ValueKind, check_cover, describe, lookup, unsupported};
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{CategoryId, ValueBody, Version, Window};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Kind, Name};

/// The list as words of a choice fact, where it is no list of categories; the inner None where that has been reported.
pub(super) fn choice_words(scope: &Scope<'_>, list: &[Expr]) -> Option<Option<Vec<String>>> {
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
    let value = scope.values.try_get(id)?;
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

/// The list as categories.
pub(super) fn category_names(scope: &Scope<'_>, list: &[Expr]) -> Option<Vec<CategoryId>> {
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

/// The categories of the value called `name`, as it is in `window`; the outer None where no value has that name,
/// the inner one where it is of no use here (which has been reported).
pub(super) fn category_list(
    scope: &Scope<'_>,
    name: &Name,
    window: &Window,
) -> Option<Option<Vec<CategoryId>>> {
    let id = lookup(scope, &name.text)?;
    let value = scope.values.try_get(id)?;
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
