//! A policy in several files.

use std::collections::BTreeMap;

use meed::answer::Report;
use meed::internal::{MAX_FILES, render};
use meed::{Checked, Source, load_with};

const SHOP: &str = include_str!("../cases/sound/many_features.meed");

/// Checks the file called `main.meed` in the folder `shop`, with the others beside it.
fn load(files: &[(&str, &str)]) -> Checked {
    let files: BTreeMap<String, &str> =
        files.iter().map(|(name, text)| (format!("shop/{name}"), *text)).collect();
    let main = Source::new("shop/main.meed", files["shop/main.meed"]);
    load_with(&main, &mut |path| {
        files.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "there is no such file".to_owned())
    })
}

fn report(files: &[(&str, &str)]) -> String {
    let checked = load(files);
    render::report(&checked.source, &checked.diagnostics, 80, false)
}

fn said(checked: &Checked) -> Vec<&str> {
    checked.diagnostics.iter().map(|report| report.message.as_str()).collect()
}

/// The policy cut before a declaration: what stands before, and what stands from there on.
fn cut(before: &str) -> (String, String) {
    let (first, second) = SHOP.split_once(before).unwrap();
    (first.to_owned(), format!("{before}{second}"))
}

#[test]
fn a_policy_cut_into_files_is_the_same_policy() {
    let whole = load(&[("main.meed", SHOP)]);
    let (first, second) = cut("\nearn ");
    let main = format!("use \"parts/rules.meed\"\n{first}");
    let cut = load(&[("main.meed", &main), ("parts/rules.meed", &second)]);
    assert_eq!(said(&cut), said(&whole));
    let (cut, whole) = (cut.policy.unwrap(), whole.policy.unwrap());
    assert_eq!(
        cut.source().files().map(|(name, _)| name).collect::<Vec<_>>(),
        ["shop/main.meed", "shop/parts/rules.meed"]
    );
    assert_ne!(cut.digest(), whole.digest());
    assert_eq!(cut.meaning_digest(), whole.meaning_digest());
    let other = load(&[("main.meed", &main), ("parts/rules.meed", &format!("{second}\n"))]).policy.unwrap();
    assert_ne!(cut.digest(), other.digest());
}

#[test]
fn a_file_used_twice_is_read_once() {
    let (first, second) = cut("\nearn ");
    let main = format!("use \"./parts/../a.meed\"\nuse \"b.meed\"\n{first}");
    let b = "use \"parts/rules.meed\"";
    let a = format!("{b}\nuse \"parts/../b.meed\"");
    let rules = format!("// use \"../main.meed\"\n{second}");
    let checked = load(&[("main.meed", &main), ("a.meed", &a), ("b.meed", b), ("parts/rules.meed", &rules)]);
    assert_eq!(said(&checked), said(&load(&[("main.meed", SHOP)])));
    let names: Vec<_> = checked.source.files().map(|(name, _)| name).collect();
    assert_eq!(names, ["shop/main.meed", "shop/a.meed", "shop/parts/rules.meed", "shop/b.meed"]);
}

#[test]
fn what_is_wrong_is_shown_in_its_file() {
    let (first, second) = cut("\nredeem ");
    let main = format!("use \"rules.meed\"\n{first}");
    // An open block ends with its file; a name declared twice is shown in both.
    let rules = format!("category gift_card \"Gift cards\"\n{second}\n\nvalue rate \"Rate\" {{\n  iz 1%\n");
    let files = [("main.meed", main.as_str()), ("rules.meed", rules.as_str())];
    insta::assert_snapshot!(report(&files));
    let checked = load(&files);
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&Report::new(&checked.source, &checked.diagnostics)).unwrap()
    );
}

#[test]
fn files_that_cannot_be_read_are_shown_where_they_are_used() {
    let main =
        "use \"a.meed\"\nuse \"b.meed\"\nuse \"/etc/c.meed\"\nuse \"c:\\\\d.meed\"\nuse \"\"\nuse \"sub/\"\n";
    let a = "// in a folder\nuse \"sub/a.meed\"";
    let inner = "use \"../gone.meed\"\nuse \"../../../out.meed\"\nuse \"../a.meed\"";
    insta::assert_snapshot!(report(&[("main.meed", main), ("a.meed", a), ("sub/a.meed", inner)]));
}

#[test]
fn a_use_is_one_line_with_a_text() {
    let main = "use cards\nuse cards.meed\nuse 'cards.meed'\nuse \"a.meed\", \"b.meed\"\nuse\nuse \"c.meed\" {\n}\nuze \"d.meed\"\n\
        use \"e.meed\nuse \"f.meed\" from 2021-01-01\n";
    insta::assert_snapshot!(report(&[("main.meed", main)]));
}

#[test]
fn a_policy_has_a_limited_number_of_files() {
    let main = Source::new("f0.meed", "use \"f1.meed\"");
    let checked = load_with(&main, &mut |path| {
        let number: usize = path.trim_start_matches('f').trim_end_matches(".meed").parse().unwrap();
        Ok(format!("use \"f{}.meed\"", number + 1))
    });
    assert_eq!(checked.source.files().len(), MAX_FILES);
    let codes: Vec<_> = checked.diagnostics.iter().map(|report| report.code.name()).collect();
    assert_eq!(codes, ["file-too-large"]);
    assert_eq!(checked.source.name_at(checked.diagnostics[0].primary.span), "f63.meed");
}

#[test]
fn files_have_a_limited_size_together() {
    let uses: String = (1..10).map(|i| format!("use \"f{i}.meed\"\n")).collect();
    let checked = load_with(&Source::new("main.meed", uses), &mut |_| Ok(" ".repeat(1_000_000)));
    let codes: Vec<_> = checked.diagnostics.iter().map(|report| report.code.name()).collect();
    assert_eq!(codes, ["file-too-large"]);
}

#[test]
fn lines_outside_of_every_declaration_are_told_once_for_each_file() {
    let main = format!("use \"rules.meed\"\n{SHOP}\nround down per line\n");
    let checked =
        load(&[("main.meed", &main), ("rules.meed", "round down per order\nwhen order.total > 1 JPY\n")]);
    let one = "this line stands outside of every declaration";
    let more = "these lines stand outside of every declaration";
    assert_eq!(said(&checked), [one, more]);
}
