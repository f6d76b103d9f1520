//! Moving points: what clocks they get, how they become available, are taken back, and come back to where they were paid
//! from.
//!
//! Points to take back come from what is left of the line's own points; its expired part is not taken a second time;
//! its spent part comes from the lots spent next, then is owed.

use jiff::Timestamp;
use std::sync::Arc;

use super::super::books::case::{Case, CaseId, LineId, PaymentId, Piece, Place, PoolTake, StreamId};
use super::super::books::entry::{Action, Bucket, Clause};
use super::super::books::lots::{Origin, Source, SpendOrder};
use super::{Acquired, Clock, Posting, Turn, Why, moment_at, overflow, too_large};
use crate::eval::net::Net;
use crate::eval::{Earned, Refusal, condition_holds};
use crate::policy::{EarnId, Expiry, ExpiryAnchorKind, LotExpiry, Policy, PoolId, RedeemId, Returns};
use crate::value::Overflow;

/// What changes on one line of a case.
pub(super) struct LineChange {
    pub case: CaseId,
    pub line: LineId,
    /// Points newly earned, by rule.
    pub issued: Vec<Earned>,
    /// Points no longer earned, by rule.
    pub dropped: Vec<Earned>,
    /// Of each stream: the points that were pending, and those that are available from now on.
    pub streams: Vec<StreamChange>,
}

/// What changes on one stream of a line.
pub(super) struct StreamChange {
    pub stream: StreamId,
    /// Points that were pending before the change.
    pub pending: i64,
    /// Of the line's points, those that are available from now on.
    pub matured: i64,
}

/// Points of a line's stream that are available from now on, and the event that made them so.
pub(super) struct Maturing {
    pub stream: StreamId,
    pub matured: i64,
    pub cause: Arc<str>,
}

/// The same, with what it adds.
struct Rising {
    stream: StreamId,
    matured: i64,
    points: i64,
    rule: Option<EarnId>,
    cause: Arc<str>,
}

