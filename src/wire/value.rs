//! The tree that every reader makes of its text: JSON, YAML or a row of CSV. Numbers keep the digits they were
//! written with, objects keep what was given twice, and each node knows the line it starts on (0 where the text
//! around it, such as one line of JSON Lines, already says so).

use indexmap::IndexMap;

use crate::eval::{Refusal, RefusalCode};
use crate::wire::path::Path;

/// Deepest nesting of lists and objects.
pub(crate) const MAX_DEPTH: usize = 32;

/// A value and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// From 1; 0 where not known.
    pub line: u64,
    pub value: Value,
}

/// What data can be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The number as it was written: `1500.0`, `1e3`.
    Number(String),
    Text(String),
    /// A text without quotes in YAML: `yes` may be a yes/no where one is wanted, and is a text elsewhere.
    #[cfg_attr(
        not(feature = "yaml"),
        allow(dead_code, reason = "only YAML and CSV have texts without quotes")
    )]
    Word(String),
    List(Vec<Node>),
    Object(Object),
}

/// Fields in the order given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object {
    fields: IndexMap<String, Node>,
    /// What was given again under a name already there: always a fault, kept so that it can be named and compared.
    repeated: Vec<(String, Node)>,
}

impl Node {
    /// A node whose line nobody asks for.
    pub fn new(value: Value) -> Node {
        Node { line: 0, value }
    }

    /// The text of a text or word.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Word(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages: `a number`.
    pub fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) | Value::Word(_) => "a text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// A field given twice, anywhere inside: the first in the order written.
    pub fn first_repeated(&self) -> Option<(&str, &Node)> {
        match &self.value {
            Value::List(items) => items.iter().find_map(Node::first_repeated),
            Value::Object(object) => {
                let here = object.repeated.first().map(|(name, node)| (name.as_str(), node));
                here.or_else(|| object.fields.values().find_map(Node::first_repeated))
            }
            _ => None,
        }
    }

    /// Refuses the first field given twice, anywhere inside; nesting is bounded by the readers.
    pub fn refuse_repeated(&self, path: &Path<'_>) -> Result<(), Refusal> {
        if self.first_repeated().is_none() {
            return Ok(());
        }
        match &self.value {
            Value::List(items) => {
                items.iter().enumerate().try_for_each(|(i, item)| item.refuse_repeated(&path.item(i)))
            }
            Value::Object(object) => {
                if let Some(name) = object.repeated.iter().map(|(name, _)| name).min() {
                    let message = format!("`{}` is given twice; keep one", crate::wire::path::shown(name));
                    return Err(path.field(name).refuse(RefusalCode::DuplicateField, message));
                }
                let mut fields: Vec<_> = object.fields.iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                fields.into_iter().try_for_each(|(name, node)| node.refuse_repeated(&path.field(name)))
            }
            _ => Ok(()),
        }
    }
}

impl Object {
    /// Adds a field; one that is there already stays as it was.
    pub fn insert(&mut self, name: String, node: Node) {
        match self.fields.entry(name) {
            indexmap::map::Entry::Occupied(entry) => self.repeated.push((entry.key().clone(), node)),
            indexmap::map::Entry::Vacant(entry) => {
                entry.insert(node);
            }
        }
    }

    /// The field called `name`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.fields.get(name)
    }

    /// Takes the field called `name` out.
    #[cfg(feature = "yaml")]
    pub fn take(&mut self, name: &str) -> Option<Node> {
        self.fields.shift_remove(name)
    }

    /// True where `name` was given more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.repeated.iter().any(|(repeated, _)| repeated == name)
    }

    /// Names and nodes in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.fields.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// All of it, what was given twice too.
    pub fn iter_all(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.iter().chain(self.repeated.iter().map(|(name, node)| (name.as_str(), node)))
    }
}
