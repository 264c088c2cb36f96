//! `adapter_config.json`: which modules an adapter changes, and by how much.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::pattern::Pattern;
use crate::models::error::{Error, Result};

/// The keys that change no number of what is in the file of weights: bookkeeping, training, and how the weights began. The rows of
/// [`AdapterConfig`] are read besides.
const IRRELEVANT: &[&str] = &[
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "fan_in_fan_out",
    "inference_mode",
    "init_lora_weights",
    "loftq_config",
    "lora_bias",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "task_type",
];

/// What is said of the changes.
#[derive(Debug)]
pub(super) struct AdapterConfig {
    path: PathBuf,
    rank: u64,
    alpha: f64,
    /// Scaled by the root of the rank (rsLoRA).
    pub(super) by_root: bool,
    /// Magnitudes and directions apart (`DoRA`).
    pub(super) dora: bool,
    ranks: Vec<(Pattern, u64)>,
    alphas: Vec<(Pattern, f64)>,
    targets: Modules,
    excluded: Option<Modules>,
    layers: Option<Vec<u64>>,
    layers_patterns: Vec<Pattern>,
    /// Tokens whose rows of a table are replaced: of all tables, or of those whose names end so.
    rows: Vec<(Option<String>, Vec<usize>)>,
}

/// Modules, by their names.
#[derive(Debug)]
enum Modules {
    All,
    /// Each a name, or its end after a dot.
    Endings(Vec<String>),
    Pattern(Pattern),
}

impl Modules {
    fn has(&self, path: &str) -> Result<bool, String> {
        match self {
            Self::All => Ok(true),
            Self::Endings(endings) => Ok(endings.iter().any(|ending| {
                path.strip_suffix(ending.as_str()).is_some_and(|head| head.is_empty() || head.ends_with('.'))
            })),
            Self::Pattern(pattern) => pattern.matches(path),
        }
    }
}

impl Modules {
    /// Whether `path` is named in full.
    fn names(&self, path: &str) -> bool {
        matches!(self, Self::Endings(endings) if endings.iter().any(|ending| ending == path))
    }
}

