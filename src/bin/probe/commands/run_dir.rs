//! A run directory: where the files of one run are, and how a rerun finds what is complete.

use std::fs::File;
use std::path::{Path, PathBuf};

use mlem_probe::files::{self, Lock, Pending};
use mlem_probe::geometry::{GEOMETRY, Geometry};
use mlem_probe::profile::{
    Bootstrapped, DIFFERENCES, Profile, RunRecord, Sample, UNITS, UnitRow, differences_csv, units_csv,
};
use mlem_probe::stimuli::Stimuli;

use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// What reproduces the run.
const RECORD: &str = "run.json";
/// The stimuli that were fitted.
pub const STIMULI: &str = "stimuli.csv";
/// The page.
pub const PAGE: &str = "report.html";

/// The folder for a run of `source` with `model` that the user gave no name.
pub fn default_for(source: &str, model: &str, revision: Option<&str>, untrained: Option<u64>) -> PathBuf {
    let untrained = untrained.map(|seed| format!("-untrained{seed}")).unwrap_or_default();
    Path::new("runs").join(format!("{}-{}{untrained}", stem(source), name_of(Some(model), revision)))
}

/// The folder for the comparison of runs of `source` that the user gave no name.
pub fn comparison_of(source: &str) -> PathBuf {
    Path::new("runs").join(format!("{}-comparison", stem(source)))
}

fn stem(source: &str) -> String {
    Path::new(source).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A model and its revision as the name of a folder: `model@revision`, or either alone.
pub fn name_of(model: Option<&str>, revision: Option<&str>) -> String {
    let model = model.map(|model| {
        Path::new(model)
            .file_name()
            .map_or_else(|| model.to_owned(), |name| name.to_string_lossy().into_owned())
    });
    let revision = revision.map(|revision| revision.replace('/', "-"));
    [model, revision].into_iter().flatten().collect::<Vec<_>>().join("@")
}

/// Fails now, and not after the work, when `folder` cannot be written.
pub fn require_writable(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|source| files::Error::Write { path: folder.to_owned(), source })?;
    // A file that no other process has a name for, and that is gone at once.
    Ok(Pending::beside(&folder.join(".writable")).map(drop)?)
}

/// The lock of the run directory `folder` itself, of which two runs would leave their tables side by side; none where the
/// system locks no folders.
///
/// # Errors
///
/// Another process has it.
pub fn claim(folder: &Path) -> Result<Option<Lock>> {
    let Ok(Ok(lock)) = File::open(folder).map(Lock::of) else { return Ok(None) };
    let taken = || {
        Failure::input(
            format!("another process is writing {}", folder.display()),
            "wait until it is done, or choose another folder with -o",
        )
    };
    lock.map(Some).ok_or_else(taken)
}

/// The layers that an earlier run with the same key left complete in `folder`.
pub fn complete_layers(folder: &Path, record: &RunRecord, printer: &Printer) -> Profile {
    let earlier = read_record(folder).ok().filter(|earlier| earlier.key == record.key);
    // Tables that cannot be read are as good as none: they are fitted and written again.
    let kept = |earlier: RunRecord| {
        Profile::read(folder).ok().map(|tables| Profile { warnings: earlier.layer_warnings, ..tables })
    };
    let profile = earlier.and_then(kept).unwrap_or_default();
    if !profile.scores.is_empty() {
        printer.detail(&format!("{} has layers of this very run: they are kept", folder.display()));
    }
    profile
}

/// Reads `run.json`.
pub fn read_record(folder: &Path) -> Result<RunRecord> {
    let path = folder.join(RECORD);
    serde_json::from_slice(&files::read(&path)?).map_err(|error| {
        Failure::input(
            format!("{}:{}:{}: {error}", path.display(), error.line(), error.column()),
            "run.json is written by `probe run` and `probe fit`; run again to restore it",
        )
    })
}

/// Writes `run.json`.
pub fn write_record(folder: &Path, record: &RunRecord) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(record).map_err(|error| {
        Failure::input(format!("cannot describe the run: {error}"), "please report this as a bug")
    })?;
    json.push(b'\n');
    Ok(files::write(&folder.join(RECORD), &json)?)
}

/// Writes the maps of the stimuli, or removes those of an earlier run when there are none.
pub fn write_geometry(folder: &Path, geometry: Option<&Geometry>) -> Result<()> {
    Ok(files::write_or_remove(&folder.join(GEOMETRY), geometry.map(Geometry::to_csv).as_deref())?)
}

/// Writes the fits of single units, or removes those of an earlier run when there are none.
pub fn write_units(folder: &Path, units: Option<&[UnitRow]>) -> Result<()> {
    Ok(files::write_or_remove(&folder.join(UNITS), units.map(units_csv).as_deref())?)
}

/// Writes what samples of the stimuli tell, or removes that of an earlier run when none were drawn.
pub fn write_bootstrap(folder: &Path, bootstrapped: Option<&Bootstrapped>) -> Result<()> {
    let differences = bootstrapped.map(|found| differences_csv(&found.differences));
    files::write_or_remove(&folder.join(DIFFERENCES), differences.as_deref())?;
    Ok(Sample::write_all(bootstrapped.map_or(&[], |found| &found.samples), folder)?)
}

/// Reads the maps of `n_stimuli` stimuli, if the run made any.
pub fn read_geometry(folder: &Path, n_stimuli: usize) -> Result<Option<Geometry>> {
    let path = folder.join(GEOMETRY);
    Ok(if path.exists() { Some(Geometry::read(&path, n_stimuli)?) } else { None })
}

/// Writes `stimuli.csv` and the file beside it.
pub fn write_stimuli(folder: &Path, stimuli: &Stimuli) -> Result<()> {
    stimuli.write(&folder.join(STIMULI))?;
    Ok(())
}
