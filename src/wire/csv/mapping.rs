//! The mapping file: which column of a shop's own export is which field. It is read strictly and against the
//! policy, so that a mistake in it is told with its line before a single row is read.

use std::fmt;

use super::source::Field;
use crate::diagnostic::suggest;
use crate::wire::Reader;
use crate::wire::path::shown;
use crate::wire::schema::{self, Makes, Need};
use crate::wire::value::{Node, Object, Value};
use crate::wire::yaml;

/// A mistake in a mapping file. The command is at fault, not the input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MappingError {
    /// What is wrong, with what to write instead.
    pub message: String,
    /// The line of the mapping file; None where no line is to blame.
    pub line: Option<u64>,
}

impl MappingError {
    pub(super) fn new(line: u64, message: impl Into<String>) -> MappingError {
        MappingError { message: message.into(), line: (line > 0).then_some(line) }
    }
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MappingError {}

/// How rows become events.
#[derive(Debug)]
pub struct Mapping {
    /// What its file is called in messages.
    pub(super) name: String,
    pub(super) separator: u8,
    pub(super) leave_out: Vec<LeaveOut>,
    pub(super) account: Field,
    pub(super) rows: Rows,
    /// The columns it names, with the line that names each first.
    pub(super) columns: Vec<(String, u64)>,
}

/// What a row is.
#[derive(Debug)]
pub(super) enum Rows {
    /// A line of an order.
    Lines(Box<Orders>),
    /// An event of its own.
    Events(Vec<Field>),
}

/// How rows become orders.
#[derive(Debug)]
pub(super) struct Orders {
    /// The order number.
    pub number: Option<Field>,
    /// One order for an account and day, where there is no number.
    pub per_day: bool,
    pub at: Field,
    /// Other fields of the order event.
    pub order: Vec<Field>,
    pub line: Vec<Field>,
    pub moves: Vec<Move>,
}

/// Ships, cancels or returns told by the same rows.
#[derive(Debug)]
pub(super) struct Move {
    /// `ship`, `cancel` or `return`.
    pub kind: &'static str,
    pub when: When,
    pub quantity: Option<Field>,
}

/// When a line moves.
#[derive(Debug)]
pub(super) enum When {
    At(Field),
    /// Local days after the order, at the same time of day.
    DaysAfterOrder(Field),
}

/// Rows that are no input.
#[derive(Debug)]
pub(super) struct LeaveOut {
    pub column: usize,
    pub texts: Vec<String>,
    /// True: rows whose text is among `texts` are left out; false: the others.
    pub among: bool,
}

const MOVES: [&str; 3] = ["ship", "cancel", "return"];
impl Mapping {
    /// Reads a mapping for `reader`'s policy.
    pub fn read(reader: &Reader<'_>, text: &str) -> Result<Mapping, MappingError> {
        let node = yaml::parse(text).map_err(|fault| MappingError::new(fault.line, fault.refusal.message))?;
        if let Some((name, node)) = node.first_repeated() {
            let message = format!("`{}` is given twice; keep one", shown(name));
            return Err(MappingError::new(node.line, message));
        }
        Draft { reader, columns: Vec::new(), section: Vec::new() }.mapping(&node)
    }

    /// The same mapping, called by its file's name in messages about the columns that it names.
    pub fn named(self, name: &str) -> Mapping {
        Mapping { name: name.to_owned(), ..self }
    }
}

/// A mapping being read.
pub(super) struct Draft<'r, 'p> {
    pub reader: &'r Reader<'p>,
    pub columns: Vec<(String, u64)>,
    /// The fields that the section at hand may give.
    pub section: Vec<schema::Field<'p>>,
}

type Read<T> = Result<T, MappingError>;

impl<'p> Draft<'_, 'p> {
    fn mapping(mut self, node: &Node) -> Read<Mapping> {
        let top = object(node, "a mapping")?;
        only(
            top,
            &["separator", "leave out", "account", "order", "line", "ship", "cancel", "return", "event"],
            &[],
        )?;
        let account = match top.get("account") {
            Some(node) => self.field("account", node)?,
            None => {
                return Err(MappingError::new(
                    node.line,
                    "`account` is missing: say which column names the account",
                ));
            }
        };
        let rows = match (top.get("event"), top.get("order")) {
            (Some(event), None) => Rows::Events(self.event(event, top)?),
            (None, Some(order)) => Rows::Lines(Box::new(self.orders(order, top, node.line)?)),
            _ => {
                let message =
                    "say what a row is: a line of an order (`order` and `line`), or an `event` of its own";
                return Err(MappingError::new(node.line, message));
            }
        };
        let separator = top.get("separator").map_or(Ok(b','), separator)?;
        let leave_out = top.get("leave out").map_or(Ok(Vec::new()), |node| self.leave_out(node))?;
        Ok(Mapping {
            name: "the mapping".to_owned(),
            separator,
            leave_out,
            account,
            rows,
            columns: self.columns,
        })
    }

