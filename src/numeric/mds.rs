//! Multidimensional scaling to the plane: points whose distances are as near to given dissimilarities as they can be.
//!
//! [`smacof`] starts from the classical solution and majorises the raw stress `σ(X) = Σ_{i<j} (δ_ij − d_ij(X))²` by Guttman
//! transforms (de Leeuw, 1977), over-relaxed (de Leeuw & Heiser, 1980). Every sum has a fixed order, so that the same
//! dissimilarities give the same points on any number of threads.

use ndarray::ArrayView2;
use rayon::prelude::*;

/// A point of the plane.
pub type Point = [f64; 2];

/// A solution.
#[derive(Debug, Clone, PartialEq)]
pub struct Mds {
    /// One point per object, centred, along the principal axes.
    pub points: Vec<Point>,
    /// Kruskal's stress-1, `√(σ / Σ δ²)`: 0 is perfect.
    pub stress: f64,
    /// How many Guttman transforms it took.
    pub iterations: usize,
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// After this many Guttman transforms.
    pub iterations: usize,
    /// When the raw stress falls by less than this fraction of itself.
    pub tolerance: f64,
}

impl Default for Stop {
    fn default() -> Self {
        Self { iterations: 300, tolerance: 1e-5 }
    }
}

/// The points for symmetric `dissimilarities`, `(n, n)` in standard layout; `None` where one is not a finite number from 0
/// up, the layout is another, or there are no objects.
#[must_use]
pub fn smacof(dissimilarities: ArrayView2<'_, f32>, stop: Stop) -> Option<Mds> {
    let n = dissimilarities.nrows();
    let delta = dissimilarities.to_slice().filter(|_| n > 0 && dissimilarities.ncols() == n)?;
    if delta.iter().any(|&d| !d.is_finite() || d < 0.0) {
        return None;
    }
    let largest = delta.iter().copied().fold(0.0_f32, f32::max);
    if largest == 0.0 {
        return Some(Mds { points: vec![[0.0; 2]; n], stress: 0.0, iterations: 0 });
    }
    // Squares in f32 vanish below 1e-22 and overflow above 1e19. Dividing by a power of two leaves every digit.
    let exponent = f64::from(largest).log2().floor() as i32;
    let unit = 2.0_f64.powi(exponent);
    let scaled: Vec<f32> = delta.iter().map(|&d| (f64::from(d) / unit) as f32).collect();
    let mut mds = of_scaled(&scaled, n, stop);
    for point in &mut mds.points {
        *point = point.map(|x| x * unit);
    }
    Some(mds)
}

/// [`smacof`] of dissimilarities `(n, n)`, the largest of which is between 1 and 2.
fn of_scaled(delta: &[f32], n: usize, stop: Stop) -> Mds {
    let total: f64 =
        row_sums(delta, n, |row| row.iter().map(|&d| f64::from(d) * f64::from(d)).sum()).iter().sum::<f64>()
            / 2.0;
    let mut points = Planar::of(&classical(delta, n));
    let (mut target, mut raw) = guttman(delta, &points);
    let mut iterations = 1;
    while iterations < stop.iterations {
        // Twice the step of a Guttman transform, which is still a majorisation; the plain one where rounding says otherwise.
        let mut next = points.towards(&target, 1.95);
        let (mut next_target, mut next_raw) = guttman(delta, &next);
        iterations += 1;
        if next_raw > raw {
            next = target;
            (next_target, next_raw) = guttman(delta, &next);
            iterations += 1;
        }
        let fell = raw - next_raw;
        (points, target, raw) = (next, next_target, next_raw);
        if fell < stop.tolerance * raw {
            break;
        }
    }
    // A relaxed step overshoots; the plain one from the same place is where it would have gone.
    let (_, plain) = guttman(delta, &target);
    if plain < raw {
        (points, raw) = (target, plain);
    }
    let mut points = points.points();
    principal(&mut points);
    Mds { points, stress: (raw / total).sqrt(), iterations }
}

