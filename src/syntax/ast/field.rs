//! Categories and facts, as written.

use super::{Expr, Name, Text};
use crate::source::Span;

/// A category and those under it.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryNode {
    /// Its name.
    pub name: Name,
    /// Its label, if given.
    pub label: Option<Text>,
    /// Those under it.
    pub children: Vec<CategoryNode>,
}

/// A declared fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: FieldType,
    /// Where the type stands.
    pub kind_span: Span,
    /// `0% to 95%`
    pub range: Option<(Expr, Expr)>,
    /// `part of price`, or `beside price`: money inside an amount, or on top of it.
    pub part_of: Option<PartOf>,
    /// `default other`
    pub default: Option<Expr>,
}

/// `part of price`, `beside price`
#[derive(Clone, Debug, PartialEq)]
pub struct PartOf {
    /// `price`, `total`, or a money fact of the same event.
    pub amount: Name,
    /// True for `beside`: on top of the amount, not in it.
    pub beside: bool,
}

/// The type of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// `rate`
    Rate,
    /// `count` | `count night`: whole, with a unit for people
    Count(Option<Name>),
    /// `quantity litre`: exact, with decimals
    Quantity(Option<Name>),
    /// `date`
    Date,
    /// `text`
    Text,
    /// `yes/no`
    YesNo,
    /// `JPY`
    Money(Name),
    /// `domestic | overseas`
    Choice(Vec<Name>),
    /// Another word: a declared category (the fact is one of those under it), or a mistake.
    Named(Name),
}
