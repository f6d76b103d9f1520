//! CSV through a mapping.

use std::collections::BTreeSet;

use super::policy::{amazon, policy};
use super::*;
use crate::wire::{Mapping, MappingError, Table, read_file};

const HEADER: &str = "Date,Price,Units,Kind,Code,Customer,Sent";
const MAPPING: &str = "\
account: {column: Customer}
order:
  one for each: account and day
  at: {column: Date, time: noon}
  paid_with: other
line:
  sku: {column: Code}
  price: {column: Price, times: 100}
  quantity: {column: Units}
  points_rate:
    hash of: [Code]
    shares: {1%: 50, 2%: 50}
  seller: domestic
  category:
    column: Kind
    everything else: gift_card
    map:
      book: [BOOK, MAGAZINE]
ship:
  days after order:
    hash of: [Customer, Date]
    shares: {0: 1, 1: 1}
";

fn mapping(text: &str) -> Result<Mapping, MappingError> {
    Mapping::read(&Reader::new(policy("JPY")), text)
}

fn rows(text: &str, rows: &[&str]) -> Vec<Incoming> {
    let policy = policy("JPY");
    let reader = Reader::new(policy);
    let mapping = Mapping::read(&reader, text).unwrap();
    let csv = format!("{HEADER}\n{}\n", rows.join("\n"));
    read_file(&reader, "rows.csv", csv.as_bytes(), Some(&mapping)).unwrap().map(Result::unwrap).collect()
}

fn bodies(incoming: &[Incoming]) -> BTreeSet<String> {
    incoming.iter().map(|one| format!("{:?} {:?}", one.id(), one.body)).collect()
}

#[test]
fn rows_of_a_customer_and_day_are_one_order() {
    let read = rows(
        MAPPING,
        &["2020-04-20,18.86,1.0,BOOK,X,a1,", "2020-04-20,1,2.0,,Y,a1,", "2020-04-21,0,1,ZZZ,,a1,"],
    );
    assert_eq!(read.len(), 4, "two orders and their ships: {read:?}");
    let EventKind::Order { number, order } = read[0].body.clone().unwrap().kind else { panic!() };
    assert_eq!(number, "2020-04-20");
    let mut lines: Vec<(i64, i64, usize)> =
        order.lines.iter().map(|line| (line.price, line.quantity, line.category.unwrap().index())).collect();
    lines.sort_unstable();
    assert_eq!(lines, [(100, 2, 3), (1886, 1, 0)]);
    assert_eq!(read[0].id().map(|id| &**id), Some("order/a1/2020-04-20"));
    assert_eq!(read[0].at().unwrap().to_string(), "2020-04-20T03:00:00Z");
}

#[test]
fn equal_rows_are_distinct_lines_in_any_order() {
    let some = ["2020-04-20,1,1,BOOK,X,a1,", "2020-04-20,1,1.0,BOOK,X,a1,", "2020-04-20,2,1,BOOK,X,a1,"];
    let there = rows(MAPPING, &some);
    let mut turned = some;
    turned.reverse();
    assert_eq!(bodies(&there), bodies(&rows(MAPPING, &turned)));
    let EventKind::Order { order, .. } = there[0].body.clone().unwrap().kind else { panic!() };
    assert_eq!(order.lines.len(), 3);
}

#[test]
fn a_hash_never_changes() {
    // Worked out apart from this code: SHA-256 of "points_rate\nX", its first eight bytes modulo 100.
    let read = rows(MAPPING, &["2020-04-20,1,1,BOOK,X,a1,"]);
    let EventKind::Order { order, .. } = read[0].body.clone().unwrap().kind else { panic!() };
    assert_eq!(format!("{:?}", order.lines[0].listing.as_slice()[0]), HASHED);
}

const HASHED: &str = "Number(Ratio { numerator: 1, denominator: 100 })";

#[test]
fn bad_rows_are_refused_with_their_lines() {
    let read = rows(
        MAPPING,
        &[
            "2020-04-20,x,1,BOOK,X,a1,",
            "2020-02-30,1,1,BOOK,X,a2,",
            "2020-04-20,1,1,BOOK,X,,",
            "2020-04-20,1,1,BOOK",
            "2020-04-20,1,1.5,BOOK,X,a3,",
            "2020-04-20,1,1,BOOK,X,a4,",
        ],
    );
    let refused: BTreeSet<(u64, &str, String)> = read
        .iter()
        .filter_map(|one| one.body.as_ref().err().map(|rejected| (one.place.line.unwrap(), rejected)))
        .map(|(line, rejected)| (line, rejected.refusal.code.name(), rejected.refusal.path.clone()))
        .collect();
    let expected = [
        (2, "invalid-value", "lines[0].price"),
        (3, "invalid-value", "at"),
        (4, "missing-field", "account"),
        (5, "unreadable-input", ""),
        (6, "invalid-value", "lines[0].quantity"),
    ];
    assert_eq!(refused, expected.map(|(line, code, path)| (line, code, path.to_owned())).into());
    assert_eq!(read.iter().filter(|one| one.body.is_ok()).count(), 2);
}

