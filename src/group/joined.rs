//! Which entries of a group are neighbours: those that follow each other on an axis, or that a file lists; on two axes at once, along
//! each of them.

use super::neighbours::place;
use super::{Error, Neighbours, Result, Warning};
use crate::numeric::graph::Graph;
use crate::profile::{AxisKind, Plane, PlaneAxis, n_axes};

/// How the entries of an axis are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Those that follow each other are neighbours.
    InARow,
    /// Pairs that were given are.
    Given,
    /// None are.
    Apart,
}

/// The neighbours of a group.
#[derive(Debug)]
pub(super) struct Neighbourhood {
    pub graph: Graph,
    /// The two axes, where the entries are of two.
    pub plane: Option<Plane>,
    /// How each of them is joined; `None` where pairs of whole entries were given, and with one axis.
    pub joined: Option<[Joined; 2]>,
    /// What to know where clusters are asked for.
    pub warnings: Vec<Warning>,
}

/// The neighbours among the entries `names`. `along`: the axes on which those that follow each other are neighbours, if that was said.
pub(super) fn neighbourhood(
    names: &[String],
    neighbours: &Neighbours,
    along: Option<&[String]>,
) -> Result<Neighbourhood> {
    let plane = Plane::of(names);
    let Some(plane) = plane else {
        let (graph, warnings) = neighbours.graph(names)?;
        let along = along.map(|words| one_axis(names, words)).transpose()?;
        let graph = along.filter(|_| *neighbours == Neighbours::InARow).unwrap_or(graph);
        return Ok(Neighbourhood { graph, plane: None, joined: None, warnings });
    };
    check(&plane.axes, along)?;
    if let Neighbours::Given { pairs, .. } = neighbours
        && pairs.iter().any(|(a, b)| place(names, a).is_some() && place(names, b).is_some())
    {
        let (graph, warnings) = neighbours.graph(names)?;
        return Ok(Neighbourhood { graph, plane: Some(plane), joined: None, warnings });
    }
    let given = match neighbours {
        Neighbours::Given { .. } => Some(given(&plane.axes, neighbours, names)?),
        Neighbours::InARow => None,
    };
    let mut warnings = given.as_ref().map_or_else(Vec::new, |given| given.warnings.clone());
    let joined: [Joined; 2] = std::array::from_fn(|at| match &given {
        Some(given) if !given.edges[at].is_empty() => Joined::Given,
        _ if runs_along(&plane.axes[at], along) => Joined::InARow,
        _ => Joined::Apart,
    });
    let graphs: [Graph; 2] = std::array::from_fn(|at| {
        let n = plane.axes[at].names.len();
        match (joined[at], &given) {
            (Joined::Given, Some(given)) => Graph::new(n, &given.edges[at]),
            (Joined::InARow, _) => Graph::path(n, 1),
            _ => Graph::new(n, &[]),
        }
    });
    for (at, how) in joined.into_iter().enumerate() {
        let (axis, other) = (&plane.axes[at], &plane.axes[1 - at]);
        let along = (joined[1 - at] != Joined::Apart).then(|| other.nouns());
        if how == Joined::Given {
            let alone = (0..axis.names.len()).filter(|&node| graphs[at].beside(node).is_empty());
            let names: Vec<String> = alone.map(|node| axis.names[node].clone()).collect();
            if !names.is_empty() {
                warnings.push(Warning::Alone { names, along });
            }
        } else if how == Joined::Apart {
            warnings.push(Warning::Apart { nouns: axis.nouns(), along });
        }
    }
    let kinds = [plane.axes[0].kind, plane.axes[1].kind];
    if let Some(heads) = kinds.iter().position(|kind| *kind == AxisKind::Heads)
        && kinds[1 - heads] == AxisKind::Layers
        && joined[1 - heads] == Joined::InARow
    {
        warnings.push(Warning::Heads);
    }
    Ok(Neighbourhood { graph: product(&plane, &graphs), plane: Some(plane), joined: Some(joined), warnings })
}

/// Entries that agree on one axis and are neighbours on the other.
fn product(plane: &Plane, [rows, columns]: &[Graph; 2]) -> Graph {
    let entries = plane.entries();
    let mut edges = Vec::new();
    for (entry, &[row, column]) in plane.cells.iter().enumerate() {
        let of_rows = rows.beside(row).iter().filter(|&&other| other > row);
        let of_columns = columns.beside(column).iter().filter(|&&other| other > column);
        let beside =
            of_rows.map(|&row| entries[row][column]).chain(of_columns.map(|&column| entries[row][column]));
        edges.extend(beside.flatten().map(|other| (entry, other)));
    }
    Graph::new(plane.cells.len(), &edges)
}

