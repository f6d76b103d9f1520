//! Plain reasoning on conditions that must all hold: which contradict, which say nothing, which repeat another.
//! Each condition that speaks of one thing only is turned into the set of values it lets through.

use std::cell::RefCell;

use super::constant::fold;
use super::domain::{Domain, day_number, time_number};
use super::ranges::bounds;
use super::rules::Draft;
use super::scope::Scope;
use super::values::window_words;
use super::versions::days;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{
    BadgeId, Calendared, CategoryId, ClockPart, Comparison, Condition, FactId, FactType, Filter, MeasureId,
    Point, PointOf, Quantity, Subject, Test, TierId, TimeComparison, Unit, ValueId,
};
use crate::source::Span;
use crate::value::Ratio;
use crate::value::time::LocalTime;

/// The one thing that a condition speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Fact(Subject, FactId),
    Value(ValueId),
    Badge(BadgeId),
    Category,
    OrderAt,
    Tier(TierId),
    Weekday,
    Measure(MeasureId, Option<usize>, bool),
    BuiltIn(&'static str),
}

/// A condition as a set: what it lets through of all that can occur.
struct Atom {
    topic: Topic,
    allowed: Domain,
    universe: Domain,
}

/// Something known to hold, and where it is said.
struct Known {
    topic: Option<Topic>,
    allowed: Domain,
    text: String,
    span: Span,
    /// True for a `when` line, false for a head or a filter.
    is_condition: bool,
}

/// Checks the guards of one version of a rule.
pub(super) fn check(draft: &Draft<'_, '_>, filters: &[Filter], conditions: &[Condition]) {
    let mut reasoning = Reasoning::new(draft.scope, Some(draft));
    for filter in filters {
        let passes = filter.passes.iter().map(CategoryId::index);
        reasoning.learn(Topic::Category, Domain::indices(passes), filter.text.clone(), filter.span);
    }
    let window = draft.window;
    if window.from_date.is_some() || window.until_date.is_some() {
        let text = format!("in force {}", window_words(&window));
        reasoning.learn(Topic::OrderAt, days(&window), text, draft.declaration.head);
    }
    conditions.iter().for_each(|condition| reasoning.conjunct(condition));
}

/// Checks a condition that stands alone.
pub(super) fn check_alone(scope: &Scope<'_>, condition: &Condition) {
    Reasoning::new(scope, None).conjunct(condition);
}

struct Reasoning<'s, 'a> {
    scope: &'s Scope<'a>,
    draft: Option<&'s Draft<'s, 'a>>,
    known: Vec<Known>,
    texts: RefCell<Vec<String>>,
}

impl<'s, 'a> Reasoning<'s, 'a> {
    fn new(scope: &'s Scope<'a>, draft: Option<&'s Draft<'s, 'a>>) -> Reasoning<'s, 'a> {
        Reasoning { scope, draft, known: Vec::new(), texts: RefCell::default() }
    }

    fn learn(&mut self, topic: Topic, allowed: Domain, text: String, span: Span) {
        self.known.push(Known { topic: Some(topic), allowed, text, span, is_condition: false });
    }

    /// One more thing that must hold.
    fn conjunct(&mut self, condition: &Condition) {
        if let Test::All(parts) = &condition.test {
            parts.iter().for_each(|part| self.conjunct(part));
            return;
        }
        if let Test::Any(branches) = &condition.test
            && !self.branches(branches)
        {
            return;
        }
        match self.atom(&condition.test) {
            Some(atom) if atom.universe.is_empty() => {}
            Some(atom) => self.judge(condition, atom),
            None => match self.truth(condition) {
                Some(true) => self.report_always(condition, "it says the same in every case"),
                Some(false) => self.report_never(condition, "it is false in every case", &[]),
                None => self.judge_text(condition),
            },
        }
    }

    /// Each branch of an `or` on its own; false where one has been reported.
    fn branches(&self, branches: &[Condition]) -> bool {
        let before = self.scope.report_count();
        for branch in branches {
            Reasoning::new(self.scope, self.draft).conjunct(branch);
        }
        self.scope.report_count() == before
    }

