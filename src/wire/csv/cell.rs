//! A row's cells as values: columns looked up, mapped, scaled exactly, dates given their time of day, hashes
//! taken.
//!
//! The hash is fixed for good: SHA-256 over the field's name and, each after a line feed, the texts of the columns
//! in the order listed; its first eight bytes as a big-endian number, modulo the sum of the shares, falls into the
//! bands that the shares make in the order written.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use sha2::{Digest, Sha256};

use super::source::{Column, Field, Hash, Kind, Source, typed};
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::Place;
use crate::value::{Ratio, Zone, decimal, time};
use crate::wire::path::{Path, shown};
use crate::wire::value::{Node, Value};

/// A file of rows.
pub(super) struct Sheet {
    pub file: Arc<str>,
    /// For each column of the mapping, where it stands in a record.
    pub places: Vec<usize>,
}

/// A row, seen through the columns that a mapping names.
pub(super) struct Row<'c> {
    pub sheet: Rc<Sheet>,
    pub line: u64,
    pub record: csv::StringRecord,
    /// For each column of the mapping, its name.
    pub names: &'c [(String, u64)],
    pub zone: &'c Zone,
}

type Read<T> = Result<T, Refusal>;

impl Sheet {
    /// A line of it.
    pub fn place(&self, line: u64) -> Place {
        Place { file: Some(self.file.clone()), line: Some(line) }
    }
}

impl Row<'_> {
    /// Where it stands.
    pub fn place(&self) -> Place {
        self.sheet.place(self.line)
    }

    /// The text of a column, without blanks around it.
    pub fn cell(&self, column: usize) -> &str {
        self.sheet.places.get(column).and_then(|place| self.record.get(*place)).unwrap_or("").trim()
    }

    /// The value of a field; None where the row has none.
    pub fn value(&self, field: &Field) -> Read<Option<Node>> {
        let text = match &field.source {
            Source::Constant(text) => return Ok(Some(typed(field.kind, text))),
            Source::Hash(hash) => return Ok(Some(typed(field.kind, self.share(&field.name, hash)))),
            Source::Column(column) => match self.mapped(&field.name, column)? {
                Mapped::Absent => return Ok(None),
                Mapped::Value(text) => return Ok(Some(typed(field.kind, text))),
                Mapped::Text(text) => self.converted(field, column, text)?,
            },
        };
        Ok(Some(text))
    }

    /// The value of a field that a row must have, as a text.
    pub fn text(&self, field: &Field) -> Read<String> {
        let value = self.value(field)?.and_then(|node| match node.value {
            Value::Number(text) | Value::Text(text) | Value::Word(text) => Some(text),
            _ => None,
        });
        value.filter(|text| !text.is_empty()).ok_or_else(|| {
            let message = format!("`{}` is missing: {}", field.name, self.empty_column(field));
            Path::ROOT.field(&field.name).refuse(RefusalCode::MissingField, message)
        })
    }

    fn empty_column(&self, field: &Field) -> String {
        match &field.source {
            Source::Column(column) => format!("the column \"{}\" is empty", self.name(column.column)),
            _ => "it has no value".to_owned(),
        }
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", |(name, _)| name)
    }

    fn mapped<'s>(&'s self, name: &str, column: &'s Column) -> Read<Mapped<'s>> {
        let text = self.cell(column.column);
        let found = column.map.as_ref().and_then(|map| map.get(text));
        let fallback = if text.is_empty() {
            column.empty.as_ref().or(column.other.as_ref())
        } else {
            column.other.as_ref()
        };
        match (found.or(fallback), &column.map) {
            (Some(value), _) => Ok(Mapped::Value(value)),
            (None, _) if text.is_empty() => Ok(Mapped::Absent),
            (None, None) => Ok(Mapped::Text(text)),
            (None, Some(_)) => {
                let message = format!(
                    "the column \"{}\" holds \"{}\", which the mapping does not have; add it under `map`, or say `everything else`",
                    self.name(column.column),
                    shown(text)
                );
                Err(Path::ROOT.field(name).refuse(RefusalCode::InvalidValue, message))
            }
        }
    }

    fn share<'h>(&self, name: &str, hash: &'h Hash) -> &'h str {
        let mut sha = Sha256::new();
        sha.update(name);
        for column in &hash.columns {
            sha.update("\n");
            sha.update(self.cell(*column));
        }
        let digest = sha.finalize();
        let number = digest.iter().take(8).fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        let mut left = number % hash.total.max(1);
        for (value, share) in &hash.shares {
            if left < *share {
                return value;
            }
            left -= share;
        }
        ""
    }

    fn converted(&self, field: &Field, column: &Column, text: &str) -> Read<Node> {
        match field.kind {
            Kind::Number => Ok(number(column, text)),
            Kind::Rate => Ok(rate(column, text)),
            Kind::Instant => {
                let at = self.instant(column, text).ok_or_else(|| self.no_instant(field, column, text))?;
                Ok(Node::new(Value::Word(at.to_string())))
            }
            Kind::Date => {
                let date = date(column, text);
                Ok(typed(Kind::Date, date.map_or_else(|| text.to_owned(), |date| date.to_string()).as_str()))
            }
            _ => Ok(typed(field.kind, text)),
        }
    }

    /// An instant: with an offset, or local in the programme's zone, or a date that the mapping gives a time.
    fn instant(&self, column: &Column, text: &str) -> Option<Timestamp> {
        match moment(column, text)? {
            Moment::Instant(at) => Some(at),
            Moment::Local(local) => self.zone.instant(local).ok(),
            Moment::Day(date) => self.zone.instant(date.to_datetime(column.time?)).ok(),
        }
    }

    fn no_instant(&self, field: &Field, column: &Column, text: &str) -> Refusal {
        let name = self.name(column.column);
        let help = match (&column.format, moment(column, text)) {
            (_, Some(Moment::Day(_))) if column.time.is_none() => {
                "it has no time of day; give one in the mapping, such as `time: noon`".to_owned()
            }
            (_, Some(_)) => "no calendar has that instant".to_owned(),
            (Some(format), None) => format!("it is not written as {format}"),
            (None, None) if time::is_date(text) => "there is no such day".to_owned(),
            (None, None) => {
                "a date is written 2021-03-01; for another way give its `format` in the mapping".to_owned()
            }
        };
        let message = format!("the column \"{name}\" holds \"{}\": {help}", shown(text));
        Path::ROOT.field(&field.name).refuse(RefusalCode::InvalidValue, message)
    }
}

