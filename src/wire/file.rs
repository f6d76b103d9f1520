//! Files by their names: which form an input has, gzip or not, and what comes of it.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;

use super::Reader;
use super::csv::{Mapping, Table};
use super::jsonl::MAX_LINE;
use super::read::{Events, InputFault, fault};

/// Longest YAML file, unpacked, in bytes: it is held as a whole.
const MAX_YAML: u64 = 1 << 26;

/// The forms of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    /// A list of events, one document each, or a list under `events`.
    Yaml,
    /// Rows, read through a mapping.
    Csv,
}

impl Format {
    /// The form of a file called `name`; `-` is JSON Lines. None where the name does not tell.
    pub fn of(name: &str) -> Option<Format> {
        if name == "-" {
            return Some(Format::JsonLines);
        }
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "jsonl" | "ndjson" | "json" => Some(Format::JsonLines),
            "yaml" | "yml" => Some(Format::Yaml),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }
}

/// Reads an input called `name` (`-` for the standard input) in the form that its name tells, gzipped or not. Rows of
/// several CSV files belong together: read those with one [`Table`].
pub fn read_file<'r>(
    reader: &'r Reader<'_>,
    name: &str,
    input: impl Read + 'r,
    mapping: Option<&'r Mapping>,
) -> Result<Events<'r>, InputFault> {
    let file: Option<Arc<str>> = (name != "-").then(|| name.into());
    let format = Format::of(name).ok_or_else(|| InputFault {
        message: format!(
            "{name}: events are read from .jsonl, .yaml and .csv files, also with .gz, and from -"
        ),
    })?;
    let unreadable = |error: io::Error| fault(Some(name), &error);
    match (format, mapping) {
        (Format::JsonLines, _) => {
            Ok(reader.json_lines(file, bounded_lines(plain(input).map_err(unreadable)?)))
        }
        (Format::Yaml, _) => {
            let mut bytes = Vec::new();
            let input = plain(input).map_err(unreadable)?;
            input.take(MAX_YAML + 1).read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 > MAX_YAML {
                let message = format!(
                    "{name}: a YAML file has at most {MAX_YAML} bytes; write this much as JSON Lines, or in several files"
                );
                return Err(InputFault { message });
            }
            Ok(reader.yaml(file, &bytes))
        }
        (Format::Csv, Some(mapping)) => {
            let mut table = Table::new(reader, mapping);
            let mut read = Vec::new();
            table.add(name, input, &mut |refused| read.push(refused))?;
            read.extend(table.finish());
            Ok(Box::new(read.into_iter().map(Ok)))
        }
        (Format::Csv, None) => {
            let message =
                format!("{name}: a CSV file needs --mapping FILE, which says what its columns mean");
            Err(InputFault { message })
        }
    }
}

/// The input, unpacked where its first bytes say that it is gzipped.
pub fn plain<'r>(mut input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut start = Vec::new();
    input.by_ref().take(2).read_to_end(&mut start)?;
    let zipped = start == [0x1f, 0x8b];
    let whole = Cursor::new(start).chain(input);
    Ok(match zipped {
        true => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(whole))),
        false => Box::new(whole),
    })
}

/// The most bytes that are read in search of the end of a line: a device or a packed file may have none.
const MOST_FOR_LINE: usize = 16 * MAX_LINE;

/// The input, which ends in an error where a line does not end.
pub fn bounded_lines(input: impl Read) -> impl Read {
    BoundedLines { input, since_end: 0 }
}

struct BoundedLines<R> {
    input: R,
    /// Bytes read since a line ended.
    since_end: usize,
}

impl<R: Read> Read for BoundedLines<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(bytes)?;
        let end = bytes.iter().take(count).rposition(|byte| *byte == b'\n');
        self.since_end = end.map_or(self.since_end.saturating_add(count), |end| count - end - 1);
        match self.since_end {
            length if length > MOST_FOR_LINE => {
                Err(io::Error::other(format!("a line is longer than {MOST_FOR_LINE} bytes")))
            }
            _ => Ok(count),
        }
    }
}
