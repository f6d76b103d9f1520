//! What one earn rule gives on each line. In this order: conditions and filters, the amount that earns (and `on first`,
//! which cuts it), the exact points, rounding at the rule's grain, the rule's own limits. What groups make of it
//! follows in `derive`.

use super::base::{base_of, line_base, order_base};
use super::context::{Context, Failure, Fault};
use super::net::Net;
use super::room::{Scope, Tightest, UsedBefore, tightest};
use crate::policy::{Amount, Condition, Earn, EarnId, Filter, Grain, Limit, Occasion, Owner, Policy, Unit};
use crate::value::choice::Stage;
use crate::value::rounding::split_within;
use crate::value::{Ratio, Rounding, largest_remainder};
use jiff::Timestamp;

/// What one rule does on one line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It gives points (perhaps none after rounding and limits).
    Given(Given),
    /// It gives none, for this reason.
    Failed(Failure),
}

/// Points that a rule gives on a line, stage by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// Before rounding.
    pub exact: Ratio,
    /// After rounding.
    pub rounded: i64,
    /// After the rule's own limits.
    pub capped: i64,
    /// After groups and their limits: what is given.
    pub points: i64,
    /// The limit that cut it last.
    pub cut: Option<Cut>,
}

/// Which limit of points cut: whose it is, and its place in that version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cut {
    pub by: Owner,
    pub place: usize,
}

impl Outcome {
    /// Points as they stand.
    pub fn given(&self) -> Given {
        match self {
            Outcome::Given(given) => *given,
            Outcome::Failed(_) => Given::default(),
        }
    }

    /// Points at one stage.
    pub fn stage(&self, stage: Stage) -> Ratio {
        let given = self.given();
        match stage {
            Stage::Exact => given.exact,
            Stage::Rounded => Ratio::whole(given.rounded),
            Stage::Capped => Ratio::whole(given.capped),
        }
    }
}

/// One rule at work on one order or event.
pub(crate) struct Work<'a> {
    pub context: Context<'a>,
    pub net: &'a Net<'a>,
    pub id: EarnId,
    pub earn: &'a Earn,
    /// What the rules that it reads did on each line.
    pub others: &'a dyn Fn(EarnId) -> Option<&'a [Outcome]>,
    /// What earlier orders and events have used of limits.
    pub used: &'a UsedBefore,
}

impl<'a> Work<'a> {
    fn at_line(&self, line: usize) -> Context<'a> {
        self.context.at_line(self.net, line)
    }

    fn whole(&self) -> Context<'a> {
        whole_of(self.context, self.net)
    }
}

/// What a rule does on every line, and the amount that earns in all. A line of which nothing is left gets no points.
pub(crate) fn evaluate(work: &Work<'_>) -> Result<(Vec<Outcome>, Ratio), Fault> {
    let (net, earn) = (work.net, work.earn);
    let mut failures = Vec::with_capacity(net.lines.len());
    for index in 0..net.lines.len() {
        let gone = (!net.stands(index))
            .then(|| Failure { text: "nothing of the line is kept".into(), short_by: None });
        failures.push(match gone {
            Some(failure) => Some(failure),
            None => first_failure(&work.context.at_line(net, index), &earn.filters, &earn.conditions)?,
        });
    }
    let passes: Vec<bool> = failures.iter().map(Option::is_none).collect();
    let (exact, base) = exact_points(work, &passes)?;
    let rounded = round(earn, &exact)?;
    let capped = own_limits(work, &exact, &rounded)?;
    let given = exact.into_iter().zip(rounded).zip(capped);
    let given =
        given.map(|((exact, rounded), (capped, cut))| Given { exact, rounded, capped, points: capped, cut });
    let outcomes = failures.into_iter().zip(given).map(|(failure, given)| match failure {
        Some(failure) => Outcome::Failed(failure),
        None => Outcome::Given(given),
    });
    Ok((outcomes.collect(), base))
}

/// The first clause, in the order written, that does not hold on the line in view.
pub(crate) fn first_failure(
    context: &Context<'_>,
    filters: &[Filter],
    conditions: &[Condition],
) -> Result<Option<Failure>, Fault> {
    let mut first: Option<(usize, Failure)> = None;
    for filter in filters {
        if !context.is_in(&filter.passes) {
            first = Some((filter.span.start, Failure { text: filter.text.clone(), short_by: None }));
            break;
        }
    }
    for condition in conditions {
        if first.as_ref().is_some_and(|(start, _)| *start < condition.span.start) {
            break;
        }
        if let Some(failure) = context.failure(condition)? {
            return Ok(Some(failure));
        }
    }
    Ok(first.map(|(_, failure)| failure))
}

