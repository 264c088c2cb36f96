//! Cross-validated squared distances between conditions that were measured in several partitions.
//!
//! With `δ_m` the difference of two conditions in partition `m`, of the `K` partitions that have both, the distance is the mean of the
//! inner products of differences that do not share their noise:
//!
//! ```text
//! Σ over m ≠ m' of δ_m · δ_m'  / (K (K − 1))  =  (‖Σ δ_m‖² − Σ ‖δ_m‖²) / (K (K − 1))
//! ```
//!
//! Noise that is independent between partitions adds nothing on average, so that the expectation is the squared distance of the true
//! patterns, and 0 where these are equal: estimates of it are as often negative (Nili et al. 2014; Walther et al. 2016, NeuroImage 137).
//! Of whitened patterns it is the cross-validated Mahalanobis distance (crossnobis). It is no mean over units: rsatoolbox, which
//! divides by their number, has it by that much smaller.

use rayon::prelude::*;

/// Mean patterns of `n` conditions in `k` partitions.
#[derive(Debug, Clone)]
pub struct Partitioned {
    n: usize,
    k: usize,
    width: usize,
    /// `(n, k, width)` row-major; zeros where a partition lacks the condition.
    patterns: Vec<f64>,
    /// `(n, k)`: whether the partition has the condition.
    present: Vec<bool>,
}

impl Partitioned {
    /// No pattern yet of `n` conditions in `k` partitions, of `width` units each.
    #[must_use]
    pub fn new(n: usize, k: usize, width: usize) -> Self {
        Self { n, k, width, patterns: vec![0.0; n * k * width], present: vec![false; n * k] }
    }

    /// Gives `condition` the mean of `rows`, each of `width` numbers, in `partition`; without rows it stays without.
    pub fn set<'a, T: Copy + Into<f64> + 'a>(
        &mut self,
        condition: usize,
        partition: usize,
        rows: impl IntoIterator<Item = &'a [T]>,
    ) {
        let cell = condition * self.k + partition;
        let mean = &mut self.patterns[cell * self.width..(cell + 1) * self.width];
        mean.fill(0.0);
        let mut count = 0;
        for row in rows {
            mean.iter_mut().zip(row).for_each(|(sum, &x)| *sum += x.into());
            count += 1;
        }
        for sum in mean {
            *sum /= f64::from(count.max(1));
        }
        self.present[cell] = count > 0;
    }

    /// Measures all patterns in `unit`: distances are then in its square.
    pub fn divide(&mut self, unit: f64) {
        for x in &mut self.patterns {
            *x /= unit;
        }
    }

    /// The distances of the conditions `rows` to all, `(rows.len(), n)` row-major: 0 to themselves, NaN where two conditions have fewer
    /// than two partitions in common.
    #[must_use]
    pub fn distances(&self, rows: std::ops::Range<usize>) -> Vec<f64> {
        let mut all = vec![0.0; rows.len() * self.n];
        let lines = all.par_chunks_mut(self.n.max(1)).zip(rows.into_par_iter());
        lines.for_each_init(
            || vec![0.0; self.width],
            |sum, (line, i)| {
                for (j, distance) in line.iter_mut().enumerate() {
                    // The same from either side, to the last digit.
                    *distance = if i == j { 0.0 } else { self.distance(i.min(j), i.max(j), sum) };
                }
            },
        );
        all
    }

