//! Decide cases: an order, or a listing, at an instant.

use jiff::Timestamp;

use super::Reader;
use super::fields::Fields;
use super::json;
use super::order::{Aside, ORDER_FIELDS};
use super::path::Path;
use super::scalar;
use super::value::Node;
use crate::eval::order::{Listing, MemberFacts, Order};
use crate::eval::{Refusal, RefusalCode};

/// A question to a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Case {
    /// What an order would earn, and what of it points may pay.
    Order {
        /// When it is placed.
        at: Timestamp,
        /// The member's facts at that instant.
        member: MemberFacts,
        /// What is ordered.
        order: Order,
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
        fields.only(&["at", "member", "order", "listing"], &[])?;
        let at = fields.required("at", scalar::instant)?;
        match (fields.object.get("order"), fields.object.get("listing")) {
            (Some(order), None) => {
                let member = fields.optional("member", |node, path| self.case_member(node, path))?;
                let member = member.map_or_else(|| self.member_facts(None), Ok)?;
                Ok(Case::Order { at, member, order: self.case_order(order, &root.field("order"))? })
            }
            (None, Some(listing)) => {
                fields.optional("member", |node, path| self.case_member(node, path))?;
                Ok(Case::Listing { at, listing: self.listing(listing, &root.field("listing"))? })
            }
            (None, None) => {
                Err(root.refuse(RefusalCode::MissingField, "a case has an `order` or a `listing`; give one"))
            }
            (Some(_), Some(_)) => {
                let message = "a case has an `order` or a `listing`, not both; write two cases";
                Err(root.refuse(RefusalCode::InvalidValue, message))
            }
        }
    }

    fn case_member(&self, node: &Node, path: &Path<'_>) -> Result<MemberFacts, Refusal> {
        let fields = Fields::of(node, path, "`member`")?;
        fields.only(&self.names.member, &[])?;
        self.member_facts(Some(&fields))
    }

    fn case_order(&self, node: &Node, path: &Path<'_>) -> Result<Order, Refusal> {
        let fields = Fields::of(node, path, "`order`")?;
        fields.only(ORDER_FIELDS, &self.names.order)?;
        fields.optional("order", scalar::name)?;
        self.order(&fields, &mut Aside::default())
    }
}