/// Exact points of each line, zero where the rule does not hold, and the amount that earns in all. What a rule gives for the whole order is spread
/// over its lines in proportion to the amount that earns (alike where there is none).
fn exact_points(work: &Work<'_>, passes: &[bool]) -> Result<(Vec<Ratio>, Ratio), Fault> {
    let (context, net, earn) = (work.context, work.net, work.earn);
    let mut exact = vec![Ratio::ZERO; passes.len()];
    let standing = || passes.iter().enumerate().filter(|(_, passes)| **passes).map(|(index, _)| index);
    if let Amount::OfRule { factor, stage, rule } = &earn.amount {
        for index in standing() {
            // A rule that is not in force gives nothing.
            let read = (work.others)(*rule).and_then(|lines| lines.get(index)).map(|line| line.stage(*stage));
            let factor = context.at_line(net, index).quantity(factor)?;
            if let Some(slot) = exact.get_mut(index) {
                *slot = factor.mul(read.unwrap_or(Ratio::ZERO))?;
            }
        }
        return Ok((exact, Ratio::ZERO));
    }
    let mut bases = vec![Ratio::ZERO; passes.len()];
    if let Some(base) = base_of(&earn.amount) {
        for (index, slot) in
            bases.iter_mut().enumerate().filter(|(index, _)| passes.get(*index) == Some(&true))
        {
            *slot = line_base(context.at_line(net, index), net, index, base, earn.each)?;
        }
    }
    let mut beyond = match base_of(&earn.amount) {
        Some(base) if earn.each == Grain::Order && standing().next().is_some() => {
            order_base(context, net, base, passes)?
        }
        _ => Ratio::ZERO,
    };
    on_first(work, &mut bases, &mut beyond)?;
    let of_lines = bases.iter().try_fold(Ratio::ZERO, |sum, base| sum.add(*base))?;
    let all = of_lines.add(beyond)?;
    if earn.each != Grain::Order {
        for index in standing() {
            let units = if earn.each == Grain::Unit { Ratio::whole(net.units(index)) } else { Ratio::ONE };
            let base = bases.get(index).copied().unwrap_or(Ratio::ZERO).div(units)?;
            let piece = amount(work, context.at_line(net, index), base)?;
            let piece = if rounds_by_unit(earn) { Ratio::whole(whole(earn, piece)?) } else { piece };
            if let Some(slot) = exact.get_mut(index) {
                *slot = piece.mul(units)?;
            }
        }
        return Ok((exact, all));
    }
    if standing().next().is_none() {
        return Ok((exact, all));
    }
    // A declared event is its one line; its category and facts are read there.
    let context = whole_of(context, net);
    let total = amount(work, context, all)?;
    let alike = Ratio::new(1, standing().count() as i128)?;
    for index in standing() {
        let base = bases.get(index).copied().unwrap_or(Ratio::ZERO);
        let share = if of_lines.is_zero() { alike } else { base.div(of_lines)? };
        if let Some(slot) = exact.get_mut(index) {
            *slot = total.mul(share)?;
        }
    }
    Ok((exact, all))
}

/// `on first`: cuts the amounts that earn, line after line, then what lies beyond the lines.
fn on_first(work: &Work<'_>, bases: &mut [Ratio], beyond: &mut Ratio) -> Result<(), Fault> {
    let first = &work.earn.first;
    for (index, base) in bases.iter_mut().enumerate() {
        if let Some(tightest) = tightest(&work.at_line(index), first, work.used, Scope::Line)? {
            *base = (*base).min(tightest.room);
        }
    }
    for scope in [Scope::Order, Scope::Orders] {
        let Some(tightest) = tightest(&work.whole(), first, work.used, scope)? else { continue };
        let mut room = tightest.room;
        for base in bases.iter_mut().chain(std::iter::once(&mut *beyond)) {
            *base = (*base).min(room);
            room = room.sub(*base)?;
        }
    }
    Ok(())
}

/// Exact points for one piece whose earning amount is `base`.
fn amount(work: &Work<'_>, context: Context<'_>, base: Ratio) -> Result<Ratio, Fault> {
    let beyond = base_of(&work.earn.amount).and_then(|base| base.beyond.as_ref());
    let base = match beyond {
        Some(beyond) => base.sub(context.quantity(beyond)?)?.max(Ratio::ZERO),
        None => base,
    };
    Ok(match &work.earn.amount {
        Amount::Share { rate, .. } => {
            // A share of money is money; the worth of a point turns it into points.
            let money = context.quantity(rate)?.mul(base)?;
            money.div(context.worth(work.earn.pool)?)?
        }
        Amount::Per { points, full, step, .. } => {
            let steps = base.div(context.quantity(step)?)?;
            let steps = if *full { Ratio::whole(steps.floor()) } else { steps };
            steps.mul(context.quantity(points)?)?
        }
        Amount::Fixed { points } => context.quantity(points)?,
        Amount::OfRule { .. } => Ratio::ZERO,
    })
}

