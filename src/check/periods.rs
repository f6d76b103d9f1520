//! Stretches of time over which something is counted, and whether a wait lasts to the end of one.

use jiff::civil::Date;

use super::facts::{self, Lookup};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Calendared, FactType, Length, Occasion, Pending, Period, Subject, Window};
use crate::syntax::ast::{self, CalendarUnit, PeriodKind, YearDay};
use crate::value::moment::{EdgeUnit, Moment, stretch};
use crate::value::time::{LocalTime, months_after};
use crate::value::{Calendar, Delay, MissingDay, Overflow};

/// So many periods before the present one can be counted together.
const MOST_PERIODS: u32 = 120;

/// The period of a limit, or of what a rule gives for: one that holds the order or event itself.
pub(super) fn own_period(scope: &Scope<'_>, written: &ast::Period) -> Option<Period> {
    let period = period(scope, written)?;
    if !matches!(period, Period::Last { .. }) {
        return Some(period);
    }
    let words = scope.text(written.span);
    let message = format!("`{words}` is over, and this is about what happens in a period");
    let help = "a measure counts over it: `measure last_spend \"…\" { …, per last 3 calendar months }`; here write \
                `per calendar month` or `per rolling 3 months`";
    scope.report(Diagnostic::new(Code::BadGrain, written.span, message).with_help(help));
    None
}

/// What a period is; None where that has been reported.
pub(super) fn period(scope: &Scope<'_>, period: &ast::Period) -> Option<Period> {
    Some(match &period.kind {
        PeriodKind::Calendar(CalendarUnit::Day) => Period::Day,
        PeriodKind::Calendar(CalendarUnit::Week) => Period::Week,
        PeriodKind::Calendar(CalendarUnit::Month) => Period::Month,
        PeriodKind::Calendar(CalendarUnit::Quarter) => Period::Quarter,
        PeriodKind::Calendar(CalendarUnit::Half) => Period::Half,
        PeriodKind::Calendar(CalendarUnit::Year) => Period::Year { month: 1, day: 1 },
        PeriodKind::MonthFrom { day } if *day > 28 => {
            let message = format!("not every month has a day {day}");
            let help = "write a day up to the 28th, or `calendar month`";
            scope.report(Diagnostic::new(Code::BadDate, period.span, message).with_help(help));
            return None;
        }
        PeriodKind::MonthFrom { day } => Period::MonthFrom { day: i8::try_from(*day).ok()? },
        PeriodKind::YearFrom { month, day } => {
            let start = YearDay { month: Some(*month), day: Some(*day) };
            if !super::moments::day_exists(scope, start, period.span) {
                return None;
            }
            Period::Year { month: i8::try_from(*month).ok()?, day: i8::try_from(*day).ok()? }
        }
        PeriodKind::YearFromFact(path) => year_of_member(scope, path)?,
        PeriodKind::Last { count: 0, .. } => {
            super::constant::report_nought(scope, period.span);
            return None;
        }
        PeriodKind::Last { count, .. } if *count > MOST_PERIODS => {
            let message = format!("more than {MOST_PERIODS} periods are not counted together");
            let help = "write fewer of a longer unit: `per last 10 calendar years`";
            scope.report(Diagnostic::new(Code::OutOfRange, period.span, message).with_help(help));
            return None;
        }
        PeriodKind::Last { count, unit } => Period::Last { count: *count, unit: *unit },
        PeriodKind::Rolling(length) => {
            if length.delay == Delay::default() {
                super::constant::report_nought(scope, length.span);
                return None;
            }
            Period::Rolling(super::lengths::written(scope, length.delay, length.span)?)
        }
        PeriodKind::AllTime => Period::AllTime,
    })
}

fn year_of_member(scope: &Scope<'_>, path: &ast::Path) -> Option<Period> {
    let subject = path.subject.as_ref().and_then(|word| facts::subject(scope, &word.text));
    let found = match subject {
        Some(Subject::Member) => scope.facts.lookup(Subject::Member, &path.name.text),
        _ => Lookup::Unknown,
    };
    if let Lookup::Found(index) = found
        && scope.facts.get(Subject::Member, index)?.kind == FactType::Date
    {
        scope.use_fact(Subject::Member, index);
        return Some(Period::YearOfMember(index));
    }
    if !matches!(found, Lookup::Broken) {
        let message =
            format!("`{}` is no date of the member, and a year starts on one", scope.text(path.span));
        let help = "declare `facts member { joined: date }` and write `per year from member.joined`";
        scope.report(Diagnostic::new(Code::BadSubject, path.span, message).with_help(help));
    }
    None
}

/// A wait: of points for an order, an event or a stretch of time, on the days of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait<'p> {
    pub of: Occasion,
    pub pending: &'p Pending,
    pub window: &'p Window,
}

