//! A vocabulary as sentencepiece itself reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::added::content;
use super::merges;
use super::proto::{Algorithm, ModelProto, PieceKind};

/// The pieces of a model, under the names and ids that they have in a tokenizer.
pub(super) struct Vocabulary {
    /// The name of each piece of the model.
    names: Vec<String>,
    /// The ids of the names, and of others.
    pub(super) ids: Map<String, Value>,
}

/// The pieces under their own ids. Those of `listed`, tokens with ids, take its names, but for a name that another piece keeps:
/// a checkpoint gives the places that a model left free to tokens of its own.
pub(super) fn of(proto: &ModelProto, listed: &[(u64, &Value)]) -> Vocabulary {
    let mut names: Vec<String> = proto.pieces.iter().map(|piece| piece.text.clone()).collect();
    if proto.algorithm != Algorithm::Unigram {
        let new: BTreeMap<u64, &str> = listed.iter().map(|(id, token)| (*id, content(token))).collect();
        let kept: BTreeSet<String> = (0u64..)
            .zip(&names)
            .filter(|(id, _)| !new.contains_key(id))
            .map(|(_, name)| name.clone())
            .collect();
        for (id, name) in (0u64..).zip(&mut names) {
            if let Some(&other) = new.get(&id).filter(|&&other| !kept.contains(other)) {
                other.clone_into(name);
            }
        }
    }
    let ids = names.iter().enumerate().map(|(id, name)| (name.clone(), id.into())).collect();
    Vocabulary { names, ids }
}

/// The pieces under the ids of `vocab.json`, which has all of them; says what it lacks.
pub(super) fn renumbered(proto: &ModelProto, ids: Map<String, Value>) -> Result<Vocabulary, String> {
    if proto.byte_fallback {
        return Err("it falls back to bytes, for which vocab.json has no ids".to_owned());
    }
    let normal = |kind| matches!(kind, PieceKind::Normal | PieceKind::UserDefined);
    let lacking = proto.pieces.iter().find(|piece| normal(piece.kind) && !ids.contains_key(&piece.text));
    if let Some(piece) = lacking {
        return Err(format!("vocab.json lacks its piece `{}`", piece.text));
    }
    let mut numbers: Vec<u64> = ids.values().filter_map(Value::as_u64).collect();
    numbers.sort_unstable();
    if !numbers.iter().copied().eq(0..ids.len() as u64) {
        return Err("the ids of vocab.json do not count from 0".to_owned());
    }
    Ok(Vocabulary { names: proto.pieces.iter().map(|piece| piece.text.clone()).collect(), ids })
}

impl Vocabulary {
    /// How many ids there are.
    pub(super) fn size(&self) -> u64 {
        self.ids.len() as u64
    }

    fn id(&self, name: &str) -> u64 {
        self.ids.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The tokenizer's model; says why there is none.
    pub(super) fn model(&self, proto: &ModelProto) -> Result<Value, String> {
        match proto.algorithm {
            Algorithm::Unigram => {
                let unknown = usize::try_from(proto.unknown.0).ok().and_then(|id| self.names.get(id));
                let unknown = unknown.ok_or("it has no piece for what it does not know")?;
                // What the model lacks is a token of its own, which is found before.
                let mut scored: Vec<(&str, f64)> = vec![("", 0.0); self.ids.len()];
                for (name, id) in &self.ids {
                    scored[id.as_u64().unwrap_or(0) as usize].0 = name;
                }
                for (name, piece) in self.names.iter().zip(&proto.pieces) {
                    scored[self.id(name) as usize].1 = f64::from(piece.score);
                }
                Ok(json!({
                    "type": "Unigram", "unk_id": self.id(unknown), "byte_fallback": proto.byte_fallback,
                    "vocab": scored,
                }))
            }
            Algorithm::Bpe => {
                let normal = self.names.iter().zip(&proto.pieces);
                let normal = normal.filter(|(_, piece)| piece.kind == PieceKind::Normal);
                let normal: Vec<(&str, f32, u64)> =
                    normal.map(|(name, piece)| (name.as_str(), piece.score, self.id(name))).collect();
                Ok(json!({
                    "type": "BPE", "dropout": null, "unk_token": proto.unknown.1,
                    "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
                    "byte_fallback": proto.byte_fallback, "ignore_merges": !user_defined(proto).is_empty(),
                    "vocab": self.ids, "merges": merges::by_score(&normal),
                }))
            }
            Algorithm::Word | Algorithm::Char => {
                Err(format!("its algorithm is {}, which no tokenizer here has", proto.algorithm.name()))
            }
        }
    }
}

/// The pieces that are found whole wherever they stand.
pub(super) fn user_defined(proto: &ModelProto) -> Vec<&str> {
    let own = proto.pieces.iter().filter(|piece| piece.kind == PieceKind::UserDefined);
    own.map(|piece| piece.text.as_str()).collect()
}

/// A pattern of any of these texts, the longest first.
pub(super) fn any_of(mut texts: Vec<&str>) -> String {
    texts.sort_by_key(|text| std::cmp::Reverse(text.chars().count()));
    let escaped = texts.into_iter().map(|text| {
        let special = |c: char| r"\.+*?()|[]{}^$#&-~".contains(c);
        text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect::<String>()
    });
    escaped.collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_a_pattern_of_themselves() {
        assert_eq!(any_of(vec!["a.b", "<x>", "[INST]"]), r"\[INST\]|a\.b|<x>");
    }
}
