//! What the parts of a checked policy read: named values, levels, measures, the member's facts, other rules. There is one
//! visitor, for the checker (circles, waits) and for the run time (which orders are tied, what an explanation shows), so
//! that nobody overlooks what somebody else sees.

use std::collections::BTreeSet;

use super::*;

/// Where the versions of named values stand: in a policy, or while one is being checked.
pub(crate) trait Values {
    /// All versions of a value; none where it is not sound.
    fn versions(&self, id: ValueId) -> &[Version<ValueBody>];
}

impl Values for Policy {
    fn versions(&self, id: ValueId) -> &[Version<ValueBody>] {
        &self.values[id].versions
    }
}

/// A reading of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MeasureRead {
    pub measure: MeasureId,
    /// Index of the choice.
    pub key: Option<usize>,
    pub in_all: bool,
}

/// Something that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Value(ValueId),
    Tier(TierId),
    Measure(MeasureRead),
    /// A fact of the member.
    Member(FactId),
    /// What another rule gives, at a stage.
    Rule(Stage, EarnId),
}

/// One thing read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub what: Source,
    /// The value by way of which it is read: the one that is named where the reading begins.
    pub by_way_of: Option<ValueId>,
}

/// Collects what is read, each once, in the order met.
pub(crate) struct Reads<'p> {
    values: &'p dyn Values,
    /// Values are read as they are then; else in all their versions.
    at: Option<Timestamp>,
    /// The value that is being looked through.
    by_way_of: Option<ValueId>,
    /// Values looked through already, in the part that is being looked at.
    seen: BTreeSet<ValueId>,
    found: Vec<Read>,
}

