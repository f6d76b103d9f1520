//! The published JSON fits its schemas in `docs/schema`.

use serde_json::{Value, json};

use crate::cli::{meed, text};
use crate::support::root;

const POLICY: &str = "policies/amazon_jp/amazon_jp.meed";
const YEAR: &str = "examples/year/events.jsonl";
const HOTEL: &str = "tests/cases/hotel/hotel.meed";
const STAYS: &str = "tests/cases/hotel/events.jsonl";

fn schema(name: &str) -> Value {
    let path = root().join(format!("docs/schema/{name}.schema.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A validator for one schema, which may point into the others.
fn with_validator<T>(name: &str, check: impl FnOnce(&jsonschema::Validator) -> T) -> T {
    let mut registry = jsonschema::Registry::new();
    for other in ["case", "decision", "run"] {
        registry = registry.add(format!("meed:{other}"), schema(other)).unwrap();
    }
    let registry = registry.prepare().unwrap();
    check(&jsonschema::options().with_registry(&registry).build(&schema(name)).unwrap())
}

fn fits(name: &str, document: &Value) -> bool {
    with_validator(name, |validator| validator.is_valid(document))
}

fn assert_fits(name: &str, document: &Value) {
    with_validator(name, |validator| assert_valid(validator, document));
}

fn assert_valid(validator: &jsonschema::Validator, document: &Value) {
    let errors: Vec<_> = validator.iter_errors(document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
}

/// A flight that reaches a level which begins later.
const FLIGHTS: &str = r#"{"id": "f1", "type": "flight", "at": "2021-06-01T10:00:00-04:00", "account": "ann", "miles": 60000, "fare": 100}"#;

#[test]
fn runs_fit() {
    let bad = r#"{"id": "e1", "type": "cash_out", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "points": 50}
{"id": "e2"}
nonsense
{"id": "e3", "type": "grant", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "points": 50}
{"id": "e3", "type": "grant", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "points": 60}"#;
    let year = meed(&["run", POLICY, YEAR, "--json"], "");
    let stays = meed(&["run", HOTEL, STAYS, "--json"], "");
    let levels = meed(&["run", "tests/cases/levels/levels.meed", "-", "--json", "--account", "ann"], FLIGHTS);
    let answer: Value = serde_json::from_slice(&levels.stdout).unwrap();
    let status = &answer["accounts"][0]["tiers"]["status"];
    assert_eq!(
        (&status["progress"]["needs"][0][0], &status["history"][0]["event"]),
        (&json!({"measure": "miles_flown", "has": 60000, "wants": 80000}), &json!("f1"))
    );
    assert_eq!(answer["accounts"][0]["measures"], json!({"miles_flown": 60000}));
    let many = meed(&["run", POLICY, "-", "--json"], &"nonsense\n".repeat(1001));
    assert!(text(&many.stdout).contains(r#""refused_more":{"unreadable-input":1}"#));
    for output in [year, stays, levels, many, meed(&["run", POLICY, "-", "--json"], bad)] {
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

/// What a refund may name, and what not.
#[test]
fn refunds_fit() {
    let refund = |more: Value| {
        let mut event = json!({
            "id": "e1", "type": "refund", "at": "2021-04-03T00:00:00+09:00", "account": "a1", "order": "o1",
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    for good in [
        json!({"lines": [{"id": "l1", "amount": 5}, {"id": "l2", "amount": 5, "part": "tax"}]}),
        json!({"lines": [{"id": "l1", "amount": 5}], "shipping": 5}),
        json!({"amount": 5}),
        json!({"amount": 5, "part": "tax"}),
        json!({"amount": 5, "part": "shipping"}),
        json!({"shipping": 5}),
    ] {
        assert_fits("event", &refund(good));
    }
    for bad in [
        json!({}),
        json!({"part": "tax"}),
        json!({"amount": 5, "lines": [{"id": "l1", "amount": 5}]}),
        json!({"shipping": 5, "part": "tax"}),
    ] {
        assert!(!fits("event", &refund(bad.clone())), "{bad}");
    }
}

#[test]
fn diagnostics_fit() {
    let mut seen = std::collections::BTreeSet::new();
    for folder in crate::support::entries(&crate::support::folder("tests/cases/diagnostics")) {
        let case = crate::support::entries(&folder).remove(0);
        let output = meed(&["check", case.to_str().unwrap(), "--json"], "");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_fits("diagnostics", &report);
        let found = report["diagnostics"].as_array().unwrap();
        let count = |word: &str| found.iter().filter(|one| one["severity"] == word).count();
        assert_eq!(
            (report["errors"].clone(), report["warnings"].clone()),
            (count("error").into(), count("warning").into())
        );
        seen.extend(found.iter().map(|one| one["severity"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen.len(), 2);
    assert_fits(
        "diagnostics",
        &serde_json::from_slice(&meed(&["check", POLICY, "--json"], "").stdout).unwrap(),
    );
}

/// An event or case that the schema refuses is refused by the reader too, and what the reader takes fits the schema.
#[test]
fn input_fits() {
    let policy = crate::support::amazon();
    let mut lines: Vec<Value> = std::fs::read_to_string(root().join(YEAR))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.extend([
        json!({"id": "e", "type": "transfer", "at": "2021-03-01T10:00:00Z", "account": "a", "points": 1.0, "to_program": "p"}),
        json!({"id": "e", "type": "cash_out", "at": "2021-03-01T10:00:00.5Z", "account": "a", "points": 1, "note": [1]}),
        json!({"id": "e", "type": "adjust", "at": "2021-03-01T10:00:00-03:30", "account": "a", "points": -1, "reason": "r"}),
        json!({"id": "e", "type": "opening", "at": "2021-03-01T10:00:00Z", "account": "a", "points": 1, "expires_at": "2022-03-01T10:00:00Z"}),
        json!({"id": "e", "type": "refund", "at": "2021-03-01T10:00:00Z", "account": "a", "order": "o", "lines": [{"id": "l", "amount": 5}]}),
    ]);
    for line in &lines {
        let incoming = crate::support::incoming(policy, std::slice::from_ref(line));
        assert!(incoming[0].body.is_ok(), "{:?}", incoming[0].body);
        assert_fits("event", line);
        if line["type"] == "order" {
            let mut order = line.clone();
            let order = order.as_object_mut().unwrap();
            order.retain(|name, _| !["id", "type", "account"].contains(&name.as_str()));
            let at = order.remove("at").unwrap();
            assert_fits("case", &json!({"at": at, "member": {}, "order": order}));
        }
    }
    assert_fits(
        "case",
        &json!({"at": "2021-03-01T10:00:00Z", "listing": {"points_rate": "2%", "seller": "overseas"}}),
    );
    for line in &lines {
        for name in line.as_object().unwrap().keys().filter(|name| *name != "note") {
            let with = |value: Option<Value>| {
                let mut other = line.clone();
                let fields = other.as_object_mut().unwrap();
                fields.remove(name);
                fields.extend(value.map(|value| (name.clone(), value)));
                fields.insert("colour".to_owned(), json!("red"));
                other
            };
            for other in [None, Some(Value::Null), Some(json!({})), Some(json!("")), Some(json!(-1.5))] {
                let mut other = with(other);
                if other["type"] == "order" || other["type"] == "member" {
                    other.as_object_mut().unwrap().remove("colour");
                }
                if !fits("event", &other) {
                    let incoming = crate::support::incoming(policy, std::slice::from_ref(&other));
                    assert!(incoming[0].body.is_err(), "{other}");
                }
            }
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

/// What is asked about accounts, and what is answered, in one pool and in several, of orders and declared events.
#[test]
fn quotes_fit() {
    let book = r#"{"lines": [{"id": "l1", "category": "book", "price": 1500, "points_rate": "2%", "seller": "domestic"}]}"#;
    let year = format!(
        "{{\"id\": \"c1\", \"account\": \"hanako\", \"at\": \"2025-12-30T13:00:00+09:00\", \"order\": {book}}}\n\
         {{\"account\": \"taro\", \"at\": \"2025-12-30T13:00:00+09:00\", \"order\": {book}}}"
    );
    let flight = r#"{"id": "f2", "account": "ann", "at": "2021-06-02T10:00:00-04:00", "event": {"type": "flight", "miles": 30000, "fare": 100}}"#;
    let stay = r#"{"account": "ann", "at": "2021-06-02T10:00:00Z", "event": {"type": "stay", "category": "hotel", "nights": 1, "charges": 10.5}}"#;
    let refused = r#"{"id": "c2", "at": "2025-12-30T13:00:00+09:00", "order": {"lines": []}}"#;
    for (policy, events, cases) in [
        (POLICY, YEAR, year.as_str()),
        (HOTEL, STAYS, stay),
        ("tests/cases/levels/levels.meed", "tests/cases/quotes/flights.jsonl", flight),
    ] {
        for more in [&["--json"][..], &["--json", "--explain"]] {
            let arguments = [&["decide", policy, "--events", events], more].concat();
            for case in cases.lines() {
                assert_fits("question", &serde_json::from_str(case).unwrap());
                let answer = serde_json::from_slice(&meed(&arguments, case).stdout).unwrap();
                assert_fits("quote", &answer);
                assert_eq!(answer["error"], Value::Null, "{answer}");
            }
            let answer = serde_json::from_slice(&meed(&arguments, refused).stdout).unwrap();
            assert_fits("quote", &answer);
            assert_eq!((&answer["id"], &answer["error"]["path"]), (&json!("c2"), &json!("account")));
        }
    }
    assert!(!fits("question", &serde_json::from_str(refused).unwrap()));
}
