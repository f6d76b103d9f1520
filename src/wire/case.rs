//! Decide cases: an order, a declared event, or a listing, at an instant.

use jiff::Timestamp;

use super::Reader;
use super::fields::Fields;
use super::json;
use super::order::{Aside, ORDER_FIELDS};
use super::path::Path;
use super::scalar;
use super::value::Node;
use crate::eval::order::{Listing, Member, Order};
use crate::eval::{Refusal, RefusalCode};

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
        fields.only(&["at", "member", "order", "event", "listing"], &[])?;
        let at = fields.required("at", scalar::instant)?;
        let member = fields.optional("member", |node, path| self.case_member(node, path))?;
        let member = member.unwrap_or_else(|| Member::defaults(self.policy));
        let asked = |name| fields.object.get(name).map(|node| (name, node));
        let mut about = ["order", "event", "listing"].into_iter().filter_map(asked);
        match (about.next(), about.next()) {
            (Some(("order", node)), None) => {
                Ok(Case::Order { at, member, order: self.case_order(node, &root.field("order"))? })
            }
            (Some(("event", node)), None) => {
                Ok(Case::Event { at, member, event: self.case_event(node, &root.field("event"))? })
            }
            (Some((_, node)), None) => {
                Ok(Case::Listing { at, listing: self.listing(node, &root.field("listing"))? })
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

    fn case_order(&self, node: &Node, path: &Path<'_>) -> Result<Order, Refusal> {
        let fields = Fields::of(node, path, "`order`")?;
        fields.only(ORDER_FIELDS, &self.names.order)?;
        fields.optional("order", scalar::name)?;
        self.order(&fields, &mut Aside::default())
    }
}
