//! Tokens to lines and blocks, so that one mistake stays one mistake: a bad line ends with its line, a bad
//! block ends at its `}`, and a declaration keyword with a name at column 0 closes whatever is open.
//! One pass over the tokens with a stack of open blocks; nothing here recurses.

use super::ast::Kind;
use super::forms;
use super::scan::{Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// How deep blocks, parentheses and chains of signs may go.
pub(super) const MAX_DEPTH: usize = 32;

/// One logical line, with the block behind it. A `}` that closes nothing is a line of its own.
#[derive(Default)]
pub(super) struct Line {
    /// Its tokens, without newlines, comments and braces.
    pub tokens: Vec<Token>,
    /// The doc comment above it, without `/// `.
    pub docs: Vec<String>,
    /// The tokens with which it goes on in a new line of text.
    pub breaks: Vec<usize>,
    /// The block that it opens.
    pub block: Option<Block>,
}

/// What stands between two braces.
#[derive(Default)]
pub(super) struct Block {
    /// Its lines.
    pub lines: Vec<Line>,
    /// From brace to brace.
    pub span: Span,
}

impl Line {
    /// From the first token to the last, without the block.
    pub fn span(&self) -> Span {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => self.block.as_ref().map_or(Span::default(), |block| block.span),
        }
    }

    /// True where a text has no end, which has been reported.
    pub fn has_open_text(&self) -> bool {
        self.tokens.iter().any(|token| token.kind == TokenKind::OpenText)
    }
}

/// Cuts tokens into the lines of a file, which is the end of `text`.
pub(super) fn layout(text: &str, tokens: &[Token], diagnostics: &mut Vec<Diagnostic>) -> Vec<Line> {
    let mut layout = Layout {
        text,
        tokens,
        closed_parens: Vec::new(),
        open_parens: 0,
        skipped: 0,
        suspect: None,
        docs: Vec::new(),
        frames: vec![Frame::default()],
        diagnostics,
    };
    layout.closed_parens = layout.match_parens();
    for i in 0..tokens.len() {
        layout.step(i);
    }
    layout.end_line();
    layout.close_all(None);
    layout.frames.pop().map(|file| file.lines).unwrap_or_default()
}

/// An open block; the first is the file.
#[derive(Default)]
struct Frame {
    lines: Vec<Line>,
    current: Line,
    /// The brace, or where it is missing.
    open: Span,
    /// The brace is missing, which has been reported.
    implied: bool,
    /// Commas end lines.
    category: bool,
}

