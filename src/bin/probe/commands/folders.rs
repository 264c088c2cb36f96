//! How folders are called that the user gave no name.

use std::path::{Path, PathBuf};

/// The folder for a run of `source` with `model`.
pub fn default_for(source: &str, model: &str, revision: Option<&str>, untrained: Option<u64>) -> PathBuf {
    let untrained = untrained.map(|seed| format!("-untrained{seed}")).unwrap_or_default();
    Path::new("runs").join(format!("{}-{}{untrained}", stem(source), name_of(Some(model), revision)))
}

/// The folder for the comparison of runs of `source`.
pub fn comparison_of(source: &str) -> PathBuf {
    Path::new("runs").join(format!("{}-comparison", stem(source)))
}

fn stem(source: &str) -> String {
    Path::new(source).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A model and its revision as the name of a folder: `model@revision`, or either alone.
pub fn name_of(model: Option<&str>, revision: Option<&str>) -> String {
    let model = model.map(|model| {
        Path::new(model)
            .file_name()
            .map_or_else(|| model.to_owned(), |name| name.to_string_lossy().into_owned())
    });
    let revision = revision.map(|revision| revision.replace('/', "-"));
    [model, revision].into_iter().flatten().collect::<Vec<_>>().join("@")
}
