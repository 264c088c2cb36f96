//! What subjects are called.

use std::path::Path;

use crate::compare::{self, Run};

/// Gives each of `runs` a label of its own: `wanted`, or the models' names where they differ, or the shortest end of the folders that
/// tells them apart (`sub-01`, or `sub-01/early` beside `sub-02/early`).
pub fn label(runs: &mut [Run], wanted: &[String]) {
    compare::label(runs, wanted);
    if !wanted.is_empty() {
        return;
    }
    let folders: Vec<Vec<String>> = runs.iter().map(|run| parts(&run.folder)).collect();
    let by_folder = |run: &Run| {
        Path::new(&run.folder).file_name().is_some_and(|name| name.to_string_lossy() == *run.label)
    };
    let numbered = |run: &Run| {
        run.label.rsplit_once('#').is_some_and(|(name, _)| runs.iter().any(|other| other.label == name))
    };
    if !runs.iter().any(numbered) && !runs.iter().any(by_folder) {
        return;
    }
    let longest = folders.iter().map(Vec::len).max().unwrap_or(0);
    let ends = |n: usize| -> Vec<String> {
        folders.iter().map(|parts| parts[parts.len().saturating_sub(n)..].join("/")).collect()
    };
    let distinct = |ends: &[String]| (0..ends.len()).all(|i| !ends[..i].contains(&ends[i]));
    if let Some(ends) = (1..=longest).map(ends).find(|ends| distinct(ends)) {
        runs.iter_mut().zip(ends).for_each(|(run, end)| run.label = end);
    }
}

fn parts(folder: &str) -> Vec<String> {
    let parts = Path::new(folder).components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.filter(|part| part != "." && part != "/").collect()
}
