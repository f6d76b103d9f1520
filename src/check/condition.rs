//! Conditions: comparisons, lists, badges.

use super::categories;
use super::constant::written;
use super::expr::{Operand, Place, Reader, describe};
use super::facts::{bare_word, choice_word};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{CategoryId, Comparison, Condition, FactId, Subject, Test, TierId, Unit};
use crate::source::Span;
use crate::syntax::ast::{CompareOp, Expr, ExprKind, Name};
use crate::value::Ratio;

impl Reader<'_, '_> {
    /// The condition that `expr` is; reports what is none.
    pub fn condition(&self, expr: &Expr) -> Option<Condition> {
        let test = match &expr.kind {
            ExprKind::And(parts) => Test::All(self.conditions(parts)?),
            ExprKind::Or(parts) => Test::Any(self.conditions(parts)?),
            ExprKind::Not(inner) => Test::Not(Box::new(self.condition(inner)?)),
            ExprKind::Compare(left, op, right) => self.compare(left, *op, right)?,
            ExprKind::In { item, list, negated } => {
                let test = self.among(item, list, expr)?;
                if *negated { not(self.wrap(test, expr)) } else { test }
            }
            ExprKind::Has { subject, badge, negated } => {
                let test = self.has(subject, badge)?;
                if *negated { not(self.wrap(test, expr)) } else { test }
            }
            _ => self.plain(expr)?,
        };
        Some(self.wrap(test, expr))
    }

    fn conditions(&self, parts: &[Expr]) -> Option<Vec<Condition>> {
        // All are read before any fails, so that each mistake is told.
        let read: Vec<Option<Condition>> = parts.iter().map(|part| self.condition(part)).collect();
        read.into_iter().collect()
    }

    fn wrap(&self, test: Test, expr: &Expr) -> Condition {
        Condition { test, text: self.scope.text(expr.span), span: expr.span }
    }

    fn plain(&self, expr: &Expr) -> Option<Test> {
        let operand = self.operand(expr)?;
        if let Operand::YesNo(test) = operand {
            return Some(test);
        }
        let text = self.scope.text(expr.span);
        let message = format!("`{text}` is {}, not a condition", describe(&operand));
        let help = match operand {
            Operand::Number(crate::policy::Quantity::Value(_), _) => {
                format!("declare `{text}` with `is yes` or `is no`, or compare it with something")
            }
            Operand::Number(_, unit) => {
                format!("compare it: `{text} >= {}`", written(self.scope, example(unit), unit))
            }
            Operand::Date(_) => format!("compare it: `{text} before 2021-01-01`"),
            Operand::Choice(subject, fact) => {
                let word = self.first_choice(subject, fact).unwrap_or_default();
                format!("compare it: `{text} is {word}`")
            }
            Operand::Text(..) | Operand::Literal => format!("compare it: `{text} is \"…\"`"),
            Operand::Category(_) => format!("compare it: `{text} in book, video`"),
            Operand::Level(tier) => {
                let levels = self.scope.tiers.try_get(tier).map_or(&[][..], |tier| &tier.levels);
                let level = levels.last().map_or("gold", |level| level.text.as_str());
                format!("compare it: `{text} is {level}` or `{text} >= {level}`")
            }
            Operand::Weekday => format!("compare it: `{text} in saturday, sunday`"),
            Operand::Categories => format!("write it as a filter: `only for {text}`"),
            Operand::Duration(_) => format!("compare with a moment: `order.at after {text} after …`"),
            Operand::Choices => format!("write it after `in`: `order.partner in {text}`"),
            Operand::YesNo(_) => String::new(),
        };
        self.scope.report(Diagnostic::new(Code::NotACondition, expr.span, message).with_help(help));
        None
    }

    fn first_choice(&self, subject: Subject, fact: FactId) -> Option<String> {
        match &self.scope.facts.get(subject, fact)?.kind {
            crate::policy::FactType::Choice(words) => words.first().cloned(),
            _ => None,
        }
    }

    fn compare(&self, left: &Expr, op: CompareOp, right: &Expr) -> Option<Test> {
        let Some(item) = self.operand(left) else {
            // A bare word on the right may be a choice of what could not be read.
            if bare_word(right).is_none() {
                self.operand(right);
            }
            return None;
        };
        match &item {
            Operand::Number(quantity, unit) => self.compare_numbers((left, quantity, *unit), op, right),
            Operand::Date(point) => self.compare_dates((left, point), op, right),
            Operand::Level(tier) => self.compare_levels(*tier, left, op, right),
            _ => {
                let negated = match op {
                    CompareOp::Is => false,
                    CompareOp::IsNot => true,
                    _ => {
                        self.report_order(&item, left, right);
                        return None;
                    }
                };
                let test = self.equal(&item, left, right)?;
                let whole = Expr { kind: ExprKind::Error, span: left.span.to(right.span) };
                Some(if negated { not(self.wrap(test, &whole)) } else { test })
            }
        }
    }

