//! After anything that changes what cases earn: the changed one is decided again, then those that read what it changed, in
//! the order of time, until nothing changes any more; then the differences are posted. One event first takes back, oldest
//! case first and line by line, then gives back.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::books::case::{Case, CaseId, Contribution, PaymentId, Piece, Place};
use super::super::books::counters::{CounterKey, Word};
use super::super::books::stretch_key;
use super::super::links::{Links, Met};
use super::super::period::Stretch;
use super::count::{UsedAt, contributions, is_of_calendar, limit_key};
use super::posting::{LineChange, Maturing, StreamChange, sum_of};
use super::{Turn, keeps_points, overflow, too_large};
use crate::eval::net::Net;
use crate::eval::room::{Used, UsedBefore};
use crate::eval::{Earned, Earning, Refusal, Terms, earned};
use crate::policy::{Counts, EarnId, GroupId, Member, Occasion, Owner, Period, Policy};
use crate::value::{Overflow, Ratio};

/// The cases that are to be decided again: each in the order of time, then again those that later ones have changed.
#[derive(Default)]
struct Dirty {
    /// The one that is being decided.
    current: Option<(Timestamp, CaseId)>,
    /// Those behind it.
    ahead: BTreeSet<(Timestamp, CaseId)>,
    /// It and those before it, in the next round.
    again: BTreeSet<(Timestamp, CaseId)>,
    /// How often all have been gone through.
    rounds: usize,
    /// Running stretches of time in which nothing counted before: they begin anew.
    anew: BTreeSet<CaseId>,
}

impl Dirty {
    fn wake(&mut self, at: Timestamp, id: CaseId) {
        let is_behind = self.current.is_none_or(|current| (at, id) > current);
        let cases = if is_behind { &mut self.ahead } else { &mut self.again };
        cases.insert((at, id));
    }

    fn next(&mut self) -> Option<CaseId> {
        if self.ahead.is_empty() {
            self.ahead = std::mem::take(&mut self.again);
            self.rounds += 1;
        }
        self.current = self.ahead.pop_first();
        self.current.map(|(_, id)| id)
    }
}

/// What a case had earned before it was decided again, by line.
type Before = Vec<Vec<Earned>>;

