//! Moments: a chain of calendar steps from an anchor, such as "end of month of 6 months after". Read as a *delay*, a
//! moment is an instant and keeps the time of day; read as a *deadline*, it is a day that is alive through its end. In a
//! condition it is a stretch of time that something else lies before or after: a whole day, or an edge between days.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use std::fmt;

use super::ratio::Overflow;
use super::time::{Calendar, Delay, MissingDay, days_after};

/// To which moment a deadline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadlineEnd {
    /// To the end of the local day.
    EndOfDay,
    /// To the same local time of day.
    SameTimeOfDay,
}

/// Units of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs, reason = "each is the word itself")]
pub enum CalendarUnit {
    Day,
    Week,
    Month,
    Quarter,
    Half,
    Year,
}

/// The stretch whose start or end is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EdgeUnit {
    /// `month`, `quarter`, …: the one around the moment.
    Calendar(CalendarUnit),
    /// `february`: that month of the moment's calendar year, 1 to 12.
    Month(u8),
}

/// A day that comes every year or month: `end of february`, `30 september`, `end of month`, `15th`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct YearDay {
    /// 1 to 12; None: every month.
    pub month: Option<u8>,
    /// 1 to 31; None: the month's last, to its end.
    pub day: Option<u8>,
}

const MONTHS: [&str; 12] = [
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

/// As it is written: `15th`, `1 april`, `end of february`, `end of month`.
impl fmt::Display for YearDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |month: u8| MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or("month");
        match (self.month, self.day) {
            (Some(month), Some(day)) => write!(f, "{day} {}", name(month)),
            (None, Some(day)) => write!(f, "{day}{}", ordinal_end(day)),
            (month, None) => write!(f, "end of {}", month.map_or("month", name)),
        }
    }
}

fn ordinal_end(day: u8) -> &'static str {
    match (day / 10, day % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

/// A day of the year comes once in so many months, from any day on.
const MONTHS_SEARCHED: usize = 14;

/// A chain of calendar steps, the outermost first. `L` is how a length is said.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Moment<L = Delay> {
    /// What it counts from.
    Anchor,
    /// So long after (or before) another moment.
    Shift { delay: L, before: bool, of: Box<Moment<L>> },
    /// The start or end of the stretch around another moment.
    Edge { end: bool, unit: EdgeUnit, of: Box<Moment<L>> },
    /// The next such day after another moment.
    Next { day: YearDay, of: Box<Moment<L>> },
    /// A day of its own.
    Date(Date),
    /// A local date and time of its own: an instant, only in conditions.
    Time(DateTime),
}

impl<L> Moment<L> {
    /// The same steps with each length put through `length`, the outermost first.
    pub fn with_lengths<M, E>(&self, length: &mut impl FnMut(&L) -> Result<M, E>) -> Result<Moment<M>, E> {
        Ok(match self {
            Moment::Anchor => Moment::Anchor,
            Moment::Shift { delay, before, of } => Moment::Shift {
                delay: length(delay)?,
                before: *before,
                of: Box::new(of.with_lengths(length)?),
            },
            Moment::Edge { end, unit, of } => {
                Moment::Edge { end: *end, unit: *unit, of: Box::new(of.with_lengths(length)?) }
            }
            Moment::Next { day, of } => Moment::Next { day: *day, of: Box::new(of.with_lengths(length)?) },
            Moment::Date(date) => Moment::Date(*date),
            Moment::Time(time) => Moment::Time(*time),
        })
    }
}

/// What a moment of a condition counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// A whole local day: a date.
    Day(Date),
    /// An instant: of an order, an event, a request.
    Instant(Timestamp),
}

/// What a moment covers in a condition: half-open, empty for an edge between two days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub start: Timestamp,
    pub end: Timestamp,
    /// The local day that it is, or ends, or lies in.
    pub day: Date,
}

impl Extent {
    /// True if it is over when `other` starts.
    pub fn before(&self, other: &Extent) -> bool {
        // Two that are the same edge touch and are neither before nor after.
        self.end <= other.start && (self.start, self.end) != (other.start, other.end)
    }
}

/// How much a moment of a condition covers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Day,
    Edge,
    Instant,
}

/// How a moment is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Delay,
    Deadline,
}

impl Moment {
    /// The instant, read as a delay: `end of` is its closing midnight, `next` and a date the opening one.
    pub fn instant(&self, calendar: &Calendar, anchor: Timestamp) -> Result<Timestamp, Overflow> {
        self.instant_from(calendar, From::Instant(anchor), Reading::Delay)
    }

