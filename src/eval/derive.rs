//! What an order, a declared event or an ended period earns: every rule in force, a rule after the rules that it reads;
//! then groups, the inner before the outer, with their limits. Nothing here depends on the order of declarations: where
//! order matters, rules name each other.

use super::context::{Context, Failure, Fault};
use super::earn::{Outcome, Work, evaluate, is_long, limit};
use super::net::Net;
use super::room::{CapKey, Owner, Used};
use crate::policy::{Cap, CapScope, EarnId, Grain, Group, Member};
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
    /// By rule, as the policy lists them.
    pub rules: Vec<RuleOutcome>,
    /// What is used of limits over several orders.
    pub used: Used,
}

/// A fault, with the name of the rule at which it came up.
pub(crate) struct RuleFault {
    pub fault: Fault,
    pub rule: String,
}

/// Derives everything for what is left of an order, `used` being what earlier ones have used of limits.
pub(crate) fn derive(context: Context<'_>, net: &Net<'_>, used_before: &Used) -> Result<Derived, RuleFault> {
    let policy = context.policy;
    let context = Context { order: Some(net), ..context };
    let mut derived = Derived { rules: Vec::new(), used: Used::default() };
    derived.rules.resize_with(policy.earns.len(), || RuleOutcome::NotInForce);
    for id in &policy.earn_order {
        let Some(rule) = policy.earns.get(*id) else { continue };
        let outcome = match rule.at(context.at) {
            None if rule.versions.iter().all(|version| version.body.of != net.order.of) => {
                RuleOutcome::Elsewhere
            }
            None => RuleOutcome::NotInForce,
            Some(version) if version.body.of != net.order.of => RuleOutcome::Elsewhere,
            Some(version) => {
                let others = |id: EarnId| derived.lines(id);
                let work =
                    Work { context, net, id: *id, earn: &version.body, others: &others, used: used_before };
                let fault = |fault| RuleFault { fault, rule: rule.name.clone() };
                let (lines, first) = evaluate(&work).map_err(fault)?;
                for (key, amount) in first {
                    derived.used.add(key, amount).map_err(|overflow| fault(overflow.into()))?;
                }
                RuleOutcome::InForce(lines)
            }
        };
        if let Some(slot) = derived.rules.get_mut(*id) {
            *slot = outcome;
        }
    }
    derived.groups(context, net, used_before)?;
    derived
        .count_caps(context)
        .map_err(|overflow| RuleFault { fault: overflow.into(), rule: String::new() })?;
    Ok(derived)
}

impl Derived {
    fn lines(&self, id: EarnId) -> Option<&[Outcome]> {
        match self.rules.get(id)? {
            RuleOutcome::InForce(lines) => Some(lines),
            RuleOutcome::NotInForce | RuleOutcome::Elsewhere => None,
        }
    }

    fn points(&self, id: EarnId, line: usize) -> i64 {
        self.lines(id).and_then(|lines| lines.get(line)).map_or(0, |outcome| outcome.given().points)
    }

    /// A limit leaves so many points.
    fn set(&mut self, id: EarnId, line: usize, points: i64, limit: CapKey) {
        let Some(RuleOutcome::InForce(lines)) = self.rules.get_mut(id) else { return };
        if let Some(Outcome::Given(given)) = lines.get_mut(line) {
            if points < given.points {
                given.cut = Some(limit);
            }
            given.points = points;
        }
    }

    /// A rule that loses in a group gives nothing.
    fn lose(&mut self, id: EarnId, line: usize, why: &str) {
        let Some(RuleOutcome::InForce(lines)) = self.rules.get_mut(id) else { return };
        if let Some(outcome) = lines.get_mut(line).filter(|outcome| outcome.given().points > 0) {
            *outcome = Outcome::Failed(Failure { text: why.to_owned(), short_by: None });
        }
    }

