//! What the matrices of a run are of: the layers of a model, or regions, windows of time, heads. A report names them as the
//! data do, and joins with a line only what has an order.

use std::collections::BTreeMap;

use crate::rundir::RunRecord;

/// What the matrices are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The hidden states of a model, from its embeddings.
    Model,
    /// Matrices that are numbered and no more is known.
    Layers,
    /// Windows or points of time.
    Time,
    /// Attention heads.
    Heads,
    /// Whatever has names: regions of a brain, sensors, arrays of a file.
    Named,
}

/// The axis of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis {
    kind: Kind,
    /// The names, by what `layer` is in the tables; a number stands for itself where there is none.
    labels: BTreeMap<usize, String>,
}

impl Axis {
    /// The axis of `run`.
    pub(super) fn of(run: &RunRecord) -> Self {
        if !run.layer_labels.is_empty() {
            return Self::named(run.layer_labels.clone());
        }
        let kind = if run.model.is_some() { Kind::Model } else { Kind::Layers };
        Self { kind, labels: BTreeMap::new() }
    }

    /// An axis of things that are called `labels`, in the order of the tables' `layer`; what they are is told by how they are
    /// called.
    pub(super) fn named(labels: impl IntoIterator<Item = (usize, String)>) -> Self {
        let labels: BTreeMap<usize, String> = labels.into_iter().collect();
        let names: Vec<&str> = labels.values().map(String::as_str).collect();
        Self { kind: kind(&names), labels }
    }

    /// What one of them is called: `layer`, `region`.
    pub(super) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Model | Kind::Layers => "layer",
            Kind::Time => "time",
            Kind::Heads => "head",
            Kind::Named => "array",
        }
    }

    /// What several of them are called.
    pub(super) fn nouns(&self) -> &'static str {
        match self.kind {
            Kind::Model | Kind::Layers => "layers",
            Kind::Time => "times",
            Kind::Heads => "heads",
            Kind::Named => "arrays",
        }
    }

    /// What stands under the axis.
    pub(super) fn title(&self) -> &'static str {
        match self.kind {
            Kind::Model => "layer (0: embeddings)",
            Kind::Named => "",
            _ => self.noun(),
        }
    }

    /// Whether what is beside each other follows each other, so that a line may join it.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.kind, Kind::Model | Kind::Layers | Kind::Time)
    }

    /// The name of `layer`, for a tick or a column.
    pub(super) fn label(&self, layer: usize) -> String {
        self.labels.get(&layer).map_or_else(|| layer.to_string(), |name| super::words::visible(name))
    }

    /// The names of `layers`.
    pub(super) fn names(&self, layers: &[usize]) -> Vec<String> {
        layers.iter().map(|&layer| self.label(layer)).collect()
    }

    /// `layer` in a sentence: `layer 3`, `V4`.
    pub(super) fn place(&self, layer: usize) -> String {
        match (self.labels.get(&layer), self.kind) {
            (Some(_), Kind::Named) => self.label(layer),
            (Some(name), _) if name.chars().any(char::is_alphabetic) => self.label(layer),
            _ => format!("{} {}", self.noun(), self.label(layer)),
        }
    }
}

/// What things are that are called `names`.
fn kind(names: &[&str]) -> Kind {
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let words: Vec<Vec<&str>> = lower
        .iter()
        .map(|name| name.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect())
        .collect();
    let all_have = |known: &[&str]| words.iter().all(|of| of.iter().any(|word| known.contains(word)));
    // A name without digits is of a thing, not of a place on a scale.
    let numbered = lower.iter().all(|name| name.contains(|c: char| c.is_ascii_digit()));
    let bare = numbered && words.iter().all(Vec::is_empty);
    if !numbered || names.is_empty() {
        Kind::Named
    } else if all_have(&["head", "heads", "h"]) {
        Kind::Heads
    } else if all_have(&["ms", "s", "sec", "t", "time", "window", "tr", "msec"]) {
        Kind::Time
    } else if bare || all_have(&["layer", "layers", "block", "blocks", "hidden"]) {
        Kind::Layers
    } else {
        Kind::Named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(names: &[&str]) -> Axis {
        Axis::named(names.iter().map(|&name| name.to_owned()).enumerate())
    }

    #[test]
    fn names_say_what_the_axis_is() {
        for (names, kind) in [
            (["V1", "V4", "IT"], Kind::Named),
            (["V1", "V2", "V4"], Kind::Named),
            (["0-100 ms", "100-200 ms", "200-300 ms"], Kind::Time),
            (["t0", "t1", "t2"], Kind::Time),
            (["head.0", "head.1", "head.2"], Kind::Heads),
            (["layer.0", "layer.1", "layer.12"], Kind::Layers),
            (["0", "1", "2"], Kind::Layers),
        ] {
            assert_eq!(axis(&names).kind, kind, "{names:?}");
        }
    }

    #[test]
    fn embeddings_are_named_of_a_model_alone() {
        let record = RunRecord { model: Some(crate::rundir::ModelRecord::default()), ..RunRecord::default() };
        assert_eq!(Axis::of(&record).title(), "layer (0: embeddings)");
        assert_eq!(Axis::of(&RunRecord::default()).title(), "layer");
        let regions = axis(&["V1", "IT"]);
        assert_eq!((regions.title(), regions.place(1).as_str(), regions.is_ordered()), ("", "IT", false));
        assert_eq!(axis(&["0", "5"]).place(1), "layer 5");
    }
}
