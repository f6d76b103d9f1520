//! The base of an earn rule: which amount earns, and whether each part of it does.

use super::expr::{Operand, Place, Reader};
use super::facts::{self, Lookup};
use super::measures::path_expr;
use super::readings;
use super::rules::Draft;
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::policy::{
    Base, BaseOf, FactId, FactType, Grain, Occasion, Part, PartOf, Period, Quantity, Subject, Unit,
};
use crate::syntax::ast::{self, ClauseKind, Kind, Name, Path};

/// The part of every base that is paid with points.
const POINTS_PAID: &str = "points_paid";

/// Something inside an amount that earns or does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    PointsPaid,
    Fact(Subject, FactId),
}

/// The unit of an amount that earns; None where it is none.
pub(super) fn base_unit(reader: &Reader<'_, '_>, base: &ast::Base) -> Option<Unit> {
    if base.of.subject.is_none() {
        let measure = reader.scope.measures.iter().find(|measure| measure.name == base.of.name.text)?;
        return measure.unit;
    }
    match reader.scope.muted(|| reader.operand(&path_expr(&base.of)))? {
        Operand::Number(_, unit) => Some(unit),
        _ => None,
    }
}

/// Checks a base: its amount fits the subject, and each part of the amount is placed once.
pub(super) fn base(
    draft: &Draft<'_, '_>,
    base: &ast::Base,
    (occasion, each): (Occasion, Grain),
    place: Place,
) -> Option<Base> {
    let scope = draft.scope;
    let of = amount(draft, base, (occasion, each), place)?;
    let parts = parts(scope, &of);
    let placed = |names: &[Name]| -> Vec<Option<Inside>> {
        names.iter().map(|name| part(scope, &base.of, &parts, name)).collect()
    };
    let (with, without) = (placed(&base.with), placed(&base.without));
    let names: Vec<&Name> = base.with.iter().chain(&base.without).collect();
    report_twice(scope, &names);
    let (with, without) =
        (with.into_iter().collect::<Option<Vec<_>>>()?, without.into_iter().collect::<Option<Vec<_>>>()?);
    let silent: Vec<&str> = parts
        .iter()
        .filter(|(part, _)| !with.contains(part) && !without.contains(part))
        .map(|(_, name)| *name)
        .filter(|name| *name != POINTS_PAID || points_are_paid(scope))
        .collect();
    if !silent.is_empty() {
        report_silent(draft, base, &silent);
    }
    let beyond = match &base.beyond {
        Some(written) => {
            let reader = draft.reader(place);
            let quantity = reader.number(written, base_unit(&reader, base)?)?;
            Some(Box::new(super::limits::sound(draft, quantity, written, Unit::Count)?))
        }
        None => None,
    };
    let facts = |parts: &[Inside], wanted: fn(Subject) -> bool, beside: bool| {
        let of = parts.iter().filter_map(|part| match part {
            Inside::Fact(subject, index) if wanted(*subject) => {
                let fact = scope.facts.get(*subject, *index)?;
                (fact.part_of?.beside == beside).then_some(*index)
            }
            _ => None,
        });
        of.collect::<Vec<_>>()
    };
    let line = |subject| subject == Subject::Line;
    let order = |subject| subject == Subject::Order;
    let event = |subject| matches!(subject, Subject::Event(_));
    Some(Base {
        of,
        without_line_parts: facts(&without, line, false),
        without_order_parts: facts(&without, order, false),
        without_event_parts: facts(&without, event, false),
        with_line_beside: facts(&with, line, true),
        with_order_beside: facts(&with, order, true),
        with_event_beside: facts(&with, event, true),
        with_points_paid: !without.contains(&Inside::PointsPaid),
        beyond,
    })
}

/// True where any rule lets points be paid.
fn points_are_paid(scope: &Scope<'_>) -> bool {
    scope.declared(Kind::Redeem).any(|declaration| {
        declaration.broken
            || declaration.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Pays { .. }))
    })
}

fn amount(
    draft: &Draft<'_, '_>,
    base: &ast::Base,
    (occasion, each): (Occasion, Grain),
    place: Place,
) -> Option<BaseOf> {
    let (scope, path) = (draft.scope, &base.of);
    if let Some(period) = occasion.period() {
        return measured(scope, base, period);
    }
    if let Some(key) = &base.key {
        let message = "only what a measure counts is told apart like this";
        let report = Diagnostic::new(Code::BadSubject, key.span, message);
        scope.report(
            report.with_help("a measure earns in a rule of a stretch of time: `each calendar month gives …`"),
        );
        return None;
    }
    let written = scope.text(path.span);
    let of = match (occasion, written.as_str()) {
        (Occasion::Order, "line.price") => BaseOf::LinePrice,
        (Occasion::Order, "order.price") => BaseOf::OrderPrice,
        (Occasion::Order, "order.total") => BaseOf::OrderTotal,
        _ => return number(draft, path, &written, each, place),
    };
    let fits = (of == BaseOf::LinePrice) == (each != Grain::Order);
    if !fits {
        let (message, help) = if each == Grain::Order {
            (
                format!("`{written}` belongs to one line, and this rule gives to each order"),
                "write `order.price`, the sum of the lines",
            )
        } else {
            (
                format!("`{written}` belongs to the whole order, and this rule gives to each of its lines"),
                "write `line.price`, or `each order gives …`",
            )
        };
        scope.report(Diagnostic::new(Code::BadSubject, path.span, message).with_help(help));
        return None;
    }
    Some(of)
}

