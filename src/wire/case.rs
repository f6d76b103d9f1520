//! Decide cases: an order, a declared event, or a listing, at an instant.

use jiff::Timestamp;

use super::Reader;
use super::cursor::Tree;
use super::event::unknown_type;
use super::fields::Fields;
use super::json;
use super::order::Aside;
use super::path::Path;
use super::scalar;
use super::value::Node;
use crate::eval::order::{Listing, Member, Order};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::Subject;

/// A question to a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Case {
    /// What an order would earn, and what of it points may pay.
    Order {
        /// When it is placed.
        at: Timestamp,
        /// The member at that instant.
        member: Member,
        /// What is ordered.
        order: Order,
    },
    /// What a declared event would earn.
    Event {
        /// When it happens.
        at: Timestamp,
        /// The member at that instant.
        member: Member,
        /// What happens.
        event: Order,
    },
    /// Which badges a listing shows.
    Listing {
        /// When it is looked at.
        at: Timestamp,
        /// The listing.
        listing: Listing,
    },
}

impl Reader<'_> {
    /// Reads one case from a line of JSON.
    pub fn case(&self, line: &str) -> Result<Case, Refusal> {
        self.case_of(&json::parse(super::jsonl::fits(line)?)?)
    }

    /// Reads one case from a tree.
    pub(crate) fn case_of(&self, node: &Node) -> Result<Case, Refusal> {
        let root = Path::ROOT;
        node.refuse_repeated(&root)?;
        let fields = Fields::of(node, &root, "a case")?;
        fields.only(["at", "member", "order", "event", "listing"].into_iter())?;
        let at = fields.required("at", scalar::instant)?;
        let member = fields.optional("member", |node, path| self.case_member(node, path))?;
        let member = member.unwrap_or_else(|| Member::defaults(self.policy));
        let asked = |name| fields.object.get(name).map(|node| (name, node));
        let mut about = ["order", "event", "listing"].into_iter().filter_map(asked);
        match (about.next(), about.next()) {
            (Some(("order", node)), None) => {
                let path = root.field("order");
                let record = self.record(&self.schema.asked_order, &mut Tree(node), &path)?;
                Ok(Case::Order { at, member, order: self.order(record, &mut Aside::default(), &path)? })
            }
            (Some(("event", node)), None) => {
                Ok(Case::Event { at, member, event: self.asked_event(node, &root.field("event"))? })
            }
            (Some((_, node)), None) => {
                Ok(Case::Listing { at, listing: self.listing(&mut Tree(node), &root.field("listing"))? })
            }
            (None, _) => {
                let message = "a case has an `order`, an `event` or a `listing`; give one";
                Err(root.refuse(RefusalCode::MissingField, message))
            }
            (Some((one, _)), Some((other, _))) => {
                let message =
                    format!("a case is about one thing, not `{one}` and `{other}`; write two cases");
                Err(root.refuse(RefusalCode::InvalidValue, message))
            }
        }
    }

    /// The declared event that a case asks about.
    fn asked_event(&self, node: &Node, path: &Path<'_>) -> Result<Order, Refusal> {
        let fields = Fields::of(node, path, "`event`")?;
        let kind = fields.required("type", scalar::name)?;
        let Some(event) = self.policy.events.position(|event| event.name == kind) else {
            let declared = self.policy.events.iter().map(|event| event.name.as_str());
            return Err(unknown_type(&kind, declared, &path.field("type")));
        };
        let facts = self.record(&self.schema.asked_events[event], &mut Tree(node), path)?.facts;
        Ok(Order::happening(self.policy, event, self.facts(Subject::Event(event), facts, None, path)?))
    }
}
