//! The layers of a file as they are read: of the units that are chosen, without those that are no number for any stimulus.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Axis as Dimension, CowArray, Ix2};

use super::by_layer::{self, ByLayer};
use super::error::{Error, Result};
use super::formats::{Contents, Place};
use super::provenance::Provenance;
use super::reading::{Axes, Layout, Reading, Slot};
use super::transform::Transform;
use crate::{files, text};

/// How many units one message names.
const SHOWN: usize = 10;
/// How many rows are looked at at once for units without numbers.
const ROWS: usize = 1024;

/// Layers of an open file; those that do not stand in it as they are needed are in memory.
pub(super) struct Recording {
    file: Option<File>,
    path: PathBuf,
    numbers: Vec<usize>,
    n_stimuli: usize,
    layers: Vec<Layer>,
    provenance: Provenance,
}

struct Layer {
    source: Source,
    /// The columns that are read, where not all are.
    columns: Option<Vec<usize>>,
    /// The units that are left out, by their position among those that were chosen.
    left_out: Vec<usize>,
}

enum Source {
    Stored(Place),
    Held(Array2<f32>),
}

impl Source {
    fn dim(&self) -> (usize, usize) {
        match self {
            Self::Stored(place) => (place.rows, place.columns),
            Self::Held(matrix) => matrix.dim(),
        }
    }
}

impl Recording {
    /// The layers of `layout` of the file at `path`, and what is to be said of their units.
    pub(super) fn new(
        contents: Contents,
        path: &Path,
        layout: &Layout,
        reading: &Reading,
    ) -> Result<(Self, Vec<String>)> {
        let mut whole: BTreeMap<usize, ArrayD<f32>> = BTreeMap::new();
        let mut layers = Vec::with_capacity(layout.slots.len());
        for slot in &layout.slots {
            let axes = &layout.axes[&slot.array];
            let array = &contents.arrays[slot.array];
            let source = if let Some(place) = place(axes, &array.shape, array.place, slot) {
                Source::Stored(place)
            } else {
                if !whole.contains_key(&slot.array) {
                    // The layers of an array stand one after another: no other is needed again.
                    whole.clear();
                    whole.insert(slot.array, contents.numbers(slot.array)?);
                }
                let matrix = matrix(&whole[&slot.array], axes, slot);
                Source::Held(matrix.map_err(|message| Error::Format { path: path.to_owned(), message })?)
            };
            layers.push(Layer { source, columns: reading.units.clone(), left_out: Vec::new() });
        }
        let numbers: Vec<usize> = layout.slots.iter().map(|slot| slot.layer).collect();
        let sizes: Vec<(usize, usize)> = layers.iter().map(|layer| layer.source.dim()).collect();
        by_layer::check(&numbers, &sizes)?;
        if let Some(units) = &reading.units {
            for (&layer, &(_, d)) in numbers.iter().zip(&sizes) {
                if let Some(&unit) = units.iter().find(|&&unit| unit >= d) {
                    return Err(Error::NoSuchUnit { unit, layer, d });
                }
            }
        }
        let mut provenance = contents.provenance.clone();
        provenance.transforms.extend(reading.units.clone().map(Transform::Units));
        if !layout.slots.iter().all(Slot::is_plain) {
            provenance.arrays = layout.slots.iter().map(|slot| (slot.layer, slot.name.clone())).collect();
        }
        provenance.labels =
            layout.slots.iter().filter_map(|slot| Some((slot.layer, slot.label.clone()?))).collect();
        let n_stimuli = sizes.first().map_or(0, |&(rows, _)| rows);
        let file = contents.into_file();
        let mut recording = Self { file, path: path.to_owned(), numbers, n_stimuli, layers, provenance };
        // A row of distances is no unit.
        let said = if reading.distances { Vec::new() } else { recording.leave_out()? };
        Ok((recording, said))
    }

    /// Leaves out the units that are NaN for every stimulus, and says which.
    fn leave_out(&mut self) -> Result<Vec<String>> {
        let mut found: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for index in 0..self.layers.len() {
            let dead = self.without_numbers(index)?;
            if dead.is_empty() {
                continue;
            }
            let all = self.width(index);
            if dead.len() == all {
                let message =
                    format!("every unit of layer {} is NaN for every stimulus", self.numbers[index]);
                return Err(Error::Format { path: self.path.clone(), message });
            }
            let layer = &mut self.layers[index];
            let columns = layer.columns.take().unwrap_or_else(|| (0..all).collect());
            layer.columns =
                Some((0..all).filter(|at| dead.binary_search(at).is_err()).map(|at| columns[at]).collect());
            layer.left_out.clone_from(&dead);
            let named = dead.iter().map(|&at| columns[at]).collect();
            found.entry(named).or_default().push(self.numbers[index]);
        }
        let n_layers = self.numbers.len();
        Ok(found
            .into_iter()
            .map(|(units, layers)| {
                let of = match layers.as_slice() {
                    _ if layers.len() == n_layers => String::new(),
                    [layer] => format!(" of layer {layer}"),
                    layers => {
                        let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
                        format!(" of layers {}", text::some(&layers, SHOWN))
                    }
                };
                let is = if units.len() == 1 { "is" } else { "are" };
                let shown: Vec<String> = units.iter().map(ToString::to_string).collect();
                format!(
                    "{}: {}{of} {is} NaN for every stimulus and left out (unit {})",
                    self.path.file_name().unwrap_or_default().to_string_lossy(),
                    text::counted(units.len() as u128, "unit"),
                    text::some(&shown, SHOWN)
                )
            })
            .collect())
    }

