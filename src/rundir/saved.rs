//! What a run directory holds, held against what its run wrote.
//!
//! `run.json` has a hash of what each layer has in the tables, of every file once the run is finished, and of itself. A rerun
//! keeps the layers whose rows are still those; who reads a run is told of whatever is not what was written, and gets no table
//! that is not of this run.

use std::fmt;
use std::path::Path;

use super::dir::{RECORD, RunDir, STIMULI};
use super::error::Result;
use super::record::RunRecord;
use super::tables::{self, CONTROLS, DIMENSION, GEOMETRY, SAMPLES, TABLES, layer_hash};
use crate::controls::ControlRow;
use crate::files;
use crate::geometry::{Dimension, Geometry};
use crate::profile::{Profile, Sample};
use crate::progress::Progress;
use crate::stimuli::Stimuli;
use crate::text;

/// At most so many names are listed in one message.
const NAMED: usize = 10;

/// The file beside the stimuli.
const DECLARATIONS: &str = "stimuli.json";

/// A run as its directory has it.
#[derive(Debug, Clone)]
pub struct Saved {
    /// `run.json`.
    pub record: RunRecord,
    /// The tables of the profile.
    pub profile: Profile,
    /// The stimuli.
    pub stimuli: Stimuli,
    /// Their maps, if the run made any.
    pub geometry: Option<Geometry>,
    /// What samples of the stimuli tell of each layer, if the run drew any.
    pub samples: Vec<Sample>,
    /// What of the profile is left above the controls, if the run made any.
    pub controls: Vec<ControlRow>,
    /// The intrinsic dimension of each layer, if the run took it.
    pub dimensions: Vec<Dimension>,
    /// What is not as the run wrote it.
    pub doubts: Vec<Doubt>,
}

/// Something in a run directory that is not what its run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// `run.json` has no hashes: it was written by an earlier version, or by hand.
    Unsealed,
    /// `run.json` is not what was written.
    Record,
    /// Layers whose rows are not those that were written.
    Layers(Vec<usize>),
    /// Files that are not what was written.
    Changed(Vec<String>),
    /// Files that were written and are gone.
    Missing(Vec<String>),
    /// Tables that this run did not write; they are not read.
    Foreign(Vec<String>),
    /// Layers that the run was to fit and did not; none where all but what follows the layers is there.
    Unfinished(Vec<usize>),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is = |names: &[String]| if names.len() == 1 { "is" } else { "are" };
        match self {
            Self::Unsealed => write!(
                f,
                "run.json has no hashes of the run's files, so that they cannot be checked; run again to have them"
            ),
            Self::Record => write!(
                f,
                "run.json is not what the run wrote: what it says of the tables may be wrong; run again to restore it"
            ),
            Self::Layers(layers) => write!(
                f,
                "the tables have other rows of {} than the run wrote; run again to restore them",
                layers_in_words(layers)
            ),
            Self::Changed(names) => write!(
                f,
                "{} {} not what the run wrote; run again to restore what was there",
                text::some(names, NAMED),
                is(names)
            ),
            Self::Missing(names) => {
                write!(
                    f,
                    "{} {} missing; run again to restore what was there",
                    text::some(names, NAMED),
                    is(names)
                )
            }
            Self::Foreign(names) => {
                write!(f, "{} {} not of this run, and not read", text::some(names, NAMED), is(names))
            }
            Self::Unfinished(layers) if layers.is_empty() => {
                write!(f, "the run was not finished; run again to have the rest of it")
            }
            Self::Unfinished(layers) => {
                write!(f, "the run was not finished: {} missing; run again to go on", are(layers))
            }
        }
    }
}

/// `layer 3`, `layers 3 and 5`.
fn layers_in_words(layers: &[usize]) -> String {
    let names: Vec<String> = layers.iter().map(ToString::to_string).collect();
    format!("layer{} {}", if layers.len() == 1 { "" } else { "s" }, text::some(&names, NAMED))
}

fn are(layers: &[usize]) -> String {
    format!("{} {}", layers_in_words(layers), if layers.len() == 1 { "is" } else { "are" })
}

impl RunDir {
    /// Reads all of the run, and says what of it is not as it was written.
    ///
    /// # Errors
    ///
    /// A file that the run must have and that cannot be read, or is none of its kind.
    pub fn read(&self) -> Result<Saved> {
        let path = self.path().join(RECORD);
        let bytes = files::read(&path)?;
        let record = RunRecord::parse(&bytes, &path)?;
        let mut profile = self.read_profile()?;
        profile.warnings.clone_from(&record.layer_warnings);
        profile.labels.clone_from(&record.layer_labels);
        let doubts = self.doubts(&record, &bytes, &profile);
        if !record.seal.is_empty() && record.files.is_empty() {
            // A run that was ended while it wrote may have left a part of a layer.
            let Layers { whole, .. } = Layers::of(&record, &profile);
            profile.retain(|layer| whole.contains(&layer));
        }
        let stimuli = self.read_stimuli()?;
        // What was changed by hand is drawn no more than what is of another run.
        let is_own = |name: &str| {
            !doubts.iter().any(|doubt| match doubt {
                Doubt::Changed(names) | Doubt::Foreign(names) => names.iter().any(|other| other == name),
                _ => false,
            })
        };
        let geometry = if is_own(GEOMETRY) { self.read_geometry(stimuli.len())? } else { None };
        let samples = if is_own(SAMPLES) { self.read_samples()? } else { Vec::new() };
        let controls = if is_own(CONTROLS) { self.read_controls()? } else { Vec::new() };
        let dimensions = if is_own(DIMENSION) { self.read_dimensions()? } else { Vec::new() };
        Ok(Saved { record, profile, stimuli, geometry, samples, controls, dimensions, doubts })
    }

