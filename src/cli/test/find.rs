//! Finding scenarios: those of a policy stand in the folder `scenarios` beside it.

use std::path::{Path, PathBuf};

use super::super::Failure;
use super::super::input::unopened;

/// A policy and its scenarios, sorted by name.
pub(super) struct Suite {
    pub policy: PathBuf,
    pub scenarios: Vec<PathBuf>,
}

/// The suites under a policy, a scenario, or a folder.
pub(super) fn suites(path: &Path) -> Result<Vec<Suite>, Failure> {
    let kind = std::fs::metadata(path).map_err(|error| unopened(path, &error))?;
    let suites = if kind.is_dir() {
        let mut suites = Vec::new();
        in_folder(path, &mut suites, 0)?;
        suites
    } else if has_extension(path, "meed") {
        vec![Suite { policy: path.to_owned(), scenarios: scenarios_of(path)? }]
    } else {
        vec![Suite { policy: policy_of(path)?, scenarios: vec![path.to_owned()] }]
    };
    if suites.iter().all(|suite| suite.scenarios.is_empty()) {
        let hint = "scenarios are YAML files in a folder `scenarios` beside the policy";
        return Err(Failure(format!("{}: no scenarios here; {hint}", path.display())));
    }
    Ok(suites)
}

fn in_folder(folder: &Path, suites: &mut Vec<Suite>, depth: usize) -> Result<(), Failure> {
    for path in entries(folder)? {
        if path.is_dir() && depth < 8 {
            in_folder(&path, suites, depth + 1)?;
        } else if path.is_file() && has_extension(&path, "meed") {
            let scenarios = scenarios_of(&path)?;
            suites.push(Suite { policy: path, scenarios });
        }
    }
    Ok(())
}

fn scenarios_of(policy: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = policy.parent().unwrap_or_else(|| Path::new("")).join("scenarios");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let files = entries(&folder)?.into_iter();
    let is_scenario = |path: &PathBuf| {
        // A pipe among them would be waited for.
        path.is_file() && (has_extension(path, "yaml") || has_extension(path, "yml"))
    };
    Ok(files.filter(is_scenario).collect())
}

/// The policy of a scenario: the one `.meed` file of the folder above.
fn policy_of(scenario: &Path) -> Result<PathBuf, Failure> {
    let folder = scenario.parent().and_then(Path::parent).unwrap_or_else(|| Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut policies = entries(folder)?.into_iter().filter(|path| has_extension(path, "meed"));
    match (policies.next(), policies.next()) {
        (Some(policy), None) => Ok(policy),
        (None, _) => Err(Failure(format!("{}: no policy stands in the folder above it", scenario.display()))),
        _ => Err(Failure(format!(
            "{}: several policies stand in the folder above it; name one",
            scenario.display()
        ))),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fault = |error: std::io::Error| Failure(format!("{}: {error}", folder.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        paths.push(entry.map_err(fault)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}
