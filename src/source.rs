//! Source text and places in it. Every stage that reports something points into a [`Source`] by a
//! [`Span`]; only the renderer turns spans into lines and columns.

use std::sync::Arc;

/// A half-open range of bytes in one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` to `end` (bytes, half-open).
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end: end.max(start) }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// What a policy author wrote: a named text, or several, one behind the other. A span is a range of the whole; the
/// name, the line and the column of a place are those in its own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    text: Arc<str>,
    files: Arc<[Part]>,
    line_starts: Arc<[usize]>,
}

/// One of the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: Arc<str>,
    /// Where it stands in the whole, without the newline that parts it from the next.
    span: Span,
}

impl Source {
    /// A source called `name` (a file name, or `<stdin>`) holding `text`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        let text: Arc<str> = text.into();
        let span = Span::new(0, text.len());
        Source::of(text, vec![Part { name: name.into(), span }])
    }

    /// This source and one more text behind it.
    pub fn with_file(&self, name: impl Into<Arc<str>>, text: &str) -> Source {
        let whole = format!("{}\n{text}", self.text);
        let mut files = self.files.to_vec();
        files.push(Part { name: name.into(), span: Span::new(self.text.len() + 1, whole.len()) });
        Source::of(whole.into(), files)
    }

    fn of(text: Arc<str>, files: Vec<Part>) -> Source {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Source { text, files: files.into(), line_starts: starts.into() }
    }

    /// The name of the first file.
    pub fn name(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
    }

    /// The name of the file in which `span` starts.
    pub fn name_at(&self, span: Span) -> &str {
        self.part(span.start).map_or("", |file| &file.name)
    }

    /// The names of the files and where they stand in the whole, in order.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, Span)> {
        self.files.iter().map(|file| (file.name.as_ref(), file.span))
    }

    /// Where the file of a byte offset stands in the whole.
    pub fn file_at(&self, offset: usize) -> Span {
        self.part(offset).map_or_else(Span::default, |file| file.span)
    }

    fn part(&self, offset: usize) -> Option<&Part> {
        let behind = self.files.partition_point(|file| file.span.start <= offset);
        self.files.get(behind.saturating_sub(1))
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under `span`; empty where the span does not fit the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Line and column (both from 1; columns count characters) of a byte offset, in its own file.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let before = self.line_starts.partition_point(|start| *start < self.file_at(offset).start);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |text| text.chars().count()) + 1;
        (line - before, column)
    }

    /// The line (from 1) on which `span` starts, in its own file.
    pub fn line(&self, span: Span) -> usize {
        self.position(span.start).0
    }

    /// The line of text on which `span` starts, without the blanks around it.
    pub fn line_text(&self, span: Span) -> &str {
        let lines = self.slice(self.file_at(span.start)).lines();
        lines.skip(self.line(span).saturating_sub(1)).map(str::trim).next().unwrap_or("")
    }
}

/// True for a character that would act on a terminal, or on the reading of a line, in place of being shown: control
/// characters but line ends and tabs, and what changes the direction of letters.
pub(crate) fn acts(c: char) -> bool {
    let reorders =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reorders || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A text with such characters written out: `\u{1b}`.
pub(crate) fn escaped(text: &str) -> std::borrow::Cow<'_, str> {
    use std::borrow::Cow;
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}
