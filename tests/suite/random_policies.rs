//! The laws of a points ledger on random policies and random histories of them. Both are read off tapes of random bytes
//! on which nought is the plainest choice, so that what breaks a law shrinks to a short policy and a short history.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use meed::internal::render;
use meed::{Balance, Bucket, Options, Outcome, Policy, PoolId, Source, load};

use crate::support::{answer, check, incoming, post, replay, replay_sorted};

/// How many policies, with a history each, every law is tried on; `MEED_CASES` asks for more in a long run.
pub fn cases() -> u32 {
    std::env::var("MEED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

/// Reads choices off a tape; past its end every choice is the first.
pub struct Dice<'t>(pub &'t [u8]);

impl Dice<'_> {
    /// 0 to `sides` - 1.
    pub fn roll(&mut self, sides: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % sides
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }

    /// Once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == times - 1
    }
}

type Tape = [u8; 32];

/// What a policy is made of.
#[derive(Clone, Debug)]
pub struct Tapes {
    program: Tape,
    pools: Vec<Tape>,
    earns: Vec<Tape>,
    measures: Vec<Tape>,
    group: Tape,
    /// Nothing that an order leaves behind when it is undone.
    plain: bool,
}

/// A policy with what a history must know of it.
pub struct World {
    pub text: String,
    pools: Vec<&'static str>,
    tax: bool,
    visits: bool,
    pays: bool,
    /// As many points arrive as leave.
    even_moves: bool,
}

pub fn tapes(plain: bool) -> impl Strategy<Value = Tapes> {
    let tape = any::<Tape>;
    let many = |few: usize, most: usize| prop::collection::vec(any::<Tape>(), few..most);
    (tape(), many(1, 3), many(1, 6), many(0, if plain { 1 } else { 3 }), tape()).prop_map(
        move |(program, pools, earns, measures, group)| Tapes {
            program,
            pools,
            earns,
            measures,
            group,
            plain,
        },
    )
}

const WAITS: [&str; 10] = [
    "never",
    "until 20 days after order placed",
    "until shipped",
    "until 1 to 2 days after shipped",
    "until end of month of order placed",
    "until next 15th after end of month of order placed",
    "until 1 month after order placed",
    "until 12 hours after shipped",
    "until wait after order placed",
    "until end of day of wait after shipped",
];
const ROUNDINGS: [&str; 4] = ["down", "up", "half up", "half even"];
const PERIODS: [&str; 6] = [
    "per calendar month",
    "for all time",
    "per calendar year",
    "per rolling 30 days",
    "per calendar week",
    "per month from 16th",
];

/// Those that only a measure counts over.
const OVER: [&str; 2] = ["per last calendar month", "per last 2 calendar weeks"];

/// One rule as later rules see it.
struct Rule {
    name: String,
    of: &'static str,
    pool: usize,
    /// The period whose end its points wait for.
    waits: Option<&'static str>,
    /// In force from a day on.
    dated: bool,
}

/// One measure as rules see it.
struct Measure {
    name: String,
    money: bool,
    period: &'static str,
}

