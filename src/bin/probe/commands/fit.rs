//! `probe fit`, and what it shares with `probe run`: features and activations become a run directory.

use std::collections::BTreeMap;
use std::iter;
use std::path::Path;
use std::time::Instant;

use mlem_probe::activations::ByLayer;
use mlem_probe::geometry::Geometry;
use mlem_probe::mlem::{Constraint, Solver};
use mlem_probe::profile::{self, ModelRecord, Order, Profile, RunRecord, StimuliRecord, UnitRow};
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::Stimuli;
use serde_json::json;

use super::inputs::{self, Layers};
use super::{report, run_dir};
use crate::args::{EstimatorArgs, EstimatorName, FitArgs};
use crate::failure::Result;
use crate::printer::Printer;

/// What is fitted, and where it came from.
pub struct Fit<'a> {
    /// The command line that reproduces it, word by word.
    pub command: Vec<String>,
    /// What the user named as the source of the stimuli.
    pub source: &'a str,
    /// The stimuli, with the features to fit.
    pub stimuli: Stimuli,
    /// Their activations.
    pub activations: Layers,
    /// The recordings that they are the mean of, if there are several.
    pub repeats: Vec<Layers>,
    /// The model, where the activations were taken here.
    pub model: Option<ModelRecord>,
    /// The file of the activations, where they came from elsewhere.
    pub file: Option<String>,
    /// Seconds of the stages so far.
    pub seconds: BTreeMap<String, f64>,
    /// Warnings so far.
    pub warnings: Vec<String>,
}

/// Runs the command.
pub fn run(args: &FitArgs, printer: &Printer) -> Result<()> {
    args.transforms.check(args.estimator.distance)?;
    run_dir::require_writable(&args.out)?;
    let _claimed = run_dir::claim(&args.out)?;
    let begun = Instant::now();
    let mut stimuli = inputs::stimuli(args)?;
    let (activations, repeats) = inputs::activations(args, printer)?;
    let mut warnings = Vec::new();
    if let Some(hash) = &activations.provenance().stimuli_hash
        && *hash != stimuli.hash()
    {
        let warning = format!(
            "{} says it was made from other stimuli (or other feature values) than {}; if the sentences and their \
             order are the same, go on",
            args.activations.display(),
            args.stimuli.display()
        );
        printer.warn(&warning);
        warnings.push(warning);
    }
    warnings.extend(inputs::choose_features(&mut stimuli, &args.estimator, printer)?);
    let fit = Fit {
        command: command_line(),
        source: &args.stimuli.to_string_lossy(),
        stimuli,
        model: activations.provenance().model.clone().map(|id| ModelRecord {
            id,
            commit: activations.provenance().commit.clone(),
            untrained: activations.provenance().untrained,
            dtype: activations.provenance().dtype.clone(),
            precision: activations.provenance().precision.clone(),
            pooling: activations.provenance().pooling.map(|p| p.to_string()).unwrap_or_default(),
            ..ModelRecord::default()
        }),
        activations,
        repeats,
        file: Some(args.activations.display().to_string()),
        seconds: BTreeMap::from([("read".to_owned(), begun.elapsed().as_secs_f64())]),
        warnings,
    };
    fit.into_run(&args.estimator, args.seed, &args.out, printer)?.show(&args.out, printer)
}

/// The command line of this process: the program by its name, for where it lies on this machine reproduces nothing.
pub fn command_line() -> Vec<String> {
    iter::once("probe".to_owned()).chain(std::env::args().skip(1)).collect()
}

/// What a run came to. All of it is written.
pub struct Finished {
    profile: Profile,
    record: RunRecord,
}

impl Finished {
    /// Shows the profile of the run directory `out`.
    pub fn show(&self, out: &Path, printer: &Printer) -> Result<()> {
        report::show(out, &self.profile, &self.record, printer)
    }
}

