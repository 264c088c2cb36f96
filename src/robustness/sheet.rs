//! The sheet: claims against variations.

use super::claims::Claim;
use super::facts::Facts;

/// What is changed in a variation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariationKind {
    /// How the vectors of tokens become one.
    Pooling,
    /// Whether tokens that the tokenizer adds are pooled.
    SpecialTokens,
    /// The neural distance.
    Distance,
    /// A template of the grammar is left out.
    Template,
    /// Whether frequencies are among the features.
    Frequency,
    /// The seed of everything that is drawn.
    Seed,
    /// How many stimuli are drawn.
    SampleSize,
    /// One half of the stimuli.
    Half,
}

impl VariationKind {
    /// All, in the order of tables and figures.
    pub const ALL: [Self; 8] = [
        Self::Pooling,
        Self::SpecialTokens,
        Self::Distance,
        Self::Template,
        Self::Frequency,
        Self::Seed,
        Self::SampleSize,
        Self::Half,
    ];

    /// As options and tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pooling => "pooling",
            Self::SpecialTokens => "special-tokens",
            Self::Distance => "distance",
            Self::Template => "template",
            Self::Frequency => "frequency",
            Self::Seed => "seed",
            Self::SampleSize => "sample-size",
            Self::Half => "half",
        }
    }

    /// As sentences have it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SpecialTokens => "special tokens",
            Self::SampleSize => "sample size",
            other => other.name(),
        }
    }
}

/// What became of a variation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is there: what it found, in how many seconds, and whether it was there before.
    Made {
        /// Its importances.
        facts: Facts,
        /// Seconds that its run took.
        seconds: f64,
        /// Whether an earlier call made it.
        before: bool,
    },
    /// It came to an error.
    Failed {
        /// What was wrong.
        why: String,
    },
    /// The budget was spent before.
    NotReached,
}

/// The run with one thing changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Variation {
    /// What is changed.
    pub kind: VariationKind,
    /// What it is called: `pooling last`.
    pub name: String,
    /// The command that gives it.
    pub command: Vec<String>,
    /// Its run directory.
    pub run_dir: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl Variation {
    /// What it found, where it is there.
    #[must_use]
    pub fn facts(&self) -> Option<&Facts> {
        match &self.outcome {
            Outcome::Made { facts, .. } => Some(facts),
            _ => None,
        }
    }
}

/// What a variation says of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it holds; `None` where it cannot be asked.
    pub holds: Option<bool>,
    /// What holds there; empty where it cannot be asked.
    pub found: String,
}

/// Claims against variations.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The run directory whose claims these are.
    pub run_dir: String,
    /// What the run found.
    pub facts: Facts,
    /// Its claims.
    pub claims: Vec<Claim>,
    /// What was varied.
    pub variations: Vec<Variation>,
    /// Kinds of variations that cannot be had of this run, and why.
    pub cannot: Vec<(VariationKind, String)>,
    /// `(n_claims, n_variations)`.
    pub answers: Vec<Vec<Answer>>,
}

impl Sheet {
    /// The sheet of the run in `run_dir`, which found `facts`.
    #[must_use]
    pub fn new(
        run_dir: String,
        facts: Facts,
        variations: Vec<Variation>,
        cannot: Vec<(VariationKind, String)>,
    ) -> Self {
        let claims = facts.claims();
        let answer = |claim: &Claim, variation: &Variation| {
            let asked = variation.facts().and_then(|facts| claim.ask(facts));
            let (holds, found) = asked.map_or((None, String::new()), |(holds, found)| (Some(holds), found));
            Answer { holds, found }
        };
        let answers = claims
            .iter()
            .map(|claim| variations.iter().map(|variation| answer(claim, variation)).collect())
            .collect();
        Self { run_dir, facts, claims, variations, cannot, answers }
    }

    /// In how many variations the claim at `claim` holds, and in how many it was asked; of one kind, or of all.
    #[must_use]
    pub fn held(&self, claim: usize, kind: Option<VariationKind>) -> (usize, usize) {
        let of_kind = self.answers[claim]
            .iter()
            .zip(&self.variations)
            .filter(|(_, variation)| kind.is_none_or(|kind| kind == variation.kind));
        of_kind.fold((0, 0), |(held, asked), (answer, _)| match answer.holds {
            Some(holds) => (held + usize::from(holds), asked + 1),
            None => (held, asked),
        })
    }

    /// The same over all claims.
    #[must_use]
    pub fn held_of(&self, kind: VariationKind) -> (usize, usize) {
        (0..self.claims.len())
            .map(|claim| self.held(claim, Some(kind)))
            .fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    }

    /// The variations that are there.
    #[must_use]
    pub fn made(&self) -> usize {
        self.variations.iter().filter(|variation| variation.facts().is_some()).count()
    }

    /// The kinds of which a variation is there.
    #[must_use]
    pub fn kinds(&self) -> Vec<VariationKind> {
        let there = |kind: &VariationKind| {
            self.variations.iter().any(|variation| variation.kind == *kind && variation.facts().is_some())
        };
        VariationKind::ALL.into_iter().filter(there).collect()
    }
}
