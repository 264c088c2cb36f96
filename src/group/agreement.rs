//! Whether subjects are a group: the same effects at the same entries, of one estimator.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Entry, Error, Params, Result, Run, Unlike, Warning};
use crate::compare::{self, differing_options};
use crate::profile::{Order, Split, Summary};

/// What subjects have in common.
pub(super) struct Agreed {
    /// Of each subject, its summary.
    pub summaries: Vec<Summary>,
    /// The axis, in the order of the first subject.
    pub axis: Vec<Entry>,
    /// Of each subject, where in its summary each entry of the axis is.
    pub places: Vec<Vec<usize>>,
    /// The effects, in the order of the first subject.
    pub effects: Vec<String>,
    pub warnings: Vec<Warning>,
}

/// Looks `subjects` over.
pub(super) fn check(subjects: &[Run], params: &Params) -> Result<Agreed> {
    if subjects.len() < 2 {
        return Err(Error::TooFew { runs: subjects.len() });
    }
    no_folder_twice(subjects)?;
    let mut warnings = Vec::new();
    for run in subjects {
        let doubts = run.doubts.iter().cloned();
        warnings
            .extend(doubts.map(|doubt| {
                Warning::Differs(compare::Warning::Doubt { folder: run.folder.clone(), doubt })
            }));
    }
    let summaries: Vec<Summary> = subjects.iter().map(|run| Summary::of(&run.profile)).collect();
    let effects: Vec<Vec<String>> = summaries.iter().map(|summary| effects(summary, params.order)).collect();
    if let Some(i) = effects.iter().position(Vec::is_empty) {
        return Err(Error::NoImportance { folder: subjects[i].folder.clone(), order: params.order });
    }
    for warning in differing_options(subjects, params.order) {
        match warning {
            compare::Warning::Option { name, values } if name == "estimator" => {
                return Err(Error::Estimators { values });
            }
            other => warnings.push(Warning::Differs(other)),
        }
    }
    let splits: BTreeSet<bool> = summaries.iter().map(|summary| summary.score().1 == Split::Test).collect();
    if splits.len() > 1 {
        warnings.push(Warning::Splits);
    }
    let estimator = subjects[0].record.options.get("estimator").and_then(serde_json::Value::as_str);
    // A correlation that nothing is fitted for has no such bias.
    if splits.contains(&false) && estimator != Some("rsa") {
        warnings.push(Warning::Fitted);
    }
    let names: Vec<Vec<String>> = summaries
        .iter()
        .map(|summary| (0..summary.layers.len()).map(|i| summary.layer_name(i)).collect())
        .collect();
    let names = without_subject(names);
    let entries =
        in_common(subjects, &names, params.shared, "layers, times or regions", &mut warnings, |unlike| {
            Error::Axis(Box::new(unlike))
        })?;
    let effects = in_common(
        subjects,
        &effects,
        params.shared,
        effects_in_words(params.order),
        &mut warnings,
        |unlike| Error::Effects { order: params.order, unlike: Box::new(unlike) },
    )?;
    let places = |names: &Vec<String>| -> Vec<usize> {
        entries.iter().filter_map(|entry| names.iter().position(|name| name == entry)).collect()
    };
    let places: Vec<Vec<usize>> = names.iter().map(places).collect();
    let axis = entries
        .iter()
        .zip(&places[0])
        .map(|(name, &at)| Entry { layer: summaries[0].layers[at], name: name.clone() })
        .collect();
    Ok(Agreed { summaries, axis, places, effects, warnings })
}

fn effects_in_words(order: Order) -> &'static str {
    match order {
        Order::Main => "features",
        Order::Interaction => "interactions",
        Order::Group => "groups of features",
    }
}

/// The names of entries without what stands before all names of one subject (`sub-01/V1`, `sub-01/V4`), where that alone sets subjects
/// apart.
fn without_subject(names: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let set = |names: &Vec<String>| names.iter().cloned().collect::<BTreeSet<String>>();
    let alike = |names: &[Vec<String>]| names.iter().all(|other| set(other) == set(&names[0]));
    if alike(&names) {
        return names;
    }
    let shorter: Vec<Vec<String>> = names.iter().map(|names| without_beginning(names)).collect();
    if alike(&shorter) { shorter } else { names }
}

/// `names` without the beginning that they share, up to a mark in it that sets words apart.
fn without_beginning(names: &[String]) -> Vec<String> {
    let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return names.to_vec();
    };
    let shared = |a: &str, b: &str| {
        a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
    };
    let length = rest.iter().map(|name| shared(first, name)).min().unwrap_or(0usize);
    // What sets a subject apart from the rest of a name, the surest first.
    let marks = ["/", ", ", "_", ".", ":", "|", " ", "-"];
    let from =
        marks.iter().find_map(|mark| first[..length].rfind(mark).map(|at| at + mark.len())).unwrap_or(0);
    names.iter().map(|name| name[from..].to_owned()).collect()
}

/// The effects of `order`, in the order of the tables.
fn effects(summary: &Summary, order: Order) -> Vec<String> {
    summary.terms.iter().filter(|term| term.order == order).map(|term| term.name.clone()).collect()
}

/// What all have of `names`, in the order of the first; an error where some lack one, unless these are to be left out.
fn in_common(
    subjects: &[Run],
    names: &[Vec<String>],
    shared: bool,
    what: &'static str,
    warnings: &mut Vec<Warning>,
    unlike: impl Fn(Unlike) -> Error,
) -> Result<Vec<String>> {
    let lacks = |j: usize, name: &String| !names[j].contains(name);
    let mut left_out: Vec<(String, usize)> = Vec::new();
    for j in 1..names.len() {
        let only = |a: usize, b: usize| -> Vec<String> {
            names[a].iter().filter(|name| lacks(b, name)).cloned().collect()
        };
        let (only_a, only_b) = (only(0, j), only(j, 0));
        if only_a.is_empty() && only_b.is_empty() {
            continue;
        }
        if !shared {
            let [a, b] = [0, j].map(|i| subjects[i].folder.clone());
            return Err(unlike(Unlike { a, b, only_a, only_b }));
        }
        for (only, lacking) in [(only_a, j), (only_b, 0)] {
            for name in only {
                if !left_out.iter().any(|(other, _)| *other == name) {
                    left_out.push((name, lacking));
                }
            }
        }
    }
    let all: Vec<String> =
        names[0].iter().filter(|name| (1..names.len()).all(|j| !lacks(j, name))).cloned().collect();
    if all.is_empty() {
        return Err(Error::NothingShared { what });
    }
    if let Some((_, lacking)) = left_out.first() {
        let lacking = subjects[*lacking].folder.clone();
        warnings.push(Warning::LeftOut {
            what,
            names: left_out.into_iter().map(|(name, _)| name).collect(),
            lacking,
        });
    }
    Ok(all)
}

fn no_folder_twice(subjects: &[Run]) -> Result<()> {
    // What is not there (a run that was never written) is itself alone.
    let real =
        |run: &Run| Path::new(&run.folder).canonicalize().unwrap_or_else(|_| run.folder.clone().into());
    let folders: Vec<_> = subjects.iter().map(real).collect();
    match (1..folders.len()).find(|&i| folders[..i].contains(&folders[i])) {
        Some(i) => Err(Error::Twice { folder: subjects[i].folder.clone() }),
        None => Ok(()),
    }
}
