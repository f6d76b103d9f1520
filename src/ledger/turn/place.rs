//! Orders and declared events come in, and stretches of time at which rules look: what they pay with, when their points will
//! be available, and what they earn.

use jiff::Timestamp;
use std::sync::Arc;

use super::super::books::case::{
    Case, CaseId, CaseLine, Due, Interval, LineStream, PaidPiece, Payment, PoolTake, Stream, StreamId,
};
use super::super::books::counters::CounterKey;
use super::super::books::entry::{Action, Bucket, Clause};
use super::super::books::instant::Stored;
use super::super::books::lots::Source;
use super::super::books::{Ended, Task, stretch_key};
use super::super::period::{Stretch, just_before};
use super::posting::spending_pools;
use super::{Turn, Why, overflow, too_large};
use crate::eval::context::{Context, Fault};
use crate::eval::net::Net;
use crate::eval::order::{Known, MemberFacts, Order};
use crate::eval::{PaymentPlan, Refusal, RefusalCode, context_of, payments, refuse};
use crate::policy::reads::Reads;
use crate::policy::{
    Earn, EventId, Expiry, ExpiryAnchorKind, IdVec, Limit, Occasion, Pending, PendingAnchor, Period, Policy,
    PoolId, Rule,
};
use crate::value::Overflow;
use crate::value::time::LocalTime;

/// Where a new case comes from, and when.
struct Entering {
    number: Arc<str>,
    event: Arc<str>,
    /// Its terms are those in force then.
    at: Timestamp,
    /// When it happened.
    happened: Timestamp,
    order: Order,
    member: MemberFacts,
    known: Known,
}

