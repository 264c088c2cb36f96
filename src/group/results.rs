//! What subjects have in common, once it is tested.

use super::joined::Joined;
use super::warning::Warning;
use crate::compare::Run;
use crate::numeric::ceiling::Agreement;
use crate::numeric::one_sample::{NoTest, OneSample};
use crate::numeric::sign_flips::Tail;
use crate::profile::{Of, Order, Plane, ScoreMeasure, Spread};

/// The p-value of t beyond which an entry may be in a cluster, unless a threshold is given.
pub const FORMING: f64 = 0.05;

/// How a group is tested.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// The effects that are tested.
    pub order: Order,
    /// Which deviations from 0 count.
    pub tail: Tail,
    /// Sign flips that are drawn where there are too many for all of them, and draws of subjects for the bootstrap.
    pub draws: usize,
    /// Seed of what is drawn.
    pub seed: u64,
    /// What is called significant, and one less the level of intervals.
    pub alpha: f64,
    /// Whether clusters are tested, and which.
    pub cluster: Option<ClusterBy>,
    /// Where clusters are tested, the axes on which entries that follow each other are neighbours (`time`); `None`: those that have such
    /// an order, layers and times.
    pub along: Option<Vec<String>>,
    /// Whether effects and entries that some subjects lack are left out; else they are an error.
    pub shared: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            order: Order::Main,
            tail: Tail::Two,
            draws: 10_000,
            seed: 0,
            alpha: 0.05,
            cluster: None,
            along: None,
            shared: false,
        }
    }
}

/// What clusters are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClusterBy {
    /// Neighbours whose t is beyond this; none: beyond that of p = [`FORMING`].
    Threshold(Option<f64>),
    /// Threshold-free cluster enhancement, with E = ½ and H = 2.
    Tfce,
}

/// An entry of the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the tables of the first subject.
    pub layer: usize,
    /// Its name, or its number.
    pub name: String,
}

/// Subjects and what they have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The subjects, with their labels.
    pub subjects: Vec<Run>,
    /// How they were tested.
    pub params: Params,
    /// The axis, in the order of the first subject.
    pub axis: Vec<Entry>,
    /// The two axes that entries are of, where they are of two: a channel at a time.
    pub plane: Option<Plane>,
    /// How either of [`Group::plane`] is joined; `None` where pairs of whole entries were given.
    pub joined: Option<[Joined; 2]>,
    /// The score, then the effects in the order of the first subject.
    pub curves: Vec<Curve>,
    /// How many sign flips were gone through, the data among them.
    pub flips: usize,
    /// Whether these are all that there are.
    pub exact: bool,
    /// The threshold of clusters, where there is one.
    pub threshold: Option<f64>,
    /// What a reader should know.
    pub warnings: Vec<Warning>,
}

/// The score, or an effect, over the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What it is.
    pub of: Of,
    /// What scores are, of which it is one or a drop.
    pub measure: ScoreMeasure,
    /// One per entry of [`Group::axis`].
    pub points: Vec<Point>,
    /// Its clusters, the largest first; none where no threshold was given.
    pub clusters: Vec<Cluster>,
    /// How each subject's curve goes with the others'; `None` where curves do not vary or have fewer than three entries.
    pub agreements: Vec<Option<Agreement>>,
}

/// The values of all subjects at an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// One per subject; NaN where there is none.
    pub values: Vec<f64>,
    /// Their mean and standard deviation over the subjects that have one.
    pub spread: Spread,
    /// Whether the mean is 0.
    pub test: Result<Test, NoTest>,
}

/// A mean over subjects against 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// t over subjects.
    pub sample: OneSample,
    /// The interval of the mean by t, at one less [`Params::alpha`].
    pub interval: (f64, f64),
    /// The same by the bootstrap over subjects.
    pub over_subjects: (f64, f64),
    /// The p-value of t.
    pub p_t: f64,
    /// The p-value by sign flips.
    pub p: f64,
    /// By the largest t of each flip over the family.
    pub p_max: f64,
    /// [`Test::p`] after Holm, over the family.
    pub holm: f64,
    /// [`Test::p`] after Benjamini and Hochberg, over the family.
    pub bh: f64,
    /// The natural logarithm of the Bayes factor of an effect (to the side of [`Params::tail`]) against none
    /// ([`crate::numeric::bayes_factor`], of scale √2/2).
    pub log_bf10: f64,
    /// By threshold-free cluster enhancement, if that was asked for.
    pub enhanced: Option<Enhanced>,
}

/// Threshold-free cluster enhancement at an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Enhanced {
    /// The score, negative where t is.
    pub score: f64,
    /// By the largest score of each flip over the axis.
    pub p: f64,
    /// By the largest score of each flip over the family.
    pub p_family: f64,
}

/// Neighbours beyond the threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Positions in [`Group::axis`], ascending.
    pub entries: Vec<usize>,
    /// The sum of their t.
    pub mass: f64,
    /// The one whose t is largest, as a position in [`Group::axis`], and that t.
    pub peak: (usize, f64),
    /// By the largest mass of each flip over the axis.
    pub p: f64,
    /// By the largest mass of each flip over the family.
    pub p_family: f64,
}

impl Group {
    /// How many subjects.
    #[must_use]
    pub fn n_subjects(&self) -> usize {
        self.subjects.len()
    }

    /// The least p-value that sign flips can give.
    #[must_use]
    pub fn least_p(&self) -> f64 {
        1.0 / self.flips as f64
    }

    /// The effects, without the score.
    #[must_use]
    pub fn effects(&self) -> &[Curve] {
        self.curves.get(1..).unwrap_or_default()
    }

    /// Whether `curve` is significant at an entry: in a cluster whose [`Cluster::p_family`] is at most [`Params::alpha`], or by
    /// enhancement, where these were asked for; else by the largest t.
    #[must_use]
    pub fn is_significant(&self, curve: &Curve, entry: usize) -> bool {
        let alpha = self.params.alpha;
        match self.params.cluster {
            Some(ClusterBy::Threshold(_)) => curve
                .clusters
                .iter()
                .any(|cluster| cluster.p_family <= alpha && cluster.entries.contains(&entry)),
            _ => curve.points[entry]
                .test
                .is_ok_and(|test| test.enhanced.map_or(test.p_max, |enhanced| enhanced.p_family) <= alpha),
        }
    }
}

impl Curve {
    /// What it is called in tables.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.of {
            Of::Score => self.measure.row_name(),
            Of::Effect(_, name) => name,
        }
    }

    /// Where the mean is furthest from 0, as a position in [`Group::axis`]: to the side that `tail` looks at.
    #[must_use]
    pub fn peak(&self, tail: Tail) -> Option<usize> {
        let known = (0..self.points.len()).filter(|&i| self.points[i].spread.is_defined());
        let height = |i: usize| tail.extremity(self.points[i].spread.mean);
        known.reduce(|best, i| if height(i) > height(best) { i } else { best })
    }

    /// The lower and the upper noise ceiling over subjects: the means of [`Curve::agreements`].
    #[must_use]
    pub fn ceiling(&self) -> Option<(f64, f64)> {
        let all: Vec<Agreement> = self.agreements.iter().copied().collect::<Option<_>>()?;
        let mean = |of: fn(&Agreement) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        (!all.is_empty()).then(|| (mean(|one| one.with_others), mean(|one| one.with_all)))
    }
}
