//! One-word repairs: a misspelt, missing, glued or superfluous word near the place where a line goes wrong is
//! found by changing it and reading the line again. Only a change that makes the line right is ever suggested.

use super::explain::{self, Place};
use super::forms;
use super::grammar::{self, Failure, Rule};
use super::layout::Line;
use super::scan::{Token, TokenKind};
use crate::diagnostic::suggest::nearest;
use crate::source::Span;

/// A change of one word that makes a line right.
pub(super) struct Repair {
    /// What to change; empty where something is missing.
    pub span: Span,
    /// What kind of change.
    pub change: Change,
    /// The line after it.
    pub line: String,
    /// What the line may be instead, where several words could be missing.
    pub or: Vec<String>,
}

/// What kind of change a repair is.
pub(super) enum Change {
    /// Another word for the one there.
    Replace(String),
    /// A word before it, or one of several.
    Insert(Vec<String>),
    /// A blank after its first letters.
    Split(String),
    /// Nothing there.
    Remove,
    /// Nothing there: the same stands before it.
    Twice,
}

/// Longer lines are not tried again and again.
const MAX_LINE: usize = 2_000;

/// Words that stand twice, if the line is right without the second.
pub(super) fn doubled(place: &Place<'_>, line: &Line) -> Option<Repair> {
    let bench = Bench::new(place, line)?;
    let word = |i: usize| line.tokens.get(i).map(|token| place.word(token.span));
    let paren = |token: &Token| matches!(token.kind, TokenKind::OpenParen | TokenKind::CloseParen);
    (1..=3usize).find_map(|length| {
        (length..line.tokens.len()).find_map(|second| {
            let same =
                (0..length).all(|i| word(second + i).is_some_and(|w| word(second + i - length) == Some(w)));
            let run = line.tokens.get(second..second + length).filter(|_| same)?;
            let span = run.first().filter(|token| !paren(token))?.span.to(run.last()?.span);
            let line = bench.try_line(span, "")?;
            Some(Repair { span, change: Change::Twice, line, or: Vec::new() })
        })
    })
}

/// A place where something of the author's is missing.
pub(super) struct Gap {
    /// What stands beside it.
    pub span: Span,
    /// What could stand there.
    pub what: &'static str,
    /// The line with a word in capitals there.
    pub line: String,
}

/// What is missing before the token at which the line goes wrong, or behind a `|`, where that can be any name or
/// number.
pub(super) fn gap(place: &Place<'_>, line: &Line, failure: &Failure) -> Option<Gap> {
    let bench = Bench::new(place, line)?;
    let at = line.span().start + failure.at;
    let wrong = line.tokens.iter().position(|token| token.span.end > at)?;
    let before = |i: usize| i.checked_sub(1).and_then(|before| line.tokens.get(before));
    let behind_bar = |i: &usize| before(*i).is_some_and(|token| place.word(token.span) == "|");
    let swallowed = wrong.checked_sub(1).filter(behind_bar);
    let gaps = [Some(wrong), swallowed].into_iter().flatten().filter_map(|i| line.tokens.get(i));
    let sign = |token: &Token| matches!(place.word(token.span), "<" | "<=" | ">" | ">=" | ":" | "|");
    let joint =
        |token: &Token| forms::RESERVED.contains(&place.word(token.span)) || bench.is_fixed(line, token);
    gaps.filter(|token| sign(token) || joint(token)).find_map(|token| {
        let before = Span::new(token.span.start, token.span.start);
        let (what, line) = bench.filled(before)?;
        Some(Gap { span: token.span, what, line })
    })
}

/// The same at the end of a line that stops too early.
pub(super) fn gap_at_end(place: &Place<'_>, line: &Line) -> Option<Gap> {
    let bench = Bench::new(place, line)?;
    let last = line.tokens.last()?;
    let (what, line) = bench.filled(Span::new(bench.span.end, bench.span.end))?;
    Some(Gap { span: last.span, what, line })
}

/// `when has two_percent`: nothing says what has it.
pub(super) fn without_listing(place: &Place<'_>, line: &Line) -> Option<Repair> {
    let bench = Bench::new(place, line)?;
    let token = line.tokens.iter().find(|token| place.word(token.span) == "has")?;
    let at = Span::new(token.span.start, token.span.start);
    let change = Change::Insert(vec!["listing".to_owned()]);
    bench.try_line(at, "listing ").map(|line| Repair { span: at, change, line, or: Vec::new() })
}

/// True where any name in the place of `token` makes the line right.
pub(super) fn wants_name(place: &Place<'_>, line: &Line, token: &Token) -> bool {
    Bench::new(place, line).is_some_and(|bench| bench.try_line(token.span, "x").is_some())
}

