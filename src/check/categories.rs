//! The tree of categories, and the filters that read it.

use std::collections::HashMap;

use super::clauses::body;
use super::scope::Scope;
use super::versions::report_dates;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Category, CategoryId, CategorySet, Filter, IdVec, Window};
use crate::source::Span;
use crate::syntax::ast::{CategoryNode, Clause, ClauseKind, Kind, Name};

/// The declared categories.
#[derive(Default)]
pub(super) struct Categories {
    /// Parents before children.
    pub list: IdVec<CategoryId, Category>,
    index: HashMap<String, (CategoryId, Span)>,
}

impl Categories {
    /// The category called `name`.
    pub fn id(&self, name: &str) -> Option<CategoryId> {
        self.index.get(name).map(|(id, _)| *id)
    }

    /// Where the category called `name` is declared.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.index.get(name).map(|(_, span)| *span)
    }

    /// All names with their places, in order of declaration.
    pub fn places(&self) -> Vec<(&str, Option<Span>)> {
        self.list.iter().map(|category| (category.name.as_str(), self.span(&category.name))).collect()
    }

    /// True if `id` is `branch` or lies under it.
    pub fn lies_in(&self, id: CategoryId, branch: CategoryId) -> bool {
        let mut at = Some(id);
        while let Some(here) = at {
            if here == branch {
                return true;
            }
            at = self.list[here].parent;
        }
        false
    }

    /// The categories that lie in one of these branches.
    pub fn spread(&self, branches: &[CategoryId]) -> CategorySet {
        self.list.ids().filter(|id| branches.iter().any(|branch| self.lies_in(*id, *branch))).collect()
    }

    pub fn name(&self, id: CategoryId) -> &str {
        &self.list[id].name
    }
}

/// Collects the tree.
pub(super) fn categories(scope: &Scope<'_>) -> Categories {
    let mut found = Categories::default();
    for declaration in scope.declared(Kind::Category) {
        report_dates(scope, declaration);
        let parent = add(scope, &mut found, &declaration.name, None);
        for clause in body(scope, declaration) {
            if let ClauseKind::Child(node) = &clause.kind {
                add_node(scope, &mut found, node, parent);
            }
        }
    }
    found
}

fn add_node(scope: &Scope<'_>, found: &mut Categories, node: &CategoryNode, parent: CategoryId) {
    let id = add(scope, found, &node.name, Some(parent));
    for child in &node.children {
        add_node(scope, found, child, id);
    }
}

fn add(scope: &Scope<'_>, found: &mut Categories, name: &Name, parent: Option<CategoryId>) -> CategoryId {
    if let Some((id, first)) = found.index.get(&name.text) {
        scope.report(
            Diagnostic::new(
                Code::DuplicateName,
                name.span,
                format!("the category `{}` is declared twice", name.text),
            )
            .with_label("the second")
            .with_place(*first, "the first")
            .with_help("a category has one place in the tree: give one of them another name"),
        );
        return *id;
    }
    let id = found.list.push(Category { name: name.text.clone(), parent });
    found.index.insert(name.text.clone(), (id, name.span));
    id
}

/// The category called `name`; reports an unknown one.
pub(super) fn resolve(scope: &Scope<'_>, name: &Name) -> Option<CategoryId> {
    let found = scope.categories.id(&name.text);
    if found.is_none() && !scope.may_be_declared(&name.text) {
        let message = format!("no category is called `{}`", name.text);
        let report = Diagnostic::new(Code::UnknownCategory, name.span, message);
        let declare = format!("category {} \"…\"", name.text);
        scope.report(words::advise(report, &name.text, "declared are", &scope.categories.places(), &declare));
    }
    found
}

/// The branches that a list of names stands for: categories, and values that are lists of categories (as they
/// are in `window`). None where one of them is unknown.
pub(super) fn branches(
    scope: &Scope<'_>,
    names: &[Name],
    window: &Window,
) -> Option<Vec<(CategoryId, Span)>> {
    let mut found: Option<Vec<(CategoryId, Span)>> = Some(Vec::new());
    for name in names {
        let ids = match scope.categories.id(&name.text) {
            Some(id) => Some(vec![id]),
            None => super::lists::category_list(scope, name, window)
                .unwrap_or_else(|| resolve(scope, name).map(|id| vec![id])),
        };
        match (ids, &mut found) {
            (Some(ids), Some(found)) => found.extend(ids.into_iter().map(|id| (id, name.span))),
            _ => found = None,
        }
    }
    if let Some(found) = &found {
        report_covered(scope, found);
    }
    found
}

/// Warns of a category listed where another in the list already covers it.
pub(super) fn report_covered(scope: &Scope<'_>, list: &[(CategoryId, Span)]) {
    for (i, (id, span)) in list.iter().enumerate() {
        let cover = list.iter().enumerate().find(|(k, (other, _))| {
            *k != i && scope.categories.lies_in(*id, *other) && (id != other || *k < i)
        });
        if let Some((_, (other, place))) = cover {
            let name = scope.categories.name(*id);
            let message = if id == other {
                format!("`{name}` is listed twice")
            } else {
                format!("`{name}` lies under `{}`, which is listed too", scope.categories.name(*other))
            };
            scope.report(
                Diagnostic::new(Code::RedundantCategory, *span, message)
                    .with_label("adds nothing")
                    .with_place(*place, "already covers it")
                    .with_help(format!("leave `{name}` out")),
            );
        }
    }
}

