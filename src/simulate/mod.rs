//! Simulations with a known `W`: how near each fit comes to it, and how noise takes it away.
//!
//! As in the MLEM paper (arXiv 2402.11608, Figures 2 and 3) and its code. Stimuli have random binary features, and a random symmetric
//! positive definite `W` gives each pair the distance `d'Wd`; metric multidimensional scaling
//! ([`crate::numeric::embedding`]) places the stimuli in many dimensions so that they are about that far apart, and Gaussian noise of
//! so many standard deviations of each dimension is added. A second world has no `W`: activations are the hidden layer of a
//! random two-layer network with tanh that reads numeric and categorical features.
//!
//! The fits: MLEM (`W` positive semidefinite) and feature-reweighted RSA with interactions (`W` unconstrained), each exact and
//! stochastic.
//!
//! | measured | what it is |
//! | --- | --- |
//! | error | `‖Ŵ − W‖` at unit Frobenius norms; none for the network |
//! | drift | `‖Ŵ − Ŵ at noise 0‖`: how robust the fit is |
//! | Spearman | over pairs of held-out stimuli, as everywhere |
//! | steps | of the stochastic solver, until it stopped |
//!
//! And worlds whose answer is known ([`answers`]): which features have a part in them, and how much, asked of MLEM, feature-reweighted RSA,
//! RSA, decoding and encoding, with an oracle beside them.
//! How many stimuli a design needs is in [`power`].
//!
//! # Errors
//!
//! Options that are out of range, and what a fit can fail with.

mod answers;
mod error;
mod params;
pub mod power;
mod recovery;
mod world;

pub use answers::{Answer, Asked, answers};
pub use error::{Error, Result};
pub use params::{Options, WorldKind};
pub use recovery::{Climb, Method, Recovery, Simulation, run};
pub use world::World;
