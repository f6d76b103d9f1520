//! What a policy declares, read off its tree, and random events of it: what a search over any programme needs. Choices are
//! read off a tape, as in `random_policies`; events need not be valid, the ledger refuses those that are not.

use serde_json::{Map, Value, json};

use meed::internal::ast::{
    CategoryNode, ClauseKind, Declaration, Expr, Field, FieldType, Item, Kind, MoveTarget, RewardPrice,
};
use meed::internal::parse;
use meed::{Currency, Ratio, Source};

use crate::random_policies::Dice;

/// Parts of a minor unit in which worth is counted.
pub const PARTS: i128 = 1_000_000;

/// A policy as events must know it.
pub struct Shape {
    currency: Currency,
    categories: Vec<(String, Vec<String>)>,
    line: Vec<Fact>,
    order: Vec<Fact>,
    pub member: Vec<Fact>,
    pub events: Vec<Kinded>,
    pub pools: Vec<Pool>,
    pays: Vec<String>,
    rewards: Vec<(String, Option<(i64, i64)>)>,
    pub moves: Vec<Move>,
    /// Days from which or until which something is in force.
    pub days: Vec<jiff::civil::Date>,
}

/// A declared kind of event.
pub struct Kinded {
    pub name: String,
    facts: Vec<Fact>,
    pub marks: Vec<String>,
}

pub struct Fact {
    pub name: String,
    kind: FactKind,
    range: Option<(i64, i64)>,
    /// The amount that it is contained in or comes on top of.
    part_of: Option<String>,
    pub default: Option<Value>,
}

enum FactKind {
    Rate,
    Count,
    Quantity,
    Date,
    Text,
    YesNo,
    Money,
    OneOf(Vec<String>),
}

pub struct Pool {
    pub name: String,
    /// Parts of a minor unit that a point is worth in each version; of a pool counted in money, a whole one.
    pub versions: Vec<(Option<jiff::civil::DateTime>, i128)>,
}

pub struct Move {
    pub name: String,
    pub to: &'static str,
    pub program: String,
    pub pool: String,
    pub on_request: bool,
    least: i64,
    steps: i64,
}

pub fn shape(source: &Source) -> Shape {
    let file = parse(source).file;
    let declarations: Vec<_> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Declaration(declaration) => Some(declaration),
            Item::Error(_) => None,
        })
        .collect();
    let clauses = |kind| declarations.iter().copied().filter(move |one: &&Declaration| one.kind == kind);
    let currency = clauses(Kind::Program)
        .flat_map(|one| &one.clauses)
        .find_map(|clause| match &clause.kind {
            ClauseKind::Currency(name) => Currency::from_code(&name.text),
            _ => None,
        })
        .unwrap();
    let mut categories = Vec::new();
    for one in clauses(Kind::Category) {
        let children: Vec<_> = one
            .clauses
            .iter()
            .filter_map(|clause| match &clause.kind {
                ClauseKind::Child(node) => Some(node),
                _ => None,
            })
            .collect();
        branch(&one.name.text, &children, &mut categories);
    }
    let reads = Reads { source, currency, categories };
    let facts = |subjects: &[&str]| -> Vec<Fact> {
        let of = clauses(Kind::Facts).filter(|one| subjects.contains(&one.name.text.as_str()));
        of.flat_map(|one| reads.facts(one)).collect()
    };
    let marks = |one: &Declaration| {
        one.clauses
            .iter()
            .flat_map(|clause| match &clause.kind {
                ClauseKind::Marks(names) => names.iter().map(|name| name.text.clone()).collect(),
                _ => Vec::new(),
            })
            .collect()
    };
    let events = clauses(Kind::Event)
        .map(|one| Kinded { name: one.name.text.clone(), facts: reads.facts(one), marks: marks(one) })
        .collect();
    let mut pools: Vec<Pool> = Vec::new();
    for one in clauses(Kind::Pool) {
        let version = (one.from.map(|from| from.date.0), reads.worth(one));
        match pools.iter_mut().find(|pool| pool.name == one.name.text) {
            Some(pool) => pool.versions.push(version),
            None => pools.push(Pool { name: one.name.text.clone(), versions: vec![version] }),
        }
    }
    let (mut pays, mut rewards) = (Vec::new(), Vec::new());
    for one in clauses(Kind::Redeem) {
        for clause in &one.clauses {
            match &clause.kind {
                ClauseKind::Pays { .. } => pays.push(one.name.text.clone()),
                ClauseKind::Reward { name, price: RewardPrice::Range(low, high), .. } => {
                    rewards.push((name.text.clone(), Some((reads.whole(low), reads.whole(high)))));
                }
                ClauseKind::Reward { name, .. } => rewards.push((name.text.clone(), None)),
                _ => {}
            }
        }
    }
    pays.dedup();
    rewards.dedup();
    let mut moves: Vec<Move> = clauses(Kind::Move).filter_map(|one| reads.movement(one)).collect();
    moves.dedup_by(|one, other| one.name == other.name);
    let dates = declarations.iter().flat_map(|one| [one.from, one.until]).flatten();
    let mut days: Vec<_> = dates.map(|date| date.date.date()).collect();
    days.sort_unstable();
    days.dedup();
    let (line, order, member) = (facts(&["line", "listing"]), facts(&["order"]), facts(&["member"]));
    Shape {
        line,
        order,
        member,
        events,
        pools,
        pays,
        rewards,
        moves,
        days,
        currency,
        categories: reads.categories,
    }
}

