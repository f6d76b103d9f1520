//! Tests of the readers that need to look inside.

mod both_ways;
#[cfg(feature = "csv")]
mod csv;
mod general;
mod policy;
#[cfg(feature = "csv")]
mod random;
mod reading;
mod refusing;
mod schema;
#[cfg(feature = "csv")]
mod yaml;

use super::Reader;
use crate::eval::{Refusal, RefusalCode};
use crate::ledger::event::{Event, EventKind};
use crate::ledger::{Incoming, Place};
use policy::policy;

fn read(line: &str) -> Incoming {
    Reader::new(policy("JPY")).event_line(Place::default(), line)
}

fn event(line: &str) -> Event {
    read(line)
        .body
        .unwrap_or_else(|rejected| panic!("{line}: {} at {}", rejected.refusal, rejected.refusal.path))
}

fn refusal(line: &str) -> Refusal {
    match read(line).body {
        Ok(event) => panic!("{line} was read as {event:?}"),
        Err(rejected) => rejected.refusal,
    }
}

/// An order event of one line; `order` and `line` are more fields, with a comma in front.
fn order(order: &str, line: &str) -> String {
    format!(
        r#"{{"id":"e1","type":"order","at":"2021-03-01T10:00:00+09:00","account":"a1","order":"o1"{order},
            "lines":[{{"id":"l1"{line}}}]}}"#
    )
}

/// The same with a whole good line; `line` is added to it.
fn good_order(line: &str) -> String {
    let fields = r#","category":"book","price":1500,"points_rate":"2%","seller":"domestic""#;
    order("", &format!("{fields}{line}"))
}

fn other(kind: &str, fields: &str) -> String {
    format!(r#"{{"id":"e1","type":"{kind}","at":"2021-03-01T10:00:00+09:00","account":"a1"{fields}}}"#)
}

#[track_caller]
fn refused(line: &str, code: RefusalCode, path: &str, words: &str) {
    let refusal = refusal(line);
    assert_eq!((refusal.code, refusal.path.as_str()), (code, path), "{line}: {}", refusal.message);
    assert!(refusal.message.contains(words), "{line}: {}", refusal.message);
}

fn order_of(line: &str) -> crate::eval::order::Order {
    match event(line).kind {
        EventKind::Order { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}
