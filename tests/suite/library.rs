//! What an embedder relies on, through the names that the crate re-exports and no others.

use std::sync::Arc;

use meed::{
    Case, Checked, Decision, Diagnostic, EventDraft, Events, Incoming, InputFault, Ledger, LineDraft,
    LoadError, MappingError, Mistakes, Options, OrderDraft, Outcome, Overflow, Place, Policy, Question,
    Reader, Refusal, Rejected, Replay, Severity, Source, Timestamp, decide, load, replay,
};

const POLICY: &str = include_str!("../../policies/amazon_jp/amazon_jp.meed");
const GRANT: &str =
    r#"{"id": "e1", "type": "grant", "at": "2025-01-01T00:00:00+09:00", "account": "a1", "points": 100}"#;

fn policy() -> Policy {
    let Checked { policy, diagnostics, .. } = load(&Source::new("amazon_jp.meed", POLICY));
    assert_eq!(diagnostics, []);
    policy.unwrap()
}

#[test]
fn what_is_shared_between_threads_may_be() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Policy>();
    shared::<Source>();
    shared::<Diagnostic>();
    shared::<Refusal>();
    shared::<Incoming>();
    shared::<Outcome>();
    shared::<InputFault>();
    fn sent<T: Send + Sync>(_: &T) {}
    let policy = policy();
    sent(&Reader::new(&policy));
    sent(&Replay::new(&policy, Options::default()));
}

#[test]
fn threads_decide_alike() {
    let policy = Arc::new(policy());
    let case = r#"{"at": "2025-12-01T12:00:00+09:00", "order": {"lines": [
        {"id": "1", "category": "book", "price": 1500, "points_rate": "2%", "seller": "domestic"}]}}"#;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let policy = Arc::clone(&policy);
            std::thread::spawn(move || -> Result<Decision, Refusal> {
                match Reader::new(&policy).case(case)? {
                    Case::Order { at, member, order } => decide(&policy, at, &member, &order),
                    Case::Listing { .. } | Case::Event { .. } => panic!("an order"),
                }
            })
        })
        .collect();
    let decisions: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
    assert_eq!(decisions[0].points, 30);
    assert!(decisions.iter().all(|decision| *decision == decisions[0]));
}

#[test]
fn a_service_reads_and_judges_one_event_after_the_other() {
    let policy = policy();
    let reader = Reader::new(&policy);
    let mut run = Replay::new(&policy, Options::default().keep_entries());
    run.push(reader.event_line(Place { file: None, line: Some(1) }, GRANT));
    let events: Events<'_> = reader.json_lines(None, GRANT.as_bytes());
    for event in events {
        run.push(event.unwrap());
    }
    let outcome = run.finish();
    assert_eq!((outcome.duplicates, outcome.accepted), (1, 1));
    let at: Timestamp = "2025-01-01T00:00:00+09:00".parse().unwrap();
    assert_eq!(outcome.at, Some(at));
    assert_eq!(outcome.accounts[0].statement(&policy, at).unwrap().pools[0].balance.available, 100);
    assert_eq!(replay(&policy, Vec::new(), &Options::default()).accounts.len(), 0);
}

#[test]
fn a_policy_with_mistakes_is_no_policy() {
    let checked = load(&Source::new("broken.meed", POLICY.replace("paid_with is", "payed_with is")));
    assert!(checked.policy.is_none());
    assert_eq!(checked.diagnostics[0].severity(), Severity::Error);
    let mistakes: Box<dyn std::error::Error> = checked.into_policy().unwrap_err().into();
    let line = POLICY.lines().position(|line| line.contains("paid_with is")).unwrap() + 1;
    let text = mistakes.to_string();
    let start = format!("broken.meed:{line}:");
    assert!(text.contains(&start) && text.contains(": error: unknown-fact: "), "{text}");
    assert!(text.contains("\n  help: "), "{text}");
}

#[test]
fn what_is_wrong_is_an_error() {
    fn error<E: std::error::Error + Send + Sync + 'static>() {}
    error::<Mistakes>();
    error::<Refusal>();
    error::<Rejected>();
    error::<InputFault>();
    error::<MappingError>();
    error::<LoadError>();
    error::<Overflow>();
}

#[test]
fn a_program_can_ask_what_a_policy_declares() {
    let policy = policy();
    let rules = |at: &str| policy.rules_at(at.parse().unwrap());
    let two_percent = |at| *rules(at).iter().find(|rule| rule.name == "two_percent").unwrap();
    let (before, since) = (two_percent("2020-12-31T14:59:59Z"), two_percent("2020-12-31T15:00:00Z"));
    assert_eq!((before.kind, before.label), ("badge", "2% or more"));
    assert!(before.until.is_some() && before.until == since.from);
    assert!(before.line < since.line);
    assert_eq!(
        policy.pools().map(|pool| (pool.name, pool.unit)).collect::<Vec<_>>(),
        [("points", Some("point"))]
    );
    assert!(policy.categories().any(|one| (one.name, one.parent) == ("kindle_ebook", Some("digital"))));
    let paid_with = policy.facts().find(|fact| fact.name == "paid_with").unwrap();
    assert_eq!((paid_with.of, paid_with.kind, paid_with.has_default), ("order", "choice", true));
    assert_eq!(paid_with.choices, ["amazon_mastercard", "other"]);

    let cafe = load(&Source::new("cafe.meed", include_str!("../../policies/starbucks/starbucks.meed")))
        .policy
        .unwrap();
    assert!(cafe.tiers().all(|tier| tier.levels.len() > 1) && cafe.tiers().next().is_some());
    assert!(cafe.rewards_at("2026-03-01T00:00:00Z".parse().unwrap()).next().is_some());
}

