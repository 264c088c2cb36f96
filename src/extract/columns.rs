//! The columns of stimuli that transforms of their activations ask for.

use std::collections::BTreeMap;

use crate::activations::{Column, Transform};
use crate::stimuli::{FeatureTable, Values};

/// The columns of `features` for [`transform`](crate::activations::transform()): all that have values, where one of `transforms` asks
/// for any.
#[must_use]
pub fn columns(features: &FeatureTable, transforms: &[Transform]) -> Vec<Column> {
    if transforms.iter().all(|transform| transform.columns().is_empty()) {
        return Vec::new();
    }
    let mut columns = Vec::new();
    for feature in features {
        // What is given as distances has no values.
        let Some(keys) = feature.keys() else { continue };
        let numbers = match feature.values() {
            Values::Numeric(values) => Some(values.clone()),
            _ => None,
        };
        let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        let mut without = Vec::new();
        for (row, key) in keys.into_iter().enumerate() {
            key.map_or(&mut without, |key| groups.entry(key).or_default()).push(row);
        }
        columns.push(Column {
            name: feature.name().to_owned(),
            groups: groups.into_values().collect(),
            without,
            numbers,
        });
    }
    columns
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::activations::{Activations, Beside, Provenance};
    use crate::progress::Silent;
    use crate::stimuli::Feature;

    fn features() -> FeatureTable {
        let session = ["a", "b", "a", "b", "a", "b"].map(Some);
        let length = [1.0, 2.0, 3.0, 4.0, 5.0, 7.0].map(Some).to_vec();
        FeatureTable::new(
            6,
            vec![Feature::categorical("session", &session), Feature::numeric("length", length).unwrap()],
        )
        .unwrap()
    }

    fn after(name: &str) -> Result<Array2<f32>, crate::activations::Error> {
        let x = array![[1.0f32, 3.0], [10.0, 5.0], [3.0, 3.0], [14.0, 5.5], [5.0, 3.0], [30.0, 6.0]];
        let steps: Vec<Transform> = vec![name.parse().unwrap()];
        let columns = columns(&features(), &steps);
        let beside = Beside { columns: &columns, ..Beside::default() };
        let plain = Activations::new(vec![0], vec![x], Provenance::default()).unwrap();
        Ok(plain.transform(&steps, None, beside, &Silent)?.matrix(0).to_owned())
    }

    #[test]
    fn units_are_brought_to_one_scale_within_a_session() {
        let found = after("z-score:session").unwrap();
        for (unit, rows) in [(0, [0, 2, 4]), (0, [1, 3, 5]), (1, [1, 3, 5])] {
            let of = rows.map(|row| f64::from(found[[row, unit]]));
            let mean = of.iter().sum::<f64>() / 3.0;
            let sd = (of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
            assert!(mean.abs() < 1e-6 && (sd - 1.0).abs() < 1e-6, "{found}");
        }
        assert!([0, 2, 4].iter().all(|&row| found[[row, 1]] == 0.0));
    }

    #[test]
    fn means_of_groups_are_taken_out() {
        let found = after("minus-group-mean:session").unwrap();
        assert_eq!(found.column(0).to_vec(), [-2.0, -8.0, 0.0, -4.0, 2.0, 12.0]);
    }

    #[test]
    fn what_is_left_of_a_regression_is_orthogonal_to_it() {
        // numpy.linalg.lstsq of the first unit on 1, session and length.
        let found = after("residual:session+length").unwrap().mapv(f64::from);
        let length = [1.0, 2.0, 3.0, 4.0, 5.0, 7.0];
        for unit in 0..2 {
            let column = found.column(unit);
            let along = column.iter().zip(length).map(|(x, y)| x * y).sum::<f64>();
            let of_a = column[0] + column[2] + column[4];
            assert!(along.abs() < 1e-4 && of_a.abs() < 1e-4 && column.sum().abs() < 1e-4, "{found}");
        }
        // A feature that is a number has a slope, and not a mean for each value.
        assert!(found[[5, 0]].abs() > 0.1);
    }

    #[test]
    fn a_column_of_names_leaves_nothing() {
        let names: Vec<String> = (0..6).map(|i| format!("s{i}")).collect();
        let names: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
        let features = FeatureTable::new(6, vec![Feature::categorical("id", &names)]).unwrap();
        for name in ["minus-group-mean:id", "z-score:id", "residual:id"] {
            let steps: Vec<Transform> = vec![name.parse().unwrap()];
            let columns = columns(&features, &steps);
            let beside = Beside { columns: &columns, ..Beside::default() };
            let x = Array2::from_shape_fn((6, 2), |(i, unit)| (i * i + unit) as f32);
            let plain = Activations::new(vec![0], vec![x], Provenance::default()).unwrap();
            let error = plain.transform(&steps, None, beside, &Silent).unwrap_err();
            assert!(error.to_string().starts_with(&format!("{name} leaves nothing")), "{error}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let error = after("z-score:sesion").unwrap_err();
        assert_eq!(error.to_string(), "the stimuli have no column `sesion`, which a transform asks for");
        assert_eq!(error.hint().unwrap(), "did you mean session?");
    }
}
