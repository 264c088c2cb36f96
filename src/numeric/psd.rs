//! Least squares over the cone of positive semidefinite matrices: `min ½ w'Cw − b'w`, `W ⪰ 0`.
//!
//! A primal-dual interior-point method: with `Z = Cw − b` (as a matrix) the optimum is `W ⪰ 0`, `Z ⪰ 0`, `WZ = 0`, and the
//! method follows `WZ = μI` as `μ → 0`. Each step solves one system of the size of `C` in the HKM direction (Helmberg,
//! Rendl, Vanderbei and Wolkowicz 1996; here in its dual form, where the quadratic term enters the same system).

use ndarray::{Array2, ArrayView2};

use super::linalg::{Cholesky, dot, symmetric_eigen};

/// A minimiser, with a bound on how far from the optimum it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The upper triangle of `W` in the order of the terms.
    pub w: Vec<f64>,
    /// `⟨W, Z⟩ ≥ f(W) − min f`, relative to `|f(W)|`.
    pub gap: f64,
    /// Interior-point steps.
    pub steps: usize,
}

/// Steps after which the method gives up; it takes 15 to 30.
const MAX_STEPS: usize = 100;

/// The minimiser over positive semidefinite `W` `(size, size)` of `½ w'Cw − b'w`, where `w` holds `W[a, b]` for each
/// `(a, b)` of `terms` (all `a ≤ b`, each once). `c` is positive semidefinite and must be definite for a unique answer.
///
/// Stops when the relative gap is at most `tolerance`, or when rounding allows no further step: see
/// [`Solution::gap`].
#[must_use]
pub fn solve(
    c: ArrayView2<'_, f64>,
    b: &[f64],
    size: usize,
    terms: &[(usize, usize)],
    tolerance: f64,
) -> Solution {
    // Unit scales, so that the tolerance and the starting point mean the same for all data.
    let c_scale = c.diag().sum() / b.len().max(1) as f64;
    let b_scale = dot(b, b).sqrt();
    if !(c_scale > 0.0 && b_scale > 0.0) {
        return Solution { w: vec![0.0; b.len()], gap: 0.0, steps: 0 };
    }
    let c = c.mapv(|x| x / c_scale);
    let b: Vec<f64> = b.iter().map(|x| x / b_scale).collect();
    let mut point = Interior::new(&c, &b, size, terms);
    let mut best = point.clone();
    for step in 0..MAX_STEPS {
        if point.error() <= best.error() {
            best.clone_from(&point);
            best.steps = step;
        }
        if best.error() <= tolerance || !point.advance(&c, &b, terms) {
            break;
        }
    }
    let gap = best.error();
    let w = best.w.iter().map(|x| x * b_scale / c_scale).collect();
    Solution { w, gap, steps: best.steps }
}

/// A strictly feasible point of the cone, with its dual.
#[derive(Debug, Clone)]
struct Interior {
    w: Vec<f64>,
    /// `Cw − b`, in the coordinates of the terms.
    gradient: Vec<f64>,
    primal: Array2<f64>,
    dual: Array2<f64>,
    /// `f(w)`.
    value: f64,
    /// Largest entry of `Cw − b − Z`.
    residual: f64,
    last_step: f64,
    steps: usize,
}

impl Interior {
    fn new(c: &Array2<f64>, b: &[f64], size: usize, terms: &[(usize, usize)]) -> Self {
        let identity: Vec<f64> = terms.iter().map(|&(a, b)| f64::from(u8::from(a == b))).collect();
        let along = dot(b, &identity);
        let curvature = dot(&multiply(c, &identity), &identity);
        // The best multiple of the identity, kept away from zero.
        let scale = (along / curvature).max(0.1 / (1.0 + curvature).sqrt());
        let mut point = Self {
            w: identity.iter().map(|x| x * scale).collect(),
            gradient: Vec::new(),
            primal: Array2::eye(size) * scale,
            dual: Array2::eye(size),
            value: 0.0,
            residual: f64::INFINITY,
            last_step: 0.0,
            steps: 0,
        };
        point.evaluate(c, b, terms);
        point
    }

    fn evaluate(&mut self, c: &Array2<f64>, b: &[f64], terms: &[(usize, usize)]) {
        let cw = multiply(c, &self.w);
        self.value = 0.5 * dot(&cw, &self.w) - dot(b, &self.w);
        self.gradient = cw.iter().zip(b).map(|(x, y)| x - y).collect();
        let slack = as_matrix(&self.gradient, terms, self.dual.nrows()) - &self.dual;
        self.residual = slack.iter().fold(0.0, |max, x| f64::max(max, x.abs()));
    }

