//! The folder of a run, and where its files are.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::estimators::{ESTIMATORS, ESTIMATORS_PAGE};
use super::record::RunRecord;
use super::tables::{
    self, ENCODED_UNITS, GEOMETRY, TABLES, UNITS, encoded_units_csv, geometry_csv, units_csv,
};
use crate::controls::{Control, ControlRow};
use crate::files::abandoned::remove_abandoned;
use crate::files::{self, Lock};
use crate::geometry::{Dimension, Geometry};
use crate::profile::{Bootstrapped, EncodedUnit, Profile, Sample, ScoreMeasure, UnitRow};
use crate::stimuli::Stimuli;

/// What reproduces the run.
pub const RECORD: &str = "run.json";
/// The stimuli that were fitted.
pub const STIMULI: &str = "stimuli.csv";
/// The page.
pub const PAGE: &str = "report.html";
/// The folder of the controls.
pub const CONTROLS: &str = "controls";
/// The folder of the figures.
pub const FIGURES: &str = "figures";

/// A run directory. Nothing is read or written before it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The run directory at `path`, whether there is one yet or not.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> PathBuf {
        self.path.join(PAGE)
    }

    /// The folder of the figures.
    #[must_use]
    pub fn figures(&self) -> PathBuf {
        self.path.join(FIGURES)
    }

    /// Makes the folder if need be and takes its lock, for of two runs that write the same one the tables would lie side by side.
    /// There is none where the system locks no folders.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when nothing can be written there, [`Error::Busy`] when another process has it.
    pub fn claim(&self) -> Result<Option<Lock>> {
        files::require_writable(&self.path)?;
        let Ok(Ok(lock)) = File::open(&self.path).map(Lock::of) else { return Ok(None) };
        let lock = lock.map(Some).ok_or_else(|| Error::Busy { path: self.path.clone() })?;
        // Whoever left them was killed: nobody else writes here now.
        let own = |name: &str| {
            [RECORD, STIMULI, "stimuli.json", PAGE, ".writable"].contains(&name)
                || TABLES.iter().any(|table| table.name == name)
        };
        remove_abandoned(&self.path, own);
        Ok(lock)
    }

    /// Removes the figures of an earlier run.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub(super) fn remove_figures(&self) -> Result<()> {
        match std::fs::remove_dir_all(self.figures()) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(files::Error::Write { path: self.figures(), source }.into())
            }
            _ => Ok(()),
        }
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Record`].
    pub fn read_record(&self) -> Result<RunRecord> {
        RunRecord::read(&self.path.join(RECORD))
    }

    /// Writes `run.json`, sealed with its hash.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_record(&self, record: &RunRecord) -> Result<()> {
        record.write(&self.path.join(RECORD))
    }

    /// Reads `stimuli.csv`, with the file beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Stimuli`].
    pub fn read_stimuli(&self) -> Result<Stimuli> {
        Ok(Stimuli::read(&self.path.join(STIMULI))?)
    }

    /// Writes `stimuli.csv` and the file beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Stimuli`].
    pub fn write_stimuli(&self, stimuli: &Stimuli) -> Result<()> {
        stimuli.write(&self.path.join(STIMULI))?;
        Ok(())
    }

    /// Reads the tables of the profile.
    ///
    /// # Errors
    ///
    /// As [`tables::read_profile`].
    pub fn read_profile(&self) -> Result<Profile> {
        tables::read_profile(&self.path)
    }

    /// Writes the tables of the profile.
    ///
    /// # Errors
    ///
    /// As [`tables::write_profile`].
    pub fn write_profile(&self, profile: &Profile) -> Result<()> {
        tables::write_profile(profile, &self.path)
    }

    /// Reads the maps of `n_stimuli` stimuli, if the run made any.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Maps`].
    pub fn read_geometry(&self, n_stimuli: usize) -> Result<Option<Geometry>> {
        let path = self.path.join(GEOMETRY);
        Ok(if path.exists() { Some(tables::read_geometry(&path, n_stimuli)?) } else { None })
    }

    /// Writes the maps of the stimuli, or removes those of an earlier run when there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_geometry(&self, geometry: Option<&Geometry>) -> Result<()> {
        Ok(files::write_or_remove(&self.path.join(GEOMETRY), geometry.map(geometry_csv).as_deref())?)
    }

    /// Writes the fits of single units, whose scores are `measure`, or removes those of an earlier run when there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_units(&self, units: Option<&[UnitRow]>, measure: ScoreMeasure) -> Result<()> {
        let bytes = units.map(|rows| units_csv(rows, measure));
        Ok(files::write_or_remove(&self.path.join(UNITS), bytes.as_deref())?)
    }

    /// Writes how well single units are predicted, or removes that of an earlier run when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_encoded_units(&self, units: Option<&[EncodedUnit]>) -> Result<()> {
        Ok(files::write_or_remove(&self.path.join(ENCODED_UNITS), units.map(encoded_units_csv).as_deref())?)
    }

    /// Reads what samples of the stimuli tell of each layer; a run that drew none has none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Table`].
    pub fn read_samples(&self) -> Result<Vec<Sample>> {
        tables::read_samples(&self.path)
    }

    /// Writes what samples of the stimuli tell, where scores are `measure`, or removes that of an earlier run when none were drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_bootstrapped(
        &self,
        bootstrapped: Option<&Bootstrapped>,
        measure: ScoreMeasure,
    ) -> Result<()> {
        tables::write_bootstrapped(bootstrapped, measure, &self.path)
    }

    /// Reads the intrinsic dimensions of the layers; a run that took none has none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Table`].
    pub fn read_dimensions(&self) -> Result<Vec<Dimension>> {
        tables::read_dimensions(&self.path)
    }

    /// Writes the intrinsic dimensions of the layers, or removes those of an earlier run when there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_dimensions(&self, rows: &[Dimension]) -> Result<()> {
        tables::write_dimensions(rows, &self.path)
    }

    /// Reads what is left above the controls; a run without any has none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Table`].
    pub fn read_controls(&self) -> Result<Vec<ControlRow>> {
        tables::read_controls(&self.path)
    }

    /// Writes what is left above the controls in a run whose scores are `measure`, or removes that of an earlier run when there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_controls(&self, rows: &[ControlRow], measure: ScoreMeasure) -> Result<()> {
        tables::write_controls(rows, measure, &self.path)
    }

    /// The bytes of every table that is there, the stimuli first.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn table_files(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let names = std::iter::once(STIMULI).chain(TABLES.iter().map(|table| table.name));
        let there = names.filter(|name| self.path.join(name).is_file());
        there.map(|name| Ok((name.to_owned(), files::read(&self.path.join(name))?))).collect()
    }

    /// Removes all of an earlier run; the record first, so that nothing is claimed of what goes. For who has a whole run at hand to
    /// put in its place: a run that is fitted here replaces what is there only when its first layer has gone well.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn forget(&self) -> Result<()> {
        files::write_or_remove(&self.path.join(RECORD), None)?;
        self.remove_what_follows()?;
        self.remove_tables()?;
        self.remove_controls()?;
        self.remove_figures()
    }

    /// The run directory of a control.
    #[must_use]
    pub fn of_control(&self, control: Control) -> Self {
        Self::at(self.path.join(CONTROLS).join(control.name()))
    }

    /// Removes the controls of an earlier run: the folders whose record says that they are.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub(super) fn remove_controls(&self) -> Result<()> {
        for control in Control::ALL {
            let own = self.of_control(control);
            let is_control = own.read_record().is_ok_and(|record| record.control == Some(control));
            if is_control {
                std::fs::remove_dir_all(own.path())
                    .map_err(|source| files::Error::Write { path: own.path().to_owned(), source })?;
            }
        }
        // It stays where something else is in it.
        let _ = std::fs::remove_dir(self.path.join(CONTROLS));
        Ok(())
    }

    /// Removes the tables of an earlier run.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub(super) fn remove_tables(&self) -> Result<()> {
        for table in TABLES {
            files::write_or_remove(&self.path.join(table.name), None)?;
        }
        Ok(())
    }

    /// Removes what was made of an earlier run's layers: the tables that follow them, and the page; and the scores of several estimators,
    /// whose folder this is no more. None of it may stand beside the layers of another run.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub(super) fn remove_what_follows(&self) -> Result<()> {
        for name in tables::what_follows().chain([PAGE, ESTIMATORS, ESTIMATORS_PAGE]) {
            files::write_or_remove(&self.path.join(name), None)?;
        }
        Ok(())
    }

    /// Writes the page.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write_page(&self, page: &str) -> Result<()> {
        Ok(files::write(&self.page(), page.as_bytes())?)
    }
}
