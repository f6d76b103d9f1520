//! Places in an event or a case: `order.lines[0].price`. Built on the stack while reading, turned into text only
//! when something is refused.

use crate::eval::{Refusal, RefusalCode};
use crate::source::acts;

/// A place, as a chain up to the root.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    step: Step<'a>,
    parent: Option<&'a Path<'a>>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Item(usize),
}

impl<'a> Path<'a> {
    /// The whole of it.
    pub const ROOT: Path<'static> = Path { step: Step::Root, parent: None };

    /// A field of what is here.
    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path { step: Step::Field(name), parent: Some(self) }
    }

    /// An item of the list that is here.
    pub fn item(&'a self, index: usize) -> Path<'a> {
        Path { step: Step::Item(index), parent: Some(self) }
    }

    /// A refusal of what is here.
    pub fn refuse(&self, code: RefusalCode, message: impl Into<String>) -> Refusal {
        Refusal::new(code, self.text(), message)
    }

    /// The field or item itself, in back quotes: `` `price` ``.
    pub fn name(&self) -> String {
        match self.step {
            Step::Root => "this".to_owned(),
            Step::Field(name) => format!("`{}`", shown(name)),
            Step::Item(_) => format!("`{}`", self.text()),
        }
    }

    /// `lines[0].category`; empty at the root.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.step {
            Step::Root => {}
            Step::Field(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(&shown(name));
            }
            Step::Item(index) => out.push_str(&format!("[{index}]")),
        }
    }
}

/// Text from the input fit for a message: control characters escaped, cut after 60 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == 60 {
            out.push('…');
            break;
        }
        if acts(c) || matches!(c, '\n' | '\t') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
