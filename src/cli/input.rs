//! Reading what the command line names: policies, instants, cases, events.

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::{Command, Failure, table};
use crate::check::{Checked, Policy, load_with};
use crate::diagnostic::{render, suggest};
use crate::eval::Refusal;
use crate::ledger::Incoming;
use crate::source::Source;
use crate::syntax::MAX_BYTES;
use crate::value::time;
use crate::wire::jsonl::Lines;
use crate::wire::{Format, InputFault, Mapping, Reader, Table, bounded_lines, plain, read_file};

/// The most bytes of a policy file that are read: more than the parser accepts, so that it can say so.
const MOST_BYTES: usize = 16 * MAX_BYTES;
/// How many events are read between two updates of the count that is shown.
const PROGRESS_STEP: u64 = 1 << 12;

/// The text of a policy file.
pub(crate) fn source(path: &str) -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    let mut reader = open(path)?.take(MOST_BYTES as u64);
    reader.read_to_end(&mut bytes).map_err(|error| Failure(format!("{path}: {error}")))?;
    let name = if path == "-" { "<stdin>" } else { path };
    if bytes.len() == MOST_BYTES
        && let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
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

/// A policy file and those that it uses, checked. What it uses stands in its own folder or in `root`, or below.
pub(crate) fn checked(path: &str, root: Option<&Path>) -> Result<Checked, Failure> {
    let source = source(path)?;
    let own = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    let folders = [Some(own.unwrap_or(Path::new("."))), root];
    let folders = folders
        .into_iter()
        .flatten()
        .map(|folder| std::fs::canonicalize(folder).map_err(|error| unopened(folder, &error)));
    let folders = folders.collect::<Result<Vec<_>, _>>()?;
    Ok(load_with(&source, &mut |path| used(path, &folders)))
}

/// The text of a file that a policy uses. A policy may come from anyone: it reads nothing outside of `folders`, nor waits
/// for a pipe.
fn used(path: &str, folders: &[PathBuf]) -> Result<String, String> {
    let is_inside = |real: &PathBuf| folders.iter().any(|folder| real.starts_with(folder));
    // Where there is no such file, the folder in which it would be decides what is said.
    let mut places = Path::new(path).ancestors().map(|place| match place.as_os_str().is_empty() {
        true => std::fs::canonicalize("."),
        false => std::fs::canonicalize(place),
    });
    if !places.find_map(Result::ok).is_some_and(|real| is_inside(&real)) {
        return Err(
            "it is outside of the policy's folder; name a folder with --root to let it be used".to_owned()
        );
    }
    let data = std::fs::metadata(path).map_err(|error| error.to_string())?;
    match (data.is_dir(), data.is_file()) {
        (true, _) => return Err("this is a folder, not a file".to_owned()),
        (_, false) => return Err("this is a device or a pipe, not a file".to_owned()),
        _ => {}
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "the file is not UTF-8; save it as UTF-8".to_owned())
}

/// The text of a file beside a policy: `what` it is, for the message where it is too large.
pub(crate) fn text(path: &str, what: &str) -> Result<Source, Failure> {
    let source = source(path)?;
    match source.text().len() {
        length if length > MAX_BYTES => Err(Failure(format!("{path}: {what} has at most {MAX_BYTES} bytes"))),
        _ => Ok(source),
    }
}

/// A policy that may run; prints its mistakes to standard error. Warnings are left to `meed check`.
pub(crate) fn policy(path: &str, root: Option<&Path>) -> Result<Policy, Failure> {
    let checked = checked(path, root)?;
    checked.policy.ok_or_else(|| {
        let colour = table::colour(&io::stderr());
        let text = render::report(&checked.source, &checked.diagnostics, table::width(), colour);
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
        Err(error) => Err(unopened(Path::new(path), &error)),
    }
}

/// Why a file or folder cannot be opened, with the name that was perhaps meant.
pub(crate) fn unopened(path: &Path, error: &io::Error) -> Failure {
    let name = path.display();
    Failure(match error.kind() {
        io::ErrorKind::NotFound => match meant(path) {
            Some(near) => format!("{name}: no such file or folder; did you mean {}?", near.display()),
            None => format!("{name}: no such file or folder"),
        },
        io::ErrorKind::PermissionDenied => format!("{name}: you may not open this file"),
        _ => format!("{name}: {error}"),
    })
}

/// The file that is there under a name near to `path`.
fn meant(path: &Path) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    for part in path.components() {
        let next = found.join(part);
        if next.exists() {
            found = next;
            continue;
        }
        let folder = if found.as_os_str().is_empty() { Path::new(".") } else { &found };
        let entries = std::fs::read_dir(folder).ok()?;
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        let near = suggest::nearest(part.as_os_str().to_str()?, names.iter().map(String::as_str))?;
        found.push(near);
    }
    found.exists().then_some(found)
}

/// Refuses a command that names the standard input for more than one thing: the first would read it to its end.
pub(crate) fn named_once(command: &Command) -> Result<(), Failure> {
    let (first, events, last) = match command {
        Command::Decide(options) => {
            ([Some(&options.policy), Some(&options.cases)], &options.events, &options.mapping)
        }
        Command::Run(options) => ([Some(&options.policy), None], &options.events, &options.mapping),
        Command::Explain(options) => ([Some(&options.subject), None], &options.events, &options.mapping),
        _ => return Ok(()),
    };
    let names = first.into_iter().flatten().chain(events).chain(last);
    match names.filter(|name| *name == "-").count() {
        0 | 1 => Ok(()),
        _ => Err(Failure(
            "the standard input can be read for one thing only; name files for the others".into(),
        )),
    }
}

/// Reads JSON Lines and hands each on, or why it was refused.
pub(crate) fn lines(
    path: &str,
    each: &mut dyn FnMut(Result<&str, Refusal>) -> io::Result<()>,
) -> Result<(), Failure> {
    let input = plain(open(path)?).map_err(|error| Failure(format!("{path}: {error}")))?;
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, bounded_lines(input)));
    while let Some(line) = lines.next_line().map_err(|error| Failure(format!("{path}: {error}")))? {
        each(line.text)?;
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
        let mut read = 0u64;
        let mut each = |one| {
            each(one);
            read += 1;
            if read.is_multiple_of(PROGRESS_STEP) {
                progress.set_position(read);
            }
        };
        let is_csv = |path: &String| Format::of(path) == Some(Format::Csv);
        let last = self.files.iter().rposition(is_csv);
        let mut table = mapping.as_ref().map(|mapping| Table::new(&reader, mapping));
        for (index, path) in self.files.iter().enumerate() {
            if let Some(rows) = table.as_mut().filter(|_| is_csv(path)) {
                rows.add(path, open(path)?, &mut each).map_err(fault)?;
                let whole = if Some(index) == last { table.take() } else { None };
                whole.map(Table::finish).unwrap_or_default().into_iter().for_each(&mut each);
                continue;
            }
            for one in read_file(&reader, path, open(path)?, mapping.as_ref()).map_err(fault)? {
                each(one.map_err(fault)?);
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
    let source = text(path, "a mapping")?;
    let mapping = Mapping::read(reader, source.text()).map(|mapping| mapping.named(path));
    mapping.map_err(|error| {
        let line = error.line.map_or_else(String::new, |line| format!(":{line}"));
        Failure(format!("{path}{line}: {}", error.message))
    })
}
