//! Why a line does not read: from the grammar's refusal to a message that teaches. The order is from the surest
//! finding to the vaguest: a sign or number that is wrong anywhere, an unknown first word, a one-word repair, and last
//! what could have stood there.

use super::ast::{Kind, Name};
use super::forms;
use super::grammar::{self, Failure, Rule};
use super::habits;
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

    /// True where the first word tells which clause a line is.
    pub fn is_clause(&self) -> bool {
        matches!(self.rule, Rule::clause_line | Rule::value_line | Rule::move_line | Rule::event_line)
    }

    /// The first word of a line.
    pub fn first_word(&self, line: &Line) -> &'a str {
        line.tokens.first().map_or("", |token| self.word(token.span))
    }
}

/// Why the grammar refuses a line of a body.
pub(super) fn explain(place: &Place<'_>, line: &Line, failure: &Failure) -> Diagnostic {
    let wrong = wrong_token(line, failure);
    twice(place, line)
        .or_else(|| habits::explain(place, line))
        .or_else(|| spelling::explain(place, line, wrong, failure))
        .or_else(|| first_word(place, line))
        .or_else(|| missing_piece(place, line))
        .or_else(|| repair::without_listing(place, line).map(|repair| repaired(place, line, repair)))
        .or_else(|| gap(place, line, wrong, failure))
        .or_else(|| repair::repair(place, line, failure).map(|repair| repaired(place, line, repair)))
        .unwrap_or_else(|| expected(place, line, wrong, failure))
}

/// `round round down per line`
pub(super) fn twice(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    repair::doubled(place, line).map(|repair| repaired(place, line, repair))
}

/// `when >= 2%`, `when order.total >=`: nothing stands where a name or a value should.
pub(super) fn gap(
    place: &Place<'_>,
    line: &Line,
    wrong: Option<usize>,
    failure: &Failure,
) -> Option<Diagnostic> {
    let joint =
        |token: &Token| forms::RESERVED.contains(&place.word(token.span)) || token.kind == TokenKind::Sign;
    let at_end = match wrong {
        None => true,
        Some(wrong) => wrong + 1 == line.tokens.len() && line.tokens.last().is_some_and(joint),
    };
    let end = repair::gap_at_end(place, line)
        .filter(|_| at_end && !failure.expected.contains(&Rule::piece))
        .map(|gap| (gap, "behind"));
    let (gap, side) = end.or_else(|| Some((repair::gap(place, line, failure)?, "before")))?;
    let message = format!("something is missing {side} `{}`", place.word(gap.span));
    let report = Diagnostic::new(Code::SyntaxError, gap.span, message);
    let report = report.with_label(format!("{} belongs {side} it", gap.what));
    Some(report.with_help(write_line(&gap.line, form_of(place, line))))
}

/// `each gives 10 points`, `each counts line.price`
fn missing_piece(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let [each, gives, rest @ ..] = line.tokens.as_slice() else { return None };
    let verb = place.word(gives.span);
    let (what, label) = match verb {
        "gives" => ("what gives points", "`line`, `order` or `unit` belongs before it"),
        "counts" => ("what it counts", "`line`, `order` or the name of an event belongs before it"),
        _ => return None,
    };
    if place.rule != Rule::clause_line || place.word(each.span) != "each" {
        return None;
    }
    let rest = place.word(Span::new(rest.first()?.span.start, line.span().end));
    let lines = forms::PIECES.iter().map(|piece| format!("each {piece} {verb} {rest}"));
    let right: Vec<String> = lines.filter(|line| grammar::read(place.rule, line).is_ok()).collect();
    let first = right.first()?;
    let report = Diagnostic::new(Code::SyntaxError, gives.span, format!("this line does not say {what}"));
    Some(report.with_label(label).with_help(write_line(first, form_of(place, line))))
}

/// The first token that does not fit; None at the end of the line.
pub(super) fn wrong_token(line: &Line, failure: &Failure) -> Option<usize> {
    let at = line.span().start + failure.at;
    line.tokens.iter().position(|token| token.span.end > at)
}

