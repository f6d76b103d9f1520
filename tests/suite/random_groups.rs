//! Random policies of rules that hang on each other: by measures over a whole period, by what measures count of them, by
//! groups and shared limits, with waits of their own. Most of them are refused by the checker; those that it lets pass
//! must keep what it promises: who only buys never owes points, and points given because something holds in all are given
//! only where it holds in the end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use meed::{Account, Bucket, Options, Outcome, Policy, PoolId, Source, load};

use crate::random_policies::{Dice, cases};
use crate::support::{incoming, replay};

type Tape = [u8; 24];

/// A period of measures and limits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Period {
    Day,
    Week,
    Month,
    Quarter,
    Rolling,
}

const PERIODS: [Period; 5] = [Period::Week, Period::Month, Period::Quarter, Period::Day, Period::Rolling];

impl Period {
    fn words(self) -> &'static str {
        match self {
            Period::Day => "per calendar day",
            Period::Week => "per calendar week",
            Period::Month => "per calendar month",
            Period::Quarter => "per calendar quarter",
            Period::Rolling => "per rolling 7 days",
        }
    }

    /// True where what happens at `other` counts for what happens at `at`, both in minutes of 2024, whose first day is a
    /// Monday.
    fn holds(self, at: i64, other: i64) -> bool {
        let day = |minutes: i64| minutes.div_euclid(1440);
        let month = |minutes: i64| {
            let ends = [31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
            ends.iter().filter(|end| **end <= day(minutes)).count()
        };
        match self {
            Period::Day => day(at) == day(other),
            Period::Week => day(at) / 7 == day(other) / 7,
            Period::Month => month(at) == month(other),
            Period::Quarter => month(at) / 3 == month(other) / 3,
            Period::Rolling => other <= at && other > at - 7 * 1440,
        }
    }
}

