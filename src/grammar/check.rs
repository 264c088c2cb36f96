//! What is to be known of a grammar before it is trusted: counts, levels, confounds, and what it never uses.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::columns::ColumnSource;
use super::count::{Count, TemplateCount};
use super::doubt::Doubt;
use super::error::{Problem, Result};
use super::ready::Grammar;
use crate::stimuli::FeatureLevels;
use crate::stimuli::confounds::{Confounds, Pair, THRESHOLD};
use crate::stimuli::levels::{SHOWN, write_correlations, write_levels};
use crate::text;

/// Features of one slot that correlate less than this are as good as independent.
const LEXICAL: f64 = 0.1;

/// What was found in a grammar.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The grammar's name.
    pub name: String,
    /// How much it generates.
    pub count: Count,
    /// How much each template generates.
    pub templates: Vec<TemplateCount>,
    /// Levels and numbers, and how often each occurs among [`Check::measured`] sentences.
    pub features: Vec<FeatureLevels>,
    /// Correlations of feature distances, and which feature decides which, over [`Check::measured`] sentences.
    pub confounds: Confounds,
    /// Features of one slot whose distances correlate, though not beyond [`THRESHOLD`](crate::stimuli::confounds::THRESHOLD):
    /// the choice of words does it, and a sample can only lessen it.
    pub lexical: Vec<Pair>,
    /// How many sentences levels and confounds were measured on; fewer than there are where there are too many.
    pub measured: usize,
    /// Sentences that several derivations make with different labels.
    pub ambiguous: Vec<String>,
    /// How many derivations make a sentence that another makes with the same labels.
    pub repeated: usize,
    /// Words of the lexicons that no sentence uses: `lexicon: word`.
    pub unused: Vec<String>,
    /// What reading the grammar left to say ([`Grammar::warnings`]).
    pub warnings: Vec<String>,
    /// What it says and hardly anyone means.
    pub doubts: Vec<Doubt>,
}

impl Grammar {
    /// Looks into everything that could spoil a study with this grammar.
    ///
    /// # Errors
    ///
    /// As [`Grammar::generate`], except that a grammar that generates nothing is a finding.
    pub fn check(&self) -> Result<Check> {
        let mut killers = self.reasons()?.into_iter();
        let mut templates = self.count_templates();
        let inside: BTreeSet<usize> = match self.document {
            Some(_) => BTreeSet::new(),
            None => self.lattice.used_rules().into_iter().collect(),
        };
        let rules = self.templates.iter().map(|(_, rule)| rule);
        for (template, rule) in
            templates.iter_mut().zip(rules).filter(|(template, _)| template.derivations == 0)
        {
            let killer = killers.next();
            template.killer = killer.filter(|_| !inside.contains(rule));
        }
        let count = self.count();
        let (labelled, _) = self.sample(self.pool(), 0);
        let duplicates = labelled.duplicates.clone();
        let ambiguous: BTreeSet<String> = duplicates
            .iter()
            .filter(|duplicate| duplicate.relabelled)
            .map(|duplicate| duplicate.sentence.clone())
            .collect();
        let repeated = duplicates.iter().filter(|duplicate| !duplicate.relabelled).count();
        let stimuli = self.stimuli(labelled, String::new())?;
        let features = stimuli.features().iter().map(FeatureLevels::of).collect();
        let confounds = Confounds::of(stimuli.features());
        Ok(Check {
            name: self.name.clone(),
            count,
            templates,
            features,
            lexical: self.lexical(&confounds),
            confounds,
            measured: stimuli.len(),
            ambiguous: ambiguous.into_iter().collect(),
            repeated,
            unused: self.unused(),
            warnings: self.warnings().iter().map(Problem::brief).collect(),
            doubts: self.doubts()?.into_iter().chain(self.unused_forms()).collect(),
        })
    }

    /// The correlations that features of one slot have.
    fn lexical(&self, confounds: &Confounds) -> Vec<Pair> {
        let slot = |at: usize| match self.columns[at].source {
            ColumnSource::Slot { slot, .. } => Some(slot),
            _ => None,
        };
        let n = self.columns.len();
        let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
        let alike = pairs.filter(|&(a, b)| slot(a).is_some() && slot(a) == slot(b));
        alike
            .filter_map(|(a, b)| {
                let r = confounds.correlation(a, b).filter(|r| (LEXICAL..=THRESHOLD).contains(&r.abs()))?;
                Some(Pair { a: self.columns[a].name.clone(), b: self.columns[b].name.clone(), r })
            })
            .collect()
    }

