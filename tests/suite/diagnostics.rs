//! Every mistake that Meed knows, in a small policy that makes it and no other.

use crate::support;

#[test]
fn each_case_and_what_is_said_about_it() {
    insta::glob!("../cases/diagnostics", "*/*.meed", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        // A policy too long to read is left out of its snapshot.
        let shown = if text.len() > 10_000 { "(a long policy)" } else { &text };
        insta::assert_snapshot!(format!("{shown}\n---\n{}", support::report(&text)));
    });
}

#[test]
fn each_case_reports_the_code_of_its_folder_and_no_other() {
    let mut wrong = Vec::new();
    for folder in support::entries(&support::folder("tests/cases/diagnostics")) {
        let code = support::stem(&folder);
        for case in support::entries(&folder) {
            let found = support::codes(&std::fs::read_to_string(&case).unwrap());
            if found.is_empty() || found.iter().any(|found| *found != code) {
                wrong.push(format!("{code}/{}: {found:?}", support::stem(&case)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sound_policies_pass_without_a_word() {
    let mut cases = support::entries(&support::folder("tests/cases/sound"));
    cases.push(support::folder("policies/amazon_jp/amazon_jp.meed"));
    for case in cases {
        let report = support::report(&std::fs::read_to_string(&case).unwrap());
        assert_eq!(report, "", "{}", case.display());
    }
}