/// Turns and mirrors `points`, both centred, as near to `to` as that goes (orthogonal Procrustes), so that two maps of the
/// same objects can be compared by eye.
pub fn align(points: &mut [Point], to: &[Point]) {
    let mut m = [[0.0; 2]; 2];
    for (p, t) in points.iter().zip(to) {
        for (a, row) in m.iter_mut().enumerate() {
            for (b, entry) in row.iter_mut().enumerate() {
                *entry += p[a] * t[b];
            }
        }
    }
    // In the plane the best rotation and the best reflection have closed forms: compare the two.
    let rotation = (m[0][0] + m[1][1]).hypot(m[0][1] - m[1][0]);
    let reflection = (m[0][0] - m[1][1]).hypot(m[0][1] + m[1][0]);
    let (cosine, sine, mirror) = if rotation >= reflection {
        ((m[0][0] + m[1][1]) / rotation, (m[0][1] - m[1][0]) / rotation, 1.0)
    } else {
        ((m[0][0] - m[1][1]) / reflection, (m[0][1] + m[1][0]) / reflection, -1.0)
    };
    if !cosine.is_finite() || !sine.is_finite() {
        return;
    }
    for p in points {
        let [x, y] = *p;
        *p = [cosine * x - mirror * sine * y, sine * x + mirror * cosine * y];
    }
}

