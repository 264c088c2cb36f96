//! A model with its weights and its tokenizer: what is loaded of a checkpoint, and how it is run.

use super::checkpoint::adapter::{Adapter, Merged};
use super::checkpoint::dtype::Dtype;
use super::checkpoint::initialize::Initialiser;
use super::checkpoint::precision::{Form, Precision};
use super::checkpoint::weights::Weights;
use super::declarations::config::Config;
use super::declarations::quantised::{self, Quantised};
use super::declarations::registry::{self, Family};
use super::declarations::spec::Spec;
use super::declarations::tied::tied;
use super::dense::Dense;
use super::device::DeviceChoice;
use super::error::{Error, Result};
use super::packed::kernels::tiles;
use super::packed::trunk::Trunk;
use super::sequences::Sequences;
use super::tokenizer::Tokenizer;
use crate::hub::Checkpoint;

/// How a checkpoint is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Draw the weights as before any training, from this seed; those of the checkpoint are not read.
    pub untrained: Option<u64>,
    /// What the model runs on.
    pub device: DeviceChoice,
    /// How weights are held in memory.
    pub dtype: Dtype,
    /// How linear layers multiply on the processor.
    pub precision: Precision,
    /// Whether weights stay in their files, and each block's are made ready when its turn comes: for models larger than memory.
    /// The hidden states are the same.
    pub offload: bool,
    /// Whether bf16 parts are multiplied by the portable form of the processor's tiles, wherever it runs: the same numbers, slowly.
    /// For tests of it.
    #[doc(hidden)]
    pub portable: bool,
}

impl LoadOptions {
    /// These options, with weights as before any training, drawn from `seed`.
    #[must_use]
    pub fn untrained(self, seed: u64) -> Self {
        Self { untrained: Some(seed), ..self }
    }

