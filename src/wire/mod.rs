//! The published forms of what Meed reads and says.

pub mod diagnostics;
