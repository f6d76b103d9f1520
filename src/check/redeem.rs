//! Redeem rules: what points pay, and for what; or what may be had for them.

use super::clauses::{missing_choice, missing_clause};
use super::constant::{self, fold};
use super::expr::Place;
use super::limits::{self, Pieces, own_points, points, sound};
use super::mentions;
use super::pool::{resolve, unit_of_pool, unit_word};
use super::rewards;
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::versions::Group;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::reads::{MeasureRead, Reads, Source};
use crate::policy::{
    Grain, IdVec, Limit, LimitScope, Occasion, Pays, PaysBy, PaysFor, PoolId, Quantity, Redeem, RedeemId,
    Rule, Unit,
};
use crate::source::Span;
use crate::syntax::ast::{self, Clause, ClauseKind, Expr, ExprKind, Kind, Path};
use crate::value::{Currency, Ratio};

/// Checks the redeem rules.
pub(super) fn redeems<'a>(
    scope: &Scope<'a>,
    groups: &IdVec<RedeemId, Group<'a>>,
) -> IdVec<RedeemId, Rule<Redeem>> {
    let rules = rules(scope, groups, redeem);
    rewards::report_names(scope, &rules);
    rules
}

/// A payment is about a whole order; a limit without further words is about each one.
pub(super) const PAYMENT: Pieces = Pieces { of: Occasion::Order, each: Grain::Order, each_time: true };

fn redeem(draft: &Draft<'_, '_>) -> Option<Redeem> {
    let pays = draft.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::Pays { .. }));
    let reward = draft.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::Reward { .. }));
    let found = match (pays, reward) {
        (Some(pays), None) => paying(draft, pays),
        (None, Some(_)) => rewards::rewarding(draft),
        (Some(pays), Some(reward)) => {
            let message = "a redeem rule either pays for orders or has rewards";
            draft.scope.report(
                Diagnostic::new(Code::MisplacedClause, reward.span, message)
                    .with_place(pays.span, "pays for orders")
                    .with_help("write the rewards in a `redeem` of their own"),
            );
            None
        }
        (None, None) => {
            let scope = draft.scope;
            let currency = scope.currency.map_or("JPY".to_owned(), |currency| currency.name().to_owned());
            let unit = scope.units.first().copied().unwrap_or("point");
            let line = format!("`1 {unit} pays 1 {currency} of line.price`");
            missing_clause(scope, draft.declaration, "what a point pays", &line);
            draft.guards(Place::Line);
            None
        }
    };
    if let Some(found) = &found {
        let mut reads = Reads::ever(draft.scope);
        reads.redeem(found);
        report_whole_periods(draft, &reads);
    }
    found
}

/// A payment or a move is judged at once, so it reads nothing that is known later.
pub(super) fn report_whole_periods(draft: &Draft<'_, '_>, reads: &Reads<'_>) {
    for read in reads.list() {
        let Source::Measure(MeasureRead { measure, in_all: true, .. }) = read.what else { continue };
        let place = mentions::of_reading(draft.scope, draft.declaration, (measure, true), read.by_way_of);
        let name = draft.scope.measures[measure].name;
        let message = format!("`{name} in all` is not known when points are spent");
        let report = Diagnostic::new(Code::BadSubject, place, message);
        draft.scope.report(report.with_help(format!("read it as it is then: `{name} so far`")));
    }
}

