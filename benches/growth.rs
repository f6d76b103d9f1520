//! What the next event costs on an account of 10, 1,000 and 100,000 earlier ones: `cargo bench --bench growth`.
//!
//! Each programme gets the events that it lives on (orders with ships and returns of recent ones, charges with refunds, stays
//! with their marks), one an hour, in one account. The time of 200 further events is the median of several runs: a young
//! account begins anew for each, an old one goes on. A ratio to the first column near 1 is the promise. `-- NAME` measures one
//! programme.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark reads a clock and prints"
)]

use std::sync::Arc;
use std::time::Instant;

use meed::{Event, Ledger, Policy, Reader, Source, Timestamp, load};

const AGES: [u64; 3] = [10, 1_000, 100_000];
const MEASURED: u64 = 200;
const RUNS: usize = 7;
/// From this age on an account goes on from run to run.
const MEASURED_ON: usize = 10_000;

struct Programme {
    name: &'static str,
    text: &'static str,
    /// The `i`-th event but for its id, instant and account.
    event: fn(u64) -> String,
}

const PROGRAMMES: [Programme; 5] = [
    Programme {
        name: "amazon_jp",
        text: include_str!("../policies/amazon_jp/amazon_jp.meed"),
        event: amazon,
    },
    Programme { name: "rakuten", text: include_str!("../policies/rakuten/rakuten.meed"), event: rakuten },
    Programme {
        name: "starbucks",
        text: include_str!("../policies/starbucks/starbucks.meed"),
        event: starbucks,
    },
    Programme { name: "marriott", text: include_str!("../policies/marriott/marriott.meed"), event: marriott },
    Programme {
        name: "rotating_card",
        text: include_str!("../policies/rotating_card/rotating_card.meed"),
        event: rotating,
    },
];

/// Orders, each second one shipped, some returned.
fn amazon(i: u64) -> String {
    match i % 4 {
        2 => format!(r#""type": "ship", "order": "o{}""#, i - 1),
        3 if i > 8 => format!(r#""type": "return", "order": "o{}""#, i - 6),
        _ => format!(
            r#""type": "order", "order": "o{i}", "paid_with": "amazon_mastercard",
            "lines": [{{"id": "l1", "category": "book", "price": {}, "points_rate": "2%", "seller": "domestic"}}]"#,
            1000 + i % 977
        ),
    }
}

fn rakuten(i: u64) -> String {
    match i % 10 {
        3 if i % 700 < 10 => r#""type": "service_use", "service": "mobile""#.to_owned(),
        9 => format!(r#""type": "return", "order": "o{}""#, i - 2),
        _ => format!(
            r#""type": "order", "order": "o{i}", "shop": "s{}", "paid_with": "rakuten_card",
            "lines": [{{"id": "l1", "price": {}}}]"#,
            i % 15,
            1100 + i % 977
        ),
    }
}

fn starbucks(i: u64) -> String {
    match i % 10 {
        9 => format!(r#""type": "return", "order": "o{}""#, i - 2),
        _ => format!(
            r#""type": "order", "order": "o{i}", "lines": [{{"id": "l1", "category": "drink", "price": {}}}]"#,
            4 + i % 9
        ),
    }
}

fn marriott(i: u64) -> String {
    match i % 3 {
        1 => format!(r#""type": "mark", "event": "e{}", "mark": "checked_out""#, i - 1),
        2 if i % 30 == 29 => format!(r#""type": "cancel", "event": "e{}""#, i - 2),
        _ => format!(
            r#""type": "stay", "brand": "sheraton", "nights": {}, "charges": {}"#,
            1 + i % 3,
            100 + i % 97
        ),
    }
}

fn rotating(i: u64) -> String {
    match i % 10 {
        3 if i % 2100 < 10 => r#""type": "activation""#.to_owned(),
        9 => format!(r#""type": "refund", "event": "e{}", "amount": 0.5"#, i - 2),
        _ => format!(r#""type": "charge", "category": "grocery", "amount": {}"#, 1 + i % 40),
    }
}

/// A ledger whose account has had these events.
fn aged(policy: &Arc<Policy>, events: &[Event], refused: &mut u64) -> Ledger {
    let mut ledger = Ledger::new(policy.clone(), false);
    for event in events {
        *refused += u64::from(ledger.apply(event.clone()).is_err());
    }
    ledger
}

fn main() {
    println!("{:<14} {:>12} {:>12} {:>12}  ratios", "ns an event", "age 10", "age 1,000", "age 100,000");
    let asked = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    for programme in PROGRAMMES.iter().filter(|one| asked.as_ref().is_none_or(|name| one.name == name)) {
        let source = Source::new(programme.name, programme.text);
        let policy = Arc::new(load(&source).policy.expect("the programme has no mistakes"));
        let start: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let last = AGES[AGES.len() - 1] + MEASURED * RUNS as u64;
        let lines = (0..last).map(|i| {
            let at = Timestamp::from_second(start.as_second() + 3600 * i64::try_from(i).unwrap()).unwrap();
            let event = (programme.event)(i).replace('\n', " ");
            format!("{{\"id\": \"e{i}\", \"at\": \"{at}\", \"account\": \"a\", {event}}}\n")
        });
        let text: String = lines.collect();
        let reader = Reader::new(&policy);
        let events: Vec<Event> = reader
            .json_lines(None, text.as_bytes())
            .map(|one| one.unwrap().body.unwrap_or_else(|wrong| panic!("{}", wrong.refusal)))
            .collect();
        let (mut times, mut refused) = (Vec::new(), 0);
        for age in AGES.map(|age| usize::try_from(age).unwrap()) {
            let measured = usize::try_from(MEASURED).unwrap();
            let mut runs = Vec::new();
            // An old account goes on from run to run; a young one begins anew, or it would be older.
            let mut ledger = aged(&policy, &events[..age], &mut refused);
            for run in 0..RUNS {
                let from = if age < MEASURED_ON { age } else { age + run * measured };
                if age < MEASURED_ON {
                    ledger = aged(&policy, &events[..age], &mut refused);
                }
                let next = events[from..from + measured].to_vec();
                let started = Instant::now();
                for event in next {
                    let _ = ledger.apply(event);
                }
                runs.push(started.elapsed().as_nanos() / u128::from(MEASURED));
            }
            runs.sort_unstable();
            times.push(runs[RUNS / 2]);
        }
        let ratio = |index: usize| times[index] as f64 / times[0] as f64;
        println!(
            "{:<14} {:>12} {:>12} {:>12}  {:.2} {:.2}  ({refused} refused)",
            programme.name,
            times[0],
            times[1],
            times[2],
            ratio(1),
            ratio(2)
        );
    }
}
