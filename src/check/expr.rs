//! Expressions: what kind of thing each is, in which unit, and whether it can be known where it stands.

use super::built_in::{BUILT_IN, REQUEST, TIMES, built_in, date};
use super::categories;
use super::constant::{as_unit, fold};
use super::facts::{self, Lookup};
use super::lengths;
use super::scope::Scope;
use super::values::{self, ValueKind};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    Calendared, CategoryId, CategorySet, EventId, FactId, FactType, Length, Point, PointOf, Quantity,
    Subject, Test, TierId, Unit, Window,
};
use crate::source::Span;
use crate::syntax::ast::{ArithmeticOp, Expr, ExprKind, Kind, Name, Path};
use crate::value::Ratio;
use crate::value::time::time_of_day;

/// Where an expression stands, which decides what it may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A rule of lines or units: everything.
    Line,
    /// A rule of whole orders: nothing of a single line.
    Order,
    /// A rule of a declared event: that event.
    Event(EventId),
    /// What is said of a member, at any time: neither order nor event.
    Member,
    /// What is said of a member who asks for a move or a reward: the instant of the request.
    Request,
    /// What is said of all members together: values.
    Everyone,
    /// What a table goes by: everything; where the table is read, it is looked at again.
    Table,
    /// A badge: the listing.
    Badge,
    /// A condition on what extends a balance: the order.
    Anchor,
    /// A constant: nothing.
    Constant,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Number(Quantity, Unit),
    Date(Point),
    YesNo(Test),
    Text(Subject, FactId),
    Literal,
    Choice(Subject, FactId),
    /// The category in view: of the line, of the listing, of the event (with its branch).
    Category(Option<CategoryId>),
    /// A tier's level.
    Level(TierId),
    /// `order.weekday`
    Weekday,
    Categories,
    /// A named list of choices.
    Choices,
    /// A length of time.
    Duration(Length),
}

/// An operand in words.
pub(super) fn describe(operand: &Operand) -> &'static str {
    match operand {
        Operand::Number(_, unit) => unit_words(*unit),
        Operand::Date(_) => "a date",
        Operand::YesNo(Test::Value(_) | Test::Fact { .. } | Test::Constant(_)) => "yes or no",
        Operand::YesNo(_) => "a condition",
        Operand::Text(..) | Operand::Literal => "a text",
        Operand::Choice(..) => "a choice of words",
        Operand::Category(_) => "a category",
        Operand::Level(_) => "a level of a tier",
        Operand::Weekday => "a day of the week",
        Operand::Categories => "a list of categories",
        Operand::Choices => "a list of choices",
        Operand::Duration(_) => "a length of time",
    }
}

/// A unit in words.
pub(super) fn unit_words(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "a plain number",
        Unit::Rate => "a rate",
        Unit::Money => "money",
        Unit::Points => "a number of points",
        Unit::Time => "a time of day",
    }
}

/// Reads the expressions of one rule in one window.
pub(super) struct Reader<'s, 'a> {
    pub scope: &'s Scope<'a>,
    pub place: Place,
    /// When the rule is in force.
    pub window: Window,
    /// The stretch of it in which every list of categories is one list.
    pub stretch: Window,
}

impl<'s, 'a> Reader<'s, 'a> {
    /// A reader for what has no window.
    pub fn new(scope: &'s Scope<'a>, place: Place) -> Reader<'s, 'a> {
        let window = Window { from: None, until: None, from_date: None, until_date: None };
        Reader { scope, place, window, stretch: window }
    }

