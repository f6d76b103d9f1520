//! Tiers: levels that members reach by measures, and how long they hold.

use super::clauses::{body, missing_choice, missing_clause};
use super::constant;
use super::expr::{Place, Reader};
use super::logic;
use super::moments::{chain, check_drift};
use super::readings;
use super::scope::Scope;
use super::versions::report_dates;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Calendared, IdVec, Level, MeasureId, Quantity, Tier, TierId};
use crate::source::Span;
use crate::syntax::ast::{
    AnchorKind, Clause, ClauseKind, Declaration, Kind, LevelWhen, Moment, Name, Text, ThenChoice, Threshold,
};

/// A declared tier: what is needed to read it.
pub(super) struct TierEntry<'a> {
    pub name: &'a str,
    pub declaration: &'a Declaration,
    pub clauses: Vec<&'a Clause>,
    /// Its levels, from the start level up.
    pub levels: Vec<&'a Name>,
}

/// Collects the tiers.
pub(super) fn entries<'a>(scope: &Scope<'a>) -> IdVec<TierId, TierEntry<'a>> {
    let mut entries: IdVec<TierId, TierEntry<'a>> = IdVec::default();
    for declaration in scope.declared(Kind::Tier) {
        report_dates(scope, declaration);
        let name = declaration.name.text.as_str();
        let first = entries.iter().find(|entry| entry.name == name).map(|entry| entry.declaration);
        if super::versions::report_second(scope, declaration, first) {
            continue;
        }
        let clauses = body(scope, declaration);
        let start = clauses.iter().filter_map(|clause| match &clause.kind {
            ClauseKind::Start { name, .. } => Some(name),
            _ => None,
        });
        let above = clauses.iter().filter_map(|clause| match &clause.kind {
            ClauseKind::Level { name, .. } => Some(name),
            _ => None,
        });
        let levels = unique(scope, start.chain(above).collect());
        entries.push(TierEntry { name, declaration, clauses, levels });
    }
    entries
}

fn unique<'a>(scope: &Scope<'_>, names: Vec<&'a Name>) -> Vec<&'a Name> {
    let mut kept: Vec<&Name> = Vec::new();
    for name in names {
        if let Some(first) = kept.iter().find(|first| first.text == name.text) {
            let message = format!("the level `{}` is declared twice", name.text);
            scope.report(
                Diagnostic::new(Code::DuplicateName, name.span, message)
                    .with_label("the second")
                    .with_place(first.span, "the first")
                    .with_help("give one of them another name"),
            );
        } else {
            kept.push(name);
        }
    }
    kept
}

/// Checks the tiers.
pub(super) fn tiers(scope: &Scope<'_>) -> IdVec<TierId, Tier> {
    let read = scope.tiers.iter().map(|entry| {
        let found = tier(scope, entry);
        if found.is_none() {
            scope.note_unread(entry.declaration.head);
        }
        found
    });
    read.flatten().collect()
}

fn tier(scope: &Scope<'_>, entry: &TierEntry<'_>) -> Option<Tier> {
    let declaration = entry.declaration;
    let counts = entry.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::CountsMeasure(name) => Some(whole_measure(scope, name)),
        _ => None,
    });
    let levels = levels(scope, entry, counts.flatten(), counts.is_some());
    let begins = entry.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Begins(moment) => Some(self::moment(scope, moment, false)),
        _ => None,
    });
    let lasts = lasts(scope, entry);
    let then = then(scope, entry, &lasts);
    let returns = entry.clauses.iter().find_map(|clause| match clause.kind {
        ClauseKind::ReturnLevel { lowers } => Some(lowers),
        _ => None,
    });
    if returns.is_none() {
        let choices = ["return keeps level", "return lowers level"];
        missing_choice(scope, declaration, "what a return does to a level", &choices);
    }
    let levels = levels?;
    check_rising(scope, &levels);
    Some(Tier {
        name: entry.name.to_owned(),
        label: label(declaration.label.as_ref()),
        levels,
        begins: match begins {
            Some(begins) => Some(begins?),
            None => None,
        },
        lasts: lasts?,
        then: then?,
        return_lowers: returns?,
    })
}

