//! Which orders and events a policy ties together: those that share a limit over a period, or a measure that is read
//! over a whole period. Taking back part of one decides the tied ones again. A policy without such rules ties nothing.

use crate::eval::reads::reads;
use crate::policy::{
    Expiry, ExpiryAnchorKind, MoveTo, Occasion, Owner, Pending, PendingAnchor, Period, Policy,
};

/// What ties orders together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ties {
    /// Periods of limits.
    pub limits: Vec<Period>,
    /// Periods of measures that rules read in all.
    pub in_all: Vec<Period>,
    /// Periods at whose end rules look.
    pub ends: Vec<Period>,
    /// Periods at which rules look whenever something is counted in them.
    pub running: Vec<Period>,
    /// True where limits over periods keep their room on a return, or are over all members.
    pub keeps: bool,
    /// True where a measure is counted at all.
    pub measures: bool,
    /// True where points or balances wait for shipping.
    pub ships: bool,
    /// True where a limit is over all members.
    pub budgets: bool,
    /// True where points move from one account to another.
    pub transfers: bool,
}

impl Ties {
    /// Those of a policy.
    pub fn of(policy: &Policy) -> Ties {
        let mut ties = Ties { measures: !policy.measures.is_empty(), ..Ties::default() };
        for rule in &policy.earns {
            for version in &rule.versions {
                match version.body.of {
                    Occasion::Period(period) => push(&mut ties.ends, period),
                    Occasion::Running(period) => {
                        push(&mut ties.running, period);
                        continue;
                    }
                    Occasion::Order | Occasion::Event(_) => {}
                }
                let in_all =
                    reads(policy, &version.body, None).measures.into_iter().filter(|read| read.in_all);
                for measure in in_all.filter_map(|read| policy.measures.try_get(read.measure)) {
                    push(&mut ties.in_all, measure.period);
                }
            }
        }
        let earns = policy.earns.iter().flat_map(|rule| &rule.versions);
        let limits = earns.flat_map(|version| version.body.first.iter().chain(&version.body.limits));
        let groups = policy.groups.iter().flat_map(|rule| &rule.versions);
        let mut limits = limits.chain(groups.flat_map(|version| &version.body.limits));
        ties.keeps = limits.any(|limit| limit.per.keeps_room());
        for counter in &policy.limits {
            if !counter.everyone && matches!(counter.owner, Owner::Earn(_) | Owner::Group(_)) {
                push(&mut ties.limits, counter.period);
            }
            ties.budgets |= counter.everyone;
        }
        for version in policy.moves.iter().flat_map(|rule| &rule.versions) {
            ties.transfers |= version.body.to == MoveTo::Account;
        }
        ties.ships = waits_for_shipping(policy);
        ties
    }

    /// True where what happens in one account can change another.
    pub fn crosses_accounts(&self) -> bool {
        self.budgets || self.transfers
    }

    /// True where nothing is tied.
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty() && self.in_all.is_empty() && self.running.is_empty()
    }
}

fn waits_for_shipping(policy: &Policy) -> bool {
    let shipped =
        |pending: &Pending| matches!(pending, Pending::Until { anchor: PendingAnchor::Shipped, .. });
    let rules = policy.earns.iter().flat_map(|rule| &rule.versions);
    let pools = policy.pools.iter().flat_map(|pool| &pool.versions);
    rules
        .into_iter()
        .any(|version| version.body.pending.as_ref().is_some_and(|(pending, _)| shipped(pending)))
        || pools.into_iter().any(|version| {
            let extends = match &version.body.expiry {
                Expiry::After { anchors, .. } => {
                    anchors.iter().any(|anchor| anchor.kind == ExpiryAnchorKind::Shipped)
                }
                Expiry::Never => false,
            };
            shipped(&version.body.pending) || extends
        })
}

fn push(list: &mut Vec<Period>, period: Period) {
    if !list.contains(&period) {
        list.push(period);
    }
}
