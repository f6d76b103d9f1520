//! Answers as JSON: decisions, listings, refusals, the answer of a run, entries. The form is a published
//! contract (`docs/schema/`); the types inside are converted here by hand.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

use super::case::{Unasked, part_of, within};
pub use super::quote::QuoteAnswer;
pub use super::standing::LevelAnswer;
use super::standing::{MeasureAnswer, TierAnswer};
use crate::eval::{Decision, LineDecision, Refusal, RuleNot, ShownBadge};
use crate::ledger::{
    Account, Arrived, Becoming, Citation, Entry, LevelChange, Outcome, PoolStatement, Question, Refused,
    Statement,
};
use crate::policy::{LotExpiry, Policy};

/// The answer to a decide case about an order or a declared event.
#[derive(Debug, Serialize)]
pub struct DecisionAnswer {
    points: i64,
    /// Where the policy has several pools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pools: Option<IndexMap<String, i64>>,
    redeemable: i64,
    /// Where what points pay goes by a quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    redeemable_money: Option<MoneyAnswer>,
    lines: Vec<LineAnswer>,
}

/// Money in minor units, rounded down.
#[derive(Debug, Serialize)]
struct MoneyAnswer {
    amount: i64,
    currency: String,
}

#[derive(Debug, Serialize)]
struct LineAnswer {
    id: String,
    points: i64,
    redeemable: i64,
    by: Vec<ByAnswer>,
    badges: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not: Option<Vec<NotAnswer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_redeemable: Option<NotAnswer>,
}

#[derive(Debug, Serialize)]
struct ByAnswer {
    rule: String,
    points: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rounded: Option<i64>,
}

#[derive(Debug, Serialize)]
struct NotAnswer {
    rule: String,
    failed: String,
    short_by: Option<String>,
}

/// The answer to a decide case about a listing.
#[derive(Debug, Serialize)]
pub struct ListingAnswer {
    badges: Vec<BadgeAnswer>,
}

#[derive(Debug, Serialize)]
struct BadgeAnswer {
    name: String,
    label: String,
    shown_in: Vec<String>,
}

/// The answer to a decide case that was refused.
#[derive(Debug, Serialize)]
pub struct ErrorAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    error: ErrorBody,
}

#[derive(Debug, Serialize)]
struct ErrorBody {
    code: &'static str,
    path: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

impl DecisionAnswer {
    /// The published form of a decision; with `explain`, also what rounding and limits took and why rules gave none.
    pub fn new(policy: &Policy, decision: &Decision, explain: bool) -> DecisionAnswer {
        let several = policy.pools.len() > 1;
        let lines = decision.lines.iter().map(|line| LineAnswer::new(line, several, explain));
        DecisionAnswer {
            points: decision.points,
            pools: several.then(|| decision.pools.iter().cloned().collect()),
            redeemable: decision.redeemable,
            redeemable_money: decision
                .redeemable_money
                .map(|amount| MoneyAnswer { amount, currency: policy.currency.name().to_owned() }),
            lines: lines.collect(),
        }
    }
}

impl LineAnswer {
    fn new(line: &LineDecision, several_pools: bool, explain: bool) -> LineAnswer {
        let by = line.by.iter().map(|by| ByAnswer {
            rule: by.rule.clone(),
            points: by.points,
            pool: several_pools.then(|| by.pool.clone()),
            exact: explain.then(|| by.exact.to_string()),
            rounded: explain.then_some(by.rounded),
        });
        LineAnswer {
            id: line.id.clone(),
            points: line.points,
            redeemable: line.redeemable,
            by: by.collect(),
            badges: line.badges.clone(),
            not: explain.then(|| line.not.iter().map(NotAnswer::new).collect()),
            not_redeemable: line.not_redeemable.as_ref().filter(|_| explain).map(NotAnswer::new),
        }
    }
}

impl NotAnswer {
    fn new(not: &RuleNot) -> NotAnswer {
        NotAnswer { rule: not.rule.clone(), failed: not.failed.clone(), short_by: not.short_by.clone() }
    }
}

impl ListingAnswer {
    /// The published form of the badges that a listing shows.
    pub fn new(badges: Vec<ShownBadge>) -> ListingAnswer {
        let badges = badges.into_iter();
        let badges = badges.map(|ShownBadge { name, label, shown_in }| BadgeAnswer { name, label, shown_in });
        ListingAnswer { badges: badges.collect() }
    }
}

impl ErrorAnswer {
    /// The published form of the refusal of what a question asks about.
    pub fn to_question(question: &Question, refusal: &Refusal) -> ErrorAnswer {
        let refusal = within(part_of(&question.order), refusal.clone());
        let (id, account) = (question.id.clone(), Some(question.account.clone()));
        ErrorAnswer { id, account, ..ErrorAnswer::new(&refusal) }
    }

