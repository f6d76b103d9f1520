//! Rows that are lines of orders. Rows are gathered by account and order number, or by account and day; lines are
//! put in the order of their content and made-up ids come from it, so the order of rows in the file does not
//! matter. An order with a bad row is refused whole, as any bad event is, and nothing is told of its shipping.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::cell::Row;
use super::mapping::{Mapping, Move, Orders, When};
use super::{Sink, joined, made_up};
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::{Incoming, Place};
use crate::value::{Delay, time};
use crate::wire::Reader;
use crate::wire::content;
use crate::wire::path::Path;
use crate::wire::value::{Node, Object, Value};

/// What makes rows one order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(String),
    Day(Date),
}

/// Rows by account and order. They are kept as they came: the trees made of them take ten times the room, so they are
/// made for one order at a time.
#[derive(Default)]
pub(super) struct Groups<'c>(BTreeMap<(String, Key), Vec<(Timestamp, Row<'c>)>>);

/// What one row says of its order.
struct Part {
    place: Place,
    at: Timestamp,
    said: Result<Said, Refusal>,
}

struct Said {
    order: Vec<(String, Option<Node>)>,
    line: Object,
    moves: Vec<Option<Moved>>,
    /// The line's content in one spelling.
    content: String,
}

/// When and how many units of a line move.
struct Moved {
    at: MoveAt,
    quantity: Option<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum MoveAt {
    Instant(Timestamp),
    DaysAfterOrder(u32),
}

type Read<T> = Result<T, Refusal>;

impl<'c> Groups<'c> {
    /// Adds a row to its order.
    pub fn add(&mut self, sink: &mut Sink<'_, '_>, mapping: &Mapping, how: &Orders, row: Row<'c>) {
        let account = row.text(&mapping.account);
        let at = instant(&row, &how.at);
        let key = at.clone().and_then(|at| key(how, &row, at));
        match (account, at, key) {
            (Ok(account), Ok(at), Ok(key)) => self.0.entry((account, key)).or_default().push((at, row)),
            (account, at, key) => {
                let refused = account.as_ref().err().or(at.as_ref().err()).or(key.as_ref().err()).cloned();
                if let Some(refusal) = refused {
                    sink.refuse(row.place(), refusal, account.ok(), at.ok());
                }
            }
        }
    }

    /// Turns all rows into events.
    pub fn finish(self, sink: &mut Sink<'_, '_>, how: &Orders) {
        for ((account, key), rows) in self.0 {
            let part = |(at, row): (Timestamp, Row<'_>)| Part {
                place: row.place(),
                at,
                said: said(sink, how, &row),
            };
            let parts = rows.into_iter().map(part).collect();
            Group { account, key, sink, how }.finish(parts);
        }
    }
}

fn key(how: &Orders, row: &Row<'_>, at: Timestamp) -> Read<Key> {
    if let Some(number) = &how.number {
        match row.text(number) {
            Ok(number) => return Ok(Key::Number(number)),
            Err(refusal) if !how.per_day || refusal.code != RefusalCode::MissingField => return Err(refusal),
            Err(_) => {}
        }
    }
    Ok(Key::Day(row.zone.local(at).date()))
}

fn instant(row: &Row<'_>, field: &super::source::Field) -> Read<Timestamp> {
    let text = row.text(field)?;
    time::parse_instant(&text).ok_or_else(|| {
        let message = format!("`{}` is no instant", field.name);
        Path::ROOT.field(&field.name).refuse(RefusalCode::InvalidValue, message)
    })
}

fn said(sink: &Sink<'_, '_>, how: &Orders, row: &Row<'_>) -> Read<Said> {
    let order = how.order.iter().map(|field| Ok((field.name.clone(), row.value(field)?)));
    let order = order.collect::<Read<Vec<_>>>()?;
    let mut line = Object::default();
    for field in &how.line {
        if let Some(value) = row.value(field)? {
            line.insert(field.name.clone(), value);
        }
    }
    let moves = how.moves.iter().map(|how| moved(row, how)).collect::<Read<Vec<_>>>()?;
    let content = content::line(sink.reader, &line);
    Ok(Said { order, line, moves, content })
}

fn moved(row: &Row<'_>, how: &Move) -> Read<Option<Moved>> {
    let at = match &how.when {
        When::At(field) => match row.value(field)? {
            None => return Ok(None),
            Some(_) => MoveAt::Instant(instant(row, field)?),
        },
        When::DaysAfterOrder(field) => match row.value(field)? {
            None => return Ok(None),
            Some(node) => {
                let path = Path::ROOT;
                let days = crate::wire::scalar::at_least(&node, &path.field(&field.name), 0)?;
                MoveAt::DaysAfterOrder(u32::try_from(days).unwrap_or(u32::MAX))
            }
        },
    };
    let quantity = how.quantity.as_ref().map(|field| row.value(field)).transpose()?.flatten();
    Ok(Some(Moved { at, quantity }))
}

/// One order being made.
struct Group<'g, 'r, 'p> {
    account: String,
    key: Key,
    sink: &'g mut Sink<'r, 'p>,
    how: &'g Orders,
}

