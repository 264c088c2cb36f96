//! Activations go into a file row by row, in any order and from any thread: none of them stays in memory.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::by_layer::{ByLayer, Shape};
use super::error::{Error, Result};
use super::formats::{Format, Place, format, npy, safetensors};
use super::provenance::Provenance;
use super::stored::Stored;
use crate::files::Pending;
use crate::files::tensors::Number;

/// How many bytes are taken from a source at once.
const PIECE: usize = 4 << 20;

/// Where activations go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination<'a> {
    /// A `.safetensors` or a `.npy` file, whole or not at all.
    File(&'a Path),
    /// A file without a name on the disk of this folder, which lasts as long as it is open.
    Temporary(&'a Path),
}

impl Destination<'_> {
    /// A temporary file beside the file, or on the same disk.
    #[must_use]
    pub fn temporary(self) -> Self {
        match self {
            Self::File(path) => Self::Temporary(folder_of(path)),
            Self::Temporary(_) => self,
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file of activations under way. Where each row goes is known from the start.
#[derive(Debug)]
pub struct RowWriter {
    pending: Pending,
    shape: Shape,
    /// Where the matrix of each layer begins.
    starts: Vec<u64>,
    provenance: Provenance,
    /// The first value that is no number: its place among the layers, its row, its unit.
    wrong: Mutex<Option<(usize, usize, usize, f32)>>,
}

impl RowWriter {
    /// Opens a file for activations of this shape.
    ///
    /// # Errors
    ///
    /// [`Error::Files`]; [`Error::UnknownFormat`] for another ending; [`Error::Format`] for a `.npy` of layers that differ in
    /// size; a shape that no activations have, as [`super::Activations::new`].
    pub fn create(destination: Destination<'_>, shape: Shape, provenance: Provenance) -> Result<Self> {
        shape.check()?;
        let (pending, header) = match destination {
            Destination::Temporary(folder) => (Pending::nameless(folder)?, Vec::new()),
            Destination::File(path) => {
                let header = match format(path)? {
                    Format::Safetensors => safetensors::header(&shape, &provenance),
                    Format::Npy => npy::header(&shape, path)?,
                    Format::Npz | Format::Torch => {
                        return Err(Error::UnknownFormat { path: path.to_owned() });
                    }
                };
                (Pending::beside(path)?, header)
            }
        };
        pending.write_at(&header, 0)?;
        let mut starts = Vec::with_capacity(shape.layers.len());
        let mut end = header.len() as u64;
        for width in &shape.widths {
            starts.push(end);
            end += (shape.n_stimuli * width * size_of::<f32>()) as u64;
        }
        Ok(Self { pending, shape, starts, provenance, wrong: Mutex::new(None) })
    }

    /// Writes `values`, `(rows.len(), d_model)` flat, as these rows of the layer at position `index` of the shape.
    ///
    /// # Errors
    ///
    /// [`Error::Files`]: the disk is full, or fails. A value that is no number is an error of [`RowWriter::finish`], so that it
    /// is the first one whatever the order of the rows.
    pub fn put(&self, index: usize, rows: &[usize], values: &[f32]) -> Result<()> {
        let width = self.shape.widths[index];
        let values_of = |at: usize| &values[at * width..][..width];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|&at| rows[at]);
        let mut bytes = Vec::new();
        // Rows that stand side by side are written at once.
        for run in order.chunk_by(|&a, &b| rows[a] + 1 == rows[b]) {
            bytes.clear();
            for &at in run {
                self.look_for_wrong(index, rows[at], values_of(at));
                bytes.extend(values_of(at).iter().flat_map(|value| value.to_le_bytes()));
            }
            let offset = (rows[run[0]] * width * size_of::<f32>()) as u64;
            self.pending.write_at(&bytes, self.starts[index] + offset)?;
        }
        Ok(())
    }

    fn look_for_wrong(&self, index: usize, row: usize, values: &[f32]) {
        if let Some(unit) = values.iter().position(|value| !value.is_finite()) {
            let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            if wrong.is_none_or(|(other, at, _, _)| (index, row) < (other, at)) {
                *wrong = Some((index, row, unit, values[unit]));
            }
        }
    }

    /// Gives the file its name, all rows being there.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] when a value is NaN or infinite; [`Error::Files`]. There is no file then, or still the earlier one.
    pub fn finish(self) -> Result<Stored> {
        let Self { pending, shape, starts, provenance, wrong } = self;
        if let Some((index, row, unit, value)) = wrong.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let layer = shape.layers[index];
            return Err(Error::NotFinite { layer, stimulus: row, unit, value, on_diagonal: false });
        }
        let path = pending.path().to_owned();
        let file = pending.keep()?;
        let places = starts.into_iter().zip(&shape.widths);
        let places = places.map(|(offset, &columns)| Place {
            offset,
            rows: shape.n_stimuli,
            columns,
            number: Number::F32,
        });
        let places = places.collect();
        Stored::new(file, path, shape.layers, places, provenance)
    }
}

/// Writes the activations of `source`, some rows at a time.
///
/// # Errors
///
/// Those of the source; as [`RowWriter::create`] and [`RowWriter::put`].
pub fn write(source: &dyn ByLayer, destination: Destination<'_>) -> Result<Stored> {
    let shape = source.shape();
    let writer = RowWriter::create(destination, shape.clone(), source.provenance().clone())?;
    let all: Vec<usize> = (0..shape.n_stimuli).collect();
    for (index, width) in shape.widths.iter().enumerate() {
        for rows in all.chunks(rows_at_once(*width)) {
            let values = source.rows(index, rows[0]..rows[0] + rows.len())?;
            writer.put(index, rows, values.as_standard_layout().as_slice().unwrap_or_default())?;
        }
    }
    writer.finish()
}

/// Gives the bytes of a safetensors file of `source` to `visit`, piece by piece in their order.
///
/// # Errors
///
/// Those of the source and of `visit`.
pub fn safetensors_pieces<E: From<Error>>(
    source: &dyn ByLayer,
    mut visit: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let shape = source.shape();
    visit(&safetensors::header(&shape, source.provenance()))?;
    let mut bytes = Vec::new();
    for (index, width) in shape.widths.iter().enumerate() {
        let step = rows_at_once(*width);
        for first in (0..shape.n_stimuli).step_by(step) {
            let values = source.rows(index, first..(first + step).min(shape.n_stimuli))?;
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            visit(&bytes)?;
        }
    }
    Ok(())
}

fn rows_at_once(width: usize) -> usize {
    (PIECE / (width * size_of::<f32>())).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape { layers: vec![0, 3], n_stimuli: 3, widths: vec![1, 2] }
    }

    #[test]
    fn rows_may_come_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let writer = RowWriter::create(Destination::File(&path), shape(), Provenance::default()).unwrap();
        writer.put(1, &[2, 0, 1], &[5.0, 6.0, 1.0, 2.0, 3.0, 4.0]).unwrap();
        writer.put(0, &[1], &[8.0]).unwrap();
        writer.put(0, &[2, 0], &[9.0, 7.0]).unwrap();
        assert!(!path.exists());
        let stored = writer.finish().unwrap();
        let read = super::super::Activations::read(&path).unwrap();
        assert_eq!(read.matrix(0), ndarray::array![[7.0], [8.0], [9.0]]);
        assert_eq!(read.matrix(1), ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        assert_eq!(stored.layer(1).unwrap(), read.matrix(1));
    }

    #[test]
    fn the_first_value_that_is_no_number_is_named_whatever_came_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        std::fs::write(&path, "earlier").unwrap();
        let writer = RowWriter::create(Destination::File(&path), shape(), Provenance::default()).unwrap();
        writer.put(1, &[2, 1], &[f32::INFINITY, 1.0, 2.0, f32::NAN]).unwrap();
        writer.put(1, &[0], &[1.0, 2.0]).unwrap();
        writer.put(0, &[0, 1, 2], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(writer.finish().unwrap_err().to_string(), "layer 3, stimulus 1: unit 1 is NaN");
        assert_eq!(std::fs::read(&path).unwrap(), b"earlier");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
