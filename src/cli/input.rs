//! Reading what the command line names: policies, instants, cases, events.

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

use super::{Failure, table};
use crate::check::{Policy, load};
use crate::diagnostic::render;
use crate::eval::Refusal;
use crate::ledger::Incoming;
use crate::source::Source;
use crate::value::time;
use crate::wire::jsonl::Lines;
use crate::wire::{Case, Format, InputFault, Mapping, Reader, Table, read_file};

/// The most bytes of a policy file that are read: one more than the parser accepts, so that it can say so.
const MOST_POLICY_BYTES: u64 = (1 << 20) + 1;

/// The text of a policy file.
pub(crate) fn source(path: &str) -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    let mut reader = open(path)?.take(MOST_POLICY_BYTES);
    reader.read_to_end(&mut bytes).map_err(|error| Failure(format!("{path}: {error}")))?;
    let name = if path == "-" { "<stdin>" } else { path };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let line = error
                .as_bytes()
                .iter()
                .take(error.utf8_error().valid_up_to())
                .filter(|b| **b == b'\n')
                .count();
            Err(Failure(format!("{name}:{}: the file is not UTF-8; save it as UTF-8", line + 1)))
        }
    }
}

/// A policy that may run; prints its mistakes to standard error. Warnings are left to `meed check`.
pub(crate) fn policy(path: &str) -> Result<Policy, Failure> {
    let source = source(path)?;
    let checked = load(&source);
    checked.policy.ok_or_else(|| {
        let text = render::report(&source, &checked.diagnostics, table::width(), table::colour());
        let _ = io::stderr().write_all(text.as_bytes());
        Failure(format!("{path}: the policy has mistakes and cannot run"))
    })
}

/// An instant given on the command line.
pub(crate) fn instant(text: &str) -> Result<Timestamp, Failure> {
    time::parse_instant(text).ok_or_else(|| {
        Failure(format!(
            "`{text}` is no instant; write date, time and offset, such as 2021-04-01T00:00:00+09:00"
        ))
    })
}

/// A file, or standard input for `-`.
pub(crate) fn open(path: &str) -> Result<Box<dyn Read>, Failure> {
    if path == "-" {
        return Ok(Box::new(io::stdin()));
    }
    match File::open(path).and_then(|file| Ok((file.metadata()?.is_dir(), file))) {
        Ok((true, _)) => Err(Failure(format!("{path}: this is a folder, not a file"))),
        Ok((false, file)) => Ok(Box::new(file)),
        Err(error) => Err(Failure(format!("{path}: {error}"))),
    }
}

fn buffered(path: &str) -> Result<Box<dyn BufRead>, Failure> {
    Ok(Box::new(BufReader::with_capacity(1 << 16, open(path)?)))
}

/// Reads decide cases, JSON Lines, and hands each on, or why it was refused.
pub(crate) fn cases(
    policy: &Policy,
    path: &str,
    each: &mut dyn FnMut(Result<Case, Refusal>) -> io::Result<()>,
) -> Result<(), Failure> {
    let reader = Reader::new(policy);
    for line in Lines::new(buffered(path)?) {
        let line = line.map_err(|error| Failure(format!("{path}: {error}")))?;
        each(line.text.and_then(|text| reader.case(&text)))?;
    }
    Ok(())
}

/// Files of events, with the mapping for those that are CSV.
pub(crate) struct Events<'a> {
    pub files: &'a [String],
    pub mapping: Option<&'a str>,
}

impl Events<'_> {
    /// Reads every file in turn and hands each piece on. The rows of all CSV files are one table; what they come to
    /// is handed on where the last of them stands.
    pub fn read(&self, policy: &Policy, each: &mut dyn FnMut(Incoming)) -> Result<(), Failure> {
        let reader = Reader::new(policy);
        let mapping = self.mapping.map(|path| mapping(&reader, path)).transpose()?;
        let progress = progress();
        let is_csv = |path: &String| Format::of(path) == Some(Format::Csv);
        let last = self.files.iter().rposition(is_csv);
        let mut table = mapping.as_ref().map(|mapping| Table::new(&reader, mapping));
        for (index, path) in self.files.iter().enumerate() {
            if let Some(rows) = table.as_mut().filter(|_| is_csv(path)) {
                rows.add(path, open(path)?).map_err(fault)?;
                let whole = if Some(index) == last { table.take() } else { None };
                for one in whole.map(Table::finish).unwrap_or_default() {
                    each(one);
                    progress.inc(1);
                }
                continue;
            }
            for one in read_file(&reader, path, open(path)?, mapping.as_ref()).map_err(fault)? {
                each(one.map_err(fault)?);
                progress.inc(1);
            }
        }
        progress.finish_and_clear();
        Ok(())
    }
}

/// How many events have been read; drawn on standard error, and only where that is a terminal.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} events read");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn fault(fault: InputFault) -> Failure {
    Failure(fault.message)
}

fn mapping(reader: &Reader<'_>, path: &str) -> Result<Mapping, Failure> {
    let source = source(path)?;
    let mapping = Mapping::read(reader, source.text()).map(|mapping| mapping.named(path));
    mapping.map_err(|error| {
        let line = error.line.map_or_else(String::new, |line| format!(":{line}"));
        Failure(format!("{path}{line}: {}", error.message))
    })
}
