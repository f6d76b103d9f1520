//! Single values: texts, instants, dates, counts, money and rates, each read by its digits and refused with what
//! to write instead.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;

use super::cursor::Scalar;
use super::path::{Path, shown};
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

fn wrong_kind(path: &Path<'_>, wanted: &str, value: &Scalar<'_>) -> Refusal {
    let help = match value {
        Scalar::Null => "; leave the field out instead".to_owned(),
        Scalar::Number(number) if wanted == "a text" => {
            format!("; write \"{}\", in quotes", shown(number))
        }
        _ => String::new(),
    };
    invalid(path, format!("must be {wanted}, not {}{help}", value.what()))
}

/// A text, perhaps empty.
pub(crate) fn text<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<Cow<'d, str>> {
    let text = match value.into() {
        Scalar::Text(text) => text,
        Scalar::Word(word) => Cow::Borrowed(word),
        other => return Err(wrong_kind(path, "a text", &other)),
    };
    if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        let message = format!("{} is longer than {MAX_TEXT} characters", path.name());
        return Err(path.refuse(RefusalCode::TooLarge, message));
    }
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !printable && text.chars().any(char::is_control) {
        return Err(invalid(path, "holds a control character, such as a line break or a tab"));
    }
    Ok(text)
}

/// A text that names something: an id, an account, an order number.
pub(crate) fn name<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<Cow<'d, str>> {
    let text = text(value, path)?;
    if text.is_empty() { Err(invalid(path, "must not be empty")) } else { Ok(text) }
}

/// An instant with its offset.
pub(crate) fn instant<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<Timestamp> {
    let wanted = "must be an instant with its offset, such as \"2021-03-01T10:00:00+09:00\"";
    parsed(value.into(), path, wanted, time::parse_instant)
}

/// A date.
pub(crate) fn date<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<Date> {
    parsed(value.into(), path, "must be a date such as \"2021-03-01\"", time::parse_date)
}

fn parsed<T>(value: Scalar<'_>, path: &Path<'_>, wanted: &str, parse: fn(&str) -> Option<T>) -> Read<T> {
    let text: &str = match &value {
        Scalar::Text(text) => text,
        Scalar::Word(word) => word,
        other => return Err(invalid(path, format!("{wanted}, not {}", other.what()))),
    };
    parse(text).ok_or_else(|| invalid(path, format!("{wanted}, not \"{}\"", shown(text))))
}

/// True or false; in YAML also yes or no.
pub(crate) fn yes_no<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<bool> {
    let quoted =
        |text: &str| invalid(path, format!("must be true or false, without quotes, not \"{}\"", shown(text)));
    match value.into() {
        Scalar::Bool(value) => Ok(value),
        Scalar::Word("yes") => Ok(true),
        Scalar::Word("no") => Ok(false),
        Scalar::Word(word) => Err(quoted(word)),
        Scalar::Text(text) => Err(quoted(&text)),
        other => Err(wrong_kind(path, "true or false", &other)),
    }
}

/// An exact number.
fn number(value: Scalar<'_>, path: &Path<'_>, wanted: &str) -> Read<Ratio> {
    let quoted = |text: &str| {
        let help = match decimal::parse(text) {
            Some(_) => format!("; write {text} without quotes"),
            None => String::new(),
        };
        invalid(path, format!("must be {wanted}, not the text \"{}\"{help}", shown(text)))
    };
    match value {
        Scalar::Number(digits) => decimal::parse(digits).ok_or_else(|| {
            let most = decimal::MAX_DIGITS;
            let message = format!("{} has more than {most} digits", path.name());
            path.refuse(RefusalCode::TooLarge, message)
        }),
        Scalar::Word(word) => Err(quoted(word)),
        Scalar::Text(text) => Err(quoted(&text)),
        other => Err(wrong_kind(path, wanted, &other)),
    }
}

/// A whole number; `1.0` is one.
pub(crate) fn whole<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<i64> {
    let exact = number(value.into(), path, "a whole number")?;
    if exact.denominator() != 1 {
        return Err(invalid(path, format!("must be a whole number, not {exact}")));
    }
    i64::try_from(exact.numerator()).map_err(|_| {
        path.refuse(RefusalCode::TooLarge, format!("{} is too large to compute with", path.name()))
    })
}

/// A whole number that is not 0.
pub(crate) fn correction<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<i64> {
    match whole(value, path)? {
        0 => Err(invalid(path, "must not be 0: a correction adds or takes points")),
        points => Ok(points),
    }
}

/// A whole number of at least `least`.
pub(crate) fn at_least<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>, least: i64) -> Read<i64> {
    match whole(value, path)? {
        n if n < least => Err(invalid(path, format!("must be {least} or more, not {n}"))),
        n => Ok(n),
    }
}

/// An exact number of 0 or more, with at most [`MAX_PLACES`] digits after the point.
pub(crate) fn quantity<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<Ratio> {
    let exact = number(value.into(), path, "a number")?;
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
pub(crate) fn money<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>, currency: Currency) -> Read<i64> {
    let exact = match value.into() {
        // The words are made only where they are said.
        Scalar::Number(digits) => number(Scalar::Number(digits), path, "")?,
        other => number(other, path, &format!("an amount of {} as a number", currency.name()))?,
    };
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

/// The same, above 0.
pub(crate) fn money_above_0<'d>(
    value: impl Into<Scalar<'d>>,
    path: &Path<'_>,
    currency: Currency,
) -> Read<i64> {
    match money(value, path, currency)? {
        0 => Err(invalid(path, "must be above 0")),
        amount => Ok(amount),
    }
}

/// A rate as an exact fraction: text with a percent sign, 0% or more.
pub(crate) fn rate<'d>(value: impl Into<Scalar<'d>>, path: &Path<'_>) -> Read<Ratio> {
    match value.into() {
        Scalar::Text(text) => percent(&text, path),
        Scalar::Word(word) => percent(word, path),
        Scalar::Number(digits) => {
            let help = format!("write \"{}%\"", shown(digits));
            Err(invalid(path, format!("must be a rate with a percent sign, not a number; {help}")))
        }
        other => Err(wrong_kind(path, "a rate such as \"2%\"", &other)),
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
