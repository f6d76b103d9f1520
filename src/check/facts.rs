//! Declared facts: their types, ranges, parts and defaults.

use super::clauses::body;
use super::constant;
use super::scope::Scope;
use super::versions::report_dates;
use super::words;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::policy::{Fact, FactId, FactType, Facts, IdVec, Part, PartOf, Subject, Unit};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Declaration, Expr, ExprKind, Field, FieldType, Kind, Name};
use crate::value::Ratio;

/// The declared facts, broken ones too, so that their names are bound.
#[derive(Default)]
pub(super) struct FactTable {
    entries: Vec<Entry>,
    /// True where a `facts` of an unknown subject was declared: its facts may belong anywhere.
    pub stray: bool,
}

/// A declared fact, and whether it may be read.
struct Entry {
    subject: Subject,
    fact: Fact,
    broken: bool,
}

/// What a name of a subject stands for.
pub(super) enum Lookup {
    /// Declared and sound.
    Found(FactId),
    /// Declared, but wrongly; reported already.
    Broken,
    /// Not declared.
    Unknown,
}

impl FactTable {
    /// The facts of a subject, in the order of their ids.
    pub fn of(&self, subject: Subject) -> impl Iterator<Item = &Fact> {
        self.entries.iter().filter(move |entry| entry.subject == subject).map(|entry| &entry.fact)
    }

    /// The same with their ids.
    pub fn enumerated(&self, subject: Subject) -> impl Iterator<Item = (FactId, &Fact)> {
        self.of(subject).enumerate().map(|(index, fact)| (FactId::new(index), fact))
    }

    /// One fact.
    pub fn get(&self, subject: Subject, fact: FactId) -> Option<&Fact> {
        self.of(subject).nth(fact.index())
    }

    /// The first fact of a subject for which `is` holds.
    pub fn position(&self, subject: Subject, is: impl FnMut(&Fact) -> bool) -> Option<FactId> {
        self.of(subject).position(is).map(FactId::new)
    }

    /// The fact called `name`.
    pub fn lookup(&self, subject: Subject, name: &str) -> Lookup {
        let mut of_subject = self.entries.iter().filter(|entry| entry.subject == subject);
        match of_subject.by_ref().position(|entry| entry.fact.name == name) {
            Some(index) => {
                let broken = self.entries.iter().filter(|entry| entry.subject == subject).nth(index);
                if broken.is_some_and(|entry| entry.broken) {
                    Lookup::Broken
                } else {
                    Lookup::Found(FactId::new(index))
                }
            }
            None if self.stray => Lookup::Broken,
            None => Lookup::Unknown,
        }
    }

    /// The subject that has a fact called `name`.
    pub fn subject_with(&self, name: &str) -> Option<Subject> {
        self.entries.iter().find(|entry| entry.fact.name == name).map(|entry| entry.subject)
    }

    /// The facts that are a choice of words.
    pub fn choices(&self) -> impl Iterator<Item = (&Fact, &[String])> {
        self.entries.iter().filter_map(|entry| match &entry.fact.kind {
            FactType::Choice(words) => Some((&entry.fact, words.as_slice())),
            _ => None,
        })
    }

    /// True where a fact counts in `unit`: `night` of `count night`.
    pub fn has_unit(&self, unit: &str) -> bool {
        self.entries.iter().any(|entry| entry.fact.unit.as_deref() == Some(unit))
    }

    /// The facts as the policy keeps them.
    pub fn into_facts(self, events: usize) -> Facts {
        let mut facts = Facts { events: IdVec::filled(events, IdVec::default()), ..Facts::default() };
        for entry in self.entries {
            let list = match entry.subject {
                Subject::Listing => &mut facts.listing,
                Subject::Line => &mut facts.line,
                Subject::Order => &mut facts.order,
                Subject::Member => &mut facts.member,
                Subject::Event(event) => &mut facts.events[event],
            };
            list.push(entry.fact);
        }
        facts
    }
}

