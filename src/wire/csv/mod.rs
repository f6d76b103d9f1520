//! CSV through a mapping file: rows to orders with the ships they tell, or to events of their own. The result is
//! a function of the rows: their order, and the files that they are spread over, change places only.

mod cell;
mod header;
mod mapping;
mod orders;
mod rows;
mod source;

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use mapping::{Mapping, MappingError};

use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::EventKind;
use crate::ledger::{Incoming, Place, Rejected};
use crate::wire::Reader;
use crate::wire::file::plain;
use crate::wire::jsonl::MAX_LINE;
use crate::wire::read::{InputFault, fault};
use cell::{Row, Sheet};
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
            length if length > MOST_FOR_ROW => {
                let message = format!("a row is longer than {MOST_FOR_ROW} bytes; is a quote not closed?");
                Err(io::Error::other(message))
            }
            _ => Ok(read),
        }
    }
}

/// The rows of one or more CSV files, read through one mapping. Together they are one table: an order may have
/// rows in several files.
pub struct Table<'r, 'p> {
    mapping: &'r Mapping,
    sink: Sink<'r, 'p>,
    orders: orders::Groups<'r>,
    events: rows::Events,
}

impl<'r, 'p> Table<'r, 'p> {
    /// A table without rows.
    pub fn new(reader: &'r Reader<'p>, mapping: &'r Mapping) -> Table<'r, 'p> {
        let sink = Sink { reader, out: Vec::new(), unread: Vec::new() };
        Table { mapping, sink, orders: orders::Groups::default(), events: rows::Events::default() }
    }

    /// Adds the rows of a file called `name`, gzipped or not. Rows of which no event can be made are handed on at once, so
    /// that they take no memory.
    pub fn add(
        &mut self,
        name: &str,
        input: impl Read,
        refused: &mut dyn FnMut(Incoming),
    ) -> Result<(), InputFault> {
        let unreadable = |error: &dyn std::fmt::Display| fault(Some(name), error);
        let input = plain(input).and_then(unmarked).map_err(|error| unreadable(&error))?;
        let since_row = Cell::new(0);
        let input = Bounded { input, since_row: &since_row };
        let mapping = self.mapping;
        let mut table =
            csv::ReaderBuilder::new().delimiter(mapping.separator).flexible(true).from_reader(input);
        let header = table.byte_headers().map_err(|error| unreadable(&error))?.clone();
        let header = csv::StringRecord::from_byte_record(header)
            .map_err(|_| unreadable(&"its header is not UTF-8 text; save the file as UTF-8"))?;
        let places = header::places(mapping, &header, name)?;
        let sheet = Rc::new(Sheet { file: name.into(), places });
        let mut record = csv::ByteRecord::new();
        while table.read_byte_record(&mut record).map_err(|error| unreadable(&error))? {
            since_row.set(0);
            let line = record.position().map_or(0, csv::Position::line);
            match readable(&record, header.len()) {
                Ok(record) => self.row(&sheet, line, record),
                Err(refusal) => self.sink.refuse(sheet.place(line), refusal, None, None),
            }
            self.sink.unread.drain(..).for_each(&mut *refused);
        }
        Ok(())
    }

    fn row(&mut self, sheet: &Rc<Sheet>, line: u64, record: csv::StringRecord) {
        let zone = &self.sink.reader.policy.calendar.zone;
        let row = Row { sheet: sheet.clone(), line, record, names: &self.mapping.columns, zone };
        if left_out(self.mapping, &row) {
            return;
        }
        match &self.mapping.rows {
            Rows::Lines(how) => self.orders.add(&mut self.sink, self.mapping, how, row),
            Rows::Events(fields) => self.events.add(&mut self.sink, self.mapping, fields, &row),
        }
    }

    /// What all rows come to, sorted by instant.
    pub fn finish(mut self) -> Vec<Incoming> {
        if let Rows::Lines(how) = &self.mapping.rows {
            self.orders.finish(&mut self.sink, how);
        }
        let Sink { mut out, mut unread, .. } = self.sink;
        out.append(&mut unread);
        sorted(out)
    }
}

/// The input without the byte order mark that spreadsheets put before UTF-8.
fn unmarked<'i>(mut input: impl Read + 'i) -> io::Result<impl Read + 'i> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut start = Vec::new();
    input.by_ref().take(3).read_to_end(&mut start)?;
    if start == MARK {
        start.clear();
    }
    Ok(Cursor::new(start).chain(input))
}

fn readable(record: &csv::ByteRecord, columns: usize) -> Result<csv::StringRecord, Refusal> {
    let refuse = |code, message| Err(Refusal::new(code, "", message));
    if record.as_slice().len() > MAX_LINE {
        return refuse(RefusalCode::TooLarge, format!("the row is longer than {MAX_LINE} bytes"));
    }
    if record.len() != columns {
        let many = record.iter().any(|cell| cell.contains(&b'\n'));
        let help = if many { "; perhaps a quote in it is not closed" } else { "" };
        let message = format!("the row has {} columns, the header has {columns}{help}", record.len());
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
    out: Vec<Incoming>,
    /// Rows of which no event can be made.
    unread: Vec<Incoming>,
}

impl Sink<'_, '_> {
    /// A row of which nothing could be made but, perhaps, its account or its instant.
    fn refuse(
        &mut self,
        place: Place,
        refusal: Refusal,
        account: Option<String>,
        at: Option<jiff::Timestamp>,
    ) {
        let account = account.map(Arc::from);
        let rejected = Rejected { id: None, at, account, refusal, content: String::new() };
        self.unread.push(Incoming { place, body: Err(Box::new(rejected)) });
    }
}

/// By instant, kind and id: what is nowhere in time comes first.
fn sorted(mut read: Vec<Incoming>) -> Vec<Incoming> {
    fn key(incoming: &Incoming) -> (Option<jiff::Timestamp>, Option<u8>, Option<&Arc<str>>, &Place) {
        let rank = incoming.body.as_ref().ok().map(|event| EventKind::rank(&event.kind));
        (incoming.at(), rank, incoming.id(), &incoming.place)
    }
    read.sort_by(|a, b| key(a).cmp(&key(b)));
    read
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
