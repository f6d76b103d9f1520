//! The table: the events that every policy has and the fields of each, in the order in which they are read. What a
//! policy adds or asks for is put to it in [`build`](super::build).

use super::{Field, Kind, Makes, Need, Shape};
use crate::policy::RedeemId;

/// The type that stands for the events that a policy declares.
pub(super) const DECLARED: &str = "a declared event";

/// What every event has.
const COMMON: [Field<'static>; 4] = [
    optional("id", Kind::Id, "its own; an id counts once"),
    optional("type", Kind::Type, "what happened"),
    optional("at", Kind::At, "when it happened"),
    optional("account", Kind::Account, "whose it is"),
];

/// What every object may have.
pub(super) const NOTE: Field<'static> = optional("note", Kind::Note, "anything; read by nobody");

const POOL: Field<'static> = optional("pool", Kind::Pool, "which points, where the policy has several pools");

/// The events, in the order in which messages list their types.
pub(super) fn events() -> Vec<Shape<'static>> {
    let mut events = orders();
    events.extend(incoming());
    events.extend(outgoing());
    events.extend(members());
    events
}

fn orders() -> Vec<Shape<'static>> {
    let number = || required("order", Kind::OrderNumber, "the number of the order");
    let event = |about| required("event", Kind::AboutEvent, about);
    let moved = |about| optional("lines", Kind::MovedLines, about);
    let order = std::iter::once(required("order", Kind::OrderNumber, "its number, once in an account"))
        .chain(order());
    vec![
        event_shape("order", Makes::Order, "An order was placed.", order.collect()),
        event_shape(
            "ship",
            Makes::Ship,
            "Lines shipped.",
            vec![
                number(),
                moved("which lines, and how many units of each; all that has not shipped where left out"),
            ],
        ),
        event_shape(
            "cancel",
            Makes::Cancel,
            "Lines will not ship.",
            vec![
                number(),
                moved("which lines, and how many units of each; all that has not shipped where left out"),
            ],
        ),
        event_shape(
            "cancel",
            Makes::CancelEvent,
            "A declared event, a reward taken, or a move asked for never was.",
            vec![event("its id; not of a move to another account")],
        ),
        event_shape(
            "return",
            Makes::Return,
            "Shipped lines came back.",
            vec![number(), moved("which lines, and how many units of each; all that shipped where left out")],
        ),
        event_shape(
            "refund",
            Makes::Refund,
            "Money was given back on an order: on the `lines` named, or `amount` on the whole of it, and `shipping`.",
            vec![
                number(),
                optional("lines", Kind::RefundedLines, "which lines, and how much on each"),
                optional(
                    "amount",
                    Kind::Amount,
                    "how much on the whole order, spread over what is kept of it",
                ),
                optional(
                    "part",
                    Kind::PartOfOrder,
                    "what of the amount, by the name of its fact, or `shipping`",
                ),
                optional("shipping", Kind::ShippingBack, "how much of the shipping"),
            ],
        ),
        event_shape(
            "refund",
            Makes::RefundEvent,
            "Money was given back on a declared event.",
            vec![
                event("its id"),
                required("amount", Kind::Amount, "how much"),
                optional("part", Kind::PartOfEvent, "what of the amount, by the name of its fact"),
            ],
        ),
    ]
}

fn how_many() -> Field<'static> {
    required("points", Kind::Points, "how many")
}

/// Points that come from elsewhere.
fn incoming() -> Vec<Shape<'static>> {
    vec![
        event_shape(
            "grant",
            Makes::Grant,
            "Points from elsewhere: a campaign, a gift.",
            vec![
                how_many(),
                POOL,
                optional("expires_at", Kind::ExpiresAt, "from when they are gone, whatever the pool says"),
                optional("reason", Kind::Reason, "why"),
            ],
        ),
        event_shape(
            "adjust",
            Makes::Adjust,
            "A correction.",
            vec![
                required("points", Kind::Correction, "how many; below 0 to take some away"),
                POOL,
                required("reason", Kind::Reason, "why"),
            ],
        ),
        event_shape(
            "opening",
            Makes::Opening,
            "A balance brought from an older system.",
            vec![how_many(), POOL, required("expires_at", Kind::ExpiresAt, "from when they are gone")],
        ),
    ]
}

/// Points that leave their pool.
fn outgoing() -> Vec<Shape<'static>> {
    let by = |about| optional("move", Kind::Move, about);
    vec![
        event_shape(
            "transfer",
            Makes::Transfer,
            "Points to another account or programme; one of `to_account` and `to_program`.",
            vec![
                how_many(),
                optional("to_account", Kind::ToAccount, "another account of this programme"),
                optional("to_program", Kind::ToProgram, "another programme"),
                by("by which move of the policy, where several fit"),
            ],
        ),
        event_shape(
            "convert",
            Makes::Convert,
            "Points to another pool.",
            vec![required("move", Kind::Move, "a move of the policy between two pools"), how_many()],
        ),
        event_shape(
            "reward",
            Makes::Reward,
            "A reward is taken for points.",
            vec![
                required("reward", Kind::Reward, "a reward of the policy"),
                default("quantity", Kind::Quantity, "1", "how many"),
                optional("points", Kind::Points, "the price of one, where it is that of the day"),
            ],
        ),
        event_shape(
            "cash_out",
            Makes::CashOut,
            "Points to cash.",
            vec![how_many(), by("by which move of the policy, where several pay out")],
        ),
    ]
}

