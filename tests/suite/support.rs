//! The only lines of the suite that know the library's interface.

use meed::diagnostic::Diagnostic;
use meed::source::Source;

/// The folder of the project.
pub fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything wrong with a policy. Until the checker is there, everything wrong with its text.
pub fn check(text: &str) -> Vec<Diagnostic> {
    meed::syntax::parse(&Source::new("policy.meed", text)).diagnostics
}

/// What `meed check` shows of them, at a terminal's usual width.
pub fn report(name: &str, text: &str, diagnostics: &[Diagnostic]) -> String {
    meed::diagnostic::render::report(&Source::new(name, text), diagnostics, 80, false)
}
