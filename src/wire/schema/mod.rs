//! The schema of data: which events there are and which fields each has, for one policy. One table drives how events
//! are read, what is proposed for a misspelt field, how a bad event is compared with its copies, the published JSON
//! Schema, and the page of events in `docs`.
//!
//! ```text
//! table (built in) + policy (facts, declared events) → Schema → reading, content, JSON Schema, page
//! ```

mod build;
mod published;
mod table;

pub use published::EventSchema;

use super::names::Named;
use super::path::{Path, shown};
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{EventId, FactId, IdVec, RedeemId, Subject};

/// Every object that data may hold.
#[derive(Debug)]
pub(super) struct Schema<'p> {
    /// Events, built in and declared; what cancels or refunds a declared event stands right after what does so to an
    /// order.
    pub events: Vec<Shape<'p>>,
    /// What every event has: all that can be told of one whose type is unknown.
    pub any_event: Shape<'p>,
    /// A line of an order.
    pub line: Shape<'p>,
    /// A line that ships, is cancelled or returned.
    pub moved: Shape<'p>,
    /// A line that money is given back on.
    pub refunded: Shape<'p>,
    /// Points to pay with, by redeem rule.
    pub redeem: Shape<'p>,
    /// An order that a case asks about.
    pub asked_order: Shape<'p>,
    /// Declared events that a case asks about.
    pub asked_events: IdVec<EventId, Shape<'p>>,
    /// A listing that a case asks about.
    pub asked_listing: Shape<'p>,
}

/// An object: which fields it has, in the order in which they are read.
#[derive(Debug)]
pub(super) struct Shape<'p> {
    /// The type of an event, as data spells it.
    pub name: &'p str,
    /// For messages: `an event`.
    pub what: &'static str,
    /// What is made of it.
    pub makes: Makes,
    pub fields: Vec<Field<'p>>,
    /// For the page of events.
    pub about: &'p str,
    /// Fields of orders, which mean nothing here.
    pub not_here: &'static [&'static str],
}

/// What an object is made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Makes {
    Order,
    Ship,
    Cancel,
    CancelEvent,
    Return,
    Refund,
    RefundEvent,
    Grant,
    Adjust,
    Opening,
    Transfer,
    Convert,
    Reward,
    CashOut,
    Member,
    Mark,
    Declared(EventId),
    /// A line of an order.
    OrderLine,
    /// No event: what another line, a listing or an order that is asked about is.
    Part,
    /// Points by redeem rule: its fields are rules.
    Payment,
}

/// A field.
#[derive(Clone, Debug)]
pub(super) struct Field<'p> {
    pub name: &'p str,
    pub kind: Kind,
    pub need: Need,
    /// For the page of events.
    pub about: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// With what is said where it is missing.
    Required(String),
    Optional,
    /// What its absence says, in the spelling of [`content`](super::content).
    Default(String),
}

/// How a field is read, and what it is of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Type,
    At,
    Account,
    /// Read by nobody.
    Note,
    /// An order's number.
    OrderNumber,
    /// The id of the event that this one is about.
    AboutEvent,
    OrderLines,
    MovedLines,
    RefundedLines,
    Currency,
    /// Also the order's fact of this name, where the policy declares one.
    Shipping(Option<FactId>),
    Coupons,
    Redeem,
    /// Points by a redeem rule.
    RedeemBy(RedeemId),
    Honoured,
    Sku,
    Category,
    Price,
    Quantity,
    Tax,
    Discount,
    /// Money given back.
    Amount,
    ShippingBack,
    /// What of it, where not all.
    PartOfLine,
    PartOfOrder,
    PartOfEvent,
    Pool,
    Points,
    /// Points that may be below 0, but not 0.
    Correction,
    ExpiresAt,
    Reason,
    ToAccount,
    ToProgram,
    Move,
    Reward,
    Mark,
    /// A fact that the policy declares.
    Fact(Subject, FactId),
}

impl<'p> Schema<'p> {
    /// The event called `name`; `about_event` chooses where cancels and refunds of orders and of declared events part.
    pub fn event(&self, name: &str, about_event: bool) -> Option<&Shape<'p>> {
        let mut named = self.events.iter().filter(|shape| shape.name == name);
        let first = named.next()?;
        named.next().filter(|_| about_event).or(Some(first))
    }

    /// True for a type that is read in two ways.
    pub fn parts(&self, name: &str) -> bool {
        self.events.iter().filter(|shape| shape.name == name).nth(1).is_some()
    }

    /// The names of the types, each once.
    pub fn types(&self) -> impl Iterator<Item = &'p str> {
        let of_events = |shape: &&Shape<'_>| !matches!(shape.makes, Makes::CancelEvent | Makes::RefundEvent);
        self.events.iter().filter(of_events).map(|shape| shape.name)
    }
}

impl<'p> Shape<'p> {
    /// The field called `name`.
    pub fn find(&self, name: &str) -> Option<&Field<'p>> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The same, with its place; `likely` is where it is looked for first, as fields mostly come in one order.
    pub fn find_from(&self, likely: usize, name: &str) -> Option<(usize, &Field<'p>)> {
        match self.fields.get(likely) {
            Some(field) if field.name == name => Some((likely, field)),
            _ => self.fields.iter().enumerate().find(|(_, field)| field.name == name),
        }
    }

    /// The refusal of a field that is not one here, with the nearest that is and has not been `given`.
    pub fn unknown(&self, name: &str, given: impl Fn(&str) -> bool, path: &Path<'_>) -> Refusal {
        if let Some(other) = self.not_here.iter().find(|other| **other == name || given(other)) {
            let message = format!("`{other}` is about an order; beside `event` it has no meaning");
            return path.field(other).refuse(RefusalCode::InvalidValue, message);
        }
        if self.makes == Makes::Payment {
            let rules: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
            return Named::Redeem.unknown(&rules, name, &path.field(name));
        }
        let absent = self.fields.iter().map(|field| field.name).filter(|name| !given(name));
        let help = match suggest::nearest(name, absent) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let message = format!("`{}` is not a field here{help}", shown(name));
        path.field(name).refuse(RefusalCode::UnknownField, message)
    }
}

impl Field<'_> {
    /// Refuses the absence of a field that must be there.
    pub fn may_be_absent(&self, path: &Path<'_>) -> Result<(), Refusal> {
        match &self.need {
            Need::Required(missing) => {
                Err(path.field(self.name).refuse(RefusalCode::MissingField, missing.as_str()))
            }
            Need::Optional | Need::Default(_) => Ok(()),
        }
    }
}
