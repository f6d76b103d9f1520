//! Single values: texts, instants, dates, counts, money and rates, each read by its digits and refused with what
//! to write instead.

use jiff::Timestamp;
use jiff::civil::Date;

use super::path::{Path, shown};
use super::value::{Node, Value};
use crate::eval::{Refusal, RefusalCode};
use crate::value::{Currency, Ratio, decimal, time};

/// Longest text of a field, in characters.
pub(crate) const MAX_TEXT: usize = 1_000;

/// Most digits of a quantity after the point.
pub(crate) const MAX_PLACES: u32 = 6;

type Read<T> = Result<T, Refusal>;

/// The refusal of a value of the wrong kind.
pub(crate) fn invalid(path: &Path<'_>, message: impl AsRef<str>) -> Refusal {
    path.refuse(RefusalCode::InvalidValue, format!("{} {}", path.name(), message.as_ref()))
}

fn wrong_kind(path: &Path<'_>, wanted: &str, node: &Node) -> Refusal {
    let help = match &node.value {
        Value::Null => "; leave the field out instead".to_owned(),
        Value::Number(number) if wanted == "a text" => {
            format!("; write \"{}\", in quotes", shown(number))
        }
        _ => String::new(),
    };
    invalid(path, format!("must be {wanted}, not {}{help}", node.what()))
}

/// A text, perhaps empty.
pub(crate) fn text<'n>(node: &'n Node, path: &Path<'_>) -> Read<&'n str> {
    let text = node.as_text().ok_or_else(|| wrong_kind(path, "a text", node))?;
    if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        let message = format!("{} is longer than {MAX_TEXT} characters", path.name());
        return Err(path.refuse(RefusalCode::TooLarge, message));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(path, "holds a control character, such as a line break or a tab"));
    }
    Ok(text)
}

/// A text that names something: an id, an account, an order number.
pub(crate) fn name<'n>(node: &'n Node, path: &Path<'_>) -> Read<&'n str> {
    match text(node, path)? {
        "" => Err(invalid(path, "must not be empty")),
        text => Ok(text),
    }
}

/// An instant with its offset.
pub(crate) fn instant(node: &Node, path: &Path<'_>) -> Read<Timestamp> {
    let wanted = "must be an instant with its offset, such as \"2021-03-01T10:00:00+09:00\"";
    let Some(text) = node.as_text() else {
        return Err(invalid(path, format!("{wanted}, not {}", node.what())));
    };
    time::parse_instant(text).ok_or_else(|| invalid(path, format!("{wanted}, not \"{}\"", shown(text))))
}

/// A date.
pub(crate) fn date(node: &Node, path: &Path<'_>) -> Read<Date> {
    let wanted = "must be a date such as \"2021-03-01\"";
    let Some(text) = node.as_text() else {
        return Err(invalid(path, format!("{wanted}, not {}", node.what())));
    };
    time::parse_date(text).ok_or_else(|| invalid(path, format!("{wanted}, not \"{}\"", shown(text))))
}

/// True or false; in YAML also yes or no.
pub(crate) fn yes_no(node: &Node, path: &Path<'_>) -> Read<bool> {
    match &node.value {
        Value::Bool(value) => Ok(*value),
        Value::Word(word) if word == "yes" => Ok(true),
        Value::Word(word) if word == "no" => Ok(false),
        Value::Text(text) | Value::Word(text) => {
            Err(invalid(path, format!("must be true or false, without quotes, not \"{}\"", shown(text))))
        }
        _ => Err(wrong_kind(path, "true or false", node)),
    }
}

/// An exact number.
fn number(node: &Node, path: &Path<'_>, wanted: &str) -> Read<Ratio> {
    match &node.value {
        Value::Number(digits) => decimal::parse(digits).ok_or_else(|| {
            let most = decimal::MAX_DIGITS;
            let message = format!("{} has more than {most} digits", path.name());
            path.refuse(RefusalCode::TooLarge, message)
        }),
        Value::Text(text) | Value::Word(text) => {
            let help = match decimal::parse(text) {
                Some(_) => format!("; write {text} without quotes"),
                None => String::new(),
            };
            Err(invalid(path, format!("must be {wanted}, not the text \"{}\"{help}", shown(text))))
        }
        _ => Err(wrong_kind(path, wanted, node)),
    }
}

