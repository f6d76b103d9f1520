//! Exact values: ratios, roundings, splits, currencies, calendar time. No floats anywhere.
//! These types know nothing of policies; every stage uses them.

pub mod choice;
pub mod currency;
pub mod decimal;
pub mod moment;
pub mod ratio;
pub mod rounding;
pub mod time;

pub use currency::Currency;
pub use ratio::{Overflow, Ratio};
pub use rounding::{Rounding, largest_remainder};
pub use time::{Calendar, Delay, MissingDay, Zone};
