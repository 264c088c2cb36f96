//! Activations in archives of NumPy's arrays.

use std::io::Cursor;
use std::path::Path;

use ndarray::{Array2, ArrayD};

use super::bounds::unpacked;
use super::names::by_number;
use super::npy::{layers_of, matrix, parse};
use crate::activations::error::{Error, Result};
use crate::activations::matrices::Activations;
use crate::activations::provenance::Provenance;
use crate::files;

pub(in crate::activations) fn read(path: &Path) -> Result<Activations> {
    let mut arrays = named_arrays(path)?;
    let (layers, matrices) = match arrays.as_slice() {
        [(name, array)] if array.ndim() == 3 => {
            let name = name.clone();
            let matrices =
                layers_of(arrays.remove(0).1).map_err(|message| wrong_array(path, &name, &message))?;
            ((0..matrices.len()).collect(), matrices)
        }
        _ => by_number(matrices(path, arrays)?),
    };
    Activations::new(layers, matrices, Provenance::default())
}

fn wrong_array(path: &Path, name: &str, message: &str) -> Error {
    Error::Format { path: path.to_owned(), message: format!("array `{name}`: {message}") }
}

/// Arrays each of which is a matrix.
fn matrices(path: &Path, arrays: Vec<(String, ArrayD<f32>)>) -> Result<Vec<(String, Array2<f32>)>> {
    let named = arrays.into_iter().map(|(name, array)| match matrix(array) {
        Ok(matrix) => Ok((name, matrix)),
        Err(message) => Err(wrong_array(path, &name, &message)),
    });
    named.collect()
}

/// The arrays of an `.npz`, compressed or not.
pub(super) fn named_arrays(path: &Path) -> Result<Vec<(String, ArrayD<f32>)>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let bytes = files::read(path)?;
    let not_zip = |error: zip::result::ZipError| wrong(format!("not a readable .npz file: {error}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(not_zip)?;
    let mut named = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(not_zip)?;
        let file_name = entry.name().map_err(not_zip)?.into_owned();
        if local_name(&bytes, entry.header_start()) != Some(entry.name_raw()) {
            return Err(wrong(format!(
                "its list calls an entry `{file_name}`, and the entry has another name"
            )));
        }
        // What is passed over may be an array whose name is damaged.
        let Some(name) = npyz::npz::array_name_from_file_name(&file_name) else {
            return Err(wrong(format!(
                "it holds `{file_name}`, whose name is not that of an array (NAME.npy)"
            )));
        };
        let size = entry.size();
        let bytes = unpacked(&mut entry, size).map_err(|message| wrong_array(path, name, &message))?;
        let array = parse(&bytes).map_err(|message| wrong_array(path, name, &message))?;
        named.push((name.to_owned(), array));
    }
    Ok(named)
}

/// What the entry of an archive that begins at `start` is called there, as the format (4.3.7 of the specification) has it.
fn local_name(archive: &[u8], start: u64) -> Option<&[u8]> {
    let header = archive.get(usize::try_from(start).ok()?..)?;
    let length = u16::from_le_bytes(header.get(26..28)?.try_into().ok()?);
    header.get(30..30 + usize::from(length))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use half::f16;
    use ndarray::array;

    use super::super::npy::tests::npy;
    use super::*;

    /// An `.npz`, compressed as `numpy.savez_compressed` does it.
    fn npz(path: &Path, arrays: &[(&str, Vec<u8>)]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        let deflated =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, bytes) in arrays {
            zip.start_file(format!("{name}.npy"), deflated).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn compressed_arrays_and_half_precision_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let halves = [0.5f32, -2.0, 65504.0, 6e-8].map(f16::from_f32);
        npz(&path, &[("layer_1", npy(&[2, 2], &halves)), ("layer_0", npy(&[2, 1], &[3i64, -4]))]);
        let found = Activations::read(&path).unwrap();
        assert_eq!(found.layers(), [0, 1]);
        assert_eq!(found.matrix(0), array![[3.0], [-4.0]]);
        assert_eq!(found.matrix(1), array![[0.5, -2.0], [65504.0, 5.960_464_5e-8]]);
    }

    #[test]
    fn one_array_may_hold_all_layers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let stacked = npy(&[2, 3, 1], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
        npz(&path, &[("activations", stacked.clone())]);
        let found = Activations::read(&path).unwrap();
        assert_eq!(
            (found.layers(), found.matrix(1)),
            ([0, 1].as_slice(), array![[4.0], [5.0], [6.0]].view())
        );
        npz(&path, &[("a", stacked), ("b", npy(&[3, 1], &[1.0f32, 2.0, 3.0]))]);
        let error = Activations::read(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("array `a`: the array has shape [2, 3, 1], which is not (n_stimuli, d)"),
            "{error}"
        );
    }
}