#[test]
fn lines_may_ship_apart() {
    let text =
        MAPPING.split("ship:").next().unwrap().to_owned() + "ship:\n  at: {column: Sent, time: 09:30}\n";
    let read = rows(
        &text,
        &[
            "2020-04-20,1,1,BOOK,X,a1,2020-04-21",
            "2020-04-20,2,1,BOOK,Y,a1,2020-04-22",
            "2020-04-20,3,1,BOOK,Z,a1,",
            "2020-04-20,3,1,BOOK,Z,a2,2020-04-20T12:00:00+09:00",
        ],
    );
    let ships: Vec<_> = read
        .iter()
        .filter_map(|one| match &one.body.as_ref().unwrap().kind {
            EventKind::Ship(movement) => {
                Some((one.id().unwrap().to_string(), movement.lines.as_ref().map(Vec::len)))
            }
            _ => None,
        })
        .collect();
    let expected = [
        ("ship/a2/2020-04-20/2020-04-20T03:00:00Z".to_owned(), None),
        ("ship/a1/2020-04-20/2020-04-21T00:30:00Z".to_owned(), Some(1)),
        ("ship/a1/2020-04-20/2020-04-22T00:30:00Z".to_owned(), Some(1)),
    ];
    assert_eq!(ships, expected);
}

#[test]
fn rows_may_be_events_of_their_own() {
    let text = "\
account: {column: Customer}
leave out:
  - {column: Kind, is: [TEST]}
event:
  type: {column: Kind, map: {grant: [GIFT], return: [BACK]}}
  at: {column: Date, format: '%d.%m.%Y', time: noon}
  order: {column: Code}
  points: {column: Units, drop: [' pt', '.']}
";
    let read = rows(
        text,
        &[
            "20.04.2020,,1.500 pt,GIFT,,a1,",
            "20.04.2020,,1.500 pt,GIFT,,a1,",
            "21.04.2020,,,BACK,o1,a1,",
            "21.04.2020,,,TEST,o1,a1,",
            "21.04.2020,,,OTHER,o1,a1,",
        ],
    );
    let kinds: Vec<_> =
        read.iter().map(|one| one.body.as_ref().ok().map(|event| event.kind.rank())).collect();
    assert_eq!(kinds, [None, Some(1), Some(1), Some(5)], "two grants and a return");
    assert_ne!(read[1].id(), read[2].id());
    assert_eq!(read[0].place.line, Some(6));
}

/// A `format` without hours reads a day, whose time of day is the mapping's to say, as for a day without a format.
#[test]
fn the_time_of_day_counts_beside_a_format_of_days() {
    let text = |format: &str, time: &str| {
        format!(
            "account: {{column: Customer}}\nevent:\n  type: grant\n  points: 1\n  at: {{column: Date{format}{time}}}\n"
        )
    };
    let at = |format: &str, time: &str, cell: &str| {
        let read = rows(&text(format, time), &[&format!("{cell},,,,,a1,")]);
        let told = read[0].body.as_ref().err().map(|rejected| rejected.refusal.message.clone());
        (read[0].at().map(|at| at.to_string()), told.unwrap_or_default())
    };
    let days = ", format: '%d.%m.%Y'";
    for (format, cell) in [("", "2020-04-20"), (days, "20.04.2020")] {
        assert_eq!(at(format, ", time: '23:59'", cell).0.as_deref(), Some("2020-04-20T14:59:00Z"));
        let (none, told) = at(format, "", cell);
        assert!(none.is_none() && told.contains("it has no time of day"), "{told}");
    }
    let hours = ", format: '%d.%m.%Y %H'";
    assert_eq!(at(hours, ", time: noon", "20.04.2020 18").0.as_deref(), Some("2020-04-20T09:00:00Z"));
    let offset = ", format: '%d.%m.%Y %H:%M %z'";
    assert_eq!(at(offset, "", "20.04.2020 18:30 +0200").0.as_deref(), Some("2020-04-20T16:30:00Z"));
    for (format, cell) in [(", format: '%d.%m.%Y %M'", "20.04.2020 30"), (days, "2020-04-20")] {
        assert!(at(format, ", time: noon", cell).1.contains("it is not written as"));
    }
    let (_, told) = at(", format: '%Y-%m-%d'", ", time: noon", "9999-12-31");
    assert!(told.contains("no calendar has that instant"), "{told}");
}

