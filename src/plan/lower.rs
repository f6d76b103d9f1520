//! Lowering: rules that count by the line, in whole numbers, become short code; guards that rules share are read once for a
//! line. A rule that cannot be lowered is told with the reason, and orders in its time are left to the reference.

use jiff::Timestamp;

use super::candidates::{floor, passing, seconds};
use super::dated::{Dated, Seconds};
use super::order::{Layout, scale_of};
use crate::policy::{
    Amount, Base, BaseOf, Comparison, Condition, Earn, EarnId, FactId, FactType, Grain, Group, GroupId,
    IdVec, LimitScope, Member, Occasion, Policy, Quantity, Subject, Test, ValueBody, ValueId, Version,
    Window,
};
use crate::value::choice::Combine;
use crate::value::{Ratio, Rounding};

/// How many different guards, and how many versions of groups, code can name.
const MOST: usize = 64;

/// The code of a policy's rules for orders.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub layout: Layout,
    pub guards: Vec<Guard>,
    /// Guards that read the order alone.
    pub of_order: u64,
    /// Of rules that go by no category.
    pub everywhere: Dated<Code>,
    /// Of the others, by category.
    pub code: Vec<Dated<Code>>,
    /// The rules by name: the order in which they share what a limit leaves.
    pub by_name: IdVec<EarnId, usize>,
    /// Limits that rules share, in the order in which they cut.
    pub shared: Dated<Shared>,
    /// Rules and groups that are not lowered.
    pub unlowered: Dated<u32>,
    pub why: Vec<Unlowered>,
}

/// What is not lowered, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unlowered {
    /// The rule's, or the group's, name.
    pub name: String,
    pub why: &'static str,
}

/// A rule on lines of one category while its terms last: points are the price, times a factor (and a fact), over a divisor,
/// rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Code {
    /// The guards that must hold.
    pub guards: u64,
    /// The groups that hold the rule.
    pub groups: u64,
    pub factor: i64,
    /// The most points for one line.
    pub most: i64,
    pub rule: EarnId,
    /// The word of the line's fact that multiplies; `u16::MAX` for none.
    pub slot: u16,
    pub divisor: Divisor,
    pub rounding: Rounding,
    /// False for points that do not go by the price.
    pub by_price: bool,
    /// Above 0: whole steps are counted first, then give so many points each.
    pub each_step: i64,
}

/// No slot.
pub(super) const NO_SLOT: u16 = u16::MAX;

/// A condition on slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// A word, of the order or of the line, is one of these: a choice, or yes and no.
    OneOf { of_order: bool, slot: u16, among: u64 },
    /// A word compares with a number.
    Compare { of_order: bool, slot: u16, op: Comparison, with: i64 },
}

/// A limit that all members of a group share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shared {
    pub group: u64,
    pub room: i64,
    /// Over what: each line, or the whole order, in the order of lines.
    pub by_line: bool,
    /// True where what is too much is split over the lines in proportion.
    pub split: bool,
}

/// A divisor with what makes dividing by it a multiplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Divisor {
    /// Above zero.
    pub by: u64,
    reciprocal: u64,
}

impl Divisor {
    /// One, where there is none.
    pub fn new(by: u64) -> Divisor {
        let by = by.max(1);
        Divisor { by, reciprocal: u64::MAX / by }
    }

    /// Quotient and remainder. The reciprocal is a little too small, so the quotient may be short by one or two at first.
    #[inline(always)]
    pub fn divide(self, number: u64) -> (u64, u64) {
        let mut quotient = ((u128::from(number) * u128::from(self.reciprocal)) >> 64) as u64;
        let mut rest = number.wrapping_sub(quotient.wrapping_mul(self.by));
        while rest >= self.by {
            rest = rest.wrapping_sub(self.by);
            quotient = quotient.wrapping_add(1);
        }
        (quotient, rest)
    }
}

/// A program as it is being made.
struct Lowering<'p> {
    policy: &'p Policy,
    program: Program,
    everywhere: Vec<(Seconds, Code)>,
    code: Vec<Vec<(Seconds, Code)>>,
    unlowered: Vec<(Seconds, u32)>,
    /// Of each rule: the bits of the group versions that hold it, with their time.
    groups: IdVec<EarnId, Vec<(Seconds, u64)>>,
}

/// Why a rule cannot be lowered.
type Why = &'static str;

