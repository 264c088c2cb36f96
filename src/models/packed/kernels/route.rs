//! Which experts each token goes through, and how they are weighed.

use crate::models::declarations::spec::{Groups, Router, Score};

/// For each expert the rows that go through it, in order, and what each is weighed by.
pub(in crate::models) type Routes = Vec<Vec<(u32, f32)>>;

/// Chooses `chosen` of `count` experts for each row of a router's outputs, `(rows, count)`; `correction`, `(count,)`, is added to
/// scores for the choice alone, and is empty where there is none. A row's routes do not depend on the others.
pub(in crate::models) fn route(
    outputs: &[f32],
    router: &Router,
    correction: &[f32],
    (count, chosen): (usize, usize),
) -> Routes {
    let mut routes = vec![Vec::new(); count];
    for (row, outputs) in outputs.chunks_exact(count).enumerate() {
        let mut weights = match router.score {
            Score::Softmax | Score::Sigmoid => by_score(scores(outputs, router), router, correction, chosen),
            Score::Sparsemixer { nearness } => one_by_one(outputs, nearness, chosen),
        };
        if let Some(more) = router.normalized {
            let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
            for (_, weight) in &mut weights {
                *weight /= sum + more;
            }
        }
        for (expert, weight) in weights {
            routes[expert].push((row as u32, weight * router.scale));
        }
    }
    routes
}

/// The probability of each of `count` experts, `(rows, count)`, of a router's outputs: the scores that experts are chosen by, before
/// corrections, groups and whatever happens to those of the chosen.
pub(in crate::models) fn probabilities(outputs: &[f32], router: &Router, count: usize) -> Vec<f32> {
    outputs.chunks_exact(count).flat_map(|outputs| scores(outputs, router)).collect()
}

/// The scores of a row's experts. Sparsemixer has none of all experts at once: theirs are the softmax that its choice begins from.
fn scores(outputs: &[f32], router: &Router) -> Vec<f32> {
    match router.score {
        Score::Softmax | Score::Sparsemixer { .. } => softmax(outputs),
        Score::Sigmoid => outputs.iter().map(|output| 1.0 / (1.0 + (-output).exp())).collect(),
    }
}

/// The best by score, corrected for the choice, with their scores.
fn by_score(scores: Vec<f32>, router: &Router, correction: &[f32], chosen: usize) -> Vec<(usize, f32)> {
    let mut for_choice = scores.clone();
    for (score, correction) in for_choice.iter_mut().zip(correction) {
        *score += correction;
    }
    if let Some(groups) = router.groups {
        leave_groups(&mut for_choice, groups);
    }
    best(&for_choice, chosen).map(|expert| (expert, scores[expert])).collect()
}

/// The places of the `n` largest values, the largest first; of equal ones the first.
fn best(values: &[f32], n: usize) -> impl Iterator<Item = usize> + use<> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    places.into_iter().take(n)
}

/// Makes the scores of experts in groups that are not among the best the least there are.
fn leave_groups(scores: &mut [f32], groups: Groups) {
    let size = scores.len() / groups.count;
    let of_groups: Vec<f32> = scores
        .chunks_exact(size)
        .map(|group| best(group, groups.best).map(|place| group[place]).sum())
        .collect();
    let kept: Vec<usize> = best(&of_groups, groups.chosen).collect();
    for (index, group) in scores.chunks_exact_mut(size).enumerate() {
        if !kept.contains(&index) {
            group.fill(f32::NEG_INFINITY);
        }
    }
}

/// The best, then the best of those that are left, and so on: each with its share among those near it.
fn one_by_one(outputs: &[f32], nearness: f32, chosen: usize) -> Vec<(usize, f32)> {
    let mut left = outputs.to_vec();
    let mut weights = Vec::with_capacity(chosen);
    for _ in 0..chosen {
        let Some(expert) = best(&left, 1).next() else { break };
        let most = left[expert];
        let near = left.iter().zip(outputs).map(|(&left, &output)| {
            let far = (most - output) / output.abs().max(most) > 2.0 * nearness;
            if far { f32::NEG_INFINITY } else { left }
        });
        let shares = softmax(&near.collect::<Vec<f32>>());
        weights.push((expert, shares[expert]));
        left[expert] = f32::NEG_INFINITY;
    }
    weights
}

/// `e^(x - max) / sum`.
fn softmax(values: &[f32]) -> Vec<f32> {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f32> = values.iter().map(|value| (value - most).exp()).collect();
    let total: f32 = exps.iter().sum();
    exps.into_iter().map(|exp| exp / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_chosen_and_weighed() {
        let outputs = [0.0, 2.0, 1.0, -1.0, 3.0, 3.0, 0.0, 0.0];
        let plain = route(&outputs, &Router::softmax(false), &[], (4, 2));
        let total: f32 = [0.0f32, 2.0, 1.0, -1.0].iter().map(|x| x.exp()).sum();
        assert_eq!(plain[1].len() + plain[2].len(), 3);
        assert!((plain[1][0].1 - 2f32.exp() / total).abs() < 1e-6);
        let normalized = route(&outputs, &Router::softmax(true), &[], (4, 2));
        // Of equal ones each has half.
        assert_eq!((normalized[0].as_slice(), normalized[1][1]), ([(1, 0.5)].as_slice(), (1, 0.5)));
    }

    #[test]
    fn groups_are_chosen_first_and_corrections_count_for_the_choice_alone() {
        let groups = Some(Groups { count: 2, chosen: 1, best: 2 });
        let router = Router { score: Score::Sigmoid, groups, ..Router::softmax(false) };
        // The best of all is in the group whose two best are less.
        let outputs = [2.0, -9.0, 1.0, 1.0];
        let routes = route(&outputs, &router, &[], (4, 1));
        assert_eq!(routes.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 1, 0]);
        let routes = route(&outputs, &router, &[0.0, 0.0, 0.0, 0.5], (4, 1));
        assert_eq!(routes[3], [(0, 1.0 / (1.0 + (-1f32).exp()))]);
    }
}
