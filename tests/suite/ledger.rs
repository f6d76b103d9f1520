//! Laws of the ledger that goes on, over random policies and histories: what is refused leaves no trace, what is stored is
//! gone on with, what is quoted is what is then posted, and no entry takes points from where they are not.

use meed::{Action, Entry, Event, Ledger, Policy, Quote, Reader, Timestamp};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::random_policies::{cases, history, policy, steps, tapes, world};
use super::support::{AMAZON, amazon, incoming};

/// The events of a history in the order of time.
fn events(policy: &Policy, history: &[Value]) -> Vec<Event> {
    let mut events: Vec<Event> =
        incoming(policy, history).into_iter().filter_map(|one| one.body.ok()).collect();
    events.sort_by(|a, b| a.turn().cmp(&b.turn()));
    events
}

/// All that a ledger holds, as bytes.
fn state(ledger: &Ledger) -> Vec<Vec<u8>> {
    let accounts = ledger.accounts().map(|account| ledger.save(account.id()).unwrap());
    accounts.chain([ledger.save_shared()]).collect()
}

/// The question whether an event may happen, and what it brings.
fn question(event: &Value) -> Value {
    let mut asked = event.clone();
    let fields = asked.as_object_mut().unwrap();
    let mut take = |name: &str| fields.remove(name).unwrap();
    let (id, at, account) = (take("id"), take("at"), take("account"));
    let part = if event["type"] == "order" { "order" } else { "event" };
    if part == "order" {
        take("type");
    }
    serde_json::json!({"id": id, "at": at, "account": account, part: asked})
}

/// Points by line and rule.
type PointsByRule = BTreeMap<(String, String), i64>;

/// What the decision in a quote says.
fn decided(quote: &Quote) -> PointsByRule {
    let mut sums = PointsByRule::new();
    for line in &quote.decision.lines {
        for by in line.by.iter().filter(|by| by.points > 0) {
            *sums.entry((line.id.clone(), by.rule.clone())).or_default() += by.points;
        }
    }
    sums
}

/// What its entries give to its own lines.
fn posted(quote: &Quote, own: &str) -> PointsByRule {
    let mut sums = PointsByRule::new();
    let own = |entry: &&Entry| entry.order.as_deref() == Some(own) && entry.action == Action::Earn;
    for entry in quote.entries.iter().filter(own) {
        let (line, rule) = (entry.line.clone().unwrap(), entry.rule.as_ref().unwrap().rule.clone());
        *sums.entry((line, rule)).or_default() += entry.points;
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default()
    })]

    /// An event that is refused leaves the accounts, byte for byte, as they were.
    #[test]
    fn a_refusal_leaves_no_trace(tapes in tapes(false), steps in steps()) {
        let world = world(&tapes);
        let policy = Arc::new(policy(&world));
        let (history, _) = history(&world, &steps);
        let mut ledger = Ledger::new(policy.clone(), true);
        for event in events(&policy, &history) {
            ledger.advance_all(event.at);
            let before = state(&ledger);
            let id = event.id.clone();
            if ledger.apply(event).is_err() {
                prop_assert_eq!(before, state(&ledger), "{} {}", id, &world.text);
            }
        }
    }

    /// A ledger that is stored at any cut, loaded and gone on with ends like one that was never stored.
    #[test]
    fn what_is_stored_is_gone_on_with(tapes in tapes(false), steps in steps()) {
        let world = world(&tapes);
        let policy = Arc::new(policy(&world));
        let (history, end) = history(&world, &steps);
        let mut whole = Ledger::new(policy.clone(), false);
        let mut going = Ledger::new(policy.clone(), false);
        for event in events(&policy, &history) {
            let mut next = Ledger::new(policy.clone(), false);
            for stored in state(&going) {
                next.load(&stored).unwrap();
            }
            going = next;
            prop_assert_eq!(whole.apply(event.clone()), going.apply(event), "{}", &world.text);
        }
        let later: Timestamp = super::random_policies::instant(end + 400 * 1440).parse().unwrap();
        whole.advance_all(later);
        going.advance_all(later);
        prop_assert_eq!(state(&whole), state(&going), "{}", &world.text);
    }

    /// What an order or a declared event is quoted is what it then does: every entry, by line and rule, the levels, and where
    /// the account stands; what cannot be quoted is refused, for the same reason. Asking leaves no trace.
    #[test]
    fn a_quote_is_what_is_posted(tapes in tapes(false), steps in steps()) {
        let world = world(&tapes);
        let policy = Arc::new(policy(&world));
        let (history, _) = history(&world, &steps);
        let reader = Reader::new(&policy);
        let mut ledger = Ledger::new(policy.clone(), true);
        for event in events(&policy, &history) {
            if event.order().is_none() {
                let _ = ledger.apply(event);
                continue;
            }
            ledger.advance_all(event.at);
            let before = state(&ledger);
            let asked = history.iter().find(|one| one["id"] == *event.id).unwrap();
            let quote = ledger.quote(&reader.question(&question(asked).to_string()).unwrap());
            prop_assert_eq!(before, state(&ledger), "{} {}", &event.id, &world.text);
            let (id, at) = (event.account.clone(), event.at);
            let own = event.about().unwrap_or(&*event.id).to_owned();
            let journal = |ledger: &Ledger| {
                let account = ledger.account(&id);
                account.map_or((0, 0), |account| (account.entries().len(), account.level_changes().len()))
            };
            let (entries, levels) = journal(&ledger);
            match (quote, ledger.apply(event)) {
                (Ok(quote), Ok(())) => {
                    let account = ledger.account(&id).unwrap();
                    prop_assert_eq!(&quote.entries[..], &account.entries()[entries..], "{}", &world.text);
                    prop_assert_eq!(&quote.levels[..], &account.level_changes()[levels..], "{}", &world.text);
                    prop_assert_eq!(&quote.after, &account.statement(&policy, at).unwrap(), "{}", &world.text);
                    prop_assert_eq!(decided(&quote), posted(&quote, &own), "{}", &world.text);
                }
                (Err(quote), Err(applied)) => prop_assert_eq!(quote, applied, "{}", &world.text),
                (quote, applied) => prop_assert!(false, "{:?} {:?} {}", quote, applied, &world.text),
            }
        }
    }

    /// Stored bytes that were cut or changed are refused, never read wrong, and nothing panics.
    #[test]
    fn damaged_bytes_are_refused(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let policy = Arc::new(amazon().clone());
        let text = r#"{"id": "e1", "type": "grant", "at": "2025-01-01T00:00:00+09:00", "account": "a1", "points": 100}"#;
        let mut ledger = Ledger::new(policy.clone(), false);
        for incoming in Reader::new(&policy).json_lines(None, text.as_bytes()) {
            ledger.apply(incoming.unwrap().body.unwrap()).unwrap();
        }
        let stored = ledger.save("a1").unwrap();
        let mut damaged = stored.clone();
        let at = place.index(damaged.len());
        if cut { damaged.truncate(at) } else { damaged[at] = byte }
        let mut other = Ledger::new(policy, false);
        prop_assert_eq!(other.load(&damaged).is_ok(), damaged == stored);
        prop_assert!(other.load(&stored).is_ok());
        other.advance_all("2025-06-01T00:00:00Z".parse().unwrap());
        prop_assert_eq!(other.account("a1").unwrap().balance().available, 100);
    }
}

