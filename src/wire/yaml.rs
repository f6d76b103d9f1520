//! YAML text to trees and events. It reads the parser's own events, so a number keeps its digits (a typed reader
//! would pass it through a float) and every value knows its line. Aliases and tags are refused: data that is
//! counted should stand where it counts.

use std::sync::Arc;

use serde_yaml::granit_parser::{BufferedInput, Event, Options, Parser, ScalarStyle, ScanError, Span};

use super::Reader;
use super::read::{Events, unread};
use super::value::{MAX_DEPTH, Node, Object, Value};
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::{Incoming, Place};

impl<'p> Reader<'p> {
    /// The events of a YAML file: a list of them, several documents of one each, or a list under `events`; `file` is the name
    /// to report.
    pub fn yaml<'r>(&'r self, file: Option<Arc<str>>, bytes: &[u8]) -> Events<'r> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Box::new(Documents::new(self, file, text).map(Ok)),
            Err(error) => {
                let lines = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
                let place = Place { file, line: u64::try_from(lines + 1).ok() };
                let refusal = Refusal::new(RefusalCode::UnreadableInput, "", "this is not UTF-8 text");
                Box::new(std::iter::once(Ok(unread(place, refusal, ""))))
            }
        }
    }
}

/// A refusal and the line it is about.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub line: u64,
    pub refusal: Refusal,
}

/// The trees of a YAML text: what stands in its documents.
pub(super) struct Trees {
    parser: Parser<'static, BufferedInput<Chars>>,
    /// The first thing wrong with the tree at hand, short of broken syntax.
    wrong: Option<Fault>,
}

/// The characters of a shared text.
struct Chars {
    text: Arc<str>,
    at: usize,
}

impl Iterator for Chars {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let next = self.text.get(self.at..)?.chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }
}

impl Trees {
    pub fn new(text: &str) -> Trees {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut options = Options::default();
        options.set_emit_comments(false);
        let chars = Chars { text: text.into(), at: 0 };
        Trees { parser: Parser::new_from_iter_with_options(chars, options), wrong: None }
    }

    /// The next event of the parser and its line; None at the end.
    fn next(&mut self) -> Result<Option<(Event<'static>, u64)>, Fault> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, line_of(&span)))),
            Some(Err(error)) => Err(broken(&error)),
        }
    }

    /// The tree that `event` starts; what is wrong with it, if anything, is in `self.wrong`.
    fn tree(&mut self, event: Event<'static>, line: u64, depth: usize) -> Result<Node, Fault> {
        let value = match event {
            Event::Scalar(text, style, _, tag) => {
                self.refuse_tag(tag.is_some(), line);
                match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::Text(text.into_owned()),
                }
            }
            Event::SequenceStart(_, _, tag) => {
                self.refuse_tag(tag.is_some(), line);
                self.list(line, depth)?
            }
            Event::MappingStart(_, _, tag) => {
                self.refuse_tag(tag.is_some(), line);
                self.object(line, depth)?
            }
            _ => {
                self.refuse(line, "an alias (`*name`) is not read here; write the value out");
                Value::Null
            }
        };
        Ok(Node { line, value })
    }

    fn list(&mut self, line: u64, depth: usize) -> Result<Value, Fault> {
        if depth >= MAX_DEPTH {
            return self.skip(line);
        }
        let mut items = Vec::new();
        while let Some((event, line)) = self.next()? {
            match event {
                Event::SequenceEnd => break,
                event => items.push(self.tree(event, line, depth + 1)?),
            }
        }
        Ok(Value::List(items))
    }

    fn object(&mut self, line: u64, depth: usize) -> Result<Value, Fault> {
        if depth >= MAX_DEPTH {
            return self.skip(line);
        }
        let mut object = Object::default();
        while let Some((event, line)) = self.next()? {
            // A field starts where its name stands, whatever line its value starts on.
            let name = match event {
                Event::MappingEnd => break,
                Event::Scalar(name, _, _, None) => name.into_owned(),
                event => {
                    self.tree(event, line, depth + 1)?;
                    self.refuse(line, "a field's name is a plain text");
                    String::new()
                }
            };
            let Some((event, _)) = self.next()? else { break };
            let value = self.tree(event, line, depth + 1)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    /// Passes over what a list or object nested too deeply holds.
    fn skip(&mut self, line: u64) -> Result<Value, Fault> {
        let message = format!("lists and objects are nested more than {MAX_DEPTH} deep");
        self.wrong_at(line, Refusal::new(RefusalCode::TooLarge, "", message));
        let mut open = 1usize;
        while open > 0 {
            match self.next()? {
                Some((Event::SequenceStart(..) | Event::MappingStart(..), _)) => open += 1,
                Some((Event::SequenceEnd | Event::MappingEnd, _)) => open -= 1,
                Some(_) => {}
                None => break,
            }
        }
        Ok(Value::Null)
    }

    fn refuse_tag(&mut self, tagged: bool, line: u64) {
        if tagged {
            self.refuse(line, "a tag (`!name`) is not read here; leave it out");
        }
    }

    fn refuse(&mut self, line: u64, message: &str) {
        self.wrong_at(line, Refusal::new(RefusalCode::UnreadableInput, "", message));
    }

    fn wrong_at(&mut self, line: u64, refusal: Refusal) {
        self.wrong.get_or_insert(Fault { line, refusal });
    }

    /// The tree with whatever was wrong with it.
    fn whole(&mut self, event: Event<'static>, line: u64) -> Result<(Node, Option<Fault>), Fault> {
        self.wrong = None;
        let node = self.tree(event, line, 0)?;
        Ok((node, self.wrong.take()))
    }
}

fn line_of(span: &Span) -> u64 {
    u64::try_from(span.start.line()).unwrap_or(u64::MAX)
}

fn broken(error: &ScanError) -> Fault {
    let (line, column) = (error.marker().line(), error.marker().col() + 1);
    let message = format!("this is not YAML: {}, at line {line}, column {column}", error.info());
    let line = u64::try_from(line).unwrap_or(u64::MAX);
    Fault { line, refusal: Refusal::new(RefusalCode::UnreadableInput, "", message) }
}

/// What a text without quotes is: as in YAML 1.2's JSON schema, and a word otherwise.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Word(text.to_owned()),
    }
}