    /// The published form of a question that could not be read.
    pub fn to_unasked(unasked: &Unasked) -> ErrorAnswer {
        let Unasked { id, account, refusal } = unasked;
        ErrorAnswer { id: id.clone(), account: account.clone(), ..ErrorAnswer::new(refusal) }
    }

    /// The published form of a refused case.
    pub fn new(refusal: &Refusal) -> ErrorAnswer {
        ErrorAnswer {
            id: None,
            account: None,
            error: ErrorBody {
                code: refusal.code.name(),
                path: refusal.path.clone(),
                message: refusal.message.clone(),
                rule: refusal.rule.clone(),
            },
        }
    }
}

/// The answer of a run.
#[derive(Debug, Serialize)]
pub struct RunAnswer {
    policy: PolicyAnswer,
    at: Option<String>,
    accounts: Vec<AccountAnswer>,
    refused: Vec<RefusedAnswer>,
    /// How many more were refused and are not listed, by code.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    refused_more: IndexMap<&'static str, u64>,
    duplicates: u64,
}

#[derive(Debug, Serialize)]
struct PolicyAnswer {
    name: String,
    digest: String,
    meaning: String,
}

/// One account of a run's answer.
#[derive(Debug, Serialize)]
pub struct AccountAnswer {
    account: String,
    /// The level of the first tier.
    tier: Option<String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    tiers: IndexMap<String, TierAnswer>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    measures: IndexMap<String, MeasureAnswer>,
    pools: IndexMap<String, PoolAnswer>,
}

#[derive(Debug, Serialize)]
struct PoolAnswer {
    available: i64,
    pending: i64,
    issued: i64,
    redeemed: i64,
    expired: i64,
    reversed: i64,
    transferred: i64,
    /// Where points have gone to other programmes, or as money.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arrived: Vec<ArrivedAnswer>,
    expires_at: Option<String>,
    becoming: Vec<BecomingAnswer>,
    /// Where lots expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiring: Option<Vec<ExpiringAnswer>>,
}

#[derive(Debug, Serialize)]
struct ArrivedAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    amount: i64,
    /// Of money, which is in its minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

impl ArrivedAnswer {
    fn new(policy: &Policy, arrived: &Arrived) -> ArrivedAnswer {
        let Arrived { program, amount } = arrived;
        let currency = program.is_none().then(|| policy.currency.name().to_owned());
        ArrivedAnswer { program: program.clone(), amount: *amount, currency }
    }
}

#[derive(Debug, Serialize)]
struct ExpiringAnswer {
    points: i64,
    at: String,
}

#[derive(Debug, Serialize)]
struct BecomingAnswer {
    points: i64,
    from: String,
    by: String,
}

/// One refusal of a run's answer.
#[derive(Debug, Serialize)]
pub struct RefusedAnswer {
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Arc<str>>,
    line: Option<u64>,
    code: &'static str,
    path: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<PlaceAnswer>,
}

#[derive(Debug, Serialize)]
struct PlaceAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Arc<str>>,
    line: Option<u64>,
}

impl RunAnswer {
    /// The published form of a run's outcome.
    pub fn new(policy: &Policy, outcome: &Outcome) -> Result<RunAnswer, Refusal> {
        let at = outcome.at;
        let accounts =
            at.into_iter().flat_map(|at| outcome.accounts.iter().map(move |account| (account, at)));
        let statements = accounts
            .map(|(account, at)| AccountAnswer::new(policy, account, at))
            .collect::<Result<_, Refusal>>()?;
        Ok(RunAnswer {
            policy: PolicyAnswer {
                name: policy.name().to_owned(),
                digest: policy.digest().to_owned(),
                meaning: policy.meaning_digest().to_owned(),
            },
            at: at.map(|at| policy.show_instant(at)),
            accounts: statements,
            refused: outcome.refused.iter().map(RefusedAnswer::new).collect(),
            refused_more: outcome.refused_more.iter().map(|(code, count)| (code.name(), *count)).collect(),
            duplicates: outcome.duplicates,
        })
    }
}

impl AccountAnswer {
    /// The published form of an account's statement, with the history of its levels where it was kept.
    pub fn new(policy: &Policy, account: &Account, at: Timestamp) -> Result<AccountAnswer, Refusal> {
        Ok(AccountAnswer::of(policy, account.statement(policy, at)?, account.level_changes(), at))
    }

