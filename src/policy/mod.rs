//! The checked policy: plain data, resolved and interned. Names are kept for answers and explanations only;
//! nothing downstream looks anything up by name except the readers of input data.
//!
//! Rules are versioned: a `Versions<T>` holds every dated version of one name, and `Versions::at` gives the one
//! in force at an instant. Money is in minor units, rates are fractions (2 % is 1/50), all exact.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::source::{Source, Span};
use crate::value::choice::{Combine, LevelWhen, Operation, SpendKey, Stage, ThenChoice};
use crate::value::moment::Moment;
use crate::value::moment::{DeadlineEnd, YearDay};
use crate::value::time::LocalTime;
use crate::value::{Calendar, Currency, Delay, Ratio, Rounding};

pub(crate) mod id;
mod facts;
mod value;
mod condition;
mod member;
mod pool;
mod limit;
mod earn;
mod spend;
mod view;
pub(crate) mod reads;

pub(crate) use condition::*;
pub(crate) use earn::*;
pub use facts::FactValue;
pub(crate) use facts::*;
pub(crate) use id::CategorySet;
pub use id::*;
pub(crate) use limit::*;
pub(crate) use member::*;
pub(crate) use pool::*;
pub(crate) use spend::*;
pub(crate) use value::*;
pub use view::*;

/// A policy that has passed every check. Immutable; share it between threads as it is.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The text it came from.
    pub(crate) source: Source,
    /// `sha256:` and 64 hex digits of the text.
    pub(crate) digest: String,
    /// The same of what the text says, whatever its layout.
    pub(crate) meaning_digest: String,
    /// The programme's name.
    pub(crate) name: String,
    /// The programme's label.
    pub(crate) label: String,
    /// What a statement is called.
    pub(crate) statement: String,
    /// The one currency.
    pub(crate) currency: Currency,
    /// Zone and missing days.
    pub(crate) calendar: Calendar,
    /// To which moment deadlines run.
    pub(crate) deadlines: DeadlineEnd,
    /// All categories; a parent stands before its children.
    pub(crate) categories: IdVec<CategoryId, Category>,
    /// Facts by subject, each in the order declared.
    pub(crate) facts: Facts,
    /// Declared kinds of events.
    pub(crate) events: IdVec<EventId, EventType>,
    /// Named values.
    pub(crate) values: IdVec<ValueId, Value>,
    /// Counts and sums per member.
    pub(crate) measures: IdVec<MeasureId, Measure>,
    /// Member levels.
    pub(crate) tiers: IdVec<TierId, Tier>,
    /// The pools, at least one.
    pub(crate) pools: IdVec<PoolId, Pool>,
    /// Earn rules in the order declared.
    pub(crate) earns: IdVec<EarnId, Rule<Earn>>,
    /// The earn rules such that a rule stands after every rule that it reads.
    pub(crate) earn_order: Vec<EarnId>,
    /// Groups of earn rules; a group stands after every group that it contains.
    pub(crate) groups: IdVec<GroupId, Rule<Group>>,
    /// Redeem rules in the order declared.
    pub(crate) redeems: IdVec<RedeemId, Rule<Redeem>>,
    /// Moves between pools, accounts and programmes.
    pub(crate) moves: IdVec<MoveId, Rule<Move>>,
    /// Forbidden operations.
    pub(crate) forbids: IdVec<ForbidId, Rule<Forbid>>,
    /// Badges in the order declared.
    pub(crate) badges: IdVec<BadgeId, Rule<Badge>>,
    /// What counts for limits over several orders.
    pub(crate) limits: IdVec<LimitId, Counter>,
}

impl Policy {
    /// The programme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The programme's label for people.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The currency in which it counts money.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The zone in which it counts days, as the IANA database spells it.
    pub fn zone(&self) -> &str {
        self.calendar.zone.name()
    }

    /// What the programme calls a statement (`My Points`).
    pub fn statement_title(&self) -> &str {
        &self.statement
    }

    /// Points of the first pool in words: `1 star`, `1,200 stars`.
    pub fn count_points(&self, points: i64) -> String {
        self.count_points_in(PoolId::new(0), points)
    }

    /// Points of a pool in words: `1,200 stars`; money where the pool is counted in money.
    pub fn count_points_in(&self, pool: PoolId, points: i64) -> String {
        match self.unit_of(pool) {
            Some(unit) => {
                let plural = if points == 1 { "" } else { "s" };
                format!("{} {unit}{plural}", crate::value::decimal::grouped(points.into()))
            }
            None => self.currency.format(Ratio::whole(points)),
        }
    }

