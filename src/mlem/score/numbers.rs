//! The distances of one numeric feature for many pairs. Where a feature has few values its distances have few too, and each pair has
//! a code of one byte in the place of a number: less to hold, and less to read again and again.

use std::ops::Range;
use std::sync::Arc;

use crate::numeric::simd::widest;

/// The most different numbers that are coded.
const CODES: usize = 1 << u8::BITS;
/// Places where a number's code may be found, as a power of two.
const PLACES: u32 = 10;

/// A number for each of some pairs.
#[derive(Debug, Clone)]
pub(super) enum Numbers {
    /// The numbers themselves.
    Each(Vec<f32>),
    /// Codes, and the number that each stands for.
    Coded { codes: Vec<u8>, numbers: Arc<[f32; CODES]> },
}

impl Numbers {
    /// None yet, to be held as they are.
    pub(super) fn empty() -> Self {
        Self::Each(Vec::new())
    }

    /// Adds `values`, which are held as they are, as all others from now on.
    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = f32>) {
        match self {
            Self::Each(own) => own.extend(values),
            Self::Coded { codes, numbers } => {
                let before = codes.iter().map(|&code| numbers[usize::from(code)]);
                *self = Self::Each(before.chain(values).collect());
            }
        }
    }

    pub(super) fn at(&self, pair: usize) -> f32 {
        match self {
            Self::Each(values) => values[pair],
            Self::Coded { codes, numbers } => numbers[usize::from(codes[pair])],
        }
    }

    /// The numbers of `range`; `buffer` has room for as many.
    pub(super) fn part<'a>(&'a self, range: Range<usize>, buffer: &'a mut [f32]) -> &'a [f32] {
        match self {
            Self::Each(values) => &values[range],
            Self::Coded { codes, numbers } => {
                let buffer = &mut buffer[..range.len()];
                decode(buffer, &codes[range], numbers);
                buffer
            }
        }
    }

    /// Writes the numbers of `range` into `out`, as they are, in the place of what it had.
    pub(super) fn open(&self, range: Range<usize>, out: &mut Self) {
        if let Self::Each(values) = out {
            match self {
                Self::Each(own) => own[range].clone_into(values),
                Self::Coded { codes, numbers } => {
                    values.resize(range.len(), 0.0);
                    decode(values, &codes[range], numbers);
                }
            }
        }
    }

    /// The numbers at `places`.
    pub(super) fn gather(&self, places: &[u32]) -> Self {
        match self {
            Self::Each(values) => Self::Each(places.iter().map(|&place| values[place as usize]).collect()),
            Self::Coded { codes, numbers } => Self::Coded {
                codes: places.iter().map(|&place| codes[place as usize]).collect(),
                numbers: Arc::clone(numbers),
            },
        }
    }

    /// The memory that they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Each(values) => 4 * values.len(),
            Self::Coded { codes, .. } => codes.len(),
        }
    }
}

/// Codes numbers as long as few of them are different.
pub(super) struct Coder {
    numbers: Numbers,
    /// How many different ones there were, and the code of each, plus one, at a place that its digits say; 0 where there is none.
    found: usize,
    places: Box<[u16; 1 << PLACES]>,
}

impl Coder {
    pub(super) fn new() -> Self {
        let numbers = Numbers::Coded { codes: Vec::new(), numbers: Arc::new([0.0; CODES]) };
        Self { numbers, found: 0, places: Box::new([0; 1 << PLACES]) }
    }

    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = f32>) {
        for value in values {
            match self.code(value) {
                Some(code) => {
                    if let Numbers::Coded { codes, .. } = &mut self.numbers {
                        codes.push(code);
                    }
                }
                None => self.numbers.extend([value]),
            }
        }
    }

    /// The code of `value`; `None` where numbers are not coded, or no longer.
    fn code(&mut self, value: f32) -> Option<u8> {
        let Numbers::Coded { numbers, .. } = &mut self.numbers else { return None };
        let bits = value.to_bits();
        let mut place = (bits.wrapping_mul(0x9e37_79b1) >> (u32::BITS - PLACES)) as usize;
        loop {
            let place_of = &mut self.places[place & ((1 << PLACES) - 1)];
            if *place_of == 0 {
                if self.found == CODES {
                    return None;
                }
                Arc::make_mut(numbers)[self.found] = value;
                self.found += 1;
                *place_of = self.found as u16;
            }
            let code = (*place_of - 1) as u8;
            if numbers[usize::from(code)].to_bits() == bits {
                return Some(code);
            }
            place += 1;
        }
    }

    pub(super) fn finish(mut self) -> Numbers {
        match &mut self.numbers {
            Numbers::Each(values) => values.shrink_to_fit(),
            Numbers::Coded { codes, .. } => codes.shrink_to_fit(),
        }
        self.numbers
    }
}

widest! {
    /// The numbers that codes stand for.
    fn decode(out: &mut [f32], codes: &[u8], numbers: &[f32; CODES]) {
        for (out, &code) in out.iter_mut().zip(codes) {
            *out = numbers[usize::from(code)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_whether_they_are_coded_or_not() {
        for different in [1, 2, 255, 256, 257, 1000] {
            // The last ones come late.
            let values: Vec<f32> =
                (0..3000).map(|i| ((i / 2 * 7 % 991) % different) as f32 * 0.37 - 1.0).collect();
            let mut coder = Coder::new();
            values.chunks(700).for_each(|chunk| coder.extend(chunk.iter().copied()));
            let mut found: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
            found.sort_unstable();
            found.dedup();
            let mut numbers = coder.finish();
            assert_eq!(matches!(numbers, Numbers::Coded { .. }), found.len() <= CODES);
            assert_eq!(numbers.bytes(), values.len() * if found.len() <= CODES { 1 } else { 4 });
            let mut buffer = [0.0; 100];
            assert_eq!(numbers.part(350..450, &mut buffer), &values[350..450]);
            assert!((0..values.len()).all(|pair| numbers.at(pair) == values[pair]));
            let gathered = numbers.gather(&[5, 2999, 5]);
            assert_eq!([0, 1, 2].map(|pair| gathered.at(pair)), [values[5], values[2999], values[5]]);
            numbers.extend([7.0]);
            assert_eq!((numbers.at(2999), numbers.at(3000)), (values[2999], 7.0));
        }
    }
}