/// The pool that points come out of: the one that is named, or the only one that counts in the unit written.
pub(super) fn pool(draft: &Draft<'_, '_>, unit: &Expr) -> Option<PoolId> {
    let scope = draft.scope;
    let named = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::OutOf(name) => Some(resolve(scope, name)),
        _ => None,
    });
    if let Some(found) = named {
        return found;
    }
    let fits = |id: &PoolId| match (&unit.kind, unit_word(scope, *id)) {
        (ExprKind::Counted(_, word), Some(unit)) => {
            word.text == unit || word.text.strip_suffix('s') == Some(unit)
        }
        (ExprKind::Money(_, currency), Some(unit)) => currency.text == unit,
        (_, Some(unit)) => Currency::from_code(unit).is_none(),
        _ => false,
    };
    let fitting: Vec<PoolId> = scope.pools.ids().filter(fits).collect();
    match fitting.as_slice() {
        [one] => {
            scope.use_name(Kind::Pool, *one);
            Some(*one)
        }
        [] if scope.pools.len() < 2 => Some(PoolId::new(0)),
        [] => {
            // An unknown unit is told where it is read.
            draft.reader(Place::Request).operand(unit);
            None
        }
        several => {
            let choices: Vec<String> = several
                .iter()
                .filter_map(|id| scope.pools.try_get(*id))
                .map(|pool| format!("out of {}", pool.name))
                .collect();
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            missing_choice(scope, draft.declaration, "out of which pool the points come", &choices);
            None
        }
    }
}

fn paying(draft: &Draft<'_, '_>, clause: &Clause) -> Option<Redeem> {
    let scope = draft.scope;
    let guards = draft.guards(Place::Line);
    let ClauseKind::Pays { points, money, per, of } = &clause.kind else { return None };
    let pool = pool(draft, points);
    let by_line = per.is_some() || scope.text(of.span) == "line.price";
    let place = if by_line { Place::Line } else { Place::Order };
    if report_too_fine(draft, points, money) {
        return None;
    }
    let money = draft.reader(place).number(money, Unit::Money).and_then(|quantity| {
        let (low, _) = super::ranges::bounds(scope, &quantity, Some(&draft.window));
        if low.is_none_or(|low| low <= Ratio::ZERO) {
            constant::report_nought(scope, money.span);
            return None;
        }
        Some(quantity)
    });
    let for_what = match per {
        Some(step) => pays_by(draft, step, of).map(|by| (PaysFor::Lines, Some(by))),
        None => {
            report_first(draft);
            payable(scope, of).map(|of| (of, None))
        }
    };
    let pool = pool?;
    let points = constant::positive(scope, points, unit_of_pool(scope, pool))
        .and_then(|n| own_points(scope, points, pool).map(|()| n));
    let limits = limits(draft, pool);
    let shares = shares(draft);
    let (filters, conditions) = guards?;
    let (at_least, steps, limits) = limits?;
    let (of, by) = for_what?;
    Some(Redeem {
        pool,
        pays: Some(Pays { points: points?, money: money?, of, by, span: clause.span }),
        rewards: Vec::new(),
        at_least,
        steps,
        limits,
        counts: Vec::new(),
        shares: shares?,
        filters,
        conditions,
    })
}

/// `1 point pays 0.005 GBP`: said of as many points as make a whole number of the smallest coins.
fn report_too_fine(draft: &Draft<'_, '_>, points: &Expr, money: &Expr) -> bool {
    let scope = draft.scope;
    let (ExprKind::Money(amount, code), Some(currency)) = (&money.kind, scope.currency) else { return false };
    let n = match &points.kind {
        ExprKind::Number(n) | ExprKind::Counted(n, _) | ExprKind::Money(n, _) => *n,
        _ => return false,
    };
    if code.text != currency.name() || currency.minor_units(*amount).is_some() {
        return false;
    }
    let digits = Ratio::whole(10i128.pow(currency.digits.min(4)));
    let Ok(coins) = amount.mul(digits) else { return false };
    let times = Ratio::whole(coins.denominator());
    let (Ok(more), Ok(sum)) = (n.mul(times), amount.mul(times).and_then(|sum| sum.mul(digits))) else {
        return false;
    };
    let written = scope.text(points.span).replacen(&constant::plain(n), &constant::plain(more), 1);
    let plural = if written.ends_with('s') || more == Ratio::ONE { "" } else { "s" };
    let message = format!("`{}` is less than the smallest coin", scope.text(money.span));
    let help = format!("say it of more points: `{written}{plural} pay {} of …`", currency.format(sum));
    scope.report(Diagnostic::new(Code::TooManyDigits, money.span, message).with_help(help));
    true
}

