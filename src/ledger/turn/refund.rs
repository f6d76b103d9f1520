//! Money given back on what is kept of an order or declared event: on a line, on the order as a whole, on shipping; on the
//! price, or on one part of it. Never more than was paid in money.

use super::super::books::case::{Case, LineId, Refund as Refunded, named_line};
use super::super::input::event::{GivenBack, Refund};
use super::{Turn, too_large};
use crate::diagnostic::suggest;
use crate::eval::net::{Lowers, Net};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{FactId, Occasion, Part, PartFact, Policy, Subject};
use crate::value::{Overflow, Ratio};

impl Turn<'_> {
    /// Money was given back on an order.
    pub(super) fn refund(&mut self, refund: &Refund) -> Result<(), Refusal> {
        let id = self.order(&refund.number)?;
        let mut case = self.books.cases.take(id);
        let net = case.net(false).map_err(too_large("the money refunded"))?;
        let mut refunds = Vec::new();
        for (position, (line_id, given)) in refund.lines.iter().enumerate() {
            let line = named_line(&case, line_id, position)?;
            let lowers = lowers(self.policy, given.part);
            let asked = Asked {
                amount: given.amount,
                most: net.refundable(line.index(), lowers).map_err(too_large("the money refunded"))?,
                on: format!("line `{line_id}`"),
                path: format!("lines[{position}].amount"),
            };
            asked.check(self.policy, given.part)?;
            refunds
                .push((line, Refunded { amount: Ratio::whole(given.amount), kept: case.kept(line), lowers }));
        }
        if let Some(given) = &refund.order {
            refunds.extend(spread(self.policy, &case, &net, given)?);
        }
        if let Some(amount) = refund.shipping {
            let asked = Asked {
                amount,
                most: net.shipping_refundable().map_err(too_large("the money refunded"))?,
                on: "shipping".to_owned(),
                path: "shipping".to_owned(),
            };
            asked.check(self.policy, None)?;
            case.shipping_refunded += amount;
        }
        for (line, refund) in refunds {
            case.lines[line].refunds.push(refund);
        }
        self.change(id, case)
    }

    /// Money was given back on a declared event.
    pub(super) fn refund_event(
        &mut self,
        event: &str,
        amount: i64,
        part: Option<&str>,
    ) -> Result<(), Refusal> {
        let id = self.event(event)?;
        let mut case = self.books.cases.take(id);
        let part = part.map(|name| part_of_event(self.policy, &case, name)).transpose()?;
        let lowers = lowers(self.policy, part);
        let net = case.net(false).map_err(too_large("the money refunded"))?;
        let most = net.refundable(0, lowers).map_err(too_large("the money refunded"))?;
        let asked = Asked { amount, most, on: format!("event `{event}`"), path: "amount".to_owned() };
        asked.check(self.policy, part)?;
        for line in case.lines.ids() {
            let refund = Refunded { amount: Ratio::whole(amount), kept: case.kept(line), lowers };
            case.lines[line].refunds.push(refund);
        }
        self.change(id, case)
    }
}

/// What a refund on a part, or on the price, lowers.
fn lowers(policy: &Policy, part: Option<PartFact>) -> Lowers {
    let Some(part) = part else { return Lowers::Price };
    match policy.facts.of(part.subject)[part.fact].part_of {
        Some(of) if of.beside => Lowers::Beside(part),
        _ => Lowers::Part(part),
    }
}

/// A refund of the order is spread over its lines in proportion to what was paid in money for what is kept of them (of the
/// part, where it names one), exactly, so that two refunds are as one of both.
fn spread(
    policy: &Policy,
    case: &Case,
    net: &Net<'_>,
    given: &GivenBack,
) -> Result<Vec<(LineId, Refunded)>, Refusal> {
    let fits = || too_large("the money refunded");
    let lowers = lowers(policy, given.part);
    let most: Result<Vec<Ratio>, Overflow> =
        case.lines.ids().map(|line| net.refundable(line.index(), lowers)).collect();
    let most = most.map_err(fits())?;
    let all = most.iter().try_fold(Ratio::ZERO, |sum, most| sum.add(*most)).map_err(fits())?;
    let on = format!("order `{}`", case.number);
    Asked { amount: given.amount, most: all, on, path: "amount".to_owned() }.check(policy, given.part)?;
    let mut refunds = Vec::new();
    for (line, most) in case.lines.ids().zip(most).filter(|(_, most)| !most.is_zero()) {
        let amount =
            Ratio::whole(given.amount).mul(most).and_then(|amount| amount.div(all)).map_err(fits())?;
        refunds.push((line, Refunded { amount, kept: case.kept(line), lowers }));
    }
    Ok(refunds)
}

/// The part of a declared event's amount that is called `name`.
fn part_of_event(policy: &Policy, case: &Case, name: &str) -> Result<PartFact, Refusal> {
    let Occasion::Event(kind) = case.order.of else { return Err(unknown_part(name, &[])) };
    let subject = Subject::Event(kind);
    let amount = policy.events[kind].amount.map(Part::Fact);
    let is_part = |fact: FactId| {
        let part_of = policy.facts.of(subject)[fact].part_of;
        part_of.is_some_and(|part| Some(part.amount) == amount)
    };
    let parts: Vec<FactId> = policy.facts.of(subject).ids().filter(|fact| is_part(*fact)).collect();
    let called = |fact: &FactId| policy.facts.of(subject)[*fact].name.as_str();
    let found = parts.iter().find(|fact| called(fact) == name);
    let names: Vec<&str> = parts.iter().map(called).collect();
    found.map(|fact| PartFact { subject, fact: *fact }).ok_or_else(|| unknown_part(name, &names))
}

fn unknown_part(name: &str, known: &[&str]) -> Refusal {
    let help = match suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None if known.is_empty() => "; it has none".to_owned(),
        None => format!("; its parts are {}", known.join(", ")),
    };
    let message = format!("the event's amount has no part \"{name}\"{help}");
    Refusal::new(RefusalCode::UnknownPart, "part", message)
}

/// Money asked to be given back, and the most that can be; with the words for what on and where that stands in the event.
struct Asked {
    amount: i64,
    most: Ratio,
    on: String,
    path: String,
}

impl Asked {
    fn check(self, policy: &Policy, part: Option<PartFact>) -> Result<(), Refusal> {
        let Asked { amount, most, on, path } = self;
        if Ratio::whole(amount) <= most {
            return Ok(());
        }
        let currency = policy.currency;
        let left = match part {
            Some(part) => {
                let name = &policy.facts.of(part.subject)[part.fact].name;
                format!("of its `{name}` only {} are left for what is kept of it", currency.format(most))
            }
            None => {
                format!("only {} were paid in money for what is kept of it", currency.format(most))
            }
        };
        let amount = currency.format(Ratio::whole(amount));
        let message = format!("{amount} are to be refunded on {on}, but {left}");
        Err(Refusal::new(RefusalCode::MoreThanLeft, path, message))
    }
}
