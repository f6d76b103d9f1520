//! Names that are none: capitals, hyphens, letters beyond ASCII, reserved words.

use super::ast::Kind;
use super::explain::Place;
use super::forms;
use super::grammar::{Failure, Rule};
use super::layout::Line;
use super::repair;
use super::scan::{Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::Currency;

/// What is wrong with a word at which the grammar stops; `rest` starts with it.
pub(super) fn wrong(
    place: &Place<'_>,
    line: &Line,
    token: &Token,
    before: Option<&Token>,
    rest: &[Token],
    failure: &Failure,
) -> Option<Diagnostic> {
    odd_currency(place, token, before, failure)
        .or_else(|| odd_name(place, token, before, rest))
        .or_else(|| reserved(place, line, token, failure))
}

/// `1 Jpy`, `1 JP`
fn odd_currency(
    place: &Place<'_>,
    token: &Token,
    before: Option<&Token>,
    failure: &Failure,
) -> Option<Diagnostic> {
    let word = place.word(token.span);
    let upper = word.to_ascii_uppercase();
    let wanted = before.is_some_and(|before| before.kind == TokenKind::Number)
        || failure.expected.contains(&Rule::currency);
    let letters = word.bytes().all(|b| b.is_ascii_alphabetic()) && word != word.to_ascii_lowercase();
    if !wanted || !letters || word.len() == 3 && word == upper {
        return None;
    }
    let known = Currency::from_code(&upper).is_some();
    if !known && word != upper {
        return None;
    }
    let report =
        Diagnostic::new(Code::BadName, token.span, format!("`{word}` is not written as a currency is"));
    let rule = "a currency is three capitals";
    Some(report.with_help(if known {
        format!("write `{upper}`: {rule}")
    } else {
        format!("{rule}, such as `JPY`")
    }))
}

/// A word that can be no name: capitals, letters beyond ASCII.
fn odd_name(place: &Place<'_>, token: &Token, before: Option<&Token>, rest: &[Token]) -> Option<Diagnostic> {
    if before.is_none() && place.rule == Rule::clause_line {
        return None;
    }
    let word = place.word(token.span);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let currency = word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase());
    if word.chars().all(plain) && word.starts_with(|c: char| c.is_ascii_lowercase()) || currency {
        return None;
    }
    let lower = word.to_lowercase();
    if forms::clause(&lower).is_some() && place.is_clause() {
        return None;
    }
    bad_name(place, token, rest)
}

/// What is wrong with a name: capitals, hyphens, letters beyond ASCII, a reserved word. `rest` starts with it.
pub(super) fn bad_name(place: &Place<'_>, token: &Token, rest: &[Token]) -> Option<Diagnostic> {
    let word = place.word(token.span);
    if forms::RESERVED.contains(&word) {
        let message = format!("`{word}` is a reserved word and cannot be a name");
        return Some(Diagnostic::new(Code::ReservedName, token.span, message).with_help(format!(
            "take another name, such as `{word}_{}`; reserved are {}",
            suffix(place.kind),
            list(forms::RESERVED)
        )));
    }
    let (span, whole) = whole_name(place, token, rest);
    if is_name(whole) {
        return None;
    }
    let message = format!("`{whole}` is not written as a name is");
    let rule =
        "a name starts with a lower case letter and goes on with lower case letters, digits and underscores";
    let help = usable(whole).map_or(rule.to_owned(), |better| format!("write `{better}`: {rule}"));
    Some(Diagnostic::new(Code::BadName, span, message).with_help(help))
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `GiftCard`, `gift-card`, `gift card`, `GIFT_CARD` as `gift_card`, if that gives a name.
pub(super) fn usable(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
        match letter {
            '-' | ' ' if out.ends_with('_') => {}
            '-' | ' ' => out.push('_'),
            _ => out.extend(letter.to_lowercase()),
        }
    }
    let better = out.trim_matches('_').to_owned();
    is_name(&better).then_some(better)
}

/// A name together with the hyphens and words glued to it.
fn whole_name<'a>(place: &Place<'a>, token: &Token, rest: &[Token]) -> (Span, &'a str) {
    let mut span = token.span;
    for next in rest.iter().skip(1) {
        let glued = next.span.start == span.end;
        let part = matches!(next.kind, TokenKind::Word | TokenKind::Number) || place.word(next.span) == "-";
        if !glued || !part {
            break;
        }
        span = span.to(next.span);
    }
    (span, place.word(span))
}

fn suffix(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Category) => "goods",
        Some(kind) => kind.word(),
        None => "name",
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A reserved word where only a name can stand.
fn reserved(place: &Place<'_>, line: &Line, token: &Token, failure: &Failure) -> Option<Diagnostic> {
    let name =
        |rule: &Rule| matches!(rule, Rule::name | Rule::names | Rule::child | Rule::field | Rule::excluded);
    let names = failure.expected.iter().any(name) && repair::wants_name(place, line, token);
    names.then(|| bad_name(place, token, std::slice::from_ref(token))).flatten()
}
