//! Features as the columns of a regression.

use std::ops::Range;

use ndarray::{Array2, ArrayViewMut2, Axis, s};

use super::super::{Error, Result};
use crate::mlem::Term;
use crate::numeric::interval::Interval;
use crate::stimuli::{Feature, FeatureTable, Values};

/// A column that varies less than this, where those that do vary by 1, does not: what is left is rounding.
const CONSTANT: f64 = 1e-10;

/// How the features of a table become columns; fixed once, on the whole set of stimuli.
#[derive(Debug, Clone)]
pub(super) struct Coding(Vec<Coded>);

#[derive(Debug, Clone, PartialEq)]
enum Coded {
    /// A column of 0 and 1 for each of these levels.
    Levels(Vec<String>),
    /// One column: 1 where there is a value.
    Presence,
    /// One column: the number as a part of its range.
    Range(Interval),
}

impl Coding {
    pub(super) fn new(features: &FeatureTable) -> Result<Self> {
        let of = |feature: &Feature| {
            if feature.presence().is_some() {
                return Ok(Coded::Presence);
            }
            match feature.values() {
                // Of two levels one column says all.
                Values::Categorical { levels, .. } if levels.len() == 2 => {
                    Ok(Coded::Levels(levels[1..].to_vec()))
                }
                Values::Categorical { levels, .. } => Ok(Coded::Levels(levels.clone())),
                Values::Numeric(values) => {
                    let range = Interval::of(values.iter().flatten().copied());
                    Ok(Coded::Range(range.unwrap_or(Interval { low: 0.0, high: 1.0 })))
                }
                Values::Distances(_) => Err(Error::NoValues { feature: feature.name().to_owned() }),
            }
        };
        Ok(Self(features.iter().map(of).collect::<Result<_>>()?))
    }

    fn width(&self, feature: usize) -> usize {
        if let Coded::Levels(levels) = &self.0[feature] { levels.len() } else { 1 }
    }

    /// How many columns `terms` have together.
    pub(super) fn n_columns(&self, terms: &[Term]) -> usize {
        terms.iter().map(|term| self.width_of(*term)).sum()
    }

    fn width_of(&self, term: Term) -> usize {
        if term.is_main() { self.width(term.a) } else { self.width(term.a) * self.width(term.b) }
    }

    /// The feature of the most columns.
    pub(super) fn widest(&self, features: &FeatureTable) -> String {
        let widest = (0..self.0.len()).rev().max_by_key(|&feature| self.width(feature));
        widest.map_or_else(String::new, |feature| features.feature(feature).name().to_owned())
    }

    /// The columns of each feature of `features`, `(n_stimuli, n_columns)`; NaN where a value is missing.
    pub(super) fn columns(&self, features: &FeatureTable) -> Array2<f64> {
        let width = (0..self.0.len()).map(|feature| self.width(feature)).sum();
        let mut all = Array2::zeros((features.n_stimuli(), width));
        let mut rest = all.view_mut();
        for (feature, coded) in features.iter().zip(&self.0) {
            let width = if let Coded::Levels(levels) = coded { levels.len() } else { 1 };
            let (own, others) = rest.split_at(Axis(1), width);
            fill(own, feature, coded);
            rest = others;
        }
        all
    }
}

/// Writes the columns of `feature`; those of a level that it was not coded with are zeros.
fn fill(mut own: ArrayViewMut2<'_, f64>, feature: &Feature, coded: &Coded) {
    match (coded, feature.values()) {
        (Coded::Levels(known), Values::Categorical { levels, codes }) => {
            let place: Vec<Option<usize>> =
                levels.iter().map(|level| known.iter().position(|other| other == level)).collect();
            for (mut row, code) in own.rows_mut().into_iter().zip(codes) {
                match code.map(|code| place[code as usize]) {
                    None => row.fill(f64::NAN),
                    Some(Some(place)) => row[place] = 1.0,
                    Some(None) => {}
                }
            }
        }
        (Coded::Presence, Values::Categorical { codes, .. }) => {
            own.iter_mut().zip(codes).for_each(|(x, code)| *x = f64::from(u8::from(code.is_some())));
        }
        (Coded::Presence, Values::Numeric(values)) => {
            own.iter_mut().zip(values).for_each(|(x, value)| *x = f64::from(u8::from(value.is_some())));
        }
        (Coded::Range(range), Values::Numeric(values)) => {
            let part = |value: &Option<f64>| value.map_or(f64::NAN, |value| range.part(value));
            own.iter_mut().zip(values).for_each(|(x, value)| *x = part(value));
        }
        // Never: who calls has compared the types.
        _ => own.fill(f64::NAN),
    }
}

/// Mean and the inverse of the standard deviation of a column; 0 for one that does not vary.
#[derive(Debug, Clone, Copy)]
struct Scale {
    mean: f64,
    factor: f64,
}

