//! Tables for people, never wider than the terminal (80 columns where there is none).

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use std::io::IsTerminal;

use crate::value::decimal;

/// More columns than these are a crowd.
const MOST_COLUMNS: usize = 6;

/// Columns that stay whole in a crowd.
const WHOLE: [&str; 2] = ["when", "what"];

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The width to print at: the terminal's, at most 100; 80 where output is no terminal.
pub(crate) fn width() -> u16 {
    if !std::io::stdout().is_terminal() {
        return 80;
    }
    Table::new().width().unwrap_or(80).clamp(20, 100)
}

/// True where colour may be used: a terminal, and `NO_COLOR` not set.
pub(crate) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A plain table without lines, two blanks between columns.
pub(crate) fn plain(head: &[(&str, Column)], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    if head.iter().any(|(title, _)| !title.is_empty()) {
        table.set_header(head.iter().map(|(title, _)| *title));
    }
    table.add_rows(rows);
    let crowded = head.len() > MOST_COLUMNS;
    for (index, (title, column)) in head.iter().enumerate() {
        if let Some(target) = table.column_mut(index) {
            target.set_padding((if index == 0 { 0 } else { 1 }, 1));
            if *column == Column::Right {
                target.set_cell_alignment(CellAlignment::Right);
            }
            // Where many columns crowd, names may wrap; instants, numbers and what happened stay whole.
            if crowded && (*column == Column::Right || WHOLE.contains(title)) {
                target.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
    }
    let text = table.to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Points with thousands commas.
pub(crate) fn points(points: i64) -> String {
    decimal::grouped(points.into())
}
