//! `meed run`: events in, accounts out.

use jiff::Timestamp;
use std::io::{self, Write};
use std::path::Path;

use super::args::RunOptions;
use super::input::{self, Events};
use super::table::{Column, plain};
use super::{Failure, Status, history, output, show, statement};
use crate::ledger::{Balance, Entry, Incoming, LevelChange, Options, Outcome, Replay};
use crate::policy::{IdVec, Policy, PoolId};
use crate::wire::answer::RunAnswer;

/// The most accounts that a table for people shows.
const MOST_ROWS: usize = 20;
/// The most refusals that are shown to people.
const MOST_REFUSALS: usize = 10;

pub(crate) fn run(options: &RunOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    let policy = input::policy(&options.policy, options.root.as_deref())?;
    if let Some(file) = options.ledger.as_deref().filter(|file| *file != "-") {
        let policies = policy.source().files().map(|(name, _)| name);
        let others = options.events.iter().chain(&options.mapping).chain([&options.policy]);
        output::not_an_input(file, policies.chain(others.map(String::as_str)))?;
    }
    let at = options.at.as_deref().map(input::instant).transpose()?;
    let events = Events { files: &options.events, mapping: options.mapping.as_deref() };
    let settings = Options { at, account: options.account.clone(), keep_entries: options.ledger.is_some() };
    let outcome = replayed(&policy, &events, settings, options)?;
    if let Some(file) = &options.ledger {
        write_ledger(&policy, &outcome, file, out)?;
    }
    if options.ledger.as_deref() != Some("-") {
        match options.json {
            true => print_json(&policy, &outcome, out)?,
            false => print_people(&policy, &outcome, options, out)?,
        }
    }
    let status = if outcome.refused.is_empty() { Status::Fine } else { Status::Refused };
    // The process ends here, and taking a million small boxes apart would cost a tenth of its time.
    std::mem::forget(outcome);
    Ok(status)
}

fn replayed(
    policy: &Policy,
    events: &Events<'_>,
    settings: Options,
    options: &RunOptions,
) -> Result<Outcome, Failure> {
    let mut run = match options.sorted {
        true => Replay::new(policy, settings),
        false => Replay::in_any_order(policy, settings),
    };
    let mut accounts = Accounts::None;
    events.read(policy, &mut |one: Incoming| {
        accounts.note(one.account().map(|account| &**account));
        run.push(one);
    })?;
    // The history of one account is shown; when it is judged as it streams by, its entries are gone by now.
    let is_one = matches!(accounts, Accounts::One(_)) && !options.json;
    if (options.account.is_some() || is_one) && !options.sorted {
        run.keep_entries();
    }
    Ok(run.finish())
}

/// How many accounts came in.
enum Accounts {
    None,
    One(String),
    Several,
}

impl Accounts {
    fn note(&mut self, account: Option<&str>) {
        match (&*self, account) {
            (Accounts::None, Some(account)) => *self = Accounts::One(account.to_owned()),
            (Accounts::One(first), Some(account)) if first != account => *self = Accounts::Several,
            _ => {}
        }
    }
}

fn print_json(policy: &Policy, outcome: &Outcome, out: &mut dyn Write) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, &RunAnswer::new(policy, outcome)?).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn write_ledger(policy: &Policy, outcome: &Outcome, file: &str, out: &mut dyn Write) -> Result<(), Failure> {
    if file == "-" {
        return entries(policy, outcome, out);
    }
    output::write_file(Path::new(file), |target| entries(policy, outcome, target))
}

fn entries(policy: &Policy, outcome: &Outcome, out: &mut dyn Write) -> Result<(), Failure> {
    for account in &outcome.accounts {
        let all: Vec<&Entry> = account.entries().iter().collect();
        let changes: Vec<&LevelChange> = account.level_changes().iter().collect();
        history::json_lines(policy, account, &history::in_order(&all, &changes), out)?;
    }
    Ok(())
}

fn print_people(
    policy: &Policy,
    outcome: &Outcome,
    options: &RunOptions,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match (outcome.at, outcome.accounts.as_slice()) {
        (Some(at), [account]) => statement::print(policy, account, at, true, out)?,
        (Some(at), accounts) if !accounts.is_empty() => accounts_table(policy, outcome, at, out)?,
        _ => match &options.account {
            Some(account) => writeln!(out, "nothing was accepted for account `{account}`")?,
            None => writeln!(out, "nothing was accepted for any account")?,
        },
    }
    refusals(outcome, out)?;
    if outcome.duplicates > 0 {
        let copies = outcome.duplicates;
        writeln!(
            out,
            "\n{copies} {} not counted again",
            if copies == 1 { "copy was" } else { "copies were" }
        )?;
    }
    Ok(())
}