impl Turn<'_> {
    /// Decides a changed case, or a new one, again, with those that follow from it, and posts the differences. Stretches of
    /// time in which something counts for the first time take their place among the cases.
    pub(super) fn settle(&mut self, changed: CaseId) -> Result<(), Refusal> {
        self.settle_one(changed)?;
        let mut counted = std::mem::take(&mut self.counted);
        counted.sort_unstable();
        counted.dedup();
        for case in self.begin_stretches(&counted)? {
            self.settle_one(case)?;
            self.schedule(case);
        }
        Ok(())
    }

    fn settle_one(&mut self, changed: CaseId) -> Result<(), Refusal> {
        let decided = self.decide_again(changed)?;
        let mut changes = self.changes(&decided)?;
        let issued = changes.iter().flat_map(|change| &change.issued).map(|earned| earned.points);
        let unpaid: Vec<i64> = {
            let case = self.books.cases.get(changed);
            let unpaid = case.payments.iter().filter(|payment| payment.takes.is_empty());
            unpaid.map(|payment| payment.points_out()).collect()
        };
        self.make_room(sum_of(issued.chain(unpaid), "the sum of the rules")?)?;
        self.pay(changed)?;
        for change in &mut changes {
            self.take_back(change)?;
        }
        self.restore(changed)?;
        for change in &changes {
            for earned in &change.issued {
                self.issue(change.case, change.line, *earned);
            }
        }
        for LineChange { case, line, streams, .. } in changes {
            let due = streams.into_iter().map(|StreamChange { stream, matured, .. }| Maturing {
                stream,
                matured,
                cause: self.cause.clone(),
            });
            let due = due.collect();
            self.mature(case, line, due)?;
        }
        Ok(())
    }

    /// Decides cases again until nothing changes any more. Returns what those that were looked at had earned before.
    fn decide_again(&mut self, changed: CaseId) -> Result<BTreeMap<CaseId, Before>, Refusal> {
        let mut before: BTreeMap<CaseId, Before> = BTreeMap::new();
        let mut dirty = Dirty::default();
        // What the changed case counts is known first, so that all that read it are decided in the order of time.
        let mut case = self.books.cases.take(changed);
        dirty.wake(case.at, changed);
        self.count_anew(changed, &mut case, &mut dirty)?;
        self.books.cases.put(changed, case);
        while let Some(id) = dirty.next() {
            // A round settles what hangs on one more measure in all, and the checker lets no rules go in circles.
            if dirty.rounds > self.policy.measures.len() + 1 {
                return Err(overflow("rules that read each other in a circle"));
            }
            let mut case = self.books.cases.take(id);
            before.entry(id).or_insert_with(|| case.lines.iter().map(|line| line.earned.clone()).collect());
            if dirty.anew.remove(&id) {
                case.member = self.books.member.clone().into_owned();
                case.known = self.known()?.into();
            }
            self.decide_case(id, &mut case, &mut dirty)?;
            self.books.cases.put(id, case);
        }
        Ok(before)
    }

    fn decide_case(&mut self, id: CaseId, case: &mut Case, dirty: &mut Dirty) -> Result<(), Refusal> {
        self.count_anew(id, case, dirty)?;
        let links = self.links;
        let reads = links.in_all(case.order.of);
        let part = self.part_of(case)?;
        if !reads.is_empty() {
            let in_all = self.counts_up_to(case.at, part.map_or(Timestamp::MAX, |part| part.end), reads)?;
            Arc::make_mut(&mut case.known).in_all = in_all;
        }
        let met = links.met(self.policy, case.order.of, case.at);
        self.check_years(case, &met)?;
        let used = self.used_before(case, id, &met)?;
        let (mut earning, mut charged) = earn(self.policy, links, case, &used)?;
        if let Some(part) = part {
            // What was counted before this part of the period was given for by the terms of its own day.
            let in_all = self.counts_up_to(case.at, part.start, reads)?;
            let in_all = std::mem::replace(&mut Arc::make_mut(&mut case.known).in_all, in_all);
            let (before, charged_before) = earn(self.policy, links, case, &used)?;
            Arc::make_mut(&mut case.known).in_all = in_all;
            let fits = || too_large("the sum of the rules");
            charged = charged.beyond(&charged_before).map_err(fits())?;
            earning = beyond(earning, &before).map_err(fits())?;
        }
        if links.counts_rules || !reads.is_empty() {
            let counted = contributions(self.policy, case, &earning)?;
            self.contribute(id, case, counted, dirty)?;
        }
        self.use_up(id, case, Uses { met: &met, standing: &earning.used, charged: &charged }, dirty)?;
        for (line, earned) in case.lines.iter_mut().zip(earning.lines) {
            line.earned = earned;
        }
        case.totals = earning.totals;
        Ok(())
    }

    /// The part of a running period that a case stands for, where the terms change within the period.
    fn part_of(&self, case: &Case) -> Result<Option<Stretch>, Refusal> {
        let Occasion::Running(period) = case.order.of else { return Ok(None) };
        let Some(running) = self.links.running.iter().find(|running| running.period == period) else {
            return Ok(None);
        };
        let stretch = self.around(period, case.at)?;
        let part = running.part(stretch, case.at);
        Ok((part != stretch).then_some(part))
    }

    /// What a case adds to measures is counted anew, as far as it is known what it earns.
    fn count_anew(&mut self, id: CaseId, case: &mut Case, dirty: &mut Dirty) -> Result<(), Refusal> {
        let so_far = Earning { totals: case.totals.clone(), ..Earning::default() };
        let counted = contributions(self.policy, case, &so_far)?;
        self.contribute(id, case, counted, dirty)
    }

    /// What a case adds to measures takes the place of what it added before; readers of what changes are woken.
    fn contribute(
        &mut self,
        id: CaseId,
        case: &mut Case,
        now: Vec<Contribution>,
        dirty: &mut Dirty,
    ) -> Result<(), Refusal> {
        if case.contributions == now {
            return Ok(());
        }
        let old = std::mem::replace(&mut case.contributions, now);
        let new = case.contributions.clone();
        let mut plain = BTreeMap::new();
        let mut times: BTreeMap<Timestamp, i64> = BTreeMap::new();
        for one in old.iter().chain(&new) {
            times.insert(one.at, 0);
            if one.word.is_none() {
                plain.insert((one.measure, one.key, one.at), Ratio::ZERO);
            }
        }
        for one in &new {
            *times.entry(one.at).or_default() += 1;
            if let Some(sum) = plain.get_mut(&(one.measure, one.key, one.at)).filter(|_| one.word.is_none()) {
                *sum = sum.add(one.amount).map_err(too_large("what measures count"))?;
            }
        }
        let mut woken = BTreeSet::new();
        for ((measure, key, at), sum) in plain {
            if self.books.counters.of(CounterKey::Measure(measure, key)).set(at, id.by(), sum) {
                woken.insert((measure, at));
            }
        }
        for (one, says) in old.iter().map(|one| (one, false)).chain(new.iter().map(|one| (one, true))) {
            let Some(text) = &one.word else { continue };
            if !says && new.contains(one) {
                continue;
            }
            let period = self.policy.measures[one.measure].period;
            let overlaps = !is_of_calendar(period);
            let stretch = if overlaps { Timestamp::MIN } else { self.around(period, one.at)?.start };
            let (measure, key, at) = (one.measure, one.key, one.at);
            let word = Word { measure, key, stretch, text, at, by: id.by() };
            let changed = self.books.counters.say(word, says).map_err(too_large("what measures count"))?;
            if changed || overlaps {
                woken.insert((measure, at));
            }
        }
        for (measure, at) in woken {
            self.wake_readers(
                CounterKey::Readers(measure),
                (self.policy.measures[measure].period, at),
                dirty,
            )?;
        }
        for (at, count) in times {
            if count > 0 {
                self.wake_running(at, dirty)?;
                self.counted.push(at);
            }
            self.books.counters.of(CounterKey::Counted).set(at, id.by(), Ratio::whole(count));
        }
        Ok(())
    }

    /// The cases that read a measure over a period in which something has changed at an instant.
    fn wake_readers(
        &mut self,
        readers: CounterKey,
        (period, at): (Period, Timestamp),
        dirty: &mut Dirty,
    ) -> Result<(), Refusal> {
        let stretch = self.around(period, at)?;
        let apart = is_of_calendar(period) || matches!(period, Period::YearOfMember(_));
        let first = if apart { stretch.start } else { at };
        let candidates: Vec<_> = {
            let series = self.books.counters.of(readers);
            let from = series.causes_from(first);
            from.take_while(|(reader, _)| !apart || *reader < stretch.end).collect()
        };
        for (reader, by) in candidates {
            if apart || self.around(period, reader)?.contains(at) {
                dirty.wake(reader, CaseId::of(by));
            }
        }
        Ok(())
    }

    /// The running stretches around an instant in which nothing had counted before this turn begin anew.
    fn wake_running(&mut self, at: Timestamp, dirty: &mut Dirty) -> Result<(), Refusal> {
        for (place, running) in self.links.running.iter().enumerate() {
            let stretch = running.part(self.around(running.period, at)?, at);
            let Some(id) = self.running(place, stretch) else { continue };
            if id.index() >= self.books.base.cases.len() || dirty.anew.contains(&id) {
                continue;
            }
            let mut before = self.books.counters.before(&CounterKey::Counted);
            let counted = before.sum(stretch.start, stretch.end).map_err(too_large("what measures count"))?;
            if counted.is_zero() {
                dirty.anew.insert(id);
                dirty.wake(self.books.cases.get(id).at, id);
            }
        }
        Ok(())
    }

    /// What a case uses of limits takes the place of what it used before; cases behind it are woken where that changes.
    fn use_up(
        &mut self,
        id: CaseId,
        case: &mut Case,
        uses: Uses<'_>,
        dirty: &mut Dirty,
    ) -> Result<(), Refusal> {
        for Met { limit, keep } in uses.met {
            let counter = self.policy.limits[*limit];
            let amount = if *keep { uses.charged.of(*limit) } else { uses.standing.of(*limit) };
            if counter.everyone {
                // Nothing goes back to a budget, whatever of the case is decided otherwise later: other members may
                // have been told already that it is used up.
                let before = case.charged_on(*limit);
                if amount > before {
                    let more = amount.sub(before).map_err(too_large("the budget of a rule"))?;
                    self.charge(*limit, case.at, more)?;
                    case.charge_on(*limit, amount);
                }
                continue;
            }
            let key = CounterKey::Limit(limit_key(self.policy, *limit, *keep, case));
            let series = self.books.counters.of(key.clone());
            if !series.set(case.at, id.by(), amount) {
                continue;
            }
            let behind: Vec<_> = series.behind(case.at, id.by()).collect();
            let stretch = self.around(counter.period, case.at)?;
            let apart = is_of_calendar(counter.period) || matches!(counter.period, Period::YearOfMember(_));
            for (at, by) in behind {
                let reads =
                    if apart { at < stretch.end } else { self.around(counter.period, at)?.start <= case.at };
                if !reads {
                    break;
                }
                dirty.wake(at, CaseId::of(by));
            }
        }
        Ok(())
    }

    /// What changes, line by line.
    fn changes(&self, decided: &BTreeMap<CaseId, Before>) -> Result<Vec<LineChange>, Refusal> {
        let mut order: Vec<_> = decided.iter().collect();
        order.sort_by_cached_key(|(id, _)| {
            let case = self.books.cases.get(**id);
            (case.at, case.event.clone(), **id)
        });
        let mut changes = Vec::new();
        for (id, before) in order {
            let case = self.books.cases.get(*id);
            for ((line, state), before) in case.lines.iter_enumerated().zip(before) {
                let mut streams = Vec::with_capacity(case.streams.len());
                for (stream, of) in case.streams.iter_enumerated() {
                    let place = Place { line, stream };
                    let keeping = keeps_points(self.policy, of.pool, case.at);
                    let points = points_in(self.policy, &case, &state.earned, place);
                    let matured = case.matured_of(place, points, self.at, keeping);
                    streams.push(StreamChange {
                        stream,
                        pending: points_in(self.policy, &case, before, place) - state.streams[stream].matured,
                        matured: matured.map_err(too_large("the order as it now stands"))?,
                    });
                }
                let (issued, dropped) = (above(&state.earned, before), above(before, &state.earned));
                changes.push(LineChange { case: *id, line, issued, dropped, streams });
            }
        }
        Ok(changes)
    }

    /// Points that paid for what has gone come back.
    fn restore(&mut self, changed: CaseId) -> Result<(), Refusal> {
        let mut back: Vec<(PaymentId, Piece, i64)> = Vec::new();
        {
            let case = self.books.cases.get(changed);
            for piece in case.pieces() {
                for (id, payment) in case.payments.iter_enumerated() {
                    let all = case.points_to_restore(payment, piece).map_err(too_large("the points paid"))?;
                    back.push((id, piece, all - payment.piece(piece).restored));
                }
            }
        }
        for (payment, piece, points) in back.into_iter().filter(|(.., points)| *points > 0) {
            self.give_back(changed, payment, piece, points);
            let (rule, at, left) = {
                let case = self.books.cases.get(changed);
                let paid = &case.payments[payment];
                (paid.rule, case.at, paid.points_out())
            };
            self.free_limits(&self.links.of_payments[rule], UsedAt { at, by: changed.by() }, left);
        }
        Ok(())
    }

    /// The case of a running or ended period among those of the policy, in a stretch of time.
    pub(super) fn running(&self, place: usize, stretch: Stretch) -> Option<CaseId> {
        self.stretch_case(self.links.ends.len() + place, stretch)
    }

    /// The case of a stretch of time: ended periods of the policy first, then running ones.
    pub(super) fn stretch_case(&self, place: usize, stretch: Stretch) -> Option<CaseId> {
        let range = stretch_key(place, stretch.start)..stretch_key(place, stretch.end);
        self.books.stretches.last_in(range).map(|(_, id)| *id)
    }
}

