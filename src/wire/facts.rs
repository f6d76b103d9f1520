//! Facts: the attributes that a policy declares on listings, lines, orders, members and its own events, read by their
//! types.

use super::Reader;
use super::fields::Fields;
use super::path::{Path, shown};
use super::scalar;
use super::value::Node;
use crate::diagnostic::suggest;
use crate::eval::order::MemberFacts;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{CategoryId, Fact, FactId, FactType, FactValue, IdVec, Part, PartOf, Subject};
use crate::value::{Currency, Ratio};

impl Reader<'_> {
    /// The facts of `subject` among `fields`; `amount` is what a part is contained in: the price of all
    /// units of a line, or the order's total.
    pub(super) fn facts(
        &self,
        subject: Subject,
        fields: &Fields<'_>,
        amount: Option<i128>,
    ) -> Result<IdVec<FactId, FactValue>, Refusal> {
        let declared = self.policy.facts.of(subject);
        let mut values: IdVec<FactId, FactValue> = IdVec::default();
        for fact in declared {
            let read = |node: &Node, path: &Path<'_>| self.fact(fact, node, path);
            let value = match (fields.optional(&fact.name, read)?, &fact.default) {
                (Some(value), _) => value,
                (None, Some(default)) => default.clone(),
                (None, None) => return Err(self.missing_fact(subject, fact, fields)),
            };
            if !matches!(fact.part_of, Some(PartOf { amount: Part::Fact(_), .. })) {
                self.within(subject, fact, &value, amount.map(Ratio::whole), fields)?;
            }
            values.push(value);
        }
        for (fact, value) in declared.iter().zip(&values) {
            if let Some(PartOf { amount: Part::Fact(whole), .. }) = fact.part_of
                && let FactValue::Number(whole) = &values[whole]
            {
                self.within(subject, fact, value, Some(*whole), fields)?;
            }
        }
        Ok(values)
    }

    /// The member facts of a decide case: what is given, else the default, else None.
    pub(super) fn member_facts(&self, fields: Option<&Fields<'_>>) -> Result<MemberFacts, Refusal> {
        let declared = self.policy.facts.of(Subject::Member);
        let facts: Result<IdVec<_, _>, Refusal> = declared
            .iter()
            .map(|fact| {
                let read = |node: &Node, path: &Path<'_>| self.fact(fact, node, path);
                let given = fields.map(|fields| fields.optional(&fact.name, read)).transpose()?.flatten();
                Ok(given.or_else(|| fact.default.clone()))
            })
            .collect();
        Ok(MemberFacts(facts?))
    }

    /// One fact's value.
    pub(super) fn fact(&self, fact: &Fact, node: &Node, path: &Path<'_>) -> Result<FactValue, Refusal> {
        let value = match &fact.kind {
            FactType::Rate => FactValue::Number(scalar::rate(node, path)?),
            FactType::Count => FactValue::Number(Ratio::whole(scalar::at_least(node, path, 0)?)),
            FactType::Quantity => FactValue::Number(scalar::quantity(node, path)?),
            FactType::Money => {
                FactValue::Number(Ratio::whole(scalar::money(node, path, self.policy.currency)?))
            }
            FactType::Category(branch) => FactValue::Category(self.category_under(*branch, node, path)?),
            FactType::Date => FactValue::Date(scalar::date(node, path)?),
            FactType::Text => FactValue::Text(scalar::text(node, path)?.to_owned()),
            FactType::YesNo => FactValue::YesNo(scalar::yes_no(node, path)?),
            FactType::Choice(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                FactValue::Choice(choice(&words, node, path)?)
            }
        };
        in_range(fact, &value, path, self.policy.currency)?;
        Ok(value)
    }

    /// Refuses a part above the amount that it is contained in; what comes on top of an amount may be more.
    fn within(
        &self,
        subject: Subject,
        fact: &Fact,
        value: &FactValue,
        amount: Option<Ratio>,
        fields: &Fields<'_>,
    ) -> Result<(), Refusal> {
        let (Some(part), FactValue::Number(given), Some(amount)) = (fact.part_of, value, amount) else {
            return Ok(());
        };
        if part.beside || *given <= amount {
            return Ok(());
        }
        let whole = match part.amount {
            Part::Price => "the price of the line".to_owned(),
            Part::Total => "the order's total".to_owned(),
            Part::Fact(whole) => format!("`{}`", self.policy.facts.of(subject)[whole].name),
        };
        let (path, currency) = (fields.path.field(&fact.name), self.policy.currency);
        let message = format!(
            "{} is part of {whole}, so it can be at most {}, not {}",
            path.name(),
            currency.format(amount),
            currency.format(*given)
        );
        Err(path.refuse(RefusalCode::FactOutOfRange, message))
    }

    /// A category that is `branch` or lies under it.
    fn category_under(
        &self,
        branch: CategoryId,
        node: &Node,
        path: &Path<'_>,
    ) -> Result<CategoryId, Refusal> {
        let found = self.category(node, path)?;
        let mut at = Some(found);
        while let Some(category) = at {
            if category == branch {
                return Ok(found);
            }
            at = self.policy.categories[category].parent;
        }
        let message = format!(
            "{} is {} or a category under it, not \"{}\"",
            path.name(),
            self.category_name(branch),
            self.category_name(found)
        );
        Err(path.refuse(RefusalCode::FactOutOfRange, message))
    }

    fn category_name(&self, category: CategoryId) -> &str {
        &self.policy.categories[category].name
    }

    fn missing_fact(&self, subject: Subject, fact: &Fact, fields: &Fields<'_>) -> Refusal {
        let kind = match &fact.kind {
            FactType::Rate => "a rate such as \"2%\"".to_owned(),
            FactType::Count => "a whole number".to_owned(),
            FactType::Quantity => "a number".to_owned(),
            FactType::Category(branch) => {
                format!("{} or a category under it", self.category_name(*branch))
            }
            FactType::Money => format!("an amount of {}", self.policy.currency.name()),
            FactType::Date => "a date such as \"2021-03-01\"".to_owned(),
            FactType::Text => "a text".to_owned(),
            FactType::YesNo => "true or false".to_owned(),
            FactType::Choice(words) => format!("one of {}", words.join(", ")),
        };
        let on = match subject {
            Subject::Event(event) => &self.policy.events[event].name,
            subject => subject.word(),
        };
        let message = format!("`{}` is missing: the policy declares it on {on}, as {kind}", fact.name);
        fields.path.field(&fact.name).refuse(RefusalCode::MissingField, message)
    }
}

