//! What all rules share: their versions, their conditions, the stretches of time in which they are lowered.

use crate::value::time::LocalTime;

use super::clauses::body;
use super::expr::{Place, Reader};
use super::facts::bare_word;
use super::scope::Scope;
use super::values::{self, ValueKind};
use super::versions::{Dated, Group, report_gaps, window};
use super::{categories, logic};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Condition, FactType, Filter, Id, IdVec, Rule, Subject, Version, Window};
use crate::syntax::ast::{Clause, ClauseKind, Declaration, Expr, ExprKind, Name};

/// One version of a rule about to be lowered.
pub(super) struct Draft<'s, 'a> {
    pub scope: &'s Scope<'a>,
    pub declaration: &'a Declaration,
    pub clauses: &'s [&'a Clause],
    pub window: Window,
    /// A part of the window in which every list of categories is one list.
    pub stretch: Window,
}

impl<'s, 'a> Draft<'s, 'a> {
    /// Reads expressions that stand at `place` of this rule.
    pub fn reader(&self, place: Place) -> Reader<'s, 'a> {
        Reader { scope: self.scope, place, window: self.window, stretch: self.stretch }
    }

    /// The conditions, filters apart; None where one of them is wrong.
    pub fn conditions(&self, place: Place) -> Option<Vec<Condition>> {
        let reader = self.reader(place);
        let whens = self.clauses.iter().filter_map(|clause| match &clause.kind {
            ClauseKind::When(expr) => Some(reader.condition(expr)),
            _ => None,
        });
        let conditions: Vec<Option<Condition>> = whens.collect();
        conditions.into_iter().collect()
    }

    /// The filters; None where one of them is wrong.
    pub fn filters(&self, place: Place) -> Option<Vec<Filter>> {
        let branch = match place {
            Place::Event(event) => super::events::category(&self.scope.facts, event)
                .and_then(|fact| self.scope.facts.get(Subject::Event(event), fact))
                .map(|fact| &fact.kind),
            _ => None,
        };
        let has_category = matches!(place, Place::Line | Place::Order | Place::Badge) || branch.is_some();
        let first = self
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::OnlyFor(_) | ClauseKind::NotFor { .. }));
        if let (Some(clause), false) = (first, has_category) {
            let message = "there is no category here to tell apart";
            let help = match place {
                Place::Event(_) => "declare one in the event: `category: …`, a declared category",
                _ => "leave the line out",
            };
            self.scope.report(Diagnostic::new(Code::BadSubject, clause.span, message).with_help(help));
            return None;
        }
        let branch = match branch {
            Some(FactType::Category(branch)) => Some(*branch),
            _ => None,
        };
        categories::filters(self.scope, self.clauses, &self.stretch, branch)
    }

    /// Filters and conditions, and whether they can hold together.
    pub fn guards(&self, place: Place) -> Option<(Vec<Filter>, Vec<Condition>)> {
        let (filters, conditions) = (self.filters(place), self.conditions(place));
        let (filters, conditions) = (filters?, conditions?);
        logic::check(self, &filters, &conditions);
        Some((filters, conditions))
    }
}

/// Lowers every version of every name with `lower`. A rule that names a list of categories is lowered once for
/// each version of that list; what is wrong with it is told once.
pub(super) fn rules<'a, I: Id, T>(
    scope: &Scope<'a>,
    groups: &IdVec<I, Group<'a>>,
    lower: impl Fn(&Draft<'_, 'a>) -> Option<T>,
) -> IdVec<I, Rule<T>> {
    let mut rules = IdVec::default();
    for group in groups {
        report_gaps(scope, group);
        let mut versions = Vec::new();
        for dated in &group.versions {
            let clauses = body(scope, dated.declaration);
            for (i, stretch) in stretches(scope, dated, &clauses).into_iter().enumerate() {
                let declaration = dated.declaration;
                let draft = Draft { scope, declaration, clauses: &clauses, window: dated.window, stretch };
                let body = if i == 0 { lower(&draft) } else { scope.muted(|| lower(&draft)) };
                if body.is_none() {
                    scope.note_unread(declaration.head);
                }
                versions.extend(body.map(|body| version(declaration, stretch, body)));
            }
        }
        rules.push(Rule { name: group.name.to_owned(), versions });
    }
    rules
}

