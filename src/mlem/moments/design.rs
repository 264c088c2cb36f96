//! Everything about a fit that depends on the features alone: pairs, terms, and `C` of every fold's training pairs.

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::accumulate::TargetAccumulator;
use super::dependence::dependences;
use super::grouped::Groups;
use super::levels::Levels;
use super::rank_target::{Histogram, RankTable};
use super::sums::{FeatureSums, Monomial, TargetSums};
use crate::mlem::error::{Error, Result};
use crate::mlem::pairs::{Columns, Coverage, Layout, Neural, PairChunk, Scales, Task, Term, n_pairs, terms};
use crate::mlem::params::{MlemParams, Target};
use crate::mlem::warning::Warning;
use crate::stimuli::FeatureTable;
use crate::stimuli::confounds::Confounds;

/// The fewest stimuli that a model is fitted to.
pub(crate) const MIN_STIMULI: usize = 8;
/// The most memory that moments may take.
const MAX_BYTES: f64 = 8.0 * (1u64 << 30) as f64;
/// Strips whose sums are held in memory at once.
const WAVE: usize = 32;

/// Everything about a fit that depends on the features alone, for the stimuli of a table in folds.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    pub(crate) params: MlemParams,
    pub(crate) scales: Scales,
    pub(crate) terms: Vec<Term>,
    pub(crate) columns: Columns,
    pub(crate) layout: Layout,
    pub(crate) coverage: Coverage,
    tasks: Vec<Task>,
    pub(crate) monomials: Vec<Monomial>,
    /// The features as levels, where these are few and all pairs are used.
    levels: Option<Levels>,
    /// How pairs are grouped for moments with a target, where that pays.
    groups: Option<Groups>,
    total: FeatureSums,
    /// Per fold, the sums over its training pairs.
    training: Vec<FeatureSums>,
    /// The features whose distances correlate.
    correlated: Vec<Warning>,
}

impl Design {
    /// The design of `features`, whose stimuli are in the folds of `layout`; with one fold it trains on all.
    pub(crate) fn new(params: &MlemParams, features: &FeatureTable, layout: Layout) -> Result<Self> {
        params.check()?;
        let n = features.n_stimuli();
        if n < MIN_STIMULI {
            return Err(Error::TooFewStimuli { found: n, least: MIN_STIMULI });
        }
        let scales = Scales::new(features)?;
        let terms = terms(features.n_features(), params.interactions);
        let n_folds = layout.folds.len();
        check_memory(terms.len(), n_folds)?;
        let columns = scales.columns(features, &layout.order, params.missing);
        let coverage = Coverage { fraction: params.pairs.fraction(n_pairs(n)), seed: params.seed };
        let monomials: Vec<Monomial> =
            terms.iter().map(|&term| Monomial::new(term, columns.slots())).collect();
        let tasks = layout.tasks();
        let levels = if coverage.fraction < 1.0 { None } else { Levels::new(&columns, &layout) };
        let counted = levels.as_ref().and_then(|levels| levels.feature_sums(&terms, &monomials));
        let (total, training) = counted.unwrap_or_else(|| {
            let zeros = || FeatureSums::zeros(monomials.len());
            let products = Groups::of_products(&columns, &monomials);
            let of_task =
                |task: &Task| FeatureSums::of(task, &columns, coverage, &monomials, products.as_ref());
            sum_by_fold(&tasks, n_folds, zeros, of_task, FeatureSums::add)
        });
        let groups = Groups::of_terms(&columns, &monomials);
        let flagged = Confounds::of(features).flagged().into_iter();
        let correlated =
            flagged.map(|pair| Warning::Correlated { a: pair.a, b: pair.b, r: pair.r }).collect();
        Ok(Self {
            params: params.clone(),
            scales,
            terms,
            columns,
            layout,
            coverage,
            tasks,
            monomials,
            levels,
            groups,
            total,
            training,
            correlated,
        })
    }

    pub(crate) fn n_features(&self) -> usize {
        self.scales.names().len()
    }

    /// How many folds are held out in turn.
    pub(crate) fn n_folds(&self) -> usize {
        self.layout.n_held
    }

    /// In how many folds stimuli are; some may be trained on alone.
    pub(crate) fn n_parts(&self) -> usize {
        self.layout.folds.len()
    }

    /// The activations of one layer, in the order of the design.
    pub(crate) fn neural(&self, activations: ArrayView2<'_, f32>) -> Result<Neural> {
        let (features, activation_rows) = (self.columns.n_stimuli(), activations.nrows());
        if features != activation_rows {
            return Err(Error::RowCounts { features, activations: activation_rows });
        }
        Neural::new(activations, &self.layout.order, self.params.distance)
    }

    /// How many `neurals` it is best to give [`Design::target_sums_of_each`] at once.
    pub(crate) fn at_once(&self) -> usize {
        // Bins are large; plain sums are not.
        if self.groups.is_some() { 2 } else { 16 }
    }

