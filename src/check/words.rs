//! Words of messages: lists in backticks, "did you mean", what a clause is called.

use crate::diagnostic::{Diagnostic, suggest};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Combine, Kind};

/// `` `a`, `b` or `c` `` with the given last joint.
pub(super) fn listed<S: AsRef<str>>(items: &[S], joint: &str) -> String {
    let ticked: Vec<String> = items.iter().map(|item| format!("`{}`", item.as_ref())).collect();
    match ticked.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {joint} {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Most candidates that a help lists in full.
const MOST_LISTED: usize = 12;

/// The help for an unknown word: the nearest candidate, else all of them if they are few.
pub(super) fn hint(word: &str, what: &str, candidates: &[&str]) -> Option<String> {
    if let Some(near) = suggest::nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    (!candidates.is_empty() && candidates.len() <= MOST_LISTED)
        .then(|| format!("{what}: {}", listed(candidates, "and")))
}

/// Says what to write for an unknown word: the nearest of the known ones, with its place, else all of them if they
/// are few, and how to declare it.
pub(super) fn advise(
    report: Diagnostic,
    word: &str,
    what: &str,
    known: &[(&str, Option<Span>)],
    declare: &str,
) -> Diagnostic {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    if let Some(near) = suggest::nearest(word, names.iter().copied()) {
        let report = report.with_help(format!("did you mean `{near}`?"));
        let place = known.iter().find(|(name, _)| *name == near).and_then(|(_, span)| *span);
        return match place {
            Some(place) => report.with_place(place, format!("`{near}` is declared here")),
            None => report,
        };
    }
    report.with_help(match names.len() {
        1..=MOST_LISTED => format!("{what}: {}\nor declare it: `{declare}`", listed(&names, "and")),
        _ => format!("declare it: `{declare}`"),
    })
}

/// The keyword with its article: `an earn`, `a pool`.
pub(super) fn a_keyword(kind: Kind) -> String {
    let article = if matches!(kind, Kind::Earn | Kind::Event) { "an" } else { "a" };
    format!("{article} `{}`", kind.word())
}

/// A declaration in words: ``the earn rule `base` ``.
pub(super) fn named(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Earn | Kind::Redeem | Kind::Forbid => format!("the {} rule `{name}`", kind.word()),
        _ => format!("the {} `{name}`", kind.word()),
    }
}

/// What a clause is called: its first words.
pub(super) fn clause(kind: &ClauseKind) -> &'static str {
    match kind {
        ClauseKind::Currency(_) => "currency",
        ClauseKind::Timezone(_) => "timezone",
        ClauseKind::Statement(_) => "statement called",
        ClauseKind::Deadlines(_) => "deadlines",
        ClauseKind::MissingDay(_) => "missing day",
        ClauseKind::Child(_) => "a category",
        ClauseKind::Field(_) => "a fact",
        ClauseKind::Is(_) => "is",
        ClauseKind::Unit(_) => "unit",
        ClauseKind::Worth(_) => "worth",
        ClauseKind::Pending(_) => "pending",
        ClauseKind::BalanceExpires(_) => "balance expires",
        ClauseKind::Spend(_) => "spend",
        ClauseKind::Return(_) => "return",
        ClauseKind::Gives(_) => "each … gives",
        ClauseKind::When(_) => "when",
        ClauseKind::OnlyFor(_) => "only for",
        ClauseKind::NotFor { .. } => "not for",
        ClauseKind::Round { .. } => "round",
        ClauseKind::AtMost { .. } => "at most",
        ClauseKind::Pays { .. } => "pays",
        ClauseKind::Operation(_) => "an operation",
        ClauseKind::ShownIn(_) => "shown in",
        ClauseKind::By(_) => "by",
        ClauseKind::Case { .. } => "a case",
        ClauseKind::Marks(_) => "marks",
        ClauseKind::Counts { .. } => "each … counts",
        ClauseKind::Adds(_) => "adds",
        ClauseKind::ForEach(_) => "for each",
        ClauseKind::Per(_) => "per",
        ClauseKind::CountsMeasure(_) => "counts",
        ClauseKind::Start { .. } => "start",
        ClauseKind::Level { .. } => "level",
        ClauseKind::Begins(_) => "begins",
        ClauseKind::Lasts(_) => "lasts",
        ClauseKind::Then(_) => "then",
        ClauseKind::ReturnLevel { .. } => "return … level",
        ClauseKind::Combine { how: Combine::Best, .. } => "best of",
        ClauseKind::Combine { how: Combine::First, .. } => "first of",
        ClauseKind::Combine { how: Combine::All, .. } => "all of",
        ClauseKind::Into(_) => "into",
        ClauseKind::OutOf(_) => "out of",
        ClauseKind::OnFirst { .. } => "on first",
        ClauseKind::AtMostShare { .. } => "at most",
        ClauseKind::NoLimit => "without limit",
        ClauseKind::AtLeast(_) => "at least",
        ClauseKind::InSteps(_) => "in steps of",
        ClauseKind::Reward { .. } => "reward",
        ClauseKind::MoveTo { .. } => "a line that says where points go",
        ClauseKind::OnRequest => "on request",
        ClauseKind::OnDays(_) | ClauseKind::OnPeriodEnd(_) => "on",
        ClauseKind::GivesPer { .. } => "gives",
        ClauseKind::Fee(_) => "fee",
        ClauseKind::LotExpires { .. } => "lot expires",
        ClauseKind::SpendBefore(_) => "spend before",
        ClauseKind::Error => "",
    }
}

