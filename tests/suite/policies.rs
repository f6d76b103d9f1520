//! Every scenario of every programme, run as authors run them.

use crate::cli::{meed, text};
use crate::support::root;

#[test]
fn every_scenario_comes_out_as_written() {
    let output = meed(&["test", "policies"], "");
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}{}", text(&output.stderr));
    let scenarios = count("policies");
    assert!(report.ends_with(&format!("{scenarios} passed, 0 failed\n")), "{report}");
    assert!(scenarios >= 40);
}

/// Declared events, several pools, levels: the same form of scenarios. A budget is used up by instant over all
/// accounts, whichever account is heard of next.
#[test]
fn scenarios_name_pools_levels_and_several_accounts() {
    let folders = std::fs::read_dir(root().join("tests/cases")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folders: Vec<_> = folders
        .map(|name| format!("tests/cases/{name}"))
        .filter(|folder| root().join(folder).join("scenarios").is_dir())
        .collect();
    assert!(folders.len() >= 7, "{folders:?}");
    for folder in folders {
        let output = meed(&["test", &folder], "");
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    }
}

fn count(folder: &str) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found += count(&name);
        } else if name.contains("/scenarios/") && name.ends_with(".yaml") {
            found += 1;
        }
    }
    found
}

/// A policy that behaves otherwise is told so, with the rule behind the figure.
#[test]
fn a_changed_rate_shows_as_a_change_of_behaviour() {
    let folder = std::env::temp_dir().join(format!("meed-changed-rate-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("scenarios")).unwrap();
    let policy = crate::support::AMAZON.replace("is 1.5%", "is 2%");
    std::fs::write(folder.join("shop.meed"), policy).unwrap();
    let scenario = r#"
scenario: The card gives 1.5 % more
events:
  - {type: order, at: "2021-03-01T10:00:00+09:00", order: o1, paid_with: amazon_mastercard, lines: [{id: l1, category: book, price: 1000, points_rate: 1%, seller: domestic}]}
expect:
  - {pending: 25}
"#;
    std::fs::write(folder.join("scenarios/card.yaml"), scenario).unwrap();
    let name = folder.to_str().unwrap();
    let output = meed(&["test", name], "");
    let report = text(&output.stdout).replace(name, "FOLDER");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(report);
}
