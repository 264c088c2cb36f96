//! Limited-memory BFGS for smooth convex functions: the two-loop recursion (Nocedal and Wright, Numerical Optimization, 2006,
//! algorithm 7.4) with a backtracking line search.

use std::collections::VecDeque;

use super::linalg::dot;

/// Steps that the curvature is remembered of.
const MEMORY: usize = 10;
/// The share of the promised decrease that a step must bring.
const ARMIJO: f64 = 1e-4;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// After this many steps.
    pub steps: usize,
    /// When no entry of the gradient exceeds this.
    pub gradient: f64,
}

/// Moves `x` to the minimum of a convex function that writes its gradient into its second argument; whether the gradient
/// became as small as asked.
pub fn minimise(x: &mut [f64], stop: Stop, mut function: impl FnMut(&[f64], &mut [f64]) -> f64) -> bool {
    let n = x.len();
    let mut gradient = vec![0.0; n];
    let mut value = function(x, &mut gradient);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    let (mut next, mut next_gradient) = (vec![0.0; n], vec![0.0; n]);
    for _ in 0..stop.steps {
        if largest(&gradient) <= stop.gradient {
            return true;
        }
        let mut direction = along(&gradient, &memory);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            memory.clear();
            direction = gradient.iter().map(|g| -g).collect();
            slope = -dot(&gradient, &gradient);
        }
        // Without a memory of the curvature, the length of the gradient says nothing about that of the step.
        let mut length = if memory.is_empty() { 1.0 / largest(&gradient).max(1.0) } else { 1.0 };
        let mut found = false;
        for _ in 0..40 {
            for ((next, x), d) in next.iter_mut().zip(&*x).zip(&direction) {
                *next = x + length * d;
            }
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + ARMIJO * length * slope {
                value = next_value;
                found = true;
                break;
            }
            length *= 0.5;
        }
        if !found {
            return false;
        }
        let step: Vec<f64> = next.iter().zip(&*x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-12 * dot(&change, &change) {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((step, change, 1.0 / curvature));
        }
        x.copy_from_slice(&next);
        std::mem::swap(&mut gradient, &mut next_gradient);
    }
    largest(&gradient) <= stop.gradient
}

fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0.0, |most, g| f64::max(most, g.abs()))
}

/// The direction of descent: minus the gradient, bent by the curvature of the remembered steps.
fn along(gradient: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change, rho) in memory.iter().rev() {
        let share = rho * dot(step, &q);
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= share * y);
        shares.push(share);
    }
    if let Some((_, change, rho)) = memory.back() {
        let scale = 1.0 / (rho * dot(change, change));
        for q in &mut q {
            *q *= scale;
        }
    }
    for ((step, change, rho), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = rho * dot(change, &q);
        q.iter_mut().zip(step).for_each(|(q, s)| *q += (share - back) * s);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_a_stretched_bowl_and_of_a_curved_valley() {
        let scales = [1.0, 100.0, 0.01, 7.0];
        let mut x = vec![3.0; 4];
        let stop = Stop { steps: 500, gradient: 1e-10 };
        let found = minimise(&mut x, stop, |x, g| {
            x.iter()
                .zip(scales)
                .zip(g)
                .map(|((x, s), g)| {
                    *g = s * (x - 1.0);
                    0.5 * s * (x - 1.0).powi(2)
                })
                .sum()
        });
        assert!(found && x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{x:?}");
        let mut x = vec![0.5];
        assert!(minimise(&mut x, stop, |x, g| {
            g[0] = x[0].exp() - 2.0;
            x[0].exp() - 2.0 * x[0]
        }));
        assert!((x[0] - 2f64.ln()).abs() < 1e-9);
    }
}
