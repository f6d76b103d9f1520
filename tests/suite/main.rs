//! Everything that a user relies on, one module a boundary.
