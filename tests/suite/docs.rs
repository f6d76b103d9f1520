//! What the documents show is true: every block of Meed is checked, every shown command prints what is shown.

use crate::cli::{meed, text};
use crate::support::root;
use meed::Severity;

/// Everything said about a policy.
fn check(text: &str) -> Vec<meed::Diagnostic> {
    crate::support::check(&meed::Source::new("policy.meed", text))
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The fenced blocks of a language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    for line in document.lines() {
        inside = match inside {
            None => (line == format!("```{language}")).then(String::new),
            Some(block) if line == "```" => {
                blocks.push(block);
                None
            }
            Some(block) => Some(block + line + "\n"),
        };
    }
    blocks
}

/// Each block is a whole policy, or completes the first one; a declaration of the same name takes the place of the first's.
#[test]
fn every_example_of_the_language_reference_is_checked() {
    let reference = document("docs/language.md");
    let blocks = blocks(&reference, "meed");
    assert!(blocks.len() >= 7);
    let whole = &blocks[0];
    for block in &blocks[1..] {
        let policy = if block.contains("program ") { block.clone() } else { complete(whole, block) };
        let errors: Vec<_> = check(&policy).into_iter().filter(|d| d.severity() == Severity::Error).collect();
        assert!(errors.is_empty(), "{block}\n{errors:#?}");
    }
    assert_eq!(check(whole), []);
}

/// The first policy with a block added. A block that declares line parts replaces the earn rules, which do not place them.
fn complete(whole: &str, block: &str) -> String {
    let mut rest = whole.to_owned();
    if block.contains("part of") {
        let start = rest.find("earn base").unwrap();
        let end = rest.find("redeem pay").unwrap();
        rest.replace_range(start..end, "");
    }
    format!("{rest}\n{block}")
}

#[test]
fn the_readme_shows_what_its_command_prints() {
    let readme = document("README.md");
    let shown = blocks(&readme, "console");
    let (command, output) = shown[0].split_once('\n').unwrap();
    let command = command.strip_prefix("$ cargo run --release -- ").unwrap();
    let arguments: Vec<_> = command.split(' ').collect();
    let printed = text(&meed(&arguments, "").stdout);
    assert_eq!(
        output.trim_end(),
        printed.trim_end(),
        "README.md shows something else than `meed {command}` prints"
    );
}

/// Each scenario that the interaction table names exists.
#[test]
fn the_interaction_table_names_scenarios() {
    let semantics = document("docs/semantics.md");
    let mut named = 0;
    for word in semantics.split(['`', '|', ' ', '\n']) {
        if let Some(name) = word.strip_prefix("S:") {
            let path = root().join(format!("policies/amazon_jp/scenarios/{name}.yaml"));
            assert!(path.exists(), "docs/semantics.md names the scenario {name}, which does not exist");
            named += 1;
        }
    }
    assert!(named >= 40);
}
