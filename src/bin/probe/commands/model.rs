//! A model's name becomes a model that can run.

use mlem_probe::hub::{self, Checkpoint, Hub};
use mlem_probe::models::{LoadOptions, Model};

use crate::args::ModelArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// Finds the checkpoint of the model that `args` name, at `revision`, and loads it.
pub fn load(args: &ModelArgs, revision: Option<&str>, printer: &Printer) -> Result<(Checkpoint, Model)> {
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    let mut options = LoadOptions::default();
    if let Some(seed) = args.untrained {
        hub.weights = false;
        options = options.untrained(seed);
        printer.say(&format!("an untrained model: weights of its initialiser, seed {seed}"));
    }
    let checkpoint = hub::resolve(&args.model, &hub, printer)?;
    let model = Model::load(&checkpoint, &options)?;
    Ok((checkpoint, model))
}
