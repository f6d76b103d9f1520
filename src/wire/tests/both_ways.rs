//! A line of JSON is read straight from its text, or as a tree where it is refused: both ways say the same of every line.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::policy::{general, policy};
use super::*;
use crate::check::Policy;
use crate::wire::json;

/// Good events of every type, with all that an event of it may have.
const EVENTS: &[&str] = &[
    r#""type":"order","order":"o1","paid_with":"other","campaign":"spring","visits":2,"redeem":10,"honoured":true,"shipping":300,"currency":"JPY","coupons":["x",5],"lines":[{"id":"l1","sku":"X1","category":"digital/music","price":1500,"quantity":2,"tax":10,"discount":0,"points_rate":"2.5%","seller":"domestic","coupon":100,"gift":true,"note":null},{"id":"l2","category":"book","price":0.0,"points_rate":"1%","seller":"overseas"}]"#,
    r#""type":"order","order":"o1","redeem":{"pay":5,"rewards":0},"lines":[{"id":"l1","category":"book","price":12.34}]"#,
    r#""type":"ship","order":"o1","lines":[{"id":"l1","quantity":2},{"id":"l2"}]"#,
    r#""type":"cancel","order":"o1""#,
    r#""type":"cancel","event":"s1""#,
    r#""type":"return","order":"o1","lines":[{"id":"l1","note":{"a":[1,{"b":2}]}}]"#,
    r#""type":"refund","order":"o1","lines":[{"id":"l1","amount":500,"part":"coupon"}],"shipping":5"#,
    r#""type":"refund","order":"o1","amount":500,"part":"shipping""#,
    r#""type":"refund","order":"o1","amount":500,"part":"coupon","shipping":5"#,
    r#""type":"refund","event":"s1","amount":5.5,"part":"taxes""#,
    r#""type":"grant","points":100,"reason":"\u00e9t\u00e9 \"x\"","expires_at":"2022-03-01T10:00:00Z","pool":"points""#,
    r#""type":"adjust","points":-5,"reason":"r","pool":"points""#,
    r#""type":"opening","points":5,"expires_at":"2022-03-01T10:00:00.5Z","pool":"points""#,
    r#""type":"transfer","points":5,"to_account":"a2""#,
    r#""type":"transfer","points":5,"to_program":"air","move":"swap""#,
    r#""type":"convert","points":50,"move":"swap""#,
    r#""type":"reward","reward":"brewed","quantity":2,"points":25"#,
    r#""type":"cash_out","points":5"#,
    r#""type":"member","joined":"2020-02-29","rank":"gold""#,
    r#""type":"mark","event":"s1","mark":"checked_out""#,
    r#""type":"stay","category":"hotel","nights":2,"litres":1.5,"charges":300.00,"taxes":10,"tips":1,"room":"suite""#,
];
const HEAD: &str = r#""id":"e1","at":"2021-03-01T10:00:00+09:00","account":"a1","note":"n","#;

/// What is put in the place of a value, or of anything.
const PIECES: &[&str] = &[
    "null",
    "true",
    "0",
    "1",
    "-1",
    "1.0",
    "1.5",
    "1e2",
    "1e400",
    "99999999999999999999",
    "\"\"",
    "\"x\"",
    "\"o1\"",
    "\"book\"",
    "\"2%\"",
    "\"-2%\"",
    "\"gold\"",
    "\"stay\"",
    "\"event\"",
    "\"2021-02-30\"",
    "[]",
    "{}",
    "[1]",
    "[[]]",
    "{\"id\":\"l1\"}",
    "[{\"id\":\"l1\"},{\"id\":\"l1\"}]",
    "\"\\ud800\"",
    "\"\\n\"",
    "\"\u{85}\"",
    "{\"a\":1,\"a\":2}",
    "\"event\":\"s1\"",
    "\"order\":\"o2\"",
    "\"type\":\"ship\"",
    "\"colour\":1",
    ",",
    ":",
    "}",
    "]",
    " ",
    "\"",
    "\\",
    "é",
];

/// A line whose pieces were swapped, taken out, doubled and replaced; now and then not at all.
fn lines() -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), any::<Index>(), 0..6u8, select(PIECES));
    (select(EVENTS), any::<bool>(), proptest::collection::vec(edit, 0..3)).prop_map(
        |(event, head_first, edits)| {
            let text = match head_first {
                true => format!("{{{HEAD}{event}}}"),
                false => format!("{{{event},{}}}", HEAD.trim_end_matches(',')),
            };
            let mut pieces = pieces(&text);
            for (at, other, how, piece) in edits {
                let (at, other) = (at.index(pieces.len()), other.index(pieces.len()));
                match how {
                    0 => pieces.swap(at, other),
                    1 => drop(pieces.remove(at)),
                    2 => pieces.insert(at, pieces[other].clone()),
                    3 => pieces.insert(at, piece.to_owned()),
                    _ => pieces[at] = piece.to_owned(),
                }
                if pieces.is_empty() {
                    pieces.push(String::new());
                }
            }
            pieces.concat()
        },
    )
}

