//! What is told of an account: where it stands, and how its points came about. Reads the books, changes nothing.

pub mod arithmetic;
pub mod lots;
pub mod not_given;
pub mod redecided;
pub mod standing;
pub mod statement;
pub mod workings;
