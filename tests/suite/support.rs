//! The only lines of the suite that know the library's interface.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use meed::answer::RunAnswer;
use meed::{
    Balance, Bucket, Case, Diagnostic, Incoming, Options, Outcome, Policy, Reader, Replay, Source, load,
};
use serde_json::Value;

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything wrong with a policy.
pub fn check(source: &Source) -> Vec<Diagnostic> {
    load(source).diagnostics
}

/// The Amazon programme's text.
pub const AMAZON: &str = include_str!("../../policies/amazon_jp/amazon_jp.meed");

/// The Amazon programme.
pub fn amazon() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        load(&Source::new("policies/amazon_jp/amazon_jp.meed", AMAZON))
            .policy
            .expect("the programme has no mistakes")
    })
}

/// Events as they come in through the reader of JSON Lines.
pub fn incoming(policy: &Policy, events: &[Value]) -> Vec<Incoming> {
    let text: String = events.iter().map(|event| format!("{event}\n")).collect();
    read(policy, &text)
}

/// JSON Lines as they come in.
pub fn read(policy: &Policy, text: &str) -> Vec<Incoming> {
    Reader::new(policy)
        .json_lines(None, text.as_bytes())
        .map(|one| one.expect("memory can be read"))
        .collect()
}

pub fn replay(policy: &Policy, incoming: Vec<Incoming>, options: &Options) -> Outcome {
    meed::replay(policy, incoming, options)
}

/// The same events, sorted and judged one by one.
pub fn replay_sorted(policy: &Policy, mut incoming: Vec<Incoming>, options: &Options) -> Outcome {
    incoming.sort_by_key(Incoming::at);
    let mut run = Replay::new(policy, options.clone());
    incoming.into_iter().for_each(|one| run.push(one));
    run.finish()
}

/// The published answer of a run.
pub fn answer(policy: &Policy, outcome: &Outcome) -> Value {
    serde_json::to_value(RunAnswer::new(policy, outcome).unwrap()).unwrap()
}

/// The published answer to a decide case.
pub fn decide(policy: &Policy, case: &Value) -> Value {
    use meed::answer::{DecisionAnswer, ErrorAnswer, ListingAnswer};
    let answered = Reader::new(policy).case(&case.to_string()).and_then(|case| match case {
        Case::Order { at, member, order } => {
            let decision = meed::decide(policy, at, &member, &order)?;
            Ok(serde_json::to_value(DecisionAnswer::new(policy, &decision, true)).unwrap())
        }
        Case::Event { at, member, event } => {
            let decision = meed::decide(policy, at, &member, &event)?;
            Ok(serde_json::to_value(DecisionAnswer::new(policy, &decision, true)).unwrap())
        }
        Case::Listing { at, listing } => {
            let badges = meed::decide_listing(policy, at, &listing)?;
            Ok(serde_json::to_value(ListingAnswer::new(badges)).unwrap())
        }
    });
    answered.unwrap_or_else(|refusal| serde_json::to_value(ErrorAnswer::new(&refusal)).unwrap())
}

/// The names of the codes reported for a text, in order.
pub fn codes(text: &str) -> Vec<&'static str> {
    check(&Source::new("policy.meed", text)).iter().map(|diagnostic| diagnostic.code.name()).collect()
}

/// What a person reads about a text.
pub fn report(text: &str) -> String {
    let source = Source::new("policy.meed", text);
    meed::internal::render::report(&source, &check(&source), 80, false)
}

/// A folder of the repository.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The entries of a folder, sorted.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}

/// The last part of a path, without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Adds points to one bucket of a balance: a fold of entries that does not go through the engine.
pub fn post(balance: &mut Balance, bucket: Bucket, points: i64) {
    match bucket {
        Bucket::Programme => balance.issued -= points,
        Bucket::Pending => balance.pending += points,
        Bucket::Available => balance.available += points,
        Bucket::Redeemed => balance.redeemed += points,
        Bucket::Expired => balance.expired += points,
        Bucket::Reversed => balance.reversed += points,
        Bucket::Transferred => balance.transferred += points,
    }
}