    /// For each of `neurals` and every fold, the sums of the squared distances over the training pairs; on one thread.
    pub(crate) fn target_sums_of_each(&self, neurals: &[Neural]) -> Vec<Vec<TargetSums>> {
        let (n_folds, monomials) = (self.n_parts(), &self.monomials[..]);
        let zeros = || TargetSums::zeros(monomials.len());
        // `(n_neurals)` sums over all pairs, and `(n_neurals, n_folds)` over those that touch a fold.
        let mut total = vec![zeros(); neurals.len()];
        let mut touched = vec![vec![zeros(); n_folds]; neurals.len()];
        let empty = || PairChunk { dense: vec![Vec::new(); self.columns.n_dense()], ..PairChunk::default() };
        let mut chunks: Vec<PairChunk> = (0..n_folds).map(|_| empty()).collect();
        let mut squared = Vec::new();
        for k in 0..n_folds {
            let accumulators = || {
                let new = |_: &Neural| TargetAccumulator::new(self.groups.as_ref(), monomials);
                neurals.iter().map(new).collect::<Vec<_>>()
            };
            let mut sums: Vec<Vec<TargetAccumulator<'_>>> = (k..n_folds).map(|_| accumulators()).collect();
            self.layout.rows(k, self.coverage, |i, partners| {
                for (l, partners) in partners {
                    chunks[*l].clear();
                    let PairChunk { bits, dense, .. } = &mut chunks[*l];
                    self.columns.append(i, partners, bits, dense);
                }
                // One stimulus against every fold: its row of distances stays in the cache.
                for (index, neural) in neurals.iter().enumerate() {
                    for (l, partners) in partners {
                        squared.clear();
                        neural.append(i, partners, &mut squared);
                        sums[l - k][index].add(&chunks[*l], &squared);
                    }
                }
            });
            for (l, sums) in (k..n_folds).zip(sums) {
                for (index, sums) in sums.into_iter().enumerate() {
                    let sums = sums.finish();
                    total[index].add(&sums, 1.0);
                    touched[index][k].add(&sums, 1.0);
                    if k != l {
                        touched[index][l].add(&sums, 1.0);
                    }
                }
            }
        }
        let training = |(total, touched): (TargetSums, Vec<TargetSums>)| {
            let of_fold = |touched: TargetSums| {
                let mut training = total.clone();
                if n_folds > 1 {
                    training.add(&touched, -1.0);
                }
                training
            };
            touched.into_iter().map(of_fold).collect()
        };
        total.into_iter().zip(touched).map(training).collect()
    }

    /// The sums of the target for each of `neurals` and every fold, as the exact solver takes them.
    pub(crate) fn target_sums_under(&self, neurals: &[Neural]) -> Vec<Vec<TargetSums>> {
        match self.params.target {
            Target::Squared => self.target_sums_of_each(neurals),
            Target::Rank => neurals.iter().map(|neural| self.target_sums(neural)).collect(),
        }
    }

    /// `C` and `b` of every fold's training pairs.
    #[cfg(test)]
    pub(crate) fn moments(&self, neural: &Neural) -> Vec<(ndarray::Array2<f64>, Vec<f64>)> {
        let targets = self.target_sums(neural);
        let of_fold = |(features, target): (&FeatureSums, &TargetSums)| {
            (features.covariance(), target.covariance(features))
        };
        self.training.iter().zip(&targets).map(of_fold).collect()
    }

    /// Whether the sums of the features, and those of `neural`, are taken by level.
    #[cfg(test)]
    pub(crate) fn by_level(&self, neural: &Neural) -> [bool; 2] {
        let Some(levels) = &self.levels else { return [false; 2] };
        [
            levels.feature_sums(&self.terms, &self.monomials).is_some(),
            levels.target_sums(&self.terms, &self.monomials, neural).is_some(),
        ]
    }

    /// The sums of the terms and their products over the training pairs of `fold`.
    pub(crate) fn training_sums(&self, fold: usize) -> &FeatureSums {
        &self.training[fold]
    }

    /// Forgets the sums of products, which nothing needs once `C` is made of them.
    pub(crate) fn forget_products(&mut self) {
        for sums in &mut self.training {
            sums.products = ndarray::Array2::zeros((0, 0));
        }
    }

    /// How many training pairs `fold` has.
    pub(crate) fn training_pairs(&self, fold: usize) -> u64 {
        self.training[fold].pairs.round() as u64
    }

