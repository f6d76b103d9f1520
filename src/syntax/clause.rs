//! Lines of a body: pairs to clauses. Amounts and limits are built in `amount`, moments in `moment`.

use super::amount::calendar_unit;
use super::ast::{
    CaseKey, CategoryNode, ClauseKind, Combine, DeadlineEnd, Field, FieldType, LevelWhen, LimitScope,
    MissingDayChoice, MoveTarget, Name, Operation, PartOf, Period, PeriodKind, ReturnChoice, RewardPrice,
    SpendKey, Text, ThenChoice, Threshold,
};
use super::expression;
use super::grammar::{Pair, Rule, parts};
use super::literal::Builder;
use crate::value::Rounding;

impl Builder<'_> {
    /// One clause; None where a part of it is wrong and has been reported.
    pub fn clause(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        Some(match pair.as_rule() {
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
            Rule::is_clause => ClauseKind::Is(parts(pair).map(|e| self.value(e)).collect::<Option<_>>()?),
            Rule::by_clause => ClauseKind::By(self.one_sum(pair)?),
            Rule::case => self.case(pair)?,
            Rule::marks => ClauseKind::Marks(self.one_list(pair)?),
            Rule::when => ClauseKind::When(self.expr(parts(pair).next()?)?),
            Rule::only_for => ClauseKind::OnlyFor(self.one_list(pair)?),
            Rule::not_for => {
                let mut lists = parts(pair);
                let excluded = self.names(lists.next()?);
                let except = lists.next().map(|names| self.names(names)).unwrap_or_default();
                ClauseKind::NotFor { excluded, except }
            }
            Rule::transfer => ClauseKind::Operation(operation(pair)),
            Rule::cash_out => ClauseKind::Operation(Operation::CashOut),
            Rule::shown => ClauseKind::ShownIn(self.one_list(pair)?),
            Rule::worth | Rule::pending | Rule::balance | Rule::lot | Rule::spend | Rule::spend_before => {
                self.pool_clause(pair)?
            }
            Rule::adds
            | Rule::for_each
            | Rule::per_period
            | Rule::counts_measure
            | Rule::start_level
            | Rule::level
            | Rule::begins => self.member_clause(pair)?,
            Rule::lasts | Rule::then | Rule::returns => self.member_clause(pair)?,
            _ => self.rule_clause(pair)?,
        })
    }

    /// `silver, gold: 25%`
    fn case(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        let mut pieces = parts(pair).filter(|piece| piece.as_rule() != Rule::colon);
        let key = pieces.next()?;
        let key = match key.as_rule() {
            Rule::else_key => CaseKey::Else(self.span(&key)),
            Rule::from_key => CaseKey::From(self.one_sum(key)?),
            _ => CaseKey::Names(self.names(key)),
        };
        Some(ClauseKind::Case { key, value: self.value(pieces.next()?)? })
    }

    /// What a pool says about its points.
    fn pool_clause(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        Some(match pair.as_rule() {
            Rule::worth => ClauseKind::Worth(self.one_sum(pair)?),
            Rule::pending => ClauseKind::Pending(self.optional_moment(pair)?),
            Rule::balance => ClauseKind::BalanceExpires(self.optional_moment(pair)?),
            Rule::lot => {
                let paused = parts(pair.clone()).find(|piece| piece.as_rule() == Rule::paused);
                let at = self.optional_moment(pair)?;
                let paused = match paused {
                    Some(paused) => Some(self.expr(parts(paused).next()?)?),
                    None => None,
                };
                ClauseKind::LotExpires { at, paused }
            }
            Rule::spend_before => ClauseKind::SpendBefore(self.one_name(pair)?),
            _ => ClauseKind::Spend(spend_keys(pair)),
        })
    }

    /// What a measure counts over, and how a tier's levels come and go.
    fn member_clause(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        Some(match pair.as_rule() {
            Rule::adds => ClauseKind::Adds(self.names(parts(pair).next()?)),
            Rule::for_each => ClauseKind::ForEach(self.path(parts(pair).next()?)?),
            Rule::per_period => ClauseKind::Per(self.period(parts(pair).next()?)?),
            Rule::counts_measure => ClauseKind::CountsMeasure(self.one_name(pair)?),
            Rule::start_level => {
                let (name, label, _) = self.labelled(pair)?;
                ClauseKind::Start { name, label }
            }
            Rule::level => {
                let rest = pair.clone();
                let (name, label, _) = self.labelled(pair)?;
                let (mut at, mut when, mut how) = (Vec::new(), None, LevelWhen::Also);
                for piece in parts(rest) {
                    match piece.as_rule() {
                        Rule::thresholds => at = self.thresholds(piece)?,
                        Rule::expr => when = Some(self.expr(piece)?),
                        rule @ (Rule::or_when | Rule::or_while | Rule::while_holds) => {
                            how = if rule == Rule::or_when { LevelWhen::Instead } else { LevelWhen::While };
                            when = Some(self.expr(parts(piece).next()?)?);
                        }
                        _ => {}
                    }
                }
                ClauseKind::Level { name, label, at, when, how }
            }
            Rule::begins => ClauseKind::Begins(self.optional_moment(pair)??),
            Rule::lasts => ClauseKind::Lasts(self.optional_moment(pair)?),
            Rule::then => {
                let falls = parts(pair).find(|piece| piece.as_rule() == Rule::falls);
                ClauseKind::Then(match falls {
                    Some(falls) => ThenChoice::Falls(self.count(&parts(falls).next()?)?),
                    None => ThenChoice::WorkedOutAgain,
                })
            }
            _ => match parts(pair).next()? {
                level if level.as_rule() == Rule::lowers_level => ClauseKind::ReturnLevel { lowers: true },
                level if level.as_rule() == Rule::keeps_level => ClauseKind::ReturnLevel { lowers: false },
                points => ClauseKind::Return(return_choice(points)),
            },
        })
    }

    /// A name, its label, and what follows.
    fn labelled<'i>(&mut self, pair: Pair<'i>) -> Option<(Name, Option<Text>, Option<Pair<'i>>)> {
        let mut pieces = parts(pair).peekable();
        let name = self.name(&pieces.next()?);
        let label = pieces.next_if(|piece| piece.as_rule() == Rule::text).map(|label| self.text(&label));
        Some((name, label, pieces.next()))
    }

    /// `40 or 10 of stays`: all of an inner list, any of the outer.
    fn thresholds(&mut self, pair: Pair<'_>) -> Option<Vec<Vec<Threshold>>> {
        let (mut groups, mut texts, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pair.into_inner() {
            if piece.as_rule() != Rule::threshold_group {
                words.push((piece.as_rule(), self.span(&piece)));
                continue;
            }
            texts.push(piece.as_str().trim().to_owned());
            let group = parts(piece).filter(|piece| piece.as_rule() == Rule::threshold);
            groups.push(group.map(|one| self.threshold(one)).collect::<Option<Vec<_>>>()?);
        }
        match expression::one_word(&texts, &words) {
            Err(mixed) => {
                self.report(mixed);
                None
            }
            Ok(Some(Rule::w_and)) => Some(vec![groups.into_iter().flatten().collect()]),
            Ok(_) => Some(groups),
        }
    }

    fn threshold(&mut self, pair: Pair<'_>) -> Option<Threshold> {
        let span = self.span(&pair);
        let mut pieces = parts(pair);
        let amount = self.sum(pieces.next()?)?;
        Some(Threshold { amount, of: pieces.next().map(|name| self.name(&name)), span })
    }

    /// What a rule gives, takes and limits.
    fn rule_clause(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        Some(match pair.as_rule() {
            Rule::counts => self.counts(pair)?,
            Rule::gives => ClauseKind::Gives(self.gives(pair)?),
            Rule::on_first => {
                let mut pieces = parts(pair).peekable();
                let amount = self.sum(pieces.next()?)?;
                let of = match pieces.next_if(|piece| piece.as_rule() == Rule::first_of) {
                    Some(of) => Some(self.path(parts(of).next()?)?),
                    None => None,
                };
                ClauseKind::OnFirst { amount, of, per: self.scope(pieces.next()?)? }
            }
            Rule::round => {
                let grain = self.piece(&parts(pair.clone()).last()?)?;
                let mode = pair.into_inner().nth(1)?;
                ClauseKind::Round { mode: rounding(mode.as_rule()), grain }
            }
            Rule::at_most_share => {
                let mut pieces = parts(pair);
                ClauseKind::AtMostShare { rate: self.sum(pieces.next()?)?, of: self.path(pieces.next()?)? }
            }
            Rule::at_most => {
                let (limit, per) = self.limit(pair)?;
                ClauseKind::AtMost { limit, per }
            }
            Rule::no_limit => ClauseKind::NoLimit,
            Rule::into => ClauseKind::Into(self.one_name(pair)?),
            Rule::combine | Rule::all_of_rules => self.combine(pair)?,
            Rule::out_of => ClauseKind::OutOf(self.one_name(pair)?),
            Rule::at_least => ClauseKind::AtLeast(self.one_sum(pair)?),
            Rule::in_steps => ClauseKind::InSteps(self.one_sum(pair)?),
            Rule::reward => {
                let (name, label, price) = self.labelled(pair)?;
                ClauseKind::Reward { name, label, price: self.price(price?)? }
            }
            Rule::pays => {
                let mut pieces = parts(pair).peekable();
                let (points, money) = (self.sum(pieces.next()?)?, self.sum(pieces.next()?)?);
                let per = match pieces.next_if(|piece| piece.as_rule() == Rule::pays_per) {
                    Some(per) => Some(self.one_sum(per)?),
                    None => None,
                };
                ClauseKind::Pays { points, money, per, of: self.path(pieces.next()?)? }
            }
            _ => return self.move_clause(pair),
        })
    }

    /// `100 stars`, `5,000 to 120,000 points`, `free`
    fn price(&mut self, pair: Pair<'_>) -> Option<RewardPrice> {
        Some(match pair.as_rule() {
            Rule::free => RewardPrice::Free,
            Rule::price_range => {
                let mut ends = parts(pair);
                RewardPrice::Range(self.sum(ends.next()?)?, self.sum(ends.next()?)?)
            }
            _ => RewardPrice::Points(self.sum(pair)?),
        })
    }

    fn combine(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        let how = match pair.clone().into_inner().next()?.as_rule() {
            Rule::w_best => Combine::Best,
            Rule::w_first => Combine::First,
            _ => Combine::All,
        };
        let mut pieces = parts(pair);
        let of = self.names(pieces.next()?);
        let per = match pieces.next() {
            Some(piece) => Some(self.piece(&piece)?),
            None => None,
        };
        Some(ClauseKind::Combine { how, of, per })
    }

    /// What a move takes and gives, and when.
    fn move_clause(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        Some(match pair.as_rule() {
            Rule::move_to => {
                let cash = pair.clone().into_inner().any(|word| word.as_rule() == Rule::w_cash);
                let mut pieces = parts(pair);
                let from = self.name(&pieces.next()?);
                let to = match pieces.next() {
                    Some(program) if program.as_rule() == Rule::to_program => {
                        MoveTarget::Program(self.one_name(program)?)
                    }
                    Some(pool) => MoveTarget::Pool(self.name(&pool)),
                    None if cash => MoveTarget::Cash,
                    None => MoveTarget::Account,
                };
                ClauseKind::MoveTo { from, to }
            }
            Rule::on_request => ClauseKind::OnRequest,
            Rule::on_period_end => {
                let span = self.span(&pair);
                let inner = pair
                    .into_inner()
                    .find(|piece| !matches!(piece.as_rule(), Rule::w_on | Rule::w_end | Rule::w_of))?;
                let kind = match calendar_unit(inner.as_rule()) {
                    Some(unit) => PeriodKind::Calendar(unit),
                    None => self.period_kind(inner)?,
                };
                ClauseKind::OnPeriodEnd(Period { kind, span })
            }
            Rule::on_days => {
                ClauseKind::OnDays(parts(pair).map(|day| self.year_day(day)).collect::<Option<_>>()?)
            }
            Rule::gives_per => {
                let mut pieces = parts(pair).peekable();
                let amount = self.sum(pieces.next()?)?;
                let full = pieces.next_if(|piece| piece.as_rule() == Rule::full).is_some();
                ClauseKind::GivesPer { amount, full, step: self.sum(pieces.next()?)? }
            }
            Rule::fee => ClauseKind::Fee(self.one_sum(pair)?),
            _ => return None,
        })
    }

    /// An amount and the scope behind it.
    fn limit(&mut self, pair: Pair<'_>) -> Option<(super::ast::Expr, LimitScope)> {
        let mut pieces = parts(pair);
        let amount = self.sum(pieces.next()?)?;
        let scope = match pieces.next() {
            Some(scope) => self.scope(scope)?,
            None => LimitScope::Each,
        };
        Some((amount, scope))
    }

    /// `fruit "Fresh fruit"`, without what is under it.
    pub fn child(&self, pair: Pair<'_>) -> Option<CategoryNode> {
        let mut pieces = parts(pair);
        let name = self.name(&pieces.next()?);
        Some(CategoryNode { name, label: pieces.next().map(|label| self.text(&label)), children: Vec::new() })
    }

    /// A line of an event: a fact or its marks.
    pub fn event_line(&mut self, pair: Pair<'_>) -> Option<ClauseKind> {
        match pair.as_rule() {
            Rule::field => self.field(pair).map(ClauseKind::Field),
            _ => self.clause(pair),
        }
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
                Rule::part_of | Rule::beside => {
                    let beside = piece.as_rule() == Rule::beside;
                    field.part_of = Some(PartOf { amount: self.one_name(piece)?, beside });
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
            Rule::count_type => FieldType::Count(self.one_name(pair)),
            Rule::quantity_type => FieldType::Quantity(self.one_name(pair)),
            _ => match pair.as_str() {
                "rate" => FieldType::Rate,
                "date" => FieldType::Date,
                "text" => FieldType::Text,
                _ => FieldType::Named(self.name(&pair)),
            },
        })
    }

    /// The last name of a clause.
    pub fn one_name(&self, pair: Pair<'_>) -> Option<Name> {
        parts(pair).last().map(|name| self.name(&name))
    }

    /// The only amount of a clause.
    fn one_sum(&mut self, pair: Pair<'_>) -> Option<super::ast::Expr> {
        self.sum(parts(pair).next()?)
    }

    /// The only list of a clause.
    fn one_list(&self, pair: Pair<'_>) -> Option<Vec<Name>> {
        parts(pair).next().map(|names| self.names(names))
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
