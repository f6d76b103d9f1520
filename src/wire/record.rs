//! What has been read of one object, field by field, whatever it is: an event, a line, a listing. The texts are still
//! those of the data; what is made of them takes what it keeps.

use std::borrow::Cow;

use jiff::Timestamp;

use super::Reader;
use super::cursor::Cursor;
use super::order::{Line, Lines};
use super::path::Path;
use super::refund::GivenOn;
use super::scalar;
use super::schema::{Field, Kind, Need, Shape};
use crate::eval::Refusal;
use crate::eval::order::RedeemAsk;
use crate::policy::{CategoryId, FactId, FactValue, MoveId, PoolId, RedeemId, Subject};

/// The fields of an object, as far as they were given.
#[derive(Default)]
pub(super) struct Record<'d> {
    pub id: Option<Cow<'d, str>>,
    pub at: Option<Timestamp>,
    pub account: Option<Cow<'d, str>>,
    /// The number of an order.
    pub order: Option<Cow<'d, str>>,
    /// The id of another event.
    pub event: Option<Cow<'d, str>>,
    pub lines: Option<Lines>,
    /// Lines that move, or that money is given back on.
    pub named: Option<Vec<Line>>,
    pub shipping: Option<i64>,
    /// In one spelling, as they are kept but not used.
    pub coupons: Vec<String>,
    pub redeem: Option<RedeemAsk>,
    pub honoured: Option<bool>,
    pub sku: Option<Cow<'d, str>>,
    pub category: Option<CategoryId>,
    pub price: Option<i64>,
    pub quantity: Option<i64>,
    pub tax: Option<i64>,
    pub discount: Option<i64>,
    pub amount: Option<i64>,
    /// What of an order money is given back on.
    pub part: Option<GivenOn>,
    /// The same of a declared event, by its name.
    pub event_part: Option<Cow<'d, str>>,
    pub pool: Option<PoolId>,
    pub points: Option<i64>,
    pub expires_at: Option<Timestamp>,
    pub reason: Option<Cow<'d, str>>,
    pub to_account: Option<Cow<'d, str>>,
    pub to_program: Option<Cow<'d, str>>,
    pub by_move: Option<MoveId>,
    pub reward: Option<String>,
    pub mark: Option<String>,
    /// By redeem rule; above 0.
    pub asks: Vec<(RedeemId, i64)>,
    /// The facts of a line's listing, by index.
    pub listing: Vec<Option<FactValue>>,
    /// All other facts, by index.
    pub facts: Vec<Option<FactValue>>,
}

impl Reader<'_> {
    /// Reads an object of this shape.
    pub(super) fn record<'d, C: Cursor<'d>>(
        &self,
        shape: &Shape<'_>,
        cursor: &mut C,
        path: &Path<'_>,
    ) -> Result<Record<'d>, Refusal> {
        let mut record = Record::default();
        cursor.fields(shape, path, |cursor, field, path| record.put(self, field, cursor, path))?;
        Ok(record)
    }
}

