//! The arithmetic behind what a rule gave: `12,800 JPY × 5% = 640`, by line with its operands. It is worked out again from
//! the case as it stands, and told only where it adds up to what the rule gave.

use crate::eval::base::{base_of, line_base, order_base};
use crate::eval::context::{Context, Fault};
use crate::eval::earn::{first_failure, whole_of};
use crate::eval::net::Net;
use crate::eval::{Total, context_of};
use crate::policy::{Amount, Earn, Grain, Policy, Unit};
use crate::value::Ratio;
use crate::value::choice::Stage;
use crate::value::decimal::grouped;

use super::super::books::case::Case;

/// One line of arithmetic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The order's line; none for the order as a whole.
    pub line: Option<String>,
    /// The operands: `12,800 JPY × 5%`.
    pub operands: String,
    /// What they make, before rounding.
    pub exact: Ratio,
}

/// What is being worked out.
struct Work<'a> {
    context: Context<'a>,
    net: &'a Net<'a>,
    earn: &'a Earn,
    case: &'a Case,
}

/// The arithmetic of a rule on a case; nothing where it does not add up to what the rule gave, as where `on first` has cut
/// the amount that earns.
pub(super) fn steps(policy: &Policy, case: &Case, earn: &Earn, total: &Total) -> Vec<Step> {
    let keeping = super::super::turn::keeps_points(policy, earn.pool, case.at);
    let Ok(net) = case.net(keeping) else { return Vec::new() };
    let context = Context { order: Some(&net), ..context_of(policy, case.at, &case.member, &case.known) };
    let work = Work { context, net: &net, earn, case };
    let Ok(steps) = work.steps() else { return Vec::new() };
    let sum = steps.iter().try_fold(Ratio::ZERO, |sum, step| sum.add(step.exact));
    if sum == Ok(total.exact) { steps } else { Vec::new() }
}

impl<'a> Work<'a> {
    fn steps(&self) -> Result<Vec<Step>, Fault> {
        let mut passing = Vec::new();
        for index in (0..self.net.lines.len()).filter(|index| self.net.stands(*index)) {
            let line = self.context.at_line(self.net, index);
            if first_failure(&line, &self.earn.filters, &self.earn.conditions)?.is_none() {
                passing.push(index);
            }
        }
        let whole = whole_of(self.context, self.net);
        if let Amount::OfRule { factor, stage, rule } = &self.earn.amount {
            return Ok(self.of_rule(whole.quantity(factor)?, *stage, *rule).into_iter().collect());
        }
        let base_at = |index: usize| match base_of(&self.earn.amount) {
            Some(base) => {
                line_base(self.context.at_line(self.net, index), self.net, index, base, self.earn.each)
            }
            None => Ok(Ratio::ZERO),
        };
        if self.earn.each == Grain::Order {
            let mut all = match base_of(&self.earn.amount) {
                Some(base) => {
                    let passes: Vec<bool> =
                        (0..self.net.lines.len()).map(|index| passing.contains(&index)).collect();
                    order_base(self.context, self.net, base, &passes)?
                }
                None => Ratio::ZERO,
            };
            for index in &passing {
                all = all.add(base_at(*index)?)?;
            }
            let (operands, exact) = self.piece(whole, all)?;
            return Ok(vec![Step { line: None, operands, exact }]);
        }
        let mut steps = Vec::new();
        for index in passing {
            let context = self.context.at_line(self.net, index);
            let units = Ratio::whole(if self.earn.each == Grain::Unit { self.net.units(index) } else { 1 });
            let (operands, exact) = self.piece(context, base_at(index)?.div(units)?)?;
            let operands =
                if units == Ratio::ONE { operands } else { format!("{} × ({operands})", plain(units)) };
            let line = self.case.order.lines.get(index).map(|line| line.id.clone());
            steps.push(Step { line, operands, exact: exact.mul(units)? });
        }
        Ok(steps)
    }

    /// A multiple of what another rule gives on the whole case.
    fn of_rule(&self, factor: Ratio, stage: Stage, rule: crate::policy::EarnId) -> Option<Step> {
        let total = self.case.totals.iter().find(|total| total.rule == rule)?;
        let (read, word) = match stage {
            Stage::Exact => (total.exact, "exact"),
            Stage::Rounded => (Ratio::whole(total.rounded), "rounded"),
            Stage::Capped => (Ratio::whole(total.given), "given"),
        };
        let name = &self.context.policy.earns.try_get(rule)?.name;
        let operands = format!("{} × {} ({word} {name})", plain(factor), plain(read));
        Some(Step { line: None, operands, exact: factor.mul(read).ok()? })
    }

    /// The operands of one piece whose earning amount is `base`, and what they make.
    fn piece(&self, context: Context<'_>, base: Ratio) -> Result<(String, Ratio), Fault> {
        let (amount, base) = self.earning(context, base)?;
        Ok(match &self.earn.amount {
            Amount::Share { rate, .. } => {
                let (rate, worth) = (context.quantity(rate)?, context.worth(self.earn.pool)?);
                let by = if worth == Ratio::ONE {
                    String::new()
                } else {
                    format!(" ÷ {}", context.show(worth, Unit::Money))
                };
                (format!("{amount} × {}{by}", context.show(rate, Unit::Rate)), rate.mul(base)?.div(worth)?)
            }
            Amount::Per { points, full, step, base: of } => {
                let (points, step) = (context.quantity(points)?, context.quantity(step)?);
                let steps = base.div(step)?;
                let (word, steps) = match full {
                    true => ("full ", Ratio::whole(steps.floor())),
                    false => ("", steps),
                };
                let step = shown(context, step, of.unit(context.policy));
                (format!("{} per {word}{step} of {amount}", plain(points)), steps.mul(points)?)
            }
            Amount::Fixed { points } => {
                let points = context.quantity(points)?;
                (plain(points), points)
            }
            Amount::OfRule { .. } => (String::new(), Ratio::ZERO),
        })
    }

    /// The amount that earns, with what it must go beyond.
    fn earning(&self, context: Context<'_>, base: Ratio) -> Result<(String, Ratio), Fault> {
        let Some(of) = base_of(&self.earn.amount) else { return Ok((String::new(), base)) };
        let unit = of.unit(context.policy);
        let amount = shown(context, base, unit);
        let Some(beyond) = &of.beyond else { return Ok((amount, base)) };
        let beyond = context.quantity(beyond)?;
        let left = base.sub(beyond)?.max(Ratio::ZERO);
        Ok((format!("({amount} beyond {})", shown(context, beyond, unit)), left))
    }
}

fn shown(context: Context<'_>, number: Ratio, unit: Unit) -> String {
    match unit {
        Unit::Count | Unit::Points => plain(number),
        unit => context.show(number, unit),
    }
}

/// A number without a unit.
pub(super) fn plain(number: Ratio) -> String {
    if number.denominator() == 1 { grouped(number.numerator()) } else { number.to_string() }
}