    /// The words that no sentence uses.
    fn unused(&self) -> Vec<String> {
        let used: BTreeSet<&str> =
            self.lattice.used_rules().into_iter().map(|rule| self.rules.all[rule].label.as_str()).collect();
        self.words.iter().filter(|word| !used.contains(word.as_str())).cloned().collect()
    }
}

impl Check {
    /// Whether something was found that spoils a study: a template that generates nothing, a sentence with two sets of labels,
    /// or a feature that never varies.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        self.templates.iter().any(|template| template.killer.is_some())
            || !self.ambiguous.is_empty()
            || self.constant().next().is_some()
    }

    fn constant(&self) -> impl Iterator<Item = &FeatureLevels> {
        self.features.iter().filter(|feature| !feature.varies)
    }

    /// The findings as a page of plain text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let count = |n: usize| text::count(n as u128);
        match self.count.sentences {
            Some(sentences) if sentences == self.count.derivations => {
                writeln!(out, "{}: {} sentences", self.name, text::count(sentences))?;
            }
            Some(sentences) => writeln!(
                out,
                "{}: {} sentences from {} derivations",
                self.name,
                text::count(sentences),
                text::count(self.count.derivations)
            )?,
            None if self.count.at_most => writeln!(
                out,
                "{}: at most {} derivations (constraints tie too many choices together to count exactly)",
                self.name,
                text::count(self.count.derivations)
            )?,
            None => writeln!(
                out,
                "{}: {} derivations (some may make the same sentence)",
                self.name,
                text::count(self.count.derivations)
            )?,
        }
        if self.count.enumerated {
            writeln!(out, "sentences were counted by writing them out")?;
        }
        if (self.measured as u128) < self.count.at_most() {
            writeln!(out, "levels and correlations below are of a sample of {}", count(self.measured))?;
        }
        writeln!(out, "\ntemplates")?;
        for template in &self.templates {
            let most = if template.at_most { "at most " } else { "" };
            let count = format!("{most}{}", text::count(template.derivations));
            writeln!(out, "  {count:>14}  {}", template.template)?;
        }
        write_levels(out, &self.features)?;
        write_correlations(out, &self.confounds)?;
        self.write_findings(out)
    }

    fn write_findings(&self, out: &mut String) -> std::fmt::Result {
        let mut findings: Vec<String> = self.warnings.clone();
        findings.extend(self.templates.iter().filter_map(|template| {
            let killer = template.killer.as_ref()?;
            Some(format!("a template generates nothing: {killer}; loosen it, or add words that meet it"))
        }));
        for sentence in self.ambiguous.iter().take(SHOWN) {
            findings.push(format!(
                "a sentence with two sets of labels: {sentence} (let them differ in a word, or give them the same labels)"
            ));
        }
        if self.ambiguous.len() > SHOWN {
            findings.push(format!("{} more such sentences", count_more(self.ambiguous.len())));
        }
        if self.repeated > 0 {
            findings.push(format!(
                "{} derivations repeat a sentence with the same labels; it is kept once",
                text::count(self.repeated as u128)
            ));
        }
        findings.extend(self.doubts.iter().map(ToString::to_string));
        // Of a grammar that generates nothing there is nothing else to say.
        let is_empty = self.measured == 0;
        for feature in self.constant().filter(|_| !is_empty) {
            findings.push(format!(
                "{} never varies; a fit leaves it out (--drop {})",
                feature.name, feature.name
            ));
        }
        for pair in self.confounds.flagged() {
            findings.push(format!("{} and {} are confounded: r = {:.3}", pair.a, pair.b, pair.r));
        }
        for pair in &self.lexical {
            findings.push(format!(
                "{} and {} go together in the words of the slot: r = {:.3}",
                pair.a, pair.b, pair.r
            ));
        }
        for dependency in self.confounds.dependencies() {
            findings.push(format!("{} is a function of {}", dependency.feature, dependency.of));
        }
        for word in self.unused.iter().filter(|_| !is_empty) {
            findings.push(format!("never used: {word}"));
        }
        if !findings.is_empty() {
            writeln!(out, "\nfindings")?;
        }
        findings.iter().try_for_each(|finding| writeln!(out, "  - {finding}"))
    }
}

fn count_more(n: usize) -> String {
    text::count((n - SHOWN) as u128)
}
