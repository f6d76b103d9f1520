//! Meed in a service: load a policy once, share it between threads, quote a basket, place it, store the account and go on
//! with it.
//!
//! `cargo run --example embed`
#![allow(clippy::disallowed_macros, reason = "an example shows what it got")]

use std::error::Error;
use std::sync::Arc;
use std::thread;

use meed::{
    EventDraft, Ledger, LineDraft, OrderDraft, Policy, Question, Reader, Refusal, Source, Timestamp, load,
};

const POLICY: &str = include_str!("../policies/amazon_jp/amazon_jp.meed");
/// 1 December 2025: a service asks its clock, Meed never does.
const NOW: i64 = 1_764_558_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Where the policy has mistakes, the error tells all of them with their places.
    let policy = Arc::new(load(&Source::new("amazon_jp.meed", POLICY)).into_policy()?);

    let now = Timestamp::from_second(NOW)?;
    for rule in policy.rules_at(now) {
        println!("{} {}, line {}: {}", rule.kind, rule.name, rule.line, rule.label);
    }

    // A policy is plain, immutable data: any number of threads may read it.
    let threads: Vec<_> = ["hanako", "taro"]
        .map(|member| {
            let policy = policy.clone();
            thread::spawn(move || one_member(&policy, member, now))
        })
        .into_iter()
        .collect();
    for thread in threads {
        let stored = thread.join().map_err(|_| "a thread failed")??;
        println!("{}", resumed(&policy, &stored)?);
    }
    Ok(())
}

/// A book and a gadget, by the names that the policy declares.
fn basket() -> OrderDraft {
    let book = LineDraft::new("1").price(1500).category("book").with("points_rate", "2%");
    let gadget =
        LineDraft::new("2").price(12_800).quantity(2).category("electronics").with("points_rate", "5%");
    OrderDraft::new()
        .line(book.with("seller", "domestic"))
        .line(gadget.with("seller", "overseas"))
        .with("paid_with", "amazon_mastercard")
}

/// What the till asks, and what it then reports; the account as bytes, for the database.
fn one_member(policy: &Arc<Policy>, member: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
    let reader = Reader::new(policy);
    let mut ledger = Ledger::new(policy.clone(), false);
    let quote = ledger.quote(&Question::new(member, now, reader.checked_order(basket())?))?;
    for line in &quote.decision.lines {
        println!("{member} would earn {} points on line {}", line.points, line.id);
    }
    ledger.apply(reader.checked_event(EventDraft::order("A-1", now, member, basket()))?)?;
    // A bad event is refused whole, with a code, a place and words; nothing has changed.
    let too_many = EventDraft::order("A-2", now, member, basket().with("redeem", 1_000_000));
    if let Err(refusal) = ledger.apply(reader.checked_event(too_many)?) {
        println!("{member}: {refusal}");
    }
    let shipped = EventDraft::new("ship", "S-1", now, member).of_order("A-1").line(LineDraft::new("1"));
    ledger.apply(reader.checked_event(shipped)?)?;
    Ok(ledger.save(member).unwrap_or_default())
}

/// Another day, another process: the account goes on from its bytes.
fn resumed(policy: &Arc<Policy>, stored: &[u8]) -> Result<String, Box<dyn Error>> {
    let mut ledger = Ledger::new(policy.clone(), false);
    ledger.load(stored)?;
    ledger.advance_all(Timestamp::from_second(NOW + 5 * 86_400)?);
    let account = ledger.accounts().next().ok_or("the bytes hold an account")?;
    let balance = account.balance();
    Ok(format!("{}: {} available, {} pending", account.id(), balance.available, balance.pending))
}
