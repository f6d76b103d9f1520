//! Declared events, and the later events about them: marks, cancels.

use super::Reader;
use super::event::COMMON_FIELDS;
use super::fields::Fields;
use super::path::Path;
use super::scalar;
use super::value::Node;
use crate::eval::order::Order;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::EventKind;
use crate::policy::{EventId, Subject};

impl Reader<'_> {
    /// The declared event called `name`.
    pub(super) fn event_named(&self, name: &str) -> Option<EventId> {
        self.policy.events.position(|event| event.name == name)
    }

    /// A declared event with its facts.
    pub(super) fn happening(&self, event: EventId, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, self.event_facts(event))?;
        Ok(EventKind::Happening { event, facts: self.facts(Subject::Event(event), fields, None)? })
    }

    /// The declared event that a case asks about.
    pub(super) fn case_event(&self, node: &Node, path: &Path<'_>) -> Result<Order, Refusal> {
        let fields = Fields::of(node, path, "`event`")?;
        let event = fields.required("type", |node, path| {
            let word = scalar::name(node, path)?;
            self.event_named(word).ok_or_else(|| {
                let declared = self.policy.events.iter().map(|event| event.name.as_str());
                self.unknown_type(word, &declared.collect::<Vec<_>>(), path)
            })
        })?;
        fields.only(&["type"], self.event_facts(event))?;
        let facts = self.facts(Subject::Event(event), &fields, None)?;
        Ok(Order::happening(self.policy, event, facts))
    }

    /// The names of a declared event's facts.
    fn event_facts(&self, event: EventId) -> &[&str] {
        &self.names.events[event]
    }

    /// A later step of a declared event.
    pub(super) fn mark_event(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["event", "mark"])?;
        let event = fields.required("event", scalar::name)?.to_owned();
        let mark = fields.required("mark", |node, path| self.mark(node, path))?.to_owned();
        Ok(EventKind::Mark { event, mark })
    }

    /// The end of a happening or a reward.
    pub(super) fn cancel_event(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        about_one(fields, &["order", "lines"])?;
        fields.only(COMMON_FIELDS, &["event"])?;
        Ok(EventKind::CancelEvent { event: fields.required("event", scalar::name)?.to_owned() })
    }
}

/// Refuses what is about an `event` and an order too.
pub(super) fn about_one(fields: &Fields<'_>, others: &[&str]) -> Result<(), Refusal> {
    match others.iter().find(|name| fields.object.get(name).is_some()) {
        None => Ok(()),
        Some(name) => {
            let message = format!("`{name}` is about an order; beside `event` it has no meaning");
            Err(fields.path.field(name).refuse(RefusalCode::InvalidValue, message))
        }
    }
}
