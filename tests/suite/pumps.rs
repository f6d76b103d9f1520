//! A search for money pumps: closed sequences of actions, after which a member has nothing more in the world than before and
//! must therefore hold no more worth. They are laid over a random honest history, before, around and between its events,
//! and what is held at the end is compared with what it would have been without them, at the same instant.
//!
//! Worth held is what is available and pending in all pools of all accounts, at each pool's worth in force, with what was paid
//! out as money. Points that have arrived at other programmes count for nothing: what they are worth there nobody here knows.
//! Points that had expired without the cycles, and live with them, are no gain: an order extends a balance even where it
//! is cancelled later (the contract says so), and a conversion starts a new clock.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::{Value, json};

use meed::{Options, Outcome, Policy, PoolId, Source, load};

use crate::random_policies::{self, Dice, Step};
use crate::shapes::{PARTS, Shape, shape};
use crate::support::{entries, folder, incoming, replay, stem};

/// A policy with what is known of it.
struct Programme {
    policy: Policy,
    shape: Shape,
    /// Where its histories begin.
    starts: Vec<jiff::Timestamp>,
}

/// An event at a minute of its history.
#[derive(Clone)]
struct Happening {
    minute: i64,
    id: String,
    account: usize,
    body: Value,
}

/// A closed sequence.
#[derive(Clone)]
struct Cycle {
    kind: &'static str,
    events: Vec<Happening>,
    /// Ids of what must be accepted if anything else is, so that nothing stays open.
    closing: BTreeSet<String>,
}

