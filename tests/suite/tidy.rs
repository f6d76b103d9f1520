//! What keeps the code readable: files with a head and an end in sight, codes with all their homes.

use std::path::{Path, PathBuf};

use meed::RefusalCode;

use crate::support::root;

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_source_file_opens_with_its_job_and_stays_short() {
    for path in files(&root().join("src"), "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} does not open with its job", path.display());
        assert!(text.lines().count() <= 600, "{} is too long", path.display());
    }
}

#[test]
fn the_engine_knows_no_programme() {
    for path in files(&root().join("src"), "rs") {
        if path.ends_with("lib.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        for word in ["amazon", "kindle", "mastercard"] {
            assert!(!text.contains(word), "{} knows {word}", path.display());
        }
    }
}

#[test]
fn every_refusal_is_listed() {
    let page = std::fs::read_to_string(root().join("docs/refusals.md")).unwrap();
    for code in RefusalCode::ALL {
        let row = format!("| `{}` | {} |", code.name(), code.title());
        assert!(page.contains(&row), "docs/refusals.md lacks the row {row}");
    }
}
