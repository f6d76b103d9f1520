//! Money given back: on lines of an order, on the order as a whole, on its shipping, on a declared event; on the price, or
//! on one part of it.

use super::Reader;
use super::event::{COMMON_FIELDS, named_lines};
use super::fields::Fields;
use super::happening::about_one;
use super::names::Named;
use super::path::Path;
use super::scalar;
use super::value::Node;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::{EventKind, GivenBack, Refund};
use crate::policy::{PartFact, Subject};

/// What a refund of a whole order calls its shipping.
const SHIPPING: &str = "shipping";

impl Reader<'_> {
    /// Money given back on an order.
    pub(super) fn refund(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["order", "lines", "amount", "part", SHIPPING])?;
        let number = fields.required("order", scalar::name)?.to_owned();
        let on_line = |fields: &Fields<'_>| {
            fields.only(&["id", "amount", "part"], &[])?;
            let amount = fields.required("amount", |node, path| self.amount_above_0(node, path))?;
            let subjects = [Subject::Line, Subject::Order];
            let part = fields.optional("part", |node, path| self.part(subjects, node, path))?;
            Ok(GivenBack { amount, part })
        };
        let lines = fields.optional("lines", |node, path| named_lines(node, path, on_line))?;
        let shipping = fields.optional(SHIPPING, |node, path| self.amount_above_0(node, path))?;
        let of_order = self.on_order(fields)?;
        let (order, shipping) = match (of_order, shipping) {
            (Some(OnOrder::Shipping(_)), Some(_)) => {
                let message = "what is given back of the shipping is said twice; keep one";
                return Err(fields.path.field(SHIPPING).refuse(RefusalCode::InvalidValue, message));
            }
            (Some(OnOrder::Shipping(amount)), None) => (None, Some(amount)),
            (Some(OnOrder::Lines(given)), shipping) => (Some(given), shipping),
            (None, shipping) => (None, shipping),
        };
        if lines.is_some() && order.is_some() {
            let message = "`amount` is of the whole order; beside `lines` it has no meaning";
            return Err(fields.path.field("amount").refuse(RefusalCode::InvalidValue, message));
        }
        if lines.is_none() && order.is_none() && shipping.is_none() {
            let message = "`lines` is missing: say on which lines money was given back; on the whole order, give `amount`";
            return Err(fields.path.field("lines").refuse(RefusalCode::MissingField, message));
        }
        Ok(EventKind::Refund(Refund { number, lines: lines.unwrap_or_default(), order, shipping }))
    }

    /// `amount` and `part` of a refund of an order.
    fn on_order(&self, fields: &Fields<'_>) -> Result<Option<OnOrder>, Refusal> {
        let amount = fields.optional("amount", |node, path| self.amount_above_0(node, path))?;
        let part = fields.object.get("part");
        let Some(amount) = amount else {
            return if part.is_some() { Err(fields.missing("amount")) } else { Ok(None) };
        };
        if part.and_then(Node::as_text) == Some(SHIPPING) {
            return Ok(Some(OnOrder::Shipping(amount)));
        }
        let subjects = [Subject::Order, Subject::Line];
        let part = fields.optional("part", |node, path| self.part(subjects, node, path))?;
        Ok(Some(OnOrder::Lines(GivenBack { amount, part })))
    }

    /// A part of an amount, or what stands beside it, by its name: of the first subject that has it.
    fn part(&self, subjects: [Subject; 2], node: &Node, path: &Path<'_>) -> Result<PartFact, Refusal> {
        let parts = subjects.into_iter().flat_map(|subject| {
            let facts = self.policy.facts.of(subject).iter_enumerated();
            let parts = facts.filter(|(_, fact)| fact.part_of.is_some());
            parts.map(move |(id, fact)| (PartFact { subject, fact: id }, fact.name.as_str()))
        });
        let (parts, mut names): (Vec<PartFact>, Vec<&str>) = parts.unzip();
        if subjects.first() == Some(&Subject::Order) {
            names.push(SHIPPING);
        }
        let found = Named::Part.find(&names, scalar::name(node, path)?, path)?;
        parts.get(found).copied().ok_or_else(|| scalar::invalid(path, "must be a part of the price"))
    }

    /// Money given back on a declared event.
    pub(super) fn refund_event(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        about_one(fields, &["order", "lines", SHIPPING])?;
        fields.only(COMMON_FIELDS, &["event", "amount", "part"])?;
        let event = fields.required("event", scalar::name)?.to_owned();
        let amount = fields.required("amount", |node, path| self.amount_above_0(node, path))?;
        let part = fields.optional("part", scalar::name)?.map(str::to_owned);
        Ok(EventKind::RefundEvent { event, amount, part })
    }

    /// Money given back: above 0.
    fn amount_above_0(&self, node: &Node, path: &Path<'_>) -> Result<i64, Refusal> {
        match scalar::money(node, path, self.policy.currency)? {
            0 => Err(scalar::invalid(path, "must be above 0")),
            amount => Ok(amount),
        }
    }
}

/// What `amount` of a refund of an order is for.
enum OnOrder {
    /// Its lines.
    Lines(GivenBack),
    Shipping(i64),
}
