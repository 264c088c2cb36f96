//! `probe rerun`: the command that a run records, run again.

use clap::Parser as _;
use mlem_probe::rundir::RunDir;
use mlem_probe::text;

use super::folders;
use crate::args::{Cli, RerunArgs};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// The command that the record of a run has, with what was asked for on top, and its words.
pub fn command(args: &RerunArgs, printer: &Printer) -> Result<Option<(Cli, Vec<String>)>> {
    let folder = if args.run.is_dir() { Some(args.run.as_path()) } else { args.run.parent() };
    if args.run.is_dir() {
        folders::require_run(&args.run)?;
    }
    let record = RunDir::at(folder.unwrap_or(&args.run)).read_record()?;
    let [program, words @ ..] = record.command.as_slice() else {
        let hint = "it was made by a program that uses the library; run that again";
        return Err(Failure::input(format!("{} records no command", args.run.display()), hint));
    };
    if record.version != env!("CARGO_PKG_VERSION") {
        printer.say(&format!(
            "the run was made by version {}, and this is {}: numbers may differ",
            record.version,
            env!("CARGO_PKG_VERSION")
        ));
    }
    let mut line = vec![program.clone()];
    line.extend(if args.out.is_some() { without_out(words) } else { words.to_vec() });
    if let Some(out) = &args.out {
        line.extend(["--out".to_owned(), out.to_string_lossy().into_owned()]);
    }
    if args.force && !line.iter().any(|word| word == "--force") {
        line.push("--force".to_owned());
    }
    let shown: Vec<String> = line.iter().map(|word| text::argument(word)).collect();
    if args.dry_run {
        Printer::result(format!("{}\n", shown.join(" ")))?;
        return Ok(None);
    }
    printer.say(&shown.join(" "));
    let cli = Cli::try_parse_from(&line).map_err(|error| {
        let first =
            error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let message = format!("this version does not take the recorded command: {first}");
        Failure::input(
            message,
            format!("`{}` is the command: change it to what this version takes", shown.join(" ")),
        )
    })?;
    Ok(Some((cli, line)))
}

/// The words of a command line without the run directory that it names.
pub(super) fn without_out(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "-o" || word == "--out" {
            words.next();
        } else if !word.starts_with("--out=") && !word.starts_with("-o") {
            kept.push(word.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_first_run_is_left_out_however_it_was_given() {
        for line in [
            "g.toml -o a --seed 3",
            "g.toml --out a --seed 3",
            "g.toml --out=a --seed 3",
            "g.toml -oa --seed 3",
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(without_out(&words).join(" "), "g.toml --seed 3", "{line}");
        }
    }
}
