//! A ledger that goes on: it takes events one by one, in the order of time, and answers at any instant. Accounts share
//! nothing but budgets and transfers.

use indexmap::IndexMap;
use jiff::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::account::Account;
use super::books::case::CaseId;
use super::history::{History, Rewound, out_of_order};
use super::input::event::{Event, Mark};
use super::links::Links;
use super::stored::{self, Content, LoadError, Stored};
use super::turn::{Arrival, Budgets, Transition, Turn};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::Policy;

/// How many touched cases stand open over all accounts: some 20 MB.
const MOST_OPEN: usize = 1 << 14;

/// Accounts under one policy, brought forward by events.
#[derive(Clone, Debug)]
pub struct Ledger {
    policy: Arc<Policy>,
    links: Arc<Links>,
    accounts: IndexMap<Arc<str>, Box<Account>>,
    budgets: Budgets,
    /// When something falls due next in each account, where accounts share a budget.
    clock: BTreeSet<(Timestamp, Arc<str>)>,
    keeps_entries: bool,
    /// The cases that were touched last, in any account; what is older is packed.
    touched: VecDeque<(Arc<str>, CaseId)>,
    /// What fell due and was refused, since it was last asked for.
    failed: Vec<Failed>,
    /// All events that came in, where late ones are to be judged in their turn.
    history: Option<History>,
}

/// Something that fell due and could not be done: it did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failed {
    /// In which account.
    pub account: Arc<str>,
    /// When it was due.
    pub at: Timestamp,
    /// Why, and by which rule.
    pub refusal: Refusal,
}

impl Ledger {
    /// A ledger without accounts. It keeps balances; entries are kept only where asked for.
    pub fn new(policy: Arc<Policy>, keeps_entries: bool) -> Ledger {
        Ledger {
            links: Arc::new(Links::of(&policy)),
            policy,
            accounts: IndexMap::new(),
            budgets: Budgets::new(),
            clock: BTreeSet::new(),
            keeps_entries,
            touched: VecDeque::new(),
            failed: Vec::new(),
            history: None,
        }
    }

    /// Keeps every entry of what is judged from now on.
    pub fn keep_entries(&mut self) {
        self.keeps_entries = true;
        self.accounts.values_mut().for_each(|account| account.keeps_entries = true);
    }

