//! How many stimuli a design needs: power by simulation, on its own feature matrix.
//!
//! A data set of `n` stimuli has the features of `n` rows of the design, evenly over its levels and values, and several times where it has
//! fewer, and activations `X = Σ_f a_f S_f + E` in 32 units: `S_f` places the stimuli so that their squared distances are the squared distances
//! of the feature, in random directions, and `E` is Gaussian noise of standard deviation 1 in each unit. `a` is set so that the importance of the
//! feature *in the population* is the given one: the drop of Spearman's correlation of the true metric with the neural distance when
//! the feature's distances are permuted across pairs.
//!
//! | column | the others | found when |
//! | --- | --- | --- |
//! | `stimuli` | have no effect | p < .05 after Benjamini and Hochberg over the features: a star |
//! | `stimuli_one_test` | have no effect | p < .05, not corrected: a test that was planned |
//! | `stimuli_all` | have the same importance each, by Pearson's correlation | p < .05 after Benjamini and Hochberg: a star |
//!
//! The statistic is that of [`Null::importances`](crate::mlem::Null::importances): the weight of the feature beside all others as a share of
//! the mean squared distance. It is held against its distribution over noise alone (with the effects of the other features where they
//! have any), a Pearson III distribution of its first three moments over all data sets, in the place of shuffles of each data set, so
//! that it is a test of as many draws as one could want.
//!
//! What this is not: it knows no activations, and no layers. A star corrects over layers too; where a feature matters at all layers alike
//! that asks for no more stimuli than one layer does.

mod find;
mod limits;
mod needed;
mod samples;
mod signal;
mod text;

pub use find::power;
pub use limits::{IMPORTANCES, POWER, SIZES};
pub use needed::{Needed, Power};

#[cfg(test)]
mod tests;