/// True where points that wait like this never become available before some periods have ended, on any day of the window:
/// the first around their order or event (or the last instant of their stretch of time), each further one around the end
/// of the one before.
pub(super) fn outlasts(scope: &Scope<'_>, wait: Wait<'_>, periods: &[Period]) -> bool {
    let Some(zone) = &scope.zone else { return true };
    let missing = scope.missing_day;
    let calendar = Calendar { zone: zone.clone(), missing_day: scope.missing_day };
    let cases = match wait.pending {
        Pending::Never => Vec::new(),
        Pending::Until { by, .. } => match cases(scope, by, wait.window) {
            Some(cases) => cases,
            None => return false,
        },
    };
    let mut day = wait.window.from_date.map_or(jiff::civil::date(2023, 1, 1), LocalTime::date);
    // Five years hold every kind of month and a leap day; what a later year brings is the same again.
    let five_years = months_after(day, 5 * 12).unwrap_or(Date::MAX);
    // The last day of a window that ends in the middle of it counts in full.
    let last = wait.window.until_date.map(|until| match until == LocalTime::of_day(until.date()) {
        true => until.date(),
        false => until.date().tomorrow().unwrap_or(Date::MAX),
    });
    let end = last.map_or(five_years, |until| until.min(five_years));
    // A stretch of time holds its own last instant.
    let further = match periods {
        [first, further @ ..] if Some(*first) == wait.of.period() => further,
        periods => periods,
    };
    let midnight_after = |day: Date| zone.midnight(day.tomorrow().ok()?).ok();
    while day < end {
        // A stretch of time is looked at when it has ended, or from its first day on.
        let own = wait.of.period().and_then(|period| last_day(period, day, missing));
        let start = match (own, wait.of, wait.pending) {
            (Some(last), Occasion::Period(_), _) | (Some(last), _, Pending::Until { .. }) => {
                midnight_after(last)
            }
            _ => zone.midnight(day).ok(),
        };
        let settled =
            further.iter().try_fold(own.unwrap_or(day), |day, period| last_day(*period, day, missing));
        let Some(settled) = settled else { return false };
        let (Some(start), Some(settled)) = (start, midnight_after(settled)) else { return true };
        let early = |by: &Moment| by.instant(&calendar, start).is_ok_and(|available| available < settled);
        if cases.iter().any(early) || (cases.is_empty() && start < settled) {
            return false;
        }
        let Ok(next) = day.tomorrow() else { return true };
        day = next;
    }
    true
}

/// A moment with each combination of what its named lengths may be; None where there are too many.
fn cases(scope: &Scope<'_>, moment: &Calendared, window: &Window) -> Option<Vec<Moment>> {
    let mut lengths: Vec<Vec<Delay>> = Vec::new();
    let _ = moment.with_lengths(&mut |length| {
        lengths.push(match length {
            Length::Fixed(delay) => vec![*delay],
            Length::Value(id) => scope
                .values
                .try_get(*id)
                .map(|value| value.durations(scope, Some(window)))
                .unwrap_or_default(),
        });
        Ok::<_, Overflow>(())
    });
    let mut picks: Vec<Vec<Delay>> = vec![Vec::new()];
    for options in lengths {
        let longer = |pick: &Vec<Delay>| {
            let one = |delay: &Delay| pick.iter().chain([delay]).copied().collect();
            options.iter().map(one).collect::<Vec<Vec<Delay>>>()
        };
        picks = picks.iter().flat_map(longer).collect();
        if picks.len() > 64 {
            return None;
        }
    }
    let case = |pick: Vec<Delay>| {
        let mut pick = pick.into_iter();
        moment.with_lengths(&mut |_| pick.next().ok_or(Overflow)).ok()
    };
    picks.into_iter().map(case).collect()
}

/// The last day of the period around a day; None where it never ends.
fn last_day(period: Period, day: Date, missing: MissingDay) -> Option<Date> {
    let unit = match period {
        Period::Day => CalendarUnit::Day,
        Period::Week => CalendarUnit::Week,
        Period::Month => CalendarUnit::Month,
        Period::Quarter => CalendarUnit::Quarter,
        Period::Half => CalendarUnit::Half,
        Period::MonthFrom { day: first } => {
            let start = YearDay { month: None, day: u8::try_from(first).ok() };
            return start.next(day, missing).ok()?.yesterday().ok();
        }
        Period::Year { month, day: first } => {
            let start = YearDay { month: u8::try_from(month).ok(), day: u8::try_from(first).ok() };
            return start.next(day, missing).ok()?.yesterday().ok();
        }
        // Whenever it started, it ends within a year.
        Period::YearOfMember(_) => return months_after(day, 12).ok()?.yesterday().ok(),
        Period::Last { .. } | Period::Rolling(_) | Period::AllTime => return None,
    };
    stretch(EdgeUnit::Calendar(unit), day).ok().map(|(_, last)| last)
}
