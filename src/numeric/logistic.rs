//! L2-regularised logistic regression: one logit for two classes, one per class (softmax) for more.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::lbfgs::{self, Stop};
use super::simd::widest;

/// A parameter whose curvature is below this share of one stimulus's is not stretched any further.
const LEAST_CURVATURE: f64 = 1e-8;

/// Coefficients of the classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// `(n_logits, n_columns)`: one logit for two classes, else as many as classes.
    coefficients: Array2<f64>,
    /// One per logit.
    intercepts: Vec<f64>,
    /// Whether the optimum was reached to the tolerance.
    pub converged: bool,
}

impl Logistic {
    /// The coefficients that minimise `Σ loss + ½ penalty ‖coefficients‖²` over the rows of `x` `(n, n_columns)`, whose
    /// classes are `classes`, numbers below `n_classes`; intercepts go free. `start` is where to begin.
    #[must_use]
    pub fn fit(
        x: ArrayView2<'_, f64>,
        classes: &[usize],
        n_classes: usize,
        penalty: f64,
        start: Option<&Self>,
    ) -> Self {
        let (n, columns) = x.dim();
        let logits = if n_classes == 2 { 1 } else { n_classes };
        let width = columns + 1;
        let mut parameters = vec![0.0; logits * width];
        if let Some(start) = start.filter(|start| start.coefficients.dim() == (logits, columns)) {
            for (k, row) in parameters.chunks_exact_mut(width).enumerate() {
                row[..columns].iter_mut().zip(start.coefficients.row(k)).for_each(|(to, &from)| *to = from);
                row[columns] = start.intercepts[k];
            }
        }
        let x = x.as_standard_layout();
        let rows = || x.as_slice().unwrap_or_default().chunks_exact(columns.max(1)).zip(classes);
        let scale = 1.0 / n.max(1) as f64;
        let mut evidence = vec![0.0; logits];
        // Along each parameter by itself the curvature at the start is made 1: most of what tells directions apart, where the
        // columns of `x` are principal axes.
        let mut lengths = vec![0.0; logits * width];
        for (row, &class) in rows() {
            predict(row, &parameters, &mut evidence);
            residuals(&mut evidence, class);
            for (k, (lengths, slope)) in lengths.chunks_exact_mut(width).zip(&evidence).enumerate() {
                let probability =
                    slope + f64::from(u8::from(if logits == 1 { class == 1 } else { class == k }));
                let curvature = probability * (1.0 - probability);
                add_squares(&mut lengths[..columns], curvature, row);
                lengths[columns] += curvature;
            }
        }
        for lengths in lengths.chunks_exact_mut(width) {
            lengths[..columns].iter_mut().for_each(|curvature| *curvature += penalty);
        }
        for length in &mut lengths {
            *length = 1.0 / (scale * *length).max(LEAST_CURVATURE).sqrt();
        }
        let mut scaled: Vec<f64> = parameters.iter().zip(&lengths).map(|(x, length)| x / length).collect();
        let stop = Stop { steps: 300, gradient: 1e-5 };
        let converged = lbfgs::minimise(&mut scaled, stop, |scaled, gradient| {
            parameters.iter_mut().zip(scaled).zip(&lengths).for_each(|((x, u), length)| *x = u * length);
            gradient.fill(0.0);
            let mut loss = 0.0;
            // Each row is read once, and used while it is in the cache.
            for (row, &class) in rows() {
                predict(row, &parameters, &mut evidence);
                loss += residuals(&mut evidence, class);
                for (out, &slope) in gradient.chunks_exact_mut(width).zip(&evidence) {
                    add_scaled(&mut out[..columns], slope, row);
                    out[columns] += slope;
                }
            }
            for (out, own) in gradient.chunks_exact_mut(width).zip(parameters.chunks_exact(width)) {
                for (out, own) in out[..columns].iter_mut().zip(own) {
                    *out += penalty * own;
                    loss += 0.5 * penalty * own * own;
                }
            }
            gradient.iter_mut().zip(&lengths).for_each(|(g, length)| *g *= scale * length);
            scale * loss
        });
        for ((x, u), length) in parameters.iter_mut().zip(&scaled).zip(&lengths) {
            *x = u * length;
        }
        let rows = parameters.chunks_exact(width);
        Self {
            coefficients: Array2::from_shape_fn((logits, columns), |(k, j)| parameters[k * width + j]),
            intercepts: rows.map(|row| row[columns]).collect(),
            converged,
        }
    }

