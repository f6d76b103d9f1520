//! No input makes a reader panic, and the order of rows changes nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::policy::policy;
use super::*;
use crate::wire::{Mapping, read_file};

const MAPPING: &str = include_str!("../../../examples/open-ecommerce/mapping.yaml");
const YAML: &str = "
- {id: e1, type: order, at: 2021-03-01T10:00:00Z, account: a1, order: o1, redeem: 1e1, lines: [{id: l1, category: book,
   price: 1500.0, points_rate: 2%, seller: domestic, quantity: 2}]}
- id: e2
  type: ship
  at: '2021-03-01T10:00:00+09:00'
  account: \"a1\"
  order: &o o1
  note: *o
  lines: [{id: l1, quantity: 1}]
";
const CSV: &str =
    "Order Date,Purchase Price Per Unit,Quantity,ASIN/ISBN (Product Code),Category,Survey ResponseID
2020-04-20,18.86,1.0,B0,GROCERY,R1
2020-04-20,1.00,2.0,\"B\"\"1\",,R1
2020-04-21,0,1,,ABIS_BOOK,R2
";

/// Reads everything; the answer does not matter, that there is one does.
fn read_all(name: &str, bytes: &[u8]) -> usize {
    let policy = policy::amazon();
    let reader = Reader::new(policy);
    let mapping = Mapping::read(&reader, MAPPING).unwrap();
    match read_file(&reader, name, bytes, Some(&mapping)) {
        Ok(events) => events.count(),
        Err(_) => 0,
    }
}

/// `text` with some bytes replaced, taken out or put in.
fn mutated(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), proptest::sample::select(&b"{}[]:,\"'-*&!|>#% \n\t\r.0eE\\~?"[..])];
    let edit = (any::<proptest::sample::Index>(), 0..3u8, byte);
    proptest::collection::vec(edit, 0..8).prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (index, how, byte) in edits {
            let at = index.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in ["x.jsonl", "x.yaml", "x.csv"] {
            read_all(name, &bytes);
        }
        let policy = policy("JPY");
        let _ = Reader::new(policy).case(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_text_is_read_or_refused(text in "\\PC{0,80}") {
        for name in ["x.jsonl", "x.yaml", "x.csv"] {
            read_all(name, text.as_bytes());
        }
        let _ = Mapping::read(&Reader::new(policy("JPY")), &text);
    }

    #[test]
    fn mutated_yaml_is_read_or_refused(bytes in mutated(YAML)) {
        read_all("x.yaml", &bytes);
    }

    #[test]
    fn mutated_csv_is_read_or_refused(bytes in mutated(CSV)) {
        read_all("x.csv", &bytes);
    }

    #[test]
    fn mutated_mappings_are_read_or_told(bytes in mutated(MAPPING)) {
        let policy = policy::amazon();
        let reader = Reader::new(policy);
        if let Ok(mapping) = Mapping::read(&reader, &String::from_utf8_lossy(&bytes)) {
            let _ = read_file(&reader, "x.csv", CSV.as_bytes(), Some(&mapping)).map(Iterator::count);
        }
    }

    #[test]
    fn mutated_json_is_read_or_refused(edits in mutated(JSON)) {
        read_all("x.jsonl", &edits);
        let policy = policy("JPY");
        let _ = Reader::new(policy).case(&String::from_utf8_lossy(&edits));
    }

    #[test]
    fn mutated_gzip_is_unpacked_or_told(edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        for (name, text) in [("x.jsonl.gz", JSON), ("x.yaml.gz", YAML), ("x.csv.gz", CSV)] {
            let mut bytes = zipped(text);
            for (index, byte) in &edits {
                let at = index.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.truncate(bytes.len() - usize::from(edits[0].1) % 4);
            read_all(name, &bytes);
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(
        rows in proptest::collection::vec((0..3u8, 0..2u8, 0..3u8, 0..2u8), 1..12).prop_shuffle(),
        seed in any::<u64>(),
    ) {
        let row = |(day, customer, code, price): &(u8, u8, u8, u8)| {
            format!("2020-04-2{day},{}.5,1,B{code},GROCERY,R{customer}", i32::from(*price) - 1)
        };
        let csv = |rows: &[String]| format!("{}\n{}\n", CSV.lines().next().unwrap(), rows.join("\n"));
        let there: Vec<String> = rows.iter().map(row).collect();
        let mut back = there.clone();
        back.sort_by_key(|row| row.len() as u64 ^ seed.rotate_left(row.bytes().map(u32::from).sum()));
        prop_assert_eq!(bodies(&csv(&there)), bodies(&csv(&back)));
    }
}

fn zipped(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(text.as_bytes()).unwrap();
    zipped.finish().unwrap()
}

/// What never ends is given up on, with bounded memory, whatever its form.
#[test]
fn endless_input_is_refused() {
    let policy = policy::amazon();
    let reader = Reader::new(policy);
    let mapping = Mapping::read(&reader, MAPPING).unwrap();
    let fault = |name: &str, byte: u8| {
        let read = read_file(&reader, name, std::io::repeat(byte), Some(&mapping));
        read.err().map(|fault| fault.message).unwrap()
    };
    assert!(fault("x.yaml", b' ').contains("67108864 bytes"));
    assert!(fault("x.csv", b'a').contains("a row is longer than"));
    let header = CSV.lines().next().unwrap().to_owned() + "\n\"";
    let quote = std::io::Read::chain(header.as_bytes(), std::io::repeat(b'x'));
    let message = read_file(&reader, "x.csv", quote, Some(&mapping)).err().unwrap().message;
    assert!(message.contains("is a quote not closed?"), "{message}");
}

const JSON: &str = r#"{"id":"e1","type":"order","at":"2021-03-01T10:00:00+09:00","account":"a1","order":"o1","lines":[{"id":"l1","category":"book","price":1500.0,"points_rate":"2%","seller":"domestic","note":{"a":[1e3,-0,null,true]}}]}"#;

fn bodies(csv: &str) -> BTreeSet<String> {
    let policy = policy::amazon();
    let reader = Reader::new(policy);
    let mapping = Mapping::read(&reader, MAPPING).unwrap();
    let read = read_file(&reader, "x.csv", csv.as_bytes(), Some(&mapping)).unwrap();
    read.map(|one| one.unwrap()).map(|one| format!("{:?} {:?}", one.id(), one.body)).collect()
}
