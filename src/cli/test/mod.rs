//! `meed test`: the scenarios beside policies. Each says by hand what must come out; and the whole outcome (every line,
//! rule, entry and balance) is compared with the one that was accepted last, so that a change of a policy shows as a change
//! of behaviour.

mod expectations;
mod find;
mod outcome;
mod scenario;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use std::io::Write;

use super::args::TestOptions;
use super::decide::{answer, json};
use super::{Failure, Status, history, input};
use crate::ledger::{Incoming, Options, Outcome, Place, replay};
use crate::policy::Policy;
use crate::wire::Reader;
use crate::wire::answer::RunAnswer;
use scenario::{DecideCase, Expect, Scenario};

pub(crate) fn test(options: &TestOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    super::table::never_break();
    let suites = find::suites(&options.path)?;
    let (mut passed, mut failed, mut updated) = (0, 0, 0);
    for suite in suites {
        let policy = input::policy(&suite.policy.to_string_lossy(), options.root.as_deref())?;
        for path in &suite.scenarios {
            let name = path.display().to_string();
            let scenario = match read(path) {
                Ok(scenario) => scenario,
                Err(failure) => {
                    failed += 1;
                    writeln!(out, "FAIL {name}\n  {}", failure.0)?;
                    continue;
                }
            };
            let mut differences = Vec::new();
            let incoming = events(&policy, &scenario);
            for expect in &scenario.expects {
                check(&policy, &incoming, expect, &mut differences);
            }
            for case in &scenario.decides {
                check_decision(&policy, case, &mut differences);
            }
            let text = outcome::describe(&policy, &scenario, &incoming);
            match outcome::compare(path, &text, options.update)? {
                outcome::Compared::Same => {}
                outcome::Compared::Updated => updated += 1,
                outcome::Compared::Differs(difference) => differences.push(difference),
            }
            if differences.is_empty() {
                passed += 1;
                continue;
            }
            failed += 1;
            writeln!(out, "FAIL {name}\n  {}", scenario.title.trim())?;
            if let Some(why) = &scenario.why {
                writeln!(out, "{}", indent(&indent(why.trim())))?;
            }
            for difference in differences {
                writeln!(out, "{}", indent(&difference))?;
            }
        }
    }
    if updated > 0 {
        writeln!(out, "{updated} accepted {}", if updated == 1 { "outcome" } else { "outcomes" })?;
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(if failed == 0 { Status::Fine } else { Status::Fault })
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

fn read(path: &std::path::Path) -> Result<Scenario, Failure> {
    let fault = |text: &dyn std::fmt::Display| Failure(format!("{}: {text}", path.display()));
    let source = input::text(&path.to_string_lossy(), "a scenario")?;
    let node = crate::wire::yaml::parse(source.text())
        .map_err(|wrong| Failure(format!("{}:{}: {}", path.display(), wrong.line, wrong.refusal.message)))?;
    scenario::scenario(&node).map_err(|refusal| {
        let place = if refusal.path.is_empty() { String::new() } else { format!("{}: ", refusal.path) };
        fault(&format!("{place}{}", refusal.message))
    })
}

fn events(policy: &Policy, scenario: &Scenario) -> Vec<Incoming> {
    let reader = Reader::new(policy);
    let events = scenario.events.iter();
    events.map(|node| reader.event(Place { file: None, line: Some(node.line) }, node)).collect()
}

fn check(policy: &Policy, incoming: &[Incoming], expect: &Expect, differences: &mut Vec<String>) {
    let options = Options { at: expect.at, account: None, keep_entries: true };
    let outcome = replay(policy, incoming.to_vec(), &options);
    let mut rows = Vec::new();
    match RunAnswer::new(policy, &outcome).map(serde_json::to_value) {
        Ok(Ok(answer)) => expectations::compare(&answer, expect, &mut rows),
        Ok(Err(fault)) => rows.push(fault.to_string()),
        Err(refusal) => rows.push(refusal.to_string()),
    }
    if let Some(expected) = &expect.refused {
        compare_refused(&outcome, expected, &mut rows);
    }
    if let Some(expected) = expect.duplicates
        && u64::try_from(expected) != Ok(outcome.duplicates)
    {
        rows.push(format!("duplicates: expected {expected}, actual {}", outcome.duplicates));
    }
    if !rows.is_empty() {
        let at = outcome.at.map_or_else(String::new, |at| format!(" at {}", policy.show_instant(at)));
        let head = format!("line {}: account {}{at}", expect.line, expect.account);
        differences.push(format!("{head}\n  {}\n{}", rows.join("\n  "), reasons(policy, &outcome, expect)));
    }
}

fn compare_refused(outcome: &Outcome, expected: &[(String, Option<String>)], rows: &mut Vec<String>) {
    let refused = outcome.refused.iter();
    let actual: Vec<_> = refused
        .map(|refused| (refused.event.clone().unwrap_or_default(), refused.refusal.code.name()))
        .collect();
    let expected_words: Vec<_> = expected.iter().map(|(event, code)| words(event, code.as_deref())).collect();
    let fits = actual.len() == expected.len()
        && expected.iter().all(|(event, code)| {
            actual
                .iter()
                .any(|(id, actual)| id == event && code.as_deref().is_none_or(|code| code == *actual))
        });
    if !fits {
        let actual: Vec<_> = actual.iter().map(|(event, code)| words(event, Some(code))).collect();
        rows.push(format!("refused: expected {}, actual {}", list(&expected_words), list(&actual)));
    }
}

fn words(event: &str, code: Option<&str>) -> String {
    code.map_or_else(|| event.to_owned(), |code| format!("{event} ({code})"))
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

/// The history behind an account's balances, each entry with its rule.
fn reasons(policy: &Policy, outcome: &Outcome, expect: &Expect) -> String {
    let mut text = Vec::new();
    if let Some(account) = outcome.accounts.iter().find(|account| account.id() == expect.account) {
        let _ = history::trace(
            policy,
            &outcome::all(account.entries()),
            &outcome::all(account.level_changes()),
            &mut text,
        );
    }
    for refused in &outcome.refused {
        let event = refused.event.as_deref().unwrap_or("no id");
        let _ = writeln!(text, "refused {event}: {}", refused.refusal);
    }
    String::from_utf8_lossy(&text).lines().map(|line| format!("    {line}\n")).collect()
}

fn check_decision(policy: &Policy, case: &DecideCase, differences: &mut Vec<String>) {
    let read = Reader::new(policy).case_of(&case.case);
    let actual = json(policy, read.and_then(|case| answer(policy, case)), true).unwrap_or_default();
    let mut rows = Vec::new();
    compare_json("", &case.expect, &actual, &mut rows);
    if !rows.is_empty() {
        let whole = serde_json::to_string_pretty(&actual).unwrap_or_default();
        differences.push(format!(
            "line {}: decide\n  {}\n  the whole answer:\n{}",
            case.line,
            rows.join("\n  "),
            indent(&whole)
        ));
    }
}

/// Compares the expected parts of an answer; fields that are not expected may be anything.
/// True for two ways to write one instant.
fn same_instant(expected: &Json, actual: &Json) -> bool {
    let instant = |json: &Json| json.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    instant(expected).is_some_and(|expected| instant(actual) == Some(expected))
}

fn compare_json(path: &str, expected: &Json, actual: &Json, rows: &mut Vec<String>) {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            for (name, expected) in expected {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare_json(&path, expected, actual.get(name).unwrap_or(&Json::Null), rows);
            }
        }
        (Json::Array(expected), Json::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare_json(&format!("{path}[{index}]"), expected, actual, rows);
            }
        }
        _ if expected == actual || same_instant(expected, actual) => {}
        _ => rows.push(format!("{path}: expected {expected}, actual {actual}")),
    }
}
