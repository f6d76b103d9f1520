//! Redeem rules that have rewards: what each costs, and how many points or rewards may be taken.

use super::constant::{self, fold};
use super::earn::always_whole;
use super::expr::Place;
use super::limits::{limit_scope, limits_but, points};
use super::pool::{resolve, unit_word};
use super::redeem::{PAYMENT, pool, report_first, whole};
use super::rules::Draft;
use super::scope::Scope;
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{IdVec, Limit, LimitScope, PoolId, Price, Quantity, Redeem, RedeemId, Reward, Rule};
use crate::syntax::ast::{self, ClauseKind, Expr, ExprKind, RewardPrice};
use crate::value::Ratio;

/// Checks a redeem rule with rewards.
pub(super) fn rewarding(draft: &Draft<'_, '_>) -> Option<Redeem> {
    let scope = draft.scope;
    for clause in draft.clauses {
        let word = match clause.kind {
            ClauseKind::AtLeast(_) | ClauseKind::InSteps(_) | ClauseKind::AtMostShare { .. } => {
                words::clause(&clause.kind)
            }
            _ => continue,
        };
        let message = format!("`{word}` says how many points pay, and a reward has its price");
        let report = Diagnostic::new(Code::MisplacedClause, clause.span, message);
        scope.report(report.with_help("leave the line out"));
    }
    report_first(draft);
    let guards = draft.guards(Place::Request);
    let pool = reward_pool(draft)?;
    let read = draft.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Reward { name, label, price } => {
            Some(self::price(draft, price, pool).map(|price| Reward {
                name: name.text.clone(),
                label: label.as_ref().map_or_else(String::new, |label| label.text.clone()),
                price,
                span: clause.span,
            }))
        }
        _ => None,
    });
    let rewards: Vec<Option<Reward>> = read.collect();
    let limits = limits_but(draft, PAYMENT, pool, |limit| count_of_rewards(scope, limit).is_some());
    let counts = counts(draft);
    let (filters, conditions) = guards?;
    Some(Redeem {
        pool,
        pays: None,
        rewards: rewards.into_iter().collect::<Option<Vec<_>>>()?,
        at_least: None,
        steps: None,
        limits: limits?,
        counts: counts?,
        shares: Vec::new(),
        filters,
        conditions,
    })
}

/// The pool that the prices are in. Where all rewards are free, any will do.
fn reward_pool(draft: &Draft<'_, '_>) -> Option<PoolId> {
    let priced = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Reward { price: RewardPrice::Points(price) | RewardPrice::Range(_, price), .. } => {
            Some(price)
        }
        _ => None,
    });
    if let Some(price) = priced {
        return pool(draft, price);
    }
    let named = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::OutOf(name) => Some(resolve(draft.scope, name)),
        _ => None,
    });
    named.unwrap_or(Some(PoolId::new(0)))
}

fn price(draft: &Draft<'_, '_>, price: &RewardPrice, pool: PoolId) -> Option<Price> {
    let scope = draft.scope;
    match price {
        RewardPrice::Free => Some(Price::Points(Quantity::Constant(Ratio::ZERO))),
        RewardPrice::Points(expr) if matches!(expr.kind, ExprKind::Path(_) | ExprKind::Arithmetic(..)) => {
            let quantity = points(draft, expr, Place::Request, (pool, false))?;
            let constant = fold(&quantity).map(|n| n.fraction().is_zero());
            if constant.unwrap_or_else(|| always_whole(draft, &quantity)) {
                return Some(Price::Points(quantity));
            }
            let message = format!("`{}` need not be a whole number of points", scope.text(expr.span));
            let report = Diagnostic::new(Code::TooManyDigits, expr.span, message);
            scope.report(report.with_help("write a value whose numbers are whole"));
            None
        }
        RewardPrice::Points(expr) => {
            whole(scope, expr, pool).map(|n| Price::Points(Quantity::Constant(Ratio::whole(n))))
        }
        RewardPrice::Range(low, high) => {
            let (first, last) = (low_end(scope, low, pool), whole(scope, high, pool));
            let (first, last) = (first?, last?);
            if first >= last {
                let message = "the range of the price has nothing in it";
                let span = low.span.to(high.span);
                let help = "write the lower end first, below the upper one: `for 5,000 to 120,000 points`";
                scope.report(Diagnostic::new(Code::EmptyRange, span, message).with_help(help));
                return None;
            }
            Some(Price::Range(first, last))
        }
    }
}