/// What a measure counts of each order.
#[derive(Clone, Copy, Debug)]
enum Counts {
    One,
    Price,
    Rule(&'static str, usize),
}

#[derive(Clone, Debug)]
struct Condition {
    measure: usize,
    in_all: bool,
    at_least: bool,
    number: i64,
}

#[derive(Clone, Debug)]
struct Measure {
    counts: Counts,
    period: Period,
    when: Option<Condition>,
}

#[derive(Clone, Debug)]
struct Rule {
    conditions: Vec<Condition>,
    /// From this day of 2024 on it has no conditions.
    until: Option<i64>,
    /// It gives wherever its conditions hold.
    sure: bool,
}

/// A policy as it is written, and what the laws must know of it.
#[derive(Debug)]
pub struct World {
    pub text: String,
    measures: Vec<Measure>,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub struct Tapes {
    head: Tape,
    measures: Vec<Tape>,
    rules: Vec<Tape>,
    groups: Vec<Tape>,
}

pub fn tapes() -> impl Strategy<Value = Tapes> {
    let many = |few: usize, most: usize| prop::collection::vec(any::<Tape>(), few..most);
    (any::<Tape>(), many(1, 4), many(2, 6), many(0, 4)).prop_map(|(head, measures, rules, groups)| Tapes {
        head,
        measures,
        rules,
        groups,
    })
}

const WAITS: [&str; 8] = [
    "never",
    "until end of month of order placed",
    "until end of quarter of order placed",
    "until end of quarter of end of week of order placed",
    "until end of week of order placed",
    "until 8 days after order placed",
    "until end of month of 20 days after order placed",
    "until end of day of order placed",
];
const STAGES: [&str; 3] = ["capped", "exact", "rounded"];

pub fn world(tapes: &Tapes) -> World {
    let mut dice = Dice(&tapes.head);
    let mut text =
        "program any \"Any\" {\n  currency JPY\n  timezone Asia/Tokyo\n  deadlines run to end of day\n  \
                    missing day becomes last of month\n}\n"
            .to_owned();
    text += &format!(
        "pool points \"Points\" {{\n  unit point\n  worth 1 JPY\n  pending {}\n  balance expires never\n  spend oldest\n  \
         return takes points back, shortfall becomes debt\n}}\n",
        dice.pick(&WAITS)
    );
    // All or nearly all rules wait alike, or hardly any policy is let through.
    let wait = dice.pick(&WAITS);
    let (rules, count) = (tapes.rules.len(), tapes.measures.len());
    let mut measures: Vec<Measure> =
        tapes.measures.iter().map(|tape| measure(rules, &mut Dice(tape))).collect();
    for (index, tape) in tapes.measures.iter().enumerate() {
        let mut dice = Dice(&tape[8..]);
        let Measure { counts, period, .. } = &measures[index];
        let what = match counts {
            Counts::One => "1".to_owned(),
            Counts::Price => "order.price with points_paid".to_owned(),
            Counts::Rule(stage, rule) => format!("{stage} r{rule}"),
        };
        text += &format!("measure m{index} \"M\" {{\n  each order counts {what}\n  {}\n", period.words());
        if dice.once_in(6) {
            let other = dice.roll(count);
            let (condition, words) = condition(&measures, other, true, &mut dice);
            text += &words;
            measures[index].when = Some(condition);
        }
        text += "}\n";
    }
    for (index, tape) in tapes.measures.iter().enumerate() {
        let mut dice = Dice(&tape[16..]);
        let (some, when) = (1 + dice.roll(20), dice.pick(&["in all", "in all", "so far"]));
        let from = number(&measures[index], 1 + dice.roll(3) as i64);
        text += &format!(
            "value most{index} \"Most\" {{\n  by m{index} {when}\n  from {}: {some} points\n  from {from}: {} points\n}}\n",
            number(&measures[index], 0),
            1 + dice.roll(20)
        );
    }
    let mut written = Vec::new();
    for tape in &tapes.rules {
        written.push(rule(&mut text, written.len(), (&measures, wait), &mut Dice(tape)));
    }
    let before = text.len();
    let mut free: Vec<String> = (0..rules).map(|index| format!("r{index}")).collect();
    for (index, tape) in tapes.groups.iter().enumerate() {
        group(&mut text, index, (&mut free, count), &mut Dice(tape));
    }
    for (index, rule) in written.iter_mut().enumerate() {
        rule.sure &= !text[before..].contains(&format!("r{index}"));
    }
    text += "redeem rewards \"Rewards\" {\n  reward any \"Any\" for 1 to 100,000 points\n}\n";
    text += "forbid moving \"Points stay\" {\n  transfer to account\n  transfer to program\n  cash out\n}\n";
    World { text, measures, rules: written }
}

/// A number in what a measure counts in.
fn number(measure: &Measure, number: i64) -> String {
    match measure.counts {
        Counts::One => number.to_string(),
        Counts::Price => format!("{} JPY", number * 400),
        Counts::Rule(..) => format!("{} points", number * 5),
    }
}

fn condition(measures: &[Measure], measure: usize, in_all: bool, dice: &mut Dice<'_>) -> (Condition, String) {
    let steps = 1 + dice.roll(3) as i64;
    let at_least = !dice.once_in(2);
    let unit = match measures[measure].counts {
        Counts::One => 1,
        Counts::Price => 400,
        Counts::Rule(..) => 5,
    };
    let (sign, when) = (if at_least { ">=" } else { "<" }, if in_all { "in all" } else { "so far" });
    let words = format!("  when m{measure} {when} {sign} {}\n", number(&measures[measure], steps));
    (Condition { measure, in_all, at_least, number: steps * unit }, words)
}

fn measure(rules: usize, dice: &mut Dice<'_>) -> Measure {
    let counts = match dice.roll(6) {
        0 | 1 => Counts::One,
        2 => Counts::Price,
        _ => Counts::Rule(dice.pick(&STAGES), dice.roll(rules)),
    };
    Measure { counts, period: dice.pick(&PERIODS), when: None }
}

fn rule(
    text: &mut String,
    index: usize,
    (measures, wait): (&[Measure], &'static str),
    dice: &mut Dice<'_>,
) -> Rule {
    let shape = dice.roll(6);
    let gives = match shape {
        0 | 1 => format!("{} points", 1 + dice.roll(20)),
        2 => format!("{} points per full 100 JPY of order.price with points_paid", 1 + dice.roll(3)),
        3 => format!("most{}", dice.roll(measures.len())),
        4 if index > 0 => format!("2 times {} r{}", dice.pick(&["rounded", "capped"]), dice.roll(index)),
        _ => "10 points".to_owned(),
    };
    let mut conditions = Vec::new();
    let mut words = String::new();
    let first = dice.roll(measures.len());
    for measure in [first, (first + 1) % measures.len()].iter().take(dice.roll(3).min(measures.len())) {
        let in_all = !dice.once_in(4);
        let (condition, written) = condition(measures, *measure, in_all, dice);
        words += &written;
        conditions.push(condition);
    }
    let limit = limit(measures.len(), dice);
    let waits =
        if dice.once_in(4) { None } else { Some(if dice.once_in(6) { dice.pick(&WAITS) } else { wait }) };
    let waits = waits.map_or_else(String::new, |wait| format!("  pending {wait}\n"));
    let until = dice.once_in(5).then_some(45);
    let head = format!("earn r{index} \"R\"");
    let body = |conditions: &str| format!("{{\n  each order gives {gives}\n{conditions}{limit}{waits}}}\n");
    match until {
        None => *text += &format!("{head} {}", body(&words)),
        Some(_) => {
            *text += &format!("{head} until 2024-02-15 {}{head} from 2024-02-15 {}", body(&words), body(""));
        }
    }
    let sure = shape < 2 && conditions.iter().all(|condition: &Condition| condition.in_all);
    Rule { conditions, until, sure }
}

fn limit(measures: usize, dice: &mut Dice<'_>) -> String {
    let most = if dice.once_in(2) {
        format!("most{}", dice.roll(measures))
    } else {
        format!("{} points", 5 + dice.roll(20))
    };
    let period = dice.pick(&PERIODS).words();
    match dice.roll(6) {
        0 => format!("  at most {most} per order\n"),
        1 => format!("  at most {most} per member {period}, returns free room\n"),
        2 => format!("  at most {} points from everyone\n", 20 + dice.roll(40)),
        _ => String::new(),
    }
}

/// A group of some of what is in no group yet; it takes their place.
fn group(text: &mut String, index: usize, (free, measures): (&mut Vec<String>, usize), dice: &mut Dice<'_>) {
    let mut members = Vec::new();
    for _ in 0..2 + dice.roll(2) {
        if !free.is_empty() {
            members.push(free.remove(dice.roll(free.len())));
        }
    }
    if members.len() > 1 {
        let members = members.join(", ");
        let how = dice.roll(3);
        let limit = match limit(measures, dice) {
            none if none.is_empty() && how == 2 => "  at most 12 points per order\n".to_owned(),
            limit => limit,
        };
        let how = match how {
            0 => format!("best of {members} per order"),
            1 => format!("first of {members} per order"),
            _ => format!("all of {members}"),
        };
        *text += &format!("group g{index} \"G\" {{\n  {how}\n{limit}}}\n");
        free.push(format!("g{index}"));
    } else {
        free.append(&mut members);
    }
}

/// Orders of one account, each with its minute; after each, whatever is there is spent.
pub fn history(steps: &[(u16, u8)]) -> (Vec<Value>, BTreeMap<String, (i64, i64)>) {
    let (mut events, mut orders, mut minutes) = (Vec::new(), BTreeMap::new(), 0);
    let mut put = |minutes: i64, mut event: Value| {
        let id = format!("e{:04}", events.len());
        let common = json!({"id": id, "at": instant(minutes), "account": "a"});
        event.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        events.push(event);
    };
    for (index, (pause, price)) in steps.iter().enumerate() {
        minutes += 1 + i64::from(*pause) % 12_000;
        let (order, price) = (format!("o{index}"), 10 * i64::from(*price));
        put(minutes, json!({"type": "order", "order": order, "lines": [{"id": "l", "price": price}]}));
        orders.insert(order, (minutes, price));
        // What the account does not have is refused.
        for points in [256, 128, 64, 32, 16, 8, 4, 2, 1] {
            minutes += 1;
            put(minutes, json!({"type": "reward", "reward": "any", "points": points}));
        }
    }
    (events, orders)
}

/// An instant as many minutes after the start of 2024.
fn instant(minutes: i64) -> String {
    let start: jiff::Timestamp = "2024-01-01T00:00:00+09:00".parse().unwrap();
    (start + jiff::SignedDuration::from_mins(minutes)).to_string()
}

fn run(policy: &Policy, events: &[Value]) -> Outcome {
    let at = Some(instant(700 * 1440).parse().unwrap());
    replay(policy, incoming(policy, events), &Options::default().keep_entries().at(at))
}

/// The least that was ever available, looked at after each instant.
fn least(account: &Account) -> i64 {
    let (mut available, mut least) = (0, 0);
    for (index, entry) in account.entries().iter().enumerate() {
        available += i64::from(entry.to == Bucket::Available) * entry.points;
        available -= i64::from(entry.from == Bucket::Available) * entry.points;
        if account.entries().get(index + 1).is_none_or(|next| next.at > entry.at) {
            least = least.min(available);
        }
    }
    least
}

/// What the rules did with the orders: exact, rounded, given, in that order, by order and rule.
struct Done<'w> {
    world: &'w World,
    orders: BTreeMap<String, (i64, i64)>,
    given: BTreeMap<(String, String), [String; 3]>,
}

impl Done<'_> {
    /// What a measure is in all for what happens at a minute; none where it is counted by what is not worked out here.
    fn in_all(&self, measure: usize, at: i64) -> i64 {
        let Measure { counts, period, when } = &self.world.measures[measure];
        let inside = self.orders.iter().filter(|(_, (other, _))| period.holds(at, *other));
        let inside =
            inside.filter(|(_, (other, _))| when.as_ref().is_none_or(|when| self.holds(when, *other)));
        inside
            .map(|(order, (_, price))| match counts {
                Counts::One => 1,
                Counts::Price => *price,
                Counts::Rule(stage, rule) => self.points(order, *rule, stage),
            })
            .sum()
    }

