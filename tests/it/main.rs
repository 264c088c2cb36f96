//! The one integration binary. What goes where:
//!
//! - `mlem`: the estimator against published results, and properties of whole fits
//! - `floors`: the architecture table of the crate docs holds
//! - `extract`: stimuli and a model to activations
//! - `minilm`: real weights against frozen hidden states (opt-in)
//! - `models`: hidden states against frozen ones, and checkpoints that are wrong
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
//! - `hub`: downloads from a server on loopback, well behaved and otherwise

mod extract;
mod floors;
mod hub;
mod minilm;
mod mlem;
mod models;
