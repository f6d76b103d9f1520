//! What is told of an account: where it stands, and how its points came about. Reads the books, changes nothing.

pub mod statement;
pub mod workings;