    /// What it covers in a condition. A date covers its whole day, and so does a day counted from one; `start of` and
    /// `end of` a stretch are the midnight there; what is counted in hours, or from an instant, is an instant.
    pub fn extent(&self, calendar: &Calendar, from: From) -> Result<Extent, Overflow> {
        let zone = &calendar.zone;
        match self.width(from) {
            Width::Day => {
                let day = self.local(calendar, from, Reading::Deadline)?.date();
                let next = day.tomorrow().map_err(|_| Overflow)?;
                Ok(Extent { start: zone.midnight(day)?, end: zone.midnight(next)?, day })
            }
            Width::Edge => {
                let edge = zone.instant(self.local(calendar, from, Reading::Delay)?)?;
                let day = self.local(calendar, from, Reading::Deadline)?.date();
                Ok(Extent { start: edge, end: edge, day })
            }
            Width::Instant => {
                let start = self.instant_from(calendar, from, Reading::Delay)?;
                let end = start.checked_add(jiff::SignedDuration::from_nanos(1)).map_err(|_| Overflow)?;
                Ok(Extent { start, end, day: zone.local(start).date() })
            }
        }
    }

    fn width(&self, from: From) -> Width {
        match (self, from) {
            (Moment::Anchor, From::Instant(_)) | (Moment::Time(_), _) => Width::Instant,
            (Moment::Anchor, From::Day(_)) | (Moment::Date(_), _) => Width::Day,
            (Moment::Shift { delay, .. }, _) if delay.hours > 0 => Width::Instant,
            (Moment::Shift { of, .. }, from) => of.width(from),
            (Moment::Edge { .. } | Moment::Next { day: YearDay { day: None, .. }, .. }, _) => Width::Edge,
            (Moment::Next { .. }, _) => Width::Day,
        }
    }

    /// The first instant after the deadline: what is due is gone from then on.
    pub fn deadline(
        &self,
        calendar: &Calendar,
        anchor: Timestamp,
        runs_to: DeadlineEnd,
    ) -> Result<Timestamp, Overflow> {
        if runs_to == DeadlineEnd::SameTimeOfDay && self.keeps_time_of_day() {
            return self.instant(calendar, anchor);
        }
        let day = self.local(calendar, From::Instant(anchor), Reading::Deadline)?.date();
        calendar.zone.midnight(day.tomorrow().map_err(|_| Overflow)?)
    }

    fn keeps_time_of_day(&self) -> bool {
        match self {
            Moment::Anchor => true,
            Moment::Shift { of, .. } => of.keeps_time_of_day(),
            Moment::Edge { .. } | Moment::Next { .. } | Moment::Date(_) | Moment::Time(_) => false,
        }
    }

    fn instant_from(&self, calendar: &Calendar, from: From, reading: Reading) -> Result<Timestamp, Overflow> {
        match self {
            // An instant that nothing moves by the calendar stays: a repeated local time must not fall back to its
            // first pass.
            Moment::Anchor => match from {
                From::Day(date) => calendar.zone.midnight(date),
                From::Instant(at) => Ok(at),
            },
            Moment::Shift { delay, before, of } => {
                calendar.shift(of.instant_from(calendar, from, reading)?, *delay, *before)
            }
            other => calendar.zone.instant(other.local(calendar, from, reading)?),
        }
    }

    /// The local time. Hours are elapsed time, so what they move is moved as an instant.
    fn local(&self, calendar: &Calendar, from: From, reading: Reading) -> Result<DateTime, Overflow> {
        Ok(match self {
            Moment::Anchor => match from {
                From::Day(date) => midnight(date),
                From::Instant(at) => calendar.zone.local(at),
            },
            Moment::Shift { delay, .. } if delay.hours > 0 => {
                calendar.zone.local(self.instant_from(calendar, from, reading)?)
            }
            Moment::Shift { delay, before, of } => {
                let local = of.local(calendar, from, reading)?;
                calendar.shift_day(local.date(), *delay, *before)?.to_datetime(local.time())
            }
            Moment::Edge { end: false, unit, of } => {
                midnight(stretch(*unit, of.local(calendar, from, reading)?.date())?.0)
            }
            Moment::Edge { end: true, unit, of } => {
                let (_, last) = stretch(*unit, of.local(calendar, from, reading)?.date())?;
                match reading {
                    Reading::Delay => midnight(last.tomorrow().map_err(|_| Overflow)?),
                    Reading::Deadline => midnight(last),
                }
            }
            Moment::Next { day, of } => {
                let after = of.local(calendar, from, reading)?.date();
                let on = day.next(after, calendar.missing_day)?;
                match (reading, day.day) {
                    (Reading::Delay, None) => midnight(on.tomorrow().map_err(|_| Overflow)?),
                    _ => midnight(on),
                }
            }
            Moment::Date(date) => midnight(*date),
            Moment::Time(time) => *time,
        })
    }
}

