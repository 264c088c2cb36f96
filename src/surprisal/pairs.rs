//! Minimal pairs: which of two sentences is preferred.

use std::collections::BTreeMap;

use super::error::{Error, Result};
use super::sentence::Sentence;
use crate::numeric::interval::wilson;
use crate::stimuli::{Feature, FeatureTable};

/// Which columns say what belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// The column whose value the sentences of a pair have in common.
    pub pair: String,
    /// The column that says which is good.
    pub label: String,
    /// The value of it that is good.
    pub good: String,
    /// A column of sets that are counted by themselves, too; pairs are numbered within them.
    pub by: Option<String>,
}

/// A good sentence and a bad one.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// What the pair is called.
    pub name: String,
    /// The set that it belongs to.
    pub set: Option<String>,
    /// The rows of both, from 0.
    pub rows: [usize; 2],
    /// Log-probabilities of both.
    pub logprobs: [Option<f64>; 2],
    /// The same by token: their means.
    pub means: [Option<f64>; 2],
}

impl Pair {
    /// By how much the good one's log-probability is larger.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        less(self.logprobs)
    }

    /// The same of means over tokens.
    #[must_use]
    pub fn difference_of_means(&self) -> Option<f64> {
        less(self.means)
    }
}

fn less([good, bad]: [Option<f64>; 2]) -> Option<f64> {
    Some(good? - bad?)
}

/// How often the good one is preferred.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// The set; `None` is all.
    pub set: Option<String>,
    /// How many pairs were compared.
    pub pairs: usize,
    /// In how many the good one has the larger log-probability.
    pub preferred: usize,
    /// In how many both have the same: they count as not preferred.
    pub ties: usize,
    /// In how many the good one has the larger mean over tokens.
    pub preferred_by_mean: usize,
    /// How many could not be compared: a sentence has no log-probability.
    pub left_out: usize,
}

impl Accuracy {
    fn of<'a>(set: Option<String>, pairs: impl Iterator<Item = &'a Pair> + Clone) -> Self {
        let differences: Vec<f64> = pairs.clone().filter_map(Pair::difference).collect();
        let by_mean = pairs.clone().filter_map(Pair::difference_of_means);
        Self {
            set,
            pairs: differences.len(),
            preferred: differences.iter().filter(|difference| **difference > 0.0).count(),
            ties: differences.iter().filter(|difference| **difference == 0.0).count(),
            preferred_by_mean: by_mean.filter(|difference| *difference > 0.0).count(),
            left_out: pairs.count() - differences.len(),
        }
    }

    /// The share of pairs in which the good one is preferred; `None` without pairs.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.preferred as f64 / self.pairs as f64)
    }

    /// The same by means over tokens.
    #[must_use]
    pub fn accuracy_by_mean(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.preferred_by_mean as f64 / self.pairs as f64)
    }

    /// The 95% interval of the share (Wilson 1927), as if pairs were drawn one by one.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        (self.pairs > 0).then(|| wilson(self.preferred, self.pairs))
    }
}

/// All pairs, and how often the good one is preferred.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    /// Every pair, in the order of the good sentences.
    pub pairs: Vec<Pair>,
    /// All of them, and then each set.
    pub accuracy: Vec<Accuracy>,
    /// The rows that are in no pair: their set has a good one alone, or a bad one alone.
    pub alone: Vec<usize>,
}

impl Preferences {
    /// The pairs that `pairing` makes of `sentences`, whose features are `features`.
    ///
    /// # Errors
    ///
    /// [`Error::Stimuli`] for a column that is not there; [`Error::NoValue`], [`Error::NoGood`], [`Error::NoPair`].
    pub fn of(sentences: &[Sentence], features: &FeatureTable, pairing: &Pairing) -> Result<Self> {
        let column = |name: &str| Ok::<_, Error>(features.feature(features.position(name)?));
        let (pair, label) = (column(&pairing.pair)?, column(&pairing.label)?);
        let by = pairing.by.as_deref().map(column).transpose()?;
        let value = |feature: &Feature, row: usize| match feature.display(row) {
            value if value.is_empty() => Err(Error::NoValue { row, column: feature.name().to_owned() }),
            value => Ok(value),
        };
        let mut sets: BTreeMap<(Option<String>, String), [Vec<usize>; 2]> = BTreeMap::new();
        let mut known = Vec::new();
        for row in 0..sentences.len() {
            let set = by.map(|by| value(by, row)).transpose()?;
            let label = value(label, row)?;
            let is_good = same(&label, &pairing.good);
            sets.entry((set, value(pair, row)?)).or_default()[usize::from(!is_good)].push(row);
            if !known.contains(&label) && known.len() < 100 {
                known.push(label);
            }
        }
        if sets.values().all(|[good, _]| good.is_empty()) {
            let (column, good) = (pairing.label.clone(), pairing.good.clone());
            return Err(Error::NoGood { column, good, known });
        }
        let mut alone = Vec::new();
        let mut pairs = Vec::new();
        for ((set, name), [good, bad]) in sets {
            if good.is_empty() || bad.is_empty() {
                alone.extend(good.into_iter().chain(bad));
                continue;
            }
            let [good] = good.as_slice() else {
                let pair = set.map_or_else(|| name.clone(), |set| format!("{set}, {name}"));
                let (good, bad) = (good.len(), bad.len());
                return Err(Error::NoPair { column: pairing.pair.clone(), pair, good, bad });
            };
            for bad in bad {
                let rows = [*good, bad];
                let logprobs = rows.map(|row| sentences[row].logprob());
                let means = rows.map(|row| sentences[row].mean());
                pairs.push(Pair { name: name.clone(), set: set.clone(), rows, logprobs, means });
            }
        }
        if pairs.is_empty() {
            let (good, bad) = (1, 0);
            let name = value(pair, 0)?;
            return Err(Error::NoPair { column: pairing.pair.clone(), pair: name, good, bad });
        }
        pairs.sort_by_key(|pair| pair.rows);
        alone.sort_unstable();
        let mut accuracy = vec![Accuracy::of(None, pairs.iter())];
        let mut names: Vec<&String> = pairs.iter().filter_map(|pair| pair.set.as_ref()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let own = pairs.iter().filter(|pair| pair.set.as_ref() == Some(name));
            accuracy.push(Accuracy::of(Some(name.clone()), own));
        }
        Ok(Self { pairs, accuracy, alone })
    }
}

/// Whether two values are one: as texts, or as numbers.
fn same(a: &str, b: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    a == b || number(a).is_some_and(|a| number(b) == Some(a))
}
