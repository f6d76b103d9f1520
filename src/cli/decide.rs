//! `meed decide`: cases in, decisions out, line by line.

use std::collections::BTreeMap;
use std::io::Write;

use super::args::DecideOptions;
use super::table::{Column, plain, points};
use super::{Failure, Status, input};
use crate::eval::{Decision, Refusal, ShownBadge, decide as decide_order, decide_listing};
use crate::policy::Policy;
use crate::wire::Case;
use crate::wire::answer::{DecisionAnswer, ErrorAnswer, ListingAnswer};

/// The most refused cases that are told to people one by one.
const MOST_REFUSALS: u64 = 1000;

pub(crate) fn decide(options: &DecideOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    let policy = input::policy(&options.policy, options.root.as_deref())?;
    let (mut number, mut refused) = (0u64, BTreeMap::<&str, u64>::new());
    let mut count = 0u64;
    input::cases(&policy, &options.cases, &mut |case| {
        number += 1;
        let answer = case.and_then(|case| answer(&policy, case));
        if let Err(refusal) = &answer {
            count += 1;
            if count > MOST_REFUSALS && !options.json {
                *refused.entry(refusal.code.name()).or_default() += 1;
                return Ok(());
            }
        }
        match options.json {
            true => print_json(&policy, answer, options.explain, out),
            false => print_people(&policy, number, answer, options.explain, out),
        }
    })?;
    if !refused.is_empty() {
        let more = refused.iter().map(|(code, count)| format!("{count} {code}")).collect::<Vec<_>>();
        writeln!(out, "\nrefused besides: {}; --json answers each", more.join(", "))?;
    }
    Ok(if count == 0 { Status::Fine } else { Status::Refused })
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
        Case::Order { at, member, order } => {
            Answer::Order(decide_order(policy, at, &member, &order).map_err(within("order"))?)
        }
        Case::Event { at, member, event } => {
            Answer::Order(decide_order(policy, at, &member, &event).map_err(within("event"))?)
        }
        Case::Listing { at, listing } => Answer::Listing(decide_listing(policy, at, &listing)?),
    })
}

/// Moves the place of a refusal into that part of the case.
fn within(head: &str) -> impl Fn(Refusal) -> Refusal {
    move |refusal| {
        let path = match refusal.path.as_str() {
            "" => head.to_owned(),
            path if path.starts_with("member") => path.to_owned(),
            path => format!("{head}.{path}"),
        };
        Refusal { path, ..refusal }
    }
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
        Ok(Answer::Order(decision)) => {
            serde_json::to_writer(&mut *out, &DecisionAnswer::new(policy, &decision, explain))
        }
        Ok(Answer::Listing(badges)) => serde_json::to_writer(&mut *out, &ListingAnswer::new(badges)),
        Err(refusal) => serde_json::to_writer(&mut *out, &ErrorAnswer::new(&refusal)),
    }?;
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
        Err(refusal) => {
            let path = if refusal.path.is_empty() { String::new() } else { format!(" at {}", refusal.path) };
            writeln!(out, "case {number}: refused, {}{path}\n  {}", refusal.code.name(), refusal.message)
        }
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
        Ok(Answer::Order(decision)) => print_decision(policy, number, &decision, explain, out),
    }
}

fn print_decision(
    policy: &Policy,
    number: u64,
    decision: &Decision,
    explain: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let (earned, redeemable) =
        (policy.count_points(decision.points), policy.count_points(decision.redeemable));
    match policy.pools.as_slice() {
        [] | [_] => writeln!(out, "case {number}: earns {earned}; up to {redeemable} may be paid")?,
        _ => {
            let pools = decision.pools.iter().map(|(pool, earned)| format!("{} {pool}", points(*earned)));
            let earned = match pools.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "nothing".to_owned(),
                earned => earned,
            };
            writeln!(
                out,
                "case {number}: earns {earned}; up to {} may be paid",
                points(decision.redeemable)
            )?;
        }
    }
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