impl<'p> Reads<'p> {
    /// Nothing read yet. By way of values everything is read that any of their versions reads.
    pub fn ever(values: &'p dyn Values) -> Reads<'p> {
        Reads { values, at: None, by_way_of: None, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// Nothing read yet. Values are as at an instant.
    pub fn at(values: &'p dyn Values, at: Timestamp) -> Reads<'p> {
        Reads { at: Some(at), ..Reads::ever(values) }
    }

    /// All of it.
    pub fn list(&self) -> &[Read] {
        &self.found
    }

    /// The named values.
    pub fn values(&self) -> impl Iterator<Item = ValueId> {
        self.found.iter().filter_map(|read| if let Source::Value(id) = read.what { Some(id) } else { None })
    }

    /// The tiers whose level is read.
    pub fn tiers(&self) -> impl Iterator<Item = TierId> {
        self.found.iter().filter_map(|read| if let Source::Tier(id) = read.what { Some(id) } else { None })
    }

    /// The measures, by whatever way.
    pub fn measures(&self) -> impl Iterator<Item = MeasureRead> {
        self.found
            .iter()
            .filter_map(|read| if let Source::Measure(one) = read.what { Some(one) } else { None })
    }

    /// The measures that are read over their whole period.
    pub fn in_all(&self) -> impl Iterator<Item = MeasureId> {
        self.measures().filter(|read| read.in_all).map(|read| read.measure)
    }

    fn note(&mut self, what: Source) {
        let already = |read: &Read| read.what == what;
        if !self.found.iter().any(already) {
            self.found.push(Read { what, by_way_of: self.by_way_of });
        }
    }
}

/// The parts of rules.
impl Reads<'_> {
    /// A version of an earn rule: how many points it gives.
    pub fn earn(&mut self, earn: &Earn) {
        self.before_limits(earn);
        self.limits(&earn.limits);
    }

    /// The same as far as its limits of points, which `exact` and `rounded` do not look at.
    pub fn before_limits(&mut self, earn: &Earn) {
        match &earn.amount {
            Amount::Share { rate, base } => {
                self.quantity(rate);
                self.base(base);
            }
            Amount::Per { points, step, base, .. } => {
                self.quantity(points);
                self.quantity(step);
                self.base(base);
            }
            Amount::OfRule { factor, stage, rule } => {
                self.quantity(factor);
                self.note(Source::Rule(*stage, *rule));
            }
            Amount::Fixed { points } => self.quantity(points),
        }
        self.conditions(&earn.conditions);
        self.limits(&earn.first);
    }

    /// A version of an earn rule: when its points become available and die, where it says so itself.
    pub fn clocks(&mut self, earn: &Earn) {
        earn.pending.iter().for_each(|(pending, _)| self.pending(pending));
        if let Some((LotExpiry::After { at, .. }, _)) = &earn.lot_expiry {
            self.moment(at);
        }
    }

    /// When points become available.
    pub fn pending(&mut self, pending: &Pending) {
        if let Pending::Until { from, by, .. } = pending {
            self.moment(from);
            self.moment(by);
        }
    }

    /// Limits of points or of rewards: a rule's, or a group's.
    pub fn limits(&mut self, limits: &[Limit]) {
        limits.iter().for_each(|limit| self.quantity(&limit.amount));
    }

    /// What a measure counts, and on which condition.
    pub fn counting(&mut self, counting: &Counting) {
        match &counting.what {
            Counted::Amount(quantity) => self.quantity(quantity),
            Counted::Base(base) => self.base(base),
            Counted::Rule(stage, rule) => self.note(Source::Rule(*stage, *rule)),
            Counted::Different(Some((Subject::Member, fact))) => self.note(Source::Member(*fact)),
            Counted::Different(_) => {}
        }
        self.conditions(&counting.conditions);
    }

    /// A version of a redeem rule.
    pub fn redeem(&mut self, redeem: &Redeem) {
        if let Some(pays) = &redeem.pays {
            self.quantity(&pays.money);
            if let Some(by) = &pays.by {
                self.quantity(&by.of);
                by.first.iter().for_each(|first| self.quantity(first));
            }
        }
        for reward in &redeem.rewards {
            if let Price::Points(points) = &reward.price {
                self.quantity(points);
            }
        }
        redeem.at_least.iter().for_each(|least| self.quantity(least));
        self.limits(&redeem.limits);
        self.limits(&redeem.counts);
        redeem.shares.iter().for_each(|(rate, _)| self.quantity(rate));
        self.conditions(&redeem.conditions);
    }

    /// A version of a move.
    pub fn movement(&mut self, movement: &Move) {
        self.limits(&movement.limits);
        movement.gives.iter().for_each(|(amount, ..)| self.quantity(amount));
        self.conditions(&movement.conditions);
    }

    /// Conditions, all or some of which must hold.
    pub fn conditions(&mut self, conditions: &[Condition]) {
        conditions.iter().for_each(|condition| self.condition(condition));
    }

    /// One condition.
    pub fn condition(&mut self, condition: &Condition) {
        match &condition.test {
            Test::All(parts) | Test::Any(parts) => self.conditions(parts),
            Test::Not(inner) => self.condition(inner),
            Test::Compare { left, right, .. } => {
                self.quantity(left);
                self.quantity(right);
            }
            Test::Time { left, right, .. } => {
                self.point(left);
                self.point(right);
            }
            Test::Level { tier, .. } | Test::LevelIn { tier, .. } => self.note(Source::Tier(*tier)),
            Test::Value(id) => self.value(*id),
            Test::OneOf { subject, fact, .. }
            | Test::TextIn { subject, fact, .. }
            | Test::Fact { subject, fact } => self.fact(*subject, *fact),
            // A badge goes by its listing alone.
            Test::HasBadge(_) | Test::CategoryIn { .. } | Test::WeekdayIn { .. } | Test::Constant(_) => {}
        }
    }

    /// A number.
    pub fn quantity(&mut self, quantity: &Quantity) {
        match quantity {
            Quantity::Measure { measure, key, in_all } => {
                self.note(Source::Measure(MeasureRead { measure: *measure, key: *key, in_all: *in_all }));
            }
            Quantity::Add(a, b)
            | Quantity::Subtract(a, b)
            | Quantity::Multiply(a, b)
            | Quantity::Divide(a, b) => {
                self.quantity(a);
                self.quantity(b);
            }
            Quantity::Value(id) => self.value(*id),
            Quantity::Fact(subject, fact) => self.fact(*subject, *fact),
            Quantity::Constant(_)
            | Quantity::LinePrice
            | Quantity::LineUnits
            | Quantity::OrderPrice
            | Quantity::OrderTotal
            | Quantity::OrderUnits
            | Quantity::OrderPointsPaid
            | Quantity::OrderPriceFor(_)
            | Quantity::OrderUnitsFor(_)
            | Quantity::Worth(_)
            | Quantity::Clock(_) => {}
        }
    }

    /// The lengths in a moment: of a wait, or of a condition.
    pub fn moment(&mut self, moment: &Calendared) {
        let Ok(_) = moment.with_lengths(&mut |length| {
            self.length(*length);
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// A length of time.
    pub fn length(&mut self, length: Length) {
        if let Length::Value(id) = length {
            self.value(id);
        }
    }

    fn point(&mut self, point: &Point) {
        self.moment(&point.steps);
        match point.of {
            PointOf::Fact(subject, fact) => self.fact(subject, fact),
            PointOf::Value(id) => self.value(id),
            PointOf::At | PointOf::Day | PointOf::Nothing => {}
        }
    }

    fn fact(&mut self, subject: Subject, fact: FactId) {
        if subject == Subject::Member {
            self.note(Source::Member(fact));
        }
    }

    fn base(&mut self, base: &Base) {
        base.beyond.iter().for_each(|beyond| self.quantity(beyond));
        match &base.of {
            BaseOf::Measure(measure, key) => {
                self.note(Source::Measure(MeasureRead { measure: *measure, key: *key, in_all: true }));
            }
            BaseOf::Number(quantity) => self.quantity(quantity),
            BaseOf::LinePrice | BaseOf::OrderPrice | BaseOf::OrderTotal | BaseOf::EventFact(..) => {}
        }
    }

    fn value(&mut self, id: ValueId) {
        self.note(Source::Value(id));
        if !self.seen.insert(id) {
            return;
        }
        let outer = self.by_way_of;
        self.by_way_of = outer.or(Some(id));
        let (values, at) = (self.values, self.at);
        for version in values.versions(id).iter().filter(|one| at.is_none_or(|at| one.window.contains(at))) {
            match &version.body {
                ValueBody::Table(table) => self.table(table, Reads::quantity),
                ValueBody::Durations(table) => self.table(table, |reads, length| reads.length(*length)),
                ValueBody::Number(_)
                | ValueBody::Date(_)
                | ValueBody::YesNo(_)
                | ValueBody::Categories(_)
                | ValueBody::Choices(_)
                | ValueBody::Duration(_) => {}
            }
        }
        self.by_way_of = outer;
    }

    fn table<T>(&mut self, table: &Table<T>, row: fn(&mut Self, &T)) {
        match &table.by {
            TableKey::Quantity(quantity) => self.quantity(quantity),
            TableKey::Tier(tier) => self.note(Source::Tier(*tier)),
            TableKey::Fact(subject, fact) => self.fact(*subject, *fact),
            TableKey::Category | TableKey::Weekday => {}
        }
        table.rows.iter().for_each(|(_, one)| row(self, one));
        table.bands.iter().for_each(|(_, one)| row(self, one));
        table.otherwise.iter().for_each(|one| row(self, one));
    }
}
