//! `meed explain`: the page of a code, or the entries of an account, an order or a lot with rule, source line and event.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::sync::Arc;

use super::args::ExplainOptions;
use super::input::{self, Events};
use super::table::{Column, plain, section};
use super::{Failure, Status, history, show};
use crate::diagnostic::{Code, suggest};
use crate::eval::RefusalCode;
use crate::ledger::{
    Account, Citation, Entry, Incoming, LevelChange, NotGiven, Options, Outcome, Replay, Step, Working,
};
use crate::policy::Policy;

pub(crate) fn explain(options: &ExplainOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    if options.events.is_empty() {
        return page(&options.subject, out);
    }
    let policy = input::policy(&options.subject, options.root.as_deref())?;
    let at = options.at.as_deref().map(input::instant).transpose()?;
    let events = Events { files: &options.events, mapping: options.mapping.as_deref() };
    let settings = Options { at, account: options.account.clone(), keep_entries: true };
    let mut run = Replay::in_any_order(&policy, settings);
    let mut about = HashSet::new();
    let mut words: HashMap<Arc<str>, &'static str> = HashMap::new();
    events.read(&policy, &mut |one| {
        let known = one.id().zip(one.body.as_ref().ok());
        words.extend(known.map(|(id, event)| (id.clone(), event.kind.word())).filter(|_| !options.json));
        if let Some(id) = one.id().filter(|_| is_about(options, &one)) {
            about.insert(id.to_string());
        }
        run.push(one);
    })?;
    let outcome = run.finish();
    let mut found = false;
    for account in &outcome.accounts {
        let view = View::new(&policy, options, account, &words);
        if view.is_empty() {
            continue;
        }
        found = true;
        match options.json {
            true => {
                let told = history::in_order(&view.entries, &view.changes);
                history::json_lines(&policy, account, &told, out)?;
            }
            false => print_people(&policy, &view, out)?,
        }
    }
    found |= refusals(&outcome, &about, options, out)?;
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

/// True for an event about the order that is asked for.
fn is_about(options: &ExplainOptions, one: &Incoming) -> bool {
    let Some(order) = options.order.as_deref() else { return false };
    one.id().is_some_and(|id| **id == *order)
        || one.body.as_ref().is_ok_and(|event| event.about() == Some(order))
}

/// What was refused of the order that is asked for, and why; says whether anything was.
fn refusals(
    outcome: &Outcome,
    about: &HashSet<String>,
    options: &ExplainOptions,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let refused = outcome
        .refused
        .iter()
        .filter(|refused| refused.event.as_ref().is_some_and(|event| about.contains(event)) && !options.json);
    let mut any = false;
    for refused in refused {
        let event = refused.event.as_deref().unwrap_or_default();
        writeln!(out, "refused {event}: {}\n  {}", refused.refusal.code.name(), refused.refusal.message)?;
        any = true;
    }
    Ok(any)
}

/// The part of an account that is asked for.
struct View<'a> {
    account: &'a Account,
    entries: Vec<&'a Entry>,
    changes: Vec<&'a LevelChange>,
    /// True where the whole account is asked for.
    whole: bool,
    order: Option<&'a str>,
    /// Rules that gave nothing on the order that is asked for.
    not_given: Vec<NotGiven>,
    /// True where that order is the account's.
    has_order: bool,
    /// What kind of event each id is.
    words: &'a HashMap<Arc<str>, &'static str>,
}

