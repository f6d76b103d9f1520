//! Earn rules: subject, amount, base, rounding, caps.

use super::base::base;
use super::clauses::missing_clause;
use super::constant::{self, fold};
use super::expr::{Operand, Place, describe};
use super::policy::{Amount, Cap, Earn, Grain, Quantity, Unit};
use super::ranges::bounds;
use super::rules::Draft;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Expr, Gives, Name};
use crate::value::{Ratio, Rounding};

/// Checks one version of an earn rule.
pub(super) fn earn(draft: &Draft<'_, '_>) -> Option<Earn> {
    let gives = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Gives(gives) => Some((gives, clause.span)),
        _ => None,
    });
    let Some((gives, gives_span)) = gives else {
        let line = "`each line gives 1% of line.price with points_paid`";
        missing_clause(draft.scope, draft.declaration, "how many points it gives", line);
        draft.guards(Place::Line);
        return None;
    };
    let each = each(draft, gives);
    let place = if each == Some(Grain::Order) { Place::Order } else { Place::Line };
    let amount = each.and_then(|each| amount(draft, gives, each));
    let guards = draft.guards(place);
    let each = each?;
    let rounding = rounding(draft, each);
    let caps = caps(draft, each);
    if let Some(amount) = &amount {
        check_rounding(draft, amount, each, gives_span);
    }
    let ((filters, conditions), amount) = (guards?, amount?);
    Some(Earn {
        each,
        amount,
        filters,
        conditions,
        rounding: rounding.and_then(Result::ok),
        caps: caps?,
        gives_span,
    })
}

fn grain(word: &str) -> Option<Grain> {
    match word {
        "unit" => Some(Grain::Unit),
        "line" => Some(Grain::Line),
        "order" => Some(Grain::Order),
        _ => None,
    }
}

fn grain_word(grain: Grain) -> &'static str {
    match grain {
        Grain::Unit => "unit",
        Grain::Line => "line",
        Grain::Order => "order",
    }
}

fn each(draft: &Draft<'_, '_>, gives: &Gives) -> Option<Grain> {
    let found = grain(&gives.each.text);
    if found.is_none() {
        let message =
            format!("a rule gives points to each unit, line or order, not to each `{}`", gives.each.text);
        let mut report = Diagnostic::new(Code::UnknownSubject, gives.each.span, message);
        report.help = words::hint(&gives.each.text, "write `each` with one of", &["unit", "line", "order"]);
        draft.scope.report(report);
    }
    found
}

fn amount(draft: &Draft<'_, '_>, gives: &Gives, each: Grain) -> Option<Amount> {
    let place = if each == Grain::Order { Place::Order } else { Place::Line };
    let reader = draft.reader(place);
    match &gives.amount {
        ast::Amount::Share { rate, base: of } => {
            let quantity = reader.number(rate, Unit::Rate);
            let base = base(draft, of, each);
            let quantity = sound(draft, quantity?, rate, Unit::Rate)?;
            Some(Amount::Share { rate: quantity, base: base? })
        }
        ast::Amount::Per { points, full, step, base: of } => {
            let (quantity, size) =
                (self::points(draft, points, place, true), reader.number(step, Unit::Money));
            let base = base(draft, of, each);
            let step = self::step(draft, size?, step)?;
            Some(Amount::Per { points: quantity?, full: *full, step, base: base? })
        }
        ast::Amount::Fixed { points } => {
            Some(Amount::Fixed { points: self::points(draft, points, place, false)? })
        }
    }
}

/// Points, or (as in `star_rate stars per 1 USD`) a plain number of them.
fn points(draft: &Draft<'_, '_>, expr: &Expr, place: Place, plain: bool) -> Option<Quantity> {
    let operand = draft.reader(place).operand(expr)?;
    match operand {
        Operand::Number(quantity, Unit::Points) => sound(draft, quantity, expr, Unit::Points),
        Operand::Number(quantity, Unit::Count) if plain => sound(draft, quantity, expr, Unit::Points),
        other => {
            constant::report_unit(draft.scope, expr, Unit::Points, describe(&other));
            None
        }
    }
}