impl Program {
    /// That of a policy.
    pub fn of(policy: &Policy) -> Program {
        let program = Program { layout: Layout::of(&policy.facts), ..Program::default() };
        let code = vec![Vec::new(); policy.categories.len()];
        let groups = IdVec::filled(policy.earns.len(), Vec::new());
        let (everywhere, unlowered) = (Vec::new(), Vec::new());
        let mut lowering = Lowering { policy, program, everywhere, code, unlowered, groups };
        lowering.groups();
        for id in policy.earn_order.iter().copied() {
            for version in &policy.earns[id].versions {
                if version.body.of == Occasion::Order {
                    lowering.rule(id, version);
                }
            }
        }
        let Lowering { mut program, everywhere, code, unlowered, .. } = lowering;
        program.by_name = policy.earns_by_name();
        program.everywhere = Dated::of(&everywhere);
        program.code = code.iter().map(|code| Dated::of(code)).collect();
        program.unlowered = Dated::of(&unlowered);
        program
    }
}

impl Lowering<'_> {
    fn leave(&mut self, name: &str, when: Seconds, why: Why) {
        let place = u32::try_from(self.program.why.len()).unwrap_or(u32::MAX);
        self.program.why.push(Unlowered { name: name.to_owned(), why });
        self.unlowered.push((when, place));
    }

    fn groups(&mut self) {
        let policy = self.policy;
        let (mut shared, mut bits) = (Vec::new(), 0);
        for (id, rule) in policy.groups.iter_enumerated() {
            for version in &rule.versions {
                let when = seconds(&version.window);
                if !self.is_of_orders(id) {
                    continue;
                }
                match shared_limits(&version.body, bits) {
                    Ok(limits) if is_exact(&version.window) => {
                        for limit in limits {
                            shared.push((when, limit));
                        }
                        for member in &version.body.of {
                            if let Member::Earn(rule) = member {
                                self.groups[*rule].push((when, 1 << bits));
                            }
                        }
                        bits += 1;
                    }
                    Ok(_) => self.leave(&rule.name, when, "it begins or ends within a second"),
                    Err(why) => self.leave(&rule.name, when, why),
                }
            }
        }
        self.program.shared = Dated::of(&shared);
    }

    /// True where a group holds, or has held, a rule of orders.
    fn is_of_orders(&self, id: GroupId) -> bool {
        let members = self.policy.groups[id].versions.iter().flat_map(|version| &version.body.of);
        members.into_iter().any(|member| match member {
            Member::Earn(id) => {
                self.policy.earns[*id].versions.iter().any(|version| version.body.of == Occasion::Order)
            }
            Member::Group(_) => true,
        })
    }

    fn rule(&mut self, id: EarnId, version: &Version<Earn>) {
        let name = &self.policy.earns[id].name;
        let whole = seconds(&version.window);
        if !is_exact(&version.window) {
            return self.leave(name, whole, "it begins or ends within a second");
        }
        for when in self.parts(id, version, whole) {
            match self.code_of(id, &version.body, when) {
                // It never holds then.
                Ok(None) => {}
                Ok(Some(code)) => match passing(&version.body) {
                    None => self.everywhere.push((when, code)),
                    Some(passes) => {
                        for category in passes.iter() {
                            self.code
                                .get_mut(category.index())
                                .into_iter()
                                .for_each(|list| list.push((when, code)));
                        }
                    }
                },
                Err(why) => self.leave(name, when, why),
            }
        }
    }

    /// The parts of a rule's time in which all that it reads is the same.
    fn parts(&self, id: EarnId, version: &Version<Earn>, whole: Seconds) -> Vec<Seconds> {
        let mut edges = vec![whole.from, whole.until];
        let mut note = |window: &Window| {
            edges.extend(window.from.into_iter().chain(window.until).map(floor));
        };
        self.policy.pools[version.body.pool].versions.iter().for_each(|terms| note(&terms.window));
        let mut values = Vec::new();
        let mut conditions: Vec<&Condition> = version.body.conditions.iter().collect();
        while let Some(condition) = conditions.pop() {
            match &condition.test {
                Test::All(parts) | Test::Any(parts) => conditions.extend(parts),
                Test::Not(inner) => conditions.push(inner),
                Test::Compare { right: Quantity::Value(id), .. } | Test::Value(id) => values.push(*id),
                Test::HasBadge(id) => {
                    for version in &self.policy.badges[*id].versions {
                        note(&version.window);
                        conditions.extend(&version.body.conditions);
                    }
                }
                _ => {}
            }
        }
        values.extend(values_of(&version.body.amount));
        for value in values {
            self.policy.values[value].versions.iter().for_each(|body| note(&body.window));
        }
        edges.extend(self.groups[id].iter().flat_map(|(when, _)| [when.from, when.until]));
        edges.retain(|edge| whole.from <= *edge && *edge <= whole.until);
        edges.sort_unstable();
        edges.dedup();
        let pairs = edges.iter().zip(edges.iter().skip(1));
        pairs.map(|(from, until)| Seconds { from: *from, until: *until }).collect()
    }

    /// The code of a rule in a part of its time; None where it never holds then.
    fn code_of(&mut self, id: EarnId, earn: &Earn, when: Seconds) -> Result<Option<Code>, Why> {
        if earn.each != Grain::Line || !matches!(earn.rounding, None | Some((_, Grain::Line))) {
            return Err("it counts or rounds by the unit or the order");
        }
        if !earn.first.is_empty() {
            return Err("it counts on the first so much only");
        }
        if !earn.filters.is_empty() && passing(earn).is_none() {
            return Err("a condition stands before a filter, or a limit reads something");
        }
        let mut most = i64::MAX;
        for limit in &earn.limits {
            match (&limit.amount, limit.per) {
                (Quantity::Constant(room), LimitScope::Piece(Grain::Line)) => {
                    most = most.min(room.floor_points().map_err(|_| TOO_LONG)?.max(0));
                }
                _ => return Err("it has a limit over more than a line, or one that reads something"),
            }
        }
        let groups = self.groups[id].iter().filter(|(of, _)| of.from <= when.from && when.until <= of.until);
        let groups = groups.fold(0, |bits, (_, bit)| bits | bit);
        let Some(guards) = self.all(&earn.conditions, when)? else { return Ok(None) };
        let points = self.points(earn, when)?;
        let rounding = earn.rounding.map_or(Rounding::Down, |(rounding, _)| rounding);
        Ok(Some(Code {
            guards,
            groups,
            factor: points.factor,
            most,
            rule: id,
            slot: points.slot,
            divisor: Divisor::new(points.divisor),
            rounding,
            by_price: points.by_price,
            each_step: points.each_step,
        }))
    }

    fn points(&self, earn: &Earn, when: Seconds) -> Result<Points, Why> {
        match &earn.amount {
            Amount::Share { rate, base } => {
                is_plain(base)?;
                let terms =
                    self.policy.pool_terms(earn.pool, instant(when)?).ok_or("its pool has no terms then")?;
                let worth = terms.worth.unwrap_or(Ratio::ONE);
                let (slot, rate, scale) = match rate {
                    Quantity::Fact(subject, fact) => {
                        let declared = &self.policy.facts.of(*subject)[*fact];
                        if !matches!(declared.kind, FactType::Rate) {
                            return Err("its rate goes with the units");
                        }
                        (self.line_slot(*subject, *fact)?, Ratio::ONE, scale_of(&declared.kind))
                    }
                    rate => (NO_SLOT, self.constant(rate, when)?, 1),
                };
                let ratio = rate.div(worth).and_then(|ratio| ratio.div(Ratio::whole(scale)));
                Points::of(ratio.map_err(|_| TOO_LONG)?, slot)
            }
            Amount::Per { points, full, step, base } => {
                is_plain(base)?;
                let (points, step) = (self.constant(points, when)?, self.constant(step, when)?);
                if *full {
                    let each =
                        points.fraction().is_zero().then(|| i64::try_from(points.floor()).ok()).flatten();
                    let each_step = each.filter(|each| (1..1 << 20).contains(each)).ok_or(TOO_LONG)?;
                    let steps = Points::of(Ratio::ONE.div(step).map_err(|_| TOO_LONG)?, NO_SLOT)?;
                    let is_short = steps.factor.checked_mul(each_step).is_some_and(|most| most < 1 << 26);
                    return if is_short { Ok(Points { each_step, ..steps }) } else { Err(TOO_LONG) };
                }
                Points::of(points.div(step).map_err(|_| TOO_LONG)?, NO_SLOT)
            }
            Amount::Fixed { points } => {
                Ok(Points { by_price: false, ..Points::of(self.constant(points, when)?, NO_SLOT)? })
            }
            Amount::OfRule { .. } => Err("it reads another rule"),
        }
    }

    /// A number that is the same for all orders of a time.
    fn constant(&self, quantity: &Quantity, when: Seconds) -> Result<Ratio, Why> {
        match quantity {
            Quantity::Constant(number) => Ok(*number),
            Quantity::Value(id) => match self.policy.value_at(*id, instant(when)?) {
                Some(ValueBody::Number(number)) => Ok(*number),
                _ => Err("it reads a table"),
            },
            _ => Err("it computes a number"),
        }
    }

    /// The word of a fact of the line in view.
    fn line_slot(&self, subject: Subject, fact: FactId) -> Result<u16, Why> {
        let place = match subject {
            Subject::Listing => self.program.layout.of_listing(fact),
            Subject::Line => self.program.layout.of_line(fact),
            _ => return Err("it reads a number of the order or the member"),
        };
        u16::try_from(place).ok().filter(|slot| *slot != NO_SLOT).ok_or(TOO_LONG)
    }

    /// The bits of the guards of several conditions; None where they never hold together.
    fn all(&mut self, conditions: &[Condition], when: Seconds) -> Result<Option<u64>, Why> {
        let mut all = 0;
        for condition in conditions {
            match self.guard(condition, when, false)? {
                Some(bits) => all |= bits,
                None => return Ok(None),
            }
        }
        Ok(Some(all))
    }

    /// The bits of the guards that make a condition, or its opposite; None where it never holds.
    fn guard(&mut self, condition: &Condition, when: Seconds, turned: bool) -> Result<Option<u64>, Why> {
        let guard = match &condition.test {
            Test::All(parts) if !turned => return self.all(parts, when),
            Test::Not(inner) => return self.guard(inner, when, !turned),
            Test::Constant(holds) => return Ok((*holds != turned).then_some(0)),
            Test::Value(id) => match self.policy.value_at(*id, instant(when)?) {
                Some(ValueBody::YesNo(holds)) => return Ok((*holds != turned).then_some(0)),
                _ => return Err("it reads a value that is not in force"),
            },
            Test::HasBadge(id) if !turned => {
                let policy = self.policy;
                return match policy.badges[*id].at(instant(when)?) {
                    Some(version) => self.all(&version.body.conditions, when),
                    None => Ok(None),
                };
            }
            Test::OneOf { subject, fact, among } => {
                let bits = among.iter().try_fold(0u64, |bits, choice| Some(bits | bit(*choice)?));
                let (of_order, slot) = self.slot(*subject, *fact)?;
                let bits = bits.ok_or("it goes by one of too many words")?;
                Guard::OneOf { of_order, slot, among: if turned { !bits } else { bits } }
            }
            Test::Fact { subject, fact } => {
                let (of_order, slot) = self.slot(*subject, *fact)?;
                Guard::OneOf { of_order, slot, among: if turned { 1 } else { 2 } }
            }
            Test::Compare { left: Quantity::Fact(subject, fact), op, right, .. } if !turned => {
                let declared = &self.policy.facts.of(*subject)[*fact];
                let is_its_own = match subject {
                    Subject::Line => matches!(declared.kind, FactType::Rate),
                    Subject::Order => declared.part_of.is_none(),
                    _ => true,
                };
                if !is_its_own {
                    return Err("it compares what goes with the units");
                }
                let with = self.constant(right, when)?;
                let with = super::order::scaled(with, &declared.kind).ok_or(TOO_LONG)?;
                let (of_order, slot) = self.slot(*subject, *fact)?;
                Guard::Compare { of_order, slot, op: *op, with }
            }
            _ => return Err("a condition of it is not of the kinds that are lowered"),
        };
        let guards = &mut self.program.guards;
        let place = guards.iter().position(|known| *known == guard).unwrap_or_else(|| {
            guards.push(guard);
            guards.len() - 1
        });
        let bits = bit(place).ok_or("the policy has too many different conditions")?;
        if guard.of_order() {
            self.program.of_order |= bits;
        }
        Ok(Some(bits))
    }

    fn slot(&self, subject: Subject, fact: FactId) -> Result<(bool, u16), Why> {
        if subject == Subject::Order {
            return Ok((true, u16::try_from(fact.index()).map_err(|_| TOO_LONG)?));
        }
        Ok((false, self.line_slot(subject, fact)?))
    }
}

