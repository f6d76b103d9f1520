//! A series: amounts by instant and cause, with running sums. What is counted over any stretch of time is the difference
//! of two sums; a new step at the end is constant work, a change in the middle is worked through to the end.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instant;
use crate::value::{Overflow, Ratio};

/// What made a step: a case, or a reward taken or move made, by its place among those of the account.
pub(crate) type By = u32;

/// One amount of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    #[serde(with = "instant")]
    pub at: Timestamp,
    pub by: By,
    pub amount: Ratio,
    /// Of all steps up to this one.
    sum: Ratio,
}

/// Steps in the order of instants, then causes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    steps: Vec<Step>,
}

impl Series {
    /// Over this series, with nothing changed.
    pub fn draft(&self) -> SeriesDraft<'_> {
        let len = self.steps.len();
        SeriesDraft { base: &self.steps, cut: len, tail: Vec::new(), summed: len }
    }

    /// Takes in what a draft has changed.
    pub fn apply(&mut self, change: SeriesChange) {
        self.steps.truncate(change.cut);
        self.steps.extend(change.tail);
    }
}

/// A series as a turn is changing it: the first `cut` steps of the base, then the tail.
#[derive(Clone, Debug)]
pub(crate) struct SeriesDraft<'a> {
    base: &'a [Step],
    cut: usize,
    tail: Vec<Step>,
    /// How many steps have a sum that is right.
    summed: usize,
}

/// What a turn has changed of a series.
#[derive(Clone, Debug)]
pub(crate) struct SeriesChange {
    cut: usize,
    tail: Vec<Step>,
}

