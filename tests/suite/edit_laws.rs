//! The laws of edits, over random policies and the programmes with random histories: a version that is appended from a day
//! on changes nothing before it, nor the terms of what was bought before it; and declarations may stand in any order.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};

use meed::answer::EntryAnswer;
use meed::{Options, Outcome, Policy, Source, load};

use crate::edits::{append, reordered, rewritten};
use crate::random_policies::{Dice, cases};
use crate::support::{answer, incoming, replay};
use crate::{pumps, random_groups, random_policies};

/// A policy with a history of it.
#[derive(Debug)]
struct World {
    text: String,
    events: Vec<Value>,
}

fn policy(text: &str) -> Option<Policy> {
    load(&Source::new("policy.meed", text)).policy
}

fn run(policy: &Policy, events: &[Value], at: Timestamp) -> Outcome {
    replay(policy, incoming(policy, events), &Options::default().at(at).keep_entries())
}

fn instant_of(event: &Value) -> Timestamp {
    event["at"].as_str().unwrap().parse().unwrap()
}

/// Everything that is told of a run but for what names the text: its digest and its lines.
fn told(policy: &Policy, outcome: &Outcome) -> Value {
    let mut whole = answer(policy, outcome);
    whole["policy"] = Value::Null;
    for (place, account) in outcome.accounts.iter().enumerate() {
        let entries = account.entries().iter().map(|entry| {
            let mut entry = serde_json::to_value(EntryAnswer::new(policy, account, entry)).unwrap();
            entry["digest"] = Value::Null;
            entry
        });
        whole["accounts"][place]["entries"] = entries.collect();
        whole["accounts"][place]["workings"] = json!(format!("{:#?}", account.workings(policy)));
        whole["accounts"][place]["lots"] = json!(format!("{:#?}", account.lots(policy)));
        whole["accounts"][place]["counted"] = json!(format!("{:#?}", account.counted(policy)));
    }
    whole
}

fn without(mut told: Value, names: &[&str]) -> Value {
    match &mut told {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|field| *field = without(field.take(), names));
        }
        // A message may name a line of the policy.
        Value::String(words) => {
            while let Some(at) = words.find("(policy.meed:") {
                let end = words[at..].find(')').unwrap();
                words.replace_range(at..=at + end, "");
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| *one = without(one.take(), names)),
        _ => {}
    }
    told
}

/// Entries of one instant stand in the order of declarations where nothing hangs on it.
fn in_no_order(mut told: Value) -> Value {
    for account in told["accounts"].as_array_mut().unwrap() {
        let entries = account["entries"].as_array_mut().unwrap();
        entries.sort_by_cached_key(|entry| {
            (entry["at"].as_str().unwrap().parse::<Timestamp>().unwrap(), entry.to_string())
        });
    }
    told
}

/// Where two answers first differ.
fn difference(one: &Value, other: &Value) -> String {
    let lines = |value: &Value| serde_json::to_string_pretty(value).unwrap().replace("\\n", "\n");
    let (one, other) = (lines(one), lines(other));
    let (one, other): (Vec<_>, Vec<_>) = (one.lines().collect(), other.lines().collect());
    let at = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let around =
        |lines: &[&str]| lines[at.saturating_sub(12).min(lines.len())..(at + 6).min(lines.len())].join("\n");
    format!("{}\n-- or --\n{}", around(&one), around(&other))
}

fn shown(world: &World, edited: &str) -> String {
    let mut shown = String::new();
    for line in diff(&world.text, edited) {
        writeln!(shown, "{line}").unwrap();
    }
    for event in &world.events {
        writeln!(shown, "{event}").unwrap();
    }
    shown
}

/// The edited text, with the lines that the edit has brought or changed behind a plus.
fn diff<'t>(text: &'t str, edited: &'t str) -> impl Iterator<Item = String> + 't {
    let lines: Vec<_> = text.lines().collect();
    edited.lines().enumerate().map(move |(at, line)| match lines.get(at) {
        Some(same) if *same == line => format!("  {line}"),
        _ => format!("+ {line}"),
    })
}

/// A day on which something happened or that is near to it, as a head says it, and its first instant.
fn day(world: &World, dice: &mut Dice<'_>) -> (String, Timestamp) {
    let zone = world.text.lines().find_map(|line| line.trim().strip_prefix("timezone ")).unwrap();
    let zone = TimeZone::get(zone.split(' ').next().unwrap()).unwrap();
    let event = &world.events[dice.roll(world.events.len())];
    let local = zone.to_datetime(instant_of(event));
    let day = match dice.roll(4) {
        0 => local.date(),
        1 => local.date().tomorrow().unwrap(),
        2 => local.date().last_of_month().tomorrow().unwrap(),
        _ => local.date().saturating_add(jiff::Span::new().days(dice.roll(40) as i64)),
    };
    let (words, time): (String, DateTime) = match dice.roll(4) {
        0 => (format!("{day} 18:00"), day.at(18, 0, 0, 0)),
        _ => (day.to_string(), day.at(0, 0, 0, 0)),
    };
    (words, zone.to_timestamp(time).unwrap())
}

/// The policy with a version, or a rule, in force from a day on, where the checker lets one pass.
fn appended(text: &str, day: &str, tapes: &[[u8; 24]]) -> Option<(Policy, String, String)> {
    tapes.iter().find_map(|tape| {
        let appended = append(text, day, &mut Dice(tape))?;
        Some((policy(&appended.text)?, appended.text, appended.subject))
    })
}

