//! Dated versions: windows, overlaps, gaps.

use super::domain::{Domain, time_number};
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Id, IdVec, Window};
use crate::source::Span;
use crate::syntax::ast::{Declaration, Kind};
use crate::value::time::LocalTime;

/// All versions declared under one name, in order of time.
pub(super) struct Group<'a> {
    pub name: &'a str,
    pub versions: Vec<Dated<'a>>,
}

/// One version and when it is in force.
#[derive(Clone, Copy)]
pub(super) struct Dated<'a> {
    pub declaration: &'a Declaration,
    pub window: Window,
}

/// A window as numbers: days, and parts of days.
pub(super) fn days(window: &Window) -> Domain {
    Domain::half_open(window.from_date.map(time_number), window.until_date.map(time_number))
}

impl Group<'_> {
    /// The name, and where it is declared first.
    pub fn place(&self) -> (&str, Option<Span>) {
        (self.name, self.versions.first().map(|version| version.declaration.name.span))
    }

    /// The days on which any version is in force.
    pub fn days(&self) -> Domain {
        self.versions.iter().fold(Domain::none(), |all, version| all.union(&days(&version.window)))
    }
}

/// The window between two local times. One that the clocks skip is the first instant after the gap, one that comes twice the
/// first of the two.
pub(super) fn window(scope: &Scope<'_>, from: Option<LocalTime>, until: Option<LocalTime>) -> Window {
    let instant = |time: Option<LocalTime>| scope.zone.as_ref()?.instant(time?.0).ok();
    Window { from: instant(from), until: instant(until), from_date: from, until_date: until }
}

/// Groups the declarations of a kind by name, checks each window and how they lie beside each other.
pub(super) fn group<'a, I: Id>(scope: &Scope<'a>, kind: Kind) -> IdVec<I, Group<'a>> {
    let mut groups: IdVec<I, Group<'a>> = IdVec::default();
    for declaration in scope.declared(kind) {
        let window = declared_window(scope, declaration);
        let name = declaration.name.text.as_str();
        let version = Dated { declaration, window };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.versions.push(version),
            None => {
                groups.push(Group { name, versions: vec![version] });
            }
        }
    }
    for group in groups.iter_mut() {
        report_overlaps(scope, group);
        group.versions.sort_by_key(|version| version.window.from_date);
    }
    groups
}

fn declared_window(scope: &Scope<'_>, declaration: &Declaration) -> Window {
    let (from, until) = (declaration.from, declaration.until);
    if let (Some(from), Some(until)) = (from, until)
        && from.date >= until.date
    {
        let message = format!("`{}` is never in force: it ends before it starts", declaration.name.text);
        scope.report(
            Diagnostic::new(Code::EmptyWindow, from.span.to(until.span), message)
                .with_help("`from` is the first day in force, `until` the first day no longer in force"),
        );
        return window(scope, None, None);
    }
    window(scope, from.map(|d| d.date), until.map(|d| d.date))
}

/// True where nothing can be said about when a version is in force: its head has been reported.
fn is_reported(declaration: &Declaration) -> bool {
    let dates = (declaration.from, declaration.until);
    declaration.broken || matches!(dates, (Some(from), Some(until)) if from.date >= until.date)
}

fn report_overlaps(scope: &Scope<'_>, group: &Group<'_>) {
    for (i, second) in group.versions.iter().enumerate() {
        let earlier = group.versions.iter().take(i);
        let clash = earlier
            .filter(|first| !is_reported(first.declaration))
            .find(|first| !days(&first.window).intersection(&days(&second.window)).is_empty());
        if let Some(first) = clash
            && !is_reported(second.declaration)
        {
            report_overlap(scope, first, second);
        }
    }
}

fn report_overlap(scope: &Scope<'_>, first: &Dated<'_>, second: &Dated<'_>) {
    let (a, b) = (first.declaration, second.declaration);
    let name = words::named(b.kind, &b.name.text);
    let undated = [a, b].iter().all(|d| d.from.is_none() && d.until.is_none());
    let (code, message, help) = if undated {
        let help =
            "give one of them another name, or make them versions with `until` and `from` in their heads";
        (Code::DuplicateName, format!("{name} is declared twice"), help.to_owned())
    } else {
        let message = format!("two versions of {name} are in force {}", common_days(first, second));
        (Code::OverlappingVersions, message, overlap_help(first, second))
    };
    scope.report(
        Diagnostic::new(code, b.head, message)
            .with_label("the second")
            .with_place(a.head, "the first")
            .with_help(help),
    );
}

/// In words: the days that two overlapping windows share.
fn common_days(first: &Dated<'_>, second: &Dated<'_>) -> String {
    let from = first.window.from_date.max(second.window.from_date);
    let ends = [first.window.until_date, second.window.until_date];
    match (from, ends.into_iter().flatten().min()) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "on every day".to_owned(),
    }
}

fn overlap_help(first: &Dated<'_>, second: &Dated<'_>) -> String {
    let mut starts = [first.window.from_date, second.window.from_date];
    starts.sort();
    match starts {
        [earlier, Some(later)] if earlier != Some(later) => {
            format!("end the earlier version where the later one starts: `until {later}`")
        }
        _ => "the window of one version ends on the day on which the next one starts: `until 2021-01-01`, then \
              `from 2021-01-01`"
            .to_owned(),
    }
}

/// Warns of days between two versions on which neither is in force.
pub(super) fn report_gaps(scope: &Scope<'_>, group: &Group<'_>) {
    if scope.has_unreadable_items() || group.versions.iter().any(|version| version.declaration.broken) {
        return;
    }
    for (earlier, later) in group.versions.iter().zip(group.versions.iter().skip(1)) {
        if let (Some(until), Some(from)) = (earlier.window.until_date, later.window.from_date)
            && until < from
        {
            let declaration = later.declaration;
            let name = words::named(declaration.kind, &declaration.name.text);
            let message = format!("no version of {name} is in force from {until} until {from}");
            let place = earlier.declaration.head;
            scope.report(
                Diagnostic::new(Code::VersionGap, declaration.head, message)
                    .with_label(format!("starts on {from}"))
                    .with_place(place, format!("ends before {until}"))
                    .with_help(format!(
                        "if the gap is meant, ignore this; else let the later one start `from {until}`"
                    )),
            );
        }
    }
}

/// Reports a second declaration of a name that has no versions; true where it is one.
pub(super) fn report_second(scope: &Scope<'_>, second: &Declaration, first: Option<&Declaration>) -> bool {
    if let Some(first) = first {
        let message = format!("{} is declared twice", words::named(second.kind, &second.name.text));
        scope.report(
            Diagnostic::new(Code::DuplicateName, second.head, message)
                .with_label("the second")
                .with_place(first.head, "the first")
                .with_help("give one of them another name"),
        );
    }
    first.is_some()
}

/// Reports dates on a declaration that has no versions.
pub(super) fn report_dates(scope: &Scope<'_>, declaration: &Declaration) {
    let spans = [declaration.from, declaration.until].into_iter().flatten().map(|date| date.span);
    if let Some(span) = spans.reduce(|a, b| a.to(b)) {
        let message = format!("{} has no versions, so it takes no dates", words::a_keyword(declaration.kind));
        scope.report(Diagnostic::new(Code::MisplacedDate, span, message).with_help(
            "dates stand on `value`, `pool`, `earn`, `group`, `redeem`, `move`, `forbid` and `badge`",
        ));
    }
}
