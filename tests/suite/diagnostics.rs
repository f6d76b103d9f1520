//! Every mistake that Meed knows, in a small policy that makes it and no other.

use meed::internal::MAX_BYTES;

use crate::support;

/// The case that is too large to keep: its code, and a sound policy that goes on and on.
pub fn too_large() -> (&'static str, String) {
    let line = "// a policy is no place for data\n";
    ("file-too-large", support::AMAZON.to_owned() + &line.repeat(MAX_BYTES / line.len() + 1))
}

#[test]
fn each_case_and_what_is_said_about_it() {
    insta::glob!("../cases/diagnostics", "*/*.meed", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        insta::assert_snapshot!(format!("{text}\n---\n{}", support::report(&text)));
    });
    insta::assert_snapshot!("file-too-large", support::report(&too_large().1));
}

#[test]
fn each_case_reports_the_code_of_its_folder_and_no_other() {
    let mut wrong = Vec::new();
    let mut check = |code: &str, case: &str, text: &str| {
        let found = support::codes(text);
        if found.is_empty() || found.iter().any(|found| *found != code) {
            wrong.push(format!("{code}/{case}: {found:?}"));
        }
    };
    for folder in support::entries(&support::folder("tests/cases/diagnostics")) {
        for case in support::entries(&folder) {
            let text = std::fs::read_to_string(&case).unwrap();
            check(&support::stem(&folder), &support::stem(&case), &text);
        }
    }
    let (code, text) = too_large();
    check(code, "generated", &text);
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
