//! What `probe fit` reads: features, and recordings of activations; and which of the features are fitted.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use mlem_probe::activations::{
    self, Beside, ByLayer, Destination, MeanOf, Opened, Reading, Transform, check_repeat,
    read_square_matrices,
};
use mlem_probe::extract::{SENTENCE, columns};
use mlem_probe::mlem::Distance;
use mlem_probe::models::Part;
use mlem_probe::numeric::rng::Stream;
use mlem_probe::profile::EstimatorName;
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::{
    Feature, FeatureTable, Oddity, Stimuli, TARGET, other_values, parted_by, same_values,
};
use mlem_probe::text;

use crate::args::{EstimatorArgs, FitArgs, TableArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// At most so many features are named in one message.
const NAMED: usize = 10;

/// Activations, of which one layer at a time is read.
pub type Layers = Arc<dyn ByLayer + Send>;

/// What is fitted to.
pub struct Recordings {
    /// The activations to fit.
    pub activations: Layers,
    /// The recordings that they are the mean of, if there are several.
    pub repeats: Vec<Layers>,
    /// What was said of them.
    pub warnings: Vec<String>,
}

/// The activations of the stimuli of `features`.
pub fn activations(
    args: &FitArgs,
    features: &FeatureTable,
    out: &Path,
    printer: &Printer,
) -> Result<Recordings> {
    // Of several estimators, the others take the mean of the recordings.
    let of_mlem = args.estimator.each().iter().any(|(of, _)| of.first() == EstimatorName::Mlem);
    if !args.repeat.is_empty() && !of_mlem {
        let hint = "leave it out, or choose the estimator that has it";
        return Err(Failure::usage("--repeat is an option of --estimator mlem", hint));
    }
    let mut warnings = Vec::new();
    let mut recording = |path, k| recording(path, args, (features, k), out, &mut warnings, printer);
    let mut activations = recording(&args.activations, 0)?;
    let mut repeats = Vec::new();
    for (k, path) in (1..).zip(&args.repeat) {
        let repeat = recording(path, k)?;
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
    Ok(Recordings { activations, repeats, warnings })
}

/// The activations of the stimuli of `features` in `path`, the `k`th recording of them, at the layers and with the transforms that were asked
/// for; what is to be warned of is said, and goes to `warnings`.
fn recording(
    path: &Path,
    args: &FitArgs,
    (features, k): (&FeatureTable, u64),
    out: &Path,
    warnings: &mut Vec<String>,
    printer: &Printer,
) -> Result<Layers> {
    let mut reading = Reading {
        distances: args.estimator.distance == Distance::Precomputed,
        ..args.reading.of(features.n_stimuli())
    };
    let layers = match &args.layers {
        None => None,
        Some(layers) => {
            let all = if layers.count_back() {
                activations::open_as(path, None, &reading)?.activations.layers().to_vec()
            } else {
                Vec::new()
            };
            let hint = "layers are numbered as in the file, or counted from its end: -1 is the last";
            Some(layers.of(&all).map_err(|message| Failure::usage(message, hint))?)
        }
    };
    let layers = layers.as_deref();
    // Noise is drawn anew for each recording.
    let mut steps = args.transforms.steps(args.seed.wrapping_add(k));
    // Units that are not wanted are not looked at.
    if let Some(Transform::Units(units)) = steps.first() {
        reading.units = Some(units.clone());
        steps.remove(0);
    }
    let Opened { activations, notes, warnings: said } =
        activations::open_as(path, layers.filter(|_| steps.is_empty()), &reading)?;
    for note in &notes {
        printer.say(note);
    }
    for warning in &said {
        printer.warn(warning);
    }
    warnings.extend(said);
    if steps.is_empty() {
        return Ok(activations.into());
    }
    let out = Destination::Temporary(out);
    let columns = columns(features, &steps);
    let beside = Beside { columns: &columns, ..Beside::default() };
    Ok(Arc::new(activations::transform(&*activations, &steps, layers, beside, printer, out)?))
}

/// The rows of one half, 1 or 2, of `n` stimuli: drawn under `seed`, in their order. The first has the fewer where they are odd.
pub fn half(n: usize, half: usize, seed: u64) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n).collect();
    Stream::new(seed, "half of the stimuli").shuffle(&mut rows);
    let mut rows = if half == 1 { rows[..n / 2].to_vec() } else { rows[n / 2..].to_vec() };
    rows.sort_unstable();
    rows
}

/// The stimuli at the rows of one half, which say so.
pub fn halved(stimuli: &Stimuli, rows: &[usize], half: usize, seed: u64) -> Stimuli {
    let told = format!("half {half} of 2 of {} stimuli, seed {seed}", text::count(stimuli.len() as u128));
    let mut source = stimuli.source().clone();
    source.drawn = Some(source.drawn.map_or_else(|| told.clone(), |drawn| format!("{drawn}; {told}")));
    stimuli.select(rows).with_source(source)
}