    fn event(&mut self, node: &Node, top: &Object) -> Read<Vec<Field>> {
        if let Some((name, node)) = top.iter().find(|(name, _)| *name == "line" || MOVES.contains(name)) {
            let message = format!("`{name}` goes with `order`; beside `event` it has no meaning");
            return Err(MappingError::new(node.line, message));
        }
        self.section = self.event_fields();
        let fields = object(node, "`event`")?;
        only(fields, &self.names(), &[])?;
        for name in ["type", "at"] {
            self.wanted(fields, name, node.line, "event")?;
        }
        fields.iter().map(|(name, node)| self.field(name, node)).collect()
    }

    /// What rows may tell of events: all but orders, of which they are lines, and declared events.
    fn event_fields(&self) -> Vec<schema::Field<'p>> {
        use schema::Kind;
        let reader = self.reader;
        let events = reader.schema.events.iter();
        let events = events.filter(|shape| !matches!(shape.makes, Makes::Order | Makes::Declared(_)));
        let parts = [&reader.schema.moved, &reader.schema.refunded];
        let mut fields =
            vec![schema::Field { name: "line", kind: Kind::Id, need: Need::Optional, about: "" }];
        for field in events.chain(parts).flat_map(|shape| &shape.fields) {
            let elsewhere =
                matches!(field.kind, Kind::Account | Kind::Note | Kind::MovedLines | Kind::RefundedLines);
            if !elsewhere && !fields.iter().any(|known| known.name == field.name) {
                fields.push(field.clone());
            }
        }
        fields
    }

    /// What rows may tell of their order, besides its number and its lines.
    fn order_fields(&self) -> Vec<schema::Field<'p>> {
        use schema::Kind;
        let elsewhere =
            [Kind::Type, Kind::Account, Kind::OrderNumber, Kind::OrderLines, Kind::Coupons, Kind::Note];
        self.reader.schema.event("order", false).map_or_else(Vec::new, |order| without(order, &elsewhere))
    }

    fn names(&self) -> Vec<&'p str> {
        self.section.iter().map(|field| field.name).collect()
    }

    fn orders(&mut self, node: &Node, top: &Object, line: u64) -> Read<Orders> {
        self.section = self.order_fields();
        let order = object(node, "`order`")?;
        only(order, &["number", "one for each", "at"], &self.names())?;
        let number = order.get("number").map(|node| self.field("order", node)).transpose()?;
        let per_day = order.get("one for each").map_or(Ok(false), one_for_each)?;
        if number.is_none() && !per_day {
            let message =
                "say which rows make one order: `number: {column: …}`, or `one for each: account and day`";
            return Err(MappingError::new(node.line, message));
        }
        let at = match order.get("at") {
            Some(node) => self.field("at", node)?,
            None => {
                return Err(MappingError::new(
                    node.line,
                    "`at` is missing under `order`: say when it was placed",
                ));
            }
        };
        let others = order.iter().filter(|(name, _)| !["number", "one for each", "at"].contains(name));
        let others = others.map(|(name, node)| self.field(name, node)).collect::<Read<Vec<_>>>()?;
        self.facts_present(order, node.line, "order")?;
        let Some(line) = top.get("line") else {
            return Err(MappingError::new(
                line,
                "`line` is missing: say what of a row makes an order's line",
            ));
        };
        Ok(Orders { number, per_day, at, order: others, line: self.line(line)?, moves: self.moves(top)? })
    }

    fn line(&mut self, node: &Node) -> Read<Vec<Field>> {
        self.section = without(&self.reader.schema.line, &[schema::Kind::Note]);
        let line = object(node, "`line`")?;
        only(line, &self.names(), &[])?;
        if !self.reader.policy.categories.is_empty() {
            self.wanted(line, "category", node.line, "line")?;
        }
        self.wanted(line, "price", node.line, "line")?;
        self.facts_present(line, node.line, "line")?;
        line.iter().map(|(name, node)| self.field(name, node)).collect()
    }

    fn moves(&mut self, top: &Object) -> Read<Vec<Move>> {
        self.section = self.event_fields();
        let mut moves = Vec::new();
        for kind in MOVES {
            if let Some(node) = top.get(kind) {
                moves.push(self.movement(kind, node)?);
            }
        }
        Ok(moves)
    }

    fn movement(&mut self, kind: &'static str, node: &Node) -> Read<Move> {
        let fields = object(node, &format!("`{kind}`"))?;
        only(fields, &["at", "days after order", "quantity"], &[])?;
        let when = match (fields.get("at"), fields.get("days after order")) {
            (Some(at), None) => When::At(self.field("at", at)?),
            (None, Some(days)) => When::DaysAfterOrder(self.field("days after order", days)?),
            _ => {
                let message = format!("say when under `{kind}`: either `at` or `days after order`");
                return Err(MappingError::new(node.line, message));
            }
        };
        let quantity = fields.get("quantity").map(|node| self.field("quantity", node)).transpose()?;
        Ok(Move { kind, when, quantity })
    }

    fn leave_out(&mut self, node: &Node) -> Read<Vec<LeaveOut>> {
        let Value::List(items) = &node.value else {
            let message = "`leave out` is a list: `- {column: Status, is: [Cancelled]}`";
            return Err(MappingError::new(node.line, message));
        };
        items.iter().map(|item| self.left_out(item)).collect()
    }

    fn left_out(&mut self, node: &Node) -> Read<LeaveOut> {
        let fields = object(node, "what is left out")?;
        only(fields, &["column", "is", "is not"], &[])?;
        let column =
            fields.get("column").ok_or_else(|| MappingError::new(node.line, "`column` is missing"))?;
        let column = self.column(column)?;
        let (texts, among) = match (fields.get("is"), fields.get("is not")) {
            (Some(texts), None) => (texts, true),
            (None, Some(texts)) => (texts, false),
            _ => {
                return Err(MappingError::new(
                    node.line,
                    "give either `is` or `is not`, with a text or a list",
                ));
            }
        };
        Ok(LeaveOut { column, texts: self.texts(texts)?, among })
    }

    /// A column by its name, as an index into the columns.
    pub fn column(&mut self, node: &Node) -> Read<usize> {
        let name = self.text(node)?;
        if let Some(found) = self.columns.iter().position(|(known, _)| *known == name) {
            return Ok(found);
        }
        self.columns.push((name, node.line));
        Ok(self.columns.len() - 1)
    }

    /// A single value as the text it was written with.
    pub fn text(&self, node: &Node) -> Read<String> {
        match &node.value {
            Value::Number(text) | Value::Text(text) | Value::Word(text) => Ok(text.clone()),
            Value::Bool(value) => Ok(value.to_string()),
            _ => Err(MappingError::new(
                node.line,
                format!("a single text is wanted here, not {}", node.what()),
            )),
        }
    }

    /// One text or a list of them.
    pub fn texts(&self, node: &Node) -> Read<Vec<String>> {
        match &node.value {
            Value::List(items) => items.iter().map(|item| self.text(item)).collect(),
            _ => Ok(vec![self.text(node)?]),
        }
    }

    fn wanted(&self, fields: &Object, name: &str, line: u64, section: &str) -> Read<()> {
        match fields.get(name) {
            Some(_) => Ok(()),
            None => Err(MappingError::new(line, format!("`{name}` is missing under `{section}`"))),
        }
    }

    /// Refuses a mapping that leaves out a fact without a default.
    fn facts_present(&self, fields: &Object, line: u64, section: &str) -> Read<()> {
        let is_fact = |kind| matches!(kind, schema::Kind::Fact(..) | schema::Kind::Shipping(Some(_)));
        let mut facts = self.section.iter().filter(|field| is_fact(field.kind));
        let needed = |field: &schema::Field<'_>| matches!(field.need, Need::Required(_));
        match facts.find(|fact| needed(fact) && fields.get(fact.name).is_none()) {
            None => Ok(()),
            Some(fact) => {
                let message = format!(
                    "the policy's fact `{}` has no default, so `{section}` must say where it comes from",
                    fact.name
                );
                Err(MappingError::new(line, message))
            }
        }
    }
}