#[test]
fn mistakes_in_a_mapping_are_told_with_their_line() {
    let wrong = |from: &str, to: &str, line: u64, words: &str| {
        assert!(MAPPING.contains(from), "{from}");
        let error = mapping(&MAPPING.replace(from, to)).unwrap_err();
        assert_eq!((error.line, true), (Some(line), error.message.contains(words)), "{}", error.message);
    };
    wrong("account: {", "acount: {", 1, "did you mean `account`?");
    wrong("time: noon", "time: nine", 4, "noon, midnight");
    wrong("paid_with: other", "paid_with: othr", 5, "did you mean \"other\"?");
    wrong("paid_with", "payd_with", 5, "did you mean `paid_with`?");
    wrong("times: 100", "times: x", 8, "a number");
    wrong("{column: Units}", "{colum: Units}", 9, "did you mean `column`?");
    wrong("1%: 50", "1: 50", 12, "a rate");
    wrong("1%: 50", "96%: 50", 12, "0% to 95%");
    wrong("1%: 50, 2%: 50", "1%: 0", 12, "more than 0");
    wrong("  seller: domestic\n", "", 6, "`seller` has no default");
    wrong("  price: {column: Price, times: 100}\n", "", 6, "`price` is missing");
    wrong("everything else: gift_card", "everything else: gift", 16, "declares no category");
    wrong("book: [BOOK, MAGAZINE]", "bok: [BOOK]", 18, "did you mean \"book\"?");
    wrong("book: [BOOK, MAGAZINE]", "book: [BOOK, BOOK]", 18, "mapped twice");
    wrong("account and day", "customer", 3, "account and day");
    wrong("ship:", "order:", 19, "given twice");
    wrong("ship:", "shipp:", 19, "did you mean `ship`?");
    wrong("account: {column: Customer}", "account: [", 3, "not YAML");
    let error = mapping("").unwrap_err();
    assert!(error.message.contains("a mapping"), "{}", error.message);
}

#[test]
fn a_column_that_the_file_lacks_is_a_fault() {
    let policy = policy("JPY");
    let reader = Reader::new(policy);
    let mapping = Mapping::read(&reader, MAPPING).unwrap();
    let fault =
        |csv: &str| read_file(&reader, "rows.csv", csv.as_bytes(), Some(&mapping)).err().unwrap().message;
    let message = fault(&HEADER.replace("Price", "Prise"));
    assert!(
        message.contains("the mapping:8: the column \"Price\" of rows.csv")
            && message.contains("did you mean \"Prise\"?"),
        "{message}"
    );
    assert!(fault(&HEADER.replace("Sent", "Date")).contains("twice"));
    assert!(fault(&HEADER.replace(',', ";")).contains("`separator: semicolon`"));
    assert!(fault("").starts_with("rows.csv:1: the file is empty"));
    let utf16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = [b"\xff\xfe".as_slice(), &utf16].concat();
    let message = read_file(&reader, "rows.csv", utf16.as_slice(), Some(&mapping)).err().unwrap().message;
    assert!(message.contains("UTF-8"), "{message}");
    let constant = MAPPING.replace("account: {column: Customer}", "account: Customer");
    let constant = Mapping::read(&reader, &constant).unwrap().named("shop.yaml");
    let message = read_file(&reader, "rows.csv", HEADER.as_bytes(), Some(&constant)).err().unwrap().message;
    assert!(message.contains("shop.yaml") && message.contains("`account: {column: Customer}`"), "{message}");
}

/// What comes of files of rows, with blanks and other columns wherever they are.
fn table(text: &str, files: &[&str]) -> Vec<Incoming> {
    let reader = Reader::new(policy("JPY"));
    let mapping = Mapping::read(&reader, text).unwrap();
    let mut table = Table::new(&reader, &mapping);
    let mut read = Vec::new();
    for (index, csv) in files.iter().enumerate() {
        table.add(&format!("{index}.csv"), csv.as_bytes(), &mut |refused| read.push(refused)).unwrap();
    }
    read.extend(table.finish());
    read
}

