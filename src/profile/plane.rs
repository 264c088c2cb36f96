//! Entries that are of two axes at once: a channel at a time, a head of a layer. Told by how they are called.

use std::collections::{BTreeMap, BTreeSet};

use super::axis::{AxisKind, by_numbers};

/// What sets the two parts of a name apart, the surest first.
const MARKS: [&str; 7] = [", ", "/", "|", " ", "_", ":", "."];
/// How many marks may stand before the one between the parts.
const DEPTH: usize = 3;

/// Two axes, and where each entry is on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plane {
    /// What stands in a row each, and what in a column each: times, and else layers that go with things without an order, are columns.
    pub axes: [PlaneAxis; 2],
    /// Of each entry, its row and its column.
    pub cells: Vec<[usize; 2]>,
}

/// One of the two axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneAxis {
    /// What it is of.
    pub kind: AxisKind,
    /// What one of its entries is called: `channel`.
    pub noun: String,
    /// The names of its entries, in their order.
    pub names: Vec<String>,
}

impl Plane {
    /// The two axes of entries that are called `names`, which are distinct; `None` where they are of one, or of three.
    ///
    /// A name is two words with numbers (`channel 3, time 12`, as `--axes channel,time,n,unit` makes them), or has two parts on either
    /// side of a mark, of which one is a time, or a layer, and the other is not (`V1/0-50 ms`, `layer.3.head.5`).
    #[must_use]
    pub fn of(names: &[impl AsRef<str>]) -> Option<Self> {
        let names = varying(names);
        if axes_of(&names) > 2 {
            return None;
        }
        let ends = [false, true].iter().flat_map(|&from_end| (1..=DEPTH).map(move |depth| (from_end, depth)));
        let ways: Vec<(bool, usize)> = ends.collect();
        MARKS.iter().find_map(|mark| {
            ways.iter().find_map(|&(from_end, depth)| {
                let parts: Option<Vec<(&str, &str)>> =
                    names.iter().map(|name| split(name, mark, from_end, depth)).collect();
                plane(&parts?, *mark == ", ")
            })
        })
    }

    /// The entry at each row and column; `None` where there is none.
    #[must_use]
    pub fn entries(&self) -> Vec<Vec<Option<usize>>> {
        let mut all = vec![vec![None; self.axes[1].names.len()]; self.axes[0].names.len()];
        for (entry, &[row, column]) in self.cells.iter().enumerate() {
            all[row][column] = Some(entry);
        }
        all
    }
}

impl PlaneAxis {
    /// What several of its entries are called.
    #[must_use]
    pub fn nouns(&self) -> String {
        format!("{}s", self.noun)
    }

    /// Whether `word` is what it is called: `time`, `times`.
    #[must_use]
    pub fn is_called(&self, word: &str) -> bool {
        let word = word.trim().to_lowercase();
        [self.noun.as_str(), self.kind.noun()].iter().any(|&noun| word == noun || word == format!("{noun}s"))
    }

    /// What tells entry `at` from the others beside the noun: `3` of `channel 3`.
    #[must_use]
    pub fn bare(&self, at: usize) -> &str {
        let name = &self.names[at];
        match numbered(name) {
            Some((word, number)) if word.to_lowercase() == self.noun => number,
            _ => name,
        }
    }

    /// The axis of entries that are called `names`, which are distinct and of one axis.
    #[must_use]
    pub fn named(names: &[impl AsRef<str>]) -> Self {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        Self::of(&names).0
    }

    fn of(names: &[&str]) -> (Self, Vec<usize>) {
        let mut distinct: Vec<&str> = Vec::new();
        let mut seen = BTreeSet::new();
        distinct.extend(names.iter().copied().filter(|name| seen.insert(*name)));
        let kind = AxisKind::of(&distinct);
        if kind != AxisKind::Named || distinct.iter().all(|name| numbered(name).is_some()) {
            distinct.sort_by(|a, b| by_numbers(a, b));
        }
        let word = |name: &str| numbered(name).map(|(word, _)| word.to_lowercase());
        let first = distinct.first().and_then(|name| word(name));
        let same = first.filter(|first| distinct.iter().all(|name| word(name).as_ref() == Some(first)));
        // `t 3` is a time, and `h.3` a head.
        let noun = same.filter(|word| word.chars().count() > 2).unwrap_or_else(|| kind.noun().to_owned());
        let place: BTreeMap<&str, usize> =
            distinct.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let places = names.iter().map(|name| place[name]).collect();
        (Self { kind, noun, names: distinct.into_iter().map(str::to_owned).collect() }, places)
    }
}

