//! Drafts: how a turn changes tables without touching them. A draft lies over a table that it only reads; what is
//! changed is kept beside it, and taken out at the end as a plain value that the table then takes in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;

/// Over a list whose items are changed or appended, never removed. Ids are places in the list.
#[derive(Clone, Debug)]
pub(crate) struct ListDraft<'a, T> {
    base: &'a [T],
    changed: BTreeMap<usize, T>,
    added: Vec<T>,
}

/// What a draft of a list has changed.
#[derive(Clone, Debug)]
pub(crate) struct ListChange<T> {
    changed: BTreeMap<usize, T>,
    added: Vec<T>,
}

impl<'a, T: Clone> ListDraft<'a, T> {
    /// Over `base`, with nothing changed.
    pub fn over(base: &'a [T]) -> ListDraft<'a, T> {
        ListDraft { base, changed: BTreeMap::new(), added: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.base.len() + self.added.len()
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        match index.checked_sub(self.base.len()) {
            Some(added) => self.added.get(added),
            None => self.changed.get(&index).or_else(|| self.base.get(index)),
        }
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if let Some(added) = index.checked_sub(self.base.len()) {
            return self.added.get_mut(added);
        }
        let base = self.base.get(index)?;
        Some(self.changed.entry(index).or_insert_with(|| base.clone()))
    }

    pub fn last(&self) -> Option<&T> {
        self.len().checked_sub(1).and_then(|last| self.get(last))
    }

    /// The last item for which `is` holds.
    pub fn rfind(&self, is: impl Fn(&T) -> bool) -> Option<&T> {
        (0..self.len()).rev().filter_map(|index| self.get(index)).find(|item| is(item))
    }

    /// Appends an item; says where.
    pub fn push(&mut self, item: T) -> usize {
        self.added.push(item);
        self.len() - 1
    }

    pub fn finish(self) -> ListChange<T> {
        ListChange { changed: self.changed, added: self.added }
    }
}

impl<T> ListChange<T> {
    /// Makes the change in the list that the draft lay over.
    pub fn apply(self, list: &mut Vec<T>) {
        for (index, item) in self.changed {
            if let Some(slot) = list.get_mut(index) {
                *slot = item;
            }
        }
        list.extend(self.added);
    }
}

/// Over an ordered map.
#[derive(Clone, Debug)]
pub(crate) struct MapDraft<'a, K, V> {
    base: &'a BTreeMap<K, V>,
    /// None: removed.
    changed: BTreeMap<K, Option<V>>,
}

/// What a draft of a map has changed.
#[derive(Clone, Debug)]
pub(crate) struct MapChange<K, V>(BTreeMap<K, Option<V>>);

impl<'a, K: Ord + Clone, V: Clone> MapDraft<'a, K, V> {
    /// Over `base`, with nothing changed.
    pub fn over(base: &'a BTreeMap<K, V>) -> MapDraft<'a, K, V> {
        MapDraft { base, changed: BTreeMap::new() }
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        match self.changed.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.base.get(key),
        }
    }

    pub fn insert(&mut self, key: K, value: V) {
        self.changed.insert(key, Some(value));
    }

    /// The last pair in a range of keys.
    pub fn last_in<R: RangeBounds<K> + Clone>(&self, range: R) -> Option<(&K, &V)> {
        let base = self.base.range(range.clone()).rev().find(|(key, _)| !self.changed.contains_key(*key));
        let changed = self.changed.range(range).rev().find_map(|(key, value)| Some((key, value.as_ref()?)));
        match (base, changed) {
            (Some(base), Some(changed)) => Some(if changed.0 > base.0 { changed } else { base }),
            (base, changed) => base.or(changed),
        }
    }

