//! Dense linear algebra in f64, one thread per call, so that results do not depend on how many there are.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{cholesky::llt, evd, matmul};
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2};

/// `out = a · bᵀ`, all row-major: `a` is `(rows, inner)`, `b` is `(columns, inner)`, `out` is `(rows, columns)`.
pub fn multiply_transposed(out: &mut [f64], a: &[f64], b: &[f64], inner: usize) {
    let (rows, columns) = (a.len() / inner.max(1), b.len() / inner.max(1));
    matmul::matmul(
        MatMut::from_row_major_slice_mut(out, rows, columns),
        Accum::Replace,
        MatRef::from_row_major_slice(a, rows, inner),
        MatRef::from_row_major_slice(b, columns, inner).transpose(),
        1.0,
        Par::Seq,
    );
}

/// `out += a · aᵀ` for a row-major `a` `(rows, inner)` and `out` `(rows, rows)`.
pub fn add_gram(out: &mut [f64], a: &[f64], inner: usize) {
    let rows = a.len() / inner.max(1);
    let a = MatRef::from_row_major_slice(a, rows, inner);
    matmul::matmul(
        MatMut::from_row_major_slice_mut(out, rows, rows),
        Accum::Add,
        a,
        a.transpose(),
        1.0,
        Par::Seq,
    );
}

/// `out = aᵀ · b`, all row-major, without the first columns of `b`: `a` is `(rows, widths[0])`, `b` is `(rows, widths[1])`, `out` is
/// `(widths[0], widths[1] − first)`.
pub fn multiply_transposing(out: &mut [f64], a: &[f64], b: &[f64], widths: [usize; 2], first: usize) {
    let [width, columns] = widths;
    let rows = a.len() / width.max(1);
    matmul::matmul(
        MatMut::from_row_major_slice_mut(out, width, columns - first),
        Accum::Replace,
        MatRef::from_row_major_slice(a, rows, width).transpose(),
        MatRef::from_row_major_slice(b, rows, columns).subcols(first, columns - first),
        1.0,
        Par::Seq,
    );
}

/// The lower triangle `L` of `a = L·Lᵀ`.
#[derive(Debug, Clone)]
pub struct Cholesky {
    /// Column-major, `(n, n)`; only the lower triangle is meant.
    factor: Vec<f64>,
    n: usize,
}

impl Cholesky {
    /// Factorises symmetric `a` (only its lower triangle is read); `None` where it is not positive definite.
    #[must_use]
    pub fn new(a: ArrayView2<'_, f64>) -> Option<Self> {
        let n = a.nrows();
        // Row-major and symmetric is column-major.
        let mut factor: Vec<f64> = a.iter().copied().collect();
        for i in 0..n {
            for j in 0..i {
                factor[j * n + i] = factor[i * n + j];
            }
        }
        let request = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, faer::Spec::default());
        let mut memory = MemBuffer::new(request);
        let lower = MatMut::from_column_major_slice_mut(&mut factor, n, n);
        llt::factor::cholesky_in_place(
            lower,
            llt::factor::LltRegularization::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            faer::Spec::default(),
        )
        .ok()?;
        (0..n).all(|i| factor[i * n + i].is_finite()).then_some(Self { factor, n })
    }

    /// Entry `(i, j)` of the factor, `j ≤ i`.
    fn at(&self, i: usize, j: usize) -> f64 {
        self.factor[j * self.n + i]
    }

    /// Overwrites `x` with `L⁻¹ x`.
    pub fn solve_lower(&self, x: &mut [f64]) {
        for j in 0..self.n {
            x[j] /= self.at(j, j);
            let pivot = x[j];
            let column = &self.factor[j * self.n..(j + 1) * self.n];
            for (x, &l) in x[j + 1..].iter_mut().zip(&column[j + 1..]) {
                *x -= pivot * l;
            }
        }
    }

    /// Overwrites `x` with `(L·Lᵀ)⁻¹ x`.
    pub fn solve(&self, x: &mut [f64]) {
        self.solve_lower(x);
        for j in (0..self.n).rev() {
            let column = &self.factor[j * self.n..(j + 1) * self.n];
            let dot: f64 = x[j + 1..].iter().zip(&column[j + 1..]).map(|(x, l)| x * l).sum();
            x[j] = (x[j] - dot) / column[j];
        }
    }

    /// The inverse of the matrix that was factorised.
    #[must_use]
    pub fn inverse(&self) -> Array2<f64> {
        let mut inverse = Array2::zeros((self.n, self.n));
        let mut column = vec![0.0; self.n];
        for j in 0..self.n {
            column.fill(0.0);
            column[j] = 1.0;
            self.solve(&mut column);
            for i in 0..self.n {
                inverse[[i, j]] = column[i];
            }
        }
        symmetrise(&mut inverse);
        inverse
    }
}

