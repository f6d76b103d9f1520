//! What measures count: each order and event keeps what it adds; a measure's number is the sum over a period.

use jiff::Timestamp;

use super::account::Account;
use super::lots::OrderId;
use super::period::{Stretch, around};
use super::placed::{Contribution, PlacedOrder};
use crate::check::policy::{Counted, FactValue, Policy};
use crate::eval::count::count;
use crate::eval::{Earning, Refusal, context_of, refuse};
use crate::value::{Overflow, Ratio};

impl Account {
    /// What every measure says around `at`, of everything up to `at` that the account holds.
    pub(crate) fn counts(&self, policy: &Policy, at: Timestamp) -> Result<Vec<Vec<Ratio>>, Overflow> {
        self.counts_of(policy, at, Some(at), &|_, placed| placed.contributions.as_slice())
    }

    /// What every measure says over the whole period around `at`; `read` looks at orders as they are about to be.
    pub(crate) fn counts_in_all<'a>(
        &'a self,
        policy: &Policy,
        at: Timestamp,
        read: &dyn Fn(OrderId, &'a PlacedOrder) -> &'a [Contribution],
    ) -> Result<Vec<Vec<Ratio>>, Overflow> {
        self.counts_of(policy, at, None, read)
    }

    fn counts_of<'a>(
        &'a self,
        policy: &Policy,
        at: Timestamp,
        until: Option<Timestamp>,
        read: &dyn Fn(OrderId, &'a PlacedOrder) -> &'a [Contribution],
    ) -> Result<Vec<Vec<Ratio>>, Overflow> {
        let mut counts = crate::eval::order::Known::start(policy).so_far;
        let periods = policy.measures.iter().map(|measure| around(policy, &self.member, measure.period, at));
        let periods: Vec<Stretch> = periods.collect::<Result<_, _>>()?;
        for (id, placed) in self.orders.iter().enumerate() {
            for one in read(id, placed) {
                let inside = periods.get(one.measure).is_some_and(|period| period.contains(one.at))
                    && until.is_none_or(|until| one.at <= until);
                let slot = counts.get_mut(one.measure).and_then(|numbers| numbers.get_mut(one.key));
                if let Some(slot) = slot.filter(|_| inside) {
                    *slot = slot.add(one.amount)?;
                }
            }
        }
        Ok(counts)
    }
}

/// What an order or event adds to measures, `earning` being what it earns as far as that is known.
pub(crate) fn contributions(
    policy: &Policy,
    placed: &PlacedOrder,
    earning: &Earning,
) -> Result<Vec<Contribution>, Refusal> {
    let mut found = Vec::new();
    if policy.measures.is_empty() {
        return Ok(found);
    }
    let net = placed.net(false).map_err(|_| super::account::overflow("what measures count"))?;
    for (measure, declared) in policy.measures.iter().enumerate() {
        for counting in &declared.counts {
            let at = match counting.at {
                None => Some(placed.at),
                Some(mark) => placed.marks.get(mark).copied().flatten(),
            };
            let (Some(at), true) = (at, counting.of == placed.order.of) else { continue };
            let key = declared.key.and_then(|(_, fact)| placed.order.facts.get(fact));
            let key = if let Some(FactValue::Choice(choice)) = key { *choice } else { 0 };
            let context = context_of(policy, placed.at, &placed.member, &placed.known);
            let amount = count(context, &net, counting, earning)
                .map_err(|fault| refuse(policy, fault, &declared.name))?;
            if !amount.is_zero() {
                found.push(Contribution { measure, key, at, amount });
            }
        }
    }
    Ok(found)
}

/// True where a measure counts the points of rules.
pub(crate) fn counts_rules(policy: &Policy) -> bool {
    let counts = policy.measures.iter().flat_map(|measure| &measure.counts);
    counts.into_iter().any(|counting| matches!(counting.what, Counted::Rule(..)))
}