struct Writer {
    text: String,
    currency: &'static str,
    tax: bool,
    visits: bool,
    pools: Vec<&'static str>,
    units: [&'static str; 2],
    worth: &'static str,
    measures: Vec<Measure>,
    tier: bool,
    rules: Vec<Rule>,
}

pub fn world(tapes: &Tapes) -> World {
    let mut dice = Dice(&tapes.program);
    let mut writer = Writer {
        text: String::new(),
        currency: dice.pick(&["JPY", "USD"]),
        tax: dice.once_in(3),
        visits: dice.once_in(2),
        pools: ["points", "extra"][..tapes.pools.len()].to_vec(),
        units: dice.pick(&[["point", "star"], ["point", "point"]]),
        worth: "1",
        measures: Vec::new(),
        tier: false,
        rules: Vec::new(),
    };
    writer.head(&mut dice);
    for (index, tape) in tapes.pools.iter().enumerate() {
        writer.pool(index, &mut Dice(tape), tapes.plain);
    }
    for tape in &tapes.measures {
        writer.measure(&mut Dice(tape));
    }
    writer.sum_of_measures();
    writer.tier(&mut dice);
    for tape in &tapes.earns {
        writer.earn(&mut Dice(tape));
    }
    let mut dice = Dice(&tapes.group);
    writer.of_a_period(&mut dice);
    writer.group(&mut dice);
    let pays = writer.redeem(&mut dice);
    let mut even_moves = writer.moves(&mut dice);
    let mut forbidden = "  transfer to program\n".to_owned();
    if dice.once_in(3) {
        writer.put("move give \"Give\" {\n  points to account\n  on request\n}");
    } else {
        forbidden.push_str("  transfer to account\n");
    }
    if dice.once_in(3) {
        even_moves = false;
        writer.cash(&mut dice);
    } else {
        forbidden.push_str("  cash out\n");
    }
    writer.put(&format!("forbid moving \"Points stay\" {{\n{forbidden}}}"));
    World { text: writer.text, pools: writer.pools, tax: writer.tax, visits: writer.visits, pays, even_moves }
}

impl Writer {
    fn put(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn clause(&mut self, line: &str) {
        self.put(&format!("  {line}"));
    }

    fn head(&mut self, dice: &mut Dice<'_>) {
        self.put("program any \"Any\" {");
        self.clause(&format!("currency {}", self.currency));
        let zones = ["Asia/Tokyo", "America/New_York", "Europe/London", "Pacific/Auckland"];
        self.clause(&format!("timezone {}", dice.pick(&zones)));
        self.clause(&format!("deadlines run to {}", dice.pick(&["end of day", "same time of day"])));
        let missing = dice.pick(&["last of month", "first of next month"]);
        self.clause(&format!("missing day becomes {missing}"));
        self.put("}");
        self.put("category food \"Food\" { fruit, bread }\ncategory gift_card \"Gift cards\"");
        self.put("facts order {\n  paid_with: card | other default other\n}");
        self.put("facts member {\n  rank: basic | gold default basic\n  since: date default 2024-02-10\n}");
        self.put("value cards \"Cards\" until 2024-03-15 { is card }");
        self.put("value cards \"Cards\" from 2024-03-15 { is other }");
        self.put("value wait \"A wait\" {\n  by order.paid_with\n  card: 3 days\n  other: slow\n}");
        self.put("value slow \"A longer wait\" until 2024-03-15 { is 20 days }");
        self.put("value slow \"A longer wait\" from 2024-03-15 { is 1 month }");
        self.put("value by_rank \"By rank\" {\n  by member.rank\n  basic: 1%\n  gold: 2.5%\n}");
        if self.tax {
            let currency = self.currency;
            self.put(&format!("facts line {{\n  tax: {currency} part of price default 0 {currency}\n}}"));
        }
        if self.visits {
            self.put("event visit \"A visit\" {\n  what: food\n  hours: count 1 to 9");
            self.clause(&format!("spent: {}", self.currency));
            self.clause("marks done");
            self.put("}");
        }
    }

    fn pool(&mut self, index: usize, dice: &mut Dice<'_>, plain: bool) {
        let name = self.pools[index];
        self.put(&format!("pool {name} \"{name}\" {{"));
        self.clause(&format!("unit {}", self.units[index]));
        let worth = dice.pick(&["1", "2", "5"]);
        // What pays together is worth the same.
        self.worth = if index == 0 || self.units[0] != self.units[1] { worth } else { self.worth };
        self.clause(&format!("worth {} {}", self.worth, self.currency));
        self.clause(&format!("pending {}", dice.pick(&WAITS)));
        let balance = [
            "never",
            "1 year after latest of order placed, points acquired",
            "end of month of 2 months after points acquired",
            "60 days after latest of points acquired, points redeemed",
            "slow after latest of order placed, points acquired",
            "30 days after latest of order placed, points acquired",
        ];
        let lot = [
            "never",
            "end of month of 1 month after points acquired",
            "40 days after points acquired",
            "end of month of slow after points acquired",
            "1 year after points acquired",
            "10 days after points acquired",
        ];
        match dice.roll(3) {
            0 => self.clause(&format!("balance expires {}", dice.pick(&balance))),
            1 => {
                let lot = dice.pick(&lot);
                let paused = lot != "never" && dice.once_in(4);
                let paused = if paused { ", paused while member.rank is gold" } else { "" };
                self.clause(&format!("lot expires {lot}{paused}"));
            }
            _ => {
                self.clause(&format!("balance expires {}", dice.pick(&balance[1..])));
                self.clause(&format!("lot expires {}", dice.pick(&lot[1..])));
            }
        }
        let spends = ["soonest to expire, then oldest", "oldest", "soonest to expire, then newest", "newest"];
        self.clause(&format!("spend {}", dice.pick(&spends)));
        let returns = [
            "takes points back, shortfall becomes debt",
            "takes points back, shortfall is forgiven",
            "takes points back, shortfall becomes debt",
            "keeps points",
        ];
        let returns = if plain { returns[0] } else { dice.pick(&returns) };
        self.clause(&format!("return {returns}"));
        if index == 1 && self.units[0] == self.units[1] && dice.once_in(2) {
            self.clause("spend before points");
        }
        self.put("}");
    }

    fn measure(&mut self, dice: &mut Dice<'_>) {
        let name = format!("m{}", self.measures.len());
        self.put(&format!("measure {name} \"{name}\" {{"));
        let shape = dice.roll(if self.visits { 7 } else { 3 });
        let base = self.base("order.price", dice);
        let counts = match shape {
            0 if dice.once_in(4) => "each order counts different order.paid_with".to_owned(),
            0 => "each order counts 1".to_owned(),
            1 => format!("each order counts {base}"),
            2 => "each line counts line.quantity".to_owned(),
            3 => "each visit counts 1".to_owned(),
            4 => "each visit counts visit.hours at done".to_owned(),
            5 => "each visit counts different visit.what".to_owned(),
            _ => "each order counts 1\n  each visit counts 1".to_owned(),
        };
        self.clause(&counts);
        if shape < 3 && dice.once_in(3) {
            self.clause("when order.paid_with is card");
        }
        let period = if dice.once_in(5) { dice.pick(&OVER) } else { dice.pick(&PERIODS) };
        self.clause(period);
        if shape != 1 && dice.once_in(5) {
            self.clause("at most 3");
        }
        self.put("}");
        self.measures.push(Measure { name, money: shape == 1, period });
    }

    /// A measure that adds up the others, where they count alike.
    fn sum_of_measures(&mut self) {
        let [one, other] = self.measures.as_slice() else { return };
        if one.money != other.money || one.period != other.period {
            return;
        }
        let (money, period) = (one.money, one.period);
        self.put("measure both \"Both\" {\n  adds m0, m1\n}");
        self.measures.push(Measure { name: "both".to_owned(), money, period });
    }

    fn tier(&mut self, dice: &mut Dice<'_>) {
        let Some(measure) = self.measures.first() else { return };
        if !dice.once_in(2) {
            return;
        }
        let (name, currency) = (measure.name.clone(), self.currency);
        let at = |number: usize| {
            if measure.money { format!("{} {currency}", number * 500) } else { number.to_string() }
        };
        let (mid, top) = (at(1 + dice.roll(3)), at(4 + dice.roll(4)));
        self.put("tier status \"Status\" {");
        self.clause(&format!("counts {name}"));
        self.clause("start low \"Low\"");
        let whens = ["", "", ", when member.rank is gold", ", or when member.rank is gold"];
        self.clause(&format!("level mid \"Mid\" at {mid}{}", dice.pick(&whens)));
        self.clause(&format!("level top \"Top\" at {top}{}", dice.pick(&whens)));
        let begins = ["", "begins end of month of reached", "begins 3 days after reached"];
        match dice.pick(&begins) {
            "" => {}
            begins => self.clause(begins),
        }
        let lasts =
            ["for all time", "until end of month of 1 month after reached", "until 20 days after reached"];
        let lasts = dice.pick(&lasts);
        self.clause(&format!("lasts {lasts}"));
        if lasts != "for all time" {
            self.clause(dice.pick(&["then falls 1 level", "then worked out again"]));
        }
        self.clause(dice.pick(&["return keeps level", "return lowers level"]));
        self.put("}");
        self.tier = true;
    }

    /// Money with all its parts placed.
    fn base(&self, money: &str, dice: &mut Dice<'_>) -> String {
        let parts = match (self.tax && !money.starts_with("visit"), money.starts_with("visit")) {
            (_, true) => "",
            (true, _) => dice.pick(&[
                "with tax, points_paid",
                "with points_paid without tax",
                "with tax without points_paid",
                "without tax, points_paid",
            ]),
            (false, _) => dice.pick(&["with points_paid", "without points_paid"]),
        };
        format!("{money} {parts}").trim().to_owned()
    }

    fn earn(&mut self, dice: &mut Dice<'_>) {
        let name = format!("r{}", self.rules.len());
        let pool = dice.roll(self.pools.len());
        let kinds: &[&str] = &["order", "line", "unit", "visit"];
        let kinds = if self.visits { kinds } else { &kinds[..3] };
        let mut of = dice.pick(kinds);
        let shape = dice.roll(6);
        let readable: Vec<_> = self.rules.iter().filter(|rule| !rule.dated).collect();
        let other = (shape == 5 && !readable.is_empty()).then(|| readable[dice.roll(readable.len())]);
        let other = other.map(|other| (other.name.clone(), other.of, other.waits));
        if let Some((_, others, _)) = &other {
            of = others;
        }
        let money = match of {
            "line" | "unit" => "line.price",
            "visit" => "visit.spent",
            _ => dice.pick(&["order.price", "order.total"]),
        };
        if of == "unit" && other.is_none() && shape != 0 {
            of = "line";
        }
        let (base, currency) = (self.base(money, dice), self.currency);
        let points = 1 + dice.roll(9);
        let mut based = true;
        let (gives, whole) = match (shape, &other) {
            (1, _) => (format!("{} of {base}", dice.pick(&["1%", "2.5%", "by_rank", "33%"])), false),
            (2, _) => {
                (format!("{points} points per full {} {currency} of {base}", dice.pick(&[100, 7, 500])), true)
            }
            (3, _) => {
                (format!("{points} points per {} {currency} of {base}", dice.pick(&[100, 7, 30])), false)
            }
            (4, _) => {
                based = false;
                let of = match of {
                    "visit" => "visit.hours",
                    "order" => "order.quantity",
                    _ => "line.quantity",
                };
                (format!("{points} points per full 2 of {of}"), true)
            }
            (5, Some((other, ..))) => {
                based = false;
                match dice.roll(4) {
                    0 => (format!("2 times rounded {other}"), true),
                    1 => (format!("0.5 times rounded {other}"), false),
                    2 => (format!("1.5 times exact {other}"), false),
                    _ => (format!("30% of capped {other}"), false),
                }
            }
            _ => {
                based = false;
                (format!("{points} points"), true)
            }
        };
        let dated = dice.once_in(8);
        // In two of the zones the clocks skip the second of these.
        let since = dice.pick(&[" from 2024-03-01", " from 2024-03-10 02:30", " from 2024-03-31 01:30"]);
        self.put(&format!("earn {name} \"{name}\"{} {{", if dated { since } else { "" }));
        self.clause(&format!("each {of} gives {gives}"));
        self.filters(of, dice);
        let waits = self.conditions(of, other.as_ref().and_then(|(.., waits)| *waits), dice);
        if based && dice.once_in(6) {
            let (most, period) = (dice.pick(&[1000, 50]), dice.pick(&PERIODS));
            let room = dice.pick(&["returns free room", "returns keep room"]);
            self.clause(&format!("on first {most} {currency} per member {period}, {room}"));
        }
        if !whole {
            let grains: &[&str] = match of {
                "visit" => &["visit"],
                "line" | "unit" => &["line", "order"],
                _ => &["order"],
            };
            self.clause(&format!("round {} per {}", dice.pick(&ROUNDINGS), dice.pick(grains)));
        }
        let unit = &format!("{}s", self.units[pool]);
        if dice.once_in(4) {
            let grain = if of == "unit" { "line" } else { of };
            self.clause(
                &format!("at most {} points per {grain}", dice.pick(&[20, 3, 100])).replace("points", unit),
            );
        }
        if dice.once_in(8) {
            let of = if of == "unit" { "line.price" } else { money };
            self.clause(&format!("at most {} of {of}", dice.pick(&["10%", "1.5%", "80%"])));
        }
        self.limits(unit, of == "visit", dice);
        let anchor = if of == "visit" { "visit happened" } else { "order placed" };
        if let Some(waits) = waits {
            let wait = match waits.strip_prefix("per calendar ") {
                Some(end) => format!("end of {end} of {anchor}"),
                None => format!("next 16th after {anchor}"),
            };
            self.clause(&format!("pending until {wait}"));
        } else if of == "visit" || dice.once_in(4) {
            // A pool's wait may be for what only orders have.
            let wait = if of == "visit" {
                dice.pick(&["never", "until 10 days after visit happened", "until 3 days after done"])
            } else {
                dice.pick(&WAITS)
            };
            self.clause(&format!("pending {wait}"));
        }
        if dice.once_in(6) {
            self.clause(&format!(
                "lot expires {}",
                dice.pick(&["20 days after points acquired", "2024-06-30"])
            ));
        }
        if self.pools.len() > 1 {
            self.clause(&format!("into {}", self.pools[pool]));
        }
        self.put("}");
        // The points are counted in the unit of the rule's own pool.
        let gives = gives.replace("points", unit);
        let wrong = format!("each {of} gives ");
        if let Some(start) = self.text.rfind(&wrong) {
            let end = start + self.text[start..].find('\n').unwrap_or(0);
            let right = format!("{wrong}{}", gives.replace("stars_paid", "points_paid"));
            self.text.replace_range(start..end, &right);
        }
        if !dated && dice.once_in(4) {
            self.second_version(&name);
        }
        self.rules.push(Rule { name, of, pool, waits, dated });
    }

    /// The rule just written, until a day; and from then on without its conditions and limits.
    fn second_version(&mut self, name: &str) {
        let head = format!("earn {name} \"{name}\"");
        let Some(start) = self.text.rfind(&head) else { return };
        let freed = |line: &&str| !line.starts_with("  when") && !line.starts_with("  at most");
        let second: Vec<_> = self.text[start + head.len()..].lines().filter(freed).collect();
        let second = format!("{head} from 2024-04-01{}", second.join("\n"));
        self.text.insert_str(start + head.len(), " until 2024-04-01");
        self.put(&second);
    }

    /// Points that become money.
    fn cash(&mut self, dice: &mut Dice<'_>) {
        let (unit, currency) = (self.units[0], self.currency);
        self.put("move cash_back \"Cash back\" {\n  points to cash");
        self.clause(dice.pick(&["on request", "on request", "on end of month"]));
        let full = dice.pick(&["full ", ""]);
        self.clause(&format!("gives {} {currency} per {full}{} {unit}s", 1 + dice.roll(3), 2 + dice.roll(3)));
        if dice.once_in(3) {
            self.clause(&format!("fee 1 {unit}"));
        }
        self.put("}");
    }

    /// A rule that looks at a period that has ended.
    fn of_a_period(&mut self, dice: &mut Dice<'_>) {
        let ends = ["per calendar month", "per month from 16th", "for all time"];
        let Some(measure) = self.measures.iter().find(|measure| ends.contains(&measure.period)) else {
            return;
        };
        let (each, never_ends) = match measure.period {
            "for all time" => ("member", true),
            period => (period.trim_start_matches("per "), false),
        };
        let reached = !never_ends && dice.once_in(3);
        let (name, money, currency) = (measure.name.clone(), measure.money, self.currency);
        if dice.once_in(3) {
            return;
        }
        let pool = dice.roll(self.pools.len());
        let of = if money {
            format!("{} {currency}", dice.pick(&[100, 1000]))
        } else {
            dice.pick(&["1", "2"]).to_owned()
        };
        self.put("earn ended \"Of the month\" {");
        let beyond = match dice.roll(4) {
            0 => format!(" beyond {of}"),
            _ => String::new(),
        };
        let reached = if reached { ", as reached" } else { "" };
        let unit = self.units[pool];
        self.clause(&format!("each {each} gives 5 {unit}s per full {of} of {name}{beyond}{reached}"));
        if dice.once_in(3) {
            self.clause("when member.rank is gold");
        }
        let waits = if never_ends { ["never"; 2] } else { ["never", "until slow after period ended"] };
        self.clause(&format!("pending {}", dice.pick(&waits)));
        if self.pools.len() > 1 {
            self.clause(&format!("into {}", self.pools[pool]));
        }
        self.put("}");
        if dice.once_in(3) {
            let start = self.text.rfind("earn ended").unwrap_or(0);
            let other = self.text[start..].replacen("earn ended", "earn ended_too", 1);
            self.put(other.replacen("gives 5", "gives 2", 1).trim_end());
            self.put("group ended_both \"Of the month, both\" {\n  all of ended, ended_too");
            self.clause(&format!("at most {} {unit}s", dice.pick(&[12, 40])));
            self.put("}");
        }
    }

    fn filters(&mut self, of: &str, dice: &mut Dice<'_>) {
        let filters = ["", "", "only for food", "not for food, except bread", "not for gift_card"];
        let filter = if of == "visit" { dice.pick(&["", "only for fruit"]) } else { dice.pick(&filters) };
        if !filter.is_empty() {
            self.clause(filter);
        }
    }

    /// The period of what a condition reads in all, or of what the rule that is read waits for.
    fn conditions(
        &mut self,
        of: &str,
        mut waits: Option<&'static str>,
        dice: &mut Dice<'_>,
    ) -> Option<&'static str> {
        let mut read = BTreeSet::new();
        for _ in 0..dice.roll(3) {
            let currency = self.currency;
            let condition = match dice.roll(13) {
                0 if of == "visit" => "visit.hours >= 3".to_owned(),
                0 => dice.pick(&["order.paid_with is card", "order.paid_with in cards"]).to_owned(),
                1 if of == "visit" => "visit.weekday in saturday, sunday".to_owned(),
                1 => "order.weekday in saturday, sunday".to_owned(),
                2 if of != "visit" => format!("order.price >= {} {currency}", dice.pick(&[100, 1000])),
                3 if of != "visit" => format!("order.price for food >= 100 {currency}"),
                4 if of != "visit" => "order.quantity >= 3 or order.paid_with is card".to_owned(),
                5 if of != "visit" => dice.pick(&["order.hour >= 12", "order.time < 16:30"]).to_owned(),
                6 if self.tier => dice.pick(&["member.status >= mid", "member.status is low"]).to_owned(),
                12 => {
                    let when = dice.pick(&["at before", "at after", "date is", "date after"]);
                    let moment = dice.pick(&[
                        "30 days after member.since",
                        "end of month of member.since",
                        "next 15th after 1 month after member.since",
                        "12 hours before member.since",
                        "member.since",
                    ]);
                    let moment =
                        if when == "at before" && dice.once_in(3) { "2024-06-30 18:00" } else { moment };
                    format!("{}.{when} {moment}", if of == "visit" { "visit" } else { "order" })
                }
                7..=11 if !self.measures.is_empty() => {
                    let measure = &self.measures[dice.roll(self.measures.len())];
                    let least = dice.pick(&[1, 2, 3]);
                    let (name, period) = (&measure.name, measure.period);
                    let least =
                        if measure.money { format!("{} {currency}", least * 300) } else { least.to_string() };
                    let sign = dice.pick(&[">=", "<"]);
                    let waitable = period.contains("calendar")
                        && !OVER.contains(&period)
                        && waits.is_none_or(|waits| waits == period);
                    let whole = waitable && dice.once_in(2);
                    if whole && !read.contains(name) {
                        waits = Some(period);
                    }
                    format!("{name} {} {sign} {least}", if whole { "in all" } else { "so far" })
                }
                _ => "member.rank is gold".to_owned(),
            };
            // Two conditions on one thing might never hold together.
            if read.insert(condition.split(' ').next().unwrap_or("").to_owned()) {
                self.clause(&format!("when {condition}"));
            }
        }
        waits
    }