impl Turn<'_> {
    /// An order is placed.
    pub(super) fn place(&mut self, number: &str, order: Order) -> Result<(), Refusal> {
        for pool in self.policy.pools.ids().take(1) {
            self.terms(pool)?;
        }
        if let Some(earlier) = self.books.numbers.get(number) {
            let event = self.books.cases.get(*earlier).event.clone();
            let message = format!("order `{number}` was already placed by event `{event}`");
            return Err(Refusal::new(RefusalCode::DuplicateOrder, "order", message));
        }
        let known = self.known()?;
        let paying: Vec<Limit> = self.limits_of_payments();
        let used = self.used_by_now(&paying)?;
        let mut plans = payments(self.policy, self.at, (&self.books.member, &known), &order, &used)?;
        // One payment: who may take from fewer pools takes first.
        plans.sort_by_key(|plan| {
            let pools = spending_pools(self.policy, plan.rule, self.at);
            (pools.len(), &self.policy.redeems[plan.rule].name)
        });
        if !order.honoured {
            self.check_payments(&plans)?;
        }
        let member = self.books.member.clone().into_owned();
        let (event, number) = (self.cause.clone(), Arc::<str>::from(number));
        let at = self.at;
        let entering = Entering { number: number.clone(), event, at, happened: at, order, member, known };
        let mut case = self.case(entering)?;
        case.payments = plans.into_iter().map(payment).collect();
        case.ships = self.ships(at);
        let all: Vec<PoolId> = self.policy.pools.ids().collect();
        self.extend(ExpiryAnchorKind::OrderPlaced, &case, &all)?;
        for payment in case.payments.iter() {
            let pools = spending_pools(self.policy, payment.rule, at);
            self.extend(ExpiryAnchorKind::Redeemed, &case, &pools)?;
        }
        let id = self.enter(case)?;
        self.books.numbers.insert(number, id);
        Ok(())
    }

    /// A declared event happens.
    pub(super) fn happen(&mut self, kind: EventId, order: Order) -> Result<(), Refusal> {
        let known = self.known()?;
        let member = self.books.member.clone().into_owned();
        let (at, event) = (self.at, self.cause.clone());
        let number = event.clone();
        let mut case = self.case(Entering { number, event, at, happened: at, order, member, known })?;
        case.marks = vec![None; self.policy.events[kind].marks.len()];
        let all: Vec<PoolId> = self.policy.pools.ids().collect();
        self.extend(ExpiryAnchorKind::Happened(kind), &case, &all)?;
        let id = self.enter(case)?;
        self.books.events.insert(self.cause.clone(), id);
        Ok(())
    }

    /// A new case takes its place and is decided.
    fn enter(&mut self, case: Case) -> Result<CaseId, Refusal> {
        let id = self.add(case);
        self.settle(id)?;
        self.schedule(id);
        Ok(id)
    }

    /// A new case takes its place among the others, and is noted where it reads whole periods.
    fn add(&mut self, case: Case) -> CaseId {
        let (of, at) = (case.order.of, case.at);
        let id = self.books.cases.push(case);
        for measure in self.links.in_all(of) {
            self.books.counters.of(CounterKey::Readers(*measure)).set_if_missing(at, id.by());
        }
        let place = match of {
            Occasion::Period(period) => self.links.ends.iter().position(|known| *known == period),
            Occasion::Running(period) => {
                let place = self.links.running.iter().position(|known| known.period == period);
                place.map(|place| self.links.ends.len() + place)
            }
            Occasion::Order | Occasion::Event(_) => None,
        };
        if let Some(place) = place {
            self.books.stretches.insert(stretch_key(place, at), id);
        }
        id
    }

    /// True where goods have to ship before they can be returned, by the terms of an instant.
    fn ships(&self, at: Timestamp) -> bool {
        let shipped =
            |pending: &Pending| matches!(pending, Pending::Until { anchor: PendingAnchor::Shipped, .. });
        let rules = self.policy.earns.iter().filter_map(|rule| rule.at(at));
        let mut own = rules.filter_map(|version| version.body.pending.as_ref());
        let by_pool = |pool: PoolId| {
            self.policy.pool_terms(pool, at).is_some_and(|terms| {
                let extends = match &terms.expiry {
                    Expiry::After { anchors, .. } => {
                        anchors.iter().any(|anchor| anchor.kind == ExpiryAnchorKind::Shipped)
                    }
                    Expiry::Never => false,
                };
                shipped(&terms.pending) || extends
            })
        };
        own.any(|(pending, _)| shipped(pending)) || self.policy.pools.ids().any(by_pool)
    }

    /// The limits of the redeem rules that pay now.
    pub(super) fn limits_of_payments(&self) -> Vec<Limit> {
        let rules = self.policy.redeems.iter().filter_map(|rule| rule.at(self.at));
        rules.flat_map(|version| version.body.limits.iter().cloned()).collect()
    }

    /// Refuses payments for which the pools hold too little: together, as they would be taken.
    fn check_payments(&self, plans: &[PaymentPlan]) -> Result<(), Refusal> {
        let held = self.books.pools.iter().map(|pool| i128::from(pool.balance.available));
        let mut held: IdVec<PoolId, i128> = held.collect();
        for plan in plans {
            let pools = spending_pools(self.policy, plan.rule, self.at);
            self.check_held(&held, &pools, plan.points, "redeem")?;
            let mut left = i128::from(plan.points);
            for pool in pools {
                let taken = left.min(held[pool].max(0));
                held[pool] -= taken;
                left -= taken;
            }
        }
        Ok(())
    }

    /// A period at which rules look has ended: what they give for it is posted now.
    pub(super) fn end_period(&mut self, place: usize) -> Result<(), Refusal> {
        let Some(period) = self.links.ends.get(place).copied() else { return Ok(()) };
        let last = just_before(self.at).map_err(too_large("the calendar"))?;
        let ended = self.around(period, last)?;
        let next = self.around(period, self.at)?.end;
        self.books.agenda.insert((next, Task::End(place)));
        let counted = self.books.counters.of(CounterKey::Counted).sum(ended.start, ended.end);
        let counted = counted.map_err(too_large("what measures count"))?;
        if counted.is_zero() && !self.is_given_for_nothing(period, last) {
            return self.note_ended(last);
        }
        let known = self.known_before(last)?;
        let member = self.books.member.clone().into_owned();
        self.cause = stretch_name(self.policy, last);
        let id = self.enter_period(period, last, self.at, member, known)?;
        self.settle(id)?;
        self.schedule(id);
        Ok(())
    }

    /// True where a rule gives something for a period in which nothing was counted.
    fn is_given_for_nothing(&self, period: Period, last: Timestamp) -> bool {
        self.policy.earns.iter().any(|rule: &Rule<Earn>| {
            let version = rule.at(last).filter(|version| version.body.of == Occasion::Period(period));
            version.is_some_and(|version| {
                let mut reads = Reads::at(self.policy, last);
                reads.earn(&version.body);
                reads.measures().next().is_none()
            })
        })
    }

    /// A period has ended in which nothing was counted: what is known of the member is kept, should something count there
    /// later.
    fn note_ended(&mut self, last: Timestamp) -> Result<(), Refusal> {
        let levels = self.known_before(last)?.levels;
        let note = Ended { at: last, member: self.books.member.clone().into_owned(), levels };
        let known = self.books.ended.last();
        if known.is_none_or(|known| (&known.member, &known.levels) != (&note.member, &note.levels)) {
            self.books.ended.push(note);
        }
        Ok(())
    }

    fn enter_period(
        &mut self,
        period: Period,
        last: Timestamp,
        happened: Timestamp,
        member: MemberFacts,
        known: Known,
    ) -> Result<CaseId, Refusal> {
        let name = stretch_name(self.policy, last);
        let order = Order::period(Occasion::Period(period));
        let (number, event) = (name.clone(), name);
        let case = self.case(Entering { number, event, at: last, happened, order, member, known })?;
        Ok(self.add(case))
    }

    /// Something has been counted at these instants: stretches of time at which rules look while they run, or have looked
    /// when they ended and found nothing, take their place among the cases.
    pub(super) fn begin_stretches(&mut self, counted: &[Timestamp]) -> Result<Vec<CaseId>, Refusal> {
        let mut begun = Vec::new();
        let links = self.links;
        for (place, period) in links.ends.iter().copied().enumerate() {
            for when in counted {
                let stretch = self.around(period, *when)?;
                let over = stretch.end <= self.at && self.books.base.used;
                if !over || self.stretch_case(place, stretch).is_some() {
                    continue;
                }
                let last = just_before(stretch.end).map_err(too_large("the calendar"))?;
                let Some(note) = self.books.ended.rfind(|note| note.at <= last).cloned() else { continue };
                let mut known = self.known_at(last)?;
                known.levels = note.levels;
                begun.push(self.enter_period(period, last, stretch.end, note.member, known)?);
            }
        }
        for (place, running) in links.running.iter().enumerate() {
            let period = running.period;
            for when in counted {
                let whole = self.around(period, *when)?;
                let stretch = running.part(whole, *when);
                if self.running(place, stretch).is_some() {
                    continue;
                }
                // A calendar's period has the terms of its last instant, as one that is looked at when it has ended; what
                // never ends has those of now.
                let last = if whole.end == Timestamp::MAX && stretch.contains(self.at) {
                    self.at
                } else {
                    just_before(stretch.end).map_err(too_large("the calendar"))?
                };
                let number = part_name(self.policy, whole, stretch)?;
                let known = self.known()?;
                let member = self.books.member.clone().into_owned();
                let (event, order) = (self.cause.clone(), Order::period(Occasion::Running(period)));
                let happened = self.at;
                let case = self.case(Entering { number, event, at: last, happened, order, member, known })?;
                begun.push(self.add(case));
            }
        }
        Ok(begun)
    }

    /// Notes when the points of a case become available, where that is known.
    pub(super) fn schedule(&mut self, id: CaseId) {
        let case = self.books.cases.get(id);
        let dues = case.streams.iter().filter_map(|stream| match stream.due {
            Due::Fixed(interval) if interval.by > self.at => Some(interval.by),
            _ => None,
        });
        let dues: Vec<Timestamp> = dues.collect();
        let (at, event) = (case.at.plain(), case.event.clone());
        for when in dues {
            self.books.agenda.insert((when, Task::Mature { at, event: event.clone(), case: id }));
        }
    }

    /// A case with nothing decided yet.
    fn case(&self, entering: Entering) -> Result<Case, Refusal> {
        let Entering { number, event, at, happened, order, member, known } = entering;
        let net = Net::placed(&order);
        let context = Context { order: Some(&net), ..context_of(self.policy, at, &member, &known) };
        let ended = match order.of {
            Occasion::Running(period) if period != Period::AllTime => Some(self.around(period, at)?.end),
            _ => None,
        };
        let streams = streams(&context, order.of, happened, ended).map_err(|fault| match fault {
            Fault::Overflow => overflow("the pending rule"),
            fault => refuse(self.policy, fault, "the pending rule"),
        })?;
        let waiting = IdVec::<StreamId, _>::filled(streams.len(), LineStream::default());
        let line = CaseLine { streams: waiting, ..CaseLine::default() };
        Ok(Case {
            number,
            event,
            at,
            happened,
            lines: order.lines.iter().map(|_| line.clone()).collect(),
            shipping_refunded: 0,
            order: order.into(),
            member,
            known: known.into(),
            streams: streams.into(),
            payments: IdVec::default(),
            marks: Vec::new(),
            charged: Vec::new(),
            contributions: Vec::new(),
            totals: Vec::new(),
            ships: false,
        })
    }

    /// Takes the points that pay for an order; what is not there (an honoured order) is owed.
    pub(super) fn pay(&mut self, id: CaseId) -> Result<(), Refusal> {
        let unpaid: Vec<_> = {
            let case = self.books.cases.get(id);
            let unpaid = case.payments.iter_enumerated().filter(|(_, payment)| payment.takes.is_empty());
            unpaid.map(|(place, payment)| (place, payment.rule, payment.points_out())).collect()
        };
        for (place, rule, points) in unpaid {
            let pools = spending_pools(self.policy, rule, self.at);
            let mut takes = self.take(&pools, points);
            let missing = points - takes.iter().map(|take| take.points).sum::<i64>();
            if let Some(main) = pools.last().filter(|_| missing > 0) {
                let debt = self.books.pools[*main].lots.owe(missing, Some((id, place)));
                takes.push(PoolTake { pool: *main, source: Source::Debt(debt), points: missing });
            }
            for take in &takes {
                let why = Why {
                    event: Some(self.cause.clone()),
                    clause: Some(Clause::Redeem { rule, terms: self.at }),
                    line: Some((id, None)),
                    ..Why::default()
                };
                self.post_take(take, Action::Redeem, Bucket::Redeemed, why);
            }
            self.use_limits(&self.links.of_payments[rule], id.by(), points)?;
            self.books.cases.get_mut(id).payments[place].takes = takes;
        }
        Ok(())
    }
}

