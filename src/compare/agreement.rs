//! Whether runs can be compared, and what differs between them beside their models.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::Party;
use super::{Error, Order, Result, Run, Warning};

/// Options that two runs may differ in with nothing to be said: they change the spread or what is measured beside.
const FREE: [&str; 5] = ["permutations", "null", "groups", "folds", "controls"];

/// What runs have in common.
pub(super) struct Agreement {
    /// Effects that all have an importance of, in the order of the first.
    pub effects: Vec<String>,
    /// Whether fold k is the same stimuli in every run, and there are several folds.
    pub paired: bool,
    pub warnings: Vec<Warning>,
}

/// Whether the scores of all runs, and so their importances, are of one kind.
pub(super) fn one_scale(runs: &[Run]) -> bool {
    runs.iter().all(|run| run.record.measure() == runs[0].record.measure())
}

/// Looks `runs` over, whose effects of `order` are to be compared.
pub(super) fn check(runs: &[Run], order: Order) -> Result<Agreement> {
    if runs.len() < 2 {
        return Err(Error::TooFew { runs: runs.len() });
    }
    let effects: Vec<Vec<String>> = runs.iter().map(|run| effects(run, order)).collect();
    if let Some(i) = effects.iter().position(Vec::is_empty) {
        return Err(Error::NoImportance { folder: runs[i].folder.clone(), order });
    }
    let shared = shared(runs, order, &effects)?;
    let mut warnings = Vec::new();
    let same_stimuli = groups(runs, |run| run.record.stimuli.hash.clone());
    if same_stimuli.len() > 1 {
        let groups = same_stimuli.into_iter().map(|(_, folders)| folders).collect();
        warnings.push(Warning::Stimuli { groups });
    }
    for (run, effects) in runs.iter().zip(&effects) {
        let only: Vec<String> = effects.iter().filter(|name| !shared.contains(name)).cloned().collect();
        if !only.is_empty() {
            warnings.push(Warning::Effects { folder: run.folder.clone(), order, only });
        }
    }
    warnings.extend(differing_options(runs, order));
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
    if !one_scale(runs) {
        warnings.push(Warning::Scales);
    }
    let paired = why.is_none() && folds[0] > 1 && one_scale(runs);
    Ok(Agreement { effects: shared, paired, warnings })
}

/// The effects of a run that have importances, in the order of its table.
fn effects(run: &Run, order: Order) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let rows = run.profile.importances.iter().filter(|row| row.order == order);
    rows.filter(|row| seen.insert(&row.feature)).map(|row| row.feature.clone()).collect()
}

/// The effects of all runs; an error where two runs share less than half of those of either.
fn shared(runs: &[Run], order: Order, effects: &[Vec<String>]) -> Result<Vec<String>> {
    let party = |i: usize| {
        let folder = runs[i].folder.clone();
        Box::new(Party { folder, effects: effects[i].len(), stimuli: runs[i].record.stimuli.name.clone() })
    };
    let mut all = effects[0].clone();
    for j in 1..runs.len() {
        let both = |name: &&String| effects[j].contains(name);
        let shared: Vec<String> = effects[0].iter().filter(both).cloned().collect();
        all.retain(|name| effects[j].contains(name));
        if 2 * shared.len() < effects[0].len().min(effects[j].len()) || all.is_empty() {
            return Err(Error::Effects { order, a: party(0), b: party(j), shared });
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

/// The options of the fit that differ between `runs`, of those that matter to effects of `order`.
#[must_use]
pub fn differing_options(runs: &[Run], order: Order) -> Vec<Warning> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    names.extend(runs.iter().flat_map(|run| run.record.options.keys()).map(String::as_str));
    let matters = |name: &str| !FREE.contains(&name) || (order == Order::Group && name == "groups");
    names.retain(|name| matters(name));
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
            // A run says nothing of it where its scores are those of all runs once.
            None if name == "scoring" => "spearman".to_owned(),
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
    warnings.extend(differing("part", &|run: &Run| run.record.part.unwrap_or_default().to_string()));
    warnings.extend(differing("site", &|run: &Run| run.record.site.unwrap_or_default().to_string()));
    warnings.extend(differing("transforms", &|run: &Run| {
        serde_json::to_string(&run.record.transforms).unwrap_or_default()
    }));
    warnings.extend(differing("version", &|run: &Run| run.record.version.clone()));
    warnings
}
