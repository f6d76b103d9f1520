//! A member's statement for people: where the account stands, what comes and goes when, and the whole history with the
//! reason behind every point.

use jiff::Timestamp;
use std::io::{self, Write};

use super::table::{Column, plain, points, signed};
use crate::check::Policy;
use crate::ledger::{Account, Action, Balance, Becoming, Bucket, Entry, PoolStatement};

/// Prints a whole statement.
pub(crate) fn print(
    policy: &Policy,
    account: &Account,
    at: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let statement = account.statement(policy, at);
    writeln!(out, "{}: {}", policy.statement_title(), statement.account)?;
    writeln!(out, "{} as of {}\n", policy.label(), moment(policy, at))?;
    for pool in &statement.pools {
        balances(policy, pool, out)?;
    }
    if account.entries().is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWhat happened")?;
    history(policy, account.entries(), out)
}

fn balances(policy: &Policy, pool: &PoolStatement, out: &mut dyn Write) -> io::Result<()> {
    let balance = &pool.balance;
    let mut rows = Vec::new();
    let expiry = match pool.expires_at {
        Some(at) => format!("usable before {}, gone from then on", moment(policy, at)),
        None if balance.available < 0 => "owed: points that come in fill this first".to_owned(),
        None => String::new(),
    };
    rows.push(vec!["available".to_owned(), points(balance.available), expiry]);
    rows.push(vec!["pending".to_owned(), points(balance.pending), waiting(balance.pending, &pool.becoming)]);
    for Becoming { points: amount, from, by } in &pool.becoming {
        let when = match from == by {
            true => format!("available {}", moment(policy, *by)),
            false => format!("available from {} to {}", moment(policy, *from), moment(policy, *by)),
        };
        rows.push(vec![String::new(), points(*amount), when]);
    }
    for (name, amount) in [
        ("redeemed", balance.redeemed),
        ("expired", balance.expired),
        ("reversed", balance.reversed),
        ("transferred", balance.transferred),
    ] {
        if amount != 0 {
            rows.push(vec![name.to_owned(), points(amount), String::new()]);
        }
    }
    rows.push(vec!["issued".to_owned(), points(balance.issued), "in all: the sum of the above".to_owned()]);
    out.write_all(plain(&[("", Column::Left), ("", Column::Right), ("", Column::Left)], rows).as_bytes())
}

fn waiting(pending: i64, becoming: &[Becoming]) -> String {
    let known: i64 = becoming.iter().map(|row| row.points).sum();
    match pending - known {
        0 => String::new(),
        waiting => format!("{} of them wait to be shipped", points(waiting)),
    }
}

/// The history of an account: neighbours that differ in their lots only stand in one row.
fn history(policy: &Policy, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<(Vec<String>, i64, i64)> = Vec::new();
    let mut balance = Balance::default();
    for entry in entries {
        balance.apply(entry.from, entry.to, entry.points);
        let words = vec![minute(policy, entry.at), what(entry).to_owned(), subject(entry), why(entry)];
        match rows.last_mut() {
            Some((last, points, available)) if *last == words => {
                *points += change(entry);
                *available = balance.available;
            }
            _ => rows.push((words, change(entry), balance.available)),
        }
    }
    let rows = rows.into_iter().map(|(mut words, change, available)| {
        let why = words.pop().unwrap_or_default();
        words.extend([signed(change), points(available), why]);
        words
    });
    let head = [
        ("when", Column::Left),
        ("what", Column::Left),
        ("order", Column::Left),
        ("points", Column::Right),
        ("available", Column::Right),
        ("rule", Column::Left),
    ];
    out.write_all(plain(&head, rows.collect()).as_bytes())?;
    writeln!(out, "\nThe number behind a rule is its line in {}.", file_name(policy))
}

/// Entries one by one, with event and lot.
pub(crate) fn trace(policy: &Policy, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let rows = entries.iter().map(|entry| {
        let event = entry.event.as_deref().unwrap_or("(due)").to_owned();
        let rule = entry.rule.as_ref().map(|rule| rule.rule.clone()).or_else(|| entry.reason.clone());
        let words = [minute(policy, entry.at), entry.action.word().to_owned(), place(entry)];
        [words.to_vec(), vec![signed(change(entry)), rule.unwrap_or_default(), event]].concat()
    });
    let head = [
        ("when", Column::Left),
        ("what", Column::Left),
        ("line (lot)", Column::Left),
        ("points", Column::Right),
        ("rule", Column::Left),
        ("event", Column::Left),
    ];
    out.write_all(plain(&head, rows.collect()).as_bytes())
}

/// The order's line, and the lot where it is another's.
fn place(entry: &Entry) -> String {
    let subject = subject(entry);
    match &entry.lot {
        Some(lot) if *lot != subject => format!("{subject} ({lot})").trim_start().to_owned(),
        _ => subject,
    }
}

fn subject(entry: &Entry) -> String {
    match (&entry.order, &entry.line) {
        (Some(order), Some(line)) => format!("{order}/{line}"),
        (Some(order), None) => order.to_string(),
        _ => String::new(),
    }
}

fn what(entry: &Entry) -> &'static str {
    match (entry.action, entry.from) {
        (Action::Earn, _) => "earned, pending",
        (Action::Grant, _) => "granted",
        (Action::Acquire, _) => "now available",
        (Action::Suspend, _) => "pending again",
        (Action::Redeem, _) => "redeemed",
        (Action::Restore, _) => "came back",
        (Action::Reverse, Bucket::Pending) => "dropped, pending",
        (Action::Reverse, _) => "taken back",
        (Action::Expire, Bucket::Redeemed) => "came back expired",
        (Action::Expire, _) => "expired",
        (Action::Adjust, _) => "corrected",
    }
}

/// The effect on what the member can see: into pending or available counts up, out of them down.
fn change(entry: &Entry) -> i64 {
    match (entry.from, entry.to) {
        (Bucket::Programme | Bucket::Redeemed | Bucket::Pending, Bucket::Pending | Bucket::Available) => {
            entry.points
        }
        _ => -entry.points,
    }
}

/// The rule with its line, or the reason that the event gives.
fn why(entry: &Entry) -> String {
    let rule = entry.rule.as_ref().map(|rule| format!("{}:{}", rule.rule, rule.line));
    rule.or_else(|| entry.reason.clone()).unwrap_or_default()
}

fn file_name(policy: &Policy) -> &str {
    let name = policy.source().name();
    name.rsplit('/').next().unwrap_or(name)
}

/// An instant to the minute, for tables.
fn minute(policy: &Policy, at: Timestamp) -> String {
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
