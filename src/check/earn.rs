//! Earn rules: subject, pool, amount, base, rounding, limits.

use super::base::{base, base_unit};
use super::clauses::missing_clause;
use super::constant;
use super::expr::Place;
use super::limits::{Pieces, fitting, limit_scope, limits, points, sound};
use super::pending::{check_pool, pending};
use super::periods::own_period;
use super::ranges::bounds;
use super::rules::Draft;
use super::stages;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    Amount, BaseOf, Earn, FactType, Grain, Limit, LimitScope, LotExpiry, Occasion, Pending, Period, PoolId,
    Quantity, Subject, Unit,
};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Expr, Gives, Kind, Stage};
use crate::value::{Ratio, Rounding};

/// Checks one version of an earn rule.
pub(super) fn earn(draft: &Draft<'_, '_>) -> Option<Earn> {
    let gives = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Gives(gives) => Some((gives, clause.span)),
        _ => None,
    });
    let pool = pool(draft);
    let Some((gives, gives_span)) = gives else {
        let line = "`each line gives 1% of line.price with points_paid`";
        missing_clause(draft.scope, draft.declaration, "how many points it gives", line);
        draft.guards(Place::Line);
        return None;
    };
    let pieces = pieces(draft, gives);
    let place = pieces.map_or(Place::Line, |pieces| pieces.place(pieces.each));
    let guards = pieces.and_then(|_| draft.guards(place));
    let (pieces, pool) = (pieces?, pool?);
    let amount = amount(draft, gives, pieces, pool);
    let rounding = rounding(draft, pieces);
    let limits = limits(draft, pieces, pool);
    let first = first(draft, gives, pieces);
    let wait = wait(draft, pieces, pool, gives_span);
    let lot_expiry = own_clock(draft, pool);
    if let Some(amount) = &amount {
        check_rounding(draft, amount, pieces, gives_span);
    }
    let ((filters, conditions), amount) = (guards?, amount?);
    Some(Earn {
        of: pieces.of,
        each: pieces.each,
        pool,
        pending: wait?,
        lot_expiry: lot_expiry?,
        amount,
        filters,
        conditions,
        rounding: rounding.and_then(Result::ok),
        first: first?,
        limits: limits?,
        gives_span,
    })
}

/// The clock of the rule's own lots, where it says one.
fn own_clock(draft: &Draft<'_, '_>, pool: PoolId) -> Option<Option<(LotExpiry, Span)>> {
    let said = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::LotExpires { at, paused } => Some((at.as_ref(), paused.as_ref(), clause.span)),
        _ => None,
    });
    let Some((at, paused, span)) = said else { return Some(None) };
    if let Some(paused) = paused {
        let message = "only a pool pauses the expiry of its lots";
        let report = Diagnostic::new(Code::UnsupportedForm, paused.span, message);
        draft.scope.report(report.with_help("leave `, paused while …` out here, or write it in the pool"));
        return None;
    }
    let own = draft.scope.pools.try_get(pool).map_or("points", |group| group.name);
    Some(Some((super::expiry::lot_expiry(draft, at, None, own)?, span)))
}

/// The pool that the rule gives to: the one that is named, or the only one.
fn pool(draft: &Draft<'_, '_>) -> Option<PoolId> {
    let scope = draft.scope;
    let named = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Into(name) => Some(super::pool::resolve(scope, name)),
        _ => None,
    });
    match named {
        Some(found) => found,
        None if scope.pools.len() < 2 => {
            // Where there is none, that is reported, and nothing runs.
            let only = PoolId::new(0);
            scope.use_name(Kind::Pool, only);
            Some(only)
        }
        None => {
            let choices: Vec<String> = scope.pools.iter().map(|pool| format!("into {}", pool.name)).collect();
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            super::clauses::missing_choice(scope, draft.declaration, "into which pool it gives", &choices);
            None
        }
    }
}

