//! Calendar time in a programme's zone: delays keep the local time of day, deadlines run to the end of a
//! local day. Skipped local times are the first instant after the gap, repeated ones the first of the two.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

use super::ratio::{Overflow, Ratio};

/// An IANA zone with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A time of day as the minutes since midnight, exactly.
pub fn time_of_day(time: Time) -> Ratio {
    let nanos = Time::midnight().duration_until(time).as_nanos();
    Ratio::new(nanos, 60_000_000_000).unwrap_or(Ratio::ZERO)
}

/// Minutes since midnight as a time of day: `17:30`, with seconds where there are some.
pub fn clock(minutes: Ratio) -> String {
    let seconds = minutes.mul(Ratio::whole(60)).map_or(0, Ratio::floor);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

/// What "one month after 31 January" and "one year after 29 February" mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingDay {
    /// The last day of that month.
    LastOfMonth,
    /// The first day of the month after.
    FirstOfNextMonth,
}

/// A length of calendar time. Years and months move the calendar, days and weeks count local days, hours count
/// elapsed time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Delay {
    /// Calendar months (a year is twelve).
    pub months: u32,
    /// Local days (a week is seven).
    pub days: u32,
    /// Elapsed hours.
    pub hours: u32,
}

impl Delay {
    /// The longest that a policy may write.
    pub const MOST_YEARS: u32 = 1000;

    /// True if it is no longer than [`Delay::MOST_YEARS`], each of its months taken as the longest there are.
    pub fn fits(self) -> bool {
        let days = u64::from(self.months) * 31 + u64::from(self.days) + u64::from(self.hours) / 24;
        days <= u64::from(Delay::MOST_YEARS) * 12 * 31
    }
}

/// A local time as the language writes it: a date, which is its midnight, or a date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(pub DateTime);

impl LocalTime {
    /// The first instant of a day.
    pub fn of_day(date: Date) -> LocalTime {
        LocalTime(date.to_datetime(Time::midnight()))
    }

    /// The day.
    pub fn date(self) -> Date {
        self.0.date()
    }
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.time() {
            midnight if midnight == Time::midnight() => write!(f, "{}", self.0.date()),
            time => write!(f, "{} {:02}:{:02}", self.0.date(), time.hour(), time.minute()),
        }
    }
}

/// The calendar of a programme: its zone and its choice for days that do not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// Where local days are counted.
    pub zone: Zone,
    /// What a missing day becomes.
    pub missing_day: MissingDay,
}

impl Zone {
    /// The zone called `name` (`Asia/Tokyo`), exactly as the IANA database spells it.
    pub fn from_name(name: &str) -> Option<Zone> {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        (zone.iana_name() == Some(name)).then(|| Zone { name: name.to_owned(), zone })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All names, for "did you mean".
    pub fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
    }

    /// The local date and time at an instant.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// The instant of a local time: the first instant after the gap where it is skipped, the first of two where
    /// it comes twice.
    pub fn instant(&self, local: DateTime) -> Result<Timestamp, Overflow> {
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local),
            AmbiguousOffset::Gap { after, .. } => {
                // Read with the offset after the gap, a skipped time lies before the change of clocks.
                let early = after.to_timestamp(local).map_err(|_| Overflow)?;
                return self.zone.following(early).next().map(|t| t.timestamp()).ok_or(Overflow);
            }
        }
        .map_err(|_| Overflow)
    }

    /// The first instant of a local day.
    pub fn midnight(&self, date: Date) -> Result<Timestamp, Overflow> {
        self.instant(date.to_datetime(Time::midnight()))
    }

    /// RFC 3339 with the zone's offset at that instant: `2021-03-01T10:00:00+09:00`.
    /// RFC 3339 knows offsets of whole minutes: where the zone had another, before clocks were set by zones, the time is
    /// shown with the offset cut to minutes, so that it is the same instant.
    pub fn format(&self, at: Timestamp) -> String {
        let offset = self.zone.to_offset(at);
        let whole = Offset::from_seconds(offset.seconds() / 60 * 60).unwrap_or(offset);
        at.display_with_offset(whole).to_string()
    }
}

