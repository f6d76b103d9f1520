//! Text to tree. [`parse`] reads a whole policy file by the grammar in `grammar/meed.pest` and gives back a
//! tree *and* all syntax errors: a bad stretch becomes an error node, what surrounds it is still read.
//! Nothing here knows what the words mean; that is the checker's job.
//!
//! The steps, each a module: `scan` cuts text into tokens, `layout` cuts tokens into lines and blocks, `parse`
//! reads the file line by line. For each line `grammar` says what it is, and `head`, `clause`,
//! `expression` and `literal` build its node. Where the grammar says no, `explain` finds out why, with the forms
//! in `forms` wrong spellings in `spelling` and one-word repairs
//! tried by `repair`.

pub mod ast;
mod clause;
mod explain;
mod expression;
mod forms;
mod grammar;
mod head;
mod layout;
mod literal;
mod parse;
mod repair;
mod scan;
mod spelling;

pub use parse::{MAX_BYTES, Parsed, parse};