/// What the rule gives to.
fn pieces(draft: &Draft<'_, '_>, gives: &Gives) -> Option<Pieces> {
    let scope = draft.scope;
    if let Some(written) = &gives.period {
        let period = own_period(scope, written)?;
        if matches!(period, Period::Rolling(_) | Period::AllTime) {
            let message = "a rule gives for stretches of time that end";
            let report = Diagnostic::new(Code::BadGrain, written.span, message);
            scope.report(report.with_help("write `each calendar month gives …`"));
            return None;
        }
        let of = if gives.reached { Occasion::Running(period) } else { Occasion::Period(period) };
        return Some(Pieces { of, each: Grain::Order, each_time: false });
    }
    if gives.each.text == "member" {
        return Some(Pieces { of: Occasion::Running(Period::AllTime), each: Grain::Order, each_time: false });
    }
    if gives.reached {
        let message = "only a stretch of time gives `as reached`";
        let report = Diagnostic::new(Code::BadGrain, gives.each.span, message);
        scope.report(
            report.with_help("leave `as reached` out, or write `each calendar year gives …, as reached`"),
        );
        return None;
    }
    let order = |each| Some(Pieces { of: Occasion::Order, each, each_time: false });
    match gives.each.text.as_str() {
        "unit" => return order(Grain::Unit),
        "line" => return order(Grain::Line),
        "order" => return order(Grain::Order),
        _ => {}
    }
    let word = &gives.each;
    if let Some(event) = scope.events.position(|event| event.name == word.text) {
        scope.use_name(Kind::Event, event);
        return Some(Pieces { of: Occasion::Event(event), each: Grain::Order, each_time: false });
    }
    if !scope.may_be_declared(&word.text) {
        let message = format!(
            "a rule gives points to each unit, line, order or declared event, not to each `{}`",
            word.text
        );
        let events = scope.events.iter().map(|event| event.name);
        let known: Vec<&str> = ["unit", "line", "order"].into_iter().chain(events).collect();
        let mut report = Diagnostic::new(Code::UnknownSubject, word.span, message);
        report.help = words::hint(&word.text, "write `each` with one of", &known);
        scope.report(report);
    }
    None
}

/// The rule's own wait, the outer None where it is wrong.
fn wait(draft: &Draft<'_, '_>, pieces: Pieces, pool: PoolId, gives: Span) -> Option<Option<(Pending, Span)>> {
    let scope = draft.scope;
    let own = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Pending(moment) => Some((pending(draft, moment.as_ref(), Some(pieces.of)), clause.span)),
        _ => None,
    });
    match own {
        Some((wait, span)) => Some(Some((wait?, span))),
        None => {
            check_pool(scope, pool, pieces.of, gives);
            Some(None)
        }
    }
}

fn amount(draft: &Draft<'_, '_>, gives: &Gives, pieces: Pieces, pool: PoolId) -> Option<Amount> {
    let place = pieces.place(pieces.each);
    let reader = draft.reader(place);
    match &gives.amount {
        ast::Amount::Share { rate, base: of } => {
            let quantity = reader.number(rate, Unit::Rate);
            let base = base(draft, of, (pieces.of, pieces.each), place);
            let quantity = sound(draft, quantity?, rate, Unit::Rate)?;
            let base = base?;
            if base_unit(&reader, of)? == Unit::Count {
                report_share(draft, rate, of);
                return None;
            }
            Some(Amount::Share { rate: quantity, base })
        }
        ast::Amount::OfRule { factor, of } => {
            let quantity = self::factor(draft, factor, place);
            let rule = stages::resolve(draft.scope, &of.rule);
            Some(Amount::OfRule { factor: quantity?, stage: of.stage, rule: rule? })
        }
        ast::Amount::Per { points: given, full, step, base: of } => {
            let quantity = points(draft, given, place, (pool, true));
            let base = base(draft, of, (pieces.of, pieces.each), place);
            let unit = base_unit(&reader, of);
            let size = match unit {
                Some(unit) => reader.number(step, unit),
                None => None,
            };
            let step = self::step(draft, size?, step)?;
            Some(Amount::Per { points: quantity?, full: *full, step, base: base? })
        }
        ast::Amount::Fixed { points: given } => {
            Some(Amount::Fixed { points: points(draft, given, place, (pool, false))? })
        }
    }
}

