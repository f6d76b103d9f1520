//! The command and the machine around it: what data shows on a terminal, which files are read, and how files are written.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::cli::{meed, text};
use crate::support::{AMAZON, root};

const POLICY: &str = "policies/amazon_jp/amazon_jp.meed";
const YEAR: &str = "examples/year/events.jsonl";

/// A folder of its own for a test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("meed-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(fs::canonicalize(folder).unwrap())
    }

    /// The path of a file with this text.
    fn put(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let names = crate::support::entries(&self.0).into_iter();
        names.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}')
}

/// Names may turn the direction of letters; those with control characters are refused, and shown in the refusal.
const TURNED: &str = "h\u{202e}0\u{2066}x";
const BAD: &str = "h\u{202e}0\u{1b}[31m\u{9b}x\u{7f}\u{2028}";

/// A grant, an order of an unknown category, one of a known, and a grant of the first one's id, all full of `name`.
fn events(name: &str) -> [String; 4] {
    let grant = |points: i64| {
        serde_json::json!({
            "id": name, "type": "grant", "at": "2021-03-01T10:00:00+09:00", "account": name, "points": points, "reason": name,
        })
    };
    let order = |id: &str, category: &str| {
        serde_json::json!({
            "id": id, "type": "order", "at": "2021-03-02T10:00:00+09:00", "account": "b", "order": name, "note": name,
            "lines": [{"id": name, "sku": name, "category": category, "price": 1000, "points_rate": "1%", "seller": "domestic"}],
        })
    };
    [grant(100), order("o", name), order("p", "book"), grant(200)].map(|event| event.to_string())
}

#[test]
fn what_is_shown_of_data_is_only_shown() {
    for name in [TURNED, BAD] {
        let [grant, bad, good, second] = events(name);
        let events = format!("{grant}\n{bad}\n{good}\n");
        let conflict = format!("{events}{second}\n");
        let case = format!("{{\"at\": \"2021-03-02T10:00:00+09:00\", \"order\": {good}}}");
        for (arguments, input) in [
            (&["run", POLICY, "-"][..], &events),
            (&["run", POLICY, "-"], &conflict),
            (&["run", POLICY, "-", "--json"], &events),
            (&["run", POLICY, "-", "--json"], &conflict),
            (&["run", POLICY, "-", "--account", name], &events),
            (&["run", POLICY, "-", "--ledger", "-"], &(events.clone() + &crate::outside::events("x")[0])),
            (&["explain", POLICY, "-"], &events),
            (&["explain", POLICY, "-", "--json"], &events),
            (&["explain", POLICY, "-", "--order", name], &events),
            (&["explain", name], &events),
            (&["decide", POLICY, "--explain"], &case),
            (&["decide", POLICY, "--json", "--explain"], &case),
            (&["check", name], &events),
            (&["run", POLICY, name], &events),
            (&["test", name], &events),
            (&[name], &events),
            (&["run", POLICY, "-", "--at", name], &events),
            (&["completions", name], &events),
        ] {
            let output = meed(arguments, input);
            let shown = text(&output.stdout) + &text(&output.stderr);
            assert!(!shown.is_empty() && !shown.chars().any(acts), "{arguments:?}: {shown:?}");
        }
    }
    let answer = meed(&["run", POLICY, "-", "--json"], &events(TURNED).join("\n"));
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(
        (&answer["accounts"][0]["account"], &answer["refused"][0]["event"]),
        (&"b".into(), &TURNED.into())
    );
}

#[test]
fn the_name_of_a_policy_is_only_shown() {
    let folder = Folder::new("shown");
    for policy in [AMAZON.to_owned(), AMAZON.replace("paid_with is", "payed_with is")] {
        let path = folder.put(&format!("{BAD}.meed"), &policy);
        let output = meed(&["check", &path], "");
        let shown = text(&output.stdout);
        assert!(shown.contains("\\u{202e}") && !shown.chars().any(acts), "{shown:?}");
    }
}

#[test]
fn the_ledger_is_not_written_over_what_is_read() {
    let folder = Folder::new("over");
    let events = folder.put("events.jsonl", &fs::read_to_string(root().join(YEAR)).unwrap());
    let rest = folder.put("rest.meed", AMAZON);
    let policy = folder.put("policy.meed", "use \"rest.meed\"\n");
    let link = folder.path("link.jsonl");
    fs::hard_link(&events, &link).unwrap();
    let roundabout = format!("{}/./events.jsonl", folder.0.to_str().unwrap());
    for ledger in [&events, &rest, &policy, &link, &roundabout] {
        let before = fs::read(ledger).unwrap();
        let output = meed(&["run", &policy, &events, "--ledger", ledger], "");
        let told = text(&output.stderr);
        assert!(status(&output) == 1 && told.contains("write to another file"), "{told}");
        assert_eq!(fs::read(ledger).unwrap(), before);
    }
    assert_eq!(folder.names(), ["events.jsonl", "link.jsonl", "policy.meed", "rest.meed"]);
}

