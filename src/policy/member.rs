//! Measures and tiers: what a member is known by.

use super::*;

/// A count or a sum per member.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub name: String,
    pub label: String,
    pub unit: Unit,
    pub counts: Vec<Counting>,
    /// Other measures that it adds up, in place of counting itself.
    pub adds: Vec<MeasureId>,
    /// It never reads more than this.
    pub most: Option<Ratio>,
    pub period: Period,
    /// Counted apart for each choice of this fact.
    pub key: Option<(Subject, FactId)>,
}

/// What one `each … counts …` clause of a measure adds.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    /// An order (each line of it, with `Grain::Line`) or a declared event.
    pub of: Occasion,
    pub each: Grain,
    pub what: Counted,
    /// The mark at which it counts.
    pub at: Option<usize>,
    pub filters: Vec<Filter>,
    pub conditions: Vec<Condition>,
    pub span: Span,
}

/// What is added to a measure.
#[derive(Clone, Debug)]
pub(crate) enum Counted {
    Amount(Quantity),
    Base(Base),
    /// Points that a rule gives, at a stage.
    Rule(Stage, EarnId),
    /// How many different words a text or choice fact says, or (None) how many categories there are.
    Different(Option<(Subject, FactId)>),
}

/// Member levels reached by measures.
#[derive(Clone, Debug)]
pub(crate) struct Tier {
    pub name: String,
    pub label: String,
    /// From the start level up.
    pub levels: Vec<Level>,
    /// When a level that has been reached begins to be held, as a delay; None: at once.
    pub begins: Option<Calendared>,
    /// Until when a level lasts once reached, as a deadline; None: for all time.
    pub lasts: Option<Calendared>,
    pub then: ThenChoice,
    /// True where a return takes a level away that is no longer reached.
    pub return_lowers: bool,
}

/// One level.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub name: String,
    pub label: String,
    /// Reached when all of any inner list hold: the measure is at least the amount. Empty for the start level.
    pub at: Vec<Vec<(MeasureId, Quantity)>>,
    /// What must hold of the member, too.
    pub when: Option<Condition>,
    /// What the condition does.
    pub how: LevelWhen,
    pub span: Span,
}