    /// The same of a number that need not be whole, such as what a limit leaves.
    pub(crate) fn count_in(&self, pool: PoolId, number: Ratio) -> String {
        if let (true, Ok(whole)) = (number.fraction().is_zero(), i64::try_from(number.floor())) {
            return self.count_points_in(pool, whole);
        }
        match self.unit_of(pool) {
            Some(unit) => format!("{number} {unit}s"),
            None => self.currency.format(number),
        }
    }

    /// The unit of a pool's points, the same in all its versions; None where they are money.
    /// True for a pool that is counted in money.
    pub(crate) fn counts_money(&self, pool: PoolId) -> bool {
        self.unit_of(pool).is_none()
    }

    fn unit_of(&self, pool: PoolId) -> Option<&str> {
        self.pools[pool].versions.last()?.body.unit.as_deref()
    }

    /// `sha256:` and the hash of the policy's text: the same text, the same digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// `sha256:` and the hash of what the policy says: comments, blanks, line ends and the files that its declarations stand in
    /// change nothing in it. Stored accounts are gone on with under the same.
    pub fn meaning_digest(&self) -> &str {
        &self.meaning_digest
    }

    /// A pool's terms in force.
    pub(crate) fn pool_terms(&self, pool: PoolId, at: Timestamp) -> Option<&PoolTerms> {
        in_force(&self.pools[pool].versions, at).map(|version| &version.body)
    }

    /// A value's version in force.
    pub(crate) fn value_at(&self, id: ValueId, at: Timestamp) -> Option<&ValueBody> {
        in_force(&self.values[id].versions, at).map(|version| &version.body)
    }

    /// A moment whose named lengths go by nothing, with each as it is at an instant.
    pub(crate) fn moment_at(&self, moment: &Calendared, at: Timestamp) -> Result<Moment, NotInForce> {
        moment.with_lengths(&mut |length| match length {
            Length::Fixed(delay) => Ok(*delay),
            Length::Value(id) => match self.value_at(*id, at) {
                Some(ValueBody::Duration(delay)) => Ok(*delay),
                _ => Err(NotInForce(*id)),
            },
        })
    }

    /// The place of each earn rule among all by name, where the order of declarations must not show.
    pub(crate) fn earns_by_name(&self) -> IdVec<EarnId, usize> {
        let mut names: Vec<EarnId> = self.earns.ids().collect();
        names.sort_by(|a, b| self.earns[*a].name.cmp(&self.earns[*b].name));
        let mut places = IdVec::filled(names.len(), 0);
        for (place, id) in names.into_iter().enumerate() {
            places[id] = place;
        }
        places
    }

    /// The counters of a rule that count this.
    pub(crate) fn counters(&self, owner: Owner, counts: Counts) -> impl Iterator<Item = (LimitId, &Counter)> {
        let all = self.limits.iter_enumerated();
        all.filter(move |(_, counter)| counter.owner == owner && counter.counts == counts)
    }

    /// The text the policy came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// An instant as RFC 3339 with the offset of the programme's zone.
    pub fn show_instant(&self, at: Timestamp) -> String {
        self.calendar.zone.format(at)
    }
}

/// Steps of the calendar, with lengths that are written out or named.
pub(crate) type Calendared = Moment<Length>;

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Fixed(Delay),
    /// A value that is a duration, or a table of them.
    Value(ValueId),
}

/// A value that has no version in force. The checker has made sure that one is wherever it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotInForce(pub ValueId);

/// A category of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Category {
    pub name: String,
    pub parent: Option<CategoryId>,
}

/// Half-open window of instants: local midnights of the programme's zone, or other local times where the head says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// The same as written, for messages.
    pub from_date: Option<LocalTime>,
    pub until_date: Option<LocalTime>,
}

impl Window {
    /// True while in force.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// One dated version.
#[derive(Clone, Debug)]
pub(crate) struct Version<T> {
    pub window: Window,
    /// The declaration's label.
    pub label: String,
    /// The doc comment above it: sources and readings.
    pub docs: Vec<String>,
    /// Its head, for citing.
    pub span: Span,
    pub body: T,
}

/// Everything declared under one rule name.
#[derive(Clone, Debug)]
pub(crate) struct Rule<T> {
    pub name: String,
    /// In order of time, never overlapping.
    pub versions: Vec<Version<T>>,
}

impl<T> Rule<T> {
    /// The version in force.
    pub fn at(&self, at: Timestamp) -> Option<&Version<T>> {
        in_force(&self.versions, at)
    }
}

fn in_force<T>(versions: &[Version<T>], at: Timestamp) -> Option<&Version<T>> {
    // They stand in the order of time, and only the last that has begun may not be over.
    let begun = versions.partition_point(|version| version.window.from.is_none_or(|from| from <= at));
    let last = begun.checked_sub(1).and_then(|last| versions.get(last));
    last.filter(|version| version.window.contains(at))
}
