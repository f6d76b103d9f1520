//! Reading a scenario: given these events, expect these balances, dates, refusals and decisions. Events are in the form
//! of the data contract; an id and an account may be left out.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::eval::Refusal;
use crate::value::decimal;
use crate::wire::fields::{Fields, list};
use crate::wire::path::Path;
use crate::wire::scalar;
use crate::wire::value::{Node, Value};

/// A scenario file.
pub(crate) struct Scenario {
    /// One sentence: the behaviour it shows.
    pub title: String,
    /// The clause or law behind it.
    pub why: Option<String>,
    /// Events, ids and accounts filled in.
    pub events: Vec<Node>,
    pub expects: Vec<Expect>,
    pub decides: Vec<DecideCase>,
}

/// Pools, each with what is expected of it.
pub(crate) type PoolChecks = Vec<(Option<String>, Vec<(String, Json)>)>;

/// What one account, or the whole run, looks like at one instant.
pub(crate) struct Expect {
    /// Where it stands in the file.
    pub line: u64,
    pub at: Option<Timestamp>,
    pub account: String,
    /// For each pool (None: the only one) fields of its published form with the values they must have.
    pub pools: PoolChecks,
    /// Levels by tier (None: the first), as a level's name or as parts of the published form.
    pub tiers: Vec<(Option<String>, Json)>,
    /// What measures say, those that are expected.
    pub measures: Option<Json>,
    /// (event, code if given), in any order.
    pub refused: Option<Vec<(String, Option<String>)>>,
    pub duplicates: Option<i64>,
}

/// A case for `decide` and the parts of the answer that are expected.
pub(crate) struct DecideCase {
    pub line: u64,
    pub case: Node,
    pub expect: Json,
}

const POOL_FIELDS: [&str; 11] = [
    "available",
    "pending",
    "issued",
    "redeemed",
    "expired",
    "reversed",
    "transferred",
    "arrived",
    "expires_at",
    "becoming",
    "expiring",
];
const CHECK_FIELDS: [&str; 9] =
    ["at", "account", "pool", "pools", "tier", "tiers", "measures", "refused", "duplicates"];

/// Makes a scenario of the tree of its file.
pub(crate) fn scenario(node: &Node) -> Result<Scenario, Refusal> {
    let root = Path::ROOT;
    node.refuse_repeated(&root)?;
    let fields = Fields::of(node, &root, "a scenario")?;
    fields.only(["scenario", "why", "account", "events", "expect", "decide"].into_iter())?;
    let title = fields.required("scenario", long_text)?;
    let why = fields.optional("why", long_text)?;
    let account = fields.optional("account", |node, path| scalar::text(node, path).map(String::from))?;
    let account = account.unwrap_or_else(|| "member".to_owned());
    let events = fields.optional("events", |node, path| events(node, path, &account))?.unwrap_or_default();
    let expects = fields.optional("expect", |node, path| {
        let items = list(node, path, "checks")?.iter().enumerate();
        items.map(|(index, item)| expect(item, &path.item(index), &account)).collect::<Result<Vec<_>, _>>()
    })?;
    let decides = fields.optional("decide", |node, path| {
        let items = list(node, path, "cases")?.iter().enumerate();
        items.map(|(index, item)| decide_case(item, &path.item(index))).collect::<Result<Vec<_>, _>>()
    })?;
    let (expects, decides) = (expects.unwrap_or_default(), decides.unwrap_or_default());
    if expects.is_empty() && decides.is_empty() {
        return Err(fields.missing("expect"));
    }
    Ok(Scenario { title, why, events, expects, decides })
}

fn long_text(node: &Node, path: &Path<'_>) -> Result<String, Refusal> {
    node.as_text()
        .map(str::to_owned)
        .ok_or_else(|| scalar::invalid(path, format!("{} must be a text", path.name())))
}

fn events(node: &Node, path: &Path<'_>, account: &str) -> Result<Vec<Node>, Refusal> {
    let mut events = list(node, path, "events")?.to_vec();
    let id = |event: &Node| match &event.value {
        Value::Object(object) => object.get("id").and_then(Node::as_text).map(str::to_owned),
        _ => None,
    };
    let written: Vec<String> = events.iter().filter_map(id).collect();
    for (index, event) in events.iter_mut().enumerate() {
        if let Value::Object(object) = &mut event.value {
            let mut id = format!("e{}", index + 1);
            while written.contains(&id) {
                id.push('_');
            }
            for (name, default) in [("id", id), ("account", account.to_owned())] {
                if object.get(name).is_none() {
                    object.insert(name.to_owned(), Node::new(Value::Text(default)));
                }
            }
        }
    }
    Ok(events)
}

