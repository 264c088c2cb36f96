//! Threshold-free cluster enhancement (Smith and Nichols 2009, NeuroImage 44): a node's score is
//!
//! ```text
//! TFCE(v) = ∫ e_v(h)^E · h^H dh,    h from 0 to the statistic of v,
//! ```
//!
//! where `e_v(h)` is how many nodes the cluster of `v` beyond `h` has. Between two statistics that there are, no cluster changes, so that
//! the integral is a sum of differences of `h^(H+1) / (H+1)`: exact, without a step. The sum over steps that libraries take is here
//! too, to be held against them.

use super::graph::Graph;
use super::sign_flips::Tail;

/// How scores are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tfce {
    /// The power of the extent, `E`.
    pub extent: f64,
    /// The power of the height, `H`.
    pub height: f64,
    /// How heights are added up.
    pub over: Heights,
}

/// How heights are added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heights {
    /// All of them.
    Integral,
    /// Those at `start`, `start + step` …, each times the distance to the one before (of the first: to 0), as mne 1.13 does.
    Steps {
        /// The first.
        start: f64,
        /// From one to the next.
        step: f64,
    },
}

impl Default for Tfce {
    fn default() -> Self {
        Self { extent: 0.5, height: 2.0, over: Heights::Integral }
    }
}

/// Buffers that one scoring leaves for the next.
#[derive(Debug, Default)]
pub struct Scratch {
    order: Vec<usize>,
    /// The node that each node hangs on; itself for the root of a cluster. `NONE` where it is in none.
    above: Vec<usize>,
    /// What a node's score is more than that of the node it hangs on; the score of a root.
    more: Vec<f64>,
    /// Of roots: how many nodes, and the sum over heights down to which the score is known.
    size: Vec<usize>,
    known: Vec<f64>,
    /// `e^E` by `e`.
    powers: Vec<f64>,
    steps: Vec<f64>,
}

const NONE: usize = usize::MAX;

impl Tfce {
    /// The sum of `h^H dh` from 0 to `height`.
    fn below(&self, height: f64, steps: &[f64]) -> f64 {
        match self.over {
            Heights::Integral => height.powf(self.height + 1.0) / (self.height + 1.0),
            Heights::Steps { start, step } => {
                // The steps below the height, whatever rounding makes of their number.
                let mut n = ((height - start) / step).ceil().max(0.0) as usize;
                while n > 0 && start + step * (n - 1) as f64 >= height {
                    n -= 1;
                }
                while start + step * (n as f64) < height {
                    n += 1;
                }
                n.checked_sub(1).map_or(0.0, |last| steps[last.min(steps.len() - 1)])
            }
        }
    }

    /// The score of each of `statistics`, below 0 where that is, into `scores`; 0 where `tail` does not look, and where there is no
    /// number.
    pub fn scores(
        &self,
        statistics: &[f64],
        tail: Tail,
        graph: &Graph,
        scratch: &mut Scratch,
        scores: &mut Vec<f64>,
    ) {
        let n = statistics.len();
        scores.clear();
        scores.resize(n, 0.0);
        scratch.powers.truncate(n + 1);
        for e in scratch.powers.len()..=n {
            scratch.powers.push((e as f64).powf(self.extent));
        }
        self.sum_steps(statistics, scratch);
        for &side in tail.sides() {
            self.one_side(statistics, side, graph, scratch);
            for &node in &scratch.order {
                let (mut at, mut score) = (node, scratch.more[node]);
                while scratch.above[at] != at {
                    at = scratch.above[at];
                    score += scratch.more[at];
                }
                scores[node] = side * score;
            }
        }
    }

    /// The sums over steps up to each.
    fn sum_steps(&self, statistics: &[f64], scratch: &mut Scratch) {
        let Heights::Steps { start, step } = self.over else { return };
        let most = statistics.iter().filter(|t| t.is_finite()).fold(0.0, |most: f64, t| most.max(t.abs()));
        scratch.steps.clear();
        let (mut sum, mut before, mut k) = (0.0, 0.0, 0usize);
        loop {
            let height = start + step * k as f64;
            if height >= most && k > 0 {
                break;
            }
            sum += height.powf(self.height) * (height - before);
            scratch.steps.push(sum);
            (before, k) = (height, k + 1);
        }
    }

    /// Nodes join from the highest down. What a cluster has added up is kept at its root; a cluster that joins another hangs on its
    /// root, less what that one has, so that what both get from there on is added once.
    fn one_side(&self, statistics: &[f64], side: f64, graph: &Graph, scratch: &mut Scratch) {
        let n = statistics.len();
        let Scratch { order, above, more, size, known, powers, steps } = scratch;
        order.clear();
        order.extend((0..n).filter(|&node| side * statistics[node] > 0.0));
        order.sort_unstable_by(|&a, &b| (side * statistics[b]).total_cmp(&(side * statistics[a])));
        above.clear();
        above.resize(n, NONE);
        for (buffer, value) in [(&mut *more, 0.0), (&mut *known, 0.0)] {
            buffer.clear();
            buffer.resize(n, value);
        }
        size.clear();
        size.resize(n, 1);
        for &node in order.iter() {
            let level = self.below(side * statistics[node], steps);
            (above[node], known[node]) = (node, level);
            let mut root = node;
            for &next in graph.beside(node) {
                let Some(other) = root_of(above, next).filter(|&other| other != root) else { continue };
                for one in [root, other] {
                    more[one] += powers[size[one]] * (known[one] - level);
                    known[one] = level;
                }
                let (large, small) = if size[root] >= size[other] { (root, other) } else { (other, root) };
                above[small] = large;
                more[small] -= more[large];
                size[large] += size[small];
                root = large;
            }
        }
        for &node in order.iter().filter(|&&node| above[node] == node) {
            more[node] += powers[size[node]] * known[node];
        }
    }
}

/// The root of the cluster of `node`, if it is in one. Clusters hang on larger ones, so that the way is short.
fn root_of(above: &[usize], node: usize) -> Option<usize> {
    let mut at = node;
    while above[at] != NONE && above[at] != at {
        at = above[at];
    }
    (above[at] != NONE).then_some(at)
}
