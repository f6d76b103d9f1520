//! Moments: chains of calendar steps, and what each may count from.

use jiff::civil::Date;

use super::expr::{Operand, Reader, describe};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Calendared, Length, Point, PointOf};
use crate::source::Span;
use crate::syntax::ast::{
    Anchor, AnchorKind, CalendarUnit, DurationAt, EdgeUnit, Expr, ExprKind, LengthAt, Moment, MomentKind,
    Path, YearDay,
};
use crate::value::Delay;

/// A moment as steps, and what it counts from.
pub(super) struct Chain<'m> {
    /// The earlier end where the outermost step is a range, else the same as `by`.
    pub from: Calendared,
    pub by: Calendared,
    /// One or more; none for a day of its own.
    pub anchors: &'m [Anchor],
}

/// What the innermost step of a moment counts from.
pub(super) enum Root<'m> {
    /// What happens; one or more.
    Anchors(&'m [Anchor]),
    /// `member.joined`
    Path(&'m Path),
    /// Nothing: a day of its own.
    Nothing,
}

/// What a moment says. A range of lengths may stand as the outermost step where `range` is true.
pub(super) fn chain<'m>(reader: &Reader<'_, '_>, moment: &'m Moment, range: bool) -> Option<Chain<'m>> {
    let scope = reader.scope;
    if let MomentKind::Shift { earliest: Some(earliest), length, before, of } = &moment.kind {
        if !range || *before {
            report_range(scope, earliest.span.to(length.span()));
            return None;
        }
        let LengthAt::Fixed(longest) = length else { return None };
        for end in [earliest, longest] {
            super::lengths::written(scope, end.delay, end.span)?;
        }
        interval(scope, *earliest, *longest)?;
        let (inner, root) = steps(reader, of)?;
        let anchors = happening(scope, root)?;
        let shift = |delay| Calendared::Shift {
            delay: Length::Fixed(delay),
            before: *before,
            of: Box::new(inner.clone()),
        };
        return Some(Chain { from: shift(earliest.delay), by: shift(longest.delay), anchors });
    }
    let (by, root) = steps(reader, moment)?;
    Some(Chain { from: by.clone(), by, anchors: happening(scope, root)? })
}

/// What happens, of which something is counted; reports a fact.
fn happening<'m>(scope: &Scope<'_>, root: Root<'m>) -> Option<&'m [Anchor]> {
    match root {
        Root::Anchors(anchors) => Some(anchors),
        Root::Nothing => Some(&[]),
        Root::Path(path) => {
            let written = scope.text(path.span);
            let message = format!("`{written}` is read in conditions, and this counts from what happens");
            let report = Diagnostic::new(Code::BadSubject, path.span, message);
            let help = "count from `order placed`, `shipped`, `points acquired` or a mark of an event; in a tier, from `reached`";
            scope.report(report.with_help(help));
            None
        }
    }
}

fn report_range(scope: &Scope<'_>, span: Span) {
    let message = "a range of lengths stands only at the head of `pending until`";
    let report = Diagnostic::new(Code::BadMoment, span, message);
    scope.report(report.with_help("write one length: `2 days after …`"));
}

/// The steps of a moment without a range, and what they count from.
pub(super) fn steps<'m>(reader: &Reader<'_, '_>, moment: &'m Moment) -> Option<(Calendared, Root<'m>)> {
    let scope = reader.scope;
    Some(match &moment.kind {
        MomentKind::Anchors(anchors) => (Calendared::Anchor, Root::Anchors(anchors)),
        MomentKind::Path(path) => (Calendared::Anchor, Root::Path(path)),
        MomentKind::Date(date) => (Calendared::Date(*date), Root::Nothing),
        MomentKind::Shift { earliest: Some(earliest), length, .. } => {
            report_range(scope, earliest.span.to(length.span()));
            return None;
        }
        MomentKind::Shift { earliest: None, length, before, of } => {
            let (of, root) = steps(reader, of)?;
            (Calendared::Shift { delay: reader.length(length)?, before: *before, of: Box::new(of) }, root)
        }
        MomentKind::Edge { end, unit, of } => {
            let (of, root) = steps(reader, of)?;
            (Calendared::Edge { end: *end, unit: *unit, of: Box::new(of) }, root)
        }
        MomentKind::Next { day, of } => {
            let (of, root) = steps(reader, of)?;
            if !day_exists(scope, *day, moment.span) {
                return None;
            }
            (Calendared::Next { day: *day, of: Box::new(of) }, root)
        }
    })
}

impl Reader<'_, '_> {
    /// A moment of a condition: it counts from a date, or from the instant of the order, the event, the request.
    pub(super) fn moment(&self, moment: &Moment) -> Option<Point> {
        let (steps, root) = steps(self, moment)?;
        let (expr, span) = match root {
            Root::Nothing => return Some(Point { steps, of: PointOf::Nothing }),
            Root::Path(path) => (path.clone(), path.span),
            Root::Anchors([Anchor { kind: AnchorKind::Mark(name), when: None, span }]) => {
                (Path { subject: None, name: name.clone(), span: *span }, *span)
            }
            Root::Anchors(anchors) => {
                report_happening(self.scope, anchors);
                return None;
            }
        };
        match self.operand(&Expr { kind: ExprKind::Path(expr), span })? {
            Operand::Date(point) => Some(Point { steps, of: point.of }),
            other => {
                let message = format!(
                    "`{}` is {}, and a moment counts from a date",
                    self.scope.text(span),
                    describe(&other)
                );
                let report = Diagnostic::new(Code::TypeMismatch, span, message);
                self.scope.report(report.with_help("count from a date fact, a day or `order.at`"));
                None
            }
        }
    }
}

/// `order placed` in a condition.
fn report_happening(scope: &Scope<'_>, anchors: &[Anchor]) {
    let Some(anchor) = anchors.first() else { return };
    let written = scope.text(anchor.span);
    let message = match anchors {
        [_] => format!("`{written}` is no date, and a moment of a condition counts from one"),
        _ => "a moment of a condition counts from one date, not from the latest of several".to_owned(),
    };
    let help = match &anchor.kind {
        AnchorKind::OrderPlaced => "write `order.at`".to_owned(),
        AnchorKind::Happened(name) => format!("write `{}.at`", name.text),
        _ => "count from a date fact such as `member.joined`, a day, or `order.at`".to_owned(),
    };
    scope.report(Diagnostic::new(Code::BadMoment, anchor.span, message).with_help(help));
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
        && super::lengths::has_months(scope, length)
        && let MomentKind::Edge { end: true, unit: EdgeUnit::Calendar(unit), of: inner } = &of.kind
        && matches!(unit, CalendarUnit::Month | CalendarUnit::Quarter | CalendarUnit::Half)
    {
        let message =
            "months counted from a month's end do not end at one: a month after 28 February is 28 March";
        let (length, inner) = (scope.text(length.span()), scope.text(inner.span));
        let help = format!("write `end of month of {length} after {inner}`");
        scope.report(Diagnostic::new(Code::DriftingDeadline, moment.span, message).with_help(help));
    }
    match &moment.kind {
        MomentKind::Shift { of, .. } | MomentKind::Edge { of, .. } | MomentKind::Next { of, .. } => {
            check_drift(scope, of);
        }
        MomentKind::Anchors(_) | MomentKind::Date(_) | MomentKind::Path(_) => {}
    }
}
