//! L2-regularised logistic regression: one logit for two classes, one per class (softmax) for more.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::lbfgs::{self, Stop};

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
        let scale = 1.0 / n.max(1) as f64;
        let stop = Stop { steps: 300, gradient: 1e-6 };
        let converged = lbfgs::minimise(&mut parameters, stop, |parameters, gradient| {
            let Ok(all) = ArrayView2::from_shape((logits, width), parameters) else { return f64::INFINITY };
            let mut scores = x.dot(&all.slice(ndarray::s![.., ..columns]).t());
            scores += &all.column(columns);
            let mut loss = 0.0;
            for (mut row, &class) in scores.rows_mut().into_iter().zip(classes) {
                loss += residuals(row.as_slice_mut().unwrap_or_default(), class);
            }
            let slopes = scores.t().dot(&x);
            for (k, out) in gradient.chunks_exact_mut(width).enumerate() {
                let own = &parameters[k * width..][..columns];
                for ((out, &slope), &own) in out.iter_mut().zip(slopes.row(k)).zip(own) {
                    *out = scale * (slope + penalty * own);
                    loss += 0.5 * penalty * own * own;
                }
                out[columns] = scale * scores.column(k).sum();
            }
            scale * loss
        });
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
