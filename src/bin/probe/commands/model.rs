//! A model's name becomes a checkpoint.

use mlem_probe::hub::{self, Checkpoint, Hub};
use mlem_probe::models::LoadOptions;

use crate::failure::Result;
use crate::printer::Printer;

/// Finds the checkpoint of the model called `name`, at `revision`, and how it is to be loaded, untrained from a seed or as it
/// is; it is not loaded yet.
pub fn find(
    name: &str,
    untrained: Option<u64>,
    revision: Option<&str>,
    printer: &Printer,
) -> Result<(Checkpoint, LoadOptions)> {
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    let mut options = LoadOptions::default();
    if let Some(seed) = untrained {
        hub.weights = false;
        options = options.untrained(seed);
        printer.say(&format!("an untrained model: weights of its initialiser, seed {seed}"));
    }
    Ok((hub::resolve(name, &hub, printer)?, options))
}
