//! How a feature is erased, and what is measured.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis};

use super::concept::{concept, covariances, largest, variance};
use super::condition::Condition;
use super::error::{Error, Result};
use super::results::{Decoded, Erasure, Importance, Preference};
use crate::activations::Activations;
use crate::baselines::decoding::DecodingParams;
use crate::extract::Extract;
use crate::mlem::{Mlem, Order};
use crate::models::{Edit, Model};
use crate::numeric::leace::{Eraser, Shrinkage, Whitener};
use crate::numeric::rng::Stream;
use crate::progress::{Progress, Unit};
use crate::stimuli::{Feature, FeatureTable, Stimuli};
use crate::surprisal::{self, Pairing, Preferences};

/// How a feature is erased, and what is measured.
///
/// | Name | Default | Meaning |
/// | --- | --- | --- |
/// | `layer` | 0 | the hidden state that is changed |
/// | `folds` | 5 | how many parts of the stimuli are held out in turn |
/// | `shrinkage` | Ledoit–Wolf | how far the covariance is shrunk before the eraser is made |
/// | `permutations` | 10 | of each feature, for its importance; none measures no importances |
/// | `pairing` | none | which sentences are minimal pairs; they are held out together |
/// | `scoring` | its own defaults | how sentences are scored |
/// | `seed` | 0 | of folds, permutations and the control |
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// The hidden state that is changed.
    pub layer: usize,
    /// How many parts of the stimuli are held out in turn.
    pub folds: usize,
    /// How far the covariance is shrunk.
    pub shrinkage: Shrinkage,
    /// Permutations of each feature.
    pub permutations: usize,
    /// Which sentences are minimal pairs.
    pub pairing: Option<Pairing>,
    /// How sentences are scored.
    pub scoring: surprisal::Params,
    /// The seed.
    pub seed: u64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            layer: 0,
            folds: 5,
            shrinkage: Shrinkage::LedoitWolf,
            permutations: 10,
            pairing: None,
            scoring: surprisal::Params::default(),
            seed: 0,
        }
    }
}

/// What is known of one fold.
struct Fold<'a> {
    number: usize,
    /// The stimuli that are held out, and the others.
    held_out: Vec<usize>,
    training: Vec<usize>,
    /// The features that are measured, held out so.
    features: &'a FeatureTable,
}

impl Params {
    /// Erases `feature`, a column of `stimuli`, from `model`'s hidden states at the layer. `features` are those whose importances are measured, with
    /// what is held out together.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchLayer`], [`Error::NoValues`], [`Error::Constant`], [`Error::NoVariance`], [`Error::NothingToErase`], [`Error::Folds`];
    /// those of extraction, fits and scoring.
    pub fn erase(
        &self,
        stimuli: &Stimuli,
        feature: &str,
        features: &FeatureTable,
        model: &mut Model,
        progress: &dyn Progress,
    ) -> Result<Erasure> {
        let last = model.spec().n_layers;
        if self.layer > last {
            return Err(Error::NoSuchLayer { layer: self.layer, model: model.id().to_owned(), last });
        }
        // Before anything is run: what cannot be changed is said at once.
        model.set_edit(Some(Edit::new(self.layer, |_| {})))?;
        model.set_edit(None)?;
        let table = stimuli.features();
        let erased = table.feature(table.position(feature)?).clone();
        let units = features.n_units().unwrap_or(stimuli.len());
        if self.folds < 2 || self.folds > units {
            return Err(Error::Folds { folds: self.folds, units });
        }
        let fold_of = features.folds(self.folds, self.seed);
        let whole = self.extract(stimuli, model, progress)?;
        let mut found = Erasure::default();
        for number in 0..self.folds {
            let (held_out, training) = (0..stimuli.len()).partition(|&row| fold_of[row] == number);
            let features = apart(features, &fold_of, number)?;
            let fold = Fold { number, held_out, training, features: &features };
            self.fold(&fold, &erased, (stimuli, &whole), model, progress, &mut found)?;
        }
        Ok(found)
    }

    /// Hidden states from the layer on, means over tokens, as the model has them now.
    fn extract(&self, stimuli: &Stimuli, model: &Model, progress: &dyn Progress) -> Result<Activations> {
        // Importances are measured at every layer from there on.
        let deepest = if self.permutations > 0 { model.spec().n_layers } else { self.layer };
        let layers: Vec<usize> = (self.layer..=deepest).collect();
        Ok(Extract::params().layers(layers).extract(stimuli, model, progress)?.activations)
    }

    fn fold(
        &self,
        fold: &Fold<'_>,
        feature: &Feature,
        (stimuli, whole): (&Stimuli, &Activations),
        model: &mut Model,
        progress: &dyn Progress,
        found: &mut Erasure,
    ) -> Result<()> {
        let number = fold.number;
        let name = || feature.name().to_owned();
        let (known, z) =
            concept(feature, &fold.training).ok_or_else(|| Error::NoValues { feature: name() })?;
        if known.is_empty() || z.columns().into_iter().all(|column| column.iter().all(|x| *x == column[0])) {
            return Err(Error::Constant { feature: name(), fold: number });
        }
        let states = whole.matrix(0);
        let whitener = Whitener::new(rows(states, &known).view(), self.shrinkage)
            .ok_or(Error::NoVariance { layer: self.layer, fold: number })?;
        let eraser = whitener
            .eraser(z.view())
            .filter(|eraser| eraser.rank() > 0)
            .ok_or_else(|| Error::NothingToErase { layer: self.layer, feature: name(), fold: number })?;
        let mut stream = Stream::new(self.seed, &format!("control directions of fold {number}"));
        let control = whitener.control(eraser.rank(), &mut stream);
        let erasers = [None, Some(Arc::new(eraser)), Some(Arc::new(control))];
        progress.begin(&format!("fold {}", number + 1), Condition::ALL.len() as u64, Unit::Items);
        let mut decodings = Vec::new();
        for (condition, eraser) in Condition::ALL.into_iter().zip(&erasers) {
            decodings.push(self.decode(fold, feature, (states, &z, &known), condition, eraser.as_deref())?);
            model.set_edit(
                eraser.clone().map(|eraser| Edit::new(self.layer, move |rows| eraser.apply(rows))),
            )?;
            let after = self.after(fold, condition, (stimuli, whole), model, progress);
            model.set_edit(None)?;
            let (importances, preferences) = after?;
            found.importances.extend(importances);
            found.preferences.extend(preferences);
            progress.advance(1);
        }
        progress.end();
        found.decoded.extend(decodings);
        Ok(())
    }

