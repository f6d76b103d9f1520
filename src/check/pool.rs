//! The pools: unit, worth, pending, expiry, spending order, returns.

use super::clauses::{missing_choice, missing_clause};
use super::constant;
use super::expiry::{expiry, lot_expiry};
use super::pending::pending;
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Expiry, IdVec, LotExpiry, Pool, PoolId, PoolTerms, Returns, Unit};
use crate::source::Span;
use crate::syntax::ast::{Amount, ClauseKind, Expr, ExprKind, Kind, Name, ReturnChoice, SpendKey};
use crate::value::{Currency, Ratio};

/// The units of all pools that are no currencies.
pub(super) fn units<'a>(scope: &Scope<'a>) -> Vec<&'a str> {
    let mut units: Vec<&str> = Vec::new();
    for name in scope.declared(Kind::Pool).filter_map(|declaration| unit_of(&declaration.clauses)) {
        if Currency::from_code(&name.text).is_none() && !units.contains(&name.text.as_str()) {
            units.push(&name.text);
        }
    }
    units
}

fn unit_of(clauses: &[crate::syntax::ast::Clause]) -> Option<&Name> {
    clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Unit(name) => Some(name),
        _ => None,
    })
}

/// Where a unit is declared; `name` may be its plural.
pub(super) fn unit_place(scope: &Scope<'_>, name: &str) -> Option<Span> {
    scope.declared(Kind::Pool).flat_map(|pool| &pool.clauses).find_map(|clause| match &clause.kind {
        ClauseKind::Unit(unit) if name == unit.text || name.strip_suffix('s') == Some(&unit.text) => {
            Some(unit.span)
        }
        _ => None,
    })
}

/// The word that counts a pool's points: `point`, or a currency.
pub(super) fn unit_word<'a>(scope: &Scope<'a>, pool: PoolId) -> Option<&'a str> {
    let versions = &scope.pools.try_get(pool)?.versions;
    let name = versions.iter().find_map(|version| unit_of(&version.declaration.clauses))?;
    Some(&name.text)
}

/// The unit of a pool's amounts: points, or money where it counts in money.
pub(super) fn unit_of_pool(scope: &Scope<'_>, pool: PoolId) -> Unit {
    let currency = unit_word(scope, pool).and_then(Currency::from_code);
    if currency.is_some() { Unit::Money } else { Unit::Points }
}

/// The pool called `name`; reports an unknown one.
pub(super) fn resolve(scope: &Scope<'_>, name: &Name) -> Option<PoolId> {
    let found = scope.pools.position(|group| group.name == name.text);
    match found {
        Some(id) => scope.use_name(Kind::Pool, id),
        None if scope.may_be_declared(&name.text) => {}
        None => {
            let names: Vec<&str> = scope.pools.iter().map(|group| group.name).collect();
            let message = format!("no pool is called `{}`", name.text);
            let mut report = Diagnostic::new(Code::UnknownName, name.span, message);
            report.help = words::hint(&name.text, "declared are", &names);
            scope.report(report);
        }
    }
    found
}

/// Checks the pools.
pub(super) fn pools<'a>(scope: &Scope<'a>) -> IdVec<PoolId, Pool> {
    if scope.pools.is_empty() && !scope.has_unreadable_items() {
        let help = "declare one: `pool points \"Points\" { … }`, with `unit`, `worth`, `pending`, `balance expires`, \
                    `spend` and `return`";
        let report =
            Diagnostic::new(Code::MissingPool, Span::default(), "the policy has no `pool` for its points");
        scope.report(report.with_help(help));
    }
    let moves = scope.declared(Kind::Move).next().is_some();
    for group in
        scope.pools.iter().filter(|group| moves && ["account", "cash", "program"].contains(&group.name))
    {
        let Some(version) = group.versions.first() else { continue };
        let name = &version.declaration.name;
        let message =
            format!("`to {}` is where a move takes points, so no pool can be called that", name.text);
        let help = format!("take another name, such as `{}_pool`", name.text);
        scope.report(Diagnostic::new(Code::ReservedName, name.span, message).with_help(help));
    }
    let pools: IdVec<PoolId, Pool> = rules(scope, &scope.pools, terms)
        .into_iter()
        .map(|rule| Pool { name: rule.name, versions: rule.versions })
        .collect();
    super::spending::check(scope, &pools);
    pools
}

