//! Text to tree. [`parse`] reads a whole policy file by the grammar in `grammar/meed.pest` and gives back a
//! tree *and* all syntax errors: a bad stretch becomes an error node, what surrounds it is still read.
//! Nothing here knows what the words mean; that is the checker's job.

pub mod ast;
mod parse;

pub use parse::{Parsed, parse};
