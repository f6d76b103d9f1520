//! What a policy ties together, worked out once: which occasions read which measures over a whole period, which rules have
//! limits over several orders, at which periods rules look, and what one account can change in another.

use jiff::Timestamp;

use super::period::Stretch;
use crate::plan::Candidates;
use crate::policy::id::ids;
use crate::policy::reads::Reads;
use crate::policy::{
    Condition, Counted, Earn, EarnId, GroupId, Id, IdVec, Level, Limit, LimitId, LotExpiry, MeasureId,
    Member, Move, MoveId, MoveTo, Occasion, Period, Policy, Quantity, Redeem, RedeemId, Rule, Test, TierId,
    Window,
};

/// What a policy ties together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    /// By occasion: the measures that its cases read over the whole period around them.
    in_all: Vec<(Occasion, Vec<MeasureId>)>,
    /// By occasion: the earn rules, and the groups of them, that have limits over several orders.
    limited: IdVec<LimitedId, Limited>,
    of_earn: IdVec<EarnId, Vec<Met>>,
    of_group: IdVec<GroupId, Vec<Met>>,
    /// What payments under a redeem rule feed.
    pub of_payments: IdVec<RedeemId, Vec<Met>>,
    /// What rewards of a redeem rule feed, counted.
    pub of_rewards: IdVec<RedeemId, Vec<Met>>,
    pub of_moves: IdVec<MoveId, Vec<Met>>,
    /// Periods at whose end rules look.
    pub ends: Vec<Period>,
    /// Periods at which rules look whenever something is counted in them.
    pub running: Vec<Running>,
    /// True where limits over periods keep their room on a return, or are over all members.
    pub keeps: bool,
    /// True where a measure counts the points of rules.
    pub counts_rules: bool,
    /// True where a limit is over all members.
    pub budgets: bool,
    /// True where points move from one account to another.
    pub transfers: bool,
    /// True where what holds a paused expiry can run out by time alone.
    pub pauses_by_time: bool,
    /// Of each tier: the measures that it counts as periods that are over.
    pub turns: IdVec<TierId, Vec<MeasureId>>,
    /// The rules that can give anything.
    pub candidates: Candidates,
    /// The earn rules by name: the order in which what they bring at one instant is taken.
    pub by_name: IdVec<EarnId, usize>,
}

/// A period at which rules look while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub period: Period,
    /// The instants at which the terms of these rules change, rising.
    edges: Vec<Timestamp>,
}

impl Running {
    /// The part of a stretch of the period, around an instant in it, in which the terms are the same.
    pub fn part(&self, stretch: Stretch, at: Timestamp) -> Stretch {
        let next = self.edges.partition_point(|edge| *edge <= at);
        let before = next.checked_sub(1).and_then(|before| self.edges.get(before)).copied();
        Stretch {
            start: before.map_or(stretch.start, |edge| edge.max(stretch.start)),
            end: self.edges.get(next).map_or(stretch.end, |edge| (*edge).min(stretch.end)),
        }
    }
}

/// A counter that a case, a payment or a move feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub limit: LimitId,
    /// True: what was used at first counts, whatever has come back since.
    pub keep: bool,
}

ids! {
    /// An occasion whose rules have limits over several orders.
    LimitedId,
}

/// What has limits over several orders, of one occasion.
#[derive(Clone, Debug)]
struct Limited {
    of: Occasion,
    earns: Vec<EarnId>,
    groups: Vec<GroupId>,
}

impl Links {
    /// Those of a policy.
    pub fn of(policy: &Policy) -> Links {
        let mut links = Links { candidates: Candidates::of(policy), ..Links::default() };
        for version in policy.earns.iter().flat_map(|rule| &rule.versions) {
            match version.body.of {
                Occasion::Period(period) => push(&mut links.ends, period),
                Occasion::Running(period) => links.note_running(policy, period, &version.body),
                Occasion::Order | Occasion::Event(_) => {}
            }
        }
        links.read_limits(policy);
        links.read_measures(policy);
        links.transfers = moves(policy).any(|one| one.to == MoveTo::Account);
        links.by_name = policy.earns_by_name();
        links
    }

