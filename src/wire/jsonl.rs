//! JSON Lines: one value a line, read with bounded memory. Blank lines are skipped, a byte order mark at the start
//! and carriage returns before line ends are let pass; a line that is too long is refused without being held.

use std::io::{self, BufRead, Read as _};

use crate::eval::{Refusal, RefusalCode};

/// Longest line, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// A line as it came; its text is lent until the next is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'l> {
    /// Its number, from 1.
    pub number: u64,
    /// Its text, or why it has none.
    pub text: Result<&'l str, Refusal>,
}

/// The lines of an input that are not blank.
pub struct Lines<R> {
    input: R,
    number: u64,
    bytes: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Starts at the first line of `input`.
    pub fn new(input: R) -> Lines<R> {
        Lines { input, number: 0, bytes: Vec::new() }
    }

    /// The next line that is not blank; None at the end.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            if !self.read()? {
                return Ok(None);
            }
            self.number += 1;
            if !line_in(&self.bytes, self.number).iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
                break;
            }
        }
        let text = text_of(line_in(&self.bytes, self.number));
        Ok(Some(Line { number: self.number, text }))
    }

    /// Reads one line, of one that is too long only the start; false at the end.
    fn read(&mut self) -> io::Result<bool> {
        self.bytes.clear();
        let most = u64::try_from(MAX_LINE + 4).unwrap_or(u64::MAX);
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut self.bytes)?;
        if read == MAX_LINE + 4 && !self.bytes.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
        }
        Ok(read > 0)
    }
}

/// A line without its end, the first without a byte order mark.
fn line_in(bytes: &[u8], number: u64) -> &[u8] {
    let bytes = match number {
        1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
        _ => bytes,
    };
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn text_of(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > MAX_LINE {
        return Err(too_long());
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("this is not UTF-8 text, from byte {} of the line on", error.valid_up_to() + 1);
        Refusal::new(RefusalCode::UnreadableInput, "", message)
    })
}

/// The same text, if it is no longer than a line may be.
pub(super) fn fits(text: &str) -> Result<&str, Refusal> {
    if text.len() > MAX_LINE { Err(too_long()) } else { Ok(text) }
}

fn too_long() -> Refusal {
    Refusal::new(RefusalCode::TooLarge, "", format!("the line is longer than {MAX_LINE} bytes"))
}
