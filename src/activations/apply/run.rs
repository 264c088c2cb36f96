//! Transforms of all layers that are asked for, into a file or into memory.

use super::plan::Plan;
use crate::activations::beside::Beside;
use crate::activations::by_layer::ByLayer;
use crate::activations::error::Result;
use crate::activations::matrices::Activations;
use crate::activations::stored::Stored;
use crate::activations::transform::Transform;
use crate::activations::writer::{Destination, RowWriter};
use crate::progress::Progress;

/// The activations of `source` after `transforms`, in their order, at `layers` (all when `None`), and a note of it in their
/// provenance, in a file. A few layers are in memory at a time. [`Transform::MinusTokenMean`] needs tokens `beside` them, and others
/// columns; `progress` hears what becomes 0.
///
/// # Errors
///
/// Of [`crate::activations::Error`]:
///
/// - `NoSuchLayer`, `NoLayerBefore`, `NoLayerLeft`: a layer that is asked for or subtracted is not here, or none is left
/// - `Widths`: the layers to subtract differ in size
/// - `NoTokens`, `NoColumn`: it is not known which tokens were pooled, or a column is not there
/// - `TooManyComponents`, `NoSuchUnit`
/// - `NotFinite`: the result overflows
/// - as [`RowWriter::create`] and [`RowWriter::put`]
pub fn transform<'a>(
    source: &dyn ByLayer,
    transforms: &[Transform],
    layers: Option<&[usize]>,
    beside: impl Into<Beside<'a>>,
    progress: &dyn Progress,
    destination: Destination<'_>,
) -> Result<Stored> {
    let plan = Plan::new(source, transforms, layers, beside.into())?;
    let shape = plan.shape()?;
    let rows: Vec<usize> = (0..shape.n_stimuli).collect();
    let writer = RowWriter::create(destination, shape, plan.provenance())?;
    plan.each(progress, |index, matrix| {
        writer.put(index, &rows, matrix.as_standard_layout().as_slice().unwrap_or_default())
    })?;
    writer.finish()
}

impl Activations {
    /// These activations after `transforms`, in their order, at `layers` (all when `None`), and a note of it in their
    /// provenance. [`Transform::MinusTokenMean`] needs tokens `beside` them, and others columns. `progress` hears what becomes 0.
    ///
    /// # Errors
    ///
    /// As [`transform()`], but for those of files.
    pub fn transform<'a>(
        self,
        transforms: &[Transform],
        layers: Option<&[usize]>,
        beside: impl Into<Beside<'a>>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let plan = Plan::new(&self, transforms, layers, beside.into())?;
        let mut matrices = Vec::with_capacity(plan.asked.len());
        plan.each(progress, |_, matrix| {
            matrices.push(matrix);
            Ok(())
        })?;
        // A difference of large numbers or a noise without bounds can leave the range of f32.
        Self::new(plan.asked.clone(), matrices, plan.provenance())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ndarray::{Array2, array};

    use super::*;
    use crate::activations::{Error, PooledTokens, Provenance};
    use crate::progress::{Silent, Unit};

    /// Hears notes and warnings.
    #[derive(Default)]
    struct Ear(Mutex<Vec<String>>);

    impl Progress for Ear {
        fn begin(&self, _label: &str, _total: u64, _unit: Unit) {}
        fn advance(&self, _steps: u64) {}
        fn end(&self) {}
        fn note(&self, message: &str) {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }

    fn activations(layers: &[usize]) -> Activations {
        let matrices = layers.iter().map(|&layer| {
            let l = layer as f32;
            array![[1.0 + l, 5.0], [2.0 * l, 5.0], [l * l, 5.0], [4.0, 5.0]]
        });
        Activations::new(layers.to_vec(), matrices.collect(), Provenance::default()).unwrap()
    }

    fn of(names: &[&str]) -> Vec<Transform> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn run(layers: &[usize], names: &[&str], asked: Option<&[usize]>) -> Result<Activations> {
        activations(layers).transform(&of(names), asked, None, &Silent)
    }

    #[test]
    fn layers_are_subtracted_as_they_were() {
        let found = run(&[0, 1, 2], &["minus-layer0"], None).unwrap();
        assert_eq!(found.layers(), [1, 2]);
        assert_eq!(found.matrix(1), array![[2.0, 0.0], [4.0, 0.0], [4.0, 0.0], [0.0, 0.0]]);
        let found = run(&[0, 1, 2], &["minus-previous"], None).unwrap();
        assert_eq!(found.layers(), [0, 1, 2]);
        assert_eq!(found.matrix(0), activations(&[0]).matrix(0));
        assert_eq!(found.matrix(2), array![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [0.0, 0.0]]);
        // Differences of differences, and only where they are asked for.
        let found = run(&[1, 2, 3], &["minus-previous", "minus-previous"], Some(&[3])).unwrap();
        assert_eq!(found.matrix(0), array![[0.0, 0.0], [0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]);
        let both = run(&[0, 1], &["minus-layer0", "minus-previous"], None).unwrap();
        assert_eq!(both.matrix(0), run(&[0, 1], &["minus-layer0"], None).unwrap().matrix(0));
    }

    #[test]
    fn a_layer_that_is_not_there_cannot_be_subtracted() {
        let error = run(&[1, 2], &["minus-layer0"], None).unwrap_err();
        assert_eq!(error.to_string(), "minus-layer0 needs layer 0, which is not there");
        assert!(error.hint().unwrap().contains("the layers are 1 and 2"));
        let error = run(&[0, 2], &["minus-previous"], None).unwrap_err();
        assert_eq!(error.to_string(), "minus-previous needs layer 1, which is not there");
        assert!(matches!(run(&[0, 1], &["minus-layer0"], Some(&[0])), Err(Error::NoLayerLeft)));
        let matrices = vec![Array2::zeros((3, 2)), Array2::zeros((3, 4))];
        let uneven = Activations::new(vec![0, 1], matrices, Provenance::default()).unwrap();
        let error = uneven.transform(&of(&["minus-layer0"]), None, None, &Silent).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer 1 has 4 units and layer 0 has 2: one cannot be subtracted from the other"
        );
    }

