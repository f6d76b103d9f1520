//! `meed decide`: cases in, decisions out, line by line. Beside a history: see `quote`.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

use super::args::DecideOptions;
use super::table::{Column, plain, points};
use super::{Failure, Status, input, quote};
use crate::eval::{Decision, Refusal, ShownBadge, decide as decide_order, decide_listing};
use crate::policy::Policy;
use crate::wire::answer::{DecisionAnswer, ErrorAnswer, ListingAnswer};
use crate::wire::case::within;
use crate::wire::{Case, Reader};

/// The most refused cases that are told to people one by one.
const MOST_REFUSALS: u64 = 1000;

pub(crate) fn decide(options: &DecideOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    let policy = input::policy(&options.policy, options.root.as_deref())?;
    if !options.events.is_empty() {
        return quote::quote(&policy, options, out);
    }
    let reader = Reader::new(&policy);
    let mut number = 0u64;
    let mut refusals = Refusals::new(options.json);
    input::lines(&options.cases, &mut |line| {
        number += 1;
        let answer = line.and_then(|line| reader.case(line)).and_then(|case| answer(&policy, case));
        if let Err(refusal) = &answer
            && !refusals.tells(refusal)
        {
            return Ok(());
        }
        match options.json {
            true => print_json(&policy, answer, options.explain, out),
            false => print_people(&policy, number, answer, options.explain, out),
        }
    })?;
    refusals.finish(out)
}

/// How many cases were refused. Only so many are told to people one by one.
pub(super) struct Refusals {
    json: bool,
    count: u64,
    untold: BTreeMap<&'static str, u64>,
}

impl Refusals {
    /// None yet; `json` where all are told.
    pub fn new(json: bool) -> Refusals {
        Refusals { json, count: 0, untold: BTreeMap::new() }
    }

    /// Counts one; true where it is to be told.
    pub fn tells(&mut self, refusal: &Refusal) -> bool {
        self.count += 1;
        let tells = self.json || self.count <= MOST_REFUSALS;
        if !tells {
            *self.untold.entry(refusal.code.name()).or_default() += 1;
        }
        tells
    }

    /// Tells how many there were besides, and how the command ends.
    pub fn finish(&self, out: &mut dyn Write) -> Result<Status, Failure> {
        if !self.untold.is_empty() {
            let more = self.untold.iter().map(|(code, count)| format!("{count} {code}"));
            writeln!(out, "\nrefused besides: {}; --json answers each", more.collect::<Vec<_>>().join(", "))?;
        }
        Ok(if self.count == 0 { Status::Fine } else { Status::Refused })
    }
}

/// The answer to a case.
pub(crate) enum Answer {
    /// About an order or a declared event.
    Order(Decision),
    Listing(Vec<ShownBadge>),
}

/// Decides one case.
pub(crate) fn answer(policy: &Policy, case: Case) -> Result<Answer, Refusal> {
    Ok(match case {
        Case::Order { at, member, order } => Answer::Order(
            decide_order(policy, at, &member, &order).map_err(|refusal| within("order", refusal))?,
        ),
        Case::Event { at, member, event } => Answer::Order(
            decide_order(policy, at, &member, &event).map_err(|refusal| within("event", refusal))?,
        ),
        Case::Listing { at, listing } => Answer::Listing(decide_listing(policy, at, &listing)?),
    })
}

/// The JSON form of an answer.
pub(crate) fn json(
    policy: &Policy,
    answer: Result<Answer, Refusal>,
    explain: bool,
) -> serde_json::Result<serde_json::Value> {
    match answer {
        Ok(Answer::Order(decision)) => serde_json::to_value(DecisionAnswer::new(policy, &decision, explain)),
        Ok(Answer::Listing(badges)) => serde_json::to_value(ListingAnswer::new(badges)),
        Err(refusal) => serde_json::to_value(ErrorAnswer::new(&refusal)),
    }
}

