//! The cells of a sweep become the tables of one: `scores.csv` and its neighbours, and `sweep.json` that says what they are of.
//!
//! What is written depends on the plan and on the tables of the cells alone: not on the engine, the shards, the machines or the
//! time. So the warnings of a run are not here but in its own `run.json`: one that was interrupted warns of its last layers alone.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::error::{Error, Result};
use super::grid::UNTRAINED;
use super::plan::{Plan, slug};
use super::state::{State, folder};
use super::tables::{self, Part, Written};
use super::{Cell, Grid};
use crate::rundir::{IMPORTANCE, RunDir, RunRecord};
use crate::{files, text};

/// The file that says what the tables are of.
pub const SWEEP: &str = "sweep.json";

/// What was collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// How many cells.
    pub cells: usize,
    /// The tables, and how many rows each has.
    pub tables: Vec<(&'static str, usize)>,
    /// The cells that were left out, and why: empty unless that was allowed.
    pub missing: Vec<String>,
    /// Cells that can be compared with each other.
    pub groups: Vec<Group>,
    /// What a reader of the tables has to know.
    pub warnings: Vec<String>,
}

/// Cells of different models over the same stimuli, with the same options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common, as the name of a folder.
    pub name: String,
    /// Their folders, in the order of the plan, as names in the folder of the sweep.
    pub folders: Vec<String>,
}

/// A cell that is there.
struct Done<'a> {
    cell: &'a Cell,
    record: RunRecord,
    has_importances: bool,
}

/// Collects the cells of `grid`, whose states are `states`, in the folder `out` of the sweep. `partial` leaves out what is not done.
///
/// # Errors
///
/// [`Error::Incomplete`] where cells are not done and that is not allowed, or where none is; [`Error::Damaged`] for a
/// file of a cell that is not what the program writes; [`Error::Files`].
pub fn collect(plan: &Plan, grid: &Grid, states: &[State], out: &Path, partial: bool) -> Result<Collected> {
    let (done, missing): (Vec<_>, Vec<_>) =
        grid.cells.iter().zip(states).partition(|(_, state)| matches!(state, State::Done));
    let missing_lines: Vec<String> = missing.iter().map(|(cell, state)| line(cell, state)).collect();
    if done.is_empty() || !(missing.is_empty() || partial) {
        let (plan, cells) = (plan.origin.clone(), grid.cells.len());
        return Err(Error::Incomplete { plan, cells, missing: missing_lines });
    }
    let done: Vec<Done<'_>> = done.into_iter().map(|(cell, _)| read(cell, out)).collect::<Result<_>>()?;
    let parts: Vec<Part<'_>> = done
        .iter()
        .map(|Done { cell, .. }| Part { folder: folder(out, cell), coordinates: cell.coordinates() })
        .collect();
    // It says what the tables are of: while they may be of two collections, it is not there.
    tables::require_own(out)?;
    files::write_or_remove(&out.join(SWEEP), None)?;
    let Written { axes: columns, tables: written } = tables::write(&parts, &grid.columns(), out)?;
    let (groups, warnings) = (groups(&done, out), warnings(&done));
    let value = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "name": plan.name,
        "axes": plan.axes().into_iter().map(|(name, values)| (name.to_owned(), json!(values))).collect::<Map<_, _>>(),
        "columns": columns,
        "tables": written.iter().map(|&(name, rows)| (name.to_owned(), json!(rows))).collect::<Map<_, _>>(),
        "cells": done.iter().map(|done| described(done, &columns, out)).collect::<Vec<_>>(),
        "missing": missing.iter().map(|(cell, state)| json!({
            "cell": cell.index + 1,
            "key": cell.key,
            "what": cell.label(),
            "state": state.name(),
        })).collect::<Vec<_>>(),
        "comparable": groups.iter().map(|group| json!({"name": group.name, "cells": group.folders})).collect::<Vec<_>>(),
        "warnings": warnings,
    });
    files::write(&out.join(SWEEP), format!("{value:#}\n").as_bytes())?;
    Ok(Collected { cells: done.len(), tables: written, missing: missing_lines, groups, warnings })
}

/// A cell and how far it is, in a line.
#[must_use]
pub fn line(cell: &Cell, state: &State) -> String {
    let detail = state.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{} {}  {}: {}{detail}", cell.index + 1, cell.short_key(), cell.label(), state.name())
}

/// Its folder, as a name in the folder of the sweep.
fn name(out: &Path, cell: &Cell) -> String {
    let folder = folder(out, cell);
    let inside = folder.strip_prefix(out).unwrap_or(&folder);
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn read<'a>(cell: &'a Cell, out: &Path) -> Result<Done<'a>> {
    let folder = folder(out, cell);
    let record = RunDir::at(&folder).read_record()?;
    let importances = files::read(&folder.join(IMPORTANCE))?;
    let header = importances.iter().position(|&byte| byte == b'\n');
    let has_importances = header.is_some_and(|end| end + 1 < importances.len());
    Ok(Done { cell, record, has_importances })
}

