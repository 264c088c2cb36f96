//! The paper's own way to `W`: stochastic ascent of a soft Spearman correlation (`--solver stochastic`).
//!
//! For reproduction and comparison; the exact solver finds the optimum of the same objective in a fraction of the time.
//! Each step draws a fresh batch of pairs of distinct training stimuli, with replacement, and moves `W` by AdamW (learning rate
//! 0.1, no weight decay) along the gradient of
//!
//! ```text
//! corr(soft-rank(p), soft-rank(t)),    p and t scaled to [0, 1] within the batch
//! ```
//!
//! with `p = d'Wd` and `t` the target ([`crate::numeric::soft_rank`] has the soft rank and its gradient). `W = LL'` with a
//! lower-triangular `L` (interactions), or a softplus of each entry of a diagonal, keeps `W` a metric; without a constraint
//! the entries themselves move. The start is random. It ends after 50 steps without a new best batch, and at 1,000 steps; the weights of the best
//! batch are kept.
//!
//! The batch is as large as makes the correlations between feature distances stable: from 256 pairs, times 1.2, until no
//! correlation's standard deviation over 16 batches exceeds 0.01, and at most 2²⁰. All of these numbers are defaults of [`Training`].
//!
//! With the default strength 1 every soft rank is affine in its value (the values span 1), and the objective is the exact
//! solver's: Pearson's correlation of `p` and `t`, seen through a batch.

mod batch;
mod form;
mod objective;

use batch::{Batch, Pool};
use form::Form;
use objective::{Objective, Target as BatchTarget};

use super::solved::TrainingStep;
use crate::mlem::moments::Design;
use crate::mlem::pairs::{Neural, normalise};
use crate::mlem::params::Constraint;
use crate::mlem::training::Training;
use crate::numeric::adamw::{AdamW, Options};
use crate::numeric::rng::Stream;

pub(crate) use batch::sizes;

/// The weights of `fold`, one per term at unit Frobenius norm, and how they were reached, with batches of `size` pairs.
pub(crate) fn climb(
    design: &Design,
    neural: &Neural,
    fold: usize,
    size: usize,
) -> (Vec<f64>, Vec<TrainingStep>) {
    let Training { max_steps, patience, learning_rate, weight_decay, .. } = design.params.training;
    let mut stream = Stream::new(design.params.seed, &format!("stochastic fold {fold}"));
    let pool = Pool::new(design, fold);
    let n_features = design.n_features();
    let form = match (design.params.constraint, design.terms.len() > n_features) {
        (Constraint::None, _) => Form::Free(design.terms.clone()),
        (Constraint::Spd, true) => Form::Factor(n_features),
        (Constraint::Spd, false) => Form::Diagonal(n_features),
    };
    let target = BatchTarget::of(design.params.target);
    let mut parameters = form.start(&mut stream);
    let mut optimizer = AdamW::new(parameters.len(), Options { weight_decay, ..Options::new(learning_rate) });
    let mut objective = Objective::new(design.params.soft_rank_strength, target);
    let (mut training, mut best, mut best_step) = (Vec::new(), (f64::NEG_INFINITY, parameters.clone()), 0);
    let mut batch = Batch::default();
    let (mut distances, mut gradient) = (Vec::new(), vec![0.0; parameters.len()]);
    for step in 0..max_steps {
        pool.draw(&mut stream, size, neural, &mut batch);
        form.distances(&parameters, &batch, &mut distances);
        // A batch of equal distances says nothing about where to go.
        let Some(soft_spearman) = objective.evaluate(&mut distances, &batch.neural) else { break };
        training.push(TrainingStep { step, soft_spearman, batch: size });
        if soft_spearman > best.0 {
            best = (soft_spearman, parameters.clone());
            best_step = step;
        } else if step - best_step >= patience {
            break;
        }
        // The optimizer descends.
        for g in &mut distances {
            *g = -*g;
        }
        form.gradient(&parameters, &batch, &distances, &mut gradient);
        optimizer.step(&mut parameters, &gradient);
    }
    let mut w = form.weights(&best.1, &design.terms);
    normalise(&design.terms, &mut w);
    (w, training)
}
