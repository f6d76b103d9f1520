//! Limits: how much, and over what it counts. Earn rules, groups, redeem rules and moves share them.

use super::clauses::missing_choice;
use super::constant::{self, fold};
use super::expr::{Operand, Place, describe};
use super::measures::path_expr;
use super::periods::own_period;
use super::rules::Draft;
use super::scope::Scope;
use super::words;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{FactId, Grain, Limit, LimitScope, Occasion, Period, PoolId, Quantity, Subject, Unit};
use crate::syntax::ast::{self, ArithmeticOp, ClauseKind, Expr, ExprKind, Kind, Name, Path, RoomChoice};
use crate::value::Ratio;

/// What a rule, group or payment is about: over what it may round and be limited.
#[derive(Clone, Copy)]
pub(super) struct Pieces {
    pub of: Occasion,
    pub each: Grain,
    /// True where a limit without further words means each time.
    pub each_time: bool,
}

impl Pieces {
    /// Where an expression about one piece stands.
    pub fn place(self, grain: Grain) -> Place {
        match (self.of, self.each, grain) {
            (Occasion::Event(event), ..) => Place::Event(event),
            (Occasion::Period(_) | Occasion::Running(_), ..) => Place::Member,
            (_, Grain::Order, _) | (_, _, Grain::Order) => Place::Order,
            _ => Place::Line,
        }
    }

    /// Grains at which it may round or be limited.
    fn grains(self) -> &'static [Grain] {
        match self.each {
            Grain::Unit => &[Grain::Unit, Grain::Line, Grain::Order],
            Grain::Line => &[Grain::Line, Grain::Order],
            Grain::Order => &[Grain::Order],
        }
    }

    /// The word for a grain.
    pub fn word(self, scope: &Scope<'_>, grain: Grain) -> String {
        match (self.of, grain) {
            (Occasion::Event(event), _) => scope.events[event].name.to_owned(),
            (_, Grain::Unit) => "unit".to_owned(),
            (_, Grain::Line) => "line".to_owned(),
            (_, Grain::Order) => "order".to_owned(),
        }
    }

    /// All words that may stand after `per`.
    pub fn words(self, scope: &Scope<'_>) -> Vec<String> {
        match self.of {
            Occasion::Period(_) | Occasion::Running(_) => Vec::new(),
            _ => self.grains().iter().map(|grain| self.word(scope, *grain)).collect(),
        }
    }

    /// The grain that a word names, if it fits.
    pub fn grain(self, scope: &Scope<'_>, word: &str) -> Option<Grain> {
        let grains = if self.of.period().is_some() { &[] } else { self.grains() };
        grains.iter().copied().find(|grain| self.word(scope, *grain) == word)
    }
}

/// The grain after `per`; reports one that does not fit. `what` is `round`, `be limited` or `compare`.
pub(super) fn fitting(draft: &Draft<'_, '_>, word: &Name, pieces: Pieces, what: &str) -> Option<Grain> {
    let scope = draft.scope;
    let found = pieces.grain(scope, &word.text);
    if found.is_some_and(|grain| what == "round" || grain != Grain::Unit) {
        return found;
    }
    let known = ["unit", "line", "order"].contains(&word.text.as_str())
        || scope.events.iter().any(|event| event.name == word.text);
    let each = match pieces.of {
        Occasion::Period(_) | Occasion::Running(_) => "stretch of time".to_owned(),
        _ => pieces.word(scope, pieces.each),
    };
    let message = match (found, known) {
        (Some(_), _) => "a limit per unit is none: write the amount of each unit itself".to_owned(),
        (None, true) => format!("a rule of each {each} cannot {what} per {}", word.text),
        (None, false) => format!("`{}` is nothing that a rule can {what} per", word.text),
    };
    let words: Vec<String> = pieces
        .words(scope)
        .iter()
        .filter(|word| what == "round" || word.as_str() != "unit")
        .map(|word| format!("per {word}"))
        .collect();
    let help = match words.as_slice() {
        [] if what == "round" => "write the stretch itself: `per month`".to_owned(),
        [] => "leave `per …` out: the rule looks at the whole".to_owned(),
        words => format!("write {}", words::listed(words, "or")),
    };
    scope.report(Diagnostic::new(Code::BadGrain, word.span, message).with_help(help));
    None
}

