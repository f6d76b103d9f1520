//! What an order or a declared event would bring, as JSON (`docs/schema/quote.schema.json`): a decision, and what the account
//! adds to it.

use serde::Serialize;

use super::answer::{AccountAnswer, DecisionAnswer};
use super::standing::NumberAnswer;
use crate::ledger::{Question, Quote, QuotedAlso, QuotedBecoming, QuotedLimit};
use crate::policy::{Policy, PoolId};

/// The answer to a question.
#[derive(Debug, Serialize)]
pub struct QuoteAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    account: String,
    /// True where nothing has happened in the account yet.
    #[serde(rename = "new", skip_serializing_if = "std::ops::Not::not")]
    is_new: bool,
    #[serde(flatten)]
    decision: DecisionAnswer,
    payable: i64,
    becoming: Vec<BecomingAnswer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<AlsoAnswer>,
    limits: Vec<LimitAnswer>,
    before: AccountAnswer,
    after: AccountAnswer,
}

#[derive(Debug, Serialize)]
struct BecomingAnswer {
    pool: String,
    points: i64,
    from: Option<String>,
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    expires_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct AlsoAnswer {
    order: String,
    rule: String,
    pool: String,
    points: i64,
}

#[derive(Debug, Serialize)]
struct LimitAnswer {
    rule: String,
    limit: String,
    amount: NumberAnswer,
    used: NumberAnswer,
    uses: NumberAnswer,
    /// Of money, which is in its minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

impl QuoteAnswer {
    /// The published form of a quote; with `explain`, also what rounding and limits took and why rules gave none.
    pub fn new(policy: &Policy, question: &Question, quote: &Quote, explain: bool) -> QuoteAnswer {
        QuoteAnswer {
            id: question.id.clone(),
            account: question.account.clone(),
            is_new: quote.is_new,
            decision: DecisionAnswer::new(policy, &quote.decision, explain),
            payable: quote.payable,
            becoming: quote.becoming.iter().map(|one| BecomingAnswer::new(policy, one)).collect(),
            also: quote.also.iter().map(|one| AlsoAnswer::new(policy, one)).collect(),
            limits: quote.limits.iter().map(|limit| LimitAnswer::new(policy, limit)).collect(),
            before: AccountAnswer::of(policy, quote.before.clone(), &[], question.at),
            after: AccountAnswer::of(policy, quote.after.clone(), &quote.levels, question.at),
        }
    }
}

fn pool_name(policy: &Policy, pool: PoolId) -> String {
    policy.pools.try_get(pool).map(|pool| pool.name.clone()).unwrap_or_default()
}

impl BecomingAnswer {
    fn new(policy: &Policy, becoming: &QuotedBecoming) -> BecomingAnswer {
        let QuotedBecoming { pool, points, from, by, waits_for, expires_at } = becoming;
        BecomingAnswer {
            pool: pool_name(policy, *pool),
            points: *points,
            from: from.map(|at| policy.show_instant(at)),
            by: by.map(|at| policy.show_instant(at)),
            waits_for: waits_for.clone(),
            expires_at: expires_at.map(|at| policy.show_instant(at)),
        }
    }
}

impl AlsoAnswer {
    fn new(policy: &Policy, also: &QuotedAlso) -> AlsoAnswer {
        let QuotedAlso { order, rule, pool, points } = also;
        let (order, rule) = (order.to_string(), rule.clone());
        AlsoAnswer { order, rule, pool: pool_name(policy, *pool), points: *points }
    }
}

impl LimitAnswer {
    fn new(policy: &Policy, quoted: &QuotedLimit) -> LimitAnswer {
        let QuotedLimit { rule, limit, in_money, amount, used, uses } = quoted;
        LimitAnswer {
            rule: rule.clone(),
            limit: limit.clone(),
            amount: NumberAnswer::of(*amount),
            used: NumberAnswer::of(*used),
            uses: NumberAnswer::of(*uses),
            currency: in_money.then(|| policy.currency.name().to_owned()),
        }
    }
}
