//! Which clause may stand in which declaration, and how often.

use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{Clause, ClauseKind, Declaration, LimitScope, Path, Period, PeriodKind};

/// The clauses of a declaration that belong there, each single one once. The others are reported.
pub(super) fn body<'a>(scope: &Scope<'a>, declaration: &'a Declaration) -> Vec<&'a Clause> {
    let mut kept: Vec<&Clause> = Vec::new();
    for clause in &declaration.clauses {
        if matches!(clause.kind, ClauseKind::Error) {
            continue;
        }
        if !words::homes(&clause.kind).contains(&declaration.kind) {
            report_misplaced(scope, declaration, clause);
        } else if let Some(first) = kept.iter().find(|kept| excludes(&kept.kind, &clause.kind)) {
            report_second(scope, declaration, first, clause);
        } else {
            kept.push(clause);
        }
    }
    kept
}

fn report_misplaced(scope: &Scope<'_>, declaration: &Declaration, clause: &Clause) {
    let word = words::clause(&clause.kind);
    let word =
        if word.starts_with("a ") || word.starts_with("an ") { word.into() } else { format!("`{word}`") };
    let homes: Vec<String> = words::homes(&clause.kind).iter().map(|kind| kind.word().to_owned()).collect();
    let message = format!("{word} does not belong in {}", words::a_keyword(declaration.kind));
    let help = format!("it stands in {}", words::listed(&homes, "or"));
    let place = format!("inside this `{}`", declaration.kind.word());
    scope.report(
        Diagnostic::new(Code::MisplacedClause, clause.span, message)
            .with_place(declaration.head, place)
            .with_help(help),
    );
}

fn report_second(scope: &Scope<'_>, declaration: &Declaration, first: &Clause, second: &Clause) {
    let message = format!(
        "`{}` stands twice in {}",
        words::clause(&second.kind),
        words::named(declaration.kind, &declaration.name.text)
    );
    scope.report(
        Diagnostic::new(Code::DuplicateClause, second.span, message)
            .with_label("the second")
            .with_place(first.span, "the first")
            .with_help("keep one of them; to change it from a day on, write a second version of the declaration with `from`"),
    );
}

/// True where two clauses cannot stand in one declaration because both say the same thing.
fn excludes(a: &ClauseKind, b: &ClauseKind) -> bool {
    match (a, b) {
        (ClauseKind::AtMost { per: a, .. }, ClauseKind::AtMost { per: b, .. })
        | (ClauseKind::OnFirst { per: a, .. }, ClauseKind::OnFirst { per: b, .. }) => same_scope(a, b),
        (ClauseKind::NoLimit, ClauseKind::AtMost { .. } | ClauseKind::AtMostShare { .. })
        | (ClauseKind::AtMost { .. } | ClauseKind::AtMostShare { .. }, ClauseKind::NoLimit) => true,
        (
            ClauseKind::OnRequest | ClauseKind::OnDays(_) | ClauseKind::OnPeriodEnd(_),
            ClauseKind::OnRequest | ClauseKind::OnDays(_) | ClauseKind::OnPeriodEnd(_),
        ) => true,
        (
            ClauseKind::Child(_)
            | ClauseKind::Field(_)
            | ClauseKind::Marks(_)
            | ClauseKind::Case { .. }
            | ClauseKind::Counts { .. }
            | ClauseKind::Level { .. }
            | ClauseKind::Reward { .. }
            | ClauseKind::GivesPer { .. }
            | ClauseKind::SpendBefore(_)
            | ClauseKind::AtMostShare { .. }
            | ClauseKind::When(_)
            | ClauseKind::OnlyFor(_)
            | ClauseKind::NotFor { .. }
            | ClauseKind::Operation(_),
            _,
        ) => false,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// True where two limits count over the same stretch.
fn same_scope(a: &LimitScope, b: &LimitScope) -> bool {
    let period = |a: &Period, b: &Period| match (&a.kind, &b.kind) {
        (PeriodKind::Rolling(a), PeriodKind::Rolling(b)) => a.delay == b.delay,
        (PeriodKind::YearFromFact(a), PeriodKind::YearFromFact(b)) => a.name.text == b.name.text,
        (a, b) => a == b,
    };
    let each = |path: &Option<Path>| path.as_ref().map(|path| path.name.text.clone());
    match (a, b) {
        (LimitScope::Piece(a), LimitScope::Piece(b)) => a.text == b.text,
        (
            LimitScope::Member { each: one, period: a, .. },
            LimitScope::Member { each: other, period: b, .. },
        ) => each(one) == each(other) && period(a, b),
        (LimitScope::Everyone { period: Some(a), .. }, LimitScope::Everyone { period: Some(b), .. }) => {
            period(a, b)
        }
        (LimitScope::Everyone { period: None, .. }, LimitScope::Everyone { period: None, .. }) => true,
        (LimitScope::Each, LimitScope::Each) => true,
        _ => false,
    }
}

/// Reports a choice that the policy may not leave silent, with the lines to choose from.
pub(super) fn missing_choice(scope: &Scope<'_>, declaration: &Declaration, what: &str, choices: &[&str]) {
    if declaration.broken {
        return;
    }
    let message = format!("{} does not say {what}", words::named(declaration.kind, &declaration.name.text));
    scope.report(
        Diagnostic::new(Code::MissingChoice, declaration.head, message)
            .with_help(format!("add one of {}", words::listed(choices, "or"))),
    );
}

/// Reports a clause without which the declaration means nothing, with the line to write.
pub(super) fn missing_clause(scope: &Scope<'_>, declaration: &Declaration, what: &str, line: &str) {
    if declaration.broken {
        return;
    }
    let message = format!("{} does not say {what}", words::named(declaration.kind, &declaration.name.text));
    scope.report(
        Diagnostic::new(Code::MissingClause, declaration.head, message)
            .with_help(format!("add a line such as {line}")),
    );
}
