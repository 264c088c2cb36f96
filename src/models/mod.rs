//! Transformers whose every hidden state is at hand: one trunk, and small declarations that configure it.
//!
//! ```text
//! config.json ──family──▶ Spec + weight names ──trunk──▶ Model ──hidden_states──▶ (n_tokens, d_model) per layer
//! ```
//!
//! The hidden states are those of Hugging Face transformers' `output_hidden_states`: number 0 is the embedding output,
//! `1..=L` come after the blocks. What is done with them (pooling, batching) is [`crate::extract`]'s business, and where
//! the files come from is [`crate::hub`]'s.
//!
//! # Rooms, from the ground up
//!
//! A file imports only from rooms above its own in this table; the rooms `declarations` and `packed` have tables of their own.
//!
//! | room | what it is |
//! | --- | --- |
//! | `device` | what a model runs on, by name |
//! | `part` | which part of an encoder–decoder is run |
//! | `error` | what can be wrong with a checkpoint |
//! | `charsmap` | how much a tokenizer's map of characters asks for |
//! | `growth` | how much longer a tokenizer may make a text |
//! | `sequences`, `tokenizer` | sentences as tokens, and tokens as a packed batch |
//! | `declarations` | what `config.json` says: an architecture's numbers, the names of its weights, the table of families |
//! | `site` | where in a model activations are taken |
//! | `edit` | a change of hidden states on their way |
//! | `checkpoint` | what stands in files: safetensors, PyTorch, dtypes, tables; and weights before any training |
//! | `packed` | the processor's computation, on tokens without padding |
//! | `elsewhere` | what is asked of a computation that is not the processor's own |
//! | `dense` | a device's computation, on padded batches |
//! | `options` | how a checkpoint is loaded |
//! | `model` | a checkpoint loaded |
//! | `running` | how it is run |
//! | `scoring` | what its head makes of what comes of it |

mod charsmap;
mod checkpoint;
mod declarations;
mod dense;
mod device;
mod edit;
mod elsewhere;
mod error;
mod growth;
mod model;
mod options;
mod packed;
mod part;
mod running;
mod scoring;
mod sequences;
mod site;
mod tokenizer;

pub use checkpoint::adapter::Merged;
pub use checkpoint::dtype::Dtype;
pub use checkpoint::precision::Precision;
pub use declarations::activation::Activation;
pub use declarations::refused::reason as reason_of_refusal;
pub use declarations::registry::{Family, families};
pub use declarations::rotary::Rotary;
pub use declarations::spec::Spec;
pub use declarations::{registry, spec};
pub use device::DeviceChoice;
pub use edit::Edit;
pub use error::{Error, Result};
pub use model::Model;
pub use options::LoadOptions;
pub use part::Part;
pub use scoring::Objective;
pub(crate) use sequences::common_prefix;
pub use sequences::{Sequence, Sequences};
pub use site::Site;
pub use tokenizer::{Encoding, Tokenizer};
