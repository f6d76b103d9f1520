//! Signs, quotes, escapes and parentheses that have no place where they stand: what the author most likely meant.

use super::explain::Place;
use super::grammar::{Failure, Rule};
use super::layout::Line;
use super::scan::{Token, TokenKind};
use super::{names, numbers};
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What is wrong with the spelling at the place where the grammar refuses a line, if that is it.
pub(super) fn explain(
    place: &Place<'_>,
    line: &Line,
    wrong: Option<usize>,
    failure: &Failure,
) -> Option<Diagnostic> {
    let at = wrong?;
    let token = line.tokens.get(at)?;
    let before = at.checked_sub(1).and_then(|before| line.tokens.get(before));
    let rest = line.tokens.get(at..).unwrap_or_default();
    match token.kind {
        TokenKind::Number => numbers::wrong(place, token, before, failure),
        TokenKind::Word => names::wrong(place, line, token, before, rest, failure),
        TokenKind::Sign => sign(place, line, token, before),
        TokenKind::Text => escape(place, token),
        TokenKind::OpenParen | TokenKind::CloseParen => parenthesis(place, line, token),
        TokenKind::Comma => {
            let next = line.tokens.get(at + 1)?;
            (next.span.start == token.span.end).then(|| {
                Diagnostic::new(Code::SyntaxError, token.span, "a comma of a list has a blank after it")
                    .with_help(format!("write `, {}`", place.word(next.span)))
            })
        }
        _ => None,
    }
    .or_else(|| parenthesis_left_open(place, line, wrong))
}

/// Signs that the language does not have, or has elsewhere.
fn sign(place: &Place<'_>, line: &Line, token: &Token, before: Option<&Token>) -> Option<Diagnostic> {
    let word = place.word(token.span);
    let syntax = |message: String, help: String| {
        Some(Diagnostic::new(Code::SyntaxError, token.span, message).with_help(help))
    };
    let touches = before.filter(|before| before.span.end == token.span.start);
    match word {
        "=" | "==" => Some(equals(place, line, token)),
        "!=" | "<>" => {
            let report =
                Diagnostic::new(Code::EqualsSign, token.span, format!("the language has no `{word}`"));
            Some(
                report
                    .with_label("write `is not`")
                    .with_help("write `A is not B`; quantities are compared by `<`, `<=`, `>`, `>=`"),
            )
        }
        "=<" => syntax("`=<` is written the other way round".into(), "write `<=`".into()),
        "=>" => syntax("`=>` is written the other way round".into(), "write `>=`".into()),
        "&&" | "&" => syntax(format!("the language has no `{word}`"), "write `and`".into()),
        "||" => syntax("the language has no `||`".into(), "write `or`".into()),
        "!" => syntax("the language has no `!`".into(), "write `not`".into()),
        ";" => syntax(
            "the language has no `;`".into(),
            "leave it out: the end of the line ends a clause, and each clause has a line of its own".into(),
        ),
        "%" => syntax("a `%` stands right behind its number".into(), "write `1.5%`, without a blank".into()),
        "¥" | "$" | "€" | "£" | "￥" => syntax(
            format!("money is not written with `{word}`"),
            "write the currency behind the number: `100 JPY`".into(),
        ),
        "\u{a0}" | "\u{3000}" | "\u{2003}" | "\u{2009}" | "\u{202f}" | "\u{200b}" | "\u{feff}" => syntax(
            format!(
                "this blank is none that the language knows (U+{:04X})",
                word.chars().next().map_or(0, u32::from)
            ),
            "write an ordinary blank".into(),
        ),
        quote if is_quote(quote) => syntax(
            format!("`{quote}` does not open a text"),
            "write texts between straight double quotes: `\"Gift cards\"`".into(),
        ),
        "<" | "<=" | ">" | ">=" => chained(place, line, token),
        "+" | "-" | "*" | "/" => glued_sign(place, line, token, touches),
        "." if touches.is_none_or(|before| before.kind != TokenKind::Word) && number_behind(line, token) => {
            Some(
                Diagnostic::new(Code::BadNumber, token.span, "a number starts with a digit")
                    .with_help("write `0.5`, not `.5`"),
            )
        }
        "." => Some(point(place, line, token)),
        _ if !word.is_ascii() => syntax(
            format!("`{word}` has no place in the language"),
            "outside of texts and comments, write plain ASCII".into(),
        ),
        "?" | "@" | "#" | "^" | "~" | "`" | "\\" | "[" | "]" | "$$" => {
            let help = if word == "#" { "write comments as `// …`" } else { "leave it out" };
            syntax(format!("`{word}` has no place in the language"), help.into())
        }
        _ => None,
    }
}