    fn report_order(&self, item: &Operand, left: &Expr, right: &Expr) {
        let (a, b) = (self.scope.text(left.span), self.scope.text(right.span));
        let message = format!("`{a}` is {}, which is neither more nor less than another", describe(item));
        let help = format!("write `{a} is {b}` or `{a} in {b}, …`");
        self.scope
            .report(Diagnostic::new(Code::TypeMismatch, left.span.to(right.span), message).with_help(help));
    }

    /// `item is right` for what is no number and no date.
    fn equal(&self, item: &Operand, left: &Expr, right: &Expr) -> Option<Test> {
        match item {
            Operand::Choice(subject, fact) => {
                let word = self.choice(*subject, *fact, right)?;
                Some(Test::OneOf { subject: *subject, fact: *fact, among: vec![word] })
            }
            Operand::Text(subject, fact) => {
                let text = self.text(left, right)?;
                Some(Test::TextIn { subject: *subject, fact: *fact, among: vec![text] })
            }
            Operand::Category(branch) => self.category_in(std::slice::from_ref(right), *branch),
            Operand::Weekday => self.weekday(right).map(|day| Test::WeekdayIn { among: vec![day] }),
            Operand::YesNo(test) => self.is_yes(test, left, right),
            _ => {
                self.report_sides((left, describe(item)), right, None);
                None
            }
        }
    }

    fn is_yes(&self, test: &Test, left: &Expr, right: &Expr) -> Option<Test> {
        match self.operand(right)? {
            Operand::YesNo(Test::Constant(true)) => Some(test.clone()),
            Operand::YesNo(Test::Constant(false)) => Some(not(self.wrap(test.clone(), left))),
            other => {
                let text = self.scope.text(left.span);
                let message = format!(
                    "`{text}` is yes or no, and `{}` is not `yes` or `no`",
                    self.scope.text(right.span)
                );
                let help = format!("write `{text}` or `not {text}`");
                self.scope.report(
                    Diagnostic::new(Code::TypeMismatch, right.span, message)
                        .with_label(describe(&other))
                        .with_place(left.span, "yes or no")
                        .with_help(help),
                );
                None
            }
        }
    }

    /// A word of a choice, or those of a named list.
    fn choices(&self, subject: Subject, fact: FactId, expr: &Expr) -> Option<Vec<usize>> {
        let declared = self.scope.facts.get(subject, fact)?;
        let list = bare_word(expr)
            .filter(|word| !is_choice(declared, &word.text))
            .and_then(|word| super::lists::word_list(self, word));
        match list {
            None => self.choice(subject, fact, expr).map(|word| vec![word]),
            Some(words) => {
                words?.iter().map(|word| choice_word(self.scope, declared, word, expr.span)).collect()
            }
        }
    }

    fn choice(&self, subject: Subject, fact: FactId, expr: &Expr) -> Option<usize> {
        let fact = self.scope.facts.get(subject, fact)?;
        if let Some(word) = bare_word(expr) {
            if !is_choice(fact, &word.text) && super::lists::word_list(self, word).is_some() {
                let message = format!("`{}` is a list, and `is` compares with one word", word.text);
                let report = Diagnostic::new(Code::TypeMismatch, word.span, message);
                self.scope.report(report.with_help(format!(
                    "write `{}.{} in {}`",
                    self.scope.subject_word(subject),
                    fact.name,
                    word.text
                )));
                return None;
            }
            return choice_word(self.scope, fact, &word.text, word.span);
        }
        if matches!(expr.kind, ExprKind::Error) {
            return None;
        }
        let message =
            format!("`{}` is a choice of words, and `{}` is none", fact.name, self.scope.text(expr.span));
        let help = match &expr.kind {
            ExprKind::Text(text) => format!("write the word without quotes: `{text}`"),
            _ => match &fact.kind {
                crate::policy::FactType::Choice(words) => {
                    format!("write one of {}", super::words::listed(words, "or"))
                }
                _ => String::new(),
            },
        };
        let report =
            Diagnostic::new(Code::TypeMismatch, expr.span, message).with_place(fact.span, "declared here");
        self.scope.report(report.with_help(help));
        None
    }

