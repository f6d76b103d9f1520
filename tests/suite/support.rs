//! The only lines of the suite that know the library's entry points.

use std::path::{Path, PathBuf};

use meed::diagnostic::Diagnostic;
use meed::source::Source;

/// Everything said about a policy.
pub fn check(source: &Source) -> Vec<Diagnostic> {
    meed::check::load(source).diagnostics
}

/// The names of the codes reported for a text, in order.
pub fn codes(text: &str) -> Vec<&'static str> {
    check(&Source::new("policy.meed", text)).iter().map(|diagnostic| diagnostic.code.name()).collect()
}

/// What a person reads about a text.
pub fn report(text: &str) -> String {
    let source = Source::new("policy.meed", text);
    let mut out = String::new();
    let place = |span| {
        let (line, column) = source.position(span);
        format!("{line}:{column}")
    };
    for d in check(&source) {
        out += &format!("{}[{}]: {}\n", d.severity().word(), d.code.name(), d.message);
        for label in std::iter::once(&d.primary).chain(&d.secondary) {
            let words = source.slice(label.span);
            out += &format!("  {} `{words}` {}\n", place(label.span.start), label.text);
        }
        if let Some(help) = &d.help {
            out += &format!("  help: {help}\n");
        }
    }
    out
}

/// A folder of the repository.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The entries of a folder, sorted.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}

/// The last part of a path, without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}
