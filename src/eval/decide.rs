//! Deciding: an order, a declared event or a listing in, a [`Decision`] out.

use jiff::Timestamp;

use super::context::{Context, Failure, Fault};
use super::derive::{Derived, RuleOutcome, derive};
use super::earn::{self, Cut, Given, Outcome};
use super::net::Net;
use super::order::{Known, Listing, Member, MemberFacts, Order, RedeemAsk};
use super::redeem::{Offer, PayingRule, Split, offer, paying_rules};
use super::refusal::{Refusal, RefusalCode};
use super::room::{Used, UsedBefore};
use crate::policy::{EarnId, IdVec, Occasion, Policy, PoolId, RedeemId, Rule, Window};
use crate::value::Ratio;

/// What an order earns and may pay, with a reason for everything given and everything not given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// Points earned on the whole order, over all pools.
    pub points: i64,
    /// By pool, those that get any, in the order declared.
    pub pools: Vec<(String, i64)>,
    /// The most points that may be paid on it, under the rule that lets most be paid.
    pub redeemable: i64,
    /// What they pay, minor units, rounded down, where that goes by a quantity of the order.
    pub redeemable_money: Option<i64>,
    /// Line by line, in the order given.
    pub lines: Vec<LineDecision>,
}

/// The decision on one line.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LineDecision {
    /// The line's id; for a declared event its kind.
    pub id: String,
    /// Points earned on it.
    pub points: i64,
    /// Its share of what may be paid with points; the rest of it pays shipping.
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
#[non_exhaustive]
pub struct RulePoints {
    /// The rule's name.
    pub rule: String,
    /// The pool that they go to.
    pub pool: String,
    /// What it gave.
    pub points: i64,
    /// Before rounding.
    pub exact: Ratio,
    /// After rounding, before any limit.
    pub rounded: i64,
}

/// A rule that gave nothing, and the first reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct ShownBadge {
    /// Its name.
    pub name: String,
    /// Its label for people.
    pub label: String,
    /// Where it is shown.
    pub shown_in: Vec<String>,
}

/// Points of one rule on one line: what the ledger posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Earned {
    pub rule: EarnId,
    pub points: i64,
}

/// What an order earns, as the ledger needs it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Earning {
    /// By line.
    pub lines: Vec<Vec<Earned>>,
    /// What is used of limits over several orders.
    pub used: Used,
    /// Totals of rules over all lines: what measures count.
    pub totals: Vec<Total>,
}

/// What a rule gives on all lines together.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Total {
    pub rule: EarnId,
    /// Before rounding.
    pub exact: Ratio,
    /// After rounding.
    pub rounded: i64,
    /// After limits and groups.
    pub given: i64,
    /// The limit that cut it last.
    pub cut: Option<Cut>,
}

/// Points that pay an order under one rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PaymentPlan {
    pub rule: RedeemId,
    pub points: i64,
    /// How they spread over the order.
    pub split: Split,
}

/// Decides an order or a declared event at `at` for a member. Pure: same input, same answer. Limits over several orders
/// have all their room.
pub fn decide(policy: &Policy, at: Timestamp, member: &Member, order: &Order) -> Result<Decision, Refusal> {
    decide_after(policy, at, (&member.facts, &member.known), order, &UsedBefore::default())
}

