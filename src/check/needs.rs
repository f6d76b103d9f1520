//! What must be known before something else is: a rule's points need the measures that it reads over their whole period,
//! the rules that it reads, and the other rules of its group; a measure needs the rules that it counts. Circles and waits
//! are looked for in this graph.
//!
//! A rule stands in it three times, as it is read: before its limits, after them, and as it gives after its groups.

use std::collections::BTreeMap;
use std::ops::Range;

use super::graph;
use super::scope::Scope;
use crate::policy::reads::{Reads, Source};
use crate::policy::{
    Earn, EarnId, Group, GroupId, IdVec, Limit, LimitScope, Measure, MeasureId, Member, Rule, ValueId, Window,
};
use crate::value::choice::{Combine, Stage};

/// Something whose result others need; versions by their place in their rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// What a version of a rule gives before its limits: exact, and rounded.
    Rounded(EarnId, usize),
    /// After its own limits.
    Capped(EarnId, usize),
    /// After its groups: what is given.
    Given(EarnId, usize),
    /// What the members of a version of a group give, up to one of them.
    Members(GroupId, usize, usize),
    /// What a version of a group leaves them.
    Group(GroupId, usize),
    /// What the groups around a version of a group leave it.
    Around(GroupId, usize),
    /// What has been used of the limits of a rule, of a rule's `on first`, of a group.
    Used(EarnId),
    UsedFirst(EarnId),
    UsedByGroup(GroupId),
    /// What the rules in a version of a group have been given.
    Inside(GroupId, usize),
    Measure(MeasureId),
}

/// How something is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As it is for the same order, event or period.
    Same,
    /// As it was for earlier ones, which have used up room.
    Earlier,
    /// A measure over its whole period.
    InAll,
}

/// One need of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// Place of what is needed.
    pub node: usize,
    pub how: How,
    /// The value by way of which a measure is read.
    pub by_way_of: Option<ValueId>,
}

/// What is looked at: all rules, groups and measures as far as they are sound.
#[derive(Clone, Copy)]
pub(super) struct Rules<'p> {
    pub earns: &'p IdVec<EarnId, Rule<Earn>>,
    pub groups: &'p IdVec<GroupId, Rule<Group>>,
    pub measures: &'p IdVec<MeasureId, Measure>,
}

/// The graph.
#[derive(Default)]
pub(super) struct Needs {
    pub nodes: Vec<Node>,
    /// Those of each node.
    pub of: Vec<Vec<Need>>,
    places: BTreeMap<Node, usize>,
}

impl Needs {
    /// All needs of all rules, groups and measures.
    pub fn new(scope: &Scope<'_>, rules: Rules<'_>) -> Needs {
        let mut builder = Builder { scope, rules, needs: Needs::default() };
        for (id, rule) in rules.earns.iter_enumerated() {
            for (version, found) in rule.versions.iter().enumerate() {
                builder.earn(id, version, &found.body, &found.window);
            }
        }
        for (id, rule) in rules.groups.iter_enumerated() {
            for (version, found) in rule.versions.iter().enumerate() {
                builder.group(id, version, &found.body, &found.window);
            }
        }
        for (id, measure) in rules.measures.iter_enumerated() {
            builder.measure(id, measure);
        }
        builder.needs
    }

    /// The place of a node, where it needs anything or is needed.
    pub fn find(&self, node: Node) -> Option<usize> {
        self.places.get(&node).copied()
    }

    /// The needs of each node that are of some kinds, as bare places.
    pub fn edges(&self, of: &[How]) -> Vec<Vec<usize>> {
        let places = |needs: &Vec<Need>| {
            needs.iter().filter(|need| of.contains(&need.how)).map(|need| need.node).collect()
        };
        self.of.iter().map(places).collect()
    }

    /// The way round, where a rule reads itself by way of rules, or needs a measure over its whole period that needs the
    /// rule. What earlier orders have used is known, so to go round by that alone is no circle.
    pub fn circle(&self) -> Option<Vec<Node>> {
        let round = |edges: &[Vec<usize>], how: How| {
            let component = graph::components(edges);
            let alike = |a: usize, b: usize| component.get(a) == component.get(b);
            let found = self.of.iter().enumerate().find_map(|(node, needs)| {
                let need = needs.iter().find(|need| need.how == how && alike(node, need.node))?;
                Some((need.node, node))
            });
            found.map(|(from, to)| graph::way(edges, from, to))
        };
        let in_all = round(&self.edges(&[How::Same, How::Earlier, How::InAll]), How::InAll);
        let places = in_all.or_else(|| round(&self.edges(&[How::Same]), How::Same))?;
        Some(places.into_iter().filter_map(|place| self.nodes.get(place).copied()).collect())
    }

    fn place(&mut self, node: Node) -> usize {
        let next = self.nodes.len();
        let place = *self.places.entry(node).or_insert(next);
        if place == next {
            self.nodes.push(node);
            self.of.push(Vec::new());
        }
        place
    }

    fn add(&mut self, from: Node, to: Node, how: How, by_way_of: Option<ValueId>) {
        let (from, node) = (self.place(from), self.place(to));
        if let Some(needs) = self.of.get_mut(from) {
            needs.push(Need { node, how, by_way_of });
        }
    }
}

/// Fills the graph.
struct Builder<'p, 'a> {
    scope: &'p Scope<'a>,
    rules: Rules<'p>,
    needs: Needs,
}

impl Builder<'_, '_> {
    fn same(&mut self, from: Node, to: Node) {
        self.needs.add(from, to, How::Same, None);
    }

