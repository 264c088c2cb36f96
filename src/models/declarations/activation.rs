//! The non-linearity of an MLP, by the names that transformers gives them (`activations.py`).

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
    ("gelu_python_tanh", Activation::GeluTanh),
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
}