fn print_json(
    policy: &Policy,
    answer: Result<Answer, Refusal>,
    explain: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match answer {
        Ok(Answer::Order(decision)) => print_line(&DecisionAnswer::new(policy, &decision, explain), out),
        Ok(Answer::Listing(badges)) => print_line(&ListingAnswer::new(badges), out),
        Err(refusal) => print_line(&ErrorAnswer::new(&refusal), out),
    }
}

/// Prints an answer as JSON.
pub(super) fn print_line(answer: &impl Serialize, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")?;
    // An answer for each line as it comes: whoever feeds us cases one by one waits for it.
    out.flush()
}

fn print_people(
    policy: &Policy,
    number: u64,
    answer: Result<Answer, Refusal>,
    explain: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if number > 1 {
        writeln!(out)?;
    }
    match answer {
        Err(refusal) => print_refused(&format!("case {number}"), &refusal, out),
        Ok(Answer::Listing(badges)) if badges.is_empty() => writeln!(out, "case {number}: no badge"),
        Ok(Answer::Listing(badges)) => badges.iter().try_for_each(|badge| {
            writeln!(
                out,
                "case {number}: badge \"{}\" ({}), shown in {}",
                badge.label,
                badge.name,
                badge.shown_in.join(", ")
            )
        }),
        Ok(Answer::Order(decision)) => {
            writeln!(out, "case {number}: {}", summary(policy, &decision))?;
            print_lines(policy, &decision, explain, out)
        }
    }
}

/// Prints why a case was refused; `head` says which.
pub(super) fn print_refused(head: &str, refusal: &Refusal, out: &mut dyn Write) -> std::io::Result<()> {
    let path = if refusal.path.is_empty() { String::new() } else { format!(" at {}", refusal.path) };
    writeln!(out, "{head}: refused, {}{path}\n  {}", refusal.code.name(), refusal.message)
}

/// What a decision comes to: `earns 30 points; up to 1,500 points may be paid`.
pub(super) fn summary(policy: &Policy, decision: &Decision) -> String {
    if policy.pools.len() < 2 {
        let (earned, redeemable) =
            (policy.count_points(decision.points), policy.count_points(decision.redeemable));
        return format!("earns {earned}; up to {redeemable} may be paid");
    }
    let pools = decision.pools.iter().map(|(pool, earned)| format!("{} {pool}", points(*earned)));
    let earned = match pools.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "nothing".to_owned(),
        earned => earned,
    };
    format!("earns {earned}; up to {} may be paid", points(decision.redeemable))
}

/// Prints a decision line by line and rule by rule.
pub(super) fn print_lines(
    policy: &Policy,
    decision: &Decision,
    explain: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut rows = Vec::new();
    for line in &decision.lines {
        let mut id = format!("  {}", line.id);
        for by in &line.by {
            let rounding = if by.exact == crate::value::Ratio::whole(by.points) {
                String::new()
            } else {
                format!("exactly {}", by.exact)
            };
            let rule = match policy.pools.len() {
                0 | 1 => by.rule.clone(),
                _ => format!("{} ({})", by.rule, by.pool),
            };
            rows.push(vec![std::mem::take(&mut id), points(by.points), rule, rounding]);
        }
        for not in line.not.iter().filter(|_| explain) {
            let short = not.short_by.as_ref().map(|short| format!(" ({short} short)")).unwrap_or_default();
            rows.push(vec![
                std::mem::take(&mut id),
                "-".into(),
                not.rule.clone(),
                format!("{}{short}", not.failed),
            ]);
        }
        if !id.is_empty() {
            rows.push(vec![id, "0".into(), "no rule gives points".into(), String::new()]);
        }
        if !line.badges.is_empty() {
            rows.push(vec![
                String::new(),
                String::new(),
                format!("badge {}", line.badges.join(", ")),
                String::new(),
            ]);
        }
        if let Some(not) = line.not_redeemable.as_ref().filter(|_| explain) {
            rows.push(vec![
                String::new(),
                String::new(),
                "may not be paid with points".into(),
                not.failed.clone(),
            ]);
        }
    }
    let head = [("", Column::Left), ("", Column::Right), ("", Column::Left), ("", Column::Left)];
    out.write_all(plain(&head, rows).as_bytes())
}
