//! The one integration binary. What goes where:
//!
//! - `floors`: the architecture table of the crate docs holds
//! - `models`: hidden states against frozen ones, and checkpoints that are wrong
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod floors;
mod models;
