//! The non-linearity of an MLP, by the names that transformers gives them (`activations.py`).

use candle_core::{Result, Tensor};

/// The non-linearity between the two layers of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x · Φ(x)`, with the exact normal distribution function.
    Gelu,
    /// The same with a tanh in place of the error function.
    GeluTanh,
    /// `x · σ(1.702 x)`.
    GeluSigmoid,
    /// `max(x, 0)`.
    Relu,
    /// `max(x, 0)²`.
    ReluSquared,
    /// `x · σ(x)`, also called swish.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
}

/// Every name, and what it stands for.
const NAMES: &[(&str, Activation)] = &[
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_accurate", Activation::GeluTanh),
    ("quick_gelu", Activation::GeluSigmoid),
    ("relu", Activation::Relu),
    ("relu2", Activation::ReluSquared),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
];

impl Activation {
    /// The activation that transformers calls `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|&(_, activation)| activation)
    }

    /// Every name that [`Activation::parse`] knows.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        NAMES.iter().map(|&(name, _)| name).collect()
    }

    /// The activation of every element.
    pub(super) fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gelu => x.gelu_erf(),
            Self::GeluTanh => x.gelu(),
            Self::GeluSigmoid => x * candle_nn::ops::sigmoid(&(x * 1.702)?)?,
            Self::Relu => x.relu(),
            Self::ReluSquared => x.relu()?.sqr(),
            Self::Silu => x.silu(),
            Self::Tanh => x.tanh(),
        }
    }
}
