//! Whole inputs: from bytes and a name to what comes in.

use std::collections::HashSet;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::jsonl::Lines;
use super::{Reader, json};
use crate::eval::Refusal;
use crate::ledger::{Incoming, Place, Rejected};

/// An input that could not be read to its end: a fault of the file or the command, not of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
        if let Err(refusal) = super::jsonl::fits(line) {
            return unread(place, refusal, line.trim());
        }
        if let Some(event) = self.good_event(line) {
            return Incoming { place, body: Ok(event) };
        }
        match json::parse(line) {
            Ok(node) => self.event(place, &node),
            Err(refusal) => unread(place, refusal, line.trim()),
        }
    }

    /// The events of JSON Lines; `file` is the name to report.
    pub fn json_lines<'r>(&'r self, file: Option<Arc<str>>, input: impl Read + 'r) -> Events<'r> {
        let lines = Lines::new(BufReader::with_capacity(1 << 16, input));
        Box::new(JsonLines { reader: self, file, lines, accounts: HashSet::new(), over: false })
    }
}

/// The events of an input of JSON Lines.
struct JsonLines<'r, 'p, R> {
    reader: &'r Reader<'p>,
    file: Option<Arc<str>>,
    lines: Lines<R>,
    /// The names of accounts so far: events of one account share one text.
    accounts: HashSet<Arc<str>>,
    /// True after a fault.
    over: bool,
}

impl<R: BufRead> Iterator for JsonLines<'_, '_, R> {
    type Item = Result<Incoming, InputFault>;

    fn next(&mut self) -> Option<Result<Incoming, InputFault>> {
        if self.over {
            return None;
        }
        let line = match self.lines.next_line() {
            Ok(line) => line?,
            Err(error) => {
                self.over = true;
                return Some(Err(fault(self.file.as_deref(), &error)));
            }
        };
        let place = Place { file: self.file.clone(), line: Some(line.number) };
        let mut incoming = match line.text {
            Ok(text) => self.reader.event_line(place, text),
            Err(refusal) => unread(place, refusal, ""),
        };
        if let Ok(event) = &mut incoming.body {
            match self.accounts.get(&event.account) {
                Some(known) => event.account = known.clone(),
                None => drop(self.accounts.insert(event.account.clone())),
            }
        }
        Some(Ok(incoming))
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
