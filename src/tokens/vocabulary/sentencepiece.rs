//! A tokenizer from a sentencepiece model.

use std::io::Read as _;

use serde_json::{Map, Value, json};

use super::super::error::{Error, Result};
use super::super::io;
use super::super::settings::{SETTINGS, Settings};
use super::super::template::template;
use super::added::{Added, content};
use super::families::Family;
use super::plain;
use super::proto::{Algorithm, ModelProto};
use crate::{files, text};

/// How many sentinels may be asked for.
const MOST_SENTINELS: u64 = 100_000;

/// A piece and its log probability; its id is its place.
type Scored = (String, f64);

/// The text of `tokenizer.json` from the sentencepiece model of `family`, whose files are all there.
pub(super) fn tokenizer(settings: &Settings<'_>, family: Family) -> Result<String> {
    settings.refuse(&["sp_model_kwargs"])?;
    let file = family.files()[0];
    refuse_tiktoken(settings, file)?;
    let path = settings.folder.join(file);
    io::refuse_lfs_pointer(&path)?;
    let proto = ModelProto::parse(&files::read(&path)?).map_err(|what| Error::BadFile {
        path,
        what: format!("not a readable sentencepiece model: {what}"),
        remedy: Some("fetch the checkpoint again".to_owned()),
    })?;
    let mut build = Build { settings, family, file, proto: &proto, sentinels: Vec::new() };
    if family == Family::T5 {
        build.sentinels = build.extra_ids()?;
    }
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

/// Complains of a vocabulary of tiktoken under the name of a model of sentencepiece, as Llama 3 has it in its own format.
pub(super) fn refuse_tiktoken(settings: &Settings<'_>, file: &str) -> Result<()> {
    let mut begin = Vec::with_capacity(LINE);
    let path = settings.folder.join(file);
    let opened = std::fs::File::open(&path).and_then(|file| file.take(LINE as u64).read_to_end(&mut begin));
    if opened.is_err() || !is_of_tiktoken(&begin) {
        return Ok(());
    }
    Err(Error::BadFile {
        path,
        what: "a vocabulary of tiktoken, and no model of sentencepiece".to_owned(),
        remedy: Some(
            "take the tokenizer.json of the model in transformers' format; or, in Python with tiktoken installed, \
             `AutoTokenizer.from_pretrained(NAME).save_pretrained(DIR)` writes it where transformers knows the model"
                .to_owned(),
        ),
    })
}

/// The longest first line of a vocabulary of tiktoken that is looked at.
const LINE: usize = 1024;

/// Whether a file begins as a vocabulary of tiktoken: a token in base 64, a blank, and its number.
fn is_of_tiktoken(begin: &[u8]) -> bool {
    let line = begin.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let in_base = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    match line.iter().position(|&byte| byte == b' ') {
        Some(at) if at > 0 => {
            let (token, number) = (&line[..at], &line[at + 1..]);
            at.is_multiple_of(4)
                && token.iter().all(in_base)
                && !number.is_empty()
                && number.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// What is not certain about what stands around a sentence.
pub(super) fn doubt(settings: &Settings<'_>, family: Family) -> Option<String> {
    let is_said = settings.general.contains_key("add_bos_token");
    (matches!(family, Family::Llama | Family::Gemma | Family::Plain) && !is_said).then(|| {
        format!(
            "no file says add_bos_token, and {} is built from {}: no beginning is put before the sentence, as transformers 5.24 \
             does; 4.57 puts one. Say which in tokenizer_config.json (\"add_bos_token\": true, or false)",
            settings.whose(),
            family.files()[0]
        )
    })
}

/// What cuts a text into pieces.
struct Model {
    json: Value,
    /// The ids of its pieces.
    ids: Map<String, Value>,
    /// How many there are: the next token's id.
    size: u64,
}

/// A tokenizer that is being built.
pub(super) struct Build<'a> {
    pub(super) settings: &'a Settings<'a>,
    pub(super) family: Family,
    /// The sentencepiece model.
    file: &'static str,
    pub(super) proto: &'a ModelProto,
    /// T5's, `<extra_id_0>` first.
    pub(super) sentinels: Vec<String>,
}

impl Build<'_> {
    pub(super) fn refusal(&self, what: impl Into<String>) -> Error {
        self.settings.refusal(self.file, what.into())
    }

    /// The token of a role, by the settings or else the class (the model, where there is no class).
    pub(super) fn role(&self, role: &str) -> Option<Value> {
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
                let ids = io::object(self.settings.folder, "vocab.json")?;
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
            Family::T5 => pieces(0).chain(self.sentinels.iter().rev().map(|id| plain(id))).collect(),
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

    /// As many sentinels as are asked for.
    fn extra_ids(&self) -> Result<Vec<String>> {
        let asked = self.settings.general.get("extra_ids");
        let count = asked.map_or(Some(100), Value::as_u64).filter(|count| *count <= MOST_SENTINELS);
        let Some(count) = count else {
            return Err(Error::BadFile {
                path: self.settings.folder.join(SETTINGS[0]),
                what: format!(
                    "`extra_ids` is {}, which is not a whole number from 0 to {}",
                    asked.unwrap_or(&Value::Null),
                    text::count(MOST_SENTINELS.into())
                ),
                remedy: Some("correct it, or fetch the checkpoint again".to_owned()),
            });
        };
        let own = self.proto.pieces.iter().any(|piece| piece.text.contains("<extra_id_"));
        if own && count > 0 {
            return Err(
                self.refusal("it has its own `<extra_id_…>`, beside those that are asked for by `extra_ids`")
            );
        }
        Ok((0..count).map(|id| format!("<extra_id_{id}>")).collect())
    }
}