/// The same after what earlier orders and events have used of limits.
pub(crate) fn decide_after(
    policy: &Policy,
    at: Timestamp,
    (facts, known): MemberView<'_>,
    order: &Order,
    used: &UsedBefore,
) -> Result<Decision, Refusal> {
    let context = context_of(policy, at, facts, known);
    let placed = Net::placed(order);
    let (offer, rule) = best_offer(context, &placed, used)?;
    let net = paid(policy, at, (facts, known), order, used)?;
    let derived = derived(context, &net, used, &policy.earn_order)?;
    let money = offer.by_quantity.then(|| offer.split.money().and_then(Ratio::floor_points)).transpose();
    let mut decision = Decision {
        points: 0,
        pools: Vec::new(),
        redeemable: offer.points,
        redeemable_money: money.map_err(|_| refuse(policy, Fault::Overflow, &rule))?,
        lines: Vec::new(),
    };
    let mut by_pool: IdVec<PoolId, i64> = IdVec::filled(policy.pools.len(), 0);
    for (index, line) in order.lines.iter().enumerate() {
        let view = Context { order: Some(&net), ..context }.at_line(&net, index);
        let (by, not) = two_sides(&view, &derived, index, &mut by_pool)?;
        let before = decision.points;
        for by in &by {
            let sum = decision.points.checked_add(by.points);
            decision.points = sum.ok_or_else(|| refuse(policy, Fault::Overflow, &by.rule))?;
        }
        let failed = offer.failures.get(index).cloned().flatten();
        decision.lines.push(LineDecision {
            id: line.id.clone(),
            points: decision.points - before,
            redeemable: offer.split.lines.get(index).map_or(0, |paid| paid.points),
            by,
            not,
            badges: badges_of_line(&view, order)?,
            not_redeemable: failed.map(|failure| not_given(&rule, failure)),
        });
    }
    let pools = policy.pools.iter().zip(by_pool).filter(|(_, points)| *points > 0);
    decision.pools = pools.map(|(pool, points)| (pool.name.clone(), points)).collect();
    Ok(decision)
}

/// The badges that a listing shows at `at`.
pub fn decide_listing(policy: &Policy, at: Timestamp, listing: &Listing) -> Result<Vec<ShownBadge>, Refusal> {
    let (facts, known) = (MemberFacts::default(), Known::start(policy));
    let context = Context {
        listing: Some(&listing.facts),
        category: listing.category,
        ..context_of(policy, at, &facts, &known)
    };
    badges(&context)
}

/// Facts of a member with levels and measures.
pub(crate) type MemberView<'a> = (&'a MemberFacts, &'a Known);

/// A case with nothing ordered in view yet.
pub(crate) fn context_of<'a>(
    policy: &'a Policy,
    at: Timestamp,
    member: &'a MemberFacts,
    known: &'a Known,
) -> Context<'a> {
    Context { policy, at, member, known, order: None, line: None, listing: None, category: None }
}

/// The offer that lets most be paid, with its rule; an empty one where nothing may be paid.
fn best_offer(context: Context<'_>, net: &Net<'_>, used: &UsedBefore) -> Result<(Offer, String), Refusal> {
    let mut best: Option<(Offer, String)> = None;
    if net.order.of == Occasion::Order {
        for rule in paying_rules(context.policy, context.at) {
            let offer = offer_of(context, net, rule, used)?;
            if best.as_ref().is_none_or(|(other, _)| offer.points > other.points) {
                best = Some((offer, rule.name.to_owned()));
            }
        }
    }
    Ok(best.unwrap_or_else(|| (Offer::none(net.lines.len()), String::new())))
}

/// The most points that may be paid on an order, where a rule can take no more than its pools hold.
pub(crate) fn payable(
    context: Context<'_>,
    order: &Order,
    used: &UsedBefore,
    held: impl Fn(RedeemId) -> i64,
) -> Result<i64, Refusal> {
    let mut most = 0;
    for rule in paying_rules(context.policy, context.at) {
        let offered = offer_of(context, &Net::placed(order), rule, used)?.points;
        let payable = rule.takes(&context, offered.min(held(rule.id)));
        most = most.max(payable.map_err(|fault| refuse(context.policy, fault, rule.name))?);
    }
    Ok(most)
}

fn offer_of(
    context: Context<'_>,
    net: &Net<'_>,
    rule: PayingRule<'_>,
    used: &UsedBefore,
) -> Result<Offer, Refusal> {
    offer(context, net, rule, used).map_err(|fault| refuse(context.policy, fault, rule.name))
}

/// An order as placed, paid with the points that it asks to pay with.
pub(crate) fn paid<'o>(
    policy: &Policy,
    at: Timestamp,
    member: MemberView<'_>,
    order: &'o Order,
    used: &UsedBefore,
) -> Result<Net<'o>, Refusal> {
    let mut net = Net::placed(order);
    for plan in payments(policy, at, member, order, used)? {
        let paid = net.pay(plan.split.lines.iter().copied(), plan.split.shipping);
        paid.map_err(|_| refuse(policy, Fault::Overflow, "the points paid"))?;
    }
    Ok(net)
}

