//! Everything that a user relies on, one module a boundary.

mod support;
mod histories;
mod laws;
mod cli;
mod policies;
mod docs;
mod tidy;
mod schema;
mod syntax;
mod diagnostics;
mod pages;
mod wire;
