//! The case at hand, and what a policy's quantities and conditions say of it. This is the reference meaning:
//! it walks the checked policy as it stands, with exact fractions.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;

use super::net::Net;
use super::order::{Known, MemberFacts};
use crate::policy::{
    BadgeId, Calendared, CategoryId, ClockPart, Comparison, Condition, FactValue, Length, Part, Point,
    PointOf, Policy, Quantity, Subject, Table, TableKey, Test, TimeComparison, Unit, ValueBody, ValueId,
};
use crate::value::moment::{Extent, From as CountedFrom, Moment};
use crate::value::time::{clock, time_of_day};
use crate::value::{Delay, Overflow, Ratio, decimal};

/// Why a case could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A number did not fit.
    Overflow,
    /// A rule reads this member fact, which nothing has set.
    MissingMember(usize),
}

impl From<Overflow> for Fault {
    fn from(_: Overflow) -> Fault {
        Fault::Overflow
    }
}

/// What can be read at one place: an order with one of its lines in view, or a listing on its own.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub policy: &'a Policy,
    /// The instant whose terms govern.
    pub at: Timestamp,
    pub member: Option<&'a MemberFacts>,
    /// Levels and measures as the order or event reads them.
    pub known: Option<&'a Known>,
    pub order: Option<&'a Net<'a>>,
    /// Index of the line in view.
    pub line: Option<usize>,
    pub listing: Option<&'a [FactValue]>,
    pub category: Option<CategoryId>,
}

/// The first condition that failed: its words, and how far it was from holding where that is a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub text: String,
    pub short_by: Option<String>,
}