impl Group<'_, '_, '_> {
    fn number(&self) -> String {
        match &self.key {
            Key::Number(number) => number.clone(),
            Key::Day(day) => day.to_string(),
        }
    }

    fn finish(mut self, parts: Vec<Part>) {
        let first = parts.iter().map(|part| &part.place).min().cloned().unwrap_or_default();
        let at = parts.iter().map(|part| part.at).min().unwrap_or_default();
        let one_instant = parts.iter().all(|part| part.at == at) || matches!(self.key, Key::Day(_));
        let mut refusals = Vec::new();
        let mut lines: Vec<(Place, Said)> = Vec::new();
        for part in parts {
            match part.said {
                Ok(said) => lines.push((part.place, said)),
                Err(refusal) => {
                    refusals.push((refusal.path.clone(), refusal.message.clone(), part.place, refusal))
                }
            }
        }
        refusals.sort_by(|a, b| (&a.0, &a.1, &a.2).cmp(&(&b.0, &b.1, &b.2)));
        lines.sort_by(|(place, a), (other, b)| (&a.content, place).cmp(&(&b.content, other)));
        let (lines, copies) = without_copies(self.sink.reader, lines);
        let disagreed = if one_instant { disagreement(&lines) } else { Some("at".to_owned()) };
        let refused = match (refusals.into_iter().next(), disagreed) {
            (Some((_, _, place, refusal)), _) => Some((place, refusal)),
            (None, Some(name)) => Some((first.clone(), disagree(&name))),
            (None, None) => None,
        };
        self.emit(at, &first, lines, refused, copies);
    }

    fn emit(
        &mut self,
        at: Timestamp,
        first: &Place,
        mut lines: Vec<(Place, Said)>,
        refused: Option<(Place, Refusal)>,
        copies: Vec<Place>,
    ) {
        let places: Vec<Place> = lines.iter().map(|(place, _)| place.clone()).collect();
        let ids = name_lines(&mut lines);
        let moves = self.moves(at, &lines, &ids);
        let event = self.order(at, lines);
        let mut incoming = self.sink.reader.event(first.clone(), &event);
        if let Some((place, refusal)) = refused {
            incoming = Incoming { place, body: Err(self.sink.reader.rejected(&event, refusal)) };
        } else if let Err(rejected) = &incoming.body {
            let line = line_index(&rejected.refusal.path).and_then(|index| places.get(index));
            incoming.place = line.unwrap_or(first).clone();
        }
        let accepted = incoming.body.is_ok();
        // One copy of the order, however many of its rows came again: each holds the whole order.
        let copy = copies.into_iter().min();
        self.sink.out.extend(copy.map(|place| Incoming { place, ..incoming.clone() }));
        self.sink.out.push(incoming);
        if !accepted {
            return;
        }
        match moves {
            Ok(moves) => {
                for event in moves {
                    let incoming = self.sink.reader.event(first.clone(), &event);
                    self.sink.out.push(incoming);
                }
            }
            Err(refusal) => self.sink.refuse(first.clone(), refusal, None, None),
        }
    }

    fn order(&self, at: Timestamp, lines: Vec<(Place, Said)>) -> Node {
        let number = self.number();
        let mut object = self.head("order", &["order", &self.account, &number], at);
        let mut lines = lines.into_iter().map(|(_, said)| said).peekable();
        for (name, value) in lines.peek_mut().map(|said| std::mem::take(&mut said.order)).unwrap_or_default()
        {
            match value {
                Some(value) if name == "id" => {
                    object.take("id");
                    object.insert(name, value);
                }
                Some(value) => object.insert(name, value),
                None => {}
            }
        }
        let lines = lines.map(|said| Node::new(Value::Object(said.line))).collect();
        object.insert("lines".to_owned(), Node::new(Value::List(lines)));
        Node::new(Value::Object(object))
    }

    fn head(&self, kind: &str, id: &[&str], at: Timestamp) -> Object {
        let mut object = Object::default();
        let mut add = |name: &str, text: String| object.insert(name.to_owned(), Node::new(Value::Text(text)));
        add("id", joined(id));
        add("type", kind.to_owned());
        add("at", at.to_string());
        add("account", self.account.clone());
        add("order", self.number());
        object
    }

    /// The ships, cancels and returns of this order: one for each kind and instant.
    fn moves(&self, at: Timestamp, lines: &[(Place, Said)], ids: &[String]) -> Read<Vec<Node>> {
        let mut events = Vec::new();
        for (index, how) in self.how.moves.iter().enumerate() {
            let mut by_instant: BTreeMap<Timestamp, Vec<(&String, Option<&Node>)>> = BTreeMap::new();
            for ((_, said), id) in lines.iter().zip(ids) {
                if let Some(Some(moved)) = said.moves.get(index) {
                    let when = self.when(at, &moved.at)?;
                    by_instant.entry(when).or_default().push((id, moved.quantity.as_ref()));
                }
            }
            for (when, moved) in by_instant {
                let whole =
                    moved.len() == lines.len() && moved.iter().all(|(_, quantity)| quantity.is_none());
                events.push(self.movement(how.kind, when, (!whole).then_some(moved)));
            }
        }
        Ok(events)
    }

    fn when(&self, at: Timestamp, when: &MoveAt) -> Read<Timestamp> {
        match when {
            MoveAt::Instant(instant) => Ok(*instant),
            MoveAt::DaysAfterOrder(days) => {
                let delay = Delay { days: *days, ..Delay::default() };
                self.sink.reader.policy.calendar.shift(at, delay, false).map_err(|_| {
                    let message = format!("{days} days after the order is a day that no calendar has");
                    Refusal::new(RefusalCode::TooLarge, "days after order", message)
                })
            }
        }
    }

    fn movement(&self, kind: &str, at: Timestamp, lines: Option<Vec<(&String, Option<&Node>)>>) -> Node {
        let (number, instant) = (self.number(), at.to_string());
        let mut object = self.head(kind, &[kind, &self.account, &number, &instant], at);
        if let Some(lines) = lines {
            let line = |(id, quantity): (&String, Option<&Node>)| {
                let mut line = Object::default();
                line.insert("id".to_owned(), Node::new(Value::Text(id.clone())));
                if let Some(quantity) = quantity {
                    line.insert("quantity".to_owned(), quantity.clone());
                }
                Node::new(Value::Object(line))
            };
            let lines = lines.into_iter().map(line).collect();
            object.insert("lines".to_owned(), Node::new(Value::List(lines)));
        }
        Node::new(Value::Object(object))
    }
}

