//! The rules that can give an order anything: those whose filters let one of its categories pass, and those that must be
//! looked at whatever it holds.

use jiff::Timestamp;

use super::dated::{Dated, Seconds};
use crate::eval::order::Order;
use crate::policy::{
    CategoryId, CategorySet, Earn, EarnId, Limit, Member, Occasion, Policy, Quantity, Subject, Test, Window,
};

/// The earn rules of a policy, found by occasion, category and date.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates {
    /// The rules such that each stands after those that it reads; what is found is told by places here.
    order: Vec<EarnId>,
    /// Those of orders.
    of_orders: Found,
    /// Those of declared events and of stretches of time.
    of_others: Vec<(Occasion, Dated<u32>)>,
}

/// Rules of orders.
#[derive(Clone, Debug, Default)]
struct Found {
    /// To be looked at for every order.
    always: Dated<u32>,
    /// To be looked at only where an order has a line of a category.
    by_category: Vec<Dated<u32>>,
}

impl Candidates {
    /// Those of a policy.
    pub fn of(policy: &Policy) -> Candidates {
        let mut always = Vec::new();
        let mut by_category: Vec<Vec<(Seconds, u32)>> = vec![Vec::new(); policy.categories.len()];
        let mut others: Vec<(Occasion, Vec<(Seconds, u32)>)> = Vec::new();
        let grouped = in_reading_groups(policy);
        for (place, id) in (0..).zip(policy.earn_order.iter().copied()) {
            for version in &policy.earns[id].versions {
                let item = (seconds(&version.window), place);
                match version.body.of {
                    Occasion::Order => match passing(&version.body).filter(|_| !grouped.contains(&id)) {
                        None => always.push(item),
                        Some(passes) => {
                            for category in passes.iter() {
                                by_category
                                    .get_mut(category.index())
                                    .into_iter()
                                    .for_each(|list| list.push(item));
                            }
                        }
                    },
                    of => match others.iter_mut().find(|(known, _)| *known == of) {
                        Some((_, items)) => items.push(item),
                        None => others.push((of, vec![item])),
                    },
                }
            }
        }
        let of_orders = Found {
            always: Dated::of(&always),
            by_category: by_category.iter().map(|items| Dated::of(items)).collect(),
        };
        let of_others = others.iter().map(|(of, items)| (*of, Dated::of(items))).collect();
        Candidates { order: policy.earn_order.clone(), of_orders, of_others }
    }

    /// The rules that can give something on an order or event at an instant, each after those that it reads.
    pub fn find(&self, order: &Order, at: Timestamp) -> Vec<EarnId> {
        let second = floor(at);
        let mut places: Vec<u32> = Vec::new();
        if order.of == Occasion::Order {
            self.of_orders.always.each(second, |place| places.push(*place));
            let mut seen: Vec<CategoryId> = Vec::new();
            for category in order.lines.iter().filter_map(|line| line.category) {
                if !seen.contains(&category) {
                    seen.push(category);
                    let dated = self.of_orders.by_category.get(category.index());
                    dated.into_iter().for_each(|dated| dated.each(second, |place| places.push(*place)));
                }
            }
        } else if let Some((_, dated)) = self.of_others.iter().find(|(of, _)| *of == order.of) {
            dated.each(second, |place| places.push(*place));
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.order.get(place as usize).copied()).collect()
    }
}

/// The whole seconds that a window touches.
pub(super) fn seconds(window: &Window) -> Seconds {
    let until = |until: Timestamp| floor(until) + i64::from(until.subsec_nanosecond() != 0);
    Seconds { from: window.from.map_or(i64::MIN, floor), until: window.until.map_or(i64::MAX, until) }
}

/// The whole second in which an instant lies.
pub(super) fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

/// The categories that all filters of a rule let pass, where on any other line it does nothing and nothing in it can
/// fail; None where it has to be looked at for every order.
pub(super) fn passing(earn: &Earn) -> Option<CategorySet> {
    let last = earn.filters.iter().map(|filter| filter.span.start).max()?;
    // Conditions before a filter are read even where the filter does not hold.
    let calm =
        earn.conditions.iter().all(|condition| condition.span.start > last || is_calm(&condition.test));
    let limits = earn.limits.iter().chain(&earn.first);
    if !calm || !limits.into_iter().all(is_constant) {
        return None;
    }
    let (first, others) = earn.filters.split_first()?;
    let passes = first.passes.iter();
    Some(passes.filter(|category| others.iter().all(|filter| filter.passes.contains(*category))).collect())
}

/// True where reading a condition cannot fail: it computes nothing, and reads nothing that may not be known.
fn is_calm(test: &Test) -> bool {
    let is_known = |subject: Subject| matches!(subject, Subject::Listing | Subject::Line | Subject::Order);
    let calm =
        |quantity: &Quantity| matches!(quantity, Quantity::Constant(_) | Quantity::Fact(Subject::Listing, _));
    match test {
        Test::All(parts) | Test::Any(parts) => parts.iter().all(|part| is_calm(&part.test)),
        Test::Not(inner) => is_calm(&inner.test),
        Test::OneOf { subject, .. } | Test::TextIn { subject, .. } | Test::Fact { subject, .. } => {
            is_known(*subject)
        }
        Test::Compare { left, right, .. } => calm(left) && calm(right),
        Test::CategoryIn { .. }
        | Test::Level { .. }
        | Test::LevelIn { .. }
        | Test::WeekdayIn { .. }
        | Test::Constant(_) => true,
        Test::Value(_) | Test::HasBadge(_) | Test::Time { .. } => false,
    }
}

fn is_constant(limit: &Limit) -> bool {
    matches!(limit.amount, Quantity::Constant(_))
}

/// The rules in groups whose limits read something: a group is looked at where one of its rules is.
fn in_reading_groups(policy: &Policy) -> Vec<EarnId> {
    let versions = policy.groups.iter().flat_map(|group| &group.versions);
    let reading = versions.filter(|version| !version.body.limits.iter().all(is_constant));
    let mut rules = Vec::new();
    reading.flat_map(|version| &version.body.of).for_each(|member| add_rules(policy, *member, &mut rules));
    rules
}

/// The rules that a member of a group has ever held.
fn add_rules(policy: &Policy, member: Member, rules: &mut Vec<EarnId>) {
    match member {
        Member::Earn(id) => rules.push(id),
        Member::Group(id) => {
            let inner = policy.groups[id].versions.iter().flat_map(|version| &version.body.of);
            inner.for_each(|member| add_rules(policy, *member, rules));
        }
    }
}