    fn limits(&mut self, unit: &str, visits: bool, dice: &mut Dice<'_>) {
        if dice.once_in(4) {
            let (most, period) = (dice.pick(&[100, 5, 30]), dice.pick(&PERIODS));
            let room = dice.pick(&["returns free room", "returns keep room"]);
            let each = if !visits && dice.once_in(3) { "per order.paid_with " } else { "" };
            self.clause(&format!("at most {most} {unit} per member {each}{period}, {room}"));
        }
        if dice.once_in(12) {
            self.clause(&format!("at most {} {unit} from everyone", dice.pick(&[200, 20])));
        }
    }

    fn group(&mut self, dice: &mut Dice<'_>) {
        let pool = dice.roll(self.pools.len());
        let how = dice.roll(5);
        let visits = self.visits && dice.once_in(2);
        let may = |rule: &&Rule| rule.pool == pool && (rule.of == "visit") == visits;
        // What waits for a period's end decides with what is given of the others, so they wait for it too.
        let waits = self.rules.iter().find(may).map(|rule| rule.waits);
        let may = |rule: &&Rule| may(rule) && Some(rule.waits) == waits;
        let names: Vec<_> = self.rules.iter().filter(may).map(|rule| rule.name.clone()).collect();
        if how == 0 || names.len() < 2 {
            return;
        }
        let grain = if visits { "visit" } else { "order" };
        let rules = names.join(", ");
        let lines = self.rules.iter().filter(may).all(|rule| rule.of == "line");
        self.put("group some \"Some\" {");
        match how {
            1 => self.clause(&format!("best of {rules} per {}", if lines { "line" } else { grain })),
            2 => self.clause(&format!("first of {rules} per {grain}")),
            3 => self.clause(&format!("best of {rules} per {grain}")),
            _ => {
                self.clause(&format!("all of {rules}"));
                self.clause(&format!("at most 50 {}s per {grain}", self.units[pool]));
            }
        }
        let unit = format!("{}s", self.units[pool]);
        self.limits(&unit, visits, dice);
        self.put("}");
    }

