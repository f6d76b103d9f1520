//! Why a line does not read: from the grammar's refusal to a message that teaches. The order is from the surest
//! finding to the vaguest: a sign or number that is wrong anywhere, an unknown first word, a form of later
//! versions, a one-word repair, and last what could have stood there.

use super::ast::{Declaration, Kind};
use super::forms;
use super::grammar::{self, Failure, Rule};
use super::layout::{Line, MAX_DEPTH};
use super::repair::{self, Change, Repair};
use super::scan::{Token, TokenKind};
use super::spelling;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Where a line stands.
pub(super) struct Place<'a> {
    /// How it is to be read.
    pub rule: Rule,
    /// In which declaration.
    pub kind: Option<Kind>,
    /// The whole text, with comments as blanks.
    pub plain: &'a str,
}

impl<'a> Place<'a> {
    /// The text at a place.
    pub fn word(&self, span: Span) -> &'a str {
        self.plain.get(span.start..span.end).unwrap_or("")
    }

    fn first_word(&self, line: &Line) -> &'a str {
        line.tokens.first().map_or("", |token| self.word(token.span))
    }
}

/// Why the grammar refuses a line of a body.
pub(super) fn explain(place: &Place<'_>, line: &Line, failure: &Failure) -> Diagnostic {
    let wrong = wrong_token(line, failure);
    spelling::explain(place, line, wrong, failure)
        .or_else(|| first_word(place, line))
        .or_else(|| later_form(place, line, wrong))
        .or_else(|| repair::repair(place, line, failure).map(|repair| repaired(place, line, repair)))
        .unwrap_or_else(|| expected(place, line, wrong, failure))
}

/// The first token that does not fit; None at the end of the line.
fn wrong_token(line: &Line, failure: &Failure) -> Option<usize> {
    let at = line.span().start + failure.at;
    line.tokens.iter().position(|token| token.span.end > at)
}

/// A clause whose first word starts no clause.
fn first_word(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let kind = place.kind.filter(|_| place.rule == Rule::clause_line)?;
    let token = line.tokens.first()?;
    let word = place.word(token.span);
    if forms::clause(word).is_some() || token.kind == TokenKind::Number {
        return None;
    }
    let own: Vec<&str> = forms::clauses_of(kind).map(|form| form.word).collect();
    let all: Vec<&str> = forms::FORMS.iter().map(|form| form.word).collect();
    let found = [&own, &all].into_iter().find_map(|words| repair::first_word(place, line, words));
    if found.is_none()
        && let Some(what) = forms::later_clause(word)
    {
        return Some(unsupported(token.span, &format!("{word} …"), what));
    }
    let message = format!("no clause starts with `{word}`");
    let report = Diagnostic::new(Code::UnknownClause, token.span, message);
    let near = nearest(&word.to_lowercase(), own.iter().copied())
        .or(own.iter().copied().find(|own| *own == word.to_lowercase()));
    Some(match (found, near) {
        (Some(repair), _) => {
            let first = repair.line.split(' ').next().unwrap_or("");
            let form = forms::clause(first).map_or("", |form| form.form);
            report.with_label(format!("did you mean `{first}`?")).with_help(write_line(&repair.line, form))
        }
        (None, Some(near)) => {
            let form = forms::clause(near).map_or("", |form| form.form);
            report.with_label(format!("did you mean `{near}`?")).with_help(reads(form))
        }
        (None, None) => report.with_help(clauses_help(kind)),
    })
}

/// `an earn takes …`.
fn clauses_help(kind: Kind) -> String {
    let mut words: Vec<String> =
        forms::clauses_of(kind).map(|form| format!("`{}`", lead(form.form))).collect();
    if kind == Kind::Redeem {
        words.insert(0, "`1 point pays …`".to_owned());
    }
    let mut forms = String::new();
    for (i, word) in words.iter().enumerate() {
        forms.push_str(if i == 0 {
            ""
        } else if i + 1 == words.len() {
            " and "
        } else {
            ", "
        });
        forms.push_str(word);
    }
    format!("the clauses of `{}` are {forms}", kind.word())
}

/// The fixed words at the start of a form.
fn lead(form: &str) -> String {
    let fixed = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    form.split(' ').take_while(fixed).chain(["…"]).collect::<Vec<_>>().join(" ")
}

fn later_form(place: &Place<'_>, line: &Line, wrong: Option<usize>) -> Option<Diagnostic> {
    let first = place.first_word(line);
    let wrong = wrong.unwrap_or(line.tokens.len());
    let near = (wrong.saturating_sub(1)..=wrong).rev().filter_map(|i| line.tokens.get(i));
    let mut found = near.filter_map(|token| {
        let word = place.word(token.span);
        forms::later_word(first, word).map(|what| unsupported(token.span, &format!("… {word} …"), what))
    });
    found.next()
}

fn unsupported(span: Span, form: &str, what: &str) -> Diagnostic {
    Diagnostic::new(Code::UnsupportedForm, span, format!("this version of Meed does not run `{form}` yet"))
        .with_help(format!("it is for {what}; leave it out for now"))
}

