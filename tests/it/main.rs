//! The one integration binary. What goes where:
//!
//! - `extract`: stimuli and a model to activations
//! - `floors`: the architecture table of the crate docs holds
//! - `grammars`: what the bundled grammars generate
//! - `hub`: downloads from a server on loopback, well behaved and otherwise
//! - `minilm`: real weights against frozen hidden states (opt-in)
//! - `mlem`: the estimator against published results, and properties of whole fits
//! - `models`: hidden states against frozen ones, and checkpoints that are wrong
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod extract;
mod floors;
mod grammars;
mod hub;
mod minilm;
mod mlem;
mod models;