/// The subject called `word`.
pub(super) fn subject(scope: &Scope<'_>, word: &str) -> Option<Subject> {
    let built_in = Subject::BUILT_IN.into_iter().find(|subject| subject.word() == word);
    built_in.or_else(|| scope.events.position(|event| event.name == word).map(Subject::Event))
}

/// Reports a subject that the policy does not have.
pub(super) fn report_subject(scope: &Scope<'_>, name: &Name) {
    if scope.may_be_declared(&name.text) {
        return;
    }
    let events = scope.events.iter().map(|event| event.name);
    let subjects: Vec<&str> = Subject::BUILT_IN.map(Subject::word).into_iter().chain(events).collect();
    let message = format!("`{}` is no subject that facts belong to", name.text);
    let mut report = Diagnostic::new(Code::UnknownSubject, name.span, message);
    report.help = words::hint(&name.text, "the subjects are", &subjects);
    scope.report(report);
}

/// Collects all facts.
pub(super) fn facts(scope: &Scope<'_>) -> FactTable {
    let mut table = FactTable::default();
    for declaration in scope.declared(Kind::Facts) {
        report_dates(scope, declaration);
        read(scope, declaration, &mut table);
    }
    for (id, event) in scope.events.iter_enumerated() {
        read_event(scope, Subject::Event(id), event.declaration, &mut table);
    }
    table
}

fn read(scope: &Scope<'_>, declaration: &Declaration, table: &mut FactTable) {
    let built_in = |word: &str| Subject::BUILT_IN.into_iter().find(|subject| subject.word() == word);
    let subject = built_in(&declaration.name.text).or_else(|| {
        let name = &declaration.name;
        if scope.events.iter().any(|event| event.name == name.text) {
            let message = format!("facts of the event `{}` stand in its declaration", name.text);
            let help = format!("move them into `event {} {{ … }}`", name.text);
            scope.report(Diagnostic::new(Code::UnknownSubject, name.span, message).with_help(help));
        } else {
            report_subject(scope, name);
        }
        let meant = suggest::nearest(&name.text, Subject::BUILT_IN.map(Subject::word)).and_then(built_in);
        table.stray |= meant.is_none();
        meant
    });
    let Some(subject) = subject else { return };
    for clause in body(scope, declaration) {
        if let ClauseKind::Field(field) = &clause.kind {
            add(scope, table, subject, field, &[]);
        }
    }
}

fn read_event(scope: &Scope<'_>, subject: Subject, declaration: &Declaration, table: &mut FactTable) {
    let mut fields: Vec<&Field> = Vec::new();
    for clause in body(scope, declaration) {
        if let ClauseKind::Field(field) = &clause.kind
            && !fields.iter().any(|first| first.name.text == field.name.text)
        {
            fields.push(field);
        } else if let ClauseKind::Field(field) = &clause.kind {
            report_second(scope, table, subject, field);
        }
    }
    for field in &fields {
        add(scope, table, subject, field, &fields);
    }
}

/// Binds a fact. `siblings` are all fields of its event, in the order of their indices.
fn add(scope: &Scope<'_>, table: &mut FactTable, subject: Subject, field: &Field, siblings: &[&Field]) {
    if report_second(scope, table, subject, field) {
        return;
    }
    let free = name_is_free(scope, subject, field);
    let fact = fact(scope, subject, field, siblings);
    let broken = fact.is_none() || !free;
    let fact = fact.unwrap_or_else(|| placeholder(field));
    table.entries.push(Entry { subject, fact, broken });
}

fn placeholder(field: &Field) -> Fact {
    let name = field.name.text.clone();
    let span = field.name.span;
    Fact { name, kind: FactType::Text, range: None, unit: None, part_of: None, default: None, span }
}

