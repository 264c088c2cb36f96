//! How products are computed.

use std::fmt;
use std::str::FromStr;

use super::dtype::Dtype;

/// How linear layers multiply on the processor. Everything else (norms, attention, activations) is f32 in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// In f32, one multiply-add after another.
    #[default]
    F32,
    /// Three products of bf16 parts, added in f32, in the processor's matrix tiles (Intel's AMX): within 2e-5 of a hidden state's
    /// largest magnitude. Layers of fewer than 256 inputs are f32. Where there are no tiles, and on a GPU, all are.
    Fast,
    /// One product of bf16 numbers, added in f32: what other programs call bf16, for those who compare with them. Where there
    /// are no tiles the numbers are the same, and slow.
    Bf16,
}

impl Precision {
    /// All of them, by their names.
    pub const NAMES: [&str; 3] = ["f32", "fast", "bf16"];
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Fast => "fast",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::F32, Self::Fast, Self::Bf16];
        let found = all.into_iter().zip(Self::NAMES).find(|(_, name)| *name == text);
        found.map(|(precision, _)| precision).ok_or_else(|| "write f32, fast or bf16".to_owned())
    }
}

/// How the weights of linear layers are held and multiplied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::models) struct Form {
    pub(in crate::models) dtype: Dtype,
    pub(in crate::models) precision: Precision,
    /// Whether parts are multiplied by the portable form of tiles, wherever it runs.
    pub(in crate::models) portable: bool,
}

impl Form {
    /// Layers of fewer inputs are f32 in [`Precision::Fast`] too. They are a small part of a model's work, what parts leave out counts
    /// for more in a few terms, and those that steer a recurrence are among them.
    const LEAST_INPUTS: usize = 256;

    /// The form of a layer of so many inputs.
    pub(in crate::models) fn of(self, inputs: usize) -> Self {
        match self.precision {
            Precision::Fast if inputs < Self::LEAST_INPUTS => Self { precision: Precision::F32, ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for name in Precision::NAMES {
            assert_eq!(name.parse::<Precision>().unwrap().to_string(), name);
            assert_eq!(serde_json::to_value(name.parse::<Precision>().unwrap()).unwrap(), name);
        }
        assert!("tf32".parse::<Precision>().is_err());
    }
}