    /// A rule looks at a running period. Wherever its terms change, another part of the period begins: those of the rules, of
    /// the groups around them, of the pool, and of the values that these read.
    fn note_running(&mut self, policy: &Policy, period: Period, earn: &Earn) {
        let place = self.running.iter().position(|known| known.period == period).unwrap_or_else(|| {
            self.running.push(Running { period, edges: Vec::new() });
            self.running.len() - 1
        });
        let of = Occasion::Running(period);
        let mut windows: Vec<Window> = Vec::new();
        let mut reads = Reads::ever(policy);
        reads.earn(earn);
        reads.clocks(earn);
        let of_rules = policy.earns.iter().flat_map(|rule| &rule.versions);
        windows.extend(of_rules.filter(|version| version.body.of == of).map(|version| version.window));
        for version in policy.groups.iter().flat_map(|group| &group.versions) {
            if occasions_of(policy, &version.body.of).contains(&of) {
                windows.push(version.window);
                reads.limits(&version.body.limits);
            }
        }
        for version in &policy.pools[earn.pool].versions {
            windows.push(version.window);
            reads.pending(&version.body.pending);
        }
        let of_values = reads.values().flat_map(|id| &policy.values[id].versions);
        windows.extend(of_values.map(|version| version.window));
        let Some(running) = self.running.get_mut(place) else { return };
        running.edges.extend(windows.iter().flat_map(|window| [window.from, window.until]).flatten());
        running.edges.sort_unstable();
        running.edges.dedup();
    }

    fn read_limits(&mut self, policy: &Policy) {
        let mut groups: IdVec<GroupId, Vec<Met>> = IdVec::filled(policy.groups.len(), Vec::new());
        self.of_earn = IdVec::filled(policy.earns.len(), Vec::new());
        for (id, rule) in policy.earns.iter_enumerated() {
            for version in &rule.versions {
                note(&mut self.of_earn[id], &version.body.first);
                note(&mut self.of_earn[id], &version.body.limits);
            }
        }
        for (id, rule) in policy.groups.iter_enumerated() {
            rule.versions.iter().for_each(|version| note(&mut groups[id], &version.body.limits));
        }
        for (id, rule) in policy.earns.iter_enumerated() {
            if self.of_earn[id].is_empty() {
                continue;
            }
            for version in &rule.versions {
                push(&mut self.of_occasion(version.body.of).earns, id);
            }
        }
        for (id, rule) in policy.groups.iter_enumerated().filter(|(id, _)| !groups[*id].is_empty()) {
            for version in &rule.versions {
                for of in occasions_of(policy, &version.body.of) {
                    push(&mut self.of_occasion(of).groups, id);
                }
            }
        }
        let all = self.of_earn.iter().chain(groups.iter()).flatten();
        self.keeps = all.clone().any(|met| met.keep);
        self.budgets = policy.limits.iter().any(|counter| counter.everyone);
        self.of_group = groups;
        let paid = |redeem: &Redeem| redeem.limits.clone();
        let counted = |redeem: &Redeem| redeem.counts.clone();
        self.of_payments = of_versions(&policy.redeems, paid);
        self.of_rewards = of_versions(&policy.redeems, counted);
        self.of_moves = of_versions(&policy.moves, |one: &Move| one.limits.clone());
    }

    fn of_occasion(&mut self, of: Occasion) -> &mut Limited {
        let place = self.limited.iter().position(|limited| limited.of == of).unwrap_or_else(|| {
            self.limited.push(Limited { of, earns: Vec::new(), groups: Vec::new() });
            self.limited.len() - 1
        });
        &mut self.limited[LimitedId::new(place)]
    }

    fn read_measures(&mut self, policy: &Policy) {
        for version in policy.earns.iter().flat_map(|rule| &rule.versions) {
            let mut reads = Reads::ever(policy);
            reads.earn(&version.body);
            self.note_in_all(policy, version.body.of, &reads);
        }
        for version in policy.groups.iter().flat_map(|rule| &rule.versions) {
            let mut reads = Reads::ever(policy);
            reads.limits(&version.body.limits);
            for of in occasions_of(policy, &version.body.of) {
                self.note_in_all(policy, of, &reads);
            }
        }
        for counting in policy.measures.iter().flat_map(|measure| &measure.counts) {
            let mut reads = Reads::ever(policy);
            reads.counting(counting);
            self.note_in_all(policy, counting.of, &reads);
            self.counts_rules |= matches!(counting.what, Counted::Rule(..));
        }
        self.turns = policy
            .tiers
            .iter()
            .map(|tier| {
                let read = tier.levels.iter().flat_map(|level| level_reads(policy, level));
                let over = read.filter(|id| is_over(policy, *id));
                over.collect()
            })
            .collect();
        let terms =
            policy.pools.iter().flat_map(|pool| &pool.versions).map(|version| &version.body.lot_expiry);
        self.pauses_by_time = terms.into_iter().any(|expiry| match expiry {
            LotExpiry::After { paused: Some(condition), .. } => changes_by_time(policy, condition),
            _ => false,
        });
    }

    fn note_in_all(&mut self, policy: &Policy, of: Occasion, reads: &Reads<'_>) {
        let mut measures: Vec<MeasureId> = Vec::new();
        for measure in reads.in_all() {
            push(&mut measures, measure);
            for part in &policy.measures[measure].adds {
                push(&mut measures, *part);
            }
        }
        if measures.is_empty() {
            return;
        }
        match self.in_all.iter_mut().find(|(known, _)| *known == of) {
            Some((_, known)) => measures.into_iter().for_each(|measure| push(known, measure)),
            None => self.in_all.push((of, measures)),
        }
    }

