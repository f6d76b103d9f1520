//! The table of fields holds for what is read, for the published JSON Schemas, and for the page of events.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value as Json;

use super::policy::{general, policy};
use super::*;
use crate::wire::EventSchema;
use crate::wire::schema::{Field, Kind, Makes, Need, Schema, Shape};

/// Where the page of events goes on with what is written here.
const MARK: &str = "<!-- What follows is written from the table of fields. -->\n";

/// Compares a file with what it should hold; `INSTA_UPDATE=always` rewrites it.
#[expect(clippy::disallowed_methods, reason = "it is about files")]
fn holds(name: &str, wanted: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        there == wanted,
        "{name} differs from the table; INSTA_UPDATE=always cargo test --lib rewrites it"
    );
}

#[test]
fn the_published_schema_of_events_is_that_of_the_table() {
    let schema = serde_json::to_string_pretty(&EventSchema::of_any_policy()).unwrap() + "\n";
    holds("docs/schema/event.schema.json", &schema);
}

#[test]
fn the_published_schema_of_cases_has_the_fields_of_the_table() {
    let text = include_str!("../../../docs/schema/case.schema.json");
    let schema: Json = serde_json::from_str(text).unwrap();
    let built_in = Schema::built_in();
    let event = &built_in.asked_events.as_slice()[0];
    for (place, shape) in [
        ("/properties/order", &built_in.asked_order),
        ("/properties/event", event),
        ("/properties/listing", &built_in.asked_listing),
        ("/$defs/line", &built_in.line),
    ] {
        let there = schema.pointer(place).unwrap();
        let mut names: Vec<&str> =
            there["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known: Vec<&str> = shape.fields.iter().map(|field| field.name).collect();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known, "{place}");
        let required: Vec<&str> =
            there["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        let needed: Vec<&str> =
            shape.fields.iter().filter(|field| is_needed(field)).map(|field| field.name).collect();
        assert_eq!(required, needed, "{place}");
    }
}

fn is_needed(field: &Field<'_>) -> bool {
    matches!(field.need, Need::Required(_))
}

#[test]
fn the_page_of_events_is_that_of_the_table() {
    let page = include_str!("../../../docs/events.md").replace("\r\n", "\n");
    let (head, _) = page.split_once(MARK).unwrap();
    holds("docs/events.md", &format!("{head}{MARK}{}", page_of(&Schema::built_in())));
}

fn page_of(schema: &Schema<'_>) -> String {
    let mut out = String::new();
    for shape in &schema.events {
        let name = match shape.makes {
            Makes::Declared(_) => "A declared event".to_owned(),
            Makes::CancelEvent | Makes::RefundEvent => format!("`{}` of an event", shape.name),
            _ => format!("`{}`", shape.name),
        };
        section(&name, shape, &mut out);
    }
    section("A line of an order", &schema.line, &mut out);
    section("A line that moves", &schema.moved, &mut out);
    section("A line that money is given back on", &schema.refunded, &mut out);
    out
}

fn section(name: &str, shape: &Shape<'_>, out: &mut String) {
    let facts = match shape.makes {
        Makes::Order => Some("the facts that the policy declares on orders"),
        Makes::Member => Some("the facts that the policy declares on members"),
        Makes::Declared(_) => Some("its facts, as the policy declares them"),
        Makes::OrderLine => Some("the facts that the policy declares on listings and on lines"),
        _ => None,
    };
    write!(out, "\n## {name}\n\n{}\n", shape.about).unwrap();
    let own = |field: &&Field<'_>| {
        !matches!(field.kind, Kind::Note | Kind::Type | Kind::At | Kind::Account)
            && (field.kind != Kind::Id || matches!(shape.makes, Makes::OrderLine | Makes::Part))
    };
    let fields: Vec<&Field<'_>> = shape.fields.iter().filter(own).collect();
    if !fields.is_empty() {
        out.push_str("\n| field | what stands there | where left out | |\n|---|---|---|---|\n");
    }
    for field in fields {
        let absent = match &field.need {
            Need::Required(_) => "must be there".to_owned(),
            Need::Optional => String::new(),
            Need::Default(default) => format!("`{default}`"),
        };
        writeln!(out, "| `{}` | {} | {absent} | {} |", field.name, value(field), field.about).unwrap();
    }
    if let Some(facts) = facts {
        writeln!(out, "\nBeside these: {facts}.").unwrap();
    }
}

/// What stands in a field, in words.
fn value(field: &Field<'_>) -> &'static str {
    match field.kind {
        Kind::At | Kind::ExpiresAt => "an instant",
        Kind::OrderLines | Kind::MovedLines | Kind::RefundedLines => "a list of lines",
        Kind::Price | Kind::Tax | Kind::Discount | Kind::Shipping(_) => "an amount, 0 or more",
        Kind::Amount | Kind::ShippingBack => "an amount above 0",
        Kind::Points | Kind::Quantity => "a whole number, 1 or more",
        Kind::Correction => "a whole number, not 0",
        Kind::Redeem => "a whole number, or an object",
        Kind::Coupons => "a list",
        Kind::Honoured => "true or false",
        Kind::Note => "anything",
        Kind::Sku => "a text",
        Kind::Reason if !is_needed(field) => "a text",
        _ => "a name",
    }
}

/// What a field must be for an event to be read, and what its absence says, is what the table says.
#[test]
fn the_table_says_what_must_be_there_and_what_absence_says() {
    for policy in [policy("JPY"), policy("USD"), general()] {
        let reader = Reader::new(policy);
        for line in super::both_ways::good_lines(policy) {
            let event: Json = serde_json::from_str(&line).unwrap();
            let kind = event["type"].as_str().unwrap();
            let shape = reader.schema.event(kind, event.get("event").is_some()).unwrap();
            says_what_is_read(&reader, shape, &event, &|changed| changed.clone());
            let lines = match kind {
                "order" => &reader.schema.line,
                "refund" => &reader.schema.refunded,
                _ => &reader.schema.moved,
            };
            if let Some(line) = event.pointer("/lines/0") {
                says_what_is_read(&reader, lines, line, &|line| {
                    let mut event = event.clone();
                    *event.pointer_mut("/lines/0").unwrap() = line.clone();
                    event
                });
            }
        }
    }
}

/// Tries every field of an object of an event; `within` puts the changed object into it.
fn says_what_is_read(reader: &Reader<'_>, shape: &Shape<'_>, object: &Json, within: &dyn Fn(&Json) -> Json) {
    let read = |object: &Json| reader.event_line(Place::default(), &within(object).to_string()).body;
    for field in &shape.fields {
        let without = changed(object, field.name, None);
        let body = read(&without);
        match &field.need {
            // What it is about chooses how it is read.
            Need::Required(_) if field.kind == Kind::AboutEvent => assert!(body.is_err(), "{without}"),
            Need::Required(missing) => assert_eq!(&body.unwrap_err().refusal.message, missing, "{without}"),
            Need::Optional => {}
            Need::Default(default) => {
                let with = changed(object, field.name, Some(serde_json::from_str(default).unwrap()));
                assert_eq!(body.unwrap(), read(&with).unwrap(), "{with}");
            }
        }
    }
}

fn changed(event: &Json, name: &str, value: Option<Json>) -> Json {
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    fields.remove(name);
    fields.extend(value.map(|value| (name.to_owned(), value)));
    event
}

/// What a policy reads fits its own JSON Schema; what the schema refuses is refused.
#[test]
fn events_fit_the_schema_of_their_policy() {
    for policy in [policy("JPY"), policy("USD"), general()] {
        let reader = Reader::new(policy);
        let schema = serde_json::to_value(reader.event_schema()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong = ["null", "\"\"", "-1.5", "[]", "{}", "\"x\"", "true"]
            .map(|text| serde_json::from_str::<Json>(text).unwrap());
        for line in super::both_ways::good_lines(policy) {
            let event: Json = serde_json::from_str(&line).unwrap();
            assert!(validator.is_valid(&event), "{line}");
            assert!(!validator.is_valid(&changed(&event, "colour", Some("red".into()))), "{line}");
            for name in event.as_object().unwrap().keys().filter(|name| *name != "note") {
                for value in std::iter::once(None).chain(wrong.iter().cloned().map(Some)) {
                    let other = changed(&event, name, value);
                    let read = reader.event_line(Place::default(), &other.to_string()).body;
                    assert!(validator.is_valid(&other) || read.is_err(), "{other}");
                }
            }
        }
    }
}