fn described(Done { cell, record, .. }: &Done<'_>, columns: &[String], out: &Path) -> Value {
    let mut all = Map::new();
    all.insert("cell".to_owned(), json!(cell.index + 1));
    all.insert("key".to_owned(), json!(cell.key));
    all.insert("folder".to_owned(), json!(name(out, cell)));
    let coordinates = columns.iter().cloned().zip(cell.coordinates().into_iter().map(Value::from));
    all.insert("axes".to_owned(), Value::Object(coordinates.collect()));
    // A folder is called as in the plan: where that lies from here is no part of what was found.
    let is_as_named = |id: &&String| cell.words.contains(&format!("--model={id}"));
    let id = record.model.as_ref().map(|model| &model.id);
    all.insert(
        "model_id".to_owned(),
        json!(if id.as_ref().is_some_and(is_as_named) { Some(&cell.model) } else { id }),
    );
    all.insert("commit".to_owned(), json!(record.model.as_ref().and_then(|model| model.commit.as_ref())));
    all.insert("stimuli".to_owned(), json!(record.stimuli.hash));
    all.insert("n_stimuli".to_owned(), json!(record.stimuli.n_stimuli));
    all.insert("layers".to_owned(), json!(record.layers));
    Value::Object(all)
}

/// The cells of two models or more that share their stimuli, their pooling and their options.
fn groups(done: &[Done<'_>], out: &Path) -> Vec<Group> {
    type Shared<'a> = (&'a str, &'a str, Vec<&'a (String, String)>);
    let mut groups: Vec<(Shared<'_>, Vec<&Cell>)> = Vec::new();
    for Done { cell, record, .. } in done.iter().filter(|done| done.has_importances) {
        let options = cell.options.iter().filter(|(name, _)| name != UNTRAINED);
        let shared: Shared<'_> = (&record.stimuli.hash, &cell.pooling, options.collect());
        match groups.iter_mut().find(|(other, _)| *other == shared) {
            Some((_, cells)) => cells.push(cell),
            None => groups.push((shared, vec![cell])),
        }
    }
    groups.retain(|(_, cells)| cells.len() > 1);
    let mut named: Vec<Group> = Vec::new();
    for ((_, pooling, options), cells) in groups {
        let grammar =
            Path::new(&cells[0].grammar).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut parts = vec![grammar.unwrap_or_default(), pooling.to_owned()];
        parts.extend(options.into_iter().map(|(name, value)| format!("{name}={value}")));
        let wanted = slug(&parts.join("-"));
        // Two files of one name in two folders are two grammars.
        let mut name_of_group = wanted.clone();
        let mut n = 1;
        while named.iter().any(|group| group.name == name_of_group) {
            n += 1;
            name_of_group = format!("{wanted}-{n}");
        }
        let folders = cells.into_iter().map(|cell| name(out, cell)).collect();
        named.push(Group { name: name_of_group, folders });
    }
    named
}

/// One model at several commits is several models, whatever the plan calls it; and numbers from several devices are the same to
/// rounding only.
fn warnings(done: &[Done<'_>]) -> Vec<String> {
    let mut commits: BTreeMap<(&str, Option<&str>), Vec<&str>> = BTreeMap::new();
    for Done { cell, record, .. } in done {
        let commit = record.model.as_ref().and_then(|model| model.commit.as_deref()).unwrap_or_default();
        let seen = commits.entry((cell.model.as_str(), cell.revision.as_deref())).or_default();
        if !seen.contains(&commit) {
            seen.push(commit);
        }
    }
    let mut devices: Vec<&str> =
        done.iter().filter_map(|done| done.record.model.as_ref()?.device.as_deref()).collect();
    devices.sort_unstable();
    devices.dedup();
    let several = commits.into_iter().filter(|(_, commits)| commits.len() > 1);
    several
        .map(|((model, revision), commits)| {
            let revision = revision.map(|revision| format!("@{revision}")).unwrap_or_default();
            format!(
                "{model}{revision} was run at {} commits ({}): name one under `revisions`, so that every machine runs the same",
                commits.len(),
                commits.join(", ")
            )
        })
        .chain((devices.len() > 1).then(|| {
            format!(
                "cells were run on {}: numbers from several devices are the same to rounding only; name one as `device` under [options]",
                text::join_and(&devices.iter().map(|&device| device.to_owned()).collect::<Vec<_>>())
            )
        }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::fixtures::Toy;

    const PLAN: &str = "
        grammars = ['short_sentence', 'svo_agreement']
        models = ['tiny-bert', 'minilm']
        [options]
        folds = [3, 4]
        untrained = [false, true]
    ";

    /// A sweep whose cells are all done: `commit` and `importances` say of each cell what its run says.
    fn collected(
        commit: impl Fn(&Cell) -> &'static str,
        importances: impl Fn(&Cell) -> &'static str,
    ) -> Collected {
        let out = tempfile::tempdir().unwrap();
        let plan = Plan::parse(PLAN, "plan.toml", Path::new(""), "plan", &Toy::new()).unwrap();
        let grid = Grid::of(&plan, &Toy::new()).unwrap();
        for cell in &grid.cells {
            let run = json!({
                "version": "1", "command": [], "key": "", "layers": [0], "options": {}, "seed": 0, "seconds": {},
                "warnings": [],
                "stimuli": {"name": cell.grammar, "hash": cell.grammar, "n_stimuli": 8, "features": [], "source": {}},
                "model": {"id": cell.model, "commit": commit(cell), "config": {}, "pooling": "mean"},
            });
            let put = |name: &str, text: &str| {
                files::write(&folder(out.path(), cell).join(name), text.as_bytes()).unwrap();
            };
            put(crate::rundir::RECORD, &run.to_string());
            put(IMPORTANCE, importances(cell));
            put("scores.csv", "layer,spearman\n0,0.5\n");
        }
        collect(&plan, &grid, &vec![State::Done; grid.cells.len()], out.path(), false).unwrap()
    }

    #[test]
    fn models_over_the_same_stimuli_are_offered_for_comparison() {
        let found = collected(|_| "c", |_| "layer,importance\n0,0.5\n");
        assert_eq!(found.tables[0], ("scores.csv", 16));
        let groups: Vec<(&str, usize)> =
            found.groups.iter().map(|group| (group.name.as_str(), group.folders.len())).collect();
        // Untrained, a model is another one: it is compared, and divides no group.
        let expected = [
            "short_sentence-mean-folds-3",
            "short_sentence-mean-folds-4",
            "svo_agreement-mean-folds-3",
            "svo_agreement-mean-folds-4",
        ];
        assert_eq!(groups, expected.map(|name| (name, 4)));
        assert!(found.groups[0].folders[0].starts_with("cells/short_sentence-tiny-bert-"));
        let without = collected(|_| "c", |_| "layer,importance\n");
        assert!(without.groups.is_empty() && without.warnings.is_empty());
    }

    #[test]
    fn a_folder_is_called_as_in_the_plan_wherever_it_lies() {
        let of = |id: &str| {
            let mut cell = crate::sweep::fixtures::cells(1).remove(0);
            cell.model = "./mine".to_owned();
            cell.words = vec!["run".to_owned(), "--model=/home/plans/./mine".to_owned()];
            let model = crate::rundir::ModelRecord { id: id.to_owned(), ..Default::default() };
            let record = RunRecord { model: Some(model), ..RunRecord::default() };
            let done = Done { cell: &cell, record, has_importances: true };
            described(&done, &["grammar".to_owned(), "layers".to_owned()], Path::new("out"))
        };
        let described = of("/home/plans/./mine");
        assert_eq!(described["model_id"], "./mine");
        assert_eq!(of("org/of-the-hub")["model_id"], "org/of-the-hub");
        // An option that is called like a fact of the run hides none.
        assert_eq!(described["axes"]["grammar"], "relative_clause");
        assert_eq!(described["layers"], json!([]));
    }

    #[test]
    fn groups_of_one_name_are_told_apart() {
        let out = tempfile::tempdir().unwrap();
        let mut all = crate::sweep::fixtures::cells(6);
        for (k, cell) in all.iter_mut().enumerate() {
            cell.grammar = format!("{}/g.csv", ["a", "b", "c"][k / 2]);
        }
        let done: Vec<Done<'_>> = all
            .iter()
            .map(|cell| {
                let mut record = RunRecord::default();
                record.stimuli.hash.clone_from(&cell.grammar);
                Done { cell, record, has_importances: true }
            })
            .collect();
        let names: Vec<String> = groups(&done, out.path()).into_iter().map(|group| group.name).collect();
        assert_eq!(names, ["g-mean", "g-mean-2", "g-mean-3"]);
    }

    #[test]
    fn one_model_at_two_commits_is_warned_of() {
        let moved =
            |cell: &Cell| if cell.grammar == "svo_agreement" && cell.model == "minilm" { "d" } else { "c" };
        let found = collected(moved, |_| "layer,importance\n");
        let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
        assert!(warning.starts_with("minilm was run at 2 commits (c, d)"), "{warning}");
    }

    #[test]
    fn what_is_not_done_is_named() {
        let out = tempfile::tempdir().unwrap();
        let plan = Plan::parse(PLAN, "plan.toml", Path::new(""), "plan", &Toy::new()).unwrap();
        let grid = Grid::of(&plan, &Toy::new()).unwrap();
        let states = vec![State::Waiting; grid.cells.len()];
        let error = collect(&plan, &grid, &states, out.path(), true).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("16 of 16 cells of plan.toml cannot be collected:\n  1 "), "{text}");
        assert!(
            text.contains("short_sentence × tiny-bert × mean × folds=3 × untrained=false: waiting"),
            "{text}"
        );
    }
}
