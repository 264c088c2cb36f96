//! Several recordings of the same stimuli at the same layers, and their mean; means over stimuli that are one.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array1, Array2, CowArray, Ix2, Zip};

use super::by_layer::ByLayer;
use super::error::{Error, Result};
use super::provenance::Provenance;

/// The mean of several recordings, made layer by layer as it is asked for.
pub struct MeanOf {
    repeats: Vec<Arc<dyn ByLayer + Send>>,
}

impl MeanOf {
    /// The mean of `repeats`, with the provenance of the first.
    ///
    /// # Errors
    ///
    /// [`Error::NoLayers`] where there is none; as [`check_repeat()`].
    pub fn new(repeats: Vec<Arc<dyn ByLayer + Send>>) -> Result<Self> {
        let first = repeats.first().ok_or(Error::NoLayers)?;
        repeats.iter().try_for_each(|repeat| check_repeat(&**repeat, &**first))?;
        Ok(Self { repeats })
    }
}

impl ByLayer for MeanOf {
    fn layers(&self) -> &[usize] {
        self.repeats[0].layers()
    }

    fn n_stimuli(&self) -> usize {
        self.repeats[0].n_stimuli()
    }

    fn width(&self, index: usize) -> usize {
        self.repeats[0].width(index)
    }

    fn provenance(&self) -> &Provenance {
        self.repeats[0].provenance()
    }

    fn left_out(&self, index: usize) -> &[usize] {
        self.repeats[0].left_out(index)
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        let mut sum = Array2::<f64>::zeros((rows.len(), self.width(index)));
        for repeat in &self.repeats {
            let one = repeat.rows(index, rows.clone())?;
            Zip::from(&mut sum).and(&one).for_each(|sum, &x| *sum += f64::from(x));
        }
        Ok(sum.mapv(|sum| (sum / self.repeats.len() as f64) as f32).into())
    }
}

/// Whether `repeat` is a recording of the same stimuli as `first`: the same layers, each of the same shape.
///
/// # Errors
///
/// [`Error::NotARepeat`] with what differs.
pub fn check_repeat(repeat: &dyn ByLayer, first: &dyn ByLayer) -> Result<()> {
    let differ = |message: String| Err(Error::NotARepeat { message });
    let (own, other) = (repeat.shape(), first.shape());
    if own.layers != other.layers {
        return differ(format!("the layers are {:?}, but {:?} in the first", own.layers, other.layers));
    }
    for (layer, (d, first_d)) in own.layers.iter().zip(own.widths.iter().zip(&other.widths)) {
        let (n, first_n) = (own.n_stimuli, other.n_stimuli);
        if (n, d) != (first_n, first_d) {
            return differ(format!(
                "layer {layer} is {n} stimuli × {d} units, but {first_n} × {first_d} in the first"
            ));
        }
    }
    for (index, layer) in own.layers.iter().enumerate() {
        if repeat.left_out(index) != first.left_out(index) {
            return differ(format!(
                "layer {layer} has other units that are NaN for every stimulus than the first"
            ));
        }
    }
    Ok(())
}

/// Means over stimuli: what stands for each of some groups of them, made layer by layer as it is asked for.
pub struct MeanOver {
    source: Arc<dyn ByLayer + Send>,
    groups: Vec<Vec<usize>>,
}

impl MeanOver {
    /// The means of `source` over each of `groups` of its stimuli, none of them empty, each stimulus counted from 0.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStimulus`] where a group has no stimulus, or one that is not there.
    pub fn new(source: Arc<dyn ByLayer + Send>, groups: Vec<Vec<usize>>) -> Result<Self> {
        let n = source.n_stimuli();
        if groups.iter().any(Vec::is_empty) {
            return Err(Error::NoSuchStimulus { stimulus: None, n });
        }
        if let Some(&stimulus) = groups.iter().flatten().find(|&&stimulus| stimulus >= n) {
            return Err(Error::NoSuchStimulus { stimulus: Some(stimulus), n });
        }
        Ok(Self { source, groups })
    }
}

impl ByLayer for MeanOver {
    fn layers(&self) -> &[usize] {
        self.source.layers()
    }

    fn n_stimuli(&self) -> usize {
        self.groups.len()
    }

    fn width(&self, index: usize) -> usize {
        self.source.width(index)
    }

    fn provenance(&self) -> &Provenance {
        self.source.provenance()
    }

    fn left_out(&self, index: usize) -> &[usize] {
        self.source.left_out(index)
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        let all = self.source.layer(index)?;
        let mut means = Array2::<f32>::zeros((rows.len(), all.ncols()));
        for (mut mean, group) in means.rows_mut().into_iter().zip(&self.groups[rows]) {
            let mut sum = Array1::<f64>::zeros(all.ncols());
            for &stimulus in group {
                Zip::from(&mut sum).and(all.row(stimulus)).for_each(|sum, &x| *sum += f64::from(x));
            }
            mean.assign(&sum.mapv(|sum| (sum / group.len() as f64) as f32));
        }
        Ok(means.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Activations;
    use super::*;

    fn of(layers: &[usize], shape: (usize, usize), value: f32) -> Activations {
        let matrices = layers.iter().map(|_| Array2::from_elem(shape, value)).collect();
        Activations::new(layers.to_vec(), matrices, Provenance::default()).unwrap()
    }

    #[test]
    fn the_mean_is_taken_unit_by_unit() {
        let repeats = [1.0, 2.0].map(|value| Arc::new(of(&[0, 2], (3, 2), value)) as Arc<dyn ByLayer + Send>);
        let mean = MeanOf::new(repeats.to_vec()).unwrap();
        assert_eq!(Activations::load(&mean).unwrap(), of(&[0, 2], (3, 2), 1.5));
    }

    #[test]
    fn what_differs_from_the_first_is_said() {
        let first = of(&[0, 2], (3, 2), 1.0);
        let message = |other: Activations| check_repeat(&other, &first).unwrap_err().to_string();
        assert_eq!(message(of(&[0, 1], (3, 2), 1.0)), "the layers are [0, 1], but [0, 2] in the first");
        assert_eq!(
            message(of(&[0, 2], (3, 4), 1.0)),
            "layer 0 is 3 stimuli × 4 units, but 3 × 2 in the first"
        );
    }
}
