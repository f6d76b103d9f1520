//! Facts: the attributes that a policy declares on listings, lines, orders, members and its own events, read by their
//! types.

use super::Reader;
use super::cursor::Scalar;
use super::path::{Path, shown};
use super::scalar;
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{CategoryId, Fact, FactId, FactType, FactValue, IdVec, Part, Policy, Subject};
use crate::value::{Currency, Ratio};

impl Reader<'_> {
    /// The facts of `subject`: those `given`, in the order of their ids, and the defaults of the others. `amount` is what a
    /// part is contained in: the price of all units of a line, or the order's total.
    pub(super) fn facts(
        &self,
        subject: Subject,
        mut given: Vec<Option<FactValue>>,
        amount: Option<i128>,
        path: &Path<'_>,
    ) -> Result<IdVec<FactId, FactValue>, Refusal> {
        let declared = self.policy.facts.of(subject);
        given.resize(declared.len(), None);
        for (slot, fact) in given.iter_mut().zip(declared).filter(|(slot, _)| slot.is_none()) {
            slot.clone_from(&fact.default);
        }
        // Those without a default must have been given.
        let values = given.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| {
            path.refuse(RefusalCode::MissingField, "a fact is missing that the policy declares")
        })?;
        let values = IdVec::from(values);
        for (fact, value) in declared.iter().zip(&values) {
            let whole = match fact.part_of.map(|part| part.amount) {
                None => continue,
                Some(Part::Fact(whole)) => match &values[whole] {
                    FactValue::Number(whole) => Some(*whole),
                    _ => None,
                },
                Some(Part::Price | Part::Total) => amount.map(Ratio::whole),
            };
            self.within(subject, fact, value, whole, path)?;
        }
        Ok(values)
    }

    /// The value of a declared fact.
    pub(super) fn declared_fact(
        &self,
        subject: Subject,
        fact: FactId,
        said: Scalar<'_>,
        path: &Path<'_>,
    ) -> Result<FactValue, Refusal> {
        self.fact(&self.policy.facts.of(subject)[fact], said, path)
    }

    /// One fact's value.
    pub(super) fn fact(&self, fact: &Fact, said: Scalar<'_>, path: &Path<'_>) -> Result<FactValue, Refusal> {
        let value = match &fact.kind {
            FactType::Rate => FactValue::Number(scalar::rate(said, path)?),
            FactType::Count => FactValue::Number(Ratio::whole(scalar::at_least(said, path, 0)?)),
            FactType::Quantity => FactValue::Number(scalar::quantity(said, path)?),
            FactType::Money => {
                FactValue::Number(Ratio::whole(scalar::money(said, path, self.policy.currency)?))
            }
            FactType::Category(branch) => FactValue::Category(self.category_under(*branch, said, path)?),
            FactType::Date => FactValue::Date(scalar::date(said, path)?),
            FactType::Text => FactValue::Text(scalar::text(said, path)?.into_owned()),
            FactType::YesNo => FactValue::YesNo(scalar::yes_no(said, path)?),
            FactType::Choice(words) => {
                FactValue::Choice(choice(words.iter().map(String::as_str), said, path)?)
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
        path: &Path<'_>,
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
        let (path, currency) = (path.field(&fact.name), self.policy.currency);
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
        said: Scalar<'_>,
        path: &Path<'_>,
    ) -> Result<CategoryId, Refusal> {
        let found = self.category(said, path)?;
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
            self.policy.categories[branch].name,
            self.policy.categories[found].name
        );
        Err(path.refuse(RefusalCode::FactOutOfRange, message))
    }
}

/// What a fact is, in words: `an amount of JPY`.
pub(super) fn in_words(policy: &Policy, fact: &Fact) -> String {
    match &fact.kind {
        FactType::Rate => "a rate such as \"2%\"".to_owned(),
        FactType::Count => "a whole number".to_owned(),
        FactType::Quantity => "a number".to_owned(),
        FactType::Category(branch) => format!("{} or a category under it", policy.categories[*branch].name),
        FactType::Money => format!("an amount of {}", policy.currency.name()),
        FactType::Date => "a date such as \"2021-03-01\"".to_owned(),
        FactType::Text => "a text".to_owned(),
        FactType::YesNo => "true or false".to_owned(),
        FactType::Choice(words) => format!("one of {}", words.join(", ")),
    }
}

/// A fact's value as data writes it, always in the same way.
pub(super) fn spelt(policy: &Policy, fact: &Fact, value: &FactValue) -> String {
    let times = |number: &Ratio, factor: Ratio| number.mul(factor).unwrap_or(*number);
    match (value, &fact.kind) {
        (FactValue::Number(rate), FactType::Rate) => format!("\"{}%\"", times(rate, Ratio::whole(100))),
        (FactValue::Number(minor), FactType::Money) => {
            let major = Ratio::new(1, policy.currency.scale()).unwrap_or(Ratio::ONE);
            times(minor, major).to_string()
        }
        (FactValue::Number(number), _) => number.to_string(),
        (FactValue::Date(date), _) => format!("\"{date}\""),
        (FactValue::Text(text), _) => format!("{text:?}"),
        (FactValue::YesNo(yes), _) => yes.to_string(),
        (FactValue::Choice(word), FactType::Choice(words)) => {
            format!("{:?}", words.get(*word).map_or("", String::as_str))
        }
        (FactValue::Choice(word), _) => word.to_string(),
        (FactValue::Category(category), _) => format!("{:?}", policy.categories[*category].name),
    }
}

/// The place of a word among the words that there are.
pub(super) fn choice<'w>(
    words: impl Iterator<Item = &'w str> + Clone,
    said: Scalar<'_>,
    path: &Path<'_>,
) -> Result<usize, Refusal> {
    let word = scalar::text(said, path)?;
    words.clone().position(|known| known == word).ok_or_else(|| {
        let help = match suggest::nearest(&word, words.clone()) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None => String::new(),
        };
        let choices = words.collect::<Vec<_>>().join(", ");
        let message = format!("{} is one of {choices}, not \"{}\"{help}", path.name(), shown(&word));
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
