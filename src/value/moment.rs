//! Moments: a chain of calendar steps from an anchor, such as "end of month of 6 months after". Read as a *delay*, a
//! moment is an instant and keeps the time of day; read as a *deadline*, it is a day that is alive through its end.

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeUnit {
    /// `month`, `quarter`, …: the one around the moment.
    Calendar(CalendarUnit),
    /// `february`: that month of the moment's calendar year, 1 to 12.
    Month(u8),
}

/// A day that comes every year or month: `end of february`, `30 september`, `end of month`, `15th`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct YearDay {
    /// 1 to 12; None: every month.
    pub month: Option<u8>,
    /// 1 to 31; None: the month's last, to its end.
    pub day: Option<u8>,
}

/// A chain of calendar steps, the outermost first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Moment {
    /// What it counts from.
    Anchor,
    /// So long after (or before) another moment.
    Shift { delay: Delay, before: bool, of: Box<Moment> },
    /// The start or end of the stretch around another moment.
    Edge { end: bool, unit: EdgeUnit, of: Box<Moment> },
    /// The next such day after another moment.
    Next { day: YearDay, of: Box<Moment> },
    /// A day of its own.
    Date(Date),
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
                let local = other.local(calendar, anchor, Reading::Delay)?;
                calendar.zone.instant(local)
            }
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
        let day = self.local(calendar, anchor, Reading::Deadline)?.date();
        calendar.zone.midnight(day.tomorrow().map_err(|_| Overflow)?)
    }

    fn keeps_time_of_day(&self) -> bool {
        match self {
            Moment::Anchor => true,
            Moment::Shift { of, .. } => of.keeps_time_of_day(),
            Moment::Edge { .. } | Moment::Next { .. } | Moment::Date(_) => false,
        }
    }

    fn local(&self, calendar: &Calendar, anchor: Timestamp, reading: Reading) -> Result<DateTime, Overflow> {
        Ok(match self {
            Moment::Anchor => calendar.zone.local(anchor),
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
