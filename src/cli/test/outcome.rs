//! The whole outcome of a scenario as a readable text, kept beside it in `outcomes/`: what each order earned under which
//! rule, every entry, every balance, every refusal, every decision. No line numbers of the policy: a comment added to it
//! changes no outcome.

use std::io::Write;
use std::path::Path;

use super::super::decide::{answer, json};
use super::super::{Failure, history, output, statement};
use super::scenario::Scenario;
use crate::ledger::{Incoming, Options, replay};
use crate::policy::Policy;
use crate::wire::Reader;

/// How an outcome compares with the accepted one.
pub(super) enum Compared {
    Same,
    Updated,
    Differs(String),
}

/// The outcome in words.
pub(super) fn describe(policy: &Policy, scenario: &Scenario, incoming: &[Incoming]) -> String {
    let mut out = Vec::new();
    let _ = writeln!(out, "{}", scenario.title.trim());
    if !incoming.is_empty() {
        let options = Options { at: None, account: None, keep_entries: true };
        let mut outcome = replay(policy, incoming.to_vec(), &options);
        // What falls due after the last event is seen as far as something is expected of it.
        let last = scenario.expects.iter().filter_map(|expect| expect.at).max();
        if last > outcome.at {
            outcome = replay(policy, incoming.to_vec(), &Options { at: last, ..options });
        }
        for account in &outcome.accounts {
            let _ = writeln!(out);
            if let Some(at) = outcome.at {
                let _ = statement::print(policy, account, at, false, &mut out);
                let _ = writeln!(out, "\nEvery entry");
                let _ =
                    history::trace(policy, &all(account.entries()), &all(account.level_changes()), &mut out);
            }
        }
        for refused in &outcome.refused {
            let event = refused.event.as_deref().unwrap_or("no id");
            let _ = write!(out, "\nrefused {event}: {}", refused.refusal.code.name());
            if !refused.refusal.path.is_empty() {
                let _ = write!(out, " at `{}`", refused.refusal.path);
            }
            let _ = writeln!(out);
            let _ = writeln!(out, "  {}", without_lines(&refused.refusal.message));
        }
        if outcome.duplicates > 0 {
            let _ = writeln!(out, "\nduplicates: {}", outcome.duplicates);
        }
    }
    let reader = Reader::new(policy);
    for case in &scenario.decides {
        let read = reader.case_of(&case.case);
        let actual = json(policy, read.and_then(|case| answer(policy, case)), true).unwrap_or_default();
        let _ = writeln!(out, "\ndecide {}", serde_json::to_string_pretty(&actual).unwrap_or_default());
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// References to all of a list.
pub(super) fn all<T>(list: &[T]) -> Vec<&T> {
    list.iter().collect()
}

/// A message without the line numbers that follow the names of policy files.
fn without_lines(message: &str) -> String {
    let mut pieces = message.split(".meed:");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(".meed");
        out.push_str(piece.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    out
}

/// Compares with the accepted outcome, or accepts this one.
pub(super) fn compare(scenario: &Path, text: &str, update: bool) -> Result<Compared, Failure> {
    let folder = scenario.parent().unwrap_or_else(|| Path::new(".")).join("outcomes");
    let file = folder.join(scenario.file_stem().unwrap_or_default()).with_extension("txt");
    let fault = |error: std::io::Error| Failure(format!("{}: {error}", file.display()));
    let accepted = match std::fs::read_to_string(&file) {
        Ok(accepted) => Some(accepted.replace("\r\n", "\n")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(fault(error)),
    };
    if accepted.as_deref() == Some(text) {
        return Ok(Compared::Same);
    }
    if update {
        std::fs::create_dir_all(&folder).map_err(fault)?;
        output::write_file(&file, |target| Ok(target.write_all(text.as_bytes())?))?;
        return Ok(Compared::Updated);
    }
    Ok(Compared::Differs(match accepted {
        None => format!("no outcome has been accepted yet; `meed test --update` writes {}", file.display()),
        Some(accepted) => {
            let lines = difference(&accepted, text);
            format!("the outcome differs from {} (`meed test --update` accepts it)\n{lines}", file.display())
        }
    }))
}

/// The lines that differ, between the first and the last that do.
fn difference(accepted: &str, actual: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (accepted.lines().collect(), actual.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let middle = |lines: &[&str], sign: &str| {
        let count = lines.len().saturating_sub(head + tail);
        lines.iter().skip(head).take(count).map(|line| format!("  {sign} {line}\n")).collect::<String>()
    };
    format!("{}{}", middle(&old, "-"), middle(&new, "+"))
}