    fn groups(&mut self, context: Context<'_>, net: &Net<'_>, used: &Used) -> Result<(), RuleFault> {
        for (id, rule) in context.policy.groups.iter().enumerate() {
            let Some(version) = rule.at(context.at) else { continue };
            let group = &version.body;
            self.choose(context, net, &rule.name, group);
            let rules = rules_of(context, group);
            if !rules.iter().any(|id| self.lines(*id).is_some()) {
                continue;
            }
            for (index, cap) in group.caps.iter().enumerate() {
                let key = CapKey { owner: Owner::Group(id), index, first: false };
                let fault = |fault| RuleFault { fault, rule: rule.name.clone() };
                self.cut(context, net, &rules, (key, cap), used).map_err(fault)?;
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
        let members: Vec<(String, Vec<EarnId>)> = group
            .of
            .iter()
            .map(|member| (name_of(context, *member), rules_of_member(context, *member)))
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
            let winning = members.get(winner).map_or("", |(name, _)| name.as_str());
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

    /// A limit that several rules share. Over the lines it is used up in the order given (a limit over one order is split
    /// in proportion); what several rules share is split in proportion to their exact amounts, ties by rule name.
    fn cut(
        &mut self,
        context: Context<'_>,
        net: &Net<'_>,
        rules: &[EarnId],
        (key, cap): (CapKey, &Cap),
        used: &Used,
    ) -> Result<(), Fault> {
        let count = net.lines.len();
        match cap.per {
            CapScope::Piece(Grain::Order) => {
                let limit = limit(context, net, net.order.of, &cap.limit)?;
                let sums = |read: &dyn Fn(EarnId, usize) -> Result<Ratio, Overflow>| {
                    let sum =
                        |id: &EarnId| (0..count).try_fold(Ratio::ZERO, |sum, line| sum.add(read(*id, line)?));
                    rules.iter().map(sum).collect::<Result<Vec<_>, Overflow>>()
                };
                let exact = sums(&|id, line| Ok(self.exact(id, line)))?;
                let points = sums(&|id, line| Ok(Ratio::whole(self.points(id, line))))?;
                let points = points.into_iter().map(Ratio::floor_points).collect::<Result<Vec<_>, _>>()?;
                let shares = split_within(limit, &exact, &points)?;
                for (id, share) in rules.iter().zip(shares) {
                    let exact: Vec<Ratio> = (0..count).map(|line| self.exact(*id, line)).collect();
                    let points: Vec<i64> = (0..count).map(|line| self.points(*id, line)).collect();
                    for (line, points) in split_within(share, &exact, &points)?.into_iter().enumerate() {
                        self.set(*id, line, points, key);
                    }
                }
            }
            CapScope::Piece(_) => {
                for line in 0..count {
                    let limit = context.at_line(net, line).quantity(&cap.limit)?.floor_points()?.max(0);
                    self.cut_line(rules, line, (key, limit))?;
                }
            }
            CapScope::Member { .. } | CapScope::Everyone { .. } => {
                let limit = Ratio::whole(limit(context, net, net.order.of, &cap.limit)?);
                let mut room = used.room(key, limit)?.floor_points()?;
                for line in 0..count {
                    room -= self.cut_line(rules, line, (key, room))?;
                }
            }
        }
        Ok(())
    }

    /// Cuts what the rules give on one line to `limit`; says what they give then.
    fn cut_line(
        &mut self,
        rules: &[EarnId],
        line: usize,
        (key, limit): (CapKey, i64),
    ) -> Result<i64, Overflow> {
        let exact: Vec<Ratio> = rules.iter().map(|id| self.exact(*id, line)).collect();
        let points: Vec<i64> = rules.iter().map(|id| self.points(*id, line)).collect();
        let cut = split_within(limit, &exact, &points)?;
        for (id, points) in rules.iter().zip(&cut) {
            self.set(*id, line, *points, key);
        }
        cut.iter().try_fold(0i64, |sum, points| sum.checked_add(*points)).ok_or(Overflow)
    }

    fn exact(&self, id: EarnId, line: usize) -> Ratio {
        self.lines(id).and_then(|lines| lines.get(line)).map_or(Ratio::ZERO, |outcome| outcome.given().exact)
    }

    /// What is given uses the room of every limit that covers it.
    fn count_caps(&mut self, context: Context<'_>) -> Result<(), Overflow> {
        let policy = context.policy;
        for (id, rule) in policy.earns.iter().enumerate() {
            let Some(version) = rule.at(context.at) else { continue };
            let owner = Owner::Earn(id);
            self.count(owner, &version.body.caps, &[id])?;
        }
        for (id, rule) in policy.groups.iter().enumerate() {
            let Some(version) = rule.at(context.at).filter(|version| version.body.caps.iter().any(is_long))
            else {
                continue;
            };
            self.count(Owner::Group(id), &version.body.caps, &rules_of(context, &version.body))?;
        }
        Ok(())
    }

    fn count(&mut self, owner: Owner, caps: &[Cap], rules: &[EarnId]) -> Result<(), Overflow> {
        for (index, _) in caps.iter().enumerate().filter(|(_, cap)| is_long(cap)) {
            let mut sum = Ratio::ZERO;
            for outcome in rules.iter().filter_map(|id| self.lines(*id)).flatten() {
                sum = sum.add(Ratio::whole(outcome.given().points))?;
            }
            if !sum.is_zero() {
                self.used.add(CapKey { owner, index, first: false }, sum)?;
            }
        }
        Ok(())
    }
}

/// The rules under a group, by name.
fn rules_of(context: Context<'_>, group: &Group) -> Vec<EarnId> {
    let mut rules: Vec<EarnId> =
        group.of.iter().flat_map(|member| rules_of_member(context, *member)).collect();
    let name = |id: &EarnId| context.policy.earns.get(*id).map_or("", |rule| rule.name.as_str());
    rules.sort_by(|a, b| name(a).cmp(name(b)));
    rules
}

fn rules_of_member(context: Context<'_>, member: Member) -> Vec<EarnId> {
    match member {
        Member::Earn(id) => vec![id],
        Member::Group(id) => {
            let group = context.policy.groups.get(id).and_then(|group| group.at(context.at));
            group.map_or_else(Vec::new, |version| rules_of(context, &version.body))
        }
    }
}

fn name_of(context: Context<'_>, member: Member) -> String {
    let name = match member {
        Member::Earn(id) => context.policy.earns.get(id).map(|rule| &rule.name),
        Member::Group(id) => context.policy.groups.get(id).map(|group| &group.name),
    };
    name.cloned().unwrap_or_default()
}
