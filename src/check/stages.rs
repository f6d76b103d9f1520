//! Rules that read what other rules give: `25% of exact base`. What is read is of the same occasion, and no rule
//! reads itself, by whatever way.

use super::pending::occasion;
use super::reads;
use super::scope::Scope;
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Amount, Counted, Earn, EarnId, Grain, IdVec, Measure, MeasureId, Rule, Version};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Declaration, Name};

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
pub(super) fn check(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    measures: &IdVec<MeasureId, Measure>,
) -> Vec<EarnId> {
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
    check_circles(scope);
    in_order(earns)
}

/// The place of the rule's name in a `gives` clause.
fn place(scope: &Scope<'_>, id: EarnId, span: Span) -> Span {
    let versions = scope.earns.try_get(id).into_iter().flat_map(|group| &group.versions);
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
    let Some(other) = earns.try_get(read) else { return };
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
    let Some(group) = scope.earns.try_get(read) else { return };
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
    let Some(other) = earns.try_get(read) else { return };
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

/// Something whose result others need.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Rule(EarnId),
    Measure(MeasureId),
}

/// Reports rules that read themselves, and measures read `in all` that count what depends on them.
fn check_circles(scope: &Scope<'_>) {
    let rules = scope.earns.ids().map(Node::Rule);
    let measures = scope.measures.ids().map(Node::Measure);
    for start in rules.chain(measures) {
        let mut seen: Vec<Node> = Vec::new();
        let mut open: Vec<(Node, Span)> = needs(scope, start);
        while let Some((next, span)) = open.pop() {
            if next == start {
                report_circle(scope, start, span, &seen);
                return;
            }
            if !seen.contains(&next) {
                seen.push(next);
                open.extend(needs(scope, next));
            }
        }
    }
}

fn declarations<'a>(scope: &Scope<'a>, node: Node) -> Vec<&'a Declaration> {
    match node {
        Node::Rule(id) => {
            let versions = scope.earns.try_get(id).into_iter().flat_map(|group| &group.versions);
            versions.map(|version| version.declaration).collect()
        }
        Node::Measure(id) => {
            scope.measures.try_get(id).map(|measure| measure.declaration).into_iter().collect()
        }
    }
}

/// What must be known before this is: rules that it reads, measures over a whole period.
fn needs(scope: &Scope<'_>, node: Node) -> Vec<(Node, Span)> {
    let mut needed = Vec::new();
    for declaration in declarations(scope, node) {
        for clause in &declaration.clauses {
            let stage = match &clause.kind {
                ClauseKind::Gives(gives) => match &gives.amount {
                    ast::Amount::OfRule { of, .. } => Some(of),
                    _ => None,
                },
                ClauseKind::Counts { what: ast::Counted::Rule(of), .. } => Some(of),
                _ => None,
            };
            let rule = stage.and_then(|of| Some((scope.muted(|| resolve(scope, &of.rule))?, of.rule.span)));
            needed.extend(rule.map(|(id, span)| (Node::Rule(id), span)));
        }
        let added = declaration.clauses.iter().flat_map(|clause| match &clause.kind {
            ClauseKind::Adds(names) => names.as_slice(),
            _ => &[],
        });
        let measure = |name: &Name| scope.measures.position(|measure| measure.name == name.text);
        needed.extend(added.filter_map(|name| Some((Node::Measure(measure(name)?), name.span))));
        let whole = reads::in_declaration(scope, declaration).into_iter().filter(|reading| reading.in_all);
        needed.extend(whole.map(|reading| (Node::Measure(reading.measure), reading.span)));
    }
    needed
}

fn report_circle(scope: &Scope<'_>, start: Node, span: Span, seen: &[Node]) {
    let name = |node: Node| match node {
        Node::Rule(id) => scope.earns.try_get(id).map_or("", |group| group.name),
        Node::Measure(id) => scope.measures.try_get(id).map_or("", |measure| measure.name),
    };
    let own = name(start);
    let way: Vec<&str> = seen.iter().map(|node| name(*node)).collect();
    let message = match way.as_slice() {
        [] => format!("`{own}` needs its own result"),
        way => format!("`{own}` needs its own result, by way of {}", words::listed(way, "and")),
    };
    let help = match start {
        Node::Rule(_) => {
            "a rule reads rules that do not read it; what was counted before an order is read `so far`"
        }
        Node::Measure(_) => "read the measure `so far`: as it was just before the order or event",
    };
    scope.report(Diagnostic::new(Code::ReferenceCycle, span, message).with_help(help));
}

/// The rules, each after those that it reads; else in the order declared.
fn in_order(earns: &IdVec<EarnId, Rule<Earn>>) -> Vec<EarnId> {
    let reads = |id: EarnId| {
        let versions = earns.try_get(id).into_iter().flat_map(|rule| &rule.versions);
        versions.filter_map(|version| match version.body.amount {
            Amount::OfRule { rule, .. } => Some(rule),
            _ => None,
        })
    };
    let mut order: Vec<EarnId> = Vec::new();
    while order.len() < earns.len() {
        let ready = |id: &EarnId| !order.contains(id) && reads(*id).all(|read| order.contains(&read));
        match earns.ids().find(ready) {
            Some(next) => order.push(next),
            // A circle has been reported.
            None => break,
        }
    }
    order
}
