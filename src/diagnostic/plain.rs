//! Diagnostics as plain lines: place, code, message, help. What a service logs, and what there is without the renderer for
//! terminals.

use std::fmt;

use super::Diagnostic;
use crate::source::{Source, Span, escaped};

/// Why a policy may not run, as an error that tells all that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistakes {
    /// What was read: the policy file and those that it uses.
    pub source: Source,
    /// Errors and warnings in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Mistakes {
    /// What was said about a source.
    pub(crate) fn new(source: Source, diagnostics: Vec<Diagnostic>) -> Mistakes {
        Mistakes { source, diagnostics }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            diagnostic.plain(&self.source, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl Diagnostic {
    /// Writes it in lines of text without an end: `card.meed:3:5: error: unknown-name: …`, then the other places and the help.
    fn plain(&self, source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (severity, code) = (self.severity().word(), self.code.name());
        write_place(source, self.primary.span, f)?;
        write!(f, ": {severity}: {code}: {}", escaped(&self.message))?;
        if !self.primary.text.is_empty() {
            write!(f, " ({})", escaped(&self.primary.text))?;
        }
        for other in &self.secondary {
            f.write_str("\n  ")?;
            write_place(source, other.span, f)?;
            write!(f, ": {}", escaped(&other.text))?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {}", escaped(help)),
            None => Ok(()),
        }
    }
}

fn write_place(source: &Source, span: Span, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (line, column) = source.position(span.start);
    write!(f, "{}:{line}:{column}", escaped(source.name_at(span)))
}