/// The declarations that take a clause.
pub(super) fn homes(kind: &ClauseKind) -> &'static [Kind] {
    match kind {
        ClauseKind::Currency(_)
        | ClauseKind::Timezone(_)
        | ClauseKind::Statement(_)
        | ClauseKind::Deadlines(_)
        | ClauseKind::MissingDay(_) => &[Kind::Program],
        ClauseKind::Child(_) => &[Kind::Category],
        ClauseKind::Field(_) => &[Kind::Facts, Kind::Event],
        ClauseKind::Marks(_) => &[Kind::Event],
        ClauseKind::Is(_) | ClauseKind::By(_) | ClauseKind::Case { .. } => &[Kind::Value],
        ClauseKind::Counts { .. } | ClauseKind::Adds(_) | ClauseKind::ForEach(_) | ClauseKind::Per(_) => {
            &[Kind::Measure]
        }
        ClauseKind::CountsMeasure(_)
        | ClauseKind::Start { .. }
        | ClauseKind::Level { .. }
        | ClauseKind::Begins(_)
        | ClauseKind::Lasts(_)
        | ClauseKind::Then(_)
        | ClauseKind::ReturnLevel { .. } => &[Kind::Tier],
        ClauseKind::Unit(_)
        | ClauseKind::Worth(_)
        | ClauseKind::BalanceExpires(_)
        | ClauseKind::Spend(_)
        | ClauseKind::SpendBefore(_)
        | ClauseKind::Return(_) => &[Kind::Pool],
        ClauseKind::Pending(_) | ClauseKind::LotExpires { .. } => &[Kind::Pool, Kind::Earn],
        ClauseKind::Gives(_) | ClauseKind::Round { .. } | ClauseKind::Into(_) => &[Kind::Earn],
        ClauseKind::OnFirst { .. } => &[Kind::Earn, Kind::Redeem],
        ClauseKind::NoLimit => &[Kind::Earn],
        ClauseKind::AtMostShare { .. } => &[Kind::Earn, Kind::Group, Kind::Redeem],
        ClauseKind::AtMost { .. } => &[Kind::Earn, Kind::Group, Kind::Redeem, Kind::Move, Kind::Measure],
        ClauseKind::Combine { .. } => &[Kind::Group],
        ClauseKind::When(_) => &[Kind::Earn, Kind::Measure, Kind::Redeem, Kind::Move, Kind::Badge],
        ClauseKind::OnlyFor(_) | ClauseKind::NotFor { .. } => {
            &[Kind::Earn, Kind::Measure, Kind::Redeem, Kind::Badge]
        }
        ClauseKind::Pays { .. } | ClauseKind::OutOf(_) | ClauseKind::Reward { .. } => &[Kind::Redeem],
        ClauseKind::AtLeast(_) | ClauseKind::InSteps(_) => &[Kind::Redeem, Kind::Move],
        ClauseKind::MoveTo { .. }
        | ClauseKind::OnRequest
        | ClauseKind::OnDays(_)
        | ClauseKind::OnPeriodEnd(_)
        | ClauseKind::GivesPer { .. }
        | ClauseKind::Fee(_) => &[Kind::Move],
        ClauseKind::Operation(_) => &[Kind::Forbid],
        ClauseKind::ShownIn(_) => &[Kind::Badge],
        ClauseKind::Error => &[],
    }
}