    fn text(&self, left: &Expr, right: &Expr) -> Option<String> {
        if let ExprKind::Text(text) = &right.kind {
            return Some(text.clone());
        }
        if let Some(word) = bare_word(right) {
            let message = format!(
                "`{}` is a text, and `{}` stands without quotes",
                self.scope.text(left.span),
                word.text
            );
            let help = format!("write `\"{}\"`", word.text);
            self.scope.report(Diagnostic::new(Code::TypeMismatch, right.span, message).with_help(help));
            return None;
        }
        self.report_sides((left, "a text"), right, None);
        None
    }

    fn compare_levels(&self, tier: TierId, left: &Expr, op: CompareOp, right: &Expr) -> Option<Test> {
        let level = self.level(tier, right)?;
        let op = match op {
            CompareOp::Is => return Some(Test::LevelIn { tier, among: vec![level] }),
            CompareOp::IsNot => {
                let whole = Expr { kind: ExprKind::Error, span: left.span.to(right.span) };
                return Some(not(self.wrap(Test::LevelIn { tier, among: vec![level] }, &whole)));
            }
            CompareOp::Less => Comparison::Less,
            CompareOp::AtMost => Comparison::AtMost,
            CompareOp::More => Comparison::More,
            CompareOp::AtLeast => Comparison::AtLeast,
            CompareOp::Before | CompareOp::After => {
                let (a, b) = (self.scope.text(left.span), self.scope.text(right.span));
                let message = format!("`{a}` is a level, and only days come before or after");
                let span = left.span.to(right.span);
                let help = format!("write `{a} < {b}` or `{a} >= {b}`");
                self.scope.report(Diagnostic::new(Code::TypeMismatch, span, message).with_help(help));
                return None;
            }
        };
        Some(Test::Level { tier, op, level })
    }

    fn level(&self, tier: TierId, expr: &Expr) -> Option<usize> {
        let tier = self.scope.tiers.try_get(tier)?;
        let levels: Vec<&str> = tier.levels.iter().map(|level| level.text.as_str()).collect();
        let place = (tier.declaration.head, format!("`{}` is a tier", tier.name));
        self.word(expr, &levels, "a level", place)
    }

    fn weekday(&self, expr: &Expr) -> Option<usize> {
        self.word(expr, &super::tables::WEEKDAYS, "a day of the week", (expr.span, String::new()))
    }

    /// One of a few words; reports anything else.
    fn word(&self, expr: &Expr, words: &[&str], what: &str, place: (Span, String)) -> Option<usize> {
        if matches!(expr.kind, ExprKind::Error) {
            return None;
        }
        let found = bare_word(expr).and_then(|word| words.iter().position(|known| *known == word.text));
        if found.is_none() {
            let text = self.scope.text(expr.span);
            let code = if bare_word(expr).is_some() { Code::UnknownChoice } else { Code::TypeMismatch };
            let mut report = Diagnostic::new(code, expr.span, format!("`{text}` is not {what}"));
            if !place.1.is_empty() {
                report = report.with_place(place.0, place.1);
            }
            report.help = super::words::hint(text.trim_matches('"'), "known are", words);
            self.scope.report(report);
        }
        found
    }

    fn category_in(&self, list: &[Expr], branch: Option<CategoryId>) -> Option<Test> {
        let mut names: Vec<Name> = Vec::new();
        for expr in list {
            match bare_word(expr) {
                Some(name) => names.push(name.clone()),
                None => {
                    let message = format!("`{}` is no category", self.scope.text(expr.span));
                    let help = "write the name of a category";
                    self.scope
                        .report(Diagnostic::new(Code::TypeMismatch, expr.span, message).with_help(help));
                    return None;
                }
            }
        }
        let ids = categories::branches(self.scope, &names, &self.stretch)?;
        if let Some(branch) = branch {
            let lies = |id: CategoryId, in_: CategoryId| self.scope.categories.lies_in(id, in_);
            let outside = ids.iter().find(|(id, _)| !lies(*id, branch) && !lies(branch, *id));
            if let Some((id, span)) = outside {
                categories::report_elsewhere(self.scope, *id, branch, *span);
                return None;
            }
        }
        let ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
        Some(Test::CategoryIn { passes: self.scope.categories.spread(&ids) })
    }

