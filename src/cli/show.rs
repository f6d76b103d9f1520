//! How amounts, instants and pools are shown to people: the same in every command.

use jiff::Timestamp;

use super::table::{Column, points};
use crate::ledger::Arrived;
use crate::policy::{Policy, PoolId};
use crate::value::Ratio;

/// An amount of a pool: points, or money where the pool counts in money.
pub(crate) fn amount_of(policy: &Policy, pool: PoolId, amount: i64) -> String {
    match policy.pools[pool].versions.last() {
        Some(version) if version.body.unit.is_none() => policy.currency.format(Ratio::whole(amount)),
        _ => points(amount),
    }
}

/// The same before rounding: a decimal where it ends, else a fraction.
pub(crate) fn exact_amount(policy: &Policy, pool: PoolId, amount: Ratio) -> String {
    let in_money = policy.pools[pool].versions.last();
    if in_money.is_some_and(|version| version.body.unit.is_none()) {
        return policy.currency.format(amount);
    }
    match amount.fraction().is_zero().then(|| amount.floor_points().ok()).flatten() {
        Some(whole) => points(whole),
        None => amount.to_string(),
    }
}

/// As [`amount_of`], always signed.
pub(crate) fn signed_amount(policy: &Policy, pool: PoolId, amount: i64) -> String {
    format!("{}{}", if amount > 0 { "+" } else { "" }, amount_of(policy, pool, amount))
}

/// What arrived elsewhere: a number of the other programme, or money.
pub(crate) fn arrived_amount(policy: &Policy, arrived: &Arrived) -> String {
    match arrived.program {
        Some(_) => points(arrived.amount),
        None => policy.currency.format(Ratio::whole(arrived.amount)),
    }
}

/// The name of a pool, for a table's column.
pub(crate) fn pool_name(policy: &Policy, pool: PoolId) -> String {
    policy.pools[pool].name.clone()
}

/// Columns of a table; `pool` only where the policy has several.
pub(crate) fn columns(policy: &Policy, all: &[(&'static str, Column)]) -> Vec<(&'static str, Column)> {
    all.iter().filter(|(title, _)| *title != "pool" || policy.pools.len() > 1).copied().collect()
}

/// An instant to the minute, for tables.
pub(crate) fn minute(policy: &Policy, at: Timestamp) -> String {
    let local = policy.calendar.zone.local(at);
    format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
}

/// An instant for people, in the programme's zone: `2021-03-01 10:00`, with seconds where there are any.
pub(crate) fn moment(policy: &Policy, at: Timestamp) -> String {
    let local = policy.calendar.zone.local(at);
    let time = match (local.second(), local.subsec_nanosecond()) {
        (0, 0) => format!("{:02}:{:02}", local.hour(), local.minute()),
        _ => local.time().to_string(),
    };
    format!("{} {time}", local.date())
}