const TOO_LONG: Why = "a number in it is too long";

fn bit(place: usize) -> Option<u64> {
    (place < MOST).then(|| 1 << place)
}

impl Guard {
    /// True where it reads the order alone.
    fn of_order(self) -> bool {
        match self {
            Guard::OneOf { of_order, .. } | Guard::Compare { of_order, .. } => of_order,
        }
    }
}

/// Points in whole numbers.
struct Points {
    factor: i64,
    divisor: u64,
    slot: u16,
    by_price: bool,
    each_step: i64,
}

impl Points {
    /// The price (and a slot) times a ratio.
    fn of(ratio: Ratio, slot: u16) -> Result<Points, Why> {
        // With a price and a slot the product stays within 62 bits.
        let most = if slot == NO_SLOT { 1 << 26 } else { 1 << 4 };
        let factor = i64::try_from(ratio.numerator()).ok().filter(|factor| (0..most).contains(factor));
        let divisor =
            u64::try_from(ratio.denominator()).ok().filter(|divisor| (1..1 << 40).contains(divisor));
        let (factor, divisor) = factor.zip(divisor).ok_or(TOO_LONG)?;
        Ok(Points { factor, divisor, slot, by_price: true, each_step: 0 })
    }
}

/// The amount that earns is the price of the line.
fn is_plain(base: &Base) -> Result<(), Why> {
    let others = [
        &base.without_line_parts,
        &base.without_order_parts,
        &base.without_event_parts,
        &base.with_line_beside,
        &base.with_order_beside,
        &base.with_event_beside,
    ];
    let price = matches!(base.of, BaseOf::LinePrice | BaseOf::OrderPrice);
    match price && base.beyond.is_none() && others.iter().all(|facts| facts.is_empty()) {
        true => Ok(()),
        false => Err("it earns on other than the price"),
    }
}