    /// What `expr` is; None where that has been reported.
    pub fn operand(&self, expr: &Expr) -> Option<Operand> {
        Some(match &expr.kind {
            ExprKind::Number(n) => Operand::Number(Quantity::Constant(*n), Unit::Count),
            ExprKind::Percent(n) => Operand::Number(Quantity::Constant(*n), Unit::Rate),
            ExprKind::Money(n, currency) => {
                Operand::Number(Quantity::Constant(self.scope.money(*n, currency, expr.span)?), Unit::Money)
            }
            ExprKind::Counted(n, word) => Operand::Number(Quantity::Constant(*n), self.unit(word)?),
            ExprKind::Date(date) => {
                Operand::Date(Point { steps: Calendared::Date(*date), of: PointOf::Nothing })
            }
            ExprKind::Clock(time) => Operand::Number(Quantity::Constant(time_of_day(*time)), Unit::Time),
            ExprKind::Time(time) => {
                Operand::Date(Point { steps: Calendared::Time(*time), of: PointOf::Nothing })
            }
            ExprKind::Moment(moment) => Operand::Date(self.moment(moment)?),
            ExprKind::Duration(delay) => match self.counted(expr.span) {
                Some(number) => number,
                None => Operand::Duration(Length::Fixed(lengths::written(self.scope, *delay, expr.span)?)),
            },
            ExprKind::YesNo(yes) => Operand::YesNo(Test::Constant(*yes)),
            ExprKind::Text(_) => Operand::Literal,
            ExprKind::Path(path) => self.path(path)?,
            ExprKind::Arithmetic(left, op, right) => self.arithmetic(left, *op, right)?,
            ExprKind::PathFor(path, name) => self.path_for(path, name)?,
            ExprKind::Measure { name, key, in_all } => {
                let (quantity, unit) = self.measure(name, key.as_ref(), *in_all, expr.span)?;
                Operand::Number(quantity, unit)
            }
            ExprKind::Error => return None,
            ExprKind::Compare(..)
            | ExprKind::In { .. }
            | ExprKind::Has { .. }
            | ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_) => Operand::YesNo(self.condition(expr)?.test),
        })
    }

    /// `3 days`, where something is counted in days: a number, as elsewhere.
    fn counted(&self, span: Span) -> Option<Operand> {
        let text = self.scope.text(span);
        let (number, word) = text.split_once(' ')?;
        let counts = |unit: &str| self.scope.facts.has_unit(unit) || self.scope.units.contains(&unit);
        if !counts(word) && !word.strip_suffix('s').is_some_and(counts) {
            return None;
        }
        let unit = self.unit(&Name { text: word.to_owned(), span })?;
        Some(Operand::Number(Quantity::Constant(crate::value::decimal::parse(number)?), unit))
    }

    /// The unit that a word counts in: points, or things (`2 nights`).
    fn unit(&self, word: &Name) -> Option<Unit> {
        let units = &self.scope.units;
        let singular = word.text.strip_suffix('s');
        if units.iter().any(|unit| word.text == *unit || singular == Some(unit)) {
            return Some(Unit::Points);
        }
        let counts = |unit: &str| self.scope.facts.has_unit(unit);
        if counts(&word.text) || singular.is_some_and(counts) {
            return Some(Unit::Count);
        }
        // Without any unit, the pool (or its clause) is missing, and that is told there; unless pools count in money.
        let money = self.scope.pools.ids().find_map(|pool| super::pool::unit_word(self.scope, pool));
        if let Some(money) = money.filter(|_| units.is_empty()) {
            let message = format!("`{}` is neither a currency nor the unit of a pool", word.text);
            let report = Diagnostic::new(Code::UnknownUnit, word.span, message);
            self.scope.report(report.with_help(format!("the pools count in money: write `{money}`")));
        } else if !units.is_empty() {
            let plurals: Vec<String> = units.iter().map(|unit| format!("{unit}s")).collect();
            let known: Vec<&str> = units.iter().copied().chain(plurals.iter().map(String::as_str)).collect();
            let message = format!("`{}` is neither a currency nor the unit of a pool", word.text);
            let report = Diagnostic::new(Code::UnknownUnit, word.span, message);
            let declared = |name: &str| super::pool::unit_place(self.scope, name);
            let known: Vec<_> = known.into_iter().map(|name| (name, declared(name))).collect();
            let declare = format!("unit {}", word.text.trim_end_matches('s'));
            self.scope.report(words::advise(report, &word.text, "the units are", &known, &declare));
        }
        None
    }

    fn path(&self, path: &Path) -> Option<Operand> {
        let Some(subject) = &path.subject else { return self.value(&path.name) };
        if subject.text == REQUEST {
            return self.request(path);
        }
        let Some(subject) = facts::subject(self.scope, &subject.text) else {
            facts::report_subject(self.scope, subject);
            return None;
        };
        if let Subject::Event(id) = subject {
            self.scope.use_name(Kind::Event, id);
        }
        let operand = match built_in(subject, &path.name.text) {
            Some(operand) => operand,
            None => match self.tier(subject, &path.name.text) {
                Some(tier) => Operand::Level(tier),
                None => self.fact(subject, &path.name)?,
            },
        };
        self.readable(subject, path).then_some(operand)
    }

    /// `member.status`, where `status` is a tier.
    fn tier(&self, subject: Subject, name: &str) -> Option<TierId> {
        let found = self.scope.tiers.position(|tier| tier.name == name);
        let found = found.filter(|_| subject == Subject::Member)?;
        self.scope.use_name(Kind::Tier, found);
        Some(found)
    }

    fn fact(&self, subject: Subject, name: &Name) -> Option<Operand> {
        let index = match self.scope.facts.lookup(subject, &name.text) {
            Lookup::Found(index) => index,
            Lookup::Broken => return None,
            Lookup::Unknown => {
                self.report_unknown_fact(subject, name);
                return None;
            }
        };
        self.scope.use_fact(subject, index);
        let number = |unit| Operand::Number(Quantity::Fact(subject, index), unit);
        Some(match &self.scope.facts.get(subject, index)?.kind {
            FactType::Rate => number(Unit::Rate),
            FactType::Count | FactType::Quantity => number(Unit::Count),
            FactType::Money => number(Unit::Money),
            FactType::Date => date(PointOf::Fact(subject, index)),
            FactType::Text => Operand::Text(subject, index),
            FactType::YesNo => Operand::YesNo(Test::Fact { subject, fact: index }),
            FactType::Choice(_) => Operand::Choice(subject, index),
            FactType::Category(branch) => Operand::Category(Some(*branch)),
        })
    }

    /// `order.price for food`, `order.quantity for food`
    fn path_for(&self, path: &Path, name: &Name) -> Option<Operand> {
        let written = self.scope.text(path.span);
        let (quantity, unit): (fn(CategorySet) -> Quantity, Unit) = match written.as_str() {
            "order.price" => (Quantity::OrderPriceFor, Unit::Money),
            "order.quantity" => (Quantity::OrderUnitsFor, Unit::Count),
            _ => {
                let message = format!("`{written}` is not told apart by category");
                let help = format!("write `order.price for {0}` or `order.quantity for {0}`", name.text);
                self.scope.report(Diagnostic::new(Code::BadSubject, path.span, message).with_help(help));
                return None;
            }
        };
        let ids = categories::branches(self.scope, std::slice::from_ref(name), &self.stretch)?;
        let ids: Vec<CategoryId> = ids.into_iter().map(|(id, _)| id).collect();
        let operand = Operand::Number(quantity(self.scope.categories.spread(&ids)), unit);
        self.readable(Subject::Order, path).then_some(operand)
    }

    fn report_unknown_fact(&self, subject: Subject, name: &Name) {
        if self.scope.may_be_declared(&name.text) {
            return;
        }
        let owner = self.scope.subject_word(subject);
        let message = format!("`{owner}` has no fact `{}`", name.text);
        let report = Diagnostic::new(Code::UnknownFact, name.span, message);
        let built = BUILT_IN.iter().filter(|(of, _)| *of == subject).map(|(_, name)| (*name, None));
        let of_event =
            TIMES.iter().filter(|_| matches!(subject, Subject::Event(_))).map(|name| (*name, None));
        let declared = self.scope.facts.of(subject).map(|fact| (fact.name.as_str(), Some(fact.span)));
        let tiers = self.scope.tiers.iter().filter(|_| subject == Subject::Member);
        let tiers = tiers.map(|tier| (tier.name, Some(tier.declaration.name.span)));
        let known: Vec<(&str, Option<Span>)> = declared.chain(tiers).chain(built).chain(of_event).collect();
        let elsewhere =
            self.scope.facts.subject_with(&name.text).or_else(|| {
                BUILT_IN.iter().find(|(_, built)| *built == name.text).map(|(subject, _)| *subject)
            });
        self.scope.report(match elsewhere {
            Some(other) => {
                let other = self.scope.subject_word(other);
                report.with_help(format!("`{other}` has it: write `{other}.{}`", name.text))
            }
            None => {
                let keyword = if matches!(subject, Subject::Event(_)) { "event" } else { "facts" };
                let declare = format!("{keyword} {owner} {{ {}: rate }}", name.text);
                words::advise(report, &name.text, &format!("`{owner}` has"), &known, &declare)
            }
        });
    }

    /// Reports what is not known where this stands.
    pub fn readable(&self, subject: Subject, path: &Path) -> bool {
        let shown = format!("{}.{}", self.scope.subject_word(subject), path.name.text);
        self.may_read(subject, &shown, path.span)
    }

    /// The same of a path that may be read through a value.
    pub fn may_read(&self, subject: Subject, path: &str, span: Span) -> bool {
        let (code, message, help) = match (self.place, subject) {
            (Place::Table, _)
            | (Place::Line, Subject::Listing | Subject::Line | Subject::Order | Subject::Member)
            | (Place::Order, Subject::Order | Subject::Member)
            | (Place::Event(_) | Place::Member | Place::Request, Subject::Member)
            | (Place::Badge, Subject::Listing)
            | (Place::Anchor, Subject::Order) => return true,
            (Place::Event(own), Subject::Event(event)) if own == event => return true,
            (Place::Order, Subject::Line | Subject::Listing) => (
                Code::BadSubject,
                format!("`{path}` belongs to one line, and this is said of whole orders"),
                "write `each line gives …`, or read a fact of the order".to_owned(),
            ),
            (Place::Line | Place::Order, _) => (
                Code::BadSubject,
                format!("`{path}` belongs to an event, and this is said of orders"),
                "read a fact of the order; a measure counts events for rules of orders".to_owned(),
            ),
            (Place::Event(event), _) => (
                Code::BadSubject,
                format!("`{path}` is not known here: this is said of `{}`", self.event_name(event)),
                format!("read a fact of `{}` or of `member`", self.event_name(event)),
            ),
            (Place::Request, Subject::Order) if TIMES.iter().any(|time| path == format!("order.{time}")) => (
                Code::BadSubject,
                format!("`{path}` is not known here: there is no order, a member asks for this"),
                format!("write `{}`: when the member asks", path.replacen("order", REQUEST, 1)),
            ),
            (Place::Member | Place::Request, _) => (
                Code::BadSubject,
                format!("`{path}` is not known here: this is said of a member"),
                "read a fact of `member`, a tier's level or a measure".to_owned(),
            ),
            (Place::Everyone, _) => (
                Code::BadSubject,
                format!("`{path}` differs from case to case, and this is said of all members together"),
                "write the amount itself, or a value that goes by nothing".to_owned(),
            ),
            (Place::Badge, _) => (
                Code::BadgeReadsOrder,
                format!("a badge shows before there is an order, so it cannot read `{path}`"),
                "a badge may read facts of `listing` and values".to_owned(),
            ),
            (Place::Anchor, _) => (
                Code::BadSubject,
                format!("`{path}` is not known here: only the order is"),
                "read a fact of the order, such as `order.total > 0 JPY`".to_owned(),
            ),
            (Place::Constant, _) => (
                Code::BadSubject,
                format!("`{path}` differs from case to case, and a constant is needed here"),
                "write the amount itself; facts are read in rules".to_owned(),
            ),
        };
        self.scope.report(Diagnostic::new(code, span, message).with_help(help));
        false
    }

    pub(super) fn event_name(&self, event: EventId) -> &'s str {
        self.scope.events.try_get(event).map_or("event", |event| event.name)
    }

    fn value(&self, name: &Name) -> Option<Operand> {
        let scope = self.scope;
        if self.place == Place::Constant && scope.declared(Kind::Value).any(|d| d.name.text == name.text) {
            let message = "a value where a constant is needed is not run by this version of Meed";
            let report = Diagnostic::new(Code::UnsupportedForm, name.span, message);
            scope.report(report.with_help("write the amount itself"));
            return None;
        }
        if let Some(measure) = scope.measures.iter().find(|measure| measure.name == name.text) {
            self.report_bare_measure(measure, name);
            return None;
        }
        let Some(id) = values::lookup(scope, &name.text) else {
            values::report_unknown(scope, name);
            return None;
        };
        scope.use_value(id);
        let kind = scope.values.try_get(id)?.kind?;
        values::check_cover(scope, id, &self.window, name.span);
        if !super::tables::check_reading(self, id, name) {
            return None;
        }
        Some(match kind {
            ValueKind::Number(unit) => Operand::Number(Quantity::Value(id), unit),
            ValueKind::Date => date(PointOf::Value(id)),
            ValueKind::YesNo => Operand::YesNo(Test::Value(id)),
            ValueKind::Duration => Operand::Duration(Length::Value(id)),
            ValueKind::Categories => Operand::Categories,
            ValueKind::Choices => Operand::Choices,
        })
    }

    /// An expression that must be a number of the given unit.
    pub fn number(&self, expr: &Expr, unit: Unit) -> Option<Quantity> {
        let operand = self.operand(expr)?;
        match operand {
            Operand::Number(quantity, found) if found == unit => Some(quantity),
            other => {
                super::constant::report_unit(self.scope, expr, unit, describe(&other));
                None
            }
        }
    }

    fn arithmetic(&self, left: &Expr, op: ArithmeticOp, right: &Expr) -> Option<Operand> {
        let (a, b) = (self.operand(left), self.operand(right));
        let (a, b) = (a?, b?);
        let (Operand::Number(x, x_unit), Operand::Number(y, y_unit)) = (&a, &b) else {
            self.report_arithmetic(op, (left, describe(&a)), (right, describe(&b)), None);
            return None;
        };
        let (x, y) = (Box::new(x.clone()), Box::new(y.clone()));
        let (x_unit, y_unit) = (*x_unit, *y_unit);
        let result = match op {
            ArithmeticOp::Add if x_unit == y_unit => (Quantity::Add(x, y), x_unit),
            ArithmeticOp::Subtract if x_unit == y_unit => (Quantity::Subtract(x, y), x_unit),
            ArithmeticOp::Multiply if y_unit == Unit::Count => (Quantity::Multiply(x, y), x_unit),
            ArithmeticOp::Multiply if x_unit == Unit::Count => (Quantity::Multiply(y, x), y_unit),
            ArithmeticOp::Divide if y_unit == Unit::Count => {
                self.divisor(&y, right)?;
                (Quantity::Divide(x, y), x_unit)
            }
            _ => {
                let literal = as_unit(self.scope, right, x_unit);
                self.report_arithmetic(op, (left, describe(&a)), (right, describe(&b)), literal);
                return None;
            }
        };
        Some(Operand::Number(fold(&result.0).map_or(result.0, Quantity::Constant), result.1))
    }

    fn divisor(&self, divisor: &Quantity, expr: &Expr) -> Option<()> {
        match fold(divisor) {
            Some(n) if n > Ratio::ZERO => Some(()),
            Some(_) => {
                super::constant::report_nought(self.scope, expr.span);
                None
            }
            None => {
                let message = "dividing by what differs from case to case is not run by this version of Meed";
                let report = Diagnostic::new(Code::UnsupportedForm, expr.span, message);
                self.scope.report(report.with_help("divide by a plain number written out: `/ 2`"));
                None
            }
        }
    }

    fn report_arithmetic(
        &self,
        op: ArithmeticOp,
        left: (&Expr, &str),
        right: (&Expr, &str),
        literal: Option<String>,
    ) {
        let (verb, rule) = match op {
            ArithmeticOp::Add => ("are not added", "amounts of one unit are added"),
            ArithmeticOp::Subtract => ("are not subtracted", "amounts of one unit are subtracted"),
            ArithmeticOp::Multiply => (
                "are not multiplied",
                "one side of `*` is a plain number; a rate of money is written `RATE of …`",
            ),
            ArithmeticOp::Divide => ("are not divided", "the right side of `/` is a plain number"),
        };
        let message = format!("{} and {} {verb}", left.1, right.1);
        let help = match literal.filter(|_| matches!(op, ArithmeticOp::Add | ArithmeticOp::Subtract)) {
            Some(literal) => format!("write `{literal}`"),
            None => rule.to_owned(),
        };
        self.scope.report(
            Diagnostic::new(Code::TypeMismatch, right.0.span, message)
                .with_label(right.1)
                .with_place(left.0.span, left.1)
                .with_help(help),
        );
    }
}
