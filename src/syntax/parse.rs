//! A whole policy, file by file and line by line: heads, bodies and what is between them.

use std::collections::BTreeSet;

use super::ast::{CategoryNode, Clause, ClauseKind, Declaration, File, Item, Kind, Name};
use super::explain::{self, Place};
use super::explain_head;
use super::forms;
use super::grammar::{self, Rule};
use super::head::{self, Head};
use super::layout::{Block, Line, layout};
use super::literal::Builder;
use super::names;
use super::scan::{Scanned, TokenKind, scan};
use super::stray::{self, Stretch};
use crate::diagnostic::{self, Code, Diagnostic, has_errors, suggest};
use crate::source::{Source, Span};

/// The largest policy file that is read.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A tree and everything wrong with its text.
pub struct Parsed {
    /// The tree, with error nodes where text could not be read.
    pub file: File,
    /// All syntax errors.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a policy: all its files, each by itself, into one tree.
pub fn parse(source: &Source) -> Parsed {
    let large: Vec<Diagnostic> = source.files().filter_map(|(_, span)| too_large(span)).collect();
    if !large.is_empty() {
        let items = large.iter().map(|report| Item::Error(report.primary.span)).collect();
        return Parsed { file: File { items, has_errors: true, ..File::default() }, diagnostics: large };
    }
    let mut diagnostics = Vec::new();
    let (files, scanned) = lines(source, &mut diagnostics);
    let declared = declared(files.iter().flatten(), &scanned.plain);
    let mut reader =
        Reader { plain: &scanned.plain, declared: &declared, diagnostics, file: File::default() };
    for stretch in files.into_iter().flat_map(|lines| stray::stretches(lines, &scanned.plain)) {
        match stretch {
            Stretch::Declaration(line) => reader.item(line),
            Stretch::Stray(lines) => reader.stray(&lines),
        }
    }
    let Reader { mut file, mut diagnostics, .. } = reader;
    file.comments = scanned.comments;
    file.has_errors = has_errors(&diagnostics);
    diagnostic::sort(&mut diagnostics);
    Parsed { file, diagnostics }
}

fn too_large(file: Span) -> Option<Diagnostic> {
    let bytes = file.end - file.start;
    let message = format!("this file has {bytes} bytes; a policy file has at most {MAX_BYTES}");
    let at = Span::new(file.start, file.start);
    let report = Diagnostic::new(Code::FileTooLarge, at, message);
    (bytes > MAX_BYTES).then(|| report.with_help("keep data out of the policy: facts come with the events"))
}

/// The lines of each file. What one leaves open ends with it.
fn lines(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> (Vec<Vec<Line>>, Scanned) {
    let mut scanned = Scanned::default();
    let mut files = Vec::new();
    for (_, span) in source.files() {
        let text = source.slice(Span::new(0, span.end));
        scanned.plain.push_str(&" ".repeat(span.start.saturating_sub(scanned.plain.len())));
        let tokens = scan(text, &mut scanned, diagnostics);
        files.push(layout(text, &tokens, diagnostics));
    }
    (files, scanned)
}

/// The names of the events, their marks and the pools, wherever they are declared.
fn declared<'l>(lines: impl Iterator<Item = &'l Line>, plain: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in lines {
        let words = words(line, plain);
        let kind = words.first().and_then(|word| forms::nearest_kind(word));
        if !matches!(kind, Some(Kind::Event | Kind::Pool)) {
            continue;
        }
        names.extend(words.get(1).map(|name| (*name).to_owned()));
        for inner in line.block.iter().flat_map(|block| &block.lines) {
            let words = self::words(inner, plain);
            let marks = words
                .split_first()
                .filter(|(first, _)| **first == "marks" || suggest::nearest(first, ["marks"]).is_some());
            names
                .extend(marks.into_iter().flat_map(|(_, names)| names.iter().map(|name| (*name).to_owned())));
        }
    }
    names
}

fn words<'s>(line: &Line, plain: &'s str) -> Vec<&'s str> {
    let words = line.tokens.iter().filter(|token| token.kind == TokenKind::Word);
    words.filter_map(|token| plain.get(token.span.start..token.span.end)).collect()
}

struct Reader<'s> {
    /// The text with comments, tabs and newlines as blanks.
    plain: &'s str,
    /// The names of the events, marks and pools.
    declared: &'s BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
    file: File,
}

impl<'s> Reader<'s> {
    /// A top-level line: a declaration, a `use`, or a stretch that is neither.
    fn item(&mut self, line: Line) {
        let head_span = line.span();
        let span = line.block.as_ref().map_or(head_span, |block| head_span.to(block.span));
        let before = self.diagnostics.len();
        let head = head::read(&line, self.plain, self.declared, &mut self.diagnostics);
        let item = match head {
            Head::Use(file) => {
                self.file.uses.push(file);
                return;
            }
            Head::Declared(mut declaration) => {
                declaration.docs = line.docs;
                declaration.span = span;
                declaration.broken |= self.errors_since(before);
                self.body(&mut declaration, line.block);
                Item::Declaration(*declaration)
            }
            Head::Unread { name, kind } => {
                self.file.unread.extend(name);
                if let Some(kind) = kind {
                    self.clauses(kind, line.block.map(|block| block.lines).unwrap_or_default());
                }
                Item::Error(span)
            }
        };
        self.file.items.push(item);
    }

