//! Named values and tables.

use super::*;

/// A named value's versions.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub name: String,
    /// Of what is a number.
    pub unit: Option<Unit>,
    pub versions: Vec<Version<ValueBody>>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueBody {
    /// Rate, count, points or money.
    Number(Ratio),
    Date(Date),
    YesNo(bool),
    /// Named set of categories.
    Categories(Vec<CategoryId>),
    /// Named set of choices, typed by the fact that it is compared with.
    Choices(Vec<String>),
    /// A length of time.
    Duration(Delay),
    /// A number by case.
    Table(Table),
    /// A length of time by case.
    Durations(Table<Length>),
}

/// A number, or something else, by the case of a fact, a level, a category or an amount.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table<T = Quantity> {
    pub by: TableKey,
    /// (cases, number), the first that fits; `otherwise` where none does.
    pub rows: Vec<(Vec<usize>, T)>,
    /// For an amount: (from, number), rising.
    pub bands: Vec<(Ratio, T)>,
    pub otherwise: Option<Box<T>>,
}

/// What a table goes by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TableKey {
    /// A choice fact; cases are indices of its words. A yes/no fact; 0 is no, 1 is yes. A category fact; cases are category ids, spread over the tree.
    Fact(Subject, FactId),
    /// A tier; cases are indices of its levels.
    Tier(TierId),
    /// `line.category`, `listing.category`: the category in view, spread over the tree.
    Category,
    /// `order.weekday`: 0 is Monday.
    Weekday,
    /// An amount.
    Quantity(Quantity),
}
