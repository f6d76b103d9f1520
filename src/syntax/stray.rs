//! What stands between declarations and is none: clauses whose head is missing, a `}` that closes nothing, a head
//! without its keyword. All that misses one head is told once.

use super::ast::Kind;
use super::forms;
use super::grammar::{self, Rule};
use super::layout::Line;
use super::scan::{Token, TokenKind};
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Whose facts a head without a label can tell of.
const SUBJECTS: [&str; 4] = ["listing", "line", "order", "member"];

/// A stretch of top-level lines.
pub(super) enum Stretch {
    /// A declaration, or a line that is to be read as one.
    Declaration(Line),
    /// Lines that belong to no declaration.
    Stray(Vec<Line>),
}

/// Cuts the lines of a file into declarations and what stands between them.
pub(super) fn stretches(lines: Vec<Line>, plain: &str) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut run: Vec<Line> = Vec::new();
    for line in lines {
        if is_loose(&line, plain) {
            run.push(line);
        } else {
            end_run(&mut run, plain, &mut stretches);
            stretches.push(Stretch::Declaration(line));
        }
    }
    end_run(&mut run, plain, &mut stretches);
    stretches
}

fn end_run(run: &mut Vec<Line>, plain: &str, stretches: &mut Vec<Stretch>) {
    let closed = run.iter().any(closes);
    let body = run.first().is_some_and(|line| starts_clause(line, plain));
    let lines = std::mem::take(run);
    match closed || body {
        _ if lines.is_empty() => {}
        true => stretches.push(Stretch::Stray(lines)),
        false => stretches.extend(lines.into_iter().map(Stretch::Declaration)),
    }
}

fn closes(line: &Line) -> bool {
    line.tokens.first().is_some_and(|token| token.kind == TokenKind::CloseBrace)
}

/// A line without a block that is no head either.
fn is_loose(line: &Line, plain: &str) -> bool {
    let first = word(line, plain, 0);
    let head = forms::nearest_kind(first).is_some() && word(line, plain, 1) != ":"
        || first == forms::USE
        || second(line).is_some_and(|token| token.kind == TokenKind::Text && !is_clause(first));
    line.block.is_none() && !line.has_open_text() && !head
}

fn starts_clause(line: &Line, plain: &str) -> bool {
    let first = word(line, plain, 0);
    is_clause(first) || has_colon(line, plain) || word(line, plain, 1) == "to"
}

/// A fact, or a case of a table.
fn has_colon(line: &Line, plain: &str) -> bool {
    (1..line.tokens.len()).any(|at| word(line, plain, at) == ":")
}

fn is_clause(word: &str) -> bool {
    forms::clause(word).is_some()
}

fn second(line: &Line) -> Option<&Token> {
    line.tokens.get(1)
}

fn word<'a>(line: &Line, plain: &'a str, at: usize) -> &'a str {
    line.tokens.get(at).map_or("", |token| plain.get(token.span.start..token.span.end).unwrap_or(""))
}

/// What is said of lines without a head.
pub(super) fn explain(lines: &[Line], plain: &str) -> Diagnostic {
    let brace = lines.iter().find(|line| closes(line)).map(Line::span);
    let body: Vec<&Line> = lines.iter().filter(|line| !closes(line)).collect();
    let syntax = |span: Span, message: &str| Diagnostic::new(Code::SyntaxError, span, message);
    let Some(first) = body.first() else {
        let report = syntax(brace.unwrap_or_default(), "this `}` closes nothing");
        return report.with_help("remove it, or write the `{` that it closes");
    };
    let message = match body.len() {
        1 => "this line stands outside of every declaration",
        _ => "these lines stand outside of every declaration",
    };
    let mut report = syntax(first.span(), message);
    if let Some(brace) = brace {
        report = report.with_place(brace, "this `}` closes nothing");
    }
    let between = "between the `{` and the `}` of the declaration that they belong to";
    let heads: Vec<String> = kinds_of(&body, plain).into_iter().map(head).collect();
    report.with_help(match heads.as_slice() {
        [one] if brace.is_some() => format!("write the head above them: {one}"),
        [one, other] if brace.is_some() => format!("write the head above them: {one} or {other}"),
        _ if body.len() == 1 => format!("put it {}", between.replace("they belong", "it belongs")),
        _ => format!("put them {between}"),
    })
}

fn head(kind: Kind) -> String {
    match kind {
        Kind::Facts => "`facts SUBJECT {`".to_owned(),
        kind => format!("`{} NAME \"LABEL\" {{`", kind.word()),
    }
}

/// The kinds of declaration whose bodies could hold all these lines.
fn kinds_of(lines: &[&Line], plain: &str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Kind::ALL.to_vec();
    for line in lines {
        let first = word(line, plain, 0);
        let text = plain.get(line.span().start..line.span().end).unwrap_or("");
        let reads = |rule| grammar::read(rule, text).is_ok();
        kinds.retain(|kind| match (line.tokens.first().map(|token| token.kind), word(line, plain, 1)) {
            _ if has_colon(line, plain) => match kind {
                Kind::Facts | Kind::Event => reads(Rule::field_line),
                Kind::Value => reads(Rule::value_line),
                _ => false,
            },
            (Some(TokenKind::Number), _) => *kind == Kind::Redeem,
            _ if is_clause(first) => forms::clauses_of(*kind).any(|form| form.word == first),
            (_, "to") => *kind == Kind::Move,
            (_, "," | "") => *kind == Kind::Category,
            (_, next) if next.starts_with('"') => *kind == Kind::Category,
            _ => false,
        });
    }
    if lines.is_empty() { Vec::new() } else { kinds }
}

/// The kinds that a head without its keyword could be of; none where it looks like no head at all.
pub(super) fn kinds_without_keyword(line: &Line, plain: &str) -> Vec<Kind> {
    let kinds: Vec<TokenKind> = line.tokens.iter().map(|token| token.kind).collect();
    let first = word(line, plain, 0);
    // A word near `use` is a misspelt `use`, not the name of something whose keyword is missing.
    let file = line.block.is_none() && nearest(first, [forms::USE]).is_some();
    if forms::nearest_kind(first).is_some() || file {
        return Vec::new();
    }
    let body: Option<Vec<&Line>> = line.block.as_ref().map(|block| block.lines.iter().collect());
    match (kinds.as_slice(), body) {
        ([TokenKind::Word, TokenKind::Text, ..], None) => vec![Kind::Category],
        ([TokenKind::Word, TokenKind::Text, ..], Some(body)) => {
            kinds_of(&body, plain).into_iter().filter(|kind| *kind != Kind::Facts).collect()
        }
        ([TokenKind::Word], Some(body)) if SUBJECTS.contains(&first) => {
            kinds_of(&body, plain).into_iter().filter(|kind| *kind == Kind::Facts).collect()
        }
        _ => Vec::new(),
    }
}