impl Fit<'_> {
    /// Fits every layer, and writes the run directory `out` as it goes.
    pub fn into_run(
        self,
        args: &EstimatorArgs,
        seed: u64,
        out: &Path,
        printer: &Printer,
    ) -> Result<Finished> {
        let Self { command, source, stimuli, activations, repeats, model, file, mut seconds, mut warnings } =
            self;
        let estimator = args.estimator(seed);
        let mut options = options(args);
        if !repeats.is_empty() {
            options.insert("repeats".to_owned(), json!(repeats.len()));
        }
        let activations = &*activations;
        let key = key(&stimuli, activations, &options, seed)?;
        if args.bootstrap > 0 {
            // It changes no layer's fit: a rerun with another number keeps the layers.
            options.insert("bootstrap".to_owned(), json!(args.bootstrap));
        }
        let mut record = RunRecord {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            key,
            stimuli: StimuliRecord {
                name: source.to_owned(),
                hash: stimuli.hash(),
                n_stimuli: stimuli.len(),
                features: stimuli.features().names().into_iter().map(str::to_owned).collect(),
                source: stimuli.source().clone(),
            },
            model,
            activations: file,
            transforms: activations.provenance().transforms.clone(),
            layers: activations.layers().to_vec(),
            options,
            seed,
            seconds: seconds.clone(),
            warnings: warnings.clone(),
            layer_warnings: BTreeMap::new(),
        };
        let done = run_dir::complete_layers(out, &record, printer);
        let begun = Instant::now();
        // Nothing of an earlier run is touched before the first layer has gone well.
        let mut opened = false;
        let mut fitted = profile::fit(
            estimator.as_ref(),
            args.folds,
            stimuli.features(),
            activations,
            done,
            printer,
            |profile: &Profile| -> Result<()> {
                let record = RunRecord { layer_warnings: profile.warnings.clone(), ..record.clone() };
                if opened {
                    // First what is said of the layer, then its tables, which make it complete.
                    run_dir::write_record(out, &record)?;
                    return Ok(profile.write(out)?);
                }
                opened = true;
                // While the tables of two runs might lie side by side, the record claims neither.
                run_dir::write_record(out, &RunRecord { key: String::new(), ..record.clone() })?;
                run_dir::write_stimuli(out, &stimuli)?;
                profile.write(out)?;
                run_dir::write_record(out, &record)
            },
        )?;
        run_dir::write_stimuli(out, &stimuli)?;
        fitted.profile.ceiling = if repeats.is_empty() {
            Vec::new()
        } else {
            let (params, features) = (args.params(seed), stimuli.features());
            profile::ceilings(&fitted.profile, (&params, args.folds), features, &repeats, printer)?
        };
        fitted.profile.write(out)?;
        seconds.insert("fit".to_owned(), begun.elapsed().as_secs_f64());
        let bootstrapped = match args.bootstrap {
            0 => None,
            draws => Some(timed(&mut seconds, "bootstrap", || {
                let (params, features) = (args.params(seed), stimuli.features());
                let of = (&params, args.folds);
                Ok(profile::bootstrap(&fitted.profile, of, features, activations, draws, printer)?)
            })?),
        };
        run_dir::write_bootstrap(out, bootstrapped.as_ref())?;
        let maps = timed(&mut seconds, "map", || match args.map {
            0 => Ok(None),
            n => Ok(Some(Geometry::of(activations, args.distance, n, seed, printer)?)),
        })?;
        run_dir::write_geometry(out, maps.as_ref())?;
        let units = if args.per_unit {
            let units = timed(&mut seconds, "units", || {
                let (params, features) = (args.params(seed), stimuli.features());
                Ok(profile::fit_units(&params, args.folds, features, activations, printer)?)
            })?;
            say_the_foremost_units(&units, printer);
            Some(units)
        } else {
            None
        };
        run_dir::write_units(out, units.as_deref())?;
        warnings.extend(fitted.warnings);
        record.warnings = warnings;
        record.layer_warnings.clone_from(&fitted.profile.warnings);
        record.seconds = seconds;
        report::finish(out, &stimuli, &fitted.profile, &mut record, maps.as_ref())?;
        Ok(Finished { profile: fitted.profile, record })
    }
}

/// Does `work`, a stage of the run, and notes how many seconds it took.
fn timed<T>(seconds: &mut BTreeMap<String, f64>, stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    let result = work()?;
    seconds.insert(stage.to_owned(), begun.elapsed().as_secs_f64());
    Ok(result)
}

/// Names the unit in which each feature matters most.
fn say_the_foremost_units(units: &[UnitRow], printer: &Printer) {
    let mut foremost: Vec<&UnitRow> = Vec::new();
    for row in units.iter().filter(|row| row.order == Order::Main && row.importance.is_defined()) {
        match foremost.iter_mut().find(|other| other.feature == row.feature) {
            Some(other) if other.importance.mean >= row.importance.mean => {}
            Some(other) => *other = row,
            None => foremost.push(row),
        }
    }
    for UnitRow { layer, unit, feature, importance, .. } in foremost {
        printer
            .say(&format!("{feature} matters most in unit {unit} of layer {layer}: {:.3}", importance.mean));
    }
}

/// The estimator's options by their long names, as `run.json` has them.
fn options(args: &EstimatorArgs) -> BTreeMap<String, serde_json::Value> {
    let all = json!({
        "estimator": args.estimator,
        "solver": args.solver,
        "soft_rank_strength": args.soft_rank_strength,
        "interactions": args.interactions,
        "distance": args.distance,
        "target": args.target,
        "constraint": args.constraint,
        "missing": args.missing,
        "folds": args.folds,
        "permutations": args.permutations,
        "permute": args.permuted(),
        "groups": args.group,
        "conditional": args.conditional,
        "null": args.null,
        "pairs": args.pairs,
    });
    let mut options: BTreeMap<String, serde_json::Value> =
        all.as_object().map(|options| options.clone().into_iter().collect()).unwrap_or_default();
    if args.solver == Solver::Exact {
        options.remove("soft_rank_strength");
    }
    match args.estimator {
        EstimatorName::Mlem => {}
        EstimatorName::Frrsa => {
            options.remove("solver");
            options.insert("constraint".to_owned(), json!(Constraint::None));
        }
        EstimatorName::Rsa => {
            options.retain(|name, _| {
                ["estimator", "distance", "missing", "folds", "pairs"].contains(&name.as_str())
            });
        }
        EstimatorName::Decoding => {
            options.retain(|name, _| ["estimator", "folds", "permutations"].contains(&name.as_str()));
        }
    }
    options
}

/// A hash of everything the tables depend on.
fn key(
    stimuli: &Stimuli,
    activations: &dyn ByLayer,
    options: &BTreeMap<String, serde_json::Value>,
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
