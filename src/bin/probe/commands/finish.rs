//! The end of a fit: its folder is free, the run directory is made, page and all.

use mlem_probe::files::Lock;
use mlem_probe::profile::{Order, UnitRow};
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{Finished, Fit, RunDir, RunRecord};

use super::{controls, reach, report};
use crate::args::{EstimatorArgs, FigureArgs};
use crate::failure::Result;

/// Sees to it that `dir` is free for the run that `wanted` describes: else it is another folder (`auto`), what is there may be
/// replaced (`force`), or this fails. Gives the lock of the other folder.
pub fn settle(dir: &mut RunDir, wanted: &RunRecord, auto: bool, force: bool) -> Result<Option<Lock>> {
    if auto {
        let free = dir.next_free(wanted)?;
        if free != *dir {
            *dir = free;
            return Ok(dir.claim()?);
        }
    } else if !force {
        // Where it may be replaced, what is there stays until the first layer of the new run has gone well.
        dir.require_free(wanted)?;
    }
    Ok(None)
}

/// Makes the run directory `dir`, page, controls and all.
pub fn finish(
    mut fit: Fit,
    (args, seed): (&EstimatorArgs, u64),
    (dir, figures): (&RunDir, &FigureArgs),
    controls: Option<&controls::Source<'_>>,
    progress: &dyn Progress,
) -> Result<Finished> {
    let (n_features, n_layers) = (fit.stimuli.features().n_features(), fit.activations.layers().len());
    fit.warnings.extend(reach::say(args, n_features, n_layers, progress));
    let settings = args.settings(seed, fit.stimuli.features());
    let mut finished = fit.into_dir(&settings, dir, progress)?;
    say_the_foremost_units(finished.units.as_deref().unwrap_or_default(), progress);
    if let Some(source) = controls {
        controls::add(source, &mut finished, (args, seed), dir, progress)?;
    }
    report::finish(dir, &mut finished, figures, progress)?;
    Ok(finished)
}

/// Names the unit in which each feature matters most.
fn say_the_foremost_units(units: &[UnitRow], progress: &dyn Progress) {
    let mut foremost: Vec<&UnitRow> = Vec::new();
    for row in units.iter().filter(|row| row.order == Order::Main && row.importance.is_defined()) {
        match foremost.iter_mut().find(|other| other.feature == row.feature) {
            Some(other) if other.importance.mean >= row.importance.mean => {}
            Some(other) => *other = row,
            None => foremost.push(row),
        }
    }
    for UnitRow { layer, unit, feature, importance, .. } in foremost {
        progress
            .note(&format!("{feature} matters most in unit {unit} of layer {layer}: {:.3}", importance.mean));
    }
}
