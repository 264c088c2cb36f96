//! What the matrices of a run are of: the layers of a model, or regions, windows of time, heads. A report names them as the
//! data do, and joins with a line only what has an order.

use std::collections::{BTreeMap, BTreeSet};

use crate::models::Site;
use crate::profile::{AxisKind, Plane, n_axes};
use crate::rundir::RunRecord;

/// What the matrices are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The hidden states of a model, from its embeddings.
    Model,
    /// What a part of each block of a model makes.
    Site(Site),
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
        let kind = match run.site {
            Some(site) if !site.is_of_states() => Kind::Site(site),
            _ if run.model.is_some() => Kind::Model,
            _ => Kind::Layers,
        };
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
            Kind::Model | Kind::Layers | Kind::Site(_) => "layer",
            Kind::Time => "time",
            Kind::Heads => "head",
            Kind::Named => "array",
        }
    }

    /// What several of them are called.
    pub(super) fn nouns(&self) -> &'static str {
        match self.kind {
            Kind::Model | Kind::Layers | Kind::Site(_) => "layers",
            Kind::Time => "times",
            Kind::Heads => "heads",
            Kind::Named => "arrays",
        }
    }

    /// What stands under the axis.
    pub(super) fn title(&self) -> &'static str {
        match self.kind {
            Kind::Model => "layer (0: embeddings)",
            Kind::Site(Site::Attention) => "layer (what attention adds)",
            Kind::Site(Site::Mlp) => "layer (what the MLP adds)",
            Kind::Site(Site::CrossAttention) => "layer (what attention to the encoder adds)",
            Kind::Site(Site::Router) => "layer (probabilities of experts)",
            Kind::Named => "",
            _ => self.noun(),
        }
    }

    /// Whether what is beside each other follows each other, so that a line may join it.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.kind, Kind::Model | Kind::Layers | Kind::Time | Kind::Site(_))
    }

    /// The name of `layer`, for a tick or a column.
    pub(super) fn label(&self, layer: usize) -> String {
        self.labels.get(&layer).map_or_else(|| layer.to_string(), |name| super::words::visible(name))
    }

    /// The names of `layers`.
    pub(super) fn names(&self, layers: &[usize]) -> Vec<String> {
        layers.iter().map(|&layer| self.label(layer)).collect()
    }

    /// Where `layers` stand on a grid, if they are heads of several layers, or of two other axes at once.
    pub(super) fn grid(&self, layers: &[usize]) -> Option<Grid> {
        if self.kind == Kind::Named {
            let names: Option<Vec<&str>> =
                layers.iter().map(|layer| self.labels.get(layer).map(String::as_str)).collect();
            return Plane::of(&names?).map(Grid::of);
        }
        if self.kind != Kind::Heads {
            return None;
        }
        let cells: Option<Vec<[usize; 2]>> =
            layers.iter().map(|layer| two_numbers(self.labels.get(layer)?)).collect();
        let cells = cells?;
        let distinct = |at: usize| -> Vec<usize> {
            let numbers: BTreeSet<usize> = cells.iter().map(|cell| cell[at]).collect();
            numbers.into_iter().collect()
        };
        let (rows, columns) = (distinct(0), distinct(1));
        if rows.len() < 2 || columns.len() < 2 {
            return None;
        }
        let place = |all: &[usize], number: usize| all.binary_search(&number).unwrap_or(0);
        let cells = cells.iter().map(|&[row, column]| (place(&rows, row), place(&columns, column))).collect();
        Some(Grid {
            rows: rows.iter().map(|row| format!("layer {row}")).collect(),
            columns: columns.iter().map(ToString::to_string).collect(),
            along: "head".to_owned(),
            cells,
        })
    }

    /// `layer` in a sentence: `layer 3`, `V4`, `attention of layer 3`.
    pub(super) fn place(&self, layer: usize) -> String {
        if let Kind::Site(site) = self.kind {
            let what = if site == Site::Mlp { "MLP" } else { site.name() };
            return format!("{what} of layer {layer}");
        }
        match (self.labels.get(&layer), self.kind) {
            (Some(_), Kind::Named) => self.label(layer),
            (Some(name), _) if name.chars().any(char::is_alphabetic) => self.label(layer),
            _ => format!("{} {}", self.noun(), self.label(layer)),
        }
    }
}

