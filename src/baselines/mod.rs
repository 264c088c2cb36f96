//! What MLEM is compared with: other ways to ask which features shape activations, fitted, scored and written as MLEM is.
//!
//! | estimator | question | score | importance |
//! | --- | --- | --- | --- |
//! | [`frrsa`] | as MLEM's, with a ridge and weights of any sign | as MLEM's: Spearman of modelled and neural distances, or another | drop in it when a feature is permuted |
//! | [`rsa`] | as MLEM's, with nothing fitted | Spearman, or Pearson, of the sum of the feature distances and the neural ones | that of the feature's distance alone |
//! | [`encoding`] | how much of every unit do the features predict? | R² pooled over units | drop in R² when a feature is permuted |
//! | [`decoding`] | can a linear probe read the feature off? | ROC-AUC or R² | what of it a control task does not reach |
//!
//! Each folder has the files of [`crate::mlem`] and its three verbs: `fit`, `score`, `importance`. The folds are the same
//! stimuli for every estimator under one seed, so that results can be compared fold by fold.

pub mod decoding;
pub mod encoding;
mod error;
pub mod frrsa;
mod rows;
pub mod rsa;

pub use error::{Error, Result};
