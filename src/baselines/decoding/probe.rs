//! One linear probe: a feature's values, a training set, a penalty.

use std::sync::OnceLock;

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::numeric::logistic::Logistic;
use crate::numeric::ridge::Ridge;
use crate::stimuli::{Feature, Values};

/// The values of a feature that probes learn, one per stimulus. Where there is none, the number is meaningless.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Labels {
    Classes { classes: Vec<usize>, n_classes: usize },
    Numbers(Vec<f64>),
}

impl Labels {
    /// The values of `feature`, and the stimuli that have one. `None` where it has distances in place of values.
    pub(super) fn of(feature: &Feature) -> Option<(Self, Vec<usize>)> {
        if let Some(has) = feature.presence() {
            let known = (0..has.len()).collect();
            let classes = has.into_iter().map(usize::from).collect();
            return Some((Self::Classes { classes, n_classes: 2 }, known));
        }
        match feature.values() {
            Values::Categorical { levels, codes } => {
                let known = (0..codes.len()).filter(|&row| codes[row].is_some()).collect();
                let classes = codes.iter().map(|code| code.unwrap_or(0) as usize).collect();
                Some((Self::Classes { classes, n_classes: levels.len() }, known))
            }
            Values::Numeric(values) => {
                let known = (0..values.len()).filter(|&row| values[row].is_some()).collect();
                Some((Self::Numbers(values.iter().map(|value| value.unwrap_or(0.0)).collect()), known))
            }
            Values::Distances(_) => None,
        }
    }

    /// The same values in another order among the stimuli of `known`.
    pub(super) fn shuffled(&self, known: &[usize], mut shuffle: impl FnMut(&mut [usize])) -> Self {
        let mut order = known.to_vec();
        shuffle(&mut order);
        let mut shuffled = self.clone();
        for (&to, &from) in known.iter().zip(&order) {
            match (&mut shuffled, self) {
                (Self::Classes { classes: new, .. }, Self::Classes { classes: old, .. }) => {
                    new[to] = old[from];
                }
                (Self::Numbers(new), Self::Numbers(old)) => new[to] = old[from],
                _ => {}
            }
        }
        shuffled
    }
}

/// Activations of the stimuli at some rows, ready for probes of any labels and penalty.
pub(super) struct Training {
    /// `(n_rows, n_columns)`.
    x: Array2<f64>,
    rows: Vec<usize>,
    /// For ridge: the column means, and the axes of the centred moments. Made when first asked for.
    moments: OnceLock<Option<(Array1<f64>, Ridge)>>,
}

/// A fitted probe.
pub(super) enum Probe {
    /// The classes that occur in training, by the numbers that the probe has for them.
    Classes {
        fitted: Logistic,
        classes: Vec<usize>,
    },
    Numbers {
        coefficients: Array1<f64>,
        intercept: f64,
    },
}

impl Training {
    /// The stimuli at `rows` of `x` `(n_stimuli, n_columns)`.
    pub(super) fn new(x: ArrayView2<'_, f64>, rows: Vec<usize>) -> Self {
        Self { x: x.select(Axis(0), &rows), rows, moments: OnceLock::new() }
    }

    fn moments(&self) -> Option<&(Array1<f64>, Ridge)> {
        let make = || {
            let mean = self.x.mean_axis(Axis(0))?;
            let centred = &self.x - &mean;
            Some((mean, Ridge::new(centred.t().dot(&centred).view())?))
        };
        self.moments.get_or_init(make).as_ref()
    }

    /// The probe of `labels` at the last of `penalties`, on the way over the others; `None` where the training stimuli have one
    /// value alone.
    pub(super) fn fit(&self, labels: &Labels, penalties: &[f64]) -> Option<Probe> {
        let step = |last: Option<Probe>, &penalty| self.fit_from(labels, penalty, last.as_ref());
        penalties.iter().fold(None, step)
    }

    /// The probe of `labels` at `penalty`, from where `start` is; `None` as for [`Training::fit`].
    pub(super) fn fit_from(&self, labels: &Labels, penalty: f64, start: Option<&Probe>) -> Option<Probe> {
        match labels {
            Labels::Classes { classes, n_classes } => {
                let mut number = vec![usize::MAX; *n_classes];
                let mut present = Vec::new();
                for (class, number) in number.iter_mut().enumerate() {
                    if self.rows.iter().any(|&row| classes[row] == class) {
                        *number = present.len();
                        present.push(class);
                    }
                }
                if present.len() < 2 {
                    return None;
                }
                let own: Vec<usize> = self.rows.iter().map(|&row| number[classes[row]]).collect();
                let start = start.and_then(|start| match start {
                    Probe::Classes { fitted, .. } => Some(fitted),
                    Probe::Numbers { .. } => None,
                });
                let fitted = Logistic::fit(self.x.view(), &own, present.len(), penalty, start);
                Some(Probe::Classes { fitted, classes: present })
            }
            Labels::Numbers(values) => {
                let (mean, ridge) = self.moments()?;
                let y: Array1<f64> = self.rows.iter().map(|&row| values[row]).collect();
                let level = y.mean()?;
                if y.iter().all(|&y| y == level) {
                    return None;
                }
                let b = self.x.t().dot(&(&y - level)) - mean * (&y - level).sum();
                let rotated = ridge.rotate(&b.to_vec());
                let coefficients = Array1::from(ridge.at_penalty(&rotated, penalty));
                let intercept = level - coefficients.dot(mean);
                Some(Probe::Numbers { coefficients, intercept })
            }
        }
    }
}

/// What a probe says of some stimuli.
pub(super) enum Predicted {
    /// Per class that the probe knows, its number and the evidence for it at every stimulus.
    Classes(Vec<(usize, Vec<f64>)>),
    /// A number per stimulus.
    Numbers(Vec<f64>),
}

impl Probe {
    /// What it says of the stimuli in the rows of `x`.
    pub(super) fn predict(&self, x: ArrayView2<'_, f64>) -> Predicted {
        match self {
            Self::Classes { fitted, classes } => Predicted::Classes(
                classes.iter().enumerate().map(|(k, &class)| (class, fitted.evidence(x, k))).collect(),
            ),
            Self::Numbers { coefficients, intercept } => {
                Predicted::Numbers((x.dot(coefficients) + *intercept).to_vec())
            }
        }
    }

    pub(super) fn converged(&self) -> bool {
        match self {
            Self::Classes { fitted, .. } => fitted.converged,
            Self::Numbers { .. } => true,
        }
    }
}
