//! `probe fit --by-subject`: one file of several subjects becomes a run directory for each, and their group.

use std::path::Path;

use clap::Parser as _;
use mlem_probe::activations::{self, Opened};
use mlem_probe::group::Error;
use mlem_probe::mlem::Distance;
use mlem_probe::report::group::are_ordered;
use mlem_probe::rundir::RunDir;
use mlem_probe::text;

use super::rerun::without_out;
use super::{fit, folders, group, inputs};
use crate::args::{Cli, Command, FitArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// The folder of the group beside those of the subjects.
const GROUP: &str = "group";

/// A subject and the layers of the file that are its.
#[derive(Debug, PartialEq, Eq)]
struct Subject {
    name: String,
    folder: String,
    layers: Vec<usize>,
    /// What its arrays are called behind the subject.
    names: Vec<String>,
}

/// Runs the command, of which `words` are what a run records.
pub fn run(args: &FitArgs, words: &[String], printer: &Printer) -> Result<()> {
    if words.iter().any(|word| word == "-") {
        return Err(Failure::usage(
            "--by-subject reads the table of stimuli once for each subject, and a pipe can be read once",
            "write the table to a file and name that",
        ));
    }
    if args.estimator.are_several() {
        return Err(Failure::usage(
            "--by-subject makes a group of the subjects' profiles, which are of one estimator",
            "name one --estimator, or run the command once for each, with -o of its own",
        ));
    }
    let named = RunDir::at(folders::for_fit(args));
    let free = if folders::is_auto(args.out.as_deref()) { named.next_not_there()? } else { named };
    let out = free.path();
    let subjects = subjects(args, printer)?;
    let counts: Vec<String> =
        subjects.iter().map(|subject| format!("{} ({})", subject.name, subject.layers.len())).collect();
    printer.say(&format!(
        "{} and how many arrays of each: {}",
        text::counted(subjects.len() as u128, "subject"),
        text::some(&counts, 10)
    ));
    // Each run records the command that makes it alone.
    let of_group = |word: &String| word == "--by-subject" || word == "--shared";
    let alone: Vec<String> = without_out(words).into_iter().filter(|word| !of_group(word)).collect();
    let mut runs = Vec::new();
    for subject in &subjects {
        let layers: Vec<String> = subject.layers.iter().map(ToString::to_string).collect();
        let folder = out.join(&subject.folder).to_string_lossy().into_owned();
        let own = ["--layers".to_owned(), layers.join(","), "-o".to_owned(), folder.clone()];
        let line = [alone.clone(), own.to_vec()].concat();
        let Some(Command::Fit(args)) = parsed(&line)?.command else { continue };
        printer.say(&format!("subject {}: {folder}", subject.name));
        fit::one(&args, line, &printer.of_a_part()).map_err(|failure| of_subject(failure, subject))?;
        runs.push(folder);
    }
    let out = out.join(GROUP).to_string_lossy().into_owned();
    let labels: Vec<String> = subjects.iter().map(|subject| subject.name.clone()).collect();
    let mut line = vec!["probe".to_owned(), "group".to_owned()];
    line.extend(runs);
    line.extend(["--seed".to_owned(), args.seed.to_string(), "-o".to_owned(), out]);
    line.push(format!("--labels={}", list::joined(&labels)));
    if args.shared {
        line.push("--shared".to_owned());
    }
    let Some(Command::Group(mut group_args)) = parsed(&line)?.command else { return Ok(()) };
    group_args.talk = args.talk.clone();
    group_args.figures.clone_from(&args.figures.figures);
    let regions = if are_ordered(&subjects[0].names) { "" } else { " --neighbours pairs.csv" };
    printer.say(&format!(
        "clusters, one-sided tests and other effects: `probe group DIR/SUBJECT… --cluster{regions} --tail greater --order interaction`"
    ));
    let command = line.iter().map(|word| text::argument(word)).collect::<Vec<_>>().join(" ");
    group::run(&group_args, line, printer).map_err(|failure| {
        if args.shared || !is_uneven(&failure) {
            return failure;
        }
        Failure::input(
            format!("all subjects are fitted, but are no group: {}", failure.message()),
            format!("leave out what some lack: {command} --shared"),
        )
    })
}

/// A failure of a stage with the subject that it is of, and its arrays: what it says of layers counts those of the file.
fn of_subject(failure: Failure, subject: &Subject) -> Failure {
    let Failure::Stage(_) = failure else { return failure };
    let arrays =
        subject.layers.iter().zip(&subject.names).map(|(layer, name)| format!("layer {layer} is {name}"));
    let message =
        format!("{} ({}): {}", subject.name, text::some(&arrays.collect::<Vec<_>>(), 6), failure.message());
    Failure::input(message, failure.hint().unwrap_or_default())
}

/// Whether subjects are no group because some lack what others have.
fn is_uneven(failure: &Failure) -> bool {
    let Failure::Stage(error) = failure else { return false };
    let mlem_probe::Error::Group(error) = &**error else { return false };
    matches!(**error, Error::Axis(_) | Error::Effects { .. })
}

fn parsed(line: &[String]) -> Result<Cli> {
    Cli::try_parse_from(line).map_err(|error| {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        Failure::usage(
            format!("cannot fit subject by subject: {first}"),
            "fit each subject with --arrays 'SUBJECT/*'",
        )
    })
}

/// The subjects of the file, in the order of their arrays; says what of it is left out.
fn subjects(args: &FitArgs, printer: &Printer) -> Result<Vec<Subject>> {
    let quiet = Printer::new(&args.talk).silenced();
    let n = inputs::stimuli(args, &quiet)?.features().n_stimuli();
    let reading = activations::Reading {
        distances: args.estimator.distance == Distance::Precomputed,
        ..args.reading.of(n)
    };
    let Opened { activations, notes, .. } = activations::open_as(&args.activations, None, &reading)?;
    for note in &notes {
        printer.say(note);
    }
    let labels = &activations.provenance().labels;
    let named: Vec<(usize, &str)> = activations
        .layers()
        .iter()
        .filter_map(|layer| labels.get(layer).map(|label| (*layer, label.as_str())))
        .collect();
    let found = (named.len() == activations.layers().len()).then(|| split(&named)).flatten();
    found.ok_or_else(|| no_subjects(&args.activations, &named))
}

fn no_subjects(path: &Path, named: &[(usize, &str)]) -> Failure {
    let names: Vec<&str> = named.iter().map(|(_, name)| *name).collect();
    let what = if names.is_empty() {
        "its arrays have numbers and no names".to_owned()
    } else {
        format!("its arrays are called {}", text::some(&names, 5))
    };
    Failure::input(
        format!("{} does not say which subject each array is of: {what}", path.display()),
        "call the arrays SUBJECT/REGION (sub-01/V1, sub-02/V1), or say --axes subject,region,n,unit of one array, subjects first; two subjects or more",
    )
}

/// The subjects of arrays called `sub-01/V1`, `subject 0, region 3` or `sub-01_V1`: what stands before the first mark that all have. None
/// where that is no two subjects.
fn split(named: &[(usize, &str)]) -> Option<Vec<Subject>> {
    let marks = ["/", ", ", "_"];
    let mark =
        marks.iter().find(|mark| named.iter().all(|(_, name)| name.find(**mark).is_some_and(|at| at > 0)))?;
    if *mark == ", " && named.iter().any(|(_, name)| is_other_axis(name)) {
        return None;
    }
    let mut subjects: Vec<Subject> = Vec::new();
    for &(layer, name) in named {
        let Some((subject, rest)) = name.split_once(mark) else { continue };
        let (subject, rest) = (subject.trim(), rest.to_owned());
        if let Some(other) = subjects.iter_mut().find(|other| other.name == subject) {
            other.layers.push(layer);
            other.names.push(rest);
            continue;
        }
        let taken = |folder: &str| folder == GROUP || subjects.iter().any(|other| other.folder == folder);
        let mut folder = folder(subject);
        while taken(&folder) {
            folder.push('_');
        }
        subjects.push(Subject { name: subject.to_owned(), folder, layers: vec![layer], names: vec![rest] });
    }
    (subjects.len() > 1).then_some(subjects)
}

/// Whether a label of `--axes` (`layer 0, region 3`) begins with an axis that is not of subjects.
fn is_other_axis(label: &str) -> bool {
    let first = label.split(", ").next().unwrap_or_default();
    let Some((word, number)) = first.rsplit_once(' ') else { return false };
    let of_subjects =
        ["subject", "sub", "participant", "patient", "person", "animal", "monkey", "listener", "reader"];
    number.chars().all(|c| c.is_ascii_digit()) && !of_subjects.contains(&word.trim_end_matches('s'))
}

/// A name of a folder for `subject`, in which nothing leads elsewhere.
fn folder(subject: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || ['-', '_', '.'].contains(&c) { c } else { '-' };
    let name: String = subject.chars().map(plain).collect();
    if name.is_empty() || name.starts_with(['.', '-']) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<Vec<(String, String, Vec<usize>)>> {
        let named: Vec<(usize, &str)> = names.iter().copied().enumerate().collect();
        let subjects = split(&named)?.into_iter();
        Some(subjects.map(|subject| (subject.name, subject.folder, subject.layers)).collect())
    }

    #[test]
    fn subjects_stand_before_the_first_mark() {
        let of = |name: &str, folder: &str, layers: &[usize]| {
            (name.to_owned(), folder.to_owned(), layers.to_vec())
        };
        assert_eq!(
            found(&["s1/V1/left", "s2/V1/left", "s1/V4"]).unwrap(),
            [of("s1", "s1", &[0, 2]), of("s2", "s2", &[1])]
        );
        assert_eq!(
            found(&["subject 0, region 0", "subject 1, region 0"]).unwrap(),
            [of("subject 0", "subject-0", &[0]), of("subject 1", "subject-1", &[1])]
        );
        assert_eq!(found(&["sub-01_V1", "sub-02_V1"]).unwrap()[1], of("sub-02", "sub-02", &[1]));
        assert_eq!(
            found(&["../V1", "group/V1", "a b/V1", "a:b/V1"])
                .unwrap()
                .into_iter()
                .map(|one| one.1)
                .collect::<Vec<_>>(),
            ["_..", "group_", "a-b", "a-b_"]
        );
        for names in [
            &["V1", "V4"][..],
            &["s1/V1", "s1/V4"],
            &["s1/V1", "V4"],
            &["/V1", "/V4"],
            &["layer 0, region 0", "layer 1, region 0"],
        ] {
            assert_eq!(found(names), None, "{names:?}");
        }
    }
}