    fn points(&self, order: &str, rule: usize, stage: &str) -> i64 {
        let given = self.given.get(&(order.to_owned(), format!("r{rule}")));
        let place = match stage {
            "exact" => 0,
            "rounded" => 1,
            _ => 2,
        };
        given.map_or(0, |given| given[place].parse().unwrap())
    }

    fn holds(&self, condition: &Condition, at: i64) -> bool {
        (self.in_all(condition.measure, at) >= condition.number) == condition.at_least
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, max_shrink_iters: 20_000, max_global_rejects: 1 << 20,
        ..ProptestConfig::default()
    })]

    /// Who only buys, and spends whatever is there at once, never owes points; and what a rule gives because of a measure
    /// in all stands only where the measure, of all that was accepted, says so in the end.
    #[test]
    fn what_is_given_stays_given_and_stands_on_what_holds(tapes in tapes(), steps in prop::collection::vec(any::<(u16, u8)>(), 1..12)) {
        let world = world(&tapes);
        let Some(policy) = load(&Source::new("policy.meed", world.text.as_str())).policy else {
            return Err(TestCaseError::reject("the checker refuses it"));
        };
        let (events, orders) = history(&steps);
        let outcome = run(&policy, &events);
        let account = &outcome.accounts[0];
        let shown = || {
            let bought = events.iter().filter(|event| event["type"] == "order");
            format!("\n{}\n{}", world.text, bought.map(|event| format!("{event}\n")).collect::<String>())
        };
        let refused = outcome.refused.iter().map(|refused| refused.refusal.code.name());
        prop_assert!(refused.clone().all(|code| code == "insufficient-points"), "{:?}{}", refused.collect::<Vec<_>>(), shown());
        prop_assert_eq!(least(account), 0, "{}", shown());
        let given = account.workings(&policy).into_iter().map(|one| {
            let points = [one.exact.to_string(), one.rounded.to_string(), one.given.to_string()];
            ((one.order.to_string(), one.rule), points)
        });
        let done = Done { world: &world, orders, given: given.collect() };
        for (rule, Rule { conditions, until, sure }) in world.rules.iter().enumerate() {
            for (order, (at, _)) in &done.orders {
                if until.is_some_and(|day| *at >= day * 1440) {
                    continue;
                }
                let failed = conditions.iter().filter(|condition| condition.in_all).find(|one| !done.holds(one, *at));
                let gives = done.points(order, rule, "exact") != 0;
                prop_assert!(!gives || failed.is_none(), "{order}: r{rule} gives, and not {failed:?}{}", shown());
                prop_assert!(gives || !sure || failed.is_some(), "{order}: r{rule} gives nothing{}", shown());
            }
        }
    }
}

/// An order that makes a week busy changes what each order of it earns, and that what each of its month does: however many
/// there are, that is no circle.
#[test]
fn many_orders_that_change_together_are_accepted() {
    let text =
        include_str!("../cases/chains/chains.meed").replace("orders in all >= 2", "orders in all >= 80");
    let policy = load(&Source::new("chains.meed", text.as_str())).policy.unwrap();
    let order = |minute: i64| {
        let (id, order) = (format!("e{minute:03}"), format!("o{minute}"));
        json!({"id": id, "at": instant(minute), "account": "a", "type": "order", "order": order,
            "lines": [{"id": "l", "price": 100}]})
    };
    let outcome = run(&policy, &(0..80).map(order).collect::<Vec<_>>());
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused.first());
    assert_eq!(outcome.accounts[0].balance_in(PoolId::new(0)).available, 80 * (10 + 7));
}
