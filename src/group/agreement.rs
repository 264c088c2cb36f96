//! Whether subjects are a group: the same effects at the same entries, of one estimator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::entries::entry_names;
use super::error::Lacking;
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
            compare::Warning::Option { name, values } if name == "scoring" => {
                return Err(Error::Scorings { values });
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
    let names = entry_names(subjects);
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
        let mut at: BTreeMap<&String, usize> = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            at.entry(name).or_insert(place);
        }
        entries.iter().filter_map(|entry| at.get(entry).copied()).collect()
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
    let mut lacking: Vec<Lacking> = Vec::new();
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    let sets: Vec<BTreeSet<&String>> = names.iter().map(|names| names.iter().collect()).collect();
    for name in names.iter().flatten().filter(|name| seen.insert(*name)) {
        let (with, without): (Vec<usize>, Vec<usize>) =
            (0..names.len()).partition(|&j| sets[j].contains(name));
        if without.is_empty() {
            continue;
        }
        let folders = |of: Vec<usize>| of.into_iter().map(|j| subjects[j].folder.clone()).collect();
        let (with, without): (Vec<String>, Vec<String>) = (folders(with), folders(without));
        match lacking.iter_mut().find(|other| other.without == without) {
            Some(other) => other.names.push(name.clone()),
            None => lacking.push(Lacking { names: vec![name.clone()], with, without }),
        }
    }
    if !shared && !lacking.is_empty() {
        return Err(unlike(Unlike { lacking }));
    }
    let left_out: BTreeSet<&String> = lacking.iter().flat_map(|lacking| &lacking.names).collect();
    let is_left_out = |name: &String| left_out.contains(name);
    let all: Vec<String> = names[0].iter().filter(|name| !is_left_out(name)).cloned().collect();
    if all.is_empty() {
        return Err(Error::NothingShared { what });
    }
    if !lacking.is_empty() {
        warnings.push(Warning::LeftOut { what, unlike: Unlike { lacking } });
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
