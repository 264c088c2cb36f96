//! The types of numbers in PyTorch's files.

/// The types of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    F16,
    Bf16,
    F32,
    F64,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    /// Of so many bytes, and no real numbers.
    Unread(usize),
}

impl Kind {
    pub(super) fn parse(storage: &str) -> Option<Self> {
        Some(match storage.strip_prefix("torch.")?.strip_suffix("Storage")? {
            "Half" => Self::F16,
            "BFloat16" => Self::Bf16,
            "Float" => Self::F32,
            "Double" => Self::F64,
            "Long" => Self::I64,
            "Int" => Self::I32,
            "Short" => Self::I16,
            "Char" => Self::I8,
            "Byte" => Self::U8,
            "Bool" => Self::Bool,
            "ComplexFloat" => Self::Unread(8),
            "ComplexDouble" => Self::Unread(16),
            _ => return None,
        })
    }

    /// Whether its numbers have a fraction: what weights are made of.
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
            Self::Unread(bytes) => bytes,
        }
    }

    /// The numbers, rounded to f32.
    pub(super) fn decode(self, raw: &[u8]) -> Vec<f32> {
        let (two, four, eight) = (raw.as_chunks::<2>().0, raw.as_chunks::<4>().0, raw.as_chunks::<8>().0);
        match self {
            Self::F16 => two.iter().map(|&bytes| half::f16::from_le_bytes(bytes).to_f32()).collect(),
            Self::Bf16 => two.iter().map(|&bytes| half::bf16::from_le_bytes(bytes).to_f32()).collect(),
            Self::F32 => four.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
            Self::F64 => eight.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32).collect(),
            Self::I64 => eight.iter().map(|&bytes| i64::from_le_bytes(bytes) as f32).collect(),
            Self::I32 => four.iter().map(|&bytes| i32::from_le_bytes(bytes) as f32).collect(),
            Self::I16 => two.iter().map(|&bytes| f32::from(i16::from_le_bytes(bytes))).collect(),
            Self::I8 => raw.iter().map(|&byte| f32::from(byte.cast_signed())).collect(),
            Self::U8 => raw.iter().map(|&byte| f32::from(byte)).collect(),
            Self::Bool => raw.iter().map(|&byte| f32::from(u8::from(byte != 0))).collect(),
            Self::Unread(_) => Vec::new(),
        }
    }
}
