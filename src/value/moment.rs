//! Moments: a chain of calendar steps from an anchor, such as "end of month of 6 months after". Read as a *delay*, a
//! moment is an instant and keeps the time of day; read as a *deadline*, it is a day that is alive through its end. In a
//! condition it is a stretch of time that something else lies before or after: a whole day, or an edge between days.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::ratio::Overflow;
use super::time::{Calendar, Delay};

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
        match self {
            // Without calendar steps the instant stays: a repeated local time must not fall back to its first pass.
            Moment::Anchor => Ok(anchor),
            Moment::Shift { delay, before: false, of } => {
                calendar.after(of.instant(calendar, anchor)?, *delay)
            }
            other => {
                let local = other.local(calendar, calendar.zone.local(anchor), Reading::Delay)?;
                calendar.zone.instant(local)
            }
        }
    }

    /// What it covers in a condition. A date covers its whole day, and so does a day counted from one; `start of` and
    /// `end of` a stretch are the midnight there; what is counted in hours, or from an instant, is an instant.
    pub fn extent(&self, calendar: &Calendar, from: From) -> Result<Extent, Overflow> {
        let zone = &calendar.zone;
        let anchor = match from {
            From::Day(date) => midnight(date),
            From::Instant(at) => zone.local(at),
        };
        match self.width(from) {
            Width::Day => {
                let day = self.local(calendar, anchor, Reading::Deadline)?.date();
                let next = day.tomorrow().map_err(|_| Overflow)?;
                Ok(Extent { start: zone.midnight(day)?, end: zone.midnight(next)?, day })
            }
            Width::Edge => {
                let edge = zone.instant(self.local(calendar, anchor, Reading::Delay)?)?;
                let day = self.local(calendar, anchor, Reading::Deadline)?.date();
                Ok(Extent { start: edge, end: edge, day })
            }
            Width::Instant => {
                let anchor = match from {
                    From::Day(date) => zone.midnight(date)?,
                    From::Instant(at) => at,
                };
                let start = self.instant(calendar, anchor)?;
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
        let day = self.local(calendar, calendar.zone.local(anchor), Reading::Deadline)?.date();
        calendar.zone.midnight(day.tomorrow().map_err(|_| Overflow)?)
    }

    fn keeps_time_of_day(&self) -> bool {
        match self {
            Moment::Anchor => true,
            Moment::Shift { of, .. } => of.keeps_time_of_day(),
            Moment::Edge { .. } | Moment::Next { .. } | Moment::Date(_) | Moment::Time(_) => false,
        }
    }

    fn local(&self, calendar: &Calendar, anchor: DateTime, reading: Reading) -> Result<DateTime, Overflow> {
        Ok(match self {
            Moment::Anchor => anchor,
            Moment::Shift { delay, before, of } => {
                calendar.shift_local(of.local(calendar, anchor, reading)?, *delay, *before)?
            }
            Moment::Edge { end: false, unit, of } => {
                midnight(stretch(*unit, of.local(calendar, anchor, reading)?.date())?.0)
            }
            Moment::Edge { end: true, unit, of } => {
                let (_, last) = stretch(*unit, of.local(calendar, anchor, reading)?.date())?;
                match reading {
                    Reading::Delay => midnight(last.tomorrow().map_err(|_| Overflow)?),
                    Reading::Deadline => midnight(last),
                }
            }
            Moment::Next { day, of } => {
                let after = of.local(calendar, anchor, reading)?;
                let on = next(*day, after.date())?;
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
            let start = day.checked_sub(jiff::Span::new().days(back)).map_err(|_| Overflow)?;
            Ok((start, start.checked_add(jiff::Span::new().days(6)).map_err(|_| Overflow)?))
        }
        EdgeUnit::Calendar(CalendarUnit::Month) => months(day.month(), 1),
        EdgeUnit::Calendar(CalendarUnit::Quarter) => months((day.month() - 1) / 3 * 3 + 1, 3),
        EdgeUnit::Calendar(CalendarUnit::Half) => months((day.month() - 1) / 6 * 6 + 1, 6),
        EdgeUnit::Calendar(CalendarUnit::Year) => months(1, 12),
        EdgeUnit::Month(month) => months(i8::try_from(month).map_err(|_| Overflow)?, 1),
    }
}

/// The first such day after `after`; a day that a month lacks is the month's last.
pub(crate) fn next(day: YearDay, after: Date) -> Result<Date, Overflow> {
    let mut first = after.first_of_month();
    for _ in 0..25 {
        let fits = day.month.is_none_or(|month| i8::try_from(month) == Ok(first.month()));
        let on = day_in_month(day, first)?;
        if fits && on > after {
            return Ok(on);
        }
        first = first.last_of_month().tomorrow().map_err(|_| Overflow)?;
    }
    Err(Overflow)
}

fn day_in_month(day: YearDay, first: Date) -> Result<Date, Overflow> {
    let last = first.last_of_month();
    let Some(day) = day.day else { return Ok(last) };
    let day = i8::try_from(day).map_err(|_| Overflow)?.min(last.day());
    Date::new(first.year(), first.month(), day).map_err(|_| Overflow)
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
}
