//! Everything that a user relies on, one module a boundary.

mod diagnostics;
mod support;
mod syntax;
