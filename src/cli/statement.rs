//! A member's statement for people: where the account stands, what comes and goes when, and the whole history with the
//! reason behind every point.

use jiff::Timestamp;
use std::io::{self, Write};

use super::table::{Column, plain, points, signed};
use crate::check::Policy;
use crate::ledger::{Account, Action, Becoming, Bucket, Entry, PoolStatement};

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

/// Entries as rows: when, what, how many, why.
pub(crate) fn history(policy: &Policy, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let rows = entries.iter().map(|entry| {
        let local = policy.calendar.zone.local(entry.at);
        let when = format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute());
        vec![when, what(entry), change(entry), reason(policy, entry)]
    });
    let head =
        [("when", Column::Left), ("what", Column::Left), ("points", Column::Right), ("why", Column::Left)];
    out.write_all(plain(&head, rows.collect()).as_bytes())
}

fn what(entry: &Entry) -> String {
    let subject = match (&entry.order, &entry.line) {
        (Some(order), Some(line)) => format!(" {order}/{line}"),
        (Some(order), None) => format!(" {order}"),
        _ => String::new(),
    };
    let verb = match (entry.action, entry.from) {
        (Action::Earn, _) => "earned, pending",
        (Action::Grant, _) => "granted",
        (Action::Acquire, _) => "now available",
        (Action::Suspend, _) => "pending again",
        (Action::Redeem, _) => "paid with points",
        (Action::Restore, _) => "points paid came back",
        (Action::Reverse, Bucket::Pending) => "taken back, pending",
        (Action::Reverse, _) => "taken back",
        (Action::Expire, Bucket::Redeemed) => "came back expired",
        (Action::Expire, _) => "expired",
        (Action::Adjust, _) => "corrected",
    };
    format!("{verb}{subject}")
}

/// The effect on what the member can see: into pending or available counts up, out of them down.
fn change(entry: &Entry) -> String {
    match (entry.from, entry.to) {
        (Bucket::Programme | Bucket::Redeemed | Bucket::Pending, Bucket::Pending | Bucket::Available) => {
            signed(entry.points)
        }
        _ => signed(-entry.points),
    }
}

fn reason(policy: &Policy, entry: &Entry) -> String {
    let rule = entry.rule.as_ref().map(|rule| format!("{} ({}:{})", rule.rule, file_name(policy), rule.line));
    let event = entry.event.as_ref().map(|event| format!("event {event}"));
    let parts = [entry.reason.clone(), rule, event];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn file_name(policy: &Policy) -> &str {
    let name = policy.source().name();
    name.rsplit('/').next().unwrap_or(name)
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
