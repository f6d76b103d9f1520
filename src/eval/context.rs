//! The case at hand, and what a policy's quantities and conditions say of it. This is the reference meaning:
//! it walks the checked policy as it stands, with exact fractions.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::net::Net;
use super::order::{Known, MemberFacts};
use crate::policy::{
    BadgeId, Calendared, CategoryId, CategorySet, ClockPart, Comparison, Condition, EventId, FactId,
    FactType, FactValue, IdVec, Length, NotInForce, Part, PartFact, Point, PointOf, Policy, PoolId,
    PoolTerms, Quantity, Subject, Table, TableKey, Test, TierId, TimeComparison, Unit, ValueBody, ValueId,
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
    MissingMember(FactId),
    /// A rule reads this value, which has no version in force.
    NotInForce(ValueId),
    /// A rule is about points of this pool, which has no terms in force.
    NoTerms(PoolId),
    /// A rule reads a table by category, and what is bought or shown has none.
    NoCategory,
    /// A rule reads what is not in view. The checker lets no rule do so.
    NotInView,
}

impl From<NotInForce> for Fault {
    fn from(NotInForce(value): NotInForce) -> Fault {
        Fault::NotInForce(value)
    }
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
    pub member: &'a MemberFacts,
    /// Levels and measures as the order or event reads them.
    pub known: &'a Known,
    pub order: Option<&'a Net<'a>>,
    /// Index of the line in view.
    pub line: Option<usize>,
    pub listing: Option<&'a IdVec<FactId, FactValue>>,
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
            listing: line.map(|line| &line.listing),
            category: line.and_then(|line| line.category),
            ..self
        }
    }

    /// The order or event in view.
    fn net(&self) -> Result<&'a Net<'a>, Fault> {
        self.order.ok_or(Fault::NotInView)
    }

    /// The order in view, and which of its lines.
    fn line(&self) -> Result<(&'a Net<'a>, usize), Fault> {
        self.order.zip(self.line).ok_or(Fault::NotInView)
    }

    fn fact(&self, subject: Subject, fact: FactId) -> Result<&'a FactValue, Fault> {
        let value = match subject {
            Subject::Listing => self.listing.and_then(|facts| facts.try_get(fact)),
            Subject::Order | Subject::Event(_) => self.net()?.order.fact(subject, fact),
            Subject::Line => {
                let (net, line) = self.line()?;
                net.order.lines.get(line).and_then(|line| line.facts.try_get(fact))
            }
            Subject::Member => {
                let value = self.member.0.try_get(fact).and_then(Option::as_ref);
                return value.ok_or(Fault::MissingMember(fact));
            }
        };
        value.ok_or(Fault::NotInView)
    }

    /// A fact that is a number.
    fn number(&self, subject: Subject, fact: FactId) -> Result<Ratio, Fault> {
        match self.fact(subject, fact)? {
            FactValue::Number(number) => Ok(*number),
            _ => Err(Fault::NotInView),
        }
    }

    /// A value as it is in force.
    pub fn value(&self, id: ValueId) -> Result<&'a ValueBody, Fault> {
        self.policy.value_at(id, self.at).ok_or(Fault::NotInForce(id))
    }

    /// A pool's terms in force.
    pub fn terms(&self, pool: PoolId) -> Result<&'a PoolTerms, Fault> {
        self.policy.pool_terms(pool, self.at).ok_or(Fault::NoTerms(pool))
    }

    /// The number a quantity stands for: money in minor units, rates as fractions.
    pub fn quantity(&self, quantity: &Quantity) -> Result<Ratio, Fault> {
        Ok(match quantity {
            Quantity::Constant(ratio) => *ratio,
            Quantity::Value(id) => match self.value(*id)? {
                ValueBody::Number(ratio) => *ratio,
                ValueBody::Table(table) => self.table(table)?,
                _ => return Err(Fault::NotInForce(*id)),
            },
            Quantity::Fact(Subject::Event(event), fact) => self.event_number(*event, *fact)?,
            Quantity::Fact(Subject::Line, fact) => self.line_number(*fact)?,
            Quantity::Fact(Subject::Order, fact) => self.order_number(*fact)?,
            Quantity::Fact(subject, fact) => self.number(*subject, *fact)?,
            Quantity::LinePrice => {
                let (net, line) = self.line()?;
                net.line_price(line)?
            }
            Quantity::LineUnits => {
                let (net, line) = self.line()?;
                Ratio::whole(net.units(line))
            }
            Quantity::OrderPrice => self.net()?.order_price()?,
            Quantity::OrderTotal => self.net()?.order_total()?,
            Quantity::OrderUnits => self.net()?.order_quantity()?,
            Quantity::OrderPointsPaid => Ratio::whole(self.net()?.points_paid()?),
            Quantity::OrderPriceFor(passes) => self.net()?.price_for(passes)?,
            Quantity::OrderUnitsFor(passes) => self.net()?.units_for(passes)?,
            Quantity::Worth(pool) => self.worth(*pool)?,
            Quantity::Clock(part) => self.clock(*part),
            Quantity::Measure { measure, key, in_all } => {
                let counts = if *in_all { &self.known.in_all } else { &self.known.so_far };
                *counts[*measure].get(key.unwrap_or(0)).ok_or(Fault::NotInView)?
            }
            Quantity::Add(a, b) => self.quantity(a)?.add(self.quantity(b)?)?,
            Quantity::Subtract(a, b) => self.quantity(a)?.sub(self.quantity(b)?)?,
            Quantity::Multiply(a, b) => self.quantity(a)?.mul(self.quantity(b)?)?,
            Quantity::Divide(a, b) => self.quantity(a)?.div(self.quantity(b)?)?,
        })
    }

    /// What one point of a pool is worth, in minor units; 1 where that is not said.
    pub fn worth(&self, pool: PoolId) -> Result<Ratio, Fault> {
        Ok(self.terms(pool)?.worth.unwrap_or(Ratio::ONE))
    }

    /// A number of a declared event. Its amount is less what was refunded on it, and the parts of the amount shrink with
    /// it.
    fn event_number(&self, event: EventId, fact: FactId) -> Result<Ratio, Fault> {
        let number = self.number(Subject::Event(event), fact)?;
        let net = self.net()?;
        if !net.stands(0) {
            return Ok(Ratio::ZERO);
        }
        let Some(amount) = self.policy.events[event].amount else { return Ok(number) };
        if fact == amount {
            return Ok(net.line_price(0)?);
        }
        let subject = Subject::Event(event);
        match self.policy.facts.of(subject)[fact].part_of {
            Some(part) if part.amount == Part::Fact(amount) => Ok(net.part(0, PartFact { subject, fact })?),
            _ => Ok(number),
        }
    }

    /// A number of a line. A quantity is of all its units, and goes with them; a part of the price shrinks with it.
    fn line_number(&self, fact: FactId) -> Result<Ratio, Fault> {
        let subject = Subject::Line;
        let number = self.number(subject, fact)?;
        let (net, line) = self.line()?;
        let declared = &self.policy.facts.of(subject)[fact];
        match declared.kind {
            FactType::Money if declared.part_of.is_some() => Ok(net.part(line, PartFact { subject, fact })?),
            FactType::Money | FactType::Count | FactType::Quantity => Ok(net.of_units(line, number)?),
            _ => Ok(number),
        }
    }

    /// A number of the order. What is part of its total, or beside it, is what its lines still have of it.
    fn order_number(&self, fact: FactId) -> Result<Ratio, Fault> {
        let subject = Subject::Order;
        let number = self.number(subject, fact)?;
        if self.policy.facts.of(subject)[fact].part_of.is_none() {
            return Ok(number);
        }
        let (net, part) = (self.net()?, PartFact { subject, fact });
        let mut sum = net.shipping_part(part)?;
        for index in 0..net.lines.len() {
            sum = sum.add(net.part(index, part)?)?;
        }
        Ok(sum)
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

    fn level(&self, tier: TierId) -> usize {
        self.known.levels[tier]
    }

    /// True where the category in view is one of these.
    pub fn is_in(&self, categories: &CategorySet) -> bool {
        self.category.is_some_and(|category| categories.contains(category))
    }

    fn table(&self, table: &Table) -> Result<Ratio, Fault> {
        self.quantity(self.row(table)?)
    }

    /// The row of a table that fits the case: the checker has made sure that there is one for each.
    fn row<'t, T>(&self, table: &'t Table<T>) -> Result<&'t T, Fault> {
        let case = match &table.by {
            TableKey::Fact(subject, fact) => match self.fact(*subject, *fact)? {
                FactValue::Choice(case) => Ok(*case),
                FactValue::Category(category) => Ok(category.index()),
                FactValue::YesNo(yes) => Ok(usize::from(*yes)),
                _ => Err(Fault::NotInView),
            },
            TableKey::Tier(tier) => Ok(self.level(*tier)),
            TableKey::Category => self.category.map(CategoryId::index).ok_or(Fault::NoCategory),
            TableKey::Weekday => Ok(self.weekday()),
            TableKey::Quantity(quantity) => {
                let amount = self.quantity(quantity)?;
                let band = table.bands.iter().rev().find(|(from, _)| *from <= amount);
                return band.map(|(_, row)| row).ok_or(Fault::NotInView);
            }
        };
        // What has no category is one of the others, where the table has a row for them.
        let otherwise = table.otherwise.as_deref();
        let case = match case {
            Ok(case) => case,
            Err(fault) => return otherwise.ok_or(fault),
        };
        let row = table.rows.iter().find(|(cases, _)| cases.contains(&case)).map(|(_, row)| row);
        row.or(otherwise).ok_or(Fault::NotInView)
    }

    /// A moment with its named lengths as they are in this case.
    pub fn moment(&self, moment: &Calendared) -> Result<Moment, Fault> {
        moment.with_lengths(&mut |length| self.length(*length, 0))
    }

    fn length(&self, length: Length, depth: usize) -> Result<Delay, Fault> {
        let id = match length {
            Length::Fixed(delay) => return Ok(delay),
            Length::Value(id) => id,
        };
        match self.value(id)? {
            ValueBody::Duration(delay) => Ok(*delay),
            // Values that refer to each other in a circle have been reported.
            ValueBody::Durations(table) if depth < 32 => self.length(*self.row(table)?, depth + 1),
            _ => Err(Fault::NotInForce(id)),
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
                matches!(self.fact(*subject, *fact)?, FactValue::Choice(choice) if among.contains(choice))
            }
            Test::TextIn { subject, fact, among } => {
                matches!(self.fact(*subject, *fact)?, FactValue::Text(text) if among.contains(text))
            }
            Test::CategoryIn { passes } => self.is_in(passes),
            Test::Level { tier, op, level } => holds(self.level(*tier).cmp(level), *op),
            Test::LevelIn { tier, among } => among.contains(&self.level(*tier)),
            Test::WeekdayIn { among } => among.contains(&self.weekday()),
            Test::Fact { subject, fact } => {
                matches!(self.fact(*subject, *fact)?, FactValue::YesNo(true))
            }
            Test::Value(id) => matches!(self.value(*id)?, ValueBody::YesNo(true)),
            Test::Constant(constant) => *constant,
            Test::HasBadge(badge) => self.has_badge(*badge)?,
            Test::Time { left, op, right } => self.time_holds(left, *op, right)?,
        })
    }

    /// True where the badge's version in force shows on the listing in view.
    pub fn has_badge(&self, badge: BadgeId) -> Result<bool, Fault> {
        let Some(version) = self.policy.badges[badge].at(self.at) else { return Ok(false) };
        for condition in &version.body.conditions {
            if self.failure(condition)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn time_holds(&self, left: &Point, op: TimeComparison, right: &Point) -> Result<bool, Fault> {
        let (left, right) = (self.extent(left)?, self.extent(right)?);
        Ok(match op {
            TimeComparison::Before => left.before(&right),
            TimeComparison::After => right.before(&left),
            TimeComparison::Is => left.day == right.day,
            TimeComparison::IsNot => left.day != right.day,
        })
    }

    /// What a moment covers.
    fn extent(&self, point: &Point) -> Result<Extent, Fault> {
        let calendar = &self.policy.calendar;
        let from = match point.of {
            PointOf::At => CountedFrom::Instant(self.at),
            PointOf::Day => CountedFrom::Day(calendar.zone.local(self.at).date()),
            PointOf::Fact(subject, fact) => match self.fact(subject, fact)? {
                FactValue::Date(date) => CountedFrom::Day(*date),
                _ => return Err(Fault::NotInView),
            },
            PointOf::Value(id) => match self.value(id)? {
                ValueBody::Date(date) => CountedFrom::Day(*date),
                _ => return Err(Fault::NotInForce(id)),
            },
            // The steps hold their own day, and nothing is counted from the instant.
            PointOf::Nothing => CountedFrom::Instant(self.at),
        };
        Ok(self.moment(&point.steps)?.extent(calendar, from)?)
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