fn rounds_by_unit(earn: &Earn) -> bool {
    matches!(earn.rounding, Some((_, Grain::Unit)))
}

/// Whole points of an exact amount; without a rounding clause it is whole already (the checker's promise).
fn whole(earn: &Earn, exact: Ratio) -> Result<i64, Fault> {
    let rounding = earn.rounding.map_or(Rounding::Down, |(rounding, _)| rounding);
    Ok(rounding.apply(exact)?)
}

fn round(earn: &Earn, exact: &[Ratio]) -> Result<Vec<i64>, Fault> {
    let by_order = match earn.rounding {
        Some((_, grain)) => grain == Grain::Order,
        None => earn.each == Grain::Order,
    };
    if !by_order {
        return exact.iter().map(|exact| whole(earn, *exact)).collect();
    }
    let sum = exact.iter().try_fold(Ratio::ZERO, |sum, exact| sum.add(*exact))?;
    if sum.is_zero() {
        return Ok(vec![0; exact.len()]);
    }
    Ok(largest_remainder(whole(earn, sum)?, exact)?)
}

/// The rule's own limits: first those of a line, then those of the order, then those over several. What they leave on each
/// line, and which cut it last.
fn own_limits(work: &Work<'_>, exact: &[Ratio], rounded: &[i64]) -> Result<Vec<(i64, Option<Cut>)>, Fault> {
    let limits = &work.earn.limits;
    let mut left: Vec<(i64, Option<Cut>)> = rounded.iter().map(|points| (*points, None)).collect();
    let cut = |place| Some(Cut { by: Owner::Earn(work.id), place });
    for (index, line) in left.iter_mut().enumerate() {
        if let Some(Tightest { place, room }) =
            tightest(&work.at_line(index), limits, work.used, Scope::Line)?
        {
            cut_to(line, room.floor_points()?, cut(place));
        }
    }
    if let Some(Tightest { place, room }) = tightest(&work.whole(), limits, work.used, Scope::Order)? {
        let points: Vec<i64> = left.iter().map(|(points, _)| *points).collect();
        let within = split_within(room.floor_points()?, exact, &points)?;
        left.iter_mut().zip(within).for_each(|(line, points)| cut_to(line, points, cut(place)));
    }
    if let Some(Tightest { place, room }) = tightest(&work.whole(), limits, work.used, Scope::Orders)? {
        let mut room = room.floor_points()?;
        for line in &mut left {
            cut_to(line, room, cut(place));
            room -= line.0;
        }
    }
    Ok(left)
}

/// Cuts a line to what a limit leaves.
fn cut_to(line: &mut (i64, Option<Cut>), room: i64, cut: Option<Cut>) {
    if room < line.0 {
        *line = (room, cut);
    }
}

/// The whole of what is decided: a declared event, or a period, is its one line, where its category and facts are read.
pub(crate) fn whole_of<'a>(context: Context<'a>, net: &'a Net<'a>) -> Context<'a> {
    if net.order.of == Occasion::Order { context } else { context.at_line(net, 0) }
}

/// A limit of earn rules and groups, as it is written.
pub(crate) fn limit_text(policy: &Policy, cut: Cut, at: Timestamp) -> Option<&str> {
    let limits: &[Limit] = match cut.by {
        Owner::Earn(id) => &policy.earns[id].at(at)?.body.limits,
        Owner::Group(id) => &policy.groups[id].at(at)?.body.limits,
        Owner::Redeem(_) | Owner::Move(_) => return None,
    };
    limits.get(cut.place).map(|limit| limit.text.as_str())
}

/// What rounding or limits took away, in words; None where points were given.
pub(crate) fn why_nothing(context: &Context<'_>, given: &Given) -> Option<Failure> {
    if given.points > 0 {
        return None;
    }
    let exact = context.show(given.exact, Unit::Points);
    if given.rounded > 0 {
        let limit = given.cut.and_then(|cut| limit_text(context.policy, cut, context.at));
        let limit = limit.map_or_else(|| "a limit".to_owned(), |limit| format!("`{limit}`"));
        return Some(Failure { text: format!("{limit} leaves nothing of {exact}"), short_by: None });
    }
    if given.exact.is_zero() {
        return Some(Failure { text: "gives 0 points here".into(), short_by: None });
    }
    let short = Ratio::ONE.sub(given.exact).ok().map(|short| context.show(short, Unit::Points));
    Some(Failure { text: format!("{exact} round to 0"), short_by: short })
}