/// A clause whose first word starts no clause.
fn first_word(place: &Place<'_>, line: &Line) -> Option<Diagnostic> {
    let kind = place.kind.filter(|_| place.is_clause())?;
    let token = line.tokens.first()?;
    let word = place.word(token.span);
    let own: Vec<&str> = forms::clauses_of(kind).map(|form| form.word).collect();
    if token.kind == TokenKind::Number && kind == Kind::Redeem || own.contains(&word) {
        return None;
    }
    // `for food` in an `earn`: another kind has clauses that start so.
    if forms::clause(word).is_some() {
        return without_first_word(place, line, &own);
    }
    let all: Vec<&str> = forms::FORMS.iter().map(|form| form.word).collect();
    let mut found = repair::first_word(place, line, &own);
    if found.is_none() {
        if let Some(report) = without_first_word(place, line, &own) {
            return Some(report);
        }
        if starts_with_name(place, line) {
            return None;
        }
        found = repair::first_word(place, line, &all);
    }
    let message = format!("no clause starts with `{word}`");
    let report = Diagnostic::new(Code::UnknownClause, token.span, message);
    let near = nearest(&word.to_lowercase(), own.iter().copied())
        .or(own.iter().copied().find(|own| *own == word.to_lowercase()));
    Some(match (found, near) {
        (Some(repair), _) => {
            let first = repair.line.split(' ').next().unwrap_or("");
            let form = forms::clause_in(place.kind, first).map_or("", |form| form.form);
            report.with_label(format!("did you mean `{first}`?")).with_help(write_line(&repair.line, form))
        }
        (None, Some(near)) => {
            let form = forms::clause_in(place.kind, near).map_or("", |form| form.form);
            report.with_label(format!("did you mean `{near}`?")).with_help(reads(form))
        }
        (None, None) => report.with_help(clauses_help(kind)),
    })
}

/// True where a line is plainly one of those that start with a name: a case `silver: 5%`, `points to vouchers`, a fact.
fn starts_with_name(place: &Place<'_>, line: &Line) -> bool {
    let second = line.tokens.get(1);
    let word = second.map_or("", |token| place.word(token.span));
    match place.rule {
        Rule::value_line => {
            let colon = line.tokens.iter().any(|token| place.word(token.span) == ":");
            colon || word == "," || second.is_some_and(|token| token.kind == TokenKind::Number)
        }
        Rule::move_line => word == "to" || nearest(word, ["to"]).is_some(),
        Rule::event_line => word == ":",
        _ => false,
    }
}

/// `{ 1% }` for `{ is 1% }`, `line gives …` for `each line gives …`.
fn without_first_word(place: &Place<'_>, line: &Line, words: &[&str]) -> Option<Diagnostic> {
    let token = line.tokens.first()?;
    let written = place.word(line.span());
    let right = |word: &&&str| grammar::read(place.rule, &format!("{word} {written}")).is_ok();
    let mut found: Vec<&str> = words.iter().filter(right).copied().collect();
    // `only for` and `not for` are equally likely; elsewhere the first is: any word could be a zone or a value.
    found.truncate(if found.first() == Some(&"only") { 2 } else { 1 });
    let (first, others) = found.split_first()?;
    let word = place.word(token.span);
    let message = match (forms::clause(word), place.kind) {
        (Some(_), Some(kind)) => format!("no clause of `{}` starts with `{word}`", kind.word()),
        _ => format!("no clause starts with `{word}`"),
    };
    let report = Diagnostic::new(Code::UnknownClause, token.span, message);
    let report = report.with_label(format!("{} belongs before it", any_of(&found)));
    let form = forms::clause_in(place.kind, first).map_or("", |form| form.form);
    let line = format!("{first} {written}");
    Some(report.with_help(match others.first() {
        Some(other) => format!("write `{line}` or `{other} {written}`"),
        None => write_line(&line, form),
    }))
}

/// `the clauses of `earn` are …`.
fn clauses_help(kind: Kind) -> String {
    let mut words: Vec<String> =
        forms::clauses_of(kind).map(|form| format!("`{}`", lead(form.form))).collect();
    let first = match kind {
        Kind::Redeem => Some("1 point pays …"),
        Kind::Move => Some("POOL to …"),
        Kind::Value => Some("CASES: …"),
        Kind::Event => Some("FACT: …"),
        _ => None,
    };
    if let Some(first) = first {
        words.insert(0, format!("`{first}`"));
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
    let fixed = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == ':');
    form.split(' ').take_while(fixed).chain(["…"]).collect::<Vec<_>>().join(" ")
}

