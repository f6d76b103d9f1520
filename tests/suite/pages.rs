//! What must stay equal in several places does.

use std::collections::BTreeSet;

use meed::Code;
use meed::internal::MAX_BYTES;

use crate::support;

/// What a page about a code leaves out of its blocks because every policy has it.
const PROGRAM: &str = "program shop \"Shop Points\" {
  currency JPY
  timezone Asia/Tokyo
  deadlines run to end of day
  missing day becomes last of month
}
";
const POOL: &str = "pool points \"Points\" {
  unit point
  worth 1 JPY
  pending until shipped
  balance expires 1 year after latest of order placed, points acquired
  spend soonest to expire, then oldest
  return takes points back, shortfall becomes debt
}
";
const FORBID: &str = "forbid moving \"Points stay in the account\" {
  transfer to account
  transfer to program
  cash out
}
";

fn names(folder: &str) -> BTreeSet<String> {
    support::entries(&support::folder(folder)).iter().map(|path| support::stem(path)).collect()
}

#[test]
fn every_code_has_its_page_and_its_case() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.name().to_owned()).collect();
    assert_eq!(codes, names("docs/errors"), "codes and pages in docs/errors");
    let generated = std::iter::once(crate::diagnostics::too_large().0.to_owned());
    let cases: BTreeSet<String> = names("tests/cases/diagnostics").into_iter().chain(generated).collect();
    assert_eq!(codes, cases, "codes and folders in tests/cases/diagnostics");
}

/// The blocks of a page: the example, then what to write instead. ` ```meed whole` stands as it is, and ` ```meed
/// repeated` is repeated until it is too long to read.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(fence) = lines.next() {
        if !["```meed", "```meed whole", "```meed repeated"].contains(&fence) {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let has = |keyword: &str| block.iter().any(|line| line.split(' ').next() == Some(keyword));
        let mut text = block.join("\n") + "\n";
        if fence == "```meed" {
            for (keyword, part) in [("program", PROGRAM), ("pool", POOL), ("forbid", FORBID)] {
                if !has(keyword) {
                    text += part;
                }
            }
        }
        if fence == "```meed repeated" {
            text = text.repeat(MAX_BYTES / text.len() + 1);
        }
        blocks.push(text);
    }
    blocks
}

#[test]
fn every_page_shows_the_mistake_and_what_to_write_instead() {
    let mut wrong = Vec::new();
    for page in support::entries(&support::folder("docs/errors")) {
        let code = support::stem(&page);
        let text = std::fs::read_to_string(&page).unwrap();
        let severity =
            Code::ALL.iter().find(|known| known.name() == code).map(|known| known.severity().word());
        if !severity.is_some_and(|word| text.to_lowercase().contains(&format!("\n{word}."))) {
            wrong.push(format!("{code}: the page does not say its severity"));
        }
        match blocks(&text).as_slice() {
            [example, instead] => {
                let mut example = example.clone();
                if code == Code::FileTooLarge.name() {
                    example.push_str(&" ".repeat(meed::internal::MAX_BYTES));
                }
                let found = support::codes(&example);
                if found.is_empty() || found.iter().any(|found| *found != code) {
                    wrong.push(format!("{code}: the example reports {found:?}"));
                }
                let report = support::report(instead);
                if !report.is_empty() {
                    wrong.push(format!("{code}: what to write instead is reported:\n{report}"));
                }
            }
            others => wrong.push(format!("{code}: {} blocks", others.len())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