impl<'d> Record<'d> {
    /// Reads the value of a field to its place.
    fn put<C: Cursor<'d>>(
        &mut self,
        reader: &Reader<'_>,
        field: &Field<'_>,
        cursor: &mut C,
        path: &Path<'_>,
    ) -> Result<(), Refusal> {
        let currency = reader.policy.currency;
        match field.kind {
            Kind::Note => cursor.pass_over()?,
            // It has chosen the shape.
            Kind::Type => drop(scalar::name(cursor.scalar()?, path)?),
            Kind::Id => self.id = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::At => self.at = Some(scalar::instant(cursor.scalar()?, path)?),
            Kind::Account => self.account = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::OrderNumber => self.order = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::AboutEvent => self.event = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::OrderLines => self.lines = Some(reader.lines(cursor, path)?),
            Kind::MovedLines => self.named = Some(reader.named_lines(&reader.schema.moved, cursor, path)?),
            Kind::RefundedLines => {
                self.named = Some(reader.named_lines(&reader.schema.refunded, cursor, path)?);
            }
            Kind::Currency => reader.currency(cursor.scalar()?, path)?,
            Kind::Shipping(None) => self.shipping = Some(scalar::money(cursor.scalar()?, path, currency)?),
            Kind::Shipping(Some(fact)) => {
                let said = cursor.scalar()?;
                self.shipping = Some(scalar::money(said.clone(), path, currency)?);
                let value = reader.declared_fact(Subject::Order, fact, said, path)?;
                set(&mut self.facts, fact, value);
            }
            Kind::Coupons => self.coupons = reader.coupons(cursor, path)?,
            Kind::Redeem => self.redeem = Some(reader.redeem(cursor, path)?),
            Kind::RedeemBy(rule) => {
                let points = scalar::at_least(cursor.scalar()?, path, 0)?;
                self.asks.extend((points > 0).then_some((rule, points)));
            }
            Kind::Honoured => self.honoured = Some(scalar::yes_no(cursor.scalar()?, path)?),
            Kind::Sku => self.sku = Some(scalar::text(cursor.scalar()?, path)?),
            Kind::Category => self.category = Some(reader.category(cursor.scalar()?, path)?),
            Kind::Price => self.price = Some(scalar::money(cursor.scalar()?, path, currency)?),
            Kind::Quantity => self.quantity = Some(scalar::at_least(cursor.scalar()?, path, 1)?),
            Kind::Tax => self.tax = Some(scalar::money(cursor.scalar()?, path, currency)?),
            Kind::Discount => self.discount = Some(scalar::money(cursor.scalar()?, path, currency)?),
            Kind::Amount => self.amount = Some(scalar::money_above_0(cursor.scalar()?, path, currency)?),
            Kind::ShippingBack => {
                self.shipping = Some(scalar::money_above_0(cursor.scalar()?, path, currency)?)
            }
            Kind::PartOfLine => self.part = Some(reader.part_of_line(cursor.scalar()?, path)?),
            Kind::PartOfOrder => self.part = Some(reader.part_of_order(cursor.scalar()?, path)?),
            Kind::PartOfEvent => self.event_part = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::Pool => self.pool = Some(reader.pool(cursor.scalar()?, path)?),
            Kind::Points => self.points = Some(scalar::at_least(cursor.scalar()?, path, 1)?),
            Kind::Correction => self.points = Some(scalar::correction(cursor.scalar()?, path)?),
            Kind::ExpiresAt => self.expires_at = Some(scalar::instant(cursor.scalar()?, path)?),
            Kind::Reason if matches!(field.need, Need::Required(_)) => {
                self.reason = Some(scalar::name(cursor.scalar()?, path)?);
            }
            Kind::Reason => self.reason = Some(scalar::text(cursor.scalar()?, path)?),
            Kind::ToAccount => self.to_account = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::ToProgram => self.to_program = Some(scalar::name(cursor.scalar()?, path)?),
            Kind::Move => self.by_move = Some(reader.move_rule(cursor.scalar()?, path)?),
            Kind::Reward => self.reward = Some(reader.reward(cursor.scalar()?, path)?.to_owned()),
            Kind::Mark => self.mark = Some(reader.mark(cursor.scalar()?, path)?.to_owned()),
            Kind::Fact(subject, fact) => {
                let value = reader.declared_fact(subject, fact, cursor.scalar()?, path)?;
                let facts = if subject == Subject::Listing { &mut self.listing } else { &mut self.facts };
                set(facts, fact, value);
            }
        }
        Ok(())
    }
}

fn set(facts: &mut Vec<Option<FactValue>>, fact: FactId, value: FactValue) {
    let index = fact.index();
    if facts.len() <= index {
        facts.resize(index + 1, None);
    }
    if let Some(slot) = facts.get_mut(index) {
        *slot = Some(value);
    }
}
