//! The activations of a layer under reduced models: what these explain stays, and what they leave is shuffled.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

use super::terms::Terms;
use crate::mlem::pairs::Embedding;
use crate::numeric::spectral::orthonormal;

/// A reduced model has at most so many degrees of freedom, and half as many as there are stimuli.
const MOST_DEGREES: usize = 512;

/// A reduced model: a linear one of the activations, with some features left out.
pub(super) struct Reduced {
    /// The features that are left out, ascending.
    pub(super) without: Vec<usize>,
    /// The terms whose weights are tested against it.
    pub(super) terms: Vec<usize>,
    /// `(rank of all, rank)`: its space within that of all features.
    space: Array2<f64>,
}

/// A basis of the space of all features `(n_stimuli, rank)`, and the models with the features of each of `without` left out; `parts`
/// are the features' own distances. Features of so many levels that nothing would be left are in no model.
pub(super) fn reduced_models(
    parts: &[Embedding],
    without: Vec<(Vec<usize>, Vec<usize>)>,
    n: usize,
) -> (Array2<f64>, Vec<Reduced>) {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&feature| parts[feature].signs.len());
    let mut degrees = 1;
    order.retain(|&feature| {
        // Their first coordinate is a constant, most often.
        let more = degrees + parts[feature].signs.len() - usize::from(!parts[feature].signs.is_empty());
        let fits = more <= MOST_DEGREES.min(n / 2);
        degrees = if fits { more } else { degrees };
        fits
    });
    let ones = Array2::ones((n, 1));
    let columns = |features: &mut dyn Iterator<Item = &usize>| {
        let mut views: Vec<ArrayView2<'_, f64>> = vec![ones.view()];
        views.extend(features.map(|&feature| parts[feature].coordinates.view()));
        // They have as many rows.
        concatenate(Axis(1), &views).unwrap_or_else(|_| ones.clone())
    };
    let basis = orthonormal(columns(&mut order.iter()).view());
    let models = without.into_iter().map(|(without, terms)| {
        let kept = columns(&mut order.iter().filter(|feature| !without.contains(feature)));
        let space = orthonormal(basis.t().dot(&kept).view());
        Reduced { without, terms, space }
    });
    let models = models.collect();
    (basis, models)
}

/// The activations of one layer.
pub(super) struct Layer<'a> {
    pub(super) terms: &'a Terms,
    /// `(n_stimuli, rank)`: a basis of the space of all features.
    pub(super) basis: &'a Array2<f64>,
    /// `(n_stimuli, n_axes)`, centred.
    pub(super) points: &'a Array2<f64>,
    /// The sign of each axis in squared distances.
    pub(super) signs: &'a Array1<f64>,
}

/// A reduced model of one layer.
pub(super) struct Fitted {
    /// `(rank of all, n_axes)`: what it explains, in the basis of all features.
    explained: Array2<f64>,
    /// `(dimensions, n_axes)`: the coordinates of the terms times what it explains.
    crossed: Array2<f64>,
    /// `(n_stimuli, n_axes)`: what it leaves of each stimulus.
    left: Array2<f64>,
    /// `(n_stimuli, rank of all)`: that, times what it explains along each of the basis.
    left_explained: Array2<f64>,
    /// Squared lengths of what it explains of each stimulus, and of what it leaves.
    lengths: [Array1<f64>; 2],
    /// What is left is shorter than the noise was, by the degrees of freedom that the model took.
    scale: f64,
}

impl Layer<'_> {
    /// Squared lengths of the rows of `x`.
    fn lengths(&self, x: &Array2<f64>) -> Array1<f64> {
        x.mapv(|x| x * x).dot(self.signs)
    }

    pub(super) fn fit(&self, reduced: &Reduced) -> Fitted {
        let n = self.points.nrows() as f64;
        let explained = reduced.space.dot(&reduced.space.t().dot(&self.basis.t().dot(self.points)));
        let fitted = self.basis.dot(&explained);
        let left = self.points - &fitted;
        let crossed = self.terms.coordinates.t().dot(&fitted);
        let lengths = [self.lengths(&fitted), self.lengths(&left)];
        let left_explained = left.dot(&(&explained * self.signs).t());
        let scale = ((n - 1.0) / (n - reduced.space.ncols() as f64)).sqrt();
        Fitted { explained, crossed, left, left_explained, lengths, scale }
    }

    /// The weights of all terms.
    pub(super) fn weights(&self) -> Vec<f64> {
        let products = self.terms.coordinates.t().dot(self.points);
        let all: Vec<usize> = (0..self.terms.forms.nrows()).collect();
        self.weights_of(&all, &self.lengths(self.points), &self.lengths(&products))
    }

    /// The weights of `terms`, from the squared lengths of the stimuli, and of the coordinates' products with them.
    fn weights_of(&self, terms: &[usize], stimuli: &Array1<f64>, products: &Array1<f64>) -> Vec<f64> {
        let weight = |&term: &usize| {
            self.terms.sums.column(term).dot(stimuli) - self.terms.forms.row(term).dot(products)
        };
        terms.iter().map(weight).collect()
    }

    /// For each of `models` the weights of its terms, where every stimulus has what is left of the one in `from`, less what the model
    /// happens to explain of that: so a draw has the effects that were estimated, and not those of chance beside them.
    pub(super) fn draw(&self, models: &[(&Reduced, &Fitted)], from: &[usize]) -> Vec<Vec<f64>> {
        let mut to = vec![0; from.len()];
        from.iter().enumerate().for_each(|(i, &j)| to[j] = i);
        let (moved, moved_basis) =
            (self.terms.coordinates.select(Axis(0), &to), self.basis.select(Axis(0), &to));
        let (with_points, with_basis) = (moved.t().dot(self.points), moved.t().dot(self.basis));
        let (basis_points, basis_basis) = (moved_basis.t().dot(self.points), moved_basis.t().dot(self.basis));
        let of_basis = self.terms.coordinates.t().dot(self.basis);
        // The form `m` of each stimulus's row of the basis.
        let form = |m: &Array2<f64>| (self.basis.dot(m) * self.basis).sum_axis(Axis(1));
        let of_model = |(reduced, fitted): &(&Reduced, &Fitted)| {
            let Fitted { explained, crossed, left, left_explained, lengths, scale } = fitted;
            // What the model explains, by chance, of what is left and moved; in the basis of all features.
            let chance = &basis_points - &basis_basis.dot(explained);
            let chance = reduced.space.dot(&reduced.space.t().dot(&chance));
            let mut products = with_basis.dot(explained) + of_basis.dot(&chance);
            products.zip_mut_with(&with_points, |less, all| *less = scale * (all - *less));
            products += crossed;
            let signed = &chance * self.signs;
            let (across, within) = (form(&explained.dot(&signed.t())), form(&chance.dot(&signed.t())));
            let left_chance = left.dot(&signed.t());
            let length = |i: usize| {
                let (basis, from) = (self.basis.row(i), from[i]);
                let both = basis.dot(&left_explained.row(from)) - across[i];
                let moved = lengths[1][from] - 2.0 * basis.dot(&left_chance.row(from)) + within[i];
                lengths[0][i] + 2.0 * scale * both + scale * scale * moved
            };
            let stimuli: Array1<f64> = (0..from.len()).map(length).collect();
            self.weights_of(&reduced.terms, &stimuli, &self.lengths(&products))
        };
        models.iter().map(of_model).collect()
    }
}
