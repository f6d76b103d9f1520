//! What is known while a policy is checked: its source, the tables filled so far, and the reports. The steps
//! of [`super::check`] fill the tables one after the other; reading them never changes them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::categories::Categories;
use super::events::Event;
use super::facts::FactTable;
use super::measures::MeasureEntry;
use super::tiers::TierEntry;
use super::values::ValueEntry;
use super::versions::Group;
use crate::diagnostic::{Code, Diagnostic, Label, has_errors};
use crate::policy::reads::Values;
use crate::policy::{
    BadgeId, EarnId, EventId, FactId, Id, IdVec, MeasureId, PoolId, Subject, TierId, ValueBody, ValueId,
    Version,
};
use crate::source::{Source, Span};
use crate::syntax::ast::{ClauseKind, Declaration, File, Item, Kind, Name};
use crate::value::{Currency, MissingDay, Ratio, Zone};

/// The tables and the reports of one run.
pub(super) struct Scope<'a> {
    source: &'a Source,
    file: &'a File,
    /// The programme's currency, once known.
    pub currency: Option<Currency>,
    /// The programme's zone, once known.
    pub zone: Option<Zone>,
    /// What the programme says that a missing day becomes, once known.
    pub missing_day: MissingDay,
    /// The tree of categories.
    pub categories: Categories,
    /// The units of the pools: `point`.
    pub units: Vec<&'a str>,
    /// Declared events.
    pub events: IdVec<EventId, Event<'a>>,
    /// Declared facts.
    pub facts: FactTable,
    /// Declared values.
    pub values: IdVec<ValueId, ValueEntry<'a>>,
    /// Declared measures.
    pub measures: IdVec<MeasureId, MeasureEntry<'a>>,
    /// Declared tiers.
    pub tiers: IdVec<TierId, TierEntry<'a>>,
    /// Declared pools.
    pub pools: IdVec<PoolId, Group<'a>>,
    /// Declared earn rules.
    pub earns: IdVec<EarnId, Group<'a>>,
    /// Declared badges.
    pub badges: IdVec<BadgeId, Group<'a>>,
    reports: RefCell<Vec<Diagnostic>>,
    muted: Cell<bool>,
    used_facts: RefCell<BTreeSet<(Subject, FactId)>>,
    used_values: RefCell<BTreeSet<ValueId>>,
    covered_values: RefCell<BTreeSet<ValueId>>,
    used_names: RefCell<BTreeSet<(&'static str, usize)>>,
    unread: RefCell<Vec<Span>>,
}