fn expect(node: &Node, path: &Path<'_>, account: &str) -> Result<Expect, Refusal> {
    let fields = Fields::of(node, path, "a check")?;
    fields.only(CHECK_FIELDS.into_iter().chain(POOL_FIELDS))?;
    let named = fields.optional("account", |node, path| scalar::text(node, path).map(String::from))?;
    let pool = fields.optional("pool", |node, path| scalar::name(node, path).map(String::from))?;
    let mut pools = fields.optional("pools", pools)?.unwrap_or_default();
    let of_one = pool_fields(&fields);
    if pool.is_some() || !of_one.is_empty() {
        pools.push((pool, of_one));
    }
    let mut tiers = fields.optional("tiers", tiers)?.unwrap_or_default();
    tiers.extend(fields.optional("tier", |node, _| Ok((None, json(node))))?);
    Ok(Expect {
        line: node.line,
        at: fields.optional("at", scalar::instant)?,
        account: named.unwrap_or_else(|| account.to_owned()),
        pools,
        tiers,
        measures: fields.optional("measures", |node, _| Ok(json(node)))?,
        refused: fields.optional("refused", refused)?,
        duplicates: fields.optional("duplicates", scalar::whole)?,
    })
}

fn pool_fields(fields: &Fields<'_>) -> Vec<(String, Json)> {
    let pool = fields.object.iter().filter(|(name, _)| POOL_FIELDS.contains(name));
    pool.map(|(name, node)| (name.to_owned(), json(node))).collect()
}

/// `pools: {points: {available: 10}, limited: {available: 5}}`
fn pools(node: &Node, path: &Path<'_>) -> Result<PoolChecks, Refusal> {
    let mut pools = Vec::new();
    for (name, node) in Fields::of(node, path, "`pools`")?.object.iter() {
        let path = path.field(name);
        let fields = Fields::of(node, &path, "a pool's check")?;
        fields.only(POOL_FIELDS.into_iter())?;
        pools.push((Some(name.to_owned()), pool_fields(&fields)));
    }
    Ok(pools)
}

/// `tiers: {status: gold}`, or `tiers: {status: {level: gold, until: …}}`
fn tiers(node: &Node, path: &Path<'_>) -> Result<Vec<(Option<String>, Json)>, Refusal> {
    let mut tiers = Vec::new();
    for (name, node) in Fields::of(node, path, "`tiers`")?.object.iter() {
        let path = path.field(name);
        if let Value::Object(_) = &node.value {
            let known = ["level", "label", "since", "until", "next", "progress", "history"];
            Fields::of(node, &path, "a tier's check")?.only(known.into_iter())?;
        }
        tiers.push((Some(name.to_owned()), json(node)));
    }
    Ok(tiers)
}

fn refused(node: &Node, path: &Path<'_>) -> Result<Vec<(String, Option<String>)>, Refusal> {
    let mut refused = Vec::new();
    for (index, item) in list(node, path, "refusals")?.iter().enumerate() {
        let path = path.item(index);
        if let Value::Text(event) | Value::Word(event) = &item.value {
            refused.push((event.clone(), None));
            continue;
        }
        let fields = Fields::of(item, &path, "a refusal")?;
        fields.only(["event", "code"].into_iter())?;
        let text = |node: &Node, path: &Path<'_>| scalar::text(node, path).map(String::from);
        refused.push((fields.required("event", text)?, fields.optional("code", text)?));
    }
    Ok(refused)
}

fn decide_case(node: &Node, path: &Path<'_>) -> Result<DecideCase, Refusal> {
    let fields = Fields::of(node, path, "a case")?;
    fields.only(["at", "member", "order", "event", "listing", "expect"].into_iter())?;
    let expect = fields.required("expect", |node, _| Ok(json(node)))?;
    let mut case = crate::wire::value::Object::default();
    for (name, node) in fields.object.iter().filter(|(name, _)| *name != "expect") {
        case.insert(name.to_owned(), node.clone());
    }
    Ok(DecideCase { line: node.line, case: Node { line: node.line, value: Value::Object(case) }, expect })
}

/// The tree as JSON, to compare with answers: whole numbers as integers, all else as written.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Text(text) | Value::Word(text) => Json::String(text.clone()),
        Value::Number(digits) => {
            let whole = decimal::parse(digits).filter(|number| number.denominator() == 1);
            let whole = whole.and_then(|number| i64::try_from(number.numerator()).ok());
            whole.map_or_else(|| Json::String(digits.clone()), Json::from)
        }
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Object(object) => {
            Json::Object(object.iter().map(|(name, node)| (name.to_owned(), json(node))).collect())
        }
    }
}
