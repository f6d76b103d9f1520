//! Events: from what was read of an object to what the ledger judges. Everything that can be known without the
//! account's history is checked here; the rest is the ledger's.

use std::borrow::Cow;
use std::sync::Arc;

use super::content;
use super::cursor::{Cursor, Scalar, Tree};
use super::json::{self, Json};
use super::order::{Aside, absent};
use super::path::{Path, shown};
use super::record::Record;
use super::refund::refund;
use super::schema::{Makes, Shape};
use super::value::{Node, Value};
use super::{Reader, scalar};
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::{Event, EventKind, Movement, TransferTo};
use crate::ledger::{Incoming, Place, Rejected};
use crate::policy::{FactId, FactValue, PoolId, Subject};

type Read<T> = Result<T, Refusal>;

impl Reader<'_> {
    /// What came in: an event, or why it is none with what of it could be read.
    pub(crate) fn event(&self, place: Place, node: &Node) -> Incoming {
        let body = self.event_in(node).map_err(|refusal| self.rejected(node, refusal));
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
            content: content::event(self, node),
        })
    }

    pub(super) fn event_in(&self, node: &Node) -> Read<Event> {
        let root = Path::ROOT;
        node.refuse_repeated(&root)?;
        let Value::Object(object) = &node.value else {
            let message = format!("an event must be an object, not {}", node.what());
            return Err(root.refuse(RefusalCode::InvalidValue, message));
        };
        let path = root.field("type");
        let kind = object.get("type").ok_or_else(|| absent("type", &root))?;
        let kind = scalar::name(kind, &path)?;
        match self.schema.event(&kind, object.get("event").is_some()) {
            Some(shape) => self.event_of(shape, &mut Tree(node)),
            None => Err(unknown_type(&kind, self.schema.types(), &path)),
        }
    }

    /// The event that a line of JSON holds; None for a line that holds none, which is told of its tree.
    pub(super) fn good_event(&self, line: &str) -> Option<Event> {
        let mut start = Json::new(line);
        let kind = match start.seek("type") {
            Ok(true) => start.scalar().ok()?,
            _ => return None,
        };
        let Scalar::Text(kind) = kind else { return None };
        let about_event = self.schema.parts(&kind) && Json::new(line).seek("event").ok()?;
        let shape = self.schema.event(&kind, about_event)?;
        json::whole(line, |json| self.event_of(shape, json)).ok()
    }

    fn event_of<'d>(&self, shape: &Shape<'_>, cursor: &mut impl Cursor<'d>) -> Read<Event> {
        let root = Path::ROOT;
        let mut record = self.record(shape, cursor, &root)?;
        let id = record.id.take().ok_or_else(|| absent("id", &root))?.into();
        let at = record.at.ok_or_else(|| absent("at", &root))?;
        let account = record.account.take().ok_or_else(|| absent("account", &root))?.into();
        let mut aside = Aside::default();
        let kind = self.kind(shape.makes, record, &mut aside)?;
        Ok(Event { id, at, account, kind, aside: aside.into_text() })
    }
}