impl AdapterConfig {
    /// Reads `text`, which stands at `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self> {
        let wrong = |message: String| failed(path, message);
        let keys: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| wrong(format!("not a JSON object: {error}")))?;
        let mut keys = Keys { path, values: keys, read: IRRELEVANT.to_vec() };
        // Where these begin, what is trained is the rest of a base whose weights have been changed.
        if let Some(begun) = keys.values.get("init_lora_weights").and_then(Value::as_str) {
            let kind = begun.to_lowercase();
            if !["gaussian", "eva", "orthogonal", "true", "false"].contains(&kind.as_str()) {
                return Err(Error::Adapter {
                    file: path.display().to_string(),
                    message: format!(
                        "`init_lora_weights` is `{}`, which changes the base's weights before the adapter is put on them",
                        begun.escape_default()
                    ),
                    remedy: "save it as a plain LoRA with peft: `save_pretrained(DIR, path_initial_model_for_weight_conversion=INITIAL)`"
                        .to_owned(),
                });
            }
        }
        let rank = keys.whole("r")?.unwrap_or(8);
        let config = Self {
            path: path.to_owned(),
            rank,
            alpha: keys.number("lora_alpha")?.unwrap_or(8.0),
            by_root: keys.flag("use_rslora")?,
            dora: keys.flag("use_dora")?,
            ranks: keys.patterns("rank_pattern", |value| value.as_u64().filter(|&rank| rank > 0))?,
            alphas: keys.patterns("alpha_pattern", Value::as_f64)?,
            targets: keys.modules("target_modules")?.unwrap_or(Modules::Endings(Vec::new())),
            excluded: keys.modules("exclude_modules")?,
            layers: keys.layers()?,
            layers_patterns: keys.layers_patterns()?,
            rows: keys.rows()?,
        };
        // Which modules were trained whole is said by the file of weights.
        keys.read.push("modules_to_save");
        keys.finish()?;
        if rank == 0 {
            return Err(wrong("`r` is 0".to_owned()));
        }
        Ok(config)
    }

    /// The rank of module `path`, and what its product is multiplied by.
    pub(super) fn scale(&self, path: &str) -> Result<(usize, f32)> {
        let rank = self.first(&self.ranks, path)?.unwrap_or(self.rank);
        let alpha = self.first(&self.alphas, path)?.unwrap_or(self.alpha);
        let divisor = if self.by_root { (rank as f64).sqrt() } else { rank as f64 };
        Ok((usize::try_from(rank).unwrap_or(usize::MAX), (alpha / divisor) as f32))
    }

    /// What the first pattern that matches `path` says.
    fn first<T: Copy>(&self, patterns: &[(Pattern, T)], path: &str) -> Result<Option<T>> {
        for (pattern, value) in patterns {
            if pattern.matches(path).map_err(|message| failed(&self.path, message))? {
                return Ok(Some(*value));
            }
        }
        Ok(None)
    }

    /// Whether module `path` is one of those to be changed.
    pub(super) fn targets(&self, path: &str) -> Result<bool> {
        self.is_target(path).map_err(|message| failed(&self.path, message))
    }

    /// Whether module `path` is left out by name.
    pub(super) fn excludes(&self, path: &str) -> Result<bool> {
        let excludes = self.excluded.as_ref().map_or(Ok(false), |excluded| excluded.has(path));
        excludes.map_err(|message| failed(&self.path, message))
    }

    fn is_target(&self, path: &str) -> Result<bool, String> {
        if let Some(excluded) = &self.excluded
            && excluded.has(path)?
        {
            return Ok(false);
        }
        if !self.targets.has(path)? {
            return Ok(false);
        }
        // What is named in full is chosen in whatever layer it is, as in peft.
        if self.targets.names(path) {
            return Ok(true);
        }
        let Some(layers) = self.layers.as_ref().filter(|_| !matches!(self.targets, Modules::Pattern(_)))
        else {
            return Ok(true);
        };
        for pattern in &self.layers_patterns {
            if let Some(layer) = pattern.number(path)? {
                return Ok(layers.contains(&layer));
            }
        }
        Ok(false)
    }

    /// Whether every layer has its module `path`, going by names alone: no layers are chosen, and no pattern has to match what may
    /// stand before the name.
    pub(super) fn wants(&self, path: &str) -> Result<bool> {
        let plain = self.layers.is_none() && matches!(self.targets, Modules::Endings(_));
        Ok(plain && self.targets(path)?)
    }

    /// The tokens whose rows are replaced in the table that is called `path`.
    pub(super) fn rows(&self, path: &str) -> Option<&[usize]> {
        let is = |name: &Option<String>| {
            name.as_deref().is_none_or(|name| {
                path.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('.'))
            })
        };
        self.rows.iter().find(|(name, _)| is(name)).map(|(_, rows)| rows.as_slice())
    }
}

fn failed(path: &Path, message: String) -> Error {
    Error::Adapter {
        file: path.display().to_string(),
        message,
        remedy: "fetch the adapter again, or save it again with peft's save_pretrained".to_owned(),
    }
}

/// Keys, of which it is known which were read.
struct Keys<'a> {
    path: &'a Path,
    values: Map<String, Value>,
    read: Vec<&'static str>,
}

