//! One spelling for what data says, so that a copy of a bad event is known as a copy, and so that ids can be made of
//! content: names sorted; numbers, instants and facts in one form; defaults and notes left out. It hangs on nothing but
//! the data and the names that the policy declares.

use super::Reader;
use super::path::Path;
use super::schema::{Field, Kind, Makes, Need, Shape};
use super::value::{Node, Object, Value};
use crate::policy::FactType;
use crate::value::decimal;

/// The content of an event.
pub(super) fn event(reader: &Reader<'_>, node: &Node) -> String {
    let mut out = String::new();
    match &node.value {
        Value::Object(object) => {
            let kind = object.get("type").and_then(Node::as_text).unwrap_or_default();
            let shape = reader.schema.event(kind, object.get("event").is_some());
            fields(reader, shape.unwrap_or(&reader.schema.any_event), object, &mut out);
        }
        _ => write(node, &mut out),
    }
    out
}

/// The content of a line of an order.
#[cfg(feature = "csv")]
pub(super) fn line(reader: &Reader<'_>, line: &Object) -> String {
    let mut out = String::new();
    fields(reader, &reader.schema.line, line, &mut out);
    out
}

fn fields(reader: &Reader<'_>, shape: &Shape<'_>, object: &Object, out: &mut String) {
    let mut all: Vec<(&str, &Node)> = object.iter_all().collect();
    all.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (name, node) in all {
        let mut said = String::new();
        match shape.find(name) {
            Some(field) => of_field(reader, field, node, &mut said),
            None => write(node, &mut said),
        }
        let silent = shape.find(name).is_some_and(|field| match &field.need {
            Need::Default(default) => *default == said,
            _ => field.kind == Kind::Note,
        });
        if !silent {
            out.push_str(&format!("{name:?}:{said},"));
        }
    }
    out.push('}');
}

/// The value of a field by what it means, or as it stands where it means nothing.
fn of_field(reader: &Reader<'_>, field: &Field<'_>, node: &Node, out: &mut String) {
    let lines = match field.kind {
        Kind::OrderLines => Some(&reader.schema.line),
        Kind::MovedLines => Some(&reader.schema.moved),
        Kind::RefundedLines => Some(&reader.schema.refunded),
        Kind::Redeem => Some(&reader.schema.redeem),
        _ => None,
    };
    match (&node.value, lines) {
        (Value::List(items), Some(shape)) if shape.makes != Makes::Payment => {
            out.push('[');
            for item in items {
                match &item.value {
                    Value::Object(object) => fields(reader, shape, object, out),
                    _ => write(item, out),
                }
                out.push(',');
            }
            out.push(']');
        }
        (Value::Object(object), Some(shape)) if shape.makes == Makes::Payment => {
            fields(reader, shape, object, out);
            // No points by any rule are no points.
            if out == "{}" {
                "0".clone_into(out);
            }
        }
        _ => match meant(reader, field, node) {
            Some(text) => out.push_str(&text),
            None => write(node, out),
        },
    }
}

/// The meaning of instants, categories, facts and yes or no.
fn meant(reader: &Reader<'_>, field: &Field<'_>, node: &Node) -> Option<String> {
    let root = Path::ROOT;
    let category = || {
        let category = reader.category(node.into(), &root).ok()?;
        Some(format!("{:?}", reader.policy.categories[category].name))
    };
    match field.kind {
        Kind::At | Kind::ExpiresAt => super::scalar::instant(node, &root).ok().map(|at| format!("\"{at}\"")),
        Kind::Honoured => super::scalar::yes_no(node, &root).ok().map(|yes| yes.to_string()),
        Kind::Category => category(),
        Kind::Fact(subject, id) => {
            let fact = &reader.policy.facts.of(subject)[id];
            if let FactType::Category(_) = fact.kind {
                return category();
            }
            let value = reader.fact(fact, node.into(), &root).ok()?;
            Some(super::facts::spelt(reader.policy, fact, &value))
        }
        _ => None,
    }
}

/// A value as it stands, its fields in order and its numbers in one form.
fn write(node: &Node, out: &mut String) {
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
            items.iter().for_each(|item| {
                write(item, out);
                out.push(',');
            });
            out.push(']');
        }
        Value::Object(object) => {
            let mut all: Vec<(&str, &Node)> = object.iter_all().collect();
            all.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, node) in all {
                out.push_str(&format!("{name:?}:"));
                write(node, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}
