//! Activations in archives of NumPy's arrays.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use ndarray::ArrayD;

use super::array::Array;
use super::bounds::{LOOKED_AT, unpacked};
use super::npy::{described, parse};
use crate::activations::error::{Error, Result};
use crate::files::{self, read_exact_at};

fn wrong_array(path: &Path, name: &str, message: &str) -> Error {
    Error::Format { path: path.to_owned(), message: format!("array `{name}`: {message}") }
}

/// The arrays of an `.npz`, compressed or not.
pub(super) fn named_arrays(path: &Path) -> Result<Vec<(String, ArrayD<f32>)>> {
    let mut archive = archive(path)?;
    let mut named = Vec::new();
    for (index, name) in entries(&mut archive, path)? {
        let array = numbers(&mut archive, index, path, &name)?;
        named.push((name, array));
    }
    Ok(named)
}

/// What arrays there are; their numbers are not read.
pub(super) fn arrays(path: &Path) -> Result<Vec<Array>> {
    let mut archive = archive(path)?;
    let mut arrays = Vec::new();
    for (index, name) in entries(&mut archive, path)? {
        let mut entry = archive.by_index(index).map_err(|error| not_zip(path, &error))?;
        let size = entry.size();
        let mut start = Vec::new();
        let read = entry.by_ref().take(LOOKED_AT).read_to_end(&mut start);
        let described = read.map_err(|error| error.to_string()).and_then(|_| described(&start, size));
        let (shape, holds, _) = described.map_err(|message| wrong_array(path, &name, &message))?;
        arrays.push(Array { name, shape, holds, place: None });
    }
    Ok(arrays)
}

/// The numbers of the array called `name`.
pub(super) fn one(path: &Path, name: &str) -> Result<ArrayD<f32>> {
    let mut archive = archive(path)?;
    let entries = entries(&mut archive, path)?;
    // Of two of a name the last is the one that NumPy gives.
    let found = entries.into_iter().rev().find(|(_, found)| found == name);
    let (index, _) = found.ok_or_else(|| wrong_array(path, name, "it is gone from the file"))?;
    numbers(&mut archive, index, path, name)
}

type Archive = zip::ZipArchive<BufReader<File>>;

fn not_zip(path: &Path, error: &zip::result::ZipError) -> Error {
    let message = format!("not a readable .npz file: {error}");
    Error::Format { path: path.to_owned(), message }
}

fn archive(path: &Path) -> Result<Archive> {
    let file = File::open(path)
        .map_err(|source| Error::Files(files::Error::Read { path: path.to_owned(), source }))?;
    zip::ZipArchive::new(BufReader::new(file)).map_err(|error| not_zip(path, &error))
}

/// The entries that are arrays, and the names of these; of two of a name, the last.
fn entries(archive: &mut Archive, path: &Path) -> Result<Vec<(usize, String)>> {
    let raw = File::open(path)
        .map_err(|source| Error::Files(files::Error::Read { path: path.to_owned(), source }))?;
    let mut named: Vec<(usize, String)> = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| not_zip(path, &error))?;
        let file_name = entry.name().map_err(|error| not_zip(path, &error))?.into_owned();
        if local_name(&raw, entry.header_start()).as_deref() != Some(entry.name_raw()) {
            let message = format!("its list calls an entry `{file_name}`, and the entry has another name");
            return Err(Error::Format { path: path.to_owned(), message });
        }
        // What is passed over may be an array whose name is damaged.
        let Some(name) = npyz::npz::array_name_from_file_name(&file_name) else {
            let message = format!("it holds `{file_name}`, whose name is not that of an array (NAME.npy)");
            return Err(Error::Format { path: path.to_owned(), message });
        };
        named.retain(|(_, other)| other != name);
        named.push((index, name.to_owned()));
    }
    Ok(named)
}

fn numbers(archive: &mut Archive, index: usize, path: &Path, name: &str) -> Result<ArrayD<f32>> {
    let mut entry = archive.by_index(index).map_err(|error| not_zip(path, &error))?;
    let size = entry.size();
    let bytes = unpacked(&mut entry, size).map_err(|message| wrong_array(path, name, &message))?;
    parse(&bytes).map_err(|message| wrong_array(path, name, &message))
}

/// What the entry of an archive that begins at `start` is called there, as the format (4.3.7 of the specification) has it.
fn local_name(archive: &File, start: u64) -> Option<Vec<u8>> {
    let mut header = [0; 30];
    read_exact_at(archive, &mut header, start).ok()?;
    let mut name = vec![0; usize::from(u16::from_le_bytes(header[26..28].try_into().ok()?))];
    read_exact_at(archive, &mut name, start + 30).ok()?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use half::f16;
    use ndarray::array;

    use super::super::array::Holds;
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
        let arrays = arrays(&path).unwrap();
        let said: Vec<_> = arrays.iter().map(|array| (array.name.as_str(), &array.holds)).collect();
        assert_eq!(said, [("layer_1", &Holds::Floats), ("layer_0", &Holds::WholeNumbers)]);
        assert_eq!(one(&path, "layer_0").unwrap(), array![[3.0], [-4.0]].into_dyn());
        assert_eq!(one(&path, "layer_1").unwrap(), array![[0.5, -2.0], [65504.0, 5.960_464_5e-8]].into_dyn());
    }
}