/// Reports amounts that fall below nought or never rise above it.
fn sound(draft: &Draft<'_, '_>, quantity: Quantity, expr: &Expr, unit: Unit) -> Option<Quantity> {
    let scope = draft.scope;
    let (low, high) = bounds(scope, &quantity, None);
    let text = scope.text(expr.span);
    if low.is_some_and(Ratio::is_negative) {
        let message = format!("`{text}` can fall below nought");
        let help = "subtract no more than the lower end of the fact's range";
        scope.report(Diagnostic::new(Code::NegativeAmount, expr.span, message).with_help(help));
        return None;
    }
    if high.is_some_and(Ratio::is_zero) {
        let nought = constant::written(scope, Ratio::ZERO, unit);
        let message =
            format!("`{}` can never give a point: its amount is {nought}", draft.declaration.name.text);
        let help = "write an amount above 0, or leave the rule out";
        scope.report(Diagnostic::new(Code::GivesNothing, expr.span, message).with_help(help));
    }
    Some(quantity)
}

fn step(draft: &Draft<'_, '_>, step: Quantity, expr: &Expr) -> Option<Quantity> {
    let (low, _) = bounds(draft.scope, &step, Some(&draft.window));
    if !matches!(step, Quantity::Constant(_) | Quantity::Value(_)) {
        let message = "a step that differs from case to case is not run by this version of Meed";
        let report = Diagnostic::new(Code::UnsupportedForm, expr.span, message);
        draft.scope.report(report.with_help("write the amount, or a value: `per full 100 JPY`"));
        return None;
    }
    if low.is_none_or(|low| low <= Ratio::ZERO) {
        constant::report_nought(draft.scope, expr.span);
        return None;
    }
    Some(step)
}

/// The rounding that is written; the inner error where its grain does not fit.
fn rounding(draft: &Draft<'_, '_>, each: Grain) -> Option<Result<(Rounding, Grain), ()>> {
    draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Round { mode, grain } => {
            Some(fitting(draft, grain, each, "round").map(|grain| (*mode, grain)).ok_or(()))
        }
        _ => None,
    })
}

/// Grains at which a rule of this subject may round or be capped.
fn grains(each: Grain) -> &'static [Grain] {
    match each {
        Grain::Unit => &[Grain::Unit, Grain::Line, Grain::Order],
        Grain::Line => &[Grain::Line, Grain::Order],
        Grain::Order => &[Grain::Order],
    }
}

fn fitting(draft: &Draft<'_, '_>, word: &Name, each: Grain, what: &str) -> Option<Grain> {
    let fitting = grains(each);
    let found = grain(&word.text)
        .filter(|grain| fitting.contains(grain) && (what == "round" || *grain != Grain::Unit));
    if found.is_some() {
        return found;
    }
    let message = match grain(&word.text) {
        Some(Grain::Unit) if what != "round" => {
            "a limit per unit is none: write the amount of each unit itself".to_owned()
        }
        Some(_) => format!("a rule of each {} cannot {what} per {}", grain_word(each), word.text),
        None => format!("`{}` is nothing that a rule can {what} per", word.text),
    };
    let words: Vec<String> = fitting
        .iter()
        .filter(|grain| what == "round" || **grain != Grain::Unit)
        .map(|grain| format!("per {}", grain_word(*grain)))
        .collect();
    let help = format!("write {}", words::listed(&words, "or"));
    draft.scope.report(Diagnostic::new(Code::BadGrain, word.span, message).with_help(help));
    None
}

fn caps(draft: &Draft<'_, '_>, each: Grain) -> Option<Vec<Cap>> {
    let caps = draft.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::AtMost { limit, per } => Some(cap(draft, limit, per, each)),
        _ => None,
    });
    let caps: Vec<Option<Cap>> = caps.collect();
    caps.into_iter().collect()
}