fn members() -> Vec<Shape<'static>> {
    vec![
        event_shape(
            "member",
            Makes::Member,
            "Facts of the member from this instant on; at least one.",
            Vec::new(),
        ),
        event_shape(
            "mark",
            Makes::Mark,
            "A later step of a declared event.",
            vec![
                required("event", Kind::AboutEvent, "its id"),
                required("mark", Kind::Mark, "a mark that the policy declares for it"),
            ],
        ),
    ]
}

/// A declared event, without its facts.
pub(super) fn declared<'p>(name: &'p str, makes: Makes) -> Shape<'p> {
    event_shape(name, makes, "What the policy declares as an `event`; the type is its name.", Vec::new())
}

/// All that can be told of an event whose type is unknown.
pub(super) fn any_event() -> Shape<'static> {
    event_shape("", Makes::Part, "", Vec::new())
}

/// An order without its number and facts.
pub(super) fn order() -> Vec<Field<'static>> {
    vec![
        optional("currency", Kind::Currency, "the programme's, to be sure"),
        required("lines", Kind::OrderLines, "what was ordered, at least one line"),
        default("shipping", Kind::Shipping(None), "0", "charged beside the lines"),
        default("coupons", Kind::Coupons, "[]", "texts or amounts, kept but not used"),
        default("redeem", Kind::Redeem, "0", "points that pay: a number, or `{\"rule\": points}`"),
        default("honoured", Kind::Honoured, "false", "the shop has already taken the points"),
    ]
}

/// An order that a case asks about.
pub(super) fn asked_order() -> Shape<'static> {
    let number = optional("order", Kind::OrderNumber, "its number");
    part("`order`", "An order that a case asks about.", std::iter::once(number).chain(order()).collect())
}

/// A declared event that a case asks about.
pub(super) fn asked_event(name: &str) -> Shape<'_> {
    let kind = required("type", Kind::Type, "an event that the policy declares");
    Shape { name, ..part("`event`", "A declared event that a case asks about.", vec![kind]) }
}

/// A listing that a case asks about.
pub(super) fn asked_listing() -> Shape<'static> {
    let fields = vec![
        optional("sku", Kind::Sku, "what it is; a label"),
        optional("price", Kind::Price, "of one unit, as charged"),
        optional("category", Kind::Category, "a category of the policy"),
    ];
    part("a listing", "A listing that a case asks about.", fields)
}

/// A line of an order.
pub(super) fn line() -> Shape<'static> {
    let fields = vec![
        required("id", Kind::Id, "its own, once in an order"),
        required("price", Kind::Price, "of one unit, tax included, as charged"),
        default("quantity", Kind::Quantity, "1", "units"),
        optional("category", Kind::Category, "a category of the policy, or its path: `digital/music`"),
        optional("sku", Kind::Sku, "what it is; a label"),
        default("tax", Kind::Tax, "0", "kept but not used, unless the policy declares it"),
        default("discount", Kind::Discount, "0", "kept but not used, unless the policy declares it"),
    ];
    Shape { makes: Makes::OrderLine, ..part("a line", "In `lines` of an order.", fields) }
}

/// A line that ships, is cancelled or returned.
pub(super) fn moved() -> Shape<'static> {
    let fields = vec![
        required("id", Kind::Id, "a line of the order"),
        optional("quantity", Kind::Quantity, "units; all that are left for this event where left out"),
    ];
    part("a line", "In `lines` of `ship`, `cancel` and `return`.", fields)
}

/// A line that money is given back on.
pub(super) fn refunded() -> Shape<'static> {
    let fields = vec![
        required("id", Kind::Id, "a line of the order"),
        required("amount", Kind::Amount, "how much"),
        optional("part", Kind::PartOfLine, "what of the price, by the name of its fact"),
    ];
    part("a line", "In `lines` of `refund`.", fields)
}

/// Points by redeem rule.
pub(super) fn redeem<'p>(rules: impl Iterator<Item = &'p str>) -> Shape<'p> {
    let rule = |(index, name)| default(name, Kind::RedeemBy(RedeemId::new(index)), "0", "points");
    Shape {
        name: "",
        what: "`redeem`",
        makes: Makes::Payment,
        fields: rules.enumerate().map(rule).collect(),
        about: "",
        not_here: &[],
    }
}

fn event_shape<'p>(name: &'p str, makes: Makes, about: &'p str, own: Vec<Field<'p>>) -> Shape<'p> {
    let common = COMMON.into_iter().map(|field| match makes {
        Makes::Part => field,
        _ => Field { need: Need::Required(missing(field.name)), ..field },
    });
    let not_here: &[&str] = match makes {
        Makes::CancelEvent => &["order", "lines"],
        Makes::RefundEvent => &["order", "lines", "shipping"],
        _ => &[],
    };
    let fields = common.chain(own).chain([NOTE]).collect();
    Shape { name, what: "an event", makes, fields, about, not_here }
}

fn part<'p>(what: &'static str, about: &'p str, mut fields: Vec<Field<'p>>) -> Shape<'p> {
    fields.push(NOTE);
    Shape { name: "", what, makes: Makes::Part, fields, about, not_here: &[] }
}

fn required(name: &'static str, kind: Kind, about: &'static str) -> Field<'static> {
    Field { name, kind, need: Need::Required(missing(name)), about }
}

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Field<'static> {
    Field { name, kind, need: Need::Optional, about }
}

fn default<'p>(name: &'p str, kind: Kind, spelt: &str, about: &'static str) -> Field<'p> {
    Field { name, kind, need: Need::Default(spelt.to_owned()), about }
}

fn missing(name: &str) -> String {
    format!("`{name}` is missing")
}
