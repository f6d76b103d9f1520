//! Money given back: on lines of an order, on the order as a whole, on its shipping, on a declared event; on the price, or
//! on one part of it.

use super::Reader;
use super::cursor::Scalar;
use super::names::Named;
use super::order::absent;
use super::path::Path;
use super::record::Record;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::{EventKind, GivenBack, Refund};
use crate::policy::{PartFact, Subject};

/// What a refund of a whole order calls its shipping.
const SHIPPING: &str = "shipping";

type Read<T> = Result<T, Refusal>;

/// What money is given back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenOn {
    /// A part of the price, or what stands beside it.
    Part(PartFact),
    Shipping,
}

impl Reader<'_> {
    /// A part of what a line cost, or of what its order did.
    pub(super) fn part_of_line(&self, said: Scalar<'_>, path: &Path<'_>) -> Read<GivenOn> {
        self.part([Subject::Line, Subject::Order], &[], said, path)
    }

    /// A part of what an order cost.
    pub(super) fn part_of_order(&self, said: Scalar<'_>, path: &Path<'_>) -> Read<GivenOn> {
        self.part([Subject::Order, Subject::Line], &[SHIPPING], said, path)
    }

    /// A part by its name: of the first subject that has it, or one of the `others`.
    fn part(
        &self,
        subjects: [Subject; 2],
        others: &[&str],
        said: Scalar<'_>,
        path: &Path<'_>,
    ) -> Read<GivenOn> {
        let parts = subjects.into_iter().flat_map(|subject| {
            let facts = self.policy.facts.of(subject).iter_enumerated();
            let parts = facts.filter(|(_, fact)| fact.part_of.is_some());
            parts.map(move |(id, fact)| (PartFact { subject, fact: id }, fact.name.as_str()))
        });
        let (parts, mut names): (Vec<PartFact>, Vec<&str>) = parts.unzip();
        names.extend(others);
        let (place, _) = Named::Part.find(names.into_iter(), said, path)?;
        Ok(parts.get(place).copied().map_or(GivenOn::Shipping, GivenOn::Part))
    }
}

impl GivenOn {
    fn fact(self) -> Option<PartFact> {
        match self {
            GivenOn::Part(fact) => Some(fact),
            GivenOn::Shipping => None,
        }
    }
}

/// Money given back on an order.
pub(super) fn refund(record: Record<'_>) -> Read<EventKind> {
    let root = Path::ROOT;
    let number = record.order.ok_or_else(|| absent("order", &root))?.into_owned();
    if record.part.is_some() && record.amount.is_none() {
        return Err(absent("amount", &root));
    }
    let mut lines = Vec::new();
    for line in record.named.iter().flatten() {
        let amount = line.amount.ok_or_else(|| absent("amount", &root))?;
        lines.push((line.id.clone(), GivenBack { amount, part: line.part.and_then(GivenOn::fact) }));
    }
    let (order, shipping) = match (record.amount, record.part, record.shipping) {
        (Some(_), Some(GivenOn::Shipping), Some(_)) => {
            let message = "what is given back of the shipping is said twice; keep one";
            return Err(root.field(SHIPPING).refuse(RefusalCode::InvalidValue, message));
        }
        (Some(amount), Some(GivenOn::Shipping), None) => (None, Some(amount)),
        (Some(amount), part, shipping) => {
            (Some(GivenBack { amount, part: part.and_then(GivenOn::fact) }), shipping)
        }
        (None, _, shipping) => (None, shipping),
    };
    if record.named.is_some() && order.is_some() {
        let message = "`amount` is of the whole order; beside `lines` it has no meaning";
        return Err(root.field("amount").refuse(RefusalCode::InvalidValue, message));
    }
    if record.named.is_none() && order.is_none() && shipping.is_none() {
        let message =
            "`lines` is missing: say on which lines money was given back; on the whole order, give `amount`";
        return Err(root.field("lines").refuse(RefusalCode::MissingField, message));
    }
    Ok(EventKind::Refund(Refund { number, lines, order, shipping }))
}
