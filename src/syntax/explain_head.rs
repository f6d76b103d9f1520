//! Why a head does not read: its keyword, its name, its label, its dates, in this order.

use super::ast::{Declaration, Kind};
use super::explain::{self, Place};
use super::grammar::{Failure, Rule};
use super::layout::Line;
use super::scan::{Token, TokenKind};
use super::{forms, names, repair, spelling};
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Why the grammar refuses a head.
pub(super) fn explain(place: &Place<'_>, line: &Line, failure: &Failure) -> Diagnostic {
    let wrong = explain::wrong_token(line, failure);
    explain::twice(place, line)
        .or_else(|| head_name(place, line))
        .or_else(|| head_label(place, line))
        .or_else(|| head_window(place, line, wrong))
        .or_else(|| spelling::explain(place, line, wrong, failure))
        .or_else(|| explain::gap(place, line, wrong, failure))
        .or_else(|| repair::repair(place, line, failure).map(|repair| explain::repaired(place, line, repair)))
        .unwrap_or_else(|| explain::expected(place, line, wrong, failure))
}

/// No name, or a wrong one.
fn head_name(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let keyword = line.tokens.first()?.span;
    let word = place.word(keyword);
    let name = line.tokens.get(1).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Number));
    let Some(name) = name else {
        let report = Diagnostic::new(Code::SyntaxError, keyword, format!("this `{word}` has no name"));
        if place.kind == Some(Kind::Facts) {
            return Some(report.with_help("say whose facts they are: `facts listing {`, `facts line {`, `facts order {` or `facts member {`"));
        }
        let label = line.tokens.iter().find(|token| token.kind == TokenKind::Text);
        let written = label.map_or("\"…\"", |label| place.word(label.span));
        return Some(report.with_help(format!("write `{word} {} {written}`", slug(written))));
    };
    let rest = line.tokens.get(1..).unwrap_or_default();
    names::bad_name(place, name, rest)
}

/// A name made of a label.
fn slug(label: &str) -> String {
    let words: Vec<String> = label
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug = words.join("_").trim_start_matches(|c: char| c == '_' || c.is_ascii_digit()).to_owned();
    if slug.is_empty() || forms::RESERVED.contains(&slug.as_str()) { "name".to_owned() } else { slug }
}

/// No label, or one that is not in quotes.
fn head_label(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let [keyword, name, rest @ ..] = line.tokens.as_slice() else { return None };
    let (word, name_text) = (place.word(keyword.span), place.word(name.span));
    let label = rest.iter().position(|token| token.kind == TokenKind::Text);
    if place.kind == Some(Kind::Facts) {
        let label = rest.get(label?)?;
        let report = Diagnostic::new(Code::SyntaxError, label.span, "`facts` take no label");
        return Some(report.with_help(format!("write `{word} {name_text} {{`")));
    }
    if let Some(label) = label {
        let extra = rest.get(..label)?.last().filter(|token| token.kind == TokenKind::Word)?;
        let words: Vec<&str> =
            line.tokens.get(1..label + 2)?.iter().map(|token| place.word(token.span)).collect();
        let message = format!("`{}` stands between the name and the label", place.word(extra.span));
        let help = format!("a name is one word: `{}`", words.join("_"));
        return Some(Diagnostic::new(Code::BadName, extra.span, message).with_help(help));
    }
    if rest.iter().any(|token| spelling::is_quote(place.word(token.span))) {
        return None;
    }
    let window = |token: &Token| matches!(place.word(token.span), "from" | "until");
    let end = rest.iter().position(window).unwrap_or(rest.len());
    let unquoted = rest.get(..end).unwrap_or_default();
    let report = Diagnostic::new(Code::MissingLabel, name.span, format!("`{word} {name_text}` has no label"));
    Some(match (unquoted.first(), unquoted.last()) {
        (Some(first), Some(last)) => {
            let text = place.word(first.span.to(last.span));
            Diagnostic::new(Code::MissingLabel, first.span.to(last.span), "this label is not in quotes")
                .with_help(format!("write `{word} {name_text} \"{text}\"`"))
        }
        _ => report
            .with_label("a label in quotes belongs behind the name")
            .with_help(format!("say what people call it: `{word} {name_text} \"{}\"`", title(name_text))),
    })
}

