//! Features and activations become a run directory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::dir::RunDir;
use super::error::Result;
use super::record::{ControlRecord, ModelRecord, RunRecord, StimuliRecord, host, now};
use crate::activations::{ByLayer, Provenance};
use crate::controls::{Control, ControlRow};
use crate::geometry::{Dimension, Geometry, dimensions};
use crate::mlem::Distance;
use crate::models::Part;
use crate::profile::{self, EstimatorName, Profile, Settings, UnitRow};
use crate::progress::Progress;
use crate::stimuli::Stimuli;

/// What is fitted, and where it came from.
#[derive(Clone)]
pub struct Fit {
    /// The command line that reproduces it, word by word; empty where there was none.
    pub command: Vec<String>,
    /// What the user named as the source of the stimuli.
    pub source: String,
    /// The stimuli, with the features to fit.
    pub stimuli: Stimuli,
    /// Their activations.
    pub activations: Arc<dyn ByLayer + Send>,
    /// The recordings that they are the mean of, if there are several.
    pub repeats: Vec<Arc<dyn ByLayer + Send>>,
    /// The model, where it is known.
    pub model: Option<ModelRecord>,
    /// The file of the activations, where they came from elsewhere.
    pub file: Option<String>,
    /// The control that it is of another run.
    pub control: Option<Control>,
    /// Seconds of the stages so far.
    pub seconds: BTreeMap<String, f64>,
    /// Warnings so far.
    pub warnings: Vec<String>,
}

/// What a run came to. All of it is written but the page.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The tables.
    pub profile: Profile,
    /// `run.json`.
    pub record: RunRecord,
    /// The stimuli.
    pub stimuli: Stimuli,
    /// Their maps, if any were asked for.
    pub geometry: Option<Geometry>,
    /// The fits of single units, if they were asked for.
    pub units: Option<Vec<UnitRow>>,
    /// What of the profile is left above the controls, if any were asked for.
    pub controls: Vec<ControlRow>,
    /// The intrinsic dimension of each layer, if it was asked for.
    pub dimensions: Vec<Dimension>,
}

impl Finished {
    /// Adds the controls to the run in `dir`: what is left above them, and what was made of each.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn add_controls(
        &mut self,
        rows: Vec<ControlRow>,
        records: Vec<ControlRecord>,
        seconds: f64,
        dir: &RunDir,
    ) -> Result<()> {
        dir.write_controls(&rows, self.record.measure())?;
        let names: Vec<&str> = records.iter().map(|record| record.control.name()).collect();
        self.record.options.insert("controls".to_owned(), json!(names));
        self.record.seconds.insert("controls".to_owned(), seconds);
        (self.controls, self.record.controls) = (rows, records);
        self.record.files = dir.hashes();
        dir.write_record(&self.record)
    }
}