/// A whole number; `1.0` is one.
pub(crate) fn whole(node: &Node, path: &Path<'_>) -> Read<i64> {
    let exact = number(node, path, "a whole number")?;
    if exact.denominator() != 1 {
        return Err(invalid(path, format!("must be a whole number, not {exact}")));
    }
    i64::try_from(exact.numerator()).map_err(|_| {
        path.refuse(RefusalCode::TooLarge, format!("{} is too large to compute with", path.name()))
    })
}

/// A whole number of at least `least`.
pub(crate) fn at_least(node: &Node, path: &Path<'_>, least: i64) -> Read<i64> {
    match whole(node, path)? {
        n if n < least => Err(invalid(path, format!("must be {least} or more, not {n}"))),
        n => Ok(n),
    }
}

/// An exact number of 0 or more, with at most [`MAX_PLACES`] digits after the point.
pub(crate) fn quantity(node: &Node, path: &Path<'_>) -> Read<Ratio> {
    let exact = number(node, path, "a number")?;
    if exact.is_negative() {
        return Err(invalid(path, format!("must be 0 or more, not {exact}")));
    }
    // A denominator that divides 10 to the number of places says that no digit is left over.
    let scale = 10i128.pow(MAX_PLACES);
    if scale % exact.denominator() != 0 {
        return Err(invalid(path, format!("has at most {MAX_PLACES} digits after the point, not {exact}")));
    }
    match i64::try_from(exact.numerator()) {
        Ok(_) => Ok(exact),
        Err(_) => {
            Err(path.refuse(RefusalCode::TooLarge, format!("{} is too large to compute with", path.name())))
        }
    }
}

/// Money in minor units, 0 or more.
pub(crate) fn money(node: &Node, path: &Path<'_>, currency: Currency) -> Read<i64> {
    let exact = number(node, path, &format!("an amount of {} as a number", currency.name()))?;
    if exact.is_negative() {
        return Err(invalid(path, format!("must be 0 {} or more, not {exact}", currency.name())));
    }
    currency.minor_units(exact).ok_or_else(|| match exact.mul(Ratio::whole(currency.scale())) {
        Ok(minor) if minor.denominator() != 1 => {
            let digits = match currency.digits {
                0 => "no digits".to_owned(),
                n => format!("at most {n} digits"),
            };
            let has = format!("has {digits} after the point in {}, so {exact} is no amount", currency.name());
            invalid(path, has)
        }
        _ => path.refuse(RefusalCode::TooLarge, format!("{} is too large to compute with", path.name())),
    })
}

/// A rate as an exact fraction: text with a percent sign, 0% or more.
pub(crate) fn rate(node: &Node, path: &Path<'_>) -> Read<Ratio> {
    match &node.value {
        Value::Text(text) | Value::Word(text) => percent(text, path),
        Value::Number(digits) => {
            let help = format!("write \"{}%\"", shown(digits));
            Err(invalid(path, format!("must be a rate with a percent sign, not a number; {help}")))
        }
        _ => Err(wrong_kind(path, "a rate such as \"2%\"", node)),
    }
}

fn percent(text: &str, path: &Path<'_>) -> Read<Ratio> {
    let wanted = || invalid(path, format!("must be a rate such as \"2%\", not \"{}\"", shown(text)));
    let digits = text.strip_suffix('%').ok_or_else(wanted)?;
    let percent = decimal::parse(digits).ok_or_else(wanted)?;
    if percent.is_negative() {
        return Err(invalid(path, format!("must be 0% or more, not \"{}\"", shown(text))));
    }
    percent.div(Ratio::whole(100)).map_err(|_| {
        path.refuse(RefusalCode::TooLarge, format!("{} is too large to compute with", path.name()))
    })
}