/// True where a window begins and ends with whole seconds.
fn is_exact(window: &Window) -> bool {
    window.from.into_iter().chain(window.until).all(|at| at.subsec_nanosecond() == 0)
}

/// An instant in a part of time in which nothing changes.
fn instant(when: Seconds) -> Result<Timestamp, Why> {
    let second = if when.from == i64::MIN { when.until.saturating_sub(1) } else { when.from };
    Timestamp::from_second(if second == i64::MAX - 1 { 0 } else { second }).map_err(|_| TOO_LONG)
}

/// The values that the numbers of an amount name.
fn values_of(amount: &Amount) -> impl Iterator<Item = ValueId> {
    let numbers: Vec<&Quantity> = match amount {
        Amount::Share { rate, .. } => vec![rate],
        Amount::Per { points, step, .. } => vec![points, step],
        Amount::Fixed { points } => vec![points],
        Amount::OfRule { .. } => Vec::new(),
    };
    numbers.into_iter().filter_map(|number| if let Quantity::Value(id) = number { Some(*id) } else { None })
}

/// The limits of a group, where all its members are rules that add up.
fn shared_limits(group: &Group, bits: usize) -> Result<Vec<Shared>, Why> {
    let group_bit = bit(bits).ok_or("the policy has too many groups")?;
    if group.how != Combine::All {
        return Err("of its members one gives");
    }
    if group.of.iter().any(|member| matches!(member, Member::Group(_))) {
        return Err("it holds another group");
    }
    let limit = |limit: &crate::policy::Limit| match (&limit.amount, limit.per) {
        (_, LimitScope::Member { each: Some(_), .. }) => Err("its limit goes by a word"),
        (Quantity::Constant(room), per) => Ok(Shared {
            group: group_bit,
            room: room.floor_points().map_err(|_| TOO_LONG)?.max(0),
            by_line: matches!(per, LimitScope::Piece(Grain::Line | Grain::Unit)),
            split: per == LimitScope::Piece(Grain::Order),
        }),
        _ => Err("its limit reads something"),
    };
    let mut limits = group.limits.iter().map(limit).collect::<Result<Vec<Shared>, Why>>()?;
    // They cut by line, then by order, then over orders; of those alike the tightest cuts.
    limits.sort_by_key(|limit| (!limit.by_line, !limit.split, std::cmp::Reverse(limit.room)));
    Ok(limits)
}