/// What is earned beyond what was earned before.
fn beyond(mut earning: Earning, before: &Earning) -> Result<Earning, Overflow> {
    for (line, before) in earning.lines.iter_mut().zip(&before.lines) {
        *line = above(line, before);
    }
    earning.used = earning.used.beyond(&before.used)?;
    for (total, before) in earning.totals.iter_mut().zip(&before.totals) {
        total.exact = total.exact.sub(before.exact)?.max(Ratio::ZERO);
        total.rounded = (total.rounded - before.rounded).max(0);
        total.given = (total.given - before.given).max(0);
    }
    Ok(earning)
}

/// What a case uses of the limits that it meets.
struct Uses<'u> {
    met: &'u [Met],
    /// As it now stands.
    standing: &'u Used,
    /// As it came about.
    charged: &'u Used,
}

/// What a case earns as it now stands, and what it would be charged as it came about.
fn earn(policy: &Policy, links: &Links, case: &Case, used: &UsedBefore) -> Result<(Earning, Used), Refusal> {
    let fits = || too_large("the order as it now stands");
    let rules = links.candidates.find(&case.order, case.at);
    let terms = Terms { policy, at: case.at, rules: &rules };
    let decide = |net: &Net<'_>| earned(terms, (&case.member, &case.known), net, used);
    let kept = case.streams.iter().filter(|stream| keeps_points(policy, stream.pool, case.at)).count();
    let all_keep = kept > 0 && kept == case.streams.len();
    let mut earning = decide(&case.net(all_keep).map_err(fits())?)?;
    if kept > 0 && !all_keep && !case.is_whole() {
        // What goes to a pool that a return leaves alone is decided as if nothing had come back.
        let as_kept = decide(&case.net(true).map_err(fits())?)?;
        earning = merge(policy, case.at, earning, as_kept)?;
    }
    let charged = match links.keeps && !case.is_whole() {
        true => decide(&case.gross().map_err(fits())?)?.used,
        false => earning.used.clone(),
    };
    Ok((earning, charged))
}

