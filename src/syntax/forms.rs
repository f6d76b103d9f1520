//! What the language says, for messages: the clauses of each kind of declaration with their full forms. The grammar
//! alone decides what is right; this table helps to say what is wrong.

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
    form("marks", &[Kind::Event], "marks NAMES"),
    form("is", &[Kind::Value], "is VALUE"),
    form("by", &[Kind::Value], "by (CHOICE | AMOUNT)"),
    form("from", &[Kind::Value], "from AMOUNT: VALUE"),
    form("else", &[Kind::Value], "else: VALUE"),
    form(
        "each",
        &[Kind::Measure],
        "each (line | order | EVENT) counts (AMOUNT | different FACT | MONEY [with PARTS] [without PARTS] | (exact | rounded | capped) RULE) [at MARK]",
    ),
    form("adds", &[Kind::Measure], "adds MEASURES"),
    form("at", &[Kind::Measure], "at most AMOUNT"),
    form("counts", &[Kind::Tier], "counts MEASURE"),
    form("start", &[Kind::Tier], "start NAME \"LABEL\""),
    form(
        "level",
        &[Kind::Tier],
        "level NAME \"LABEL\" (at AMOUNT [of MEASURE] [or AMOUNT [of MEASURE]] [, ([or] when | or while) CONDITION] | (when | while) CONDITION)",
    ),
    form("begins", &[Kind::Tier], "begins MOMENT"),
    form("lasts", &[Kind::Tier], "lasts (until MOMENT | for all time)"),
    form("then", &[Kind::Tier], "then (falls 1 level | worked out again)"),
    form("return", &[Kind::Tier], "return (keeps level | lowers level)"),
    form("unit", &[Kind::Pool], "unit NAME"),
    form("worth", &[Kind::Pool], "worth 1 JPY"),
    form("pending", &[Kind::Pool, Kind::Earn], "pending (never | until MOMENT)"),
    form("lot", &[Kind::Pool], "lot expires (never | MOMENT [, paused while CONDITION])"),
    form("lot", &[Kind::Earn], "lot expires (never | MOMENT)"),
    form("balance", &[Kind::Pool], "balance expires (never | MOMENT)"),
    form("spend", &[Kind::Pool], "spend (before POOL | soonest to expire | oldest | newest), then …"),
    form(
        "return",
        &[Kind::Pool],
        "return (keeps points | takes points back, shortfall (becomes debt | is forgiven))",
    ),
    form(
        "each",
        &[Kind::Earn],
        "each (line | order | unit | EVENT | calendar PERIOD | month from 16th | year from (1 april | FACT) | member) gives (RATE of BASE | POINTS per [full] STEP of BASE | POINTS | NUMBER times (exact | rounded | capped) RULE) [with PARTS] [without PARTS] [beyond AMOUNT] [, as reached]",
    ),
    form("only", &[Kind::Earn, Kind::Redeem, Kind::Measure], "only for CATEGORIES"),
    form("not", &[Kind::Earn, Kind::Redeem, Kind::Measure], "not for CATEGORIES [, except CATEGORIES]"),
    form("when", &[Kind::Earn, Kind::Redeem, Kind::Move, Kind::Measure, Kind::Badge], "when CONDITION"),
    form("for", &[Kind::Measure], "for (each EVENT.FACT | all time)"),
    form(
        "per",
        &[Kind::Measure],
        "per (calendar PERIOD | last 3 calendar months | month from 16th | year from (1 april | FACT) | rolling DURATION)",
    ),
    form(
        "on",
        &[Kind::Earn],
        "on first AMOUNT (per (line | order | EVENT) | per member [per FACT] PERIOD, returns (free | keep) room)",
    ),
    form("round", &[Kind::Earn], "round (down | up | half up | half even) per (line | order | unit | EVENT)"),
    form("best", &[Kind::Group], "best of RULES per (line | order | EVENT)"),
    form("first", &[Kind::Group], "first of RULES per (line | order | EVENT)"),
    form("all", &[Kind::Group], "all of RULES"),
    form("out", &[Kind::Redeem], "out of POOL"),
    form(
        "at",
        &[Kind::Redeem],
        "at (least POINTS | most (RATE of AMOUNT | (POINTS | NUMBER rewards) [per order | per member PERIOD, returns (free | keep) room | from everyone [PERIOD]]))",
    ),
    form(
        "at",
        &[Kind::Move],
        "at (least POINTS | most POINTS [per member PERIOD, returns (free | keep) room | from everyone [PERIOD]])",
    ),
    form(
        "at",
        &[Kind::Earn, Kind::Group],
        "at most (RATE of AMOUNT | POINTS (per (line | order | unit | EVENT) | per member [per FACT] PERIOD, returns (free | keep) room | from everyone [PERIOD]))",
    ),
    form("on", &[Kind::Redeem], "on first NUMBER of AMOUNT per order"),
    form("without", &[Kind::Earn], "without limit"),
    form("in", &[Kind::Redeem, Kind::Move], "in steps of POINTS"),
    form("reward", &[Kind::Redeem], "reward NAME \"LABEL\" for (POINTS | POINTS to POINTS | free)"),
    form("into", &[Kind::Earn], "into POOL"),
    form("on", &[Kind::Move], "on (request | DAYS | end of PERIOD)"),
    form("gives", &[Kind::Move], "gives AMOUNT per [full] POINTS"),
    form("fee", &[Kind::Move], "fee POINTS"),
    form("transfer", &[Kind::Forbid], "transfer to (account | program)"),
    form("cash", &[Kind::Forbid], "cash out"),
    form("shown", &[Kind::Badge], "shown in PLACES"),
];