/// The fields of a shape but for some kinds.
fn without<'p>(shape: &schema::Shape<'p>, kinds: &[schema::Kind]) -> Vec<schema::Field<'p>> {
    shape.fields.iter().filter(|field| !kinds.contains(&field.kind)).cloned().collect()
}

fn separator(node: &Node) -> Read<u8> {
    match node.as_text() {
        Some("comma" | ",") => Ok(b','),
        Some("semicolon" | ";") => Ok(b';'),
        Some("tab" | "\t") => Ok(b'\t'),
        _ => Err(MappingError::new(node.line, "`separator` is comma, semicolon or tab")),
    }
}

fn one_for_each(node: &Node) -> Read<bool> {
    match node.as_text() {
        Some("account and day") => Ok(true),
        _ => Err(MappingError::new(node.line, "`one for each` can only be `account and day`")),
    }
}

/// The fields of `what`.
pub(super) fn object<'n>(node: &'n Node, what: &str) -> Read<&'n Object> {
    match &node.value {
        Value::Object(object) => Ok(object),
        _ => Err(MappingError::new(
            node.line,
            format!("{what} is made of `name: value` lines, not {}", node.what()),
        )),
    }
}

/// Refuses names that are not `known`, with the nearest that is.
pub(super) fn only(object: &Object, known: &[&str], more: &[&str]) -> Read<()> {
    for (name, node) in object.iter() {
        if known.contains(&name) || more.contains(&name) {
            continue;
        }
        let help = match suggest::nearest(name, known.iter().chain(more).copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "what can stand here is `{}`",
                known.iter().chain(more).copied().collect::<Vec<_>>().join("`, `")
            ),
        };
        let message = format!("`{}` means nothing here; {help}", shown(name));
        return Err(MappingError::new(node.line, message));
    }
    Ok(())
}
