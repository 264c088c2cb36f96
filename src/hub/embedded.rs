//! The models inside the binary: what runs when there is neither a network nor a folder.

use super::checkpoint::{Checkpoint, Weights};
use super::error::{Error, Result};
use crate::text::{join_and, near_matches};
use crate::tokens::TokenizerText;

/// A model whose files are part of the program.
#[derive(Debug)]
pub struct Embedded {
    /// What the user calls it.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// The text of its `config.json`.
    pub config: &'static str,
    /// The text of its `tokenizer.json`.
    pub tokenizer: &'static str,
    /// Its checkpoints in order of training, each a safetensors file; the last is the one meant when none is named.
    pub revisions: &'static [(&'static str, &'static [u8])],
}

/// Every embedded model.
pub static MODELS: &[Embedded] = &[Embedded {
    name: "tiny-bert",
    about: "a demonstration model: a 6 × 128 BERT trained on the sentences of three bundled grammars",
    config: include_str!("../../assets/tiny-bert/config.json"),
    tokenizer: include_str!("../../assets/tiny-bert/tokenizer.json"),
    revisions: &[
        ("step0", include_bytes!("../../assets/tiny-bert/step0.safetensors")),
        ("step100", include_bytes!("../../assets/tiny-bert/step100.safetensors")),
        ("step400", include_bytes!("../../assets/tiny-bert/step400.safetensors")),
        ("final", include_bytes!("../../assets/tiny-bert/model.safetensors")),
    ],
}];

/// The checkpoint of `model` at `revision`, or its last one.
pub(super) fn checkpoint(model: &Embedded, revision: Option<&str>) -> Result<Checkpoint> {
    let found = match revision {
        Some(wanted) => model.revisions.iter().find(|(name, _)| *name == wanted),
        None => model.revisions.last(),
    };
    let Some((name, weights)) = found else {
        let names: Vec<&str> = model.revisions.iter().map(|(name, _)| *name).collect();
        let wanted = revision.unwrap_or_default();
        let near = near_matches(wanted, names.iter().copied());
        let guess = near.first().map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        return Err(Error::NoRevision {
            id: model.name.to_owned(),
            revision: wanted.to_owned(),
            remedy: format!("{guess}it has {}", join_and(&names)),
        });
    };
    Ok(Checkpoint {
        id: model.name.to_owned(),
        commit: Some((*name).to_owned()),
        config: model.config.to_owned(),
        tokenizer: TokenizerText::alone(model.tokenizer),
        weights: Weights::Embedded(weights),
        adapter: None,
        sentences: None,
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: Embedded = Embedded {
        name: "small",
        about: "a model for this test",
        config: "{}",
        tokenizer: "{}",
        revisions: &[("step0", b"first"), ("step100", b"middle"), ("final", b"last")],
    };

    #[test]
    fn the_last_revision_is_meant_unless_one_is_named() {
        let bytes = |revision| match checkpoint(&MODEL, revision).unwrap().weights {
            Weights::Embedded(bytes) => bytes,
            _ => panic!("not on disk"),
        };
        assert_eq!(bytes(None), b"last");
        assert_eq!(bytes(Some("step0")), b"first");
        assert_eq!(checkpoint(&MODEL, None).unwrap().commit.as_deref(), Some("final"));
    }

    #[test]
    fn an_unknown_revision_lists_those_there_are() {
        let error = checkpoint(&MODEL, Some("step10")).unwrap_err();
        assert_eq!(error.to_string(), "small has no revision `step10`");
        assert_eq!(error.hint().unwrap(), "did you mean step0? it has step0, step100 and final");
    }
}
