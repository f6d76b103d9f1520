//! What an order, a declared event or an ended period earns: every rule in force, a rule after the rules that it reads;
//! then groups, the inner before the outer, with their limits. Nothing here depends on the order of declarations: where
//! order matters, rules name each other.

use std::collections::BTreeMap;

use super::context::{Context, Failure, Fault};
use super::earn::{Cut, Outcome, Work, evaluate, whole_of};
use super::net::Net;
use super::room::{Scope, Tightest, Used, UsedBefore, tightest};
use crate::policy::{Counts, Earn, EarnId, Grain, Group, GroupId, Member, Owner, Policy};
use crate::value::choice::Combine;
use crate::value::rounding::split_within;
use crate::value::{Overflow, Ratio};

/// What one rule does.
pub(crate) enum RuleOutcome {
    /// By line.
    InForce(Vec<Outcome>),
    /// No version of it is in force.
    NotInForce,
    /// It looks at other occasions.
    Elsewhere,
}

/// What all rules do.
pub(crate) struct Derived {
    /// By rule, of those that were looked at.
    pub rules: BTreeMap<EarnId, RuleOutcome>,
    /// What is used of limits over several orders.
    pub used: Used,
}

/// A fault, with the name of the rule at which it came up.
pub(crate) struct RuleFault {
    pub fault: Fault,
    pub rule: String,
}

/// Derives what rules give for what is left of an order, each standing after those that it reads; `used` is what earlier
/// orders have used of limits.
pub(crate) fn derive(
    context: Context<'_>,
    net: &Net<'_>,
    used: &UsedBefore,
    rules: &[EarnId],
) -> Result<Derived, RuleFault> {
    let policy = context.policy;
    let context = Context { order: Some(net), ..context };
    let mut derived = Derived { rules: BTreeMap::new(), used: Used::default() };
    for id in rules.iter().copied() {
        let rule = &policy.earns[id];
        let looks_here = |earn: &Earn| earn.of == net.order.of;
        let outcome = match rule.at(context.at) {
            None if !rule.versions.iter().any(|version| looks_here(&version.body)) => RuleOutcome::Elsewhere,
            None => RuleOutcome::NotInForce,
            Some(version) if !looks_here(&version.body) => RuleOutcome::Elsewhere,
            Some(version) => {
                let others = |id: EarnId| derived.lines(id);
                let work = Work { context, net, id, earn: &version.body, others: &others, used };
                let fault = |fault| RuleFault { fault, rule: rule.name.clone() };
                let (lines, base) = evaluate(&work).map_err(fault)?;
                for (counter, _) in policy.counters(Owner::Earn(id), Counts::Base) {
                    derived.used.add(counter, base).map_err(|overflow| fault(overflow.into()))?;
                }
                RuleOutcome::InForce(lines)
            }
        };
        derived.rules.insert(id, outcome);
    }
    derived.groups(context, net, used)?;
    derived
        .count_points(context)
        .map_err(|overflow| RuleFault { fault: overflow.into(), rule: String::new() })?;
    Ok(derived)
}

impl Derived {
    fn lines(&self, id: EarnId) -> Option<&[Outcome]> {
        match self.rules.get(&id) {
            Some(RuleOutcome::InForce(lines)) => Some(lines),
            Some(RuleOutcome::NotInForce | RuleOutcome::Elsewhere) | None => None,
        }
    }

    fn points(&self, id: EarnId, line: usize) -> i64 {
        self.lines(id).and_then(|lines| lines.get(line)).map_or(0, |outcome| outcome.given().points)
    }

    /// A limit leaves so many points.
    fn set(&mut self, id: EarnId, line: usize, points: i64, limit: Cut) {
        let Some(RuleOutcome::InForce(lines)) = self.rules.get_mut(&id) else { return };
        if let Some(Outcome::Given(given)) = lines.get_mut(line) {
            if points < given.points {
                given.cut = Some(limit);
            }
            given.points = points;
        }
    }