/// How many axes `--axes` made, by the names: `region 0, layer 1, time 2` and `V1, layer 1, time 2` have three. At least one.
#[must_use]
pub fn n_axes(names: &[impl AsRef<str>]) -> usize {
    axes_of(&varying(names))
}

/// `names` without what all of them have in the same place: `channel 0, time 0` for `subject 1, channel 0, time 0` where all are of
/// one subject.
fn varying(names: &[impl AsRef<str>]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = names.iter().map(|name| name.as_ref().split(", ").collect()).collect();
    let n = parts.first().map_or(0, Vec::len);
    let alike = parts.iter().all(|parts| parts.len() == n);
    let varies = |at: &usize| parts.iter().any(|other| other[*at] != parts[0][*at]);
    let kept: Vec<usize> = if alike { (0..n).filter(varies).collect() } else { Vec::new() };
    if kept.is_empty() {
        return names.iter().map(|name| name.as_ref().to_owned()).collect();
    }
    parts.iter().map(|parts| kept.iter().map(|&at| parts[at]).collect::<Vec<_>>().join(", ")).collect()
}

/// [`n_axes`] of names of which something varies in every place.
fn axes_of(names: &[String]) -> usize {
    let of = |name: &str| {
        let parts: Vec<&str> = name.split(", ").collect();
        let counted = parts.iter().rev().take_while(|part| numbered(part).is_some()).count();
        counted + usize::from(counted < parts.len())
    };
    names.iter().map(|name| of(name)).min().unwrap_or(1).max(1)
}

/// `channel 3` as `channel` and `3`; `head.3` too.
fn numbered(name: &str) -> Option<(&str, &str)> {
    let at = name.find(|c: char| c.is_ascii_digit())?;
    let (word, number) = name.split_at(at);
    let word = word.strip_suffix([' ', '.', '_', '-', ':', '='])?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || c == '_');
    (is_word && number.chars().all(|c| c.is_ascii_digit())).then_some((word, number))
}

/// `name` before and after its mark number `depth`, counted from one end.
fn split<'a>(name: &'a str, mark: &str, from_end: bool, depth: usize) -> Option<(&'a str, &'a str)> {
    let at = if from_end {
        name.rmatch_indices(mark).nth(depth - 1)?.0
    } else {
        name.match_indices(mark).nth(depth - 1)?.0
    };
    let (before, after) = (name[..at].trim(), name[at + mark.len()..].trim());
    (!before.is_empty() && !after.is_empty()).then_some((before, after))
}

