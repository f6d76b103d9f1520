//! What depends on a whole period must wait for its end, and a campaign should have a limit.

use super::mentions;
use super::needs::{How, Needs, Node, Rules};
use super::periods::{Wait, outlasts};
use super::scope::Scope;
use super::settling::{Late, Settling};
use super::stages::{node_name, written};
use super::versions::days;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::reads::{MeasureRead, Reads, Source};
use crate::policy::{
    Amount, Earn, EarnId, Group, GroupId, IdVec, Member, Occasion, Pending, Period, Pool, PoolId, Rule,
    Version,
};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, Kind};
use crate::value::Currency;
use crate::value::moment::YearDay;

/// What points wait for is looked up in.
struct Waits<'s, 'a> {
    scope: &'s Scope<'a>,
    rules: Rules<'s>,
    pools: &'s IdVec<PoolId, Pool>,
    needs: &'s Needs,
    settling: Settling,
}

/// Reports points that become available before what they depend on is known.
pub(super) fn check_pending(scope: &Scope<'_>, rules: Rules<'_>, pools: &IdVec<PoolId, Pool>, needs: &Needs) {
    let settling = Settling::new(needs, rules.measures);
    let waits = Waits { scope, rules, pools, needs, settling };
    for (id, rule) in rules.earns.iter_enumerated() {
        for (place, version) in rule.versions.iter().enumerate() {
            if let Occasion::Running(period) = version.body.of {
                check_running(scope, version, period);
            } else {
                waits.check(id, place, version);
            }
        }
    }
}

/// What gives as reached looks at measures over its own stretch of time, and at them alone.
fn check_running(scope: &Scope<'_>, version: &Version<Earn>, period: Period) {
    let report = |span: Span, message: String, help: &str| {
        scope.report(Diagnostic::new(Code::BadSubject, span, message).with_help(help));
    };
    let mut reads = Reads::ever(scope);
    reads.earn(&version.body);
    if reads.measures().next().is_none() {
        let message = "this rule gives as something is reached, and does not say what".to_owned();
        report(
            version.body.gives_span,
            message,
            "say it: `when spend in all >= 1,000 JPY`, or `per full 10 of nights`",
        );
    }
    let Some(declared) = mentions::declaration(scope, Kind::Earn, version.span) else { return };
    for read in reads.list() {
        let Source::Measure(MeasureRead { measure: id, in_all, .. }) = read.what else { continue };
        let measure = &scope.measures[id];
        if !in_all {
            let message =
                format!("`{} so far` is what it was when the first thing was counted", measure.name);
            report(
                mentions::of_reading(scope, declared, (id, in_all), read.by_way_of),
                message,
                "read it `in all`: the rule is looked at whenever something is counted",
            );
        } else if measure.period.is_some_and(|own| own != period) {
            let message = format!("`{}` counts over another stretch of time than this rule", measure.name);
            report(
                mentions::of_reading(scope, declared, (id, in_all), read.by_way_of),
                message,
                "let both say the same: `each member gives …` and `for all time`, say",
            );
        }
    }
}

impl Waits<'_, '_> {
    /// Reports a version of a rule whose points become available before all is known on which they hang.
    fn check(&self, id: EarnId, place: usize, version: &Version<Earn>) {
        let own = [Node::Rounded(id, place), Node::Capped(id, place)];
        let mut early = false;
        for node in own {
            let needs = self.needs.find(node).and_then(|place| self.needs.of.get(place));
            for need in needs.into_iter().flatten().filter(|need| need.how == How::InAll) {
                let late = self.settling.of_reading(self.needs, self.rules.measures, (node, *need));
                early |= self.report_first(version, &late, true);
            }
        }
        let given = self.needs.find(Node::Given(id, place));
        if let Some(given) = given.filter(|_| !early) {
            self.report_first(version, self.settling.of(given), false);
        }
    }

    /// Reports the first reading that is not settled when the points become available; true where there is one.
    fn report_first(&self, version: &Version<Earn>, late: &[Late], own: bool) -> bool {
        let body = &version.body;
        let waits: Vec<(&Pending, Span)> = match &body.pending {
            Some((pending, span)) => vec![(pending, *span)],
            None => {
                let versions = self.pools[body.pool].versions.iter();
                let here = days(&version.window);
                versions
                    .filter(|terms| !days(&terms.window).intersection(&here).is_empty())
                    .map(|terms| (&terms.body.pending, terms.body.pending_span))
                    .collect()
            }
        };
        let found = late.iter().find_map(|late| {
            let early = waits.iter().find(|(pending, _)| {
                let wait = Wait { of: body.of, pending, window: &version.window };
                !outlasts(self.scope, wait, &late.periods)
            });
            early.map(|(_, wait)| (late, *wait))
        });
        if let Some((late, wait)) = found {
            self.report(version, late, wait, own);
        }
        found.is_some()
    }