/// Quotes other than `"`.
pub(super) fn is_quote(sign: &str) -> bool {
    matches!(sign, "'" | "“" | "”" | "„" | "‘" | "’" | "«" | "»" | "「" | "」" | "『" | "』" | "＂")
}

fn equals(place: &Place<'_>, line: &Line, token: &Token) -> Diagnostic {
    let sign = place.word(token.span);
    let left = place.word(Span::new(line.span().start, token.span.start)).trim_end();
    let right = place.word(Span::new(token.span.end, line.span().end)).trim_start();
    let help = match (place.rule, line.tokens.first().map_or("", |first| place.word(first.span))) {
        (Rule::field_line, _) => format!("write `{left}: {right}`").replace(":: ", ": "),
        (_, "when" | "is" | "not" | "pending" | "balance") => {
            format!("write `{left} is {right}`")
        }
        _ => format!("write `{left} {right}`"),
    };
    let report = Diagnostic::new(Code::EqualsSign, token.span, format!("the language has no `{sign}`"));
    report.with_help(help.replace("default : ", "default ").replace("default: ", "default "))
}

/// A point behind a word that takes none there.
fn point(place: &Place<'_>, line: &Line, token: &Token) -> Diagnostic {
    let at = line.tokens.iter().position(|other| other.span == token.span).unwrap_or(0);
    let nth = |n: Option<usize>| n.and_then(|n| line.tokens.get(n));
    let (subject, fact) = (nth(at.checked_sub(1)), nth(Some(at + 1)));
    let earlier = nth(at.checked_sub(2)).map_or("", |other| place.word(other.span));
    let words = |token: &&Token| token.kind == TokenKind::Word;
    let (Some(subject), Some(fact), false) =
        (subject.filter(words), fact.filter(words), matches!(earlier, "." | "/"))
    else {
        return Diagnostic::new(Code::SyntaxError, token.span, "a name has at most one point")
            .with_help("write `order.total`: a subject, a point, a fact, without blanks");
    };
    let span = Span::new(subject.span.start, fact.span.end);
    let path = place.word(span);
    let limits = line.tokens.first().is_some_and(|first| matches!(place.word(first.span), "at" | "on"));
    if earlier == "per" && limits {
        let message =
            format!("`{path}` is a fact, and a limit counts over a line, an order or a member's period");
        let help = format!(
            "to give each its own room, write `per member per {path} per calendar month, returns free room`"
        );
        return Diagnostic::new(Code::SyntaxError, span, message).with_help(help);
    }
    Diagnostic::new(Code::SyntaxError, span, format!("`{path}` is a fact, and a single word stands here"))
        .with_help(
            "facts stand in amounts and conditions: `2% of order.total`, `when order.total >= 5,000 JPY`",
        )
}

fn number_behind(line: &Line, token: &Token) -> bool {
    line.tokens.iter().any(|next| next.span.start == token.span.end && next.kind == TokenKind::Number)
}

