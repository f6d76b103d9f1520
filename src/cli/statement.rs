//! A member's statement for people: where the account stands, what comes and goes when, and the whole history with the
//! reason behind every point.

use jiff::Timestamp;
use std::io::{self, Write};

use super::table::{Column, plain, points};
use crate::ledger::{
    Account, Action, Arrived, Balance, Becoming, Bucket, Entry, PoolStatement, Statement, TierStatement,
};
use crate::policy::Policy;
use crate::policy::{IdVec, Pending, PendingAnchor, PoolId};
use crate::value::Ratio;

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
    levels(policy, &statement, out)?;
    for (id, pool) in policy.pools.ids().zip(&statement.pools) {
        if statement.pools.len() > 1 {
            writeln!(out, "{}{}", if id.index() == 0 { "" } else { "\n" }, pool_label(policy, id, at))?;
        }
        balances(policy, id, pool, out)?;
    }
    if account.entries().is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWhat happened")?;
    history(policy, account.entries(), lines, out)
}

/// The member's levels, each with its end.
fn levels(policy: &Policy, statement: &Statement, out: &mut dyn Write) -> io::Result<()> {
    for TierStatement { title: label, label: level, until, next, .. } in &statement.tiers {
        let until = until.map_or_else(String::new, |at| format!(", until {}", moment(policy, at)));
        let next = next
            .as_ref()
            .map_or_else(String::new, |(_, level, from)| format!("; {level} from {}", moment(policy, *from)));
        writeln!(out, "{label}: {level}{until}{next}")?;
    }
    if statement.tiers.is_empty() { Ok(()) } else { writeln!(out) }
}