impl<'a> View<'a> {
    fn new(
        policy: &Policy,
        options: &'a ExplainOptions,
        account: &'a Account,
        words: &'a HashMap<Arc<str>, &'static str>,
    ) -> View<'a> {
        let entries: Vec<&Entry> = account.entries().iter().filter(|entry| wanted(options, entry)).collect();
        let whole = options.order.is_none() && options.lot.is_none();
        // What an order's events have done to levels belongs to the order.
        let events: HashSet<&str> = entries.iter().filter_map(|entry| entry.event.as_deref()).collect();
        let of_order = |change: &LevelChange| {
            options.order.is_some() && change.event.as_deref().is_some_and(|event| events.contains(event))
        };
        let changes = account.level_changes().iter().filter(|change| whole || of_order(change));
        let order = options.order.as_deref();
        let not_given = order.and_then(|order| account.not_given(policy, order));
        View {
            account,
            changes: changes.collect(),
            entries,
            whole,
            order,
            has_order: not_given.is_some() && options.lot.is_none(),
            not_given: not_given.unwrap_or_default(),
            words,
        }
    }

    /// An event as a reason: `return e7`.
    fn because(&self, event: &str) -> String {
        self.words.get(event).map_or_else(|| event.to_owned(), |word| format!("{word} {event}"))
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.changes.is_empty() && !self.has_order
    }

    /// True for an order that is in view.
    fn has_order(&self, number: &str) -> bool {
        self.whole
            || self.order == Some(number)
            || self.entries.iter().any(|entry| entry.order.as_deref() == Some(number))
    }
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

fn print_people(policy: &Policy, view: &View<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "account {}", view.account.id())?;
    history::trace(policy, &view.entries, &view.changes, out)?;
    history::counted(policy, view.account, &|counted| view.has_order(&counted.order), out)?;
    workings(policy, view, out)?;
    redecided(policy, view, out)?;
    not_given(view, out)?;
    owed(policy, view, out)?;
    lots(policy, view, out)?;
    let source = policy.source();
    let several = source.files().len() > 1;
    let within = if several { String::new() } else { format!(", in {}", source.name()) };
    writeln!(out, "\nThe rules behind it{within}")?;
    let mut cited: Vec<_> = view.entries.iter().filter_map(|entry| entry.rule.as_ref()).collect();
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
fn workings(policy: &Policy, view: &View<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    let in_view = |working: &Working| view.has_order(&working.order);
    let workings: Vec<Working> = view.account.workings(policy).into_iter().filter(in_view).collect();
    if workings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nHow the points came about, as things stand now")?;
    let any_cut = workings.iter().any(|working| working.limit.is_some());
    let mut head = vec![
        ("for", Column::Left),
        ("rule", Column::Left),
        ("exact", Column::Left),
        ("rounded", Column::Right),
        ("given", Column::Right),
        ("it reads", Column::Left),
    ];
    if any_cut {
        head.push(("cut by", Column::Left));
    }
    let mut rows = Vec::new();
    for working in &workings {
        let lines = if working.steps.len() > 1 { working.steps.as_slice() } else { &[] };
        rows.extend(lines.iter().map(|step| line_of(policy, working, step)));
        let mut row = whole_of(policy, working);
        row.extend(any_cut.then(|| working.limit.clone().unwrap_or_default()));
        rows.push(row);
    }
    rows.iter_mut().for_each(|row| row.resize(head.len(), String::new()));
    out.write_all(plain(&head, rows).as_bytes())?;
    Ok(())
}

/// What a rule does on one line of several.
fn line_of(policy: &Policy, working: &Working, step: &Step) -> Vec<String> {
    let line = step.line.as_deref().unwrap_or_default();
    let given = working.lines.iter().find(|(known, _)| known == line).map_or(0, |(_, points)| *points);
    vec![
        format!("{}/{line}", working.order),
        working.rule.clone(),
        sum_of(policy, working, step),
        String::new(),
        show::amount_of(policy, working.pool, given),
    ]
}

/// What a rule does on all of an order.
fn whole_of(policy: &Policy, working: &Working) -> Vec<String> {
    let reads = working.reads.iter().map(|(name, said)| format!("{name}: {said}"));
    let amount = |amount| show::amount_of(policy, working.pool, amount);
    let (subject, exact) = match working.steps.as_slice() {
        [step] => {
            let line = step.line.as_ref().map_or_else(String::new, |line| format!("/{line}"));
            (format!("{}{line}", working.order), sum_of(policy, working, step))
        }
        _ => (working.order.to_string(), show::exact_amount(policy, working.pool, working.exact)),
    };
    vec![
        subject,
        working.rule.clone(),
        exact,
        amount(working.rounded),
        amount(working.given),
        reads.collect::<Vec<_>>().join("; "),
    ]
}