    /// For every fold, the sums of the target over its training pairs.
    pub(crate) fn target_sums(&self, neural: &Neural) -> Vec<TargetSums> {
        let (terms, n_folds) = (&self.monomials[..], self.n_parts());
        let zeros = || TargetSums::zeros(terms.len());
        match self.params.target {
            Target::Squared => {
                let by_level = |levels: &Levels| levels.target_sums(&self.terms, terms, neural);
                if let Some(sums) = self.levels.as_ref().and_then(by_level) {
                    return sums;
                }
                let of_task = |task: &Task| {
                    let mut sums = TargetAccumulator::new(self.groups.as_ref(), terms);
                    task.stream(Some(&self.columns), Some(neural), self.coverage, |chunk| {
                        sums.add(chunk, &chunk.squared);
                    });
                    sums.finish()
                };
                sum_by_fold(&self.tasks, n_folds, zeros, of_task, TargetSums::add).1
            }
            Target::Rank => {
                let tables = self.rank_tables(neural);
                // Every fold ranks its own training pairs, so that each has sums of its own.
                let mut folds = vec![zeros(); n_folds];
                for wave in self.tasks.chunks(WAVE) {
                    let sums: Vec<Vec<Option<TargetSums>>> =
                        wave.par_iter().map(|task| self.rank_sums(task, neural, &tables, terms)).collect();
                    for sums in sums {
                        for (fold, sums) in folds.iter_mut().zip(sums) {
                            if let Some(sums) = sums {
                                fold.add(&sums, 1.0);
                            }
                        }
                    }
                }
                folds
            }
        }
    }

    /// For every fold, the ranks of squared distances among its training pairs.
    fn rank_tables(&self, neural: &Neural) -> Vec<RankTable> {
        let of_task = |task: &Task| {
            let mut histogram = Histogram::default();
            task.stream(None, Some(neural), self.coverage, |chunk| histogram.count(&chunk.squared));
            histogram
        };
        let (_, training) =
            sum_by_fold(&self.tasks, self.n_parts(), Histogram::default, of_task, |sum, other, sign| {
                sum.add(other, sign > 0.0);
            });
        training.iter().map(Histogram::ranks).collect()
    }

    fn rank_sums(
        &self,
        task: &Task,
        neural: &Neural,
        tables: &[RankTable],
        terms: &[Monomial],
    ) -> Vec<Option<TargetSums>> {
        let trains = |fold: usize| tables.len() == 1 || (task.folds.0 != fold && task.folds.1 != fold);
        let accumulator = || TargetAccumulator::new(self.groups.as_ref(), terms);
        let mut folds: Vec<Option<TargetAccumulator<'_>>> =
            (0..tables.len()).map(|fold| trains(fold).then(accumulator)).collect();
        let mut ranks = Vec::new();
        task.stream(Some(&self.columns), Some(neural), self.coverage, |chunk| {
            for (sums, table) in folds.iter_mut().zip(tables) {
                if let Some(sums) = sums {
                    ranks.clear();
                    ranks.extend(chunk.squared.iter().map(|&squared| table.rank(squared)));
                    sums.add(chunk, &ranks);
                }
            }
        });
        folds.into_iter().map(|sums| sums.map(TargetAccumulator::finish)).collect()
    }

    /// The warnings about the features.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let names = self.scales.names();
        let mut warnings = Vec::new();
        if self.coverage.fraction < 1.0 {
            warnings.push(Warning::Sampled {
                pairs: n_pairs(self.columns.n_stimuli()),
                used: self.total.pairs as u64,
            });
        }
        warnings.extend(self.correlated.iter().cloned());
        let name = |term: usize| self.terms[term].name(names);
        for dependence in dependences(&self.total.covariance()) {
            warnings.push(Warning::Confounded {
                term: name(dependence.term),
                others: dependence.others.iter().map(|&other| name(other)).collect(),
            });
        }
        warnings
    }
}

/// Whether the moments of `n_terms` in `n_folds` fit into memory.
pub(crate) fn check_memory(n_terms: usize, n_folds: usize) -> Result<()> {
    // One matrix per fold, its training system, and a wave of strips; the solver needs a few more.
    let bytes = (2 * n_folds + WAVE + 8) as f64 * (n_terms as f64).powi(2) * 8.0;
    if bytes > MAX_BYTES {
        return Err(Error::TooManyTerms { terms: n_terms, gibibytes: bytes / (1u64 << 30) as f64 });
    }
    Ok(())
}

/// The sums of `of_task` over all tasks, and over each fold's training pairs: those that do not touch it (all, where there is
/// one fold). Added in the order of the tasks, whatever the number of threads.
pub(super) fn sum_by_fold<S: Clone + Send>(
    tasks: &[Task],
    n_folds: usize,
    zeros: impl Fn() -> S,
    of_task: impl Fn(&Task) -> S + Sync,
    add: impl Fn(&mut S, &S, f64),
) -> (S, Vec<S>) {
    let mut total = zeros();
    let mut touched: Vec<S> = (0..n_folds).map(|_| zeros()).collect();
    for wave in tasks.chunks(WAVE) {
        let sums: Vec<S> = wave.par_iter().map(&of_task).collect();
        for (task, sum) in wave.iter().zip(&sums) {
            let (k, l) = task.folds;
            add(&mut total, sum, 1.0);
            add(&mut touched[k], sum, 1.0);
            if k != l {
                add(&mut touched[l], sum, 1.0);
            }
        }
    }
    let training = touched
        .into_iter()
        .map(|touched| {
            let mut training = total.clone();
            if n_folds > 1 {
                add(&mut training, &touched, -1.0);
            }
            training
        })
        .collect();
    (total, training)
}
