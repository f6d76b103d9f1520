//! Comparisons of numbers and of days.

use super::constant::{as_unit, fold, unit_of, written};
use super::expr::{Operand, Reader, describe, unit_words};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    Calendared, ClockPart, Comparison, Point, PointOf, Quantity, Test, TimeComparison, Unit,
};
use crate::syntax::ast::{CompareOp, Expr, ExprKind, Path};
use crate::value::Ratio;
use crate::value::time::clock;

impl Reader<'_, '_> {
    pub(super) fn compare_numbers(
        &self,
        left: (&Expr, &Quantity, Unit),
        op: CompareOp,
        right: &Expr,
    ) -> Option<Test> {
        let (expr, quantity, unit) = left;
        let op = match op {
            CompareOp::Is => Comparison::Equal,
            CompareOp::IsNot => Comparison::NotEqual,
            CompareOp::Less => Comparison::Less,
            CompareOp::AtMost => Comparison::AtMost,
            CompareOp::More => Comparison::More,
            CompareOp::AtLeast => Comparison::AtLeast,
            CompareOp::Before | CompareOp::After => {
                let message = format!(
                    "`{}` is {}, and only days come before or after",
                    self.scope.text(expr.span),
                    unit_words(unit)
                );
                let report = Diagnostic::new(Code::TypeMismatch, expr.span.to(right.span), message);
                self.scope.report(report.with_help("write `<`, `<=`, `>` or `>=`"));
                return None;
            }
        };
        match self.operand(right)? {
            Operand::Number(other, found) if found == unit => {
                if self.is_between_whole_numbers(quantity, right, &other) {
                    return None;
                }
                let fits = self.in_range(quantity, right, &other) && self.in_range(&other, expr, quantity);
                fits.then(|| Test::Compare { left: quantity.clone(), op, right: other, unit })
            }
            other => {
                let literal = as_unit(self.scope, right, unit);
                self.report_sides_as((expr, unit_words(unit)), (right, describe(&other)), literal);
                None
            }
        }
    }

    /// Reports `order.hour >= 14.5`: no hour lies between two.
    fn is_between_whole_numbers(&self, quantity: &Quantity, right: &Expr, other: &Quantity) -> bool {
        let Quantity::Clock(part) = quantity else { return false };
        let Some(n) = fold(other).filter(|n| *part != ClockPart::Time && !n.fraction().is_zero()) else {
            return false;
        };
        let written = self.scope.text(right.span);
        let message = format!("an hour, day, month or year is a whole number, and `{written}` is none");
        let minutes =
            n.mul(Ratio::whole(60)).ok().filter(|n| *part == ClockPart::Hour && *n < Ratio::whole(24 * 60));
        let help = match minutes {
            Some(minutes) => format!("the time of day is `order.time`: write `{}`", clock(minutes)),
            None => "write a whole number".to_owned(),
        };
        self.scope.report(Diagnostic::new(Code::BadNumber, right.span, message).with_help(help));
        true
    }

    /// Reports a constant that a fact can never be.
    fn in_range(&self, fact: &Quantity, expr: &Expr, constant: &Quantity) -> bool {
        let Quantity::Fact(subject, index) = fact else { return true };
        let Some(fact) = self.scope.facts.get(*subject, *index) else { return true };
        let (Some((low, high)), Some(unit)) = (fact.range, unit_of(&fact.kind)) else { return true };
        let outside = |n: &Ratio| !(low..=high).contains(n);
        let found = match constant {
            Quantity::Value(id) => {
                let value = self.scope.values.try_get(*id);
                value.and_then(|value| value.numbers(self.scope, &self.window).into_iter().find(outside))
            }
            other => fold(other).filter(outside),
        };
        let Some(n) = found else { return true };
        let range = format!("{} to {}", written(self.scope, low, unit), written(self.scope, high, unit));
        let message = format!("`{}` is {range}, never {}", fact.name, written(self.scope, n, unit));
        self.scope.report(
            Diagnostic::new(Code::OutOfRange, expr.span, message)
                .with_label("outside the range")
                .with_place(fact.span, format!("declared as {range}"))
                .with_help(format!("compare with something within {range}, or widen the range")),
        );
        false
    }

