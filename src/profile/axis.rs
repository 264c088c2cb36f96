//! What the entries of an axis are, told by how they are called: layers, times, heads, or things with names.

use std::cmp::Ordering;

/// What entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisKind {
    /// Layers: numbered, and called so or by the number alone.
    Layers,
    /// Windows or points of time.
    Time,
    /// Attention heads.
    Heads,
    /// Whatever has names: regions of a brain, sensors, arrays of a file.
    Named,
}

/// Words of heads, of times, and of layers.
const WORDS: [(AxisKind, &[&str]); 3] = [
    (AxisKind::Heads, &["head", "heads", "h"]),
    (AxisKind::Time, &["ms", "s", "sec", "t", "time", "window", "tr", "msec"]),
    (AxisKind::Layers, &["layer", "layers", "block", "blocks", "hidden"]),
];

impl AxisKind {
    /// What things are that are called `names`.
    #[must_use]
    pub fn of(names: &[impl AsRef<str>]) -> Self {
        let lower: Vec<String> = names.iter().map(|name| name.as_ref().to_lowercase()).collect();
        let words: Vec<Vec<&str>> = lower
            .iter()
            .map(|name| name.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect())
            .collect();
        // A name without digits is of a thing, not of a place on a scale.
        if names.is_empty() || !lower.iter().all(|name| name.contains(|c: char| c.is_ascii_digit())) {
            return Self::Named;
        }
        if words.iter().all(Vec::is_empty) {
            return Self::Layers;
        }
        let all_have = |known: &[&str]| words.iter().all(|of| of.iter().any(|word| known.contains(word)));
        WORDS.iter().find(|(_, known)| all_have(known)).map_or(Self::Named, |(kind, _)| *kind)
    }

    /// Whether what follows each other is beside each other.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Layers | Self::Time)
    }

    /// What one entry is called.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Layers => "layer",
            Self::Time => "time",
            Self::Heads => "head",
            Self::Named => "array",
        }
    }
}

/// The numbers in `name`, with their signs and fractions: 0 and 50 of `0-50 ms`, −0.1 of `t=-0.1`.
pub(super) fn numbers(name: &str) -> Vec<f64> {
    let chars: Vec<char> = name.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        while digit(at) {
            at += 1;
        }
        if chars.get(at) == Some(&'.') && digit(at + 1) {
            at += 1;
            while digit(at) {
                at += 1;
            }
        }
        let before = |back: usize| start.checked_sub(back).map(|place| chars[place]);
        // A sign, and no hyphen between two words or numbers.
        let negative = matches!(before(1), Some('-' | '−'))
            && before(2).is_none_or(|c| !c.is_alphanumeric() && c != ')');
        let value: f64 = chars[start..at].iter().collect::<String>().parse().unwrap_or(f64::NAN);
        found.push(if negative { -value } else { value });
    }
    found
}

/// The order of names on a scale: by their numbers, one after the other.
pub(super) fn by_numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (numbers(a), numbers(b));
    let differ = a.iter().zip(&b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
    differ.unwrap_or_else(|| a.len().cmp(&b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_the_axis_is() {
        for (names, kind) in [
            (["V1", "V4", "IT"], AxisKind::Named),
            (["V1", "V2", "V4"], AxisKind::Named),
            (["0-100 ms", "100-200 ms", "200-300 ms"], AxisKind::Time),
            (["t0", "t1", "t2"], AxisKind::Time),
            (["head.0", "head.1", "head.2"], AxisKind::Heads),
            (["layer.0", "layer.1", "layer.12"], AxisKind::Layers),
            (["0", "1", "2"], AxisKind::Layers),
        ] {
            assert_eq!(AxisKind::of(&names), kind, "{names:?}");
        }
    }

    #[test]
    fn names_on_a_scale_go_by_their_numbers() {
        assert_eq!(numbers("0-50 ms"), [0.0, 50.0]);
        assert_eq!(numbers("-50-0 ms"), [-50.0, 0.0]);
        assert_eq!(numbers("t=-0.25s"), [-0.25]);
        assert_eq!(numbers("time 12"), [12.0]);
        assert!(numbers("V").is_empty());
        let mut names = ["100-150 ms", "-50-0 ms", "0-50 ms"];
        names.sort_by(|a, b| by_numbers(a, b));
        assert_eq!(names, ["-50-0 ms", "0-50 ms", "100-150 ms"]);
    }
}
