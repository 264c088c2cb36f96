//! What a model runs on.

use std::fmt;
use std::str::FromStr;

/// What a model runs on.
///
/// On [`Cpu`](Self::Cpu) the tokens of a batch are packed, with no padding. Everything else computes with padded batches and
/// candle's own operations; hidden states are the same to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DeviceChoice {
    /// A GPU if the program was built for one and one answers, else the processor.
    Auto,
    /// The processor.
    #[default]
    Cpu,
    /// The processor, computing as a GPU does: slower, and there to compare the two. [`LoadOptions::padded`](super::LoadOptions::padded)
    /// asks for it.
    CpuPadded,
    /// The NVIDIA GPU of this number; in programs built with the feature `cuda`.
    Cuda(usize),
    /// The GPU of a Mac; in programs built with the feature `metal`.
    Metal,
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::CpuPadded => f.write_str("cpu-padded"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    /// `auto`, `cpu`, `cuda:N` (`cuda` is `cuda:0`) or `metal`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| "write auto, cpu, cuda:0 (or another number) or metal".to_owned()),
        }
    }
}

impl DeviceChoice {
    /// Whether the program was built for a GPU of some kind.
    pub const GPU_BUILD: bool = cfg!(any(feature = "cuda", feature = "metal"));

    /// Whether batches are padded there.
    #[must_use]
    pub fn pads(self) -> bool {
        !matches!(self, Self::Auto | Self::Cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_they_are_written() {
        for device in [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Cuda(3), DeviceChoice::Metal] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        for wrong in ["gpu", "cuda:", "cuda:x", "CUDA", "cpu-padded", ""] {
            assert!(wrong.parse::<DeviceChoice>().is_err(), "{wrong}");
        }
    }
}