    fn redeem(&mut self, dice: &mut Dice<'_>) -> bool {
        let pays = dice.roll(4);
        if pays > 0 {
            self.put("redeem pay \"Pay\" {");
            let what = dice.pick(&["order.total", "line.price"]);
            let (money, currency) = (dice.pick(&[1, 2]), self.currency);
            match dice.roll(4) {
                3 => {
                    self.clause(&format!("5 points pay {money} {currency} per 1 of line.quantity"));
                    if dice.once_in(2) {
                        self.clause("on first 4 of line.quantity per order");
                    }
                }
                _ => self.clause(&format!("1 point pays {money} {currency} of {what}")),
            }
            self.clause("out of points");
            if dice.once_in(3) {
                self.clause("at least 10 points");
            }
            if dice.once_in(3) {
                self.clause("in steps of 5 points");
            }
            if dice.once_in(3) {
                self.clause("at most 50% of order.total");
            }
            if dice.once_in(3) {
                self.clause("not for gift_card");
            }
            if dice.once_in(3) {
                let room = dice.pick(&["returns free room", "returns keep room"]);
                self.clause(&format!("at most 200 points per member {}, {room}", dice.pick(&PERIODS)));
            }
            self.put("}");
        }
        if dice.once_in(2) {
            let unit = self.units[0];
            self.put(&format!(
                "value by_guest \"By rank\" {{\n  by member.rank\n  basic: 40 {unit}s\n  gold: 30 {unit}s\n}}"
            ));
            self.put("redeem rewards \"Rewards\" {");
            self.clause(&format!("reward cup \"A cup\" for 5 {unit}s"));
            self.clause("reward cake \"A cake\" for by_guest");
            self.clause(&format!("reward seat \"A seat\" for 3 to 60 {unit}s"));
            self.clause("reward sweet \"A sweet\" for free\n  out of points");
            let (what, period) = (dice.pick(&["3 rewards", "60 points"]), dice.pick(&PERIODS));
            let what = what.replace("points", &format!("{unit}s"));
            match dice.roll(4) {
                1 => self.clause(&format!("at most {what} per member {period}, returns free room")),
                2 => self.clause(&format!("at most {what} per member {period}, returns keep room")),
                3 => self.clause(&format!("at most {what} from everyone")),
                _ => {}
            }
            self.put("}");
        }
        pays > 0
    }

