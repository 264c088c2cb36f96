//! Transforms, layer by layer.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::super::error::{Error, Result};
use super::super::{Activations, ByLayer, Destination, PooledTokens, Provenance, RowWriter, Shape, Stored};
use super::Transform;
use super::arithmetic::{add_noise, standardize, subtract_mean};
use crate::numeric::pca::principal_scores;
use crate::progress::Progress;
use crate::text;

/// How many bytes of layers are worked on at once, where one is not larger than that.
const AT_ONCE: usize = 256 << 20;

/// The activations of `source` after `transforms`, in their order, at `layers` (all when `None`), and a note of it in their
/// provenance, in a file. A few layers are in memory at a time. `tokens` are needed by [`Transform::MinusTokenMean`]; `progress`
/// hears what becomes 0.
///
/// # Errors
///
/// - [`Error::NoSuchLayer`], [`Error::NoLayerBefore`], [`Error::NoLayerLeft`]: a layer that is asked for or subtracted is not
///   here, or none is left
/// - [`Error::Widths`]: the layers to subtract differ in size
/// - [`Error::NoTokens`]: it is not known which tokens were pooled
/// - [`Error::TooManyComponents`], [`Error::NoSuchUnit`]
/// - [`Error::NotFinite`]: the result overflows
/// - as [`RowWriter::create`] and [`RowWriter::put`]
pub fn transform(
    source: &dyn ByLayer,
    transforms: &[Transform],
    layers: Option<&[usize]>,
    tokens: Option<&PooledTokens>,
    progress: &dyn Progress,
    destination: Destination<'_>,
) -> Result<Stored> {
    let plan = Plan::new(source, transforms, layers, tokens)?;
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
    /// provenance. `tokens` are needed by [`Transform::MinusTokenMean`]. `progress` hears what becomes 0.
    ///
    /// # Errors
    ///
    /// As [`transform()`], but for those of files.
    pub fn transform(
        self,
        transforms: &[Transform],
        layers: Option<&[usize]>,
        tokens: Option<&PooledTokens>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let plan = Plan::new(&self, transforms, layers, tokens)?;
        let mut matrices = Vec::with_capacity(plan.asked.len());
        plan.each(progress, |_, matrix| {
            matrices.push(matrix);
            Ok(())
        })?;
        // A difference of large numbers or a noise without bounds can leave the range of f32.
        Self::new(plan.asked.clone(), matrices, plan.provenance())
    }
}

/// What users should hear, by the transform and the layer that it is about.
type Notes = BTreeMap<(usize, usize), String>;

/// Transforms of some layers of a source: which are needed when, and what becomes of each.
struct Plan<'a> {
    source: &'a dyn ByLayer,
    transforms: &'a [Transform],
    /// The layers that are asked for and left.
    asked: Vec<usize>,
    /// For each place of a token side by side with others, the stimuli with the same token at the same position.
    groups: Vec<Vec<Vec<usize>>>,
}

