//! What may be said of listings, lines, orders, members and declared events; what earns, and over which stretches of time
//! things are counted.

use super::*;

/// The subjects facts belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) enum Subject {
    Listing,
    Line,
    Order,
    Member,
    /// A declared event.
    Event(EventId),
}

impl Subject {
    /// Those that every policy has.
    pub const BUILT_IN: [Subject; 4] = [Subject::Listing, Subject::Line, Subject::Order, Subject::Member];

    /// The word in the language; for a declared event its kind (its own name is the policy's).
    pub fn word(self) -> &'static str {
        match self {
            Subject::Listing => "listing",
            Subject::Line => "line",
            Subject::Order => "order",
            Subject::Member => "member",
            Subject::Event(_) => "event",
        }
    }
}

/// Declared facts by subject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub listing: IdVec<FactId, Fact>,
    pub line: IdVec<FactId, Fact>,
    pub order: IdVec<FactId, Fact>,
    pub member: IdVec<FactId, Fact>,
    /// Those of declared events.
    pub events: IdVec<EventId, IdVec<FactId, Fact>>,
}

impl Facts {
    /// Those of one subject.
    pub fn of(&self, subject: Subject) -> &IdVec<FactId, Fact> {
        match subject {
            Subject::Listing => &self.listing,
            Subject::Line => &self.line,
            Subject::Order => &self.order,
            Subject::Member => &self.member,
            Subject::Event(event) => &self.events[event],
        }
    }
}

/// A declared fact.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub name: String,
    pub kind: FactType,
    /// Allowed values, both ends included; of the fact's kind (rate as fraction, money in minor units, count).
    pub range: Option<(Ratio, Ratio)>,
    /// `night` of `count night`: for people.
    pub unit: Option<String>,
    /// The amount it belongs to.
    pub part_of: Option<PartOf>,
    pub default: Option<FactValue>,
    pub span: Span,
}

/// `part of AMOUNT` or `beside AMOUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartOf {
    pub amount: Part,
    /// True where the money comes on top of the amount (`beside`), false where it is contained in it.
    pub beside: bool,
}

/// A fact that is part of an amount, or beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) struct PartFact {
    pub subject: Subject,
    pub fact: FactId,
}

/// What a `part of` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `part of price`: on a line, of the price of all its units.
    Price,
    /// `part of total`: on an order, of its total.
    Total,
    /// On a declared event: of another of its money facts.
    Fact(FactId),
}

/// The type of a fact.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FactType {
    Rate,
    /// Whole.
    Count,
    /// Exact, with decimals: litres, miles.
    Quantity,
    Date,
    Text,
    YesNo,
    Money,
    /// A category under this one (a declared event's).
    Category(CategoryId),
    /// The words it may be.
    Choice(Vec<String>),
}

/// The value of a fact in one case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum FactValue {
    /// Rate (fraction), count, or money (minor units).
    Number(Ratio),
    /// A date.
    Date(Date),
    /// A text.
    Text(String),
    /// Yes or no.
    YesNo(bool),
    /// Index into the choice's words.
    Choice(usize),
    /// A category.
    Category(CategoryId),
}

/// A declared kind of event.
#[derive(Clone, Debug)]
pub(crate) struct EventType {
    pub name: String,
    /// Later events about it, in the order declared.
    pub marks: Vec<String>,
    /// The fact that is its category, by which filters go.
    pub category: Option<FactId>,
    /// Its first money fact that is no part of another: what a refund lowers.
    pub amount: Option<FactId>,
}

/// What earns: an order, a declared event, or a stretch of time that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum Occasion {
    Order,
    Event(EventId),
    /// A stretch of time, looked at when it has ended.
    Period(Period),
    /// A stretch of time, looked at whenever something is counted in it.
    Running(Period),
}

impl Occasion {
    /// The stretch of time, where it is one.
    pub fn period(self) -> Option<Period> {
        match self {
            Occasion::Period(period) | Occasion::Running(period) => Some(period),
            Occasion::Order | Occasion::Event(_) => None,
        }
    }
}

/// A stretch of time over which something is counted, around an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum Period {
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Half,
    /// From this day of the month, 1 to 28.
    MonthFrom {
        day: i8,
    },
    /// From this day of the year.
    Year {
        month: i8,
        day: i8,
    },
    /// From the day of the year of a member's date fact.
    YearOfMember(FactId),
    /// So many whole ones before the one around the instant.
    Last {
        count: u32,
        unit: crate::value::moment::CalendarUnit,
    },
    /// The stretch of this length that ends with the instant.
    Rolling(Delay),
    AllTime,
}
