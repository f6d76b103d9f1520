//! The command as people meet it in a shell: closed pipes, narrow terminals, typing errors, files saved by other editors.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use crate::cli::{meed, text};
use crate::support::{AMAZON, root};

const POLICY: &str = "policies/amazon_jp/amazon_jp.meed";
const YEAR: &str = "examples/year/events.jsonl";

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Runs the command on a policy that comes on standard input, as bytes.
fn check(policy: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
    command.args(["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.env_remove("COLUMNS").spawn().unwrap();
    child.stdin.take().unwrap().write_all(policy).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_reader_that_has_read_enough_is_no_fault() {
    let grants = (0..3000).map(|i| {
        format!(r#"{{"id": "e{i}", "type": "grant", "at": "2021-04-01T00:00:00+09:00", "account": "a{i}", "points": 1}}"#)
    });
    let case =
        r#"{"at": "2021-03-01T10:00:00+09:00", "listing": {"points_rate": "2%", "seller": "overseas"}}"#;
    let inputs = [
        (&["run", POLICY, "-", "--json"][..], grants.clone().collect::<Vec<_>>().join("\n")),
        (&["run", POLICY, "-", "--ledger", "-"], grants.clone().collect::<Vec<_>>().join("\n")),
        (&["explain", POLICY, "-"], grants.collect::<Vec<_>>().join("\n")),
        (&["decide", POLICY, "--json"], vec![case; 3000].join("\n")),
        (&["decide", POLICY], vec![case; 3000].join("\n")),
    ];
    for (arguments, input) in inputs {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
        command.args(arguments).current_dir(root()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The command may stop reading before all is written.
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let mut start = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut start).unwrap();
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert_eq!((status(&output), text(&output.stderr)), (0, String::new()), "{arguments:?}");
    }
}

#[test]
fn a_line_is_answered_as_soon_as_it_is_read() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
    command.args(["decide", POLICY, "--json"]).current_dir(root());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for _ in 0..3 {
        writeln!(stdin, "{{}}").unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.contains("missing-field"), "{answer}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn narrow_output_breaks_no_word() {
    let narrow = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
        text(&command.args(arguments).current_dir(root()).env("COLUMNS", "40").output().unwrap().stdout)
    };
    insta::assert_snapshot!(narrow(&["run", POLICY, YEAR, "--at", "2025-02-01T00:00:00+09:00"]));
    insta::assert_snapshot!(narrow(&["explain", POLICY, YEAR, "--lot", "A-1/1"]));
    let flight = ["decide", "tests/cases/levels/levels.meed", "tests/cases/quotes/next_flight.jsonl"];
    let events = ["--events", "tests/cases/quotes/flights.jsonl"];
    insta::assert_snapshot!(narrow(&[&flight[..], &events].concat()));
    for command in ["check", "decide", "run", "explain", "test", "completions", "man"] {
        let help = narrow(&[command, "--help"]);
        let usage = |line: &str| line.starts_with("Usage:");
        assert!(help.lines().all(|line| line.chars().count() <= 40 || usage(line)), "{help}");
    }
}

/// Accepted outcomes are files: they are the same whatever terminal they are compared in.
#[test]
fn scenarios_come_out_alike_in_any_terminal() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
    let output =
        command.args(["test", "policies"]).current_dir(root()).env("COLUMNS", "40").output().unwrap();
    assert_eq!(status(&output), 0, "{}", text(&output.stdout));
}

#[test]
fn what_is_no_terminal_gets_no_colour() {
    let broken = AMAZON.replace("paid_with is", "payed_with is");
    for arguments in
        [&["check", "-"][..], &["run", "-", YEAR], &["check", "--help"], &["chek"], &["run", POLICY, YEAR]]
    {
        let output = meed(arguments, &broken);
        assert!(
            !text(&output.stdout).contains('\u{1b}') && !text(&output.stderr).contains('\u{1b}'),
            "{arguments:?}"
        );
    }
}

#[test]
fn typing_errors_are_met_with_what_was_meant() {
    for (arguments, meant) in [
        (
            &["run", "polices/amazon_jp/amazon.meed", YEAR][..],
            "did you mean policies/amazon_jp/amazon_jp.meed?",
        ),
        (&["run", POLICY, "examples/yaer/event.jsonl"], "did you mean examples/year/events.jsonl?"),
        (&["decide", POLICY, "examples/year/event.jsonl"], "did you mean examples/year/events.jsonl?"),
        (&["test", "polices"], "did you mean policies?"),
        (&["run", POLICY, YEAR, "--ledger", "exmples/out.jsonl"], "did you mean examples?"),
        (&["chek", POLICY], "'check'"),
        (&["check", POLICY, "--jsn"], "'--json'"),
        (&["explain", "missing_choice"], "did you mean `missing-choice`?"),
        (&["run", POLICY, "README.md"], ".jsonl, .yaml and .csv"),
        (&["check", "policies"], "a folder, not a file"),
        (&["run", "-", "-"], "one thing only"),
        (&["decide", "-"], "one thing only"),
        (&["run", POLICY, "-", "-"], "one thing only"),
    ] {
        let output = meed(arguments, "");
        assert_eq!(status(&output), 1, "{arguments:?}");
        assert!(text(&output.stderr).contains(meant), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_code_of_policies_and_of_data_is_explained_as_both() {
    let page = text(&meed(&["explain", "unknown-category"], "").stdout);
    assert!(
        page.starts_with("# unknown-category\n")
            && page.contains("\n# unknown-category, in events and cases\n")
    );
    assert!(!text(&meed(&["explain", "missing-choice"], "").stdout).contains("in events and cases"));
}

#[test]
fn policies_saved_by_other_editors_are_read() {
    for saved in [format!("\u{feff}{AMAZON}"), AMAZON.replace('\n', "\r\n"), AMAZON.trim_end().to_owned()] {
        let output = check(saved.as_bytes());
        assert_eq!(text(&output.stdout), "<stdin>: no mistakes found\n");
    }
    let latin = [AMAZON.as_bytes(), b"// caf\xe9\n"].concat();
    let output = check(&latin);
    assert_eq!(status(&output), 1);
    let line = AMAZON.lines().count() + 1;
    assert_eq!(
        text(&output.stderr),
        format!("meed: <stdin>:{line}: the file is not UTF-8; save it as UTF-8\n")
    );
}

/// A policy under review may hold anything; what is shown of it does not act on the terminal, and a very long line is cut.
#[test]
fn what_is_shown_of_a_policy_is_only_shown() {
    for bad in ["\u{1b}[31m", "\u{202e}", "\u{0}", "\u{85}", "\r"] {
        let output =
            text(&check(AMAZON.replacen("paid_with is", &format!("paid{bad}with is"), 1).as_bytes()).stdout);
        assert!(output.contains("error:"), "{output}");
        assert!(!output.contains(bad), "{output:?}");
    }
    let long = format!("{AMAZON}{}", "x ".repeat(100_000));
    let output = text(&check(long.as_bytes()).stdout);
    assert!(output.contains("error:") && output.len() < 10_000, "{}", output.len());
}