    /// The distance of two conditions; `sum` is overwritten.
    fn distance(&self, i: usize, j: usize, sum: &mut [f64]) -> f64 {
        sum.fill(0.0);
        let (mut own, mut shared) = (0.0, 0);
        let pattern = |cell: usize| &self.patterns[cell * self.width..(cell + 1) * self.width];
        for partition in 0..self.k {
            let [a, b] = [i, j].map(|condition| condition * self.k + partition);
            if self.present[a] && self.present[b] {
                shared += 1;
                for ((sum, a), b) in sum.iter_mut().zip(pattern(a)).zip(pattern(b)) {
                    let difference = a - b;
                    *sum += difference;
                    own += difference * difference;
                }
            }
        }
        if shared < 2 {
            return f64::NAN;
        }
        let whole: f64 = sum.iter().map(|x| x * x).sum();
        (whole - own) / f64::from(shared * (shared - 1))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::numeric::linalg::symmetric_eigen;

    /// `numpy.random.default_rng(3).normal(size=(12, 4))`: condition = row mod 4, partition = row div 4.
    const M: &str = "2.0409191213851825 -2.5556650313141818 0.41809884672577885 -0.56776960612792982 \
         -0.45264929211044586 -0.2155971630897659 -2.019986129147251 -0.23193237764418947 \
         -0.86521307627494171 3.3229995166448827 0.22578661322792176 -0.35263079434159539 \
         -0.28128741815135039 -0.66804634610895008 -1.0551505512051214 -0.39080097723465473 \
         0.48194538850678587 -0.23855360657336669 0.95775870295976406 -0.19980212906657999 \
         0.024259565076664623 1.545820851212812 0.54510552268764456 -0.50522873561401804 \
         -0.1828389745977349 0.5405251317548021 1.9350880340988528 -0.26962032734191349 \
         -0.24355867907910456 1.0023136012756912 -0.88645994316058707 -0.291720232439864 \
         0.88253896745648386 0.5803500161908991 0.091516703282352188 0.67010435482847941 \
         -2.8281623068437627 1.0213068175000799 -0.95964475980814168 -1.6686198426559695 \
         0.27644575952099965 0.70054488534939008 -0.44476745568278409 -1.0764058401008076 \
         0.026124833534033623 -0.052747308242879272 1.4055981660180925 0.74740798747935044";

    fn rows() -> Vec<Vec<f64>> {
        let numbers: Vec<f64> = M.split_whitespace().map(|number| number.parse().unwrap()).collect();
        numbers.chunks(4).map(<[f64]>::to_vec).collect()
    }

    /// The upper half of the distances of `n` conditions, row by row.
    fn upper(
        rows: &[Vec<f64>],
        n: usize,
        k: usize,
        cells: impl Fn(usize) -> Option<(usize, usize)>,
    ) -> Vec<f64> {
        let mut patterns = Partitioned::new(n, k, rows[0].len());
        for condition in 0..n {
            for partition in 0..k {
                let of_cell = (0..rows.len()).filter(|&row| cells(row) == Some((condition, partition)));
                patterns.set(condition, partition, of_cell.map(|row| rows[row].as_slice()));
            }
        }
        let all = patterns.distances(0..n);
        let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
        assert_eq!(bits(&all[n..]), bits(&patterns.distances(1..n)));
        for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
            assert_eq!(all[i * n + j].to_bits(), all[j * n + i].to_bits());
        }
        (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| all[i * n + j]).collect()
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn it_is_what_rsatoolbox_makes_of_it() {
        // rsatoolbox 0.3.2 (calc_rdm, crossnobis), times 4 units, of the identity and of a given precision.
        let expected = [
            7.305_241_975_63,
            2.866_219_833_4,
            1.001_466_551_08,
            -0.391_707_817_771,
            -0.464_216_871_545,
            -1.145_610_592_11,
        ];
        let cells = |row: usize| Some((row % 4, row / 4));
        near(&upper(&rows(), 4, 3, cells), &expected);
        // Σ = diag(1, 2, 3, 4) + ½ = V Λ V': rows x V Λ^−½ have the distances of Σ⁻¹.
        let sigma = Array2::from_shape_fn((4, 4), |(i, j)| 0.5 + if i == j { 1.0 + i as f64 } else { 0.0 });
        let (values, vectors) = symmetric_eigen(sigma.view()).unwrap();
        let white = |x: &Vec<f64>| {
            let along = ndarray::ArrayView1::from(x.as_slice()).dot(&vectors);
            along.iter().zip(&values).map(|(along, value)| along / value.sqrt()).collect()
        };
        let white: Vec<Vec<f64>> = rows().iter().map(white).collect();
        let expected = [
            4.835_407_360_44,
            2.177_295_523_59,
            1.047_907_415_7,
            -1.254_147_583_75,
            0.085_091_418_546,
            -0.392_081_922_3,
        ];
        near(&upper(&white, 4, 3, cells), &expected);
    }

    #[test]
    fn partitions_may_differ_in_what_they_have() {
        // rsatoolbox 0.3.2: two partitions whose conditions have one to three rows.
        let condition = [0, 1, 2, 0, 0, 1, 0, 1, 2, 2, 1, 2];
        let uneven = upper(&rows(), 3, 2, |row| Some((condition[row], row / 6)));
        near(&uneven, &[2.562_621_655_51, 0.425_889_955_074, 0.359_801_625_561]);
        // The second partition lacks condition 2; pair by pair, of the partitions that have both.
        let lacking = upper(&rows(), 4, 3, |row| (row != 6).then_some((row % 4, row / 4)));
        let expected = [
            7.305_241_975_63,
            2.195_364_178_82,
            1.001_466_551_08,
            -1.331_077_837_48,
            -0.464_216_871_545,
            0.420_437_481_245,
        ];
        near(&lacking, &expected);
        // One partition alone validates nothing.
        let alone = upper(&rows(), 4, 3, |row| (row < 4 || row % 4 == 0).then_some((row % 4, row / 4)));
        assert!(alone.iter().all(|distance| distance.is_nan()));
    }
}
