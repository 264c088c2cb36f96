//! `probe simulate`: activations with a known `W`, and how near each fit comes to it.

use std::time::Instant;

use mlem_probe::report::{answers, simulation};
use mlem_probe::{files, simulate};
use serde_json::json;

use crate::args::SimulateArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &SimulateArgs, printer: &Printer) -> Result<()> {
    let options = args.options();
    options.check().map_err(mlem_probe::Error::from)?;
    files::require_writable(&args.out)?;
    let begun = Instant::now();
    let (written, table) = if args.oracle {
        let found = simulate::answers(&options, printer).map_err(mlem_probe::Error::from)?;
        (answers::tables(&found), answers::table(&found, &options))
    } else {
        let found = simulate::run(&options, printer).map_err(mlem_probe::Error::from)?;
        let mut written = simulation::tables(&found);
        written.extend(simulation::figures(&found, &args.figures).map_err(mlem_probe::Error::from)?);
        (written, simulation::table(&found))
    };
    let seconds = begun.elapsed().as_secs_f64();
    for file in &written {
        files::write(&args.out.join(&file.name), &file.bytes)?;
    }
    let record = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "options": options,
        "seconds": seconds,
    });
    files::write(&args.out.join("simulation.json"), format!("{record:#}\n").as_bytes())?;
    if printer.json() {
        return Printer::result_json(&json!({
            "files": written.iter().map(|file| args.out.join(&file.name)).collect::<Vec<_>>(),
            "seconds": seconds,
        }));
    }
    Printer::result(table)?;
    let what = if args.oracle { "tables" } else { "tables and figures" };
    Printer::result(format!("{what}: {}\n", args.out.display()))
}