    fn judge(&mut self, condition: &Condition, atom: Atom) {
        let allowed = atom.allowed.intersection(&atom.universe);
        if allowed.is_empty() {
            let why = self.why(&atom);
            return self.report_never(condition, &why, &[]);
        }
        if atom.universe.within(&atom.allowed) {
            let why = match condition.test {
                Test::Any(_) => "one of its sides always does".to_owned(),
                _ => self.why(&atom),
            };
            return self.report_always(condition, &why);
        }
        let related: Vec<&Known> =
            self.known.iter().filter(|known| known.topic == Some(atom.topic)).collect();
        let before =
            related.iter().fold(atom.universe.clone(), |all, known| all.intersection(&known.allowed));
        if before.is_empty() {
            return;
        }
        if before.intersection(&allowed).is_empty() {
            let culprit = related.iter().find(|known| known.allowed.intersection(&allowed).is_empty());
            let culprits: Vec<&Known> = culprit.map_or(related.clone(), |known| vec![*known]);
            self.report_never(condition, "", &culprits);
        } else if before.within(&allowed) {
            let sayer =
                related.iter().find(|known| known.allowed.intersection(&atom.universe).within(&allowed));
            let sayers: Vec<&Known> = sayer.map_or(related.clone(), |known| vec![*known]);
            self.report_repeated(&condition.text, condition.span, &sayers);
        } else if let Some(weaker) =
            related.iter().find(|known| known.is_condition && allowed.within(&known.allowed))
        {
            let this = Known {
                topic: None,
                allowed: Domain::all(),
                text: condition.text.clone(),
                span: condition.span,
                is_condition: true,
            };
            self.report_repeated(&weaker.text, weaker.span, &[&this]);
        }
        let (text, span) = (condition.text.clone(), condition.span);
        self.known.push(Known { topic: Some(atom.topic), allowed, text, span, is_condition: true });
    }

    /// A condition that is no set: the best that can be said is that it stands twice.
    fn judge_text(&mut self, condition: &Condition) {
        if let Some(first) =
            self.known.iter().find(|known| known.topic.is_none() && known.text == condition.text)
        {
            self.report_repeated(&condition.text, condition.span, &[first]);
        }
        let (text, span) = (condition.text.clone(), condition.span);
        self.known.push(Known { topic: None, allowed: Domain::all(), text, span, is_condition: true });
    }

