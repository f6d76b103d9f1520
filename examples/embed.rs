//! Meed in a service: load and check a policy once, share it between threads, decide baskets, replay histories.
//!
//! `cargo run --example embed`
#![allow(clippy::disallowed_macros, reason = "an example shows what it got")]

use std::error::Error;
use std::sync::Arc;
use std::thread;

use meed::{Case, Options, Policy, Reader, Source, decide, load, replay};

const POLICY: &str = include_str!("../policies/amazon_jp/amazon_jp.meed");
const HISTORY: &str = include_str!("year/events.jsonl");
const BASKET: &str = r#"{"at": "2025-12-01T12:00:00+09:00", "order": {"paid_with": "amazon_mastercard", "lines": [
    {"id": "1", "category": "book", "price": 1500, "points_rate": "2%", "seller": "domestic"}]}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Arc::new(load_policy()?);

    // A policy is plain, immutable data: any number of threads may read it.
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let policy = Arc::clone(&policy);
            thread::spawn(move || basket_points(&policy))
        })
        .collect();
    for thread in threads {
        let points = thread.join().map_err(|_| "a thread failed")??;
        println!("the basket earns {points} points");
    }

    // A history is a set of events; the order in which they come makes no difference.
    let events = Reader::new(&policy).json_lines(None, HISTORY.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let outcome = replay(&policy, events, &Options::default());
    for account in &outcome.accounts {
        let balance = account.balance();
        println!("{}: {} available, {} pending", account.id(), balance.available, balance.pending);
    }
    for refused in &outcome.refused {
        println!("refused: {}", refused.refusal);
    }
    Ok(())
}

fn load_policy() -> Result<Policy, Box<dyn Error>> {
    let checked = load(&Source::new("amazon_jp.meed", POLICY));
    let mistakes = checked.diagnostics.iter().map(|mistake| mistake.message.clone()).collect::<Vec<_>>();
    checked.policy.ok_or_else(|| mistakes.join("\n").into())
}

fn basket_points(policy: &Policy) -> Result<i64, meed::Refusal> {
    match Reader::new(policy).case(&BASKET.replace('\n', " "))? {
        Case::Order { at, member, order } => Ok(decide(policy, at, &member, &order)?.points),
        Case::Event { at, member, event } => Ok(decide(policy, at, &member, &event)?.points),
        Case::Listing { .. } => Ok(0),
    }
}
