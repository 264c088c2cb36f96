//! Choosing sentences so that the levels of each feature are even and the distances of features as uncorrelated as the
//! grammar allows.
//!
//! From a random start, one sentence at a time is exchanged for another where that lowers
//!
//! ```text
//! J = Σ_{f<g} r_fg²  +  Σ_f (L_f Σ_a p_fa² − 1)  +  ¼ Σ_slots (L_s Σ_w p_sw² − 1)
//! ```
//!
//! `r_fg` is the correlation of the distances of features f and g over pairs of chosen sentences, `p_fa` the share of level a
//! of a categorical feature with `L_f` levels (missing counts as one), `p_sw` the share of word w in a slot. Distances are
//! functions of levels, so with counts n and the table `K_f` of distances between levels, the sums over pairs are quadratic
//! forms in the counts; what one exchange changes in them is known from tables K n that are kept up to date.

use std::borrow::Cow;

use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable, Values};

/// Numeric features with more distinct values than this are balanced in as many classes of equal size.
const CLASSES: usize = 16;

/// The weight of an even spread over words.
const WORDS: f64 = 0.25;

/// A feature as the exchange sees it.
struct Leveled {
    /// The level of each candidate.
    codes: Vec<u32>,
    /// `(n_levels, n_levels)`: distances between levels.
    kernel: Vec<f64>,
    n_levels: usize,
    /// Whether even levels are wanted.
    even: bool,
}

impl Leveled {
    fn new(feature: &Feature) -> Self {
        if let Some(has) = feature.presence() {
            let codes = has.into_iter().map(u32::from).collect();
            return Self { codes, kernel: vec![0.0, 1.0, 1.0, 0.0], n_levels: 2, even: true };
        }
        let missing = |n_levels: usize| n_levels as u32;
        let (codes, places, even): (Vec<Option<u32>>, Vec<f64>, bool) = match feature.values() {
            Values::Categorical { levels, codes } => (codes.clone(), vec![0.0; levels.len()], true),
            Values::Numeric(values) => {
                let (codes, places) = classes(values);
                (codes, places, false)
            }
            // Nothing to balance: grammars make none.
            Values::Distances(distances) => (vec![None; distances.n_stimuli()], Vec::new(), false),
        };
        let present = places.len();
        let any_missing = codes.iter().any(Option::is_none);
        let n_levels = present + usize::from(any_missing);
        let mut kernel = vec![0.0; n_levels * n_levels];
        for a in 0..present {
            for b in 0..present {
                let differ = f64::from(u8::from(a != b));
                kernel[a * n_levels + b] = if even { differ } else { (places[a] - places[b]).abs() };
            }
        }
        let codes = codes.into_iter().map(|code| code.unwrap_or(missing(present))).collect();
        Self { codes, kernel, n_levels, even }
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        self.kernel[a * self.n_levels + b]
    }
}

/// The class of each value and the place of each class on `[0, 1]`.
fn classes(values: &[Option<f64>]) -> (Vec<Option<u32>>, Vec<f64>) {
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(0.0));
    let range = if high > low { high - low } else { 1.0 };
    let mut bounds = sorted.clone();
    bounds.dedup();
    if bounds.len() > CLASSES {
        bounds = (0..CLASSES).map(|class| sorted[class * sorted.len() / CLASSES]).collect();
        bounds.dedup();
    }
    // A class starts at its bound; its place is the mean of its values.
    let class = |x: f64| bounds.partition_point(|&bound| bound <= x).saturating_sub(1);
    let mut sums = vec![(0.0, 0.0); bounds.len()];
    for &x in &sorted {
        let (sum, count) = &mut sums[class(x)];
        *sum += x;
        *count += 1.0;
    }
    let codes = values.iter().map(|value| value.map(|x| class(x) as u32)).collect();
    (codes, sums.into_iter().map(|(sum, count)| (sum / count - low) / range).collect())
}

