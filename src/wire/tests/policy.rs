//! A policy built by hand, with a fact of every type.

use crate::check::policy::{Category, Fact, FactType, FactValue, Facts, Part, Policy};
use crate::source::{Source, Span};
use crate::syntax::ast::DeadlineEnd;
use crate::value::{Calendar, Currency, MissingDay, Ratio, Zone};

pub fn policy(currency: &str) -> Policy {
    Policy {
        source: Source::new("test", ""),
        digest: String::new(),
        name: "test".to_owned(),
        label: "Test".to_owned(),
        statement: "Points".to_owned(),
        currency: Currency::from_code(currency).unwrap(),
        calendar: Calendar {
            zone: Zone::from_name("Asia/Tokyo").unwrap(),
            missing_day: MissingDay::LastOfMonth,
        },
        deadlines: DeadlineEnd::EndOfDay,
        categories: categories(),
        facts: facts(),
        values: Vec::new(),
        pools: Vec::new(),
        earns: Vec::new(),
        redeems: Vec::new(),
        forbids: Vec::new(),
        badges: Vec::new(),
    }
}

/// The facts and categories of Amazon's programme that the example's mapping uses.
#[cfg(feature = "cli")]
pub fn amazon() -> Policy {
    let names = [
        "gift_card",
        "amazon_coins",
        "fresh",
        "digital",
        "goods",
        "book",
        "electronics",
        "grocery",
        "kindle_ebook",
        "video",
        "music",
        "app",
    ];
    let mut policy = policy("JPY");
    policy.categories = names.map(|name| category((name, None))).to_vec();
    policy.facts.line.clear();
    policy.facts.member.clear();
    policy.facts.order.truncate(1);
    policy
}

fn category((name, parent): (&str, Option<usize>)) -> Category {
    Category { name: name.to_owned(), label: name.to_owned(), parent }
}

fn categories() -> Vec<Category> {
    let category =
        |(name, parent): (&str, _)| Category { name: name.to_owned(), label: name.to_owned(), parent };
    [("book", None), ("digital", None), ("music", Some(1)), ("gift_card", None)].map(category).to_vec()
}

fn facts() -> Facts {
    let words = |words: &[&str]| FactType::Choice(words.iter().map(|&word| word.to_owned()).collect());
    let percent = |n: i128| Ratio::new(n, 100).unwrap();
    Facts {
        listing: vec![
            Fact { range: Some((Ratio::ZERO, percent(95))), ..fact("points_rate", FactType::Rate, None) },
            fact("seller", words(&["domestic", "overseas"]), None),
        ],
        line: vec![
            Fact {
                part_of: Some(Part::Price),
                ..fact("coupon", FactType::Money, Some(FactValue::Number(Ratio::ZERO)))
            },
            fact("gift", FactType::YesNo, Some(FactValue::YesNo(false))),
        ],
        order: vec![
            fact("paid_with", words(&["amazon_mastercard", "other"]), Some(FactValue::Choice(1))),
            fact("campaign", FactType::Text, Some(FactValue::Text(String::new()))),
            fact("visits", FactType::Count, Some(FactValue::Number(Ratio::ZERO))),
        ],
        member: vec![
            fact("joined", FactType::Date, None),
            fact("rank", words(&["silver", "gold"]), Some(FactValue::Choice(0))),
        ],
    }
}

fn fact(name: &str, kind: FactType, default: Option<FactValue>) -> Fact {
    Fact { name: name.to_owned(), kind, range: None, part_of: None, default, span: Span::default() }
}
