//! Ids: which of a policy's pools, rules, facts …, and lists that are read by them. The checker makes the ids, from the
//! lists of the policy that it makes with them, so reading a list of the same policy by one of its ids always finds
//! something.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// What an [`IdVec`] is read by.
pub(crate) trait Id: Copy {
    /// The id of the item at this place.
    fn new(index: usize) -> Self;
    /// The place of the item.
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(
            Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The id of the item at this place.
            pub fn new(index: usize) -> $name {
                // No text is long enough for so many declarations.
                $name(u32::try_from(index).unwrap_or(u32::MAX))
            }

            /// The place of the item.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl $crate::policy::Id for $name {
            fn new(index: usize) -> $name {
                $name::new(index)
            }

            fn index(self) -> usize {
                $name::index(self)
            }
        }
    )*};
}

pub(crate) use ids;

ids! {
    /// A pool.
    PoolId,
    /// An earn rule.
    EarnId,
    /// A group of earn rules.
    GroupId,
    /// A redeem rule.
    RedeemId,
    /// A move.
    MoveId,
    /// A forbid rule.
    ForbidId,
    /// A badge.
    BadgeId,
    /// A category.
    CategoryId,
    /// A named value.
    ValueId,
    /// A declared kind of event.
    EventId,
    /// A measure.
    MeasureId,
    /// A tier.
    TierId,
    /// A fact among those of its subject.
    FactId,
    /// A counter of what limits leave.
    LimitId,
}

/// A list read by the ids of its items.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct IdVec<I, T> {
    items: Vec<T>,
    ids: PhantomData<fn() -> I>,
}

impl<I: Id, T> IdVec<I, T> {
    /// So many copies of one item.
    pub fn filled(len: usize, item: T) -> IdVec<I, T>
    where
        T: Clone,
    {
        IdVec::from(vec![item; len])
    }

    /// How many items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True where there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds an item; says its id.
    pub fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::new(self.items.len() - 1)
    }

    /// The item of an id that may be another list's, or of a list that is not full yet.
    pub fn try_get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// The items in order.
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// The items in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The items in order, to change them.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// The ids in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::new)
    }

    /// The items in order, each with its id.
    pub fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (I::new(index), item))
    }

    /// The id of the first item for which `is` holds.
    pub fn position(&self, is: impl FnMut(&T) -> bool) -> Option<I> {
        self.items.iter().position(is).map(I::new)
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;

    #[expect(clippy::indexing_slicing, reason = "the checker makes ids of items only")]
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    #[expect(clippy::indexing_slicing, reason = "the checker makes ids of items only")]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I, T: Serialize> Serialize for IdVec<I, T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(to)
    }
}

impl<'de, I, T: Deserialize<'de>> Deserialize<'de> for IdVec<I, T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<IdVec<I, T>, D::Error> {
        Vec::deserialize(from).map(IdVec::from)
    }
}

impl<I, T> Default for IdVec<I, T> {
    fn default() -> IdVec<I, T> {
        IdVec { items: Vec::new(), ids: PhantomData }
    }
}

impl<I, T: fmt::Debug> fmt::Debug for IdVec<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

impl<I, T> From<Vec<T>> for IdVec<I, T> {
    fn from(items: Vec<T>) -> IdVec<I, T> {
        IdVec { items, ids: PhantomData }
    }
}

impl<I, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<A: IntoIterator<Item = T>>(items: A) -> IdVec<I, T> {
        IdVec::from(items.into_iter().collect::<Vec<T>>())
    }
}

impl<'a, I, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<'a, I, T> IntoIterator for &'a mut IdVec<I, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter_mut()
    }
}

impl<I, T> IntoIterator for IdVec<I, T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// A set of categories, a bit for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CategorySet(Vec<u64>);

impl CategorySet {
    /// True where the category is in the set.
    pub fn contains(&self, category: CategoryId) -> bool {
        self.0.get(category.index() / 64).is_some_and(|bits| bits >> (category.index() % 64) & 1 == 1)
    }

    /// True where no category is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    /// The categories in it, in their order.
    pub fn iter(&self) -> impl Iterator<Item = CategoryId> {
        (0..self.0.len() * 64).map(CategoryId::new).filter(|category| self.contains(*category))
    }

    /// Puts a category in.
    pub fn insert(&mut self, category: CategoryId) {
        let word = category.index() / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (category.index() % 64);
        }
    }
}

impl FromIterator<CategoryId> for CategorySet {
    fn from_iter<A: IntoIterator<Item = CategoryId>>(categories: A) -> CategorySet {
        let mut set = CategorySet::default();
        categories.into_iter().for_each(|category| set.insert(category));
        set
    }
}
