//! The JSON Schema of events, from the table: of one policy's, or of any's.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Field, Kind, Makes, Need, Schema, Shape};
use crate::policy::{FactType, Policy};
use crate::wire::scalar::MAX_TEXT;

/// The JSON Schema (2020-12) of one event: a line of JSON Lines, an item of YAML.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct EventSchema(Json);

/// JSON whose fields stay in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
enum Json {
    Yes(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(IndexMap<String, Json>),
}

impl EventSchema {
    /// What holds for every policy: facts and the names of declared events, pools and rules are left open.
    pub fn of_any_policy() -> EventSchema {
        let description = "what the policy declares (facts, kinds of events, pools, rules, marks, rewards) is checked \
            against the policy";
        EventSchema(Writer { policy: None, schema: &Schema::built_in() }.events("meed:event", description))
    }

    pub(in crate::wire) fn of(policy: &Policy, schema: &Schema<'_>) -> EventSchema {
        let description = format!("as the policy `{}` reads it", policy.name);
        EventSchema(Writer { policy: Some(policy), schema }.events("meed:event-of-policy", &description))
    }
}

/// Writes the rules of a schema.
struct Writer<'s, 'p> {
    policy: Option<&'p Policy>,
    schema: &'s Schema<'p>,
}

impl Writer<'_, '_> {
    fn events(&self, id: &str, description: &str) -> Json {
        let lines =
            |of: Json| object([("type", text("array")), ("minItems", Json::Number(1)), ("items", of)]);
        let name = [("type", text("string")), ("minLength", Json::Number(1)), ("maxLength", longest())];
        let instant = [
            ("type", text("string")),
            ("format", text("date-time")),
            ("description", text("RFC 3339 with an offset")),
        ];
        let count = [("type", text("integer")), ("minimum", Json::Number(1))];
        let money = [
            ("type", text("number")),
            ("minimum", Json::Number(0)),
            ("description", text("in the programme's currency, with no more digits than it has")),
        ];
        let shared = [
            ("name", object(name)),
            ("instant", object(instant)),
            ("count", object(count)),
            ("money", object(money)),
            ("line", self.object(&self.schema.line)),
            ("moved", lines(self.object(&self.schema.moved))),
            ("refunded", lines(self.object(&self.schema.refunded))),
        ];
        object([
            ("$schema", text("https://json-schema.org/draft/2020-12/schema")),
            ("$id", text(id)),
            ("title", text("One event: a line of JSON Lines, an item of YAML")),
            ("description", text(description)),
            ("oneOf", Json::List(self.schema.events.iter().map(|shape| self.object(shape)).collect())),
            ("$defs", object(shared)),
        ])
    }

    fn object(&self, shape: &Shape<'_>) -> Json {
        let field = |field: &Field<'_>| (field.name.to_owned(), self.field(shape, field));
        let needed = |field: &&Field<'_>| matches!(field.need, Need::Required(_));
        let required = shape.fields.iter().filter(needed).map(|field| text(field.name));
        let mut rules = vec![
            ("type", text("object")),
            ("description", text(shape.about)),
            ("properties", Json::Object(shape.fields.iter().map(field).collect())),
            ("required", Json::List(required.collect())),
        ];
        match shape.makes {
            Makes::Transfer => rules.push(("oneOf", some(&["to_account", "to_program"]))),
            Makes::Refund => rules.extend(refund()),
            _ => {}
        }
        if self.policy.is_some() || !has_facts(shape) {
            rules.push(("additionalProperties", Json::Yes(false)));
        }
        object(rules)
    }

    fn field(&self, shape: &Shape<'_>, field: &Field<'_>) -> Json {
        let mut rules = match field.kind {
            Kind::Type => self.kind(shape),
            Kind::Fact(subject, fact) => {
                let fact = self.policy.and_then(|policy| policy.facts.of(subject).try_get(fact));
                fact.map_or_else(Vec::new, |fact| self.fact(&fact.kind))
            }
            kind => self.built_in(kind, &field.need),
        };
        if let Need::Default(default) = &field.need {
            rules.extend(serde_json::from_str(default).ok().map(|default: Json| ("default", default)));
        }
        if !field.about.is_empty() {
            rules.push(("description", text(field.about)));
        }
        object(rules)
    }

    /// The name of an event's type; a declared event's is none of the others.
    fn kind(&self, shape: &Shape<'_>) -> Vec<(&'static str, Json)> {
        if self.policy.is_some() || !matches!(shape.makes, Makes::Declared(_)) {
            return vec![("const", text(shape.name))];
        }
        let others = self.schema.types().filter(|name| *name != shape.name).map(text);
        vec![("type", text("string")), ("not", object([("enum", Json::List(others.collect()))]))]
    }