    fn stray(&mut self, lines: &[Line]) {
        let open = |line: &Line| line.has_open_text();
        if !lines.iter().any(open) {
            self.diagnostics.push(stray::explain(lines, self.plain));
        }
        let spans = lines.iter().map(Line::span);
        self.file.items.extend(spans.reduce(Span::to).map(Item::Error));
    }

    fn body(&mut self, declaration: &mut Declaration, block: Option<Block>) {
        let Some(block) = block else {
            if declaration.kind != Kind::Category && !declaration.broken {
                self.diagnostics.push(explain_head::missing_body(declaration, self.word(declaration.head)));
                declaration.broken = true;
            }
            return;
        };
        let before = self.diagnostics.len();
        declaration.clauses = self.clauses(declaration.kind, block.lines);
        declaration.broken |= self.errors_since(before);
    }

    fn clauses(&mut self, kind: Kind, lines: Vec<Line>) -> Vec<Clause> {
        let mut clauses = Vec::new();
        for mut line in lines {
            let docs = std::mem::take(&mut line.docs);
            let span = line.span();
            let rest = match kind {
                Kind::Category => {
                    let child = self.child(line);
                    clauses.push(clause(docs, child.map(ClauseKind::Child), span));
                    None
                }
                _ => self.line(kind, docs, line, &mut clauses),
            };
            // A line that swallowed the next one gives it back; what it gives back is shorter.
            let mut rest = rest;
            while let Some(line) = rest {
                rest = self.line(kind, Vec::new(), line, &mut clauses);
            }
        }
        clauses
    }

    /// A clause or a fact. Gives back the lines behind it that it has swallowed by mistake.
    fn line(&mut self, kind: Kind, docs: Vec<String>, line: Line, clauses: &mut Vec<Clause>) -> Option<Line> {
        let rule = match kind {
            Kind::Facts => Rule::field_line,
            Kind::Event => Rule::event_line,
            Kind::Value => Rule::value_line,
            Kind::Move => Rule::move_line,
            _ => Rule::clause_line,
        };
        let place = Place { rule, kind: Some(kind), plain: self.plain };
        let span = line.span();
        if let Some(block) = &line.block {
            self.diagnostics.push(explain::block_in_clause(block.span));
            clauses.push(clause(docs, None, span));
            return None;
        }
        if let Some((first, rest, report)) = explain::swallowed_line(&place, &line) {
            self.diagnostics.push(report);
            clauses.push(clause(docs, None, first));
            return Some(rest);
        }
        let node = self.read(&place, &line, |builder, pair| match kind {
            Kind::Facts | Kind::Event => builder.event_line(pair),
            _ => builder.clause(pair),
        });
        if node.is_none() && matches!(kind, Kind::Facts | Kind::Event) {
            self.unread(&line);
        }
        clauses.push(clause(docs, node, span));
        None
    }

    /// A category and those under it. The layout bounds how deep they go.
    fn child(&mut self, line: Line) -> Option<CategoryNode> {
        let place = Place { rule: Rule::child_line, kind: Some(Kind::Category), plain: self.plain };
        let node = match line.tokens.is_empty() {
            true => None,
            false => self.read(&place, &line, |builder, pair| builder.child(pair)),
        };
        if node.is_none() {
            self.unread(&line);
        }
        let lines = line.block.map(|block| block.lines).unwrap_or_default();
        let children: Vec<CategoryNode> = lines.into_iter().filter_map(|line| self.child(line)).collect();
        node.map(|node| CategoryNode { children, ..node })
    }

    /// Keeps the name that a line should have declared; an empty one where it has none.
    fn unread(&mut self, line: &Line) {
        let Some(first) = line.tokens.first() else { return };
        let named = matches!(first.kind, TokenKind::Word | TokenKind::Number);
        let whole = line
            .tokens
            .iter()
            .skip(1)
            .take_while(|token| self.word(token.span) == "-" || token.kind == TokenKind::Word);
        let span = whole.fold(first.span, |name, token| name.to(token.span));
        let text = if named { names::usable(self.word(span)).unwrap_or_default() } else { String::new() };
        self.file.unread.push(Name { text, span: first.span });
    }

    /// One line by the grammar; where that fails, the reason.
    fn read<T>(
        &mut self,
        place: &Place<'s>,
        line: &Line,
        build: impl Fn(&mut Builder<'_>, grammar::Pair<'_>) -> Option<T>,
    ) -> Option<T> {
        if line.has_open_text() {
            return None;
        }
        if let Some(report) = explain::too_deep(place, line) {
            self.diagnostics.push(report);
            return None;
        }
        let before = self.diagnostics.len();
        match grammar::read(place.rule, self.word(line.span())) {
            Ok(pairs) => {
                let (base, declared) = (line.span().start, self.declared);
                let mut builder = Builder { base, declared, diagnostics: &mut self.diagnostics };
                let node = pairs.into_iter().next().and_then(|pair| build(&mut builder, pair));
                if node.is_none() && !self.errors_since(before) {
                    self.diagnostics.push(explain::unreadable(line.span()));
                }
                node.filter(|_| !self.errors_since(before))
            }
            Err(failure) => {
                self.diagnostics.push(explain::explain(place, line, &failure));
                None
            }
        }
    }

    fn errors_since(&self, before: usize) -> bool {
        has_errors(self.diagnostics.get(before..).unwrap_or_default())
    }

    fn word(&self, span: Span) -> &'s str {
        self.plain.get(span.start..span.end).unwrap_or("")
    }
}

fn clause(docs: Vec<String>, kind: Option<ClauseKind>, span: Span) -> Clause {
    Clause { docs, kind: kind.unwrap_or(ClauseKind::Error), span }
}
