//! Maps of the stimuli: for every layer, points of the plane whose distances follow the neural distances; and how many dimensions
//! the stimuli really have there.
//!
//! What the axes of a map are says nothing; who is near whom does, as far as its stress allows. Nothing is fitted to
//! features here: that is [`crate::mlem`]'s business.

mod dimension;
mod error;

use ndarray::ArrayView2;

pub use dimension::{Dimension, dimensions};
pub use error::{Error, Result};

use crate::activations::ByLayer;
use crate::mlem::{Distance, dissimilarities};
use crate::numeric::mds::{Point, Stop, align, smacof};
use crate::numeric::rng::Stream;
use crate::progress::{Progress, Unit};

/// The map of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Kruskal's stress-1: the part of the distances that the plane cannot show; 0 is perfect.
    pub stress: f64,
    /// One point per entry of [`Geometry::stimuli`].
    pub points: Vec<Point>,
}

/// Maps of the same stimuli at several layers, each turned towards the one before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Geometry {
    /// Which stimuli (rows of the table, from 0) are on the maps.
    pub stimuli: Vec<usize>,
    /// The maps, by layer.
    pub maps: Vec<Map>,
}

impl Geometry {
    /// Maps of at most `at_most` stimuli of `activations`, drawn at random where there are more.
    ///
    /// # Errors
    ///
    /// Activations between which the distance cannot be measured, with their layer.
    pub fn of(
        activations: &dyn ByLayer,
        distance: Distance,
        at_most: usize,
        seed: u64,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let stimuli = sample(activations.n_stimuli(), at_most, seed);
        let mut maps: Vec<Map> = Vec::with_capacity(activations.layers().len());
        progress.begin("mapping", activations.layers().len() as u64, Unit::Items);
        for (index, &layer) in activations.layers().iter().enumerate() {
            let mut map = map(activations.layer(index)?.view(), &stimuli, layer, distance)?;
            if let Some(before) = maps.last() {
                align(&mut map.points, &before.points);
            }
            maps.push(map);
            progress.advance(1);
        }
        progress.end();
        Ok(Self { stimuli, maps })
    }
}

/// At most `at_most` of `n` stimuli, ascending.
fn sample(n: usize, at_most: usize, seed: u64) -> Vec<usize> {
    // Not evenly spaced: the order of stimuli that a grammar generates is regular.
    let mut stimuli: Vec<usize> = (0..n).collect();
    Stream::new(seed, "geometry").shuffle(&mut stimuli);
    stimuli.truncate(at_most);
    stimuli.sort_unstable();
    stimuli
}

fn map(activations: ArrayView2<'_, f32>, stimuli: &[usize], layer: usize, distance: Distance) -> Result<Map> {
    let mut delta =
        dissimilarities(activations, stimuli, distance).map_err(|source| Error::Layer { layer, source })?;
    // A map has no distances below 0: what cross-validation leaves there is nothing.
    delta.mapv_inplace(|x| x.max(0.0));
    // Finite activations can still be too far apart for f32.
    let mds = smacof(delta.view(), Stop::default()).ok_or(Error::TooFar { layer })?;
    Ok(Map { layer, stress: mds.stress, points: mds.points })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::activations::{Activations, Provenance};
    use crate::progress::Silent;

    /// Two groups far apart at every layer; the second layer is the first one turned.
    pub(super) fn groups() -> Activations {
        let mut stream = Stream::new(1, "groups");
        let first = Array2::from_shape_fn((40, 6), |(i, unit)| {
            (stream.normal() + if unit == 0 { (i % 2) as f64 * 20.0 } else { 0.0 }) as f32
        });
        let second = Array2::from_shape_fn((40, 6), |(i, unit)| -2.0 * first[[i, (unit + 1) % 6]]);
        Activations::new(vec![0, 3], vec![first, second], Provenance::default()).unwrap()
    }

    #[test]
    fn maps_show_the_groups_and_turn_towards_each_other() {
        let geometry = Geometry::of(&groups(), Distance::Euclidean, 20, 0, &Silent).unwrap();
        assert_eq!(geometry.stimuli.len(), 20);
        assert_eq!(geometry.maps.iter().map(|map| map.layer).collect::<Vec<_>>(), [0, 3]);
        for map in &geometry.maps {
            assert!(map.stress < 0.3, "{}", map.stress);
            let side = |k: usize| map.points[k][0] > 0.0;
            let odd = |k: usize| geometry.stimuli[k] % 2 == 1;
            assert!((0..20).all(|k| (side(k) == odd(k)) == (side(0) == odd(0))));
        }
        let [a, b] = [&geometry.maps[0], &geometry.maps[1]].map(|map| map.points[0][0].signum());
        assert_eq!(a, b);
    }

    #[test]
    fn a_layer_that_cannot_be_mapped_is_named() {
        let zeros = Array2::zeros((8, 2));
        let activations = Activations::new(vec![5], vec![zeros], Provenance::default()).unwrap();
        let error = Geometry::of(&activations, Distance::Cosine, 8, 0, &Silent).unwrap_err();
        assert!(error.to_string().contains("layer 5"), "{error}");
    }
}