fn label(label: Option<&Text>) -> String {
    label.map_or_else(String::new, |label| label.text.clone())
}

/// A measure that is counted as one.
fn whole_measure(scope: &Scope<'_>, name: &Name) -> Option<MeasureId> {
    let id = readings::resolve(scope, name)?;
    readings::key(scope, id, None, name.span)?;
    Some(id)
}

fn levels(
    scope: &Scope<'_>,
    entry: &TierEntry<'_>,
    counts: Option<MeasureId>,
    counts_said: bool,
) -> Option<Vec<Level>> {
    let declaration = entry.declaration;
    let start = entry.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Start { name, label } => Some(Level {
            name: name.text.clone(),
            label: self::label(label.as_ref()),
            at: Vec::new(),
            when: None,
            how: LevelWhen::Also,
            span: clause.span,
        }),
        _ => None,
    });
    if start.is_none() {
        missing_clause(scope, declaration, "at which level members start", "`start member_only \"Member\"`");
    }
    let mut levels: Option<Vec<Level>> = start.map(|start| vec![start]);
    let mut any = false;
    for clause in &entry.clauses {
        let ClauseKind::Level { name, label, at, when, how } = &clause.kind else { continue };
        any = true;
        let at = thresholds(scope, entry, at, (counts, counts_said));
        let when = match when {
            Some(when) => Reader::new(scope, Place::Member).condition(when).map(|condition| {
                logic::check_alone(scope, &condition);
                Some(condition)
            }),
            None => Some(None),
        };
        match (at.zip(when), &mut levels) {
            (Some((at, when)), Some(levels)) => levels.push(Level {
                name: name.text.clone(),
                label: self::label(label.as_ref()),
                at,
                when,
                how: *how,
                span: clause.span,
            }),
            _ => levels = None,
        }
    }
    if !any {
        missing_clause(scope, declaration, "which levels it has", "`level gold \"Gold\" at 25`");
        return None;
    }
    levels
}

type Thresholds = Vec<Vec<(MeasureId, Quantity)>>;

fn thresholds(
    scope: &Scope<'_>,
    entry: &TierEntry<'_>,
    at: &[Vec<Threshold>],
    counts: (Option<MeasureId>, bool),
) -> Option<Thresholds> {
    let mut fits = true;
    let mut all = Vec::new();
    for alternative in at {
        let read: Vec<Option<(MeasureId, Quantity)>> =
            alternative.iter().map(|threshold| self::threshold(scope, entry, threshold, counts)).collect();
        match read.into_iter().collect::<Option<Vec<_>>>() {
            Some(read) => all.push(read),
            None => fits = false,
        }
    }
    fits.then_some(all)
}

fn threshold(
    scope: &Scope<'_>,
    entry: &TierEntry<'_>,
    threshold: &Threshold,
    (counts, counts_said): (Option<MeasureId>, bool),
) -> Option<(MeasureId, Quantity)> {
    let measure = match &threshold.of {
        Some(name) => whole_measure(scope, name)?,
        None if counts_said => counts?,
        None => {
            let message = "this does not say which measure is meant";
            let known = scope.measures.iter().next().map_or("nights", |measure| measure.name);
            scope.report(
                Diagnostic::new(Code::MissingChoice, threshold.span, message)
                    .with_place(entry.declaration.head, "the tier")
                    .with_help(format!("add `counts {known}` to the tier, or write `… of {known}`")),
            );
            return None;
        }
    };
    let unit = scope.measures.try_get(measure)?.unit?;
    let reader = Reader::new(scope, Place::Everyone);
    let quantity = reader.number(&threshold.amount, unit)?;
    let (low, _) = super::ranges::bounds(scope, &quantity, Some(&reader.window));
    if low.is_some_and(|low| low <= crate::value::Ratio::ZERO) {
        constant::report_nought(scope, threshold.amount.span);
        return None;
    }
    Some((measure, quantity))
}