fn repaired(place: &Place<'_>, line: &Line, repair: Repair) -> Diagnostic {
    let written = place.word(repair.span);
    let (message, label) = match &repair.change {
        Change::Replace(word) => {
            (format!("`{written}` does not fit here"), format!("did you mean `{word}`?"))
        }
        Change::Insert(word) => (format!("`{word}` is missing"), format!("`{word}` belongs here")),
        Change::Split(words) => (format!("a blank is missing in `{written}`"), format!("write `{words}`")),
        Change::Remove => (format!("`{written}` does not fit here"), "leave it out".to_owned()),
    };
    let span = if repair.span.start == repair.span.end { gap(line, repair.span.start) } else { repair.span };
    Diagnostic::new(Code::SyntaxError, span, message)
        .with_label(label)
        .with_help(write_line(&repair.line, form_of(place, line)))
}

/// A place that can be seen for a gap: the token behind it, or the last of the line.
fn gap(line: &Line, at: usize) -> Span {
    let next = line.tokens.iter().find(|token| token.span.start >= at);
    next.or(line.tokens.last()).map_or(Span::new(at, at), |token| token.span)
}

/// The full form of the line.
fn form_of(place: &Place<'_>, line: &Line) -> &'static str {
    match place.rule {
        Rule::field_line => forms::FIELD_FORM,
        Rule::child_line => "NAME [\"LABEL\"]",
        Rule::head_line => "KIND NAME \"LABEL\" [from DATE] [until DATE] {",
        _ => forms::clause(place.first_word(line)).map_or(forms::PAYS_FORM, |form| form.form),
    }
}

fn write_line(line: &str, form: &str) -> String {
    if form == line { format!("write `{line}`") } else { format!("write `{line}`\n{}", reads(form)) }
}

fn reads(form: &str) -> String {
    format!("the form is `{form}`")
}

/// Nothing better is known than what could have stood there.
fn expected(place: &Place<'_>, line: &Line, wrong: Option<usize>, failure: &Failure) -> Diagnostic {
    let token = wrong.and_then(|i| line.tokens.get(i)).or(line.tokens.last());
    let span = token.map_or(line.span(), |token| token.span);
    let words = expected_words(failure);
    let only_end = words.is_empty() && failure.expected.contains(&Rule::EOI);
    let message = match wrong {
        Some(_) if only_end => format!("the line should end before `{}`", place.word(span)),
        Some(_) => format!("`{}` does not fit here", place.word(span)),
        None => format!("the line stops too early after `{}`", place.word(span)),
    };
    let report = Diagnostic::new(Code::SyntaxError, span, message).with_help(reads(form_of(place, line)));
    if words.is_empty() || words.len() > 7 {
        return report;
    }
    let (last, others) =
        words.split_last().map_or(("", &[] as &[String]), |(last, others)| (last.as_str(), others));
    let list = if others.is_empty() { last.to_owned() } else { format!("{} or {last}", others.join(", ")) };
    report.with_label(if wrong.is_some() {
        format!("expected {list}")
    } else {
        format!("expected {list} next")
    })
}

/// The expectation set in words of the language.
fn expected_words(failure: &Failure) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for rule in &failure.expected {
        let word = match rule {
            Rule::comma => "`,`".to_owned(),
            Rule::colon => "`:`".to_owned(),
            Rule::bar => "`|`".to_owned(),
            Rule::close => "`)`".to_owned(),
            Rule::name | Rule::names | Rule::excluded | Rule::path | Rule::base => "a name".to_owned(),
            Rule::expr | Rule::unary | Rule::comparison => "a condition or a value".to_owned(),
            Rule::sum | Rule::product => "a value".to_owned(),
            Rule::number | Rule::whole | Rule::counted | Rule::bound => "a number".to_owned(),
            Rule::duration | Rule::duration_range => "a length of time such as `2 days`".to_owned(),
            Rule::moment | Rule::anchor | Rule::latest => {
                "a moment such as `2 days after shipped`".to_owned()
            }
            Rule::date => "a date such as `2021-01-31`".to_owned(),
            Rule::text => "a text in quotes".to_owned(),
            Rule::currency => "a currency such as `JPY`".to_owned(),
            Rule::zone => "a timezone such as `Asia/Tokyo`".to_owned(),
            Rule::type_word | Rule::yes_no_type | Rule::choice => {
                "a type such as `rate` or `a | b`".to_owned()
            }
            Rule::piece => "`line`, `order` or `unit`".to_owned(),
            rule => match grammar::fixed_word(*rule) {
                Some(word) => format!("`{word}`"),
                None => continue,
            },
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Parentheses, `not` and signs nested or chained too deep to be read safely.
pub(super) fn too_deep(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let mut outer: Vec<usize> = Vec::new();
    let mut depth = 0usize;
    for token in &line.tokens {
        let word = place.word(token.span);
        match (token.kind, word) {
            (TokenKind::OpenParen, _) => {
                outer.push(depth);
                depth += 1;
            }
            (TokenKind::CloseParen, _) => depth = outer.pop().unwrap_or(0),
            (TokenKind::Word, "not") | (TokenKind::Sign, "+" | "-" | "*" | "/") => depth += 1,
            (TokenKind::Word, "and" | "or") | (TokenKind::Comma, _) => {
                depth = outer.last().map_or(0, |outer| outer + 1);
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            let message = format!("this goes deeper than {MAX_DEPTH} parentheses, `not`s and signs");
            let report = Diagnostic::new(Code::TooDeep, token.span, message);
            return Some(
                report.with_help("give a part of it a name: `value big_order \"Big order\" { is … }`"),
            );
        }
    }
    None
}

/// A line that goes on after a comma or an operator, where the next line is a clause of its own. Gives the
/// first line, the tokens given back, and the message.
pub(super) fn swallowed_line(place: &Place<'_>, line: &Line) -> Option<(Span, Line, Diagnostic)> {
    if line.breaks.is_empty() || grammar::read(place.rule, place.word(line.span())).is_ok() {
        return None;
    }
    let at = line.breaks.iter().copied().find(|at| {
        let first = line.tokens.get(*at).map_or("", |token| place.word(token.span));
        forms::clause(first).is_some() || (place.rule == Rule::field_line && is_field(place, line, *at))
    })?;
    let (kept, given) = line.tokens.split_at_checked(at)?;
    let last = kept.last()?;
    let first = kept.first()?.span.to(last.span);
    let report =
        Diagnostic::new(Code::SyntaxError, last.span, format!("nothing follows `{}`", place.word(last.span)))
            .with_place(given.first()?.span, "the next line starts a clause of its own")
            .with_help("write what is missing, or leave the last word out");
    let breaks = line.breaks.iter().filter_map(|other| other.checked_sub(at)).filter(|at| *at > 0).collect();
    Some((first, Line { tokens: given.to_vec(), breaks, ..Line::default() }, report))
}

fn is_field(place: &Place<'_>, line: &Line, at: usize) -> bool {
    line.tokens.get(at + 1).is_some_and(|token| place.word(token.span) == ":")
}

/// Why the grammar refuses a head.
pub(super) fn head(place: &Place<'_>, line: &Line, failure: &Failure) -> Diagnostic {
    let wrong = wrong_token(line, failure);
    head_name(place, line)
        .or_else(|| head_label(place, line))
        .or_else(|| head_window(place, line, wrong))
        .or_else(|| spelling::explain(place, line, wrong, failure))
        .or_else(|| repair::repair(place, line, failure).map(|repair| repaired(place, line, repair)))
        .unwrap_or_else(|| expected(place, line, wrong, failure))
}

/// No name, or a wrong one.
fn head_name(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let keyword = line.tokens.first()?.span;
    let word = place.word(keyword);
    let name = line.tokens.get(1).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Number));
    let Some(name) = name else {
        let label = line.tokens.iter().find(|token| token.kind == TokenKind::Text);
        let written = label.map_or("\"…\"", |label| place.word(label.span));
        let slug = slug(written);
        let report = Diagnostic::new(Code::SyntaxError, keyword, format!("this `{word}` has no name"));
        return Some(report.with_help(format!("write `{word} {slug} {written} {{`")));
    };
    let rest = line.tokens.get(1..).unwrap_or_default();
    spelling::bad_name(place, name, rest)
}

/// A name made of a label.
fn slug(label: &str) -> String {
    let words: Vec<String> = label
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug = words.join("_");
    if slug.starts_with(|c: char| c.is_ascii_lowercase()) { slug } else { "name".to_owned() }
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
    if line.block.is_none() && (forms::clause(word).is_some() || forms::later_clause(word).is_some()) {
        return Diagnostic::new(
            Code::SyntaxError,
            line.span(),
            "this clause stands outside of every declaration",
        )
        .with_help("put it between the `{` and the `}` of the declaration that it belongs to");
    }
    let report =
        Diagnostic::new(Code::UnknownDeclaration, span, format!("no declaration starts with `{word}`"));
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

/// A head with neither block nor clauses.
pub(super) fn missing_body(declaration: &Declaration, head: &str) -> Diagnostic {
    let (kind, name) = (declaration.kind.word(), &declaration.name.text);
    Diagnostic::new(Code::SyntaxError, declaration.head, format!("`{kind} {name}` has no clauses"))
        .with_help(format!("write them between braces: `{head} {{ … }}`"))
}

/// A clause with a block behind it.
pub(super) fn block_in_clause(place: &Place<'_>, line: &Line, block: Span) -> Diagnostic {
    let first = place.first_word(line);
    match forms::later_clause(first) {
        Some(what) => unsupported(line.span(), &format!("{first} … {{ … }}"), what),
        None => {
            let report = Diagnostic::new(
                Code::SyntaxError,
                Span::new(block.start, block.start + 1),
                "a clause has no block",
            );
            report
                .with_help("a clause is one line; only declarations and branches of a `category` have blocks")
        }
    }
}

/// The grammar says yes and the builder no: cannot happen, and is said rather than hidden.
pub(super) fn unreadable(span: Span) -> Diagnostic {
    Diagnostic::new(Code::SyntaxError, span, "this line cannot be read")
}