/// Rules that give to a pool that keeps its points earn, and use limits, as if nothing had come back; the others as it is.
fn merge(policy: &Policy, at: Timestamp, as_is: Earning, as_kept: Earning) -> Result<Earning, Refusal> {
    let keeps = |rule: EarnId| {
        let version = policy.earns[rule].at(at);
        version.is_some_and(|version| keeps_points(policy, version.body.pool, at))
    };
    let mut merged = as_is.clone();
    for (line, kept) in merged.lines.iter_mut().zip(&as_kept.lines) {
        line.retain(|earned| !keeps(earned.rule));
        line.extend(kept.iter().filter(|earned| keeps(earned.rule)));
        line.sort_by_key(|earned| earned.rule);
    }
    for (total, kept) in merged.totals.iter_mut().zip(as_kept.totals) {
        if keeps(total.rule) {
            *total = kept;
        }
    }
    let mut used = Used::default();
    for (id, counter) in policy.limits.iter_enumerated() {
        let amount = match (counter.owner, counter.counts) {
            (Owner::Earn(rule), _) => {
                if keeps(rule) {
                    as_kept.used.of(id)
                } else {
                    as_is.used.of(id)
                }
            }
            (Owner::Group(group), Counts::Points)
                if !as_is.used.of(id).is_zero() || !as_kept.used.of(id).is_zero() =>
            {
                let rules = rules_under(policy, group, at);
                let ours = merged.lines.iter().flatten().filter(|earned| rules.contains(&earned.rule));
                Ratio::whole(sum_of(ours.map(|earned| earned.points), "the sum of the rules")?)
            }
            _ => as_is.used.of(id),
        };
        used.add(id, amount).map_err(too_large("the sum of the rules"))?;
    }
    merged.used = used;
    Ok(merged)
}