fn report_share(draft: &Draft<'_, '_>, rate: &Expr, base: &ast::Base) {
    let written = draft.scope.text(base.of.span);
    let message = format!("a share is taken of money, and `{written}` is a plain number");
    let unit = draft.scope.units.first().copied().unwrap_or("point");
    let points = match &rate.kind {
        ast::ExprKind::Percent(n) if *n != Ratio::ONE => format!("{} {unit}s", constant::plain(*n)),
        _ => format!("1 {unit}"),
    };
    draft.scope.report(
        Diagnostic::new(Code::TypeMismatch, rate.span.to(base.of.span), message).with_help(format!(
            "write `{points} per 1 of {written}`, or a value that is a number of points: `by …`, `else: 0.5 {unit}s`"
        )),
    );
}

/// How often, or which share of, what another rule gives.
fn factor(draft: &Draft<'_, '_>, expr: &Expr, place: Place) -> Option<Quantity> {
    use super::expr::{Operand, describe};
    match draft.reader(place).operand(expr)? {
        Operand::Number(quantity, unit @ (Unit::Count | Unit::Rate)) => sound(draft, quantity, expr, unit),
        other => {
            constant::report_unit(draft.scope, expr, Unit::Rate, describe(&other));
            None
        }
    }
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

/// The `on first` lines: how much of the amount earns.
fn first(draft: &Draft<'_, '_>, gives: &Gives, pieces: Pieces) -> Option<Vec<Limit>> {
    let scope = draft.scope;
    let base = match &gives.amount {
        ast::Amount::Share { base, .. } | ast::Amount::Per { base, .. } => Some(base),
        ast::Amount::OfRule { .. } | ast::Amount::Fixed { .. } => None,
    };
    let mut found: Option<Vec<Limit>> = Some(Vec::new());
    for clause in draft.clauses {
        let ClauseKind::OnFirst { amount, of, per } = &clause.kind else { continue };
        if let Some(of) = of {
            let message = "a rule that gives points says in `each …` what its amount is";
            let report = Diagnostic::new(Code::MisplacedClause, of.span, message);
            draft.scope.report(report.with_help(format!("leave `of {}` out", draft.scope.text(of.span))));
        }
        let Some(base) = base else {
            let message = "`on first` cuts the amount that earns, and this rule reads none";
            scope.report(
                Diagnostic::new(Code::MisplacedClause, clause.span, message)
                    .with_help("limit the points instead: `at most 100 points per member per calendar month, returns free room`"),
            );
            return None;
        };
        let line = format!("on first {}", scope.text(amount.span));
        let scope_of = limit_scope(draft, per, pieces, &line).filter(|(per, _)| {
            let everyone = matches!(per, LimitScope::Everyone { .. });
            if everyone {
                let message = "an amount is cut for one member, line, order or event";
                let report = Diagnostic::new(Code::BadGrain, clause.span, message);
                scope.report(
                    report.with_help("limit the points instead: `at most 100,000 points from everyone`"),
                );
            }
            !everyone
        });
        let reader = draft.reader(scope_of.map_or(Place::Member, |(_, place)| place));
        let unit = base_unit(&draft.reader(pieces.place(pieces.each)), base);
        let quantity = unit.and_then(|unit| {
            let quantity = reader.number(amount, unit)?;
            sound(draft, quantity, amount, unit)
        });
        match (quantity, scope_of, &mut found) {
            (Some(amount), Some((per, _)), Some(found)) => {
                found.push(Limit { amount, per, counter: None, text: scope.text(clause.span) });
            }
            _ => found = None,
        }
    }
    found
}

/// The rounding that is written; the inner error where its grain does not fit.
fn rounding(draft: &Draft<'_, '_>, pieces: Pieces) -> Option<Result<(Rounding, Grain), ()>> {
    draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Round { mode, grain } => {
            // A stretch of time that has ended is rounded as a whole, whatever it is called.
            let whole = pieces.of.period().is_some() && PERIODS.contains(&grain.text.as_str());
            let grain = if whole { Some(Grain::Order) } else { fitting(draft, grain, pieces, "round") };
            Some(grain.map(|grain| (*mode, grain)).ok_or(()))
        }
        _ => None,
    })
}

