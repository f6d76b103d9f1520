//! Wrong signs, numbers, dates, quotes and names: what the author most likely meant by each.

use super::ast::Kind;
use super::explain::Place;
use super::forms;
use super::grammar::{Failure, Rule};
use super::layout::Line;
use super::scan::{Token, TokenKind};
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
        TokenKind::Number => number(place, token, before),
        TokenKind::Word => odd_name(place, token, rest).or_else(|| reserved(place, token, failure)),
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

/// `1,00`, `1_000`, `100JPY`, `2021-2-3`, `5 %`.
fn number(place: &Place<'_>, token: &Token, before: Option<&Token>) -> Option<Diagnostic> {
    let word = place.word(token.span);
    if let Some(date) = date(word, token.span) {
        return Some(date);
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

/// What to write for `1,00`, `1.000.000`, `10,00,000`.
fn bad_grouping(digits: &str) -> Option<String> {
    let commas = digits.matches(',').count();
    let points = digits.matches('.').count();
    if commas == 0 && points <= 1 {
        return None;
    }
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    let by_threes = digits.split([',', '.']).skip(1).all(|group| group.len() == 3);
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
        "-" => minus(place, line, token, touches),
        "." if before.is_none_or(|before| before.kind != TokenKind::Word) => Some(
            Diagnostic::new(Code::BadNumber, token.span, "a number starts with a digit")
                .with_help("write `0.5`, not `.5`"),
        ),
        "." => syntax(
            "a name has at most one point".into(),
            "write `order.total`: a subject, a point, a fact, without blanks".into(),
        ),
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
        (Rule::clause_line, "when" | "is" | "not" | "pending" | "balance") => {
            format!("write `{left} is {right}`")
        }
        _ => format!("write `{left} {right}`"),
    };
    let report = Diagnostic::new(Code::EqualsSign, token.span, format!("the language has no `{sign}`"));
    report.with_help(help.replace("default : ", "default ").replace("default: ", "default "))
}

/// `-5`, `a-b`, `gift-card`.
fn minus(place: &Place<'_>, line: &Line, token: &Token, touches: Option<&Token>) -> Option<Diagnostic> {
    let next = line.tokens.iter().find(|next| next.span.start == token.span.end)?;
    if let Some(before) = touches.filter(|before| before.kind == TokenKind::Word) {
        let (left, right) = (place.word(before.span), place.word(next.span));
        let message = format!("`{left}-{right}` is no name");
        let report = Diagnostic::new(Code::BadName, before.span.to(next.span), message);
        return Some(
            report.with_help(format!(
                "write `{left}_{right}` for one name, `{left} - {right}` for a difference"
            )),
        );
    }
    let report = Diagnostic::new(Code::SyntaxError, token.span, "a minus has a blank before it and after it");
    Some(report.with_help("write `a - b`; the language has no negative numbers"))
}

/// A word that can be no name: capitals, letters beyond ASCII.
fn odd_name(place: &Place<'_>, token: &Token, rest: &[Token]) -> Option<Diagnostic> {
    let word = place.word(token.span);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let currency = word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase());
    if word.chars().all(plain) && word.starts_with(|c: char| c.is_ascii_lowercase()) || currency {
        return None;
    }
    let lower = word.to_lowercase();
    let first = rest.first().is_some_and(|first| place.word(first.span) == lower);
    if first || forms::clause(&lower).is_some() && place.rule == Rule::clause_line {
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
    let fits = whole.starts_with(|c: char| c.is_ascii_lowercase())
        && whole.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        return None;
    }
    let message = format!("`{whole}` is not written as a name is");
    let better: String =
        whole.to_lowercase().chars().map(|c| if c == '-' || c == '.' { '_' } else { c }).collect();
    let better = better.trim_matches('_').to_owned();
    let usable = better.starts_with(|c: char| c.is_ascii_lowercase())
        && better.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let rule =
        "a name starts with a lower case letter and goes on with lower case letters, digits and underscores";
    let help = if usable { format!("write `{better}`: {rule}") } else { rule.to_owned() };
    Some(Diagnostic::new(Code::BadName, span, message).with_help(help))
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
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

/// A reserved word where only a name can stand.
fn reserved(place: &Place<'_>, token: &Token, failure: &Failure) -> Option<Diagnostic> {
    let name =
        |rule: &Rule| matches!(rule, Rule::name | Rule::names | Rule::child | Rule::field | Rule::excluded);
    let only_names = !failure.expected.is_empty() && failure.expected.iter().all(name);
    only_names.then(|| bad_name(place, token, std::slice::from_ref(token))).flatten()
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
    (token.kind == TokenKind::OpenParen && !matches!(first, "when" | "is")).then(|| {
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
