//! What the general form adds: declared events and their marks, several pools, rewards and moves, levels and measures.

use super::policy::general;
use super::*;
use crate::eval::order::RedeemAsk;
use crate::policy::{FactValue, MoveId, PoolId, RedeemId};
use crate::value::Ratio;
use crate::wire::Case;
use RefusalCode as Code;

fn body(line: &str) -> Result<EventKind, Refusal> {
    let incoming = Reader::new(general()).event_line(Place::default(), line);
    incoming.body.map(|event| event.kind).map_err(|rejected| rejected.refusal)
}

fn stay(fields: &str) -> String {
    other("stay", &format!(r#","nights":2,"charges":300.00,"category":"full_service"{fields}"#))
}

fn kind(line: &str) -> EventKind {
    body(line).unwrap_or_else(|refusal| panic!("{line}: {refusal} at {}", refusal.path))
}

#[track_caller]
fn not_read(line: &str, code: Code, path: &str, words: &str) {
    let refusal = body(line).expect_err(line);
    assert_eq!((refusal.code, refusal.path.as_str()), (code, path), "{line}: {}", refusal.message);
    assert!(refusal.message.contains(words), "{line}: {}", refusal.message);
}

fn number(n: i128, d: i128) -> FactValue {
    FactValue::Number(Ratio::new(n, d).unwrap())
}

#[test]
fn a_declared_event_is_read_with_its_facts() {
    let EventKind::Happening { event, facts } = kind(&stay(r#","litres":12.345,"room":"suite","note":1"#))
    else {
        panic!("no happening")
    };
    assert_eq!(event.index(), 0);
    let money = |minor| number(minor, 1);
    let read = [number(2, 1), number(12345, 1000), money(30_000), money(0), money(0), FactValue::Choice(1)];
    assert!(matches!(facts.as_slice()[0], FactValue::Category(_)));
    assert_eq!(facts.as_slice()[1..], read);
}

#[test]
fn facts_of_a_declared_event_are_read_strictly() {
    let with = |from: &str, to: &str| stay("").replace(from, to);
    not_read(&with("full_service", "book"), Code::FactOutOfRange, "category", "hotel or a category under it");
    not_read(&with("full_service", "ful_service"), Code::UnknownCategory, "category", "\"full_service\"");
    not_read(&with(r#""nights":2,"#, ""), Code::MissingField, "nights", "on stay");
    not_read(&with(r#""nights":2"#, r#""nights":2.5"#), Code::InvalidValue, "nights", "whole number");
    not_read(&stay(r#","litres":1.2345678"#), Code::InvalidValue, "litres", "at most 6 digits");
    not_read(&stay(r#","litres":-1"#), Code::InvalidValue, "litres", "0 or more");
    not_read(&stay(r#","taxes":300.01"#), Code::FactOutOfRange, "taxes", "part of `charges`");
    assert!(body(&stay(r#","tips":300.01"#)).is_ok());
    not_read(&stay(r#","rom":"suite""#), Code::UnknownField, "rom", "`room`");
    not_read(&stay("").replace("stay", "stya"), Code::UnknownType, "type", "\"stay\"");
    not_read(&stay("").replace("stay", "zzzzzz"), Code::UnknownType, "type", "cash_out, member, mark, stay");
}

#[test]
fn later_events_name_the_happening() {
    let mark = kind(&other("mark", r#","event":"s1","mark":"checked_out""#));
    assert_eq!(mark, EventKind::Mark { event: "s1".into(), mark: "checked_out".into() });
    let misspelt = other("mark", r#","event":"s1","mark":"checkedout""#);
    not_read(&misspelt, Code::UnknownMark, "mark", "\"checked_out\"");
    let cancel = kind(&other("cancel", r#","event":"s1""#));
    assert_eq!(cancel, EventKind::CancelEvent { event: "s1".into() });
    let refund = kind(&other("refund", r#","event":"s1","amount":50"#));
    assert_eq!(refund, EventKind::RefundEvent { event: "s1".into(), amount: 5000, part: None });
    not_read(&other("cancel", r#","event":"s1","order":"o1""#), Code::InvalidValue, "order", "`event`");
    not_read(&other("cancel", ""), Code::MissingField, "order", "");
    not_read(&other("refund", r#","event":"s1","amount":0"#), Code::InvalidValue, "amount", "above 0");
    not_read(&other("refund", r#","event":"s1""#), Code::MissingField, "amount", "");
    not_read(&other("return", r#","event":"s1""#), Code::UnknownField, "event", "");
}

#[test]
fn events_name_their_pool() {
    let grant = kind(&other("grant", r#","points":5,"pool":"stars""#));
    assert_eq!(grant, EventKind::Grant { pool: PoolId::new(1), points: 5, expires_at: None, reason: None });
    not_read(&other("grant", r#","points":5"#), Code::MissingField, "pool", "points, stars");
    not_read(&other("grant", r#","points":5,"pool":"star""#), Code::UnknownPool, "pool", "\"stars\"");
    let adjust = kind(&other("adjust", r#","points":-5,"pool":"points","reason":"x""#));
    assert_eq!(adjust, EventKind::Adjust { pool: PoolId::new(0), points: -5, reason: "x".into() });
    // With one pool its name may be written or left out.
    assert_eq!(
        event(&other("grant", r#","points":5"#)),
        event(&other("grant", r#","points":5,"pool":"points""#))
    );
}

#[test]
fn rewards_and_moves_are_declared() {
    let reward = kind(&other("reward", r#","reward":"brewed""#));
    assert_eq!(reward, EventKind::Reward { reward: "brewed".into(), quantity: 1, price: None });
    not_read(&other("reward", r#","reward":"brewd""#), Code::UnknownReward, "reward", "\"brewed\"");
    let convert = kind(&other("convert", r#","move":"swap","points":500"#));
    assert_eq!(convert, EventKind::Convert { by: MoveId::new(0), points: 500 });
    not_read(&other("convert", r#","move":"swapp","points":5"#), Code::UnknownRule, "move", "\"swap\"");
    not_read(&other("convert", r#","points":5"#), Code::MissingField, "move", "");
    let transfer = kind(&other("transfer", r#","to_program":"air","move":"swap","points":5"#));
    assert!(matches!(transfer, EventKind::Transfer { points: 5, by: Some(by), .. } if by.index() == 0));
}

#[test]
fn points_are_paid_by_a_rule_or_by_the_only_one() {
    let redeem = |ask: &str| {
        let line = order(&format!(r#","redeem":{ask}"#), r#","category":"book","price":1"#);
        body(&line).map(|kind| match kind {
            EventKind::Order { order, .. } => order.redeem,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(redeem("5"), Ok(RedeemAsk::Plain(5)));
    assert_eq!(redeem(r#"{"pay":5.0,"rewards":0}"#), Ok(RedeemAsk::ByRule(vec![(RedeemId::new(0), 5)])));
    assert_eq!(redeem(r#"{"pay":0}"#), Ok(RedeemAsk::Plain(0)));
    assert_eq!(redeem("{}"), Ok(RedeemAsk::Plain(0)));
    let refusal = redeem(r#"{"pya":5}"#).unwrap_err();
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::UnknownRule, "redeem.pya"));
    assert_eq!(redeem(r#"{"pay":-5}"#).unwrap_err().path, "redeem.pay");
}

#[test]
fn a_case_tells_levels_and_measures() {
    let case = |member: &str| {
        let text = format!(
            r#"{{"at":"2021-03-01T10:00:00Z","member":{member},"event":{{"type":"stay","category":"hotel","nights":1,"charges":5}}}}"#
        );
        Reader::new(general()).case(&text)
    };
    let Ok(Case::Event { member, event, .. }) =
        case(r#"{"status":"gold","nights":12,"spend":{"suite":1.5}}"#)
    else {
        panic!("not read")
    };
    assert_eq!(member.known.levels.as_slice(), [1]);
    assert_eq!(
        member.known.so_far.as_slice(),
        [vec![Ratio::whole(12)], vec![Ratio::ZERO, Ratio::whole(150)]]
    );
    assert_eq!(member.known.so_far, member.known.in_all);
    assert_eq!((event.lines[0].id.as_str(), event.lines[0].price), ("stay", 500));
    let refused = |member: &str| {
        let refusal = case(member).unwrap_err();
        (refusal.code, refusal.path)
    };
    assert_eq!(refused(r#"{"status":"godl"}"#), (Code::UnknownChoice, "member.status".to_owned()));
    assert_eq!(refused(r#"{"spend":1}"#), (Code::InvalidValue, "member.spend".to_owned()));
    assert_eq!(refused(r#"{"spend":{"attic":1}}"#), (Code::UnknownField, "member.spend.attic".to_owned()));
    assert_eq!(refused(r#"{"nigths":1}"#), (Code::UnknownField, "member.nigths".to_owned()));
}

#[test]
fn copies_of_a_bad_event_are_copies_however_they_are_written() {
    let canonical = |line: &str| {
        let incoming = Reader::new(general()).event_line(Place::default(), line);
        incoming.body.expect_err(line).content
    };
    let (one, other) = (stay(r#","bad":1"#), stay(r#","bad":1.0,"room":"standard","taxes":0,"note":"x""#));
    assert_eq!(canonical(&one), canonical(&other.replace("300.00", "3e2")));
    assert_ne!(canonical(&one), canonical(&stay(r#","bad":1,"room":"suite""#)));
}

#[cfg(feature = "csv")]
#[test]
fn rows_may_be_rewards_marks_and_refunds() {
    use crate::ledger::event::{GivenBack, Refund};
    let reader = Reader::new(general());
    let mapping = "\
account: {column: who}
event:
  type: {column: what}
  at: {column: when}
  event: {column: of}
  mark: {column: mark}
  reward: {column: reward}
  quantity: {column: n}
  amount: {column: amount}
  order: {column: order}
  line: {column: line}
";
    let mapping = crate::wire::Mapping::read(&reader, mapping).unwrap();
    let csv = "\
who,what,when,of,mark,reward,n,amount,order,line
a1,mark,2021-03-01T10:00:00Z,s1,checked_out,,,,,
a1,refund,2021-03-02T10:00:00Z,s1,,,,50,,
a1,reward,2021-03-03T10:00:00Z,,,brewed,2,,,
a1,refund,2021-03-04T10:00:00Z,,,,,50,o1,
a1,refund,2021-03-05T10:00:00Z,,,,,50,o1,l1
";
    let read = crate::wire::read_file(&reader, "rows.csv", csv.as_bytes(), Some(&mapping)).unwrap();
    let kinds: Vec<EventKind> = read.map(|one| one.unwrap().body.unwrap().kind).collect();
    let mark = EventKind::Mark { event: "s1".into(), mark: "checked_out".into() };
    let refund = EventKind::RefundEvent { event: "s1".into(), amount: 5000, part: None };
    let reward = EventKind::Reward { reward: "brewed".into(), quantity: 2, price: None };
    let given = GivenBack { amount: 5000, part: None };
    let of_order = Refund { number: "o1".into(), lines: Vec::new(), order: Some(given), shipping: None };
    let of_line = Refund { lines: vec![("l1".into(), given)], order: None, ..of_order.clone() };
    let (of_order, of_line) = (EventKind::Refund(of_order), EventKind::Refund(of_line));
    assert_eq!(kinds, [mark, refund, reward, of_order, of_line]);
}