    /// A rule that loses in a group gives nothing.
    fn lose(&mut self, id: EarnId, line: usize, why: &str) {
        let Some(RuleOutcome::InForce(lines)) = self.rules.get_mut(&id) else { return };
        if let Some(outcome) = lines.get_mut(line).filter(|outcome| outcome.given().points > 0) {
            *outcome = Outcome::Failed(Failure { text: why.to_owned(), short_by: None });
        }
    }

    fn groups(&mut self, context: Context<'_>, net: &Net<'_>, used: &UsedBefore) -> Result<(), RuleFault> {
        for (id, rule) in context.policy.groups.iter_enumerated() {
            let Some(version) = rule.at(context.at) else { continue };
            let group = &version.body;
            self.choose(context, net, &rule.name, group);
            let rules = rules_of(context, group);
            if rules.iter().any(|id| self.lines(*id).is_some()) {
                let fault = |fault| RuleFault { fault, rule: rule.name.clone() };
                self.cut(context, net, id, used).map_err(fault)?;
            }
        }
        Ok(())
    }

    /// `best of`, `first of`: all but one member give nothing.
    fn choose(&mut self, context: Context<'_>, net: &Net<'_>, name: &str, group: &Group) {
        if group.how == Combine::All {
            return;
        }
        let lines: Vec<usize> = (0..net.lines.len()).collect();
        let pieces: Vec<Vec<usize>> = match group.per {
            Grain::Order => vec![lines],
            Grain::Line | Grain::Unit => lines.into_iter().map(|line| vec![line]).collect(),
        };
        let members = group.of.iter();
        let members: Vec<(&str, Vec<EarnId>)> = members
            .map(|member| (name_of(context.policy, *member), rules_of_member(context, *member)))
            .collect();
        for piece in pieces {
            let total = |rules: &[EarnId]| -> i128 {
                let points = rules.iter().flat_map(|id| piece.iter().map(|line| self.points(*id, *line)));
                points.map(i128::from).sum()
            };
            let totals: Vec<i128> = members.iter().map(|(_, rules)| total(rules)).collect();
            let most = totals.iter().copied().max().unwrap_or(0);
            let wins = |total: &i128| if group.how == Combine::Best { *total == most } else { *total > 0 };
            let Some(winner) = totals.iter().position(wins) else { continue };
            let winning = members.get(winner).map_or("", |(name, _)| *name);
            let why = match group.how {
                Combine::Best => format!("`{winning}` gives most in the group `{name}`"),
                _ => format!("`{winning}` comes first in the group `{name}`"),
            };
            for (_, rules) in members.iter().enumerate().filter(|(i, _)| *i != winner).map(|(_, m)| m) {
                for id in rules {
                    piece.iter().for_each(|line| self.lose(*id, *line, &why));
                }
            }
        }
    }

    /// Limits that several rules share: first those of a line, then those of the order, then those over several. Over the
    /// lines one is used up in the order given (a limit over one order is split
    /// in proportion); what several rules share is split in proportion to their exact amounts, ties by rule name.
    fn cut(
        &mut self,
        context: Context<'_>,
        net: &Net<'_>,
        id: GroupId,
        used: &UsedBefore,
    ) -> Result<(), Fault> {
        let Some(version) = context.policy.groups[id].at(context.at) else { return Ok(()) };
        let rules = rules_of(context, &version.body);
        let (limits, lines) = (&version.body.limits, 0..net.lines.len());
        let cut = |place| Cut { by: Owner::Group(id), place };
        for line in lines.clone() {
            let at_line = context.at_line(net, line);
            if let Some(Tightest { place, room }) = tightest(&at_line, limits, used, Scope::Line)? {
                self.cut_line(&rules, line, cut(place), room.floor_points()?)?;
            }
        }
        let whole = whole_of(context, net);
        if let Some(Tightest { place, room }) = tightest(&whole, limits, used, Scope::Order)? {
            self.cut_order(&rules, net.lines.len(), cut(place), room.floor_points()?)?;
        }
        if let Some(Tightest { place, room }) = tightest(&whole, limits, used, Scope::Orders)? {
            let mut room = room.floor_points()?;
            for line in lines {
                room -= self.cut_line(&rules, line, cut(place), room)?;
            }
        }
        Ok(())
    }

