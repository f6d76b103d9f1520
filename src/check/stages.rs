//! Rules that read what other rules give: `25% of exact base`. What is read is of the same occasion, and no rule
//! reads itself, by whatever way.

use super::graph;
use super::mentions;
use super::needs::{Needs, Node, Rules};
use super::pending::occasion;
use super::scope::Scope;
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Amount, Counted, Earn, EarnId, Grain, GroupId, IdVec, MeasureId, Rule, Version};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Declaration, Kind, Name};

/// The earn rule called `name`; reports an unknown one.
pub(super) fn resolve(scope: &Scope<'_>, name: &Name) -> Option<EarnId> {
    let found = scope.earns.position(|group| group.name == name.text);
    if found.is_none() && !scope.may_be_declared(&name.text) {
        let names: Vec<&str> = scope.earns.iter().map(|group| group.name).collect();
        let message = format!("no earn rule is called `{}`", name.text);
        let mut report = Diagnostic::new(Code::UnknownName, name.span, message);
        report.help = words::hint(&name.text, "declared are", &names);
        scope.report(report);
    }
    found
}

/// Checks the readings of rules, and gives an order in which every rule stands after those that it reads.
pub(super) fn check(scope: &Scope<'_>, rules: Rules<'_>, needs: &Needs) -> Vec<EarnId> {
    let Rules { earns, measures, .. } = rules;
    for (id, rule) in earns.iter_enumerated() {
        for version in &rule.versions {
            if let Amount::OfRule { rule: read, .. } = version.body.amount {
                check_reading(scope, earns, (id, version), read);
            }
        }
    }
    for measure in measures {
        for counting in &measure.counts {
            if let Counted::Rule(_, read) = counting.what {
                check_counted(scope, earns, counting, read);
            }
        }
    }
    if let Some(circle) = needs.circle() {
        report_circle(scope, rules, &circle);
    }
    in_order(earns)
}

/// The place of the rule's name in a `gives` clause.
fn place(scope: &Scope<'_>, id: EarnId, span: Span) -> Span {
    let versions = scope.earns[id].versions.iter();
    let clauses = versions.flat_map(|version| &version.declaration.clauses);
    let mut found = clauses.filter_map(|clause| match &clause.kind {
        ClauseKind::Gives(gives) if clause.span == span => match &gives.amount {
            ast::Amount::OfRule { of, .. } => Some(of.rule.span),
            _ => None,
        },
        _ => None,
    });
    found.next().unwrap_or(span)
}

fn check_reading(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    (id, version): (EarnId, &Version<Earn>),
    read: EarnId,
) {
    let other = &earns[read];
    let span = place(scope, id, version.body.gives_span);
    for theirs in &other.versions {
        if theirs.body.of != version.body.of {
            let message = format!(
                "`{}` gives to {}, and this rule to {}",
                other.name,
                occasion(scope, theirs.body.of),
                occasion(scope, version.body.of)
            );
            scope.report(
                Diagnostic::new(Code::BadSubject, span, message)
                    .with_place(theirs.body.gives_span, "the rule that is read")
                    .with_help("a rule reads what is given to the same order or event"),
            );
            return;
        }
        if theirs.body.each == Grain::Order && version.body.each != Grain::Order {
            let message = format!("`{}` gives to each order, and this rule to each of its lines", other.name);
            scope.report(
                Diagnostic::new(Code::BadGrain, span, message)
                    .with_place(theirs.body.gives_span, "the rule that is read")
                    .with_help("write `each order gives …`"),
            );
            return;
        }
    }
    let group = &scope.earns[read];
    let broken = group.versions.iter().any(|version| version.declaration.broken);
    if !broken && !scope.has_unreadable_items() && !days(&version.window).within(&group.days()) {
        let message = format!("`{}` has no version on some of the days on which it is read here", other.name);
        let mut report = Diagnostic::new(Code::UncoveredDates, span, message)
            .with_label(format!("read {}", super::values::window_words(&version.window)));
        for theirs in &group.versions {
            let words = format!("in force {}", super::values::window_words(&theirs.window));
            report = report.with_place(theirs.declaration.head, words);
        }
        scope.report(report.with_help("give this rule a window (`from`, `until`) within the other's"));
    }
}

fn check_counted(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    counting: &crate::policy::Counting,
    read: EarnId,
) {
    let other = &earns[read];
    if let Some(theirs) = other.versions.iter().find(|theirs| theirs.body.of != counting.of) {
        let message = format!(
            "`{}` gives to {}, and this counts what is given to {}",
            other.name,
            occasion(scope, theirs.body.of),
            occasion(scope, counting.of)
        );
        scope.report(
            Diagnostic::new(Code::BadSubject, counting.span, message)
                .with_place(theirs.body.gives_span, "the rule that is read")
                .with_help("write `each` with what the rule gives to"),
        );
    }
}

