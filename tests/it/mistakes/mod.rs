//! Sixty mistakes that people make: 25 in grammars, 20 on the command line, 15 in tables. Each is written down with the cause that
//! has to be named and a part of the remedy; the remedy is then followed, and has to work.

mod grammars;
mod hands;
mod more_grammars;
mod tables;

use std::process::Output;

use crate::workspace::Workspace;

/// A mistake, what is said of it, and what happens once that is done.
pub struct Mistake {
    /// What goes wrong.
    pub what: &'static str,
    /// Files of the user: name and content.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// The command.
    pub command: &'static str,
    /// Its exit code; 0 where it is a warning or a finding.
    pub code: i32,
    /// What has to be said of the cause, each part.
    pub cause: &'static [&'static str],
    /// What has to be said of the remedy.
    pub remedy: &'static str,
    /// The remedy, done.
    pub done: Done,
}

/// A remedy, done.
pub enum Done {
    /// Another command.
    Command(&'static str),
    /// In the file, one text in the place of another; then the same command.
    Edit(&'static str, &'static str, &'static str),
    /// A file in the place of another; then the same command.
    File(&'static str, Vec<u8>),
    /// A file is put there, and another command run.
    FileAndCommand(&'static str, Vec<u8>, &'static str),
}

/// Makes the mistake, reads what is said, and does it.
#[track_caller]
pub fn try_it(mistake: &Mistake) {
    let Mistake { what, files, command, code, cause, remedy, done } = mistake;
    let w = Workspace::new();
    for (name, content) in files {
        w.write(name, content);
    }
    let (found, said) = run(&w, command);
    assert_eq!(found, *code, "{what}: `probe {command}`\n{said}");
    for part in *cause {
        assert!(said.contains(part), "{what}: `probe {command}` does not name `{part}`:\n{said}");
    }
    assert!(said.contains(remedy), "{what}: `probe {command}` does not say `{remedy}`:\n{said}");
    let again = match done {
        Done::Command(command) => command,
        Done::Edit(name, from, to) => {
            let text = w.read(name);
            assert!(text.contains(from), "{what}: {name} has no `{from}`");
            w.write(name, text.replace(from, to));
            command
        }
        Done::File(name, content) => {
            w.write(name, content);
            command
        }
        Done::FileAndCommand(name, content, command) => {
            w.write(name, content);
            command
        }
    };
    let (found, now) = run(&w, again);
    assert_eq!(found, 0, "{what}: the remedy `probe {again}` does not work:\n{now}");
    for part in *cause {
        assert!(!now.contains(part), "{what}: `probe {again}` still says `{part}`:\n{now}");
    }
}

/// Exit code, and all that was said.
fn run(w: &Workspace, command: &str) -> (i32, String) {
    let Output { status, stdout, stderr } = w.command(command).output().unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned() + &String::from_utf8_lossy(&stdout);
    (status.code().unwrap(), said)
}
