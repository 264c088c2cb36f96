//! The data inside the page: the exact values of its figures, the stimuli by column, their maps, and the tables of the run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::axis::Axis;
use super::super::figures::{Exact, Figure};
use super::files::{self, Embedded};
use super::input::Input;
use super::maps::Maps;
use crate::stimuli::{Stimuli, Values};

#[derive(Serialize)]
struct Data<'a> {
    figures: BTreeMap<&'static str, &'a Exact>,
    files: Vec<Embedded<'a>>,
    n_stimuli: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences: Option<&'a [String]>,
    /// The features, by column.
    stimuli: Vec<Column<'a>>,
    /// The feature that the stimuli are coloured by at first, and the map that is shown at first.
    colour: usize,
    best: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    geometry: Option<Maps<'a>>,
}

/// A feature: codes into its levels, or numbers.
#[derive(Serialize)]
#[serde(untagged)]
enum Column<'a> {
    Coded { name: &'a str, levels: Vec<&'a str>, codes: &'a [Option<u32>] },
    Numbers { name: &'a str, values: &'a [Option<f64>] },
}

/// The JSON of the data, safe inside a `script` element.
pub(super) fn json(
    input: Input<'_>,
    figures: &[Figure],
    axis: &Axis,
    [colour, best]: [usize; 2],
) -> serde_json::Result<String> {
    let Input { stimuli, geometry, files, .. } = input;
    let data = Data {
        figures: figures.iter().map(|figure| (figure.id, &figure.exact)).collect(),
        files: files::embedded(files),
        n_stimuli: stimuli.len(),
        sentences: stimuli.sentences().ok(),
        stimuli: columns(stimuli),
        colour,
        best,
        geometry: geometry.map(|geometry| Maps::of(geometry, axis)),
    };
    Ok(inert(&serde_json::to_string(&data)?))
}

/// `json` without a character that could end the element it stands in, or a line where the script counts them.
pub(in crate::report) fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // These occur only inside strings, where an escape means the same.
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// The features that a stimulus can be coloured by, in their order; distances that were given are in no table.
fn columns(stimuli: &Stimuli) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    for feature in stimuli.features() {
        let name = feature.name();
        columns.push(match feature.values() {
            Values::Categorical { levels, codes } => {
                Column::Coded { name, levels: levels.iter().map(String::as_str).collect(), codes }
            }
            Values::Numeric(values) => Column::Numbers { name, values },
            Values::Distances(_) => continue,
        });
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_can_leave_its_element() {
        let name = "</script><!--&\u{2028}";
        let json = inert(&serde_json::to_string(name).unwrap());
        assert!(!json.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), name);
    }
}