/// Adds a category and those under it, each with all that are under it.
fn branch(name: &str, children: &[&CategoryNode], all: &mut Vec<(String, Vec<String>)>) {
    let at = all.len();
    all.push((name.to_owned(), Vec::new()));
    for child in children {
        branch(&child.name.text, &child.children.iter().collect::<Vec<_>>(), all);
    }
    all[at].1 = all[at..].iter().map(|(name, _)| name.clone()).collect();
}

struct Reads<'s> {
    source: &'s Source,
    currency: Currency,
    categories: Vec<(String, Vec<String>)>,
}

impl Reads<'_> {
    /// The number of a literal, in parts of its whole.
    fn parts(&self, expr: &Expr) -> i128 {
        let text = self.source.slice(expr.span).replace(',', "");
        let number = text.split([' ', '%']).next().unwrap_or("");
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        format!("{whole}{fraction:0<6}").parse().unwrap_or(0)
    }

    fn whole(&self, expr: &Expr) -> i64 {
        (self.parts(expr) / PARTS) as i64
    }

    /// Points of a literal: minor units where the pool is counted in money.
    fn points(&self, expr: &Expr) -> i64 {
        let money = self.source.slice(expr.span).ends_with(self.currency.name());
        (self.parts(expr) * if money { self.currency.scale() } else { 1 } / PARTS) as i64
    }

    fn in_money(&self, pool: &Declaration) -> bool {
        pool.clauses
            .iter()
            .any(|clause| matches!(&clause.kind, ClauseKind::Unit(unit) if unit.text == self.currency.name()))
    }

    fn worth(&self, pool: &Declaration) -> i128 {
        let worth = pool.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::Worth(worth) => Some(self.parts(worth) * self.currency.scale()),
            _ => None,
        });
        if self.in_money(pool) { PARTS } else { worth.expect("a pool has a worth") }
    }

    fn facts(&self, of: &Declaration) -> Vec<Fact> {
        of.clauses
            .iter()
            .filter_map(|clause| match &clause.kind {
                ClauseKind::Field(field) => Some(self.fact(field)),
                _ => None,
            })
            .collect()
    }

    fn fact(&self, field: &Field) -> Fact {
        let words =
            |names: &[meed::internal::ast::Name]| names.iter().map(|name| name.text.clone()).collect();
        let kind = match &field.kind {
            FieldType::Rate => FactKind::Rate,
            FieldType::Count(_) => FactKind::Count,
            FieldType::Quantity(_) => FactKind::Quantity,
            FieldType::Date => FactKind::Date,
            FieldType::Text => FactKind::Text,
            FieldType::YesNo => FactKind::YesNo,
            FieldType::Money(_) => FactKind::Money,
            FieldType::Choice(names) => FactKind::OneOf(words(names)),
            FieldType::Named(name) if name.text == self.currency.name() => FactKind::Money,
            FieldType::Named(name) => {
                let under = self.categories.iter().find(|(category, _)| *category == name.text);
                FactKind::OneOf(under.expect("a category").1.clone())
            }
        };
        let default = field.default.as_ref().map(|default| {
            let text = self.source.slice(default.span);
            match kind {
                FactKind::YesNo => json!(text == "yes"),
                FactKind::Count | FactKind::Quantity | FactKind::Money => json!(self.whole(default)),
                _ => json!(text.trim_matches('"')),
            }
        });
        Fact {
            name: field.name.text.clone(),
            range: field.range.as_ref().map(|(low, high)| (self.whole(low), self.whole(high))),
            part_of: field.part_of.as_ref().map(|part| part.amount.text.clone()),
            kind,
            default,
        }
    }

    fn movement(&self, one: &Declaration) -> Option<Move> {
        let mut found = Move {
            name: one.name.text.clone(),
            to: "",
            program: String::new(),
            pool: String::new(),
            on_request: false,
            least: 1,
            steps: 1,
        };
        for clause in &one.clauses {
            match &clause.kind {
                ClauseKind::MoveTo { from, to } => {
                    found.pool = from.text.clone();
                    (found.to, found.program) = match to {
                        MoveTarget::Pool(_) => ("pool", String::new()),
                        MoveTarget::Program(name) => ("program", name.text.clone()),
                        MoveTarget::Account => ("account", String::new()),
                        MoveTarget::Cash => ("cash", String::new()),
                    };
                }
                ClauseKind::OnRequest => found.on_request = true,
                ClauseKind::AtLeast(points) => found.least = self.points(points).max(1),
                ClauseKind::InSteps(points) => found.steps = self.points(points).max(1),
                _ => {}
            }
        }
        (!found.pool.is_empty()).then_some(found)
    }
}