/// The stimuli of the table in `path`; says what was assumed in reading it.
pub fn read(path: &Path, args: &TableArgs, progress: &dyn Progress) -> Result<Stimuli> {
    let stimuli = Stimuli::read_as(path, &args.reading())?;
    stimuli.notes().iter().for_each(|note| progress.note(note));
    Ok(stimuli)
}

/// The stimuli as `part` of a model reads them: for a decoder, the texts of `column`, or of the usual one if there is one, are no
/// feature but what it reads. Says what it reads.
pub fn for_part<'a>(
    stimuli: &'a Stimuli,
    part: Part,
    column: Option<&str>,
    progress: &dyn Progress,
) -> Result<Cow<'a, Stimuli>> {
    if part != Part::Decoder {
        let hint = "add --part decoder, or leave --target-text out";
        return match column {
            Some(_) => Err(Failure::usage(
                "--target-text is of --part decoder: an encoder reads the sentences",
                hint,
            )),
            None => Ok(Cow::Borrowed(stimuli)),
        };
    }
    // A grammar's features are no texts, whatever they are called.
    let usual = Some(TARGET)
        .filter(|name| stimuli.source().grammar.is_none() && stimuli.features().position(name).is_ok());
    let column = match (column, stimuli.target()) {
        (Some(SENTENCE), Some(taken)) => {
            let message =
                format!("column `{taken}` was taken for the decoder before, and --target-text is {SENTENCE}");
            return Err(Failure::input(message, "read the table from which these stimuli were written"));
        }
        (Some(SENTENCE), None) => None,
        (named, Some(taken)) if named.is_none_or(|name| name == taken) => return Ok(Cow::Borrowed(stimuli)),
        (named, _) => named.or(usual),
    };
    let Some(column) = column else {
        progress.note("the decoder reads each sentence itself, as its encoder does");
        return Ok(Cow::Borrowed(stimuli));
    };
    let mut stimuli = stimuli.clone();
    stimuli.take_target(column)?;
    progress.note(&format!("the decoder reads column `{column}`, which is no feature then"));
    Ok(Cow::Owned(stimuli))
}

