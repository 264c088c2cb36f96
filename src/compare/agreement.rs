//! Whether runs can be compared, and what differs between them beside their models.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::Party;
use super::{Error, Result, Run, Warning};
use crate::profile::Order;

/// Options that two runs may differ in with nothing to be said: they change the spread or what is measured beside.
const FREE: [&str; 4] = ["permutations", "null", "groups", "folds"];

/// What runs have in common.
pub(super) struct Agreement {
    /// Features that all have an importance of, in the order of the first.
    pub features: Vec<String>,
    /// Whether fold k is the same stimuli in every run, and there are several folds.
    pub paired: bool,
    pub warnings: Vec<Warning>,
}

/// Looks `runs` over.
pub(super) fn check(runs: &[Run]) -> Result<Agreement> {
    if runs.len() < 2 {
        return Err(Error::TooFew { runs: runs.len() });
    }
    let features: Vec<Vec<String>> = runs.iter().map(features).collect();
    if let Some(i) = features.iter().position(Vec::is_empty) {
        return Err(Error::NoImportance { folder: runs[i].folder.clone() });
    }
    let shared = shared(runs, &features)?;
    let mut warnings = Vec::new();
    let same_stimuli = groups(runs, |run| run.record.stimuli.hash.clone());
    if same_stimuli.len() > 1 {
        let groups = same_stimuli.into_iter().map(|(_, folders)| folders).collect();
        warnings.push(Warning::Stimuli { groups });
    }
    for (run, features) in runs.iter().zip(&features) {
        let only: Vec<String> = features.iter().filter(|name| !shared.contains(name)).cloned().collect();
        if !only.is_empty() {
            warnings.push(Warning::Features { folder: run.folder.clone(), only });
        }
    }
    warnings.extend(options(runs));
    let folds: Vec<usize> = runs.iter().map(n_folds).collect();
    let why = if warnings.iter().any(|warning| matches!(warning, Warning::Stimuli { .. })) {
        Some("other stimuli")
    } else if folds.iter().any(|&n| n != folds[0]) {
        Some("other numbers of folds")
    } else if runs.iter().any(|run| run.record.seed != runs[0].record.seed) {
        Some("other seeds")
    } else {
        None
    };
    if folds.iter().any(|&n| n < 2) {
        warnings.push(Warning::OneFold);
    } else if let Some(why) = why {
        warnings.push(Warning::Unpaired { why });
    }
    let paired = why.is_none() && folds[0] > 1;
    Ok(Agreement { features: shared, paired, warnings })
}

/// The features of a run that have importances, in the order of its table.
fn features(run: &Run) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let main = run.profile.importances.iter().filter(|row| row.order == Order::Main);
    main.filter(|row| seen.insert(&row.feature)).map(|row| row.feature.clone()).collect()
}

/// The features of all runs; an error where two runs share less than half of the features of either.
fn shared(runs: &[Run], features: &[Vec<String>]) -> Result<Vec<String>> {
    let party = |i: usize| {
        let folder = runs[i].folder.clone();
        Box::new(Party { folder, features: features[i].len(), stimuli: runs[i].record.stimuli.name.clone() })
    };
    let mut all = features[0].clone();
    for j in 1..runs.len() {
        let both = |name: &&String| features[j].contains(name);
        let shared: Vec<String> = features[0].iter().filter(both).cloned().collect();
        all.retain(|name| features[j].contains(name));
        if 2 * shared.len() < features[0].len().min(features[j].len()) || all.is_empty() {
            return Err(Error::Features { a: party(0), b: party(j), shared });
        }
    }
    Ok(all)
}

fn n_folds(run: &Run) -> usize {
    run.profile.importances.iter().map(|row| row.fold).collect::<BTreeSet<_>>().len()
}

/// The folders of the runs by what `of` says of them, in the order of their first.
fn groups<T: PartialEq>(runs: &[Run], of: impl Fn(&Run) -> T) -> Vec<(T, Vec<String>)> {
    let mut groups: Vec<(T, Vec<String>)> = Vec::new();
    for run in runs {
        let value = of(run);
        match groups.iter_mut().find(|(other, _)| *other == value) {
            Some((_, folders)) => folders.push(run.folder.clone()),
            None => groups.push((value, vec![run.folder.clone()])),
        }
    }
    groups
}

/// The options that differ.
fn options(runs: &[Run]) -> Vec<Warning> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    names.extend(runs.iter().flat_map(|run| run.record.options.keys()).map(String::as_str));
    names.retain(|name| !FREE.contains(name));
    // What other estimators have no use for tells nothing beside the estimator itself.
    let one_estimator = groups(runs, |run| run.record.options.get("estimator").cloned()).len() == 1;
    names.retain(|&name| one_estimator || runs.iter().all(|run| run.record.options.contains_key(name)));
    let differing = |name: &str, of: &dyn Fn(&Run) -> String| {
        let values = groups(runs, of);
        (values.len() > 1).then(|| Warning::Option { name: name.to_owned(), values })
    };
    let mut warnings: Vec<Warning> = Vec::new();
    for name in names {
        let value = |run: &Run| match run.record.options.get(name) {
            None | Some(Value::Null) => "not set".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        warnings.extend(differing(name, &value));
    }
    if runs.iter().all(|run| run.record.model.is_some()) {
        let pooling =
            |run: &Run| run.record.model.as_ref().map(|model| model.pooling.clone()).unwrap_or_default();
        warnings.extend(differing("pooling", &pooling));
    }
    warnings.extend(differing("transforms", &|run: &Run| {
        serde_json::to_string(&run.record.transforms).unwrap_or_default()
    }));
    warnings.extend(differing("version", &|run: &Run| run.record.version.clone()));
    warnings
}
