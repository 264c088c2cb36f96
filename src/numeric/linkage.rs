//! Agglomerative clustering: which objects join first, and at what distance.

/// Two clusters that become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merge {
    /// The smaller of the two ids. Objects are `0..n`; the cluster of merge `k` is `n + k`.
    pub a: usize,
    /// The larger one.
    pub b: usize,
    /// How far apart they are.
    pub height: f64,
    /// How many objects the new cluster holds.
    pub size: usize,
}

/// Average linkage (UPGMA; Sokal and Michener 1958) of `n` objects whose distances are `distance(i, j)`, symmetric: the distance of
/// two clusters is the mean over their pairs of objects. `n − 1` merges, the nearest first; of equals the smallest ids. `None` where
/// a distance is not finite or there are no objects.
#[must_use]
pub fn average(n: usize, distance: impl Fn(usize, usize) -> f64) -> Option<Vec<Merge>> {
    // Clusters that are alive: id, size, and the sums of distances to the others, by position.
    let mut alive: Vec<(usize, usize)> = (0..n).map(|i| (i, 1)).collect();
    let mut sums: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| distance(i, j)).collect()).collect();
    let between = |i: usize| (0..n).filter(move |&j| j != i);
    if n == 0 || (0..n).any(|i| between(i).any(|j| !sums[i][j].is_finite())) {
        return None;
    }
    let mut merges = Vec::with_capacity(n - 1);
    while alive.len() > 1 {
        let mut nearest: Option<(f64, usize, usize)> = None;
        for i in 0..alive.len() {
            for j in i + 1..alive.len() {
                let height = sums[i][j] / (alive[i].1 * alive[j].1) as f64;
                if nearest.is_none_or(|(least, ..)| height < least) {
                    nearest = Some((height, i, j));
                }
            }
        }
        let (height, i, j) = nearest?;
        let size = alive[i].1 + alive[j].1;
        merges.push(Merge { a: alive[i].0, b: alive[j].0, height, size });
        let joined: Vec<f64> = (0..alive.len()).map(|k| sums[i][k] + sums[j][k]).collect();
        // The new cluster is the last: ids stay ascending.
        for (row, sum) in sums.iter_mut().zip(&joined) {
            row.push(*sum);
            row.remove(j);
            row.remove(i);
        }
        sums.remove(j);
        sums.remove(i);
        let mut joined = joined;
        joined.remove(j);
        joined.remove(i);
        joined.push(0.0);
        sums.push(joined);
        alive.remove(j);
        alive.remove(i);
        alive.push((n + merges.len() - 1, size));
    }
    Some(merges)
}

/// The objects in an order in which every cluster of `merges` stands side by side.
#[must_use]
pub fn leaves(n: usize, merges: &[Merge]) -> Vec<usize> {
    let mut order = Vec::with_capacity(n);
    let mut stack = vec![(n + merges.len()).saturating_sub(1)];
    while let Some(cluster) = stack.pop() {
        match cluster.checked_sub(n).and_then(|k| merges.get(k)) {
            Some(merge) => stack.extend([merge.b, merge.a]),
            None if cluster < n => order.push(cluster),
            None => {}
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_objects_join_first_and_heights_are_means() {
        let x = [0.0, 1.0, 10.0, 12.0_f64];
        let merges = average(4, |i, j| (x[i] - x[j]).abs()).unwrap();
        assert_eq!(merges[0], Merge { a: 0, b: 1, height: 1.0, size: 2 });
        assert_eq!(merges[1], Merge { a: 2, b: 3, height: 2.0, size: 2 });
        assert_eq!(merges[2], Merge { a: 4, b: 5, height: 10.5, size: 4 });
        assert_eq!(leaves(4, &merges), [0, 1, 2, 3]);
    }

    #[test]
    fn one_object_is_a_tree_and_no_number_is_none() {
        assert_eq!(average(1, |_, _| 0.0), Some(vec![]));
        assert_eq!(leaves(1, &[]), [0]);
        assert_eq!(average(2, |_, _| f64::NAN), None);
        assert_eq!(average(0, |_, _| 0.0), None);
    }
}