impl Shape {
    /// An amount of this many minor units, as data writes it.
    pub fn money(&self, minor: i64) -> Value {
        match self.currency.scale() as i64 {
            1 => json!(minor),
            scale => serde_json::from_str(&format!("{}.{:02}", minor / scale, minor % scale)).unwrap(),
        }
    }

    /// Parts of a minor unit, for people.
    pub fn shown(&self, parts: i128) -> String {
        self.currency.format(Ratio::new(parts, PARTS).unwrap())
    }

    /// Minor units of a price: mostly around the thresholds that programmes have.
    pub fn price(&self, dice: &mut Dice<'_>) -> i64 {
        let scale = if self.currency.scale() == 1 { 100 } else { self.currency.scale() as i64 };
        let price = dice.pick(&[10, 1, 40, 150, 600, 2600, 9000]) * scale;
        price - dice.pick(&[0, 1, 33, 50]).min(price)
    }

    /// Facts of random values; `whole` is the amount that those named `part_of` are contained in.
    fn values(&self, facts: &[Fact], whole: i64, dice: &mut Dice<'_>) -> Map<String, Value> {
        let mut values = Map::new();
        let mut amounts: Vec<(&str, i64)> = Vec::new();
        for fact in facts {
            let (low, high) = fact.range.unwrap_or((0, i64::MAX));
            let value = match &fact.kind {
                FactKind::Rate => json!(format!("{}%", dice.pick(&[1, 2, 5, 10]).clamp(low, high))),
                FactKind::Count => json!(dice.pick(&[1, 2, 3, 9, 30, 400, 2500]).clamp(low, high)),
                FactKind::Quantity => json!(dice.pick(&[0, 1, 7, 35, 60]).clamp(low, high)),
                FactKind::Date => {
                    json!(dice.pick(&["2019-02-13", "2024-01-31", "2023-06-15", "2024-04-30", "2022-12-31"]))
                }
                FactKind::Text => json!(dice.pick(&["", "north", "south", "east"])),
                FactKind::YesNo => json!(dice.once_in(2)),
                FactKind::Money => {
                    let of = fact.part_of.as_ref().map(|of| {
                        amounts.iter().find(|(name, _)| name == of).map_or(whole, |(_, amount)| *amount)
                    });
                    let amount = match of {
                        Some(of) => of * dice.pick(&[0, 0, 1, 2]) / 20,
                        None => self.price(dice),
                    };
                    amounts.push((&fact.name, amount));
                    self.money(amount)
                }
                FactKind::OneOf(words) => json!(words[dice.roll(words.len())]),
            };
            values.insert(fact.name.clone(), value);
        }
        values
    }

    /// What a member may be, whole or one fact of it.
    pub fn member(&self, dice: &mut Dice<'_>) -> Map<String, Value> {
        self.values(&self.member, 0, dice)
    }

