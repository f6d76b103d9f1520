//! Running lowered code over an order: no allocation and no text. Numbers are short enough that no product overflows (see
//! `order`); sums are checked.

use super::dated::Dated;
use super::lower::{Code, Guard, NO_SLOT, Program, Shared};
use super::order::{CATEGORY, PRICE, Prepared};
use crate::policy::{Comparison, EarnId};
use crate::value::rounding::split_within;
use crate::value::{Ratio, Rounding};

/// What one rule gives on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub line: u32,
    pub rule: EarnId,
    groups: u64,
    pub points: i64,
    /// Before rounding: a number over a divisor.
    exact: (u64, u64),
}

/// What an order gets.
#[derive(Clone, Debug, Default)]
pub(super) struct Gains {
    /// By line.
    pub points: Vec<i64>,
    /// By line, then as the rules were found.
    pub hits: Vec<Hit>,
}

/// An order is left to the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left;

/// Guards that have been read, and those that hold.
#[derive(Clone, Copy, Default)]
struct Known {
    read: u64,
    hold: u64,
}

/// A line as its rules are looked at.
#[derive(Clone, Copy)]
struct View<'a> {
    of_order: &'a [i64],
    line: &'a [i64],
}

/// What a rule gives: points, and the number that they were rounded from.
#[derive(Clone, Copy)]
struct Points {
    points: i64,
    number: u64,
    over: u64,
}

/// The points of a line: of rules that share a limit, and of the others.
#[derive(Clone, Copy, Default)]
struct Sums {
    within: i64,
    beside: i64,
    overflows: bool,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, is_within: bool, points: i64) {
        let sum = if is_within { &mut self.within } else { &mut self.beside };
        let (added, overflows) = sum.overflowing_add(points);
        *sum = added;
        self.overflows |= overflows;
    }
}

impl Program {
    /// The points of each line.
    pub fn run(&self, order: &Prepared<'_>, gains: &mut Gains) -> Result<(), Left> {
        if !order.is_compact || self.unlowered.is_any(order.second) {
            return Err(Left);
        }
        let shared = self.shared.list(self.shared.segment(order.second)).ok_or(Left)?;
        let everywhere = self.everywhere.list(self.everywhere.segment(order.second));
        match (shared, everywhere) {
            ([], Some(everywhere)) => self.sums(order, gains, everywhere, &NO_LIMIT),
            ([shared], Some(everywhere)) if !shared.split => self.sums(order, gains, everywhere, shared),
            _ => self.trace(order, gains),
        }
    }

    /// The same where one limit at most is shared, and cuts in the order of lines.
    fn sums(
        &self,
        order: &Prepared<'_>,
        gains: &mut Gains,
        everywhere: &[Code],
        shared: &Shared,
    ) -> Result<(), Left> {
        gains.points.clear();
        let (of_order, lines) = order.words.split_at_checked(self.layout.order).ok_or(Left)?;
        let mut known = Known::default();
        let mut room = shared.room;
        for line in lines.chunks_exact(self.layout.stride) {
            let view = View { of_order, line };
            let mut sums = Sums::default();
            for code in everywhere {
                if self.holds(code, view, &mut known) {
                    sums.add(code.groups & shared.group != 0, gives(code, view).points);
                }
            }
            let category = line.get(CATEGORY).copied().unwrap_or(0).cast_unsigned();
            if let Some(code) = self.code.get(category as usize) {
                for code in code.list(code.segment(order.second)).ok_or(Left)? {
                    if self.holds(code, view, &mut known) {
                        sums.add(code.groups & shared.group != 0, gives(code, view).points);
                    }
                }
            }
            let left = sums.within.min(room);
            if !shared.by_line {
                room = room.wrapping_sub(left);
            }
            gains.points.push(sums.beside.checked_add(left).filter(|_| !sums.overflows).ok_or(Left)?);
            known = Known { read: known.read & self.of_order, hold: known.hold & self.of_order };
        }
        Ok(())
    }

    /// The points of each line, and what each rule gave of them.
    pub fn trace(&self, order: &Prepared<'_>, gains: &mut Gains) -> Result<(), Left> {
        gains.points.clear();
        gains.hits.clear();
        if !order.is_compact || self.unlowered.is_any(order.second) {
            return Err(Left);
        }
        let (of_order, lines) = order.words.split_at_checked(self.layout.order).ok_or(Left)?;
        let mut known = Known::default();
        for (index, line) in (0..).zip(lines.chunks_exact(self.layout.stride)) {
            let view = View { of_order, line };
            let mut sum = Some(0i64);
            let hits = &mut gains.hits;
            let mut look = |code: &Code| {
                if self.holds(code, view, &mut known) {
                    let Points { points, number, over } = gives(code, view);
                    if points != 0 {
                        sum = sum.and_then(|sum| sum.checked_add(points));
                        let (rule, groups) = (code.rule, code.groups);
                        hits.push(Hit { line: index, rule, groups, points, exact: (number, over) });
                    }
                }
            };
            each(&self.everywhere, order.second, &mut look);
            let category = line.get(CATEGORY).copied().unwrap_or(0).cast_unsigned();
            if let Some(code) = self.code.get(category as usize) {
                each(code, order.second, &mut look);
            }
            gains.points.push(sum.ok_or(Left)?);
            known = Known { read: known.read & self.of_order, hold: known.hold & self.of_order };
        }
        match self.shared.list(self.shared.segment(order.second)) {
            Some(shared) => self.cut(shared, gains),
            None => Err(Left),
        }
    }