    /// The complementarity `⟨W, Z⟩`.
    fn complementarity(&self) -> f64 {
        (&self.primal * &self.dual).sum()
    }

    /// The gap relative to the value, plus what the dual still lacks.
    fn error(&self) -> f64 {
        let trace = self.primal.diag().sum();
        (self.complementarity() + self.residual * trace) / self.value.abs().max(1e-6)
    }

    /// One step towards the central path's end; false where rounding leaves none.
    fn advance(&mut self, c: &Array2<f64>, b: &[f64], terms: &[(usize, usize)]) -> bool {
        let size = self.primal.nrows();
        let Some(primal_factor) = Cholesky::new(self.primal.view()) else { return false };
        let Some(dual_factor) = Cholesky::new(self.dual.view()) else { return false };
        let inverse = primal_factor.inverse();
        let mu = self.complementarity() / size as f64;
        // Aim lower when the last step was nearly whole.
        let centring = if self.last_step > 0.9 { 0.05 } else { 0.3 };
        let system = c + &scaling(&inverse, &self.dual, terms);
        let mut delta: Vec<f64> = terms
            .iter()
            .zip(&self.gradient)
            .map(|(&(a, b), g)| centring * mu * inverse[[a, b]] * if a == b { 1.0 } else { 2.0 } - g)
            .collect();
        let Some(factor) = Cholesky::new(system.view()) else { return false };
        factor.solve(&mut delta);
        let new_gradient: Vec<f64> =
            multiply(c, &delta).iter().zip(&self.gradient).map(|(x, g)| x + g).collect();
        let dual_delta = as_matrix(&new_gradient, terms, size) - &self.dual;
        let mut primal_delta = Array2::zeros((size, size));
        for (&(a, b), &x) in terms.iter().zip(&delta) {
            primal_delta[[a, b]] = x;
            primal_delta[[b, a]] = x;
        }
        let (Some(primal_room), Some(dual_room)) =
            (room(&primal_factor, &primal_delta), room(&dual_factor, &dual_delta))
        else {
            return false;
        };
        // One length for both keeps `Cw − b − Z` shrinking as a line.
        let step = (0.98 * primal_room.min(dual_room)).min(1.0);
        if step.is_nan() || step <= 1e-8 {
            return false;
        }
        self.primal.scaled_add(step, &primal_delta);
        self.dual.scaled_add(step, &dual_delta);
        for (w, delta) in self.w.iter_mut().zip(&delta) {
            *w += step * delta;
        }
        self.last_step = step;
        self.evaluate(c, b, terms);
        true
    }
}

fn multiply(c: &Array2<f64>, x: &[f64]) -> Vec<f64> {
    c.dot(&ndarray::ArrayView1::from(x)).to_vec()
}

/// The symmetric matrix whose inner product with `W` is the sum over terms of `gradient · w`.
fn as_matrix(gradient: &[f64], terms: &[(usize, usize)], size: usize) -> Array2<f64> {
    let mut matrix = Array2::zeros((size, size));
    for (&(a, b), &g) in terms.iter().zip(gradient) {
        let entry = if a == b { g } else { 0.5 * g };
        matrix[[a, b]] = entry;
        matrix[[b, a]] = entry;
    }
    matrix
}

/// `⟨E_k, sym(W⁻¹ E_l Z)⟩` for the symmetric unit matrices of all pairs of terms.
fn scaling(inverse: &Array2<f64>, dual: &Array2<f64>, terms: &[(usize, usize)]) -> Array2<f64> {
    let mut matrix = Array2::zeros((terms.len(), terms.len()));
    for (k, &(a, b)) in terms.iter().enumerate() {
        for (l, &(x, y)) in terms.iter().enumerate().take(k + 1) {
            let product = |u: usize, v: usize, x: usize, y: usize| {
                0.5 * (inverse[[v, x]] * dual[[u, y]] + dual[[v, x]] * inverse[[u, y]])
            };
            let mut sum = product(a, b, x, y);
            if a != b {
                sum += product(b, a, x, y);
            }
            if x != y {
                sum += product(a, b, y, x);
                if a != b {
                    sum += product(b, a, y, x);
                }
            }
            matrix[[k, l]] = sum;
            matrix[[l, k]] = sum;
        }
    }
    matrix
}

