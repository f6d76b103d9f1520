//! One spelling for the content of a bad event, so that a copy of it is known as a copy: names sorted, numbers and
//! instants normalised, facts as the policy reads them, defaults and notes left out.

use super::Reader;
use super::event::TYPES;
use super::path::Path;
use super::scalar;
use super::value::{Node, Object, Value};
use crate::policy::{EventId, Fact, Subject};
use crate::value::decimal;

/// Where in an event an object stands: it decides which defaults and facts its fields have.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Event,
    /// A declared event.
    Happening(EventId),
    Order,
    Member,
    OrderLine,
    NamedLine,
    Other,
}

/// The content of an event in one spelling.
pub(super) fn event(reader: &Reader<'_>, node: &Node) -> String {
    let mut out = String::new();
    let part = match &node.value {
        Value::Object(object) => match object.get("type").and_then(Node::as_text) {
            Some("order") => Part::Order,
            Some("member") => Part::Member,
            Some(other) if !TYPES.contains(&other) => {
                reader.event_named(other).map_or(Part::Event, Part::Happening)
            }
            _ => Part::Event,
        },
        _ => Part::Other,
    };
    write(reader, node, part, &mut out);
    out
}

/// The content of one line of an order in one spelling.
#[cfg(feature = "cli")]
pub(super) fn order_line(reader: &Reader<'_>, line: &Object) -> String {
    let mut out = String::new();
    fields(reader, line, Part::OrderLine, &mut out);
    out
}

fn write(reader: &Reader<'_>, node: &Node, part: Part, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(digits) => match decimal::parse(digits) {
            Some(exact) => out.push_str(&exact.to_string()),
            None => out.push_str(digits),
        },
        Value::Text(text) | Value::Word(text) => out.push_str(&format!("{text:?}")),
        Value::List(items) => {
            out.push('[');
            for item in items {
                write(reader, item, part, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(object) => fields(reader, object, part, out),
    }
}

fn fields(reader: &Reader<'_>, object: &Object, part: Part, out: &mut String) {
    let mut all: Vec<(&str, &Node)> = object.iter_all().collect();
    all.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (name, node) in all {
        if part != Part::Other && name == "note" || is_default(reader, part, name, node) {
            continue;
        }
        out.push_str(&format!("{name:?}:"));
        match meant(reader, part, name, node) {
            Some(text) => out.push_str(&text),
            None => write(reader, node, inside(part, name), out),
        }
        out.push(',');
    }
    out.push('}');
}

fn inside(part: Part, name: &str) -> Part {
    match (part, name) {
        (Part::Order, "lines") => Part::OrderLine,
        (Part::Event, "lines") => Part::NamedLine,
        _ => Part::Other,
    }
}

/// True for a field that says what its absence says.
fn is_default(reader: &Reader<'_>, part: Part, name: &str, node: &Node) -> bool {
    let number = match &node.value {
        Value::Number(digits) => decimal::parse(digits),
        _ => None,
    };
    match (part, name) {
        (Part::Order, "redeem") => match &node.value {
            Value::Object(by_rule) => by_rule.iter_all().all(|(_, points)| is_nought(points)),
            _ => is_nought(node),
        },
        (Part::Order, "shipping") => number.is_some_and(|n| n.is_zero()),
        (Part::Order, "honoured") => scalar::yes_no(node, &Path::ROOT) == Ok(false),
        (Part::Order, "currency") => node.as_text() == Some(reader.policy.currency.name()),
        (Part::OrderLine, "quantity") => number.is_some_and(|n| n == crate::value::Ratio::ONE),
        (Part::OrderLine, "tax" | "discount") => number.is_some_and(|n| n.is_zero()),
        (Part::Event, "quantity") => number.is_some_and(|n| n == crate::value::Ratio::ONE),
        (Part::Event, "pool") => match reader.policy.pools.as_slice() {
            [only] => node.as_text() == Some(only.name.as_str()),
            _ => false,
        },
        (Part::Order | Part::OrderLine | Part::Happening(_), _) => declared(reader, part, name)
            .any(|fact| fact.default.is_some() && reader.fact(fact, node, &Path::ROOT).ok() == fact.default),
        _ => false,
    }
}

fn is_nought(node: &Node) -> bool {
    match &node.value {
        Value::Number(digits) => decimal::parse(digits).is_some_and(|number| number.is_zero()),
        _ => false,
    }
}

/// The meaning of instants, categories and facts, where they have one.
fn meant(reader: &Reader<'_>, part: Part, name: &str, node: &Node) -> Option<String> {
    let root = Path::ROOT;
    match (part, name) {
        (Part::Event | Part::Order | Part::Member | Part::Happening(_), "at" | "expires_at") => {
            scalar::instant(node, &root).ok().map(|at| at.to_string())
        }
        (Part::OrderLine, "category") => {
            reader.category(node, &root).ok().map(|category| format!("category {}", category.index()))
        }
        _ => {
            let mut facts = declared(reader, part, name);
            let value = facts.find_map(|fact| reader.fact(fact, node, &root).ok());
            value.map(|value| format!("{value:?}"))
        }
    }
}

fn declared<'r>(reader: &'r Reader<'_>, part: Part, name: &'r str) -> impl Iterator<Item = &'r Fact> {
    let subjects: [Option<Subject>; 2] = match part {
        Part::Order => [Some(Subject::Order), None],
        Part::OrderLine => [Some(Subject::Listing), Some(Subject::Line)],
        Part::Member => [Some(Subject::Member), None],
        Part::Happening(event) => [Some(Subject::Event(event)), None],
        _ => [None, None],
    };
    let facts = subjects.into_iter().flatten().flat_map(|subject| reader.policy.facts.of(subject));
    facts.filter(move |fact| fact.name == name)
}