/// Which `n` rows of `features` to take, ascending. `words` holds for each slot the word of each row.
pub(super) fn choose(features: &FeatureTable, words: &[Vec<Option<u32>>], n: usize, seed: u64) -> Vec<usize> {
    let total = features.n_stimuli();
    if n >= total {
        return (0..total).collect();
    }
    let mut stream = Stream::new(seed, "balance");
    let mut order: Vec<usize> = (0..total).collect();
    stream.shuffle(&mut order);
    let leveled: Vec<Leveled> =
        features.iter().filter(|feature| feature.varies()).map(Leveled::new).collect();
    let mut exchange = Exchange::new(&leveled, words, &order[..n]);
    let mut idle = 0;
    // Each sentence may be exchanged some forty times; long before that nothing is left to gain.
    for _ in 0..40 * n + 20_000 {
        let (out, into) = (stream.index(n), n + stream.index(total - n));
        if exchange.try_swap(order[out], order[into]) {
            order.swap(out, into);
            idle = 0;
        } else {
            idle += 1;
            if idle > 4_000 {
                break;
            }
        }
    }
    order.truncate(n);
    order.sort_unstable();
    order
}

/// The state of the exchange: quadratic forms in the counts, and the tables that say how they change.
struct Exchange<'a> {
    features: &'a [Leveled],
    n: f64,
    /// For each feature, Σ over ordered pairs of d, and of d².
    sums: Vec<[f64; 2]>,
    /// For each feature and level, Σ over the chosen of d to that level, and of d².
    rows: Vec<Vec<[f64; 2]>>,
    /// For each pair of features, Σ over ordered pairs of `d_f d_g`.
    joint: Vec<f64>,
    /// For each pair of features and cell of levels, Σ over the chosen of `d_f d_g` to that cell.
    cells: Vec<Vec<f64>>,
    /// What is to be even: levels of categorical features, and words.
    spreads: Vec<Spread<'a>>,
    objective: f64,
    /// Room for [`Self::try_swap`].
    scratch: Vec<(f64, f64)>,
}

/// Counts that should be even.
struct Spread<'a> {
    codes: Cow<'a, [u32]>,
    counts: Vec<f64>,
    weight: f64,
    squares: f64,
}

impl<'a> Exchange<'a> {
    fn new(features: &'a [Leveled], words: &[Vec<Option<u32>>], chosen: &[usize]) -> Self {
        let mut spreads: Vec<Spread<'a>> = Vec::new();
        for feature in features.iter().filter(|feature| feature.even) {
            spreads.push(Spread::new((&feature.codes).into(), feature.n_levels, 1.0));
        }
        for words in words {
            let mut distinct: Vec<Option<u32>> = words.clone();
            distinct.sort_unstable();
            distinct.dedup();
            let codes: Vec<u32> =
                words.iter().map(|word| distinct.partition_point(|other| other < word) as u32).collect();
            spreads.push(Spread::new(codes.into(), distinct.len(), WORDS));
        }
        let n_pairs = features.len() * features.len().saturating_sub(1) / 2;
        let mut exchange = Self {
            features,
            n: chosen.len() as f64,
            sums: vec![[0.0; 2]; features.len()],
            rows: features.iter().map(|feature| vec![[0.0; 2]; feature.n_levels]).collect(),
            joint: vec![0.0; n_pairs],
            cells: Vec::with_capacity(n_pairs),
            spreads,
            objective: 0.0,
            scratch: vec![(0.0, 0.0); features.len()],
        };
        for (f, g) in pairs(features.len()) {
            exchange.cells.push(vec![0.0; features[f].n_levels * features[g].n_levels]);
        }
        for &row in chosen {
            exchange.put(row, 1.0);
        }
        exchange.objective = exchange.evaluate(None);
        exchange
    }

