//! Covariances of the terms with terms whose stimuli were shuffled, over the training pairs of every fold.
//!
//! Where every term is an inner product of coordinates ([`Embedding`](crate::mlem::pairs::Embedding)), the sum over all ordered pairs of `φ_k φ_l^π` is
//! `Σ_pq s_p s_q X_pq²` with `X = Σ_i F_i F_π(i)'`: no pair is visited. Where some are not, all pairs are.

use ndarray::{Array2, Axis, s};

use super::design::{Design, sum_by_fold};
use super::sums::{FeatureSums, Monomial};
use crate::mlem::pairs::{Columns, Embedding, Slot, Term};

/// What shuffled terms are crossed with.
#[derive(Debug)]
pub(crate) struct Crossing<'a> {
    design: &'a Design,
    /// Where every term is an inner product.
    embedded: Option<Embedded>,
}

/// The coordinates of all terms, side by side.
#[derive(Debug)]
struct Embedded {
    /// `(n_stimuli, dimensions)`.
    coordinates: Array2<f64>,
    signs: Vec<f64>,
    /// Where the coordinates of each term begin, and the end of the last.
    starts: Vec<usize>,
    /// `(n_stimuli, n_terms)`: each stimulus's distance to itself.
    own: Array2<f64>,
}

impl Embedded {
    fn new(columns: &Columns, terms: &[Term]) -> Option<Self> {
        let parts: Vec<Embedding> =
            terms.iter().map(|&term| columns.embedding(term)).collect::<Option<_>>()?;
        let mut starts = vec![0];
        for part in &parts {
            starts.push(starts[starts.len() - 1] + part.signs.len());
        }
        let views: Vec<_> = parts.iter().map(|part| part.coordinates.view()).collect();
        let coordinates = ndarray::concatenate(Axis(1), &views).ok()?;
        let mut own = Array2::zeros((columns.n_stimuli(), terms.len()));
        for (mut column, part) in own.columns_mut().into_iter().zip(&parts) {
            column.iter_mut().zip(part.own()).for_each(|(to, from)| *to = from);
        }
        Some(Self {
            coordinates,
            signs: parts.into_iter().flat_map(|part| part.signs).collect(),
            starts,
            own,
        })
    }

    /// `Σ φ_k φ_l^π` over pairs within stimuli of which `x` and `own` are the sums of products, `(n_terms, n_terms)`.
    fn sums(&self, x: &Array2<f64>, own: &Array2<f64>) -> Array2<f64> {
        Array2::from_shape_fn(own.dim(), |(k, l)| {
            let mut sum = 0.0;
            for p in self.starts[k]..self.starts[k + 1] {
                for q in self.starts[l]..self.starts[l + 1] {
                    sum += self.signs[p] * self.signs[q] * x[[p, q]] * x[[p, q]];
                }
            }
            (sum - own[[k, l]]) / 2.0
        })
    }
}

impl<'a> Crossing<'a> {
    pub(crate) fn new(design: &'a Design) -> Self {
        Self { design, embedded: Embedded::new(&design.columns, &design.terms) }
    }

    /// For every fold, `Cov(φ_k, φ_l^π)` `(n_terms, n_terms)` over its training pairs, where the shuffled terms have at position `i`
    /// the stimulus at position `moved[i]`, which is one of the same fold.
    pub(crate) fn covariances(&self, moved: &[usize], shuffled: &Columns) -> Vec<Array2<f64>> {
        match &self.embedded {
            Some(embedded) => self.in_closed_form(embedded, moved),
            None => self.pair_by_pair(shuffled),
        }
    }

    /// Leaves the closed form out, so that tests can hold it against the sums.
    #[cfg(test)]
    pub(crate) fn visit_all_pairs(&mut self) {
        self.embedded = None;
    }

    fn in_closed_form(&self, embedded: &Embedded, moved: &[usize]) -> Vec<Array2<f64>> {
        let folds = &self.design.layout.folds;
        let of_fold = |table: &Array2<f64>, fold: usize| {
            let range = folds[fold].clone();
            let other = table.select(Axis(0), &moved[range.clone()]);
            table.slice(s![range, ..]).t().dot(&other)
        };
        let coordinates: Vec<Array2<f64>> =
            (0..folds.len()).map(|fold| of_fold(&embedded.coordinates, fold)).collect();
        let own: Vec<Array2<f64>> = (0..folds.len()).map(|fold| of_fold(&embedded.own, fold)).collect();
        let training = |parts: &[Array2<f64>], fold: usize| {
            let mut sum = Array2::zeros(parts[0].dim());
            for (other, part) in parts.iter().enumerate() {
                if parts.len() == 1 || other != fold {
                    sum += part;
                }
            }
            sum
        };
        (0..folds.len())
            .map(|fold| {
                let n: usize = (0..folds.len())
                    .filter(|&other| folds.len() == 1 || other != fold)
                    .map(|other| folds[other].len())
                    .sum();
                let pairs = (n * (n - 1) / 2) as f64;
                let sums = embedded.sums(&training(&coordinates, fold), &training(&own, fold));
                // A shuffle within folds leaves the mean of every term.
                let features = self.design.training_sums(fold);
                let mean = |k: usize| features.sums[k] / features.pairs;
                Array2::from_shape_fn(sums.dim(), |(k, l)| sums[[k, l]] / pairs - mean(k) * mean(l))
            })
            .collect()
    }

    fn pair_by_pair(&self, shuffled: &Columns) -> Vec<Array2<f64>> {
        let (design, m) = (self.design, self.design.terms.len());
        let joint = design.columns.beside(shuffled);
        let (own, other) = joint.slots().split_at(design.n_features());
        let monomials: Vec<Monomial> = [own, other]
            .iter()
            .flat_map(|slots: &&[Slot]| design.terms.iter().map(|&term| Monomial::new(term, slots)))
            .collect();
        let zeros = || FeatureSums::zeros(2 * m);
        let of_task = |task: &_| FeatureSums::of(task, &joint, design.coverage, &monomials, None);
        let (_, training) = sum_by_fold(design.tasks(), design.n_folds(), zeros, of_task, FeatureSums::add);
        training.iter().map(|sums| sums.covariance().slice(s![..m, m..]).to_owned()).collect()
    }
}