    /// The policy.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The accounts in which an event has been accepted, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        let mut accounts: Vec<&Account> = self.accounts.values().map(|account| &**account).collect();
        accounts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        accounts.into_iter()
    }

    /// One account.
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id).map(|account| &**account)
    }

    /// The accounts, and the end of the ledger.
    pub(crate) fn into_accounts(self) -> impl Iterator<Item = Account> {
        let mut accounts = self.accounts;
        accounts.sort_unstable_keys();
        accounts.into_values().map(|account| *account)
    }

    /// What fell due and was refused since this was last asked.
    pub fn take_failed(&mut self) -> Vec<Failed> {
        std::mem::take(&mut self.failed)
    }

    /// True where what happens in one account can change another.
    pub(crate) fn crosses_accounts(&self) -> bool {
        self.links.crosses_accounts()
    }

    /// Keeps all events from now on, so that one that is heard of late is judged right: the accounts that it reaches go back to
    /// before it, and on from there. To be called before the first event.
    pub fn keep_history(&mut self) {
        self.history = Some(History::default());
    }

    /// Judges an event: everything due up to its instant is applied, then the event, whole or not at all. One that comes later
    /// than what has been judged already is refused, unless the ledger keeps its history. An id counts once in an account, stored or
    /// not: a copy of an event that has been accepted changes nothing, however late, and another event of its id is refused.
    pub fn apply(&mut self, event: Event) -> Result<(), Refusal> {
        let mark = event.mark();
        if let Some(known) = self.repeated(&event, mark) {
            return known;
        }
        let is_late = |account: &Account| account.books.is_past(event.at, event.kind.rank(), &event.id);
        let late = self.accounts.get(&*event.account).is_some_and(|account| is_late(account));
        let Some(mut history) = self.history.take() else {
            return if late { Err(out_of_order()) } else { self.judge(event, mark) };
        };
        let late = late || history.is_past(&event, self.crosses_accounts());
        let judged = match late {
            true if self.crosses_accounts() => self.judge_all_again(&mut history, event),
            true => self.judge_late(&mut history, event),
            false => {
                history.note(&event, self.account(&event.account));
                self.judge(event, mark)
            }
        };
        self.history = Some(history);
        judged
    }

    /// Judges an event that comes late, and everything behind it in its account again.
    fn judge_late(&mut self, history: &mut History, event: Event) -> Result<(), Refusal> {
        let id = event.account.clone();
        let Rewound { account, events, late } = history.rewind(event)?;
        match account {
            Some(account) => self.accounts.insert(id, Box::new(account)),
            None => self.accounts.swap_remove(&id),
        };
        let mut judged = Ok(());
        for (place, event) in events.into_iter().enumerate() {
            let result = self.judge_again(event);
            if place == late {
                judged = result;
            }
        }
        judged
    }

    /// The same where accounts reach each other.
    fn judge_all_again(&mut self, history: &mut History, event: Event) -> Result<(), Refusal> {
        let late = event.id.clone();
        let events = history.rewind_all(event)?;
        self.accounts.clear();
        self.budgets.clear();
        self.clock.clear();
        self.failed.clear();
        let mut judged = Ok(());
        for event in events {
            history.note(&event, self.account(&event.account));
            let is_late = event.id == late;
            let result = self.judge_again(event);
            if is_late {
                judged = result;
            }
        }
        judged
    }

    /// An event whose id the account has accepted before: a copy changes nothing, another event is refused.
    fn repeated(&self, event: &Event, mark: Mark) -> Option<Result<(), Refusal>> {
        let content = self.accounts.get(&event.account)?.books.judged.get(&mark.id)?;
        if *content == mark.content {
            return Some(Ok(()));
        }
        let message = format!("the account has had another event with the id `{}`", event.id);
        Some(Err(Refusal::new(RefusalCode::ConflictingEvent, "id", message)))
    }

    /// Judges an event of a history that is gone through again: what was refused before may be accepted now, and what shares
    /// its id comes after it.
    fn judge_again(&mut self, event: Event) -> Result<(), Refusal> {
        let mark = event.mark();
        self.repeated(&event, mark).unwrap_or_else(|| self.judge(event, mark))
    }

    /// Judges an event that comes in its turn, and whose id is new to its account.
    fn judge(&mut self, event: Event, mark: Mark) -> Result<(), Refusal> {
        let Event { id: cause, at, account: owner, kind, aside: _ } = event;
        self.advance_shared(at);
        self.advance(&owner, at);
        let mut transition = self.look(&owner, at, cause, |turn| turn.judge(kind, mark))?;
        let mut received = Vec::new();
        for arrival in std::mem::take(&mut transition.arrivals) {
            received.push((arrival.account.clone(), self.receive(arrival, at)?));
        }
        self.take(owner, transition);
        for (account, transition) in received {
            self.take(account, transition);
        }
        Ok(())
    }

    /// What points that come from another account do where they arrive.
    fn receive(&mut self, arrival: Arrival, at: Timestamp) -> Result<Transition, Refusal> {
        self.advance(&arrival.account.clone(), at);
        let (id, cause) = (arrival.account.clone(), arrival.event.clone());
        self.look(&id, at, cause, |turn| turn.receive(arrival))
    }

    /// Works something out on an account and takes nothing in.
    pub(super) fn look<T>(
        &self,
        id: &Arc<str>,
        at: Timestamp,
        cause: Arc<str>,
        work: impl FnOnce(Turn<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        match self.accounts.get(id) {
            Some(account) => work(Turn::new(account.scene(&self.policy, &self.budgets), at, cause)),
            None => {
                let new = self.new_account(id);
                work(Turn::new(new.scene(&self.policy, &self.budgets), at, cause))
            }
        }
    }

    /// An account as it stands, without its journal; a new one where it is not known.
    pub(super) fn copy_of(&self, id: &Arc<str>) -> Account {
        let books = self.accounts.get(id).map(|account| account.books.clone());
        let new = Account { keeps_entries: false, ..self.new_account(id) };
        match books {
            Some(books) => Account { books, ..new },
            None => new,
        }
    }

    fn new_account(&self, id: &Arc<str>) -> Account {
        Account::new(&self.policy, self.links.clone(), id.clone(), self.keeps_entries)
    }

    /// Takes in what a turn of an account does.
    fn take(&mut self, id: Arc<str>, transition: Transition) {
        if !self.accounts.contains_key(&id) {
            let new = self.new_account(&id);
            self.accounts.insert(id.clone(), Box::new(new));
        }
        let Some(account) = self.accounts.get_mut(&id) else { return };
        let before = account.books.next().map(|(when, _)| *when);
        self.touched.extend(transition.cases().map(|case| (id.clone(), case)));
        account.take(transition, &mut self.budgets);
        if self.links.budgets {
            let now = account.books.next().map(|(when, _)| *when);
            if let Some(before) = before {
                self.clock.remove(&(before, id.clone()));
            }
            self.clock.extend(now.map(|now| (now, id)));
        }
        while self.touched.len() > MOST_OPEN {
            let Some((id, case)) = self.touched.pop_front() else { break };
            if let Some(account) = self.accounts.get_mut(&id) {
                account.books.cases.release(case);
            }
        }
    }

    /// An account as bytes, to be stored and gone on with by [`Ledger::load`]; none where the account is not known. Its
    /// entries are not among them: whoever keeps entries writes them away as they come.
    pub fn save(&self, account: &str) -> Option<Vec<u8>> {
        let account = self.accounts.get(account)?;
        let content = Content::Account { id: account.id.to_string(), books: Box::new(account.books.clone()) };
        Some(stored::write(&Stored { policy: self.policy.meaning_digest().to_owned(), content }))
    }

    /// What all accounts share, as bytes: what has been used of budgets over all members.
    pub fn save_shared(&self) -> Vec<u8> {
        let content = stored::shared(&self.budgets);
        stored::write(&Stored { policy: self.policy.meaning_digest().to_owned(), content })
    }

    /// Goes on with what was stored under a policy that says the same: an account, which takes the place of the one of its name, or what
    /// all accounts share.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        match stored::read(bytes, self.policy.meaning_digest())? {
            Content::Account { id, books } => {
                let id = Arc::<str>::from(id);
                let mut account = self.new_account(&id);
                account.books = *books;
                if self.links.budgets {
                    self.clock.retain(|(_, known)| *known != id);
                    self.clock.extend(account.books.next().map(|(when, _)| (*when, id.clone())));
                }
                if let Some(history) = &mut self.history {
                    history.begin(id.clone(), account.clone());
                }
                self.accounts.insert(id, Box::new(account));
            }
            Content::Shared(budgets) => {
                let budgets = budgets.into_iter();
                self.budgets = budgets.map(|budget| ((budget.limit, budget.start), budget.used)).collect();
            }
        }
        Ok(())
    }

    /// Applies everything that is due in an account up to an instant.
    pub fn advance(&mut self, id: &Arc<str>, at: Timestamp) {
        while let Some(account) = self.accounts.get(id) {
            let Some((when, task)) = account.books.next().filter(|(when, _)| *when <= at).cloned() else {
                return;
            };
            let turn = || Turn::new(account.scene(&self.policy, &self.budgets), when, account.id.clone());
            let transition = match turn().due(&task) {
                Ok(transition) => transition,
                Err(refusal) => {
                    self.failed.push(Failed { account: id.clone(), at: when, refusal });
                    // What cannot even be skipped would stand in the way of everything after it.
                    let Ok(transition) = turn().skip(&task) else { return };
                    transition
                }
            };
            self.take(id.clone(), transition);
        }
    }

    /// Applies everything that is due in any account up to an instant.
    pub fn advance_all(&mut self, at: Timestamp) {
        self.advance_shared(at);
        let mut ids: Vec<Arc<str>> = self.accounts.keys().cloned().collect();
        ids.sort_unstable();
        for id in ids {
            self.advance(&id, at);
        }
    }

    /// Where accounts share a budget, what falls due in one of them (an ended period, say) can use it up for the others:
    /// everything due up to an instant is applied in the order of instants, then of accounts.
    pub(super) fn advance_shared(&mut self, at: Timestamp) {
        while let Some((when, id)) = self.clock.first().cloned().filter(|(when, _)| *when <= at) {
            self.advance(&id, when);
            // Were it to stand still, it is not looked at again until something happens there.
            self.clock.remove(&(when, id));
        }
    }
}