/// Points with their coordinates apart, in f32, as the inner loop reads them.
#[derive(Clone)]
struct Planar {
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Planar {
    fn of(points: &[Point]) -> Self {
        Self {
            x: points.iter().map(|p| p[0] as f32).collect(),
            y: points.iter().map(|p| p[1] as f32).collect(),
        }
    }

    fn points(&self) -> Vec<Point> {
        self.x.iter().zip(&self.y).map(|(&x, &y)| [f64::from(x), f64::from(y)]).collect()
    }

    /// `share` of the way to `target`.
    fn towards(&self, target: &Self, share: f32) -> Self {
        let step = |from: &[f32], to: &[f32]| from.iter().zip(to).map(|(a, b)| a + share * (b - a)).collect();
        Self { x: step(&self.x, &target.x), y: step(&self.y, &target.y) }
    }
}

/// One value per row of an `(n, n)` matrix, rows in parallel.
fn row_sums(delta: &[f32], n: usize, of: impl Fn(&[f32]) -> f64 + Sync + Send) -> Vec<f64> {
    delta.par_chunks_exact(n).map(of).collect()
}

/// Width of the strands that sums run in, so that they vectorise and have one order.
const STRANDS: usize = 16;

/// The Guttman transform `x_i ← (1/n) Σ_j (δ_ij / d_ij) (x_i − x_j)` of `points`, and their raw stress.
fn guttman(delta: &[f32], points: &Planar) -> (Planar, f64) {
    let n = points.x.len();
    let rows: Vec<(f32, f32, f64)> = delta
        .par_chunks_exact(n)
        .enumerate()
        .map(|(i, row)| guttman_row(row, points, points.x[i], points.y[i]))
        .collect();
    let scale = 1.0 / n as f32;
    let target = Planar {
        x: rows.iter().map(|row| row.0 * scale).collect(),
        y: rows.iter().map(|row| row.1 * scale).collect(),
    };
    (target, rows.iter().map(|row| row.2).sum::<f64>() / 2.0)
}

fn guttman_row(row: &[f32], points: &Planar, x: f32, y: f32) -> (f32, f32, f64) {
    let (mut sum_x, mut sum_y, mut sum_stress) = ([0.0_f32; STRANDS], [0.0_f32; STRANDS], [0.0_f32; STRANDS]);
    let mut step = |k: usize, delta: f32, other_x: f32, other_y: f32| {
        let (dx, dy) = (x - other_x, y - other_y);
        // The smallest positive number keeps coincident points (and a point and itself) from dividing by zero.
        let distance = (dx * dx + dy * dy + f32::MIN_POSITIVE).sqrt();
        let ratio = delta / distance;
        sum_x[k] += ratio * dx;
        sum_y[k] += ratio * dy;
        let residual = delta - distance;
        sum_stress[k] += residual * residual;
    };
    // Arrays of known length leave no bounds to check, and the strands become vectors.
    let (deltas, rest_deltas) = row.as_chunks::<STRANDS>();
    let (xs, rest_xs) = points.x.as_chunks::<STRANDS>();
    let (ys, rest_ys) = points.y.as_chunks::<STRANDS>();
    for ((deltas, xs), ys) in deltas.iter().zip(xs).zip(ys) {
        for k in 0..STRANDS {
            step(k, deltas[k], xs[k], ys[k]);
        }
    }
    for (k, ((&delta, &x), &y)) in rest_deltas.iter().zip(rest_xs).zip(rest_ys).enumerate() {
        step(k, delta, x, y);
    }
    let stress = sum_stress.iter().map(|&s| f64::from(s)).sum();
    (sum_x.iter().sum(), sum_y.iter().sum(), stress)
}

/// The classical solution (Torgerson): the two leading eigenvectors of `−½ J δ² J`, by subspace iteration.
fn classical(delta: &[f32], n: usize) -> Vec<Point> {
    const ITERATIONS: usize = 40;
    let means: Vec<f64> =
        row_sums(delta, n, |row| row.iter().map(|&d| f64::from(d) * f64::from(d)).sum::<f64>() / n as f64);
    let mean = means.iter().sum::<f64>() / n as f64;
    // A start that has no symmetry to get stuck in, and is the same every time.
    let mut columns: Vec<Vec<f64>> = [0.754_877_666, 0.569_840_291]
        .iter()
        .map(|step| (0..n).map(|i| (step * (i + 1) as f64).fract() - 0.5).collect())
        .collect();
    let multiply = |v: &[f64]| -> Vec<f64> {
        let sum: f64 = v.iter().sum();
        let weighted: f64 = v.iter().zip(&means).map(|(v, m)| v * m).sum();
        let products = delta
            .par_chunks_exact(n)
            .map(|row| row.iter().zip(v).map(|(&d, &v)| f64::from(d) * f64::from(d) * v).sum::<f64>());
        let products: Vec<f64> = products.collect();
        products
            .iter()
            .zip(&means)
            .map(|(product, own)| -0.5 * (product - own * sum - weighted + mean * sum))
            .collect()
    };
    let mut lengths = [0.0; 2];
    for _ in 0..ITERATIONS {
        for column in &mut columns {
            *column = multiply(column);
        }
        lengths = orthonormal(&mut columns);
    }
    // At the end a column's length after one multiplication is its eigenvalue; a negative one has no real coordinate.
    let scale = lengths.map(f64::sqrt);
    (0..n).map(|i| [columns[0][i] * scale[0], columns[1][i] * scale[1]]).collect()
}

/// Makes two columns orthonormal, and gives the lengths they had.
fn orthonormal(columns: &mut [Vec<f64>]) -> [f64; 2] {
    let mut lengths = [0.0; 2];
    for (k, length) in lengths.iter_mut().enumerate() {
        let (before, rest) = columns.split_at_mut(k);
        let Some(column) = rest.first_mut() else { break };
        for other in before {
            let overlap: f64 = column.iter().zip(other.iter()).map(|(a, b)| a * b).sum();
            column.iter_mut().zip(other.iter()).for_each(|(a, b)| *a -= overlap * b);
        }
        *length = column.iter().map(|x| x * x).sum::<f64>().sqrt();
        for x in column.iter_mut().filter(|_| *length > 0.0) {
            *x /= *length;
        }
    }
    lengths
}

/// Centres `points` and turns them to their principal axes, the longest first; each axis points to its heavier tail.
fn principal(points: &mut [Point]) {
    let n = points.len() as f64;
    for axis in 0..2 {
        let mean = points.iter().map(|p| p[axis]).sum::<f64>() / n;
        for p in &mut *points {
            p[axis] -= mean;
        }
    }
    let moment = |a: usize, b: usize| points.iter().map(|p| p[a] * p[b]).sum::<f64>();
    let angle = 0.5 * (2.0 * moment(0, 1)).atan2(moment(0, 0) - moment(1, 1));
    let (sine, cosine) = angle.sin_cos();
    for p in &mut *points {
        *p = [cosine * p[0] + sine * p[1], cosine * p[1] - sine * p[0]];
    }
    for axis in 0..2 {
        if points.iter().map(|p| p[axis].powi(3)).sum::<f64>() < 0.0 {
            for p in &mut *points {
                p[axis] = -p[axis];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::numeric::rng::Stream;

    fn distances(points: &[Vec<f64>]) -> Array2<f32> {
        Array2::from_shape_fn((points.len(), points.len()), |(i, j)| {
            let squares = points[i].iter().zip(&points[j]).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f64>().sqrt() as f32
        })
    }

    fn cloud(n: usize, dimensions: usize) -> Vec<Vec<f64>> {
        let mut stream = Stream::new(3, "cloud");
        (0..n).map(|_| (0..dimensions).map(|k| stream.normal() / (1.0 + k as f64)).collect()).collect()
    }

    #[test]
    fn points_of_the_plane_are_found_again() {
        let delta = distances(&cloud(60, 2));
        let mds = smacof(delta.view(), Stop::default()).unwrap();
        assert!(mds.stress < 1e-4, "{}", mds.stress);
        for (i, j) in [(0, 1), (5, 40), (59, 2)] {
            let (a, b) = (mds.points[i], mds.points[j]);
            let found = (a[0] - b[0]).hypot(a[1] - b[1]);
            assert!((found - f64::from(delta[[i, j]])).abs() < 1e-3);
        }
    }

    #[test]
    fn stress_is_below_that_of_the_classical_start_and_the_same_every_time() {
        let delta = distances(&cloud(200, 8));
        let start = smacof(delta.view(), Stop { iterations: 1, tolerance: 0.0 }).unwrap();
        let mds = smacof(delta.view(), Stop::default()).unwrap();
        let end = smacof(delta.view(), Stop { iterations: 3000, tolerance: 0.0 }).unwrap();
        assert!(
            mds.stress < start.stress && mds.stress < 1.005 * end.stress,
            "{} {}",
            mds.stress,
            end.stress
        );
        assert_eq!(mds, smacof(delta.view(), Stop::default()).unwrap());
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(mds, one.install(|| smacof(delta.view(), Stop::default())).unwrap());
    }

    #[test]
    fn a_map_does_not_depend_on_the_unit_of_distance() {
        let delta = distances(&cloud(80, 6));
        let mds = smacof(delta.view(), Stop::default()).unwrap();
        for exponent in [-120, -72, 30, 110] {
            let unit = 2.0_f32.powi(exponent);
            let scaled = smacof(delta.mapv(|d| d * unit).view(), Stop::default()).unwrap();
            assert_eq!((scaled.stress, scaled.iterations), (mds.stress, mds.iterations), "2^{exponent}");
            assert_eq!(scaled.points[7], mds.points[7].map(|x| x * f64::from(unit)));
        }
        let tiny = smacof(delta.mapv(|d| d * 1e-21).view(), Stop::default()).unwrap();
        assert!((tiny.stress - mds.stress).abs() < 1e-6, "{} {}", tiny.stress, mds.stress);
    }

    #[test]
    fn coincident_and_too_few_points_are_no_trouble() {
        for n in [1, 2, 3] {
            let mds = smacof(Array2::zeros((n, n)).view(), Stop::default()).unwrap();
            assert_eq!((mds.points.len(), mds.stress), (n, 0.0));
        }
        let mut delta = distances(&cloud(3, 2));
        assert!(smacof(delta.view(), Stop::default()).unwrap().stress < 1e-4);
        delta[[0, 1]] = f32::NAN;
        assert!(smacof(delta.view(), Stop::default()).is_none());
    }

    #[test]
    fn an_aligned_map_is_turned_and_mirrored_only() {
        let to: Vec<Point> = cloud(30, 2).iter().map(|p| [p[0], p[1]]).collect();
        let turned: Vec<Point> =
            to.iter().map(|p| [0.6 * p[0] + 0.8 * p[1], 0.8 * p[0] - 0.6 * p[1]]).collect();
        let mut points = turned.clone();
        align(&mut points, &to);
        for (p, t) in points.iter().zip(&to) {
            assert!((p[0] - t[0]).abs() < 1e-12 && (p[1] - t[1]).abs() < 1e-12);
        }
    }
}
