//! How a checkpoint is loaded.

use std::fmt;

use super::checkpoint::dtype::Dtype;
use super::checkpoint::precision::Precision;
use super::dense;
use super::device::DeviceChoice;
use super::elsewhere::Upload;
use super::error::{Error, Result};
use super::packed::kernels::tiles;
use super::part::Part;

/// How a checkpoint is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Draw the weights as before any training, from this seed; those of the checkpoint are not read.
    pub untrained: Option<u64>,
    /// Which part of an encoder–decoder is run.
    pub part: Part,
    /// What the model runs on.
    pub device: DeviceChoice,
    /// How weights are held in memory.
    pub dtype: Dtype,
    /// How linear layers multiply on the processor.
    pub precision: Precision,
    /// Whether weights stay in their files, and each block's are made ready when its turn comes: for models larger than memory.
    /// The hidden states are the same.
    pub offload: bool,
    /// Whether the head is read too, which gives probabilities of tokens.
    pub head: bool,
    /// Whether bf16 parts are multiplied by the portable form of the processor's tiles, wherever it runs: the same numbers, slowly.
    /// For tests of it.
    #[doc(hidden)]
    pub portable: bool,
    /// What computes where [`Self::device`] is the processor with padded batches.
    padding: Padding,
}

/// Held apart so that only [`LoadOptions::padded`] names the computation.
#[derive(Clone, Default)]
struct Padding(Option<Upload>);

/// The device says it already.
impl PartialEq for Padding {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Padding {}

impl fmt::Debug for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.is_some())
    }
}

impl LoadOptions {
    /// These options, with weights as before any training, drawn from `seed`.
    #[must_use]
    pub fn untrained(self, seed: u64) -> Self {
        Self { untrained: Some(seed), ..self }
    }

    /// These options, of `part` of an encoder–decoder.
    #[must_use]
    pub fn part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// These options, on `device`.
    #[must_use]
    pub fn device(self, device: DeviceChoice) -> Self {
        Self { device, ..self }
    }

    /// These options, on the processor, computing as a GPU does: [`DeviceChoice::CpuPadded`].
    #[must_use]
    pub fn padded(self) -> Self {
        Self { device: DeviceChoice::CpuPadded, padding: Padding(Some(dense::upload)), ..self }
    }

    /// What lays out the weights on `device`; `None` for the processor's own computation.
    ///
    /// # Errors
    ///
    /// [`Error::Padded`]
    pub(super) fn upload(&self, device: DeviceChoice) -> Result<Option<Upload>> {
        match device {
            DeviceChoice::Auto | DeviceChoice::Cpu => Ok(None),
            DeviceChoice::CpuPadded => self.padding.0.map(Some).ok_or(Error::Padded),
            // The condition is known when the program is built: others are linked without what stands after it.
            DeviceChoice::Cuda(_) | DeviceChoice::Metal => {
                Ok(if DeviceChoice::GPU_BUILD { Some(dense::upload) } else { None })
            }
        }
    }

    /// These options, with weights held as `dtype`.
    #[must_use]
    pub fn dtype(self, dtype: Dtype) -> Self {
        Self { dtype, ..self }
    }

    /// These options, with products in `precision`.
    #[must_use]
    pub fn precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// These options, with the head that gives probabilities of tokens.
    #[must_use]
    pub fn with_head(self) -> Self {
        Self { head: true, ..self }
    }

    /// These options, with bf16 parts multiplied by the portable form.
    #[doc(hidden)]
    #[must_use]
    pub fn portable(self) -> Self {
        Self { portable: true, ..self }
    }

    /// These options, with weights that stay in their files if `offload` says so.
    #[must_use]
    pub fn offload(self, offload: bool) -> Self {
        Self { offload, ..self }
    }
}

impl Precision {
    /// Whether this processor has matrix tiles that multiply bf16.
    #[must_use]
    pub fn tiles() -> bool {
        tiles::are_there()
    }

    /// What runs where this is asked for, on `device`.
    ///
    /// # Errors
    ///
    /// [`Error::Precision`] for bf16 on a GPU.
    pub fn resolve(self, device: DeviceChoice) -> Result<Self> {
        match self {
            Self::Bf16 if device.pads() => Err(Error::Precision),
            Self::Fast if device.pads() || !Self::tiles() => Ok(Self::F32),
            precision => Ok(precision),
        }
    }
}
