//! A set of layers or units as users write it: `0-6,9`.

use std::str::FromStr;

/// Numbers of layers or units, ascending, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(Vec<usize>);

impl Ranges {
    /// The numbers, ascending.
    pub fn as_slice(&self) -> &[usize] {
        &self.0
    }
}

impl FromStr for Ranges {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            // No model has more layers or units than this; a slip of the keys must not fill the memory.
            part.trim().parse::<usize>().ok().filter(|&layer| layer < 1_000_000)
        };
        let mut layers = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let is_large = |part: &str| {
                let part = part.trim();
                number(part).is_none() && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
            };
            if let Some(large) = [first, last].into_iter().find(|part| is_large(part)) {
                return Err(format!("`{large}` is more than any model has"));
            }
            if let Some((high, low)) = number(first).zip(number(last)).filter(|(high, low)| high > low) {
                return Err(format!("`{part}` runs backwards; write {low}-{high}"));
            }
            let (first, last) = number(first)
                .zip(number(last))
                .filter(|(first, last)| first <= last)
                .ok_or_else(|| format!("`{part}` is no number and no range; write 0-6,9"))?;
            layers.extend(first..=last);
        }
        layers.sort_unstable();
        layers.dedup();
        Ok(Self(layers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_layers_are_read() {
        assert_eq!("0-2,9,1".parse::<Ranges>().unwrap().as_slice(), [0, 1, 2, 9]);
    }

    #[test]
    fn what_is_no_layer_is_named() {
        for bad in ["", "a", "-1", "1-", "-"] {
            assert!(bad.parse::<Ranges>().unwrap_err().contains("no number and no range"), "{bad}");
        }
        assert_eq!("3-1".parse::<Ranges>().unwrap_err(), "`3-1` runs backwards; write 1-3");
        for large in ["0-99999999999", "1000000", "0-99999999999999999999999999"] {
            assert!(large.parse::<Ranges>().unwrap_err().contains("more than any model has"), "{large}");
        }
    }
}