impl Reader<'_> {
    /// What happened, by what the shape makes. A field that the schema asks for is there.
    fn kind(&self, makes: Makes, record: Record<'_>, aside: &mut Aside) -> Read<EventKind> {
        let root = Path::ROOT;
        let kind = match makes {
            Makes::Order => {
                let number = record.order.clone().ok_or_else(|| absent("order", &root))?.into_owned();
                let order = self.order(record, aside, &root)?;
                Some(EventKind::Order { number, order: Box::new(order) })
            }
            Makes::Ship => movement(record).map(EventKind::Ship),
            Makes::Cancel => movement(record).map(EventKind::Cancel),
            Makes::Return => movement(record).map(EventKind::Return),
            Makes::Refund => Some(refund(record)?),
            Makes::CancelEvent => record.event.map(|event| EventKind::CancelEvent { event: event.into() }),
            Makes::RefundEvent => {
                record.event.zip(record.amount).map(|(event, amount)| EventKind::RefundEvent {
                    event: event.into(),
                    amount,
                    part: record.event_part.map(String::from),
                })
            }
            Makes::Mark => record
                .event
                .zip(record.mark)
                .map(|(event, mark)| EventKind::Mark { event: event.into(), mark }),
            Makes::Transfer => {
                let to = goes_to(record.to_account, record.to_program)?;
                record.points.map(|points| EventKind::Transfer { points, to, by: record.by_move })
            }
            Makes::Member => Some(EventKind::Member(self.changed(record.facts)?)),
            Makes::Declared(event) => {
                let facts = self.facts(Subject::Event(event), record.facts, None, &root)?;
                Some(EventKind::Happening { event, facts })
            }
            Makes::Grant | Makes::Adjust | Makes::Opening => self.points(makes, record),
            Makes::Convert | Makes::Reward | Makes::CashOut => spending(makes, record),
            Makes::OrderLine | Makes::Part | Makes::Payment => None,
        };
        kind.ok_or_else(|| root.refuse(RefusalCode::MissingField, "a field of this event is missing"))
    }

    /// The member facts that an event sets.
    fn changed(&self, facts: Vec<Option<FactValue>>) -> Read<Vec<(FactId, FactValue)>> {
        let facts = facts.into_iter().enumerate();
        let facts: Vec<_> = facts.filter_map(|(fact, value)| Some((FactId::new(fact), value?))).collect();
        if !facts.is_empty() {
            return Ok(facts);
        }
        let names: Vec<&str> = self.policy.facts.member.iter().map(|fact| fact.name.as_str()).collect();
        let help = match names.as_slice() {
            [] => "; the policy declares no member facts".to_owned(),
            names => format!("; give one of `{}`", names.join("`, `")),
        };
        let message = format!("a member event sets at least one member fact{help}");
        Err(Path::ROOT.refuse(RefusalCode::MissingField, message))
    }

    /// Points that come from elsewhere.
    fn points(&self, makes: Makes, record: Record<'_>) -> Option<EventKind> {
        let only = || (self.policy.pools.len() == 1).then(|| PoolId::new(0));
        let (pool, points) = (record.pool.or_else(only)?, record.points?);
        let reason = record.reason.map(String::from);
        Some(match makes {
            Makes::Grant => EventKind::Grant { pool, points, expires_at: record.expires_at, reason },
            Makes::Adjust => EventKind::Adjust { pool, points, reason: reason? },
            Makes::Opening => EventKind::Opening { pool, points, expires_at: record.expires_at? },
            _ => return None,
        })
    }
}

/// The refusal of a word that is not among the `known` types.
pub(super) fn unknown_type<'k>(word: &str, known: impl Iterator<Item = &'k str>, path: &Path<'_>) -> Refusal {
    let known: Vec<&str> = known.collect();
    let help = match suggest::nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => "the policy declares none".to_owned(),
        None => format!("the types are {}", known.join(", ")),
    };
    path.refuse(RefusalCode::UnknownType, format!("there is no event type \"{}\"; {help}", shown(word)))
}

fn movement(record: Record<'_>) -> Option<Movement> {
    let lines = record.named.map(|lines| lines.into_iter().map(|line| (line.id, line.quantity)).collect());
    Some(Movement { number: record.order?.into(), lines })
}

/// Where points go that leave the account.
fn goes_to(account: Option<Cow<'_, str>>, program: Option<Cow<'_, str>>) -> Read<TransferTo> {
    match (account, program) {
        (Some(account), None) => Ok(TransferTo::Account(account.into())),
        (None, Some(program)) => Ok(TransferTo::Program(program.into())),
        (None, None) => {
            let message = "a transfer says where to: give `to_account` or `to_program`";
            Err(Path::ROOT.refuse(RefusalCode::MissingField, message))
        }
        (Some(_), Some(_)) => {
            let message = "a transfer goes to one place: give `to_account` or `to_program`, not both";
            Err(Path::ROOT.refuse(RefusalCode::InvalidValue, message))
        }
    }
}

/// Points that leave a pool.
fn spending(makes: Makes, record: Record<'_>) -> Option<EventKind> {
    Some(match makes {
        Makes::Convert => EventKind::Convert { by: record.by_move?, points: record.points? },
        Makes::CashOut => EventKind::CashOut { points: record.points?, by: record.by_move },
        Makes::Reward => EventKind::Reward {
            reward: record.reward?,
            quantity: record.quantity.unwrap_or(1),
            price: record.points,
        },
        _ => return None,
    })
}