/// The tokens of JSON, a field's name together with its colon.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let quoted = |text: &str| {
            let mut escaped = false;
            text.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            })
        };
        let end = match first {
            '"' => quoted(rest).map_or(rest.len(), |(end, _)| end + 1),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find(['{', '}', '[', ']', ',', ':', '"']).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(end);
        match (piece, pieces.last_mut()) {
            (":", Some(name)) => name.push(':'),
            _ => pieces.push(piece.to_owned()),
        }
        rest = after;
    }
    pieces
}

fn tree(policy: &Policy, line: &str) -> Option<Event> {
    let node = json::parse(line).ok()?;
    Reader::new(policy).event(Place::default(), &node).body.ok()
}

/// The good events that a policy reads.
pub fn good_lines(policy: &Policy) -> Vec<String> {
    let lines = EVENTS.iter().map(|event| format!("{{{HEAD}{event}}}"));
    lines.filter(|line| tree(policy, line).is_some()).collect()
}

fn policies() -> [&'static Policy; 3] {
    [policy("JPY"), policy("USD"), general()]
}

#[test]
fn every_type_is_read_in_both_ways() {
    for event in EVENTS {
        let line = format!("{{{HEAD}{event}}}");
        let read = policies().map(|policy| Reader::new(policy).good_event(&line));
        assert!(read.iter().any(Option::is_some), "{line}");
        assert_eq!(read, policies().map(|policy| tree(policy, &line)), "{line}");
    }
    let mut types: Vec<&str> = EVENTS.iter().map(|event| event.split('"').nth(3).unwrap()).collect();
    types.dedup();
    types.sort_unstable();
    let reader = Reader::new(general());
    let mut known: Vec<&str> = reader.schema.types().collect();
    known.sort_unstable();
    types.dedup();
    assert_eq!(types, known);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_read_alike_in_both_ways(line in lines()) {
        for policy in policies() {
            prop_assert_eq!(Reader::new(policy).good_event(&line), tree(policy, &line), "{}", line);
        }
    }

    #[test]
    fn any_text_is_read_alike_in_both_ways(line in lines(), at in any::<Index>(), end in any::<Index>(), byte in any::<u8>()) {
        let mut bytes = line.into_bytes();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(1 + end.index(2 * bytes.len()));
        }
        let line = String::from_utf8_lossy(&bytes);
        for policy in policies() {
            prop_assert_eq!(Reader::new(policy).good_event(&line), tree(policy, &line), "{}", line);
        }
    }
}

#[test]
fn huge_and_deep_lines_are_read_or_refused() {
    let reader = Reader::new(policy("JPY"));
    let wrapped = |value: &str| format!("{{{HEAD}\"x\":{value},\"type\":\"grant\",\"points\":1}}");
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        for depth in [31, 32, 33, 5_000, 100_000] {
            let text = open.repeat(depth);
            for line in [text.clone(), wrapped(&text), wrapped(&format!("{text}1")), text + "]"] {
                assert!(reader.event_line(Place::default(), &line).body.is_err());
            }
        }
    }
    for number in
        ["9".repeat(500_000), format!("1e{}", "9".repeat(1000)), format!("0.{}1", "0".repeat(500_000))]
    {
        let line = other("grant", &format!(r#","points":{number}"#));
        assert!(reader.event_line(Place::default(), &line).body.is_err());
    }
    let names: Vec<String> = (0..50_000).map(|n| format!("\"{n}\":1")).collect();
    let note = other("grant", &format!(r#","points":1,"note":{{{}}}"#, names.join(",")));
    assert!(reader.event_line(Place::default(), &note).body.is_ok());
    let lines: Vec<String> = (0..20_000).map(|n| format!(r#"{{"id":"{n}"}}"#)).collect();
    let ship = other("ship", &format!(r#","order":"o1","lines":[{}]"#, lines.join(",")));
    assert!(reader.event_line(Place::default(), &ship).body.is_ok());
}

#[test]
fn the_place_of_a_type_makes_no_difference() {
    let first = r#"{"type":"cancel","event":"s1","id":"e1","at":"2021-03-01T10:00:00Z","account":"a1"}"#;
    let last =
        r#"{"id":"e1","at":"2021-03-01T10:00:00Z","account":"a1","event":"s1","\u0074ype":"\u0063ancel"}"#;
    let reader = Reader::new(general());
    assert!(reader.good_event(first).is_some());
    assert_eq!(reader.good_event(first), reader.good_event(last));
}