fn terms(draft: &Draft<'_, '_>) -> Option<PoolTerms> {
    let scope = draft.scope;
    let (mut unit, mut worth, mut wait, mut balance, mut lot, mut spend, mut returns) =
        (None, None, None, None, None, None, None);
    let mut before = Some(Vec::new());
    for clause in draft.clauses {
        let span = clause.span;
        match &clause.kind {
            ClauseKind::Unit(name) => unit = Some(name),
            ClauseKind::Worth(expr) => worth = Some((expr, span)),
            ClauseKind::Pending(moment) => wait = Some((pending(draft, moment.as_ref(), None), span)),
            ClauseKind::BalanceExpires(moment) => balance = Some((expiry(draft, moment.as_ref()), span)),
            ClauseKind::LotExpires { at, paused } => {
                lot = Some((
                    lot_expiry(draft, at.as_ref(), paused.as_ref(), &draft.declaration.name.text),
                    span,
                ));
            }
            ClauseKind::Spend(keys) => spend = Some(self::spend(draft, keys, span)),
            ClauseKind::SpendBefore(name) => match (resolve(scope, name), &mut before) {
                (Some(id), Some(before)) => before.push(id),
                _ => before = None,
            },
            ClauseKind::Return(choice) => returns = Some(self::returns(draft, *choice)),
            _ => {}
        }
    }
    let says = Says {
        unit: unit.is_some(),
        pending: wait.is_some(),
        expiry: balance.is_some() || lot.is_some(),
        spend: spend.is_some(),
        returns: returns.is_some(),
    };
    report_silent(draft, &says);
    let worth = self::worth(draft, unit, worth);
    let unit = self::unit(scope, unit?)?;
    let head = draft.declaration.head;
    let (expiry, expiry_span) = balance.unwrap_or((says.expiry.then_some(Expiry::Never), head));
    let (lot_expiry, lot_expiry_span) = lot.unwrap_or((says.expiry.then_some(LotExpiry::Never), head));
    let (pending, pending_span) = wait?;
    Some(PoolTerms {
        unit: unit.ok(),
        worth: worth?,
        pending: pending?,
        pending_span,
        expiry: expiry?,
        expiry_span,
        lot_expiry: lot_expiry?,
        lot_expiry_span,
        spend: spend??,
        before: before?,
        returns: returns??,
    })
}

/// Which of its choices a pool says.
struct Says {
    unit: bool,
    pending: bool,
    expiry: bool,
    spend: bool,
    returns: bool,
}

fn report_silent(draft: &Draft<'_, '_>, says: &Says) {
    let (scope, declaration) = (draft.scope, draft.declaration);
    if !says.unit {
        missing_clause(scope, declaration, "what its points are called", "`unit point`");
    }
    if !says.pending {
        let choices = ["pending never", "pending until shipped", "pending until 1 to 2 days after shipped"];
        missing_choice(scope, declaration, "when points become available", &choices);
    }
    if !says.expiry {
        let choices = [
            "balance expires never",
            "balance expires 1 year after latest of order placed, points acquired",
            "lot expires 1 year after points acquired",
        ];
        missing_choice(scope, declaration, "when points expire, and what extends them", &choices);
    }
    if !says.spend {
        let choices = ["spend soonest to expire, then oldest", "spend oldest", "spend newest"];
        missing_choice(scope, declaration, "which points are spent first", &choices);
    }
    if !says.returns {
        missing_choice(scope, declaration, "what a return does to points", &RETURNS);
    }
}

const RETURNS: [&str; 3] = [
    "return takes points back, shortfall becomes debt",
    "return takes points back, shortfall is forgiven",
    "return keeps points",
];

fn one(scope: &Scope<'_>) -> String {
    format!("1 {}", scope.currency.map_or("JPY".to_owned(), |currency| currency.name().to_owned()))
}

/// What its points are called; the inner error where it counts in money.
fn unit(scope: &Scope<'_>, name: &Name) -> Option<Result<String, ()>> {
    if Currency::from_code(&name.text).is_some() {
        return scope.own_currency(name).map(|_| Err(()));
    }
    Some(Ok(name.text.clone()))
}