/// A number or an amount of an event, a number of an order.
fn number(draft: &Draft<'_, '_>, path: &Path, written: &str, each: Grain, place: Place) -> Option<BaseOf> {
    let subject = path.subject.as_ref().and_then(|subject| facts::subject(draft.scope, &subject.text));
    let Some(subject) = subject else {
        report_amount(draft, path, written, each, place);
        return None;
    };
    let readable = matches!(draft.scope.facts.lookup(subject, &path.name.text), Lookup::Found(_))
        || draft.scope.muted(|| draft.reader(Place::Table).operand(&path_expr(path))).is_some();
    if !readable {
        report_amount(draft, path, written, each, place);
        return None;
    }
    let operand = draft.reader(place).operand(&path_expr(path))?;
    match (operand, subject) {
        (Operand::Number(Quantity::Fact(Subject::Event(event), fact), Unit::Money | Unit::Count), _) => {
            Some(BaseOf::EventFact(event, fact))
        }
        (Operand::Number(quantity, Unit::Count), _) => Some(BaseOf::Number(quantity)),
        _ => {
            report_amount(draft, path, written, each, place);
            None
        }
    }
}

/// What a measure has counted in a stretch of time that has ended.
fn measured(scope: &Scope<'_>, base: &ast::Base, period: Period) -> Option<BaseOf> {
    let path = &base.of;
    if path.subject.is_some() {
        let message = format!("`{}` is not known when a stretch of time ends", scope.text(path.span));
        let help = "name a measure over the same stretch: it counts the orders and events in it";
        scope.report(Diagnostic::new(Code::BadSubject, path.span, message).with_help(help));
        return None;
    }
    let id = readings::resolve(scope, &path.name)?;
    let key = readings::key(scope, id, base.key.as_ref(), path.span)?;
    let measure = scope.measures.try_get(id)?;
    if measure.period.is_some_and(|own| own != period) {
        let message = format!("`{}` counts over another stretch of time than this rule", measure.name);
        scope.report(
            Diagnostic::new(Code::BadSubject, path.span, message)
                .with_place(measure.declaration.head, "the measure")
                .with_help("let both say the same: `each calendar month gives …` and `per calendar month`"),
        );
        return None;
    }
    Some(BaseOf::Measure(id, key))
}

fn report_amount(draft: &Draft<'_, '_>, path: &Path, written: &str, each: Grain, place: Place) {
    let scope = draft.scope;
    let event_amounts: Vec<String> = match place {
        Place::Event(event) => {
            let amounts = scope.facts.of(Subject::Event(event)).filter(|fact| fact.part_of.is_none());
            let numbers = amounts.filter(|fact| {
                matches!(super::constant::unit_of(&fact.kind), Some(Unit::Money | Unit::Count))
            });
            numbers
                .map(|fact| format!("{}.{}", scope.subject_word(Subject::Event(event)), fact.name))
                .collect()
        }
        _ => Vec::new(),
    };
    let known: Vec<&str> = match (place, each) {
        (Place::Event(_), _) => event_amounts.iter().map(String::as_str).collect(),
        (_, Grain::Order) => vec!["order.price", "order.total"],
        _ => vec!["line.price"],
    };
    let candidates = if matches!(place, Place::Event(_)) {
        known.clone()
    } else {
        vec!["line.price", "order.price", "order.total"]
    };
    let near = suggest::nearest(written, candidates);
    let subject = path.subject.as_ref().and_then(|subject| facts::subject(scope, &subject.text));
    let declared = subject
        .is_some_and(|subject| matches!(scope.facts.lookup(subject, &path.name.text), Lookup::Found(_)));
    let code = if declared { Code::UnsupportedForm } else { Code::UnknownFact };
    let message = if declared {
        format!("a base of `{written}` is not run by this version of Meed")
    } else {
        format!("`{written}` is no amount that earns")
    };
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "declare an amount in the event: `charges: USD`".to_owned(),
        None => format!("write {}", words::listed(&known, "or")),
    };
    scope.report(Diagnostic::new(code, path.span, message).with_help(help));
}