/// Replaces `a` by `(a + aᵀ) / 2`.
pub fn symmetrise(a: &mut Array2<f64>) {
    for i in 0..a.nrows() {
        for j in 0..i {
            let mean = 0.5 * (a[[i, j]] + a[[j, i]]);
            a[[i, j]] = mean;
            a[[j, i]] = mean;
        }
    }
}

/// Eigenvalues of symmetric `a`, ascending, and its eigenvectors in the columns; `None` where `a` is not finite.
#[must_use]
pub fn symmetric_eigen(a: ArrayView2<'_, f64>) -> Option<(Vec<f64>, Array2<f64>)> {
    let n = a.nrows();
    if a.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let copy: Vec<f64> = a.iter().copied().collect();
    let mut values = vec![0.0; n];
    let mut vectors = Array2::<f64>::zeros((n, n));
    let request = evd::self_adjoint_evd_scratch::<f64>(
        n,
        evd::ComputeEigenvectors::Yes,
        Par::Seq,
        faer::Spec::default(),
    );
    let mut memory = MemBuffer::new(request);
    evd::self_adjoint_evd(
        MatRef::from_row_major_slice(&copy, n, n),
        faer::diag::DiagMut::from_slice_mut(&mut values),
        Some(MatMut::from_row_major_slice_mut(vectors.as_slice_mut()?, n, n)),
        Par::Seq,
        MemStack::new(&mut memory),
        faer::Spec::default(),
    )
    .ok()?;
    Some((values, vectors))
}

/// The dot product of two slices, in eight strands so that it vectorises; the same whatever the machine.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut strands = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((strand, x), y) in strands.iter_mut().zip(a).zip(b) {
            *strand += x * y;
        }
    }
    strands.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_factor_solves_and_an_indefinite_matrix_has_none() {
        let a = array![[4.0, 2.0, 0.5], [2.0, 3.0, 0.1], [0.5, 0.1, 1.0]];
        let mut x = a.dot(&array![1.0, -2.0, 3.0]).to_vec();
        let factor = Cholesky::new(a.view()).unwrap();
        factor.solve(&mut x);
        for (x, y) in x.iter().zip([1.0, -2.0, 3.0]) {
            assert!((x - y).abs() < 1e-12);
        }
        let identity = factor.inverse().dot(&a);
        assert!((identity - Array2::<f64>::eye(3)).iter().all(|x| x.abs() < 1e-12));
        assert!(Cholesky::new(array![[1.0, 2.0], [2.0, 1.0]].view()).is_none());
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let a = array![[2.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, -1.0]];
        let (values, vectors) = symmetric_eigen(a.view()).unwrap();
        assert!(values.is_sorted());
        let rebuilt = vectors.dot(&Array2::from_diag(&ndarray::Array1::from(values))).dot(&vectors.t());
        assert!((rebuilt - a).iter().all(|x| x.abs() < 1e-12));
    }

    #[test]
    fn products_are_row_major() {
        let mut out = [0.0; 4];
        multiply_transposed(&mut out, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], 3);
        assert_eq!(out, [4.0, 2.0, 10.0, 5.0]);
        multiply_transposing(&mut out, &[1.0, 3.0, 2.0, 4.0], &[9.0, 1.0, 2.0, 9.0, 5.0, 6.0], [2, 3], 1);
        assert_eq!(out, [11.0, 14.0, 23.0, 30.0]);
        out = [4.0, 2.0, 10.0, 5.0];
        add_gram(&mut out, &[1.0, 2.0], 1);
        assert_eq!(out, [5.0, 4.0, 12.0, 9.0]);
    }
}