/// How a comparison went.
enum Tried {
    /// Nothing could be compared: all cycles were refused, or an honest event was refused because of them.
    Nothing,
    /// So many cycles gained nothing.
    Sound(Vec<&'static str>),
    /// Worth came out of nothing: the timeline.
    Pump { told: String, honest: Vec<Happening>, cycles: Vec<Cycle> },
}

const DAY: i64 = 1440;

/// A history of honest events, an hour apart at least, so that a cycle that must be tight fits between two.
fn honest(shape: &Shape, steps: &[Step]) -> Vec<Happening> {
    let mut events = Vec::new();
    let given = Dice(steps.last().map_or(&[][..], |step| &step[4..])).pick(&[12_000, 0, 300]);
    for account in 0..2 {
        let mut put = |what: &str, body| {
            events.push(Happening { minute: 0, id: format!("{what}{account}"), account, body });
        };
        if !shape.member.is_empty() {
            let mut facts = shape.member(&mut Dice(steps.first().map_or(&[][..], |step| &step[..])));
            facts.insert("type".to_owned(), json!("member"));
            put("who", Value::Object(facts));
        }
        for pool in &shape.pools {
            if given > 0 {
                let grant = json!({"type": "grant", "points": given, "reason": "start", "pool": pool.name});
                put(&format!("given_{}_", pool.name), grant);
            }
        }
    }
    let mut orders: Vec<(usize, String)> = Vec::new();
    let mut others: Vec<(usize, String, Vec<String>)> = Vec::new();
    let mut minute = 0;
    for (index, step) in steps.iter().enumerate() {
        let mut dice = Dice(step);
        minute += dice.pick(&[60, DAY, 3 * DAY, 9 * DAY, 31 * DAY]);
        let account = usize::from(dice.once_in(4));
        let id = format!("e{index}");
        let mine: Vec<_> =
            orders.iter().filter(|(of, _)| *of == account).map(|(_, number)| number.clone()).collect();
        let placed: Vec<_> = others.iter().filter(|(of, ..)| *of == account).cloned().collect();
        let body = match dice.roll(12) {
            0..=2 | 11 if shape.events.is_empty() || dice.once_in(2) => {
                orders.push((account, id.clone()));
                shape.order(&id, &mut dice).0
            }
            3..=5 if !mine.is_empty() => {
                let number = &mine[dice.roll(mine.len())];
                json!({"type": dice.pick(&["ship", "ship", "return", "cancel"]), "order": number})
            }
            6 if !shape.member.is_empty() => {
                let mut facts = shape.member(&mut dice);
                facts.insert("type".to_owned(), json!("member"));
                Value::Object(facts)
            }
            7 => shape.reward(&mut dice).unwrap_or(json!({"type": "ship", "order": "none"})),
            8 if shape.moves.iter().any(|one| one.on_request) => {
                let asked: Vec<_> = shape.moves.iter().filter(|one| one.on_request).collect();
                shape.request(asked[dice.roll(asked.len())], &format!("a{}", 1 - account), &mut dice)
            }
            9 | 10 if !placed.is_empty() => {
                let (_, event, marks) = &placed[dice.roll(placed.len())];
                match marks.len() {
                    0 => json!({"type": "cancel", "event": event}),
                    marked => json!({"type": "mark", "event": event, "mark": marks[dice.roll(marked)]}),
                }
            }
            _ if !shape.events.is_empty() => {
                let kind = &shape.events[dice.roll(shape.events.len())];
                others.push((account, id.clone(), kind.marks.clone()));
                shape.happening(kind, &mut dice).0
            }
            _ => {
                orders.push((account, id.clone()));
                shape.order(&id, &mut dice).0
            }
        };
        events.push(Happening { minute, id, account, body });
    }
    events
}

/// Parts of an order, unit by unit or line by line, in some split.
fn parts(bought: &[(i64, i64)], number: &str, word: &str, dice: &mut Dice<'_>) -> Vec<Value> {
    let mut parts = Vec::new();
    match dice.roll(3) {
        0 => parts.push(json!({"type": word, "order": number})),
        1 => parts.extend(
            (0..bought.len())
                .rev()
                .map(|line| json!({"type": word, "order": number, "lines": [{"id": format!("l{line}")}]})),
        ),
        _ => parts.extend(bought.iter().enumerate().flat_map(|(line, (units, _))| {
            (0..*units).map(move |_| {
                json!({"type": word, "order": number, "lines": [{"id": format!("l{line}"), "quantity": 1}]})
            })
        })),
    }
    parts
}

/// One closed sequence that begins some time after the minute; `named` makes its ids its own.
fn cycle(shape: &Shape, history: &[Happening], from: i64, named: &str, dice: &mut Dice<'_>) -> Option<Cycle> {
    let account = usize::from(dice.once_in(5));
    let tight = dice.once_in(3);
    let (id, number) = (|part: usize| format!("{named}_{part}"), format!("{named}_0"));
    let how = dice.roll(13);
    // What happens, in order; from the second number on, what closes it.
    let (kind, bodies, opened): (&str, Vec<Value>, usize) = match how {
        0..=4 => {
            let (order, bought) = shape.order(&number, dice);
            let (mut bodies, kind) = (vec![order], ["cancel", "return", "half", "refund", "refund all"][how]);
            if how > 0 {
                let ship = match how {
                    2 => json!({"type": "ship", "order": number, "lines": [{"id": "l0", "quantity": 1}]}),
                    _ => json!({"type": "ship", "order": number}),
                };
                bodies.push(ship);
            }
            for (line, (_, amount)) in bought.iter().enumerate().filter(|_| how > 2) {
                let amount = if how == 4 { *amount } else { (amount / 3).max(1) };
                let lines = json!([{"id": format!("l{line}"), "amount": shape.money(amount)}]);
                bodies.push(json!({"type": "refund", "order": number, "lines": lines}));
            }
            let opened = bodies.len();
            match how {
                0 => bodies.extend(parts(&bought, &number, "cancel", dice)),
                2 => {
                    bodies.push(json!({"type": "cancel", "order": number}));
                    bodies.push(json!({"type": "return", "order": number}));
                }
                _ => bodies.extend(parts(&bought, &number, "return", dice)),
            }
            (kind, bodies, opened)
        }
        5 | 6 if !shape.events.is_empty() => {
            let happens = &shape.events[dice.roll(shape.events.len())];
            let (event, amount) = shape.happening(happens, dice);
            let mut bodies = vec![event];
            if dice.once_in(2) {
                bodies.extend(
                    happens.marks.iter().map(|mark| json!({"type": "mark", "event": number, "mark": mark})),
                );
            }
            if how == 6 && amount > 0 {
                let amount = shape.money((amount / dice.pick(&[1, 3])).max(1));
                bodies.push(json!({"type": "refund", "event": number, "amount": amount}));
            }
            let opened = bodies.len();
            bodies.push(json!({"type": "cancel", "event": number}));
            ("event", bodies, opened)
        }
        7 => ("reward", vec![shape.reward(dice)?, json!({"type": "cancel", "event": number})], 1),
        8 | 9 => {
            let asked: Vec<_> = shape.moves.iter().filter(|one| one.on_request).collect();
            let one = *asked.get(dice.roll(asked.len().max(1)))?;
            let sent = shape.request(one, &format!("a{}", 1 - account), dice);
            if one.to == "account" {
                let mut back = sent.clone();
                back["to_account"] = json!(format!("a{account}"));
                ("there and back", vec![sent, back], 1)
            } else {
                ("move", vec![sent, json!({"type": "cancel", "event": number})], 1)
            }
        }
        10 | 11 => {
            let grant = shape.pool_event(dice.pick(&["grant", "adjust"]), 1 + dice.roll(200) as i64, dice);
            let mut back = grant.clone();
            back["type"] = json!("adjust");
            back["points"] = json!(-grant["points"].as_i64()?);
            ("grant", vec![grant, back], 1)
        }
        _ => {
            let fact = shape.member.get(dice.roll(shape.member.len().max(1)))?;
            let before =
                history.iter().rev().filter(|event| event.minute <= from && event.account == account);
            let before =
                before.filter(|event| event.body["type"] == "member").map(|event| &event.body[&fact.name]);
            let before = before.chain(&fact.default).find(|value| !value.is_null())?.clone();
            let (order, bought) = shape.order(&format!("{named}_1"), dice);
            let mut bodies =
                vec![json!({"type": "member", fact.name.as_str(): shape.member(dice)[&fact.name]})];
            // What has been ordered meanwhile may come back before or after.
            let mut last = vec![json!({"type": "member", fact.name.as_str(): before})];
            match dice.roll(3) {
                0 => {}
                1 if !shape.events.is_empty() => {
                    let happens = &shape.events[dice.roll(shape.events.len())];
                    bodies.push(shape.happening(happens, dice).0);
                    last.push(json!({"type": "cancel", "event": format!("{named}_1")}));
                }
                _ => {
                    bodies.push(order);
                    last.extend(parts(&bought, &format!("{named}_1"), "cancel", dice));
                }
            }
            if dice.once_in(2) {
                last.rotate_left(1);
            }
            let opened = bodies.len();
            bodies.extend(last);
            ("member", bodies, opened)
        }
    };
    // A member who is something else for a while is that to nothing honest, and at no midnight.
    let tight = tight || kind == "member";
    let mut minute = from + 1;
    let last = bodies.len();
    let events: Vec<_> = bodies
        .into_iter()
        .enumerate()
        .map(|(part, body)| {
            let back = kind == "there and back" && part == 1;
            let event =
                Happening { minute, id: id(part), account: if back { 1 - account } else { account }, body };
            minute += if tight { 1 } else { dice.pick(&[1, 1, 7, 2 * DAY, 5 * DAY, 17 * DAY, 40 * DAY]) };
            event
        })
        .collect();
    let meanwhile = |event: &Happening| (from + 1..minute).contains(&event.minute);
    if kind == "member" && history.iter().any(meanwhile) {
        return None;
    }
    let closing = (opened..last).map(id).collect();
    Some(Cycle { kind, events, closing })
}

/// The events of a history as they are put in files.
fn written(start: jiff::Timestamp, events: &[Happening], pools: usize) -> Vec<Value> {
    let mut events: Vec<_> = events.iter().collect();
    events.sort_by_key(|event| event.minute);
    events
        .into_iter()
        .map(|event| {
            let at = (start + jiff::SignedDuration::from_mins(event.minute)).to_string();
            let mut whole = json!({"id": event.id, "at": at, "account": format!("a{}", event.account)});
            let Value::Object(body) = event.body.clone() else { panic!("an object") };
            whole.as_object_mut().unwrap().extend(body);
            if pools == 1 {
                whole.as_object_mut().unwrap().remove("pool");
            }
            whole
        })
        .collect()
}

impl Programme {
    fn new(source: &Source) -> Programme {
        let policy = load(source).policy.unwrap_or_else(|| panic!("{} has mistakes", source.name()));
        let shape = shape(source);
        let noon =
            |day: jiff::civil::Date| jiff::tz::TimeZone::UTC.to_timestamp(day.at(12, 0, 0, 0)).unwrap();
        let mut days = vec![jiff::civil::date(2024, 5, 6)];
        days.extend(shape.days.iter().map(|day| day.saturating_sub(jiff::Span::new().days(20))));
        let starts = days.into_iter().map(noon).collect();
        Programme { policy, shape, starts }
    }