impl Calendar {
    /// An instant moved by a delay, forward or back: months and days move the calendar and keep the local time of day,
    /// hours are elapsed time.
    pub(crate) fn shift(&self, at: Timestamp, delay: Delay, back: bool) -> Result<Timestamp, Overflow> {
        let local = self.zone.local(at);
        // With nothing to move, the instant stays: a repeated local time must not fall back to its first pass.
        let start = match delay {
            Delay { months: 0, days: 0, .. } => at,
            _ => self.zone.instant(self.shift_day(local.date(), delay, back)?.to_datetime(local.time()))?,
        };
        let elapsed = SignedDuration::try_from_hours(signed(delay.hours, back)).ok_or(Overflow)?;
        start.checked_add(elapsed).map_err(|_| Overflow)
    }

    /// A day moved by the months and days of a delay, forward or back.
    pub(crate) fn shift_day(&self, date: Date, delay: Delay, back: bool) -> Result<Date, Overflow> {
        let mut moved = months_after(date, signed(delay.months, back))?;
        if moved.day() != date.day() && self.missing_day == MissingDay::FirstOfNextMonth {
            moved = moved.tomorrow().map_err(|_| Overflow)?;
        }
        days_after(moved, signed(delay.days, back))
    }
}

fn signed(count: u32, back: bool) -> i64 {
    if back { -i64::from(count) } else { i64::from(count) }
}

/// The day so many days later, or earlier where `days` is below zero.
pub(crate) fn days_after(date: Date, days: i64) -> Result<Date, Overflow> {
    Span::new().try_days(days).and_then(|span| date.checked_add(span)).map_err(|_| Overflow)
}

/// The same day so many months later, or earlier where `months` is below zero; the month's last where it lacks the day.
pub(crate) fn months_after(date: Date, months: i64) -> Result<Date, Overflow> {
    Span::new().try_months(months).and_then(|span| date.checked_add(span)).map_err(|_| Overflow)
}

/// Reads an RFC 3339 instant: date, `T`, time with seconds, at most nine digits of a second, offset. None for
/// anything else (no offset, a leap second, blanks).
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shape = |i: usize, pattern: &[u8]| {
        pattern.iter().enumerate().all(|(k, p)| {
            bytes.get(i + k).is_some_and(|b| if *p == b'0' { b.is_ascii_digit() } else { b == p })
        })
    };
    if !shape(0, b"0000-00-00") || !matches!(bytes.get(10), Some(b'T' | b't')) || !shape(11, b"00:00:00") {
        return None;
    }
    if bytes.get(17) == Some(&b'6') {
        return None;
    }
    let mut i = 19;
    if bytes.get(i) == Some(&b'.') {
        let digits = bytes.iter().skip(i + 1).take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        i += 1 + digits;
    }
    let offset_fits = match bytes.get(i)? {
        b'Z' | b'z' => bytes.len() == i + 1,
        // RFC 3339: hours 00 to 23, minutes 00 to 59.
        b'+' | b'-' => {
            let hours = text.get(i + 1..i + 3).and_then(|hours| hours.parse::<u8>().ok());
            let minutes = text.get(i + 4..i + 6).and_then(|minutes| minutes.parse::<u8>().ok());
            shape(i + 1, b"00:00")
                && bytes.len() == i + 6
                && hours.is_some_and(|hours| hours < 24)
                && minutes.is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    };
    if !offset_fits {
        return None;
    }
    text.parse().ok()
}

/// Reads a date `2021-01-01`.
pub fn parse_date(text: &str) -> Option<Date> {
    is_date(text).then(|| text.parse().ok()).flatten()
}

/// Reads a time of day `20:00`, to the minute.
pub fn parse_clock(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

/// True for a text that is written like a date, whether there is such a day or not.
pub(crate) fn is_date(text: &str) -> bool {
    let digits =
        text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    text.len() == 10 && digits
}
