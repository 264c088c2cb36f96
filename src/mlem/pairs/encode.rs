//! Feature distances: how each feature is scaled, and its values as columns, from which distances are computed quickly.

use std::ops::Range;

use crate::mlem::error::{Error, Result};
use crate::mlem::params::Missing;
use crate::numeric::interval::Interval;
use crate::numeric::simd::widest;
use crate::stimuli::{Distances, Feature, FeatureTable, Values};

/// The code of a missing level.
pub(super) const MISSING: u32 = u32::MAX;

/// At most this many categorical features share the bits of a pair; further ones are kept as numbers.
const MAX_BITS: usize = 32;

/// What each feature's distance is: fixed once, on the stimuli a model is fitted to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scales {
    names: Vec<String>,
    scales: Vec<Scale>,
}

/// What makes a feature's distance, and its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// Levels: 1 where they differ, else 0.
    Levels,
    /// One value, which is there or is not; `word` is what messages call the feature.
    Presence { word: &'static str },
    /// Numbers: their difference as a part of their range.
    Range(Interval),
    /// Distances that are given: each as a part of the largest.
    Given { largest: f64 },
}

/// What messages call features of each kind.
const NUMERIC: &str = "numeric";
const GIVEN: &str = "given as distances,";

impl Scale {
    fn word(self) -> &'static str {
        match self {
            Self::Levels => "categorical",
            Self::Presence { word } => word,
            Self::Range(_) => NUMERIC,
            Self::Given { .. } => GIVEN,
        }
    }
}

