//! Layers as users write them: `0-6,9`, and from the end: `-1` is the last one.

use std::str::FromStr;

use super::ranges::Ranges;

/// Layers, of which some may be counted from the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    text: String,
    parts: Vec<(i64, i64)>,
}

impl Layers {
    /// Whether any is counted from the end, so that it takes their number to say which it is.
    pub fn count_back(&self) -> bool {
        self.parts.iter().any(|&(first, last)| first < 0 || last < 0)
    }

    /// Which of `all` they are, ascending, each once; those that are not among `all` are kept, for whoever looks for them.
    ///
    /// # Errors
    ///
    /// Further back than there are layers, or a range that runs backwards, in words.
    pub fn of(&self, all: &[usize]) -> Result<Vec<usize>, String> {
        let end = |number: i64| -> Result<usize, String> {
            let back = number.unsigned_abs() as usize;
            if number >= 0 {
                return Ok(back);
            }
            all.len().checked_sub(back).map(|at| all[at]).ok_or_else(|| {
                format!(
                    "--layers {}: there are {} layers, and none is the {back}th from the end",
                    self.text,
                    all.len()
                )
            })
        };
        let mut layers = Vec::new();
        for &(first, last) in &self.parts {
            let (first, last) = (end(first)?, end(last)?);
            if first > last {
                return Err(format!("--layers {}: layer {first} comes after layer {last}", self.text));
            }
            // Of a range from the end only what is there can be meant.
            if self.count_back() {
                layers.extend(all.iter().copied().filter(|layer| (first..=last).contains(layer)));
            } else {
                layers.extend(first..=last);
            }
        }
        layers.sort_unstable();
        layers.dedup();
        Ok(layers)
    }
}

/// A number, counted from the end with a `-` before it, and what follows it.
fn number(text: &str) -> Option<(i64, &str)> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number: i64 = digits[..end].parse().ok()?;
    // There is no layer 0 from the end.
    (sign > 0 || number > 0).then_some((sign * number, digits[end..].trim_start()))
}

impl FromStr for Layers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in text.split(',') {
            let trimmed = part.trim();
            let ends = number(trimmed).and_then(|(first, rest)| {
                if rest.is_empty() {
                    return Some((first, first));
                }
                let (last, rest) = number(rest.strip_prefix('-')?.trim_start())?;
                rest.is_empty().then_some((first, last))
            });
            match ends {
                Some(ends) if ends.0 < 0 || ends.1 < 0 => parts.push(ends),
                // Ranges know what is wrong with the rest.
                _ => {
                    let ranges: Ranges = part.parse().map_err(|why: String| {
                        why.replace("write 0-6,9", "write 0-6,9, or -1 for the last one")
                    })?;
                    let all = ranges.as_slice();
                    parts.extend(all.first().zip(all.last()).map(|(&a, &b)| (a as i64, b as i64)));
                }
            }
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_counted_from_the_end_too() {
        let all: Vec<usize> = (0..=12).collect();
        let of = |text: &str| text.parse::<Layers>().unwrap().of(&all);
        assert_eq!(of("-1").unwrap(), [12]);
        assert_eq!(of("0,-1").unwrap(), [0, 12]);
        assert_eq!(of("-3--1").unwrap(), [10, 11, 12]);
        assert_eq!(of("9--2").unwrap(), [9, 10, 11]);
        assert_eq!(of("0-2, 9,1").unwrap(), [0, 1, 2, 9]);
        assert_eq!(of("40").unwrap(), [40], "whoever looks for it says that it is not there");
        assert!(of("-14").unwrap_err().contains("13 layers"));
        assert!(of("-1--3").unwrap_err().contains("layer 12 comes after layer 10"));
        // Of what a file has.
        assert_eq!("-2--1".parse::<Layers>().unwrap().of(&[0, 4, 8]).unwrap(), [4, 8]);
    }

    #[test]
    fn what_is_no_layer_is_named() {
        for bad in ["", "a", "1-", "-", "-0", "1--", "--1", "-1-a"] {
            assert!(bad.parse::<Layers>().unwrap_err().contains("no number and no range"), "{bad}");
        }
        assert_eq!("3-1".parse::<Layers>().unwrap_err(), "`3-1` runs backwards; write 1-3");
    }
}
