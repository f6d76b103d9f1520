//! When what is given is settled: which periods must have ended before nothing that it needs can change any more, but by
//! what comes back.

use super::graph;
use super::needs::{How, Need, Needs, Node};
use crate::policy::{IdVec, Measure, MeasureId, Period, ValueId};

/// A reading of a measure over its whole period.
#[derive(Clone, Debug)]
pub(super) struct Late {
    pub measure: MeasureId,
    /// What reads it, perhaps by way of a value.
    pub by: Node,
    pub by_way_of: Option<ValueId>,
    /// The measure's period; then, around the end of each, those of what is counted in it.
    pub periods: Vec<Period>,
}

/// What is known by when.
pub(super) struct Settling {
    component: Vec<usize>,
    /// For each component one reading for every chain of periods.
    late: Vec<Vec<Late>>,
}

/// More different chains of periods are not told apart: what needs them is never settled.
const MOST_CHAINS: usize = 64;

impl Settling {
    /// Looks through all needs, of which none go round in a circle.
    pub fn new(needs: &Needs, measures: &IdVec<MeasureId, Measure>) -> Settling {
        let component = graph::components(&needs.edges(&[How::Same, How::Earlier, How::InAll]));
        let count = component.iter().max().map_or(0, |last| last + 1);
        let mut settling = Settling { component, late: vec![Vec::new(); count] };
        let mut places: Vec<usize> = (0..needs.nodes.len()).collect();
        places.sort_by_key(|place| settling.component.get(*place).copied());
        for place in places {
            let (Some(node), Some(of)) = (needs.nodes.get(place), needs.of.get(place)) else { continue };
            for need in of {
                let found = match need.how {
                    How::InAll => settling.of_reading(needs, measures, (*node, *need)),
                    How::Same | How::Earlier
                        if settling.component.get(need.node) == settling.component.get(place) =>
                    {
                        continue;
                    }
                    How::Same | How::Earlier => settling.of(need.node).to_vec(),
                };
                settling.add(place, found);
            }
        }
        settling
    }

    /// The readings that a node hangs on, one for each chain of periods.
    pub fn of(&self, place: usize) -> &[Late] {
        let component = self.component.get(place);
        component.and_then(|component| self.late.get(*component)).map(Vec::as_slice).unwrap_or_default()
    }

    /// One reading of a node, with every chain of periods that it waits for.
    pub fn of_reading(
        &self,
        needs: &Needs,
        measures: &IdVec<MeasureId, Measure>,
        (by, need): (Node, Need),
    ) -> Vec<Late> {
        let Some(Node::Measure(measure)) = needs.nodes.get(need.node).copied() else { return Vec::new() };
        let Some(own) = measures.try_get(measure).map(|measure| measure.period) else { return Vec::new() };
        let further = self.of(need.node).iter().map(|late| late.periods.as_slice());
        let chains = std::iter::once(&[][..]).chain(further).map(|further| chain(own, further));
        let late = |periods| Late { measure, by, by_way_of: need.by_way_of, periods };
        chains.filter(|periods| !periods.is_empty()).map(late).collect()
    }

    fn add(&mut self, place: usize, found: Vec<Late>) {
        let component = self.component.get(place);
        let Some(known) = component.and_then(|component| self.late.get_mut(*component)) else { return };
        for late in found {
            let periods = if known.len() < MOST_CHAINS { late.periods } else { vec![Period::AllTime] };
            if !known.iter().any(|one| one.periods == periods) {
                known.push(Late { periods, ..late });
            }
        }
    }
}

/// The periods that must have ended, one around the end of another, without those that end with their neighbour anyway.
fn chain(own: Period, mut further: &[Period]) -> Vec<Period> {
    // It ends with the order itself, or before it.
    if matches!(own, Period::Rolling(_) | Period::Last { .. }) {
        return further.to_vec();
    }
    while let Some((next, rest)) = further.split_first() {
        if own == *next || lies_in(own, *next) {
            return further.to_vec();
        }
        if !lies_in(*next, own) {
            break;
        }
        further = rest;
    }
    [&[own], further].concat()
}

/// True where each of the one periods lies in one of the others, and the last of them ends with it.
fn lies_in(one: Period, other: Period) -> bool {
    use Period::{Day, Half, Month, MonthFrom, Quarter, Week, Year};
    matches!(
        (one, other),
        (Day, Week | Month | MonthFrom { .. } | Quarter | Half | Year { .. })
            | (Month, Quarter | Half | Year { day: 1, .. })
            | (Quarter, Half | Year { month: 1 | 4 | 7 | 10, day: 1 })
            | (Half, Year { month: 1 | 7, day: 1 })
    )
}
