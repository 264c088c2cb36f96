//! `geometry.csv`: the maps of the stimuli, a row per point; `stimulus` is a row of the stimuli, from 0.
//!
//! Earlier versions wrote `layer,stimulus,x,y,stress`, with rows from 1: the order of the columns tells which it is.

use std::path::Path;

use csv::ReaderBuilder;

use crate::files;
use crate::files::table::table;
use crate::geometry::{Geometry, Map};
use crate::rundir::error::{Error, Result};

/// The file of the maps in a run's folder.
pub const GEOMETRY: &str = "geometry.csv";

pub(super) const HEADER: [&str; 5] = ["layer", "stress", "stimulus", "x", "y"];

/// The columns of earlier versions, which counted stimuli from 1.
const EARLIER: [&str; 5] = ["layer", "stimulus", "x", "y", "stress"];

#[derive(serde::Deserialize)]
struct Row {
    layer: usize,
    stress: f64,
    stimulus: usize,
    x: f64,
    y: f64,
}

/// The bytes of `geometry.csv`.
#[must_use]
pub fn geometry_csv(geometry: &Geometry) -> Vec<u8> {
    let number = |x: f64| (x as f32).to_string();
    let points = geometry.maps.iter().flat_map(|map| {
        geometry.stimuli.iter().zip(&map.points).map(move |(stimulus, [x, y])| {
            let [x, y, stress] = [*x, *y, map.stress].map(number);
            [map.layer.to_string(), stress, stimulus.to_string(), x, y]
        })
    });
    table(HEADER, points)
}

/// Reads the maps of `path`, of `n_stimuli` stimuli.
///
/// # Errors
///
/// The file cannot be read, or is not one that [`geometry_csv`] writes of that many stimuli.
pub(in crate::rundir) fn read(path: &Path, n_stimuli: usize) -> Result<Geometry> {
    let bytes = files::read(path)?;
    let failed = |line, message: String| Error::Maps { path: path.to_owned(), line, message };
    let mut geometry = Geometry::default();
    let mut reader = ReaderBuilder::new().from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|error| failed(1, error.to_string()))?;
    let first_row = usize::from(header.iter().eq(EARLIER));
    for (i, row) in reader.deserialize::<Row>().enumerate() {
        let line = i as u64 + 2;
        let Row { layer, stress, stimulus: said, x, y } =
            row.map_err(|error| failed(line, error.to_string()))?;
        let Some(stimulus) = said.checked_sub(first_row).filter(|&row| row < n_stimuli) else {
            let message = format!("stimulus {said}, but there are {n_stimuli}, counted from {first_row}");
            return Err(failed(line, message));
        };
        if geometry.maps.last().is_none_or(|map| map.layer != layer) {
            geometry.maps.push(Map { layer, stress, points: Vec::new() });
        }
        let first = geometry.maps.len() == 1;
        let Some(map) = geometry.maps.last_mut() else { continue };
        if first {
            geometry.stimuli.push(stimulus);
        } else if geometry.stimuli.get(map.points.len()) != Some(&stimulus) {
            return Err(failed(line, format!("layer {layer} has other stimuli than the layer before")));
        }
        map.points.push([x, y]);
    }
    if geometry.maps.iter().any(|map| map.points.len() != geometry.stimuli.len()) {
        return Err(failed(1, "a layer has fewer stimuli than the first".to_owned()));
    }
    Ok(geometry)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three stimuli of forty at two layers.
    fn geometry() -> Geometry {
        let map = |layer, shift: f64| Map {
            layer,
            stress: 0.1 + shift,
            points: [0.25, 1.0 / 3.0, -2.5e-7].map(|x| [x + shift, -x]).to_vec(),
        };
        Geometry { stimuli: vec![0, 7, 39], maps: vec![map(0, 0.0), map(3, 0.5)] }
    }

    #[test]
    fn what_is_written_reads_back_the_same_in_f32() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("geometry.csv");
        files::write(&path, &geometry_csv(&geometry())).unwrap();
        let back = read(&path, 40).unwrap();
        assert_eq!(back.stimuli, geometry().stimuli);
        assert_eq!(geometry_csv(&back), geometry_csv(&geometry()));
    }

    #[test]
    fn a_file_of_other_stimuli_is_named_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("geometry.csv");
        files::write(&path, b"layer,stress,stimulus,x,y\n0,0,0,0,0\n0,0,40,1,1\n").unwrap();
        let error = read(&path, 40).unwrap_err();
        assert!(error.to_string().ends_with(":3: stimulus 40, but there are 40, counted from 0"), "{error}");
        // As earlier versions wrote it, from 1.
        files::write(&path, b"layer,stimulus,x,y,stress\n0,1,0,0,0\n0,40,1,1,0\n").unwrap();
        assert_eq!(read(&path, 40).unwrap().stimuli, [0, 39]);
        files::write(&path, b"layer,stress,stimulus,x,y\n0,0,1,0,0\n1,0,2,1,1\n").unwrap();
        assert!(read(&path, 40).unwrap_err().to_string().contains(":3: layer 1 has other stimuli"));
    }
}
