//! Groups: earn rules put together, or limited together. A rule is in one group at most, and what is in one group
//! gives to the same thing and into the same pool.

use super::clauses::{missing_choice, missing_clause};
use super::domain::Domain;
use super::limits::{Pieces, fitting, limits};
use super::pending::occasion;
use super::rules::{Draft, rules};
use super::scope::Scope;
use super::versions::{self, days};
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Earn, EarnId, Grain, Group, GroupId, IdVec, Member, PoolId, Rule, Version};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Combine, Declaration, Name};

/// Checks the groups; a group stands after every group that it contains.
pub(super) fn groups<'a>(
    scope: &Scope<'a>,
    groups: &IdVec<GroupId, versions::Group<'a>>,
    earns: &IdVec<EarnId, Rule<Earn>>,
) -> IdVec<GroupId, Rule<Group>> {
    if report_circle(scope, groups) {
        return IdVec::default();
    }
    let lowered = rules(scope, groups, |draft| group(draft, groups, earns));
    report_twice(scope, groups, &lowered);
    in_order(lowered)
}

/// The lists of members of a declaration.
fn listed(declaration: &Declaration) -> impl Iterator<Item = &Name> {
    let lists = declaration.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Combine { of, .. } => Some(of),
        _ => None,
    });
    lists.flatten()
}

/// Names of the groups in a group.
fn contained<'a>(groups: &IdVec<GroupId, versions::Group<'a>>, id: GroupId) -> Vec<(GroupId, &'a Name)> {
    let names = groups[id].versions.iter().flat_map(|version| listed(version.declaration));
    names.filter_map(|name| Some((groups.position(|group| group.name == name.text)?, name))).collect()
}

/// Reports a group that contains itself.
fn report_circle(scope: &Scope<'_>, groups: &IdVec<GroupId, versions::Group<'_>>) -> bool {
    for start in groups.ids() {
        let mut seen: Vec<GroupId> = Vec::new();
        let mut open = contained(groups, start);
        while let Some((next, name)) = open.pop() {
            if next == start {
                let own = groups[start].name;
                let message = format!("the group `{own}` contains itself");
                let report = Diagnostic::new(Code::ReferenceCycle, name.span, message);
                scope.report(report.with_help("leave one of the names out"));
                return true;
            }
            if !seen.contains(&next) {
                seen.push(next);
                open.extend(contained(groups, next));
            }
        }
    }
    false
}

fn group(
    draft: &Draft<'_, '_>,
    groups: &IdVec<GroupId, versions::Group<'_>>,
    earns: &IdVec<EarnId, Rule<Earn>>,
) -> Option<Group> {
    let scope = draft.scope;
    let combine = draft.clauses.iter().find_map(|clause| match &clause.kind {
        ClauseKind::Combine { how, of, per } => Some((*how, of, per.as_ref(), clause.span)),
        _ => None,
    });
    let Some((how, names, per, span)) = combine else {
        let line = "`best of spring, app_bonus per order`";
        missing_clause(scope, draft.declaration, "which rules it puts together", line);
        return None;
    };
    let own = draft.declaration.name.text.as_str();
    let members: Vec<Option<Member>> =
        names.iter().enumerate().map(|named| member(scope, groups, (own, names), named)).collect();
    let members = members.into_iter().collect::<Option<Vec<_>>>()?;
    let mut leaves: Vec<(EarnId, Span)> = Vec::new();
    for (member, name) in members.iter().zip(names) {
        let ids = leaves_of(groups, scope, *member);
        leaves.extend(ids.into_iter().map(|id| (id, name.span)));
    }
    let (pieces, pool) = common(scope, earns, &leaves)?;
    let per = match (how, per) {
        (Combine::All, _) => Some(Grain::Order),
        (_, Some(word)) => fitting(draft, word, pieces, "compare"),
        (_, None) => {
            let word = match how {
                Combine::Best => "best of …",
                _ => "first of …",
            };
            let lines: Vec<String> = pieces
                .words(scope)
                .into_iter()
                .filter(|grain| grain != "unit")
                .map(|grain| format!("{word} per {grain}"))
                .collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            missing_choice(scope, draft.declaration, "over what its rules are compared", &lines);
            None
        }
    };
    let limits = limits(draft, pieces, pool);
    if how == Combine::All && limits.as_ref().is_some_and(Vec::is_empty) {
        let message = "all of these rules give points anyway: the group changes nothing";
        scope.report(Diagnostic::new(Code::BadGroup, span, message).with_help(
            "add a limit: `at most 1,000 points per member per calendar month, returns free room`",
        ));
        return None;
    }
    Some(Group { how, per: per?, of: members, limits: limits?, span })
}

fn member(
    scope: &Scope<'_>,
    groups: &IdVec<GroupId, versions::Group<'_>>,
    (own, names): (&str, &[Name]),
    (i, name): (usize, &Name),
) -> Option<Member> {
    if let Some(first) = names.iter().take(i).find(|first| first.text == name.text) {
        let message = format!("`{}` is listed twice", name.text);
        scope.report(
            Diagnostic::new(Code::DuplicateName, name.span, message)
                .with_place(first.span, "the first")
                .with_help("leave one of them out"),
        );
        return None;
    }
    if let Some(id) = scope.earns.position(|earn| earn.name == name.text) {
        return Some(Member::Earn(id));
    }
    if let Some(id) = groups.position(|group| group.name == name.text) {
        return Some(Member::Group(id));
    }
    if !scope.may_be_declared(&name.text) {
        let known = scope.earns.iter().map(|earn| earn.name).chain(groups.iter().map(|group| group.name));
        let known: Vec<&str> = known.filter(|known| *known != own).collect();
        let message = format!("no earn rule or group is called `{}`", name.text);
        let mut report = Diagnostic::new(Code::UnknownName, name.span, message);
        report.help = words::hint(&name.text, "declared are", &known);
        scope.report(report);
    }
    None
}

