//! Where a declaration mentions something, for reports about what has been checked: the checked policy keeps no places of
//! the names in it.

use super::scope::Scope;
use crate::policy::{MeasureId, ValueId};
use crate::source::Span;
use crate::syntax::ast::{Declaration, Kind};

/// The declaration of a kind with this head.
pub(super) fn declaration<'a>(scope: &Scope<'a>, kind: Kind, head: Span) -> Option<&'a Declaration> {
    scope.declared(kind).find(|declaration| declaration.head == head)
}

/// Where a name stands in the body of a declaration; its head where it does not.
pub(super) fn of_name(scope: &Scope<'_>, declaration: &Declaration, name: &str) -> Span {
    find(scope, declaration, |words| words.starts_with(&[name]).then_some(1))
}

/// Where a measure is read, so far or in all, perhaps by way of a value.
pub(super) fn of_reading(
    scope: &Scope<'_>,
    declaration: &Declaration,
    (measure, in_all): (MeasureId, bool),
    by_way_of: Option<ValueId>,
) -> Span {
    if let Some(value) = by_way_of {
        return of_name(scope, declaration, scope.values[value].group.name);
    }
    let name = scope.measures[measure].name;
    let when = if in_all { ["in", "all"] } else { ["so", "far"] };
    let of_whole = |words: &[&str]| match words {
        [first, a, b, ..] if *first == name && [*a, *b] == when => Some(3),
        [first, "of", _, a, b, ..] if *first == name && [*a, *b] == when => Some(5),
        _ => None,
    };
    let found = find(scope, declaration, of_whole);
    // `each calendar month gives … of nights` says no more.
    if found == declaration.head { of_name(scope, declaration, name) } else { found }
}

/// The first words in the clauses of a declaration that fit; `fits` says how many they are.
fn find(scope: &Scope<'_>, declaration: &Declaration, fits: impl Fn(&[&str]) -> Option<usize>) -> Span {
    let no_word = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    for clause in &declaration.clauses {
        let mut next = clause.span.start;
        let pieces = scope.slice(clause.span).split_inclusive(no_word).map(|piece| {
            let start = next;
            next += piece.len();
            (start, piece.trim_end_matches(no_word))
        });
        let (starts, words): (Vec<usize>, Vec<&str>) = pieces.filter(|(_, word)| !word.is_empty()).unzip();
        for (place, start) in starts.iter().enumerate() {
            let Some(count) = fits(words.get(place..).unwrap_or_default()) else { continue };
            let last = place + count.saturating_sub(1);
            if let (Some(from), Some(word)) = (starts.get(last), words.get(last)) {
                return Span::new(*start, from + word.len());
            }
        }
    }
    declaration.head
}
