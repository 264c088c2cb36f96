//! The models inside the binary: what runs when there is neither a network nor a folder.

mod planes;
mod start;

use std::io;
use std::sync::OnceLock;

pub use planes::pack;
pub use start::{HEAD, start};

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
    /// Its checkpoints in order of training; the last is the one meant when none is named.
    pub revisions: &'static [Revision],
}

/// A checkpoint of an embedded model.
#[derive(Debug)]
pub struct Revision {
    /// What it is called.
    pub name: &'static str,
    stored: Stored,
    /// The safetensors file, once it was asked for.
    file: OnceLock<Vec<u8>>,
}

/// How the program carries a checkpoint.
#[derive(Debug)]
enum Stored {
    /// What training begins from: drawn again, and laid out as another checkpoint that is [`Stored::Planes`].
    Start(&'static [u8]),
    /// See [`pack`].
    Planes(&'static [u8]),
}

impl Revision {
    const fn new(name: &'static str, stored: Stored) -> Self {
        Self { name, stored, file: OnceLock::new() }
    }

    /// Its safetensors file.
    ///
    /// # Errors
    ///
    /// The program is damaged.
    pub fn file(&'static self) -> io::Result<&'static [u8]> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = match self.stored {
            Stored::Start(other) => start::like(&planes::unpack(other)?)?,
            Stored::Planes(packed) => planes::unpack(packed)?,
        };
        Ok(self.file.get_or_init(|| file))
    }
}

static FINAL: &[u8] = include_bytes!("../../../assets/tiny-bert/model.planes");

static TINY_BERT: [Revision; 4] = [
    Revision::new("step0", Stored::Start(FINAL)),
    Revision::new("step100", Stored::Planes(include_bytes!("../../../assets/tiny-bert/step100.planes"))),
    Revision::new("step400", Stored::Planes(include_bytes!("../../../assets/tiny-bert/step400.planes"))),
    Revision::new("final", Stored::Planes(FINAL)),
];

/// Every embedded model.
pub static MODELS: &[Embedded] = &[Embedded {
    name: "tiny-bert",
    about: "a demonstration model: a 6 × 128 BERT trained on the sentences of three bundled grammars",
    config: include_str!("../../../assets/tiny-bert/config.json"),
    tokenizer: include_str!("../../../assets/tiny-bert/tokenizer.json"),
    revisions: &TINY_BERT,
}];

/// The checkpoint of `model` at `revision`, or its last one.
pub(super) fn checkpoint(model: &Embedded, revision: Option<&str>) -> Result<Checkpoint> {
    let found = match revision {
        Some(wanted) => model.revisions.iter().find(|revision| revision.name == wanted),
        None => model.revisions.last(),
    };
    let Some(revision) = found else {
        let names: Vec<&str> = model.revisions.iter().map(|revision| revision.name).collect();
        let wanted = revision.unwrap_or_default();
        let near = near_matches(wanted, names.iter().copied());
        let guess = near.first().map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        return Err(Error::NoRevision {
            id: model.name.to_owned(),
            revision: wanted.to_owned(),
            remedy: format!("{guess}it has {}", join_and(&names)),
        });
    };
    let weights = revision.file().map_err(|error| Error::BadFile {
        path: model.name.into(),
        what: error.to_string(),
        remedy: Some("install this program again".to_owned()),
    })?;
    Ok(Checkpoint {
        id: model.name.to_owned(),
        commit: Some(revision.name.to_owned()),
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

    fn bytes(revision: Option<&str>) -> &'static [u8] {
        match checkpoint(&MODELS[0], revision).unwrap().weights {
            Weights::Embedded(bytes) => bytes,
            _ => panic!("not on disk"),
        }
    }

    #[test]
    fn the_last_revision_is_meant_unless_one_is_named() {
        assert_eq!(bytes(None), bytes(Some("final")));
        assert_ne!(bytes(None), bytes(Some("step400")));
        assert_eq!(checkpoint(&MODELS[0], None).unwrap().commit.as_deref(), Some("final"));
    }

    #[test]
    fn checkpoints_are_those_that_training_wrote() {
        use sha2::{Digest, Sha256};
        let written = [
            ("step0", "b1ead7513199c034a2a53ba5d624adc8db7d0b6e7901dce20d58854979077dbc"),
            ("step100", "15de36dfaff2a6eca32f04a9b375968997da250ab4b46aaa259476038fcdc838"),
            ("step400", "b478e97cf95cdaf6748d5129bd42eeeed2dc4b8d69bd19b7b1fee1d64c3c4df7"),
            ("final", "d76fa371d7879378931f5b1ea707cc30fc4f4ffc566a2a3c899bdfcf40318e6c"),
        ];
        for (name, sha256) in written {
            let found = Sha256::digest(bytes(Some(name)));
            let written: Vec<u8> = (0..sha256.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&sha256[at..at + 2], 16).unwrap())
                .collect();
            assert_eq!(found.as_slice(), written, "{name}");
        }
    }

    #[test]
    fn an_unknown_revision_lists_those_there_are() {
        let error = checkpoint(&MODELS[0], Some("step10")).unwrap_err();
        assert_eq!(error.to_string(), "tiny-bert has no revision `step10`");
        assert_eq!(error.hint().unwrap(), "did you mean step0? it has step0, step100, step400 and final");
    }
}