    /// Adds a candidate to the chosen, or with `sign` −1 takes it away.
    fn put(&mut self, row: usize, sign: f64) {
        for ((feature, rows), sums) in self.features.iter().zip(&mut self.rows).zip(&mut self.sums) {
            let level = feature.codes[row] as usize;
            (0..2).for_each(|k| sums[k] += 2.0 * sign * rows[level][k]);
            for (other, sums) in rows.iter_mut().enumerate() {
                let distance = feature.distance(level, other);
                sums[0] += sign * distance;
                sums[1] += sign * distance * distance;
            }
        }
        for (((f, g), cells), joint) in pairs(self.features.len()).zip(&mut self.cells).zip(&mut self.joint) {
            let (f, g) = (&self.features[f], &self.features[g]);
            let (a, b) = (f.codes[row] as usize, g.codes[row] as usize);
            *joint += 2.0 * sign * cells[a * g.n_levels + b];
            let row_f = &f.kernel[a * f.n_levels..(a + 1) * f.n_levels];
            let row_g = &g.kernel[b * g.n_levels..(b + 1) * g.n_levels];
            for (cells, df) in cells.chunks_exact_mut(g.n_levels).zip(row_f) {
                let df = sign * df;
                cells.iter_mut().zip(row_g).for_each(|(cell, dg)| *cell += df * dg);
            }
        }
        for spread in &mut self.spreads {
            let count = &mut spread.counts[spread.codes[row] as usize];
            spread.squares += 2.0 * sign * *count + 1.0;
            *count += sign;
        }
    }

    /// The objective, as it is or as it would be after the exchange of `out` for `into`.
    fn evaluate(&mut self, swap: Option<(usize, usize)>) -> f64 {
        let pairs_of_n = self.n * (self.n - 1.0);
        for (at, feature) in self.features.iter().enumerate() {
            let mut sums = self.sums[at];
            if let Some((out, into)) = swap {
                let (x, y) = (feature.codes[out] as usize, feature.codes[into] as usize);
                let d = feature.distance(x, y);
                let rows = &self.rows[at];
                sums[0] += 2.0 * (rows[y][0] - rows[x][0] - d);
                sums[1] += 2.0 * (rows[y][1] - rows[x][1] - d * d);
            }
            let mean = sums[0] / pairs_of_n;
            let variance = sums[1] / pairs_of_n - mean * mean;
            self.scratch[at] = (mean, if variance > 1e-12 { variance.sqrt().recip() } else { 0.0 });
        }
        let mut objective = 0.0;
        for (at, (f, g)) in pairs(self.features.len()).enumerate() {
            let mut joint = self.joint[at];
            if let Some((out, into)) = swap {
                let cells = &self.cells[at];
                let (f, g) = (&self.features[f], &self.features[g]);
                let (fx, fy) = (f.codes[out] as usize, f.codes[into] as usize);
                let (gx, gy) = (g.codes[out] as usize, g.codes[into] as usize);
                let change = cells[fy * g.n_levels + gy] - cells[fx * g.n_levels + gx];
                joint += 2.0 * (change - f.distance(fx, fy) * g.distance(gx, gy));
            }
            let ((mean_f, scale_f), (mean_g, scale_g)) = (self.scratch[f], self.scratch[g]);
            let r = (joint / pairs_of_n - mean_f * mean_g) * scale_f * scale_g;
            objective += r * r;
        }
        for spread in &self.spreads {
            let mut squares = spread.squares;
            if let Some((out, into)) = swap {
                let (x, y) = (spread.codes[out] as usize, spread.codes[into] as usize);
                if x != y {
                    squares += 2.0 * (spread.counts[y] - spread.counts[x] + 1.0);
                }
            }
            objective += spread.weight * (spread.counts.len() as f64 * squares / (self.n * self.n) - 1.0);
        }
        objective
    }

    /// Exchanges `out` for `into` if that lowers the objective.
    fn try_swap(&mut self, out: usize, into: usize) -> bool {
        let objective = self.evaluate(Some((out, into)));
        // Less than rounding could make is no gain.
        if objective >= self.objective - 1e-12 {
            return false;
        }
        self.put(out, -1.0);
        self.put(into, 1.0);
        self.objective = objective;
        true
    }
}

impl<'a> Spread<'a> {
    fn new(codes: Cow<'a, [u32]>, n_levels: usize, weight: f64) -> Self {
        Self { codes, counts: vec![0.0; n_levels], weight, squares: 0.0 }
    }
}

/// All `f < g` below `n`.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |f| (f + 1..n).map(move |g| (f, g)))
}
