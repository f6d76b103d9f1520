//! What is said about each mistake. A case is a file; its snapshot holds the policy and the report together.

use crate::support::{check, report};

/// Longer policies are left out of their snapshots.
const SHOWN: usize = 10_000;

#[test]
fn each_case_is_reported_under_the_code_of_its_folder() {
    let mut wrong = Vec::new();
    insta::glob!("../cases/diagnostics", "*/*.meed", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let (file, code) = (name(path), name(path.parent().unwrap()));
        let diagnostics = check(&text);
        let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect();
        if !codes.contains(&code.as_str()) {
            wrong.push(format!("{code}/{file} is reported as {codes:?}"));
        }
        let shown = if text.len() > SHOWN { "(a long policy)\n" } else { &text };
        insta::assert_snapshot!(format!("{shown}\n{}", report(&file, &text, &diagnostics)));
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}
