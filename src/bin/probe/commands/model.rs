//! A model's name becomes a checkpoint.

use mlem_probe::hub::{self, Checkpoint, Hub};

use crate::failure::Result;
use crate::printer::Printer;

/// Finds the checkpoint called `name` at `revision`; it is not loaded yet.
pub fn find(name: &str, revision: Option<&str>, printer: &Printer) -> Result<Checkpoint> {
    let mut hub = Hub::from_env();
    hub.revision = revision.map(str::to_owned);
    Ok(hub::resolve(name, &hub, printer)?)
}
