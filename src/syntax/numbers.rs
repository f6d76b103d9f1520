//! Numbers and dates that are written in a way that could be read in another.

use super::explain::Place;
use super::grammar::{Failure, Rule};
use super::scan::{Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What is wrong with a number or date at which the grammar stops.
pub(super) fn wrong(
    place: &Place<'_>,
    token: &Token,
    before: Option<&Token>,
    failure: &Failure,
) -> Option<Diagnostic> {
    number(place, token, before).or_else(|| fraction_of_time(place, token, failure))
}

/// `1,00`, `1_000`, `100JPY`, `2021-2-3`, `5 %`.
fn number(place: &Place<'_>, token: &Token, before: Option<&Token>) -> Option<Diagnostic> {
    let word = place.word(token.span);
    if well_formed_date(word) {
        return None;
    }
    if let Some(date) = date(word, token.span) {
        return Some(date);
    }
    if let Some((left, right)) = word.split_once(['-', '/']) {
        let sign = word.get(left.len()..left.len() + 1)?;
        let message = format!("a `{sign}` has a blank before it and after it");
        let report = Diagnostic::new(Code::SyntaxError, token.span, message);
        return Some(report.with_help(format!("write `{left} {sign} {right}`")));
    }
    let digits_end =
        word.find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | '.')).unwrap_or(word.len());
    let (digits, unit) = word.split_at_checked(digits_end)?;
    let bad = |message: String, help: String| {
        Some(Diagnostic::new(Code::BadNumber, token.span, message).with_help(help))
    };
    if unit.starts_with('_') {
        let plain = word.replace('_', "");
        let help = format!("write `{plain}`, or `{}`", grouped(&plain));
        return bad(format!("`{word}` has an underscore"), help);
    }
    if matches!(unit, "st" | "nd" | "rd" | "th") {
        return None;
    }
    if unit.starts_with(|c: char| c.is_alphabetic()) {
        let message = format!("a blank is missing in `{word}`");
        return bad(message, format!("write `{digits} {unit}`"));
    }
    if let Some(help) = bad_grouping(digits) {
        let message = format!(
            "`{digits}` can be read in two ways: a comma stands before three digits, a point before a fraction"
        );
        return bad(message, help);
    }
    let before = before.filter(|before| before.kind == TokenKind::Number)?;
    let first = place.word(before.span);
    let joined = format!("{first}{word}");
    (word.len() == 3 && joined.bytes().all(|b| b.is_ascii_digit())).then(|| {
        Diagnostic::new(
            Code::BadNumber,
            before.span.to(token.span),
            format!("`{first} {word}` has a blank inside"),
        )
        .with_help(format!("write `{joined}` or `{first},{word}`"))
    })
}

/// `1.5 days`
fn fraction_of_time(place: &Place<'_>, token: &Token, failure: &Failure) -> Option<Diagnostic> {
    let time =
        |rule: &Rule| matches!(rule, Rule::moment | Rule::duration | Rule::duration_range | Rule::whole);
    let word = place.word(token.span);
    (word.contains(['.', ',']) && failure.expected.iter().any(time)).then(|| {
        Diagnostic::new(Code::BadNumber, token.span, format!("a length of time has no `{word}`"))
            .with_help("count whole years, months, weeks, days and hours: `1 day 12 hours`")
    })
}

/// What to write for `1,00`, `1.000.000`, `10,00,000`.
fn bad_grouping(digits: &str) -> Option<String> {
    let commas = digits.matches(',').count();
    let points = digits.matches('.').count();
    if commas == 0 && points <= 1 {
        return None;
    }
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    let by_threes = digits.split([',', '.']).skip(1).all(|group| group.len() == 3);
    let first = digits.split(',').next().map_or(0, str::len);
    if points == 0 && by_threes && (1..=3).contains(&first) {
        return None;
    }
    if commas == 1 && points == 0 {
        let (whole, fraction) = digits.split_once(',')?;
        return Some(format!(
            "write `{whole}.{fraction}` if a fraction is meant, `{}` if not",
            grouped(&plain)
        ));
    }
    if by_threes || points == 0 {
        return Some(format!("write `{}`", grouped(&plain)));
    }
    Some(format!("write it like `{}`", "1,234.5"))
}

/// Digits with a comma before each three.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A date that is right in itself: only its place is wrong.
fn well_formed_date(word: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let lengths: Vec<usize> = word.split('-').filter(|part| digits(part)).map(str::len).collect();
    lengths == [4, 2, 2] && word.len() == "2021-01-31".len()
}

/// `2021/01/01`, `2021-1-1`, `01-02-2021`.
fn date(word: &str, span: Span) -> Option<Diagnostic> {
    let sign = if word.contains('-') { '-' } else { '/' };
    let parts: Vec<&str> = word.split(sign).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    if !parts
        .iter()
        .all(|part| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let help = if first.len() == 4 {
        format!("write `{first}-{second:0>2}-{third:0>2}`")
    } else {
        "a date is year-month-day: `2021-01-31`".to_owned()
    };
    let message = format!("`{word}` is not written as a date is");
    Some(Diagnostic::new(Code::BadDate, span, message).with_help(help))
}
