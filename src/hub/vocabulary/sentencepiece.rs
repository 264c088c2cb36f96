//! A tokenizer from a sentencepiece model.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::super::error::{Error, Result};
use super::super::folder;
use super::added::{Added, Token, content, template};
use super::families::Family;
use super::plain;
use super::proto::{Algorithm, ModelProto, PieceKind};
use super::settings::{Settings, object};
use crate::files;

/// A piece and its log probability; its id is its place.
type Scored = (String, f64);

/// The text of `tokenizer.json` from the sentencepiece model of `family`, whose files are all there.
pub(super) fn tokenizer(settings: &Settings<'_>, family: Family) -> Result<String> {
    settings.refuse(&["extra_special_tokens", "sp_model_kwargs"])?;
    let file = family.files()[0];
    let path = settings.folder.join(file);
    folder::refuse_lfs_pointer(&path)?;
    let proto = ModelProto::parse(&files::read(&path)?).map_err(|what| Error::BadFile {
        path,
        what: format!("not a readable sentencepiece model: {what}"),
        remedy: Some("fetch the checkpoint again".to_owned()),
    })?;
    let build = Build { settings, family, file, proto: &proto };
    let Model { json: model, ids, size } = build.model()?;
    let mut added = Added::beyond(&ids, size);
    let special = build.add_tokens(&mut added)?;
    let (before, after) = build.around(&special, &added, size)?;
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added.into_values(),
        "normalizer": build.normalizer(), "pre_tokenizer": build.pre_tokenizer(),
        "post_processor": template(&before, &after), "decoder": null, "model": model,
    });
    Ok(tokenizer.to_string())
}

/// What cuts a text into pieces.
struct Model {
    json: Value,
    /// The ids of its pieces.
    ids: Map<String, Value>,
    /// How many there are: the next token's id.
    size: u64,
}

/// The special tokens by their roles.
type Special = BTreeMap<&'static str, Token>;

struct Build<'a> {
    settings: &'a Settings<'a>,
    family: Family,
    /// The sentencepiece model.
    file: &'static str,
    proto: &'a ModelProto,
}

