//! Bad input never panics, whole way through: policies that were damaged are checked, shown and, where they still are
//! policies, run; histories that were damaged are replayed, and nothing is lost or invented.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use meed::{Options, Source, load};

use crate::support::{AMAZON, amazon, answer, decide, incoming, read, replay};

const YEAR: &str = include_str!("../../examples/year/events.jsonl");

/// What is put in, beside any byte and what stands elsewhere in the text.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "\"",
    ",",
    "\n",
    "\r",
    "\u{feff}",
    "\u{202e}",
    "é",
    "0",
    "-1",
    "1e30",
    "99999999999999999999",
    "%",
    ".5",
    "null",
    "[[[[",
    "not ",
    " and ",
    "100%",
    "9999-12-31",
    "0 JPY",
    "\u{0}",
    "//",
];

/// `text` with stretches taken out, moved and put in, as bytes.
fn damaged(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<Index>(), any::<Index>(), 0..5u8, 0..30usize, any::<u8>());
    proptest::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (to, from, how, length, byte) in edits {
            let (to, from) = (to.index(bytes.len()), from.index(text.len()));
            let piece: Vec<u8> = match how {
                0 => vec![byte],
                1 | 2 => text.as_bytes()[from..(from + length).min(text.len())].to_vec(),
                3 => PIECES[usize::from(byte) % PIECES.len()].as_bytes().to_vec(),
                _ => Vec::new(),
            };
            let gone = if how % 2 == 0 { length.min(bytes.len() - to) } else { 0 };
            bytes.splice(to..to + gone, piece);
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        bytes
    })
}

