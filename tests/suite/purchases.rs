//! Real purchases (examples/open-ecommerce) through the Amazon programme, where the published data set is at hand.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};

use meed::internal::plain;
use meed::{Mapping, Options, Outcome, Reader, Table};
use serde_json::Value;

use crate::support::{amazon, answer, replay, root};

/// The data set is not part of the repository; this is where it is looked for, beside it.
const DATA: &str = "../shared/data/open-ecommerce/amazon-purchases.csv.gz";
/// How much of it is run, so that a debug build takes seconds.
const ROWS: usize = 10_000;

/// The header and the first rows; None where the data set is not at hand.
fn purchases() -> Option<(String, Vec<String>)> {
    let Ok(file) = std::fs::File::open(root().join(DATA)) else {
        println!("skipped: the published data set is not at {DATA}");
        return None;
    };
    let mut lines = BufReader::new(plain(file).unwrap()).lines().map(Result::unwrap);
    Some((lines.next().unwrap(), lines.take(ROWS).collect()))
}

/// The outcome of rows that are spread over files.
fn run(header: &str, files: &[&[String]]) -> Outcome {
    let text = std::fs::read_to_string(root().join("examples/open-ecommerce/mapping.yaml")).unwrap();
    let reader = Reader::new(amazon());
    let mapping = Mapping::read(&reader, &text).unwrap();
    let (mut table, mut read) = (Table::new(&reader, &mapping), Vec::new());
    for (index, rows) in files.iter().enumerate() {
        let csv = format!("{header}\n{}\n", rows.join("\n"));
        let name = format!("purchases-{index}.csv");
        table.add(&name, csv.as_bytes(), &mut |refused| read.push(refused)).unwrap();
    }
    read.extend(table.finish());
    replay(amazon(), read, &Options::default())
}

fn sum(answer: &Value, name: &str) -> i64 {
    let accounts = answer["accounts"].as_array().unwrap().iter();
    accounts.map(|account| account["pools"]["points"][name].as_i64().unwrap()).sum()
}

#[test]
fn real_purchases_keep_the_laws() {
    let Some((header, mut rows)) = purchases() else { return };
    let outcome = run(&header, &[&rows]);
    assert_eq!(outcome.refused, [], "every row of the published file can be read");
    assert_eq!(outcome.duplicates, 0);
    assert!(outcome.accounts.iter().all(|account| account.balance().is_conserved()));
    let whole = answer(amazon(), &outcome);
    for name in ["issued", "available", "expired"] {
        assert!(sum(&whole, name) > 0, "nothing is {name}: the rows were not run");
    }
    // Sorted by a hash of their content, the rows stand in no order of the data.
    rows.sort_by_key(|row| {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        hasher.finish()
    });
    let (first, rest) = rows.split_at(rows.len() / 3);
    let shuffled = answer(amazon(), &run(&header, &[rest, first]));
    assert_eq!(shuffled, whole, "the order of rows, or cutting the file, changes the answer");
}
