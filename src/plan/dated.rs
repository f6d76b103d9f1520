//! Things in force for a time, found by an instant. Cost follows what is found, not how many there are.

/// A half-open stretch of whole seconds since 1970; an open end is the end of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seconds {
    pub from: i64,
    pub until: i64,
}

/// Items by when they are in force. Where each instant has its own list of them that stays small; where long stretches
/// overlap so much that the lists would grow with the square of the items, each stands in the few nodes of a tree
/// over the instants that make up its stretch.
#[derive(Clone, Debug)]
pub(super) struct Dated<T> {
    /// The instants at which something begins or ends, rising: between two of them nothing changes.
    breaks: Vec<i64>,
    /// By node: where its items begin among all, and one more. A list's node is the place of its segment.
    starts: Vec<u32>,
    items: Vec<T>,
    /// Of a tree, the first leaf; None for lists.
    leaves: Option<usize>,
}

/// How many times the number of items the lists may hold in all.
const MOST_COPIES: usize = 16;

impl<T> Default for Dated<T> {
    fn default() -> Dated<T> {
        Dated { breaks: Vec::new(), starts: vec![0, 0], items: Vec::new(), leaves: None }
    }
}

impl<T: Clone> Dated<T> {
    /// Of items with their stretches, each list in the order given.
    pub fn of(given: &[(Seconds, T)]) -> Dated<T> {
        let mut breaks: Vec<i64> = given.iter().flat_map(|(when, _)| [when.from, when.until]).collect();
        breaks.sort_unstable();
        breaks.dedup();
        let segment = |second: i64| breaks.partition_point(|known| *known <= second);
        let spans: Vec<(usize, usize)> =
            given.iter().map(|(when, _)| (segment(when.from), segment(when.until))).collect();
        let copies: usize = spans.iter().map(|(from, until)| until.saturating_sub(*from)).sum();
        let segments = breaks.len() + 1;
        let is_tree = copies > MOST_COPIES * given.len() + 1024;
        let leaves = is_tree.then(|| segments.next_power_of_two());
        let mut nodes: Vec<Vec<T>> = vec![Vec::new(); leaves.map_or(segments, |leaves| 2 * leaves)];
        let mut put = |node: usize, item: &T| {
            if let Some(list) = nodes.get_mut(node) {
                list.push(item.clone());
            }
        };
        for ((from, until), (_, item)) in spans.into_iter().zip(given) {
            let Some(leaves) = leaves else {
                (from..until).for_each(|segment| put(segment, item));
                continue;
            };
            let (mut low, mut high) = (from + leaves, until + leaves);
            while low < high {
                if low % 2 == 1 {
                    put(low, item);
                    low += 1;
                }
                if high % 2 == 1 {
                    high -= 1;
                    put(high, item);
                }
                low /= 2;
                high /= 2;
            }
        }
        let mut dated = Dated { breaks, starts: vec![0], items: Vec::new(), leaves };
        for list in nodes {
            dated.items.extend(list);
            dated.starts.push(u32::try_from(dated.items.len()).unwrap_or(u32::MAX));
        }
        dated
    }
}

impl<T> Dated<T> {
    /// The place of an instant among the segments: instants with the same place find the same.
    pub fn segment(&self, second: i64) -> usize {
        self.breaks.partition_point(|known| *known <= second)
    }

    /// What is in force in a segment, where it has a list of its own; else the tree is to be asked.
    pub fn list(&self, segment: usize) -> Option<&[T]> {
        if self.leaves.is_some() { None } else { Some(self.node(segment)) }
    }

    fn node(&self, node: usize) -> &[T] {
        let start = self.starts.get(node).map_or(0, |start| *start as usize);
        let end = self.starts.get(node + 1).map_or(start, |end| *end as usize);
        self.items.get(start..end).unwrap_or_default()
    }

    /// True where something is in force at an instant.
    pub fn is_any(&self, second: i64) -> bool {
        let mut any = false;
        self.each(second, |_| any = true);
        any
    }

    /// Everything in force at an instant, in no order.
    pub fn each<'t>(&'t self, second: i64, mut see: impl FnMut(&'t T)) {
        let segment = self.segment(second);
        let Some(leaves) = self.leaves else {
            self.node(segment).iter().for_each(see);
            return;
        };
        let mut node = segment + leaves;
        while node > 0 {
            self.node(node).iter().for_each(&mut see);
            node /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is found at an instant is what is in force then, in lists and in a tree.
        #[test]
        fn what_is_found_is_in_force(
            windows in proptest::collection::vec((0i64..50, 1i64..40), 0..40),
            copies in 1usize..80,
        ) {
            let given: Vec<(Seconds, usize)> = windows.iter().cycle().take(windows.len() * copies).enumerate()
                .map(|(index, (from, long))| (Seconds { from: *from, until: from + long }, index))
                .collect();
            let dated = Dated::of(&given);
            for second in -1..100 {
                let mut found = Vec::new();
                dated.each(second, |item| found.push(*item));
                found.sort_unstable();
                let wanted: Vec<usize> = given.iter()
                    .filter(|(when, _)| when.from <= second && second < when.until)
                    .map(|(_, index)| *index).collect();
                prop_assert_eq!(&found, &wanted);
                if let Some(list) = dated.list(dated.segment(second)) {
                    prop_assert_eq!(list, &wanted[..]);
                }
            }
        }
    }
}