/// How a redeem clause reads, which starts with a number.
pub(super) const PAYS_FORM: &str = "POINTS (pay | pays) MONEY [per NUMBER] of AMOUNT";
/// How a case of a table reads, which starts with its names.
pub(super) const CASE_FORM: &str = "CASES: VALUE";
/// How the clause of a move reads that says where points go.
pub(super) const MOVE_FORM: &str = "POOL to (POOL | program NAME | account | cash)";
/// How a fact reads.
pub(super) const FIELD_FORM: &str = "NAME: (rate | count [UNIT] | quantity [UNIT] | date | text | yes/no | JPY | CATEGORY | A | B) [LOW to HIGH] [part of NAME | beside NAME] [default VALUE]";
/// The word that brings in another file.
pub(super) const USE: &str = "use";
/// How a file is brought in.
pub(super) const USE_FORM: &str = "use \"FILE.meed\"";
/// The words of moments.
pub(super) const MOMENT_WORDS: &[&str] = &[
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "hour",
    "hours",
    "quarter",
    "half",
    "to",
    "after",
    "before",
    "start",
    "end",
    "of",
    "next",
    "latest",
    "when",
    "order",
    "placed",
    "shipped",
    "points",
    "acquired",
    "redeemed",
    "happened",
    "moved",
    "period",
    "ended",
    "reached",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The words of periods.
pub(super) const PERIOD_WORDS: &[&str] = &[
    "per",
    "calendar",
    "day",
    "week",
    "month",
    "quarter",
    "half",
    "year",
    "from",
    "rolling",
    "days",
    "weeks",
    "months",
    "years",
    "for",
    "all",
    "time",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The words of conditions.
pub(super) const CONDITION_WORDS: &[&str] =
    &["of", "for", "and", "or", "not", "has", "is", "in", "no", "yes", "before", "after", "so", "far", "all"];
/// What a rule looks at, rounds or limits, beside declared events.
pub(super) const PIECES: &[&str] = &["line", "order", "unit"];
/// Words that are never names.
pub(super) const RESERVED: &[&str] = &[
    "and", "or", "not", "is", "in", "of", "per", "with", "without", "from", "until", "by", "else", "yes",
    "no",
];

/// The clauses of a kind of declaration.
pub(super) fn clauses_of(kind: Kind) -> impl Iterator<Item = &'static Form> {
    FORMS.iter().filter(move |form| form.kinds.contains(&kind))
}

/// A clause with this first word, wherever it may stand.
pub(super) fn clause(word: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.word == word)
}

/// The clause with this first word, that of the kind before that of others.
pub(super) fn clause_in(kind: Option<Kind>, word: &str) -> Option<&'static Form> {
    let own = kind.and_then(|kind| clauses_of(kind).find(|form| form.word == word));
    own.or_else(|| clause(word))
}

/// The kind with this keyword or with the one nearest to it.
pub(super) fn nearest_kind(word: &str) -> Option<Kind> {
    let near = || nearest(word, Kind::ALL.map(Kind::word)).and_then(Kind::from_word);
    Kind::from_word(word).or_else(near).filter(|_| word != USE)
}

/// The fixed words of a form.
pub(super) fn fixed_words(form: &'static str) -> impl Iterator<Item = &'static str> {
    let words = form.split(|c: char| !c.is_ascii_alphabetic());
    words.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
}
