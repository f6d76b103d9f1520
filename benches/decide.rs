//! What a decision costs: `cargo bench --bench decide`.
//!
//! The workload of `workload/mod.rs`, single decisions, one thread: the engine with and without its trace, the reference
//! interpreter, and plain Rust written by hand (an index by category and date, which is the bar, and a scan of all campaigns).
//! All sides run on the same orders in one run, take turns, and must give the same answers. One line of the table for each
//! number of campaigns: the median of nanoseconds an order, and the ratio to the bar. `target/peers.json` holds the same for
//! programs.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark reads a clock and prints"
)]

mod workload;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use meed::{Case, Engine, Member, Policy, Prepared, Reader, Route, Scratch, Source, decide, load};
use workload::{Campaign, Indexed, Order, by_hand, orders, policy, rules};

const LIMIT: i64 = 5_000;
const ORDERS: usize = 10_000;
const ROUNDS: usize = 41;

/// One side of the comparison: it decides the first so many orders.
struct Side<'a> {
    name: &'static str,
    /// Orders in one round.
    orders: usize,
    work: Box<dyn FnMut(usize) -> i64 + 'a>,
    times: Vec<f64>,
}

impl<'a> Side<'a> {
    fn new(name: &'static str, orders: usize, work: impl FnMut(usize) -> i64 + 'a) -> Side<'a> {
        Side { name, orders, work: Box::new(work), times: Vec::new() }
    }

    fn round(&mut self) {
        let start = Instant::now();
        for index in 0..self.orders {
            black_box((self.work)(index));
        }
        self.times.push(start.elapsed().as_nanos() as f64 / self.orders as f64);
    }

    fn median(&mut self) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times[self.times.len() / 2]
    }
}

fn loaded(count: usize) -> Arc<Policy> {
    let loaded = load(&Source::new("workload.meed", policy(count, LIMIT).as_str()));
    Arc::new(loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics.first())))
}

fn read(policy: &Policy, orders: &[Order]) -> Vec<(meed::Timestamp, Member, meed::Order)> {
    let reader = Reader::new(policy);
    let case = |order: &Order| match reader.case(&order.case()).unwrap() {
        Case::Order { at, member, order } => (at, member, order),
        _ => panic!("an order"),
    };
    orders.iter().map(case).collect()
}

fn main() {
    let (all, mut json) = (orders(ORDERS, 42), Vec::new());
    println!("{:>8} {:>16} {:>12} {:>10}", "rules", "engine", "ns/order", "to bar");
    for count in [1, 10, 100, 1_000, 5_000] {
        let campaigns = rules(count);
        let policy = loaded(count);
        let engine = Engine::new(policy.clone());
        let read = read(&policy, &all);
        let prepared: Vec<Prepared<'_>> =
            read.iter().map(|(at, _, order)| engine.prepare(*at, order)).collect();
        agree(&engine, &prepared, &read, &all, &campaigns);
        let bar = Indexed::new(&campaigns, LIMIT);
        let (member, few) = (&read[0].1, (2_000_000 / (count + 100)).clamp(20, ORDERS));
        let (mut plain, mut traced) = (Scratch::new(), Scratch::new());
        let mut sides = vec![
            Side::new("rust-indexed", ORDERS, |i| bar.decide(&all[i]).iter().sum()),
            Side::new("rust-linear", few, |i| by_hand(&all[i], &campaigns, LIMIT).iter().sum()),
            Side::new("meed", ORDERS, |i| {
                engine.decide(&prepared[i], member, &mut plain).unwrap().iter().sum()
            }),
            Side::new("meed-trace", ORDERS, |i| {
                engine.trace(&prepared[i], member, &mut traced).unwrap().iter().map(|one| one.points).sum()
            }),
            Side::new("meed-reference", few.min(200), |i| {
                let (at, member, order) = &read[i];
                decide(&policy, *at, member, order).unwrap().points
            }),
        ];
        for _ in 0..ROUNDS {
            sides
                .iter_mut()
                .filter(|side| side.name != "meed-reference" || side.times.len() < 3)
                .for_each(Side::round);
        }
        let to = sides[0].median();
        for side in &mut sides {
            let ns = side.median();
            println!("{count:>8} {:>16} {ns:>12.1} {:>10.2}", side.name, ns / to);
            json.push(format!(
                r#"{{"workload": "decide", "rules": {count}, "engine": "{}", "ns": {ns:.1}}}"#,
                side.name
            ));
        }
    }
    let folder = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    std::fs::write(format!("{folder}/peers.json"), format!("[\n  {}\n]\n", json.join(",\n  "))).unwrap();
}

/// Every order has the same points by line on all sides.
fn agree(
    engine: &Engine,
    prepared: &[Prepared<'_>],
    read: &[(meed::Timestamp, Member, meed::Order)],
    orders: &[Order],
    campaigns: &[Campaign],
) {
    assert_eq!(engine.not_lowered().count(), 0);
    let (mut scratch, bar) = (Scratch::new(), Indexed::new(campaigns, LIMIT));
    for (index, order) in orders.iter().enumerate() {
        let member = &read[index].1;
        let wanted = bar.decide(order);
        assert_eq!(engine.decide(&prepared[index], member, &mut scratch).unwrap(), wanted);
        assert_eq!(scratch.route(), Route::Lowered);
        if index % 100 == 0 {
            assert_eq!(by_hand(order, campaigns, LIMIT), wanted);
            let (at, member, order) = &read[index];
            let decision = decide(engine.policy(), *at, member, order).unwrap();
            assert_eq!(decision.lines.iter().map(|line| line.points).collect::<Vec<_>>(), wanted);
        }
    }
}