/// The first of the possible changes after which the line reads right.
pub(super) fn repair(place: &Place<'_>, line: &Line, failure: &Failure) -> Option<Repair> {
    let bench = Bench::new(place, line)?;
    let at = line.tokens.iter().position(|token| token.span.end > bench.span.start + failure.at);
    let wrong = at.unwrap_or(line.tokens.len());
    let near = || (wrong.saturating_sub(2)..=wrong).rev().filter_map(|i| line.tokens.get(i));
    let words = vocabulary(place, line);
    near()
        .find_map(|token| bench.replace(token, &words))
        .or_else(|| near().find_map(|token| bench.split(token, &words)))
        .or_else(|| bench.insert(line.tokens.get(wrong), failure))
        .or_else(|| bench.remove(line, wrong, failure))
}

/// The word nearest to a misspelt first word, if with it the line reads right.
pub(super) fn first_word(place: &Place<'_>, line: &Line, words: &[&str]) -> Option<Repair> {
    let bench = Bench::new(place, line)?;
    let token = line.tokens.first()?;
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    bench.replace(token, &words).or_else(|| bench.split(token, &words))
}

/// The fixed words that a line of this kind may hold.
fn vocabulary(place: &Place<'_>, line: &Line) -> Vec<String> {
    let first = line.tokens.first().map_or("", |token| place.word(token.span));
    let form = match place.rule {
        Rule::head_line => "from until",
        Rule::child_line => "",
        _ => explain::form_of(place, line),
    };
    let joins: &[&[&str]] = match first {
        _ if !place.is_clause() => &[],
        "pending" | "balance" | "lasts" | "begins" => &[forms::MOMENT_WORDS],
        "lot" => &[forms::MOMENT_WORDS, forms::CONDITION_WORDS],
        "when" | "is" | "by" => &[forms::CONDITION_WORDS],
        "not" | "only" | "spend" | "return" => &[&["for", "except", "then"]],
        "each" => &[&["with", "without", "of"], forms::PERIOD_WORDS],
        "at" | "on" | "per" | "for" => &[forms::PERIOD_WORDS, &["of", "end"]],
        "level" => &[&["and"], forms::CONDITION_WORDS],
        _ => &[],
    };
    let joins = joins.iter().flat_map(|words| words.iter().copied());
    forms::fixed_words(form).chain(joins).map(str::to_owned).collect()
}

struct Bench<'p> {
    place: &'p Place<'p>,
    span: Span,
}

