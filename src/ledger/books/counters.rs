//! Everything that is counted in an account: measures, limits, what payments, rewards and moves have used. One mechanism, a
//! series for each thing counted. Cases that read a whole period are noted, so that what changes in it finds its readers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use super::draft::{SetChange, SetDraft};
use super::instant::Stored;
use super::series::{By, Series, SeriesChange, SeriesDraft};
use crate::policy::{FactValue, LimitId, MeasureId};
use crate::value::{Overflow, Ratio};

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum CounterKey {
    /// What orders and events add to a measure, by the choice of its key.
    Measure(MeasureId, usize),
    /// How many things cases have added to any measure.
    Counted,
    /// The cases that read a measure over the whole period around them. Nothing is summed.
    Readers(MeasureId),
    /// What is used of a limit: by cases for those of earn rules and groups, by payments, rewards and moves for theirs.
    Limit(LimitKey),
}

/// One count of a limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LimitKey {
    pub limit: LimitId,
    /// True: as it was at first, whatever has come back since (`returns keep room`).
    pub keep: bool,
    /// The word that has room of its own.
    pub word: Option<FactValue>,
}

impl LimitKey {
    /// The count of a limit in which all words share the room.
    pub fn plain(limit: LimitId, keep: bool) -> LimitKey {
        LimitKey { limit, keep, word: None }
    }
}

/// Where a word is said: in which stretch of time, when, and by which case.
type Said = (MeasureId, usize, Instant, Arc<str>, Instant, By);

/// An instant as the part of a key.
type Instant = <Timestamp as Stored>::Plain;

/// All that is counted in an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counters {
    series: BTreeMap<CounterKey, Series>,
    /// Words of measures that count different things. The first to say one in its stretch is a step of the series.
    words: BTreeSet<Said>,
}

impl Counters {
    /// Over these counters, with nothing changed.
    pub fn draft(&self) -> CountersDraft<'_> {
        CountersDraft { base: self, series: BTreeMap::new(), words: SetDraft::over(&self.words) }
    }

    /// Takes in what a draft has changed.
    pub fn apply(&mut self, change: CountersChange) {
        for (key, change) in change.series {
            self.series.entry(key).or_default().apply(change);
        }
        change.words.apply(&mut self.words);
    }
}

/// Counters as a turn is changing them.
#[derive(Clone, Debug)]
pub(crate) struct CountersDraft<'a> {
    base: &'a Counters,
    series: BTreeMap<CounterKey, SeriesDraft<'a>>,
    words: SetDraft<'a, Said>,
}

/// What a turn has changed of counters.
#[derive(Clone, Debug)]
pub(crate) struct CountersChange {
    series: Vec<(CounterKey, SeriesChange)>,
    words: SetChange<Said>,
}

static NOTHING: LazyLock<Series> = LazyLock::new(Series::default);

impl<'a> CountersDraft<'a> {
    pub fn finish(self) -> Result<CountersChange, Overflow> {
        let series = self.series.into_iter().map(|(key, draft)| Ok((key, draft.finish()?)));
        Ok(CountersChange { series: series.collect::<Result<_, Overflow>>()?, words: self.words.finish() })
    }

    /// The series of a counter.
    pub fn of(&mut self, key: CounterKey) -> &mut SeriesDraft<'a> {
        let base = self.base;
        self.series.entry(key).or_insert_with_key(|key| base.series.get(key).unwrap_or(&NOTHING).draft())
    }

    /// The same as it stood before the turn.
    pub fn before(&self, key: &CounterKey) -> SeriesDraft<'a> {
        self.base.series.get(key).unwrap_or(&NOTHING).draft()
    }

    /// A case says a word, or says it no longer: the first to say it in a stretch of time adds one to the measure. Says
    /// whether that changed what is counted.
    pub fn say(&mut self, word: Word<'_>, says: bool) -> Result<bool, Overflow> {
        let Word { measure, key, stretch, text, at, by } = word;
        let said = |at: Instant, by: By| (measure, key, stretch.plain(), text.clone(), at, by);
        let all = said((i64::MIN, i32::MIN), 0)..=said((i64::MAX, i32::MAX), By::MAX);
        let place = |said: &Said| (said.4, said.5);
        let before = self.words.first_in(all.clone()).map(place);
        if says {
            self.words.insert(said(at.plain(), by));
        } else {
            self.words.remove(&said(at.plain(), by));
        }
        let after = self.words.first_in(all).map(place);
        let series = self.of(CounterKey::Measure(measure, key));
        series.set_if_missing(at, by);
        if before == after {
            return Ok(false);
        }
        for (first, amount) in [(before, Ratio::whole(-1)), (after, Ratio::ONE)] {
            if let Some((at, by)) = first
                && let Some(at) = Timestamp::read(at)
            {
                let sum = series.amount(at, by).unwrap_or(Ratio::ZERO).add(amount)?;
                series.set(at, by, sum);
            }
        }
        Ok(true)
    }

    /// How many different words are said from `start` on and before `end`, all of them noted in one stretch.
    pub fn different(&self, all: Word<'_>, start: Timestamp, end: Timestamp) -> Ratio {
        let Word { measure, key, stretch, .. } = all;
        let nothing = Arc::<str>::from("");
        let from = (measure, key, stretch.plain(), nothing, (i64::MIN, i32::MIN), 0);
        let (start, end) = (start.plain(), end.plain());
        let (mut count, mut seen): (i128, Option<&Arc<str>>) = (0, None);
        let words = self.words.range(from..).take_while(|said| (said.0, said.1) == (measure, key));
        for (_, _, _, word, at, _) in words {
            if start <= *at && *at < end && seen != Some(word) {
                count += 1;
                seen = Some(word);
            }
        }
        Ratio::whole(count)
    }
}

/// A word that a case says to a measure that counts different ones.
#[derive(Clone, Copy)]
pub(crate) struct Word<'w> {
    pub measure: MeasureId,
    pub key: usize,
    /// The beginning of the stretch of time in which it counts once.
    pub stretch: Timestamp,
    pub text: &'w Arc<str>,
    pub at: Timestamp,
    pub by: By,
}