/// What was judged under one policy is not gone on with under another.
#[test]
fn another_policys_account_is_refused() {
    let policy = Arc::new(amazon().clone());
    let other = AMAZON.replace("1.5%", "1.6%");
    assert_ne!(other, AMAZON);
    let other = meed::load(&meed::Source::new("other.meed", other)).policy.unwrap();
    let mut ledger = Ledger::new(policy, false);
    let grant = incoming(
        ledger.policy(),
        &[serde_json::json!({
            "id": "e1", "type": "grant", "at": "2025-01-01T00:00:00+09:00", "account": "a1", "points": 100
        })],
    );
    for one in grant {
        ledger.apply(one.body.unwrap()).unwrap();
    }
    let stored = ledger.save("a1").unwrap();
    // Comments and layout are no other policy.
    let spaced = AMAZON.replace('\n', " // or so\n\n  ");
    let spaced =
        meed::load(&meed::Source::new("spaced.meed", format!("// A copy.\n{spaced}"))).policy.unwrap();
    assert_ne!(spaced.digest(), ledger.policy().digest());
    assert_eq!(spaced.meaning_digest(), ledger.policy().meaning_digest());
    let mut going = Ledger::new(Arc::new(spaced), false);
    going.load(&stored).unwrap();
    assert_eq!(going.account("a1").unwrap().balance().available, 100);
    let refused = Ledger::new(Arc::new(other), false).load(&stored).unwrap_err();
    assert!(refused.to_string().contains(ledger.policy().meaning_digest()), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default()
    })]

    /// Events in any order of arrival end alike in a ledger that keeps its history; without one a late event is refused.
    #[test]
    fn a_late_event_is_judged_in_its_turn(tapes in tapes(false), steps in steps(), seed: u64) {
        let world = world(&tapes);
        let policy = Arc::new(policy(&world));
        let (history, end) = history(&world, &steps);
        let mut mixed = events(&policy, &history);
        let mut whole = Ledger::new(policy.clone(), false);
        for event in &mixed {
            let _ = whole.apply(event.clone());
        }
        let mut state_of_dice = seed | 1;
        for last in (1..mixed.len()).rev() {
            state_of_dice = state_of_dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            mixed.swap(last, (state_of_dice >> 33) as usize % (last + 1));
        }
        let mut late = Ledger::new(policy, false);
        late.keep_history();
        for event in mixed {
            let _ = late.apply(event);
        }
        let later: Timestamp = super::random_policies::instant(end + 400 * 1440).parse().unwrap();
        whole.advance_all(later);
        late.advance_all(later);
        prop_assert_eq!(state(&whole), state(&late), "{}", &world.text);
    }
}
