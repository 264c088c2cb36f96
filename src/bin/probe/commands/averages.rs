//! `--average`: means of stimuli in the place of stimuli; with `--distance crossnobis`, what they are apart over partitions.

use std::sync::Arc;

use mlem_probe::activations::{CrossValidated, MeanOver};
use mlem_probe::mlem::Distance;
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::{Averaged, Partitions, Stimuli};
use mlem_probe::text;

use super::inputs::Layers;
use crate::args::EstimatorArgs;
use crate::failure::{Failure, Result};

/// At most so many features are named in one message.
const NAMED: usize = 10;

/// What stands for the stimuli of one value.
pub struct Means {
    /// The stimuli that each stands for, counted from 0.
    groups: Vec<Vec<usize>>,
    /// These by the partitions of `--partition`.
    partitions: Option<Partitions>,
}

/// Stimuli as `--average` has them.
pub struct Joined {
    /// The stimuli.
    pub stimuli: Stimuli,
    /// The features that differ among those that one stands for, and are left out.
    pub differing: Vec<String>,
    /// What is to become of their activations.
    pub means: Means,
    /// What was said.
    pub warnings: Vec<String>,
}

/// Applies `--average`, before anything else is done to the features; says which of those that would be fitted it left out.
pub fn average(stimuli: &Stimuli, args: &EstimatorArgs, progress: &dyn Progress) -> Result<Option<Joined>> {
    args.check()?;
    let Some(column) = &args.average else { return Ok(None) };
    let averaged = stimuli.averaged(column)?;
    if let Some(split) = args.split.iter().find(|split| averaged.differing.contains(split)) {
        let message = format!("stimuli of one `{column}` are in several folds of `{split}`, and become one");
        return Err(Failure::input(message, "give all stimuli that are averaged one fold"));
    }
    if averaged.stimuli.features().iter().all(|feature| feature.name() == column) {
        let message = format!("stimuli of one `{column}` differ in every feature");
        let hint = "average by a column whose stimuli agree in the features that are to be fitted";
        return Err(Failure::input(message, hint));
    }
    if let Some(name) = args.features.iter().flatten().find(|name| averaged.differing.contains(name)) {
        let message =
            format!("stimuli of one `{column}` differ in `{name}`, so that their mean has no value of it");
        let hint =
            format!("leave `{name}` out of --features, or average by a column whose stimuli agree in it");
        return Err(Failure::input(message, hint));
    }
    progress.note(&format!(
        "{} stimuli are the means of {} by `{column}`",
        text::count(averaged.groups.len() as u128),
        text::count(stimuli.len() as u128)
    ));
    let mut warnings = Vec::new();
    let names: Vec<String> =
        averaged.differing.iter().filter(|name| args.fits(name)).map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        warnings.push(format!(
            "left out, because stimuli of one `{column}` differ in {}: {}",
            if names.len() == 1 { "it" } else { "them" },
            text::some(&names, NAMED)
        ));
    }
    let partitions = match &args.partition {
        Some(partition) => Some(stimuli.partitioned(&averaged.groups, column, partition)?),
        None => None,
    };
    if let Some(Partitions { names, uneven: (uneven, all), .. }) = &partitions {
        progress.note(&format!(
            "distances are cross-validated over {} of `{}`",
            text::counted(names.len() as u128, "partition"),
            args.partition.as_deref().unwrap_or_default()
        ));
        if *uneven > 0 {
            warnings.push(format!(
                "{} of {} lack a partition in common: their distances are over fewer, and vary more",
                text::count(*uneven as u128),
                text::counted(*all as u128, "pair")
            ));
        }
    }
    for warning in &warnings {
        progress.warn(warning);
    }
    let Averaged { stimuli, groups, differing } = averaged;
    Ok(Some(Joined { stimuli, differing, means: Means { groups, partitions }, warnings }))
}

/// `activations` with one row, the mean, for each of `groups`.
pub fn means(activations: Layers, groups: &[Vec<usize>]) -> Result<Layers> {
    Ok(Arc::new(MeanOver::new(activations, groups.to_vec())?))
}

/// `activations`, the mean of `repeats` if there are several, as they are fitted: with the means of `--average` in the place of single
/// stimuli, and with distances over partitions (or over the recordings) in the place of activations where `distance` is crossnobis.
pub fn apply(
    activations: Layers,
    repeats: Vec<Layers>,
    means: Option<&Means>,
    distance: Distance,
) -> Result<(Layers, Vec<Layers>)> {
    let of_means = |recording: Layers| -> Result<Layers> {
        match means {
            Some(joined) => self::means(recording, &joined.groups),
            None => Ok(recording),
        }
    };
    if distance != Distance::Crossnobis {
        let repeats = repeats.into_iter().map(of_means).collect::<Result<_>>()?;
        return Ok((of_means(activations)?, repeats));
    }
    let partitions = means.and_then(|means| means.partitions.as_ref());
    let (recordings, cells) = if let Some(partitions) = partitions {
        let cell = |rows: &Vec<usize>| rows.iter().map(|&row| (0, row)).collect();
        let of_condition = |rows: &Vec<Vec<usize>>| rows.iter().map(cell).collect();
        (vec![activations], partitions.rows.iter().map(of_condition).collect())
    } else {
        let single = || (0..activations.n_stimuli()).map(|row| vec![row]).collect();
        let groups: Vec<Vec<usize>> = means.map_or_else(single, |means| means.groups.clone());
        let of_condition = |rows: &Vec<usize>| {
            (0..repeats.len()).map(|k| rows.iter().map(|&row| (k, row)).collect()).collect()
        };
        (repeats.clone(), groups.iter().map(of_condition).collect())
    };
    Ok((Arc::new(CrossValidated::new(recordings, cells)?), repeats))
}

/// Whether what `--distance crossnobis` is cross-validated over is given, once: in a column, or as `recordings`.
///
/// # Errors
///
/// A usage mistake.
pub fn require_partitions(args: &EstimatorArgs, recordings: usize) -> Result<()> {
    let crossvalidated = args.distance == Distance::Crossnobis;
    let (message, hint) = match (crossvalidated, args.partition.is_some(), recordings > 1) {
        (false, true, _) => (
            "--partition is of --distance crossnobis",
            "write --distance crossnobis, or leave --partition out",
        ),
        (true, true, true) => (
            "--partition names what distances are cross-validated over, and several recordings (--repeat) are partitions themselves",
            "leave --partition out, or give one recording",
        ),
        (true, false, false) => (
            "--distance crossnobis is cross-validated over partitions, and none are named",
            "name the column of sessions, runs or repetitions with --partition and that of the conditions with --average, or give \
             each session as a recording (probe fit --repeat)",
        ),
        _ => return Ok(()),
    };
    Err(Failure::usage(message, hint))
}
