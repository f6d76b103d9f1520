//! The cases of an account. Those that were touched lately stand open; the others are packed into a few bytes each, and
//! opened when something comes back to them. The ledger says when a case is to be packed, so that what stands open is
//! bounded over all accounts.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::case::{Case, CaseId};

/// All cases, in the order in which they came about.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    /// Of a case that stands open, nothing.
    packed: Vec<Box<[u8]>>,
    open: BTreeMap<CaseId, Open>,
}

/// A case that stands open.
#[derive(Debug)]
struct Open {
    case: Case,
    /// How often it has been touched and not yet released.
    touched: u32,
}

/// A copy is packed: copies are kept to go back to, not to be worked on.
impl Clone for Cases {
    fn clone(&self) -> Cases {
        let packed = (0..self.len()).map(CaseId::new).map(|id| self.bytes(id).into_owned());
        Cases { packed: packed.collect(), open: BTreeMap::new() }
    }
}

/// All of them packed, whichever stand open.
impl Serialize for Cases {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq((0..self.len()).map(CaseId::new).map(|id| self.bytes(id)))
    }
}

impl<'de> Deserialize<'de> for Cases {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Cases, D::Error> {
        Ok(Cases { packed: Vec::deserialize(from)?, open: BTreeMap::new() })
    }
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
            Some(open) => Cow::Borrowed(&open.case),
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

    fn bytes(&self, id: CaseId) -> Cow<'_, Box<[u8]>> {
        match (self.open.get(&id), self.packed.get(id.index())) {
            (Some(open), _) => Cow::Owned(pack(&open.case)),
            (None, Some(packed)) => Cow::Borrowed(packed),
            (None, None) => Cow::Owned(Box::default()),
        }
    }

    /// True where every case of stored books can be opened.
    pub fn is_sound(&self) -> bool {
        self.packed.iter().all(|packed| postcard::from_bytes::<Case>(packed).is_ok())
    }

    /// Over these cases, with nothing changed.
    pub fn draft(&self) -> CasesDraft<'_> {
        CasesDraft { base: self, changed: BTreeMap::new(), len: self.len() }
    }

    /// Takes in what a draft has changed. Each case touched stands open until it is released as often.
    pub fn apply(&mut self, change: CasesChange) {
        for (id, case) in change.0 {
            match self.packed.get_mut(id.index()) {
                Some(packed) => *packed = Box::default(),
                None => self.packed.push(Box::default()),
            }
            let touched = self.open.get(&id).map_or(1, |open| open.touched.saturating_add(1));
            self.open.insert(id, Open { case, touched });
        }
    }

    /// A case was touched long ago: it is packed, unless it has been touched again since.
    pub fn release(&mut self, id: CaseId) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.touched = open.touched.saturating_sub(1);
        if open.touched == 0
            && let Some(Open { case, .. }) = self.open.remove(&id)
            && let Some(packed) = self.packed.get_mut(id.index())
        {
            *packed = pack(&case);
        }
    }
}

#[expect(clippy::expect_used, reason = "the form is plain data; writing it to memory cannot fail")]
fn pack(case: &Case) -> Box<[u8]> {
    postcard::to_extend(case, Vec::with_capacity(256)).expect("a case is packed").into_boxed_slice()
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

impl CasesChange {
    /// The cases that have been changed.
    pub fn ids(&self) -> impl Iterator<Item = CaseId> + '_ {
        self.0.keys().copied()
    }
}

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
