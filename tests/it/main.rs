//! The one integration binary. What goes where:
//!
//! - `mlem`: the estimator against published results, and properties of whole fits
//! - `floors`: the architecture table of the crate docs holds
//! - `models`: hidden states against frozen ones, and checkpoints that are wrong
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod floors;
mod mlem;
mod models;
