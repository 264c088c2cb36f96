//! How folders are called that the user gave no name.

use std::path::{Component, Path, PathBuf};

use mlem_probe::models::{Part, Site};
use mlem_probe::rundir::{ESTIMATORS, RECORD};
use mlem_probe::text;

use crate::args::{EraseArgs, ExtractCommand, FitArgs, ModelArgs, SurprisalArgs};
use crate::failure::{Failure, Result};

/// What `-o` is where a folder is to be found.
const AUTO: &str = "auto";
/// Names of folders that say nothing of the model in them, before a number or alone.
const COMMON: [&str; 10] =
    ["model", "checkpoint", "ckpt", "step", "epoch", "output", "out", "final", "best", "merged"];

/// The folder for a run of `source` with `model`.
pub fn default_for(
    source: &str,
    model: &str,
    revision: Option<&str>,
    args: &ModelArgs,
    site: Site,
) -> PathBuf {
    let untrained = args.untrained.map(|seed| format!("-untrained{seed}")).unwrap_or_default();
    let (name, part, site) = (name_of(Some(model), revision), of_part(args.part), of_site(site));
    Path::new("runs").join(format!("{}-{name}{untrained}{part}{site}", stem(source)))
}

/// What names say of a part of an encoder–decoder, where it is not the encoder.
pub fn of_part(part: Part) -> String {
    if part == Part::Encoder { String::new() } else { format!("-{part}") }
}

/// What names say of a site, where it is not the residual stream.
fn of_site(site: Site) -> String {
    if site == Site::Residual { String::new() } else { format!("-{site}") }
}

/// Refuses a folder that holds no run itself but several, of estimators, subjects or models; names them.
pub fn require_run(folder: &Path) -> Result<()> {
    if folder.join(RECORD).exists() {
        return Ok(());
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let runs = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut runs: Vec<String> = runs
        .filter(|path| path.join(RECORD).is_file())
        .map(|path| text::argument(&path.to_string_lossy()))
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    runs.sort_by(|a, b| text::naturally(a, b));
    let what = if folder.join(ESTIMATORS).exists() { "of several estimators, each" } else { "each" };
    Err(Failure::input(
        format!("{} is no run: it holds runs {what} in a folder of its own", folder.display()),
        format!("name one of them: {}", text::some(&runs, 10)),
    ))
}

/// The folder for a fit of features to activations.
pub fn for_fit(args: &FitArgs) -> PathBuf {
    match &args.out {
        Some(out) if out != Path::new(AUTO) => out.clone(),
        _ => Path::new("runs").join(format!(
            "{}-{}",
            stem(&args.stimuli.to_string_lossy()),
            stem(&args.activations.to_string_lossy())
        )),
    }
}

/// The file for activations.
pub fn for_activations(args: &ExtractCommand) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        let revision = args.model.revision.first().map(String::as_str);
        let untrained = args.model.untrained.map(|seed| format!("-untrained{seed}")).unwrap_or_default();
        let (stimuli, model) =
            (stem(&args.stimuli.to_string_lossy()), name_of(Some(&args.model.model), revision));
        let (part, site) = (of_part(args.model.part), of_site(args.extract.site()));
        PathBuf::from(format!("{stimuli}-{model}{untrained}{part}{site}.safetensors"))
    })
}

/// The folder for what sentences are given by a model.
pub fn for_surprisal(args: &SurprisalArgs, revision: Option<&str>) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        let untrained = args.model.untrained.map(|seed| format!("-untrained{seed}")).unwrap_or_default();
        let (stimuli, model) =
            (stem(&args.stimuli.to_string_lossy()), name_of(Some(&args.model.model), revision));
        Path::new("runs").join(format!("{stimuli}-{model}{untrained}-surprisal"))
    })
}

/// The folder for what is left of a feature that is erased at `layer`.
pub fn for_erasure(args: &EraseArgs, layer: usize, revision: Option<&str>) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        let untrained = args.model.untrained.map(|seed| format!("-untrained{seed}")).unwrap_or_default();
        let (stimuli, model) =
            (stem(&args.stimuli.to_string_lossy()), name_of(Some(&args.model.model), revision));
        let feature = args.feature.replace(['/', '\\'], "-");
        Path::new("runs").join(format!("{stimuli}-{model}{untrained}-erase-{feature}-{layer}"))
    })
}

/// Whether the folder is to be found: `-o auto`.
pub fn is_auto(out: Option<&Path>) -> bool {
    out == Some(Path::new(AUTO))
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
    let model = model.map(|model| folder_name(Path::new(model)).unwrap_or_else(|| model.to_owned()));
    let revision = revision.map(|revision| revision.replace('/', "-"));
    [model, revision].into_iter().flatten().collect::<Vec<_>>().join("@")
}

/// The name of a model's folder, or the last part of an id; with the folder around it where many are called so.
fn folder_name(model: &Path) -> Option<String> {
    // `.` and `..` have no name of their own.
    let absolute = if model.is_dir() { std::path::absolute(model).ok() } else { None };
    let path = absolute.as_deref().unwrap_or(model);
    let mut parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    let mut name = parts.pop()?;
    let mut outermost = name.clone();
    while is_common(&outermost)
        && absolute.is_some()
        && let Some(around) = parts.pop()
    {
        name = format!("{around}-{name}");
        outermost = around;
    }
    Some(name)
}

fn is_common(name: &str) -> bool {
    let name = name.to_lowercase();
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit() || "-_.".contains(c));
    // A commit, as the Hub's cache calls its snapshots, says no more than a number.
    let is_hash = name.len() >= 32 && name.chars().all(|c| c.is_ascii_hexdigit());
    word.is_empty() || is_hash || COMMON.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_many_models_are_in_get_the_name_of_the_folder_around() {
        let home = tempfile::tempdir().unwrap();
        let name = |path: &str| {
            std::fs::create_dir_all(home.path().join(path)).unwrap();
            folder_name(&home.path().join(path)).unwrap()
        };
        assert_eq!(name("a/model"), "a-model");
        assert_eq!(name("a/checkpoint-500"), "a-checkpoint-500");
        assert_eq!(name("b/out/step_20"), "b-out-step_20");
        assert_eq!(name("a/my-bert"), "my-bert");
        assert_eq!(folder_name(Path::new("google/bert-base")).unwrap(), "bert-base");
        assert_eq!(folder_name(Path::new("someone/model")).unwrap(), "model", "an id is no folder");
    }
}
