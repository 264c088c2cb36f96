//! What `config.json` says of an architecture: its numbers ([`spec`]), what its weights are called ([`names`]), and the one
//! table of what is supported ([`registry`]). No weights here, and no computation.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `activation`, `rotary` | words of an architecture: non-linearities, rotations by position |
//! | `spec` | an architecture: everything of `config.json` that changes the hidden states |
//! | `names` | what a family calls its weights |
//! | `irrelevant` | the keys of `config.json` that no family has to know |
//! | `config` | `config.json`, read to the last key |
//! | `quantised` | how `config.json` says that weights are stored |
//! | `initial` | how a family draws its weights before any training |
//! | `families` | a small file per family: a configuration becomes a declaration |
//! | `registry` | the table of what is supported |
//! | `published` | tests: the configurations of published checkpoints are understood |

pub(super) mod activation;
pub(super) mod config;
mod families;
pub(super) mod initial;
mod irrelevant;
pub(super) mod names;
#[cfg(test)]
mod published;
pub(super) mod quantised;
pub mod registry;
pub(super) mod rotary;
pub mod spec;
