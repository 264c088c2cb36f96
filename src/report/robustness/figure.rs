//! The figure of a sheet: the share of the variations of each kind in which a claim holds.

use std::collections::BTreeSet;

use super::super::figures::{Exact, Figure};
use super::super::svg::{Drawing, Heatmap, Shades};
use super::super::words;
use crate::robustness::Sheet;
use crate::text;

/// How many claims the figure has; the table has all.
const ROWS: usize = 60;

/// The figure; none where nothing could be asked.
pub(super) fn figure(sheet: &Sheet) -> Option<Figure> {
    let kinds = sheet.kinds();
    // Of features, those next to each other in size are compared.
    let shown: Vec<usize> = (0..sheet.claims.len())
        .filter(|&claim| sheet.claims[claim].adjacent && sheet.held(claim, None).1 > 0)
        .collect();
    if shown.is_empty() || kinds.is_empty() {
        return None;
    }
    let left_out = shown.len().saturating_sub(ROWS);
    let shown = &shown[..shown.len().min(ROWS)];
    let rows: Vec<String> = shown.iter().map(|&claim| words::visible(&sheet.claims[claim].label)).collect();
    let mut columns: Vec<String> = vec!["all".to_owned()];
    columns.extend(kinds.iter().map(|kind| kind.words().to_owned()));
    let share = |(held, asked): (usize, usize)| if asked > 0 { held as f64 / asked as f64 } else { f64::NAN };
    let of_claim = |&claim: &usize| -> Vec<f64> {
        let all = std::iter::once(share(sheet.held(claim, None)));
        all.chain(kinds.iter().map(|&kind| share(sheet.held(claim, Some(kind))))).collect()
    };
    let shares: Vec<Vec<f64>> = shown.iter().map(of_claim).collect();
    let title = "Share of variations in which a claim holds";
    let whole = shares.iter().filter(|row| row[0] >= 1.0).count();
    let description = format!("{whole} of {} claims hold in all variations.", rows.len());
    let (labels, heads): (Vec<&str>, Vec<&str>) =
        (rows.iter().map(String::as_str).collect(), columns.iter().map(String::as_str).collect());
    let none = BTreeSet::new();
    let svg = Heatmap {
        name: title,
        description: &description,
        rows: &labels,
        columns: &heads,
        x_title: "what is varied",
        key: "share of variations",
        values: &|row, column| Some(shares[row][column]),
        shades: Shades::Rising { full: 1.0 },
        marked: &none,
        starred: &none,
    };
    let told = if left_out > 0 { format!(" {left_out} more are in the table.") } else { String::new() };
    Some(Figure {
        id: "robustness",
        title,
        short: "Shares",
        note: format!(
            "1: the claim holds in all variations of that kind, 0: in none; an empty cell could not be asked; {} in all. Rows: the largest feature at a layer, \
             the layers at which a feature matters most, which of two matters more, and how a feature stands to 0.{told}",
            text::counted(sheet.made() as u128, "variation")
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            rows: rows.clone(),
            columns: columns.clone(),
            mean: shares.clone(),
            ..Exact::default()
        },
        description,
    })
}
