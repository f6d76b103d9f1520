//! What depends on a whole period must wait for its end, and a campaign should have a limit.

use super::periods::outlasts;
use super::reads::{self, Reading};
use super::scope::Scope;
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    Amount, BaseOf, Earn, EarnId, Group, GroupId, IdVec, Member, Occasion, Pending, Period, Pool, PoolId,
    Rule, Version,
};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Declaration};
use crate::value::Currency;

/// Reports points that become available before what they depend on is known.
pub(super) fn check_pending(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    pools: &IdVec<PoolId, Pool>,
) {
    for (id, rule) in earns.iter_enumerated() {
        for version in &rule.versions {
            match version.body.of {
                Occasion::Period(_) => continue,
                Occasion::Running(period) => {
                    check_running(scope, (id, version), period);
                    continue;
                }
                Occasion::Order | Occasion::Event(_) => {}
            }
            for reading in readings(scope, earns, (id, version)) {
                if let Some(period) =
                    scope.measures.try_get(reading.measure).and_then(|measure| measure.period)
                {
                    check_reading(scope, version, pools, (reading, period));
                }
            }
        }
    }
}

/// What gives as reached looks at measures over its own stretch of time, and at them alone.
fn check_running(scope: &Scope<'_>, (id, version): (EarnId, &Version<Earn>), period: Period) {
    let found = declaration(scope, id, version.span);
    let found = found.map(|found| reads::in_declaration(scope, found)).unwrap_or_default();
    let report = |span: Span, message: String, help: &str| {
        scope.report(Diagnostic::new(Code::BadSubject, span, message).with_help(help));
    };
    let based = match &version.body.amount {
        Amount::Share { base, .. } | Amount::Per { base, .. } => matches!(base.of, BaseOf::Measure(..)),
        Amount::Fixed { .. } | Amount::OfRule { .. } => false,
    };
    if found.is_empty() && !based {
        let message = "this rule gives as something is reached, and does not say what".to_owned();
        report(
            version.body.gives_span,
            message,
            "say it: `when spend in all >= 1,000 JPY`, or `per full 10 of nights`",
        );
    }
    for reading in found {
        let Some(measure) = scope.measures.try_get(reading.measure) else { continue };
        if !reading.in_all {
            let message =
                format!("`{} so far` is what it was when the first thing was counted", measure.name);
            report(
                reading.span,
                message,
                "read it `in all`: the rule is looked at whenever something is counted",
            );
        } else if measure.period.is_some_and(|own| own != period) {
            let message = format!("`{}` counts over another stretch of time than this rule", measure.name);
            report(
                reading.span,
                message,
                "let both say the same: `each member gives …` and `for all time`, say",
            );
        }
    }
}

fn declaration<'a>(scope: &Scope<'a>, id: EarnId, head: Span) -> Option<&'a Declaration> {
    let versions = &scope.earns.try_get(id)?.versions;
    versions.iter().map(|version| version.declaration).find(|declaration| declaration.head == head)
}

/// Measures over a whole period that a rule reads, by way of other rules too.
fn readings(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    (id, version): (EarnId, &Version<Earn>),
) -> Vec<Reading> {
    let whole = |id: EarnId, head: Span| {
        let read = declaration(scope, id, head).map(|found| reads::in_declaration(scope, found));
        read.unwrap_or_default().into_iter().filter(|reading| reading.in_all).collect::<Vec<_>>()
    };
    let mut found = whole(id, version.span);
    let mut seen: Vec<EarnId> = vec![id];
    let mut next = rule_read(version);
    while let Some(read) = next.filter(|read| !seen.contains(read)) {
        seen.push(read);
        next = None;
        for theirs in earns.try_get(read).into_iter().flat_map(|rule| &rule.versions) {
            let through = whole(read, theirs.span).into_iter();
            found.extend(through.map(|reading| Reading { span: version.body.gives_span, ..reading }));
            next = rule_read(theirs).or(next);
        }
    }
    found
}

fn rule_read(version: &Version<Earn>) -> Option<EarnId> {
    match version.body.amount {
        Amount::OfRule { rule, .. } => Some(rule),
        _ => None,
    }
}