/// What a rule of a stretch of time rounds per.
const PERIODS: [&str; 7] = ["day", "week", "month", "quarter", "half", "year", "member"];

/// A rounding must stand where a fraction can occur, and only there.
fn check_rounding(draft: &Draft<'_, '_>, amount: &Amount, pieces: Pieces, gives: Span) {
    let written = draft.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::Round { .. }));
    match (written, is_whole(draft, amount)) {
        (None, false) if !draft.declaration.broken => report_silent(draft, pieces, gives),
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

fn report_silent(draft: &Draft<'_, '_>, pieces: Pieces, gives: Span) {
    let words = match pieces.of {
        Occasion::Period(period) | Occasion::Running(period) => vec![period_word(period).to_owned()],
        _ => pieces.words(draft.scope),
    };
    // `per line` is the usual one of units.
    let usual = words.iter().find(|word| *word == "line").or(words.first()).cloned().unwrap_or_default();
    let modes = ["down", "up", "half up", "half even"].map(|mode| format!("round {mode} per {usual}"));
    let others: Vec<String> =
        words.iter().filter(|word| **word != usual).map(|word| format!("per {word}")).collect();
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

fn period_word(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month | Period::MonthFrom { .. } => "month",
        Period::Quarter => "quarter",
        Period::Half => "half",
        Period::AllTime => "member",
        _ => "year",
    }
}

fn is_whole(draft: &Draft<'_, '_>, amount: &Amount) -> bool {
    match amount {
        Amount::Share { .. } => false,
        Amount::Per { points, full: false, step, base } => {
            let a_step = constant::fold(points).zip(constant::fold(step));
            let each = a_step.and_then(|(points, step)| points.div(step).ok());
            let beyond = base.beyond.as_ref().is_none_or(|beyond| always_whole(draft, beyond));
            let by_one = constant::fold(step) == Some(Ratio::ONE) && always_whole(draft, points);
            let each_whole = by_one || each.is_some_and(|each| each.fraction().is_zero());
            beyond && whole_base(draft, &base.of) && each_whole
        }
        Amount::OfRule { factor, stage, .. } => *stage != Stage::Exact && always_whole(draft, factor),
        Amount::Per { points, .. } | Amount::Fixed { points } => always_whole(draft, points),
    }
}

/// True where the amount that earns is a whole number of things.
fn whole_base(draft: &Draft<'_, '_>, base: &BaseOf) -> bool {
    match base {
        BaseOf::Number(quantity) => always_whole(draft, quantity),
        BaseOf::EventFact(event, fact) => draft
            .scope
            .facts
            .get(Subject::Event(*event), *fact)
            .is_some_and(|fact| fact.kind == FactType::Count),
        BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal | BaseOf::Measure(..) => false,
    }
}

/// True for what is a whole number in every case.
pub(super) fn always_whole(draft: &Draft<'_, '_>, quantity: &Quantity) -> bool {
    let scope = draft.scope;
    match quantity {
        Quantity::Constant(n) => n.fraction().is_zero(),
        Quantity::Value(id) => scope
            .values
            .try_get(*id)
            .is_some_and(|value| value.numbers(scope, &draft.window).iter().all(|n| n.fraction().is_zero())),
        Quantity::Fact(subject, fact) => {
            scope.facts.get(*subject, *fact).is_some_and(|fact| fact.kind == FactType::Count)
        }
        Quantity::LineUnits
        | Quantity::OrderUnits
        | Quantity::OrderUnitsFor(_)
        | Quantity::OrderPointsPaid
        | Quantity::Clock(_) => true,
        Quantity::LinePrice
        | Quantity::OrderPrice
        | Quantity::OrderPriceFor(_)
        | Quantity::OrderTotal
        | Quantity::Measure { .. }
        | Quantity::Worth(_)
        | Quantity::Divide(..) => false,
        Quantity::Add(a, b) | Quantity::Subtract(a, b) | Quantity::Multiply(a, b) => {
            always_whole(draft, a) && always_whole(draft, b)
        }
    }
}
