//! `meed decide --events`: what orders and declared events would bring to accounts as they stand after a history.

use std::io::{self, Write};

use super::args::DecideOptions;
use super::decide::{Refusals, print_line, print_lines, print_refused, summary};
use super::input::{self, Events};
use super::show::{amount_of, columns, moment, pool_name, signed_amount};
use super::table::{Column, plain, section};
use super::{Failure, Status, history, statement};
use crate::eval::Refusal;
use crate::ledger::{
    Balance, PoolStatement, Question, Quote, QuotedAlso, QuotedBecoming, QuotedLimit, Timeline,
};
use crate::policy::{Policy, PoolId};
use crate::value::{Ratio, decimal};
use crate::wire::answer::{ErrorAnswer, QuoteAnswer};
use crate::wire::case::{part_of, within};
use crate::wire::{Reader, Unasked};

pub(super) fn quote(
    policy: &Policy,
    options: &DecideOptions,
    out: &mut dyn Write,
) -> Result<Status, Failure> {
    let mut incoming = Vec::new();
    let events = Events { files: &options.events, mapping: options.mapping.as_deref() };
    events.read(policy, &mut |one| incoming.push(one))?;
    let mut timeline = Timeline::new(policy, incoming);
    let reader = Reader::new(policy);
    let mut number = 0u64;
    let mut refusals = Refusals::new(options.json);
    input::lines(&options.cases, &mut |line| {
        number += 1;
        let answer = answer(&reader, &mut timeline, line);
        if answer.refusal().is_some_and(|refusal| !refusals.tells(&refusal)) {
            return Ok(());
        }
        match options.json {
            true => answer.print_json(policy, options.explain, out),
            false => answer.print_people(policy, number, options.explain, out),
        }
    })?;
    let status = refusals.finish(out)?;
    out.flush()?;
    Ok(if tell_refused(&timeline)? { Status::Refused } else { status })
}

/// Says on standard error how much of the history was refused; true where anything was.
fn tell_refused(timeline: &Timeline) -> io::Result<bool> {
    let refused = timeline.refused();
    if refused.is_empty() {
        return Ok(false);
    }
    let codes = refused.iter().map(|(code, count)| format!("{count} {}", code.name()));
    let codes = codes.collect::<Vec<_>>().join(", ");
    writeln!(
        io::stderr(),
        "meed: some events of the history were refused and do not count ({codes}); `meed run` lists them"
    )?;
    Ok(true)
}

/// What comes of a case.
enum Answer {
    Quoted(Question, Box<Quote>),
    Refused(Question, Refusal),
    Unasked(Box<Unasked>),
}

fn answer(reader: &Reader<'_>, timeline: &mut Timeline, line: Result<&str, Refusal>) -> Answer {
    match line.map_err(Unasked::unread).and_then(|line| reader.question(line)) {
        Err(unasked) => Answer::Unasked(unasked),
        Ok(question) => match timeline.quote(&question) {
            Ok(quote) => Answer::Quoted(question, Box::new(quote)),
            Err(refusal) => Answer::Refused(question, refusal),
        },
    }
}

impl Answer {
    /// Why the case is refused, with its place in the case.
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Answer::Quoted(..) => None,
            Answer::Refused(question, refusal) => Some(within(part_of(&question.order), refusal.clone())),
            Answer::Unasked(unasked) => Some(unasked.refusal.clone()),
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Answer::Quoted(question, _) | Answer::Refused(question, _) => question.id.as_deref(),
            Answer::Unasked(unasked) => unasked.id.as_deref(),
        }
    }

    fn print_json(&self, policy: &Policy, explain: bool, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Answer::Quoted(question, quote) => {
                print_line(&QuoteAnswer::new(policy, question, quote, explain), out)
            }
            Answer::Refused(question, refusal) => {
                print_line(&ErrorAnswer::to_question(question, refusal), out)
            }
            Answer::Unasked(unasked) => print_line(&ErrorAnswer::to_unasked(unasked), out),
        }
    }

    fn print_people(
        &self,
        policy: &Policy,
        number: u64,
        explain: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if number > 1 {
            writeln!(out)?;
        }
        let head = match self.id() {
            Some(id) => format!("case {number} ({id})"),
            None => format!("case {number}"),
        };
        let (question, quote) = match (self, self.refusal()) {
            (Answer::Quoted(question, quote), _) => (question, quote),
            (_, refusal) => {
                return refusal.iter().try_for_each(|refusal| print_refused(&head, refusal, out));
            }
        };
        let payable = match quote.payable == quote.decision.redeemable {
            true => String::new(),
            false => format!(", {} of them by this account", decimal::grouped(quote.payable.into())),
        };
        writeln!(out, "{head}: {}{payable}", summary(policy, &quote.decision))?;
        print_lines(policy, &quote.decision, explain, out)?;
        becoming(policy, question, quote, out)?;
        let new = if quote.is_new { ", nothing has happened there yet" } else { "" };
        writeln!(out, "\n{}, {}{new}", question.account, moment(policy, question.at))?;
        balances(policy, quote, out)?;
        also(policy, quote, out)?;
        limits(policy, quote, out)?;
        levels(policy, quote, out)
    }
}

