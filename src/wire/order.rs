//! Orders, their lines, lines that later events name, and listings asked about on their own.

use std::collections::HashSet;

use super::Reader;
use super::cursor::{Cursor, Scalar};
use super::path::{Path, shown};
use super::record::Record;
use super::refund::GivenOn;
use super::scalar;
use super::schema::Shape;
use crate::diagnostic::suggest;
use crate::eval::order::{Listing, Order, OrderLine, RedeemAsk};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{CategoryId, IdVec, Occasion, Subject};
use crate::value::Overflow;

type Read<T> = Result<T, Refusal>;

/// The lines of an order.
pub(super) struct Lines {
    pub lines: Vec<OrderLine>,
    /// What they have that the policy does not use.
    pub aside: Aside,
}

/// A line that a later event names.
pub(super) struct Line {
    pub id: String,
    pub quantity: Option<i64>,
    pub amount: Option<i64>,
    pub part: Option<GivenOn>,
}

impl Reader<'_> {
    /// The order that a record is of; what the policy does not use of it goes `aside`.
    pub(super) fn order(&self, record: Record<'_>, aside: &mut Aside, path: &Path<'_>) -> Read<Order> {
        let Some(Lines { lines, aside: of_lines }) = record.lines else {
            return Err(absent("lines", path));
        };
        *aside = of_lines;
        if !record.coupons.is_empty() {
            aside.add("coupons", &record.coupons.join(", "));
        }
        let shipping = record.shipping.unwrap_or(0);
        let amounts = lines.iter().map(|line| i128::from(line.price) * i128::from(line.quantity));
        let total = amounts.fold(i128::from(shipping), i128::saturating_add);
        let mut order = Order {
            of: Occasion::Order,
            shares: IdVec::default(),
            facts: self.facts(Subject::Order, record.facts, Some(total), path)?,
            shipping,
            redeem: record.redeem.unwrap_or(RedeemAsk::Plain(0)),
            honoured: record.honoured.unwrap_or(false),
            lines,
        };
        order.share_out(self.policy).map_err(|Overflow| {
            let message = "the amounts of the order are too large to share out over its lines";
            path.field("lines").refuse(RefusalCode::Overflow, message)
        })?;
        Ok(order)
    }

    /// The lines of an order.
    pub(super) fn lines<'d>(&self, cursor: &mut impl Cursor<'d>, path: &Path<'_>) -> Read<Lines> {
        let mut read = Lines { lines: Vec::new(), aside: Aside::default() };
        cursor.items("lines", path, |cursor, path| {
            let record = self.record(&self.schema.line, cursor, path)?;
            read.lines.push(self.line(record, &mut read.aside, path)?);
            Ok(())
        })?;
        if read.lines.is_empty() {
            return Err(path.refuse(RefusalCode::MissingField, "an order has at least one line"));
        }
        unique_ids(read.lines.iter().map(|line| line.id.as_str()), path)?;
        Ok(read)
    }

    fn line(&self, record: Record<'_>, aside: &mut Aside, path: &Path<'_>) -> Read<OrderLine> {
        let id = record.id.ok_or_else(|| absent("id", path))?.into_owned();
        let price = record.price.ok_or_else(|| absent("price", path))?;
        for (name, amount) in [("tax", record.tax), ("discount", record.discount)] {
            if let Some(amount) = amount.filter(|amount| *amount != 0) {
                aside.add(&format!("{id} {name}"), &amount.to_string());
            }
        }
        let quantity = record.quantity.unwrap_or(1);
        let whole = i128::from(price) * i128::from(quantity);
        Ok(OrderLine {
            id,
            sku: record.sku.map(String::from),
            category: record.category,
            price,
            quantity,
            listing: self.facts(Subject::Listing, record.listing, Some(price.into()), path)?,
            facts: self.facts(Subject::Line, record.facts, Some(whole), path)?,
        })
    }

    /// Lines named by a ship, cancel, return or refund.
    pub(super) fn named_lines<'d>(
        &self,
        shape: &Shape<'_>,
        cursor: &mut impl Cursor<'d>,
        path: &Path<'_>,
    ) -> Read<Vec<Line>> {
        let mut lines: Vec<Line> = Vec::new();
        cursor.items("lines", path, |cursor, path| {
            let Record { id, quantity, amount, part, .. } = self.record(shape, cursor, path)?;
            let id = id.ok_or_else(|| absent("id", path))?.into_owned();
            lines.push(Line { id, quantity, amount, part });
            Ok(())
        })?;
        if lines.is_empty() {
            let message = "`lines` is empty, so nothing would move; leave it out to mean all that is left";
            return Err(path.refuse(RefusalCode::NothingLeft, message));
        }
        unique_ids(lines.iter().map(|line| line.id.as_str()), path)?;
        Ok(lines)
    }

    /// Points to pay with: a number, or a number for each redeem rule.
    pub(super) fn redeem<'d>(&self, cursor: &mut impl Cursor<'d>, path: &Path<'_>) -> Read<RedeemAsk> {
        if !cursor.is_object()? {
            return scalar::at_least(cursor.scalar()?, path, 0).map(RedeemAsk::Plain);
        }
        let mut asks = self.record(&self.schema.redeem, cursor, path)?.asks;
        asks.sort_unstable();
        Ok(if asks.is_empty() { RedeemAsk::Plain(0) } else { RedeemAsk::ByRule(asks) })
    }

    /// Texts and amounts, in one spelling.
    pub(super) fn coupons<'d>(&self, cursor: &mut impl Cursor<'d>, path: &Path<'_>) -> Read<Vec<String>> {
        let mut coupons = Vec::new();
        cursor.items("texts or amounts", path, |cursor, path| {
            coupons.push(match cursor.scalar()? {
                number @ Scalar::Number(_) => scalar::money(number, path, self.policy.currency)?.to_string(),
                other => format!("{:?}", scalar::text(other, path)?),
            });
            Ok(())
        })?;
        Ok(coupons)
    }

    /// A listing asked about on its own.
    pub(super) fn listing<'d>(&self, cursor: &mut impl Cursor<'d>, path: &Path<'_>) -> Read<Listing> {
        let record = self.record(&self.schema.asked_listing, cursor, path)?;
        let facts = self.facts(Subject::Listing, record.listing, record.price.map(i128::from), path)?;
        Ok(Listing { category: record.category, facts })
    }

    /// A category by its name, or by its path: `digital/music`.
    pub(super) fn category(&self, said: Scalar<'_>, path: &Path<'_>) -> Read<CategoryId> {
        let text = scalar::name(said, path)?;
        self.find_category(&text).ok_or_else(|| {
            let names = self.policy.categories.iter().map(|category| category.name.as_str());
            let help = match suggest::nearest(text.rsplit('/').next().unwrap_or(&text), names) {
                Some(near) => format!("; did you mean \"{near}\"?"),
                None => String::new(),
            };
            let message = format!("the policy declares no category \"{}\"{help}", shown(&text));
            path.refuse(RefusalCode::UnknownCategory, message)
        })
    }

    fn find_category(&self, text: &str) -> Option<CategoryId> {
        let mut steps = text.rsplit('/');
        let found = *self.categories.get(steps.next()?)?;
        let mut at = found;
        for step in steps {
            at = self.policy.categories.try_get(at)?.parent?;
            if self.policy.categories.try_get(at)?.name != step {
                return None;
            }
        }
        Some(found)
    }

    /// Refuses another currency than the programme's.
    pub(super) fn currency(&self, said: Scalar<'_>, path: &Path<'_>) -> Read<()> {
        let code = scalar::name(said, path)?;
        let wanted = self.policy.currency.name();
        if code == wanted {
            return Ok(());
        }
        let message = format!("the programme counts in {wanted}, not in \"{}\"", shown(&code));
        Err(path.refuse(RefusalCode::CurrencyMismatch, message))
    }
}

/// The refusal of an object without a field that the schema has asked for.
pub(super) fn absent(name: &str, path: &Path<'_>) -> Refusal {
    path.field(name).refuse(RefusalCode::MissingField, format!("`{name}` is missing"))
}

/// Refuses lines of one event that share an id.
fn unique_ids<'i>(ids: impl ExactSizeIterator<Item = &'i str>, path: &Path<'_>) -> Read<()> {
    if ids.len() < 2 {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for (i, id) in ids.enumerate() {
        if !seen.insert(id) {
            let message = format!("two lines have the id \"{}\"", shown(id));
            return Err(path.item(i).field("id").refuse(RefusalCode::DuplicateLine, message));
        }
    }
    Ok(())
}

/// Content that is read and checked, but that the policy does not use.
#[derive(Default)]
pub(super) struct Aside(String);

impl Aside {
    fn add(&mut self, name: &str, content: &str) {
        self.0.push_str(&format!("{name:?}: {content}\n"));
    }

    /// None where there is none.
    pub fn into_text(self) -> Option<Box<str>> {
        (!self.0.is_empty()).then(|| self.0.into())
    }
}
