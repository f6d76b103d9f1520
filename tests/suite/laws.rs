//! The laws of a points ledger (design §5), on random histories of the Amazon programme.

use proptest::prelude::*;
use serde_json::{Value, json};

use meed::{Balance, Bucket, Options, Outcome};

use crate::histories::{Line, RATES, Step, What, event, events, instant, line, order_line, steps};
use crate::support::{amazon, answer, decide, incoming, post, replay, replay_sorted};

/// How many histories each law is tried on; `MEED_CASES` asks for more in a long run.
fn cases() -> u32 {
    std::env::var("MEED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

fn run(events: &[Value], at: Option<&str>) -> Outcome {
    let options = Options::default().keep_entries().at(at.map(|at| at.parse().unwrap()));
    replay(amazon(), incoming(amazon(), events), &options)
}

/// The answer without what may follow the order of the file.
fn unplaced(outcome: &Outcome) -> Value {
    let mut answer = answer(amazon(), outcome);
    for refused in answer["refused"].as_array_mut().unwrap() {
        let refused = refused.as_object_mut().unwrap();
        refused.remove("line");
        refused.remove("places");
    }
    answer
}

/// What a member can see and finance counts, without the gross figures that a cycle moves on both sides.
fn position(balance: Balance) -> [i64; 5] {
    [balance.pending, balance.available, balance.redeemed, balance.expired, balance.issued - balance.reversed]
}

fn position_of(outcome: &Outcome, account: &str) -> [i64; 5] {
    outcome.accounts.iter().find(|a| a.id() == account).map_or([0; 5], |a| position(a.balance()))
}

fn refused_ids(outcome: &Outcome) -> Vec<String> {
    outcome.refused.iter().filter_map(|refused| refused.event.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    /// The result is a function of the set of events.
    #[test]
    fn any_order_of_arrival_gives_the_same_answer(
        (events, shuffled) in steps(25).prop_map(|steps| events(&steps))
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        prop_assert_eq!(unplaced(&run(&events, None)), unplaced(&run(&shuffled, None)));
    }

    /// An id counts once.
    #[test]
    fn copies_change_nothing(steps in steps(20)) {
        let events = events(&steps);
        let twice = [events.clone(), events.clone()].concat();
        let (once, twice) = (run(&events, None), run(&twice, None));
        prop_assert_eq!(twice.duplicates, events.len() as u64);
        prop_assert_eq!(answer(amazon(), &once)["accounts"].clone(), answer(amazon(), &twice)["accounts"].clone());
        prop_assert_eq!(refused_ids(&once), refused_ids(&twice));
    }

    /// issued = pending + available + redeemed + expired + reversed + transferred, after every entry; and a balance is
    /// the fold of its entries.
    #[test]
    fn nothing_is_lost_or_invented(steps in steps(25)) {
        let outcome = run(&events(&steps), None);
        for account in &outcome.accounts {
            let mut fold = Balance::default();
            for entry in account.entries() {
                prop_assert!(entry.points > 0);
                prop_assert!(entry.from != entry.to && entry.to != Bucket::Programme);
                post(&mut fold, entry.from, -entry.points);
                post(&mut fold, entry.to, entry.points);
                prop_assert!(fold.is_conserved(), "{entry:?}");
            }
            prop_assert_eq!(fold, account.balance());
            prop_assert!(fold.pending >= 0 && fold.redeemed >= 0 && fold.expired >= 0 && fold.reversed >= 0);
        }
    }

    /// Standing at an earlier instant gives the beginning of the same journal: no posting is ever rewritten.
    #[test]
    fn later_events_never_rewrite_what_was_posted(steps in steps(20), cut in 0..20usize) {
        let events = events(&steps);
        let at = instant(steps[cut % steps.len()].minutes);
        let (early, whole) = (run(&events, Some(&at)), run(&events, None));
        for account in &early.accounts {
            let later = whole.accounts.iter().find(|a| a.id() == account.id()).unwrap();
            prop_assert_eq!(account.entries(), &later.entries()[..account.entries().len()]);
        }
    }

    /// Events judged one by one as they stream by give what the whole set gives.
    #[test]
    fn a_sorted_stream_gives_the_same_accounts(steps in steps(25)) {
        let events = events(&steps);
        let streamed = replay_sorted(amazon(), incoming(amazon(), &events), &Options::default());
        prop_assert_eq!(unplaced(&run(&events, None)), unplaced(&streamed));
    }

    /// Parts of a return add up to the whole, in any split and order.
    #[test]
    fn parts_of_a_return_add_up(
        before in steps(8), lines in prop::collection::vec(line(), 1..4), spent in 0..2000i64,
        parts in prop::collection::vec((0..3usize, 1..3i64), 1..8), days in 0..30i64,
    ) {
        let mut history = events(&before);
        let start = before.last().map_or(0, |step| step.minutes) + 10;
        let step = |minutes, order, what| Step { account: 0, order, minutes, what };
        let bought = What::Order { card: true, redeem: 0, honoured: false, lines: lines.clone() };
        history.push(event("buy", &step(start, 8, bought)));
        history.push(event("ship", &step(start + 5, 8, What::Ship(None))));
        let spend = What::Order { card: false, redeem: spent, honoured: true, lines: vec![Line {
            category: "book", price: 3000, quantity: 1, rate: "0%",
        }] };
        history.push(event("spend", &step(start + 3 * 1440, 9, spend)));
        let (mut whole, mut split) = (history.clone(), history);
        let at = start + (4 + days) * 1440;
        let mut units = vec![0i64; lines.len()];
        for (index, (line, quantity)) in parts.iter().enumerate() {
            let line = line % lines.len();
            let quantity = (*quantity).min(lines[line].quantity - units[line]);
            if quantity > 0 {
                units[line] += quantity;
                let part = What::Return(Some(vec![(line, Some(quantity))]));
                split.push(event(&format!("part{index}"), &step(at, 8, part)));
            }
        }
        let all = units.iter().enumerate().filter(|(_, units)| **units > 0);
        let all = all.map(|(line, units)| (line, Some(*units))).collect::<Vec<_>>();
        prop_assume!(!all.is_empty());
        whole.push(event("whole", &step(at, 8, What::Return(Some(all)))));
        let (whole, split) = (run(&whole, None), run(&split, None));
        prop_assert_eq!(position_of(&whole, "a0"), position_of(&split, "a0"));
    }

    /// Cancelling a whole order leaves the points as if it had never been placed.
    #[test]
    fn cancelling_leaves_no_trace(
        before in steps(12), lines in prop::collection::vec(line(), 1..4), redeem in 0..200i64, honoured: bool,
        after in 0..1000i64, ship: bool,
    ) {
        let mut history = events(&before);
        let at = before.last().map_or(0, |step| step.minutes) + 1;
        let order = What::Order { card: true, redeem, honoured, lines };
        let step = |minutes, what| Step { account: 0, order: 9, minutes, what };
        let end = Some(instant(at + after));
        let without = run(&history, end.as_deref());
        // Only where nothing else is judged and no deadline passes in between.
        let quiet = |outcome: &Outcome| {
            let account = outcome.accounts.iter().find(|a| a.id() == "a0");
            account.is_none_or(|a| a.entries().iter().all(|e| e.at < instant(at).parse().unwrap()))
        };
        history.push(event("order", &step(at, order)));
        if ship {
            history.push(event("ship", &step(at, What::Ship(None))));
            history.push(event("undo", &step(at + after, What::Return(None))));
        } else {
            history.push(event("undo", &step(at + after, What::Cancel(None))));
        }
        prop_assume!(quiet(&without));
        let with = run(&history, end.as_deref());
        prop_assert_eq!(position_of(&without, "a0"), position_of(&with, "a0"));
    }

    /// No cycle of buying, returning, spending and cancelling gains points: with everything undone, a member has
    /// at most what was given.
    #[test]
    fn no_cycle_gains_points(given in 1..500i64, steps in steps(25)) {
        let grant = Step { account: 0, order: 0, minutes: 0, what: What::Grant(given) };
        let cycles = steps.into_iter().filter(|step| !matches!(step.what, What::Grant(_) | What::Adjust(_) | What::Opening(..)));
        let mut history: Vec<_> = cycles.map(|step| Step { account: 0, minutes: step.minutes + 1, ..step }).collect();
        let end = history.last().map_or(1, |step| step.minutes) + 1;
        history.insert(0, grant);
        for order in 0..4 {
            for (later, what) in [(0, What::Cancel(None)), (1, What::Return(None))] {
                history.push(Step { account: 0, order, minutes: end + later, what });
            }
        }
        let outcome = run(&events(&history), None);
        let [pending, available, redeemed, expired, net] = position_of(&outcome, "a0");
        prop_assert_eq!(pending, 0);
        prop_assert_eq!(redeemed, 0);
        prop_assert!(available <= given, "{} available of {} given", available, given);
        prop_assert_eq!(available + expired, net);
    }

    /// What the basket promised is what is posted, and deciding twice gives the same.
    #[test]
    fn a_preview_is_what_is_posted(lines in prop::collection::vec(line(), 1..4), card: bool) {
        let paid_with = if card { "amazon_mastercard" } else { "other" };
        let at = instant(5);
        let lines_json: Vec<_> = lines.iter().enumerate().map(|(i, line)| order_line(i, line)).collect();
        let case = json!({"at": at, "order": {"paid_with": paid_with, "lines": lines_json}});
        let decision = decide(amazon(), &case);
        prop_assert_eq!(&decision, &decide(amazon(), &case));
        let order = What::Order { card, redeem: 0, honoured: false, lines };
        let posted = run(&[event("e", &Step { account: 0, order: 0, minutes: 5, what: order })], None);
        prop_assert_eq!(decision["points"].as_i64().unwrap(), posted.accounts[0].balance().pending);
        let sum: i64 = decision["lines"].as_array().unwrap().iter().map(|line| line["points"].as_i64().unwrap()).sum();
        prop_assert_eq!(decision["points"].as_i64().unwrap(), sum);
    }

    /// Points are the exact product rounded down, whatever the price: computed here with plain integers.
    #[test]
    fn a_line_earns_the_floor_of_the_exact_product(price in 0..10_000_000_000i64, quantity in 1..1000i64, rate in 0..6usize) {
        let case = json!({"at": instant(5), "order": {"lines": [{
            "id": "l0", "category": "book", "price": price, "quantity": quantity, "points_rate": RATES[rate], "seller": "domestic",
        }]}});
        let basis_points = [0i128, 100, 199, 200, 750, 9500][rate];
        let expected = i128::from(price) * i128::from(quantity) * basis_points / 10_000;
        prop_assert_eq!(i128::from(decide(amazon(), &case)["points"].as_i64().unwrap()), expected);
    }
}
