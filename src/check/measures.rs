//! Measures: counts and sums per member over a stretch of time.

use super::base::{base, base_unit};
use super::clauses::{body, missing_choice, missing_clause};
use super::expr::{Operand, Place, Reader, describe, unit_words};
use super::facts::{self, Lookup};
use super::pending::mark;
use super::periods::period;
use super::rules::Draft;
use super::scope::Scope;
use super::versions::{report_dates, window};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::reads::Reads;
use crate::policy::{
    Counted, Counting, FactId, FactType, Filter, Grain, IdVec, Measure, MeasureId, Occasion, Period, Subject,
    Unit,
};
use crate::source::Span;
use crate::syntax::ast::{self, Clause, ClauseKind, Declaration, Kind, Name, Path};
use crate::value::Ratio;

/// A declared measure: what is needed to read it.
pub(super) struct MeasureEntry<'a> {
    pub name: &'a str,
    pub declaration: &'a Declaration,
    pub clauses: Vec<&'a Clause>,
    /// None where it is broken.
    pub unit: Option<Unit>,
    /// The choice for each of which it is counted.
    pub key: Option<(Subject, FactId)>,
    /// None where it is broken or not said.
    pub period: Option<Period>,
}

/// Collects the measures.
pub(super) fn entries<'a>(scope: &Scope<'a>) -> IdVec<MeasureId, MeasureEntry<'a>> {
    let mut entries: IdVec<MeasureId, MeasureEntry<'a>> = IdVec::default();
    for declaration in scope.declared(Kind::Measure) {
        report_dates(scope, declaration);
        let name = declaration.name.text.as_str();
        let first = entries.iter().find(|entry| entry.name == name).map(|entry| entry.declaration);
        if super::versions::report_second(scope, declaration, first) {
            continue;
        }
        let clauses = body(scope, declaration);
        let unit = clauses.iter().find_map(|clause| unit(scope, clause));
        let key = clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::ForEach(path) => key(scope, path, &clauses),
            _ => None,
        });
        let period = clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Per(period) => self::period(scope, period),
            _ => None,
        });
        entries.push(MeasureEntry { name, declaration, clauses, unit, key, period });
    }
    // A sum counts in the unit of its first measure, over the same period.
    for id in entries.ids() {
        let first = added(&entries[id].clauses).next();
        let first = first.and_then(|name| entries.iter().find(|entry| entry.name == name.text));
        let known = first.map(|first| (first.unit, first.period));
        if let Some((unit, period)) = known {
            (entries[id].unit, entries[id].period) = (unit, period);
        }
    }
    entries
}

/// The measures that `adds` lines name.
fn added<'a>(clauses: &[&'a Clause]) -> impl Iterator<Item = &'a Name> {
    let lists = clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Adds(names) => Some(names),
        _ => None,
    });
    lists.flatten().collect::<Vec<_>>().into_iter()
}

/// What `each order`, `each line`, `each stay` counts; reports anything else.
fn each(scope: &Scope<'_>, name: &Name) -> Option<(Occasion, Grain, Place)> {
    match name.text.as_str() {
        "order" => return Some((Occasion::Order, Grain::Order, Place::Order)),
        "line" => return Some((Occasion::Order, Grain::Line, Place::Line)),
        _ => {}
    }
    let event = scope.events.position(|event| event.name == name.text);
    if let Some(event) = event {
        scope.use_name(Kind::Event, event);
        return Some((Occasion::Event(event), Grain::Order, Place::Event(event)));
    }
    if !scope.may_be_declared(&name.text) {
        let events = scope.events.iter().map(|event| event.name);
        let known: Vec<&str> = ["order", "line"].into_iter().chain(events).collect();
        let message = format!("a measure counts orders, lines or declared events, not each `{}`", name.text);
        let mut report = Diagnostic::new(Code::UnknownSubject, name.span, message);
        report.help = words::hint(&name.text, "write `each` with one of", &known);
        scope.report(report);
    }
    None
}

fn unit(scope: &Scope<'_>, clause: &Clause) -> Option<Unit> {
    let ClauseKind::Counts { each, what, .. } = &clause.kind else { return None };
    scope.muted(|| {
        let (_, _, place) = self::each(scope, each)?;
        match what {
            ast::Counted::Rule(_) => Some(Unit::Points),
            ast::Counted::Different(_) => Some(Unit::Count),
            ast::Counted::Base(base) => base_unit(&Reader::new(scope, place), base),
            ast::Counted::Amount(expr) => match Reader::new(scope, place).operand(expr)? {
                Operand::Number(_, unit) => Some(unit),
                _ => None,
            },
        }
    })
}

