//! Where the value of a field comes from: a constant, a column, or a stated share of a hash of columns. Sources
//! are read from the mapping file and tried against the policy: a constant that the policy would refuse is a
//! mistake in the mapping.

use std::collections::HashMap;

use jiff::civil::Time;

use super::mapping::{Draft, MappingError, object, only};
use crate::policy::FactType;
use crate::value::{Ratio, decimal};
use crate::wire::cursor::Scalar;
use crate::wire::event::unknown_type;
use crate::wire::path::{Path, shown};
use crate::wire::scalar::at_least;
use crate::wire::schema;
use crate::wire::value::{Node, Value};

/// A field of an event or a line, and where its value comes from.
#[derive(Debug)]
pub(super) struct Field {
    pub name: String,
    pub kind: Kind,
    pub source: Source,
}

/// What a text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Rate,
    YesNo,
    Date,
    Instant,
}

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum Source {
    Constant(String),
    Column(Column),
    Hash(Hash),
}

/// A column and what is done to its text.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub column: usize,
    /// From texts of the column to values.
    pub map: Option<HashMap<String, String>>,
    /// For texts that `map` does not have.
    pub other: Option<String>,
    /// For an empty cell.
    pub empty: Option<String>,
    /// Texts to take out of a number: currency signs, separators of thousands.
    pub drop: Vec<String>,
    pub decimal_comma: bool,
    pub times: Option<Ratio>,
    pub percent: bool,
    /// For a date without a time of day.
    pub time: Option<Time>,
    pub format: Option<String>,
}

/// Values by their shares of a hash.
#[derive(Debug)]
pub(super) struct Hash {
    pub columns: Vec<usize>,
    pub shares: Vec<(String, u64)>,
    /// Above 0.
    pub total: u64,
}

const COLUMN_OPTIONS: &[&str] = &["column", "map", "everything else", "empty"];
const NUMBER_OPTIONS: &[&str] = &["times", "drop", "decimal comma"];

/// What a mapping has that data has not: local days from the order to what its rows tell of later.
const DAYS_AFTER: &str = "days after order";

type Read<T> = Result<T, MappingError>;

impl Draft<'_, '_> {
    /// Reads where the field called `name` comes from.
    pub fn field(&mut self, name: &str, node: &Node) -> Read<Field> {
        let kind = self.kind_of(name);
        let source = match &node.value {
            Value::Object(fields) if fields.get("hash of").is_some() => Source::Hash(self.hash(name, node)?),
            Value::Object(_) => Source::Column(self.column_source(name, kind, node)?),
            _ => Source::Constant(self.constant(name, kind, node)?),
        };
        Ok(Field { name: name.to_owned(), kind, source })
    }

    fn column_source(&mut self, name: &str, kind: Kind, node: &Node) -> Read<Column> {
        let fields = object(node, "a source")?;
        let options: &[&str] = match kind {
            Kind::Number => NUMBER_OPTIONS,
            Kind::Rate => &["times", "drop", "decimal comma", "percent"],
            Kind::Instant => &["time", "format"],
            Kind::Date => &["format"],
            Kind::Text | Kind::YesNo => &[],
        };
        only(fields, COLUMN_OPTIONS, options)?;
        let Some(column) = fields.get("column") else {
            let message = format!(
                "say where `{name}` comes from: a constant, `column: …`, or `hash of: …` with `shares`"
            );
            return Err(MappingError::new(node.line, message));
        };
        let text = |name: &str| fields.get(name).map(|node| self.text(node)).transpose();
        let mut read = Column { empty: text("empty")?, other: text("everything else")?, ..Column::default() };
        if let (Some(node), None) = (fields.get("everything else"), fields.get("map")) {
            return Err(MappingError::new(
                node.line,
                "`everything else` goes with `map`; for empty cells write `empty`",
            ));
        }
        for option in ["empty", "everything else"] {
            fields
                .get(option)
                .map_or(Ok(()), |node| self.acceptable(name, kind, &self.text(node)?, node.line))?;
        }
        read.map = fields.get("map").map(|node| self.map(name, kind, node)).transpose()?;
        read.drop = fields.get("drop").map_or(Ok(Vec::new()), |node| self.texts(node))?;
        read.decimal_comma = fields.get("decimal comma").map_or(Ok(false), yes_no)?;
        read.percent = fields.get("percent").map_or(Ok(false), yes_no)?;
        read.times = fields.get("times").map(times).transpose()?;
        read.time = fields.get("time").map(time).transpose()?;
        read.format = fields.get("format").map(|node| self.text(node)).transpose()?;
        read.column = self.column(column)?;
        Ok(read)
    }

    fn constant(&self, name: &str, kind: Kind, node: &Node) -> Read<String> {
        let text = self.text(node)?;
        match self.acceptable(name, kind, &text, node.line) {
            Err(error) if kind == Kind::Number && decimal::parse(&text).is_none() => {
                let help = format!("; for a column write `{name}: {{column: {}}}`", shown(&text));
                Err(MappingError { message: error.message + &help, ..error })
            }
            checked => checked.map(|()| text),
        }
    }

    /// `map`: for each value the text, or the texts, of the column that mean it.
    fn map(&self, name: &str, kind: Kind, node: &Node) -> Read<HashMap<String, String>> {
        let mut map = HashMap::new();
        for (value, texts) in object(node, "`map`")?.iter() {
            self.acceptable(name, kind, value, texts.line)?;
            for text in self.texts(texts)? {
                let text = text.trim().to_owned();
                if let Some(before) = map.insert(text.clone(), value.to_owned()) {
                    let message = format!(
                        "`{}` is mapped twice, to `{}` and to `{}`",
                        shown(&text),
                        shown(&before),
                        shown(value)
                    );
                    return Err(MappingError::new(texts.line, message));
                }
            }
        }
        Ok(map)
    }

