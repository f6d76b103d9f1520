//! Moments: chains of calendar steps, and what each may count from.

use jiff::civil::Date;

use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Anchor, CalendarUnit, DurationAt, EdgeUnit, Moment, MomentKind, YearDay};
use crate::value::Delay;
use crate::value::moment::Moment as Calendared;

/// A moment as steps, and what it counts from.
pub(super) struct Chain<'m> {
    /// The earlier end where the outermost step is a range, else the same as `by`.
    pub from: Calendared,
    pub by: Calendared,
    /// One or more; none for a day of its own.
    pub anchors: &'m [Anchor],
}

/// What a moment says. A range of lengths may stand as the outermost step where `range` is true.
pub(super) fn chain<'m>(scope: &Scope<'_>, moment: &'m Moment, range: bool) -> Option<Chain<'m>> {
    if let MomentKind::Shift { earliest: Some(earliest), length, before, of } = &moment.kind {
        if !range || *before {
            report_range(scope, earliest.span.to(length.span));
            return None;
        }
        interval(scope, *earliest, *length)?;
        let (inner, anchors) = steps(scope, of)?;
        let shift = |delay| Calendared::Shift { delay, before: *before, of: Box::new(inner.clone()) };
        return Some(Chain { from: shift(earliest.delay), by: shift(length.delay), anchors });
    }
    let (by, anchors) = steps(scope, moment)?;
    Some(Chain { from: by.clone(), by, anchors })
}

fn report_range(scope: &Scope<'_>, span: Span) {
    let message = "a range of lengths stands only at the head of `pending until`";
    let report = Diagnostic::new(Code::BadMoment, span, message);
    scope.report(report.with_help("write one length: `2 days after …`"));
}

fn steps<'m>(scope: &Scope<'_>, moment: &'m Moment) -> Option<(Calendared, &'m [Anchor])> {
    Some(match &moment.kind {
        MomentKind::Anchors(anchors) => (Calendared::Anchor, anchors.as_slice()),
        MomentKind::Date(date) => (Calendared::Date(*date), &[]),
        MomentKind::Shift { earliest: Some(earliest), length, .. } => {
            report_range(scope, earliest.span.to(length.span));
            return None;
        }
        MomentKind::Shift { earliest: None, length, before, of } => {
            let (of, anchors) = steps(scope, of)?;
            (Calendared::Shift { delay: length.delay, before: *before, of: Box::new(of) }, anchors)
        }
        MomentKind::Edge { end, unit, of } => {
            let (of, anchors) = steps(scope, of)?;
            (Calendared::Edge { end: *end, unit: *unit, of: Box::new(of) }, anchors)
        }
        MomentKind::Next { day, of } => {
            let (of, anchors) = steps(scope, of)?;
            if !day_exists(scope, *day, moment.span) {
                return None;
            }
            (Calendared::Next { day: *day, of: Box::new(of) }, anchors)
        }
    })
}

fn interval(scope: &Scope<'_>, earliest: DurationAt, latest: DurationAt) -> Option<()> {
    // A month is 28 to 31 days long.
    let hours = |delay: Delay, month: u64| {
        (u64::from(delay.months) * month + u64::from(delay.days)) * 24 + u64::from(delay.hours)
    };
    if hours(earliest.delay, 28) > hours(latest.delay, 31) {
        let message = "the range is empty: its shorter end is longer than its longer end";
        let span = earliest.span.to(latest.span);
        scope.report(
            Diagnostic::new(Code::EmptyRange, span, message)
                .with_help("write the shorter end first: `1 to 2 days`"),
        );
        return None;
    }
    Some(())
}

/// Reports a day that no year or month has: `31 april`, `32nd`.
pub(super) fn day_exists(scope: &Scope<'_>, day: YearDay, span: Span) -> bool {
    let last = day.month.map_or(31, last_day);
    let fits = day.month.is_none_or(|month| (1..=12).contains(&month))
        && day.day.is_none_or(|day| (1..=last).contains(&day));
    if !fits {
        let message = format!("no year has the day `{}`", scope.text(span));
        let help = format!("the last day of that month is the {last}th: write it, or `end of` the month");
        scope.report(Diagnostic::new(Code::BadDate, span, message).with_help(help));
    }
    fits
}

/// The last day of a month in a leap year.
fn last_day(month: u8) -> u8 {
    let first = i8::try_from(month).ok().and_then(|month| Date::new(2024, month, 1).ok());
    first.map_or(31, |first| first.last_of_month().day().unsigned_abs())
}

/// A warning about month ends: `6 months after end of month of …` drifts from the end.
pub(super) fn check_drift(scope: &Scope<'_>, moment: &Moment) {
    if let MomentKind::Shift { length, before: false, of, .. } = &moment.kind
        && length.delay.months > 0
        && let MomentKind::Edge { end: true, unit: EdgeUnit::Calendar(unit), of: inner } = &of.kind
        && matches!(unit, CalendarUnit::Month | CalendarUnit::Quarter | CalendarUnit::Half)
    {
        let message =
            "months counted from a month's end do not end at one: a month after 28 February is 28 March";
        let (length, inner) = (scope.text(length.span), scope.text(inner.span));
        let help = format!("write `end of month of {length} after {inner}`");
        scope.report(Diagnostic::new(Code::DriftingDeadline, moment.span, message).with_help(help));
    }
    match &moment.kind {
        MomentKind::Shift { of, .. } | MomentKind::Edge { of, .. } | MomentKind::Next { of, .. } => {
            check_drift(scope, of);
        }
        MomentKind::Anchors(_) | MomentKind::Date(_) => {}
    }
}
