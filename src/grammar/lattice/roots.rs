//! A rule that was walked through, as nodes: one to start from for each set of features that its head ends with.

use std::collections::BTreeMap;

use super::builder::{Builder, State};
use super::graph::{Refused, Step};
use crate::grammar::unify::Key;

impl Builder<'_> {
    /// For each end of a walk through `levels`, what its head is and the node to start from to reach it.
    pub(super) fn roots(&mut self, mut levels: Vec<Vec<State>>) -> Result<Vec<(Key, usize)>, Refused> {
        let last = levels.len() - 1;
        if levels[last].len() < 2 {
            return self.root(levels);
        }
        // For each state the edges that lead to it: `(position, state, which of its edges)`.
        let mut before: Vec<Vec<Vec<(usize, usize, usize)>>> =
            levels.iter().map(|level| vec![Vec::new(); level.len()]).collect();
        for (position, level) in levels.iter().enumerate() {
            for (state, State { edges, .. }) in level.iter().enumerate() {
                for (at, &(_, to, there)) in edges.iter().enumerate() {
                    before[to][there].push((position, state, at));
                }
            }
        }
        // Backwards from each end, over what leads to it alone: for each state the edges to take, and the nodes they go to.
        let mut roots = Vec::with_capacity(levels[last].len());
        let mut reaching: Vec<BTreeMap<usize, Vec<(usize, usize)>>> = vec![BTreeMap::new(); last + 1];
        for end in 0..levels[last].len() {
            reaching[last].insert(end, Vec::new());
            for position in (0..=last).rev() {
                for (state, mut taken) in std::mem::take(&mut reaching[position]) {
                    taken.sort_unstable();
                    let edges = &levels[position][state].edges;
                    let node = self.node(taken.iter().map(|&(at, node)| (edges[at].0, node)).collect())?;
                    for &(position, state, at) in &before[position][state] {
                        reaching[position].entry(state).or_default().push((at, node));
                    }
                    if position == 0 {
                        roots.push((std::mem::take(&mut levels[last][end].key), node));
                    }
                }
            }
        }
        Ok(roots)
    }

    /// The same where there is one end at most, as for most words: every state that reaches it.
    fn root(&mut self, mut levels: Vec<Vec<State>>) -> Result<Vec<(Key, usize)>, Refused> {
        let last = levels.len() - 1;
        if levels[last].is_empty() {
            return Ok(Vec::new());
        }
        let mut nodes: Vec<Vec<Option<usize>>> = levels.iter().map(|level| vec![None; level.len()]).collect();
        nodes[last][0] = Some(self.node(Vec::new())?);
        for position in (0..last).rev() {
            for (state, State { edges, .. }) in levels[position].iter().enumerate() {
                let alive: Vec<(Step, usize)> =
                    edges.iter().filter_map(|&(step, to, at)| Some((step, nodes[to][at]?))).collect();
                if !alive.is_empty() {
                    nodes[position][state] = Some(self.node(alive)?);
                }
            }
        }
        let key = std::mem::take(&mut levels[last][0].key);
        Ok(nodes[0][0].map(|root| (key, root)).into_iter().collect())
    }
}
