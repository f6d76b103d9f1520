//! Sets of numbers as a few intervals: what a condition lets through, when a version is in force. Everything
//! else that conditions speak of (choices, categories, days, yes and no) is numbered first.

use crate::value::Ratio;
use crate::value::time::LocalTime;
use jiff::civil::Date;

/// A place between numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// Below everything.
    Start,
    /// Just before (0) or just after (1) a number.
    At(Ratio, u8),
    /// Above everything.
    End,
}

/// A set of numbers: intervals in ascending order that neither touch nor overlap.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Domain {
    intervals: Vec<(Cut, Cut)>,
}

impl Domain {
    /// All numbers.
    pub fn all() -> Domain {
        Domain { intervals: vec![(Cut::Start, Cut::End)] }
    }

    /// No number.
    pub fn none() -> Domain {
        Domain { intervals: Vec::new() }
    }

    /// `low..=high`; None is open.
    pub fn between(low: Option<Ratio>, high: Option<Ratio>) -> Domain {
        Domain::of(low.map_or(Cut::Start, |n| Cut::At(n, 0)), high.map_or(Cut::End, |n| Cut::At(n, 1)))
    }

    /// `from..until`; None is open.
    pub fn half_open(from: Option<Ratio>, until: Option<Ratio>) -> Domain {
        Domain::of(from.map_or(Cut::Start, |n| Cut::At(n, 0)), until.map_or(Cut::End, |n| Cut::At(n, 0)))
    }

    /// One number.
    pub fn one(n: Ratio) -> Domain {
        Domain::between(Some(n), Some(n))
    }

    /// Above `n`.
    pub fn above(n: Ratio) -> Domain {
        Domain::of(Cut::At(n, 1), Cut::End)
    }

    /// Below `n`.
    pub fn below(n: Ratio) -> Domain {
        Domain::of(Cut::Start, Cut::At(n, 0))
    }

    /// The whole numbers given (indices of words, categories).
    pub fn indices(items: impl IntoIterator<Item = usize>) -> Domain {
        items.into_iter().fold(Domain::none(), |set, i| set.union(&Domain::index(i)))
    }

    /// The whole numbers from 0 up to (not with) `count`.
    pub fn below_count(count: usize) -> Domain {
        Domain::indices(0..count)
    }

    fn index(i: usize) -> Domain {
        Domain::one(Ratio::whole(i128::try_from(i).unwrap_or(i128::MAX)))
    }

    fn of(low: Cut, high: Cut) -> Domain {
        Domain { intervals: if low < high { vec![(low, high)] } else { Vec::new() } }
    }

    /// True for no number.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// What is in both.
    pub fn intersection(&self, other: &Domain) -> Domain {
        let mut intervals = Vec::new();
        for a in &self.intervals {
            for b in &other.intervals {
                let (low, high) = (a.0.max(b.0), a.1.min(b.1));
                if low < high {
                    intervals.push((low, high));
                }
            }
        }
        intervals.sort();
        Domain { intervals }
    }

    /// What is not in it.
    pub fn complement(&self) -> Domain {
        let mut intervals = Vec::new();
        let mut low = Cut::Start;
        for (from, until) in &self.intervals {
            if low < *from {
                intervals.push((low, *from));
            }
            low = *until;
        }
        if low < Cut::End {
            intervals.push((low, Cut::End));
        }
        Domain { intervals }
    }

    /// What is in either.
    pub fn union(&self, other: &Domain) -> Domain {
        self.complement().intersection(&other.complement()).complement()
    }

    /// True if everything in it is in `other`.
    pub fn within(&self, other: &Domain) -> bool {
        self.intersection(&other.complement()).is_empty()
    }

    /// The same where only whole numbers can occur: `> 2` becomes `>= 3`.
    pub fn of_whole_numbers(&self) -> Domain {
        let whole = |cut: Cut| match cut {
            Cut::At(n, side) => {
                let up = side == 1 || !n.fraction().is_zero();
                Cut::At(Ratio::whole(n.floor().saturating_add(i128::from(up))), 0)
            }
            open => open,
        };
        let parts = self.intervals.iter().map(|(low, high)| Domain::of(whole(*low), whole(*high)));
        parts.fold(Domain::none(), |all, part| all.union(&part))
    }
}

/// A day as a number.
pub(super) fn day_number(date: Date) -> Ratio {
    let epoch = jiff::civil::date(1970, 1, 1);
    Ratio::whole(i128::from(epoch.until(date).map_or(0, |span| span.get_days())))
}

/// A local time as a number: its day, and the part of it that has passed. Later times have greater numbers, also where the
/// clocks change: a time that comes twice is the first of the two.
pub(super) fn time_number(time: LocalTime) -> Ratio {
    let day = day_number(time.date());
    let minutes = i128::from(time.0.hour()) * 60 + i128::from(time.0.minute());
    Ratio::new(minutes, 24 * 60).and_then(|part| day.add(part)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(n: i128) -> Ratio {
        Ratio::whole(n)
    }

    #[test]
    fn sets_follow_the_laws_of_sets() {
        let (low, high) = (Domain::between(None, Some(n(3))), Domain::above(n(3)));
        assert!(low.intersection(&high).is_empty());
        assert_eq!(low.union(&high), Domain::all());
        assert_eq!(low.complement(), high);
        assert!(Domain::one(n(3)).within(&low));
        assert!(!low.within(&Domain::below(n(3))));
    }

    #[test]
    fn whole_numbers_leave_no_room_between_neighbours() {
        let gap = Domain::above(n(2)).intersection(&Domain::below(n(3)));
        assert!(!gap.is_empty());
        assert!(gap.of_whole_numbers().is_empty());
        assert_eq!(Domain::indices([0, 1, 2]).of_whole_numbers(), Domain::half_open(Some(n(0)), Some(n(3))));
    }
}
