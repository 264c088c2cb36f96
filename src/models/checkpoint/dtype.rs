//! How weights are held in memory.

use std::fmt;
use std::str::FromStr;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// How the weights of a model are held in memory. Everything is computed in f32: weights that are held in half are made f32
/// again, exactly, as they are needed. So bf16 changes nothing in a checkpoint that is stored so, but for the few weights
/// that are multiplied by a factor when they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 4 bytes each.
    #[default]
    F32,
    /// 2 bytes each, with 11 significant bits; beyond 65,504 a weight is infinite.
    F16,
    /// 2 bytes each, with 8 significant bits and the range of f32.
    Bf16,
}

impl Dtype {
    /// All of them, by their names.
    pub const NAMES: [&str; 3] = ["f32", "f16", "bf16"];
}

impl From<Dtype> for candle_core::DType {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::Bf16 => Self::BF16,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Dtype {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::F32, Self::F16, Self::Bf16];
        let found = all.into_iter().zip(Self::NAMES).find(|(_, name)| *name == text);
        found.map(|(dtype, _)| dtype).ok_or_else(|| "write f32, f16 or bf16".to_owned())
    }
}

/// Weights in memory.
#[derive(Debug)]
pub(in crate::models) enum Held {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
}

impl Held {
    /// Holds `values` as `dtype`, rounded to the nearest.
    pub(in crate::models) fn new(values: Vec<f32>, dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32(values),
            Dtype::F16 => {
                let mut half = vec![f16::ZERO; values.len()];
                half.convert_from_f32_slice(&values);
                Self::F16(half)
            }
            Dtype::Bf16 => {
                let mut half = vec![bf16::ZERO; values.len()];
                half.convert_from_f32_slice(&values);
                Self::Bf16(half)
            }
        }
    }

    /// The values from `start` on, `size` of them; `scratch` is room for those that have to be made.
    #[inline]
    pub(in crate::models) fn values<'a>(
        &'a self,
        start: usize,
        size: usize,
        scratch: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        match self {
            Self::F32(values) => return &values[start..][..size],
            Self::F16(values) => {
                scratch.resize(size, 0.0);
                values[start..][..size].convert_to_f32_slice(scratch);
            }
            Self::Bf16(values) => {
                scratch.resize(size, 0.0);
                values[start..][..size].convert_to_f32_slice(scratch);
            }
        }
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for name in Dtype::NAMES {
            assert_eq!(name.parse::<Dtype>().unwrap().to_string(), name);
            assert_eq!(serde_json::to_value(name.parse::<Dtype>().unwrap()).unwrap(), name);
        }
        assert!("f64".parse::<Dtype>().is_err());
    }

    #[test]
    fn what_half_precision_has_is_held_exactly() {
        let values: Vec<f32> = (-40..40).map(|i| i as f32 / 8.0).collect();
        for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
            let held = Held::new(values.clone(), dtype);
            assert_eq!(held.values(3, 60, &mut Vec::new()), &values[3..63], "{dtype}");
        }
        let third = |dtype| Held::new(vec![1.0 / 3.0], dtype).values(0, 1, &mut Vec::new())[0];
        assert_eq!(third(Dtype::F16), 0.333_251_95);
        assert_eq!(third(Dtype::Bf16), 0.333_984_38);
    }
}
