//! A model id or folder becomes the files of a checkpoint. Offline first; the one place that touches the network.
//!
//! [`resolve()`] takes what a user calls a model and gives a [`Checkpoint`]:
//!
//! | name | example | where the files are |
//! | --- | --- | --- |
//! | a folder | `./my-bert` | there |
//! | an embedded model | `tiny-bert` | in this program |
//! | an alias | `bert-base` | as its Hub id ([`ALIASES`]) |
//! | a Hub id | `EleutherAI/pythia-70m` | in the cache, else downloaded into it |
//!
//! The cache is the Python hub's, file for file, so that nothing is fetched twice. A model that is wholly in the cache
//! costs no request, and so keeps the commit it was first fetched at; a named branch or tag (`--revision main`) is
//! asked for again. What this module is not: it does not read weights, and knows no architecture.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `error`, `options` | the words: what goes wrong, and where models are kept and come from |
//! | `folder`, `network` | the files of a checkpoint's folder; requests and downloads |
//! | `foreign`, `lacking` | what stands in the place of a file, and what to say then |
//! | `sentences` | what a model of sentence-transformers says of itself |
//! | `checkpoint` | what a folder holds, ready to be read |
//! | `adapter` | a folder that changes another model's weights |
//! | `embedded`, `cache` | the models in this program; the Python hub's folders |
//! | `names` | what users call models |
//! | `identity`, `fetch` | models told apart; what the cache lacks of one, downloaded |
//! | `resolve` | from a name to a checkpoint |

mod adapter;
mod cache;
mod checkpoint;
pub mod embedded;
mod error;
mod fetch;
mod folder;
mod foreign;
mod identity;
mod lacking;
mod names;
mod network;
mod options;
mod resolve;
mod sentences;

pub use checkpoint::{Adapter, Checkpoint, Weights};
pub use error::{Error, Result};
pub use identity::{content, identity, is_checkpoint, unverified};
pub use names::ALIASES;
pub use options::{Hub, Patience};
pub use resolve::{resolve, tokenizer};
pub use sentences::SentenceModel;
