//! What controls are made from: the stimuli of the run, and its model where it has one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mlem_probe::activations::{Activations, Beside, Column, Destination, Transform};
use mlem_probe::controls::{Control, bag_of_words, position, shuffled};
use mlem_probe::mlem::Distance;
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{Fit, ModelRecord};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;

use super::super::averages::{self, Means};
use super::super::inputs::Layers;
use super::super::{extract, model};
use crate::args::{Asked, ExtractArgs, ModelArgs};
use crate::failure::{Failure, Result};

/// What the controls of a run are made from.
pub struct Source<'a> {
    /// Which were asked for.
    pub asked: &'a Asked,
    /// The command of the run.
    pub command: &'a [String],
    /// What it names as the source of its stimuli.
    pub named: &'a str,
    /// The stimuli that are fitted.
    pub stimuli: &'a Stimuli,
    /// Those that are read, which they are the means of or the same.
    pub read: &'a Stimuli,
    /// How these become those.
    pub means: Option<&'a Means>,
    /// What is done to activations before the fit, and the columns of `read` that it asks for.
    pub steps: Vec<Transform>,
    /// See `steps`.
    pub columns: &'a [Column],
    /// The neural distance.
    pub distance: Distance,
    /// The seed of what is drawn.
    pub seed: u64,
    /// Whether files of someone else may be written over.
    pub force: bool,
    /// The model; none where activations come from a file.
    pub model: Option<OfModel<'a>>,
}

/// The model of a run, and how its activations are taken.
pub struct OfModel<'a> {
    /// Its name.
    pub name: &'a str,
    /// At which revision.
    pub revision: Option<&'a str>,
    /// Its options.
    pub args: &'a ModelArgs,
    /// Those of extraction.
    pub extract: &'a ExtractArgs,
}

impl Source<'_> {
    /// Refuses controls that were named and cannot be made.
    pub fn check(&self) -> Result<()> {
        let impossible = |&control: &Control| Some((control, self.why_not(control)?));
        let mut all = self.asked.controls.iter().filter_map(impossible).peekable();
        if self.asked.named
            && let Some((control, why)) = all.next()
        {
            let hint = "name others, or write --controls alone for those that can be made";
            return Err(Failure::usage(format!("control {} cannot be made: {why}", control.name()), hint));
        }
        Ok(())
    }

    /// Why `control` cannot be made of this run, as far as can be told before anything is done.
    pub fn why_not(&self, control: Control) -> Option<String> {
        if self.distance == Distance::Precomputed {
            return Some(
                "the distances of the run are given, and its own would be of another kind".to_owned(),
            );
        }
        match (&self.model, control) {
            (None, Control::Untrained | Control::Shuffled) => {
                let why = "the activations are those of a file, and no model is run (`probe run` has it)";
                return Some(why.to_owned());
            }
            (Some(model), Control::Untrained) => {
                return model.args.untrained.map(|_| "the model of the run is untrained itself".to_owned());
            }
            _ => {}
        }
        if self.read.sentences().is_err() {
            return Some("the table has no column `sentence`".to_owned());
        }
        if let Some(column) = self.read.target() {
            return Some(format!(
                "the decoder reads another text, in column `{column}`, beside the sentence"
            ));
        }
        if control == Control::Shuffled {
            return None;
        }
        let of_model = |step: &&Transform| {
            let of_layers = matches!(step, Transform::MinusLayer0 | Transform::MinusPrevious);
            of_layers || step.needs_tokens() || matches!(step, Transform::Units(_))
        };
        let step = self.steps.iter().find(of_model)?;
        Some(format!("it has no layers, units or tokens of the model, and {step} is of these"))
    }

    /// The slot that activations are of.
    fn at(&self) -> Option<&str> {
        let word = self.read.slots().first().filter(|_| self.read.is_word_level());
        let given = self.model.as_ref().and_then(|model| model.extract.at.as_ref());
        given.or(word).map(String::as_str)
    }

    /// What is fitted of `control`, with temporary files in `folder`, and what should be known of it.
    pub fn fit(
        &self,
        control: Control,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<(Fit, Option<String>)> {
        let begun = Instant::now();
        let mut note = None;
        let mut stimuli = self.stimuli.clone();
        let (activations, record) = match (control, &self.model) {
            (Control::Untrained, Some(model)) => {
                let args = ModelArgs { untrained: Some(self.seed), ..model.args.clone() };
                self.run(&args, model, self.read, folder, progress)?
            }
            (Control::Shuffled, Some(model)) => {
                let found = shuffled(self.read, self.at(), self.seed)?;
                let (n, all) = (found.unchanged, self.read.len());
                if n == all {
                    let hint = "it is of sentences with two different words";
                    return Err(Failure::input("every sentence has one order of its words alone", hint));
                }
                note = (n > 0).then(|| {
                    let [n, all] = [n, all].map(|n| text::count(n as u128));
                    format!(
                        "{n} of {all} sentences have one order of their words alone, and stay as they are"
                    )
                });
                if self.means.is_none() {
                    stimuli = found.stimuli.clone();
                }
                self.run(model.args, model, &found.stimuli, folder, progress)?
            }
            (Control::BagOfWords, _) => (self.flat(bag_of_words(self.read, self.at()), progress)?, None),
            (Control::Position, _) => (self.flat(position(self.read, self.at()), progress)?, None),
            (Control::Untrained | Control::Shuffled, None) => {
                return Err(Failure::input("no model is run", "take `probe run`"));
            }
        };
        let (activations, _) = averages::apply(activations, Vec::new(), self.means, self.distance)?;
        let fit = Fit {
            command: self.command.to_vec(),
            source: self.named.to_owned(),
            stimuli,
            activations,
            repeats: Vec::new(),
            file: record.is_none().then(|| control.words().to_owned()),
            model: record,
            control: Some(control),
            seconds: BTreeMap::from([("extract".to_owned(), begun.elapsed().as_secs_f64())]),
            warnings: note.iter().cloned().collect(),
        };
        Ok((fit, note))
    }

    /// The activations of a model that reads `stimuli`.
    fn run(
        &self,
        args: &ModelArgs,
        model: &OfModel<'_>,
        stimuli: &Stimuli,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<(Layers, Option<ModelRecord>)> {
        let (checkpoint, options) = model::find(model.name, args, model.revision, progress)?;
        let record = ModelRecord {
            pooling: model::pooled(model.extract, &checkpoint, stimuli)?,
            ..model::record(&checkpoint, &options, model.revision, progress)?
        };
        let out = Destination::Temporary(folder);
        let of = (self.steps.as_slice(), self.columns);
        let taken = extract::take(stimuli, &checkpoint, &options, model.extract, of, out, progress)?;
        Ok((Arc::new(taken.activations), Some(record)))
    }

    /// What stands in the place of activations, transformed as these are.
    fn flat(
        &self,
        found: std::result::Result<Activations, String>,
        progress: &dyn Progress,
    ) -> Result<Layers> {
        let why_not = |why: String| Failure::input(why, "");
        let found = found.map_err(why_not)?;
        if self.steps.is_empty() {
            return Ok(Arc::new(found));
        }
        let beside = Beside { columns: self.columns, ..Beside::default() };
        Ok(Arc::new(found.transform(&self.steps, None, beside, progress)?))
    }
}
