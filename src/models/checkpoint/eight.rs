//! Floats of 8 bits.

use safetensors::Dtype;

/// How 8 bits are a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eight {
    /// 4 bits of exponent and 3 of mantissa, without infinities (`float8_e4m3fn`).
    E4m3,
    /// 5 bits of exponent and 2 of mantissa, as IEEE 754 would have it.
    E5m2,
    /// A power of two: the exponent alone. Bytes without a type are read so where they are scales.
    E8m0,
}

impl Eight {
    /// The weights that a tensor of `dtype` holds.
    pub(super) fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F8_E4M3 => Some(Self::E4m3),
            Dtype::F8_E5M2 => Some(Self::E5m2),
            _ => None,
        }
    }

    /// The scales that a tensor of `dtype` holds in bytes.
    pub(super) fn of_scales(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F8_E8M0 | Dtype::U8 => Some(Self::E8m0),
            _ => Self::of(dtype),
        }
    }

    /// The numbers of `bytes`.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let mut table = [0.0; 256];
        for (value, byte) in table.iter_mut().zip(0..=u8::MAX) {
            *value = self.number(byte);
        }
        bytes.iter().map(|&byte| table[usize::from(byte)]).collect()
    }

    fn number(self, byte: u8) -> f32 {
        let (mantissa_bits, bias) = match self {
            Self::E8m0 if byte == u8::MAX => return f32::NAN,
            Self::E8m0 => return power(i32::from(byte) - 127),
            Self::E4m3 if byte & 0x7f == 0x7f => return f32::NAN,
            Self::E4m3 => (3, 7),
            Self::E5m2 => (2, 15),
        };
        let sign = if byte & 0x80 == 0 { 1.0 } else { -1.0 };
        let exponent = i32::from((byte & 0x7f) >> mantissa_bits);
        let mantissa = f32::from(byte & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits) as f32;
        sign * match (self, exponent) {
            (_, 0) => mantissa * power(1 - bias),
            (Self::E5m2, 31) if mantissa == 0.0 => f32::INFINITY,
            (Self::E5m2, 31) => f32::NAN,
            _ => (1.0 + mantissa) * power(exponent - bias),
        }
    }
}

/// A power of two, exactly, also where f32 has it as a subnormal number only.
fn power(exponent: i32) -> f32 {
    2f64.powi(exponent) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `ml_dtypes` or a PyTorch prints the same.
    #[test]
    fn bytes_are_the_numbers_of_their_formats() {
        let numbers = |eight: Eight, bytes: &[u8]| eight.decode(bytes);
        assert_eq!(
            numbers(Eight::E4m3, &[0x00, 0x01, 0x07, 0x08, 0x38, 0x39, 0x7e, 0xfe, 0xb8]),
            [0.0, 0.001_953_125, 0.013_671_875, 0.015_625, 1.0, 1.125, 448.0, -448.0, -1.0]
        );
        assert_eq!(
            numbers(Eight::E5m2, &[0x00, 0x01, 0x04, 0x3c, 0x3d, 0x7b, 0x7c, 0xfc]),
            [0.0, 2f32.powi(-16), 2f32.powi(-14), 1.0, 1.25, 57_344.0, f32::INFINITY, f32::NEG_INFINITY]
        );
        assert_eq!(numbers(Eight::E8m0, &[127, 128, 0, 254]), [1.0, 2.0, 2f32.powi(-127), 2f32.powi(127)]);
        for (eight, byte) in
            [(Eight::E4m3, 0x7f), (Eight::E4m3, 0xff), (Eight::E5m2, 0x7d), (Eight::E8m0, 0xff)]
        {
            assert!(numbers(eight, &[byte])[0].is_nan());
        }
    }
}