/// A repair as a message.
pub(super) fn repaired(place: &Place<'_>, line: &Line, repair: Repair) -> Diagnostic {
    let written = place.word(repair.span);
    let (message, label) = match &repair.change {
        Change::Replace(word) => {
            (format!("`{written}` does not fit here"), format!("did you mean `{word}`?"))
        }
        Change::Insert(words) => {
            let words = any_of(words);
            (format!("{words} is missing"), format!("{words} belongs here"))
        }
        Change::Twice => (format!("`{written}` stands twice"), "leave it out".to_owned()),
        Change::Split(words) => (format!("a blank is missing in `{written}`"), format!("write `{words}`")),
        Change::Remove => (format!("`{written}` does not fit here"), "leave it out".to_owned()),
    };
    let span =
        if repair.span.start == repair.span.end { beside(line, repair.span.start) } else { repair.span };
    let report = Diagnostic::new(Code::SyntaxError, span, message).with_label(label);
    if repair.or.is_empty() {
        return report.with_help(write_line(&repair.line, form_of(place, line)));
    }
    let lines: Vec<String> = repair.or.iter().map(|line| format!("or `{line}`")).collect();
    report.with_help(format!(
        "write `{}`\n{}\n{}",
        repair.line,
        lines.join("\n"),
        reads(form_of(place, line))
    ))
}

