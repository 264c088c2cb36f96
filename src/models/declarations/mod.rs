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
//! | `sizes` | the other names that transformers has for sizes |
//! | `irrelevant` | the keys of `config.json` that no family has to know |
//! | `config` | `config.json`, read to the last key |
//! | `quantised` | how `config.json` says that weights are stored |
//! | `tied` | whether the table of tokens is the head's too |
//! | `heads` | what makes scores of tokens of the last hidden state |
//! | `general` | the keys that mean the same to every family |
//! | `initial` | how a family draws its weights before any training |
//! | `families` | a small file per family: a configuration becomes a declaration |
//! | `family` | a row of the table of what is supported |
//! | `rows` | the rows |
//! | `refused` | what is known and cannot be had |
//! | `registry` | the table of what is supported |
//! | `defaults` | tests: what transformers writes with nothing set is understood |
//! | `published` | tests: the configurations of published checkpoints are understood |

pub(super) mod activation;
pub(super) mod config;
#[cfg(test)]
mod defaults;
mod families;
mod family;
mod general;
pub(super) mod heads;
pub(super) mod initial;
mod irrelevant;
pub(super) mod names;
#[cfg(test)]
mod published;
pub(super) mod quantised;
pub(super) mod refused;
pub mod registry;
pub(super) mod rotary;
mod rows;
mod sizes;
pub mod spec;
pub(super) mod tied;