    /// The published form of a statement at an instant, with how levels have changed.
    pub(super) fn of(
        policy: &Policy,
        statement: Statement,
        changes: &[LevelChange],
        at: Timestamp,
    ) -> AccountAnswer {
        let pools = statement.pools.iter().map(|pool| (pool.pool.clone(), PoolAnswer::new(policy, pool, at)));
        let changes_of = |name: &str| {
            let of_tier = move |change: &&LevelChange| {
                policy.tiers.try_get(change.tier).is_some_and(|tier| tier.name == name)
            };
            changes.iter().filter(of_tier).collect::<Vec<_>>()
        };
        let tiers = statement.tiers.iter();
        let tiers =
            tiers.map(|tier| (tier.tier.clone(), TierAnswer::new(policy, tier, &changes_of(&tier.tier))));
        let measures = statement.measures.iter();
        AccountAnswer {
            tier: statement.tiers.first().map(|tier| tier.level.clone()),
            tiers: tiers.collect(),
            measures: measures.map(|one| (one.measure.clone(), MeasureAnswer::new(one))).collect(),
            pools: pools.collect(),
            account: statement.account,
        }
    }
}

impl PoolAnswer {
    fn new(policy: &Policy, pool: &PoolStatement, at: Timestamp) -> PoolAnswer {
        let show = |at: Timestamp| policy.show_instant(at);
        let becoming = pool.becoming.iter();
        let becoming = becoming.map(|Becoming { points, from, by }| BecomingAnswer {
            points: *points,
            from: show(*from),
            by: show(*by),
        });
        let expiring =
            pool.expiring.iter().map(|lot| ExpiringAnswer { points: lot.points, at: show(lot.at) });
        PoolAnswer {
            available: pool.balance.available,
            pending: pool.balance.pending,
            issued: pool.balance.issued,
            redeemed: pool.balance.redeemed,
            expired: pool.balance.expired,
            reversed: pool.balance.reversed,
            transferred: pool.balance.transferred,
            arrived: pool.arrived.iter().map(|arrived| ArrivedAnswer::new(policy, arrived)).collect(),
            expires_at: pool.expires_at.map(show),
            becoming: becoming.collect(),
            expiring: lots_expire(policy, &pool.pool, at).then(|| expiring.collect()),
        }
    }
}

/// True for a pool whose lots expire, in some version of its terms until now: one to come changes no answer before it.
fn lots_expire(policy: &Policy, pool: &str, at: Timestamp) -> bool {
    let pool = policy.pools.iter().find(|declared| declared.name == pool);
    let mut begun = pool
        .into_iter()
        .flat_map(|pool| &pool.versions)
        .filter(|version| version.window.from.is_none_or(|from| from <= at));
    begun.any(|version| !matches!(version.body.lot_expiry, LotExpiry::Never))
}

impl RefusedAnswer {
    /// The published form of a refused event.
    pub fn new(refused: &Refused) -> RefusedAnswer {
        let first = refused.places.first().cloned().unwrap_or_default();
        let all = if refused.places.len() > 1 { refused.places.as_slice() } else { &[] };
        let places = all.iter().map(|place| PlaceAnswer { file: place.file.clone(), line: place.line });
        RefusedAnswer {
            event: refused.event.clone(),
            account: refused.account.clone(),
            file: first.file,
            line: first.line,
            code: refused.refusal.code.name(),
            path: refused.refusal.path.clone(),
            message: refused.refusal.message.clone(),
            rule: refused.refusal.rule.clone(),
            places: places.collect(),
        }
    }
}

/// An entry of the ledger.
#[derive(Debug, Serialize)]
pub struct EntryAnswer {
    account: String,
    pool: String,
    at: String,
    action: &'static str,
    points: i64,
    from: &'static str,
    to: &'static str,
    event: Option<Arc<str>>,
    rule: Option<String>,
    policy_line: Option<usize>,
    /// Where the policy stands in several files.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_file: Option<String>,
    order: Option<Arc<str>>,
    line: Option<String>,
    lot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived: Option<ArrivedAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    digest: String,
}

impl EntryAnswer {
    /// The published form of an entry of `account`.
    pub fn new(policy: &Policy, account: &Account, entry: &Entry) -> EntryAnswer {
        let rule = entry.rule.as_ref();
        EntryAnswer {
            account: account.id().to_owned(),
            pool: policy.pools[entry.pool].name.clone(),
            at: policy.show_instant(entry.at),
            action: entry.action.word(),
            points: entry.points,
            from: entry.from.word(),
            to: entry.to.word(),
            event: entry.event.clone(),
            rule: rule.map(|Citation { rule, .. }| rule.clone()),
            policy_line: rule.map(|citation| citation.line),
            policy_file: rule
                .filter(|_| policy.source().files().len() > 1)
                .map(|citation| policy.source().name_at(citation.span).to_owned()),
            order: entry.order.clone(),
            line: entry.line.clone(),
            lot: entry.lot.clone(),
            arrived: entry.arrived.as_ref().map(|arrived| ArrivedAnswer::new(policy, arrived)),
            reason: entry.reason.clone(),
            digest: policy.digest().to_owned(),
        }
    }
}