/// Before the day nothing is other than without the version, byte for byte.
fn changes_nothing_before(world: &World, tape: &[u8], tapes: &[[u8; 24]]) -> TestCaseResult {
    let (day, from) = day(world, &mut Dice(tape));
    let old = policy(&world.text).unwrap();
    let Some((new, text, _)) = appended(&world.text, &day, tapes) else {
        return Err(TestCaseError::reject("the checker refuses all"));
    };
    let before = from - jiff::SignedDuration::from_nanos(1);
    let (was, is) =
        (told(&old, &run(&old, &world.events, before)), told(&new, &run(&new, &world.events, before)));
    prop_assert!(was == is, "from {}: {}\n{}", day, difference(&was, &is), shown(world, &text));
    Ok(())
}

/// What is bought before the day keeps its terms, whatever is returned later: without an order or event after it, a rule, a
/// group, a payment or a wait that has another version from then on changes nothing at all.
fn keeps_its_terms(world: &World, tape: &[u8], tapes: &[[u8; 24]]) -> TestCaseResult {
    let (day, from) = day(world, &mut Dice(tape));
    let old = policy(&world.text).unwrap();
    let Some((new, text, subject)) = appended(&world.text, &day, tapes) else {
        return Err(TestCaseError::reject("the checker refuses all"));
    };
    let of_order = |line: &str| {
        ["order", "line", "unit", "visit"].iter().any(|of| line.starts_with(&format!("  each {of} ")))
    };
    let versions = || {
        text.split("\n}\n")
            .filter(|block| block.split('\n').any(|line| line.starts_with(&format!("{subject} "))))
    };
    let keeps = match subject.split(' ').next().unwrap() {
        "earn" => versions().all(|block| block.lines().any(of_order)),
        "group" => true,
        "redeem" => versions().all(|block| !block.contains("  reward ")),
        "value" => ["value cards", "value by_rank", "value wait"].contains(&&*subject),
        _ => false,
    };
    prop_assume!(keeps);
    let later = ["ship", "cancel", "return", "refund", "grant", "adjust", "member", "mark", "transfer"];
    let kept = |event: &&Value| instant_of(event) < from || later.contains(&event["type"].as_str().unwrap());
    let events: Vec<_> = world.events.iter().filter(kept).cloned().collect();
    let world = World { text: world.text.clone(), events };
    let end = world.events.iter().map(instant_of).max().unwrap_or(from).max(from)
        + jiff::SignedDuration::from_hours(400 * 24);
    let (was, is) = (told(&old, &run(&old, &world.events, end)), told(&new, &run(&new, &world.events, end)));
    prop_assert!(was == is, "from {}: {}\n{}", day, difference(&was, &is), shown(&world, &text));
    Ok(())
}

/// The order of declarations and of most clauses, blank lines and comments change nothing.
fn says_the_same_in_any_order(world: &World, tape: &[u8]) -> TestCaseResult {
    let text = reordered(&world.text, &mut Dice(tape));
    let old = policy(&world.text).unwrap();
    let Some(new) = policy(&text) else {
        return Err(TestCaseError::fail(format!("{}\n{text}", crate::support::report(&text))));
    };
    let end = world.events.iter().map(instant_of).max().unwrap() + jiff::SignedDuration::from_hours(100 * 24);
    let lines = ["policy_line", "workings", "counted", "lots", "tier"];
    let told = |policy| without(told(policy, &run(policy, &world.events, end)), &lines);
    let (was, is) = (in_no_order(told(&old)), in_no_order(told(&new)));
    prop_assert!(was == is, "{}\n{}", difference(&was, &is), shown(world, &text));
    Ok(())
}

type EditTapes = [[u8; 24]; 6];

/// Random policies, and the programmes, with random histories.
fn worlds() -> impl Strategy<Value = World> {
    let random = (random_policies::tapes(false), random_policies::steps()).prop_map(|(tapes, steps)| {
        let world = random_policies::world(&tapes);
        let (events, _) = random_policies::history(&world, &steps);
        World { text: rewritten(&world.text), events }
    });
    let steps = prop::collection::vec(any::<(u16, u8)>(), 1..8);
    let grouped =
        (random_groups::tapes(), steps).prop_filter_map("the checker refuses it", |(tapes, steps)| {
            let text = rewritten(&random_groups::world(&tapes).text);
            policy(&text)?;
            Some(World { text, events: random_groups::history(&steps).0 })
        });
    let programmes = pumps::programmes();
    let steps = prop::collection::vec(any::<random_policies::Step>(), 1..20);
    let own = (0..programmes.len(), steps, 0..4usize).prop_map(move |(at, steps, start)| {
        let (name, text) = &programmes[at];
        World { text: rewritten(text), events: pumps::history(name, text, &steps, start) }
    });
    prop_oneof![8 => random, 1 => grouped, 1 => own]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases() / 4, failure_persistence: None, max_shrink_iters: 5000, max_global_rejects: 1 << 20, ..ProptestConfig::default()
    })]

    #[test]
    fn a_version_appended_from_a_day_changes_nothing_before_it(world in worlds(), day: [u8; 8], edits: EditTapes) {
        changes_nothing_before(&world, &day, &edits)?;
    }

    #[test]
    fn what_was_bought_before_an_edit_keeps_its_terms(world in worlds(), day: [u8; 8], edits: EditTapes) {
        keeps_its_terms(&world, &day, &edits)?;
    }

    #[test]
    fn declarations_say_the_same_in_any_order(world in worlds(), order: [[u8; 32]; 4]) {
        says_the_same_in_any_order(&world, &order.concat())?;
    }
}
