//! What an order would bring: the turn that would place it, looked at before it is finished.

use std::collections::BTreeMap;

use super::super::books::case::{Case, CaseId, Due};
use super::super::books::lots::Origin;
use super::super::quote::{Quote, QuotedBecoming, QuotedLimit, QuotedPoints};
use super::super::report::statement::Becoming;
use super::settle::points_in;
use super::{Turn, too_large};
use crate::eval::order::Order;
use crate::eval::room::UsedBefore;
use crate::eval::{Refusal, context_of, refuse};
use crate::policy::{Limit, LimitId, Member};
use crate::value::Ratio;

impl Turn<'_> {
    /// Places an order that has no number yet, and says what that brings.
    pub fn quote(mut self, order: Order) -> Result<Quote, Refusal> {
        self.check_year()?;
        let before = self.reached()?;
        let id = self.books.cases.next();
        self.place("", order)?;
        self.update_levels(&before, false)?;
        let case = self.books.cases.get(id).into_owned();
        let (earned, becoming) = (self.quoted_points(&case), self.quoted_becoming(&case, id)?);
        let limits = self.quoted_limits(&case, id)?;
        let balances = self.books.pools.iter().map(|pool| pool.balance).collect();
        let transition = self.finish()?;
        let (entries, levels) = (transition.entries, transition.levels);
        Ok(Quote { earned, becoming, limits, levels, balances, entries })
    }

    fn quoted_points(&self, case: &Case) -> Vec<QuotedPoints> {
        let mut earned = Vec::new();
        for (line, state) in case.lines.iter_enumerated() {
            for one in &state.earned {
                let rule = &self.policy.earns[one.rule];
                let Some(version) = rule.at(case.at) else { continue };
                earned.push(QuotedPoints {
                    line: case.line_id(line).to_owned(),
                    rule: rule.name.clone(),
                    pool: version.body.pool,
                    points: one.points,
                });
            }
        }
        earned
    }

    fn quoted_becoming(&self, case: &Case, id: CaseId) -> Result<Vec<QuotedBecoming>, Refusal> {
        let mut sums: BTreeMap<_, i64> = BTreeMap::new();
        for place in case.places() {
            let points = points_in(self.policy, case, &case.lines[place.line].earned, place);
            *sums.entry(place.stream).or_default() += points;
        }
        let mut becoming = Vec::new();
        for (stream, points) in sums.into_iter().filter(|(_, points)| *points > 0) {
            let of = &case.streams[stream];
            let due = if let Due::Fixed(due) = of.due { Some(due) } else { None };
            let origin =
                Origin { event: case.event.clone(), line: case.lines.ids().next().map(|line| (id, line)) };
            let expires_at = match due {
                Some(due) => self.expiry_of_lot(of.pool, of.rule, due.by.max(self.at), &origin)?,
                None => None,
            };
            let interval = due.map(|due| Becoming { points, from: due.from, by: due.by });
            becoming.push(QuotedBecoming { pool: of.pool, points, interval, expires_at });
        }
        Ok(becoming)
    }

    fn quoted_limits(&mut self, case: &Case, id: CaseId) -> Result<Vec<QuotedLimit>, Refusal> {
        let met = self.links.met(self.policy, case.order.of, case.at);
        let used = self.used_before(case, id, &met)?;
        let after = self.used_after(case, id, &met)?;
        let policy = self.policy;
        let gross = case.gross().map_err(too_large("the order"))?;
        let mut quoted = Vec::new();
        let mut note = |name: &str, limits: &[Limit]| -> Result<(), Refusal> {
            for limit in limits {
                let Some(counter) = limit.counter else { continue };
                let context = context_of(policy, case.at, &case.member, &case.known);
                let context = crate::eval::context::Context { order: Some(&gross), ..context };
                let amount = context.quantity(&limit.amount).map_err(|fault| refuse(policy, fault, name))?;
                let of = |used: &UsedBefore| of_limit(used, counter, limit.per.keeps_room());
                let uses = of(&after).sub(of(&used)).map_err(too_large("the limits"))?;
                let (rule, limit, used) = (name.to_owned(), limit.text.clone(), of(&used));
                quoted.push(QuotedLimit { rule, limit, amount, used, uses });
            }
            Ok(())
        };
        let is_ours = |member: &Member| match member {
            Member::Earn(rule) => {
                policy.earns[*rule].at(case.at).is_some_and(|version| version.body.of == case.order.of)
            }
            Member::Group(_) => true,
        };
        for rule in policy.earns.iter() {
            let Some(version) = rule.at(case.at).filter(|version| version.body.of == case.order.of) else {
                continue;
            };
            note(&rule.name, &version.body.first)?;
            note(&rule.name, &version.body.limits)?;
        }
        for group in policy.groups.iter() {
            let Some(version) = group.at(case.at) else { continue };
            if version.body.of.iter().any(is_ours) {
                note(&group.name, &version.body.limits)?;
            }
        }
        Ok(quoted)
    }
}

fn of_limit(used: &UsedBefore, counter: LimitId, keep: bool) -> Ratio {
    if keep { used.kept.of(counter) } else { used.standing.of(counter) }
}
