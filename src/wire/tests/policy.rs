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

const GENERAL: &str = r#"
program test "Test" {
  currency USD
  timezone UTC
  deadlines run to end of day
  missing day becomes last of month
}

category hotel "Hotels" { full_service, limited_service }
category book "Books"

event stay "A hotel stay" {
  category: hotel
  nights: count night
  litres: quantity litre default 0
  charges: USD
  taxes: USD part of charges default 0 USD
  tips: USD beside charges default 0 USD
  room: standard | suite default standard
  marks checked_in, checked_out
}

measure nights "Nights this year" {
  each stay counts stay.nights at checked_out
  per calendar year
}
measure spend "Spend by room" {
  each stay counts stay.charges
  for each stay.room
  per calendar year
}
tier status "Elite status" {
  counts nights
  start member_only "Member"
  level gold "Gold Elite" at 25
  lasts for all time
  return keeps level
}

pool points "Points" {
  unit point
  worth 0.01 USD
  pending until checked_out
  balance expires never
  spend oldest
  return takes points back, shortfall becomes debt
}
pool stars "Stars" {
  unit star
  worth 0.01 USD
  pending never
  lot expires 1 year after stars acquired
  spend soonest to expire, then oldest
  return keeps points
}
earn base "10 points for every dollar" {
  each stay gives 10 points per 1 USD of stay.charges with tips without taxes
  round down per stay
  into points
}
redeem pay "Pay with points" {
  1 point pays 0.01 USD of order.price
  out of points
}
redeem rewards "Rewards" {
  out of stars
  reward brewed "Brewed coffee" for 25 stars
}
move swap "Points for stars" {
  points to stars
  on request
  at least 10 points
  in steps of 10 points
  gives 1 per 10 points
}
forbid moving "Points stay in the account" {
  transfer to account
  transfer to program
  cash out
}
"#;

/// A policy with a declared event, several pools, a tier, measures, rewards and a move.
pub fn general() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| load(GENERAL));
    &POLICY
}

/// The facts and categories of Amazon's programme that the example's mapping uses.
#[cfg(feature = "cli")]
pub fn amazon() -> &'static Policy {
    static AMAZON: LazyLock<Policy> = LazyLock::new(amazon_policy);
    &AMAZON
}

#[cfg(feature = "cli")]
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
