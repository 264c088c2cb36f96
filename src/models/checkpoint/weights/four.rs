//! Numbers in MXFP4 (Open Compute Project 2023): floats of 4 bits, two in a byte, of which each 32 share a power of two.
//!
//! Each is a number of bf16 as it stands, so that nothing is lost by reading it.

/// How many numbers share a scale.
pub(super) const BLOCK: usize = 32;

/// The numbers of 4 bits: a sign, two bits of exponent and one of mantissa.
const NUMBERS: [f32; 16] =
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0];

/// The byte of a scale that stands for no number.
const NO_NUMBER: f32 = 255.0;

/// A matrix that is stored as `bytes`, `(outputs, inputs / 32, 16)`, and `scales`, `(outputs, inputs / 32)`, both bytes as numbers: as
/// `(inputs, outputs)`. None where a scale stands for no number.
pub(super) fn decode(bytes: &[f32], scales: &[f32], inputs: usize) -> Option<Vec<f32>> {
    if scales.contains(&NO_NUMBER) {
        return None;
    }
    let per_output = inputs / BLOCK;
    let outputs = scales.len().checked_div(per_output)?;
    let mut values = vec![0.0; inputs * outputs];
    for (block, (bytes, scale)) in bytes.chunks_exact(BLOCK / 2).zip(scales).enumerate() {
        let (output, first) = (block / per_output, block % per_output * BLOCK);
        // In f64, since the least of them are subnormal numbers of f32.
        let scale = (f64::from(*scale) - 127.0).exp2();
        for (pair, &byte) in bytes.iter().enumerate() {
            let byte = byte as u8;
            for (half, four) in [byte & 0x0f, byte >> 4].into_iter().enumerate() {
                let value = f64::from(NUMBERS[usize::from(four)]) * scale;
                values[(first + 2 * pair + half) * outputs + output] = value as f32;
            }
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_half_of_a_byte_comes_first_and_blocks_have_their_scales() {
        // Two outputs of 32 inputs: 1, -1 and then zeros, and 6, 0.5 and then zeros.
        let mut bytes = vec![0.0; 32];
        (bytes[0], bytes[16]) = (f32::from(0xa2_u8), f32::from(0x17_u8));
        let values = decode(&bytes, &[128.0, 126.0], 32).unwrap();
        assert_eq!(values[..4], [2.0, 3.0, -2.0, 0.25]);
        assert!(values[4..].iter().all(|&value| value == 0.0));
        // The least and the largest scale.
        assert_eq!(decode(&bytes, &[0.0, 254.0], 32).unwrap()[0], 2f32.powi(-127));
        assert!(decode(&bytes, &[255.0, 126.0], 32).is_none());
    }
}
