//! PEFT adapters: `LoRA` and what stands beside it, merged into the base's weights as these are read.
//!
//! A linear layer `W` becomes `W + s·BA` with `s = α/r` (Hu et al. 2021), or `α/√r` (rsLoRA, Kalajdzievski 2023); with `DoRA` (Liu et al.
//! 2024) each output then gets the length that was learned for it. Tables of tokens go the same way. Tensors that were trained whole
//! take the place of the base's. The hidden states are those of the model with the adapter beside it; nothing else is computed.
//!
//! | room | what it is |
//! | --- | --- |
//! | `names` | what an adapter's tensors are called |
//! | `merging` | what there is for one tensor of the base, put into it |
//! | `merged` | what is changed, for records |
//! | `heads` | what stands on a model |
//! | `pattern` | regular expressions on the names of modules |
//! | `merge` | the arithmetic |
//! | `source` | the files |
//! | `config` | `adapter_config.json` |
//!
//! Modules are found by the names that the family gives to its weights, and not by those in the base's file. So of a table that is tied
//! to the head, only what was learned for the table counts, as in the model whose adapter is not merged.

mod config;
mod heads;
mod merge;
mod merged;
mod merging;
pub(super) mod names;
mod pattern;
mod source;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::hub;
use crate::models::declarations::names::Declaration;
use crate::models::error::{Error, Result};
use config::AdapterConfig;
use heads::is_head;
pub use merged::Merged;
use names::Part;
use source::Source;

/// What an adapter has for a module, by the names of its tensors.
#[derive(Debug, Default)]
struct Module {
    a: Option<String>,
    b: Option<String>,
    bias: Option<String>,
    magnitude: Option<String>,
    rows: Option<String>,
    is_table: bool,
}

/// An adapter, open.
pub(in crate::models) struct Adapter {
    /// Where its weights are, in words.
    file: String,
    config: AdapterConfig,
    source: Source,
    /// By their paths, without what peft puts before.
    modules: BTreeMap<String, Module>,
    /// Tensors in the place of the base's, by the names of those.
    whole: BTreeMap<String, String>,
    /// What the family's names may stand behind.
    heads: Vec<String>,
    /// The paths of modules, and the names of whole tensors, that were used.
    used: RefCell<BTreeSet<String>>,
}

impl Adapter {
    /// Opens the adapter that `found` says, on a base whose weights are `base`.
    pub(in crate::models) fn open(found: &hub::Adapter, base: &hub::Weights) -> Result<Self> {
        let config = AdapterConfig::parse(&found.config_path, &found.config)?;
        let (weights, shared) = match &found.weights {
            hub::Weights::Absent => (base, true),
            own => (own, false),
        };
        let file = match weights {
            hub::Weights::Safetensors(paths) | hub::Weights::Pytorch(paths) => paths.first(),
            hub::Weights::Embedded(_) | hub::Weights::Absent => None,
        };
        let file = file.unwrap_or(&found.config_path).display().to_string();
        let source = Source::open(weights)?;
        let mut adapter = Self {
            file,
            config,
            source,
            modules: BTreeMap::new(),
            whole: BTreeMap::new(),
            heads: vec![String::new()],
            used: RefCell::default(),
        };
        adapter.sort(shared)?;
        adapter.check()?;
        Ok(adapter)
    }

    /// What the adapter of `checkpoint` changes, if it has one.
    ///
    /// # Errors
    ///
    /// [`Error::Adapter`] and others, for files that are not an adapter's that can be merged.
    pub(in crate::models) fn merged(checkpoint: &hub::Checkpoint) -> Result<Option<Merged>> {
        let Some(found) = &checkpoint.adapter else { return Ok(None) };
        let adapter = Self::open(found, &checkpoint.weights)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(found.config.as_bytes());
        if let hub::Weights::Safetensors(paths) | hub::Weights::Pytorch(paths) = &found.weights {
            for path in paths {
                hasher.update(hub::content(path)?.as_bytes());
            }
        }
        let mut ranks = BTreeSet::new();
        let mut modules = BTreeMap::new();
        for (path, module) in &adapter.modules {
            if module.a.is_some() {
                ranks.insert(adapter.config.scale(path)?.0);
            }
            let name = path.rsplit('.').next().unwrap_or_default();
            *modules.entry(name.to_owned()).or_insert(0) += 1;
        }
        let method = match (adapter.config.dora, adapter.config.by_root) {
            (false, false) => "LoRA",
            (false, true) => "LoRA (rsLoRA)",
            (true, false) => "LoRA (DoRA)",
            (true, true) => "LoRA (DoRA, rsLoRA)",
        };
        Ok(Some(Merged {
            method: method.to_owned(),
            ranks: ranks.into_iter().collect(),
            modules,
            whole: adapter.whole.keys().cloned().collect(),
            hash: hasher.finalize().to_hex().to_string(),
        }))
    }

