//! The one integration binary. What goes where:
//!
//! - `floors`: the architecture table of the crate docs holds
//! - `hub`: downloads from a server on loopback, well behaved and otherwise
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod floors;
mod hub;
