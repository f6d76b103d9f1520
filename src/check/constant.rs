//! Constants: literals in a place that takes one unit, and defaults.

use super::expr::{Operand, Place, Reader, describe, unit_words};
use super::facts::{self, bare_word, choice_word};
use super::scope::Scope;
use super::values;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Fact, FactType, FactValue, Quantity, Unit};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::time::clock;
use crate::value::{Ratio, decimal};

/// What a quantity is worth without a case at hand; None where it reads a fact or a value, or does not fit.
pub(super) fn fold(quantity: &Quantity) -> Option<Ratio> {
    Some(match quantity {
        Quantity::Constant(n) => *n,
        Quantity::Add(a, b) => fold(a)?.add(fold(b)?).ok()?,
        Quantity::Subtract(a, b) => fold(a)?.sub(fold(b)?).ok()?,
        Quantity::Multiply(a, b) => fold(a)?.mul(fold(b)?).ok()?,
        Quantity::Divide(a, b) => fold(a)?.div(fold(b)?).ok()?,
        _ => return None,
    })
}

/// A constant of the given unit, 0 or more and whole where it is a count; reports anything else.
pub(super) fn number(scope: &Scope<'_>, expr: &Expr, unit: Unit) -> Option<Ratio> {
    let n = exact(scope, expr, unit)?;
    if unit == Unit::Count && !n.fraction().is_zero() {
        let message = format!("`{}` is no whole number, and a count is whole", scope.text(expr.span));
        scope.report(Diagnostic::new(Code::TooManyDigits, expr.span, message));
        return None;
    }
    Some(n)
}

/// A constant of the given unit, 0 or more; reports anything else.
pub(super) fn exact(scope: &Scope<'_>, expr: &Expr, unit: Unit) -> Option<Ratio> {
    let reader = Reader::new(scope, Place::Constant);
    let operand = reader.operand(expr)?;
    let Operand::Number(quantity, found) = operand else {
        report_unit(scope, expr, unit, describe(&operand));
        return None;
    };
    if found != unit {
        report_unit(scope, expr, unit, unit_words(found));
        return None;
    }
    let n = fold(&quantity)?;
    if n.is_negative() {
        let message = format!("`{}` is below nought", scope.text(expr.span));
        let help = format!("write {} of 0 or more", unit_words(unit));
        scope.report(Diagnostic::new(Code::NegativeAmount, expr.span, message).with_help(help));
        return None;
    }
    Some(n)
}

/// A constant above nought.
pub(super) fn positive(scope: &Scope<'_>, expr: &Expr, unit: Unit) -> Option<Ratio> {
    let n = number(scope, expr, unit)?;
    if n.is_zero() {
        report_nought(scope, expr.span);
        return None;
    }
    Some(n)
}

/// Reports a nought where something must be counted.
pub(super) fn report_nought(scope: &Scope<'_>, span: Span) {
    let message = format!("`{}` must be above nought", scope.text(span));
    scope.report(Diagnostic::new(Code::NegativeAmount, span, message).with_help("write an amount above 0"));
}

/// Reports an expression of the wrong unit, with the literal that was probably meant.
pub(super) fn report_unit(scope: &Scope<'_>, expr: &Expr, wanted: Unit, found: &str) {
    let message =
        format!("{} is needed here, and `{}` is {found}", unit_words(wanted), scope.text(expr.span));
    let mut report = Diagnostic::new(Code::TypeMismatch, expr.span, message).with_label(found);
    report.help = as_unit(scope, expr, wanted).map(|line| format!("write `{line}`"));
    if wanted == Unit::Points && found == super::expr::unit_words(Unit::Count) && report.help.is_none() {
        let one = scope.units.first().copied().unwrap_or("point");
        report.help = Some(format!("write `1 {one} * {}`", scope.text(expr.span)));
    }
    if let Some(value) = super::facts::bare_word(expr).and_then(|name| values::entry_of(scope, &name.text))
        && let Some(version) = value.group.versions.first()
    {
        report = report.with_place(version.declaration.head, format!("declared as {found}"));
        let example = written(scope, Ratio::new(1, 100).unwrap_or(Ratio::ONE), Unit::Rate);
        if wanted == Unit::Rate {
            report.help = Some(format!("a rate is written with a percent sign: `is {example}`"));
        }
    }
    scope.report(report);
}

