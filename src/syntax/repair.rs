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
}

/// What kind of change a repair is.
pub(super) enum Change {
    /// Another word for the one there.
    Replace(String),
    /// A word before it.
    Insert(String),
    /// A blank after its first letters.
    Split(String),
    /// Nothing there.
    Remove,
}

/// Longer lines are not tried again and again.
const MAX_LINE: usize = 2_000;

/// The first of the possible changes after which the line reads right.
pub(super) fn repair(place: &Place<'_>, line: &Line, failure: &Failure) -> Option<Repair> {
    let span = line.span();
    if span.end - span.start > MAX_LINE {
        return None;
    }
    let bench = Bench { place, span };
    let at = line.tokens.iter().position(|token| token.span.end > span.start + failure.at);
    let wrong = at.unwrap_or(line.tokens.len());
    let near = || (wrong.saturating_sub(2)..=wrong).rev().filter_map(|i| line.tokens.get(i));
    let words = vocabulary(place, line);
    near()
        .find_map(|token| bench.replace(token, &words))
        .or_else(|| near().find_map(|token| bench.split(token, &words)))
        .or_else(|| bench.insert(line.tokens.get(wrong), failure))
        .or_else(|| bench.remove(line, wrong))
}

/// The word nearest to a misspelt first word, if with it the line reads right.
pub(super) fn first_word(place: &Place<'_>, line: &Line, words: &[&str]) -> Option<Repair> {
    let bench = Bench { place, span: line.span() };
    let token = line.tokens.first().filter(|_| line.span().end - line.span().start <= MAX_LINE)?;
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
        "pending" | "balance" | "lasts" => &[forms::MOMENT_WORDS],
        "lot" => &[forms::MOMENT_WORDS, forms::CONDITION_WORDS],
        "when" | "is" | "by" => &[forms::CONDITION_WORDS],
        "not" | "only" | "spend" | "return" => &[&["for", "except", "then"]],
        "each" => &[&["with", "without", "of"], forms::PERIOD_WORDS],
        "at" | "on" | "per" | "for" => &[forms::PERIOD_WORDS, &["of", "end"]],
        "level" => &[&["and"]],
        _ => &[],
    };
    let joins = joins.iter().flat_map(|words| words.iter().copied());
    forms::fixed_words(form).chain(joins).map(str::to_owned).collect()
}

struct Bench<'p> {
    place: &'p Place<'p>,
    span: Span,
}

impl Bench<'_> {
    fn replace(&self, token: &Token, words: &[String]) -> Option<Repair> {
        if token.kind != TokenKind::Word {
            return None;
        }
        let written = self.place.word(token.span);
        let mut near: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| nearest(written, [*word]).is_some()).collect();
        while let Some(word) = nearest(written, near.iter().copied()) {
            if let Some(line) = self.try_line(token.span, word) {
                return Some(Repair { span: token.span, change: Change::Replace(word.to_owned()), line });
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
                Some(Repair { span: token.span, change: Change::Split(halves), line })
            })
        })
    }

    /// What is missing before `token`, if only one thing can be.
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
        // Where both fit, `after` is meant far more often than `before`.
        let after = failure.expected.contains(&Rule::w_after);
        let likely = |rule: &&Rule| !(after && **rule == Rule::w_before);
        let mut found = failure.expected.iter().filter(likely).filter_map(|rule| {
            let (word, text) = match rule {
                Rule::comma => (",".to_owned(), ", ".to_owned()),
                Rule::colon => (":".to_owned(), ": ".to_owned()),
                Rule::close => (")".to_owned(), ")".to_owned()),
                rule => grammar::fixed_word(*rule).map(|word| (word.clone(), format!(" {word} ")))?,
            };
            let line = self.try_line(gap, &text)?;
            Some(Repair { span: gap, change: Change::Insert(word), line })
        });
        let only = found.next();
        only.filter(|_| found.next().is_none())
    }

    fn remove(&self, line: &Line, wrong: usize) -> Option<Repair> {
        let wrong = if wrong == line.tokens.len() { wrong.checked_sub(1)? } else { wrong };
        let fixed = |token: &&Token| forms::clause(self.place.word(token.span)).is_some();
        let before =
            wrong.checked_sub(1).filter(|before| *before > 0).and_then(|before| line.tokens.get(before));
        let wrong = line.tokens.get(wrong).filter(|_| wrong > 0);
        before.filter(fixed).into_iter().chain(wrong).find_map(|token| {
            let line = self.try_line(token.span, "")?;
            Some(Repair { span: token.span, change: Change::Remove, line })
        })
    }

    /// The line with `text` at `span`, if it reads right.
    fn try_line(&self, span: Span, text: &str) -> Option<String> {
        let before = self.place.word(Span::new(self.span.start, span.start));
        let after = self.place.word(Span::new(span.end, self.span.end));
        let line = tidy(&format!("{before}{text}{after}"));
        grammar::read(self.place.rule, &line).is_ok().then_some(line)
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
