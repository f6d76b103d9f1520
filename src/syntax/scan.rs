//! Text to tokens: where texts, comments, brackets, words and newlines begin and end. Tokens serve the layout
//! and the messages; what a line says is the grammar's business.

use super::ast::Comment;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, a keyword, a currency.
    Word,
    /// Starts with a digit: a number, a date, a percentage, rightly written or not.
    Number,
    /// A text in quotes.
    Text,
    /// A text without its closing quote; reported.
    OpenText,
    /// One of `+ - * / < <= > >= | : .` and whatever else is no word.
    Sign,
    /// `,`
    Comma,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// The end of a line.
    Newline,
    /// `// …`
    Comment,
    /// `/// …`
    DocComment,
}

/// A stretch of text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where.
    pub span: Span,
}

/// Texts cut into tokens, one behind the other.
#[derive(Default)]
pub(super) struct Scanned {
    /// The texts with comments, tabs and line ends turned into blanks, byte for byte.
    pub plain: String,
    /// All comments, in order.
    pub comments: Vec<Comment>,
}

/// Cuts a text, from where the last one ended, into its tokens, in order; blanks are left out. Reports texts in quotes
/// that do not end.
pub(super) fn scan(text: &str, scanned: &mut Scanned, diagnostics: &mut Vec<Diagnostic>) -> Vec<Token> {
    let Scanned { plain, comments } = scanned;
    let mut tokens = Vec::new();
    let mut at = plain.len();
    if text.get(at..).is_some_and(|text| text.starts_with('\u{feff}')) {
        at += '\u{feff}'.len_utf8();
        plain.push_str(&" ".repeat('\u{feff}'.len_utf8()));
    }
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        if blanks > 0 {
            plain.push_str(&" ".repeat(blanks));
            at += blanks;
            continue;
        }
        let (kind, length) = token(rest);
        let span = Span::new(at, at + length);
        let word = rest.get(..length).unwrap_or(rest);
        match kind {
            TokenKind::Comment | TokenKind::DocComment => {
                comments.push(Comment { text: word.to_owned(), span });
                plain.push_str(&" ".repeat(length));
            }
            TokenKind::Newline => plain.push(' '),
            TokenKind::OpenText => {
                diagnostics.push(unclosed_text(span, word));
                plain.push_str(word);
            }
            _ => plain.push_str(word),
        }
        tokens.push(Token { kind, span });
        at += length.max(1);
    }
    tokens
}

fn unclosed_text(span: Span, word: &str) -> Diagnostic {
    let help = match word.trim_start_matches('"').trim_end() {
        "" => "a text stands between two quotes: `\"Gift cards\"`".to_owned(),
        text => format!("write `\"{text}\"`"),
    };
    Diagnostic::new(Code::UnclosedText, span, "this text has no closing quote").with_help(help)
}

/// The token at the start of `rest`, which is no blank, and its length in bytes.
fn token(rest: &str) -> (TokenKind, usize) {
    // Found only where it is needed: a long line of many tokens is not searched for its end again and again.
    let line = || rest.split('\n').next().unwrap_or(rest);
    let mut letters = rest.chars();
    let (first, second) = (letters.next().unwrap_or('\n'), letters.next().unwrap_or('\n'));
    match (first, second) {
        ('\n', _) => (TokenKind::Newline, 1),
        ('/', '/') => {
            let doc = rest.starts_with("///") && !rest.starts_with("////");
            (if doc { TokenKind::DocComment } else { TokenKind::Comment }, line().trim_end().len())
        }
        ('"', _) => closed_text(rest).unwrap_or_else(|| open_text(line())),
        (',', _) => (TokenKind::Comma, 1),
        ('{', _) => (TokenKind::OpenBrace, 1),
        ('}', _) => (TokenKind::CloseBrace, 1),
        ('(', _) => (TokenKind::OpenParen, 1),
        (')', _) => (TokenKind::CloseParen, 1),
        ('<' | '>' | '=' | '!', '=') | ('=', '<' | '>') | ('<', '>') | ('&', '&') | ('|', '|') => {
            (TokenKind::Sign, 2)
        }
        (digit, _) if digit.is_ascii_digit() => (TokenKind::Number, number_length(rest)),
        (letter, _) if is_word(letter) => (TokenKind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
        (sign, _) => (TokenKind::Sign, sign.len_utf8()),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// A text up to its closing quote in the same line.
fn closed_text(rest: &str) -> Option<(TokenKind, usize)> {
    let mut escaped = false;
    for (i, letter) in rest.char_indices().skip(1) {
        match letter {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((TokenKind::Text, i + 1)),
            _ => {}
        }
    }
    None
}

/// A text without its closing quote ends before ` {`, so that a block stays open, or with the line.
fn open_text(line: &str) -> (TokenKind, usize) {
    let end = line.find(['{', '}']).unwrap_or(line.len());
    let length = line.get(..end).unwrap_or(line).trim_end().len();
    (TokenKind::OpenText, length.max(1))
}

/// A stretch that starts with a digit: digits, letters, `%`, and `.` `,` `-` `/` `:` before a digit.
fn number_length(rest: &str) -> usize {
    let mut letters = rest.char_indices().peekable();
    while let Some((i, letter)) = letters.next() {
        let before_digit = letters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        let part = is_word(letter)
            || letter == '%'
            || (matches!(letter, '.' | ',' | '-' | '/' | ':') && before_digit);
        if !part {
            return i;
        }
    }
    rest.len()
}