    pub(super) fn compare_dates(&self, left: (&Expr, &Point), op: CompareOp, right: &Expr) -> Option<Test> {
        let (expr, point) = left;
        let other = match self.operand(right)? {
            Operand::Date(other) => other,
            other => {
                self.report_sides_as(
                    (expr, "a date"),
                    (right, describe(&other)),
                    Some("2021-01-01".to_owned()),
                );
                return None;
            }
        };
        let op = match op {
            CompareOp::Is => TimeComparison::Is,
            CompareOp::IsNot => TimeComparison::IsNot,
            CompareOp::Before => TimeComparison::Before,
            CompareOp::After => TimeComparison::After,
            _ => {
                let (a, b) = (self.scope.text(expr.span), self.scope.text(right.span));
                let message = "days are not compared with `<`, `<=`, `>` or `>=`";
                let words = match op {
                    CompareOp::Less => format!("{a} before {b}"),
                    CompareOp::AtLeast => format!("not {a} before {b}"),
                    CompareOp::AtMost => format!("not {a} after {b}"),
                    _ => format!("{a} after {b}"),
                };
                let help = format!("write `{words}`; the day itself is neither before nor after");
                self.scope.report(
                    Diagnostic::new(Code::TypeMismatch, expr.span.to(right.span), message).with_help(help),
                );
                return None;
            }
        };
        let is_instant = |point: &Point| matches!(point.steps, Calendared::Time(_));
        if matches!(op, TimeComparison::Is | TimeComparison::IsNot)
            && (is_instant(point) || is_instant(&other))
        {
            let message = "only days are compared with `is`, and this is a time of day";
            let report = Diagnostic::new(Code::TypeMismatch, expr.span.to(right.span), message);
            self.scope.report(report.with_help("write the day alone, or `before` or `after` the time"));
            return None;
        }
        if let Some(test) = known(point, op, &other) {
            return Some(test);
        }
        let differs = |point: &Point| !matches!(point.of, PointOf::Nothing | PointOf::Value(_));
        if !differs(point) && !differs(&other) {
            let message = "two days that are no facts are not compared by this version of Meed";
            let report = Diagnostic::new(Code::UnsupportedForm, expr.span.to(right.span), message);
            self.scope.report(report.with_help("compare a fact or `order.at` with a day"));
            return None;
        }
        Some(Test::Time { left: point.clone(), op, right: other })
    }

    pub(super) fn report_sides(&self, left: (&Expr, &str), right: &Expr, literal: Option<String>) {
        if let Some(operand) = self.operand(right) {
            self.report_sides_as(left, (right, describe(&operand)), literal);
        }
    }

    pub(super) fn report_sides_as(&self, left: (&Expr, &str), right: (&Expr, &str), literal: Option<String>) {
        let message = format!("{} and {} are not compared", left.1, right.1);
        let help = match literal {
            Some(literal) if !matches!(right.0.kind, ExprKind::Clock(_)) => format!("write `{literal}`"),
            _ => match (&left.0.kind, &right.0.kind) {
                (ExprKind::Path(Path { subject: Some(subject), .. }), ExprKind::Clock(_)) => {
                    format!("a time of day is compared with `{}.time`", subject.text)
                }
                _ => "both sides of a comparison are of one kind".to_owned(),
            },
        };
        self.scope.report(
            Diagnostic::new(Code::TypeMismatch, right.0.span, message)
                .with_label(right.1)
                .with_place(left.0.span, left.1)
                .with_help(help),
        );
    }
}

/// A comparison that says the same in every case.
fn known(left: &Point, op: TimeComparison, right: &Point) -> Option<Test> {
    let (Calendared::Date(a), Calendared::Date(b)) = (&left.steps, &right.steps) else {
        return (left == right).then_some(Test::Constant(op == TimeComparison::Is));
    };
    Some(Test::Constant(match op {
        TimeComparison::Before => a < b,
        TimeComparison::After => a > b,
        TimeComparison::Is => a == b,
        TimeComparison::IsNot => a != b,
    }))
}
