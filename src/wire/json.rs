//! JSON text, read as it stands: a number is its digits, a text is borrowed unless it holds escapes. The tokens are
//! those of the lexer `hifijson`; what may follow what, the limit on nesting, and the words of refusals are here. A
//! line is read either straight into an event ([`Cursor`]) or into a tree.

use std::borrow::Cow;

use hifijson::SliceLexer;
use hifijson::num::LexWrite as _;
use hifijson::str::{Error as TextError, LexAlloc as _};
use hifijson::token::Lex as _;
use hifijson::{Read as _, escape};

use super::cursor::{Cursor, Scalar, no_list, no_object};
use super::path::{Path, shown};
use super::schema::{Field, Shape};
use super::value::{MAX_DEPTH, Node, Object, Value};
use crate::eval::{Refusal, RefusalCode};

type Read<T> = Result<T, Refusal>;

/// Reads one JSON value, which must be all of `text`, into a tree.
pub(crate) fn parse(text: &str) -> Read<Node> {
    whole(text, |json| json.value().map(Node::new))
}

/// Reads all of `text` with `read`.
pub(super) fn whole<'d, T>(text: &'d str, read: impl FnOnce(&mut Json<'d>) -> Read<T>) -> Read<T> {
    let mut json = Json::new(text);
    let value = read(&mut json)?;
    match json.lexer.ws_peek() {
        None => Ok(value),
        Some(_) => Err(json.broken("trailing characters")),
    }
}

/// A place in JSON text.
pub(super) struct Json<'d> {
    text: &'d str,
    /// What of it has not been read.
    lexer: SliceLexer<'d>,
    /// How many lists and objects are open.
    depth: usize,
}

/// What the words `null`, `true` and `false` start with.
const WORDS: [&str; 3] = ["null", "true", "false"];

impl<'d> Json<'d> {
    /// The start of a text.
    pub fn new(text: &'d str) -> Json<'d> {
        Json { text, lexer: SliceLexer::new(text.as_bytes()), depth: 0 }
    }

    /// Goes to the value of a field of the object here; false where there is none.
    pub fn seek(&mut self, wanted: &str) -> Read<bool> {
        if !self.is_object()? {
            return Ok(false);
        }
        self.enter()?;
        let mut first = true;
        while self.goes_on(b'}', first)? {
            if self.name()? == wanted {
                return Ok(true);
            }
            self.pass_over()?;
            first = false;
        }
        Ok(false)
    }

    /// The first byte of the value here.
    fn peek(&mut self) -> Read<u8> {
        self.lexer.ws_peek().ok_or_else(|| self.ended("it ends where a value is expected"))
    }

    /// A value as a tree.
    fn value(&mut self) -> Read<Value> {
        Ok(match self.scalar()? {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Number(digits) => Value::Number(digits.to_owned()),
            Scalar::Text(text) => Value::Text(text.into_owned()),
            Scalar::Word(word) => Value::Text(word.to_owned()),
            Scalar::List => {
                let mut items = Vec::new();
                self.list(|json| {
                    items.push(Node::new(json.value()?));
                    Ok(())
                })?;
                Value::List(items)
            }
            Scalar::Object => {
                let mut object = Object::default();
                self.object(|json, name| {
                    object.insert(name.into_owned(), Node::new(json.value()?));
                    Ok(())
                })?;
                Value::Object(object)
            }
        })
    }

    fn text(&mut self) -> Read<Cow<'d, str>> {
        self.lexer.take_next();
        if let Some(plain) = self.plain_text() {
            return Ok(Cow::Borrowed(plain));
        }
        self.lexer.str_string().map_err(|error| match error {
            TextError::Control => self
                .broken_before("a text holds a control character; write a line break as \\n, a tab as \\t"),
            TextError::Eof | TextError::Escape(escape::Error::Eof) => self.ended("it ends inside a string"),
            TextError::Escape(escape::Error::ExpectedLowSurrogate | escape::Error::InvalidChar(_)) => {
                self.broken_before("half of a surrogate pair in a hex escape")
            }
            TextError::Escape(_) | TextError::Utf8(_) => self.broken_before("invalid escape"),
        })
    }