fn midnight(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

/// First and last day of the stretch around a day.
pub(crate) fn stretch(unit: EdgeUnit, day: Date) -> Result<(Date, Date), Overflow> {
    let make = |year, month, day| Date::new(year, month, day).map_err(|_| Overflow);
    let months = |first: i8, count: i8| -> Result<(Date, Date), Overflow> {
        let start = make(day.year(), first, 1)?;
        Ok((start, make(day.year(), first + count - 1, 1)?.last_of_month()))
    };
    match unit {
        EdgeUnit::Calendar(CalendarUnit::Day) => Ok((day, day)),
        EdgeUnit::Calendar(CalendarUnit::Week) => {
            let back = i64::from(day.weekday().to_monday_zero_offset());
            let start = days_after(day, -back)?;
            Ok((start, days_after(start, 6)?))
        }
        EdgeUnit::Calendar(CalendarUnit::Month) => months(day.month(), 1),
        EdgeUnit::Calendar(CalendarUnit::Quarter) => months((day.month() - 1) / 3 * 3 + 1, 3),
        EdgeUnit::Calendar(CalendarUnit::Half) => months((day.month() - 1) / 6 * 6 + 1, 6),
        EdgeUnit::Calendar(CalendarUnit::Year) => months(1, 12),
        EdgeUnit::Month(month) => months(i8::try_from(month).map_err(|_| Overflow)?, 1),
    }
}

impl YearDay {
    /// The first such day after `after`.
    pub(crate) fn next(self, after: Date, missing: MissingDay) -> Result<Date, Overflow> {
        let mut first = after.first_of_month();
        for _ in 0..MONTHS_SEARCHED {
            if let Some(on) = self.of_month(first, missing)?.filter(|on| *on > after) {
                return Ok(on);
            }
            first = first.last_of_month().tomorrow().map_err(|_| Overflow)?;
        }
        Err(Overflow)
    }

    /// The latest such day that is `day` or before it.
    pub(crate) fn latest(self, day: Date, missing: MissingDay) -> Result<Date, Overflow> {
        let mut first = day.first_of_month();
        for _ in 0..MONTHS_SEARCHED {
            if let Some(on) = self.of_month(first, missing)?.filter(|on| *on <= day) {
                return Ok(on);
            }
            first = first.yesterday().map_err(|_| Overflow)?.first_of_month();
        }
        Err(Overflow)
    }

    /// The day that a month has of it, if it has one. Where the month lacks the day, it is what the choice says, perhaps
    /// the 1st of the month after: even so, a later month never has an earlier day.
    fn of_month(self, first: Date, missing: MissingDay) -> Result<Option<Date>, Overflow> {
        if self.month.is_some_and(|month| i8::try_from(month) != Ok(first.month())) {
            return Ok(None);
        }
        let last = first.last_of_month();
        let Some(day) = self.day else { return Ok(Some(last)) };
        let day = i8::try_from(day).map_err(|_| Overflow)?;
        let on = match missing {
            _ if day <= last.day() => Date::new(first.year(), first.month(), day),
            MissingDay::LastOfMonth => Ok(last),
            MissingDay::FirstOfNextMonth => last.tomorrow(),
        };
        on.map(Some).map_err(|_| Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{MissingDay, Zone};
    use jiff::civil::date;

    fn calendar() -> Calendar {
        let zone = Zone::from_name("America/New_York").unwrap();
        Calendar { zone, missing_day: MissingDay::LastOfMonth }
    }

    fn after(months: u32, days: u32, of: Moment) -> Moment {
        Moment::Shift { delay: Delay { months, days, hours: 0 }, before: false, of: Box::new(of) }
    }

    fn month_end(of: Moment) -> Moment {
        Moment::Edge { end: true, unit: EdgeUnit::Calendar(CalendarUnit::Month), of: Box::new(of) }
    }

    /// Whether an instant lies before, on and after a moment that counts from a date.
    fn relation(at: &str, moment: &Moment, from: Date) -> (bool, bool, bool) {
        let at = From::Instant(at.parse().unwrap());
        let at = Moment::Anchor.extent(&calendar(), at).unwrap();
        let other = moment.extent(&calendar(), From::Day(from)).unwrap();
        (at.before(&other), at.day == other.day, other.before(&at))
    }

    #[test]
    fn a_day_counted_from_a_date_is_a_whole_local_day() {
        let (moment, from) = (after(0, 30, Moment::Anchor), date(2024, 3, 5));
        assert_eq!(relation("2024-04-04T03:59:59Z", &moment, from), (true, false, false));
        assert_eq!(relation("2024-04-04T04:00:00Z", &moment, from), (false, true, false));
        assert_eq!(relation("2024-04-05T03:59:59Z", &moment, from), (false, true, false));
        assert_eq!(relation("2024-04-05T04:00:00Z", &moment, from), (false, false, true));
    }

    #[test]
    fn an_end_of_month_is_the_midnight_after_its_last_day() {
        let (moment, from) = (month_end(Moment::Anchor), date(2024, 2, 10));
        assert_eq!(relation("2024-03-01T04:59:59Z", &moment, from), (true, true, false));
        assert_eq!(relation("2024-03-01T05:00:00Z", &moment, from), (false, false, true));
        // Months after a month's end are months after that midnight: no end drifts.
        let later = after(1, 0, moment);
        assert_eq!(relation("2024-04-01T03:59:59Z", &later, from), (true, false, false));
        assert_eq!(relation("2024-04-01T04:00:00Z", &later, from), (false, false, true));
    }

    #[test]
    fn the_same_moment_is_neither_before_nor_after_itself() {
        for moment in [Moment::Anchor, month_end(Moment::Anchor), after(1, 2, Moment::Anchor)] {
            let extent = moment.extent(&calendar(), From::Day(date(2024, 1, 31))).unwrap();
            assert!(!extent.before(&extent));
        }
    }

    #[test]
    fn hours_are_elapsed_time_before_and_after_and_inside_of_other_steps() {
        let hours = |hours, before, of| Moment::Shift {
            delay: Delay { hours, ..Delay::default() },
            before,
            of: Box::new(of),
        };
        let end_of_day =
            |of| Moment::Edge { end: true, unit: EdgeUnit::Calendar(CalendarUnit::Day), of: Box::new(of) };
        // 01:30 on 3 November 2024 comes twice in New York: at 05:30Z and at 06:30Z.
        let second: Timestamp = "2024-11-03T06:30:00Z".parse().unwrap();
        let instant = |moment: &Moment| moment.instant(&calendar(), second).unwrap().to_string();
        assert_eq!(instant(&hours(2, true, Moment::Anchor)), "2024-11-03T04:30:00Z");
        assert_eq!(instant(&hours(2, false, Moment::Anchor)), "2024-11-03T08:30:00Z");
        // 23 hours later it is 00:30 on the 4th; from the first pass it were still the 3rd.
        let moment = end_of_day(hours(23, false, Moment::Anchor));
        assert_eq!(instant(&moment), "2024-11-05T05:00:00Z");
        let ends = moment.deadline(&calendar(), second, DeadlineEnd::EndOfDay).unwrap();
        assert_eq!(ends.to_string(), "2024-11-05T05:00:00Z");
        assert_eq!(instant(&hours(23, true, hours(23, false, Moment::Anchor))), second.to_string());
    }

    #[test]
    fn a_day_of_the_year_comes_after_its_latest_and_before_its_next() {
        let some = |month, day| YearDay { month: Some(month), day: Some(day) };
        let all = |day| YearDay { month: None, day };
        for missing in [MissingDay::LastOfMonth, MissingDay::FirstOfNextMonth] {
            for day in [some(2, 29), some(12, 31), all(Some(31)), all(Some(29)), all(Some(1)), all(None)] {
                let mut today = date(2023, 1, 1);
                while today < date(2028, 12, 31) {
                    let (latest, next) = (day.latest(today, missing), day.next(today, missing));
                    let (latest, next) = (latest.unwrap(), next.unwrap());
                    assert!(latest <= today && today < next, "{day:?} {today}");
                    assert_eq!(day.next(latest, missing).unwrap(), next, "{day:?} {today}");
                    today = today.tomorrow().unwrap();
                }
            }
        }
        let next = |day: YearDay, missing| day.next(date(2025, 2, 10), missing).unwrap();
        assert_eq!(next(some(2, 29), MissingDay::LastOfMonth), date(2025, 2, 28));
        assert_eq!(next(all(Some(31)), MissingDay::FirstOfNextMonth), date(2025, 3, 1));
        assert_eq!(next(some(2, 29), MissingDay::FirstOfNextMonth), date(2025, 3, 1));
    }

    #[test]
    fn a_length_that_no_calendar_holds_is_an_overflow() {
        for delay in [
            Delay { months: u32::MAX, ..Delay::default() },
            Delay { days: u32::MAX, ..Delay::default() },
            Delay { hours: u32::MAX, ..Delay::default() },
            Delay { months: 239_977, ..Delay::default() },
            Delay { days: 7_304_485, ..Delay::default() },
        ] {
            for before in [false, true] {
                let moment = Moment::Shift { delay, before, of: Box::new(Moment::Anchor) };
                let now = "2024-01-01T00:00:00Z".parse().unwrap();
                assert_eq!(moment.instant(&calendar(), now), Err(Overflow));
                assert_eq!(moment.deadline(&calendar(), now, DeadlineEnd::EndOfDay), Err(Overflow));
                assert_eq!(moment.extent(&calendar(), From::Day(date(2024, 1, 1))), Err(Overflow));
            }
        }
    }
}