    fn hash(&mut self, name: &str, node: &Node) -> Read<Hash> {
        let fields = object(node, "a source")?;
        only(fields, &["hash of", "shares"], &[])?;
        let columns = match fields.get("hash of") {
            Some(Node { value: Value::List(items), .. }) if !items.is_empty() => {
                items.iter().map(|item| self.column(item)).collect::<Read<Vec<_>>>()?
            }
            Some(column) => vec![self.column(column)?],
            None => Vec::new(),
        };
        let Some(shares) = fields.get("shares") else {
            let message =
                "`shares` is missing: `shares: {\"1%\": 90, \"2%\": 10}` gives 90 of 100 the first value";
            return Err(MappingError::new(node.line, message));
        };
        let kind = self.kind_of(name);
        let mut read = Hash { columns, shares: Vec::new(), total: 0 };
        for (value, share) in object(shares, "`shares`")?.iter() {
            self.acceptable(name, kind, value, share.line)?;
            let weight = self.text(share)?.parse::<u32>().map_err(|_| {
                MappingError::new(
                    share.line,
                    format!("the share of `{}` must be a whole number", shown(value)),
                )
            })?;
            read.total += u64::from(weight);
            read.shares.push((value.to_owned(), u64::from(weight)));
        }
        match read.total {
            0 => Err(MappingError::new(shares.line, "the shares must add up to more than 0")),
            _ => Ok(read),
        }
    }

    /// Refuses a constant that no row could be read with.
    fn acceptable(&self, name: &str, kind: Kind, text: &str, line: u64) -> Read<()> {
        let node = typed(kind, text);
        let (root, said) = (Path::ROOT, Scalar::from(&node));
        let path = root.field(name);
        let number = kind == Kind::Number && decimal::parse(text).is_none();
        let schema = &self.reader.schema;
        let refused = match self.kind_in_data(name) {
            Some(schema::Kind::Category) => self.reader.category(said, &path).err(),
            Some(schema::Kind::Type) if schema.event(text, false).is_none() => {
                Some(unknown_type(text, schema.types(), &root))
            }
            _ if number => None,
            Some(schema::Kind::Quantity) => at_least(said, &path, 1).err(),
            Some(schema::Kind::Redeem) => at_least(said, &path, 0).err(),
            Some(schema::Kind::Fact(subject, fact)) => {
                self.reader.declared_fact(subject, fact, said, &path).err()
            }
            None if name == DAYS_AFTER => at_least(said, &path, 0).err(),
            _ => None,
        };
        match refused {
            Some(refusal) => Err(MappingError::new(line, refusal.message)),
            None if number => {
                Err(MappingError::new(line, format!("`{name}` is a number, not `{}`", shown(text))))
            }
            None => Ok(()),
        }
    }

    /// How the data reads a field of the section at hand.
    fn kind_in_data(&self, name: &str) -> Option<schema::Kind> {
        self.section.iter().find(|field| field.name == name).map(|field| field.kind)
    }

    fn kind_of(&self, name: &str) -> Kind {
        use schema::Kind as Data;
        let Some(kind) = self.kind_in_data(name) else {
            return if name == DAYS_AFTER { Kind::Number } else { Kind::Text };
        };
        match kind {
            Data::Price | Data::Quantity | Data::Tax | Data::Discount | Data::Shipping(_) | Data::Redeem => {
                Kind::Number
            }
            Data::Points | Data::Correction | Data::Amount | Data::ShippingBack => Kind::Number,
            Data::Honoured => Kind::YesNo,
            Data::At | Data::ExpiresAt => Kind::Instant,
            Data::Fact(subject, fact) => match self.reader.policy.facts.of(subject)[fact].kind {
                FactType::Rate => Kind::Rate,
                FactType::Count | FactType::Quantity | FactType::Money => Kind::Number,
                FactType::YesNo => Kind::YesNo,
                FactType::Date => Kind::Date,
                FactType::Text | FactType::Choice(_) | FactType::Category(_) => Kind::Text,
            },
            _ => Kind::Text,
        }
    }
}

/// A text as the value it stands for.
pub(super) fn typed(kind: Kind, text: &str) -> Node {
    let text = text.to_owned();
    Node::new(match kind {
        Kind::Number if decimal::parse(&text).is_some() => Value::Number(text),
        Kind::YesNo if text == "true" => Value::Bool(true),
        Kind::YesNo if text == "false" => Value::Bool(false),
        _ => Value::Word(text),
    })
}

fn yes_no(node: &Node) -> Read<bool> {
    let root = Path::ROOT;
    crate::wire::scalar::yes_no(node, &root).map_err(|_| MappingError::new(node.line, "write yes or no here"))
}

fn times(node: &Node) -> Read<Ratio> {
    let exact = match &node.value {
        Value::Number(digits) => decimal::parse(digits),
        _ => None,
    };
    exact.ok_or_else(|| MappingError::new(node.line, "`times` is a number, such as 100 or 0.01"))
}

/// `noon`, `midnight`, or a time of day.
fn time(node: &Node) -> Read<Time> {
    let read = match node.as_text() {
        Some("noon") => Some(Time::constant(12, 0, 0, 0)),
        Some("midnight") => Some(Time::midnight()),
        Some(text) if text.len() >= 5 && text.bytes().all(|b| b.is_ascii_digit() || b == b':') => {
            text.parse().ok()
        }
        _ => None,
    };
    read.ok_or_else(|| MappingError::new(node.line, "`time` is noon, midnight, or a time such as 09:30"))
}
