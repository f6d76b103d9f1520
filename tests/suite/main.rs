//! Everything that a user relies on, one module a boundary.

mod support;
mod syntax;