    /// The adapter, whose names are the family's: of a table that was resized for tokens of the adapter's own, and trained whole, the
    /// declaration gets the rows.
    pub(in crate::models) fn onto(mut self, declaration: &mut Declaration) -> Self {
        self.set_heads(declaration.names.prefixes);
        let tables = [Some(declaration.names.tokens), declaration.names.other_tokens];
        if let Some(rows) = tables.into_iter().flatten().find_map(|table| self.rows_of(table)) {
            declaration.spec.vocab_size = rows;
        }
        self
    }

    /// The adapter, for a decoder beside an encoder: of what both read, the table of tokens, it is the encoder's change that has the
    /// table's name, so that one of them is refused.
    pub(in crate::models) fn for_decoder(self) -> Result<Self> {
        let is_table =
            |path: &&String| path.split('.').any(|part| part == "embed_tokens" || part == "shared");
        match self.modules.keys().chain(self.whole.keys()).find(is_table) {
            None => Ok(self),
            Some(path) => Err(self.wrong(
                format!("it changes `{path}`, a table of tokens, which is not read for a decoder beside an encoder"),
                "merge the adapter with peft (`merge_and_unload`, then save_pretrained) and name the folder of the result, or leave \
                 --part out",
            )),
        }
    }

    /// Says what the family's names may stand behind in the names of modules.
    pub(in crate::models) fn set_heads(&mut self, heads: &[&str]) {
        self.heads = heads.iter().map(|head| (*head).to_owned()).chain([String::new()]).collect();
        self.heads.sort_by_key(|head| std::cmp::Reverse(head.len()));
        self.heads.dedup();
    }

    fn wrong(&self, message: String, remedy: &str) -> Error {
        Error::Adapter { file: self.file.clone(), message, remedy: remedy.to_owned() }
    }

    /// The error of a file whose parts do not go together.
    fn broken(&self, message: String) -> Error {
        self.wrong(
            message,
            "fetch the adapter again: its weights and adapter_config.json must belong together",
        )
    }

    /// Sorts the tensors by what they are; of a file that is `shared` with the base, those of the adapter.
    fn sort(&mut self, shared: bool) -> Result<()> {
        let mut adapters = BTreeSet::new();
        for name in self.source.names() {
            if shared && !names::is_of_adapter(&name) {
                continue;
            }
            let Some((path, part, adapter)) = names::parse(&name) else {
                let message =
                    format!("tensor `{name}` is not one of LoRA's, and it may change the hidden states");
                return Err(self.wrong(
                    message,
                    "merge the adapter with peft (`merge_and_unload`, then save_pretrained) and name the folder of the result",
                ));
            };
            adapters.extend(adapter);
            if let Some(other) = adapters.iter().nth(1) {
                let message = format!(
                    "it has more than one adapter (`{other}` beside `{}`)",
                    adapters.first().map_or("", |first| first)
                );
                return Err(self.wrong(
                    message,
                    "save the one that is meant with peft's save_pretrained, and name its folder",
                ));
            }
            let taken = match part {
                Part::Original => continue,
                // Of biases that are saved twice, the name without the wrapper's is the one that peft reads.
                Part::Whole if self.whole.contains_key(&path) && name.contains(".modules_to_save.") => None,
                Part::Whole => {
                    let taken = self.whole.insert(path.clone(), name.clone());
                    taken.filter(|taken| !taken.contains(".modules_to_save."))
                }
                part => {
                    let module = self.modules.entry(path.clone()).or_default();
                    module.is_table |= matches!(part, Part::TableA | Part::TableB);
                    let place = match part {
                        Part::A | Part::TableA => &mut module.a,
                        Part::B | Part::TableB => &mut module.b,
                        Part::BiasOfB => &mut module.bias,
                        Part::Magnitude => &mut module.magnitude,
                        Part::Rows | Part::Whole | Part::Original => &mut module.rows,
                    };
                    place.replace(name.clone())
                }
            };
            if let Some(taken) = taken {
                return Err(self.broken(format!("tensors `{taken}` and `{name}` are for one place")));
            }
        }
        if self.modules.is_empty() && self.whole.is_empty() {
            return Err(self.broken("it holds no tensors of an adapter".to_owned()));
        }
        Ok(())
    }

