//! CSV through a mapping file: rows to orders with the ships they tell, or to events of their own. The result is
//! a function of the set of rows: their order in the file changes line numbers only.

mod cell;
mod mapping;
mod orders;
mod rows;
mod source;

use std::cell::Cell;
use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use mapping::{Mapping, MappingError};

use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::EventKind;
use crate::ledger::intake::{Incoming, Place};
use crate::wire::Reader;
use crate::wire::jsonl::MAX_LINE;
use crate::wire::path::shown;
use crate::wire::read::{InputFault, fault, unread};
use cell::Row;
use mapping::Rows;

/// The most bytes that are read in search of the end of a row: a quote that is never closed would take in the whole file.
const MOST_FOR_ROW: usize = 16 * MAX_LINE;

/// An input that ends in an error where a row does not end.
struct Bounded<'c, R> {
    input: R,
    /// Bytes read since the last row ended.
    since_row: &'c Cell<usize>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        self.since_row.set(self.since_row.get().saturating_add(read));
        match self.since_row.get() {
            length if length > MOST_FOR_ROW => Err(io::Error::other(format!(
                "a row is longer than {MOST_FOR_ROW} bytes; is a quote not closed?"
            ))),
            _ => Ok(read),
        }
    }
}

/// What a CSV file comes to, sorted by instant.
pub(super) fn read(
    reader: &Reader<'_>,
    file: Option<Arc<str>>,
    input: impl Read,
    mapping: &Mapping,
) -> Result<Vec<Incoming>, InputFault> {
    let since_row = Cell::new(0);
    let input = Bounded { input, since_row: &since_row };
    let mut table = csv::ReaderBuilder::new().delimiter(mapping.separator).flexible(true).from_reader(input);
    let name = file.as_deref();
    let header = table.headers().map_err(|error| fault(name, &error))?.clone();
    let places = places(mapping, &header, name)?;
    let mut sink = Sink { reader, file: file.clone(), out: Vec::new() };
    let mut orders = orders::Groups::default();
    let mut events = rows::Events::default();
    let mut record = csv::ByteRecord::new();
    while table.read_byte_record(&mut record).map_err(|error| fault(name, &error))? {
        since_row.set(0);
        let line = record.position().map_or(0, csv::Position::line);
        let record = match readable(&record, header.len()) {
            Ok(record) => record,
            Err(refusal) => {
                sink.refuse(line, refusal);
                continue;
            }
        };
        let zone = &reader.policy.calendar.zone;
        let row = Row { line, record, places: &places, names: &mapping.columns, zone };
        if left_out(mapping, &row) {
            continue;
        }
        match &mapping.rows {
            Rows::Lines(how) => orders.add(&mut sink, mapping, how, row),
            Rows::Events(fields) => events.add(&mut sink, mapping, fields, &row),
        }
    }
    if let Rows::Lines(how) = &mapping.rows {
        orders.finish(&mut sink, how);
    }
    Ok(sink.sorted())
}

/// Where the columns of the mapping stand in the file.
fn places(
    mapping: &Mapping,
    header: &csv::StringRecord,
    file: Option<&str>,
) -> Result<Vec<usize>, InputFault> {
    let columns = mapping.columns.iter();
    columns
        .map(|(name, line)| {
            let mut found = header.iter().enumerate().filter(|(_, column)| column.trim() == name.trim());
            match (found.next(), found.next()) {
                (Some((place, _)), None) => Ok(place),
                (Some(_), Some(_)) => Err(no_column(name, *line, file, "has this column twice".to_owned())),
                (None, _) => {
                    let help = match suggest::nearest(name, header.iter()) {
                        Some(near) => format!("has no such column; did you mean \"{}\"?", shown(near)),
                        None => format!("has no such column, only {}", listed(header)),
                    };
                    Err(no_column(name, *line, file, help))
                }
            }
        })
        .collect()
}

fn listed(header: &csv::StringRecord) -> String {
    header.iter().take(30).map(|name| format!("\"{}\"", shown(name))).collect::<Vec<_>>().join(", ")
}

fn no_column(name: &str, line: u64, file: Option<&str>, what: String) -> InputFault {
    let file = file.unwrap_or("the input");
    InputFault {
        message: format!("the mapping names the column \"{}\" on line {line}; {file} {what}", shown(name)),
    }
}

fn readable(record: &csv::ByteRecord, columns: usize) -> Result<csv::StringRecord, Refusal> {
    let refuse = |code, message| Err(Refusal::new(code, "", message));
    if record.as_slice().len() > MAX_LINE {
        return refuse(RefusalCode::TooLarge, format!("the row is longer than {MAX_LINE} bytes"));
    }
    if record.len() != columns {
        let message = format!("the row has {} columns, the header has {columns}", record.len());
        return refuse(RefusalCode::UnreadableInput, message);
    }
    match csv::StringRecord::from_byte_record(record.clone()) {
        Ok(record) => Ok(record),
        Err(_) => refuse(
            RefusalCode::UnreadableInput,
            "the row is not UTF-8 text; save the file as UTF-8".to_owned(),
        ),
    }
}

fn left_out(mapping: &Mapping, row: &Row<'_>) -> bool {
    mapping.leave_out.iter().any(|rule| {
        let cell = row.cell(rule.column);
        rule.texts.iter().any(|text| text.trim() == cell) == rule.among
    })
}

/// Where what was read goes.
struct Sink<'r, 'p> {
    reader: &'r Reader<'p>,
    file: Option<Arc<str>>,
    out: Vec<Incoming>,
}

impl Sink<'_, '_> {
    fn place(&self, line: u64) -> Place {
        Place { file: self.file.clone(), line: Some(line) }
    }

    /// A row of which nothing could be made.
    fn refuse(&mut self, line: u64, refusal: Refusal) {
        self.refuse_of(line, refusal, None, None);
    }

    /// A row of which only its account or its instant can be told.
    fn refuse_of(
        &mut self,
        line: u64,
        refusal: Refusal,
        account: Option<String>,
        at: Option<jiff::Timestamp>,
    ) {
        self.out.push(Incoming { account, at, ..unread(self.place(line), refusal, "") });
    }

    /// By instant, kind and id: what is nowhere in time comes first.
    fn sorted(mut self) -> Vec<Incoming> {
        fn key(incoming: &Incoming) -> (Option<jiff::Timestamp>, Option<u8>, Option<&str>, Option<u64>) {
            let rank = incoming.body.as_ref().ok().map(|event| EventKind::rank(&event.kind));
            (incoming.at, rank, incoming.id.as_deref(), incoming.place.line)
        }
        self.out.sort_by(|a, b| key(a).cmp(&key(b)));
        self.out
    }
}

/// The first twelve digits of the SHA-256 of a content: a made-up id that only the content decides.
fn made_up(content: &str) -> String {
    Sha256::digest(content).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Names joined to one that no other names join to: `order/a1/2021-03-01`.
fn joined(parts: &[&str]) -> String {
    let escaped = parts.iter().map(|part| part.replace('%', "%25").replace('/', "%2F"));
    escaped.collect::<Vec<_>>().join("/")
}