fn cap(draft: &Draft<'_, '_>, limit: &Expr, per: &Name, each: Grain) -> Option<Cap> {
    let scope = draft.scope;
    if matches!(per.text.as_str(), "member" | "account" | "day" | "week" | "month" | "year" | "program") {
        let message = format!("a limit per {} is not run by this version of Meed", per.text);
        let report = Diagnostic::new(Code::UnsupportedForm, per.span, message);
        scope.report(report.with_help("a rule is limited `per line` or `per order`"));
        return None;
    }
    let per = fitting(draft, per, each, "be limited");
    let place = if each == Grain::Order || per == Some(Grain::Order) { Place::Order } else { Place::Line };
    let quantity = points(draft, limit, place, false);
    let (per, quantity) = (per?, quantity?);
    if let Some(n) = fold(&quantity)
        && !n.fraction().is_zero()
    {
        let message = format!("`{}` is no whole number of points", scope.text(limit.span));
        let report = Diagnostic::new(Code::TooManyDigits, limit.span, message);
        let whole = constant::written(scope, Ratio::whole(n.floor().saturating_add(1)), Unit::Points);
        scope.report(report.with_help(format!("a limit is whole: `at most {whole} …`")));
        return None;
    }
    Some(Cap { limit: quantity, per })
}

/// A rounding must stand where a fraction can occur, and only there.
fn check_rounding(draft: &Draft<'_, '_>, amount: &Amount, each: Grain, gives: Span) {
    let written = draft.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::Round { .. }));
    match (written, is_whole(draft, amount)) {
        (None, false) if !draft.declaration.broken => report_silent(draft, each, gives),
        (Some(clause), true) => {
            let message =
                format!("`{}` gives whole points always, so it rounds nothing", draft.declaration.name.text);
            draft.scope.report(
                Diagnostic::new(Code::NeedlessRounding, clause.span, message)
                    .with_place(gives, "whole points")
                    .with_help("leave the line out"),
            );
        }
        _ => {}
    }
}

fn report_silent(draft: &Draft<'_, '_>, each: Grain, gives: Span) {
    let usual = if each == Grain::Order { "order" } else { "line" };
    let modes = ["down", "up", "half up", "half even"].map(|mode| format!("round {mode} per {usual}"));
    let others: Vec<String> = grains(each)
        .iter()
        .map(|grain| grain_word(*grain))
        .filter(|grain| *grain != usual)
        .map(|grain| format!("per {grain}"))
        .collect();
    let mut help = format!("add one of {}", words::listed(&modes, "or"));
    if !others.is_empty() {
        help += &format!("; or the same {}", words::listed(&others, "or"));
    }
    let message = format!(
        "{} does not say how a fraction of a point rounds",
        words::named(ast::Kind::Earn, &draft.declaration.name.text)
    );
    draft.scope.report(
        Diagnostic::new(Code::MissingChoice, draft.declaration.head, message)
            .with_place(gives, "may give a fraction of a point")
            .with_help(help),
    );
}

fn is_whole(draft: &Draft<'_, '_>, amount: &Amount) -> bool {
    match amount {
        Amount::Share { .. } | Amount::Per { full: false, .. } => false,
        Amount::Per { points, .. } | Amount::Fixed { points } => whole(draft, points),
    }
}

fn whole(draft: &Draft<'_, '_>, quantity: &Quantity) -> bool {
    match quantity {
        Quantity::Constant(n) => n.fraction().is_zero(),
        Quantity::Value(id) => draft
            .scope
            .values
            .get(*id)
            .is_some_and(|value| value.numbers(&draft.window).all(|n| n.fraction().is_zero())),
        // Facts of other units do not come here.
        Quantity::Fact(..) | Quantity::LineUnits | Quantity::OrderUnits | Quantity::OrderPointsPaid => true,
        Quantity::LinePrice | Quantity::OrderPrice | Quantity::OrderTotal | Quantity::Divide(..) => false,
        Quantity::Add(a, b) | Quantity::Subtract(a, b) | Quantity::Multiply(a, b) => {
            whole(draft, a) && whole(draft, b)
        }
    }
}
