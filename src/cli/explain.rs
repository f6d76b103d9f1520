//! `meed explain`: the page of a code, or the entries of an account, an order or a lot with rule, source line and event.

use std::io::{self, Write};

use super::args::ExplainOptions;
use super::input::{self, Events};
use super::table::{Column, plain};
use super::{Failure, Status, statement};
use crate::diagnostic::{Code, suggest};
use crate::eval::RefusalCode;
use crate::ledger::{Account, Citation, Entry, Options, Replay, Working};
use crate::policy::Policy;
use crate::wire::answer::EntryAnswer;

pub(crate) fn explain(options: &ExplainOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    if options.events.is_empty() {
        return page(&options.subject, out);
    }
    let policy = input::policy(&options.subject, options.root.as_deref())?;
    let at = options.at.as_deref().map(input::instant).transpose()?;
    let events = Events { files: &options.events, mapping: options.mapping.as_deref() };
    let settings = Options { at, account: options.account.clone(), keep_entries: true };
    let mut run = Replay::in_any_order(&policy, settings);
    events.read(&policy, &mut |one| run.push(one))?;
    let outcome = run.finish();
    let mut found = false;
    for account in &outcome.accounts {
        let entries: Vec<Entry> =
            account.entries().iter().filter(|entry| wanted(options, entry)).cloned().collect();
        if entries.is_empty() {
            continue;
        }
        found = true;
        match options.json {
            true => print_json(&policy, account, &entries, out)?,
            false => print_people(&policy, account, &entries, out)?,
        }
    }
    if !found {
        let what = [("account", &options.account), ("order", &options.order), ("lot", &options.lot)];
        let what = what.iter().filter_map(|(word, id)| Some(format!("{word} `{}`", id.as_ref()?)));
        let what = what.collect::<Vec<_>>().join(", ");
        return Err(Failure(format!(
            "nothing happened to {}",
            if what.is_empty() { "any account" } else { &what }
        )));
    }
    Ok(Status::Fine)
}

fn wanted(options: &ExplainOptions, entry: &Entry) -> bool {
    options.order.as_deref().is_none_or(|order| entry.order.as_deref() == Some(order))
        && options.lot.as_deref().is_none_or(|lot| of_lot(entry, lot))
}

/// An entry belongs to a lot if it moves its points, or earned them.
fn of_lot(entry: &Entry, lot: &str) -> bool {
    let line =
        entry.order.as_deref().zip(entry.line.as_deref()).map(|(order, line)| format!("{order}/{line}"));
    entry.lot.as_deref() == Some(lot) || (entry.lot.is_none() && line.as_deref() == Some(lot))
}

fn print_json(
    policy: &Policy,
    account: &Account,
    entries: &[Entry],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for entry in entries {
        serde_json::to_writer(&mut *out, &EntryAnswer::new(policy, account, entry))
            .map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn print_people(
    policy: &Policy,
    account: &Account,
    entries: &[Entry],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    writeln!(out, "account {}", account.id())?;
    statement::trace(policy, entries, out)?;
    workings(policy, account, entries, out)?;
    let source = policy.source();
    let several = source.files().len() > 1;
    let within = if several { String::new() } else { format!(", in {}", source.name()) };
    writeln!(out, "\nThe rules behind it{within}")?;
    let mut cited: Vec<_> = entries.iter().filter_map(|entry| entry.rule.as_ref()).collect();
    cited.sort_by_key(|rule| rule.span.start);
    cited.dedup();
    for citation in cited {
        let Citation { rule, label, line, span } = citation;
        let file = if several { format!("{}, ", source.name_at(*span)) } else { String::new() };
        writeln!(out, "  {rule} \"{label}\"\n    {file}line {line}: {}", source.line_text(*span))?;
        for line in citation.docs(policy) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// What every rule gave on the orders in view, exactly, rounded and after limits, and what it read.
fn workings(
    policy: &Policy,
    account: &Account,
    entries: &[Entry],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let in_view =
        |working: &Working| entries.iter().any(|entry| entry.order.as_deref() == Some(&*working.order));
    let workings: Vec<Working> = account.workings(policy).into_iter().filter(in_view).collect();
    if workings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nHow the points came about, as things stand now")?;
    let any_cut = workings.iter().any(|working| working.limit.is_some());
    let mut head = vec![
        ("for", Column::Left),
        ("rule", Column::Left),
        ("exact", Column::Right),
        ("rounded", Column::Right),
        ("given", Column::Right),
        ("it reads", Column::Left),
    ];
    if any_cut {
        head.push(("cut by", Column::Left));
    }
    let rows = workings.into_iter().map(|working| {
        let reads = working.reads.iter().map(|(name, said)| format!("{name}: {said}"));
        let amount = |amount| statement::amount_of(policy, working.pool, amount);
        let exact = statement::exact_amount(policy, working.pool, working.exact);
        let mut row = vec![
            working.order.to_string(),
            working.rule.clone(),
            exact,
            amount(working.rounded),
            amount(working.given),
            reads.collect::<Vec<_>>().join("; "),
        ];
        row.extend(any_cut.then(|| working.limit.unwrap_or_default()));
        row
    });
    out.write_all(plain(&head, rows.collect()).as_bytes())?;
    Ok(())
}

fn page(name: &str, out: &mut dyn Write) -> Result<Status, Failure> {
    // Some names are a code of policies and a refusal of data: both are explained.
    let code = Code::ALL.iter().find(|code| code.name() == name);
    let refusal = RefusalCode::ALL.iter().find(|code| code.name() == name);
    if let Some(code) = code {
        out.write_all(code.page().as_bytes())?;
    }
    if code.is_some() && refusal.is_some() {
        writeln!(out, "\n# {name}, in events and cases\n")?;
    }
    if let Some(refusal) = refusal {
        writeln!(
            out,
            "{}: {}\n\nA refusal: the event or case changes nothing, the rest goes on, and the exit status is 2.",
            refusal.name(),
            refusal.title()
        )?;
    }
    if code.is_some() || refusal.is_some() {
        return Ok(Status::Fine);
    }
    let names =
        || Code::ALL.iter().map(|code| code.name()).chain(RefusalCode::ALL.iter().map(|code| code.name()));
    Err(Failure(match suggest::nearest(name, names()) {
        Some(near) => format!("`{name}` is no code; did you mean `{near}`?"),
        None if name == "-" || std::path::Path::new(name).exists() => {
            format!("to explain an account, name its events too: meed explain {name} EVENTS --account ID")
        }
        None => format!("`{name}` is no code; `meed check` and `meed run` print codes in their messages"),
    }))
}