/// `12,800 JPY × 5% = 640`; a fixed number of points stands for itself.
fn sum_of(policy: &Policy, working: &Working, step: &Step) -> String {
    let exact = show::exact_amount(policy, working.pool, step.exact);
    if step.operands == exact { exact } else { format!("{} = {exact}", step.operands) }
}

/// What changed after an order what it earns, rule by rule.
fn redecided(policy: &Policy, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let all = view.account.redecided().into_iter().filter(|one| view.has_order(&one.order));
    let rows = all.map(|one| {
        let amount = |points| show::amount_of(policy, one.pool, points);
        let mut row = vec![show::minute(policy, one.at), one.order.to_string(), one.rule.clone()];
        row.extend([amount(one.before), amount(one.after), view.because(&one.event)]);
        row
    });
    let head = [
        ("when", Column::Left),
        ("for", Column::Left),
        ("rule", Column::Left),
        ("before", Column::Right),
        ("after", Column::Right),
        ("because of", Column::Left),
    ];
    section("What was decided again", &head, rows.collect(), out)
}

/// Whose points are owed, because they had been spent when they were taken back.
fn owed(policy: &Policy, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let in_view =
        |lot: &str| view.whole || view.entries.iter().any(|entry| entry.lot.as_deref() == Some(lot));
    let all = view.account.owed().into_iter().filter(|one| in_view(&one.lot));
    let rows = all.map(|one| {
        let amount = |points| show::amount_of(policy, one.pool, points);
        let spent = one.spent.iter().map(|(on, points)| format!("{} on {on}", amount(*points)));
        let spent = spent.collect::<Vec<_>>().join(", ");
        let because = one.event.as_deref().map_or_else(String::new, |event| view.because(event));
        let mut row = vec![show::minute(policy, one.at), one.lot];
        row.extend((policy.pools.len() > 1).then(|| show::pool_name(policy, one.pool)));
        row.extend([amount(one.points), because, spent]);
        row
    });
    let head = [
        ("when", Column::Left),
        ("lot", Column::Left),
        ("pool", Column::Left),
        ("owed", Column::Right),
        ("because of", Column::Left),
        ("it had been spent", Column::Left),
    ];
    section("What came to be owed", &show::columns(policy, &head), rows.collect(), out)
}

/// The rules that gave nothing on the order that is asked for, line by line.
fn not_given(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = view.not_given.iter().map(|NotGiven { order, line, not }| {
        let short = not.short_by.as_ref().map_or_else(String::new, |short| format!(", {short} short"));
        vec![format!("{order}/{line}"), not.rule.clone(), format!("{}{short}", not.failed)]
    });
    let head = [("for", Column::Left), ("rule", Column::Left), ("why", Column::Left)];
    section("Rules that gave nothing", &head, rows.collect(), out)
}

/// What is left of the lots in view, and when it dies.
fn lots(policy: &Policy, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let named: HashSet<&str> = view.entries.iter().filter_map(|entry| entry.lot.as_deref()).collect();
    let lots = view.account.lots(policy).into_iter().filter(|lot| named.contains(lot.lot.as_str()));
    let rows = lots.map(|lot| {
        let dies = match (lot.left, lot.expires_at) {
            (0, _) => String::new(),
            (_, Some(at)) => show::moment(policy, at),
            (_, None) => "never".to_owned(),
        };
        let mut row = vec![lot.lot.clone()];
        row.extend((policy.pools.len() > 1).then(|| show::pool_name(policy, lot.pool)));
        row.extend([show::minute(policy, lot.acquired), show::amount_of(policy, lot.pool, lot.left), dies]);
        row.push(lot.extended_by.map_or_else(String::new, |event| view.because(&event)));
        row
    });
    let head = [
        ("lot", Column::Left),
        ("pool", Column::Left),
        ("available since", Column::Left),
        ("left", Column::Right),
        ("gone from", Column::Left),
        ("set by", Column::Left),
    ];
    section("What is left of each lot", &show::columns(policy, &head), rows.collect(), out)
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
