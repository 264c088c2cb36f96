//! The terms of the model: the entries of `W`, and the products of feature distances they weight.

use ndarray::Array2;

/// One entry of `W`, `a ≤ b`, by the columns of its features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Row of `W`.
    pub a: usize,
    /// Column of `W`.
    pub b: usize,
}

impl Term {
    /// Whether it is on the diagonal: a feature with itself.
    #[must_use]
    pub fn is_main(self) -> bool {
        self.a == self.b
    }

    /// How often its product is counted in `d'Wd`: an off-diagonal entry stands for two.
    #[must_use]
    pub fn multiplicity(self) -> f64 {
        if self.is_main() { 1.0 } else { 2.0 }
    }

    /// Its name: `feature`, or `a x b`.
    #[must_use]
    pub fn name(self, features: &[String]) -> String {
        if self.is_main() {
            features[self.a].clone()
        } else {
            format!("{} x {}", features[self.a], features[self.b])
        }
    }
}

/// The terms of `n_features` features: each feature, then (with interactions) each pair of them.
pub(crate) fn terms(n_features: usize, interactions: bool) -> Vec<Term> {
    let mut terms: Vec<Term> = (0..n_features).map(|a| Term { a, b: a }).collect();
    if interactions {
        terms.extend((0..n_features).flat_map(|a| (a + 1..n_features).map(move |b| Term { a, b })));
    }
    terms
}

/// The symmetric `W` `(n_features, n_features)` of the entries `w`, one per term.
pub(crate) fn matrix(n_features: usize, terms: &[Term], w: &[f64]) -> Array2<f64> {
    let mut matrix = Array2::zeros((n_features, n_features));
    for (term, &w) in terms.iter().zip(w) {
        matrix[[term.a, term.b]] = w;
        matrix[[term.b, term.a]] = w;
    }
    matrix
}

/// Scales `w` so that its matrix has unit Frobenius norm; zeros stay.
pub(crate) fn normalise(terms: &[Term], w: &mut [f64]) {
    let norm = terms.iter().zip(&*w).map(|(term, w)| term.multiplicity() * w * w).sum::<f64>().sqrt();
    if norm > 0.0 {
        for w in w {
            *w /= norm;
        }
    }
}