/// Over what a limit counts, and where its amount stands.
pub(super) fn limit_scope(
    draft: &Draft<'_, '_>,
    per: &ast::LimitScope,
    pieces: Pieces,
    line: &str,
) -> Option<(LimitScope, Place)> {
    let scope = draft.scope;
    match per {
        ast::LimitScope::Piece(word) => {
            let grain = fitting(draft, word, pieces, "be limited")?;
            Some((LimitScope::Piece(grain), pieces.place(grain)))
        }
        ast::LimitScope::Each if pieces.each_time || pieces.of.period().is_some() => {
            Some((LimitScope::Piece(Grain::Order), pieces.place(Grain::Order)))
        }
        ast::LimitScope::Each => {
            let mut choices: Vec<String> = pieces
                .words(scope)
                .into_iter()
                .filter(|word| word != "unit")
                .map(|word| format!("{line} per {word}"))
                .collect();
            choices.push(format!("{line} per member per calendar month, returns free room"));
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            missing_choice(scope, draft.declaration, "over what its limit counts", &choices);
            None
        }
        ast::LimitScope::Member { each, period: written, returns, span } => {
            let each = match each {
                Some(path) => Some(each_value(draft, path, pieces)?),
                None => None,
            };
            let period = own_period(scope, written);
            let Some(returns) = returns else {
                let words = scope.text(*span);
                let message = "this does not say whether a return frees room under the limit";
                let help = format!("write `{words}, returns free room` or `{words}, returns keep room`");
                if !draft.declaration.broken {
                    scope.report(Diagnostic::new(Code::MissingChoice, *span, message).with_help(help));
                }
                return None;
            };
            let keep = *returns == RoomChoice::Keep;
            Some((LimitScope::Member { each, period: period?, keep }, Place::Member))
        }
        ast::LimitScope::Everyone { period: written, .. } => {
            let period = match written {
                Some(written) => budget_period(scope, written)?,
                None => Period::AllTime,
            };
            Some((LimitScope::Everyone { period }, Place::Everyone))
        }
    }
}

/// `per member per order.shop`: the fact of the order or event whose every word has room of its own.
fn each_value(draft: &Draft<'_, '_>, path: &Path, pieces: Pieces) -> Option<(Subject, FactId)> {
    let scope = draft.scope;
    let shown = scope.text(path.span);
    let wrong = |code: Code, message: String, help: String| {
        scope.report(Diagnostic::new(code, path.span, message).with_help(help));
        None
    };
    if !matches!(draft.declaration.kind, Kind::Earn | Kind::Group) {
        let message = format!("only what is earned can be limited for each `{shown}`");
        return wrong(
            Code::MisplacedClause,
            message,
            format!("leave `per {shown}` out: the limit is over all of them"),
        );
    }
    let place = pieces.place(Grain::Order);
    let (subject, fact) = match draft.reader(place).operand(&path_expr(path))? {
        Operand::Text(subject, fact) | Operand::Choice(subject, fact) => (subject, fact),
        other => {
            let message = format!("`{shown}` is {}, and a limit for each needs words", describe(&other));
            let help = "name a choice or text fact: `per member per order.shop per calendar month`";
            return wrong(Code::TypeMismatch, message, help.to_owned());
        }
    };
    if subject == Subject::Member {
        let message = format!("`{shown}` is said of the member, and the limit is per member already");
        return wrong(
            Code::BadSubject,
            message,
            format!("leave `per {shown}` out, or name a fact of the order or event"),
        );
    }
    Some((subject, fact))
}

/// The period of a budget over all members: one that begins for all of them at the same instant.
fn budget_period(scope: &Scope<'_>, written: &ast::Period) -> Option<Period> {
    let period = own_period(scope, written)?;
    if !matches!(period, Period::Rolling(_) | Period::YearOfMember(_)) {
        return Some(period);
    }
    let words = scope.text(written.span);
    let message = format!(
        "a budget over all members cannot count `{words}`: it needs a period that is the same for all"
    );
    let help = "write a period of the calendar (`from everyone per calendar month`), or leave it out: the budget then \
                holds for as long as the rule";
    scope.report(Diagnostic::new(Code::BadGrain, written.span, message).with_help(help));
    None
}

/// The `at most` lines: limits of points of a pool.
pub(super) fn limits(draft: &Draft<'_, '_>, pieces: Pieces, pool: PoolId) -> Option<Vec<Limit>> {
    limits_but(draft, pieces, pool, |_| false)
}

/// The same without the lines that limit something else.
pub(super) fn limits_but(
    draft: &Draft<'_, '_>,
    pieces: Pieces,
    pool: PoolId,
    other: impl Fn(&Expr) -> bool,
) -> Option<Vec<Limit>> {
    let earns = matches!(draft.declaration.kind, Kind::Earn | Kind::Group);
    let limits = draft.clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::AtMost { limit, per } if !other(limit) => {
            Some((clause, limit_of(draft, limit, per, pieces, pool)))
        }
        ClauseKind::AtMostShare { rate, of } if earns => {
            Some((clause, share(draft, (rate, of), pieces, pool)))
        }
        _ => None,
    });
    let limits = limits.map(|(clause, found)| {
        let (amount, per) = found?;
        Some(Limit { amount, per, counter: None, text: draft.scope.text(clause.span) })
    });
    let limits: Vec<Option<Limit>> = limits.collect();
    limits.into_iter().collect()
}

