//! `--controls`: baselines of a run, each fitted as the run was, and what of its profile is left above them.

mod quiet;
mod source;

use std::time::Instant;

use mlem_probe::controls::{Control, above};
use mlem_probe::profile::Profile;
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{CONTROLS, ControlRecord, Error, Finished, RunDir};

use self::quiet::Quiet;
pub use self::source::{OfModel, Source};
use crate::args::EstimatorArgs;
use crate::failure::Result;

/// Makes the controls that `source` was asked for, each in a run directory of its own in `dir`, and adds them to the run there. One that
/// cannot be made is said and recorded with the reason.
pub fn add(
    source: &Source<'_>,
    finished: &mut Finished,
    (args, seed): (&EstimatorArgs, u64),
    dir: &RunDir,
    progress: &dyn Progress,
) -> Result<()> {
    let begun = Instant::now();
    // What a profile is held against is its scores and importances.
    let args =
        EstimatorArgs { map: 0, dimension: None, bootstrap: 0, per_unit: false, null: 0, ..args.clone() };
    let (mut made, mut records) = (Vec::new(), Vec::new());
    for &control in &source.asked.controls {
        let mut record = ControlRecord { control, run_dir: None, note: None, why_not: None };
        let result = match source.why_not(control) {
            Some(why) => Err(why),
            None => one(source, control, (&args, seed), dir, progress).map_err(|failure| {
                let hint = failure.hint().filter(|hint| !hint.is_empty());
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("{}{hint}", failure.message())
            }),
        };
        match result {
            Ok((profile, note)) => {
                if let Some(note) = &note {
                    progress.warn(&format!("control {}: {note}", control.name()));
                }
                record.run_dir = Some(format!("{CONTROLS}/{}", control.name()));
                record.note = note;
                made.push((control, profile));
            }
            Err(why) => {
                progress.warn(&format!("control {} is not made: {why}", control.name()));
                // Of what was not made nothing is left but its folder, if it is empty.
                let own = dir.of_control(control).path().to_owned();
                let _ = std::fs::remove_dir(&own);
                let _ = own.parent().map(std::fs::remove_dir);
                record.why_not = Some(why);
            }
        }
        records.push(record);
    }
    let rows = above(&finished.profile, &made);
    Ok(finished.add_controls(rows, records, begun.elapsed().as_secs_f64(), dir)?)
}

/// The profile of one control, and what should be known of it. What an earlier call left of it is kept.
fn one(
    source: &Source<'_>,
    control: Control,
    (args, seed): (&EstimatorArgs, u64),
    dir: &RunDir,
    progress: &dyn Progress,
) -> Result<(Profile, Option<String>)> {
    let own = dir.of_control(control);
    let _claimed = own.claim()?;
    progress.note(&format!("control {}", control.name()));
    let progress = Quiet(progress);
    let (fit, note) = source.fit(control, own.path(), &progress)?;
    let settings = args.settings(seed, fit.stimuli.features());
    match own.require_free(&fit.wanted(&settings)) {
        // It is of another run, or of the same one with other options: this one takes its place.
        Ok(()) | Err(Error::OtherRun { .. }) => {}
        Err(_) if source.force => {}
        Err(error) => return Err(error.into()),
    }
    let finished = fit.into_dir(&settings, &own, &progress)?;
    let undefined = finished.profile.scores.iter().filter(|row| row.value.is_nan()).count();
    let unscored = (undefined > 0).then(|| {
        let all = finished.profile.scores.len();
        format!("{undefined} of its {all} scores are not defined: there it tells no stimuli apart")
    });
    let notes: Vec<String> = note.into_iter().chain(unscored).collect();
    Ok((finished.profile, (!notes.is_empty()).then(|| notes.join("; "))))
}
