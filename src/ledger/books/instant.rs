//! Instants as they are stored: seconds and nanoseconds, a few bytes each, wherever they stand in a stored value.

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;

/// Something with instants in it, and the plain form in which it is stored.
pub(crate) trait Stored: Sized {
    type Plain: Serialize + DeserializeOwned;
    fn plain(&self) -> Self::Plain;
    fn read(plain: Self::Plain) -> Option<Self>;
}

/// For `#[serde(with = …)]`.
pub(crate) fn serialize<T: Stored, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    value.plain().serialize(to)
}

/// For `#[serde(with = …)]`.
pub(crate) fn deserialize<'de, T: Stored, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::read(T::Plain::deserialize(from)?).ok_or_else(|| D::Error::custom("an instant out of range"))
}

impl Stored for Timestamp {
    type Plain = (i64, i32);
    fn plain(&self) -> (i64, i32) {
        (self.as_second(), self.subsec_nanosecond())
    }
    fn read((second, nanosecond): (i64, i32)) -> Option<Timestamp> {
        Timestamp::new(second, nanosecond).ok()
    }
}

impl<T: Stored> Stored for Option<T> {
    type Plain = Option<T::Plain>;
    fn plain(&self) -> Self::Plain {
        self.as_ref().map(T::plain)
    }
    fn read(plain: Self::Plain) -> Option<Self> {
        match plain {
            Some(plain) => T::read(plain).map(Some),
            None => Some(None),
        }
    }
}

impl<T: Stored> Stored for Vec<T> {
    type Plain = Vec<T::Plain>;
    fn plain(&self) -> Self::Plain {
        self.iter().map(T::plain).collect()
    }
    fn read(plain: Self::Plain) -> Option<Self> {
        plain.into_iter().map(T::read).collect()
    }
}

/// An instant with something that belongs to it.
impl<T: Serialize + DeserializeOwned + Clone> Stored for (Timestamp, T) {
    type Plain = ((i64, i32), T);
    fn plain(&self) -> Self::Plain {
        (self.0.plain(), self.1.clone())
    }
    fn read((at, item): Self::Plain) -> Option<Self> {
        Some((Timestamp::read(at)?, item))
    }
}

impl<T: Stored + Ord> Stored for BTreeSet<T> {
    type Plain = Vec<T::Plain>;
    fn plain(&self) -> Self::Plain {
        self.iter().map(T::plain).collect()
    }
    fn read(plain: Self::Plain) -> Option<Self> {
        plain.into_iter().map(T::read).collect()
    }
}
