//! The maps as CSV, and back: `layer,stimulus,x,y,stress`, a line per point; `stimulus` is a row of the stimuli, from 0.

use std::path::Path;

use ::csv::{ReaderBuilder, Writer};

use super::{Error, Geometry, Map, Result};
use crate::files;

type Row = (usize, usize, f64, f64, f64);

impl Geometry {
    /// The bytes of `geometry.csv`.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = Writer::from_writer(Vec::new());
        // Writing to memory cannot fail, and every record has the header's length.
        let _ = writer.write_record(["layer", "stimulus", "x", "y", "stress"]);
        for map in &self.maps {
            for (stimulus, [x, y]) in self.stimuli.iter().zip(&map.points) {
                let number = |x: f64| (x as f32).to_string();
                let ids = [map.layer.to_string(), stimulus.to_string()];
                let _ = writer.write_record(ids.into_iter().chain([*x, *y, map.stress].map(number)));
            }
        }
        writer.into_inner().unwrap_or_default()
    }

    /// Reads the maps of `path`, of `n_stimuli` stimuli.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not one that [`Geometry::to_csv`] writes of that many stimuli.
    pub fn read(path: &Path, n_stimuli: usize) -> Result<Self> {
        let bytes = files::read(path)?;
        let failed = |line, message: String| Error::Csv { path: path.to_owned(), line, message };
        let mut geometry = Self::default();
        let mut reader = ReaderBuilder::new().from_reader(bytes.as_slice());
        for (i, row) in reader.deserialize::<Row>().enumerate() {
            let line = i as u64 + 2;
            let (layer, stimulus, x, y, stress) = row.map_err(|error| failed(line, error.to_string()))?;
            if stimulus >= n_stimuli {
                let message = format!(
                    "stimulus {stimulus}, but the last of {n_stimuli} is {}",
                    n_stimuli.saturating_sub(1)
                );
                return Err(failed(line, message));
            }
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
}

#[cfg(test)]
mod tests {
    use super::super::tests::groups;
    use super::*;
    use crate::mlem::Distance;
    use crate::progress::Silent;

    #[test]
    fn what_is_written_reads_back_the_same_in_f32() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("geometry.csv");
        let geometry = Geometry::of(&groups(), Distance::Euclidean, 10, 0, &Silent).unwrap();
        files::write(&path, &geometry.to_csv()).unwrap();
        let back = Geometry::read(&path, 40).unwrap();
        assert_eq!(back.stimuli, geometry.stimuli);
        assert_eq!(back.to_csv(), geometry.to_csv());
    }

    #[test]
    fn a_file_of_other_stimuli_is_named_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("geometry.csv");
        files::write(&path, b"layer,stimulus,x,y,stress\n0,1,0,0,0\n0,40,1,1,0\n").unwrap();
        let error = Geometry::read(&path, 40).unwrap_err();
        assert!(
            error.to_string().ends_with("geometry.csv:3: stimulus 40, but the last of 40 is 39"),
            "{error}"
        );
        files::write(&path, b"layer,stimulus,x,y,stress\n0,1,0,0,0\n1,2,1,1,0\n").unwrap();
        assert!(Geometry::read(&path, 40).unwrap_err().to_string().contains(":3: layer 1 has other stimuli"));
    }
}