fn book() -> OrderDraft {
    let line =
        LineDraft::new("1").price(1500).category("book").with("points_rate", "2%").with("seller", "domestic");
    OrderDraft::new().line(line)
}

/// What a program builds is what data says, and its mistakes are told as those of data.
#[test]
fn orders_and_events_are_built_and_checked() {
    let policy = Arc::new(policy());
    let reader = Reader::new(&policy);
    let at: Timestamp = "2025-12-01T03:00:00Z".parse().unwrap();
    let order = reader.checked_order(book().with("paid_with", "other")).unwrap();
    let mut ledger = Ledger::new(policy.clone(), true);
    let quote = ledger.quote(&Question::new("a1", at, order)).unwrap();
    assert_eq!(quote.after.pools[0].balance.pending, 30);

    let grant = |points| reader.checked_event(EventDraft::grant("g1", at, "a1", points)).unwrap();
    ledger.apply(grant(100)).unwrap();
    let placed = reader.checked_event(EventDraft::order("o1", at, "a1", book())).unwrap();
    let read = r#"{"id": "o1", "type": "order", "order": "o1", "account": "a1", "at": "2025-12-01T12:00:00+09:00", "lines": [
        {"id": "1", "category": "book", "price": 1500, "points_rate": "2%", "seller": "domestic"}]}"#;
    assert_eq!(Ok(&placed), reader.event_line(Place::default(), read).body.as_ref());
    ledger.apply(placed).unwrap();
    let shipped =
        EventDraft::new("ship", "s1", at, "a1").of_order("o1").line(LineDraft::new("1").quantity(1));
    ledger.apply(reader.checked_event(shipped).unwrap()).unwrap();
    assert_eq!(ledger.account("a1").unwrap().balance().issued, 130);

    let refused = |order| reader.checked_order(order).unwrap_err().to_string();
    assert!(refused(book().with("payed_with", "other")).contains("did you mean `paid_with`?"));
    assert!(refused(book().with("paid_with", true)).starts_with("invalid-value"));
    assert!(refused(book().with("redeem", 1).with("redeem", 2)).starts_with("duplicate-field"));
    assert!(refused(OrderDraft::new()).starts_with("missing-field"));
}

/// Each digit of the programme changed, one at a time: where the outcome is a policy it says something else, but in comments.
#[test]
fn a_changed_number_is_another_meaning() {
    let policy = policy();
    let mut changed = 0;
    for (at, digit) in POLICY.char_indices().filter(|(_, letter)| letter.is_ascii_digit()) {
        let other = if digit == '1' { "2" } else { "1" };
        let text = format!("{}{other}{}", &POLICY[..at], &POLICY[at + 1..]);
        let line = POLICY[..at].rsplit('\n').next().unwrap();
        let Some(other) = load(&Source::new("amazon_jp.meed", text)).policy else { continue };
        assert_eq!(other.meaning_digest() == policy.meaning_digest(), line.contains("//"), "{line}");
        changed += usize::from(!line.contains("//"));
    }
    assert!(changed > 5, "{changed}");
}

/// A service may send an event again: it counts once, also after the account has been stored. Another event of its id does not
/// count at all.
#[test]
fn an_event_that_is_sent_again_counts_once() {
    let policy = Arc::new(policy());
    let reader = Reader::new(&policy);
    let at: Timestamp = "2025-12-01T03:00:00Z".parse().unwrap();
    let later: Timestamp = "2025-12-02T03:00:00Z".parse().unwrap();
    let grant = |id, at, points| reader.checked_event(EventDraft::grant(id, at, "a1", points)).unwrap();
    let mut ledger = Ledger::new(policy.clone(), true);
    ledger.apply(grant("g1", at, 100)).unwrap();
    ledger.apply(grant("g2", later, 20)).unwrap();
    let mut resumed = Ledger::new(policy.clone(), true);
    resumed.load(&ledger.save("a1").unwrap()).unwrap();
    let mut history = Ledger::new(policy.clone(), true);
    history.keep_history();
    history.apply(grant("g2", later, 20)).unwrap();
    history.apply(grant("g1", at, 100)).unwrap();
    for ledger in [&mut ledger, &mut resumed, &mut history] {
        assert_eq!(ledger.apply(grant("g1", at, 100)), Ok(()), "however late");
        let other = ledger.apply(grant("g1", later, 7)).unwrap_err();
        assert_eq!((other.code.name(), other.path.as_str()), ("conflicting-event", "id"));
        assert_eq!(ledger.account("a1").unwrap().balance().available, 120);
    }
    let late = ledger.account("a1").unwrap().statement(&policy, "2030-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(late.unwrap_err().code.name(), "out-of-order", "its points were due to expire by then");
}
