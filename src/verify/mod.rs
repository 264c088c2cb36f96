//! A certificate for a checkpoint: what this program makes of some sentences, against what Hugging Face transformers makes of them
//! on the user's own machine.
//!
//! ```text
//! script ──python──▶ frozen tokens and hidden states ──compare──▶ equal: a certificate, which runs of the model cite
//!                                                                 not: where they part (tokens, embeddings, block k)
//! ```
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `error` | what can be wrong |
//! | `sentences` | twenty sentences that hard cases of tokenizers are in |
//! | `script` | the Python script that freezes |
//! | `frozen` | what it wrote, read |
//! | `certificate` | what was found, and where it is kept |
//! | `compare` | a model against what was frozen |

mod certificate;
mod compare;
mod error;
mod frozen;
mod script;
mod sentences;

pub use certificate::{Certificate, Certificates, fingerprint, fingerprint_of};
pub use compare::{Outcome, Parting, TOLERANCE, compare};
pub use error::{Error, Result};
pub use frozen::Frozen;
pub use script::{Script, script};
pub use sentences::{MOST, bundled, some};