    fn moves(&mut self, dice: &mut Dice<'_>) -> bool {
        if self.pools.len() < 2 {
            return true;
        }
        let shape = dice.roll(4);
        let rate = dice.roll(4);
        let other = self.units[0] != self.units[1];
        if shape & 1 == 1 {
            self.put("move swap \"Swap\" {\n  points to extra\n  on request\n  at least 2 points");
            match rate {
                0 if other => self.clause("gives 1 per 1 point"),
                0 => {}
                1 if other => self.clause("in steps of 2 points\n  gives 2 per 2 points"),
                1 => self.clause("in steps of 2 points"),
                2 => self.clause("gives 1 per full 2 points"),
                _ => self.clause("gives 3 per 2 points"),
            }
            if dice.once_in(3) {
                let who =
                    ["per member per calendar month, returns keep room", "from everyone per calendar month"];
                self.clause(&format!("at most 50 points {}", dice.pick(&who)));
            }
            match dice.roll(6) {
                4 => self.clause("when not request.at before 30 days after member.since"),
                5 => self.clause("when member.rank is gold"),
                _ => {}
            }
            self.put("}");
        }
        if shape & 2 == 2 {
            // Points that go in a circle may not become more.
            let ways: &[_] = if shape & 1 == 1 && rate == 3 { &[(0, 1)] } else { &[(0, 1), (1, 0)] };
            let (from, to) = dice.pick(ways);
            self.put(&format!("move monthly \"Monthly\" {{\n  {} to {}", self.pools[from], self.pools[to]));
            let day = dice.pick(&["end of month", "15th", "1 may"]);
            self.clause(&format!("on {day}"));
            if other {
                self.clause(&format!("gives 1 per 1 {}", self.units[from]));
            }
            self.put("}");
        }
        rate < 2 || shape & 1 == 0
    }
}

/// An instant as many minutes after the start of the world.
pub fn instant(minutes: i64) -> String {
    let start: jiff::Timestamp = "2024-01-20T06:00:00Z".parse().unwrap();
    (start + jiff::SignedDuration::from_mins(minutes)).to_string()
}

pub type Step = [u8; 20];

/// The history with the instant of its last event, in minutes.
pub fn history(world: &World, steps: &[Step]) -> (Vec<Value>, i64) {
    let (mut minutes, mut events) = (0, Vec::new());
    let mut visits: Vec<(usize, usize)> = Vec::new();
    let mut orders: Vec<(usize, usize, usize)> = Vec::new();
    let mut moves: Vec<(usize, usize)> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let mut dice = Dice(step);
        minutes += match dice.roll(8) {
            0 | 1 => 0,
            2 | 3 => dice.roll(250) as i64,
            4..=6 => (1 + dice.roll(10) as i64) * 1440 + dice.roll(5) as i64 * 300,
            _ => dice.roll(70) as i64 * 1440,
        };
        let account = dice.roll(2);
        let mine: Vec<_> = orders.iter().filter(|(of, ..)| *of == account).collect();
        let (_, order, lines) = if mine.is_empty() { &(0, 0, 1) } else { mine[dice.roll(mine.len())] };
        let (order, lines) = (format!("o{order}"), *lines);
        let pool = dice.pick(&world.pools);
        let visit = visits.iter().filter(|(of, _)| *of == account).map(|(_, index)| index);
        let visit: Vec<_> = visit.collect();
        let visit = if visit.is_empty() { 0 } else { *visit[dice.roll(visit.len())] };
        let placed = !mine.is_empty();
        let more = match dice.roll(20) {
            5..=7 if placed => moved("ship", &order, lines, &mut dice),
            8 if placed => moved("cancel", &order, lines, &mut dice),
            9 | 10 if placed => moved("return", &order, lines, &mut dice),
            11 if placed => json!({"type": "refund", "order": order, "lines": [
                {"id": format!("l{}", dice.roll(lines)), "amount": 1 + dice.roll(200)},
            ]}),
            12 if world.visits => {
                visits.push((account, index));
                json!({
                    "type": "visit", "what": dice.pick(&["bread", "fruit"]), "hours": 1 + dice.roll(9),
                    "spent": dice.roll(250) * 10,
                })
            }
            13 if world.visits => match dice.roll(4) {
                0 | 1 => json!({"type": "mark", "event": format!("e{visit}"), "mark": "done"}),
                2 => json!({"type": "cancel", "event": format!("e{visit}")}),
                _ => json!({"type": "refund", "event": format!("e{visit}"), "amount": 1 + dice.roll(250)}),
            },
            14 => match dice.roll(3) {
                0 => json!({"type": "grant", "points": 1 + dice.roll(100), "reason": "gift", "pool": pool}),
                1 => {
                    json!({"type": "adjust", "points": dice.pick(&[-20, -5, 3, 40]), "reason": "fix", "pool": pool})
                }
                _ => json!({
                    "type": "opening", "points": 1 + dice.roll(100), "pool": pool, "reason": "old",
                    "expires_at": instant(minutes + (1 + dice.roll(90) as i64) * 1440),
                }),
            },
            15 => json!({
                "type": "member", "rank": dice.pick(&["basic", "gold"]),
                "since": dice.pick(&["2024-02-10", "2024-01-31", "2024-04-30"]),
            }),
            16 if world.text.contains("redeem rewards") => {
                let reward = dice.pick(&["cup", "cake", "seat", "sweet"]);
                let mut taken = json!({"type": "reward", "reward": reward, "quantity": 1 + dice.roll(3)});
                if reward == "seat" {
                    taken["points"] = json!(3 + dice.roll(20));
                }
                taken
            }
            17 if dice.once_in(3) && moves.iter().any(|(of, _)| *of == account) => {
                let mine: Vec<_> = moves.iter().filter(|(of, _)| *of == account).collect();
                json!({"type": "cancel", "event": format!("e{}", mine[dice.roll(mine.len())].1)})
            }
            17 if world.text.contains("move swap") => {
                moves.push((account, index));
                json!({"type": "convert", "move": "swap", "points": 2 * (1 + dice.roll(20))})
            }
            18 => match dice.roll(3) {
                0 => json!({"type": "transfer", "points": 5, "to_account": format!("a{}", 1 - account)}),
                1 => {
                    moves.push((account, index));
                    json!({"type": "cash_out", "points": 5 + dice.roll(9)})
                }
                _ => json!({"type": "cancel", "event": format!("e{}", dice.roll(index + 1))}),
            },
            _ => {
                let placed = order_event(world, &format!("o{index}"), &mut dice);
                orders.push((account, index, placed["lines"].as_array().unwrap().len()));
                placed
            }
        };
        events.push(event(&format!("e{index}"), minutes, account, more, world));
    }
    (events, minutes)
}