    #[test]
    fn units_are_standardized_and_constant_ones_are_said() {
        let ear = Ear::default();
        let found = activations(&[2]).transform(&of(&["z-score"]), None, None, &ear).unwrap();
        let column = found.matrix(0).column(0).mapv(f64::from);
        assert!(column.sum().abs() < 1e-6 && (column.dot(&column) / 4.0 - 1.0).abs() < 1e-6, "{column}");
        assert!(found.matrix(0).column(1).iter().all(|&value| value == 0.0));
        assert_eq!(*ear.0.lock().unwrap(), ["z-score: 1 unit of layer 2 never changed and became 0"]);
        assert_eq!(found.provenance().transforms, of(&["z-score"]));
    }

    #[test]
    fn order_matters_and_is_kept() {
        let found = run(&[0, 1], &["units:0", "pca:1", "noise:0:3"], None).unwrap();
        assert_eq!(found.matrix(1).dim(), (4, 1));
        assert_eq!(found.provenance().transforms, of(&["units:0", "pca:1", "noise:0:3"]));
        let error = run(&[0], &["units:0", "pca:2"], None).unwrap_err();
        assert_eq!(error.to_string(), "pca:2 of layer 0: there are 4 stimuli and 1 unit");
        let error = run(&[0, 1], &["units:1-2"], None).unwrap_err();
        assert_eq!(error.to_string(), "layer 0 has no unit 2: it has units 0 to 1");
    }

    #[test]
    fn noise_has_the_spread_that_was_asked_for_under_its_seed() {
        let matrix =
            Array2::from_shape_fn((4000, 2), |(i, j)| if j == 0 { (i % 2) as f32 * 6.0 } else { 1.0 });
        let plain = Activations::new(vec![3], vec![matrix], Provenance::default()).unwrap();
        let noisy = |seed| {
            let noise = [Transform::Noise { level: 0.5, seed }];
            plain.clone().transform(&noise, None, None, &Silent).unwrap()
        };
        let difference = (&noisy(1).matrix(0) - &plain.matrix(0)).column(0).mapv(|x| f64::from(x * x));
        // Half of the standard deviation 3.
        assert!((difference.mean().unwrap().sqrt() - 1.5).abs() < 0.08);
        assert!(noisy(1).matrix(0).column(1).iter().all(|&value| value == 1.0), "no spread, no noise");
        assert!(noisy(1) == noisy(1) && noisy(1) != noisy(2));
    }

    #[test]
    fn the_mean_of_a_token_at_its_position_is_subtracted() {
        let matrix = array![[1.0, 10.0], [3.0, 20.0], [5.0, 30.0], [7.0, 50.0]];
        let of_tokens = |keys: Vec<Vec<(u32, u32)>>| {
            let ear = Ear::default();
            let plain = Activations::new(vec![0], vec![matrix.clone()], Provenance::default()).unwrap();
            let tokens = PooledTokens::new(keys);
            let found = plain.transform(&[Transform::MinusTokenMean], None, tokens.as_ref(), &ear);
            (found, ear.0.into_inner().unwrap())
        };
        // The same token elsewhere is another, and the one that is alone becomes 0.
        let (found, said) = of_tokens(vec![vec![(9, 2)], vec![(9, 1)], vec![(9, 2)], vec![(9, 2)]]);
        let expected = array![[-10.0 / 3.0, -20.0], [0.0, 0.0], [2.0 / 3.0, 0.0], [8.0 / 3.0, 20.0]];
        assert!((&found.unwrap().matrix(0) - &expected).iter().all(|x: &f32| x.abs() < 1e-5));
        assert_eq!(
            said,
            [
                "minus-token-mean: 1 stimulus has a token at its position that no other stimulus has, and became 0"
            ]
        );
        // Two tokens side by side: each with its own.
        let (found, said) = of_tokens(vec![
            vec![(1, 0), (2, 1)],
            vec![(1, 0), (3, 1)],
            vec![(4, 0), (2, 1)],
            vec![(4, 0), (3, 1)],
        ]);
        assert_eq!(found.unwrap().matrix(0), array![[-1.0, -10.0], [1.0, -15.0], [-1.0, 10.0], [1.0, 15.0]]);
        assert!(said.is_empty());
        assert!(matches!(of_tokens(vec![vec![(1, 0)]]).0, Err(Error::NoTokens)));
        assert_eq!(PooledTokens::new(vec![vec![(1, 0)], vec![]]), None);
    }
}
