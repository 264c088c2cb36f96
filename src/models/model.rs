//! A model with its weights and its tokenizer: what is loaded of a checkpoint.

use super::checkpoint::adapter::{Adapter, Merged};
use super::checkpoint::dtype::Dtype;
use super::checkpoint::initialize::Initialiser;
use super::checkpoint::precision::{Form, Precision};
use super::checkpoint::weights::Weights;
use super::declarations::config::Config;
use super::declarations::heads;
use super::declarations::names::Declaration;
use super::declarations::quantised::{self, Quantised};
use super::declarations::registry::{self, Family};
use super::declarations::spec::Spec;
use super::declarations::tied::tied;
use super::device::DeviceChoice;
use super::elsewhere::Elsewhere;
use super::error::{Error, Result};
use super::options::LoadOptions;
use super::packed::head::Head;
use super::packed::trunk::Trunk;
use super::part::Part;
use super::tokenizer::Tokenizer;
use crate::hub::Checkpoint;

/// A model with its weights and its tokenizer.
pub struct Model {
    id: String,
    commit: Option<String>,
    notes: Vec<String>,
    /// How many positions its configuration names.
    positions: Option<usize>,
    family: &'static Family,
    pub(super) spec: Spec,
    /// Of the decoder of an encoder–decoder what its encoder is.
    pub(super) encoder: Option<Spec>,
    pub(super) computation: Computation,
    tokenizer: Tokenizer,
    /// What gives probabilities of tokens, where it was asked for.
    pub(super) head: Option<Head>,
    untrained: Option<u64>,
    device: DeviceChoice,
    dtype: Dtype,
    precision: Precision,
}

/// How hidden states are computed.
pub(super) enum Computation {
    /// On the processor, with packed tokens.
    Packed(Box<Trunk>),
    /// On a device of candle's, with padding.
    Padded(Box<dyn Elsewhere>),
}

/// The head of a family, and what it gives probabilities of.
fn head_of(
    config: &Config,
    family: &Family,
    declaration: &Declaration,
    part: Part,
) -> Result<(heads::Head, &'static str)> {
    let none = |message: String, remedy: &str| {
        Err(Error::Cannot { id: config.id().to_owned(), message, remedy: remedy.to_owned() })
    };
    if part == Part::Decoder || family.decoder.is_some() {
        let message =
            format!("log-probabilities of encoder–decoders ({}) are not computed", family.model_type);
        return none(
            message,
            "name a decoder (GPT-2, Llama …) or an encoder with a head for masked tokens (BERT …)",
        );
    }
    let what = if declaration.spec.attention.causal { "next tokens" } else { "masked tokens" };
    match heads::head(config, family.model_type, &declaration.spec)? {
        Some(head) => Ok((head, what)),
        None => none(
            format!("a head for {what} of models of type `{}` is not known here", family.model_type),
            "transformers has no such class for it; its hidden states can be had (`probe extract`)",
        ),
    }
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
    /// - [`Error::NotBuiltFor`], [`Error::Padded`], [`Error::NoDevice`], [`Error::Offload`], [`Error::Precision`]
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
        let mut config = Config::parse(source, &checkpoint.config)?;
        if options.head {
            // It says which state is shown as the last, and not which the head reads.
            config = config.without(&["tie_last_hidden_states"]);
        }
        let decodes = options.part == Part::Decoder;
        let declared = if decodes { Some(registry::declare_decoder(&config)?) } else { None };
        let quantised = match quantised::read(&config) {
            // Weights that are drawn are stored in no way.
            Err(_) if options.untrained.is_some() => Quantised::No,
            read => read?,
        };
        let (family, declaration) = registry::declare(&config)?;
        let declared_head =
            if options.head { Some(head_of(&config, family, &declaration, options.part)?) } else { None };
        let mut head = None;
        let tokenizer = Tokenizer::of(&checkpoint.id, &checkpoint.tokenizer)?;
        if options.offload && device.pads() {
            return Err(Error::Offload);
        }
        let mut notes = Vec::new();
        let mut adapter = adapter.map(|(_, adapter)| adapter);
        let mut trunk_of =
            |mut declaration: Declaration, adapter: Option<Adapter>| -> Result<(Trunk, Spec)> {
                let adapter = adapter.map(|adapter| adapter.onto(&mut declaration));
                let mut weights = match options.untrained {
                    None => Weights::open(source, &checkpoint.weights, form)?
                        .stored(quantised)
                        .adapted(adapter)?,
                    Some(seed) => {
                        let initialiser = Initialiser::new((family.initial)(&config)?, seed);
                        Weights::untrained(&checkpoint.id, initialiser, form)
                    }
                };
                for note in weights.settle(&declaration.names, tied(&config))? {
                    if !notes.contains(&note) {
                        notes.push(note);
                    }
                }
                if let Some((declared, what)) = &declared_head {
                    let Declaration { spec, names } = &declaration;
                    let sizes = [spec.vocab_size, spec.d_at(spec.n_layers)];
                    let tokens = weights.tokens_name(names.tokens);
                    head = Some(Head::load(declared, &mut weights, (&checkpoint.id, what), tokens, sizes)?);
                }
                Ok((Trunk::load(&declaration, weights, options.offload)?, declaration.spec))
            };
        let (trunk, spec, encoder) = match declared {
            None => {
                let (trunk, spec) = trunk_of(declaration, adapter.take())?;
                (trunk, spec, None)
            }
            Some(decoder) => {
                // The same adapter for either part: each takes what is its own.
                let again = match &checkpoint.adapter {
                    Some(found) => Some(Adapter::open(found, &checkpoint.weights)?.for_decoder()?),
                    None => None,
                };
                let (encoder, encoder_spec) = trunk_of(declaration, adapter.take())?;
                let (mut trunk, spec) = trunk_of(decoder, again)?;
                trunk.encoder = Some(Box::new(encoder));
                (trunk, spec, Some(encoder_spec))
            }
        };
        notes.splice(0..0, config.notes());
        let computation = match options.upload(device)? {
            Some(upload) => Computation::Padded(upload(trunk, device)?),
            None => Computation::Packed(Box::new(trunk)),
        };
        Ok(Self {
            id: checkpoint.id.clone(),
            commit: checkpoint.commit.clone(),
            notes,
            positions: config.positions(),
            family,
            spec,
            encoder,
            computation,
            tokenizer,
            head,
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
        Self::declared_of(checkpoint, Part::Encoder)
    }

    /// The same of one part of an encoder–decoder.
    ///
    /// # Errors
    ///
    /// As [`Model::declared`]; [`Error::NoDecoder`].
    pub fn declared_of(checkpoint: &Checkpoint, part: Part) -> Result<Spec> {
        let config = Config::parse(&checkpoint.id, &checkpoint.config)?;
        if part == Part::Decoder {
            return Ok(registry::declare_decoder(&config)?.spec);
        }
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

    /// Which part of an encoder–decoder it is.
    #[must_use]
    pub fn part(&self) -> Part {
        if self.encoder.is_some() { Part::Decoder } else { Part::Encoder }
    }

    /// What the encoder is that it reads, if it is a decoder that reads one.
    #[must_use]
    pub fn encoder(&self) -> Option<&Spec> {
        self.encoder.as_ref()
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
            Computation::Padded(_) => false,
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
}
