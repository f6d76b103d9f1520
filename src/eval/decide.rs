//! Deciding: an order or a listing in, a [`Decision`] out.

use jiff::Timestamp;

use super::context::{Context, Failure, Fault};
use super::earn::{self, Given, Outcome};
use super::net::Net;
use super::order::{Listing, MemberFacts, Order};
use super::redeem;
use super::refusal::{Refusal, RefusalCode};
use crate::check::policy::{Policy, Window};
use crate::value::Ratio;

/// What an order earns and may pay, with a reason for everything given and everything not given.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Points earned on the whole order.
    pub points: i64,
    /// The most points that may be paid on it.
    pub redeemable: i64,
    /// Line by line, in the order given.
    pub lines: Vec<LineDecision>,
}

/// The decision on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct LineDecision {
    /// The line's id.
    pub id: String,
    /// Points earned on it.
    pub points: i64,
    /// Its share of what may be paid with points.
    pub redeemable: i64,
    /// The rules that gave points, in the order declared.
    pub by: Vec<RulePoints>,
    /// The rules that gave none, in the order declared.
    pub not: Vec<RuleNot>,
    /// Names of the badges that its listing shows.
    pub badges: Vec<String>,
    /// Why it may not be paid with points, where it may not.
    pub not_redeemable: Option<RuleNot>,
}

/// Points that a rule gave.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePoints {
    /// The rule's name.
    pub rule: String,
    /// What it gave.
    pub points: i64,
    /// Before rounding.
    pub exact: Ratio,
    /// After rounding, before the rule's limits.
    pub rounded: i64,
}

/// A rule that gave nothing, and the first reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleNot {
    /// The rule's name.
    pub rule: String,
    /// The first condition that failed, as written in the policy.
    pub failed: String,
    /// By how much it failed, with its unit, where that is a number.
    pub short_by: Option<String>,
}

/// A badge that a listing shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownBadge {
    /// Its name.
    pub name: String,
    /// Its label for people.
    pub label: String,
    /// Where it is shown.
    pub shown_in: Vec<String>,
}

/// Points of one rule (by its index among the policy's earn rules) on one line: what the ledger posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Earned {
    pub rule: usize,
    pub points: i64,
}

/// Decides an order at `at` for a member. Pure: same input, same answer.
pub fn decide(
    policy: &Policy,
    at: Timestamp,
    member: &MemberFacts,
    order: &Order,
) -> Result<Decision, Refusal> {
    let context = order_context(policy, at, member);
    let placed = Net::placed(order, &[]);
    let offer =
        redeem::redeemable(context, &placed).map_err(|fault| refuse(policy, fault, "the redeem rule"))?;
    let paid = check_redeem(&context, order, &offer)?;
    let net = Net::placed(order, &paid);
    let outcomes = rule_outcomes(context, &net)?;
    let redeem_rule = redeem::rule(&context).map_or("", |(name, _)| name);
    let mut lines = Vec::with_capacity(order.lines.len());
    let mut points = 0i64;
    for (index, line) in order.lines.iter().enumerate() {
        let view = Context { order: Some(&net), ..context }.at_line(&net, index);
        let (by, not) = two_sides(&view, &outcomes, index);
        let sum = by.iter().try_fold(0i64, |sum, by| sum.checked_add(by.points));
        let sum = sum.ok_or_else(|| refuse(policy, Fault::Overflow, "the sum of the rules"))?;
        points =
            points.checked_add(sum).ok_or_else(|| refuse(policy, Fault::Overflow, "the sum of the lines"))?;
        let failed = offer.failures.get(index).cloned().flatten();
        lines.push(LineDecision {
            id: line.id.clone(),
            points: sum,
            redeemable: offer.lines.get(index).copied().unwrap_or(0),
            by,
            not,
            badges: badges(&view)?.into_iter().map(|badge| badge.name).collect(),
            not_redeemable: failed.map(|failure| not_given(redeem_rule, failure)),
        });
    }
    Ok(Decision { points, redeemable: offer.points, lines })
}

/// The badges that a listing shows at `at`.
pub fn decide_listing(policy: &Policy, at: Timestamp, listing: &Listing) -> Result<Vec<ShownBadge>, Refusal> {
    let context = Context {
        listing: Some(&listing.facts),
        category: listing.category,
        ..order_context(policy, at, &EMPTY)
    };
    badges(&context)
}

static EMPTY: MemberFacts = MemberFacts(Vec::new());

fn order_context<'a>(policy: &'a Policy, at: Timestamp, member: &'a MemberFacts) -> Context<'a> {
    Context { policy, at, member: Some(member), order: None, line: None, listing: None, category: None }
}

/// How the points an order pays spread over its lines, or why it may not pay that many.
pub(crate) fn points_paid(
    policy: &Policy,
    at: Timestamp,
    member: &MemberFacts,
    order: &Order,
) -> Result<Vec<i64>, Refusal> {
    let context = order_context(policy, at, member);
    let placed = Net::placed(order, &[]);
    let offer =
        redeem::redeemable(context, &placed).map_err(|fault| refuse(policy, fault, "the redeem rule"))?;
    check_redeem(&context, order, &offer)
}