/// `5 < a < 10`
fn chained(place: &Place<'_>, line: &Line, token: &Token) -> Option<Diagnostic> {
    let compares = |word: &str| matches!(word, "<" | "<=" | ">" | ">=" | "is" | "in" | "before" | "after");
    let earlier = line.tokens.iter().rev().skip_while(|other| other.span.start >= token.span.start);
    let mut earlier = earlier.take_while(|other| !matches!(place.word(other.span), "and" | "or" | "(" | ")"));
    let first = earlier.find(|other| compares(place.word(other.span)))?;
    let middle = place.word(Span::new(first.span.end, token.span.start)).trim();
    let (left, right) = (place.word(first.span), place.word(token.span));
    if left == "in" && nearest(middle, ["all"]).is_some() {
        let span = Span::new(first.span.end, token.span.start);
        let span = Span::new(span.end - place.word(span).trim_start().len(), span.start + 1 + middle.len());
        let report = Diagnostic::new(Code::SyntaxError, span, format!("`{middle}` does not fit here"));
        return Some(
            report.with_label("did you mean `all`?").with_help("a measure is read `so far` or `in all`"),
        );
    }
    let report = Diagnostic::new(Code::SyntaxError, token.span, "two comparisons stand in a chain");
    let report = report.with_place(first.span, "the first comparison");
    Some(report.with_help(format!("join them by `and`: `… {left} {middle} and {middle} {right} …`")))
}

/// `-5`, `2*3`, `gift-card`.
fn glued_sign(place: &Place<'_>, line: &Line, token: &Token, touches: Option<&Token>) -> Option<Diagnostic> {
    let sign = place.word(token.span);
    let next = line.tokens.iter().find(|next| next.span.start == token.span.end)?;
    let word = touches
        .filter(|before| sign == "-" && before.kind == TokenKind::Word && next.kind == TokenKind::Word);
    if let Some(before) = word {
        let (left, right) = (place.word(before.span), place.word(next.span));
        let message = format!("`{left}-{right}` is no name");
        let report = Diagnostic::new(Code::BadName, before.span.to(next.span), message);
        return Some(
            report.with_help(format!(
                "write `{left}_{right}` for one name, `{left} - {right}` for a difference"
            )),
        );
    }
    let help = match touches {
        None if sign == "-" => {
            "the language has no negative numbers; a difference is written `a - b`".to_owned()
        }
        _ => format!("write `a {sign} b`"),
    };
    let report = Diagnostic::new(
        Code::SyntaxError,
        token.span,
        format!("a `{sign}` has a blank before it and after it"),
    );
    Some(report.with_help(help))
}

/// `\n` in a text.
fn escape(place: &Place<'_>, token: &Token) -> Option<Diagnostic> {
    let text = place.word(token.span);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            continue;
        }
        let next = letters.next().unwrap_or('"');
        if !matches!(next, '"' | '\\') {
            let report =
                Diagnostic::new(Code::SyntaxError, token.span, format!("a text has no escape `\\{next}`"));
            return Some(report.with_help("the escapes are `\\\"` for a quote and `\\\\` for a backslash"));
        }
    }
    None
}

fn parenthesis(place: &Place<'_>, line: &Line, token: &Token) -> Option<Diagnostic> {
    let (open, close) = count(line);
    if token.kind == TokenKind::CloseParen && close > open {
        let report = Diagnostic::new(Code::SyntaxError, token.span, "this `)` closes nothing");
        return Some(report.with_help("remove it, or write the `(` that it closes"));
    }
    let first = line.tokens.first().map_or("", |first| place.word(first.span));
    (token.kind == TokenKind::OpenParen && !matches!(first, "when" | "is" | "level")).then(|| {
        Diagnostic::new(Code::SyntaxError, token.span, "a parenthesis has no place here")
            .with_help("parentheses group conditions and amounts; lists are written without them")
    })
}

/// A `(` without its `)`, when nothing is wrong before the end of the line.
fn parenthesis_left_open(place: &Place<'_>, line: &Line, wrong: Option<usize>) -> Option<Diagnostic> {
    let (open, close) = count(line);
    if wrong.is_some() || open <= close {
        return None;
    }
    let _ = place;
    let paren = line.tokens.iter().find(|token| token.kind == TokenKind::OpenParen)?;
    let report = Diagnostic::new(Code::SyntaxError, paren.span, "this `(` is never closed");
    Some(report.with_help("write `)` behind what it groups"))
}

fn count(line: &Line) -> (usize, usize) {
    let count = |kind| line.tokens.iter().filter(|token| token.kind == kind).count();
    (count(TokenKind::OpenParen), count(TokenKind::CloseParen))
}