    /// Whether a condition says the same in every case.
    fn truth(&self, condition: &Condition) -> Option<bool> {
        match &condition.test {
            Test::Constant(truth) => Some(*truth),
            Test::Not(inner) => self.truth(inner).map(|truth| !truth),
            Test::Compare { left, op, right, .. } => {
                let (low, high) = bounds(
                    self.scope,
                    &Quantity::Subtract(Box::new(left.clone()), Box::new(right.clone())),
                    None,
                );
                match (fold(left), fold(right)) {
                    (Some(_), Some(_)) if low == high => {
                        low.map(|n| range(*op, Ratio::ZERO).intersection(&Domain::one(n)) != Domain::none())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn why(&self, atom: &Atom) -> String {
        match atom.topic {
            Topic::Fact(subject, fact) => self.fact_range(subject, fact),
            Topic::Measure(..) => "what is counted is never below 0".to_owned(),
            Topic::Tier(_) => "the tier has no other level".to_owned(),
            Topic::BuiltIn("the hour") => "an hour is 0 to 23".to_owned(),
            Topic::BuiltIn("the time") => "a day goes from 0:00 to 24:00".to_owned(),
            Topic::BuiltIn("the day") => "a day is 1 to 31".to_owned(),
            Topic::BuiltIn("the month") => "a month is 1 to 12".to_owned(),
            Topic::BuiltIn(name) => {
                format!("`{name}` is never below {}", if name == "line.quantity" { "1" } else { "0" })
            }
            Topic::Badge(_) => "the badge has no version while this rule is in force".to_owned(),
            _ => "of what can occur".to_owned(),
        }
    }

    fn fact_range(&self, subject: Subject, fact: FactId) -> String {
        let Some(fact) = self.scope.facts.get(subject, fact) else { return String::new() };
        match (&fact.kind, fact.range, super::constant::unit_of(&fact.kind)) {
            (_, Some((low, high)), Some(unit)) => {
                let written = |n| super::constant::written(self.scope, n, unit);
                format!("`{}` is {} to {}", fact.name, written(low), written(high))
            }
            (_, None, Some(_)) => format!("`{}` is never below 0", fact.name),
            (FactType::Choice(words), ..) => {
                format!("`{}` is {}", fact.name, super::words::listed(words, "or"))
            }
            _ => format!("`{}` has no other value", fact.name),
        }
    }

    /// The set that a test lets through, if it speaks of one thing.
    fn atom(&self, test: &Test) -> Option<Atom> {
        match test {
            Test::Not(inner) => {
                let atom = self.atom(&inner.test)?;
                Some(Atom { allowed: atom.allowed.complement(), ..atom })
            }
            Test::Any(parts) => {
                let atoms = parts.iter().map(|part| self.atom(&part.test)).collect::<Option<Vec<_>>>()?;
                let mut atoms = atoms.into_iter();
                let first = atoms.next()?;
                atoms.try_fold(first, |all, atom| {
                    (all.topic == atom.topic)
                        .then(|| Atom { allowed: all.allowed.union(&atom.allowed), ..all })
                })
            }
            Test::OneOf { subject, fact, among } => {
                let FactType::Choice(words) = &self.scope.facts.get(*subject, *fact)?.kind else {
                    return None;
                };
                let universe = Domain::below_count(words.len());
                Some(Atom {
                    topic: Topic::Fact(*subject, *fact),
                    allowed: Domain::indices(among.iter().copied()),
                    universe,
                })
            }
            Test::TextIn { subject, fact, among } => {
                let allowed = Domain::indices(among.iter().map(|text| self.text_index(text)));
                Some(Atom { topic: Topic::Fact(*subject, *fact), allowed, universe: Domain::all() })
            }
            Test::CategoryIn { passes } => {
                let passing = passes.iter().map(CategoryId::index);
                let universe = Domain::below_count(self.scope.categories.list.len());
                Some(Atom { topic: Topic::Category, allowed: Domain::indices(passing), universe })
            }
            Test::Fact { subject, fact } => Some(switch(Topic::Fact(*subject, *fact))),
            Test::Value(id) => Some(switch(Topic::Value(*id))),
            Test::HasBadge(id) => Some(self.badge(*id)),
            Test::Compare { left, op, right, unit } => self.comparison(left, *op, right, *unit),
            Test::Time { left, op, right } => time(left, *op, right),
            Test::Level { .. } | Test::LevelIn { .. } | Test::WeekdayIn { .. } => self.word_atom(test),
            Test::All(_) | Test::Constant(_) => None,
        }
    }

    fn word_atom(&self, test: &Test) -> Option<Atom> {
        let levels =
            |tier: TierId| self.scope.tiers.try_get(tier).map(|tier| Domain::below_count(tier.levels.len()));
        Some(match test {
            Test::LevelIn { tier, among } => Atom {
                topic: Topic::Tier(*tier),
                allowed: Domain::indices(among.iter().copied()),
                universe: levels(*tier)?,
            },
            Test::Level { tier, op, level } => {
                let universe = levels(*tier)?;
                let level = Ratio::whole(i128::try_from(*level).ok()?);
                let allowed = range(*op, level).of_whole_numbers();
                Atom { topic: Topic::Tier(*tier), allowed, universe }
            }
            Test::WeekdayIn { among } => Atom {
                topic: Topic::Weekday,
                allowed: Domain::indices(among.iter().copied()),
                universe: Domain::below_count(7),
            },
            _ => return None,
        })
    }

    fn text_index(&self, text: &str) -> usize {
        let mut texts = self.texts.borrow_mut();
        texts.iter().position(|known| known == text).unwrap_or_else(|| {
            texts.push(text.to_owned());
            texts.len() - 1
        })
    }

    /// A badge with no version while the rule is in force is never had.
    fn badge(&self, id: BadgeId) -> Atom {
        let atom = switch(Topic::Badge(id));
        let in_force = match (self.draft, self.scope.badges.try_get(id)) {
            _ if self.scope.has_unreadable_items() => true,
            (Some(draft), Some(badge)) => !badge.days().intersection(&days(&draft.window)).is_empty(),
            _ => true,
        };
        let universe = if in_force { atom.universe } else { Domain::indices([0]) };
        Atom { universe, ..atom }
    }

    fn comparison(&self, left: &Quantity, op: Comparison, right: &Quantity, unit: Unit) -> Option<Atom> {
        let (quantity, op, n) = match (fold(left), fold(right)) {
            (None, Some(n)) => (left, op, n),
            (Some(n), None) => (right, turned(op), n),
            _ => return None,
        };
        let (topic, whole) = match quantity {
            Quantity::Fact(subject, fact) => {
                let kind = &self.scope.facts.get(*subject, *fact)?.kind;
                (Topic::Fact(*subject, *fact), unit != Unit::Rate && *kind != FactType::Quantity)
            }
            Quantity::LinePrice => (Topic::BuiltIn("line.price"), false),
            Quantity::LineUnits => (Topic::BuiltIn("line.quantity"), true),
            Quantity::OrderPrice => (Topic::BuiltIn("order.price"), false),
            Quantity::OrderTotal => (Topic::BuiltIn("order.total"), false),
            Quantity::OrderUnits => (Topic::BuiltIn("order.quantity"), true),
            Quantity::OrderPointsPaid => (Topic::BuiltIn("order.points_paid"), true),
            Quantity::Measure { measure, key, in_all } => (Topic::Measure(*measure, *key, *in_all), false),
            Quantity::Clock(ClockPart::Hour) => (Topic::BuiltIn("the hour"), true),
            Quantity::Clock(ClockPart::Time) => (Topic::BuiltIn("the time"), false),
            Quantity::Clock(ClockPart::Day) => (Topic::BuiltIn("the day"), true),
            Quantity::Clock(ClockPart::Month) => (Topic::BuiltIn("the month"), true),
            Quantity::Clock(ClockPart::Year) => (Topic::BuiltIn("the year"), true),
            _ => return None,
        };
        let (low, high) = bounds(self.scope, quantity, None);
        let (allowed, universe) = (range(op, n), Domain::between(low, high));
        let fit = |set: Domain| if whole { set.of_whole_numbers() } else { set };
        Some(Atom { topic, allowed: fit(allowed), universe: fit(universe) })
    }

    fn report_never(&self, condition: &Condition, why: &str, culprits: &[&Known]) {
        let text = &condition.text;
        let message = match culprits {
            [] => format!("`{text}` never holds: {why}"),
            [one] if one.is_condition => format!("`{text}` and `{}` cannot both hold", one.text),
            [one] => format!("`{text}` never holds here: the rule {}", one.guard()),
            _ => format!("`{text}` cannot hold together with the conditions above"),
        };
        let mut report = Diagnostic::new(Code::NeverTrue, condition.span, message);
        if let (Test::HasBadge(id), []) = (&condition.test, culprits) {
            return self.scope.report(self.badge_advice(*id, report));
        }
        for known in culprits {
            report = report.with_place(
                known.span,
                if known.is_condition { "all `when` lines must hold" } else { "said here" },
            );
        }
        scope_report(
            self.scope,
            report,
            "leave one of them out; join them with `or` if either is enough",
            "leave the rule out, or change the condition",
            culprits,
        );
    }

    /// When the badge is in force, and which other one may have been meant for the other days.
    fn badge_advice(&self, id: BadgeId, mut report: Diagnostic) -> Diagnostic {
        let Some(badge) = self.scope.badges.try_get(id) else { return report };
        for version in &badge.versions {
            let words = super::values::window_words(&version.window);
            report = report.with_place(version.declaration.head, format!("in force {words}"));
        }
        let others: Vec<_> = self.scope.badges.iter().map(|badge| badge.place()).collect();
        let near = crate::diagnostic::suggest::nearest(badge.name, others.iter().map(|(name, _)| *name));
        let place = others.iter().find(|(name, _)| Some(*name) == near).and_then(|(_, span)| *span);
        match (near, place) {
            (Some(near), Some(place)) => {
                let help =
                    format!("write `{}` for `{near}` if it is another version of the badge", badge.name);
                report.with_place(place, "another badge").with_help(help)
            }
            _ => report.with_help("leave the condition out, or give the badge a version for these days"),
        }
    }

    fn report_always(&self, condition: &Condition, why: &str) {
        let message = format!("`{}` always holds: {why}", condition.text);
        let report = Diagnostic::new(Code::AlwaysTrue, condition.span, message);
        self.scope.report(report.with_help("leave the condition out"));
    }

    fn report_repeated(&self, text: &str, span: Span, sayers: &[&Known]) {
        let mut report = Diagnostic::new(
            Code::RepeatedCondition,
            span,
            format!("`{text}` adds nothing to what is said already"),
        );
        for known in sayers {
            report = report.with_place(known.span, "says it already");
        }
        self.scope.report(report.with_help("leave the condition out"));
    }
}

impl Known {
    fn guard(&self) -> String {
        if self.topic == Some(Topic::OrderAt) {
            format!("is {}", self.text)
        } else {
            format!("says `{}`", self.text)
        }
    }
}

fn scope_report(scope: &Scope<'_>, report: Diagnostic, several: &str, alone: &str, culprits: &[&Known]) {
    let together = culprits.iter().any(|known| known.is_condition);
    scope.report(report.with_help(if together { several } else { alone }));
}

/// Yes (1) or no (0).
fn switch(topic: Topic) -> Atom {
    Atom { topic, allowed: Domain::indices([1]), universe: Domain::below_count(2) }
}

fn range(op: Comparison, n: Ratio) -> Domain {
    match op {
        Comparison::Less => Domain::below(n),
        Comparison::AtMost => Domain::between(None, Some(n)),
        Comparison::More => Domain::above(n),
        Comparison::AtLeast => Domain::between(Some(n), None),
        Comparison::Equal => Domain::one(n),
        Comparison::NotEqual => Domain::one(n).complement(),
    }
}

/// The comparison seen from the other side.
fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::More,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::More => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same => same,
    }
}

/// A date fact, or the instant of the case, compared with a literal day or time.
fn time(left: &Point, op: TimeComparison, right: &Point) -> Option<Atom> {
    let literal = |point: &Point| match &point.steps {
        Calendared::Date(date) => Some((day_number(*date), true)),
        Calendared::Time(time) => Some((time_number(LocalTime(*time)), false)),
        _ => None,
    };
    let (point, op, (number, is_day)) = match (literal(left), literal(right)) {
        (None, Some(right)) => (left, op, right),
        (Some(left), None) => (right, op.turned(), left),
        _ => return None,
    };
    let topic = match (&point.steps, point.of) {
        (Calendared::Anchor, PointOf::At | PointOf::Day) => Topic::OrderAt,
        (Calendared::Anchor, PointOf::Fact(subject, fact)) => Topic::Fact(subject, fact),
        _ => return None,
    };
    let day = Ratio::whole(number.floor());
    let next = Ratio::whole(number.floor().saturating_add(1));
    let allowed = match (op, point.of) {
        (TimeComparison::Is, PointOf::At | PointOf::Day) => Domain::half_open(Some(day), Some(next)),
        (TimeComparison::IsNot, PointOf::At | PointOf::Day) => {
            Domain::half_open(Some(day), Some(next)).complement()
        }
        (TimeComparison::Before, PointOf::At) => Domain::below(number),
        (TimeComparison::After, PointOf::At) if !is_day => Domain::above(number),
        // A day is before a time only where it has ended by then.
        (TimeComparison::Before, PointOf::Fact(..)) if !is_day => Domain::below(day).of_whole_numbers(),
        (TimeComparison::Before, _) => Domain::below(day),
        (TimeComparison::After, PointOf::Fact(..)) => Domain::above(number).of_whole_numbers(),
        (TimeComparison::After, _) => Domain::between(Some(next), None),
        (TimeComparison::Is, _) => Domain::one(day),
        (TimeComparison::IsNot, _) => Domain::one(day).complement(),
    };
    let whole = matches!(topic, Topic::Fact(..));
    let allowed = if whole { allowed.of_whole_numbers() } else { allowed };
    Some(Atom { topic, allowed, universe: Domain::all() })
}