/// Reports a category that a fact, which lies in another branch, can never be.
pub(super) fn report_elsewhere(scope: &Scope<'_>, id: CategoryId, branch: CategoryId, span: Span) {
    let (name, branch_name) = (scope.categories.name(id), scope.categories.name(branch));
    let message = format!("`{name}` does not lie under `{branch_name}`, so it is never met here");
    let mut report = Diagnostic::new(Code::OutOfRange, span, message)
        .with_help(format!("name `{branch_name}` or a category under it"));
    if let Some(place) = scope.categories.span(branch_name) {
        report = report.with_place(place, "the branch");
    }
    scope.report(report);
}

/// The filter clauses of a rule, in source order; `branch` is where its category lies. None where one of them
/// names something unknown.
pub(super) fn filters(
    scope: &Scope<'_>,
    clauses: &[&Clause],
    window: &Window,
    branch: Option<CategoryId>,
) -> Option<Vec<Filter>> {
    let mut filters: Option<Vec<Filter>> = Some(Vec::new());
    let mut left = match branch {
        Some(branch) => scope.categories.spread(&[branch]),
        None => scope.categories.list.ids().collect(),
    };
    for clause in clauses {
        let passes = match &clause.kind {
            ClauseKind::OnlyFor(names) => only_for(scope, names, window),
            ClauseKind::NotFor { excluded, except } => not_for(scope, excluded, except, window),
            _ => continue,
        };
        match (passes, &mut filters) {
            (Some(passes), Some(filters)) => {
                report_effect(scope, clause, &mut left, &passes, filters);
                filters.push(Filter { passes, text: scope.text(clause.span), span: clause.span });
            }
            _ => filters = None,
        }
    }
    if let Some(filters) = &filters {
        report_blocked(scope, clauses, filters);
    }
    filters
}

/// Warns of an exception that another line excludes all the same.
fn report_blocked(scope: &Scope<'_>, clauses: &[&Clause], filters: &[Filter]) {
    for clause in clauses {
        let ClauseKind::NotFor { except, .. } = &clause.kind else { continue };
        for name in except {
            let Some(id) = scope.categories.id(&name.text) else { continue };
            let blocks = |filter: &&Filter| filter.span != clause.span && !filter.passes.contains(id);
            if let Some(filter) = filters.iter().find(blocks) {
                let message =
                    format!("`{}` is excepted here, and another line excludes it all the same", name.text);
                scope.report(
                    Diagnostic::new(Code::RedundantCategory, name.span, message)
                        .with_label("brings nothing back")
                        .with_place(filter.span, "every line must let a category pass")
                        .with_help("leave the exception out, or change the other line"),
                );
            }
        }
    }
}

fn only_for(scope: &Scope<'_>, names: &[Name], window: &Window) -> Option<CategorySet> {
    let ids: Vec<CategoryId> = branches(scope, names, window)?.into_iter().map(|(id, _)| id).collect();
    Some(scope.categories.spread(&ids))
}

fn not_for(scope: &Scope<'_>, excluded: &[Name], except: &[Name], window: &Window) -> Option<CategorySet> {
    let out = branches(scope, excluded, window);
    let back = branches(scope, except, window);
    let (out, back) = (out?, back?);
    let mut fits = true;
    for (id, span) in &back {
        let inside =
            |(branch, _): &(CategoryId, Span)| id != branch && scope.categories.lies_in(*id, *branch);
        if !out.iter().any(inside) {
            report_outside(scope, *id, *span, &out);
            fits = false;
        }
    }
    let ids = |list: Vec<(CategoryId, Span)>| list.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let (out, back) = (scope.categories.spread(&ids(out)), scope.categories.spread(&ids(back)));
    let all = scope.categories.list.ids();
    fits.then(|| all.filter(|id| !out.contains(*id) || back.contains(*id)).collect())
}

fn report_outside(scope: &Scope<'_>, id: CategoryId, span: Span, excluded: &[(CategoryId, Span)]) {
    let name = scope.categories.name(id);
    let mut report = if let Some((_, place)) = excluded.iter().find(|(out, _)| *out == id) {
        let message = format!("`{name}` is excluded and excepted in one line");
        Diagnostic::new(Code::ExceptionOutsideExclusion, span, message)
            .with_place(*place, "excluded here")
            .with_help("except a category that lies under the excluded one, or leave both out")
    } else {
        let message = format!("`{name}` does not lie under what this line excludes");
        Diagnostic::new(Code::ExceptionOutsideExclusion, span, message)
            .with_help(format!("leave `{name}` out: this line does not exclude it"))
    };
    report.primary.text = "the exception".to_owned();
    scope.report(report);
}

/// Compares what passes before and after a filter: it should take something away, and leave something.
fn report_effect(
    scope: &Scope<'_>,
    clause: &Clause,
    left: &mut CategorySet,
    passes: &CategorySet,
    before: &[Filter],
) {
    let was_empty = left.is_empty();
    let after: CategorySet = left.iter().filter(|id| passes.contains(*id)).collect();
    let same = after == *left;
    *left = after;
    if was_empty {
        return;
    }
    let place = |mut report: Diagnostic| {
        report.secondary.extend(before.iter().map(|filter| crate::diagnostic::Label {
            span: filter.span,
            text: "after this line".to_owned(),
        }));
        report
    };
    if left.is_empty() {
        let message = "no category passes the filters of this rule";
        let help = "leave this line out, or leave a category that passes";
        scope.report(place(Diagnostic::new(Code::EmptyFilter, clause.span, message).with_help(help)));
    } else if same {
        let message = "this line takes no category away";
        let report = Diagnostic::new(Code::RedundantCategory, clause.span, message);
        scope.report(place(report.with_help("leave the line out")));
    }
}