/// The lower end of a range may leave the unit to the upper one: `5,000 to 120,000 points`.
fn low_end(scope: &Scope<'_>, expr: &Expr, pool: PoolId) -> Option<i64> {
    match expr.kind {
        ExprKind::Number(n) if n.fraction().is_zero() && !n.is_zero() => i64::try_from(n.floor()).ok(),
        ExprKind::Number(n) if n.is_zero() => {
            constant::report_nought(scope, expr.span);
            None
        }
        _ => whole(scope, expr, pool),
    }
}

/// The number in `1 reward`, `5,000 rewards`; none where a pool counts in rewards.
fn count_of_rewards(scope: &Scope<'_>, limit: &Expr) -> Option<Ratio> {
    let ExprKind::Counted(n, word) = &limit.kind else { return None };
    let is_unit = scope.pools.ids().any(|pool| unit_word(scope, pool) == Some("reward"));
    (matches!(word.text.as_str(), "reward" | "rewards") && !is_unit).then_some(*n)
}

/// The `at most` lines that count rewards.
fn counts(draft: &Draft<'_, '_>) -> Option<Vec<Limit>> {
    let counts = draft.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::AtMost { limit, per } => {
            let n = count_of_rewards(draft.scope, limit)?;
            Some(count(draft, limit, n, per).map(|(amount, per)| Limit {
                amount,
                per,
                counter: None,
                text: draft.scope.text(clause.span),
            }))
        }
        _ => None,
    });
    let counts: Vec<Option<Limit>> = counts.collect();
    counts.into_iter().collect()
}

fn count(
    draft: &Draft<'_, '_>,
    limit: &Expr,
    n: Ratio,
    per: &ast::LimitScope,
) -> Option<(Quantity, LimitScope)> {
    let scope = draft.scope;
    let found = limit_scope(draft, per, PAYMENT, &format!("at most {}", scope.text(limit.span)));
    if n.is_zero() {
        constant::report_nought(scope, limit.span);
        return None;
    }
    if !n.fraction().is_zero() {
        let message = format!("`{}` is no whole number of rewards", scope.text(limit.span));
        let report = Diagnostic::new(Code::TooManyDigits, limit.span, message);
        scope.report(report.with_help("write a whole number"));
        return None;
    }
    Some((Quantity::Constant(n), found?.0))
}

/// Reports a reward's name that two rules share on one day: it is asked for by name.
pub(super) fn report_names(scope: &Scope<'_>, rules: &IdVec<RedeemId, Rule<Redeem>>) {
    let mut seen: Vec<(&Reward, super::domain::Domain)> = Vec::new();
    for version in rules.iter().flat_map(|rule| &rule.versions) {
        let here = days(&version.window);
        for reward in &version.body.rewards {
            let clash = seen
                .iter()
                .find(|(other, there)| other.name == reward.name && !there.intersection(&here).is_empty());
            if let Some((first, _)) = clash.filter(|(first, _)| first.span != reward.span) {
                let message = format!("two rewards are called `{}`", reward.name);
                scope.report(
                    Diagnostic::new(Code::DuplicateName, reward.span, message)
                        .with_label("the second")
                        .with_place(first.span, "the first")
                        .with_help("a reward is asked for by its name: give one of them another"),
                );
            }
            seen.push((reward, here.clone()));
        }
    }
}
