//! Graphs of what needs what, with nodes numbered from 0: which nodes need themselves, in which order all can be done,
//! and the shortest way from one to another. All in time that grows with the graph.

use std::collections::VecDeque;

const UNSEEN: usize = usize::MAX;

/// For each node the number of its component: the nodes that need each other. A component that another one needs has
/// the lower number, so that by their numbers everything stands after what it needs.
#[expect(clippy::indexing_slicing, reason = "nodes are places in the list of needs")]
pub(super) fn components(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut component = vec![UNSEEN; needs.len()];
    let mut order = vec![UNSEEN; needs.len()];
    // The earliest node that a node is known to lead back to.
    let mut earliest = order.clone();
    let (mut seen, mut done) = (0, 0);
    let mut open = Vec::new();
    for start in 0..needs.len() {
        // The way from the start: nodes, and how many of their needs have been followed.
        let mut way = if order[start] == UNSEEN { vec![(start, 0)] } else { Vec::new() };
        while let Some((node, followed)) = way.last_mut() {
            let node = *node;
            if *followed == 0 {
                (order[node], earliest[node]) = (seen, seen);
                seen += 1;
                open.push(node);
            }
            let next = needs[node].get(*followed).copied();
            *followed += 1;
            match next {
                Some(next) if order[next] == UNSEEN => way.push((next, 0)),
                Some(next) if component[next] == UNSEEN => earliest[node] = earliest[node].min(order[next]),
                Some(_) => {}
                None => {
                    if earliest[node] == order[node] {
                        let from = open.iter().rposition(|one| *one == node).unwrap_or(0);
                        open.drain(from..).for_each(|one| component[one] = done);
                        done += 1;
                    }
                    way.pop();
                    if let Some((before, _)) = way.last() {
                        earliest[*before] = earliest[*before].min(earliest[node]);
                    }
                }
            }
        }
    }
    component
}

/// The nodes on a shortest way from one to another, both included.
#[expect(clippy::indexing_slicing, reason = "nodes are places in the list of needs")]
pub(super) fn way(needs: &[Vec<usize>], from: usize, to: usize) -> Vec<usize> {
    let mut before = vec![UNSEEN; needs.len()];
    let mut open = VecDeque::from([from]);
    before[from] = from;
    while let Some(node) = open.pop_front().filter(|_| before[to] == UNSEEN) {
        for next in &needs[node] {
            if before[*next] == UNSEEN {
                before[*next] = node;
                open.push_back(*next);
            }
        }
    }
    let mut way = vec![to];
    while let Some(last) = way.last().copied().filter(|last| *last != from && before[*last] != UNSEEN) {
        way.push(before[last]);
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_stands_before_what_needs_it() {
        let needs = [vec![2], vec![], vec![1, 3], vec![2], vec![0, 4]];
        let component = components(&needs);
        assert_eq!(component[2], component[3]);
        assert!(component[1] < component[2] && component[2] < component[0] && component[0] < component[4]);
    }

    #[test]
    fn the_way_is_the_shortest() {
        let needs = [vec![1, 2], vec![3], vec![1, 3], vec![0]];
        assert_eq!(way(&needs, 0, 3), [0, 1, 3]);
        assert_eq!(way(&needs, 2, 2), [2]);
        assert_eq!(way(&[vec![], vec![]], 0, 1), [1]);
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let needs: Vec<Vec<usize>> = (0..100_000).map(|node| vec![node + 1]).chain([vec![]]).collect();
        let component = components(&needs);
        assert!(component.iter().rev().copied().eq(0..=100_000));
        assert_eq!(way(&needs, 0, 100_000).len(), 100_001);
    }
}
