//! Decide cases: an order, a declared event, or a listing, at an instant; and questions: an order or a declared event, in an
//! account.

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
use crate::ledger::Question;
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

/// A question that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unasked {
    /// Its id, if that could be read.
    pub id: Option<String>,
    /// Its account, if that could be read.
    pub account: Option<String>,
    /// Why it is none.
    pub refusal: Refusal,
}

impl Unasked {
    /// One of which nothing could be told.
    pub(crate) fn unread(refusal: Refusal) -> Box<Unasked> {
        Box::new(Unasked { id: None, account: None, refusal })
    }
}

/// Moves the place of a refusal into that part of a case which is about an order or an event.
pub(crate) fn within(head: &str, refusal: Refusal) -> Refusal {
    let path = match refusal.path.as_str() {
        "" => head.to_owned(),
        "at" => return refusal,
        path if path.starts_with("member") => path.to_owned(),
        path => format!("{head}.{path}"),
    };
    Refusal { path, ..refusal }
}

/// The part of a case that an order or a declared event stands in.
pub(crate) fn part_of(order: &Order) -> &'static str {
    if order.is_order() { "order" } else { "event" }
}

impl Reader<'_> {
    /// Reads one question from a line of JSON.
    pub fn question(&self, line: &str) -> Result<Question, Box<Unasked>> {
        let node = super::jsonl::fits(line).and_then(json::parse);
        let node = node.map_err(Unasked::unread)?;
        self.question_of(&node).map_err(|refusal| {
            let named = |name: &'static str| {
                let fields = Fields::of(&node, &Path::ROOT, "a case").ok()?;
                fields.optional(name, scalar::name).ok()?.map(String::from)
            };
            Box::new(Unasked { id: named("id"), account: named("account"), refusal })
        })
    }

    fn question_of(&self, node: &Node) -> Result<Question, Refusal> {
        let root = Path::ROOT;
        node.refuse_repeated(&root)?;
        let fields = Fields::of(node, &root, "a case")?;
        for (name, why) in [
            ("member", "what is known of the member comes from the account's history; leave `member` out"),
            ("listing", "a listing shows the same badges to every account; ask about it without a history"),
        ] {
            if fields.object.get(name).is_some() {
                return Err(root.field(name).refuse(RefusalCode::InvalidValue, why));
            }
        }
        fields.only(["id", "account", "at", "order", "event"].into_iter())?;
        let id = fields.optional("id", scalar::name)?.map(String::from);
        let account = fields.optional("account", scalar::name)?.ok_or_else(|| {
            let message = "`account` is missing: beside a history a case says whose it is";
            root.field("account").refuse(RefusalCode::MissingField, message)
        })?;
        let (account, at) = (account.into(), fields.required("at", scalar::instant)?);
        match (fields.object.get("order"), fields.object.get("event")) {
            (Some(node), None) => {
                let path = root.field("order");
                let mut record = self.record(&self.schema.asked_order, &mut Tree(node), &path)?;
                let number = record.order.take().map(String::from);
                let order = self.order(record, &mut Aside::default(), &path)?;
                Ok(Question { id, account, at, number, order })
            }
            (None, Some(node)) => {
                let order = self.asked_event(node, &root.field("event"))?;
                Ok(Question { id, account, at, number: None, order })
            }
            (None, None) => {
                let message = "a case has an `order` or an `event`; give one";
                Err(root.refuse(RefusalCode::MissingField, message))
            }
            (Some(_), Some(_)) => Err(two_things(&root, "order", "event")),
        }
    }

    /// Reads one case from a line of JSON.
    pub fn case(&self, line: &str) -> Result<Case, Refusal> {
        self.case_of(&json::parse(super::jsonl::fits(line)?)?)
    }

    /// Reads one case from a tree.
    pub(crate) fn case_of(&self, node: &Node) -> Result<Case, Refusal> {
        let root = Path::ROOT;
        node.refuse_repeated(&root)?;
        let fields = Fields::of(node, &root, "a case")?;
        for name in ["account", "id"] {
            if fields.object.get(name).is_some() {
                let message = format!("`{name}` has a meaning beside a history only; name one with --events");
                return Err(root.field(name).refuse(RefusalCode::UnknownField, message));
            }
        }
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
            (Some((one, _)), Some((other, _))) => Err(two_things(&root, one, other)),
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

fn two_things(root: &Path<'_>, one: &str, other: &str) -> Refusal {
    let message = format!("a case is about one thing, not `{one}` and `{other}`; write two cases");
    root.refuse(RefusalCode::InvalidValue, message)
}
