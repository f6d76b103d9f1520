//! The head of a declaration. A head that is wrong still binds its name where that can be read.

use std::collections::BTreeSet;

use super::ast::{Declaration, Kind, Name, Text};
use super::explain::Place;
use super::explain_head;
use super::forms;
use super::grammar::{self, Rule};
use super::layout::Line;
use super::literal::Builder;
use super::names;
use super::scan::{Token, TokenKind};
use super::stray;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::time::{LocalTime, parse_clock, parse_date};

/// What a top-level line is.
pub(super) enum Head {
    /// A declaration, perhaps with mistakes, which have been reported.
    Declared(Box<Declaration>),
    /// `use "cards.meed"`
    Use(Text),
    /// None that can be used; reported.
    Unread {
        /// The name it would have declared.
        name: Option<Name>,
        /// What its body is to be read as; None: not at all.
        kind: Option<Kind>,
    },
}

/// Reads a head; reports what is wrong with it.
pub(super) fn read(
    line: &Line,
    plain: &str,
    declared: &BTreeSet<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Head {
    let keyword = line.tokens.first().map_or(Span::default(), |token| token.span);
    let word = plain.get(keyword.start..keyword.end).unwrap_or("");
    let Some(kind) = Kind::from_word(word) else {
        return if word == forms::USE {
            read_use(line, plain, declared, diagnostics)
        } else {
            unknown(line, plain, word, diagnostics)
        };
    };
    if line.has_open_text() {
        return rescue(line, plain, kind);
    }
    let text = plain.get(line.span().start..line.span().end).unwrap_or("");
    match grammar::read(Rule::head_line, text) {
        Ok(pairs) => {
            let mut builder = Builder { base: line.span().start, declared, diagnostics };
            let head = pairs.into_iter().next().and_then(|pair| builder.head(kind, pair));
            head.map_or_else(
                || rescue(line, plain, kind),
                |declaration| Head::Declared(Box::new(declaration)),
            )
        }
        Err(failure) => {
            let place = Place { rule: Rule::head_line, kind: Some(kind), plain };
            diagnostics.push(explain_head::explain(&place, line, &failure));
            rescue(line, plain, kind)
        }
    }
}

/// `use "cards.meed"`
fn read_use(
    line: &Line,
    plain: &str,
    declared: &BTreeSet<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Head {
    let unread = Head::Unread { name: None, kind: None };
    if line.has_open_text() {
        return unread;
    }
    if let Some(block) = &line.block {
        diagnostics.push(explain_head::use_with_block(block.span));
        return unread;
    }
    match grammar::read(Rule::use_line, plain.get(line.span().start..line.span().end).unwrap_or("")) {
        Ok(pairs) => {
            let builder = Builder { base: line.span().start, declared, diagnostics };
            let text = pairs.into_iter().next().and_then(|pair| grammar::parts(pair).next());
            text.map_or(unread, |text| Head::Use(builder.text(&text)))
        }
        Err(failure) => {
            let place = Place { rule: Rule::use_line, kind: None, plain };
            diagnostics.push(explain_head::explain_use(&place, line, &failure));
            unread
        }
    }
}

/// A top-level line whose first word is no keyword.
fn unknown(line: &Line, plain: &str, word: &str, diagnostics: &mut Vec<Diagnostic>) -> Head {
    let headless = stray::kinds_without_keyword(line, plain);
    if !line.tokens.is_empty() && !line.has_open_text() {
        diagnostics.push(match headless.as_slice() {
            [] => explain_head::unknown_declaration(line, plain),
            kinds => explain_head::missing_keyword(line, plain, kinds),
        });
    }
    match (forms::nearest_kind(word), headless.as_slice()) {
        // The layout has not cut the branches of a category whose keyword is missing.
        (None, [kind]) if *kind != Kind::Category || line.block.is_none() => rescue_at(line, plain, *kind, 0),
        (None, []) => Head::Unread { name: name(line, plain, 1), kind: None },
        (None, _) => Head::Unread { name: name(line, plain, 0), kind: None },
        (Some(kind), _) => rescue(line, plain, kind),
    }
}

/// What can be read of a head that the grammar refuses.
fn rescue(line: &Line, plain: &str, kind: Kind) -> Head {
    rescue_at(line, plain, kind, 1)
}

/// The same, where the name should stand at `at`.
fn rescue_at(line: &Line, plain: &str, kind: Kind, at: usize) -> Head {
    let keyword = line.tokens.first().map_or(line.span(), |token| token.span);
    let nameless = Name { text: String::new(), span: keyword };
    let name = match (name(line, plain, at), kind) {
        (Some(name), _) => name,
        (None, Kind::Program) => nameless,
        (None, Kind::Redeem | Kind::Move | Kind::Forbid) => {
            return Head::Unread { name: None, kind: Some(kind) };
        }
        // A name that others read may be any of theirs.
        (None, _) => return Head::Unread { name: Some(nameless), kind: Some(kind) },
    };
    let mut declaration = Declaration {
        docs: Vec::new(),
        kind,
        keyword,
        name,
        label: None,
        from: None,
        until: None,
        clauses: Vec::new(),
        head: line.span(),
        span: line.span(),
        broken: true,
    };
    let (declared, mut reported) = (BTreeSet::new(), Vec::new());
    let builder = Builder { base: 0, declared: &declared, diagnostics: &mut reported };
    let label = line.tokens.iter().find(|token| token.kind == TokenKind::Text);
    declaration.label = label.map(|label| builder.text_at(plain, label.span));
    (declaration.from, declaration.until) = (date(line, plain, "from"), date(line, plain, "until"));
    Head::Declared(Box::new(declaration))
}

/// The name of a head, as it should have been written: the words before the label, or the first of them. `at` is
/// where it should stand.
fn name(line: &Line, plain: &str, at: usize) -> Option<Name> {
    let text = |span: Span| plain.get(span.start..span.end).unwrap_or("");
    let at_word = |i: usize| line.tokens.get(i).filter(|token| token.kind == TokenKind::Word);
    let keyword_twice =
        at > 0 && at_word(at).map(|token| text(token.span)) == at_word(0).map(|token| text(token.span));
    let at = if keyword_twice && at_word(at + 1).is_some() { at + 1 } else { at };
    let first = at_word(at)?.span;
    let mut span = first;
    if line.tokens.iter().any(|token| token.kind == TokenKind::Text) {
        let words = line.tokens.iter().skip(at + 1).take_while(|token| token.kind != TokenKind::Text);
        let more =
            |token: &&Token| !matches!(text(token.span), "from" | "until") && text(token.span) != text(first);
        span = words.take_while(more).fold(span, |name, token| name.to(token.span));
    }
    let usable = names::usable(text(span)).map(|text| (text, span));
    let (text, span) = usable.unwrap_or_else(|| (text(first).to_lowercase(), first));
    Some(Name { text, span })
}

fn date(line: &Line, plain: &str, word: &str) -> Option<super::ast::DateAt> {
    let text = |span: Span| plain.get(span.start..span.end).unwrap_or("");
    let at = line.tokens.iter().position(|token| text(token.span) == word)?;
    let span = line.tokens.get(at + 1)?.span;
    let day = parse_date(text(span))?;
    let clock = line.tokens.get(at + 2).and_then(|token| Some((parse_clock(text(token.span))?, token.span)));
    Some(match clock {
        Some((time, end)) => {
            super::ast::DateAt { date: LocalTime(day.to_datetime(time)), span: span.to(end) }
        }
        None => super::ast::DateAt { date: LocalTime::of_day(day), span },
    })
}

impl Builder<'_> {
    fn head(&mut self, kind: Kind, pair: grammar::Pair<'_>) -> Option<Declaration> {
        let head = self.span(&pair);
        let keyword = Span::new(head.start, head.start + kind.word().len());
        let (mut name, mut label, mut from, mut until) = (None, None, None, None);
        for piece in grammar::parts(pair) {
            match piece.as_rule() {
                Rule::name => name = Some(self.name(&piece)),
                Rule::text => label = Some(self.text(&piece)),
                Rule::from_date => from = Some(self.date_at(grammar::parts(piece).next()?)?),
                Rule::until_date => until = Some(self.date_at(grammar::parts(piece).next()?)?),
                _ => {}
            }
        }
        let (docs, clauses) = (Vec::new(), Vec::new());
        let name = name?;
        Some(Declaration {
            docs,
            kind,
            keyword,
            name,
            label,
            from,
            until,
            clauses,
            head,
            span: head,
            broken: false,
        })
    }
}
