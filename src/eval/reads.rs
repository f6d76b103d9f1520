//! What an earn rule reads besides the order: values, levels, measures. The ledger ties orders by the measures that are
//! read in all; explanations tell what stood behind a figure.

use jiff::Timestamp;

use crate::policy::{
    Amount, Base, BaseOf, Condition, Earn, MeasureId, Policy, Quantity, Table, TableKey, Test, TierId,
    ValueBody, ValueId,
};

/// Values do not refer to each other in circles; the depth is a guard only.
const MOST_DEPTH: usize = 32;

/// A reading of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MeasureRead {
    pub measure: MeasureId,
    /// Index of the choice.
    pub key: Option<usize>,
    pub in_all: bool,
}

/// What is read, each once, in the order met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    pub values: Vec<ValueId>,
    pub tiers: Vec<TierId>,
    pub measures: Vec<MeasureRead>,
}

/// What a version of a rule reads: by way of values as they are at `at`, or of all their versions.
pub(crate) fn reads(policy: &Policy, earn: &Earn, at: Option<Timestamp>) -> Reads {
    let mut reader = Reader { policy, at, found: Reads::default(), depth: 0 };
    reader.earn(earn);
    reader.found
}

/// The measures that a condition reads, by way of any version of values.
pub(crate) fn measures_of(policy: &Policy, condition: &Condition) -> Vec<MeasureRead> {
    let mut reader = Reader { policy, at: None, found: Reads::default(), depth: 0 };
    reader.condition(condition);
    reader.found.measures
}

struct Reader<'p> {
    policy: &'p Policy,
    at: Option<Timestamp>,
    found: Reads,
    depth: usize,
}

fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

impl Reader<'_> {
    fn earn(&mut self, earn: &Earn) {
        match &earn.amount {
            Amount::Share { rate, base } => {
                self.quantity(rate);
                self.base(base);
            }
            Amount::Per { points, step, base, .. } => {
                self.quantity(points);
                self.quantity(step);
                self.base(base);
            }
            Amount::OfRule { factor, .. } => self.quantity(factor),
            Amount::Fixed { points } => self.quantity(points),
        }
        earn.conditions.iter().for_each(|condition| self.condition(condition));
        earn.first.iter().chain(&earn.limits).for_each(|limit| self.quantity(&limit.amount));
    }

    fn base(&mut self, base: &Base) {
        base.beyond.iter().for_each(|beyond| self.quantity(beyond));
        match &base.of {
            BaseOf::Measure(measure, key) => {
                note(&mut self.found.measures, MeasureRead { measure: *measure, key: *key, in_all: true });
            }
            BaseOf::Number(quantity) => self.quantity(quantity),
            _ => {}
        }
    }

    fn quantity(&mut self, quantity: &Quantity) {
        match quantity {
            Quantity::Measure { measure, key, in_all } => {
                note(&mut self.found.measures, MeasureRead { measure: *measure, key: *key, in_all: *in_all });
            }
            Quantity::Add(a, b)
            | Quantity::Subtract(a, b)
            | Quantity::Multiply(a, b)
            | Quantity::Divide(a, b) => {
                self.quantity(a);
                self.quantity(b);
            }
            Quantity::Value(id) => self.value(*id),
            _ => {}
        }
    }

    fn value(&mut self, id: ValueId) {
        note(&mut self.found.values, id);
        if self.depth >= MOST_DEPTH {
            return;
        }
        self.depth += 1;
        let policy = self.policy;
        for version in &policy.values[id].versions {
            if let ValueBody::Table(table) = &version.body
                && self.at.is_none_or(|at| version.window.contains(at))
            {
                self.table(table);
            }
        }
        self.depth -= 1;
    }

    fn table(&mut self, table: &Table) {
        match &table.by {
            TableKey::Quantity(quantity) => self.quantity(quantity),
            TableKey::Tier(tier) => note(&mut self.found.tiers, *tier),
            _ => {}
        }
        table.rows.iter().for_each(|(_, quantity)| self.quantity(quantity));
        table.bands.iter().for_each(|(_, quantity)| self.quantity(quantity));
        table.otherwise.iter().for_each(|quantity| self.quantity(quantity));
    }

    fn condition(&mut self, condition: &Condition) {
        match &condition.test {
            Test::All(parts) | Test::Any(parts) => parts.iter().for_each(|part| self.condition(part)),
            Test::Not(inner) => self.condition(inner),
            Test::Compare { left, right, .. } => {
                self.quantity(left);
                self.quantity(right);
            }
            Test::Level { tier, .. } | Test::LevelIn { tier, .. } => note(&mut self.found.tiers, *tier),
            Test::Value(id) => note(&mut self.found.values, *id),
            _ => {}
        }
    }
}