/// `per 1 of line.gallons`, with the `on first` line that says how much of it counts.
fn pays_by(draft: &Draft<'_, '_>, step: &Expr, of: &Path) -> Option<PaysBy> {
    let scope = draft.scope;
    let text = scope.text(of.span);
    if of.subject.as_ref().is_none_or(|subject| subject.text != "line") {
        let message = format!("`{text}` is no quantity of a line");
        let help = "write a count or a quantity that each line brings: `per 1 of line.quantity`";
        scope.report(Diagnostic::new(Code::UnknownFact, of.span, message).with_help(help));
        return None;
    }
    let expr = Expr { kind: ExprKind::Path(of.clone()), span: of.span };
    let quantity = draft.reader(Place::Line).number(&expr, Unit::Count);
    let step = constant::positive(scope, step, Unit::Count);
    let mut first = Some(None);
    for clause in draft.clauses {
        let ClauseKind::OnFirst { amount, of: first_of, per } = &clause.kind else { continue };
        let other = first_of.as_ref().filter(|path| scope.text(path.span) != text);
        if let Some(other) = other {
            let message = format!("the points pay by `{text}`, and this counts `{}`", scope.text(other.span));
            let report = Diagnostic::new(Code::TypeMismatch, other.span, message);
            scope.report(report.with_help(format!("write `of {text}`")));
            first = None;
            continue;
        }
        if !matches!(per, ast::LimitScope::Piece(word) if word.text == "order") {
            let message = "how much of a quantity points pay for is said of one order";
            let report = Diagnostic::new(Code::BadGrain, clause.span, message);
            let written = scope.text(amount.span);
            scope.report(report.with_help(format!("write `on first {written} of {text} per order`")));
            first = None;
            continue;
        }
        let most = draft.reader(Place::Order).number(amount, Unit::Count);
        first = most.and_then(|most| sound(draft, most, amount, Unit::Count)).map(Some);
    }
    Some(PaysBy { step: step?, of: quantity?, text, first: first? })
}

/// Without a quantity there is nothing of which the first part could count.
pub(super) fn report_first(draft: &Draft<'_, '_>) {
    let first = draft.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::OnFirst { .. }));
    if let Some(clause) = first {
        let message = "`on first` says how much of a quantity points pay for, and this rule pays by none";
        let report = Diagnostic::new(Code::MisplacedClause, clause.span, message);
        draft.scope.report(report.with_help("write `at most …` to limit the points, or leave the line out"));
    }
}

/// What points pay for; anything else is reported.
fn payable(scope: &Scope<'_>, path: &Path) -> Option<PaysFor> {
    let written = scope.text(path.span);
    match written.as_str() {
        "line.price" | "order.price" => return Some(PaysFor::Lines),
        "order.total" => return Some(PaysFor::Total),
        _ => {}
    }
    let message = format!("`{written}` is no amount that points pay");
    let help = "write `line.price` or `order.price`: the lines that pass the filters; or `order.total`: shipping too";
    scope.report(Diagnostic::new(Code::UnknownFact, path.span, message).with_help(help));
    None
}

type Limits = (Option<Quantity>, Option<i64>, Vec<Limit>);

fn limits(draft: &Draft<'_, '_>, pool: PoolId) -> Option<Limits> {
    let scope = draft.scope;
    let (mut least, mut steps) = (Some(None), Some(None));
    let (mut least_span, mut steps_span) = (Span::default(), Span::default());
    for clause in draft.clauses {
        match &clause.kind {
            ClauseKind::AtLeast(expr) => {
                least_span = clause.span;
                least = points(draft, expr, Place::Order, (pool, false)).map(Some);
            }
            ClauseKind::InSteps(expr) => {
                steps_span = clause.span;
                steps = whole(scope, expr, pool).map(Some);
            }
            _ => {}
        }
    }
    let found = limits::limits(draft, PAYMENT, pool).filter(|found| !report_everyone(draft, found));
    let (least, steps, found) = (least?, steps?, found?);
    let each_time = found.iter().filter(|limit| matches!(limit.per, LimitScope::Piece(_)));
    let most = each_time.filter_map(|limit| fold(&limit.amount));
    let fits = Fit { least: least.as_ref().and_then(fold), least_span, steps, steps_span, most: most.min() };
    fits.check(scope, unit_of_pool(scope, pool)).then_some((least, steps, found))
}

