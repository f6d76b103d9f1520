//! Stretches of time around an instant, in the programme's zone: half-open, from local midnight to local midnight.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::eval::MemberFacts;
use crate::policy::{FactValue, Period, Policy};
use crate::value::Overflow;
use crate::value::moment::{CalendarUnit, EdgeUnit, Moment, YearDay, stretch};

/// A half-open stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Stretch {
    /// True for an instant in it.
    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// The stretch of `period` around `at`. A rolling one ends with `at` itself, periods that are over end before it.
pub(crate) fn around(
    policy: &Policy,
    member: &MemberFacts,
    period: Period,
    at: Timestamp,
) -> Result<Stretch, Overflow> {
    let unit = match period {
        Period::AllTime => return Ok(Stretch { start: Timestamp::MIN, end: Timestamp::MAX }),
        Period::Rolling(delay) => {
            let back = Moment::Shift { delay, before: true, of: Box::new(Moment::Anchor) };
            let start = back.instant(&policy.calendar, at)?;
            return Ok(Stretch { start: just_after(start)?, end: just_after(at)? });
        }
        Period::Last { count, unit } => {
            let unit = EdgeUnit::Calendar(unit);
            let (end, _) = stretch(unit, policy.calendar.zone.local(at).date())?;
            let mut first = end;
            for _ in 0..count {
                (first, _) = stretch(unit, first.yesterday().map_err(|_| Overflow)?)?;
            }
            return days(policy, first, end);
        }
        Period::MonthFrom { day } => {
            return from_day(policy, at, YearDay { month: None, day: u8::try_from(day).ok() });
        }
        Period::Year { month, day } => return year_from(policy, at, (month, day)),
        Period::YearOfMember(fact) => {
            // What reads the year of a member whose date is not known is refused; nothing ends by it.
            let Some(Some(FactValue::Date(date))) = member.0.try_get(fact) else {
                return Ok(Stretch { start: Timestamp::MIN, end: Timestamp::MAX });
            };
            return year_from(policy, at, (date.month(), date.day()));
        }
        Period::Day => CalendarUnit::Day,
        Period::Week => CalendarUnit::Week,
        Period::Month => CalendarUnit::Month,
        Period::Quarter => CalendarUnit::Quarter,
        Period::Half => CalendarUnit::Half,
    };
    let day = policy.calendar.zone.local(at).date();
    let (first, last) = stretch(EdgeUnit::Calendar(unit), day)?;
    days(policy, first, last.tomorrow().map_err(|_| Overflow)?)
}

/// The year that begins on a day of the year.
fn year_from(policy: &Policy, at: Timestamp, (month, day): (i8, i8)) -> Result<Stretch, Overflow> {
    let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Err(Overflow) };
    from_day(policy, at, YearDay { month: Some(month), day: Some(day) })
}

/// From the latest such day to the next one.
fn from_day(policy: &Policy, at: Timestamp, start: YearDay) -> Result<Stretch, Overflow> {
    let (today, missing) = (policy.calendar.zone.local(at).date(), policy.calendar.missing_day);
    days(policy, start.latest(today, missing)?, start.next(today, missing)?)
}

fn days(policy: &Policy, first: Date, end: Date) -> Result<Stretch, Overflow> {
    Ok(Stretch { start: policy.calendar.zone.midnight(first)?, end: policy.calendar.zone.midnight(end)? })
}

/// The next possible instant.
pub(crate) fn just_after(at: Timestamp) -> Result<Timestamp, Overflow> {
    at.checked_add(jiff::SignedDuration::from_nanos(1)).map_err(|_| Overflow)
}

/// The last possible instant before.
pub(crate) fn just_before(at: Timestamp) -> Result<Timestamp, Overflow> {
    at.checked_sub(jiff::SignedDuration::from_nanos(1)).map_err(|_| Overflow)
}