impl<'a> Context<'a> {
    /// The same case with one line in view.
    pub fn at_line(self, net: &'a Net<'a>, index: usize) -> Context<'a> {
        let line = net.order.lines.get(index);
        Context {
            line: Some(index),
            listing: line.map(|line| line.listing.as_slice()),
            category: line.and_then(|line| line.category),
            ..self
        }
    }

    fn fact(&self, subject: Subject, index: usize) -> Result<Option<&'a FactValue>, Fault> {
        Ok(match subject {
            Subject::Listing => self.listing.and_then(|facts| facts.get(index)),
            Subject::Order | Subject::Event(_) => self.order.and_then(|net| net.order.facts.get(index)),
            Subject::Line => {
                let line = self.order.zip(self.line).and_then(|(net, line)| net.order.lines.get(line));
                line.and_then(|line| line.facts.get(index))
            }
            Subject::Member => {
                let fact = self.member.and_then(|facts| facts.0.get(index)).and_then(Option::as_ref);
                return fact.map(Some).ok_or(Fault::MissingMember(index));
            }
        })
    }

    pub fn value(&self, id: ValueId) -> Option<&'a ValueBody> {
        let value = self.policy.values.get(id)?;
        value.versions.iter().find(|version| version.window.contains(self.at)).map(|version| &version.body)
    }

    /// The number a quantity stands for: money in minor units, rates as fractions. A value without a version in
    /// force counts nought; the checker has made sure that no rule in force reads one.
    pub fn quantity(&self, quantity: &Quantity) -> Result<Ratio, Fault> {
        let net = |read: &dyn Fn(&Net<'a>) -> Result<Ratio, Overflow>| match self.order {
            Some(net) => read(net).map_err(Fault::from),
            None => Ok(Ratio::ZERO),
        };
        Ok(match quantity {
            Quantity::Constant(ratio) => *ratio,
            Quantity::Value(id) => match self.value(*id) {
                Some(ValueBody::Number(ratio)) => *ratio,
                Some(ValueBody::Table(table)) => self.table(table)?,
                _ => Ratio::ZERO,
            },
            Quantity::Fact(Subject::Event(event), index) => self.event_number(*event, *index)?,
            Quantity::Fact(subject, index) => match self.fact(*subject, *index)? {
                Some(FactValue::Number(ratio)) => *ratio,
                _ => Ratio::ZERO,
            },
            Quantity::LinePrice => {
                net(&|net| self.line.map_or(Ok(Ratio::ZERO), |line| net.line_price(line)))?
            }
            Quantity::LineUnits => Ratio::whole(self.order.zip(self.line).map_or(0, |(net, i)| net.units(i))),
            Quantity::OrderPrice => net(&Net::order_price)?,
            Quantity::OrderTotal => net(&Net::order_total)?,
            Quantity::OrderUnits => net(&Net::order_quantity)?,
            Quantity::OrderPointsPaid => net(&|net| Ok(Ratio::whole(net.points_paid()?)))?,
            Quantity::OrderPriceFor(passes) => net(&|net| net.price_for(passes))?,
            Quantity::OrderUnitsFor(passes) => net(&|net| net.units_for(passes))?,
            Quantity::Worth(pool) => {
                let terms = self.policy.pool_terms(*pool, self.at);
                terms.and_then(|terms| terms.worth).unwrap_or(Ratio::ONE)
            }
            Quantity::Clock(part) => self.clock(*part),
            Quantity::Measure { measure, key, in_all } => {
                let counts = self.known.map(|known| if *in_all { &known.in_all } else { &known.so_far });
                let numbers = counts.and_then(|counts| counts.get(*measure));
                numbers.and_then(|numbers| numbers.get(key.unwrap_or(0))).copied().unwrap_or(Ratio::ZERO)
            }
            Quantity::Add(a, b) => self.quantity(a)?.add(self.quantity(b)?)?,
            Quantity::Subtract(a, b) => self.quantity(a)?.sub(self.quantity(b)?)?,
            Quantity::Multiply(a, b) => self.quantity(a)?.mul(self.quantity(b)?)?,
            Quantity::Divide(a, b) => self.quantity(a)?.div(self.quantity(b)?)?,
        })
    }

    /// A number of a declared event. Its amount is less what was refunded on it, and the parts of the amount shrink with
    /// it.
    fn event_number(&self, event: usize, index: usize) -> Result<Ratio, Fault> {
        let Some(net) = self.order else { return Ok(Ratio::ZERO) };
        let Some(FactValue::Number(number)) = net.order.facts.get(index) else { return Ok(Ratio::ZERO) };
        if net.lines.first().is_none_or(|line| line.units == 0) {
            return Ok(Ratio::ZERO);
        }
        let amount = self.policy.events.get(event).and_then(|kind| kind.amount);
        let fact = self.policy.facts.of(Subject::Event(event)).get(index);
        let part_of = fact.and_then(|fact| fact.part_of).map(|part| part.amount);
        if amount == Some(index) {
            return Ok(net.line_price(0)?);
        }
        let gross = net.gross(0)?;
        match (part_of, amount) {
            (Some(Part::Fact(of)), Some(amount)) if of == amount && !gross.is_zero() => {
                Ok(number.mul(net.line_price(0)?)?.div(gross)?)
            }
            _ => Ok(*number),
        }
    }

    fn clock(&self, part: ClockPart) -> Ratio {
        let local = self.policy.calendar.zone.local(self.at);
        Ratio::whole(match part {
            ClockPart::Time => return time_of_day(local.time()),
            ClockPart::Hour => i64::from(local.hour()),
            ClockPart::Day => i64::from(local.day()),
            ClockPart::Month => i64::from(local.month()),
            ClockPart::Year => i64::from(local.year()),
        })
    }

    fn weekday(&self) -> usize {
        usize::try_from(self.policy.calendar.zone.local(self.at).weekday().to_monday_zero_offset())
            .unwrap_or(0)
    }

    fn level(&self, tier: usize) -> usize {
        self.known.and_then(|known| known.levels.get(tier)).copied().unwrap_or(0)
    }

    fn table(&self, table: &Table) -> Result<Ratio, Fault> {
        self.row(table)?.map_or(Ok(Ratio::ZERO), |number| self.quantity(number))
    }

    /// The row of a table that fits the case.
    fn row<'t, T>(&self, table: &'t Table<T>) -> Result<Option<&'t T>, Fault> {
        let case = match &table.by {
            TableKey::Fact(subject, index) => match self.fact(*subject, *index)? {
                Some(FactValue::Choice(case) | FactValue::Category(case)) => Some(*case),
                Some(FactValue::YesNo(yes)) => Some(usize::from(*yes)),
                _ => None,
            },
            TableKey::Tier(tier) => Some(self.level(*tier)),
            TableKey::Category => self.category,
            TableKey::Weekday => Some(self.weekday()),
            TableKey::Quantity(quantity) => {
                let amount = self.quantity(quantity)?;
                let band = table.bands.iter().rev().find(|(from, _)| *from <= amount);
                return Ok(band.map(|(_, row)| row));
            }
        };
        let row = case.and_then(|case| table.rows.iter().find(|(cases, _)| cases.contains(&case)));
        Ok(row.map(|(_, row)| row).or(table.otherwise.as_deref()))
    }

    /// A moment with its named lengths as they are in this case.
    pub fn moment(&self, moment: &Calendared) -> Result<Moment, Fault> {
        moment.with_lengths(&mut |length| self.length(*length, 0))
    }

    fn length(&self, length: Length, depth: usize) -> Result<Delay, Fault> {
        let Length::Value(id) = length else {
            return Ok(if let Length::Fixed(delay) = length { delay } else { Delay::default() });
        };
        match self.value(id) {
            Some(ValueBody::Duration(delay)) => Ok(*delay),
            // Values that refer to each other in a circle have been reported.
            Some(ValueBody::Durations(table)) if depth < 32 => match self.row(table)? {
                Some(row) => self.length(*row, depth + 1),
                None => Ok(Delay::default()),
            },
            _ => Ok(Delay::default()),
        }
    }

    /// None if the condition holds, else the first part of it that failed.
    pub fn failure(&self, condition: &Condition) -> Result<Option<Failure>, Fault> {
        match &condition.test {
            Test::All(parts) => {
                for part in parts {
                    if let Some(failure) = self.failure(part)? {
                        return Ok(Some(failure));
                    }
                }
                Ok(None)
            }
            Test::Compare { left, op, right, unit } => {
                let (left, right) = (self.quantity(left)?, self.quantity(right)?);
                if holds(left.cmp(&right), *op) {
                    return Ok(None);
                }
                let short_by = self.distance(left, *op, right, *unit)?;
                Ok(Some(Failure { text: condition.text.clone(), short_by }))
            }
            test => {
                let failed = Failure { text: condition.text.clone(), short_by: None };
                Ok((!self.holds(test)?).then_some(failed))
            }
        }
    }

    fn holds(&self, test: &Test) -> Result<bool, Fault> {
        Ok(match test {
            Test::All(parts) => {
                let mut all = true;
                for part in parts {
                    all = all && self.failure(part)?.is_none();
                }
                all
            }
            Test::Any(parts) => {
                let mut any = false;
                for part in parts {
                    any = any || self.failure(part)?.is_none();
                }
                any
            }
            Test::Not(inner) => self.failure(inner)?.is_some(),
            Test::Compare { left, op, right, .. } => {
                holds(self.quantity(left)?.cmp(&self.quantity(right)?), *op)
            }
            Test::OneOf { subject, fact, among } => {
                matches!(self.fact(*subject, *fact)?, Some(FactValue::Choice(choice)) if among.contains(choice))
            }
            Test::TextIn { subject, fact, among } => {
                matches!(self.fact(*subject, *fact)?, Some(FactValue::Text(text)) if among.contains(text))
            }
            Test::CategoryIn { passes } => {
                self.category.and_then(|category| passes.get(category)).copied().unwrap_or(false)
            }
            Test::Level { tier, op, level } => holds(self.level(*tier).cmp(level), *op),
            Test::LevelIn { tier, among } => among.contains(&self.level(*tier)),
            Test::WeekdayIn { among } => among.contains(&self.weekday()),
            Test::Fact { subject, fact } => {
                matches!(self.fact(*subject, *fact)?, Some(FactValue::YesNo(true)))
            }
            Test::Value(id) => matches!(self.value(*id), Some(ValueBody::YesNo(true))),
            Test::Constant(constant) => *constant,
            Test::HasBadge(badge) => self.has_badge(*badge)?,
            Test::Time { left, op, right } => self.time_holds(left, *op, right)?,
        })
    }

    /// True where the badge's version in force shows on the listing in view.
    pub fn has_badge(&self, badge: BadgeId) -> Result<bool, Fault> {
        let Some(version) = self.policy.badges.get(badge).and_then(|badge| badge.at(self.at)) else {
            return Ok(false);
        };
        for condition in &version.body.conditions {
            if self.failure(condition)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// False where one of the two is not known.
    fn time_holds(&self, left: &Point, op: TimeComparison, right: &Point) -> Result<bool, Fault> {
        let (left, right) = (self.extent(left)?, self.extent(right)?);
        Ok(left.zip(right).is_some_and(|(left, right)| match op {
            TimeComparison::Before => left.before(&right),
            TimeComparison::After => right.before(&left),
            TimeComparison::Is => left.day == right.day,
            TimeComparison::IsNot => left.day != right.day,
        }))
    }

    /// What a moment covers; None for a value without a version in force.
    fn extent(&self, point: &Point) -> Result<Option<Extent>, Fault> {
        let calendar = &self.policy.calendar;
        let from = match point.of {
            PointOf::At => Some(CountedFrom::Instant(self.at)),
            PointOf::Day => Some(CountedFrom::Day(calendar.zone.local(self.at).date())),
            PointOf::Fact(subject, fact) => as_date(self.fact(subject, fact)?).map(CountedFrom::Day),
            PointOf::Value(id) => match self.value(id) {
                Some(ValueBody::Date(date)) => Some(CountedFrom::Day(*date)),
                _ => None,
            },
            // The steps hold their own day, and nothing is counted from the instant.
            PointOf::Nothing => Some(CountedFrom::Instant(self.at)),
        };
        let Some(from) = from else { return Ok(None) };
        Ok(Some(self.moment(&point.steps)?.extent(calendar, from)?))
    }

    /// How far a failed comparison was from holding, with its unit.
    fn distance(
        &self,
        left: Ratio,
        op: Comparison,
        right: Ratio,
        unit: Unit,
    ) -> Result<Option<String>, Fault> {
        let short = match op {
            Comparison::AtLeast | Comparison::More => right.sub(left)?,
            Comparison::AtMost | Comparison::Less => left.sub(right)?,
            Comparison::Equal | Comparison::NotEqual => return Ok(None),
        };
        Ok(Some(self.show(short, unit)))
    }

    /// A number with its unit, for people.
    pub fn show(&self, number: Ratio, unit: Unit) -> String {
        match unit {
            Unit::Money => self.policy.currency.format(number),
            Unit::Rate => percent(number),
            Unit::Points => format!("{number} {}", if number == Ratio::ONE { "point" } else { "points" }),
            Unit::Count => number.to_string(),
            Unit::Time => clock(number),
        }
    }
}

/// A fraction in percent: `1.5%`.
pub(crate) fn percent(rate: Ratio) -> String {
    match rate.mul(Ratio::whole(100)) {
        Ok(percent) => match decimal::digits_needed(percent) {
            Some(digits) => format!("{}%", decimal::format(percent, digits)),
            None => format!("{percent}%"),
        },
        Err(Overflow) => rate.to_string(),
    }
}

fn as_date(fact: Option<&FactValue>) -> Option<Date> {
    match fact {
        Some(FactValue::Date(date)) => Some(*date),
        _ => None,
    }
}

fn holds(order: Ordering, op: Comparison) -> bool {
    match op {
        Comparison::Less => order == Ordering::Less,
        Comparison::AtMost => order != Ordering::Greater,
        Comparison::More => order == Ordering::Greater,
        Comparison::AtLeast => order != Ordering::Less,
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
    }
}
