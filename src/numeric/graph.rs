//! Neighbours: which of some nodes lie beside which.

/// An undirected graph of nodes from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// Where the neighbours of each node start in `neighbours`, and where those of the last end.
    starts: Vec<usize>,
    neighbours: Vec<usize>,
}

impl Graph {
    /// `nodes` nodes of which the two of each of `edges` are neighbours. An edge twice is one, an edge to itself or to a node that is
    /// not there is none.
    #[must_use]
    pub fn new(nodes: usize, edges: &[(usize, usize)]) -> Self {
        let mut beside = vec![Vec::new(); nodes];
        for &(a, b) in edges.iter().filter(|&&(a, b)| a != b && a < nodes && b < nodes) {
            beside[a].push(b);
            beside[b].push(a);
        }
        let (mut starts, mut neighbours) = (vec![0], Vec::new());
        for mut of_node in beside {
            of_node.sort_unstable();
            of_node.dedup();
            neighbours.extend(of_node);
            starts.push(neighbours.len());
        }
        Self { starts, neighbours }
    }

    /// Nodes in a row, each beside those up to `reach` before and after it.
    #[must_use]
    pub fn path(nodes: usize, reach: usize) -> Self {
        let edges: Vec<(usize, usize)> =
            (0..nodes).flat_map(|a| (a + 1..nodes.min(a + reach + 1)).map(move |b| (a, b))).collect();
        Self::new(nodes, &edges)
    }

    /// How many nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbours of `node`, ascending.
    #[must_use]
    pub fn beside(&self, node: usize) -> &[usize] {
        &self.neighbours[self.starts[node]..self.starts[node + 1]]
    }

    /// Each node of this graph (say, a time) with each node of `other` (a channel): node `i · other.len() + j`. Two are neighbours
    /// where they agree in one part and are neighbours in the other.
    #[must_use]
    pub fn product(&self, other: &Self) -> Self {
        let (rows, columns) = (self.len(), other.len());
        let mut edges = Vec::new();
        for i in 0..rows {
            for j in 0..columns {
                edges.extend(self.beside(i).iter().map(|k| (i * columns + j, k * columns + j)));
                edges.extend(other.beside(j).iter().map(|k| (i * columns + j, i * columns + k)));
            }
        }
        Self::new(rows * columns, &edges)
    }

    /// `times` of this graph side by side, none of which has a neighbour in another.
    #[must_use]
    pub fn copies(&self, times: usize) -> Self {
        Self::new(times, &[]).product(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_copies_have_the_neighbours_of_their_parts() {
        let row = Graph::path(3, 1);
        assert_eq!([row.beside(0), row.beside(1), row.beside(2)], [&[1][..], &[0, 2], &[1]]);
        assert_eq!(Graph::path(4, 2).beside(0), [1, 2]);
        let lattice = row.product(&Graph::path(4, 1));
        assert_eq!((lattice.len(), lattice.beside(5)), (12, &[1, 4, 6, 9][..]));
        let twice = row.copies(2);
        assert_eq!((twice.len(), twice.beside(2), twice.beside(3)), (6, &[1][..], &[4][..]));
        assert_eq!(Graph::new(2, &[(0, 1), (1, 0), (1, 1), (0, 7)]).beside(1), [0]);
        assert!(Graph::path(0, 1).is_empty());
    }
}