fn event(id: &str, minutes: i64, account: usize, more: Value, world: &World) -> Value {
    let mut event = json!({"id": id, "at": instant(minutes), "account": format!("a{account}")});
    let Value::Object(more) = more else { panic!("an object") };
    event.as_object_mut().unwrap().extend(more);
    if world.pools.len() == 1 {
        event.as_object_mut().unwrap().remove("pool");
    }
    if event["type"] == "opening" {
        event.as_object_mut().unwrap().remove("reason");
    }
    event
}

pub fn order_event(world: &World, order: &str, dice: &mut Dice<'_>) -> Value {
    let lines = 1 + dice.roll(2);
    let redeem = if world.pays && dice.once_in(2) { 5 * dice.roll(6) } else { 0 };
    let honoured = redeem > 0 && dice.once_in(6);
    let paid_with = dice.pick(&["card", "other"]);
    let shipping = dice.pick(&[0, 0, 150]);
    let line = |index| {
        let price = dice.roll(256) * dice.pick(&[10, 1, 40]);
        let mut line = json!({
            "id": format!("l{index}"), "category": dice.pick(&["bread", "fruit", "gift_card", "food"]),
            "price": price, "quantity": 1 + dice.roll(3),
        });
        if world.tax {
            line["tax"] = json!(price * dice.roll(3) / 12);
        }
        line
    };
    let lines: Vec<_> = (0..lines).map(line).collect();
    let mut order = json!({"type": "order", "order": order, "paid_with": paid_with, "lines": lines});
    if shipping > 0 {
        order["shipping"] = json!(shipping);
    }
    if redeem > 0 {
        order["redeem"] = json!(redeem);
        order["honoured"] = json!(honoured);
    }
    order
}