impl Fit {
    /// A fit of `activations` of `stimuli`, of which nothing else is known yet.
    #[must_use]
    pub fn new(source: &str, stimuli: Stimuli, activations: Arc<dyn ByLayer + Send>) -> Self {
        Self {
            command: Vec::new(),
            source: source.to_owned(),
            stimuli,
            activations,
            repeats: Vec::new(),
            model: None,
            file: None,
            control: None,
            seconds: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    /// Fits every layer that `dir` does not have yet, and writes `dir` as it goes.
    ///
    /// # Errors
    ///
    /// Features, options or activations that cannot be fitted; a file that cannot be written.
    pub fn into_dir(self, settings: &Settings, dir: &RunDir, progress: &dyn Progress) -> Result<Finished> {
        let begun = Instant::now();
        let mut record = self.record(settings)?;
        let Self { stimuli, activations, repeats, mut seconds, mut warnings, .. } = self;
        let (activations, features, folds) = (&*activations, stimuli.features(), settings.folds);
        let done = dir.complete_layers(&record, progress);
        let kept = done.clone();
        // Nothing of an earlier run is touched before the first layer has gone well.
        let mut opened = false;
        let save = |profile: &Profile| -> Result<()> {
            if !opened {
                open(dir, &stimuli, &record.of(&kept), &kept)?;
                opened = true;
            }
            // First what is said of the layer, then its tables, which make it complete.
            dir.write_record(&record.of(profile))?;
            dir.write_profile(profile)
        };
        let estimator = settings.estimator();
        let fitted = profile::fit(&*estimator, folds, features, activations, done, progress, save)?;
        let mut profile = fitted.profile;
        profile.labels.clone_from(&record.layer_labels);
        if !opened {
            open(dir, &stimuli, &record.of(&profile), &profile)?;
        }
        // Of cross-validated distances the recordings are the partitions, and have none on their own.
        profile.ceiling = if repeats.is_empty() || settings.params.distance == Distance::Crossnobis {
            Vec::new()
        } else {
            profile::ceilings(&profile, (&settings.params, folds), features, &repeats, progress)?
        };
        dir.write_profile(&profile)?;
        seconds.insert("fit".to_owned(), begun.elapsed().as_secs_f64());
        let bootstrapped = match settings.bootstrap {
            0 => None,
            draws => Some(timed(&mut seconds, "bootstrap", || {
                let of = (&settings.params, folds);
                Ok(profile::bootstrap(&profile, of, features, activations, draws, progress)?)
            })?),
        };
        dir.write_bootstrapped(bootstrapped.as_ref(), profile.measure)?;
        let geometry = timed(&mut seconds, "map", || match settings.map {
            0 => Ok(None),
            n => {
                let (distance, seed) = (settings.params.distance, settings.params.seed);
                Ok(Some(Geometry::of(activations, distance, n, seed, progress)?))
            }
        })?;
        dir.write_geometry(geometry.as_ref())?;
        // What is given as distances has no points.
        let are_distances = matches!(settings.params.distance, Distance::Precomputed | Distance::Crossnobis);
        let dimensions = match settings.dimension {
            n if n == 0 || are_distances => Vec::new(),
            n => timed(&mut seconds, "dimension", || {
                Ok(dimensions(activations, n, settings.params.seed, progress)?)
            })?,
        };
        dir.write_dimensions(&dimensions)?;
        let encoded = if settings.per_unit && settings.estimator == EstimatorName::Encoding {
            let estimator = settings.encoding();
            let fit = || Ok(profile::encode_units(&estimator, folds, features, activations, progress)?);
            Some(timed(&mut seconds, "units", fit)?)
        } else {
            None
        };
        dir.write_encoded_units(encoded.as_deref())?;
        let units = if settings.per_unit && encoded.is_none() {
            let fit = || Ok(profile::fit_units(&settings.params, folds, features, activations, progress)?);
            Some(timed(&mut seconds, "units", fit)?)
        } else {
            None
        };
        dir.write_units(units.as_deref(), profile.measure)?;
        warnings.extend(fitted.warnings);
        record.warnings = warnings;
        record.seconds = seconds;
        record = RunRecord { files: dir.hashes(), date: now(), host: host(), ..record.of(&profile) };
        dir.write_record(&record)?;
        Ok(Finished { profile, record, stimuli, geometry, units, controls: Vec::new(), dimensions })
    }

    /// What is known of the run before anything is fitted.
    fn record(&self, settings: &Settings) -> Result<RunRecord> {
        let mut record = self.wanted(settings);
        record.key = key(&self.stimuli, &*self.activations, &record.options, record.seed)?;
        if settings.bootstrap > 0 {
            // It changes no layer's fit: a rerun with another number keeps the layers.
            record.options.insert("bootstrap".to_owned(), json!(settings.bootstrap));
        }
        Ok(record)
    }

    /// The record of the run, without the key, for which its activations have to be read: what [`RunDir::require_free`] takes.
    #[must_use]
    pub fn wanted(&self, settings: &Settings) -> RunRecord {
        let mut record = wanted(&self.source, &self.stimuli, self.model.clone(), settings);
        if !self.repeats.is_empty() {
            record.options.insert("repeats".to_owned(), json!(self.repeats.len()));
        }
        RunRecord {
            command: self.command.clone(),
            activations: self.file.clone(),
            control: self.control,
            transforms: self.activations.provenance().transforms.clone(),
            part: (self.activations.provenance().part.as_deref() == Some(Part::Decoder.name()))
                .then_some(Part::Decoder),
            target: self.activations.provenance().target.clone(),
            site: self.activations.provenance().site.as_ref().and_then(|site| site.parse().ok()),
            layer_arrays: self.of_layers(|provenance| &provenance.arrays),
            layer_labels: self.of_layers(|provenance| &provenance.labels),
            layers: self.activations.layers().to_vec(),
            seconds: self.seconds.clone(),
            warnings: self.warnings.clone(),
            ..record
        }
    }
}

impl Fit {
    /// What `of` tells of the layers that are fitted.
    fn of_layers(&self, of: impl Fn(&Provenance) -> &BTreeMap<usize, String>) -> BTreeMap<usize, String> {
        let told = of(self.activations.provenance());
        let layers = self.activations.layers().iter();
        layers.filter_map(|layer| Some((*layer, told.get(layer)?.clone()))).collect()
    }
}

/// What is known of a run before there are activations; transforms and layers are not.
#[must_use]
pub fn wanted(source: &str, stimuli: &Stimuli, model: Option<ModelRecord>, settings: &Settings) -> RunRecord {
    RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        stimuli: StimuliRecord {
            name: source.to_owned(),
            hash: stimuli.hash(),
            n_stimuli: stimuli.len(),
            features: stimuli.features().names().into_iter().map(str::to_owned).collect(),
            source: stimuli.source().clone(),
        },
        model,
        options: settings.options(),
        seed: settings.params.seed,
        ..RunRecord::default()
    }
}

/// Makes room for a run of which `kept` is there: whatever else lies in `dir` is of another run, or follows layers that are to be
/// fitted. `record` says what is there afterwards, and claims nothing until it is.
fn open(dir: &RunDir, stimuli: &Stimuli, record: &RunRecord, kept: &Profile) -> Result<()> {
    if kept.scores.is_empty() {
        dir.write_record(&RunRecord { key: String::new(), ..record.clone() })?;
        dir.remove_tables()?;
        dir.remove_controls()?;
        dir.remove_figures()?;
    } else {
        dir.write_record(record)?;
    }
    dir.remove_what_follows()?;
    dir.write_stimuli(stimuli)
}

/// Does `work`, a stage of the run, and notes how many seconds it took.
fn timed<T>(seconds: &mut BTreeMap<String, f64>, stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    let result = work()?;
    seconds.insert(stage.to_owned(), begun.elapsed().as_secs_f64());
    Ok(result)
}

/// A hash of everything the tables depend on.
fn key(
    stimuli: &Stimuli,
    activations: &dyn ByLayer,
    options: &BTreeMap<String, Value>,
    seed: u64,
) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(stimuli.hash().as_bytes());
    hasher.update(&seed.to_le_bytes());
    hasher.update(json!(options).to_string().as_bytes());
    for (index, layer) in activations.layers().iter().enumerate() {
        hasher.update(&layer.to_le_bytes());
        for row in activations.layer(index)?.rows() {
            for value in row {
                hasher.update(&value.to_le_bytes());
            }
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}
