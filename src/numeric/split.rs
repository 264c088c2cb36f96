//! Seeded splits of `0..n` into folds.

use super::rng::Stream;

/// Which fold each of `n` items is in: sizes differ by one at most, membership is random under `stream`.
#[must_use]
pub fn folds(n: usize, n_folds: usize, stream: &mut Stream) -> Vec<usize> {
    let mut fold_of: Vec<usize> = (0..n).map(|i| i % n_folds.max(1)).collect();
    stream.shuffle(&mut fold_of);
    fold_of
}

/// Which fold each item is in, where items of one unit (`unit_of`, from 0) are in one fold: the largest units first, each into the
/// smallest fold; units of one size at random under `stream`.
#[must_use]
pub fn folds_of_units(unit_of: &[usize], n_folds: usize, stream: &mut Stream) -> Vec<usize> {
    let mut sizes = vec![0usize; unit_of.iter().max().map_or(0, |last| last + 1)];
    for &unit in unit_of {
        sizes[unit] += 1;
    }
    let mut units: Vec<usize> = (0..sizes.len()).collect();
    stream.shuffle(&mut units);
    units.sort_by_key(|&unit| std::cmp::Reverse(sizes[unit]));
    let mut filled = vec![0usize; n_folds.max(1)];
    let mut fold_of = vec![0; sizes.len()];
    for unit in units {
        let smallest = (0..filled.len()).min_by_key(|&fold| filled[fold]).unwrap_or(0);
        fold_of[unit] = smallest;
        filled[smallest] += sizes[unit];
    }
    unit_of.iter().map(|&unit| fold_of[unit]).collect()
}

/// Spreads each of `groups` of items over as many folds as it can have members in, rarest first, by exchanging items of `fold_of`. What
/// has no need to move stays, and the sizes of the folds too.
pub fn spread(fold_of: &mut [usize], n_folds: usize, groups: &[Vec<usize>], stream: &mut Stream) {
    let mut of_item: Vec<Vec<usize>> = vec![Vec::new(); fold_of.len()];
    let mut members = vec![vec![0usize; n_folds]; groups.len()];
    for (group, items) in groups.iter().enumerate() {
        for &item in items {
            of_item[item].push(group);
            members[group][fold_of[item]] += 1;
        }
    }
    let mut rarest_first: Vec<usize> = (0..groups.len()).collect();
    rarest_first.sort_by_key(|&group| groups[group].len());
    for group in rarest_first {
        for to in 0..n_folds {
            if members[group][to] > 0 {
                continue;
            }
            let mut movable: Vec<usize> =
                groups[group].iter().copied().filter(|&item| members[group][fold_of[item]] > 1).collect();
            let mut others: Vec<usize> = (0..fold_of.len()).filter(|&item| fold_of[item] == to).collect();
            stream.shuffle(&mut movable);
            stream.shuffle(&mut others);
            // No other group may lose its last member in a fold.
            let leaves = |item: usize, for_fold: usize, other: usize| {
                let stays = |of: &usize| members[*of][fold_of[item]] > 1 || of_item[other].contains(of);
                let moves = |of: &usize| members[*of][for_fold] == 0;
                of_item[item].iter().all(|of| stays(of) || moves(of))
            };
            let pair = movable.iter().find_map(|&item| {
                let free = |&&other: &&usize| leaves(item, to, other) && leaves(other, fold_of[item], item);
                others.iter().find(free).map(|&other| (item, other))
            });
            let Some((item, other)) = pair else { continue };
            let from = fold_of[item];
            for (moved, from, to) in [(item, from, to), (other, to, from)] {
                for &of in &of_item[moved] {
                    members[of][from] -= 1;
                    members[of][to] += 1;
                }
            }
            fold_of.swap(item, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_and_seeded() {
        let fold_of = folds(23, 5, &mut Stream::new(1, "folds"));
        let sizes: Vec<usize> = (0..5).map(|fold| fold_of.iter().filter(|&&f| f == fold).count()).collect();
        assert_eq!(sizes, [5, 5, 5, 4, 4]);
        assert_eq!(fold_of, folds(23, 5, &mut Stream::new(1, "folds")));
        assert_ne!(fold_of, folds(23, 5, &mut Stream::new(2, "folds")));
    }

    #[test]
    fn units_stay_together_in_even_folds() {
        let unit_of: Vec<usize> = (0..60).map(|i| i % 20).collect();
        let fold_of = folds_of_units(&unit_of, 5, &mut Stream::new(3, "units"));
        assert!((20..60).all(|i| fold_of[i] == fold_of[i - 20]));
        assert!((0..5).all(|fold| fold_of.iter().filter(|&&f| f == fold).count() == 12));
        assert_ne!(fold_of, folds_of_units(&unit_of, 5, &mut Stream::new(4, "units")));
        // A large one alone, the others beside it.
        let unit_of: Vec<usize> = (0..30).map(|i| i.max(20) - 20).collect();
        let fold_of = folds_of_units(&unit_of, 2, &mut Stream::new(3, "units"));
        assert!(fold_of[..21].iter().all(|&fold| fold == fold_of[0]));
        assert!(fold_of[21..].iter().all(|&fold| fold != fold_of[0]));
    }

    /// In how many folds each group has a member.
    fn covered(fold_of: &[usize], n_folds: usize, groups: &[Vec<usize>]) -> Vec<usize> {
        let in_fold = |group: &Vec<usize>, fold| group.iter().any(|&item| fold_of[item] == fold);
        groups.iter().map(|group| (0..n_folds).filter(|&fold| in_fold(group, fold)).count()).collect()
    }

    #[test]
    fn groups_are_spread_as_far_as_they_go() {
        for seed in 0..50 {
            let mut stream = Stream::new(seed, "groups");
            let groups: Vec<Vec<usize>> = [3, 4, 5, 6, 9]
                .iter()
                .map(|&size| {
                    let mut items: Vec<usize> = (0..60).collect();
                    stream.shuffle(&mut items);
                    items[..size].to_vec()
                })
                .collect();
            let mut fold_of = folds(60, 5, &mut stream);
            let before = fold_of.clone();
            spread(&mut fold_of, 5, &groups, &mut stream);
            assert_eq!(covered(&fold_of, 5, &groups), [3, 4, 5, 5, 5], "seed {seed}");
            assert!((0..5).all(|fold| fold_of.iter().filter(|&&f| f == fold).count() == 12));
            // What is spread already stays as it is.
            let again = fold_of.clone();
            spread(&mut fold_of, 5, &groups, &mut stream);
            assert_eq!(fold_of, again);
            let moved = fold_of.iter().zip(&before).filter(|(a, b)| a != b).count();
            assert!(moved <= 24, "{moved} of 60 moved");
        }
    }
}