/// The pool's label as it is at an instant.
fn pool_label(policy: &Policy, pool: PoolId, at: Timestamp) -> &str {
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

fn gone(policy: &Policy, at: Timestamp) -> String {
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
fn signed_amount(policy: &Policy, pool: PoolId, amount: i64) -> String {
    format!("{}{}", if amount > 0 { "+" } else { "" }, amount_of(policy, pool, amount))
}

/// What arrived elsewhere: a number of the other programme, or money.
fn arrived_amount(policy: &Policy, arrived: &Arrived) -> String {
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

/// The column for what arrived elsewhere, where anything did.
fn arrived_column(entries: &[Entry]) -> Option<(&'static str, Column)> {
    entries.iter().any(|entry| entry.arrived.is_some()).then_some(("arrived", Column::Right))
}

/// A row of a history.
struct Row {
    pool: PoolId,
    words: [String; 4],
    change: i64,
    available: i64,
    arrived: Option<Arrived>,
}

impl Row {
    /// Adds what a neighbour that differs in its lot only has moved.
    fn join(&mut self, change: i64, available: i64, arrived: Option<&Arrived>) {
        self.change += change;
        self.available = available;
        if let (Some(sum), Some(more)) = (&mut self.arrived, arrived) {
            sum.amount = sum.amount.saturating_add(more.amount);
        }
    }
}

/// The history of an account: neighbours that differ in their lots only stand in one row.
fn history(policy: &Policy, entries: &[Entry], lines: bool, out: &mut dyn Write) -> io::Result<()> {
    let several = policy.pools.len() > 1;
    let mut rows: Vec<Row> = Vec::new();
    let mut balances: IdVec<PoolId, Balance> = IdVec::filled(policy.pools.len(), Balance::default());
    for entry in entries {
        let balance = &mut balances[entry.pool];
        balance.apply(entry.from, entry.to, entry.points);
        let words = [minute(policy, entry.at), what(entry).to_owned(), about(entry), why(entry, lines)];
        match rows.last_mut() {
            Some(row) if row.words == words && row.pool == entry.pool => {
                row.join(change(entry), balance.available, entry.arrived.as_ref());
            }
            _ => rows.push(Row {
                pool: entry.pool,
                words,
                change: change(entry),
                available: balance.available,
                arrived: entry.arrived.clone(),
            }),
        }
    }
    let elsewhere = arrived_column(entries);
    let rows = rows.into_iter().map(
        |Row { pool, words: [when, what, subject, why], change, available, arrived }| {
            let (change, available) =
                (signed_amount(policy, pool, change), amount_of(policy, pool, available));
            let mut row = vec![when, what, subject];
            row.extend(several.then(|| pool_name(policy, pool)));
            row.push(change);
            row.extend(
                elsewhere
                    .map(|_| arrived.map_or_else(String::new, |arrived| arrived_amount(policy, &arrived))),
            );
            row.extend([available, why]);
            row
        },
    );
    let mut head = vec![
        ("when", Column::Left),
        ("what", Column::Left),
        (if policy.events.is_empty() { "order" } else { "for" }, Column::Left),
        ("pool", Column::Left),
        ("points", Column::Right),
    ];
    head.extend(elsewhere);
    head.extend([("available", Column::Right), ("rule", Column::Left)]);
    let head = columns(policy, &head);
    out.write_all(plain(&head, rows.collect()).as_bytes())?;
    if lines { writeln!(out, "\n{}", footnote(policy)) } else { Ok(()) }
}

/// Entries one by one, with event and lot.
pub(crate) fn trace(policy: &Policy, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let elsewhere = arrived_column(entries);
    let rows = entries.iter().map(|entry| {
        let event = entry.event.as_deref().unwrap_or("(due)").to_owned();
        let rule = entry.rule.as_ref().map(|rule| rule.rule.clone()).or_else(|| entry.reason.clone());
        let mut row = vec![minute(policy, entry.at), entry.action.word().to_owned(), place(entry)];
        row.extend((policy.pools.len() > 1).then(|| pool_name(policy, entry.pool)));
        row.push(signed_amount(policy, entry.pool, change(entry)));
        let arrived =
            || entry.arrived.as_ref().map_or_else(String::new, |arrived| arrived_amount(policy, arrived));
        row.extend(elsewhere.map(|_| arrived()));
        row.extend([rule.unwrap_or_default(), event]);
        row
    });
    let mut head = vec![
        ("when", Column::Left),
        ("what", Column::Left),
        ("line (lot)", Column::Left),
        ("pool", Column::Left),
        ("points", Column::Right),
    ];
    head.extend(elsewhere);
    head.extend([("rule", Column::Left), ("event", Column::Left)]);
    let head = columns(policy, &head);
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

/// The same for a history, where each reward and each move is told by its event, and a reward by its label.
fn about(entry: &Entry) -> String {
    let of_event = matches!(
        entry.action,
        Action::Redeem | Action::Restore | Action::Send | Action::Receive | Action::Reverse
    );
    match (&entry.event, subject(entry)) {
        (Some(event), none) if none.is_empty() && of_event => match &entry.reason {
            Some(reason) if entry.rule.is_some() => format!("{reason} ({event})"),
            _ => event.to_string(),
        },
        (_, subject) => subject,
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
        (Action::Expire, Bucket::Redeemed | Bucket::Transferred) => "came back expired",
        (Action::Expire, _) => "expired",
        (Action::Adjust, _) => "corrected",
        (Action::Send, _) => "sent",
        (Action::Receive, _) => "received",
    }
}

/// The effect on what the member can see: into pending or available counts up, out of them down.
fn change(entry: &Entry) -> i64 {
    match (entry.from, entry.to) {
        (Bucket::Available, _) => -entry.points,
        (_, Bucket::Pending | Bucket::Available) => entry.points,
        _ => -entry.points,
    }
}

/// The rule with its line, or the reason that the event gives.
fn why(entry: &Entry, lines: bool) -> String {
    let rule = entry.rule.as_ref().map(|rule| match lines {
        true => format!("{}:{}", rule.rule, rule.line),
        false => rule.rule.clone(),
    });
    rule.or_else(|| entry.reason.clone()).unwrap_or_default()
}

/// What the numbers behind rules are.
fn footnote(policy: &Policy) -> String {
    if policy.source().files().len() > 1 {
        return "The number behind a rule is its line in its file; `meed explain` names the files."
            .to_owned();
    }
    let name = policy.source().name();
    let name = name.rsplit('/').next().unwrap_or(name);
    format!("The number behind a rule is its line in {name}.")
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