fn check_reading(
    scope: &Scope<'_>,
    version: &Version<Earn>,
    pools: &IdVec<PoolId, Pool>,
    (reading, period): (Reading, Period),
) {
    let waits: Vec<(&Pending, Span)> = match &version.body.pending {
        Some((pending, span)) => vec![(pending, *span)],
        None => {
            let versions = pools.try_get(version.body.pool).into_iter().flat_map(|pool| &pool.versions);
            let here = days(&version.window);
            versions
                .filter(|terms| !days(&terms.window).intersection(&here).is_empty())
                .map(|terms| (&terms.body.pending, terms.body.pending_span))
                .collect()
        }
    };
    let early = waits.iter().find(|(pending, _)| !outlasts(scope, pending, period, &version.window));
    let Some((_, wait)) = early else { return };
    let name = scope.measures.try_get(reading.measure).map_or("", |measure| measure.name);
    let (message, help) = match ending(period) {
        Some(end) => (
            format!("points become available before it is known what `{name}` is in all"),
            format!(
                "let this rule's points wait for the end: `pending until {end} of {}`; or read `{name} so far`",
                anchor(scope, version.body.of)
            ),
        ),
        None => (
            format!("`{name} in all` is never settled: it counts without end"),
            format!("read it as it is then: `{name} so far`"),
        ),
    };
    scope.report(
        Diagnostic::new(Code::EarlyPending, reading.span, message)
            .with_place(*wait, "the wait")
            .with_help(help),
    );
}

fn anchor(scope: &Scope<'_>, of: Occasion) -> String {
    match of {
        Occasion::Event(event) => {
            format!("{} happened", scope.events.try_get(event).map_or("", |event| event.name))
        }
        _ => "order placed".to_owned(),
    }
}

/// The first words of a moment that lasts to the end of a period.
fn ending(period: Period) -> Option<&'static str> {
    Some(match period {
        Period::Day => "end of day",
        Period::Week => "end of week",
        Period::Month => "end of month",
        Period::MonthFrom { .. } => "end of month of 1 month after",
        Period::Quarter => "end of quarter",
        Period::Half => "end of half",
        Period::Year { month: 1, day: 1 } => "end of year",
        Period::Year { .. } | Period::YearOfMember(_) => "end of month of 12 months after start of month",
        Period::Last { .. } | Period::Rolling(_) | Period::AllTime => return None,
    })
}

/// Warns of a campaign that nothing limits: a rule with a first and a last day, or one that multiplies another for a
/// time.
pub(super) fn check_campaigns(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    groups: &IdVec<GroupId, Rule<Group>>,
) {
    for (id, rule) in earns.iter_enumerated() {
        let (first, last) = (rule.versions.first(), rule.versions.last());
        let starts = first.is_some_and(|version| version.window.from_date.is_some());
        let ends = last.is_some_and(|version| version.window.until_date.is_some());
        let Some(open) = rule.versions.iter().find(|version| !is_limited(&version.body)) else { continue };
        let meant = declaration(scope, id, open.span);
        if meant.is_some_and(|found| {
            found.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::NoLimit))
        }) {
            continue;
        }
        let multiplies = rule_read(open).is_some();
        if !(starts && ends || multiplies && (starts || ends)) || in_limited_group(groups, id) {
            continue;
        }
        let unit = super::pool::unit_word(scope, open.body.pool).unwrap_or("point");
        let counts_in_money = Currency::from_code(unit).is_some();
        let plural = if counts_in_money { unit.to_owned() } else { format!("{unit}s") };
        let what = if starts && ends { "runs for a time" } else { "multiplies another rule for a time" };
        let message = format!("`{}` {what}, and nothing limits what it gives", rule.name);
        let lines = [
            format!("at most 1,000 {plural} per member per calendar month, returns free room"),
            format!("at most 1,000,000 {plural} from everyone"),
        ];
        let help = format!(
            "add a limit, such as {}; or `without limit`, where none is meant",
            words::listed(&lines, "or")
        );
        scope.report(Diagnostic::new(Code::UncappedCampaign, open.span, message).with_help(help));
    }
}

fn is_limited(earn: &Earn) -> bool {
    !earn.limits.is_empty() || !earn.first.is_empty()
}

/// True where a group around the rule, near or far, has a limit.
fn in_limited_group(groups: &IdVec<GroupId, Rule<Group>>, id: EarnId) -> bool {
    let mut inside = vec![Member::Earn(id)];
    let mut next = 0;
    while let Some(member) = inside.get(next).copied() {
        next += 1;
        for (group, rule) in groups.iter_enumerated() {
            let around = rule.versions.iter().filter(|version| version.body.of.contains(&member));
            for version in around {
                if !version.body.limits.is_empty() {
                    return true;
                }
                if !inside.contains(&Member::Group(group)) {
                    inside.push(Member::Group(group));
                }
            }
        }
    }
    false
}