    /// An order, with the units of each line and what each line costs.
    pub fn order(&self, number: &str, dice: &mut Dice<'_>) -> (Value, Vec<(i64, i64)>) {
        let (mut lines, mut bought) = (Vec::new(), Vec::new());
        for index in 0..1 + dice.roll(2) {
            let (price, quantity) = (self.price(dice), 1 + dice.roll(3) as i64);
            let mut line = self.values(&self.line, price, dice);
            line.insert("id".to_owned(), json!(format!("l{index}")));
            line.insert("price".to_owned(), self.money(price));
            line.insert("quantity".to_owned(), json!(quantity));
            if !self.categories.is_empty() {
                line.insert(
                    "category".to_owned(),
                    json!(self.categories[dice.roll(self.categories.len())].0),
                );
            }
            lines.push(Value::Object(line));
            bought.push((quantity, price * quantity));
        }
        let whole = bought.iter().map(|(_, amount)| amount).sum();
        let mut order = self.values(&self.order, whole, dice);
        order.extend([
            ("type".to_owned(), json!("order")),
            ("order".to_owned(), json!(number)),
            ("lines".to_owned(), json!(lines)),
        ]);
        if !self.pays.is_empty() && dice.once_in(2) {
            let rule = &self.pays[dice.roll(self.pays.len())];
            let points = dice.pick(&[5, 1, 20, 100, 200, 500, 1000, 2000]);
            order.insert("redeem".to_owned(), json!({ rule.as_str(): points }));
            if dice.once_in(4) {
                order.insert("honoured".to_owned(), json!(true));
            }
        }
        (Value::Object(order), bought)
    }

    /// A declared event of a kind, and its amount.
    pub fn happening(&self, kind: &Kinded, dice: &mut Dice<'_>) -> (Value, i64) {
        let mut values = self.values(&kind.facts, 0, dice);
        let amount =
            kind.facts.iter().find(|fact| matches!(fact.kind, FactKind::Money) && fact.part_of.is_none());
        let amount = amount.map_or(0, |fact| self.minor(&values[&fact.name]));
        values.insert("type".to_owned(), json!(kind.name));
        (Value::Object(values), amount)
    }

    /// Money as data writes it (`12.5`) in the smallest coins.
    fn minor(&self, money: &Value) -> i64 {
        let text = money.to_string();
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let digits = self.currency.digits as usize;
        format!("{whole}{rest:0<digits$.digits$}").parse().unwrap_or(0)
    }

    pub fn reward(&self, dice: &mut Dice<'_>) -> Option<Value> {
        let (name, range) = self.rewards.get(dice.roll(self.rewards.len().max(1)))?;
        let mut taken = json!({"type": "reward", "reward": name, "quantity": 1 + dice.roll(2)});
        if let Some((low, high)) = range {
            taken["points"] = json!((low * dice.pick(&[1, 2, 3])).min(*high));
        }
        Some(taken)
    }

    /// A move that a member asks for.
    pub fn request(&self, one: &Move, other: &str, dice: &mut Dice<'_>) -> Value {
        let points = (one.least + one.steps - 1) / one.steps * one.steps + one.steps * dice.roll(4) as i64;
        match one.to {
            "pool" => json!({"type": "convert", "move": one.name, "points": points}),
            "cash" => json!({"type": "cash_out", "move": one.name, "points": points}),
            "program" => {
                json!({"type": "transfer", "move": one.name, "points": points, "to_program": one.program})
            }
            _ => json!({"type": "transfer", "move": one.name, "points": points, "to_account": other}),
        }
    }

    /// A grant or a correction in some pool.
    pub fn pool_event(&self, word: &str, points: i64, dice: &mut Dice<'_>) -> Value {
        let pool = &self.pools[dice.roll(self.pools.len())];
        json!({"type": word, "points": points, "reason": "test", "pool": pool.name})
    }

    /// What a point of a pool is worth at an instant, in parts of a minor unit.
    pub fn worth(&self, pool: usize, at: jiff::Timestamp) -> i128 {
        let local = jiff::tz::TimeZone::UTC.to_datetime(at);
        let versions = &self.pools[pool].versions;
        let now = versions.iter().rev().find(|(from, _)| from.is_none_or(|from| from <= local));
        now.unwrap_or(&versions[0]).1
    }
}