    /// The columns of a layer that are NaN in every row, ascending. Where the first row has numbers, no other is read.
    fn without_numbers(&self, index: usize) -> Result<Vec<usize>> {
        let first = self.values(index, 0..1)?;
        let mut dead: Vec<usize> = (0..first.ncols()).filter(|&unit| first[[0, unit]].is_nan()).collect();
        let mut row = 1;
        while !dead.is_empty() && row < self.n_stimuli {
            let rows = row..(row + ROWS).min(self.n_stimuli);
            row = rows.end;
            let values = self.values(index, rows)?;
            dead.retain(|&unit| values.column(unit).iter().all(|value| value.is_nan()));
        }
        Ok(dead)
    }

    /// The chosen columns of some rows, whatever numbers they are.
    fn values(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        let Layer { source, columns, .. } = &self.layers[index];
        let all: CowArray<'_, f32, Ix2> = match (source, &self.file) {
            (Source::Held(matrix), _) => matrix.slice(ndarray::s![rows, ..]).into(),
            (Source::Stored(place), Some(file)) => {
                let Place { offset, columns, number, .. } = *place;
                let failed = |source| Error::Files(files::Error::Read { path: self.path.clone(), source });
                let start = offset + (rows.start * columns * number.bytes()) as u64;
                let values =
                    files::tensors::numbers(file, start, number, rows.len() * columns).map_err(failed)?;
                Array2::from_shape_vec((rows.len(), columns), values)
                    .map_err(|error| Error::Format { path: self.path.clone(), message: error.to_string() })?
                    .into()
            }
            (Source::Stored(_), None) => return Err(Error::NoLayers),
        };
        Ok(match columns {
            Some(columns) => all.select(Dimension(1), columns).into(),
            None => all,
        })
    }
}

impl ByLayer for Recording {
    fn layers(&self) -> &[usize] {
        &self.numbers
    }

    fn n_stimuli(&self) -> usize {
        self.n_stimuli
    }

    fn width(&self, index: usize) -> usize {
        let layer = &self.layers[index];
        layer.columns.as_ref().map_or(layer.source.dim().1, Vec::len)
    }

    fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    fn left_out(&self, index: usize) -> &[usize] {
        &self.layers[index].left_out
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        let start = rows.start;
        let values = self.values(index, rows)?;
        if let Some(((row, at), &value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let unit = self.layers[index].columns.as_ref().map_or(at, |columns| columns[at]);
            let (layer, stimulus) = (self.numbers[index], start + row);
            let on_diagonal = self.layers[index].source.dim().1 == self.n_stimuli && stimulus == unit;
            return Err(Error::NotFinite { layer, stimulus, unit, value, on_diagonal });
        }
        Ok(values)
    }
}

/// Where the matrix of a layer stands in the file, if it does so in one piece: what is fitted one by one comes first, then the
/// stimuli, then the units.
fn place(
    axes: &Axes,
    shape: &[usize],
    stored: Option<(u64, files::tensors::Number)>,
    slot: &Slot,
) -> Option<Place> {
    let (offset, number) = stored?;
    let n_over = slot.at.len();
    if axes.of_stimuli() != n_over || axes.as_slice()[..n_over].iter().any(|axis| !axis.is_over()) {
        return None;
    }
    let size = |sizes: &[usize]| sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    let (rows, columns) = (shape[n_over], size(&shape[n_over + 1..])?);
    let before = slot.at.iter().zip(shape).fold(0usize, |index, (&at, &size)| index * size + at);
    let one = rows.checked_mul(columns)?.checked_mul(number.bytes())? as u64;
    Some(Place { offset: offset + before as u64 * one, rows, columns, number })
}

/// The matrix of a layer, `(n_stimuli, units)`.
fn matrix(array: &ArrayD<f32>, axes: &Axes, slot: &Slot) -> Result<Array2<f32>, String> {
    let mut view = array.view();
    let over: Vec<usize> = (0..axes.as_slice().len()).filter(|&at| axes.as_slice()[at].is_over()).collect();
    // From the last, so that the axes before it stay where they are.
    for (&axis, &at) in over.iter().zip(&slot.at).rev() {
        view = view.index_axis_move(Dimension(axis), at);
    }
    let stimuli = axes.of_stimuli();
    let stimuli = stimuli - over.iter().filter(|&&axis| axis < stimuli).count();
    // The stimuli first; the others keep their order.
    let order: Vec<usize> =
        std::iter::once(stimuli).chain((0..view.ndim()).filter(|&axis| axis != stimuli)).collect();
    let view = view.permuted_axes(order);
    let rows = view.shape()[0];
    let columns = view.shape()[1..].iter().product();
    let values: Vec<f32> = view.iter().copied().collect();
    Array2::from_shape_vec((rows, columns), values).map_err(|error| error.to_string())
}
