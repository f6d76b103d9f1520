//! Orders and events that a program builds: fields by their names, as in data, and checked against the policy by the same
//! table and the same readers.

use jiff::Timestamp;

use super::Reader;
use super::cursor::Tree;
use super::order::Aside;
use super::path::Path;
use super::value::{Node, Object, Value};
use crate::eval::{Order, Refusal};
use crate::ledger::event::Event;

/// The value of a field: a text, a number, or yes or no.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue(Value);

impl FieldValue {
    /// A number by its digits, as data writes it: `12.50`.
    pub fn number(digits: impl Into<String>) -> FieldValue {
        FieldValue(Value::Number(digits.into()))
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> FieldValue {
        FieldValue::number(number.to_string())
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> FieldValue {
        FieldValue(Value::Text(text.to_owned()))
    }
}

impl From<bool> for FieldValue {
    fn from(yes: bool) -> FieldValue {
        FieldValue(Value::Bool(yes))
    }
}

impl From<Timestamp> for FieldValue {
    fn from(at: Timestamp) -> FieldValue {
        FieldValue(Value::Text(at.to_string()))
    }
}

/// A line of an order, or one that ships, is cancelled, returned or refunded, before it is checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineDraft(Fields);

impl LineDraft {
    /// The line of this id.
    pub fn new(id: &str) -> LineDraft {
        LineDraft::default().with("id", id)
    }

    /// The price of one unit, in the currency's main unit: 1500 yen, `FieldValue::number("12.50")` dollars.
    pub fn price(self, price: impl Into<FieldValue>) -> LineDraft {
        self.with("price", price)
    }

    /// How many units.
    pub fn quantity(self, units: i64) -> LineDraft {
        self.with("quantity", units)
    }

    /// A category of the policy.
    pub fn category(self, name: &str) -> LineDraft {
        self.with("category", name)
    }

    /// Any field of a line, or a fact that the policy declares on lines or listings.
    pub fn with(mut self, name: &str, value: impl Into<FieldValue>) -> LineDraft {
        self.0.set(name, value.into());
        self
    }
}

/// An order before it is checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderDraft(Fields);

impl OrderDraft {
    /// An order without lines.
    pub fn new() -> OrderDraft {
        OrderDraft::default()
    }

    /// One more line.
    pub fn line(mut self, line: LineDraft) -> OrderDraft {
        self.0.lines.push(line.0.into_node());
        self
    }

    /// Any field of an order, such as `redeem` and `shipping`, or a fact that the policy declares on orders.
    pub fn with(mut self, name: &str, value: impl Into<FieldValue>) -> OrderDraft {
        self.0.set(name, value.into());
        self
    }
}

/// An event before it is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDraft(Fields);

impl EventDraft {
    /// An event of a type that `docs/events.md` lists, or that the policy declares; its other fields follow by
    /// [`with`](EventDraft::with).
    pub fn new(kind: &str, id: &str, at: Timestamp, account: &str) -> EventDraft {
        EventDraft(Fields::default())
            .with("type", kind)
            .with("id", id)
            .with("at", at)
            .with("account", account)
    }

    /// An order is placed; the event takes its number for its id.
    pub fn order(number: &str, at: Timestamp, account: &str, order: OrderDraft) -> EventDraft {
        let mut event = EventDraft::new("order", number, at, account).with("order", number);
        for (name, node) in order.0.object.iter_all() {
            event.0.object.insert(name.to_owned(), node.clone());
        }
        event.0.lines = order.0.lines;
        event
    }

    /// Points from elsewhere.
    pub fn grant(id: &str, at: Timestamp, account: &str, points: i64) -> EventDraft {
        EventDraft::new("grant", id, at, account).with("points", points)
    }

    /// The number of the order that ships, is cancelled, returned or refunded.
    pub fn of_order(self, number: &str) -> EventDraft {
        self.with("order", number)
    }

    /// One of the order's lines that it is about; without any it is about all that is left.
    pub fn line(mut self, line: LineDraft) -> EventDraft {
        self.0.lines.push(line.0.into_node());
        self
    }

    /// Any field of the event, or a fact that the policy declares on it.
    pub fn with(mut self, name: &str, value: impl Into<FieldValue>) -> EventDraft {
        self.0.set(name, value.into());
        self
    }
}

/// What has been said so far.
#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    object: Object,
    lines: Vec<Node>,
}

impl Fields {
    fn set(&mut self, name: &str, value: FieldValue) {
        self.object.insert(name.to_owned(), Node::new(value.0));
    }

    fn into_node(mut self) -> Node {
        if !self.lines.is_empty() {
            self.object.insert("lines".to_owned(), Node::new(Value::List(self.lines)));
        }
        Node::new(Value::Object(self.object))
    }
}

impl Reader<'_> {
    /// An order to decide or to quote, refused where it does not fit the policy.
    pub fn checked_order(&self, draft: OrderDraft) -> Result<Order, Refusal> {
        let (node, path) = (draft.0.into_node(), Path::ROOT);
        node.refuse_repeated(&path)?;
        let record = self.record(&self.schema.asked_order, &mut Tree(&node), &path)?;
        self.order(record, &mut Aside::default(), &path)
    }

    /// An event for the ledger, refused where it does not fit the policy.
    pub fn checked_event(&self, draft: EventDraft) -> Result<Event, Refusal> {
        self.event_in(&draft.0.into_node())
    }
}