fn key(scope: &Scope<'_>, path: &Path, clauses: &[&Clause]) -> Option<(Subject, FactId)> {
    let word = path.subject.as_ref()?;
    let Some(subject) = facts::subject(scope, &word.text) else {
        facts::report_subject(scope, word);
        return None;
    };
    let places = clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Counts { each, .. } => scope.muted(|| self::each(scope, each)).map(|(_, _, place)| place),
        _ => None,
    });
    for place in places {
        if !Reader::new(scope, place).readable(subject, path) {
            return None;
        }
    }
    let found = match scope.facts.lookup(subject, &path.name.text) {
        Lookup::Found(index) => index,
        Lookup::Broken => return None,
        Lookup::Unknown => {
            if let Some(operand) = Reader::new(scope, Place::Table).operand(&path_expr(path)) {
                let message = format!(
                    "`{}` is {}, and a count for each needs a choice",
                    scope.text(path.span),
                    describe(&operand)
                );
                let help = "declare a fact that is a choice of words, and count for each of them";
                scope.report(Diagnostic::new(Code::TypeMismatch, path.span, message).with_help(help));
            }
            return None;
        }
    };
    scope.use_fact(subject, found);
    let fact = scope.facts.get(subject, found)?;
    if !matches!(fact.kind, FactType::Choice(_)) {
        let message = format!(
            "`{}` is {}, and a count for each needs a choice",
            fact.name,
            facts::describe(&fact.kind)
        );
        scope.report(
            Diagnostic::new(Code::TypeMismatch, path.span, message)
                .with_place(fact.span, "declared here")
                .with_help(format!("declare it as a choice of words: `{}: one | other`", fact.name)),
        );
        return None;
    }
    Some((subject, found))
}

/// A path as an expression.
pub(super) fn path_expr(path: &Path) -> ast::Expr {
    ast::Expr { kind: ast::ExprKind::Path(path.clone()), span: path.span }
}

/// Checks the measures.
pub(super) fn measures(scope: &Scope<'_>) -> IdVec<MeasureId, Measure> {
    let read = scope.measures.iter().map(|entry| {
        let found = measure(scope, entry);
        if found.is_none() {
            scope.note_unread(entry.declaration.head);
        }
        found
    });
    read.flatten().collect()
}

fn measure(scope: &Scope<'_>, entry: &MeasureEntry<'_>) -> Option<Measure> {
    let open = window(scope, None, None);
    let (declaration, clauses) = (entry.declaration, entry.clauses.as_slice());
    let draft = Draft { scope, declaration, clauses, window: open, stretch: open };
    let counts: Vec<&Clause> =
        clauses.iter().copied().filter(|clause| matches!(clause.kind, ClauseKind::Counts { .. })).collect();
    let most = most(&draft, entry);
    if clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Adds(_))) {
        let adds = sum(&draft, entry)?;
        let (unit, period) = (entry.unit?, entry.period?);
        return Some(Measure {
            name: entry.name.to_owned(),
            label: label_of(entry),
            unit,
            counts: Vec::new(),
            adds,
            most: most?,
            period,
            key: None,
        });
    }
    report_missing(&draft, &counts);
    report_versions(&draft);
    if let Some(second) = counts.get(1) {
        report_shared_guards(&draft, second);
    }
    let counted: Vec<Option<Counting>> =
        counts.iter().map(|clause| counting(&draft, entry, clause)).collect();
    let counts = counted.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Measure {
        name: entry.name.to_owned(),
        label: label_of(entry),
        unit: entry.unit?,
        counts,
        adds: Vec::new(),
        most: most?,
        period: entry.period?,
        key: entry.key,
    })
}

fn label_of(entry: &MeasureEntry<'_>) -> String {
    entry.declaration.label.as_ref().map_or_else(|| entry.name.to_owned(), |label| label.text.clone())
}

