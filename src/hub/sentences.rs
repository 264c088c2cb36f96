//! What a model of sentence-transformers says of itself: which of its folders holds the transformer, how tokens become the vector of a
//! sentence, what is done with that, and the prompts that belong before a sentence.
//!
//! The files are those of sentence-transformers up to 6.2: `modules.json`, `1_Pooling/config.json` with a flag for each way of
//! pooling (or, since 5.4, one name), and `config_sentence_transformers.json`.

use std::path::Path;

use serde_json::Value;

use super::error::{Error, Result};
use super::folder::{CONFIG, MODULES, is_inside, read_text};
use crate::text::{join_and, visible};

/// The prompts.
pub(super) const PROMPTS: &str = "config_sentence_transformers.json";
/// What the transformer's module does before the tokenizer, beside its `config.json`.
pub(super) const BEFORE: &str = "sentence_bert_config.json";

/// The flags of a pooling, in the order in which what they make is put together, and the name of each.
const FLAGS: [(&str, &str); 6] = [
    ("pooling_mode_cls_token", "cls"),
    ("pooling_mode_max_tokens", "max"),
    ("pooling_mode_mean_tokens", "mean"),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
    ("pooling_mode_weightedmean_tokens", "weightedmean"),
    ("pooling_mode_lasttoken", "lasttoken"),
];

/// Modules that choose between models, each in a folder of its own.
const SEVERAL: [&str; 2] = ["Asym", "Router"];
/// Modules that have no transformer.
const NO_TRANSFORMER: [&str; 3] = ["StaticEmbedding", "BoW", "WordEmbeddings"];

/// A model of sentence-transformers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentenceModel {
    /// The folder of the transformer, inside the model's; empty where it is the same.
    pub inner: String,
    /// Its ways of pooling, as its file names them: `mean`, `cls`, `max`, `lasttoken`, `weightedmean`, `mean_sqrt_len_tokens`. Of
    /// several, it puts side by side what they make. None where it has no pooling.
    pub pooling: Vec<String>,
    /// Modules that change what comes of the pooling, or the tokens before it.
    pub others: Vec<String>,
    /// Prompts by their names; empty ones are left out.
    pub prompts: Vec<(String, String)>,
    /// The name of the prompt that is put before every sentence.
    pub default_prompt: Option<String>,
    /// Whether letters are made small before the tokenizer reads them.
    pub lowers: bool,
}

/// A module of the list.
struct Module {
    kind: String,
    path: String,
}

fn bad(folder: &Path, file: &str, what: impl Into<String>) -> Error {
    Error::BadFile {
        path: folder.join(file),
        what: what.into(),
        remedy: Some(
            "name the folder of the transformer itself, which has a config.json with a `model_type`"
                .to_owned(),
        ),
    }
}

fn json(folder: &Path, file: &str) -> Result<Value> {
    serde_json::from_str(&read_text(folder, file)?)
        .map_err(|error| bad(folder, file, format!("not valid JSON: {error}")))
}

/// The modules that `folder` lists; none where it has no list.
fn modules(folder: &Path) -> Result<Option<Vec<Module>>> {
    if !folder.join(MODULES).exists() {
        return Ok(None);
    }
    let list = json(folder, MODULES)?;
    let read = |module: &Value| {
        let text = |key: &str| module.get(key).and_then(Value::as_str);
        let path = text("path").unwrap_or_default().trim_end_matches('/');
        let kind = text("type")?.rsplit('.').next()?.to_owned();
        (path.is_empty() || is_inside(path)).then(|| Module { kind, path: path.to_owned() })
    };
    let modules: Option<Vec<Module>> = list.as_array().and_then(|list| list.iter().map(read).collect());
    match modules {
        Some(modules) if !modules.is_empty() => Ok(Some(modules)),
        _ => Err(bad(
            folder,
            MODULES,
            "not a list of modules, each with a `type` and a `path` inside this folder",
        )),
    }
}

/// The folder of the transformer inside of `folder`: empty for itself, and where there is no list of modules.
pub(super) fn inner(folder: &Path) -> Result<String> {
    let Some(modules) = modules(folder)? else { return Ok(String::new()) };
    let first = &modules[0];
    let what = |what: &str| format!("the first module is {}, {what}", visible(&first.kind));
    if SEVERAL.contains(&first.kind.as_str()) {
        return Err(bad(folder, MODULES, what("which is not one transformer")));
    }
    if NO_TRANSFORMER.contains(&first.kind.as_str()) {
        return Err(Error::BadFile {
            path: folder.join(MODULES),
            what: what("which is no transformer"),
            remedy: Some(
                "it has one vector for each word, and no layers: extract them with sentence-transformers, and `probe fit` takes them"
                    .to_owned(),
            ),
        });
    }
    Ok(first.path.clone())
}