struct Layout<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// For each token: a parenthesis whose partner stands in the same block.
    closed_parens: Vec<bool>,
    open_parens: usize,
    /// Blocks too deep to read that are open.
    skipped: usize,
    /// The `{` of an inner block that a `}` at column 0 has closed: if one `}` is missing, it is this one's.
    suspect: Option<Span>,
    docs: Vec<String>,
    frames: Vec<Frame>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Layout<'_> {
    fn step(&mut self, i: usize) {
        let Some(token) = self.tokens.get(i).copied() else { return };
        if token.kind == TokenKind::Word && self.starts_declaration(i) {
            self.end_line();
            self.close_all(Some(token.span));
        }
        match token.kind {
            TokenKind::OpenBrace if self.skipped > 0 => self.skipped += 1,
            TokenKind::CloseBrace if self.skipped > 0 => self.skipped -= 1,
            _ if self.skipped > 0 => {}
            TokenKind::Comment => {}
            TokenKind::DocComment => self.doc_comment(token),
            TokenKind::Newline if self.open_parens > 0 || self.goes_on() => self.break_line(),
            TokenKind::Newline => self.end_line(),
            TokenKind::Comma if self.in_category() && self.open_parens == 0 => self.end_line(),
            TokenKind::OpenBrace => self.open_block(token.span),
            TokenKind::CloseBrace => self.close_block(token.span, self.at_column_0(i)),
            _ => self.push(i, token),
        }
    }

    fn push(&mut self, i: usize, token: Token) {
        if self.is_line_start() && self.body_without_brace(i) {
            self.imply_block();
        }
        match token.kind {
            TokenKind::OpenParen if self.is_closed(i) => self.open_parens += 1,
            TokenKind::CloseParen if self.is_closed(i) => self.open_parens -= 1,
            _ => {}
        }
        let docs = if self.is_line_start() { std::mem::take(&mut self.docs) } else { Vec::new() };
        if let Some(frame) = self.frames.last_mut() {
            frame.current.docs.extend(docs);
            frame.current.tokens.push(token);
        }
    }

    fn doc_comment(&mut self, token: Token) {
        if self.is_line_start() {
            let text = self.word(token.span).trim_start_matches('/');
            self.docs.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
        }
    }

    /// A newline that does not end the line.
    fn break_line(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            let at = frame.current.tokens.len();
            frame.current.breaks.push(at);
        }
    }

    fn end_line(&mut self) {
        self.open_parens = 0;
        if let Some(frame) = self.frames.last_mut() {
            let line = std::mem::take(&mut frame.current);
            if !line.tokens.is_empty() || line.block.is_some() {
                frame.lines.push(line);
            }
        }
    }

    fn open_block(&mut self, brace: Span) {
        if self.is_line_start() {
            self.brace_on_its_own_line(brace);
        }
        if self.frames.len() > MAX_DEPTH {
            let message = format!("blocks go deeper than {MAX_DEPTH} levels");
            self.diagnostics.push(
                Diagnostic::new(Code::TooDeep, brace, message).with_help("put the branches side by side"),
            );
            self.skipped = 1;
            return;
        }
        self.open_frame(brace, false);
    }

    fn open_frame(&mut self, open: Span, implied: bool) {
        self.open_parens = 0;
        let kind = self.frames.first().and_then(|file| file.current.tokens.first());
        let category =
            kind.is_some_and(|token| forms::nearest_kind(self.word(token.span)) == Some(Kind::Category));
        self.frames.push(Frame { open, implied, category, ..Frame::default() });
    }

    /// `{` starts a line: the line above, if it has no block, gets this one.
    fn brace_on_its_own_line(&mut self, brace: Span) {
        let Some(frame) = self.frames.last_mut() else { return };
        let closes = |line: &Line| line.tokens.iter().any(|token| token.kind == TokenKind::CloseBrace);
        let head = frame.lines.pop_if(|line| line.block.is_none() && !closes(line));
        let report = match &head {
            Some(head) => Diagnostic::new(Code::SyntaxError, brace, "this `{` stands apart from its head")
                .with_place(head.span(), "the head")
                .with_help("write the `{` at the end of the head's line"),
            None => {
                Diagnostic::new(Code::SyntaxError, brace, "this `{` has nothing before it that it belongs to")
                    .with_help("a block stands after a head: `earn base \"Base points\" { … }`")
            }
        };
        frame.current = head.unwrap_or_default();
        self.diagnostics.push(report);
    }

    fn close_block(&mut self, brace: Span, at_column_0: bool) {
        if let [file] = self.frames.as_mut_slice() {
            let Some(at) = body_in_head(&file.current.tokens) else {
                self.end_line();
                let tokens = vec![Token { kind: TokenKind::CloseBrace, span: brace }];
                self.frames.last_mut().into_iter().for_each(|file| {
                    file.lines.push(Line { tokens: tokens.clone(), ..Line::default() });
                });
                return;
            };
            let body = file.current.tokens.split_off(at);
            self.imply_block();
            if let Some(frame) = self.frames.last_mut() {
                frame.current.tokens = body;
            }
        }
        self.end_line();
        if let [_, _, .., inner] = self.frames.as_slice()
            && at_column_0
        {
            self.suspect = Some(inner.open);
        }
        self.close_frame(brace.end);
        if self.frames.len() == 1 {
            self.suspect = None;
        }
    }

    fn close_frame(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else { return };
        if let Some(parent) = self.frames.last_mut() {
            parent.current.block = Some(Block { lines: frame.lines, span: Span::new(frame.open.start, end) });
        }
        self.end_line();
    }

    /// Closes what is open at a new declaration or the end of the file.
    fn close_all(&mut self, next: Option<Span>) {
        self.skipped = 0;
        let end = next.map_or(self.text.len(), |next| next.start);
        let end = self.text.get(..end).map_or(end, |text| text.trim_end().len());
        if let Some(frame) = self.frames.get(1).filter(|frame| !frame.implied) {
            let open = self.suspect.unwrap_or(frame.open);
            let report = Diagnostic::new(Code::UnclosedBlock, open, "this `{` is never closed");
            self.diagnostics.push(match next {
                _ if self.is_one_line(open) => report.with_help("write `}` at the end of this line"),
                Some(next) => report
                    .with_place(next, "the next declaration starts here")
                    .with_help("write `}` on a line of its own before the next declaration"),
                None => report.with_help("write `}` on a line of its own at the end"),
            });
        }
        self.suspect = None;
        while self.frames.len() > 1 {
            self.end_line();
            self.close_frame(end);
        }
    }

    /// The line above is a head without `{`, and this line reads like the first of its block.
    fn body_without_brace(&self, i: usize) -> bool {
        let [file] = self.frames.as_slice() else { return false };
        let Some(head) = file.lines.last().filter(|line| line.block.is_none()) else { return false };
        let kind = head.tokens.first().and_then(|token| forms::nearest_kind(self.word(token.span)));
        let named = head.tokens.get(1).is_some_and(|token| token.kind == TokenKind::Word);
        let indented = !self.at_column_0(i);
        kind.is_some() && named && !self.is_head(i) && (indented || kind != Some(Kind::Category))
    }

    /// Reports that the last line lacks its `{` and goes on as if it stood there.
    fn imply_block(&mut self) {
        let Some(file) = self.frames.last_mut() else { return };
        if file.current.tokens.is_empty() {
            file.current = file.lines.pop().unwrap_or_default();
        }
        let head = file.current.span();
        let end = Span::new(head.end, head.end);
        let report = Diagnostic::new(Code::SyntaxError, head, "this head has no `{` before its clauses");
        let help = format!("write `{} {{`", self.word(head));
        self.diagnostics.push(report.with_help(help));
        self.open_frame(end, true);
    }

    /// A newline does not end the line: it ends in a comma or a binary operator.
    fn goes_on(&self) -> bool {
        let last = self.frames.last().and_then(|frame| frame.current.tokens.last());
        last.is_some_and(|token| match token.kind {
            TokenKind::Comma => true,
            TokenKind::Sign => {
                matches!(self.word(token.span), "+" | "-" | "*" | "/" | "<" | "<=" | ">" | ">=" | "|")
            }
            TokenKind::Word => matches!(
                self.word(token.span),
                "and" | "or" | "not" | "is" | "in" | "has" | "before" | "after"
            ),
            _ => false,
        })
    }

    /// A declaration at column 0: a keyword and a name, or, inside a block, any word with name, label and `{`.
    fn starts_declaration(&self, i: usize) -> bool {
        if !self.at_column_0(i) {
            return false;
        }
        let kinds = self.tokens.get(i..).unwrap_or_default().iter().map(|token| token.kind);
        let line: Vec<TokenKind> = kinds.take_while(|kind| *kind != TokenKind::Newline).take(9).collect();
        let shaped = line.starts_with(&[TokenKind::Word, TokenKind::Word, TokenKind::Text])
            && line.contains(&TokenKind::OpenBrace);
        self.is_head(i) || (self.frames.len() > 1 && shaped)
    }

    /// A declaration keyword before a name, or a `use` before its text.
    fn is_head(&self, i: usize) -> bool {
        let word = self.tokens.get(i).map_or("", |token| self.word(token.span));
        match self.tokens.get(i + 1).map(|token| token.kind) {
            Some(TokenKind::Word) => Kind::from_word(word).is_some(),
            Some(TokenKind::Text) => word == forms::USE,
            _ => false,
        }
    }

    /// Which parentheses have their partner in the same block.
    fn match_parens(&self) -> Vec<bool> {
        let mut closed = vec![false; self.tokens.len()];
        let mut open = Vec::new();
        for (i, token) in self.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::OpenParen => open.push(i),
                TokenKind::CloseParen => {
                    for at in open.pop().into_iter().flat_map(|start| [start, i]) {
                        closed.get_mut(at).into_iter().for_each(|closed| *closed = true);
                    }
                }
                TokenKind::OpenBrace | TokenKind::CloseBrace => open.clear(),
                TokenKind::Word if self.at_column_0(i) && self.is_head(i) => open.clear(),
                _ => {}
            }
        }
        closed
    }

    fn is_closed(&self, i: usize) -> bool {
        self.closed_parens.get(i).copied().unwrap_or(false)
    }

    /// Something stands behind a brace in its line of text, and does not go on in the next.
    fn is_one_line(&self, brace: Span) -> bool {
        let rest = self.text.get(brace.end..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let code = rest.split("//").next().unwrap_or("").trim();
        !code.is_empty() && !code.ends_with(',')
    }

    fn is_line_start(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.current.tokens.is_empty())
    }

    fn in_category(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.category)
    }

    fn at_column_0(&self, i: usize) -> bool {
        let start = self.tokens.get(i).map_or(0, |token| token.span.start);
        let before = self.text.get(..start).unwrap_or_default();
        let before = before.strip_suffix('\u{feff}').unwrap_or(before);
        before.is_empty() || before.ends_with('\n')
    }

    fn word(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }
}

/// Where a head that has swallowed its one-line block should have had its `{`.
fn body_in_head(tokens: &[Token]) -> Option<usize> {
    let label = tokens.iter().position(|token| token.kind == TokenKind::Text)?;
    (label == 2 && tokens.len() > 3).then_some(label + 1)
}
