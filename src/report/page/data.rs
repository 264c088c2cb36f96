//! The data inside the page: the exact values of its figures, and the tables of the run by column.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::Serialize;

use super::super::figures::{Exact, Figure};
use super::input::Input;
use super::maps::Maps;
use crate::profile::{Order, Profile, Split};
use crate::rundir::score_columns;
use crate::stimuli::{Stimuli, Values};

#[derive(Serialize)]
struct Data<'a> {
    figures: BTreeMap<&'static str, &'a Exact>,
    tables: BTreeMap<&'static str, Vec<Column<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geometry: Option<Maps<'a>>,
}

/// A column of a table; names that repeat are codes into their levels.
#[derive(Serialize)]
#[serde(untagged)]
pub(in crate::report) enum Column<'a> {
    Coded {
        name: &'a str,
        levels: Vec<&'a str>,
        codes: Vec<Option<u32>>,
    },
    Counts {
        name: &'a str,
        values: Vec<u64>,
    },
    Numbers {
        name: &'a str,
        values: Vec<f32>,
    },
    /// Empty where there is no value.
    Texts {
        name: &'a str,
        text: bool,
        values: Vec<Option<&'a str>>,
    },
    Gappy {
        name: &'a str,
        text: bool,
        values: &'a [Option<f64>],
    },
}

impl<'a> Column<'a> {
    pub(in crate::report) fn coded(name: &'a str, texts: impl Iterator<Item = &'a str>) -> Self {
        let mut positions = BTreeMap::new();
        let mut levels = Vec::new();
        let codes = texts
            .map(|text| {
                Some(*positions.entry(text).or_insert_with(|| {
                    levels.push(text);
                    levels.len() as u32 - 1
                }))
            })
            .collect();
        Self::Coded { name, levels, codes }
    }

    fn counts(name: &'a str, values: impl Iterator<Item = u64>) -> Self {
        Self::Counts { name, values: values.collect() }
    }

    /// Rounded to f32, which is what the tables keep.
    fn numbers(name: &'a str, values: impl Iterator<Item = f64>) -> Self {
        Self::Numbers { name, values: values.map(|value| value as f32).collect() }
    }
}

/// The JSON of the data, safe inside a `script` element.
pub(super) fn json(input: Input<'_>, figures: &[Figure]) -> serde_json::Result<String> {
    let Input { profile, stimuli, correlations, geometry, .. } = input;
    let names = stimuli.features().names();
    let data = Data {
        figures: figures.iter().map(|figure| (figure.id, &figure.exact)).collect(),
        tables: BTreeMap::from([
            ("scores", scores(profile)),
            ("importance", importance(profile)),
            ("weights", weights(profile)),
            ("stimuli", table(stimuli)),
            ("correlations", pairs(&names, correlations)),
        ]),
        geometry: geometry.map(Maps::of),
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

fn scores(profile: &Profile) -> Vec<Column<'_>> {
    let rows = || profile.scores.iter();
    let [score, over] = score_columns(&profile.details);
    let split = |split| if split == Split::Train { "train" } else { "test" };
    vec![
        Column::counts("layer", rows().map(|row| row.layer as u64)),
        Column::counts("fold", rows().map(|row| row.fold as u64)),
        Column::coded("split", rows().map(|row| split(row.split))),
        Column::numbers(score, rows().map(|row| row.spearman)),
        Column::counts(over, rows().map(|row| row.pairs)),
    ]
}

fn importance(profile: &Profile) -> Vec<Column<'_>> {
    let rows = || profile.importances.iter();
    let order = |order| match order {
        Order::Main => "main",
        Order::Interaction => "interaction",
        Order::Group => "group",
    };
    vec![
        Column::counts("layer", rows().map(|row| row.layer as u64)),
        Column::counts("fold", rows().map(|row| row.fold as u64)),
        Column::coded("feature", rows().map(|row| row.feature.as_str())),
        Column::coded("order", rows().map(|row| order(row.order))),
        Column::numbers("importance", rows().map(|row| row.importance)),
        Column::numbers("sd", rows().map(|row| row.sd)),
    ]
}

fn weights(profile: &Profile) -> Vec<Column<'_>> {
    let rows = || profile.weights.iter();
    vec![
        Column::counts("layer", rows().map(|row| row.layer as u64)),
        Column::counts("fold", rows().map(|row| row.fold as u64)),
        Column::coded("feature_a", rows().map(|row| row.feature_a.as_str())),
        Column::coded("feature_b", rows().map(|row| row.feature_b.as_str())),
        Column::numbers("weight", rows().map(|row| row.weight)),
    ]
}

fn table(stimuli: &Stimuli) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    if let Ok(sentences) = stimuli.sentences() {
        let values = sentences.iter().map(|sentence| Some(sentence.as_str())).collect();
        columns.push(Column::Texts { name: "sentence", text: true, values });
    }
    for feature in stimuli.features() {
        let name = feature.name();
        columns.push(match feature.values() {
            Values::Categorical { levels, codes } => Column::Coded {
                name,
                levels: levels.iter().map(String::as_str).collect(),
                codes: codes.clone(),
            },
            Values::Numeric(values) => Column::Gappy { name, text: true, values },
            // In no table.
            Values::Distances(_) => continue,
        });
    }
    columns
}

fn pairs<'a>(names: &[&'a str], r: &Array2<f64>) -> Vec<Column<'a>> {
    let pairs = || (0..names.len()).flat_map(|a| (a + 1..names.len()).map(move |b| (a, b)));
    vec![
        Column::coded("feature_a", pairs().map(|(a, _)| names[a])),
        Column::coded("feature_b", pairs().map(|(_, b)| names[b])),
        Column::numbers("correlation", pairs().map(|(a, b)| r.get((a, b)).copied().unwrap_or(f64::NAN))),
    ]
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

    #[test]
    fn numbers_keep_their_f32_and_no_number_is_null() {
        let column = Column::numbers("x", [0.1_f64, f64::NAN, 1.0 / 3.0].into_iter());
        let json = serde_json::to_string(&column).unwrap();
        assert_eq!(json, r#"{"name":"x","values":[0.1,null,0.33333334]}"#);
    }
}
