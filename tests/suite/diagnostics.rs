//! What is said about each mistake. A case is a file; its snapshot holds the policy and the report together.

use crate::support::{check, report, root};
use meed::diagnostic::{Code, render};
use meed::source::Source;
use meed::wire::diagnostics::Report;

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

/// The first block of a page has the mistake, the second has not.
#[test]
fn the_page_of_each_code_shows_the_mistake_and_the_remedy() {
    let folder = root().join("docs/errors");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        let code = path.file_stem().unwrap().to_str().unwrap();
        let blocks: Vec<&str> =
            page.split("```meed\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let syntax: Vec<_> = Code::ALL.iter().take_while(|code| **code != Code::MissingProgram).collect();
        if code == Code::FileTooLarge.name() || !syntax.iter().any(|syntax| syntax.name() == code) {
            continue;
        }
        let codes = |text: &str| -> Vec<&str> {
            meed::syntax::parse(&Source::new("page.meed", text))
                .diagnostics
                .iter()
                .map(|d| d.code.name())
                .collect()
        };
        assert_eq!(codes(blocks[0]), [code], "{code}: {}", blocks[0]);
        assert!(codes(blocks[1]).is_empty(), "{code}: {}", blocks[1]);
    }
}

#[test]
fn reports_stay_readable_in_narrow_terminals_and_in_colour() {
    let text =
        "category fresh \"Fresh\"\npool points \"Points\" {\n  balance expirs 1 year after shipped\n}\n";
    let source = Source::new("narrow.meed", text);
    insta::assert_snapshot!(render::report(&source, &check(text), 50, false));
    let coloured = render::report(&source, &check(text), 80, true);
    assert!(coloured.contains("\u{1b}[31m"));
}

#[test]
fn the_json_form_counts_lines_and_columns_from_one() {
    let text = "facts order {\n  名前: text\n}\nearn a \"A\" until 2022-01-01 from 2021-01-01 { each order gives 1 point }\n";
    let report = Report::new(&Source::new("a.meed", text), &check(text));
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
}
