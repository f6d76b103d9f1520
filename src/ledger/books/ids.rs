//! Ids of what stands in an account's books.

use super::series::By;
use crate::policy::id::ids;

ids! {
    /// A case of an account, in the order in which they came about.
    CaseId,
    /// A line of a case, in the order given.
    LineId,
    /// A stream of a case.
    StreamId,
    /// A payment of a case.
    PaymentId,
    /// A lot of a pool, in the order in which they were acquired.
    LotId,
    /// A debt of a pool, in the order in which they were made.
    DebtId,
}

impl CaseId {
    /// The case as the cause of a step.
    pub fn by(self) -> By {
        By::try_from(self.index()).unwrap_or(By::MAX)
    }

    /// The case that caused a step.
    pub fn of(by: By) -> CaseId {
        CaseId::new(by as usize)
    }
}
