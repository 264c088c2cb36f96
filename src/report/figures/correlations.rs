//! How the distances of features correlate, with confounds marked.

use std::collections::BTreeSet;

use ndarray::Array2;

use super::super::svg::{Drawing, Heatmap, Shades};
use super::super::words;
use super::figure::{CONFOUNDED, Exact, Figure, STYLES, short};
use crate::text;

/// The figure of how features' distances correlate, `(n_features, n_features)`, and the pairs that are confounded, the
/// strongest first.
pub(in crate::report) fn correlations(names: &[&str], r: &Array2<f64>) -> (Figure, Vec<(usize, usize, f64)>) {
    let title = "Correlations between features";
    let cell = |row: usize, column: usize| r.get((row, column)).copied().unwrap_or(f64::NAN);
    let mut confounded = Vec::new();
    for row in 1..names.len() {
        confounded.extend(
            (0..row).map(|column| (row, column, cell(row, column))).filter(|x| x.2.abs() > CONFOUNDED),
        );
    }
    confounded.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    let marked = confounded.iter().map(|&(row, column, _)| (row - 1, column)).collect();
    let names: Vec<String> = names.iter().map(|name| words::visible(name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let description = if confounded.is_empty() {
        format!("No two features' distances correlate above {CONFOUNDED} in absolute value.")
    } else {
        let pairs = confounded.iter().take(STYLES);
        let pairs: Vec<String> = pairs
            .map(|&(a, b, r)| format!("{} with {} ({})", names[b], names[a], words::short(r, 2)))
            .collect();
        format!("Confounded pairs: {}.", text::some(&pairs, 10))
    };
    // A triangle without its diagonal: one row and one column fewer than there are features.
    let (rows, columns) = match names.len() {
        0 | 1 => (names.as_slice(), names.as_slice()),
        n => (&names[1..], &names[..n - 1]),
    };
    let offset = usize::from(names.len() > 1);
    let below = |row: usize, column: usize| (column < row + offset).then(|| cell(row + offset, column));
    let heatmap = Heatmap {
        name: title,
        description: &description,
        rows,
        columns,
        x_title: "",
        key: "correlation of feature distances",
        values: &below,
        shades: Shades::Diverging { full: 1.0 },
        marked: &marked,
        starred: &BTreeSet::new(),
    };
    let svg = Drawing::of(|room| heatmap.render(room));
    let values =
        |row: usize| (0..columns.len()).map(|column| below(row, column).unwrap_or(f64::NAN)).collect();
    let exact = Exact {
        along: "",
        rows: rows.iter().map(|&name| name.to_owned()).collect(),
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        mean: (0..rows.len()).map(values).collect(),
        triangle: names.len() > 1,
        ..Exact::default()
    };
    let note = format!(
        "Pearson correlation of two features' distances over pairs of stimuli. Outlined: above {CONFOUNDED} in absolute \
         value, where a part of the importance cannot be attributed to one of the two."
    );
    let figure = Figure {
        id: "correlations",
        title,
        short: short("correlations"),
        note,
        description,
        svg,
        legend: Vec::new(),
        names_curves: true,
        exact,
    };
    (figure, confounded)
}