/// How the points that an order pays spread over its lines, or why it may not pay that many.
pub(crate) fn payments(
    policy: &Policy,
    at: Timestamp,
    (facts, known): MemberView<'_>,
    order: &Order,
    used: &UsedBefore,
) -> Result<Vec<PaymentPlan>, Refusal> {
    if order.redeem.is_nothing() {
        return Ok(Vec::new());
    }
    let context = context_of(policy, at, facts, known);
    let net = Net::placed(order);
    let rules = paying_rules(policy, at);
    let mut plans = Vec::new();
    for (rule, points) in asked(policy, &rules, &order.redeem)? {
        let offer = offer_of(context, &net, rule, used)?;
        let path = match &order.redeem {
            RedeemAsk::Plain(_) => "redeem".to_owned(),
            RedeemAsk::ByRule(_) => format!("redeem.{}", rule.name),
        };
        check_ask(context, rule, points, &offer, &path)?;
        let too_large = |_| refuse(policy, Fault::Overflow, rule.name);
        plans.push(PaymentPlan { rule: rule.id, points, split: offer.split(points).map_err(too_large)? });
    }
    check_together(context, &net, &plans)?;
    Ok(plans)
}

fn asked<'a>(
    policy: &Policy,
    rules: &[PayingRule<'a>],
    ask: &RedeemAsk,
) -> Result<Vec<(PayingRule<'a>, i64)>, Refusal> {
    let none = |path: String| {
        let message = "no redeem rule is in force at this instant; `redeem` must be 0";
        Refusal::new(RefusalCode::RedeemNotOffered, path, message)
    };
    match ask {
        RedeemAsk::Plain(points) => match rules {
            [] => Err(none("redeem".to_owned())),
            [rule] => Ok(vec![(*rule, *points)]),
            [first, ..] => {
                let names: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
                let message = format!(
                    "several redeem rules are in force ({}); say which: {{\"redeem\": {{\"{}\": {points}}}}}",
                    names.join(", "),
                    first.name
                );
                Err(Refusal::new(RefusalCode::SeveralRules, "redeem", message))
            }
        },
        RedeemAsk::ByRule(asks) => asks
            .iter()
            .map(|(id, points)| {
                let rule = rules.iter().find(|rule| rule.id == *id);
                let name = &policy.redeems[*id].name;
                rule.map(|rule| (*rule, *points)).ok_or_else(|| none(format!("redeem.{name}")))
            })
            .collect(),
    }
}

fn check_ask(
    context: Context<'_>,
    rule: PayingRule<'_>,
    points: i64,
    offer: &Offer,
    path: &str,
) -> Result<(), Refusal> {
    let (name, pool) = (rule.name, rule.version.body.pool);
    let count = |points| context.policy.count_points_in(pool, points);
    let refusal = |code, message: String| Err(Refusal::new(code, path, message).by_rule(name));
    if points > offer.points {
        let message = format!(
            "{} are to be paid, but at most {} may be paid on this order (rule `{name}`)",
            count(points),
            count(offer.points)
        );
        return refusal(RefusalCode::RedeemAboveLimit, message);
    }
    if let Some(least) = &rule.version.body.at_least {
        let fault = |fault| refuse(context.policy, fault, name);
        let least = context.quantity(least).map_err(fault)?;
        if Ratio::whole(points) < least {
            let least = context.policy.count_in(pool, least);
            let message =
                format!("{} are to be paid, but the least is {least} (rule `{name}`)", count(points));
            return refusal(RefusalCode::BelowMinimum, message);
        }
    }
    match rule.version.body.steps {
        Some(steps) if steps > 0 && points % steps != 0 => {
            let message = format!(
                "{} are to be paid, but only in steps of {} (rule `{name}`)",
                count(points),
                count(steps)
            );
            refusal(RefusalCode::NotInSteps, message)
        }
        _ => Ok(()),
    }
}