/// The plane of `parts`, if they are of two axes; `sure`: whether the mark between them is that of `--axes`.
fn plane(parts: &[(&str, &str)], sure: bool) -> Option<Plane> {
    let (first, second): (Vec<&str>, Vec<&str>) = parts.iter().copied().unzip();
    let ((a, rows), (b, columns)) = (PlaneAxis::of(&first), PlaneAxis::of(&second));
    let (m, n) = (a.names.len(), b.names.len());
    let distinct = rows.iter().zip(&columns).collect::<BTreeSet<_>>().len();
    // Windows (`0 to 50 ms`, `50 to 100 ms`) would fill the diagonal alone.
    if m < 2 || n < 2 || distinct < parts.len() || 2 * parts.len() <= m * n {
        return None;
    }
    let is_numbered = |axis: &PlaneAxis| axis.names.iter().all(|name| numbered(name).is_some());
    if !(sure && is_numbered(&a) && is_numbered(&b)) {
        // A number alone is a part of a time (`0.5 s`) or of a name.
        let lettered = |axis: &PlaneAxis| axis.names.iter().all(|name| name.contains(char::is_alphabetic));
        let ordered = a.kind.is_ordered() || b.kind.is_ordered();
        if a.kind == b.kind || !ordered || !lettered(&a) || !lettered(&b) {
            return None;
        }
    }
    // Time runs from left to right, and so do layers beside things without an order; heads are columns of their layers.
    let turned = match (a.kind, b.kind) {
        (AxisKind::Time, other) => other != AxisKind::Time,
        (AxisKind::Layers, AxisKind::Named) | (AxisKind::Heads, AxisKind::Layers) => true,
        _ => false,
    };
    let cells = rows.into_iter().zip(columns);
    Some(if turned {
        Plane { axes: [b, a], cells: cells.map(|(row, column)| [column, row]).collect() }
    } else {
        Plane { axes: [a, b], cells: cells.map(|(row, column)| [row, column]).collect() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossed(first: &[&str], mark: &str, second: &[&str]) -> Vec<String> {
        first.iter().flat_map(|a| second.iter().map(move |b| format!("{a}{mark}{b}"))).collect()
    }

    fn found(names: &[impl AsRef<str>]) -> Option<String> {
        let plane = Plane::of(names)?;
        let [rows, columns] = &plane.axes;
        let names = |axis: &PlaneAxis| format!("{} {}", axis.noun, axis.names.join(" "));
        Some(format!("{} x {}", names(rows), names(columns)))
    }

    #[test]
    fn names_of_two_parts_are_of_two_axes() {
        let times = ["0-50 ms", "50-100 ms", "100-150 ms"];
        for (names, said) in [
            (
                crossed(&["region 0", "region 1"], ", ", &["time 0", "time 1"]),
                "region region 0 region 1 x time time 0 time 1",
            ),
            (
                crossed(&["time 0", "time 1"], ", ", &["channel 0", "channel 1"]),
                "channel channel 0 channel 1 x time time 0 time 1",
            ),
            (crossed(&["V1", "V4"], "/", &times), "array V1 V4 x time 0-50 ms 50-100 ms 100-150 ms"),
            (crossed(&["V1", "V4"], " ", &times), "array V1 V4 x time 0-50 ms 50-100 ms 100-150 ms"),
            (
                crossed(&["V1/left", "V4/left"], ", ", &["time 0", "time 1"]),
                "array V1/left V4/left x time time 0 time 1",
            ),
            (crossed(&["Cz", "Pz"], "_", &["t0", "t1"]), "array Cz Pz x time t0 t1"),
            (
                crossed(&["layer.0", "layer.1"], ".", &["head.0", "head.1"]),
                "layer layer.0 layer.1 x head head.0 head.1",
            ),
            (
                crossed(&["head 0", "head 1"], ", ", &["layer 0", "layer 1"]),
                "layer layer 0 layer 1 x head head 0 head 1",
            ),
            (
                crossed(&["region 0", "region 1"], ", ", &["side 0", "side 1"]),
                "region region 0 region 1 x side side 0 side 1",
            ),
            (
                crossed(&["t 10", "t 9"], ", ", &["layer 10", "layer 9"]),
                "layer layer 9 layer 10 x time t 9 t 10",
            ),
        ] {
            assert_eq!(found(&names).as_deref(), Some(said), "{names:?}");
        }
    }

    #[test]
    fn names_of_one_axis_stay_one() {
        for names in [
            &["V1", "V4", "IT"][..],
            &["V1/left", "V1/right", "V4/left", "V4/right"],
            &["0 to 50 ms", "50 to 100 ms", "100 to 150 ms"],
            &["0.1 s", "0.2 s", "1.1 s", "1.2 s"],
            &["t=0.1s", "t=0.2s", "t=1.1s", "t=1.2s"],
            &["lh_1", "lh_2", "rh_1", "rh_2"],
            &["0", "1", "2"],
            &["layer.0", "layer.1"],
            &[
                "region 0, layer 0, time 0",
                "region 0, layer 1, time 1",
                "region 1, layer 0, time 1",
                "region 1, layer 1, time 0",
            ],
        ] {
            assert_eq!(found(names), None, "{names:?}");
        }
        assert_eq!(n_axes(&["region 0, layer 0, time 0", "region 1, layer 1, time 1"]), 3);
        assert_eq!(n_axes(&["V1, layer 0, time 0", "V4, layer 1, time 1"]), 3);
        // What all have in common is no axis: the subject of a run, the only layer.
        let one = crossed(
            &["subject 3, region 0, layer 7", "subject 3, region 1, layer 7"],
            ", ",
            &["time 0", "time 1"],
        );
        assert_eq!(
            (n_axes(&one), found(&one).unwrap()),
            (2, "region region 0 region 1 x time time 0 time 1".to_owned())
        );
        assert_eq!([n_axes(&["V1, time 0"]), n_axes(&["IFG, left"])], [2, 1]);
    }

    #[test]
    fn cells_may_be_missing() {
        let mut names = crossed(&["V1", "V4"], "/", &["t0", "t1", "t2"]);
        names.remove(1);
        let plane = Plane::of(&names).unwrap();
        assert_eq!(plane.entries(), [[Some(0), None, Some(1)], [Some(2), Some(3), Some(4)]]);
        assert_eq!((plane.axes[1].bare(2), plane.axes[1].is_called("Times")), ("t2", true));
        let plane = Plane::of(&crossed(&["region 0", "region 1"], ", ", &["time 0", "time 1"])).unwrap();
        assert_eq!((plane.axes[0].bare(1), plane.axes[0].is_called("regions")), ("1", true));
    }
}
