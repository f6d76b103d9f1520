//! Whole inputs: from bytes and a name to what comes in.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::jsonl::{Line, Lines};
use super::{Reader, json};
use crate::eval::Refusal;
use crate::ledger::intake::{Incoming, Place, Rejected};

/// An input that could not be read to its end: a fault of the file or the command, not of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFault {
    /// What went wrong, with the file's name.
    pub message: String,
}

impl fmt::Display for InputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputFault {}

/// What comes in, piece by piece; ends after a fault.
pub type Events<'r> = Box<dyn Iterator<Item = Result<Incoming, InputFault>> + 'r>;

impl<'p> Reader<'p> {
    /// The event on one line of JSON.
    pub fn event_line(&self, place: Place, line: &str) -> Incoming {
        let node = super::jsonl::fits(line).and_then(json::parse);
        match node {
            Ok(node) => self.event(place, &node),
            Err(refusal) => unread(place, refusal, line.trim()),
        }
    }

    /// The events of JSON Lines; `file` is the name to report.
    pub fn json_lines<'r>(&'r self, file: Option<Arc<str>>, input: impl Read + 'r) -> Events<'r> {
        self.json_lines_buffered(file, BufReader::with_capacity(1 << 16, input))
    }

    fn json_lines_buffered<'r>(&'r self, file: Option<Arc<str>>, input: impl BufRead + 'r) -> Events<'r> {
        let name = file.clone();
        let lines = Lines::new(input).map(move |line| line.map_err(|error| fault(name.as_deref(), &error)));
        Box::new(until_fault(lines.map(move |line| line.map(|line| self.incoming(file.clone(), line)))))
    }

    fn incoming(&self, file: Option<Arc<str>>, line: Line) -> Incoming {
        let place = Place { file, line: Some(line.number) };
        match line.text {
            Ok(text) => self.event_line(place, &text),
            Err(refusal) => unread(place, refusal, ""),
        }
    }
}

/// Input of which nothing could be told.
pub(super) fn unread(place: Place, refusal: Refusal, text: &str) -> Incoming {
    let rejected = Rejected { id: None, at: None, account: None, refusal, content: text.to_owned() };
    Incoming { place, body: Err(Box::new(rejected)) }
}

/// The fault of an input that cannot be read on.
pub(super) fn fault(file: Option<&str>, error: &dyn fmt::Display) -> InputFault {
    InputFault { message: format!("{} cannot be read: {error}", file.unwrap_or("the input")) }
}

/// The items up to the first fault, with it.
fn until_fault<T>(
    items: impl Iterator<Item = Result<T, InputFault>>,
) -> impl Iterator<Item = Result<T, InputFault>> {
    let mut over = false;
    items.take_while(move |item| {
        let before = over;
        over = over || item.is_err();
        !before
    })
}
