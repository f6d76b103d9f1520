//! What is read, exactly.

use super::policy::policy;
use super::*;
use crate::eval::order::RedeemAsk;
use crate::ledger::event::{GivenBack, Movement, Refund, TransferTo};
use crate::policy::{CategoryId, FactId, FactValue, PoolId};
use crate::value::Ratio;
use crate::wire::Case;

#[test]
fn an_order_is_read_with_its_defaults() {
    let order = order_of(&good_order(r#","sku":"X1","note":"any""#));
    let line = &order.lines[0];
    assert_eq!((line.price, line.quantity, line.category), (1500, 1, Some(CategoryId::new(0))));
    assert_eq!(line.sku.as_deref(), Some("X1"));
    assert_eq!(
        line.listing.as_slice(),
        [FactValue::Number(Ratio::new(1, 50).unwrap()), FactValue::Choice(0)]
    );
    assert_eq!(line.facts.as_slice(), [FactValue::Number(Ratio::ZERO), FactValue::YesNo(false)]);
    assert_eq!((&order.redeem, order.honoured, order.shipping), (&RedeemAsk::Plain(0), false, 0));
    assert_eq!(order.facts.as_slice()[0], FactValue::Choice(1));
}

#[test]
fn numbers_keep_their_digits() {
    let price = |text: &str| {
        order_of(&order(
            "",
            &format!(r#","category":"book","points_rate":"2%","seller":"domestic","price":{text}"#),
        ))
        .lines[0]
            .price
    };
    assert_eq!(price("9007199254740993"), 9_007_199_254_740_993);
    assert_eq!(price("1500.0"), 1500);
    assert_eq!(price("1.5e3"), 1500);
    assert_eq!(price("15E+2"), 1500);
    assert_eq!(price("0"), 0);
    assert_eq!(price("-0"), 0);
}

#[test]
fn dollars_are_read_to_the_cent() {
    let policy = policy("USD");
    let reader = Reader::new(policy);
    let price = |text: &str| {
        let line = good_order("").replace("1500", text);
        reader.event_line(Place::default(), &line).body.map(|event| match event.kind {
            EventKind::Order { order, .. } => order.lines[0].price,
            _ => 0,
        })
    };
    assert_eq!(price("12.34"), Ok(1234));
    assert_eq!(price("0.1"), Ok(10));
    assert_eq!(price("12.340"), Ok(1234));
    let refusal = price("12.345").unwrap_err().refusal;
    assert!(refusal.message.contains("at most 2 digits after the point in USD"), "{}", refusal.message);
}

#[test]
fn rates_are_exact() {
    let rate = |text: &str| {
        let line = good_order("").replace("2%", text);
        order_of(&line).lines[0].listing.as_slice()[0].clone()
    };
    assert_eq!(rate("0.1%"), FactValue::Number(Ratio::new(1, 1000).unwrap()));
    assert_eq!(rate("95%"), FactValue::Number(Ratio::new(19, 20).unwrap()));
    assert_eq!(rate("0%"), FactValue::Number(Ratio::ZERO));
}

#[test]
fn a_category_may_be_named_by_its_path() {
    let category = |name: &str| order_of(&good_order("").replace("book", name)).lines[0].category;
    assert_eq!(category("music"), Some(CategoryId::new(2)));
    assert_eq!(category("digital/music"), Some(CategoryId::new(2)));
    assert_eq!(category("digital"), Some(CategoryId::new(1)));
    refused(
        &good_order("").replace("book", "book/music"),
        RefusalCode::UnknownCategory,
        "lines[0].category",
        "",
    );
}

#[test]
fn every_event_type_is_read() {
    let moved = |lines| Movement { number: "o1".to_owned(), lines };
    let named = Some(vec![("l1".to_owned(), Some(2)), ("l2".to_owned(), None)]);
    let lines = r#","order":"o1","lines":[{"id":"l1","quantity":2.0},{"id":"l2","note":1}]"#;
    assert_eq!(event(&other("ship", lines)).kind, EventKind::Ship(moved(named.clone())));
    assert_eq!(event(&other("cancel", lines)).kind, EventKind::Cancel(moved(named)));
    assert_eq!(event(&other("return", r#","order":"o1""#)).kind, EventKind::Return(moved(None)));
    let refund = event(&other("refund", r#","order":"o1","lines":[{"id":"l1","amount":500}]"#)).kind;
    let on_line = vec![("l1".to_owned(), GivenBack { amount: 500, part: None })];
    let nothing = Refund { number: "o1".to_owned(), lines: Vec::new(), order: None, shipping: None };
    assert_eq!(refund, EventKind::Refund(Refund { lines: on_line, ..nothing.clone() }));
    let refund = event(&other("refund", r#","order":"o1","amount":500"#)).kind;
    let on_order = Some(GivenBack { amount: 500, part: None });
    assert_eq!(refund, EventKind::Refund(Refund { order: on_order, ..nothing.clone() }));
    for shipping in [r#","order":"o1","shipping":500"#, r#","order":"o1","amount":500,"part":"shipping""#] {
        let refund = event(&other("refund", shipping)).kind;
        assert_eq!(refund, EventKind::Refund(Refund { shipping: Some(500), ..nothing.clone() }));
    }
    assert_eq!(
        event(&other("grant", r#","points":100"#)).kind,
        EventKind::Grant { pool: PoolId::new(0), points: 100, expires_at: None, reason: None }
    );
    assert_eq!(
        event(&other("adjust", r#","points":-5,"reason":"goodwill""#)).kind,
        EventKind::Adjust { pool: PoolId::new(0), points: -5, reason: "goodwill".to_owned() }
    );
    let opening = event(&other("opening", r#","points":7,"expires_at":"2022-01-01T00:00:00+09:00""#)).kind;
    let expires_at = "2021-12-31T15:00:00Z".parse().unwrap();
    assert_eq!(opening, EventKind::Opening { pool: PoolId::new(0), points: 7, expires_at });
    let to = TransferTo::Program("miles".to_owned());
    assert_eq!(
        event(&other("transfer", r#","points":7,"to_program":"miles""#)).kind,
        EventKind::Transfer { points: 7, to, by: None }
    );
    assert_eq!(event(&other("cash_out", r#","points":7"#)).kind, EventKind::CashOut { points: 7, by: None });
    assert_eq!(
        event(&other("member", r#","rank":"gold""#)).kind,
        EventKind::Member(vec![(FactId::new(1), FactValue::Choice(1))])
    );
}

#[test]
fn spelling_makes_no_difference() {
    let one = event(&good_order(""));
    let spelt = r#" {"type":"order","lines":[{"seller":"domestic","points_rate":"2.0%","price":15.00e2,"quantity":1.0,
        "category":"book","gift":false,"coupon":0.0,"id":"l1","note":{"a":[1]}}],"order":"o1","account":"a1","redeem":0,
        "honoured":false,"currency":"JPY","shipping":0,"paid_with":"other","campaign":"","visits":0,"coupons":[],
        "at":"2021-03-01T01:00:00.000Z","id":"e1","note":"x"}"#;
    assert_eq!(event(spelt), one);
}

#[test]
fn what_the_policy_does_not_use_still_tells_two_events_apart() {
    let (plain, taxed) = (event(&good_order("")), event(&good_order(r#","tax":10"#)));
    assert_eq!(plain.kind, taxed.kind);
    assert_ne!(plain, taxed);
    assert_eq!(plain, event(&good_order(r#","tax":0.0"#)));
}

#[test]
fn copies_of_a_bad_event_have_one_canonical_form() {
    let canonical = |line: &str| read(line).body.unwrap_err().content;
    let bad = good_order(r#","quantity":0"#);
    let spelt = r#"{"type":"order","lines":[{"seller":"domestic","points_rate":"2.0%","price":1500.0,"quantity":0e5,
        "category":"book","gift":false,"id":"l1","note":3,"tax":0}],"order":"o1","account":"a1","honoured":false,
        "at":"2021-03-01T01:00:00Z","id":"e1","paid_with":"other","note":"x"}"#;
    assert_eq!(canonical(&bad), canonical(spelt));
    assert_ne!(canonical(&bad), canonical(&bad.replace("1500", "1501")));
    assert_ne!(canonical(&bad), canonical(&bad.replace("T10:", "T11:")));
    let many = good_order(r#","quantity":1,"quantity":2"#);
    assert_ne!(canonical(&many), canonical(&good_order(r#","quantity":1,"quantity":3"#)));
}

#[test]
fn the_head_is_read_even_where_the_rest_is_bad() {
    let incoming = read(&good_order(r#","colour":1"#));
    assert_eq!(incoming.id().map(|id| &**id), Some("e1"));
    assert_eq!(incoming.account().map(|account| &**account), Some("a1"));
    assert_eq!(incoming.at().unwrap().to_string(), "2021-03-01T01:00:00Z");
    let incoming = read(r#"{"id":"e1","id":"e2","at":"2021-03-01","account":7}"#);
    assert_eq!((incoming.id(), incoming.at(), incoming.account()), (None, None, None));
}

#[test]
fn cases_are_read() {
    let policy = policy("JPY");
    let reader = Reader::new(policy);
    let line = r#"{"id":"l1","category":"book","price":1500,"points_rate":"2%","seller":"domestic"}"#;
    let at = r#""at":"2021-03-01T10:00:00+09:00""#;
    let case =
        reader.case(&format!(r#"{{{at},"member":{{"rank":"gold"}},"order":{{"lines":[{line}]}},"note":1}}"#));
    let Ok(Case::Order { member, order, .. }) = case else { panic!("{case:?}") };
    assert_eq!(member.facts.0.as_slice(), [None, Some(FactValue::Choice(1))]);
    assert_eq!(order.lines.len(), 1);
    let case = reader.case(&format!(r#"{{{at},"listing":{{"points_rate":"2%","seller":"overseas"}}}}"#));
    let Ok(Case::Listing { listing, .. }) = case else { panic!("{case:?}") };
    assert_eq!(listing.facts.as_slice()[1], FactValue::Choice(1));
    let bad = line.replace("1500", "-1");
    let refusal = reader.case(&format!(r#"{{{at},"order":{{"lines":[{bad}]}}}}"#)).unwrap_err();
    assert_eq!(refusal.path, "order.lines[0].price");
}