    /// These options, on `device`.
    #[must_use]
    pub fn device(self, device: DeviceChoice) -> Self {
        Self { device, ..self }
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

/// A model with its weights and its tokenizer.
pub struct Model {
    id: String,
    commit: Option<String>,
    notes: Vec<String>,
    /// How many positions its configuration names.
    positions: Option<usize>,
    family: &'static Family,
    spec: Spec,
    computation: Computation,
    tokenizer: Tokenizer,
    untrained: Option<u64>,
    device: DeviceChoice,
    dtype: Dtype,
    precision: Precision,
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

/// How hidden states are computed.
enum Computation {
    /// On the processor, with packed tokens.
    Packed(Box<Trunk>),
    /// On a device of candle's, with padding.
    Dense(Box<Dense>),
}

impl Model {
    /// Loads a checkpoint: its configuration is read to the last key, and every tensor's shape is checked (with
    /// [`LoadOptions::offload`], a block's tensors when its turn comes).
    ///
    /// # Errors
    ///
    /// - [`Error::UnsupportedModelType`], [`Error::ConfigValue`], [`Error::ConfigKey`]: a configuration that is not
    ///   understood, or would be computed wrongly
    /// - [`Error::WeightsFile`], [`Error::MissingTensor`], [`Error::TensorShape`]: weights that do not fit it
    /// - [`Error::Quantised`], [`Error::Scales`], [`Error::NotFloats`]: weights that are stored in a way that is not read
    /// - [`Error::Adapter`], [`Error::UntrainedAdapter`]: an adapter that cannot be merged
    /// - [`Error::NoInitialiser`] for an untrained model of a family whose first weights are not known
    /// - [`Error::Tokenizer`]
    /// - [`Error::NotBuiltFor`], [`Error::NoDevice`], [`Error::Offload`], [`Error::Precision`]
    pub fn load(checkpoint: &Checkpoint, options: &LoadOptions) -> Result<Self> {
        let device = options.device.resolve()?;
        let precision =
            if options.portable { options.precision } else { options.precision.resolve(device)? };
        let form = Form { dtype: options.dtype, precision, portable: options.portable };
        let adapter = match (&checkpoint.adapter, options.untrained) {
            (Some(adapter), Some(_)) => {
                let (id, base) = (checkpoint.id.clone(), adapter.base.clone());
                return Err(Error::UntrainedAdapter { id, base });
            }
            (Some(adapter), None) => Some((&adapter.base, Adapter::open(adapter, &checkpoint.weights)?)),
            (None, _) => None,
        };
        // What an error of these files is about.
        let source = adapter.as_ref().map_or(&checkpoint.id, |(base, _)| base);
        let config = Config::parse(source, &checkpoint.config)?;
        let quantised = match quantised::read(&config) {
            // Weights that are drawn are stored in no way.
            Err(_) if options.untrained.is_some() => Quantised::No,
            read => read?,
        };
        let (family, mut declaration) = registry::declare(&config)?;
        let adapter = adapter.map(|(_, adapter)| adapter.onto(&mut declaration));
        let tokenizer = Tokenizer::of(&checkpoint.id, &checkpoint.tokenizer)?;
        if options.offload && device.pads() {
            return Err(Error::Offload);
        }
        let mut weights = match options.untrained {
            None => Weights::open(source, &checkpoint.weights, form)?.stored(quantised).adapted(adapter)?,
            Some(seed) => {
                let initialiser = Initialiser::new((family.initial)(&config)?, seed);
                Weights::untrained(&checkpoint.id, initialiser, form)
            }
        };
        let mut notes = config.notes();
        notes.extend(weights.settle(&declaration.names, tied(&config))?);
        let trunk = Trunk::load(&declaration, weights, options.offload)?;
        let computation = if device.pads() {
            Computation::Dense(Box::new(Dense::upload(trunk, &device.open()?)?))
        } else {
            Computation::Packed(Box::new(trunk))
        };
        Ok(Self {
            id: checkpoint.id.clone(),
            commit: checkpoint.commit.clone(),
            notes,
            positions: config.positions(),
            family,
            spec: declaration.spec,
            computation,
            tokenizer,
            untrained: options.untrained,
            device,
            dtype: options.dtype,
            precision,
        })
    }

    /// What the adapter of a checkpoint changes, if it has one. The base is not read.
    ///
    /// # Errors
    ///
    /// [`Error::Adapter`], and others for files that cannot be read.
    pub fn merged(checkpoint: &Checkpoint) -> Result<Option<Merged>> {
        Adapter::merged(checkpoint)
    }

    /// What the configuration of `checkpoint` declares: layers, width, and all that is computed. No weights are read.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedModelType`], [`Error::ConfigValue`], [`Error::ConfigKey`].
    pub fn declared(checkpoint: &Checkpoint) -> Result<Spec> {
        let config = Config::parse(&checkpoint.id, &checkpoint.config)?;
        let declaration = (registry::family(&config)?.declare)(&config)?;
        config.finish()?;
        Ok(declaration.spec)
    }

    /// The first tensor of a checkpoint's weights that holds what is no number, by its name, and the number: where activations are
    /// not finite, it says why. All weights are read for it.
    #[must_use]
    pub fn not_finite(checkpoint: &Checkpoint) -> Option<(String, f32)> {
        Weights::open(&checkpoint.id, &checkpoint.weights, Form::default()).ok()?.not_finite()
    }

    /// The checkpoint's id or folder.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The commit that the id resolved to.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// What is unusual about its files, and how they were read then.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The seed of its weights, if they are those before any training.
    #[must_use]
    pub fn untrained(&self) -> Option<u64> {
        self.untrained
    }

    /// What it runs on; never [`DeviceChoice::Auto`].
    #[must_use]
    pub fn device(&self) -> DeviceChoice {
        self.device
    }

    /// How its weights are held.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// How its linear layers multiply: what runs, not what was asked for.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Whether its blocks are made ready one at a time: then [`Model::hidden_states_together`] is much faster than one batch after
    /// another.
    #[must_use]
    pub fn is_offloaded(&self) -> bool {
        match &self.computation {
            Computation::Packed(trunk) => trunk.blocks.is_offloaded(),
            Computation::Dense(_) => false,
        }
    }

    /// The row of the registry that it belongs to.
    #[must_use]
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// How long a sequence may be, in words that go on from the model's name.
    #[must_use]
    pub fn limit(&self) -> String {
        let positions = self.spec.n_positions;
        let rotated = self.spec.blocks.iter().any(|block| block.rotary.is_some());
        match (positions, self.positions) {
            (None, _) => "takes sequences of any length".to_owned(),
            (Some(run), Some(file)) if rotated && file > run => format!(
                "has {file} positions, of which {run} are run: longer sequences are rotated by other factors, which are not \
                 supported"
            ),
            (Some(run), _) => format!("has {run} positions"),
        }
    }

    /// Its architecture.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Its tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Runs the model up to hidden state `deepest` (at most [`Spec::n_layers`]) and gives every hidden state on the way,
    /// `(n_tokens, d_model)` flat, to `visit`, with its number. Rows are those of [`Sequences::tokens`].
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`].
    pub fn hidden_states(
        &self,
        sequences: &Sequences,
        deepest: usize,
        visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let layers: Vec<usize> = (0..=deepest).collect();
        self.hidden_states_at(sequences, &layers, visit)
    }

    /// Runs the model up to the last of `layers`, which are ascending, and gives these hidden states, `(n_tokens, d_model)`
    /// flat, to `visit`, with their numbers. Rows are those of [`Sequences::tokens`].
    ///
    /// # Errors
    ///
    /// [`Error::TokenOutOfRange`], [`Error::TooLong`], [`Error::NoTokens`], [`Error::SharedPrefixes`]; [`Error::Compute`] where
    /// the device fails; whatever `visit` fails with.
    pub fn hidden_states_at(
        &self,
        sequences: &Sequences,
        layers: &[usize],
        mut visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        self.check(sequences)?;
        let Some(&deepest) = layers.last().filter(|_| !sequences.is_empty()) else { return Ok(()) };
        match &self.computation {
            Computation::Packed(trunk) => trunk.forward(sequences, deepest, |layer, states| {
                if layers.binary_search(&layer).is_ok() { visit(layer, states) } else { Ok(()) }
            }),
            Computation::Dense(dense) => dense.forward(sequences, layers, visit),
        }
    }

    /// The same for several batches, block by block, so that an offloaded model reads each block once for all of them. `visit` is
    /// given the place of the batch first, and may be called from any thread. The states of all batches are in memory at once.
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`].
    pub fn hidden_states_together(
        &self,
        batches: &[Sequences],
        layers: &[usize],
        visit: impl Fn(usize, usize, &[f32]) -> Result<()> + Sync,
    ) -> Result<()> {
        let visit = |batch: usize, layer: usize, states: &[f32]| {
            if layers.binary_search(&layer).is_ok() { visit(batch, layer, states) } else { Ok(()) }
        };
        match (&self.computation, layers.last()) {
            (_, None) => Ok(()),
            (Computation::Packed(trunk), Some(&deepest)) if batches.iter().all(|batch| !batch.is_empty()) => {
                batches.iter().try_for_each(|batch| self.check(batch))?;
                trunk.forward_together(batches, deepest, visit)
            }
            _ => batches.iter().enumerate().try_for_each(|(place, batch)| {
                self.hidden_states_at(batch, layers, |layer, states| visit(place, layer, states))
            }),
        }
    }

    /// The same, but gives means over groups of tokens, `(groups, d_model)` flat: each group has a sequence of the batch, from 0,
    /// and positions in it, from 0. On a GPU they are made there, and the states of single tokens do not leave it.
    ///
    /// # Errors
    ///
    /// As [`Model::hidden_states_at`]; [`Error::NoSuchToken`] for a group without tokens, or with one that is not there.
    pub fn means_at(
        &self,
        sequences: &Sequences,
        layers: &[usize],
        groups: &[(usize, &[u32])],
        mut visit: impl FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let paths: Vec<&[u32]> = sequences.iter().map(|sequence| sequence.path).collect();
        let wrong = groups.iter().position(|&(sequence, positions)| {
            let length = paths.get(sequence).map_or(0, |path| path.len());
            positions.is_empty() || positions.iter().any(|&position| position as usize >= length)
        });
        if let Some(index) = wrong {
            return Err(Error::NoSuchToken { index });
        }
        if let Computation::Dense(dense) = &self.computation {
            self.check(sequences)?;
            if layers.is_empty() || sequences.is_empty() {
                return Ok(());
            }
            return dense.means(sequences, layers, groups, visit);
        }
        self.hidden_states_at(sequences, layers, |layer, states| {
            let d_model = self.spec.d_at(layer);
            let mut means = vec![0.0; groups.len() * d_model];
            for (&(sequence, positions), mean) in groups.iter().zip(means.chunks_exact_mut(d_model)) {
                for &position in positions {
                    let row = paths[sequence][position as usize] as usize;
                    for (mean, value) in mean.iter_mut().zip(&states[row * d_model..]) {
                        *mean += value;
                    }
                }
                for value in mean {
                    *value /= positions.len() as f32;
                }
            }
            visit(layer, &means)
        })
    }

    /// Refuses sequences that the model cannot take.
    fn check(&self, sequences: &Sequences) -> Result<()> {
        let vocab_size = self.spec.vocab_size;
        if let Some(&token) = sequences.tokens().iter().find(|&&token| token as usize >= vocab_size) {
            return Err(Error::TokenOutOfRange { token, vocab_size });
        }
        for (index, sequence) in sequences.iter().enumerate() {
            let tokens = sequence.path.len();
            if tokens == 0 {
                return Err(Error::NoTokens { index });
            }
            if let Some(max_tokens) = self.spec.n_positions.filter(|&most| tokens > most) {
                return Err(Error::TooLong { tokens, max_tokens });
            }
        }
        if sequences.shares_prefixes() && !self.spec.attention.causal {
            return Err(Error::SharedPrefixes);
        }
        Ok(())
    }
}