enum Mapped<'s> {
    /// Nothing, and nothing to put in its place.
    Absent,
    /// A value of the mapping.
    Value(&'s str),
    /// The column's own text.
    Text(&'s str),
}

/// What a cell says of an instant.
enum Moment {
    Instant(Timestamp),
    /// A local date and time, in the programme's zone.
    Local(DateTime),
    /// A date without a time of day.
    Day(Date),
}

fn moment(column: &Column, text: &str) -> Option<Moment> {
    let Some(format) = &column.format else {
        let at = time::parse_instant(text).map(Moment::Instant);
        let at = at.or_else(|| local(text).map(Moment::Local));
        return at.or_else(|| time::parse_date(text).map(Moment::Day));
    };
    let parsed = strtime::parse(format, text).ok()?;
    if let Some(at) = parsed.timestamp() {
        return Some(Moment::Instant(at));
    }
    match (parsed.hour(), parsed.minute(), parsed.offset()) {
        // Without hours the calendar library would take midnight: the time of day is the mapping's to say.
        (None, None, None) => parsed.to_date().ok().map(Moment::Day),
        (Some(_), _, None) => parsed.to_datetime().ok().map(Moment::Local),
        (Some(_), _, Some(_)) => parsed.to_timestamp().ok().map(Moment::Instant),
        (None, _, _) => None,
    }
}

/// A number by its digits; a text that is none stays a text, for the reader of the event to refuse.
fn number(column: &Column, text: &str) -> Node {
    let mut digits = text.to_owned();
    for dropped in column.drop.iter().filter(|dropped| !dropped.is_empty()) {
        digits = digits.replace(dropped.as_str(), "");
    }
    if column.decimal_comma {
        digits = digits.replace(',', ".");
    }
    let digits = digits.trim();
    let exact = decimal::parse(digits);
    let scaled = match (exact, column.times) {
        (Some(exact), Some(times)) => exact.mul(times).ok().and_then(decimal_text),
        (Some(_), None) => Some(digits.to_owned()),
        (None, _) => None,
    };
    Node::new(scaled.map_or_else(|| Value::Text(text.to_owned()), Value::Number))
}

/// A rate: `2%`, or `2` where the mapping says that the column holds percent.
fn rate(column: &Column, text: &str) -> Node {
    let (digits, sign) = match text.strip_suffix('%') {
        Some(digits) => (digits, "%"),
        None => (text, if column.percent { "%" } else { "" }),
    };
    match number(column, digits).value {
        Value::Number(digits) => Node::new(Value::Word(format!("{digits}{sign}"))),
        _ => Node::new(Value::Text(text.to_owned())),
    }
}

fn decimal_text(exact: Ratio) -> Option<String> {
    decimal::digits_needed(exact).map(|digits| decimal::format(exact, digits))
}

/// A local date and time such as `2021-03-01 10:00:00`.
fn local(text: &str) -> Option<DateTime> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b' ' | b'T'));
    let dashes = text.bytes().filter(|b| *b == b'-').count();
    (plain && dashes == 2 && text.len() >= 16).then(|| text.parse().ok()).flatten()
}

fn date(column: &Column, text: &str) -> Option<Date> {
    match &column.format {
        Some(format) => strtime::parse(format, text).ok()?.to_date().ok(),
        None => time::parse_date(text),
    }
}
