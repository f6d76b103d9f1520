//! Lines of a body: pairs to clauses.

use super::ast::{
    Amount, Anchor, AnchorKind, Base, CategoryNode, ClauseKind, DeadlineEnd, Field, FieldType, Gives,
    LimitScope, MissingDayChoice, Moment, MomentKind, Name, Operation, PartOf, ReturnChoice, SpendKey,
};
use super::grammar::{Pair, Rule, parts};
use super::literal::Builder;
use super::{explain, forms};
use crate::diagnostic::suggest::nearest;
use crate::value::Rounding;

impl Builder<'_> {
    /// One clause; None where a part of it is wrong and has been reported.
    pub fn clause(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        let rule = pair.as_rule();
        Some(match rule {
            Rule::currency_clause => ClauseKind::Currency(self.one_name(pair)?),
            Rule::timezone => ClauseKind::Timezone(self.one_name(pair)?),
            Rule::unit => ClauseKind::Unit(self.one_name(pair)?),
            Rule::statement => ClauseKind::Statement(self.text(&parts(pair).next()?)),
            Rule::deadlines => ClauseKind::Deadlines(match parts(pair).next()?.as_rule() {
                Rule::end_of_day => DeadlineEnd::EndOfDay,
                _ => DeadlineEnd::SameTimeOfDay,
            }),
            Rule::missing_day => ClauseKind::MissingDay(match parts(pair).next()?.as_rule() {
                Rule::last_of_month => MissingDayChoice::LastOfMonth,
                _ => MissingDayChoice::FirstOfNextMonth,
            }),
            Rule::is_clause => ClauseKind::Is(parts(pair).map(|e| self.expr(e)).collect::<Option<_>>()?),
            Rule::worth => ClauseKind::Worth(self.sum(parts(pair).next()?)?),
            Rule::pending => ClauseKind::Pending(self.optional_moment(pair)?),
            Rule::balance => ClauseKind::BalanceExpires(self.optional_moment(pair)?),
            Rule::spend => ClauseKind::Spend(spend_keys(pair)),
            Rule::returns => ClauseKind::Return(return_choice(parts(pair).next()?)),
            Rule::gives => ClauseKind::Gives(self.gives(pair)?),
            Rule::when => ClauseKind::When(self.expr(parts(pair).next()?)?),
            Rule::only_for => ClauseKind::OnlyFor(self.names(parts(pair).next()?)),
            Rule::not_for => {
                let mut lists = parts(pair);
                let excluded = self.names(lists.next()?);
                let except = lists.next().map(|names| self.names(names)).unwrap_or_default();
                ClauseKind::NotFor { excluded, except }
            }
            Rule::round => {
                let grain = self.piece(&parts(pair.clone()).last()?)?;
                let mode = pair.into_inner().nth(1)?;
                ClauseKind::Round { mode: rounding(mode.as_rule()), grain }
            }
            Rule::at_most => {
                let mut pieces = parts(pair);
                ClauseKind::AtMost {
                    limit: self.sum(pieces.next()?)?,
                    per: LimitScope::Piece(self.piece(&pieces.next()?)?),
                }
            }
            Rule::pays => {
                let mut pieces = parts(pair);
                let (points, money) = (self.sum(pieces.next()?)?, self.sum(pieces.next()?)?);
                ClauseKind::Pays { points, money, of: self.path(pieces.next()?)? }
            }
            Rule::transfer => ClauseKind::Operation(operation(pair)),
            Rule::cash_out => ClauseKind::Operation(Operation::CashOut),
            Rule::shown => ClauseKind::ShownIn(self.names(parts(pair).next()?)),
            _ => return None,
        })
    }

    /// `fruit "Fresh fruit"`, without what is under it.
    pub fn child(&self, pair: Pair<'_>) -> Option<CategoryNode> {
        let mut pieces = parts(pair);
        let name = self.name(&pieces.next()?);
        Some(CategoryNode { name, label: pieces.next().map(|label| self.text(&label)), children: Vec::new() })
    }

    /// `points_rate: rate 0% to 95%`
    pub fn field(&mut self, pair: Pair<'_>) -> Option<Field> {
        let mut pieces = parts(pair).filter(|piece| piece.as_rule() != Rule::colon);
        let name = self.name(&pieces.next()?);
        let kind = pieces.next()?;
        let kind_span = self.span(&kind);
        let mut field = Field {
            name,
            kind: self.field_type(kind)?,
            kind_span,
            range: None,
            part_of: None,
            default: None,
        };
        for piece in pieces {
            match piece.as_rule() {
                Rule::field_range => {
                    let mut ends = parts(piece);
                    field.range = Some((self.atom(ends.next()?)?, self.atom(ends.next()?)?));
                }
                Rule::part_of => {
                    field.part_of = Some(PartOf { amount: self.one_name(piece)?, beside: false })
                }
                _ => field.default = Some(self.sum(parts(piece).next()?)?),
            }
        }
        Some(field)
    }

    fn field_type(&self, pair: Pair<'_>) -> Option<FieldType> {
        Some(match pair.as_rule() {
            Rule::yes_no_type => FieldType::YesNo,
            Rule::currency => FieldType::Money(self.name(&pair)),
            Rule::choice => FieldType::Choice(
                parts(pair).filter(|p| p.as_rule() == Rule::name).map(|p| self.name(&p)).collect(),
            ),
            _ => match pair.as_str() {
                "rate" => FieldType::Rate,
                "count" => FieldType::Count(None),
                "date" => FieldType::Date,
                "text" => FieldType::Text,
                _ => FieldType::Named(self.name(&pair)),
            },
        })
    }

    fn one_name(&self, pair: Pair<'_>) -> Option<Name> {
        parts(pair).last().map(|name| self.name(&name))
    }

    /// `line`, `order`, `unit`, or another word, unless it is plainly one of them misspelt.
    fn piece(&mut self, pair: &Pair<'_>) -> Option<Name> {
        let name = self.name(pair);
        match nearest(&name.text, forms::PIECES.iter().copied()) {
            Some(near) if !forms::PIECES.contains(&name.text.as_str()) => {
                self.report(explain::misspelt_piece(&name, near));
                None
            }
            _ => Some(name),
        }
    }

    fn gives(&mut self, pair: Pair<'_>) -> Option<Gives> {
        let mut pieces = parts(pair);
        let each = self.piece(&pieces.next()?)?;
        let points = self.sum(pieces.next()?)?;
        let Some(rest) = pieces.next() else {
            return Some(Gives { each, period: None, amount: Amount::Fixed { points } });
        };
        let per = rest.as_rule() == Rule::per_money;
        let mut pieces = parts(rest).peekable();
        let full = pieces.next_if(|piece| piece.as_rule() == Rule::full).is_some();
        let amount = if per {
            let step = self.sum(pieces.next()?)?;
            Amount::Per { points, full, step, base: self.base(pieces.next()?)? }
        } else {
            Amount::Share { rate: points, base: self.base(pieces.next()?)? }
        };
        Some(Gives { each, period: None, amount })
    }

    fn base(&mut self, pair: Pair<'_>) -> Option<Base> {
        let span = self.span(&pair);
        let mut pieces = parts(pair);
        let mut base = Base { of: self.path(pieces.next()?)?, with: Vec::new(), without: Vec::new(), span };
        for piece in pieces {
            let with = piece.as_rule() == Rule::with;
            let names = self.names(parts(piece).next()?);
            *(if with { &mut base.with } else { &mut base.without }) = names;
        }
        Some(base)
    }

    /// The moment after `until` or `expires`; nothing for `never`.
    fn optional_moment(&mut self, pair: Pair<'_>) -> Option<Option<Moment>> {
        match parts(pair).next() {
            Some(moment) => Some(Some(self.moment(moment)?)),
            None => Some(None),
        }
    }

    fn moment(&mut self, pair: Pair<'_>) -> Option<Moment> {
        let span = self.span(&pair);
        let (mut length, mut anchors) = (None, Vec::new());
        for piece in parts(pair) {
            match piece.as_rule() {
                Rule::duration_range => {
                    length = self.duration_range(piece).map(|(earliest, length)| (Some(earliest), length));
                }
                Rule::duration => length = self.duration(piece).map(|length| (None, length)),
                Rule::latest => {
                    anchors = parts(piece).map(|anchor| self.anchor(anchor)).collect::<Option<_>>()?;
                }
                _ => anchors.push(self.anchor(piece)?),
            }
        }
        let anchor = Moment { kind: MomentKind::Anchors(anchors), span };
        Some(match length {
            None => anchor,
            Some((earliest, length)) => {
                let of = Box::new(anchor);
                Moment { kind: MomentKind::Shift { earliest, length, before: false, of }, span }
            }
        })
    }

    fn anchor(&mut self, pair: Pair<'_>) -> Option<Anchor> {
        let span = self.span(&pair);
        let (mut kind, mut when) = (AnchorKind::Shipped, None);
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::order_placed => kind = AnchorKind::OrderPlaced,
                Rule::points_what => kind = self.points_anchor(piece),
                Rule::expr => when = Some(self.expr(piece)?),
                _ => {}
            }
        }
        Some(Anchor { kind, when, span })
    }

    fn points_anchor(&self, pair: Pair<'_>) -> AnchorKind {
        let redeemed = pair.clone().into_inner().any(|word| word.as_rule() == Rule::w_redeemed);
        let word = pair.into_inner().next();
        let name = word.map_or(Name { text: String::new(), span: Default::default() }, |w| self.name(&w));
        if redeemed { AnchorKind::Redeemed(name) } else { AnchorKind::Acquired(name) }
    }
}

