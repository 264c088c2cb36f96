//! Data of the benchmarks: features like those of `relative_clause`, and layers that they move.

use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;

/// `n_categorical` features of two levels and `n_numeric` of seven values, and `n_layers` layers of `d_model` units that they
/// move.
pub fn data(
    n_stimuli: usize,
    n_categorical: usize,
    n_numeric: usize,
    n_layers: usize,
    d_model: usize,
) -> (FeatureTable, Vec<Array2<f32>>) {
    let mut stream = Stream::new(0, "bench");
    let mut features = Vec::new();
    let mut codes: Vec<Vec<f64>> = Vec::new();
    for index in 0..n_categorical {
        let column: Vec<usize> = (0..n_stimuli).map(|_| stream.index(2)).collect();
        let names: Vec<Option<String>> = column.iter().map(|code| Some(code.to_string())).collect();
        features.push(Feature::categorical(&format!("c{index}"), &names));
        codes.push(column.iter().map(|&code| code as f64).collect());
    }
    for index in 0..n_numeric {
        let levels: Vec<f64> = (0..7).map(|_| 2.0 + 5.0 * stream.unit()).collect();
        let column: Vec<f64> = (0..n_stimuli).map(|_| levels[stream.index(7)]).collect();
        let values = column.iter().copied().map(Some).collect();
        features.push(Feature::numeric(&format!("n{index}"), values).unwrap());
        codes.push(column.iter().map(|x| x / 7.0).collect());
    }
    let layers = (0..n_layers)
        .map(|_| {
            let mix =
                Array2::from_shape_fn((codes.len(), d_model), |(k, _)| stream.normal() / (1 + k) as f64);
            Array2::from_shape_fn((n_stimuli, d_model), |(i, unit)| {
                let signal: f64 =
                    codes.iter().enumerate().map(|(k, column)| column[i] * mix[[k, unit]]).sum();
                (signal + 0.3 * stream.normal()) as f32
            })
        })
        .collect();
    (FeatureTable::new(n_stimuli, features).unwrap(), layers)
}