    fn among(&self, item: &Expr, list: &[Expr], whole: &Expr) -> Option<Test> {
        let operand = self.operand(item)?;
        match &operand {
            Operand::Choice(subject, fact) => {
                let words: Vec<Option<Vec<usize>>> =
                    list.iter().map(|e| self.choices(*subject, *fact, e)).collect();
                let among = words.into_iter().collect::<Option<Vec<_>>>()?.concat();
                Some(Test::OneOf { subject: *subject, fact: *fact, among })
            }
            Operand::Text(subject, fact) => {
                let texts: Vec<Option<String>> = list.iter().map(|e| self.text(item, e)).collect();
                let among = texts.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Test::TextIn { subject: *subject, fact: *fact, among })
            }
            Operand::Category(branch) => self.category_in(list, *branch),
            Operand::Level(tier) => {
                let levels: Vec<Option<usize>> = list.iter().map(|e| self.level(*tier, e)).collect();
                let among = levels.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Test::LevelIn { tier: *tier, among })
            }
            Operand::Weekday => {
                let days: Vec<Option<usize>> = list.iter().map(|e| self.weekday(e)).collect();
                Some(Test::WeekdayIn { among: days.into_iter().collect::<Option<Vec<_>>>()? })
            }
            Operand::Number(quantity, unit) => {
                let test = |e: &Expr| {
                    let test = self.compare_numbers((item, quantity, *unit), CompareOp::Is, e)?;
                    Some(self.wrap(test, whole))
                };
                let tests: Vec<_> = list.iter().map(test).collect();
                Some(Test::Any(tests.into_iter().collect::<Option<Vec<_>>>()?))
            }
            Operand::Date(point) => {
                let test = |e: &Expr| {
                    let test = self.compare_dates((item, point), CompareOp::Is, e)?;
                    Some(self.wrap(test, whole))
                };
                let tests: Vec<_> = list.iter().map(test).collect();
                Some(Test::Any(tests.into_iter().collect::<Option<Vec<_>>>()?))
            }
            other => {
                let text = self.scope.text(item.span);
                let message = format!("`{text}` is {}, which is not looked for in a list", describe(other));
                let help = format!("write `{text}` or `not {text}`");
                self.scope.report(Diagnostic::new(Code::TypeMismatch, whole.span, message).with_help(help));
                None
            }
        }
    }

    fn has(&self, subject: &Name, badge: &Name) -> Option<Test> {
        let scope = self.scope;
        let id = scope.badges.position(|group| group.name == badge.text);
        if id.is_none() && !scope.may_be_declared(&badge.text) {
            let message = format!("no badge is called `{}`", badge.text);
            let known: Vec<_> = scope.badges.iter().map(|group| group.place()).collect();
            let report = Diagnostic::new(Code::UnknownName, badge.span, message);
            let declare = format!("badge {} \"…\" {{ shown in … }}", badge.text);
            scope.report(super::words::advise(report, &badge.text, "declared are", &known, &declare));
        }
        if super::facts::subject(scope, &subject.text).is_none() {
            super::facts::report_subject(scope, subject);
            return None;
        }
        let (code, message, help) = match self.place {
            Place::Badge => (
                Code::BadgeReadsOrder,
                "a badge cannot depend on a badge".to_owned(),
                "repeat the conditions of that badge",
            ),
            Place::Line if subject.text == "listing" => return id.map(Test::HasBadge),
            Place::Line => (
                Code::BadSubject,
                format!("`{}` has no badges, a listing has", subject.text),
                "write `listing has …`",
            ),
            Place::Event(_) | Place::Member | Place::Request | Place::Everyone => (
                Code::BadSubject,
                "a badge belongs to a line of an order, and there is none here".to_owned(),
                "read a badge in a rule that gives to each line",
            ),
            _ => (
                Code::BadSubject,
                "a badge belongs to one line, and this is said of whole orders".to_owned(),
                "write `each line gives …`",
            ),
        };
        if id.is_some() {
            scope.report(Diagnostic::new(code, subject.span.to(badge.span), message).with_help(help));
        }
        None
    }
}

fn not(condition: Condition) -> Test {
    Test::Not(Box::new(condition))
}

/// True for one of the words of a choice fact.
fn is_choice(fact: &crate::policy::Fact, word: &str) -> bool {
    matches!(&fact.kind, crate::policy::FactType::Choice(words) if words.iter().any(|known| known == word))
}

/// A likely amount of a unit, for examples in help.
fn example(unit: Unit) -> Ratio {
    match unit {
        Unit::Rate => Ratio::new(2, 100).unwrap_or(Ratio::ZERO),
        Unit::Count => Ratio::whole(2),
        Unit::Money => Ratio::whole(1000),
        Unit::Points => Ratio::whole(100),
        Unit::Time => Ratio::whole(18 * 60),
    }
}
