//! Rows that are events of their own: grants, returns, member facts.

use std::collections::HashMap;

use super::cell::Row;
use super::mapping::Mapping;
use super::source::Field;
use super::{Sink, joined, made_up};
use crate::eval::Refusal;
use crate::wire::content;
use crate::wire::value::{Node, Object, Value};

/// How often each content without an id has come.
#[derive(Default)]
pub(super) struct Events {
    seen: HashMap<String, u64>,
}

impl Events {
    /// The event of one row.
    pub fn add(&mut self, sink: &mut Sink<'_, '_>, mapping: &Mapping, fields: &[Field], row: &Row<'_>) {
        let mut object = match event_object(mapping, fields, row) {
            Ok(object) => object,
            Err(refusal) => return sink.refuse(row.place(), refusal, None, None),
        };
        if object.get("id").is_none() {
            let id = self.made_up_id(sink, &object);
            object.insert("id".to_owned(), Node::new(Value::Text(id)));
        }
        let incoming = sink.reader.event(row.place(), &Node::new(Value::Object(object)));
        sink.out.push(incoming);
    }

    /// From the content; rows with equal content are counted, so that each is an event.
    fn made_up_id(&mut self, sink: &Sink<'_, '_>, object: &Object) -> String {
        let kind = object.get("type").and_then(Node::as_text).unwrap_or("event").to_owned();
        let account = object.get("account").and_then(Node::as_text).unwrap_or("").to_owned();
        let content = content::event(sink.reader, &Node::new(Value::Object(object.clone())));
        let hash = made_up(&content);
        let count = self.seen.entry(content).or_default();
        *count += 1;
        match *count {
            1 => joined(&[&kind, &account, &hash]),
            n => joined(&[&kind, &account, &hash, &n.to_string()]),
        }
    }
}

fn event_object(mapping: &Mapping, fields: &[Field], row: &Row<'_>) -> Result<Object, Refusal> {
    let mut object = Object::default();
    object.insert("account".to_owned(), Node::new(Value::Text(row.text(&mapping.account)?)));
    let mut line = Object::default();
    for field in fields {
        let Some(value) = row.value(field)? else { continue };
        match field.name.as_str() {
            "line" => line.insert("id".to_owned(), value),
            "quantity" | "amount" | "part" => line.insert(field.name.clone(), value),
            name => object.insert(name.to_owned(), value),
        }
    }
    if line.get("id").is_none() {
        // Of a whole order, a reward, or a declared event: no line's.
        for name in ["quantity", "amount", "part"] {
            line.take(name).into_iter().for_each(|value| object.insert(name.to_owned(), value));
        }
    }
    if line.iter().next().is_some() {
        let lines = vec![Node::new(Value::Object(line))];
        object.insert("lines".to_owned(), Node::new(Value::List(lines)));
    }
    Ok(object)
}
