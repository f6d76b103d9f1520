//! The published form of what is wrong with a policy, for `meed check --json` and for editors.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span};
use serde::Serialize;

/// Everything said about one policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The policy file, as it was named; each entry names the file that it is about.
    pub file: String,
    /// How many of them keep the policy from running.
    pub errors: usize,
    /// How many do not.
    pub warnings: usize,
    /// All of them, in the order of the text.
    pub diagnostics: Vec<Entry>,
}

/// One diagnostic. Lines and columns count from 1, columns in characters; an end is the first column behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The stable name.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// The file, as it was named.
    pub file: String,
    /// The main place.
    #[serde(flatten)]
    pub at: Range,
    /// Words beside the main place; may be empty.
    pub label: String,
    /// Other places that matter.
    pub places: Vec<Place>,
    /// What to write instead.
    pub help: Option<String>,
    /// The page about the code, in the project's documents.
    pub page: String,
}

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Range {
    /// First line.
    pub line: usize,
    /// Column in the first line.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// Column behind the end.
    pub end_column: usize,
}

/// Another place, with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// Where.
    #[serde(flatten)]
    pub at: Range,
    /// What stands there.
    pub text: String,
}

impl Report {
    /// The published form of diagnostics about `source`.
    pub fn new(source: &Source, diagnostics: &[Diagnostic]) -> Report {
        let count = |severity| diagnostics.iter().filter(|d| d.severity() == severity).count();
        Report {
            file: source.name().to_owned(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            diagnostics: diagnostics.iter().map(|diagnostic| Entry::new(source, diagnostic)).collect(),
        }
    }
}

impl Entry {
    fn new(source: &Source, diagnostic: &Diagnostic) -> Entry {
        let place = |span, text: &str| Place {
            file: source.name_at(span).to_owned(),
            at: Range::new(source, span),
            text: text.to_owned(),
        };
        Entry {
            code: diagnostic.code.name().to_owned(),
            severity: diagnostic.severity().word().to_owned(),
            message: diagnostic.message.clone(),
            file: source.name_at(diagnostic.primary.span).to_owned(),
            at: Range::new(source, diagnostic.primary.span),
            label: diagnostic.primary.text.clone(),
            places: diagnostic.secondary.iter().map(|label| place(label.span, &label.text)).collect(),
            help: diagnostic.help.clone(),
            page: format!("docs/errors/{}.md", diagnostic.code.name()),
        }
    }
}

impl Range {
    fn new(source: &Source, span: Span) -> Range {
        let ((line, column), (end_line, end_column)) =
            (source.position(span.start), source.position(span.end));
        Range { line, column, end_line, end_column }
    }
}
