//! `probe completions` and `probe man`: the command line as a shell and as `man` want it.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use mlem_probe::{files, text};

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "probe", &mut script);
    Printer::data(script)
}

/// Prints the page of one command, or writes those of all.
pub fn man(args: &ManArgs) -> Result<()> {
    let mut command = Cli::command();
    command.build();
    if let Some(folder) = &args.out {
        let pages = write_all(&command, folder)?;
        return Printer::result(format!(
            "{}: {}\n",
            folder.display(),
            text::counted(pages as u128, "manual page")
        ));
    }
    let mut found = &command;
    for name in &args.command {
        let inside = found.get_subcommands().find(|inside| inside.get_name() == name);
        found = inside.ok_or_else(|| {
            let names: Vec<&str> = found.get_subcommands().map(Command::get_name).collect();
            let hint = text::suggest(name, names, "the commands are")
                .unwrap_or_else(|| format!("`{}` has no commands of its own", found.get_name()));
            Failure::usage(format!("there is no command `{}`", args.command.join(" ")), hint)
        })?;
    }
    Printer::data(page(found)?)
}

/// Writes the page of `command` and of those inside it; how many there were.
fn write_all(command: &Command, folder: &Path) -> Result<usize> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    files::write(&folder.join(format!("{name}.1")), &page(command)?)?;
    let inside = command.get_subcommands().filter(|inside| inside.get_name() != "help");
    inside.map(|inside| write_all(inside, folder)).try_fold(1, |pages, more| Ok(pages + more?))
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(Failure::Stdout)?;
    Ok(page)
}
