//! What a scenario expects of an account, against the published answer: pools and levels.

use serde_json::Value as Json;

use super::compare_json;
use super::scenario::Expect;

/// Adds a row for everything that differs.
pub(super) fn compare(answer: &Json, expect: &Expect, rows: &mut Vec<String>) {
    let accounts = answer.get("accounts").and_then(Json::as_array).into_iter().flatten();
    let account =
        accounts.into_iter().find(|a| a.get("account").and_then(Json::as_str) == Some(&expect.account));
    for (pool, fields) in &expect.pools {
        compare_pool(account, pool.as_deref(), fields, rows);
    }
    for (tier, level) in &expect.tiers {
        compare_tier(account, tier.as_deref(), level, rows);
    }
    if let Some(expected) = &expect.measures {
        let actual = account.and_then(|account| account.get("measures"));
        compare_json("measures", expected, actual.unwrap_or(&Json::Null), rows);
    }
}

fn compare_pool(
    account: Option<&Json>,
    name: Option<&str>,
    fields: &[(String, Json)],
    rows: &mut Vec<String>,
) {
    let Some(pools) = account.and_then(|account| account.get("pools")).and_then(Json::as_object) else {
        // An account that nothing has happened to holds nothing.
        let holds = fields.iter().filter(|(_, value)| !is_nothing(value));
        rows.extend(
            holds.map(|(name, value)| format!("{name}: expected {value}, but the account does not exist")),
        );
        return;
    };
    let found = match name {
        Some(name) => pools.get(name),
        None if pools.len() == 1 => pools.values().next(),
        None => None,
    };
    let Some(pool) = found else {
        let names = pools.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        rows.push(match name {
            Some(name) => format!("there is no pool {name}; the pools are {names}"),
            None => format!("say which pool is meant: `pool`, one of {names}"),
        });
        return;
    };
    let prefix = name.filter(|_| pools.len() > 1).map_or_else(String::new, |name| format!("{name}."));
    for (field, expected) in fields {
        let actual = pool.get(field).unwrap_or(&Json::Null);
        compare_json(&format!("{prefix}{field}"), expected, actual, rows);
    }
}

fn compare_tier(account: Option<&Json>, name: Option<&str>, expected: &Json, rows: &mut Vec<String>) {
    let (path, actual) = match name {
        None => ("tier".to_owned(), account.and_then(|account| account.get("tier"))),
        Some(name) => {
            let tiers = account.and_then(|account| account.get("tiers"));
            let tier = tiers.and_then(|tiers| tiers.get(name));
            let level = || tier.and_then(|tier| tier.get("level"));
            (format!("tiers.{name}"), if expected.is_object() { tier } else { level() })
        }
    };
    compare_json(&path, expected, actual.unwrap_or(&Json::Null), rows);
}

fn is_nothing(value: &Json) -> bool {
    value.is_null() || value.as_i64() == Some(0) || value.as_array().is_some_and(Vec::is_empty)
}