/// Whether what follows each other on `axis` is beside each other: as `along` has it, else where the axis has an order.
fn runs_along(axis: &PlaneAxis, along: Option<&[String]>) -> bool {
    along.map_or(axis.kind.is_ordered(), |words| words.iter().any(|word| axis.is_called(word)))
}

/// Refuses an axis that is not there, or a word that both are called.
fn check(axes: &[PlaneAxis], along: Option<&[String]>) -> Result<()> {
    for word in along.unwrap_or_default() {
        let called: Vec<String> =
            axes.iter().filter(|axis| axis.is_called(word)).map(|axis| axis.noun.clone()).collect();
        if called.len() != 1 {
            let axes = axes.iter().map(|axis| axis.noun.clone()).collect();
            return Err(Error::NoAxis { word: word.clone(), axes });
        }
    }
    Ok(())
}

/// The neighbours of entries of one axis, where it was said along what.
fn one_axis(names: &[String], along: &[String]) -> Result<Graph> {
    let n = n_axes(names);
    let axis = PlaneAxis::named(names);
    if n > 2 && !along.is_empty() {
        return Err(Error::Axes { n, example: names.first().cloned().unwrap_or_default() });
    }
    check(std::slice::from_ref(&axis), Some(along))?;
    Ok(Graph::path(names.len(), usize::from(!along.is_empty())))
}

/// Pairs of entries of either axis.
struct Given {
    edges: [Vec<(usize, usize)>; 2],
    warnings: Vec<Warning>,
}

/// The pairs of `neighbours`, whose names are entries of one of `axes`, by their names (`channel 3`) or what they add to the noun (`3`).
fn given(axes: &[PlaneAxis; 2], neighbours: &Neighbours, names: &[String]) -> Result<Given> {
    let Neighbours::Given { path, pairs } = neighbours else {
        return Ok(Given { edges: [Vec::new(), Vec::new()], warnings: Vec::new() });
    };
    // An axis that has no order first: `3` is a channel, and not a time.
    let order = if axes[0].kind.is_ordered() { [1, 0] } else { [0, 1] };
    let bare: Vec<Vec<String>> =
        axes.iter().map(|axis| (0..axis.names.len()).map(|at| axis.bare(at).to_owned()).collect()).collect();
    let whole = |at: usize, name: &String| place(&axes[at].names, name);
    let short = |at: usize, name: &String| whole(at, name).or_else(|| place(&bare[at], name));
    let both = |find: &dyn Fn(usize, &String) -> Option<usize>, a: &String, b: &String| {
        order.iter().find_map(|&at| Some((at, find(at, a)?, find(at, b)?)))
    };
    let known = |name: &String| order.iter().find(|&&at| short(at, name).is_some()).copied();
    let mut edges = [Vec::new(), Vec::new()];
    let mut strangers: Vec<String> = Vec::new();
    for (i, (a, b)) in pairs.iter().enumerate() {
        if let Some((at, a, b)) = both(&whole, a, b).or_else(|| both(&short, a, b)) {
            edges[at].push((a, b));
            continue;
        }
        match (known(a), known(b)) {
            (Some(_), Some(_)) => {
                return Err(Error::AcrossAxes {
                    path: path.clone(),
                    pair: [a.clone(), b.clone()],
                    axes: [axes[0].nouns(), axes[1].nouns()],
                });
            }
            // A first line that names nothing is a header.
            (None, None) if i == 0 && pairs.len() > 1 => {}
            (found_a, found_b) => {
                for (name, found) in [(a, found_a), (b, found_b)] {
                    if found.is_none() && !strangers.contains(name) {
                        strangers.push(name.clone());
                    }
                }
            }
        }
    }
    if edges.iter().all(Vec::is_empty) {
        let names =
            if axes[order[0]].names.len() > 1 { axes[order[0]].names.clone() } else { names.to_vec() };
        return Err(Error::NoNeighbours { path: path.clone(), entries: names });
    }
    let warnings =
        if strangers.is_empty() { Vec::new() } else { vec![Warning::Strangers { names: strangers }] };
    Ok(Given { edges, warnings })
}
