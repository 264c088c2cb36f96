//! Pure functions on slices and arrays: ranks, correlation, linear algebra, splits, seeded streams.
//!
//! No domain words here (no features, layers or stimuli), no files, no printing.

pub mod adamw;
pub mod auc;
pub mod bayes_factor;
pub mod ceiling;
pub mod cka;
pub mod clusters;
pub mod comoments;
pub mod correlation;
pub mod counting;
pub mod crossnobis;
pub(crate) mod differences;
pub mod dtw;
pub mod embedding;
pub mod flip_tests;
pub mod graph;
pub mod interval;
pub mod lbfgs;
pub mod leace;
pub mod linalg;
pub mod linkage;
pub mod logistic;
pub mod mds;
pub mod nnls;
pub mod normal;
pub mod one_sample;
pub mod pca;
pub mod psd;
pub mod quantile;
pub mod rank;
pub mod ridge;
pub mod rng;
pub mod shrinkage;
pub mod sign_flips;
pub mod significance;
pub(crate) mod simd;
pub mod soft_rank;
pub mod spectral;
pub mod split;
pub mod steps;
pub mod tfce;
pub mod twonn;
