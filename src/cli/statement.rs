//! A member's statement for people: where the account stands, and what comes and goes when. What happened follows in
//! `history`.

use jiff::Timestamp;
use std::io::{self, Write};

use super::history;
use super::show::{amount_of, arrived_amount, moment};
use super::table::{Column, plain};
use crate::ledger::{Account, Becoming, Need, PoolStatement, Progress, Statement};
use crate::policy::{Pending, PendingAnchor, Policy, PoolId};

/// The most lots that expire apart which a statement lists.
const MOST_LOTS: usize = 12;

/// Prints a whole statement; with `lines`, every rule with its line in the policy.
pub(crate) fn print(
    policy: &Policy,
    account: &Account,
    at: Timestamp,
    lines: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let statement = account.statement(policy, at).map_err(io::Error::other)?;
    writeln!(out, "{}: {}", policy.statement_title(), statement.account)?;
    writeln!(out, "{} as of {}\n", policy.label(), moment(policy, at))?;
    if standing(policy, &statement, out)? {
        writeln!(out)?;
    }
    for (id, pool) in policy.pools.ids().zip(&statement.pools) {
        if statement.pools.len() > 1 {
            writeln!(out, "{}{}", if id.index() == 0 { "" } else { "\n" }, pool_label(policy, id, at))?;
        }
        balances(policy, id, pool, out)?;
    }
    if !account.entries().is_empty() || !account.level_changes().is_empty() {
        writeln!(out, "\nWhat happened")?;
        history::print(policy, account, lines, out)?;
    }
    history::counted(policy, account, &|_| true, out)
}

/// The member's levels, each with its time and how far it is to the next, and what measures say; says whether there is any.
pub(super) fn standing(policy: &Policy, statement: &Statement, out: &mut dyn Write) -> io::Result<bool> {
    for tier in &statement.tiers {
        let since = tier.since.map_or_else(String::new, |at| format!(", since {}", moment(policy, at)));
        let until = tier.until.map_or_else(String::new, |at| format!(", until {}", moment(policy, at)));
        let next = tier.next.as_ref();
        let next = next
            .map_or_else(String::new, |(_, level, from)| format!("; {level} from {}", moment(policy, *from)));
        writeln!(out, "{}: {}{since}{until}{next}", tier.title, tier.label)?;
        if let Some(progress) = &tier.progress {
            writeln!(out, "  to {}: {}", progress.label, needs(progress))?;
        }
    }
    let mut any = !statement.tiers.is_empty();
    for measure in &statement.measures {
        for (choice, number) in measure.numbers.iter().filter(|(_, number)| !number.exact.is_zero()) {
            let of = if choice.is_empty() { String::new() } else { format!(", {choice}") };
            writeln!(out, "{}{of}: {}", measure.label, number.shown)?;
            any = true;
        }
    }
    Ok(any)
}

/// What a level still takes, in words.
fn needs(progress: &Progress) -> String {
    let need = |Need { measure, has, wants, short }: &Need| match short {
        Some(short) => format!("{measure} {} of {}, {} to go", has.shown, wants.shown, short.shown),
        None => format!("{measure} {} of {}", has.shown, wants.shown),
    };
    let way = |way: &Vec<Need>| way.iter().map(need).collect::<Vec<_>>().join(" and ");
    let ways = progress.ways.iter().map(way).collect::<Vec<_>>().join("; or ");
    match (&progress.condition, ways.is_empty()) {
        (None, _) => ways,
        (Some(condition), true) => condition.clone(),
        (Some(condition), false) => format!("{ways}, {condition}"),
    }
}

/// The pool's label as it is at an instant.
pub(super) fn pool_label(policy: &Policy, pool: PoolId, at: Timestamp) -> &str {
    let pool = &policy.pools[pool];
    let version = pool.versions.iter().find(|version| version.window.contains(at)).or(pool.versions.last());
    version.map_or(pool.name.as_str(), |version| version.label.as_str())
}