    /// A text that means what stands there: most do, and need not be looked at again.
    fn plain_text(&mut self) -> Option<&'d str> {
        let rest = self.lexer.as_slice();
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
        let (start, after) = (self.read(), rest.get(length..)?.strip_prefix(b"\"")?);
        let text = self.text.get(start..start + length)?;
        self.lexer = SliceLexer::new(after);
        Some(text)
    }

    fn number(&mut self) -> Read<&'d str> {
        let number = self.lexer.num_string().validated();
        match (number, self.lexer.peek_next()) {
            (Ok((digits, _)), next) if !next.is_some_and(|next| next.is_ascii_digit()) => Ok(digits),
            (Err(_), None) => Err(self.ended("it ends where a value is expected")),
            _ => Err(self.broken("invalid number")),
        }
    }

    fn word(&mut self) -> Read<Scalar<'d>> {
        let (start, rest) = (self.read(), self.lexer.as_slice());
        match self.lexer.null_or_bool() {
            Some(None) => Ok(Scalar::Null),
            Some(Some(value)) => Ok(Scalar::Bool(value)),
            None if WORDS.iter().any(|word| word.as_bytes().starts_with(rest)) => {
                Err(self.ended("it ends where a value is expected"))
            }
            None => Err(self.unreadable("a value is expected", start + 1, "")),
        }
    }

    /// Enters a list or an object.
    fn enter(&mut self) -> Read<()> {
        if self.depth >= MAX_DEPTH {
            let message = format!("lists and objects are nested more than {MAX_DEPTH} deep");
            return Err(Refusal::new(RefusalCode::TooLarge, "", message));
        }
        self.depth += 1;
        self.lexer.take_next();
        Ok(())
    }

    /// The list here; `each` reads one item to its end.
    fn list(&mut self, mut each: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.enter()?;
        let mut first = true;
        while self.goes_on(b']', first)? {
            each(self)?;
            first = false;
        }
        Ok(())
    }

    /// The object here; `each` reads the value of the name that it is given to its end.
    fn object(&mut self, mut each: impl FnMut(&mut Self, Cow<'d, str>) -> Read<()>) -> Read<()> {
        self.enter()?;
        let mut first = true;
        while self.goes_on(b'}', first)? {
            let name = self.name()?;
            each(self, name)?;
            first = false;
        }
        Ok(())
    }

    /// The name of a field, and the colon after it.
    fn name(&mut self) -> Read<Cow<'d, str>> {
        if self.lexer.peek_next() != Some(b'"') {
            return Err(self.broken("a field's name must be a text in double quotes"));
        }
        let name = self.text()?;
        match self.lexer.ws_peek() {
            Some(b':') => {
                self.lexer.take_next();
                Ok(name)
            }
            Some(_) => Err(self.broken("expected `:`")),
            None => Err(self.ended("it ends inside an object")),
        }
    }

    /// True where another item or field comes; false past the `end` of the list or object.
    fn goes_on(&mut self, end: u8, first: bool) -> Read<bool> {
        let object = end == b'}';
        let inside = if object { "it ends inside an object" } else { "it ends inside a list" };
        match self.lexer.ws_peek() {
            None => return Err(self.ended(inside)),
            Some(next) if next == end => {
                self.lexer.take_next();
                self.depth -= 1;
                return Ok(false);
            }
            Some(_) if first => return Ok(true),
            Some(b',') => self.lexer.take_next(),
            Some(_) if object => return Err(self.broken("expected `,` or `}`")),
            Some(_) => return Err(self.broken("expected `,` or `]`")),
        };
        match self.lexer.ws_peek() {
            Some(next) if next == end => Err(self.broken("trailing comma")),
            None => Err(self.ended("it ends where a value is expected")),
            _ => Ok(true),
        }
    }

    /// The refusal of what stands here.
    fn broken(&self, what: &str) -> Refusal {
        self.unreadable(what, self.read() + 1, "")
    }

    /// The refusal of what was read last.
    fn broken_before(&self, what: &str) -> Refusal {
        self.unreadable(what, self.read(), "")
    }

    /// The refusal of a text that ends too early.
    fn ended(&self, what: &str) -> Refusal {
        self.unreadable(what, self.text.len(), "; each event stands whole on a line of its own")
    }

    /// How many bytes have been read.
    fn read(&self) -> usize {
        self.text.len().saturating_sub(self.lexer.as_slice().len())
    }

    fn unreadable(&self, what: &str, column: usize, help: &str) -> Refusal {
        let column = column.min(self.text.len());
        let message = format!("this is not JSON: {what}, at column {column}{help}");
        Refusal::new(RefusalCode::UnreadableInput, "", message)
    }
}

