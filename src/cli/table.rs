//! Tables for people, no wider than the terminal (80 columns where there is none).

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::source::escaped;
use crate::value::decimal;

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The narrowest and the widest that is printed.
const WIDTHS: (u16, u16) = (20, 100);
/// The longest first cell of a row that is not broken.
const LONGEST_HEAD: usize = 20;

/// Set by a command whose text is kept in files: it is the same whatever terminal it was made in.
static UNBROKEN: AtomicBool = AtomicBool::new(false);

/// Breaks no line of any table from now on.
pub(crate) fn never_break() {
    UNBROKEN.store(true, Ordering::Relaxed);
}

/// The width to print at: what `COLUMNS` says, else the terminal's, else 80; at most 100.
pub(crate) fn width() -> u16 {
    if UNBROKEN.load(Ordering::Relaxed) {
        return u16::MAX;
    }
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || Table::new().width().filter(|_| std::io::stdout().is_terminal());
    said.or_else(terminal).unwrap_or(80).clamp(WIDTHS.0, WIDTHS.1)
}

/// True where colour may be used on `stream`: a terminal, and `NO_COLOR` not set.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A plain table without lines, two blanks between columns. Where it would be too wide without breaking words, each row
/// stands on lines of its own.
pub(crate) fn plain(head: &[(&str, Column)], mut rows: Vec<Vec<String>>) -> String {
    // What a cell is shown as counts for the width of its column.
    for cell in rows.iter_mut().flatten() {
        if let Cow::Owned(shown) = escaped(cell) {
            *cell = shown;
        }
    }
    let titled = head.iter().any(|(title, _)| !title.is_empty());
    let titles = titled.then(|| head.iter().map(|(title, _)| (*title).to_owned()).collect::<Vec<_>>());
    let least_of = |column: usize| {
        let cells = titles.iter().chain(&rows).filter_map(|row| row.get(column));
        cells.map(|cell| least(column, cell)).max().unwrap_or(0)
    };
    let widest: Vec<usize> = (0..head.len()).map(least_of).collect();
    let width = width();
    if widest.iter().map(|word| word + 2).sum::<usize>() > usize::from(width) + 1 {
        return titles.iter().chain(&rows).map(|row| stacked(row, usize::from(width))).collect();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    if let Some(titles) = titles {
        table.set_header(titles);
    }
    table.add_rows(rows);
    for (index, ((_, column), word)) in head.iter().zip(widest).enumerate() {
        if let Some(target) = table.column_mut(index) {
            let before = if index == 0 { 0 } else { 1 };
            target.set_padding((before, 1));
            let least = u16::try_from(word).unwrap_or(u16::MAX).saturating_add(before + 1);
            target.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            if *column == Column::Right {
                target.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let text = table.to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A table under a title of its own; nothing where it has no rows.
pub(crate) fn section(
    title: &str,
    head: &[(&str, Column)],
    rows: Vec<Vec<String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    out.write_all(plain(head, rows).as_bytes())
}

/// The least width at which a cell is shown well: what its longest word needs; for the head of a row, such as an instant,
/// what all of it needs.
fn least(column: usize, cell: &str) -> usize {
    let whole = cell.chars().count();
    let word = cell.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    if column == 0 && whole <= LONGEST_HEAD { whole } else { word }
}

/// A row on lines of its own: its first cell, then the others, indented.
fn stacked(row: &[String], width: usize) -> String {
    let Some((first, others)) = row.split_first() else { return String::new() };
    let mut lines = vec![first.clone(), String::new()];
    for cell in others {
        let mut gap = "  ";
        for word in cell.split(' ').filter(|word| !word.is_empty()) {
            let line = lines.pop().unwrap_or_default();
            let longer = format!("{line}{}{word}", if line.is_empty() { "  " } else { gap });
            if line.is_empty() || longer.chars().count() <= width {
                lines.push(longer);
            } else {
                lines.extend([line, format!("  {word}")]);
            }
            gap = " ";
        }
    }
    lines.iter().filter(|line| !line.is_empty()).map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Points with thousands commas.
pub(crate) fn points(points: i64) -> String {
    decimal::grouped(points.into())
}
