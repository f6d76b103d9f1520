//! What happened to an account, for people: each movement of points and each change of a level with its reason, and what
//! measures have counted. One word for each thing, in statements, explanations and accepted outcomes alike.

use jiff::Timestamp;
use std::io::{self, Write};

use super::show::{amount_of, arrived_amount, columns, minute, moment, pool_name, signed_amount};
use super::table::{Column, plain, section};
use crate::ledger::{Account, Action, Arrived, Balance, Bucket, Citation, Counted, Entry, LevelChange};
use crate::policy::{IdVec, Policy, PoolId};
use crate::wire::answer::{EntryAnswer, LevelAnswer};

/// Something that is told.
#[derive(Clone, Copy)]
pub(super) enum Told<'a> {
    Entry(&'a Entry),
    Level(&'a LevelChange),
}

/// Entries and changes of levels in the order of time: at one instant first levels that change by time alone, then what
/// an event does to points, then the level that it brings.
pub(super) fn in_order<'a>(entries: &[&'a Entry], changes: &[&'a LevelChange]) -> Vec<Told<'a>> {
    let entries = entries.iter().map(|entry| (entry.at, 1, Told::Entry(entry)));
    let levels = changes
        .iter()
        .map(|change| (change.at, if change.event.is_none() { 0 } else { 2 }, Told::Level(change)));
    let mut all: Vec<(Timestamp, i32, Told<'a>)> = entries.chain(levels).collect();
    all.sort_by_key(|(at, rank, _)| (*at, *rank));
    all.into_iter().map(|(_, _, told)| told).collect()
}

/// The same as JSON, one object a line.
pub(super) fn json_lines(
    policy: &Policy,
    account: &Account,
    told: &[Told<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    for one in told {
        match one {
            Told::Entry(entry) => {
                serde_json::to_writer(&mut *out, &EntryAnswer::new(policy, account, entry))?;
            }
            Told::Level(change) => {
                serde_json::to_writer(&mut *out, &LevelAnswer::new(policy, account, change))?;
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The column for what arrived elsewhere, where anything did.
fn arrived_column<'a>(mut entries: impl Iterator<Item = &'a Entry>) -> Option<(&'static str, Column)> {
    entries.any(|entry| entry.arrived.is_some()).then_some(("arrived", Column::Right))
}

/// A row of a history: when, what, for what, why; and the points that it moves.
struct Row {
    words: [String; 4],
    moved: Option<Moved>,
}

/// What a row moves, and what is available then.
struct Moved {
    pool: PoolId,
    change: i64,
    available: i64,
    arrived: Option<Arrived>,
}

impl Row {
    /// Adds what a neighbour that differs in its lot only has moved; says whether it was one.
    fn join(&mut self, words: &[String; 4], more: &Moved) -> bool {
        let Some(moved) = self.moved.as_mut().filter(|moved| self.words == *words && moved.pool == more.pool)
        else {
            return false;
        };
        moved.change += more.change;
        moved.available = more.available;
        if let (Some(sum), Some(more)) = (&mut moved.arrived, &more.arrived) {
            sum.amount = sum.amount.saturating_add(more.amount);
        }
        true
    }
}

/// The history of an account: neighbours that differ in their lots only stand in one row. With `lines`, every rule with its
/// line in the policy.
pub(super) fn print(policy: &Policy, account: &Account, lines: bool, out: &mut dyn Write) -> io::Result<()> {
    let several = policy.pools.len() > 1;
    let elsewhere = arrived_column(account.entries().iter());
    let rows =
        rows(policy, account, lines).into_iter().map(|Row { words: [when, what, subject, why], moved }| {
            let mut row = vec![when, what, subject];
            let (pool, points, arrived, available) = match &moved {
                None => Default::default(),
                Some(Moved { pool, change, available, arrived }) => (
                    pool_name(policy, *pool),
                    signed_amount(policy, *pool, *change),
                    arrived.as_ref().map_or_else(String::new, |arrived| arrived_amount(policy, arrived)),
                    amount_of(policy, *pool, *available),
                ),
            };
            row.extend(several.then_some(pool));
            row.push(points);
            row.extend(elsewhere.map(|_| arrived));
            row.extend([available, why]);
            row
        });
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
    if lines { rules(policy, account, out) } else { Ok(()) }
}

fn rows(policy: &Policy, account: &Account, lines: bool) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut balances: IdVec<PoolId, Balance> = IdVec::filled(policy.pools.len(), Balance::default());
    let (entries, changes) = (account.entries().iter().collect::<Vec<_>>(), account.level_changes().iter());
    for told in in_order(&entries, &changes.collect::<Vec<_>>()) {
        let entry = match told {
            Told::Entry(entry) => entry,
            Told::Level(change) => {
                let event = change.event.as_deref().unwrap_or_default().to_owned();
                let words =
                    [minute(policy, change.at), level(policy, change), event, terms(policy, change, lines)];
                rows.push(Row { words, moved: None });
                continue;
            }
        };
        let balance = &mut balances[entry.pool];
        balance.apply(entry.from, entry.to, entry.points);
        let words = [minute(policy, entry.at), what(entry).to_owned(), about(entry), why(entry, lines)];
        let moved = Moved {
            pool: entry.pool,
            change: change(entry),
            available: balance.available,
            arrived: entry.arrived.clone(),
        };
        if !rows.last_mut().is_some_and(|row| row.join(&words, &moved)) {
            rows.push(Row { words, moved: Some(moved) });
        }
    }
    rows
}

/// Entries and changes of levels one by one, with event and lot.
pub(super) fn trace(
    policy: &Policy,
    entries: &[&Entry],
    changes: &[&LevelChange],
    out: &mut dyn Write,
) -> io::Result<()> {
    let elsewhere = arrived_column(entries.iter().copied());
    let several = policy.pools.len() > 1;
    let rows = in_order(entries, changes).into_iter().map(|told| {
        let (at, event) = match told {
            Told::Entry(entry) => (entry.at, &entry.event),
            Told::Level(change) => (change.at, &change.event),
        };
        let mut row = vec![minute(policy, at)];
        match told {
            Told::Entry(entry) => {
                let rule = entry.rule.as_ref().map(|rule| rule.rule.clone()).or_else(|| entry.reason.clone());
                row.extend([what(entry).to_owned(), place(entry)]);
                row.extend(several.then(|| pool_name(policy, entry.pool)));
                row.push(signed_amount(policy, entry.pool, change(entry)));
                let arrived = entry.arrived.as_ref();
                let arrived = arrived.map_or_else(String::new, |arrived| arrived_amount(policy, arrived));
                row.extend(elsewhere.map(|_| arrived));
                row.push(rule.unwrap_or_default());
            }
            Told::Level(change) => {
                row.push(level(policy, change));
                let blank = 2 + usize::from(several) + usize::from(elsewhere.is_some());
                row.extend(std::iter::repeat_n(String::new(), blank));
                row.push(terms(policy, change, false));
            }
        }
        row.push(event.as_deref().unwrap_or("(due)").to_owned());
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

/// What measures have counted, as far as it is `wanted`.
pub(super) fn counted(
    policy: &Policy,
    account: &Account,
    wanted: &dyn Fn(&Counted) -> bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let counted = account.counted(policy).map_err(io::Error::other)?;
    let rows = counted.into_iter().filter(wanted).map(|one| {
        vec![minute(policy, one.at), one.measure, one.order.to_string(), one.amount.shown, one.total.shown]
    });
    let head = [
        ("when", Column::Left),
        ("measure", Column::Left),
        ("for", Column::Left),
        ("counted", Column::Right),
        ("so far", Column::Right),
    ];
    section("What was counted, as things stand now", &head, rows.collect(), out)
}

/// What becomes of a level, in words.
pub(super) fn level(policy: &Policy, change: &LevelChange) -> String {
    let level = policy.tiers[change.tier].levels.get(change.to);
    let label = level.map_or("", |level| level.label.as_str());
    match change.to.cmp(&change.from) {
        std::cmp::Ordering::Greater if change.event.is_none() => format!("now {label}"),
        std::cmp::Ordering::Greater => format!("reached {label}"),
        std::cmp::Ordering::Equal => format!("kept {label}"),
        std::cmp::Ordering::Less => format!("fell to {label}"),
    }
}

/// The tier, with the time that a level has.
pub(super) fn terms(policy: &Policy, change: &LevelChange, lines: bool) -> String {
    let tier = &policy.tiers[change.tier];
    let line = tier.levels.get(change.to).filter(|_| lines);
    let line = line.map_or_else(String::new, |level| format!(":{}", policy.source().line(level.span)));
    let later = (change.begins > change.at).then(|| format!(", from {}", moment(policy, change.begins)));
    let until = change.until.map(|until| format!(", until {}", moment(policy, until)));
    format!("{}{line}{}{}", tier.name, later.unwrap_or_default(), until.unwrap_or_default())
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
        (Action::Earn, _) => "earned",
        (Action::Grant, _) => "granted",
        (Action::Acquire, _) => "now available",
        (Action::Suspend, _) => "pending again",
        (Action::Redeem, _) => "redeemed",
        (Action::Restore, _) => "restored",
        (Action::Reverse, _) => "reversed",
        (Action::Expire, Bucket::Redeemed | Bucket::Transferred) => "restored, expired",
        (Action::Expire, _) => "expired",
        (Action::Adjust, _) => "adjusted",
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

/// What the rules and the numbers behind them are: each with its label, once.
fn rules(policy: &Policy, account: &Account, out: &mut dyn Write) -> io::Result<()> {
    let source = policy.source();
    let file_of = |rule: &Citation| {
        let name = source.name_at(rule.span);
        name.rsplit('/').next().unwrap_or(name).to_owned()
    };
    let mut cited: Vec<&Citation> =
        account.entries().iter().filter_map(|entry| entry.rule.as_ref()).collect();
    cited.sort_by_key(|rule| rule.span.start);
    cited.dedup_by_key(|rule| (rule.span.start, &rule.rule));
    let Some(first) = cited.first() else { return Ok(()) };
    let several = source.files().len() > 1;
    let within = if several { "their files".to_owned() } else { file_of(first) };
    writeln!(out, "\nThe rules, by their lines in {within}")?;
    let rows = cited.into_iter().map(|rule| {
        let mut row = vec![format!("{}:{}", rule.rule, rule.line), rule.label.clone()];
        row.extend(several.then(|| file_of(rule)));
        row
    });
    let head = [("", Column::Left), ("", Column::Left), ("", Column::Left)];
    out.write_all(plain(head.get(..if several { 3 } else { 2 }).unwrap_or(&head), rows.collect()).as_bytes())
}