#[test]
fn a_ledger_is_written_whole_or_not_at_all() {
    let folder = Folder::new("whole");
    let ledger = folder.put("ledger.jsonl", "the old one\n");
    let output = meed(&["run", POLICY, YEAR, "--ledger", &ledger], "");
    assert_eq!((status(&output), text(&output.stderr)), (0, String::new()));
    let written = fs::read_to_string(&ledger).unwrap();
    assert_eq!(written, text(&meed(&["run", POLICY, YEAR, "--ledger", "-"], "").stdout));
    assert_eq!(folder.names(), ["ledger.jsonl"]);
    let mut read_only = fs::metadata(&ledger).unwrap().permissions();
    read_only.set_readonly(true);
    fs::set_permissions(&ledger, read_only).unwrap();
    let output = meed(&["run", POLICY, YEAR, "--ledger", &ledger], "");
    assert!(
        status(&output) == 1 && text(&output.stderr).contains("may not open"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!((folder.names().len(), fs::read_to_string(&ledger).unwrap()), (1, written));
    let output = meed(&["run", POLICY, YEAR, "--ledger", &folder.path("")], "");
    assert!(status(&output) == 1 && text(&output.stderr).contains("a folder, not a file"));
}

#[test]
fn a_policy_uses_files_of_its_own_folder_or_of_a_named_one() {
    let folder = Folder::new("use");
    folder.put("rest.meed", AMAZON);
    let policy = folder.put("shop/policy.meed", "use \"../rest.meed\"\n");
    folder.put("other/x.meed", "");
    let top = folder.0.to_str().unwrap();
    let check = |arguments: &[&str]| {
        let output = meed(&[&["check", &policy, "--json"], arguments].concat(), "");
        (status(&output), text(&output.stdout))
    };
    assert!(check(&[]).1.contains("outside of the policy's folder"), "{}", check(&[]).1);
    assert_eq!(check(&["--root", top]).0, 0, "{}", check(&["--root", top]).1);
    assert_eq!(check(&["--root", &folder.path("other")]).0, 1);
    assert_eq!(status(&meed(&["check", &policy, "--root", &folder.path("none")], "")), 1);
    assert_eq!(status(&meed(&["run", &policy, YEAR], "")), 1);
    assert_eq!(status(&meed(&["run", &policy, YEAR, "--root", top], "")), 0);
    // Whether there is such a file is not told either.
    folder.put("shop/policy.meed", "use \"../gone.meed\"\n");
    assert!(check(&[]).1.contains("outside of the policy's folder"), "{}", check(&[]).1);
}

#[cfg(unix)]
#[test]
fn a_policy_follows_no_link_out_of_its_folder_and_waits_for_no_pipe() {
    let folder = Folder::new("links");
    let rest = folder.put("rest.meed", AMAZON);
    let policy = folder.put("shop/policy.meed", "use \"rest.meed\"\n");
    let inside = folder.0.join("shop/rest.meed");
    let check = || {
        let output = meed(&["check", &policy, "--json"], "");
        (status(&output), text(&output.stdout))
    };
    std::os::unix::fs::symlink(&rest, &inside).unwrap();
    assert!(check().1.contains("outside of the policy's folder"));
    fs::remove_file(&inside).unwrap();
    std::os::unix::fs::symlink(folder.0.join("shop/real.meed"), &inside).unwrap();
    folder.put("shop/real.meed", AMAZON);
    assert_eq!(check().0, 0);
    fs::remove_file(&inside).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&inside).status().unwrap().success());
    assert!(check().1.contains("a device or a pipe"), "{}", check().1);
    // Scenarios are read of files only, too.
    folder.put("test/shop.meed", AMAZON);
    fs::create_dir_all(folder.0.join("test/scenarios")).unwrap();
    let pipe = folder.0.join("test/scenarios/a.yaml");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let output = meed(&["test", &folder.path("test")], "");
    assert!(text(&output.stderr).contains("no scenarios here"));
}

/// A device such as /dev/zero never ends a line.
#[test]
fn a_line_without_an_end_ends_the_reading() {
    let endless = "0".repeat(17 << 20);
    for arguments in [&["run", POLICY, "-"][..], &["decide", POLICY, "-", "--json"]] {
        let output = meed(arguments, &endless);
        assert!(status(&output) == 1 && text(&output.stderr).contains("a line is longer than"));
    }
    #[cfg(unix)]
    for arguments in [&["check", "/dev/zero"][..], &["test", "/dev/zero"], &["run", POLICY, "/dev/zero"]] {
        assert_eq!(status(&meed(arguments, "")), 1, "{arguments:?}");
    }
}
