//! Events: from a tree to what the ledger judges. Everything that can be known without the account's history is
//! checked here; the rest is the ledger's.

use std::sync::Arc;

use super::Reader;
use super::canonical;
use super::fields::{Fields, list};
use super::order::{Aside, ORDER_FIELDS, unique_ids};
use super::path::{Path, shown};
use super::scalar;
use super::value::{Node, Value};
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::{Event, EventKind, Movement, TransferTo};
use crate::ledger::intake::{Incoming, Place, Rejected};
use crate::policy::{FactId, FactValue};

/// Every event type besides those that the policy declares, as data spells it.
pub(super) const TYPES: &[&str] = &[
    "order", "ship", "cancel", "return", "refund", "grant", "adjust", "opening", "transfer", "convert",
    "reward", "cash_out", "member", "mark",
];
pub(super) const COMMON_FIELDS: &[&str] = &["id", "type", "at", "account"];

impl Reader<'_> {
    /// What came in: an event, or why it is none with what of it could be read.
    pub(crate) fn event(&self, place: Place, node: &Node) -> Incoming {
        let body = self.read_event(node).map_err(|refusal| self.rejected(node, refusal));
        Incoming { place, body }
    }

    /// What is no event, with what can be told of it even so.
    pub(super) fn rejected(&self, node: &Node, refusal: Refusal) -> Box<Rejected> {
        let root = Path::ROOT;
        let get = |name: &str| match &node.value {
            Value::Object(object) => object.get(name).filter(|_| !object.repeats(name)),
            _ => None,
        };
        let name = |field: &str| scalar::name(get(field)?, &root).ok().map(Arc::from);
        Box::new(Rejected {
            id: name("id"),
            at: get("at").and_then(|node| scalar::instant(node, &root).ok()),
            account: name("account"),
            refusal,
            content: canonical::event(self, node),
        })
    }

    fn read_event(&self, node: &Node) -> Result<Event, Refusal> {
        let root = Path::ROOT;
        node.refuse_repeated(&root)?;
        let fields = Fields::of(node, &root, "an event")?;
        let kind = fields.required("type", |node, path| self.event_type(node, path))?;
        let id = fields.required("id", scalar::name)?.into();
        let at = fields.required("at", scalar::instant)?;
        let account = fields.required("account", scalar::name)?.into();
        let mut aside = Aside::default();
        let kind = self.kind(kind, &fields, &mut aside)?;
        Ok(Event { id, at, account, kind, aside: aside.into_text() })
    }

    fn kind(&self, kind: &str, fields: &Fields<'_>, aside: &mut Aside) -> Result<EventKind, Refusal> {
        match kind {
            "order" => self.order_event(fields, aside),
            "ship" => movement(fields).map(EventKind::Ship),
            "cancel" if fields.object.get("event").is_some() => self.cancel_event(fields),
            "cancel" => movement(fields).map(EventKind::Cancel),
            "return" => movement(fields).map(EventKind::Return),
            "refund" if fields.object.get("event").is_some() => self.refund_event(fields),
            "refund" => self.refund(fields),
            "grant" => self.grant(fields),
            "adjust" => self.adjust(fields),
            "opening" => self.opening(fields),
            "transfer" => self.transfer(fields),
            "convert" => self.convert(fields),
            "reward" => self.reward_event(fields),
            "cash_out" => self.cash_out(fields),
            "mark" => self.mark_event(fields),
            "member" => self.member(fields),
            declared => match self.event_named(declared) {
                Some(event) => self.happening(event, fields),
                None => Err(self.unknown_type(declared, TYPES, &fields.path.field("type"))),
            },
        }
    }

    fn event_type<'n>(&self, node: &'n Node, path: &Path<'_>) -> Result<&'n str, Refusal> {
        let word = scalar::name(node, path)?;
        if self.is_type(word) {
            return Ok(word);
        }
        let declared = self.policy.events.iter().map(|event| event.name.as_str());
        let known: Vec<&str> = TYPES.iter().copied().chain(declared).collect();
        Err(self.unknown_type(word, &known, path))
    }

    /// True for a type of events, built in or declared.
    pub(super) fn is_type(&self, word: &str) -> bool {
        TYPES.contains(&word) || self.event_named(word).is_some()
    }

    /// The refusal of a word that is not among the `known` types.
    pub(super) fn unknown_type(&self, word: &str, known: &[&str], path: &Path<'_>) -> Refusal {
        let help = match suggest::nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => "the policy declares none".to_owned(),
            None => format!("the types are {}", known.join(", ")),
        };
        path.refuse(RefusalCode::UnknownType, format!("there is no event type \"{}\"; {help}", shown(word)))
    }

    fn order_event(&self, fields: &Fields<'_>, aside: &mut Aside) -> Result<EventKind, Refusal> {
        let known: Vec<&str> = COMMON_FIELDS.iter().chain(ORDER_FIELDS).copied().collect();
        fields.only(&known, &self.names.order)?;
        let number = fields.required("order", scalar::name)?.to_owned();
        Ok(EventKind::Order { number, order: Box::new(self.order(fields, aside)?) })
    }

    fn member(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &self.names.member)?;
        let mut facts: Vec<(FactId, FactValue)> = Vec::new();
        for (id, fact) in self.policy.facts.member.iter_enumerated() {
            let value = fields.optional(&fact.name, |node, path| self.fact(fact, node, path))?;
            facts.extend(value.map(|value| (id, value)));
        }
        if facts.is_empty() {
            let help = match self.names.member.join("`, `") {
                names if names.is_empty() => "; the policy declares no member facts".to_owned(),
                names => format!("; give one of `{names}`"),
            };
            let message = format!("a member event sets at least one member fact{help}");
            return Err(fields.path.refuse(RefusalCode::MissingField, message));
        }
        Ok(EventKind::Member(facts))
    }
}