fn report_everyone(draft: &Draft<'_, '_>, limits: &[Limit]) -> bool {
    let found = limits.iter().any(|limit| matches!(limit.per, LimitScope::Everyone { .. }));
    let clause = draft.clauses.iter().find(|clause| {
        matches!(clause.kind, ClauseKind::AtMost { per: ast::LimitScope::Everyone { .. }, .. })
    });
    if let (true, Some(clause)) = (found, clause) {
        let message = "what points pay is limited for each order or for one member";
        let report = Diagnostic::new(Code::BadGrain, clause.span, message);
        draft.scope.report(
            report.with_help("write `per order`, or `per member per calendar month, returns free room`"),
        );
    }
    found
}

/// A whole number of points above nought.
pub(super) fn whole(scope: &Scope<'_>, expr: &Expr, pool: PoolId) -> Option<i64> {
    let n = constant::positive(scope, expr, unit_of_pool(scope, pool))?;
    own_points(scope, expr, pool)?;
    if !n.fraction().is_zero() {
        let message = format!("`{}` is no whole number of points", scope.text(expr.span));
        let report = Diagnostic::new(Code::TooManyDigits, expr.span, message);
        scope.report(report.with_help("write a whole number"));
        return None;
    }
    i64::try_from(n.floor()).ok()
}

/// Whether a least number, a step and a greatest number of points go together.
pub(super) struct Fit {
    pub least: Option<Ratio>,
    pub least_span: Span,
    pub steps: Option<i64>,
    pub steps_span: Span,
    pub most: Option<Ratio>,
}

impl Fit {
    /// Reports what does not fit.
    pub fn check(&self, scope: &Scope<'_>, unit: Unit) -> bool {
        let written = |n: Ratio| constant::written(scope, n, unit);
        let steps = self.steps.map(|steps| Ratio::whole(i128::from(steps)));
        let report = |span: Span, message: String, help: String| {
            scope.report(Diagnostic::new(Code::OutOfRange, span, message).with_help(help));
            false
        };
        if let (Some(least), Some(steps)) = (self.least, steps)
            && let Ok(count) = least.div(steps)
            && !count.fraction().is_zero()
        {
            let next = steps.mul(Ratio::whole(count.floor().saturating_add(1))).unwrap_or(steps);
            return report(
                self.least_span,
                format!("{} is no multiple of the step, {}", written(least), written(steps)),
                format!("write `at least {}`", written(next)),
            );
        }
        if let (Some(least), Some(most)) = (self.least, self.most)
            && least > most
        {
            return report(
                self.least_span,
                format!("at least {} and at most {} cannot both hold", written(least), written(most)),
                "raise the limit, or lower the least number".to_owned(),
            );
        }
        if let (Some(steps), Some(most)) = (steps, self.most)
            && steps > most
        {
            return report(
                self.steps_span,
                format!("one step is {}, and the most is {}", written(steps), written(most)),
                "raise the limit, or make the step smaller".to_owned(),
            );
        }
        true
    }
}

fn shares(draft: &Draft<'_, '_>) -> Option<Vec<(Quantity, PaysFor)>> {
    let shares = draft.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::AtMostShare { rate, of } => Some((rate, of)),
        _ => None,
    });
    let read = shares.map(|(rate, of)| {
        let quantity = draft.reader(Place::Order).number(rate, Unit::Rate);
        let of = payable(draft.scope, of);
        let quantity = sound(draft, quantity?, rate, Unit::Rate)?;
        Some((quantity, of?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}