/// What each rule earns on each line of what is left of an order, under the terms of its own instant.
pub(crate) fn earned(
    policy: &Policy,
    at: Timestamp,
    member: &MemberFacts,
    net: &Net<'_>,
) -> Result<Vec<Vec<Earned>>, Refusal> {
    let outcomes = rule_outcomes(order_context(policy, at, member), net)?;
    let mut lines = vec![Vec::new(); net.lines.len()];
    for (rule, outcome) in outcomes.into_iter().enumerate() {
        let RuleOutcome::InForce(outcomes) = outcome else { continue };
        for (line, outcome) in lines.iter_mut().zip(outcomes) {
            if let Outcome::Given(Given { points, .. }) = outcome
                && points > 0
            {
                line.push(Earned { rule, points });
            }
        }
    }
    Ok(lines)
}

/// Money that one point pays on an order placed at `at`, minor units.
pub(crate) fn point_value(policy: &Policy, at: Timestamp) -> Result<Ratio, Refusal> {
    let context = order_context(policy, at, &EMPTY);
    redeem::point_value(&context).map_err(|fault| refuse(policy, fault.into(), "the redeem rule"))
}

/// True where an order-level condition (of an anchor) holds on an order as placed.
pub(crate) fn condition_holds(
    policy: &Policy,
    at: Timestamp,
    member: &MemberFacts,
    net: &Net<'_>,
    condition: &crate::check::policy::Condition,
) -> Result<bool, Refusal> {
    let context = Context { order: Some(net), ..order_context(policy, at, member) };
    let failure = context.failure(condition).map_err(|fault| refuse(policy, fault, &condition.text))?;
    Ok(failure.is_none())
}

enum RuleOutcome {
    InForce(Vec<Outcome>),
    NotInForce,
}

fn rule_outcomes(context: Context<'_>, net: &Net<'_>) -> Result<Vec<RuleOutcome>, Refusal> {
    let evaluate = |rule: &crate::check::policy::Rule<_>| match rule.at(context.at) {
        None => Ok(RuleOutcome::NotInForce),
        Some(version) => earn::evaluate(context, net, &version.body)
            .map(RuleOutcome::InForce)
            .map_err(|fault| refuse(context.policy, fault, &rule.name).by_rule(&rule.name)),
    };
    context.policy.earns.iter().map(evaluate).collect()
}

fn check_redeem(
    context: &Context<'_>,
    order: &Order,
    offer: &redeem::Redeemable,
) -> Result<Vec<i64>, Refusal> {
    if order.redeem == 0 {
        return Ok(vec![0; order.lines.len()]);
    }
    let Some((rule, _)) = redeem::rule(context) else {
        let message = "no redeem rule is in force at this instant; `redeem` must be 0";
        return Err(Refusal::new(RefusalCode::RedeemNotOffered, "redeem", message));
    };
    if order.redeem > offer.points {
        let message = format!(
            "{} points are to be paid, but at most {} may be paid on this order (rule `{rule}`)",
            order.redeem, offer.points
        );
        return Err(Refusal::new(RefusalCode::RedeemAboveLimit, "redeem", message).by_rule(rule));
    }
    offer.split(order.redeem).map_err(|fault| refuse(context.policy, fault.into(), rule))
}

fn two_sides(view: &Context<'_>, outcomes: &[RuleOutcome], line: usize) -> (Vec<RulePoints>, Vec<RuleNot>) {
    let (mut by, mut not) = (Vec::new(), Vec::new());
    for (rule, outcome) in view.policy.earns.iter().zip(outcomes) {
        let failure = match outcome {
            RuleOutcome::NotInForce => {
                let windows = rule.versions.iter().map(|version| describe(&version.window));
                let text = format!("in force {}", windows.collect::<Vec<_>>().join(", "));
                Some(Failure { text, short_by: None })
            }
            RuleOutcome::InForce(outcomes) => match outcomes.get(line) {
                Some(Outcome::Given(given)) => {
                    let nothing = earn::why_nothing(view, given);
                    if nothing.is_none() {
                        let Given { exact, rounded, points } = *given;
                        by.push(RulePoints { rule: rule.name.clone(), points, exact, rounded });
                    }
                    nothing
                }
                Some(Outcome::Failed(failure)) => Some(failure.clone()),
                None => None,
            },
        };
        not.extend(failure.map(|failure| not_given(&rule.name, failure)));
    }
    (by, not)
}

fn not_given(rule: &str, failure: Failure) -> RuleNot {
    RuleNot { rule: rule.to_owned(), failed: failure.text, short_by: failure.short_by }
}

fn describe(window: &Window) -> String {
    match (window.from_date, window.until_date) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "always".into(),
    }
}

fn badges(context: &Context<'_>) -> Result<Vec<ShownBadge>, Refusal> {
    let mut shown = Vec::new();
    for (id, badge) in context.policy.badges.iter().enumerate() {
        let has = context.has_badge(id).map_err(|fault| refuse(context.policy, fault, &badge.name))?;
        if let Some(version) = badge.at(context.at).filter(|_| has) {
            let (name, label) = (badge.name.clone(), version.label.clone());
            shown.push(ShownBadge { name, label, shown_in: version.body.shown_in.clone() });
        }
    }
    Ok(shown)
}

fn refuse(policy: &Policy, fault: Fault, rule: &str) -> Refusal {
    match fault {
        Fault::Overflow => {
            let message = format!("`{rule}` gives a number too large to compute with");
            Refusal::new(RefusalCode::Overflow, "", message).by_rule(rule)
        }
        Fault::MissingMember(index) => {
            let name = policy.facts.member.get(index).map_or("", |fact| fact.name.as_str());
            let message =
                format!("`{rule}` reads member.{name}, which nothing has set; send a `member` event first");
            Refusal::new(RefusalCode::MissingMemberFact, format!("member.{name}"), message).by_rule(rule)
        }
    }
}