/// The measures that a sum adds up: each counts by itself, in one unit, over one period.
fn sum(draft: &Draft<'_, '_>, entry: &MeasureEntry<'_>) -> Option<Vec<MeasureId>> {
    let scope = draft.scope;
    let other = draft.clauses.iter().find(|clause| {
        !matches!(clause.kind, ClauseKind::Adds(_) | ClauseKind::AtMost { .. } | ClauseKind::Error)
    });
    if let Some(clause) = other {
        let message = format!("`{}` adds up other measures: it counts nothing by itself", entry.name);
        let report = Diagnostic::new(Code::MisplacedClause, clause.span, message);
        scope.report(report.with_help("say it in the measures that it adds, or leave `adds` out"));
        return None;
    }
    let mut adds: Vec<MeasureId> = Vec::new();
    for name in added(draft.clauses) {
        let id = super::readings::resolve(scope, name)?;
        let one = scope.measures.try_get(id)?;
        let (message, help) = if added(&one.clauses).next().is_some() {
            (format!("`{}` is a sum itself", name.text), "name the measures that it adds")
        } else if adds.contains(&id) {
            (format!("`{}` is listed twice", name.text), "leave one of them out")
        } else if one.key.is_some() {
            (format!("`{}` counts for each choice apart", name.text), "add measures of one number")
        } else if one.unit? != entry.unit? || one.period? != entry.period? {
            let message =
                format!("`{}` counts in another unit, or over another period, than the first", name.text);
            (message, "measures that add up count alike, over one period")
        } else {
            adds.push(id);
            continue;
        };
        scope.report(Diagnostic::new(Code::BadSubject, name.span, message).with_help(help));
        return None;
    }
    Some(adds)
}

/// `at most 15`: the inner None where nothing is said.
fn most(draft: &Draft<'_, '_>, entry: &MeasureEntry<'_>) -> Option<Option<Ratio>> {
    let scope = draft.scope;
    let said = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::AtMost { limit, per } => Some((limit, per, clause.span)),
        _ => None,
    });
    let Some((limit, per, span)) = said else { return Some(None) };
    if *per != ast::LimitScope::Each {
        let message = "a measure is limited over its own period";
        let help = format!("write `at most {}` only", scope.text(limit.span));
        scope.report(Diagnostic::new(Code::BadGrain, span, message).with_help(help));
        return None;
    }
    super::constant::positive(scope, limit, entry.unit?).map(Some)
}

fn report_missing(draft: &Draft<'_, '_>, counts: &[&Clause]) {
    if counts.is_empty() {
        missing_clause(draft.scope, draft.declaration, "what it counts", "`each order counts 1`");
    }
    if !draft.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Per(_))) {
        let choices = ["per calendar month", "per calendar year", "per rolling 12 months", "for all time"];
        missing_choice(draft.scope, draft.declaration, "over what time it counts", &choices);
    }
}

/// A list of categories that changes from a day on has no place in a measure, which counts over all days alike.
fn report_versions(draft: &Draft<'_, '_>) {
    for name in super::rules::named(draft.clauses) {
        let Some(entry) = super::values::entry_of(draft.scope, &name.text) else { continue };
        if entry.kind == Some(super::values::ValueKind::Categories) && entry.group.versions.len() > 1 {
            let message =
                format!("`{}` changes from a day on, and a measure counts every day alike", name.text);
            let report = Diagnostic::new(Code::UnsupportedForm, name.span, message);
            draft.scope.report(report.with_help("name the categories themselves"));
        }
    }
}

fn report_shared_guards(draft: &Draft<'_, '_>, second: &Clause) {
    for clause in draft.clauses {
        if matches!(clause.kind, ClauseKind::When(_) | ClauseKind::OnlyFor(_) | ClauseKind::NotFor { .. }) {
            let message = "this does not say which of the `each` lines it is about";
            draft.scope.report(
                Diagnostic::new(Code::MisplacedClause, clause.span, message)
                    .with_place(second.span, "a second `each` line")
                    .with_help("a measure with conditions has one `each` line: write a second measure"),
            );
        }
    }
}

fn counting(draft: &Draft<'_, '_>, entry: &MeasureEntry<'_>, clause: &Clause) -> Option<Counting> {
    let scope = draft.scope;
    let ClauseKind::Counts { each: name, what, at } = &clause.kind else { return None };
    let (of, each, place) = self::each(scope, name)?;
    let what = counted(draft, entry, what, (of, each, place));
    let at = match at {
        Some(name) => Some(mark_of(scope, of, name)?),
        None => None,
    };
    let (filters, conditions): (Vec<Filter>, _) = draft.guards(place)?;
    Some(Counting { of, each, what: what?, at, filters, conditions, span: clause.span })
}

