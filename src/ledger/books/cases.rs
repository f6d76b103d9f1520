//! The cases of an account. Those that were touched last stand open; the others are packed into a few bytes each, and
//! opened when something comes back to them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::case::{Case, CaseId};

/// How many cases stand open.
const MOST_OPEN: usize = 4;

/// All cases, in the order in which they came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cases {
    /// Empty where a case stands open.
    packed: Vec<Box<[u8]>>,
    open: BTreeMap<CaseId, Case>,
    /// The open ones, the one touched last at the end.
    touched: VecDeque<CaseId>,
}

impl Cases {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed.len()
    }

    /// All cases in order.
    pub fn iter(&self) -> impl Iterator<Item = (CaseId, Cow<'_, Case>)> {
        (0..self.len()).map(CaseId::new).map(|id| (id, self.get(id)))
    }

    /// A case of this account.
    pub fn get(&self, id: CaseId) -> Cow<'_, Case> {
        match self.open.get(&id) {
            Some(case) => Cow::Borrowed(case),
            None => Cow::Owned(self.unpack(id)),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "what is packed was packed here, or has been opened once on loading"
    )]
    fn unpack(&self, id: CaseId) -> Case {
        let packed = self.packed.get(id.index()).map(|packed| postcard::from_bytes(packed));
        packed.and_then(Result::ok).expect("a packed case opens")
    }

    /// True where every packed case can be opened.
    pub fn is_sound(&self) -> bool {
        let ids = (0..self.packed.len()).map(CaseId::new);
        let opens = |(id, packed): (CaseId, &[u8])| {
            self.open.contains_key(&id) || postcard::from_bytes::<Case>(packed).is_ok()
        };
        ids.zip(self.packed.iter().map(|packed| &**packed)).all(opens)
            && self.open.keys().all(|id| id.index() < self.packed.len())
    }

    /// Over these cases, with nothing changed.
    pub fn draft(&self) -> CasesDraft<'_> {
        CasesDraft { base: self, changed: BTreeMap::new(), len: self.len() }
    }

    /// Takes in what a draft has changed.
    pub fn apply(&mut self, change: CasesChange) {
        for (id, case) in change.0 {
            if id.index() == self.packed.len() {
                self.packed.push(Box::default());
            }
            if self.open.insert(id, case).is_some() {
                self.touched.retain(|open| *open != id);
            }
            if let Some(packed) = self.packed.get_mut(id.index()) {
                *packed = Box::default();
            }
            self.touched.push_back(id);
        }
        while self.touched.len() > MOST_OPEN {
            let Some(id) = self.touched.pop_front() else { break };
            self.pack(id);
        }
    }

    fn pack(&mut self, id: CaseId) {
        let Some(case) = self.open.get(&id) else { return };
        // A case that could not be packed simply stays open.
        if let (Ok(bytes), Some(packed)) = (postcard::to_allocvec(case), self.packed.get_mut(id.index())) {
            *packed = bytes.into_boxed_slice();
            self.open.remove(&id);
        }
    }
}

/// Cases as a turn is changing them.
#[derive(Clone, Debug)]
pub(crate) struct CasesDraft<'a> {
    base: &'a Cases,
    changed: BTreeMap<CaseId, Case>,
    len: usize,
}

/// What a turn has changed of cases.
#[derive(Clone, Debug)]
pub(crate) struct CasesChange(BTreeMap<CaseId, Case>);

impl CasesDraft<'_> {
    /// The case that comes next.
    pub fn next(&self) -> CaseId {
        CaseId::new(self.len)
    }

    pub fn get(&self, id: CaseId) -> Cow<'_, Case> {
        match self.changed.get(&id) {
            Some(case) => Cow::Borrowed(case),
            None => self.base.get(id),
        }
    }

    pub fn get_mut(&mut self, id: CaseId) -> &mut Case {
        let base = self.base;
        self.changed.entry(id).or_insert_with(|| base.get(id).into_owned())
    }

    /// Takes a case out to be changed; it is put back in the same turn.
    pub fn take(&mut self, id: CaseId) -> Case {
        self.changed.remove(&id).unwrap_or_else(|| self.base.get(id).into_owned())
    }

    /// Puts a case back that was taken out.
    pub fn put(&mut self, id: CaseId, case: Case) {
        self.changed.insert(id, case);
    }

    /// A new case.
    pub fn push(&mut self, case: Case) -> CaseId {
        let id = self.next();
        self.changed.insert(id, case);
        self.len += 1;
        id
    }

    pub fn finish(self) -> CasesChange {
        CasesChange(self.changed)
    }
}