    /// The measures that cases of an occasion read over the whole period around them.
    pub fn in_all(&self, of: Occasion) -> &[MeasureId] {
        self.in_all.iter().find(|(known, _)| *known == of).map_or(&[], |(_, measures)| measures)
    }

    /// The counters that a case of an occasion feeds by the terms of an instant, each once: all of a rule that is in force,
    /// also those of its other versions.
    pub fn met(&self, policy: &Policy, of: Occasion, at: Timestamp) -> Vec<Met> {
        let mut met = Vec::new();
        let Some(limited) = self.limited.iter().find(|limited| limited.of == of) else { return met };
        for id in &limited.earns {
            if policy.earns[*id].at(at).is_some_and(|version| version.body.of == of) {
                met.extend(&self.of_earn[*id]);
            }
        }
        for id in limited.groups.iter().filter(|id| policy.groups[**id].at(at).is_some()) {
            met.extend(&self.of_group[*id]);
        }
        met
    }

    /// True where what happens in one account can change another.
    pub fn crosses_accounts(&self) -> bool {
        self.budgets || self.transfers
    }
}

/// The occasions of the rules under a group, in any of their versions.
fn occasions_of(policy: &Policy, members: &[Member]) -> Vec<Occasion> {
    let mut found = Vec::new();
    for member in members {
        match member {
            Member::Earn(id) => {
                policy.earns[*id].versions.iter().for_each(|version| push(&mut found, version.body.of));
            }
            Member::Group(id) => {
                for version in &policy.groups[*id].versions {
                    occasions_of(policy, &version.body.of).into_iter().for_each(|of| push(&mut found, of));
                }
            }
        }
    }
    found
}

fn is_over(policy: &Policy, id: MeasureId) -> bool {
    let measure = &policy.measures[id];
    matches!(measure.period, Period::Last { .. }) || measure.adds.iter().any(|part| is_over(policy, *part))
}

fn moves(policy: &Policy) -> impl Iterator<Item = &crate::policy::Move> {
    policy.moves.iter().flat_map(|rule| &rule.versions).map(|version| &version.body)
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn level_reads(policy: &Policy, level: &crate::policy::Level) -> Vec<MeasureId> {
    let counted = level.at.iter().flatten().map(|(measure, _)| *measure);
    let mut reads = Reads::ever(policy);
    level.when.iter().for_each(|condition| reads.condition(condition));
    counted.chain(reads.measures().map(|read| read.measure)).collect()
}

fn note(met: &mut Vec<Met>, limits: &[Limit]) {
    for limit in limits {
        if let Some(counter) = limit.counter {
            push(met, Met { limit: counter, keep: limit.per.keeps_room() });
        }
    }
}

/// The counters of all versions of each rule.
fn of_versions<I: Id, T>(rules: &IdVec<I, Rule<T>>, limits: impl Fn(&T) -> Vec<Limit>) -> IdVec<I, Vec<Met>> {
    let of_rule = |rule: &Rule<T>| {
        let mut met = Vec::new();
        rule.versions.iter().for_each(|version| note(&mut met, &limits(&version.body)));
        met
    };
    rules.iter().map(of_rule).collect()
}

/// True where a condition on a member can change by time alone: it reads a measure, the calendar, a value that has a date, or
/// a level that hangs on such a condition.
fn changes_by_time(policy: &Policy, condition: &Condition) -> bool {
    let mut reads = Reads::ever(policy);
    reads.condition(condition);
    let by_condition = |level: &Level| level.when.as_ref().is_some_and(|when| changes_by_time(policy, when));
    let tiers: Vec<TierId> = reads.tiers().collect();
    reads_calendar(&condition.test)
        || reads.values().next().is_some()
        || reads.measures().next().is_some()
        || tiers.iter().any(|tier| policy.tiers[*tier].levels.iter().any(by_condition))
}

fn reads_calendar(test: &Test) -> bool {
    match test {
        Test::All(parts) | Test::Any(parts) => parts.iter().any(|part| reads_calendar(&part.test)),
        Test::Not(inner) => reads_calendar(&inner.test),
        Test::Compare { left, right, .. } => is_of_clock(left) || is_of_clock(right),
        Test::WeekdayIn { .. } | Test::Time { .. } => true,
        _ => false,
    }
}

fn is_of_clock(quantity: &Quantity) -> bool {
    match quantity {
        Quantity::Clock(_) => true,
        Quantity::Add(a, b)
        | Quantity::Subtract(a, b)
        | Quantity::Multiply(a, b)
        | Quantity::Divide(a, b) => is_of_clock(a) || is_of_clock(b),
        _ => false,
    }
}