fn accounts_table(policy: &Policy, outcome: &Outcome, at: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let accounts = &outcome.accounts;
    writeln!(out, "{}: {} accounts, {} events", policy.statement_title(), accounts.len(), outcome.accepted)?;
    writeln!(out, "{} as of {}\n", policy.label(), show::moment(policy, at))?;
    let mut sums: IdVec<PoolId, Sums> = IdVec::filled(policy.pools.len(), Sums::default());
    let mut rows = Vec::new();
    for (index, account) in accounts.iter().enumerate() {
        for pool in policy.pools.ids() {
            let one = Sums::of(&account.balance_in(pool));
            sums[pool].add(&one);
            if index < MOST_ROWS {
                rows.push((pool, account.id(), one));
            }
        }
    }
    let hidden = accounts.len().saturating_sub(MOST_ROWS);
    let more = format!("... {hidden} more");
    rows.extend((hidden > 0).then(|| (PoolId::new(0), more.as_str(), Sums::default())));
    rows.extend(sums.iter_enumerated().map(|(pool, sum)| (pool, "all", *sum)));
    // What hardly any member has is told only where one does.
    let rare = |name: &str| ["owed", "transferred"].contains(&name);
    let told: Vec<usize> = (0..SUMS.len())
        .filter(|at| {
            let name = SUMS.get(*at).copied().unwrap_or_default();
            !rare(name) || sums.iter().any(|sum| sum.0.get(*at).is_some_and(|amount| *amount != 0))
        })
        .collect();
    let mut head = vec![("account", Column::Left), ("pool", Column::Left)];
    head.extend(told.iter().filter_map(|at| Some((*SUMS.get(*at)?, Column::Right))));
    let head = show::columns(policy, &head);
    let rows = rows.into_iter().map(|(pool, name, sums)| {
        let mut row = vec![if pool.index() == 0 { name.to_owned() } else { String::new() }];
        if name != more {
            row.extend((policy.pools.len() > 1).then(|| show::pool_name(policy, pool)));
            let amounts = told.iter().filter_map(|at| sums.0.get(*at));
            row.extend(amounts.map(|amount| show::amount_of(policy, pool, *amount)));
        }
        row.resize(head.len(), String::new());
        row
    });
    out.write_all(plain(&head, rows.collect()).as_bytes())?;
    if accounts.len() > 1 {
        writeln!(out, "\nAdd --account ID for one account's whole history.")?;
    }
    Ok(())
}

/// The columns of [`Sums`].
const SUMS: [&str; 8] =
    ["available", "owed", "pending", "redeemed", "expired", "reversed", "transferred", "issued"];

/// What one account holds in a pool, or all together: no member's debt is netted against the points of another.
#[derive(Clone, Copy, Default)]
struct Sums([i64; SUMS.len()]);

impl Sums {
    fn of(balance: &Balance) -> Sums {
        let Balance { issued, pending, available, redeemed, expired, reversed, transferred } = *balance;
        let (has, owes) = (available.max(0), available.min(0).saturating_neg());
        Sums([has, owes, pending, redeemed, expired, reversed, transferred, issued])
    }

    fn add(&mut self, other: &Sums) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(more);
        }
    }
}

fn refusals(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    if outcome.refused.is_empty() {
        return Ok(());
    }
    let count = outcome.refused.len() as u64 + outcome.refused_more.values().sum::<u64>();
    writeln!(out, "\nRefused: {count} (nothing of these counts)")?;
    for refused in outcome.refused.iter().take(MOST_REFUSALS) {
        let places = refused.places.iter().map(|place| {
            let file = place.file.as_deref().map(|file| format!("{file}:")).unwrap_or_default();
            place.line.map_or_else(|| file.trim_end_matches(':').to_owned(), |line| format!("{file}{line}"))
        });
        let places = places.filter(|place| !place.is_empty()).collect::<Vec<_>>().join(", ");
        let event = refused.event.as_deref().unwrap_or("no id");
        let path = match refused.refusal.path.as_str() {
            "" => String::new(),
            path => format!(" at {path}"),
        };
        writeln!(out, "  {places}  {event}  {}{path}", refused.refusal.code.name())?;
        writeln!(out, "      {}", refused.refusal.message)?;
    }
    if outcome.refused.len() > MOST_REFUSALS {
        let left = outcome.refused_more.iter().map(|(code, count)| format!("{count} {}", code.name()));
        let but = match outcome.refused_more.is_empty() {
            true => String::new(),
            false => format!(" but {}", left.collect::<Vec<_>>().join(", ")),
        };
        writeln!(out, "  ... {} more; --json lists all{but}", count - MOST_REFUSALS as u64)?;
    }
    Ok(())
}