/// The earn rules under a group.
fn rules_under(policy: &Policy, group: GroupId, at: Timestamp) -> Vec<EarnId> {
    let Some(version) = policy.groups[group].at(at) else { return Vec::new() };
    let members = version.body.of.iter();
    members
        .flat_map(|member| match member {
            Member::Earn(rule) => vec![*rule],
            Member::Group(inner) => rules_under(policy, *inner, at),
        })
        .collect()
}

/// Points of a line in one stream, out of what its rules give.
pub(crate) fn points_in(policy: &Policy, case: &Case, earned: &[Earned], place: Place) -> i64 {
    let ours = earned.iter().filter(|earned| {
        let version = policy.earns[earned.rule].at(case.at);
        version.and_then(|version| case.stream_of(earned.rule, version.body.pool)) == Some(place.stream)
    });
    ours.map(|earned| earned.points).sum()
}

/// By rule, what `more` has above `less`.
fn above(more: &[Earned], less: &[Earned]) -> Vec<Earned> {
    let points_in = |list: &[Earned], rule| list.iter().find(|e| e.rule == rule).map_or(0, |e| e.points);
    let above = more.iter().map(|e| Earned { rule: e.rule, points: e.points - points_in(less, e.rule) });
    above.filter(|earned| earned.points > 0).collect()
}