impl<'a> Scope<'a> {
    /// Nothing known yet.
    pub fn new(source: &'a Source, file: &'a File) -> Scope<'a> {
        Scope {
            source,
            file,
            currency: None,
            zone: None,
            missing_day: MissingDay::LastOfMonth,
            categories: Categories::default(),
            units: Vec::new(),
            events: IdVec::default(),
            facts: FactTable::default(),
            values: IdVec::default(),
            measures: IdVec::default(),
            tiers: IdVec::default(),
            pools: IdVec::default(),
            earns: IdVec::default(),
            badges: IdVec::default(),
            reports: RefCell::default(),
            muted: Cell::new(false),
            used_facts: RefCell::default(),
            used_values: RefCell::default(),
            covered_values: RefCell::default(),
            used_names: RefCell::default(),
            unread: RefCell::default(),
        }
    }

    /// Notes a declaration that means nothing, which some report must have told.
    pub fn note_unread(&self, head: Span) {
        self.unread.borrow_mut().push(head);
    }

    /// Reports the declarations that mean nothing where no report has told: none may vanish without a word.
    pub fn report_unread(&self) {
        for head in self.unread.take() {
            let message = "this declaration is not understood by this version of Meed";
            let report = Diagnostic::new(Code::UnsupportedForm, head, message);
            self.report(
                report.with_help("look at its units and names; write it as in the language reference"),
            );
        }
    }

    /// Adds a report.
    pub fn report(&self, diagnostic: Diagnostic) {
        if !self.muted.get() {
            self.reports.borrow_mut().push(diagnostic);
        }
    }

    /// Runs `work` without hearing its reports: it has been done before for another stretch of time.
    pub fn muted<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.muted.replace(true);
        let result = work();
        self.muted.set(before);
        result
    }

    /// How many reports there are.
    pub fn report_count(&self) -> usize {
        self.reports.borrow().len()
    }

    /// True once an error has been reported, in the text or in what it says.
    pub fn has_errors(&self) -> bool {
        self.file.has_errors || has_errors(&self.reports.borrow())
    }

    /// All reports. What is unknown in several places is told once, with the other places beside it.
    pub fn into_reports(self) -> Vec<Diagnostic> {
        let mut reports = self.reports.into_inner();
        crate::diagnostic::sort(&mut reports);
        let mut told: Vec<Diagnostic> = Vec::new();
        for report in reports {
            let same = |first: &&mut Diagnostic| first.code == report.code && first.message == report.message;
            match told.iter_mut().find(same).filter(|_| REPEATABLE.contains(&report.code)) {
                Some(first) => {
                    first.secondary.push(Label { span: report.primary.span, text: "and here".to_owned() })
                }
                None => told.push(report),
            }
        }
        told
    }

    /// Declarations of one kind, in source order.
    pub fn declared(&self, kind: Kind) -> impl Iterator<Item = &'a Declaration> {
        self.file.items.iter().filter_map(move |item| match item {
            Item::Declaration(declaration) if declaration.kind == kind => Some(declaration),
            _ => None,
        })
    }

    /// True where a stretch between declarations could not be read: something may be declared there.
    pub fn has_unreadable_items(&self) -> bool {
        self.file.items.iter().any(|item| matches!(item, Item::Error(_)))
    }

    /// True where `word` stands in text that could not be read: it may well be declared there.
    pub fn may_be_declared(&self, word: &str) -> bool {
        let unread = self.file.unread.iter().any(|name| name.text == word || name.text.is_empty());
        unread
            || self.unreadable_spans().any(|span| {
                self.source
                    .slice(span)
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .any(|w| w == word)
            })
    }

    fn unreadable_spans(&self) -> impl Iterator<Item = Span> {
        self.file.items.iter().flat_map(|item| match item {
            Item::Error(span) => vec![*span],
            Item::Declaration(declaration) => {
                let clauses = declaration.clauses.iter();
                clauses.filter(|c| matches!(c.kind, ClauseKind::Error)).map(|c| c.span).collect()
            }
        })
    }

    /// The text under a span as it stands.
    pub fn slice(&self, span: Span) -> &'a str {
        self.source.slice(span)
    }

    /// The text under a span on one line, without comments.
    pub fn text(&self, span: Span) -> String {
        let lines = self.source.slice(span).lines().map(without_comment);
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }

    /// A rule reads this fact.
    pub fn use_fact(&self, subject: Subject, fact: FactId) {
        self.used_facts.borrow_mut().insert((subject, fact));
    }

    /// A rule reads this value.
    pub fn use_value(&self, value: ValueId) {
        self.used_values.borrow_mut().insert(value);
    }

    /// Something reads this event, measure, tier or pool.
    pub fn use_name(&self, kind: Kind, id: impl Id) {
        self.used_names.borrow_mut().insert((kind.word(), id.index()));
    }

    /// True if something reads the event, measure, tier or pool.
    pub fn name_is_used(&self, kind: Kind, id: usize) -> bool {
        self.used_names.borrow().contains(&(kind.word(), id))
    }

    /// The word for a subject; for an event its name.
    pub fn subject_word(&self, subject: Subject) -> &str {
        match subject {
            Subject::Event(id) => self.events.try_get(id).map_or("event", |event| event.name),
            other => other.word(),
        }
    }

    /// A missing day of this value has been reported where a rule reads it.
    pub fn report_cover(&self, value: ValueId) {
        self.covered_values.borrow_mut().insert(value);
    }

    /// True if a rule reads the fact.
    pub fn fact_is_used(&self, subject: Subject, fact: FactId) -> bool {
        self.used_facts.borrow().contains(&(subject, fact))
    }

    /// True if a rule reads the value.
    pub fn value_is_used(&self, value: ValueId) -> bool {
        self.used_values.borrow().contains(&value)
    }

    /// True if a rule's missing days of the value have been reported.
    pub fn cover_is_reported(&self, value: ValueId) -> bool {
        self.covered_values.borrow().contains(&value)
    }

    /// The known currency with this code; reports any other.
    pub fn currency_named(&self, name: &Name) -> Option<Currency> {
        let found = Currency::from_code(&name.text);
        if found.is_none() {
            let mut report = Diagnostic::new(
                Code::UnknownCurrency,
                name.span,
                format!("`{}` is no currency of ISO 4217", name.text),
            );
            report.help = super::words::hint(&name.text, "common ones are", &COMMON);
            self.report(report);
        }
        found
    }

    /// The programme's currency where `name` is it; reports any other.
    pub fn own_currency(&self, name: &Name) -> Option<Currency> {
        let written = self.currency_named(name)?;
        match self.currency {
            Some(own) if own != written => {
                let message = format!("`{}` is not the programme's currency", written.name());
                let help = format!("write the amount in {}; Meed converts no currencies", own.name());
                self.report(Diagnostic::new(Code::WrongCurrency, name.span, message).with_help(help));
                None
            }
            _ => Some(written),
        }
    }

    /// A money literal in minor units, whole ones only.
    pub fn money(&self, major: Ratio, currency: &Name, span: Span) -> Option<Ratio> {
        let currency = self.own_currency(currency)?;
        let Some(minor) = currency.minor_units(major) else {
            let (message, help) = match currency.digits {
                0 => (
                    format!("{} has no digits after the point", currency.name()),
                    format!("the smallest amount is `1 {}`", currency.name()),
                ),
                digits => (
                    format!("{} has {digits} digits after the point, this amount has more", currency.name()),
                    format!("the smallest amount is `{}`", currency.format(Ratio::ONE)),
                ),
            };
            self.report(Diagnostic::new(Code::TooManyDigits, span, message).with_help(help));
            return None;
        };
        Some(Ratio::whole(minor))
    }
}

impl Values for Scope<'_> {
    fn versions(&self, id: ValueId) -> &[Version<ValueBody>] {
        &self.values[id].versions
    }
}

/// Mistakes that often stand in several places and are mended in one.
const REPEATABLE: [Code; 7] = [
    Code::UnknownName,
    Code::UnknownFact,
    Code::UnknownCategory,
    Code::UnknownChoice,
    Code::UnknownUnit,
    Code::UnknownSubject,
    Code::WrongCurrency,
];

/// For "did you mean": all of ISO 4217 has a near miss for any three letters.
const COMMON: [&str; 10] = ["JPY", "USD", "EUR", "GBP", "CNY", "KRW", "INR", "AUD", "CAD", "CHF"];

fn without_comment(line: &str) -> &str {
    let mut in_text = false;
    let mut escaped = false;
    for (i, c) in line.char_indices() {
        match c {
            '"' if !escaped => in_text = !in_text,
            '/' if !in_text && line.get(i..).is_some_and(|rest| rest.starts_with("//")) => {
                return line.get(..i).unwrap_or(line);
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    line
}
