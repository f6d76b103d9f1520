//! Input as an embedder or the command sees it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use meed::{Mapping, Reader, Source, read_file};

fn policy() -> meed::Policy {
    let text = std::fs::read_to_string(crate::support::folder("tests/cases/wire/shop.meed")).unwrap();
    let checked = meed::load(&Source::new("shop.meed", text));
    checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}

/// What came of an input: the id, or the line and the refusal, of each.
fn read(name: &str) -> String {
    let policy = policy();
    let reader = Reader::new(&policy);
    let text = std::fs::read_to_string(crate::support::folder("tests/cases/wire/mapping.yaml")).unwrap();
    let mapping = Mapping::read(&reader, &text).unwrap();
    let file = std::fs::File::open(crate::support::folder("tests/cases/wire").join(name)).unwrap();
    let mut out = String::new();
    for one in read_file(&reader, name, file, Some(&mapping)).unwrap() {
        let one = one.unwrap();
        let place = one.place.line.map_or(String::new(), |line| line.to_string());
        out += &match one.body {
            Ok(event) => {
                format!("{place}: {} {} of {} at {}\n", event.word(), event.id, event.account, event.at)
            }
            Err(rejected) => {
                let refusal = rejected.refusal;
                let id = rejected.id.as_deref().unwrap_or("?");
                format!(
                    "{place}: {id} refused, {} `{}`: {}\n",
                    refusal.code.name(),
                    refusal.path,
                    refusal.message
                )
            }
        };
    }
    out
}

#[test]
fn events_in_each_form() {
    for name in ["events.jsonl", "events.yaml", "orders.csv"] {
        insta::assert_snapshot!(name, read(name));
    }
}
