//! Mixtures of experts: of many MLPs, each token goes through a few, which a router chooses for it.

use crate::models::declarations::activation::Activation;

/// A mixture of experts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Experts {
    /// How many there are.
    pub count: usize,
    /// How many of them a token goes through.
    pub chosen: usize,
    /// Size of an expert's hidden layer.
    pub d: usize,
    /// An expert's non-linearity.
    pub activation: Activation,
    /// What goes through the non-linearity is at most this, and what that is multiplied by is between it and its negative,
    /// and has 1 added (gpt-oss).
    pub clamp: Option<f32>,
    /// What chooses.
    pub router: Router,
    /// Size of the hidden layer of an MLP that all tokens go through too, if there is one.
    pub shared: Option<usize>,
    /// Size of the space that the routed experts work in, where it is not the model's.
    pub inner: Option<usize>,
}

/// What chooses a token's experts, and weighs them, by a score of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Router {
    /// How scores are made of the router's outputs.
    pub score: Score,
    /// Whether the layer that makes them has biases.
    pub bias: bool,
    /// Whether a number of each expert is added to its score for the choice alone.
    pub corrected: bool,
    /// Groups of experts, of which some are chosen first.
    pub groups: Option<Groups>,
    /// Whether the scores of the chosen are divided by their sum, and what is added to that.
    pub normalized: Option<f32>,
    /// What they are multiplied by after that.
    pub scale: f32,
}

/// How scores are made of a router's outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// Their softmax.
    Softmax,
    /// The sigmoid of each.
    Sigmoid,
    /// One after another is chosen, each weighed by a softmax over those that come near it and are not yet chosen
    /// (Liu et al. 2024).
    Sparsemixer {
        /// Outputs count up to twice this below the best, in parts of their size.
        nearness: f32,
    },
}

/// Groups of experts, as many in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// How many there are.
    pub count: usize,
    /// How many may have chosen experts.
    pub chosen: usize,
    /// A group's score is the sum of so many best ones in it.
    pub best: usize,
}

impl Router {
    /// A softmax over all experts.
    pub(in crate::models) const fn softmax(normalized: bool) -> Self {
        Self {
            score: Score::Softmax,
            bias: false,
            corrected: false,
            groups: None,
            normalized: if normalized { Some(0.0) } else { None },
            scale: 1.0,
        }
    }
}