impl SeriesDraft<'_> {
    pub fn finish(mut self) -> Result<SeriesChange, Overflow> {
        self.sum_up_to(self.len())?;
        Ok(SeriesChange { cut: self.cut, tail: self.tail })
    }

    fn len(&self) -> usize {
        self.cut + self.tail.len()
    }

    fn get(&self, index: usize) -> Option<&Step> {
        match index.checked_sub(self.cut) {
            Some(index) => self.tail.get(index),
            None => self.base.get(index),
        }
    }

    /// The first place at which `after` holds of the step.
    fn place(&self, after: impl Fn(&Step) -> bool) -> usize {
        let base = self.base.get(..self.cut).unwrap_or_default();
        // Mostly it is near the end: ever wider stretches are looked at from there.
        let mut width = 1;
        while base.len().checked_sub(width).and_then(|place| base.get(place)).is_some_and(&after) {
            width *= 2;
        }
        let from = base.len().saturating_sub(width);
        let near = base.get(from..).unwrap_or_default();
        match from + near.partition_point(|step| !after(step)) {
            found if found < self.cut => found,
            _ => self.cut + self.tail.partition_point(|step| !after(step)),
        }
    }

    fn place_of(&self, at: Timestamp, by: By) -> usize {
        self.place(|step| (step.at, step.by) >= (at, by))
    }

    /// The amount of a cause at an instant; None where it has none.
    pub fn amount(&self, at: Timestamp, by: By) -> Option<Ratio> {
        let step = self.get(self.place_of(at, by))?;
        (step.at == at && step.by == by).then_some(step.amount)
    }

    /// Sets the amount of a cause at an instant; says whether that changed anything that is counted. A step of zero
    /// stays: it says that the cause has looked at what came before.
    pub fn set(&mut self, at: Timestamp, by: By, amount: Ratio) -> bool {
        let place = self.place_of(at, by);
        let old = self.get(place).filter(|step| step.at == at && step.by == by).map(|step| step.amount);
        if old == Some(amount) {
            return false;
        }
        self.open(place);
        let index = place - self.cut;
        match (old, self.tail.get_mut(index)) {
            (Some(_), Some(step)) => step.amount = amount,
            _ => self.tail.insert(index, Step { at, by, amount, sum: Ratio::ZERO }),
        }
        self.summed = self.summed.min(place);
        old.unwrap_or(Ratio::ZERO) != amount
    }

    /// Notes that a cause stands at an instant, where it has no step there.
    pub fn set_if_missing(&mut self, at: Timestamp, by: By) {
        if self.amount(at, by).is_none() {
            self.set(at, by, Ratio::ZERO);
        }
    }

    /// Takes the steps from `place` on out of the base, so that they can be changed.
    fn open(&mut self, place: usize) {
        if place < self.cut {
            let opened = self.base.get(place..self.cut).unwrap_or_default();
            self.tail.splice(0..0, opened.iter().cloned());
            self.cut = place;
        }
    }

    fn sum_up_to(&mut self, place: usize) -> Result<(), Overflow> {
        while self.summed < place {
            let before = self.sum_before(self.summed);
            let index = self.summed.checked_sub(self.cut).and_then(|index| self.tail.get_mut(index));
            if let Some(step) = index {
                step.sum = before.add(step.amount)?;
            }
            self.summed += 1;
        }
        Ok(())
    }

    fn sum_before(&self, place: usize) -> Ratio {
        place.checked_sub(1).and_then(|last| self.get(last)).map_or(Ratio::ZERO, |step| step.sum)
    }

    fn between(&mut self, from: usize, to: usize) -> Result<Ratio, Overflow> {
        if from >= to {
            return Ok(Ratio::ZERO);
        }
        self.sum_up_to(to)?;
        self.sum_before(to).sub(self.sum_before(from))
    }

    /// The sum of the steps from `start` on and before `end`.
    pub fn sum(&mut self, start: Timestamp, end: Timestamp) -> Result<Ratio, Overflow> {
        let (from, to) = (self.place(|step| step.at >= start), self.place(|step| step.at >= end));
        self.between(from, to)
    }

    /// The sum of the steps from `start` on and before a cause at an instant.
    pub fn sum_before_cause(&mut self, start: Timestamp, at: Timestamp, by: By) -> Result<Ratio, Overflow> {
        let (from, to) = (self.place(|step| step.at >= start), self.place_of(at, by));
        self.between(from, to)
    }

    /// The causes behind one at an instant, in order.
    pub fn behind(&self, at: Timestamp, by: By) -> impl Iterator<Item = (Timestamp, By)> + '_ {
        let first = self.place(|step| (step.at, step.by) > (at, by));
        (first..self.len()).filter_map(|index| self.get(index).map(|step| (step.at, step.by)))
    }

    /// The first instant after one at which there is a step.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.get(self.place(|step| step.at > at)).map(|step| step.at)
    }

    /// The causes from `start` on, in order.
    pub fn causes_from(&self, start: Timestamp) -> impl Iterator<Item = (Timestamp, By)> + '_ {
        let first = self.place(|step| step.at >= start);
        (first..self.len()).filter_map(|index| self.get(index).map(|step| (step.at, step.by)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Sums over a drafted series are the sums of its steps, and the change makes the series that the draft was.
        #[test]
        fn a_draft_counts_what_the_steps_say(
            base in proptest::collection::vec((0i64..30, 0u32..4, -5i64..9), 0..30),
            steps in proptest::collection::vec((0i64..30, 0u32..4, -5i64..9), 0..30),
            (start, end) in (0i64..30, 0i64..31),
        ) {
            let instant = |second: i64| Timestamp::from_second(second).unwrap();
            let mut plain: BTreeMap<(i64, u32), i64> = BTreeMap::new();
            let mut series = Series::default();
            let mut draft = series.draft();
            for (at, by, amount) in base {
                plain.insert((at, by), amount);
                draft.set(instant(at), by, Ratio::whole(amount));
            }
            let change = draft.finish().unwrap();
            series.apply(change);
            let mut draft = series.draft();
            for (at, by, amount) in steps {
                plain.insert((at, by), amount);
                draft.set(instant(at), by, Ratio::whole(amount));
                let wanted: i64 =
                    plain.iter().filter(|((at, _), _)| start <= *at && *at < end).map(|(_, amount)| amount).sum();
                prop_assert_eq!(draft.sum(instant(start), instant(end)).unwrap(), Ratio::whole(wanted));
            }
            let change = draft.finish().unwrap();
            series.apply(change);
            let stored: Vec<_> = series.steps.iter().map(|step| (step.at.as_second(), step.by)).collect();
            prop_assert!(stored.iter().eq(plain.keys()));
        }
    }
}
