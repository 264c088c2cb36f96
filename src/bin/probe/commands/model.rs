//! A model's name becomes a checkpoint.

use mlem_probe::hub::{self, Checkpoint, Hub};
use mlem_probe::models::LoadOptions;

use crate::args::ModelArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// Finds the checkpoint of the model that `args` name, at `revision`, and how it is to be loaded; it is not loaded yet.
pub fn find(
    args: &ModelArgs,
    revision: Option<&str>,
    printer: &Printer,
) -> Result<(Checkpoint, LoadOptions)> {
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    let mut options = LoadOptions::default();
    if let Some(seed) = args.untrained {
        hub.weights = false;
        options = options.untrained(seed);
        printer.say(&format!("an untrained model: weights of its initialiser, seed {seed}"));
    }
    Ok((hub::resolve(&args.model, &hub, printer)?, options))
}