/// The earn rules in a member, those of groups in it too.
fn leaves_of(groups: &IdVec<GroupId, versions::Group<'_>>, scope: &Scope<'_>, member: Member) -> Vec<EarnId> {
    let mut found: Vec<EarnId> = Vec::new();
    let mut open = vec![member];
    while let Some(next) = open.pop() {
        match next {
            Member::Earn(id) => found.push(id),
            Member::Group(id) => {
                for name in groups[id].versions.iter().flat_map(|version| listed(version.declaration)) {
                    let earn = scope.earns.position(|earn| earn.name == name.text).map(Member::Earn);
                    let group = || groups.position(|group| group.name == name.text).map(Member::Group);
                    open.extend(earn.or_else(group));
                }
            }
        }
    }
    found
}

/// What all the rules give to, and the pool that they give into; reports rules that differ.
fn common(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    leaves: &[(EarnId, Span)],
) -> Option<(Pieces, PoolId)> {
    let mut first: Option<(&Version<Earn>, &str)> = None;
    let mut each = Grain::Unit;
    for (id, span) in leaves {
        let rule = &earns[*id];
        for version in &rule.versions {
            let body = &version.body;
            each = coarser(each, body.each);
            let Some((other, other_name)) = first else {
                first = Some((version, rule.name.as_str()));
                continue;
            };
            let message = if body.of != other.body.of {
                let (a, b) = (occasion(scope, other.body.of), occasion(scope, body.of));
                format!("`{other_name}` gives to {a} and `{}` to {b}", rule.name)
            } else if body.pool != other.body.pool {
                let pool = |id: PoolId| scope.pools.try_get(id).map_or("", |pool| pool.name);
                let (a, b) = (pool(other.body.pool), pool(body.pool));
                format!("`{other_name}` gives into `{a}` and `{}` into `{b}`", rule.name)
            } else {
                continue;
            };
            scope.report(
                Diagnostic::new(Code::BadGroup, *span, message)
                    .with_place(other.body.gives_span, format!("`{other_name}`"))
                    .with_place(body.gives_span, format!("`{}`", rule.name))
                    .with_help("the rules of a group give to the same order or event and into the same pool"),
            );
            return None;
        }
    }
    let (version, _) = first?;
    Some((Pieces { of: version.body.of, each, each_time: false }, version.body.pool))
}

fn coarser(a: Grain, b: Grain) -> Grain {
    match (a, b) {
        (Grain::Order, _) | (_, Grain::Order) => Grain::Order,
        (Grain::Line, _) | (_, Grain::Line) => Grain::Line,
        _ => Grain::Unit,
    }
}

/// Reports a rule that is in two groups on one day.
fn report_twice(
    scope: &Scope<'_>,
    groups: &IdVec<GroupId, versions::Group<'_>>,
    lowered: &IdVec<GroupId, Rule<Group>>,
) {
    let mut seen: Vec<(Member, GroupId, Domain, Span)> = Vec::new();
    for (id, rule) in lowered.iter_enumerated() {
        for version in &rule.versions {
            let here = days(&version.window);
            for member in &version.body.of {
                let clash = seen.iter().find(|(other, group, there, _)| {
                    other == member && *group != id && !there.intersection(&here).is_empty()
                });
                if let Some((_, group, _, first)) = clash {
                    let name = match member {
                        Member::Earn(id) => scope.earns[*id].name,
                        Member::Group(id) => groups[*id].name,
                    };
                    let other = groups[*group].name;
                    let message = format!("`{name}` is in the groups `{other}` and `{}`", rule.name);
                    scope.report(
                        Diagnostic::new(Code::BadGroup, version.body.span, message)
                            .with_label("the second")
                            .with_place(*first, "the first")
                            .with_help("a rule is in one group; a group may contain another group"),
                    );
                }
                seen.push((*member, id, here.clone(), version.body.span));
            }
        }
    }
}

/// Each group after those in it.
fn in_order(groups: IdVec<GroupId, Rule<Group>>) -> IdVec<GroupId, Rule<Group>> {
    let contains = |rule: &Rule<Group>| -> Vec<GroupId> {
        let members = rule.versions.iter().flat_map(|version| &version.body.of);
        let inner = members.filter_map(|member| match member {
            Member::Group(id) => Some(*id),
            Member::Earn(_) => None,
        });
        inner.collect()
    };
    let inner: IdVec<GroupId, Vec<GroupId>> = groups.iter().map(contains).collect();
    let mut order: Vec<GroupId> = Vec::new();
    while order.len() < groups.len() {
        let ready = |id: &GroupId| !order.contains(id) && inner[*id].iter().all(|id| order.contains(id));
        match groups.ids().find(ready) {
            Some(next) => order.push(next),
            None => return IdVec::default(),
        }
    }
    let place = |old: GroupId| order.iter().position(|id| *id == old).map_or(old, GroupId::new);
    let ids = groups.ids();
    let mut moved: Vec<(GroupId, Rule<Group>)> =
        ids.zip(groups).map(|(id, group)| (place(id), group)).collect();
    moved.sort_by_key(|(place, _)| *place);
    for (_, rule) in &mut moved {
        for version in &mut rule.versions {
            for member in &mut version.body.of {
                if let Member::Group(id) = member {
                    *id = place(*id);
                }
            }
        }
    }
    moved.into_iter().map(|(_, rule)| rule).collect()
}
