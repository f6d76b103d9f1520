//! What Meed says about a policy: diagnostics as data. Every stage that reads a policy returns them;
//! only `render` (a shell's business) and `plain` turn them into text. It knows sources and nothing else.

pub mod code;
mod plain;
#[cfg(feature = "cli")]
pub mod render;
pub mod suggest;

pub use code::Code;
pub use plain::Mistakes;

use crate::source::Span;

/// How bad it is. An error keeps the policy from running; a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy cannot run.
    Error,
    /// The policy runs, but this is probably not what was meant.
    Warning,
}

impl Severity {
    /// The word used in text and JSON: `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A place in the source with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What stands there, lower case, no final stop; may be empty.
    pub text: String,
}

/// One thing wrong with a policy: what, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The stable code; its row in [`code`] gives the severity and the page.
    pub code: Code,
    /// What is wrong: lower case, no final stop, the author's words in backticks.
    pub message: String,
    /// The main place.
    pub primary: Label,
    /// Other places that matter, in the order they should be read.
    pub secondary: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic with its main place; add more with the `with_` methods.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let primary = Label { span, text: String::new() };
        Diagnostic { code, message: message.into(), primary, secondary: Vec::new(), help: None }
    }

    /// Words beside the main place.
    pub fn with_label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Another place.
    pub fn with_place(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// What to write instead.
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Error or warning, as the code table says.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// True if any of them is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity() == Severity::Error)
}

/// Sorts by place, then code, so that one file always gives the same list, and drops exact repeats.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (a.primary.span, a.code.name(), &a.message).cmp(&(b.primary.span, b.code.name(), &b.message))
    });
    diagnostics.dedup();
}