fn spend_keys(pair: Pair<'_>) -> Vec<SpendKey> {
    let key = |piece: Pair<'_>| match piece.as_rule() {
        Rule::soonest => Some(SpendKey::SoonestToExpire),
        Rule::w_oldest => Some(SpendKey::Oldest),
        Rule::w_newest => Some(SpendKey::Newest),
        _ => None,
    };
    pair.into_inner().filter_map(key).collect()
}

fn return_choice(pair: Pair<'_>) -> ReturnChoice {
    match (pair.as_rule(), parts(pair).next().map(|shortfall| shortfall.as_rule())) {
        (Rule::keeps, _) => ReturnChoice::Keeps,
        (_, Some(Rule::debt)) => ReturnChoice::TakesBackDebt,
        (_, Some(_)) => ReturnChoice::TakesBackForgiven,
        (_, None) => ReturnChoice::TakesBackSilent,
    }
}

fn rounding(rule: Rule) -> Rounding {
    match rule {
        Rule::w_up => Rounding::Up,
        Rule::half_up => Rounding::HalfUp,
        Rule::half_even => Rounding::HalfEven,
        _ => Rounding::Down,
    }
}

fn operation(pair: Pair<'_>) -> Operation {
    let program = pair.into_inner().any(|word| word.as_rule() == Rule::w_program);
    if program { Operation::TransferToProgram } else { Operation::TransferToAccount }
}
