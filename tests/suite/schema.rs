//! The published JSON fits its schemas in `docs/schema`.

use serde_json::Value;

use crate::cli::{meed, text};
use crate::support::root;

const POLICY: &str = "policies/amazon_jp/amazon_jp.meed";
const YEAR: &str = "examples/year/events.jsonl";
const HOTEL: &str = "tests/cases/hotel/hotel.meed";
const STAYS: &str = "tests/cases/hotel/events.jsonl";

fn assert_fits(name: &str, document: &Value) {
    let path = root().join(format!("docs/schema/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let errors: Vec<_> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
}

#[test]
fn runs_fit() {
    let bad = r#"{"id": "e1", "type": "cash_out", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "points": 50}
{"id": "e2"}
nonsense
{"id": "e3", "type": "grant", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "points": 50}
{"id": "e3", "type": "grant", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "points": 60}"#;
    let year = meed(&["run", POLICY, YEAR, "--json"], "");
    let stays = meed(&["run", HOTEL, STAYS, "--json"], "");
    for output in [year, stays, meed(&["run", POLICY, "-", "--json"], bad)] {
        assert_fits("run", &serde_json::from_slice(&output.stdout).unwrap());
    }
}

#[test]
fn events_fit() {
    for file in [YEAR, STAYS] {
        let events = std::fs::read_to_string(root().join(file)).unwrap();
        for line in events.lines().filter(|line| !line.trim().is_empty()) {
            assert_fits("event", &serde_json::from_str(line).unwrap());
        }
    }
}

#[test]
fn entries_fit() {
    for (policy, events) in [(POLICY, YEAR), (HOTEL, STAYS)] {
        let output = meed(&["run", policy, events, "--ledger", "-"], "");
        assert!(!output.stdout.is_empty());
        for line in text(&output.stdout).lines() {
            assert_fits("entry", &serde_json::from_str(line).unwrap());
        }
    }
}

#[test]
fn decisions_fit() {
    let cases = r#"{"at": "2021-03-01T10:00:00+09:00", "order": {"lines": [{"id": "l1", "category": "video", "price": 49, "points_rate": "2%", "seller": "domestic"}]}}
{"at": "2021-03-01T10:00:00+09:00", "listing": {"points_rate": "2%", "seller": "overseas"}}
{"at": "2021-03-01T10:00:00+09:00", "listing": {"points_rate": "2%"}}"#;
    for case in cases.lines() {
        assert_fits("case", &serde_json::from_str(case).unwrap());
    }
    for arguments in [&["decide", POLICY, "--json"][..], &["decide", POLICY, "--json", "--explain"]] {
        for line in text(&meed(arguments, cases).stdout).lines() {
            assert_fits("decision", &serde_json::from_str(line).unwrap());
        }
    }
}

#[test]
fn decisions_on_declared_events_fit() {
    let case = r#"{"at": "2021-03-01T10:00:00Z", "member": {"status": "gold", "nights": 12, "spend": {"suite": 1}}, "event": {"type": "stay", "category": "hotel", "nights": 1, "charges": 10.5}}"#;
    assert_fits("case", &serde_json::from_str(case).unwrap());
    let answer: Value = serde_json::from_slice(&meed(&["decide", HOTEL, "--json"], case).stdout).unwrap();
    assert_fits("decision", &answer);
    assert_eq!((&answer["points"], &answer["pools"]["points"]), (&105.into(), &105.into()), "{answer}");
}