fn payment(plan: PaymentPlan) -> Payment {
    let piece = |paid| PaidPiece { paid, restored: 0 };
    Payment {
        rule: plan.rule,
        lines: plan.split.lines.into_iter().map(piece).collect(),
        shipping: piece(plan.split.shipping),
        takes: Vec::new(),
    }
}

/// What a stretch of time is called, by its last instant.
fn stretch_name(policy: &Policy, last: Timestamp) -> Arc<str> {
    format!("until {}", policy.calendar.zone.local(last).date()).into()
}

/// What a part of a stretch is called: as the whole, and from when on where its terms had changed by then. What changes later
/// changes no name.
fn part_name(policy: &Policy, whole: Stretch, part: Stretch) -> Result<Arc<str>, Refusal> {
    let begins = (part.start > whole.start).then(|| LocalTime(policy.calendar.zone.local(part.start)));
    if whole.end == Timestamp::MAX {
        return Ok(begins.map_or_else(|| "all time".into(), |begins| format!("from {begins}").into()));
    }
    let name = stretch_name(policy, just_before(whole.end).map_err(too_large("the calendar"))?);
    Ok(begins.map_or_else(|| name.clone(), |begins| format!("from {begins} {name}").into()))
}

/// Where the points of an order or event go, and when they become available there. `ended` is when the running period ends
/// that the case stands for.
fn streams(
    context: &Context<'_>,
    of: Occasion,
    happened: Timestamp,
    ended: Option<Timestamp>,
) -> Result<IdVec<StreamId, Stream>, Fault> {
    let (policy, at) = (context.policy, context.at);
    let mut streams: IdVec<StreamId, Stream> = IdVec::default();
    for (id, rule) in policy.earns.iter_enumerated() {
        let Some(version) = rule.at(at).filter(|version| version.body.of == of) else { continue };
        let pool = version.body.pool;
        let of_pool = policy.pool_terms(pool, at).map(|terms| &terms.pending);
        let (pending, rule) = match (&version.body.pending, &version.body.lot_expiry) {
            (Some((pending, _)), _) => (Some(pending), Some(id)),
            (None, Some(_)) => (of_pool, Some(id)),
            (None, None) => (of_pool, None),
        };
        if rule.is_none() && streams.iter().any(|stream| stream.rule.is_none() && stream.pool == pool) {
            continue;
        }
        let pending = pending.ok_or(Fault::NoTerms(pool))?;
        // `period ended`
        let ended = ended.filter(|_| matches!(pending, Pending::Until { .. }));
        let counts_from = ended.unwrap_or(happened);
        let due = due(context, pending, counts_from)?;
        streams.push(Stream { pool, rule, due });
    }
    Ok(streams)
}

/// The lengths of a wait are settled when the order is placed.
fn due(context: &Context<'_>, pending: &Pending, happened: Timestamp) -> Result<Due, Fault> {
    let calendar = &context.policy.calendar;
    Ok(match pending {
        Pending::Never => Due::Fixed(Interval { from: happened, by: happened }),
        Pending::Until { from, by, anchor } => {
            let (from, by) = (context.moment(from)?, context.moment(by)?);
            let instants = || -> Result<Interval, Overflow> {
                Ok(Interval { from: from.instant(calendar, happened)?, by: by.instant(calendar, happened)? })
            };
            match anchor {
                PendingAnchor::Happened => Due::Fixed(instants()?),
                PendingAnchor::Shipped => Due::Shipped { from, by },
                PendingAnchor::Mark(mark) => Due::Mark { mark: *mark, from, by },
            }
        }
    })
}