    /// Decoding of the feature at the layer.
    fn decode(
        &self,
        fold: &Fold<'_>,
        feature: &Feature,
        (states, z, known): (ArrayView2<'_, f32>, &Array2<f64>, &[usize]),
        condition: Condition,
        eraser: Option<&Eraser>,
    ) -> Result<Decoded> {
        let mut changed = states.to_owned();
        if let Some(eraser) = eraser {
            for mut row in changed.rows_mut() {
                if let Some(row) = row.as_slice_mut() {
                    eraser.apply(row);
                }
            }
        }
        let alone = FeatureTable::new(states.nrows(), vec![feature.clone()])?;
        let labels = fold_labels(states.nrows(), &fold.held_out);
        let alone = split(alone, &labels)?;
        let params = DecodingParams::default().seed(self.seed).controls(0);
        let fits = params.cross_validation(&alone, 1)?.fit(changed.view())?;
        let score = fits.first().and_then(|fit| fit.features.first());
        let measure = score.map_or(crate::baselines::decoding::Measure::RocAuc, |score| score.measure);
        let [before, after] = [states, changed.view()].map(|states| covariances(&rows(states, known), z));
        let all = variance(&rows(states, &fold.held_out));
        Ok(Decoded {
            fold: fold.number,
            condition,
            measure,
            score: score.map_or(f64::NAN, |score| score.score),
            rank: eraser.map_or(0, Eraser::rank),
            shrinkage: eraser.map_or(f64::NAN, |eraser| eraser.shrinkage),
            left: largest(&after) / largest(&before),
            variance_erased: 1.0 - variance(&rows(changed.view(), &fold.held_out)) / all,
        })
    }

    /// What comes after the layer, as the model runs now.
    fn after(
        &self,
        fold: &Fold<'_>,
        condition: Condition,
        (stimuli, whole): (&Stimuli, &Activations),
        model: &Model,
        progress: &dyn Progress,
    ) -> Result<(Vec<Importance>, Vec<Preference>)> {
        let mut importances = Vec::new();
        if self.permutations > 0 {
            let own;
            let activations = if condition == Condition::Whole {
                whole
            } else {
                own = self.extract(stimuli, model, progress)?;
                &own
            };
            let params = Mlem::params().permutations(self.permutations).seed(self.seed);
            let validation = params.cross_validation(fold.features, 1)?;
            for (at, &layer) in activations.layers().iter().enumerate() {
                for fit in validation.fit(activations.matrix(at))? {
                    let value = |feature: Option<String>, value: f64| Importance {
                        condition,
                        layer,
                        fold: fold.number,
                        feature,
                        value,
                    };
                    importances.push(value(None, fit.scored.value.unwrap_or(f64::NAN)));
                    let mains = fit.importances.into_iter().filter(|term| term.order == Order::Main);
                    importances.extend(mains.map(|term| value(Some(term.name), term.importance)));
                }
            }
        }
        let mut preferences = Vec::new();
        if let Some(pairing) = &self.pairing {
            let held_out = stimuli.select(&fold.held_out);
            let scores = self.scoring.score(held_out.sentences()?, model, progress)?;
            let of = Preferences::of(&scores.sentences, held_out.features(), pairing)?;
            preferences.extend(of.pairs.into_iter().map(|pair| Preference {
                condition,
                fold: fold.number,
                difference: pair.difference(),
                pair: (pair.set, pair.name),
            }));
        }
        Ok((importances, preferences))
    }
}

/// Rows of hidden states, in double precision.
fn rows(states: ArrayView2<'_, f32>, rows: &[usize]) -> Array2<f64> {
    states.select(Axis(0), rows).mapv(f64::from)
}

/// `train` and `test` for each stimulus.
fn fold_labels(n: usize, held_out: &[usize]) -> Vec<Option<&'static str>> {
    let mut labels = vec![Some("train"); n];
    for &row in held_out {
        labels[row] = Some("test");
    }
    labels
}

/// `features`, of which the stimuli labelled `test` are held out.
fn split(mut features: FeatureTable, labels: &[Option<&'static str>]) -> Result<FeatureTable> {
    // No column of a user's can be called so.
    const SPLIT: &str = "\u{0}split";
    features.push(Feature::categorical(SPLIT, labels))?;
    features.hold_out_by(SPLIT)?;
    features.retain(|feature| feature.name() != SPLIT);
    Ok(features)
}

/// `features`, of which fold `number` is held out.
fn apart(features: &FeatureTable, fold_of: &[usize], number: usize) -> Result<FeatureTable> {
    let held_out: Vec<usize> = (0..fold_of.len()).filter(|&row| fold_of[row] == number).collect();
    split(features.clone(), &fold_labels(fold_of.len(), &held_out))
}
