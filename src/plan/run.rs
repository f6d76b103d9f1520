//! Running lowered code over an order: no allocation and no text.

use super::dated::Dated;
use super::lower::{Code, Guard, NO_SLOT, Program, Shared};
use super::order::{CompactLine, Prepared};
use crate::policy::{Comparison, EarnId};
use crate::value::rounding::split_within;
use crate::value::{Ratio, Rounding};

/// What one rule gives on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub line: u32,
    pub rule: EarnId,
    pub groups: u64,
    pub points: i64,
    /// Before rounding: a number over a divisor.
    exact: (u64, u64),
}

/// What an order gets.
#[derive(Clone, Debug, Default)]
pub(super) struct Gains {
    /// By line.
    pub points: Vec<i64>,
    /// By line, then rule.
    pub hits: Vec<Hit>,
}

/// An order is left to the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left;

/// Guards that have been read, and those that hold.
#[derive(Clone, Copy)]
struct Known {
    read: u64,
    hold: u64,
}

/// A line as its rules are being looked at.
struct Working<'a> {
    order: &'a Prepared,
    line: &'a CompactLine,
    index: u32,
    known: Known,
    sum: i64,
    fits: bool,
}

impl Program {
    /// The points of each line, and what each rule gave of them. With `shares` rules also share what a limit leaves them;
    /// without, only lines are told right.
    pub fn run(&self, order: &Prepared, gains: &mut Gains, shares: bool) -> Result<(), Left> {
        gains.points.clear();
        gains.hits.clear();
        if !order.is_compact || self.unlowered.is_any(order.second) {
            return Err(Left);
        }
        let mut of_order = Known { read: 0, hold: 0 };
        for (index, line) in (0..).zip(&order.lines) {
            let mut working = Working { order, line, index, known: of_order, sum: 0, fits: true };
            self.look(&self.everywhere, &mut working, &mut gains.hits);
            if let Some(code) = self.code.get(line.category as usize) {
                self.look(code, &mut working, &mut gains.hits);
            }
            if !working.fits {
                return Err(Left);
            }
            gains.points.push(working.sum);
            let Known { read, hold } = working.known;
            of_order = Known { read: read & self.of_order, hold: hold & self.of_order };
        }
        match self.shared.list(self.shared.segment(order.second)) {
            Some([]) => Ok(()),
            Some(shared) => self.cut(shared, gains, shares),
            None => Err(Left),
        }
    }

    #[inline]
    fn look(&self, code: &Dated<Code>, working: &mut Working<'_>, hits: &mut Vec<Hit>) {
        match code.list(code.segment(working.order.second)) {
            Some(list) => list.iter().for_each(|code| self.hit(code, working, hits)),
            None => code.each(working.order.second, |code| self.hit(code, working, hits)),
        }
    }

    #[inline]
    fn hit(&self, code: &Code, working: &mut Working<'_>, hits: &mut Vec<Hit>) {
        let unread = code.guards & !working.known.read;
        if unread != 0 {
            self.read(unread, working);
        }
        if code.guards & !working.known.hold != 0 {
            return;
        }
        let Some(hit) = self.gives(code, working) else {
            working.fits = false;
            return;
        };
        if hit.points != 0 {
            match working.sum.checked_add(hit.points) {
                Some(sum) => working.sum = sum,
                None => working.fits = false,
            }
            hits.push(hit);
        }
    }

    #[inline]
    fn read(&self, mut unread: u64, working: &mut Working<'_>) {
        working.known.read |= unread;
        while unread != 0 {
            let place = unread.trailing_zeros() as usize;
            unread &= unread - 1;
            let holds = self.guards.get(place).is_some_and(|guard| guard.holds(working));
            working.known.hold |= u64::from(holds) << place;
        }
    }

