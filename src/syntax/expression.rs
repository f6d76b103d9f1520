//! Conditions and amounts: pairs to [`Expr`].

use super::ast::{ArithmeticOp, CompareOp, Expr, ExprKind, Path};
use super::grammar::{Pair, Rule, parts};
use super::literal::Builder;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

impl Builder<'_> {
    /// `a and b`; None where `and` and `or` are mixed.
    pub fn expr(&mut self, pair: Pair<'_>) -> Option<Expr> {
        let span = self.span(&pair);
        let (mut terms, mut texts, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::unary => {
                    texts.push(piece.as_str().trim().to_owned());
                    terms.push(self.unary(piece)?);
                }
                rule => words.push((rule, self.span(&piece))),
            }
        }
        let kind = match one_word(&texts, &words) {
            Err(mixed) => {
                self.report(mixed);
                return None;
            }
            Ok(Some(Rule::w_and)) => ExprKind::And(terms),
            Ok(Some(_)) => ExprKind::Or(terms),
            Ok(None) => return terms.pop(),
        };
        Some(Expr { kind, span })
    }

    fn unary(&mut self, pair: Pair<'_>) -> Option<Expr> {
        let mut nots = Vec::new();
        let mut inner = None;
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::w_not => nots.push(self.span(&piece)),
                Rule::has_test => inner = Some(self.has_test(piece)?),
                _ => inner = Some(self.comparison(piece)?),
            }
        }
        let mut expr = inner?;
        for not in nots.into_iter().rev() {
            expr = Expr { span: not.to(expr.span), kind: ExprKind::Not(Box::new(expr)) };
        }
        Some(expr)
    }

    fn has_test(&mut self, pair: Pair<'_>) -> Option<Expr> {
        let span = self.span(&pair);
        let negated = pair.clone().into_inner().any(|piece| piece.as_rule() == Rule::w_no);
        let mut names = parts(pair);
        let (subject, badge) = (self.name(&names.next()?), self.name(&names.next()?));
        Some(Expr { kind: ExprKind::Has { subject, badge, negated }, span })
    }

    fn comparison(&mut self, pair: Pair<'_>) -> Option<Expr> {
        let span = self.span(&pair);
        let mut pieces = pair.into_inner();
        let left = self.side(pieces.next()?)?;
        let (Some(sign), Some(right)) = (pieces.next(), pieces.next()) else { return Some(left) };
        let item = Box::new(left);
        let kind = if sign.as_rule() == Rule::inside {
            let negated = sign.into_inner().any(|word| word.as_rule() == Rule::w_not);
            let list = parts(right).map(|member| self.sum(member)).collect::<Option<_>>()?;
            ExprKind::In { item, list, negated }
        } else {
            ExprKind::Compare(item, compare_op(sign.as_rule()), Box::new(self.side(right)?))
        };
        Some(Expr { kind, span })
    }

    /// A moment, or an amount.
    fn side(&mut self, pair: Pair<'_>) -> Option<Expr> {
        if !matches!(pair.as_rule(), Rule::counted_moment | Rule::counted_by_name) {
            return self.sum(pair);
        }
        let moment = self.moment(pair.into_inner().find(|piece| piece.as_rule() == Rule::moment)?, true)?;
        let span = moment.span;
        Some(Expr { kind: ExprKind::Moment(Box::new(moment)), span })
    }

    /// What a value is: a length of time, or an amount or condition.
    pub fn value(&mut self, pair: Pair<'_>) -> Option<Expr> {
        match pair.as_rule() {
            Rule::duration => {
                let duration = self.duration(pair)?;
                Some(Expr { kind: ExprKind::Duration(duration.delay), span: duration.span })
            }
            Rule::expr => self.expr(pair),
            _ => self.sum(pair),
        }
    }

    /// `a + b - c`
    pub fn sum(&mut self, pair: Pair<'_>) -> Option<Expr> {
        self.chain(pair, Self::product)
    }

    fn product(&mut self, pair: Pair<'_>) -> Option<Expr> {
        self.chain(pair, Self::atom)
    }

    fn chain(
        &mut self,
        pair: Pair<'_>,
        mut operand: impl FnMut(&mut Self, Pair<'_>) -> Option<Expr>,
    ) -> Option<Expr> {
        let mut pieces = pair.into_inner();
        let mut left = operand(self, pieces.next()?)?;
        while let (Some(sign), Some(right)) = (pieces.next(), pieces.next()) {
            let right = operand(self, right)?;
            let op = match sign.as_rule() {
                Rule::plus => ArithmeticOp::Add,
                Rule::minus => ArithmeticOp::Subtract,
                Rule::times => ArithmeticOp::Multiply,
                _ => ArithmeticOp::Divide,
            };
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Arithmetic(Box::new(left), op, Box::new(right)), span };
        }
        Some(left)
    }

    /// A literal, a name or a group.
    pub fn atom(&mut self, pair: Pair<'_>) -> Option<Expr> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::group => return self.expr(pair.into_inner().next()?).map(|inner| Expr { span, ..inner }),
            Rule::bound => return self.atom(pair.into_inner().next()?),
            Rule::w_yes => ExprKind::YesNo(true),
            Rule::w_no => ExprKind::YesNo(false),
            Rule::date => ExprKind::Date(self.date(&pair)?),
            Rule::date_time => ExprKind::Time(self.date_time(pair)?),
            Rule::clock => ExprKind::Clock(self.clock(&pair)?),
            Rule::percent => ExprKind::Percent(self.percent(&pair)?),
            Rule::number => ExprKind::Number(self.number(&pair)?),
            Rule::text => ExprKind::Text(self.text(&pair).text),
            Rule::money | Rule::counted => {
                let money = pair.as_rule() == Rule::money;
                let mut pieces = parts(pair);
                let number = self.number(&pieces.next()?)?;
                let unit = self.name(&pieces.next()?);
                if money { ExprKind::Money(number, unit) } else { ExprKind::Counted(number, unit) }
            }
            Rule::reading => self.reading(pair)?,
            Rule::path_for => {
                let mut pieces = parts(pair);
                let path = self.path(pieces.next()?)?;
                ExprKind::PathFor(path, self.name(&pieces.next()?))
            }
            _ => ExprKind::Path(self.path(pair)?),
        };
        Some(Expr { kind, span })
    }

    /// `services of mobile in all`
    fn reading(&mut self, pair: Pair<'_>) -> Option<ExprKind> {
        let (mut name, mut key, mut in_all) = (None, None, false);
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::name => name = Some(self.name(&piece)),
                Rule::key => key = self.one_name(piece),
                Rule::in_all => in_all = true,
                _ => {}
            }
        }
        Some(ExprKind::Measure { name: name?, key, in_all })
    }

    /// `listing.points_rate`
    pub fn path(&mut self, pair: Pair<'_>) -> Option<Path> {
        let span = self.span(&pair);
        let mut names = pair.into_inner();
        let first = self.name(&names.next()?);
        Some(match names.next() {
            Some(second) => Path { subject: Some(first), name: self.name(&second), span },
            None => Path { subject: None, name: first, span },
        })
    }
}

