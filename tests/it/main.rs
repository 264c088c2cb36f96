//! The one integration binary. What goes where:
//!
//! - `floors`: the architecture table of the crate docs holds
//! - `grammars`: the bundled sets are what they say
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod floors;
mod grammars;