/// The files that say more of the model in `folder` than its list, where there are any.
pub(super) fn files(folder: &Path) -> Result<Vec<String>> {
    let Some(modules) = modules(folder)? else { return Ok(Vec::new()) };
    let pooling =
        modules.iter().filter(|module| module.kind == "Pooling").map(|module| within(&module.path, CONFIG));
    let before = within(&modules[0].path, BEFORE);
    Ok(pooling.chain([PROMPTS.to_owned(), before]).collect())
}

/// A file of a folder by its path from the one above.
pub(super) fn within(folder: &str, file: &str) -> String {
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

/// What the model in `folder` says of itself; none where it has no list of modules.
pub(super) fn read(folder: &Path) -> Result<Option<SentenceModel>> {
    let Some(modules) = modules(folder)? else { return Ok(None) };
    let mut model = SentenceModel { inner: inner(folder)?, ..SentenceModel::default() };
    for module in &modules[1..] {
        if module.kind != "Pooling" {
            model.others.push(module.kind.clone());
            continue;
        }
        let file = within(&module.path, CONFIG);
        model.pooling = if folder.join(&file).exists() {
            pooling(&json(folder, &file)?)
                .ok_or_else(|| bad(folder, &file, "`pooling_mode` names no way of pooling"))?
        } else {
            Vec::new()
        };
    }
    if folder.join(PROMPTS).exists() {
        let settings = json(folder, PROMPTS)?;
        let prompts = settings.get("prompts").and_then(Value::as_object).into_iter().flatten();
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        model.prompts = prompts.filter_map(|(name, prompt)| Some((name.clone(), text(prompt)?))).collect();
        let default = settings.get("default_prompt_name").and_then(Value::as_str);
        model.default_prompt =
            default.filter(|name| model.prompts.iter().any(|(known, _)| known == name)).map(str::to_owned);
    }
    let before = within(&model.inner, BEFORE);
    if folder.join(&before).exists() {
        model.lowers = json(folder, &before)?.get("do_lower_case").and_then(Value::as_bool).unwrap_or(false);
    }
    Ok(Some(model))
}

/// The ways of pooling that a file names.
fn pooling(settings: &Value) -> Option<Vec<String>> {
    match settings.get("pooling_mode") {
        Some(Value::String(name)) => return Some(vec![name.clone()]),
        Some(Value::Array(names)) => {
            return names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
        }
        None | Some(Value::Null) => {}
        Some(_) => return None,
    }
    let is_on = |flag: &str| settings.get(flag).and_then(Value::as_bool).unwrap_or(false);
    let on: Vec<String> =
        FLAGS.iter().filter(|(flag, _)| is_on(flag)).map(|(_, name)| (*name).to_owned()).collect();
    Some(if on.is_empty() { vec!["mean".to_owned()] } else { on })
}

impl SentenceModel {
    /// What a user should know of it, each in a sentence.
    pub(super) fn notes(&self) -> Vec<String> {
        let place = if self.inner.is_empty() {
            String::new()
        } else {
            format!(" with its transformer in {}", visible(&self.inner))
        };
        let pools = if self.pooling.is_empty() {
            "it has no pooling".to_owned()
        } else {
            let own: Vec<String> = self.pooling.iter().map(|name| visible(name)).collect();
            format!("its own pooling is {} (--pool auto takes it)", join_and(&own))
        };
        let mut notes = vec![format!("a model of sentence-transformers{place}; {pools}")];
        if !self.others.is_empty() {
            let others: Vec<String> = self.others.iter().map(|name| visible(name)).collect();
            let are = if others.len() == 1 { "module is" } else { "modules are" };
            notes.push(format!(
                "its {} {are} not applied: hidden states are the transformer's",
                join_and(&others)
            ));
        }
        if !self.prompts.is_empty() {
            let prompts = self.prompts.iter().map(|(name, prompt)| {
                let usual =
                    if self.default_prompt.as_ref() == Some(name) { ", before every sentence" } else { "" };
                format!("{} ({:?}{usual})", visible(name), prompt)
            });
            let prompts: Vec<String> = prompts.collect();
            notes.push(format!(
                "it was trained with prompts, which are not put before sentences here: {}; write them into the sentences if they \
                 are wanted",
                join_and(&prompts)
            ));
        }
        if self.lowers {
            notes.push(format!(
                "{} has do_lower_case = true: sentence-transformers makes letters small before the tokenizer, which is not done here",
                within(&self.inner, BEFORE)
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OLD: &str = "sentence_transformers.models.";
    const NEW: &str = "sentence_transformers.base.modules.transformer.";

    fn model(files: &[(&str, Value)]) -> Result<Option<SentenceModel>> {
        let folder = tempfile::tempdir().unwrap();
        for (name, value) in files {
            crate::files::write(&folder.path().join(name), value.to_string().as_bytes()).unwrap();
        }
        read(folder.path())
    }

    fn list(kinds: &[(&str, &str)]) -> Value {
        kinds.iter().map(|(path, kind)| json!({"idx": 0, "name": "0", "path": path, "type": kind})).collect()
    }

    #[test]
    fn the_transformer_and_its_pooling_are_found() {
        assert_eq!(model(&[]).unwrap(), None);
        for (inner, kind) in [
            ("", format!("{OLD}Transformer")),
            ("0_Transformer", format!("{NEW}Transformer")),
            ("deep/er", "own.T5".to_owned()),
        ] {
            let modules = list(&[
                (inner, &kind),
                ("1_Pooling", &format!("{OLD}Pooling")),
                ("2_Dense", &format!("{OLD}Dense")),
            ]);
            let pooling = json!({"word_embedding_dimension": 8, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false});
            let found = model(&[(MODULES, modules), ("1_Pooling/config.json", pooling)]).unwrap().unwrap();
            assert_eq!(
                (found.inner.as_str(), found.pooling.as_slice()),
                (inner, ["cls".to_owned()].as_slice())
            );
            assert_eq!(found.others, ["Dense"]);
        }
    }

    #[test]
    fn a_model_of_words_in_a_vocabulary_is_a_transformer() {
        let kinds = [("", "own.MLMTransformer"), ("1_SpladePooling", "own.SpladePooling")];
        let found = model(&[(MODULES, list(&kinds))]).unwrap().unwrap();
        assert_eq!((found.inner.as_str(), found.pooling.len()), ("", 0));
        assert_eq!(found.others, ["SpladePooling"]);
    }

    #[test]
    fn every_form_of_the_pooling_is_read() {
        let of = |value: Value| pooling(&value).map(|names| names.join(" "));
        assert_eq!(of(json!({})).unwrap(), "mean");
        assert_eq!(of(json!({"pooling_mode_lasttoken": true})).unwrap(), "lasttoken");
        assert_eq!(
            of(json!({"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": true})).unwrap(),
            "max mean"
        );
        assert_eq!(
            of(json!({"pooling_mode": "weightedmean", "pooling_mode_mean_tokens": true})).unwrap(),
            "weightedmean"
        );
        assert_eq!(of(json!({"pooling_mode": ["cls", "mean"]})).unwrap(), "cls mean");
        assert_eq!(of(json!({"pooling_mode": 3})), None);
    }

    #[test]
    fn prompts_and_letters_are_said() {
        let modules = list(&[("0_Transformer", &format!("{OLD}Transformer"))]);
        let prompts = json!({"prompts": {"query": "query: ", "none": ""}, "default_prompt_name": "query"});
        let found = model(&[
            (MODULES, modules),
            (PROMPTS, prompts),
            ("0_Transformer/sentence_bert_config.json", json!({"do_lower_case": true})),
        ]);
        let found = found.unwrap().unwrap();
        assert_eq!(found.prompts, [("query".to_owned(), "query: ".to_owned())]);
        let notes = found.notes().join("\n");
        for said in ["0_Transformer", "no pooling", "\"query: \", before every sentence", "do_lower_case"] {
            assert!(notes.contains(said), "{said}: {notes}");
        }
    }

    #[test]
    fn lists_that_lead_nowhere_are_refused_by_name() {
        let modules =
            |path: &str, kind: &str| model(&[(MODULES, list(&[(path, kind)]))]).unwrap_err().to_string();
        assert!(modules("", &format!("{OLD}StaticEmbedding")).contains("StaticEmbedding"));
        assert!(modules("", &format!("{OLD}Router")).contains("Router"));
        for path in ["../x", "/etc", "a\\b"] {
            assert!(modules(path, &format!("{OLD}Transformer")).contains("not a list of modules"), "{path}");
        }
        for value in [json!([]), json!({}), json!([3]), json!([{"path": ""}])] {
            assert!(model(&[(MODULES, value)]).is_err());
        }
    }
}
