//! Where a reader stands in data: at a value that it has not read yet, in a tree or in the text itself. What reads an
//! event asks a [`Cursor`], so that it is written once for every form.

use std::borrow::Cow;

use super::path::Path;
use super::schema::{Field, Shape};
use super::value::{Node, Value};
use crate::eval::{Refusal, RefusalCode};

/// A single value. A list or an object is told apart only, so that it can be refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'d> {
    Null,
    Bool(bool),
    /// The number as it was written: `1500.0`, `1e3`.
    Number(&'d str),
    Text(Cow<'d, str>),
    /// A text without quotes in YAML.
    Word(&'d str),
    List,
    Object,
}

impl Scalar<'_> {
    /// What it is, for messages: `a number`.
    pub fn what(&self) -> &'static str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(_) => "true or false",
            Scalar::Number(_) => "a number",
            Scalar::Text(_) | Scalar::Word(_) => "a text",
            Scalar::List => "a list",
            Scalar::Object => "an object",
        }
    }
}

impl<'n> From<&'n Node> for Scalar<'n> {
    fn from(node: &'n Node) -> Scalar<'n> {
        match &node.value {
            Value::Null => Scalar::Null,
            Value::Bool(value) => Scalar::Bool(*value),
            Value::Number(digits) => Scalar::Number(digits),
            Value::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            Value::Word(word) => Scalar::Word(word),
            Value::List(_) => Scalar::List,
            Value::Object(_) => Scalar::Object,
        }
    }
}

type Read<T> = Result<T, Refusal>;

/// A value that has not been read yet. One call reads it to its end.
pub(crate) trait Cursor<'d> {
    /// The value as a single one.
    fn scalar(&mut self) -> Read<Scalar<'d>>;

    /// True for an object; reads nothing.
    fn is_object(&mut self) -> Read<bool>;

    /// The items of the list that the value must be, in turn.
    fn items(
        &mut self,
        of: &str,
        path: &Path<'_>,
        each: impl FnMut(&mut Self, &Path<'_>) -> Read<()>,
    ) -> Read<()>;

    /// The fields of the object that the value must be: what the shape does not have, what is given twice, and what is
    /// missing is refused.
    fn fields(
        &mut self,
        shape: &Shape<'_>,
        path: &Path<'_>,
        each: impl FnMut(&mut Self, &Field<'_>, &Path<'_>) -> Read<()>,
    ) -> Read<()>;

    /// Passes over a value that nobody reads.
    fn pass_over(&mut self) -> Read<()>;
}

/// A tree. Its fields are read in the order of the shape, so that the same fault is named whatever the order in which
/// they were written. Fields given twice have been refused before.
pub(super) struct Tree<'d>(pub &'d Node);

impl<'d> Cursor<'d> for Tree<'d> {
    fn scalar(&mut self) -> Read<Scalar<'d>> {
        Ok(self.0.into())
    }

    fn is_object(&mut self) -> Read<bool> {
        Ok(matches!(self.0.value, Value::Object(_)))
    }

    fn items(
        &mut self,
        of: &str,
        path: &Path<'_>,
        mut each: impl FnMut(&mut Self, &Path<'_>) -> Read<()>,
    ) -> Read<()> {
        match &self.0.value {
            Value::List(items) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| each(&mut Tree(item), &path.item(index)))
            }
            _ => Err(no_list(path, of, self.0.what())),
        }
    }

    fn fields(
        &mut self,
        shape: &Shape<'_>,
        path: &Path<'_>,
        mut each: impl FnMut(&mut Self, &Field<'_>, &Path<'_>) -> Read<()>,
    ) -> Read<()> {
        let Value::Object(object) = &self.0.value else {
            return Err(no_object(path, shape, self.0.what()));
        };
        let names = object.iter().map(|(name, _)| name);
        if let Some(unknown) = names.filter(|name| shape.find(name).is_none()).min() {
            return Err(shape.unknown(unknown, |name| object.get(name).is_some(), path));
        }
        for field in &shape.fields {
            match object.get(field.name) {
                Some(node) => each(&mut Tree(node), field, &path.field(field.name))?,
                None => field.may_be_absent(path)?,
            }
        }
        Ok(())
    }

    fn pass_over(&mut self) -> Read<()> {
        Ok(())
    }
}

/// The refusal of what should be a list.
pub(super) fn no_list(path: &Path<'_>, of: &str, what: &str) -> Refusal {
    let message = format!("{} must be a list of {of}, not {what}", path.name());
    path.refuse(RefusalCode::InvalidValue, message)
}

/// The refusal of what should be an object.
pub(super) fn no_object(path: &Path<'_>, shape: &Shape<'_>, what: &str) -> Refusal {
    path.refuse(RefusalCode::InvalidValue, format!("{} must be an object, not {what}", shape.what))
}