impl<'a> Plan<'a> {
    fn new(
        source: &'a dyn ByLayer,
        transforms: &'a [Transform],
        layers: Option<&[usize]>,
        tokens: Option<&PooledTokens>,
    ) -> Result<Self> {
        let mut asked = Transform::layers_left(transforms, layers.unwrap_or(source.layers()));
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Err(Error::NoLayerLeft);
        }
        let needed = Transform::needed_layers(transforms, &asked);
        if let Some(&layer) = needed.iter().find(|layer| source.layers().binary_search(layer).is_err()) {
            let layers = source.layers().to_vec();
            let transform = match layer {
                _ if asked.contains(&layer) => return Err(Error::NoSuchLayer { layer, layers }),
                0 if transforms.contains(&Transform::MinusLayer0) => "minus-layer0",
                _ => "minus-previous",
            };
            return Err(Error::NoLayerBefore { layer, transform, layers });
        }
        let groups = if transforms.iter().any(Transform::needs_tokens) {
            let tokens = tokens.filter(|tokens| tokens.n_stimuli() == source.n_stimuli());
            let tokens = tokens.ok_or(Error::NoTokens)?;
            (0..tokens.n_tokens()).map(|place| tokens.groups(place)).collect()
        } else {
            Vec::new()
        };
        let plan = Self { source, transforms, asked, groups };
        // What cannot be done is said before anything is.
        for done in 1..=transforms.len() {
            for layer in Transform::needed_layers(&transforms[done..], &plan.asked) {
                plan.width(layer, done)?;
            }
        }
        Ok(plan)
    }

    fn provenance(&self) -> Provenance {
        let mut provenance = self.source.provenance().clone();
        provenance.transforms.extend_from_slice(self.transforms);
        provenance
    }

    fn shape(&self) -> Result<Shape> {
        let width = |&layer: &usize| self.width(layer, self.transforms.len());
        let widths = self.asked.iter().map(width).collect::<Result<_>>()?;
        Ok(Shape { layers: self.asked.clone(), n_stimuli: self.source.n_stimuli(), widths })
    }

    /// Where a layer of the source is.
    fn index(&self, layer: usize) -> Result<usize> {
        let found = self.source.layers().binary_search(&layer);
        found.map_err(|_| Error::NoSuchLayer { layer, layers: self.source.layers().to_vec() })
    }

    /// The layer that is subtracted from `layer` by a transform, if one is.
    fn subtrahend(transform: &Transform, layer: usize) -> Option<usize> {
        match transform {
            Transform::MinusLayer0 => Some(0),
            Transform::MinusPrevious => layer.checked_sub(1),
            _ => None,
        }
    }

    /// How many units a layer has after the first `done` transforms; refuses what cannot be done.
    fn width(&self, layer: usize, done: usize) -> Result<usize> {
        let Some((transform, before)) = self.transforms[..done].split_last() else {
            return Ok(self.source.width(self.index(layer)?));
        };
        let d = self.width(layer, before.len())?;
        if let Some(other) = Self::subtrahend(transform, layer) {
            let other_d = self.width(other, before.len())?;
            if d != other_d {
                return Err(Error::Widths { layer, d, other, other_d });
            }
        }
        match transform {
            Transform::Pca(k) => {
                let (n, k) = (self.source.n_stimuli(), *k);
                if k > n.min(d) { Err(Error::TooManyComponents { k, layer, n, d }) } else { Ok(k) }
            }
            Transform::Units(units) => match units.iter().find(|&&unit| unit >= d) {
                Some(&unit) => Err(Error::NoSuchUnit { unit, layer, d }),
                None => Ok(units.len()),
            },
            _ => Ok(d),
        }
    }

    /// Makes every layer that is asked for, some at a time, and gives each with its place among them to `visit`, in order.
    fn each(
        &self,
        progress: &dyn Progress,
        mut visit: impl FnMut(usize, Array2<f32>) -> Result<()>,
    ) -> Result<()> {
        let widest = (0..self.source.layers().len()).map(|index| self.source.width(index)).max().unwrap_or(1);
        let bytes = self.source.n_stimuli() * widest * size_of::<f32>();
        let at_once = (AT_ONCE / bytes.max(1)).clamp(1, rayon::current_num_threads());
        let mut notes = Notes::new();
        for (group, layers) in self.asked.chunks(at_once).enumerate() {
            let made: Vec<Result<(Array2<f32>, Notes)>> = layers
                .par_iter()
                .map(|&layer| {
                    let mut notes = Notes::new();
                    Ok((self.layer(layer, self.transforms.len(), &mut notes)?, notes))
                })
                .collect();
            for (place, made) in made.into_iter().enumerate() {
                let (matrix, said) = made?;
                notes.extend(said);
                visit(group * at_once + place, matrix)?;
            }
        }
        if let Some(warning) = self.alone() {
            progress.warn(&warning);
        }
        for note in notes.values() {
            progress.note(note);
        }
        Ok(())
    }

    /// A layer after the first `done` transforms. What is subtracted from it is made anew: two layers are in memory, and no more.
    fn layer(&self, layer: usize, done: usize, notes: &mut Notes) -> Result<Array2<f32>> {
        let Some((transform, before)) = self.transforms[..done].split_last() else {
            return Ok(self.source.layer(self.index(layer)?)?.into_owned());
        };
        let mut matrix = self.layer(layer, before.len(), notes)?;
        match transform {
            Transform::MinusLayer0 | Transform::MinusPrevious => match Self::subtrahend(transform, layer) {
                Some(other) if other == layer => matrix.fill(0.0),
                Some(other) => matrix -= &self.layer(other, before.len(), notes)?,
                None => {}
            },
            Transform::MinusTokenMean => {
                let width = matrix.ncols() / self.groups.len();
                for (place, groups) in self.groups.iter().enumerate() {
                    let units = place * width..(place + 1) * width;
                    for rows in groups {
                        subtract_mean(&mut matrix, rows, units.clone());
                    }
                }
            }
            Transform::ZScore => {
                let constant = standardize(&mut matrix);
                if constant > 0 {
                    let units = text::counted(constant as u128, "unit");
                    let note = format!("z-score: {units} of layer {layer} never changed and became 0");
                    notes.insert((done, layer), note);
                }
            }
            Transform::Pca(k) => {
                // The numbers are finite and `k` is small enough: what is left is a failure to converge.
                matrix = principal_scores(matrix.view(), *k).ok_or(Error::NoComponents { layer })?;
            }
            Transform::Units(units) => matrix = matrix.select(Axis(1), units),
            Transform::Noise { level, seed } => add_noise(&mut matrix, *level, *seed, layer),
        }
        Ok(matrix)
    }

    /// What is to be said of tokens that have no mean but themselves.
    fn alone(&self) -> Option<String> {
        let alone: usize = self.groups.iter().flatten().filter(|rows| rows.len() == 1).count();
        (alone > 0).then(|| {
            format!(
                "minus-token-mean: {} a token at its position that no other stimulus has, and became 0",
                if self.groups.len() > 1 {
                    format!("{} of stimuli are", text::counted(alone as u128, "token"))
                } else if alone == 1 {
                    "1 stimulus has".to_owned()
                } else {
                    format!("{} stimuli have", text::count(alone as u128))
                }
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ndarray::array;

    use super::*;
    use crate::activations::Provenance;
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
