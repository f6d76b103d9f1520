//! `meed check`: every mistake of a policy in one run.

use std::io::Write;

use super::args::CheckOptions;
use super::{Failure, Status, input, table};
use crate::diagnostic::{Severity, has_errors, render};
use crate::source::escaped;

pub(crate) fn check(options: &CheckOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    let checked = input::checked(&options.policy, options.root.as_deref())?;
    let source = &checked.source;
    if options.json {
        let report = crate::wire::diagnostics::Report::new(source, &checked.diagnostics);
        serde_json::to_writer_pretty(&mut *out, &report).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    } else {
        let text =
            render::report(source, &checked.diagnostics, table::width(), table::colour(&std::io::stdout()));
        out.write_all(text.as_bytes())?;
        let name = escaped(source.name());
        let count = |severity| checked.diagnostics.iter().filter(|d| d.severity() == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        match (errors, warnings) {
            (0, 0) => writeln!(out, "{name}: no mistakes found")?,
            _ => writeln!(out, "{name}: {}, {}", many(errors, "error"), many(warnings, "warning"))?,
        }
    }
    Ok(if has_errors(&checked.diagnostics) { Status::Fault } else { Status::Fine })
}

fn many(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
