//! What the user says of a file of activations.

use std::fmt;
use std::str::FromStr;

/// How a file of activations is to be read; the default takes what the file and the number of stimuli settle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// How many stimuli there are, where that is known.
    pub n_stimuli: Option<usize>,
    /// Which arrays are layers, as names or patterns with `*` and `?`, in the order of the layers; empty for all that can be.
    pub arrays: Vec<String>,
    /// What the axes are.
    pub axes: Option<Axes>,
    /// The units to read, of every layer; the others are not looked at.
    pub units: Option<Vec<usize>>,
    /// Whether the matrices are distances between stimuli, so that both of their axes are.
    pub distances: bool,
}

/// What an axis of an array is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::activations) enum Axis {
    Stimuli,
    /// Several of these are put side by side.
    Units,
    /// What is fitted one by one, by its name: `layer`, `time`.
    Over(String),
}

impl Axis {
    /// Whether its entries are fitted one by one.
    pub(in crate::activations) fn is_over(&self) -> bool {
        matches!(self, Self::Over(_))
    }
}

/// The axes of an array in their order: `n` (stimuli), `unit`, and any other word for what is fitted one by one, as in
/// `n,layer,unit` and `n,unit,time`. More than one `unit` are put side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axes(Vec<Axis>);

impl Axes {
    pub(in crate::activations) fn new(axes: Vec<Axis>) -> Self {
        Self(axes)
    }

    pub(in crate::activations) fn as_slice(&self) -> &[Axis] {
        &self.0
    }

    /// The axis of the stimuli.
    pub(in crate::activations) fn of_stimuli(&self) -> usize {
        self.0.iter().position(|axis| *axis == Axis::Stimuli).unwrap_or(0)
    }
}

impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self
            .0
            .iter()
            .map(|axis| match axis {
                Axis::Stimuli => "n",
                Axis::Units => "unit",
                Axis::Over(name) => name,
            })
            .collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for Axes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write what each axis is, as in n,layer,unit or n,unit,time";
        let mut axes = Vec::new();
        for word in text.split(',') {
            let word = word.trim().to_lowercase();
            axes.push(match word.as_str() {
                "n" | "stimulus" | "stimuli" | "trial" | "trials" | "sentence" | "sentences" | "item"
                | "items" => Axis::Stimuli,
                "unit" | "units" | "neuron" | "neurons" | "dim" | "d" => Axis::Units,
                "layers" | "times" | "regions" | "heads" => Axis::Over(word[..word.len() - 1].to_owned()),
                word if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                    Axis::Over(word.to_owned())
                }
                _ => return Err(format!("`{word}` is no name of an axis: {example}")),
            });
        }
        let count = |what: &Axis| axes.iter().filter(|axis| *axis == what).count();
        if count(&Axis::Stimuli) != 1 {
            return Err(format!("one axis is the stimuli, called `n`: {example}"));
        }
        if count(&Axis::Units) == 0 {
            return Err(format!("which axis has the units? Call it `unit`: {example}"));
        }
        for axis in &axes {
            if matches!(axis, Axis::Over(_)) && count(axis) > 1 {
                return Err(format!("two axes have the same name: {example}"));
            }
        }
        Ok(Self(axes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_words_of_which_one_is_the_stimuli() {
        let axes: Axes = "n, unit,Time".parse().unwrap();
        assert_eq!((axes.to_string().as_str(), axes.of_stimuli()), ("n,unit,time", 0));
        assert_eq!("layers,trials,units".parse::<Axes>().unwrap().to_string(), "layer,n,unit");
        assert_eq!("n,unit,unit".parse::<Axes>().unwrap().as_slice().len(), 3);
        for (text, wrong) in [
            ("layer,unit", "called `n`"),
            ("n,n,unit", "called `n`"),
            ("n,layer,time", "Call it `unit`"),
            ("n,layer,layer,unit", "same name"),
            ("n,,unit", "is no name"),
        ] {
            let error = text.parse::<Axes>().unwrap_err();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }
}
