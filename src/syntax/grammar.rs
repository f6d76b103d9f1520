//! The parser that pest makes of `grammar/meed.pest`, and the few helpers for walking what it returns.

#![allow(missing_docs, clippy::all, reason = "pest writes the code")]

use crate::source::Span;
use pest::Parser;
use pest::error::{Error, InputLocation};
use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "../grammar/meed.pest"]
struct Grammar;

/// A piece of a line that the grammar has recognised.
pub(super) type Pair<'i> = pest::iterators::Pair<'i, Rule>;

/// Where and why the grammar says no.
pub(super) struct Failure {
    /// Bytes from the start of the line.
    pub at: usize,
    /// What could have stood there.
    pub expected: Vec<Rule>,
}

/// Reads a whole line by one of the entry rules. The pieces end with `EOI`.
pub(super) fn read(rule: Rule, line: &str) -> Result<Vec<Pair<'_>>, Failure> {
    match Grammar::parse(rule, line) {
        Ok(pairs) => Ok(pairs.filter(|pair| pair.as_rule() != Rule::EOI).collect()),
        Err(error) => Err(failure(error)),
    }
}

fn failure(error: Error<Rule>) -> Failure {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match error.variant {
        pest::error::ErrorVariant::ParsingError { positives, .. } => positives,
        pest::error::ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Failure { at, expected }
}

/// The fixed word that a rule stands for: `w_until` is `until`.
pub(super) fn fixed_word(rule: Rule) -> Option<String> {
    is_fixed_word(rule).then(|| format!("{rule:?}").trim_start_matches("w_").to_owned())
}

/// True for the rules of fixed words, which stand last in the grammar.
pub(super) fn is_fixed_word(rule: Rule) -> bool {
    rule >= Rule::w_account
}

/// The pieces of a pair that say something: no fixed words, no commas.
pub(super) fn parts(pair: Pair<'_>) -> impl Iterator<Item = Pair<'_>> {
    pair.into_inner().filter(|part| !is_fixed_word(part.as_rule()) && part.as_rule() != Rule::comma)
}

/// Where a pair stands in the file, when its line starts at `base`.
pub(super) fn span(base: usize, pair: &Pair<'_>) -> Span {
    let start = base + pair.as_span().start();
    // A pair whose last part is left out takes the blank before that part.
    Span::new(start, start + pair.as_str().trim_end().len())
}
