//! Replaying: a set of events in, accounts and refusals out. [`replay`] takes everything at once, in any order;
//! [`Replay`] takes events sorted by instant one after the other and keeps only the accounts.

use indexmap::IndexMap;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::account::{Account, Clock};
use super::event::Event;
use super::intake::{Incoming, Place, Refused, Sorted, latest, sort_out};
use super::period::around;
use super::placed::PlacedOrder;
use super::ties::Ties;
use crate::eval::room::Used;
use crate::eval::{MemberFacts, Refusal, RefusalCode};
use crate::policy::{LimitId, MoveId, Policy, PoolId};
use crate::value::{Overflow, Ratio};

/// How to replay.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Stand at this instant: later events are not seen. Without it, at the latest instant that could be read.
    pub at: Option<Timestamp>,
    /// Only this account.
    pub account: Option<String>,
    /// Keep every entry, for explanations.
    pub keep_entries: bool,
}

/// Where the accounts stand after a replay.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The instant at which all accounts stand; none where nothing with a readable instant came in.
    pub at: Option<Timestamp>,
    /// Every account with an accepted event, by id.
    pub accounts: Vec<Account>,
    /// What was refused, by instant, id, code; what has no readable instant comes last.
    pub refused: Vec<Refused>,
    /// How many copies of events were not counted.
    pub duplicates: u64,
    /// How many events were accepted.
    pub accepted: u64,
}

/// Replays a set of events: file order, copies and late arrival change nothing.
pub fn replay(policy: &Policy, incoming: Vec<Incoming>, options: &Options) -> Outcome {
    let mut run = Replay::new(policy, options.clone());
    run.options.at = options.at.or_else(|| latest(&incoming));
    run.take(sort_out(incoming, run.options.at));
    run.finish()
}

/// What accounts share: budgets over all members, and points on their way to another account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    /// Used of budgets, by limit and start of the period.
    budgets: HashMap<(LimitId, Timestamp), Ratio>,
    /// Points that leave for another account.
    pub arrivals: Vec<Arrival>,
}

/// Points on their way to another account.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub account: Arc<str>,
    pub pool: PoolId,
    pub points: i64,
    pub event: Arc<str>,
    pub rule: MoveId,
}

impl Shared {
    /// What all members have used of a budget.
    pub fn used(&self, counter: LimitId, start: Timestamp) -> Ratio {
        self.budgets.get(&(counter, start)).copied().unwrap_or(Ratio::ZERO)
    }

    /// What all members have used of a budget in the stretch around `at`.
    pub fn used_at(&self, policy: &Policy, counter: LimitId, at: Timestamp) -> Result<Ratio, Overflow> {
        let stretch = around(policy, &MemberFacts::default(), policy.limits[counter].period, at)?;
        Ok(self.used(counter, stretch.start))
    }

    /// Uses more of a budget.
    pub fn add(&mut self, policy: &Policy, counter: LimitId, at: Timestamp, amount: Ratio) {
        let period = policy.limits[counter].period;
        let Ok(stretch) = around(policy, &MemberFacts::default(), period, at) else { return };
        if let Ok(used) = self.used(counter, stretch.start).add(amount) {
            self.budgets.insert((counter, stretch.start), used);
        }
    }

    /// Charges what an order uses of budgets, beyond what it was charged before.
    pub fn charge(&mut self, policy: &Policy, before: Option<&Used>, placed: &PlacedOrder) {
        for (id, _) in policy.limits.iter_enumerated().filter(|(_, counter)| counter.everyone) {
            let old = before.map_or(Ratio::ZERO, |before| before.of(id));
            if let Ok(more) = placed.charged.of(id).sub(old)
                && !more.is_zero()
            {
                self.add(policy, id, placed.at, more);
            }
        }
    }
}

/// A replay of events sorted by instant: constant work for each event, memory that grows with accounts and their
/// orders only.
pub struct Replay<'p> {
    policy: &'p Policy,
    options: Options,
    ties: Arc<Ties>,
    shared: Shared,
    accounts: IndexMap<Arc<str>, Account>,
    /// When something falls due next in each account, where accounts share a budget.
    clock: BTreeSet<(Timestamp, Arc<str>)>,
    refused: Vec<Refused>,
    duplicates: u64,
    accepted: u64,
    /// The latest instant seen, and everything that came in at it: judged together once a later one comes.
    now: Option<Timestamp>,
    batch: Vec<Incoming>,
}

impl<'p> Replay<'p> {
    /// A replay that has seen nothing yet.
    pub fn new(policy: &'p Policy, options: Options) -> Replay<'p> {
        Replay {
            policy,
            options,
            ties: Arc::new(Ties::of(policy)),
            shared: Shared::default(),
            accounts: IndexMap::new(),
            clock: BTreeSet::new(),
            refused: Vec::new(),
            duplicates: 0,
            accepted: 0,
            now: None,
            batch: Vec::new(),
        }
    }

    /// Takes the next event. One earlier than what has been seen is refused; copies and conflicts are seen among
    /// events of one instant only.
    pub fn push(&mut self, incoming: Incoming) {
        let Some(at) = incoming.at else {
            self.batch.push(incoming);
            return;
        };
        if self.options.at.is_some_and(|until| at > until) {
            return;
        }
        if self.now.is_some_and(|now| at < now) {
            let message = "this event is earlier than one before it; sort the input by instant, or run without --sorted";
            let refusal = Refusal::new(RefusalCode::OutOfOrder, "at", message);
            let Incoming { place, id, account, .. } = incoming;
            self.refuse(Refused { event: id, at: Some(at), account, places: vec![place], refusal });
            return;
        }
        if self.now != Some(at) {
            self.judge_batch();
            self.now = Some(at);
        }
        self.batch.push(incoming);
    }

    /// Judges what is left and brings every account to the instant at which the run stands.
    pub fn finish(mut self) -> Outcome {
        self.judge_batch();
        let at = self.options.at.or(self.now);
        if let Some(at) = at {
            self.advance_all(at);
        }
        let only = self.options.account.as_deref();
        let shown = |account: &Account| account.used && only.is_none_or(|only| *account.id == *only);
        let mut accounts: Vec<Account> = self.accounts.into_values().filter(shown).collect();
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        for account in &mut accounts {
            if let Some(at) = at {
                // Events near the end of time have been refused, so nothing that falls due here can overflow.
                let _ = account.advance(self.policy, &mut self.shared, at);
            }
        }
        self.refused.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        Outcome { at, accounts, refused: self.refused, duplicates: self.duplicates, accepted: self.accepted }
    }

    fn judge_batch(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            let sorted = sort_out(batch, self.options.at);
            self.take(sorted);
        }
    }

