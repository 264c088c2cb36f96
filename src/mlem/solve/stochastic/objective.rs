//! The soft Spearman correlation of a batch, and its gradient with respect to the modelled distances.

use crate::mlem::params;
use crate::numeric::linalg::dot;
use crate::numeric::rank::{Scratch, centred_ranks};
use crate::numeric::soft_rank::SoftRanks;

/// What modelled distances are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The squared neural distances.
    Squared,
    /// Their mid-ranks within the batch.
    Rank,
}

impl Target {
    pub(super) fn of(target: params::Target) -> Self {
        match target {
            params::Target::Squared => Self::Squared,
            params::Target::Rank => Self::Rank,
        }
    }
}

/// The objective at a strength.
#[derive(Debug)]
pub(super) struct Objective {
    strength: f64,
    target: Target,
    scratch: Scratch,
}

impl Objective {
    pub(super) fn new(strength: f64, target: Target) -> Self {
        Self { strength, target, scratch: Scratch::default() }
    }

    /// The soft Spearman correlation of `distances` with `neural`, both as they are; `distances` are replaced by its
    /// gradient. `None` where either is constant or not finite.
    pub(super) fn evaluate(&mut self, distances: &mut [f64], neural: &[f64]) -> Option<f64> {
        let mut target = match self.target {
            Target::Squared => neural.to_vec(),
            Target::Rank => {
                let values: Vec<f32> = neural.iter().map(|&x| x as f32).collect();
                centred_ranks(&values, &mut self.scratch).into_iter().map(f64::from).collect()
            }
        };
        Scaled::of(&mut target)?;
        let target = standard(SoftRanks::new(&target, self.strength).ranks())?.0;
        let scaled = Scaled::of(distances)?;
        let soft = SoftRanks::new(distances, self.strength);
        let (modelled, norm) = standard(soft.ranks())?;
        let correlation = dot(&modelled, &target);
        // d corr / d rank = (target − corr · modelled) / ‖rank‖, through the ranks, through the scaling.
        let mut gradient: Vec<f64> =
            modelled.iter().zip(&target).map(|(x, y)| (y - correlation * x) / norm).collect();
        soft.pull_back(&mut gradient);
        scaled.pull_back(distances, &mut gradient);
        distances.copy_from_slice(&gradient);
        Some(correlation)
    }
}

/// How values were scaled to `[0, 1]`.
struct Scaled {
    lowest: usize,
    highest: usize,
    range: f64,
}

impl Scaled {
    /// Scales `values`; `None` where they are all equal or not finite.
    fn of(values: &mut [f64]) -> Option<Self> {
        let mut scaled = Self { lowest: 0, highest: 0, range: 0.0 };
        for (i, &x) in values.iter().enumerate() {
            if x < values[scaled.lowest] {
                scaled.lowest = i;
            }
            if x > values[scaled.highest] {
                scaled.highest = i;
            }
        }
        let low = *values.get(scaled.lowest)?;
        scaled.range = values[scaled.highest] - low;
        if !(scaled.range > 0.0 && scaled.range.is_finite()) {
            return None;
        }
        for x in values {
            *x = (*x - low) / scaled.range;
        }
        Some(scaled)
    }

    /// Replaces the gradient with respect to the scaled `values` by that with respect to what they were.
    fn pull_back(&self, values: &[f64], gradient: &mut [f64]) {
        let all: f64 = gradient.iter().sum();
        // How the function changes as the highest value moves: every scaled value shrinks in proportion.
        let stretch = dot(gradient, values);
        for g in &mut *gradient {
            *g /= self.range;
        }
        gradient[self.highest] -= stretch / self.range;
        gradient[self.lowest] -= (all - stretch) / self.range;
    }
}

/// `values` centred at unit length, and the length they had; `None` where they are constant.
fn standard(values: &[f64]) -> Option<(Vec<f64>, f64)> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|x| x - mean).collect();
    let norm = dot(&centred, &centred).sqrt();
    (norm > 0.0).then(|| (centred.iter().map(|x| x / norm).collect(), norm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::correlation::pearson;
    use crate::numeric::rng::Stream;

    fn draws(n: usize, name: &str) -> Vec<f64> {
        let mut stream = Stream::new(1, name);
        (0..n).map(|_| stream.normal()).collect()
    }

    #[test]
    fn the_gradient_is_that_of_small_steps_at_every_strength() {
        let (p, t) = (draws(25, "modelled"), draws(25, "neural"));
        for strength in [0.01, 0.1, 0.5, 1.0] {
            for target in [Target::Squared, Target::Rank] {
                let value =
                    |p: &[f64]| Objective::new(strength, target).evaluate(&mut p.to_vec(), &t).unwrap();
                let mut gradient = p.clone();
                Objective::new(strength, target).evaluate(&mut gradient, &t).unwrap();
                for k in 0..p.len() {
                    let (mut up, mut down) = (p.clone(), p.clone());
                    up[k] += 1e-6;
                    down[k] -= 1e-6;
                    let slope = (value(&up) - value(&down)) / 2e-6;
                    assert!((slope - gradient[k]).abs() < 1e-5, "{strength} {k}: {slope} {}", gradient[k]);
                }
            }
        }
    }

    #[test]
    fn strength_one_is_pearson_and_a_small_strength_is_spearman() {
        let (p, t) = (draws(200, "modelled"), draws(200, "neural"));
        let mut t = t;
        t.iter_mut().zip(&p).for_each(|(t, p)| *t = (*t + p).exp());
        let at = |strength| Objective::new(strength, Target::Squared).evaluate(&mut p.clone(), &t).unwrap();
        assert!((at(1.0) - pearson(&p, &t).unwrap()).abs() < 1e-12);
        let ranks = |x: &[f64]| -> Vec<f64> {
            x.iter().map(|a| x.iter().filter(|b| *b < a).count() as f64).collect()
        };
        assert!((at(1e-9) - pearson(&ranks(&p), &ranks(&t)).unwrap()).abs() < 1e-6);
        assert!(Objective::new(1.0, Target::Rank).evaluate(&mut [1.0, 1.0], &[1.0, 2.0]).is_none());
    }
}
