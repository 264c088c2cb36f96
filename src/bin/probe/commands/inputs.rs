//! What `probe fit` reads: features, and recordings of activations; and which of the features are fitted.

use std::path::Path;
use std::sync::Arc;

use mlem_probe::activations::{self, ByLayer, Destination, MeanOf, check_repeat, read_square_matrices};
use mlem_probe::profile::EstimatorName;
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::{Feature, FeatureTable, Stimuli, repeats};

use crate::args::{EstimatorArgs, FitArgs, Ranges};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Activations, of which one layer at a time is read.
pub type Layers = Arc<dyn ByLayer + Send>;

/// The activations to fit, and the recordings that they are the mean of, if there are several.
pub fn activations(args: &FitArgs, out: &Path, printer: &Printer) -> Result<(Layers, Vec<Layers>)> {
    if !args.repeat.is_empty() && args.estimator.estimator != EstimatorName::Mlem {
        let hint = "leave it out, or choose the estimator that has it";
        return Err(Failure::usage("--repeat is an option of --estimator mlem", hint));
    }
    let mut activations = recording(&args.activations, args, 0, out, printer)?;
    let mut repeats = Vec::new();
    for (k, path) in (1..).zip(&args.repeat) {
        let repeat = recording(path, args, k, out, printer)?;
        check_repeat(&*repeat, &*activations).map_err(|error| {
            let hint = error.hint().unwrap_or_default();
            Failure::input(format!("{}: {error} ({})", path.display(), args.activations.display()), hint)
        })?;
        repeats.push(repeat);
    }
    if !repeats.is_empty() {
        repeats.insert(0, activations);
        activations = Arc::new(MeanOf::new(repeats.clone())?);
    }
    Ok((activations, repeats))
}

/// The activations in `path`, the `k`th recording of them, at the layers and with the transforms that were asked for.
fn recording(path: &Path, args: &FitArgs, k: u64, out: &Path, printer: &Printer) -> Result<Layers> {
    let layers = args.layers.as_ref().map(Ranges::as_slice);
    // Noise is drawn anew for each recording.
    let steps = args.transforms.steps(args.seed.wrapping_add(k));
    if steps.is_empty() {
        return Ok(activations::open(path, layers)?.into());
    }
    let plain = activations::open(path, None)?;
    let out = Destination::Temporary(out);
    Ok(Arc::new(activations::transform(&*plain, &steps, layers, None, printer, out)?))
}

/// The features of STIMULI, with those of `--feature-distances`.
pub fn stimuli(args: &FitArgs) -> Result<Stimuli> {
    let is_array = args.stimuli.extension().is_some_and(|ending| ending == "npy" || ending == "npz");
    let mut stimuli = if is_array {
        let features = distances(&args.stimuli)?;
        let n = features.first().map_or(0, Feature::len);
        Stimuli::without_sentences(FeatureTable::new(n, features).map_err(|error| at(&args.stimuli, error))?)
    } else {
        Stimuli::read(&args.stimuli)?
    };
    for path in &args.feature_distances {
        for feature in distances(path)? {
            stimuli.features_mut().push(feature).map_err(|error| at(path, error))?;
        }
    }
    Ok(stimuli)
}

/// The features that a file gives as distances between stimuli.
fn distances(path: &Path) -> Result<Vec<Feature>> {
    let matrices = read_square_matrices(path)?;
    let feature = |(name, matrix): &(String, _)| {
        let matrix: &ndarray::Array2<f32> = matrix;
        Feature::distances(name, matrix.view()).map_err(|error| at(path, error))
    };
    matrices.iter().map(feature).collect()
}

/// What is wrong with features that a file holds.
fn at(path: &Path, error: mlem_probe::stimuli::Error) -> Failure {
    let hint = error.hint().unwrap_or_default();
    Failure::input(format!("{}: {error}", path.display()), hint)
}

/// Applies `--categorical`, `--features` and `--drop`, once the options go together; says which values may not be meant as such,
/// and gives what it said.
pub fn choose_features(
    stimuli: &mut Stimuli,
    args: &EstimatorArgs,
    printer: &Printer,
) -> Result<Vec<String>> {
    args.check()?;
    for name in args.features.iter().chain(&args.drop) {
        stimuli.features().position(name)?;
    }
    for name in &args.categorical {
        stimuli.features_mut().declare_categorical(name)?;
    }
    if !args.features.is_empty() {
        stimuli.features_mut().retain(|feature| args.features.iter().any(|name| name == feature.name()));
    }
    stimuli.features_mut().retain(|feature| !args.drop.iter().any(|name| name == feature.name()));
    if stimuli.features().n_features() == 0 {
        return Err(Failure::usage("no feature is left", "keep at least one with --features and --drop"));
    }
    if stimuli.source().grammar.is_some() {
        // A grammar declares what its values are.
        return Ok(Vec::new());
    }
    let suspects = stimuli.features().suspects().into_iter();
    let doubtful = suspects.filter(|suspect| !args.categorical.contains(&suspect.feature));
    let mut warnings: Vec<String> = doubtful.map(|suspect| suspect.to_string()).collect();
    warnings.extend(stimuli.row_names().iter().map(ToString::to_string));
    let (same, other) = stimuli.repeats();
    warnings.extend(repeats(&same, &other));
    for warning in &warnings {
        printer.warn(warning);
    }
    Ok(warnings)
}