    /// Whether what is in the file goes with the configuration.
    fn check(&self) -> Result<()> {
        for (path, module) in &self.modules {
            let shown = |part: &str| format!("module `{path}` has no {part}, so the file is not whole");
            match (&module.a, &module.b) {
                (Some(_), Some(_)) => {}
                (None, None)
                    if module.rows.is_some() && module.magnitude.is_none() && module.bias.is_none() =>
                {
                    continue;
                }
                (None, _) => return Err(self.broken(shown("lora_A"))),
                (_, None) => return Err(self.broken(shown("lora_B"))),
            }
            if self.config.dora != module.magnitude.is_some() {
                return Err(self.broken(format!(
                    "module `{path}` has {} magnitudes (lora_magnitude_vector), and `use_dora` of adapter_config.json is {}",
                    if module.magnitude.is_some() { "its" } else { "no" },
                    self.config.dora
                )));
            }
            if !is_head(path) && !self.config.targets(path)? {
                return Err(self.broken(format!(
                    "it changes module `{path}`, which adapter_config.json does not choose (target_modules, exclude_modules, \
                     layers_to_transform): peft would leave it out without a word"
                )));
            }
        }
        Ok(())
    }

    /// The key of `map` that the family's `name` is in this adapter.
    fn key<'a, T>(&self, map: &'a BTreeMap<String, T>, name: &str) -> Option<(&'a String, &'a T)> {
        // The table that encoders and decoders share is no module that anything runs through.
        let own = name.strip_prefix("shared").filter(|rest| rest.is_empty() || rest.starts_with('.'));
        let own = own.map(|rest| format!("encoder.embed_tokens{rest}"));
        let name = own.as_deref().unwrap_or(name);
        self.heads.iter().find_map(|head| map.get_key_value(&format!("{head}{name}")))
    }

    /// Whether single rows of the family's `table` are replaced.
    pub(in crate::models) fn changes_rows(&self, table: &str) -> bool {
        self.key(&self.modules, table).is_some_and(|(_, module)| module.rows.is_some())
    }

    /// How many rows the table that takes the place of the family's `table` has, if one does.
    fn rows_of(&self, table: &str) -> Option<usize> {
        let (_, name) = self.key(&self.whole, &format!("{table}.weight"))?;
        self.source.shape(name).first().copied()
    }

    /// Complains of what was not used: once all of the base has been read. `unread` says whether the base has a tensor of that name
    /// which nothing here reads, as of a decoder beside the encoder.
    pub(in crate::models) fn finish(&self, unread: impl Fn(&str) -> bool) -> Result<()> {
        let used = self.used.borrow();
        let left = |path: &str| !used.contains(path) && !is_head(path);
        let is_beside = |name: &str| {
            let inner = self.heads.iter().filter_map(|head| name.strip_prefix(head.as_str()));
            let outer = self.heads.iter().map(|head| format!("{head}{name}"));
            inner.map(str::to_owned).chain(outer).any(|name| unread(&name))
        };
        let shared = |path: &str| path == "shared" || path.starts_with("shared.");
        for (path, module) in &self.modules {
            let bias = module.bias.as_ref().filter(|_| !is_head(path));
            if left(path) && !shared(path) && !is_beside(&format!("{path}.weight")) {
                return Err(self.left_over(path));
            }
            if let Some(bias) = bias.filter(|bias| !left(path) && !used.contains(*bias)) {
                return Err(self.left_over(bias));
            }
        }
        match self.whole.keys().find(|name| left(name) && !shared(name) && !is_beside(name)) {
            Some(name) => Err(self.left_over(name)),
            None => Ok(()),
        }
    }

    fn left_over(&self, what: &str) -> Error {
        self.wrong(
            format!("it changes `{what}`, and the base has no such part that is read"),
            "the adapter was trained on another base than this one; --base names another",
        )
    }
}