/// A version of `declaration` in a window.
pub(super) fn version<T>(declaration: &Declaration, window: Window, body: T) -> Version<T> {
    Version {
        window,
        label: declaration.label.as_ref().map_or(String::new(), |label| label.text.clone()),
        docs: declaration.docs.clone(),
        span: declaration.head,
        body,
    }
}

/// Cuts a version's window where a list of categories that it names changes.
fn stretches(scope: &Scope<'_>, dated: &Dated<'_>, clauses: &[&Clause]) -> Vec<Window> {
    let (from, until) = (dated.window.from_date, dated.window.until_date);
    let mut cuts: Vec<LocalTime> = Vec::new();
    for name in named(clauses) {
        let Some(id) = values::lookup(scope, &name.text) else { continue };
        let Some(value) = scope.values.try_get(id) else { continue };
        match value.kind {
            Some(ValueKind::Categories) => values::check_cover(scope, id, &dated.window, name.span),
            // Told where it is compared.
            Some(ValueKind::Choices) => {}
            _ => continue,
        }
        let ends = value.versions.iter().flat_map(|v| [v.window.from_date, v.window.until_date]);
        cuts.extend(ends.flatten());
    }
    cuts.retain(|cut| from.is_none_or(|from| from < *cut) && until.is_none_or(|until| *cut < until));
    cuts.sort();
    cuts.dedup();
    let starts = std::iter::once(from).chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain(std::iter::once(until));
    starts.zip(ends).map(|(from, until)| window(scope, from, until)).collect()
}

/// Names that may stand for lists of categories.
pub(super) fn named<'a>(clauses: &[&'a Clause]) -> Vec<&'a Name> {
    let mut names = Vec::new();
    for clause in clauses {
        match &clause.kind {
            ClauseKind::OnlyFor(list) => names.extend(list),
            ClauseKind::NotFor { excluded, except } => names.extend(excluded.iter().chain(except)),
            ClauseKind::When(expr) => named_in(expr, &mut names),
            _ => {}
        }
    }
    names
}

fn named_in<'a>(expr: &'a Expr, names: &mut Vec<&'a Name>) {
    match &expr.kind {
        ExprKind::In { item, list, .. } => {
            names.extend(list.iter().filter_map(bare_word));
            named_in(item, names);
        }
        ExprKind::Compare(left, _, right) => {
            names.extend(bare_word(right));
            named_in(left, names);
            named_in(right, names);
        }
        ExprKind::PathFor(_, name) => names.push(name),
        ExprKind::Not(inner) => named_in(inner, names),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|part| named_in(part, names)),
        _ => {}
    }
}

/// Reports one rule name that two kinds of rules share: answers cite rules by name only.
pub(super) fn report_shared_names(scope: &Scope<'_>, kinds: &[&[Group<'_>]]) {
    for (i, groups) in kinds.iter().enumerate() {
        for group in groups.iter() {
            let earlier = kinds.iter().take(i).flat_map(|groups| groups.iter());
            let heads = |group: &Group<'_>| group.versions.first().map(|version| version.declaration.head);
            if let Some(other) = earlier.into_iter().find(|other| other.name == group.name)
                && let (Some(span), Some(place)) = (heads(group), heads(other))
            {
                scope.report(
                    Diagnostic::new(
                        Code::DuplicateName,
                        span,
                        format!("two rules are called `{}`", group.name),
                    )
                    .with_label("the second")
                    .with_place(place, "the first")
                    .with_help("answers cite rules by name: give one of them another name"),
                );
            }
        }
    }
}
