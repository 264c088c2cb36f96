//! Slips that a grammar allows, found before it is used.

use std::collections::BTreeSet;

use super::count::TemplateCount;
use super::doubt::Doubt;
use super::error::{Result, SourceText};
use super::ready::{Grammar, counts, packed};
use super::rules::Item;
use super::sieve::Sieve;
use super::toml;

impl Grammar {
    /// What the grammar says and hardly anyone means. Nothing is made to find it; where forms are missing, what the grammar
    /// would make with them is counted.
    ///
    /// # Errors
    ///
    /// None of a grammar that was read.
    pub fn doubts(&self) -> Result<Vec<Doubt>> {
        let Some(document) = &self.document else { return Ok(Vec::new()) };
        let source = SourceText { origin: &self.origin, text: &self.text };
        let mut doubts = document.mistyped(source);
        doubts.extend(document.unused_slots(source));
        doubts.extend(document.hidden_agreement(source));
        let gaps = document.gaps();
        for gaps in gaps.chunk_by(|a, b| a.lexicon == b.lexicon) {
            let gaps: Vec<&toml::Gap> = gaps.iter().collect();
            let total = |counts: &[TemplateCount]| {
                let exact = counts.iter().all(|count| !count.at_most);
                exact.then(|| counts.iter().map(|count| count.derivations).sum::<u128>())
            };
            let toml::Compiled { mut rules, templates, .. } = toml::compile(&document.filled(&gaps), source)?;
            let with = packed(&mut rules, self.lattice.depth)
                .ok()
                .and_then(|lattice| total(&counts(&rules, &Sieve::of(&rules), &lattice, &templates)));
            let lost =
                with.zip(total(&self.count_templates())).map(|(with, without)| with.saturating_sub(without));
            if lost != Some(0) {
                doubts.extend(document.missing_forms(source, &gaps, lost));
            }
        }
        doubts.extend(document.names_of_words(&self.features()));
        Ok(doubts)
    }

    /// The forms of words that no sentence uses, value by value.
    pub(super) fn unused_forms(&self) -> Vec<Doubt> {
        let Some(document) = &self.document else { return Vec::new() };
        let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
        for rule in self.lattice.used_rules() {
            let rule = &self.rules.all[rule];
            for arc in rule.body.iter().flatten() {
                if let Item::Text(piece) = arc.item {
                    used.insert((&rule.label, &self.rules.pieces[piece].text));
                }
            }
        }
        document.unused_forms(|label, form| used.contains(&(label, form)))
    }
}
