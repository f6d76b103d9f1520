//! What a decide case tells of a member besides declared facts: levels of tiers, and what measures read.

use super::Reader;
use super::facts::choice;
use super::fields::Fields;
use super::path::Path;
use super::scalar;
use super::value::{Node, Value};
use crate::eval::count::sum_up;
use crate::eval::order::{Known, Member, MemberFacts};
use crate::eval::{Refusal, RefusalCode};
use crate::policy::{FactType, IdVec, Measure, Unit};
use crate::value::Ratio;

impl Reader<'_> {
    /// The member of a decide case. What is not said is the default, the start level, and nothing counted.
    pub(super) fn case_member(&self, node: &Node, path: &Path<'_>) -> Result<Member, Refusal> {
        let fields = Fields::of(node, path, "`member`")?;
        let facts = self.policy.facts.member.iter().map(|fact| fact.name.as_str());
        let tiers = self.policy.tiers.iter().map(|tier| tier.name.as_str());
        let measures = self.policy.measures.iter().map(|measure| measure.name.as_str());
        fields.only(facts.chain(tiers).chain(measures))?;
        Ok(Member { facts: self.member_facts(&fields)?, known: self.known(&fields, path)? })
    }

    /// The member's facts: what is given, else the default, else None.
    fn member_facts(&self, fields: &Fields<'_>) -> Result<MemberFacts, Refusal> {
        let facts = self.policy.facts.member.iter().map(|fact| {
            let given = fields.optional(&fact.name, |node, path| self.fact(fact, node.into(), path))?;
            Ok(given.or_else(|| fact.default.clone()))
        });
        facts.collect::<Result<IdVec<_, _>, Refusal>>().map(|facts| MemberFacts(facts.into()))
    }

    fn known(&self, fields: &Fields<'_>, path: &Path<'_>) -> Result<Known, Refusal> {
        let mut known = Known::start(self.policy);
        for (tier, level) in self.policy.tiers.iter().zip(&mut known.levels) {
            let levels = tier.levels.iter().map(|level| level.name.as_str());
            if let Some(said) = fields.optional(&tier.name, |node, path| choice(levels, node.into(), path))? {
                *level = said;
            }
        }
        let mut said = Vec::new();
        for (id, measure) in self.policy.measures.iter_enumerated() {
            let counts = &mut known.so_far[id];
            let one =
                fields.optional(&measure.name, |node, path| self.counts(measure, node, path, counts))?;
            said.extend(one.map(|()| (id, counts.clone())));
        }
        // A sum that is not told is that of the others.
        sum_up(self.policy, &mut known.so_far)
            .map_err(|_| path.refuse(RefusalCode::Overflow, "the measures are too large to add up"))?;
        for (id, counts) in said {
            known.so_far[id] = counts;
        }
        known.in_all.clone_from(&known.so_far);
        Ok(known)
    }

    /// One count, or for a measure that counts for each choice of a fact an object of them.
    fn counts(
        &self,
        measure: &Measure,
        node: &Node,
        path: &Path<'_>,
        counts: &mut [Ratio],
    ) -> Result<(), Refusal> {
        let words = match self.key_words(measure) {
            Some(words) => words,
            None => {
                let count = self.count(measure, node, path)?;
                counts.first_mut().into_iter().for_each(|first| *first = count);
                return Ok(());
            }
        };
        let Value::Object(object) = &node.value else {
            let message = format!("must be an object with a number for each of {}", words.join(", "));
            return Err(scalar::invalid(path, format!("{message}, not {}", node.what())));
        };
        let fields = Fields { object, path };
        fields.only(words.iter().copied())?;
        for (word, slot) in words.iter().zip(counts) {
            if let Some(count) = fields.optional(word, |node, path| self.count(measure, node, path))? {
                *slot = count;
            }
        }
        Ok(())
    }

    fn key_words(&self, measure: &Measure) -> Option<Vec<&str>> {
        let (subject, fact) = measure.key?;
        match &self.policy.facts.of(subject)[fact].kind {
            FactType::Choice(words) => Some(words.iter().map(String::as_str).collect()),
            _ => None,
        }
    }

    fn count(&self, measure: &Measure, node: &Node, path: &Path<'_>) -> Result<Ratio, Refusal> {
        match measure.unit {
            Unit::Money => scalar::money(node, path, self.policy.currency).map(Ratio::whole),
            Unit::Points => scalar::at_least(node, path, 0).map(Ratio::whole),
            Unit::Count | Unit::Rate | Unit::Time => scalar::quantity(node, path),
        }
    }
}
