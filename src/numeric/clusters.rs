//! Clusters: neighbours whose statistics lie beyond a threshold on the same side (Maris and Oostenveld 2007, Journal of Neuroscience
//! Methods 164).

use super::graph::Graph;
use super::sign_flips::Tail;

/// What of a cluster is compared with the clusters of flips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// The sum of its statistics.
    #[default]
    Mass,
    /// How many nodes it has.
    Size,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Its nodes, ascending.
    pub nodes: Vec<usize>,
    /// The sum of their statistics; negative below 0.
    pub mass: f64,
}

impl Cluster {
    /// What is compared.
    #[must_use]
    pub fn size(&self, measure: Measure) -> f64 {
        match measure {
            Measure::Mass => self.mass.abs(),
            Measure::Size => self.nodes.len() as f64,
        }
    }
}

/// Buffers that one search leaves for the next.
#[derive(Debug, Default)]
pub struct Scratch {
    seen: Vec<bool>,
    nodes: Vec<usize>,
}

/// Shows `each` the nodes of every cluster of `statistics` beyond `threshold` (above 0) and its mass. What is no number is beyond nothing.
pub fn visit(
    statistics: &[f64],
    (threshold, tail): (f64, Tail),
    graph: &Graph,
    scratch: &mut Scratch,
    mut each: impl FnMut(&[usize], f64),
) {
    let Scratch { seen, nodes } = scratch;
    for &side in tail.sides() {
        seen.clear();
        seen.extend(statistics.iter().map(|&t| t.is_nan() || side * t <= threshold));
        for start in 0..statistics.len() {
            if seen[start] {
                continue;
            }
            nodes.clear();
            nodes.push(start);
            seen[start] = true;
            let (mut at, mut mass) = (0, 0.0);
            while let Some(&node) = nodes.get(at) {
                mass += statistics[node];
                at += 1;
                for &next in graph.beside(node) {
                    if !std::mem::replace(&mut seen[next], true) {
                        nodes.push(next);
                    }
                }
            }
            each(nodes, mass);
        }
    }
}

/// The clusters of `statistics` beyond `threshold`, by their first node.
#[must_use]
pub fn clusters(statistics: &[f64], beyond: (f64, Tail), graph: &Graph) -> Vec<Cluster> {
    let mut all = Vec::new();
    visit(statistics, beyond, graph, &mut Scratch::default(), |nodes, mass| {
        let mut nodes = nodes.to_vec();
        nodes.sort_unstable();
        all.push(Cluster { nodes, mass });
    });
    all.sort_by_key(|cluster| cluster.nodes[0]);
    all
}