impl Build<'_> {
    fn refusal(&self, what: impl Into<String>) -> Error {
        self.settings.refusal(self.file, what.into())
    }

    /// The token of a role, by the settings or else the class (the model, where there is no class).
    fn role(&self, role: &str) -> Option<Value> {
        let of_class = self.family.specials().iter().find(|(name, _)| *name == role);
        let of_model = match role {
            "bos_token" => Some(&self.proto.beginning),
            "eos_token" => Some(&self.proto.end),
            "unk_token" => Some(&self.proto.unknown),
            _ => None,
        };
        let of_model = of_model.filter(|(id, _)| self.family == Family::Plain && *id >= 0);
        let default = of_class.map(|(_, token)| *token).or(of_model.map(|(_, token)| token.as_str()));
        let mask = role == "mask_token" && self.family.mask_takes_blank();
        let default = default.map(|token| {
            if mask {
                json!({"content": token, "lstrip": true, "normalized": true})
            } else {
                Value::from(token)
            }
        });
        match self.settings.get(role) {
            Some(Value::Null) => None,
            Some(Value::String(token)) if mask => {
                Some(json!({"content": token, "lstrip": true, "normalized": true}))
            }
            Some(token) => Some(token.clone()),
            None => default,
        }
    }

    /// The text of a role's token.
    fn named(&self, role: &str) -> String {
        self.role(role).as_ref().map(content).unwrap_or_default().to_owned()
    }

    fn model(&self) -> Result<Model> {
        match self.family {
            Family::Llama | Family::Gemma => self.bpe(),
            Family::M2m100 => {
                if self.settings.text("language_codes").is_some_and(|codes| codes != "m2m100") {
                    return Err(self.refusal("its languages are not those of M2M-100"));
                }
                let ids = object(self.settings.folder, "vocab.json")?;
                self.plain(plain::renumbered(self.proto, ids).map_err(|what| self.refusal(what))?)
            }
            Family::Plain => self.plain(plain::of(self.proto, &self.settings.listed())),
            _ => self.unigram(),
        }
    }

    /// Refuses a model that was trained by another algorithm than the one that the class has.
    fn expect(&self, algorithm: Algorithm) -> Result<()> {
        if self.proto.algorithm == algorithm {
            return Ok(());
        }
        let (found, expected) = (self.proto.algorithm.name(), algorithm.name());
        let whose = self.settings.whose();
        Err(self.refusal(format!("its algorithm is {found}, and {whose} takes it for {expected}")))
    }

    fn bpe(&self) -> Result<Model> {
        self.expect(Algorithm::Bpe)?;
        let pieces: Vec<&str> = self.proto.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let ids: Map<String, Value> =
            pieces.iter().enumerate().map(|(id, &piece)| (piece.to_owned(), id.into())).collect();
        let unknown =
            if self.family == Family::Gemma { Value::from(self.named("unk_token")) } else { Value::Null };
        let json = json!({
            "type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
            "vocab": ids, "merges": super::merges::by_rank(&pieces),
        });
        Ok(Model { size: ids.len() as u64, ids, json })
    }

    fn plain(&self, plain: plain::Vocabulary) -> Result<Model> {
        let json = plain.model(self.proto).map_err(|what| self.refusal(what))?;
        Ok(Model { json, size: plain.size(), ids: plain.ids })
    }

    fn unigram(&self) -> Result<Model> {
        self.expect(Algorithm::Unigram)?;
        let pieces = |from: usize| {
            let pieces = self.proto.pieces.get(from..).unwrap_or_default();
            pieces.iter().map(|piece| (piece.text.clone(), f64::from(piece.score)))
        };
        let plain = |token: &str| (token.to_owned(), 0.0);
        let languages = self.family.languages();
        let vocabulary: Vec<Scored> = match self.family {
            Family::T5 => pieces(0).chain(self.extra_ids()?.iter().rev().map(|id| plain(id))).collect(),
            Family::XlmRoberta | Family::Mbart | Family::Mbart50 => {
                let first = if self.family == Family::Mbart50 { "cls_token" } else { "bos_token" };
                let specials =
                    [first, "pad_token", "eos_token", "unk_token"].map(|role| plain(&self.named(role)));
                let rest = languages.iter().map(|code| plain(code)).chain([plain(&self.named("mask_token"))]);
                specials.into_iter().chain(pieces(3)).chain(rest).collect()
            }
            Family::Camembert => [
                plain("<s>NOTUSED"),
                plain(&self.named("pad_token")),
                plain("</s>NOTUSED"),
                plain(&self.named("unk_token")),
                ("<unk>NOTUSED".to_owned(), -100.0),
            ]
            .into_iter()
            .chain(pieces(1))
            .chain([plain(&self.named("mask_token"))])
            .collect(),
            _ => pieces(0).collect(),
        };
        let unknown = self.unknown(&vocabulary);
        if unknown >= vocabulary.len() as i64 || unknown < 0 {
            return Err(self.refusal("it has no piece for what it does not know"));
        }
        let ids = vocabulary.iter().enumerate().map(|(id, (piece, _))| (piece.clone(), id.into())).collect();
        let json = json!({
            "type": "Unigram", "unk_id": unknown, "byte_fallback": false, "vocab": vocabulary,
        });
        Ok(Model { size: vocabulary.len() as u64, ids, json })
    }

    /// The id of what is not known.
    fn unknown(&self, vocabulary: &[Scored]) -> i64 {
        let token = self.named("unk_token");
        let place = |zero: bool| {
            let found =
                vocabulary.iter().position(|(piece, score)| *piece == token && (!zero || *score == 0.0));
            found.map(|id| id as i64)
        };
        match self.family {
            Family::T5 => 2,
            Family::Albert => 1,
            Family::Camembert => place(false).unwrap_or(0),
            Family::DebertaV2 => place(true).unwrap_or(self.proto.unknown.0),
            _ => 3,
        }
    }

    /// T5's sentinels, `<extra_id_0>` first.
    fn extra_ids(&self) -> Result<Vec<String>> {
        let count = match self.settings.general.get("extra_ids") {
            None => 100,
            Some(count) => count.as_u64().unwrap_or(0),
        };
        let own = self.proto.pieces.iter().any(|piece| piece.text.contains("<extra_id_"));
        if own && count > 0 {
            return Err(
                self.refusal("it has its own `<extra_id_…>`, beside those that are asked for by `extra_ids`")
            );
        }
        Ok((0..count).map(|id| format!("<extra_id_{id}>")).collect())
    }

    /// Adds every token that is found before a text is cut; gives the special ones by their roles.
    fn add_tokens(&self, added: &mut Added<'_>) -> Result<Special> {
        let Self { settings, family, .. } = *self;
        let roles =
            ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
        let roles = roles.map(|role| (role, self.role(role)));
        let is_named =
            |token: &str| roles.iter().flat_map(|(_, named)| named).any(|named| content(named) == token);
        let mut listed: Vec<(u64, Value)> =
            settings.listed().into_iter().map(|(id, token)| (id, token.clone())).collect();
        if listed.is_empty() {
            let old = settings.added.iter().filter_map(|(token, id)| {
                Some((id.as_u64()?, json!({"content": token, "normalized": true})))
            });
            listed.extend(old);
            listed.sort_by_key(|(id, _)| *id);
        }
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (id, mut token) in listed {
            let text = content(&token).to_owned();
            known.insert(text.clone());
            let special = token.get("special") == Some(&Value::Bool(true)) || is_named(&text);
            if family == Family::Plain
                && self.proto.add_dummy_prefix
                && let Some(normalized) = token.get_mut("normalized")
            {
                *normalized = Value::Bool(false);
            }
            if added.ensure(&token, special) != Some(id) {
                return Err(settings.refusal(
                    super::SETTINGS[0],
                    format!("`{text}` is listed as token {id}, which the vocabulary does not give it"),
                ));
            }
        }
        let mut special = Special::new();
        for (role, token) in &roles {
            let Some(token) = token.as_ref().filter(|token| !content(token).is_empty()) else { continue };
            let text = content(token);
            let id = if added.has(text) { added.id(text) } else { added.ensure(token, true) };
            if let Some(id) = id {
                special.insert(*role, (text.to_owned(), id));
            }
        }
        let more = self.proto.pieces.iter().filter_map(|piece| match piece.kind {
            PieceKind::Control => Some((piece.text.clone(), true)),
            // As sentencepiece reads the model, its own pieces are found after the text is normalized.
            PieceKind::UserDefined if !matches!(family, Family::Plain | Family::M2m100) => {
                Some((piece.text.clone(), false))
            }
            _ => None,
        });
        let extra = match family {
            Family::T5 => self.extra_ids()?,
            // Its languages have ids, and are not found in a text.
            Family::M2m100 => Vec::new(),
            _ => family.languages(),
        };
        // Those that are special by their names alone stay so; what the settings say of others is not heeded.
        known.extend(roles.iter().filter_map(|(_, token)| token.as_ref()?.as_str().map(str::to_owned)));
        for (token, special) in more.chain(extra.into_iter().map(|token| (token, true))) {
            if !known.contains(&token) {
                let special = special || is_named(&token);
                added.ensure(&json!({"content": token}), special);
            }
        }
        Ok(special)
    }

    /// What stands before a sentence, and after it; the vocabulary has `size` pieces.
    fn around(&self, special: &Special, added: &Added<'_>, size: u64) -> Result<(Vec<Token>, Vec<Token>)> {
        let token = |role: &'static str| -> Result<Token> {
            let found = special.get(role).cloned();
            found.ok_or_else(|| self.refusal(format!("there is no {}", role.replace('_', " "))))
        };
        let language = |default: &str| -> Result<Token> {
            let code = self.settings.text("src_lang").unwrap_or(default);
            let (code, id) = if self.family == Family::M2m100 {
                let code = format!("__{code}__");
                let place = self.family.languages().iter().position(|language| *language == code);
                (code, place.map(|place| size + place as u64))
            } else {
                (code.to_owned(), added.id(code))
            };
            match id {
                Some(id) => Ok((code, id)),
                None => Err(self.refusal(format!("`src_lang` is {code}, which is no language of it"))),
            }
        };
        Ok(match self.family {
            Family::T5 => (vec![], vec![token("eos_token")?]),
            Family::XlmRoberta | Family::Camembert => (vec![token("bos_token")?], vec![token("eos_token")?]),
            Family::Albert | Family::DebertaV2 => (vec![token("cls_token")?], vec![token("sep_token")?]),
            Family::Mbart => (vec![], vec![token("eos_token")?, language("en_XX")?]),
            Family::Mbart50 => (vec![language("en_XX")?], vec![token("eos_token")?]),
            Family::M2m100 => (vec![language("en")?], vec![token("eos_token")?]),
            Family::Llama | Family::Gemma | Family::Plain => {
                let if_wanted = |flag: &str, role: &str| -> Vec<Token> {
                    let wanted = self.settings.flag(flag, false);
                    special.get(role).filter(|_| wanted).cloned().into_iter().collect()
                };
                (if_wanted("add_bos_token", "bos_token"), if_wanted("add_eos_token", "eos_token"))
            }
        })
    }

    /// The model's own normalization of characters, if it has one.
    fn charsmap(&self) -> Option<Value> {
        let map = &self.proto.charsmap;
        let encoded = || BASE64_STANDARD.encode(map);
        (!map.is_empty()).then(|| json!({"type": "Precompiled", "precompiled_charsmap": encoded()}))
    }

    fn normalizer(&self) -> Value {
        let replace =
            |pattern: Value, with: &str| json!({"type": "Replace", "pattern": pattern, "content": with});
        let flag = |name: &str, default: bool| self.settings.flag(name, default);
        let mut steps: Vec<Value> = Vec::new();
        match self.family {
            Family::T5 | Family::XlmRoberta | Family::Camembert => {
                return self.charsmap().unwrap_or_default();
            }
            Family::Mbart | Family::Llama => return Value::Null,
            Family::Gemma => return replace(json!({"String": " "}), "▁"),
            Family::Mbart50 => {
                steps.extend(self.charsmap());
                steps.push(replace(json!({"Regex": " {2,}"}), " "));
            }
            Family::Albert => {
                steps.push(replace(json!({"String": "``"}), "\""));
                steps.push(replace(json!({"String": "''"}), "\""));
                if !flag("keep_accents", false) {
                    steps.extend([json!({"type": "NFKD"}), json!({"type": "StripAccents"})]);
                }
                if flag("do_lower_case", true) {
                    steps.push(json!({"type": "Lowercase"}));
                }
                steps.extend(self.charsmap());
            }
            Family::DebertaV2 => {
                if flag("do_lower_case", false) {
                    steps.push(json!({"type": "Lowercase"}));
                }
                steps.push(replace(json!({"Regex": r"\s{2,}|[\n\r\t]"}), " "));
                steps.push(json!({"type": "NFC"}));
                steps.push(json!({"type": "Strip", "strip_left": false, "strip_right": true}));
            }
            Family::Plain | Family::M2m100 => {
                steps.extend(self.charsmap());
                if self.proto.remove_extra_whitespaces {
                    steps.push(replace(json!({"Regex": r"\A +| +\z"}), ""));
                    steps.push(replace(json!({"Regex": " {2,}"}), " "));
                }
                if self.proto.escape_whitespaces {
                    steps.push(replace(json!({"String": " "}), "▁"));
                }
                if self.proto.add_dummy_prefix && self.legacy() {
                    // The prefix is left out where a text has one already, which sentencepiece does not do.
                    steps.push(replace(json!({"Regex": r"\A▁"}), "▁▁"));
                }
            }
        }
        json!({"type": "Sequence", "normalizers": steps})
    }

    /// Whether every part between added tokens gets its own prefix, as before transformers 4.31.
    fn legacy(&self) -> bool {
        self.settings.flag("legacy", self.family != Family::Llama)
    }

    fn pre_tokenizer(&self) -> Value {
        let metaspace = |scheme: &str, split: bool| json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split});
        let sequence = |steps: Vec<Value>| json!({"type": "Sequence", "pretokenizers": steps});
        let whitespace = || json!({"type": "WhitespaceSplit"});
        let prefix = self.settings.flag("add_prefix_space", true);
        match self.family {
            Family::T5 | Family::Mbart => sequence(vec![whitespace(), metaspace("always", true)]),
            Family::XlmRoberta | Family::Camembert | Family::Albert => {
                sequence(vec![whitespace(), metaspace(if prefix { "always" } else { "never" }, true)])
            }
            Family::DebertaV2 => {
                let punctuation = json!({"type": "Punctuation", "behavior": "Isolated"});
                let split = self.settings.flag("split_by_punct", false).then_some(punctuation);
                let last = metaspace(if prefix { "always" } else { "first" }, true);
                sequence(split.into_iter().chain([last]).collect())
            }
            Family::Mbart50 => metaspace("always", true),
            Family::Llama => {
                let scheme = match (prefix, self.legacy()) {
                    (true, true) => "always",
                    (true, false) => "first",
                    (false, _) => "never",
                };
                metaspace(scheme, false)
            }
            Family::Gemma => json!({
                "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false,
            }),
            Family::Plain | Family::M2m100 => {
                let scheme = if self.legacy() { "always" } else { "first" };
                let first = self.proto.add_dummy_prefix.then(|| metaspace(scheme, false));
                let own = plain::user_defined(self.proto);
                let isolate = (!own.is_empty()).then(|| {
                    json!({
                        "type": "Split", "pattern": {"Regex": plain::any_of(own)}, "behavior": "Isolated",
                        "invert": false,
                    })
                });
                let steps: Vec<Value> = first.into_iter().chain(isolate).collect();
                if steps.is_empty() { Value::Null } else { sequence(steps) }
            }
        }
    }
}