impl Keys<'_> {
    fn get(&mut self, key: &'static str) -> Option<&Value> {
        self.read.push(key);
        self.values.get(key).filter(|value| !value.is_null())
    }

    fn parsed<T>(
        &mut self,
        key: &'static str,
        what: &str,
        parse: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = format!("`{key}` is {value}, which is not {what}");
        parse(value).map(Some).ok_or_else(|| failed(self.path, wrong))
    }

    fn whole(&mut self, key: &'static str) -> Result<Option<u64>> {
        self.parsed(key, "a whole number", Value::as_u64)
    }

    fn number(&mut self, key: &'static str) -> Result<Option<f64>> {
        self.parsed(key, "a number", Value::as_f64)
    }

    fn flag(&mut self, key: &'static str) -> Result<bool> {
        Ok(self.parsed(key, "true or false", Value::as_bool)?.unwrap_or(false))
    }

    /// Patterns in their order, each with what it stands for.
    fn patterns<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<(Pattern, T)>> {
        let Some(all) = self.parsed(key, "an object", |value| value.as_object().cloned())? else {
            return Ok(Vec::new());
        };
        let each = |(name, value): (&String, &Value)| {
            let number = parse(value).ok_or_else(|| {
                failed(self.path, format!("`{key}` has {value} for `{name}`, which cannot be used"))
            })?;
            Ok((Pattern::ending(name).map_err(|message| failed(self.path, message))?, number))
        };
        all.iter().map(each).collect()
    }

    fn modules(&mut self, key: &'static str) -> Result<Option<Modules>> {
        let Some(value) = self.get(key).cloned() else { return Ok(None) };
        match &value {
            Value::String(all) if all == "all-linear" && key == "target_modules" => Ok(Some(Modules::All)),
            Value::String(pattern) if pattern.is_empty() => Ok(None),
            Value::String(pattern) => Pattern::whole(pattern)
                .map(|pattern| Some(Modules::Pattern(pattern)))
                .map_err(|message| failed(self.path, message)),
            Value::Array(_) => {
                let endings = strings(&value);
                let wrong = || failed(self.path, format!("`{key}` is {value}, which is not a list of names"));
                let endings = endings.ok_or_else(wrong)?;
                Ok((!(endings.is_empty() && key == "exclude_modules")).then_some(Modules::Endings(endings)))
            }
            _ => Err(failed(
                self.path,
                format!("`{key}` is {value}, which is neither a pattern nor a list of names"),
            )),
        }
    }

    fn layers(&mut self) -> Result<Option<Vec<u64>>> {
        let layers = self.parsed(
            "layers_to_transform",
            "the number of a layer, or a list of them",
            |value| match value {
                Value::Array(layers) => layers.iter().map(Value::as_u64).collect(),
                one => one.as_u64().map(|layer| vec![layer]),
            },
        )?;
        Ok(layers.filter(|layers| !layers.is_empty()))
    }

    fn layers_patterns(&mut self) -> Result<Vec<Pattern>> {
        let names = self
            .parsed("layers_pattern", "a name, or a list of names", |value| match value {
                Value::String(one) if one.is_empty() => Some(Vec::new()),
                Value::String(one) => Some(vec![one.clone()]),
                several => strings(several),
            })?
            .unwrap_or_default();
        let build = |pattern: Result<Pattern, String>| pattern.map_err(|message| failed(self.path, message));
        if names.is_empty() {
            // Whatever stands after the first dot and before a number.
            return Ok(vec![build(Pattern::before_number(r"(?<=\.)[^.]*"))?]);
        }
        names.iter().map(|name| build(Pattern::before_number(name))).collect()
    }

    fn rows(&mut self) -> Result<Vec<(Option<String>, Vec<usize>)>> {
        let list = |value: &Value| -> Option<Vec<usize>> {
            value.as_array()?.iter().map(|row| usize::try_from(row.as_u64()?).ok()).collect()
        };
        let rows = self.parsed("trainable_token_indices", "a list of tokens", |value| match value {
            Value::Object(tables) => {
                tables.iter().map(|(name, rows)| Some((Some(name.clone()), list(rows)?))).collect()
            }
            all => Some(vec![(None, list(all)?)]),
        })?;
        Ok(rows.unwrap_or_default())
    }

    /// Refuses what was not read and says something.
    fn finish(self) -> Result<()> {
        let says_nothing = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(values) => values.is_empty(),
            Value::Object(values) => values.is_empty(),
            _ => false,
        };
        let odd = self
            .values
            .iter()
            .find(|(key, value)| !self.read.contains(&key.as_str()) && !says_nothing(value));
        match odd {
            None => Ok(()),
            Some((key, value)) => Err(Error::Adapter {
                file: self.path.display().to_string(),
                message: format!("`{key}` = {value} is not understood, and it may change the hidden states"),
                remedy: "merge the adapter with peft (`merge_and_unload`, then save_pretrained) if it can be, and name the folder of \
                         the result; remove the key if it has no effect on the weights"
                    .to_owned(),
            }),
        }
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests;