/// The declared parts of an amount and what comes beside it, and the part paid with points.
fn parts<'s>(scope: &'s Scope<'_>, of: &BaseOf) -> Vec<(Inside, &'s str)> {
    let declared = |subject: Subject, fits: fn(PartOf) -> bool| {
        let facts = scope.facts.enumerated(subject);
        facts
            .filter(move |(_, fact)| fact.part_of.is_some_and(fits))
            .map(move |(id, fact)| (Inside::Fact(subject, id), fact.name.as_str()))
            .collect::<Vec<_>>()
    };
    let mut parts = match of {
        BaseOf::LinePrice => declared(Subject::Line, |_| true),
        BaseOf::OrderPrice => {
            let mut parts = declared(Subject::Line, |_| true);
            parts.extend(declared(Subject::Order, |part| part.amount == Part::Price));
            parts
        }
        BaseOf::OrderTotal => {
            let mut parts = declared(Subject::Line, |_| true);
            parts.extend(declared(Subject::Order, |_| true));
            parts
        }
        BaseOf::EventFact(event, amount) => {
            let subject = Subject::Event(*event);
            let facts = scope.facts.enumerated(subject);
            let of_amount = facts
                .filter(|(_, fact)| fact.part_of.is_some_and(|part| part.amount == Part::Fact(*amount)))
                .map(|(id, fact)| (Inside::Fact(subject, id), fact.name.as_str()));
            return of_amount.collect();
        }
        BaseOf::Number(_) | BaseOf::Measure(..) => return Vec::new(),
    };
    parts.push((Inside::PointsPaid, POINTS_PAID));
    parts
}

fn part(scope: &Scope<'_>, of: &Path, parts: &[(Inside, &str)], name: &Name) -> Option<Inside> {
    if let Some((part, _)) = parts.iter().find(|(_, known)| *known == name.text) {
        return Some(*part);
    }
    let amount = scope.text(of.span);
    let subject = scope.facts.subject_with(&name.text);
    if let Some(subject) = subject {
        let Lookup::Found(index) = scope.facts.lookup(subject, &name.text) else { return None };
        let fact = scope.facts.get(subject, index)?;
        let help = match (subject, fact.part_of, &fact.kind) {
            (Subject::Event(_), Some(_), _) => "it belongs to another amount".to_owned(),
            (_, Some(_), _) => "a base of `order.total` places the parts of the order too".to_owned(),
            (Subject::Line, None, FactType::Money) => format!("declare it `{}: … part of price`", name.text),
            (Subject::Order, None, FactType::Money) => format!("declare it `{}: … part of total`", name.text),
            _ => "only a fact declared as `part of` an amount is placed".to_owned(),
        };
        let message = format!("`{}` is not inside `{amount}`", name.text);
        scope.report(
            Diagnostic::new(Code::BadPart, name.span, message)
                .with_place(fact.span, "declared here")
                .with_help(help),
        );
        return None;
    }
    if !scope.may_be_declared(&name.text) && !scope.facts.stray {
        let message = format!("`{amount}` has no part `{}`", name.text);
        let known: Vec<&str> = parts.iter().map(|(_, name)| *name).collect();
        let mut report = Diagnostic::new(Code::UnknownFact, name.span, message);
        report.help = words::hint(&name.text, "its parts are", &known);
        scope.report(report);
    }
    None
}

fn report_twice(scope: &Scope<'_>, names: &[&Name]) {
    for (i, name) in names.iter().enumerate() {
        if let Some(first) = names.iter().take(i).find(|first| first.text == name.text) {
            let message = format!("`{}` is placed twice", name.text);
            scope.report(
                Diagnostic::new(Code::DuplicateName, name.span, message)
                    .with_place(first.span, "the first")
                    .with_help("a part earns, after `with`, or does not, after `without`"),
            );
        }
    }
}

fn report_silent(draft: &Draft<'_, '_>, base: &ast::Base, silent: &[&str]) {
    if draft.declaration.broken {
        return;
    }
    let verb = if silent.len() == 1 { "earns" } else { "earn" };
    let message = format!(
        "the base `{}` does not say whether {} {verb}",
        draft.scope.text(base.of.span),
        words::listed(silent, "and")
    );
    let list = |names: &[Name], more: &[&str]| {
        let names: Vec<&str> =
            names.iter().map(|name| name.text.as_str()).chain(more.iter().copied()).collect();
        names.join(", ")
    };
    let line = |with: &[&str], without: &[&str]| {
        let mut line = draft.scope.text(base.of.span);
        for (word, names) in [("with", list(&base.with, with)), ("without", list(&base.without, without))] {
            if !names.is_empty() {
                line += &format!(" {word} {names}");
            }
        }
        line
    };
    let help = format!("write `{}` or `{}`", line(silent, &[]), line(&[], silent));
    draft.scope.report(Diagnostic::new(Code::MissingChoice, base.span, message).with_help(help));
}
