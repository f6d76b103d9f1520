//! The header of a CSV file: where the columns that a mapping names stand.

use super::mapping::Mapping;
use super::source::Source;
use crate::diagnostic::suggest;
use crate::wire::path::shown;
use crate::wire::read::InputFault;

/// Most columns of a file that a message lists.
const MOST_LISTED: usize = 30;

/// Where the columns of the mapping stand in a file called `file`.
pub(super) fn places(
    mapping: &Mapping,
    header: &csv::StringRecord,
    file: &str,
) -> Result<Vec<usize>, InputFault> {
    if header.is_empty() {
        return Err(InputFault {
            message: format!("{file}:1: the file is empty; its first row names the columns"),
        });
    }
    if let Source::Constant(text) = &mapping.account.source
        && header.iter().any(|column| column.trim() == text)
    {
        let message = format!(
            "{}: `account: {text}` names every account so; for the column of {file} write `account: {{column: {text}}}`",
            mapping.name
        );
        return Err(InputFault { message });
    }
    mapping.columns.iter().map(|(name, line)| place(mapping, header, file, name, *line)).collect()
}

fn place(
    mapping: &Mapping,
    header: &csv::StringRecord,
    file: &str,
    name: &str,
    line: u64,
) -> Result<usize, InputFault> {
    let mut found = header.iter().enumerate().filter(|(_, column)| column.trim() == name.trim());
    let what = match (found.next(), found.next()) {
        (Some((place, _)), None) => return Ok(place),
        (Some(_), Some(_)) => "stands twice in the header; rename one".to_owned(),
        (None, _) => format!("is not in the header; {}", instead(mapping, header, name)),
    };
    Err(InputFault {
        message: format!("{}:{line}: the column \"{}\" of {file} {what}", mapping.name, shown(name)),
    })
}

/// What to write for a column that is not there.
fn instead(mapping: &Mapping, header: &csv::StringRecord, name: &str) -> String {
    if let Some(near) = suggest::nearest(name, header.iter()) {
        return format!("did you mean \"{}\"?", shown(near));
    }
    let only = header.get(0).filter(|_| header.len() == 1).unwrap_or("");
    for (separator, word) in [(',', "comma"), (';', "semicolon"), ('\t', "tab")] {
        if only.contains(separator) && separator != char::from(mapping.separator) {
            return format!("the columns seem to be separated otherwise, so add `separator: {word}`");
        }
    }
    let names: Vec<String> =
        header.iter().take(MOST_LISTED).map(|name| format!("\"{}\"", shown(name))).collect();
    let more = if header.len() > MOST_LISTED { ", …" } else { "" };
    format!("it has {}{more}", names.join(", "))
}
