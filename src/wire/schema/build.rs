//! From the table and a checked policy to its schema: facts and declared events are added, and what the policy makes
//! needed or known is said.

use super::table::{self, DECLARED};
use super::{Field, Kind, Makes, Need, Schema, Shape};
use crate::policy::{EventId, Fact, IdVec, Policy, Subject};
use crate::wire::facts::{in_words, spelt};

impl<'p> Schema<'p> {
    /// What every policy has, and `DECLARED` for the events that one may declare.
    pub fn built_in() -> Schema<'static> {
        let mut events = table::events();
        events.push(table::declared(DECLARED, Makes::Declared(EventId::new(0))));
        Schema {
            events,
            any_event: table::any_event(),
            line: table::line(),
            moved: table::moved(),
            refunded: table::refunded(),
            redeem: table::redeem(std::iter::empty()),
            asked_order: table::asked_order(),
            asked_events: vec![table::asked_event(DECLARED)].into(),
            asked_listing: table::asked_listing(),
        }
    }

    /// The schema of one policy.
    pub fn of(policy: &'p Policy) -> Schema<'p> {
        let mut schema = Schema {
            events: table::events(),
            asked_events: IdVec::default(),
            redeem: table::redeem(policy.redeems.iter().map(|rule| rule.name.as_str())),
            ..Schema::built_in()
        };
        for shape in &mut schema.events {
            match shape.makes {
                Makes::Order => add_facts(policy, shape, Subject::Order),
                Makes::Member => add_facts(policy, shape, Subject::Member),
                _ => {}
            }
            shape
                .fields
                .iter_mut()
                .filter(|field| field.kind == Kind::Pool)
                .for_each(|field| say_pool(policy, field));
        }
        for (event, kind) in policy.events.iter_enumerated() {
            let mut shape = table::declared(&kind.name, Makes::Declared(event));
            add_facts(policy, &mut shape, Subject::Event(event));
            schema.events.push(shape);
            let mut asked = table::asked_event(&kind.name);
            add_facts(policy, &mut asked, Subject::Event(event));
            schema.asked_events.push(asked);
        }
        add_facts(policy, &mut schema.line, Subject::Listing);
        add_facts(policy, &mut schema.line, Subject::Line);
        add_facts(policy, &mut schema.asked_listing, Subject::Listing);
        add_facts(policy, &mut schema.asked_order, Subject::Order);
        if !policy.categories.is_empty() {
            // A policy without categories has none to name.
            let category = schema.line.fields.iter_mut().find(|field| field.kind == Kind::Category);
            category
                .into_iter()
                .for_each(|field| field.need = Need::Required("`category` is missing".to_owned()));
        }
        for shape in schema.events.iter_mut().chain([&mut schema.asked_order]) {
            let currency = shape.fields.iter_mut().find(|field| field.kind == Kind::Currency);
            let own = || Need::Default(format!("{:?}", policy.currency.name()));
            currency.into_iter().for_each(|field| field.need = own());
        }
        schema
    }
}

/// Adds the facts of a subject. Of a field that the data has anyway the fact takes the place, but shipping stays
/// what is charged.
fn add_facts<'p>(policy: &'p Policy, shape: &mut Shape<'p>, subject: Subject) {
    for (id, fact) in policy.facts.of(subject).iter_enumerated() {
        let mut field = Field {
            name: &fact.name,
            kind: Kind::Fact(subject, id),
            need: need(policy, subject, fact),
            about: "",
        };
        let place = shape.fields.iter().position(|other| other.name == fact.name);
        if let Some(there) = place.and_then(|place| shape.fields.get_mut(place)) {
            if let Kind::Shipping(_) = there.kind {
                field.kind = Kind::Shipping(Some(id));
            }
            *there = field;
        } else {
            shape.fields.push(field);
        }
    }
}

fn need(policy: &Policy, subject: Subject, fact: &Fact) -> Need {
    match &fact.default {
        // A member event says what has changed.
        _ if subject == Subject::Member => Need::Optional,
        Some(default) => Need::Default(spelt(policy, fact, default)),
        None => {
            let on = match subject {
                Subject::Event(event) => policy.events[event].name.as_str(),
                subject => subject.word(),
            };
            let kind = in_words(policy, fact);
            Need::Required(format!("`{}` is missing: the policy declares it on {on}, as {kind}", fact.name))
        }
    }
}

fn say_pool(policy: &Policy, field: &mut Field<'_>) {
    let names: Vec<&str> = policy.pools.iter().map(|pool| pool.name.as_str()).collect();
    field.need = match names.as_slice() {
        [only] => Need::Default(format!("{only:?}")),
        _ => Need::Required(format!("`pool` is missing: give one of {}", names.join(", "))),
    };
}
