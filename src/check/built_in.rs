//! What every listing, line, order and event has, and the instant of a request.

use super::expr::{Operand, Place, Reader};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Calendared, ClockPart, Point, PointOf, Quantity, Subject, Unit};
use crate::source::Span;
use crate::syntax::ast::Path;

/// The subject of `request.at`.
pub(super) const REQUEST: &str = "request";

/// What can be read of an instant.
pub(super) const TIMES: [&str; 8] = ["at", "date", "weekday", "time", "hour", "day", "month", "year"];

/// What every listing, line and order has.
pub(super) const BUILT_IN: [(Subject, &str); 16] = [
    (Subject::Listing, "category"),
    (Subject::Line, "price"),
    (Subject::Line, "quantity"),
    (Subject::Line, "category"),
    (Subject::Order, "price"),
    (Subject::Order, "total"),
    (Subject::Order, "quantity"),
    (Subject::Order, "points_paid"),
    (Subject::Order, "at"),
    (Subject::Order, "date"),
    (Subject::Order, "weekday"),
    (Subject::Order, "time"),
    (Subject::Order, "hour"),
    (Subject::Order, "day"),
    (Subject::Order, "month"),
    (Subject::Order, "year"),
];

/// What is built in under this name.
pub(super) fn built_in(subject: Subject, name: &str) -> Option<Operand> {
    let clock = |part| Some(Operand::Number(Quantity::Clock(part), Unit::Count));
    Some(match (subject, name) {
        (Subject::Listing | Subject::Line, "category") => Operand::Category(None),
        (Subject::Line, "price") => Operand::Number(Quantity::LinePrice, Unit::Money),
        (Subject::Line, "quantity") => Operand::Number(Quantity::LineUnits, Unit::Count),
        (Subject::Order, "price") => Operand::Number(Quantity::OrderPrice, Unit::Money),
        (Subject::Order, "total") => Operand::Number(Quantity::OrderTotal, Unit::Money),
        (Subject::Order, "quantity") => Operand::Number(Quantity::OrderUnits, Unit::Count),
        (Subject::Order, "points_paid") => Operand::Number(Quantity::OrderPointsPaid, Unit::Points),
        (Subject::Order | Subject::Event(_), "at") => date(PointOf::At),
        (Subject::Order | Subject::Event(_), "date") => date(PointOf::Day),
        (Subject::Order | Subject::Event(_), "weekday") => Operand::Weekday,
        (Subject::Order | Subject::Event(_), "time") => {
            Operand::Number(Quantity::Clock(ClockPart::Time), Unit::Time)
        }
        (Subject::Order | Subject::Event(_), "hour") => return clock(ClockPart::Hour),
        (Subject::Order | Subject::Event(_), "day") => return clock(ClockPart::Day),
        (Subject::Order | Subject::Event(_), "month") => return clock(ClockPart::Month),
        (Subject::Order | Subject::Event(_), "year") => return clock(ClockPart::Year),
        _ => return None,
    })
}

/// A date or instant without steps of the calendar.
pub(super) fn date(of: PointOf) -> Operand {
    Operand::Date(Point { steps: Calendared::Anchor, of })
}

impl Reader<'_, '_> {
    /// `request.at`, `request.weekday`: when a member asks for a move or a reward.
    pub(super) fn request(&self, path: &Path) -> Option<Operand> {
        let name = &path.name.text;
        if !TIMES.contains(&name.as_str()) {
            let message = format!("a request has no `{name}`, only its time");
            let report = Diagnostic::new(Code::UnknownFact, path.name.span, message);
            let known = TIMES.map(|time| format!("{REQUEST}.{time}"));
            self.scope.report(report.with_help(format!("write {}", words::listed(&known, "or"))));
            return None;
        }
        self.may_read_request(&self.scope.text(path.span), path.span)
            .then(|| built_in(Subject::Order, name))
            .flatten()
    }

    /// Reports `request` where nobody asks for anything.
    pub(super) fn may_read_request(&self, path: &str, span: Span) -> bool {
        if matches!(self.place, Place::Request | Place::Table) {
            return true;
        }
        let message = format!("`{path}` is not known here: nobody asks for this");
        let help = match self.place {
            Place::Line | Place::Order | Place::Anchor => {
                format!("write `{}`", path.replacen(REQUEST, "order", 1))
            }
            Place::Event(event) => format!("write `{}`", path.replacen(REQUEST, self.event_name(event), 1)),
            _ => "only moves `on request` and rewards are asked for".to_owned(),
        };
        self.scope.report(Diagnostic::new(Code::BadSubject, span, message).with_help(help));
        false
    }
}