    /// Cuts what the rules give on all `lines` together to `room`.
    fn cut_order(&mut self, rules: &[EarnId], lines: usize, cut: Cut, room: i64) -> Result<(), Overflow> {
        let sums = |read: &dyn Fn(EarnId, usize) -> Ratio| {
            let sum = |id: &EarnId| (0..lines).try_fold(Ratio::ZERO, |sum, line| sum.add(read(*id, line)));
            rules.iter().map(sum).collect::<Result<Vec<_>, Overflow>>()
        };
        let exact = sums(&|id, line| self.exact(id, line))?;
        let points = sums(&|id, line| Ratio::whole(self.points(id, line)))?;
        let points = points.into_iter().map(Ratio::floor_points).collect::<Result<Vec<_>, _>>()?;
        let shares = split_within(room, &exact, &points)?;
        for (id, share) in rules.iter().zip(shares) {
            let exact: Vec<Ratio> = (0..lines).map(|line| self.exact(*id, line)).collect();
            let points: Vec<i64> = (0..lines).map(|line| self.points(*id, line)).collect();
            for (line, points) in split_within(share, &exact, &points)?.into_iter().enumerate() {
                self.set(*id, line, points, cut);
            }
        }
        Ok(())
    }

    /// Cuts what the rules give on one line to `room`; says what they give then.
    fn cut_line(&mut self, rules: &[EarnId], line: usize, cut: Cut, room: i64) -> Result<i64, Overflow> {
        let exact: Vec<Ratio> = rules.iter().map(|id| self.exact(*id, line)).collect();
        let points: Vec<i64> = rules.iter().map(|id| self.points(*id, line)).collect();
        let left = split_within(room, &exact, &points)?;
        for (id, points) in rules.iter().zip(&left) {
            self.set(*id, line, *points, cut);
        }
        left.iter().try_fold(0i64, |sum, points| sum.checked_add(*points)).ok_or(Overflow)
    }

    fn exact(&self, id: EarnId, line: usize) -> Ratio {
        self.lines(id).and_then(|lines| lines.get(line)).map_or(Ratio::ZERO, |outcome| outcome.given().exact)
    }

    /// What is given uses every counter of its rule and of the groups around it, whether or not a limit of the version in
    /// force reads it: a later version may.
    fn count_points(&mut self, context: Context<'_>) -> Result<(), Overflow> {
        for (id, counter) in context.policy.limits.iter_enumerated() {
            let rules = match counter.owner {
                Owner::Earn(rule) if counter.counts == Counts::Points => vec![rule],
                Owner::Group(group) => rules_of_member(context, Member::Group(group)),
                Owner::Earn(_) | Owner::Redeem(_) | Owner::Move(_) => continue,
            };
            let given = rules.iter().filter_map(|rule| self.lines(*rule)).flatten();
            let given = given.map(|outcome| Ratio::whole(outcome.given().points));
            self.used.add(id, given.into_iter().try_fold(Ratio::ZERO, Ratio::add)?)?;
        }
        Ok(())
    }
}

/// The rules under a group, by name.
fn rules_of(context: Context<'_>, group: &Group) -> Vec<EarnId> {
    let mut rules: Vec<EarnId> =
        group.of.iter().flat_map(|member| rules_of_member(context, *member)).collect();
    rules.sort_by_key(|id| &context.policy.earns[*id].name);
    rules
}

fn rules_of_member(context: Context<'_>, member: Member) -> Vec<EarnId> {
    match member {
        Member::Earn(id) => vec![id],
        Member::Group(id) => {
            let group = context.policy.groups[id].at(context.at);
            group.map_or_else(Vec::new, |version| rules_of(context, &version.body))
        }
    }
}

fn name_of(policy: &Policy, member: Member) -> &str {
    match member {
        Member::Earn(id) => &policy.earns[id].name,
        Member::Group(id) => &policy.groups[id].name,
    }
}