/// Fields are read in the order written, so which of several faults is met first hangs on it: a line that is refused
/// here is read again as a tree.
impl<'d> Cursor<'d> for Json<'d> {
    fn scalar(&mut self) -> Read<Scalar<'d>> {
        Ok(match self.peek()? {
            b'"' => Scalar::Text(self.text()?),
            b'0'..=b'9' | b'-' => Scalar::Number(self.number()?),
            b'[' => Scalar::List,
            b'{' => Scalar::Object,
            _ => self.word()?,
        })
    }

    fn is_object(&mut self) -> Read<bool> {
        Ok(self.peek()? == b'{')
    }

    fn items(
        &mut self,
        of: &str,
        path: &Path<'_>,
        mut each: impl FnMut(&mut Self, &Path<'_>) -> Read<()>,
    ) -> Read<()> {
        if self.peek()? != b'[' {
            return Err(no_list(path, of, self.scalar()?.what()));
        }
        let mut index = 0;
        self.list(|json| {
            each(json, &path.item(index))?;
            index += 1;
            Ok(())
        })
    }

    fn fields(
        &mut self,
        shape: &Shape<'_>,
        path: &Path<'_>,
        mut each: impl FnMut(&mut Self, &Field<'_>, &Path<'_>) -> Read<()>,
    ) -> Read<()> {
        if self.peek()? != b'{' {
            return Err(no_object(path, shape, self.scalar()?.what()));
        }
        let (mut given, mut next) = (Given::default(), 0);
        self.object(|json, name| {
            let Some((index, field)) = shape.find_from(next, &name) else {
                return Err(shape.unknown(&name, |_| false, path));
            };
            if given.add(index) {
                return Err(given_twice(path, &name));
            }
            next = index + 1;
            each(json, field, &path.field(field.name))
        })?;
        let mut fields = shape.fields.iter().enumerate();
        fields
            .try_for_each(|(index, field)| if given.has(index) { Ok(()) } else { field.may_be_absent(path) })
    }

    fn pass_over(&mut self) -> Read<()> {
        match self.scalar()? {
            Scalar::List => self.list(Json::pass_over),
            Scalar::Object => {
                let mut names = Vec::new();
                self.object(|json, name| {
                    names.push(name);
                    json.pass_over()
                })?;
                names.sort_unstable();
                match names.array_windows().find(|[one, other]| one == other) {
                    Some([name, _]) => Err(given_twice(&Path::ROOT, name)),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The refusal of a field that stands twice in one object.
pub(super) fn given_twice(path: &Path<'_>, name: &str) -> Refusal {
    let message = format!("`{}` is given twice; keep one", shown(name));
    path.field(name).refuse(RefusalCode::DuplicateField, message)
}

/// Which fields of a shape have come, by their places in it.
#[derive(Default)]
struct Given {
    /// The first 64.
    first: u64,
    others: Vec<usize>,
}

impl Given {
    fn has(&self, index: usize) -> bool {
        match bit(index) {
            Some(bit) => self.first & bit != 0,
            None => self.others.contains(&index),
        }
    }

    /// Adds a field; true where it was there.
    fn add(&mut self, index: usize) -> bool {
        let before = self.has(index);
        match bit(index) {
            Some(bit) => self.first |= bit,
            None => self.others.push(index),
        }
        before
    }
}

fn bit(index: usize) -> Option<u64> {
    1u64.checked_shl(u32::try_from(index).ok()?)
}