/// Fields that the data has already. `tax`, `discount`, `shipping` and `coupons` may be declared as money.
fn taken(subject: Subject) -> &'static [&'static str] {
    match subject {
        Subject::Listing | Subject::Line => &["id", "sku", "category", "price", "quantity", "note"],
        Subject::Order => &[
            "id",
            "type",
            "at",
            "account",
            "order",
            "currency",
            "redeem",
            "honoured",
            "lines",
            "note",
            "price",
            "total",
            "quantity",
            "points_paid",
            "date",
            "weekday",
            "time",
            "hour",
            "day",
            "month",
            "year",
        ],
        Subject::Member => &["id", "type", "at", "account", "note"],
        Subject::Event(_) => &[
            "id", "type", "at", "account", "event", "mark", "note", "date", "weekday", "time", "hour", "day",
            "month", "year",
        ],
    }
}

/// Fields that data may carry anyway, each with the only form in which it may be declared.
fn optional(subject: Subject) -> &'static [&'static str] {
    match subject {
        Subject::Listing | Subject::Line => &["tax", "discount"],
        Subject::Order => &["shipping", "coupons"],
        Subject::Member | Subject::Event(_) => &[],
    }
}

fn name_is_free(scope: &Scope<'_>, subject: Subject, field: &Field) -> bool {
    let name = &field.name;
    if taken(subject).contains(&name.text.as_str()) {
        let owner = if subject == Subject::Listing { "line" } else { scope.subject_word(subject) };
        let message = format!("every {owner} has a field `{}` already", name.text);
        let help = "give the fact another name: in the data it stands beside that field";
        scope.report(Diagnostic::new(Code::DuplicateName, name.span, message).with_help(help));
        return false;
    }
    if optional(subject).contains(&name.text.as_str()) {
        report_optional(scope, subject, field);
    }
    true
}

/// Reports a name that another fact has; true where it belongs to the same subject, so that it is not bound again.
fn report_second(scope: &Scope<'_>, table: &FactTable, subject: Subject, field: &Field) -> bool {
    let name = &field.name;
    let flat = |a: Subject| if a == Subject::Listing { Subject::Line } else { a };
    let same = |entry: &&Entry| entry.fact.name == name.text && flat(entry.subject) == flat(subject);
    if let Some(first) = table.entries.iter().find(same) {
        let message = format!("the fact `{}` is declared twice", name.text);
        let mut report = Diagnostic::new(Code::DuplicateName, name.span, message)
            .with_label("the second")
            .with_place(first.fact.span, "the first");
        if first.subject != subject {
            report = report
                .with_help("facts of `listing` and of `line` stand on one line of the data: rename one");
        }
        scope.report(report);
        return first.subject == subject;
    }
    false
}

fn report_optional(scope: &Scope<'_>, subject: Subject, field: &Field) {
    let fits = match subject {
        Subject::Line => matches!(field.kind, FieldType::Money(_)) && field.part_of.is_some(),
        Subject::Order => matches!(field.kind, FieldType::Money(_)),
        _ => false,
    };
    if !fits {
        let name = &field.name.text;
        let currency = scope.currency.map_or("JPY".to_owned(), |currency| currency.name().to_owned());
        let (message, line) = match subject {
            Subject::Order => {
                (format!("an order may carry `{name}` already, as money"), format!("{name}: {currency}"))
            }
            _ => (
                format!("a line may carry `{name}` already, as money inside its price"),
                format!("facts line {{ {name}: {currency} part of price }}"),
            ),
        };
        let help = format!("write `{line}`, or give the fact another name");
        scope.report(Diagnostic::new(Code::DuplicateName, field.name.span, message).with_help(help));
    }
}

