//! A model's name becomes a model that can run.

use mlem_probe::hub::{self, Checkpoint, Hub};
use mlem_probe::models::{LoadOptions, Model};

use crate::failure::Result;
use crate::printer::Printer;

/// Finds the checkpoint called `name` at `revision` and loads it.
pub fn load(name: &str, revision: Option<&str>, printer: &Printer) -> Result<(Checkpoint, Model)> {
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    let checkpoint = hub::resolve(name, &hub, printer)?;
    let model = Model::load(&checkpoint, &LoadOptions::default())?;
    Ok((checkpoint, model))
}
