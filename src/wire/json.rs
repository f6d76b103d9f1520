//! JSON text to [`Node`]s, through serde_json. A number keeps its digits: with `arbitrary_precision`, serde_json
//! hands over one that is no 64-bit integer as a map with a private name and an owned text, which no object in
//! the text can look like.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::value::{MAX_DEPTH, Node, Object, Value};
use crate::eval::{Refusal, RefusalCode};

/// The private name under which serde_json gives a number.
const NUMBER_NAME: &str = "$serde_json::private::Number";

/// Reads one JSON value, which must be all of `text`.
pub(crate) fn parse(text: &str) -> Result<Node, Refusal> {
    let too_deep = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Seed { depth: 0, too_deep: &too_deep };
    let read = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    read.map(Node::new).map_err(|error| unreadable(&error, too_deep.get()))
}

fn unreadable(error: &serde_json::Error, too_deep: bool) -> Refusal {
    if too_deep {
        let message = format!("lists and objects are nested more than {MAX_DEPTH} deep");
        return Refusal::new(RefusalCode::TooLarge, "", message);
    }
    let text = error.to_string();
    let what = in_words(text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what));
    let help = if error.is_eof() { "; each event stands whole on a line of its own" } else { "" };
    let message = format!("this is not JSON: {what}, at column {}{help}", error.column());
    Refusal::new(RefusalCode::UnreadableInput, "", message)
}

/// The parser's words, for people who do not know it.
fn in_words(what: &str) -> String {
    match what {
        "expected ident" | "expected value" => "a value is expected".to_owned(),
        "key must be a string" => "a field's name must be a text in double quotes".to_owned(),
        "EOF while parsing a value" => "it ends where a value is expected".to_owned(),
        _ if what.starts_with("control character") => {
            "a text holds a control character; write a line break as \\n, a tab as \\t".to_owned()
        }
        _ => match what.strip_prefix("EOF while parsing ") {
            Some(inside) => format!("it ends inside {inside}"),
            None => what.to_owned(),
        },
    }
}

#[derive(Clone, Copy)]
struct Seed<'c> {
    depth: usize,
    too_deep: &'c Cell<bool>,
}

impl<'c> Seed<'c> {
    fn deeper<E: Error>(self) -> Result<Seed<'c>, E> {
        if self.depth >= MAX_DEPTH {
            self.too_deep.set(true);
            return Err(E::custom("nested too deeply"));
        }
        Ok(Seed { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = items.next_element_seed(seed)? {
            list.push(Node::new(value));
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        let Some(first) = fields.next_key::<String>()? else {
            self.deeper::<A::Error>()?;
            return Ok(Value::Object(object));
        };
        if first == NUMBER_NAME {
            // A number's text comes owned; a text inside an object never does.
            if let Some(number) = fields.next_value_seed(NumberText)? {
                return Ok(Value::Number(number));
            }
            return Err(A::Error::custom(format!("`{NUMBER_NAME}` is not a field name")));
        }
        let seed = self.deeper()?;
        object.insert(first, Node::new(fields.next_value_seed(seed)?));
        while let Some(name) = fields.next_key::<String>()? {
            object.insert(name, Node::new(fields.next_value_seed(seed)?));
        }
        Ok(Value::Object(object))
    }
}

/// The digits of a number, or None for anything that stood in the text as a field's value.
struct NumberText;

impl<'de> DeserializeSeed<'de> for NumberText {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NumberText {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the digits of a number")
    }

    fn visit_string<E>(self, digits: String) -> Result<Option<String>, E> {
        Ok(Some(digits))
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<String>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<String>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