fn mark_of(scope: &Scope<'_>, of: Occasion, name: &Name) -> Option<usize> {
    if let Occasion::Event(event) = of {
        let (found, mark) = mark(scope, name, Some(event))?;
        if found == event {
            return Some(mark);
        }
    }
    let message = format!("`{}` is no mark of what is counted here", name.text);
    let help = match of {
        Occasion::Event(event) => {
            let name = scope.events.try_get(event).map_or("", |event| event.name);
            format!("declare it in `event {name}`: `marks …`")
        }
        _ => "an order counts when it is placed: leave `at …` out".to_owned(),
    };
    scope.report(Diagnostic::new(Code::BadSubject, name.span, message).with_help(help));
    None
}

fn counted(
    draft: &Draft<'_, '_>,
    entry: &MeasureEntry<'_>,
    what: &ast::Counted,
    (of, each, place): (Occasion, Grain, Place),
) -> Option<Counted> {
    let scope = draft.scope;
    let (counted, unit, span) = match what {
        ast::Counted::Rule(stage) => {
            let rule = super::stages::resolve(scope, &stage.rule)?;
            (Counted::Rule(stage.stage, rule), Unit::Points, stage.rule.span)
        }
        ast::Counted::Different(path) => (
            Counted::Different(different(draft, path, (each != Grain::Order, place))?),
            Unit::Count,
            path.span,
        ),
        ast::Counted::Base(written) => {
            let unit = base_unit(&draft.reader(place), written)?;
            (Counted::Base(base(draft, written, (of, each), place)?), unit, written.span)
        }
        ast::Counted::Amount(expr) => match draft.reader(place).operand(expr)? {
            Operand::Number(quantity, unit) => {
                let mut reads = Reads::ever(scope);
                reads.quantity(&quantity);
                if reads.measures().next().is_some() {
                    report_nested(scope, expr.span);
                    return None;
                }
                let (low, _) = super::ranges::bounds(scope, &quantity, None);
                if low.is_some_and(Ratio::is_negative) {
                    let message = format!("`{}` can fall below nought", scope.text(expr.span));
                    let report = Diagnostic::new(Code::NegativeAmount, expr.span, message);
                    scope.report(report.with_help("count an amount of 0 or more"));
                    return None;
                }
                (Counted::Amount(quantity), unit, expr.span)
            }
            other => {
                let message =
                    format!("a measure adds up numbers, money or points, and this is {}", describe(&other));
                let report = Diagnostic::new(Code::TypeMismatch, expr.span, message);
                scope.report(report.with_help("count a number (`counts 1`) or an amount"));
                return None;
            }
        },
    };
    check_unit(scope, entry, unit, span)?;
    Some(counted)
}

/// The fact whose different words are counted; None for the event's category.
fn different(
    draft: &Draft<'_, '_>,
    path: &Path,
    (by_line, place): (bool, Place),
) -> Option<Option<(Subject, FactId)>> {
    let scope = draft.scope;
    let wrong = |message: String, help: &str| {
        scope.report(Diagnostic::new(Code::TypeMismatch, path.span, message).with_help(help));
        None
    };
    if by_line {
        let message = "different things are counted over orders or events, not over lines".to_owned();
        return wrong(message, "write `each order counts different …`");
    }
    match draft.reader(place).operand(&path_expr(path))? {
        Operand::Text(subject, fact) | Operand::Choice(subject, fact) => Some(Some((subject, fact))),
        Operand::Category(Some(_)) => Some(None),
        other => {
            let message =
                format!("different words or categories can be counted, and this is {}", describe(&other));
            wrong(message, "name a choice or text fact: `each order counts different order.shop`")
        }
    }
}

fn report_nested(scope: &Scope<'_>, span: Span) {
    let message = "a measure does not add up what another measure counts";
    let report = Diagnostic::new(Code::BadSubject, span, message);
    scope.report(report.with_help("count orders, lines or events themselves; several `each` lines add up"));
}

fn check_unit(scope: &Scope<'_>, entry: &MeasureEntry<'_>, unit: Unit, span: Span) -> Option<()> {
    if matches!(unit, Unit::Rate | Unit::Time) {
        let message = format!("a measure adds up numbers, money or points, and this is {}", unit_words(unit));
        let report = Diagnostic::new(Code::TypeMismatch, span, message);
        scope.report(report.with_help("count a number (`counts 1`) or an amount"));
        return None;
    }
    let first = entry.unit?;
    if first != unit {
        let message = format!("`{}` adds up {} and {}", entry.name, unit_words(first), unit_words(unit));
        let report = Diagnostic::new(Code::TypeMismatch, span, message);
        scope.report(
            report.with_help("all `each` lines of a measure count in one unit: write a second measure"),
        );
        return None;
    }
    Some(())
}