    fn earlier(&mut self, from: Node, to: Node) {
        self.needs.add(from, to, How::Earlier, None);
    }

    /// What is read in a window; `rule` says how a rule is read at a stage.
    fn read(
        &mut self,
        from: Node,
        reads: &Reads<'_>,
        window: &Window,
        rule: fn(Stage, EarnId, usize) -> Node,
    ) {
        for read in reads.list() {
            match read.what {
                Source::Measure(one) if one.in_all => {
                    self.needs.add(from, Node::Measure(one.measure), How::InAll, read.by_way_of);
                }
                Source::Rule(stage, id) => {
                    for version in overlapping(&self.rules.earns[id], window) {
                        self.same(from, rule(stage, id, version));
                    }
                }
                Source::Measure(_) | Source::Value(_) | Source::Tier(_) | Source::Member(_) => {}
            }
        }
    }

    fn earn(&mut self, id: EarnId, version: usize, earn: &Earn, window: &Window) {
        let (rounded, capped) = (Node::Rounded(id, version), Node::Capped(id, version));
        self.same(Node::Given(id, version), capped);
        self.same(capped, rounded);
        let mut reads = Reads::ever(self.scope);
        reads.before_limits(earn);
        self.read(rounded, &reads, window, before_groups);
        let mut reads = Reads::ever(self.scope);
        reads.limits(&earn.limits);
        self.read(capped, &reads, window, before_groups);
        if use_room(&earn.first) {
            self.earlier(rounded, Node::UsedFirst(id));
        }
        if use_room(&earn.limits) {
            self.earlier(capped, Node::Used(id));
        }
        // Every version of a rule uses up what the limits of any other leave.
        self.same(Node::UsedFirst(id), rounded);
        self.same(Node::Used(id), Node::Given(id, version));
    }

    fn group(&mut self, id: GroupId, version: usize, group: &Group, window: &Window) {
        let whole = Node::Group(id, version);
        let (around, inside) = (Node::Around(id, version), Node::Inside(id, version));
        let mut reads = Reads::ever(self.scope);
        reads.limits(&group.limits);
        self.read(whole, &reads, window, before_groups);
        if use_room(&group.limits) {
            self.earlier(whole, Node::UsedByGroup(id));
        }
        self.same(Node::UsedByGroup(id), inside);
        for (place, member) in group.of.iter().enumerate() {
            let up_to = Node::Members(id, version, place);
            self.same(whole, up_to);
            if let Some(before) = place.checked_sub(1) {
                self.same(up_to, Node::Members(id, version, before));
            }
            // Those that come first do not look at those after them, but where they share a limit.
            let alone = group.how == Combine::First && group.limits.is_empty();
            let decides = if alone { up_to } else { whole };
            for one in versions_of(self.rules, *member, window) {
                self.same(up_to, one.by_itself);
                self.same(one.in_the_end, decides);
                self.same(one.in_the_end, around);
                self.same(inside, one.rules);
            }
        }
    }

    fn measure(&mut self, id: MeasureId, measure: &Measure) {
        let always = Window { from: None, until: None, from_date: None, until_date: None };
        for counting in &measure.counts {
            let mut reads = Reads::ever(self.scope);
            reads.counting(counting);
            // A rule that its group passes over has given nothing, at any stage.
            self.read(Node::Measure(id), &reads, &always, |_, id, version| Node::Given(id, version));
        }
        for part in &measure.adds {
            self.same(Node::Measure(id), Node::Measure(*part));
        }
    }
}

/// A rule as another rule reads it.
fn before_groups(stage: Stage, id: EarnId, version: usize) -> Node {
    match stage {
        Stage::Exact | Stage::Rounded => Node::Rounded(id, version),
        Stage::Capped => Node::Capped(id, version),
    }
}

/// A version of a member of a group.
struct MemberVersion {
    by_itself: Node,
    /// As this group, and those around it, leave it.
    in_the_end: Node,
    /// What its rules have been given.
    rules: Node,
}

fn versions_of(rules: Rules<'_>, member: Member, window: &Window) -> Vec<MemberVersion> {
    match member {
        Member::Earn(id) => {
            let versions = overlapping(&rules.earns[id], window).map(|version| MemberVersion {
                by_itself: Node::Capped(id, version),
                in_the_end: Node::Given(id, version),
                rules: Node::Given(id, version),
            });
            versions.collect()
        }
        Member::Group(id) => {
            let versions = overlapping(&rules.groups[id], window).map(|version| MemberVersion {
                by_itself: Node::Group(id, version),
                in_the_end: Node::Around(id, version),
                rules: Node::Inside(id, version),
            });
            versions.collect()
        }
    }
}

/// The versions of a rule that are in force at some time of a window. They stand in order of time.
fn overlapping<T>(rule: &Rule<T>, window: &Window) -> Range<usize> {
    let ended =
        |other: &Window| other.until_date.zip(window.from_date).is_some_and(|(until, from)| until <= from);
    let begun =
        |other: &Window| other.from_date.zip(window.until_date).is_none_or(|(from, until)| from < until);
    let start = rule.versions.partition_point(|version| ended(&version.window));
    start..rule.versions.partition_point(|version| begun(&version.window)).max(start)
}

/// True for limits of which an order takes room away from later ones of its member. A budget of all members gives no
/// room back, so nobody loses any who had it.
fn use_room(limits: &[Limit]) -> bool {
    limits.iter().any(|limit| matches!(limit.per, LimitScope::Member { .. }))
}