    /// What is not as the run wrote it that `record`, read from `bytes`, is of, whose tables hold `profile`.
    fn doubts(&self, record: &RunRecord, bytes: &[u8], profile: &Profile) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if record.seal.is_empty() {
            return vec![Doubt::Unsealed];
        }
        if !record.is_sealed(bytes) {
            doubts.push(Doubt::Record);
        }
        let (mut changed, mut missing) = (Vec::new(), Vec::new());
        for (name, hash) in &record.files {
            match hash_of(&self.path().join(name)) {
                Some(found) if found == *hash => {}
                Some(_) => changed.push(name.clone()),
                None => missing.push(name.clone()),
            }
        }
        let is_foreign = |name: &&str| !record.files.contains_key(*name) && self.path().join(name).exists();
        let foreign: Vec<String> = if record.files.is_empty() {
            // Its own tables are told by their layers.
            tables::what_follows().filter(is_foreign).map(str::to_owned).collect()
        } else {
            TABLES.iter().map(|table| table.name).filter(is_foreign).map(str::to_owned).collect()
        };
        for (names, doubt) in [
            (changed, Doubt::Changed as fn(Vec<String>) -> Doubt),
            (missing, Doubt::Missing),
            (foreign, Doubt::Foreign),
        ] {
            if !names.is_empty() {
                doubts.push(doubt(names));
            }
        }
        if record.files.is_empty() {
            let Layers { whole, other } = Layers::of(record, profile);
            let missing =
                record.layers.iter().filter(|layer| !whole.contains(layer) && !other.contains(layer));
            let missing = missing.copied().collect();
            if !other.is_empty() {
                doubts.push(Doubt::Layers(other));
            }
            doubts.push(Doubt::Unfinished(missing));
        }
        doubts
    }

    /// The layers that an earlier run with the key of `record` left complete, and whose rows are still those that it wrote.
    /// `progress` is told of what is kept and of what is not.
    pub fn complete_layers(&self, record: &RunRecord, progress: &dyn Progress) -> Profile {
        // A record that cannot be read is as good as none, and so is one of another run.
        let earlier = self.read_record().ok().filter(|earlier| earlier.key == record.key);
        let Some(earlier) = earlier else { return Profile::default() };
        let again = "they are fitted again";
        let mut profile = match self.read_profile() {
            Ok(profile) => profile,
            Err(error) => {
                progress.alarm(&format!("{error}: all layers are fitted again"));
                return Profile::default();
            }
        };
        profile.warnings.clone_from(&earlier.layer_warnings);
        let Layers { whole, other } = Layers::of(&earlier, &profile);
        if earlier.layer_hashes.is_empty() && !profile.scores.is_empty() {
            progress.alarm(&format!(
                "{} has layers of this run without their hashes, by which they could be known: {again}",
                self.path().display()
            ));
        } else if !other.is_empty() {
            let again = if other.len() == 1 { "it is fitted again" } else { again };
            progress.alarm(&format!(
                "the tables in {} have other rows of {} than were written: {again}",
                self.path().display(),
                layers_in_words(&other)
            ));
        }
        profile.retain(|layer| whole.contains(&layer));
        if !profile.scores.is_empty() {
            let layers: Vec<usize> = profile.layers().into_iter().collect();
            let are = if layers.len() == 1 { "is" } else { "are" };
            progress.note(&format!(
                "{} of this very run {are} in {} already and {are} kept",
                layers_in_words(&layers),
                self.path().display()
            ));
        }
        profile
    }

    /// The hashes of the files of a finished run.
    pub(super) fn hashes(&self) -> std::collections::BTreeMap<String, String> {
        let names = TABLES.iter().map(|table| table.name).chain([STIMULI, DECLARATIONS]);
        names.filter_map(|name| Some((name.to_owned(), hash_of(&self.path().join(name))?))).collect()
    }
}

/// The layers of a run, held against what was written of them.
struct Layers {
    /// Their rows are those that were written.
    whole: Vec<usize>,
    /// Their rows are others, or were written and are gone.
    other: Vec<usize>,
}

impl Layers {
    fn of(record: &RunRecord, profile: &Profile) -> Self {
        let mut layers = profile.layers();
        layers.extend(record.layer_hashes.keys());
        let (mut whole, mut other) = (Vec::new(), Vec::new());
        for layer in layers {
            let has_score = profile.scores.iter().any(|row| row.layer == layer);
            if record.layer_hashes.get(&layer) == Some(&layer_hash(profile, layer)) {
                whole.push(layer);
            } else if has_score || !record.files.is_empty() {
                other.push(layer);
            }
            // Scores are written last: without them it was under way when the run was ended.
        }
        Self { whole, other }
    }
}

fn hash_of(path: &Path) -> Option<String> {
    files::read(path).ok().map(|bytes| blake3::hash(&bytes).to_hex().to_string())
}
