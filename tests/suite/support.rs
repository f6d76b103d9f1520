//! The only lines of the suite that know the library's way in.

use meed::diagnostic::Diagnostic;
use meed::source::Source;

/// All that is wrong with a policy. Reads the text only, until the checker is there.
pub fn check(source: &Source) -> Vec<Diagnostic> {
    meed::syntax::parse(source).diagnostics
}