fn moved(word: &str, order: &str, lines: usize, dice: &mut Dice<'_>) -> Value {
    let mut event = json!({"type": word, "order": order});
    match dice.roll(4) {
        0 | 1 => {}
        2 => event["lines"] = json!([{"id": format!("l{}", dice.roll(lines))}]),
        _ => event["lines"] = json!([{"id": format!("l{}", dice.roll(lines)), "quantity": 1 + dice.roll(2)}]),
    }
    event
}

/// The policy, which must have no mistakes.
pub fn policy(world: &World) -> Policy {
    let source = Source::new("policy.meed", world.text.as_str());
    let loaded = load(&source);
    match loaded.policy {
        Some(policy) => policy,
        None => panic!("{}\n{}", world.text, render::report(&source, &check(&source), 100, false)),
    }
}

fn run(policy: &Policy, events: &[Value], at: Option<&str>) -> Outcome {
    let options = Options::default().keep_entries().at(at.map(|at| at.parse().unwrap()));
    replay(policy, incoming(policy, events), &options)
}

/// Everything shown of the accounts, and what was refused with which code, in no order.
fn seen(policy: &Policy, outcome: &Outcome) -> (Value, BTreeSet<(Option<String>, &'static str)>) {
    let refused = outcome.refused.iter();
    let refused = refused.map(|refused| (refused.event.clone(), refused.refusal.code.name())).collect();
    (answer(policy, outcome)["accounts"].clone(), refused)
}

/// Available and pending points in each pool, with what is owed.
fn held(world: &World, outcome: &Outcome, account: &str) -> Vec<i64> {
    let account = outcome.accounts.iter().find(|one| one.id() == account);
    let held = |pool| account.map_or(0, |one| one.balance_in(pool).available + one.balance_in(pool).pending);
    (0..world.pools.len()).map(PoolId::new).map(held).collect()
}

/// What a test is given, printed so that it can be put into files when a law breaks.
fn shown(world: &World, events: &[Value]) -> String {
    let events: String = events.iter().map(|event| format!("{event}\n")).collect();
    format!("\n{}\n{events}", world.text)
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default()
    })]

    /// The set of events decides: neither their order, nor copies, nor being judged one by one changes anything.
    #[test]
    fn any_order_any_copies_and_any_batches_give_the_same(tapes in tapes(false), steps in steps(), seed: u64) {
        let world = world(&tapes);
        let policy = policy(&world);
        let (events, _) = history(&world, &steps);
        let once = run(&policy, &events, None);
        let expected = seen(&policy, &once);

        let mut mixed: Vec<_> = events.iter().enumerate().flat_map(|(index, event)| {
            let copies = 1 + (seed >> (index % 60) & 1) as usize;
            std::iter::repeat_n(event.clone(), copies)
        }).collect();
        let copies = mixed.len() - events.len();
        let mut state = seed | 1;
        for last in (1..mixed.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            mixed.swap(last, (state >> 33) as usize % (last + 1));
        }
        let again = run(&policy, &mixed, None);
        prop_assert_eq!(again.duplicates, copies as u64, "{}", shown(&world, &events));
        prop_assert_eq!(&expected, &seen(&policy, &again), "{}", shown(&world, &events));

        let options = Options::default().keep_entries();
        let streamed = replay_sorted(&policy, incoming(&policy, &mixed), &options);
        prop_assert_eq!(&expected, &seen(&policy, &streamed), "{}", shown(&world, &events));
    }

    /// Nothing is lost or invented in any pool after any entry; balances are the fold of the entries; nothing is too
    /// large to compute with; what moves between pools leaves one and arrives in the other.
    #[test]
    fn nothing_is_lost_or_invented_in_any_pool(tapes in tapes(false), steps in steps()) {
        let world = world(&tapes);
        let policy = policy(&world);
        let (events, end) = history(&world, &steps);
        for later in [0, 20, 400] {
            let outcome = run(&policy, &events, Some(&instant(end + later * 1440)));
            for refused in &outcome.refused {
                let code = refused.refusal.code.name();
                prop_assert!(code != "overflow" && !code.starts_with("un") || code == "unknown-order" || code == "unknown-event"
                    || code == "unknown-line" || code == "unknown-reward" || code == "unknown-rule",
                    "{} {}{}", code, refused.refusal.message, shown(&world, &events));
            }
            let mut moved = 0;
            for account in &outcome.accounts {
                let mut folds = vec![Balance::default(); world.pools.len()];
                for entry in account.entries() {
                    let fold = &mut folds[entry.pool.index()];
                    prop_assert!(entry.points > 0 && entry.from != entry.to && entry.to != Bucket::Programme);
                    post(fold, entry.from, -entry.points);
                    post(fold, entry.to, entry.points);
                    prop_assert!(fold.is_conserved(), "{:?}{}", entry, shown(&world, &events));
                    // No entry takes points from where they are not; what is available may be owed.
                    let least = fold.pending.min(fold.redeemed).min(fold.expired).min(fold.reversed);
                    prop_assert!(least >= 0, "{:?} {:?}{}", entry, fold, shown(&world, &events));
                }
                for (pool, fold) in folds.iter().enumerate() {
                    prop_assert_eq!(*fold, account.balance_in(PoolId::new(pool)), "{}", shown(&world, &events));
                    let least = fold.pending.min(fold.redeemed).min(fold.expired).min(fold.reversed);
                    prop_assert!(least >= 0, "{:?}{}", fold, shown(&world, &events));
                }
                moved += folds.iter().map(|fold| fold.transferred).sum::<i64>();
                let at = outcome.at.unwrap();
                let paid_out: i64 = account.entries().iter().filter_map(|entry| entry.arrived.as_ref()).map(|one| one.amount).sum();
                let told: i64 = account.statement(&policy, at).unwrap().pools.iter().flat_map(|pool| &pool.arrived).map(|one| one.amount).sum();
                prop_assert_eq!(paid_out, told, "{}", shown(&world, &events));
                let times = account.entries().windows(2).all(|two| two[0].at <= two[1].at);
                prop_assert!(times, "{}", shown(&world, &events));
            }
            prop_assert!(moved == 0 || !world.even_moves, "{}", shown(&world, &events));
        }
    }

    /// A replay is a function of what happened up to its instant; it is the beginning of every later one; and
    /// looking at an account, at any instant, changes nothing.
    #[test]
    fn looking_changes_nothing(tapes in tapes(false), steps in steps(), cut in 0..30usize, days in 0..200i64) {
        let world = world(&tapes);
        let policy = policy(&world);
        let (events, end) = history(&world, &steps);
        let at = events[cut % events.len()]["at"].as_str().unwrap().to_owned();
        let limit: jiff::Timestamp = at.parse().unwrap();
        let known: Vec<_> = events.iter().filter(|event| {
            event["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() <= limit
        }).cloned().collect();
        let early = run(&policy, &events, Some(&at));
        prop_assert_eq!(seen(&policy, &early), seen(&policy, &run(&policy, &known, Some(&at))), "{}", shown(&world, &events));

        let later = instant(end + days * 1440);
        let whole = run(&policy, &events, Some(&later));
        let waited = run(&policy, &known, Some(&later));
        for account in &early.accounts {
            for (name, other) in [("whole", &whole), ("waited", &waited)] {
                let other = other.accounts.iter().find(|one| one.id() == account.id()).unwrap();
                prop_assert!(other.entries().len() >= account.entries().len(), "{}{}", name, shown(&world, &events));
                let beginning = &other.entries()[..account.entries().len()];
                prop_assert_eq!(account.entries(), beginning, "{}: at {}{}", name, &at, shown(&world, &events));
            }
        }

        // An event that is refused brings its account to its instant, and nothing more.
        let mut looks = events.clone();
        for account in 0..2 {
            for look in 1..8 {
                let ship = json!({"type": "ship", "order": "none"});
                let minutes = (end + days * 1440) * look / 8;
                looks.push(event(&format!("look{account}{look}"), minutes, account, ship, &world));
            }
        }
        let looked = run(&policy, &looks, Some(&later));
        prop_assert_eq!(seen(&policy, &whole).0, seen(&policy, &looked).0, "until {}{}", &later, shown(&world, &events));
        for (account, other) in whole.accounts.iter().zip(&looked.accounts) {
            prop_assert_eq!(account.entries(), other.entries(), "{}", shown(&world, &events));
        }
    }

    /// An order that is cancelled or returned at once leaves what is held as if it had never been placed.
    #[test]
    fn undoing_an_order_at_once_leaves_no_trace(tapes in tapes(true), steps in steps(), order: Step, ship: bool) {
        let world = world(&tapes);
        let policy = policy(&world);
        let (mut events, end) = history(&world, &steps);
        let at = end + 1;
        let without = run(&policy, &events, Some(&instant(at)));
        let mut order = order_event(&world, "new", &mut Dice(&order));
        // The shop has taken the points, so that only more than may be paid is refused.
        order.as_object_mut().unwrap().insert("honoured".to_owned(), json!(true));
        events.push(event("new", at, 0, order, &world));
        if ship {
            events.push(event("new_ship", at, 0, json!({"type": "ship", "order": "new"}), &world));
            events.push(event("undo", at, 0, json!({"type": "return", "order": "new"}), &world));
        } else {
            events.push(event("undo", at, 0, json!({"type": "cancel", "order": "new"}), &world));
        }
        let with = run(&policy, &events, Some(&instant(at)));
        let refused = |id: &str| with.refused.iter().find(|refused| refused.event.as_deref() == Some(id));
        let paid = !events[events.len() - if ship { 3 } else { 2 }]["redeem"].is_null();
        prop_assert!(paid || refused("new").is_none(), "{:?}{}", refused("new"), shown(&world, &events));
        prop_assert_eq!(refused("new").is_none(), refused("undo").is_none(), "{}", shown(&world, &events));
        prop_assert_eq!(held(&world, &without, "a0"), held(&world, &with, "a0"), "{}", shown(&world, &events));
    }
}