#[test]
fn files_are_one_table_however_they_are_cut_and_written() {
    let some = ["2020-04-20,1,1,BOOK,X,a1,", "2020-04-20,1,1,BOOK,X,a1,", "2020-04-21,2,1,BOOK,Y,a1,"];
    let whole = bodies(&rows(MAPPING, &some));
    let cut = [some[1], some[2], some[0]].map(|row| format!("{HEADER}\n{row}\n"));
    assert_eq!(bodies(&table(MAPPING, &cut.each_ref().map(String::as_str))), whole);
    let spreadsheet = format!("\u{feff}{HEADER}\r\n{}\r\n", some.join("\r\n"));
    assert_eq!(bodies(&table(MAPPING, &[&spreadsheet])), whole);
    let turned = "Note,Sent,Customer,Code,Kind,Units,Price,Date\n\
        \"two\nlines, \"\"quoted\"\"\",,a1,\"X\",BOOK,1,1,2020-04-20\n,,a1,X,BOOK,1,1,2020-04-20\n";
    let rest = format!("{HEADER}\n{}\n", some[2]);
    assert_eq!(bodies(&table(MAPPING, &[&rest, turned])), whole);
}

#[test]
fn a_refusal_names_the_file_of_the_bad_row() {
    let (good, bad) = ("2020-04-20,1,1,BOOK,X,a1,", "2020-04-20,x,1,BOOK,X,a1,");
    let read = table(MAPPING, &[&format!("{HEADER}\n{good}\n"), &format!("{HEADER}\n{good}\n{bad}\n")]);
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].body.is_err());
    assert_eq!((read[0].place.file.as_deref(), read[0].place.line), (Some("1.csv"), Some(3)));
}

#[test]
fn rows_with_a_line_id_count_once() {
    let named = MAPPING.replace("line:\n", "line:\n  id: {column: Code}\n");
    let some = format!("{HEADER}\n2020-04-20,1,1,BOOK,X,a1,\n2020-04-20,1,1,BOOK,Y,a1,\n");
    let copy = format!("{HEADER}\n2020-04-20,1.0,1,BOOK,Y,a1,\n");
    let read = table(&named, &[&some, &copy]);
    let whole = table(&named, &[&some]);
    assert_eq!(bodies(&read), bodies(&whole));
    assert_eq!(read.len(), whole.len() + 1, "the copy is told");
    let other = copy.replace("1.0", "2");
    let conflict = table(&named, &[&some, &other]);
    assert!(conflict.len() == 1 && conflict[0].body.is_err(), "{conflict:?}");
}

/// Rows that agree in their line and differ in when it moves are compared all at once, and a copy of an order is held
/// once however many of its rows came again.
#[test]
fn many_rows_of_one_line_take_no_longer_than_their_number() {
    let named = MAPPING.replace("line:\n", "line:\n  id: {column: Code}\n");
    let named = named.split("ship:").next().unwrap().to_owned() + "ship:\n  at: {column: Sent, time: noon}\n";
    let row = |day: usize, id: usize| {
        format!("2020-04-20,1,1,BOOK,{id},a1,{}-06-{:02}", 2021 + day / 30, day % 30 + 1)
    };
    let rows = |rows: Vec<String>| table(&named, &[&format!("{HEADER}\n{}\n", rows.join("\n"))]);
    let differing = rows((0..3_000).map(|day| row(day, 1)).collect());
    assert!(differing.len() == 1 && differing[0].body.is_err());
    let order = || (0..500).map(|id| row(0, id));
    let copied = rows(order().chain(order()).collect());
    assert_eq!(copied.len(), rows(order().collect()).len() + 1);
}

#[test]
fn the_example_of_the_documentation_reads() {
    let page = include_str!("../../../docs/mapping.md");
    let (_, block) = page.split_once("```yaml\n").unwrap();
    let (text, _) = block.split_once("```").unwrap();
    let reader = Reader::new(amazon());
    let mapping = Mapping::read(&reader, text).unwrap_or_else(|error| panic!("{error} {:?}", error.line));
    let csv = "Customer,Status,Shop,Order no,Ordered,Card,Unit price,Qty,Type,Points %,Sent
a1,,JP,o1,2021-03-01,MC,\"¥1,500\",2,BOOK,2.5,2021-03-02
a1,,JP,o1,2021-03-01,MC,¥10,1,,1,2021-03-02
a1,,JP,,2021-03-01 08:00:00,,¥10,1,GIFT,0.5%,
a1,Test,JP,,2021-03-01 08:00:00,,¥10,1,GIFT,0,
a1,,US,,2021-03-01 08:00:00,,¥10,1,GIFT,0,
";
    let read = read_file(&reader, "x.csv", csv.as_bytes(), Some(&mapping)).unwrap().map(Result::unwrap);
    let ids: Vec<_> = read
        .map(|one| (one.id().unwrap().to_string(), one.body.map_err(|rejected| rejected.refusal)))
        .collect();
    let names: Vec<&str> = ids.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names, ["order/a1/2021-03-01", "order/a1/o1", "ship/a1/o1/2021-03-02T09:00:00Z"]);
    assert!(ids.iter().all(|(_, body)| body.is_ok()), "{ids:?}");
}
