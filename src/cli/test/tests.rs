//! Bad scenarios never panic: they are run or told.

use proptest::prelude::*;
use std::sync::LazyLock;

use super::*;
use crate::source::Source;

const POLICY: &str = include_str!("../../../tests/cases/wire/shop.meed");
const SCENARIO: &str = "
scenario: One order and its return
why: a law
account: a1
events:
  - {type: order, at: 2021-03-01T10:00:00+09:00, order: o1, lines: [{id: l1, category: book, price: 1000, points_rate: 1%, seller: domestic}]}
  - {id: s, type: ship, at: '2021-03-02T10:00:00+09:00', order: o1, lines: [{id: l1, quantity: 1}]}
  - {type: grant, at: 2021-03-03T10:00:00+09:00, points: 1e2, account: a2}
expect:
  - {at: 2021-03-05T10:00:00+09:00, available: 10, becoming: [], expires_at: null}
  - {refused: [{event: e1, code: unknown-category}], duplicates: 0}
decide:
  - at: 2021-03-01T10:00:00+09:00
    order: {lines: [{id: l1, category: book, price: 1000, points_rate: 1%, seller: domestic}]}
    expect: {points: 10, lines: [{by: [{rule: x}]}]}
";

fn run(text: &str) {
    static SHOP: LazyLock<Policy> = LazyLock::new(|| {
        let checked = crate::check::load(&Source::new("shop.meed", POLICY));
        checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
    });
    let policy: &Policy = &SHOP;
    let Ok(node) = crate::wire::yaml::parse(text) else { return };
    let Ok(scenario) = scenario::scenario(&node) else { return };
    let incoming = events(policy, &scenario);
    let mut differences = Vec::new();
    scenario.expects.iter().for_each(|expect| check(policy, &incoming, expect, &mut differences));
    scenario.decides.iter().for_each(|case| check_decision(policy, case, &mut differences));
    assert!(!outcome::describe(policy, &scenario, &incoming).is_empty());
}

#[test]
fn the_scenario_is_one() {
    let node = crate::wire::yaml::parse(SCENARIO).unwrap();
    assert_eq!(scenario::scenario(&node).unwrap().events.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_scenarios_are_run_or_told(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0..3u8, "[\\-{}\\[\\]:,'\"0-9a-z %\n]{1,3}"), 1..6),
    ) {
        let mut text = SCENARIO.to_owned();
        for (index, how, piece) in edits {
            let at = index.index(text.len());
            let end = if how == 0 { at } else { (at + usize::from(how) * piece.len()).min(text.len()) };
            text.replace_range(at..end, &piece);
        }
        run(&text);
    }
}