/// Reports a level that is reached whenever an earlier one is.
fn check_rising(scope: &Scope<'_>, levels: &[Level]) {
    for (i, level) in levels.iter().enumerate() {
        let lower = levels.iter().take(i).filter(|lower| !lower.at.is_empty());
        for lower in lower {
            let reached = |have: &[(MeasureId, Quantity)]| {
                level
                    .at
                    .iter()
                    .any(|need| need.iter().all(|need| have.iter().any(|have| at_least(have, need))))
            };
            if lower.at.iter().any(|have| reached(have)) {
                let message =
                    format!("whoever reaches `{}` has reached `{}` already", lower.name, level.name);
                scope.report(
                    Diagnostic::new(Code::NotRising, level.span, message)
                        .with_place(lower.span, "the lower level")
                        .with_help("write the levels from the lowest up, each with more to reach than the one before"),
                );
                return;
            }
        }
    }
}

/// True where having the one threshold is having the other.
fn at_least(have: &(MeasureId, Quantity), need: &(MeasureId, Quantity)) -> bool {
    match (constant::fold(&have.1), constant::fold(&need.1)) {
        _ if have.0 != need.0 => false,
        (Some(have), Some(need)) => have >= need,
        _ => have.1 == need.1,
    }
}

/// How long a level lasts: the inner None is for all time.
fn lasts(scope: &Scope<'_>, entry: &TierEntry<'_>) -> Option<Option<Calendared>> {
    let said = entry.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Lasts(moment) => Some(moment),
        _ => None,
    });
    match said {
        None => {
            let choices = ["lasts until 12 months after reached", "lasts for all time"];
            missing_choice(scope, entry.declaration, "how long a level lasts", &choices);
            None
        }
        Some(None) => Some(None),
        Some(Some(moment)) => self::moment(scope, moment, true).map(Some),
    }
}

/// When a level begins, or (`ends`) until when it lasts.
fn moment(scope: &Scope<'_>, moment: &Moment, ends: bool) -> Option<Calendared> {
    let chain = chain(&Reader::new(scope, Place::Everyone), moment, false)?;
    if ends {
        check_drift(scope, moment);
    }
    let (verb, help) = match ends {
        true => ("last", "a level lasts from when it is reached: `lasts until 12 months after reached`"),
        false => ("begin", "a level begins after it is reached: `begins next 1 april after reached`"),
    };
    let wrong = |span: Span, message: String| {
        let report = Diagnostic::new(Code::BadMoment, span, message);
        scope.report(report.with_help(help));
        None
    };
    match chain.anchors {
        [anchor] if anchor.kind == AnchorKind::Reached => match &anchor.when {
            None => Some(chain.by),
            Some(when) => wrong(when.span, "`reached` takes no condition".to_owned()),
        },
        [anchor] => wrong(anchor.span, format!("a level does not {verb} from `{}`", scope.text(anchor.span))),
        [] => wrong(moment.span, format!("a level does not {verb} by one day for everyone")),
        _ => wrong(moment.span, format!("a level {verb}s from one thing, not from the latest of several")),
    }
}

fn then(scope: &Scope<'_>, entry: &TierEntry<'_>, lasts: &Option<Option<Calendared>>) -> Option<ThenChoice> {
    let said = entry.clauses.iter().find_map(|clause| match clause.kind {
        ClauseKind::Then(choice) => Some((choice, clause.span)),
        _ => None,
    });
    let for_ever = entry.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::Lasts(None)));
    match (said, for_ever) {
        (Some((_, span)), Some(lasts)) => {
            let message = "a level that lasts for all time never ends";
            scope.report(
                Diagnostic::new(Code::MisplacedClause, span, message)
                    .with_place(lasts.span, "said here")
                    .with_help("leave one of the two lines out"),
            );
            None
        }
        (None, Some(_)) => Some(ThenChoice::WorkedOutAgain),
        (None, None) => {
            if lasts.is_some() {
                let choices = ["then worked out again", "then falls 1 level"];
                let what = "what comes when a level has lasted its time";
                missing_choice(scope, entry.declaration, what, &choices);
            }
            None
        }
        (Some((ThenChoice::Falls(0), span)), None) => {
            let message = "a fall of no level changes nothing";
            let report = Diagnostic::new(Code::NegativeAmount, span, message);
            scope.report(report.with_help("write `then falls 1 level`, or `lasts for all time`"));
            None
        }
        (Some((choice, _)), None) => Some(choice),
    }
}