/// An axis of two parts: layers from top to bottom, heads from left to right; regions, and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    /// What the rows are called.
    pub(super) rows: Vec<String>,
    /// The numbers, or the names, of the columns.
    pub(super) columns: Vec<String>,
    /// What a column is of: `head`, `time`.
    pub(super) along: String,
    /// Row and column of each entry of the axis.
    pub(super) cells: Vec<(usize, usize)>,
}

impl Grid {
    /// The grid of `plane`.
    pub(super) fn of(plane: Plane) -> Self {
        let [rows, columns] = plane.axes;
        let bare = |at: usize| super::words::visible(columns.bare(at));
        Self {
            rows: rows.names.iter().map(|name| super::words::visible(name)).collect(),
            columns: (0..columns.names.len()).map(bare).collect(),
            cells: plane.cells.into_iter().map(|[row, column]| (row, column)).collect(),
            along: columns.noun,
        }
    }

    /// `values`, one for each entry of the axis, as rows; NaN where there is none.
    pub(super) fn lay_out(&self, values: impl Iterator<Item = f64>) -> Vec<Vec<f64>> {
        let mut rows = vec![vec![f64::NAN; self.columns.len()]; self.rows.len()];
        for (&(row, column), value) in self.cells.iter().zip(values) {
            rows[row][column] = value;
        }
        rows
    }
}

/// The numbers of `layer.3.head.5`; none where there are not two.
fn two_numbers(name: &str) -> Option<[usize; 2]> {
    let numbers = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let numbers: Vec<usize> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

/// What things are that are called `names`; what is of two axes or more has no order of its own.
fn kind(names: &[&str]) -> Kind {
    match AxisKind::of(names) {
        AxisKind::Heads => Kind::Heads,
        AxisKind::Named => Kind::Named,
        _ if n_axes(names) > 1 || Plane::of(names).is_some() => Kind::Named,
        AxisKind::Time => Kind::Time,
        AxisKind::Layers => Kind::Layers,
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
            (["t0", "t1", "t2"], Kind::Time),
            (["head.0", "head.1", "head.2"], Kind::Heads),
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

    #[test]
    fn sites_are_of_blocks_and_have_no_embeddings() {
        let model = Some(crate::rundir::ModelRecord::default());
        let of = |site| Axis::of(&RunRecord { model: model.clone(), site, ..RunRecord::default() });
        assert_eq!(of(Some(Site::Attention)).place(3), "attention of layer 3");
        assert_eq!(of(Some(Site::Mlp)).place(0), "MLP of layer 0");
        assert_eq!(of(Some(Site::Router)).title(), "layer (probabilities of experts)");
        assert_eq!(of(Some(Site::Residual)).title(), "layer (0: embeddings)");
        assert_eq!((of(Some(Site::Mlp)).label(2).as_str(), of(Some(Site::Mlp)).is_ordered()), ("2", true));
    }

    #[test]
    fn heads_of_several_layers_stand_on_a_grid() {
        let heads = axis(&["layer.0.head.0", "layer.0.head.10", "layer.3.head.0"]);
        let grid = heads.grid(&[0, 1, 2]).unwrap();
        assert_eq!(
            (grid.rows.as_slice(), grid.columns.as_slice()),
            (["layer 0", "layer 3"].map(str::to_owned).as_slice(), ["0", "10"].map(str::to_owned).as_slice())
        );
        let values = grid.lay_out([1.0, 2.0, 3.0].into_iter());
        assert_eq!((values[0].as_slice(), values[1][0]), ([1.0, 2.0].as_slice(), 3.0));
        assert!(values[1][1].is_nan());
        assert!(heads.grid(&[0, 1]).is_none(), "one layer is no grid");
        assert!(axis(&["head.0", "head.1"]).grid(&[0, 1]).is_none());
        assert!(axis(&["layer.0", "layer.1"]).grid(&[0, 1]).is_none());
        // Regions at times, too: no line joins the last time of one region with the first of the next.
        let plane = axis(&["V1, time 0", "V1, time 1", "V4, time 0", "V4, time 1"]);
        let grid = plane.grid(&[0, 1, 2, 3]).unwrap();
        assert!(!plane.is_ordered() && grid.cells == [(0, 0), (0, 1), (1, 0), (1, 1)]);
        assert_eq!(
            (grid.along.as_str(), grid.columns.join(" "), grid.rows.join(" ")),
            ("time", "0 1".to_owned(), "V1 V4".to_owned())
        );
    }
}
