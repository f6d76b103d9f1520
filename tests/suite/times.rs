//! The laws of time (design §5a): hours are elapsed time, and a day that a month lacks is what the policy says, everywhere.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

use meed::{Options, Policy, Source, load};

use crate::support::{incoming, replay};

const CALENDAR: &str = include_str!("../cases/calendar/calendar.meed");

/// A missing day becomes the first of the next month, and `daily` counts over a day.
static ROLLING: LazyLock<Policy> = LazyLock::new(|| policy(CALENDAR));
/// The same, and `daily` counts over the member's year.
static YEARLY: LazyLock<Policy> = LazyLock::new(|| policy(&yearly()));
/// The same, and a missing day becomes the last of its month.
static YEARLY_LAST: LazyLock<Policy> =
    LazyLock::new(|| policy(&yearly().replace("first of next month", "last of month")));

fn yearly() -> String {
    CALENDAR.replace("per rolling 1 day", "per year from member.joined")
}

fn policy(text: &str) -> Policy {
    load(&Source::new("calendar.meed", text)).policy.expect("the policy has no mistakes")
}

/// The points that an account has after its orders, each `(number, instant)`.
fn points(policy: &Policy, kind: &str, joined: Date, orders: [Timestamp; 2]) -> i64 {
    let mut events = vec![json!({
        "id": "m", "type": "member", "at": "2000-01-01T00:00:00Z", "account": "a", "joined": joined.to_string(),
    })];
    events.extend(orders.iter().enumerate().map(|(number, at)| order(number, *at, kind)));
    let outcome = replay(policy, incoming(policy, &events), &Options::default());
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    outcome.accounts[0].balance().available
}

fn order(number: usize, at: Timestamp, kind: &str) -> Value {
    json!({
        "id": format!("e{number}"), "type": "order", "at": at.to_string(), "account": "a",
        "order": format!("o{number}"), "kind": kind, "lines": [{"id": "l", "price": 0}],
    })
}

/// Anniversaries of a day, by the choice for a missing one.
fn anniversaries(day: Date, first_of_next: bool) -> impl Iterator<Item = Date> {
    (2000..2040).map(move |year| match Date::new(year, day.month(), day.day()) {
        Ok(date) => date,
        Err(_) if first_of_next => Date::new(year, day.month() + 1, 1).unwrap(),
        Err(_) => Date::new(year, day.month(), 1).unwrap().last_of_month(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// A stretch of rolling hours is as long whatever the clocks do within it.
    #[test]
    fn rolling_hours_are_elapsed_hours(autumn: bool, start in -300i64..300, minutes in 1i64..240) {
        let change: Timestamp = if autumn { "2024-10-27T01:00:00Z" } else { "2024-03-31T01:00:00Z" }.parse().unwrap();
        let first = change + start.minutes();
        let given = points(&ROLLING, "hourly", Date::constant(2020, 1, 1), [first, first + minutes.minutes()]);
        prop_assert_eq!(given, if minutes < 120 { 10 } else { 20 });
    }

    /// The member's year turns on the anniversary that the policy's choice gives, and on no other day.
    #[test]
    fn a_year_turns_on_its_anniversary(first_of_next: bool, leap: bool, joined in 0i64..1461, start in 0i64..2000, days in 1i64..500) {
        let policy: &Policy = if first_of_next { &YEARLY } else { &YEARLY_LAST };
        let leap_day = Date::constant(2020, 2, 29);
        let joined = if leap { leap_day } else { leap_day + joined.days() };
        let first = Date::constant(2024, 2, 20) + start.days();
        let second = first + days.days();
        let noon = |day: Date| day.at(12, 0, 0, 0).in_tz("Europe/Berlin").unwrap().timestamp();
        let given = points(policy, "daily", joined, [noon(first), noon(second)]);
        let turned = anniversaries(joined, first_of_next).any(|turn| first < turn && turn <= second);
        prop_assert_eq!(given, if turned { 20 } else { 10 });
    }
}