    fn take(&mut self, sorted: Sorted) {
        for refused in sorted.refused {
            self.refuse(refused);
        }
        let only = self.options.account.as_deref();
        let ours = sorted.duplicates.iter().filter(|account| only.is_none() || account.as_deref() == only);
        self.duplicates += ours.count() as u64;
        let mut events = sorted.events;
        // What happens in another account may reach this one where points are transferred or a budget is shared.
        let all = self.ties.crosses_accounts();
        events.retain(|(event, _)| all || only.is_none_or(|only| event.account == only));
        events.sort_by(|(a, _), (b, _)| (a.at, a.kind.rank(), &a.id).cmp(&(b.at, b.kind.rank(), &b.id)));
        for (event, place) in events {
            self.judge(event, place);
        }
    }

    /// Where accounts share a budget, what falls due in one of them (an ended period, say) can use it up for the others:
    /// everything due up to an instant is applied in the order of instants, then of accounts.
    fn advance_all(&mut self, at: Timestamp) {
        while let Some((when, id)) = self.clock.pop_first() {
            if when > at {
                self.clock.insert((when, id));
                return;
            }
            if let Some(account) = self.accounts.get_mut(&id) {
                let advanced = account.advance(self.policy, &mut self.shared, when);
                // Nothing that falls due can overflow; were it to, the account would stand still.
                let wakes = account.wakes().filter(|_| advanced.is_ok());
                self.clock.extend(wakes.map(|wakes| (wakes, id)));
            }
        }
    }

    fn judge(&mut self, event: Event, place: Place) {
        let Event { id, at, account: owner, kind } = event;
        self.advance_all(at);
        let id = Arc::<str>::from(id);
        let (policy, name) = (self.policy, Arc::<str>::from(owner.as_str()));
        let account = account_of(&mut self.accounts, policy, &self.ties, &name, self.options.keep_entries);
        let before = if self.ties.budgets { account.wakes() } else { None };
        let judged = account.judge(policy, &mut self.shared, at, id.clone(), kind);
        if self.ties.budgets {
            watch(&mut self.clock, before, account);
        }
        match judged {
            Ok(()) => {
                self.accepted += 1;
                self.deliver(at);
            }
            Err(refusal) => {
                let (event, account) = (Some(id.to_string()), Some(owner));
                self.refuse(Refused { event, at: Some(at), account, places: vec![place], refusal });
            }
        }
    }

    /// Points that have left for another account arrive there.
    fn deliver(&mut self, at: Timestamp) {
        for Arrival { account, pool, points, event, rule } in std::mem::take(&mut self.shared.arrivals) {
            let (policy, keep) = (self.policy, self.options.keep_entries);
            let to = account_of(&mut self.accounts, policy, &self.ties, &account, keep);
            let before = if self.ties.budgets { to.wakes() } else { None };
            // The sender's event has been accepted, so its instant lies where nothing overflows.
            let arrived = to
                .advance(policy, &mut self.shared, at)
                .and_then(|()| to.arrive(policy, at, (pool, points), Clock::Rule(None), &event, rule));
            if arrived.is_ok() && !to.used {
                to.used = true;
                let _ = to.start_clocks(policy, at);
            }
            if self.ties.budgets {
                watch(&mut self.clock, before, to);
            }
        }
    }

    fn refuse(&mut self, refused: Refused) {
        let only = self.options.account.as_ref();
        if only.is_none() || refused.account.is_none() || refused.account.as_ref() == only {
            self.refused.push(refused);
        }
    }
}

/// Looks at an account when something falls due in it next, no longer at `before`.
fn watch(clock: &mut BTreeSet<(Timestamp, Arc<str>)>, before: Option<Timestamp>, account: &Account) {
    if let Some(before) = before {
        clock.remove(&(before, account.id.clone()));
    }
    clock.extend(account.wakes().map(|wakes| (wakes, account.id.clone())));
}

fn account_of<'a>(
    accounts: &'a mut IndexMap<Arc<str>, Account>,
    policy: &Policy,
    ties: &Arc<Ties>,
    id: &Arc<str>,
    keep_entries: bool,
) -> &'a mut Account {
    accounts.entry(id.clone()).or_insert_with(|| Account::new(policy, ties.clone(), id.clone(), keep_entries))
}

fn sort_key(refused: &Refused) -> impl Ord + '_ {
    let Refused { event, at, refusal, places, account } = refused;
    (
        at.is_none(),
        *at,
        event.is_none(),
        event,
        refusal.code.name(),
        &refusal.path,
        account,
        &refusal.message,
        places,
    )
}
