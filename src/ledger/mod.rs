//! From events to accounts. [`event`] says what can happen, [`entry`] what the ledger records of it; balances are
//! a fold of entries. Pure: the result is a function of the set of events.

pub mod event;
pub mod intake;
