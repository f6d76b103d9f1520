//! Moves: points that leave a pool for another pool, another programme or another account, or as money.

use super::clauses::{missing_choice, missing_clause};
use super::constant::{self, fold};
use super::expr::{Operand, Place, describe};
use super::limits::{Pieces, limit_scope, own_points, points};
use super::moments::day_exists;
use super::periods::period;
use super::pool::{resolve, unit_of_pool};
use super::redeem::{Fit, report_whole_periods, whole};
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::versions::Group;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::reads::Reads;
use crate::policy::{
    Grain, IdVec, Limit, LimitScope, Move, MoveId, MoveTo, MoveWhen, Occasion, Period, PoolId, Quantity,
    Rule, Unit,
};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Expr, ExprKind, MoveTarget, YearDay};
use crate::value::Ratio;

/// Checks the moves.
pub(super) fn moves<'a>(scope: &Scope<'a>, groups: &IdVec<MoveId, Group<'a>>) -> IdVec<MoveId, Rule<Move>> {
    rules(scope, groups, a_move)
}

fn a_move(draft: &Draft<'_, '_>) -> Option<Move> {
    let scope = draft.scope;
    let target = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::MoveTo { from, to } => Some((from, to, clause.span)),
        _ => None,
    });
    let when = when(draft);
    let Some((from, to, span)) = target else {
        missing_clause(scope, draft.declaration, "where points go", "`points to program airline`");
        return None;
    };
    let from = resolve(scope, from);
    let to = self::target(scope, to, from, span);
    let (from, to) = (from?, to?);
    if to == MoveTo::Account && when.as_ref().is_some_and(|when| *when != MoveWhen::Request) {
        let message = "nobody says to which account points move by the calendar";
        let help =
            "write `on request`: each transfer then names its account; or move them to a pool or a programme";
        scope.report(Diagnostic::new(Code::MisplacedClause, span, message).with_help(help));
        return None;
    }
    let place = match when {
        Some(MoveWhen::Days(_) | MoveWhen::EndOf(_)) => Place::Member,
        _ => Place::Request,
    };
    let gives = gives(draft, place, from, &to);
    let limits = limits(draft, from);
    let guards = draft.guards(place);
    let fee = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Fee(expr) => Some(whole(scope, expr, from)),
        _ => None,
    });
    let (at_least, steps, limits) = limits?;
    let fee = match fee {
        Some(fee) => fee?,
        None => 0,
    };
    let (_, conditions) = guards?;
    let found = Move { from, to, when: when?, at_least, steps, limits, gives: gives?, fee, conditions, span };
    let mut reads = Reads::ever(scope);
    reads.movement(&found);
    report_whole_periods(draft, &reads);
    Some(found)
}

fn target(scope: &Scope<'_>, to: &MoveTarget, from: Option<PoolId>, span: Span) -> Option<MoveTo> {
    Some(match to {
        MoveTarget::Account => MoveTo::Account,
        MoveTarget::Cash => MoveTo::Cash,
        MoveTarget::Program(name) => MoveTo::Program(name.text.clone()),
        MoveTarget::Pool(name) => {
            let id = resolve(scope, name)?;
            if Some(id) == from {
                let message = format!("points of `{}` would move to where they are", name.text);
                let report = Diagnostic::new(Code::ReferenceCycle, span, message);
                scope.report(report.with_help("name another pool, `account`, `cash` or `program …`"));
                return None;
            }
            MoveTo::Pool(id)
        }
    })
}

fn when(draft: &Draft<'_, '_>) -> Option<MoveWhen> {
    let scope = draft.scope;
    let ends = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::OnPeriodEnd(written) => Some(period(scope, written)),
        _ => None,
    });
    if let Some(ends) = ends {
        return ends.map(MoveWhen::EndOf);
    }
    let said = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::OnRequest => Some((None, clause.span)),
        ClauseKind::OnDays(days) => Some((Some(days), clause.span)),
        _ => None,
    });
    match said {
        None => {
            let choices = ["on request", "on end of month", "on end of february, end of august"];
            missing_choice(scope, draft.declaration, "when points move", &choices);
            None
        }
        Some((None, _)) => Some(MoveWhen::Request),
        Some((Some(days), span)) => {
            let all_exist = days.iter().all(|day| day_exists(scope, *day, span));
            let repeated =
                days.iter().enumerate().any(|(i, day)| days.iter().take(i).any(|first| first == day));
            if repeated {
                let message = "a day is listed twice";
                let report = Diagnostic::new(Code::DuplicateName, span, message);
                scope.report(report.with_help("leave one of them out"));
            }
            let days: Vec<YearDay> = days.clone();
            (all_exist && !repeated).then_some(MoveWhen::Days(days))
        }
    }
}

type Gives = Vec<(Quantity, bool, i64)>;

fn gives(draft: &Draft<'_, '_>, place: Place, from: PoolId, to: &MoveTo) -> Option<Gives> {
    let scope = draft.scope;
    let said = draft.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::GivesPer { amount, full, step } => {
            let amount = arriving(draft, amount, place, (from, to));
            let step = whole(scope, step, from);
            Some(amount.zip(step).map(|(amount, step)| (amount, *full, step)))
        }
        _ => None,
    });
    let said: Vec<Option<(Quantity, bool, i64)>> = said.collect();
    if said.is_empty() {
        let as_much = match to {
            MoveTo::Pool(id) => super::pool::unit_word(scope, *id) == super::pool::unit_word(scope, from),
            MoveTo::Account | MoveTo::Program(_) => true,
            MoveTo::Cash => false,
        };
        if as_much {
            return Some(vec![(Quantity::Constant(Ratio::ONE), false, 1)]);
        }
        let unit = super::pool::unit_word(scope, from).unwrap_or("point");
        let amount = match (to, scope.currency) {
            (MoveTo::Cash, Some(currency)) => currency.format(Ratio::ONE),
            _ => "1".to_owned(),
        };
        missing_clause(scope, draft.declaration, "what arrives", &format!("`gives {amount} per 1 {unit}`"));
        return None;
    }
    said.into_iter().collect()
}