/// True for a number as JSON writes it.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let signless = |text: &str| digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(signless)
}

#[cfg(feature = "csv")]
/// The one tree of a YAML text, such as a mapping file.
pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    let mut trees = Trees::new(text);
    let mut found: Option<Node> = None;
    while let Some((event, line)) = trees.next()? {
        if !starts_node(&event) {
            continue;
        }
        let (node, wrong) = trees.whole(event, line)?;
        if let Some(fault) = wrong {
            return Err(fault);
        }
        if found.replace(node).is_some() {
            let refusal =
                Refusal::new(RefusalCode::UnreadableInput, "", "one document is wanted here, not several");
            return Err(Fault { line, refusal });
        }
    }
    Ok(found.unwrap_or(Node { line: 1, value: Value::Null }))
}

fn starts_node(event: &Event<'_>) -> bool {
    let starts = matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..));
    starts || matches!(event, Event::Alias(_))
}

/// The events of a YAML text: a list of them, several documents of one each, or a list under `events`.
pub(super) struct Documents<'r, 'p> {
    reader: &'r Reader<'p>,
    file: Option<Arc<str>>,
    trees: Trees,
    /// True inside a list that is a whole document.
    in_list: bool,
    /// Events of an `events` list that are still to be given.
    waiting: std::vec::IntoIter<Node>,
    over: bool,
}

impl<'r, 'p> Documents<'r, 'p> {
    pub fn new(reader: &'r Reader<'p>, file: Option<Arc<str>>, text: &str) -> Self {
        let trees = Trees::new(text);
        Documents { reader, file, trees, in_list: false, waiting: Vec::new().into_iter(), over: false }
    }

    fn incoming(&self, node: &Node) -> Incoming {
        self.reader.event(self.place(node.line), node)
    }

    fn place(&self, line: u64) -> Place {
        Place { file: self.file.clone(), line: Some(line) }
    }

    fn refused(&self, fault: Fault, node: Option<&Node>) -> Incoming {
        match node {
            Some(node) => Incoming {
                place: self.place(node.line),
                body: Err(self.reader.rejected(node, fault.refusal)),
            },
            None => unread(self.place(fault.line), fault.refusal, ""),
        }
    }

    /// The next event, if `event` of the parser starts one.
    fn step(&mut self, event: Event<'static>, line: u64) -> Result<Option<Incoming>, Fault> {
        match &event {
            Event::SequenceStart(..) if !self.in_list => self.in_list = true,
            Event::SequenceEnd | Event::DocumentEnd => self.in_list = false,
            event if starts_node(event) => return self.node(event.clone(), line),
            _ => {}
        }
        Ok(None)
    }

    fn node(&mut self, event: Event<'static>, line: u64) -> Result<Option<Incoming>, Fault> {
        let (node, wrong) = self.trees.whole(event, line)?;
        if let Some(fault) = wrong {
            return Ok(Some(self.refused(fault, Some(&node))));
        }
        match node.value {
            Value::Object(object) if !self.in_list && is_envelope(&object) => Ok(self.envelope(object, line)),
            Value::Null if !self.in_list => Ok(None),
            _ => Ok(Some(self.incoming(&node))),
        }
    }

    /// A document that holds its events under `events`.
    fn envelope(&mut self, mut object: Object, line: u64) -> Option<Incoming> {
        let refuse = |code, path: &str, message: &str| Refusal::new(code, path, message);
        let refusal = match object.iter_all().map(|(name, _)| name).filter(|name| *name != "events").min() {
            Some(name) => refuse(RefusalCode::UnknownField, name, "only `events` is read beside events"),
            None if object.repeats("events") => {
                refuse(RefusalCode::DuplicateField, "events", "`events` is given twice; keep one")
            }
            None => match object.take("events").map(|node| node.value) {
                Some(Value::List(items)) => {
                    self.waiting = items.into_iter();
                    return None;
                }
                _ => refuse(RefusalCode::InvalidValue, "events", "`events` must be a list of events"),
            },
        };
        Some(self.refused(Fault { line, refusal }, None))
    }
}

fn is_envelope(object: &Object) -> bool {
    object.get("events").is_some() && object.get("type").is_none()
}

impl Iterator for Documents<'_, '_> {
    type Item = Incoming;

    fn next(&mut self) -> Option<Incoming> {
        while !self.over {
            if let Some(node) = self.waiting.next() {
                return Some(self.incoming(&node));
            }
            let stepped = match self.trees.next() {
                Ok(None) => break,
                Ok(Some((event, line))) => self.step(event, line),
                Err(fault) => Err(fault),
            };
            match stepped {
                Ok(None) => {}
                Ok(Some(incoming)) => return Some(incoming),
                // Past broken syntax nothing can be told.
                Err(fault) => {
                    self.over = true;
                    return Some(self.refused(fault, None));
                }
            }
        }
        None
    }
}