    fn report(&self, version: &Version<Earn>, late: &Late, wait: Span, own: bool) {
        let scope = self.scope;
        let name = scope.measures[late.measure].name;
        let moment =
            late.periods.iter().try_fold(self.anchor(version.body.of), |from, period| end(*period, &from));
        let (message, help) = match moment {
            Some(moment) => (
                format!("points become available before it is known what `{name}` is in all"),
                format!(
                    "let this rule's points wait for the end: `pending until {moment}`; or read `{name} so far`"
                ),
            ),
            None => (
                format!("`{name} in all` is never settled: it counts without end"),
                format!("read it as it is then: `{name} so far`"),
            ),
        };
        let read = written(scope, self.rules, late.by);
        let read = read.map(|read| mentions::of_reading(scope, read, (late.measure, true), late.by_way_of));
        let mut report = match read.filter(|_| own) {
            Some(read) => Diagnostic::new(Code::EarlyPending, read, message),
            None => Diagnostic::new(Code::EarlyPending, version.body.gives_span, message),
        };
        if let Some(read) = read.filter(|_| !own) {
            let reader = node_name(scope, self.rules, late.by);
            report = report
                .with_place(read, format!("`{reader}` reads it, and decides with it what this rule gives"));
        }
        scope.report(report.with_place(wait, "the wait").with_help(help));
    }

    /// What a wait of such points counts from.
    fn anchor(&self, of: Occasion) -> String {
        match of {
            Occasion::Order => "order placed".to_owned(),
            Occasion::Event(event) => {
                format!("{} happened", self.scope.events[event].name)
            }
            Occasion::Period(_) | Occasion::Running(_) => "period ended".to_owned(),
        }
    }
}

/// A moment that lasts to the end of the period around another one, as it is written.
fn end(period: Period, from: &str) -> Option<String> {
    let unit = match period {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
        Period::Quarter => "quarter",
        Period::Half => "half",
        Period::Year { month: 1, day: 1 } => "year",
        Period::MonthFrom { day } => {
            let next = YearDay { month: None, day: u8::try_from(day).ok() };
            return Some(format!("next {next} after {from}"));
        }
        Period::Year { month, day } => {
            let next = YearDay { month: u8::try_from(month).ok(), day: u8::try_from(day).ok() };
            return Some(format!("next {next} after {from}"));
        }
        Period::YearOfMember(_) => return Some(format!("1 year after {from}")),
        Period::Last { .. } | Period::Rolling(_) | Period::AllTime => return None,
    };
    Some(format!("end of {unit} of {from}"))
}

/// Warns of a campaign that nothing limits: a rule with a first and a last day, or one that multiplies another for a
/// time.
pub(super) fn check_campaigns(
    scope: &Scope<'_>,
    earns: &IdVec<EarnId, Rule<Earn>>,
    groups: &IdVec<GroupId, Rule<Group>>,
) {
    for (id, rule) in earns.iter_enumerated() {
        let (first, last) = (rule.versions.first(), rule.versions.last());
        let starts = first.is_some_and(|version| version.window.from_date.is_some());
        let ends = last.is_some_and(|version| version.window.until_date.is_some());
        let Some(open) = rule.versions.iter().find(|version| !is_limited(&version.body)) else { continue };
        let meant = mentions::declaration(scope, Kind::Earn, open.span);
        if meant.is_some_and(|found| {
            found.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::NoLimit))
        }) {
            continue;
        }
        let multiplies = matches!(open.body.amount, Amount::OfRule { .. });
        if !(starts && ends || multiplies && (starts || ends)) || in_limited_group(groups, id) {
            continue;
        }
        let unit = super::pool::unit_word(scope, open.body.pool).unwrap_or("point");
        let counts_in_money = Currency::from_code(unit).is_some();
        let plural = if counts_in_money { unit.to_owned() } else { format!("{unit}s") };
        let what = if starts && ends { "runs for a time" } else { "multiplies another rule for a time" };
        let message = format!("`{}` {what}, and nothing limits what it gives", rule.name);
        let lines = [
            format!("at most 1,000 {plural} per member per calendar month, returns free room"),
            format!("at most 1,000,000 {plural} from everyone"),
        ];
        let help = format!(
            "add a limit, such as {}; or `without limit`, where none is meant",
            words::listed(&lines, "or")
        );
        scope.report(Diagnostic::new(Code::UncappedCampaign, open.span, message).with_help(help));
    }
}

fn is_limited(earn: &Earn) -> bool {
    !earn.limits.is_empty() || !earn.first.is_empty()
}

/// True where a group around the rule, near or far, has a limit.
fn in_limited_group(groups: &IdVec<GroupId, Rule<Group>>, id: EarnId) -> bool {
    let mut inside = vec![Member::Earn(id)];
    let mut next = 0;
    while let Some(member) = inside.get(next).copied() {
        next += 1;
        for (group, rule) in groups.iter_enumerated() {
            let around = rule.versions.iter().filter(|version| version.body.of.contains(&member));
            for version in around {
                if !version.body.limits.is_empty() {
                    return true;
                }
                if !inside.contains(&Member::Group(group)) {
                    inside.push(Member::Group(group));
                }
            }
        }
    }
    false
}
