//! Runs to draw in tests: one as it should be, and one that is hostile in every way a user's table can be.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde_json::json;

use super::page::Input;
use crate::controls::ControlRow;
use crate::geometry::{Dimension, Geometry, Map};
use crate::numeric::rng::Stream;
use crate::profile::{Importance, Order, Profile, Score, Split, Weight};
use crate::rundir::{
    IMPORTANCE, ModelRecord, RunRecord, StimuliRecord, WEIGHTS, importance_csv, weights_csv,
};
use crate::stimuli::{Feature, FeatureTable, Source, Stimuli};

/// A run with everything that a report reads.
pub(super) struct Run {
    pub profile: Profile,
    pub record: RunRecord,
    pub stimuli: Stimuli,
    pub correlations: Array2<f64>,
    pub geometry: Option<Geometry>,
    pub controls: Vec<ControlRow>,
    pub dimensions: Vec<Dimension>,
    pub files: Vec<(String, Vec<u8>)>,
}

impl Run {
    pub fn input(&self) -> Input<'_> {
        let Self { profile, record, stimuli, correlations, geometry, controls, dimensions, files } = self;
        Input {
            profile,
            run: record,
            stimuli,
            correlations,
            geometry: geometry.as_ref(),
            controls,
            dimensions,
            files,
        }
    }
}

