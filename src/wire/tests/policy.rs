//! Policies to read for: a fact of every type, and the facts of the example's programme.

use std::sync::LazyLock;

use crate::check::{self, Policy};
use crate::source::Source;

const TEXT: &str = r#"
program test "Test" {
  currency JPY
  timezone Asia/Tokyo
  deadlines run to end of day
  missing day becomes last of month
}

category book "Books"
category digital "Digital" { music }
category gift_card "Gift cards"

facts listing {
  points_rate: rate 0% to 95%
  seller: domestic | overseas
}
facts line {
  coupon: JPY part of price default 0 JPY
  gift: yes/no default no
}
facts order {
  paid_with: amazon_mastercard | other default other
  campaign: text default ""
  visits: count default 0
}
facts member {
  joined: date
  rank: silver | gold default silver
}
"#;

const POOL: &str = r#"
pool points "Points" {
  unit point
  worth 1 JPY
  pending until shipped
  balance expires 1 year after latest of order placed, points acquired
  spend soonest to expire, then oldest
  return takes points back, shortfall becomes debt
}
forbid moving "Points stay in the account" {
  transfer to account
  transfer to program
  cash out
}
"#;

/// A policy with a fact of every type.
pub fn policy(currency: &str) -> &'static Policy {
    static YEN: LazyLock<Policy> = LazyLock::new(|| load(&format!("{TEXT}{POOL}")));
    static DOLLAR: LazyLock<Policy> = LazyLock::new(|| load(&format!("{TEXT}{POOL}").replace("JPY", "USD")));
    if currency == "JPY" { &YEN } else { &DOLLAR }
}

const GENERAL: &str = include_str!("../../../tests/cases/hotel/hotel.meed");

/// A policy with a declared event, several pools, a tier, measures, rewards and a move.
pub fn general() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| load(GENERAL));
    &POLICY
}

/// The facts and categories of Amazon's programme that the example's mapping uses.
#[cfg(feature = "csv")]
pub fn amazon() -> &'static Policy {
    static AMAZON: LazyLock<Policy> = LazyLock::new(amazon_policy);
    &AMAZON
}

#[cfg(feature = "csv")]
fn amazon_policy() -> Policy {
    let (program, _) = TEXT.split_once("category").unwrap();
    let declared = r#"
category gift_card "Gift cards"
category amazon_coins "Amazon Coins"
category fresh "AmazonFresh"
category digital "Digital content" { kindle_ebook, video, music, app }
category goods "Everything else" { book, electronics, grocery }

facts listing {
  points_rate: rate 0% to 95%
  seller: domestic | overseas
}
facts order {
  paid_with: amazon_mastercard | other default other
}
"#;
    load(&format!("{program}{declared}{POOL}"))
}

fn load(text: &str) -> Policy {
    let checked = check::load(&Source::new("test.meed", text));
    checked.policy.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}
