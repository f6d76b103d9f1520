//! What a policy says, apart from how it is laid out.

use super::scan::{Scanned, TokenKind, scan};
use crate::source::Source;

/// The words, numbers, texts and signs of a policy, each on a line of its own: without comments, blanks, line ends, and without
/// the `use` of other files, as what these declare follows anyway. What is laid out otherwise says the same; the order of
/// declarations is kept, as stored accounts know them by their places.
pub fn said(source: &Source) -> String {
    let mut out = String::with_capacity(source.text().len());
    for (_, span) in source.files() {
        add_file(source.slice(span), &mut out);
    }
    out
}

fn add_file(text: &str, out: &mut String) {
    let tokens = scan(text, &mut Scanned::default(), &mut Vec::new());
    let (mut depth, mut starts_line, mut in_use) = (0usize, true, false);
    for token in tokens {
        let word = text.get(token.span.start..token.span.end).unwrap_or_default();
        match token.kind {
            TokenKind::Newline => (starts_line, in_use) = (true, false),
            TokenKind::Comment | TokenKind::DocComment => {}
            _ => {
                in_use |= starts_line && depth == 0 && word == "use";
                starts_line = false;
                match token.kind {
                    TokenKind::OpenBrace => depth += 1,
                    TokenKind::CloseBrace => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if !in_use {
                    out.push_str(word);
                    out.push('\n');
                }
            }
        }
    }
}