/// How many damages are tried; `MEED_CASES` asks for more in a long run.
fn cases() -> u32 {
    std::env::var("MEED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

fn order() -> Value {
    serde_json::json!({"at": "2021-03-01T10:00:00+09:00", "order": {"paid_with": "amazon_mastercard", "redeem": 10, "lines": [
        {"id": "l1", "category": "book", "price": 1500, "quantity": 3, "points_rate": "2%", "seller": "domestic"},
        {"id": "l2", "category": "video", "price": 0, "points_rate": "95%", "seller": "overseas"}]}})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_policies_are_checked_shown_and_run(bytes in damaged(AMAZON), width in 0u16..200) {
        let source = Source::new("policy.meed", String::from_utf8_lossy(&bytes).into_owned());
        let checked = load(&source);
        let shown = meed::internal::render::report(&source, &checked.diagnostics, width, width % 2 == 0);
        prop_assert_eq!(shown.is_empty(), checked.diagnostics.is_empty());
        prop_assert!(width % 2 == 0 || !shown.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{shown:?}");
        serde_json::to_string(&meed::answer::Report::new(&source, &checked.diagnostics)).unwrap();
        if let Some(policy) = &checked.policy {
            let decision = decide(policy, &order());
            prop_assert!(decision.get("points").is_some() || decision.get("error").is_some());
            let options = Options::default().keep_entries();
            answer(policy, &replay(policy, read(policy, YEAR), &options));
        }
    }

    #[test]
    fn damaged_histories_are_replayed(bytes in damaged(YEAR)) {
        let options = Options::default().keep_entries();
        let incoming = meed::Reader::new(amazon()).json_lines(None, &bytes[..]).map(Result::unwrap).collect();
        let outcome = replay(amazon(), incoming, &options);
        for account in &outcome.accounts {
            prop_assert!(account.balance().is_conserved());
        }
        answer(amazon(), &outcome);
    }

    #[test]
    fn damaged_cases_are_answered(bytes in damaged(CASE)) {
        let line = String::from_utf8_lossy(&bytes);
        let reader = meed::Reader::new(amazon());
        if let Ok(meed::Case::Order { at, member, order }) = reader.case(&line) {
            let _ = meed::decide(amazon(), at, &member, &order);
        }
    }
}

const CASE: &str = r#"{"at": "2021-03-01T10:00:00+09:00", "member": {}, "order": {"redeem": 10, "shipping": 300, "coupons": ["x"], "lines": [{"id": "l1", "category": "book", "price": 1500.0, "quantity": 3, "tax": 1e2, "discount": 0, "points_rate": "2.0%", "seller": "domestic"}]}}"#;

/// Copies are found by their content, not pair by pair, and a conflict names some of its places and counts the rest.
#[test]
fn many_differing_copies_of_one_id_are_one_short_refusal() {
    let grant = |points: usize| serde_json::json!({"id": "e", "type": "grant", "at": "2021-04-01T00:00:00+09:00", "account": "a", "points": points});
    let mut events: Vec<Value> = (1..=10_000).map(grant).collect();
    events.push(grant(1));
    let outcome = replay(amazon(), crate::support::incoming(amazon(), &events), &Options::default());
    assert_eq!((outcome.refused.len(), outcome.duplicates, outcome.accepted), (1, 1, 0));
    let refused = &outcome.refused[0];
    assert_eq!((refused.refusal.code.name(), refused.places.len()), ("conflicting-event", 20));
    assert_eq!(
        refused.refusal.message,
        "10000 events share the id `e` and differ in content; none of them counts; the first 20 places are named, 9981 more are not"
    );
}

/// Bad lines take no memory: so many are listed and the others counted, the same in whatever order they came, sorted or not.
#[test]
fn unreadable_lines_are_listed_to_a_bound_and_counted_beyond_it() {
    let bad = |i: usize| ["nonsense", r#"{"type": "grant"}"#, "[]"][i % 3];
    let mut lines: Vec<&str> = (0..3000).map(bad).collect();
    lines.push(YEAR.lines().next().unwrap());
    let run = |lines: &[&str], sorted: bool| {
        let options = Options::default();
        let incoming = read(amazon(), &lines.join("\n"));
        let outcome = match sorted {
            true => crate::support::replay_sorted(amazon(), incoming, &options),
            false => replay(amazon(), incoming, &options),
        };
        assert_eq!((outcome.refused.len(), outcome.accepted), (1000, 1));
        assert_eq!(outcome.refused_more.values().sum::<u64>(), 2000);
        let listed = outcome.refused.iter().map(|refused| refused.refusal.message.clone());
        (listed.collect::<Vec<_>>(), outcome.refused_more)
    };
    let first = run(&lines, false);
    assert_eq!(first, run(&lines, true));
    lines.reverse();
    assert_eq!(first, run(&lines, false));
}

/// A sum that does not fit is refused by the rule at which it went too far, and by no other.
#[test]
fn sums_that_do_not_fit_name_the_rule() {
    let rule = |name: &str, each: &str| {
        format!("earn {name} \"Much\" {{ each {each} gives 5,000,000,000,000,000,000 points }}\n")
    };
    let lines = |count: usize| -> Vec<Value> {
        (0..count).map(|id| json!({"id": id.to_string(), "price": 1})).collect()
    };
    let plain = include_str!("../cases/chains/chains.meed");
    let (head, tail) = (plain.find("measure").unwrap(), plain.find("forbid").unwrap());
    let with = |rules: &str| format!("{}{rules}{}", &plain[..head], &plain[tail..]);
    for (rules, count, name) in [
        (rule("first", "order") + &rule("second", "order"), 1, "second"),
        (rule("first", "line") + &rule("second", "order"), 2, "first"),
    ] {
        let policy = load(&Source::new("policy.meed", with(&rules))).policy.unwrap();
        let case = json!({"at": "2024-01-01T00:00:00+09:00", "order": {"lines": lines(count)}});
        let error = &decide(&policy, &case)["error"];
        assert_eq!((error["code"].as_str(), error["rule"].as_str()), (Some("overflow"), Some(name)));
    }
    let policy = load(&Source::new("policy.meed", with(&rule("first", "line")))).policy.unwrap();
    let order = json!({"id": "e", "type": "order", "order": "o", "account": "a",
        "at": "2024-01-01T00:00:00+09:00", "lines": lines(2)});
    let outcome = replay(&policy, incoming(&policy, &[order]), &Options::default());
    let refusal = &outcome.refused[0].refusal;
    assert_eq!((refusal.code.name(), refusal.rule.as_deref()), ("overflow", Some("first")));
}
