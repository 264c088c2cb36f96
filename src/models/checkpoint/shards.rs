//! Which of several files has a tensor. Where more than one holds a tensor of a name, the index says whose it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files;
use crate::models::error::{Error, Result};
use crate::text;

/// How the name of an index ends.
const INDEX: &str = ".index.json";

/// The files of the tensors that several files hold, by their places in the list of files.
#[derive(Debug, Default)]
pub(super) struct Shards(BTreeMap<String, usize>);

impl Shards {
    /// Asks the index beside `paths` about the tensors that more than one of them has; `names` are those of each.
    pub(super) fn of(paths: &[PathBuf], names: &[Vec<String>]) -> Result<Self> {
        let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (file, names) in names.iter().enumerate() {
            for name in names {
                holders.entry(name).or_default().push(file);
            }
        }
        holders.retain(|_, files| files.len() > 1);
        if holders.is_empty() {
            return Ok(Self::default());
        }
        let (index, map) = index(paths)?;
        let home = |(name, files): (&str, Vec<usize>)| {
            let said = map.get(name).and_then(serde_json::Value::as_str);
            let is_named = |&file: &usize| paths[file].file_name().and_then(|name| name.to_str()) == said;
            files.iter().copied().find(is_named).map(|file| (name.to_owned(), file)).ok_or_else(|| {
                let shown: Vec<String> =
                    files.iter().map(|&file| paths[file].display().to_string()).collect();
                Error::WeightsFile {
                    file: index.display().to_string(),
                    format: "index of weights",
                    message: format!(
                        "tensor `{name}` is in {}, and it names none of them for it",
                        text::join_and(&shown)
                    ),
                }
            })
        };
        holders.into_iter().map(home).collect::<Result<_>>().map(Self)
    }

    /// The file of tensor `name`, where several have one.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// The index of weights beside `paths`, and its map from tensors to files.
fn index(paths: &[PathBuf]) -> Result<(PathBuf, serde_json::Map<String, serde_json::Value>)> {
    let folder = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new(""));
    let ending = paths.first().and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    let kind = format!(".{}{INDEX}", ending.unwrap_or_default());
    let named = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut named: Vec<PathBuf> = named.filter(|path| path.to_string_lossy().ends_with(&kind)).collect();
    named.sort();
    let path = named.into_iter().next().unwrap_or_else(|| folder.join(format!("model{kind}")));
    let wrong = |message: String| Error::WeightsFile {
        file: path.display().to_string(),
        format: "index of weights",
        message,
    };
    let mut value: serde_json::Value =
        serde_json::from_slice(&files::read(&path)?).map_err(|error| wrong(error.to_string()))?;
    match value.get_mut("weight_map").map(serde_json::Value::take) {
        Some(serde_json::Value::Object(map)) => Ok((path, map)),
        _ => Err(wrong("no `weight_map` that says where each tensor is".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_says_whose_a_tensor_is() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.safetensors", "b.safetensors"].map(|name| folder.path().join(name));
        let names = [vec!["x".to_owned(), "y".to_owned()], vec!["y".to_owned(), "z".to_owned()]];
        let write =
            |text: &str| std::fs::write(folder.path().join("model.safetensors.index.json"), text).unwrap();
        write(r#"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}"#);
        let shards = Shards::of(&paths, &names).unwrap();
        assert_eq!((shards.get("y"), shards.get("x")), (Some(1), None));
        for other in [r#"{"weight_map": {"y": "c.safetensors"}}"#, r#"{"weight_map": {}}"#, "{}", "["] {
            write(other);
            let error = Shards::of(&paths, &names).unwrap_err().to_string();
            assert!(error.contains("model.safetensors.index.json"), "{error}");
        }
        std::fs::remove_file(folder.path().join("model.safetensors.index.json")).unwrap();
        assert!(Shards::of(&paths, &names).is_err());
        assert!(Shards::of(&paths, &[vec!["x".to_owned()], vec!["z".to_owned()]]).is_ok());
    }
}