    /// The logit of `class` for each row of `x` minus what the other classes have together, so that it ranks as the class's
    /// probability does.
    #[must_use]
    pub fn evidence(&self, x: ArrayView2<'_, f64>, class: usize) -> Vec<f64> {
        let logits = |k: usize| x.dot(&self.coefficients.row(k)) + self.intercepts[k];
        if self.intercepts.len() == 1 {
            let sign = if class == 1 { 1.0 } else { -1.0 };
            return logits(0).iter().map(|logit| sign * logit).collect();
        }
        let all: Vec<_> = (0..self.intercepts.len()).map(logits).collect();
        let of_row = |row: usize| {
            let others = (0..all.len()).filter(|&k| k != class).map(|k| all[k][row]);
            let most = others.clone().fold(f64::NEG_INFINITY, f64::max);
            all[class][row] - most - others.map(|x| (x - most).exp()).sum::<f64>().ln()
        };
        (0..x.nrows()).map(of_row).collect()
    }

    /// The coefficients of each logit.
    #[must_use]
    pub fn coefficients(&self, logit: usize) -> ArrayView1<'_, f64> {
        self.coefficients.row(logit)
    }
}

/// The logits of one row.
fn predict(row: &[f64], parameters: &[f64], logits: &mut [f64]) {
    for (logit, own) in logits.iter_mut().zip(parameters.chunks_exact(row.len() + 1)) {
        wide_dot(logit, row, &own[..row.len()]);
        *logit += own[row.len()];
    }
}

widest! {
    /// The dot product of two slices, in 32 strands so that it vectorises.
    fn wide_dot(total: &mut f64, a: &[f64], b: &[f64]) {
        let mut strands = [0.0; 32];
        let (a_chunks, b_chunks) = (a.chunks_exact(32), b.chunks_exact(32));
        let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
        for (a, b) in a_chunks.zip(b_chunks) {
            for ((strand, x), y) in strands.iter_mut().zip(a).zip(b) {
                *strand += x * y;
            }
        }
        *total = strands.iter().sum::<f64>() + rest;
    }

    /// Adds `scale · row`.
    fn add_scaled(out: &mut [f64], scale: f64, row: &[f64]) {
        for (out, x) in out.iter_mut().zip(row) {
            *out += scale * x;
        }
    }

    /// Adds `scale · row²`.
    fn add_squares(out: &mut [f64], scale: f64, row: &[f64]) {
        for (out, x) in out.iter_mut().zip(row) {
            *out += scale * x * x;
        }
    }
}

/// The loss of one row, whose logits are replaced by their derivatives.
fn residuals(logits: &mut [f64], class: usize) -> f64 {
    if let [logit] = logits {
        let signed = if class == 1 { *logit } else { -*logit };
        let loss = (-signed.abs()).exp().ln_1p() + (-signed).max(0.0);
        *logit = 1.0 / (1.0 + (-*logit).exp()) - f64::from(u8::from(class == 1));
        return loss;
    }
    let most = logits.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(x));
    let own = logits[class];
    let total: f64 = logits.iter().map(|x| (x - most).exp()).sum();
    for x in &mut *logits {
        *x = (*x - most).exp() / total;
    }
    logits[class] -= 1.0;
    most + total.ln() - own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rng::Stream;

    #[test]
    fn gradients_vanish_at_the_optimum_and_classes_are_told_apart() {
        for n_classes in [2, 3] {
            let mut stream = Stream::new(n_classes as u64, "logistic");
            let classes: Vec<usize> = (0..90).map(|i| i % n_classes).collect();
            let x = Array2::from_shape_fn((90, 4), |(i, j)| {
                stream.normal() + if classes[i] == j { 2.0 } else { 0.0 }
            });
            let fitted = Logistic::fit(x.view(), &classes, n_classes, 0.7, None);
            assert!(fitted.converged);
            // Each class's evidence is larger for its own members.
            for class in 0..n_classes {
                let evidence = fitted.evidence(x.view(), class);
                let auc = crate::numeric::auc::roc_auc(&evidence, |i| classes[i] == class).unwrap();
                assert!(auc > 0.85, "{auc}");
            }
            let again = Logistic::fit(x.view(), &classes, n_classes, 0.7, Some(&fitted));
            assert!((&again.coefficients - &fitted.coefficients).iter().all(|x| x.abs() < 1e-3));
        }
    }
}
