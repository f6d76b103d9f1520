//! Diagnostics as text.
use super::Diagnostic;
use crate::source::Source;
/// Plain for now.
pub fn report(source: &Source, diagnostics: &[Diagnostic], _width: u16, _colour: bool) -> String {
    diagnostics
        .iter()
        .map(|d| {
            format!(
                "{}:{}: {}[{}]: {}\n  help: {:?}\n",
                source.name(),
                source.line(d.primary.span),
                d.severity().word(),
                d.code.name(),
                d.message,
                d.help
            )
        })
        .collect()
}
