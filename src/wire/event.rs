//! Events: from a tree to what the ledger judges. Everything that can be known without the account's history is
//! checked here; the rest is the ledger's.

use jiff::Timestamp;

use super::Reader;
use super::canonical;
use super::fields::{Fields, list};
use super::order::{Aside, ORDER_FIELDS, unique_ids};
use super::path::{Path, shown};
use super::scalar;
use super::value::{Node, Value};
use crate::check::policy::{FactValue, Subject};
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::{Event, EventKind, Movement, TransferTo};
use crate::ledger::intake::{Incoming, Place, Rejected};

/// Every event type, as data spells it.
pub(super) const TYPES: &[&str] = &[
    "order", "ship", "cancel", "return", "refund", "grant", "adjust", "opening", "transfer", "cash_out",
    "member",
];
const COMMON_FIELDS: &[&str] = &["id", "type", "at", "account"];

impl Reader<'_> {
    /// What came in: an event, or why it is none with what of it could be read.
    pub(crate) fn event(&self, place: Place, node: &Node) -> Incoming {
        let head = Head::read(node);
        let mut aside = Aside::default();
        let body = self
            .read_event(node, &mut aside)
            .map_err(|refusal| Box::new(Rejected { refusal, canonical: canonical::event(self, node) }));
        let aside = body.is_ok().then(|| aside.into_text()).flatten();
        Incoming { place, id: head.id, at: head.at, account: head.account, body, aside }
    }

    fn read_event(&self, node: &Node, aside: &mut Aside) -> Result<Event, Refusal> {
        let root = Path::ROOT;
        node.refuse_repeated(&root)?;
        let fields = Fields::of(node, &root, "an event")?;
        let kind = fields.required("type", event_type)?;
        let id = fields.required("id", scalar::name)?.to_owned();
        let at = fields.required("at", scalar::instant)?;
        let account = fields.required("account", scalar::name)?.to_owned();
        let kind = self.kind(kind, &fields, aside)?;
        Ok(Event { id, at, account, kind })
    }

    fn kind(&self, kind: &str, fields: &Fields<'_>, aside: &mut Aside) -> Result<EventKind, Refusal> {
        match kind {
            "order" => self.order_event(fields, aside),
            "ship" => movement(fields).map(EventKind::Ship),
            "cancel" => movement(fields).map(EventKind::Cancel),
            "return" => movement(fields).map(EventKind::Return),
            "refund" => self.refund(fields),
            "grant" => grant(fields),
            "adjust" => adjust(fields),
            "opening" => opening(fields),
            "transfer" => transfer(fields),
            "cash_out" => cash_out(fields),
            _ => self.member(fields),
        }
    }

    fn order_event(&self, fields: &Fields<'_>, aside: &mut Aside) -> Result<EventKind, Refusal> {
        let known: Vec<&str> = COMMON_FIELDS.iter().chain(ORDER_FIELDS).copied().collect();
        fields.only(&known, &self.names.order)?;
        let number = fields.required("order", scalar::name)?.to_owned();
        Ok(EventKind::Order { number, order: Box::new(self.order(fields, aside)?) })
    }

    fn refund(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &["order", "lines"])?;
        let number = fields.required("order", scalar::name)?.to_owned();
        let amount = |fields: &Fields<'_>| {
            fields.only(&["id", "amount"], &[])?;
            fields.required("amount", |node, path| match scalar::money(node, path, self.policy.currency)? {
                0 => Err(scalar::invalid(path, "must be above 0")),
                amount => Ok(amount),
            })
        };
        let lines = fields.required("lines", |node, path| named_lines(node, path, amount))?;
        Ok(EventKind::Refund { number, lines })
    }

    fn member(&self, fields: &Fields<'_>) -> Result<EventKind, Refusal> {
        fields.only(COMMON_FIELDS, &self.names.member)?;
        let mut facts: Vec<(usize, FactValue)> = Vec::new();
        for (i, fact) in self.policy.facts.of(Subject::Member).iter().enumerate() {
            let value = fields.optional(&fact.name, |node, path| self.fact(fact, node, path))?;
            facts.extend(value.map(|value| (i, value)));
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

/// What of an event can be told even where the rest is bad.
#[derive(Default)]
struct Head {
    id: Option<String>,
    at: Option<Timestamp>,
    account: Option<String>,
}

impl Head {
    fn read(node: &Node) -> Head {
        let Value::Object(object) = &node.value else {
            return Head::default();
        };
        let root = Path::ROOT;
        let get = |name: &str| object.get(name).filter(|_| !object.repeats(name));
        let name = |field: &str| scalar::name(get(field)?, &root).ok().map(str::to_owned);
        Head {
            id: name("id"),
            at: get("at").and_then(|node| scalar::instant(node, &root).ok()),
            account: name("account"),
        }
    }
}

fn event_type<'n>(node: &'n Node, path: &Path<'_>) -> Result<&'n str, Refusal> {
    let word = scalar::name(node, path)?;
    if TYPES.contains(&word) {
        return Ok(word);
    }
    let help = match suggest::nearest(word, TYPES.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("the types are {}", TYPES.join(", ")),
    };
    let message = format!("there is no event type \"{}\"; {help}", shown(word));
    Err(path.refuse(RefusalCode::UnknownType, message))
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
fn named_lines<T>(
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

fn grant(fields: &Fields<'_>) -> Result<EventKind, Refusal> {
    fields.only(COMMON_FIELDS, &["points", "reason"])?;
    let reason = fields.optional("reason", scalar::text)?.map(str::to_owned);
    Ok(EventKind::Grant { points: points(fields)?, reason })
}

fn adjust(fields: &Fields<'_>) -> Result<EventKind, Refusal> {
    fields.only(COMMON_FIELDS, &["points", "reason"])?;
    let points = fields.required("points", |node, path| match scalar::whole(node, path)? {
        0 => Err(scalar::invalid(path, "must not be 0: a correction adds or takes points")),
        points => Ok(points),
    })?;
    let reason = fields.required("reason", scalar::name)?.to_owned();
    Ok(EventKind::Adjust { points, reason })
}

fn opening(fields: &Fields<'_>) -> Result<EventKind, Refusal> {
    fields.only(COMMON_FIELDS, &["points", "expires_at"])?;
    let points = points(fields)?;
    Ok(EventKind::Opening { points, expires_at: fields.required("expires_at", scalar::instant)? })
}

fn cash_out(fields: &Fields<'_>) -> Result<EventKind, Refusal> {
    fields.only(COMMON_FIELDS, &["points"])?;
    Ok(EventKind::CashOut { points: points(fields)? })
}

fn transfer(fields: &Fields<'_>) -> Result<EventKind, Refusal> {
    fields.only(COMMON_FIELDS, &["points", "to_account", "to_program"])?;
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
    Ok(EventKind::Transfer { points, to })
}
