//! What activations depend on, and the hash of it.

use crate::activations::Provenance;
use crate::extract::batches::Kept;
use crate::extract::error::Result;
use crate::extract::{Extract, Loaded};
use crate::files::Parts;
use crate::hub::{self, Checkpoint, Weights};
use crate::models::{LoadOptions, Model, Part, Site, Spec};
use crate::stimuli::Stimuli;

/// Activations that are asked for, and the key that they are kept under.
#[derive(Debug)]
pub struct Request<'a> {
    params: &'a Extract,
    stimuli: &'a Stimuli,
    checkpoint: &'a Checkpoint,
    loaded: Loaded,
    spec: Spec,
    key: String,
}

impl<'a> Request<'a> {
    /// The activations that `params` take of `stimuli` with `checkpoint`, loaded as `options` say. The weights are hashed,
    /// unless the Hub has named them by their hash.
    ///
    /// # Errors
    ///
    /// [`Error::Files`](super::super::Error::Files) when the weights cannot be read, and as [`Extract::extract`] for a slot that is
    /// not there or stimuli without sentences.
    pub fn new(
        params: &'a Extract,
        stimuli: &'a Stimuli,
        checkpoint: &'a Checkpoint,
        options: &LoadOptions,
    ) -> Result<Self> {
        let mut parts = Parts::default();
        parts.add(env!("CARGO_PKG_VERSION"));
        parts.add(&checkpoint.config);
        parts.add(&checkpoint.tokenizer.json);
        if checkpoint.tokenizer.split_special_tokens {
            parts.add("special tokens are split");
        }
        // Numbers from different devices are the same to rounding only; where weights wait for their turn makes no difference.
        let device = options.device.resolve()?;
        let precision = options.precision.resolve(device)?;
        let options = options.clone().device(device).precision(precision).offload(false);
        parts.add(format!("{options:?}"));
        match &checkpoint.weights {
            Weights::Safetensors(paths) | Weights::Pytorch(paths) => {
                for path in paths {
                    parts.add(hub::content(path)?);
                }
            }
            Weights::Embedded(bytes) => parts.add(bytes),
            Weights::Absent => {}
        }
        if let Some(adapter) = &checkpoint.adapter {
            parts.add("adapter");
            parts.add(&adapter.config);
            if let Weights::Safetensors(paths) | Weights::Pytorch(paths) = &adapter.weights {
                for path in paths {
                    parts.add(hub::content(path)?);
                }
            }
        }
        parts.add(params.pooling.name());
        if params.site != Site::Residual {
            parts.add(params.site.name());
        }
        let kept = params.kept(stimuli)?;
        for (row, sentence) in stimuli.sentences()?.iter().enumerate() {
            parts.add(sentence);
            if let Kept::Slot(slot) = kept {
                parts.add(format!("{:?}", stimuli.spans(row).get(slot).copied().flatten()));
            }
        }
        parts.add(format!("{kept:?}"));
        if options.part == Part::Decoder {
            parts.add(Part::Decoder.name());
            stimuli.targets().into_iter().flatten().for_each(|text| parts.add(text));
        }
        let loaded =
            Loaded { untrained: options.untrained, dtype: options.dtype, precision, part: options.part };
        let key = parts.hash();
        let spec = Model::declared_of(checkpoint, options.part)?;
        Ok(Self { params, stimuli, checkpoint, loaded, spec, key })
    }

    /// The key (hex).
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The matrices that are asked for.
    ///
    /// # Errors
    ///
    /// As [`Extract::entries`].
    pub(super) fn entries(&self) -> Result<Vec<usize>> {
        self.params.entries(&self.spec, &self.checkpoint.id)
    }

    /// What the activations are activations of. It is not the entry's: the features may be others.
    pub(super) fn provenance(&self) -> Provenance {
        let Checkpoint { id, commit, .. } = self.checkpoint;
        self.params.provenance(self.stimuli, (id, commit.as_deref()), self.loaded, &self.spec)
    }
}