/// When the points would become available, and until when they live.
fn becoming(policy: &Policy, question: &Question, quote: &Quote, out: &mut dyn Write) -> io::Result<()> {
    let rows = quote.becoming.iter().map(|one| {
        let QuotedBecoming { pool, points, from, by, waits_for, expires_at } = one;
        let when = match (from, by) {
            (_, Some(by)) if *by <= question.at => "available at once".to_owned(),
            (Some(from), Some(by)) if from < by => {
                format!("available from {} to {}", moment(policy, *from), moment(policy, *by))
            }
            (_, Some(by)) => format!("available {}", moment(policy, *by)),
            _ => match waits_for {
                Some(what) if what == "shipped" => "wait to be shipped".to_owned(),
                Some(what) => format!("wait for `{what}`"),
                None => "no date yet".to_owned(),
            },
        };
        let until = expires_at.map_or_else(String::new, |at| format!(", {}", statement::gone(policy, at)));
        let mut row = vec![format!("  {}", policy.count_points_in(*pool, *points))];
        row.extend((policy.pools.len() > 1).then(|| pool_name(policy, *pool)));
        row.push(format!("{when}{until}"));
        row
    });
    let head = columns(policy, &[("", Column::Right), ("pool", Column::Left), ("", Column::Left)]);
    let head: Vec<_> = head.into_iter().map(|(_, column)| ("", column)).collect();
    out.write_all(plain(&head, rows.collect()).as_bytes())
}

/// What each pool holds before and after; what hardly ever changes is told only where it does.
fn balances(policy: &Policy, quote: &Quote, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = Vec::new();
    let pools = quote.before.pools.iter().zip(&quote.after.pools);
    for (id, (before, after)) in policy.pools.ids().zip(pools) {
        let mut name = pool_name(policy, id);
        for Part { name: what, of, always } in PARTS {
            let (was, is) = (of(&before.balance), of(&after.balance));
            if !always && was == is {
                continue;
            }
            let ends = if what == "available" { ends(policy, id, after) } else { String::new() };
            let mut row = Vec::new();
            row.extend((policy.pools.len() > 1).then(|| std::mem::take(&mut name)));
            row.extend([what.to_owned(), amount_of(policy, id, was), amount_of(policy, id, is), ends]);
            rows.push(row);
        }
    }
    let head = [
        ("pool", Column::Left),
        ("", Column::Left),
        ("before", Column::Right),
        ("after", Column::Right),
        ("", Column::Left),
    ];
    out.write_all(plain(&columns(policy, &head), rows).as_bytes())
}

/// A part of a balance.
struct Part {
    name: &'static str,
    of: fn(&Balance) -> i64,
    /// Told even where it does not change.
    always: bool,
}

const PARTS: [Part; 6] = [
    Part { name: "available", of: |balance| balance.available, always: true },
    Part { name: "pending", of: |balance| balance.pending, always: true },
    Part { name: "redeemed", of: |balance| balance.redeemed, always: false },
    Part { name: "expired", of: |balance| balance.expired, always: false },
    Part { name: "reversed", of: |balance| balance.reversed, always: false },
    Part { name: "transferred", of: |balance| balance.transferred, always: false },
];

/// Until when the points that are available then live.
fn ends(policy: &Policy, id: PoolId, pool: &PoolStatement) -> String {
    match (pool.expires_at, pool.expiring.first()) {
        (_, Some(first)) if first.points < pool.balance.available => {
            format!("{} of them {}", amount_of(policy, id, first.points), statement::gone(policy, first.at))
        }
        (Some(at), _) => statement::gone(policy, at),
        _ => String::new(),
    }
}

/// What would change of the points of other orders, and of periods.
fn also(policy: &Policy, quote: &Quote, out: &mut dyn Write) -> io::Result<()> {
    let rows = quote.also.iter().map(|QuotedAlso { order, rule, pool, points }| {
        let mut row = vec![order.to_string()];
        row.extend((policy.pools.len() > 1).then(|| pool_name(policy, *pool)));
        row.extend([signed_amount(policy, *pool, *points), rule.clone()]);
        row
    });
    let head =
        [("for", Column::Left), ("pool", Column::Left), ("points", Column::Right), ("rule", Column::Left)];
    section("Besides, by rules that read it", &columns(policy, &head), rows.collect(), out)
}

/// The limits of which this order uses something, or of which nothing is left for it.
fn limits(policy: &Policy, quote: &Quote, out: &mut dyn Write) -> io::Result<()> {
    let told = |limit: &&QuotedLimit| !limit.uses.is_zero() || limit.used >= limit.amount;
    let rows = quote.limits.iter().filter(told).map(|limit| of_limit(policy, limit));
    let head = [
        ("of", Column::Left),
        ("used before", Column::Right),
        ("by this", Column::Right),
        ("left", Column::Right),
        ("limit", Column::Left),
    ];
    section("Limits", &head, rows.collect(), out)
}

fn of_limit(policy: &Policy, limit: &QuotedLimit) -> Vec<String> {
    let QuotedLimit { rule, limit, in_money, amount, used, uses } = limit;
    let show = |number: Ratio| match in_money {
        true => policy.currency.format(number),
        false if number.denominator() == 1 => decimal::grouped(number.numerator()),
        false => number.to_string(),
    };
    let left = amount.sub(*used).and_then(|left| left.sub(*uses));
    let left = left.map_or_else(|_| String::new(), |left| show(left.max(Ratio::ZERO)));
    vec![rule.clone(), show(*used), show(*uses), left, limit.clone()]
}

/// Levels that it leads to, and where the member then stands.
fn levels(policy: &Policy, quote: &Quote, out: &mut dyn Write) -> io::Result<()> {
    if quote.after.tiers.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for change in &quote.levels {
        let (level, terms) = (history::level(policy, change), history::terms(policy, change, false));
        let before = policy.tiers.try_get(change.tier).and_then(|tier| tier.levels.get(change.from));
        let before = before.map_or("", |level| level.label.as_str());
        writeln!(out, "{level}, {before} before ({terms})")?;
    }
    statement::standing(policy, &quote.after, out)?;
    Ok(())
}