    fn run(&self, start: jiff::Timestamp, events: &[Happening], at: jiff::Timestamp) -> Outcome {
        let events = written(start, events, self.shape.pools.len());
        let options = Options::default().keep_entries().at(at);
        replay(&self.policy, incoming(&self.policy, &events), &options)
    }

    /// Worth held by all accounts, and worth that has expired, in parts of a minor unit.
    fn held(&self, outcome: &Outcome, at: jiff::Timestamp) -> (i128, i128) {
        let (mut held, mut expired) = (0, 0);
        for account in &outcome.accounts {
            for pool in 0..self.shape.pools.len() {
                let (balance, worth) = (account.balance_in(PoolId::new(pool)), self.shape.worth(pool, at));
                held += i128::from(balance.available + balance.pending) * worth;
                expired += i128::from(balance.expired) * worth;
            }
            let arrived =
                account.statement(&self.policy, at).unwrap().pools.into_iter().flat_map(|pool| pool.arrived);
            held += arrived
                .filter(|one| one.program.is_none())
                .map(|one| i128::from(one.amount) * PARTS)
                .sum::<i128>();
        }
        (held, expired)
    }

    /// Compares a history with and without cycles.
    fn compare(
        &self,
        start: jiff::Timestamp,
        mut honest: Vec<Happening>,
        mut cycles: Vec<Cycle>,
        later: i64,
    ) -> Tried {
        let last = honest
            .iter()
            .chain(cycles.iter().flat_map(|cycle| &cycle.events))
            .map(|event| event.minute)
            .max();
        let at = start + jiff::SignedDuration::from_mins(last.unwrap_or(0) + later);
        let refused = |outcome: &Outcome| -> BTreeSet<String> {
            outcome.refused.iter().filter_map(|refused| refused.event.clone()).collect()
        };
        // What is refused anyway is no part of the history.
        let without = loop {
            let without = self.run(start, &honest, at);
            let not = refused(&without);
            if not.is_empty() {
                break without;
            }
            honest.retain(|event| !not.contains(&event.id));
        };
        let with = loop {
            let events: Vec<_> =
                honest.iter().chain(cycles.iter().flat_map(|cycle| &cycle.events)).cloned().collect();
            let with = self.run(start, &events, at);
            let not = refused(&with);
            let open = |cycle: &Cycle| {
                cycle.closing.intersection(&not).next().is_some()
                    || cycle.events.iter().all(|one| not.contains(&one.id))
            };
            let before = cycles.len();
            cycles.retain(|cycle| !open(cycle));
            if cycles.is_empty()
                || honest.iter().any(|event| not.contains(&event.id)) && before == cycles.len()
            {
                return Tried::Nothing;
            }
            if before == cycles.len() {
                break with;
            }
        };
        let ((less, expired), (more, _)) = (self.held(&without, at), self.held(&with, at));
        if more <= less + expired {
            return Tried::Sound(cycles.iter().map(|cycle| cycle.kind).collect());
        }
        let own = cycles.iter().flat_map(|cycle| &cycle.events);
        let events: Vec<_> = honest.iter().chain(own).cloned().collect();
        let events = written(start, &events, self.shape.pools.len());
        let told = format!(
            "held {} without the cycles and {} with them, on {}:\n{}",
            self.shape.shown(less),
            self.shape.shown(more),
            self.policy.show_instant(at),
            self.timeline(&events, &honest, &with, &without),
        );
        Tried::Pump { told, honest, cycles }
    }

