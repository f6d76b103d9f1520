//! Strict access to the fields of an object: what must be there, what may be there, and nothing else. Every
//! refusal depends on the content only, never on the order in which fields were written.

#[cfg(feature = "cli")]
use super::cursor::no_list;
use super::path::{Path, shown};
use super::value::{Node, Object, Value};
use crate::diagnostic::suggest;
use crate::eval::{Refusal, RefusalCode};

/// An object at a place.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    pub object: &'n Object,
    pub path: &'n Path<'n>,
}

impl<'n> Fields<'n> {
    /// The fields of `node`; `what` it should be, for the refusal: `an event`.
    pub fn of(node: &'n Node, path: &'n Path<'n>, what: &str) -> Result<Fields<'n>, Refusal> {
        match &node.value {
            Value::Object(object) => Ok(Fields { object, path }),
            _ => {
                let message = format!("{what} must be an object, not {}", node.what());
                Err(path.refuse(RefusalCode::InvalidValue, message))
            }
        }
    }

    /// Refuses fields that are not `known`, with the nearest that is.
    pub fn only<'k>(&self, known: impl Iterator<Item = &'k str> + Clone) -> Result<(), Refusal> {
        let is_known = |name: &&str| known.clone().any(|known| known == *name) || *name == "note";
        let Some(unknown) = self.object.iter().map(|(name, _)| name).filter(|name| !is_known(name)).min()
        else {
            return Ok(());
        };
        let absent = known.filter(|name| self.object.get(name).is_none());
        let help = match suggest::nearest(unknown, absent) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let message = format!("`{}` is not a field here{help}", shown(unknown));
        Err(self.path.field(unknown).refuse(RefusalCode::UnknownField, message))
    }

    /// Reads a field that must be there.
    pub fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node, &Path<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.optional(name, read)?.ok_or_else(|| self.missing(name))
    }

    /// Reads a field that may be left out.
    pub fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node, &Path<'_>) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        self.object.get(name).map(|node| read(node, &self.path.field(name))).transpose()
    }

    /// The refusal of a field that should be there.
    pub fn missing(&self, name: &str) -> Refusal {
        self.path.field(name).refuse(RefusalCode::MissingField, format!("`{name}` is missing"))
    }
}

/// The items of a list.
#[cfg(feature = "cli")]
pub(crate) fn list<'n>(node: &'n Node, path: &Path<'_>, of: &str) -> Result<&'n [Node], Refusal> {
    match &node.value {
        Value::List(items) => Ok(items),
        _ => Err(no_list(path, of, node.what())),
    }
}
