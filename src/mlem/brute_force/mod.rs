//! Moments, fits and importances against loops that are too plain to be wrong: tests alone, of several rooms at once.

mod fits;
mod importances;
mod moments;
mod plain;

pub(super) use plain::data;
