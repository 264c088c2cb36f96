//! The names of a linear layer.

/// A linear layer: `NAME.weight`, and `NAME.bias` if it has one.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Linear {
    pub(in crate::models) name: &'static str,
    pub(in crate::models) bias: bool,
    /// Whether it is stored `(inputs, outputs)`, not `(outputs, inputs)`.
    pub(in crate::models) turned: bool,
    /// Inputs and outputs are in so many groups that do not mix, each stored `(inputs, outputs)`.
    pub(in crate::models) groups: usize,
}

/// A linear layer with a bias.
pub(in crate::models) const fn linear(name: &'static str) -> Linear {
    Linear { name, bias: true, turned: false, groups: 1 }
}

impl Linear {
    /// The same layer, with a bias or without.
    pub(in crate::models) const fn bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }

    /// The same layer, in groups if there are several.
    pub(in crate::models) const fn grouped(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// The same layer, stored `(inputs, outputs)`.
    pub(in crate::models) const fn turned(self) -> Self {
        Self { turned: true, ..self }
    }
}