/// A point may be worth less than the smallest coin, so the digits of the currency are no limit here. A pool that
/// counts in money counts the smallest coins, each worth itself.
fn worth(draft: &Draft<'_, '_>, unit: Option<&Name>, worth: Option<(&Expr, Span)>) -> Option<Option<Ratio>> {
    let scope = draft.scope;
    let in_money = unit.is_some_and(|unit| Currency::from_code(&unit.text).is_some());
    let (expr, span) = match worth {
        None if in_money => return Some(Some(Ratio::ONE)),
        None if !is_a_share_of_money(draft) => return Some(None),
        None => {
            let line = format!("`worth {}`", one(scope));
            missing_clause(scope, draft.declaration, "what a point is worth", &line);
            return None;
        }
        Some(worth) => worth,
    };
    if in_money {
        let message = "a pool that counts in money is worth what it says";
        let report = Diagnostic::new(Code::MisplacedClause, span, message);
        scope.report(report.with_help("leave the line out, or give the points a name: `unit point`"));
        return None;
    }
    let ExprKind::Money(major, currency) = &expr.kind else {
        return constant::positive(scope, expr, Unit::Money).map(Some);
    };
    let currency = scope.own_currency(currency)?;
    if *major <= Ratio::ZERO {
        constant::report_nought(scope, expr.span);
        return None;
    }
    major.mul(Ratio::whole(currency.scale())).ok().map(Some)
}

/// True where a rule gives a share of money, or is limited by one, in this pool: it is turned into points by their worth.
fn is_a_share_of_money(draft: &Draft<'_, '_>) -> bool {
    let pool = draft.declaration.name.text.as_str();
    let alone = draft.scope.pools.len() < 2;
    let rules = draft.scope.declared(Kind::Earn).chain(draft.scope.declared(Kind::Group));
    rules.into_iter().any(|rule| {
        let clauses = rule.clauses.iter().map(|clause| &clause.kind);
        let share = clauses.clone().any(|kind| match kind {
            ClauseKind::Gives(gives) => matches!(gives.amount, Amount::Share { .. }),
            ClauseKind::AtMostShare { .. } => true,
            _ => false,
        });
        let into = clauses.clone().find_map(|kind| match kind {
            ClauseKind::Into(name) => Some(name.text.as_str()),
            _ => None,
        });
        share && (alone || into.is_none_or(|into| into == pool))
    })
}

fn spend(draft: &Draft<'_, '_>, keys: &[SpendKey], span: Span) -> Option<Vec<SpendKey>> {
    let scope = draft.scope;
    for (i, key) in keys.iter().enumerate() {
        let earlier: Vec<&SpendKey> = keys.iter().take(i).collect();
        if earlier.iter().any(|k| matches!(k, SpendKey::Oldest | SpendKey::Newest) || *k == key) {
            let message = "the order is settled before its last step";
            let report = Diagnostic::new(Code::RepeatedStep, span, message);
            scope.report(
                report.with_help("end with `oldest` or `newest`: `spend soonest to expire, then oldest`"),
            );
            return None;
        }
    }
    if keys.last() == Some(&SpendKey::SoonestToExpire) {
        let choices = ["spend soonest to expire, then oldest", "spend soonest to expire, then newest"];
        missing_choice(
            scope,
            draft.declaration,
            "which of the points that expire together are spent first",
            &choices,
        );
        return None;
    }
    Some(keys.to_vec())
}

fn returns(draft: &Draft<'_, '_>, choice: ReturnChoice) -> Option<Returns> {
    match choice {
        ReturnChoice::TakesBackDebt => Some(Returns::TakeBackDebt),
        ReturnChoice::TakesBackForgiven => Some(Returns::TakeBackForgiven),
        ReturnChoice::Keeps => Some(Returns::Keep),
        ReturnChoice::TakesBackSilent => {
            let [debt, forgiven, _] = RETURNS;
            let what = "what happens when the points to take back are already spent";
            missing_choice(draft.scope, draft.declaration, what, &[debt, forgiven]);
            None
        }
    }
}
