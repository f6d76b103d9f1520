//! Moves that lead back to where the points came from: they must not make more of them, and may make them live
//! longer.

use super::domain::Domain;
use super::scope::Scope;
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Expiry, IdVec, LotExpiry, Move, MoveId, MoveTo, Pool, PoolId, Rule};
use crate::source::Span;
use crate::value::Ratio;

/// A way from one pool to another.
struct Way {
    from: PoolId,
    to: PoolId,
    /// The most that arrives for one point.
    rate: Ratio,
    days: Domain,
    span: Span,
}

/// More pools than this are not looked through in full.
const MOST_STEPS: usize = 6;

/// Reports each circle at its first move.
pub(super) fn check(scope: &Scope<'_>, moves: &IdVec<MoveId, Rule<Move>>, pools: &IdVec<PoolId, Pool>) {
    let ways: Vec<Way> =
        moves.iter().flat_map(|rule| &rule.versions).filter_map(|version| way(scope, version)).collect();
    for (index, first) in ways.iter().enumerate() {
        let mut path = vec![index];
        walk(scope, pools, &ways, (first.from, first.rate, first.days.clone()), &mut path);
    }
}

fn way(scope: &Scope<'_>, version: &crate::policy::Version<Move>) -> Option<Way> {
    let body = &version.body;
    let MoveTo::Pool(to) = body.to else { return None };
    let mut rate = Ratio::ZERO;
    for (amount, _, step) in &body.gives {
        let (_, most) = super::ranges::bounds(scope, amount, Some(&version.window));
        rate = rate.add(most?.div(Ratio::whole(i128::from(*step))).ok()?).ok()?;
    }
    Some(Way { from: body.from, to, rate, days: days(&version.window), span: body.span })
}

/// Goes on from the end of `path`; true once a circle has been reported.
fn walk(
    scope: &Scope<'_>,
    pools: &IdVec<PoolId, Pool>,
    ways: &[Way],
    (start, rate, days): (PoolId, Ratio, Domain),
    path: &mut Vec<usize>,
) -> bool {
    let Some(end) = path.last().and_then(|index| ways.get(*index)).map(|way| way.to) else { return false };
    if end == start {
        // A circle is reported where its first move stands, once.
        if path.iter().min() == path.first() {
            report(scope, pools, ways, path, rate);
        }
        return true;
    }
    if path.len() >= MOST_STEPS {
        return false;
    }
    for (index, next) in ways.iter().enumerate().filter(|(_, way)| way.from == end) {
        let both = days.intersection(&next.days);
        let visited =
            path.iter().any(|i| ways.get(*i).is_some_and(|way| way.from == next.to && way.from != start));
        let Ok(product) = rate.mul(next.rate) else { continue };
        if path.contains(&index) || visited || both.is_empty() {
            continue;
        }
        path.push(index);
        walk(scope, pools, ways, (start, product, both), path);
        path.pop();
    }
    false
}

fn report(scope: &Scope<'_>, pools: &IdVec<PoolId, Pool>, ways: &[Way], path: &[usize], rate: Ratio) {
    let steps: Vec<&Way> = path.iter().filter_map(|index| ways.get(*index)).collect();
    let Some(first) = steps.first() else { return };
    let names: Vec<&str> =
        steps.iter().map(|way| pools.try_get(way.from).map_or("", |pool| pool.name.as_str())).collect();
    let listed = words::listed(&names, "and");
    let place = |report: Diagnostic| {
        let rest = steps.iter().skip(1);
        rest.fold(report, |report, way| report.with_place(way.span, "and on from there"))
    };
    if rate > Ratio::ONE {
        let message = format!("moving points in a circle through {listed} makes more of them");
        let help = format!(
            "{} points come back for 1: lower what one of the moves gives",
            super::constant::plain(rate)
        );
        scope.report(place(Diagnostic::new(Code::MoveMultiplies, first.span, message).with_help(help)));
    } else if steps.iter().any(|way| pools.try_get(way.to).is_some_and(expires)) {
        let message = format!("moving points in a circle through {listed} makes them live longer");
        let help = "what arrives is new in its pool: leave one of the moves out, or let what arrives be less";
        scope.report(place(Diagnostic::new(Code::MoveLengthensLife, first.span, message).with_help(help)));
    }
}

fn expires(pool: &Pool) -> bool {
    pool.versions.iter().any(|version| {
        !matches!(version.body.expiry, Expiry::Never) || !matches!(version.body.lot_expiry, LotExpiry::Never)
    })
}