impl Turn<'_> {
    /// When a lot acquired now is gone by its own clock.
    pub(super) fn lot_expiry(
        &self,
        pool: PoolId,
        clock: Clock,
        origin: &Origin,
    ) -> Result<Option<Timestamp>, Refusal> {
        let (at, rule) = match clock {
            Clock::At(expires) => return Ok(Some(expires)),
            Clock::From(from) => (from, None),
            Clock::Rule(rule) => (self.at, rule),
        };
        self.expiry_of_lot(pool, rule, at, origin)
    }

    /// When a lot acquired at an instant is gone by its own clock: the earn rule's where it has one, else the pool's.
    pub(super) fn expiry_of_lot(
        &self,
        pool: PoolId,
        rule: Option<EarnId>,
        at: Timestamp,
        origin: &Origin,
    ) -> Result<Option<Timestamp>, Refusal> {
        let case = origin.line.map(|(case, _)| self.books.cases.get(case));
        let own = rule.zip(case.as_ref()).and_then(|(rule, case)| own_clock(self.policy, rule, case.at));
        let of_pool = self.policy.pool_terms(pool, at).map(|terms| &terms.lot_expiry);
        // A rule's own clock is of the terms of its order.
        let terms = if own.is_some() { case.as_ref().map_or(at, |case| case.at) } else { at };
        let Some(LotExpiry::After { at: moment, from_earning, .. }) = own.or(of_pool) else {
            return Ok(None);
        };
        let anchor = case.filter(|_| *from_earning).map_or(at, |case| case.happened);
        let own = rule.filter(|_| own.is_some()).map(|rule| &self.policy.earns[rule].name);
        let name = own.unwrap_or(&self.policy.pools[pool].name);
        let moment = moment_at(self.policy, moment, terms, name)?;
        let expires = moment.deadline(&self.policy.calendar, anchor, self.policy.deadlines);
        // A deadline that has passed already kills at once, at the next look.
        Ok(Some(expires.map_err(too_large("the expiry rule"))?.max(at)))
    }

    /// The deadline after something that may extend the balance has happened at `at`. It never comes before the one
    /// that stands.
    pub(super) fn extended(
        &self,
        pool: PoolId,
        at: Timestamp,
        kind: ExpiryAnchorKind,
    ) -> Result<Option<Timestamp>, Refusal> {
        let standing = self.books.pools[pool].deadline;
        let extends = match self.policy.pool_terms(pool, at).map(|terms| &terms.expiry) {
            Some(Expiry::After { anchors, .. }) => anchors.iter().any(|anchor| anchor.kind == kind),
            _ => false,
        };
        Ok(if extends { standing.max(deadline_from(self.policy, pool, at)?) } else { standing })
    }

    /// The deadline after points have come in. A balance that nothing has extended yet counts from its first points, so that
    /// points brought by a grant do not live for ever.
    pub(super) fn extended_by_points(
        &self,
        pool: PoolId,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        match self.extended(pool, at, ExpiryAnchorKind::Acquired)? {
            None => deadline_from(self.policy, pool, at),
            extended => Ok(extended),
        }
    }

    /// Something has happened to an order or event that may extend balances: of all pools, or of some. The anchor's own
    /// condition, read on the order as placed, must hold too.
    pub(super) fn extend(
        &mut self,
        kind: ExpiryAnchorKind,
        case: &Case,
        pools: &[PoolId],
    ) -> Result<(), Refusal> {
        let mut gross: Option<Net<'_>> = None;
        for pool in pools {
            let anchors = match self.policy.pool_terms(*pool, self.at).map(|terms| &terms.expiry) {
                Some(Expiry::After { anchors, .. }) => anchors.as_slice(),
                _ => &[],
            };
            for anchor in anchors.iter().filter(|anchor| anchor.kind == kind) {
                let holds = match &anchor.when {
                    None => true,
                    Some(condition) => {
                        let net = match &gross {
                            Some(net) => net,
                            None => gross.insert(case.gross().map_err(too_large("the order"))?),
                        };
                        condition_holds(
                            self.policy,
                            case.at,
                            (&case.member, &case.known),
                            Some(net),
                            condition,
                        )?
                    }
                };
                if holds {
                    let extended = self.extended(*pool, self.at, kind)?;
                    let book = &mut self.books.pools[*pool];
                    book.deadline = book.deadline.max(extended);
                }
            }
        }
        Ok(())
    }

    /// Points of a line become available: of several streams in the order in which they die, then by rule.
    pub(super) fn mature(&mut self, case: CaseId, line: LineId, due: Vec<Maturing>) -> Result<(), Refusal> {
        let (event, terms) = {
            let case = self.books.cases.get(case);
            (case.event.clone(), case.at)
        };
        let origin = Origin { event, line: Some((case, line)) };
        // Opened once, in case it is packed.
        self.books.cases.get_mut(case);
        let mut rising = Vec::new();
        for Maturing { stream, matured, cause } in due {
            let of = self.books.cases.get(case);
            let points = matured - of.lines[line].streams[stream].matured;
            if points > 0 {
                let (pool, rule) = (of.streams[stream].pool, of.streams[stream].rule);
                let dies = self.lot_expiry(pool, Clock::Rule(rule), &origin)?.unwrap_or(Timestamp::MAX);
                let name = rule.map(|rule| self.links.by_name[rule]);
                rising.push(((pool, dies, name), Rising { stream, matured, points, rule, cause }));
            }
        }
        rising.sort_by_key(|rising| rising.0);
        for ((pool, ..), Rising { stream, matured, points, rule, cause }) in rising {
            let lot = self.books.pools[pool].lots.next_lot();
            let state = &mut self.books.cases.get_mut(case).lines[line].streams[stream];
            state.matured = matured;
            state.lots.push(lot);
            let why = Why {
                event: Some(cause),
                clause: Some(Clause::Pending { pool, rule, terms }),
                line: Some((case, Some(line))),
                ..Why::default()
            };
            let (action, from, clock) = (Action::Acquire, Bucket::Pending, Clock::Rule(rule));
            self.acquire(Acquired { pool, points, action, from, origin: origin.clone(), clock, why })?;
        }
        Ok(())
    }

    /// Takes up to `points` from pools, one after the other, each in its spending order.
    pub(super) fn take(&mut self, pools: &[PoolId], points: i64) -> Vec<PoolTake> {
        let mut takes = Vec::new();
        let mut left = points;
        for pool in pools {
            let Some(terms) = self.policy.pool_terms(*pool, self.at) else { continue };
            for take in self.books.pools[*pool].lots.spend(left, SpendOrder::of(&terms.spend)) {
                left -= take.points;
                takes.push(PoolTake { pool: *pool, source: take.source, points: take.points });
            }
        }
        takes
    }

    /// Posts what was taken.
    pub(super) fn post_take(&mut self, take: &PoolTake, action: Action, to: Bucket, why: Why) {
        let lot = if let Source::Lot(lot) = take.source { Some(lot) } else { None };
        let (pool, points) = (take.pool, take.points);
        let why = Why { lot, ..why };
        self.post(Posting { pool, action, from: Bucket::Available, to, points, why });
    }

    /// Takes back what a line no longer earns. Where another rule now earns in its place, that is issued first as far as the
    /// points are not pending otherwise, so that no entry takes points from where they are not.
    pub(super) fn take_back(&mut self, change: &mut LineChange) -> Result<(), Refusal> {
        let mut streams: Vec<(PoolId, Timestamp, Option<usize>, usize)> = Vec::new();
        for (index, of) in change.streams.iter().enumerate() {
            let case = self.books.cases.get(change.case);
            let (pool, rule) = (case.streams[of.stream].pool, case.streams[of.stream].rule);
            let lots = &case.lines[change.line].streams[of.stream].lots;
            let dies = lots.iter().filter_map(|lot| self.books.pools[pool].lots.lot(*lot)?.expires).min();
            let name = rule.map(|rule| self.links.by_name[rule]);
            streams.push((pool, dies.unwrap_or(Timestamp::MAX), name, index));
        }
        streams.sort_unstable();
        for (.., index) in streams {
            let Some(StreamChange { stream, pending, matured }) = change.streams.get(index) else { continue };
            self.take_back_of(
                change.case,
                &mut StreamBack {
                    place: Place { line: change.line, stream: *stream },
                    pending: *pending,
                    matured: *matured,
                    dropped: &change.dropped,
                    issued: &mut change.issued,
                },
            )?;
        }
        Ok(())
    }

    fn take_back_of(&mut self, case: CaseId, back: &mut StreamBack<'_>) -> Result<(), Refusal> {
        let place = back.place;
        let state = &mut self.books.cases.get_mut(case).lines[place.line].streams[place.stream];
        let mut falls = (state.matured - back.matured).max(0);
        state.matured = state.matured.min(back.matured);
        let mut pending = back.pending;
        // What falls out of the available part is dropped as far as the decision dropped anything; the rest of it
        // goes back to pending, because fewer of the kept units are due. Which rule's points these are goes by name.
        let mut postings: Vec<(usize, Posting)> = Vec::new();
        for index in self.by_name(back.dropped) {
            let Some(Earned { rule, points }) = back.dropped.get(index) else { continue };
            if self.stream_of(case, *rule) != Some(place.stream) {
                continue;
            }
            let from_available = falls.min(*points);
            falls -= from_available;
            let from_pending = *points - from_available;
            pending += self.issue_of(case, place, from_pending - pending, back.issued);
            pending -= from_pending;
            let why = self.why(case, place.line, Some(*rule));
            let pool = self.pool_of(case, place.stream);
            let (action, from, to) = (Action::Reverse, Bucket::Pending, Bucket::Reversed);
            postings
                .push((index, Posting { pool, action, from, to, points: from_pending, why: why.clone() }));
            for collected in self.collect(case, place, from_available) {
                let (points, why) = (collected.points, Why { lot: collected.lot, ..why.clone() });
                postings.push((index, Posting { pool, action, from: Bucket::Available, to, points, why }));
            }
        }
        // They are told in the order of the rules.
        postings.sort_by_key(|(index, _)| *index);
        postings.into_iter().for_each(|(_, posting)| self.post(posting));
        self.suspend(case, place, falls)
    }

    /// The places of what rules earned, by the rules' names.
    fn by_name(&self, earned: &[Earned]) -> Vec<usize> {
        let names = earned.iter().enumerate().map(|(index, of)| (self.links.by_name[of.rule], index));
        let mut names: Vec<(usize, usize)> = names.collect();
        names.sort_unstable();
        names.into_iter().map(|(_, index)| index).collect()
    }

    /// Issues up to `most` of what is newly earned in a stream; says how much.
    fn issue_of(&mut self, case: CaseId, place: Place, most: i64, issued: &mut [Earned]) -> i64 {
        let mut left = most.max(0);
        if left == 0 {
            return 0;
        }
        for index in self.by_name(issued) {
            let Some(earned) = issued.get_mut(index) else { continue };
            let points = earned.points.min(left);
            if points > 0 && self.stream_of(case, earned.rule) == Some(place.stream) {
                earned.points -= points;
                left -= points;
                self.issue(case, place.line, Earned { rule: earned.rule, points });
            }
        }
        most.max(0) - left
    }

    /// Points are earned on a line: pending at first.
    pub(super) fn issue(&mut self, case: CaseId, line: LineId, earned: Earned) {
        let Some(stream) = self.stream_of(case, earned.rule) else { return };
        let pool = self.pool_of(case, stream);
        let why = self.why(case, line, Some(earned.rule));
        let (action, from, to) = (Action::Earn, Bucket::Programme, Bucket::Pending);
        self.post(Posting { pool, action, from, to, points: earned.points, why });
    }

    fn stream_of(&self, case: CaseId, rule: EarnId) -> Option<StreamId> {
        let case = self.books.cases.get(case);
        case.stream_of(rule, self.policy.earns[rule].at(case.at)?.body.pool)
    }

    fn pool_of(&self, case: CaseId, stream: StreamId) -> PoolId {
        self.books.cases.get(case).streams[stream].pool
    }

    fn suspend(&mut self, case: CaseId, place: Place, points: i64) -> Result<(), Refusal> {
        let pool = self.pool_of(case, place.stream);
        let why = self.why_pending(case, place.line, pool);
        let mut found = 0;
        for collected in self.collect(case, place, points) {
            found += collected.points;
            let (action, from, to) = (Action::Suspend, Bucket::Available, Bucket::Pending);
            let (points, why) = (collected.points, Why { lot: collected.lot, ..why.clone() });
            self.post(Posting { pool, action, from, to, points, why });
        }
        // What has expired (or was forgiven) cannot wait again; the pending part it stood for is earned anew.
        let (action, from, to) = (Action::Earn, Bucket::Programme, Bucket::Pending);
        self.make_room(points - found)?;
        self.post(Posting { pool, action, from, to, points: points - found, why });
        Ok(())
    }

    /// Finds `points` of a line's available part: see [`super::super::books::lots::LotsDraft::collect`].
    fn collect(
        &mut self,
        case: CaseId,
        place: Place,
        points: i64,
    ) -> Vec<super::super::books::lots::Collected> {
        if points == 0 {
            return Vec::new();
        }
        let (own, pool, at) = {
            let case = self.books.cases.get(case);
            let own = case.lines[place.line].streams[place.stream].lots.clone();
            (own, case.streams[place.stream].pool, case.at)
        };
        let Some(terms) = self.policy.pool_terms(pool, at) else { return Vec::new() };
        let owes = terms.returns == Returns::TakeBackDebt;
        self.books.pools[pool].lots.collect(&own, points, SpendOrder::of(&terms.spend), owes)
    }

    /// Gives `points` of a payment that were paid for a piece of an order back, the lots taken last first.
    pub(super) fn give_back(&mut self, case: CaseId, payment: PaymentId, piece: Piece, points: i64) {
        let mut left = points;
        let (rule, terms) = {
            let case = self.books.cases.get_mut(case);
            case.payments[payment].piece_mut(piece).restored += points;
            (case.payments[payment].rule, case.at)
        };
        while left > 0 {
            let takes = &mut self.books.cases.get_mut(case).payments[payment].takes;
            let Some(take) = takes.iter_mut().rev().find(|take| take.points > 0) else { return };
            let back = left.min(take.points);
            take.points -= back;
            left -= back;
            let take = PoolTake { points: back, ..*take };
            let line = match piece {
                Piece::Line(line) => Some(line),
                Piece::Shipping => None,
            };
            let why = Why {
                event: Some(self.cause.clone()),
                clause: Some(Clause::Redeem { rule, terms }),
                line: Some((case, line)),
                ..Why::default()
            };
            self.give_back_to(take, Bucket::Redeemed, why);
        }
    }

    /// Points paid come back to where they were taken; to a lot that has lapsed they come back expired.
    pub(super) fn give_back_to(&mut self, take: PoolTake, from: Bucket, why: Why) {
        let PoolTake { pool, source, points } = take;
        let (lot, died) = match source {
            Source::Debt(debt) => {
                self.books.pools[pool].lots.owe_less(debt, points);
                (None, 0)
            }
            Source::Lot(lot) => {
                let (died, refilled) = self.books.pools[pool].lots.give_back(lot, points);
                self.rebook(pool, refilled);
                (Some(lot), died)
            }
        };
        let why = Why { lot, ..why };
        let (action, to) = (Action::Restore, Bucket::Available);
        self.post(Posting { pool, action, from, to, points: points - died, why: why.clone() });
        let clause = Some(Clause::Expiry { pool, terms: self.at });
        // What is no longer elsewhere is said once.
        let arrived = why.arrived.clone().filter(|_| died == points);
        let (action, to) = (Action::Expire, Bucket::Expired);
        self.post(Posting { pool, action, from, to, points: died, why: Why { clause, arrived, ..why } });
    }

    /// What led to a movement of a line's points.
    pub(super) fn why(&self, case: CaseId, line: LineId, rule: Option<EarnId>) -> Why {
        let terms = self.books.cases.get(case).at;
        let clause = rule.map(|rule| Clause::Earn { rule, terms });
        Why { event: Some(self.cause.clone()), clause, line: Some((case, Some(line))), ..Why::default() }
    }

    fn why_pending(&self, case: CaseId, line: LineId, pool: PoolId) -> Why {
        let terms = self.books.cases.get(case).at;
        let clause = Some(Clause::Pending { pool, rule: None, terms });
        Why { clause, ..self.why(case, line, None) }
    }
}

