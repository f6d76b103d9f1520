//! Diagnostics as text for a terminal: the message, the lines of the policy with the places marked, the help.
//! In come a source and its diagnostics, out goes text; whoever prints it chooses width and colour.

use std::borrow::Cow;
use std::fmt;

use super::{Diagnostic, Severity};
use crate::source::{Source, Span, acts, escaped};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

/// The narrowest width that is used: below it, words would break.
const MIN_WIDTH: u16 = 40;
/// The most bytes of a line that are shown before a place and behind it.
const MOST_BESIDE: usize = 400;
/// The most bytes that are marked.
const MOST_MARKED: usize = 20_000;

/// All diagnostics of a source, one after the other, each followed by an empty line.
pub fn report(source: &Source, diagnostics: &[Diagnostic], width: u16, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(usize::from(width.max(MIN_WIDTH)))
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let lines = Lines { source, text: harmless(source.text()) };
    let mut out = String::new();
    for diagnostic in diagnostics {
        let mut text = String::new();
        // Writing into a string cannot fail; a span outside of the text is shown without its lines.
        let _ = handler.render_report(&mut text, &Shown { source: &lines, diagnostic });
        for line in text.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Shown<'a> {
    source: &'a Lines<'a>,
    diagnostic: &'a Diagnostic,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.diagnostic.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let (severity, code) = (self.diagnostic.severity().word(), self.diagnostic.code.name());
        Some(Box::new(format!("{severity}: {code}")))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(escaped(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = |text: &str| (!text.is_empty()).then(|| escaped(text).into_owned());
        let place = |span: Span| {
            let end = self.source.boundary(span.end.min(span.start.saturating_add(MOST_MARKED)));
            SourceSpan::from((span.start, end.saturating_sub(span.start)))
        };
        let primary = &self.diagnostic.primary;
        let first = LabeledSpan::new_primary_with_span(text(&primary.text), place(primary.span));
        let others = self.diagnostic.secondary.iter();
        let others =
            others.map(move |label| LabeledSpan::new_with_span(text(&label.text), place(label.span)));
        Some(Box::new(std::iter::once(first).chain(others)))
    }
}

/// A text with others in place of the characters that would act, each as long as what it replaces, so that places stay.
fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(match c.len_utf8() {
            _ if !acts(c) || text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) => c,
            1 => '?',
            2 => '\u{b7}',
            _ => '\u{fffd}',
        });
    }
    Cow::Owned(out)
}

/// A source that finds its lines without reading from the start each time, and shows no line but those marked, of a very
/// long line only what is near. Miette asks for no context to learn where a place starts, and for a line of context
/// to show it.
#[derive(Debug)]
struct Lines<'a> {
    source: &'a Source,
    /// What is shown: [`harmless`].
    text: Cow<'a, str>,
}

impl Lines<'_> {
    /// The nearest start of a letter, at `at` or before it.
    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }
}

impl SourceCode for Lines<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text.as_ref();
        let (start, end) = (span.offset(), span.offset().saturating_add(span.len()));
        let (head, tail) = (text.get(..start), text.get(end..));
        let (Some(head), Some(tail)) = (head, tail) else { return Err(MietteError::OutOfBounds) };
        // Places in two files are shown apart.
        let file = self.source.file_at(start);
        if end > file.end {
            return Err(MietteError::OutOfBounds);
        }
        let line_start = head.rfind('\n').map_or(0, |at| at + 1);
        let line_start = line_start.max(self.boundary(start.saturating_sub(MOST_BESIDE)));
        let line_end = tail.find('\n').map_or(text.len(), |at| end + at);
        let line_end = line_end.min(self.boundary(end.saturating_add(MOST_BESIDE)));
        let first = if before == 0 { start } else { line_start };
        let last = if after == 0 { end } else { line_end };
        let lines = text.get(first..last).unwrap_or("");
        let (line, column) = self.source.position(first);
        let place = SourceSpan::from((first, lines.len()));
        let name = escaped(self.source.name_at(Span::new(first, first))).into_owned();
        let data = lines.as_bytes();
        let count = lines.matches('\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(name, data, place, line - 1, column - 1, count)))
    }
}