/// A run on `n_stimuli` relative clauses: thirteen features that rise and fall with the layers, and their interactions.
pub(super) fn realistic(n_layers: usize, n_stimuli: usize, interactions: bool) -> Run {
    let stimuli = relative_clauses(n_stimuli);
    let names: Vec<String> = stimuli.features().names().iter().map(|&name| name.to_owned()).collect();
    let profile = profile(&names, n_layers, 5, interactions);
    let options = json!({
        "distance": "euclidean", "interactions": interactions, "folds": 5, "permutations": 10, "permute": "pairs",
        "pairs": 33_554_432, "target": "squared", "constraint": "spd", "solver": "exact", "missing": "zero",
    });
    let record = RunRecord {
        version: "0.1.0".to_owned(),
        command: ["probe", "--model", "bert-base", "relative_clause"].map(str::to_owned).to_vec(),
        key: "9f".repeat(32),
        stimuli: StimuliRecord {
            name: "relative_clause".to_owned(),
            hash: stimuli.hash(),
            n_stimuli,
            features: names,
            source: stimuli.source().clone(),
        },
        model: Some(ModelRecord {
            id: "google-bert/bert-base-uncased".to_owned(),
            revision: None,
            commit: Some("86b5e0934494bd15c9632b12f734a8a67f723594".to_owned()),
            untrained: None,
            adapter: None,
            device: None,
            dtype: None,
            precision: None,
            config: json!({"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12}),
            tokenizer: Vec::new(),
            notes: Vec::new(),
            pooling: "mean".to_owned(),
            certificate: None,
        }),
        activations: None,
        transforms: Vec::new(),
        layers: (0..n_layers).collect(),
        options: serde_json::from_value(options).unwrap(),
        seed: 0,
        seconds: BTreeMap::from([("extract".to_owned(), 21.5), ("fit".to_owned(), 4.25)]),
        warnings: vec![
            "`subj_zipf` and `subj_gender` correlate (r = 0.62): their importances share credit".to_owned(),
        ],
        ..RunRecord::default()
    };
    let geometry = Some(geometry(&stimuli, n_layers));
    let files = [(IMPORTANCE, importance_csv(&profile)), (WEIGHTS, weights_csv(&profile))];
    let files = files.map(|(name, bytes)| (name.to_owned(), bytes)).to_vec();
    Run {
        profile,
        record,
        correlations: correlations(&stimuli),
        stimuli,
        geometry,
        controls: Vec::new(),
        dimensions: Vec::new(),
        files,
    }
}

/// Forty features whose names attack the page, one layer, scores that are no numbers, sentences in HTML.
pub(super) fn hostile() -> Run {
    let n_stimuli = 64;
    let names: Vec<String> = (0..40)
        .map(|i| match i {
            0 => "<script>window.pwned=1</script>".to_owned(),
            1 => "\"><img src=x onerror=window.pwned=1>".to_owned(),
            2 => "</script><script>window.pwned=1</script>".to_owned(),
            3 => "a_feature_with_a_name_of_sixty_characters_that_never_ends_ok".to_owned(),
            4 => "'quotes' & <!-- {{ 7 * 7 }} {% raw %} ${x}".to_owned(),
            5 => "特徴の名前が日本語で書かれている".to_owned(),
            6 => "\u{1b}[31mred\u{202e}".to_owned(),
            _ => format!("feature_{i}_{}", "x".repeat(i)),
        })
        .collect();
    let mut rng = Stream::new(7, "hostile stimuli");
    let features = names.iter().map(|name| {
        let level = |x: f64| (x > 0.1).then_some(if x > 0.5 { "<b>" } else { "a\"'&" });
        let values: Vec<Option<&str>> = (0..n_stimuli).map(|_| level(rng.unit())).collect();
        Feature::categorical(name, &values)
    });
    let features = FeatureTable::new(n_stimuli, features.collect()).unwrap();
    let sentences = (0..n_stimuli).map(|i| format!("<i>sentence</i> {i} </script> & \u{2028}\"'")).collect();
    let stimuli = Stimuli::new(sentences, features).unwrap();
    let mut profile = profile(&names, 1, 5, false);
    for score in &mut profile.scores {
        score.value = f64::NAN;
    }
    for (i, row) in profile.importances.iter_mut().enumerate() {
        if i % 3 == 0 || row.feature == names[5] {
            row.importance = f64::NAN;
            row.sd = f64::NAN;
        }
    }
    let record = RunRecord {
        stimuli: StimuliRecord {
            name: "<script>window.pwned=1</script>.csv".to_owned(),
            n_stimuli,
            features: names,
            ..StimuliRecord::default()
        },
        activations: Some("\"'><svg onload=window.pwned=1>.npy".to_owned()),
        command: vec![
            "probe".to_owned(),
            "fit".to_owned(),
            "</script><script>window.pwned=1</script>".to_owned(),
        ],
        layers: vec![0],
        warnings: vec!["<script>window.pwned=1</script>".to_owned()],
        ..RunRecord::default()
    };
    Run {
        profile,
        record,
        correlations: correlations(&stimuli),
        stimuli,
        geometry: None,
        controls: Vec::new(),
        dimensions: Vec::new(),
        files: Vec::new(),
    }
}

fn relative_clauses(n_stimuli: usize) -> Stimuli {
    const NOUNS: [(&str, &str, f64); 7] = [
        ("woman", "f", 5.4),
        ("girl", "f", 5.3),
        ("queen", "f", 4.7),
        ("lady", "f", 4.9),
        ("man", "m", 5.8),
        ("boy", "m", 5.2),
        ("king", "m", 5.0),
    ];
    let mut rng = Stream::new(7, "relative clauses");
    let mut sentences = Vec::new();
    let mut columns: Vec<Vec<&str>> = vec![Vec::new(); 11];
    let mut zipf: Vec<Vec<Option<f64>>> = vec![Vec::new(); 2];
    for _ in 0..n_stimuli {
        let mut nouns: Vec<usize> = (0..NOUNS.len()).collect();
        rng.shuffle(&mut nouns);
        let flags: Vec<bool> = (0..7).map(|_| rng.index(2) == 1).collect();
        let plural = |i: usize| if flags[i] { "s" } else { "" };
        let noun = |i: usize| NOUNS[nouns[i]].0;
        let (relativizer, verbs) =
            (if flags[3] { "who" } else { "that" }, if flags[4] { ["see", "like"] } else { ["like", "see"] });
        sentences.push(format!(
            "the {}{} {}{} the {}{} {relativizer} the {}{} {}{}.",
            noun(0),
            plural(0),
            verbs[0],
            if flags[0] { "" } else { "s" },
            noun(1),
            plural(1),
            noun(2),
            plural(2),
            verbs[1],
            if flags[2] { "" } else { "s" },
        ));
        let number = |i: usize| if flags[i] { "pl" } else { "sg" };
        let row = [
            if flags[5] { "object" } else { "subject" },
            if flags[6] { "central" } else { "peripheral" },
            relativizer,
            number(0),
            number(1),
            number(2),
            NOUNS[nouns[0]].1,
            NOUNS[nouns[1]].1,
            NOUNS[nouns[2]].1,
            verbs[0],
            noun(0),
        ];
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
        for (i, column) in zipf.iter_mut().enumerate() {
            column.push(Some(NOUNS[nouns[i]].2));
        }
    }
    const NAMES: [&str; 11] = [
        "clause",
        "attachment",
        "relativizer",
        "subj_number",
        "obj_number",
        "embed_number",
        "subj_gender",
        "obj_gender",
        "embed_gender",
        "verb_lemma",
        "subj_lemma",
    ];
    let mut features: Vec<Feature> = NAMES
        .iter()
        .zip(&columns)
        .map(|(name, column)| {
            Feature::categorical(name, &column.iter().copied().map(Some).collect::<Vec<_>>())
        })
        .collect();
    for (name, values) in ["subj_zipf", "obj_zipf"].iter().zip(zipf) {
        features.push(Feature::numeric(name, values).unwrap());
    }
    Stimuli::new(sentences, FeatureTable::new(n_stimuli, features).unwrap()).unwrap().with_source(Source {
        grammar: Some("relative_clause".to_owned()),
        grammar_hash: Some("ab".repeat(32)),
        drawn: Some("4096 of 26880, balanced, seed 0".to_owned()),
    })
}

/// Correlations that fall with the distance between two columns; every seventh is undefined where names attack.
fn correlations(stimuli: &Stimuli) -> Array2<f64> {
    let n = stimuli.features().n_features();
    Array2::from_shape_fn((n, n), |(a, b)| match (a.abs_diff(b), a + b) {
        (0, _) => 1.0,
        (_, sum) if n == 40 && sum % 7 == 0 => f64::NAN,
        (1, 9) => 0.62,
        (apart, sum) => (if sum % 2 == 0 { 0.3 } else { -0.2 }) / apart as f64,
    })
}

/// Points that cluster by the first feature early and by the second late.
fn geometry(stimuli: &Stimuli, n_layers: usize) -> Geometry {
    let mut rng = Stream::new(7, "geometry");
    let side = |column: usize, row: usize| {
        let feature = stimuli.features().feature(column);
        if feature.display(row) == feature.display(0) { 1.0 } else { -1.0 }
    };
    let maps = (0..n_layers).map(|layer| {
        let late = layer as f64 / n_layers as f64;
        let point = |row: usize| {
            [(1.0 - late) * side(0, row) + 0.3 * rng.normal(), late * side(1, row) + 0.3 * rng.normal()]
        };
        Map { layer, stress: 0.2 + 0.01 * layer as f64, points: (0..stimuli.len()).map(point).collect() }
    });
    Geometry { stimuli: (0..stimuli.len()).collect(), maps: maps.collect() }
}

/// Importances that rise to a layer of their own and fall again, with noise from fold to fold.
fn profile(names: &[String], n_layers: usize, n_folds: usize, interactions: bool) -> Profile {
    let mut rng = Stream::new(7, "profile");
    let mut profile = Profile::default();
    let depth = |layer: usize| layer as f64 / (n_layers.max(2) - 1) as f64;
    for layer in 0..n_layers {
        for fold in 0..n_folds {
            let noise = |rng: &mut Stream, size: f64| (rng.unit() - 0.5) * size;
            let fit = 0.35 + 0.35 * (-(depth(layer) - 0.7).powi(2) * 4.0).exp();
            for (split, lost) in [(Split::Train, 0.0), (Split::Test, 0.02)] {
                let value = fit - lost + noise(&mut rng, 0.03);
                let pairs = if split == Split::Train { 5_365_000 } else { 335_000 };
                profile.scores.push(Score { layer, fold, split, value, pairs });
            }
            for (i, name) in names.iter().enumerate() {
                let (centre, height) = ((i as f64 * 0.37) % 1.0, 0.3 / (1.0 + i as f64));
                let level = height * (-(depth(layer) - centre).powi(2) * 9.0).exp();
                let importance = level + noise(&mut rng, 0.01 + 0.1 * level);
                let main = |feature: &str, order, importance| Importance {
                    layer,
                    fold,
                    feature: feature.to_owned(),
                    order,
                    importance,
                    sd: 0.001 + 0.02 * level,
                };
                profile.importances.push(main(name, Order::Main, importance));
                profile.weights.push(Weight {
                    layer,
                    fold,
                    feature_a: name.clone(),
                    feature_b: name.clone(),
                    weight: level.sqrt(),
                });
                for (j, other) in names.iter().enumerate().skip(i + 1).filter(|_| interactions) {
                    let level = level / (1.5 + j as f64);
                    let name = format!("{name} x {other}");
                    profile.importances.push(main(&name, Order::Interaction, level + noise(&mut rng, 0.004)));
                    let weight = noise(&mut rng, level);
                    profile.weights.push(Weight {
                        layer,
                        fold,
                        feature_a: names[i].clone(),
                        feature_b: other.clone(),
                        weight,
                    });
                }
            }
        }
    }
    profile
}

/// Reports to look at, under `target/report/`: `cargo test --release --lib look -- --ignored`.
#[test]
#[ignore = "writes files to look at"]
fn look() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/report");
    for (name, run) in
        [("small", realistic(7, 512, false)), ("large", realistic(13, 4096, true)), ("hostile", hostile())]
    {
        let options = super::terminal::Options { colour: true, width: 120, top: 20 };
        let table = super::terminal::render(&run.profile, &run.record, options);
        crate::files::write(&folder.join(format!("{name}.txt")), table.as_bytes()).unwrap();
        for file in super::export::figures(run.input(), &super::export::Format::ALL).unwrap() {
            crate::files::write(&folder.join(name).join(&file.name), &file.bytes).unwrap();
        }
        let page = super::page::render(run.input()).unwrap();
        crate::files::write(&folder.join(format!("{name}.html")), page.as_bytes()).unwrap();
    }
}