fn compare_op(rule: Rule) -> CompareOp {
    match rule {
        Rule::is_not => CompareOp::IsNot,
        Rule::less_sign => CompareOp::Less,
        Rule::at_most_sign => CompareOp::AtMost,
        Rule::more_sign => CompareOp::More,
        Rule::at_least_sign => CompareOp::AtLeast,
        Rule::w_before => CompareOp::Before,
        Rule::w_after => CompareOp::After,
        _ => CompareOp::Is,
    }
}

/// The word that joins the terms; an error where both do.
pub(super) fn one_word(terms: &[String], words: &[(Rule, Span)]) -> Result<Option<Rule>, Diagnostic> {
    let first = |rule: Rule| words.iter().find(|(word, _)| *word == rule).map(|(_, place)| *place);
    match (first(Rule::w_and), first(Rule::w_or)) {
        (Some(and), Some(or)) => Err(mixed(and, or, terms, words)),
        (Some(_), None) => Ok(Some(Rule::w_and)),
        (None, Some(_)) => Ok(Some(Rule::w_or)),
        (None, None) => Ok(None),
    }
}

/// `a and b or c`: which of the two readings is meant must be written.
fn mixed(and: Span, or: Span, terms: &[String], words: &[(Rule, Span)]) -> Diagnostic {
    let (first, second) = (grouped(terms, words, Rule::w_and), grouped(terms, words, Rule::w_or));
    Diagnostic::new(Code::MixedAndOr, or, "`and` and `or` stand side by side without parentheses")
        .with_label("one of the two must be grouped first")
        .with_place(and, "the `and`")
        .with_help(format!("write `{first}` or `{second}`, whichever is meant"))
}

/// The terms with parentheses around each run joined by `tight`.
fn grouped(terms: &[String], words: &[(Rule, Span)], tight: Rule) -> String {
    let is_tight = |i: usize| words.get(i).is_some_and(|(rule, _)| *rule == tight);
    let mut out = String::new();
    for (i, term) in terms.iter().enumerate() {
        let joined_before = i > 0 && is_tight(i - 1);
        let opens = is_tight(i) && !joined_before;
        let closes = joined_before && !is_tight(i);
        let word = words.get(i).map_or("", |(rule, _)| if *rule == Rule::w_and { " and " } else { " or " });
        let (open, close) = (if opens { "(" } else { "" }, if closes { ")" } else { "" });
        out.push_str(&format!("{open}{term}{close}{word}"));
    }
    out
}