/// The same digits as a literal of another unit: `2` as `2%`, `2 JPY`, `2 points`.
pub(super) fn as_unit(scope: &Scope<'_>, expr: &Expr, unit: Unit) -> Option<String> {
    let n = match &expr.kind {
        ExprKind::Number(n) | ExprKind::Money(n, _) | ExprKind::Counted(n, _) => *n,
        ExprKind::Percent(n) if unit == Unit::Count => *n,
        ExprKind::Percent(n) => n.mul(Ratio::whole(100)).ok()?,
        _ => return None,
    };
    let digits = plain(n);
    Some(match unit {
        Unit::Count => digits,
        Unit::Rate => format!("{digits}%"),
        Unit::Money => format!("{digits} {}", scope.currency?.name()),
        Unit::Points => {
            let unit = scope.units.first()?;
            let plural = if n == Ratio::ONE { "" } else { "s" };
            format!("{digits} {unit}{plural}")
        }
        Unit::Time => {
            let hour = u8::try_from(n.floor()).ok().filter(|hour| *hour < 24 && n.fraction().is_zero())?;
            format!("{hour:02}:00")
        }
    })
}

/// A number as the language writes it: `1,500`, `0.5`.
pub(super) fn plain(n: Ratio) -> String {
    if n.fraction().is_zero() { decimal::grouped(n.floor()) } else { n.to_string() }
}

/// A number with its unit as the language writes it: `2%`, `100 JPY`.
pub(super) fn written(scope: &Scope<'_>, n: Ratio, unit: Unit) -> String {
    match unit {
        Unit::Count => plain(n),
        Unit::Rate => n.mul(Ratio::whole(100)).map_or(n.to_string(), |n| format!("{}%", plain(n))),
        Unit::Money => scope.currency.map_or(n.to_string(), |currency| currency.format(n)),
        Unit::Time => clock(n),
        Unit::Points => format!("{} {}s", plain(n), scope.units.first().unwrap_or(&"point")),
    }
}

/// The default of a fact; reports one outside its type or range.
pub(super) fn default(scope: &Scope<'_>, fact: &Fact, expr: &Expr) -> Option<FactValue> {
    let value = match (&fact.kind, &expr.kind) {
        (_, ExprKind::Error) => return None,
        (FactType::Date, ExprKind::Date(date)) => FactValue::Date(*date),
        (FactType::Text, ExprKind::Text(text)) => FactValue::Text(text.clone()),
        (FactType::YesNo, ExprKind::YesNo(yes)) => FactValue::YesNo(*yes),
        (FactType::Choice(_), _) if bare_word(expr).is_some() => {
            let word = bare_word(expr)?;
            FactValue::Choice(choice_word(scope, fact, &word.text, word.span)?)
        }
        (FactType::Rate, ExprKind::Percent(n)) => FactValue::Number(*n),
        (FactType::Quantity, ExprKind::Number(n)) => FactValue::Number(*n),
        (FactType::Count, ExprKind::Number(n)) if n.fraction().is_zero() => FactValue::Number(*n),
        (FactType::Money, ExprKind::Money(n, currency)) => {
            FactValue::Number(scope.money(*n, currency, expr.span)?)
        }
        _ => {
            report_default(scope, fact, expr);
            return None;
        }
    };
    if let (FactValue::Number(n), Some((low, high))) = (&value, fact.range)
        && !(low..=high).contains(n)
    {
        let unit = unit_of(&fact.kind)?;
        let message = format!("the default of `{}` lies outside its range", fact.name);
        let range = format!("{} to {}", written(scope, low, unit), written(scope, high, unit));
        let help = format!("write a default within {range}, or widen the range");
        scope.report(Diagnostic::new(Code::BadDefault, expr.span, message).with_help(help));
        return None;
    }
    Some(value)
}

fn report_default(scope: &Scope<'_>, fact: &Fact, expr: &Expr) {
    let message =
        format!("`{}` is {}, and `{}` is not", fact.name, facts::describe(&fact.kind), scope.text(expr.span));
    let help = match (&fact.kind, unit_of(&fact.kind).and_then(|unit| as_unit(scope, expr, unit))) {
        (_, Some(literal)) => Some(format!("write `default {literal}`")),
        (FactType::Choice(words), None) => {
            words.first().map(|word| format!("write one of its words: `default {word}`"))
        }
        (FactType::YesNo, None) => Some("write `default yes` or `default no`".to_owned()),
        (FactType::Date, None) => Some("write a day: `default 2021-01-01`".to_owned()),
        (FactType::Text, None) => Some("write a text in quotes: `default \"…\"`".to_owned()),
        _ => None,
    };
    let mut report =
        Diagnostic::new(Code::BadDefault, expr.span, message).with_place(fact.span, "declared here");
    report.help = help;
    scope.report(report);
}

/// The unit of a fact that is a number.
pub(super) fn unit_of(kind: &FactType) -> Option<Unit> {
    match kind {
        FactType::Rate => Some(Unit::Rate),
        FactType::Count | FactType::Quantity => Some(Unit::Count),
        FactType::Money => Some(Unit::Money),
        _ => None,
    }
}