/// What arrives: points of the other pool or account, a plain number of another programme's, or money.
fn arriving(
    draft: &Draft<'_, '_>,
    expr: &Expr,
    place: Place,
    (from, to): (PoolId, &MoveTo),
) -> Option<Quantity> {
    let scope = draft.scope;
    let pool = match to {
        MoveTo::Pool(id) => Some(*id),
        MoveTo::Account => Some(from),
        MoveTo::Program(_) | MoveTo::Cash => None,
    };
    let unit = match (pool, to) {
        (Some(pool), _) => unit_of_pool(scope, pool),
        (None, MoveTo::Cash) => Unit::Money,
        (None, _) => Unit::Count,
    };
    let n = match (&expr.kind, unit) {
        (ExprKind::Path(_) | ExprKind::Arithmetic(..), _) => {
            return arriving_by_case(draft, expr, place, unit);
        }
        (_, Unit::Count) | (ExprKind::Number(_), Unit::Points) => positive_count(scope, expr)?,
        _ => {
            let n = constant::positive(scope, expr, unit)?;
            pool.map_or(Some(()), |pool| own_points(scope, expr, pool))?;
            n
        }
    };
    Some(Quantity::Constant(n))
}

/// An amount that differs by member: a value, by level or fact, whose most is known.
fn arriving_by_case(draft: &Draft<'_, '_>, expr: &Expr, place: Place, unit: Unit) -> Option<Quantity> {
    let scope = draft.scope;
    let quantity = match draft.reader(place).operand(expr)? {
        Operand::Number(quantity, Unit::Count) if unit == Unit::Points => quantity,
        Operand::Number(quantity, own) if own == unit => quantity,
        other => {
            constant::report_unit(scope, expr, unit, describe(&other));
            return None;
        }
    };
    let (low, high) = super::ranges::bounds(scope, &quantity, Some(&draft.window));
    if low.is_none_or(|low| low <= Ratio::ZERO) {
        constant::report_nought(scope, expr.span);
        return None;
    }
    if high.is_none() {
        let message = format!("it is not known how much `{}` can be at most", scope.text(expr.span));
        let help = "give the fact a range, or name a value: a circle of moves must not make more of points";
        scope.report(Diagnostic::new(Code::BadSubject, expr.span, message).with_help(help));
        return None;
    }
    Some(quantity)
}

fn positive_count(scope: &Scope<'_>, expr: &Expr) -> Option<Ratio> {
    let n = constant::exact(scope, expr, Unit::Count)?;
    if n.is_zero() {
        constant::report_nought(scope, expr.span);
        return None;
    }
    Some(n)
}

type Limits = (i64, i64, Vec<Limit>);

fn limits(draft: &Draft<'_, '_>, from: PoolId) -> Option<Limits> {
    let scope = draft.scope;
    let (mut least, mut steps) = (Some(1), Some(1));
    let (mut least_span, mut steps_span) = (None, None);
    let mut found: Option<Vec<Limit>> = Some(Vec::new());
    for clause in draft.clauses {
        match &clause.kind {
            ClauseKind::AtLeast(expr) => {
                least_span = Some(clause.span);
                least = whole(scope, expr, from);
            }
            ClauseKind::InSteps(expr) => {
                steps_span = Some(clause.span);
                steps = whole(scope, expr, from);
            }
            ClauseKind::AtMost { limit, per } => {
                match (limit_of(draft, limit, per, (from, clause.span)), &mut found) {
                    (Some(limit), Some(found)) => found.push(limit),
                    _ => found = None,
                }
            }
            _ => {}
        }
    }
    let (least, steps, found) = (least?, steps?, found?);
    let each_time = found.iter().filter(|limit| matches!(limit.per, LimitScope::Piece(_)));
    let fit = Fit {
        least: least_span.map(|_| Ratio::whole(i128::from(least))),
        least_span: least_span.unwrap_or_default(),
        steps: steps_span.map(|_| steps),
        steps_span: steps_span.unwrap_or_default(),
        most: each_time.filter_map(|limit| fold(&limit.amount)).min(),
    };
    fit.check(scope, unit_of_pool(scope, from)).then_some((least, steps, found))
}

fn limit_of(
    draft: &Draft<'_, '_>,
    limit: &Expr,
    per: &ast::LimitScope,
    (from, span): (PoolId, Span),
) -> Option<Limit> {
    if matches!(per, ast::LimitScope::Piece(_)) {
        let message = "what moves is limited each time, for one member, or for all members together";
        let report = Diagnostic::new(Code::BadGrain, span, message);
        draft.scope.report(report.with_help(
            "write `at most 1,000 points`, or `at most 1,000 points per member per calendar year, returns keep room`",
        ));
        return None;
    }
    let each = Pieces { of: Occasion::Period(Period::AllTime), each: Grain::Order, each_time: true };
    let (per, place) = limit_scope(draft, per, each, "at most")?;
    let amount = points(draft, limit, place, (from, false))?;
    Some(Limit { amount, per, counter: None, text: draft.scope.text(span) })
}