    fn built_in(&self, kind: Kind, need: &Need) -> Vec<(&'static str, Json)> {
        let shared = |name: &str| vec![("$ref", text(&format!("#/$defs/{name}")))];
        match kind {
            Kind::At | Kind::ExpiresAt => shared("instant"),
            Kind::Points | Kind::Quantity => shared("count"),
            Kind::Price | Kind::Tax | Kind::Discount | Kind::Shipping(_) => shared("money"),
            Kind::MovedLines => shared("moved"),
            Kind::RefundedLines => shared("refunded"),
            Kind::Amount | Kind::ShippingBack => {
                vec![("type", text("number")), ("exclusiveMinimum", Json::Number(0))]
            }
            Kind::Correction => {
                vec![("type", text("integer")), ("not", object([("const", Json::Number(0))]))]
            }
            Kind::OrderLines => vec![
                ("type", text("array")),
                ("minItems", Json::Number(1)),
                ("items", object(shared("line"))),
            ],
            Kind::Redeem => vec![("oneOf", Json::List(vec![points(), self.payment()]))],
            Kind::Coupons => {
                let kinds = Json::List(vec![text("string"), text("number")]);
                vec![("type", text("array")), ("items", object([("type", kinds)]))]
            }
            Kind::Honoured => vec![("type", text("boolean"))],
            Kind::Note => Vec::new(),
            Kind::Sku => self.text(),
            Kind::Reason if !matches!(need, Need::Required(_)) => self.text(),
            Kind::Pool => {
                self.words(self.policy.map(|policy| policy.pools.iter().map(|pool| pool.name.as_str())))
            }
            Kind::Move => {
                self.words(self.policy.map(|policy| policy.moves.iter().map(|rule| rule.name.as_str())))
            }
            Kind::Currency => self.words(self.policy.map(|policy| [policy.currency.name()].into_iter())),
            _ => shared("name"),
        }
    }

    /// Points by redeem rule.
    fn payment(&self) -> Json {
        let rules = &self.schema.redeem.fields;
        match self.policy {
            None => object([("type", text("object")), ("additionalProperties", points())]),
            Some(_) => object([
                ("type", text("object")),
                (
                    "properties",
                    Json::Object(rules.iter().map(|rule| (rule.name.to_owned(), points())).collect()),
                ),
                ("additionalProperties", Json::Yes(false)),
            ]),
        }
    }

    fn fact(&self, kind: &FactType) -> Vec<(&'static str, Json)> {
        let number = |kind| vec![("type", text(kind)), ("minimum", Json::Number(0))];
        match kind {
            FactType::Rate => vec![("type", text("string")), ("pattern", text("^[0-9.eE+-]+%$"))],
            FactType::Count => number("integer"),
            FactType::Quantity => number("number"),
            FactType::Money => vec![("$ref", text("#/$defs/money"))],
            FactType::Date => vec![("type", text("string")), ("format", text("date"))],
            FactType::Text => self.text(),
            FactType::YesNo => vec![("type", text("boolean"))],
            FactType::Category(_) => vec![("$ref", text("#/$defs/name"))],
            FactType::Choice(words) => self.words(Some(words.iter().map(String::as_str))),
        }
    }

    fn text(&self) -> Vec<(&'static str, Json)> {
        vec![("type", text("string")), ("maxLength", longest())]
    }

    /// One of the words that the policy declares; any name where there is no policy.
    fn words<'w>(&self, words: Option<impl Iterator<Item = &'w str>>) -> Vec<(&'static str, Json)> {
        match words {
            Some(words) => vec![("enum", Json::List(words.map(text).collect()))],
            None => vec![("$ref", text("#/$defs/name"))],
        }
    }
}

/// True where facts of the policy stand beside what the table has.
fn has_facts(shape: &Shape<'_>) -> bool {
    matches!(shape.makes, Makes::Order | Makes::OrderLine | Makes::Member | Makes::Declared(_))
}

/// Some of the fields, each in a rule of its own.
fn some(names: &[&str]) -> Json {
    Json::List(names.iter().map(|name| object([required(&[name])])).collect())
}

fn required(names: &[&str]) -> (&'static str, Json) {
    ("required", Json::List(names.iter().map(|name| text(name)).collect()))
}

/// What the fields of a refund of an order say of each other: it is on something; an amount of the whole order stands
/// without lines, unless it is of the shipping; a part is a part of it.
fn refund() -> [(&'static str, Json); 3] {
    let is_shipping = object([("part", object([("const", text("shipping"))]))]);
    let of_shipping = object([("properties", is_shipping), required(&["part"])]);
    let both = object([required(&["lines", "amount"]), ("not", of_shipping)]);
    let part = object([("part", Json::List(vec![text("amount")]))]);
    [("anyOf", some(&["lines", "amount", "shipping"])), ("not", both), ("dependentRequired", part)]
}

fn points() -> Json {
    object([("type", text("integer")), ("minimum", Json::Number(0))])
}

fn longest() -> Json {
    Json::Number(i64::try_from(MAX_TEXT).unwrap_or(i64::MAX))
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn object(fields: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