/// The longest step along `delta` that stays in the cone, from the point that `factor` factorises.
fn room(factor: &Cholesky, delta: &Array2<f64>) -> Option<f64> {
    // λ_min of L⁻¹ Δ L⁻ᵀ.
    let n = delta.nrows();
    let mut half = Array2::zeros((n, n));
    let mut column = vec![0.0; n];
    for j in 0..n {
        column.iter_mut().zip(delta.column(j)).for_each(|(x, &d)| *x = d);
        factor.solve_lower(&mut column);
        half.row_mut(j).iter_mut().zip(&column).for_each(|(x, &d)| *x = d);
    }
    let mut scaled = Array2::zeros((n, n));
    for j in 0..n {
        column.iter_mut().zip(half.column(j)).for_each(|(x, &d)| *x = d);
        factor.solve_lower(&mut column);
        scaled.row_mut(j).iter_mut().zip(&column).for_each(|(x, &d)| *x = d);
    }
    super::linalg::symmetrise(&mut scaled);
    let lowest = *symmetric_eigen(scaled.view())?.0.first()?;
    Some(if lowest < 0.0 { -1.0 / lowest } else { f64::INFINITY })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rng::Stream;

    fn triangle(size: usize) -> Vec<(usize, usize)> {
        (0..size).flat_map(|a| (a..size).map(move |b| (a, b))).collect()
    }

    /// Projected gradient with many small steps: slow, and nothing in common with the method under test.
    fn slow(c: &Array2<f64>, b: &[f64], size: usize, terms: &[(usize, usize)]) -> Vec<f64> {
        // In coordinates where the cone's projection is the Euclidean one, off-diagonals carry √2.
        let root: Vec<f64> = terms.iter().map(|&(a, b)| if a == b { 1.0 } else { 2f64.sqrt() }).collect();
        let scaled = Array2::from_shape_fn(c.dim(), |(i, j)| c[[i, j]] / (root[i] * root[j]));
        let target: Vec<f64> = b.iter().zip(&root).map(|(b, r)| b / r).collect();
        let rate = 1.0 / symmetric_eigen(scaled.view()).unwrap().0.last().unwrap();
        let mut x = vec![0.0; b.len()];
        for _ in 0..50_000 {
            let cx = multiply(&scaled, &x);
            let mut matrix = Array2::zeros((size, size));
            for (k, &(a, b)) in terms.iter().enumerate() {
                let entry = (x[k] - rate * (cx[k] - target[k])) / root[k];
                matrix[[a, b]] = entry;
                matrix[[b, a]] = entry;
            }
            let (values, vectors) = symmetric_eigen(matrix.view()).unwrap();
            let kept =
                Array2::from_diag(&values.iter().map(|v| v.max(0.0)).collect::<ndarray::Array1<f64>>());
            let projected = vectors.dot(&kept).dot(&vectors.t());
            for (k, &(a, b)) in terms.iter().enumerate() {
                x[k] = projected[[a, b]] * root[k];
            }
        }
        x.iter().zip(&root).map(|(x, r)| x / r).collect()
    }

    #[test]
    fn agrees_with_projected_gradient() {
        for seed in 0..4 {
            let mut stream = Stream::new(seed, "psd");
            let size = 2 + stream.index(3);
            let terms = triangle(size);
            let a = Array2::from_shape_fn((2 * terms.len(), terms.len()), |_| stream.normal());
            let c = a.t().dot(&a);
            let b: Vec<f64> = terms.iter().map(|_| 5.0 * stream.normal()).collect();
            let fast = solve(c.view(), &b, size, &terms, 1e-13);
            assert!(fast.gap <= 1e-12, "seed {seed}: gap {}", fast.gap);
            let slow = slow(&c, &b, size, &terms);
            for (fast, slow) in fast.w.iter().zip(&slow) {
                assert!((fast - slow).abs() < 1e-6, "seed {seed}: {fast} and {slow}");
            }
        }
    }

    #[test]
    fn an_optimum_inside_the_cone_is_the_plain_solution() {
        let terms = triangle(2);
        let c = Array2::eye(3);
        let solution = solve(c.view(), &[2.0, 0.5, 1.0], 2, &terms, 1e-12);
        for (x, y) in solution.w.iter().zip([2.0, 0.5, 1.0]) {
            assert!((x - y).abs() < 1e-9, "{solution:?}");
        }
    }

    #[test]
    fn nothing_positive_to_find_gives_nearly_zero() {
        let terms = triangle(2);
        let solution = solve(Array2::eye(3).view(), &[-1.0, 0.0, -1.0], 2, &terms, 1e-10);
        assert!(solution.w.iter().all(|x| x.abs() < 1e-5), "{solution:?}");
    }
}