/// `gift_card` as a label: `Gift card`.
fn title(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// `until` before `from`.
fn head_window(place: &Place<'_>, line: &Line, wrong: Option<usize>) -> Option<Diagnostic> {
    let token = line.tokens.get(wrong?)?;
    let until = line.tokens.iter().find(|token| place.word(token.span) == "until")?;
    if place.word(token.span) != "from" || token.span < until.span {
        return None;
    }
    let report = Diagnostic::new(Code::SyntaxError, token.span, "`from` stands before `until`");
    Some(report.with_place(until.span, "the `until`").with_help("write `from DATE until DATE`"))
}

/// A top-level line that starts with no keyword.
pub(super) fn unknown_declaration(line: &Line, plain: &str) -> Diagnostic {
    let place = Place { rule: Rule::head_line, kind: None, plain };
    let span = line.tokens.first().map_or(line.span(), |token| token.span);
    let word = place.word(span);
    let report =
        Diagnostic::new(Code::UnknownDeclaration, span, format!("no declaration starts with `{word}`"));
    let text = line.tokens.get(1).is_some_and(|token| token.kind == TokenKind::Text);
    if text && line.block.is_none() && nearest(word, [forms::USE]).is_some() {
        let rest = place.word(Span::new(span.end, line.span().end));
        return report
            .with_label(format!("did you mean `{}`?", forms::USE))
            .with_help(format!("write `{}{rest}`", forms::USE));
    }
    match forms::nearest_kind(word) {
        Some(kind) => {
            let rest = place.word(Span::new(span.end, line.span().end));
            report
                .with_label(format!("did you mean `{}`?", kind.word()))
                .with_help(format!("write `{}{rest}`", kind.word()))
        }
        None => {
            let words: Vec<String> = Kind::ALL.iter().map(|kind| format!("`{}`", kind.word())).collect();
            report.with_help(format!("declarations start with {}", words.join(", ")))
        }
    }
}

/// `use cards`, `use "a.meed", "b.meed"`
pub(super) fn explain_use(place: &Place<'_>, line: &Line, failure: &Failure) -> Diagnostic {
    let wrong = explain::wrong_token(line, failure);
    let rest = line.tokens.get(1..).unwrap_or_default();
    match (rest.first(), rest.last()) {
        (Some(first), Some(last)) if rest.iter().all(|token| token.kind != TokenKind::Text) => {
            let span = first.span.to(last.span);
            let name = place.word(span).trim_matches(|c: char| !c.is_alphanumeric());
            let file = if name.contains('.') { name.to_owned() } else { format!("{name}.meed") };
            Diagnostic::new(Code::SyntaxError, span, "the file of this `use` is not in quotes")
                .with_help(format!("write `use \"{file}\"`"))
        }
        _ => explain::expected(place, line, wrong, failure),
    }
}

/// `use "cards.meed" { … }`
pub(super) fn use_with_block(block: Span) -> Diagnostic {
    let brace = Span::new(block.start, block.start + 1);
    Diagnostic::new(Code::SyntaxError, brace, "a `use` has no block")
        .with_help("a `use` is one line: `use \"cards.meed\"`")
}

/// A head without its keyword, which could be one of these kinds.
pub(super) fn missing_keyword(line: &Line, plain: &str, kinds: &[Kind]) -> Diagnostic {
    let place = Place { rule: Rule::head_line, kind: None, plain };
    let span = line.tokens.first().map_or(line.span(), |token| token.span);
    let message = format!("no declaration starts with `{}`", place.word(span));
    let words: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
    let heads: Vec<String> =
        kinds.iter().map(|kind| format!("`{} {}`", kind.word(), place.word(line.span()))).collect();
    Diagnostic::new(Code::UnknownDeclaration, span, message)
        .with_label(format!("{} belongs before it", words.join(" or ")))
        .with_help(format!("write {}", heads.join(" or ")))
}

/// A head with neither block nor clauses.
pub(super) fn missing_body(declaration: &Declaration, head: &str) -> Diagnostic {
    let (kind, name) = (declaration.kind.word(), &declaration.name.text);
    Diagnostic::new(Code::SyntaxError, declaration.head, format!("`{kind} {name}` has no clauses"))
        .with_help(format!("write them between braces: `{head} {{ … }}`"))
}
