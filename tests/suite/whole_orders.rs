//! Laws of amounts of the whole order: reductions, shipping, and points that pay for it, line by line.
#![allow(
    clippy::float_arithmetic,
    reason = "prices of two digits are turned into cents, and compared with room to spare"
)]

use meed::{Options, Policy, Source, load};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{answer, decide, incoming, replay};

const SHOP: &str = include_str!("../cases/whole_orders/whole_orders.meed");

fn policy(text: &str) -> Policy {
    load(&Source::new("whole_orders.meed", text)).policy.expect("the policy has no mistakes")
}

/// Categories, prices in cents, units and taxes of lines.
fn lines() -> impl Strategy<Value = Vec<Value>> {
    let line = (prop::sample::select(&["food", "goods"][..]), 0..5000i64, 1..4i64, 0..300i64);
    prop::collection::vec(line, 1..5).prop_map(|lines| {
        let lines = lines.into_iter().enumerate();
        let lines = lines.map(|(index, (category, price, quantity, tax))| {
            json!({
                "id": format!("l{index}"), "category": category, "price": money(price), "quantity": quantity,
                "tax": money(tax.min(price)), "litres": tax,
            })
        });
        lines.collect()
    })
}

fn money(cents: i64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap()
}

fn order(lines: &[Value], (voucher, wrapping, shipping): (i64, i64, i64)) -> Value {
    let goods = lines.iter().map(|line| line["price"].as_f64().unwrap() * line["quantity"].as_f64().unwrap());
    let goods = (goods.sum::<f64>() * 100.0).round() as i64;
    json!({
        "lines": lines, "voucher": money(voucher.min(goods)), "wrapping": money(wrapping), "shipping": money(shipping),
    })
}

fn amounts() -> impl Strategy<Value = (i64, i64, i64)> {
    (0..4000i64, 0..900i64, 0..900i64)
}

fn event(id: &str, kind: &str, minute: usize, more: &Value) -> Value {
    let mut event = json!({
        "id": id, "type": kind, "at": format!("2025-03-01T10:{minute:02}:00Z"), "account": "a", "order": "o1",
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

/// By pool: pending, available, redeemed, and issued less reversed.
fn position(policy: &Policy, events: &[Value]) -> Vec<[i64; 4]> {
    let outcome = replay(policy, incoming(policy, events), &Options::default());
    let answer = answer(policy, &outcome);
    assert_eq!(answer["refused"], json!([]), "{events:#?}");
    let pools = answer["accounts"][0]["pools"].as_object().unwrap().values();
    let figure = |pool: &Value, name: &str| pool[name].as_i64().unwrap();
    let position = |pool: &Value| {
        let gained = figure(pool, "issued") - figure(pool, "reversed");
        [figure(pool, "pending"), figure(pool, "available"), figure(pool, "redeemed"), gained]
    };
    pools.map(position).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Rules for the parts of an order give what one rule for the whole of it gives: each rounds down once.
    #[test]
    fn rules_for_parts_of_an_order_add_up(lines in lines(), amounts in amounts(), paid in 0..100i64) {
        let policy = policy(SHOP);
        let mut order = order(&lines, amounts);
        let case = |order: &Value| decide(&policy, &json!({"at": "2025-03-01T10:00:00Z", "order": order}));
        let most = case(&order)["redeemable"].as_i64().unwrap();
        order["redeem"] = json!(most * paid / 100);
        let decision = case(&order);
        let of = |rule: &str| -> i64 {
            let lines = decision["lines"].as_array().unwrap().iter();
            let by = lines.flat_map(|line| line["by"].as_array().unwrap());
            by.filter(|by| by["rule"] == rule).map(|by| by["points"].as_i64().unwrap()).sum()
        };
        let (whole, parts) = (of("of_all"), of("of_food") + of("of_goods"));
        prop_assert!(whole == parts || whole == parts + 1, "{} against {}", whole, parts);
    }

    /// Returning unit by unit ends like returning all, and refunds of an order add up.
    #[test]
    fn parts_of_a_return_and_of_a_refund_add_up(
        lines in lines(), amounts in amounts(), paid in 0..100i64, refunds in (1..40i64, 1..40i64), keep: bool,
    ) {
        let policy = policy(SHOP);
        let mut order = order(&lines, amounts);
        let answer = decide(&policy, &json!({"at": "2025-03-01T10:00:00Z", "order": order}));
        order["redeem"] = json!(answer["redeemable"].as_i64().unwrap() * paid / 100);
        order["lines"][0]["price"] = json!(100);
        let grant = json!({
            "id": "e0", "type": "grant", "at": "2025-03-01T09:00:00Z", "account": "a", "pool": "coins", "points": 1_000_000,
        });
        let placed = vec![grant, event("e1", "order", 0, &order)];
        let (mut whole, mut parts) = (placed.clone(), placed.clone());
        whole.push(event("e2", "refund", 1, &json!({"amount": money(refunds.0 + refunds.1)})));
        parts.push(event("e2", "refund", 1, &json!({"amount": money(refunds.0)})));
        parts.push(event("e3", "refund", 2, &json!({"amount": money(refunds.1)})));
        let kept = usize::from(keep);
        let back: Vec<Value> = lines.iter().skip(kept).map(|line| json!({"id": line["id"]})).collect();
        if !back.is_empty() {
            whole.push(event("e9", "return", 9, &json!({"lines": back})));
        }
        for (index, line) in lines.iter().enumerate().skip(kept) {
            for unit in 0..line["quantity"].as_i64().unwrap() {
                let one = json!({"lines": [{"id": line["id"], "quantity": 1}]});
                parts.push(event(&format!("r{index}{unit}"), "return", 10 + 4 * index, &one));
            }
        }
        let (whole, parts) = (position(&policy, &whole), position(&policy, &parts));
        prop_assert_eq!(&whole, &parts);
        if !keep {
            prop_assert_eq!(parts, position(&policy, &placed[..1]));
        }
    }

    /// What may be paid does not hang on the order of the lines, also where a point pays more on some, and stays within
    /// its share of the money.
    #[test]
    fn redeemable_does_not_go_by_the_order_of_lines(lines in lines(), amounts in amounts()) {
        let by_category = "value coin_pays \"What a coin pays\" {\n  by line.category\n  food: 0.01 EUR\n  else: 0.03 EUR\n}";
        let pay = "redeem pay \"Pay with coins\" {\n  1 coin pays coin_pays of line.price";
        let one = "redeem pay \"Pay with coins\" {\n  1 coin pays 0.01 EUR of order.total";
        let policy = policy(&SHOP.replace(one, &format!("{by_category}\n{pay}")));
        let case = |lines: &[Value]| {
            decide(&policy, &json!({"at": "2025-03-01T10:00:00Z", "order": order(lines, amounts)}))
        };
        let turned: Vec<Value> = lines.iter().rev().cloned().collect();
        let (there, back) = (case(&lines), case(&turned));
        prop_assert_eq!(&there["redeemable"], &back["redeemable"]);
        let total = lines.iter().map(|line| line["price"].as_f64().unwrap() * line["quantity"].as_f64().unwrap());
        let total = total.sum::<f64>() + amounts.2 as f64 / 100.0;
        let paid = there["lines"].as_array().unwrap().iter().zip(&lines).map(|(answer, line)| {
            let value = if line["category"] == "food" { 0.01 } else { 0.03 };
            answer["redeemable"].as_f64().unwrap() * value
        });
        prop_assert!(paid.sum::<f64>() <= total / 2.0 + 0.000_001);
    }
}