    /// None where a number is too long.
    #[inline]
    fn gives(&self, code: &Code, working: &Working<'_>) -> Option<Hit> {
        let line = working.line;
        let mut number = if code.by_price { line.price.checked_mul(code.factor)? } else { code.factor };
        if code.slot != NO_SLOT {
            let slot = working.order.slots.get(line.slots as usize + code.slot as usize)?;
            number = number.checked_mul(*slot)?;
        }
        let number = number.cast_unsigned();
        let divisor = self.divisors.get(code.divisor as usize)?;
        let (quotient, rest) = divisor.divide(number);
        let whole = quotient.cast_signed();
        let hit = |points: i64, exact| Hit {
            line: working.index,
            rule: code.rule,
            groups: code.groups,
            points: points.min(code.most),
            exact,
        };
        if code.each_step > 0 {
            let points = whole.checked_mul(code.each_step)?;
            return Some(hit(points, (points.cast_unsigned(), 1)));
        }
        let up = match code.rounding {
            Rounding::Down => false,
            Rounding::Up => rest > 0,
            Rounding::HalfUp => rest >= divisor.by - rest,
            Rounding::HalfEven => rest > divisor.by - rest || (rest == divisor.by - rest && whole % 2 == 1),
        };
        Some(hit(whole + i64::from(up), (number, divisor.by)))
    }

    /// Limits that rules share. What a line has in all is known where the last limit alone cuts, in the order of lines; every
    /// other case is the reference's to say.
    fn cut(&self, shared: &[Shared], gains: &mut Gains, shares: bool) -> Result<(), Left> {
        let Some((last, others)) = shared.split_last() else { return Ok(()) };
        for limit in others {
            if exceeds(limit, &gains.hits)? {
                return Err(Left);
            }
        }
        if last.split {
            return if exceeds(last, &gains.hits)? { Err(Left) } else { Ok(()) };
        }
        let mut room = last.room;
        let mut next = 0;
        for (index, points) in (0..).zip(&mut gains.points) {
            let first = next;
            let mut in_group = 0i64;
            while let Some(hit) = gains.hits.get(next).filter(|hit| hit.line == index) {
                if hit.groups & last.group != 0 {
                    in_group += hit.points;
                }
                next += 1;
            }
            let left = in_group.min(room);
            if left < in_group {
                *points -= in_group - left;
                if shares {
                    let hits = gains.hits.get_mut(first..next).unwrap_or_default();
                    self.share(last, left, hits)?;
                }
            }
            if !last.by_line {
                room -= left;
            }
        }
        Ok(())
    }

    /// The rules of a group share what a limit leaves of a line: in proportion to their exact points, by name.
    fn share(&self, limit: &Shared, room: i64, hits: &mut [Hit]) -> Result<(), Left> {
        let mut ours: Vec<&mut Hit> = hits.iter_mut().filter(|hit| hit.groups & limit.group != 0).collect();
        ours.sort_by_key(|hit| self.by_name[hit.rule]);
        let exact = ours.iter().map(|hit| Ratio::new(hit.exact.0.into(), hit.exact.1.into()));
        let exact = exact.collect::<Result<Vec<_>, _>>().map_err(|_| Left)?;
        let points: Vec<i64> = ours.iter().map(|hit| hit.points).collect();
        let left = split_within(room, &exact, &points).map_err(|_| Left)?;
        ours.into_iter().zip(left).for_each(|(hit, points)| hit.points = points);
        Ok(())
    }
}

impl Guard {
    #[inline]
    fn holds(&self, working: &Working<'_>) -> bool {
        let slot = |of_order: bool, slot: u16| {
            let first = if of_order { 0 } else { working.line.slots as usize };
            working.order.slots.get(first + slot as usize).copied()
        };
        match *self {
            Guard::OneOf { of_order, slot: place, among } => {
                slot(of_order, place).is_some_and(|value| (0..64).contains(&value) && among >> value & 1 == 1)
            }
            Guard::Compare { of_order, slot: place, op, with } => {
                slot(of_order, place).is_some_and(|value| match op {
                    Comparison::Less => value < with,
                    Comparison::AtMost => value <= with,
                    Comparison::More => value > with,
                    Comparison::AtLeast => value >= with,
                    Comparison::Equal => value == with,
                    Comparison::NotEqual => value != with,
                })
            }
        }
    }
}

/// True where rules give more than a limit leaves.
fn exceeds(limit: &Shared, hits: &[Hit]) -> Result<bool, Left> {
    let (mut sum, mut line) = (0i64, 0);
    for hit in hits.iter().filter(|hit| hit.groups & limit.group != 0) {
        if limit.by_line && hit.line != line {
            (sum, line) = (0, hit.line);
        }
        sum = sum.checked_add(hit.points).ok_or(Left)?;
        if sum > limit.room {
            return Ok(true);
        }
    }
    Ok(false)
}