fn fact(scope: &Scope<'_>, subject: Subject, field: &Field, siblings: &[&Field]) -> Option<Fact> {
    let kind = kind(scope, subject, field)?;
    let range = match &field.range {
        Some(range) => Some(self::range(scope, field, &kind, range)?),
        None => None,
    };
    let part_of = match &field.part_of {
        Some(part) => Some(part_of(scope, subject, (field, &kind), part, siblings)?),
        None => None,
    };
    let unit = match &field.kind {
        FieldType::Count(unit) | FieldType::Quantity(unit) => unit.as_ref().map(|unit| unit.text.clone()),
        _ => None,
    };
    let (name, span) = (field.name.text.clone(), field.name.span);
    let mut fact = Fact { name, kind, range, unit, part_of, default: None, span };
    if let Some(default) = &field.default {
        fact.default = constant::default(scope, &fact, default);
    }
    Some(fact)
}

fn kind(scope: &Scope<'_>, subject: Subject, field: &Field) -> Option<FactType> {
    Some(match &field.kind {
        FieldType::Rate => FactType::Rate,
        FieldType::Count(_) => FactType::Count,
        FieldType::Quantity(_) => FactType::Quantity,
        FieldType::Date => FactType::Date,
        FieldType::Text => FactType::Text,
        FieldType::YesNo => FactType::YesNo,
        FieldType::Money(currency) => scope.own_currency(currency).map(|_| FactType::Money)?,
        FieldType::Choice(words) => choice(scope, words),
        FieldType::Named(word) => return category(scope, subject, word),
    })
}

/// A declared category as a type: the fact is one of those under it.
fn category(scope: &Scope<'_>, subject: Subject, word: &Name) -> Option<FactType> {
    let Some(id) = scope.categories.id(&word.text) else {
        if !scope.may_be_declared(&word.text) {
            report_type(scope, word);
        }
        return None;
    };
    if !matches!(subject, Subject::Event(_)) {
        let message = format!("`{}` is a category, and only an event has a fact that is one", word.text);
        let help = "a line has its `category` already; other facts take a choice of words: `one | other`";
        scope.report(Diagnostic::new(Code::UnknownType, word.span, message).with_help(help));
        return None;
    }
    Some(FactType::Category(id))
}

fn choice(scope: &Scope<'_>, words: &[Name]) -> FactType {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        if kept.contains(&word.text) {
            let message = format!("the choice `{}` is listed twice", word.text);
            scope.report(
                Diagnostic::new(Code::DuplicateName, word.span, message).with_help("leave one of them out"),
            );
        } else {
            kept.push(word.text.clone());
        }
    }
    FactType::Choice(kept)
}

fn report_type(scope: &Scope<'_>, word: &Name) {
    let types = ["rate", "count", "quantity", "date", "text", "yes/no"];
    let message = format!("`{}` is no type of a fact", word.text);
    let help = match suggest::nearest(&word.text, types) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "a type is {}, a currency, or a choice of words: `{} | other`",
            words::listed(&types, "or"),
            word.text
        ),
    };
    scope.report(Diagnostic::new(Code::UnknownType, word.span, message).with_help(help));
}

fn range(scope: &Scope<'_>, field: &Field, kind: &FactType, ends: &(Expr, Expr)) -> Option<(Ratio, Ratio)> {
    let span = ends.0.span.to(ends.1.span);
    let unit = match kind {
        FactType::Rate => Unit::Rate,
        FactType::Count | FactType::Quantity => Unit::Count,
        FactType::Money => Unit::Money,
        _ => {
            let message = format!("`{}` is {}, which has no range", field.name.text, describe(kind));
            let help = "a range stands after `rate`, `count` or a currency";
            scope.report(Diagnostic::new(Code::TypeMismatch, span, message).with_help(help));
            return None;
        }
    };
    let number = if *kind == FactType::Quantity { constant::exact } else { constant::number };
    let (low, high) = (number(scope, &ends.0, unit), number(scope, &ends.1, unit));
    let (low, high) = (low?, high?);
    if low > high {
        let message =
            format!("the range of `{}` is empty: its lower end is above its upper end", field.name.text);
        let help = format!("write `{} to {}`", scope.text(ends.1.span), scope.text(ends.0.span));
        scope.report(Diagnostic::new(Code::EmptyRange, span, message).with_help(help));
        return None;
    }
    Some((low, high))
}

