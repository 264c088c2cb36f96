//! Several recordings of the same stimuli at the same layers, and their mean.

use ndarray::{Array2, Zip};

use super::{Activations, Error, Result};

impl Activations {
    /// Whether these are a repeat of `first`: the same layers, each of the same shape.
    ///
    /// # Errors
    ///
    /// [`Error::NotARepeat`] with what differs.
    pub fn check_repeat_of(&self, first: &Self) -> Result<()> {
        let differ = |message: String| Err(Error::NotARepeat { message });
        if self.layers != first.layers {
            return differ(format!("the layers are {:?}, but {:?} in the first", self.layers, first.layers));
        }
        let pairs = self.layers.iter().zip(self.matrices.iter().zip(&first.matrices));
        for (layer, (own, other)) in pairs {
            if own.dim() != other.dim() {
                let ((n, d), (first_n, first_d)) = (own.dim(), other.dim());
                return differ(format!(
                    "layer {layer} is {n} stimuli × {d} units, but {first_n} × {first_d} in the first"
                ));
            }
        }
        Ok(())
    }

    /// The mean of `repeats`, with the provenance of the first.
    ///
    /// # Errors
    ///
    /// [`Error::NoLayers`] where there is none; as [`Activations::check_repeat_of`].
    pub fn mean_of(repeats: &[Self]) -> Result<Self> {
        let first = repeats.first().ok_or(Error::NoLayers)?;
        repeats.iter().try_for_each(|repeat| repeat.check_repeat_of(first))?;
        let mean = |index: usize| {
            let mut sum = Array2::<f64>::zeros(first.matrices[index].dim());
            for repeat in repeats {
                Zip::from(&mut sum).and(&repeat.matrices[index]).for_each(|sum, &x| *sum += f64::from(x));
            }
            sum.mapv(|sum| (sum / repeats.len() as f64) as f32)
        };
        let matrices = (0..first.layers.len()).map(mean).collect();
        Self::new(first.layers.clone(), matrices, first.provenance.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Provenance;
    use super::*;

    fn of(layers: &[usize], shape: (usize, usize), value: f32) -> Activations {
        let matrices = layers.iter().map(|_| Array2::from_elem(shape, value)).collect();
        Activations::new(layers.to_vec(), matrices, Provenance::default()).unwrap()
    }

    #[test]
    fn the_mean_is_taken_unit_by_unit() {
        let mean = Activations::mean_of(&[of(&[0, 2], (3, 2), 1.0), of(&[0, 2], (3, 2), 2.0)]).unwrap();
        assert_eq!(mean, of(&[0, 2], (3, 2), 1.5));
    }

    #[test]
    fn what_differs_from_the_first_is_said() {
        let first = of(&[0, 2], (3, 2), 1.0);
        let message = |other: Activations| other.check_repeat_of(&first).unwrap_err().to_string();
        assert_eq!(message(of(&[0, 1], (3, 2), 1.0)), "the layers are [0, 1], but [0, 2] in the first");
        assert_eq!(
            message(of(&[0, 2], (3, 4), 1.0)),
            "layer 0 is 3 stimuli × 4 units, but 3 × 2 in the first"
        );
    }
}
