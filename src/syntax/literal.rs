//! Names, texts, numbers, dates and durations: from their spelling to their value.

use std::collections::BTreeSet;

use super::ast::{DateAt, DurationAt, Name, Text};
use super::grammar::{Pair, Rule, parts, span};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::decimal::{self, MAX_DIGITS};
use crate::value::time::LocalTime;
use crate::value::{Delay, Ratio, time};
use jiff::civil::{Date, DateTime, Time};

/// Builds the nodes of one line. A method that gives None has reported why.
pub(super) struct Builder<'d> {
    /// Where the line starts in the file.
    pub base: usize,
    /// The events, marks and pools that the policy declares: a word that is one of them is not misspelt.
    pub declared: &'d BTreeSet<String>,
    /// Where mistakes go.
    pub diagnostics: &'d mut Vec<Diagnostic>,
}

impl Builder<'_> {
    pub fn span(&self, pair: &Pair<'_>) -> Span {
        span(self.base, pair)
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// A word as written: a name, a currency, a zone.
    pub fn name(&self, pair: &Pair<'_>) -> Name {
        Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// True for the name of an event, a mark or a pool.
    pub fn is_declared(&self, name: &Name) -> bool {
        self.declared.contains(&name.text)
    }

    /// A list of names.
    pub fn names(&self, pair: Pair<'_>) -> Vec<Name> {
        parts(pair).map(|name| self.name(&name)).collect()
    }

    /// A text, without its quotes and with its escapes resolved.
    pub fn text(&self, pair: &Pair<'_>) -> Text {
        Text { text: unescape(unquote(pair.as_str())), span: self.span(pair) }
    }

    /// The text at a place of the file.
    pub fn text_at(&self, plain: &str, span: Span) -> Text {
        let written = plain.get(span.start..span.end).unwrap_or("");
        Text { text: unescape(unquote(written)), span }
    }

    /// `1,000`, `1.5`.
    pub fn number(&mut self, pair: &Pair<'_>) -> Option<Ratio> {
        let (text, place) = (pair.as_str(), self.span(pair));
        if let Some(warning) = confusing_number(text, place) {
            self.report(warning);
        }
        self.digits(text, place)
    }

    /// `1.5%` as a fraction.
    pub fn percent(&mut self, pair: &Pair<'_>) -> Option<Ratio> {
        let number = self.digits(pair.as_str().trim_end_matches('%'), self.span(pair))?;
        let fraction = number.div(Ratio::whole(100)).ok();
        if fraction.is_none() {
            let place = self.span(pair);
            self.report(too_long(place));
        }
        fraction
    }

    fn digits(&mut self, text: &str, place: Span) -> Option<Ratio> {
        let number = decimal::parse(&text.replace(',', ""));
        if number.is_none() {
            self.report(too_long(place));
        }
        number
    }

    /// `2021-01-01`.
    pub fn date(&mut self, pair: &Pair<'_>) -> Option<Date> {
        let date = time::parse_date(pair.as_str());
        if date.is_none() {
            let place = self.span(pair);
            self.report(missing_date(pair.as_str(), place));
        }
        date
    }

    /// `2021-01-01 20:00`.
    pub fn date_time(&mut self, pair: Pair<'_>) -> Option<DateTime> {
        let mut pieces = pair.into_inner();
        let (date, clock) = (pieces.next()?, pieces.next()?);
        let time = self.clock(&clock);
        Some(self.date(&date)?.to_datetime(time?))
    }

    /// `20:00`
    pub fn clock(&mut self, pair: &Pair<'_>) -> Option<Time> {
        let time = time::parse_clock(pair.as_str());
        if time.is_none() {
            let message = format!("there is no time `{}`", pair.as_str());
            let report = Diagnostic::new(Code::BadDate, self.span(pair), message);
            self.report(
                report.with_help("a time of day is `00:00` to `23:59`; midnight is the next day's start"),
            );
        }
        time
    }

    /// A date, or a date and a time of day.
    pub fn date_at(&mut self, pair: Pair<'_>) -> Option<DateAt> {
        let span = self.span(&pair);
        let date = match pair.as_rule() {
            Rule::date_time => LocalTime(self.date_time(pair)?),
            _ => LocalTime::of_day(self.date(&pair)?),
        };
        Some(DateAt { date, span })
    }

    /// `2 months 14 days`.
    pub fn duration(&mut self, pair: Pair<'_>) -> Option<DurationAt> {
        let place = self.span(&pair);
        let (mut delay, mut count) = (Delay::default(), 0);
        for piece in pair.into_inner() {
            let (step, months, days, hours) = match piece.as_rule() {
                Rule::whole => {
                    count = self.count(&piece)?;
                    continue;
                }
                Rule::w_years => (12, 1, 0, 0),
                Rule::w_months => (1, 1, 0, 0),
                Rule::w_weeks => (7, 0, 1, 0),
                Rule::w_days => (1, 0, 1, 0),
                _ => (1, 0, 0, 1),
            };
            let amount = count.checked_mul(step);
            let add = |old: u32, factor: u32| old.checked_add(amount?.checked_mul(factor)?);
            let sum = (add(delay.months, months), add(delay.days, days), add(delay.hours, hours));
            let (Some(months), Some(days), Some(hours)) = sum else {
                self.report(too_long(place));
                return None;
            };
            delay = Delay { months, days, hours };
        }
        Some(DurationAt { delay, span: place })
    }

    /// `1 to 2 days`: the shorter end, which borrows the unit of the longer where it has none, and the longer.
    pub fn duration_range(&mut self, pair: Pair<'_>) -> Option<(DurationAt, DurationAt)> {
        let mut ends = parts(pair);
        let (first, second) = (ends.next()?, ends.next()?);
        let longer = self.duration(second.clone())?;
        if first.as_rule() == Rule::duration {
            return Some((self.duration(first)?, longer));
        }
        let place = self.span(&first);
        let mut units = second.into_inner().filter(|piece| piece.as_rule() != Rule::whole);
        let (unit, more) = (units.next()?, units.next());
        let count = self.count(&first)?;
        if more.is_some() {
            let report =
                Diagnostic::new(Code::SyntaxError, place, format!("`{}` has no unit", first.as_str()));
            let help =
                format!("write the unit of the shorter end too: `{} {}`", first.as_str(), unit.as_str());
            self.report(report.with_help(help));
            return None;
        }
        let scaled = |size: u32| count.checked_mul(size);
        let delay = match unit.as_rule() {
            Rule::w_years => scaled(12).map(|months| Delay { months, ..Delay::default() }),
            Rule::w_months => scaled(1).map(|months| Delay { months, ..Delay::default() }),
            Rule::w_weeks => scaled(7).map(|days| Delay { days, ..Delay::default() }),
            Rule::w_days => scaled(1).map(|days| Delay { days, ..Delay::default() }),
            _ => scaled(1).map(|hours| Delay { hours, ..Delay::default() }),
        };
        if delay.is_none() {
            self.report(too_long(place));
        }
        Some((DurationAt { delay: delay?, span: place }, longer))
    }

    /// A count of days, months, levels.
    pub fn count(&mut self, pair: &Pair<'_>) -> Option<u32> {
        let count = pair.as_str().parse().ok();
        if count.is_none() {
            let place = self.span(pair);
            self.report(too_long(place));
        }
        count
    }
}

fn unquote(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// `\"` and `\\` become `"` and `\`.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out
}

/// `5.000` is 5 here and five thousand in much of the world.
fn confusing_number(text: &str, place: Span) -> Option<Diagnostic> {
    let (whole, fraction) = text.split_once('.')?;
    if fraction.len() != 3 || whole == "0" || whole.contains(',') || whole.len() > 3 {
        return None;
    }
    let short = fraction.trim_end_matches('0');
    let plain = if short.is_empty() { whole.to_owned() } else { format!("{whole}.{short}") };
    let message = format!("`{text}` is {plain} here, not {whole},{fraction}: a point marks a fraction");
    Some(
        Diagnostic::new(Code::ConfusingNumber, place, message)
            .with_help(confusing_help(whole, fraction, &plain, text)),
    )
}

fn confusing_help(whole: &str, fraction: &str, plain: &str, text: &str) -> String {
    let smaller = if plain == text { format!("{text}0") } else { plain.to_owned() };
    format!("write `{smaller}` if a fraction is meant, `{whole},{fraction}` if thousands are")
}

fn too_long(place: Span) -> Diagnostic {
    Diagnostic::new(Code::BadNumber, place, "this number is too large or has too many digits")
        .with_help(format!("a number has at most {MAX_DIGITS} digits"))
}

/// A date of the right shape that no calendar has.
fn missing_date(text: &str, place: Span) -> Diagnostic {
    let message = format!("there is no day `{text}`");
    let report = Diagnostic::new(Code::BadDate, place, message);
    let part = |range| text.get(range).and_then(|part: &str| part.parse::<i16>().ok());
    let (year, month) = (part(0..4), part(5..7).and_then(|month| i8::try_from(month).ok()));
    let first = year.zip(month).and_then(|(year, month)| jiff::civil::Date::new(year, month, 1).ok());
    report.with_help(match first {
        Some(first) => format!("the last day of that month is `{}`", first.last_of_month()),
        None => "a date is year-month-day: `2021-01-31`".to_owned(),
    })
}
