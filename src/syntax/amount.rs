//! What rules give and measures count: amounts with their bases, stages of other rules, limits and periods.

use super::ast::{
    Amount, Base, CalendarUnit, ClauseKind, Counted, Gives, LimitScope, Name, Period, PeriodKind, RoomChoice,
    RuleStage, Stage,
};
use super::grammar::{Pair, Rule, parts};
use super::literal::Builder;
use super::{explain, forms};
use crate::diagnostic::suggest::nearest;

impl Builder<'_> {
    /// `line`, `order`, `unit`, a declared event, or another word, unless it is plainly one of the three misspelt.
    pub fn piece(&mut self, pair: &Pair<'_>) -> Option<Name> {
        let name = self.name(pair);
        match nearest(&name.text, forms::PIECES.iter().copied()) {
            Some(near) if !forms::PIECES.contains(&name.text.as_str()) && !self.is_declared(&name) => {
                self.report(explain::misspelt_piece(&name, near));
                None
            }
            _ => Some(name),
        }
    }

    /// `each line gives …`, `each calendar month gives …`
    pub fn gives(&mut self, pair: Pair<'_>) -> Option<Gives> {
        let mut pieces = parts(pair);
        let each = pieces.next()?;
        let (each, period) = match each.as_rule() {
            Rule::calendar_period | Rule::month_from | Rule::year_from => {
                let word = self.name(&each.clone().into_inner().next()?);
                let span = self.span(&each);
                let kind = self.period_kind(each)?;
                (word, Some(Period { kind, span }))
            }
            _ => (self.piece(&each)?, None),
        };
        let points = self.sum(pieces.next()?)?;
        let mut rest: Vec<Pair<'_>> = pieces.collect();
        let reached = rest.pop_if(|piece| piece.as_rule() == Rule::as_reached).is_some();
        let Some(rest) = rest.pop() else {
            return Some(Gives { each, period, reached, amount: Amount::Fixed { points } });
        };
        let rule = rest.as_rule();
        let mut pieces = parts(rest).peekable();
        let full = pieces.next_if(|piece| piece.as_rule() == Rule::full).is_some();
        let amount = match rule {
            Rule::of_stage => Amount::OfRule { factor: points, of: self.stage(pieces.next()?)? },
            Rule::per_amount => {
                let step = self.sum(pieces.next()?)?;
                Amount::Per { points, full, step, base: self.base(pieces.next()?)? }
            }
            _ => Amount::Share { rate: points, base: self.base(pieces.next()?)? },
        };
        Some(Gives { each, period, reached, amount })
    }

    /// `each stay counts stay.nights at checked_out`
    pub fn counts(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        let mut pieces = parts(pair);
        let each = self.piece(&pieces.next()?)?;
        let what = pieces.next()?;
        let what = match what.as_rule() {
            Rule::stage => Counted::Rule(self.stage(what)?),
            Rule::different => Counted::Different(self.path(parts(what).next()?)?),
            Rule::counted_base => Counted::Base(self.base(what)?),
            _ => Counted::Amount(self.sum(what)?),
        };
        let at = pieces.next().and_then(|at| self.one_name(at));
        Some(ClauseKind::Counts { each, what, at })
    }

    /// `rounded base`
    fn stage(&mut self, pair: Pair<'_>) -> Option<RuleStage> {
        let stage = match pair.clone().into_inner().next()?.as_rule() {
            Rule::w_exact => Stage::Exact,
            Rule::w_rounded => Stage::Rounded,
            _ => Stage::Capped,
        };
        Some(RuleStage { stage, rule: self.one_name(pair)? })
    }

    /// `line.price with points_paid without tax`
    fn base(&mut self, pair: Pair<'_>) -> Option<Base> {
        let span = self.span(&pair);
        let mut pieces = parts(pair);
        let of = self.path(pieces.next()?)?;
        let mut base = Base { of, key: None, with: Vec::new(), without: Vec::new(), beyond: None, span };
        for piece in pieces {
            match piece.as_rule() {
                Rule::key => base.key = self.one_name(piece),
                Rule::beyond => base.beyond = Some(Box::new(self.sum(parts(piece).next()?)?)),
                Rule::with => base.with = self.names(parts(piece).next()?),
                _ => base.without = self.names(parts(piece).next()?),
            }
        }
        Some(base)
    }

    /// `per order`, `per member per calendar month, returns free room`, `from everyone`
    pub fn scope(&mut self, pair: Pair<'_>) -> Option<LimitScope> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut pieces = parts(pair);
        Some(match rule {
            Rule::member_scope => {
                let mut piece = pieces.next()?;
                let mut each = None;
                if piece.as_rule() == Rule::each_value {
                    each = Some(self.path(parts(piece).next()?)?);
                    piece = pieces.next()?;
                }
                let period = self.period(piece)?;
                let returns = pieces.next().map(room);
                LimitScope::Member { each, period, returns, span }
            }
            Rule::everyone_scope => {
                let period = match pieces.next() {
                    Some(period) => Some(self.period(period)?),
                    None => None,
                };
                LimitScope::Everyone { period, span }
            }
            _ => LimitScope::Piece(self.piece(&pieces.next()?)?),
        })
    }

    /// `per calendar month`, `for all time`
    pub fn period(&mut self, pair: Pair<'_>) -> Option<Period> {
        let span = self.span(&pair);
        let Some(piece) = parts(pair).next() else { return Some(Period { kind: PeriodKind::AllTime, span }) };
        Some(Period { kind: self.period_kind(piece)?, span })
    }

    pub fn period_kind(&mut self, pair: Pair<'_>) -> Option<PeriodKind> {
        Some(match pair.as_rule() {
            Rule::calendar_period => {
                PeriodKind::Calendar(pair.into_inner().find_map(|word| calendar_unit(word.as_rule()))?)
            }
            Rule::last_periods => {
                let mut pieces = pair.into_inner();
                let count = pieces.clone().find(|piece| piece.as_rule() == Rule::whole);
                let count = count.map_or(Ok(1), |count| count.as_str().replace(',', "").parse());
                let unit = pieces.find_map(|word| calendar_unit(word.as_rule()))?;
                PeriodKind::Last { count: count.unwrap_or(u32::MAX), unit }
            }
            Rule::rolling => PeriodKind::Rolling(self.duration(parts(pair).next()?)?),
            Rule::month_from => PeriodKind::MonthFrom { day: self.ordinal(&parts(pair).next()?)?.day? },
            _ => self.year_from(pair)?,
        })
    }

    /// `year from 1 april`, `year from member.joined`
    fn year_from(&mut self, pair: Pair<'_>) -> Option<PeriodKind> {
        let first = parts(pair.clone()).next()?;
        if first.as_rule() == Rule::path {
            return Some(PeriodKind::YearFromFact(self.path(first)?));
        }
        let (month, day) = self.day_and_month(pair)?;
        Some(PeriodKind::YearFrom { month, day })
    }
}

/// `day`, `week`, `month`, `quarter`, `half`, `year`
pub(super) fn calendar_unit(rule: Rule) -> Option<CalendarUnit> {
    Some(match rule {
        Rule::w_day | Rule::w_days => CalendarUnit::Day,
        Rule::w_week | Rule::w_weeks => CalendarUnit::Week,
        Rule::w_month | Rule::w_months => CalendarUnit::Month,
        Rule::w_quarter | Rule::w_quarters => CalendarUnit::Quarter,
        Rule::w_half | Rule::w_halves => CalendarUnit::Half,
        Rule::w_year | Rule::w_years => CalendarUnit::Year,
        _ => return None,
    })
}

fn room(pair: Pair<'_>) -> RoomChoice {
    let free = pair.into_inner().any(|word| word.as_rule() == Rule::w_free);
    if free { RoomChoice::Free } else { RoomChoice::Keep }
}
