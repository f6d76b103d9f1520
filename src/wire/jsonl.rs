//! JSON Lines: one value a line, read with bounded memory. Blank lines are skipped, a byte order mark at the start
//! and carriage returns before line ends are let pass; a line that is too long is refused without being held.

use std::io::{self, BufRead};

use crate::eval::{Refusal, RefusalCode};

/// Longest line, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// A line as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Its text, or why it has none.
    pub text: Result<String, Refusal>,
}

/// The lines of an input that are not blank.
pub struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Starts at the first line of `input`.
    pub fn new(input: R) -> Lines<R> {
        Lines { input, number: 0 }
    }

    /// Reads one line into `bytes`, at most one byte more than fits; None at the end, else its whole length.
    fn read(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let mut length = 0usize;
        loop {
            let chunk = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if chunk.is_empty() {
                return Ok((length > 0).then_some(length));
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(chunk.len(), |end| end + 1);
            let room = (MAX_LINE + 4).saturating_sub(bytes.len());
            bytes.extend(chunk.iter().take(used.min(room)));
            length = length.saturating_add(used);
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some(length));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<io::Result<Line>> {
        loop {
            let mut bytes = Vec::new();
            match self.read(&mut bytes) {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(_)) => {}
            }
            self.number += 1;
            let bytes = match self.number {
                1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes),
                _ => &bytes,
            };
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            if bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
                continue;
            }
            return Some(Ok(Line { number: self.number, text: text_of(bytes) }));
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<String, Refusal> {
    if bytes.len() > MAX_LINE {
        return Err(too_long());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let message =
                format!("this is not UTF-8 text, from byte {} of the line on", error.valid_up_to() + 1);
            Err(Refusal::new(RefusalCode::UnreadableInput, "", message))
        }
    }
}

/// The same text, if it is no longer than a line may be.
pub(super) fn fits(text: &str) -> Result<&str, Refusal> {
    if text.len() > MAX_LINE { Err(too_long()) } else { Ok(text) }
}

fn too_long() -> Refusal {
    Refusal::new(RefusalCode::TooLarge, "", format!("the line is longer than {MAX_LINE} bytes"))
}