/// The place of a word among the words that there are.
pub(super) fn choice(words: &[&str], node: &Node, path: &Path<'_>) -> Result<usize, Refusal> {
    let word = scalar::text(node, path)?;
    words.iter().position(|known| *known == word).ok_or_else(|| {
        let help = match suggest::nearest(word, words.iter().copied()) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None => String::new(),
        };
        let choices = words.join(", ");
        let message = format!("{} is one of {choices}, not \"{}\"{help}", path.name(), shown(word));
        path.refuse(RefusalCode::UnknownChoice, message)
    })
}

fn in_range(fact: &Fact, value: &FactValue, path: &Path<'_>, currency: Currency) -> Result<(), Refusal> {
    let (Some((least, most)), FactValue::Number(given)) = (fact.range, value) else {
        return Ok(());
    };
    if least <= *given && *given <= most {
        return Ok(());
    }
    let show = |n: Ratio| match fact.kind {
        FactType::Rate => n.mul(Ratio::whole(100)).map_or_else(|_| n.to_string(), |n| format!("{n}%")),
        FactType::Money => currency.format(n),
        _ => n.to_string(),
    };
    let message = format!("{} must be {} to {}, not {}", path.name(), show(least), show(most), show(*given));
    Err(path.refuse(RefusalCode::FactOutOfRange, message))
}
