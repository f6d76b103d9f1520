//! Decimal spellings of exact numbers: read by their digits, written by their digits.

use super::ratio::Ratio;

/// Most digits before and after the point that a number in a policy or in data may have.
pub const MAX_DIGITS: usize = 30;

/// Reads `12`, `-0.5`, `1e3`, `1.50` exactly. No blanks, no separators, no leading `+`.
/// None where it is not such a number or has more than [`MAX_DIGITS`] digits in all.
pub fn parse(text: &str) -> Option<Ratio> {
    if let Some(whole) = short_whole(text) {
        return Some(Ratio::whole(whole));
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (digits, ""),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = whole.bytes().chain(fraction.bytes()).skip_while(|digit| *digit == b'0');
    let significant = digits.clone().count();
    if significant == 0 {
        return Some(Ratio::ZERO);
    }
    let scale = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if significant > MAX_DIGITS || scale.unsigned_abs() as usize > MAX_DIGITS {
        return None;
    }
    let n = digits.fold(0i128, |n, digit| n * 10 + i128::from(digit - b'0'));
    let n = Ratio::whole(if negative { -n } else { n });
    let power = Ratio::whole(10i128.checked_pow(scale.unsigned_abs())?);
    if scale < 0 { n.div(power).ok() } else { n.mul(power).ok() }
}

/// A whole number without sign, point or exponent that surely fits: what most numbers in data are.
fn short_whole(text: &str) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    match text.len() {
        1..=18 => text.bytes().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?)),
        _ => None,
    }
}

/// How many digits after the point write `ratio` exactly; None where none do (or more than 18).
pub fn digits_needed(ratio: Ratio) -> Option<u32> {
    let mut power = 1i128;
    for digits in 0..=18 {
        if power % ratio.denominator() == 0 {
            return Some(digits);
        }
        power = power.checked_mul(10)?;
    }
    None
}

/// `ratio` cut (toward zero) to `digits` digits after the point.
pub fn format(ratio: Ratio, digits: u32) -> String {
    let sign = if ratio.is_negative() { "-" } else { "" };
    let (n, d) = (ratio.numerator().unsigned_abs(), ratio.denominator().unsigned_abs());
    let mut out = format!("{sign}{}", n / d);
    let mut rest = n % d;
    if digits > 0 {
        out.push('.');
    }
    for _ in 0..digits {
        let scaled = rest.saturating_mul(10);
        out.push_str(&(scaled / d).to_string());
        rest = scaled % d;
    }
    out
}

/// A whole number with commas between groups of three: `1,234,567`.
pub fn grouped(n: i128) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("-{out}") } else { out }
}