fn movement(fields: &Fields<'_>) -> Result<Movement, Refusal> {
    fields.only(COMMON_FIELDS, &["order", "lines"])?;
    let number = fields.required("order", scalar::name)?.to_owned();
    let quantity = |fields: &Fields<'_>| {
        fields.only(&["id", "quantity"], &[])?;
        fields.optional("quantity", |node, path| scalar::at_least(node, path, 1))
    };
    let lines = fields.optional("lines", |node, path| named_lines(node, path, quantity))?;
    Ok(Movement { number, lines })
}

/// Lines named by a ship, cancel, return or refund, each with what `read` makes of its other fields.
pub(super) fn named_lines<T>(
    node: &Node,
    path: &Path<'_>,
    read: impl Fn(&Fields<'_>) -> Result<T, Refusal>,
) -> Result<Vec<(String, T)>, Refusal> {
    let items = list(node, path, "lines")?;
    if items.is_empty() {
        let message = "`lines` is empty, so nothing would move; leave it out to mean all that is left";
        return Err(path.refuse(RefusalCode::NothingLeft, message));
    }
    let line = |(i, item): (usize, &Node)| {
        let path = path.item(i);
        let fields = Fields::of(item, &path, "a line")?;
        Ok((fields.required("id", scalar::name)?.to_owned(), read(&fields)?))
    };
    let lines = items.iter().enumerate().map(line).collect::<Result<Vec<_>, Refusal>>()?;
    unique_ids(lines.iter().map(|(id, _)| id.as_str()), path)?;
    Ok(lines)
}

fn points(fields: &Fields<'_>) -> Result<i64, Refusal> {
    fields.required("points", |node, path| scalar::at_least(node, path, 1))
}

/// Points that come from elsewhere, and points that go elsewhere.
impl Reader<'_> {
    fn grant(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["pool", "points", "expires_at", "reason"])?;
        let reason = fields.optional("reason", scalar::text)?.map(str::to_owned);
        let expires_at = fields.optional("expires_at", scalar::instant)?;
        Ok(EventKind::Grant { pool: self.pool(fields)?, points: points(fields)?, expires_at, reason })
    }

    fn adjust(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["pool", "points", "reason"])?;
        let points = fields.required("points", |node, path| match scalar::whole(node, path)? {
            0 => Err(scalar::invalid(path, "must not be 0: a correction adds or takes points")),
            points => Ok(points),
        })?;
        let reason = fields.required("reason", scalar::name)?.to_owned();
        Ok(EventKind::Adjust { pool: self.pool(fields)?, points, reason })
    }

    fn opening(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["pool", "points", "expires_at"])?;
        let points = points(fields)?;
        let expires_at = fields.required("expires_at", scalar::instant)?;
        Ok(EventKind::Opening { pool: self.pool(fields)?, points, expires_at })
    }

    fn transfer(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["points", "to_account", "to_program", "move"])?;
        let points = points(fields)?;
        let account = fields.optional("to_account", scalar::name)?;
        let program = fields.optional("to_program", scalar::name)?;
        let to = match (account, program) {
            (Some(account), None) => TransferTo::Account(account.to_owned()),
            (None, Some(program)) => TransferTo::Program(program.to_owned()),
            (None, None) => {
                let message = "a transfer says where to: give `to_account` or `to_program`";
                return Err(fields.path.refuse(RefusalCode::MissingField, message));
            }
            (Some(_), Some(_)) => {
                let message = "a transfer goes to one place: give `to_account` or `to_program`, not both";
                return Err(fields.path.refuse(RefusalCode::InvalidValue, message));
            }
        };
        let by = fields.optional("move", |node, path| self.move_rule(node, path))?;
        Ok(EventKind::Transfer { points, to, by })
    }

    fn cash_out(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["points", "move"])?;
        let points = points(fields)?;
        let by = fields.optional("move", |node, path| self.move_rule(node, path))?;
        Ok(EventKind::CashOut { points, by })
    }

    fn convert(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["move", "points"])?;
        let by = fields.required("move", |node, path| self.move_rule(node, path))?;
        Ok(EventKind::Convert { by, points: points(fields)? })
    }

    fn reward_event(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["reward", "quantity", "points"])?;
        let reward = fields.required("reward", |node, path| self.reward(node, path))?.to_owned();
        let quantity = fields.optional("quantity", |node, path| scalar::at_least(node, path, 1))?;
        let price = fields.optional("points", |node, path| scalar::at_least(node, path, 1))?;
        Ok(EventKind::Reward { reward, quantity: quantity.unwrap_or(1), price })
    }
}
