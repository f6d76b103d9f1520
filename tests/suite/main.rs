//! Everything that a user relies on, one module a boundary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test fails by panicking, and reads what it needs"
)]

mod support;
mod histories;
mod laws;
mod ledger;
mod random_groups;
mod whole_orders;
mod random_policies;
mod shapes;
mod pumps;
mod edits;
mod edit_laws;
mod library;
mod cli;
mod shell;
mod policies;
mod docs;
mod tidy;
mod schema;
mod syntax;
mod files;
mod diagnostics;
mod mistakes;
mod pages;
mod outside;
mod purchases;
mod times;
mod wire;
mod robust;
mod plan;
#[path = "../../benches/workload/mod.rs"]
#[allow(clippy::cast_possible_truncation, dead_code, reason = "the benchmark uses the rest")]
mod workload;
