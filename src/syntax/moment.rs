//! Moments and the days of the calendar: pairs to nodes. A chain goes as deep as its words, which are counted before.

use super::amount::calendar_unit;
use super::ast::{Anchor, AnchorKind, EdgeUnit, LengthAt, Moment, MomentKind, Name, YearDay};
use super::explain;
use super::grammar::{Pair, Rule, parts};
use super::literal::Builder;
use crate::diagnostic::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// The bare words that may stand where a moment does; any other is a mark.
const BARE_WORDS: [&str; 3] = ["shipped", "reached", "never"];

impl Builder<'_> {
    /// The moment after `until` or `expires`; nothing for `never` and `for all time`.
    pub fn optional_moment(&mut self, pair: Pair<'_>) -> Option<Option<Moment>> {
        match parts(pair).next() {
            Some(moment) => Some(Some(self.moment(moment, true)?)),
            None => Some(None),
        }
    }

    /// One step of the chain and what follows; only the outermost may be a range.
    pub fn moment(&mut self, pair: Pair<'_>, outermost: bool) -> Option<Moment> {
        let span = self.span(&pair);
        let step = pair.into_inner().next()?;
        let kind = match step.as_rule() {
            Rule::shift => self.shift(step, outermost)?,
            Rule::edge => self.edge(step)?,
            Rule::next => {
                let mut pieces = parts(step);
                let day = self.year_day(pieces.next()?)?;
                MomentKind::Next { day, of: Box::new(self.moment(pieces.next()?, false)?) }
            }
            Rule::date => MomentKind::Date(self.date(&step)?),
            Rule::latest => {
                MomentKind::Anchors(parts(step).map(|anchor| self.anchor(anchor)).collect::<Option<_>>()?)
            }
            Rule::dotted => MomentKind::Path(self.path(step.into_inner().next()?)?),
            _ => MomentKind::Anchors(vec![self.anchor(step)?]),
        };
        Some(Moment { kind, span })
    }

    /// `1 to 2 days after shipped`
    fn shift(&mut self, pair: Pair<'_>, outermost: bool) -> Option<MomentKind> {
        let before = pair.clone().into_inner().any(|word| word.as_rule() == Rule::w_before);
        let mut pieces = parts(pair);
        let length = pieces.next()?;
        let (earliest, length) = match length.as_rule() {
            Rule::duration_range if !outermost => {
                let place = self.span(&length);
                self.report(inner_range(place, length.as_str().trim_end()));
                return None;
            }
            Rule::duration_range => {
                self.duration_range(length).map(|(short, long)| (Some(short), LengthAt::Fixed(long)))?
            }
            Rule::duration => (None, LengthAt::Fixed(self.duration(length)?)),
            _ => (None, LengthAt::Named(self.name(&length))),
        };
        Some(MomentKind::Shift {
            earliest,
            length,
            before,
            of: Box::new(self.moment(pieces.next()?, false)?),
        })
    }

    /// `end of month of order placed`, `start of quarter of …`, `end of february of …`
    fn edge(&mut self, pair: Pair<'_>) -> Option<MomentKind> {
        let (mut end, mut unit, mut of) = (false, None, None);
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::w_end => end = true,
                Rule::moment => of = Some(self.moment(piece, false)?),
                word => unit = unit.or(edge_unit(word)),
            }
        }
        Some(MomentKind::Edge { end, unit: unit?, of: Box::new(of?) })
    }

    fn anchor(&mut self, pair: Pair<'_>) -> Option<Anchor> {
        let span = self.span(&pair);
        let (mut kind, mut when) = (None, None);
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::order_placed => kind = Some(AnchorKind::OrderPlaced),
                Rule::period_ended => kind = Some(AnchorKind::PeriodEnded),
                Rule::w_shipped => kind = Some(AnchorKind::Shipped),
                Rule::w_reached => kind = Some(AnchorKind::Reached),
                Rule::happening => kind = Some(self.happening(piece)?),
                Rule::mark => kind = Some(AnchorKind::Mark(self.anchor_word(&piece, &BARE_WORDS)?)),
                Rule::expr => when = Some(self.expr(piece)?),
                _ => {}
            }
        }
        Some(Anchor { kind: kind?, when, span })
    }

    /// `points acquired`, `stay happened`
    fn happening(&mut self, pair: Pair<'_>) -> Option<AnchorKind> {
        let mut pieces = pair.into_inner();
        let (name, what) = (pieces.next()?, pieces.next()?.as_rule());
        Some(match what {
            Rule::w_happened => AnchorKind::Happened(self.name(&name)),
            Rule::w_moved => AnchorKind::Moved(self.anchor_word(&name, &["points"])?),
            Rule::w_redeemed => AnchorKind::Redeemed(self.anchor_word(&name, &["points"])?),
            _ => AnchorKind::Acquired(self.anchor_word(&name, &["points"])?),
        })
    }

    /// A name, unless it is plainly one of the fixed words misspelt.
    fn anchor_word(&mut self, pair: &Pair<'_>, fixed: &[&str]) -> Option<Name> {
        let name = self.name(pair);
        match nearest(&name.text, fixed.iter().copied()) {
            Some(near) if !fixed.contains(&name.text.as_str()) && !self.is_declared(&name) => {
                self.report(explain::misspelt_anchor(&name, near));
                None
            }
            _ => Some(name),
        }
    }

    /// `1 april`, `15th`, `end of february`, `end of month`
    pub fn year_day(&mut self, pair: Pair<'_>) -> Option<YearDay> {
        let first = pair.clone().into_inner().next()?;
        match first.as_rule() {
            Rule::ordinal => self.ordinal(&first),
            Rule::whole => {
                let (month, day) = self.day_and_month(pair)?;
                Some(YearDay { month: Some(month), day: Some(day) })
            }
            _ => Some(YearDay { month: pair.into_inner().find_map(|word| month(word.as_rule())), day: None }),
        }
    }

    /// `1 april`, as month and day.
    pub fn day_and_month(&mut self, pair: Pair<'_>) -> Option<(u8, u8)> {
        let mut pieces = pair.into_inner().skip_while(|piece| piece.as_rule() != Rule::whole);
        let (day, month_word) = (pieces.next()?, pieces.next()?);
        let month = month(month_word.as_rule())?;
        let last = last_day(month);
        let number = day.as_str().parse::<u8>().ok().filter(|day| (1..=last).contains(day));
        if number.is_none() {
            let place = self.span(&day).to(self.span(&month_word));
            let name = month_word.as_str();
            let report =
                Diagnostic::new(Code::BadDate, place, format!("there is no day `{} {name}`", day.as_str()));
            self.report(report.with_help(format!("the last day of that month is `end of {name}`")));
        }
        Some((month, number?))
    }

    /// `15th`
    pub fn ordinal(&mut self, pair: &Pair<'_>) -> Option<YearDay> {
        let text = pair.as_str();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let day = digits.parse::<u8>().ok().filter(|day| (1..=31).contains(day));
        let place = self.span(pair);
        let Some(day) = day else {
            let report = Diagnostic::new(Code::BadDate, place, format!("no month has a day `{text}`"));
            self.report(report.with_help("write `1st` to `31st`, or `end of month` for the last day"));
            return None;
        };
        let read = YearDay { month: None, day: Some(day) };
        let right = read.to_string();
        if text != right {
            let report =
                Diagnostic::new(Code::BadDate, place, format!("`{text}` is not written as a day is"));
            self.report(report.with_help(format!("write `{right}`")));
            return None;
        }
        Some(read)
    }
}

fn edge_unit(rule: Rule) -> Option<EdgeUnit> {
    calendar_unit(rule).map(EdgeUnit::Calendar).or_else(|| month(rule).map(EdgeUnit::Month))
}

fn month(rule: Rule) -> Option<u8> {
    Some(match rule {
        Rule::w_january => 1,
        Rule::w_february => 2,
        Rule::w_march => 3,
        Rule::w_april => 4,
        Rule::w_may => 5,
        Rule::w_june => 6,
        Rule::w_july => 7,
        Rule::w_august => 8,
        Rule::w_september => 9,
        Rule::w_october => 10,
        Rule::w_november => 11,
        Rule::w_december => 12,
        _ => return None,
    })
}

/// The last day that a month can have.
fn last_day(month: u8) -> u8 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `3 days after 1 to 2 days after shipped`
fn inner_range(place: Span, written: &str) -> Diagnostic {
    Diagnostic::new(Code::SyntaxError, place, format!("the range `{written}` stands inside a moment"))
        .with_help("only the first step of a moment may be a range: `1 to 2 days after …`")
}