fn balances(policy: &Policy, id: PoolId, pool: &PoolStatement, out: &mut dyn Write) -> io::Result<()> {
    let balance = &pool.balance;
    let show = |amount: i64| amount_of(policy, id, amount);
    let mut rows = Vec::new();
    let expiry = match (pool.expires_at, pool.expiring.as_slice()) {
        (_, [all]) if all.points == balance.available => gone(policy, all.at),
        (Some(at), []) => gone(policy, at),
        _ if balance.available < 0 => "owed: points that come in fill this first".to_owned(),
        _ => String::new(),
    };
    let apart = expiry.is_empty();
    rows.push(vec!["available".to_owned(), show(balance.available), expiry]);
    for lot in pool.expiring.iter().take(MOST_LOTS).filter(|_| apart) {
        rows.push(vec![String::new(), show(lot.points), gone(policy, lot.at)]);
    }
    let (more, rest) = (pool.expiring.len().saturating_sub(MOST_LOTS), pool.expiring.iter().skip(MOST_LOTS));
    if more > 0 {
        let rest = rest.fold(0i64, |sum, lot| sum.saturating_add(lot.points));
        rows.push(vec![String::new(), show(rest), format!("later, on {more} more dates")]);
    }
    rows.push(vec!["pending".to_owned(), show(balance.pending), waiting(policy, id, pool)]);
    for Becoming { points: amount, from, by } in &pool.becoming {
        let when = match from == by {
            true => format!("available {}", moment(policy, *by)),
            false => format!("available from {} to {}", moment(policy, *from), moment(policy, *by)),
        };
        rows.push(vec![String::new(), show(*amount), when]);
    }
    for (name, amount) in [
        ("redeemed", balance.redeemed),
        ("expired", balance.expired),
        ("reversed", balance.reversed),
        ("transferred", balance.transferred),
    ] {
        if amount != 0 {
            rows.push(vec![name.to_owned(), show(amount), String::new()]);
        }
    }
    for arrived in &pool.arrived {
        let place = arrived
            .program
            .as_deref()
            .map_or_else(|| "paid out".to_owned(), |name| format!("arrived at {name}"));
        rows.push(vec![String::new(), String::new(), format!("{} {place}", arrived_amount(policy, arrived))]);
    }
    rows.push(vec!["issued".to_owned(), show(balance.issued), "in all: the sum of the above".to_owned()]);
    out.write_all(plain(&[("", Column::Left), ("", Column::Right), ("", Column::Left)], rows).as_bytes())
}

pub(super) fn gone(policy: &Policy, at: Timestamp) -> String {
    format!("usable before {}, gone from then on", moment(policy, at))
}

/// What is said of pending points whose date is not known yet.
fn waiting(policy: &Policy, id: PoolId, pool: &PoolStatement) -> String {
    let known: i64 = pool.becoming.iter().map(|row| row.points).sum();
    match pool.balance.pending - known {
        0 => String::new(),
        waiting if waits_for_shipping_only(policy, id) => {
            format!("{} of them wait to be shipped", amount_of(policy, id, waiting))
        }
        waiting => format!("{} of them have no date yet", amount_of(policy, id, waiting)),
    }
}

/// True where points of a pool wait for nothing but shipping.
fn waits_for_shipping_only(policy: &Policy, id: PoolId) -> bool {
    let pool = policy.pools[id].versions.iter();
    let earns = policy.earns.iter().flat_map(|rule| &rule.versions).map(|version| &version.body);
    let own = earns.filter(|earn| earn.pool == id).filter_map(|earn| Some(&earn.pending.as_ref()?.0));
    let mut waits = pool.map(|version| &version.body.pending).chain(own);
    waits.all(|pending| match pending {
        Pending::Never => true,
        Pending::Until { anchor, .. } => *anchor == PendingAnchor::Shipped,
    })
}
