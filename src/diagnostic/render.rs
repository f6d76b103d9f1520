//! Diagnostics as text for a terminal: the message, the lines of the policy with the places marked, the help.
//! In come a source and its diagnostics, out goes text; whoever prints it chooses width and colour.

use std::fmt;

use super::{Diagnostic, Severity};
use crate::source::{Source, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

/// The narrowest width that is used: below it, words would break.
const MIN_WIDTH: u16 = 40;

/// All diagnostics of a source, one after the other, each followed by an empty line.
pub fn report(source: &Source, diagnostics: &[Diagnostic], width: u16, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(usize::from(width.max(MIN_WIDTH)))
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let mut out = String::new();
    for diagnostic in diagnostics {
        let mut text = String::new();
        // Writing into a string cannot fail; a span outside of the text is shown without its lines.
        let _ = handler.render_report(&mut text, &Shown { source: Lines(source), diagnostic });
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
    source: Lines<'a>,
    diagnostic: &'a Diagnostic,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
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
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let place = |span: Span| SourceSpan::from((span.start, span.end.saturating_sub(span.start)));
        let primary = &self.diagnostic.primary;
        let first = LabeledSpan::new_primary_with_span(text(&primary.text), place(primary.span));
        let others = self.diagnostic.secondary.iter();
        let others =
            others.map(move |label| LabeledSpan::new_with_span(text(&label.text), place(label.span)));
        Some(Box::new(std::iter::once(first).chain(others)))
    }
}

/// A source that finds its lines without reading from the start each time, and shows no line but those marked.
/// Miette asks for no context to learn where a place starts, and for a line of context to show it.
#[derive(Debug)]
struct Lines<'a>(&'a Source);

impl SourceCode for Lines<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.0.text();
        let (start, end) = (span.offset(), span.offset().saturating_add(span.len()));
        let (head, tail) = (text.get(..start), text.get(end..));
        let (Some(head), Some(tail)) = (head, tail) else { return Err(MietteError::OutOfBounds) };
        // Places in two files are shown apart.
        let file = self.0.file_at(start);
        if end > file.end {
            return Err(MietteError::OutOfBounds);
        }
        let line_start = head.rfind('\n').map_or(0, |at| at + 1);
        let first = if before == 0 { start } else { line_start };
        let last = if after == 0 { end } else { tail.find('\n').map_or(text.len(), |at| end + at) };
        let lines = text.get(first..last).unwrap_or("");
        let (line, column) = self.0.position(first);
        let place = SourceSpan::from((first, lines.len()));
        let name = self.0.name_at(Span::new(first, first)).to_owned();
        let data = lines.as_bytes();
        let count = lines.matches('\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(name, data, place, line - 1, column - 1, count)))
    }
}
