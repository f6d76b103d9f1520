//! Words that other rule languages use, and how they are said here: `if`, `where`, `unless`, `double`, `2 times base`.

use super::ast::Kind;
use super::explain::Place;
use super::grammar::{self, Rule};
use super::layout::Line;
use super::scan::{Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What a line says in the words of another language, if that is what is wrong with it.
pub(super) fn explain(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    condition(place, line)
        .or_else(|| multiple(place, line))
        .or_else(|| repeated_grain(place, line))
        .or_else(|| no_base(place, line))
        .or_else(|| from_to(place, line))
}

fn reads(place: &Place<'_>, line: &str) -> bool {
    grammar::read(place.rule, line).is_ok()
}

/// `if order.total >= 100 JPY`
fn condition(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let takes_conditions =
        matches!(place.kind?, Kind::Earn | Kind::Measure | Kind::Redeem | Kind::Move | Kind::Badge);
    let first = line.tokens.first()?;
    let word = place.word(first.span);
    let right = match word {
        "if" | "where" | "provided" | "while" | "requires" | "require" => "when",
        "unless" => "when not",
        _ => return None,
    };
    let rest = place.word(Span::new(line.tokens.get(1)?.span.start, line.span().end));
    let several = line.tokens.iter().any(|token| matches!(place.word(token.span), "and" | "or"));
    let fixed = match right {
        "when not" if several => format!("{right} ({rest})"),
        _ => format!("{right} {rest}"),
    };
    if !takes_conditions || !reads(place, &fixed) {
        return None;
    }
    let message = format!("a condition starts with `when`, not `{word}`");
    Some(Diagnostic::new(Code::UnknownClause, first.span, message).with_help(format!("write `{fixed}`")))
}

/// `gives double base`, `gives 2 times base`: how many more on top, and of which stage, is not said.
fn multiple(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let gives = line.tokens.iter().position(|token| place.word(token.span) == "gives")?;
    let [number, rest @ ..] = line.tokens.get(gives + 1..)? else { return None };
    let head = place.word(Span::new(line.span().start, number.span.start));
    let written = place.word(number.span);
    let (more, all, rule): (String, String, &Token) = match (written, rest) {
        ("double" | "twice" | "triple" | "thrice", [stage, rule])
            if matches!(place.word(stage.span), "exact" | "rounded" | "capped") =>
        {
            return stage_named(place, (head, written), number.span.to(rule.span), (stage, rule));
        }
        ("double" | "twice", [rule]) => ("1".to_owned(), "2".to_owned(), rule),
        ("triple" | "thrice", [rule]) => ("2".to_owned(), "3".to_owned(), rule),
        ("quadruple", [rule]) => ("3".to_owned(), "4".to_owned(), rule),
        (n, [times, rule]) if number.kind == TokenKind::Number && is_times(place, times) => {
            (n.to_owned(), n.to_owned(), rule)
        }
        _ => return None,
    };
    let name = place.word(rule.span);
    let fixed = format!("{head}{more} times rounded {name}");
    if rule.kind != TokenKind::Word || !reads(place, &fixed) {
        return None;
    }
    let message = format!(
        "this does not say which points of `{name}` it takes: before or after rounding, or after limits"
    );
    let report = Diagnostic::new(Code::SyntaxError, number.span.to(rule.span), message);
    Some(report.with_help(match more == all {
        true => format!("write `{fixed}`, or `exact` or `capped` in place of `rounded`; what `{name}` gives itself comes on top"),
        false => format!(
            "write `{fixed}` (or `exact`, `capped`): with what `{name}` gives itself that makes {all} times as much"
        ),
    }))
}

/// `double rounded base`
fn stage_named(
    place: &Place<'_>,
    (head, word): (&str, &str),
    span: Span,
    (stage, rule): (&Token, &Token),
) -> Option<Diagnostic> {
    let (more, all) = if matches!(word, "double" | "twice") { (1, 2) } else { (2, 3) };
    let (stage, name) = (place.word(stage.span), place.word(rule.span));
    let fixed = format!("{head}{more} times {stage} {name}");
    let report = Diagnostic::new(Code::SyntaxError, span, format!("the language has no `{word}`"));
    let help = format!("write `{fixed}`: with what `{name}` gives itself that makes {all} times as much");
    reads(place, &fixed).then(|| report.with_help(help))
}

fn is_times(place: &Place<'_>, token: &Token) -> bool {
    matches!(place.word(token.span), "times" | "x" | "*")
}

/// `each order gives 5 points per order`
fn repeated_grain(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let [.., before, per, piece] = line.tokens.as_slice() else { return None };
    let each = line.tokens.get(1).map(|token| place.word(token.span))?;
    if place.first_word(line) != "each" || place.word(per.span) != "per" || place.word(piece.span) != each {
        return None;
    }
    let fixed = place.word(Span::new(line.span().start, before.span.end));
    let message = format!("`each {each}` says already that this is per {each}");
    let report = Diagnostic::new(Code::SyntaxError, per.span.to(piece.span), message);
    reads(place, fixed).then(|| report.with_help(format!("write `{fixed}`")))
}

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// `order.weekday in monday to friday`, `order.hour between 9 and 17`
fn from_to(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let word = |at: usize| line.tokens.get(at).map_or("", |token| place.word(token.span));
    let count = line.tokens.len();
    let test = (3..count).find(|at| matches!(word(*at), "in" | "is" | "between") && word(at - 2) == ".")?;
    let joins = |at: &usize| word(*at) == "to" || (word(test) == "between" && word(*at) == "and");
    let to = (test + 2..count).find(joins)?;
    let end = (to + 1..count).find(|at| matches!(word(*at), "and" | "or")).unwrap_or(count);
    let text = |from: usize, end: usize| {
        let (first, last) = (line.tokens.get(from)?, line.tokens.get(end.checked_sub(1)?)?);
        Some((place.word(Span::new(first.span.start, last.span.end)), first.span.to(last.span)))
    };
    let ((path, start), (low, _), (high, last)) =
        (text(test - 3, test)?, text(test + 1, to)?, text(to + 1, end)?);
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let said = match (day(low), day(high)) {
        (Some(low), Some(high)) => {
            let days = (0..7).map(|later| (low + later) % 7);
            let days: Vec<&str> = days
                .clone()
                .take((high + 7 - low) % 7 + 1)
                .filter_map(|day| DAYS.get(day).copied())
                .collect();
            format!("{path} in {}", days.join(", "))
        }
        _ if end == count && test == 4 => format!("{path} >= {low} and {path} <= {high}"),
        _ => format!("({path} >= {low} and {path} <= {high})"),
    };
    let head = place.word(Span::new(line.span().start, start.start));
    let tail = place.word(Span::new(last.end, line.span().end));
    let fixed = format!("{head}{said}{tail}");
    let message = "from one to the other is said by both ends, or by all that lies between";
    let report = Diagnostic::new(Code::SyntaxError, start.to(last), message);
    reads(place, &fixed).then(|| report.with_help(format!("write `{said}`")))
}

/// `each order gives 1 point per 100 JPY`: of what?
fn no_base(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let [each, piece, gives, ..] = line.tokens.as_slice() else { return None };
    let last = line.tokens.last()?;
    let is = |token: &Token, word: &str| place.word(token.span) == word;
    let per = line.tokens.iter().any(|token| is(token, "per"));
    if place.rule != Rule::clause_line || !is(each, "each") || !is(gives, "gives") || !per {
        return None;
    }
    let base = match place.word(piece.span) {
        "line" | "unit" => "line.price",
        "order" => "order.price",
        _ => return None,
    };
    let fixed = format!("{} of {base}", place.word(line.span()));
    let report = Diagnostic::new(Code::SyntaxError, last.span, "this does not say which amount earns");
    let report = report.with_label("`of …` belongs behind it");
    reads(place, &fixed).then(|| report.with_help(format!("write `{fixed}`")))
}
