//! The estimator against the published package's results, and its properties on whole fits.

use std::path::{Path, PathBuf};

use mlem_probe::mlem::{FittedMlem, Mlem, MlemParams};
use mlem_probe::stimuli::{FeatureTable, Stimuli};
use ndarray::Array2;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reference").join(name)
}

/// The matrix of a version 1.0 `.npy` of little-endian f32.
fn read_npy(path: &Path) -> Array2<f32> {
    let bytes = std::fs::read(path).unwrap();
    let header_len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + header_len]).unwrap();
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    let shape = header.split('(').nth(1).unwrap().split(')').next().unwrap();
    let shape: Vec<usize> = shape.split(',').map(|n| n.trim().parse().unwrap()).collect();
    let values = bytes[10 + header_len..].chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap()));
    Array2::from_shape_vec((shape[0], shape[1]), values.collect()).unwrap()
}

fn mixed() -> (FeatureTable, Array2<f32>) {
    let stimuli = Stimuli::read(&reference("mixed.features.csv")).unwrap();
    (stimuli.features().clone(), read_npy(&reference("mixed.activations.npy")))
}

fn published() -> serde_json::Value {
    let text = std::fs::read_to_string(reference("mixed.reference.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["results"][0].clone()
}

fn fit(params: &MlemParams) -> (FittedMlem, FeatureTable, Array2<f32>) {
    let (features, activations) = mixed();
    (params.fit(&features, activations.view()).unwrap(), features, activations)
}

#[test]
fn agrees_with_the_published_package_without_interactions() {
    let (fitted, features, activations) = fit(&Mlem::params());
    let published = published();
    let spearman = fitted.score(&features, activations.view()).unwrap().spearman.unwrap();
    assert!(spearman >= published["spearman_mean"].as_f64().unwrap() - 0.002, "Spearman {spearman}");
    let importances = fitted.importance(&features, activations.view()).unwrap();
    for (index, term) in importances.iter().enumerate() {
        let importance = published["importance_mean"][&term.name].as_f64().unwrap();
        assert!((term.importance - importance).abs() < 0.005, "{term:?}, published {importance}");
        let weight = published["weight_mean"][&term.name].as_f64().unwrap();
        let ours = fitted.weights()[[index, index]];
        assert!((ours - weight).abs() < 0.02, "weight of {}: {ours}, published {weight}", term.name);
    }
}

#[test]
fn interactions_are_no_worse_than_the_diagonal_model() {
    let (diagonal, ..) = fit(&Mlem::params());
    let (full, features, activations) = fit(&Mlem::params().interactions(true));
    assert!(full.gap() < 1e-8, "gap {}", full.gap());
    assert!(full.objective() >= diagonal.objective(), "{} {}", full.objective(), diagonal.objective());
    let score = |fitted: &FittedMlem| fitted.score(&features, activations.view()).unwrap().spearman.unwrap();
    assert!(score(&full) >= score(&diagonal), "{} {}", score(&full), score(&diagonal));
}
