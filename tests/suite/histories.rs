//! Random histories: small worlds in which events collide often. They are made as JSON Lines, so that the laws are
//! tested through the readers that users use.

use proptest::prelude::*;
use serde_json::{Value, json};

/// One step of a history, before it is written out.
#[derive(Clone, Debug)]
pub struct Step {
    pub account: usize,
    pub order: usize,
    pub minutes: i64,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Order { card: bool, redeem: i64, honoured: bool, lines: Vec<Line> },
    Ship(Lines),
    Cancel(Lines),
    Return(Lines),
    Refund(usize, i64),
    Grant(i64),
    Adjust(i64),
    Opening(i64, i64),
    Transfer(i64),
}

/// None: all that is left. Otherwise (line, quantity).
pub type Lines = Option<Vec<(usize, Option<i64>)>>;

#[derive(Clone, Debug)]
pub struct Line {
    pub category: &'static str,
    pub price: i64,
    pub quantity: i64,
    pub rate: &'static str,
}

pub const CATEGORIES: [&str; 6] = ["book", "gift_card", "kindle_ebook", "video", "grocery", "digital"];
pub const RATES: [&str; 6] = ["0%", "1%", "1.99%", "2%", "7.5%", "95%"];

pub fn line() -> impl Strategy<Value = Line> {
    let price = prop_oneof![Just(0i64), 1..50i64, 90..110i64, 500..3000i64];
    (prop::sample::select(&CATEGORIES[..]), price, 1..5i64, prop::sample::select(&RATES[..]))
        .prop_map(|(category, price, quantity, rate)| Line { category, price, quantity, rate })
}

fn lines() -> impl Strategy<Value = Lines> {
    prop::option::of(prop::collection::vec((0..3usize, prop::option::of(1..3i64)), 1..3))
}

pub fn what() -> impl Strategy<Value = What> {
    let redeem = prop_oneof![3 => Just(0i64), 2 => 1..60i64, 1 => 60..2000i64];
    let order = (any::<bool>(), redeem, prop::bool::weighted(0.2), prop::collection::vec(line(), 1..4));
    prop_oneof![
        5 => order.prop_map(|(card, redeem, honoured, lines)| What::Order { card, redeem, honoured, lines }),
        5 => lines().prop_map(What::Ship),
        2 => lines().prop_map(What::Cancel),
        4 => lines().prop_map(What::Return),
        2 => (0..3usize, 1..600i64).prop_map(|(line, amount)| What::Refund(line, amount)),
        1 => (1..300i64).prop_map(What::Grant),
        1 => prop_oneof![-200..0i64, 1..200i64].prop_map(What::Adjust),
        1 => (1..300i64, 1..500i64).prop_map(|(points, days)| What::Opening(points, days)),
        1 => (1..100i64).prop_map(What::Transfer),
    ]
}

/// Steps in minutes from 2020-02-20T00:00+09:00: near together, days apart, or a year apart.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![2 => Just(0i64), 3 => 1..600i64, 5 => 600..4000i64, 2 => (1..400i64).prop_map(|d| d * 1440)];
    let step = (0..2usize, 0..4usize, gap, what());
    prop::collection::vec(step, 1..most).prop_map(|steps| {
        let mut minutes = 0;
        let steps = steps.into_iter();
        let steps = steps.map(|(account, order, gap, what)| {
            minutes += gap;
            Step { account, order, minutes, what }
        });
        steps.collect()
    })
}

/// An instant as many minutes after the start of the world.
pub fn instant(minutes: i64) -> String {
    let start: jiff::Timestamp = "2020-02-20T00:00:00+09:00".parse().unwrap();
    (start + jiff::SignedDuration::from_mins(minutes)).to_string()
}

/// The steps as events with ids `e0`, `e1`, …
pub fn events(steps: &[Step]) -> Vec<Value> {
    steps.iter().enumerate().map(|(index, step)| event(&format!("e{index}"), step)).collect()
}

pub fn event(id: &str, step: &Step) -> Value {
    let mut event = json!({"id": id, "at": instant(step.minutes), "account": format!("a{}", step.account)});
    let order = format!("o{}", step.order);
    let more = match &step.what {
        What::Order { card, redeem, honoured, lines } => json!({
            "type": "order", "order": order, "redeem": redeem, "honoured": honoured,
            "paid_with": if *card { "amazon_mastercard" } else { "other" },
            "lines": lines.iter().enumerate().map(|(i, line)| order_line(i, line)).collect::<Vec<_>>(),
        }),
        What::Ship(lines) => movement("ship", &order, lines),
        What::Cancel(lines) => movement("cancel", &order, lines),
        What::Return(lines) => movement("return", &order, lines),
        What::Refund(line, amount) => {
            json!({"type": "refund", "order": order, "lines": [{"id": format!("l{line}"), "amount": amount}]})
        }
        What::Grant(points) => json!({"type": "grant", "points": points, "reason": "campaign"}),
        What::Adjust(points) => json!({"type": "adjust", "points": points, "reason": "correction"}),
        What::Opening(points, days) => {
            json!({"type": "opening", "points": points, "expires_at": instant(step.minutes + days * 1440)})
        }
        What::Transfer(points) => json!({"type": "transfer", "points": points, "to_account": "a9"}),
    };
    merge(&mut event, more);
    event
}

pub fn order_line(index: usize, line: &Line) -> Value {
    json!({
        "id": format!("l{index}"), "category": line.category, "price": line.price, "quantity": line.quantity,
        "points_rate": line.rate, "seller": if index.is_multiple_of(2) { "domestic" } else { "overseas" },
    })
}

fn movement(word: &str, order: &str, lines: &Lines) -> Value {
    let mut event = json!({"type": word, "order": order});
    if let Some(lines) = lines {
        let mut seen = std::collections::BTreeSet::new();
        let lines = lines.iter().filter(|(line, _)| seen.insert(*line));
        let lines = lines.map(|(line, quantity)| match quantity {
            Some(quantity) => json!({"id": format!("l{line}"), "quantity": quantity}),
            None => json!({"id": format!("l{line}")}),
        });
        merge(&mut event, json!({"lines": lines.collect::<Vec<_>>()}));
    }
    event
}

fn merge(target: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("an object") };
    target.as_object_mut().unwrap().extend(more);
}
