//! The models inside the binary: what runs when there is neither a network nor a folder.

use std::sync::OnceLock;

use super::checkpoint::{Checkpoint, Weights};
use super::error::{Error, Result};
use super::halves;
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

/// The weights of an embedded model at one step of its training.
#[derive(Debug)]
pub struct Revision {
    /// What the user calls it.
    pub name: &'static str,
    packed: &'static [u8],
    // Empty where the bytes above cannot be unpacked; a test sees to it that those of the program can.
    file: OnceLock<Vec<u8>>,
}

impl Revision {
    const fn new(name: &'static str, packed: &'static [u8]) -> Self {
        Self { name, packed, file: OnceLock::new() }
    }

    /// Its safetensors file, unpacked when it is first asked for.
    fn file(&'static self) -> &'static [u8] {
        self.file.get_or_init(|| halves::unpack(self.packed).unwrap_or_default())
    }
}

/// Every embedded model.
pub static MODELS: &[Embedded] = &[Embedded {
    name: "tiny-bert",
    about: "a demonstration model: a 6 × 128 BERT trained on the sentences of three bundled grammars",
    config: include_str!("../../assets/tiny-bert/config.json"),
    tokenizer: include_str!("../../assets/tiny-bert/tokenizer.json"),
    revisions: &TINY_BERT,
}];

static TINY_BERT: [Revision; 4] = [
    Revision::new("step0", include_bytes!("../../assets/tiny-bert/step0.safetensors.halves")),
    Revision::new("step100", include_bytes!("../../assets/tiny-bert/step100.safetensors.halves")),
    Revision::new("step400", include_bytes!("../../assets/tiny-bert/step400.safetensors.halves")),
    Revision::new("final", include_bytes!("../../assets/tiny-bert/model.safetensors.halves")),
];

/// The checkpoint of `model` at `revision`, or its last one.
pub(super) fn checkpoint(model: &'static Embedded, revision: Option<&str>) -> Result<Checkpoint> {
    let found = match revision {
        Some(wanted) => model.revisions.iter().find(|one| one.name == wanted),
        None => model.revisions.last(),
    };
    let Some(found) = found else {
        let names: Vec<&str> = model.revisions.iter().map(|one| one.name).collect();
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
        commit: Some(found.name.to_owned()),
        config: model.config.to_owned(),
        tokenizer: TokenizerText::alone(model.tokenizer),
        weights: Weights::Embedded(found.file()),
        adapter: None,
        sentences: None,
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    static REVISIONS: [Revision; 3] =
        [Revision::new("step0", b""), Revision::new("step100", b""), Revision::new("final", b"")];

    static MODEL: Embedded = Embedded {
        name: "small",
        about: "a model for this test",
        config: "{}",
        tokenizer: "{}",
        revisions: &REVISIONS,
    };

    #[test]
    fn the_last_revision_is_meant_unless_one_is_named() {
        let commit = |revision| checkpoint(&MODEL, revision).unwrap().commit;
        assert_eq!(commit(None).as_deref(), Some("final"));
        assert_eq!(commit(Some("step0")).as_deref(), Some("step0"));
    }

    #[test]
    fn the_embedded_files_are_those_that_training_wrote() {
        let hashes = [
            "b1ead7513199c034a2a53ba5d624adc8db7d0b6e7901dce20d58854979077dbc",
            "15de36dfaff2a6eca32f04a9b375968997da250ab4b46aaa259476038fcdc838",
            "b478e97cf95cdaf6748d5129bd42eeeed2dc4b8d69bd19b7b1fee1d64c3c4df7",
            "d76fa371d7879378931f5b1ea707cc30fc4f4ffc566a2a3c899bdfcf40318e6c",
        ];
        for (revision, hash) in MODELS[0].revisions.iter().zip(hashes) {
            let found: String =
                Sha256::digest(revision.file()).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, hash, "{}", revision.name);
        }
    }

    #[test]
    fn an_unknown_revision_lists_those_there_are() {
        let error = checkpoint(&MODEL, Some("step10")).unwrap_err();
        assert_eq!(error.to_string(), "small has no revision `step10`");
        assert_eq!(error.hint().unwrap(), "did you mean step0? it has step0, step100 and final");
    }
}