/// `` `a`, `b` or `c` ``
fn any_of<S: AsRef<str>>(words: &[S]) -> String {
    let ticked: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match ticked.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// A place that can be seen for a gap: the token behind it, or the last of the line.
fn beside(line: &Line, at: usize) -> Span {
    let next = line.tokens.iter().find(|token| token.span.start >= at);
    next.or(line.tokens.last()).map_or(Span::new(at, at), |token| token.span)
}

/// The full form of the line.
pub(super) fn form_of(place: &Place<'_>, line: &Line) -> &'static str {
    let first = place.first_word(line);
    let own = place.kind.and_then(|kind| forms::clauses_of(kind).find(|form| form.word == first));
    match (place.rule, own) {
        (Rule::field_line, _) => forms::FIELD_FORM,
        (Rule::child_line, _) => "NAME [\"LABEL\"]",
        (Rule::head_line, _) => "KIND NAME \"LABEL\" [from DATE] [until DATE] {",
        (Rule::use_line, _) => forms::USE_FORM,
        (_, Some(form)) => form.form,
        (Rule::event_line, _) => forms::FIELD_FORM,
        (Rule::value_line, _) if starts_with_name(place, line) => forms::CASE_FORM,
        (Rule::move_line, _) if starts_with_name(place, line) => forms::MOVE_FORM,
        _ => forms::clause(first).map_or(forms::PAYS_FORM, |form| form.form),
    }
}

fn write_line(line: &str, form: &str) -> String {
    if form == line { format!("write `{line}`") } else { format!("write `{line}`\n{}", reads(form)) }
}

fn reads(form: &str) -> String {
    format!("the form is `{form}`")
}

/// Nothing better is known than what could have stood there.
pub(super) fn expected(
    place: &Place<'_>,
    line: &Line,
    wrong: Option<usize>,
    failure: &Failure,
) -> Diagnostic {
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
    let fixed: Vec<String> = failure.expected.iter().filter_map(|rule| grammar::fixed_word(*rule)).collect();
    if let Some(near) = wrong.and_then(|_| nearest(place.word(span), fixed.iter().map(String::as_str))) {
        return report.with_label(format!("did you mean `{near}`?"));
    }
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
            Rule::name | Rule::names | Rule::excluded | Rule::path | Rule::base | Rule::case_name => {
                "a name".to_owned()
            }
            Rule::year_day | Rule::ordinal => "a day such as `15th` or `end of february`".to_owned(),
            Rule::period | Rule::calendar_period => "a period such as `calendar month`".to_owned(),
            Rule::expr | Rule::unary | Rule::comparison => "a condition or a value".to_owned(),
            Rule::sum | Rule::product => "a value".to_owned(),
            Rule::number | Rule::whole | Rule::counted | Rule::bound => "a number".to_owned(),
            Rule::duration | Rule::duration_range => "a length of time such as `2 days`".to_owned(),
            Rule::moment | Rule::anchor | Rule::latest => {
                "a moment such as `2 days after shipped`".to_owned()
            }
            Rule::date | Rule::date_time => "a date such as `2021-01-31`".to_owned(),
            Rule::clock => "a time of day such as `20:00`".to_owned(),
            Rule::text => "a text in quotes".to_owned(),
            Rule::currency => "a currency such as `JPY`".to_owned(),
            Rule::zone => "a timezone such as `Asia/Tokyo`".to_owned(),
            Rule::type_word | Rule::yes_no_type | Rule::choice | Rule::count_type | Rule::quantity_type => {
                "a type such as `rate` or `a | b`".to_owned()
            }
            Rule::piece => {
                words.extend(forms::PIECES.iter().map(|piece| format!("`{piece}`")));
                continue;
            }
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

/// Parentheses, `not`, signs and steps of moments nested or chained too deep to be read safely.
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
            (TokenKind::Word, "not" | "after" | "before" | "start" | "end") => depth += 1,
            (TokenKind::Sign, "+" | "-" | "*" | "/") => depth += 1,
            (TokenKind::Word, "and" | "or") | (TokenKind::Comma, _) => {
                depth = outer.last().map_or(0, |outer| outer + 1);
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            let message = format!("this goes deeper than {MAX_DEPTH} parentheses, `not`s, signs and steps");
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
        let fields = matches!(place.rule, Rule::field_line | Rule::event_line);
        forms::clause(first).is_some() || (fields && is_field(place, line, *at))
    })?;
    let (kept, given) = line.tokens.split_at_checked(at)?;
    let last = kept.last()?;
    let first = kept.first()?.span.to(last.span);
    let report =
        Diagnostic::new(Code::SyntaxError, last.span, format!("nothing follows `{}`", place.word(last.span)))
            .with_place(given.first()?.span, "the next line starts a clause of its own");
    let line_kept = Line { tokens: kept.to_vec(), ..Line::default() };
    let report = report.with_help(match repair::gap_at_end(place, &line_kept) {
        Some(gap) if last.kind == TokenKind::Comma => format!("write `{}`, or leave the `,` out", gap.line),
        Some(gap) => write_line(&gap.line, form_of(place, &line_kept)),
        None => "write what is missing behind it, or leave it out".to_owned(),
    });
    let breaks = line.breaks.iter().filter_map(|other| other.checked_sub(at)).filter(|at| *at > 0).collect();
    Some((first, Line { tokens: given.to_vec(), breaks, ..Line::default() }, report))
}

fn is_field(place: &Place<'_>, line: &Line, at: usize) -> bool {
    line.tokens.get(at + 1).is_some_and(|token| place.word(token.span) == ":")
}

/// A clause with a block behind it.
pub(super) fn block_in_clause(block: Span) -> Diagnostic {
    let brace = Span::new(block.start, block.start + 1);
    let report = Diagnostic::new(Code::SyntaxError, brace, "a clause has no block");
    report.with_help("a clause is one line; only declarations and branches of a `category` have blocks")
}

/// `lin` for `line`.
pub(super) fn misspelt_piece(name: &Name, near: &str) -> Diagnostic {
    Diagnostic::new(Code::SyntaxError, name.span, format!("`{}` does not fit here", name.text))
        .with_label(format!("did you mean `{near}`?"))
        .with_help("the words here are `line`, `order`, `unit` and the names of declared events")
}

/// `shiped` for `shipped`.
pub(super) fn misspelt_anchor(name: &Name, near: &str) -> Diagnostic {
    Diagnostic::new(Code::SyntaxError, name.span, format!("`{}` does not fit here", name.text))
        .with_label(format!("did you mean `{near}`?"))
        .with_help("a moment counts from `order placed`, `shipped`, `points acquired`, `points redeemed`, `EVENT happened`, a mark of an event or, in a tier, `reached`")
}

/// The grammar says yes and the builder no: cannot happen, and is said rather than hidden.
pub(super) fn unreadable(span: Span) -> Diagnostic {
    Diagnostic::new(Code::SyntaxError, span, "this line cannot be read")
}
