//! The types of numbers in PyTorch's files.

/// The types of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F16,
    Bf16,
    F32,
    F64,
    /// Of so many bytes, and no weights.
    Unread(usize),
}

impl Kind {
    pub(super) fn parse(storage: &str) -> Option<Self> {
        Some(match storage.strip_prefix("torch.")?.strip_suffix("Storage")? {
            "Half" => Self::F16,
            "BFloat16" => Self::Bf16,
            "Float" => Self::F32,
            "Double" => Self::F64,
            "Long" | "ComplexFloat" => Self::Unread(8),
            "Int" => Self::Unread(4),
            "Short" => Self::Unread(2),
            "Char" | "Byte" | "Bool" => Self::Unread(1),
            "ComplexDouble" => Self::Unread(16),
            _ => return None,
        })
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Unread(bytes) => bytes,
        }
    }

    pub(super) fn decode(self, raw: &[u8]) -> Vec<f32> {
        let (two, four, eight) = (raw.as_chunks::<2>().0, raw.as_chunks::<4>().0, raw.as_chunks::<8>().0);
        match self {
            Self::F16 => two.iter().map(|&bytes| half::f16::from_le_bytes(bytes).to_f32()).collect(),
            Self::Bf16 => two.iter().map(|&bytes| half::bf16::from_le_bytes(bytes).to_f32()).collect(),
            Self::F32 => four.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
            Self::F64 => eight.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32).collect(),
            Self::Unread(_) => Vec::new(),
        }
    }
}
