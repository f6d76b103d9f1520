//! Why input was refused: a stable code, the place in the input, words, and the rule that refused it.

use std::fmt;

macro_rules! refusals {
    ($($variant:ident $name:literal $title:literal,)*) => {
        /// A stable, kebab-case reason for refusing input. Listed in `docs/refusals.md`; names are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum RefusalCode {
            $(#[doc = $title] $variant,)*
        }

        impl RefusalCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [RefusalCode] = &[$(RefusalCode::$variant,)*];

            /// The kebab-case name.
            pub fn name(self) -> &'static str {
                match self { $(RefusalCode::$variant => $name,)* }
            }

            /// One line about it.
            pub fn title(self) -> &'static str {
                match self { $(RefusalCode::$variant => $title,)* }
            }
        }
    };
}

refusals! {
    // Reading.
    UnreadableInput "unreadable-input" "the line, row or document is not JSON, YAML or CSV",
    TooLarge "too-large" "a line, number, text or nesting above the limit",
    DuplicateField "duplicate-field" "one field given twice",
    UnknownField "unknown-field" "a field that the event does not have and the policy does not declare",
    MissingField "missing-field" "a field that must be present",
    InvalidValue "invalid-value" "a value of the wrong kind, below its minimum, or with too many digits",
    UnknownType "unknown-type" "an event type that does not exist",
    UnknownCategory "unknown-category" "a category that the policy does not declare",
    UnknownChoice "unknown-choice" "a word that is not among the fact's choices",
    FactOutOfRange "fact-out-of-range" "a fact outside the range that the policy declares",
    UnknownPool "unknown-pool" "a pool that the policy does not declare",
    UnknownRule "unknown-rule" "a redeem rule or a move that the policy does not declare",
    UnknownReward "unknown-reward" "a reward that no redeem rule of the policy declares",
    UnknownPart "unknown-part" "a part of an amount that the policy does not declare",
    UnknownMark "unknown-mark" "a mark that the event, or any event of the policy, does not have",
    CurrencyMismatch "currency-mismatch" "an amount in another currency than the programme's",
    DuplicateLine "duplicate-line" "two lines of one event with the same id",
    // Identity and order.
    ConflictingEvent "conflicting-event" "events that share an id and differ in content",
    OutOfOrder "out-of-order" "an event earlier than one already judged, in a sorted run or a ledger",
    // Judging.
    DuplicateOrder "duplicate-order" "an order number that the account already has",
    UnknownOrder "unknown-order" "an order number that the account does not have at that instant",
    UnknownEvent "unknown-event" "the id of a declared event, reward or move that the account does not have at that instant",
    NotUndone "not-undone" "a cancel of a transfer to another account",
    UnknownLine "unknown-line" "a line that the order does not have",
    NothingLeft "nothing-left" "an event that would move nothing",
    MoreThanLeft "more-than-left" "a quantity or amount above what is left",
    InsufficientPoints "insufficient-points" "more points than the balance holds",
    RedeemAboveLimit "redeem-above-limit" "more points than may be paid on the order",
    RedeemNotOffered "redeem-not-offered" "points paid while no redeem rule is in force",
    RepeatedMark "repeated-mark" "a mark that the event already has",
    PriceOutOfRange "price-out-of-range" "a reward at a price outside the range that its rule gives",
    RewardNotOffered "reward-not-offered" "a reward that no redeem rule in force offers",
    MoveNotOffered "move-not-offered" "points asked to go where no move in force takes them",
    SeveralRules "several-rules" "an event that several rules in force fit, and that names none",
    BelowMinimum "below-minimum" "fewer points at once than the rule takes",
    NotInSteps "not-in-steps" "points that are no multiple of the rule's step",
    AboveLimit "above-limit" "more points than the rule lets go, at once or in its period",
    MissingMemberFact "missing-member-fact" "a member fact that a rule reads and nothing has set",
    OpeningAlreadyExpired "opening-already-expired" "an opening balance whose points are already gone",
    ForbiddenTransferToAccount "forbidden-transfer-to-account" "a transfer to another account, which the policy forbids",
    ForbiddenTransferToProgram "forbidden-transfer-to-program" "a transfer to another programme, which the policy forbids",
    ForbiddenCashOut "forbidden-cash-out" "a conversion to cash, which the policy forbids",
    OperationNotDeclared "operation-not-declared" "an operation that no rule in force allows or forbids",
    NotInForce "not-in-force" "an instant at which a pool, or a value that a rule reads, has no terms",
    Overflow "overflow" "a number too large to compute with",
}

/// One refusal. It changes nothing; the rest goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The place in the event or case, such as `lines[0].category`; empty for the whole of it.
    pub path: String,
    /// In words, with what to write instead where that is known.
    pub message: String,
    /// The policy rule that refused it, where one did.
    pub rule: Option<String>,
}

impl Refusal {
    /// A refusal at `path`.
    pub fn new(code: RefusalCode, path: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal { code, path: path.into(), message: message.into(), rule: None }
    }

    /// Names the rule that refused.
    pub fn by_rule(mut self, rule: impl Into<String>) -> Refusal {
        self.rule = Some(rule.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for Refusal {}