/// Points of several rules may not pay more than a line, or shipping, costs.
fn check_together(context: Context<'_>, net: &Net<'_>, plans: &[PaymentPlan]) -> Result<(), Refusal> {
    if plans.len() < 2 {
        return Ok(());
    }
    let too_large = |_| refuse(context.policy, Fault::Overflow, "the points paid");
    let mut together = Net::placed(net.order);
    for plan in plans {
        together.pay(plan.split.lines.iter().copied(), plan.split.shipping).map_err(too_large)?;
    }
    let refusal = |what: String| {
        let message = format!("the points of several rules together pay more than {what} costs");
        Err(Refusal::new(RefusalCode::RedeemAboveLimit, "redeem", message))
    };
    for (index, (line, paid)) in net.order.lines.iter().zip(&together.lines).enumerate() {
        if paid.paid.money > net.gross(index).map_err(too_large)? {
            return refusal(format!("line `{}`", line.id));
        }
    }
    if together.shipping.paid.money > Ratio::whole(net.order.shipping) {
        return refusal("shipping".to_owned());
    }
    Ok(())
}

/// The terms under which something is decided.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub policy: &'a Policy,
    /// The instant whose terms they are.
    pub at: Timestamp,
    /// The rules that can give anything, each after those that it reads.
    pub rules: &'a [EarnId],
}

/// What each rule earns on each line of what is left of an order, under the terms of its own instant.
pub(crate) fn earned(
    terms: Terms<'_>,
    (facts, known): MemberView<'_>,
    net: &Net<'_>,
    used: &UsedBefore,
) -> Result<Earning, Refusal> {
    let policy = terms.policy;
    let derived = derived(context_of(policy, terms.at, facts, known), net, used, terms.rules)?;
    let mut earning = Earning { lines: vec![Vec::new(); net.lines.len()], ..Earning::default() };
    for (rule, outcome) in derived.rules {
        let RuleOutcome::InForce(outcomes) = &outcome else { continue };
        let too_large = || refuse(policy, Fault::Overflow, &policy.earns[rule].name);
        let mut total = Total { rule, exact: Ratio::ZERO, rounded: 0, given: 0, cut: None };
        for (line, outcome) in earning.lines.iter_mut().zip(outcomes) {
            let Given { exact, rounded, points, cut, .. } = outcome.given();
            total.exact = total.exact.add(exact).map_err(|_| too_large())?;
            total.rounded = total.rounded.checked_add(rounded).ok_or_else(too_large)?;
            total.given = total.given.checked_add(points).ok_or_else(too_large)?;
            total.cut = cut.or(total.cut);
            if points > 0 {
                line.push(Earned { rule, points });
            }
        }
        earning.totals.push(total);
    }
    earning.used = derived.used;
    Ok(earning)
}

/// True where a condition holds on an order as placed.
pub(crate) fn condition_holds(
    policy: &Policy,
    at: Timestamp,
    (facts, known): MemberView<'_>,
    net: Option<&Net<'_>>,
    condition: &crate::policy::Condition,
) -> Result<bool, Refusal> {
    let context = Context { order: net, ..context_of(policy, at, facts, known) };
    let failure = context.failure(condition).map_err(|fault| refuse(policy, fault, &condition.text))?;
    Ok(failure.is_none())
}

fn derived(
    context: Context<'_>,
    net: &Net<'_>,
    used: &UsedBefore,
    rules: &[EarnId],
) -> Result<Derived, Refusal> {
    derive(context, net, used, rules).map_err(|fault| {
        let refusal = refuse(context.policy, fault.fault, &fault.rule);
        refusal.by_rule(&fault.rule)
    })
}