    /// The same pump with as little as it needs.
    fn shortest(
        &self,
        start: jiff::Timestamp,
        mut honest: Vec<Happening>,
        mut cycles: Vec<Cycle>,
        later: i64,
    ) -> String {
        let mut at = honest.len() + cycles.len();
        let mut least = String::new();
        loop {
            let (mut fewer, mut few) = (honest.clone(), cycles.clone());
            match at.checked_sub(honest.len()) {
                None => drop(fewer.remove(at)),
                Some(cycle) if cycle < cycles.len() => drop(few.remove(cycle)),
                // Nothing is left out yet.
                Some(_) => {}
            }
            let left_out = fewer.len() + few.len() < honest.len() + cycles.len();
            if let Tried::Pump { told, honest: still, cycles: these } = self.compare(start, fewer, few, later)
            {
                (honest, cycles, least) = (still, these, told);
                if left_out {
                    at = honest.len() + cycles.len();
                    continue;
                }
            }
            if at == 0 {
                return least;
            }
            at -= 1;
        }
    }

    /// What happened and what it moved, in the order of time: the cycles' own events with a star, and with a minus what
    /// would have been moved without them.
    fn timeline(&self, events: &[Value], honest: &[Happening], with: &Outcome, without: &Outcome) -> String {
        let honest: BTreeSet<_> = honest.iter().map(|event| event.id.as_str()).collect();
        let mut lines: Vec<(jiff::Timestamp, u8, String)> = Vec::new();
        for event in events {
            let mut rest = event.clone();
            let id = rest["id"].as_str().unwrap().to_owned();
            let at: jiff::Timestamp = rest["at"].as_str().unwrap().parse().unwrap();
            ["id", "at", "account"].iter().for_each(|name| drop(rest.as_object_mut().unwrap().remove(*name)));
            let whose = if honest.contains(id.as_str()) { ' ' } else { '*' };
            let account = event["account"].as_str().unwrap();
            lines.push((at, 0, format!("{whose} {} {account} {id} {rest}", self.policy.show_instant(at))));
        }
        let moved = |outcome: &Outcome| -> Vec<_> {
            let entries = outcome
                .accounts
                .iter()
                .flat_map(|account| account.entries().iter().map(|one| (account.id(), one)));
            entries
                .map(|(account, entry)| {
                    let points = self.policy.count_points_in(entry.pool, entry.points);
                    let rule =
                        entry.rule.as_ref().map_or_else(String::new, |rule| format!(" by {}", rule.rule));
                    let of = entry.event.as_ref().map_or_else(String::new, |event| format!(" of {event}"));
                    let (from, to) = (entry.from.word(), entry.to.word());
                    let at = self.policy.show_instant(entry.at);
                    let line = format!(
                        "{at} {account} {} {points} from {from} to {to}{of}{rule}",
                        entry.action.word()
                    );
                    (entry.at, line)
                })
                .collect()
        };
        let (all, some) = (moved(with), moved(without));
        lines.extend(
            some.iter().filter(|one| !all.contains(one)).map(|(at, line)| (*at, 2, format!("-     {line}"))),
        );
        lines.extend(all.into_iter().map(|(at, line)| (at, 1, format!("      {line}"))));
        lines.sort_by_key(|(at, rank, _)| (*at, *rank));
        lines.into_iter().map(|(.., line)| line + "\n").collect()
    }
}

/// Cycles read off a tape each, over the time of a history.
fn cycles(shape: &Shape, history: &[Happening], tapes: &[[u8; 48]]) -> Vec<Cycle> {
    let made = tapes.iter().enumerate().filter_map(|(index, tape)| {
        let mut dice = Dice(tape);
        let from = history.get(dice.roll(history.len().max(1))).map_or(0, |event| event.minute);
        cycle(shape, history, from, &format!("c{index}"), &mut dice)
    });
    made.collect()
}

/// True for what a member is and is given, without buying anything.
fn is_given(event: &Happening) -> bool {
    event.body["type"].as_str().is_some_and(|kind| ["member", "grant", "opening", "adjust"].contains(&kind))
}

/// Searches a programme; the shortest pump, if there is one.
///
/// `buys` is false where nothing but the cycles' own is bought.
fn search(
    programme: &Programme,
    buys: bool,
    cases: u32,
    tried: &mut BTreeMap<&'static str, u64>,
) -> Option<String> {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 100,
        max_global_rejects: 1_000_000,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let steps = prop::collection::vec(any::<Step>(), 0..10);
    let tapes = prop::collection::vec(any::<[[u8; 16]; 3]>(), 1..4);
    let seen = std::cell::RefCell::new(std::mem::take(tried));
    let found = runner.run(&(steps, tapes, any::<u8>(), any::<u8>()), |(steps, tapes, start, later)| {
        let start = programme.starts[usize::from(start) % programme.starts.len()];
        let mut history = honest(&programme.shape, &steps);
        history.retain(|event| buys || is_given(event));
        let tapes: Vec<[u8; 48]> = tapes.iter().map(|tape| tape.concat().try_into().unwrap()).collect();
        let cycles = cycles(&programme.shape, &history, &tapes);
        let later = [1, 30, 400][usize::from(later) % 3] * DAY;
        match programme.compare(start, history, cycles, later) {
            Tried::Nothing => {}
            Tried::Sound(kinds) => {
                kinds.into_iter().for_each(|kind| *seen.borrow_mut().entry(kind).or_default() += 1)
            }
            Tried::Pump { honest, cycles, .. } => {
                let told = programme.shortest(start, honest, cycles, later);
                return Err(TestCaseError::fail(told));
            }
        }
        Ok(())
    });
    *tried = seen.into_inner();
    match found {
        Ok(()) => None,
        Err(TestError::Fail(told, _)) => Some(told.to_string()),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// The programmes of the repository, by name.
pub fn programmes() -> Vec<(String, String)> {
    entries(&folder("policies"))
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|path| {
            let name = stem(&path);
            let text = std::fs::read_to_string(path.join(format!("{name}.meed"))).unwrap();
            (name, text)
        })
        .collect()
}

/// A history of a programme.
pub fn history(name: &str, text: &str, steps: &[Step], start: usize) -> Vec<Value> {
    let programme = Programme::new(&Source::new(format!("{name}.meed"), text));
    let start = programme.starts[start % programme.starts.len()];
    written(start, &honest(&programme.shape, steps), programme.shape.pools.len())
}

/// The policy with levels that nobody reaches.
fn without_levels(text: &str) -> String {
    let mut far = 8_000_000_000i64;
    let lines = text.lines().map(|line| {
        let Some((level, at)) = line.split_once(" at ").filter(|_| line.starts_with("  level ")) else {
            return line.to_owned();
        };
        far += 1000;
        let unit = at.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',').split([',', ' ']).nth(1);
        let unit = unit
            .filter(|unit| !["or", "and", "of", "//"].contains(unit))
            .map_or(String::new(), |unit| format!(" {unit}"));
        format!("{level} at {far}{unit}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The policy with points that never die, so that no point that lives longer can hide a gain.
fn without_expiry(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let clause =
            ["  balance expires ", "  lot expires "].into_iter().find(|clause| line.starts_with(clause));
        clause.map_or_else(|| line.to_owned(), |clause| format!("{clause}never"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A programme in which a cycle gains by the programme's own rules.
struct Own {
    programme: &'static str,
    /// The rule, with what it lets gain.
    rule: &'static str,
    start: &'static str,
    /// (minute, event); the cycle's own events are `*`.
    events: &'static [(i64, &'static str, &'static str)],
}

/// Found by the search, and written here as short as can be. A level is read as it stood at the order or event and never
/// again (docs/semantics.md): whoever buys meanwhile, or, where the level stays, afterwards, earns at a level that nothing
/// bought has reached. Without levels nothing gains, nor does any cycle with levels where nothing else is bought: the search
/// goes through both.
const OWN: [Own; 5] = [
    Own {
        programme: "delta",
        rule: "return keeps level: the Medallion status that a cancelled Boost had reached",
        start: "2024-05-06T13:00:00Z",
        events: &[
            (0, "*boost", r#"{"type": "boost", "dollars": 5000}"#),
            (1, "*undo", r#"{"type": "cancel", "event": "*boost"}"#),
            (60, "flight", r#"{"type": "partner_flight", "booking_class": "economy", "miles": 2500}"#),
        ],
    },
    Own {
        programme: "jal",
        rule: "return keeps level: the status that the FLY ON Points of a cancelled flight had reached",
        start: "2024-05-06T03:00:00Z",
        events: &[
            (
                0,
                "*flight",
                r#"{"type": "flight", "fare": "normal", "seat": "first", "miles": 9999, "region": "japan"}"#,
            ),
            (1, "*flown", r#"{"type": "mark", "event": "*flight", "mark": "flown"}"#),
            (2, "*undo", r#"{"type": "cancel", "event": "*flight"}"#),
            (60, "flight", r#"{"type": "flight", "fare": "normal", "miles": 1000, "region": "japan"}"#),
        ],
    },
    Own {
        programme: "marriott",
        rule: "return keeps level: the status that the nights of a cancelled stay had reached",
        start: "2024-05-06T13:00:00Z",
        events: &[
            (0, "*stay", r#"{"type": "stay", "brand": "westin", "nights": 25, "charges": 100}"#),
            (1, "*out", r#"{"type": "mark", "event": "*stay", "mark": "checked_out"}"#),
            (2, "*undo", r#"{"type": "cancel", "event": "*stay"}"#),
            (
                60,
                "stay",
                r#"{"type": "stay", "brand": "westin", "nights": 1, "charges": 100, "welcome": "points"}"#,
            ),
        ],
    },
    Own {
        programme: "sephora",
        rule: "return lowers level: not for what was bought before the return",
        start: "2024-05-06T13:00:00Z",
        events: &[
            (
                0,
                "*order",
                r#"{"type": "order", "order": "*order", "lines": [{"id": "l1", "category": "makeup", "price": 350}]}"#,
            ),
            (
                60,
                "order",
                r#"{"type": "order", "order": "order", "lines": [{"id": "l1", "category": "makeup", "price": 40}]}"#,
            ),
            (90, "*undo", r#"{"type": "cancel", "order": "*order"}"#),
        ],
    },
    Own {
        programme: "starbucks",
        rule: "return lowers level: not for what was bought before the return",
        start: "2024-05-06T13:00:00Z",
        events: &[
            (
                0,
                "*order",
                r#"{"type": "order", "order": "*order", "lines": [{"id": "l1", "category": "drink", "price": 500}]}"#,
            ),
            (
                60,
                "order",
                r#"{"type": "order", "order": "order", "lines": [{"id": "l1", "category": "drink", "price": 40}]}"#,
            ),
            (90, "*undo", r#"{"type": "cancel", "order": "*order"}"#),
        ],
    },
];

#[test]
fn no_cycle_gains_in_any_programme() {
    let cases = random_policies::cases() / 6;
    let mut tried = BTreeMap::new();
    let mut found = String::new();
    for (name, text) in programmes() {
        let own = OWN.iter().any(|own| own.programme == name);
        let owed = text.replace("shortfall is forgiven", "shortfall becomes debt");
        let plain = if own { without_levels(&owed) } else { text };
        let mut search = |text: String, buys: bool| {
            let programme = Programme::new(&Source::new(format!("{name}.meed"), text));
            if let Some(told) = search(&programme, buys, cases, &mut tried) {
                found.push_str(&format!("{name}: {told}\n"));
            }
        };
        search(without_expiry(&plain), true);
        search(plain, true);
        if own {
            search(without_expiry(&owed), false);
        }
    }
    println!("cycles that gained nothing, by kind: {tried:?}");
    assert!(found.is_empty(), "{found}");
}

/// What a programme's own rules let a member gain, as a timeline.
#[test]
fn what_the_programmes_own_rules_let_gain() {
    let mut told = String::new();
    for own in OWN {
        let (name, text) = programmes().into_iter().find(|(name, _)| name == own.programme).unwrap();
        let programme = Programme::new(&Source::new(format!("{name}.meed"), text));
        let of_cycle = |id: &str| id.starts_with('*');
        let (cycle, honest): (Vec<_>, Vec<_>) = own
            .events
            .iter()
            .map(|(minute, id, body)| Happening {
                minute: *minute,
                id: (*id).to_owned(),
                account: 0,
                body: serde_json::from_str(body).unwrap(),
            })
            .partition(|event| of_cycle(&event.id));
        let cycle = Cycle {
            kind: "own",
            closing: cycle.iter().map(|event| event.id.clone()).collect(),
            events: cycle,
        };
        match programme.compare(own.start.parse().unwrap(), honest, vec![cycle], 60) {
            Tried::Pump { told: timeline, .. } => {
                told.push_str(&format!("{name}: {}\n{timeline}\n", own.rule))
            }
            _ => panic!("{name} lets nothing gain any more: take it off the list"),
        }
    }
    insta::assert_snapshot!(told);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: random_policies::cases() / 3, failure_persistence: None, max_shrink_iters: 5000, max_global_rejects: u32::MAX, ..ProptestConfig::default()
    })]

    /// The same of random policies, but for what an order leaves behind by their own rules when it is undone.
    #[test]
    fn no_cycle_gains_in_any_policy(
        tapes in any::<bool>().prop_flat_map(random_policies::tapes), steps in random_policies::steps(),
        cycles in prop::collection::vec(any::<[[u8; 16]; 3]>(), 1..4), later in 0..3usize, dies: bool,
    ) {
        let world = random_policies::world(&tapes);
        let has = |words: &[&str]| words.iter().any(|words| world.text.contains(words));
        prop_assume!(!has(&["return keeps points", "shortfall is forgiven"]));
        // Where a rule that comes first has no room left, the next one gives, and that may be more.
        prop_assume!(!(has(&["  first of "]) && has(&["from everyone", "returns keep room"])));
        // Where room that a cycle has kept leaves nothing for one order of a rolling stretch, a later one finds more.
        prop_assume!(!world.text.lines().any(|line| line.contains("per rolling") && line.ends_with("returns keep room")));
        // What a month's end pays out for a point is not what it is worth: who has fewer points on that day may end with more.
        prop_assume!(!has(&["  points to cash\n  on end of month"]));
        // What is read once only is not read again when what it counted comes back.
        let buys = !has(&["tier status", " so far"]);
        let text = if dies { world.text.clone() } else { without_expiry(&world.text) };
        let text = if has(&["move swap", "move monthly"]) { of_one_worth(&text) } else { text };
        let programme = Programme::new(&Source::new("policy.meed", text.as_str()));
        let (events, _) = random_policies::history(&world, &steps);
        let start: jiff::Timestamp = random_policies::instant(0).parse().unwrap();
        let mut history: Vec<_> = events.iter().map(|event| unwritten(start, event)).collect();
        history.retain(|event| buys || is_given(event));
        let tapes: Vec<[u8; 48]> = cycles.iter().map(|tape| tape.concat().try_into().unwrap()).collect();
        let own = self::cycles(&programme.shape, &history, &tapes);
        let later = [1, 30, 400][later] * DAY;
        let tried = programme.compare(start, history, own, later);
        if let Tried::Pump { honest, cycles, .. } = tried {
            let told = programme.shortest(start, honest, cycles, later);
            return Err(TestCaseError::fail(format!("{told}\n{text}")));
        }
    }
}

/// The policy with all pools worth what the first is: where points move between pools, a pool that is worth less than what
/// its points become would gain by the policy's own moves, and no cycle were to blame.
fn of_one_worth(text: &str) -> String {
    let of_worth = |line: &&str| line.starts_with("  worth ");
    let Some(first) = text.lines().find(of_worth) else { return text.to_owned() };
    text.lines()
        .map(|line| if of_worth(&line) { first } else { line })
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// An event in a file, as it was before it was written.
fn unwritten(start: jiff::Timestamp, event: &Value) -> Happening {
    let mut body = event.as_object().unwrap().clone();
    let mut take = |name: &str| body.remove(name).unwrap().as_str().unwrap().to_owned();
    let at: jiff::Timestamp = take("at").parse().unwrap();
    let (id, account) = (take("id"), take("account"));
    let minute = at.duration_since(start).as_secs() / 60;
    Happening { minute, id, account: account[1..].parse().unwrap(), body: Value::Object(body) }
}
