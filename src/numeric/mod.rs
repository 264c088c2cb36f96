//! Pure functions on slices and arrays: ranks, correlation, linear algebra, splits, seeded streams.
//!
//! No domain words here (no features, layers or stimuli), no files, no printing.

pub mod rng;