/// What is taken back of one stream of a line.
struct StreamBack<'c> {
    place: Place,
    pending: i64,
    matured: i64,
    dropped: &'c [Earned],
    issued: &'c mut Vec<Earned>,
}

fn own_clock(policy: &Policy, rule: EarnId, at: Timestamp) -> Option<&LotExpiry> {
    policy.earns[rule].at(at)?.body.lot_expiry.as_ref().map(|(clock, _)| clock)
}

/// The pools that a redeem rule takes from, in order: those spent before its own, then its own.
pub(super) fn spending_pools(policy: &Policy, rule: RedeemId, at: Timestamp) -> Vec<PoolId> {
    let mut order = Vec::new();
    if let Some(version) = policy.redeems[rule].at(at) {
        before(policy, version.body.pool, at, &mut order);
    }
    order
}

fn before(policy: &Policy, pool: PoolId, at: Timestamp, order: &mut Vec<PoolId>) {
    let mut others: Vec<PoolId> = policy.pools.ids().filter(|other| *other != pool).collect();
    others.sort_by(|a, b| policy.pools[*a].name.cmp(&policy.pools[*b].name));
    for other in others {
        let goes_before = policy.pool_terms(other, at).is_some_and(|terms| terms.before.contains(&pool));
        if goes_before && !order.contains(&other) {
            before(policy, other, at, order);
        }
    }
    if !order.contains(&pool) {
        order.push(pool);
    }
}

/// A sum of points that must fit.
pub(super) fn sum_of(points: impl Iterator<Item = i64>, what: &str) -> Result<i64, Refusal> {
    let mut points = points;
    points.try_fold(0i64, |sum, points| sum.checked_add(points)).ok_or(Overflow).map_err(|_| overflow(what))
}

/// The deadline of a pool counted from an instant, by the terms of that instant; None where its balance has none.
pub(crate) fn deadline_from(
    policy: &Policy,
    pool: PoolId,
    at: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let Some(Expiry::After { at: moment, .. }) = policy.pool_terms(pool, at).map(|terms| &terms.expiry)
    else {
        return Ok(None);
    };
    let moment = moment_at(policy, moment, at, &policy.pools[pool].name)?;
    let deadline = moment.deadline(&policy.calendar, at, policy.deadlines);
    deadline.map(Some).map_err(too_large("the expiry rule"))
}
