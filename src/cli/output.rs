//! Where the command writes: to the terminal, on which nothing acts that came from outside; and to files, each of which is
//! there whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Failure, input};
use crate::source::acts;

/// How characters that would act on a terminal are written out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// `\u{202e}`
    Text,
    /// The same; colours pass.
    Coloured,
    /// `\u202e`, which is the same JSON.
    Json,
}

/// The standard output, which remembers whether its reader has gone.
pub(crate) struct Output<W> {
    inner: W,
    escapes: Escapes,
    /// True once the reader has gone.
    pub closed: bool,
}

impl<W: Write> Output<W> {
    pub fn new(inner: W, escapes: Escapes) -> Output<W> {
        Output { inner, escapes, closed: false }
    }

    fn note<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        self.closed |= done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        done
    }

    /// Writes from the start of `text` up to a character that acts, or that one written out; how many bytes that was.
    fn put(&mut self, text: &str) -> io::Result<usize> {
        let passes = |c| !acts(c) || c == '\u{1b}' && self.escapes == Escapes::Coloured;
        match text.chars().next().filter(|c| !passes(*c)) {
            Some(c) => {
                match self.escapes {
                    Escapes::Json => write!(self.inner, "\\u{:04x}", u32::from(c))?,
                    Escapes::Text | Escapes::Coloured => write!(self.inner, "{}", c.escape_unicode())?,
                }
                Ok(c.len_utf8())
            }
            None => {
                let end = text.find(|c| !passes(c)).unwrap_or(text.len());
                self.inner.write(text.get(..end).unwrap_or(text).as_bytes())
            }
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => bytes.get(..error.valid_up_to()).and_then(|b| str::from_utf8(b).ok()).unwrap_or(""),
        };
        let done = if text.is_empty() { self.inner.write(bytes) } else { self.put(text) };
        self.note(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.inner.flush();
        self.note(done)
    }
}

/// Writes a file beside its place and puts it there once it is whole: whoever reads the place finds the old file or the new
/// one. Devices and pipes are written to as they are.
pub(crate) fn write_file(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let fault = |error: io::Error| match (error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(folder)) => input::unopened(folder, &error),
        _ => input::unopened(path, &error),
    };
    let before = fs::metadata(path).ok();
    if before.as_ref().is_some_and(Metadata::is_dir) {
        return Err(Failure(format!("{}: this is a folder, not a file", path.display())));
    }
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        let mut target = OpenOptions::new().write(true).open(path).map_err(fault)?;
        return fill(&mut target);
    }
    if before.as_ref().is_some_and(|before| before.permissions().readonly()) {
        return Err(fault(io::ErrorKind::PermissionDenied.into()));
    }
    // What a link leads to is written, the link stays.
    let target = if before.is_some() { fs::canonicalize(path).map_err(fault)? } else { path.to_owned() };
    let beside = beside(&target);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside).map_err(fault)?;
    let written = filled(file, fill).and_then(|()| {
        before.map_or(Ok(()), |before| fs::set_permissions(&beside, before.permissions()))?;
        Ok(fs::rename(&beside, &target)?)
    });
    if written.is_err() {
        // Nothing can be done where it cannot be removed either.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn filled(file: File, fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut file = io::BufWriter::new(file);
    fill(&mut file)?;
    file.flush()?;
    Ok(file.get_ref().sync_all()?)
}

/// A name in the same folder that nobody else uses.
fn beside(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    target.with_file_name(name)
}

/// Refuses to write over something that the command reads: the same file, under whatever name. `-` is the standard input.
pub(crate) fn not_an_input<'i>(path: &str, inputs: impl Iterator<Item = &'i str>) -> Result<(), Failure> {
    let mut inputs = inputs.map(|name| (name, if name == "-" { "/dev/stdin" } else { name }));
    match inputs.find(|(_, read)| is_same(Path::new(path), Path::new(read))) {
        None => Ok(()),
        Some((name, _)) => Err(Failure(match name {
            "-" => format!("{path} is what the standard input reads; write to another file"),
            _ if name == path => format!("{path} is read, too; write to another file"),
            _ => format!("{path} is {name}, which is read, too; write to another file"),
        })),
    }
}

/// True for two names of one file.
fn is_same(a: &Path, b: &Path) -> bool {
    let (Ok(first), Ok(second)) = (fs::metadata(a), fs::metadata(b)) else { return false };
    first.is_file() && second.is_file() && is_same_file((a, &first), (b, &second))
}

#[cfg(unix)]
fn is_same_file((_, a): (&Path, &Metadata), (_, b): (&Path, &Metadata)) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same_file((a, _): (&Path, &Metadata), (b, _): (&Path, &Metadata)) -> bool {
    fs::canonicalize(a).ok().zip(fs::canonicalize(b).ok()).is_some_and(|(a, b)| a == b)
}
