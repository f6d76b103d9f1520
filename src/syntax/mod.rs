//! Text to tree. [`parse`] reads a whole policy file by the grammar in `grammar/meed.pest` and gives back a
//! tree *and* all syntax errors: a bad stretch becomes an error node, what surrounds it is still read.
//! Nothing here knows what the words mean; that is the checker's job.
//!
//! The steps, each a module: `scan` cuts text into tokens, `layout` cuts tokens into lines and blocks, `parse`
//! reads the file line by line. For each line `grammar` says what it is, and `head`, `clause`, `amount`, `moment`,
//! `expression` and `literal` build its node. Where the grammar says no, `explain` and `explain_head` find out why: `spelling`,
//! `names` and `numbers` know wrong signs and words, `stray` what stands outside of every declaration, `forms` how each
//! clause reads, and `repair` tries which change of one word would make the line right. `files` finds what a policy brings in
//! from other files, `meaning` what all of it says whatever its layout.

mod amount;
pub mod ast;
mod clause;
mod explain;
mod explain_head;
mod expression;
mod files;
mod forms;
mod grammar;
mod habits;
mod head;
mod layout;
mod literal;
mod meaning;
mod moment;
mod names;
mod numbers;
mod parse;
mod repair;
mod scan;
mod spelling;
mod stray;

pub use files::{MAX_FILES, gather};
pub use meaning::said;
pub use parse::{MAX_BYTES, Parsed, parse};
