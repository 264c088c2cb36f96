//! Folders, which are told by the names in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::names::{Group, Kind};

/// How many entries are looked at.
const ENTRIES: usize = 20_000;

/// What is in a folder: names of files and of folders.
struct Contents {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Contents {
    fn read(folder: &Path) -> io::Result<Self> {
        let (mut files, mut folders) = (BTreeSet::new(), BTreeSet::new());
        for entry in fs::read_dir(folder)?.take(ENTRIES) {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // The Hub's cache is links: what they lead to counts.
            if entry.path().is_dir() {
                folders.insert(name)
            } else {
                files.insert(name)
            };
        }
        Ok(Self { files, folders })
    }

    fn file(&self, name: &str) -> Option<String> {
        self.files.contains(name).then(|| name.to_owned())
    }

    fn folder(&self, name: &str) -> Option<String> {
        self.folders.contains(name).then(|| format!("{name}/"))
    }

    fn ending(&self, ending: &str) -> Option<String> {
        self.files.iter().find(|name| name.ends_with(ending)).cloned()
    }

    fn beginning(&self, with: &str) -> Option<String> {
        self.files.iter().find(|name| name.starts_with(with)).cloned()
    }

    /// Weights that go with a `config.json`, of any framework.
    fn weights(&self) -> Option<String> {
        let is_weights = |name: &&String| {
            let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
            let own = ends(&[".safetensors", ".safetensors.index.json", ".bin.index.json"])
                || name.starts_with("pytorch_model") && ends(&[".bin"])
                || ["tf_model.h5", "flax_model.msgpack"].contains(&name.as_str())
                || name.ends_with(".ckpt.index");
            own && !name.starts_with("adapter_model") && !name.starts_with("consolidated")
        };
        self.files.iter().find(is_weights).cloned()
    }
}

/// All that `folder` is, what counts most first, each with what tells it.
pub(super) fn kinds(folder: &Path) -> io::Result<Vec<(Kind, String)>> {
    let contents = Contents::read(folder)?;
    if contents.files.is_empty() && contents.folders.is_empty() {
        return Ok(vec![(Kind::EmptyFolder, "nothing is in it".to_owned())]);
    }
    let mut kinds: Vec<(Kind, String)> = Vec::new();
    let mut add = |kind: Kind, seen: Option<String>| kinds.extend(seen.map(|seen| (kind, seen)));
    let file = |name: &str| contents.file(name);
    let both = |a: Option<String>, b: Option<String>| Some(format!("{} and {}", a?, b?));
    // What this program wrote.
    add(Kind::RunDirectory, file("run.json"));
    add(Kind::SweepDirectory, file("sweep.json").or_else(|| cells(folder, &contents)));
    add(Kind::Comparison, file("comparison.csv"));
    // Models. An adapter's folder may have the configuration of its base beside it, and a merged model its adapter's.
    let weights = contents.weights();
    let adapter = file("adapter_config.json");
    let is_merged = adapter.is_some() && weights.is_some() && contents.beginning("adapter_model").is_none();
    if !is_merged {
        add(Kind::Adapter, adapter.clone());
    }
    add(Kind::SentenceTransformers, file("modules.json"));
    add(Kind::Diffusers, file("model_index.json"));
    add(Kind::Checkpoint, file("config.json"));
    if is_merged {
        add(Kind::Adapter, adapter);
    }
    add(Kind::Consolidated, both(file("params.json"), contents.beginning("consolidated")));
    if contents.file("config.json").is_none() && contents.file("params.json").is_none() {
        add(Kind::Consolidated, contents.beginning("consolidated."));
    }
    add(
        Kind::HubEntry,
        both(contents.folder("snapshots"), contents.folder("blobs").or(contents.folder("refs"))),
    );
    add(Kind::SavedModelFolder, file("saved_model.pb"));
    add(
        Kind::TensorFlowCheckpoint,
        contents.ending(".ckpt.index").or(both(file("checkpoint"), contents.ending(".index"))),
    );
    add(Kind::Sharded, contents.ending(".distcp").or(file("zero_to_fp32.py")));
    let is_model = kinds.iter().any(|(kind, _)| kind.group() == Group::Model);
    if !is_model {
        let mut add = |kind: Kind, seen: Option<String>| kinds.extend(seen.map(|seen| (kind, seen)));
        add(Kind::WeightsAlone, weights);
        add(Kind::ForeignWeights, contents.ending(".gguf").or_else(|| contents.ending(".onnx")));
        add(Kind::Checkpoints, inner(folder, &contents));
    }
    let mut add = |kind: Kind, seen: Option<String>| kinds.extend(seen.map(|seen| (kind, seen)));
    if !is_model {
        let tokenizer =
            ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.txt", "vocab.json"];
        add(Kind::TokenizerAlone, tokenizer.into_iter().find_map(file));
    }
    add(Kind::Zarr, [".zarray", ".zgroup", ".zattrs", "zarr.json"].into_iter().find_map(file));
    add(
        Kind::Dataset,
        file("dataset_dict.json").or(both(file("dataset_info.json"), contents.ending(".arrow"))),
    );
    if kinds.is_empty() {
        kinds.push((Kind::Folder, listing(&contents)));
    }
    Ok(kinds)
}

/// The first folder inside that holds a checkpoint: `checkpoint-500`, as a trainer leaves them.
fn inner(folder: &Path, contents: &Contents) -> Option<String> {
    let has_config = |name: &&String| {
        ["config.json", "adapter_config.json"].iter().any(|file| folder.join(name).join(file).is_file())
    };
    contents.folders.iter().take(100).find(has_config).map(|name| format!("{name}/"))
}

/// The cells of a sweep that was not collected yet.
fn cells(folder: &Path, contents: &Contents) -> Option<String> {
    let cells = contents.folder("cells")?;
    let mut inside = fs::read_dir(folder.join("cells")).ok()?.flatten().take(100);
    let is_cell = |path: &Path| ["cell.json", "run.json"].iter().any(|name| path.join(name).is_file());
    inside.any(|entry| is_cell(&entry.path())).then_some(cells)
}

/// How many files of which endings there are: `3 .npy, 1 .csv, 2 folders`.
fn listing(contents: &Contents) -> String {
    let mut endings: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &contents.files {
        let ending = name.rfind('.').filter(|&at| at > 0).map_or("without ending", |at| &name[at..]);
        *endings.entry(ending).or_default() += 1;
    }
    let mut endings: Vec<(&str, usize)> = endings.into_iter().collect();
    endings.sort_by_key(|&(ending, count)| (std::cmp::Reverse(count), ending));
    let mut parts: Vec<String> =
        endings.into_iter().take(3).map(|(ending, count)| format!("{count} {ending}")).collect();
    if !contents.folders.is_empty() {
        let count = contents.folders.len();
        parts.push(format!("{count} folder{}", if count == 1 { "" } else { "s" }));
    }
    parts.join(", ")
}
