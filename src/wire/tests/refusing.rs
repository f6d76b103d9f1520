//! What is refused, with which code, where, and in which words.

use super::*;
use RefusalCode as Code;

#[test]
fn what_is_not_json_is_unreadable() {
    refused("{", Code::UnreadableInput, "", "at column 1");
    refused("{} {}", Code::UnreadableInput, "", "trailing characters");
    refused("nope", Code::UnreadableInput, "", "not JSON");
    refused("[]", Code::InvalidValue, "", "must be an object, not a list");
    refused(r#"{"id":"\ud800"}"#, Code::UnreadableInput, "", "surrogate");
    refused(r#"{"id":"\x"}"#, Code::UnreadableInput, "", "invalid escape, at column 9");
    refused(r#"{"id" 1}"#, Code::UnreadableInput, "", "expected `:`, at column 7");
    refused(r#"{"id":1 "at":2}"#, Code::UnreadableInput, "", "expected `,` or `}`, at column 9");
    refused(r#"{"id":[1 2]}"#, Code::UnreadableInput, "", "expected `,` or `]`");
    refused(r#"{"id":1,}"#, Code::UnreadableInput, "", "trailing comma");
    refused("{1:2}", Code::UnreadableInput, "", "a field's name must be a text in double quotes");
    for number in ["01", "1.", "-", ".5", "+1", "1e", "0x10"] {
        refused(&format!(r#"{{"id":{number}}}"#), Code::UnreadableInput, "", "");
    }
}

#[test]
fn limits_are_refused() {
    let deep = |n: usize| format!(r#"{{"note":{}{}}}"#, "[".repeat(n), "]".repeat(n));
    refused(&deep(31), Code::MissingField, "type", "");
    refused(&deep(32), Code::TooLarge, "", "nested more than 32 deep");
    refused(&deep(100_000), Code::TooLarge, "", "nested more than 32 deep");
    refused(&" ".repeat(1 << 21), Code::TooLarge, "", "longer than");
    let long = "x".repeat(1001);
    refused(&good_order(&format!(r#","sku":"{long}""#)), Code::TooLarge, "lines[0].sku", "1000 characters");
    let digits = "9".repeat(31);
    refused(
        &good_order(&format!(r#","quantity":{digits}"#)),
        Code::TooLarge,
        "lines[0].quantity",
        "30 digits",
    );
    refused(&good_order(r#","quantity":1e400"#), Code::TooLarge, "lines[0].quantity", "");
    refused(&good_order(r#","quantity":1e20"#), Code::TooLarge, "lines[0].quantity", "too large");
}

#[test]
fn fields_given_twice_are_refused() {
    refused(&good_order(r#","price":1500"#), Code::DuplicateField, "lines[0].price", "keep one");
    refused(&good_order(r#","note":{"a":1,"a":1}"#), Code::DuplicateField, "lines[0].note.a", "");
}

#[test]
fn unknown_fields_are_refused_with_the_nearest() {
    refused(
        &good_order(r#","quantty":1"#),
        Code::UnknownField,
        "lines[0].quantty",
        "did you mean `quantity`?",
    );
    refused(&order(r#","redem":1"#, ""), Code::UnknownField, "redem", "`redeem`");
    refused(&other("ship", r#","order":"o1","line":[]"#), Code::UnknownField, "line", "`lines`");
    refused(&other("grant", r#","points":1,"zz":1,"aa":1"#), Code::UnknownField, "aa", "");
    refused(&other("grant", r#","points":1,"\u0000":1"#), Code::UnknownField, "\\u{0}", "");
}

#[test]
fn missing_fields_are_refused() {
    refused("{}", Code::MissingField, "type", "`type` is missing");
    refused(r#"{"type":"grant"}"#, Code::MissingField, "id", "");
    refused(r#"{"type":"grant","id":"e1"}"#, Code::MissingField, "at", "");
    refused(&order("", ""), Code::MissingField, "lines[0].price", "");
    refused(
        &order("", r#","price":1,"category":"book""#),
        Code::MissingField,
        "lines[0].points_rate",
        "\"2%\"",
    );
    refused(&other("order", r#","order":"o1""#), Code::MissingField, "lines", "");
    refused(&other("order", r#","order":"o1","lines":[]"#), Code::MissingField, "lines", "at least one");
    refused(&other("adjust", r#","points":1"#), Code::MissingField, "reason", "");
    refused(&other("transfer", r#","points":1"#), Code::MissingField, "", "`to_account` or `to_program`");
    refused(&other("member", ""), Code::MissingField, "", "`joined`, `rank`");
    refused(&other("refund", r#","order":"o1""#), Code::MissingField, "lines", "");
}

#[test]
fn bad_values_are_refused() {
    let price = |text: &str| good_order("").replace("1500", text);
    refused(&price("-1"), Code::InvalidValue, "lines[0].price", "0 JPY or more");
    refused(&price("1500.5"), Code::InvalidValue, "lines[0].price", "no digits after the point in JPY");
    refused(&price("\"1500\""), Code::InvalidValue, "lines[0].price", "write 1500 without quotes");
    refused(&price("null"), Code::InvalidValue, "lines[0].price", "leave the field out");
    refused(&good_order(r#","quantity":0"#), Code::InvalidValue, "lines[0].quantity", "1 or more");
    refused(&good_order(r#","quantity":1.5"#), Code::InvalidValue, "lines[0].quantity", "whole number");
    refused(&good_order(r#","gift":"yes""#), Code::InvalidValue, "lines[0].gift", "true or false");
    let rate = |text: &str| good_order("").replace("\"2%\"", text);
    refused(&rate("2"), Code::InvalidValue, "lines[0].points_rate", "write \"2%\"");
    refused(&rate("\"2\""), Code::InvalidValue, "lines[0].points_rate", "such as \"2%\"");
    refused(&rate("\"-1%\""), Code::InvalidValue, "lines[0].points_rate", "0% or more");
    refused(&rate("\"96%\""), Code::FactOutOfRange, "lines[0].points_rate", "0% to 95%, not 96%");
    refused(&good_order(r#","coupon":1501"#), Code::FactOutOfRange, "lines[0].coupon", "at most 1,500 JPY");
    let account = |text: &str| other("grant", ",\"points\":1").replace("\"a1\"", text);
    refused(&account("\"\""), Code::InvalidValue, "account", "empty");
    refused(&account("7"), Code::InvalidValue, "account", "write \"7\", in quotes");
    refused(&account(r#""a\n""#), Code::InvalidValue, "account", "control character");
    refused(&other("grant", ",\"points\":0"), Code::InvalidValue, "points", "1 or more");
    refused(&other("adjust", ",\"points\":0"), Code::InvalidValue, "points", "not be 0");
    refused(&order(r#","redeem":-1"#, ""), Code::MissingField, "lines[0].price", "");
    let transfer = r#","points":1,"to_account":"a","to_program":"p""#;
    refused(&other("transfer", transfer), Code::InvalidValue, "", "not both");
    let at = other("grant", ",\"points\":1").replace("T10:00:00+09:00", "");
    refused(&at, Code::InvalidValue, "at", "2021-03-01T10:00:00+09:00");
    refused(
        &other("refund", r#","order":"o","lines":[{"id":"a","amount":0}]"#),
        Code::InvalidValue,
        "lines[0].amount",
        "above 0",
    );
    refused(&other("member", r#","joined":"2021-02-30""#), Code::InvalidValue, "joined", "a date");
}

#[test]
fn unknown_words_are_refused_with_the_nearest() {
    refused(&other("orders", ""), Code::UnknownType, "type", "did you mean \"order\"?");
    refused(&other("x", ""), Code::UnknownType, "type", "the types are order, ship");
    refused(&good_order("").replace("book", "bok"), Code::UnknownCategory, "lines[0].category", "\"book\"?");
    refused(
        &good_order("").replace("domestic", "domstic"),
        Code::UnknownChoice,
        "lines[0].seller",
        "\"domestic\"?",
    );
}

#[test]
fn the_rest_of_an_order_is_checked() {
    let with =
        |fields: &str| good_order("").replace("\"order\":\"o1\"", &format!("\"order\":\"o1\",{fields}"));
    refused(&with(r#""currency":"USD""#), Code::CurrencyMismatch, "currency", "counts in JPY");
    refused(&with(r#""shipping":-5"#), Code::InvalidValue, "shipping", "");
    refused(&with(r#""coupons":[true]"#), Code::InvalidValue, "coupons[0]", "");
    refused(&with(r#""redeem":-1"#), Code::InvalidValue, "redeem", "0 or more");
    let two = good_order("").replace(
        "}]}",
        r#"},{"id":"l1","category":"book","price":1,"points_rate":"2%","seller":"domestic"}]}"#,
    );
    refused(&two, Code::DuplicateLine, "lines[1].id", "l1");
    let lines = |lines: &str| other("ship", &format!(r#","order":"o1","lines":{lines}"#));
    refused(&lines("[]"), Code::NothingLeft, "lines", "leave it out");
    refused(&lines(r#"[{"id":"a"},{"id":"a"}]"#), Code::DuplicateLine, "lines[1].id", "");
    refused(&lines(r#"[{"id":"a","quantity":0}]"#), Code::InvalidValue, "lines[0].quantity", "");
}

#[test]
fn no_sum_overflows() {
    let line = |id: usize| {
        format!(
            r#"{{"id":"{id}","category":"book","price":9223372036854775807,"quantity":9223372036854775807,"points_rate":"2%","seller":"domestic"}}"#
        )
    };
    let lines: Vec<String> = (0..50).map(line).collect();
    event(&other("order", &format!(r#","order":"o1","lines":[{}]"#, lines.join(","))));
}