impl Scales {
    /// The scales of `features`, each of which must have two different values.
    pub(crate) fn new(features: &FeatureTable) -> Result<Self> {
        if features.n_features() == 0 {
            return Err(Error::NoFeatures);
        }
        let scales = features
            .iter()
            .map(|feature| {
                if feature.names_stimuli() {
                    return Err(Error::NamesStimuli { feature: feature.name().to_owned() });
                }
                if !feature.varies() {
                    return Err(Error::ConstantFeature {
                        feature: feature.name().to_owned(),
                        only: feature.in_common(),
                    });
                }
                if feature.presence().is_some() {
                    let word = if feature.is_numeric() { NUMERIC } else { Scale::Levels.word() };
                    return Ok(Scale::Presence { word });
                }
                Ok(match feature.values() {
                    Values::Categorical { .. } => Scale::Levels,
                    Values::Distances(distances) => Scale::Given { largest: distances.largest() },
                    Values::Numeric(values) => {
                        // A feature that varies has at least one value, so that the range is known.
                        let unit = Interval { low: 0.0, high: 1.0 };
                        Scale::Range(Interval::of(values.iter().flatten().copied()).unwrap_or(unit))
                    }
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { names: features.names().into_iter().map(str::to_owned).collect(), scales })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether `features` are of the same names and types, in the same order.
    pub(crate) fn check(&self, features: &FeatureTable) -> Result<()> {
        let words = |(name, scale): (&String, &Scale)| format!("{} `{name}`", scale.word());
        let fitted: Vec<String> = self.names.iter().zip(&self.scales).map(words).collect();
        let given = features.iter().map(|feature| {
            let word = match feature.values() {
                Values::Categorical { .. } => Scale::Levels.word(),
                Values::Numeric(_) => NUMERIC,
                Values::Distances(_) => GIVEN,
            };
            format!("{word} `{}`", feature.name())
        });
        let given: Vec<String> = given.collect();
        match fitted.iter().zip(&given).find(|(fitted, given)| fitted != given) {
            Some((fitted, given)) => {
                Err(Error::OtherFeatures { fitted: fitted.clone(), given: given.clone() })
            }
            None if fitted.len() != given.len() => Err(Error::OtherFeatures {
                fitted: format!("{} features", fitted.len()),
                given: given.len().to_string(),
            }),
            None => Ok(()),
        }
    }

    /// The columns of the stimuli at `order`.
    pub(crate) fn columns(&self, features: &FeatureTable, order: &[usize], missing: Missing) -> Columns {
        let mut columns = Columns {
            n_stimuli: order.len(),
            slots: Vec::new(),
            bits: Vec::new(),
            packed: Vec::new(),
            in_packed: 0,
            dense: Vec::new(),
            missing,
        };
        for (feature, &scale) in features.iter().zip(&self.scales) {
            let column = read(feature, scale, order, missing);
            match column {
                Column::Levels(levels) if columns.bits.len() < MAX_BITS => {
                    columns.slots.push(Slot::Bit(columns.bits.len()));
                    columns.bits.push(levels);
                }
                other => {
                    columns.slots.push(Slot::Dense(columns.dense.len()));
                    columns.dense.push(other);
                }
            }
        }
        columns.pack();
        columns
    }
}

fn read(feature: &Feature, scale: Scale, order: &[usize], missing: Missing) -> Column {
    if let Scale::Presence { .. } = scale {
        // What lacks the value is the other side; or, if that was asked for, as far from everything as what is missing is.
        let other = if missing == Missing::Zero { 1 } else { MISSING };
        return Column::Levels(match feature.values() {
            Values::Categorical { codes, .. } => {
                order.iter().map(|&row| codes[row].map_or(other, |_| 0)).collect()
            }
            Values::Numeric(values) => order.iter().map(|&row| values[row].map_or(other, |_| 0)).collect(),
            Values::Distances(_) => vec![MISSING; order.len()],
        });
    }
    match feature.values() {
        Values::Categorical { codes, .. } => {
            Column::Levels(order.iter().map(|&row| codes[row].unwrap_or(MISSING)).collect())
        }
        Values::Distances(distances) => {
            let largest = if let Scale::Given { largest } = scale { largest } else { 1.0 };
            let places = order.iter().map(|&row| row as u32).collect();
            Column::Given { distances: distances.clone(), places, largest }
        }
        Values::Numeric(values) => {
            let interval =
                if let Scale::Range(interval) = scale { interval } else { Interval { low: 0.0, high: 1.0 } };
            Column::Values(
                order.iter().map(|&row| values[row].map_or(f64::NAN, |x| interval.part(x))).collect(),
            )
        }
    }
}

/// The values of one feature.
#[derive(Debug, Clone)]
pub(super) enum Column {
    /// Codes of levels; [`MISSING`] where there is none.
    Levels(Vec<u32>),
    /// Numbers scaled to `[0, 1]`; NaN where there is none.
    Values(Vec<f64>),
    /// Distances between all stimuli, and which stimulus is at each position.
    Given { distances: Distances, places: Vec<u32>, largest: f64 },
}

/// Where a feature's distance is found in a [`PairChunk`](super::tiles::PairChunk).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A bit of the pair's pattern: 1 where the levels differ.
    Bit(usize),
    /// A column of numbers.
    Dense(usize),
}

/// The features of some stimuli, ready for distances.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    n_stimuli: usize,
    slots: Vec<Slot>,
    pub(super) bits: Vec<Vec<u32>>,
    /// Per stimulus the levels of those of `bits` that have two levels and no gap, each in its bit; and which these are.
    packed: Vec<u32>,
    in_packed: u32,
    pub(super) dense: Vec<Column>,
    pub(super) missing: Missing,
}

/// The second stimuli of the pairs of one first stimulus.
#[derive(Debug, Clone)]
pub(crate) enum Partners<'a> {
    Range(Range<usize>),
    List(&'a [u32]),
}

impl Columns {
    pub(crate) fn n_stimuli(&self) -> usize {
        self.n_stimuli
    }

    /// Where each feature's distance is found.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn n_bits(&self) -> usize {
        self.bits.len()
    }

    pub(crate) fn n_dense(&self) -> usize {
        self.dense.len()
    }

    fn pack(&mut self) {
        self.packed = vec![0; self.n_stimuli];
        self.in_packed = 0;
        for (bit, levels) in self.bits.iter().enumerate() {
            if levels.iter().all(|&level| level < 2) {
                self.in_packed |= 1 << bit;
                self.packed.iter_mut().zip(levels).for_each(|(packed, level)| *packed |= level << bit);
            }
        }
    }

    /// A code of the value of stimulus `i`: stimuli of equal codes have equal distances to every other stimulus.
    pub(crate) fn value(&self, slot: Slot, i: usize) -> u64 {
        let column = match slot {
            Slot::Bit(bit) => return u64::from(self.bits[bit][i]),
            Slot::Dense(column) => &self.dense[column],
        };
        match column {
            Column::Levels(levels) => u64::from(levels[i]),
            // One zero, and one NaN.
            Column::Values(values) if values[i].is_nan() => u64::MAX,
            Column::Values(values) => (values[i] + 0.0).to_bits(),
            Column::Given { places, .. } => u64::from(places[i]),
        }
    }

    /// The largest distance that a feature can have between two of the stimuli, 1 at least.
    pub(crate) fn largest(&self, slot: Slot) -> f64 {
        match slot {
            Slot::Dense(column) => match &self.dense[column] {
                Column::Values(values) => {
                    // `min` and `max` ignore NaN, which stands for a missing value.
                    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                    (most - least).max(1.0)
                }
                Column::Levels(_) => 1.0,
                Column::Given { distances, largest, .. } => (distances.largest() / largest).max(1.0),
            },
            Slot::Bit(_) => 1.0,
        }
    }

    /// The columns with each feature's values permuted among `stimuli`: `order_of` is given a feature and the positions of
    /// `stimuli`, and puts the positions in the feature's new order.
    pub(crate) fn permuted(
        &self,
        stimuli: Range<usize>,
        mut order_of: impl FnMut(usize, &mut [usize]),
    ) -> Self {
        let mut columns = self.clone();
        for (feature, &slot) in self.slots.iter().enumerate() {
            let mut order: Vec<usize> = stimuli.clone().collect();
            order_of(feature, &mut order);
            match slot {
                Slot::Bit(bit) => take(&mut columns.bits[bit], stimuli.start, &self.bits[bit], &order),
                Slot::Dense(column) => match (&mut columns.dense[column], &self.dense[column]) {
                    (Column::Values(to), Column::Values(from)) => take(to, stimuli.start, from, &order),
                    (Column::Levels(to), Column::Levels(from)) => take(to, stimuli.start, from, &order),
                    (Column::Given { places: to, .. }, Column::Given { places: from, .. }) => {
                        take(to, stimuli.start, from, &order);
                    }
                    // Never: a clone has columns of the same kinds.
                    _ => {}
                },
            }
        }
        columns.pack();
        columns
    }

    /// Appends the distances of stimulus `i` to `partners`: bits to `bits`, numbers to each of `dense`.
    pub(crate) fn append(
        &self,
        i: usize,
        partners: &Partners<'_>,
        bits: &mut Vec<u32>,
        dense: &mut [Vec<f64>],
    ) {
        let start = bits.len();
        let apart = |other: &u32| self.packed[i] ^ other;
        match partners {
            Partners::Range(range) => bits.extend(self.packed[range.clone()].iter().map(apart)),
            Partners::List(list) => bits.extend(list.iter().map(|&j| apart(&self.packed[j as usize]))),
        }
        let bits = &mut bits[start..];
        let missing = self.missing.distance();
        let missing_bit = u32::from(self.missing == Missing::One);
        let alone = |&(bit, _): &(usize, &Vec<u32>)| self.in_packed >> bit & 1 == 0;
        for (bit, levels) in self.bits.iter().enumerate().filter(alone) {
            let own = levels[i];
            match partners {
                Partners::Range(range) => {
                    or_differences(bits, &levels[range.clone()], own, bit as u32, missing_bit);
                }
                Partners::List(list) => {
                    for (out, &j) in bits.iter_mut().zip(*list) {
                        *out |= difference(own, levels[j as usize], missing_bit) << bit;
                    }
                }
            }
        }
        for (column, out) in self.dense.iter().zip(dense) {
            match column {
                Column::Levels(levels) => {
                    let own = levels[i];
                    push_each(out, levels, partners, |other| f64::from(difference(own, other, missing_bit)));
                }
                Column::Values(values) => {
                    let own = values[i];
                    push_each(out, values, partners, |other| {
                        let distance = (own - other).abs();
                        if distance.is_nan() { missing } else { distance }
                    });
                }
                Column::Given { distances, places, largest } => {
                    let row = distances.row(places[i] as usize);
                    push_each(out, places, partners, |place| {
                        let distance = f64::from(row[place as usize]) / largest;
                        if distance.is_nan() { missing } else { distance }
                    });
                }
            }
        }
    }
}

/// Writes what `from` has at the places of `order` into `to`, from `start` on.
fn take<T: Copy>(to: &mut [T], start: usize, from: &[T], order: &[usize]) {
    for (to, &place) in to[start..].iter_mut().zip(order) {
        *to = from[place];
    }
}

/// 1 where two levels differ, `missing` where either is missing.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
fn difference(a: u32, b: u32, missing: u32) -> u32 {
    if a == MISSING || b == MISSING { missing } else { u32::from(a != b) }
}

widest! {
    /// Sets `bit` where a level differs from `own`.
    fn or_differences(out: &mut [u32], levels: &[u32], own: u32, bit: u32, missing: u32) {
        for (out, &other) in out.iter_mut().zip(levels) {
            *out |= difference(own, other, missing) << bit;
        }
    }
}

fn push_each<T: Copy>(out: &mut Vec<f64>, values: &[T], partners: &Partners<'_>, of: impl Fn(T) -> f64) {
    match partners {
        Partners::Range(range) => out.extend(values[range.clone()].iter().map(|&other| of(other))),
        Partners::List(list) => out.extend(list.iter().map(|&j| of(values[j as usize]))),
    }
}
