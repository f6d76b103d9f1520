//! The base of an earn rule: which amount earns, and whether each part of it does.

use super::facts::Lookup;
use super::policy::{Base, BaseOf, FactType, Grain, Part, Subject};
use super::rules::Draft;
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::syntax::ast::{self, Kind, Name, Path};

/// The part of every base that is paid with points.
const POINTS_PAID: &str = "points_paid";

/// Something inside an amount that earns or does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    PointsPaid,
    Fact(Subject, usize),
}

/// Checks a base: its amount fits the subject, and each part of the amount is placed once.
pub(super) fn base(draft: &Draft<'_, '_>, base: &ast::Base, each: Grain) -> Option<Base> {
    let of = amount(draft, &base.of, each)?;
    let parts = parts(draft.scope, of);
    let with: Vec<Option<Inside>> =
        base.with.iter().map(|name| part(draft.scope, &base.of, &parts, name)).collect();
    let without: Vec<Option<Inside>> =
        base.without.iter().map(|name| part(draft.scope, &base.of, &parts, name)).collect();
    let names: Vec<&Name> = base.with.iter().chain(&base.without).collect();
    report_twice(draft.scope, &names);
    let (with, without) =
        (with.into_iter().collect::<Option<Vec<_>>>()?, without.into_iter().collect::<Option<Vec<_>>>()?);
    let placed = |part: &Inside| with.contains(part) || without.contains(part);
    let silent: Vec<&str> = parts.iter().filter(|(part, _)| !placed(part)).map(|(_, name)| *name).collect();
    let silent: Vec<&str> =
        silent.into_iter().filter(|name| *name != POINTS_PAID || points_are_paid(draft.scope)).collect();
    if !silent.is_empty() {
        report_silent(draft, base, &silent);
    }
    let left_out = |subject: Subject| {
        let of = without.iter().filter_map(move |part| match part {
            Inside::Fact(of, index) if *of == subject => Some(*index),
            _ => None,
        });
        of.collect::<Vec<_>>()
    };
    Some(Base {
        of,
        without_line_parts: left_out(Subject::Line),
        without_order_parts: left_out(Subject::Order),
        with_points_paid: !without.contains(&Inside::PointsPaid),
    })
}

/// True where any rule lets points be paid.
fn points_are_paid(scope: &Scope<'_>) -> bool {
    scope.declared(Kind::Redeem).next().is_some()
}

fn amount(draft: &Draft<'_, '_>, path: &Path, each: Grain) -> Option<BaseOf> {
    let written = draft.scope.text(path.span);
    let of = match written.as_str() {
        "line.price" => BaseOf::LinePrice,
        "order.price" => BaseOf::OrderPrice,
        "order.total" => BaseOf::OrderTotal,
        _ => {
            report_amount(draft, path, &written, each);
            return None;
        }
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
        draft.scope.report(Diagnostic::new(Code::BadSubject, path.span, message).with_help(help));
        return None;
    }
    Some(of)
}

fn report_amount(draft: &Draft<'_, '_>, path: &Path, written: &str, each: Grain) {
    let known: &[&str] = if each == Grain::Order { &["order.price", "order.total"] } else { &["line.price"] };
    let near = suggest::nearest(written, ["line.price", "order.price", "order.total"]);
    let subject = path.subject.as_ref().and_then(|subject| super::facts::subject(&subject.text));
    let declared = subject.is_some_and(|subject| {
        matches!(draft.scope.facts.lookup(subject, &path.name.text), Lookup::Found(_))
    });
    let code = if declared { Code::UnsupportedForm } else { Code::UnknownFact };
    let message = if declared {
        format!("a base of `{written}` is not run by this version of Meed")
    } else {
        format!("`{written}` is no amount that earns")
    };
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write {}", words::listed(known, "or")),
    };
    draft.scope.report(Diagnostic::new(code, path.span, message).with_help(help));
}

/// The declared parts of an amount, and the part paid with points.
fn parts<'s>(scope: &'s Scope<'_>, of: BaseOf) -> Vec<(Inside, &'s str)> {
    let declared = |subject: Subject, part: Part| {
        let facts = scope.facts.of(subject).enumerate();
        facts
            .filter(move |(_, fact)| fact.part_of == Some(part))
            .map(move |(index, fact)| (Inside::Fact(subject, index), fact.name.as_str()))
    };
    let mut parts: Vec<(Inside, &str)> = declared(Subject::Line, Part::Price).collect();
    if of == BaseOf::OrderTotal {
        parts.extend(declared(Subject::Order, Part::Total));
    }
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
