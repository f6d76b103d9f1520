//! What the language says, for messages: the clauses of each kind of declaration with their full forms, and
//! what later versions will read. The grammar alone decides what is right; this table helps to say what is wrong.

use super::ast::Kind;
use crate::diagnostic::suggest::nearest;

/// A clause: its first word, where it may stand, and how it reads.
pub(super) struct Form {
    /// The first word.
    pub word: &'static str,
    /// The kinds of declaration that take it.
    pub kinds: &'static [Kind],
    /// The full form: fixed words in lower case, the author's parts in capitals.
    pub form: &'static str,
}

const fn form(word: &'static str, kinds: &'static [Kind], form: &'static str) -> Form {
    Form { word, kinds, form }
}

/// The clauses, in the order in which they usually stand.
pub(super) const FORMS: &[Form] = &[
    form("currency", &[Kind::Program], "currency JPY"),
    form("timezone", &[Kind::Program], "timezone Asia/Tokyo"),
    form("statement", &[Kind::Program], "statement called \"TEXT\""),
    form("deadlines", &[Kind::Program], "deadlines run to (end of day | same time of day)"),
    form("missing", &[Kind::Program], "missing day becomes (last of month | first of next month)"),
    form("is", &[Kind::Value], "is VALUE"),
    form("unit", &[Kind::Pool], "unit NAME"),
    form("worth", &[Kind::Pool], "worth 1 JPY"),
    form(
        "pending",
        &[Kind::Pool],
        "pending (never | until [DURATION after] (order placed | shipped | points acquired))",
    ),
    form(
        "balance",
        &[Kind::Pool],
        "balance expires (never | DURATION after [latest of] order placed, points acquired, points redeemed)",
    ),
    form("spend", &[Kind::Pool], "spend (soonest to expire | oldest | newest), then …"),
    form(
        "return",
        &[Kind::Pool],
        "return (keeps points | takes points back, shortfall (becomes debt | is forgiven))",
    ),
    form(
        "each",
        &[Kind::Earn],
        "each (line | order | unit) gives (RATE of BASE | POINTS per [full] MONEY of BASE | POINTS) [with PARTS] [without PARTS]",
    ),
    form("when", &[Kind::Earn, Kind::Redeem, Kind::Badge], "when CONDITION"),
    form("only", &[Kind::Earn, Kind::Redeem], "only for CATEGORIES"),
    form("not", &[Kind::Earn, Kind::Redeem], "not for CATEGORIES [, except CATEGORIES]"),
    form("round", &[Kind::Earn], "round (down | up | half up | half even) per (line | order | unit)"),
    form("at", &[Kind::Earn, Kind::Redeem], "at most POINTS per (line | order | unit)"),
    form("transfer", &[Kind::Forbid], "transfer to (account | program)"),
    form("cash", &[Kind::Forbid], "cash out"),
    form("shown", &[Kind::Badge], "shown in PLACES"),
];

/// How a redeem clause reads, which starts with a number.
pub(super) const PAYS_FORM: &str = "POINTS pays MONEY of AMOUNT";
/// How a fact reads.
pub(super) const FIELD_FORM: &str =
    "NAME: (rate | count | date | text | yes/no | JPY | A | B) [LOW to HIGH] [part of NAME] [default VALUE]";
/// What a rule looks at, rounds or limits.
pub(super) const PIECES: &[&str] = &["line", "order", "unit"];
/// Words that are never names.
pub(super) const RESERVED: &[&str] = &[
    "and", "or", "not", "is", "in", "of", "per", "with", "without", "from", "until", "by", "else", "yes",
    "no",
];

/// Declarations of later versions.
const LATER_DECLARATIONS: &[(&str, &str)] = &[
    ("use", "parts of a policy in files of their own"),
    ("event", "happenings other than orders"),
    ("measure", "counts and sums over a period"),
    ("tier", "levels of members"),
    ("group", "earn rules combined"),
    ("move", "points that leave for another pool"),
];

/// First words of clauses of later versions.
const LATER_CLAUSES: &[(&str, &str)] = &[
    ("lot", "expiry of each lot"),
    ("expires", "expiry of each lot"),
    ("into", "an earn rule that fills a pool of its own choice"),
    ("on", "`on first …`, which cuts the amount that earns"),
    ("by", "tables of values"),
    ("counts", "measures"),
    ("reward", "a chart of rewards"),
    ("per", "measures over a period"),
    ("for", "measures for each kind of event"),
    ("start", "levels of members"),
    ("level", "levels of members"),
    ("lasts", "levels of members"),
    ("best", "groups of earn rules"),
    ("sum", "groups of earn rules"),
    ("paused", "an expiry that pauses"),
];

/// Words inside a clause that begin a form of later versions: the clause's first word, the word, what it is.
const LATER_WORDS: &[(&str, &str, &str)] = &[
    ("pending", "end", "moments at the end of a period"),
    ("pending", "start", "moments at the start of a period"),
    ("pending", "next", "moments on a day of the month"),
    ("balance", "end", "moments at the end of a period"),
    ("balance", "start", "moments at the start of a period"),
    ("balance", "next", "moments on a day of the month"),
    ("balance", "paused", "an expiry that pauses"),
    ("balance", "restarts", "an expiry that restarts"),
    ("spend", "before", "a spending order over several pools"),
    ("each", "times", "points as a multiple of another rule's points"),
    ("each", "rounded", "points worked out from another rule's points"),
    ("each", "exact", "points worked out from another rule's points"),
    ("each", "capped", "points worked out from another rule's points"),
    ("at", "member", "limits over a period"),
    ("at", "returns", "limits over a period"),
    ("round", "member", "rounding of all that a member earns"),
    ("when", "so", "measures"),
    ("when", "all", "measures"),
];

/// The clauses of a kind of declaration.
pub(super) fn clauses_of(kind: Kind) -> impl Iterator<Item = &'static Form> {
    FORMS.iter().filter(move |form| form.kinds.contains(&kind))
}

/// The clause with this first word.
pub(super) fn clause(word: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.word == word)
}

/// The kind with this keyword or with the one nearest to it.
pub(super) fn nearest_kind(word: &str) -> Option<Kind> {
    let exact = Kind::from_word(word);
    if exact.is_some() || later_declaration(word).is_some() {
        return exact;
    }
    nearest(word, Kind::ALL.map(Kind::word)).and_then(Kind::from_word)
}

/// What a declaration of later versions is for.
pub(super) fn later_declaration(word: &str) -> Option<&'static str> {
    LATER_DECLARATIONS.iter().find(|(later, _)| *later == word).map(|(_, what)| *what)
}

/// What a clause of later versions is for.
pub(super) fn later_clause(word: &str) -> Option<&'static str> {
    LATER_CLAUSES.iter().find(|(later, _)| *later == word).map(|(_, what)| *what)
}

/// What a word of later versions inside a clause is for.
pub(super) fn later_word(clause: &str, word: &str) -> Option<&'static str> {
    LATER_WORDS.iter().find(|(first, later, _)| *first == clause && *later == word).map(|(_, _, what)| *what)
}

/// The fixed words of a form.
pub(super) fn fixed_words(form: &'static str) -> impl Iterator<Item = &'static str> {
    let words = form.split(|c: char| !c.is_ascii_alphabetic());
    words.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
}