fn two_sides(
    view: &Context<'_>,
    derived: &Derived,
    line: usize,
    by_pool: &mut IdVec<PoolId, i64>,
) -> Result<(Vec<RulePoints>, Vec<RuleNot>), Refusal> {
    let (mut by, mut not) = (Vec::new(), Vec::new());
    for (id, outcome) in &derived.rules {
        let rule = &view.policy.earns[*id];
        let failure = match outcome {
            RuleOutcome::Elsewhere => None,
            RuleOutcome::NotInForce => Some(not_in_force(rule)),
            RuleOutcome::InForce(outcomes) => match outcomes.get(line) {
                Some(Outcome::Given(given)) => {
                    let nothing = earn::why_nothing(view, given);
                    if nothing.is_none() {
                        by.extend(rule_points(view, rule, given, by_pool)?);
                    }
                    nothing
                }
                Some(Outcome::Failed(failure)) => Some(failure.clone()),
                None => None,
            },
        };
        not.extend(failure.map(|failure| not_given(&rule.name, failure)));
    }
    Ok((by, not))
}

fn rule_points(
    view: &Context<'_>,
    rule: &Rule<crate::policy::Earn>,
    given: &Given,
    by_pool: &mut IdVec<PoolId, i64>,
) -> Result<Option<RulePoints>, Refusal> {
    let Some(version) = rule.at(view.at) else { return Ok(None) };
    let pool = version.body.pool;
    let sum = by_pool[pool].checked_add(given.points);
    by_pool[pool] = sum.ok_or_else(|| refuse(view.policy, Fault::Overflow, &rule.name))?;
    let pool = view.policy.pools[pool].name.clone();
    let Given { exact, rounded, points, .. } = *given;
    Ok(Some(RulePoints { rule: rule.name.clone(), pool, points, exact, rounded }))
}

fn not_in_force<T>(rule: &Rule<T>) -> Failure {
    let windows = rule.versions.iter().map(|version| describe(&version.window));
    Failure { text: format!("in force {}", windows.collect::<Vec<_>>().join(", ")), short_by: None }
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

/// Names of the badges on a line of an order; what is no order has no listings.
fn badges_of_line(view: &Context<'_>, order: &Order) -> Result<Vec<String>, Refusal> {
    if order.of != Occasion::Order {
        return Ok(Vec::new());
    }
    Ok(badges(view)?.into_iter().map(|badge| badge.name).collect())
}

fn badges(context: &Context<'_>) -> Result<Vec<ShownBadge>, Refusal> {
    let mut shown = Vec::new();
    for (id, badge) in context.policy.badges.iter_enumerated() {
        let has = context.has_badge(id).map_err(|fault| refuse(context.policy, fault, &badge.name))?;
        if let Some(version) = badge.at(context.at).filter(|_| has) {
            let (name, label) = (badge.name.clone(), version.label.clone());
            shown.push(ShownBadge { name, label, shown_in: version.body.shown_in.clone() });
        }
    }
    Ok(shown)
}

/// A fault as a refusal that names the rule.
pub(crate) fn refuse(policy: &Policy, fault: Fault, rule: &str) -> Refusal {
    match fault {
        Fault::Overflow => {
            let message = format!("`{rule}` gives a number too large to compute with");
            Refusal::new(RefusalCode::Overflow, "", message).by_rule(rule)
        }
        Fault::MissingMember(fact) => {
            let name = &policy.facts.member[fact].name;
            let message =
                format!("`{rule}` reads member.{name}, which nothing has set; send a `member` event first");
            Refusal::new(RefusalCode::MissingMemberFact, format!("member.{name}"), message).by_rule(rule)
        }
        Fault::NotInForce(value) => {
            let name = &policy.values[value].name;
            let message = format!("`{rule}` reads `{name}`, which has no version in force at this instant");
            Refusal::new(RefusalCode::NotInForce, "", message).by_rule(rule)
        }
        Fault::NoTerms(pool) => {
            let name = &policy.pools[pool].name;
            let message = format!("`{rule}` is about `{name}`, which has no terms at this instant");
            Refusal::new(RefusalCode::NotInForce, "", message).by_rule(rule)
        }
        Fault::NoCategory => {
            let message = format!("`{rule}` goes by the category, and there is none");
            Refusal::new(RefusalCode::MissingField, "category", message).by_rule(rule)
        }
        Fault::NotInView => {
            let message = format!("`{rule}` reads what is not known of this order, event or listing");
            Refusal::new(RefusalCode::NotInForce, "", message).by_rule(rule)
        }
    }
}