    /// True where all guards of a rule hold; those that have not been read yet are read.
    #[inline(always)]
    fn holds(&self, code: &Code, view: View<'_>, known: &mut Known) -> bool {
        let mut unread = code.guards & !known.read;
        known.read |= unread;
        while unread != 0 {
            let place = unread.trailing_zeros();
            unread &= unread.wrapping_sub(1);
            let holds = self.guards.get(place as usize).is_some_and(|guard| guard.holds(view));
            known.hold |= u64::from(holds) << place;
        }
        code.guards & !known.hold == 0
    }

    /// Limits that rules share, in the order of lines. Where more than the last of them cuts, or a whole order is cut in
    /// proportion, it is the reference's to say what is left.
    fn cut(&self, shared: &[Shared], gains: &mut Gains) -> Result<(), Left> {
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
            let mut within = 0i64;
            while let Some(hit) = gains.hits.get(next).filter(|hit| hit.line == index) {
                if hit.groups & last.group != 0 {
                    within = within.wrapping_add(hit.points);
                }
                next += 1;
            }
            let left = within.min(room);
            if left < within {
                *points -= within - left;
                self.share(last, left, gains.hits.get_mut(first..next).unwrap_or_default())?;
            }
            if !last.by_line {
                room -= left;
            }
        }
        Ok(())
    }

    /// The rules of a group share what a limit leaves of a line: in proportion to their exact points, by name.
    fn share(&self, limit: &Shared, room: i64, hits: &mut [Hit]) -> Result<(), Left> {
        if room == 0 {
            hits.iter_mut().filter(|hit| hit.groups & limit.group != 0).for_each(|hit| hit.points = 0);
            return Ok(());
        }
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

/// What is shared where nothing is.
const NO_LIMIT: Shared = Shared { group: 0, room: 0, by_line: true, split: false };

/// Everything in force at an instant.
#[inline(always)]
fn each(code: &Dated<Code>, second: i64, look: &mut impl FnMut(&Code)) {
    match code.list(code.segment(second)) {
        Some(list) => list.iter().for_each(look),
        None => code.each(second, look),
    }
}

/// What a rule whose guards hold gives on a line.
#[inline(always)]
fn gives(code: &Code, view: View<'_>) -> Points {
    let word = |place: usize| view.line.get(place).copied().unwrap_or(0);
    let mut number = if code.by_price { word(PRICE).wrapping_mul(code.factor) } else { code.factor };
    if code.slot != NO_SLOT {
        number = number.wrapping_mul(word(code.slot as usize));
    }
    let (number, over) = (number.cast_unsigned(), code.divisor.by);
    let (quotient, rest) = code.divisor.divide(number);
    if code.each_step > 0 {
        let points = quotient.cast_signed().wrapping_mul(code.each_step);
        return Points { points: points.min(code.most), number: points.cast_unsigned(), over: 1 };
    }
    let up = match code.rounding {
        Rounding::Down => false,
        Rounding::Up => rest > 0,
        Rounding::HalfUp => rest >= over.wrapping_sub(rest),
        Rounding::HalfEven => {
            let above = over.wrapping_sub(rest);
            rest > above || (rest == above && quotient % 2 == 1)
        }
    };
    let points = quotient.cast_signed().wrapping_add(i64::from(up));
    Points { points: points.min(code.most), number, over }
}

impl Guard {
    #[inline(always)]
    fn holds(&self, view: View<'_>) -> bool {
        let word = |of_order: bool, place: u16| {
            let words = if of_order { view.of_order } else { view.line };
            words.get(place as usize).copied().unwrap_or(0)
        };
        match *self {
            Guard::OneOf { of_order, slot, among } => {
                let value = word(of_order, slot);
                (0..64).contains(&value) && among >> value & 1 == 1
            }
            Guard::Compare { of_order, slot, op, with } => {
                let value = word(of_order, slot);
                match op {
                    Comparison::Less => value < with,
                    Comparison::AtMost => value <= with,
                    Comparison::More => value > with,
                    Comparison::AtLeast => value >= with,
                    Comparison::Equal => value == with,
                    Comparison::NotEqual => value != with,
                }
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
