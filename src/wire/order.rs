//! Orders, their lines, and listings asked about on their own.

use std::collections::HashSet;

use super::Reader;
use super::fields::{Fields, list};
use super::names::Named;
use super::path::{Path, shown};
use super::scalar;
use super::value::{Node, Value};
use crate::diagnostic::suggest;
use crate::eval::order::{Listing, Order, OrderLine, RedeemAsk};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{CategoryId, IdVec, Occasion, Subject};
use crate::value::Overflow;

/// Fields of an order besides its facts and what an event has.
pub(super) const ORDER_FIELDS: &[&str] =
    &["order", "redeem", "honoured", "lines", "shipping", "coupons", "currency"];
/// Fields of a line besides its facts.
pub(super) const LINE_FIELDS: &[&str] = &["id", "sku", "category", "price", "quantity", "tax", "discount"];
/// Fields of a listing besides its facts.
const LISTING_FIELDS: &[&str] = &["sku", "category", "price"];

impl Reader<'_> {
    /// The order among `fields`, whose unknown fields have been refused. What the policy does not use is added
    /// to `aside`.
    pub(super) fn order(&self, fields: &Fields<'_>, aside: &mut Aside) -> Result<Order, Refusal> {
        let currency = self.policy.currency;
        fields.optional("currency", |node, path| self.currency(node, path))?;
        let lines = fields.required("lines", |node, path| self.lines(node, path, aside))?;
        let shipping = fields.optional("shipping", |node, path| scalar::money(node, path, currency))?;
        let shipping = shipping.unwrap_or(0);
        if !self.declares(Subject::Order, "coupons") {
            let coupons = fields.optional("coupons", |node, path| self.coupons(node, path))?;
            aside.add("coupons", coupons.filter(|list| !list.is_empty()).map(|list| list.join(", ")));
        }
        let amounts = lines.iter().map(|line| i128::from(line.price) * i128::from(line.quantity));
        let total = amounts.fold(i128::from(shipping), i128::saturating_add);
        let mut order = Order {
            of: Occasion::Order,
            shares: IdVec::default(),
            facts: self.facts(Subject::Order, fields, Some(total))?,
            shipping,
            redeem: fields
                .optional("redeem", |node, path| self.redeem(node, path))?
                .unwrap_or(RedeemAsk::Plain(0)),
            honoured: fields.optional("honoured", scalar::yes_no)?.unwrap_or(false),
            lines,
        };
        order.share_out(self.policy).map_err(|Overflow| {
            let message = "the amounts of the order are too large to share out over its lines";
            fields.path.field("lines").refuse(RefusalCode::Overflow, message)
        })?;
        Ok(order)
    }

    /// Points to pay with: a number, or a number for each redeem rule.
    fn redeem(&self, node: &Node, path: &Path<'_>) -> Result<RedeemAsk, Refusal> {
        let Value::Object(object) = &node.value else {
            return scalar::at_least(node, path, 0).map(RedeemAsk::Plain);
        };
        let rules: Vec<&str> = self.policy.redeems.iter().map(|rule| rule.name.as_str()).collect();
        let unknown = object.iter().map(|(name, _)| name).filter(|name| !rules.contains(name)).min();
        if let Some(name) = unknown {
            Named::Redeem.find(&rules, name, &path.field(name))?;
        }
        let mut asks = Vec::new();
        for (rule, name) in self.policy.redeems.ids().zip(&rules) {
            let points =
                object.get(name).map(|node| scalar::at_least(node, &path.field(name), 0)).transpose()?;
            asks.extend(points.filter(|points| *points > 0).map(|points| (rule, points)));
        }
        Ok(if asks.is_empty() { RedeemAsk::Plain(0) } else { RedeemAsk::ByRule(asks) })
    }

    /// A listing asked about on its own.
    pub(super) fn listing(&self, node: &Node, path: &Path<'_>) -> Result<Listing, Refusal> {
        let fields = Fields::of(node, path, "a listing")?;
        fields.only(LISTING_FIELDS, &self.names.listing)?;
        fields.optional("sku", scalar::text)?;
        let price = fields.optional("price", |node, path| scalar::money(node, path, self.policy.currency))?;
        Ok(Listing {
            category: fields.optional("category", |node, path| self.category(node, path))?,
            facts: self.facts(Subject::Listing, &fields, price.map(i128::from))?,
        })
    }

    fn lines(&self, node: &Node, path: &Path<'_>, aside: &mut Aside) -> Result<Vec<OrderLine>, Refusal> {
        let items = list(node, path, "lines")?;
        if items.is_empty() {
            return Err(path.refuse(RefusalCode::MissingField, "an order has at least one line"));
        }
        let read = |(i, item): (usize, &Node)| self.line(item, &path.item(i), aside);
        let lines = items.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        unique_ids(lines.iter().map(|line| line.id.as_str()), path)?;
        Ok(lines)
    }

    fn line(&self, node: &Node, path: &Path<'_>, aside: &mut Aside) -> Result<OrderLine, Refusal> {
        let currency = self.policy.currency;
        let fields = Fields::of(node, path, "a line")?;
        fields.only(LINE_FIELDS, &self.names.line)?;
        let id = fields.required("id", scalar::name)?.to_owned();
        let price = fields.required("price", |node, path| scalar::money(node, path, currency))?;
        for name in ["tax", "discount"] {
            let amount = fields.optional(name, |node, path| scalar::money(node, path, currency))?;
            if !self.declares(Subject::Line, name) && !self.declares(Subject::Listing, name) {
                aside.add(&format!("{id} {name}"), amount.filter(|n| *n != 0).map(|n| n.to_string()));
            }
        }
        // A policy without categories has none to name.
        let category = match self.policy.categories.is_empty() {
            true => fields.optional("category", |node, path| self.category(node, path))?,
            false => Some(fields.required("category", |node, path| self.category(node, path))?),
        };
        let quantity =
            fields.optional("quantity", |node, path| scalar::at_least(node, path, 1))?.unwrap_or(1);
        Ok(OrderLine {
            sku: fields.optional("sku", scalar::text)?.map(str::to_owned),
            category,
            quantity,
            listing: self.facts(Subject::Listing, &fields, Some(price.into()))?,
            facts: self.facts(Subject::Line, &fields, Some(i128::from(price) * i128::from(quantity)))?,
            id,
            price,
        })
    }

    /// A category by its name, or by its path: `digital/music`.
    pub(super) fn category(&self, node: &Node, path: &Path<'_>) -> Result<CategoryId, Refusal> {
        let text = scalar::name(node, path)?;
        self.find_category(text).ok_or_else(|| {
            let names = self.policy.categories.iter().map(|category| category.name.as_str());
            let help = match suggest::nearest(text.rsplit('/').next().unwrap_or(text), names) {
                Some(near) => format!("; did you mean \"{near}\"?"),
                None => String::new(),
            };
            let message = format!("the policy declares no category \"{}\"{help}", shown(text));
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

    fn currency(&self, node: &Node, path: &Path<'_>) -> Result<(), Refusal> {
        let code = scalar::name(node, path)?;
        let wanted = self.policy.currency.name();
        if code == wanted {
            return Ok(());
        }
        let message = format!("the programme counts in {wanted}, not in \"{}\"", shown(code));
        Err(path.refuse(RefusalCode::CurrencyMismatch, message))
    }

    fn coupons(&self, node: &Node, path: &Path<'_>) -> Result<Vec<String>, Refusal> {
        let items = list(node, path, "texts or amounts")?;
        let read = |(i, item): (usize, &Node)| match &item.value {
            Value::Number(_) => {
                scalar::money(item, &path.item(i), self.policy.currency).map(|n| n.to_string())
            }
            _ => scalar::text(item, &path.item(i)).map(|text| format!("{text:?}")),
        };
        items.iter().enumerate().map(read).collect()
    }

    fn declares(&self, subject: Subject, name: &str) -> bool {
        self.policy.facts.of(subject).iter().any(|fact| fact.name == name)
    }
}

/// Refuses lines of one event that share an id.
pub(super) fn unique_ids<'i>(ids: impl Iterator<Item = &'i str>, path: &Path<'_>) -> Result<(), Refusal> {
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
    fn add(&mut self, name: &str, content: Option<String>) {
        if let Some(content) = content {
            self.0.push_str(&format!("{name:?}: {content}\n"));
        }
    }

    /// None where there is none.
    pub fn into_text(self) -> Option<Box<str>> {
        (!self.0.is_empty()).then(|| self.0.into())
    }
}