impl<'p> Bench<'p> {
    /// None where the line is too long.
    fn new(place: &'p Place<'p>, line: &Line) -> Option<Bench<'p>> {
        let span = line.span();
        (span.end - span.start <= MAX_LINE).then_some(Bench { place, span })
    }

    /// What makes the line right where something is missing, and the line with a word in capitals for it.
    fn filled(&self, gap: Span) -> Option<(&'static str, String)> {
        let fits = |filler: &str| self.try_line(gap, &format!(" {filler} ")).is_some();
        let (what, capitals) = match (fits("1"), fits("x")) {
            (true, true) => ("a value or a fact", "VALUE"),
            (true, false) => ("a number", "NUMBER"),
            (false, true) => ("a name", "NAME"),
            _ if fits("\"x\"") => ("a text in quotes", "\"TEXT\""),
            _ if fits("2021-01-01") => ("a date such as `2021-01-31`", "DATE"),
            _ if fits("JPY") => ("a currency such as `JPY`", "JPY"),
            _ => return None,
        };
        Some((what, self.changed(gap, &format!(" {capitals} "))))
    }

    /// True for the words that the form of the line holds.
    fn is_fixed(&self, line: &Line, token: &Token) -> bool {
        let word = self.place.word(token.span);
        token.kind == TokenKind::Word && vocabulary(self.place, line).iter().any(|fixed| fixed == word)
    }

    fn replace(&self, token: &Token, words: &[String]) -> Option<Repair> {
        if token.kind != TokenKind::Word {
            return None;
        }
        let written = self.place.word(token.span);
        let mut near: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| nearest(written, [*word]).is_some()).collect();
        while let Some(word) = nearest(written, near.iter().copied()) {
            if let Some(line) = self.try_line(token.span, word) {
                let change = Change::Replace(word.to_owned());
                return Some(Repair { span: token.span, change, line, or: Vec::new() });
            }
            near.retain(|other| *other != word);
        }
        None
    }

    fn split(&self, token: &Token, words: &[String]) -> Option<Repair> {
        let written = self.place.word(token.span);
        words.iter().find_map(|word| {
            let rest = written.strip_prefix(word.as_str()).filter(|rest| !rest.is_empty());
            let before = written.strip_suffix(word.as_str()).filter(|before| !before.is_empty());
            let halves =
                [rest.map(|rest| format!("{word} {rest}")), before.map(|before| format!("{before} {word}"))];
            halves.into_iter().flatten().find_map(|halves| {
                let line = self.try_line(token.span, &halves)?;
                Some(Repair { span: token.span, change: Change::Split(halves), line, or: Vec::new() })
            })
        })
    }

    /// What is missing before `token`, if only few things can be.
    fn insert(&self, token: Option<&Token>, failure: &Failure) -> Option<Repair> {
        // At the end, a word is missing only where the author's own could not stand instead.
        let own = |rule: &Rule| {
            matches!(rule, Rule::name | Rule::names | Rule::path | Rule::sum | Rule::expr | Rule::moment)
        };
        if token.is_none() && failure.expected.iter().any(own) {
            return None;
        }
        let at = token.map_or(self.span.end, |token| token.span.start);
        let gap = Span::new(at, at);
        let tried = |word: String| {
            let text = if word == ")" { word.clone() } else { format!(" {word} ") };
            Some((self.try_line(gap, &text)?, word))
        };
        let likely = self.likely(token, failure).and_then(tried);
        let found: Vec<(String, String)> = match likely {
            Some(likely) => vec![likely],
            None => {
                let mut words: Vec<String> =
                    failure.expected.iter().flat_map(|rule| missing(*rule)).collect();
                words.sort();
                words.dedup();
                words.into_iter().filter_map(tried).collect()
            }
        };
        let (mut lines, words): (Vec<String>, Vec<String>) = found.into_iter().unzip();
        if lines.is_empty() || lines.len() > 3 {
            return None;
        }
        let line = lines.remove(0);
        Some(Repair { span: gap, change: Change::Insert(words), line, or: lines })
    }

    /// The word that most likely stands before `token`, where many could.
    fn likely(&self, token: Option<&Token>, failure: &Failure) -> Option<String> {
        let token = token?;
        let word = self.place.word(token.span);
        let expects = |rule| failure.expected.contains(&rule);
        let likely = match token.kind {
            TokenKind::Number if expects(Rule::w_is) && word.matches('-').count() == 2 => "before",
            TokenKind::Number if expects(Rule::w_is) => ">=",
            TokenKind::Word if expects(Rule::w_is) && self.is_behind_listing(token) => "has",
            TokenKind::Word | TokenKind::Text if expects(Rule::w_is) => "is",
            TokenKind::Number if expects(Rule::w_to) => "to",
            TokenKind::Number if self.place.rule == Rule::field_line && expects(Rule::currency) => {
                if word.ends_with('%') { "rate" } else { "count" }
            }
            _ => return None,
        };
        Some(likely.to_owned())
    }

    /// `listing` alone stands before the token, without a fact.
    fn is_behind_listing(&self, token: &Token) -> bool {
        let before = self.place.word(Span::new(self.span.start, token.span.start));
        before.split_whitespace().next_back() == Some("listing")
    }

    /// Leaves a word out: one of the language's own, or any where the line should have ended.
    fn remove(&self, line: &Line, wrong: usize, failure: &Failure) -> Option<Repair> {
        let should_end = failure.expected.iter().all(|rule| *rule == Rule::EOI);
        let first = |token: &&Token| forms::clause(self.place.word(token.span)).is_some();
        let before =
            wrong.checked_sub(1).filter(|before| *before > 0).and_then(|before| line.tokens.get(before));
        let last = line.tokens.last().filter(|token| token.kind == TokenKind::Comma);
        let wrong = line.tokens.get(wrong).or(last).filter(|token| {
            wrong > 0 && (should_end || token.kind == TokenKind::Comma || self.is_fixed(line, token))
        });
        before.filter(first).into_iter().chain(wrong).find_map(|token| {
            let line = self.try_line(token.span, "")?;
            Some(Repair { span: token.span, change: Change::Remove, line, or: Vec::new() })
        })
    }

    /// The line with `text` at `span`, if it reads right.
    fn try_line(&self, span: Span, text: &str) -> Option<String> {
        let line = self.changed(span, text);
        grammar::read(self.place.rule, &line).is_ok().then_some(line)
    }

    /// The line with `text` at `span`.
    fn changed(&self, span: Span, text: &str) -> String {
        let before = self.place.word(Span::new(self.span.start, span.start));
        let after = self.place.word(Span::new(span.end, self.span.end));
        tidy(&format!("{before}{text}{after}"))
    }
}

/// The words that may be missing where a rule of the grammar is expected.
fn missing(rule: Rule) -> Vec<String> {
    match rule {
        Rule::comma => vec![",".to_owned()],
        Rule::colon => vec![":".to_owned()],
        Rule::close => vec![")".to_owned()],
        Rule::moment | Rule::anchor | Rule::latest => {
            ["order", "points", "latest"].map(str::to_owned).to_vec()
        }
        Rule::piece => forms::PIECES.iter().map(|piece| (*piece).to_owned()).collect(),
        rule => grammar::fixed_word(rule).into_iter().collect(),
    }
}

/// One blank between words, none before a comma; texts stay as they are.
fn tidy(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut in_text = false;
    for letter in line.trim().chars() {
        in_text ^= letter == '"';
        if !in_text && out.ends_with(' ') && matches!(letter, ' ' | ',' | ':' | ')') {
            out.pop();
        }
        out.push(letter);
    }
    out
}