impl Scale {
    /// That of `values`, where those that are missing (NaN) are at the mean of the others.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (mut sum, mut known, mut n) = (0.0, 0.0_f64, 0.0_f64);
        for x in values.clone() {
            n += 1.0;
            if !x.is_nan() {
                sum += x;
                known += 1.0;
            }
        }
        let mean = if known > 0.0 { sum / known } else { 0.0 };
        let squares: f64 = values.filter(|x| !x.is_nan()).map(|x| (x - mean).powi(2)).sum();
        let sd = (squares / n.max(1.0)).sqrt();
        Self { mean, factor: if sd > CONSTANT { 1.0 / sd } else { 0.0 } }
    }

    fn apply(self, x: f64) -> f64 {
        if x.is_nan() { 0.0 } else { (x - self.mean) * self.factor }
    }
}

/// Columns and their products at mean 0 and standard deviation 1 over the training stimuli.
#[derive(Debug, Clone)]
pub(super) struct Standard {
    terms: Vec<Term>,
    /// The columns of each feature among those of all features.
    of_feature: Vec<Range<usize>>,
    /// The columns of each term among those of all terms.
    of_term: Vec<Range<usize>>,
    /// One per column of all terms.
    scales: Vec<Scale>,
}

impl Standard {
    /// The scales of the columns of `terms` over the stimuli at `rows` of `columns`, which are those of the features.
    pub(super) fn new(coding: &Coding, terms: &[Term], columns: &Array2<f64>, rows: &[usize]) -> Self {
        let ranges = |widths: &mut dyn Iterator<Item = usize>| {
            let mut end = 0;
            let next = |width| {
                end += width;
                end - width..end
            };
            widths.map(next).collect::<Vec<_>>()
        };
        let mut standard = Self {
            terms: terms.to_vec(),
            of_feature: ranges(&mut (0..coding.0.len()).map(|feature| coding.width(feature))),
            of_term: ranges(&mut terms.iter().map(|term| coding.width_of(*term))),
            scales: Vec::new(),
        };
        for column in columns.columns() {
            standard.scales.push(Scale::of(rows.iter().map(|&row| column[row])));
        }
        let mains = standard.mains(&columns.select(Axis(0), rows));
        for term in terms.iter().filter(|term| !term.is_main()) {
            for (a, b) in standard.pairs(*term) {
                let products = mains.column(a).into_iter().zip(mains.column(b)).map(|(a, b)| a * b);
                standard.scales.push(Scale::of(products));
            }
        }
        standard
    }

    /// How many columns all terms have.
    pub(super) fn n_columns(&self) -> usize {
        self.of_term.last().map_or(0, |last| last.end)
    }

    /// The columns of `feature` among those of all features.
    pub(super) fn of_feature(&self, feature: usize) -> Range<usize> {
        self.of_feature[feature].clone()
    }

    /// The columns of term number `term`.
    pub(super) fn of_term(&self, term: usize) -> Range<usize> {
        self.of_term[term].clone()
    }

    /// The features' columns, at their scale.
    pub(super) fn mains(&self, columns: &Array2<f64>) -> Array2<f64> {
        let mut mains = columns.clone();
        for (mut column, scale) in mains.columns_mut().into_iter().zip(&self.scales) {
            column.mapv_inplace(|x| scale.apply(x));
        }
        mains
    }

    /// The columns whose products are those of `term`, an interaction.
    fn pairs(&self, term: Term) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (of_a, of_b) = (self.of_feature(term.a), self.of_feature(term.b));
        of_a.flat_map(move |a| of_b.clone().map(move |b| (a, b)))
    }

    /// Writes the columns of term number `term` of stimuli whose features' columns are `mains`.
    pub(super) fn fill(&self, term: usize, mains: &Array2<f64>, mut out: ArrayViewMut2<'_, f64>) {
        let Term { a, b } = self.terms[term];
        if a == b {
            out.assign(&mains.slice(s![.., self.of_feature(a)]));
            return;
        }
        let scales = &self.scales[self.of_term(term)];
        for ((mut out, (a, b)), scale) in
            out.columns_mut().into_iter().zip(self.pairs(Term { a, b })).zip(scales)
        {
            let factors = mains.column(a).into_iter().zip(mains.column(b));
            out.iter_mut().zip(factors).for_each(|(x, (a, b))| *x = scale.apply(a * b));
        }
    }

    /// The columns of all terms, `(n_stimuli, n_columns)`.
    pub(super) fn design(&self, mains: &Array2<f64>) -> Array2<f64> {
        let mut design = Array2::zeros((mains.nrows(), self.n_columns()));
        for term in 0..self.terms.len() {
            self.fill(term, mains, design.slice_mut(s![.., self.of_term(term)]));
        }
        design
    }
}