/// Gives lines without an id one made of their content; equal lines are counted. Returns all ids.
fn name_lines(lines: &mut [(Place, Said)]) -> Vec<String> {
    let mut count = 0u64;
    let mut before: Option<String> = None;
    let mut ids = Vec::with_capacity(lines.len());
    for (_, said) in lines {
        count = if before.as_ref() == Some(&said.content) { count + 1 } else { 1 };
        let id = match said.line.get("id").and_then(Node::as_text) {
            Some(id) => id.to_owned(),
            None => {
                let hash = made_up(&said.content);
                let id = if count == 1 { hash } else { format!("{hash}-{count}") };
                said.line.insert("id".to_owned(), Node::new(Value::Text(id.clone())));
                id
            }
        };
        before = Some(said.content.clone());
        ids.push(id);
    }
    ids
}

/// Rows that say their line's id and say the same as another are copies of it; returns where they stand.
fn without_copies(reader: &Reader<'_>, lines: Vec<(Place, Said)>) -> (Vec<(Place, Said)>, Vec<Place>) {
    let (mut kept, mut copies) = (Vec::with_capacity(lines.len()), Vec::new());
    let mut seen = HashSet::new();
    for (place, said) in lines {
        if said.line.get("id").is_none() || seen.insert(said.in_full(reader)) {
            kept.push((place, said));
        } else {
            copies.push(place);
        }
    }
    (kept, copies)
}

impl Said {
    /// All that the row says, in one spelling, and when its line moves.
    fn in_full(&self, reader: &Reader<'_>) -> (String, Vec<Option<MoveAt>>) {
        let moves = || self.moves.iter().map(Option::as_ref);
        let of_order = self.order.iter().map(|(_, value)| value.as_ref());
        let quantities = moves().map(|moved| moved?.quantity.as_ref());
        let mut text = self.content.clone();
        for value in of_order.chain(quantities) {
            text.push('\n');
            text.extend(value.map(|value| content::event(reader, value)));
        }
        (text, moves().map(|moved| Some(moved?.at)).collect())
    }
}

/// The first field of the order on which its rows differ.
fn disagreement(lines: &[(Place, Said)]) -> Option<String> {
    let ((_, first), rest) = lines.split_first()?;
    let differs = |index: usize, value: &Option<Node>| {
        rest.iter().any(|(_, said)| said.order.get(index).is_none_or(|(_, other)| other != value))
    };
    let mut fields = first.order.iter().enumerate();
    fields.find(|(index, (_, value))| differs(*index, value)).map(|(_, (name, _))| name.clone())
}

fn disagree(name: &str) -> Refusal {
    let message = format!("the rows of this order differ in `{name}`, which an order has once");
    Path::ROOT.field(name).refuse(RefusalCode::InvalidValue, message)
}

/// The index in `lines[3].price`.
fn line_index(path: &str) -> Option<usize> {
    path.strip_prefix("lines[")?.split_once(']')?.0.parse().ok()
}