    pub fn finish(self) -> MapChange<K, V> {
        MapChange(self.changed)
    }
}

impl<K: Ord, V> MapChange<K, V> {
    /// Makes the change in the map that the draft lay over.
    pub fn apply(self, map: &mut BTreeMap<K, V>) {
        for (key, value) in self.0 {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
    }
}

/// Over an ordered set.
#[derive(Clone, Debug)]
pub(crate) struct SetDraft<'a, K> {
    base: &'a BTreeSet<K>,
    added: BTreeSet<K>,
    removed: BTreeSet<K>,
    /// All keys of the base below this one have been removed: they need not be looked at again.
    gone_below: Option<K>,
}

/// What a draft of a set has changed.
#[derive(Clone, Debug)]
pub(crate) struct SetChange<K> {
    added: BTreeSet<K>,
    removed: BTreeSet<K>,
}

impl<'a, K: Ord + Clone> SetDraft<'a, K> {
    /// Over `base`, with nothing changed.
    pub fn over(base: &'a BTreeSet<K>) -> SetDraft<'a, K> {
        SetDraft { base, added: BTreeSet::new(), removed: BTreeSet::new(), gone_below: None }
    }

    pub fn insert(&mut self, key: K) {
        if self.base.contains(&key) {
            if self.removed.remove(&key) && self.gone_below.as_ref().is_some_and(|gone| key < *gone) {
                self.gone_below = Some(key);
            }
        } else {
            self.added.insert(key);
        }
    }

    /// Says whether it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        if self.added.remove(key) {
            return true;
        }
        self.base.contains(key) && self.removed.insert(key.clone())
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.len() == self.base.len()
    }

    /// The smallest key.
    pub fn first(&mut self) -> Option<&K> {
        let base = match &self.gone_below {
            Some(gone) => self.base.range(gone..).find(|key| !self.removed.contains(*key)),
            None => self.base.iter().find(|key| !self.removed.contains(*key)),
        };
        if let Some(base) = base
            && !self.removed.is_empty()
        {
            self.gone_below = Some(base.clone());
        }
        smaller(base, self.added.first())
    }

    /// The largest key.
    pub fn last(&self) -> Option<&K> {
        let base = self.base.iter().rev().find(|key| !self.removed.contains(*key));
        larger(base, self.added.last())
    }

    /// The smallest key in a range.
    pub fn first_in<R: RangeBounds<K> + Clone>(&self, range: R) -> Option<&K> {
        let base = self.base.range(range.clone()).find(|key| !self.removed.contains(*key));
        smaller(base, self.added.range(range).next())
    }

    /// The largest key in a range.
    pub fn last_in<R: RangeBounds<K> + Clone>(&self, range: R) -> Option<&K> {
        let base = self.base.range(range.clone()).rev().find(|key| !self.removed.contains(*key));
        larger(base, self.added.range(range).next_back())
    }

    /// All keys, rising.
    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.range(..)
    }

    /// The keys in a range, rising.
    pub fn range<R: RangeBounds<K> + Clone>(&self, range: R) -> impl Iterator<Item = &K> {
        let base = self.base.range(range.clone()).filter(|key| !self.removed.contains(*key));
        let (mut base, mut added) = (base.peekable(), self.added.range(range).peekable());
        std::iter::from_fn(move || match (base.peek(), added.peek()) {
            (Some(left), Some(right)) if left < right => base.next(),
            (_, Some(_)) => added.next(),
            (_, None) => base.next(),
        })
    }

    pub fn finish(self) -> SetChange<K> {
        SetChange { added: self.added, removed: self.removed }
    }
}

impl<K: Ord> SetChange<K> {
    /// Makes the change in the set that the draft lay over.
    pub fn apply(self, set: &mut BTreeSet<K>) {
        for key in &self.removed {
            set.remove(key);
        }
        set.extend(self.added);
    }
}

fn smaller<'k, K: Ord>(a: Option<&'k K>, b: Option<&'k K>) -> Option<&'k K> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn larger<'k, K: Ord>(a: Option<&'k K>, b: Option<&'k K>) -> Option<&'k K> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A set changed through a draft is the set changed at once.
        #[test]
        fn a_draft_of_a_set_is_the_set(
            base in proptest::collection::btree_set(0u8..40, 0..20),
            steps in proptest::collection::vec((any::<bool>(), 0u8..40), 0..30),
        ) {
            let mut plain = base.clone();
            let mut draft = SetDraft::over(&base);
            for (insert, key) in steps {
                if insert {
                    plain.insert(key);
                    draft.insert(key);
                } else {
                    prop_assert_eq!(plain.remove(&key), draft.remove(&key));
                }
                prop_assert_eq!(plain.first(), draft.first());
                prop_assert_eq!(plain.last(), draft.last());
                prop_assert_eq!(plain.is_empty(), draft.is_empty());
                prop_assert!(plain.iter().eq(draft.iter()));
                prop_assert_eq!(plain.range(5..20).next(), draft.first_in(5..20));
                prop_assert_eq!(plain.range(5..20).next_back(), draft.last_in(5..20));
            }
            let change = draft.finish();
            let mut changed = base.clone();
            change.apply(&mut changed);
            prop_assert_eq!(plain, changed);
        }
    }
}