/// A limit that is a share of an amount, in points by their worth: `at most 20% of order.price`.
fn share(
    draft: &Draft<'_, '_>,
    (rate, of): (&Expr, &Path),
    pieces: Pieces,
    pool: PoolId,
) -> Option<(Quantity, LimitScope)> {
    let grain = match &of.subject {
        Some(subject) if subject.text == "line" && pieces.each != Grain::Order => Grain::Line,
        _ => Grain::Order,
    };
    let reader = draft.reader(pieces.place(grain));
    let rate = reader.number(rate, Unit::Rate).and_then(|quantity| sound(draft, quantity, rate, Unit::Rate));
    let amount = Expr { kind: ExprKind::Path(of.clone()), span: of.span };
    let money = reader.number(&amount, Unit::Money);
    let share = Quantity::Multiply(Box::new(rate?), Box::new(money?));
    let limit = Quantity::Divide(Box::new(share), Box::new(Quantity::Worth(pool)));
    Some((limit, LimitScope::Piece(grain)))
}

fn limit_of(
    draft: &Draft<'_, '_>,
    limit: &Expr,
    per: &ast::LimitScope,
    pieces: Pieces,
    pool: PoolId,
) -> Option<(Quantity, LimitScope)> {
    let scope = draft.scope;
    let line = format!("at most {}", scope.text(limit.span));
    let found = limit_scope(draft, per, pieces, &line);
    let place = found.map_or_else(|| pieces.place(Grain::Order), |(_, place)| place);
    let quantity = points(draft, limit, place, (pool, false));
    let ((per, _), quantity) = (found?, quantity?);
    if let Some(n) = fold(&quantity)
        && !n.fraction().is_zero()
    {
        let message = format!("`{}` is no whole number of points", scope.text(limit.span));
        let report = Diagnostic::new(Code::TooManyDigits, limit.span, message);
        let whole = constant::written(scope, Ratio::whole(n.floor().saturating_add(1)), Unit::Points);
        scope.report(report.with_help(format!("a limit is whole: `at most {whole} …`")));
        return None;
    }
    Some((quantity, per))
}

/// Points of a pool, or money where it counts in money; `plain` allows a plain number of points (a rate of
/// points as a value: `star_rate per 1 USD`).
pub(super) fn points(
    draft: &Draft<'_, '_>,
    expr: &Expr,
    place: Place,
    (pool, plain): (PoolId, bool),
) -> Option<Quantity> {
    let scope = draft.scope;
    let wanted = super::pool::unit_of_pool(scope, pool);
    let operand = draft.reader(place).operand(expr)?;
    match operand {
        Operand::Number(quantity, unit) if unit == wanted => {
            own_points(scope, expr, pool)?;
            sound(draft, quantity, expr, wanted)
        }
        Operand::Number(quantity, Unit::Count) if plain && wanted == Unit::Points => {
            sound(draft, quantity, expr, wanted)
        }
        other => {
            constant::report_unit(scope, expr, wanted, describe(&other));
            None
        }
    }
}

/// Reports a literal in the unit of another pool: `10 stars` where the pool counts points.
pub(super) fn own_points(scope: &Scope<'_>, expr: &Expr, pool: PoolId) -> Option<()> {
    match &expr.kind {
        ExprKind::Counted(_, word) => {
            let Some(unit) = super::pool::unit_word(scope, pool) else { return Some(()) };
            let fits = word.text == unit || word.text.strip_suffix('s') == Some(unit);
            if fits || scope.facts.has_unit(&word.text) {
                return Some(());
            }
            let name = scope.pools.try_get(pool).map_or("", |group| group.name);
            let message = format!("`{name}` counts in {unit}s, and this is a number of {}", word.text);
            let help = format!("write `{unit}s`, or name the pool that counts in {}", word.text);
            scope.report(Diagnostic::new(Code::TypeMismatch, word.span, message).with_help(help));
            None
        }
        ExprKind::Arithmetic(left, ArithmeticOp::Add | ArithmeticOp::Subtract, right) => {
            own_points(scope, left, pool).and(own_points(scope, right, pool))
        }
        ExprKind::Arithmetic(left, _, _) => own_points(scope, left, pool),
        _ => Some(()),
    }
}

/// Reports amounts that fall below nought or never rise above it.
pub(super) fn sound(draft: &Draft<'_, '_>, quantity: Quantity, expr: &Expr, unit: Unit) -> Option<Quantity> {
    let scope = draft.scope;
    let (low, high) = super::ranges::bounds(scope, &quantity, None);
    let text = scope.text(expr.span);
    if low.is_some_and(Ratio::is_negative) {
        let message = format!("`{text}` can fall below nought");
        let help = "subtract no more than the lower end of the fact's range";
        scope.report(Diagnostic::new(Code::NegativeAmount, expr.span, message).with_help(help));
        return None;
    }
    if high.is_some_and(Ratio::is_zero) {
        let nought = constant::written(scope, Ratio::ZERO, unit);
        let message =
            format!("`{}` can never give a point: its amount is {nought}", draft.declaration.name.text);
        let help = "write an amount above 0, or leave the rule out";
        scope.report(Diagnostic::new(Code::GivesNothing, expr.span, message).with_help(help));
    }
    Some(quantity)
}
