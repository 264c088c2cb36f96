//! Tables read back as they were written.

use super::*;
use crate::baselines::decoding::Measure;
use crate::files::table::rounded;
use crate::mlem::{NullStatistic, Order};
use crate::profile::{Details, Of, Split, Tested};

fn profile() -> Profile {
    Profile {
        measure: ScoreMeasure::Spearman,
        scores: vec![
            Score { layer: 0, fold: 0, split: Split::Test, value: rounded(0.123_456_789), pairs: 45 },
            Score { layer: 0, fold: 1, split: Split::Train, value: -1.0, pairs: 45 },
        ],
        importances: vec![Importance {
            layer: 0,
            fold: 0,
            feature: "a, \"b\" x c".to_owned(),
            order: Order::Interaction,
            importance: rounded(-1.5e-9),
            sd: 0.0,
        }],
        weights: vec![Weight {
            layer: 3,
            fold: 0,
            feature_a: "a".to_owned(),
            feature_b: "a".to_owned(),
            weight: 0.5,
        }],
        tested: vec![
            Tested { layer: 0, of: Of::Score, null: null(Some(0.5)) },
            Tested {
                layer: 0,
                of: Of::Effect(Order::Interaction, "a, \"b\" x c".to_owned()),
                null: null(None),
            },
        ],
        draws: vec![
            NullDraw { layer: 0, draw: 1, score: -0.5, importance: 2.25 },
            NullDraw { layer: 0, draw: 2, score: 1.0, importance: 0.0 },
        ],
        ceiling: vec![CeilingRow {
            layer: 0,
            fold: 1,
            lower: Some(0.25),
            upper: None,
            model: Some(-0.5),
            pairs: 45,
        }],
        details: Details::default(),
        warnings: BTreeMap::new(),
        labels: BTreeMap::new(),
    }
}

fn null(p: Option<f64>) -> NullStatistic {
    NullStatistic { p, mean: 0.25, sd: 0.125, low: -0.5, high: 0.5, z: 1.75 }
}

#[test]
fn what_is_written_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(&profile(), folder.path()).unwrap();
    assert_eq!(read_profile(folder.path()).unwrap(), profile());
}

#[test]
fn the_columns_of_a_score_have_the_name_of_its_measure() {
    let hash = layer_hash(&profile(), 0);
    for (measure, name) in [(ScoreMeasure::Pearson, "pearson"), (ScoreMeasure::SquaredError, "r2")] {
        let folder = tempfile::tempdir().unwrap();
        let correlation =
            Correlation { layer: 0, fold: 0, feature: "x".to_owned(), correlation: 0.5, partial: -0.25 };
        let details = Details { correlations: vec![correlation], ..Details::default() };
        let profile = Profile { measure, details, ..profile() };
        write_profile(&profile, folder.path()).unwrap();
        let sample = Sample { layer: 0, draw: 1, of: Of::Score, value: 0.5 };
        let drawn = Bootstrapped { samples: vec![sample], differences: Vec::new() };
        write_bootstrapped(Some(&drawn), measure, folder.path()).unwrap();
        assert_eq!(read_profile(folder.path()).unwrap(), profile);
        assert_eq!(read_samples(folder.path()).unwrap(), drawn.samples);
        let head = |file: &str, lines: usize| {
            let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
            text.lines().take(lines).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(head(SCORES, 1), format!("layer,fold,split,{name},pairs"));
        assert_eq!(head("ceiling.csv", 1), format!("layer,fold,lower,upper,{name},pairs"));
        assert_eq!(head("correlations.csv", 1), format!("layer,fold,feature,{name},partial"));
        assert!(head(STATISTICS, 2).contains(&format!("\n0,{name},score,")));
        assert!(head("bootstrap.csv", 2).contains(&format!("\n0,1,{name},score,")));
        let units = String::from_utf8(units_csv(&[], measure)).unwrap();
        assert_eq!(units, format!("layer,unit,{name},{name}_sd,feature,order,weight,importance,sd\n"));
        assert_ne!(layer_hash(&profile, 0), hash, "a layer of another measure is another one");
    }
}

#[test]
fn an_undefined_score_reads_back_undefined() {
    let folder = tempfile::tempdir().unwrap();
    let mut undefined = profile();
    undefined.scores[0].value = f64::NAN;
    write_profile(&undefined, folder.path()).unwrap();
    let back = read_profile(folder.path()).unwrap();
    assert!(back.scores[0].value.is_nan());
    assert_eq!(scores_csv(&back), scores_csv(&undefined));
}

#[test]
fn a_bad_table_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(&profile(), folder.path()).unwrap();
    let path = folder.path().join(SCORES);
    let message = |text: &str| {
        files::write(&path, text.as_bytes()).unwrap();
        let error = read_profile(folder.path()).unwrap_err();
        error.to_string().replace(&path.display().to_string(), "scores.csv")
    };
    assert_eq!(
        message("layer,fold,split,spearman,pairs\n0,0,test,high,3\n"),
        "scores.csv:2: `high` is no value of `spearman`"
    );
    assert_eq!(
        message("layer,fold\n"),
        "scores.csv:1: the columns are layer,fold, and must be layer,fold,split,spearman,pairs"
    );
}

#[test]
fn what_is_of_another_run_goes() {
    let folder = tempfile::tempdir().unwrap();
    let step = Training { layer: 1, fold: 0, step: 3, soft_spearman: 0.5, batch: 256 };
    let decoded = Decoded {
        layer: 1,
        fold: 0,
        feature: "a, \"b\"".to_owned(),
        measure: Measure::RSquared,
        score: 0.75,
        control: -0.25,
        control_sd: 0.125,
        selectivity: 1.0,
        penalty: 10.0,
        stimuli: 9,
    };
    let encoded = Encoded {
        layer: 1,
        fold: 0,
        r2: -0.25,
        pearson: f64::from(0.5f32),
        penalty: 10.0,
        columns: 7,
        units: 5,
        stimuli: 9,
    };
    let correlation =
        Correlation { layer: 1, fold: 0, feature: "x".to_owned(), correlation: 0.5, partial: -0.25 };
    let profile = Profile {
        measure: ScoreMeasure::Skill,
        scores: vec![Score { layer: 1, fold: 0, split: Split::Test, value: 0.75, pairs: 9 }],
        details: Details {
            training: vec![step],
            ridge: vec![Ridge { layer: 1, fold: 0, fraction: 0.5 }],
            correlations: vec![correlation],
            decoded: vec![decoded],
            encoded: vec![encoded],
        },
        ..Profile::default()
    };
    write_profile(&profile, folder.path()).unwrap();
    assert_eq!(read_profile(folder.path()).unwrap(), profile);
    let scores = std::fs::read_to_string(folder.path().join("scores.csv")).unwrap();
    assert!(scores.starts_with("layer,fold,split,score,stimuli\n"), "{scores}");

    let plain = Profile { measure: ScoreMeasure::Spearman, details: Details::default(), ..profile };
    write_profile(&plain, folder.path()).unwrap();
    assert!(!folder.path().join("training.csv").exists());
    assert_eq!(read_profile(folder.path()).unwrap(), plain);
}