/// The features of STIMULI, with those of `--feature-distances`.
pub fn stimuli(args: &FitArgs, printer: &Printer) -> Result<Stimuli> {
    let is_array = args.stimuli.extension().is_some_and(|ending| ending == "npy" || ending == "npz");
    let mut stimuli = if is_array {
        let features = distances(&args.stimuli)?;
        let n = features.first().map_or(0, Feature::len);
        Stimuli::without_sentences(FeatureTable::new(n, features).map_err(|error| at(&args.stimuli, error))?)
    } else {
        read(&args.stimuli, &args.table, printer)?
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

/// Applies `--categorical`, `--features` and `--drop`, after [`average`](super::averages::average) has seen that the options go together;
/// says which values may not be meant as such, and gives what it said. `structure` are columns of transforms that are no features, `left_out` those that averaging took: to drop them
/// once more is no mistake. Folds are drawn under the seed.
pub fn choose_features(
    stimuli: &mut Stimuli,
    (args, seed): (&EstimatorArgs, u64),
    (structure, left_out): (&[&str], &[String]),
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    not_the_decoders(stimuli, args)?;
    let is_there = |name: &&String| !left_out.contains(name);
    // What says how stimuli belong together is none of the features that may be named.
    let belonging: Vec<&str> = [&args.average, &args.split, &args.unit, &args.partition]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(structure.iter().copied())
        .collect();
    let unknown = |error| match error {
        mlem_probe::stimuli::Error::UnknownFeature { name, mut known } => {
            known.retain(|known| !belonging.contains(&known.as_str()));
            mlem_probe::stimuli::Error::UnknownFeature { name, known }
        }
        other => other,
    };
    for name in args.features.iter().chain(&args.drop).flatten().filter(is_there) {
        stimuli.features().position(name).map_err(unknown)?;
    }
    if let Some(name) = args.numeric.iter().flatten().find(|name| list::has(&args.categorical, name)) {
        let message = format!("`{name}` cannot be both numeric and categorical");
        return Err(Failure::usage(message, "take it out of --numeric or of --categorical"));
    }
    for name in args.numeric.iter().flatten().filter(is_there) {
        stimuli.features_mut().declare_numeric(name).map_err(unknown)?;
    }
    for name in args.categorical.iter().flatten().filter(is_there) {
        stimuli.features_mut().declare_categorical(name).map_err(unknown)?;
    }
    hold_out(stimuli, args, structure, progress)?;
    if !args.features.is_empty() {
        stimuli.features_mut().retain(|feature| list::has(&args.features, feature.name()));
    }
    stimuli.features_mut().retain(|feature| !list::has(&args.drop, feature.name()));
    if stimuli.features().n_features() == 0 {
        return Err(Failure::usage("no feature is left", "keep at least one with --features and --drop"));
    }
    let mut warnings: Vec<String> = Vec::new();
    // A grammar declares what its values are.
    if stimuli.source().grammar.is_none() {
        let suspects = stimuli.features().suspects().into_iter();
        let doubtful = suspects.filter(|suspect| !list::has(&args.categorical, &suspect.feature));
        warnings.extend(doubtful.map(|suspect| suspect.to_string()));
        let told: Vec<String> = stimuli
            .features()
            .suspects()
            .into_iter()
            .filter(|suspect| suspect.among_numbers)
            .map(|suspect| suspect.feature)
            .chain(stimuli.oddities().into_iter().filter_map(|oddity| match oddity {
                Oddity::DecimalCommas { feature, .. } => Some(feature),
                _ => None,
            }))
            .chain(list::all(&args.categorical))
            .collect();
        let nearly = stimuli.features().nearly_numeric().into_iter();
        warnings
            .extend(nearly.filter(|nearly| !told.contains(&nearly.feature)).map(|nearly| nearly.to_string()));
        warnings.extend(stimuli.oddities().iter().map(ToString::to_string));
    }
    warnings.extend(leave_constant_out(stimuli, args)?);
    if stimuli.source().grammar.is_none() {
        warnings.extend(stimuli.row_names().iter().map(ToString::to_string));
        warnings.extend(copies(stimuli, args, seed));
    }
    for warning in &warnings {
        progress.warn(warning);
    }
    // What was assumed in reading them was said there, and is told with the rest.
    warnings.splice(0..0, stimuli.notes().iter().cloned());
    Ok(warnings)
}

/// Refuses options that name the column of the decoder's texts.
fn not_the_decoders(stimuli: &Stimuli, args: &EstimatorArgs) -> Result<()> {
    let mut columns =
        args.split.iter().chain(&args.unit).chain(args.features.iter().chain(&args.drop).flatten());
    let Some(name) = columns.find(|name| stimuli.target() == Some(name.as_str())) else { return Ok(()) };
    Err(Failure::usage(
        format!("the decoder reads column `{name}`, which is no feature then"),
        format!(
            "leave `{name}` out of --features, --drop, --split and --unit; --target-text names another column that the decoder reads"
        ),
    ))
}

/// What is said of stimuli that are there more than once: of those with the same values only where the folds part them.
fn copies(stimuli: &Stimuli, args: &EstimatorArgs, seed: u64) -> Vec<String> {
    let (same, other) = stimuli.repeats();
    let features = stimuli.features();
    let parted = features.parted(&same, features.given_folds().unwrap_or(args.folds), seed);
    let by = [("--split", &args.split), ("--unit", &args.unit), ("--average", &args.average)];
    let by = by.into_iter().find_map(|(option, column)| column.as_deref().map(|column| (option, column)));
    let first = match by {
        Some((option, column)) => parted_by(option, column, &parted),
        None => same_values(&same).filter(|_| !parted.is_empty()),
    };
    first.into_iter().chain(other_values(&other, by.is_some())).collect()
}

/// Applies `--split` and `--unit`, whose columns are no features.
fn hold_out(
    stimuli: &mut Stimuli,
    args: &EstimatorArgs,
    structure: &[&str],
    progress: &dyn Progress,
) -> Result<()> {
    let features = stimuli.features_mut();
    if let Some(column) = &args.split {
        features.hold_out_by(column)?;
        if let Some((train, test)) = features.train_and_test() {
            progress.note(&format!(
                "`{column}` says which {} to train on and which {} to test on: one split, so that there are no intervals over folds",
                text::count(train as u128),
                text::count(test as u128)
            ));
        }
    }
    if let Some(column) = &args.unit {
        let units = features.keep_together(column)?;
        if units < args.folds {
            let message = format!(
                "`{column}` has {}, and {} folds would be filled",
                text::counted(units as u128, "unit"),
                args.folds
            );
            return Err(Failure::usage(message, format!("--folds {units} at most, or another column")));
        }
    }
    let own = [&args.split, &args.unit, &args.average, &args.partition].map(Option::as_deref);
    features.retain(|feature| !own.contains(&Some(feature.name())) && !structure.contains(&feature.name()));
    Ok(())
}

/// Leaves out the features that tell no pair of stimuli from another, unless they were asked for by name, and says which.
fn leave_constant_out(stimuli: &mut Stimuli, args: &EstimatorArgs) -> Result<Option<String>> {
    let constant = |feature: &&Feature| !feature.varies() && !list::has(&args.features, feature.name());
    let name = |feature: &Feature| {
        let why = if feature.names_stimuli() { " (another value for each)" } else { "" };
        format!("`{}`{why}", feature.name())
    };
    let features = stimuli.features();
    let names: Vec<String> = features.iter().filter(constant).map(name).collect();
    if names.is_empty() {
        return Ok(None);
    }
    if names.len() == features.n_features() {
        let message = format!("no feature tells stimuli apart: {}", text::some(&names, NAMED));
        return Err(Failure::input(message, "add a column, or stimuli in which one of them differs"));
    }
    stimuli.features_mut().retain(|feature| !constant(&feature));
    let is = if names.len() == 1 { "it tells" } else { "they tell" };
    let (differ, it) = if names.len() == 1 { ("it differs", "it") } else { ("they differ", "them") };
    let names = text::some(&names, NAMED);
    Ok(Some(format!(
        "left out, because {is} no stimuli apart: {names}; add stimuli in which {differ}, or --drop {it}"
    )))
}
