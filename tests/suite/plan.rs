//! The plan against the reference: the engine gives each line what the interpreter gives it, and refuses what it refuses.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

use meed::{Case, Engine, Policy, Reader, Route, Scratch, Source, load};

use crate::random_policies::{Dice, cases, order_event, policy, tapes, world};
use crate::support::{amazon, decide};
use crate::workload;

/// What a policy says of a case, by the reference and by the engine, and how the engine found it.
struct Both {
    reference: Result<Vec<(usize, String, i64)>, String>,
    engine: Result<Vec<(usize, String, i64)>, String>,
    route: Route,
}

/// Points by line and rule. The engine's by line alone are compared here.
fn both(engine: &Engine, case: &Value) -> Option<Both> {
    let policy = engine.policy();
    let Ok(Case::Order { at, member, order }) = Reader::new(policy).case(&case.to_string()) else {
        return None;
    };
    let answer = decide(policy, case);
    let reference = match answer["error"]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(by_rule(&answer)),
    };
    let mut scratch = Scratch::new();
    let prepared = engine.prepare(at, &order);
    let lines = engine.decide(&prepared, &member, &mut scratch).map(<[i64]>::to_vec);
    let given = engine.trace(&prepared, &member, &mut scratch);
    let traced = given.map(|given| {
        let found =
            given.iter().map(|one| (one.line, engine.rule_name(one.rule).unwrap().to_owned(), one.points));
        let mut found: Vec<_> = found.collect();
        found.sort();
        found
    });
    if let (Ok(lines), Ok(traced)) = (&lines, &traced) {
        let sum =
            |line| traced.iter().filter(|(of, ..)| *of == line).map(|(.., points)| *points).sum::<i64>();
        assert!(lines.iter().enumerate().all(|(line, points)| *points == sum(line)), "{lines:?} {traced:?}");
    }
    let engine = traced.map_err(|refusal| refusal.code.name().to_owned());
    Some(Both { reference, engine, route: scratch.route() })
}

fn by_rule(answer: &Value) -> Vec<(usize, String, i64)> {
    let mut found = Vec::new();
    for (index, line) in answer["lines"].as_array().unwrap().iter().enumerate() {
        for by in line["by"].as_array().unwrap() {
            found.push((index, by["rule"].as_str().unwrap().to_owned(), by["points"].as_i64().unwrap()));
        }
    }
    found.sort();
    found
}

fn case_of(order: Value, minutes: i64) -> Value {
    let mut order = order;
    order.as_object_mut().unwrap().remove("type");
    json!({ "at": crate::random_policies::instant(minutes), "order": order })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_engine_decides_as_the_reference_does(
        tapes in tapes(false),
        orders in prop::collection::vec((any::<[u8; 16]>(), 0i64..600_000), 1..6),
    ) {
        let world = world(&tapes);
        let engine = Engine::new(Arc::new(policy(&world)));
        for (tape, minutes) in orders {
            let case = case_of(order_event(&world, "o1", &mut Dice(&tape)), minutes);
            if let Some(Both { reference, engine, .. }) = both(&engine, &case) {
                prop_assert_eq!(engine, reference, "{}\n{}", world.text, case);
            }
        }
    }

    /// Campaigns by category and date, card, seller, a limit for the month: rules that are all lowered.
    #[test]
    fn lowered_rules_give_what_the_reference_gives(
        rules in 0usize..40,
        seed: u64,
        limit in prop::sample::select(vec![5_000, 300, 1_000_000]),
    ) {
        let policy = checked(&workload::policy(rules, limit));
        let engine = Engine::new(Arc::new(policy));
        prop_assert_eq!(engine.not_lowered().count(), 0);
        for order in workload::orders(3, seed) {
            let case: Value = serde_json::from_str(&order.case()).unwrap();
            let Both { reference, engine, route } = both(&engine, &case).unwrap();
            prop_assert_eq!(route, Route::Lowered);
            prop_assert_eq!(&engine, &reference);
            let hand = workload::by_hand(&order, &workload::rules(rules), limit);
            let mut lines = [0; 5];
            engine.unwrap().iter().for_each(|(line, _, points)| lines[*line] += points);
            prop_assert_eq!(lines, hand);
        }
    }
}

fn checked(text: &str) -> Policy {
    let loaded = load(&Source::new("workload.meed", text));
    loaded.policy.unwrap_or_else(|| panic!("{:?}\n{text}", loaded.diagnostics))
}

#[test]
fn a_plain_programme_is_lowered_whole() {
    let engine = Engine::new(Arc::new(amazon().clone()));
    assert_eq!(engine.not_lowered().collect::<Vec<_>>(), []);
    let case = json!({"at": "2025-05-01T12:00:00+09:00", "order": {
        "order": "o1", "paid_with": "amazon_mastercard",
        "lines": [
            {"id": "l1", "category": "book", "price": 1280, "points_rate": "2%", "seller": "domestic"},
            {"id": "l2", "category": "kindle_ebook", "price": 990, "quantity": 3, "points_rate": "0.5%", "seller": "overseas"},
        ],
    }});
    let Both { reference, engine, route } = both(&engine, &case).unwrap();
    assert_eq!(route, Route::Lowered);
    assert_eq!(engine, reference);
    assert_eq!(engine.unwrap().len(), 4);
}

#[test]
fn what_is_not_lowered_is_told_with_the_reason() {
    let text = workload::policy(3, 5_000).replace("earn listed \"Listed\" {", "earn whole \"Whole\" {\n  each order gives 1 point per 100 JPY of order.price\n  round down per order\n}\n\nearn listed \"Listed\" {");
    let engine = Engine::new(Arc::new(checked(&text)));
    let told: Vec<_> = engine.not_lowered().collect();
    assert_eq!(told, [("whole", "it counts or rounds by the unit or the order")]);
}
