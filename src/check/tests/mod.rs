//! What the reference programme and a policy of many features become.

use crate::policy::{
    Amount, BadgeId, BaseOf, Calendared, CategorySet, EarnId, EventId, Expiry, FactId, Grain, GroupId,
    Length, Member, Pending, PendingAnchor, Policy, PoolId, Quantity, RedeemId, Returns, Subject, TableKey,
    Test, Unit, ValueBody,
};
use crate::source::Source;
use crate::value::moment::Moment;
use crate::value::{Delay, Ratio, Rounding};

fn policy(text: &str) -> Policy {
    let checked = super::load(&Source::new("policy.meed", text));
    checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

fn amazon() -> Policy {
    policy(include_str!("../../../policies/amazon_jp/amazon_jp.meed"))
}

fn shift(moment: &Calendared) -> Delay {
    match moment {
        Moment::Shift { delay: Length::Fixed(delay), before: false, of } if **of == Moment::Anchor => *delay,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_programme_and_its_pool_are_as_declared() {
    let policy = amazon();
    assert_eq!((policy.name.as_str(), policy.statement.as_str()), ("amazon_points", "My Points"));
    assert_eq!((policy.currency.name(), policy.calendar.zone.name()), ("JPY", "Asia/Tokyo"));
    assert_eq!(policy.digest.len(), "sha256:".len() + 64);
    let terms = &policy.pools[PoolId::new(0)].versions[0].body;
    assert_eq!(
        (terms.unit.as_deref(), terms.worth.unwrap(), terms.returns),
        (Some("point"), Ratio::ONE, Returns::TakeBackDebt)
    );
    let Pending::Until { from, by, anchor } = &terms.pending else { panic!("{:?}", terms.pending) };
    assert_eq!((shift(from).days, shift(by).days, *anchor), (1, 2, PendingAnchor::Shipped));
    let Expiry::After { at, anchors } = &terms.expiry else { panic!("{:?}", terms.expiry) };
    assert_eq!((shift(at).months, anchors.len()), (12, 2));
}

#[test]
fn rules_are_resolved_and_in_order_of_time() {
    let policy = amazon();
    let rules: Vec<&str> = policy.earns.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(rules, ["listing_points", "card_points", "badge_promotion"]);
    let listing = &policy.earns[EarnId::new(0)].versions[0].body;
    assert_eq!((listing.each, listing.rounding), (Grain::Line, Some((Rounding::Down, Grain::Line))));
    let Amount::Share { rate: Quantity::Fact(_, fact), base } = &listing.amount else {
        panic!("{listing:?}")
    };
    assert_eq!(*fact, FactId::new(0));
    assert!(base.with_points_paid);
    let promotion = &policy.earns[EarnId::new(2)].versions[0];
    assert_eq!(promotion.window.from, Some("2020-12-31T15:00:00Z".parse().unwrap()));
    assert!(matches!(promotion.body.conditions[1].test, Test::HasBadge(badge) if badge == BadgeId::new(0)));
    assert_eq!(promotion.body.conditions[1].text, "listing has two_percent");
    let badge = &policy.badges[BadgeId::new(0)];
    assert_eq!(badge.versions.iter().map(|v| v.body.conditions.len()).collect::<Vec<_>>(), [2, 1]);
    let Test::Compare { unit, .. } = &badge.versions[0].body.conditions[0].test else { panic!("{badge:?}") };
    assert_eq!(*unit, Unit::Rate);
}

#[test]
fn filters_follow_the_tree() {
    let policy = amazon();
    let redeem = &policy.redeems[RedeemId::new(0)].versions[0].body;
    let eligible = |name: &str| {
        let id = policy.categories.position(|category| category.name == name).unwrap();
        redeem.filters.iter().all(|filter| filter.passes.contains(id))
    };
    for name in ["goods", "book", "kindle_ebook"] {
        assert!(eligible(name), "{name}");
    }
    for name in ["gift_card", "amazon_coins", "fresh", "digital", "video", "app"] {
        assert!(!eligible(name), "{name}");
    }
    assert_eq!(redeem.filters[1].text, "not for digital, except kindle_ebook");
}

#[test]
fn a_rule_is_lowered_once_for_each_version_of_its_list_of_categories() {
    let policy = policy(include_str!("../../../tests/cases/sound/many_features.meed"));
    let rule = policy.earns.iter().find(|rule| rule.name == "in_season").unwrap();
    let passes: Vec<CategorySet> = rule.versions.iter().map(|v| v.body.filters[0].passes.clone()).collect();
    assert_eq!(passes.len(), 2);
    assert_ne!(passes[0], passes[1]);
    assert_eq!(rule.versions[0].window.until, rule.versions[1].window.from);
}

fn hotel() -> Policy {
    policy(include_str!("../../../tests/cases/sound/hotel_club.meed"))
}

#[test]
fn a_rule_stands_after_those_that_it_reads_and_a_group_after_those_in_it() {
    let policy = hotel();
    let place = |name: &str| {
        let id = policy.earns.position(|rule| rule.name == name).unwrap();
        policy.earn_order.iter().position(|other| *other == id).unwrap()
    };
    assert_eq!(policy.earn_order.len(), policy.earns.len());
    for name in ["elite", "suites", "cities"] {
        assert!(place("base") < place(name), "{name}");
    }
    let groups: Vec<&str> = policy.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["campaigns", "on_top"]);
    assert_eq!(policy.groups[GroupId::new(1)].versions[0].body.of[0], Member::Group(GroupId::new(0)));
}

#[test]
fn a_table_gives_each_category_the_nearest_row() {
    let policy = hotel();
    let tables = policy.values.iter().flat_map(|value| &value.versions);
    let table = tables
        .filter_map(|version| match &version.body {
            ValueBody::Table(table) => Some(table),
            _ => None,
        })
        .find(|table| table.by == TableKey::Fact(Subject::Event(EventId::new(0)), FactId::new(0)))
        .unwrap();
    let points = |name: &str| {
        let id = policy.categories.position(|category| category.name == name).unwrap();
        let row = table.rows.iter().find(|(cases, _)| cases.contains(&id.index())).unwrap();
        row.1.clone()
    };
    let constant = |n| Quantity::Constant(Ratio::whole(n));
    assert_eq!(points("long_stay"), constant(8));
    assert_eq!(points("city"), constant(10));
    assert_eq!(points("resort"), constant(12));
}

#[test]
fn parts_and_what_stands_beside_are_kept_apart() {
    let policy = hotel();
    let base = policy.earns.iter().find(|rule| rule.name == "base").unwrap();
    let Amount::Per { base, .. } = &base.versions[0].body.amount else { panic!("{base:?}") };
    let stay = EventId::new(0);
    let fact = |name: &str| policy.facts.events[stay].position(|fact| fact.name == name).unwrap();
    assert_eq!(base.of, BaseOf::EventFact(stay, fact("charges")));
    assert_eq!(base.without_event_parts, [fact("taxes")]);
    assert_eq!(base.with_event_beside, [fact("tip")]);
    assert_eq!(policy.events[stay].amount, Some(fact("charges")));
    assert_eq!(policy.events[stay].category, Some(fact("category")));
}
