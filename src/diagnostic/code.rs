//! The one table of diagnostic codes: name, severity, one-line title. A code has four homes: a row here, the
//! place that reports it, a page `docs/errors/NAME.md`, and a case under `tests/cases/diagnostics/NAME/`.
//! A test keeps them equal. Names are never reused.

use super::Severity::{self, Error, Warning};

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $title:literal,)*) => {
        /// A stable name for one kind of mistake in a policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The kebab-case name shown to people and in JSON.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// Error or warning.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => $severity,)* }
            }

            /// The page about it, `docs/errors/NAME.md`.
            pub fn page(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("../../docs/errors/", $name, ".md")),)* }
            }

            /// One line about it.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }
        }
    };
}

codes! {
    // Reading the text.
    SyntaxError "syntax-error" Error "text that is no clause, condition or amount",
    UnknownDeclaration "unknown-declaration" Error "a declaration keyword that Meed does not have",
    UnknownClause "unknown-clause" Error "a line whose first word starts no clause",
    UnclosedBlock "unclosed-block" Error "a `{` without its `}`",
    UnclosedText "unclosed-text" Error "a text without its closing quote",
    MissingLabel "missing-label" Error "a declaration without its label in quotes",
    BadName "bad-name" Error "a name that is not lower case letters, digits and underscores",
    ReservedName "reserved-name" Error "a reserved word used as a name",
    BadNumber "bad-number" Error "a number that cannot be read in one way only",
    ConfusingNumber "confusing-number" Warning "a number that a reader may take for another",
    BadDate "bad-date" Error "a date that does not exist or is not written year-month-day",
    EqualsSign "equals-sign" Error "an equals sign, which the language does not have",
    MixedAndOr "mixed-and-or" Error "`and` beside `or` without parentheses",
    TooDeep "too-deep" Error "parentheses or blocks nested too deeply",
    FileTooLarge "file-too-large" Error "a policy file, or all files of a policy, above the limit",
    MissingFile "missing-file" Error "a `use` of a file that cannot be read",
    ImportCycle "import-cycle" Error "a file that uses itself, by way of others or alone",
    // Names.
    MissingProgram "missing-program" Error "a policy without its `program`",
    DuplicateProgram "duplicate-program" Error "a second `program`",
    MissingPool "missing-pool" Error "a policy without a `pool` for its points",
    UnknownName "unknown-name" Error "a name that nothing declares",
    UnknownFact "unknown-fact" Error "a fact that its subject does not have",
    UnknownCategory "unknown-category" Error "a category that is not declared",
    UnknownChoice "unknown-choice" Error "a word that is not among a fact's choices",
    UnknownUnit "unknown-unit" Error "a unit that is neither a currency nor a pool's unit",
    UnknownCurrency "unknown-currency" Error "a currency that ISO 4217 does not have",
    UnknownTimezone "unknown-timezone" Error "a timezone that the IANA database does not have",
    UnknownSubject "unknown-subject" Error "a subject other than listing, line, order and member",
    UnknownType "unknown-type" Error "a type that facts do not have",
    DuplicateName "duplicate-name" Error "two things under one name",
    // Shape.
    MisplacedClause "misplaced-clause" Error "a clause in a declaration that does not take it",
    MisplacedDate "misplaced-date" Error "dates on a declaration that has no versions",
    DuplicateClause "duplicate-clause" Error "a clause given twice",
    MissingClause "missing-clause" Error "a clause that its declaration needs",
    MissingChoice "missing-choice" Error "a choice that a policy may not leave silent",
    BadMoment "bad-moment" Error "a moment that cannot stand where it does",
    ReferenceCycle "reference-cycle" Error "things that need each other's result",
    UncoveredCase "uncovered-case" Error "a table that leaves a case open",
    NotRising "not-rising" Error "rows or levels that do not rise",
    BadGroup "bad-group" Error "a group of rules that do not go together",
    RepeatedStep "repeated-step" Error "a step of the spending order that can decide nothing",
    UnsupportedForm "unsupported-form" Error "a form that this version of Meed does not run yet",
    // Types and units.
    TypeMismatch "type-mismatch" Error "values of different kinds put together",
    WrongCurrency "wrong-currency" Error "money of a currency other than the programme's",
    NotACondition "not-a-condition" Error "a condition that is neither true nor false",
    TooManyDigits "too-many-digits" Error "an amount with more digits than its unit has",
    BadDefault "bad-default" Error "a default outside its fact's type or range",
    BadPart "bad-part" Error "a part that is not money inside money",
    BadSubject "bad-subject" Error "a fact that cannot be known where it is read",
    BadGrain "bad-grain" Error "a rounding or cap at a grain that the rule does not have",
    // Ranges and rates.
    EmptyRange "empty-range" Error "a range whose lower end is above its upper end",
    OutOfRange "out-of-range" Error "a value outside the range of its fact",
    NegativeAmount "negative-amount" Error "a rate, a count or money that must be above nought",
    GivesNothing "gives-nothing" Warning "a rule that can never give a point",
    UncappedCampaign "uncapped-campaign" Warning "a campaign without any limit",
    GivesFullPrice "gives-full-price" Warning "rules that together can give as much as the price",
    // Categories.
    ExceptionOutsideExclusion "exception-outside-exclusion" Error "an exception that its exclusion does not cover",
    RedundantCategory "redundant-category" Warning "a category listed where another already covers it",
    EmptyFilter "empty-filter" Error "filters that leave no category",
    // Dates.
    EmptyWindow "empty-window" Error "a window that ends before it starts",
    OverlappingVersions "overlapping-versions" Error "two versions in force on one day",
    VersionGap "version-gap" Warning "days between two versions that neither covers",
    UncoveredDates "uncovered-dates" Error "a value that a rule reads on days for which it has no version",
    EarlyPending "early-pending" Error "points that become available before what they depend on is known",
    DriftingDeadline "drifting-deadline" Warning "months counted from a month's end",
    // Conditions.
    NeverTrue "never-true" Error "conditions that cannot hold together",
    AlwaysTrue "always-true" Warning "a condition that always holds",
    RepeatedCondition "repeated-condition" Warning "a condition that another one already says",
    // Rounding.
    NeedlessRounding "needless-rounding" Warning "a rounding of what is always whole",
    // Badges.
    BadgeReadsOrder "badge-reads-order" Error "a badge that reads more than the listing",
    // Operations.
    OperationTwice "operation-twice" Error "an operation named twice on one day",
    MoveMultiplies "move-multiplies" Error "moves in a circle that make more of points",
    MoveLengthensLife "move-lengthens-life" Warning "moves in a circle that make points live longer",
    // Unused.
    UnusedFact "unused-fact" Warning "a fact that no rule reads",
    UnusedValue "unused-value" Warning "a value that no rule reads",
    UnusedDeclaration "unused-declaration" Warning "an event, measure, tier or pool that nothing uses",
}