/// What a node of a circle belongs to; rules before measures before groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Rule(EarnId),
    Measure(MeasureId),
    Group(GroupId),
}

fn owner(node: Node) -> Owner {
    match node {
        Node::Rounded(id, _)
        | Node::Capped(id, _)
        | Node::Given(id, _)
        | Node::Used(id)
        | Node::UsedFirst(id) => Owner::Rule(id),
        Node::Measure(id) => Owner::Measure(id),
        Node::Members(id, ..)
        | Node::Group(id, _)
        | Node::Around(id, _)
        | Node::Inside(id, _)
        | Node::UsedByGroup(id) => Owner::Group(id),
    }
}

/// Reports a rule that reads itself, or a measure read `in all` that counts what depends on it.
fn report_circle(scope: &Scope<'_>, rules: Rules<'_>, circle: &[Node]) {
    let Some(start) = circle.iter().copied().map(owner).min() else { return };
    // Round once from the start, each in its turn; what leads back to the start is where it is mended.
    let begins = (0..circle.len()).find(|place| {
        let before = place.checked_sub(1).unwrap_or(circle.len() - 1);
        circle.get(*place).copied().map(owner) == Some(start)
            && circle.get(before).copied().map(owner) != Some(start)
    });
    let begins = begins.unwrap_or(0);
    let round = circle.iter().cycle().skip(begins).take(circle.len()).copied();
    let last = round.clone().last().and_then(|node| written(scope, rules, node));
    let mut way: Vec<Owner> = round.map(owner).filter(|owner| *owner != start).collect();
    way.dedup();
    let own = name(scope, rules, start);
    let names: Vec<&str> = way.iter().map(|owner| name(scope, rules, *owner)).collect();
    let message = match names.as_slice() {
        [] => format!("`{own}` needs its own result"),
        names => format!("`{own}` needs its own result, by way of {}", words::listed(names, "and")),
    };
    let help = match start {
        Owner::Rule(_) | Owner::Group(_) => {
            "a rule reads rules that do not read it; what was counted before an order is read `so far`"
        }
        Owner::Measure(_) => "read the measure `so far`: as it was just before the order or event",
    };
    let Some(last) = last else { return };
    let place = mentions::of_name(scope, last, own);
    scope.report(Diagnostic::new(Code::ReferenceCycle, place, message).with_help(help));
}

fn name<'s>(scope: &'s Scope<'_>, rules: Rules<'s>, owner: Owner) -> &'s str {
    match owner {
        Owner::Rule(id) => scope.earns[id].name,
        Owner::Measure(id) => scope.measures[id].name,
        Owner::Group(id) => &rules.groups[id].name,
    }
}

/// The name of the rule, measure or group that a node belongs to.
pub(super) fn node_name<'s>(scope: &'s Scope<'_>, rules: Rules<'s>, node: Node) -> &'s str {
    name(scope, rules, owner(node))
}

/// The declaration in which a node's needs are written.
pub(super) fn written<'a>(scope: &Scope<'a>, rules: Rules<'_>, node: Node) -> Option<&'a Declaration> {
    let (kind, head) = match node {
        Node::Rounded(id, version) | Node::Capped(id, version) | Node::Given(id, version) => {
            (Kind::Earn, rules.earns[id].versions.get(version)?.span)
        }
        Node::Used(id) | Node::UsedFirst(id) => (Kind::Earn, rules.earns[id].versions.first()?.span),
        Node::Members(id, version, _)
        | Node::Group(id, version)
        | Node::Around(id, version)
        | Node::Inside(id, version) => (Kind::Group, rules.groups[id].versions.get(version)?.span),
        Node::UsedByGroup(id) => (Kind::Group, rules.groups[id].versions.first()?.span),
        Node::Measure(id) => return Some(scope.measures[id].declaration),
    };
    mentions::declaration(scope, kind, head)
}

/// The rules, each after those that it reads.
fn in_order(earns: &IdVec<EarnId, Rule<Earn>>) -> Vec<EarnId> {
    let read = |rule: &Rule<Earn>| {
        let read = rule.versions.iter().filter_map(|version| match version.body.amount {
            Amount::OfRule { rule, .. } => Some(rule.index()),
            _ => None,
        });
        read.collect()
    };
    let component = graph::components(&earns.iter().map(read).collect::<Vec<Vec<usize>>>());
    let mut order: Vec<EarnId> = earns.ids().collect();
    order.sort_by_key(|id| component.get(id.index()).copied());
    order
}
