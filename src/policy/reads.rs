//! What the parts of a policy read, as the ledger asks it.

use super::*;
pub(crate) use crate::eval::reads::Reads;

/// What a version of a rule reads: by way of values as they are at an instant, or of all their versions.
pub(crate) fn of_earn(policy: &Policy, earn: &Earn, at: Option<Timestamp>) -> Reads {
    crate::eval::reads::reads(policy, earn, at)
}