fn part_of(
    scope: &Scope<'_>,
    subject: Subject,
    (field, kind): (&Field, &FactType),
    part: &ast::PartOf,
    siblings: &[&Field],
) -> Option<PartOf> {
    let name = &field.name.text;
    let joint = if part.beside { "beside" } else { "part of" };
    let span = field.name.span.to(part.amount.span);
    let fail = |message: String, help: String| {
        scope.report(Diagnostic::new(Code::BadPart, span, message).with_help(help));
        None
    };
    if *kind != FactType::Money {
        let currency = scope.currency.map_or("JPY".to_owned(), |currency| currency.name().to_owned());
        return fail(
            format!("`{name}` is {}, and only money is part of money or beside it", describe(kind)),
            format!("write `{name}: {currency} {joint} {}`", part.amount.text),
        );
    }
    let written = scope.text(field.kind_span);
    let amount = match (subject, part.amount.text.as_str()) {
        (Subject::Line, "price") => Part::Price,
        (Subject::Order, "total") => Part::Total,
        (Subject::Order, "price") if part.beside => Part::Price,
        (Subject::Line, _) => {
            return fail(
                format!("a line has no amount `{}` that a fact can be {joint}", part.amount.text),
                format!("write `{name}: {written} {joint} price`"),
            );
        }
        (Subject::Order, _) => {
            return fail(
                format!("an order has no amount `{}` that a fact can be {joint}", part.amount.text),
                format!("write `{name}: {written} {joint} total`"),
            );
        }
        (Subject::Event(_), amount) => {
            let whole =
                |field: &&&Field| matches!(field.kind, FieldType::Money(_)) && field.part_of.is_none();
            match siblings.iter().position(|field| field.name.text == amount && whole(&field)) {
                Some(index) => Part::Fact(FactId::new(index)),
                None => {
                    let wholes: Vec<&str> =
                        siblings.iter().filter(whole).map(|field| field.name.text.as_str()).collect();
                    let help = match wholes.as_slice() {
                        [] => format!("declare the amount first: `charges: {written}`"),
                        known => format!("it may be {joint} {}", words::listed(known, "or")),
                    };
                    return fail(
                        format!("`{amount}` is no amount of the event that a fact can be {joint}"),
                        help,
                    );
                }
            }
        }
        _ => {
            return fail(
                format!("a fact of `{}` is {joint} no amount", subject.word()),
                format!(
                    "declare it in `facts line` as `{joint} price`, or in `facts order` as `{joint} total`"
                ),
            );
        }
    };
    Some(PartOf { amount, beside: part.beside })
}

/// A type in words.
pub(super) fn describe(kind: &FactType) -> &'static str {
    match kind {
        FactType::Rate => "a rate",
        FactType::Count => "a count",
        FactType::Quantity => "a quantity",
        FactType::Category(_) => "a category",
        FactType::Date => "a date",
        FactType::Text => "a text",
        FactType::YesNo => "yes or no",
        FactType::Money => "money",
        FactType::Choice(_) => "a choice of words",
    }
}

/// The words of a choice that `expr` may name, and which one it does name.
pub(super) fn choice_word(scope: &Scope<'_>, fact: &Fact, word: &str, span: Span) -> Option<usize> {
    let FactType::Choice(choices) = &fact.kind else { return None };
    let found = choices.iter().position(|choice| choice == word);
    if found.is_none() {
        let message = format!("`{word}` is not among the choices of `{}`", fact.name);
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        let mut report =
            Diagnostic::new(Code::UnknownChoice, span, message).with_place(fact.span, "declared here");
        report.help = words::hint(word, "the choices are", &choices);
        scope.report(report);
    }
    found
}

/// A single bare word, if the expression is one.
pub(super) fn bare_word(expr: &Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Path(path) if path.subject.is_none() => Some(&path.name),
        _ => None,
    }
}
