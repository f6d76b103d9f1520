//! Events in YAML: the same content as in JSON, each with its line.

use super::policy::policy;
use super::*;
use crate::wire::read_file;

fn read_yaml(text: &str) -> Vec<Incoming> {
    let policy = policy("JPY");
    let reader = Reader::new(policy);
    read_file(&reader, "events.yaml", text.as_bytes(), None).unwrap().map(Result::unwrap).collect()
}

fn lines(incoming: &[Incoming]) -> Vec<(Option<u64>, Option<&str>)> {
    let code = |one: &Incoming| one.body.as_ref().err().map(|rejected| rejected.refusal.code.name());
    incoming.iter().map(|one| (one.place.line, code(one))).collect()
}

const ORDER: &str = "
- id: e1
  type: order
  at: 2021-03-01T10:00:00+09:00
  account: a1
  order: o1
  note: {any: [thing]}
  lines:
    - {id: l1, category: book, price: 1500, points_rate: 2%, seller: domestic, gift: no}
- {id: e2, type: grant, at: '2021-03-01T10:00:00+09:00', account: a1, points: 5}
";

#[test]
fn yaml_says_what_json_says() {
    let read = read_yaml(ORDER);
    assert_eq!(read[0].body.clone().unwrap(), event(&good_order("")));
    assert_eq!(lines(&read), [(Some(2), None), (Some(10), None)]);
    let under_events = format!("# a comment\nevents:\n{}", &ORDER.trim_start());
    assert_eq!(read_yaml(&under_events)[0].body, read[0].body);
    let documents = "--- {id: e2, type: grant, at: 2021-03-01T10:00:00+09:00, account: a1, points: 5}\n---\n";
    assert_eq!(read_yaml(documents)[0].body, read[1].body);
    assert_eq!(read_yaml(""), []);
    assert_eq!(read_yaml("\u{feff}# nothing\r\n"), []);
}

#[test]
fn plain_numbers_keep_their_digits() {
    let price = |text: &str| read_yaml(&ORDER.replace("1500", text))[0].body.clone();
    let exact = |text: &str| match price(text).unwrap().kind {
        EventKind::Order { order, .. } => order.lines[0].price,
        other => panic!("{other:?}"),
    };
    assert_eq!(exact("9007199254740993"), 9_007_199_254_740_993);
    assert_eq!(exact("1e3"), 1000);
    assert_eq!(exact("150.00"), 150);
    for bad in
        ["150.50", "0.1", "0x10", "007", "1_000", ".5", "+5", "yes", "1500%", "\"1500\"", ".inf", ".nan"]
    {
        assert_eq!(price(bad).unwrap_err().refusal.code, RefusalCode::InvalidValue, "{bad}");
    }
}

#[test]
fn texts_stay_texts() {
    let grant = |account: &str| {
        read_yaml(&format!(
            "[{{id: e, type: grant, at: 2021-03-01T10:00:00Z, account: {account}, points: 1}}]"
        ))
    };
    for text in ["yes", "on", "2021-01-01", "1_000", "007", "'1'", "\"true\""] {
        assert_eq!(grant(text)[0].account().map(|account| &**account), Some(text.trim_matches(['\'', '"'])));
    }
    for other in ["1", "true", "null", "~", "[]", "{}"] {
        assert_eq!(grant(other)[0].body.as_ref().unwrap_err().refusal.path, "account", "{other}");
    }
}

#[test]
fn what_is_not_data_is_refused_with_its_line() {
    let fault = |text: &str| {
        let read = read_yaml(text);
        let bad: Vec<_> = read.iter().filter(|one| one.body.is_err()).collect();
        assert_eq!(bad.len(), 1, "{text}: {read:?}");
        let rejected = bad[0].body.clone().unwrap_err();
        (bad[0].place.line.unwrap(), rejected.refusal.code, rejected.refusal.message)
    };
    let (line, code, words) = fault(&ORDER.replace("book", "*name"));
    assert_eq!((line, code), (9, RefusalCode::UnreadableInput), "{words}");
    let (line, code, words) =
        fault(&ORDER.replace("account: a1\n", "account: &name a1\n").replace("book", "*name"));
    assert_eq!((line, code, words.contains("alias")), (2, RefusalCode::UnreadableInput, true), "{words}");
    let (line, code, words) = fault(&ORDER.replace("book", "!!str book"));
    assert_eq!((line, code, words.contains("tag")), (2, RefusalCode::UnreadableInput, true), "{words}");
    let (line, code, _) = fault(&ORDER.replace("  order: o1", "  order: o1\n  order: o2"));
    assert_eq!((line, code), (2, RefusalCode::DuplicateField));
    let (_, code, _) = fault(&ORDER.replace("[thing]", &format!("{}{}", "[".repeat(40), "]".repeat(40))));
    assert_eq!(code, RefusalCode::TooLarge);
    let (line, code, _) = fault("events: []\nother: 1\n");
    assert_eq!((line, code), (1, RefusalCode::UnknownField));
    assert_eq!(fault("events: 5").1, RefusalCode::InvalidValue);
    assert_eq!(fault("just text").1, RefusalCode::InvalidValue);
}

#[test]
fn what_is_not_utf8_is_refused_with_its_line() {
    let policy = policy("JPY");
    let reader = Reader::new(policy);
    let read: Vec<_> = read_file(&reader, "e.yml", &b"- a\n- \xff\n"[..], None).unwrap().collect();
    assert_eq!(read[0].as_ref().unwrap().place.line, Some(2));
}

#[test]
fn inputs_may_be_gzipped_whatever_their_name() {
    use std::io::Write;
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let text = "\u{feff}\r\n".to_owned() + &other("grant", ",\"points\":1").replace('\n', "") + "\r\n\n{}\n";
    zipped.write_all(text.as_bytes()).unwrap();
    let zipped = zipped.finish().unwrap();
    let policy = policy("JPY");
    let reader = Reader::new(policy);
    for name in ["-", "e.jsonl", "e.ndjson.gz", "E.JSON"] {
        let read: Vec<_> = read_file(&reader, name, &zipped[..], None).unwrap().map(Result::unwrap).collect();
        assert_eq!(lines(&read), [(Some(2), None), (Some(4), Some("missing-field"))], "{name}");
        let cut = read_file(&reader, name, &zipped[..zipped.len() - 12], None).unwrap().last().unwrap();
        assert!(cut.unwrap_err().message.contains("cannot be read"));
    }
    assert!(read_file(&reader, "events.txt", &b""[..], None).is_err());
    assert!(read_file(&reader, "events.csv", &b""[..], None).err().unwrap().message.contains("--mapping"));
}
